//! A trace: messages in the order in which they were seen, and the verdict on each.

use super::json::{Json, Kind, NodeId};
use super::locator::Subject;
use super::matcher::{Match, Matcher, NearMiss, Pair, Standing};
use super::node::FileError;
use super::rule::{OutcomeKind, Presence, Replies};
use super::rules::Rules;
use super::value::Value;
use crate::model::correlation::CorrelationData;
use crate::model::exchange::ExchangeId;
use crate::model::message::{Message, UserProperty};
use crate::model::payload;
use crate::model::topic::TopicName;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// One message of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub message: Message,
    pub packet_id: Option<u16>,
}

/// Reads a list of messages, or an object with such a list as `msgs`.
pub fn read_trace(text: &str) -> Result<Vec<Sample>, Vec<FileError>> {
    let json = Json::parse(text).map_err(|err| {
        let message = format!("it is not JSON: {}", err.message);
        vec![FileError::at(text, err.at, message)]
    })?;
    let list = match json.kind(Json::ROOT) {
        Kind::Object => json.member(Json::ROOT, "msgs"),
        _ => Some(Json::ROOT),
    };
    let list = list.filter(|list| json.kind(*list) == Kind::Array);
    let Some(list) = list else {
        let message = "a trace is a list of messages, or an object with such a list as `msgs`";
        return Err(vec![FileError::at(text, 0, message)]);
    };
    let mut errors = Vec::new();
    let samples = json
        .elements(list)
        .enumerate()
        .map(|(index, node)| {
            let mut reader = Reader {
                json: &json,
                what: format!("message {index}"),
                errors: &mut errors,
            };
            reader.sample(node)
        })
        .collect();
    if errors.is_empty() {
        Ok(samples)
    } else {
        Err(errors)
    }
}

struct Reader<'a> {
    json: &'a Json<'a>,
    what: String,
    errors: &'a mut Vec<FileError>,
}

impl Reader<'_> {
    fn wrong(&mut self, node: NodeId, field: &str, message: impl Into<String>) {
        let at = self.json.span(node).start;
        let mut err = FileError::at(self.json.text(), at, message);
        err.what.clone_from(&self.what);
        field.clone_into(&mut err.field);
        self.errors.push(err);
    }

    fn sample(&mut self, node: NodeId) -> Sample {
        let mut sample = Sample {
            message: Message::new(TopicName::received(""), Bytes::new()),
            packet_id: None,
        };
        if self.json.kind(node) != Kind::Object {
            self.wrong(node, "", "a message is an object with at least a `topic`");
            return sample;
        }
        let mut payloads = 0;
        let members: Vec<_> = self.json.members(node).collect();
        for (name, value) in members {
            let name = self.json.string(name).into_owned();
            if self.json.kind(value) == Kind::Null && name != "json" {
                continue;
            }
            payloads += usize::from(matches!(name.as_str(), "json" | "text" | "hex" | "base64"));
            self.field(&mut sample, &name, value);
        }
        if sample.message.topic.as_str().is_empty() {
            self.wrong(node, "topic", "it is missing");
        }
        if payloads > 1 {
            self.wrong(
                node,
                "json",
                "a message has one payload: `json`, `text`, `hex` or `base64`",
            );
        }
        sample
    }

    fn field(&mut self, sample: &mut Sample, name: &str, value: NodeId) {
        let message = &mut sample.message;
        match name {
            "topic" => message.topic = TopicName::received(&self.text(value, name)),
            "resp" => {
                let topic = TopicName::received(&self.text(value, name));
                message.properties.response_topic = Some(topic);
            }
            "corr" => {
                let text = self.text(value, name);
                let data = match text.strip_prefix("hex:") {
                    None => Some(Bytes::from(text.clone().into_bytes())),
                    Some(digits) => self.decoded(value, name, payload::from_hex(digits)),
                };
                message.properties.correlation_data = data.map(CorrelationData::new);
            }
            "user" => message.properties.user_properties = self.user(value),
            "ctype" => message.properties.content_type = Some(self.text(value, name).into()),
            "retain" => message.retain = self.flag(value, name),
            "expiry" => {
                message.properties.message_expiry_secs =
                    self.number(value, name, "a whole number of seconds");
            }
            "qos" => {
                let level: Option<u8> = self.number(value, name, "0, 1 or 2");
                match level.map(TryInto::try_into) {
                    Some(Ok(qos)) => message.qos = qos,
                    Some(Err(err)) => self.wrong(value, name, err),
                    None => {}
                }
            }
            // As it is written: numbers keep their digits.
            "json" => {
                message.payload = Bytes::copy_from_slice(self.json.source(value).as_bytes());
            }
            "text" => message.payload = self.text(value, name).into(),
            "hex" => {
                let bytes = payload::from_hex(&self.text(value, name));
                message.payload = self.decoded(value, name, bytes).unwrap_or_default();
            }
            "base64" => {
                let bytes = payload::from_base64(&self.text(value, name));
                message.payload = self.decoded(value, name, bytes).unwrap_or_default();
            }
            "packet_id" | "packet-id" => {
                sample.packet_id = self.number(value, name, "a number from 1 to 65,535");
            }
            // Times, directions, notes: whoever recorded the trace may have known more.
            _ => {}
        }
    }

    fn text(&mut self, value: NodeId, field: &str) -> String {
        if matches!(
            self.json.kind(value),
            Kind::Array | Kind::Object | Kind::Null
        ) {
            self.wrong(value, field, "a text is expected here");
        }
        self.json.string(value).into_owned()
    }

    fn flag(&mut self, value: NodeId, field: &str) -> bool {
        match self.json.source(value) {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => {
                self.wrong(value, field, "true or false is expected here");
                false
            }
        }
    }

    fn number<T: std::str::FromStr>(
        &mut self,
        value: NodeId,
        field: &str,
        range: &str,
    ) -> Option<T> {
        let number = self.json.source(value).parse().ok();
        if number.is_none() {
            self.wrong(value, field, format!("{range} is expected here"));
        }
        number
    }

    fn decoded(
        &mut self,
        value: NodeId,
        field: &str,
        bytes: Result<Bytes, payload::DecodeError>,
    ) -> Option<Bytes> {
        bytes
            .map_err(|err| self.wrong(value, field, err.message))
            .ok()
    }

    /// Pairs of name and value.
    fn user(&mut self, list: NodeId) -> Vec<UserProperty> {
        if self.json.kind(list) != Kind::Array {
            self.wrong(
                list,
                "user",
                "a list of pairs [name, value] is expected here",
            );
        }
        let mut properties = Vec::new();
        let pairs: Vec<NodeId> = self.json.elements(list).collect();
        for pair in pairs {
            let parts: Vec<NodeId> = self.json.elements(pair).collect();
            match parts.as_slice() {
                [name, value] => properties.push(UserProperty {
                    name: self.text(*name, "user"),
                    value: self.text(*value, "user"),
                }),
                _ => self.wrong(pair, "user", "a pair [name, value] is expected here"),
            }
        }
        properties
    }
}

/// What one message of a trace is. Written in the short notation: `Q`, `R0:ok`, `R3:error:404`, `D0`, `S`, `-`.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Request {
        rule: Arc<str>,
        variables: Vec<(Arc<str>, Vec<Value>)>,
    },
    /// A reply to an open request; with `reply.each` perhaps to several, the oldest first.
    Reply(Vec<Pair>),
    /// A further reply to a request that is complete.
    Further(Pair),
    /// Retained: it would have paired.
    Stale(Pair),
    Nothing(Option<NearMiss>),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { .. } => f.write_str("Q"),
            Self::Reply(pairs) => match pairs.first() {
                None => f.write_str("-"),
                Some(pair) => {
                    write!(f, "R{}:{}", pair.id.0, pair.status.outcome.word())?;
                    match pair.status.code.as_deref() {
                        // A code is one word on one line, whatever a device sends.
                        Some(code) if !code.is_empty() => {
                            f.write_str(":")?;
                            code.chars().try_for_each(|c| {
                                if c.is_control() {
                                    write!(f, "{}", c.escape_default())
                                } else {
                                    write!(f, "{c}")
                                }
                            })
                        }
                        _ => Ok(()),
                    }
                }
            },
            Self::Further(pair) => write!(f, "D{}", pair.id.0),
            Self::Stale(_) => f.write_str("S"),
            Self::Nothing(_) => f.write_str("-"),
        }
    }
}

/// Judges messages one after the other. Nothing times out.
#[derive(Debug)]
pub struct Trial {
    matcher: Matcher,
    count: u64,
}

impl Trial {
    pub fn new(rules: Rules) -> Self {
        Self {
            matcher: Matcher::new(rules),
            count: 0,
        }
    }

    pub fn judge(&mut self, sample: &Sample) -> (Verdict, Vec<Presence>) {
        let subject = Subject::new(&sample.message).with_packet_id(sample.packet_id);
        let number = self.count;
        self.count += 1;
        let presence = self.matcher.rules().presence(&subject);
        let miss = match self.matcher.find(&subject) {
            Match::Pairs(pairs) => return (self.paired(pairs), presence),
            Match::Stale(pair) => return (Verdict::Stale(pair), presence),
            Match::NearMiss(miss) => Some(miss),
            Match::Elsewhere => None,
        };
        let Some((index, request)) = self.matcher.opens(&subject) else {
            return (Verdict::Nothing(miss), presence);
        };
        let rule = self.matcher.rules().get(index);
        let verdict = Verdict::Request {
            rule: rule.map_or_else(|| "".into(), |rule| Arc::clone(&rule.id)),
            variables: rule.map(|rule| rule.named(&request)).unwrap_or_default(),
        };
        self.matcher.insert(ExchangeId(number), index, request);
        (verdict, presence)
    }

    fn paired(&mut self, pairs: Vec<Pair>) -> Verdict {
        if let [pair, ..] = pairs.as_slice()
            && pair.standing == Standing::Completed
        {
            return Verdict::Further(pair.clone());
        }
        for pair in &pairs {
            let replies = self.matcher.request(pair.id).map(|(rule, _)| rule.replies);
            if pair.status.outcome != OutcomeKind::Progress && replies != Some(Replies::Many) {
                self.matcher.set_standing(pair.id, Standing::Completed);
            }
        }
        Verdict::Reply(pairs)
    }
}
