//! Laws of the decoder and the reel, and how every packet reads.

use super::decode::Decoded;
use super::filter::Filter;
use super::reel::What;
use super::*;
use crate::model::time::Timestamp;
use crate::model::version::MqttVersion;
use proptest::prelude::*;

const SMALL: Bounds = Bounds::SMALL;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_nanos(1_700_000_000_000_000_000 + micros * 1_000)
}

fn of(bytes: &[u8], way: Way, version: MqttVersion) -> Packet<'_> {
    let length = bytes
        .iter()
        .skip(1)
        .take_while(|byte| **byte > 0x7F)
        .count();
    let body = bytes.get(2 + length..).unwrap_or_default();
    let two = |at: usize| {
        body.get(at..at + 2)
            .map_or(0, |two| u16::from_be_bytes([two[0], two[1]]))
    };
    let first = bytes.first().copied().unwrap_or(0);
    let packet_id = match Kind::of(first) {
        Kind::Publish if first & 6 != 0 => two(2 + usize::from(two(0))),
        Kind::Puback | Kind::Pubrec | Kind::Pubrel | Kind::Pubcomp => two(0),
        Kind::Subscribe | Kind::Suback | Kind::Unsubscribe | Kind::Unsuback => two(0),
        _ => 0,
    };
    Packet {
        way,
        version,
        first,
        packet_id,
        bytes,
        size: bytes.len(),
        is_masked: false,
        is_incomplete: false,
    }
}

fn decoded(bytes: &[u8], version: MqttVersion) -> Decoded {
    decode(bytes, bytes.len(), version)
}

#[test]
fn every_packet_reads_by_the_names_of_the_specification() {
    let mut told = String::new();
    for (name, bytes, version) in samples::all() {
        let mut reel = Reel::default();
        reel.push(at(0), of(&bytes, Way::Out, version), SMALL);
        told.push_str("# ");
        told.push_str(name);
        told.push('\n');
        told.push_str(&record::to_text(&reel.get(0).unwrap()));
        assert_eq!(decoded(&bytes, version).flaws, [], "{name}");
    }
    insta::assert_snapshot!("every_packet", told);
}

#[test]
fn what_the_specification_does_not_allow_is_told_at_its_place() {
    for (bytes, version, place, words) in [
        (&[0x00, 0][..], MqttVersion::V5, 0, "no packet has type 0"),
        (&[0x36, 4, 0, 1, b'a', 0], MqttVersion::V5, 0, "no QoS 3"),
        (
            &[0x60, 2, 0, 7],
            MqttVersion::V5,
            0,
            "reserved flags of a PUBREL are 2",
        ),
        (
            &[0x40, 2, 0, 0],
            MqttVersion::V5,
            2,
            "no Packet Identifier is 0",
        ),
        (
            &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1],
            MqttVersion::V5,
            1,
            "longer than four bytes",
        ),
        (
            &[0x30, 3, 0, 9, b'a'],
            MqttVersion::V5,
            4,
            "wants 9 bytes, but only 1",
        ),
        (
            &[0x30, 9, 0, 2, b'a'],
            MqttVersion::V5,
            4,
            "ends within Topic Name",
        ),
        (&[0x30, 4, 0, 1, 0xFF, 0], MqttVersion::V5, 4, "not UTF-8"),
        (
            &[0x30, 6, 0, 1, b'a', 2, 0x77, 0],
            MqttVersion::V5,
            6,
            "no property 0x77",
        ),
        (
            &[0x30, 7, 0, 1, b'a', 3, 0x13, 0, 1],
            MqttVersion::V5,
            6,
            "Server Keep Alive does not belong",
        ),
        (
            &[0x30, 8, 0, 1, b'a', 4, 1, 1, 1, 1],
            MqttVersion::V5,
            8,
            "is there twice",
        ),
        (
            &[0x30, 6, 0, 1, b'a', 2, 1, 9],
            MqttVersion::V5,
            7,
            "is 9, not 0 or 1",
        ),
        (
            &[0xC0, 1, 0],
            MqttVersion::V5,
            2,
            "1 bytes that belong to no field",
        ),
        (
            &[0x82, 3, 0, 1, 0],
            MqttVersion::V5,
            5,
            "there is no topic filter",
        ),
        (&[0xF0, 0], MqttVersion::V311, 0, "MQTT 3.1.1 has no AUTH"),
        (
            &[0xD0, 0, 1],
            MqttVersion::V311,
            2,
            "1 bytes follow the end",
        ),
    ] {
        let flaws = decoded(bytes, version).flaws;
        let first = flaws
            .first()
            .unwrap_or_else(|| panic!("{bytes:02X?} is fine"));
        assert!(first.why.contains(words), "{bytes:02X?}: {first}");
        assert_eq!(first.at, place, "{bytes:02X?}: {first}");
    }
}

#[test]
fn what_was_cut_by_the_log_is_no_flaw() {
    for (name, bytes, version) in samples::all() {
        for kept in 1..bytes.len() {
            let decoded = decode(&bytes[..kept], bytes.len(), version);
            assert!(decoded.is_cut, "{name}");
            assert_eq!(decoded.flaws, [], "{name} cut at {kept}");
        }
    }
}

#[test]
fn what_ends_too_early_is_told_wherever_it_ends() {
    for (name, bytes, version) in samples::all() {
        for came in 2..bytes.len() {
            let decoded = decoded(&bytes[..came], version);
            assert!(!decoded.flaws.is_empty(), "{name} ended at {came}");
        }
    }
}

#[test]
fn a_payload_that_was_cut_says_how_much_there_was() {
    let mut bytes = vec![0x30, 0x84, 0x80, 0x40, 0, 1, b'a', 0];
    bytes.extend(std::iter::repeat_n(b'x', 1_048_576));
    let mut reel = Reel::default();
    reel.push(at(0), of(&bytes, Way::In, MqttVersion::V5), SMALL);
    let logged = reel.get(0).unwrap();
    let packet = logged.packet().unwrap();
    assert_eq!(
        (packet.bytes.len(), packet.size),
        (SMALL.packet_bytes, bytes.len())
    );
    let text = record::to_text(&logged);
    assert!(text.contains("Payload: 1.0 MiB: xxx"), "{text}");
    assert!(text.contains("(the first 16.0 KiB kept)"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&record::to_json(&logged)).unwrap();
    assert_eq!(json["kept"], SMALL.packet_bytes);
    assert_eq!(json["fields"]["Payload"]["size"], 1_048_576);
}

#[test]
fn json_has_every_field_by_its_name() {
    let (_, bytes, version) = samples::all().swap_remove(6);
    let mut reel = Reel::default();
    reel.push(at(1), of(&bytes, Way::In, version), SMALL);
    reel.note(at(2), Note::Step, "TCP: 127.0.0.1:1883", SMALL);
    let json: serde_json::Value =
        serde_json::from_str(&record::to_json(&reel.get(0).unwrap())).unwrap();
    assert_eq!(json["type"], "PUBLISH");
    assert_eq!(json["direction"], "in");
    assert_eq!(json["packet_id"], 7);
    assert_eq!(json["at"], "2023-11-14T22:13:20.000001000Z");
    assert_eq!(json["hex"], hex::encode(&bytes));
    let fields = &json["fields"];
    assert_eq!(fields["Payload"], "{\"on\":true}");
    let properties = &fields["Properties"];
    assert_eq!(properties["Correlation Data"]["hex"], "dead");
    assert_eq!(properties["User Property"][1]["value"], "c");
    assert_eq!(
        properties["Subscription Identifier"],
        serde_json::json!([128, 3])
    );
    let note: serde_json::Value =
        serde_json::from_str(&record::to_json(&reel.get(1).unwrap())).unwrap();
    assert_eq!(
        (&note["note"], &note["text"]),
        (&"step".into(), &"TCP: 127.0.0.1:1883".into())
    );
}

/// `(way, bytes)` one after the other, a millisecond apart.
fn reel_of(packets: &[(Way, &[u8])]) -> Reel {
    let mut reel = Reel::default();
    for ((way, bytes), ms) in packets.iter().zip(0_i64..) {
        reel.push(at(ms * 1_000), of(bytes, *way, MqttVersion::V5), SMALL);
    }
    reel
}

#[test]
fn packets_that_belong_together_are_linked() {
    let publish = &[0x32, 6, 0, 1, b'a', 0, 7, 0][..];
    let exactly = &[0x34, 6, 0, 1, b'a', 0, 7, 0][..];
    let reel = reel_of(&[
        (Way::Out, publish),
        (Way::In, exactly),
        (Way::Out, &[0xC0, 0]),
        (Way::In, &[0x40, 2, 0, 7]),
        (Way::Out, &[0x50, 2, 0, 7]),
        (Way::In, &[0xD0, 0]),
        (Way::In, &[0x62, 2, 0, 7]),
        (Way::Out, publish),
        (Way::Out, &[0x70, 2, 0, 7]),
        (Way::In, &[0x40, 2, 0, 7]),
        (Way::In, &[0x40, 2, 0, 9]),
    ]);
    let numbers = |of: u64| -> Vec<u64> {
        let all = link::linked(&reel, of);
        all.iter().map(|one| one.number).collect()
    };
    assert_eq!(numbers(0), [0, 3]);
    assert_eq!(numbers(3), [0, 3]);
    for one in [1, 4, 6, 8] {
        assert_eq!(numbers(one), [1, 4, 6, 8], "{one}");
    }
    assert_eq!(numbers(2), [2, 5]);
    assert_eq!(numbers(5), [2, 5]);
    assert_eq!(numbers(7), [7, 9]);
    assert_eq!(numbers(9), [7, 9]);
    assert_eq!(numbers(10), [0_u64; 0]);
    let all = link::linked(&reel, 0);
    assert_eq!(all[1].words(all[0].at), "PUBACK 3.00 ms later");
    assert_eq!(all[0].words(all[1].at), "PUBLISH 3.00 ms before");
}

#[test]
fn a_filter_takes_what_all_of_its_terms_take() {
    let mut reel = reel_of(&[
        (
            Way::Out,
            &[
                0x32, 13, 0, 6, b'H', b'o', b'm', b'e', b'/', b'a', 0, 7, 0, b'O', b'n',
            ],
        ),
        (Way::In, &[0x40, 3, 0, 7, 0x97]),
        (Way::In, &[0xD0, 0]),
        (Way::In, &[0xE0, 1, 0x8E]),
        (Way::In, &[0x60, 2, 0, 7]),
    ]);
    reel.note(at(9), Note::Lost, "the broker closed it", SMALL);
    let found = |text: &str| -> Vec<u64> {
        let (filter, problems) = Filter::parse(text);
        assert_eq!(problems, [], "{text}");
        reel.iter()
            .filter(|one| filter.passes(one))
            .map(|one| one.number)
            .collect()
    };
    for (text, numbers) in [
        ("", &[0, 1, 2, 3, 4, 5][..]),
        ("type:publish", &[0]),
        ("type:publish,PUBACK", &[0, 1]),
        ("type:note", &[5]),
        ("-type:note,pingresp dir:in", &[1, 3, 4]),
        ("id:7", &[0, 1, 4]),
        ("topic:home", &[0]),
        ("topic:Home/+", &[0]),
        ("topic:home/+", &[]),
        ("reason:0x97", &[1]),
        ("reason:151", &[1]),
        ("reason:error", &[1, 3]),
        ("reason:quota", &[1]),
        ("is:malformed", &[4]),
        ("closed", &[5]),
        ("on -type:note", &[0, 3]),
        ("\"taken over\"", &[3]),
    ] {
        assert_eq!(found(text), numbers, "{text}");
    }
    for (text, why) in [
        ("type:publsh", "no packet type PUBLSH"),
        ("dir:up", "in or out"),
        ("id:x", "a number from 1"),
        ("topic:a#", "wildcard"),
        ("reason:", "wants a value"),
        ("is:odd", "knows malformed"),
    ] {
        let problems = Filter::parse(text).1;
        assert!(
            problems.iter().any(|one| one.why.contains(why)),
            "{text}: {problems:?}"
        );
    }
    // A word with a colon of its own is a word.
    assert_eq!(Filter::parse("http://x").1, []);
}

#[test]
fn the_oldest_go_and_are_counted_and_a_copy_catches_up() {
    let bounds = Bounds {
        bytes: 256 * 1024,
        packet_bytes: 1_024,
    };
    let mut reel = Reel::default();
    let mut copy = Reel::default();
    let mut payload = [0_u8; 400];
    payload[..3].copy_from_slice(&[0x30, 0x8D, 0x03]);
    for number in 0_u64..5_000 {
        payload[3..11].copy_from_slice(&number.to_be_bytes());
        reel.push(at(0), of(&payload, Way::In, MqttVersion::V5), bounds);
        if number % 333 == 0 {
            copy.catch_up(&reel);
            let shown = |reel: &Reel| -> Vec<(u64, Vec<u8>)> {
                let all = reel
                    .iter()
                    .filter_map(|one| Some((one.number, one.packet()?.bytes.to_vec())));
                all.collect()
            };
            assert_eq!(shown(&copy), shown(&reel), "{number}");
        }
    }
    assert_eq!(reel.next(), 5_000);
    assert_eq!(reel.first() + reel.len(), 5_000);
    assert_eq!(reel.dropped(), reel.first());
    let bytes = reel.len() * 400;
    assert!((150 * 1024..400 * 1024).contains(&bytes), "{bytes}");
    assert!(reel.get(reel.first() - 1).is_none() && reel.get(5_000).is_none());
    for number in [reel.first(), 4_990, 4_999] {
        let packet = *reel.get(number).unwrap().packet().unwrap();
        assert_eq!(packet.bytes[3..11], number.to_be_bytes());
    }
    assert_eq!(reel.since(4_998).count(), 2);
    reel.clear();
    assert_eq!(
        (reel.len(), reel.first(), reel.next(), reel.dropped()),
        (0, 5_000, 5_000, 0)
    );
    reel.note(at(1), Note::Ended, "x", bounds);
    copy.catch_up(&reel);
    assert_eq!((copy.len(), copy.first()), (1, 5_000));
    assert!(matches!(
        copy.get(5_000).unwrap().what,
        What::Note(Note::Ended, "x")
    ));
    let least = Bounds { bytes: 0, ..bounds };
    reel.shrink_to(least);
    assert_eq!(reel.len(), 1, "what is open stays");
}

#[test]
fn bytes_are_dumped_line_by_line() {
    let line = |row, across| record::hex_line(b"0123456789abcdefXY\0", row, across);
    let first = "000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef";
    assert_eq!(line(0, 16).unwrap(), first);
    let last = line(1, 16).unwrap();
    assert!(
        last.starts_with("000010  58 59 00 ") && last.ends_with(" XY."),
        "{last}"
    );
    // The letters stand beneath each other.
    assert_eq!(last.find("XY."), first.find("0123"));
    assert_eq!(
        line(1, 8).unwrap(),
        "000008  38 39 61 62 63 64 65 66  89abcdef"
    );
    assert_eq!(
        (line(2, 16), line(usize::MAX, 16), line(3, 8)),
        (None, None, None)
    );
}

proptest! {
    #[test]
    fn no_bytes_panic_and_fields_lie_within_the_packet(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        more in 0_usize..100,
        is_new in any::<bool>(),
    ) {
        let version = if is_new { MqttVersion::V5 } else { MqttVersion::V311 };
        let size = bytes.len() + more;
        let decoded = decode(&bytes, size, version);
        for field in &decoded.fields {
            prop_assert!(field.at.start <= field.at.end && field.at.end <= bytes.len());
        }
        for flaw in &decoded.flaws {
            prop_assert!(flaw.at <= size.max(268_435_460));
        }
        let kept = mask::mask(&bytes, version, &|_| false);
        prop_assert!(kept.bytes.len() <= bytes.len() + 16);
        let mut reel = Reel::default();
        let packet = Packet { size, ..of(&bytes, Way::In, version) };
        reel.push(at(0), packet, SMALL);
        let logged = reel.get(0).unwrap();
        record::to_text(&logged);
        let json: Result<serde_json::Value, _> = serde_json::from_str(&record::to_json(&logged));
        prop_assert!(json.is_ok());
        let (filter, _) = Filter::parse("x topic:a/# reason:error -is:malformed");
        filter.passes(&logged);
        link::linked(&reel, 0);
    }

    #[test]
    fn what_is_changed_in_a_good_packet_is_told_or_does_no_harm(
        which in 0_usize..27,
        at_byte in 0_usize..200,
        value in any::<u8>(),
        cut in 0_usize..200,
    ) {
        let (_, mut bytes, version) = samples::all().swap_remove(which);
        let place = at_byte % bytes.len();
        bytes[place] = value;
        bytes.truncate(1 + cut % bytes.len());
        let decoded = decoded(&bytes, version);
        for field in &decoded.fields {
            prop_assert!(field.at.end <= bytes.len());
        }
        mask::mask(&bytes, version, &|_| false);
    }

    #[test]
    fn any_line_makes_a_filter(text in ".{0,60}") {
        Filter::parse(&text);
    }
}
