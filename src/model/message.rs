//! One application message as it is sent or received (MQTT 5 §3.3).

use crate::model::correlation::CorrelationData;
use crate::model::topic::TopicName;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Quality of service (MQTT 5 §4.3). In files and on the command line: 0, 1, 2.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u8", into = "u8")]
pub enum Qos {
    AtMostOnce,
    #[default]
    AtLeastOnce,
    ExactlyOnce,
}

impl Qos {
    pub const ALL: [Self; 3] = [Self::AtMostOnce, Self::AtLeastOnce, Self::ExactlyOnce];

    pub fn meaning(self) -> &'static str {
        match self {
            Self::AtMostOnce => "at most once, not acknowledged",
            Self::AtLeastOnce => "at least once, acknowledged",
            Self::ExactlyOnce => "exactly once, acknowledged twice",
        }
    }
}

impl From<Qos> for u8 {
    fn from(qos: Qos) -> Self {
        match qos {
            Qos::AtMostOnce => 0,
            Qos::AtLeastOnce => 1,
            Qos::ExactlyOnce => 2,
        }
    }
}

impl TryFrom<u8> for Qos {
    type Error = String;

    fn try_from(level: u8) -> Result<Self, String> {
        match level {
            0 => Ok(Self::AtMostOnce),
            1 => Ok(Self::AtLeastOnce),
            2 => Ok(Self::ExactlyOnce),
            other => Err(format!("QoS {other} does not exist; it is 0, 1 or 2")),
        }
    }
}

impl fmt::Display for Qos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QoS {}", u8::from(*self))
    }
}

/// A name and a value. Names repeat and the order counts (MQTT 5 §3.3.2.3.7), so this is never a map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserProperty {
    pub name: String,
    pub value: String,
}

/// The PUBLISH properties of MQTT 5 §3.3.2.3. All absent on a 3.1.1 connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// Payload Format Indicator: `Some(true)` says UTF-8, `Some(false)` says unspecified bytes.
    pub payload_is_utf8: Option<bool>,
    pub message_expiry_secs: Option<u32>,
    pub topic_alias: Option<u16>,
    pub response_topic: Option<TopicName>,
    pub correlation_data: Option<CorrelationData>,
    pub user_properties: Vec<UserProperty>,
    pub subscription_identifiers: Vec<u32>,
    pub content_type: Option<Arc<str>>,
}

impl Properties {
    /// How many properties are present, a user property counting each time.
    pub fn count(&self) -> usize {
        usize::from(self.payload_is_utf8.is_some())
            + usize::from(self.message_expiry_secs.is_some())
            + usize::from(self.topic_alias.is_some())
            + usize::from(self.response_topic.is_some())
            + usize::from(self.correlation_data.is_some())
            + usize::from(self.content_type.is_some())
            + self.subscription_identifiers.len()
            + self.user_properties.len()
    }
}

/// The user property in which the built-in broker names the publisher's client id. It is not the
/// publisher's own and is not shown as such.
pub const PUBLISHER_PROPERTY: &str = "x-mqtt-client-id";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub topic: TopicName,
    pub payload: Bytes,
    pub qos: Qos,
    pub retain: bool,
    /// The DUP flag: the sender says it may have sent this before.
    pub duplicate: bool,
    pub properties: Properties,
}

impl Message {
    /// A `QoS` 1 message without properties.
    pub fn new(topic: TopicName, payload: impl Into<Bytes>) -> Self {
        Self {
            topic,
            payload: payload.into(),
            qos: Qos::AtLeastOnce,
            retain: false,
            duplicate: false,
            properties: Properties::default(),
        }
    }

    /// Bytes that this message keeps alive, roughly: payload, topic and properties.
    pub fn weight(&self) -> usize {
        let properties = &self.properties;
        self.payload.len()
            + self.topic.as_str().len()
            + properties
                .response_topic
                .as_ref()
                .map_or(0, |topic| topic.as_str().len())
            + properties
                .correlation_data
                .as_ref()
                .map_or(0, |data| data.as_bytes().len())
            + properties
                .content_type
                .as_ref()
                .map_or(0, |text| text.len())
            + properties
                .user_properties
                .iter()
                .map(|property| property.name.len() + property.value.len())
                .sum::<usize>()
    }
}
