//! The reason codes of MQTT 5 §2.4 in words.

use crate::model::exchange::Reason;
pub use crate::model::packet::reason::{Carrier as Packet, reason_text};

/// The code in words, with what the broker said itself when it said something.
pub fn reason(packet: Packet, code: u8, reason_string: Option<&str>) -> Reason {
    let text = reason_text(packet, code);
    match reason_string.filter(|said| !said.is_empty()) {
        Some(said) => Reason::new(code, format!("{text}: {said}")),
        None => Reason::new(code, text),
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
