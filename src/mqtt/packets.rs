//! The packet log of a connection, filled where bytes are read and written.
//!
//! A packet costs a copy of its bytes into memory that is already there, under a lock that nobody else wants but
//! a window that looks, and then for as long as copying what is new takes. Nothing is decoded but what may hold a
//! secret, which is taken out here. The log outlives the connection: why one failed is looked at afterwards.

use super::clock;
use super::frames::{self, Length};
use crate::model::packet::mask::mask;
use crate::model::packet::{Bounds, Kind, Note, Packet, Reel, Way};
use crate::model::secret::Secrets;
use crate::model::time::Timestamp;
use crate::model::version::MqttVersion;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What may hold a secret is read whole up to this size, to find it; MQTT has no such packet that is larger but
/// for a will, and of that one nothing is kept then.
const SECRET_BYTES: usize = 1024 * 1024;

/// Tells whoever looked that there is more. Must not wait.
type Wake = Box<dyn Fn() + Send + Sync>;

pub struct PacketLog {
    kept: Mutex<Kept>,
    wake: Wake,
}

struct Kept {
    reel: Reel,
    bounds: Bounds,
    /// Somebody has seen all that there is and wants to hear of more.
    is_watched: bool,
}

impl fmt::Debug for PacketLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.lock();
        write!(f, "PacketLog({} of {})", kept.reel.len(), kept.reel.next())
    }
}

impl PacketLog {
    /// `wake` is called once after each look, when there is something new.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            kept: Mutex::new(Kept {
                reel: Reel::default(),
                bounds: Bounds::SMALL,
                is_watched: false,
            }),
            wake: Box::new(wake),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Reel, Bounds)) {
        let mut kept = self.lock();
        let bounds = kept.bounds;
        change(&mut kept.reel, bounds);
        let is_watched = std::mem::take(&mut kept.is_watched);
        drop(kept);
        if is_watched {
            (self.wake)();
        }
    }

    pub fn note(&self, note: Note, words: &str) {
        let at = clock::now();
        self.change(|reel, bounds| reel.note(at, note, words, bounds));
    }

    /// Brings a copy up to date. Whoever is up to date is woken with the next packet.
    pub fn catch_up(&self, reel: &mut Reel) {
        let mut kept = self.lock();
        reel.catch_up(&kept.reel);
        kept.is_watched = true;
    }

    pub fn clear(&self) {
        self.change(|reel, _| reel.clear());
    }

    pub fn bounds(&self) -> Bounds {
        self.lock().bounds
    }

    /// Keeps more or less from now on.
    pub fn set_bounds(&self, bounds: Bounds) {
        let mut kept = self.lock();
        kept.bounds = bounds;
        kept.reel.shrink_to(bounds);
    }
}

/// Finds the packets of one connection in what is read and written, and puts them into its log.
pub struct Cutters {
    log: Arc<PacketLog>,
    read: Cutter,
    written: Cutter,
}

impl Cutters {
    /// Besides what is always a secret, the values that `secrets` hides are taken out of what the connection is made with.
    pub fn new(log: Arc<PacketLog>, version: MqttVersion, secrets: Secrets) -> Self {
        Self {
            log,
            read: Cutter::new(Way::In, version, secrets.clone()),
            written: Cutter::new(Way::Out, version, secrets),
        }
    }

    pub fn read(&mut self, bytes: &[u8], at: Timestamp) {
        let cutter = &mut self.read;
        self.log
            .change(|reel, bounds| cutter.feed(bytes, at, reel, bounds));
    }

    pub fn written(&mut self, bytes: &[u8], at: Timestamp) {
        let cutter = &mut self.written;
        self.log
            .change(|reel, bounds| cutter.feed(bytes, at, reel, bounds));
    }

    /// What has begun does not end any more.
    pub fn end(&mut self, at: Timestamp) {
        for cutter in [&mut self.read, &mut self.written] {
            if !cutter.head.is_empty() {
                self.log
                    .change(|reel, bounds| cutter.give_up(at, reel, bounds));
            }
        }
    }
}

/// One direction.
struct Cutter {
    way: Way,
    version: MqttVersion,
    secrets: Secrets,
    /// The beginning of a packet that did not come in one piece.
    head: Vec<u8>,
    /// How long that packet is, once that is known, and how much of it has come.
    total: Option<usize>,
    came: usize,
    /// What comes is no MQTT.
    is_lost: bool,
}

impl Cutter {
    fn new(way: Way, version: MqttVersion, secrets: Secrets) -> Self {
        Self {
            way,
            version,
            secrets,
            head: Vec::new(),
            total: None,
            came: 0,
            is_lost: false,
        }
    }

    fn feed(&mut self, mut bytes: &[u8], at: Timestamp, reel: &mut Reel, bounds: Bounds) {
        while !bytes.is_empty() && !self.is_lost {
            // Nearly always packets come whole, and are copied once.
            if self.head.is_empty()
                && let Length::Known(length) = frames::remaining_length(bytes)
                && let Some(whole) = bytes.get(..frames::fixed_length(bytes) + length)
            {
                self.push(whole, whole.len(), false, at, reel, bounds);
                bytes = bytes.get(whole.len()..).unwrap_or_default();
            } else {
                bytes = self.gather(bytes, at, reel, bounds);
            }
        }
    }

    /// Takes what belongs to the packet that has begun; gives the rest.
    fn gather<'a>(
        &mut self,
        bytes: &'a [u8],
        at: Timestamp,
        reel: &mut Reel,
        bounds: Bounds,
    ) -> &'a [u8] {
        let Some(total) = self.total else {
            let (first, rest) = bytes.split_at(1);
            self.head.extend_from_slice(first);
            self.came += 1;
            match frames::remaining_length(&self.head) {
                Length::Incomplete => {}
                Length::Known(length) => self.set_total(self.came + length, at, reel, bounds),
                Length::Invalid => {
                    // The beginning of what it is instead.
                    let more = rest.get(..rest.len().min(bounds.packet_bytes));
                    self.head.extend_from_slice(more.unwrap_or_default());
                    self.came += rest.len();
                    self.give_up(at, reel, bounds);
                    self.is_lost = true;
                    return &[];
                }
            }
            return rest;
        };
        let take = bytes.len().min(total - self.came);
        let (ours, rest) = bytes.split_at(take);
        let first = self.head.first().copied().unwrap_or(0);
        let most = if Kind::of(first).may_hold_secrets() {
            SECRET_BYTES
        } else {
            bounds.packet_bytes
        };
        let room = most.saturating_sub(self.head.len());
        let kept = ours.get(..take.min(room)).unwrap_or_default();
        self.head.extend_from_slice(kept);
        self.came += take;
        self.set_total(total, at, reel, bounds);
        rest
    }

    /// The packet is that long; it may be there already.
    fn set_total(&mut self, total: usize, at: Timestamp, reel: &mut Reel, bounds: Bounds) {
        self.total = Some(total);
        if self.came >= total {
            self.finish(false, at, reel, bounds);
        }
    }

    fn give_up(&mut self, at: Timestamp, reel: &mut Reel, bounds: Bounds) {
        self.finish(true, at, reel, bounds);
    }

    fn finish(&mut self, is_incomplete: bool, at: Timestamp, reel: &mut Reel, bounds: Bounds) {
        let mut head = std::mem::take(&mut self.head);
        self.push(&head, self.came, is_incomplete, at, reel, bounds);
        // Its room is used again, unless it is much.
        head.clear();
        head.shrink_to(bounds.packet_bytes);
        self.head = head;
        self.total = None;
        self.came = 0;
    }

    fn push(
        &self,
        bytes: &[u8],
        size: usize,
        is_incomplete: bool,
        at: Timestamp,
        reel: &mut Reel,
        bounds: Bounds,
    ) {
        let first = bytes.first().copied().unwrap_or(0);
        let mut packet = Packet {
            way: self.way,
            version: self.version,
            first,
            packet_id: frames::packet_id(bytes),
            bytes,
            size,
            is_masked: false,
            is_incomplete,
        };
        if !Kind::of(first).may_hold_secrets() {
            reel.push(at, packet, bounds);
            return;
        }
        let kept = mask(bytes, self.version, &|text| self.secrets.hides(text));
        packet.is_masked = kept.is_masked;
        packet.size = if kept.is_masked { kept.size } else { size };
        packet.bytes = &kept.bytes;
        reel.push(at, packet, bounds);
    }
}

#[cfg(test)]
#[path = "packets_tests.rs"]
#[expect(clippy::indexing_slicing, reason = "a test may fail")]
mod tests;
