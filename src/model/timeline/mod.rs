//! The timeline: every exchange, every message that belongs to none, every bare publish.
//!
//! Bounded by count and by bytes; what had to go is counted. Rows keep the order in which they
//! began. Whoever follows a timeline asks what was touched since ([`Timeline::touched_since`]).

mod filter;
mod marks;
mod peek;
mod row;
mod touched;

pub use filter::Filter;
pub use marks::{Mark, MarkColour};
pub use peek::{MessageRef, RowKind, RowRef};
pub use row::{Category, MessageRow, PublishRow, Row};
pub use touched::Touched;

use crate::model::exchange::{Change, Exchange, ExchangeId, MAX_REPLIES};
use crate::model::message::Message;
use crate::model::time::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
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
            rows: 100_000,
            bytes: 256 << 20,
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

#[derive(Clone, Debug)]
struct Entry {
    id: RowId,
    row: Row,
    category: Category,
    weight: usize,
}

/// What [`Timeline::clear`] took away, for [`Timeline::restore`].
#[derive(Debug)]
pub struct Cleared(Vec<Entry>, BTreeMap<RowId, Mark>);

impl Cleared {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Debug, Default)]
pub struct Timeline {
    bounds: Bounds,
    /// Ascending by id.
    entries: VecDeque<Entry>,
    exchanges: HashMap<ExchangeId, RowId>,
    marks: BTreeMap<RowId, Mark>,
    touched: TouchLog,
    /// Grows when rows came or went other than at the ends.
    epoch: u64,
    counts: [usize; Category::ALL.len()],
    bytes: usize,
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

    pub fn begin(&mut self, exchange: Exchange) -> RowId {
        let id = exchange.id;
        let row = self.push(Row::Exchange(Box::new(exchange)));
        self.exchanges.insert(id, row);
        row
    }

    pub fn push_message(&mut self, message: MessageRow) -> RowId {
        self.push(Row::Message(message))
    }

    pub fn push_publish(&mut self, publish: PublishRow) -> RowId {
        self.push(Row::Publish(publish))
    }

    /// Applies what happened to an exchange. One that has been dropped or cleared stays gone.
    pub fn apply(&mut self, id: ExchangeId, change: Change, at: Timestamp) {
        let Some(row) = self.exchanges.get(&id).copied() else {
            return;
        };
        let Some(index) = self.index_of(row) else {
            return;
        };
        let Some(entry) = self.entries.get_mut(index) else {
            return;
        };
        let Row::Exchange(exchange) = &mut entry.row else {
            return;
        };
        let grown = match &change {
            Change::Reply(_) if exchange.replies.len() >= MAX_REPLIES => 0,
            Change::Reply(reply) => size_of_val(reply) + reply.message.weight(),
            _ => 0,
        };
        exchange.apply(change, at);
        entry.weight += grown;
        let category = Category::of(&entry.row);
        let old = std::mem::replace(&mut entry.category, category);
        self.bytes += grown;
        self.count(old, category);
        self.touched.note(row);
        self.version += 1;
        self.make_room();
    }

    /// Takes every row away that is not still waiting or pinned. What waits is not over.
    pub fn clear(&mut self) -> Cleared {
        let (kept, gone): (Vec<Entry>, Vec<Entry>) = std::mem::take(&mut self.entries)
            .into_iter()
            .partition(|entry| entry.category == Category::Waiting || self.is_pinned(entry.id));
        self.entries = kept.into();
        let mut marks = std::mem::take(&mut self.marks);
        for entry in &self.entries {
            if let Some((id, mark)) = marks.remove_entry(&entry.id) {
                self.marks.insert(id, mark);
            }
        }
        self.rebuild();
        Cleared(gone, marks)
    }

    /// Puts cleared rows back where they were.
    pub fn restore(&mut self, cleared: Cleared) {
        let mut entries: Vec<Entry> = cleared.0;
        entries.extend(std::mem::take(&mut self.entries));
        entries.sort_by_key(|entry| entry.id);
        self.entries = entries.into();
        self.marks.extend(cleared.1);
        self.rebuild();
        self.make_room();
    }

    pub fn row(&self, id: RowId) -> Option<Cow<'_, Row>> {
        let entry = self.entries.get(self.index_of(id)?)?;
        Some(Cow::Borrowed(&entry.row))
    }

    /// What is known of a row without unpacking it.
    pub fn peek(&self, id: RowId) -> Option<RowRef<'_>> {
        let entry = self.entries.get(self.index_of(id)?)?;
        Some(RowRef::whole(entry.id, entry.category, &entry.row))
    }

    /// The row at a place, counted from the oldest.
    pub fn id_at(&self, place: usize) -> Option<RowId> {
        self.entries.get(place).map(|entry| entry.id)
    }

    /// Where a row stands, counted from the oldest.
    pub fn place_of(&self, id: RowId) -> Option<usize> {
        self.index_of(id)
    }

    pub fn row_of(&self, id: ExchangeId) -> Option<RowId> {
        self.exchanges.get(&id).copied()
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
        let entries = self.entries.iter();
        entries.map(|entry| RowRef::whole(entry.id, entry.category, &entry.row))
    }

    /// Oldest first, each with everything there is to know.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = Cow<'_, Row>> {
        self.iter().map(RowRef::to_row)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn count_of(&self, category: Category) -> usize {
        self.counts.get(category as usize).copied().unwrap_or(0)
    }

    /// The row of a bare publish, found by the very message that was sent.
    pub fn publish_row(&self, message: &Arc<Message>) -> Option<&PublishRow> {
        self.entries
            .iter()
            .rev()
            .find_map(|entry| match &entry.row {
                Row::Publish(publish) if Arc::ptr_eq(&publish.message, message) => Some(publish),
                _ => None,
            })
    }

    /// Rows that had to go because of the bounds.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    pub fn bytes(&self) -> usize {
        self.bytes
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

    /// The round trip below which `fractions` of all answered exchanges are, each 0 to 1.
    pub fn percentiles<const N: usize>(&self, fractions: [f64; N]) -> Option<[Duration; N]> {
        let mut times: Vec<Duration> = self
            .entries
            .iter()
            .filter_map(|entry| match &entry.row {
                Row::Exchange(exchange) if exchange.verdict.is_answered() => exchange.round_trip(),
                _ => None,
            })
            .collect();
        if times.is_empty() {
            return None;
        }
        times.sort_unstable();
        Some(fractions.map(|fraction| nearest_rank(&times, fraction)))
    }

    fn push(&mut self, row: Row) -> RowId {
        let id = RowId(self.next);
        self.next += 1;
        self.version += 1;
        let category = Category::of(&row);
        let weight = row.weight();
        self.touched.note(id);
        self.bytes += weight;
        if let Some(count) = self.counts.get_mut(category as usize) {
            *count += 1;
        }
        self.entries.push_back(Entry {
            id,
            row,
            category,
            weight,
        });
        self.make_room();
        id
    }

    fn make_room(&mut self) {
        while self.entries.len() > self.bounds.rows.max(1)
            || (self.bytes > self.bounds.bytes && self.entries.len() > 1)
        {
            let Some(entry) = self.entries.pop_front() else {
                break;
            };
            self.dropped += 1;
            self.version += 1;
            self.bytes = self.bytes.saturating_sub(entry.weight);
            self.marks.remove(&entry.id);
            if let Some(count) = self.counts.get_mut(entry.category as usize) {
                *count = count.saturating_sub(1);
            }
            if let Row::Exchange(exchange) = &entry.row {
                self.exchanges.remove(&exchange.id);
            }
        }
    }

    fn index_of(&self, id: RowId) -> Option<usize> {
        self.entries
            .binary_search_by_key(&id, |entry| entry.id)
            .ok()
    }

    fn count(&mut self, old: Category, new: Category) {
        if old == new {
            return;
        }
        if let Some(count) = self.counts.get_mut(old as usize) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = self.counts.get_mut(new as usize) {
            *count += 1;
        }
    }

    fn rebuild(&mut self) {
        self.counts = Default::default();
        self.exchanges.clear();
        self.bytes = 0;
        for entry in &self.entries {
            if let Some(count) = self.counts.get_mut(entry.category as usize) {
                *count += 1;
            }
            if let Row::Exchange(exchange) = &entry.row {
                self.exchanges.insert(exchange.id, entry.id);
            }
            self.bytes += entry.weight;
        }
        self.epoch += 1;
        self.version += 1;
    }
}

fn nearest_rank(sorted: &[Duration], fraction: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank within the list: small, positive, and clamped below"
    )]
    let rank = (sorted.len() as f64 * fraction).ceil() as usize;
    let index = rank.clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
