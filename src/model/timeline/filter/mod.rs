//! The filter language: which rows of a timeline are wanted, as typed in one line (docs/filter.md).
//!
//! ```text
//! any   = all { "OR" all }            all  = part { ["AND"] part }
//! part  = ["-"] ( "(" any ")" | term )
//! term  = [ field ":" ] value | "payload." path ":" value | "#" number
//! value = "quotes" | /regex/ | /regex/i | text      some fields: value { "," value }, >5, 2..7
//! ```
//!
//! [`syntax`] reads the line, [`compile`] turns it into [`check`]s that are cheap to ask, cheapest
//! first. What cannot be read is a [`Problem`] at its place, and such a filter lets nothing pass:
//! whoever shows one takes [`Filter::without_wrong`] instead. Letters match in either case (ASCII).

mod check;
mod columns;
mod compile;
mod complete;
mod field;
mod json;
mod search;
mod syntax;
mod values;

pub use complete::{Completion, Vocabulary, complete};
pub use field::Field;
pub use syntax::{Problem, Span, Stretch, StretchKind, stretches, term};

use crate::model::timeline::RowId;
use crate::model::timeline::packed::Segment;
use crate::model::timeline::peek::RowRef;
use crate::model::timeline::row::Category;
use columns::Columns;
use compile::Program;
use fixedbitset::FixedBitSet;
use std::sync::Arc;

/// What people noted on rows.
pub trait RowMarks {
    fn is_pinned(&self, row: RowId) -> bool;
    fn comment(&self, row: RowId) -> Option<&str>;
    /// In words: `red`.
    fn colour(&self, row: RowId) -> Option<&str>;
}

/// Nobody noted anything.
#[derive(Clone, Copy, Debug)]
pub struct NoMarks;

impl RowMarks for NoMarks {
    fn is_pinned(&self, _row: RowId) -> bool {
        false
    }

    fn comment(&self, _row: RowId) -> Option<&str> {
        None
    }

    fn colour(&self, _row: RowId) -> Option<&str> {
        None
    }
}

/// What a filter means depends on this, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// East of Greenwich, for times without a zone.
    pub utc_offset_secs: i32,
    /// Ids of connections and how they are called.
    pub connections: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct Filter {
    text: String,
    pub category: Option<Category>,
    surroundings: Surroundings,
    program: Arc<Program>,
}

impl Default for Filter {
    fn default() -> Self {
        Self::new("", None)
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
            && self.category == other.category
            && self.surroundings == other.surroundings
    }
}

impl Eq for Filter {}

impl Filter {
    /// With times in UTC, and connections by their id alone.
    pub fn new(text: &str, category: Option<Category>) -> Self {
        Self::with(text, category, &Surroundings::default())
    }

    pub fn with(text: &str, category: Option<Category>, here: &Surroundings) -> Self {
        Self {
            text: text.to_owned(),
            category,
            surroundings: here.clone(),
            program: Arc::new(compile::compile(text, here)),
        }
    }

    /// A copy for a thread of its own: regular expressions that are shared wait for each other's memory.
    #[must_use]
    pub fn unshared(&self) -> Self {
        Self {
            program: Arc::new(Program::clone(&self.program)),
            ..self.clone()
        }
    }

    /// As typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.program.root.is_none() && self.category.is_none() && self.is_valid()
    }

    pub fn is_valid(&self) -> bool {
        self.program.problems.is_empty()
    }

    /// What cannot be read, in the order of the text.
    pub fn problems(&self) -> &[Problem] {
        &self.program.problems
    }

    /// The same without the terms that cannot be read, and without a group that is only begun, so
    /// that the rest filters meanwhile. It is always valid.
    #[must_use]
    pub fn without_wrong(&self) -> Self {
        if self.is_valid() {
            return self.clone();
        }
        let kept = self.program.kept.as_deref().unwrap_or_default();
        let rest = Self::with(kept, self.category, &self.surroundings);
        debug_assert!(rest.is_valid(), "{} became {kept}", self.text);
        if rest.is_valid() {
            rest
        } else {
            Self::with("", self.category, &self.surroundings)
        }
    }

    /// What can be read and may not mean what was meant.
    pub fn hints(&self) -> &[Problem] {
        &self.program.hints
    }

    /// Whether it asks for what people noted: then it is asked again when that changes.
    pub fn asks_for_marks(&self) -> bool {
        self.program.asks_for_marks
    }

    /// Whether it asks for a connection by its name.
    pub fn asks_for_connections(&self) -> bool {
        self.program.asks_for_connections
    }

    pub fn passes(&self, row: RowRef<'_>) -> bool {
        self.passes_with(row, &NoMarks)
    }

    pub fn passes_with(&self, row: RowRef<'_>, marks: &dyn RowMarks) -> bool {
        self.category.is_none_or(|wanted| wanted == row.category())
            && self.program.problems.is_empty()
            && self
                .program
                .root
                .as_ref()
                .is_none_or(|root| root.holds(row, marks))
    }

    /// Those of the rows `asked` that pass, as [`Self::passes_with`] says of each of them.
    pub(super) fn passing(
        &self,
        segment: &Segment,
        mut asked: FixedBitSet,
        marks: &dyn RowMarks,
    ) -> FixedBitSet {
        let columns = Columns { segment, marks };
        if !self.is_valid() {
            asked.clear();
        } else if let Some(wanted) = self.category {
            asked = columns.keep(&asked, |row| row.category() == wanted);
        }
        match &self.program.root {
            Some(root) if !asked.is_clear() => root.passing(columns, asked),
            _ => asked,
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
