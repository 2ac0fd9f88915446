//! Finds the MQTT control packets in a byte stream (MQTT 5 §2.1) without keeping their payloads.
//!
//! Feed it whatever was read or written, in any pieces; it tells where each packet ends, of which
//! type it is and its Packet Identifier. It never fails: a length that MQTT forbids ends its work,
//! and the codec behind it reports the error.

pub const CONNACK: u8 = 2;
pub const PUBLISH: u8 = 3;
/// PUBACK, PUBREC, PUBREL, PUBCOMP.
pub const ACKNOWLEDGEMENTS: std::ops::RangeInclusive<u8> = 4..=7;
pub const SUBSCRIBE: u8 = 8;
pub const UNSUBSCRIBE: u8 = 10;
pub const DISCONNECT: u8 = 14;

/// Packets of these types are kept whole up to this size, for what the codec does not tell.
const KEEP_BYTES: usize = 64 * 1024;

/// One packet that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The first byte: type and flags.
    pub first: u8,
    /// 0 where the packet has none.
    pub packet_id: u16,
    /// How many bytes of the fed piece belong to it and those before it.
    pub end: usize,
    /// The whole packet, for CONNACK.
    pub bytes: Option<Vec<u8>>,
}

impl Frame {
    pub fn kind(&self) -> u8 {
        self.first >> 4
    }

    /// Of a PUBLISH.
    pub fn qos(&self) -> u8 {
        (self.first >> 1) & 3
    }
}

#[derive(Debug, Default)]
pub struct FrameWalker {
    /// The beginning of the current packet, as much of it as is needed.
    head: Vec<u8>,
    /// Bytes of the current packet still to come; known once the length has been read.
    left: Option<usize>,
    lost: bool,
}

impl FrameWalker {
    /// Walks over `chunk`. Stops where a DISCONNECT begins and returns that position: nothing
    /// follows a DISCONNECT, and the tap rewrites it.
    pub fn feed(&mut self, chunk: &[u8], mut on_frame: impl FnMut(Frame)) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = chunk.get(at).copied() {
            if self.lost {
                return None;
            }
            match self.left {
                None => {
                    if self.head.is_empty() && byte >> 4 == DISCONNECT {
                        return Some(at);
                    }
                    self.head.push(byte);
                    at += 1;
                    match remaining_length(&self.head) {
                        Length::Incomplete => continue,
                        Length::Invalid => {
                            self.lost = true;
                            return None;
                        }
                        Length::Known(length) => self.left = Some(length),
                    }
                }
                Some(left) => {
                    let take = left.min(chunk.len() - at);
                    let wanted = wanted_head(&self.head, left).saturating_sub(self.head.len());
                    let copied = chunk.get(at..at + take.min(wanted)).unwrap_or_default();
                    self.head.extend_from_slice(copied);
                    // Only what the head wants first, so that a long topic can ask for more.
                    let take = if copied.is_empty() {
                        take
                    } else {
                        copied.len()
                    };
                    at += take;
                    self.left = Some(left - take);
                }
            }
            if self.left == Some(0) {
                on_frame(self.finish(at));
            }
        }
        None
    }

    /// Whether the last packet has ended and no other has begun.
    pub fn is_between(&self) -> bool {
        self.head.is_empty() && self.left.is_none() && !self.lost
    }

    fn finish(&mut self, end: usize) -> Frame {
        self.left = None;
        let frame = Frame {
            first: self.head.first().copied().unwrap_or(0),
            packet_id: packet_id(&self.head),
            end,
            bytes: (kind_of(&self.head) == CONNACK).then(|| self.head.clone()),
        };
        // Its room is used again.
        self.head.clear();
        frame
    }
}

pub enum Length {
    Incomplete,
    Invalid,
    Known(usize),
}

/// The Remaining Length of a packet of which `head` is the beginning (MQTT 5 §1.5.5).
pub fn remaining_length(head: &[u8]) -> Length {
    let mut value = 0_usize;
    for (index, byte) in head.iter().skip(1).enumerate() {
        if index == 4 {
            return Length::Invalid;
        }
        value |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Length::Known(value);
        }
    }
    if head.len() > 4 {
        Length::Invalid
    } else {
        Length::Incomplete
    }
}

fn kind_of(head: &[u8]) -> u8 {
    head.first().copied().unwrap_or(0) >> 4
}

/// Bytes of the fixed header.
pub fn fixed_length(head: &[u8]) -> usize {
    2 + head
        .iter()
        .skip(1)
        .take(4)
        .take_while(|byte| **byte & 0x80 != 0)
        .count()
}

/// How many bytes of the packet's beginning have to be kept; `left` of them are still to come.
fn wanted_head(head: &[u8], left: usize) -> usize {
    let fixed = fixed_length(head);
    let wanted = match kind_of(head) {
        CONNACK => KEEP_BYTES,
        PUBLISH => match u16_at(head, fixed) {
            Some(topic) if qos_of(head) > 0 => fixed + 2 + usize::from(topic) + 2,
            Some(_) => 0,
            None => fixed + 2,
        },
        // Of CONNECT, PINGREQ, PINGRESP and AUTH nothing is wanted.
        1 | 12 | 13 | 15 => 0,
        _ => fixed + 2,
    };
    wanted.min(head.len() + left)
}

fn qos_of(head: &[u8]) -> u8 {
    (head.first().copied().unwrap_or(0) >> 1) & 3
}

/// Of the packet of which `head` is the beginning; 0 where it has none.
pub fn packet_id(head: &[u8]) -> u16 {
    let fixed = fixed_length(head);
    let at = match kind_of(head) {
        PUBLISH if qos_of(head) == 0 => return 0,
        PUBLISH => match u16_at(head, fixed) {
            Some(topic) => fixed + 2 + usize::from(topic),
            None => return 0,
        },
        0 | 1 | CONNACK | 12.. => return 0,
        _ => fixed,
    };
    u16_at(head, at).unwrap_or(0)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(pair.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STREAM: &[u8] = &[
        0x20, 3, 0, 0, 0, // CONNACK
        0x32, 9, 0, 1, b'a', 0x12, 0x34, 0, 1, 2, 3, // PUBLISH, QoS 1, id 0x1234
        0x30, 4, 0, 1, b'b', 0, // PUBLISH, QoS 0
        0xD0, 0, // PINGRESP
        0x40, 2, 0, 7, // PUBACK 7
        0x90, 4, 0, 9, 0, 1, // SUBACK 9
    ];

    fn walk(pieces: &[&[u8]]) -> Vec<(u8, u16, usize)> {
        let mut walker = FrameWalker::default();
        let mut found = Vec::new();
        let mut before = 0;
        for piece in pieces {
            walker.feed(piece, |frame| {
                found.push((frame.kind(), frame.packet_id, before + frame.end));
            });
            before += piece.len();
        }
        found
    }

    #[test]
    fn every_packet_is_found_with_its_id_and_its_end() {
        let whole = walk(&[STREAM]);
        assert_eq!(
            whole,
            [
                (2, 0, 5),
                (3, 0x1234, 16),
                (3, 0, 22),
                (13, 0, 24),
                (4, 7, 28),
                (9, 9, 34)
            ]
        );
        let bytes: Vec<&[u8]> = STREAM.chunks(1).collect();
        assert_eq!(walk(&bytes), whole);
    }

    #[test]
    fn a_connack_is_kept_whole() {
        let mut kept = None;
        FrameWalker::default().feed(STREAM, |frame| {
            if frame.bytes.is_some() {
                kept = frame.bytes;
            }
        });
        assert_eq!(kept.as_deref(), STREAM.get(..5));
    }

    #[test]
    fn it_stops_where_a_disconnect_begins() {
        let mut walker = FrameWalker::default();
        let mut count = 0;
        let at = walker.feed(&[0xD0, 0, 0xE0, 1, 0x8E], |_| count += 1);
        assert_eq!((at, count), (Some(2), 1));
    }

    #[test]
    fn a_length_that_mqtt_forbids_ends_its_work_quietly() {
        assert!(walk(&[&[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0]]).is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_the_pieces_do_not_matter(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            cut in 0_usize..200,
        ) {
            let cut = cut.min(bytes.len());
            let whole = walk(&[&bytes]);
            let (head, tail) = bytes.split_at(cut);
            let mut walker = FrameWalker::default();
            let mut found = Vec::new();
            let stopped = walker.feed(head, |frame| found.push((frame.kind(), frame.packet_id, frame.end)));
            if stopped.is_none() {
                walker.feed(tail, |frame| found.push((frame.kind(), frame.packet_id, cut + frame.end)));
            }
            prop_assert_eq!(found, whole);
        }
    }
}
