//! A timeline's packed rows as they are at one moment, for another thread to look through.

use super::RowId;
use super::peek::RowRef;
use super::rows::Entry;
use super::sealed::{Body, Sealed};
use bytes::Bytes;
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

    pub(super) fn peek(&self, index: usize) -> Option<RowRef<'_>> {
        match self.patches.get(&index) {
            Some(entry) => Some(entry.peek()),
            None => self.body.row(index),
        }
    }

    pub(super) fn weight_of(&self, index: usize) -> usize {
        self.peek(index).map_or(0, RowRef::weight)
    }

    /// For a quick look whether something occurs in any of its rows: everything that they say in
    /// bytes, their names (topics, responders, …), and large payloads. `None` where rows have changed or are
    /// not packed yet.
    pub fn haystacks(&self) -> Option<Haystacks<'_>> {
        let segment = self.body.segment()?;
        let (data, names) = segment.haystacks();
        let large = segment.large_payloads();
        let is_all = self.patches.is_empty();
        is_all.then_some(Haystacks { data, names, large })
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

/// See [`Part::haystacks`].
#[derive(Clone, Copy, Debug)]
pub struct Haystacks<'a> {
    /// Small payloads, Correlation Data, values of user properties, and numbers between them.
    pub data: &'a [u8],
    /// Topics, responders, connections, rules and the like, each once.
    pub names: &'a [Arc<str>],
    pub large: &'a [Bytes],
}
