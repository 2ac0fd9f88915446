//! What somebody noted on rows: pinned, a comment, a colour. It goes with its row.

use super::{RowId, Timeline};
use crate::model::record::{Colour, Marks};

/// Colours that a row can be given, beside the ones that verdicts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkColour {
    Red,
    Orange,
    Yellow,
    Green,
    Blue,
    Violet,
}

impl MarkColour {
    pub const ALL: [Self; 6] = [
        Self::Red,
        Self::Orange,
        Self::Yellow,
        Self::Green,
        Self::Blue,
        Self::Violet,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Red => "Red",
            Self::Orange => "Orange",
            Self::Yellow => "Yellow",
            Self::Green => "Green",
            Self::Blue => "Blue",
            Self::Violet => "Violet",
        }
    }

    /// As typed in a filter.
    pub fn word(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Violet => "violet",
        }
    }
}

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

impl Timeline {
    pub fn mark(&self, id: RowId) -> Option<&Mark> {
        self.marks.get(&id)
    }

    /// Gives what was there before. An empty mark is none; a row that is not there gets none.
    pub fn set_mark(&mut self, id: RowId, mark: Mark) -> Mark {
        if self.peek(id).is_none() {
            return Mark::default();
        }
        let before = if mark.is_empty() {
            self.marks.remove(&id)
        } else {
            self.marks.insert(id, mark)
        };
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
            colour: mark
                .colour
                .and_then(|colour| Colour::of_word(colour.word())),
        }
    }
}

impl From<&Marks> for Mark {
    fn from(marks: &Marks) -> Self {
        let colour = |wanted: Colour| {
            let mut all = MarkColour::ALL.into_iter();
            all.find(|colour| colour.word() == wanted.word())
        };
        Self {
            is_pinned: marks.pinned,
            comment: marks.comment.clone(),
            colour: marks.colour.and_then(colour),
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
