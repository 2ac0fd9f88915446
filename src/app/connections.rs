//! How connections read in the list, the status bar and the details.

use crate::app::inspect::{Fact, sentence as capital};
use crate::app::rows::Tone;
use crate::model::connection::{ConnectionInfo, ConnectionState, Problem};
use crate::model::diagnosis::said;
use crate::model::profile::BrokerAddress;
use crate::model::time::Timestamp;
use crate::model::version::MqttVersion;

/// A line of the connection list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionRow {
    pub id: String,
    pub name: String,
    /// Short, for the right edge: `:18830 · v5`, `retry in 4 s`, `Not authorized`.
    pub words: String,
    pub tone: Tone,
    /// The whole state in a sentence.
    pub sentence: String,
    /// What to do, when there is something.
    pub hint: Option<String>,
    pub is_connected: bool,
    /// Connecting, connected or about to try again.
    pub is_on: bool,
    /// Devices come here over plain TCP; no broker is there to say anything.
    pub is_listener: bool,
    /// TLS without verifying: anybody could pretend to be the broker.
    pub is_unverified: bool,
}

pub fn connection_row(
    id: &str,
    name: &str,
    address: &str,
    is_unverified: bool,
    state: &ConnectionState,
    now: Timestamp,
) -> ConnectionRow {
    let (words, tone) = short(state, address, now);
    ConnectionRow {
        id: id.to_owned(),
        name: name.to_owned(),
        words,
        tone,
        sentence: sentence(name, address, state, now),
        hint: state
            .problem()
            .map(|problem| problem.hint.to_string())
            .filter(|hint| !hint.is_empty()),
        is_connected: state.is_connected(),
        is_on: !matches!(
            state,
            ConnectionState::Disconnected | ConnectionState::Refused { .. }
        ),
        is_listener: is_listener(address),
        is_unverified,
    }
}

fn is_listener(address: &str) -> bool {
    matches!(
        BrokerAddress::parse(address).map(|parsed| parsed.address),
        Ok(BrokerAddress::Listener { .. })
    )
}

fn short(state: &ConnectionState, address: &str, now: Timestamp) -> (String, Tone) {
    match state {
        ConnectionState::Disconnected => ("offline".to_owned(), Tone::Neutral),
        ConnectionState::Connecting => ("connecting".to_owned(), Tone::Waiting),
        ConnectionState::Connected(info) => {
            let port = info
                .address
                .rsplit_once(':')
                .map_or(address, |(_, port)| port);
            let kind = match info.version {
                _ if is_listener(address) => "TCP",
                MqttVersion::V5 => "v5",
                MqttVersion::V311 => "v3.1.1",
            };
            (format!(":{port} · {kind}"), Tone::Answered)
        }
        ConnectionState::Retrying { at, .. } => (retry_words(*at, now), Tone::Waiting),
        ConnectionState::Refused { problem } => (refusal_words(problem), Tone::Failed),
    }
}

fn retry_words(at: Timestamp, now: Timestamp) -> String {
    let left = at.since(now);
    if left.is_zero() {
        "trying again".to_owned()
    } else {
        format!("retry in {} s", left.as_secs_f64().ceil())
    }
}

fn refusal_words(problem: &Problem) -> String {
    let words = problem
        .reason
        .as_ref()
        .map_or(&*problem.summary, |reason| &reason.text);
    let mut text = capital(words);
    if text.chars().count() > 28 {
        text = text.chars().take(27).chain(['…']).collect();
    }
    text
}

/// The state in a sentence, with what the broker or the system said.
pub fn sentence(name: &str, address: &str, state: &ConnectionState, now: Timestamp) -> String {
    match state {
        ConnectionState::Disconnected => format!("{name} is not connected ({address})."),
        ConnectionState::Connecting => format!("{name} is connecting to {address}."),
        ConnectionState::Connected(info) if is_listener(address) => format!(
            "{name} listens on {}: devices come to it over plain TCP, with JSON.",
            info.address
        ),
        ConnectionState::Connected(info) => format!(
            "{name} is connected to {} as {}.",
            info.address, info.client_id
        ),
        ConnectionState::Retrying {
            problem,
            at,
            attempt,
        } => format!(
            "{}; {} (attempt {}).",
            capital(&problem.summary),
            retry_words(*at, now),
            attempt + 1
        ),
        ConnectionState::Refused { problem } => format!("{}.", capital(&problem.summary)),
    }
}

/// What the broker said in its CONNACK, in the specification's words.
pub fn facts(info: &ConnectionInfo) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| {
        facts.push(Fact {
            name: name.to_owned(),
            value,
        });
    };
    add("Broker", info.address.to_string());
    if let Some(tls) = &info.tls {
        add("TLS", tls.to_string());
        for (index, certificate) in tls.chain.iter().enumerate() {
            let name = if index == 0 {
                "Certificate of"
            } else {
                "made by"
            };
            add(name, certificate.to_string());
        }
    }
    for line in said::connack(info) {
        add(&line.name, line.value);
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_listener_says_where_it_listens_and_no_version_of_mqtt() {
        let info = ConnectionInfo {
            address: "127.0.0.1:7001".into(),
            ..ConnectionInfo::default()
        };
        let state = ConnectionState::Connected(Arc::new(info));
        let now = Timestamp::from_nanos(0);
        let row = connection_row(
            "m",
            "Meters",
            "tcp-listen://127.0.0.1:0",
            false,
            &state,
            now,
        );
        assert_eq!(row.words, ":7001 · TCP");
        assert!(row.is_listener && row.is_connected);
        assert!(row.sentence.starts_with("Meters listens on 127.0.0.1:7001"));
        let row = connection_row("m", "Meters", "mqtt://127.0.0.1:7001", false, &state, now);
        assert!(!row.is_listener && row.words.contains("v5"));
    }
}
