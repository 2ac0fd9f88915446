//! The broker killed and restarted under a session: told in words, everything back, nothing lost.
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
use common::peers::skip;
use desk::{Desk, HERE, draft, valid, why};
use program::run_with;
use roundtrip::model::connection::ConnectionState;
use roundtrip::model::correlation::CorrelationDraft;
use roundtrip::model::exchange::{ExchangeId, Verdict};
use roundtrip::model::profile::Profile;
use roundtrip::model::request::{Request, RequestDraft, ResponseTopicDraft};
use roundtrip::session::Session;
use std::process::Command;

const THERE: &str = "there";

const ECHO: &str = r#"
name = "echo"
listens = ["echo"]
reply = "{{payload}} {{counter}}"
"#;

/// It takes requests and says nothing, so that they stay open.
const SILENT: &str = r#"
name = "silent"
listens = ["silent"]
"#;

/// A request on `topic`, with an own Response Topic for each connection.
fn request(connection: &str, topic: &str, timeout: &str) -> Request {
    valid(&RequestDraft {
        topic: topic.to_owned(),
        response_topic: ResponseTopicDraft::Typed(format!("answers/{connection}")),
        timeout: timeout.to_owned(),
        ..draft()
    })
}

#[track_caller]
fn answered(desk: &mut Desk, connection: &str) -> ExchangeId {
    let id = desk.send_on(connection, &request(connection, "echo", "10s"));
    let exchange = desk.wait_finished(id);
    assert_eq!(exchange.verdict, Verdict::Answered, "{exchange:#?}");
    id
}

/// Sent, acknowledged by the broker, and with no answer to come.
#[track_caller]
fn in_flight(desk: &mut Desk, connection: &str, timeout: &str) -> ExchangeId {
    let id = desk.send_on(connection, &request(connection, "silent", timeout));
    desk.wait_exchange(id, "acknowledged", |exchange| {
        exchange.acknowledgement.is_some()
    });
    id
}

#[track_caller]
fn wait_retrying(desk: &mut Desk, connection: &str) {
    desk.wait(&format!("`{connection}` is retrying"), |session| {
        matches!(session.state(connection), ConnectionState::Retrying { .. })
    });
    let address = format!("127.0.0.1:{}", desk_port(desk, connection));
    let ConnectionState::Retrying {
        problem, attempt, ..
    } = desk.session.state(connection)
    else {
        panic!("not retrying any more: {:?}", desk.states)
    };
    assert!(*attempt >= 1);
    assert!(
        problem.summary.contains(&address) && problem.summary.len() > address.len() + 10,
        "no words: {problem:?}"
    );
    assert!(!problem.hint.is_empty(), "{problem:?}");
}

/// The port that a connection was made to.
fn desk_port(desk: &Desk, connection: &str) -> String {
    let address = &desk.session.link(connection).unwrap().profile.address;
    address.to_string().rsplit(':').next().unwrap().to_owned()
}

fn wait_back(desk: &mut Desk) {
    for connection in [HERE, THERE] {
        desk.wait_connected(connection);
        desk.wait("the Response Topic is subscribed again", |session| {
            let topic = format!("answers/{connection}");
            let link = session.link(connection).unwrap();
            link.subscriptions
                .iter()
                .any(|filter| filter.as_str() == topic)
        });
    }
    for device in ["echo", "silent"] {
        desk.wait_listening(device);
    }
}

fn scene(desk: &mut Desk) {
    desk.start_device("echo", ECHO);
    desk.start_device("silent", SILENT);
    for connection in [HERE, THERE] {
        desk.connect(connection);
    }
}

on_both_brokers!(Desk:
    a_killed_broker_is_told_in_words_and_everything_comes_back,
    what_is_sent_while_the_broker_is_gone_waits_for_it,
    a_broker_that_stays_away_lets_what_waits_fail_at_its_timeout,
    nobody_listens_is_still_told_after_the_restart,
    a_session_that_the_broker_forgot_fails_what_is_in_flight,
);

fn a_killed_broker_is_told_in_words_and_everything_comes_back(desk: &mut Desk) {
    scene(desk);
    let port = desk.port();
    let mut before: Vec<ExchangeId> = Vec::new();
    for round in 0..2 {
        for connection in [HERE, THERE] {
            before.push(answered(desk, connection));
        }
        let open = [HERE, THERE].map(|connection| in_flight(desk, connection, "1m"));
        desk.states.clear();
        desk.kill_broker();
        for connection in [HERE, THERE] {
            wait_retrying(desk, connection);
        }
        for id in open {
            let exchange = desk.wait_finished(id);
            let why = why(&exchange);
            assert!(
                why.starts_with("the connection was lost before a reply came: "),
                "round {round}: {why}"
            );
            assert!(exchange.finished.unwrap() > exchange.legs.acknowledged.unwrap());
        }
        desk.restart_broker(port);
        wait_back(desk);
        for connection in [HERE, THERE] {
            before.push(answered(desk, connection));
            let states = &desk.states[connection];
            assert_eq!(states.first(), Some(&"retrying"), "{states:?}");
            assert_eq!(states.last(), Some(&"connected"), "{states:?}");
        }
        before.extend(open);
    }
    // Nothing is lost, and nothing is there twice.
    let rows = desk.session.timeline.len();
    assert_eq!(rows, before.len(), "{:?}", desk.session.timeline);
    assert!(before.iter().all(|id| desk.verdicts[id].len() == 1));
    assert_eq!(desk.session.lost(), 0);
    assert_eq!(desk.session.timeline.dropped(), 0);
    // The device remembers across connections: it counts all that it was asked.
    let last = desk.exchange(before[before.len() - 3]);
    assert_eq!(&*last.replies[0].message.payload, b"ping 8");
}

fn what_is_sent_while_the_broker_is_gone_waits_for_it(desk: &mut Desk) {
    scene(desk);
    let port = desk.port();
    answered(desk, HERE);
    desk.kill_broker();
    wait_retrying(desk, HERE);
    let waiting = desk.send(&request(HERE, "echo", "1m"));
    let new_topic = desk.send(&request("elsewhere", "echo", "1m"));
    desk.wait_exchange(waiting, "begun", |exchange| exchange.verdict.is_open());
    assert_eq!(desk.exchange(waiting).legs.published, None);
    desk.restart_broker(port);
    for id in [waiting, new_topic] {
        let exchange = desk.wait_finished(id);
        assert!(exchange.legs.published.is_some());
        // Whether the device is back before it is a matter of luck; silence is not an end.
        assert!(
            matches!(exchange.verdict, Verdict::Answered | Verdict::NoSubscribers),
            "{exchange:#?}"
        );
    }
}

fn a_broker_that_stays_away_lets_what_waits_fail_at_its_timeout(desk: &mut Desk) {
    scene(desk);
    desk.kill_broker();
    wait_retrying(desk, HERE);
    let id = desk.send(&request(HERE, "echo", "300ms"));
    let exchange = desk.wait_finished(id);
    let why = why(&exchange);
    assert!(why.starts_with("not sent: "), "{why}");
    assert!(why.contains("300ms"), "{why}");
    assert_eq!(exchange.legs.published, None);
}

fn nobody_listens_is_still_told_after_the_restart(desk: &mut Desk) {
    scene(desk);
    let port = desk.port();
    answered(desk, HERE);
    answered(desk, THERE);
    desk.kill_broker();
    wait_retrying(desk, HERE);
    desk.restart_broker(port);
    wait_back(desk);
    let nobody = desk.send(&request(HERE, "nobody/home", "1m"));
    let verdict = desk.wait_finished(nobody).verdict;
    assert_eq!(verdict, Verdict::NoSubscribers);
    answered(desk, HERE);
}

/// A profile that wants its session kept.
fn keeping(desk: &Desk) -> Profile {
    Profile {
        clean_start: false,
        session_expiry_secs: 600,
        ..desk.profile(HERE)
    }
}

/// A Mosquitto that knows its sessions after `kill -9` as well: every change is on disk at once.
fn remembering() -> Mosquitto {
    Mosquitto::start_with(|directory| {
        format!(
            "persistence true\npersistence_location {}/\nautosave_on_changes true\nautosave_interval 1",
            directory.display()
        )
    })
}

#[track_caller]
fn answer(desk: &Desk, correlation: &str) -> bool {
    let mut command = Command::new("mosquitto_pub");
    if command.arg("--help").output().is_err() {
        skip("mosquitto_pub");
        return false;
    }
    let mut command = Command::new("mosquitto_pub");
    command
        .args(["-h", "127.0.0.1", "-p", &desk.port().to_string()])
        .args(["-V", "mqttv5", "-q", "1", "-t", "answers/here", "-m", "x"])
        .args(["-D", "publish", "correlation-data", correlation]);
    run_with(&mut command, b"").expect_code(0);
    true
}

#[test]
fn with_a_session_that_is_resumed_what_is_in_flight_stays_open_and_is_answered() {
    let mut desk = Desk::on(remembering());
    desk.start_device("silent", SILENT);
    let profile = keeping(&desk);
    desk.connect_as(profile);
    let fixed = |correlation: &str, timeout: &str| Request {
        correlation: CorrelationDraft::parse(correlation)
            .unwrap()
            .validate()
            .unwrap(),
        ..request(HERE, "silent", timeout)
    };
    let early = desk.send(&fixed("text:early", "1m"));
    let at_last = desk.send(&fixed("text:at-last", "1m"));
    let never = desk.send(&fixed("text:never", "4s"));
    for id in [early, at_last, never] {
        desk.wait_exchange(id, "acknowledged", |exchange| {
            exchange.acknowledgement.is_some()
        });
    }
    desk.mosquitto.as_mut().unwrap().kill();
    wait_retrying(&mut desk, HERE);
    for id in [early, at_last, never] {
        assert!(
            desk.exchange(id).verdict.is_open(),
            "it waits for the session"
        );
    }
    desk.mosquitto.as_mut().unwrap().restart();
    // It may come before the connection is back: then the broker keeps it for the session.
    if !answer(&desk, "early") {
        return;
    }
    desk.wait_connected(HERE);
    let info = desk.session.state(HERE).info().unwrap();
    assert!(info.session_present, "the session was resumed");
    desk.wait_verdict(early, "answered");
    answer(&desk, "at-last");
    desk.wait_verdict(at_last, "answered");
    let exchange = desk.wait_finished(never);
    assert_eq!(exchange.verdict, Verdict::TimedOut);
    assert!(desk.messages().is_empty());
}

/// Both brokers forget: Mosquitto because it keeps nothing on disk here, the built-in one always.
fn a_session_that_the_broker_forgot_fails_what_is_in_flight(desk: &mut Desk) {
    desk.start_device("silent", SILENT);
    let port = desk.port();
    let profile = keeping(desk);
    desk.connect_as(profile);
    let id = in_flight(desk, HERE, "1m");
    desk.kill_broker();
    wait_retrying(desk, HERE);
    assert!(
        desk.exchange(id).verdict.is_open(),
        "it waits for the session"
    );
    desk.restart_broker(port);
    let exchange = desk.wait_finished(id);
    assert!(
        why(&exchange).contains("the broker kept no session"),
        "{exchange:#?}"
    );
    assert_eq!(desk.verdicts[&id], ["failed"]);
}

#[test]
fn a_disconnect_by_the_user_is_no_retry() {
    let mut desk = Desk::built_in();
    scene(&mut desk);
    let id = in_flight(&mut desk, HERE, "1m");
    desk.session.disconnect(HERE);
    let exchange = desk.wait_finished(id);
    assert!(why(&exchange).contains("closed"), "{exchange:#?}");
    assert_eq!(*desk.session.state(HERE), ConnectionState::Disconnected);
    assert!(desk.session.state(THERE).is_connected());
    let now = Session::now();
    assert!(exchange.finished.unwrap() <= now);
}
