//! Why a connection could not be made or was lost, as a [`Problem`], and whether to try again.

use super::refusal::{refusal, told_to_go};
use super::way::{self, alert_received, rustls_error, step_failed};
use crate::model::connection::Problem;
use crate::model::profile::{BrokerAddress, MqttVersion, Profile, SecretSlot};
use crate::mqtt::transport::{Step, StepFailure, Trouble};
use crate::mqtt::wire::{Cause, Failure};
use bytes::Bytes;
use std::io;
use std::time::Duration;
use tokio_rustls::rustls;

/// How far an attempt to connect came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    #[default]
    Resolving,
    Connecting,
    Proxy,
    Tls,
    WebSocket,
    /// CONNECT sent, no CONNACK yet.
    Handshake,
    Connected,
}

impl From<Step> for Stage {
    fn from(step: Step) -> Self {
        match step {
            Step::Resolve => Self::Resolving,
            Step::Connect => Self::Connecting,
            Step::Proxy => Self::Proxy,
            Step::Tls => Self::Tls,
            Step::WebSocket => Self::WebSocket,
        }
    }
}

/// What is known about the connection that failed.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    pub profile: &'a Profile,
    /// That is spoken: the profile's may have been given up.
    pub version: MqttVersion,
    pub stage: Stage,
    /// Somebody here wanted it to break.
    pub was_cut: bool,
    pub host: &'a str,
    pub port: u16,
    pub client_id: &'a str,
    pub user_name: Option<&'a str>,
    pub keep_alive_secs: u16,
    pub connect_timeout: Duration,
    /// The CONNACK and the broker's DISCONNECT as they came.
    pub connack: Option<Bytes>,
    pub disconnect: Option<Bytes>,
    /// The first bytes that came, of whatever it was.
    pub first: Vec<u8>,
}

/// The problem, and whether another attempt can help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub problem: Problem,
    pub is_final: bool,
    /// The broker may speak the other version of MQTT.
    pub is_other_version: bool,
}

impl Fault {
    pub(super) fn again(summary: String, hint: &str, detail: String) -> Self {
        Self {
            problem: Problem {
                summary: summary.into(),
                hint: hint.into(),
                detail: detail.into(),
                reason: None,
                doubted: Vec::new(),
            },
            is_final: false,
            is_other_version: false,
        }
    }

    pub(super) fn by_version(mut self) -> Self {
        self.is_other_version = true;
        self
    }

    /// It may be that these are wrong.
    pub(super) fn doubting(mut self, secrets: impl IntoIterator<Item = SecretSlot>) -> Self {
        self.problem.doubted.extend(secrets);
        self
    }

    pub(super) fn for_good(mut self) -> Self {
        self.is_final = true;
        self
    }
}

/// The connection's settings do not make a connection.
pub fn unusable(address: &str, why: String) -> Problem {
    Problem {
        summary: format!("no connection to {address} can be made with these settings").into(),
        hint: "Look at the connection's settings; if they are right, this is a fault of Roundtrip"
            .into(),
        detail: why.into(),
        reason: None,
        doubted: Vec::new(),
    }
}

pub fn fault(attempt: &Attempt<'_>, failure: Failure) -> Fault {
    let Failure { cause, detail } = failure;
    if attempt.was_cut {
        return Fault::again(
            format!(
                "the connection to {} was cut here, without a DISCONNECT",
                attempt.address()
            ),
            "That was asked for; the broker publishes the will, if there is one",
            detail,
        );
    }
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
    if let Cause::Connect(err) = &cause
        && let Some(failure) = err
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<StepFailure>())
    {
        if let Some(fault) = step_failed(attempt, failure, detail.clone()) {
            return fault;
        }
        if let Trouble::Io(err) = &failure.trouble {
            return unreachable_socket(attempt, err, detail);
        }
    }
    if let Cause::Connect(err) | Cause::Broken(err) = &cause
        && let Some(rustls::Error::AlertReceived(alert)) = rustls_error(err)
        && let Some(fault) = alert_received(attempt, *alert, detail.clone())
    {
        return fault;
    }
    match attempt.stage {
        Stage::Connected => lost(attempt, &cause, detail),
        Stage::Handshake => no_connack(attempt, &cause, detail),
        Stage::Proxy => way::step_too_slow(attempt, Step::Proxy, detail),
        Stage::Tls => way::step_too_slow(attempt, Step::Tls, detail),
        Stage::WebSocket => way::step_too_slow(attempt, Step::WebSocket, detail),
        Stage::Resolving | Stage::Connecting => unreachable_broker(attempt, &cause, detail),
    }
}

impl Attempt<'_> {
    pub(super) fn address(&self) -> String {
        if self.port == 0 {
            // A Unix domain socket.
            self.host.to_owned()
        } else {
            place(self.host, self.port)
        }
    }

    /// Where the TCP connection goes: to the proxy, if there is one.
    pub(super) fn tcp_address(&self) -> String {
        match &self.profile.proxy {
            Some(proxy) => place(&proxy.host, proxy.port),
            None => self.address(),
        }
    }

    /// Of a WebSocket.
    pub(super) fn path(&self) -> &str {
        match &self.profile.address {
            BrokerAddress::Tcp { path, .. } => path,
            _ => "",
        }
    }
}

fn place(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// No TCP connection came about.
fn unreachable_broker(attempt: &Attempt<'_>, cause: &Cause, detail: String) -> Fault {
    let address = attempt.tcp_address();
    let host = attempt
        .profile
        .proxy
        .as_ref()
        .map_or(attempt.host, |proxy| &proxy.host);
    let io = match cause {
        Cause::Timeout => {
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
        Cause::Connect(err) => err,
        _ => {
            let summary = format!("could not connect to {address}: {detail}");
            return Fault::again(summary, "", detail);
        }
    };
    unreachable_socket(attempt, io, detail)
}

/// The operating system has no socket to the broker, or to the proxy before it.
fn unreachable_socket(attempt: &Attempt<'_>, io: &io::Error, detail: String) -> Fault {
    let proxy = attempt.profile.proxy.as_ref();
    let (host, port) = proxy.map_or((attempt.host, attempt.port), |proxy| {
        (&*proxy.host, proxy.port)
    });
    if port == 0 {
        return unreachable_path(host, io, detail);
    }
    let address = attempt.tcp_address();
    let what = if proxy.is_some() { "proxy" } else { "broker" };
    if attempt.stage == Stage::Resolving {
        return Fault::again(
            format!("the name `{host}` was not found"),
            &format!(
                "Check the spelling of the {what} address; names that end in .local need mDNS on this machine"
            ),
            detail,
        );
    }
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Fault::again(
            format!("nothing listens on {address}: connection refused"),
            &format!("Is the {what} running, and is {port} its port?"),
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

/// A Unix domain socket that nobody could connect to.
fn unreachable_path(path: &str, io: &io::Error, detail: String) -> Fault {
    match io.kind() {
        io::ErrorKind::NotFound => Fault::again(
            format!("there is no socket `{path}`"),
            "Is the broker running, and does its configuration have a listener with that path?",
            detail,
        ),
        io::ErrorKind::PermissionDenied => Fault::again(
            format!("this user may not use the socket `{path}`"),
            "Look at the rights of the socket and of its folder",
            detail,
        ),
        io::ErrorKind::ConnectionRefused => Fault::again(
            format!("nothing listens on the socket `{path}`: connection refused"),
            "A broker that was killed leaves its socket behind; start it again",
            detail,
        ),
        _ => Fault::again(
            format!("could not connect to the socket `{path}`: {io}"),
            "Is that a socket that a broker listens on?",
            detail,
        ),
    }
}

/// Connected on TCP, but no CONNACK came.
fn no_connack(attempt: &Attempt<'_>, cause: &Cause, detail: String) -> Fault {
    let address = attempt.address();
    if let Some(fault) = way::other_protocol(attempt, &detail) {
        return fault;
    }
    match cause {
        Cause::Timeout => Fault::again(
            format!(
                "{address} took the connection but sent no CONNACK within {} s",
                attempt.connect_timeout.as_secs()
            ),
            "Is that an MQTT broker, and is its port the one for plain TCP rather than TLS or WebSocket?",
            detail,
        ),
        Cause::Closed | Cause::Broken(_) => closed_early(attempt, detail),
        Cause::NotMqtt(what) => Fault::again(
            format!(
                "{address} answered with something that is no {}: {what}",
                attempt.version
            ),
            "Is that an MQTT broker, and is its port the one for plain TCP rather than TLS or WebSocket?",
            detail,
        ),
        Cause::Unproven(why) => Fault::again(
            format!("the enhanced authentication with {address} failed: {why}"),
            "Check the user name, the password and the method in the connection profile",
            detail,
        )
        .for_good(),
        Cause::UnwantedSession => Fault::again(
            format!("{address} resumed a session although a clean start was asked for"),
            match attempt.version {
                MqttVersion::V5 => "That breaks MQTT 5 §3.2.2.1.1; the broker's log may say more",
                MqttVersion::V311 => {
                    "That breaks MQTT 3.1.1 §3.2.2.2; the broker's log may say more"
                }
            },
            detail,
        ),
        _ => {
            let summary = format!("{address} did not complete the connection: {detail}");
            Fault::again(summary, "The broker's log may say more", detail)
        }
    }
}

fn closed_early(attempt: &Attempt<'_>, detail: String) -> Fault {
    let other = other_version(attempt.version);
    Fault::again(
        format!(
            "{} closed the connection before its CONNACK",
            attempt.address()
        ),
        &format!(
            "Brokers that speak {other} alone do so when they see {}, and so do ports for TLS; the connection profile says which version is spoken, the broker's log may say more",
            attempt.version
        ),
        detail,
    )
    .by_version()
}

pub(super) fn other_version(version: MqttVersion) -> MqttVersion {
    match version {
        MqttVersion::V5 => MqttVersion::V311,
        MqttVersion::V311 => MqttVersion::V5,
    }
}

/// An established connection ended without a word from the broker.
fn lost(attempt: &Attempt<'_>, cause: &Cause, detail: String) -> Fault {
    let address = attempt.address();
    match cause {
        Cause::Closed => gone(attempt, detail),
        Cause::NoPong => Fault::again(
            format!(
                "{address} did not answer a ping within the keep alive of {} s",
                attempt.keep_alive_secs
            ),
            "The network or the broker hangs",
            detail,
        ),
        Cause::Broken(io) => match io.kind() {
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
        Cause::TooLarge { size, maximum } => Fault::again(
            format!("{address} sent a packet of {size} bytes; at most {maximum} are read here"),
            "Who publishes something so large?",
            detail,
        ),
        Cause::NotMqtt(what) => Fault::again(
            format!(
                "{address} sent something that is no {}: {what}",
                attempt.version
            ),
            "The connection was closed because of it and is made again; the broker's log may say more",
            detail,
        ),
        _ => {
            let summary = format!("the connection to {address} broke: {detail}");
            let hint = "The network or the broker may have more to say in their logs";
            Fault::again(summary, hint, detail)
        }
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
