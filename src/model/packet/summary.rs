//! A packet in one line.

use super::reason::{Carrier, reason_text};
use super::reel::What;
use super::{Decoded, Kind, Logged, Packet, Value, decode};
use crate::model::payload;
use crate::model::version::MqttVersion;
use std::fmt::Write as _;

/// Characters of a payload.
const PREVIEW: usize = 120;
/// Filters or reasons that are named; more are counted.
const NAMED: usize = 3;

/// What is most telling, and quieter the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub main: String,
    pub rest: String,
    /// The specification does not allow it, or it says that something went wrong.
    pub is_bad: bool,
}

pub fn summary(logged: &Logged<'_>) -> Summary {
    match &logged.what {
        What::Packet(packet) => of_packet(packet),
        What::Note(note, words) => Summary {
            main: (*words).to_owned(),
            rest: String::new(),
            is_bad: *note == super::Note::Lost,
        },
    }
}

pub fn of_packet(packet: &Packet<'_>) -> Summary {
    of_decoded(packet, &decode(packet.bytes, packet.size, packet.version))
}

pub fn of_decoded(packet: &Packet<'_>, decoded: &Decoded) -> Summary {
    let mut summary = words(packet, decoded);
    let has_failed = ["Reason Code", "Connect Return Code", "Return Code"]
        .iter()
        .any(|name| decoded.all(name).any(|code| is_refusal(name, code)));
    if let Some(flaw) = decoded.flaws.first() {
        if summary.main.is_empty() {
            summary.main = format!("malformed, {flaw}");
        } else {
            join(&mut summary.rest, &format!("malformed, {flaw}"));
        }
    }
    if packet.is_masked && packet.size > packet.bytes.len() {
        join(&mut summary.rest, "what may hold a secret is left out");
    }
    summary.is_bad = has_failed || !decoded.flaws.is_empty();
    summary
}

fn is_refusal(name: &str, code: &Value) -> bool {
    let least = if name == "Connect Return Code" {
        1
    } else {
        0x80
    };
    matches!(code, Value::Code(code, _) if *code >= least)
}

fn words(packet: &Packet<'_>, decoded: &Decoded) -> Summary {
    let text = |name: &str| decoded.text(name).unwrap_or_default().to_owned();
    let shown = |name: &str| decoded.get(name).map(Value::to_string);
    let mut rest = String::new();
    let main = match packet.kind() {
        Kind::Connect => {
            if let Some(version) = decoded.get("Protocol Version")
                && let Value::Code(_, words) = version
            {
                join(&mut rest, words);
            }
            for (name, words) in [
                ("Clean Start", "clean start"),
                ("Clean Session", "clean session"),
                ("Will Flag", "will"),
            ] {
                if decoded.is_set(name) {
                    join(&mut rest, words);
                }
            }
            if let Some(keep_alive) = shown("Keep Alive") {
                join(&mut rest, &format!("keep alive {keep_alive}"));
            }
            if let Some(user) = decoded.text("User Name") {
                join(&mut rest, &format!("user {user}"));
            }
            text("Client Identifier")
        }
        Kind::Connack => {
            if decoded.is_set("Session Present") {
                join(&mut rest, "session present");
            }
            if let Some(id) = decoded.text("Assigned Client Identifier") {
                join(&mut rest, id);
            }
            join(&mut rest, decoded.text("Reason String").unwrap_or_default());
            shown("Reason Code")
                .or_else(|| shown("Connect Return Code"))
                .unwrap_or_default()
        }
        Kind::Publish => {
            published(decoded, &mut rest);
            let topic = text("Topic Name");
            match decoded.number("Topic Alias") {
                Some(alias) if topic.is_empty() => format!("alias {alias}"),
                _ => topic,
            }
        }
        Kind::Subscribe | Kind::Unsubscribe => named(decoded, "Topic Filter"),
        Kind::Suback => named(
            decoded,
            if has(decoded, "Reason Code") {
                "Reason Code"
            } else {
                "Return Code"
            },
        ),
        Kind::Unsuback => named(decoded, "Reason Code"),
        Kind::Puback
        | Kind::Pubrec
        | Kind::Pubrel
        | Kind::Pubcomp
        | Kind::Disconnect
        | Kind::Auth => {
            join(
                &mut rest,
                decoded.text("Authentication Method").unwrap_or_default(),
            );
            join(&mut rest, decoded.text("Reason String").unwrap_or_default());
            join(
                &mut rest,
                decoded.text("Server Reference").unwrap_or_default(),
            );
            // Left out, the code is 0 (MQTT 5 §3.4.2.1, §3.14.2.1).
            let is_new = packet.version == MqttVersion::V5 && decoded.flaws.is_empty();
            let left_out = match packet.kind() {
                Kind::Disconnect if is_new => reason_text(Carrier::Disconnect, 0),
                _ if is_new => reason_text(Carrier::Puback, 0),
                _ => "",
            };
            shown("Reason Code").unwrap_or_else(|| left_out.to_owned())
        }
        Kind::Pingreq | Kind::Pingresp | Kind::Reserved => String::new(),
    };
    Summary {
        main,
        rest,
        is_bad: false,
    }
}

fn has(decoded: &Decoded, name: &str) -> bool {
    decoded.get(name).is_some()
}

fn published(decoded: &Decoded, rest: &mut String) {
    if let Some(qos) = decoded.number("QoS")
        && qos > 0
    {
        join(rest, &format!("QoS {qos}"));
    }
    for (name, words) in [("RETAIN", "retain"), ("DUP", "again")] {
        if decoded.is_set(name) {
            join(rest, words);
        }
    }
    if let Some(topic) = decoded.text("Response Topic") {
        join(rest, &format!("reply to {topic}"));
    }
    if let Some(Value::Payload { kept, .. }) = decoded.get("Payload")
        && !kept.is_empty()
    {
        join(rest, &payload::preview(kept, PREVIEW));
    }
}

/// The first few of several.
fn named(decoded: &Decoded, name: &str) -> String {
    let count = decoded.all(name).count();
    let mut words = String::new();
    for value in decoded.all(name).take(NAMED) {
        if !words.is_empty() {
            words.push_str(", ");
        }
        words.push_str(&value.to_string());
    }
    if count > NAMED {
        write!(words, " and {} more", count - NAMED).unwrap_or_default();
    }
    words
}

fn join(words: &mut String, more: &str) {
    if more.is_empty() {
        return;
    }
    if !words.is_empty() {
        words.push_str(" · ");
    }
    words.push_str(more);
}
