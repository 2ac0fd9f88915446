//! `roundtrip request --rule` asks and `roundtrip respond --rule` answers, on both brokers.
#![expect(clippy::panic, reason = "a test may fail")]

mod common;
#[path = "common/place.rs"]
#[macro_use]
mod place;
#[path = "common/program.rs"]
mod program;

use place::Place;
use program::{Running, run};

on_both_brokers!(Place:
    a_request_by_a_rule_is_answered_by_a_device_of_the_same_rule,
    an_error_by_a_rule_of_ones_own_has_its_code,
    on_mqtt_3_1_1_rules_need_no_properties,
);

fn on_mqtt_3_1_1_rules_need_no_properties(place: &Place) {
    let url = place.url();
    let old = ["--url", &url, "--mqtt", "3.1.1", "--rule", "tasmota"];
    let device = ["-t", "cmnd/sw1/+", "--reply", r#"{"POWER":"ON"}"#];
    let _switch = Running::responder(&[&old[..], &device].concat());
    let asked = ["-t", "cmnd/sw1/Power", "-m", "TOGGLE", "--json"];
    let line = run(&[&["request"][..], &old, &asked].concat())
        .expect_code(0)
        .json();
    assert_eq!(line["replies"][0]["topic"], "stat/sw1/RESULT");
    assert_eq!(line["correlation_data_hex"], serde_json::Value::Null);
}

fn a_request_by_a_rule_is_answered_by_a_device_of_the_same_rule(place: &Place) {
    let url = place.url();
    let pump = "/sys/a1/pump/rrpc/request/+";
    let reply = r#"{"id":"{{var.id}}"}"#;
    let words = [
        "--url",
        &url,
        "--rule",
        "aliyun-rrpc",
        "-t",
        pump,
        "--reply",
        reply,
    ];
    let _pump = Running::responder(&words);
    let line = run(&[
        "request",
        "--url",
        &url,
        "--rule",
        "aliyun-rrpc",
        "--var",
        "product=a1",
        "--var",
        "device=pump",
        "-m",
        "status",
        "--json",
    ])
    .expect_code(0)
    .json();
    assert_eq!(line["rule"], "aliyun-rrpc");
    let topic = line["request_topic"].as_str().unwrap_or_default();
    let id = topic.strip_prefix("/sys/a1/pump/rrpc/request/");
    let id = id.unwrap_or_else(|| panic!("{line}"));
    let reply = &line["replies"][0];
    assert_eq!(reply["topic"], format!("/sys/a1/pump/rrpc/response/{id}"));
    assert_eq!(reply["payload"], format!("{{\"id\":\"{id}\"}}"));
}

fn an_error_by_a_rule_of_ones_own_has_its_code(place: &Place) {
    let folder = tempfile::tempdir().unwrap_or_else(|err| panic!("{err}"));
    let file = folder.path().join("lab.toml");
    let rule = r#"
        title = "Lab"
        request = { topic = "lab/{device}/ask", bind = { id = "json:/id" } }
        reply = { topic = ["lab/{device}/say"], bind = { id = "json:/id" } }
        [status]
        error = [["json:/error", "exists"]]
        code = ["json:/error"]
    "#;
    std::fs::write(&file, rule).unwrap_or_else(|err| panic!("{err}"));
    let (url, file) = (place.url(), file.display().to_string());
    let _device = Running::responder(&[
        "--url",
        &url,
        "--rule",
        "lab",
        "--rules",
        &file,
        "-t",
        "lab/+/ask",
        "--reply",
        "{}",
        "--status",
        "error",
        "--code",
        "busy",
    ]);
    let ran = run(&[
        "request",
        "--url",
        &url,
        "--rule",
        "lab",
        "--rules",
        &file,
        "--var",
        "device=scope",
        "-m",
        "{}",
        "--json",
    ])
    .expect_code(1);
    let line = ran.json();
    assert_eq!(line["verdict"], "answered_with_error");
    assert_eq!(line["error_code"], "busy", "{line}");
    assert_eq!(line["request_topic"], "lab/scope/ask");
    let list = run(&["rules", "--rules", &file]).expect_code(0).text();
    assert!(list.lines().any(|line| line.starts_with("lab ")), "{list}");
    assert!(
        list.lines().any(|line| line.starts_with("aliyun-rrpc ")),
        "{list}"
    );
}

#[test]
fn a_request_needs_a_topic_or_a_rule_that_there_is() {
    run(&["request", "-m", "x"]).expect_code(2);
    let ran = run(&["request", "--rule", "mine", "-m", "x"]).expect_code(2);
    assert!(ran.stderr.contains("mine"), "{}", ran.stderr);
}
