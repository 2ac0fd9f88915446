use super::super::samples::{at, exchange, items, message};
use super::super::{Export, Format, Item};
use super::*;
use crate::model::topic::TopicName;

fn exported(items: Vec<Item>) -> (Vec<u8>, Vec<String>) {
    let options = Options::new(Format::Pcapng, "bench.rtrec", at(0));
    let mut bytes = Vec::new();
    let mut export = Export::new(&options, &mut bytes).unwrap();
    for item in items {
        export.row(item).unwrap();
    }
    let notes = export.finish().unwrap().notes;
    (bytes, notes)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

struct Packet {
    nanos: u64,
    ip: Vec<u8>,
    comment: String,
}

impl Packet {
    fn is_from_client(&self) -> bool {
        self.ip[12..15] == [192, 0, 2]
    }

    fn sequence(&self) -> u32 {
        u32::from_be_bytes(self.ip[24..28].try_into().unwrap())
    }

    fn mqtt(&self) -> &[u8] {
        &self.ip[40..]
    }
}

/// Reads the file again, block by block.
fn packets(bytes: &[u8]) -> Vec<Packet> {
    let mut packets = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let length = usize::try_from(word(bytes, start + 4)).unwrap();
        let block = &bytes[start..start + length];
        assert_eq!(length % 4, 0);
        assert_eq!(
            word(block, length - 4),
            word(block, 4),
            "both lengths are the same"
        );
        if word(block, 0) == 6 {
            let captured = usize::try_from(word(block, 20)).unwrap();
            let options = 28 + captured.next_multiple_of(4);
            assert_eq!(block[options..options + 2], [1, 0], "a comment");
            let size = usize::from(u16::from_le_bytes([block[options + 2], block[options + 3]]));
            packets.push(Packet {
                nanos: (u64::from(word(block, 12)) << 32) | u64::from(word(block, 16)),
                ip: block[28..28 + captured].to_vec(),
                comment: String::from_utf8(block[options + 4..options + 4 + size].to_vec())
                    .unwrap(),
            });
        }
        start += length;
    }
    packets
}

/// The sum over a correct header and its checksum is all ones (RFC 1071).
fn sum(parts: &[&[u8]]) -> u16 {
    let bytes: Vec<u8> = parts.concat();
    let total: u64 = bytes
        .chunks(2)
        .map(|pair| (u64::from(pair[0]) << 8) | u64::from(pair.get(1).copied().unwrap_or(0)))
        .sum();
    let folded = (total & 0xffff) + (total >> 16);
    u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap()
}

#[test]
fn packets_come_in_the_order_of_their_times_with_right_sums_and_sequence_numbers() {
    let (bytes, notes) = exported(items());
    let packets = packets(&bytes);
    assert!(packets.is_sorted_by_key(|packet| packet.nanos));
    let (mut client, mut broker) = ([1; 2], [1; 2]);
    for packet in &packets {
        assert_eq!(sum(&[&packet.ip[..20]]), 0xffff);
        let length = u16::try_from(packet.ip.len() - 20).unwrap().to_be_bytes();
        assert_eq!(
            sum(&[&packet.ip[12..20], &[0, 6], &length, &packet.ip[20..]]),
            0xffff
        );
        let stream = usize::from(if packet.is_from_client() {
            packet.ip[15]
        } else {
            packet.ip[19]
        }) - 1;
        let next = if packet.is_from_client() {
            &mut client[stream]
        } else {
            &mut broker[stream]
        };
        assert_eq!(packet.sequence(), *next);
        *next += u32::try_from(packet.mqtt().len()).unwrap();
    }
    assert_eq!(
        notes,
        ["2 requests were never sent, so there is no packet of them"]
    );
}

#[test]
fn every_packet_says_that_it_was_not_captured_and_a_connect_comes_first() {
    let packets = packets(&exported(items()).0);
    let comments: Vec<&str> = packets
        .iter()
        .map(|packet| packet.comment.as_str())
        .collect();
    insta::assert_snapshot!(comments.join("\n"));
    for packet in &packets {
        assert!(packet.comment.contains("not captured") || packet.comment.contains("made up"));
    }
    assert_eq!(
        packets[0].mqtt(),
        b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00"
    );
}

#[test]
fn a_publish_is_written_as_the_specification_says() {
    let data = [0x9f, 0x3c, 0x00, 0xff];
    let mut message = message("a/b", b"hi", Some(&data));
    message.retain = true;
    message.properties.subscription_identifiers = vec![300];
    let bytes = packets::publish(&message, 7).unwrap();
    let mut wanted = vec![0x33];
    let mut body = b"\x00\x03a/b\x00\x07".to_vec();
    let mut properties = b"\x08\x00\x13clients/tester/resp".to_vec();
    properties.extend(b"\x09\x00\x04\x9f\x3c\x00\xff");
    properties.extend(b"\x0b\xac\x02");
    body.push(u8::try_from(properties.len()).unwrap());
    body.extend(properties);
    body.extend(b"hi");
    wanted.push(u8::try_from(body.len()).unwrap());
    wanted.extend(body);
    assert_eq!(bytes, wanted);
}

#[test]
fn a_long_payload_takes_several_segments() {
    let payload = vec![b'x'; 100_000];
    let one = exchange(1, 0, message("a", &payload, None));
    let packets = packets(&exported(vec![Item::from(Row::Exchange(Box::new(one)))]).0);
    let sizes: Vec<usize> = packets.iter().map(|packet| packet.mqtt().len()).collect();
    assert_eq!(sizes.len(), 5, "{sizes:?}");
    assert!(sizes.iter().all(|size| *size <= MAX_SEGMENT));
    assert_eq!(
        sizes[1..].iter().sum::<usize>(),
        100_000 + 1 + 3 + 3 + 2 + 1 + 22
    );
}

#[test]
fn a_message_that_can_be_no_packet_is_left_out_and_counted() {
    let mut long = message("a", b"", None);
    long.topic = TopicName::received(&"t".repeat(70_000));
    let one = exchange(1, 0, long);
    let (bytes, notes) = exported(vec![Item::from(Row::Exchange(Box::new(one)))]);
    assert_eq!(packets(&bytes).len(), 0);
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with("1 message cannot be an MQTT 5 packet"),
        "{notes:?}"
    );
}
