//! The pairing rule of a device, run backwards: what it takes for a request, and its answers as the rule wants them.

use crate::model::exchange::ExchangeId;
use crate::model::message::Message;
use crate::model::pairing::{
    Bindings, Format, Match, Matcher, OutcomeKind, Rule, Rules, Status, Subject, Value, Variables,
    read_rules,
};
use crate::model::time::Timestamp;
use crate::model::topic::{TopicFilter, TopicName};
use bytes::Bytes;
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// The rule that needs no naming.
const MQTT5: &str = "mqtt5";
/// How long after its last answer a request is remembered, so that the answers of others to it are known for answers.
const ECHO: Duration = Duration::from_secs(10);
/// And how many of them.
const REMEMBERED: usize = 1_000;

/// A pairing rule that a device answers by.
#[derive(Clone, Debug)]
pub(super) struct ByRule(Arc<Rule>);

impl PartialEq for ByRule {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.id == other.0.id
    }
}

impl Eq for ByRule {}

/// The rule of that id; none where MQTT 5's own properties are meant.
pub(super) fn find(rules: &Rules, id: &str) -> Result<Option<ByRule>, String> {
    if matches!(id, "" | MQTT5) {
        return Ok(None);
    }
    match rules.find(id) {
        Some((_, rule)) => Ok(Some(ByRule(Arc::new(rule.clone())))),
        None => Err(format!(
            "there is no pairing rule `{id}`; choose one that there is, or none for MQTT 5's Response Topic"
        )),
    }
}

pub(super) fn mqtt5(rules: &Rules) -> ByRule {
    let rule = rules.find(MQTT5).map(|(_, rule)| rule.clone());
    ByRule(Arc::new(rule.unwrap_or_else(Rule::mqtt5)))
}

/// What an answer says of itself, filled in.
#[derive(Clone, Debug, Default)]
pub(super) struct Saying {
    pub(super) outcome: Option<OutcomeKind>,
    pub(super) code: Option<Arc<str>>,
    pub(super) message: Option<Arc<str>>,
}

impl ByRule {
    pub(super) fn id(&self) -> &str {
        &self.0.id
    }

    /// The topic filters of the rule's requests, or why they are no good.
    pub(super) fn filters(&self) -> Result<Vec<TopicFilter>, String> {
        let pattern = self.0.request_pattern();
        let id = self.id();
        let wrong = |why: &str| {
            format!(
                "it listens to nothing, and what the rule `{id}` takes for requests, `{pattern}`, {why}; add a topic filter"
            )
        };
        // Filters are derived for replies: as a reply topic of which nothing is known, the pattern gives its own.
        let topics = serde_json::json!({
            "request": {"topic": "-"},
            "reply": {"topic": [pattern]},
        });
        let all = read_rules(&topics.to_string(), Format::Json).ok();
        let filters = all
            .and_then(|rules| {
                let request = Message::new(TopicName::new("-").ok()?, "");
                let known = Bindings::default();
                rules.first()?.subscriptions(&request, &known).ok()
            })
            .filter(|filters| !filters.is_empty());
        let Some(filters) = filters else {
            return Err(wrong("gives no topic filter"));
        };
        if filters
            .iter()
            .any(|filter| filter.as_str().starts_with('#'))
        {
            return Err(wrong("may be on any topic"));
        }
        Ok(filters)
    }

    /// What the rule binds in the request, or why it is none.
    pub(super) fn request(&self, message: &Message) -> Result<Bindings, Arc<str>> {
        let found = self.0.request(&Subject::new(message));
        found.ok_or_else(|| {
            // The reason is known to whoever is asked for an answer.
            let answer = self.0.answer(message, message, &Vec::new(), &Status::ok());
            match answer {
                Err(err) => err.message.into(),
                Ok(_) => format!("it is no request by the rule `{}`", self.id()).into(),
            }
        })
    }

    pub(super) fn named(&self, bindings: &Bindings) -> Variables {
        self.0.named(bindings)
    }

    pub(super) fn has_variable(&self, name: &str) -> bool {
        self.0.var(name).is_some()
    }

    pub(super) fn takes_for_request(&self, message: &Message) -> bool {
        self.0.is_request(message)
    }

    /// The same request with an id that is not its own.
    pub(super) fn with_other_id(
        &self,
        request: &Message,
        random: &mut StdRng,
    ) -> Result<Message, Arc<str>> {
        let bindings = self.request(request)?;
        let named = self.named(&bindings);
        let id = named.iter().find(|(name, _)| **name == *"id");
        let Some(id) = id.and_then(|(_, values)| values.first()) else {
            return Err("the request has no id, so there is none to get wrong".into());
        };
        let mut bytes = id.as_bytes().to_vec();
        if let Some(last) = bytes.last_mut() {
            // Still of the same form: digits stay digits, a UUID stays one.
            *last = match *last {
                digit @ b'0'..=b'8' => digit + 1,
                b'9' => b'0',
                b'a' => b'b',
                byte if byte.is_ascii_lowercase() => b'a',
                b'A' => b'B',
                byte if byte.is_ascii_uppercase() => b'A',
                byte => byte.wrapping_add(1),
            };
        }
        // The next number is likely to be somebody's.
        let number = Value::number(u64::from(random.random::<u32>()));
        let is_number = id.as_text().is_some_and(|text| text.parse::<u64>().is_ok());
        let tries = [number, Value::new(id.kind, bytes.into())];
        let others = tries.iter().skip(usize::from(!is_number));
        let mut made = others.filter(|other| *other != id).filter_map(|other| {
            let other = vec![("id".into(), vec![other.clone()])];
            self.0.compose(request, &other).ok()
        });
        let (message, _) = made.next().ok_or("no other id fits the request")?;
        Ok(message)
    }

    /// Whether the message pairs with the request.
    pub(super) fn pairs(&self, request: &Bindings, message: &Message) -> bool {
        let mut matcher = self.matcher();
        matcher.insert(ExchangeId(1), 0, request.clone());
        matches!(matcher.find(&Subject::new(message)), Match::Pairs(_))
    }

    fn matcher(&self) -> Matcher {
        Matcher::new((*self.0).clone().into())
    }

    /// The answer that `reply` becomes, on the topic where it is awaited and with what the rule shares. Where nothing
    /// is to be said of it, it says what its payload says.
    pub(super) fn answer(
        &self,
        request: &Message,
        reply: &Message,
        given: &Variables,
        saying: &Saying,
    ) -> Result<Message, Arc<str>> {
        let made = |outcome| {
            let status = Status {
                outcome,
                code: saying.code.clone(),
                message: saying.message.clone(),
            };
            let answer = self.0.answer(request, reply, given, &status);
            answer.map_err(|err| Arc::from(err.message))
        };
        if let Some(outcome) = saying.outcome {
            return made(outcome);
        }
        let ok = made(OutcomeKind::Ok);
        if ok.as_ref().is_ok_and(|answer| changes(reply, answer) == 0) {
            return ok;
        }
        // A payload that says that it failed is not to be turned into one that does not.
        let others = [OutcomeKind::Error, OutcomeKind::Progress];
        let mut best: Option<Message> = None;
        let all = ok
            .clone()
            .into_iter()
            .chain(others.into_iter().filter_map(|outcome| made(outcome).ok()));
        for answer in all {
            let is_better = best
                .as_ref()
                .is_none_or(|best| changes(reply, &answer) < changes(reply, best));
            if is_better {
                best = Some(answer);
            }
        }
        best.map_or(ok, Ok)
    }
}

/// How many places of a reply are not as they were typed.
fn changes(typed: &Message, answer: &Message) -> usize {
    let mut count = 0;
    if typed.payload != answer.payload {
        let read =
            |message: &Message| serde_json::from_slice::<serde_json::Value>(&message.payload);
        count += match (read(typed), read(answer)) {
            (Ok(typed), Ok(answer)) => differences(&typed, &answer),
            _ => 1,
        };
    }
    let properties = (&typed.properties, &answer.properties);
    let known = &properties.0.user_properties;
    let added = properties.1.user_properties.iter();
    count += added.filter(|property| !known.contains(property)).count();
    count + usize::from(properties.0.content_type != properties.1.content_type)
}

fn differences(a: &serde_json::Value, b: &serde_json::Value) -> usize {
    use serde_json::Value as Json;
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => {
            let gone = a.keys().filter(|name| !b.contains_key(*name)).count();
            let others = b
                .iter()
                .map(|(name, value)| a.get(name).map_or(1, |known| differences(known, value)));
            gone + others.sum::<usize>()
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).map(|(a, b)| differences(a, b)).sum()
        }
        _ => usize::from(a != b),
    }
}

/// The values of a device as a rule has them.
pub(super) fn of_json(value: &serde_json::Value) -> Option<Value> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::Number(number) => Some(Value::typed(&number.to_string())),
        serde_json::Value::String(text) => Some(Value::text(text)),
        other => Some(Value::text(&other.to_string())),
    }
}

/// Requests answered on a topic that the device listens to itself, by a rule that would take the answers for requests.
///
/// No Local keeps a device's own answers away, but not on MQTT 3.1.1, and not those of another device: two of them
/// would answer each other for ever. As everywhere, a message is first of all a reply to what is open.
#[derive(Debug)]
pub(super) struct Heard {
    matcher: Matcher,
    kept: VecDeque<Kept>,
    next: u64,
}

#[derive(Debug)]
struct Kept {
    id: ExchangeId,
    until: Timestamp,
    request: Bytes,
    answers: Vec<Bytes>,
}

impl Heard {
    pub(super) fn new(by: &ByRule) -> Self {
        Self {
            matcher: by.matcher(),
            kept: VecDeque::new(),
            next: 0,
        }
    }

    /// `answers` are still to be sent, the last one `after` now.
    pub(super) fn remember(
        &mut self,
        bindings: Bindings,
        request: &Message,
        answers: Vec<Bytes>,
        until: Timestamp,
    ) {
        self.next += 1;
        let id = ExchangeId(self.next);
        self.matcher.insert(id, 0, bindings);
        self.kept.push_back(Kept {
            id,
            until: until.saturating_add(ECHO),
            request: request.payload.clone(),
            answers,
        });
        if self.kept.len() > REMEMBERED {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some(old) = self.kept.pop_front() {
            self.matcher.forget(old.id);
        }
    }

    /// Whether it answers one of them. The very request once more is a request, unless that is how it was answered.
    pub(super) fn is_answer(&mut self, message: &Message, now: Timestamp) -> bool {
        while self.kept.front().is_some_and(|kept| kept.until < now) {
            self.forget_first();
        }
        if self.kept.is_empty() {
            return false;
        }
        let Match::Pairs(pairs) = self.matcher.find(&Subject::new(message)) else {
            return false;
        };
        let ids: Vec<ExchangeId> = pairs.iter().map(|pair| pair.id).collect();
        let mut paired = self.kept.iter().filter(|kept| ids.contains(&kept.id));
        paired
            .any(|kept| kept.request != message.payload || kept.answers.contains(&message.payload))
    }
}
