//! A payload being looked at: small ones are ready at once, of large ones first the beginning as it
//! came, and the whole when the worker has read, indented and cut it.

use crate::app::work::{Work, Worker};
use crate::model::document::{Document, Form, SHOWN_AT_FIRST, SMALL};
use bytes::Bytes;

#[derive(Debug)]
pub struct Reading {
    bytes: Bytes,
    form: Form,
    /// How much of it is wanted.
    most: usize,
    pub document: Document,
    /// The document is what will be shown, not only its beginning.
    is_read: bool,
    /// The same document cut for another width, or all of it.
    work: Option<Work<Document>>,
}

impl Reading {
    pub fn open(bytes: &Bytes, form: Form) -> Self {
        Self::bounded(bytes, form, SHOWN_AT_FIRST)
    }

    fn bounded(bytes: &Bytes, form: Form, most: usize) -> Self {
        // A hex dump needs no reading.
        let at_once = (bytes.len() <= SMALL || form == Form::Hex)
            .then(|| Document::read(bytes, form, most, 80, &|| true))
            .flatten();
        Self {
            bytes: bytes.clone(),
            form,
            most,
            is_read: at_once.is_some(),
            document: at_once.unwrap_or_else(|| Document::beginning(bytes, form)),
            work: None,
        }
    }

    /// It is still being read; what is shown is its beginning as it came.
    pub fn is_formatting(&self) -> bool {
        !self.is_read
    }

    /// Less than all of it is shown, and more only when asked for.
    pub fn is_cut(&self) -> bool {
        self.is_read && self.document.shown() < self.bytes.len()
    }

    pub fn show_all(&mut self) {
        self.most = usize::MAX;
        self.is_read = false;
        self.work = None;
    }

    /// Takes what the worker made and asks for what is needed in a view so many characters wide.
    /// `top` is the row at the upper edge: it stays where it was. Whether something new is there.
    pub fn advance(&mut self, characters: usize, top: &mut usize, worker: &Worker) -> bool {
        if let Some(work) = &self.work {
            // One at a time: a width that is being dragged would never be done.
            let Some(made) = work.take() else {
                return false;
            };
            let place = self.document.place_of(*top);
            let is_same = self.document.is_same_text(&made);
            self.work = None;
            self.is_read = true;
            self.document = made;
            if is_same {
                *top = self.document.row_at(place);
            }
            return true;
        }
        let (bytes, form, most) = (self.bytes.clone(), self.form, self.most);
        if !self.is_read {
            self.work = Some(worker.start(move |wanted| {
                Document::read(&bytes, form, most, characters, &|| wanted.is_so())
            }));
        } else if !self.document.fits(characters) && !self.document.is_small() {
            let document = self.document.clone();
            self.work =
                Some(worker.start(move |wanted| document.fitted(characters, &|| wanted.is_so())));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::Content;
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    fn worker() -> (Worker, mpsc::Receiver<()>) {
        let (told, woken) = mpsc::sync_channel(16);
        (
            Worker::new(Arc::new(move || told.send(()).unwrap_or_default())),
            woken,
        )
    }

    fn wait(woken: &mpsc::Receiver<()>) {
        woken.recv_timeout(Duration::from_secs(20)).unwrap();
    }

    #[test]
    fn a_small_payload_is_ready_at_once() {
        let reading = Reading::open(&Bytes::from_static(b"{\"a\":1}"), Form::Text);
        assert!(!reading.is_formatting() && !reading.is_cut());
        assert_eq!(reading.document.lines(), 3);
    }

    #[test]
    fn a_large_one_shows_its_beginning_as_it_came_until_the_worker_has_read_it() {
        let json = format!("[{}1]", "1,".repeat(500_000));
        let mut reading = Reading::open(&Bytes::from(json.clone()), Form::Text);
        assert!(reading.is_formatting());
        reading.document.fit(80);
        assert!(reading.document.copied_rows(0, 0).starts_with("[1,1,"));
        let (worker, woken) = worker();
        let mut top = 0;
        assert!(!reading.advance(80, &mut top, &worker));
        wait(&woken);
        assert!(reading.is_formatting());
        assert!(reading.advance(80, &mut top, &worker));
        assert!(!reading.is_formatting());
        assert_eq!(reading.document.lines(), 500_003);
        assert_eq!(reading.document.to_copy(), json);
    }

    #[test]
    fn another_width_keeps_the_place_and_is_not_cut_on_the_frame() {
        let bytes = Bytes::from("0123456789".repeat(100_000));
        let (worker, woken) = worker();
        let mut reading = Reading::open(&bytes, Form::Text);
        let mut top = 0;
        reading.advance(100, &mut top, &worker);
        wait(&woken);
        assert!(reading.advance(100, &mut top, &worker));
        top = 5_000;
        assert!(!reading.advance(50, &mut top, &worker));
        assert_eq!(reading.document.columns(), 100);
        wait(&woken);
        assert!(reading.advance(50, &mut top, &worker));
        assert_eq!((reading.document.columns(), top), (50, 10_000));
    }

    #[test]
    fn more_than_the_bound_is_shown_only_when_asked_for() {
        let bytes = Bytes::from("é".repeat(200_000));
        let (worker, woken) = worker();
        let mut reading = Reading::bounded(&bytes, Form::Text, 300_001);
        let mut top = 0;
        reading.advance(100, &mut top, &worker);
        wait(&woken);
        reading.advance(100, &mut top, &worker);
        assert!(reading.is_cut());
        assert_eq!(reading.document.shown(), 300_000);
        reading.show_all();
        assert!(!reading.is_cut() && reading.is_formatting());
        reading.advance(100, &mut top, &worker);
        wait(&woken);
        reading.advance(100, &mut top, &worker);
        assert!(!reading.is_cut() && !reading.is_formatting());
        assert_eq!(reading.document.shown(), 400_000);
    }

    #[test]
    fn a_hex_dump_of_any_size_is_ready_at_once() {
        let bytes = Bytes::from(vec![b'a'; 10 << 20]);
        let reading = Reading::open(&bytes, Form::Hex);
        assert!(!reading.is_formatting());
        assert_eq!(reading.document.content(), &Content::Hex(bytes));
    }
}
