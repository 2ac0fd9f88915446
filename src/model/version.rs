//! The two versions of MQTT that a connection can speak, and what the older one cannot say.

use crate::model::message::{Message, Properties};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// In files: `5`, `3.1.1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MqttVersion {
    #[default]
    #[serde(rename = "5")]
    V5,
    #[serde(rename = "3.1.1")]
    V311,
}

/// Which version a connection is to speak, as chosen. In files: `5`, `3.1.1`, `auto`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum VersionChoice {
    #[default]
    #[serde(rename = "5")]
    V5,
    #[serde(rename = "3.1.1")]
    V311,
    /// 5, and 3.1.1 where the broker does not speak it.
    #[serde(rename = "auto")]
    Auto,
}

impl VersionChoice {
    pub const ALL: [Self; 3] = [Self::V5, Self::V311, Self::Auto];

    /// The one that is tried first, and the only one but for [`Self::Auto`].
    pub fn first(self) -> MqttVersion {
        match self {
            Self::V5 | Self::Auto => MqttVersion::V5,
            Self::V311 => MqttVersion::V311,
        }
    }

    /// As in files and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::V5 => "5",
            Self::V311 => "3.1.1",
            Self::Auto => "auto",
        }
    }

    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl From<MqttVersion> for VersionChoice {
    fn from(version: MqttVersion) -> Self {
        match version {
            MqttVersion::V5 => Self::V5,
            MqttVersion::V311 => Self::V311,
        }
    }
}

impl fmt::Display for VersionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("MQTT 5, else 3.1.1"),
            one => one.first().fmt(f),
        }
    }
}

/// What MQTT 5 has and MQTT 3.1.1 has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    ResponseTopic,
    CorrelationData,
    UserProperties,
    ContentType,
    MessageExpiry,
    PayloadFormat,
    TopicAlias,
    WillDelay,
    WillProperties,
    SessionExpiry,
    /// Request Response Information and Request Problem Information.
    RequestInformation,
    NoLocal,
    ReasonCodes,
}

impl Feature {
    pub const ALL: [Self; 13] = [
        Self::ResponseTopic,
        Self::CorrelationData,
        Self::UserProperties,
        Self::ContentType,
        Self::MessageExpiry,
        Self::PayloadFormat,
        Self::TopicAlias,
        Self::WillDelay,
        Self::WillProperties,
        Self::SessionExpiry,
        Self::RequestInformation,
        Self::NoLocal,
        Self::ReasonCodes,
    ];
}

impl MqttVersion {
    pub const ALL: [Self; 2] = [Self::V5, Self::V311];

    /// As in files and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::V5 => "5",
            Self::V311 => "3.1.1",
        }
    }

    /// Why this version cannot have the feature, in one sentence; `None` where it has it.
    pub fn lacks(self, feature: Feature) -> Option<&'static str> {
        match self {
            Self::V5 => None,
            Self::V311 => Some(missing(feature)),
        }
    }

    /// The message as it goes out: without what this version cannot carry.
    pub fn as_sent(self, message: Arc<Message>) -> Arc<Message> {
        if self == Self::V5 || message.properties == Properties::default() {
            return message;
        }
        let mut bare = Arc::unwrap_or_clone(message);
        bare.properties = Properties::default();
        Arc::new(bare)
    }

    /// What a request is recognised by. Its Response Topic counts also where it cannot be sent: replies are
    /// awaited there, and a responder may know it by convention. Correlation Data that was not sent
    /// cannot come back.
    pub fn as_asked(self, message: &Message) -> Message {
        let mut asked = message.clone();
        if self == Self::V311 {
            asked.properties = Properties {
                response_topic: asked.properties.response_topic,
                ..Properties::default()
            };
        }
        asked
    }
}

fn missing(feature: Feature) -> &'static str {
    match feature {
        Feature::ResponseTopic => {
            "MQTT 3.1.1 messages carry no Response Topic: replies are awaited on it, but the responder has to know it some other way"
        }
        Feature::CorrelationData => {
            "MQTT 3.1.1 messages carry no Correlation Data: a pairing rule can put an id into the topic or the payload"
        }
        Feature::UserProperties => "MQTT 3.1.1 messages carry no user properties",
        Feature::ContentType => "MQTT 3.1.1 messages carry no content type",
        Feature::MessageExpiry => "MQTT 3.1.1 messages do not expire",
        Feature::PayloadFormat => "MQTT 3.1.1 messages do not say what format their payload has",
        Feature::TopicAlias => "MQTT 3.1.1 has no topic aliases",
        Feature::WillDelay => "In MQTT 3.1.1 a will is published at once",
        Feature::WillProperties => {
            "In MQTT 3.1.1 a will is a topic and a payload, without properties"
        }
        Feature::SessionExpiry => {
            "In MQTT 3.1.1 a session has no expiry: with clean start it ends with the connection, without it the broker keeps it"
        }
        Feature::RequestInformation => "A MQTT 3.1.1 broker has no information to be asked for",
        Feature::NoLocal => {
            "MQTT 3.1.1 has no No Local: the broker sends a client its own messages, too"
        }
        Feature::ReasonCodes => {
            "MQTT 3.1.1 acknowledges without a reason: who listens, or why something was refused, is not said"
        }
    }
}

impl fmt::Display for MqttVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MQTT {}", self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::correlation::CorrelationData;
    use crate::model::topic::TopicName;

    #[test]
    fn every_feature_is_there_in_mqtt_5_and_is_missed_in_words_in_3_1_1() {
        for feature in Feature::ALL {
            assert_eq!(MqttVersion::V5.lacks(feature), None);
            let why = MqttVersion::V311.lacks(feature).unwrap();
            assert!(why.contains("MQTT 3.1.1") && !why.ends_with('.'), "{why}");
        }
    }

    #[test]
    fn what_the_version_cannot_carry_is_taken_off_and_nothing_else() {
        let mut message = Message::new(TopicName::new("t").unwrap(), "x");
        message.retain = true;
        let bare = Arc::new(message.clone());
        let topic = TopicName::new("r").unwrap();
        message.properties.response_topic = Some(topic.clone());
        message.properties.correlation_data = Some(CorrelationData::new(vec![1]));
        let full = Arc::new(message);
        let same = MqttVersion::V5.as_sent(Arc::clone(&full));
        assert!(Arc::ptr_eq(&same, &full));
        assert_eq!(MqttVersion::V311.as_sent(Arc::clone(&full)), bare);
        let same = MqttVersion::V311.as_sent(Arc::clone(&bare));
        assert!(Arc::ptr_eq(&same, &bare), "nothing to take off");
        let asked = MqttVersion::V311.as_asked(&full);
        assert_eq!(asked.properties.response_topic, Some(topic));
        assert_eq!(asked.properties.count(), 1);
        assert_eq!(MqttVersion::V5.as_asked(&full), *full);
    }
}
