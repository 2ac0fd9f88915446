//! Bytes in JSON: text where they are UTF-8, else base64, under two different keys.

use super::RecordError;
use crate::model::payload;
use base64::Engine as _;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Bytes that are UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Text(Bytes);

/// Bytes written as base64 (RFC 4648 §4).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Base64(Bytes);

impl Text {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl Base64 {
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl From<Bytes> for Base64 {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&base64::display::Base64Display::new(
            &self.0,
            &base64::engine::general_purpose::STANDARD,
        ))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Strict and fast first; what other programs write may be padded or broken otherwise.
        match base64::engine::general_purpose::STANDARD.decode(&text) {
            Ok(bytes) => Ok(Self(Bytes::from(bytes))),
            Err(_) => payload::from_base64(&text)
                .map(Self)
                .map_err(de::Error::custom),
        }
    }
}

/// The two keys' values for `bytes`: exactly one of them is there.
pub(super) fn split(bytes: &Bytes) -> (Option<Text>, Option<Base64>) {
    if std::str::from_utf8(bytes).is_ok() {
        (Some(Text(bytes.clone())), None)
    } else {
        (None, Some(Base64(bytes.clone())))
    }
}

/// The bytes of two keys; absent where neither is there.
pub(super) fn join(
    text: Option<Text>,
    base64: Option<Base64>,
    place: &str,
) -> Result<Option<Bytes>, RecordError> {
    match (text, base64) {
        (None, None) => Ok(None),
        (Some(text), None) => Ok(Some(text.0)),
        (None, Some(base64)) => Ok(Some(base64.0)),
        (Some(_), Some(_)) => Err(RecordError::wrong(
            place,
            format!("it is there twice, also as `{place}_base64`; one of them is right"),
        )),
    }
}
