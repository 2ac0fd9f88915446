//! `roundtrip diagnose`: lines, JSON, certificates and exit codes.

use crate::certs::Authority;
use crate::common::{Mosquitto, free_port};
use crate::fails::with_acl;
use crate::program::run;
use crate::servers::serve;
use std::io::{Read as _, Write as _};

#[test]
fn every_step_is_a_line_and_everything_works() {
    let broker = Mosquitto::start("");
    let ran = run(&["diagnose", "--url", &broker.url()]).expect_code(0);
    for title in [
        "TCP",
        "CONNECT",
        "SUBSCRIBE",
        "Response Topic",
        "Round trip",
        "DISCONNECT",
    ] {
        let line = format!("ok       {title}");
        assert!(ran.text().contains(&line), "{line}\n{}", ran.text());
    }
    assert!(ran.stderr.contains("Everything works"), "{}", ran.stderr);
}

#[test]
fn json_has_a_line_a_step_and_one_at_the_end() {
    let address = format!("mqtt://127.0.0.1:{}", free_port());
    let ran = run(&["diagnose", "--url", &address, "--json"]).expect_code(6);
    let lines = ran.json_lines();
    let end = lines.last().unwrap();
    assert_eq!(end["failed"][0], "tcp");
    let failed = lines.iter().find(|line| line["state"] == "failed").unwrap();
    assert!(
        failed["problem"]["hint"]
            .as_str()
            .is_some_and(|hint| !hint.is_empty())
    );
}

#[test]
fn a_token_in_the_address_is_not_told() {
    let address = format!("ws://127.0.0.1:{}/mqtt?token=hunter2", free_port());
    let port = crate::servers::http("HTTP/1.1 404 Not Found\r\n\r\n");
    let there = format!("ws://127.0.0.1:{port}/mqtt?token=hunter2");
    for (address, extra) in [
        (&address, "--no-watch"),
        (&there, "--no-watch"),
        (&there, "--json"),
    ] {
        let ran = run(&["diagnose", "--url", address, extra]).expect_code(6);
        assert!(!ran.text().contains("hunter2"), "{}", ran.text());
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
}

#[test]
fn certificates_are_printed_as_pem() {
    let authority = Authority::new();
    let broker = Mosquitto::start(&authority.broker().config(&authority));
    let address = format!("mqtts://localhost:{}", broker.port());
    // Also where they are not trusted: that is when one wants to see them.
    let ran = run(&["diagnose", "--url", &address, "--certificate"]).expect_code(6);
    assert!(
        ran.text().starts_with("-----BEGIN CERTIFICATE-----"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("failed   TLS"), "{}", ran.stderr);
}

#[test]
fn what_the_broker_refuses_and_what_cannot_be_tested_have_codes_of_their_own() {
    let broker = Mosquitto::start("allow_anonymous false");
    run(&["diagnose", "--url", &broker.url()]).expect_code(5);
    run(&["diagnose", "--url", "tcp-listen://127.0.0.1:0"]).expect_code(2);
    run(&["diagnose", "lab", "--url", "mqtt://h"]).expect_code(2);
    run(&["diagnose", "--scratch-topic", "a/#"]).expect_code(2);
}

/// Answers every CONNECT with `connack` and what comes after it with nothing.
fn half_broker(connack: Vec<u8>) -> u16 {
    serve("half a broker", move |mut stream| {
        let mut sink = [0; 4096];
        if stream.read(&mut sink).is_ok_and(|count| count > 0) {
            stream.write_all(&connack).ok();
        }
        while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
    })
}

#[test]
fn a_broker_cannot_write_lines_of_its_own() {
    // CONNACK 0x9C, use another server, with a Reason String (0x1F) and a Server Reference (0x1C).
    let (said, other) = ("no \u{1b}[31mway\u{9b}0m\nok       CONNECT", "h\r:1");
    let mut properties = Vec::new();
    for (id, text) in [(0x1F, said), (0x1C, other)] {
        properties.extend([id, 0, u8::try_from(text.len()).unwrap()]);
        properties.extend(text.as_bytes());
    }
    let mut connack = vec![0, 0x9C, u8::try_from(properties.len()).unwrap()];
    connack.extend(properties);
    connack.splice(0..0, [0x20, u8::try_from(connack.len()).unwrap()]);
    let address = format!("mqtt://127.0.0.1:{}", half_broker(connack));
    let ran = run(&["diagnose", "--url", &address, "--no-watch"]).expect_code(5);
    for text in [ran.text(), ran.stderr.clone()] {
        let is_raw = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(is_raw), "{text:?}");
        assert!(!text.contains("\nok       CONNECT"), "{text}");
    }
    assert!(ran.text().contains("no ·[31mway·0m·ok"), "{}", ran.text());
}

#[test]
fn silence_and_a_refusal_without_a_word_have_their_codes() {
    // CONNACK of MQTT 5, and then not a word.
    let port = half_broker(vec![0x20, 3, 0, 0, 0]);
    let address = format!("mqtt://127.0.0.1:{port}");
    let ran = run(&["diagnose", "--url", &address, "--no-watch"]).expect_code(3);
    let said = "the SUBSCRIBE was not acknowledged within 5 s";
    assert!(ran.text().contains(said), "{}", ran.text());
    // Mosquitto grants every subscription; this one hears nothing.
    let broker = with_acl("topic readwrite roundtrip/test/#\ntopic write clients/#\n");
    let ran = run(&["diagnose", "--url", &broker.url(), "--no-watch"]).expect_code(5);
    let said = "not authorized for the Response Topic";
    assert!(ran.text().contains(said), "{}", ran.text());
}
