//! Many rows in few bytes: a segment is written once and never changed, so that it can be shared with
//! other threads. What lists and statistics ask for stands in columns ([`Facts`]); the rest is
//! written one row after the other and read when somebody looks at it. Texts that repeat are names.

#[cfg(test)]
pub mod arbitrary;
mod codec;
mod message;
#[expect(
    clippy::option_option,
    reason = "the outer one says that it cannot be read, the inner one that nothing was written"
)]
mod row;

use super::RowId;
use super::peek::RowKind;
use super::row::{Category, Row};
use crate::model::exchange::{ExchangeId, MessageVerdict};
use crate::model::time::Timestamp;
use bytes::Bytes;
use codec::{NO_NAME, Names, Reader, Writer, exactly};
pub use message::PackedMessage;
use message::Payloads;
pub use row::ReplyNote;
use row::Shape;
use std::sync::Arc;
use std::time::Duration;

/// Rows of a segment. Few for tests: what goes wrong goes wrong at the seams.
pub const ROWS: usize = if cfg!(test) { 16 } else { 1_024 };

/// A segment gets fewer rows when they take more than this.
pub const FULL_BYTES: usize = 16 << 20;

/// For no round trip, and for a row that is no exchange.
const NONE: u64 = u64::MAX;

/// What stands in columns. Texts are numbers of [`Segment::names`]; [`NO_NAME`] is the number of none.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    id: RowId,
    time: Timestamp,
    exchange: u64,
    round_trip_nanos: u64,
    /// Where its bytes begin.
    offset: u32,
    weight: u32,
    pub topic: u32,
    /// Of the first reply.
    pub reply_topic: u32,
    pub connection: u32,
    pub responder: u32,
    pub rule: u32,
    pub name: u32,
    replies: u16,
    category: Category,
    kind: RowKind,
}

#[derive(Debug)]
pub struct Segment {
    facts: Box<[Facts]>,
    data: Box<[u8]>,
    names: Names,
    /// Payloads that are shared instead of copied.
    large: Box<[Bytes]>,
    /// Whose they are.
    large_rows: Box<[u32]>,
    /// The least and the greatest number of its exchanges.
    exchanges: Option<(u64, u64)>,
}

#[derive(Debug, Default)]
pub struct Builder {
    facts: Vec<Facts>,
    writer: Writer,
    large: Vec<Bytes>,
    large_rows: Vec<u32>,
}

impl Builder {
    /// Rows come in the order of their ids.
    pub fn push(&mut self, id: RowId, category: Category, row: &Row) {
        let offset = self.writer.bytes.len();
        let shared = self.large.len();
        row::write(&mut self.writer, &mut self.large, row);
        let written = self.writer.bytes.len() - offset;
        let large = self.large.iter().skip(shared).map(Bytes::len);
        let weight = written + large.sum::<usize>() + size_of::<Facts>();
        let index = u32::try_from(self.facts.len()).unwrap_or(u32::MAX);
        self.large_rows.resize(self.large.len(), index);
        let (kind, exchange, rule, name, replies, round_trip) = match row {
            Row::Exchange(exchange) => (
                RowKind::Exchange,
                exchange.id.0,
                self.writer.intern_shared(&exchange.rule),
                match &exchange.request.name {
                    name if name.is_empty() => NO_NAME,
                    name => self.writer.intern_shared(name),
                },
                exchange.replies.len(),
                exchange.round_trip(),
            ),
            Row::Message(_) => (RowKind::Message, NONE, NO_NAME, NO_NAME, 0, None),
            Row::Publish(_) => (RowKind::Publish, NONE, NO_NAME, NO_NAME, 0, None),
        };
        let nanos = round_trip.map(|time| u64::try_from(time.as_nanos()).unwrap_or(NONE));
        let responder = row.responder();
        let first_reply = match row {
            Row::Exchange(exchange) => exchange.replies.first(),
            _ => None,
        };
        self.facts.push(Facts {
            id,
            time: row.time(),
            exchange,
            round_trip_nanos: nanos.unwrap_or(NONE),
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            weight: u32::try_from(weight).unwrap_or(u32::MAX),
            topic: self.writer.intern_shared(row.message().topic.shared()),
            reply_topic: first_reply.map_or(NO_NAME, |reply| {
                self.writer.intern_shared(reply.message.topic.shared())
            }),
            connection: self.writer.intern_shared(row.connection()),
            responder: responder.map_or(NO_NAME, |name| self.writer.intern(name)),
            rule,
            name,
            replies: u16::try_from(replies).unwrap_or(u16::MAX),
            category,
            kind,
        });
    }

    pub fn done(mut self) -> Segment {
        let (data, names) = self.writer.done();
        // Every row bears its part of the names.
        let names_weight = names.weight() / self.facts.len().max(1);
        let share = u32::try_from(names_weight).unwrap_or(u32::MAX);
        for facts in &mut self.facts {
            facts.weight = facts.weight.saturating_add(share);
        }
        let numbers = || {
            let all = self.facts.iter().map(|facts| facts.exchange);
            all.filter(|number| *number != NONE)
        };
        Segment {
            exchanges: numbers().min().zip(numbers().max()),
            facts: exactly(&self.facts),
            data,
            names,
            large: exactly(&self.large),
            large_rows: exactly(&self.large_rows),
        }
    }
}

impl Segment {
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    pub fn first_id(&self) -> Option<RowId> {
        self.facts.first().map(|facts| facts.id)
    }

    pub fn last_id(&self) -> Option<RowId> {
        self.facts.last().map(|facts| facts.id)
    }

    pub fn index_of(&self, id: RowId) -> Option<usize> {
        self.facts.binary_search_by_key(&id, |facts| facts.id).ok()
    }

    pub fn index_of_exchange(&self, id: ExchangeId) -> Option<usize> {
        let (least, greatest) = self.exchanges?;
        if !(least..=greatest).contains(&id.0) {
            return None;
        }
        self.facts.iter().position(|facts| facts.exchange == id.0)
    }

    pub fn row(&self, index: usize) -> Option<PackedRow<'_>> {
        let facts = self.facts.get(index)?;
        Some(PackedRow {
            segment: self,
            facts,
        })
    }

    /// Everything that its rows say in bytes, one row after the other: payloads, Correlation Data,
    /// values of user properties, and numbers between them. Large payloads are not in it.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Where the bytes of a row end and those of the next one begin.
    pub fn end_of(&self, index: usize) -> usize {
        let next = self.facts.get(index.saturating_add(1));
        next.map_or(self.data.len(), |facts| facts.offset as usize)
    }

    /// Topics, responders, connections, rules and the like, each once.
    pub fn names(&self) -> &[Arc<str>] {
        self.names.all()
    }

    /// Payloads that are shared instead of copied, each with its row.
    pub fn large_payloads(&self) -> impl Iterator<Item = (usize, &Bytes)> {
        let rows = self.large_rows.iter().map(|index| *index as usize);
        rows.zip(&self.large)
    }
}

/// A row where it lies.
#[derive(Clone, Copy, Debug)]
pub struct PackedRow<'a> {
    segment: &'a Segment,
    facts: &'a Facts,
}

impl<'a> PackedRow<'a> {
    pub fn facts(self) -> &'a Facts {
        self.facts
    }

    fn name_of(self, number: u32) -> Option<&'a str> {
        self.segment.names.text(number).map(|text| &**text)
    }

    pub fn id(self) -> RowId {
        self.facts.id
    }

    pub fn category(self) -> Category {
        self.facts.category
    }

    pub fn kind(self) -> RowKind {
        self.facts.kind
    }

    pub fn time(self) -> Timestamp {
        self.facts.time
    }

    pub fn weight(self) -> usize {
        self.facts.weight as usize
    }

    pub fn replies(self) -> usize {
        usize::from(self.facts.replies)
    }

    pub fn exchange_id(self) -> Option<ExchangeId> {
        (self.facts.exchange != NONE).then_some(ExchangeId(self.facts.exchange))
    }

    pub fn round_trip(self) -> Option<Duration> {
        let nanos = self.facts.round_trip_nanos;
        (nanos != NONE).then(|| Duration::from_nanos(nanos))
    }

    pub fn topic(self) -> &'a str {
        self.name_of(self.facts.topic).unwrap_or_default()
    }

    pub fn connection(self) -> &'a str {
        self.name_of(self.facts.connection).unwrap_or_default()
    }

    pub fn responder(self) -> Option<&'a str> {
        self.name_of(self.facts.responder)
    }

    pub fn rule(self) -> Option<&'a str> {
        self.name_of(self.facts.rule)
    }

    pub fn name(self) -> Option<&'a str> {
        self.name_of(self.facts.name)
    }

    fn reader(self) -> Reader<'a> {
        let data = self.segment.data.get(self.facts.offset as usize..);
        Reader::new(data.unwrap_or_default(), &self.segment.names)
    }

    /// The request or the message, then the replies.
    pub fn messages(self) -> impl Iterator<Item = PackedMessage<'a>> {
        let mut reader = self.reader();
        let large = &*self.segment.large;
        let count = reader.size().unwrap_or(0);
        (0..count).map_while(move |_| PackedMessage::read(&mut reader, large))
    }

    /// The payload of each of them: the rest is passed over.
    pub fn payloads(self) -> impl Iterator<Item = &'a [u8]> {
        Payloads::new(self.reader(), &self.segment.large)
    }

    /// Of an exchange: what each reply turned out to be, and whose it is.
    pub fn replies_noted(self) -> impl Iterator<Item = ReplyNote<'a>> {
        let is_exchange = self.facts.kind == RowKind::Exchange;
        let notes = is_exchange.then(|| row::reply_notes(self.reader(), &self.segment.large));
        notes.flatten().into_iter().flatten()
    }

    /// What a message that belongs to no exchange turned out to be.
    pub fn message_verdict(self) -> Option<MessageVerdict> {
        let is_message = self.facts.kind == RowKind::Message;
        row::message_verdict(self.reader(), &self.segment.large).filter(|_| is_message)
    }

    pub fn unpack(self) -> Option<Row> {
        let shape = match self.facts.kind {
            RowKind::Exchange => Shape::Exchange(ExchangeId(self.facts.exchange)),
            RowKind::Message => Shape::Message,
            RowKind::Publish => Shape::Publish,
        };
        row::read(self.reader(), &self.segment.large, shape)
    }
}

#[cfg(test)]
mod tests;
