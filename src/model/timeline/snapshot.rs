//! A timeline's packed rows as they are at one moment, for another thread to look through.

use super::RowId;
use super::filter::{Filter, RowMarks};
use super::peek::RowRef;
use super::rows::Entry;
use super::sealed::{Body, Sealed};
use fixedbitset::FixedBitSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Cheap to make: it shares what never changes. The newest rows are not in it; they are quickly
/// looked through where they are.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    parts: Vec<Part>,
    end: Option<RowId>,
}

impl Snapshot {
    pub(super) fn new(parts: Vec<Part>, end: Option<RowId>) -> Self {
        Self { parts, end }
    }

    /// Oldest first, of about 1,000 rows each.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The first row that is not in it, if there is one.
    pub fn end(&self) -> Option<RowId> {
        self.end
    }

    /// Oldest first.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = RowRef<'_>> {
        self.parts.iter().flat_map(Part::rows)
    }
}

#[derive(Clone, Debug)]
pub struct Part {
    pub(super) body: Body,
    pub(super) skip: usize,
    pub(super) patches: BTreeMap<usize, Arc<Entry>>,
}

impl Part {
    pub(super) fn of(sealed: &Sealed) -> Self {
        Self {
            body: sealed.body.clone(),
            skip: sealed.skip,
            patches: sealed.patches.clone(),
        }
    }

    pub fn len(&self) -> usize {
        self.body.len() - self.skip
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Oldest first.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = RowRef<'_>> {
        (self.skip..self.body.len()).filter_map(|index| self.peek(index))
    }

    /// The rows that pass, oldest first. Much cheaper than to ask of each.
    pub fn passing(
        &self,
        filter: &Filter,
        marks: &dyn RowMarks,
    ) -> impl DoubleEndedIterator<Item = RowRef<'_>> {
        let mut asked = FixedBitSet::with_capacity(self.body.len());
        asked.insert_range(self.skip..);
        for index in self.patches.keys() {
            asked.set(*index, false);
        }
        let mut found = match &self.body {
            Body::Packed(segment) => filter.passing(segment, asked, marks),
            Body::Whole(entries) => {
                let passes = |index: &usize| {
                    let entry = entries.get(*index);
                    entry.is_some_and(|entry| filter.passes_with(entry.peek(), marks))
                };
                let mut found = FixedBitSet::with_capacity(self.body.len());
                found.extend(asked.ones().filter(passes));
                found
            }
        };
        for (index, entry) in self.patches.range(self.skip..) {
            found.set(*index, filter.passes_with(entry.peek(), marks));
        }
        found.into_ones().filter_map(|index| self.peek(index))
    }

    pub(super) fn peek(&self, index: usize) -> Option<RowRef<'_>> {
        match self.patches.get(&index) {
            Some(entry) => Some(entry.peek()),
            None => self.body.row(index),
        }
    }

    pub(super) fn weight_of(&self, index: usize) -> usize {
        self.peek(index).map_or(0, RowRef::weight)
    }
}

impl From<Sealed> for Part {
    fn from(sealed: Sealed) -> Self {
        Self {
            body: sealed.body,
            skip: sealed.skip,
            patches: sealed.patches,
        }
    }
}

#[cfg(test)]
mod tests;
