//! What is asked of a row, one thing at a time, and what that costs.

use super::RowMarks;
use super::search::{Needle, Pattern};
use super::values::When;
use crate::model::exchange::{MessageVerdict, Verdict};
use crate::model::message::Qos;
use crate::model::pairing::json::{Json, Kind, Pointer};
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
        bytes: Option<Box<[u8]>>,
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

/// What a JSON value has to be.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Something,
    /// One of these; a number where it is one.
    Equal(Vec<(Needle, Option<f64>)>),
    Between {
        least: f64,
        most: f64,
        /// Without the ends.
        is_open: bool,
    },
    Like(Pattern),
}

#[derive(Clone, Debug)]
pub(super) struct JsonCheck {
    pub pointer: Pointer,
    /// The name of the value in its object: where these bytes are not, it is not, either.
    pub name: Option<Box<[u8]>>,
    pub wanted: Wanted,
}

/// So many values are looked at where a path leads to many.
const MAX_VALUES: usize = 1_000;

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
            Self::Payload(part) => row.any_message(|message| part.is_in(message.payload)),
            Self::Value(check) => row.any_message(|message| check.holds(message.payload)),
            Self::Device(part) => row.any_responder(|name| part.is_in(name.as_bytes())),
            Self::Rule(part) => in_text(row.rule(), part),
            Self::Name(part) => in_text(row.name(), part),
            Self::Connection { id, named } => {
                let connection = row.connection();
                id.is_in(connection.as_bytes()) || named.iter().any(|id| **id == *connection)
            }
            Self::Correlation { text, bytes } => row.any_message(|message| {
                message.correlation_data.is_some_and(|data| {
                    text.as_ref().is_some_and(|text| text.is_in(data))
                        || bytes
                            .as_ref()
                            .is_some_and(|bytes| memchr::memmem::find(data, bytes).is_some())
                })
            }),
            Self::User(check) => row.any_message(|message| check.holds(message)),
            Self::Verdict(check) => check.holds(row),
            Self::RoundTrip(range) => row.round_trip().is_some_and(|time| {
                u64::try_from(time.as_nanos()).is_ok_and(|nanos| range.contains(&nanos))
            }),
            Self::Size(range) => {
                row.any_message(|message| range.contains(&(message.payload.len() as u64)))
            }
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

    /// What must occur in a row's text for this to hold.
    pub(super) fn needle(&self) -> Option<&Needle> {
        let part = match self {
            Self::Word(part)
            | Self::Topic(part)
            | Self::Payload(part)
            | Self::Device(part)
            | Self::Rule(part)
            | Self::Name(part) => part,
            _ => return None,
        };
        part.needle().filter(|needle| !needle.bytes().is_empty())
    }
}

impl UserCheck {
    fn holds(&self, message: MessageRef<'_>) -> bool {
        message.any_user_property(|name, value| match self {
            Self::Either(part) => part.is_in(name.as_bytes()) || part.is_in(value.as_bytes()),
            Self::Both {
                name: wanted,
                value: part,
            } => (wanted.bytes().is_empty() || wanted.is(name)) && part.is_in(value.as_bytes()),
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

impl JsonCheck {
    fn holds(&self, payload: &[u8]) -> bool {
        // Most payloads are told apart without reading them as JSON; escapes can hide anything.
        if memchr::memchr(b'\\', payload).is_none() {
            let has = |bytes: &[u8]| memchr::memmem::find(payload, bytes).is_some();
            if self.name.as_ref().is_some_and(|name| !has(name)) {
                return false;
            }
            if let Wanted::Equal(all) = &self.wanted
                && !all
                    .iter()
                    .any(|(text, number)| number.is_some() || text.is_in(payload))
            {
                return false;
            }
        }
        let Ok(text) = std::str::from_utf8(payload) else {
            return false;
        };
        let Ok(json) = Json::parse(text) else {
            return false;
        };
        let found = self.pointer.find(&json, Json::ROOT, MAX_VALUES);
        found.into_iter().any(|value| {
            let text = json.string(value);
            let number = || -> Option<f64> {
                let is_number = json.kind(value) == Kind::Number;
                text.parse().ok().filter(|_| is_number)
            };
            match &self.wanted {
                Wanted::Something => true,
                Wanted::Equal(all) => all.iter().any(|(wanted, as_number)| {
                    wanted.is(&text)
                        || as_number.is_some_and(|wanted| {
                            number().is_some_and(|number| number.total_cmp(&wanted).is_eq())
                        })
                }),
                Wanted::Between {
                    least,
                    most,
                    is_open,
                } => number().is_some_and(|number| {
                    if *is_open {
                        *least < number && number < *most
                    } else {
                        *least <= number && number <= *most
                    }
                }),
                Wanted::Like(part) => part.is_in(text.as_bytes()),
            }
        })
    }
}
