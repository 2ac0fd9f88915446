//! What the table shows of a timeline: the rows that pass the filter, newest first, kept up to date.

mod matches;

use crate::model::timeline::{Category, Filter, RowId, Timeline};
use matches::Matches;

#[derive(Debug, Default)]
pub struct Listing {
    filter: Filter,
    /// Not kept where everything passes.
    matches: Matches,
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
