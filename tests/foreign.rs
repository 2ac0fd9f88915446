//! The program and foreign parties: `mosquitto_rr`, paho and MQTT.js ask and answer, on both brokers.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod common;
#[path = "common/place.rs"]
#[macro_use]
mod place;
#[path = "common/program.rs"]
mod program;

use common::Mosquitto;
use common::peers::{Manner, Peer, skip};
use place::Place;
use program::{Ran, Running, roundtrip, run, run_with};
use serde_json::{Value, json};
use std::process::Command;

fn all_bytes() -> Vec<u8> {
    (0..=255).collect()
}

/// `roundtrip request` to `cmnd`, with these words.
fn ask_command(url: &str, words: &[&str]) -> Command {
    let mut all = vec!["request", "--url", url, "-t", "cmnd", "-e", "answers/here"];
    all.extend(words);
    roundtrip(&all)
}

#[track_caller]
fn ask(place: &Place, words: &[&str]) -> Ran {
    run_with(&mut ask_command(&place.url(), words), b"")
}

/// What `mosquitto_rr` prints, by its own format; `None` where it is not installed.
#[track_caller]
fn rr(port: u16, words: &[&str]) -> Option<String> {
    let mut command = Command::new("mosquitto_rr");
    if command.arg("--help").output().is_err() {
        skip("mosquitto_rr");
        return None;
    }
    let mut command = Command::new("mosquitto_rr");
    command
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-V", "mqttv5"])
        .args(["-q", "1", "-W", "15", "-e", "answers/rr"])
        .args(words);
    let ran = run_with(&mut command, b"").expect_code(0);
    Some(ran.text().trim_end().to_owned())
}

/// A device file of the test's own.
fn device_file(toml: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), toml).unwrap();
    file
}

const LAMP: &str = r#"
name = "lamp"
connection = "built-in-broker"
listens = ["lamp/#"]
state = { power = "off" }
reply = '{"power":"{{state.power}}"}'

[[rules]]
when = 'payload.power in ["on", "off"]'
set = { power = "{{payload.power}}" }

[[rules]]
when = 'payload == "break"'
reply = "broken"
user_properties = [{ name = "status", value = "500" }]
"#;

on_both_brokers!(Place:
    mosquitto_rr_gets_its_answer_from_a_typed_device,
    mosquitto_rr_gets_its_answer_from_a_device_file,
    paho_gets_all_256_byte_values_of_correlation_data_back,
    a_responder_tells_what_it_does_and_ends_well,
    payloads_come_back_byte_for_byte,
    correlation_data_is_what_was_asked_for_in_every_notation,
    user_properties_keep_their_order_and_their_repetitions,
    an_answer_is_one_line_of_json,
    all_replies_or_two_of_them_are_waited_for,
    an_answer_that_says_it_failed_is_exit_1,
    no_reply_in_time_is_exit_3,
    nobody_who_listens_is_exit_4_where_the_broker_says_so,
    what_is_not_the_answer_is_told_and_not_printed,
    a_bare_publish_needs_no_answer,
);

fn mosquitto_rr_gets_its_answer_from_a_typed_device(place: &Place) {
    let url = place.url();
    let reply = r#"{"power":"{{payload.power}}","of":"{{topic.2}}"}"#;
    let _device = Running::responder(&[
        "--url",
        &url,
        "-t",
        "cmnd/+/power",
        "--reply",
        reply,
        "--content-type",
        "application/json",
        "--delay",
        "5ms",
    ]);
    let asked = ["-t", "cmnd/light/power", "-m", r#"{"power":"on"}"#];
    let details = [
        "-D",
        "publish",
        "correlation-data",
        "rr-1",
        "-F",
        "%t %D %C %p",
    ];
    if let Some(answer) = rr(place.port, &[&asked[..], &details].concat()) {
        assert_eq!(
            answer,
            r#"answers/rr rr-1 application/json {"power":"on","of":"light"}"#
        );
    }
}

fn mosquitto_rr_gets_its_answer_from_a_device_file(place: &Place) {
    let (url, file) = (place.url(), device_file(LAMP));
    let path = file.path().to_str().unwrap();
    let _device = Running::responder(&["--url", &url, "--device", path]);
    for (payload, power) in [("?", "off"), (r#"{"power":"on"}"#, "on"), ("?", "on")] {
        let Some(answer) = rr(place.port, &["-t", "lamp/power", "-m", payload]) else {
            return;
        };
        assert_eq!(answer, format!(r#"{{"power":"{power}"}}"#));
    }
}

fn paho_gets_all_256_byte_values_of_correlation_data_back(place: &Place) {
    let (url, file) = (place.url(), device_file(LAMP));
    let path = file.path().to_str().unwrap();
    let _typed = Running::responder(&["--url", &url, "-t", "cmnd", "--reply", "{{payload}}"]);
    let _from_file = Running::responder(&["--url", &url, "--device", path]);
    for (topic, payload) in [("cmnd", "ping"), ("lamp/get", r#"{"power":"off"}"#)] {
        let Some(peer) = Peer::paho_requester(place.port, topic, "answers/paho", "ping") else {
            return;
        };
        let answer = peer.next_json();
        assert_eq!(answer["payload"], payload);
        assert_eq!(answer["correlation_hex"], hex::encode(all_bytes()));
        assert_eq!(answer["intact"], true);
        assert!(peer.wait().success());
    }
}

fn a_responder_tells_what_it_does_and_ends_well(place: &Place) {
    let url = place.url();
    let words = ["--url", &url, "-t", "cmnd", "--reply", "pong {{counter}}"];
    let mut device = Running::responder(&words);
    assert_eq!(ask(place, &["-m", "ping"]).expect_code(0).text(), "pong 1");
    device.wait_for_talk("← cmnd ping\n");
    device.wait_for_talk("→ answers/here pong 1\n");
    // Without a Response Topic there is nowhere to answer to.
    run(&[
        "request",
        "--url",
        &url,
        "-t",
        "cmnd",
        "-m",
        "x",
        "--no-reply",
    ])
    .expect_code(0);
    device.wait_for_talk("cmnd was not answered: ");
    let ran = device.interrupt().expect_code(0);
    assert!(ran.stdout.is_empty(), "talk is no data: {ran:?}");

    let quiet = Running::responder(&[&words[..], &["--quiet"]].concat());
    ask(place, &["-m", "ping"]).expect_code(0);
    let ran = quiet.interrupt().expect_code(0);
    assert!(!ran.stderr.contains('→'), "{ran:?}");
}

type StartResponder = fn(u16, &str, Manner) -> Option<Peer>;
const RESPONDERS: [StartResponder; 2] = [Peer::paho_responder, Peer::mqtt_js_responder];

fn payloads_come_back_byte_for_byte(place: &Place) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let line_ends = b"a\r\nb\n\0\xff\n".to_vec();
    std::fs::write(file.path(), &line_ends).unwrap();
    let path = file.path().to_str().unwrap();
    let digits = hex::encode(all_bytes());
    let large: Vec<u8> = all_bytes().repeat(1000);
    let cases: [(&[&str], &[u8], Vec<u8>); 7] = [
        (&["--hex", &digits], b"", all_bytes()),
        (&["--hex", "00 ff:0a"], b"", vec![0, 255, 10]),
        (&["-f", "-"], &large, large.clone()),
        (&["-f", path], b"", line_ends),
        (&["-m", "grüß dich\n"], b"", "grüß dich\n".into()),
        (&["-m", "-1", "-q", "2"], b"", b"-1".to_vec()),
        (&["-q", "0"], b"", Vec::new()),
    ];
    for start in RESPONDERS {
        let Some(peer) = start(place.port, "cmnd", Manner::Echo) else {
            continue;
        };
        for (words, stdin, payload) in &cases {
            let ran = run_with(&mut ask_command(&place.url(), words), stdin).expect_code(0);
            assert!(ran.stdout == *payload, "{words:?}: {ran:?}");
            assert_eq!(ran.stderr, "", "nothing to talk about");
            let asked = peer.next_json();
            assert_eq!(asked["payload_hex"], hex::encode(payload), "{words:?}");
            assert_eq!(asked["response_topic"], "answers/here");
        }
    }
}

fn correlation_data_is_what_was_asked_for_in_every_notation(place: &Place) {
    let all = hex::encode(all_bytes());
    let as_hex = format!("hex:{all}");
    for start in RESPONDERS {
        let Some(peer) = start(place.port, "cmnd", Manner::Echo) else {
            continue;
        };
        // What the responder saw is what came back, or it would be no answer.
        let seen = |notation: &str| {
            let words = ["--correlation", notation, "--json", "-m", "x"];
            let line = ask(place, &words).expect_code(0).json();
            let seen = peer.next_json()["correlation_hex"].clone();
            assert_eq!(line["correlation_data_hex"], seen, "{notation}");
            assert_eq!(line["replies"][0]["correlation_data_hex"], seen);
            seen.as_str().map(|hex| hex::decode(hex).unwrap())
        };
        for (notation, bytes) in [
            (as_hex.as_str(), all_bytes()),
            ("hex:00ff", vec![0, 255]),
            ("text:grün", "grün".into()),
            ("base64:AP8=", vec![0, 255]),
            ("counter", b"1".to_vec()),
        ] {
            assert_eq!(seen(notation), Some(bytes), "{notation}");
        }
        assert_eq!(seen("none"), None);
        assert_eq!(seen("random:5").unwrap().len(), 5);
        let uuid = seen("uuid").unwrap();
        assert_eq!((uuid.len(), uuid[6] >> 4), (16, 4), "version 4");
        let text = String::from_utf8(seen("uuid-text").unwrap()).unwrap();
        assert_eq!((text.len(), text.matches('-').count()), (36, 4), "{text}");
        assert_ne!(seen("uuid"), seen("uuid"));
    }
}

fn user_properties_keep_their_order_and_their_repetitions(place: &Place) {
    // MQTT.js has them as an object, which has no order to tell.
    let Some(peer) = Peer::paho_responder(place.port, "cmnd", Manner::Echo) else {
        return;
    };
    let mut words = vec!["-m", "{}", "--content-type", "application/json", "--utf8"];
    for property in ["b=1", "a=2", "b=3", "note=a=b", "empty="] {
        words.extend(["--user-property", property]);
    }
    ask(place, &words).expect_code(0);
    let asked = peer.next_json();
    assert_eq!(asked["content_type"], "application/json");
    // The built-in broker adds one to say who published.
    let own = asked["user_properties"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|property| property[0] != "x-mqtt-client-id");
    assert_eq!(
        own.cloned().collect::<Value>(),
        json!([
            ["b", "1"],
            ["a", "2"],
            ["b", "3"],
            ["note", "a=b"],
            ["empty", ""]
        ])
    );
}

fn an_answer_is_one_line_of_json(place: &Place) {
    for start in RESPONDERS {
        let Some(_peer) = start(place.port, "cmnd", Manner::Echo) else {
            continue;
        };
        let line = ask(place, &["-m", "ping", "--json"]).expect_code(0).json();
        assert_eq!(line["verdict"], "answered");
        assert_eq!(line["request_topic"], "cmnd");
        assert_eq!(line["response_topic"], "answers/here");
        let (round_trip, acknowledged) = (&line["round_trip_ms"], &line["legs_ms"]["acknowledged"]);
        assert!(round_trip.as_f64().unwrap() > 0.0, "{line}");
        assert!(acknowledged.is_null() || acknowledged.as_f64().unwrap() > 0.0);
        assert_eq!(line["replies"].as_array().unwrap().len(), 1);
        let reply = &line["replies"][0];
        assert_eq!(reply["topic"], "answers/here");
        assert_eq!(reply["payload"], "ping");
        assert_eq!(reply["correlation_data_hex"], line["correlation_data_hex"]);
        assert_eq!(reply["verdict"], "reply");
        assert_eq!(reply["user_properties"][0][0], "responder");
        // Bytes that are no text are told as hex.
        let line = ask(place, &["--hex", "00ff", "--json"])
            .expect_code(0)
            .json();
        assert_eq!(line["replies"][0]["payload"], Value::Null);
        assert_eq!(line["replies"][0]["payload_hex"], "00ff");
    }
}

fn all_replies_or_two_of_them_are_waited_for(place: &Place) {
    let Some(doubled) = Peer::paho_responder(place.port, "cmnd", Manner::Doubled) else {
        return;
    };
    for words in [
        &["--replies", "2", "--timeout", "15s"][..],
        &["--replies", "all", "--timeout", "1s"],
    ] {
        let ran = ask(place, &[words, &["-m", "ping"]].concat()).expect_code(0);
        assert_eq!(ran.text(), "ping\nping");
        let ran = ask(place, &[words, &["-m", "ping", "--json"]].concat()).expect_code(0);
        assert_eq!(ran.json()["replies"].as_array().unwrap().len(), 2);
    }
    assert_eq!(ask(place, &["-m", "ping"]).expect_code(0).text(), "ping");
    let three = ["--replies", "3", "--timeout", "1s", "-m", "ping"];
    let ran = ask(place, &three).expect_code(3);
    assert!(ran.stderr.contains("only 2 of the replies"), "{ran:?}");
    assert_eq!(ran.text(), "ping\nping", "what came is not withheld");
    drop(doubled);
}

fn an_answer_that_says_it_failed_is_exit_1(place: &Place) {
    let (url, file) = (place.url(), device_file(LAMP));
    let path = file.path().to_str().unwrap();
    let _device = Running::responder(&["--url", &url, "--device", path]);
    let words = ["request", "--url", &url, "-t", "lamp/power", "-m", "break"];
    let ran = run(&words).expect_code(1);
    assert_eq!(ran.text(), "broken", "the answer is there all the same");
    assert!(ran.stderr.contains("500"), "{ran:?}");
    let line = run(&[&words[..], &["--json"]].concat())
        .expect_code(1)
        .json();
    assert_eq!(line["verdict"], "answered_with_error");
    assert_eq!(line["reason"], "500");
}

fn no_reply_in_time_is_exit_3(place: &Place) {
    for start in RESPONDERS {
        let Some(_peer) = start(place.port, "cmnd", Manner::Silent) else {
            continue;
        };
        let ran = ask(place, &["-m", "ping", "--timeout", "200ms"]).expect_code(3);
        assert!(ran.stdout.is_empty(), "{ran:?}");
        assert!(
            ran.stderr.contains("no reply to cmnd within 200"),
            "{ran:?}"
        );
        assert!(ran.stderr.contains("hint: "), "{ran:?}");
        let all = ["--replies", "all", "--timeout", "200ms"];
        ask(place, &all).expect_code(3);
    }
}

fn nobody_who_listens_is_exit_4_where_the_broker_says_so(place: &Place) {
    let words = ["-m", "ping", "--timeout", "500ms", "--json"];
    let (code, verdict) = if place.is_built_in {
        // It says so to nobody but the program that it is in.
        (3, "timed_out")
    } else {
        (4, "no_subscribers")
    };
    let line = ask(place, &words).expect_code(code).json();
    assert_eq!(line["verdict"], verdict);
    assert_eq!(line["replies"], json!([]));
    // At QoS 0 nobody can say so.
    let ran = ask(place, &[&words[..], &["-q", "0"]].concat()).expect_code(3);
    assert_eq!(ran.json()["verdict"], "timed_out");
}

fn what_is_not_the_answer_is_told_and_not_printed(place: &Place) {
    for (manner, words) in [
        (
            Manner::WrongCorrelation,
            "Wrong correlation on answers/here",
        ),
        (
            Manner::MissingCorrelation,
            "Missing correlation on answers/here",
        ),
    ] {
        let Some(_peer) = Peer::paho_responder(place.port, "cmnd", manner) else {
            return;
        };
        let ran = ask(place, &["-m", "ping", "--timeout", "1s", "-v"]).expect_code(3);
        assert!(ran.stdout.is_empty(), "{ran:?}");
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
}

fn a_bare_publish_needs_no_answer(place: &Place) {
    let Some(peer) = Peer::paho_responder(place.port, "cmnd", Manner::Silent) else {
        return;
    };
    let url = place.url();
    for qos in ["0", "1", "2"] {
        let words = ["request", "--url", &url, "-t", "cmnd", "-m", "x", "-q", qos];
        let ran = run(&[&words[..], &["--no-reply"]].concat()).expect_code(0);
        assert!(ran.stdout.is_empty(), "{ran:?}");
        assert!(ran.stderr.contains("no reply was asked for"), "{ran:?}");
        let seen = peer.next_json();
        assert_eq!(seen["payload_hex"], hex::encode("x"));
        assert_eq!(seen["response_topic"], Value::Null);
        assert_eq!(seen["correlation_hex"], Value::Null);
    }
}

#[test]
fn a_wrong_command_line_is_exit_2_and_bothers_nobody() {
    // Nobody listens there: that it is not exit 6 says that nobody was asked.
    let url = format!("mqtt://127.0.0.1:{}", common::free_port());
    for (words, said) in [
        (&["-t", "a/#"][..], "#"),
        (&["-t", ""], "empty"),
        (&["-t", "a", "-e", "b/+"], "+"),
        (&["-t", "a", "--hex", "0g"], "hex"),
        (&["-t", "a", "--correlation", "guess"], "uuid-text"),
        (&["-t", "a", "--correlation", "hex:abc"], "hex"),
        (&["-t", "a", "--correlation", "base64:???"], "base64"),
        (&["-t", "a", "--timeout", "soon"], "duration"),
        (&["-t", "a", "--replies", "0"], "first, all"),
        (&["-t", "a", "-q", "3"], "exactly once"),
        (
            &["-t", "a", "-m", "x", "--hex", "00"],
            "cannot be used with",
        ),
        (&["-t", "a", "-f", "/no/such/file"], "/no/such/file"),
        (&["-t", "a", "--user-property", "x"], "NAME=VALUE"),
        (&["-m", "x"], "--topic"),
        (&["-t", "a", "--profile", "x"], "--profile"),
    ] {
        let all = [&["request", "--url", &url], words].concat();
        let ran = run(&all).expect_code(2);
        assert!(ran.stdout.is_empty(), "{words:?}: {ran:?}");
        assert!(ran.stderr.contains(said), "{words:?}: {}", ran.stderr);
    }
    let words = ["request", "--url", &url, "-t", "a", "-f", "-", "--utf8"];
    let ran = run_with(&mut roundtrip(&words), b"ok\xff").expect_code(2);
    assert!(ran.stderr.contains("byte 3"), "{ran:?}");
}

#[test]
fn what_the_broker_refuses_is_exit_5() {
    let forbidding = Mosquitto::start_with(|directory| {
        let file = directory.join("acl");
        std::fs::write(&file, "topic readwrite answers/#\n").unwrap();
        format!("acl_file {}", file.display())
    });
    let ran = run_with(&mut ask_command(&forbidding.url(), &["--json"]), b"").expect_code(5);
    let line = ran.json();
    assert_eq!(line["verdict"], "rejected");
    assert_eq!(line["reason_code"], 0x87);
    assert!(ran.stderr.contains("refused the request: not authorized"));

    let closed = Mosquitto::start("allow_anonymous false");
    let url = closed.url();
    let ran = run_with(&mut ask_command(&url, &[]), b"").expect_code(5);
    assert!(ran.stdout.is_empty(), "{ran:?}");
    assert!(ran.stderr.contains("error: ") && ran.stderr.contains("hint: "));
    let words = ["respond", "--url", &url, "-t", "a", "--reply", "b"];
    run(&words).expect_code(5);
    run(&["demo", "relay", "--url", &url]).expect_code(5);
}

#[test]
fn a_broker_that_is_not_there_or_goes_away_is_exit_6() {
    let url = format!("mqtt://127.0.0.1:{}", common::free_port());
    let ran = run_with(&mut ask_command(&url, &["--json"]), b"").expect_code(6);
    assert!(ran.stdout.is_empty(), "{ran:?}");
    assert!(ran.stderr.contains("127.0.0.1"), "{ran:?}");
    run(&["respond", "--url", &url, "-t", "a", "--reply", "b"]).expect_code(6);

    let mut broker = Mosquitto::start("");
    let Some(peer) = Peer::paho_responder(broker.port(), "cmnd", Manner::Silent) else {
        return;
    };
    let words = ["--json", "--timeout", "1m"];
    let waiting = Running::start(&mut ask_command(&broker.url(), &words));
    peer.next_json();
    broker.kill();
    let ran = waiting.wait().expect_code(6);
    let line = ran.json();
    assert_eq!(line["verdict"], "failed");
    let reason = line["reason"].as_str().unwrap();
    assert!(reason.contains("connection was lost"), "{reason}");
}

#[test]
fn a_responder_outlives_its_broker() {
    let mut broker = Mosquitto::start("");
    let url = broker.url();
    let words = ["--url", &url, "-t", "cmnd", "--reply", "{{counter}}"];
    let mut device = Running::responder(&words);
    let first = run_with(&mut ask_command(&url, &[]), b"").expect_code(0);
    assert_eq!(first.text(), "1");
    broker.kill();
    device.wait_for_talk("trying again");
    let said = device.talk().len();
    broker.restart();
    common::wait_until("the device listens again", || {
        device.talk()[said..].contains("listening to cmnd")
    });
    let second = run_with(&mut ask_command(&url, &[]), b"").expect_code(0);
    assert_eq!(second.text(), "2");
    device.interrupt().expect_code(0);
}
