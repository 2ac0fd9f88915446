//! What the table shows of a timeline: the rows that pass the filter, newest first, kept up to date.

use crate::model::timeline::{Category, Filter, RowId, Timeline};
use std::collections::VecDeque;

#[derive(Debug, Default)]
pub struct Listing {
    filter: Filter,
    /// Ascending; what passes the filter. Not kept where everything passes.
    passing: VecDeque<RowId>,
    cursor: u64,
    epoch: u64,
    is_stale: bool,
    len: usize,
}

impl Listing {
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    pub fn set_filter(&mut self, text: &str, category: Option<Category>) {
        let filter = Filter::new(text, category);
        if filter != self.filter {
            self.filter = filter;
            self.is_stale = true;
        }
    }

    /// Brings it up to date with the timeline.
    pub fn refresh(&mut self, timeline: &Timeline) {
        let touched = timeline.touched_since(self.cursor);
        self.cursor = touched.cursor;
        if self.filter.is_empty() {
            self.passing.clear();
            self.len = timeline.len();
        } else {
            if self.is_stale || self.epoch != timeline.epoch() || touched.is_incomplete {
                let passing = timeline.iter().filter(|row| self.filter.passes(*row));
                self.passing = passing.map(|row| row.id()).collect();
            } else {
                for id in touched.ids() {
                    self.look_again(timeline, id);
                }
                let first = timeline.id_at(0);
                while self
                    .passing
                    .front()
                    .is_some_and(|id| first.is_none_or(|first| *id < first))
                {
                    self.passing.pop_front();
                }
            }
            self.len = self.passing.len();
        }
        self.epoch = timeline.epoch();
        self.is_stale = false;
    }

    fn look_again(&mut self, timeline: &Timeline, id: RowId) {
        let passes = timeline.peek(id).is_some_and(|row| self.filter.passes(row));
        if passes && self.passing.back().is_none_or(|last| *last < id) {
            self.passing.push_back(id);
            return;
        }
        match (self.passing.binary_search(&id), passes) {
            (Ok(place), false) => drop(self.passing.remove(place)),
            (Err(place), true) => self.passing.insert(place, id),
            _ => {}
        }
    }

    /// As of the last refresh.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The row at a place, counted from the newest.
    pub fn id_at(&self, timeline: &Timeline, place: usize) -> Option<RowId> {
        let index = self.len.checked_sub(place.checked_add(1)?)?;
        if self.filter.is_empty() {
            timeline.id_at(index)
        } else {
            self.passing.get(index).copied()
        }
    }

    /// The row at a place in the order of time, counted from the oldest.
    pub fn id_in_time(&self, timeline: &Timeline, place: usize) -> Option<RowId> {
        if self.filter.is_empty() {
            timeline.id_at(place)
        } else {
            self.passing.get(place).copied()
        }
    }

    /// Where a row stands in the order of time, counted from the oldest.
    pub fn place_in_time(&self, timeline: &Timeline, id: RowId) -> Option<usize> {
        if self.filter.is_empty() {
            timeline.place_of(id)
        } else {
            self.passing.binary_search(&id).ok()
        }
    }

    /// Where a row stands, counted from the newest.
    pub fn place_of(&self, timeline: &Timeline, id: RowId) -> Option<usize> {
        let index = if self.filter.is_empty() {
            timeline.place_of(id)?
        } else {
            self.passing.binary_search(&id).ok()?
        };
        self.len.checked_sub(index + 1)
    }
}

#[cfg(test)]
mod tests;
