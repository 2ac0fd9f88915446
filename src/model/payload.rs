//! Payload bytes and the ways to write and to read them. Bytes in, exact bytes out.

use crate::model::pretty;
use base64::Engine as _;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// How bytes are written as text. Chosen by the user, never guessed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    #[default]
    Text,
    Hex,
    Base64,
}

impl Encoding {
    pub const ALL: [Self; 3] = [Self::Text, Self::Hex, Self::Base64];

    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Hex => "hex",
            Self::Base64 => "base64",
        }
    }

    /// The bytes that `text` stands for.
    pub fn decode(self, text: &str) -> Result<Bytes, DecodeError> {
        match self {
            Self::Text => Ok(Bytes::copy_from_slice(text.as_bytes())),
            Self::Hex => from_hex(text),
            Self::Base64 => from_base64(text),
        }
    }
}

/// How a payload is typed in the composer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PayloadFormat {
    #[default]
    Text,
    Json,
    Hex,
    Base64,
}

impl PayloadFormat {
    pub const ALL: [Self; 4] = [Self::Text, Self::Json, Self::Hex, Self::Base64];

    pub fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Json => "JSON",
            Self::Hex => "Hex",
            Self::Base64 => "Base64",
        }
    }

    /// The exact bytes to send. JSON is checked but sent as typed, byte for byte.
    pub fn encode(self, text: &str) -> Result<Bytes, DecodeError> {
        match self {
            Self::Text => Encoding::Text.decode(text),
            Self::Hex => Encoding::Hex.decode(text),
            Self::Base64 => Encoding::Base64.decode(text),
            Self::Json => {
                check_json(text)?;
                Encoding::Text.decode(text)
            }
        }
    }
}

/// What is wrong with typed bytes, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
pub struct DecodeError {
    pub message: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

impl DecodeError {
    pub(in crate::model) fn at(text: &str, byte: usize, message: impl Into<String>) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        Self {
            message: message.into(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

/// Checks `text` as one JSON value (RFC 8259). Nothing typed at all is not JSON either.
pub fn check_json(text: &str) -> Result<(), DecodeError> {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(err) => {
            let full = err.to_string();
            let reason = full.split(" at line ").next().unwrap_or(&full);
            // serde_json counts columns in bytes; people count characters.
            let byte: usize = text
                .split_inclusive('\n')
                .take(err.line().saturating_sub(1))
                .map(str::len)
                .sum::<usize>()
                + err.column().saturating_sub(1);
            let byte = (0..=byte.min(text.len()))
                .rev()
                .find(|&index| text.is_char_boundary(index))
                .unwrap_or(0);
            Err(DecodeError::at(text, byte, format!("not JSON: {reason}")))
        }
    }
}

/// Reads pairs of hex digits; white space, `:` and a leading `0x` are passed over.
pub fn from_hex(text: &str) -> Result<Bytes, DecodeError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high: Option<(u8, usize)> = None;
    let skip = text.len() - text.trim_start().len();
    let skip = if text.trim_start().starts_with("0x") {
        skip + 2
    } else {
        skip
    };
    for (index, c) in text.char_indices().filter(|(index, _)| *index >= skip) {
        if c.is_whitespace() || c == ':' {
            continue;
        }
        let Some(digit) = c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()) else {
            return Err(DecodeError::at(
                text,
                index,
                format!("`{c}` is no hex digit"),
            ));
        };
        high = match high {
            None => Some((digit, index)),
            Some((high, _)) => {
                bytes.push(high << 4 | digit);
                None
            }
        };
    }
    match high {
        None => Ok(bytes.into()),
        Some((_, index)) => Err(DecodeError::at(
            text,
            index,
            "a hex byte needs two digits; this one stands alone",
        )),
    }
}

/// Reads standard base64 (RFC 4648 §4), padded or not; white space is passed over.
pub fn from_base64(text: &str) -> Result<Bytes, DecodeError> {
    const ENGINE: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new()
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    let (places, compact): (Vec<usize>, String) = text
        .char_indices()
        .filter(|(_, c)| !c.is_whitespace())
        .unzip();
    ENGINE.decode(&compact).map(Bytes::from).map_err(|err| {
        let offset = match err {
            base64::DecodeError::InvalidByte(offset, _)
            | base64::DecodeError::InvalidLastSymbol(offset, _) => compact
                .get(..offset)
                .map_or(0, |before| before.chars().count()),
            _ => places.len(),
        };
        DecodeError::at(
            text,
            places.get(offset).copied().unwrap_or(text.len()),
            format!("not base64: {err}"),
        )
    })
}

pub fn to_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// One line for a table: text with control characters shown as symbols, other bytes as hex, cut at
/// `max` characters. Looks at the first bytes only, however large the payload.
pub fn preview(bytes: &[u8], max: usize) -> String {
    let head = bytes
        .get(..bytes.len().min(max.saturating_mul(4)))
        .unwrap_or_default();
    let text = match std::str::from_utf8(head) {
        Ok(text) => Some(text),
        // Cut inside a character: the part before it is still text.
        Err(err) if err.error_len().is_none() && head.len() < bytes.len() => head
            .get(..err.valid_up_to())
            .and_then(|valid| std::str::from_utf8(valid).ok()),
        Err(_) => None,
    };
    if let Some(text) = text {
        // Runs of white space, such as the indentation of JSON, are one space.
        let mut line = String::new();
        let mut length = 0;
        let mut is_cut = head.len() < bytes.len();
        for c in text.chars() {
            let c = match c {
                c if c.is_whitespace() => ' ',
                c if c.is_control() => '\u{b7}',
                c => c,
            };
            if c == ' ' && line.ends_with(' ') {
                continue;
            }
            if length == max {
                is_cut = true;
                break;
            }
            line.push(c);
            length += 1;
        }
        if is_cut {
            line.push('…');
        }
        line
    } else {
        let shown = bytes.get(..bytes.len().min(max / 3)).unwrap_or_default();
        let mut line = shown.iter().fold(String::new(), |mut line, byte| {
            if !line.is_empty() {
                line.push(' ');
            }
            // Writing to a String cannot fail.
            write!(line, "{byte:02x}").unwrap_or_default();
            line
        });
        if shown.len() < bytes.len() {
            line.push('…');
        }
        line
    }
}

/// Whether the first bytes are text; the others are not looked at, however many they are.
pub fn looks_like_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(4_096)).unwrap_or_default();
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(err) => err.error_len().is_none() && head.len() < bytes.len(),
    }
}

/// Indented by two spaces, when it is JSON: everything but the white space between tokens is kept.
pub fn pretty_json(bytes: &[u8]) -> Option<String> {
    String::from_utf8(pretty::indented(bytes, usize::MAX, &|| true)?).ok()
}

/// One line of a hex dump: offset, sixteen bytes, the printable ASCII among them.
pub fn hex_line(bytes: &[u8], line: usize) -> Option<String> {
    let start = line.checked_mul(16)?;
    let chunk = bytes.get(start..bytes.len().min(start.checked_add(16)?))?;
    if chunk.is_empty() {
        return None;
    }
    let mut text = format!("{start:08x}  ");
    for column in 0..16 {
        match chunk.get(column) {
            Some(byte) => write!(text, "{byte:02x} ").unwrap_or_default(),
            None => text.push_str("   "),
        }
        if column == 7 {
            text.push(' ');
        }
    }
    text.push(' ');
    text.extend(chunk.iter().map(|byte| {
        if (0x20..0x7f).contains(byte) {
            char::from(*byte)
        } else {
            '.'
        }
    }));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_errors_say_line_and_column_in_characters() {
        let err = PayloadFormat::Json.encode("{\n  \"ä\": x}").unwrap_err();
        assert_eq!((err.line, err.column), (2, 8), "{err}");
        assert!(check_json("").is_err());
        assert!(check_json("{} {}").is_err());
        assert!(check_json("[1, 2").unwrap_err().message.contains("EOF"));
    }

    #[test]
    fn json_is_sent_as_typed() {
        assert_eq!(
            PayloadFormat::Json.encode("{ \"a\" : 1.0e2 }\n").unwrap(),
            "{ \"a\" : 1.0e2 }\n"
        );
    }

    #[test]
    fn hex_forgives_spaces_and_names_the_wrong_digit() {
        assert_eq!(from_hex(" 0x00 fF:10\n").unwrap().as_ref(), [0, 255, 16]);
        assert_eq!(from_hex("00 zz").unwrap_err().column, 4);
        assert_eq!(from_hex("00 f").unwrap_err().column, 4);
        assert_eq!(from_hex("").unwrap().len(), 0);
    }

    #[test]
    fn base64_names_the_wrong_character() {
        assert_eq!(from_base64("AP8").unwrap().as_ref(), [0, 255]);
        assert_eq!(from_base64("AP\n8=").unwrap().as_ref(), [0, 255]);
        let err = from_base64("AP\n*=").unwrap_err();
        assert_eq!((err.line, err.column), (2, 1));
        assert!(from_base64("é").is_err());
    }

    #[test]
    fn previews_show_text_as_text_and_bytes_as_hex() {
        assert_eq!(preview(b"{\n  \"a\":\t1}", 20), "{ \"a\": 1}");
        assert_eq!(preview(b"abcdef", 3), "abc…");
        assert_eq!(preview(&[0xff, 0x00], 20), "ff 00");
        assert_eq!(preview("ä".repeat(1000).as_bytes(), 3), "äää…");
        assert_eq!(preview(b"", 3), "");
    }

    #[test]
    fn pretty_json_keeps_numbers_and_order() {
        let pretty = pretty_json(br#"{"b":18446744073709551617,"a":1.50}"#).unwrap();
        assert_eq!(
            pretty,
            "{\n  \"b\": 18446744073709551617,\n  \"a\": 1.50\n}"
        );
    }

    #[test]
    fn a_hex_dump_shows_offset_bytes_and_text() {
        let bytes: Vec<u8> = (0x3e..0x50).collect();
        assert_eq!(
            hex_line(&bytes, 0).unwrap(),
            "00000000  3e 3f 40 41 42 43 44 45  46 47 48 49 4a 4b 4c 4d  >?@ABCDEFGHIJKLM"
        );
        assert!(hex_line(&bytes, 1).unwrap().ends_with("NO"));
        assert_eq!(hex_line(&bytes, 2), None);
    }

    proptest! {
        #[test]
        fn all_bytes_survive_hex_and_base64(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(from_hex(&hex::encode(&bytes)).unwrap(), bytes.clone());
            prop_assert_eq!(from_base64(&to_base64(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn no_text_panics(text in ".{0,60}", max in 0_usize..20) {
            for format in PayloadFormat::ALL {
                let _unused = format.encode(&text);
            }
            let _ = preview(text.as_bytes(), max);
        }
    }
}
