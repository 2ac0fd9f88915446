//! Devices that come and go, and devices that answer by pairing rules: in one session with their requesters.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may fail")]

mod common;
#[path = "common/desk.rs"]
mod desk;
#[path = "common/place.rs"]
#[macro_use]
mod place;
#[path = "common/probe.rs"]
mod probe;
#[path = "common/program.rs"]
mod program;

use common::wait_until;
use desk::{Desk, HERE};
use probe::Probe;
use roundtrip::model::exchange::{ExchangeId, Verdict};
use roundtrip::model::message::Message;
use roundtrip::model::profile::MqttVersion;
use roundtrip::model::request::{Request, RequestDraft, Surroundings};
use roundtrip::model::responder::DeviceDraft;
use roundtrip::session::Session;
use std::time::Duration;

on_both_brokers!(Desk:
    what_is_asked_while_a_device_sleeps_is_answered_when_it_wakes,
    a_device_that_is_cut_leaves_its_will_and_comes_back_with_its_session,
    a_device_that_is_replaced_has_left_before_the_other_one_is_born,
    devices_that_answer_on_the_topic_of_the_request_do_not_answer_each_other,
    requests_that_look_the_same_each_have_their_own_legs,
    a_device_sends_progress_and_then_its_answer,
);

const BASE: &str = "mqtt/blog/examples";

/// A device of the `mqtt-two-way` convention, that sleeps.
fn sensor(leaves: &str) -> String {
    format!(
        r#"
name = "sim-1"
client_id = "sim-1"
pairing = "mqtt-two-way"
listens = ["{BASE}/cmd/req/sim-1"]
session_expiry_secs = 300
schedule = {{ awake = "1500 ms", every = "4 s", leaves = "{leaves}" }}
state = {{ sensorValue = 20 }}

[[rules]]
when = "payload.command == PING"
reply = '{{"deviceId":"sim-1","commandResult":"PONG"}}'

[[rules]]
status = "error"
code = "ERROR_UNKNOWN_COMMAND"
reply = '{{"deviceId":"sim-1"}}'

[will]
topic = "{BASE}/register/sim-1"
qos = 2
payload = '{{"deviceId":"sim-1","messageType":"SIGN_OUT","by":"will"}}'

[birth]
topic = "{BASE}/register/sim-1"
payload = '{{"deviceId":"sim-1","messageType":"SIGN_IN"}}'
qos = 2
retain = true
message_expiry_secs = 60

[farewell]
topic = "{BASE}/register/sim-1"
payload = '{{"deviceId":"sim-1","messageType":"SIGN_OUT"}}'
qos = 2

[[publishes]]
topic = "{BASE}/data/sim-1"
payload = '{{"sensorValue":{{{{state.sensorValue}}}},"n":{{{{counter}}}}}}'
every = "300 ms"
qos = 2
"#
    )
}

fn valid(draft: &RequestDraft) -> Request {
    let here = Surroundings {
        client_id: HERE,
        ..Surroundings::default()
    };
    draft
        .validate(&here)
        .unwrap_or_else(|err| panic!("{err:?}"))
}

fn request(toml: &str) -> Request {
    valid(&toml::from_str(toml).unwrap_or_else(|err| panic!("{err}")))
}

fn command(command: &str) -> Request {
    request(&format!(
        "payload = '{{\"command\":\"{command}\"}}'\nqos = 2\ntimeout = \"60 s\"\n\
         pairing = {{ rule = \"mqtt-two-way\", values = {{ base = \"{BASE}\", device = \"sim-1\" }} }}"
    ))
}

fn start(desk: &mut Desk, id: &str, mqtt_version: MqttVersion, toml: &str) {
    let spec: DeviceDraft = toml::from_str(toml).unwrap_or_else(|err| panic!("{err}"));
    let device = spec
        .validate(desk.session.rules())
        .unwrap_or_else(|err| panic!("{err:?}"));
    let mut profile = desk.profile("devices");
    profile.mqtt_version = mqtt_version;
    desk.session
        .start_device(id, device, &profile, None)
        .unwrap_or_else(|err| panic!("{err}"));
    desk.wait_listening(id);
}

fn sleeps(session: &Session) -> bool {
    let device = session.device("sensor");
    device.is_some_and(|device| device.asleep_until.is_some())
}

fn text(message: &Message) -> &str {
    std::str::from_utf8(&message.payload).unwrap()
}

/// What the watcher heard on `register`: `SIGN_IN`, `SIGN_OUT`, and whether it was the will.
fn register(watcher: &Probe) -> Vec<&'static str> {
    let messages = watcher.messages();
    let register = messages
        .iter()
        .filter(|(message, _)| message.topic.as_str().contains("/register/"));
    register
        .map(|(message, _)| match text(message) {
            text if text.contains("SIGN_IN") => "in",
            text if text.contains("will") => "will",
            _ => "out",
        })
        .collect()
}

fn watch(desk: &Desk, runtime: &tokio::runtime::Runtime) -> Probe {
    let watcher = Probe::connected(runtime, probe::profile(desk.port(), "watcher"));
    watcher.subscribe(runtime, "#");
    watcher
}

fn what_is_asked_while_a_device_sleeps_is_answered_when_it_wakes(desk: &mut Desk) {
    let runtime = probe::runtime();
    let watcher = watch(desk, &runtime);
    desk.connect(HERE);
    start(desk, "sensor", MqttVersion::V5, &sensor("clean"));
    desk.wait("it sleeps", sleeps);
    let device = desk.session.device("sensor").unwrap();
    let wakes = device.asleep_until.unwrap();
    assert!(!device.is_listening() && wakes > Session::now());
    wait_until("it signs out", || register(&watcher) == ["in", "out"]);
    let commands = ["PING", "DANCE", "PING"];
    let asked: Vec<ExchangeId> = commands
        .iter()
        .map(|words| desk.send(&command(words)))
        .collect();
    for (words, id) in commands.iter().zip(asked) {
        let verdict = if *words == "PING" {
            "answered"
        } else {
            "answered_with_error"
        };
        let exchange = desk.wait_verdict(id, verdict);
        assert!(exchange.legs.published.unwrap() < wakes);
        let uuid = uuid_of(&exchange.message);
        assert_eq!(uuid_of(&exchange.replies[0].message), uuid);
        if let Verdict::AnsweredWithError { code, .. } = &exchange.verdict {
            assert_eq!(code.as_deref(), Some("ERROR_UNKNOWN_COMMAND"));
        }
        let exchange = desk.wait_exchange(id, "seen by the device", |exchange| {
            exchange.legs.device_answered.is_some()
        });
        assert!(exchange.legs.device_received.unwrap() >= wakes);
    }
    // No answer is anybody else's; that it came is heard, too, where the requester listens for it.
    let others = desk.messages();
    let mut others = others.iter();
    assert!(others.all(|row| row.message.topic.as_str().ends_with("register/sim-1")));
    // It goes to sleep again, and the broker keeps what it said when it came.
    desk.wait("it sleeps again", sleeps);
    wait_until("it signs out again", || {
        register(&watcher) == ["in", "out", "in", "out"]
    });
    let data: Vec<String> = watcher
        .messages()
        .iter()
        .filter(|(message, _)| message.topic.as_str().ends_with("data/sim-1"))
        .map(|(message, _)| text(message).to_owned())
        .collect();
    // At once when it wakes, and every 300 ms for one and a half seconds.
    assert!((4..=12).contains(&data.len()), "{data:?}");
    assert!(data[0].starts_with(r#"{"sensorValue":20,"n":"#), "{data:?}");
    let late = Probe::connected(&runtime, probe::profile(desk.port(), "late"));
    late.subscribe(&runtime, &format!("{BASE}/register/#"));
    let (kept, _) = late.wait_messages(1).remove(0);
    assert!(kept.retain && text(&kept).contains("SIGN_IN"));
    assert!(kept.properties.message_expiry_secs.unwrap() <= 60);
}

fn uuid_of(message: &Message) -> String {
    let json: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
    json["uuid"].as_str().unwrap().to_owned()
}

fn a_device_that_is_cut_leaves_its_will_and_comes_back_with_its_session(desk: &mut Desk) {
    let runtime = probe::runtime();
    let watcher = watch(desk, &runtime);
    desk.connect(HERE);
    start(desk, "sensor", MqttVersion::V5, &sensor("cut"));
    desk.wait("it sleeps", sleeps);
    wait_until("its will", || register(&watcher) == ["in", "will"]);
    let id = desk.send(&command("PING"));
    desk.wait_verdict(id, "answered");
    // Somebody wakes it before its time.
    desk.wait("it sleeps again", sleeps);
    let wakes = desk.session.device("sensor").unwrap().asleep_until.unwrap();
    desk.session.wake_device("sensor");
    desk.wait_listening("sensor");
    assert!(Session::now() < wakes);
    wait_until("it signs in", || {
        register(&watcher) == ["in", "will", "in", "will", "in"]
    });
    desk.session.stop_device("sensor");
    wait_until("it signs out", || {
        register(&watcher) == ["in", "will", "in", "will", "in", "out"]
    });
}

fn a_device_that_is_replaced_has_left_before_the_other_one_is_born(desk: &mut Desk) {
    let runtime = probe::runtime();
    let watcher = watch(desk, &runtime);
    let awake = sensor("clean").replace("schedule", "# schedule");
    start(desk, "sensor", MqttVersion::V311, &awake);
    start(desk, "sensor", MqttVersion::V5, &awake);
    wait_until("both were heard", || register(&watcher).len() >= 3);
    assert_eq!(register(&watcher), ["in", "out", "in"]);
    desk.session.cut_device("sensor");
    wait_until("it comes back", || {
        register(&watcher) == ["in", "out", "in", "will", "in"]
    });
}

fn devices_that_answer_on_the_topic_of_the_request_do_not_answer_each_other(desk: &mut Desk) {
    let runtime = probe::runtime();
    let watcher = watch(desk, &runtime);
    desk.connect(HERE);
    for (id, version) in [("a", MqttVersion::V5), ("b", MqttVersion::V311)] {
        let toml = format!(
            "name = \"{id}\"\npairing = \"aliyun-rrpc-ext\"\nlistens = [\"#\"]\ndelay = \"100 ms\"\nreply = \"{id} says {{{{payload}}}}\""
        );
        start(desk, id, version, &toml);
    }
    let ask = request(
        "format = \"text\"\npayload = \"hi\"\nreplies = \"2\"\npairing = { rule = \"aliyun-rrpc-ext\", values = { topic = \"t\" } }",
    );
    for round in 1..=3 {
        let id = desk.send(&ask);
        let exchange = desk.wait_verdict(id, "answered");
        assert_eq!(exchange.replies.len(), 2, "{:?}", exchange.replies);
        // The request and two answers each time, and not one more.
        wait_until("all is heard", || watcher.messages().len() >= 3 * round);
    }
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(watcher.messages().len(), 9, "{:?}", watcher.messages());
}

fn requests_that_look_the_same_each_have_their_own_legs(desk: &mut Desk) {
    desk.connect(HERE);
    start(
        desk,
        "sw1",
        MqttVersion::V311,
        "name = \"sw1\"\npairing = \"tasmota\"\nlistens = [\"cmnd/sw1/#\"]\ndelay = \"150 ms\"\nreply = '{\"POWER\":\"ON\"}'",
    );
    let toggle = request(
        "topic = \"cmnd/sw1/Power\"\nformat = \"text\"\npayload = \"TOGGLE\"\npairing = { rule = \"tasmota\" }",
    );
    let asked: Vec<ExchangeId> = (0..4)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(20));
            desk.send(&toggle)
        })
        .collect();
    let mut last = None;
    for id in asked {
        desk.wait_verdict(id, "answered");
        let exchange = desk.wait_exchange(id, "seen by the device", |exchange| {
            exchange.legs.device_answered.is_some()
        });
        let legs = exchange.legs;
        let received = legs.device_received.unwrap();
        assert!(received >= legs.queued);
        assert!(legs.device_answered.unwrap().since(received) >= Duration::from_millis(140));
        assert!(Some(received) > last, "each has the time of its own");
        last = Some(received);
    }
}

fn a_device_sends_progress_and_then_its_answer(desk: &mut Desk) {
    desk.connect(HERE);
    start(
        desk,
        "agent",
        MqttVersion::V5,
        r#"
name = "agent"
pairing = "thin-edge"
listens = ["te/device/main///cmd/#"]
[[rules]]
status = "progress"
reply = '{"status":"executing"}'
then = [
  { after = "50 ms", status = "progress", reply = '{"status":"scheduled"}' },
  { after = "100 ms", status = "error", message = "no space", reply = '{}' },
  { after = "50 ms", status = "ok", reply = '{"status":"successful"}' },
]
"#,
    );
    let id = desk.send(&request(
        "payload = '{\"status\":\"init\"}'\ntimeout = \"20 s\"\nreplies = \"terminal\"\n\
         pairing = { rule = \"thin-edge\", values = { entity = \"device/main//\", op = \"restart\" } }",
    ));
    let exchange = desk.wait_verdict(id, "answered_with_error");
    let Verdict::AnsweredWithError { message, .. } = &exchange.verdict else {
        unreachable!()
    };
    assert_eq!(message.as_deref(), Some("no space"));
    let exchange = desk.wait_exchange(id, "all four", |exchange| exchange.replies.len() == 4);
    let first = exchange.replies[0].received;
    let third = exchange.replies[2].received;
    assert!(third.since(first) >= Duration::from_millis(140));
    // What the device tells comes in a queue of its own.
    desk.wait("the device tells of four answers", |session| {
        session.device("agent").unwrap().answered == 4
    });
}
