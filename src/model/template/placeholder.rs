//! What a placeholder names, and how it is found in a request, a state and a moment.

use crate::model::message::Message;
use crate::model::pairing::{Value as Bound, Variables};
use crate::model::payload::Encoding;
use crate::model::template::{PLACEHOLDERS, Values};
use crate::model::time::Timestamp;
use chrono::{DateTime, SecondsFormat, Utc};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::Value;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

/// What a gap is filled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::model) enum Placeholder {
    Payload(Path),
    State(Path),
    Topic,
    /// Counted from 0 here, from 1 in writing.
    TopicLevel(usize),
    Correlation(Encoding),
    ResponseTopic,
    ContentType,
    UserProperty(Box<str>),
    Variable(Box<str>),
    Device,
    Counter,
    Uuid,
    Random(i64, i64),
    Now,
    NowMillis,
}

/// The way to a member of a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Box<[Box<str>]>);

impl Path {
    /// Reads `a.b.0`; the empty text is the value itself.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(Box::default()));
        }
        let steps: Box<[Box<str>]> = text.split('.').map(Into::into).collect();
        if steps.iter().any(|step| step.is_empty()) {
            return Err(format!("`{text}` has an empty name between its points"));
        }
        Ok(Self(steps))
    }

    /// Whether it leads to the value itself.
    pub fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, step_into)
    }

    fn find_in<'a>(&self, values: &'a Values) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(values.get(&**first)?, step_into)
    }
}

fn step_into(value: &Value, step: impl AsRef<str>) -> Option<&Value> {
    match value {
        Value::Object(members) => members.get(step.as_ref()),
        Value::Array(items) => items.get(step.as_ref().parse::<usize>().ok()?),
        _ => None,
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// A message and its payload, read as JSON once and only if somebody asks.
pub struct Request<'a> {
    pub message: &'a Message,
    json: OnceCell<Option<Value>>,
}

impl<'a> Request<'a> {
    pub fn new(message: &'a Message) -> Self {
        Self {
            message,
            json: OnceCell::new(),
        }
    }

    /// The payload, when it is JSON.
    pub fn json(&self) -> Option<&Value> {
        self.json
            .get_or_init(|| serde_json::from_slice(&self.message.payload).ok())
            .as_ref()
    }

    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.message.payload)
    }
}

/// What a template is filled from.
pub struct Context<'a> {
    pub request: &'a Request<'a>,
    /// What the pairing rule bound in the request.
    pub variables: &'a Variables,
    pub state: &'a Values,
    pub device: &'a str,
    /// How many requests there were, this one included.
    pub counter: u64,
    pub now: Timestamp,
    pub random: &'a mut StdRng,
}

/// What was found for a placeholder.
pub(in crate::model) enum Found<'a> {
    Value(Cow<'a, Value>),
    Text(Cow<'a, str>),
    /// Payload bytes, and the JSON they are, if they are.
    Payload(&'a Request<'a>),
}

impl Found<'_> {
    /// As it reads in plain text.
    pub(in crate::model) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Value(value) => match &**value {
                Value::String(text) => Cow::Borrowed(text.as_str()),
                other => Cow::Owned(other.to_string()),
            },
            Self::Text(text) => Cow::Borrowed(&**text),
            Self::Payload(request) => request.text(),
        }
    }

    pub(in crate::model) fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value.into_owned(),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Payload(request) => request
                .json()
                .cloned()
                .unwrap_or_else(|| Value::String(request.text().into_owned())),
        }
    }
}

impl Placeholder {
    /// Reads what stands between the braces.
    pub(in crate::model) fn parse(name: &str) -> Result<Self, String> {
        let (head, tail) = match name.split_once('.') {
            Some((head, tail)) => (head, Some(tail)),
            None => (name, None),
        };
        match (head, tail) {
            ("", _) => Err(
                "`{{}}` names nothing; write a placeholder such as `{{payload.name}}`".to_owned(),
            ),
            ("payload", tail) => Ok(Self::Payload(Path::parse(tail.unwrap_or_default())?)),
            ("state", Some(tail)) if !tail.is_empty() => Ok(Self::State(Path::parse(tail)?)),
            ("state", _) => {
                Err("`{{state}}` needs the name of a value, as in `{{state.power}}`".to_owned())
            }
            ("topic", None) => Ok(Self::Topic),
            ("topic", Some(level)) => match level
                .parse::<usize>()
                .ok()
                .and_then(|level| level.checked_sub(1))
            {
                Some(level) => Ok(Self::TopicLevel(level)),
                None => Err(format!(
                    "`{{{{topic.{level}}}}}` names no level; they count from 1, as in `{{{{topic.2}}}}`"
                )),
            },
            ("correlation", None | Some("text")) => Ok(Self::Correlation(Encoding::Text)),
            ("correlation", Some("hex")) => Ok(Self::Correlation(Encoding::Hex)),
            ("correlation", Some("base64")) => Ok(Self::Correlation(Encoding::Base64)),
            ("response_topic", None) => Ok(Self::ResponseTopic),
            ("content_type", None) => Ok(Self::ContentType),
            ("user", Some(name)) if !name.is_empty() => Ok(Self::UserProperty(name.into())),
            ("var", Some(name)) if !name.is_empty() => Ok(Self::Variable(name.into())),
            ("var", _) => Err(
                "`{{var}}` needs the name of a variable of the pairing rule, as in `{{var.id}}`"
                    .to_owned(),
            ),
            ("device", None) => Ok(Self::Device),
            ("counter", None) => Ok(Self::Counter),
            ("uuid", None) => Ok(Self::Uuid),
            ("random", Some(range)) => {
                let ends = range.split_once('.').and_then(|(low, high)| {
                    Some((low.parse::<i64>().ok()?, high.parse::<i64>().ok()?))
                });
                match ends {
                    Some((low, high)) if low <= high => Ok(Self::Random(low, high)),
                    _ => Err(format!(
                        "`{{{{random.{range}}}}}` is no range; write the lowest and the highest whole number, as in `{{{{random.1.6}}}}`"
                    )),
                }
            }
            ("now", None) => Ok(Self::Now),
            ("now_ms", None) => Ok(Self::NowMillis),
            _ => Err(format!(
                "`{{{{{name}}}}}` is no placeholder; there are {}",
                PLACEHOLDERS
                    .iter()
                    .map(|(name, _)| *name)
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        }
    }

    pub(in crate::model) fn find<'a>(&self, context: &mut Context<'a>) -> Option<Found<'a>> {
        let message = context.request.message;
        let properties = &message.properties;
        let text = |text: &'a str| Found::Text(Cow::Borrowed(text));
        let made = |text: String| Found::Text(Cow::Owned(text));
        let number = |value: Value| Found::Value(Cow::Owned(value));
        match self {
            Self::Payload(path) if path.is_whole() => Some(Found::Payload(context.request)),
            Self::Payload(path) => path
                .find(context.request.json()?)
                .map(|value| Found::Value(Cow::Borrowed(value))),
            Self::State(path) => path
                .find_in(context.state)
                .map(|value| Found::Value(Cow::Borrowed(value))),
            Self::Topic => Some(text(message.topic.as_str())),
            Self::TopicLevel(level) => message.topic.as_str().split('/').nth(*level).map(text),
            Self::Correlation(encoding) => properties
                .correlation_data
                .as_ref()
                .map(|data| made(data.shown(*encoding))),
            Self::ResponseTopic => properties
                .response_topic
                .as_ref()
                .map(|topic| text(topic.as_str())),
            Self::ContentType => properties.content_type.as_deref().map(text),
            Self::UserProperty(name) => properties
                .user_properties
                .iter()
                .find(|property| *property.name == **name)
                .map(|property| text(&property.value)),
            Self::Variable(name) => context
                .variables
                .iter()
                .find(|(known, _)| **known == **name)
                .and_then(|(_, values)| values.first())
                .map(of_variable),
            Self::Device => Some(text(context.device)),
            Self::Counter => Some(number(context.counter.into())),
            Self::Uuid => {
                let uuid = uuid::Builder::from_random_bytes(context.random.random());
                Some(made(uuid.into_uuid().to_string()))
            }
            Self::Random(low, high) => {
                Some(number(context.random.random_range(*low..=*high).into()))
            }
            Self::Now => Some(made(rfc3339(context.now))),
            Self::NowMillis => Some(number(context.now.as_nanos().div_euclid(1_000_000).into())),
        }
    }
}

/// JSON where it was JSON, else text; bytes that are no text as `0x…`.
fn of_variable(value: &Bound) -> Found<'_> {
    let json = value.to_json();
    let json = json.and_then(|json| serde_json::from_str(&json).ok());
    json.map_or_else(
        || Found::Text(Cow::Owned(value.to_string())),
        |json| Found::Value(Cow::Owned(json)),
    )
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payload(path) if path.is_whole() => f.write_str("payload"),
            Self::Payload(path) => write!(f, "payload.{path}"),
            Self::State(path) => write!(f, "state.{path}"),
            Self::Topic => f.write_str("topic"),
            Self::TopicLevel(level) => write!(f, "topic.{}", level.saturating_add(1)),
            Self::Correlation(Encoding::Text) => f.write_str("correlation"),
            Self::Correlation(encoding) => write!(f, "correlation.{}", encoding.word()),
            Self::ResponseTopic => f.write_str("response_topic"),
            Self::ContentType => f.write_str("content_type"),
            Self::UserProperty(name) => write!(f, "user.{name}"),
            Self::Variable(name) => write!(f, "var.{name}"),
            Self::Device => f.write_str("device"),
            Self::Counter => f.write_str("counter"),
            Self::Uuid => f.write_str("uuid"),
            Self::Random(low, high) => write!(f, "random.{low}.{high}"),
            Self::Now => f.write_str("now"),
            Self::NowMillis => f.write_str("now_ms"),
        }
    }
}

/// `at` in UTC with milliseconds, such as `2026-11-21T09:14:07.311Z`.
pub fn rfc3339(at: Timestamp) -> String {
    DateTime::<Utc>::from_timestamp_nanos(at.as_nanos())
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}
