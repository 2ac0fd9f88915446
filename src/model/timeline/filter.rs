//! The filter box: words and `field:value` terms, all of which must hold, and one chip.
//!
//! `topic:light rtt:>5ms payload:on responder:lamp connection:lab verdict:late rule:tasmota name:"Turn on"`;
//! a bare word is looked for in the topics, the payload, the responder and the request's name.
//! Letters match in either case. A term that cannot be read is looked for as a word.

use crate::model::timeline::peek::RowRef;
use crate::model::timeline::row::Category;
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

    pub fn passes(&self, row: RowRef<'_>) -> bool {
        self.category.is_none_or(|wanted| wanted == row.category())
            && self.terms.iter().all(|term| term.holds(row))
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

    fn holds(&self, row: RowRef<'_>) -> bool {
        let named = |text: Option<&str>, word: &str| text.is_some_and(|text| contains(text, word));
        match self {
            Self::Word(word) => {
                row.any_message(|message| {
                    contains(message.topic, word) || contains_bytes(message.payload, word)
                }) || row.any_responder(|name| contains(name, word))
                    || named(row.name(), word)
            }
            Self::Topic(word) => row.any_message(|message| contains(message.topic, word)),
            Self::Payload(word) => row.any_message(|message| contains_bytes(message.payload, word)),
            Self::Responder(word) => row.any_responder(|name| contains(name, word)),
            Self::Connection(word) => contains(row.connection(), word),
            Self::Name(word) => named(row.name(), word),
            Self::Rule(word) => named(row.rule(), word),
            Self::Verdict(word) => row.category().word().starts_with(&**word),
            Self::RoundTripOver(limit) => row.round_trip().is_some_and(|time| time > *limit),
            Self::RoundTripUnder(limit) => row.round_trip().is_some_and(|time| time < *limit),
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
