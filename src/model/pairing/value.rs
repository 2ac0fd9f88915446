//! What a locator finds and a variable holds.

use super::json::{self, Json, Kind as JsonKind, NodeId};
use bytes::Bytes;
use std::fmt;

/// What a value was where it was found. It does not count when values are compared: `23` equals
/// `"23"`. It says how to write the value elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Bool,
    /// A JSON array or object.
    Compound,
    Bytes,
    /// A UUID: the 16 bytes and the text with hyphens are the same.
    Uuid,
}

/// Exact bytes; of text, its UTF-8; of a JSON number, the digits as they were written.
#[derive(Clone, Debug)]
pub struct Value {
    pub kind: Kind,
    bytes: Bytes,
    /// Another form that is just as good, such as the bytes that a hex text stands for.
    also: Option<Bytes>,
}

/// Equal when they have a form in common.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.forms()
            .any(|form| other.forms().any(|theirs| form == theirs))
    }
}

impl Value {
    pub fn new(kind: Kind, bytes: Bytes) -> Self {
        Self {
            kind,
            bytes,
            also: None,
        }
    }

    pub fn text(text: &str) -> Self {
        Self::new(Kind::Text, Bytes::copy_from_slice(text.as_bytes()))
    }

    pub fn number(number: u64) -> Self {
        Self::new(Kind::Number, number.to_string().into())
    }

    pub fn of_bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(Kind::Bytes, bytes.into())
    }

    pub fn uuid(uuid: uuid::Uuid) -> Self {
        Self::new(Kind::Uuid, uuid.hyphenated().to_string().into())
            .also(Bytes::copy_from_slice(uuid.as_bytes()))
    }

    /// `None` for JSON `null`.
    pub fn of_json(json: &Json<'_>, node: NodeId) -> Option<Self> {
        let kind = match json.kind(node) {
            JsonKind::Null => return None,
            JsonKind::Bool => Kind::Bool,
            JsonKind::Number => Kind::Number,
            JsonKind::String => Kind::Text,
            JsonKind::Array | JsonKind::Object => {
                return Some(Self::new(Kind::Compound, json.compact(node).into()));
            }
        };
        let text = json.string(node);
        Some(Self::new(kind, Bytes::copy_from_slice(text.as_bytes())))
    }

    #[must_use]
    pub(super) fn also(mut self, form: Bytes) -> Self {
        self.also = (form != self.bytes).then_some(form);
        self
    }

    /// The form that counts first: text where there is one.
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Every form; the same value has at least one of them.
    pub fn forms(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.bytes).chain(&self.also)
    }

    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// The value as a binary property wants it.
    pub fn to_binary(&self) -> Bytes {
        match (self.kind, &self.also) {
            (Kind::Uuid, Some(bytes)) => bytes.clone(),
            _ => self.bytes.clone(),
        }
    }

    /// The value as JSON; bytes that are no text have no JSON form.
    pub fn to_json(&self) -> Option<String> {
        let text = self.as_text()?;
        let is_bare = match self.kind {
            Kind::Number => json::is_number(text),
            Kind::Bool => matches!(text, "true" | "false"),
            Kind::Compound => Json::parse(text).is_ok(),
            Kind::Text | Kind::Bytes | Kind::Uuid => false,
        };
        Some(if is_bare {
            text.to_owned()
        } else {
            json::quote(text)
        })
    }
}

/// Text as it is, other bytes as `0x…`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_text() {
            Some(text) => f.write_str(text),
            None => write!(f, "0x{}", hex::encode(&self.bytes)),
        }
    }
}

/// What two lists have in common, in the order of the first.
pub(super) fn common(a: &[Value], b: &[Value]) -> Vec<Value> {
    // Long lists are compared by lookup: a list may be as long as a payload has elements.
    if a.len().saturating_mul(b.len()) <= 64 {
        return a
            .iter()
            .filter(|value| b.contains(value))
            .cloned()
            .collect();
    }
    let known: std::collections::HashSet<&Bytes> = b.iter().flat_map(Value::forms).collect();
    a.iter()
        .filter(|value| value.forms().any(|form| known.contains(form)))
        .cloned()
        .collect()
}

/// Whether two sides agree: a value in common, or both absent.
pub(super) fn agree(a: &[Value], b: &[Value]) -> bool {
    if a.is_empty() || b.is_empty() {
        return a.is_empty() && b.is_empty();
    }
    if a.len().saturating_mul(b.len()) <= 64 {
        return a.iter().any(|value| b.contains(value));
    }
    !common(a, b).is_empty()
}
