//! pcapng for Wireshark: the messages written anew as MQTT 5 packets. Nothing in it was captured, and it says so.
//!
//! Known are the messages, and when they were read or written here; packets stand for these alone: the
//! PUBLISH of a request, its acknowledgement, the PUBLISH of each reply and of every other message. Made up are the TCP
//! around them (addresses of RFC 5737 that exist nowhere, one client a connection), the Packet Identifiers, and one
//! CONNECT a connection, without which no dissector knows the version. What has no known time is not there.
//! The section, the interface and every packet carry a comment that tells which is which.

mod blocks;
pub(super) mod packet_log;
mod packets;

#[cfg(test)]
mod tests;

use super::Options;
use crate::model::exchange::{Exchange, Reason};
use crate::model::message::{Message, Qos};
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::Row;
use blocks::{Blocks, Segment};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io::{self, Write};
use std::sync::Arc;

/// Bytes of MQTT in one TCP segment; a longer packet takes several, as it would.
const MAX_SEGMENT: usize = 32_768;
/// Packets that wait for their turn, at most: what waits longer goes out of turn.
const MAX_WAITING: usize = 100_000;

const SECTION: &str = "Reconstructed by Roundtrip from decoded messages, not captured. Topics, payloads, properties and \
    times are as they were read and written; TCP/IP, addresses, Packet Identifiers and the CONNECT of each connection are made up, \
    and everything is written as MQTT 5 whatever the connection spoke.";
const INTERFACE: &str = "reconstructed by Roundtrip from decoded messages, not captured";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    ToBroker,
    FromBroker,
}

enum What {
    Publish(Arc<Message>),
    Acknowledgement { qos: Qos, code: u8 },
}

/// A packet whose turn has not come.
struct Waiting {
    at: Timestamp,
    /// Keeps those of one moment in their order.
    order: u64,
    /// Shared by a publish and its acknowledgement.
    packet_id: u16,
    connection: Arc<str>,
    way: Way,
    what: What,
    comment: String,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// One made-up TCP stream.
struct Stream {
    number: u32,
    /// The next sequence number of the client and of the broker.
    client_next: u32,
    broker_next: u32,
    next_packet_id: u16,
    /// Its CONNECT is written.
    has_begun: bool,
}

pub(super) struct Pcapng<W> {
    blocks: Blocks<W>,
    waiting: BinaryHeap<Reverse<Waiting>>,
    streams: BTreeMap<Arc<str>, Stream>,
    order: u64,
    unwritable: u64,
    unsent: u64,
}

impl<W: Write> Pcapng<W> {
    pub fn new(options: &Options, out: W) -> io::Result<Self> {
        let comment = if options.title.is_empty() {
            SECTION.to_owned()
        } else {
            format!("{SECTION} Source: {}", options.title)
        };
        Ok(Self {
            blocks: Blocks::begin(out, &comment, INTERFACE)?,
            waiting: BinaryHeap::new(),
            streams: BTreeMap::new(),
            order: 0,
            unwritable: 0,
            unsent: 0,
        })
    }

    pub fn row(&mut self, row: &Row) -> io::Result<()> {
        // Rows come in the order in which they began, so nothing earlier than this one is to come.
        let began = match row {
            Row::Exchange(exchange) => exchange.legs.queued,
            _ => row.time(),
        };
        while self.waiting.len() >= MAX_WAITING
            || self
                .waiting
                .peek()
                .is_some_and(|Reverse(next)| next.at < began)
        {
            let Some(Reverse(next)) = self.waiting.pop() else {
                break;
            };
            self.write(&next)?;
        }
        match row {
            Row::Exchange(exchange) => self.exchange(exchange),
            Row::Publish(publish) if publish.failure.is_some() => self.unsent += 1,
            Row::Publish(publish) => {
                let packet_id = self.packet_id(&publish.connection);
                self.wait(
                    &publish.connection,
                    publish.published,
                    Way::ToBroker,
                    packet_id,
                    What::Publish(Arc::clone(&publish.message)),
                    "publish without a Response Topic".to_owned(),
                );
            }
            Row::Message(message) => {
                let packet_id = self.packet_id(&message.connection);
                self.wait(
                    &message.connection,
                    message.received,
                    Way::FromBroker,
                    packet_id,
                    What::Publish(Arc::clone(&message.message)),
                    format!("message of no exchange: {}", message.verdict.word()),
                );
            }
        }
        Ok(())
    }

    fn exchange(&mut self, exchange: &Exchange) {
        let connection = &exchange.connection;
        let name = format!("exchange {}", exchange.id.0);
        match exchange.legs.published {
            None => self.unsent += 1,
            Some(at) => {
                let packet_id = self.packet_id(connection);
                self.wait(
                    connection,
                    at,
                    Way::ToBroker,
                    packet_id,
                    What::Publish(Arc::clone(&exchange.message)),
                    format!("{name}, the request; verdict {}", exchange.verdict.word()),
                );
                let qos = exchange.message.qos;
                if let Some(at) = exchange.legs.acknowledged
                    && qos != Qos::AtMostOnce
                {
                    let code = exchange.acknowledgement.as_ref();
                    let code = code.map_or(0, |Reason { code, .. }| *code);
                    self.wait(
                        connection,
                        at,
                        Way::FromBroker,
                        packet_id,
                        What::Acknowledgement { qos, code },
                        format!("{name}, what the broker said to the request"),
                    );
                }
            }
        }
        for (index, reply) in exchange.replies.iter().enumerate() {
            let packet_id = self.packet_id(connection);
            self.wait(
                connection,
                reply.received,
                Way::FromBroker,
                packet_id,
                What::Publish(Arc::clone(&reply.message)),
                format!("{name}, message {}: {}", index + 1, reply.verdict.word()),
            );
        }
    }

    fn wait(
        &mut self,
        connection: &Arc<str>,
        at: Timestamp,
        way: Way,
        packet_id: u16,
        what: What,
        comment: String,
    ) {
        self.order += 1;
        self.waiting.push(Reverse(Waiting {
            at,
            order: self.order,
            packet_id,
            connection: Arc::clone(connection),
            way,
            what,
            comment,
        }));
    }

    fn stream(&mut self, connection: &Arc<str>) -> &mut Stream {
        let number = u32::try_from(self.streams.len()).unwrap_or(u32::MAX);
        self.streams
            .entry(Arc::clone(connection))
            .or_insert(Stream {
                number,
                client_next: 1,
                broker_next: 1,
                next_packet_id: 0,
                has_begun: false,
            })
    }

    /// Made up; never 0 (MQTT 5 §2.2.1).
    fn packet_id(&mut self, connection: &Arc<str>) -> u16 {
        let stream = self.stream(connection);
        stream.next_packet_id = stream.next_packet_id.checked_add(1).unwrap_or(1);
        stream.next_packet_id
    }

    fn write(&mut self, packet: &Waiting) -> io::Result<()> {
        let bytes = match &packet.what {
            What::Publish(message) => {
                let Some(bytes) = packets::publish(message, packet.packet_id) else {
                    self.unwritable += 1;
                    return Ok(());
                };
                bytes
            }
            What::Acknowledgement { qos, code } => {
                packets::acknowledgement(*qos, packet.packet_id, *code)
            }
        };
        let (at, connection) = (packet.at, &packet.connection);
        if !std::mem::replace(&mut self.stream(connection).has_begun, true) {
            let comment = format!(
                "connection {connection:?}: this CONNECT is made up, so that the packets after it can be read"
            );
            self.segments(connection, Way::ToBroker, at, &packets::connect(), &comment)?;
        }
        let comment = format!("{}; reconstructed, not captured", packet.comment);
        self.segments(connection, packet.way, at, &bytes, &comment)
    }

    fn segments(
        &mut self,
        connection: &Arc<str>,
        way: Way,
        at: Timestamp,
        bytes: &[u8],
        comment: &str,
    ) -> io::Result<()> {
        for part in bytes.chunks(MAX_SEGMENT) {
            let stream = self.stream(connection);
            let (sequence, acknowledged) = match way {
                Way::ToBroker => (stream.client_next, stream.broker_next),
                Way::FromBroker => (stream.broker_next, stream.client_next),
            };
            let grown = sequence.wrapping_add(u32::try_from(part.len()).unwrap_or(0));
            let number = stream.number;
            match way {
                Way::ToBroker => stream.client_next = grown,
                Way::FromBroker => stream.broker_next = grown,
            }
            let segment = Segment {
                client: number,
                is_from_client: way == Way::ToBroker,
                sequence,
                acknowledged,
                bytes: part,
            };
            self.blocks.packet(at, &segment, comment)?;
        }
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<Vec<String>> {
        while let Some(Reverse(next)) = self.waiting.pop() {
            self.write(&next)?;
        }
        self.blocks.flush()?;
        let mut notes = Vec::new();
        if self.unsent > 0 {
            notes.push(format!(
                "{} were never sent, so there is no packet of them",
                counted(self.unsent, "request")
            ));
        }
        if self.unwritable > 0 {
            notes.push(format!(
                "{} cannot be an MQTT 5 packet, such as with a topic of more than 65,535 bytes, and were left out",
                counted(self.unwritable, "message")
            ));
        }
        Ok(notes)
    }
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", text::count(count))
}
