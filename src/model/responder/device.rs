//! A valid device: what a [`Responder`](super::Responder) plays.

use super::draft::{DeviceField, check_string};
use super::faults::Faults;
use super::life::{Life, ScheduleField};
use super::pairing::ByRule;
use super::rule::{Rule, RuleField};
use super::values::ValueTable;
use crate::model::FieldError;
use crate::model::message::{Qos, UserProperty};
use crate::model::template::Template;
use crate::model::topic::{TopicFilter, TopicName};
use std::sync::Arc;
use std::time::Duration;

/// A device that can be switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub name: Arc<str>,
    pub connection: Arc<str>,
    /// Typed, or made from the name.
    pub client_id: Arc<str>,
    /// Made from the name: whoever runs the device may add to it.
    pub client_id_is_generated: bool,
    pub listens: Vec<TopicFilter>,
    pub qos: Qos,
    pub delay: Duration,
    pub jitter: Duration,
    pub state: ValueTable,
    /// The pairing rule that it answers by; none: MQTT 5's own.
    pub(super) pairing: Option<ByRule>,
    /// What says how it went where there is no other rule.
    pub(super) mqtt5: ByRule,
    pub(super) answer: AnswerParts,
    pub(super) rules: Vec<Rule>,
    pub life: Life,
    pub faults: Faults,
}

/// What device and rules both can say about an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AnswerParts {
    pub(super) reply: Option<Template>,
    pub(super) reply_topic: Option<Template>,
    pub(super) content_type: Option<Arc<str>>,
    pub(super) user_properties: Vec<(Arc<str>, Template)>,
}

impl AnswerParts {
    pub(super) fn read(
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
    /// Whether a subscription can and should keep the device's own messages away. It always
    /// should; on a shared subscription No Local is a protocol error (MQTT 5 §3.8.3.1).
    pub fn no_local(filter: &TopicFilter) -> bool {
        !filter.as_str().starts_with("$share/")
    }

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
        let rules_reply = |rule: &Rule| {
            rule.answer.reply.is_some() || !rule.said.is_nothing() || rule.has_no_reply
        };
        if !has_reply && !self.rules.iter().any(rules_reply) {
            warn(
                DeviceField::Reply,
                "it has no reply; it will take requests and answer none".to_owned(),
            );
        }
        let life = &self.life;
        if life.schedule.is_some() && !life.is_session_kept() {
            warn(
                DeviceField::Schedule(ScheduleField::Awake),
                "its session ends when it goes to sleep, so requests are not kept for it; give it a session expiry"
                    .to_owned(),
            );
        }
        for (index, rule) in self.rules.iter().enumerate() {
            if rule.has_no_reply && !(rule.then.is_empty() && rule.said.is_nothing()) {
                warn(
                    DeviceField::Rule(index, RuleField::Reply),
                    "it says nothing at all, so neither its status nor its further answers are sent"
                        .to_owned(),
                );
            }
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
