//! A trace: messages in the order in which they were seen, and the verdict on each.

use super::json::{Json, Kind, NodeId, quote};
use super::locator::Subject;
use super::matcher::{Match, Matcher, NearMiss, Pair, Reason, Standing};
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
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// One message of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub message: Message,
    pub packet_id: Option<u16>,
}

/// More mistakes are not looked for.
const MAX_ERRORS: usize = 100;
const SHAPE: &str = "a trace is a list of messages, or an object with such a list as `msgs`";

/// Reads a list of messages, or an object with such a list as `msgs`.
pub fn read_trace(text: &str) -> Result<Vec<Sample>, Vec<FileError>> {
    let mut traces = read_traces(text)?;
    match (traces.pop(), traces.is_empty()) {
        (Some(trace), true) => Ok(trace),
        _ => Err(vec![FileError::at(text, 0, SHAPE)]),
    }
}

/// The same, or a list of such objects: traces that have nothing to do with each other.
pub fn read_traces(text: &str) -> Result<Vec<Vec<Sample>>, Vec<FileError>> {
    let json = Json::parse_file(text).map_err(|err| {
        let message = format!("it is not JSON: {}", err.message);
        vec![FileError::at(text, err.at, message)]
    })?;
    let mut errors = Vec::new();
    let messages_of = |node: NodeId| json.member(node, "msgs");
    let is_list_of_traces = json
        .elements(Json::ROOT)
        .next()
        .is_some_and(|first| messages_of(first).is_some());
    let lists: Vec<(String, NodeId, Option<NodeId>)> = if is_list_of_traces {
        json.elements(Json::ROOT)
            .enumerate()
            .map(|(index, trace)| (format!("trace {index}, "), trace, messages_of(trace)))
            .collect()
    } else {
        let list = match json.kind(Json::ROOT) {
            Kind::Object => messages_of(Json::ROOT),
            _ => Some(Json::ROOT),
        };
        vec![(String::new(), Json::ROOT, list)]
    };
    let mut traces = Vec::with_capacity(lists.len());
    for (what, at, list) in lists {
        let Some(list) = list.filter(|list| json.kind(*list) == Kind::Array) else {
            let mut err = FileError::at(text, json.span(at).start, SHAPE);
            what.trim_end_matches(", ").clone_into(&mut err.what);
            errors.push(err);
            continue;
        };
        let samples = json.elements(list).enumerate().map(|(index, node)| {
            let mut reader = Reader {
                json: &json,
                what: format!("{what}message {index}"),
                errors: &mut errors,
            };
            reader.sample(node)
        });
        traces.push(samples.collect());
    }
    if errors.is_empty() {
        Ok(traces)
    } else {
        Err(errors)
    }
}

/// One message as it is written in a trace.
pub fn sample_to_json(sample: &Sample) -> String {
    let message = &sample.message;
    let properties = &message.properties;
    let mut members = vec![format!("\"topic\": {}", quote(message.topic.as_str()))];
    let mut say = |name: &str, value: String| members.push(format!("\"{name}\": {value}"));
    if let Some(topic) = &properties.response_topic {
        say("resp", quote(topic.as_str()));
    }
    if let Some(data) = &properties.correlation_data {
        let bytes = data.as_bytes();
        let text = std::str::from_utf8(bytes).ok();
        // What would be read as something else, or cannot be seen, is told in hex digits.
        let text =
            text.filter(|text| !text.starts_with("hex:") && !text.contains(char::is_control));
        say(
            "corr",
            quote(&text.map_or_else(|| format!("hex:{}", hex::encode(bytes)), str::to_owned)),
        );
    }
    if !properties.user_properties.is_empty() {
        let pair = |property: &UserProperty| {
            format!("[{}, {}]", quote(&property.name), quote(&property.value))
        };
        let pairs: Vec<String> = properties.user_properties.iter().map(pair).collect();
        say("user", format!("[{}]", pairs.join(", ")));
    }
    if let Some(text) = &properties.content_type {
        say("ctype", quote(text));
    }
    if message.retain {
        say("retain", "true".to_owned());
    }
    if let Some(secs) = properties.message_expiry_secs {
        say("expiry", secs.to_string());
    }
    if let Some(id) = sample.packet_id {
        say("packet_id", id.to_string());
    }
    match std::str::from_utf8(&message.payload) {
        Ok(text) => {
            let whole =
                Json::parse(text).is_ok_and(|json| json.source(Json::ROOT).len() == text.len());
            if whole {
                say("json", text.to_owned());
            } else {
                say("text", quote(text));
            }
        }
        Err(_not_text) => say("hex", quote(&hex::encode(&message.payload))),
    }
    format!("{{{}}}", members.join(", "))
}

struct Reader<'a> {
    json: &'a Json<'a>,
    what: String,
    errors: &'a mut Vec<FileError>,
}

impl Reader<'_> {
    fn wrong(&mut self, node: NodeId, field: &str, message: impl Into<String>) {
        if self.errors.len() >= MAX_ERRORS {
            return;
        }
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
            "packet_id" | "packet-id" | "packetId" | "pid" => {
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

    /// Pairs of name and value, or an object.
    fn user(&mut self, list: NodeId) -> Vec<UserProperty> {
        let mut properties = Vec::new();
        let members: Vec<(NodeId, NodeId)> = self.json.members(list).collect();
        for (name, value) in members {
            properties.push(UserProperty {
                name: self.text(name, "user"),
                value: self.text(value, "user"),
            });
        }
        if !matches!(self.json.kind(list), Kind::Array | Kind::Object) {
            self.wrong(
                list,
                "user",
                "a list of pairs [name, value] is expected here",
            );
        }
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

/// A code stays on its line, whatever a device sends.
pub(super) fn on_one_line(code: &str) -> Cow<'_, str> {
    if !code.contains(char::is_control) {
        return Cow::Borrowed(code);
    }
    let escaped = code.chars().map(|c| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    });
    Cow::Owned(escaped.collect())
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
                        Some(code) if !code.is_empty() => write!(f, ":{}", on_one_line(code)),
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

/// A verdict, and for what is nothing the reasons, what is most to the point first.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    pub verdict: Verdict,
    pub presence: Vec<Presence>,
    pub reasons: Vec<Reason>,
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

    /// The same as [`Trial::judge`], and why a message is nothing.
    pub fn explain(&mut self, sample: &Sample) -> Explanation {
        let (verdict, presence) = self.judge(sample);
        let reasons = match verdict {
            Verdict::Nothing(_) => {
                let subject = Subject::new(&sample.message).with_packet_id(sample.packet_id);
                self.matcher.reasons(&subject)
            }
            _ => Vec::new(),
        };
        Explanation {
            verdict,
            presence,
            reasons,
        }
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
