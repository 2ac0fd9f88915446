//! Devices that know no MQTT: a listener on loopback, played by plain sockets and by simulated devices.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail"
)]

mod common;
#[path = "common/desk.rs"]
mod desk;

use common::DEADLINE;
use desk::{Desk, HERE, why};
use roundtrip::model::connection::ConnectionState;
use roundtrip::model::exchange::{ExchangeId, MessageVerdict, Verdict};
use roundtrip::model::payload::PayloadFormat;
use roundtrip::model::profile::{Profile, ProfileDraft};
use roundtrip::model::request::{
    PairingDraft, Request, RequestDraft, ResponseTopicDraft, Surroundings,
};
use roundtrip::model::timeline::Row;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

fn listener(id: &str, port: u16) -> Profile {
    let draft = ProfileDraft {
        name: id.to_owned(),
        address: format!("tcp-listen://127.0.0.1:{port}"),
        ..ProfileDraft::default()
    };
    draft.validate(id).unwrap_or_else(|err| panic!("{err:?}"))
}

/// A desk with a listener on a free port.
#[track_caller]
fn listening() -> (Desk, u16) {
    let mut desk = Desk::without_broker();
    desk.connect_as(listener(HERE, 0));
    let port = port_of(&desk, HERE);
    (desk, port)
}

#[track_caller]
fn port_of(desk: &Desk, id: &str) -> u16 {
    let info = desk.session.state(id).info().expect("it listens");
    let (_, port) = info.address.rsplit_once(':').expect("host:port");
    port.parse().expect("a port")
}

fn draft(topic: &str, timeout: &str) -> RequestDraft {
    RequestDraft {
        topic: topic.to_owned(),
        response_topic: ResponseTopicDraft::None,
        timeout: timeout.to_owned(),
        payload: r#"{"command":"PING"}"#.to_owned(),
        pairing: PairingDraft {
            rule: "mqtt-two-way".to_owned(),
            ..PairingDraft::default()
        },
        ..RequestDraft::default()
    }
}

#[track_caller]
fn valid(desk: &Desk, draft: &RequestDraft) -> Request {
    let surroundings = Surroundings {
        rules: Some(desk.session.rules()),
        ..Surroundings::default()
    };
    draft
        .validate(&surroundings)
        .unwrap_or_else(|err| panic!("{err:?}"))
}

/// Asks a device, for ten seconds.
#[track_caller]
fn ask(desk: &mut Desk, device: &str) -> ExchangeId {
    let request = valid(desk, &draft(&format!("tcp/cmd/req/{device}"), "10s"));
    desk.send(&request)
}

/// A device whose every byte the test writes itself.
struct Socket {
    stream: TcpStream,
    lines: BufReader<TcpStream>,
}

impl Socket {
    #[track_caller]
    fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap());
        Self { stream, lines }
    }

    /// Signed in when this returns.
    #[track_caller]
    fn sign_in(desk: &mut Desk, port: u16, device: &str) -> Self {
        let mut socket = Self::connect(port);
        let before = on(desk, &format!("tcp/register/{device}")).len();
        socket.write(&format!(
            r#"{{"deviceId":"{device}","messageType":"SIGN_IN"}}"#
        ));
        wait_on(desk, &format!("tcp/register/{device}"), before + 1);
        socket
    }

    #[track_caller]
    fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// The next command: as text, and its id.
    #[track_caller]
    fn command(&mut self) -> (String, String) {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        let text = line.strip_suffix('\n').expect("a line").to_owned();
        let value: Value = serde_json::from_str(&text).unwrap();
        let id = value["uuid"].as_str().expect("an id").to_owned();
        (text, id)
    }

    /// The other side has closed it.
    #[track_caller]
    fn is_closed(&mut self) -> bool {
        let mut line = String::new();
        matches!(self.lines.read_line(&mut line), Ok(0) | Err(_))
    }
}

fn answer(id: &str, result: &str) -> String {
    json!({ "uuid": id, "commandResult": result }).to_string()
}

/// The payloads of messages that belong to no exchange, by topic.
fn on(desk: &Desk, topic: &str) -> Vec<String> {
    desk.messages()
        .iter()
        .filter(|row| row.message.topic.as_str() == topic)
        .map(|row| String::from_utf8(row.message.payload.to_vec()).unwrap())
        .collect()
}

#[track_caller]
fn wait_on(desk: &mut Desk, topic: &str, count: usize) -> Vec<String> {
    desk.wait(&format!("{count} messages on {topic}"), |session| {
        let rows = session.timeline.rows();
        rows.filter(
            |row| matches!(&**row, Row::Message(row) if row.message.topic.as_str() == topic),
        )
        .count()
            >= count
    });
    on(desk, topic)
}

/// What was said last of a sign-up, as JSON.
#[track_caller]
fn last(messages: &[String]) -> Value {
    serde_json::from_str(messages.last().expect("a message")).unwrap()
}

#[test]
fn a_command_goes_out_as_typed_and_its_answer_comes_back_by_its_uuid() {
    let (mut desk, port) = listening();
    let mut device = Socket::sign_in(&mut desk, port, "dev1");
    let typed = RequestDraft {
        payload: "{ \"command\" : \"PING\", \"big\":18446744073709551616 }".to_owned(),
        ..draft("tcp/cmd/req/dev1", "10s")
    };
    let request = valid(&desk, &typed);
    let id = desk.send(&request);
    let (text, uuid) = device.command();
    assert_eq!(text.as_bytes(), &desk.exchange(id).message.payload[..]);
    assert!(text.starts_with("{ \"command\" : \"PING\", \"big\":18446744073709551616"));
    device.write(&answer(&uuid, "PONG"));
    let exchange = desk.wait_finished(id);
    assert_eq!(exchange.verdict, Verdict::Answered);
    assert_eq!(&*exchange.rule, "mqtt-two-way");
    assert_eq!(
        exchange.replies[0].message.topic.as_str(),
        "tcp/cmd/resp/dev1"
    );
    assert_eq!(exchange.replies[0].responder.as_deref(), Some("dev1"));
    assert!(exchange.legs.published.unwrap() >= exchange.legs.queued);
    assert!(exchange.replies[0].received >= exchange.legs.published.unwrap());
    // It was there, and nothing was ever subscribed for real.
    assert!(exchange.presence.is_some_and(|note| note.is_online));
}

#[test]
fn messages_may_come_split_and_glued_together() {
    let (mut desk, port) = listening();
    let mut device = Socket::sign_in(&mut desk, port, "dev1");
    let asked: Vec<ExchangeId> = (0..3).map(|_| ask(&mut desk, "dev1")).collect();
    let ids: Vec<String> = (0..3).map(|_| device.command().1).collect();
    // Out of order, with data in between, in one go; then cut inside of a character and an escape.
    let stream = format!(
        "{}{}\n{}{}",
        answer(&ids[2], "PONG \u{fc}"),
        r#"{"temp":23.6}"#,
        answer(&ids[0], "a \"b\" }{"),
        answer(&ids[1], "ERROR_UNKNOWN_COMMAND"),
    );
    let glued = stream.find("23.6").unwrap();
    device.write(&stream[..glued]);
    for byte in &stream.as_bytes()[glued..] {
        device.stream.write_all(&[*byte]).unwrap();
    }
    let verdicts: Vec<&str> = asked
        .iter()
        .map(|id| desk.wait_finished(*id).verdict.word())
        .collect();
    assert_eq!(verdicts, ["answered", "answered_with_error", "answered"]);
    let result = |desk: &Desk, index: usize| {
        let payload = &desk.exchange(asked[index]).replies[0].message.payload;
        let value: Value = serde_json::from_slice(payload).unwrap();
        value["commandResult"].as_str().unwrap().to_owned()
    };
    assert_eq!(result(&desk, 0), "a \"b\" }{");
    assert_eq!(result(&desk, 2), "PONG \u{fc}");
    assert_eq!(wait_on(&mut desk, "tcp/data/dev1", 1), [r#"{"temp":23.6}"#]);
}

#[test]
fn two_devices_are_kept_apart() {
    let (mut desk, port) = listening();
    let mut first = Socket::sign_in(&mut desk, port, "dev1");
    let mut second = Socket::sign_in(&mut desk, port, "dev2");
    let (one, two) = (ask(&mut desk, "dev1"), ask(&mut desk, "dev2"));
    let (for_first, for_second) = (first.command().1, second.command().1);
    // The right id from the wrong device answers nothing.
    second.write(&answer(&for_first, "PONG"));
    second.write(&answer(&for_second, "PONG"));
    assert_eq!(desk.wait_finished(two).verdict, Verdict::Answered);
    assert!(desk.exchange(one).verdict.is_open());
    assert_eq!(
        desk.messages().last().unwrap().message.topic.as_str(),
        "tcp/cmd/resp/dev2"
    );
    first.write(&answer("not-its-id", "PONG"));
    first.write(&answer(&for_first, "PONG"));
    assert_eq!(desk.wait_finished(one).verdict, Verdict::Answered);
    let miss = desk
        .messages()
        .into_iter()
        .find(|row| row.message.topic.as_str() == "tcp/cmd/resp/dev1");
    let miss = miss.expect("the answer with another id");
    assert_eq!(miss.near, Some(one));
}

#[test]
fn a_device_that_is_away_is_told_at_once_and_nothing_waits_for_it() {
    let (mut desk, port) = listening();
    let id = ask(&mut desk, "dev1");
    let exchange = desk.wait_finished(id);
    assert_eq!(exchange.verdict, Verdict::NoSubscribers);
    assert_eq!(
        exchange.unsent_for_want_of_a_subscriber(),
        Some("the device dev1 is not connected")
    );
    assert!(exchange.legs.published.is_none());
    // Nothing was kept for it.
    let mut device = Socket::sign_in(&mut desk, port, "dev1");
    let id = ask(&mut desk, "dev1");
    let (_, uuid) = device.command();
    device.write(&answer(&uuid, "PONG"));
    assert_eq!(desk.wait_finished(id).verdict, Verdict::Answered);
    // It says that it goes: nobody need see its socket end.
    device.write(r#"{"messageType":"SIGN_OUT"}"#);
    wait_on(&mut desk, "tcp/register/dev1", 2);
    let id = ask(&mut desk, "dev1");
    assert_eq!(desk.wait_finished(id).verdict, Verdict::NoSubscribers);
    assert!(!desk.exchange(id).presence.unwrap().is_online);
    drop(device);
    // Once is enough.
    let _other = Socket::sign_in(&mut desk, port, "dev2");
    assert_eq!(on(&desk, "tcp/register/dev1").len(), 2);
}

#[test]
fn what_a_device_has_not_answered_when_its_socket_ends_fails_with_the_reason() {
    let (mut desk, port) = listening();
    let mut device = Socket::sign_in(&mut desk, port, "dev1");
    let id = ask(&mut desk, "dev1");
    let (_, uuid) = device.command();
    // In the middle of its answer.
    let full = answer(&uuid, "PONG");
    device.write(&full[..10]);
    device.stream.shutdown(Shutdown::Both).unwrap();
    let exchange = desk.wait_finished(id);
    let reason = why(&exchange);
    assert!(
        reason.contains("dev1 went away")
            && reason.contains("in the middle of a JSON value, after 10 bytes"),
        "{reason}"
    );
    assert!(!exchange.presence.unwrap().is_online);
    let will = last(&wait_on(&mut desk, "tcp/register/dev1", 2));
    assert_eq!(will["messageType"], "SIGN_OUT");
    assert!(will["why"].as_str().unwrap().contains("in the middle"));
    // It comes back, and answers what is over: late.
    let mut device = Socket::sign_in(&mut desk, port, "dev1");
    device.write(&full);
    let exchange = desk.wait_exchange(id, "a late reply", |exchange| !exchange.replies.is_empty());
    assert_eq!(exchange.replies[0].verdict, MessageVerdict::LateReply);
}

#[test]
fn a_device_that_stays_silent_times_out_and_its_answer_is_late() {
    let (mut desk, port) = listening();
    let mut device = Socket::sign_in(&mut desk, port, "dev1");
    let request = valid(&desk, &draft("tcp/cmd/req/dev1", "150ms"));
    let id = desk.send(&request);
    let (_, uuid) = device.command();
    desk.wait_verdict(id, "timed_out");
    device.write(&answer(&uuid, "PONG"));
    desk.wait_verdict(id, "late");
}

#[test]
fn garbage_closes_its_own_socket_and_no_other() {
    let (mut desk, port) = listening();
    let mut good = Socket::sign_in(&mut desk, port, "good");
    let mut bad = Socket::sign_in(&mut desk, port, "bad");
    bad.write(r#"{"temp":1}oops"#);
    assert!(bad.is_closed());
    let will = last(&wait_on(&mut desk, "tcp/register/bad", 2));
    let told = will["why"].as_str().unwrap();
    assert!(
        told.contains("is no JSON") && told.contains("oops"),
        "{told}"
    );
    assert_eq!(
        on(&desk, "tcp/data/bad"),
        [r#"{"temp":1}"#],
        "what came before it counts"
    );
    // Whoever does not sign in is named by its address.
    for (text, word) in [
        ("GET / HTTP/1.1\r\n\r\n", "is no JSON"),
        (r#"{"temp":1}"#, "before it has signed in"),
        (r#"{"messageType":"SIGN_IN"}"#, "without a `deviceId`"),
        (
            r#"{"deviceId":"a/b","messageType":"SIGN_IN"}"#,
            "level of topics",
        ),
    ] {
        let mut stranger = Socket::connect(port);
        let address = stranger.stream.local_addr().unwrap();
        stranger.write(text);
        assert!(stranger.is_closed(), "{text}");
        let refusal = last(&wait_on(&mut desk, &format!("tcp/register/{address}"), 1));
        let told = refusal["why"].as_str().unwrap();
        assert!(told.contains(word), "{text}: {told}");
    }
    let id = ask(&mut desk, "good");
    let (_, uuid) = good.command();
    good.write(&answer(&uuid, "PONG"));
    assert_eq!(desk.wait_finished(id).verdict, Verdict::Answered);
}

#[test]
fn who_signs_in_last_has_the_name() {
    let (mut desk, port) = listening();
    let mut before = Socket::sign_in(&mut desk, port, "dev1");
    let mut after = Socket::connect(port);
    after.write(r#"{"deviceId":"dev1","messageType":"SIGN_IN"}"#);
    assert!(before.is_closed());
    let register = wait_on(&mut desk, "tcp/register/dev1", 3);
    let kinds: Vec<Value> = register
        .iter()
        .map(|text| serde_json::from_str::<Value>(text).unwrap()["messageType"].clone())
        .collect();
    assert_eq!(kinds, ["SIGN_IN", "SIGN_OUT", "SIGN_IN"]);
    let id = ask(&mut desk, "dev1");
    let (_, uuid) = after.command();
    after.write(&answer(&uuid, "PONG"));
    assert_eq!(desk.wait_finished(id).verdict, Verdict::Answered);
}

#[test]
fn what_cannot_travel_over_plain_tcp_is_not_sent_and_says_why() {
    let (mut desk, port) = listening();
    let _device = Socket::sign_in(&mut desk, port, "dev1");
    let mqtt5 = RequestDraft {
        response_topic: ResponseTopicDraft::Typed("answers".to_owned()),
        pairing: PairingDraft::default(),
        ..draft("tcp/cmd/req/dev1", "10s")
    };
    let elsewhere = draft("house/cmd/req/dev1", "10s");
    for (draft, word) in [(mqtt5, "mqtt-two-way"), (elsewhere, "names no device")] {
        let request = valid(&desk, &draft);
        let id = desk.send(&request);
        let reason = why(&desk.wait_finished(id));
        assert!(
            reason.starts_with("not sent: ") && reason.contains(word),
            "{reason}"
        );
    }
    // Without an answer to wait for it is the same.
    let text = RequestDraft {
        format: PayloadFormat::Text,
        payload: "PING".to_owned(),
        pairing: PairingDraft::default(),
        ..draft("tcp/cmd/req/dev1", "10s")
    };
    let bare = valid(&desk, &text);
    assert_eq!(desk.session.send(HERE, Arc::new(bare)), None);
    desk.wait("the publish is judged", |session| {
        session.timeline.rows().any(|row| matches!(&*row, Row::Publish(row) if row.failure.as_ref().is_some_and(|why| why.contains("not one JSON value"))))
    });
}

#[test]
fn a_bare_command_is_written_and_nobody_waits() {
    let (mut desk, port) = listening();
    let mut device = Socket::sign_in(&mut desk, port, "dev1");
    let bare = RequestDraft {
        payload: r#"{"uuid":"u-1","command":"PING"}"#.to_owned(),
        pairing: PairingDraft::default(),
        ..draft("tcp/cmd/req/dev1", "10s")
    };
    let request = Arc::new(valid(&desk, &bare));
    assert_eq!(desk.session.send(HERE, request), None);
    assert_eq!(device.command().1, "u-1");
    desk.wait("its row", |session| {
        session
            .timeline
            .rows()
            .any(|row| matches!(&*row, Row::Publish(row) if row.failure.is_none()))
    });
}

#[test]
fn a_port_that_is_taken_is_said_so_and_tried_again_when_asked() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut desk = Desk::without_broker();
    desk.session.connect(listener(HERE, port), None).unwrap();
    desk.wait("refused", |session| {
        matches!(session.state(HERE), ConnectionState::Refused { .. })
    });
    let problem = desk.session.state(HERE).problem().unwrap().clone();
    assert!(
        problem.summary.contains("another program has the port"),
        "{problem:?}"
    );
    assert!(problem.hint.contains("0 for any free one"));
    let id = ask(&mut desk, "dev1");
    assert!(why(&desk.wait_finished(id)).contains("cannot be listened on"));
    drop(taken);
    desk.session.reconnect_now(HERE);
    desk.wait_connected(HERE);
    assert_eq!(port_of(&desk, HERE), port);
    // A new connection of the same profile finds the port that the old one lets go of.
    for _ in 0..3 {
        desk.session.connect(listener(HERE, port), None).unwrap();
        desk.wait_connected(HERE);
    }
}

#[test]
fn closing_the_listener_ends_what_is_open_and_frees_everybody() {
    let (mut desk, port) = listening();
    let mut device = Socket::sign_in(&mut desk, port, "dev1");
    let id = ask(&mut desk, "dev1");
    device.command();
    desk.session.disconnect(HERE);
    assert!(why(&desk.wait_finished(id)).contains("the connection was closed"));
    assert!(device.is_closed());
    assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
}

const SIMULATED: &str = r#"
name = "dev1"
connection = "here"
listens = ["tcp/cmd/req/dev1"]
reply = '{"deviceId":"{{device}}","messageType":"commandResp","commandResult":"PONG","uuid":"{{payload.uuid}}"}'
reply_topic = "tcp/cmd/resp/dev1"
"#;

#[track_caller]
fn switch_on(desk: &mut Desk) {
    let draft: roundtrip::model::responder::DeviceDraft = toml::from_str(SIMULATED).unwrap();
    let device = draft
        .validate(desk.session.rules())
        .unwrap_or_else(|err| panic!("{err:?}"));
    desk.session
        .start_device("dev1", device, &listener(HERE, 0), None)
        .unwrap();
}

#[test]
fn a_simulated_device_goes_to_the_listener_and_comes_back() {
    let (mut desk, _) = listening();
    switch_on(&mut desk);
    desk.wait_listening("dev1");
    wait_on(&mut desk, "tcp/register/dev1", 1);
    let asked: Vec<ExchangeId> = (0..5).map(|_| ask(&mut desk, "dev1")).collect();
    for id in asked {
        let exchange = desk.wait_finished(id);
        assert_eq!(exchange.verdict, Verdict::Answered);
        let exchange = desk.wait_exchange(id, "its legs", |exchange| {
            exchange.legs.device_answered.is_some()
        });
        let legs = &exchange.legs;
        assert!(legs.published <= legs.device_received, "{legs:?}");
        assert!(legs.device_received <= legs.device_answered, "{legs:?}");
        assert_eq!(exchange.device.as_deref(), Some("dev1"));
    }
    desk.session.stop_device("dev1");
    assert_eq!(
        last(&wait_on(&mut desk, "tcp/register/dev1", 2))["messageType"],
        "SIGN_OUT"
    );
    let id = ask(&mut desk, "dev1");
    assert_eq!(desk.wait_finished(id).verdict, Verdict::NoSubscribers);
    switch_on(&mut desk);
    wait_on(&mut desk, "tcp/register/dev1", 3);
    // The listener goes and comes, on another port: the device finds it.
    desk.session.disconnect(HERE);
    desk.wait("the device tries again", |session| {
        session
            .device("dev1")
            .is_some_and(|device| matches!(device.state, ConnectionState::Retrying { .. }))
    });
    desk.connect_as(listener(HERE, 0));
    wait_on(&mut desk, "tcp/register/dev1", 4);
    let id = ask(&mut desk, "dev1");
    assert_eq!(desk.wait_finished(id).verdict, Verdict::Answered);
}

#[test]
fn mqtt_and_plain_tcp_share_one_timeline() {
    let mut desk = Desk::built_in();
    desk.connect(HERE);
    desk.start_device(
        "lamp",
        "name = \"lamp\"\nlistens = [\"cmnd\"]\nreply = \"on\"",
    );
    desk.connect_as(listener("tcp", 0));
    let port = port_of(&desk, "tcp");
    let mut device = Socket::sign_in(&mut desk, port, "dev1");
    let over_mqtt = desk.send(&desk::valid(&desk::draft()));
    let request = valid(&desk, &draft("tcp/cmd/req/dev1", "10s"));
    let over_tcp = desk.send_on("tcp", &request);
    let (_, uuid) = device.command();
    device.write(&answer(&uuid, "PONG"));
    assert_eq!(desk.wait_finished(over_mqtt).verdict, Verdict::Answered);
    assert_eq!(desk.wait_finished(over_tcp).verdict, Verdict::Answered);
    let rows: Vec<(String, String)> = desk
        .session
        .timeline
        .rows()
        .filter_map(|row| match &*row {
            Row::Exchange(exchange) => Some((
                exchange.connection.to_string(),
                exchange.message.topic.to_string(),
            )),
            _ => None,
        })
        .collect();
    let row = |connection: &str, topic: &str| (connection.to_owned(), topic.to_owned());
    assert_eq!(rows, [row(HERE, "cmnd"), row("tcp", "tcp/cmd/req/dev1")]);
}

/// Killed when dropped.
struct Foreign(Child);

impl Drop for Foreign {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_device_in_another_language_signs_up_sends_data_and_answers() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/tcp_device.py");
    let (mut desk, port) = listening();
    let started = Command::new("python3")
        .arg(script)
        .args([&port.to_string(), "meter-7"])
        .stdin(Stdio::null())
        .spawn();
    let device = match started {
        Ok(child) => Foreign(child),
        Err(err) => {
            common::peers::skip(&format!("python3 ({err})"));
            return;
        }
    };
    wait_on(&mut desk, "tcp/data/meter-7", 2);
    assert_eq!(
        last(&on(&desk, "tcp/register/meter-7"))["message_type"],
        "SIGNUP"
    );
    let asked: Vec<ExchangeId> = (0..4).map(|_| ask(&mut desk, "meter-7")).collect();
    let reboot = RequestDraft {
        payload: r#"{"command":"REBOOT"}"#.to_owned(),
        ..draft("tcp/cmd/req/meter-7", "10s")
    };
    let request = valid(&desk, &reboot);
    let unknown = desk.send(&request);
    for id in asked {
        assert_eq!(desk.wait_finished(id).verdict, Verdict::Answered);
    }
    let Verdict::AnsweredWithError { code, .. } = desk.wait_finished(unknown).verdict else {
        panic!("{:?}", desk.exchange(unknown).verdict)
    };
    assert_eq!(code.as_deref(), Some("ERROR_UNKNOWN_COMMAND"));
    drop(device);
    desk.wait("its end is told", |session| {
        session.timeline.rows().any(|row| {
            matches!(&*row, Row::Message(row) if row.message.topic.as_str() == "tcp/register/meter-7"
                && row.message.payload.windows(8).any(|bytes| bytes == b"SIGN_OUT"))
        })
    });
}
