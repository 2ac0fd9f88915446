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

/// A message where it lies.
#[derive(Clone, Copy, Debug)]
pub struct PackedMessage<'a> {
    flags: u8,
    pub topic: &'a Arc<str>,
    pub payload: Payload<'a>,
    pub properties: PackedProperties<'a>,
}

/// What is seldom asked for is not read.
#[derive(Clone, Copy, Debug, Default)]
pub struct PackedProperties<'a> {
    present: u8,
    pub response_topic: Option<&'a Arc<str>>,
    pub correlation_data: Option<&'a [u8]>,
    pub content_type: Option<&'a Arc<str>>,
    /// User properties and subscription identifiers.
    lists: Option<Reader<'a>>,
    expiry_secs: Option<u32>,
    alias: Option<u16>,
}

impl<'a> PackedProperties<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let present = reader.byte()?;
        let mut properties = Self {
            present,
            ..Self::default()
        };
        let has = |bit| present & bit != 0;
        if has(RESPONSE_TOPIC) {
            properties.response_topic = Some(reader.name()?);
        }
        if has(CORRELATION) {
            properties.correlation_data = Some(reader.bytes()?);
        }
        if has(CONTENT_TYPE) {
            properties.content_type = Some(reader.name()?);
        }
        if has(LISTS) {
            properties.lists = Some(*reader);
            for _ in 0..reader.size()? {
                reader.name()?;
                reader.bytes()?;
            }
            for _ in 0..reader.size()? {
                reader.number()?;
            }
        }
        if has(EXPIRY) {
            properties.expiry_secs = Some(u32::try_from(reader.number()?).ok()?);
        }
        if has(ALIAS) {
            properties.alias = Some(u16::try_from(reader.number()?).ok()?);
        }
        Some(properties)
    }
}

/// The payloads of a row's messages. The properties of one are passed over when the next is asked for.
#[derive(Clone, Debug)]
pub struct Payloads<'a> {
    reader: Reader<'a>,
    large: &'a [Bytes],
    left: usize,
    stands_at_properties: bool,
}

impl<'a> Payloads<'a> {
    pub fn new(mut reader: Reader<'a>, large: &'a [Bytes]) -> Self {
        Self {
            left: reader.size().unwrap_or(0),
            reader,
            large,
            stands_at_properties: false,
        }
    }

    fn read(&mut self) -> Option<&'a [u8]> {
        if self.stands_at_properties {
            PackedProperties::read(&mut self.reader)?;
        }
        let flags = self.reader.byte()?;
        self.stands_at_properties = flags & HAS_PROPERTIES != 0;
        // The topic's number.
        self.reader.number()?;
        Some(Payload::read(&mut self.reader, self.large, flags)?.bytes())
    }
}

impl<'a> Iterator for Payloads<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.read()
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    Copied(&'a [u8]),
    Shared(&'a Bytes),
}

impl<'a> Payload<'a> {
    fn read(reader: &mut Reader<'a>, large: &'a [Bytes], flags: u8) -> Option<Self> {
        Some(if flags & SHARED == 0 {
            Self::Copied(reader.bytes()?)
        } else {
            Self::Shared(large.get(reader.size()?)?)
        })
    }

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
        Some(Self {
            flags,
            topic: reader.name()?,
            payload: Payload::read(reader, large, flags)?,
            properties: if flags & HAS_PROPERTIES == 0 {
                PackedProperties::default()
            } else {
                PackedProperties::read(reader)?
            },
        })
    }

    pub fn qos(self) -> Qos {
        Qos::try_from(self.flags & 0b11).unwrap_or_default()
    }

    pub fn retain(self) -> bool {
        self.flags & RETAIN != 0
    }

    /// Whether a user property passes, by name and value.
    pub fn any_user_property(self, mut passes: impl FnMut(&str, &str) -> bool) -> bool {
        let Some(mut lists) = self.properties.lists else {
            return false;
        };
        let count = lists.size().unwrap_or(0);
        (0..count).any(|_| match (lists.name(), lists.text()) {
            (Some(name), Some(value)) => passes(name, value),
            _ => false,
        })
    }

    pub fn unpack(self) -> Option<Message> {
        let properties = self.properties;
        let mut user_properties = Vec::new();
        let mut subscription_identifiers = Vec::new();
        if let Some(mut lists) = properties.lists {
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
                payload_is_utf8: if properties.present & UTF8 != 0 {
                    Some(true)
                } else {
                    (properties.present & NOT_UTF8 != 0).then_some(false)
                },
                message_expiry_secs: properties.expiry_secs,
                topic_alias: properties.alias,
                response_topic: properties.response_topic.map(topic),
                correlation_data: properties
                    .correlation_data
                    .map(|data| CorrelationData::new(Bytes::copy_from_slice(data))),
                user_properties,
                subscription_identifiers,
                content_type: properties.content_type.map(Arc::clone),
            },
        })
    }
}
