//! What was asked for. Most of it is what was then published, and stands in the record's `message` alone.

use super::bytes::{join, split};
use super::message::{pairs, topic};
use super::{Base64, RecordError, Text};
use crate::model::correlation::{CorrelationDraft, CorrelationSpec};
use crate::model::message::{Message, Qos, UserProperty};
use crate::model::payload::Encoding;
use crate::model::request::{Pairing, RepliesWanted, Request};
use crate::model::topic::TopicName;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;
use std::time::Duration;

/// A key that is missing has the value of the published message, and `null` says that there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestRecord {
    /// The saved request's name.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub name: Arc<str>,
    /// How Correlation Data is made, as on the command line: `uuid`, `random:8`, `text:…`, `base64:…`.
    pub correlation_data: CorrelationWord,
    pub timeout_ns: u64,
    /// `first`, `all`, `terminal` or a number.
    pub replies: RepliesWord,
    #[serde(skip_serializing_if = "PairingRecord::is_default")]
    pub pairing: PairingRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<RequestTopic>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_base64: Option<Base64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qos: Option<Qos>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retain: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_is_utf8: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub message_expiry_secs: Option<Option<u32>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub response_topic: Option<Option<RequestTopic>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub content_type: Option<Option<Arc<str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_properties: Option<Pairs>,
}

/// A topic as its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestTopic(#[serde(with = "topic")] pub TopicName);

/// User properties as pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pairs(#[serde(with = "pairs")] pub Vec<UserProperty>);

/// A key that is there, be it `null`.
#[expect(
    clippy::option_option,
    reason = "the outer one is for a key that is missing"
)]
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrelationWord(pub CorrelationSpec);

impl Default for CorrelationWord {
    fn default() -> Self {
        Self(CorrelationSpec::Uuid)
    }
}

impl Serialize for CorrelationWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            CorrelationSpec::Uuid => serializer.serialize_str("uuid"),
            CorrelationSpec::UuidText => serializer.serialize_str("uuid-text"),
            CorrelationSpec::Counter => serializer.serialize_str("counter"),
            CorrelationSpec::Random(length) => {
                serializer.collect_str(&format_args!("random:{length}"))
            }
            CorrelationSpec::None => serializer.serialize_str("none"),
            CorrelationSpec::Fixed(data) => match std::str::from_utf8(data.as_bytes()) {
                Ok(text) => serializer.collect_str(&format_args!("text:{text}")),
                Err(_) => {
                    serializer.collect_str(&format_args!("base64:{}", data.shown(Encoding::Base64)))
                }
            },
        }
    }
}

impl<'de> Deserialize<'de> for CorrelationWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        CorrelationDraft::parse(&text)
            .and_then(|draft| draft.validate())
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepliesWord(pub RepliesWanted);

impl Serialize for RepliesWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            RepliesWanted::First => serializer.serialize_str("first"),
            RepliesWanted::All => serializer.serialize_str("all"),
            RepliesWanted::UntilTerminal => serializer.serialize_str("terminal"),
            RepliesWanted::Count(count) => serializer.collect_str(&count),
        }
    }
}

impl<'de> Deserialize<'de> for RepliesWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // A count is kept as it is, while a typed `1` means the same as `first`.
        match text.parse() {
            Ok(count) => Ok(Self(RepliesWanted::Count(count))),
            Err(_) => RepliesWanted::parse(&text)
                .map(Self)
                .map_err(serde::de::Error::custom),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairingRecord {
    pub rule: Arc<str>,
    /// The topic as typed; empty for the one that the rule renders.
    pub topic: Arc<str>,
    pub values: Vec<(Arc<str>, Arc<str>)>,
}

impl Default for PairingRecord {
    fn default() -> Self {
        Self::from(&Pairing::default())
    }
}

impl PairingRecord {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl From<&Pairing> for PairingRecord {
    fn from(pairing: &Pairing) -> Self {
        Self {
            rule: Arc::clone(&pairing.rule),
            topic: Arc::clone(&pairing.topic),
            values: pairing.values.clone(),
        }
    }
}

impl From<PairingRecord> for Pairing {
    fn from(pairing: PairingRecord) -> Self {
        Self {
            rule: pairing.rule,
            topic: pairing.topic,
            values: pairing.values,
        }
    }
}

fn unless_same<T: PartialEq + Clone>(asked: &T, sent: &T) -> Option<T> {
    (asked != sent).then(|| asked.clone())
}

impl RequestRecord {
    /// What `request` asks for that does not show in the message that went out.
    pub fn of(request: &Request, message: &Message) -> Self {
        let sent = &message.properties;
        let (payload, payload_base64) = if request.payload == message.payload {
            (None, None)
        } else {
            split(&request.payload)
        };
        Self {
            name: Arc::clone(&request.name),
            correlation_data: CorrelationWord(request.correlation.clone()),
            timeout_ns: u64::try_from(request.timeout.as_nanos()).unwrap_or(u64::MAX),
            replies: RepliesWord(request.replies),
            pairing: PairingRecord::from(&request.pairing),
            topic: unless_same(&request.topic, &message.topic).map(RequestTopic),
            payload,
            payload_base64,
            qos: unless_same(&request.qos, &message.qos),
            retain: unless_same(&request.retain, &message.retain),
            payload_is_utf8: unless_same(
                &request.payload_is_utf8,
                &(sent.payload_is_utf8 == Some(true)),
            ),
            message_expiry_secs: unless_same(
                &request.message_expiry_secs,
                &sent.message_expiry_secs,
            ),
            response_topic: unless_same(&request.response_topic, &sent.response_topic)
                .map(|topic| topic.map(RequestTopic)),
            content_type: unless_same(&request.content_type, &sent.content_type),
            user_properties: unless_same(&request.user_properties, &sent.user_properties)
                .map(Pairs),
        }
    }

    /// The request, with the message that went out for what is not said.
    pub fn into_request(self, message: &Message, place: &str) -> Result<Request, RecordError> {
        let sent = &message.properties;
        let payload = join(
            self.payload,
            self.payload_base64,
            &format!("{place}.payload"),
        )?;
        Ok(Request {
            name: self.name,
            topic: self
                .topic
                .map_or_else(|| message.topic.clone(), |topic| topic.0),
            qos: self.qos.unwrap_or(message.qos),
            retain: self.retain.unwrap_or(message.retain),
            payload: payload.unwrap_or_else(|| message.payload.clone()),
            response_topic: self.response_topic.map_or_else(
                || sent.response_topic.clone(),
                |topic| topic.map(|topic| topic.0),
            ),
            correlation: self.correlation_data.0,
            timeout: Duration::from_nanos(self.timeout_ns),
            replies: self.replies.0,
            content_type: self
                .content_type
                .unwrap_or_else(|| sent.content_type.clone()),
            payload_is_utf8: self
                .payload_is_utf8
                .unwrap_or_else(|| sent.payload_is_utf8 == Some(true)),
            message_expiry_secs: self.message_expiry_secs.unwrap_or(sent.message_expiry_secs),
            user_properties: self
                .user_properties
                .map_or_else(|| sent.user_properties.clone(), |pairs| pairs.0),
            pairing: self.pairing.into(),
        })
    }
}
