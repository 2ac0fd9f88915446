//! Connections and requests in the words of other programs: read ([`read`]), and written ([`copy_as`]).
//!
//! Read are exports of MQTTX, the settings of MQTT Explorer, command lines of mosquitto, mqttx and `mqtt` (`HiveMQ`), and
//! Roundtrip's own exports ([`bundle`]). Whatever the source, it becomes a [`Foreign`]. What always holds: what cannot be
//! taken over is listed with its reason, never dropped in silence; a password becomes a [`Secret`], never a part of a
//! draft. What an import would do is a [`plan`]; doing it is the business of `store`.

pub mod bundle;
pub mod command;
pub mod copy_as;
mod explorer;
mod found;
mod mqttx;
pub mod plan;
pub mod words;

use crate::model::profile::{ProfileDraft, SecretSlot};
use crate::model::request::RequestDraft;
use crate::model::secret::Secret;
use crate::model::subscribe::SubscriptionDraft;
use bundle::Sealed;
use serde_json::Value;
use std::fmt;

/// Where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Mqttx,
    MqttExplorer,
    CommandLines,
    Roundtrip,
}

impl Source {
    /// For people: `an export of MQTTX`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mqttx => "an export of MQTTX",
            Self::MqttExplorer => "the settings of MQTT Explorer",
            Self::CommandLines => "command lines",
            Self::Roundtrip => "an export of Roundtrip",
        }
    }
}

/// What one file or paste holds, in our own terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign {
    pub source: Source,
    pub profiles: Vec<ForeignProfile>,
    /// `connection` is the key of one of the profiles, or empty.
    pub requests: Vec<RequestDraft>,
    /// `connection` is the key of one of the profiles.
    pub subscriptions: Vec<SubscriptionDraft>,
    pub left_out: Vec<LeftOut>,
    /// Secrets that want a passphrase.
    pub sealed: Option<Sealed>,
}

impl Foreign {
    fn new(source: Source) -> Self {
        Self {
            source,
            profiles: Vec::new(),
            requests: Vec::new(),
            subscriptions: Vec::new(),
            left_out: Vec::new(),
            sealed: None,
        }
    }
}

/// A connection as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignProfile {
    /// Tells it from the others of its source; requests name it.
    pub key: String,
    pub draft: ProfileDraft,
    pub secrets: Vec<(SecretSlot, Secret)>,
    /// Certificates and keys that were in the source itself.
    pub files: Vec<ForeignFile>,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRole {
    Authority,
    Certificate,
    Key,
}

impl FileRole {
    /// A part of the name of its file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Authority => "ca",
            Self::Certificate => "certificate",
            Self::Key => "key",
        }
    }
}

/// A file that has to be written before the profile can name it. Never `Debug`s what is in it: it may be a key.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignFile {
    pub role: FileRole,
    /// As the source calls it.
    pub name: String,
    pub bytes: Vec<u8>,
}

impl fmt::Debug for ForeignFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} ({} B)", self.role, self.name, self.bytes.len())
    }
}

/// Something that is not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The entry that it belongs to.
    pub of: String,
    pub what: String,
    pub why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.of, self.what, self.why)
    }
}

/// Nothing could be read: what is wrong, and what can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unreadable {
    pub message: String,
    pub hint: String,
}

impl Unreadable {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: "it reads exports of MQTTX (JSON), settings.json of MQTT Explorer, exports of Roundtrip (TOML or JSON), and command lines of mosquitto_rr, mosquitto_pub, mosquitto_sub, mqttx and mqtt".to_owned(),
        }
    }
}

/// Reads whatever it is; the source is told by what is in it.
pub fn read(bytes: &[u8]) -> Result<Foreign, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|err| {
        let at = err.valid_up_to() + 1;
        Unreadable::new(format!("byte {at} is no UTF-8, so it is no text"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Unreadable::new("it is empty"));
    }
    if bundle::is_toml(text) {
        return bundle::from_toml(text);
    }
    if text.trim_start().starts_with(['{', '[']) {
        let value: Value = serde_json::from_str(text)
            .map_err(|err| Unreadable::new(format!("it is no JSON: {err}")))?;
        return of_json(&value);
    }
    command::read(text)
}

fn of_json(value: &Value) -> Result<Foreign, Unreadable> {
    if bundle::is_json(value) {
        return bundle::from_json(value);
    }
    if explorer::is_it(value) {
        return Ok(explorer::read(value));
    }
    if mqttx::is_it(value) {
        return Ok(mqttx::read(value));
    }
    Err(Unreadable::new(
        "it is JSON, but neither of MQTTX nor of MQTT Explorer nor of Roundtrip",
    ))
}

#[cfg(test)]
mod tests;
