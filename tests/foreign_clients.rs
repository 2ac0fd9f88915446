//! The foreign clients of the tests do what they say, on Mosquitto and on the built-in broker.
//!
//! Tests that pair Roundtrip with them rely on this: here no requester or responder is ours.
#![expect(clippy::expect_used, reason = "a test may fail")]

mod common;

use common::Mosquitto;
use common::peers::{Manner, Peer};
use roundtrip::broker::Broker;
use std::fmt::Write as _;

type StartResponder = fn(u16, &str, Manner) -> Option<Peer>;
const RESPONDERS: [StartResponder; 2] = [Peer::paho_responder, Peer::mqtt_js_responder];

fn all_byte_values() -> String {
    (0..=255).fold(String::new(), |mut hex, byte: u8| {
        write!(hex, "{byte:02x}").expect("write to a string");
        hex
    })
}

fn correlation_comes_back_intact(port: u16) {
    for (index, responder) in RESPONDERS.iter().enumerate() {
        let topic = format!("echo/{index}");
        let Some(responder) = responder(port, &topic, Manner::Echo) else {
            continue;
        };
        let Some(requester) = Peer::paho_requester(port, &topic, "answers/here", "ping") else {
            return;
        };
        let request = responder.next_json();
        assert_eq!(request["response_topic"], "answers/here");
        assert_eq!(request["correlation_hex"], all_byte_values());
        let answer = requester.next_json();
        assert_eq!(answer["payload"], "ping");
        assert_eq!(answer["correlation_hex"], all_byte_values());
        assert_eq!(answer["intact"], true);
        assert!(requester.wait().success());
    }
}

#[test]
fn all_256_byte_values_come_back_through_mosquitto() {
    let broker = Mosquitto::start("");
    correlation_comes_back_intact(broker.port());
}

#[test]
fn all_256_byte_values_come_back_through_the_built_in_broker() {
    let broker = Broker::start(None, None).expect("the built-in broker starts");
    correlation_comes_back_intact(broker.address().port());
}

#[test]
fn misbehaving_responders_misbehave_as_asked() {
    let broker = Mosquitto::start("");
    for (index, start) in RESPONDERS.iter().enumerate() {
        for (manner, returned) in [
            (
                Manner::WrongCorrelation,
                Some(format!("77726f6e673a{}", all_byte_values())),
            ),
            (Manner::MissingCorrelation, None),
            (Manner::LateMs(300), Some(all_byte_values())),
        ] {
            let topic = format!("bad/{index}");
            let Some(_responder) = start(broker.port(), &topic, manner) else {
                continue;
            };
            let Some(requester) =
                Peer::paho_requester(broker.port(), &topic, "answers/here", "ping")
            else {
                return;
            };
            let answer = requester.next_json();
            assert_eq!(
                answer["correlation_hex"].as_str().map(str::to_owned),
                returned,
                "{manner:?}"
            );
            let is_late = answer["round_trip_ms"]
                .as_f64()
                .is_some_and(|ms| ms >= 300.0);
            assert_eq!(is_late, matches!(manner, Manner::LateMs(_)), "{answer}");
        }
    }
}

#[test]
fn a_doubling_responder_answers_twice_and_a_silent_one_never() {
    let broker = Mosquitto::start("");
    for (index, start) in RESPONDERS.iter().enumerate() {
        let topic = format!("count/{index}");
        // A responder that listens on the Response Topic counts what arrives there.
        let Some(counter) = start(broker.port(), &format!("answers/{index}"), Manner::Silent)
        else {
            continue;
        };
        for (manner, times) in [(Manner::Doubled, 2), (Manner::Silent, 0), (Manner::Echo, 1)] {
            let Some(responder) = start(broker.port(), &topic, manner) else {
                continue;
            };
            let response_topic = format!("answers/{index}");
            let Some(_requester) =
                Peer::paho_requester(broker.port(), &topic, &response_topic, "ping")
            else {
                return;
            };
            responder.next_json();
            for _ in 0..times {
                assert_eq!(
                    counter.next_json()["correlation_hex"],
                    all_byte_values(),
                    "{manner:?}"
                );
            }
        }
    }
}
