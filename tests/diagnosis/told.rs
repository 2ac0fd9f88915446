//! `roundtrip diagnose`: lines, JSON, certificates and exit codes.

use crate::certs::Authority;
use crate::common::{Mosquitto, free_port};
use crate::program::run;

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
