//! What can be done with all rows that are selected.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::dialogs::Dialog;
use crate::app::inspect::telling_part;
use crate::app::table::{CommentDialog, RowsAction};
use crate::model::text;
use crate::model::timeline::filter::Field;
use crate::model::timeline::{Mark, RowId, RowRef};
use crate::store::TimelineView;
use std::fmt::Write as _;

/// Marks are kept one by one, in memory and in recordings.
const MOST_MARKED: u64 = 10_000;
/// Numbers and ranges of numbers in one filter.
const MOST_TERMS: usize = 200;

impl App {
    pub(super) fn perform_selected(&mut self, action: RowsAction) {
        match action {
            RowsAction::Copy(how) => self.copy_rows(how),
            RowsAction::Pin(is_pinned) => {
                let words = if is_pinned {
                    "Pinned"
                } else {
                    "No longer pinned"
                };
                self.mark_selected(words, |mark| mark.is_pinned = is_pinned);
            }
            RowsAction::Colour(colour) => {
                self.mark_selected("Colour changed", |mark| mark.colour = colour);
            }
            RowsAction::Comment => self.comment_on_selected(),
            RowsAction::Compare => self.compare_selected(),
            RowsAction::FilterOnly => drop(self.filter_selected()),
            RowsAction::ShowInLanes => {
                if self.filter_selected() {
                    self.window.timeline_view = TimelineView::Lanes;
                }
            }
        }
    }

    /// The selected rows, where they can be marked.
    fn markable(&mut self) -> Option<Vec<RowId>> {
        let rows = self.selected_rows();
        if rows.len() > MOST_MARKED {
            self.notices.fail(
                format!(
                    "{} rows are too many to be marked at once: at most {}",
                    text::count(rows.len()),
                    text::count(MOST_MARKED)
                ),
                "Select fewer, or find them again with a saved filter.",
            );
            return None;
        }
        Some(rows.ids().collect())
    }

    fn mark_selected(&mut self, words: &str, change: impl Fn(&mut Mark)) {
        let Some(rows) = self.markable() else { return };
        let marks = rows.into_iter().filter_map(|row| {
            let before = self.mark_of(row);
            let mut mark = before.clone();
            change(&mut mark);
            (mark != before).then_some((row, mark))
        });
        let marks: Vec<(RowId, Mark)> = marks.collect();
        let told = match marks.len() {
            0 => return,
            1 => format!("{words}: 1 row"),
            rows => format!("{words}: {} rows", text::count(rows as u64)),
        };
        self.set_marks(marks, &told);
    }

    fn comment_on_selected(&mut self) {
        let Some(rows) = self.markable() else { return };
        let mut comments = rows.iter().map(|row| self.mark_of(*row).comment);
        let first = comments.next().unwrap_or_default();
        // What they have in common is there to be changed.
        let is_common = comments.all(|comment| comment == first);
        self.dialog = Some(Dialog::Comment(CommentDialog {
            title: format!("{} rows", text::count(rows.len() as u64)),
            rows,
            text: if is_common { first } else { String::new() },
        }));
    }

    fn compare_selected(&mut self) {
        let rows = self.selected_rows();
        let telling = rows.ids().take(3).filter_map(|id| {
            let row = self.timeline().row(id)?;
            Some((id, telling_part(&row)))
        });
        let telling: Vec<(RowId, usize)> = telling.collect();
        if let [left, right] = *telling.as_slice() {
            self.compare(left, right);
        }
    }

    /// Has only these pass, by the numbers of their exchanges. Whether it does.
    fn filter_selected(&mut self) -> bool {
        let rows = self.selected_rows();
        let mut terms: Vec<(u64, u64)> = Vec::new();
        let mut unnumbered: usize = 0;
        for id in rows.ids() {
            let number = self.timeline().peek(id).and_then(RowRef::exchange_id);
            match (number, terms.last_mut()) {
                (None, _) => unnumbered += 1,
                (Some(number), Some((_, last))) if *last + 1 == number.0 => *last = number.0,
                (Some(number), _) => terms.push((number.0, number.0)),
            }
            if terms.len() > MOST_TERMS {
                break;
            }
        }
        let problem = if terms.is_empty() {
            Some("none of them is an exchange, and others have no number")
        } else if terms.len() > MOST_TERMS {
            Some("their numbers are too many for a filter")
        } else {
            None
        };
        if let Some(problem) = problem {
            self.notices.fail(
                format!("The selected rows cannot be filtered for: {problem}"),
                "Give them a colour and filter by it, such as colour:red.",
            );
            return false;
        }
        let mut filter = format!("{}:", Field::Id.word());
        for (at, (from, to)) in terms.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let written = if from == to {
                write!(filter, "{comma}{from}")
            } else {
                write!(filter, "{comma}{from}..{to}")
            };
            written.unwrap_or_default();
        }
        self.carry_out(Action::SetCategory(None));
        self.carry_out(Action::SetFilter(filter));
        if unnumbered > 0 {
            let noun = if unnumbered == 1 { "row" } else { "rows" };
            let told = format!(
                "{} {noun} left out: only exchanges have a number",
                text::count(unnumbered as u64)
            );
            self.notices.inform(told, self.now);
        }
        true
    }
}
