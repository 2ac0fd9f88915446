//! Simulated devices on the built-in broker and on Mosquitto, asked by other people's clients.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::peers::{paho_python, skip};
use common::{Mosquitto, wait_until as until};
use roundtrip::broker::{Broker, BrokerEvent};
use roundtrip::device::{DeviceEvent, SimulatedDevice};
use roundtrip::model::message::Message;
use roundtrip::model::pairing::Rules;
use roundtrip::model::profile::{ProfileDraft, WillDraft};
use roundtrip::model::responder::DeviceDraft;
use roundtrip::mqtt::ClientOptions;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const LIGHT: &str = r#"
name = "light-in-bedroom"
listens = ["cmnd/light-in-bedroom/#"]
reply = '{"power":"{{state.power}}","brightness":{{state.brightness}}}'
state = { power = "off", brightness = 80 }

[[rules]]
when = 'payload.power in ["on", "off"]'
set = { power = "{{payload.power}}" }
"#;

const RELAY: &str = r#"
name = "relay"
listens = ["device_1/relay_1"]
reply = "{{state.relay}}"
state = { relay = 0 }

[[rules]]
when = "payload in [0, 1]"
set = { relay = "{{payload}}" }
"#;

const ECHO: &str = r#"
name = "echo"
listens = ["echo"]
reply = "{{payload}}"
"#;

/// Whether Mosquitto's clients are there. In CI they have to be.
fn has_mosquitto() -> bool {
    let is_there = Command::new("mosquitto_rr")
        .arg("--help")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    if !is_there {
        skip("mosquitto_rr");
    }
    is_there
}

fn has_paho() -> bool {
    paho_python().is_some()
}

/// A device that is switched on, and everything that it told.
struct Played {
    device: SimulatedDevice,
    events: Arc<Mutex<Vec<DeviceEvent>>>,
    _runtime: Runtime,
}

impl Played {
    fn start(port: u16, toml: &str) -> Self {
        Self::with_will(port, toml, None)
    }

    fn with_will(port: u16, toml: &str, will: Option<WillDraft>) -> Self {
        let draft: DeviceDraft = toml::from_str(toml).unwrap();
        let device = Arc::new(draft.validate(&Rules::shipped()).unwrap());
        let profile = ProfileDraft {
            name: "test".to_owned(),
            address: format!("mqtt://127.0.0.1:{port}"),
            client_id: device.client_id.to_string(),
            will,
            ..ProfileDraft::default()
        };
        let options = ClientOptions::new(profile.validate("test").unwrap(), None);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("devices")
            .enable_all()
            .build()
            .unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&events);
        let device = SimulatedDevice::start(
            runtime.handle(),
            device,
            roundtrip::device::Way::Mqtt(options),
            Arc::new(move |event| log.lock().unwrap().push(event)),
            None,
        );
        Self {
            device,
            events,
            _runtime: runtime,
        }
    }

    fn listening(port: u16, toml: &str) -> Self {
        let played = Self::start(port, toml);
        played.until("the device to listen", |event| {
            matches!(event, DeviceEvent::Listening { .. })
        });
        played
    }

    fn count(&self, matches: impl Fn(&DeviceEvent) -> bool) -> usize {
        let events = self.events.lock().unwrap();
        events.iter().filter(|event| matches(event)).count()
    }

    fn until(&self, what: &str, matches: impl Fn(&DeviceEvent) -> bool) {
        until(what, || self.count(&matches) > 0);
    }
}

fn mosquitto(tool: &str, port: u16, args: &[&str]) -> Command {
    let mut command = Command::new(format!("mosquitto_{tool}"));
    command
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-V", "mqttv5"])
        .args(args);
    command
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a foreign requester gets for its answer.
fn ask(port: u16, topic: &str, payload: &str) -> String {
    let args = ["-t", topic, "-e", "answers/rr", "-q", "1", "-W", "10"];
    let mut command = mosquitto("rr", port, &args);
    if payload.is_empty() {
        command.arg("-n");
    } else {
        command.args(["-m", payload]);
    }
    stdout(&command.output().unwrap()).trim_end().to_owned()
}

#[test]
fn mosquitto_rr_switches_the_light_and_reads_it() {
    if !has_mosquitto() {
        return;
    }
    let broker = Broker::start(None, None).unwrap();
    let port = broker.address().port();
    let light = Played::listening(port, LIGHT);
    let power = "cmnd/light-in-bedroom/power";
    assert_eq!(
        ask(port, power, r#"{"power":"on"}"#),
        r#"{"power":"on","brightness":80}"#
    );
    assert_eq!(
        ask(port, "cmnd/light-in-bedroom/get", ""),
        r#"{"power":"on","brightness":80}"#
    );
    assert!(light.device.set_value("brightness", 12.into()));
    light.until("the edited value", |event| {
        matches!(event, DeviceEvent::Values(values) if values.iter().any(|(name, value)| &**name == "brightness" && *value == 12))
    });
    assert_eq!(ask(port, power, "{}"), r#"{"power":"on","brightness":12}"#);

    let events = light.events.lock().unwrap();
    let times: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            DeviceEvent::Received { at, .. } | DeviceEvent::Answered { at, .. } => Some(*at),
            _ => None,
        })
        .collect();
    assert_eq!(times.len(), 6);
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn a_bare_publish_switches_the_relay_and_the_device_says_why_it_does_not_answer() {
    if !has_mosquitto() {
        return;
    }
    let broker = Broker::start(None, None).unwrap();
    let port = broker.address().port();
    let relay = Played::listening(port, RELAY);
    let publish = mosquitto(
        "pub",
        port,
        &["-t", "device_1/relay_1", "-m", "1", "-q", "1"],
    )
    .status();
    assert!(publish.unwrap().success());
    relay.until("the reason", |event| {
        matches!(event, DeviceEvent::NotAnswered { why, .. } if why.contains("no Response Topic"))
    });
    assert_eq!(ask(port, "device_1/relay_1", "?"), "1");
}

#[test]
fn without_a_response_topic_the_answer_goes_to_the_devices_own_reply_topic() {
    if !has_mosquitto() {
        return;
    }
    let broker = Broker::start(None, None).unwrap();
    let port = broker.address().port();
    let toml = format!("{RELAY}\n").replace("listens", "reply_topic = \"stat/relay_1\"\nlistens");
    let _relay = Played::listening(port, &toml);
    let subscriber = mosquitto("sub", port, &["-t", "stat/#", "-C", "1", "-W", "10", "-v"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    until("the subscriber", || {
        broker.anybody_listens(&roundtrip::model::topic::TopicName::new("stat/relay_1").unwrap())
    });
    let publish = mosquitto("pub", port, &["-t", "device_1/relay_1", "-m", "1"]).status();
    assert!(publish.unwrap().success());
    let output = subscriber.wait_with_output().unwrap();
    assert_eq!(stdout(&output), "stat/relay_1 1\n");
}

const PAHO: &str = r#"
import sys, threading, time
import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes
port = int(sys.argv[1])
ready, done, got = threading.Event(), threading.Event(), []
wanted = [bytes(range(256)), b"", None, bytes(reversed(range(256)))] + [b"%d" % i for i in range(int(sys.argv[2]))]
def on_message(client, userdata, message):
    got.append((message.payload, getattr(message.properties, "CorrelationData", None), message.qos))
    if len(got) == len(wanted):
        done.set()
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="paho", protocol=mqtt.MQTTv5)
client.on_subscribe = lambda *rest: ready.set()
client.on_message = on_message
client.connect("127.0.0.1", port)
client.loop_start()
client.subscribe("answers/paho", 2)
assert ready.wait(10), "no SUBACK"
for number, data in enumerate(wanted):
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = "answers/paho"
    if data is not None:
        properties.CorrelationData = data
    client.publish("echo", b"%d" % number, number % 3 if number < 3 else 1, properties=properties)
assert done.wait(20), "%d of %d answers" % (len(got), len(wanted))
time.sleep(float(sys.argv[3]))
assert len(got) == len(wanted), "too many answers: %d" % len(got)
got.sort(key=lambda answer: int(answer[0]))
for number, (payload, data, qos) in enumerate(got):
    assert int(payload) == number
    assert data == wanted[number], (data, wanted[number])
    assert qos == (number % 3 if number < 3 else 1), qos
client.disconnect()
print("ok")
"#;

fn paho(port: u16, more: usize) -> Output {
    let mut child = paho_python()
        .unwrap()
        .args(["-", &port.to_string(), &more.to_string(), "0.1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(PAHO.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn paho_gets_correlation_data_of_all_256_byte_values_back_intact_and_its_quality_of_service() {
    if !has_paho() {
        return;
    }
    let broker = Broker::start(None, None).unwrap();
    let port = broker.address().port();
    let echo = Played::listening(port, ECHO);
    assert_eq!(stdout(&paho(port, 0)), "ok\n");
    assert_eq!(
        echo.count(|event| matches!(event, DeviceEvent::Answered { .. })),
        4
    );
}

#[test]
fn a_slow_device_answers_many_requests_at_once() {
    if !has_paho() {
        return;
    }
    let broker = Broker::start(None, None).unwrap();
    let port = broker.address().port();
    let slow = format!("delay = \"300 ms\"\njitter = \"100 ms\"\n{ECHO}");
    let echo = Played::listening(port, &slow);
    let start = Instant::now();
    assert_eq!(stdout(&paho(port, 500)), "ok\n");
    // One after the other would take two and a half minutes.
    assert!(
        start.elapsed() < Duration::from_secs(15),
        "{:?}",
        start.elapsed()
    );
    let events = echo.events.lock().unwrap();
    let at = |wanted: &Arc<Message>| {
        events.iter().find_map(|event| match event {
            DeviceEvent::Received { message, at } if Arc::ptr_eq(message, wanted) => Some(*at),
            _ => None,
        })
    };
    let mut answered = 0;
    for event in events.iter() {
        if let DeviceEvent::Answered {
            request,
            at: answered_at,
            ..
        } = event
        {
            let took = answered_at.since(at(request).unwrap());
            assert!(took >= Duration::from_millis(200), "{took:?}");
            answered += 1;
        }
    }
    assert_eq!(answered, 504);
}

#[test]
fn a_device_that_is_switched_off_leaves_with_a_disconnect_and_its_will_stays_unsaid() {
    if !has_mosquitto() {
        return;
    }
    let log = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&log);
    let broker = Broker::start(
        None,
        Some(Arc::new(move |event| sink.lock().unwrap().push(event))),
    )
    .unwrap();
    let port = broker.address().port();
    let mut watcher = Watcher::start(port, "wills/#");
    until("the watcher", || broker.client_count() == 1);
    let will = WillDraft {
        topic: "wills/echo".to_owned(),
        payload: "gone".to_owned(),
        ..WillDraft::default()
    };
    let slow = format!("delay = \"1 h\"\n{ECHO}");
    let echo = Played::with_will(port, &slow, Some(will));
    echo.until("the device to listen", |event| {
        matches!(event, DeviceEvent::Listening { .. })
    });
    let publish = mosquitto(
        "pub",
        port,
        &[
            "-t",
            "echo",
            "-m",
            "x",
            "-q",
            "1",
            "-D",
            "publish",
            "response-topic",
            "a",
        ],
    )
    .status();
    assert!(publish.unwrap().success());
    echo.until("the request", |event| {
        matches!(event, DeviceEvent::Received { .. })
    });
    echo.device.stop();
    until("the device to leave", || {
        log.lock().unwrap().iter().any(|event| {
            matches!(event, BrokerEvent::Disconnected { client_id, unexpected: false, .. } if &**client_id == "echo")
        })
    });
    echo.until("the open request to be told of", |event| {
        matches!(event, DeviceEvent::NotAnswered { why, .. } if why.contains("switched off"))
    });
    let publish = mosquitto("pub", port, &["-t", "wills/end", "-m", "end"]).status();
    assert!(publish.unwrap().success());
    assert_eq!(watcher.read_to_end_mark(), "wills/end end\n");
}

#[test]
fn a_device_comes_back_with_its_broker_and_listens_again() {
    if !has_mosquitto() {
        return;
    }
    let broker = Broker::start(None, None).unwrap();
    let port = broker.address().port();
    let light = Played::listening(port, LIGHT);
    assert!(ask(port, "cmnd/light-in-bedroom/power", r#"{"power":"on"}"#).contains("\"on\""));
    drop(broker);
    light.until(
        "the loss to be told",
        |event| matches!(event, DeviceEvent::State(state) if state.problem().is_some()),
    );
    // The port is one that clients are given too: somebody may have it for a moment.
    let mut again = None;
    until("the port to be free", || {
        again = Broker::start(Some(port), None).ok();
        again.is_some()
    });
    let broker = again.unwrap();
    light.device.reconnect_now();
    until("the device to listen again", || {
        broker.anybody_listens(
            &roundtrip::model::topic::TopicName::new("cmnd/light-in-bedroom/get").unwrap(),
        )
    });
    // What it remembers it remembers across connections.
    assert!(ask(port, "cmnd/light-in-bedroom/get", "").contains("\"on\""));
}

#[test]
fn the_same_on_mosquitto() {
    if !has_mosquitto() || !has_paho() {
        return;
    }
    let broker = Mosquitto::start("");
    let _light = Played::listening(broker.port(), LIGHT);
    let _echo = Played::listening(broker.port(), ECHO);
    assert_eq!(
        ask(
            broker.port(),
            "cmnd/light-in-bedroom/power",
            r#"{"power":"on"}"#
        ),
        r#"{"power":"on","brightness":80}"#
    );
    assert_eq!(stdout(&paho(broker.port(), 20)), "ok\n");
}

#[test]
fn a_device_that_is_refused_listens_once_it_is_let_in() {
    if !has_mosquitto() {
        return;
    }
    let mut broker = Mosquitto::start("allow_anonymous false");
    let port = broker.port();
    let echo = Played::start(port, ECHO);
    echo.until(
        "the refusal",
        |event| matches!(event, DeviceEvent::NotListening { why, .. } if why.contains("uthori")),
    );
    let config = format!("listener {port} 127.0.0.1\nuser root\nallow_anonymous true\n");
    std::fs::write(broker.directory().join("mosquitto.conf"), config).unwrap();
    broker.restart();
    echo.device.reconnect_now();
    echo.until("the device to listen", |event| {
        matches!(event, DeviceEvent::Listening { .. })
    });
    assert_eq!(ask(port, "echo", "hello"), "hello");
    assert_eq!(
        echo.count(|event| matches!(event, DeviceEvent::NotListening { .. })),
        1
    );
}

/// A `mosquitto_sub` that prints what it hears, until it hears the end.
struct Watcher(Child);

impl Watcher {
    fn start(port: u16, filter: &str) -> Self {
        Self(
            mosquitto("sub", port, &["-t", filter, "-v", "-W", "10"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    }

    fn read_to_end_mark(&mut self) -> String {
        let mut heard = String::new();
        let mut out = self.0.stdout.take().unwrap();
        let mut byte = [0];
        while !heard.ends_with(" end\n") && out.read(&mut byte).unwrap() == 1 {
            heard.push(char::from(byte[0]));
        }
        heard
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        self.0.wait().map(|_| ()).unwrap_or_default();
    }
}
