//! Which packets of a log are wanted: a line of words, `key:value` pairs and `-` before what is not wanted.
//!
//! All terms have to hold. `type:publish,puback` takes either. What decides by the header alone is asked first:
//! a million packets are looked through in moments, unless something is looked for inside of them.

use super::reel::What;
use super::{Decoded, Kind, Logged, Value, Way, decode, summary};
use crate::model::topic::{TopicFilter, TopicName};
use memchr::memmem;

#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    /// The cheap ones first.
    terms: Vec<Term>,
}

/// What is wrong with a term, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub term: String,
    pub why: String,
}

#[derive(Clone, Debug)]
struct Term {
    is_not: bool,
    what: Wanted,
}

#[derive(Clone, Debug)]
enum Wanted {
    Kinds(Vec<Type>),
    Way(Way),
    Id(u16),
    Malformed,
    Topic(Topic),
    Reason(ReasonWanted),
    /// Lower case.
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Packet(Kind),
    Note,
}

#[derive(Clone, Debug)]
enum Topic {
    Matches(TopicFilter),
    /// Lower case.
    Contains(String),
}

#[derive(Clone, Debug)]
enum ReasonWanted {
    Code(u8),
    /// 0x80 and above.
    Error,
    Words(String),
}

/// What can stand before a colon, and what it means.
pub const KEYS: [(&str, &str); 6] = [
    (
        "type:",
        "the packet type: type:publish,puback; type:note for what is no packet",
    ),
    ("dir:", "dir:in from the broker, dir:out to it"),
    ("id:", "the Packet Identifier: id:7"),
    (
        "topic:",
        "a part of the topic or topic filter, or with wildcards: topic:home/+/set",
    ),
    (
        "reason:",
        "a reason code, its words, or error: reason:0x87, reason:quota, reason:error",
    ),
    ("is:", "is:malformed, what the specification does not allow"),
];

impl Filter {
    /// What is wrong is left out, and told.
    pub fn parse(text: &str) -> (Self, Vec<Problem>) {
        let mut terms = Vec::new();
        let mut problems = Vec::new();
        for word in split(text) {
            let (is_not, rest) = match word.strip_prefix('-') {
                Some(rest) if !rest.is_empty() => (true, rest),
                _ => (false, word.as_str()),
            };
            match wanted(rest) {
                Ok(what) => terms.push(Term { is_not, what }),
                Err(why) => problems.push(Problem { term: word, why }),
            }
        }
        terms.sort_by_key(|term| term.what.cost());
        let text = text.to_owned();
        (Self { text, terms }, problems)
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn passes(&self, logged: &Logged<'_>) -> bool {
        let mut decoded = None;
        self.terms
            .iter()
            .all(|term| term.what.holds(logged, &mut decoded) != term.is_not)
    }
}

/// At spaces that are not between quotes.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut is_quoted = false;
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            c if c.is_whitespace() && !is_quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn wanted(word: &str) -> Result<Wanted, String> {
    let Some((key, value)) = word.split_once(':') else {
        return Ok(Wanted::Text(word.to_lowercase()));
    };
    if !KEYS
        .iter()
        .any(|(known, _)| known.strip_suffix(':') == Some(key))
    {
        // A topic or a payload may well have a colon.
        return Ok(Wanted::Text(word.to_lowercase()));
    }
    if value.is_empty() {
        return Err(format!("{key}: wants a value"));
    }
    match key {
        "type" => value
            .split(',')
            .map(kind)
            .collect::<Result<_, _>>()
            .map(Wanted::Kinds),
        "dir" => match value.to_lowercase().as_str() {
            "in" => Ok(Wanted::Way(Way::In)),
            "out" => Ok(Wanted::Way(Way::Out)),
            _ => Err(format!("dir: is in or out, not {value}")),
        },
        "id" => match value.parse() {
            Ok(id) => Ok(Wanted::Id(id)),
            Err(_not_one) => Err(format!("id: is a number from 1 to 65,535, not {value}")),
        },
        "topic" if value.contains(['+', '#']) => match TopicFilter::new(value) {
            Ok(filter) => Ok(Wanted::Topic(Topic::Matches(filter))),
            Err(err) => Err(err.to_string()),
        },
        "topic" => Ok(Wanted::Topic(Topic::Contains(value.to_lowercase()))),
        "reason" => Ok(Wanted::Reason(reason(value))),
        _ if value == "malformed" => Ok(Wanted::Malformed),
        _ => Err(format!("is: knows malformed, not {value}")),
    }
}

fn kind(word: &str) -> Result<Type, String> {
    let word = word.trim().to_uppercase();
    if word == "NOTE" {
        return Ok(Type::Note);
    }
    let found = Kind::ALL.into_iter().find(|kind| kind.word() == word);
    found
        .map(Type::Packet)
        .ok_or_else(|| format!("there is no packet type {word}"))
}

fn reason(value: &str) -> ReasonWanted {
    let lower = value.to_lowercase();
    let code = match lower.strip_prefix("0x") {
        Some(digits) => u8::from_str_radix(digits, 16).ok(),
        None => lower.parse().ok(),
    };
    match code {
        Some(code) => ReasonWanted::Code(code),
        None if lower == "error" => ReasonWanted::Error,
        None => ReasonWanted::Words(lower),
    }
}

impl Wanted {
    fn cost(&self) -> u8 {
        match self {
            Self::Kinds(_) | Self::Way(_) | Self::Id(_) => 0,
            Self::Malformed | Self::Topic(_) | Self::Reason(_) => 1,
            Self::Text(_) => 2,
        }
    }

    fn holds(&self, logged: &Logged<'_>, decoded: &mut Option<Decoded>) -> bool {
        let packet = match &logged.what {
            What::Packet(packet) => packet,
            What::Note(note, words) => {
                return match self {
                    Self::Kinds(kinds) => kinds.contains(&Type::Note),
                    Self::Text(text) => {
                        words.to_lowercase().contains(text) || note.word().contains(text.as_str())
                    }
                    _ => false,
                };
            }
        };
        match self {
            Self::Kinds(kinds) => kinds.contains(&Type::Packet(packet.kind())),
            Self::Way(way) => packet.way == *way,
            Self::Id(id) => packet.packet_id == *id,
            _ => {
                let decoded = decoded
                    .get_or_insert_with(|| decode(packet.bytes, packet.size, packet.version));
                self.holds_in(logged, decoded)
            }
        }
    }

    fn holds_in(&self, logged: &Logged<'_>, decoded: &Decoded) -> bool {
        match self {
            Self::Malformed => !decoded.flaws.is_empty(),
            Self::Topic(topic) => ["Topic Name", "Topic Filter"]
                .iter()
                .flat_map(|name| decoded.all(name))
                .any(|value| topic.is_in(value)),
            Self::Reason(wanted) => ["Reason Code", "Return Code", "Connect Return Code"]
                .iter()
                .flat_map(|name| decoded.all(name))
                .any(|value| wanted.is_in(value)),
            Self::Text(text) => {
                logged.packet().is_some_and(|packet| {
                    packet.kind().word().to_lowercase().contains(text)
                        || summary::of_decoded(packet, decoded)
                            .main
                            .to_lowercase()
                            .contains(text)
                }) || decoded
                    .fields
                    .iter()
                    .any(|field| has_text(&field.value, text))
            }
            Self::Kinds(_) | Self::Way(_) | Self::Id(_) => false,
        }
    }
}

fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::Text(value) => value.to_lowercase().contains(text),
        Value::Pair(name, value) => {
            name.to_lowercase().contains(text) || value.to_lowercase().contains(text)
        }
        Value::Payload { kept, .. } | Value::Bytes(kept) => {
            memmem::find(&kept.to_ascii_lowercase(), text.as_bytes()).is_some()
        }
        _ => false,
    }
}

impl Topic {
    fn is_in(&self, value: &Value) -> bool {
        let Value::Text(topic) = value else {
            return false;
        };
        match self {
            Self::Contains(part) => topic.to_lowercase().contains(part),
            Self::Matches(filter) => {
                filter.as_str() == topic
                    || TopicName::new(topic).is_ok_and(|topic| filter.matches(&topic))
            }
        }
    }
}

impl ReasonWanted {
    fn is_in(&self, value: &Value) -> bool {
        let Value::Code(code, words) = value else {
            return false;
        };
        match self {
            Self::Code(wanted) => wanted == code,
            Self::Error => *code >= 0x80,
            Self::Words(wanted) => words.to_lowercase().contains(wanted),
        }
    }
}
