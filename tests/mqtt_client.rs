//! The MQTT client against a real broker.

mod common;
#[path = "common/probe.rs"]
mod probe;

use bytes::Bytes;
use common::{Mosquitto, free_port, wait_until};
use probe::{
    Done, Probe, accept, all_properties, done, listen, message, profile, read_frame, runtime,
    states, within,
};
use roundtrip::broker::Broker;
use roundtrip::model::connection::ConnectionState;
use roundtrip::model::message::{Message, Qos};
use roundtrip::model::profile::{BrokerAddress, Profile, Will};
use roundtrip::model::time::Timestamp;
use roundtrip::model::topic::{TopicFilter, TopicName};
use roundtrip::mqtt::{ClientError, PublishTicket, clock};
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn every_property_survives_the_broker_at_every_qos() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    let subscribed = probe.subscribe(&runtime, "t/#");
    assert_eq!(
        (subscribed.reason.code, &*subscribed.reason.text),
        (2, "granted QoS 2")
    );
    for (index, qos) in Qos::ALL.into_iter().enumerate() {
        let mut sent = message(&format!("t/{index}"), qos);
        sent.properties = all_properties();
        let before = clock::now();
        let Done {
            published,
            acknowledged,
        } = done(&runtime, probe.client.publish(Arc::new(sent.clone())));
        let published = published.unwrap();
        assert!(published >= before);
        match (qos, acknowledged.unwrap()) {
            (Qos::AtMostOnce, None) => {}
            (Qos::AtMostOnce, Some(_)) | (_, None) => panic!("{qos}: wrong acknowledgement"),
            (_, Some((reason, at))) => {
                assert_eq!(reason.code, 0);
                assert!(at >= published);
            }
        }
        let messages = probe.wait_messages(index + 1);
        let (received, at) = &messages[index];
        assert!(
            *at >= published,
            "a reply is never earlier than its request"
        );
        let mut received = Message::clone(received);
        let expiry = received.properties.message_expiry_secs.unwrap();
        assert!((990..=1000).contains(&expiry));
        received.properties.message_expiry_secs = Some(1000);
        assert_eq!(received, sent);
    }
}

#[test]
fn an_acknowledgement_does_not_take_44_ms_with_a_broker_that_leaves_nagle_on() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    probe.subscribe(&runtime, "t");
    let mut times: Vec<Duration> = (1..=50)
        .map(|count| {
            let ticket = probe
                .client
                .publish(Arc::new(message("t", Qos::AtLeastOnce)));
            let published = done(&runtime, ticket).published.unwrap();
            probe.wait_messages(count)[count - 1].1.since(published)
        })
        .collect();
    times.sort();
    assert!(
        times[25] < Duration::from_millis(20),
        "median {:?}",
        times[25]
    );
}

#[test]
fn nobody_who_listens_is_told_at_qos_1() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    let ticket = probe
        .client
        .publish(Arc::new(message("t", Qos::AtLeastOnce)));
    let (reason, _) = done(&runtime, ticket).acknowledged.unwrap().unwrap();
    assert_eq!(
        (reason.code, &*reason.text),
        (0x10, "no matching subscribers")
    );
}

#[test]
fn what_the_broker_says_in_its_connack_is_told() {
    let (runtime, broker) = (
        runtime(),
        Mosquitto::start("max_packet_size 5000\nmax_keepalive 30\nmax_qos 1"),
    );
    let probe = Probe::start(&runtime, profile(broker.port(), ""));
    let info = probe.wait_connected();
    assert!(info.client_id_was_assigned && !info.client_id.is_empty());
    assert_eq!(&*info.address, format!("127.0.0.1:{}", broker.port()));
    assert_eq!(info.server_keep_alive_secs, Some(30));
    assert_eq!(info.maximum_packet_size, Some(5000));
    assert_eq!(info.maximum_qos, Some(Qos::AtLeastOnce));
    assert!(!info.session_present);
}

#[test]
fn keep_alive_may_be_short_or_off() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    for keep_alive_secs in [0, 1] {
        let probe = Probe::connected(
            &runtime,
            Profile {
                keep_alive_secs,
                ..profile(broker.port(), "a")
            },
        );
        if keep_alive_secs == 1 {
            wait_until("a ping", || {
                broker.log().contains("Received PINGREQ from a")
            });
        }
        assert!(probe.client.state().is_connected());
    }
}

#[test]
fn what_the_broker_does_not_take_is_refused_and_the_connection_stays() {
    let (runtime, broker) = (
        runtime(),
        Mosquitto::start("max_packet_size 1000\nmax_qos 1\nretain_available false"),
    );
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    probe.subscribe(&runtime, "t");
    let mut large = message("t", Qos::AtLeastOnce);
    large.payload = Bytes::from(vec![0; 1000]);
    let mut retained = message("t", Qos::AtLeastOnce);
    retained.retain = true;
    let mut alias = message("t", Qos::AtLeastOnce);
    alias.properties.topic_alias = Some(500);
    let mut empty = message("t", Qos::AtLeastOnce);
    empty.topic = TopicName::received("");
    for wrong in [
        large,
        retained,
        alias,
        empty,
        message("t", Qos::ExactlyOnce),
    ] {
        let Done {
            published,
            acknowledged,
        } = done(&runtime, probe.client.publish(Arc::new(wrong)));
        let err = published.unwrap_err();
        assert!(err.to_string().starts_with("not sent: "), "{err}");
        assert_eq!(acknowledged.unwrap_err(), err);
    }
    let ticket = probe
        .client
        .publish(Arc::new(message("t", Qos::AtLeastOnce)));
    assert!(done(&runtime, ticket).acknowledged.is_ok());
    probe.wait_messages(1);
    assert_eq!(states(&probe), ["connecting", "connected"]);
}

#[test]
fn ten_megabytes_come_back_whole() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    probe.subscribe(&runtime, "t");
    let payload: Bytes = (0..10_000_000_u32)
        .map(|n| n.to_le_bytes()[0])
        .collect::<Vec<_>>()
        .into();
    for qos in Qos::ALL {
        let mut large = message("t", qos);
        large.payload = payload.clone();
        let ticket = probe.client.publish(Arc::new(large));
        let outcome = done(&runtime, ticket);
        assert!(outcome.acknowledged.is_ok(), "{outcome:?}");
    }
    for (message, _) in probe.wait_messages(3) {
        assert!(message.payload == payload);
    }
}

#[test]
fn ten_thousand_messages_at_once_keep_their_order_and_are_all_acknowledged() {
    let (runtime, broker) = (runtime(), Mosquitto::start("max_queued_messages 0"));
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    probe.subscribe(&runtime, "t");
    let tickets: Vec<PublishTicket> = (0..10_000_u32)
        .map(|number| {
            let mut message = message("t", Qos::AtLeastOnce);
            message.payload = Bytes::copy_from_slice(&number.to_be_bytes());
            probe.client.publish(Arc::new(message))
        })
        .collect();
    let mut last = Timestamp::default();
    for ticket in tickets {
        let done = done(&runtime, ticket);
        let published = done.published.unwrap();
        assert!(published >= last);
        last = published;
        assert_eq!(done.acknowledged.unwrap().unwrap().0.code, 0);
    }
    for (number, (message, _)) in (0_u32..).zip(probe.wait_messages(10_000)) {
        assert_eq!(*message.payload, number.to_be_bytes());
    }
}

#[test]
fn large_messages_both_ways_at_once_do_not_lock_up() {
    let (runtime, broker) = (runtime(), Mosquitto::start("max_queued_messages 0"));
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    probe.subscribe(&runtime, "t");
    let payload = Bytes::from(vec![7; 1_000_000]);
    let tickets: Vec<PublishTicket> = (0..100)
        .map(|_| {
            let mut message = message("t", Qos::AtMostOnce);
            message.payload = payload.clone();
            probe.client.publish(Arc::new(message))
        })
        .collect();
    for ticket in tickets {
        assert!(done(&runtime, ticket).published.is_ok());
    }
    assert_eq!(probe.wait_messages(100).len(), 100);
}

#[test]
fn a_large_message_over_a_slow_line_may_take_longer_than_the_keep_alive() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(
        &runtime,
        Profile {
            keep_alive_secs: 1,
            ..profile(port, "a")
        },
    );
    let mut broker = accept(&listener);
    broker.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
    probe.wait_connected();
    let mut large = message("t", Qos::AtMostOnce);
    large.payload = Bytes::from(vec![0; 40_000_000]);
    let ticket = probe.client.publish(Arc::new(large));
    // About four seconds for all of it, whatever the buffers in between hold.
    let mut piece = vec![0; 1_000_000];
    for _ in 0..40 {
        std::thread::sleep(Duration::from_millis(100));
        broker.read_exact(&mut piece).unwrap();
    }
    assert!(done(&runtime, ticket).published.is_ok());
    assert_eq!(states(&probe), ["connecting", "connected"]);
}

#[test]
fn a_broker_that_hangs_is_noticed_by_the_keep_alive() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(
        &runtime,
        Profile {
            keep_alive_secs: 1,
            ..profile(port, "a")
        },
    );
    let mut broker = accept(&listener);
    broker.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
    probe.wait_connected();
    let mut large = message("t", Qos::AtMostOnce);
    large.payload = Bytes::from(vec![0; 40_000_000]);
    let ticket = probe.client.publish(Arc::new(large));
    let (_, problem) = probe.wait_problem();
    assert!(
        problem.summary.contains("did not answer a ping"),
        "{}",
        problem.summary
    );
    assert!(matches!(
        done(&runtime, ticket).published,
        Err(ClientError::Lost { .. })
    ));
}

#[test]
fn a_broker_that_is_not_there_is_told_in_words() {
    let runtime = runtime();
    let port = free_port();
    let probe = Probe::start(&runtime, profile(port, "a"));
    let (state, problem) = probe.wait_problem();
    assert!(matches!(
        state,
        ConnectionState::Retrying { attempt: 1, .. }
    ));
    assert_eq!(
        &*problem.summary,
        format!("nothing listens on 127.0.0.1:{port}: connection refused")
    );
    let ticket = probe
        .client
        .publish(Arc::new(message("t", Qos::AtLeastOnce)));
    let err = done(&runtime, ticket).published.unwrap_err().to_string();
    assert!(
        err.contains("connection refused") || err.contains("being made"),
        "{err}"
    );
    wait_until("a second attempt", || {
        matches!(
            probe.client.state(),
            ConnectionState::Retrying { attempt: 2.., .. }
        )
    });
}

#[test]
fn a_name_that_does_not_exist_is_told_in_words() {
    let runtime = runtime();
    let probe = Probe::start(
        &runtime,
        Profile {
            address: BrokerAddress::mqtt("no-such-host.invalid", 1883),
            ..profile(1, "a")
        },
    );
    let (_, problem) = probe.wait_problem();
    assert_eq!(
        &*problem.summary,
        "the name `no-such-host.invalid` was not found"
    );
}

#[test]
fn a_subscription_waits_for_the_broker_and_disconnecting_ends_everything() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let probe = Probe::start(&runtime, profile(broker.port(), "a"));
    probe.subscribe(&runtime, "t");
    let ticket = probe
        .client
        .publish(Arc::new(message("t", Qos::AtLeastOnce)));
    probe.client.disconnect();
    assert!(done(&runtime, ticket).published.is_ok());
    wait_until("disconnected", || {
        probe.client.state() == ConnectionState::Disconnected
    });
    wait_until("a DISCONNECT", || {
        broker.log().contains("Received DISCONNECT from a")
    });
    assert!(matches!(
        probe.try_subscribe(&runtime, "u"),
        Err(ClientError::Closed { .. })
    ));
    let ticket = probe
        .client
        .publish(Arc::new(message("t", Qos::AtLeastOnce)));
    assert!(matches!(
        done(&runtime, ticket).published,
        Err(ClientError::Closed { .. })
    ));
}

#[test]
fn dropping_the_last_handle_ends_the_connection() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    let second = probe.client.clone();
    drop(probe);
    assert!(second.state().is_connected());
    drop(second);
    wait_until("a DISCONNECT", || {
        broker.log().contains("Received DISCONNECT from a")
    });
}

#[test]
fn unsubscribed_means_no_more_messages_even_after_a_reconnect() {
    let (runtime, mut broker) = (runtime(), Mosquitto::start(""));
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    probe.subscribe(&runtime, "t");
    probe.subscribe(&runtime, "kept");
    within(
        &runtime,
        probe.client.unsubscribe(TopicFilter::new("t").unwrap()),
    )
    .unwrap();
    broker.kill();
    probe.wait_problem();
    broker.restart();
    probe.wait_connected();
    probe.subscribe(&runtime, "kept");
    for topic in ["t", "kept"] {
        let ticket = probe
            .client
            .publish(Arc::new(message(topic, Qos::AtLeastOnce)));
        done(&runtime, ticket).acknowledged.unwrap();
    }
    let messages = probe.wait_messages(1);
    assert_eq!(messages[0].0.topic.as_str(), "kept");
}

#[test]
fn a_killed_broker_is_told_and_the_subscriptions_come_back() {
    let (runtime, mut broker) = (runtime(), Mosquitto::start(""));
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    probe.subscribe(&runtime, "t/#");
    broker.kill();
    let (state, problem) = probe.wait_problem();
    assert!(matches!(state, ConnectionState::Retrying { .. }));
    assert!(
        problem.summary.contains("closed the connection") || problem.summary.contains("refused"),
        "{}",
        problem.summary
    );
    broker.restart();
    let info = probe.wait_connected();
    assert!(!info.session_present);
    let other = Probe::connected(&runtime, profile(broker.port(), "b"));
    wait_until("subscribed again", || {
        let ticket = other
            .client
            .publish(Arc::new(message("t/x", Qos::AtLeastOnce)));
        done(&runtime, ticket).acknowledged.unwrap().unwrap().0.code == 0
    });
    probe.wait_messages(1);
}

#[test]
fn reconnect_now_cuts_the_back_off_short() {
    let runtime = runtime();
    let mut broker = Mosquitto::start("");
    broker.kill();
    let probe = Probe::start(&runtime, profile(broker.port(), "a"));
    wait_until("a long back-off", || {
        matches!(
            probe.client.state(),
            ConnectionState::Retrying { attempt: 4.., .. }
        )
    });
    broker.restart();
    let before = clock::now();
    probe.client.reconnect_now();
    probe.wait_connected();
    // The fourth pause is 4 s, less a fifth.
    assert!(clock::now().since(before) < Duration::from_secs(3));
}

#[test]
fn a_takeover_says_so_and_does_not_fight_back() {
    let runtime = runtime();
    let broker = Broker::start(None, None).unwrap();
    let port = broker.address().port();
    let first = Probe::connected(&runtime, profile(port, "same"));
    let second = Probe::connected(&runtime, profile(port, "same"));
    let (state, problem) = first.wait_problem();
    assert!(
        matches!(state, ConnectionState::Refused { .. }),
        "{state:?}"
    );
    assert!(
        problem
            .summary
            .contains("session taken over by another client with the same client id"),
        "{}",
        problem.summary
    );
    assert_eq!(problem.reason.unwrap().code, 0x8E);
    assert!(second.client.state().is_connected());
}

/// Mosquitto 2.0 closes the older connection without a DISCONNECT.
#[test]
fn a_takeover_without_a_word_is_hinted_at() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let first = Probe::connected(&runtime, profile(broker.port(), "same"));
    let _second = Probe::connected(&runtime, profile(broker.port(), "same"));
    let (_, problem) = first.wait_problem();
    assert!(
        problem.hint.contains("client id `same`"),
        "{}",
        problem.hint
    );
}

#[test]
fn a_wrong_password_is_refused_for_good_until_asked_again() {
    let (runtime, broker) = (
        runtime(),
        Mosquitto::start_with(|directory| {
            let file = directory.join("passwords");
            let made = std::process::Command::new("mosquitto_passwd")
                .args(["-b", "-c"])
                .arg(&file)
                .args(["ann", "right"])
                .status();
            assert!(made.unwrap().success());
            format!("allow_anonymous false\npassword_file {}", file.display())
        }),
    );
    let ann = || Profile {
        user_name: Some("ann".into()),
        ..profile(broker.port(), "a")
    };
    let probe = Probe::start_with(&runtime, ann(), Some("wrong"));
    let (state, problem) = probe.wait_problem();
    assert!(
        matches!(state, ConnectionState::Refused { .. }),
        "{state:?}"
    );
    assert!(problem.summary.contains("refused the connection: "));
    assert!([0x86, 0x87].contains(&problem.reason.unwrap().code));
    assert!(matches!(
        probe.try_subscribe(&runtime, "t"),
        Err(ClientError::NotConnected { .. })
    ));
    let attempts = states(&probe).len();
    probe.client.reconnect_now();
    wait_until("a second refusal", || states(&probe).len() >= attempts + 2);
    assert!(matches!(
        probe.client.state(),
        ConnectionState::Refused { .. }
    ));
    let right = Probe::start_with(&runtime, ann(), Some("right"));
    right.wait_connected();
}

#[test]
fn what_the_broker_forbids_is_told_with_its_reason_code() {
    let (runtime, broker) = (
        runtime(),
        Mosquitto::start_with(|directory| {
            let file = directory.join("acl");
            std::fs::write(&file, "topic readwrite open/#\n").unwrap();
            format!("acl_file {}", file.display())
        }),
    );
    let probe = Probe::connected(&runtime, profile(broker.port(), "a"));
    for qos in [Qos::AtLeastOnce, Qos::ExactlyOnce] {
        // More than a Receive Maximum of 20: a refusal must not use up the window.
        for _ in 0..30 {
            let ticket = probe.client.publish(Arc::new(message("closed", qos)));
            let (reason, _) = done(&runtime, ticket).acknowledged.unwrap().unwrap();
            assert_eq!((reason.code, &*reason.text), (0x87, "not authorized"));
        }
    }
    assert!(probe.client.state().is_connected());
}

#[test]
fn a_will_with_delay_is_published_when_the_connection_dies() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let watcher = Probe::connected(&runtime, profile(broker.port(), "w"));
    watcher.subscribe(&runtime, "will");
    let mortal = Profile {
        will: Some(Will {
            topic: TopicName::new("will").unwrap(),
            payload: Bytes::from_static(b"gone"),
            qos: Qos::AtLeastOnce,
            retain: false,
            delay_secs: 1,
            properties: all_properties(),
        }),
        session_expiry_secs: 10,
        ..profile(broker.port(), "m")
    };
    let dying = self::runtime();
    let probe = Probe::connected(&dying, mortal);
    // No DISCONNECT: the task is gone before it can say goodbye.
    dying.shutdown_background();
    let messages = watcher.wait_messages(1);
    let (message, _) = &messages[0];
    assert_eq!(&*message.payload, b"gone");
    assert_eq!(
        message.properties.correlation_data,
        all_properties().correlation_data
    );
    assert_eq!(
        message.properties.user_properties,
        all_properties().user_properties
    );
    drop(probe);
}

#[test]
fn a_stable_client_id_resumes_the_brokers_session_in_a_fresh_process() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let keeping = |clean_start| Profile {
        clean_start,
        session_expiry_secs: 100,
        ..profile(broker.port(), "a")
    };
    let first = Probe::connected(&runtime, keeping(true));
    first.subscribe(&runtime, "t");
    drop(first);
    wait_until("a DISCONNECT", || {
        broker.log().contains("Received DISCONNECT from a")
    });
    let other = Probe::connected(&runtime, profile(broker.port(), "b"));
    let ticket = other
        .client
        .publish(Arc::new(message("t", Qos::AtLeastOnce)));
    done(&runtime, ticket).acknowledged.unwrap();
    let second = Probe::start(&runtime, keeping(false));
    assert!(second.wait_connected().session_present);
    second.wait_messages(1);
    // rumqttc by itself would refuse both here.
    second.subscribe(&runtime, "u");
    let ticket = second
        .client
        .publish(Arc::new(message("u", Qos::ExactlyOnce)));
    done(&runtime, ticket).acknowledged.unwrap();
    second.wait_messages(2);
}

#[test]
fn what_is_under_way_is_acknowledged_after_the_session_was_resumed() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(
        &runtime,
        Profile {
            session_expiry_secs: 100,
            ..profile(port, "a")
        },
    );
    let mut first = accept(&listener);
    first.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
    probe.wait_connected();
    let under_way = probe
        .client
        .publish(Arc::new(message("t", Qos::AtLeastOnce)));
    let frame = read_frame(&mut first);
    assert_eq!(frame[0], 0x32);
    drop(first);
    let mut second = accept(&listener);
    second.write_all(&[0x20, 3, 1, 0, 0]).unwrap();
    let again = read_frame(&mut second);
    assert_eq!(again[0], 0x3A, "a repetition has the DUP flag");
    assert_eq!(again[1..], frame[1..]);
    second.write_all(&[0x40, 2, frame[5], frame[6]]).unwrap();
    let outcome = done(&runtime, under_way);
    assert_eq!(outcome.acknowledged.unwrap().unwrap().0.code, 0);
}

#[test]
fn what_is_under_way_fails_when_the_broker_kept_no_session() {
    let runtime = runtime();
    let (listener, port) = listen();
    for session_expiry_secs in [0, 100] {
        let probe = Probe::start(
            &runtime,
            Profile {
                session_expiry_secs,
                ..profile(port, "a")
            },
        );
        let mut first = accept(&listener);
        first.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
        probe.wait_connected();
        let under_way = probe
            .client
            .publish(Arc::new(message("t", Qos::AtLeastOnce)));
        read_frame(&mut first);
        drop(first);
        let mut second = accept(&listener);
        second.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
        let outcome = done(&runtime, under_way);
        assert!(outcome.published.is_ok());
        match outcome.acknowledged.unwrap_err() {
            ClientError::Lost { why, .. } if session_expiry_secs == 0 => {
                assert!(why.contains("closed the connection"), "{why}");
            }
            ClientError::SessionGone { .. } if session_expiry_secs > 0 => {}
            other => panic!("{other:?}"),
        }
        // The next publish finds its own acknowledgement.
        probe.wait_connected();
        let next = probe
            .client
            .publish(Arc::new(message("u", Qos::AtLeastOnce)));
        let frame = read_frame(&mut second);
        assert_eq!((frame[0], frame[4]), (0x32, b'u'));
        second
            .write_all(&[0x40, 3, frame[5], frame[6], 0x10])
            .unwrap();
        let outcome = done(&runtime, next);
        assert_eq!(outcome.acknowledged.unwrap().unwrap().0.code, 0x10);
    }
}

#[test]
fn messages_before_a_disconnect_in_the_same_read_are_delivered() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(&runtime, profile(port, "a"));
    let mut broker = accept(&listener);
    broker.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
    probe.wait_connected();
    let publish = [0x30, 5, 0, 1, b't', 0, b'!'];
    let mut bytes = publish.repeat(20);
    bytes.extend([0xE0, 1, 0x8B]);
    broker.write_all(&bytes).unwrap();
    drop(broker);
    let (_, problem) = probe.wait_problem();
    assert!(
        problem.summary.contains("server shutting down"),
        "{}",
        problem.summary
    );
    assert_eq!(probe.messages().len(), 20);
}

#[test]
fn a_goodbye_that_comes_byte_by_byte_is_understood() {
    let runtime = runtime();
    let (listener, port) = listen();
    for goodbye in [&[0xE0, 1, 0x8D][..], &[0xE0, 2, 0x8D, 0], &[0xE0, 0]] {
        let probe = Probe::start(&runtime, profile(port, "a"));
        let mut broker = accept(&listener);
        broker.set_nodelay(true).unwrap();
        broker.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
        probe.wait_connected();
        for byte in goodbye {
            broker.write_all(&[*byte]).unwrap();
            std::thread::sleep(Duration::from_millis(10));
        }
        let (_, problem) = probe.wait_problem();
        let code = if goodbye.len() > 2 { 0x8D } else { 0 };
        assert_eq!(problem.reason.unwrap().code, code);
    }
}

#[test]
fn messages_before_rubbish_in_the_same_read_are_delivered() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(&runtime, profile(port, "a"));
    let mut broker = accept(&listener);
    broker.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
    probe.wait_connected();
    let mut bytes = [0x30, 5, 0, 1, b't', 0, b'!'].repeat(3);
    // An alias that was never announced, then a packet type that does not exist.
    bytes.extend([0x30, 7, 0, 0, 3, 0x23, 0, 9, b'!', 0x00, 0x00]);
    broker.write_all(&bytes).unwrap();
    let (_, problem) = probe.wait_problem();
    assert!(!problem.summary.is_empty());
    assert_eq!(probe.messages().len(), 3);
}

#[test]
fn a_refusal_shows_the_brokers_own_words() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(&runtime, profile(port, "a"));
    let mut broker = accept(&listener);
    broker
        .write_all(b"\x20\x10\x00\x8A\x0D\x1F\x00\x0Ago away ok")
        .unwrap();
    let (state, problem) = probe.wait_problem();
    assert!(matches!(state, ConnectionState::Refused { .. }));
    assert!(
        problem.summary.ends_with("banned: go away ok"),
        "{}",
        problem.summary
    );
}

#[test]
fn a_broker_for_mqtt_3_only_and_one_that_hangs_up_are_told_apart() {
    let runtime = runtime();
    let (listener, port) = listen();
    for (answer, words) in [
        (&[0x20, 2, 0, 1][..], "MQTT 3.1.1 only"),
        (&[], "closed the connection before its CONNACK"),
        (
            b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            "answers with HTTP, not with MQTT",
        ),
    ] {
        let probe = Probe::start(&runtime, profile(port, "a"));
        let mut broker = accept(&listener);
        broker.write_all(answer).unwrap();
        drop(broker);
        let (_, problem) = probe.wait_problem();
        assert!(problem.summary.contains(words), "{}", problem.summary);
    }
}

#[test]
fn a_topic_that_breaks_the_rules_does_no_harm() {
    let runtime = runtime();
    let (listener, port) = listen();
    let probe = Probe::start(&runtime, profile(port, "a"));
    let mut broker = accept(&listener);
    broker.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
    probe.wait_connected();
    broker
        .write_all(&[0x30, 4, 0, 0, 0, b'!', 0x30, 5, 0, 1, b't', 0, b'!'])
        .unwrap();
    wait_until("something", || {
        probe.messages().len() == 2 || probe.client.state().problem().is_some()
    });
}
