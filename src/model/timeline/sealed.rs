//! A stretch of older rows: packed, or about to be. Its rows never change where they lie, so that they can be
//! shared with other threads; what changes lies beside them.

use super::RowId;
use super::packed::{PackedRow, Segment};
use super::peek::RowRef;
use super::row::Category;
use super::rows::Entry;
use crate::model::exchange::ExchangeId;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub enum Body {
    /// To be packed.
    Whole(Arc<Vec<Entry>>),
    Packed(Arc<Segment>),
}

impl Body {
    pub fn len(&self) -> usize {
        match self {
            Self::Whole(entries) => entries.len(),
            Self::Packed(segment) => segment.len(),
        }
    }

    pub fn id(&self, index: usize) -> Option<RowId> {
        match self {
            Self::Whole(entries) => entries.get(index).map(|entry| entry.id),
            Self::Packed(segment) => segment.row(index).map(PackedRow::id),
        }
    }

    pub fn first_id(&self) -> Option<RowId> {
        self.id(0)
    }

    pub fn last_id(&self) -> Option<RowId> {
        self.id(self.len().checked_sub(1)?)
    }

    pub fn index_of(&self, id: RowId) -> Option<usize> {
        match self {
            Self::Whole(entries) => entries.binary_search_by_key(&id, |entry| entry.id).ok(),
            Self::Packed(segment) => segment.index_of(id),
        }
    }

    /// Among the packed ones; of the whole ones there is a list.
    pub fn index_of_exchange(&self, id: ExchangeId) -> Option<usize> {
        self.segment()?.index_of_exchange(id)
    }

    pub fn row(&self, index: usize) -> Option<RowRef<'_>> {
        match self {
            Self::Whole(entries) => entries.get(index).map(Entry::peek),
            Self::Packed(segment) => segment.row(index).map(RowRef::packed),
        }
    }

    pub fn weight_of(&self, index: usize) -> usize {
        self.row(index).map_or(0, RowRef::weight)
    }

    /// A row of its own, to be changed.
    pub fn entry(&self, index: usize) -> Option<Entry> {
        match self {
            Self::Whole(entries) => entries.get(index).cloned(),
            Self::Packed(segment) => {
                let row = segment.row(index)?;
                Some(Entry::new(row.id(), row.unpack()?))
            }
        }
    }

    pub fn segment(&self) -> Option<&Segment> {
        match self {
            Self::Whole(_) => None,
            Self::Packed(segment) => Some(segment),
        }
    }

    /// Whether it is this very one, and not one like it.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Arc::ptr_eq(one, other),
            (Self::Packed(one), Self::Packed(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

/// A stretch in its place.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub body: Body,
    /// How many rows were ever before its first one.
    pub ordinal: u64,
    /// Rows at its beginning that are gone.
    pub skip: usize,
    /// What changed since, by index.
    pub patches: BTreeMap<usize, Arc<Entry>>,
    /// Somebody else packs it.
    pub is_out: bool,
}

impl Sealed {
    pub fn new(body: Body, ordinal: u64) -> Self {
        Self {
            body,
            ordinal,
            skip: 0,
            patches: BTreeMap::new(),
            is_out: false,
        }
    }

    pub fn peek(&self, index: usize) -> Option<RowRef<'_>> {
        match self.patches.get(&index) {
            Some(entry) => Some(entry.peek()),
            None => self.body.row(index),
        }
    }

    pub fn weight_of(&self, index: usize) -> usize {
        self.peek(index).map_or(0, RowRef::weight)
    }

    /// Of the rows that are still there.
    pub fn weight(&self) -> usize {
        let indexes = self.skip..self.body.len();
        indexes.map(|index| self.weight_of(index)).sum()
    }

    /// The rows that are not packed and still there.
    pub fn whole(&self) -> impl Iterator<Item = &Entry> {
        let entries: &[Entry] = match &self.body {
            Body::Whole(entries) => entries,
            Body::Packed(_) => &[],
        };
        let entries = entries.iter().skip(self.skip);
        entries.chain(self.patches.values().map(|entry| &**entry))
    }

    pub fn is_whole(&self) -> bool {
        matches!(self.body, Body::Whole(_))
    }

    /// Whether it would be smaller if it were written anew.
    pub fn is_settled(&self) -> bool {
        let is_open = |entry: &Arc<Entry>| entry.category == Category::Waiting;
        !self.is_whole() && !self.patches.is_empty() && !self.patches.values().any(is_open)
    }
}
