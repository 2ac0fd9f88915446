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
    a_sleeping_device_answers_in_a_burst_what_waited_for_it,
    questions_without_mqtt_5_are_told_apart_by_the_number_in_the_topic,
    a_cloud_calls_a_pump_and_does_not_wait_for_ever,
    recipes_on_one_response_topic_are_told_apart_by_correlation_data,
    a_lock_refuses_what_is_not_for_it,
    without_correlation_data_all_take_the_first_answer_and_with_it_their_own,
    everybody_answers_and_one_of_them_twice,
    a_will_is_answered_and_its_client_learns_of_it,
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
    assert_eq!(of("two-way-mqtt"), ["answered", "answered", "answered"]);
    // Kept by the broker for a second and more, until the meter was back.
    let kept = lines
        .iter()
        .filter(|line| line["connection"] == "two-way-mqtt")
        .nth(1);
    let kept = kept.unwrap_or_else(|| panic!("{ran:?}"));
    assert!(number(kept, "round_trip_ms") > 1000.0, "{kept}");
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

impl Stage {
    /// Plays it, whatever comes of its exchanges.
    #[track_caller]
    fn watch(&self, name: &str, exchanges: usize) -> (Ran, Vec<Value>) {
        let url = self.0.as_ref().map(Mosquitto::url);
        let mut words = vec!["demo", name, "--json"];
        words.extend(url.iter().flat_map(|url| ["--url", url]));
        let ran = run(&words).expect_code(0);
        let lines = ran.json_lines();
        assert_eq!(lines.len(), exchanges, "{ran:?}");
        (ran, lines)
    }
}

fn verdicts(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| text(line, "verdict")).collect()
}

fn a_sleeping_device_answers_in_a_burst_what_waited_for_it(stage: &Stage) {
    let (ran, lines) = stage.watch("intermittent-device", 7);
    let told: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| (text(line, "name"), text(line, "verdict")))
        .collect();
    let count = |verdict: &str| told.iter().filter(|(_, told)| *told == verdict).count();
    assert_eq!(
        (
            count("answered"),
            count("answered_with_error"),
            count("timed_out")
        ),
        (5, 1, 1),
        "{told:?}"
    );
    for line in &lines {
        assert_eq!(line["rule"], "mqtt-two-way");
        assert_eq!(line["qos"], 2);
        match (text(line, "name"), text(line, "verdict")) {
            (name, "timed_out") => assert_eq!(name, "A command that expires after 1 s"),
            (_, "answered_with_error") => {
                assert_eq!(line["error_code"], "ERROR_UNKNOWN_COMMAND", "{line}");
            }
            _ => {}
        }
    }
    // Those that were queued were answered together, when it woke up.
    let waited = |line: &&Value| line["round_trip_ms"].as_f64().is_some_and(|ms| ms > 500.0);
    assert_eq!(lines.iter().filter(waited).count(), 4, "{ran:?}");
    // It signs in and out, and the one that was cut leaves its will.
    assert!(ran.stderr.contains("iot/register/sensor-0001"), "{ran:?}");
    assert!(ran.stderr.contains("iot/register/sensor-0002"), "{ran:?}");
}

fn questions_without_mqtt_5_are_told_apart_by_the_number_in_the_topic(stage: &Stage) {
    let (_, lines) = stage.watch("topic-scheme", 7);
    let keys = [
        "forecast",
        "forecast",
        "temperature",
        "wind",
        "wind",
        "temperature",
        "forecast",
    ];
    for (index, (line, key)) in lines.iter().zip(keys).enumerate() {
        let number = index + 1;
        assert_eq!(line["verdict"], "answered", "{line}");
        assert_eq!(line["rule"], "mqtt-fetch-readme");
        assert_eq!(
            line["request_topic"],
            format!("client/display/from/{number}")
        );
        // Nothing of MQTT 5 is there.
        assert_eq!(line["response_topic"], Value::Null);
        assert_eq!(line["correlation_data_hex"], Value::Null);
        let reply = &line["replies"][0];
        assert_eq!(reply["topic"], format!("client/display/to/{number}"));
        assert!(answer(line)[key] != Value::Null, "{line}");
    }
    let [forecast, .., wind] = [1, 2, 3].map(|index| number(&lines[index], "round_trip_ms"));
    assert!(wind < forecast, "answered in another order");
}

fn a_cloud_calls_a_pump_and_does_not_wait_for_ever(stage: &Stage) {
    let (_, lines) = stage.watch("rrpc", 4);
    assert_eq!(
        verdicts(&lines),
        ["answered", "answered", "answered", "late"]
    );
    for line in &lines {
        let topic = text(line, "request_topic");
        let id = topic.strip_prefix("/sys/a1pump/pump-7/rrpc/request/");
        let id = id.unwrap_or_else(|| panic!("{topic}"));
        let reply = &line["replies"][0];
        assert_eq!(
            reply["topic"],
            format!("/sys/a1pump/pump-7/rrpc/response/{id}")
        );
        assert_eq!(answer(line)["id"], id, "{line}");
    }
    assert_eq!(lines[3]["replies"][0]["verdict"], "late_reply");
    assert_eq!(answer(&lines[3])["calibrated"], true);
}

fn recipes_on_one_response_topic_are_told_apart_by_correlation_data(stage: &Stage) {
    let (_, lines) = stage.play("recipe-server", 4);
    for (line, recipe) in lines.iter().zip(["tea", "coffee", "tea", "soup"]) {
        assert_eq!(line["response_topic"], "machines/kitchen-machine/recipe");
        assert_eq!(line["correlation_data_hex"], hex::encode(recipe));
        assert_eq!(answer(line)["recipe"], recipe);
    }
    let after = |index: usize| number(&lines[index], "round_trip_ms");
    assert!(after(3) < after(2) && after(2) < after(1), "out of order");
}

fn a_lock_refuses_what_is_not_for_it(stage: &Stage) {
    let (_, lines) = stage.watch("door-lock", 3);
    assert_eq!(
        verdicts(&lines),
        ["answered", "answered", "answered_with_error"]
    );
    let doors: Vec<Value> = lines
        .iter()
        .map(|line| answer(line)["door"].clone())
        .collect();
    assert_eq!(doors, ["unlocked", "locked", "locked"]);
    assert_eq!(lines[2]["error_code"], "403", "{}", lines[2]);
    assert_eq!(lines[2]["error_message"], "this is lock-7F3A");
    assert_eq!(
        lines[2]["replies"][0]["correlation_data_hex"],
        hex::encode("lock-11C2")
    );
}

fn without_correlation_data_all_take_the_first_answer_and_with_it_their_own(stage: &Stage) {
    let (ran, lines) = stage.watch("response-confusion", 6);
    let got = |line: &Value| text(&answer(line), "for").to_owned();
    let without: Vec<String> = lines[..3].iter().map(got).collect();
    assert_eq!(without, ["anna", "anna", "anna"]);
    let with: Vec<String> = lines[3..].iter().map(got).collect();
    assert_eq!(with, ["anna", "ben", "carla"]);
    assert_eq!(verdicts(&lines), ["answered"; 6]);
    let heard = ran.stderr.matches("Wrong correlation on library/answers");
    assert_eq!(heard.count(), 6, "{}", ran.stderr);
}

fn everybody_answers_and_one_of_them_twice(stage: &Stage) {
    let (_, lines) = stage.watch("scatter-gather", 1);
    let replies = lines[0]["replies"].as_array().cloned().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for reply in &replies {
        assert_eq!(reply["verdict"], "reply");
        let payload: Value = serde_json::from_str(text(reply, "payload")).unwrap_or_default();
        names.push(text(&payload, "device").to_owned());
    }
    names.sort();
    assert_eq!(
        names,
        [
            "blinds", "doorbell", "garage", "garage", "heater", "lamp", "washer"
        ]
    );
    assert_eq!(lines[0]["verdict"], "answered");
}

fn a_will_is_answered_and_its_client_learns_of_it(stage: &Stage) {
    let (_, lines) = stage.watch("will-as-request", 2);
    let will = &lines[1];
    assert_eq!(will["name"], "Last will of Heat meter");
    assert_eq!(will["request_topic"], "site/lost");
    assert_eq!(will["response_topic"], "site/heat-meter/will-read");
    assert_eq!(will["verdict"], "answered");
    let reply = &will["replies"][0];
    assert_eq!(
        reply["correlation_data_hex"],
        hex::encode("will-of-heat-meter")
    );
    assert_eq!(answer(will)["read"], "heat-meter is lost");
    // The watcher answered at once; the client heard of it when it was back.
    let answered = number(&will["legs_ms"], "device_answered");
    assert!(answered + 100.0 < number(will, "round_trip_ms"), "{will}");
}

/// The Response Topic from the broker, and what becomes of another one: `verdict`, and the words about it.
#[track_caller]
fn information(stage: &Stage, topic: &str, verdict: &str, words: &str) {
    let played = stage.watch("response-information", 2);
    is_informed(&played, topic, verdict, words);
}

#[track_caller]
fn is_informed((ran, lines): &(Ran, Vec<Value>), topic: &str, verdict: &str, words: &str) {
    assert_eq!(verdicts(lines), ["answered", verdict]);
    assert_eq!(lines[0]["response_topic"], topic);
    assert_eq!(lines[1]["response_topic"], "my/own/answers");
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
}

#[test]
fn the_built_in_broker_names_a_prefix_and_refuses_other_topics() {
    let topic = "rr/gauge-reader/resp";
    let words = "refused the subscription to my/own/answers";
    information(&Stage::built_in(), topic, "rejected", words);
}

#[test]
fn mosquitto_names_no_prefix_and_without_an_acl_any_topic_will_do() {
    let topic = "clients/gauge-reader/resp";
    information(
        &Stage::mosquitto(),
        topic,
        "answered",
        "no ACL forbids my/own/answers",
    );
}

#[test]
fn an_acl_that_does_not_refuse_lets_a_request_time_out() {
    let mosquitto = Mosquitto::start_with(|directory| {
        let file = directory.join("acl");
        let rules = "topic readwrite #\n\nuser restricted\ntopic write gauges/#\ntopic read clients/gauge-reader/#\n";
        std::fs::write(&file, rules).unwrap_or_else(|err| panic!("{err}"));
        format!("acl_file {}", file.display())
    });
    let topic = "clients/gauge-reader/resp";
    let words = "its ACL lets nothing through";
    information(&Stage(Some(mosquitto)), topic, "timed_out", words);
}

#[test]
fn an_acl_that_refuses_subscriptions_rejects_the_request() {
    let plugin = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib",
        "/opt/homebrew/lib",
    ]
    .map(|folder| format!("{folder}/mosquitto_dynamic_security.so"));
    let Some(plugin) = plugin
        .iter()
        .find(|plugin| std::path::Path::new(plugin).exists())
    else {
        common::peers::skip("Mosquitto's dynamic security");
        return;
    };
    let allow = |kind: &str, topic: &str| serde_json::json!({"acltype": kind, "topic": topic, "priority": 0, "allow": true});
    let security = serde_json::json!({
        "defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true, "subscribe": false, "unsubscribe": true},
        // The password is "gauge".
        "clients": [{
            "username": "restricted",
            "password": "CKlIPLYKheq/QCaRSLzHqjAuNcHnPJ4DE8ttusf59SynfQgqqaPjEzML0rqJRafIeTyjid8PLeGN81OnJ/0w6g==",
            "salt": "cm91bmR0cmlwc2Fs",
            "iterations": 101,
            "roles": [{"rolename": "all"}],
        }],
        "roles": [{"rolename": "all", "acls": [
            allow("subscribePattern", "clients/gauge-reader/#"),
            allow("subscribePattern", "gauges/#"),
        ]}],
    });
    let mosquitto = Mosquitto::start_with(|directory| {
        let file = directory.join("security.json");
        std::fs::write(&file, security.to_string()).unwrap_or_else(|err| panic!("{err}"));
        format!(
            "plugin {plugin}\nplugin_opt_config_file {}\nallow_anonymous false",
            file.display()
        )
    });
    let topic = "clients/gauge-reader/resp";
    let words = "refused the subscription to my/own/answers";
    let url = format!("mqtt://restricted:gauge@127.0.0.1:{}", mosquitto.port());
    let ran = run(&["demo", "response-information", "--json", "--url", &url]).expect_code(0);
    let lines = ran.json_lines();
    is_informed(&(ran, lines), topic, "rejected", words);
}

#[test]
fn the_demos_are_listed_and_an_unknown_one_is_a_usage_error() {
    let list = run(&["demo", "--list"]).expect_code(0).text();
    for name in [
        "smart-light",
        "relay",
        "common-topic",
        "topic-scheme",
        "rrpc",
        "recipe-server",
        "door-lock",
        "response-confusion",
        "response-information",
        "will-as-request",
        "scatter-gather",
    ] {
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
