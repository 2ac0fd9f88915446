//! Connection profiles: as typed and saved ([`ProfileDraft`]), and valid ([`Profile`]).
//!
//! A profile never holds a password: where it is kept is the business of `store`.

use crate::model::FieldError;
use crate::model::topic::MAX_STRING_BYTES;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

pub use crate::model::version::{Feature, MqttVersion};
pub use crate::model::will::{Will, WillDraft};

/// The id and file name of the built-in broker's profile.
pub const BUILT_IN_ID: &str = "built-in-broker";
/// The address that stands for the built-in broker: it has no port until it runs.
pub const BUILT_IN_ADDRESS: &str = "built-in";
const LISTENER_SCHEME: &str = "tcp-listen://";
pub const DEFAULT_PORT: u16 = 1883;

/// A connection profile as typed and as kept in its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileDraft {
    pub name: String,
    /// `mqtt://host:port`, or `built-in`.
    pub address: String,
    #[serde(skip_serializing_if = "MqttVersion::is_default")]
    pub mqtt_version: MqttVersion,
    pub client_id: String,
    pub user_name: String,
    /// Whether a password belongs to the user name. Where one is kept is not said here.
    pub password_wanted: bool,
    pub keep_alive_secs: u16,
    pub clean_start: bool,
    pub session_expiry_secs: u32,
    pub request_response_information: bool,
    pub request_problem_information: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub will: Option<WillDraft>,
}

impl Default for ProfileDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            address: "mqtt://127.0.0.1:1883".to_owned(),
            mqtt_version: MqttVersion::default(),
            client_id: String::new(),
            user_name: String::new(),
            password_wanted: false,
            keep_alive_secs: 60,
            clean_start: true,
            session_expiry_secs: 0,
            request_response_information: true,
            request_problem_information: true,
            will: None,
        }
    }
}

/// The fields of a profile that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProfileField {
    Name,
    Address,
    ClientId,
    UserName,
    KeepAlive,
    WillTopic,
    WillPayload,
    WillResponseTopic,
    WillCorrelationData,
    WillContentType,
    WillUserProperties,
}

/// Where a broker is, or where devices come to when there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BrokerAddress {
    /// The broker inside Roundtrip, started on demand.
    BuiltIn,
    Tcp {
        host: Arc<str>,
        port: u16,
    },
    /// No broker at all: Roundtrip itself listens here for devices that speak JSON over plain TCP.
    Listener {
        host: Arc<str>,
        /// 0: any free one.
        port: u16,
    },
}

impl BrokerAddress {
    /// Reads `mqtt://host:port`, `host:port`, `host`, `tcp-listen://127.0.0.1:port` or `built-in`. A user name in a URL is given
    /// back beside the address, percent-decoded, so that nothing typed is lost.
    pub fn parse(text: &str) -> Result<ParsedAddress, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err(
                "the broker address is empty; write one like mqtt://192.168.1.10:1883".to_owned(),
            );
        }
        if text == BUILT_IN_ADDRESS {
            return Ok(ParsedAddress {
                address: Self::BuiltIn,
                user_name: None,
                password: None,
            });
        }
        if let Some(place) = text.strip_prefix(LISTENER_SCHEME) {
            return listener(place).map(|address| ParsedAddress {
                address,
                user_name: None,
                password: None,
            });
        }
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("mqtt://{text}")
        };
        // What is said of it may be seen by others: without its password.
        let shown = masked(text);
        let url = url::Url::parse(&with_scheme).map_err(|err| {
            format!(
                "`{shown}` is no broker address: {err}; write one like mqtt://192.168.1.10:1883"
            )
        })?;
        match url.scheme() {
            "mqtt" | "tcp" => {}
            scheme @ ("mqtts" | "ssl" | "ws" | "wss") => {
                return Err(format!(
                    "`{scheme}://` is not supported yet; this version connects over plain TCP, mqtt://host:port"
                ));
            }
            other => {
                return Err(format!(
                    "`{other}://` is no way to reach a broker; use mqtt://host:port"
                ));
            }
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(format!(
                "`{shown}` has a path; a broker address is just mqtt://host:port"
            ));
        }
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| {
                format!("`{shown}` names no host; write one like mqtt://192.168.1.10:1883")
            })?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if url.port() == Some(0) {
            return Err(
                "port 0 cannot be connected to; MQTT brokers usually listen on 1883".to_owned(),
            );
        }
        let decode = |part: &str| {
            percent_encoding::percent_decode_str(part)
                .decode_utf8_lossy()
                .into_owned()
        };
        Ok(ParsedAddress {
            address: Self::Tcp {
                host: decode(host).into(),
                port: url.port().unwrap_or(DEFAULT_PORT),
            },
            user_name: Some(url.username())
                .filter(|name| !name.is_empty())
                .map(decode),
            password: url.password().map(decode),
        })
    }
}

/// Reads what follows `tcp-listen://`. Such a connection has no password and no encryption, so only this machine may reach it.
fn listener(place: &str) -> Result<BrokerAddress, String> {
    let example = "write it like tcp-listen://127.0.0.1:7001, or with port 0 for any free one";
    let place = place.strip_suffix('/').unwrap_or(place);
    if place.contains(['@', '/', '?', '#']) {
        return Err(format!(
            "where to listen is just a host and a port; {example}"
        ));
    }
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => rest.split_once("]:"),
        None => place.rsplit_once(':'),
    }
    .ok_or_else(|| format!("`{place}` names no port to listen on; {example}"))?;
    let port = port
        .parse()
        .map_err(|err| format!("`{port}` is no port, {err}; {example}"))?;
    if !is_loopback(host) {
        return Err(format!(
            "`{host}` is not this machine alone: plain TCP has no password and no encryption, so Roundtrip listens on loopback only; {example}"
        ));
    }
    Ok(BrokerAddress::Listener {
        host: host.into(),
        port,
    })
}

fn is_loopback(host: &str) -> bool {
    let mut parts = host.split('.').map(str::parse::<u8>);
    let is_v4 = parts.clone().count() == 4
        && parts.next() == Some(Ok(127))
        && parts.all(|part| part.is_ok());
    is_v4 || host == "localhost" || host == "::1"
}

/// An address as typed, what stands between `:` and `@` in its place covered.
fn masked(text: &str) -> String {
    let start = text.find("://").map_or(0, |scheme| scheme + 3);
    let (scheme, rest) = text.split_at_checked(start).unwrap_or(("", text));
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split_once(':').map_or(user, |(user, _)| user);
            format!("{scheme}{user}:•••@{host}")
        }
        None => text.to_owned(),
    }
}

/// What [`BrokerAddress::parse`] found.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedAddress {
    pub address: BrokerAddress,
    pub user_name: Option<String>,
    pub password: Option<String>,
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str(BUILT_IN_ADDRESS),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "mqtt://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "mqtt://{host}:{port}"),
            Self::Listener { host, port } if host.contains(':') => {
                write!(f, "{LISTENER_SCHEME}[{host}]:{port}")
            }
            Self::Listener { host, port } => write!(f, "{LISTENER_SCHEME}{host}:{port}"),
        }
    }
}

/// A profile that a connection can be made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The file's name without its ending; stable when the profile is renamed.
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub address: BrokerAddress,
    pub mqtt_version: MqttVersion,
    /// Empty: the broker assigns one (MQTT 5 §3.1.3.1).
    pub client_id: Arc<str>,
    pub user_name: Option<Arc<str>>,
    /// 0 switches keep alive off.
    pub keep_alive_secs: u16,
    pub clean_start: bool,
    /// Means nothing in MQTT 3.1.1: see [`Self::session_kept_secs`].
    pub session_expiry_secs: u32,
    pub request_response_information: bool,
    pub request_problem_information: bool,
    pub will: Option<Will>,
}

impl Profile {
    /// How long the broker is asked to keep the session once the connection is gone; `u32::MAX` is for ever.
    pub fn session_kept_secs(&self) -> u32 {
        match self.mqtt_version {
            MqttVersion::V5 => self.session_expiry_secs,
            // Clean Session 1 ends with its connection (MQTT 3.1.1 §3.1.2.4).
            MqttVersion::V311 if self.clean_start => 0,
            MqttVersion::V311 => u32::MAX,
        }
    }
}

impl ProfileDraft {
    /// The profile of the built-in broker.
    pub fn built_in() -> Self {
        Self {
            name: "Built-in broker".to_owned(),
            address: BUILT_IN_ADDRESS.to_owned(),
            ..Self::default()
        }
    }

    pub fn is_built_in(&self) -> bool {
        self.address.trim() == BUILT_IN_ADDRESS
    }

    /// Whether devices come here over plain TCP.
    pub fn is_listener(&self) -> bool {
        self.address.trim().starts_with(LISTENER_SCHEME)
    }

    /// The valid profile, or everything that is wrong, field by field.
    pub fn validate(&self, id: &str) -> Result<Profile, Vec<FieldError<ProfileField>>> {
        let mut errors = Vec::new();
        let mut wrong = |field, message: String| errors.push(FieldError { field, message });
        if self.name.trim().is_empty() {
            wrong(
                ProfileField::Name,
                "the name is empty; it is how you will find this connection again".to_owned(),
            );
        }
        let parsed = BrokerAddress::parse(&self.address)
            .map_err(|message| wrong(ProfileField::Address, message))
            .ok();
        if parsed
            .as_ref()
            .is_some_and(|parsed| parsed.password.is_some())
        {
            wrong(ProfileField::Address, "the address holds a password, and files are no place for one; take it out and type it into the password field".to_owned());
        }
        for (field, text) in [
            (ProfileField::ClientId, &self.client_id),
            (ProfileField::UserName, &self.user_name),
        ] {
            if text.len() > MAX_STRING_BYTES {
                wrong(
                    field,
                    format!(
                        "it is {} bytes long; MQTT allows at most 65,535",
                        text.len()
                    ),
                );
            } else if text.contains('\0') {
                wrong(
                    field,
                    "it holds the character U+0000, which MQTT forbids".to_owned(),
                );
            }
        }
        if self.client_id.is_empty() && !self.clean_start && !self.is_listener() {
            wrong(ProfileField::ClientId, "a session can only be resumed under a client id of its own; type one or switch clean start on".to_owned());
        }
        let version = self.mqtt_version;
        let will = self.will.as_ref().filter(|_| !self.is_listener());
        let will = will.and_then(|will| {
            will.validate(version)
                .map_err(|found| errors.extend(found))
                .ok()
        });
        let Some(parsed) = parsed.filter(|_| errors.is_empty()) else {
            return Err(errors);
        };
        let user_name = if self.user_name.is_empty() {
            parsed.user_name
        } else {
            Some(self.user_name.clone())
        };
        Ok(Profile {
            id: id.into(),
            name: self.name.trim().into(),
            address: parsed.address,
            mqtt_version: version,
            client_id: self.client_id.as_str().into(),
            user_name: user_name.map(Into::into),
            keep_alive_secs: self.keep_alive_secs,
            clean_start: self.clean_start,
            session_expiry_secs: self.session_expiry_secs,
            request_response_information: self.request_response_information
                && version.lacks(Feature::RequestInformation).is_none(),
            request_problem_information: self.request_problem_information
                && version.lacks(Feature::RequestInformation).is_none(),
            will,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> BrokerAddress {
        BrokerAddress::Tcp {
            host: host.into(),
            port,
        }
    }

    #[test]
    fn addresses_are_read_in_the_usual_spellings() {
        for (text, want) in [
            ("mqtt://broker.local:1884", tcp("broker.local", 1884)),
            ("broker.local", tcp("broker.local", 1883)),
            (" 10.0.0.1:99 ", tcp("10.0.0.1", 99)),
            ("mqtt://[::1]:1883/", tcp("::1", 1883)),
            ("built-in", BrokerAddress::BuiltIn),
        ] {
            assert_eq!(
                BrokerAddress::parse(text)
                    .unwrap_or_else(|err| panic!("{text}: {err}"))
                    .address,
                want
            );
        }
        let parsed =
            BrokerAddress::parse("mqtt://us%40er:p%3Aw@h").unwrap_or_else(|err| panic!("{err}"));
        assert_eq!(
            (parsed.user_name.as_deref(), parsed.password.as_deref()),
            (Some("us@er"), Some("p:w"))
        );
        assert_eq!(
            BrokerAddress::parse("mqtt://[::1]:5")
                .unwrap_or_else(|err| panic!("{err}"))
                .address
                .to_string(),
            "mqtt://[::1]:5"
        );
    }

    #[test]
    fn a_place_to_listen_is_a_loopback_address_and_a_port() {
        for (text, host, port, shown) in [
            (
                "tcp-listen://127.0.0.1:0",
                "127.0.0.1",
                0,
                "tcp-listen://127.0.0.1:0",
            ),
            (
                " tcp-listen://127.9.0.1:7001/ ",
                "127.9.0.1",
                7001,
                "tcp-listen://127.9.0.1:7001",
            ),
            (
                "tcp-listen://localhost:7001",
                "localhost",
                7001,
                "tcp-listen://localhost:7001",
            ),
            (
                "tcp-listen://[::1]:7001",
                "::1",
                7001,
                "tcp-listen://[::1]:7001",
            ),
        ] {
            let parsed = BrokerAddress::parse(text).unwrap_or_else(|err| panic!("{text}: {err}"));
            let want = BrokerAddress::Listener {
                host: host.into(),
                port,
            };
            assert_eq!(parsed.address, want, "{text}");
            assert_eq!(parsed.address.to_string(), shown);
        }
        for (text, word) in [
            ("tcp-listen://0.0.0.0:7001", "loopback only"),
            ("tcp-listen://127.0.0.1.example.org:7001", "loopback only"),
            ("tcp-listen://127.0.0.256:7001", "loopback only"),
            ("tcp-listen://192.168.1.2:7001", "loopback only"),
            ("tcp-listen://127.0.0.1", "no port"),
            ("tcp-listen://127.0.0.1:70000", "no port"),
            ("tcp-listen://", "no port"),
            ("tcp-listen://u:p@127.0.0.1:1", "just a host and a port"),
            ("tcp-listen://127.0.0.1:1/x", "just a host and a port"),
        ] {
            let Err(err) = BrokerAddress::parse(text) else {
                panic!("{text}")
            };
            assert!(err.contains(word), "{text}: {err}");
        }
    }

    #[test]
    fn what_only_a_broker_wants_to_know_does_not_keep_a_listener_from_being_saved() {
        let draft = ProfileDraft {
            name: "n".to_owned(),
            address: "tcp-listen://127.0.0.1:0".to_owned(),
            clean_start: false,
            will: Some(WillDraft {
                topic: "a/#".to_owned(),
                ..WillDraft::default()
            }),
            ..ProfileDraft::default()
        };
        let profile = draft.validate("x");
        assert!(profile.is_ok_and(|profile| profile.will.is_none()));
    }

    #[test]
    fn wrong_addresses_say_what_to_write_instead() {
        for (text, word) in [
            ("", "empty"),
            ("mqtts://h", "not supported yet"),
            ("http://h", "no way"),
            ("mqtt://h:99999", "port"),
            ("mqtt://h:0", "port 0"),
            ("mqtt://h/x", "path"),
            ("mqtt://", "host"),
        ] {
            let Err(err) = BrokerAddress::parse(text) else {
                panic!("{text}")
            };
            assert!(err.contains(word), "{text}: {err}");
        }
    }

    #[test]
    fn a_draft_collects_every_mistake_at_its_field() {
        let draft = ProfileDraft {
            address: String::new(),
            clean_start: false,
            will: Some(WillDraft {
                topic: "a/#".to_owned(),
                ..WillDraft::default()
            }),
            ..ProfileDraft::default()
        };
        let fields: Vec<ProfileField> = draft
            .validate("x")
            .unwrap_err()
            .into_iter()
            .map(|err| err.field)
            .collect();
        assert_eq!(
            fields,
            [
                ProfileField::Name,
                ProfileField::Address,
                ProfileField::ClientId,
                ProfileField::WillTopic
            ]
        );
        assert!(ProfileDraft::built_in().validate(BUILT_IN_ID).is_ok());
    }

    #[test]
    fn the_version_is_in_the_file_only_when_it_is_not_mqtt_5() {
        let mut draft = ProfileDraft::built_in();
        let text = toml::to_string(&draft).unwrap();
        assert!(!text.contains("mqtt_version"), "{text}");
        assert_eq!(toml::from_str::<ProfileDraft>(&text).unwrap(), draft);
        draft.mqtt_version = MqttVersion::V311;
        let text = toml::to_string(&draft).unwrap();
        assert!(text.contains("mqtt_version = \"3.1.1\""), "{text}");
        assert_eq!(toml::from_str::<ProfileDraft>(&text).unwrap(), draft);
        assert!(toml::from_str::<ProfileDraft>("mqtt_version = \"4\"").is_err());
    }

    #[test]
    fn a_session_of_mqtt_3_1_1_is_kept_for_ever_or_not_at_all() {
        let kept = |mqtt_version, clean_start| {
            let draft = ProfileDraft {
                client_id: "c".to_owned(),
                mqtt_version,
                clean_start,
                session_expiry_secs: 30,
                ..ProfileDraft::built_in()
            };
            draft.validate("x").unwrap().session_kept_secs()
        };
        assert_eq!(kept(MqttVersion::V5, true), 30);
        assert_eq!(kept(MqttVersion::V311, true), 0);
        assert_eq!(kept(MqttVersion::V311, false), u32::MAX);
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said_without_its_password() {
        for text in [
            "mqtt://me:pa55@h/x?y",
            "mqtt://me:pa55@:x",
            "me:pa55@h/x",
            "mqtts://me:pa55@h",
        ] {
            let Err(err) = BrokerAddress::parse(text) else {
                panic!("{text}")
            };
            assert!(!err.contains("pa55"), "{err}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_refused_because_the_address_is_saved() {
        let draft = ProfileDraft {
            name: "n".to_owned(),
            address: "mqtt://u:secret@h".to_owned(),
            ..ProfileDraft::default()
        };
        assert_eq!(
            draft.validate("x").unwrap_err()[0].field,
            ProfileField::Address
        );
    }
}
