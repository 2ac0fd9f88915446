//! The fields of a packet, from its bytes as they were on the wire, by the names of the specification.
//!
//! Nothing fails: what is against the specification is a [`Flaw`] at its place, and everything before it is
//! there all the same. Section numbers are those of MQTT 5; MQTT 3.1.1 has the same packets without properties.

mod bodies;
mod reader;

use super::Kind;
use crate::model::payload;
use crate::model::text;
use crate::model::version::MqttVersion;
use std::fmt;
use std::ops::Range;

/// A line of what is shown of a payload.
const PREVIEW: usize = 400;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// It is made of the fields beneath it.
    Parts,
    Number(u64, &'static str),
    /// A number and what it stands for.
    Code(u8, &'static str),
    Yes(bool),
    Text(String),
    Pair(String, String),
    /// Binary, or meant to be text and none.
    Bytes(Vec<u8>),
    Payload {
        kept: Vec<u8>,
        /// On the wire.
        size: usize,
    },
    /// It was there and is not known here.
    Masked,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parts => Ok(()),
            Self::Number(number, "") => write!(f, "{number}"),
            Self::Number(number, unit) => write!(f, "{} {unit}", text::count(*number)),
            Self::Code(code, words) => write!(f, "{words} (0x{code:02X})"),
            Self::Yes(yes) => f.write_str(if *yes { "yes" } else { "no" }),
            Self::Text(text) => f.write_str(text),
            Self::Pair(name, value) => write!(f, "{name} = {value}"),
            Self::Bytes(bytes) if bytes.is_empty() => f.write_str("empty"),
            Self::Bytes(bytes) => f.write_str(&hex::encode(bytes)),
            Self::Payload { kept, size } => {
                if *size == 0 {
                    return f.write_str("empty");
                }
                write!(
                    f,
                    "{}: {}",
                    text::bytes(*size),
                    payload::preview(kept, PREVIEW)
                )?;
                if kept.len() < *size {
                    write!(f, " (the first {} kept)", text::bytes(kept.len()))?;
                }
                Ok(())
            }
            Self::Masked => f.write_str("•••"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// How deep it stands beneath others.
    pub depth: u8,
    pub name: &'static str,
    pub value: Value,
    /// Its bytes in the packet, with the length before it where it has one.
    pub at: Range<usize>,
}

/// Something that the specification does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The first byte of it, counted from 0.
    pub at: usize,
    pub why: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.at, self.why)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    pub kind: Kind,
    pub fields: Vec<Field>,
    /// In their order; after the last one nothing more could be read, or all was.
    pub flaws: Vec<Flaw>,
    /// Only the beginning was kept.
    pub is_cut: bool,
}

impl Decoded {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .map(|field| &field.value)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        let fields = self.fields.iter();
        fields
            .filter(move |field| field.name == name)
            .map(|field| &field.value)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Value::Number(number, _) => Some(*number),
            Value::Code(code, _) => Some(u64::from(*code)),
            _ => None,
        }
    }

    pub fn is_set(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Yes(true))
    }
}

/// Decodes what was kept of a packet of `size` bytes.
pub fn decode(kept: &[u8], size: usize, version: MqttVersion) -> Decoded {
    let mut reader = reader::Reader::new(kept, size.max(kept.len()));
    // Whatever stopped it is among the flaws.
    let _stopped = bodies::packet(&mut reader, version);
    reader.finish()
}
