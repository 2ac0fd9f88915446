//! One row of the timeline opened: what was sent, every reply, all properties and all times.

use crate::app::rows::{self, Leg, Tone, clock};
use crate::model::exchange::{Exchange, MessageVerdict, Outcome, Reason, Reply, Verdict};
use crate::model::message::Message;
use crate::model::payload::Encoding;
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
    pub parts: Vec<Part>,
    pub times: Vec<Fact>,
}

/// What there is to see in a row.
pub fn inspect(row: &Row, now: Timestamp) -> Inspection {
    let line = rows::timeline_row(row, now);
    let tone = Tone::of(Category::of(row));
    match row {
        Row::Exchange(exchange) => Inspection {
            title: format!("#{} {}", exchange.id.0, line.topic),
            status: line.status,
            tone,
            round_trip: exchange.round_trip().map(text::duration),
            remark: remark(exchange),
            explanation: explanation(exchange),
            legs: rows::legs(exchange),
            parts: parts(exchange),
            times: times(exchange),
        },
        Row::Message(message) => Inspection {
            title: line.topic,
            status: line.status,
            tone,
            round_trip: None,
            remark: String::new(),
            explanation: Some(why_unmatched(message.verdict, message.near.map(|id| id.0))),
            legs: Vec::new(),
            parts: vec![Part { label: "Message".to_owned(), message: Arc::clone(&message.message), line: from_line(&message.message, message.responder.as_ref()) }],
            times: vec![time("Received", message.received, None)],
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
            parts: vec![Part { label: "Message".to_owned(), message: Arc::clone(&publish.message), line: format!("to {} · {}", publish.message.topic, publish.message.qos) }],
            times: vec![time("Published", publish.published, publish.acknowledgement.as_ref().map(|reason| format!("broker said: {reason}")))],
        },
    }
}

fn remark(exchange: &Exchange) -> String {
    let replies = exchange.replies.len();
    match replies {
        0 => String::new(),
        1 => "1 reply".to_owned(),
        _ => format!("{replies} replies"),
    }
}

/// Why there was no answer in time, as far as that can be told.
fn timed_out(exchange: &Exchange) -> String {
    let heard = match &exchange.acknowledgement {
        Some(reason) => format!("The broker took the request ({reason})"),
        None => "The request was sent".to_owned(),
    };
    let timeout = text::setting(exchange.request.timeout);
    let none = format!("{heard}, and no reply with its Correlation Data came within {timeout}.");
    let Some(miss) = exchange.near_misses.last() else {
        return format!("{none} Is the device connected, and does it listen to this topic?");
    };
    let came = match exchange.near_misses.len() {
        1 => "1 message came".to_owned(),
        several => format!("{several} messages came"),
    };
    let with = match &miss.correlation_data {
        Some(data) => format!("with other Correlation Data: {}", data.shown(Encoding::Hex)),
        None => "without Correlation Data".to_owned(),
    };
    format!(
        "{none} But {came} on its Response Topic, {with}. Does the responder return the Correlation Data as it got it?"
    )
}

fn explanation(exchange: &Exchange) -> Option<String> {
    match &exchange.verdict {
        Verdict::Waiting | Verdict::Answered => None,
        Verdict::AnsweredWithError { code, message } => {
            let code = code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            let message = message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
            Some(format!("The responder answered, and its answer says that it failed{code}{message}."))
        }
        Verdict::TimedOut => Some(timed_out(exchange)),
        Verdict::Late => Some(format!("A reply came, but after the timeout of {}. A longer timeout would have taken it.", text::setting(exchange.request.timeout))),
        Verdict::NoSubscribers => Some("Nobody subscribes to the request topic: the broker had no one to give it to. Check the topic, or add a simulated device.".to_owned()),
        Verdict::Rejected { what, reason } => {
            let hint = if reason.code == 0x87 { " The broker's access rules forbid it to this user: ask for the right, or use another topic." } else { "" };
            Some(format!("The broker refused {what}: {reason}.{hint}"))
        }
        Verdict::Failed { reason } => Some(format!("{}.", sentence(reason))),
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

fn why_unmatched(verdict: MessageVerdict, near: Option<u64>) -> String {
    let near = near
        .map(|id| format!(" Request #{id} was waiting on this topic."))
        .unwrap_or_default();
    match verdict {
        MessageVerdict::WrongCorrelation => format!("It came on a Response Topic, but no open request has its Correlation Data.{near}"),
        MessageVerdict::MissingCorrelation => format!("It came on a Response Topic without Correlation Data, and the request had some: the responder did not return it.{near}"),
        MessageVerdict::Stale => "It is a retained message: published before the request, it cannot be its answer. The responder should not set RETAIN on replies.".to_owned(),
        _ => "No request asked for a reply on this topic.".to_owned(),
    }
}

fn parts(exchange: &Exchange) -> Vec<Part> {
    let request = Part {
        label: "Request".to_owned(),
        message: Arc::clone(&exchange.message),
        line: format!("to {} · {}", exchange.message.topic, exchange.message.qos),
    };
    let several = exchange.replies.len() > 1;
    let replies = exchange
        .replies
        .iter()
        .enumerate()
        .map(|(index, reply)| Part {
            label: if several {
                format!("Reply {}", index + 1)
            } else {
                "Reply".to_owned()
            },
            message: Arc::clone(&reply.message),
            line: reply_line(exchange, reply),
        });
    std::iter::once(request).chain(replies).collect()
}

fn reply_line(exchange: &Exchange, reply: &Reply) -> String {
    let responder = reply.responder.as_ref().or(exchange.device.as_ref());
    let sent = exchange.message.properties.correlation_data.is_some();
    let correlation = if sent {
        "correlation matches"
    } else {
        "no Correlation Data"
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

fn times(exchange: &Exchange) -> Vec<Fact> {
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
    for (index, reply) in exchange.replies.iter().enumerate() {
        add(
            &format!("Reply {}", index + 1),
            Some(reply.received),
            reply.verdict.label().to_lowercase(),
        );
    }
    if exchange.replies.is_empty() {
        add("Finished", exchange.finished, String::new());
    }
    known.sort_by_key(|(_, at, _)| *at);
    let start = legs.published.unwrap_or(legs.queued);
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

/// Bytes as hex digits, for the clipboard.
pub fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}
