//! The newest packets in the order in which they were read and written, in little room and for little work.
//!
//! Bytes and what is known about them are appended to a segment, which is closed when it is full and shared from
//! then on. Whoever looks has a [`Reel`] of his own and catches up with that of the connection: closed segments
//! cost a pointer each, and of the open one what is new is copied. A segment that nobody else holds is used
//! again, so a log that is full asks for no more memory.

use super::{Kind, Note, Way};
use crate::model::time::Timestamp;
use crate::model::version::MqttVersion;
use std::collections::VecDeque;
use std::sync::Arc;

/// A segment is closed beyond either.
const SEGMENT_BYTES: usize = 64 * 1024;
const SEGMENT_PACKETS: usize = 1_024;
/// What the log knows of each packet beside its bytes.
const ENTRY_BYTES: usize = size_of::<Entry>();

/// How much is kept. What is older goes, a segment at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Memory, with what is known of each packet.
    pub bytes: usize,
    /// Of one packet: of a larger one the beginning is kept.
    pub packet_bytes: usize,
}

impl Bounds {
    /// For every connection, from its start: a minute of a busy device, or all that led to a refusal. Small
    /// enough to be had for a dozen connections without asking.
    pub const SMALL: Self = Self {
        bytes: 4 * 1024 * 1024,
        packet_bytes: 16 * 1024,
    };
    /// "Keep everything": some ten million small packets, and still a bound.
    pub const LARGE: Self = Self {
        bytes: 1024 * 1024 * 1024,
        packet_bytes: 256 * 1024,
    };
}

const OUT: u8 = 1;
const NOTE: u8 = 2;
const OLD_VERSION: u8 = 4;
const MASKED: u8 = 8;
const INCOMPLETE: u8 = 16;

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Timestamp,
    start: u32,
    kept: u32,
    size: u32,
    packet_id: u16,
    /// The first byte of a packet, the number of a note.
    first: u8,
    marks: u8,
}

#[derive(Clone, Debug, Default)]
struct Segment {
    /// The number of its first entry.
    first: u64,
    entries: Vec<Entry>,
    bytes: Vec<u8>,
}

impl Segment {
    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn weight(&self) -> usize {
        self.bytes.len() + self.entries.len() * ENTRY_BYTES
    }

    fn get(&self, number: u64) -> Option<Logged<'_>> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let entry = self.entries.get(at)?;
        let start = entry.start as usize;
        let bytes = self.bytes.get(start..start + entry.kept as usize)?;
        let is = |mark: u8| entry.marks & mark != 0;
        let what = if is(NOTE) {
            let note = Note::ALL.get(usize::from(entry.first));
            What::Note(
                note.copied().unwrap_or(Note::Step),
                std::str::from_utf8(bytes).unwrap_or_default(),
            )
        } else {
            What::Packet(Packet {
                way: if is(OUT) { Way::Out } else { Way::In },
                version: if is(OLD_VERSION) {
                    MqttVersion::V311
                } else {
                    MqttVersion::V5
                },
                first: entry.first,
                packet_id: entry.packet_id,
                bytes,
                size: entry.size as usize,
                is_masked: is(MASKED),
                is_incomplete: is(INCOMPLETE),
            })
        };
        Some(Logged {
            number,
            at: entry.at,
            what,
        })
    }

    /// What is new in a later state of the same segment.
    fn grow_to(&mut self, other: &Self) {
        if self.first != other.first {
            self.first = other.first;
            self.entries.clear();
            self.bytes.clear();
        }
        let (entries, bytes) = (self.entries.len(), self.bytes.len());
        self.entries
            .extend_from_slice(other.entries.get(entries..).unwrap_or_default());
        self.bytes
            .extend_from_slice(other.bytes.get(bytes..).unwrap_or_default());
    }
}

/// A packet as it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    pub way: Way,
    pub version: MqttVersion,
    /// The first byte.
    pub first: u8,
    /// 0 where it has none.
    pub packet_id: u16,
    /// Of a large packet the beginning.
    pub bytes: &'a [u8],
    /// On the wire; of one that holds secrets, without them.
    pub size: usize,
    /// A secret was taken out.
    pub is_masked: bool,
    /// The connection ended before it did.
    pub is_incomplete: bool,
}

impl Packet<'_> {
    pub fn kind(&self) -> Kind {
        Kind::of(self.first)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    Packet(Packet<'a>),
    Note(Note, &'a str),
}

/// A line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logged<'a> {
    /// Counted from 0 and never used again.
    pub number: u64,
    pub at: Timestamp,
    pub what: What<'a>,
}

impl<'a> Logged<'a> {
    pub fn packet(&self) -> Option<&Packet<'a>> {
        match &self.what {
            What::Packet(packet) => Some(packet),
            What::Note(..) => None,
        }
    }

    pub fn is_ping(&self) -> bool {
        self.packet().is_some_and(|packet| packet.kind().is_ping())
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Reel {
    /// Oldest first; each follows the one before.
    closed: VecDeque<Arc<Segment>>,
    open: Segment,
    weight: usize,
    /// What was cleared or had to go has smaller numbers.
    first: u64,
    dropped: u64,
}

impl Reel {
    /// The number of the oldest that is there.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next one will have.
    pub fn next(&self) -> u64 {
        self.open.next()
    }

    pub fn len(&self) -> u64 {
        self.next().saturating_sub(self.first)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many had to go because there was no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    pub fn get(&self, number: u64) -> Option<Logged<'_>> {
        if number < self.first {
            return None;
        }
        if number >= self.open.first {
            return self.open.get(number);
        }
        let after = self.closed.partition_point(|one| one.first <= number);
        self.closed.get(after.checked_sub(1)?)?.get(number)
    }

    /// From this one on, oldest first.
    pub fn since(&self, number: u64) -> impl DoubleEndedIterator<Item = Logged<'_>> {
        let from = number.max(self.first);
        let after = self.closed.partition_point(|one| one.next() <= from);
        let closed = self.closed.range(after.min(self.closed.len())..);
        closed
            .map(|segment| &**segment)
            .chain(std::iter::once(&self.open))
            .flat_map(move |segment| {
                (segment.first.max(from)..segment.next())
                    .filter_map(move |number| segment.get(number))
            })
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Logged<'_>> {
        self.since(self.first)
    }

    /// Appends a packet. Its bytes are those that may be kept.
    pub fn push(&mut self, at: Timestamp, packet: Packet<'_>, bounds: Bounds) {
        let kept = packet.bytes.len().min(bounds.packet_bytes);
        let bytes = packet.bytes.get(..kept).unwrap_or_default();
        let mark = |is: bool, mark: u8| if is { mark } else { 0 };
        let marks = mark(packet.way == Way::Out, OUT)
            | mark(packet.version == MqttVersion::V311, OLD_VERSION)
            | mark(packet.is_masked, MASKED)
            | mark(packet.is_incomplete, INCOMPLETE);
        let size = packet.size.max(packet.bytes.len());
        self.append(
            at,
            (packet.first, packet.packet_id, marks),
            bytes,
            size,
            bounds,
        );
    }

    pub fn note(&mut self, at: Timestamp, note: Note, words: &str, bounds: Bounds) {
        let number = Note::ALL.iter().position(|one| *one == note);
        let number = number.and_then(|at| u8::try_from(at).ok()).unwrap_or(0);
        let bytes = words.as_bytes();
        self.append(at, (number, 0, NOTE), bytes, bytes.len(), bounds);
    }

    fn append(
        &mut self,
        at: Timestamp,
        (first, packet_id, marks): (u8, u16, u8),
        bytes: &[u8],
        size: usize,
        bounds: Bounds,
    ) {
        let is_full = self.open.entries.len() >= SEGMENT_PACKETS
            || (self.open.bytes.len() + bytes.len() > SEGMENT_BYTES
                && !self.open.entries.is_empty());
        if is_full {
            self.close(bounds);
        }
        let short = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        self.open.entries.push(Entry {
            at,
            start: short(self.open.bytes.len()),
            kept: short(bytes.len()),
            size: short(size),
            packet_id,
            first,
            marks,
        });
        self.open.bytes.extend_from_slice(bytes);
    }

    /// Closes the open segment, and lets the oldest go where there are too many.
    fn close(&mut self, bounds: Bounds) {
        let next = self.open.next();
        self.weight += self.open.weight();
        let room = self.trim(bounds);
        let room = room.and_then(|oldest| Arc::try_unwrap(oldest).ok());
        let mut fresh = room.unwrap_or_default();
        fresh.entries.clear();
        fresh.bytes.clear();
        fresh.first = next;
        // Memory that grows step by step is copied step by step.
        fresh.bytes.reserve(SEGMENT_BYTES);
        let closed = std::mem::replace(&mut self.open, fresh);
        self.closed.push_back(Arc::new(closed));
    }

    /// Forgets all that is there; numbers go on.
    pub fn clear(&mut self) {
        let next = self.next();
        self.closed.clear();
        self.open = Segment {
            first: next,
            ..Segment::default()
        };
        self.weight = 0;
        self.first = next;
        self.dropped = 0;
    }

    /// Lets the oldest go that there is no room for; gives the last of them.
    fn trim(&mut self, bounds: Bounds) -> Option<Arc<Segment>> {
        let mut last = None;
        while self.weight > bounds.bytes
            && let Some(oldest) = self.closed.pop_front()
        {
            self.weight = self.weight.saturating_sub(oldest.weight());
            let gone_until = oldest.next();
            self.dropped += gone_until.saturating_sub(self.first);
            self.first = self.first.max(gone_until);
            last = Some(oldest);
        }
        last
    }

    /// Keeps no more than this from now on.
    pub fn shrink_to(&mut self, bounds: Bounds) {
        drop(self.trim(bounds));
    }

    /// Makes this the same as a later state of the same log, or of another one.
    pub fn catch_up(&mut self, other: &Self) {
        while self
            .closed
            .front()
            .is_some_and(|oldest| oldest.next() <= other.first)
        {
            self.closed.pop_front();
        }
        let ours = self.closed.back().map_or(0, |newest| newest.next());
        let new = other.closed.partition_point(|one| one.next() <= ours);
        let new = if self.closed.is_empty() { 0 } else { new };
        self.closed
            .extend(other.closed.range(new..).map(Arc::clone));
        self.open.grow_to(&other.open);
        self.first = other.first;
        self.weight = other.weight;
        self.dropped = other.dropped;
    }
}
