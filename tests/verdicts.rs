//! Every verdict, through a session, with foreign responders, on Mosquitto and on the built-in broker.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod common;
#[path = "common/desk.rs"]
mod desk;
#[path = "common/place.rs"]
#[macro_use]
mod place;
#[path = "common/program.rs"]
mod program;

use common::Mosquitto;
use common::peers::{Manner, Peer, skip};
use desk::{Desk, HERE, draft, valid, why};
use program::run_with;
use roundtrip::model::correlation::CorrelationDraft;
use roundtrip::model::exchange::{MessageVerdict, Verdict};
use roundtrip::model::message::Qos;
use roundtrip::model::request::RequestDraft;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// All 256 byte values, as typed.
fn all_bytes() -> CorrelationDraft {
    let bytes: Vec<u8> = (0..=255).collect();
    CorrelationDraft::parse(&format!("hex:{}", hex::encode(bytes))).unwrap()
}

fn fixed(notation: &str) -> CorrelationDraft {
    CorrelationDraft::parse(notation).unwrap()
}

fn patient(timeout: &str) -> RequestDraft {
    RequestDraft {
        timeout: timeout.to_owned(),
        ..draft()
    }
}

/// A paho responder on `cmnd`, and a connection to the same broker.
#[track_caller]
fn responder(desk: &mut Desk, manner: Manner) -> Option<Peer> {
    let peer = Peer::paho_responder(desk.port(), "cmnd", manner)?;
    desk.connect(HERE);
    Some(peer)
}

/// Publishes to `answers/here` with `mosquitto_pub`; false where that is not installed.
#[track_caller]
fn publish(port: u16, words: &[&str]) -> bool {
    let mut command = Command::new("mosquitto_pub");
    if command.arg("--help").output().is_err() {
        skip("mosquitto_pub");
        return false;
    }
    let mut command = Command::new("mosquitto_pub");
    command
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .args(["-V", "mqttv5", "-q", "1", "-t", "answers/here"])
        .args(words);
    run_with(&mut command, b"").expect_code(0);
    true
}

on_both_brokers!(Desk:
    the_right_answer_is_a_reply_with_every_time_in_order,
    a_wrong_correlation_is_no_answer_and_the_exchange_times_out,
    a_missing_correlation_is_no_answer_and_the_exchange_times_out,
    a_doubled_answer_is_a_reply_and_an_additional_reply,
    an_additional_reply_counts_where_two_are_wanted,
    a_retained_message_on_the_response_topic_is_stale_however_right_it_looks,
    an_answer_after_the_timeout_is_late,
    silence_times_out_when_it_was_said_to,
    nobody_listens_is_told_at_once_at_qos_1,
    at_qos_0_the_built_in_broker_knows_that_nobody_listens_and_mosquitto_cannot_say,
    an_answer_that_says_it_failed_is_told_from_one_that_does_not,
    twins_are_told_before_the_second_is_sent_and_the_oldest_is_answered_first,
);

fn the_right_answer_is_a_reply_with_every_time_in_order(desk: &mut Desk) {
    let Some(peer) = responder(desk, Manner::Echo) else {
        return;
    };
    let id = desk.send(&valid(&RequestDraft {
        correlation_data: all_bytes(),
        ..draft()
    }));
    let request = peer.next_json();
    assert_eq!(request["response_topic"], "answers/here");
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(request["correlation_hex"], hex::encode(&bytes));
    // The PUBACK may come after the answer.
    let exchange = desk.wait_exchange(id, "answered and acknowledged", |exchange| {
        exchange.verdict == Verdict::Answered && exchange.acknowledgement.is_some()
    });
    let [reply] = exchange.replies.as_slice() else {
        panic!("{exchange:#?}")
    };
    assert_eq!(reply.verdict, MessageVerdict::Reply);
    assert_eq!(&*reply.message.payload, b"ping");
    let properties = &reply.message.properties;
    assert_eq!(
        properties.correlation_data.as_ref().unwrap().as_bytes(),
        bytes
    );
    // What the built-in broker adds is not shown as the responder's own.
    assert_eq!(properties.user_properties.len(), 1);
    assert_eq!(properties.user_properties[0].value, "paho");
    assert_eq!(reply.responder.is_some(), desk.is_built_in());
    let legs = &exchange.legs;
    let times = [
        legs.queued,
        legs.subscribed.unwrap(),
        legs.published.unwrap(),
        reply.received,
    ];
    assert!(times.is_sorted(), "{times:?}");
    assert!(legs.acknowledged.unwrap() > legs.published.unwrap());
    assert_eq!(
        exchange.round_trip().unwrap(),
        reply.received.since(legs.published.unwrap())
    );
    assert!(desk.messages().is_empty());
}

/// The exchange times out, and the message is a row of its own that names it.
#[track_caller]
fn not_an_answer(desk: &mut Desk, manner: Manner, verdict: MessageVerdict) {
    let Some(_peer) = responder(desk, manner) else {
        return;
    };
    let id = desk.send(&valid(&patient("2s")));
    let message = desk.wait_message(verdict);
    assert_eq!(message.near, Some(id));
    assert_eq!(message.message.topic.as_str(), "answers/here");
    let exchange = desk.wait_finished(id);
    assert_eq!(exchange.verdict, Verdict::TimedOut);
    assert!(exchange.replies.is_empty());
    assert_eq!(desk.messages().len(), 1);
}

fn a_wrong_correlation_is_no_answer_and_the_exchange_times_out(desk: &mut Desk) {
    not_an_answer(
        desk,
        Manner::WrongCorrelation,
        MessageVerdict::WrongCorrelation,
    );
}

fn a_missing_correlation_is_no_answer_and_the_exchange_times_out(desk: &mut Desk) {
    not_an_answer(
        desk,
        Manner::MissingCorrelation,
        MessageVerdict::MissingCorrelation,
    );
}

fn a_doubled_answer_is_a_reply_and_an_additional_reply(desk: &mut Desk) {
    let Some(_peer) = responder(desk, Manner::Doubled) else {
        return;
    };
    let id = desk.send(&valid(&draft()));
    let exchange = desk.wait_exchange(id, "two replies", |exchange| exchange.replies.len() == 2);
    assert_eq!(exchange.verdict, Verdict::Answered);
    let verdicts: Vec<_> = exchange.replies.iter().map(|reply| reply.verdict).collect();
    assert_eq!(
        verdicts,
        [MessageVerdict::Reply, MessageVerdict::AdditionalReply]
    );
    assert!(desk.messages().is_empty(), "both are the exchange's");
}

fn an_additional_reply_counts_where_two_are_wanted(desk: &mut Desk) {
    let Some(_peer) = responder(desk, Manner::Doubled) else {
        return;
    };
    let id = desk.send(&valid(&RequestDraft {
        replies: "2".to_owned(),
        ..draft()
    }));
    let exchange = desk.wait_finished(id);
    assert_eq!(exchange.verdict, Verdict::Answered);
    let verdicts: Vec<_> = exchange.replies.iter().map(|reply| reply.verdict).collect();
    assert_eq!(verdicts, [MessageVerdict::Reply; 2]);
}

fn a_retained_message_on_the_response_topic_is_stale_however_right_it_looks(desk: &mut Desk) {
    let Some(_peer) = responder(desk, Manner::Echo) else {
        return;
    };
    let right = ["-D", "publish", "correlation-data", "c-1"];
    let old = [&right[..], &["-r", "-m", "old"]].concat();
    if !publish(desk.port(), &old) {
        return;
    }
    let id = desk.send(&valid(&RequestDraft {
        correlation_data: fixed("text:c-1"),
        ..draft()
    }));
    let stale = desk.wait_message(MessageVerdict::Stale);
    assert_eq!(&*stale.message.payload, b"old");
    let exchange = desk.wait_finished(id);
    assert_eq!(exchange.verdict, Verdict::Answered);
    let [reply] = exchange.replies.as_slice() else {
        panic!("{exchange:#?}")
    };
    assert_eq!(&*reply.message.payload, b"ping");
}

fn an_answer_after_the_timeout_is_late(desk: &mut Desk) {
    let Some(_peer) = responder(desk, Manner::LateMs(600)) else {
        return;
    };
    let id = desk.send(&valid(&patient("200ms")));
    let timed_out = desk.wait_finished(id);
    let exchange = desk.wait_verdict(id, "late");
    assert_eq!(desk.verdicts[&id], ["timed_out", "late"]);
    let [reply] = exchange.replies.as_slice() else {
        panic!("{exchange:#?}")
    };
    assert_eq!(reply.verdict, MessageVerdict::LateReply);
    assert!(exchange.round_trip().unwrap() >= Duration::from_millis(600));
    assert_eq!(timed_out.legs.published, exchange.legs.published);
}

fn silence_times_out_when_it_was_said_to(desk: &mut Desk) {
    let Some(peer) = responder(desk, Manner::Silent) else {
        return;
    };
    let id = desk.send(&valid(&patient("300ms")));
    let exchange = desk.wait_finished(id);
    assert_eq!(exchange.verdict, Verdict::TimedOut);
    let published = exchange.legs.published.unwrap();
    // By the clock of the packet, not of whoever looked.
    assert_eq!(
        exchange.finished.unwrap().since(published),
        Duration::from_millis(300)
    );
    peer.next_json();
}

fn nobody_listens_is_told_at_once_at_qos_1(desk: &mut Desk) {
    desk.connect(HERE);
    // The timeout would outlast the test's patience.
    let id = desk.send(&valid(&patient("1m")));
    let exchange = desk.wait_finished(id);
    assert_eq!(exchange.verdict, Verdict::NoSubscribers);
    if !desk.is_built_in() {
        assert_eq!(exchange.acknowledgement.unwrap().code, 0x10);
    }
}

fn at_qos_0_the_built_in_broker_knows_that_nobody_listens_and_mosquitto_cannot_say(
    desk: &mut Desk,
) {
    desk.connect(HERE);
    let id = desk.send(&valid(&RequestDraft {
        qos: Qos::AtMostOnce,
        ..patient("300ms")
    }));
    let exchange = desk.wait_finished(id);
    let verdict = if desk.is_built_in() {
        Verdict::NoSubscribers
    } else {
        Verdict::TimedOut
    };
    assert_eq!(exchange.verdict, verdict);
    assert_eq!(exchange.acknowledgement, None);
}

fn an_answer_that_says_it_failed_is_told_from_one_that_does_not(desk: &mut Desk) {
    desk.connect(HERE);
    let Some(_silent) = Peer::paho_responder(desk.port(), "cmnd", Manner::Silent) else {
        return;
    };
    for (status, verdict) in [("404", "answered_with_error"), ("200", "answered")] {
        let id = desk.send(&valid(&RequestDraft {
            correlation_data: fixed("text:c-2"),
            ..draft()
        }));
        desk.wait_exchange(id, "sent", |exchange| exchange.acknowledgement.is_some());
        let answer = ["-D", "publish", "correlation-data", "c-2", "-m", "x"];
        let status = ["-D", "publish", "user-property", "status", status];
        if !publish(desk.port(), &[&answer[..], &status].concat()) {
            return;
        }
        let exchange = desk.wait_finished(id);
        assert_eq!(exchange.verdict.word(), verdict);
        if let Verdict::AnsweredWithError { code, .. } = exchange.verdict {
            assert_eq!(code.as_deref(), Some("404"));
        }
    }
}

fn twins_are_told_before_the_second_is_sent_and_the_oldest_is_answered_first(desk: &mut Desk) {
    let Some(_peer) = responder(desk, Manner::Silent) else {
        return;
    };
    let request = valid(&RequestDraft {
        correlation_data: fixed("text:same"),
        ..draft()
    });
    let generated = valid(&draft());
    assert!(desk.session.twins(HERE, &request).is_empty());
    let first = desk.send(&request);
    desk.wait_exchange(first, "sent", |exchange| exchange.acknowledgement.is_some());
    assert_eq!(desk.session.twins(HERE, &request), [first]);
    assert!(desk.session.twins(HERE, &generated).is_empty());
    assert!(desk.session.twins("elsewhere", &request).is_empty());

    let second = desk.send(&request);
    desk.wait_exchange(second, "sent", |exchange| {
        exchange.acknowledgement.is_some()
    });
    assert_eq!(desk.session.twins(HERE, &request), [first, second]);
    let answer = ["-D", "publish", "correlation-data", "same", "-m", "x"];
    if !publish(desk.port(), &answer) {
        return;
    }
    desk.wait_verdict(first, "answered");
    assert!(desk.exchange(second).verdict.is_open());
    assert_eq!(desk.session.twins(HERE, &request), [second]);
    publish(desk.port(), &answer);
    desk.wait_verdict(second, "answered");
    assert!(desk.session.twins(HERE, &request).is_empty());
}

#[test]
fn a_request_that_mosquitto_forbids_is_rejected_with_the_reason_in_words() {
    let mut desk = Desk::on(Mosquitto::start_with(|directory| {
        let file = directory.join("acl");
        std::fs::write(&file, "topic readwrite answers/#\n").unwrap();
        format!("acl_file {}", file.display())
    }));
    desk.connect(HERE);
    let id = desk.send(&valid(&draft()));
    let exchange = desk.wait_finished(id);
    assert_eq!(exchange.verdict.word(), "rejected");
    assert_eq!(why(&exchange), "the request: not authorized (0x87)");
    assert!(desk.session.state(HERE).is_connected());
}

#[test]
fn a_response_topic_that_mosquitto_forbids_rejects_the_exchange_before_it_is_published() {
    let plugin = [
        "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so",
        "/usr/lib/aarch64-linux-gnu/mosquitto_dynamic_security.so",
        "/usr/lib/mosquitto_dynamic_security.so",
    ];
    let Some(plugin) = plugin.into_iter().find(|path| Path::new(path).exists()) else {
        skip("Mosquitto's dynamic security plugin");
        return;
    };
    let mut desk = Desk::on(Mosquitto::start_with(|directory| {
        let file = directory.join("security.json");
        let rules = r#"{"defaultACLAccess":{"publishClientSend":true,"publishClientReceive":true,
            "subscribe":false,"unsubscribe":true},"clients":[],"groups":[],"roles":[]}"#;
        std::fs::write(&file, rules).unwrap();
        format!("plugin {plugin}\nplugin_opt_config_file {}", file.display())
    }));
    desk.connect(HERE);
    let id = desk.send(&valid(&draft()));
    let exchange = desk.wait_finished(id);
    assert_eq!(exchange.verdict.word(), "rejected");
    assert_eq!(
        why(&exchange),
        "the subscription to the Response Topic: not authorized (0x87)"
    );
    assert_eq!(exchange.legs.published, None, "it was not sent");
    assert!(desk.session.state(HERE).is_connected());
}
