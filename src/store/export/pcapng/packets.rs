//! Packets of MQTT 5, written from decoded messages (§3.1, §3.3, §3.4).

use crate::model::message::{Message, Qos};

const CONNECT: u8 = 0x10;
const PUBLISH: u8 = 0x30;
const PUBACK: u8 = 0x40;
const PUBREC: u8 = 0x50;

/// The largest Variable Byte Integer (§1.5.5).
const MAX_VARIABLE: usize = 268_435_455;

mod property {
    pub const PAYLOAD_FORMAT_INDICATOR: u8 = 0x01;
    pub const MESSAGE_EXPIRY_INTERVAL: u8 = 0x02;
    pub const CONTENT_TYPE: u8 = 0x03;
    pub const RESPONSE_TOPIC: u8 = 0x08;
    pub const CORRELATION_DATA: u8 = 0x09;
    pub const SUBSCRIPTION_IDENTIFIER: u8 = 0x0B;
    pub const TOPIC_ALIAS: u8 = 0x23;
    pub const USER_PROPERTY: u8 = 0x26;
}

/// A CONNECT that says no more than the version: Clean Start, no client id.
pub(super) fn connect() -> Vec<u8> {
    let mut packet = vec![CONNECT, 13, 0, 4];
    packet.extend(b"MQTT");
    packet.extend([5, 0x02, 0, 0, 0, 0, 0]);
    packet
}

/// None where a message that came from a file cannot be a packet: something in it is too long.
pub(super) fn publish(message: &Message, packet_id: u16) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(message.weight() + 64);
    put_string(&mut body, message.topic.as_str().as_bytes())?;
    if message.qos != Qos::AtMostOnce {
        body.extend(packet_id.to_be_bytes());
    }
    let properties = properties(message)?;
    put_variable(&mut body, properties.len())?;
    body.extend(properties);
    body.extend(&message.payload);
    let first = PUBLISH
        | (u8::from(message.duplicate) << 3)
        | (u8::from(message.qos) << 1)
        | u8::from(message.retain);
    let mut packet = vec![first];
    put_variable(&mut packet, body.len())?;
    packet.extend(body);
    Some(packet)
}

/// PUBACK or PUBREC.
pub(super) fn acknowledgement(qos: Qos, packet_id: u16, code: u8) -> Vec<u8> {
    let kind = if qos == Qos::ExactlyOnce {
        PUBREC
    } else {
        PUBACK
    };
    let [high, low] = packet_id.to_be_bytes();
    if code == 0 {
        return vec![kind, 2, high, low];
    }
    vec![kind, 3, high, low, code]
}

fn properties(message: &Message) -> Option<Vec<u8>> {
    let properties = &message.properties;
    let mut bytes = Vec::new();
    if let Some(is_utf8) = properties.payload_is_utf8 {
        bytes.extend([property::PAYLOAD_FORMAT_INDICATOR, u8::from(is_utf8)]);
    }
    if let Some(secs) = properties.message_expiry_secs {
        bytes.push(property::MESSAGE_EXPIRY_INTERVAL);
        bytes.extend(secs.to_be_bytes());
    }
    if let Some(alias) = properties.topic_alias {
        bytes.push(property::TOPIC_ALIAS);
        bytes.extend(alias.to_be_bytes());
    }
    if let Some(topic) = &properties.response_topic {
        bytes.push(property::RESPONSE_TOPIC);
        put_string(&mut bytes, topic.as_str().as_bytes())?;
    }
    if let Some(data) = &properties.correlation_data {
        bytes.push(property::CORRELATION_DATA);
        put_string(&mut bytes, data.as_bytes())?;
    }
    for one in &properties.user_properties {
        bytes.push(property::USER_PROPERTY);
        put_string(&mut bytes, one.name.as_bytes())?;
        put_string(&mut bytes, one.value.as_bytes())?;
    }
    for id in &properties.subscription_identifiers {
        bytes.push(property::SUBSCRIPTION_IDENTIFIER);
        put_variable(&mut bytes, usize::try_from(*id).ok()?)?;
    }
    if let Some(kind) = &properties.content_type {
        bytes.push(property::CONTENT_TYPE);
        put_string(&mut bytes, kind.as_bytes())?;
    }
    Some(bytes)
}

/// Two bytes of length, then the bytes (§1.5.4, §1.5.6).
fn put_string(bytes: &mut Vec<u8>, value: &[u8]) -> Option<()> {
    bytes.extend(u16::try_from(value.len()).ok()?.to_be_bytes());
    bytes.extend(value);
    Some(())
}

fn put_variable(bytes: &mut Vec<u8>, value: usize) -> Option<()> {
    if value > MAX_VARIABLE {
        return None;
    }
    let mut rest = value;
    loop {
        let digit = u8::try_from(rest % 128).ok()?;
        rest /= 128;
        if rest == 0 {
            bytes.push(digit);
            return Some(());
        }
        bytes.push(digit | 0x80);
    }
}
