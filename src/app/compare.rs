//! Two messages chosen to be compared, and the difference of their payloads as the worker finds it.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::dialogs::Dialog;
use crate::app::inspect::{part, telling_part};
use crate::app::work::{Work, Worker};
use crate::model::diff::{Diff, DiffOptions, Layout};
use crate::model::message::Message;
use crate::model::timeline::{Row, RowId};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the smallest difference of two texts is looked for.
const PATIENCE: Duration = Duration::from_secs(2);

/// One message of a row. It is kept although its row may go.
#[derive(Clone, Debug)]
pub struct Chosen {
    pub row: RowId,
    pub part: usize,
    /// `#12 Reply`, `Message`.
    pub name: String,
    pub message: Arc<Message>,
}

impl Chosen {
    pub fn is(&self, row: RowId, part: usize) -> bool {
        (self.row, self.part) == (row, part)
    }
}

/// What is compared, and how.
#[derive(Debug)]
pub struct CompareDialog {
    pub left: Chosen,
    pub right: Chosen,
    pub is_indented: bool,
    pub ignores_order: bool,
    pub layout: Layout,
    diff: Option<(DiffOptions, Diff)>,
    work: Option<(DiffOptions, Work<Diff>)>,
}

impl CompareDialog {
    pub fn new(left: Chosen, right: Chosen) -> Self {
        Self {
            left,
            right,
            is_indented: true,
            ignores_order: false,
            layout: Layout::SideBySide,
            diff: None,
            work: None,
        }
    }

    /// The last one that was found. It may be of other options while the worker is at it.
    pub fn diff(&self) -> Option<&Diff> {
        self.diff.as_ref().map(|(_, diff)| diff)
    }

    pub fn is_comparing(&self) -> bool {
        self.work.is_some()
    }

    /// Takes what the worker found and asks for what is needed. Whether something new is there.
    pub fn advance(&mut self, columns: usize, worker: &Worker) -> bool {
        let mut is_new = false;
        if let Some((options, work)) = &self.work
            && let Some(diff) = work.take()
        {
            self.diff = Some((*options, diff));
            self.work = None;
            is_new = true;
        }
        let options = DiffOptions {
            is_indented: self.is_indented,
            ignores_order: self.is_indented && self.ignores_order,
            layout: self.layout,
            columns,
            patience: PATIENCE,
        };
        let latest = self.work.as_ref().map(|(of, _)| of);
        let latest = latest.or_else(|| self.diff.as_ref().map(|(of, _)| of));
        if latest != Some(&options) {
            // Letting go of the old work stops it.
            self.work = Some((options, self.start(options, worker)));
        }
        is_new
    }

    fn start(&self, options: DiffOptions, worker: &Worker) -> Work<Diff> {
        let left = self.left.message.payload.clone();
        let right = self.right.message.payload.clone();
        worker.start(move |wanted| {
            let start = Instant::now();
            let mut diff = Diff::new(&left, &right, &options, &|| wanted.is_so())?;
            if diff.bytes_a_row.is_none() && start.elapsed() >= options.patience {
                diff.notes.push(
                    "A smaller difference may exist: looking for it takes too long.".to_owned(),
                );
            }
            Some(diff)
        })
    }
}

impl App {
    fn chosen(&self, id: RowId, at: usize) -> Option<Chosen> {
        let row = self.timeline().row(id)?;
        let part = part(&row, at)?;
        Some(Chosen {
            row: id,
            part: at,
            name: match &*row {
                Row::Exchange(exchange) => format!("#{} {}", exchange.id.0, part.label),
                _ => part.label,
            },
            message: part.message,
        })
    }

    /// The message that is looked at while nothing else was chosen.
    fn telling_message(&self) -> Option<(RowId, usize)> {
        let id = self
            .selected
            .or_else(|| self.tabs.front().and_then(|tab| tab.last))?;
        let row = self.timeline().row(id)?;
        Some((id, telling_part(&row)))
    }

    /// What the palette offers.
    pub(in crate::app) fn comparisons(&self) -> Vec<(&'static str, Action)> {
        let Some((row, part)) = self.telling_message() else {
            return Vec::new();
        };
        let mut offers = Vec::new();
        if self.marked.is_some() {
            let action = Action::CompareWithMarked(row, part);
            offers.push(("Compare with the marked payload", action));
        }
        let action = Action::MarkForCompare(row, part);
        offers.push(("Mark the payload to compare it", action));
        offers
    }

    pub(in crate::app) fn mark_for_compare(&mut self, row: RowId, part: usize) {
        self.marked = self.chosen(row, part);
    }

    pub(in crate::app) fn compare_with_marked(&mut self, row: RowId, part: usize) {
        if let (Some(left), Some(right)) = (self.marked.clone(), self.chosen(row, part)) {
            self.marked = None;
            self.open_comparison(left, right);
        }
    }

    pub(in crate::app) fn compare(&mut self, left: (RowId, usize), right: (RowId, usize)) {
        if let (Some(left), Some(right)) =
            (self.chosen(left.0, left.1), self.chosen(right.0, right.1))
        {
            self.open_comparison(left, right);
        }
    }

    pub(in crate::app) fn swap_compared(&mut self) {
        if let Some(Dialog::Compare(dialog)) = &mut self.dialog {
            std::mem::swap(&mut dialog.left, &mut dialog.right);
            dialog.diff = None;
            dialog.work = None;
        }
    }

    fn open_comparison(&mut self, left: Chosen, right: Chosen) {
        self.dialog = Some(Dialog::Compare(Box::new(CompareDialog::new(left, right))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::open::{Place, open};
    use crate::model::exchange::MessageVerdict;
    use crate::model::time::Timestamp;
    use crate::model::timeline::MessageRow;
    use crate::model::topic::TopicName;
    use std::sync::mpsc;

    fn app() -> (App, mpsc::Receiver<()>) {
        let (told, woken) = mpsc::sync_channel(1_024);
        let wake: Arc<dyn Fn() + Send + Sync> =
            Arc::new(move || told.try_send(()).unwrap_or_default());
        (open(Place::Scratch, &wake).unwrap(), woken)
    }

    fn push(app: &mut App, payload: &str) -> RowId {
        let topic = TopicName::new("state/lamp").unwrap();
        app.session.timeline.push_message(MessageRow {
            connection: "lab".into(),
            message: Arc::new(Message::new(topic, payload.to_owned())),
            verdict: MessageVerdict::Unmatched,
            received: Timestamp::from_nanos(0),
            responder: None,
            near: None,
            difference: None,
            is_echo: false,
        })
    }

    fn compared(app: &mut App, woken: &mpsc::Receiver<()>) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let App { dialog, worker, .. } = app;
            let Some(Dialog::Compare(dialog)) = dialog else {
                panic!("nothing is compared");
            };
            dialog.advance(80, worker);
            if !dialog.is_comparing() {
                return dialog.diff().unwrap().told();
            }
            assert!(Instant::now() < deadline, "never compared");
            woken
                .recv_timeout(Duration::from_millis(100))
                .unwrap_or_default();
        }
    }

    #[test]
    fn a_marked_message_is_compared_with_the_next_one_chosen_though_its_row_is_gone() {
        let (mut app, woken) = app();
        let first = push(&mut app, "{\"a\":1}");
        app.perform(Action::MarkForCompare(first, 0));
        assert_eq!(app.marked.as_ref().unwrap().name, "Message");
        app.perform(Action::ClearTimeline);
        let second = push(&mut app, "{\"a\":2}");
        app.perform(Action::CompareWithMarked(second, 0));
        assert!(app.marked.is_none());
        assert_eq!(compared(&mut app, &woken), "1 change: lines 1 changed");
        app.perform(Action::SwapCompared);
        let Some(Dialog::Compare(dialog)) = &app.dialog else {
            panic!();
        };
        assert!(dialog.left.is(second, 0) && dialog.diff().is_none());
        assert_eq!(compared(&mut app, &woken), "1 change: lines 1 changed");
    }

    #[test]
    fn other_options_are_compared_anew() {
        let (mut app, woken) = app();
        let first = push(&mut app, "{\"a\":1,\"b\":2}");
        let second = push(&mut app, "{\"b\":2,\"a\":1}");
        app.perform(Action::Compare((first, 0), (second, 0)));
        assert!(compared(&mut app, &woken).contains("changed"));
        if let Some(Dialog::Compare(dialog)) = &mut app.dialog {
            dialog.ignores_order = true;
        }
        assert_eq!(
            compared(&mut app, &woken),
            "Equal as JSON; the bytes differ"
        );
    }

    #[test]
    fn a_row_that_is_gone_is_not_compared() {
        let (mut app, _woken) = app();
        let first = push(&mut app, "a");
        app.perform(Action::ClearTimeline);
        app.perform(Action::Compare((first, 0), (first, 0)));
        app.perform(Action::CompareWithMarked(first, 0));
        assert!(app.dialog.is_none());
    }
}
