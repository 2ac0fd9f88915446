//! What *Copy as* gives is run by a shell against a Mosquitto, and comes out as it was typed, byte for byte.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

mod common;
#[path = "common/probe.rs"]
mod probe;

use common::{DEADLINE, Mosquitto, wait_until};
use probe::{Probe, done, profile, runtime};
use roundtrip::model::correlation::CorrelationDraft;
use roundtrip::model::foreign::copy_as::{Style, copy_as};
use roundtrip::model::message::{Message, Qos, UserProperty};
use roundtrip::model::payload::{Encoding, PayloadFormat};
use roundtrip::model::profile::ProfileDraft;
use roundtrip::model::request::{RequestDraft, ResponseTopicDraft, Surroundings};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;

/// Quotes, blanks, signs of shells and of printf, a line break, what is no text, and a NUL.
const PAYLOADS: [(PayloadFormat, &str); 6] = [
    (PayloadFormat::Json, r#"{"cmd":"get","n":1.50}"#),
    (PayloadFormat::Text, "it's \"$HOME\" `id` \\n %s !x #y *"),
    (PayloadFormat::Text, "two\nlines\ttab\u{e9}\u{1f4a1}"),
    (PayloadFormat::Text, "-starts like an option"),
    (PayloadFormat::Text, ""),
    (PayloadFormat::Hex, "00 ff 80 0a 27 22 5c 25 73 00"),
];

fn connection(port: u16) -> ProfileDraft {
    ProfileDraft {
        name: "here".to_owned(),
        address: format!("mqtt://127.0.0.1:{port}"),
        ..ProfileDraft::default()
    }
}

fn request(format: PayloadFormat, payload: &str) -> RequestDraft {
    RequestDraft {
        topic: "dev 1/it's/req".to_owned(),
        response_topic: ResponseTopicDraft::Typed("dev 1/it's/resp".to_owned()),
        qos: Qos::AtLeastOnce,
        timeout: "10 s".to_owned(),
        // mosquitto takes text alone.
        correlation_data: CorrelationDraft::fixed(Encoding::Text, "id '1'"),
        content_type: "application/x; a=\"b\"".to_owned(),
        user_properties: vec![UserProperty {
            name: "a b".to_owned(),
            value: "$(c)".to_owned(),
        }],
        format,
        payload: payload.to_owned(),
        ..RequestDraft::default()
    }
}

fn shell(line: &str) -> Child {
    Command::new("bash")
        .args(["-c", line])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn end(mut child: Child) -> Output {
    let until = Instant::now() + DEADLINE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            child.kill().ok();
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// What came must be what the request would have been here.
fn assert_is(came: &Message, draft: &RequestDraft) {
    let wanted = draft.format.encode(&draft.payload).unwrap();
    assert_eq!(came.payload, wanted, "{:?}", draft.payload);
    assert_eq!(came.topic.as_str(), draft.topic);
    let properties = &came.properties;
    let response = properties.response_topic.as_ref().unwrap();
    let ResponseTopicDraft::Typed(topic) = &draft.response_topic else {
        unreachable!();
    };
    assert_eq!(response.as_str(), topic);
    let data = properties.correlation_data.as_ref().unwrap();
    assert_eq!(data.as_bytes(), b"id '1'");
    assert_eq!(properties.user_properties, draft.user_properties);
    assert_eq!(
        properties.content_type.as_deref(),
        Some(&*draft.content_type)
    );
}

struct Device {
    runtime: Runtime,
    probe: Probe,
    seen: usize,
}

impl Device {
    fn start(port: u16) -> Self {
        let runtime = runtime();
        let probe = Probe::connected(&runtime, profile(port, "device"));
        probe.subscribe(&runtime, "dev 1/it's/req");
        Self {
            runtime,
            probe,
            seen: 0,
        }
    }

    fn next(&mut self) -> Arc<Message> {
        self.seen += 1;
        let all = self.probe.wait_messages(self.seen);
        Arc::clone(&all[self.seen - 1].0)
    }

    /// As a device answers: where the request says, with its Correlation Data.
    fn answer(&self, request: &Message, payload: &[u8]) {
        let topic = request.properties.response_topic.clone().unwrap();
        let mut reply = Message::new(topic, payload.to_vec());
        reply
            .properties
            .correlation_data
            .clone_from(&request.properties.correlation_data);
        let ticket = self.probe.client.publish(Arc::new(reply));
        assert!(done(&self.runtime, ticket).published.is_ok());
    }
}

#[test]
fn mosquitto_rr_sends_what_was_copied_and_prints_the_reply() {
    let broker = Mosquitto::start("");
    let mut device = Device::start(broker.port());
    for (format, payload) in PAYLOADS {
        let draft = request(format, payload);
        let valid = draft.validate(&Surroundings::default()).unwrap();
        let copied = copy_as(Style::MosquittoRr, &connection(broker.port()), &valid, "-");
        if valid.payload.contains(&0) {
            // It would arrive empty: mosquitto_rr loses what it reads from elsewhere.
            assert!(copied.unwrap_err().contains("mosquitto_sub and _pub"));
            continue;
        }
        let copied = copied.unwrap();
        let running = shell(&copied.text);
        let came = device.next();
        assert_is(&came, &draft);
        device.answer(&came, b"the reply");
        let output = end(running);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}\n{said}", copied.text);
        assert!(
            said.contains("dev 1/it's/resp") && said.contains("the reply"),
            "{said}"
        );
    }
}

#[test]
fn mosquitto_sub_and_pub_send_what_was_copied_and_print_the_reply() {
    let broker = Mosquitto::start("");
    let mut device = Device::start(broker.port());
    for (format, payload) in PAYLOADS {
        let draft = request(format, payload);
        let valid = draft.validate(&Surroundings::default()).unwrap();
        let copied = copy_as(
            Style::MosquittoPair,
            &connection(broker.port()),
            &valid,
            "-",
        );
        let copied = copied.unwrap();
        // A payload may hold line breaks; the first line never does.
        let (subscribe, publish) = copied.text.split_once('\n').unwrap();
        let before = broker.log().matches("Sending SUBACK").count();
        let listening = shell(subscribe);
        wait_until("it has subscribed", || {
            broker.log().matches("Sending SUBACK").count() > before
        });
        let sent = end(shell(publish));
        let why = String::from_utf8_lossy(&sent.stderr).into_owned();
        assert!(sent.status.success(), "{publish}\n{why}");
        let came = device.next();
        assert_is(&came, &draft);
        device.answer(&came, &came.payload);
        let output = end(listening);
        assert!(output.status.success());
        // `%p` writes the bytes as they are.
        let wanted = draft.format.encode(&draft.payload).unwrap();
        let printed = output.stdout.strip_suffix(b"\n").unwrap();
        assert!(printed.ends_with(&wanted), "{payload:?}");
    }
}

/// Run where they are installed.
#[test]
fn mqttx_and_mqtt_cli_send_what_was_copied() {
    for (style, program) in [(Style::Mqttx, "mqttx"), (Style::HiveMq, "mqtt")] {
        let found = Command::new("bash")
            .args(["-c", &format!("command -v {program}")])
            .output();
        if !found.is_ok_and(|found| found.status.success()) {
            eprintln!("SKIP: {program} is not installed; what is copied for it is only read");
            continue;
        }
        let broker = Mosquitto::start("");
        let mut device = Device::start(broker.port());
        let draft = request(PayloadFormat::Json, r#"{"cmd":"get"}"#);
        let valid = draft.validate(&Surroundings::default()).unwrap();
        let copied = copy_as(style, &connection(broker.port()), &valid, "-").unwrap();
        let publish = copied.text.lines().last().unwrap().to_owned();
        let output = end(shell(&publish));
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{publish}\n{why}");
        assert_is(&device.next(), &draft);
    }
}
