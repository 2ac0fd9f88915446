//! Something looked for in the payload on show: where it occurs, and which of the places is looked at.
//!
//! Small payloads are searched at once, large ones by the worker. Letters match in either case.

use crate::app::work::{Work, Worker};
use crate::model::document::{Content, Document, SMALL};
use bytes::Bytes;
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;

/// More places are counted no further.
const MOST: usize = 1_000_000;
/// How often it is asked whether anybody still waits, in places found.
const ASKED_EVERY: usize = 4_096;

/// What is looked for.
#[derive(Clone, Debug)]
enum Wanted {
    Words(Regex),
    Bytes(Vec<u8>),
}

#[derive(Debug, Default)]
struct Found {
    /// Where each begins and ends, in the content; ascending.
    places: Vec<(u32, u32)>,
    is_cut: bool,
}

/// The content that was searched, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Of {
    text: String,
    content: (usize, usize, bool),
}

#[derive(Debug, Default)]
pub struct Finder {
    /// As typed.
    pub text: String,
    found: Found,
    at: usize,
    of: Option<Of>,
    work: Option<Work<Found>>,
    problem: Option<String>,
    /// Whether what is typed asks for anything: `0x` alone does not yet.
    is_asked: bool,
}

impl Finder {
    /// Brings it up to date with what is typed and shown. `top` is where the view begins in the
    /// content: the first place after it is looked at. Whether another place is.
    pub fn advance(&mut self, document: &Document, top: usize, worker: &Worker) -> bool {
        if self.of.as_ref() != Some(&of(document, &self.text)) {
            return self.start(document, top, worker);
        }
        let found = self.work.as_ref().and_then(Work::take);
        let is_new = found.is_some();
        if let Some(found) = found {
            self.work = None;
            self.take(found, top);
        }
        is_new
    }

    /// Another payload is shown.
    pub fn start_over(&mut self) {
        let text = std::mem::take(&mut self.text);
        *self = Self {
            text,
            ..Self::default()
        };
    }

    fn start(&mut self, document: &Document, top: usize, worker: &Worker) -> bool {
        self.of = Some(of(document, &self.text));
        self.found = Found::default();
        self.at = 0;
        self.work = None;
        let (bytes, is_hex) = content(document);
        let wanted = match wanted(&self.text, is_hex) {
            Ok(wanted) => {
                self.problem = None;
                wanted
            }
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        };
        self.is_asked = wanted.is_some();
        let Some(wanted) = wanted else { return false };
        if bytes.len() <= SMALL {
            let found = search(bytes, &wanted, &|| true).unwrap_or_default();
            self.take(found, top);
            return true;
        }
        let bytes = bytes.clone();
        self.work = Some(worker.start(move |still| search(&bytes, &wanted, &|| still.is_so())));
        false
    }

    fn take(&mut self, found: Found, top: usize) {
        let at = found
            .places
            .partition_point(|(from, _)| (*from as usize) < top);
        self.at = if at < found.places.len() { at } else { 0 };
        self.found = found;
    }

    /// The next place or the one before; after the last comes the first.
    pub fn step(&mut self, is_forward: bool) {
        let count = self.found.places.len();
        if count > 0 {
            let by = if is_forward { 1 } else { count - 1 };
            self.at = (self.at + by) % count;
        }
    }

    /// The place that is looked at.
    pub fn current(&self) -> Option<Range<usize>> {
        self.found.places.get(self.at).copied().map(range)
    }

    /// The places in a part of the content, and whether each is the one that is looked at.
    pub fn within(&self, part: Range<usize>) -> impl Iterator<Item = (Range<usize>, bool)> {
        let places = &self.found.places;
        let first = places.partition_point(|(_, to)| *to as usize <= part.start);
        places
            .iter()
            .enumerate()
            .skip(first)
            .take_while(move |(_, (from, _))| (*from as usize) < part.end)
            .map(|(at, place)| (range(*place), at == self.at))
    }

    pub fn is_searching(&self) -> bool {
        self.work.is_some()
    }

    pub fn has_found(&self) -> bool {
        !self.found.places.is_empty()
    }

    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// How many there are, in a few words.
    pub fn told(&self) -> String {
        use crate::model::text::count;
        let places = self.found.places.len();
        if !self.is_asked {
            return String::new();
        }
        if self.is_searching() {
            return "searching…".to_owned();
        }
        if places == 0 {
            return "nothing found".to_owned();
        }
        let more = if self.found.is_cut { "more than " } else { "" };
        format!(
            "{} of {more}{}",
            count(self.at as u64 + 1),
            count(places as u64)
        )
    }
}

fn range((from, to): (u32, u32)) -> Range<usize> {
    from as usize..to as usize
}

fn content(document: &Document) -> (&Bytes, bool) {
    match document.content() {
        Content::Text { text, .. } => (text, false),
        Content::Hex(bytes) => (bytes, true),
    }
}

fn of(document: &Document, text: &str) -> Of {
    let (bytes, is_hex) = content(document);
    Of {
        text: text.to_owned(),
        content: (bytes.as_ptr().addr(), bytes.len(), is_hex),
    }
}

/// None for nothing typed.
fn wanted(text: &str, is_hex: bool) -> Result<Option<Wanted>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    if let Some(digits) = digits.filter(|_| is_hex) {
        let digits: String = digits.split_whitespace().collect();
        return match hex::decode(&digits) {
            Ok(bytes) if bytes.is_empty() => Ok(None),
            Ok(bytes) => Ok(Some(Wanted::Bytes(bytes))),
            Err(_) => Err("bytes are hex digits in pairs, such as 0x1f 2e".to_owned()),
        };
    }
    // A dump need not be text: there letters are bytes.
    RegexBuilder::new(&regex::escape(text))
        .case_insensitive(true)
        .unicode(!is_hex || !text.is_ascii())
        .build()
        .map(|words| Some(Wanted::Words(words)))
        .map_err(|err| format!("that is too long to look for: {err}"))
}

fn search(bytes: &[u8], wanted: &Wanted, still: &dyn Fn() -> bool) -> Option<Found> {
    match wanted {
        Wanted::Words(words) => {
            let found = words.find_iter(bytes);
            gather(found.map(|one| one.range()), still)
        }
        Wanted::Bytes(needle) => {
            let found = memchr::memmem::find_iter(bytes, needle);
            gather(found.map(|at| at..at + needle.len()), still)
        }
    }
}

fn gather(places: impl Iterator<Item = Range<usize>>, still: &dyn Fn() -> bool) -> Option<Found> {
    let mut found = Found::default();
    for place in places {
        if found.places.len() >= MOST {
            found.is_cut = true;
            break;
        }
        if found.places.len().is_multiple_of(ASKED_EVERY) && !still() {
            return None;
        }
        // What is larger is never on show.
        if let (Ok(from), Ok(to)) = (u32::try_from(place.start), u32::try_from(place.end)) {
            found.places.push((from, to));
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    fn worker() -> (Worker, mpsc::Receiver<()>) {
        let (told, woken) = mpsc::sync_channel(16);
        let wake = move || told.send(()).unwrap_or_default();
        (Worker::new(Arc::new(wake)), woken)
    }

    fn found(document: &Document, text: &str) -> (String, Option<Range<usize>>) {
        let (worker, _woken) = worker();
        let mut finder = Finder {
            text: text.to_owned(),
            ..Finder::default()
        };
        finder.advance(document, 0, &worker);
        let told = finder
            .problem()
            .map_or_else(|| finder.told(), str::to_owned);
        (told, finder.current())
    }

    #[test]
    fn letters_match_in_either_case_and_signs_are_taken_as_they_are() {
        let text = Document::text("Ping [PONG] ping Änderung ÄNDERUNG a.b axb".to_owned());
        for (typed, told) in [
            ("ping", "1 of 2"),
            ("änderung", "1 of 2"),
            ("[pong]", "1 of 1"),
            ("a.b", "1 of 1"),
            ("nowhere", "nothing found"),
            ("0x50", "nothing found"),
            ("", ""),
        ] {
            assert_eq!(found(&text, typed).0, told, "{typed}");
        }
    }

    #[test]
    fn a_dump_is_searched_for_bytes_and_for_text() {
        let dump = Document::hex(Bytes::from_static(b"\xff\x00Power\x00\xffpower\xfe"));
        assert_eq!(found(&dump, "0xff00"), ("1 of 1".to_owned(), Some(0..2)));
        assert_eq!(found(&dump, "0X00 FF").1, Some(7..9));
        assert_eq!(found(&dump, "power").0, "1 of 2");
        for wrong in ["0xf", "0xzz"] {
            let told = found(&dump, wrong).0;
            assert!(told.starts_with("bytes are hex digits in pairs"), "{told}");
        }
        assert_eq!(found(&dump, "0x").0, "");
    }

    #[test]
    fn stepping_goes_round_and_begins_at_what_is_in_view() {
        let (worker, _woken) = worker();
        let text = Document::text("a-a-a-a".to_owned());
        let mut finder = Finder {
            text: "a".to_owned(),
            ..Finder::default()
        };
        assert!(finder.advance(&text, 3, &worker));
        assert_eq!(finder.told(), "3 of 4");
        assert!(!finder.advance(&text, 0, &worker), "nothing new");
        finder.step(true);
        finder.step(true);
        assert_eq!(finder.current(), Some(0..1));
        finder.step(false);
        assert_eq!(finder.told(), "4 of 4");
        let inside: Vec<_> = finder.within(1..5).collect();
        assert_eq!(inside, [(2..3, false), (4..5, false)]);
    }

    #[test]
    fn ten_megabytes_are_searched_elsewhere_and_what_is_too_many_is_said() {
        let (worker, woken) = worker();
        let large = Document::text("needle in hay. ".repeat(700_000));
        let mut finder = Finder {
            text: "NEEDLE".to_owned(),
            ..Finder::default()
        };
        assert!(!finder.advance(&large, 0, &worker));
        assert_eq!(finder.told(), "searching…");
        woken.recv_timeout(Duration::from_mins(1)).unwrap();
        assert!(finder.advance(&large, 0, &worker));
        assert_eq!(finder.told(), "1 of 700,000");
        finder.text = "e".to_owned();
        finder.advance(&large, 0, &worker);
        woken.recv_timeout(Duration::from_mins(1)).unwrap();
        finder.advance(&large, 0, &worker);
        assert_eq!(finder.told(), "1 of more than 1,000,000");
    }
}
