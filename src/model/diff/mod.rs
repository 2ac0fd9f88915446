//! What differs between two payloads: rows to be shown beside each other or one after the other.
//!
//! Text is compared line by line, JSON indented where that is asked for, other bytes one by one.
//! How much is compared is bounded, and what was left out is told ([`Diff::notes`]). The cost can
//! be far more than a frame's: `is_wanted` is asked now and then.

mod hex;
mod lines;

use crate::model::{pretty, text};
use bytes::Bytes;
use std::time::Duration;

/// More of a side is not compared, in bytes and in lines.
pub const MOST_BYTES: usize = 16 << 20;
pub const MOST_LINES: usize = 500_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    #[default]
    SideBySide,
    Unified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiffOptions {
    /// JSON on both sides is indented first; else every byte counts.
    pub is_indented: bool,
    /// The order of members does not count. Only where JSON is indented.
    pub ignores_order: bool,
    pub layout: Layout,
    /// Characters that fit a row of one side.
    pub columns: usize,
    /// How long to look for the smallest difference between texts; after that for any.
    pub patience: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Same,
    Removed,
    Added,
    Changed,
}

/// One side of a row: a range of its text or of its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Counted from 1; 0 where a line goes on from the row before, and for bytes.
    pub number: u32,
    pub start: u32,
    pub end: u32,
    pub mark: Mark,
}

/// What of a cell differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    Nothing,
    /// A range of the text.
    Text(u32, u32),
    /// Bit by bit, the places of the row that differ and those where this side has no byte.
    Bytes { differing: u16, missing: u16 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiffRow {
    pub kind: Kind,
    pub left: Option<Cell>,
    pub right: Option<Cell>,
}

/// How much differs, in lines or in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub changed: usize,
    pub added: usize,
    pub removed: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// What the cells are ranges of: text as compared, or the payload.
    pub left: Bytes,
    pub right: Bytes,
    pub rows: Vec<DiffRow>,
    /// The row at which each change begins.
    pub changes: Vec<usize>,
    pub counts: Counts,
    /// Bytes a row; none for text.
    pub bytes_a_row: Option<usize>,
    /// Both sides are JSON and were indented.
    pub is_indented: bool,
    /// The payloads are the same, byte for byte.
    pub is_equal: bool,
    /// What was not compared as one might expect, in sentences.
    pub notes: Vec<String>,
}

impl Diff {
    /// None where it is no longer wanted.
    pub fn new(
        left: &Bytes,
        right: &Bytes,
        options: &DiffOptions,
        is_wanted: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let mut notes = Vec::new();
        let is_text = std::str::from_utf8(left).is_ok() && std::str::from_utf8(right).is_ok();
        let mut diff = if is_text {
            let indented = if options.is_indented {
                laid_out(left, right, options.ignores_order, is_wanted)
            } else {
                None
            };
            let is_indented = indented.is_some();
            let (old, new) = indented.unwrap_or_else(|| (left.clone(), right.clone()));
            let old = bounded_text(&old, "left", &mut notes);
            let new = bounded_text(&new, "right", &mut notes);
            let mut diff = lines::compare(old, new, options, is_wanted)?;
            diff.is_indented = is_indented;
            diff
        } else {
            let old = bounded(left, "left", &mut notes);
            let new = bounded(right, "right", &mut notes);
            hex::compare(old, new, options, &mut notes, is_wanted)?
        };
        diff.is_equal = left == right;
        diff.notes = notes;
        Some(diff)
    }

    /// How much differs, in words.
    pub fn told(&self) -> String {
        if self.is_equal {
            return "Equal, byte for byte".to_owned();
        }
        if self.changes.is_empty() {
            return if self.is_indented {
                "Equal as JSON; the bytes differ".to_owned()
            } else {
                "No difference in what was compared".to_owned()
            };
        }
        let unit = if self.bytes_a_row.is_some() {
            "bytes"
        } else {
            "lines"
        };
        let several = |count: usize, one: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{} {one}s", text::count(count as u64)),
        };
        let Counts {
            changed,
            added,
            removed,
        } = self.counts;
        let parts: Vec<String> = [(changed, "changed"), (added, "added"), (removed, "removed")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{} {word}", text::count(count as u64)))
            .collect();
        format!(
            "{}: {unit} {}",
            several(self.changes.len(), "change"),
            parts.join(", ")
        )
    }

    fn push(&mut self, kind: Kind, left: Option<Cell>, right: Option<Cell>) {
        self.rows.push(DiffRow { kind, left, right });
    }
}

/// Both as indented JSON, where both are JSON.
fn laid_out(
    left: &Bytes,
    right: &Bytes,
    ignores_order: bool,
    is_wanted: &dyn Fn() -> bool,
) -> Option<(Bytes, Bytes)> {
    let one = |json: &Bytes| {
        if json.len() > MOST_BYTES {
            return None;
        }
        let sorted = if ignores_order {
            Some(pretty::with_sorted_members(json, is_wanted)?)
        } else {
            None
        };
        let json = sorted.as_deref().unwrap_or(json);
        pretty::indented(json, MOST_BYTES * 4, is_wanted).map(Bytes::from)
    };
    Some((one(left)?, one(right)?))
}

fn bounded(bytes: &Bytes, side: &str, notes: &mut Vec<String>) -> Bytes {
    if bytes.len() <= MOST_BYTES {
        return bytes.clone();
    }
    notes.push(format!(
        "Of the {side} side only the first {} of {} were compared.",
        text::bytes(MOST_BYTES),
        text::bytes(bytes.len())
    ));
    bytes.slice(..MOST_BYTES)
}

fn bounded_text(bytes: &Bytes, side: &str, notes: &mut Vec<String>) -> Bytes {
    // Indented JSON may be larger than it came.
    let mut cut = bytes.slice(..bytes.len().min(MOST_BYTES * 4));
    if let Err(err) = std::str::from_utf8(&cut) {
        cut.truncate(err.valid_up_to());
    }
    let limit = memchr::memchr_iter(b'\n', &cut).nth(MOST_LINES - 1);
    if let Some(limit) = limit {
        cut.truncate(limit);
    }
    if cut.len() < bytes.len() {
        notes.push(format!(
            "Of the {side} side only the first {} of {} were compared.",
            text::bytes(cut.len()),
            text::bytes(bytes.len())
        ));
    }
    cut
}

/// A place in what is compared: never more than a few times [`MOST_BYTES`].
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
