//! Connection profiles: as typed and saved ([`ProfileDraft`]), and valid ([`Profile`]).
//!
//! A profile never holds a password: where it is kept is the business of `store`.

mod address;
mod valid;
mod way;

use crate::model::FieldError;
use crate::model::environment;
use crate::model::message::UserProperty;
use crate::model::record::Colour;
use crate::model::topic::MAX_STRING_BYTES;
pub use address::{BrokerAddress, ParsedAddress, Scheme};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
pub use valid::{
    Authentication, Header, Identity, Proxy, ProxyKind, Reconnect, SCRAM_SHA_256, Tls, WebSocket,
};
pub use way::{
    AuthenticationDraft, HeaderDraft, ProxyDraft, ReconnectDraft, SecretSlot, TlsDraft, TlsVersion,
    WebSocketDraft,
};

pub use crate::model::version::{Feature, MqttVersion, VersionChoice};
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
    /// Where it is listed: `Plant/Line 1`; empty at the top. See [`crate::model::folder`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// Its place among those of its folder; none: after those that have one, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// `mqtt://host:port`, see [`BrokerAddress::parse`].
    pub address: String,
    #[serde(skip_serializing_if = "VersionChoice::is_default")]
    pub mqtt_version: VersionChoice,
    pub client_id: String,
    pub user_name: String,
    /// Whether a password belongs to the user name. Where one is kept is not said here.
    pub password_wanted: bool,
    pub keep_alive_secs: u16,
    pub connect_timeout_secs: u16,
    pub clean_start: bool,
    pub session_expiry_secs: u32,
    /// How many acknowledged messages the broker may send at once; 65,535 where nothing is said (MQTT 5 §3.1.2.11.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_maximum: Option<u16>,
    /// In bytes (MQTT 5 §3.1.2.11.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_packet_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_alias_maximum: Option<u16>,
    pub request_response_information: bool,
    pub request_problem_information: bool,
    // Tables come last in TOML.
    #[serde(skip_serializing_if = "ReconnectDraft::is_default")]
    pub reconnect: ReconnectDraft,
    /// There while the address asks for it, and kept while it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsDraft>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_socket: Option<WebSocketDraft>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyDraft>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<AuthenticationDraft>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub will: Option<WillDraft>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_properties: Vec<UserProperty>,
}

impl Default for ProfileDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            folder: String::new(),
            order: None,
            colour: None,
            address: "mqtt://127.0.0.1:1883".to_owned(),
            mqtt_version: VersionChoice::default(),
            client_id: String::new(),
            user_name: String::new(),
            password_wanted: false,
            keep_alive_secs: 60,
            connect_timeout_secs: 10,
            clean_start: true,
            session_expiry_secs: 0,
            receive_maximum: None,
            maximum_packet_size: None,
            topic_alias_maximum: None,
            request_response_information: true,
            request_problem_information: true,
            reconnect: ReconnectDraft::default(),
            tls: None,
            web_socket: None,
            proxy: None,
            authentication: None,
            will: None,
            user_properties: Vec::new(),
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
    ConnectTimeout,
    ReceiveMaximum,
    MaximumPacketSize,
    UserProperties,
    CaFile,
    CertificateFile,
    KeyFile,
    Alpn,
    ServerName,
    TlsVersions,
    Subprotocol,
    /// By its place in the list.
    Header(usize),
    ProxyAddress,
    ProxyUserName,
    AuthenticationMethod,
    Reconnect,
    WillTopic,
    WillPayload,
    WillResponseTopic,
    WillCorrelationData,
    WillContentType,
    WillUserProperties,
}

/// A profile that a connection can be made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The file's name without its ending; stable when the profile is renamed.
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub address: BrokerAddress,
    pub mqtt_version: MqttVersion,
    /// Whether MQTT 3.1.1 is spoken to a broker that does not speak MQTT 5.
    pub falls_back: bool,
    /// Empty: the broker assigns one (MQTT 5 §3.1.3.1).
    pub client_id: Arc<str>,
    pub user_name: Option<Arc<str>>,
    pub password_wanted: bool,
    /// 0 switches keep alive off.
    pub keep_alive_secs: u16,
    /// For the whole way, to the CONNACK.
    pub connect_timeout_secs: u16,
    pub clean_start: bool,
    /// Means nothing in MQTT 3.1.1: see [`Self::session_kept_secs`].
    pub session_expiry_secs: u32,
    pub request_response_information: bool,
    pub request_problem_information: bool,
    /// None of these is announced in MQTT 3.1.1.
    pub receive_maximum: Option<u16>,
    /// In bytes.
    pub maximum_packet_size: Option<u32>,
    pub topic_alias_maximum: Option<u16>,
    pub user_properties: Vec<UserProperty>,
    /// There when the address asks for it.
    pub tls: Option<Tls>,
    /// There when the address asks for it.
    pub web_socket: Option<WebSocket>,
    pub proxy: Option<Proxy>,
    pub authentication: Option<Authentication>,
    pub reconnect: Reconnect,
    pub will: Option<Will>,
}

impl Profile {
    /// How long the broker is asked to keep the session once the connection is gone; `u32::MAX` is for ever.
    pub fn session_kept_secs(&self) -> u32 {
        self.session_kept_in(self.mqtt_version)
    }

    /// As [`Self::session_kept_secs`], in the version that is spoken.
    pub fn session_kept_in(&self, version: MqttVersion) -> u32 {
        match version {
            MqttVersion::V5 => self.session_expiry_secs,
            // Clean Session 1 ends with its connection (MQTT 3.1.1 §3.1.2.4).
            MqttVersion::V311 if self.clean_start => 0,
            MqttVersion::V311 => u32::MAX,
        }
    }

    /// The secrets without which the connection cannot be made.
    pub fn secrets_wanted(&self) -> Vec<SecretSlot> {
        let mut wanted = Vec::new();
        if self.password_wanted {
            wanted.push(SecretSlot::Password);
        }
        let identity = self.tls.as_ref().and_then(|tls| tls.identity.as_ref());
        if identity.is_some_and(|identity| identity.passphrase_wanted) {
            wanted.push(SecretSlot::KeyPassphrase);
        }
        if self
            .proxy
            .as_ref()
            .is_some_and(|proxy| proxy.password_wanted)
        {
            wanted.push(SecretSlot::ProxyPassword);
        }
        if self
            .authentication
            .as_ref()
            .is_some_and(|authentication| authentication.data_wanted)
        {
            wanted.push(SecretSlot::AuthenticationData);
        }
        let headers = self.web_socket.iter().flat_map(|one| &one.headers);
        wanted.extend(
            headers
                .filter(|header| header.value.is_none())
                .map(|header| SecretSlot::Header(header.name.to_string())),
        );
        wanted
    }

    /// Whether anybody could pretend to be the broker.
    pub fn is_unverified(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| !tls.verify)
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

    /// The secrets of a profile that is valid; where it is not, the password at most.
    pub fn secrets_wanted(&self) -> Vec<SecretSlot> {
        match self.sample().validate("") {
            Ok(profile) => profile.secrets_wanted(),
            Err(_) if self.password_wanted => vec![SecretSlot::Password],
            Err(_) => Vec::new(),
        }
    }

    /// For whoever asks what kind of thing it is: whatever variables stand for, the scheme of an address is typed.
    fn sample(&self) -> Self {
        let mut sample = self.clone();
        sample.address = environment::sample(&self.address);
        if let Some(proxy) = &mut sample.proxy {
            proxy.address = environment::sample(&proxy.address);
        }
        sample
    }

    /// Every secret that it may ever have wanted: also those of another address, and of fields that are switched off.
    pub fn secret_slots(&self) -> Vec<SecretSlot> {
        let mut slots = vec![SecretSlot::Password];
        if self.tls.is_some() {
            slots.push(SecretSlot::KeyPassphrase);
        }
        if self.proxy.is_some() {
            slots.push(SecretSlot::ProxyPassword);
        }
        if self.authentication.is_some() {
            slots.push(SecretSlot::AuthenticationData);
        }
        let headers = self.web_socket.iter().flat_map(|it| &it.headers);
        let secret = headers.filter(|header| header.is_secret);
        slots.extend(secret.map(|header| SecretSlot::Header(header.name.trim().to_owned())));
        slots
    }

    /// Whether anybody could pretend to be the broker.
    pub fn is_unverified(&self) -> bool {
        let is_encrypted = || match BrokerAddress::parse(&environment::sample(&self.address)) {
            Ok(parsed) => {
                matches!(parsed.address, BrokerAddress::Tcp { scheme, .. } if scheme.is_encrypted())
            }
            Err(_) => false,
        };
        self.tls.as_ref().is_some_and(|tls| !tls.verify) && is_encrypted()
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
        let version = self.mqtt_version.first();
        self.check_limits(&mut errors);
        let way = parsed
            .as_ref()
            .map(|parsed| self.way(&parsed.address, &mut errors))
            .unwrap_or_default();
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
            falls_back: self.mqtt_version == VersionChoice::Auto,
            client_id: self.client_id.as_str().into(),
            user_name: user_name.map(Into::into),
            password_wanted: self.password_wanted,
            keep_alive_secs: self.keep_alive_secs,
            connect_timeout_secs: self.connect_timeout_secs,
            clean_start: self.clean_start,
            session_expiry_secs: self.session_expiry_secs,
            request_response_information: self.request_response_information
                && version.lacks(Feature::RequestInformation).is_none(),
            request_problem_information: self.request_problem_information
                && version.lacks(Feature::RequestInformation).is_none(),
            receive_maximum: self.receive_maximum,
            maximum_packet_size: self.maximum_packet_size,
            topic_alias_maximum: self.topic_alias_maximum,
            user_properties: self.user_properties.clone(),
            tls: way.tls,
            web_socket: way.web_socket,
            proxy: way.proxy,
            authentication: way.authentication,
            reconnect: way.reconnect,
            will,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        draft.mqtt_version = VersionChoice::V311;
        let text = toml::to_string(&draft).unwrap();
        assert!(text.contains("mqtt_version = \"3.1.1\""), "{text}");
        assert_eq!(toml::from_str::<ProfileDraft>(&text).unwrap(), draft);
        assert!(toml::from_str::<ProfileDraft>("mqtt_version = \"4\"").is_err());
    }

    #[test]
    fn a_session_of_mqtt_3_1_1_is_kept_for_ever_or_not_at_all() {
        let kept = |mqtt_version: MqttVersion, clean_start| {
            let draft = ProfileDraft {
                client_id: "c".to_owned(),
                mqtt_version: mqtt_version.into(),
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
    fn what_variables_stand_for_does_not_hide_that_nobody_is_verified() {
        let draft = ProfileDraft {
            name: "n".to_owned(),
            address: "wss://{{env.HOST}}:{{env.PORT}}/mqtt".to_owned(),
            tls: Some(TlsDraft {
                verify: false,
                ..TlsDraft::default()
            }),
            web_socket: Some(WebSocketDraft {
                headers: vec![HeaderDraft {
                    name: "Authorization".to_owned(),
                    is_secret: true,
                    ..HeaderDraft::default()
                }],
                ..WebSocketDraft::default()
            }),
            ..ProfileDraft::default()
        };
        assert!(draft.is_unverified());
        let header = SecretSlot::Header("Authorization".to_owned());
        assert_eq!(draft.secrets_wanted(), [header]);
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
