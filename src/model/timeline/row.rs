//! What one line of the timeline stands for, and under which chip it counts.

use crate::model::exchange::{Difference, Exchange, ExchangeId, MessageVerdict, Reason, Verdict};
use crate::model::message::Message;
use crate::model::time::Timestamp;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    Exchange(Box<Exchange>),
    Message(MessageRow),
    Publish(PublishRow),
}

/// A message that belongs to no exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    pub connection: Arc<str>,
    pub message: Arc<Message>,
    pub verdict: MessageVerdict,
    pub received: Timestamp,
    pub responder: Option<Arc<str>>,
    /// The open exchange that it may have been meant for.
    pub near: Option<ExchangeId>,
    /// Why it is not its answer, where it is one variable of the rule.
    pub difference: Option<Arc<Difference>>,
    /// Published on this connection itself, and brought back by a subscription of its own.
    pub is_echo: bool,
}

/// A message that was sent without asking for a reply: nobody knows what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishRow {
    pub connection: Arc<str>,
    pub message: Arc<Message>,
    pub published: Timestamp,
    pub acknowledgement: Option<Reason>,
    /// Why it could not be sent.
    pub failure: Option<Arc<str>>,
}

impl Row {
    /// When it was sent, or for a message when it came.
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Exchange(exchange) => exchange.legs.published.unwrap_or(exchange.legs.queued),
            Self::Message(row) => row.received,
            Self::Publish(row) => row.published,
        }
    }

    pub fn message(&self) -> &Arc<Message> {
        match self {
            Self::Exchange(exchange) => &exchange.message,
            Self::Message(row) => &row.message,
            Self::Publish(row) => &row.message,
        }
    }

    pub fn connection(&self) -> &Arc<str> {
        match self {
            Self::Exchange(exchange) => &exchange.connection,
            Self::Message(row) => &row.connection,
            Self::Publish(row) => &row.connection,
        }
    }

    /// Who answered first, or published the message, where that is known.
    pub fn responder(&self) -> Option<&str> {
        match self {
            Self::Exchange(exchange) => {
                let named = exchange
                    .replies
                    .iter()
                    .find_map(|reply| reply.responder.as_deref());
                let device = exchange.device.as_deref();
                named.or_else(|| device.filter(|_| !exchange.replies.is_empty()))
            }
            Self::Message(row) => row.responder.as_deref(),
            Self::Publish(_) => None,
        }
    }

    pub fn weight(&self) -> usize {
        match self {
            Self::Exchange(exchange) => exchange.weight(),
            Self::Message(row) => size_of::<MessageRow>() + row.message.weight(),
            Self::Publish(row) => size_of::<PublishRow>() + row.message.weight(),
        }
    }
}

/// The verdict chips. Every row counts under exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    Waiting,
    Answered,
    AnsweredWithError,
    TimedOut,
    NoSubscribers,
    Late,
    /// Rejected by the broker, or failed here.
    Failed,
    Unmatched,
    Published,
}

impl Category {
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Answered,
        Self::AnsweredWithError,
        Self::TimedOut,
        Self::NoSubscribers,
        Self::Late,
        Self::Failed,
        Self::Unmatched,
        Self::Published,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Answered => "Answered",
            Self::AnsweredWithError => "Error answers",
            Self::TimedOut => "Timed out",
            Self::NoSubscribers => "No subscribers",
            Self::Late => "Late",
            Self::Failed => "Failed",
            Self::Unmatched => "Unmatched",
            Self::Published => "Published",
        }
    }

    /// Whether its round trip is one: late answers and refusals have none to speak of.
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Answered | Self::AnsweredWithError)
    }

    /// As typed in a filter.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Answered => "answered",
            Self::AnsweredWithError => "answered_with_error",
            Self::TimedOut => "timed_out",
            Self::NoSubscribers => "no_subscribers",
            Self::Late => "late",
            Self::Failed => "failed",
            Self::Unmatched => "unmatched",
            Self::Published => "published",
        }
    }

    pub fn of(row: &Row) -> Self {
        match row {
            Row::Message(_) => Self::Unmatched,
            Row::Publish(row)
                if row.failure.is_some()
                    || row.acknowledgement.as_ref().is_some_and(Reason::is_refusal) =>
            {
                Self::Failed
            }
            Row::Publish(_) => Self::Published,
            Row::Exchange(exchange) => match exchange.verdict {
                Verdict::Waiting => Self::Waiting,
                Verdict::Answered => Self::Answered,
                Verdict::AnsweredWithError { .. } => Self::AnsweredWithError,
                Verdict::TimedOut => Self::TimedOut,
                Verdict::Late => Self::Late,
                Verdict::NoSubscribers => Self::NoSubscribers,
                Verdict::Rejected { .. } | Verdict::Failed { .. } => Self::Failed,
            },
        }
    }
}
