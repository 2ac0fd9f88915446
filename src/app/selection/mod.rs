//! Several rows of the table selected at once, beside the one that is looked at.
//!
//! The one that is looked at is [`App::selected`], as ever; whatever sets that to another row ends
//! what is here. Rows are kept by id: order, groups and news do not change what is selected, while
//! another filter ends it, so that nothing is acted on that is out of sight.

mod copy;
mod set;
mod summary;

#[cfg(test)]
mod tests;

pub use copy::CopyRows;
pub use set::RowSet;
pub use summary::Summary;

use crate::app::App;
use crate::app::actions::Action;
use crate::app::listing::Listing;
use crate::app::listing::arrange::Shown;
use crate::app::palette::PaletteEntry;
use crate::app::table::{RowsAction, TableAction};
use crate::app::work::Work;
use crate::model::timeline::{Filter, RowId, RowRef, Timeline};
use copy::Copied;
use std::ops::RangeInclusive;
use std::time::Duration;
use summary::Summing;

/// How a row was pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    Alone(RowId),
    /// All from the one that was chosen last to this one, as the table has them.
    To(RowId),
    /// This one as well, or no more.
    Toggle(RowId),
    /// It is looked at; what is selected stays.
    Look(RowId),
    /// All that pass the filter.
    All,
    /// Nothing but the one that is looked at.
    Single,
}

/// A range longer than this is not gathered anew when it grows by a row.
const LONG: usize = if cfg!(test) { 3 } else { 4_096 };

#[derive(Debug, Default)]
pub struct Selection {
    rows: RowSet,
    /// Where ranges begin.
    anchor: Option<RowId>,
    /// What [`App::selected`] was when it was made.
    look: Option<RowId>,
    /// It is the range from the anchor to here and nothing else.
    range_to: Option<RowId>,
    filter: Filter,
    epoch: u64,
    /// Grows whenever other rows are selected.
    generation: u64,
    summing: Summing,
    copying: Option<Work<Copied>>,
}

impl Selection {
    fn alone(&mut self, row: Option<RowId>) {
        self.rows.clear();
        self.anchor = row;
        self.look = row;
        self.range_to = None;
        if let Some(row) = row {
            self.rows.insert(row);
        }
    }

    fn is_several(&self) -> bool {
        match (self.rows.len(), self.look) {
            (0, _) => false,
            (1, Some(look)) => !self.rows.contains(look),
            _ => true,
        }
    }

    fn extend(&mut self, to: RowId, listing: &Listing, timeline: &Timeline) {
        let place = |id| listing.place_of_shown(timeline, Shown::Row(id));
        let anchor = self.anchor.filter(|anchor| place(*anchor).is_some());
        let anchor = anchor.unwrap_or(to);
        let (Some(from), Some(end)) = (place(anchor), place(to)) else {
            self.alone(Some(to));
            return;
        };
        let span = |a: usize, b: usize| a.min(b)..=a.max(b);
        let wanted = span(from, end);
        let before = self.range_to.and_then(place).map(|old| span(from, old));
        match before.filter(|before| before.end() - before.start() > LONG) {
            Some(before) => {
                for gone in without(&before, &wanted) {
                    self.rows.remove_all(&listing.rows_at(timeline, gone));
                }
                for come in without(&wanted, &before) {
                    self.rows.add_all(&listing.rows_at(timeline, come));
                }
            }
            None => self.rows = listing.rows_at(timeline, wanted),
        }
        self.anchor = Some(anchor);
        self.look = Some(to);
        self.range_to = Some(to);
    }

    /// Forgets rows that are gone.
    fn follow(&mut self, timeline: &Timeline) {
        let before = self.rows.len();
        if self.epoch != timeline.epoch() {
            self.epoch = timeline.epoch();
            let there = timeline.iter().map(RowRef::id);
            self.rows = there.filter(|id| self.rows.contains(*id)).collect();
        } else if let Some(first) = timeline.id_at(0)
            && self.rows.oldest().is_some_and(|oldest| oldest < first)
        {
            self.rows.remove_before(first);
        }
        if self.rows.len() != before {
            self.generation += 1;
        }
    }
}

/// What of `one` is not in `other`.
fn without(
    one: &RangeInclusive<usize>,
    other: &RangeInclusive<usize>,
) -> impl Iterator<Item = RangeInclusive<usize>> + use<> {
    let (from, to) = (*one.start(), *one.end());
    let before = from..=to.min(other.start().wrapping_sub(1));
    let after = from.max(other.end() + 1)..=to;
    let is_before = from < *other.start();
    [(is_before, before), (true, after)]
        .into_iter()
        .filter_map(|(is_there, places)| (is_there && !places.is_empty()).then_some(places))
}

impl App {
    /// The rows that are selected, where they are not just the one that is looked at.
    pub fn several(&self) -> Option<&RowSet> {
        let selection = &self.selection;
        let is_current = selection.look == self.selected;
        (is_current && selection.is_several()).then_some(&selection.rows)
    }

    /// What an action on the selected rows acts on: several, or the one that is looked at.
    pub fn selected_rows(&self) -> RowSet {
        match self.several() {
            Some(rows) => rows.clone(),
            None => self.selected.into_iter().collect(),
        }
    }

    /// Of the rows that are selected, once it is known.
    pub fn summary(&self) -> Option<Summary> {
        self.several()?;
        self.selection.summing.get()
    }

    /// Lines of the palette.
    pub(in crate::app) fn selection_entries(&self) -> Vec<PaletteEntry> {
        let entry = |text: &str, shortcut, action| PaletteEntry {
            text: text.to_owned(),
            kind: "command".to_owned(),
            shortcut,
            action: Action::Table(action),
        };
        let selected = TableAction::Selected;
        let mut entries = vec![entry(
            "Select all rows",
            "Ctrl+A",
            TableAction::Select(Select::All),
        )];
        if self.selected.is_some() {
            let text = selected(RowsAction::Copy(CopyRows::Text));
            entries.push(entry("Copy the selected rows as text", "Ctrl+C", text));
            let json = selected(RowsAction::Copy(CopyRows::Json));
            entries.push(entry("Copy the selected rows as JSON", "", json));
        }
        if self.several().is_some() {
            let single = TableAction::Select(Select::Single);
            entries.push(entry("Select only the row that is shown", "Esc", single));
        }
        entries
    }

    pub(in crate::app) fn select(&mut self, what: Select) {
        let mut selection = std::mem::take(&mut self.selection);
        if selection.look != self.selected {
            selection.alone(self.selected);
        }
        let timeline = self.timeline();
        match what {
            Select::Alone(row) => selection.alone(Some(row)),
            Select::To(row) => selection.extend(row, &self.listing, timeline),
            Select::Toggle(row) => {
                selection.rows.toggle(row);
                selection.anchor = Some(row);
                selection.look = Some(row);
                selection.range_to = None;
            }
            Select::Look(row) => selection.look = Some(row),
            Select::All => {
                selection.rows = self.listing.all_rows(timeline);
                selection.range_to = None;
                let newest = self.listing.id_at(timeline, 0);
                selection.look = selection.look.or(newest);
            }
            Select::Single => {
                let look = selection.look;
                selection.alone(look);
            }
        }
        selection.filter = self.listing.filter().clone();
        selection.epoch = timeline.epoch();
        selection.generation += 1;
        self.selected = selection.look;
        self.selection = selection;
    }

    /// Brings it up to date with the timeline.
    pub(in crate::app) fn follow_selection(&mut self) {
        self.hear_of_copy();
        let mut selection = std::mem::take(&mut self.selection);
        let is_over = selection.look != self.selected || selection.filter != *self.listing.filter();
        if selection.is_several() && is_over {
            selection.alone(self.selected);
            selection.generation += 1;
        }
        if selection.is_several() {
            let timeline = self.timeline();
            selection.follow(timeline);
            let (rows, generation) = (&selection.rows, selection.generation);
            selection
                .summing
                .follow(rows, generation, timeline, &self.worker);
        } else {
            selection.summing.forget();
        }
        self.selection = selection;
    }

    /// When the selection has to be looked at again although nothing happens.
    pub(in crate::app) fn next_look_at_selection(&self) -> Option<Duration> {
        let rows = self.several()?;
        self.selection.summing.next_look(rows, self.timeline())
    }
}
