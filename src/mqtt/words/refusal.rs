//! What a broker said when it refused a connection or ended one.

use super::failure::{Attempt, Fault, other_version};
use super::reason::{Packet, reason};
use crate::model::connection::Problem;
use crate::model::profile::{MqttVersion, SecretSlot};
use crate::mqtt::wire::{RefusalWords, goodbye_words, refusal_words};
use bytes::Bytes;

/// The first byte after the fixed header and its length of `packet`, from there on.
fn body(packet: &Bytes) -> &[u8] {
    let skip = 2 + packet
        .iter()
        .skip(1)
        .take(3)
        .take_while(|byte| **byte & 0x80 != 0)
        .count();
    packet.get(skip..).unwrap_or_default()
}

/// The broker said no to the CONNECT, in either version's form: brokers that do not speak the one that they
/// were asked in answer in their own.
pub fn refusal(attempt: &Attempt<'_>, connack: &Bytes) -> Option<Fault> {
    if connack.len() == 4 {
        return refusal_of_3_1_1(attempt, connack.get(3).copied().unwrap_or(0));
    }
    let code = body(connack).get(1).copied().filter(|code| *code != 0)?;
    let RefusalWords {
        reason_string: said,
        server_reference: server,
    } = refusal_words(connack);
    let detail = detail_of("CONNACK", code, said.as_deref(), server.as_deref());
    Some(refused(
        attempt,
        code,
        said.as_deref(),
        server.as_deref(),
        detail,
    ))
}

/// By a reason code of MQTT 5 (§3.2.2.2).
fn refused(
    attempt: &Attempt<'_>,
    code: u8,
    said: Option<&str>,
    server: Option<&str>,
    detail: String,
) -> Fault {
    let address = attempt.address();
    let why = reason(Packet::Connack, code, said);
    let who = match attempt.user_name {
        Some(user) => format!("user name `{user}`"),
        None => "no user name".to_owned(),
    };
    let hint = match code {
        0x86 => {
            format!("Sent were {who} and its password; check both in the connection profile")
        }
        0x87 => format!(
            "Check the user name and the password: sent were {who}, client id `{}`. If they are right, the broker does not let this client in; ask who runs it",
            attempt.client_id
        ),
        0x85 => format!(
            "The broker does not accept the client id `{}`; type another one in the connection profile",
            attempt.client_id
        ),
        0x84 => choose(attempt),
        0x8A => "The broker has banned this client; ask who runs it".to_owned(),
        0x8C => match &attempt.profile.authentication {
            Some(used) => format!(
                "The broker does not know the method {}; ask which one it wants",
                used.method
            ),
            None => "The broker wants enhanced authentication; choose the method in the connection profile".to_owned(),
        },
        0x90 | 0x95 | 0x99 | 0x9A | 0x9B => {
            "Look at the last will of the connection profile".to_owned()
        }
        0x9C | 0x9D => match server {
            Some(server) => format!("The broker names another one: {server}"),
            None => "The broker names no other one; ask who runs it".to_owned(),
        },
        _ => "The broker may take the connection later".to_owned(),
    };
    let is_final = !matches!(code, 0x80 | 0x83 | 0x88 | 0x89 | 0x97 | 0x9F);
    let summary = match code {
        0x84 => format!("{address} does not speak {}", attempt.version),
        _ => format!("{address} refused the connection: {}", why.text),
    };
    Fault {
        problem: Problem {
            summary: summary.into(),
            hint: hint.into(),
            detail: detail.into(),
            reason: Some(why),
            doubted: match code {
                // Bad User Name or Password, Not authorized, Bad authentication method (MQTT 5 §3.2.2.2).
                0x86 | 0x87 | 0x8C => vec![SecretSlot::Password, SecretSlot::AuthenticationData],
                _ => Vec::new(),
            },
        },
        is_final,
        is_other_version: code == 0x84,
    }
}

fn choose(attempt: &Attempt<'_>) -> String {
    format!(
        "Choose {} in the connection profile, or ask whether the broker can be updated",
        other_version(attempt.version)
    )
}

/// By a return code of MQTT 3.1.1 (§3.2.2.3). The reason is told in MQTT 5's words and codes.
fn refusal_of_3_1_1(attempt: &Attempt<'_>, return_code: u8) -> Option<Fault> {
    let detail = format!("CONNACK in the form of MQTT 3.1.1, return code {return_code}");
    if attempt.version == MqttVersion::V5 {
        // Even one that accepts: what follows would not be understood.
        let summary = format!("{} speaks MQTT 3.1.1 only", attempt.address());
        let fault = Fault::again(summary, &choose(attempt), detail);
        return Some(fault.for_good().by_version());
    }
    let code = match return_code {
        0 => return None,
        1 => 0x84,
        2 => 0x85,
        3 => 0x88,
        4 => 0x86,
        5 => 0x87,
        _ => 0x80,
    };
    Some(refused(attempt, code, None, None, detail))
}

/// The broker sent a DISCONNECT.
pub fn told_to_go(attempt: &Attempt<'_>, disconnect: &Bytes) -> Option<Fault> {
    if disconnect.len() < 2 {
        return None;
    }
    let code = body(disconnect).first().copied().unwrap_or(0);
    let RefusalWords {
        reason_string: said,
        server_reference: server,
    } = goodbye_words(disconnect);
    let why = reason(Packet::Disconnect, code, said.as_deref());
    let hint = match code {
        0x8E => format!(
            "Two clients use the client id `{}`. Give each its own; connecting again here would throw the other one out",
            attempt.client_id
        ),
        0x8B => "The broker is going down; it is there again when it was restarted".to_owned(),
        0x8D => format!(
            "The broker heard nothing for one and a half times the keep alive of {} s; is the network slow, or was this machine asleep?",
            attempt.keep_alive_secs
        ),
        0x87 => "The broker does not allow this client to do what it did".to_owned(),
        0x95 => "A packet was larger than the broker takes".to_owned(),
        0x98 => "Somebody who runs the broker closed this connection".to_owned(),
        0x9C | 0x9D => match &server {
            Some(server) => format!("The broker names another one: {server}"),
            None => "The broker names no other one; ask who runs it".to_owned(),
        },
        _ => "The broker's log may say more".to_owned(),
    };
    let summary = match code {
        0x8E => format!("{}: {}", attempt.address(), why.text),
        _ => format!("{} closed the connection: {}", attempt.address(), why.text),
    };
    Some(Fault {
        problem: Problem {
            summary: summary.into(),
            hint: hint.into(),
            detail: detail_of("DISCONNECT", code, said.as_deref(), server.as_deref()).into(),
            reason: Some(why),
            doubted: Vec::new(),
        },
        is_final: matches!(code, 0x8E | 0x9C | 0x9D),
        is_other_version: false,
    })
}

fn detail_of(packet: &str, code: u8, said: Option<&str>, server: Option<&str>) -> String {
    let said = said.map_or_else(String::new, |said| format!(", Reason String `{said}`"));
    let server = server.map_or_else(String::new, |server| {
        format!(", Server Reference `{server}`")
    });
    format!("{packet} with reason code 0x{code:02X}{said}{server}")
}
