//! The `when` of a rule: a small language that reads like what it means.
//!
//! ```text
//! payload.power in ["on", "off"] and topic matches cmnd/+/power
//! ```
//!
//! One or more checks joined by `and`. A check names what a template could name (`payload`,
//! `payload.a.b`, `state.x`, `topic.2`, `user.NAME`, …) and then says one of [`TESTS`]. Values
//! are JSON: `5` is a number, `"5"` is text; a single word needs no quotes. The payload as a whole
//! equals a text when it is that text, and a number when it reads as that number. What is missing
//! fulfils `missing` and `!=` alone; an empty payload counts as missing.

use crate::model::payload::DecodeError;
use crate::model::template::{Context, Found, Placeholder};
use crate::model::topic::{TopicFilter, TopicName};
use serde_json::{Number, Value};
use std::sync::Arc;

/// The tests and what each takes, for hints and completion.
pub const TESTS: &[(&str, &str)] = &[
    ("==", "VALUE"),
    ("!=", "VALUE"),
    ("in", "[VALUE, …]"),
    ("<", "NUMBER"),
    ("<=", "NUMBER"),
    (">", "NUMBER"),
    (">=", "NUMBER"),
    ("contains", "TEXT"),
    ("starts-with", "TEXT"),
    ("ends-with", "TEXT"),
    ("matches", "TOPIC FILTER"),
    ("exists", ""),
    ("missing", ""),
];

/// A valid `when`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    source: Arc<str>,
    checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Check {
    subject: Placeholder,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Equals(Value),
    Differs(Value),
    In(Vec<Value>),
    Order(Order, Number),
    Contains(Box<str>),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
    Matches(TopicFilter),
    Exists,
    Missing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Condition {
    /// Reads a condition, or says what is wrong and where.
    pub fn parse(source: &str) -> Result<Self, DecodeError> {
        let mut reader = Reader {
            source,
            rest: source,
        };
        let mut checks = Vec::new();
        loop {
            checks.push(reader.check()?);
            let here = reader.here();
            match reader.word() {
                "" => break,
                "and" => {}
                "or" => {
                    return Err(reader.wrong(
                        here,
                        "there is no `or`; use `in [ … ]`, or write a rule for each case",
                    ));
                }
                other => {
                    return Err(reader.wrong(
                        here,
                        format!("`{other}` stands where `and` or the end is expected"),
                    ));
                }
            }
        }
        Ok(Self {
            source: source.into(),
            checks,
        })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn holds(&self, context: &mut Context<'_>) -> bool {
        self.checks.iter().all(|check| check.holds(context))
    }
}

impl Check {
    fn holds(&self, context: &mut Context<'_>) -> bool {
        let found = self.subject.find(context).filter(
            |found| !matches!(found, Found::Payload(request) if request.message.payload.is_empty()),
        );
        let Some(found) = found else {
            // An empty payload is missing, and it is the empty text.
            let is_payload = matches!(&self.subject, Placeholder::Payload(path) if path.is_whole());
            let is_empty_text = |value: &Value| is_payload && value.as_str() == Some("");
            return match &self.test {
                Test::Missing => true,
                Test::Differs(value) => !is_empty_text(value),
                Test::Equals(value) => is_empty_text(value),
                Test::In(values) => values.iter().any(is_empty_text),
                _ => false,
            };
        };
        match &self.test {
            Test::Equals(value) => equals(&found, value),
            Test::Differs(value) => !equals(&found, value),
            Test::In(values) => values.iter().any(|value| equals(&found, value)),
            Test::Order(order, limit) => match (number(&found), limit.as_f64()) {
                (Some(number), Some(limit)) => order.holds(number, limit),
                _ => false,
            },
            Test::Contains(text) => found.text().contains(&**text),
            Test::StartsWith(text) => found.text().starts_with(&**text),
            Test::EndsWith(text) => found.text().ends_with(&**text),
            Test::Matches(filter) => filter.matches(&TopicName::received(&found.text())),
            Test::Exists => true,
            Test::Missing => false,
        }
    }
}

impl Order {
    fn holds(self, number: f64, limit: f64) -> bool {
        match self {
            Self::Below => number < limit,
            Self::AtMost => number <= limit,
            Self::Above => number > limit,
            Self::AtLeast => number >= limit,
        }
    }
}

fn equals(found: &Found<'_>, wanted: &Value) -> bool {
    match found {
        Found::Value(value) => same(value, wanted),
        // What is not JSON has no types: `topic.2 == 5` and `topic.2 == "5"` mean the same.
        Found::Text(text) => match wanted {
            Value::String(wanted) => *wanted == **text,
            other => *other.to_string() == **text,
        },
        Found::Payload(request) => {
            matches!(wanted, Value::String(wanted) if wanted.as_bytes() == &*request.message.payload)
                || request.json().is_some_and(|json| same(json, wanted))
        }
    }
}

/// Numbers are the same when they are worth the same: 80, 80.0 and 8e1.
fn same(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a == b || a.as_f64().is_some_and(|a| Some(a) == b.as_f64()),
        },
        _ => value == wanted,
    }
}

fn number(found: &Found<'_>) -> Option<f64> {
    match found {
        Found::Value(value) => value.as_f64(),
        text => text.text().trim().parse().ok(),
    }
}

/// Reads the text of a condition from left to right.
struct Reader<'a> {
    source: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn here(&mut self) -> usize {
        self.rest = self.rest.trim_start();
        self.source.len() - self.rest.len()
    }

    fn wrong(&self, here: usize, message: impl Into<String>) -> DecodeError {
        DecodeError::at(self.source, here, message)
    }

    /// Up to the next space.
    fn word(&mut self) -> &'a str {
        self.here();
        let end = self
            .rest
            .find(char::is_whitespace)
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn check(&mut self) -> Result<Check, DecodeError> {
        let here = self.here();
        // `payload=="1"` is as good as `payload == "1"`.
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '!' | '<' | '>'))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name.is_empty() {
            return Err(self.wrong(
                here,
                "a check is missing here; write one such as `payload.power == \"on\"`",
            ));
        }
        let subject = Placeholder::parse(name).map_err(|message| self.wrong(here, message))?;
        let test = self.test()?;
        Ok(Check { subject, test })
    }

    fn test(&mut self) -> Result<Test, DecodeError> {
        let here = self.here();
        for (sign, order) in [
            ("<=", Order::AtMost),
            (">=", Order::AtLeast),
            ("<", Order::Below),
            (">", Order::Above),
        ] {
            if let Some(rest) = self.rest.strip_prefix(sign) {
                self.rest = rest;
                let here = self.here();
                return match self.value()? {
                    Value::Number(limit) => Ok(Test::Order(order, limit)),
                    other => Err(self.wrong(
                        here,
                        format!("`{sign}` compares with a number, and {other} is none"),
                    )),
                };
            }
        }
        if let Some(rest) = self.rest.strip_prefix("==") {
            self.rest = rest;
            return self.value().map(Test::Equals);
        }
        if let Some(rest) = self.rest.strip_prefix("!=") {
            self.rest = rest;
            return self.value().map(Test::Differs);
        }
        match self.word() {
            "in" => {
                let here = self.here();
                match self.value()? {
                    Value::Array(values) => Ok(Test::In(values)),
                    _ => Err(self.wrong(here, "`in` needs a list such as [\"on\", \"off\"]")),
                }
            }
            "contains" => self.text().map(Test::Contains),
            "starts-with" => self.text().map(Test::StartsWith),
            "ends-with" => self.text().map(Test::EndsWith),
            "matches" => {
                let here = self.here();
                let text = self.text()?;
                let filter = TopicFilter::new(&text).map_err(|err| {
                    self.wrong(here, format!("`{text}` is no topic filter: {err}"))
                })?;
                Ok(Test::Matches(filter))
            }
            "exists" => Ok(Test::Exists),
            "missing" => Ok(Test::Missing),
            other => {
                let known: Vec<&str> = TESTS.iter().map(|(name, _)| *name).collect();
                let what = if other.is_empty() {
                    "a test is missing here".to_owned()
                } else {
                    format!("`{other}` is no test")
                };
                Err(self.wrong(here, format!("{what}; there are {}", known.join(", "))))
            }
        }
    }

    fn text(&mut self) -> Result<Box<str>, DecodeError> {
        match self.value()? {
            Value::String(text) => Ok(text.into()),
            other => Ok(other.to_string().into()),
        }
    }

    /// A JSON value, or a bare word.
    fn value(&mut self) -> Result<Value, DecodeError> {
        let here = self.here();
        if self.rest.starts_with(['"', '[', '{']) {
            let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
            return match values.next() {
                Some(Ok(value)) => {
                    let end = values.byte_offset();
                    self.rest = self.rest.get(end..).unwrap_or_default();
                    Ok(value)
                }
                Some(Err(err)) => {
                    let full = err.to_string();
                    let reason = full.split(" at line ").next().unwrap_or(&full);
                    Err(self.wrong(here, format!("this is no JSON value: {reason}")))
                }
                None => Err(self.wrong(here, "a value is missing here")),
            };
        }
        match self.word() {
            "" => Err(self.wrong(
                here,
                "a value is missing here; write one such as \"on\" or 5",
            )),
            word => {
                Ok(serde_json::from_str(word).unwrap_or_else(|_| Value::String(word.to_owned())))
            }
        }
    }
}

#[cfg(test)]
mod tests;
