//! Takes secrets out of a packet before it is kept: the password of a CONNECT and the authentication data of
//! CONNECT, CONNACK and AUTH.
//!
//! Eight stars stand where a secret was, and the lengths around them are those of the stars: the packet can be
//! decoded and exported as any other, and does not tell how long the secret is.

use super::decode::{Field, Value};
use super::{Kind, decode};
use crate::model::version::MqttVersion;
use std::ops::Range;

const STARS: &[u8] = b"\x00\x08********";

/// What may be kept of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub bytes: Vec<u8>,
    /// As [`Self::bytes`] and what was left out after them.
    pub size: usize,
    pub is_masked: bool,
}

/// What may be kept of a packet with all its bytes. Where it cannot be read to its end, what follows is left out:
/// nobody knows what it is.
/// Text that `is_hidden` says is a secret, too, goes as well.
pub fn mask(packet: &[u8], version: MqttVersion, is_hidden: &dyn Fn(&str) -> bool) -> Kept {
    let decoded = decode(packet, packet.len(), version);
    let first = packet.first().copied().unwrap_or(0);
    let end = decoded.fields.iter().map(|field| field.at.end).max();
    let is_read = end.unwrap_or(0) >= packet.len() && !has_unknown(&decoded.fields);
    let kind = Kind::of(first);
    if !is_read && kind.may_hold_secrets() {
        return withheld(packet, kind, &decoded.fields);
    }
    let mut edits: Vec<Edit> = Vec::new();
    for field in &decoded.fields {
        let new = match &field.value {
            Value::Masked => STARS.to_vec(),
            Value::Text(text) if is_hidden(text) => STARS.to_vec(),
            Value::Payload { kept, .. } if is_hidden(&String::from_utf8_lossy(kept)) => {
                STARS.to_vec()
            }
            Value::Pair(name, value) if is_hidden(name) || is_hidden(value) => STARS.repeat(2),
            _ => continue,
        };
        edits.push((field.at.clone(), new));
    }
    if edits.is_empty() {
        return Kept {
            bytes: packet.to_vec(),
            size: packet.len(),
            is_masked: false,
        };
    }
    correct_lengths(&decoded.fields, &mut edits);
    edits.sort_by_key(|(at, _)| at.start);
    let bytes = edited(packet, &edits);
    Kept {
        size: bytes.len(),
        bytes,
        is_masked: true,
    }
}

type Edit = (Range<usize>, Vec<u8>);

fn has_unknown(fields: &[Field]) -> bool {
    fields.iter().any(|field| field.name == "Unknown property")
}

/// No CONNECT has a secret before this byte: the fixed header, the protocol's name and version, flags and Keep Alive are as
/// long. What begins like one may be no MQTT at all, such as an alert of TLS.
const BEFORE_SECRETS: usize = 12;

/// Nobody knows where the secrets are. Of what a broker says, as much as could be read; of the rest, what cannot be one.
fn withheld(packet: &[u8], kind: Kind, fields: &[Field]) -> Kept {
    let least = if kind == Kind::Connect {
        BEFORE_SECRETS.min(packet.len())
    } else {
        0
    };
    let fields = fields.iter().take_while(|field| {
        let is_header = matches!(field.name, "Packet Type" | "Remaining Length");
        let is_known = field.value != Value::Masked && field.name != "Unknown property";
        is_header || (kind == Kind::Connack && is_known)
    });
    let end = fields
        .map(|field| field.at.end)
        .max()
        .unwrap_or(0)
        .max(least);
    if end >= packet.len() {
        return Kept {
            bytes: packet.to_vec(),
            size: packet.len(),
            is_masked: false,
        };
    }
    let bytes = packet.get(..end).unwrap_or_default().to_vec();
    Kept {
        // One more than is there says that something is missing, and not how much.
        size: bytes.len() + 1,
        bytes,
        is_masked: true,
    }
}

/// The lengths that count a secret are those with the stars in its place.
fn correct_lengths(fields: &[Field], edits: &mut Vec<Edit>) {
    let secrets = edits.clone();
    let grown = |within: &Range<usize>, length: u64| {
        let inside = secrets
            .iter()
            .filter(|(at, _)| within.start <= at.start && at.end <= within.end);
        let (less, more) = inside.fold((0, 0), |(less, more), (at, new)| {
            (less + at.len(), more + new.len())
        });
        usize::try_from(length)
            .unwrap_or(0)
            .saturating_sub(less)
            .saturating_add(more)
    };
    // A property length may take fewer bytes than before, which the Remaining Length counts, too.
    let mut shrunk = 0;
    let mut lengths = Vec::new();
    for (parts, length) in fields.iter().zip(fields.iter().skip(1)) {
        if let Value::Number(number, _) = length.value
            && length.name == "Property Length"
        {
            let new = variable(grown(&parts.at, number));
            shrunk += length.at.len().saturating_sub(new.len());
            lengths.push((length.at.clone(), new));
        }
    }
    if let Some(length) = fields.iter().find(|field| field.name == "Remaining Length")
        && let Value::Number(number, _) = length.value
    {
        let whole = length.at.end..usize::MAX;
        let mut remaining = grown(&whole, number);
        remaining = remaining.saturating_sub(shrunk);
        // One that grew, where the secret was shorter than the stars.
        for (at, new) in &lengths {
            remaining += new.len().saturating_sub(at.len());
        }
        lengths.push((length.at.clone(), variable(remaining)));
    }
    edits.extend(lengths);
}

fn edited(packet: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(packet.len() + 16);
    let mut from = 0;
    for (at, new) in edits {
        bytes.extend(packet.get(from..at.start).unwrap_or_default());
        bytes.extend(new);
        from = at.end;
    }
    bytes.extend(packet.get(from..).unwrap_or_default());
    bytes
}

/// A Variable Byte Integer (§1.5.5).
pub fn variable(value: usize) -> Vec<u8> {
    let mut rest = value.min(268_435_455);
    let mut bytes = Vec::new();
    loop {
        let digit = u8::try_from(rest % 128).unwrap_or(0);
        rest /= 128;
        if rest == 0 {
            bytes.push(digit);
            return bytes;
        }
        bytes.push(digit | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn holds(bytes: &[u8], secret: &[u8]) -> bool {
        bytes.windows(secret.len()).any(|window| window == secret)
    }

    #[test]
    fn a_password_and_authentication_data_are_not_kept_and_leave_no_trace_of_their_length() {
        let mut kept = Vec::new();
        // Shorter and longer than the stars, and long enough for other lengths of lengths.
        for length in [1, 3, 8, 40, 300, 16_000] {
            let secret = "Zq7#".repeat(length);
            let packet = samples::connect(Some(secret.as_bytes()), Some(secret.as_bytes()));
            let masked = mask(&packet, MqttVersion::V5, &|_| false);
            assert!(
                masked.is_masked && !holds(&masked.bytes, b"Zq7#"),
                "{length}"
            );
            let decoded = decode(&masked.bytes, masked.size, MqttVersion::V5);
            assert_eq!(decoded.flaws, [], "{length}");
            assert_eq!(decoded.get("Password"), Some(&Value::Masked));
            assert_eq!(decoded.get("Authentication Data"), Some(&Value::Masked));
            assert_eq!(decoded.text("User Name"), Some("anna"));
            assert_eq!(decoded.text("Will Topic"), Some("gone"));
            kept.push(masked.bytes);
        }
        assert!(kept.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn a_value_that_is_hidden_is_taken_out_of_any_field() {
        let packet = samples::connect(None, None);
        for value in ["anna", "Köln", "desk", "bye", "gone"] {
            let masked = mask(&packet, MqttVersion::V5, &|text| text.contains(value));
            assert!(
                masked.is_masked && !holds(&masked.bytes, value.as_bytes()),
                "{value}"
            );
            let decoded = decode(&masked.bytes, masked.size, MqttVersion::V5);
            assert_eq!(decoded.flaws, [], "{value}");
        }
    }

    #[test]
    fn a_broken_packet_is_kept_up_to_its_first_secret_and_no_further() {
        let packet = samples::connect(Some(b"hunter2"), Some(b"proof-of-it"));
        for cut in 0..packet.len() {
            let masked = mask(&packet[..cut], MqttVersion::V5, &|_| false);
            for secret in [&b"hunt"[..], b"proo"] {
                assert!(!holds(&masked.bytes, secret), "{cut}");
            }
        }
        // A byte that makes the properties unreadable hides what follows.
        for at in 0..packet.len() - 7 {
            for change in [0_u8, 0x16, 0x7F, 0xFF] {
                let mut broken = packet.clone();
                broken[at] = change;
                // What begins with another byte is another packet.
                let is_connect = Kind::of(broken[0]) == Kind::Connect;
                let masked = mask(&broken, MqttVersion::V5, &|_| false);
                let is_hidden = !holds(&masked.bytes, b"hunter2");
                assert!(is_hidden || !is_connect, "{at} {change:02X}");
            }
        }
    }

    #[test]
    fn what_holds_no_secret_is_kept_byte_for_byte() {
        for (_, packet, version) in samples::all() {
            let decoded = decode(&packet, packet.len(), version);
            if !decoded
                .fields
                .iter()
                .any(|field| field.value == Value::Masked)
            {
                let kept = mask(&packet, version, &|_| false);
                assert_eq!((kept.bytes, kept.is_masked), (packet, false));
            }
        }
    }
}
