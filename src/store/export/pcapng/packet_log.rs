//! A packet log for Wireshark: the bytes of every packet as they were on the wire, in TCP that is made up.
//!
//! TLS, WebSocket and proxies are not there: what is written is what went through them. Each connection is a
//! stream of its own. A packet of which the log kept the beginning is written as far as that goes, with a Remaining
//! Length that fits it: a dissector would look for the rest in what follows.

use super::MAX_SEGMENT;
use super::blocks::{Blocks, Segment};
use crate::model::packet::mask::variable;
use crate::model::packet::{Logged, Note, Packet, Way, What};
use crate::model::time::Timestamp;
use std::borrow::Cow;
use std::io::{self, Write};

const SECTION: &str = "Packet log of Roundtrip. The bytes of MQTT are as they were read and written, without secrets; TCP/IP and \
    addresses are made up, and TLS and WebSocket around them are left out.";
const INTERFACE: &str = "MQTT packets from Roundtrip's log; TCP/IP around them is made up";

pub struct PacketLogPcapng<W> {
    blocks: Blocks<W>,
    /// The number of the connection.
    stream: u32,
    has_packets: bool,
    client_next: u32,
    broker_next: u32,
    /// What is said with the next packet.
    pending: String,
}

impl<W: Write> PacketLogPcapng<W> {
    pub fn new(title: &str, out: W) -> io::Result<Self> {
        let comment = format!("{SECTION} Connection: {title}");
        Ok(Self {
            blocks: Blocks::begin(out, &comment, INTERFACE)?,
            stream: 0,
            has_packets: false,
            client_next: 1,
            broker_next: 1,
            pending: String::new(),
        })
    }

    pub fn put(&mut self, logged: &Logged<'_>) -> io::Result<()> {
        match &logged.what {
            What::Note(note, words) => {
                if *note == Note::Attempt {
                    self.begin_stream();
                }
                self.say(&format!("{}: {words}", note.word()));
                Ok(())
            }
            What::Packet(packet) => self.packet(logged.at, packet),
        }
    }

    pub fn gap(&mut self, missing: u64) {
        self.say(&format!("{missing} packets before this one are missing"));
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.blocks.flush()
    }

    fn begin_stream(&mut self) {
        if std::mem::take(&mut self.has_packets) {
            self.stream = self.stream.wrapping_add(1);
            (self.client_next, self.broker_next) = (1, 1);
        }
    }

    fn say(&mut self, words: &str) {
        if !self.pending.is_empty() {
            self.pending.push_str("; ");
        }
        self.pending.push_str(words);
    }

    fn packet(&mut self, at: Timestamp, packet: &Packet<'_>) -> io::Result<()> {
        if packet.is_masked {
            self.say("secrets were taken out, lengths are those without them");
        }
        if packet.is_incomplete {
            self.say("it ended before it was complete");
        }
        let bytes = whole(packet);
        if let Cow::Owned(_) = bytes {
            self.say(&format!(
                "cut by the log: the first {} of {} bytes, and a Remaining Length that fits them",
                packet.bytes.len(),
                packet.size
            ));
        }
        let comment = std::mem::take(&mut self.pending);
        self.has_packets = true;
        for part in bytes.chunks(MAX_SEGMENT) {
            let is_out = packet.way == Way::Out;
            let (sequence, acknowledged) = if is_out {
                (self.client_next, self.broker_next)
            } else {
                (self.broker_next, self.client_next)
            };
            let grown = sequence.wrapping_add(u32::try_from(part.len()).unwrap_or(0));
            if is_out {
                self.client_next = grown;
            } else {
                self.broker_next = grown;
            }
            let segment = Segment {
                client: self.stream,
                is_from_client: is_out,
                sequence,
                acknowledged,
                bytes: part,
            };
            self.blocks.packet(at, &segment, &comment)?;
        }
        Ok(())
    }
}

/// The bytes with a length that is that of what is there.
fn whole<'a>(packet: &Packet<'a>) -> Cow<'a, [u8]> {
    if packet.bytes.len() >= packet.size || packet.is_incomplete {
        return Cow::Borrowed(packet.bytes);
    }
    let length = packet.bytes.iter().skip(1).take(4);
    let header = 2 + length.take_while(|byte| **byte & 0x80 != 0).count();
    let Some(body) = packet.bytes.get(header..) else {
        return Cow::Owned(vec![packet.first, 0]);
    };
    let mut bytes = vec![packet.first];
    bytes.extend(variable(body.len()));
    bytes.extend(body);
    Cow::Owned(bytes)
}
