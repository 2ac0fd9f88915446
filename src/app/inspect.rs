//! One row of the timeline opened: what was sent, every reply, all properties and all times.

mod why;

use crate::app::rows::{self, Leg, Tone, clock};
use crate::app::tally::{Tallies, Tally};
use crate::model::exchange::{Exchange, MessageVerdict, Outcome, Reason, Reply};
use crate::model::message::Message;
use crate::model::payload::Encoding;
use crate::model::request::MQTT5_RULE;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, Row};
use std::sync::Arc;

/// A name and a value, both to be shown as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: String,
    pub value: String,
}

/// One message of the exchange.
#[derive(Clone, Debug)]
pub struct Part {
    /// `Request`, `Reply`, `Reply 2`, …
    pub label: String,
    pub message: Arc<Message>,
    /// Who, on what, how; one line.
    pub line: String,
}

#[derive(Clone, Debug)]
pub struct Inspection {
    /// `#1203 cmnd/light-in-bedroom/power`.
    pub title: String,
    pub status: String,
    pub tone: Tone,
    pub round_trip: Option<String>,
    /// What else is worth saying beside the verdict: `1 reply`.
    pub remark: String,
    /// Why it ended so and what to do, where there is something to say.
    pub explanation: Option<String>,
    pub legs: Vec<Leg>,
    /// How many messages there are to look at: [`part`] gives one.
    pub parts: usize,
}

/// Replies whose times are listed one by one.
const TIMES: usize = 500;

/// What there is to see in a row; the cost does not grow with the replies.
pub fn inspect(row: &Row, tallies: &mut Tallies, now: Timestamp) -> Inspection {
    let line = rows::timeline_row(row, tallies, now);
    let tone = Tone::of(Category::of(row));
    match row {
        Row::Exchange(exchange) => Inspection {
            title: format!("#{} {}", exchange.id.0, line.topic),
            status: line.status,
            tone,
            round_trip: tallies
                .of(exchange)
                .round_trips(exchange)
                .map(|(first, _)| text::duration(first)),
            remark: remark(tallies.of(exchange)),
            explanation: why::explanation(exchange),
            legs: rows::legs(exchange),
            parts: 1 + exchange.replies.len(),
        },
        Row::Message(message) => Inspection {
            title: line.topic,
            status: line.status,
            tone,
            round_trip: None,
            remark: String::new(),
            explanation: Some(why::unmatched(message)),
            legs: Vec::new(),
            parts: 1,
        },
        Row::Publish(publish) => Inspection {
            title: line.topic,
            status: line.status,
            tone,
            round_trip: None,
            remark: String::new(),
            explanation: Some(match &publish.failure {
                Some(failure) => failure.to_string(),
                None => "A bare publish: it has no Response Topic, so nobody is asked to reply and nobody knows what came of it.".to_owned(),
            }),
            legs: Vec::new(),
            parts: 1,
        },
    }
}

fn remark(tally: &Tally) -> String {
    let replies = match tally.seen() - tally.progress {
        0 => String::new(),
        1 => "1 reply".to_owned(),
        several => format!("{several} replies"),
    };
    match tally.progress {
        0 => replies,
        count if replies.is_empty() => format!("{count} of progress"),
        count => format!("{replies}, {count} of progress"),
    }
}

/// With a capital letter at its start.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// One of the messages of a row: first what was sent, then what came.
pub fn part(row: &Row, index: usize) -> Option<Part> {
    let (message, line) = match row {
        Row::Exchange(exchange) => match index.checked_sub(1) {
            None => (
                &exchange.message,
                format!("to {} · {}", exchange.message.topic, exchange.message.qos),
            ),
            Some(reply) => {
                let reply = exchange.replies.get(reply)?;
                (&reply.message, reply_line(exchange, reply))
            }
        },
        Row::Message(row) => (
            &row.message,
            from_line(&row.message, row.responder.as_ref()),
        ),
        Row::Publish(row) => (
            &row.message,
            format!("to {} · {}", row.message.topic, row.message.qos),
        ),
    };
    Some(Part {
        label: part_label(row, index),
        message: Arc::clone(message),
        line,
    })
}

/// `Request`, `Reply`, `Reply 2`, `Progress 1`, …
pub fn part_label(row: &Row, index: usize) -> String {
    match row {
        Row::Exchange(_) if index == 0 => "Request".to_owned(),
        Row::Exchange(exchange) if is_progress(exchange, index) => format!("Progress {index}"),
        Row::Exchange(exchange) if exchange.replies.len() > 1 => format!("Reply {index}"),
        Row::Exchange(_) => "Reply".to_owned(),
        Row::Message(_) | Row::Publish(_) => "Message".to_owned(),
    }
}

/// The part to look at until another is chosen: the first reply that is more than progress, else
/// the newest that tells of progress, else what was sent.
pub fn telling_part(row: &Row) -> usize {
    let Row::Exchange(exchange) = row else {
        return 0;
    };
    let count = exchange.replies.len();
    (1..=count)
        .find(|at| !is_progress(exchange, *at))
        .unwrap_or(count)
}

fn is_progress(exchange: &Exchange, index: usize) -> bool {
    let reply = index.checked_sub(1).and_then(|at| exchange.replies.get(at));
    reply.is_some_and(|reply| reply.outcome == Outcome::Progress)
}

/// When what happened, in that order.
pub fn times(row: &Row) -> Vec<Fact> {
    match row {
        Row::Exchange(exchange) => times_of(exchange),
        Row::Message(row) => vec![time("Received", row.received, None)],
        Row::Publish(row) => {
            let said = row.acknowledgement.as_ref();
            let said = said.map(|reason| format!("broker said: {reason}"));
            vec![time("Published", row.published, said)]
        }
    }
}

fn reply_line(exchange: &Exchange, reply: &Reply) -> String {
    let responder = reply.responder.as_ref().or(exchange.device.as_ref());
    let sent = exchange.message.properties.correlation_data.is_some();
    let correlation = if &*exchange.rule != MQTT5_RULE {
        format!("paired by {}", exchange.rule)
    } else if sent {
        "correlation matches".to_owned()
    } else {
        "no Correlation Data".to_owned()
    };
    let verdict = match (reply.verdict, &reply.outcome) {
        (_, Outcome::Progress) => " · progress",
        (MessageVerdict::AdditionalReply, _) => " · additional reply",
        (MessageVerdict::LateReply, _) => " · late",
        _ => "",
    };
    let published = exchange.legs.published.unwrap_or(exchange.legs.queued);
    let after = text::duration(reply.received.since(published));
    format!(
        "{correlation}{verdict} · after {after} · {}",
        from_line(&reply.message, responder)
    )
}

fn from_line(message: &Message, responder: Option<&Arc<str>>) -> String {
    let from = responder
        .map(|name| format!("from {name} "))
        .unwrap_or_default();
    format!("{from}on {} · {}", message.topic, message.qos)
}

fn time(name: &str, at: Timestamp, remark: Option<String>) -> Fact {
    let remark = remark
        .map(|remark| format!("  {remark}"))
        .unwrap_or_default();
    Fact {
        name: name.to_owned(),
        value: format!("{}{remark}", clock(at)),
    }
}

fn times_of(exchange: &Exchange) -> Vec<Fact> {
    let legs = &exchange.legs;
    let mut known: Vec<(String, Timestamp, String)> =
        vec![("Queued".to_owned(), legs.queued, String::new())];
    let mut add = |name: &str, at: Option<Timestamp>, remark: String| {
        if let Some(at) = at {
            known.push((name.to_owned(), at, remark));
        }
    };
    add("Subscribe acknowledged", legs.subscribed, String::new());
    add("Published", legs.published, String::new());
    add(
        "Acknowledged",
        legs.acknowledged,
        exchange
            .acknowledgement
            .as_ref()
            .map(Reason::to_string)
            .unwrap_or_default(),
    );
    add(
        "Received by device",
        legs.device_received,
        exchange.device.as_deref().unwrap_or_default().to_owned(),
    );
    add("Answered by device", legs.device_answered, String::new());
    for (index, reply) in exchange.replies.iter().enumerate().take(TIMES) {
        let (name, remark) = match &reply.outcome {
            Outcome::Progress => ("Progress", String::new()),
            Outcome::Error { .. } => ("Reply", "says that it failed".to_owned()),
            Outcome::Ok => ("Reply", reply.verdict.label().to_lowercase()),
        };
        add(
            &format!("{name} {}", index + 1),
            Some(reply.received),
            remark,
        );
    }
    if let Some(note) = &exchange.presence {
        let name = if note.is_online {
            "Came online"
        } else {
            "Went offline"
        };
        add(name, Some(note.at), note.who.to_string());
    }
    if exchange.replies.is_empty() {
        add("Finished", exchange.finished, String::new());
    }
    known.sort_by_key(|(_, at, _)| *at);
    let start = legs.published.unwrap_or(legs.queued);
    let more = exchange.replies.len().saturating_sub(TIMES);
    let more = (more > 0).then(|| Fact {
        name: "Further replies".to_owned(),
        value: text::count(more as u64),
    });
    known
        .into_iter()
        .map(|(name, at, remark)| {
            let offset = if at >= start {
                format!("+{}", text::duration(at.since(start)))
            } else {
                format!("-{}", text::duration(start.since(at)))
            };
            let remark = if remark.is_empty() {
                String::new()
            } else {
                format!("  {remark}")
            };
            Fact {
                name,
                value: format!("{}  {offset}{remark}", clock(at)),
            }
        })
        .chain(more)
        .collect()
}

/// Every property of a message, in the specification's words.
pub fn properties(message: &Message) -> Vec<Fact> {
    let properties = &message.properties;
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| {
        facts.push(Fact {
            name: name.to_owned(),
            value,
        });
    };
    add("Topic", message.topic.to_string());
    let mut flags = message.qos.to_string();
    for (flag, is_set) in [("RETAIN", message.retain), ("DUP", message.duplicate)] {
        if is_set {
            flags.push_str(" · ");
            flags.push_str(flag);
        }
    }
    add("Flags", flags);
    if let Some(topic) = &properties.response_topic {
        add("Response Topic", topic.to_string());
    }
    if let Some(data) = &properties.correlation_data {
        let bytes = data.as_bytes();
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => {
                format!("  “{text}”")
            }
            _ => String::new(),
        };
        add(
            "Correlation Data",
            format!(
                "{}{text}  {}",
                data.shown(Encoding::Hex),
                text::bytes(bytes.len())
            ),
        );
    }
    if let Some(content_type) = &properties.content_type {
        add("Content Type", content_type.to_string());
    }
    if let Some(is_utf8) = properties.payload_is_utf8 {
        add(
            "Payload Format Indicator",
            if is_utf8 {
                "1 (UTF-8)"
            } else {
                "0 (unspecified bytes)"
            }
            .to_owned(),
        );
    }
    if let Some(secs) = properties.message_expiry_secs {
        add(
            "Message Expiry Interval",
            format!("{} s", text::count(u64::from(secs))),
        );
    }
    if let Some(alias) = properties.topic_alias {
        add("Topic Alias", alias.to_string());
    }
    for identifier in &properties.subscription_identifiers {
        add("Subscription Identifier", identifier.to_string());
    }
    for property in &properties.user_properties {
        add(
            &format!("User Property {}", property.name),
            property.value.clone(),
        );
    }
    facts
}
