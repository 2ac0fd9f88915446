//! What somebody noted on rows: pinned, a comment, a colour. It goes with its row.

use super::filter::RowMarks;
use super::{RowId, Timeline};
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

/// The marks of a timeline's rows. Cheap to copy, for another thread to look into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarkBook(Arc<BTreeMap<RowId, Mark>>);

impl MarkBook {
    pub fn get(&self, id: RowId) -> Option<&Mark> {
        self.0.get(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = (RowId, &Mark)> {
        self.0.iter().map(|(id, mark)| (*id, mark))
    }

    /// An empty mark is none. Gives what was there before.
    fn set(&mut self, id: RowId, mark: Mark) -> Option<Mark> {
        let all = Arc::make_mut(&mut self.0);
        if mark.is_empty() {
            all.remove(&id)
        } else {
            all.insert(id, mark)
        }
    }

    pub(super) fn forget(&mut self, id: RowId) {
        if self.0.contains_key(&id) {
            Arc::make_mut(&mut self.0).remove(&id);
        }
    }

    /// Takes out the marks of rows that are not there.
    pub(super) fn take_but(&mut self, is_there: impl Fn(RowId) -> bool) -> Self {
        let gone = |(id, mark): (&RowId, &Mark)| (!is_there(*id)).then(|| (*id, mark.clone()));
        let gone: BTreeMap<RowId, Mark> = self.0.iter().filter_map(gone).collect();
        if !gone.is_empty() {
            Arc::make_mut(&mut self.0).retain(|id, _| !gone.contains_key(id));
        }
        Self(Arc::new(gone))
    }

    pub(super) fn put_back(&mut self, taken: &Self) {
        let all = taken.0.iter().map(|(id, mark)| (*id, mark.clone()));
        Arc::make_mut(&mut self.0).extend(all);
    }
}

impl RowMarks for MarkBook {
    fn is_pinned(&self, row: RowId) -> bool {
        self.get(row).is_some_and(|mark| mark.is_pinned)
    }

    fn comment(&self, row: RowId) -> Option<&str> {
        let comment = self.get(row).map(|mark| mark.comment.as_str());
        comment.filter(|comment| !comment.is_empty())
    }

    fn colour(&self, row: RowId) -> Option<&str> {
        Some(self.get(row)?.colour?.word())
    }
}

impl Timeline {
    pub fn mark(&self, id: RowId) -> Option<&Mark> {
        self.marks.get(id)
    }

    pub fn marks(&self) -> &MarkBook {
        &self.marks
    }

    /// Gives what was there before. An empty mark is none; a row that is not there gets none.
    pub fn set_mark(&mut self, id: RowId, mark: Mark) -> Mark {
        if self.peek(id).is_none() {
            return Mark::default();
        }
        let before = self.marks.set(id, mark);
        self.touched.note(id);
        self.version += 1;
        before.unwrap_or_default()
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
