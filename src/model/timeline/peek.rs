//! A look at a row without unpacking it: what lists, filters, sorting and statistics need.

use super::RowId;
use super::row::{Category, Row};
use crate::model::exchange::{ExchangeId, MessageVerdict};
use crate::model::message::{Message, Qos, UserProperty};
use crate::model::time::Timestamp;
use std::borrow::Cow;
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
}

impl<'a> RowRef<'a> {
    /// A row that is in no timeline, or a whole one in it.
    pub fn whole(id: RowId, category: Category, row: &'a Row) -> Self {
        Self(Place::Whole { id, category, row })
    }

    pub fn id(self) -> RowId {
        match self.0 {
            Place::Whole { id, .. } => id,
        }
    }

    pub fn category(self) -> Category {
        match self.0 {
            Place::Whole { category, .. } => category,
        }
    }

    pub fn kind(self) -> RowKind {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(_) => RowKind::Exchange,
                Row::Message(_) => RowKind::Message,
                Row::Publish(_) => RowKind::Publish,
            },
        }
    }

    /// When it was sent, or for a message when it came.
    pub fn time(self) -> Timestamp {
        match self.0 {
            Place::Whole { row, .. } => row.time(),
        }
    }

    pub fn exchange_id(self) -> Option<ExchangeId> {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => Some(exchange.id),
                _ => None,
            },
        }
    }

    /// From the request on the wire to its first reply.
    pub fn round_trip(self) -> Option<Duration> {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => exchange.round_trip(),
                _ => None,
            },
        }
    }

    pub fn topic(self) -> &'a str {
        match self.0 {
            Place::Whole { row, .. } => row.message().topic.as_str(),
        }
    }

    /// The connection profile's id.
    pub fn connection(self) -> &'a str {
        match self.0 {
            Place::Whole { row, .. } => row.connection(),
        }
    }

    /// Who answered first, or published the message, where that is known.
    pub fn responder(self) -> Option<&'a str> {
        match self.0 {
            Place::Whole { row, .. } => row.responder(),
        }
    }

    /// Whether one of those who answered passes.
    pub fn any_responder(self, mut passes: impl FnMut(&str) -> bool) -> bool {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => {
                    let mut replies = exchange.replies.iter();
                    replies.any(|reply| reply.responder.as_deref().is_some_and(&mut passes))
                        || row.responder().is_some_and(passes)
                }
                _ => row.responder().is_some_and(passes),
            },
        }
    }

    /// The rule that the request was sent by.
    pub fn rule(self) -> Option<&'a str> {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => Some(&exchange.rule),
                _ => None,
            },
        }
    }

    /// The saved request's name.
    pub fn name(self) -> Option<&'a str> {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => Some(&*exchange.request.name),
                _ => None,
            },
        }
        .filter(|name| !name.is_empty())
    }

    /// Of the request, or of the message.
    pub fn payload(self) -> &'a [u8] {
        match self.0 {
            Place::Whole { row, .. } => &row.message().payload,
        }
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
        }
    }

    /// Replies so far.
    pub fn replies(self) -> usize {
        match self.0 {
            Place::Whole { row, .. } => match row {
                Row::Exchange(exchange) => exchange.replies.len(),
                _ => 0,
            },
        }
    }

    /// Bytes that it keeps alive, roughly.
    pub fn weight(self) -> usize {
        match self.0 {
            Place::Whole { row, .. } => row.weight(),
        }
    }

    /// Everything there is to know.
    pub fn to_row(self) -> Cow<'a, Row> {
        match self.0 {
            Place::Whole { row, .. } => Cow::Borrowed(row),
        }
    }
}

/// A message where it lies.
#[derive(Clone, Copy, Debug)]
pub struct MessageRef<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub correlation_data: Option<&'a [u8]>,
    pub response_topic: Option<&'a str>,
    pub content_type: Option<&'a str>,
    pub qos: Qos,
    pub retain: bool,
    user: Properties<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Properties<'a> {
    Whole(&'a [UserProperty]),
}

impl<'a> MessageRef<'a> {
    fn whole(message: &'a Message) -> Self {
        let properties = &message.properties;
        let data = properties.correlation_data.as_ref();
        Self {
            topic: message.topic.as_str(),
            payload: &message.payload,
            correlation_data: data.map(super::super::correlation::CorrelationData::as_bytes),
            response_topic: properties
                .response_topic
                .as_ref()
                .map(|topic| topic.as_str()),
            content_type: properties.content_type.as_deref(),
            qos: message.qos,
            retain: message.retain,
            user: Properties::Whole(&properties.user_properties),
        }
    }

    /// Whether a user property passes, by name and value.
    pub fn any_user_property(self, mut passes: impl FnMut(&str, &str) -> bool) -> bool {
        match self.user {
            Properties::Whole(all) => all.iter().any(|one| passes(&one.name, &one.value)),
        }
    }
}
