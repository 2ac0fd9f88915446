//! The codes of MQTT 5 §2.4 and MQTT 3.1.1 §3.2.2.3 in words.

/// The packet that carried the code; some codes mean different things in different packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    Connack,
    Puback,
    Suback,
    Disconnect,
}

pub fn reason_text(packet: Carrier, code: u8) -> &'static str {
    match (packet, code) {
        (Carrier::Suback, 0x00) => "granted QoS 0",
        (Carrier::Suback, 0x01) => "granted QoS 1",
        (Carrier::Suback, 0x02) => "granted QoS 2",
        (Carrier::Disconnect, 0x00) => "normal disconnection",
        (_, 0x00) => "success",
        (_, 0x04) => "disconnect with will message",
        (_, 0x10) => "no matching subscribers",
        (_, 0x11) => "no subscription existed",
        (_, 0x18) => "continue authentication",
        (_, 0x19) => "re-authenticate",
        (_, 0x80) => "unspecified error",
        (_, 0x81) => "malformed packet",
        (_, 0x82) => "protocol error",
        (_, 0x83) => "implementation specific error",
        (_, 0x84) => "unsupported protocol version",
        (_, 0x85) => "client id not valid",
        (_, 0x86) => "bad user name or password",
        (_, 0x87) => "not authorized",
        (_, 0x88) => "server unavailable",
        (_, 0x89) => "server busy",
        (_, 0x8A) => "banned",
        (_, 0x8B) => "server shutting down",
        (_, 0x8C) => "bad authentication method",
        (_, 0x8D) => "keep alive timeout",
        (_, 0x8E) => "session taken over by another client with the same client id",
        (_, 0x8F) => "topic filter invalid",
        (_, 0x90) => "topic name invalid",
        (_, 0x91) => "packet identifier in use",
        (_, 0x92) => "packet identifier not found",
        (_, 0x93) => "receive maximum exceeded",
        (_, 0x94) => "topic alias invalid",
        (_, 0x95) => "packet too large",
        (_, 0x96) => "message rate too high",
        (_, 0x97) => "quota exceeded",
        (_, 0x98) => "administrative action",
        (_, 0x99) => "payload format invalid",
        (_, 0x9A) => "retain not supported",
        (_, 0x9B) => "QoS not supported",
        (_, 0x9C) => "use another server",
        (_, 0x9D) => "server moved",
        (_, 0x9E) => "shared subscriptions not supported",
        (_, 0x9F) => "connection rate exceeded",
        (_, 0xA0) => "maximum connect time",
        (_, 0xA1) => "subscription identifiers not supported",
        (_, 0xA2) => "wildcard subscriptions not supported",
        _ => "a reason code that MQTT 5 does not define",
    }
}

/// The return code of a CONNACK of MQTT 3.1.1.
pub fn return_code_text(code: u8) -> &'static str {
    match code {
        0 => "connection accepted",
        1 => "unacceptable protocol version",
        2 => "client id not valid",
        3 => "server unavailable",
        4 => "bad user name or password",
        5 => "not authorized",
        _ => "a return code that MQTT 3.1.1 does not define",
    }
}
