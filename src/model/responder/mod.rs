//! The rules of a simulated device: a request in, its answers out.
//!
//! Sans-IO: time is an argument, randomness is seeded, nothing is sent from here. What always
//! holds: the answer goes to the request's Response Topic and returns its Correlation Data byte
//! for byte (MQTT 5 §4.10), empty staying empty and absent staying absent; its quality of service
//! is the request's; it is not retained and asks for no reply. A request without a Response Topic
//! is answered on the device's own reply topic, if there is one. What is not answered says why.
//!
//! A retained message that the broker replays on subscribing is not live: it is neither answered
//! nor does it change the state.
//!
//! Start reading at [`DeviceDraft::validate`], then [`Responder::receive`].

pub mod condition;
mod device;
mod draft;
mod values;

use crate::model::message::{Message, Properties, UserProperty};
use crate::model::request::MAX_PAYLOAD_BYTES;
use crate::model::template::{Context, Request, Template, Values};
use crate::model::time::Timestamp;
use crate::model::topic::{MAX_STRING_BYTES, TopicFilter, TopicName};
pub use device::Device;
use device::{AnswerParts, Rule, Setting};
pub use draft::{DeviceDraft, DeviceField, RuleDraft, RuleField};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
pub use values::{ValueTable, shown_value, typed_value};

/// A device at work: its rules, and what it remembers.
#[derive(Debug)]
pub struct Responder {
    device: Arc<Device>,
    state: Values,
    /// Requests so far.
    counter: u64,
    random: StdRng,
}

/// What a device does with one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaction {
    pub answers: Vec<Answer>,
    /// Whether a value of the state changed.
    pub values_changed: bool,
    /// Why there is no answer, when there is none.
    pub not_answered: Option<Arc<str>>,
    /// What was odd about it: placeholders that stood for nothing.
    pub note: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How long to wait before it is sent.
    pub after: Duration,
    pub message: Message,
}

impl Responder {
    /// A device that has just been switched on, with the state of its draft.
    pub fn new(device: Arc<Device>, seed: u64) -> Self {
        Self {
            state: device.state.0.clone(),
            device,
            counter: 0,
            random: StdRng::seed_from_u64(seed),
        }
    }

    pub fn device(&self) -> &Arc<Device> {
        &self.device
    }

    pub fn values(&self) -> &Values {
        &self.state
    }

    /// Sets one value by hand. Says whether that changed anything.
    pub fn set_value(&mut self, name: &str, value: Value) -> bool {
        if self.state.get(name) == Some(&value) {
            return false;
        }
        self.state.insert(name.to_owned(), value);
        true
    }

    pub fn receive(&mut self, message: &Message, now: Timestamp) -> Reaction {
        if message.retain {
            return Reaction::silent(
                "it is a retained message that the broker replays, not a live request",
            );
        }
        self.counter = self.counter.saturating_add(1);
        let device = Arc::clone(&self.device);
        let request = Request::new(message);
        let rule = {
            let mut context = self.context(&request, now);
            device.rules.iter().find(|rule| {
                rule.when
                    .as_ref()
                    .is_none_or(|condition| condition.holds(&mut context))
            })
        };
        let mut missing = Vec::new();
        let values_changed = rule.is_some_and(|rule| self.set(rule, &request, now));
        let outcome = self.answer(rule, &request, now, &mut missing);
        let note = (!missing.is_empty()).then(|| {
            let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
            format!("there is no {} to fill in", names.join(", ")).into()
        });
        let (answers, not_answered) = match outcome {
            Ok(answer) => (vec![answer], None),
            Err(why) => (Vec::new(), Some(why)),
        };
        Reaction {
            answers,
            values_changed,
            not_answered,
            note,
        }
    }

    fn context<'a>(&'a mut self, request: &'a Request<'a>, now: Timestamp) -> Context<'a> {
        Context {
            request,
            state: &self.state,
            device: &self.device.name,
            counter: self.counter,
            now,
            random: &mut self.random,
        }
    }

    /// Sets what the rule sets. Every value is worked out before the first one changes.
    fn set(&mut self, rule: &Rule, request: &Request<'_>, now: Timestamp) -> bool {
        let mut values = Vec::with_capacity(rule.set.len());
        for (name, setting) in &rule.set {
            let value = match setting {
                Setting::Constant(value) => Some(value.clone()),
                Setting::Template(template) => {
                    // What the request does not have leaves the state as it is: it need not be there.
                    template.value(&mut self.context(request, now)).0
                }
            };
            values.extend(value.map(|value| (name, value)));
        }
        let mut changed = false;
        for (name, value) in values {
            changed |= self.set_value(name, value);
        }
        changed
    }

    fn answer(
        &mut self,
        rule: Option<&Rule>,
        request: &Request<'_>,
        now: Timestamp,
        missing: &mut Vec<Arc<str>>,
    ) -> Result<Answer, Arc<str>> {
        if rule.is_some_and(|rule| rule.has_no_reply) {
            return Err("the rule that matches says so".into());
        }
        let device = Arc::clone(&self.device);
        let own = &device.answer;
        let nothing = AnswerParts::default();
        let rules = rule.map_or(&nothing, |rule| &rule.answer);
        let Some(reply) = rules.reply.as_ref().or(own.reply.as_ref()) else {
            return Err(if rule.is_none() && !device.rules.is_empty() {
                "no rule matches it".into()
            } else {
                "the device has no reply to it".into()
            });
        };
        let topic_template = rules.reply_topic.as_ref().or(own.reply_topic.as_ref());
        let topic = self.reply_topic(topic_template, request, now, missing)?;
        let mut context = self.context(request, now);
        let rendered = reply.render(&mut context);
        if rendered.is_too_long {
            return Err(format!(
                "the reply would be longer than {MAX_PAYLOAD_BYTES} bytes, too much for one packet"
            )
            .into());
        }
        note_missing(missing, rendered.missing);
        let mut user_properties = Vec::new();
        for (name, value) in own.user_properties.iter().chain(&rules.user_properties) {
            let rendered = value.render(&mut context);
            note_missing(missing, rendered.missing);
            user_properties.push(UserProperty {
                name: (**name).to_owned(),
                value: mqtt_string(&rendered.bytes),
            });
        }
        let content_type = rules.content_type.as_ref().or(own.content_type.as_ref());
        Ok(Answer {
            after: self.delay(),
            message: Message {
                topic,
                payload: rendered.bytes.into(),
                qos: request.message.qos,
                retain: false,
                duplicate: false,
                properties: Properties {
                    correlation_data: request.message.properties.correlation_data.clone(),
                    user_properties,
                    content_type: content_type.cloned(),
                    ..Properties::default()
                },
            },
        })
    }

    /// Where the answer to a request goes, or why it goes nowhere.
    fn reply_topic(
        &mut self,
        own: Option<&Template>,
        request: &Request<'_>,
        now: Timestamp,
        missing: &mut Vec<Arc<str>>,
    ) -> Result<TopicName, Arc<str>> {
        if let Some(asked) = &request.message.properties.response_topic {
            // It may come from any client, and not every broker checks it.
            return TopicName::new(asked.as_str())
                .map_err(|err| format!("its Response Topic `{asked}` is not valid: {err}").into());
        }
        let Some(template) = own else {
            return Err(
                "it has no Response Topic, and the device has no reply topic of its own".into(),
            );
        };
        let rendered = template.render(&mut self.context(request, now));
        note_missing(missing, rendered.missing);
        let text = String::from_utf8_lossy(&rendered.bytes);
        let topic = TopicName::new(&text).map_err(|err| {
            Arc::from(format!(
                "the device's reply topic came out as `{text}`: {err}"
            ))
        })?;
        // Where No Local cannot keep its own replies away, they must not be answered for ever.
        let comes_back = |filter: &&TopicFilter| {
            filter.as_str().starts_with("$share/") && filter.matches(&topic)
        };
        match self.device.listens.iter().find(comes_back) {
            Some(filter) => Err(format!(
                "the device would hear its own reply on `{topic}` through `{filter}` and answer itself for ever"
            )
            .into()),
            None => Ok(topic),
        }
    }

    fn delay(&mut self) -> Duration {
        let (delay, jitter) = (self.device.delay, self.device.jitter);
        if jitter.is_zero() {
            return delay;
        }
        let earliest = delay.saturating_sub(jitter);
        let span = delay.saturating_add(jitter).saturating_sub(earliest);
        let span = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        earliest + Duration::from_nanos(self.random.random_range(0..=span))
    }
}

impl Reaction {
    fn silent(why: &str) -> Self {
        Self {
            not_answered: Some(why.into()),
            ..Self::default()
        }
    }
}

fn note_missing(missing: &mut Vec<Arc<str>>, more: Vec<Arc<str>>) {
    for name in more {
        if !missing.contains(&name) {
            missing.push(name);
        }
    }
}

/// What a string of MQTT can hold of it: UTF-8, no U+0000, 65,535 bytes (MQTT 5 §1.5.4).
fn mqtt_string(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}");
    let end = (0..=MAX_STRING_BYTES.min(text.len()))
        .rev()
        .find(|&end| text.is_char_boundary(end));
    text.truncate(end.unwrap_or(0));
    text
}

#[cfg(test)]
mod tests;
