//! `{{placeholders}}`: a text with gaps, compiled once, filled in for each request.
//!
//! What always holds: a template that compiles renders on every message without a panic; time
//! and randomness are arguments; what could not be found is noted, never made up.
//!
//! A template that would be JSON once its gaps are filled is rendered as JSON: inside quotes text
//! is escaped, outside of them it becomes a JSON string and what is missing becomes `null`.
//! Any other template is plain text: text and payload bytes go in as they are, what is missing
//! is left out. Numbers keep their digits, objects and lists are written as JSON.
//!
//! Start reading at [`Template::compile`] and [`Template::render`].

mod placeholder;

use crate::model::payload::DecodeError;
use crate::model::request::MAX_PAYLOAD_BYTES;
pub use placeholder::{Context, Path, Request, rfc3339};
pub(in crate::model) use placeholder::{Found, Placeholder};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What a simulated device remembers: names and values, in the order they were written.
pub type Values = Map<String, Value>;

/// The placeholders, for hints and completion: how one is written and what it stands for.
pub const PLACEHOLDERS: &[(&str, &str)] = &[
    ("payload", "the request's payload as it came"),
    (
        "payload.a.b",
        "a member of a JSON payload; list positions count from 0",
    ),
    ("state.x", "a value of the device's state"),
    ("topic", "the request's topic"),
    ("topic.2", "one level of the topic, counted from 1"),
    ("correlation", "the Correlation Data as text"),
    ("correlation.hex", "the Correlation Data in hex"),
    ("correlation.base64", "the Correlation Data in base64"),
    ("response_topic", "the request's Response Topic"),
    ("content_type", "the request's content type"),
    ("user.NAME", "a user property of the request"),
    (
        "var.NAME",
        "a variable that the pairing rule bound in the request",
    ),
    ("device", "the device's name"),
    (
        "counter",
        "how many requests the device has had: 1, 2, 3, …",
    ),
    ("uuid", "a new random UUID"),
    ("random.1.6", "a random whole number, both ends included"),
    ("now", "the time now, UTC, such as 2026-11-21T09:14:07.311Z"),
    ("now_ms", "the time now in milliseconds since 1970"),
];

/// A compiled template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: Arc<str>,
    parts: Vec<Part>,
    is_json: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    Gap { what: Placeholder, quoted: bool },
}

/// A filled template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub bytes: Vec<u8>,
    /// The placeholders that stood for nothing, as written, each once.
    pub missing: Vec<Arc<str>>,
    /// It grew past what one MQTT packet can carry and was cut: not fit to be sent.
    pub is_too_long: bool,
}

impl Template {
    /// Reads a template, or says what is wrong and where.
    pub fn compile(source: &str) -> Result<Self, DecodeError> {
        let mut parts = Vec::new();
        let mut probe = String::with_capacity(source.len());
        let mut strings = StringScanner::default();
        let mut rest = source;
        while let Some(open) = rest.find("{{") {
            let (text, gap) = rest.split_at(open);
            let start = source.len() - gap.len();
            let inside = gap.get(2..).unwrap_or_default();
            let Some(close) = inside.find("}}") else {
                return Err(DecodeError::at(
                    source,
                    start,
                    "this `{{` is never closed; write `}}` where the placeholder ends",
                ));
            };
            let name = inside.get(..close).unwrap_or_default();
            let what = Placeholder::parse(name.trim())
                .map_err(|message| DecodeError::at(source, start, message))?;
            if !text.is_empty() {
                parts.push(Part::Text(text.into()));
            }
            probe.push_str(text);
            strings.read(text);
            // A list is a value that no digit beside it can grow into; `x` ends every escape.
            probe.push_str(if strings.inside { "x" } else { "[]" });
            parts.push(Part::Gap {
                what,
                quoted: strings.inside,
            });
            rest = inside.get(close + 2..).unwrap_or_default();
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        probe.push_str(rest);
        let is_json = source.trim_start().starts_with(['{', '[', '"'])
            && !matches!(parts.as_slice(), [Part::Gap { .. }])
            && serde_json::from_str::<serde::de::IgnoredAny>(&probe).is_ok();
        Ok(Self {
            source: source.into(),
            parts,
            is_json,
        })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the result is JSON whatever the gaps are filled with.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// Whether it has no gaps.
    pub fn is_constant(&self) -> bool {
        !self
            .parts
            .iter()
            .any(|part| matches!(part, Part::Gap { .. }))
    }

    pub fn render(&self, context: &mut Context<'_>) -> Rendered {
        let mut rendered = Rendered::default();
        for part in &self.parts {
            match part {
                Part::Text(text) => rendered.bytes.extend_from_slice(text.as_bytes()),
                Part::Gap { what, quoted } => {
                    let found = what.find(context);
                    if found.is_none() {
                        rendered.miss(what);
                    }
                    fill(&mut rendered.bytes, found.as_ref(), self.is_json, *quoted);
                }
            }
            if rendered.bytes.len() > MAX_PAYLOAD_BYTES {
                rendered.bytes.truncate(MAX_PAYLOAD_BYTES);
                rendered.is_too_long = true;
                break;
            }
        }
        rendered
    }

    /// The value it stands for. A single placeholder keeps its type: `{{payload.brightness}}` of
    /// 80 is the number 80, and is `None` when there is no such member. Everything else is text.
    pub fn value(&self, context: &mut Context<'_>) -> (Option<Value>, Vec<Arc<str>>) {
        if let [Part::Gap { what, .. }] = self.parts.as_slice() {
            return match what.find(context) {
                Some(found) => (Some(found.into_value()), Vec::new()),
                None => (None, vec![what.to_string().into()]),
            };
        }
        let rendered = self.render(context);
        let text = String::from_utf8_lossy(&rendered.bytes).into_owned();
        (Some(Value::String(text)), rendered.missing)
    }
}

impl Rendered {
    fn miss(&mut self, what: &Placeholder) {
        let name = what.to_string();
        if !self.missing.iter().any(|known| **known == *name) {
            self.missing.push(name.into());
        }
    }
}

fn fill(out: &mut Vec<u8>, found: Option<&Found<'_>>, is_json: bool, quoted: bool) {
    match (found, is_json && !quoted) {
        (None, true) => out.extend_from_slice(b"null"),
        (None, false) => {}
        (Some(Found::Value(value)), true) => write_json(out, value),
        (Some(Found::Text(text)), true) => write_json(out, &**text),
        (Some(Found::Payload(request)), true) => match request.json() {
            // The very bytes: numbers, spaces and the order of members stay as they came.
            Some(_) => out.extend_from_slice(&request.message.payload),
            None if request.message.payload.is_empty() => out.extend_from_slice(b"null"),
            None => write_json(out, &*request.text()),
        },
        (Some(Found::Payload(request)), false) if !is_json => {
            out.extend_from_slice(&request.message.payload);
        }
        (Some(found), false) => {
            let text = found.text();
            if is_json {
                let start = out.len();
                write_json(out, &*text);
                // The quotes are the template's own.
                out.pop();
                if out.get(start) == Some(&b'"') {
                    out.remove(start);
                }
            } else {
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

fn write_json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Writing a value or a text to memory cannot fail.
    serde_json::to_writer(out, value).unwrap_or_default();
}

/// Follows JSON text and knows whether it stands between quotes.
#[derive(Default)]
pub(in crate::model) struct StringScanner {
    inside: bool,
    escaped: bool,
}

impl StringScanner {
    pub(in crate::model) fn is_inside(&self) -> bool {
        self.inside
    }

    pub(in crate::model) fn read(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.inside => self.escaped = true,
                b'"' => self.inside = !self.inside,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
