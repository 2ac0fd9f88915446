//! What a device does with some of its requests, as typed ([`RuleDraft`]) and valid.

use super::condition::Condition;
use super::device::AnswerParts;
use super::draft::{check_key, parse_delay};
use super::values::ValueTable;
use crate::model::message::UserProperty;
use crate::model::pairing::OutcomeKind;
use crate::model::template::Template;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

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
    /// Such as `90 ms`; empty: the device's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub delay: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reply_topic: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    /// What the answer says of itself: `ok`, `error` or `progress`. Empty: as it is typed, and good as a rule.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// Beside the status, where the pairing rule has a place for it. May have placeholders, like the message.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Says nothing at all, also when the device has a reply.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_reply: bool,
    /// Beside the device's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_properties: Vec<UserProperty>,
    /// Further answers to the same request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<FurtherDraft>,
}

/// A further answer to the same request: a terminal one after progress, one of many, a duplicate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FurtherDraft {
    /// Counted from the answer before it, such as `200 ms`; empty for at once.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Absent: the payload of the first answer once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// Empty: that of the first answer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    /// Beside those of the device and the rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_properties: Vec<UserProperty>,
}

/// The fields of a rule that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleField {
    When,
    Set(usize),
    Delay,
    Reply,
    ReplyTopic,
    ContentType,
    UserProperty(usize),
    Status,
    Code,
    Message,
    Then(usize, FurtherField),
}

/// The fields of a further answer that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FurtherField {
    After,
    Status,
    Code,
    Message,
    Reply,
    ContentType,
    UserProperty(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) when: Option<Condition>,
    pub(super) set: Vec<(Arc<str>, Setting)>,
    /// None: the device's.
    pub(super) delay: Option<Duration>,
    pub(super) answer: AnswerParts,
    pub(super) said: Said,
    pub(super) then: Vec<Further>,
    pub(super) has_no_reply: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Constant(Value),
    Template(Template),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Further {
    pub(super) after: Duration,
    pub(super) said: Said,
    pub(super) answer: AnswerParts,
}

/// What an answer has to say of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// None: whatever the payload says.
    pub(super) outcome: Option<OutcomeKind>,
    pub(super) code: Option<Template>,
    pub(super) message: Option<Template>,
}

impl Said {
    fn read(
        status: &str,
        code: &str,
        message: &str,
        mut wrong: impl FnMut(RuleField, String),
    ) -> Self {
        let outcome = match status.trim() {
            "" => None,
            "ok" => Some(OutcomeKind::Ok),
            "error" => Some(OutcomeKind::Error),
            "progress" => Some(OutcomeKind::Progress),
            other => {
                let why = format!("`{other}` is no status; it is ok, error, progress or empty");
                wrong(RuleField::Status, why);
                None
            }
        };
        let mut template = |field, text: &str| {
            if text.is_empty() {
                return None;
            }
            Template::compile(text)
                .map_err(|err| wrong(field, err.to_string()))
                .ok()
        };
        Self {
            outcome,
            code: template(RuleField::Code, code),
            message: template(RuleField::Message, message),
        }
    }

    /// Whether nothing is said beside the payload.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl FurtherDraft {
    fn read(&self, mut wrong: impl FnMut(FurtherField, String)) -> Further {
        let after = parse_delay(&self.after).unwrap_or_else(|message| {
            let message = format!("the delay is not valid: {message}");
            wrong(FurtherField::After, message);
            Duration::ZERO
        });
        let mut wrong_part = |field, message| {
            let field = match field {
                RuleField::Status => FurtherField::Status,
                RuleField::Code => FurtherField::Code,
                RuleField::Message => FurtherField::Message,
                RuleField::ContentType => FurtherField::ContentType,
                RuleField::UserProperty(index) => FurtherField::UserProperty(index),
                _ => FurtherField::Reply,
            };
            wrong(field, message);
        };
        let answer = AnswerParts::read(
            self.reply.as_deref(),
            "",
            &self.content_type,
            &self.user_properties,
            &mut wrong_part,
        );
        let said = Said::read(&self.status, &self.code, &self.message, wrong_part);
        Further {
            after,
            said,
            answer,
        }
    }
}

impl RuleDraft {
    pub(super) fn read(&self, mut wrong: impl FnMut(RuleField, String)) -> Rule {
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
        let delay = parse_delay(&self.delay)
            .map_err(|message| {
                let message = format!("the delay is not valid: {message}");
                wrong(RuleField::Delay, message);
            })
            .ok()
            .filter(|_| !self.delay.trim().is_empty());
        let answer = AnswerParts::read(
            self.reply.as_deref(),
            &self.reply_topic,
            &self.content_type,
            &self.user_properties,
            &mut wrong,
        );
        let said = Said::read(&self.status, &self.code, &self.message, &mut wrong);
        let then = self.then.iter().enumerate();
        let then = then
            .map(|(index, further)| {
                further.read(|field, message| wrong(RuleField::Then(index, field), message))
            })
            .collect();
        Rule {
            when,
            set,
            delay,
            answer,
            said,
            then,
            has_no_reply: self.no_reply,
        }
    }
}
