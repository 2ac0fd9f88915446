//! The smaller parts of a record.

use super::bytes::{join, split};
use super::{Base64, MessageRecord, RecordError, Text};
use crate::model::correlation::CorrelationData;
use crate::model::exchange::{
    Difference, Legs, MessageVerdict, NearMiss, Outcome, PresenceNote, Reason, Reply,
};
use crate::model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// A reason code and its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonRecord {
    pub code: u8,
    #[serde(default)]
    pub text: Arc<str>,
}

impl From<&Reason> for ReasonRecord {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code,
            text: Arc::clone(&reason.text),
        }
    }
}

impl From<ReasonRecord> for Reason {
    fn from(reason: ReasonRecord) -> Self {
        Self::new(reason.code, reason.text)
    }
}

/// When what happened to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LegsRecord {
    /// Where it is missing, the record's `time_ns` counts.
    pub queued: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscribed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_received: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_answered: Option<i64>,
}

impl From<&Legs> for LegsRecord {
    fn from(legs: &Legs) -> Self {
        let nanos = |at: Option<Timestamp>| at.map(Timestamp::as_nanos);
        Self {
            queued: Some(legs.queued.as_nanos()),
            subscribed: nanos(legs.subscribed),
            published: nanos(legs.published),
            acknowledged: nanos(legs.acknowledged),
            device_received: nanos(legs.device_received),
            device_answered: nanos(legs.device_answered),
        }
    }
}

impl LegsRecord {
    pub fn into_legs(self, time_ns: i64) -> Legs {
        let stamp = |nanos: Option<i64>| nanos.map(Timestamp::from_nanos);
        Legs {
            queued: Timestamp::from_nanos(self.queued.unwrap_or(time_ns)),
            subscribed: stamp(self.subscribed),
            published: stamp(self.published),
            acknowledged: stamp(self.acknowledged),
            device_received: stamp(self.device_received),
            device_answered: stamp(self.device_answered),
        }
    }
}

/// A variable of the pairing rule that request and message do not agree about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceRecord {
    #[serde(default)]
    pub rule: Arc<str>,
    #[serde(default)]
    pub variable: Arc<str>,
    #[serde(default)]
    pub wanted: Vec<Arc<str>>,
    #[serde(default)]
    pub found: Vec<Arc<str>>,
}

impl From<&Difference> for DifferenceRecord {
    fn from(difference: &Difference) -> Self {
        Self {
            rule: Arc::clone(&difference.rule),
            variable: Arc::clone(&difference.variable),
            wanted: difference.wanted.clone(),
            found: difference.found.clone(),
        }
    }
}

impl From<DifferenceRecord> for Difference {
    fn from(difference: DifferenceRecord) -> Self {
        Self {
            rule: difference.rule,
            variable: difference.variable,
            wanted: difference.wanted,
            found: difference.found,
        }
    }
}

/// A message that came where the replies come and is nobody's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMissRecord {
    pub verdict: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_data: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_data_base64: Option<Base64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<DifferenceRecord>,
}

impl From<&NearMiss> for NearMissRecord {
    fn from(miss: &NearMiss) -> Self {
        let (correlation_data, correlation_data_base64) = miss
            .correlation_data
            .as_ref()
            .map_or((None, None), |data| split(&data.to_bytes()));
        Self {
            verdict: miss.verdict.word().into(),
            correlation_data,
            correlation_data_base64,
            difference: miss.difference.as_deref().map(Into::into),
        }
    }
}

impl NearMissRecord {
    pub fn into_near_miss(self, place: &str) -> Result<NearMiss, RecordError> {
        let correlation_data = join(
            self.correlation_data,
            self.correlation_data_base64,
            &format!("{place}.correlation_data"),
        )?;
        Ok(NearMiss {
            verdict: message_verdict(&self.verdict, &format!("{place}.verdict"))?,
            correlation_data: correlation_data.map(CorrelationData::new),
            difference: self.difference.map(|one| Arc::new(one.into())),
        })
    }
}

/// What the device said last of being there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceRecord {
    #[serde(default)]
    pub is_online: bool,
    #[serde(default)]
    pub at_ns: i64,
    #[serde(default)]
    pub who: Arc<str>,
}

impl From<&PresenceNote> for PresenceRecord {
    fn from(note: &PresenceNote) -> Self {
        Self {
            is_online: note.is_online,
            at_ns: note.at.as_nanos(),
            who: Arc::clone(&note.who),
        }
    }
}

impl From<PresenceRecord> for PresenceNote {
    fn from(note: PresenceRecord) -> Self {
        Self {
            is_online: note.is_online,
            at: Timestamp::from_nanos(note.at_ns),
            who: note.who,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyRecord {
    #[serde(default)]
    pub time_ns: i64,
    #[serde(default = "reply_word")]
    pub verdict: Cow<'static, str>,
    /// `error` or `progress`; absent for `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<Arc<str>>,
    /// Who published it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responder: Option<Arc<str>>,
    pub message: MessageRecord,
}

fn reply_word() -> Cow<'static, str> {
    MessageVerdict::Reply.word().into()
}

impl From<&Reply> for ReplyRecord {
    fn from(reply: &Reply) -> Self {
        let (outcome, error_code, error_message) = match &reply.outcome {
            Outcome::Ok => (None, None, None),
            Outcome::Progress => (Some("progress".into()), None, None),
            Outcome::Error { code, message } => {
                (Some("error".into()), code.clone(), message.clone())
            }
        };
        Self {
            time_ns: reply.received.as_nanos(),
            verdict: reply.verdict.word().into(),
            outcome,
            error_code,
            error_message,
            responder: reply.responder.clone(),
            message: MessageRecord::from(&*reply.message),
        }
    }
}

impl ReplyRecord {
    pub fn into_reply(self, place: &str) -> Result<Reply, RecordError> {
        let outcome = match self.outcome.as_deref() {
            None | Some("ok") => Outcome::Ok,
            Some("progress") => Outcome::Progress,
            Some("error") => Outcome::Error {
                code: self.error_code,
                message: self.error_message,
            },
            Some(other) => {
                return Err(RecordError::wrong(
                    format!("{place}.outcome"),
                    format!("`{other}` is no outcome; it is ok, error or progress"),
                ));
            }
        };
        Ok(Reply {
            message: Arc::new(self.message.into_message(&format!("{place}.message"))?),
            received: Timestamp::from_nanos(self.time_ns),
            verdict: message_verdict(&self.verdict, &format!("{place}.verdict"))?,
            outcome,
            responder: self.responder,
        })
    }
}

pub(super) fn message_verdict(word: &str, place: &str) -> Result<MessageVerdict, RecordError> {
    let mut all = MessageVerdict::ALL.into_iter();
    all.find(|verdict| verdict.word() == word).ok_or_else(|| {
        let known: Vec<&str> = MessageVerdict::ALL.iter().map(|one| one.word()).collect();
        RecordError::wrong(
            place,
            format!(
                "`{word}` is no verdict of a message; it is one of {}",
                known.join(", ")
            ),
        )
    })
}
