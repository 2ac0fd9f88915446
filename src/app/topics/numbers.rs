//! Numbers in the payloads of a topic, to be drawn: the payload itself, or one value of its JSON.

use super::{Entry, Path, with_message};
use crate::model::time::Timestamp;
use crate::model::timeline::Timeline;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// The newest of them are looked at.
const MOST: usize = 500;
/// Larger payloads are no measured values.
const MOST_BYTES: usize = 16 * 1024;
/// So much is read for a frame.
const BYTES_AT_ONCE: usize = 64 * 1024;
/// Values of a payload that can be chosen.
const MOST_PLACES: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub at: Timestamp,
    pub value: f64,
}

#[derive(Debug, Default)]
pub struct Numbers {
    of: Option<Path>,
    /// The JSON pointer of what is drawn; empty is the whole payload. None: the first number there is.
    wanted: Option<String>,
    place: Option<String>,
    /// Where the newest payload has numbers.
    places: Vec<String>,
    newest: Option<Entry>,
    /// None for a message without a number there.
    read: BTreeMap<Entry, Option<f64>>,
    is_busy: bool,
}

impl Numbers {
    pub fn want(&mut self, place: String) {
        self.wanted = Some(place);
        self.place = None;
        self.newest = None;
        self.read.clear();
    }

    /// What is drawn, and what else could be.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    pub fn places(&self) -> &[String] {
        &self.places
    }

    /// Oldest first.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = Point> {
        let read = self.read.iter();
        read.filter_map(|(entry, value)| {
            let at = entry.at;
            value.map(|value| Point { at, value })
        })
    }

    /// There is more to read than was done at once.
    pub fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Reads what came, from the newest back, as much as a frame can spare.
    pub fn follow(&mut self, of: Option<&Path>, entries: &VecDeque<Entry>, timeline: &Timeline) {
        if self.of.as_ref() != of {
            *self = Self {
                of: of.cloned(),
                ..Self::default()
            };
        }
        let value = |entry: &Entry| {
            let row = timeline.peek(entry.row)?;
            with_message(row, entry.part, |message| parsed(message.payload)).flatten()
        };
        if self.newest.as_ref() != entries.back() {
            self.newest = entries.back().copied();
            let newest = entries.back().and_then(value);
            self.places = newest.as_ref().map(places).unwrap_or_default();
            let wanted = self.wanted.clone();
            let place = wanted.or_else(|| self.places.first().cloned());
            if self.place.is_none() {
                self.place = place;
            }
        }
        let oldest = entries.get(entries.len().saturating_sub(MOST)).copied();
        while self.read.first_key_value().map(|(entry, _)| *entry) < oldest
            && self.read.pop_first().is_some()
        {}
        self.is_busy = false;
        let Some(place) = &self.place else { return };
        let mut bytes = 0;
        for entry in entries.iter().rev().take(MOST) {
            if self.read.contains_key(entry) {
                continue;
            }
            if bytes > BYTES_AT_ONCE {
                self.is_busy = true;
                break;
            }
            let row = timeline.peek(entry.row);
            let size = row.and_then(|row| with_message(row, entry.part, |one| one.payload.len()));
            bytes += size.unwrap_or(0).min(MOST_BYTES) + 256;
            let number = value(entry).and_then(|value| value.pointer(place).and_then(number));
            self.read.insert(*entry, number);
        }
    }
}

fn parsed(payload: &[u8]) -> Option<Value> {
    let is_small = !payload.is_empty() && payload.len() <= MOST_BYTES;
    is_small.then(|| serde_json::from_slice(payload).ok())?
}

/// A number, or a text that is one.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// JSON pointers to the numbers in a value, in its own order.
fn places(value: &Value) -> Vec<String> {
    fn look(value: &Value, path: &mut String, found: &mut Vec<String>) {
        if found.len() >= MOST_PLACES {
            return;
        }
        let mut below = |step: &str, value: &Value, found: &mut Vec<String>| {
            let before = path.len();
            path.push('/');
            path.push_str(step);
            look(value, path, found);
            path.truncate(before);
        };
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let step = name.replace('~', "~0").replace('/', "~1");
                    below(&step, value, found);
                }
            }
            Value::Array(elements) => {
                for (at, value) in elements.iter().enumerate() {
                    below(&at.to_string(), value, found);
                }
            }
            Value::Number(_) => found.push(path.clone()),
            _ if number(value).is_some() => found.push(path.clone()),
            _ => {}
        }
    }
    let mut found = Vec::new();
    look(value, &mut String::new(), &mut found);
    found
}
