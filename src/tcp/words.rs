//! What devices say over plain TCP, and the topics that stand for it here.
//!
//! A device signs up with `{"deviceId":"dev1","messageType":"SIGN_IN"}`; what it sends is answers
//! (with `uuid` or `commandResult`) and data (anything else); it leaves with `SIGN_OUT`, or just so.
//! A command to it is any JSON value with an id, such as `{"uuid":"…","command":"PING"}`.
//!
//! The pairing rule `mqtt-two-way` reads all of it, with the base topic `tcp`.

use crate::model::message::{Message, Qos};
use crate::model::topic::TopicName;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

const REQUESTS: &str = "tcp/cmd/req/";
const ANSWERS: &str = "tcp/cmd/resp/";
const DATA: &str = "tcp/data/";
const REGISTER: &str = "tcp/register/";
/// A name is a level of topics.
const MAX_NAME_BYTES: usize = 256;

/// What a value that a device sent is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    SignIn(Arc<str>),
    SignOut,
    Answer,
    Data,
}

/// The members that mean something. Devices in the field spell them in more than one way.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Members {
    #[serde(alias = "message_type", alias = "register")]
    #[serde(rename = "messageType")]
    kind: Option<Value>,
    #[serde(rename = "deviceId", alias = "device_id", alias = "device")]
    device: Option<Value>,
    uuid: Option<Value>,
    #[serde(rename = "commandResult", alias = "command_result")]
    result: Option<Value>,
}

/// What a value means; an error when it signs up under no name.
pub fn read(value: &[u8]) -> Result<Said, String> {
    // What is no object, or says a thing twice, is data like any other.
    let members: Members = serde_json::from_slice(value).unwrap_or_default();
    let kind = members.kind.as_ref().and_then(Value::as_str);
    Ok(match kind {
        Some("SIGN_IN" | "SIGNUP") => Said::SignIn(name(members.device.as_ref())?),
        Some("SIGN_OUT") => Said::SignOut,
        _ if members.uuid.is_some() || members.result.is_some() => Said::Answer,
        _ => Said::Data,
    })
}

fn name(device: Option<&Value>) -> Result<Arc<str>, String> {
    let text = match device {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err("it signs in without a `deviceId`".to_owned()),
    };
    match check_name(&text) {
        Ok(()) => Ok(text.into()),
        Err(why) => Err(format!(
            "it signs in with a name that cannot be used: {why}"
        )),
    }
}

/// A device's name becomes a level of topics.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("it is empty".to_owned());
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(format!(
            "it has {} bytes; {MAX_NAME_BYTES} are enough",
            name.len()
        ));
    }
    match name.chars().find(|c| matches!(c, '/' | '+' | '#' | '\0')) {
        Some(wrong) => Err(format!(
            "`{}` must not hold {wrong:?}, it becomes a level of topics",
            name.escape_debug()
        )),
        None => Ok(()),
    }
}

/// The device that a request goes to, by its topic.
pub fn device_of(topic: &TopicName) -> Option<&str> {
    let device = topic.as_str().strip_prefix(REQUESTS)?;
    check_name(device).is_ok().then_some(device)
}

/// What a device sent, as a message. `None` for a name that is no level of a topic.
pub fn message(said: &Said, device: &str, value: Bytes) -> Option<Message> {
    let kind = match said {
        Said::SignIn(_) | Said::SignOut => REGISTER,
        Said::Answer => ANSWERS,
        Said::Data => DATA,
    };
    on(kind, device, value)
}

/// What a device was sent, as it sees it.
pub fn request(device: &str, value: Bytes) -> Option<Message> {
    on(REQUESTS, device, value)
}

/// The end of a device's connection that it did not announce: what a will is in MQTT.
pub fn will(device: &str, why: &str) -> Option<Message> {
    let value = serde_json::json!({ "deviceId": device, "messageType": "SIGN_OUT", "why": why });
    on(REGISTER, device, value.to_string().into())
}

/// The end of a connection that never signed in, under its address.
pub fn refusal(address: &str, why: &str) -> Option<Message> {
    let value = serde_json::json!({ "address": address, "messageType": "REFUSED", "why": why });
    on(REGISTER, address, value.to_string().into())
}

pub fn sign_in(device: &str) -> Bytes {
    let value = serde_json::json!({ "deviceId": device, "messageType": "SIGN_IN" });
    value.to_string().into()
}

pub fn sign_out(device: &str) -> Bytes {
    let value = serde_json::json!({ "deviceId": device, "messageType": "SIGN_OUT" });
    value.to_string().into()
}

fn on(kind: &str, device: &str, value: Bytes) -> Option<Message> {
    let topic = TopicName::new(&format!("{kind}{device}")).ok()?;
    Some(Message {
        qos: Qos::AtMostOnce,
        ..Message::new(topic, value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_devices_say_is_told_apart_in_their_spellings() {
        let dev1 = || Ok(Said::SignIn("dev1".into()));
        for (value, want) in [
            (r#"{"deviceId":"dev1","messageType":"SIGN_IN"}"#, dev1()),
            (r#"{"device_id":"dev1","message_type":"SIGNUP"}"#, dev1()),
            (r#"{"register":"SIGN_IN","device":"dev1","fw":3}"#, dev1()),
            (
                r#"{"deviceId":17,"messageType":"SIGN_IN"}"#,
                Ok(Said::SignIn("17".into())),
            ),
            (r#"{"register":"SIGN_OUT"}"#, Ok(Said::SignOut)),
            (
                r#"{"messageType":"commandResp","commandResult":"PONG","uuid":"u"}"#,
                Ok(Said::Answer),
            ),
            (r#"{"uuid":7}"#, Ok(Said::Answer)),
            (r#"{"command_result":"PONG"}"#, Ok(Said::Answer)),
            (r#"{"messageType":"DATA","temp":23.6}"#, Ok(Said::Data)),
            (r#"{"messageType":{"SIGN_IN":1}}"#, Ok(Said::Data)),
            ("[1,2]", Ok(Said::Data)),
            ("12", Ok(Said::Data)),
        ] {
            assert_eq!(read(value.as_bytes()), want, "{value}");
        }
    }

    #[test]
    fn a_name_has_to_be_one_level_of_a_topic() {
        for (device, word) in [
            ("\"\"", "empty"),
            ("\"a/b\"", "'/'"),
            ("\"a+\"", "'+'"),
            ("\"#\"", "'#'"),
            ("\"\\u0000\"", "level of topics"),
            ("null", "without"),
            ("{}", "without"),
        ] {
            let value = format!(r#"{{"deviceId":{device},"messageType":"SIGN_IN"}}"#);
            let err = read(value.as_bytes()).unwrap_err();
            assert!(err.contains(word), "{value}: {err}");
        }
        let long = format!(
            r#"{{"deviceId":"{}","messageType":"SIGN_IN"}}"#,
            "x".repeat(257)
        );
        assert!(read(long.as_bytes()).unwrap_err().contains("257 bytes"));
    }

    #[test]
    fn requests_go_to_the_device_that_their_topic_names() {
        let device = |topic| device_of(&TopicName::new(topic).unwrap()).map(str::to_owned);
        assert_eq!(device("tcp/cmd/req/dev1"), Some("dev1".to_owned()));
        for topic in [
            "tcp/cmd/req/",
            "tcp/cmd/req/a/b",
            "cmnd/lamp",
            "tcp/data/dev1",
        ] {
            assert_eq!(device(topic), None, "{topic}");
        }
    }

    #[test]
    fn the_pairing_rule_knows_who_is_there() {
        use crate::model::pairing::{Rules, Subject};
        let rules = Rules::shipped();
        let online = |message: &Message| {
            let presence = rules.presence(&Subject::new(message));
            presence
                .iter()
                .map(|presence| presence.is_online)
                .collect::<Vec<_>>()
        };
        for value in [
            r#"{"deviceId":"dev1","messageType":"SIGN_IN"}"#,
            r#"{"device_id":"dev1","message_type":"SIGNUP"}"#,
            r#"{"register":"SIGN_IN","device":"dev1"}"#,
        ] {
            let said = read(value.as_bytes()).unwrap();
            assert_eq!(
                online(&message(&said, "dev1", value.into()).unwrap()),
                [true],
                "{value}"
            );
        }
        assert_eq!(online(&will("dev1", "gone").unwrap()), [false]);
        assert_eq!(
            online(&message(&Said::SignOut, "dev1", sign_out("dev1")).unwrap()),
            [false]
        );
        assert_eq!(online(&refusal("127.0.0.1:1", "odd").unwrap()), [false; 0]);
    }
}
