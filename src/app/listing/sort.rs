//! By what the table is sorted, the key that a row gets for it, and a long list that stays sorted.

use crate::model::time::Timestamp;
use crate::model::timeline::filter::RowMarks as _;
use crate::model::timeline::{Noted, Row, RowId, RowRef};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortBy {
    Number,
    Sent,
    Topic,
    Responder,
    Status,
    RoundTrip,
    Connection,
    Rule,
    Name,
    Qos,
    Retain,
    Size,
    ResponseTopic,
    Replies,
    Acknowledged,
    Route,
    Device,
    Comment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    pub by: SortBy,
    pub is_descending: bool,
}

/// How connections are called, by their ids.
pub type Connections = BTreeMap<String, String>;

/// What a connection is called; its id where it is gone.
pub fn name_of<'a>(connections: &'a Connections, id: &'a str) -> &'a str {
    connections.get(id).map_or(id, String::as_str)
}

/// What a row is sorted by. Rows without a value come last, whichever way the others stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    None,
    Number(u64),
    Text(&'a str),
}

impl SortBy {
    /// What the two ways are called, the ascending one first.
    pub fn ways(self) -> [&'static str; 2] {
        match self {
            Self::Sent => ["Oldest first", "Newest first"],
            Self::RoundTrip | Self::Acknowledged | Self::Route | Self::Device => {
                ["Fastest first", "Slowest first"]
            }
            Self::Retain => ["Not retained first", "Retained first"],
            Self::Number | Self::Qos | Self::Size | Self::Replies => {
                ["Smallest first", "Largest first"]
            }
            Self::Topic
            | Self::Responder
            | Self::Status
            | Self::Connection
            | Self::Rule
            | Self::Name
            | Self::ResponseTopic
            | Self::Comment => ["A to Z", "Z to A"],
        }
    }

    pub fn value<'a>(
        self,
        row: RowRef<'a>,
        marks: &'a Noted,
        connections: &'a Connections,
    ) -> Value<'a> {
        let text = |text: Option<&'a str>| text.map_or(Value::None, Value::Text);
        let number = |number: Option<u64>| number.map_or(Value::None, Value::Number);
        let nanos = |time: Option<Duration>| number(time.map(in_nanos));
        match self {
            Self::Number => number(row.exchange_id().map(|id| id.0)),
            Self::Sent => number(u64::try_from(row.time().as_nanos()).ok()),
            Self::Topic => text(Some(row.topic())),
            Self::Responder => text(row.responder()),
            Self::Status => text(Some(row.category().label())),
            Self::RoundTrip => nanos(row.round_trip()),
            Self::Connection => text(Some(name_of(connections, row.connection()))),
            Self::Rule => text(row.rule()),
            Self::Name => text(row.name()),
            Self::Qos => number(Some(row.message().qos as u64)),
            Self::Retain => number(Some(u64::from(row.message().retain))),
            Self::Size => number(Some(row.payload().len() as u64)),
            Self::ResponseTopic => text(row.message().response_topic),
            Self::Replies => number(row.exchange_id().map(|_| row.replies() as u64)),
            Self::Acknowledged => nanos(acknowledged(&row.to_row())),
            Self::Route => nanos(route(&row.to_row())),
            Self::Device => nanos(device_time(&row.to_row())),
            Self::Comment => text(marks.comment(row.id())),
        }
    }
}

pub fn in_nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(LAST)
}

/// From the request on the wire to the broker's acknowledgement.
pub fn acknowledged(row: &Row) -> Option<Duration> {
    let Row::Exchange(exchange) = row else {
        return None;
    };
    let legs = &exchange.legs;
    Some(legs.acknowledged?.since(legs.published?))
}

/// From the broker (or, unacknowledged, from here) to the simulated device.
pub fn route(row: &Row) -> Option<Duration> {
    let Row::Exchange(exchange) = row else {
        return None;
    };
    let legs = &exchange.legs;
    let received = legs.device_received?;
    let from: Timestamp = legs
        .acknowledged
        .filter(|at| *at <= received)
        .or(legs.published)?;
    Some(received.since(from))
}

/// In the simulated device.
pub fn device_time(row: &Row) -> Option<Duration> {
    let Row::Exchange(exchange) = row else {
        return None;
    };
    let legs = &exchange.legs;
    Some(legs.device_answered?.since(legs.device_received?))
}

/// The key of a row without a value.
pub const LAST: u64 = u64::MAX >> 1;

/// What entries are compared by; later rows come before earlier ones with the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    key: u64,
    later: u64,
}

impl Entry {
    pub fn new(value: Option<u64>, is_descending: bool, id: RowId) -> Self {
        const MOST: u64 = LAST - 1;
        let key = match value {
            None => LAST,
            Some(value) if is_descending => MOST - value.min(MOST),
            Some(value) => value.min(MOST),
        };
        Self {
            key,
            later: u64::MAX - id.number(),
        }
    }

    pub fn id(self) -> RowId {
        RowId::new(u64::MAX - self.later)
    }
}

/// Texts as numbers in the order of the texts, with room for more between any two.
#[derive(Clone, Debug, Default)]
pub struct Names {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
    labels: Vec<u64>,
    /// In order; letters count alike in either case.
    sorted: BTreeMap<(Box<str>, Arc<str>), u32>,
}

impl Names {
    /// The text's number; numbers stay and say nothing of the order.
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    pub fn text(&self, number: u32) -> Option<&Arc<str>> {
        self.texts.get(number as usize)
    }

    /// Gives every text a label; those of other texts may change.
    pub fn label_all(&mut self) {
        self.sorted = self
            .texts
            .iter()
            .zip(0..)
            .map(|(text, number)| ((folded(text), Arc::clone(text)), number))
            .collect();
        let step = LAST / (self.texts.len() as u64 + 1);
        self.labels = vec![0; self.texts.len()];
        let mut next = 0;
        for number in self.sorted.values() {
            next += step;
            if let Some(label) = self.labels.get_mut(*number as usize) {
                *label = next;
            }
        }
    }

    /// Numbers in the order of their texts, as far as they are labelled.
    pub fn in_order(&self) -> Vec<u32> {
        self.sorted.values().copied().collect()
    }

    pub fn label(&self, number: u32) -> u64 {
        self.labels.get(number as usize).copied().unwrap_or(LAST)
    }

    /// The label of a text that may be new; none where there is no room left between its neighbours.
    pub fn label_of(&mut self, text: &str) -> Option<u64> {
        let number = self.number(text);
        if let Some(label) = self.labels.get(number as usize) {
            return Some(*label);
        }
        let text = self.text(number).map(Arc::clone)?;
        let place = (folded(&text), text);
        let label_at = |number: &u32| self.label(*number);
        let before = self.sorted.range(..&place).next_back();
        let after = self.sorted.range(&place..).next();
        let before = before.map_or(0, |(_, number)| label_at(number));
        let after = after.map_or(LAST, |(_, number)| label_at(number));
        let label = before + after.saturating_sub(before) / 2;
        self.sorted.insert(place, number);
        self.labels.push(label);
        (label > before && label < after).then_some(label)
    }
}

fn folded(text: &str) -> Box<str> {
    text.to_lowercase().into()
}

/// So many entries lie together.
const CHUNK: usize = 512;

/// A sorted list of any length: putting in, taking out and counting cost next to nothing.
#[derive(Clone, Debug, Default)]
pub struct SortedRows {
    chunks: Vec<Vec<Entry>>,
    /// The place of each chunk's first entry, as of the last [`settle`](Self::settle).
    starts: Vec<usize>,
    len: usize,
    is_settled: bool,
}

impl SortedRows {
    pub fn from_sorted(entries: &[Entry]) -> Self {
        let mut rows = Self {
            chunks: entries.chunks(CHUNK).map(<[Entry]>::to_vec).collect(),
            len: entries.len(),
            ..Self::default()
        };
        rows.settle();
        rows
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn insert(&mut self, entry: Entry) {
        let at = self.chunk_of(entry).min(self.chunks.len().max(1) - 1);
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        }
        if let Some(chunk) = self.chunks.get_mut(at) {
            let place = chunk.partition_point(|one| *one < entry);
            chunk.insert(place, entry);
            if chunk.len() > 2 * CHUNK {
                let rest = chunk.split_off(CHUNK);
                self.chunks.insert(at + 1, rest);
            }
        }
        self.len += 1;
        self.is_settled = false;
    }

    pub fn remove(&mut self, entry: Entry) -> bool {
        let at = self.chunk_of(entry);
        let Some(chunk) = self.chunks.get_mut(at) else {
            return false;
        };
        let Ok(place) = chunk.binary_search(&entry) else {
            return false;
        };
        chunk.remove(place);
        if chunk.is_empty() {
            self.chunks.remove(at);
        }
        self.len -= 1;
        self.is_settled = false;
        true
    }

    /// After changes, before places are asked for.
    pub fn settle(&mut self) {
        if self.is_settled {
            return;
        }
        self.starts.clear();
        let mut start = 0;
        for chunk in &self.chunks {
            self.starts.push(start);
            start += chunk.len();
        }
        self.is_settled = true;
    }

    pub fn at(&self, place: usize) -> Option<Entry> {
        let chunk = self
            .starts
            .partition_point(|start| *start <= place)
            .checked_sub(1)?;
        let within = place - self.starts.get(chunk)?;
        self.chunks.get(chunk)?.get(within).copied()
    }

    /// Those at these places, in order.
    pub fn range(&self, places: Range<usize>) -> impl Iterator<Item = Entry> {
        let at = self.starts.partition_point(|start| *start <= places.start);
        let chunk = at.saturating_sub(1);
        let before = self.starts.get(chunk).copied().unwrap_or_default();
        self.chunks
            .get(chunk..)
            .unwrap_or_default()
            .iter()
            .flatten()
            .copied()
            .skip(places.start - before)
            .take(places.len())
    }

    pub fn place_of(&self, entry: Entry) -> Option<usize> {
        let chunk = self.chunk_of(entry);
        let within = self.chunks.get(chunk)?.binary_search(&entry).ok()?;
        Some(self.starts.get(chunk)? + within)
    }

    fn chunk_of(&self, entry: Entry) -> usize {
        self.chunks
            .partition_point(|chunk| chunk.last().is_some_and(|last| *last < entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: u64, id: u64) -> Entry {
        Entry::new(Some(value), false, RowId::new(id))
    }

    #[test]
    fn a_long_list_stays_sorted_and_knows_every_place() {
        let mut rows = SortedRows::default();
        let mut plain: Vec<Entry> = Vec::new();
        let mut seed: u64 = 7;
        for id in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let one = entry(seed >> 54, id);
            rows.insert(one);
            plain.push(one);
            if id % 3 == 0 {
                let gone = plain.swap_remove((seed >> 33) as usize % plain.len());
                assert!(rows.remove(gone));
                assert!(!rows.remove(gone));
            }
        }
        plain.sort_unstable();
        rows.settle();
        assert_eq!(rows.len(), plain.len());
        for (place, one) in plain.iter().enumerate() {
            assert_eq!(rows.at(place), Some(*one));
            assert_eq!(rows.place_of(*one), Some(place));
        }
        assert_eq!(rows.at(plain.len()), None);
        for one in plain {
            assert!(rows.remove(one));
        }
        rows.settle();
        assert_eq!((rows.len(), rows.at(0)), (0, None));
    }

    #[test]
    fn rows_without_a_value_are_last_both_ways_and_equal_ones_are_newest_first() {
        for is_descending in [false, true] {
            let of = |value, id| Entry::new(value, is_descending, RowId::new(id));
            let mut entries = [of(None, 9), of(Some(5), 1), of(Some(5), 2), of(Some(7), 3)];
            entries.sort_unstable();
            let ids = entries.map(|entry| entry.id().number());
            let expected = if is_descending {
                [3, 2, 1, 9]
            } else {
                [2, 1, 3, 9]
            };
            assert_eq!(ids, expected);
        }
    }

    #[test]
    fn names_that_come_later_get_a_label_between_their_neighbours() {
        let mut names = Names::default();
        for text in ["delta", "Alpha", "charlie"] {
            names.number(text);
        }
        names.label_all();
        let mut label = |text| names.label_of(text).unwrap();
        let bravo = label("bravo");
        assert!(label("Alpha") < bravo && bravo < label("charlie"));
        assert!(label("charlie") < label("delta") && label("delta") < label("echo"));
        assert_eq!(label("bravo"), bravo);
    }

    #[test]
    fn where_no_room_is_left_between_names_it_is_said() {
        let mut names = Names::default();
        names.number("z");
        names.label_all();
        let mut text = "y".to_owned();
        let ran_out = (0..100).any(|_| {
            text.push('y');
            names.label_of(&format!("{text}a")).is_none()
        });
        assert!(ran_out);
    }
}
