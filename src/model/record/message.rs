//! A message with all its properties.

use super::bytes::{join, split};
use super::{Base64, RecordError, Text, is_false};
use crate::model::correlation::CorrelationData;
use crate::model::message::{Message, Properties, Qos, UserProperty};
use crate::model::topic::TopicName;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The keys are MQTT 5's words. An absent property was absent; an empty one was empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRecord {
    #[serde(with = "topic")]
    pub topic: TopicName,
    /// The payload where it is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Text>,
    /// The payload where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_base64: Option<Base64>,
    #[serde(default)]
    pub qos: Qos,
    #[serde(default, skip_serializing_if = "is_false")]
    pub retain: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub duplicate: bool,
    /// The Payload Format Indicator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_is_utf8: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_expiry_secs: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_alias: Option<u16>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "topic_option"
    )]
    pub response_topic: Option<TopicName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_data: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_data_base64: Option<Base64>,
    /// Pairs of name and value: names repeat and the order counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "pairs")]
    pub user_properties: Vec<UserProperty>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscription_identifiers: Vec<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<Arc<str>>,
}

impl From<&Message> for MessageRecord {
    fn from(message: &Message) -> Self {
        let properties = &message.properties;
        let (payload, payload_base64) = split(&message.payload);
        let (correlation_data, correlation_data_base64) = properties
            .correlation_data
            .as_ref()
            .map_or((None, None), |data| split(&data.to_bytes()));
        Self {
            topic: message.topic.clone(),
            payload,
            payload_base64,
            qos: message.qos,
            retain: message.retain,
            duplicate: message.duplicate,
            payload_is_utf8: properties.payload_is_utf8,
            message_expiry_secs: properties.message_expiry_secs,
            topic_alias: properties.topic_alias,
            response_topic: properties.response_topic.clone(),
            correlation_data,
            correlation_data_base64,
            user_properties: properties.user_properties.clone(),
            subscription_identifiers: properties.subscription_identifiers.clone(),
            content_type: properties.content_type.clone(),
        }
    }
}

impl MessageRecord {
    /// The message; `place` is where the record stands, for errors.
    pub fn into_message(self, place: &str) -> Result<Message, RecordError> {
        let at = |key: &str| format!("{place}.{key}");
        let payload = join(self.payload, self.payload_base64, &at("payload"))?;
        let correlation_data = join(
            self.correlation_data,
            self.correlation_data_base64,
            &at("correlation_data"),
        )?;
        Ok(Message {
            topic: self.topic,
            payload: payload.unwrap_or_default(),
            qos: self.qos,
            retain: self.retain,
            duplicate: self.duplicate,
            properties: Properties {
                payload_is_utf8: self.payload_is_utf8,
                message_expiry_secs: self.message_expiry_secs,
                topic_alias: self.topic_alias,
                response_topic: self.response_topic,
                correlation_data: correlation_data.map(CorrelationData::new),
                user_properties: self.user_properties,
                subscription_identifiers: self.subscription_identifiers,
                content_type: self.content_type,
            },
        })
    }
}

/// A topic as its text, as it came: a recording shows what was there, even if no client could have sent it.
pub(super) mod topic {
    use crate::model::topic::TopicName;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::borrow::Cow;

    pub fn serialize<S: Serializer>(topic: &TopicName, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(topic.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TopicName, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(TopicName::received(&text))
    }
}

/// The same where it may be absent.
pub(super) mod topic_option {
    use crate::model::topic::TopicName;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use std::borrow::Cow;

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub fn serialize<S: Serializer>(
        topic: &Option<TopicName>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        topic.as_ref().map(TopicName::as_str).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<TopicName>, D::Error> {
        let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
        Ok(text.map(|text| TopicName::received(&text)))
    }
}

/// User properties as `[name, value]`.
pub(super) mod pairs {
    use crate::model::message::UserProperty;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(
        list: &[UserProperty],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|one| (&one.name, &one.value)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<UserProperty>, D::Error> {
        let list = Vec::<(String, String)>::deserialize(deserializer)?;
        let list = list.into_iter();
        Ok(list
            .map(|(name, value)| UserProperty { name, value })
            .collect())
    }
}
