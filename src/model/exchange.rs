//! An Exchange: one request and everything that came back, and what it amounts to.
//!
//! An exchange is told as a list of [`Change`]s. The requester that decides them and the timeline
//! that shows them apply the same ones, so both always agree.

use crate::model::correlation::CorrelationData;
use crate::model::message::Message;
use crate::model::pairing;
use crate::model::request::Request;
use crate::model::time::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Names one exchange for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub u64);

/// A reason code and its words (MQTT 5 §2.4), with the broker's Reason String when it sent one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub code: u8,
    pub text: Arc<str>,
}

impl Reason {
    pub const NO_MATCHING_SUBSCRIBERS: u8 = 0x10;

    pub fn new(code: u8, text: impl Into<Arc<str>>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// Codes from 0x80 on say no (MQTT 5 §2.4).
    pub fn is_refusal(&self) -> bool {
        self.code >= 0x80
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:02X})", self.text, self.code)
    }
}

/// What of an exchange a broker can refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// The subscription to the Response Topic.
    Subscription,
    Request,
}

impl Refused {
    /// For scripts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Subscription => "subscription",
            Self::Request => "request",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        let mut all = [Self::Subscription, Self::Request].into_iter();
        all.find(|refused| refused.word() == word)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subscription => "the subscription to the Response Topic",
            Self::Request => "the request",
        })
    }
}

/// How an exchange stands, and in the end what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Open: a reply may still come.
    Waiting,
    Answered,
    /// The responder answered, and its answer says it failed.
    AnsweredWithError {
        code: Option<Arc<str>>,
        message: Option<Arc<str>>,
    },
    TimedOut,
    /// Timed out, and then a reply came after all.
    Late,
    NoSubscribers,
    /// The broker refused the subscription or the request.
    Rejected {
        what: Refused,
        reason: Reason,
    },
    /// Roundtrip could not carry it through, such as when the connection was lost.
    Failed {
        reason: Arc<str>,
    },
}

impl Verdict {
    /// In snake case, for scripts.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Answered => "answered",
            Self::AnsweredWithError { .. } => "answered_with_error",
            Self::TimedOut => "timed_out",
            Self::Late => "late",
            Self::NoSubscribers => "no_subscribers",
            Self::Rejected { .. } => "rejected",
            Self::Failed { .. } => "failed",
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self, Self::Waiting)
    }

    pub fn is_answered(&self) -> bool {
        matches!(self, Self::Answered | Self::AnsweredWithError { .. })
    }
}

/// What a message that arrived turned out to be. Every one gets exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageVerdict {
    Reply,
    /// A further reply to a request that has been answered: several responders, or one that answers twice.
    AdditionalReply,
    /// A reply after the deadline.
    LateReply,
    /// Right Response Topic, Correlation Data of no open exchange.
    WrongCorrelation,
    /// Right Response Topic, no Correlation Data although the request carried some.
    MissingCorrelation,
    /// A retained message on a Response Topic: it was published before the request.
    Stale,
    Unmatched,
}

impl MessageVerdict {
    pub const ALL: [Self; 7] = [
        Self::Reply,
        Self::AdditionalReply,
        Self::LateReply,
        Self::WrongCorrelation,
        Self::MissingCorrelation,
        Self::Stale,
        Self::Unmatched,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::AdditionalReply => "additional_reply",
            Self::LateReply => "late_reply",
            Self::WrongCorrelation => "wrong_correlation",
            Self::MissingCorrelation => "missing_correlation",
            Self::Stale => "stale",
            Self::Unmatched => "unmatched",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Reply => "Reply",
            Self::AdditionalReply => "Additional reply",
            Self::LateReply => "Late reply",
            Self::WrongCorrelation => "Wrong correlation",
            Self::MissingCorrelation => "Missing correlation",
            Self::Stale => "Stale (retained)",
            Self::Unmatched => "Unmatched",
        }
    }
}

/// What a reply says of itself, by the pairing rule's `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    #[default]
    Ok,
    Error {
        code: Option<Arc<str>>,
        message: Option<Arc<str>>,
    },
    Progress,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub message: Arc<Message>,
    pub received: Timestamp,
    pub verdict: MessageVerdict,
    pub outcome: Outcome,
    /// Who published it, where that is known: a simulated device's name, or the client id that the built-in broker tells.
    pub responder: Option<Arc<str>>,
}

/// A message where an open exchange's replies come that is not its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    pub verdict: MessageVerdict,
    pub correlation_data: Option<CorrelationData>,
    /// What stood in the way, where it is one variable of the rule.
    pub difference: Option<Arc<Difference>>,
}

/// A variable of a pairing rule that request and message do not agree about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub rule: Arc<str>,
    pub variable: Arc<str>,
    /// The values of the request; empty where it has none.
    pub wanted: Vec<Arc<str>>,
    /// Those of the message.
    pub found: Vec<Arc<str>>,
}

impl From<&pairing::NearMiss> for Difference {
    fn from(miss: &pairing::NearMiss) -> Self {
        // Of many values the first ones tell enough.
        let words = |values: &[pairing::Value]| -> Vec<Arc<str>> {
            let values = values.iter().take(4);
            values.map(|value| value.to_string().into()).collect()
        };
        Self {
            rule: Arc::clone(&miss.rule),
            variable: Arc::clone(&miss.variable),
            wanted: words(&miss.wanted),
            found: words(&miss.found),
        }
    }
}

/// More near misses of one exchange are not kept; every one of them has a row of its own.
const MAX_NEAR_MISSES: usize = 16;

/// When what happened. Taken where the packet is read or written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legs {
    pub queued: Timestamp,
    /// The SUBACK for the Response Topic; absent when a live subscription covered it already.
    pub subscribed: Option<Timestamp>,
    pub published: Option<Timestamp>,
    /// PUBACK or PUBREC.
    pub acknowledged: Option<Timestamp>,
    /// Known when the device is simulated here.
    pub device_received: Option<Timestamp>,
    pub device_answered: Option<Timestamp>,
}

/// What the device said last of its presence: it explains why no reply comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceNote {
    pub is_online: bool,
    pub at: Timestamp,
    pub who: Arc<str>,
}

/// One thing that happened to an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Subscribed,
    Published,
    Acknowledged(Reason),
    DeviceReceived {
        device: Arc<str>,
    },
    DeviceAnswered {
        device: Arc<str>,
    },
    /// The device said that it is there or gone.
    Presence(PresenceNote),
    Reply(Reply),
    /// A message came on its Response Topic that is nobody's answer.
    NearMiss(NearMiss),
    Finished(Verdict),
}

/// More replies to one request are not kept: a responder that never stops must not fill the memory.
pub const MAX_REPLIES: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub id: ExchangeId,
    /// The connection profile's id.
    pub connection: Arc<str>,
    pub request: Arc<Request>,
    /// The message as it was published, Correlation Data drawn.
    pub message: Arc<Message>,
    pub rule: Arc<str>,
    pub verdict: Verdict,
    pub legs: Legs,
    /// What the broker said to the publish.
    pub acknowledgement: Option<Reason>,
    pub deadline: Option<Timestamp>,
    pub replies: Vec<Reply>,
    /// Replies beyond [`MAX_REPLIES`]: counted, not kept.
    pub replies_not_kept: u64,
    pub near_misses: Vec<NearMiss>,
    /// The simulated device that took it, where one did.
    pub device: Option<Arc<str>>,
    pub presence: Option<PresenceNote>,
    pub finished: Option<Timestamp>,
}

impl Exchange {
    pub fn new(
        id: ExchangeId,
        connection: Arc<str>,
        request: Arc<Request>,
        message: Arc<Message>,
        rule: Arc<str>,
        queued: Timestamp,
    ) -> Self {
        Self {
            id,
            connection,
            request,
            message,
            rule,
            verdict: Verdict::Waiting,
            legs: Legs {
                queued,
                ..Legs::default()
            },
            acknowledgement: None,
            deadline: None,
            replies: Vec::new(),
            replies_not_kept: 0,
            near_misses: Vec::new(),
            device: None,
            presence: None,
            finished: None,
        }
    }

    pub fn apply(&mut self, change: Change, at: Timestamp) {
        match change {
            Change::Subscribed => self.legs.subscribed = Some(at),
            Change::Published => {
                self.legs.published = Some(at);
                self.deadline = Some(at.saturating_add(self.request.timeout));
            }
            Change::Acknowledged(reason) => {
                self.legs.acknowledged = Some(at);
                self.acknowledgement = Some(reason);
            }
            Change::DeviceReceived { device } => {
                self.legs.device_received.get_or_insert(at);
                self.device.get_or_insert(device);
            }
            // The legs are those of the first device that took it, up to the reply that counts:
            // after progress it is still at work.
            Change::DeviceAnswered { device } => {
                if self.device.as_ref().is_none_or(|first| *first == device) {
                    let is_progress = |reply: &&Reply| reply.outcome == Outcome::Progress;
                    let is_at_work = self.replies.first().as_ref().is_some_and(is_progress)
                        && self
                            .replies
                            .iter()
                            .find(|reply| !is_progress(reply))
                            .is_none_or(|counts| at <= counts.received);
                    if is_at_work {
                        self.legs.device_answered = Some(at);
                    } else {
                        self.legs.device_answered.get_or_insert(at);
                    }
                }
            }
            Change::Presence(note) => self.presence = Some(note),
            Change::Reply(_) if self.replies.len() >= MAX_REPLIES => self.replies_not_kept += 1,
            Change::Reply(reply) => self.replies.push(reply),
            Change::NearMiss(_) if self.near_misses.len() >= MAX_NEAR_MISSES => {}
            Change::NearMiss(miss) => self.near_misses.push(miss),
            Change::Finished(verdict) => {
                self.verdict = verdict;
                self.finished = Some(at);
            }
        }
    }

    /// Why nobody would have got the request, where that was known before it was sent.
    pub fn unsent_for_want_of_a_subscriber(&self) -> Option<&str> {
        let is_unsent = self.verdict == Verdict::NoSubscribers && self.legs.published.is_none();
        let reason = self.acknowledgement.as_ref().filter(|_| is_unsent)?;
        Some(&reason.text)
    }

    /// From the request on the wire to its first reply.
    pub fn round_trip(&self) -> Option<Duration> {
        let published = self.legs.published.unwrap_or(self.legs.queued);
        self.answering_replies()
            .next()
            .map(|reply| reply.received.since(published))
    }

    /// From the request on the wire to its last reply, where there are several.
    pub fn last_round_trip(&self) -> Option<Duration> {
        let published = self.legs.published.unwrap_or(self.legs.queued);
        self.answering_replies()
            .last()
            .map(|reply| reply.received.since(published))
    }

    /// A reply that came when all was over is no round trip.
    fn answering_replies(&self) -> impl Iterator<Item = &Reply> {
        let is_over = matches!(
            self.verdict,
            Verdict::Failed { .. } | Verdict::Rejected { .. } | Verdict::NoSubscribers
        );
        self.replies
            .iter()
            .filter(move |_| !is_over)
            .filter(|reply| reply.outcome != Outcome::Progress)
    }

    /// Who answered, where that is known, in order and each once.
    pub fn responders(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = Vec::new();
        for name in self
            .replies
            .iter()
            .filter_map(|reply| reply.responder.as_ref())
            .chain(if self.replies.is_empty() {
                None
            } else {
                self.device.as_ref()
            })
        {
            if !names.contains(name) {
                names.push(Arc::clone(name));
            }
        }
        names
    }

    /// Bytes kept alive by this exchange, roughly.
    pub fn weight(&self) -> usize {
        size_of::<Self>()
            + self.message.weight()
            + self
                .replies
                .iter()
                .map(|reply| size_of::<Reply>() + reply.message.weight())
                .sum::<usize>()
    }
}
