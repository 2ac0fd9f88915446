//! A set of rows: as many as a timeline has, in a bit each at most.

use crate::model::timeline::RowId;
use roaring::RoaringTreemap;
use std::ops::RangeInclusive;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowSet(RoaringTreemap);

impl RowSet {
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, id: RowId) -> bool {
        self.0.contains(id.number())
    }

    /// Oldest first.
    pub fn ids(&self) -> impl Iterator<Item = RowId> {
        self.0.iter().map(RowId::new)
    }

    pub fn oldest(&self) -> Option<RowId> {
        self.0.min().map(RowId::new)
    }

    pub fn insert(&mut self, id: RowId) {
        self.0.insert(id.number());
    }

    /// All of them, also those that no row has.
    pub fn insert_range(&mut self, ids: RangeInclusive<RowId>) {
        let (from, to) = ids.into_inner();
        self.0.insert_range(from.number()..=to.number());
    }

    /// Takes it out, or puts it in.
    pub fn toggle(&mut self, id: RowId) {
        if !self.0.remove(id.number()) {
            self.0.insert(id.number());
        }
    }

    pub fn remove_before(&mut self, first: RowId) {
        self.0.remove_range(..first.number());
    }

    pub fn add_all(&mut self, other: &Self) {
        self.0 |= &other.0;
    }

    pub fn remove_all(&mut self, other: &Self) {
        self.0 -= &other.0;
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl FromIterator<RowId> for RowSet {
    /// In any order.
    fn from_iter<I: IntoIterator<Item = RowId>>(ids: I) -> Self {
        let mut numbers: Vec<u64> = ids.into_iter().map(RowId::number).collect();
        // One by one they would be searched for a place each.
        if !numbers.is_sorted() {
            numbers.sort_unstable();
        }
        numbers.dedup();
        Self(numbers.into_iter().collect())
    }
}
