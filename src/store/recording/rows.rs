//! What of a row has a column, and the rest of it as JSON: together exactly the row.

use crate::model::correlation::CorrelationData;
use crate::model::message::{Message, Properties, Qos, UserProperty};
use crate::model::record::{DifferenceRecord, NearMissRecord, PresenceRecord, RequestRecord};
use crate::model::topic::TopicName;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The properties of a message that have no column.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageDetail {
    #[serde(skip_serializing_if = "is_default")]
    pub duplicate: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub payload_is_utf8: Option<bool>,
    #[serde(skip_serializing_if = "is_default")]
    pub message_expiry_secs: Option<u32>,
    #[serde(skip_serializing_if = "is_default")]
    pub topic_alias: Option<u16>,
    #[serde(skip_serializing_if = "is_default")]
    pub user_properties: Vec<(String, String)>,
    #[serde(skip_serializing_if = "is_default")]
    pub subscription_identifiers: Vec<u32>,
}

impl MessageDetail {
    pub fn of(message: &Message) -> Option<Self> {
        let properties = &message.properties;
        let user = properties.user_properties.iter();
        let detail = Self {
            duplicate: message.duplicate,
            payload_is_utf8: properties.payload_is_utf8,
            message_expiry_secs: properties.message_expiry_secs,
            topic_alias: properties.topic_alias,
            user_properties: user
                .map(|one| (one.name.clone(), one.value.clone()))
                .collect(),
            subscription_identifiers: properties.subscription_identifiers.clone(),
        };
        (!is_default(&detail)).then_some(detail)
    }
}

/// What a row has besides its columns; none of it in an ordinary one. The keys are those of a record.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    #[serde(skip_serializing_if = "is_default")]
    pub message: Option<MessageDetail>,
    #[serde(skip_serializing_if = "is_default")]
    pub refused: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub reason: Option<Arc<str>>,
    #[serde(skip_serializing_if = "is_default")]
    pub reason_code: Option<u8>,
    #[serde(skip_serializing_if = "is_default")]
    pub error_code: Option<Arc<str>>,
    #[serde(skip_serializing_if = "is_default")]
    pub error_message: Option<Arc<str>>,
    /// A request that is too large to be looked up.
    #[serde(skip_serializing_if = "is_default")]
    pub request: Option<RequestRecord>,
    #[serde(skip_serializing_if = "is_default")]
    pub replies_not_kept: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub near_misses: Vec<NearMissRecord>,
    #[serde(skip_serializing_if = "is_default")]
    pub presence: Option<PresenceRecord>,
    #[serde(skip_serializing_if = "is_default")]
    pub failure: Option<Arc<str>>,
    #[serde(skip_serializing_if = "is_default")]
    pub near_exchange_id: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub difference: Option<DifferenceRecord>,
    #[serde(skip_serializing_if = "is_default")]
    pub echo: bool,
}

pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// As JSON; nothing where there is nothing to say.
pub fn to_json<T: Default + PartialEq + Serialize>(detail: &T) -> Result<Option<String>, String> {
    if is_default(detail) {
        return Ok(None);
    }
    serde_json::to_string(detail)
        .map(Some)
        .map_err(|err| err.to_string())
}

pub fn of_json<T: Default + for<'a> Deserialize<'a>>(text: Option<&str>) -> Result<T, String> {
    match text {
        None => Ok(T::default()),
        Some(text) => serde_json::from_str(text).map_err(|err| format!("its detail: {err}")),
    }
}

/// The columns of a message, read back.
pub struct MessageColumns {
    pub topic: TopicName,
    pub qos: u8,
    pub retain: bool,
    pub payload: Vec<u8>,
    pub correlation_data: Option<Vec<u8>>,
    pub response_topic: Option<String>,
    pub content_type: Option<Arc<str>>,
}

impl MessageColumns {
    pub fn into_message(self, detail: MessageDetail) -> Result<Message, String> {
        let user = detail.user_properties.into_iter();
        Ok(Message {
            topic: self.topic,
            payload: Bytes::from(self.payload),
            qos: Qos::try_from(self.qos)?,
            retain: self.retain,
            duplicate: detail.duplicate,
            properties: Properties {
                payload_is_utf8: detail.payload_is_utf8,
                message_expiry_secs: detail.message_expiry_secs,
                topic_alias: detail.topic_alias,
                response_topic: self.response_topic.as_deref().map(TopicName::received),
                correlation_data: self.correlation_data.map(CorrelationData::new),
                user_properties: user
                    .map(|(name, value)| UserProperty { name, value })
                    .collect(),
                subscription_identifiers: detail.subscription_identifiers,
                content_type: self.content_type,
            },
        })
    }
}
