//! Foreign devices that do not use MQTT 5's properties (paho and MQTT.js): each answer is paired right by its rule,
//! with several requests in flight and answers out of order, on both brokers.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may fail")]

mod common;
#[path = "common/desk.rs"]
mod desk;
#[path = "common/place.rs"]
#[macro_use]
mod place;
#[path = "common/program.rs"]
mod program;

use common::peers::Peer;
use desk::{Desk, HERE, valid};
use roundtrip::model::exchange::{Exchange, ExchangeId, Verdict};
use roundtrip::model::payload::PayloadFormat;
use roundtrip::model::request::{PairingDraft, RequestDraft};
use serde_json::Value;

on_both_brokers!(Desk:
    zigbee2mqtt_answers_by_transaction,
    json_rpc_answers_where_src_says,
    tasmota_answers_each_device_in_order,
);

fn by_rule(rule: &str, values: &[(&str, &str)], payload: &str) -> RequestDraft {
    RequestDraft {
        payload: payload.to_owned(),
        timeout: "20 s".to_owned(),
        pairing: PairingDraft {
            rule: rule.to_owned(),
            values: values
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        },
        ..RequestDraft::default()
    }
}

#[track_caller]
fn reply_of(exchange: &Exchange) -> Value {
    let [reply] = exchange.replies.as_slice() else {
        panic!("{} replies", exchange.replies.len())
    };
    serde_json::from_slice(&reply.message.payload).unwrap()
}

#[track_caller]
fn send_all(desk: &mut Desk, drafts: &[RequestDraft]) -> Vec<ExchangeId> {
    desk.connect(HERE);
    drafts
        .iter()
        .map(|draft| desk.send(&valid(draft)))
        .collect()
}

fn zigbee2mqtt_answers_by_transaction(desk: &mut Desk) {
    let Some(_peer) = Peer::zigbee2mqtt(desk.port(), 6) else {
        return;
    };
    let join = |time: u32| {
        let values = [("base", "zigbee2mqtt"), ("path", "permit_join")];
        let payload = format!(r#"{{"value": true, "time": {time}}}"#);
        by_rule("zigbee2mqtt", &values, &payload)
    };
    let remove = by_rule(
        "zigbee2mqtt",
        &[
            ("base", "zigbee2mqtt"),
            ("path", "device/remove"),
            ("id", "18446744073709551615"),
        ],
        r#"{"id": "bulb"}"#,
    );
    let mut drafts: Vec<RequestDraft> = (1..=5).map(join).collect();
    drafts.insert(2, remove);
    let sent = send_all(desk, &drafts);
    for (id, time) in sent.iter().zip([1, 2, 0, 3, 4, 5]) {
        let exchange = desk.wait_finished(*id);
        assert_eq!(&*exchange.rule, "zigbee2mqtt");
        if time == 0 {
            let Verdict::AnsweredWithError { message, .. } = &exchange.verdict else {
                panic!("{:?}", exchange.verdict)
            };
            assert_eq!(message.as_deref(), Some("Device 'bulb' does not exist"));
            let reply = reply_of(&exchange);
            assert_eq!(reply["transaction"].to_string(), "18446744073709551615");
        } else {
            assert_eq!(exchange.verdict, Verdict::Answered);
            assert_eq!(reply_of(&exchange)["data"]["time"], time);
        }
    }
}

fn json_rpc_answers_where_src_says(desk: &mut Desk) {
    let Some(_peer) = Peer::json_rpc(desk.port(), 5) else {
        return;
    };
    let call = |id: &str, src: &str, payload: &str| {
        let device = ("device", "shellyplus1-a8032abe");
        by_rule("jsonrpc-src", &[device, ("src", src), ("id", id)], payload)
    };
    let switch_on = |channel: u32| {
        format!(r#"{{"method": "Switch.Set", "params": {{"id": {channel}, "on": true}}}}"#)
    };
    let drafts = [
        call("1", "bench/a", &switch_on(1)),
        call("2", "bench/a", &switch_on(2)),
        // The same number for somebody else, and one that no double can hold.
        call("1", "bench/b", &switch_on(3)),
        call("9007199254740993", "bench/b", &switch_on(4)),
        call("5", "bench/a", r#"{"method": "Nope"}"#),
    ];
    let sent = send_all(desk, &drafts);
    for (id, channel) in sent.iter().zip(1_u32..) {
        let exchange = desk.wait_finished(*id);
        let reply = reply_of(&exchange);
        if channel == 5 {
            let Verdict::AnsweredWithError { code, message } = &exchange.verdict else {
                panic!("{:?}", exchange.verdict)
            };
            assert_eq!(code.as_deref(), Some("404"));
            assert_eq!(message.as_deref(), Some("No handler for Nope"));
        } else {
            assert_eq!(exchange.verdict, Verdict::Answered);
            assert_eq!(reply["result"]["channel"], channel, "{reply}");
        }
    }
}

fn tasmota_answers_each_device_in_order(desk: &mut Desk) {
    let Some(_peer) = Peer::tasmota(desk.port(), 6) else {
        return;
    };
    let command = |device: &str, command: &str, payload: &str| RequestDraft {
        format: PayloadFormat::Text,
        ..by_rule("tasmota", &[("device", device), ("cmd", command)], payload)
    };
    let drafts = [
        command("sw1", "Power", "ON"),
        command("sw2", "Dimmer", "20"),
        command("sw1", "Dimmer", "10"),
        command("sw2", "Nope", "x"),
        command("sw1", "Power", "OFF"),
        command("sw2", "Power", "TOGGLE"),
    ];
    let sent = send_all(desk, &drafts);
    let wanted = [
        r#"{"POWER":"ON"}"#,
        r#"{"Dimmer":"20"}"#,
        r#"{"Dimmer":"10"}"#,
        r#"{"Command":"Unknown"}"#,
        r#"{"POWER":"OFF"}"#,
        r#"{"POWER":"TOGGLE"}"#,
    ];
    for (id, wanted) in sent.iter().zip(wanted) {
        let exchange = desk.wait_finished(*id);
        let is_error = matches!(exchange.verdict, Verdict::AnsweredWithError { .. });
        assert_eq!(
            is_error,
            wanted.contains("Unknown"),
            "{:?}",
            exchange.verdict
        );
        assert_eq!(reply_of(&exchange).to_string(), wanted);
    }
}
