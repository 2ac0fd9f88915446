//! The way to the broker, as typed and kept in the profile's file: encryption, WebSocket, proxy, enhanced authentication,
//! what happens when the connection is lost. Secrets are never in here: [`SecretSlot`] names them.

use crate::model::payload::PayloadFormat;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A secret that belongs to a profile. Where it is kept is the business of `store`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretSlot {
    Password,
    /// Of the client certificate's key, or of the PKCS#12 file.
    KeyPassphrase,
    ProxyPassword,
    /// Authentication Data (MQTT 5 §3.1.2.11.10).
    AuthenticationData,
    /// The value of a WebSocket header of that name.
    Header(String),
}

impl SecretSlot {
    /// The name under which it is kept, for the profile of that id.
    pub fn account(&self, profile_id: &str) -> String {
        match self {
            Self::Password => profile_id.to_owned(),
            Self::KeyPassphrase => format!("{profile_id}/key"),
            Self::ProxyPassword => format!("{profile_id}/proxy"),
            Self::AuthenticationData => format!("{profile_id}/authentication"),
            Self::Header(name) => format!("{profile_id}/header/{}", name.to_ascii_lowercase()),
        }
    }
}

impl fmt::Display for SecretSlot {
    /// What it is, for people: "password".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password => f.write_str("password"),
            Self::KeyPassphrase => f.write_str("passphrase of the client key"),
            Self::ProxyPassword => f.write_str("password of the proxy"),
            Self::AuthenticationData => f.write_str("Authentication Data"),
            Self::Header(name) => write!(f, "value of the header `{name}`"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TlsVersion {
    #[serde(rename = "1.2")]
    V12,
    #[serde(rename = "1.3")]
    V13,
}

impl TlsVersion {
    pub const ALL: [Self; 2] = [Self::V12, Self::V13];

    pub fn word(self) -> &'static str {
        match self {
            Self::V12 => "1.2",
            Self::V13 => "1.3",
        }
    }
}

/// For `mqtts://` and `wss://`. Files are named and not copied; `~` is the home directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsDraft {
    /// Whether the authorities that the system trusts are trusted.
    pub system_roots: bool,
    /// PEM: authorities that are trusted as well.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ca_file: String,
    /// PEM, the client's certificate first; or PKCS#12 with the key in it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub certificate_file: String,
    /// PEM: PKCS#8 (also encrypted), PKCS#1 or SEC1.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key_file: String,
    pub key_passphrase_wanted: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alpn: Vec<String>,
    /// Instead of the address's host: sent as SNI and looked for in the certificate.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub server_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_version: Option<TlsVersion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_version: Option<TlsVersion>,
    /// False: anybody can pretend to be the broker. The window shows a standing red mark.
    pub verify: bool,
}

impl Default for TlsDraft {
    fn default() -> Self {
        Self {
            system_roots: true,
            ca_file: String::new(),
            certificate_file: String::new(),
            key_file: String::new(),
            key_passphrase_wanted: false,
            alpn: Vec::new(),
            server_name: String::new(),
            least_version: None,
            most_version: None,
            verify: true,
        }
    }
}

/// A header of the WebSocket's opening request (RFC 6455 §4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeaderDraft {
    pub name: String,
    /// Empty where it is a secret.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    pub is_secret: bool,
}

/// For `ws://` and `wss://`; the path is in the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebSocketDraft {
    /// Sec-WebSocket-Protocol; MQTT 5 §6 wants `mqtt`.
    pub subprotocol: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderDraft>,
}

impl Default for WebSocketDraft {
    fn default() -> Self {
        Self {
            subprotocol: "mqtt".to_owned(),
            headers: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProxyDraft {
    /// `socks5://host:port`, where the proxy looks the broker's name up, or `http://host:port` for CONNECT (RFC 9110 §9.3.6).
    pub address: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user_name: String,
    pub password_wanted: bool,
}

/// Enhanced authentication (MQTT 5 §4.12).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthenticationDraft {
    /// `SCRAM-SHA-256` uses the user name and the password; of any other method the data is sent with the CONNECT.
    pub method: String,
    pub data_wanted: bool,
    /// How the data is typed.
    pub data_format: PayloadFormat,
}

/// When a connection is lost, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReconnectDraft {
    pub is_on: bool,
    /// The first pause, in milliseconds; each one after it is twice as long …
    pub first_ms: u32,
    /// … up to this one.
    pub most_secs: u32,
}

impl Default for ReconnectDraft {
    fn default() -> Self {
        Self {
            is_on: true,
            first_ms: 500,
            most_secs: 30,
        }
    }
}

impl ReconnectDraft {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
