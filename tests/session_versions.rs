//! Connections of both versions of MQTT in one session, on the same broker.
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
use desk::{Desk, HERE, draft, valid};
use probe::Probe;
use roundtrip::model::connection::ConnectionState;
use roundtrip::model::exchange::{MessageVerdict, Verdict};
use roundtrip::model::message::{Message, Properties, Qos, UserProperty};
use roundtrip::model::profile::{MqttVersion, Profile, ProfileDraft, WillDraft};
use roundtrip::model::request::{Request, ResponseTopicDraft};
use roundtrip::model::responder::DeviceDraft;
use roundtrip::model::timeline::Row;
use roundtrip::model::topic::TopicName;
use std::sync::Arc;

/// The connection that speaks MQTT 3.1.1.
const OLD: &str = "old";

on_both_brokers!(Desk:
    both_versions_ask_and_are_answered_at_once,
    a_request_is_shown_as_it_went_out,
    a_device_of_3_1_1_answers_where_it_always_does,
    a_device_that_hears_its_own_answers_does_not_answer_them,
    a_connection_that_is_cut_comes_back_and_its_will_is_published,
);

fn profile(desk: &Desk, id: &str, mqtt_version: MqttVersion) -> Profile {
    Profile {
        mqtt_version,
        ..desk.profile(id)
    }
}

fn connect_old(desk: &mut Desk) {
    let profile = profile(desk, OLD, MqttVersion::V311);
    desk.connect_as(profile);
}

fn start_device(desk: &mut Desk, mqtt_version: MqttVersion, toml: &str) {
    let spec: DeviceDraft = toml::from_str(toml).unwrap();
    let rules = desk.session.rules();
    let device = spec.validate(rules).unwrap_or_else(|err| panic!("{err:?}"));
    let profile = profile(desk, "devices", mqtt_version);
    let id = device.name.to_string();
    desk.session
        .start_device(&id, device, &profile, None)
        .unwrap_or_else(|err| panic!("{err}"));
    desk.wait_listening(&id);
}

/// With everything that MQTT 5 has for it.
fn rich(topic: &str, response_topic: &str, payload: &str) -> Request {
    let mut draft = draft();
    topic.clone_into(&mut draft.topic);
    draft.response_topic = ResponseTopicDraft::Typed(response_topic.to_owned());
    payload.clone_into(&mut draft.payload);
    "text/plain".clone_into(&mut draft.content_type);
    "60".clone_into(&mut draft.message_expiry_secs);
    draft.user_properties = vec![UserProperty {
        name: "n".to_owned(),
        value: "v".to_owned(),
    }];
    valid(&draft)
}

fn both_versions_ask_and_are_answered_at_once(desk: &mut Desk) {
    desk.connect(HERE);
    connect_old(desk);
    let new_device = r#"
        name = "new"
        listens = ["ask/new"]
        reply = "new {{payload}}"
    "#;
    let old_device = r#"
        name = "old device"
        listens = ["ask/old"]
        reply = "old {{payload}}"
        reply_topic = "answers/old"
    "#;
    start_device(desk, MqttVersion::V5, new_device);
    start_device(desk, MqttVersion::V311, old_device);
    let asked: Vec<_> = (0..5)
        .map(|number| {
            let text = number.to_string();
            let new = desk.send_on(HERE, &rich("ask/new", "answers/new", &text));
            let old = desk.send_on(OLD, &rich("ask/old", "answers/old", &text));
            (text, new, old)
        })
        .collect();
    for (text, new, old) in asked {
        for (id, device) in [(new, "new"), (old, "old")] {
            let exchange = desk.wait_verdict(id, "answered");
            let payload = &exchange.replies[0].message.payload;
            assert_eq!(*payload, format!("{device} {text}"));
            // Both ends were seen, whichever version they speak.
            desk.wait_exchange(id, "seen by its device", |exchange| {
                exchange.legs.device_answered.is_some()
            });
        }
    }
    for (id, version) in [(HERE, MqttVersion::V5), (OLD, MqttVersion::V311)] {
        assert_eq!(desk.session.state(id).info().unwrap().version, version);
    }
    assert!(desk.messages().is_empty(), "{:?}", desk.messages());
}

fn a_request_is_shown_as_it_went_out(desk: &mut Desk) {
    let runtime = probe::runtime();
    let responder = Probe::connected(&runtime, probe::profile(desk.port(), "responder"));
    responder.subscribe(&runtime, "#");
    connect_old(desk);
    let first = desk.send_on(OLD, &rich("ask", "answers", "1"));
    let second = desk.send_on(OLD, &rich("ask", "answers", "2"));
    // Two that cannot be told apart: the window says so.
    let third = rich("ask", "answers", "3");
    assert_eq!(desk.session.twins(OLD, &third), [first, second]);
    let heard = responder.wait_messages(2);
    for (id, (message, _)) in [first, second].into_iter().zip(&heard) {
        assert_eq!(foreign_properties(message), Properties::default());
        let exchange = desk.exchange(id);
        assert_eq!(exchange.message.properties, Properties::default());
        assert_eq!(exchange.message.payload, message.payload);
        assert_eq!(exchange.request.content_type.as_deref(), Some("text/plain"));
    }
    for answer in ["to 1", "to 2"] {
        let mut message = Message::new(TopicName::new("answers").unwrap(), answer);
        message.properties = probe::all_properties();
        responder.client.publish(Arc::new(message));
    }
    for (id, answer) in [(first, "to 1"), (second, "to 2")] {
        let exchange = desk.wait_verdict(id, "answered");
        assert_eq!(exchange.replies[0].message.payload, answer);
        assert_eq!(exchange.replies[0].verdict, MessageVerdict::Reply);
        let reply = &exchange.replies[0].message;
        assert_eq!(reply.properties, Properties::default());
    }
    // The same of a message that nobody is to answer.
    let mut bare = rich("tell", "answers", "x");
    bare.response_topic = None;
    let sent = desk.session.publish(OLD, Arc::new(bare)).unwrap();
    assert_eq!(sent.properties, Properties::default());
    desk.wait("published", |session| {
        let mut rows = session.timeline.rows();
        rows.any(|row| matches!(&*row, Row::Publish(row) if Arc::ptr_eq(&row.message, &sent)))
    });
}

/// Without what the built-in broker adds.
fn foreign_properties(message: &Message) -> Properties {
    let mut properties = message.properties.clone();
    let added = roundtrip::model::message::PUBLISHER_PROPERTY;
    properties.user_properties.retain(|one| one.name != added);
    properties
}

fn a_device_of_3_1_1_answers_where_it_always_does(desk: &mut Desk) {
    let device = r#"
        name = "device"
        listens = ["ask"]
        reply = "yes"
        reply_topic = "answers/here"
    "#;
    start_device(desk, MqttVersion::V311, device);
    desk.connect(HERE);
    let mut plain = draft();
    "ask".clone_into(&mut plain.topic);
    plain.correlation_data = roundtrip::model::correlation::CorrelationDraft::of_kind(
        roundtrip::model::correlation::CorrelationKind::None,
    );
    // From MQTT 5 to 3.1.1 and back: what is not there on both sides is equal.
    let id = desk.send(&valid(&plain));
    assert_eq!(desk.exchange(id).message.properties.correlation_data, None);
    let exchange = desk.wait_verdict(id, "answered");
    assert_eq!(exchange.replies[0].message.payload, "yes");
    // Correlation Data that the device never saw does not come back.
    let id = desk.send(&rich("ask", "answers/here", "x"));
    let row = desk.wait_message(MessageVerdict::MissingCorrelation);
    assert_eq!(row.near, Some(id));
    assert_eq!(desk.exchange(id).verdict, Verdict::Waiting);
}

fn a_device_that_hears_its_own_answers_does_not_answer_them(desk: &mut Desk) {
    let device = r##"
        name = "parrot"
        listens = ["#"]
        reply = "{{payload}}"
        reply_topic = "answers/here"
    "##;
    start_device(desk, MqttVersion::V311, device);
    connect_old(desk);
    for payload in ["same", "same", "other"] {
        let id = desk.send_on(OLD, &rich("ask", "answers/here", payload));
        desk.wait_verdict(id, "answered");
    }
    // Its last answer is the last that it says.
    let id = desk.send_on(OLD, &rich("ask", "answers/here", "end"));
    desk.wait_verdict(id, "answered");
    desk.wait("counted", |session| {
        session.device("parrot").unwrap().answered >= 4
    });
    let device = desk.session.device("parrot").unwrap();
    assert_eq!((device.received, device.answered), (4, 4));
}

fn a_connection_that_is_cut_comes_back_and_its_will_is_published(desk: &mut Desk) {
    let runtime = probe::runtime();
    let watcher = Probe::connected(&runtime, probe::profile(desk.port(), "watcher"));
    watcher.subscribe(&runtime, "gone/#");
    let address = match &desk.mosquitto {
        Some(mosquitto) => mosquitto.url(),
        None => roundtrip::model::profile::BUILT_IN_ADDRESS.to_owned(),
    };
    for (index, mqtt_version) in MqttVersion::ALL.into_iter().enumerate() {
        let id = format!("mortal-{}", mqtt_version.word());
        let draft = ProfileDraft {
            name: id.clone(),
            address: address.clone(),
            client_id: id.clone(),
            mqtt_version: mqtt_version.into(),
            will: Some(WillDraft {
                topic: format!("gone/{}", mqtt_version.word()),
                qos: Qos::AtLeastOnce,
                payload: "\"bye\"".to_owned(),
                response_topic: "who/asks".to_owned(),
                correlation_data: "hex:00ff".to_owned().into(),
                content_type: "application/json".to_owned(),
                message_expiry_secs: Some(1000),
                user_properties: vec![UserProperty {
                    name: "n".to_owned(),
                    value: "v".to_owned(),
                }],
                ..WillDraft::default()
            }),
            ..ProfileDraft::default()
        };
        desk.connect_as(draft.validate(&id).unwrap());
        desk.session.cut(&id);
        let messages = watcher.wait_messages(index + 1);
        let will = &messages[index].0;
        assert_eq!(will.payload, "\"bye\"");
        let properties = foreign_properties(will);
        if mqtt_version == MqttVersion::V5 {
            assert_eq!(properties.response_topic.unwrap().as_str(), "who/asks");
            assert_eq!(properties.correlation_data.unwrap().as_bytes(), [0, 255]);
            assert_eq!(properties.content_type.as_deref(), Some("application/json"));
            assert_eq!(properties.user_properties.len(), 1);
            assert!(properties.message_expiry_secs.is_some());
        } else {
            assert_eq!(properties, Properties::default());
        }
        desk.wait("it was told", |session| !session.state(&id).is_connected());
        desk.wait_connected(&id);
        let told = &desk.states[id.as_str()];
        assert_eq!(
            told[..],
            [
                "connecting",
                "connected",
                "retrying",
                "connecting",
                "connected"
            ]
        );
        desk.session.disconnect(&id);
    }
    // A proper end publishes none.
    wait_until("the watcher is still there", || {
        matches!(watcher.client.state(), ConnectionState::Connected(_))
    });
    assert_eq!(watcher.messages().len(), 2);
}
