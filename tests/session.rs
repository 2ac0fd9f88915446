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
use roundtrip::session::{RepeatEnd, RepeatPlan, RunningDevice};
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

const ECHO: &str = r#"
name = "echo"
listens = ["echo"]
reply = "{{payload}} {{counter}}"
"#;

/// It takes requests and says nothing, so that they stay open.
const SILENT: &str = r#"
name = "silent"
listens = ["echo"]
"#;

fn plan(topic: &str, in_flight: usize, end: RepeatEnd) -> RepeatPlan {
    let request = valid(&RequestDraft {
        topic: topic.to_owned(),
        ..draft()
    });
    RepeatPlan {
        request: Arc::new(request),
        in_flight,
        end,
    }
}

#[test]
fn a_repeated_request_is_asked_as_often_as_planned_and_all_of_it_is_in_the_timeline() {
    let mut desk = Desk::built_in();
    desk.connect(HERE);
    desk.start_device("echo", ECHO);
    let plan = plan("echo", 5, RepeatEnd::After(40));
    let repeat = desk.session.repeat(HERE, plan.clone()).unwrap();
    let mut repeated = Vec::new();
    desk.wait("forty answers", |_| {
        let (more, is_over) = repeat.take();
        assert_eq!((more.unanswered, more.first_failure), (0, None));
        repeated.extend(more.round_trips);
        is_over
    });
    assert_eq!(repeated.len(), 40);
    // One that is sent by hand stands among them and is told once.
    let by_hand = desk.send(&plan.request);
    desk.wait_finished(by_hand);
    assert_eq!(desk.session.timeline.len(), 41);
    let rows = desk.session.timeline.rows();
    let answered = rows.filter(
        |row| matches!(&**row, Row::Exchange(exchange) if exchange.verdict == Verdict::Answered),
    );
    assert_eq!(answered.count(), 41);
    assert!(desk.verdicts.values().all(|all| all.len() == 1));
    // Another one takes the place of the first, and dropping the first changes nothing.
    let second = desk.session.repeat(HERE, plan).unwrap();
    drop(repeat);
    desk.wait("the second is over", |_| second.take().1);
    desk.wait("its rows", |session| session.timeline.len() == 81);
}

#[test]
fn a_repetition_ends_when_nothing_can_be_sent_any_more() {
    let mut desk = Desk::built_in();
    desk.connect(HERE);
    // Nobody answers, so they stay open until the connection goes.
    desk.start_device("silent", SILENT);
    let repeat = desk
        .session
        .repeat(HERE, plan("echo", 3, RepeatEnd::After(1_000)))
        .unwrap();
    desk.wait("three are open", |session| session.timeline.len() == 3);
    desk.session.disconnect(HERE);
    let mut failed = 0;
    desk.wait("it is over", |_| {
        let (more, is_over) = repeat.take();
        failed += more.unanswered;
        is_over
    });
    assert_eq!(failed, 3);
    let nothing = plan("echo", 1, RepeatEnd::After(1));
    assert!(
        desk.session.repeat(HERE, nothing).is_none(),
        "no connection"
    );
}
