//! A timeline's packed rows as they are at one moment, for another thread to look through.

use super::RowId;
use super::packed::Segment;
use super::peek::RowRef;
use super::rows::{Entry, Sealed};
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
    segment: Arc<Segment>,
    skip: usize,
    patches: BTreeMap<usize, Arc<Entry>>,
}

impl Part {
    pub(super) fn of(sealed: &Sealed) -> Self {
        Self {
            segment: Arc::clone(&sealed.segment),
            skip: sealed.skip,
            patches: sealed.patches.clone(),
        }
    }

    pub fn len(&self) -> usize {
        self.segment.len() - self.skip
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Oldest first.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = RowRef<'_>> {
        (self.skip..self.segment.len()).filter_map(|index| match self.patches.get(&index) {
            Some(entry) => Some(entry.peek()),
            None => self.segment.row(index).map(RowRef::packed),
        })
    }

    /// For a quick look whether something occurs in any of its rows: everything that they say in
    /// bytes, their names (topics, responders, …), and large payloads. `None` where rows have changed.
    pub fn haystacks(&self) -> Option<Haystacks<'_>> {
        let (data, names) = self.segment.haystacks();
        let large = self.segment.large_payloads();
        let is_whole = self.patches.is_empty();
        is_whole.then_some(Haystacks { data, names, large })
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
