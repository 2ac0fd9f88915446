//! The answers to one request: filled in from their templates, on their topic, saying what they have to say.

use super::device::{AnswerParts, Device};
use super::faults::mistaken;
use super::pairing::{Saying, of_json};
use super::rule::{Further, Rule, Said};
use super::{Answer, Asked, Responder};
use crate::model::message::{Message, Properties, UserProperty};
use crate::model::pairing::Variables;
use crate::model::request::MAX_PAYLOAD_BYTES;
use crate::model::template::{Rendered, Template};
use crate::model::topic::{MAX_STRING_BYTES, TopicFilter, TopicName};
use bytes::Bytes;
use std::sync::Arc;

/// What was odd about an answer.
#[derive(Debug, Default)]
pub(super) struct Notes {
    missing: Vec<Arc<str>>,
    others: Vec<String>,
}

impl Notes {
    /// Gives the bytes on.
    fn take(&mut self, rendered: Rendered) -> Vec<u8> {
        for name in rendered.missing {
            if !self.missing.contains(&name) {
                self.missing.push(name);
            }
        }
        rendered.bytes
    }

    pub(super) fn in_words(self) -> Option<Arc<str>> {
        let mut words = self.others;
        if !self.missing.is_empty() {
            let names: Vec<String> = self
                .missing
                .iter()
                .map(|name| format!("`{name}`"))
                .collect();
            words.insert(0, format!("there is no {} to fill in", names.join(", ")));
        }
        (!words.is_empty()).then(|| words.join("; ").into())
    }
}

/// What one answer is made from; what a further one leaves out is as in the first.
struct Making<'a> {
    reply: Option<&'a Template>,
    payload: &'a Bytes,
    content_type: Option<&'a Arc<str>>,
    user_properties: Vec<&'a (Arc<str>, Template)>,
    reply_topic: Option<&'a Template>,
    said: &'a Said,
}

impl Responder {
    pub(super) fn answers(
        &mut self,
        rule: Option<&Rule>,
        asked: &Asked<'_>,
        notes: &mut Notes,
    ) -> Result<Vec<Answer>, Arc<str>> {
        if rule.is_some_and(|rule| rule.has_no_reply) {
            return Err("the rule that matches says so".into());
        }
        let device = Arc::clone(&self.device);
        let (own, nothing, says_nothing) =
            (&device.answer, AnswerParts::default(), Said::default());
        let parts = rule.map_or(&nothing, |rule| &rule.answer);
        let said = rule.map_or(&says_nothing, |rule| &rule.said);
        let reply = parts.reply.as_ref().or(own.reply.as_ref());
        if reply.is_none() && said.is_nothing() {
            return Err(if rule.is_none() && !device.rules.is_empty() {
                "no rule matches it".into()
            } else {
                "the device has no reply to it".into()
            });
        }
        let mut making = Making {
            reply,
            payload: &Bytes::new(),
            content_type: parts.content_type.as_ref().or(own.content_type.as_ref()),
            user_properties: own
                .user_properties
                .iter()
                .chain(&parts.user_properties)
                .collect(),
            reply_topic: parts.reply_topic.as_ref().or(own.reply_topic.as_ref()),
            said,
        };
        let (first, payload) = self.make(&making, asked, notes)?;
        let mut after = self.delay(rule);
        let mut answers = vec![Answer {
            after,
            message: first,
        }];
        making.payload = &payload;
        let further: &[Further] = rule.map_or(&[], |rule| &rule.then);
        for (index, more) in further.iter().enumerate() {
            after = after.saturating_add(more.after);
            let making = Making {
                reply: more.answer.reply.as_ref(),
                content_type: more.answer.content_type.as_ref().or(making.content_type),
                user_properties: making
                    .user_properties
                    .iter()
                    .copied()
                    .chain(&more.answer.user_properties)
                    .collect(),
                said: &more.said,
                ..making
            };
            match self.make(&making, asked, notes) {
                Ok((message, _)) => answers.push(Answer { after, message }),
                Err(why) => notes.others.push(format!(
                    "answer {} of {} is not sent: {why}",
                    index + 2,
                    further.len() + 1
                )),
            }
        }
        self.remember(asked, &answers);
        self.go_wrong(answers, asked, notes)
    }

    /// The answers as the device's faults leave them.
    fn go_wrong(
        &mut self,
        answers: Vec<Answer>,
        asked: &Asked<'_>,
        notes: &mut Notes,
    ) -> Result<Vec<Answer>, Arc<str>> {
        let device = Arc::clone(&self.device);
        let mut left = Vec::with_capacity(answers.len());
        for mut answer in answers {
            let fault = device.faults.draw(&mut self.random);
            if fault.is_dropped {
                notes.others.push("an answer is lost on purpose".to_owned());
                continue;
            }
            if fault.is_wrong {
                match self.gone_astray(&answer.message, asked) {
                    Ok(message) => {
                        let note = "an answer has the wrong correlation on purpose";
                        notes.others.push(note.to_owned());
                        answer.message = message;
                    }
                    Err(why) => notes.others.push(why.to_string()),
                }
            }
            if fault.is_doubled {
                notes
                    .others
                    .push("an answer is sent twice on purpose".to_owned());
                left.push(answer.clone());
            }
            left.push(answer);
        }
        if left.is_empty() {
            return Err("its faults: the answer is lost on purpose".into());
        }
        Ok(left)
    }

    /// The answer as if it were one to another request.
    fn gone_astray(&mut self, answer: &Message, asked: &Asked<'_>) -> Result<Message, Arc<str>> {
        let device = Arc::clone(&self.device);
        let by = device.pairing.as_ref();
        let other = mistaken(by, asked.request.message, &mut self.random)?;
        if let Some(by) = by {
            return by.answer(&other, answer, &Variables::new(), &Saying::default());
        }
        let mut wrong = answer.clone();
        wrong.properties.correlation_data = other.properties.correlation_data;
        Ok(wrong)
    }

    /// One answer, and its payload before a pairing rule wrote to it.
    fn make(
        &mut self,
        making: &Making<'_>,
        asked: &Asked<'_>,
        notes: &mut Notes,
    ) -> Result<(Message, Bytes), Arc<str>> {
        let request = asked.request.message;
        let device = Arc::clone(&self.device);
        // Its topic is asked for first: where there is none, nothing is filled in.
        let own_topic = match (&device.pairing, making.reply_topic) {
            (None, own) => Some(self.response_topic(own, asked, notes)?),
            (Some(_), Some(template)) => Some(self.own_topic(template, asked, notes)?),
            (Some(_), None) => None,
        };
        let mut context = self.context(asked);
        let payload = match making.reply {
            Some(reply) => {
                let rendered = reply.render(&mut context);
                if rendered.is_too_long {
                    return Err(format!(
                        "the reply would be longer than {MAX_PAYLOAD_BYTES} bytes, too much for one packet"
                    )
                    .into());
                }
                notes.take(rendered).into()
            }
            None => making.payload.clone(),
        };
        let mut user_properties = Vec::new();
        for (name, value) in &making.user_properties {
            user_properties.push(UserProperty {
                name: (**name).to_owned(),
                value: mqtt_string(&notes.take(value.render(&mut context))),
            });
        }
        let mut text = |template: Option<&Template>| {
            let bytes = notes.take(template?.render(&mut context));
            Some(Arc::from(mqtt_string(&bytes)))
        };
        let saying = Saying {
            outcome: making.said.outcome,
            code: text(making.said.code.as_ref()),
            message: text(making.said.message.as_ref()),
        };
        let reply = Message {
            topic: own_topic.clone().unwrap_or_else(|| request.topic.clone()),
            payload,
            qos: request.qos,
            retain: false,
            duplicate: false,
            properties: Properties {
                user_properties,
                content_type: making.content_type.cloned(),
                ..Properties::default()
            },
        };
        let payload = reply.payload.clone();
        let answer = if device.pairing.is_some() {
            self.by_rule(&device, reply, own_topic, asked, &saying)?
        } else {
            by_mqtt5(&device, reply, request, making.said, &saying)?
        };
        Ok((answer, payload))
    }

    /// The answer as the device's pairing rule wants it.
    fn by_rule(
        &self,
        device: &Device,
        reply: Message,
        own_topic: Option<TopicName>,
        asked: &Asked<'_>,
        saying: &Saying,
    ) -> Result<Message, Arc<str>> {
        let Some(by) = &device.pairing else {
            return Ok(reply);
        };
        // What the request does not say, the device may: its name, and what it remembers.
        let mut given = Variables::new();
        let is_free = |name: &str| {
            let is_bound = asked.variables.iter().any(|(known, _)| **known == *name);
            let is_code = name == "code" && saying.code.is_some();
            by.has_variable(name) && !is_bound && !is_code
        };
        for (name, value) in self.state.iter().filter(|(name, _)| is_free(name)) {
            given.extend(of_json(value).map(|value| (name.as_str().into(), vec![value])));
        }
        let name = serde_json::Value::String((*device.name).to_owned());
        if is_free("device") && !self.state.contains_key("device") {
            given.extend(of_json(&name).map(|value| ("device".into(), vec![value])));
        }
        let request = asked.request.message;
        let mut answer = by.answer(request, &reply, &given, saying)?;
        if let Some(topic) = own_topic {
            answer.topic = topic;
            if !by.pairs(&asked.bindings, &answer) {
                return Err(format!(
                    "by the rule `{}` nobody waits for an answer on the device's own reply topic `{}`",
                    by.id(),
                    answer.topic
                )
                .into());
            }
        }
        match shared_filter(device, &answer.topic) {
            Some(filter) if by.takes_for_request(&answer) => Err(endless(&answer.topic, filter)),
            _ => Ok(answer),
        }
    }

    /// Keeps in mind what was answered where the answers would be taken for requests.
    fn remember(&mut self, asked: &Asked<'_>, answers: &[Answer]) {
        let Some((heard, by)) = self.heard.as_mut().zip(self.device.pairing.as_ref()) else {
            return;
        };
        // Without an id an answer cannot be told from the next request.
        let has_id = asked.variables.iter().any(|(name, _)| **name == *"id");
        let listens = |topic: &TopicName| {
            let mut filters = self.device.listens.iter();
            filters.any(|filter| filter.matches(topic))
        };
        let comes_back = answers
            .iter()
            .any(|answer| listens(&answer.message.topic) && by.takes_for_request(&answer.message));
        let Some(last) = answers.last().filter(|_| has_id && comes_back) else {
            return;
        };
        heard.remember(
            asked.bindings.clone(),
            asked.request.message,
            answers
                .iter()
                .map(|answer| answer.message.payload.clone())
                .collect(),
            asked.now.saturating_add(last.after),
        );
    }

    /// Where the answer to a request of MQTT 5 goes, or why it goes nowhere.
    fn response_topic(
        &mut self,
        own: Option<&Template>,
        asked: &Asked<'_>,
        notes: &mut Notes,
    ) -> Result<TopicName, Arc<str>> {
        if let Some(topic) = &asked.request.message.properties.response_topic {
            // It may come from any client, and not every broker checks it.
            return TopicName::new(topic.as_str())
                .map_err(|err| format!("its Response Topic `{topic}` is not valid: {err}").into());
        }
        let Some(template) = own else {
            return Err(
                "it has no Response Topic, and the device has no reply topic of its own".into(),
            );
        };
        let topic = self.own_topic(template, asked, notes)?;
        // Where No Local cannot keep its own replies away, they must not be answered for ever.
        match shared_filter(&self.device, &topic) {
            Some(filter) => Err(endless(&topic, filter)),
            None => Ok(topic),
        }
    }

    fn own_topic(
        &mut self,
        template: &Template,
        asked: &Asked<'_>,
        notes: &mut Notes,
    ) -> Result<TopicName, Arc<str>> {
        let bytes = notes.take(template.render(&mut self.context(asked)));
        let text = String::from_utf8_lossy(&bytes);
        TopicName::new(&text)
            .map_err(|err| format!("the device's reply topic came out as `{text}`: {err}").into())
    }
}

/// The answer as MQTT 5 wants it (§4.10). How it went is told by the user properties of the conventions that ride on it.
fn by_mqtt5(
    device: &Device,
    mut reply: Message,
    request: &Message,
    said: &Said,
    saying: &Saying,
) -> Result<Message, Arc<str>> {
    reply
        .properties
        .correlation_data
        .clone_from(&request.properties.correlation_data);
    if said.is_nothing() {
        return Ok(reply);
    }
    let mut asked = request.clone();
    asked.properties.response_topic = Some(reply.topic.clone());
    device
        .mqtt5
        .answer(&asked, &reply, &Variables::new(), saying)
}

/// The shared subscription through which the device would hear its own answer: No Local is not allowed there.
fn shared_filter<'a>(device: &'a Device, topic: &TopicName) -> Option<&'a TopicFilter> {
    let mut shared = device
        .listens
        .iter()
        .filter(|filter| !Device::no_local(filter));
    shared.find(|filter| filter.matches(topic))
}

fn endless(topic: &TopicName, filter: &TopicFilter) -> Arc<str> {
    format!(
        "the device would hear its own reply on `{topic}` through `{filter}` and answer itself for ever"
    )
    .into()
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
