//! The properties of MQTT 5 (§2.2.2.2): identifier, name, type and where each belongs.

/// How the value of a property is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A byte that is 0 or 1.
    Flag,
    Byte,
    Two,
    Four,
    /// A Variable Byte Integer.
    Variable,
    Text,
    Bytes,
    /// Binary data that may be a proof of who somebody is.
    Secret,
    Pair,
}

#[derive(Clone, Copy, Debug)]
pub struct Property {
    pub id: u8,
    pub name: &'static str,
    pub form: Form,
    /// `s` for seconds; mostly nothing.
    pub unit: &'static str,
    /// Bit `1 << type` for each packet type that it belongs to; [`WILL`] for the properties of a will.
    places: u32,
}

impl Property {
    pub fn belongs_in(&self, place: u32) -> bool {
        self.places & place != 0
    }

    /// It may be there more than once (§2.2.2.2, §3.3.2.3.8).
    pub fn may_repeat(&self, place: u32) -> bool {
        self.id == USER_PROPERTY || (self.id == SUBSCRIPTION_IDENTIFIER && place == PUBLISH)
    }
}

const SUBSCRIPTION_IDENTIFIER: u8 = 0x0B;
const USER_PROPERTY: u8 = 0x26;

/// The Will Properties of a CONNECT: no packet type has this number.
pub const WILL: u32 = 1;
const CONNECT: u32 = 1 << 1;
const CONNACK: u32 = 1 << 2;
const PUBLISH: u32 = 1 << 3;
const ACKS: u32 = 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7;
const SUBSCRIBE: u32 = 1 << 8;
const SUBACK: u32 = 1 << 9;
const UNSUBACK: u32 = 1 << 11;
const DISCONNECT: u32 = 1 << 14;
const AUTH: u32 = 1 << 15;
const MESSAGE: u32 = PUBLISH | WILL;
const ALL: u32 = u32::MAX;

const fn property(
    id: u8,
    name: &'static str,
    form: Form,
    unit: &'static str,
    places: u32,
) -> Property {
    Property {
        id,
        name,
        form,
        unit,
        places,
    }
}

/// By identifier.
const PROPERTIES: [Property; 27] = [
    property(0x01, "Payload Format Indicator", Form::Flag, "", MESSAGE),
    property(0x02, "Message Expiry Interval", Form::Four, "s", MESSAGE),
    property(0x03, "Content Type", Form::Text, "", MESSAGE),
    property(0x08, "Response Topic", Form::Text, "", MESSAGE),
    property(0x09, "Correlation Data", Form::Bytes, "", MESSAGE),
    property(
        SUBSCRIPTION_IDENTIFIER,
        "Subscription Identifier",
        Form::Variable,
        "",
        PUBLISH | SUBSCRIBE,
    ),
    property(
        0x11,
        "Session Expiry Interval",
        Form::Four,
        "s",
        CONNECT | CONNACK | DISCONNECT,
    ),
    property(0x12, "Assigned Client Identifier", Form::Text, "", CONNACK),
    property(0x13, "Server Keep Alive", Form::Two, "s", CONNACK),
    property(
        0x15,
        "Authentication Method",
        Form::Text,
        "",
        CONNECT | CONNACK | AUTH,
    ),
    property(
        0x16,
        "Authentication Data",
        Form::Secret,
        "",
        CONNECT | CONNACK | AUTH,
    ),
    property(0x17, "Request Problem Information", Form::Flag, "", CONNECT),
    property(0x18, "Will Delay Interval", Form::Four, "s", WILL),
    property(
        0x19,
        "Request Response Information",
        Form::Flag,
        "",
        CONNECT,
    ),
    property(0x1A, "Response Information", Form::Text, "", CONNACK),
    property(
        0x1C,
        "Server Reference",
        Form::Text,
        "",
        CONNACK | DISCONNECT,
    ),
    property(
        0x1F,
        "Reason String",
        Form::Text,
        "",
        CONNACK | ACKS | SUBACK | UNSUBACK | DISCONNECT | AUTH,
    ),
    property(0x21, "Receive Maximum", Form::Two, "", CONNECT | CONNACK),
    property(
        0x22,
        "Topic Alias Maximum",
        Form::Two,
        "",
        CONNECT | CONNACK,
    ),
    property(0x23, "Topic Alias", Form::Two, "", PUBLISH),
    property(0x24, "Maximum QoS", Form::Byte, "", CONNACK),
    property(0x25, "Retain Available", Form::Flag, "", CONNACK),
    property(USER_PROPERTY, "User Property", Form::Pair, "", ALL),
    property(
        0x27,
        "Maximum Packet Size",
        Form::Four,
        "bytes",
        CONNECT | CONNACK,
    ),
    property(
        0x28,
        "Wildcard Subscription Available",
        Form::Flag,
        "",
        CONNACK,
    ),
    property(
        0x29,
        "Subscription Identifiers Available",
        Form::Flag,
        "",
        CONNACK,
    ),
    property(
        0x2A,
        "Shared Subscription Available",
        Form::Flag,
        "",
        CONNACK,
    ),
];

pub fn of_id(id: u8) -> Option<&'static Property> {
    let at = PROPERTIES.binary_search_by_key(&id, |one| one.id).ok()?;
    PROPERTIES.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_found_by_its_identifier() {
        for one in &PROPERTIES {
            assert_eq!(of_id(one.id).map(|found| found.name), Some(one.name));
        }
        assert!(of_id(0x04).is_none() && of_id(0xFF).is_none());
        // A SUBSCRIBE has one Subscription Identifier, a PUBLISH may have several (§3.8.2.1.2, §3.3.2.3.8).
        let id = of_id(SUBSCRIPTION_IDENTIFIER).unwrap();
        assert!(id.may_repeat(PUBLISH) && !id.may_repeat(SUBSCRIBE));
        assert!(of_id(0x18).unwrap().belongs_in(WILL));
        assert!(!of_id(0x18).unwrap().belongs_in(CONNECT));
    }
}
