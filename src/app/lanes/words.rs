//! What stands beside the arrows.

use crate::model::correlation::CorrelationData;
use crate::model::exchange::{Exchange, MessageVerdict, Outcome, Reason, Reply};
use crate::model::message::{Message, Qos};
use crate::model::payload;
use crate::model::request::MQTT5_RULE;
use crate::model::text;
use std::time::Duration;

/// Longer topics are cut: the packet says all of it.
const TOPIC_CHARS: usize = 44;

pub fn topic(message: &Message) -> String {
    payload::preview(message.topic.as_str().as_bytes(), TOPIC_CHARS)
}

/// `PUBLISH cmnd/light/power · QoS 1 · retain`.
pub fn publish(word: &str, message: &Message) -> String {
    let retain = if message.retain { " · retain" } else { "" };
    format!("{word} {} · {}{retain}", topic(message), message.qos)
}

/// `PUBACK`, or what it is called at this level of service.
pub fn acknowledgement_word(qos: Qos) -> &'static str {
    match qos {
        Qos::ExactlyOnce => "PUBREC",
        Qos::AtMostOnce | Qos::AtLeastOnce => "PUBACK",
    }
}

/// `PUBACK 0.60 ms`, and what is odd about it.
pub fn acknowledgement(qos: Qos, took: Duration, reason: Option<&Reason>) -> String {
    let word = acknowledgement_word(qos);
    let said = reason
        .filter(|reason| reason.code != 0)
        .map(|reason| format!(" · {}", short(reason)))
        .unwrap_or_default();
    format!("{word} {}{said}", text::duration(took))
}

/// `5 s`, `4.5 s`: short enough for the axis.
pub fn timeout(timeout: Duration) -> String {
    let millis = timeout.as_millis();
    if (1_000..60_000).contains(&millis) && !millis.is_multiple_of(1_000) {
        format!("{} s", timeout.as_secs_f64())
    } else {
        text::setting(timeout)
    }
}

/// Without the broker's own words, which have no room.
pub fn short(reason: &Reason) -> String {
    let words = reason.text.split_once(": ");
    let words = words.map_or(&*reason.text, |(words, _)| words);
    format!("{words} (0x{:02X})", reason.code)
}

/// `state/light/power · correlation 9f3c… ✓ · 4.21 ms`.
pub fn reply(exchange: &Exchange, reply: &Reply, took: Duration) -> String {
    let mut parts = vec![topic(&reply.message)];
    if &*exchange.rule != MQTT5_RULE {
        parts.push(format!("by {} ✓", exchange.rule));
    } else if let Some(data) = &reply.message.properties.correlation_data {
        parts.push(format!("correlation {} ✓", shortened(data)));
    }
    match &reply.outcome {
        Outcome::Progress => parts.push("progress".to_owned()),
        Outcome::Error { code, message } => {
            let said = code.as_ref().or(message.as_ref());
            let said = said.map(|said| format!(" {}", payload::preview(said.as_bytes(), 24)));
            parts.push(format!("error{}", said.unwrap_or_default()));
        }
        Outcome::Ok => {}
    }
    let took = text::duration(took);
    match reply.verdict {
        MessageVerdict::LateReply => parts.push(format!("late, {took}")),
        MessageVerdict::AdditionalReply => parts.push(format!("additional, {took}")),
        _ => parts.push(took),
    }
    parts.join(" · ")
}

/// The first two bytes, or short text as it is.
pub fn shortened(data: &CorrelationData) -> String {
    const TEXT: usize = 12;
    let bytes = data.as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text)
            if !text.is_empty()
                && text.len() <= TEXT
                && text.chars().all(|c| c.is_ascii_graphic()) =>
        {
            text.to_owned()
        }
        _ => match bytes {
            [] => "(empty)".to_owned(),
            [first, second, _, ..] => format!("{first:02x}{second:02x}…"),
            few => hex::encode(few),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_short() {
        let said = |millis| timeout(Duration::from_millis(millis));
        assert_eq!(
            [said(5_000), said(4_500), said(250)],
            ["5 s", "4.5 s", "250 ms"]
        );
        assert_eq!(said(90_000), "1 m 30 s");
    }

    #[test]
    fn correlation_data_is_shortened_to_what_tells_it_from_others() {
        let short = |bytes: &[u8]| shortened(&CorrelationData::new(bytes.to_vec()));
        assert_eq!(short(&[0x9f, 0x3c, 0x1a, 0x7e]), "9f3c…");
        assert_eq!(short(b"req-17"), "req-17");
        assert_eq!(short(b"two words"), "7477…");
        assert_eq!(short(&[0, 7]), "0007");
        assert_eq!(short(b""), "(empty)");
    }
}
