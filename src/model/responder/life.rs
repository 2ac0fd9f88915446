//! The life of a device: its session, its last will, what it publishes of its own, and when it sleeps. As typed and valid.

use super::device::AnswerParts;
use super::draft::{DeviceDraft, DeviceField, check_string, parse_delay};
use super::rule::RuleField;
use crate::model::message::{Message, Properties, Qos};
use crate::model::profile::MqttVersion;
use crate::model::request::{MAX_PAYLOAD_BYTES, parse_duration};
use crate::model::template::{Context, Request, Template};
use crate::model::time::Timestamp;
use crate::model::topic::TopicName;
use crate::model::will::Will;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Nothing is published or slept through faster than that.
const SHORTEST: Duration = Duration::from_millis(10);

/// What a device publishes without being asked, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnMessageDraft {
    /// Topic and payload may have placeholders; `counter` counts the messages of the device's own.
    pub topic: String,
    pub payload: String,
    /// Such as `2 s`; only of what is published again and again.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub every: String,
    pub qos: Qos,
    pub retain: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_expiry_secs: Option<u32>,
}

/// When a device is there, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleDraft {
    /// Such as `5 s`.
    pub awake: String,
    /// From one awakening to the next, such as `15 s`.
    pub every: String,
    /// How it goes to sleep: `clean` (the default) or `cut`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub leaves: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnField {
    Topic,
    Payload,
    Every,
    ContentType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScheduleField {
    Awake,
    Every,
    Leaves,
}

/// How a device goes away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaves {
    /// With its farewell and a DISCONNECT, so that its will is not published (MQTT 5 §3.14.4).
    #[default]
    Clean,
    /// The socket is dropped, and the broker publishes the will.
    Cut,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    pub clean_start: bool,
    pub session_expiry_secs: u32,
    pub will: Option<Will>,
    /// Published whenever it has connected.
    pub birth: Option<OwnMessage>,
    /// Published before it leaves with a DISCONNECT.
    pub farewell: Option<OwnMessage>,
    /// Published again and again while it is there.
    pub publishes: Vec<(OwnMessage, Duration)>,
    pub schedule: Option<Schedule>,
}

impl Life {
    /// Whether the broker is asked to keep its session while it is away.
    pub fn is_session_kept(&self) -> bool {
        self.session_expiry_secs > 0 || !self.clean_start
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub awake: Duration,
    pub every: Duration,
    pub leaves: Leaves,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnMessage {
    topic: Template,
    payload: Template,
    qos: Qos,
    retain: bool,
    content_type: Option<Arc<str>>,
    message_expiry_secs: Option<u32>,
}

impl DeviceDraft {
    pub(super) fn life(&self, mut wrong: impl FnMut(DeviceField, String)) -> Life {
        let will = self.will.as_ref().and_then(|will| {
            // Whichever version it will speak: what that one cannot carry is left out then.
            let valid = will.validate(MqttVersion::V5);
            valid
                .map_err(|errors| {
                    for err in errors {
                        wrong(DeviceField::Will(err.field), err.message);
                    }
                })
                .ok()
        });
        let mut once = |draft: &Option<Box<OwnMessageDraft>>,
                        place: fn(OwnField) -> DeviceField| {
            let draft = draft.as_ref()?;
            if !draft.every.is_empty() {
                let message = "it is published once each time, not again and again";
                wrong(place(OwnField::Every), message.to_owned());
            }
            draft.read(|field, message| wrong(place(field), message))
        };
        let birth = once(&self.birth, DeviceField::Birth);
        let farewell = once(&self.farewell, DeviceField::Farewell);
        let publishes = self.publishes.iter().enumerate();
        let publishes = publishes.filter_map(|(index, draft)| {
            let every = period(&draft.every).unwrap_or_else(|message| {
                let message = format!("how often it is published is not valid: {message}");
                wrong(DeviceField::Publish(index, OwnField::Every), message);
                SHORTEST
            });
            let own =
                draft.read(|field, message| wrong(DeviceField::Publish(index, field), message));
            Some((own?, every))
        });
        let publishes = publishes.collect();
        let schedule = self
            .schedule
            .as_ref()
            .map(|draft| draft.read(|field, message| wrong(DeviceField::Schedule(field), message)));
        Life {
            clean_start: self.clean_start,
            session_expiry_secs: self.session_expiry_secs,
            will,
            birth,
            farewell,
            publishes,
            schedule,
        }
    }
}

impl ScheduleDraft {
    fn read(&self, mut wrong: impl FnMut(ScheduleField, String)) -> Schedule {
        let mut duration = |field, text: &str, what: &str| {
            period(text).unwrap_or_else(|message| {
                wrong(field, format!("{what} is not valid: {message}"));
                SHORTEST
            })
        };
        let awake = duration(ScheduleField::Awake, &self.awake, "how long it is awake");
        let every = duration(ScheduleField::Every, &self.every, "how often it wakes");
        let leaves = match self.leaves.trim() {
            "" | "clean" => Leaves::Clean,
            "cut" => Leaves::Cut,
            other => {
                let message = format!("`{other}` is no way to leave; it is clean or cut");
                wrong(ScheduleField::Leaves, message);
                Leaves::Clean
            }
        };
        if awake > every {
            wrong(
                ScheduleField::Every,
                format!(
                    "it wakes every {} and stays awake for {}, so it would never sleep",
                    self.every, self.awake
                ),
            );
        }
        Schedule {
            awake,
            every,
            leaves,
        }
    }
}

fn period(text: &str) -> Result<Duration, String> {
    // What is fine for a delay is none for a period.
    if parse_delay(text) == Ok(Duration::ZERO) {
        return Err("it must be longer than nothing; write one such as 2 s".to_owned());
    }
    let period = parse_duration(text)?;
    if period < SHORTEST {
        return Err(format!("`{text}` is shorter than 10 ms"));
    }
    Ok(period)
}

impl OwnMessageDraft {
    fn read(&self, mut wrong: impl FnMut(OwnField, String)) -> Option<OwnMessage> {
        let mut is_wrong = false;
        let parts = AnswerParts::read(
            Some(&self.payload),
            &self.topic,
            "",
            &[],
            |field, message| {
                is_wrong = true;
                let (field, message) = match field {
                    RuleField::ReplyTopic => (
                        OwnField::Topic,
                        message.replace("the reply topic", "the topic"),
                    ),
                    _ => (OwnField::Payload, message),
                };
                wrong(field, message);
            },
        );
        if self.topic.is_empty() {
            is_wrong = true;
            wrong(OwnField::Topic, "the topic is empty".to_owned());
        }
        check_string(&self.content_type, "content type", |message| {
            is_wrong = true;
            wrong(OwnField::ContentType, message);
        });
        let (Some(topic), Some(payload), false) = (parts.reply_topic, parts.reply, is_wrong) else {
            return None;
        };
        Some(OwnMessage {
            topic,
            payload,
            qos: self.qos,
            retain: self.retain,
            content_type: Some(&*self.content_type)
                .filter(|text| !text.is_empty())
                .map(Into::into),
            message_expiry_secs: self.message_expiry_secs,
        })
    }
}

impl OwnMessage {
    /// As it was typed.
    pub fn topic(&self) -> &str {
        self.topic.source()
    }
}

impl super::Responder {
    /// A message of the device's own, filled in. What stands for nothing is left out, as there is no request.
    pub fn own_message(&mut self, own: &OwnMessage, now: Timestamp) -> Result<Message, Arc<str>> {
        self.own_messages = self.own_messages.saturating_add(1);
        let mut render = |template: &Template, topic: &TopicName| {
            let nobody = Message::new(topic.clone(), Vec::new());
            template.render(&mut Context {
                request: &Request::new(&nobody),
                variables: &Vec::new(),
                state: &self.state,
                device: &self.device.name,
                counter: self.own_messages,
                now,
                random: &mut self.random,
            })
        };
        let text = render(&own.topic, &TopicName::received("")).bytes;
        let text = String::from_utf8_lossy(&text);
        let topic = TopicName::new(&text)
            .map_err(|err| Arc::from(format!("its topic came out as `{text}`: {err}")))?;
        let payload = render(&own.payload, &topic);
        if payload.is_too_long {
            let why = format!("it would be longer than {MAX_PAYLOAD_BYTES} bytes");
            return Err(why.into());
        }
        Ok(Message {
            topic,
            payload: payload.bytes.into(),
            qos: own.qos,
            retain: own.retain,
            duplicate: false,
            properties: Properties {
                message_expiry_secs: own.message_expiry_secs,
                content_type: own.content_type.clone(),
                ..Properties::default()
            },
        })
    }
}
