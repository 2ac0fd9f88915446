//! Packets for tests, written byte by byte.

use super::mask::variable;
use crate::model::version::MqttVersion;

fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let mut all = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    all.extend(bytes);
    all
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut all = vec![first];
    all.extend(variable(body.len()));
    all.extend(body);
    all
}

fn properties(all: &[&[u8]]) -> Vec<u8> {
    let bytes = all.concat();
    [variable(bytes.len()), bytes].concat()
}

fn text(id: u8, text: &str) -> Vec<u8> {
    [vec![id], prefixed(text.as_bytes())].concat()
}

fn user(name: &str, value: &str) -> Vec<u8> {
    [
        vec![0x26],
        prefixed(name.as_bytes()),
        prefixed(value.as_bytes()),
    ]
    .concat()
}

/// A CONNECT of MQTT 5 with a will and everything else that there is room for.
pub fn connect(password: Option<&[u8]>, data: Option<&[u8]>) -> Vec<u8> {
    let mut body = prefixed(b"MQTT");
    body.push(5);
    body.push(0x86 | if password.is_some() { 0x40 } else { 0 });
    body.extend([0, 60]);
    let mut own = vec![
        vec![0x11, 0, 0, 0, 30],
        vec![0x21, 0, 10],
        user("site", "Köln"),
    ];
    if let Some(data) = data {
        own.push(text(0x15, "X-PROOF"));
        own.push([vec![0x16], prefixed(data)].concat());
    }
    let own: Vec<&[u8]> = own.iter().map(Vec::as_slice).collect();
    body.extend(properties(&own));
    body.extend(prefixed(b"desk"));
    body.extend(properties(&[&[0x18, 0, 0, 0, 5]]));
    body.extend(prefixed(b"gone"));
    body.extend(prefixed(b"bye"));
    body.extend(prefixed(b"anna"));
    if let Some(password) = password {
        body.extend(prefixed(password));
    }
    packet(0x10, &body)
}

/// Every packet type in every form that differs, with a name.
#[expect(clippy::too_many_lines, reason = "a list: one packet after the other")]
pub fn all() -> Vec<(&'static str, Vec<u8>, MqttVersion)> {
    let (new, old) = (MqttVersion::V5, MqttVersion::V311);
    let publish = |first: u8, id: &[u8], own: &[&[u8]], payload: &[u8]| {
        let body = [&prefixed(b"home/lamp"), id, &properties(own), payload].concat();
        packet(first, &body)
    };
    let old_connect = [
        &prefixed(b"MQTT")[..],
        &[4, 0xC2, 0, 30],
        &prefixed(b"meter"),
        &prefixed(b"anna"),
        &prefixed(b"secret"),
    ]
    .concat();
    let auth = properties(&[&text(0x15, "SCRAM-SHA-256"), &[0x16, 0, 3, 1, 2, 3]]);
    vec![
        ("CONNECT", connect(None, None), new),
        (
            "CONNECT with secrets",
            connect(Some(b"hunter2"), Some(b"proof")),
            new,
        ),
        ("CONNECT of 3.1.1", packet(0x10, &old_connect), old),
        (
            "CONNACK",
            packet(
                0x20,
                &[
                    &[1, 0][..],
                    &properties(&[&text(0x12, "auto-7"), &[0x13, 0, 90], &[0x24, 1]]),
                ]
                .concat(),
            ),
            new,
        ),
        (
            "CONNACK that refuses",
            packet(
                0x20,
                &[&[0, 0x87][..], &properties(&[&text(0x1F, "not you")])].concat(),
            ),
            new,
        ),
        ("CONNACK of 3.1.1", packet(0x20, &[0, 5]), old),
        (
            "PUBLISH with all properties",
            publish(
                0x3B,
                &[0, 7],
                &[
                    &[0x01, 1],
                    &[0x02, 0, 0, 0, 60],
                    &text(0x03, "application/json"),
                    &text(0x08, "home/reply"),
                    &[0x09, 0, 2, 0xDE, 0xAD],
                    &[0x0B, 0x80, 0x01],
                    &[0x0B, 3],
                    &[0x23, 0, 4],
                    &user("a", "b"),
                    &user("a", "c"),
                ],
                b"{\"on\":true}",
            ),
            new,
        ),
        ("PUBLISH, QoS 0", publish(0x30, &[], &[], b""), new),
        (
            "PUBLISH of 3.1.1",
            packet(0x32, &[&prefixed(b"t")[..], &[0, 9], b"\xFF\x00"].concat()),
            old,
        ),
        ("PUBACK, short", packet(0x40, &[0, 7]), new),
        ("PUBACK with code", packet(0x40, &[0, 7, 0x10]), new),
        (
            "PUBREC that refuses",
            packet(
                0x50,
                &[&[0, 7, 0x97][..], &properties(&[&text(0x1F, "full")])].concat(),
            ),
            new,
        ),
        ("PUBREL", packet(0x62, &[0, 7]), new),
        ("PUBCOMP of 3.1.1", packet(0x70, &[0, 7]), old),
        (
            "SUBSCRIBE",
            packet(
                0x82,
                &[
                    &[0, 8][..],
                    &properties(&[&[0x0B, 5]]),
                    &prefixed(b"home/#"),
                    &[0x2D],
                    &prefixed(b"x"),
                    &[0],
                ]
                .concat(),
            ),
            new,
        ),
        (
            "SUBSCRIBE of 3.1.1",
            packet(0x82, &[&[0, 8][..], &prefixed(b"home/#"), &[1]].concat()),
            old,
        ),
        ("SUBACK", packet(0x90, &[0, 8, 0, 1, 0x87]), new),
        ("SUBACK of 3.1.1", packet(0x90, &[0, 8, 0x80]), old),
        (
            "UNSUBSCRIBE",
            packet(0xA2, &[&[0, 9, 0][..], &prefixed(b"x")].concat()),
            new,
        ),
        ("UNSUBACK", packet(0xB0, &[0, 9, 0, 0x11]), new),
        ("UNSUBACK of 3.1.1", packet(0xB0, &[0, 9]), old),
        ("PINGREQ", packet(0xC0, &[]), new),
        ("PINGRESP", packet(0xD0, &[]), old),
        ("DISCONNECT, short", packet(0xE0, &[]), new),
        ("DISCONNECT with code alone", packet(0xE0, &[0x8E]), new),
        (
            "DISCONNECT",
            packet(
                0xE0,
                &[&[0x9C][..], &properties(&[&text(0x1C, "other:1883")])].concat(),
            ),
            new,
        ),
        ("AUTH", packet(0xF0, &[&[0x18][..], &auth].concat()), new),
    ]
}
