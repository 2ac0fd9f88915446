//! An exchange as one line of JSON: what scripts read.

use crate::model::exchange::{Exchange, NearMiss, Outcome, Reply, Verdict};
use crate::model::message::Message;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::topic::TopicName;
use serde::Serialize;
use std::time::Duration;

#[derive(Serialize)]
struct ExchangeLine<'a> {
    id: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    connection: &'a str,
    request_topic: &'a str,
    response_topic: Option<&'a str>,
    correlation_data_hex: Option<String>,
    qos: u8,
    rule: &'a str,
    verdict: &'static str,
    /// Why, where there is more to say than the verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<u8>,
    /// What a reply that says it failed says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    /// Milliseconds from the request on the wire to the first reply.
    round_trip_ms: Option<f64>,
    sent: String,
    /// Milliseconds from the request on the wire.
    legs_ms: Legs,
    replies: Vec<ReplyLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    near_misses: Vec<NearMissLine>,
    #[serde(skip_serializing_if = "is_zero")]
    replies_not_kept: u64,
}

#[derive(Serialize)]
struct Legs {
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_received: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_answered: Option<f64>,
}

/// A message on the Response Topic that was nobody's answer.
#[derive(Serialize)]
struct NearMissLine {
    verdict: &'static str,
    correlation_data_hex: Option<String>,
}

#[derive(Serialize)]
struct ReplyLine<'a> {
    topic: &'a str,
    /// The payload when it is UTF-8, else null.
    payload: Option<&'a str>,
    /// The payload when it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_hex: Option<String>,
    correlation_data_hex: Option<String>,
    verdict: &'static str,
    /// What it says of itself, where it is not simply ok: `progress` or `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    responder: Option<&'a str>,
    qos: u8,
    after_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    user_properties: Vec<(&'a str, &'a str)>,
}

/// One line, without the line break.
pub fn line(exchange: &Exchange) -> String {
    let published = exchange.legs.published.unwrap_or(exchange.legs.queued);
    let since = |at: Option<Timestamp>| at.map(|at| millis(at.since(published)));
    let (reason, reason_code) = match &exchange.verdict {
        Verdict::Rejected { what, reason } => (
            Some(format!("the broker refused {what}: {}", reason.text)),
            Some(reason.code),
        ),
        Verdict::Failed { reason } => (Some(reason.to_string()), None),
        Verdict::AnsweredWithError { code, message } => (
            Some(
                [code.as_deref(), message.as_deref()]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(": "),
            ),
            None,
        ),
        _ => (
            exchange
                .unsent_for_want_of_a_subscriber()
                .map(str::to_owned),
            exchange
                .acknowledgement
                .as_ref()
                .map(|reason| reason.code)
                .filter(|code| *code != 0),
        ),
    };
    let (error_code, error_message) = match &exchange.verdict {
        Verdict::AnsweredWithError { code, message } => (code.as_deref(), message.as_deref()),
        _ => (None, None),
    };
    let line = ExchangeLine {
        id: exchange.id.0,
        name: &exchange.request.name,
        connection: &exchange.connection,
        request_topic: exchange.message.topic.as_str(),
        response_topic: exchange
            .message
            .properties
            .response_topic
            .as_ref()
            .map(TopicName::as_str),
        correlation_data_hex: correlation(&exchange.message),
        qos: exchange.message.qos.into(),
        rule: &exchange.rule,
        verdict: exchange.verdict.word(),
        reason,
        reason_code,
        error_code,
        error_message,
        round_trip_ms: exchange.round_trip().map(millis),
        sent: text::iso(published),
        legs_ms: Legs {
            acknowledged: since(exchange.legs.acknowledged),
            device_received: since(exchange.legs.device_received),
            device_answered: since(exchange.legs.device_answered),
        },
        replies: exchange
            .replies
            .iter()
            .map(|reply| reply_line(reply, published))
            .collect(),
        near_misses: exchange.near_misses.iter().map(near_miss_line).collect(),
        replies_not_kept: exchange.replies_not_kept,
    };
    // Nothing in it can fail to be JSON.
    serde_json::to_string(&line).unwrap_or_default()
}

fn near_miss_line(miss: &NearMiss) -> NearMissLine {
    let data = miss.correlation_data.as_ref();
    NearMissLine {
        verdict: miss.verdict.word(),
        correlation_data_hex: data.map(|data| hex::encode(data.as_bytes())),
    }
}

fn reply_line(reply: &Reply, published: Timestamp) -> ReplyLine<'_> {
    let message = &reply.message;
    let payload = std::str::from_utf8(&message.payload).ok();
    ReplyLine {
        topic: message.topic.as_str(),
        payload,
        payload_hex: if payload.is_none() {
            Some(hex::encode(&message.payload))
        } else {
            None
        },
        correlation_data_hex: correlation(message),
        verdict: reply.verdict.word(),
        outcome: match reply.outcome {
            Outcome::Ok => None,
            Outcome::Error { .. } => Some("error"),
            Outcome::Progress => Some("progress"),
        },
        responder: reply.responder.as_deref(),
        qos: message.qos.into(),
        after_ms: millis(reply.received.since(published)),
        content_type: message.properties.content_type.as_deref(),
        user_properties: message
            .properties
            .user_properties
            .iter()
            .map(|property| (property.name.as_str(), property.value.as_str()))
            .collect(),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn correlation(message: &Message) -> Option<String> {
    message
        .properties
        .correlation_data
        .as_ref()
        .map(|data| hex::encode(data.as_bytes()))
}

/// Three decimals: microseconds is as far as these times are worth something.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
