//! `roundtrip demo NAME --json` on the built-in broker and on Mosquitto: every exchange answered, exit 0.
#![expect(clippy::panic, reason = "a test may fail")]

mod common;
#[path = "common/place.rs"]
#[macro_use]
mod place;
#[path = "common/program.rs"]
mod program;

use common::Mosquitto;
use program::{Ran, run};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Where a demo is played: on the built-in broker that it starts itself, or on Mosquitto.
struct Stage(Option<Mosquitto>);

impl Stage {
    fn mosquitto() -> Self {
        Self(Some(Mosquitto::start("")))
    }

    fn built_in() -> Self {
        Self(None)
    }

    /// Plays it; what every demo promises is checked.
    #[track_caller]
    fn play(&self, name: &str, exchanges: usize) -> (Ran, Vec<Value>) {
        let url = self.0.as_ref().map(Mosquitto::url);
        let mut words = vec!["demo", name, "--json"];
        words.extend(url.iter().flat_map(|url| ["--url", url]));
        let ran = run(&words).expect_code(0);
        let lines = ran.json_lines();
        assert_eq!(lines.len(), exchanges, "{ran:?}");
        for line in &lines {
            assert_eq!(line["verdict"], "answered", "{line}");
            assert!(!text(line, "request_topic").is_empty(), "{line}");
            let replies = line["replies"].as_array().map_or(&[][..], Vec::as_slice);
            let [reply] = replies else {
                panic!("{} replies: {line}", replies.len())
            };
            assert_eq!(reply["topic"], line["response_topic"], "{line}");
            assert!(!text(line, "correlation_data_hex").is_empty(), "{line}");
            assert_eq!(
                reply["correlation_data_hex"], line["correlation_data_hex"],
                "{line}"
            );
            let round_trip = number(line, "round_trip_ms");
            assert!(round_trip > 0.0 && round_trip < 5000.0, "{line}");
            // The device is simulated here, so its legs are known, and in order.
            let legs = &line["legs_ms"];
            let (received, answered) = (
                number(legs, "device_received"),
                number(legs, "device_answered"),
            );
            assert!(0.0 < received && received < answered, "{line}");
            assert!(answered < round_trip, "{line}");
        }
        (ran, lines)
    }
}

#[track_caller]
fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text `{key}`: {value}"))
}

#[track_caller]
fn number(value: &Value, key: &str) -> f64 {
    value[key]
        .as_f64()
        .unwrap_or_else(|| panic!("no number `{key}`: {value}"))
}

/// The payload of the first reply.
#[track_caller]
fn answer(line: &Value) -> Value {
    let payload = text(&line["replies"][0], "payload");
    serde_json::from_str(payload).unwrap_or_else(|err| panic!("{err}: {payload}"))
}

on_both_brokers!(Stage:
    the_smart_light_is_switched_and_read,
    the_relay_answers_two_requests_and_nobody_knows_of_the_bare_publish,
    five_requesters_on_a_common_topic_are_kept_apart,
    a_device_over_mqtt_and_plain_tcp_answers_while_it_is_there,
);

fn the_smart_light_is_switched_and_read(stage: &Stage) {
    let (_, lines) = stage.play("smart-light", 5);
    let mut powers = Vec::new();
    let mut correlations = BTreeSet::new();
    for line in &lines {
        assert_eq!(line["request_topic"], "cmnd/light-in-bedroom/power");
        assert_eq!(line["response_topic"], "state/light-in-bedroom/power");
        // Only a broker can say who published a reply, and only the built-in one does.
        let responder = stage.0.is_none().then_some("light-in-bedroom");
        assert_eq!(line["replies"][0]["responder"].as_str(), responder);
        correlations.insert(text(line, "correlation_data_hex").to_owned());
        powers.push(text(&answer(line), "power").to_owned());
    }
    assert_eq!(powers, ["on", "on", "off", "off", "on"]);
    assert_eq!(correlations.len(), 5, "a new UUID for every request");
    assert!(correlations.iter().all(|hex| hex.len() == 32));
}

fn the_relay_answers_two_requests_and_nobody_knows_of_the_bare_publish(stage: &Stage) {
    let (ran, lines) = stage.play("relay", 2);
    let answers: Vec<Value> = lines.iter().map(answer).collect();
    assert_eq!([&answers[0]["relay_1"], &answers[1]["relay_1"]], [0, 1]);
    for line in &lines {
        assert_eq!(line["request_topic"], "device_1/relay_1");
        // The client asks for Response Information; the built-in broker gives some.
        let topic = match stage.0 {
            Some(_) => "clients/relay-client/resp",
            None => "rr/relay-client/resp",
        };
        assert_eq!(line["response_topic"], topic);
    }
    assert!(
        ran.stderr
            .contains("published device_1/relay_1 1: no reply was asked for"),
        "{}",
        ran.stderr
    );
}

fn five_requesters_on_a_common_topic_are_kept_apart(stage: &Stage) {
    let (_, lines) = stage.play("common-topic", 15);
    let mut counters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut counts = BTreeSet::new();
    for line in &lines {
        assert_eq!(line["request_topic"], "org/common");
        let answer = answer(line);
        let client = text(&answer, "to").to_owned();
        assert_eq!(line["response_topic"], format!("org/responses/{client}"));
        counts.insert(answer["count"].as_u64());
        let correlation = text(line, "correlation_data_hex").to_owned();
        counters.entry(client).or_default().push(correlation);
    }
    let clients: Vec<&str> = counters.keys().map(String::as_str).collect();
    assert_eq!(
        clients,
        ["client1", "client2", "client3", "client4", "client5"]
    );
    // All five count alike, and only the Response Topic tells them apart: "1", "2", "3".
    for counter in counters.values() {
        assert_eq!(counter, &["31", "32", "33"]);
    }
    assert_eq!(
        counts,
        (1..=15).map(Some).collect(),
        "one responder served all"
    );
}

fn a_device_over_mqtt_and_plain_tcp_answers_while_it_is_there(stage: &Stage) {
    let url = stage.0.as_ref().map(Mosquitto::url);
    let mut words = vec!["demo", "tcp-two-way", "--json"];
    words.extend(url.iter().flat_map(|url| ["--url", url]));
    let ran = run(&words).expect_code(0);
    let lines = ran.json_lines();
    let of = |connection: &str| -> Vec<String> {
        let on = lines.iter().filter(|line| line["connection"] == connection);
        on.map(|line| text(line, "verdict").to_owned()).collect()
    };
    assert_eq!(
        of("two-way-mqtt"),
        ["answered", "no_subscribers", "answered", "answered"]
    );
    assert_eq!(
        of("two-way-tcp"),
        [
            "answered",
            "answered",
            "answered_with_error",
            "answered",
            "no_subscribers",
            "answered",
            "answered"
        ]
    );
    let away = lines
        .iter()
        .find(|line| line["connection"] == "two-way-tcp" && line["verdict"] == "no_subscribers");
    let reason = text(away.unwrap_or_else(|| panic!("{ran:?}")), "reason");
    assert_eq!(reason, "the device meter-7 is not connected");
    for (words, at_least) in [("tcp/data/meter-7", 3), ("tcp/register/meter-7", 5)] {
        let told = ran.stderr.matches(&format!("Unmatched on {words}")).count();
        assert!(told >= at_least, "{words}: {told}\n{}", ran.stderr);
    }
}

#[test]
fn the_demos_are_listed_and_an_unknown_one_is_a_usage_error() {
    let list = run(&["demo", "--list"]).expect_code(0).text();
    for name in ["smart-light", "relay", "common-topic"] {
        assert!(
            list.lines().any(|line| line.starts_with(name)),
            "{name}: {list}"
        );
    }
    let ran = run(&["demo", "coffee"]).expect_code(2);
    assert!(ran.stdout.is_empty());
    assert!(ran.stderr.contains("coffee") && ran.stderr.contains("smart-light"));
}

#[test]
fn a_demo_without_its_broker_could_not_connect() {
    let url = format!("mqtt://127.0.0.1:{}", common::free_port());
    let ran = run(&["demo", "relay", "--url", &url, "--json"]).expect_code(6);
    assert!(ran.stdout.is_empty(), "{ran:?}");
    assert!(ran.stderr.contains("error: "), "{ran:?}");
}
