//! A look at a row without unpacking it: what lists, filters, sorting and statistics need.

use super::RowId;
use super::packed::{PackedMessage, PackedRow};
use super::row::{Category, MessageRow, Row};
use crate::model::correlation::CorrelationData;
use crate::model::exchange::{ExchangeId, MessageVerdict};
use crate::model::message::{Message, Qos, UserProperty};
use crate::model::time::Timestamp;
use crate::model::topic::TopicName;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    Exchange,
    Message,
    Publish,
}

/// A row of a timeline where it lies.
#[derive(Clone, Copy, Debug)]
pub struct RowRef<'a>(Place<'a>);

#[derive(Clone, Copy, Debug)]
enum Place<'a> {
    Whole {
        id: RowId,
        category: Category,
        row: &'a Row,
    },
    Packed(PackedRow<'a>),
}

impl<'a> RowRef<'a> {
    /// A row that is in no timeline, or a whole one in it.
    pub fn whole(id: RowId, category: Category, row: &'a Row) -> Self {
        Self(Place::Whole { id, category, row })
    }

    pub(super) fn packed(row: PackedRow<'a>) -> Self {
        Self(Place::Packed(row))
    }

    pub fn id(self) -> RowId {
        match self.0 {
            Place::Whole { id, .. } => id,
            Place::Packed(row) => row.id(),
        }
    }

    pub fn category(self) -> Category {
        match self.0 {
            Place::Whole { category, .. } => category,
            Place::Packed(row) => row.category(),
        }
    }

    pub fn kind(self) -> RowKind {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(_) => RowKind::Exchange,
                Row::Message(_) => RowKind::Message,
                Row::Publish(_) => RowKind::Publish,
            },
            Place::Packed(row) => row.kind(),
        }
    }

    /// When it was sent, or for a message when it came.
    pub fn time(self) -> Timestamp {
        match self.0 {
            Place::Whole { row, .. } => row.time(),
            Place::Packed(row) => row.time(),
        }
    }

    pub fn exchange_id(self) -> Option<ExchangeId> {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => Some(exchange.id),
                _ => None,
            },
            Place::Packed(row) => row.exchange_id(),
        }
    }

    /// From the request on the wire to its first reply.
    pub fn round_trip(self) -> Option<Duration> {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => exchange.round_trip(),
                _ => None,
            },
            Place::Packed(row) => row.round_trip(),
        }
    }

    pub fn topic(self) -> &'a str {
        match self.0 {
            Place::Whole { row, .. } => row.message().topic.as_str(),
            Place::Packed(row) => row.topic(),
        }
    }

    /// The connection profile's id.
    pub fn connection(self) -> &'a str {
        match self.0 {
            Place::Whole { row, .. } => row.connection(),
            Place::Packed(row) => row.connection(),
        }
    }

    /// Who answered first, or published the message, where that is known.
    pub fn responder(self) -> Option<&'a str> {
        match self.0 {
            Place::Whole { row, .. } => row.responder(),
            Place::Packed(row) => row.responder(),
        }
    }

    /// Whether one of those who answered passes.
    pub fn any_responder(self, mut passes: impl FnMut(&str) -> bool) -> bool {
        if self.responder().is_some_and(&mut passes) {
            return true;
        }
        if self.replies() < 2 {
            return false;
        }
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => {
                    let mut replies = exchange.replies.iter();
                    replies.any(|reply| reply.responder.as_deref().is_some_and(&mut passes))
                }
                _ => false,
            },
            Place::Packed(row) => {
                let mut replies = row.replies_noted();
                replies.any(|reply| reply.responder.is_some_and(|name| passes(name)))
            }
        }
    }

    /// The rule that the request was sent by.
    pub fn rule(self) -> Option<&'a str> {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => Some(&exchange.rule),
                _ => None,
            },
            Place::Packed(row) => row.rule(),
        }
    }

    /// The saved request's name.
    pub fn name(self) -> Option<&'a str> {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => Some(&*exchange.request.name),
                _ => None,
            },
            Place::Packed(row) => row.name(),
        }
        .filter(|name| !name.is_empty())
    }

    /// The request, or the message.
    pub fn message(self) -> MessageRef<'a> {
        let packed = match self.0 {
            Place::Whole { row, .. } => return MessageRef::whole(row.message()),
            Place::Packed(row) => row.messages().next(),
        };
        packed.map(MessageRef::packed).unwrap_or_default()
    }

    /// Of the request, or of the message.
    pub fn payload(self) -> &'a [u8] {
        self.message().payload
    }

    /// Whether the request, or the message, or one of the replies passes; the first is the request.
    pub fn any_message(self, mut passes: impl FnMut(MessageRef<'a>) -> bool) -> bool {
        match self.0 {
            Place::Whole { row, .. } => {
                if passes(MessageRef::whole(row.message())) {
                    return true;
                }
                match row {
                    Row::Exchange(exchange) => exchange
                        .replies
                        .iter()
                        .any(|reply| passes(MessageRef::whole(&reply.message))),
                    _ => false,
                }
            }
            Place::Packed(row) => row.messages().any(|one| passes(MessageRef::packed(one))),
        }
    }

    /// As [`Self::any_message`], with the payload alone.
    pub fn any_payload(self, mut passes: impl FnMut(&'a [u8]) -> bool) -> bool {
        match self.0 {
            Place::Whole { .. } => self.any_message(|message| passes(message.payload)),
            Place::Packed(row) => row.payloads().any(passes),
        }
    }

    /// Whether what one of its replies, or the message that it is, turned out to be passes.
    pub fn any_verdict(self, mut passes: impl FnMut(MessageVerdict) -> bool) -> bool {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => {
                    let mut replies = exchange.replies.iter();
                    replies.any(|reply| passes(reply.verdict))
                }
                Row::Message(message) => passes(message.verdict),
                Row::Publish(_) => false,
            },
            Place::Packed(row) if row.kind() == RowKind::Exchange => {
                row.replies_noted().any(|reply| passes(reply.verdict))
            }
            Place::Packed(row) => row.message_verdict().is_some_and(passes),
        }
    }

    /// Replies so far; of very many, not all are counted.
    pub fn replies(self) -> usize {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => exchange.replies.len(),
                _ => 0,
            },
            Place::Packed(row) => row.replies(),
        }
    }

    /// Bytes that it keeps alive, roughly.
    pub fn weight(self) -> usize {
        match self.0 {
            Place::Whole { row, .. } => row.weight(),
            Place::Packed(row) => row.weight(),
        }
    }

    /// Everything there is to know.
    pub fn to_row(self) -> Cow<'a, Row> {
        match self.0 {
            Place::Whole { row, .. } => Cow::Borrowed(row),
            Place::Packed(row) => Cow::Owned(row.unpack().unwrap_or_else(|| unreadable(row))),
        }
    }
}

/// What cannot be read was not written: that cannot be. A mistake of ours must still not end the program.
fn unreadable(row: PackedRow<'_>) -> Row {
    debug_assert!(false, "a packed row cannot be read: {:?}", row.id());
    Row::Message(MessageRow {
        connection: row.connection().into(),
        message: Arc::new(Message::new(TopicName::received(row.topic()), "")),
        verdict: MessageVerdict::Unmatched,
        received: row.time(),
        responder: None,
        near: None,
        difference: None,
        is_echo: false,
    })
}

/// A message where it lies.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageRef<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub qos: Qos,
    pub retain: bool,
    /// The DUP flag.
    pub duplicate: bool,
    pub correlation_data: Option<&'a [u8]>,
    pub response_topic: Option<&'a str>,
    pub content_type: Option<&'a str>,
    user: User<'a>,
}

#[derive(Clone, Copy, Debug, Default)]
enum User<'a> {
    #[default]
    None,
    Whole(&'a [UserProperty]),
    Packed(PackedMessage<'a>),
}

impl<'a> MessageRef<'a> {
    fn whole(message: &'a Message) -> Self {
        let properties = &message.properties;
        let data = properties.correlation_data.as_ref();
        let response_topic = properties.response_topic.as_ref();
        Self {
            topic: message.topic.as_str(),
            payload: &message.payload,
            qos: message.qos,
            retain: message.retain,
            duplicate: message.duplicate,
            correlation_data: data.map(CorrelationData::as_bytes),
            response_topic: response_topic.map(TopicName::as_str),
            content_type: properties.content_type.as_deref(),
            user: User::Whole(&properties.user_properties),
        }
    }

    fn packed(message: PackedMessage<'a>) -> Self {
        let properties = message.properties;
        Self {
            topic: message.topic,
            payload: message.payload.bytes(),
            qos: message.qos(),
            retain: message.retain(),
            duplicate: message.duplicate(),
            correlation_data: properties.correlation_data,
            response_topic: properties.response_topic.map(|topic| &**topic),
            content_type: properties.content_type.map(|text| &**text),
            user: User::Packed(message),
        }
    }

    /// Whether a user property passes, by name and value.
    pub fn any_user_property(self, mut passes: impl FnMut(&str, &str) -> bool) -> bool {
        match self.user {
            User::None => false,
            User::Whole(all) => all.iter().any(|one| passes(&one.name, &one.value)),
            User::Packed(message) => message.any_user_property(passes),
        }
    }
}
