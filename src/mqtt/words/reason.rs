//! The reason codes of MQTT 5 §2.4 in words.

use crate::model::exchange::Reason;

/// The packet that carried the code; some codes mean different things in different packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    Connack,
    Puback,
    Suback,
    Disconnect,
}

/// The code in words, with what the broker said itself when it said something.
pub fn reason(packet: Packet, code: u8, reason_string: Option<&str>) -> Reason {
    let text = reason_text(packet, code);
    match reason_string.filter(|said| !said.is_empty()) {
        Some(said) => Reason::new(code, format!("{text}: {said}")),
        None => Reason::new(code, text),
    }
}

pub fn reason_text(packet: Packet, code: u8) -> &'static str {
    match (packet, code) {
        (Packet::Suback, 0x00) => "granted QoS 0",
        (Packet::Suback, 0x01) => "granted QoS 1",
        (Packet::Suback, 0x02) => "granted QoS 2",
        (Packet::Disconnect, 0x00) => "normal disconnection",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_code_of_the_specification_has_words() {
        let codes = (0x80..=0xA2_u8).chain([0x00, 0x04, 0x10, 0x11, 0x18, 0x19]);
        for code in codes {
            assert!(
                !reason_text(Packet::Disconnect, code).contains("does not define"),
                "0x{code:02X}"
            );
        }
        assert!(reason_text(Packet::Puback, 0x7F).contains("does not define"));
    }

    #[test]
    fn what_the_broker_said_itself_follows_the_words() {
        assert_eq!(
            reason(Packet::Connack, 0x87, Some("not before noon")).to_string(),
            "not authorized: not before noon (0x87)"
        );
        assert_eq!(
            reason(Packet::Suback, 1, Some("")).to_string(),
            "granted QoS 1 (0x01)"
        );
    }
}
