//! The filter box: words and `field:value` terms, all of which must hold, and one chip.
//!
//! `topic:light rtt:>5ms payload:on responder:lamp connection:lab verdict:late rule:tasmota name:"Turn on"`;
//! a bare word is looked for in the topics, the payload, the responder and the request's name.
//! Letters match in either case. A term that cannot be read is looked for as a word.

use crate::model::timeline::row::{Category, Row};
use std::time::Duration;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
    pub category: Option<Category>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    Word(String),
    Topic(String),
    Payload(String),
    Responder(String),
    Connection(String),
    Name(String),
    Rule(String),
    Verdict(String),
    RoundTripOver(Duration),
    RoundTripUnder(Duration),
}

impl Filter {
    pub fn new(text: &str, category: Option<Category>) -> Self {
        Self {
            text: text.to_owned(),
            terms: words(text).iter().map(|word| Term::parse(word)).collect(),
            category,
        }
    }

    /// As typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.category.is_none()
    }

    pub fn passes(&self, row: &Row, category: Category) -> bool {
        self.category.is_none_or(|wanted| wanted == category)
            && self.terms.iter().all(|term| term.holds(row, category))
    }
}

/// Splits at white space, except within double quotes.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(String::new()),
            c => {
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

impl Term {
    fn parse(word: &str) -> Self {
        let lower = word.to_ascii_lowercase();
        let Some((field, value)) = lower.split_once(':') else {
            return Self::Word(lower);
        };
        let value = value.to_owned();
        match field {
            "topic" => Self::Topic(value),
            "payload" => Self::Payload(value),
            "responder" => Self::Responder(value),
            "connection" => Self::Connection(value),
            "name" => Self::Name(value),
            "rule" => Self::Rule(value),
            "verdict" => Self::Verdict(value),
            "rtt" => {
                let limit =
                    |text: &str| humantime::parse_duration(text.trim_start_matches('=')).ok();
                match (
                    value.strip_prefix('>').and_then(limit),
                    value.strip_prefix('<').and_then(limit),
                ) {
                    (Some(over), _) => Self::RoundTripOver(over),
                    (_, Some(under)) => Self::RoundTripUnder(under),
                    _ => Self::Word(lower),
                }
            }
            _ => Self::Word(lower),
        }
    }

    fn holds(&self, row: &Row, category: Category) -> bool {
        let round_trip = || match row {
            Row::Exchange(exchange) => exchange.round_trip(),
            _ => None,
        };
        match self {
            Self::Word(word) => {
                in_topics(row, word)
                    || in_payloads(row, word)
                    || in_responders(row, word)
                    || in_name(row, word)
            }
            Self::Topic(word) => in_topics(row, word),
            Self::Payload(word) => in_payloads(row, word),
            Self::Responder(word) => in_responders(row, word),
            Self::Connection(word) => contains(row.connection(), word),
            Self::Name(word) => in_name(row, word),
            Self::Rule(word) => {
                matches!(row, Row::Exchange(exchange) if contains(&exchange.rule, word))
            }
            Self::Verdict(word) => category.word().starts_with(&**word),
            Self::RoundTripOver(limit) => round_trip().is_some_and(|time| time > *limit),
            Self::RoundTripUnder(limit) => round_trip().is_some_and(|time| time < *limit),
        }
    }
}

fn contains(text: &str, lower: &str) -> bool {
    contains_bytes(text.as_bytes(), lower)
}

/// Whether `bytes` hold `lower`; ASCII letters match in either case.
fn contains_bytes(bytes: &[u8], lower: &str) -> bool {
    let needle = lower.as_bytes();
    let Some(first) = needle.first() else {
        return true;
    };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), bytes).any(|start| {
        bytes
            .get(start..start + needle.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(needle))
    })
}

fn in_topics(row: &Row, word: &str) -> bool {
    let replies = match row {
        Row::Exchange(exchange) => exchange.replies.as_slice(),
        _ => &[],
    };
    contains(row.message().topic.as_str(), word)
        || replies
            .iter()
            .any(|reply| contains(reply.message.topic.as_str(), word))
}

fn in_payloads(row: &Row, word: &str) -> bool {
    let replies = match row {
        Row::Exchange(exchange) => exchange.replies.as_slice(),
        _ => &[],
    };
    contains_bytes(&row.message().payload, word)
        || replies
            .iter()
            .any(|reply| contains_bytes(&reply.message.payload, word))
}

fn in_responders(row: &Row, word: &str) -> bool {
    match row {
        Row::Exchange(exchange) => exchange
            .responders()
            .iter()
            .any(|name| contains(name, word)),
        Row::Message(message) => message
            .responder
            .as_ref()
            .is_some_and(|name| contains(name, word)),
        Row::Publish(_) => false,
    }
}

fn in_name(row: &Row, word: &str) -> bool {
    matches!(row, Row::Exchange(exchange) if contains(&exchange.request.name, word))
}
