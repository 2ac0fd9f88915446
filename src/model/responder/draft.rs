//! A simulated device as typed and as kept in its file ([`DeviceDraft`]), and how it becomes a valid [`Device`].

use super::device::{AnswerParts, Device};
use super::faults::Faults;
use super::life::{OwnField, OwnMessageDraft, ScheduleDraft, ScheduleField};
use super::pairing::{self, ByRule};
use super::rule::{RuleDraft, RuleField};
use super::values::ValueTable;
use crate::model::FieldError;
use crate::model::message::{Qos, UserProperty};
use crate::model::pairing::Rules;
use crate::model::profile::ProfileField;
use crate::model::request::parse_duration;
use crate::model::topic::{MAX_STRING_BYTES, TopicFilter};
use crate::model::will::WillDraft;
use serde::{Deserialize, Serialize};
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
    /// The id of the pairing rule that it answers by. Empty: MQTT 5's Response Topic and Correlation Data.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pairing: String,
    /// Topic filters. Empty: those of the pairing rule's requests.
    pub listens: Vec<String>,
    /// The highest quality of service it takes requests at.
    pub qos: Qos,
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
    /// Whether it begins a new session when it is switched on. In MQTT 3.1.1: with every connection.
    #[serde(skip_serializing_if = "is_true")]
    pub clean_start: bool,
    /// How long the broker keeps its session, and queues for it, while it is away.
    #[serde(skip_serializing_if = "is_zero")]
    pub session_expiry_secs: u32,
    /// What it remembers when it is switched on.
    #[serde(skip_serializing_if = "ValueTable::is_empty")]
    pub state: ValueTable,
    /// The values may have placeholders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_properties: Vec<UserProperty>,
    /// What it does wrong on purpose.
    #[serde(skip_serializing_if = "Faults::is_none")]
    pub faults: Faults,
    /// The first that matches counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleDraft>,
    /// When it is there. Absent: always, once it is switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleDraft>,
    /// Published by the broker when it goes away without a DISCONNECT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub will: Option<Box<WillDraft>>,
    /// Published by itself whenever it has connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth: Option<Box<OwnMessageDraft>>,
    /// Published by itself before it leaves with a DISCONNECT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub farewell: Option<Box<OwnMessageDraft>>,
    /// Published by itself again and again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub publishes: Vec<OwnMessageDraft>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_true(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

impl Default for DeviceDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            connection: String::new(),
            client_id: String::new(),
            pairing: String::new(),
            listens: Vec::new(),
            qos: Qos::ExactlyOnce,
            delay: String::new(),
            jitter: String::new(),
            reply: None,
            reply_topic: String::new(),
            content_type: String::new(),
            clean_start: true,
            session_expiry_secs: 0,
            state: ValueTable::default(),
            user_properties: Vec::new(),
            faults: Faults::default(),
            rules: Vec::new(),
            schedule: None,
            will: None,
            birth: None,
            farewell: None,
            publishes: Vec::new(),
        }
    }
}

/// The fields of a device that can be wrong, lists by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceField {
    Name,
    ClientId,
    Pairing,
    Faults,
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
    Will(ProfileField),
    Birth(OwnField),
    Farewell(OwnField),
    Publish(usize, OwnField),
    Schedule(ScheduleField),
}

impl DeviceDraft {
    /// The valid device, or everything that is wrong, field by field. `rules` are the pairing rules that there are.
    pub fn validate(&self, rules: &Rules) -> Result<Device, Vec<FieldError<DeviceField>>> {
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
        let pairing = pairing::find(rules, &self.pairing)
            .map_err(|message| wrong(DeviceField::Pairing, message))
            .ok()
            .flatten();
        let listens = self.filters(pairing.as_ref(), &mut wrong);
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
                    _ => DeviceField::Reply,
                };
                wrong(field, message);
            },
        );
        let own_rules = self.rules.iter().enumerate();
        let own_rules = own_rules
            .map(|(index, rule)| {
                rule.read(|field, message| wrong(DeviceField::Rule(index, field), message))
            })
            .collect();
        self.faults.check(&mut wrong);
        let life = self.life(wrong);
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
            client_id_is_generated: self.client_id.is_empty(),
            listens,
            qos: self.qos,
            delay,
            jitter,
            state: self.state.clone(),
            pairing,
            mqtt5: pairing::mqtt5(rules),
            answer,
            rules: own_rules,
            life,
            faults: self.faults,
        })
    }

    /// The topic filters as typed, or those of the pairing rule.
    fn filters(
        &self,
        pairing: Option<&ByRule>,
        mut wrong: impl FnMut(DeviceField, String),
    ) -> Vec<TopicFilter> {
        let mut listens = Vec::with_capacity(self.listens.len());
        // A form has a line for what nobody has typed.
        let is_blank = pairing.is_some() && self.listens.iter().all(String::is_empty);
        if self.listens.is_empty() || is_blank {
            let derived = match pairing {
                Some(rule) => rule.filters(),
                None => {
                    Err("it listens to nothing; add a topic filter such as cmnd/light/#".to_owned())
                }
            };
            match derived {
                Ok(filters) => listens = filters,
                Err(message) => wrong(DeviceField::Listens, message),
            }
        }
        let typed = self.listens.iter().enumerate().filter(|_| !is_blank);
        for (index, text) in typed {
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
        listens
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
pub(super) fn parse_delay(text: &str) -> Result<Duration, String> {
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

pub(super) fn check_key(key: &str, wrong: impl FnOnce(String)) {
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

pub(super) fn check_string(text: &str, what: &str, wrong: impl FnOnce(String)) {
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
