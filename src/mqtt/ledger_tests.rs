use super::*;
use bytes::Bytes;

const AT: Timestamp = Timestamp::from_nanos(7);

fn message(qos: Qos) -> Arc<Message> {
    let mut message = Message::new(TopicName::new("t").unwrap(), "x");
    message.qos = qos;
    Arc::new(message)
}

fn push(ledger: &mut Ledger, qos: Qos, token: u64) {
    assert!(ledger.push(message(qos), Watcher::Token(token)).is_ok());
}

fn lost() -> ClientError {
    ClientError::Lost {
        address: "h:1".into(),
        why: "why".into(),
    }
}

fn publish(ordinal: u64, qos: u8, packet_id: u16) -> Outgoing {
    Outgoing::Publish {
        ordinal,
        qos,
        packet_id,
    }
}

fn written(ordinal: u64) -> Outgoing {
    Outgoing::Written { ordinal, at: AT }
}

fn tokens(told: &[Progress]) -> Vec<(char, u64)> {
    told.iter()
        .filter_map(|one| match one {
            Progress::Numbered { .. } => None,
            Progress::Published { token, .. } => Some(('p', *token)),
            Progress::Acknowledged { token, .. } => Some(('a', *token)),
            Progress::Failed { token, .. } => Some(('f', *token)),
        })
        .collect()
}

#[test]
fn each_publish_hears_of_its_own_acknowledgement() {
    let (mut ledger, mut told) = (Ledger::default(), Vec::new());
    for (token, qos) in [
        Qos::AtLeastOnce,
        Qos::AtMostOnce,
        Qos::ExactlyOnce,
        Qos::AtLeastOnce,
    ]
    .into_iter()
    .enumerate()
    {
        push(&mut ledger, qos, token as u64);
        assert!(ledger.next(0, &mut told).is_some());
    }
    for event in [
        publish(0, 1, 10),
        publish(1, 0, 0),
        publish(2, 2, 11),
        publish(3, 1, 12),
    ] {
        ledger.on_outgoing(event, &mut told);
    }
    for ordinal in 0..4 {
        ledger.on_outgoing(written(ordinal), &mut told);
    }
    ledger.on_end(12, Reason::new(0, "ok"), AT, &mut told);
    ledger.on_received(11, Reason::new(0, "ok"), AT, &mut told);
    ledger.on_end(11, Reason::new(0, "ok"), AT, &mut told);
    ledger.on_end(10, Reason::new(0x87, "no"), AT, &mut told);
    assert_eq!(
        tokens(&told),
        [
            ('p', 0),
            ('p', 1),
            ('p', 2),
            ('p', 3),
            ('a', 3),
            ('a', 2),
            ('a', 0)
        ]
    );
    let numbers = told.iter().filter_map(|one| match one {
        Progress::Numbered { token, packet_id } => Some((*token, *packet_id)),
        _ => None,
    });
    assert_eq!(numbers.collect::<Vec<_>>(), [(0, 10), (2, 11), (3, 12)]);
    assert!(!ledger.has_unsent());
}

#[test]
fn not_more_than_the_receive_maximum_is_under_way() {
    let (mut ledger, mut told) = (Ledger::default(), Vec::new());
    ledger.set_limits(Limits {
        window: 2,
        ..Limits::default()
    });
    for token in 0..3 {
        push(&mut ledger, Qos::AtLeastOnce, token);
    }
    assert!(ledger.next(0, &mut told).is_some());
    assert!(ledger.next(0, &mut told).is_some());
    assert!(ledger.next(0, &mut told).is_none());
    ledger.on_outgoing(publish(0, 1, 1), &mut told);
    assert!(ledger.next(0, &mut told).is_none());
    ledger.on_end(1, Reason::new(0, "ok"), AT, &mut told);
    assert!(ledger.next(0, &mut told).is_some());
}

#[test]
fn nothing_is_handed_over_while_the_socket_is_behind() {
    let (mut ledger, mut told) = (Ledger::default(), Vec::new());
    push(&mut ledger, Qos::AtMostOnce, 0);
    assert!(ledger.next(HANDED_MAX_BYTES, &mut told).is_none());
    assert!(ledger.next(HANDED_MAX_BYTES - 1, &mut told).is_some());
}

#[test]
fn a_resumed_session_goes_on_where_it_was() {
    let (mut ledger, mut told) = (Ledger::default(), Vec::new());
    for token in 0..3 {
        push(&mut ledger, Qos::AtLeastOnce, token);
        ledger.next(0, &mut told);
    }
    ledger.on_outgoing(publish(0, 1, 1), &mut told);
    ledger.on_outgoing(written(0), &mut told);
    // The second went to the tap and not to the socket, the third is still inside rumqttc.
    ledger.on_outgoing(publish(1, 1, 2), &mut told);
    ledger.hold(&lost(), &mut told);
    for event in [
        publish(0, 1, 1),
        publish(1, 1, 2),
        publish(2, 1, 3),
        written(0),
        written(1),
        written(2),
    ] {
        ledger.on_outgoing(event, &mut told);
    }
    for packet_id in [1, 2, 3] {
        ledger.on_end(packet_id, Reason::new(0, "ok"), AT, &mut told);
    }
    assert_eq!(
        tokens(&told),
        [('p', 0), ('p', 1), ('p', 2), ('a', 0), ('a', 1), ('a', 2)]
    );
}

#[test]
fn without_a_session_everything_that_waits_fails_once() {
    let (mut ledger, mut told) = (Ledger::default(), Vec::new());
    for (token, qos) in [Qos::AtLeastOnce, Qos::AtMostOnce, Qos::AtLeastOnce]
        .into_iter()
        .enumerate()
    {
        push(&mut ledger, qos, token as u64);
        ledger.next(0, &mut told);
    }
    push(&mut ledger, Qos::AtLeastOnce, 3);
    ledger.on_outgoing(publish(0, 1, 1), &mut told);
    ledger.on_outgoing(written(0), &mut told);
    ledger.on_outgoing(publish(1, 0, 0), &mut told);
    ledger.fail(&lost(), 0, &mut told);
    assert_eq!(
        tokens(&told),
        [('p', 0), ('f', 1), ('f', 0), ('f', 2), ('f', 3)]
    );
    assert!(!ledger.has_unsent());
    told.clear();
    ledger.fail(&lost(), 0, &mut told);
    assert!(told.is_empty());
}

#[test]
fn what_rumqttc_will_still_send_keeps_its_place() {
    let (mut ledger, mut told) = (Ledger::default(), Vec::new());
    for token in 0..3 {
        push(&mut ledger, Qos::AtLeastOnce, token);
        ledger.next(0, &mut told);
    }
    ledger.fail(&lost(), 1, &mut told);
    ledger.on_outgoing(publish(0, 1, 1), &mut told);
    ledger.on_outgoing(written(0), &mut told);
    assert_eq!(tokens(&told), [('f', 0), ('f', 1), ('p', 2)]);
}

#[test]
fn the_limits_of_the_broker_are_kept_before_sending() {
    let limits = Limits {
        maximum_packet_size: 20,
        maximum_qos: Qos::AtLeastOnce,
        retain_available: false,
        ..Limits::default()
    };
    assert!(limits.check(&message(Qos::AtLeastOnce)).is_ok());
    assert!(matches!(
        limits.check(&message(Qos::ExactlyOnce)),
        Err(ClientError::QosNotSupported { .. })
    ));
    let mut large = Message::clone(&message(Qos::AtLeastOnce));
    large.payload = Bytes::from_static(&[0; 30]);
    assert!(matches!(
        limits.check(&large),
        Err(ClientError::TooLarge { maximum: 20, .. })
    ));
    let mut retained = Message::clone(&message(Qos::AtLeastOnce));
    retained.retain = true;
    assert_eq!(
        limits.check(&retained),
        Err(ClientError::RetainNotSupported)
    );
    let mut alias = Message::clone(&message(Qos::AtLeastOnce));
    alias.properties.topic_alias = Some(1);
    assert!(matches!(
        limits.check(&alias),
        Err(ClientError::TopicAlias { .. })
    ));
}

#[test]
fn a_message_that_mqtt_forbids_is_not_handed_over() {
    let mut empty = Message::clone(&message(Qos::AtLeastOnce));
    empty.topic = TopicName::received("");
    assert!(check_form(&empty).is_err());
    let mut wild = Message::clone(&message(Qos::AtLeastOnce));
    wild.properties.response_topic = Some(TopicName::received("a/#"));
    assert!(check_form(&wild).is_err());
    let mut long = Message::clone(&message(Qos::AtLeastOnce));
    long.properties.content_type = Some("x".repeat(70_000).into());
    assert!(check_form(&long).is_err());
    assert!(check_form(&message(Qos::AtLeastOnce)).is_ok());
}

#[test]
fn the_queue_has_an_end() {
    let mut ledger = Ledger::default();
    for token in 0..QUEUE_MAX as u64 {
        push(&mut ledger, Qos::AtLeastOnce, token);
    }
    assert!(matches!(
        ledger.push(message(Qos::AtLeastOnce), Watcher::Token(9)),
        Err((_, ClientError::TooMuchQueued { .. }))
    ));
}

#[test]
fn only_what_still_waits_can_be_taken_back() {
    let (mut ledger, mut told) = (Ledger::default(), Vec::new());
    for token in 1..=4 {
        push(&mut ledger, Qos::AtLeastOnce, token);
    }
    for _ in 0..3 {
        assert!(ledger.next(0, &mut told).is_some());
    }
    for event in [publish(1, 1, 1), publish(2, 1, 2), written(1)] {
        ledger.on_outgoing(event, &mut told);
    }
    let withdrawn = [1, 2, 3, 4].map(|token| ledger.withdraw(token));
    assert_eq!(
        withdrawn,
        [OnWire::Yes, OnWire::Maybe, OnWire::Maybe, OnWire::No]
    );
    assert!(ledger.next(0, &mut told).is_none(), "it is not sent later");
    assert_eq!(ledger.queue_bytes, 0);
    assert_eq!(tokens(&told), [('p', 1)]);
}

#[test]
fn what_failed_says_how_far_it_had_come() {
    let (mut ledger, mut told) = (Ledger::default(), Vec::new());
    for token in 1..=4 {
        push(&mut ledger, Qos::AtLeastOnce, token);
    }
    for _ in 0..3 {
        assert!(ledger.next(0, &mut told).is_some());
    }
    for event in [publish(1, 1, 1), publish(2, 1, 2), written(1)] {
        ledger.on_outgoing(event, &mut told);
    }
    told.clear();
    ledger.fail(&lost(), 0, &mut told);
    let came: Vec<OnWire> = told
        .iter()
        .filter_map(|one| match one {
            Progress::Failed { on_wire, .. } => Some(*on_wire),
            _ => None,
        })
        .collect();
    assert_eq!(came, [OnWire::Yes, OnWire::Maybe, OnWire::No, OnWire::No]);
}
