//! Looking at rows: which of them count, and under which group.

use super::groups::Grouping;
use super::legs::Legs;
use super::statistics::Statistics;
use crate::model::sample::Measure;
use crate::model::timeline::{Filter, Noted, Row, RowId, RowRef};
use std::sync::Arc;

#[derive(Debug, Default)]
pub struct Count {
    pub filter: Filter,
    pub grouping: Grouping,
    /// What the filter may ask for.
    pub marks: Arc<Noted>,
    /// The newest row that was looked at; all before it were, too.
    pub seen: Option<RowId>,
    pub statistics: Statistics,
    pub legs: Legs,
}

impl Count {
    pub fn new(filter: Filter, grouping: Grouping) -> Self {
        Self {
            filter,
            grouping,
            ..Self::default()
        }
    }

    /// Looks at a row, for the first time or again. Says whether it can have changed anything.
    pub fn look_at(&mut self, row: RowRef<'_>, with_legs: bool) -> bool {
        let id = row.id();
        self.seen = self.seen.max(Some(id));
        let Some(measure) = Measure::of(row) else {
            return false;
        };
        if !self.filter.passes_with(row, &*self.marks) {
            self.take(id);
            return true;
        }
        let name = self.grouping.name_of(row);
        let group = self.statistics.put(id, row.time(), measure, name);
        if with_legs
            && measure.round_trip.is_some()
            && let Row::Exchange(exchange) = &*row.to_row()
        {
            self.legs.put(id, group, exchange);
        }
        true
    }

    pub fn take(&mut self, id: RowId) {
        self.statistics.take(id);
        self.legs.take(id);
    }

    /// The oldest rows are gone. Says whether one of them had counted.
    pub fn drop_before(&mut self, first: Option<RowId>) -> bool {
        let before = self.statistics.len();
        self.statistics.drop_before(first);
        self.legs.drop_before(first);
        self.statistics.len() != before
    }
}
