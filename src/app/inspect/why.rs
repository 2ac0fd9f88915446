//! Why a request ended as it did, and what to do about it, in sentences.

use super::sentence;
use crate::model::exchange::{
    Difference, Exchange, MessageVerdict, NearMiss, PresenceNote, Verdict,
};
use crate::model::payload::Encoding;
use crate::model::request::MQTT5_RULE;
use crate::model::text;
use crate::model::timeline::MessageRow;
use std::sync::Arc;

pub(super) fn explanation(exchange: &Exchange) -> Option<String> {
    match &exchange.verdict {
        Verdict::Waiting => waiting(exchange),
        Verdict::Answered => None,
        Verdict::AnsweredWithError { code, message } => {
            let code = code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            let message = message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
            Some(format!("The responder answered, and its answer says that it failed{code}{message}."))
        }
        Verdict::TimedOut => Some(timed_out(exchange)),
        Verdict::Late => Some(late(exchange)),
        Verdict::NoSubscribers => Some(device_away(exchange).unwrap_or_else(|| "Nobody subscribes to the request topic: the broker had no one to give it to. Check the topic, or add a simulated device.".to_owned())),
        Verdict::Rejected { what, reason } => {
            let hint = if reason.code == 0x87 { " The broker's access rules forbid it to this user: ask for the right, or use another topic." } else { "" };
            Some(format!("The broker refused {what}: {reason}.{hint}"))
        }
        Verdict::Failed { reason } => Some(format!("{}.", sentence(reason))),
    }
}

/// Only that the device is away is worth saying while there is hope.
fn waiting(exchange: &Exchange) -> Option<String> {
    let note = exchange.presence.as_ref().filter(|note| !note.is_online)?;
    Some(presence(exchange, note))
}

/// Without a broker in between it is known before anything is sent that nobody would get it.
fn device_away(exchange: &Exchange) -> Option<String> {
    let why = exchange.unsent_for_want_of_a_subscriber()?;
    Some(format!(
        "{}, so the request was not sent. Nothing keeps it for later: send it again when the device is back.",
        sentence(why)
    ))
}

fn late(exchange: &Exchange) -> String {
    let late = format!(
        "A reply came, but after the timeout of {}. A longer timeout would have taken it.",
        text::setting(exchange.request.timeout)
    );
    match &exchange.presence {
        Some(note) => format!("{late} {}", presence(exchange, note)),
        None => late,
    }
}

/// Why there was no answer in time, as far as that can be told.
fn timed_out(exchange: &Exchange) -> String {
    let heard = match &exchange.acknowledgement {
        Some(reason) => format!("The broker took the request ({reason})"),
        None => "The request was sent".to_owned(),
    };
    let timeout = text::setting(exchange.request.timeout);
    let is_correlated = exchange.message.properties.correlation_data.is_some();
    let with = if &*exchange.rule == MQTT5_RULE && is_correlated {
        " with its Correlation Data"
    } else {
        ""
    };
    let mut words = format!("{heard}, and no reply{with} came within {timeout}.");
    if let Some(note) = &exchange.presence {
        words.push(' ');
        words.push_str(&presence(exchange, note));
    }
    match exchange.near_misses.last() {
        Some(miss) => {
            words.push(' ');
            words.push_str(&near_miss(exchange, miss));
        }
        None if exchange.presence.is_none() => {
            words.push_str(" Is the device connected, and does it listen to this topic?");
        }
        None => {}
    }
    words
}

fn near_miss(exchange: &Exchange, miss: &NearMiss) -> String {
    let came = match exchange.near_misses.len() {
        1 => "1 message came".to_owned(),
        several => format!("{several} messages came"),
    };
    if let Some(difference) = miss
        .difference
        .as_ref()
        .filter(|difference| &*difference.rule != MQTT5_RULE)
    {
        let last = if exchange.near_misses.len() > 1 {
            "in the last one "
        } else {
            ""
        };
        return format!(
            "But {came} where its replies come: {last}{}.",
            differs(difference)
        );
    }
    let with = match &miss.correlation_data {
        Some(data) => format!("with other Correlation Data: {}", data.shown(Encoding::Hex)),
        None => "without Correlation Data".to_owned(),
    };
    format!(
        "But {came} on its Response Topic, {with}. Does the responder return the Correlation Data as it got it?"
    )
}

/// `id` is 8, and the request has 7.
fn differs(difference: &Difference) -> String {
    let variable = &difference.variable;
    let values = |values: &[Arc<str>]| values.join(" or ");
    match (difference.wanted.as_slice(), difference.found.as_slice()) {
        (wanted, []) => format!(
            "`{variable}` is missing, and the request has {}",
            values(wanted)
        ),
        ([], found) => format!(
            "`{variable}` is {}, and the request has none",
            values(found)
        ),
        (wanted, found) => {
            format!(
                "`{variable}` is {}, and the request has {}",
                values(found),
                values(wanted)
            )
        }
    }
}

/// The device's last word, in relation to the request.
fn presence(exchange: &Exchange, note: &PresenceNote) -> String {
    // A name is written as it is, at the start of a sentence too.
    let who = if note.who.is_empty() {
        "The device"
    } else {
        &*note.who
    };
    let sent = exchange.legs.published.unwrap_or(exchange.legs.queued);
    let state = if note.is_online { "online" } else { "offline" };
    if note.at < sent {
        let before = text::duration(sent.since(note.at));
        return if note.is_online {
            format!("{who} said {before} before the request that it is online.")
        } else {
            format!("{who} was offline already, since {before} before the request.")
        };
    }
    let verb = if note.is_online { "came" } else { "went" };
    match exchange.deadline {
        Some(deadline) if note.at <= deadline && !exchange.verdict.is_open() => {
            let before = text::duration(deadline.since(note.at));
            format!("{who} {verb} {state} {before} before the timeout.")
        }
        Some(deadline) if note.at > deadline => {
            let after = text::duration(note.at.since(deadline));
            format!("{who} {verb} {state} {after} after the timeout.")
        }
        _ => {
            let after = text::duration(note.at.since(sent));
            format!("{who} {verb} {state} {after} after the request.")
        }
    }
}

pub(super) fn unmatched(message: &MessageRow) -> String {
    if message.is_echo {
        return "This connection published it itself, and a subscription of its own brings it back. A subscription with No Local would spare it.".to_owned();
    }
    let near = match (message.near, &message.difference) {
        (Some(id), Some(difference)) => {
            let by = if &*difference.rule == MQTT5_RULE {
                String::new()
            } else {
                format!(" by the rule `{}`", difference.rule)
            };
            format!(
                " It would answer request #{}{by}, but {}.",
                id.0,
                differs(difference)
            )
        }
        (Some(id), None) => format!(" Request #{} was waiting on this topic.", id.0),
        (None, _) => String::new(),
    };
    let is_mqtt5 = message
        .difference
        .as_ref()
        .is_none_or(|difference| &*difference.rule == MQTT5_RULE);
    match message.verdict {
        MessageVerdict::WrongCorrelation if is_mqtt5 => format!("It came on a Response Topic, but no open request has its Correlation Data.{near}"),
        MessageVerdict::MissingCorrelation if is_mqtt5 => format!("It came on a Response Topic without Correlation Data, and the request had some: the responder did not return it.{near}"),
        MessageVerdict::WrongCorrelation | MessageVerdict::MissingCorrelation => format!("It came where replies are awaited, but answers no open request.{near}"),
        MessageVerdict::Stale => "It is a retained message: published before the request, it cannot be its answer. The responder should not set RETAIN on replies.".to_owned(),
        _ => format!("No request asked for a reply on this topic.{near}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::correlation::CorrelationSpec;
    use crate::model::exchange::{Change, ExchangeId};
    use crate::model::message::{Message, Qos};
    use crate::model::request::{Pairing, RepliesWanted, Request};
    use crate::model::time::Timestamp;
    use crate::model::topic::TopicName;
    use std::time::Duration;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_nanos(ms * 1_000_000)
    }

    /// Sent at 10 s by the rule of Tasmota, over at 15 s.
    fn exchange(changes: &[(i64, Change)]) -> Exchange {
        let topic = TopicName::new("cmnd/plug/POWER").unwrap();
        let request = Request {
            name: "".into(),
            topic: topic.clone(),
            qos: Qos::AtMostOnce,
            retain: false,
            payload: "".into(),
            response_topic: None,
            correlation: CorrelationSpec::None,
            timeout: Duration::from_secs(5),
            replies: RepliesWanted::First,
            content_type: None,
            payload_is_utf8: false,
            message_expiry_secs: None,
            user_properties: Vec::new(),
            pairing: Pairing::default(),
        };
        let message = Arc::new(Message::new(topic, ""));
        let id = ExchangeId(1);
        let request = Arc::new(request);
        let mut exchange = Exchange::new(
            id,
            "lab".into(),
            request,
            message,
            "tasmota".into(),
            at(10_000),
        );
        exchange.apply(Change::Published, at(10_000));
        for (ms, change) in changes {
            exchange.apply(change.clone(), at(*ms));
        }
        exchange
    }

    fn said(is_online: bool, ms: i64) -> (i64, Change) {
        let note = PresenceNote {
            is_online,
            at: at(ms),
            who: "plug".into(),
        };
        (ms, Change::Presence(note))
    }

    fn over() -> (i64, Change) {
        (15_000, Change::Finished(Verdict::TimedOut))
    }

    #[test]
    fn a_timeout_is_explained_by_the_devices_coming_and_going() {
        let why = |changes: &[(i64, Change)]| explanation(&exchange(changes)).unwrap_or_default();
        let told = why(&[said(false, 12_000), over()]);
        assert!(
            told.ends_with("came within 5 s. plug went offline 3.00 s before the timeout."),
            "{told}"
        );
        let told = why(&[said(false, 4_000), over()]);
        assert!(
            told.ends_with("plug was offline already, since 6.00 s before the request."),
            "{told}"
        );
        let told = why(&[said(true, 16_000), over()]);
        assert!(
            told.ends_with("plug came online 1.00 s after the timeout."),
            "{told}"
        );
        assert_eq!(
            why(&[said(false, 11_000)]),
            "plug went offline 1.00 s after the request."
        );
        assert_eq!(why(&[said(true, 11_000)]), "");
    }

    #[test]
    fn a_near_miss_names_the_variable_and_both_values() {
        let difference = Arc::new(Difference {
            rule: "tasmota".into(),
            variable: "device".into(),
            wanted: vec!["plug".into()],
            found: vec!["lamp".into()],
        });
        let miss = NearMiss {
            verdict: MessageVerdict::WrongCorrelation,
            correlation_data: None,
            difference: Some(Arc::clone(&difference)),
        };
        let told = explanation(&exchange(&[(11_000, Change::NearMiss(miss)), over()])).unwrap();
        assert!(
            told.ends_with("But 1 message came where its replies come: `device` is lamp, and the request has plug."),
            "{told}"
        );
        let row = MessageRow {
            connection: "lab".into(),
            message: Arc::new(Message::new(
                TopicName::new("stat/lamp/RESULT").unwrap(),
                "",
            )),
            verdict: MessageVerdict::WrongCorrelation,
            received: at(11_000),
            responder: None,
            near: Some(ExchangeId(1)),
            difference: Some(difference),
            is_echo: false,
        };
        let told = unmatched(&row);
        assert!(
            told.contains("It would answer request #1 by the rule `tasmota`, but `device` is lamp, and the request has plug."),
            "{told}"
        );
    }
}
