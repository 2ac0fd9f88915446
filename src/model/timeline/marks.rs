//! What somebody noted on rows: pinned, a comment, a colour. It goes with its row.

use super::filter::RowMarks;
use super::{RowId, Timeline};
/// Colours that a row can be given, beside the ones that verdicts have.
pub use crate::model::record::Colour as MarkColour;
use crate::model::record::Marks;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Stays when the timeline is cleared.
    pub is_pinned: bool,
    pub comment: String,
    pub colour: Option<MarkColour>,
}

impl Mark {
    pub fn is_empty(&self) -> bool {
        !self.is_pinned && self.comment.is_empty() && self.colour.is_none()
    }
}

/// The marks of all rows that have one.
#[derive(Clone, Debug, Default)]
pub struct Noted(BTreeMap<RowId, Mark>);

impl Noted {
    /// The rows that have one, oldest first.
    pub fn ids(&self) -> impl Iterator<Item = RowId> {
        self.0.keys().copied()
    }

    pub fn of(&self, id: RowId) -> Option<&Mark> {
        self.0.get(&id)
    }

    /// Pinned rows stay where rows are cleared.
    pub(super) fn has_pinned(&self, id: RowId) -> bool {
        self.of(id).is_some_and(|mark| mark.is_pinned)
    }
}

impl RowMarks for Noted {
    fn is_pinned(&self, row: RowId) -> bool {
        self.has_pinned(row)
    }

    fn comment(&self, row: RowId) -> Option<&str> {
        let comment = self.of(row).map(|mark| mark.comment.as_str());
        comment.filter(|comment| !comment.is_empty())
    }

    fn colour(&self, row: RowId) -> Option<&str> {
        self.of(row)?.colour.map(MarkColour::word)
    }
}

impl Timeline {
    pub fn mark(&self, id: RowId) -> Option<&Mark> {
        self.marks.of(id)
    }

    /// All of them, also for other threads.
    pub fn marks(&self) -> &Arc<Noted> {
        &self.marks
    }

    /// Gives what was there before. An empty mark is none; a row that is not there gets none.
    pub fn set_mark(&mut self, id: RowId, mark: Mark) -> Mark {
        if self.peek(id).is_none() {
            return Mark::default();
        }
        let marks = &mut Arc::make_mut(&mut self.marks).0;
        let before = if mark.is_empty() {
            marks.remove(&id)
        } else {
            marks.insert(id, mark)
        };
        self.touched.note(id);
        self.version += 1;
        before.unwrap_or_default()
    }

    /// Takes out the marks of rows that are not there.
    pub(super) fn marks_gone(&mut self) -> Noted {
        let marks = std::mem::take(&mut Arc::make_mut(&mut self.marks).0);
        let is_there = |id: &RowId| self.rows.place_of(*id).is_some();
        let (kept, gone) = marks.into_iter().partition(|(id, _)| is_there(id));
        self.marks = Arc::new(Noted(kept));
        Noted(gone)
    }

    pub(super) fn marks_back(&mut self, marks: Noted) {
        Arc::make_mut(&mut self.marks).0.extend(marks.0);
    }

    /// After the oldest rows went.
    pub(super) fn forget_marks_of_dropped(&mut self) {
        if self.marks.0.is_empty() {
            return;
        }
        let first = self.rows.id_at(0);
        let is_gone = |id: &RowId| first.is_none_or(|first| *id < first);
        while self.marks.0.keys().next().is_some_and(is_gone) {
            Arc::make_mut(&mut self.marks).0.pop_first();
        }
    }
}

impl From<&Mark> for Marks {
    fn from(mark: &Mark) -> Self {
        Self {
            pinned: mark.is_pinned,
            comment: mark.comment.clone(),
            colour: mark.colour,
        }
    }
}

impl From<&Marks> for Mark {
    fn from(marks: &Marks) -> Self {
        Self {
            is_pinned: marks.pinned,
            comment: marks.comment.clone(),
            colour: marks.colour,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_the_same_in_a_record() {
        for colour in MarkColour::ALL.into_iter().map(Some).chain([None]) {
            let mark = Mark {
                is_pinned: true,
                comment: "why?".to_owned(),
                colour,
            };
            assert_eq!(Mark::from(&Marks::from(&mark)), mark);
        }
    }
}
