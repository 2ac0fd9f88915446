//! MQTT 3.1.1 and MQTT 5 on the same brokers: the same client, the same guarantees.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

mod common;
#[path = "common/place.rs"]
#[macro_use]
mod place;
#[path = "common/probe.rs"]
mod probe;
#[path = "common/program.rs"]
mod program;

use bytes::Bytes;
use common::{Mosquitto, wait_until};
use probe::{
    Done, Probe, accept, all_bytes, all_properties, done, listen, message, profile, read_frame,
    runtime, states, within,
};
use roundtrip::broker::Broker;
use roundtrip::model::connection::ConnectionState;
use roundtrip::model::message::{Message, Properties, Qos};
use roundtrip::model::profile::{MqttVersion, Profile, Will};
use roundtrip::model::topic::{TopicFilter, TopicName};
use roundtrip::mqtt::{ClientError, PublishTicket, SubscribeOptions, clock};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// A broker of the test's own.
struct Place {
    broker: Where,
    runtime: Runtime,
}

enum Where {
    Mosquitto(Mosquitto),
    BuiltIn(Option<Broker>),
}

impl Place {
    fn mosquitto() -> Self {
        Self {
            broker: Where::Mosquitto(Mosquitto::start("max_queued_messages 0")),
            runtime: runtime(),
        }
    }

    fn built_in() -> Self {
        Self {
            broker: Where::BuiltIn(Some(Broker::start(None, None).unwrap())),
            runtime: runtime(),
        }
    }

    fn port(&self) -> u16 {
        match &self.broker {
            Where::Mosquitto(broker) => broker.port(),
            Where::BuiltIn(broker) => broker.as_ref().unwrap().address().port(),
        }
    }

    fn restart(&mut self) {
        let port = self.port();
        match &mut self.broker {
            Where::Mosquitto(broker) => broker.restart(),
            Where::BuiltIn(broker) => {
                *broker = None;
                wait_until("the port is free again", || {
                    *broker = Broker::start(Some(port), None).ok();
                    broker.is_some()
                });
            }
        }
    }

    fn old(&self, client_id: &str) -> Profile {
        old(self.port(), client_id)
    }

    #[track_caller]
    fn connect(&self, profile: Profile) -> Probe {
        Probe::connected(&self.runtime, profile)
    }

    #[track_caller]
    fn send(&self, from: &Probe, message: Message) -> Done {
        done(&self.runtime, from.client.publish(Arc::new(message)))
    }
}

/// A profile for MQTT 3.1.1.
fn old(port: u16, client_id: &str) -> Profile {
    Profile {
        mqtt_version: MqttVersion::V311,
        ..profile(port, client_id)
    }
}

on_both_brokers!(Place:
    every_byte_comes_back_at_every_qos_and_properties_stay_at_home,
    a_message_of_ten_megabytes_and_ten_thousand_small_ones_come_back,
    large_messages_both_ways_at_once_do_not_lock_up,
    an_acknowledgement_does_not_take_44_ms,
    an_old_and_a_new_client_talk_to_each_other,
    a_session_is_resumed_after_a_cut,
    without_a_session_what_was_subscribed_is_asked_for_again,
    a_fresh_client_finds_the_session_of_the_last_one,
    after_a_restart_of_the_broker_everything_is_there_again,
    the_will_of_a_connection_that_was_cut_is_published,
    an_old_client_is_spared_its_own_messages_and_no_others,
    unsubscribed_means_no_more_messages,
    without_a_client_id_one_is_made,
);

fn every_byte_comes_back_at_every_qos_and_properties_stay_at_home(place: &mut Place) {
    let probe = place.connect(place.old("a"));
    let info = probe.wait_connected();
    assert_eq!(info.version, MqttVersion::V311);
    assert_eq!((&*info.client_id, info.session_present), ("a", false));
    let subscribed = probe.subscribe(&place.runtime, "t/#");
    assert_eq!(&*subscribed.reason.text, "granted QoS 2");
    for (index, qos) in Qos::ALL.into_iter().enumerate() {
        let mut sent = message(&format!("t/é/{index}"), qos);
        sent.payload = all_bytes().into();
        sent.properties = all_properties();
        let before = clock::now();
        let outcome = place.send(&probe, sent.clone());
        let published = outcome.published.unwrap();
        assert!(published >= before);
        let acknowledged = outcome.acknowledged.unwrap();
        assert_eq!(acknowledged.is_none(), qos == Qos::AtMostOnce);
        if let Some((reason, at)) = acknowledged {
            assert_eq!((reason.code, &*reason.text), (0, "acknowledged"));
            assert!(at >= published);
        }
        let messages = probe.wait_messages(index + 1);
        let (received, at) = &messages[index];
        assert!(*at >= published);
        sent.properties = Properties::default();
        assert_eq!(**received, sent);
    }
}

fn a_message_of_ten_megabytes_and_ten_thousand_small_ones_come_back(place: &mut Place) {
    let probe = place.connect(place.old("a"));
    probe.subscribe(&place.runtime, "t");
    let payload: Bytes = all_bytes().repeat(40_000).into();
    for qos in Qos::ALL {
        let mut large = message("t", qos);
        large.payload = payload.clone();
        assert!(place.send(&probe, large).acknowledged.is_ok());
    }
    for (message, _) in probe.wait_messages(3) {
        assert!(message.payload == payload);
    }
    let tickets: Vec<PublishTicket> = (0..10_000_u32)
        .map(|number| {
            let mut message = message("t", Qos::AtLeastOnce);
            message.payload = Bytes::copy_from_slice(&number.to_be_bytes());
            probe.client.publish(Arc::new(message))
        })
        .collect();
    for ticket in tickets {
        assert!(done(&place.runtime, ticket).acknowledged.unwrap().is_some());
    }
    let messages = probe.wait_messages(10_003);
    for (number, (message, _)) in (0_u32..).zip(&messages[3..]) {
        assert_eq!(*message.payload, number.to_be_bytes());
    }
}

fn large_messages_both_ways_at_once_do_not_lock_up(place: &mut Place) {
    let probe = place.connect(place.old("a"));
    probe.subscribe(&place.runtime, "t");
    let payload = Bytes::from(vec![7; 1_000_000]);
    let tickets: Vec<PublishTicket> = (0..100)
        .map(|_| {
            let mut message = message("t", Qos::AtMostOnce);
            message.payload = payload.clone();
            probe.client.publish(Arc::new(message))
        })
        .collect();
    for ticket in tickets {
        assert!(done(&place.runtime, ticket).published.is_ok());
    }
    assert_eq!(probe.wait_messages(100).len(), 100);
}

fn an_acknowledgement_does_not_take_44_ms(place: &mut Place) {
    let probe = place.connect(place.old("a"));
    probe.subscribe(&place.runtime, "t");
    let mut times: Vec<Duration> = (1..=50)
        .map(|count| {
            let outcome = place.send(&probe, message("t", Qos::AtLeastOnce));
            let published = outcome.published.unwrap();
            probe.wait_messages(count)[count - 1].1.since(published)
        })
        .collect();
    times.sort();
    assert!(times[25] < Duration::from_millis(20), "{:?}", times[25]);
}

fn an_old_and_a_new_client_talk_to_each_other(place: &mut Place) {
    let old = place.connect(place.old("old"));
    let new = place.connect(profile(place.port(), "new"));
    old.subscribe(&place.runtime, "to/old");
    new.subscribe(&place.runtime, "to/new");
    for (count, qos) in (1..).zip(Qos::ALL) {
        let mut there = message("to/old", qos);
        there.payload = all_bytes().into();
        there.properties = all_properties();
        place.send(&new, there.clone());
        let heard = old.wait_messages(count);
        assert_eq!(heard[count - 1].0.payload, there.payload);
        assert_eq!(heard[count - 1].0.properties, Properties::default());
        let mut back = message("to/new", qos);
        back.payload = all_bytes().into();
        place.send(&old, back.clone());
        let heard = new.wait_messages(count);
        assert_eq!(heard[count - 1].0.payload, back.payload);
        assert_eq!(heard[count - 1].0.qos, qos);
    }
}

fn a_session_is_resumed_after_a_cut(place: &mut Place) {
    let keeping = Profile {
        clean_start: false,
        ..place.old("a")
    };
    let probe = place.connect(keeping);
    probe.subscribe(&place.runtime, "t");
    let other = place.connect(profile(place.port(), "b"));
    probe.client.cut();
    let (state, problem) = probe.wait_problem();
    assert!(matches!(state, ConnectionState::Retrying { .. }));
    assert!(
        problem.summary.contains("was cut here"),
        "{}",
        problem.summary
    );
    // The broker keeps it for the client that is away.
    place.send(&other, message("t", Qos::ExactlyOnce));
    assert!(probe.wait_connected().session_present);
    assert_eq!(probe.wait_messages(1)[0].0.qos, Qos::ExactlyOnce);
    place.send(&other, message("t", Qos::AtLeastOnce));
    probe.wait_messages(2);
    place.send(&probe, message("t", Qos::ExactlyOnce));
    assert_eq!(probe.wait_messages(3).len(), 3);
}

fn without_a_session_what_was_subscribed_is_asked_for_again(place: &mut Place) {
    let probe = place.connect(place.old("a"));
    probe.subscribe(&place.runtime, "t");
    for count in 1..=2 {
        let before = states(&probe).len();
        probe.client.cut();
        wait_until("the loss", || states(&probe).len() > before);
        assert!(!probe.wait_connected().session_present);
        // Answered when the SUBACK of the new connection has come.
        probe.subscribe(&place.runtime, "t");
        place.send(&probe, message("t", Qos::AtLeastOnce));
        assert_eq!(probe.wait_messages(count).len(), count);
    }
}

fn a_fresh_client_finds_the_session_of_the_last_one(place: &mut Place) {
    let keeping = || Profile {
        clean_start: false,
        ..place.old("a")
    };
    let first = place.connect(keeping());
    first.subscribe(&place.runtime, "t");
    first.client.disconnect();
    wait_until("the end", || {
        first.client.state() == ConnectionState::Disconnected
    });
    let other = place.connect(profile(place.port(), "b"));
    place.send(&other, message("t", Qos::AtLeastOnce));
    let second = place.connect(keeping());
    assert!(second.wait_connected().session_present);
    second.wait_messages(1);
    second.subscribe(&place.runtime, "u");
    place.send(&second, message("u", Qos::ExactlyOnce));
    second.wait_messages(2);
    // A clean session ends it.
    second.client.disconnect();
    wait_until("the end", || {
        second.client.state() == ConnectionState::Disconnected
    });
    let clean = place.connect(place.old("a"));
    assert!(!clean.wait_connected().session_present);
}

fn after_a_restart_of_the_broker_everything_is_there_again(place: &mut Place) {
    for clean_start in [true, false] {
        let probe = place.connect(Profile {
            clean_start,
            ..place.old(if clean_start { "a" } else { "b" })
        });
        probe.subscribe(&place.runtime, "t");
        let before = states(&probe).len();
        place.restart();
        wait_until("the loss", || states(&probe).len() > before);
        assert!(!probe.wait_connected().session_present);
        probe.subscribe(&place.runtime, "t");
        place.send(&probe, message("t", Qos::ExactlyOnce));
        probe.wait_messages(1);
    }
}

fn the_will_of_a_connection_that_was_cut_is_published(place: &mut Place) {
    let watcher = place.connect(profile(place.port(), "w"));
    watcher.subscribe(&place.runtime, "will");
    let will = Will {
        topic: TopicName::new("will").unwrap(),
        payload: all_bytes().into(),
        qos: Qos::AtLeastOnce,
        retain: false,
        delay_secs: 0,
        properties: all_properties(),
    };
    for (count, mqtt_version) in (1..).zip(MqttVersion::ALL) {
        let mortal = Profile {
            will: Some(will.clone()),
            mqtt_version,
            ..profile(place.port(), "m")
        };
        let probe = place.connect(mortal);
        probe.client.cut();
        let messages = watcher.wait_messages(count);
        let heard = &messages[count - 1].0;
        assert_eq!(heard.payload, will.payload);
        let mut properties = heard.properties.clone();
        // The built-in broker names the publisher.
        let is_own = |name: &str| name == roundtrip::model::message::PUBLISHER_PROPERTY;
        properties.user_properties.retain(|one| !is_own(&one.name));
        if mqtt_version == MqttVersion::V5 {
            let expiry = properties.message_expiry_secs.unwrap();
            assert!((990..=1000).contains(&expiry));
            properties.message_expiry_secs = Some(1000);
            assert_eq!(properties, will.properties);
        } else {
            assert_eq!(properties, Properties::default());
        }
        // A proper end needs no will.
        probe.wait_connected();
        probe.client.disconnect();
        wait_until("the end", || {
            probe.client.state() == ConnectionState::Disconnected
        });
    }
    place.send(&watcher, message("will", Qos::AtLeastOnce));
    assert_eq!(watcher.wait_messages(3).len(), 3);
}

fn an_old_client_is_spared_its_own_messages_and_no_others(place: &mut Place) {
    let spared = SubscribeOptions {
        no_local: true,
        ..SubscribeOptions::default()
    };
    for (index, mqtt_version) in MqttVersion::ALL.into_iter().enumerate() {
        let probe = place.connect(Profile {
            mqtt_version,
            ..profile(place.port(), "a")
        });
        let other = place.connect(profile(place.port(), "b"));
        for filter in ["t/#", "t/+"] {
            let filter = TopicFilter::new(filter).unwrap();
            let answer = probe.client.subscribe(filter, spared);
            within(&place.runtime, answer).unwrap();
        }
        probe.subscribe(&place.runtime, "wanted");
        for qos in Qos::ALL {
            place.send(&probe, message(&format!("t/{index}"), qos));
        }
        let own = place.send(&probe, message("wanted", Qos::AtLeastOnce));
        assert!(own.acknowledged.is_ok());
        let mut foreign = message("t/x", Qos::AtLeastOnce);
        foreign.payload = "of another".into();
        place.send(&other, foreign.clone());
        wait_until("what is wanted", || {
            let messages = probe.messages();
            let has = |topic: &str| messages.iter().any(|(one, _)| one.topic.as_str() == topic);
            has("wanted") && has("t/x")
        });
        let own_topic = format!("t/{index}");
        let messages = probe.messages();
        let is_own = |(one, _): &&(Arc<Message>, _)| one.topic.as_str() == own_topic;
        assert_eq!(messages.iter().find(is_own), None, "{mqtt_version}");
    }
}

fn unsubscribed_means_no_more_messages(place: &mut Place) {
    let probe = place.connect(place.old("a"));
    probe.subscribe(&place.runtime, "t");
    probe.subscribe(&place.runtime, "end");
    let filter = TopicFilter::new("t").unwrap();
    within(&place.runtime, probe.client.unsubscribe(filter)).unwrap();
    place.send(&probe, message("t", Qos::AtLeastOnce));
    place.send(&probe, message("end", Qos::AtLeastOnce));
    let messages = probe.wait_messages(1);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].0.topic.as_str(), "end");
}

fn without_a_client_id_one_is_made(place: &mut Place) {
    let probe = place.connect(place.old(""));
    let id = Arc::clone(&probe.wait_connected().client_id);
    // MQTT 3.1.1 §3.1.3.1: every broker takes that.
    assert!((1..=23).contains(&id.len()), "{id}");
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    probe.client.cut();
    let (_, problem) = probe.wait_problem();
    assert!(problem.summary.contains("was cut here"));
    assert_eq!(probe.wait_connected().client_id, id);
}

#[test]
fn a_session_that_the_broker_wrote_down_survives_its_restart() {
    let runtime = runtime();
    let mut broker = Mosquitto::start_with(|directory| {
        format!(
            "persistence true\npersistence_location {}/\nautosave_interval 1\nautosave_on_changes true",
            directory.display()
        )
    });
    let keeping = Profile {
        clean_start: false,
        ..old(broker.port(), "a")
    };
    let probe = Probe::connected(&runtime, keeping);
    let topic = "kept/over/a/restart";
    probe.subscribe(&runtime, topic);
    let file = broker.directory().join("mosquitto.db");
    wait_until("the subscription is on disk", || {
        std::fs::read(&file).is_ok_and(|bytes| {
            let mut windows = bytes.windows(topic.len());
            windows.any(|one| one == topic.as_bytes())
        })
    });
    broker.kill();
    probe.wait_problem();
    broker.restart();
    assert!(probe.wait_connected().session_present);
    let ticket = probe
        .client
        .publish(Arc::new(message(topic, Qos::ExactlyOnce)));
    assert!(done(&runtime, ticket).acknowledged.is_ok());
    probe.wait_messages(1);
}

#[test]
fn a_wrong_password_is_refused_in_words() {
    let runtime = runtime();
    let broker = Mosquitto::start_with(|directory| {
        let file = directory.join("passwords");
        let made = std::process::Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(&file)
            .args(["ann", "right"])
            .status();
        assert!(made.unwrap().success());
        format!("allow_anonymous false\npassword_file {}", file.display())
    });
    let ann = || Profile {
        user_name: Some("ann".into()),
        ..old(broker.port(), "a")
    };
    let probe = Probe::start_with(&runtime, ann(), Some("wrong"));
    let (state, problem) = probe.wait_problem();
    assert!(matches!(state, ConnectionState::Refused { .. }));
    let address = format!("127.0.0.1:{}", broker.port());
    let summary = format!("{address} refused the connection: not authorized");
    assert_eq!(*problem.summary, *summary);
    assert!(problem.hint.contains("`ann`"), "{}", problem.hint);
    assert!(problem.detail.contains("return code 5"));
    assert!(matches!(
        probe.try_subscribe(&runtime, "t"),
        Err(ClientError::NotConnected { .. })
    ));
    Probe::start_with(&runtime, ann(), Some("right")).wait_connected();
    // A password alone goes with an empty user name.
    let nobody = Probe::start_with(&runtime, old(broker.port(), "b"), Some("right"));
    let (_, problem) = nobody.wait_problem();
    assert!(problem.summary.contains("not authorized"));
}

#[test]
fn a_subscription_that_is_refused_is_told_in_words() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(&runtime, old(port, "a"));
    let mut broker = accept(&listener);
    broker.write_all(&[0x20, 2, 0, 0]).unwrap();
    probe.wait_connected();
    let answer = std::thread::scope(|scope| {
        scope.spawn(|| {
            let subscribe = read_frame(&mut broker);
            // Packet Identifier, filter, QoS: no properties.
            assert_eq!(subscribe[4..], [0, 1, b't', 2]);
            let suback = [0x90, 3, subscribe[2], subscribe[3], 0x80];
            broker.write_all(&suback).unwrap();
        });
        probe.subscribe(&runtime, "t")
    });
    assert!(answer.reason.is_refusal());
    assert_eq!(&*answer.reason.text, "refused; MQTT 3.1.1 does not say why");
    assert!(probe.client.state().is_connected());
}

/// CONNECT, PUBLISH and their answers as they are on the wire.
#[test]
fn what_is_under_way_is_repeated_after_the_session_was_resumed() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(
        &runtime,
        Profile {
            clean_start: false,
            ..old(port, "a")
        },
    );
    let mut first = accept(&listener);
    first.write_all(&[0x20, 2, 0, 0]).unwrap();
    probe.wait_connected();
    let mut twice = message("t", Qos::ExactlyOnce);
    twice.payload = "2".into();
    let once = probe
        .client
        .publish(Arc::new(message("t", Qos::AtLeastOnce)));
    let frame = read_frame(&mut first);
    assert_eq!(frame[..5], [0x32, 10, 0, 1, b't']);
    let twice = probe.client.publish(Arc::new(twice));
    let received = read_frame(&mut first);
    assert_eq!(received[0], 0x34);
    first
        .write_all(&[0x50, 2, received[5], received[6]])
        .unwrap();
    assert_eq!(read_frame(&mut first)[..2], [0x62, 2]);
    drop(first);
    let mut second = accept(&listener);
    second.write_all(&[0x20, 2, 1, 0]).unwrap();
    let again = [read_frame(&mut second), read_frame(&mut second)];
    let publish = again.iter().find(|one| one[0] == 0x3A).unwrap();
    assert_eq!(
        publish[1..],
        frame[1..],
        "with the DUP flag and otherwise the same"
    );
    let release = again.iter().find(|one| one[0] == 0x62).unwrap();
    assert_eq!(release[2..], received[5..7]);
    second.write_all(&[0x40, 2, frame[5], frame[6]]).unwrap();
    second
        .write_all(&[0x70, 2, release[2], release[3]])
        .unwrap();
    for ticket in [once, twice] {
        let outcome = done(&runtime, ticket);
        assert_eq!(outcome.acknowledged.unwrap().unwrap().0.code, 0);
    }
}

#[test]
fn what_is_under_way_fails_when_the_broker_kept_no_session() {
    let runtime = runtime();
    let (listener, port) = listen();
    for clean_start in [true, false] {
        let probe = Probe::start(
            &runtime,
            Profile {
                clean_start,
                ..old(port, "a")
            },
        );
        let mut first = accept(&listener);
        first.write_all(&[0x20, 2, 0, 0]).unwrap();
        probe.wait_connected();
        let under_way = probe
            .client
            .publish(Arc::new(message("t", Qos::AtLeastOnce)));
        read_frame(&mut first);
        drop(first);
        let mut second = accept(&listener);
        second.write_all(&[0x20, 2, 0, 0]).unwrap();
        let outcome = done(&runtime, under_way);
        assert!(outcome.published.is_ok());
        match outcome.acknowledged.unwrap_err() {
            ClientError::Lost { .. } if clean_start => {}
            ClientError::SessionGone { .. } if !clean_start => {}
            other => panic!("{other:?}"),
        }
        probe.wait_connected();
        let next = probe
            .client
            .publish(Arc::new(message("u", Qos::AtLeastOnce)));
        let frame = read_frame(&mut second);
        assert_eq!((frame[0], frame[4]), (0x32, b'u'));
        second.write_all(&[0x40, 2, frame[5], frame[6]]).unwrap();
        assert!(done(&runtime, next).acknowledged.is_ok());
    }
}

/// A PUBLISH on `t` at QoS 0.
fn publish_t(payload: u8) -> [u8; 6] {
    [0x30, 4, 0, 1, b't', payload]
}

#[test]
fn own_messages_are_known_with_the_session_and_only_those_that_went_out() {
    for session_present in [1, 0] {
        let runtime = runtime();
        let (listener, port) = listen();
        let probe = Probe::start(
            &runtime,
            Profile {
                clean_start: false,
                session_expiry_secs: 60,
                ..old(port, "a")
            },
        );
        let mut first = accept(&listener);
        first.write_all(&[0x20, 2, 0, 0]).unwrap();
        probe.wait_connected();
        let spared = SubscribeOptions {
            no_local: true,
            ..SubscribeOptions::default()
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let subscribe = read_frame(&mut first);
                let suback = [0x90, 3, subscribe[2], subscribe[3], 0];
                first.write_all(&suback).unwrap();
            });
            let filter = TopicFilter::new("t").unwrap();
            within(&runtime, probe.client.subscribe(filter, spared)).unwrap();
        });
        let of = |payload: &'static str| {
            let mut message = message("t", Qos::AtMostOnce);
            message.payload = payload.into();
            Arc::new(message)
        };
        assert!(
            done(&runtime, probe.client.publish(of("1")))
                .published
                .is_ok()
        );
        read_frame(&mut first);
        drop(first);
        probe.wait_problem();
        // Not sent before the next connection, and never where that has no session.
        let waiting = probe.client.publish(of("2"));
        let mut second = accept(&listener);
        second.write_all(&[0x20, 2, session_present, 0]).unwrap();
        assert_eq!(
            done(&runtime, waiting).published.is_ok(),
            session_present == 1
        );
        for payload in [b'1', b'2', b'!'] {
            second.write_all(&publish_t(payload)).unwrap();
        }
        wait_until("the last one", || {
            let messages = probe.messages();
            messages.iter().any(|(one, _)| *one.payload == *b"!")
        });
        let heard: Vec<Bytes> = probe
            .messages()
            .iter()
            .map(|(one, _)| one.payload.clone())
            .collect();
        let of_others: &[&[u8]] = if session_present == 1 {
            &[b"!"]
        } else {
            &[b"1", b"2", b"!"]
        };
        assert_eq!(heard, of_others, "session present: {session_present}");
    }
}

#[test]
fn the_connect_says_which_version_and_nothing_that_it_does_not_have() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(
        &runtime,
        Profile {
            session_expiry_secs: 9,
            ..old(port, "a")
        },
    );
    let (mut broker, _) = listener.accept().unwrap();
    let connect = read_frame(&mut broker);
    // Protocol name, level 4, Clean Session, keep alive 60, client id; nothing more.
    let whole = [&[0x10, 13, 0, 4][..], b"MQTT", &[4, 2, 0, 60, 0, 1, b'a']].concat();
    assert_eq!(connect, whole);
    drop(probe);
}

#[test]
fn a_broker_that_speaks_the_other_version_alone_is_named_in_both_directions() {
    let runtime = runtime();
    let (listener, port) = listen();
    for (mine, answer, words, hint) in [
        (
            MqttVersion::V5,
            &[0x20, 2, 0, 1][..],
            "speaks MQTT 3.1.1 only",
            "Choose MQTT 3.1.1",
        ),
        (
            MqttVersion::V311,
            &[0x20, 2, 0, 1],
            "does not speak MQTT 3.1.1",
            "Choose MQTT 5",
        ),
        (
            MqttVersion::V311,
            &[0x20, 3, 0, 0x84, 0],
            "does not speak MQTT 3.1.1",
            "Choose MQTT 5",
        ),
        (
            MqttVersion::V5,
            &[0x20, 3, 0, 0x84, 0],
            "does not speak MQTT 5",
            "Choose MQTT 3.1.1",
        ),
        (
            MqttVersion::V311,
            &[],
            "closed the connection before its CONNACK",
            "Brokers that speak MQTT 5 alone",
        ),
        (
            MqttVersion::V311,
            b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            "answers with HTTP, not with MQTT",
            "Use ws:// or wss:// in the address",
        ),
    ] {
        let probe = Probe::start(
            &runtime,
            Profile {
                mqtt_version: mine,
                ..profile(port, "a")
            },
        );
        let mut broker = accept(&listener);
        broker.write_all(answer).unwrap();
        drop(broker);
        let (_, problem) = probe.wait_problem();
        assert!(problem.summary.contains(words), "{}", problem.summary);
        assert!(problem.hint.contains(hint), "{}", problem.hint);
    }
}

#[test]
fn messages_before_the_end_in_the_same_read_are_delivered() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(&runtime, old(port, "a"));
    let mut broker = accept(&listener);
    broker.write_all(&[0x20, 2, 0, 0]).unwrap();
    probe.wait_connected();
    // A packet type that does not exist.
    let bytes = [&[0x30, 4, 0, 1, b't', b'!'].repeat(20)[..], &[0, 0]].concat();
    broker.write_all(&bytes).unwrap();
    let (_, problem) = probe.wait_problem();
    assert!(
        problem.summary.contains("no MQTT 3.1.1"),
        "{}",
        problem.summary
    );
    assert_eq!(probe.messages().len(), 20);
}

#[test]
fn a_cut_does_not_wait_for_a_broker_that_never_stops() {
    let runtime = runtime();
    let (listener, port) = listen();
    for mqtt_version in MqttVersion::ALL {
        let probe = Probe::start(
            &runtime,
            Profile {
                mqtt_version,
                ..profile(port, "a")
            },
        );
        let mut broker = accept(&listener);
        let (connack, publish) = match mqtt_version {
            MqttVersion::V5 => (&[0x20, 3, 0, 0, 0][..], &[0x30, 5, 0, 1, b't', 0, b'!'][..]),
            MqttVersion::V311 => (&[0x20, 2, 0, 0][..], &[0x30, 4, 0, 1, b't', b'!'][..]),
        };
        broker.write_all(connack).unwrap();
        probe.wait_connected();
        let many = publish.repeat(10_000);
        std::thread::scope(|scope| {
            // Until the socket is gone.
            scope.spawn(|| while broker.write_all(&many).is_ok() {});
            probe.wait_messages(100);
            probe.client.cut();
            let (_, problem) = probe.wait_problem();
            assert!(problem.summary.contains("was cut here"));
        });
        probe.client.disconnect();
        // An attempt that has begun meanwhile is not for the next one.
        wait_until("the end", || {
            probe.client.state() == ConnectionState::Disconnected
        });
        listener.set_nonblocking(true).unwrap();
        while listener.accept().is_ok() {}
        listener.set_nonblocking(false).unwrap();
    }
}

#[test]
fn pings_keep_an_idle_connection() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let probe = Probe::connected(
        &runtime,
        Profile {
            keep_alive_secs: 1,
            ..old(broker.port(), "a")
        },
    );
    wait_until("three pings", || {
        broker.log().matches("Received PINGREQ from a").count() >= 3
    });
    assert_eq!(states(&probe), ["connecting", "connected"]);
}
