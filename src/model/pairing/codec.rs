//! `| csv`, `| uri`, `| upper`, `| hex`, `| base64`, `| uuid`: what is done with a value that was found.

use super::locator::MAX_VALUES;
use super::value::{Kind, Value};
use crate::model::payload;
use base64::Engine as _;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use std::fmt;
use uuid::Uuid;

/// Everything but the unreserved characters of RFC 3986: `/` becomes `%2F`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Splits at commas and trims.
    Csv,
    /// Percent-decodes.
    Uri,
    Upper,
    /// Bytes to hex digits, hex digits to bytes.
    Hex,
    /// Bytes to base64, base64 to bytes.
    Base64,
    /// A UUID as text or as 16 bytes, big-endian; both are equal.
    Uuid,
}

impl Codec {
    pub const ALL: [Self; 6] = [
        Self::Csv,
        Self::Uri,
        Self::Upper,
        Self::Hex,
        Self::Base64,
        Self::Uuid,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Uri => "uri",
            Self::Upper => "upper",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Uuid => "uuid",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.word() == word)
    }

    /// The known words, for messages.
    pub(super) fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }

    /// What becomes of a value that was found; nothing when it is not of that kind.
    pub fn read(self, value: &Value) -> Vec<Value> {
        match self {
            Self::Csv => match value.as_text() {
                Some(text) => text
                    .split(',')
                    .take(MAX_VALUES)
                    .map(|item| Value::text(item.trim()))
                    .collect(),
                None => Vec::new(),
            },
            Self::Uri => {
                let bytes: Vec<u8> = percent_decode(value.as_bytes()).collect();
                vec![Value::new(Kind::Text, bytes.into())]
            }
            Self::Upper => match value.as_text() {
                Some(text) => vec![Value::text(&text.to_uppercase())],
                None => Vec::new(),
            },
            Self::Hex => by_source(
                value,
                |bytes| hex::encode(bytes),
                |text| payload::from_hex(text).ok(),
            ),
            Self::Base64 => by_source(value, payload::to_base64, from_base64),
            Self::Uuid => read_uuid(value).map(Value::uuid).into_iter().collect(),
        }
    }

    /// The reverse of [`Codec::read`]: what has to be written so that `values` are found.
    pub fn write(self, values: &[Value]) -> Option<Value> {
        let first = values.first()?;
        match self {
            Self::Csv => {
                let texts: Option<Vec<&str>> = values.iter().map(Value::as_text).collect();
                Some(Value::text(&texts?.join(",")))
            }
            Self::Uri => Some(Value::text(&encode_uri(first.as_text()?))),
            Self::Upper => Some(Value::text(&first.as_text()?.to_uppercase())),
            // What was found as text stands for bytes, and the other way round; both forms are kept.
            Self::Hex | Self::Base64 => match first.forms().nth(1) {
                Some(other) => {
                    Some(Value::new(Kind::Text, other.clone()).also(first.as_bytes().clone()))
                }
                None => self.read(first).into_iter().next(),
            },
            Self::Uuid => read_uuid(first).map(Value::uuid),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

pub(super) fn encode_uri(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Bytes are encoded and text is decoded; the result knows its other form, so that a rule may
/// name the codec on one side or on both.
fn by_source(
    value: &Value,
    encode: impl Fn(&[u8]) -> String,
    decode: impl Fn(&str) -> Option<Bytes>,
) -> Vec<Value> {
    if value.kind == Kind::Bytes {
        let text = encode(value.as_bytes());
        return vec![Value::text(&text).also(value.as_bytes().clone())];
    }
    let decoded = value.as_text().and_then(decode);
    decoded
        .map(|bytes| {
            let canonical = encode(&bytes);
            Value::of_bytes(bytes).also(canonical.into())
        })
        .into_iter()
        .collect()
}

fn from_base64(text: &str) -> Option<Bytes> {
    if let Ok(bytes) = payload::from_base64(text) {
        return Some(bytes);
    }
    let unpadded = text.trim().trim_end_matches('=');
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(unpadded)
        .ok()
        .map(Bytes::from)
}

fn read_uuid(value: &Value) -> Option<Uuid> {
    let binary = value.to_binary();
    if let (Kind::Bytes | Kind::Uuid, Ok(uuid)) = (value.kind, Uuid::from_slice(&binary)) {
        return Some(uuid);
    }
    Uuid::try_parse(value.as_text()?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(values: &[Value]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_uuid_is_the_same_as_text_and_as_bytes() {
        let text = Value::text("0F8FAD5B-D9CB-469F-A165-70867728950E");
        let bytes = Value::of_bytes(hex::decode("0f8fad5bd9cb469fa16570867728950e").unwrap());
        let (from_text, from_bytes) = (Codec::Uuid.read(&text), Codec::Uuid.read(&bytes));
        assert_eq!(from_text, from_bytes);
        assert_eq!(from_text, [bytes]);
        assert_eq!(texts(&from_text), ["0f8fad5b-d9cb-469f-a165-70867728950e"]);
        assert!(Codec::Uuid.read(&Value::text("no uuid")).is_empty());
        assert!(Codec::Uuid.read(&Value::of_bytes(vec![1, 2])).is_empty());
    }

    #[test]
    fn hex_and_base64_work_in_both_directions() {
        let bytes = Value::of_bytes(vec![0x00, 0xff]);
        for (codec, text) in [
            (Codec::Hex, "00FF"),
            (Codec::Base64, "AP8="),
            (Codec::Base64, "AP8"),
        ] {
            let decoded = codec.read(&Value::text(text));
            assert_eq!(decoded.first(), Some(&bytes), "{codec}");
            assert_eq!(decoded, codec.read(&bytes), "{codec}");
        }
        assert_eq!(texts(&Codec::Hex.read(&bytes)), ["00ff"]);
        assert!(Codec::Hex.read(&Value::text("zz")).is_empty());
        assert_eq!(
            Codec::Base64.read(&Value::text("_-8")),
            [Value::of_bytes(vec![0xff, 0xef])]
        );
    }

    #[test]
    fn lists_are_split_and_trimmed() {
        let list = Codec::Csv.read(&Value::text("LED, Motor ,x"));
        assert_eq!(texts(&list), ["LED", "Motor", "x"]);
        assert_eq!(Codec::Csv.write(&list).unwrap().to_string(), "LED,Motor,x");
        assert_eq!(texts(&Codec::Upper.read(&Value::text("Power"))), ["POWER"]);
    }

    proptest! {
        #[test]
        fn uri_comes_back(text in "\\PC{0,20}") {
            let written = Codec::Uri.write(&[Value::text(&text)]).unwrap();
            prop_assert!(!written.to_string().contains('/'));
            prop_assert_eq!(Codec::Uri.read(&written), [Value::text(&text)]);
        }

        #[test]
        fn what_is_written_is_found_again(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
            let value = Value::of_bytes(bytes);
            for codec in [Codec::Hex, Codec::Base64] {
                let written = codec.write(std::slice::from_ref(&value)).unwrap();
                prop_assert!(codec.read(&written).contains(&value));
            }
        }
    }
}
