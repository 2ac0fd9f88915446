//! Why a connection could not be made or was lost, as a [`Problem`], and whether to try again.

use super::reason::{Packet, reason};
use crate::model::connection::Problem;
use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::v5::Packet as Wire;
use rumqttc::{ConnectionError, StateError};
use std::io;
use std::time::Duration;

/// How far an attempt to connect came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    #[default]
    Resolving,
    Connecting,
    /// CONNECT sent, no CONNACK yet.
    Handshake,
    Connected,
}

/// What is known about the connection that failed.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    pub stage: Stage,
    pub host: &'a str,
    pub port: u16,
    pub client_id: &'a str,
    pub user_name: Option<&'a str>,
    pub keep_alive_secs: u16,
    pub connect_timeout: Duration,
    /// The CONNACK and the broker's DISCONNECT as they came.
    pub connack: Option<Bytes>,
    pub disconnect: Option<Bytes>,
}

/// The problem, and whether another attempt can help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub problem: Problem,
    pub is_final: bool,
}

impl Fault {
    fn again(summary: String, hint: &str, detail: String) -> Self {
        Self {
            problem: Problem {
                summary: summary.into(),
                hint: hint.into(),
                detail: detail.into(),
                reason: None,
            },
            is_final: false,
        }
    }

    fn for_good(mut self) -> Self {
        self.is_final = true;
        self
    }
}

/// The connection's settings do not make a connection.
pub fn unusable(address: &str, err: &rumqttc::ClientBuildError) -> Problem {
    Problem {
        summary: format!("no connection to {address} can be made with these settings").into(),
        hint: "Look at the connection's settings; if they are right, this is a fault of Roundtrip"
            .into(),
        detail: err.to_string().into(),
        reason: None,
    }
}

pub fn fault(attempt: &Attempt<'_>, err: &ConnectionError) -> Fault {
    if let Some(fault) = attempt
        .connack
        .as_ref()
        .filter(|_| attempt.stage != Stage::Connected)
        .and_then(|connack| refusal(attempt, connack))
    {
        return fault;
    }
    if let Some(fault) = attempt
        .disconnect
        .as_ref()
        .and_then(|disconnect| told_to_go(attempt, disconnect))
    {
        return fault;
    }
    match attempt.stage {
        Stage::Connected => lost(attempt, err),
        Stage::Handshake => no_connack(attempt, err),
        Stage::Resolving | Stage::Connecting => unreachable_broker(attempt, err),
    }
}

impl Attempt<'_> {
    fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

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

/// The broker said no to the CONNECT.
fn refusal(attempt: &Attempt<'_>, connack: &Bytes) -> Option<Fault> {
    let address = attempt.address();
    if connack.len() == 4 {
        let code = connack.get(3).copied().unwrap_or(0);
        return Some(
            Fault::again(
                format!("{address} speaks MQTT 3.1.1 only"),
                "Roundtrip needs MQTT 5, where requests and responses come from; ask whether the broker can be updated or has a listener for MQTT 5",
                format!("CONNACK in the form of MQTT 3.1.1, return code {code}"),
            )
            .for_good(),
        );
    }
    let code = body(connack).get(1).copied().filter(|code| *code != 0)?;
    let (said, server) = match Wire::read(&mut BytesMut::from(connack.as_ref()), None) {
        Ok(Wire::ConnAck(packet)) => packet
            .properties
            .map(|all| (all.reason_string, all.server_reference))
            .unwrap_or_default(),
        _ => (None, None),
    };
    let why = reason(Packet::Connack, code, said.as_deref());
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
        0x84 => "Roundtrip needs MQTT 5; ask whether the broker can be updated".to_owned(),
        0x8A => "The broker has banned this client; ask who runs it".to_owned(),
        0x8C => {
            "The broker wants enhanced authentication, which this version does not have".to_owned()
        }
        0x90 | 0x95 | 0x99 | 0x9A | 0x9B => {
            "Look at the last will of the connection profile".to_owned()
        }
        0x9C | 0x9D => match &server {
            Some(server) => format!("The broker names another one: {server}"),
            None => "The broker names no other one; ask who runs it".to_owned(),
        },
        _ => "The broker may take the connection later".to_owned(),
    };
    let is_final = !matches!(code, 0x80 | 0x83 | 0x88 | 0x89 | 0x97 | 0x9F);
    Some(Fault {
        problem: Problem {
            summary: format!("{address} refused the connection: {}", why.text).into(),
            hint: hint.into(),
            detail: detail_of("CONNACK", code, said.as_deref(), server.as_deref()).into(),
            reason: Some(why),
        },
        is_final,
    })
}

/// The broker sent a DISCONNECT.
fn told_to_go(attempt: &Attempt<'_>, disconnect: &Bytes) -> Option<Fault> {
    if disconnect.len() < 2 {
        return None;
    }
    let code = body(disconnect).first().copied().unwrap_or(0);
    let (said, server) = match Wire::read(&mut BytesMut::from(disconnect.as_ref()), None) {
        Ok(Wire::Disconnect(packet)) => packet
            .properties
            .map(|all| (all.reason_string, all.server_reference))
            .unwrap_or_default(),
        _ => (None, None),
    };
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
        },
        is_final: matches!(code, 0x8E | 0x9C | 0x9D),
    })
}

fn detail_of(packet: &str, code: u8, said: Option<&str>, server: Option<&str>) -> String {
    let said = said.map_or_else(String::new, |said| format!(", Reason String `{said}`"));
    let server = server.map_or_else(String::new, |server| {
        format!(", Server Reference `{server}`")
    });
    format!("{packet} with reason code 0x{code:02X}{said}{server}")
}

/// No TCP connection came about.
fn unreachable_broker(attempt: &Attempt<'_>, err: &ConnectionError) -> Fault {
    let address = attempt.address();
    let (host, port) = (attempt.host, attempt.port);
    let detail = err.to_string();
    let io = match err {
        ConnectionError::Timeout(_) => {
            let secs = attempt.connect_timeout.as_secs();
            return if attempt.stage == Stage::Resolving {
                Fault::again(
                    format!("the name `{host}` was not resolved within {secs} s"),
                    "Is this machine on the network, and does its name server answer?",
                    detail,
                )
            } else {
                Fault::again(
                    format!("no answer from {address} within {secs} s"),
                    "Is the address right, is the broker's machine on, and does a firewall drop the connection?",
                    detail,
                )
            };
        }
        ConnectionError::Io(err) => err,
        _ => {
            return Fault::again(format!("could not connect to {address}: {err}"), "", detail);
        }
    };
    if attempt.stage == Stage::Resolving {
        return Fault::again(
            format!("the name `{host}` was not found"),
            "Check the spelling of the broker address; names that end in .local need mDNS on this machine",
            detail,
        );
    }
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Fault::again(
            format!("nothing listens on {address}: connection refused"),
            &format!("Is the broker running, and is {port} its port?"),
            detail,
        ),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Fault::again(
            format!("{address} cannot be reached: no route to it"),
            "Is this machine on the right network, or does it need a VPN?",
            detail,
        ),
        io::ErrorKind::TimedOut => Fault::again(
            format!("no answer from {address}"),
            "Is the address right, is the broker's machine on, and does a firewall drop the connection?",
            detail,
        ),
        io::ErrorKind::PermissionDenied => Fault::again(
            format!("this machine does not allow a connection to {address}"),
            "A local firewall or sandbox forbids it",
            detail,
        ),
        _ => Fault::again(
            format!("could not connect to {address}: {io}"),
            "Check the broker address and the network",
            detail,
        ),
    }
}

/// Connected on TCP, but no CONNACK came.
fn no_connack(attempt: &Attempt<'_>, err: &ConnectionError) -> Fault {
    let address = attempt.address();
    let detail = err.to_string();
    match err {
        ConnectionError::Timeout(_) => Fault::again(
            format!(
                "{address} took the connection but sent no CONNACK within {} s",
                attempt.connect_timeout.as_secs()
            ),
            "Is that an MQTT broker, and is its port the one for plain TCP rather than TLS or WebSocket?",
            detail,
        ),
        ConnectionError::MqttState(StateError::ConnectionAborted) => closed_early(&address, detail),
        ConnectionError::MqttState(StateError::Deserialization(inner)) => {
            if matches!(inner, rumqttc::mqttbytes::Error::Io(_)) {
                closed_early(&address, detail)
            } else {
                Fault::again(
                    format!("{address} answered with something that is no MQTT 5: {inner}"),
                    "Is that an MQTT broker, and is its port the one for plain TCP rather than TLS or WebSocket?",
                    detail,
                )
            }
        }
        ConnectionError::SessionStateMismatch { .. } => Fault::again(
            format!("{address} resumed a session although a clean start was asked for"),
            "That breaks MQTT 5 §3.2.2.1.1; the broker's log may say more",
            detail,
        ),
        _ => Fault::again(
            format!("{address} did not complete the connection: {err}"),
            "The broker's log may say more",
            detail,
        ),
    }
}

fn closed_early(address: &str, detail: String) -> Fault {
    Fault::again(
        format!("{address} closed the connection before its CONNACK"),
        "Brokers for MQTT 3.1.1 do so when they see MQTT 5, and so do ports for TLS; the broker's log may say more",
        detail,
    )
}

/// An established connection ended without a word from the broker.
fn lost(attempt: &Attempt<'_>, err: &ConnectionError) -> Fault {
    let address = attempt.address();
    let detail = err.to_string();
    match err {
        ConnectionError::MqttState(StateError::ConnectionAborted) => gone(attempt, detail),
        ConnectionError::MqttState(StateError::AwaitPingResp) => Fault::again(
            format!(
                "{address} did not answer a ping within the keep alive of {} s",
                attempt.keep_alive_secs
            ),
            "The network or the broker hangs",
            detail,
        ),
        ConnectionError::MqttState(StateError::Deserialization(inner)) => match inner {
            rumqttc::mqttbytes::Error::Io(io) => match io.kind() {
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionAborted => gone(attempt, detail),
                _ => Fault::again(
                    format!("the connection to {address} broke: {io}"),
                    "The network or the broker may have more to say in their logs",
                    detail,
                ),
            },
            rumqttc::mqttbytes::Error::PayloadSizeLimitExceeded { pkt_size, max } => Fault::again(
                format!(
                    "{address} sent a packet of {pkt_size} bytes; at most {max} were asked for"
                ),
                "That breaks MQTT 5 §3.1.2.11.4; who publishes something so large?",
                detail,
            ),
            _ => Fault::again(
                format!("{address} sent something that is no MQTT 5: {inner}"),
                "The connection was closed because of it and is made again; the broker's log may say more",
                detail,
            ),
        },
        _ => Fault::again(
            format!("the connection to {address} broke: {err}"),
            "The network or the broker may have more to say in their logs",
            detail,
        ),
    }
}

fn gone(attempt: &Attempt<'_>, detail: String) -> Fault {
    Fault::again(
        format!(
            "{} closed the connection without a reason",
            attempt.address()
        ),
        &format!(
            "Was the broker stopped or killed, is the network down, or has another client connected with the client id `{}`?",
            attempt.client_id
        ),
        detail,
    )
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
