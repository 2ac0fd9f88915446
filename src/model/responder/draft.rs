//! A simulated device as typed and as kept in its file ([`DeviceDraft`]), and valid ([`Device`]).

use super::condition::Condition;
use super::values::ValueTable;
use crate::model::FieldError;
use crate::model::message::{Qos, UserProperty};
use crate::model::request::parse_duration;
use crate::model::template::Template;
use crate::model::topic::{MAX_STRING_BYTES, TopicFilter, TopicName};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// A device as typed. Nothing in it need be valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceDraft {
    pub name: String,
    /// The id of a connection profile.
    pub connection: String,
    /// Empty: made from the name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// Topic filters.
    pub listens: Vec<String>,
    /// The highest quality of service it takes requests at.
    pub qos: Qos,
    pub enabled: bool,
    /// Such as `5 ms`; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub delay: String,
    /// How far the delay strays to both sides, such as `1 ms`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub jitter: String,
    /// The answer where no rule has its own. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// Where answers go when a request has no Response Topic. May have placeholders.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reply_topic: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    /// What it remembers when it is switched on.
    #[serde(skip_serializing_if = "ValueTable::is_empty")]
    pub state: ValueTable,
    /// The values may have placeholders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_properties: Vec<UserProperty>,
    /// The first that matches counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleDraft>,
}

impl Default for DeviceDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            connection: String::new(),
            client_id: String::new(),
            listens: Vec::new(),
            qos: Qos::ExactlyOnce,
            enabled: true,
            delay: String::new(),
            jitter: String::new(),
            reply: None,
            reply_topic: String::new(),
            content_type: String::new(),
            state: ValueTable::default(),
            user_properties: Vec::new(),
            rules: Vec::new(),
        }
    }
}

/// What a device does with some of its requests. What it leaves out is the device's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleDraft {
    /// A [`Condition`]; empty: always.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub when: String,
    /// State values to set: templates, or plain values. `"{{payload.level}}"` keeps its type.
    #[serde(skip_serializing_if = "ValueTable::is_empty")]
    pub set: ValueTable,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reply_topic: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    /// Says nothing at all, also when the device has a reply.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_reply: bool,
    /// Beside the device's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_properties: Vec<UserProperty>,
}

/// The fields of a device that can be wrong, lists by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceField {
    Name,
    ClientId,
    /// The list as a whole.
    Listens,
    Filter(usize),
    Delay,
    Jitter,
    Reply,
    ReplyTopic,
    ContentType,
    State(usize),
    UserProperty(usize),
    Rule(usize, RuleField),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleField {
    When,
    Set(usize),
    Reply,
    ReplyTopic,
    ContentType,
    UserProperty(usize),
}

/// A device that can be switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub name: Arc<str>,
    pub connection: Arc<str>,
    /// Typed, or made from the name.
    pub client_id: Arc<str>,
    pub listens: Vec<TopicFilter>,
    pub qos: Qos,
    pub enabled: bool,
    pub delay: Duration,
    pub jitter: Duration,
    pub state: ValueTable,
    pub(super) answer: AnswerParts,
    pub(super) rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) when: Option<Condition>,
    pub(super) set: Vec<(Arc<str>, Setting)>,
    pub(super) answer: AnswerParts,
    pub(super) has_no_reply: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Constant(Value),
    Template(Template),
}

/// What device and rules both can say about an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AnswerParts {
    pub(super) reply: Option<Template>,
    pub(super) reply_topic: Option<Template>,
    pub(super) content_type: Option<Arc<str>>,
    pub(super) user_properties: Vec<(Arc<str>, Template)>,
}

impl DeviceDraft {
    /// The valid device, or everything that is wrong, field by field.
    pub fn validate(&self) -> Result<Device, Vec<FieldError<DeviceField>>> {
        let mut errors = Vec::new();
        let mut wrong = |field, message: String| errors.push(FieldError { field, message });
        let name = self.name.trim();
        if name.is_empty() {
            wrong(
                DeviceField::Name,
                "the name is empty; it is how you will find this device again".to_owned(),
            );
        }
        check_string(&self.client_id, "client id", |message| {
            wrong(DeviceField::ClientId, message);
        });
        if self.listens.is_empty() {
            wrong(
                DeviceField::Listens,
                "it listens to nothing; add a topic filter such as cmnd/light/#".to_owned(),
            );
        }
        let mut listens = Vec::with_capacity(self.listens.len());
        for (index, text) in self.listens.iter().enumerate() {
            match TopicFilter::new(text) {
                Ok(filter) if listens.contains(&filter) => wrong(
                    DeviceField::Filter(index),
                    format!("`{text}` is listed twice; once is enough"),
                ),
                Ok(filter) => listens.push(filter),
                Err(err) => wrong(
                    DeviceField::Filter(index),
                    format!("the topic filter is not valid: {err}"),
                ),
            }
        }
        let mut duration = |field, what: &str, text: &str| match parse_delay(text) {
            Ok(duration) => duration,
            Err(message) => {
                wrong(field, format!("the {what} is not valid: {message}"));
                Duration::ZERO
            }
        };
        let delay = duration(DeviceField::Delay, "delay", &self.delay);
        let jitter = duration(
            DeviceField::Jitter,
            "jitter",
            self.jitter.trim().trim_start_matches('±'),
        );
        for (index, key) in self.state.0.keys().enumerate() {
            check_key(key, |message| wrong(DeviceField::State(index), message));
        }
        let answer = AnswerParts::read(
            self.reply.as_deref(),
            &self.reply_topic,
            &self.content_type,
            &self.user_properties,
            |field, message| {
                let field = match field {
                    RuleField::ReplyTopic => DeviceField::ReplyTopic,
                    RuleField::ContentType => DeviceField::ContentType,
                    RuleField::UserProperty(index) => DeviceField::UserProperty(index),
                    RuleField::Reply | RuleField::When | RuleField::Set(_) => DeviceField::Reply,
                };
                wrong(field, message);
            },
        );
        let rules = self.rules.iter().enumerate();
        let rules = rules
            .map(|(index, rule)| {
                rule.read(|field, message| wrong(DeviceField::Rule(index, field), message))
            })
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let client_id = if self.client_id.is_empty() {
            client_id_of(name)
        } else {
            self.client_id.clone()
        };
        Ok(Device {
            name: name.into(),
            connection: self.connection.as_str().into(),
            client_id: client_id.into(),
            listens,
            qos: self.qos,
            enabled: self.enabled,
            delay,
            jitter,
            state: self.state.clone(),
            answer,
            rules,
        })
    }
}

impl RuleDraft {
    fn read(&self, mut wrong: impl FnMut(RuleField, String)) -> Rule {
        let when = if self.when.trim().is_empty() {
            None
        } else {
            Condition::parse(&self.when)
                .map_err(|err| wrong(RuleField::When, err.to_string()))
                .ok()
        };
        let mut set = Vec::with_capacity(self.set.0.len());
        for (index, (key, value)) in self.set.0.iter().enumerate() {
            check_key(key, |message| wrong(RuleField::Set(index), message));
            let setting = match value {
                Value::String(text) => match Template::compile(text) {
                    Ok(template) => Setting::Template(template),
                    Err(err) => {
                        wrong(RuleField::Set(index), err.to_string());
                        continue;
                    }
                },
                other => Setting::Constant(other.clone()),
            };
            set.push((key.as_str().into(), setting));
        }
        let answer = AnswerParts::read(
            self.reply.as_deref(),
            &self.reply_topic,
            &self.content_type,
            &self.user_properties,
            wrong,
        );
        Rule {
            when,
            set,
            answer,
            has_no_reply: self.no_reply,
        }
    }
}

impl AnswerParts {
    fn read(
        reply: Option<&str>,
        reply_topic: &str,
        content_type: &str,
        user_properties: &[UserProperty],
        mut wrong: impl FnMut(RuleField, String),
    ) -> Self {
        let reply = reply.and_then(|reply| {
            Template::compile(reply)
                .map_err(|err| wrong(RuleField::Reply, err.to_string()))
                .ok()
        });
        let reply_topic = Some(reply_topic)
            .filter(|text| !text.is_empty())
            .and_then(|text| match Template::compile(text) {
                Ok(template) if !template.is_constant() => Some(template),
                // What has no gaps can be checked here and now.
                Ok(template) => match TopicName::new(text) {
                    Ok(_) => Some(template),
                    Err(err) => {
                        let message = format!("the reply topic is not valid: {err}");
                        wrong(RuleField::ReplyTopic, message);
                        None
                    }
                },
                Err(err) => {
                    wrong(RuleField::ReplyTopic, err.to_string());
                    None
                }
            });
        check_string(content_type, "content type", |message| {
            wrong(RuleField::ContentType, message);
        });
        let mut compiled = Vec::with_capacity(user_properties.len());
        for (index, property) in user_properties.iter().enumerate() {
            let field = RuleField::UserProperty(index);
            check_string(&property.name, "user property's name", |message| {
                wrong(field, message);
            });
            check_string(&property.value, "user property's value", |message| {
                wrong(field, message);
            });
            match Template::compile(&property.value) {
                Ok(template) => compiled.push((property.name.as_str().into(), template)),
                Err(err) => wrong(field, err.to_string()),
            }
        }
        Self {
            reply,
            reply_topic,
            content_type: Some(content_type)
                .filter(|text| !text.is_empty())
                .map(Into::into),
            user_properties: compiled,
        }
    }
}

impl Device {
    /// What is allowed and probably not meant, field by field.
    pub fn warnings(&self) -> Vec<FieldError<DeviceField>> {
        let mut warnings = Vec::new();
        let mut warn = |field, message: String| warnings.push(FieldError { field, message });
        let device = (&self.answer, DeviceField::Reply, DeviceField::ReplyTopic);
        let rules = self.rules.iter().enumerate().map(|(index, rule)| {
            let field = |field| DeviceField::Rule(index, field);
            (
                &rule.answer,
                field(RuleField::Reply),
                field(RuleField::ReplyTopic),
            )
        });
        for (answer, reply_field, topic_field) in std::iter::once(device).chain(rules) {
            if let Some(reply) = &answer.reply
                && reply.source().trim_start().starts_with(['{', '['])
                && !reply.source().trim_start().starts_with("{{")
                && !reply.is_json()
            {
                warn(
                    reply_field,
                    "it looks like JSON but is none; it will be sent as plain text".to_owned(),
                );
            }
            if let Some(topic) = answer.own_topic()
                && let Some(filter) = self.listens.iter().find(|filter| filter.matches(&topic))
            {
                warn(
                    topic_field,
                    format!(
                        "the device listens to `{filter}` itself; it will not answer its own replies, but another device that listens there may"
                    ),
                );
            }
        }
        let has_reply = self.answer.reply.is_some();
        let rules_reply = |rule: &Rule| rule.answer.reply.is_some() || rule.has_no_reply;
        if !has_reply && !self.rules.iter().any(rules_reply) {
            warn(
                DeviceField::Reply,
                "it has no reply; it will take requests and answer none".to_owned(),
            );
        }
        if let Some(index) = self.rules.iter().position(|rule| rule.when.is_none())
            && index + 1 < self.rules.len()
        {
            warn(
                DeviceField::Rule(index, RuleField::When),
                "it has no condition and always matches; the rules below it never get their turn"
                    .to_owned(),
            );
        }
        warnings
    }
}

impl AnswerParts {
    /// The reply topic, where it is always the same.
    pub(super) fn own_topic(&self) -> Option<TopicName> {
        let template = self.reply_topic.as_ref()?;
        template
            .is_constant()
            .then(|| TopicName::new(template.source()).ok())
            .flatten()
    }
}

/// A client id that looks like the name: `Light in bedroom` becomes `light-in-bedroom`.
fn client_id_of(name: &str) -> String {
    let id = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join("-");
    if id.is_empty() {
        "device".to_owned()
    } else {
        id
    }
}

/// Reads a delay: like a timeout, but nothing and zero are fine.
fn parse_delay(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let is_zero = text
        .trim_end_matches(|c: char| c.is_alphabetic() || c.is_whitespace())
        .parse::<f64>()
        .is_ok_and(|number| number == 0.0);
    if text.is_empty() || is_zero {
        return Ok(Duration::ZERO);
    }
    parse_duration(text)
}

fn check_key(key: &str, wrong: impl FnOnce(String)) {
    if key.trim().is_empty() || key != key.trim() {
        wrong(format!(
            "`{key}` is no name for a value; write a word such as power"
        ));
    } else if key.contains(['.', '{', '}']) || key.contains(char::is_whitespace) {
        wrong(format!(
            "`{key}` cannot be written in a template; use letters, digits, `_` and `-`"
        ));
    }
}

fn check_string(text: &str, what: &str, wrong: impl FnOnce(String)) {
    if text.len() > MAX_STRING_BYTES {
        wrong(format!(
            "the {what} is {} bytes long; MQTT allows at most 65,535",
            text.len()
        ));
    } else if text.contains('\0') {
        wrong(format!(
            "the {what} holds the character U+0000, which MQTT forbids"
        ));
    }
}
