//! Rows for tests: one of every kind, with what is hard to write down.

use super::Item;
use crate::model::correlation::{CorrelationData, CorrelationSpec};
use crate::model::exchange::{
    Difference, Exchange, ExchangeId, MessageVerdict, NearMiss, Outcome, PresenceNote, Reason,
    Refused, Reply, Verdict,
};
use crate::model::message::{Message, Properties, Qos, UserProperty};
use crate::model::record::{Colour, Marks};
use crate::model::request::{Pairing, RepliesWanted, Request};
use crate::model::time::Timestamp;
use crate::model::timeline::{MessageRow, PublishRow, Row, RowId};
use crate::model::topic::TopicName;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// 2026-03-29T00:59:59.999999990Z and so many microseconds.
pub(super) fn at(micros: i64) -> Timestamp {
    Timestamp::from_nanos(1_774_745_999_999_999_990 + micros * 1_000)
}

pub(super) fn message(topic: &str, payload: &[u8], correlation: Option<&[u8]>) -> Message {
    let properties = Properties {
        response_topic: Some(TopicName::received("clients/tester/resp")),
        correlation_data: correlation.map(|data| CorrelationData::new(data.to_vec())),
        ..Properties::default()
    };
    Message {
        properties,
        ..Message::new(TopicName::received(topic), Bytes::copy_from_slice(payload))
    }
}

pub(super) fn exchange(id: u64, micros: i64, message: Message) -> Exchange {
    let request = Request {
        name: "".into(),
        topic: message.topic.clone(),
        qos: message.qos,
        retain: message.retain,
        payload: message.payload.clone(),
        response_topic: message.properties.response_topic.clone(),
        correlation: CorrelationSpec::Uuid,
        timeout: Duration::from_secs(5),
        replies: RepliesWanted::First,
        content_type: message.properties.content_type.clone(),
        payload_is_utf8: false,
        message_expiry_secs: None,
        user_properties: message.properties.user_properties.clone(),
        pairing: Pairing::default(),
    };
    let mut exchange = Exchange::new(
        ExchangeId(id),
        "lab".into(),
        Arc::new(request),
        Arc::new(message),
        "mqtt5".into(),
        at(micros),
    );
    exchange.legs.published = Some(at(micros + 100));
    exchange.deadline = Some(at(micros + 100 + 5_000_000));
    exchange
}

pub(super) fn reply(topic: &str, payload: &[u8], correlation: Option<&[u8]>, micros: i64) -> Reply {
    let mut message = message(topic, payload, correlation);
    message.properties.response_topic = None;
    Reply {
        message: Arc::new(message),
        received: at(micros),
        verdict: MessageVerdict::Reply,
        outcome: Outcome::Ok,
        responder: Some("light-in-bedroom".into()),
    }
}

fn answered() -> Exchange {
    let data = [0x9f, 0x3c, 0x00, 0xff];
    let mut exchange = exchange(
        1,
        0,
        message("cmnd/light/power", b"{\"power\":\"on\"}", Some(&data)),
    );
    exchange.legs.subscribed = Some(at(60));
    exchange.legs.acknowledged = Some(at(700));
    exchange.acknowledgement = Some(Reason::new(0, "Success"));
    exchange.legs.device_received = Some(at(900));
    exchange.legs.device_answered = Some(at(3_200));
    exchange.device = Some("light-in-bedroom".into());
    exchange.replies = vec![reply("clients/tester/resp", b"\"on\"", Some(&data), 4_310)];
    exchange.finished = Some(at(4_310));
    exchange.verdict = Verdict::Answered;
    exchange
}

fn with_progress() -> Exchange {
    let mut request = message("job/run", b"=cmd|' /C calc'!A0", Some(b""));
    request.qos = Qos::ExactlyOnce;
    request.properties.content_type = Some("text/plain".into());
    request.properties.user_properties = [("a", "1"), ("a", "2"), ("", "=1+1"), ("q\"", "x,\ny")]
        .into_iter()
        .map(|(name, value)| UserProperty {
            name: name.to_owned(),
            value: value.to_owned(),
        })
        .collect();
    let mut exchange = exchange(2, 10_000, request);
    let mut progress = reply("clients/tester/resp", b"10 %", Some(b""), 20_000);
    progress.outcome = Outcome::Progress;
    let mut error = reply(
        "clients/tester/resp",
        b"\x00\xff\x80binary",
        Some(b""),
        60_000,
    );
    error.outcome = Outcome::Error {
        code: Some("E7".into()),
        message: Some("no <paper>".into()),
    };
    exchange.replies = vec![progress, error];
    exchange.replies_not_kept = 3;
    exchange.finished = Some(at(60_000));
    exchange.verdict = Verdict::AnsweredWithError {
        code: Some("E7".into()),
        message: Some("no <paper>".into()),
    };
    exchange
}

fn late() -> Exchange {
    let mut exchange = exchange(3, 100_000, message("cmd/req/pump", b"", None));
    let mut late = reply(
        "clients/tester/resp",
        "ja, spät 🙂".as_bytes(),
        None,
        9_510_000,
    );
    late.verdict = MessageVerdict::LateReply;
    late.responder = Some("pump".into());
    exchange.replies = vec![late];
    exchange.finished = exchange.deadline;
    exchange.verdict = Verdict::Late;
    exchange.presence = Some(PresenceNote {
        is_online: false,
        at: at(90_000),
        who: "pump".into(),
    });
    exchange
}

fn timed_out() -> Exchange {
    let payload = b"</script></pre><script>alert(1)</script>\x1b[2J";
    let mut request = message("evil/\u{202e}topic/<img src=x>", payload, Some(b"\xe2\x80"));
    request.properties.message_expiry_secs = Some(0);
    request.properties.payload_is_utf8 = Some(true);
    let mut exchange = exchange(4, 200_000, request);
    exchange.near_misses = vec![NearMiss {
        verdict: MessageVerdict::WrongCorrelation,
        correlation_data: Some(CorrelationData::new(b"other".to_vec())),
        difference: None,
    }];
    exchange.finished = exchange.deadline;
    exchange.verdict = Verdict::TimedOut;
    exchange
}

fn nobody() -> Exchange {
    let mut exchange = exchange(5, 300_000, message("nobody/listens", b"hello", Some(b"5")));
    exchange.acknowledgement = Some(Reason::new(0x10, "No matching subscribers"));
    exchange.legs.acknowledged = Some(at(300_900));
    exchange.finished = Some(at(300_900));
    exchange.verdict = Verdict::NoSubscribers;
    exchange
}

fn rejected() -> Exchange {
    let mut exchange = exchange(6, 400_000, message("not/allowed", b"x", Some(b"6")));
    exchange.legs.published = None;
    exchange.deadline = None;
    exchange.finished = Some(at(400_500));
    exchange.verdict = Verdict::Rejected {
        what: Refused::Subscription,
        reason: Reason::new(0x87, "Not authorized"),
    };
    exchange
}

fn unmatched() -> MessageRow {
    let mut stray = message("clients/tester/resp", b"a,\"b\"\r\nc\td", Some(b"other"));
    stray.qos = Qos::AtMostOnce;
    stray.retain = true;
    stray.properties.subscription_identifiers = vec![1, 300];
    MessageRow {
        connection: "lab".into(),
        message: Arc::new(stray),
        verdict: MessageVerdict::WrongCorrelation,
        received: at(450_000),
        responder: Some("@SUM(A1)".into()),
        near: Some(ExchangeId(4)),
        difference: Some(Arc::new(Difference {
            rule: "mqtt5".into(),
            variable: "correlation".into(),
            wanted: vec!["e280".into()],
            found: vec![],
        })),
        is_echo: false,
    }
}

fn publish(failure: Option<&str>, micros: i64) -> PublishRow {
    let mut message = Message::new(
        TopicName::received("log/line"),
        Bytes::from_static(b"'quoted'"),
    );
    message.duplicate = true;
    PublishRow {
        connection: "lab \u{1f6a6}".into(),
        message: Arc::new(message),
        published: at(micros),
        acknowledgement: failure.is_none().then(|| Reason::new(0, "Success")),
        failure: failure.map(Arc::from),
    }
}

/// Oldest first, numbered from 11.
pub(super) fn items() -> Vec<Item> {
    let rows = [
        Row::Exchange(Box::new(answered())),
        Row::Exchange(Box::new(with_progress())),
        Row::Exchange(Box::new(late())),
        Row::Exchange(Box::new(timed_out())),
        Row::Exchange(Box::new(nobody())),
        Row::Exchange(Box::new(rejected())),
        Row::Message(unmatched()),
        Row::Publish(publish(None, 460_000)),
        Row::Publish(publish(Some("not connected"), 470_000)),
    ];
    let mut items: Vec<Item> = (11..)
        .zip(rows)
        .map(|(number, row)| Item {
            id: Some(RowId::new(number)),
            row,
            marks: Marks::default(),
        })
        .collect();
    if let Some(item) = items.get_mut(3) {
        item.marks = Marks {
            pinned: true,
            comment: "look here: <b>\n-1".to_owned(),
            colour: Some(Colour::Violet),
        };
    }
    items
}
