//! What is read and written becomes packets of the log, however it is cut.

use super::*;
use crate::model::packet::{Logged, Value, decode};
use bytes::BytesMut;
use proptest::prelude::*;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5;
use std::sync::atomic::{AtomicUsize, Ordering};

fn at(nanos: i64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

fn log() -> (Arc<PacketLog>, Cutters) {
    let log = Arc::new(PacketLog::new(|| {}));
    let cutters = Cutters::new(Arc::clone(&log), MqttVersion::V5, Secrets::default());
    (log, cutters)
}

fn reel(log: &PacketLog) -> Reel {
    let mut reel = Reel::default();
    log.catch_up(&mut reel);
    reel
}

fn packets(reel: &Reel) -> Vec<(Way, Vec<u8>, usize)> {
    let all = reel.iter().filter_map(|logged| logged.packet().copied());
    all.map(|packet| (packet.way, packet.bytes.to_vec(), packet.size))
        .collect()
}

const STREAM: [&[u8]; 5] = [
    &[0x20, 3, 0, 0, 0],
    &[0x32, 9, 0, 1, b'a', 0x12, 0x34, 0, 1, 2, 3],
    &[0xD0, 0],
    &[0x40, 2, 0, 7],
    &[0xE0, 1, 0x8E],
];

#[test]
fn packets_are_found_in_both_directions_with_their_identifiers() {
    let (log, mut cutters) = log();
    cutters.read(&STREAM.concat(), at(1));
    cutters.written(&[0xC0, 0, 0x62, 2, 0, 9], at(2));
    let reel = reel(&log);
    let ids: Vec<(Way, Kind, u16, i64)> = reel
        .iter()
        .filter_map(|logged: Logged<'_>| {
            let packet = logged.packet()?;
            Some((
                packet.way,
                packet.kind(),
                packet.packet_id,
                logged.at.as_nanos(),
            ))
        })
        .collect();
    assert_eq!(
        ids,
        [
            (Way::In, Kind::Connack, 0, 1),
            (Way::In, Kind::Publish, 0x1234, 1),
            (Way::In, Kind::Pingresp, 0, 1),
            (Way::In, Kind::Puback, 7, 1),
            (Way::In, Kind::Disconnect, 0, 1),
            (Way::Out, Kind::Pingreq, 0, 2),
            (Way::Out, Kind::Pubrel, 9, 2),
        ]
    );
}

#[test]
fn a_large_packet_is_kept_in_part_and_those_after_it_whole() {
    let (log, mut cutters) = log();
    let mut large = vec![0x30, 0x84, 0x80, 0x40, 0, 1, b'a', 0];
    large.resize(8 + 1_048_576, b'x');
    for piece in [&large[..], STREAM[3]].concat().chunks(10_000) {
        cutters.read(piece, at(1));
    }
    let most = Bounds::SMALL.packet_bytes;
    assert_eq!(
        packets(&reel(&log)),
        [
            (Way::In, large[..most].to_vec(), large.len()),
            (Way::In, STREAM[3].to_vec(), 4),
        ]
    );
}

#[test]
fn what_is_no_mqtt_and_what_did_not_end_is_kept_as_such() {
    let (log, mut cutters) = log();
    cutters.read(&STREAM[1][..6], at(1));
    cutters.end(at(2));
    cutters.end(at(3));
    let kept = reel(&log);
    let packet = *kept.get(0).unwrap().packet().unwrap();
    assert!(packet.is_incomplete);
    assert_eq!(
        (packet.bytes, packet.size, kept.len()),
        (&STREAM[1][..6], 6, 1)
    );

    let (log, mut cutters) = self::log();
    let other = b"\x15\xFF\xFF\xFF\xFF and so on";
    cutters.read(&other[..7], at(1));
    cutters.read(&other[7..], at(2));
    let kept = reel(&log);
    let packet = *kept.get(0).unwrap().packet().unwrap();
    assert_eq!((packet.bytes, kept.len()), (&other[..7], 1));
}

/// A CONNECT as rumqttc writes it.
fn connect(password: &[u8], data: &[u8]) -> BytesMut {
    let connect = v5::Connect {
        keep_alive: 30,
        client_id: "desk".to_owned(),
        clean_start: true,
        properties: Some(v5::ConnectProperties {
            authentication_method: Some("X-PROOF".to_owned()),
            authentication_data: Some(data.to_vec().into()),
            ..v5::ConnectProperties::new()
        }),
    };
    let auth = v5::ConnectAuth::UsernamePassword {
        username: "anna".to_owned(),
        password: password.to_vec().into(),
    };
    let mut bytes = BytesMut::new();
    connect.write(&None, &auth, &mut bytes).unwrap();
    bytes
}

fn holds_part_of(bytes: &[u8], secret: &[u8]) -> bool {
    let mut parts = secret.windows(4);
    parts.any(|part| bytes.windows(4).any(|here| here == part))
}

#[test]
fn a_password_is_in_no_byte_of_the_log_however_it_was_written() {
    let (password, proof) = (&b"Zq7@Vx9Kw"[..], &b"n,,n=bob,r=proof"[..]);
    let bytes = connect(password, proof);
    let mut seen = Vec::new();
    for piece in [1, 7, 40, bytes.len()] {
        let (log, mut cutters) = log();
        for part in bytes.chunks(piece) {
            cutters.written(part, at(1));
        }
        let kept = reel(&log);
        let packet = *kept.get(0).unwrap().packet().unwrap();
        assert!(packet.is_masked && kept.len() == 1);
        assert!(!holds_part_of(packet.bytes, password) && !holds_part_of(packet.bytes, proof));
        let decoded = decode(packet.bytes, packet.size, MqttVersion::V5);
        assert_eq!(
            (decoded.flaws.len(), decoded.text("User Name")),
            (0, Some("anna"))
        );
        assert_eq!(decoded.get("Password"), Some(&Value::Masked));
        seen.push(packet.bytes.to_vec());
    }
    seen.dedup();
    assert_eq!(seen.len(), 1);
    // Where it was never written to its end nobody knows what the rest is.
    for cut in 1..bytes.len() {
        let (log, mut cutters) = log();
        cutters.written(&bytes[..cut], at(1));
        cutters.end(at(2));
        let kept = reel(&log);
        let packet = *kept.get(0).unwrap().packet().unwrap();
        let is_clean =
            !holds_part_of(packet.bytes, password) && !holds_part_of(packet.bytes, proof);
        assert!(is_clean && packet.is_incomplete, "{cut}");
    }
}

#[test]
fn a_proof_is_taken_out_of_what_the_broker_says() {
    let (log, mut cutters) = log();
    let data = &[0x16, 0, 5, b'v', b'=', b'x', b'y', b'z'];
    let connack = [&[0x20, 11, 0, 0, 8][..], data].concat();
    cutters.read(&connack, at(1));
    cutters.read(&[&[0xF0, 10, 0x18, 8][..], data].concat(), at(1));
    for logged in reel(&log).iter() {
        let packet = logged.packet().unwrap();
        assert!(packet.is_masked && !packet.bytes.windows(3).any(|part| part == b"xyz"));
        let decoded = decode(packet.bytes, packet.size, MqttVersion::V5);
        assert_eq!(decoded.flaws, []);
        assert_eq!(decoded.get("Authentication Data"), Some(&Value::Masked));
    }
}

#[test]
fn whoever_looks_is_woken_once_for_what_is_new() {
    let woken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&woken);
    let log = Arc::new(PacketLog::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    }));
    log.note(Note::Attempt, "127.0.0.1:1883");
    assert_eq!(woken.load(Ordering::Relaxed), 0, "nobody looks");
    let mut reel = Reel::default();
    log.catch_up(&mut reel);
    log.note(Note::Step, "TCP");
    log.note(Note::Ended, "from here");
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    log.catch_up(&mut reel);
    assert_eq!(reel.len(), 3);
    log.clear();
    assert_eq!(woken.load(Ordering::Relaxed), 2);
}

#[test]
fn what_the_codec_in_use_writes_is_read_field_by_field() {
    let mut publish = v5::Publish::new(
        "home/lamp",
        QoS::AtLeastOnce,
        b"on".to_vec(),
        Some(v5::PublishProperties {
            payload_format_indicator: Some(1),
            message_expiry_interval: Some(60),
            response_topic: Some("home/reply".to_owned()),
            correlation_data: Some(vec![1, 2].into()),
            user_properties: vec![("a".to_owned(), "b".to_owned())],
            subscription_identifiers: vec![300],
            content_type: Some("text/plain".to_owned()),
            topic_alias: Some(4),
        }),
    );
    publish.pkid = 7;
    let mut bytes = BytesMut::new();
    publish.write(&mut bytes).unwrap();
    let decoded = decode(&bytes, bytes.len(), MqttVersion::V5);
    assert_eq!(decoded.flaws, []);
    let shown: Vec<String> = decoded
        .fields
        .iter()
        .map(|field| format!("{}: {}", field.name, field.value))
        .collect();
    for wanted in [
        "QoS: at least once (0x01)",
        "Topic Name: home/lamp",
        "Packet Identifier: 7",
        "Payload Format Indicator: UTF-8 (0x01)",
        "Message Expiry Interval: 60 s",
        "Response Topic: home/reply",
        "Correlation Data: 0102",
        "User Property: a = b",
        "Subscription Identifier: 300",
        "Content Type: text/plain",
        "Topic Alias: 4",
        "Payload: 2 B: on",
    ] {
        assert!(
            shown.iter().any(|line| line == wanted),
            "{wanted}: {shown:#?}"
        );
    }
}

proptest! {
    #[test]
    fn pieces_do_not_matter(cuts in proptest::collection::vec(0_usize..25, 0..6)) {
        let stream = STREAM.concat();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let (log, mut cutters) = log();
        for pair in cuts.windows(2) {
            cutters.read(&stream[pair[0]..pair[1]], at(1));
        }
        cutters.end(at(2));
        let found: Vec<Vec<u8>> = packets(&reel(&log)).into_iter().map(|(_, bytes, _)| bytes).collect();
        prop_assert_eq!(found, STREAM.map(<[u8]>::to_vec).to_vec());
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), piece in 1_usize..50) {
        let (log, mut cutters) = log();
        for part in bytes.chunks(piece) {
            cutters.read(part, at(1));
            cutters.written(part, at(1));
        }
        cutters.end(at(2));
        prop_assert!(reel(&log).iter().count() <= 2 * bytes.len());
    }
}
