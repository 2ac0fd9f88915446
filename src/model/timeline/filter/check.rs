//! What is asked of a row, one thing at a time, and what that costs.

use super::RowMarks;
use super::json::JsonCheck;
use super::search::{Needle, Pattern};
use super::values::When;
use crate::model::exchange::{MessageVerdict, Verdict};
use crate::model::message::Qos;
use crate::model::timeline::peek::{MessageRef, RowKind, RowRef};
use crate::model::timeline::row::{Category, Row};
use std::ops::RangeInclusive;

#[derive(Clone, Debug)]
pub(super) enum Check {
    Word(Pattern),
    Topic(Pattern),
    Payload(Pattern),
    Value(Box<JsonCheck>),
    Device(Pattern),
    Rule(Pattern),
    Name(Pattern),
    Connection {
        id: Pattern,
        /// Of those whose name has it.
        named: Vec<Box<str>>,
    },
    Correlation {
        text: Option<Pattern>,
        bytes: Option<Pattern>,
    },
    User(UserCheck),
    Verdict(VerdictCheck),
    RoundTrip(RangeInclusive<u64>),
    Size(RangeInclusive<u64>),
    Replies(RangeInclusive<u64>),
    Id(RangeInclusive<u64>),
    Qos(RangeInclusive<u64>),
    Retain(bool),
    Time(When),
    Kind(RowKind),
    Pinned,
    Commented,
    Coloured,
    Comment(Pattern),
    Colour(Pattern),
}

#[derive(Clone, Debug)]
pub(super) enum UserCheck {
    /// In the name or in the value.
    Either(Pattern),
    Both {
        name: Needle,
        value: Pattern,
    },
}

#[derive(Clone, Debug, Default)]
pub(super) struct VerdictCheck {
    pub categories: Vec<Category>,
    pub messages: Vec<MessageVerdict>,
    pub rejected: bool,
}

impl Check {
    pub(super) fn holds(&self, row: RowRef<'_>, marks: &dyn RowMarks) -> bool {
        let in_text = |text: Option<&str>, pattern: &Pattern| {
            text.is_some_and(|text| pattern.is_in(text.as_bytes()))
        };
        match self {
            Self::Word(word) => {
                row.any_message(|message| {
                    word.is_in(message.topic.as_bytes()) || word.is_in(message.payload)
                }) || row.any_responder(|name| word.is_in(name.as_bytes()))
                    || in_text(row.name(), word)
            }
            Self::Topic(part) => row.any_message(|message| part.is_in(message.topic.as_bytes())),
            Self::Payload(part) => row.any_payload(|payload| part.is_in(payload)),
            Self::Value(check) => row.any_payload(|payload| check.holds(payload)),
            Self::Device(part) => row.any_responder(|name| part.is_in(name.as_bytes())),
            Self::Rule(part) => in_text(row.rule(), part),
            Self::Name(part) => in_text(row.name(), part),
            Self::Connection { id, named } => {
                let connection = row.connection();
                id.is_in(connection.as_bytes()) || named.iter().any(|id| **id == *connection)
            }
            Self::Correlation { text, bytes } => row.any_message(|message| {
                message.correlation_data.is_some_and(|data| {
                    let mut parts = text.iter().chain(bytes);
                    parts.any(|part| part.is_in(data))
                })
            }),
            Self::User(check) => row.any_message(|message| check.holds(message)),
            Self::Verdict(check) => check.holds(row),
            Self::RoundTrip(range) => row.round_trip().is_some_and(|time| {
                u64::try_from(time.as_nanos()).is_ok_and(|nanos| range.contains(&nanos))
            }),
            Self::Size(range) => row.any_payload(|payload| range.contains(&(payload.len() as u64))),
            Self::Replies(range) => {
                row.kind() == RowKind::Exchange && range.contains(&(row.replies() as u64))
            }
            Self::Id(range) => row.exchange_id().is_some_and(|id| range.contains(&id.0)),
            Self::Qos(range) => row.any_message(|message| {
                let level = match message.qos {
                    Qos::AtMostOnce => 0,
                    Qos::AtLeastOnce => 1,
                    Qos::ExactlyOnce => 2,
                };
                range.contains(&level)
            }),
            Self::Retain(wanted) => row.any_message(|message| message.retain) == *wanted,
            Self::Time(when) => when.holds(row.time().as_nanos()),
            Self::Kind(kind) => row.kind() == *kind,
            Self::Pinned => marks.is_pinned(row.id()),
            Self::Commented => marks.comment(row.id()).is_some_and(|text| !text.is_empty()),
            Self::Coloured => marks.colour(row.id()).is_some(),
            Self::Comment(part) => in_text(marks.comment(row.id()), part),
            Self::Colour(part) => in_text(marks.colour(row.id()), part),
        }
    }

    /// Small is asked first.
    pub(super) fn cost(&self) -> u32 {
        match self {
            Self::Kind(_) | Self::Id(_) | Self::Time(_) => 1,
            Self::Verdict(check) if check.messages.is_empty() && !check.rejected => 1,
            Self::RoundTrip(_) | Self::Replies(_) => 2,
            Self::Connection { id: part, .. } | Self::Rule(part) | Self::Name(part) => {
                4 + part.cost()
            }
            Self::Pinned | Self::Coloured | Self::Commented => 5,
            Self::Colour(part) | Self::Comment(part) => 6 + part.cost(),
            Self::Size(_) | Self::Qos(_) | Self::Retain(_) | Self::Verdict(_) => 7,
            Self::Device(part) => 8 + part.cost(),
            Self::Topic(part) => 10 + part.cost(),
            Self::Correlation { text, .. } => 12 + text.as_ref().map_or(0, Pattern::cost),
            Self::User(_) => 15,
            Self::Payload(part) => 20 + part.cost(),
            Self::Word(part) => 25 + 2 * part.cost(),
            Self::Value(_) => 200,
        }
    }
}

impl UserCheck {
    fn holds(&self, message: MessageRef<'_>) -> bool {
        message.any_user_property(|name, value| match self {
            Self::Either(part) => part.is_in(name.as_bytes()) || part.is_in(value.as_bytes()),
            Self::Both {
                name: wanted,
                value: part,
            } => {
                (wanted.bytes().is_empty() || wanted.is(name.as_bytes()))
                    && part.is_in(value.as_bytes())
            }
        })
    }
}

impl VerdictCheck {
    /// Verdicts of messages are asked for last: replies lie packed.
    fn any_message(&self, row: RowRef<'_>) -> bool {
        if self.messages.is_empty() {
            return false;
        }
        if row.kind() == RowKind::Exchange {
            use MessageVerdict::{AdditionalReply, LateReply, Reply};
            let is_answered = matches!(
                row.category(),
                Category::Answered | Category::AnsweredWithError
            );
            // Of an exchange that was answered once, that is all there is to know.
            if is_answered && row.replies() == 1 {
                return self.messages.contains(&Reply);
            }
            let of_replies = [Reply, AdditionalReply, LateReply];
            if row.replies() == 0 || !self.messages.iter().any(|one| of_replies.contains(one)) {
                return false;
            }
        }
        row.any_verdict(|verdict| self.messages.contains(&verdict))
    }

    fn holds(&self, row: RowRef<'_>) -> bool {
        let category = row.category();
        self.categories.contains(&category)
            || self.any_message(row)
            // Few rows are failures, so few are looked at as a whole.
            || (self.rejected && category == Category::Failed && is_rejected(&row.to_row()))
    }
}

/// The broker said no, as opposed to what could not be carried through.
fn is_rejected(row: &Row) -> bool {
    match row {
        Row::Exchange(exchange) => matches!(exchange.verdict, Verdict::Rejected { .. }),
        Row::Publish(publish) => publish.failure.is_none(),
        Row::Message(_) => false,
    }
}
