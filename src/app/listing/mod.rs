//! What the table shows of a timeline: the rows that pass the filter, kept up to date; newest
//! first, or sorted and in groups (see [`arrange`]).

pub mod arrange;
pub mod group;
pub mod sort;

mod matches;

use crate::app::selection::RowSet;
use crate::model::timeline::{Category, Filter, RowId, Timeline};
use arrange::{Arrangement, Shown};
use matches::Matches;
use std::ops::RangeInclusive;

#[derive(Debug, Default)]
pub struct Listing {
    filter: Filter,
    /// Not kept where everything passes.
    matches: Matches,
    len: usize,
    arrangement: Arrangement,
}

impl Listing {
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    pub fn set_filter(&mut self, text: &str, category: Option<Category>) {
        self.apply(Filter::new(text, category));
    }

    pub fn apply(&mut self, filter: Filter) {
        if filter != self.filter {
            self.filter = filter;
            self.matches.start_over();
        }
    }

    /// Brings it up to date with the timeline.
    pub fn refresh(&mut self, timeline: &Timeline) {
        if self.filter.is_empty() {
            self.matches.forget();
            self.len = timeline.len();
        } else {
            self.matches.refresh(timeline, &self.filter);
            self.len = self.matches.len();
        }
        self.arrangement.refresh(timeline, &self.filter);
    }

    /// Order and groups.
    pub fn arrangement(&self) -> &Arrangement {
        &self.arrangement
    }

    pub fn arrangement_mut(&mut self) -> &mut Arrangement {
        &mut self.arrangement
    }

    /// Lines of the table: rows, and the heads of groups.
    pub fn shown_len(&self) -> usize {
        if self.arrangement.is_shown() {
            self.arrangement.lines()
        } else {
            self.len
        }
    }

    /// The line at a place, counted from the top.
    pub fn shown_at(&self, timeline: &Timeline, place: usize) -> Option<Shown> {
        if self.arrangement.is_shown() {
            self.arrangement.at(place)
        } else {
            self.id_at(timeline, place).map(Shown::Row)
        }
    }

    pub fn place_of_shown(&self, timeline: &Timeline, shown: Shown) -> Option<usize> {
        match shown {
            shown if self.arrangement.is_shown() => self.arrangement.place_of(shown),
            Shown::Row(id) => self.place_of(timeline, id),
            Shown::Group(_) => None,
        }
    }

    /// The rows that stand at these places of the table; heads of groups are none.
    pub fn rows_at(&self, timeline: &Timeline, places: RangeInclusive<usize>) -> RowSet {
        if self.arrangement.is_shown() {
            return self.arrangement.rows_at(places).collect();
        }
        let (from, to) = places.into_inner();
        let Some(last) = self.len.checked_sub(1) else {
            return RowSet::default();
        };
        let oldest = last - to.min(last);
        match last.checked_sub(from) {
            Some(newest) => self.rows_in_time(timeline, oldest..=newest),
            None => RowSet::default(),
        }
    }

    /// All that pass, also those in groups that are closed.
    pub fn all_rows(&self, timeline: &Timeline) -> RowSet {
        match self.len.checked_sub(1) {
            Some(last) => self.rows_in_time(timeline, 0..=last),
            None => RowSet::default(),
        }
    }

    /// By places counted from the oldest.
    fn rows_in_time(&self, timeline: &Timeline, places: RangeInclusive<usize>) -> RowSet {
        if !self.filter.is_empty() {
            return self.matches.ids(places).collect();
        }
        let mut rows = RowSet::default();
        // Ids have gaps only where rows were cleared: halves are looked at until there is none.
        let mut stack = vec![places];
        while let Some(places) = stack.pop() {
            let (from, to) = places.into_inner();
            let ends = (timeline.id_at(from), timeline.id_at(to));
            let (Some(first), Some(last)) = ends else {
                continue;
            };
            if last.number().checked_sub(first.number()) == Some((to - from) as u64) {
                rows.insert_range(first..=last);
            } else if from < to {
                let middle = from + (to - from) / 2;
                stack.extend([from..=middle, middle + 1..=to]);
            }
        }
        rows
    }

    /// How many rows that pass are newer than this one, which may be gone.
    pub fn newer_than(&self, timeline: &Timeline, id: RowId) -> usize {
        let (mut from, mut to) = (0, self.len);
        while from < to {
            let middle = from + (to - from) / 2;
            if self.id_at(timeline, middle).is_some_and(|one| one > id) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }

    /// Older rows are still looked through: look again soon.
    pub fn is_searching(&self) -> bool {
        self.matches.is_searching()
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
            self.matches.id_at(index)
        }
    }

    /// The row at a place in the order of time, counted from the oldest.
    pub fn id_in_time(&self, timeline: &Timeline, place: usize) -> Option<RowId> {
        if self.filter.is_empty() {
            timeline.id_at(place)
        } else {
            self.matches.id_at(place)
        }
    }

    /// Where a row stands in the order of time, counted from the oldest.
    pub fn place_in_time(&self, timeline: &Timeline, id: RowId) -> Option<usize> {
        if self.filter.is_empty() {
            timeline.place_of(id)
        } else {
            self.matches.place_of(id)
        }
    }

    /// Where a row stands, counted from the newest.
    pub fn place_of(&self, timeline: &Timeline, id: RowId) -> Option<usize> {
        let index = if self.filter.is_empty() {
            timeline.place_of(id)?
        } else {
            self.matches.place_of(id)?
        };
        self.len.checked_sub(index + 1)
    }
}

#[cfg(test)]
mod tests;
