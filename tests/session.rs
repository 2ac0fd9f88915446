//! A session on a broker whose every packet the test writes itself: what only a slow or odd broker shows.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may fail")]

mod common;
#[path = "common/desk.rs"]
mod desk;
#[path = "common/script.rs"]
mod script;

use desk::{Desk, HERE, draft, valid};
use roundtrip::model::correlation::CorrelationDraft;
use roundtrip::model::exchange::Verdict;
use roundtrip::model::pairing::Rules;
use roundtrip::model::profile::{Profile, ProfileDraft};
use roundtrip::model::request::{Request, RequestDraft, ResponseTopicDraft};
use roundtrip::model::subscribe::SubscribeOptions;
use roundtrip::model::timeline::{PublishRow, Row, RowKind};
use roundtrip::model::topic::TopicFilter;
use roundtrip::session::RunningDevice;
use std::net::TcpListener;
use std::sync::Arc;

const DEVICE: &str = r#"
name = "lamp"
listens = ["lamp/set"]
reply = "on"
"#;

fn profile(port: u16) -> Profile {
    let draft = ProfileDraft {
        name: HERE.to_owned(),
        address: format!("mqtt://127.0.0.1:{port}"),
        client_id: HERE.to_owned(),
        ..ProfileDraft::default()
    };
    draft.validate(HERE).unwrap_or_else(|err| panic!("{err:?}"))
}

/// Connected to the broker that the test plays.
#[track_caller]
fn connect(desk: &mut Desk, listener: &TcpListener, profile: Profile) -> script::Broker {
    desk.session.connect(profile, None).unwrap();
    let broker = script::accept(listener, false);
    desk.wait_connected(HERE);
    broker
}

fn bare(topic: &str) -> Arc<Request> {
    Arc::new(valid(&RequestDraft {
        topic: topic.to_owned(),
        response_topic: ResponseTopicDraft::None,
        correlation_data: CorrelationDraft::parse("none").unwrap(),
        ..draft()
    }))
}

/// Every publish without a Response Topic, in its order.
fn publishes(desk: &Desk) -> Vec<PublishRow> {
    let rows = desk.session.timeline.rows();
    rows.filter_map(|row| match row.into_owned() {
        Row::Publish(row) => Some(row),
        _ => None,
    })
    .collect()
}

#[track_caller]
fn wait_publishes(desk: &mut Desk, count: usize) -> Vec<PublishRow> {
    desk.wait("the publishes have their rows", |session| {
        let rows = session.timeline.rows();
        rows.filter(|row| matches!(&**row, Row::Publish(row) if row.acknowledgement.is_some()))
            .count()
            == count
    });
    publishes(desk)
}

#[test]
fn two_publishes_before_the_first_acknowledgement_each_get_their_row() {
    let (mut desk, (listener, port)) = (Desk::without_broker(), script::listen());
    let mut broker = connect(&mut desk, &listener, profile(port));
    for topic in ["one", "two"] {
        assert_eq!(desk.session.send(HERE, bare(topic)), None);
    }
    let (first, second) = (broker.published(), broker.published());
    broker.acknowledge(first.1);
    broker.acknowledge(second.1);
    let rows = wait_publishes(&mut desk, 2);
    let topics: Vec<&str> = rows.iter().map(|row| row.message.topic.as_str()).collect();
    assert_eq!(topics, ["one", "two"]);
}

#[test]
fn a_publish_that_waits_for_its_acknowledgement_and_a_request_both_end_right() {
    let (mut desk, (listener, port)) = (Desk::without_broker(), script::listen());
    let mut broker = connect(&mut desk, &listener, profile(port));
    desk.session.send(HERE, bare("one"));
    let (_, waiting) = broker.published();
    let request = valid(&RequestDraft {
        correlation_data: CorrelationDraft::parse("text:c").unwrap(),
        ..draft()
    });
    let id = desk.send(&request);
    broker.grant();
    let (topic, packet_id) = broker.published();
    assert_eq!(topic, "cmnd");
    broker.acknowledge(packet_id);
    let exchange = desk.wait_exchange(id, "acknowledged", |exchange| {
        exchange.acknowledgement.is_some()
    });
    assert!(exchange.legs.published.is_some() && exchange.verdict.is_open());
    assert!(
        publishes(&desk)
            .iter()
            .all(|row| row.acknowledgement.is_none())
    );
    broker.acknowledge(waiting);
    let rows = wait_publishes(&mut desk, 1);
    assert!(rows.iter().all(|row| row.failure.is_none()), "{rows:?}");
    broker.publish("answers/here", b"c", "done");
    assert_eq!(desk.wait_finished(id).verdict, Verdict::Answered);
}

#[test]
fn a_device_listens_again_after_a_reconnect() {
    let (mut desk, (listener, port)) = (Desk::without_broker(), script::listen());
    let spec: roundtrip::model::responder::DeviceDraft = toml::from_str(DEVICE).unwrap();
    let spec = spec
        .validate(&Rules::shipped())
        .unwrap_or_else(|err| panic!("{err:?}"));
    desk.session
        .start_device("lamp", spec, &profile(port), None)
        .unwrap();
    let is_listening = |session: &roundtrip::session::Session| {
        session
            .device("lamp")
            .is_some_and(RunningDevice::is_listening)
    };
    for round in 0..3 {
        let mut broker = script::accept(&listener, false);
        broker.grant();
        desk.wait(&format!("listening in round {round}"), is_listening);
        drop(broker);
        desk.wait("not listening", |session| !is_listening(session));
    }
}

#[test]
fn the_subscriptions_are_shown_again_after_a_resumed_session() {
    let (mut desk, (listener, port)) = (Desk::without_broker(), script::listen());
    let keeping = Profile {
        session_expiry_secs: 100,
        ..profile(port)
    };
    let mut broker = connect(&mut desk, &listener, keeping);
    let id = desk.send(&valid(&draft()));
    broker.grant();
    let (_, packet_id) = broker.published();
    broker.acknowledge(packet_id);
    desk.wait_exchange(id, "acknowledged", |exchange| {
        exchange.acknowledgement.is_some()
    });
    let shown = |session: &roundtrip::session::Session| {
        session
            .link(HERE)
            .map_or(0, |link| link.subscriptions.len())
    };
    assert_eq!(shown(&desk.session), 1);
    drop(broker);
    desk.wait("lost", |session| shown(session) == 0);
    let _broker = script::accept(&listener, true);
    desk.wait_connected(HERE);
    desk.wait("shown again", |session| shown(session) == 1);
    assert!(desk.exchange(id).verdict.is_open());
}

#[test]
fn who_listens_to_everything_still_gets_each_answer_to_its_own_request() {
    let mut desk = Desk::built_in();
    desk.connect(HERE);
    let everything = TopicFilter::new("#").unwrap();
    let options = SubscribeOptions::default();
    assert!(desk.session.subscribe(HERE, everything.clone(), options));
    desk.wait("the SUBACK is there", |session| {
        let link = session.link(HERE);
        link.is_some_and(|link| {
            link.listening
                .get(&everything)
                .is_some_and(|it| it.answer.is_some())
        })
    });
    let lamp = DEVICE.replace("lamp/set", "cmnd");
    desk.start_device("lamp", &lamp);
    let mut asked = Vec::new();
    for _ in 0..20 {
        asked.push(desk.send(&valid(&draft())));
    }
    for id in asked {
        let exchange = desk.wait_verdict(id, "answered");
        let payloads: Vec<&[u8]> = exchange
            .replies
            .iter()
            .map(|it| &*it.message.payload)
            .collect();
        assert_eq!(payloads, [b"on"]);
    }
    desk.connect("other");
    desk.session.send("other", bare("elsewhere"));
    desk.wait("what others say is heard", |session| {
        let mut rows = session.timeline.iter();
        rows.any(|row| row.kind() == RowKind::Message && row.topic() == "elsewhere")
    });
    // No answer is in the timeline a second time, as a message of nobody's.
    let topics = desk.messages();
    let topics: Vec<&str> = topics
        .iter()
        .map(|row| row.message.topic.as_str())
        .collect();
    assert!(!topics.contains(&"answers/here"), "{topics:?}");
    desk.session.unsubscribe(HERE, &everything);
    let last = desk.send(&valid(&draft()));
    desk.wait_verdict(last, "answered");
}
