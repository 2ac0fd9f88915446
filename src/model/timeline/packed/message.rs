//! Messages as they lie in a segment.

use super::codec::{Reader, Writer};
use crate::model::correlation::CorrelationData;
use crate::model::message::{Message, Properties, Qos, UserProperty};
use crate::model::topic::TopicName;
use bytes::Bytes;
use std::sync::Arc;

/// Larger payloads are shared as they came; smaller ones are copied, so that none keeps a read
/// buffer alive.
pub const SHARED_FROM: usize = 2 * 1024;

const RETAIN: u8 = 0b0100;
const DUPLICATE: u8 = 0b1000;
const SHARED: u8 = 0b1_0000;
const HAS_PROPERTIES: u8 = 0b10_0000;

const UTF8: u8 = 0b1;
const NOT_UTF8: u8 = 0b10;
const EXPIRY: u8 = 0b100;
const ALIAS: u8 = 0b1000;
const RESPONSE_TOPIC: u8 = 0b1_0000;
const CORRELATION: u8 = 0b10_0000;
const CONTENT_TYPE: u8 = 0b100_0000;
const LISTS: u8 = 0b1000_0000;

pub fn write(writer: &mut Writer, large: &mut Vec<Bytes>, message: &Message) {
    let properties = &message.properties;
    let is_shared = message.payload.len() >= SHARED_FROM;
    let has_properties = *properties != Properties::default();
    let flag = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
    writer.byte(
        u8::from(message.qos)
            | flag(message.retain, RETAIN)
            | flag(message.duplicate, DUPLICATE)
            | flag(is_shared, SHARED)
            | flag(has_properties, HAS_PROPERTIES),
    );
    writer.name(message.topic.shared());
    if is_shared {
        writer.size(large.len());
        large.push(message.payload.clone());
    } else {
        writer.bytes(&message.payload);
    }
    if !has_properties {
        return;
    }
    let lists =
        !properties.user_properties.is_empty() || !properties.subscription_identifiers.is_empty();
    writer.byte(
        match properties.payload_is_utf8 {
            Some(true) => UTF8,
            Some(false) => NOT_UTF8,
            None => 0,
        } | flag(properties.message_expiry_secs.is_some(), EXPIRY)
            | flag(properties.topic_alias.is_some(), ALIAS)
            | flag(properties.response_topic.is_some(), RESPONSE_TOPIC)
            | flag(properties.correlation_data.is_some(), CORRELATION)
            | flag(properties.content_type.is_some(), CONTENT_TYPE)
            | flag(lists, LISTS),
    );
    if let Some(topic) = &properties.response_topic {
        writer.name(topic.shared());
    }
    if let Some(data) = &properties.correlation_data {
        writer.bytes(data.as_bytes());
    }
    if let Some(content_type) = &properties.content_type {
        writer.name(content_type);
    }
    if lists {
        writer.size(properties.user_properties.len());
        for property in &properties.user_properties {
            // Names repeat from message to message, values seldom do.
            writer.name_of(&property.name);
            writer.bytes(property.value.as_bytes());
        }
        writer.size(properties.subscription_identifiers.len());
        for identifier in &properties.subscription_identifiers {
            writer.number(u64::from(*identifier));
        }
    }
    if let Some(secs) = properties.message_expiry_secs {
        writer.number(u64::from(secs));
    }
    if let Some(alias) = properties.topic_alias {
        writer.number(u64::from(alias));
    }
}

/// A message where it lies; what is seldom asked for is not read.
#[derive(Clone, Copy, Debug)]
pub struct PackedMessage<'a> {
    flags: u8,
    pub topic: &'a Arc<str>,
    pub payload: Payload<'a>,
    present: u8,
    pub response_topic: Option<&'a Arc<str>>,
    pub correlation_data: Option<&'a [u8]>,
    pub content_type: Option<&'a Arc<str>>,
    /// User properties and subscription identifiers.
    lists: Option<Reader<'a>>,
    expiry_secs: Option<u32>,
    alias: Option<u16>,
}

#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    Copied(&'a [u8]),
    Shared(&'a Bytes),
}

impl<'a> Payload<'a> {
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Copied(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }

    fn to_bytes(self) -> Bytes {
        match self {
            Self::Copied(bytes) => Bytes::copy_from_slice(bytes),
            Self::Shared(bytes) => bytes.clone(),
        }
    }
}

impl<'a> PackedMessage<'a> {
    pub fn read(reader: &mut Reader<'a>, large: &'a [Bytes]) -> Option<Self> {
        let flags = reader.byte()?;
        let topic = reader.name()?;
        let payload = if flags & SHARED == 0 {
            Payload::Copied(reader.bytes()?)
        } else {
            Payload::Shared(large.get(reader.size()?)?)
        };
        let mut message = Self {
            flags,
            topic,
            payload,
            present: 0,
            response_topic: None,
            correlation_data: None,
            content_type: None,
            lists: None,
            expiry_secs: None,
            alias: None,
        };
        if flags & HAS_PROPERTIES == 0 {
            return Some(message);
        }
        message.present = reader.byte()?;
        let has = |bit| message.present & bit != 0;
        if has(RESPONSE_TOPIC) {
            message.response_topic = Some(reader.name()?);
        }
        if has(CORRELATION) {
            message.correlation_data = Some(reader.bytes()?);
        }
        if has(CONTENT_TYPE) {
            message.content_type = Some(reader.name()?);
        }
        if has(LISTS) {
            message.lists = Some(*reader);
            for _ in 0..reader.size()? {
                reader.name()?;
                reader.bytes()?;
            }
            for _ in 0..reader.size()? {
                reader.number()?;
            }
        }
        if has(EXPIRY) {
            message.expiry_secs = Some(u32::try_from(reader.number()?).ok()?);
        }
        if has(ALIAS) {
            message.alias = Some(u16::try_from(reader.number()?).ok()?);
        }
        Some(message)
    }

    pub fn qos(self) -> Qos {
        Qos::try_from(self.flags & 0b11).unwrap_or_default()
    }

    pub fn retain(self) -> bool {
        self.flags & RETAIN != 0
    }

    /// Whether a user property passes, by name and value.
    pub fn any_user_property(self, mut passes: impl FnMut(&str, &str) -> bool) -> bool {
        let Some(mut lists) = self.lists else {
            return false;
        };
        let count = lists.size().unwrap_or(0);
        (0..count).any(|_| match (lists.name(), lists.text()) {
            (Some(name), Some(value)) => passes(name, value),
            _ => false,
        })
    }

    pub fn unpack(self) -> Option<Message> {
        let mut user_properties = Vec::new();
        let mut subscription_identifiers = Vec::new();
        if let Some(mut lists) = self.lists {
            for _ in 0..lists.size()? {
                user_properties.push(UserProperty {
                    name: lists.name()?.to_string(),
                    value: lists.text()?.to_owned(),
                });
            }
            for _ in 0..lists.size()? {
                subscription_identifiers.push(u32::try_from(lists.number()?).ok()?);
            }
        }
        let topic = |name: &Arc<str>| TopicName::from_shared(Arc::clone(name));
        Some(Message {
            topic: topic(self.topic),
            payload: self.payload.to_bytes(),
            qos: self.qos(),
            retain: self.retain(),
            duplicate: self.flags & DUPLICATE != 0,
            properties: Properties {
                payload_is_utf8: if self.present & UTF8 != 0 {
                    Some(true)
                } else {
                    (self.present & NOT_UTF8 != 0).then_some(false)
                },
                message_expiry_secs: self.expiry_secs,
                topic_alias: self.alias,
                response_topic: self.response_topic.map(topic),
                correlation_data: self
                    .correlation_data
                    .map(|data| CorrelationData::new(Bytes::copy_from_slice(data))),
                user_properties,
                subscription_identifiers,
                content_type: self.content_type.map(Arc::clone),
            },
        })
    }
}
