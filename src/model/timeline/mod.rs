//! The timeline: every exchange, every message that belongs to none, every bare publish.
//!
//! Bounded by count and by bytes; what had to go is counted. Rows keep the order in which they
//! began. Whoever follows a timeline asks what was touched since ([`Timeline::touched_since`]).

pub mod filter;
mod marks;
mod packed;
mod packing;
mod peek;
mod row;
mod rows;
mod sealed;
mod snapshot;
mod touched;

pub use filter::Filter;
pub use marks::{Mark, MarkColour, Noted};
pub use packing::{Packed, Packing, Spent};
pub use peek::{MessageRef, RowKind, RowRef};
pub use row::{Category, MessageRow, PublishRow, Row};
pub use snapshot::{Part, Snapshot};
pub use touched::Touched;

use crate::model::exchange::{Change, Exchange, ExchangeId, MAX_REPLIES};
use crate::model::histogram::Histogram;
use crate::model::message::Message;
use crate::model::time::Timestamp;
use rows::{Edited, Entry, Rows, Taken};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use touched::TouchLog;

/// How much a timeline holds before the oldest rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub rows: usize,
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            rows: 1_000_000,
            bytes: 1 << 30,
        }
    }
}

/// Names one row; later rows have larger numbers, and none is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(u64);

impl RowId {
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    pub const fn number(self) -> u64 {
        self.0
    }
}

/// What [`Timeline::clear`] took away, for [`Timeline::restore`].
#[derive(Debug)]
pub struct Cleared(Taken, Noted);

impl Cleared {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Debug, Default)]
pub struct Timeline {
    bounds: Bounds,
    rows: Rows,
    marks: Arc<Noted>,
    touched: TouchLog,
    /// Grows when rows came or went other than at the ends.
    epoch: u64,
    counts: [usize; Category::ALL.len()],
    /// Of the answered exchanges.
    round_trips: Histogram,
    dropped: u64,
    next: u64,
    version: u64,
}

impl Timeline {
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            ..Self::default()
        }
    }

    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = bounds;
        self.make_room();
    }

    pub fn begin(&mut self, exchange: impl Into<Box<Exchange>>) -> RowId {
        self.push(Row::Exchange(exchange.into()))
    }

    pub fn push_message(&mut self, message: MessageRow) -> RowId {
        self.push(Row::Message(message))
    }

    pub fn push_publish(&mut self, publish: PublishRow) -> RowId {
        self.push(Row::Publish(publish))
    }

    /// Puts a row of a recording in its place: a new one at the end, one that is there already
    /// instead of it. False where it cannot be put: it is older than the newest and not there.
    pub fn put(&mut self, id: RowId, row: Row) -> bool {
        if id.0 >= self.next {
            self.next = id.0;
            self.push(row);
            return true;
        }
        let Some((edited, ())) = self.rows.edit(id, |there| *there = row) else {
            return false;
        };
        self.rows.weigh_anew(id);
        self.follow(id, &edited);
        self.make_room();
        true
    }

    /// Applies what happened to an exchange. One that has been dropped or cleared stays gone.
    pub fn apply(&mut self, id: ExchangeId, change: Change, at: Timestamp) {
        let Some(row) = self.row_of(id) else {
            return;
        };
        let edited = self.rows.edit(row, |row| {
            let Row::Exchange(exchange) = row else {
                return 0;
            };
            let grown = match &change {
                Change::Reply(_) if exchange.replies.len() >= MAX_REPLIES => 0,
                Change::Reply(reply) => size_of_val(reply) + reply.message.weight(),
                _ => 0,
            };
            exchange.apply(change, at);
            grown
        });
        if let Some((edited, grown)) = edited {
            if grown > 0 {
                self.rows.weigh(row, grown);
            }
            self.follow(row, &edited);
            self.make_room();
        }
    }

    /// A row has changed: so do the counts.
    fn follow(&mut self, row: RowId, edited: &Edited) {
        self.uncount(edited.was, edited.was_round_trip);
        self.count(edited.is, edited.round_trip);
        self.touched.note(row);
        self.version += 1;
    }

    /// Takes every row away that is not still waiting or pinned. What waits is not over.
    pub fn clear(&mut self) -> Cleared {
        let marks = Arc::clone(&self.marks);
        let taken = self
            .rows
            .take(|row| row.category() == Category::Waiting || marks.has_pinned(row.id()));
        let gone = self.marks_gone();
        self.recount();
        Cleared(taken, gone)
    }

    /// Puts cleared rows back where they were.
    pub fn restore(&mut self, cleared: Cleared) {
        self.rows.put_back(cleared.0);
        self.marks_back(cleared.1);
        self.recount();
        self.make_room();
    }

    pub fn row(&self, id: RowId) -> Option<Cow<'_, Row>> {
        self.peek(id).map(RowRef::to_row)
    }

    /// What is known of a row without unpacking it.
    pub fn peek(&self, id: RowId) -> Option<RowRef<'_>> {
        self.rows.peek(id)
    }

    /// The row at a place, counted from the oldest.
    pub fn id_at(&self, place: usize) -> Option<RowId> {
        self.rows.id_at(place)
    }

    /// Where a row stands, counted from the oldest.
    pub fn place_of(&self, id: RowId) -> Option<usize> {
        self.rows.place_of(id)
    }

    pub fn row_of(&self, id: ExchangeId) -> Option<RowId> {
        self.rows.of_exchange(id)
    }

    pub fn exchange(&self, id: ExchangeId) -> Option<Cow<'_, Exchange>> {
        match self.row(self.row_of(id)?)? {
            Cow::Borrowed(Row::Exchange(exchange)) => Some(Cow::Borrowed(exchange)),
            Cow::Owned(Row::Exchange(exchange)) => Some(Cow::Owned(*exchange)),
            _ => None,
        }
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = RowRef<'_>> {
        self.rows.iter()
    }

    /// Oldest first, each with everything there is to know.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = Cow<'_, Row>> {
        self.iter().map(RowRef::to_row)
    }

    /// All rows but the newest ones, for another thread to look through. The newest ones begin at
    /// [`Snapshot::end`].
    pub fn snapshot(&self) -> Snapshot {
        self.rows.snapshot()
    }

    /// The newest rows: those that are not in a [`Self::snapshot`].
    pub fn newest(&self) -> impl DoubleEndedIterator<Item = RowRef<'_>> {
        self.rows.tail().map(Entry::peek)
    }

    /// Older rows to be packed, for another thread; they can be read and changed meanwhile. Who asks is
    /// expected to come again and again, and to bring back what came of them ([`Self::packed`]). A timeline
    /// that nobody asks, or that is not served fast enough, packs its rows by itself.
    pub fn take_packing(&mut self) -> Option<Packing> {
        self.rows.take_packing()
    }

    /// Puts packed rows in the place of the whole ones. What has changed meanwhile stays as it is, and
    /// what is gone stays gone.
    pub fn packed(&mut self, packed: Packed) {
        self.rows.packed(packed);
    }

    /// What is no longer needed, for the thread that packs: to free so many rows takes time.
    pub fn take_spent(&mut self) -> Option<Spent> {
        self.rows.take_spent()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn count_of(&self, category: Category) -> usize {
        self.counts.get(category as usize).copied().unwrap_or(0)
    }

    /// The row of a bare publish, found by the very message that was sent. Only among the newest rows.
    pub fn publish_row(&self, message: &Arc<Message>) -> Option<&PublishRow> {
        self.rows.tail().rev().find_map(|entry| match &entry.row {
            Row::Publish(publish) if Arc::ptr_eq(&publish.message, message) => Some(publish),
            _ => None,
        })
    }

    /// Rows that had to go because of the bounds.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What all rows take, roughly.
    pub fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    /// Grows with every change, so that a reader knows whether to look again.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Another one says that rows were cleared or put back: who follows starts over.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The rows that were added or changed since, see [`Touched`].
    pub fn touched_since(&self, cursor: u64) -> Touched<'_> {
        self.touched.since(cursor)
    }

    /// The round trip below which `fractions` of all answered exchanges are, each 0 to 1; exact to 0.4 %.
    pub fn percentiles<const N: usize>(&self, fractions: [f64; N]) -> Option<[Duration; N]> {
        self.round_trips.percentiles(fractions)
    }

    fn push(&mut self, row: Row) -> RowId {
        let entry = Entry::new(RowId(self.next), row);
        let id = entry.id;
        self.next += 1;
        self.version += 1;
        self.touched.note(id);
        self.count(entry.category, entry.peek().round_trip());
        self.rows.push(entry);
        self.make_room();
        id
    }

    fn make_room(&mut self) {
        while self.len() > self.bounds.rows.max(1)
            || (self.bytes() > self.bounds.bytes && self.len() > 1)
        {
            let Some(gone) = self.rows.pop_front() else {
                break;
            };
            self.dropped += 1;
            self.version += 1;
            self.uncount(gone.category, gone.round_trip);
        }
        self.forget_marks_of_dropped();
    }

    fn count(&mut self, category: Category, round_trip: Option<Duration>) {
        if let Some(count) = self.counts.get_mut(category as usize) {
            *count += 1;
        }
        if let Some(time) = round_trip.filter(|_| category.is_answered()) {
            self.round_trips.add(time);
        }
    }

    fn uncount(&mut self, category: Category, round_trip: Option<Duration>) {
        if let Some(count) = self.counts.get_mut(category as usize) {
            *count = count.saturating_sub(1);
        }
        if let Some(time) = round_trip.filter(|_| category.is_answered()) {
            self.round_trips.remove(time);
        }
    }

    fn recount(&mut self) {
        self.counts = Default::default();
        self.round_trips.clear();
        let rows = std::mem::take(&mut self.rows);
        for row in rows.iter() {
            self.count(row.category(), row.round_trip());
        }
        self.rows = rows;
        self.epoch += 1;
        self.version += 1;
    }
}

#[cfg(test)]
mod tests;
