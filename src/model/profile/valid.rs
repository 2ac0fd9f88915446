//! The way to the broker when nothing is wrong with it: what [`super::way`] becomes, or field by field why it does not.

use super::way::{
    AuthenticationDraft, HeaderDraft, ProxyDraft, ReconnectDraft, TlsDraft, TlsVersion,
    WebSocketDraft,
};
use super::{BrokerAddress, ProfileDraft, ProfileField};
use crate::model::FieldError;
use crate::model::payload::PayloadFormat;
use crate::model::topic::MAX_STRING_BYTES;
use std::sync::Arc;
use std::time::Duration;

/// The method of MQTT 5 §4.12 that Roundtrip plays itself.
pub const SCRAM_SHA_256: &str = "SCRAM-SHA-256";

type Errors = Vec<FieldError<ProfileField>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    pub system_roots: bool,
    pub ca_file: Option<Arc<str>>,
    pub identity: Option<Identity>,
    pub alpn: Vec<Arc<str>>,
    /// Instead of the address's host.
    pub server_name: Option<Arc<str>>,
    pub least_version: TlsVersion,
    pub most_version: TlsVersion,
    pub verify: bool,
}

/// What the client shows of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub certificate_file: Arc<str>,
    /// None where the key is in the file of the certificate.
    pub key_file: Option<Arc<str>>,
    pub passphrase_wanted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocket {
    pub subprotocol: Arc<str>,
    pub headers: Vec<Header>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub name: Arc<str>,
    /// None where it is a secret.
    pub value: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    Socks5,
    Http,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    pub kind: ProxyKind,
    pub host: Arc<str>,
    pub port: u16,
    pub user_name: Option<Arc<str>>,
    pub password_wanted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    pub method: Arc<str>,
    pub data_wanted: bool,
    pub data_format: PayloadFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    pub is_on: bool,
    pub first: Duration,
    pub most: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::from(&ReconnectDraft::default())
    }
}

impl From<&ReconnectDraft> for Reconnect {
    fn from(draft: &ReconnectDraft) -> Self {
        Self {
            is_on: draft.is_on,
            first: Duration::from_millis(draft.first_ms.into()),
            most: Duration::from_secs(draft.most_secs.into()),
        }
    }
}

/// All of it together, on its way into a profile.
#[derive(Default)]
pub(super) struct Way {
    pub tls: Option<Tls>,
    pub web_socket: Option<WebSocket>,
    pub proxy: Option<Proxy>,
    pub authentication: Option<Authentication>,
    pub reconnect: Reconnect,
}

fn wrong(errors: &mut Errors, field: ProfileField, message: impl Into<String>) {
    errors.push(FieldError {
        field,
        message: message.into(),
    });
}

/// What is typed, if anything is.
fn typed(text: &str) -> Option<Arc<str>> {
    Some(text.trim())
        .filter(|text| !text.is_empty())
        .map(Arc::from)
}

impl ProfileDraft {
    pub(super) fn check_limits(&self, errors: &mut Errors) {
        if self.connect_timeout_secs == 0 {
            wrong(
                errors,
                ProfileField::ConnectTimeout,
                "nobody answers within 0 s; 10 s is usual",
            );
        }
        if self.receive_maximum == Some(0) {
            wrong(
                errors,
                ProfileField::ReceiveMaximum,
                "0 is not allowed (MQTT 5 §3.1.2.11.3); leave it empty for no limit",
            );
        }
        // The smallest CONNACK that accepts has five bytes.
        if self.maximum_packet_size.is_some_and(|size| size < 5) {
            wrong(
                errors,
                ProfileField::MaximumPacketSize,
                "no broker could even accept the connection; leave it empty for no limit of your own",
            );
        }
        let is_long = |text: &str| text.len() > MAX_STRING_BYTES || text.contains('\0');
        if let Some(property) = self
            .user_properties
            .iter()
            .find(|property| is_long(&property.name) || is_long(&property.value))
        {
            let name: String = property.name.chars().take(40).collect();
            wrong(
                errors,
                ProfileField::UserProperties,
                format!(
                    "`{name}` is longer than 65,535 bytes or holds the character U+0000, which MQTT forbids"
                ),
            );
        }
    }

    /// Only what the address asks for is looked at: a draft keeps the rest for another address.
    pub(super) fn way(&self, address: &BrokerAddress, errors: &mut Errors) -> Way {
        let reconnect = self.reconnect.validate(errors);
        let BrokerAddress::Tcp { scheme, .. } = address else {
            let authentication = match address {
                BrokerAddress::Listener { .. } => None,
                _ => self.authentication(errors),
            };
            return Way {
                authentication,
                reconnect,
                ..Way::default()
            };
        };
        let (tls, web_socket) = (self.tls.clone(), self.web_socket.clone());
        Way {
            tls: scheme
                .is_encrypted()
                .then(|| tls.unwrap_or_default().validate(errors)),
            web_socket: scheme
                .is_web_socket()
                .then(|| web_socket.unwrap_or_default().validate(errors)),
            proxy: self
                .proxy
                .as_ref()
                .filter(|proxy| !proxy.address.trim().is_empty())
                .and_then(|proxy| proxy.validate(errors)),
            authentication: self.authentication(errors),
            reconnect,
        }
    }

    fn authentication(&self, errors: &mut Errors) -> Option<Authentication> {
        let draft = self.authentication.as_ref();
        let draft = draft.filter(|draft| !draft.method.trim().is_empty())?;
        Some(draft.validate(self, errors))
    }
}

impl TlsDraft {
    fn validate(&self, errors: &mut Errors) -> Tls {
        let (certificate, key) = (typed(&self.certificate_file), typed(&self.key_file));
        if certificate.is_none() && key.is_some() {
            wrong(
                errors,
                ProfileField::CertificateFile,
                "there is a key and no certificate; a client shows both, or neither",
            );
        }
        let may_hold_key = |file: &Arc<str>| {
            let name = file.to_ascii_lowercase();
            [".p12", ".pfx", ".pem"]
                .iter()
                .any(|ending| name.ends_with(ending))
        };
        if key.is_none() && certificate.as_ref().is_some_and(|file| !may_hold_key(file)) {
            wrong(
                errors,
                ProfileField::KeyFile,
                "the certificate needs its key; only PKCS#12 (.p12, .pfx) and .pem files may hold both",
            );
        }
        let alpn: Vec<Arc<str>> = self.alpn.iter().filter_map(|name| typed(name)).collect();
        if let Some(name) = alpn.iter().find(|name| name.len() > 255) {
            wrong(
                errors,
                ProfileField::Alpn,
                format!(
                    "`{}…` is longer than the 255 bytes that TLS allows",
                    name.chars().take(20).collect::<String>()
                ),
            );
        }
        if self.server_name.contains(['/', ':', '@', ' ']) && !self.server_name.contains("::") {
            wrong(
                errors,
                ProfileField::ServerName,
                "it is just a host name, such as broker.example.org: without scheme and port",
            );
        }
        let least = self.least_version.unwrap_or(TlsVersion::V12);
        let most = self.most_version.unwrap_or(TlsVersion::V13);
        if least > most {
            wrong(
                errors,
                ProfileField::TlsVersions,
                format!(
                    "at least TLS {} and at most TLS {} leaves none",
                    least.word(),
                    most.word()
                ),
            );
        }
        Tls {
            system_roots: self.system_roots,
            ca_file: typed(&self.ca_file),
            identity: certificate.map(|certificate_file| Identity {
                certificate_file,
                key_file: key,
                passphrase_wanted: self.key_passphrase_wanted,
            }),
            alpn,
            server_name: typed(&self.server_name),
            least_version: least,
            most_version: most,
            verify: self.verify,
        }
    }
}

/// A token of HTTP (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_sign)
}

impl WebSocketDraft {
    fn validate(&self, errors: &mut Errors) -> WebSocket {
        let subprotocol = self.subprotocol.trim();
        if !subprotocol.is_empty() && !is_token(subprotocol) {
            wrong(
                errors,
                ProfileField::Subprotocol,
                "it is one word, and for MQTT it is `mqtt` (MQTT 5 §6)",
            );
        }
        let headers = self.headers.iter().enumerate();
        WebSocket {
            subprotocol: subprotocol.into(),
            headers: headers
                .filter(|(_, header)| **header != HeaderDraft::default())
                .map(|(index, header)| header.validate(index, errors))
                .collect(),
        }
    }
}

impl HeaderDraft {
    fn validate(&self, index: usize, errors: &mut Errors) -> Header {
        let name = self.name.trim();
        let field = ProfileField::Header(index);
        let lower = name.to_ascii_lowercase();
        if !is_token(name) {
            wrong(
                errors,
                field,
                format!("`{name}` is no name of a header; one is like Authorization"),
            );
        } else if matches!(lower.as_str(), "host" | "upgrade" | "connection")
            || lower.starts_with("sec-websocket-")
        {
            wrong(
                errors,
                field,
                format!("`{name}` is written by the WebSocket itself"),
            );
        }
        if !self.value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            wrong(
                errors,
                field,
                format!(
                    "the value of `{name}` holds what a header cannot carry; plain ASCII in one line is allowed"
                ),
            );
        }
        Header {
            name: name.into(),
            value: (!self.is_secret).then(|| self.value.trim().into()),
        }
    }
}

impl ProxyDraft {
    fn validate(&self, errors: &mut Errors) -> Option<Proxy> {
        let example = "write it like socks5://127.0.0.1:1080 or http://proxy.example.org:3128";
        let text = self.address.trim();
        let found = (|| {
            let url = url::Url::parse(text).ok()?;
            let (kind, port) = match url.scheme() {
                "socks5" | "socks5h" => (ProxyKind::Socks5, 1080),
                "http" => (ProxyKind::Http, 80),
                _ => return None,
            };
            let host = url.host_str().filter(|host| !host.is_empty())?;
            let is_bare =
                matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
            let port = url.port().unwrap_or(port);
            (is_bare && port != 0).then(|| {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                (kind, Arc::from(host), port, url.clone())
            })
        })();
        let Some((kind, host, port, url)) = found else {
            let shown = text.rsplit_once('@').map_or(text, |(_, place)| place);
            wrong(
                errors,
                ProfileField::ProxyAddress,
                format!("`{shown}` is no address of a proxy; {example}"),
            );
            return None;
        };
        if !url.username().is_empty() || url.password().is_some() {
            wrong(
                errors,
                ProfileField::ProxyAddress,
                "the user name and the password of the proxy have fields of their own; take them out of the address",
            );
        }
        let user_name = typed(&self.user_name);
        // RFC 1929 §2; a colon would end the name in HTTP (RFC 7617 §2).
        let is_unfit = match kind {
            ProxyKind::Socks5 => user_name.as_ref().is_some_and(|name| name.len() > 255),
            ProxyKind::Http => user_name.as_ref().is_some_and(|name| name.contains(':')),
        };
        if is_unfit {
            wrong(
                errors,
                ProfileField::ProxyUserName,
                "a proxy cannot be told this user name: it is longer than 255 bytes, or holds a colon",
            );
        }
        Some(Proxy {
            kind,
            host,
            port,
            user_name,
            password_wanted: self.password_wanted,
        })
    }
}

impl AuthenticationDraft {
    fn validate(&self, profile: &ProfileDraft, errors: &mut Errors) -> Authentication {
        let method = self.method.trim();
        let field = ProfileField::AuthenticationMethod;
        if profile.mqtt_version.first() == super::MqttVersion::V311 {
            wrong(
                errors,
                field,
                "MQTT 3.1.1 has no enhanced authentication; choose MQTT 5 or take the method out",
            );
        } else if method.len() > MAX_STRING_BYTES || method.contains('\0') {
            wrong(
                errors,
                field,
                "it is longer than 65,535 bytes or holds the character U+0000, which MQTT forbids",
            );
        } else if method == SCRAM_SHA_256
            && (profile.user_name.is_empty() || !profile.password_wanted)
        {
            wrong(
                errors,
                field,
                "SCRAM-SHA-256 proves a password: give a user name and a password",
            );
        }
        Authentication {
            method: method.into(),
            data_wanted: self.data_wanted && method != SCRAM_SHA_256,
            data_format: self.data_format,
        }
    }
}

impl ReconnectDraft {
    fn validate(&self, errors: &mut Errors) -> Reconnect {
        let reconnect = Reconnect::from(self);
        if self.is_on && (reconnect.first.is_zero() || reconnect.first > reconnect.most) {
            wrong(
                errors,
                ProfileField::Reconnect,
                format!(
                    "the first pause of {} ms must be longer than nothing and no longer than the longest of {} s",
                    self.first_ms, self.most_secs
                ),
            );
        }
        reconnect
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::profile::{Profile, SecretSlot, VersionChoice};

    fn draft(address: &str) -> ProfileDraft {
        ProfileDraft {
            name: "n".to_owned(),
            address: address.to_owned(),
            client_id: "c".to_owned(),
            ..ProfileDraft::default()
        }
    }

    fn valid(draft: &ProfileDraft) -> Profile {
        draft
            .validate("x")
            .unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    fn refused(draft: &ProfileDraft) -> Vec<ProfileField> {
        let errors = draft.validate("x").err().unwrap_or_default();
        errors.into_iter().map(|err| err.field).collect()
    }

    #[test]
    fn only_what_the_address_asks_for_is_in_the_profile() {
        let mut all = draft("mqtt://h");
        all.tls = Some(TlsDraft {
            key_file: "k".to_owned(),
            ..TlsDraft::default()
        });
        all.web_socket = Some(WebSocketDraft {
            subprotocol: "not one word".to_owned(),
            headers: Vec::new(),
        });
        let profile = valid(&all);
        assert!(profile.tls.is_none() && profile.web_socket.is_none());
        all.address = "wss://h/mqtt".to_owned();
        assert_eq!(
            refused(&all),
            [ProfileField::CertificateFile, ProfileField::Subprotocol]
        );
        let profile = valid(&draft("wss://h/mqtt"));
        assert!(
            profile
                .tls
                .is_some_and(|tls| tls.verify && tls.system_roots)
        );
        assert_eq!(
            profile.web_socket.map(|one| one.subprotocol),
            Some("mqtt".into())
        );
    }

    #[test]
    fn every_secret_that_is_wanted_has_a_slot() {
        let mut all = draft("wss://h/mqtt");
        all.password_wanted = true;
        all.tls = Some(TlsDraft {
            certificate_file: "me.p12".to_owned(),
            key_passphrase_wanted: true,
            ..TlsDraft::default()
        });
        all.web_socket = Some(WebSocketDraft {
            headers: vec![HeaderDraft {
                name: "X-Key".to_owned(),
                value: String::new(),
                is_secret: true,
            }],
            ..WebSocketDraft::default()
        });
        all.proxy = Some(ProxyDraft {
            address: "socks5://p".to_owned(),
            user_name: "me".to_owned(),
            password_wanted: true,
        });
        all.authentication = Some(AuthenticationDraft {
            method: "token".to_owned(),
            data_wanted: true,
            data_format: PayloadFormat::Text,
        });
        let profile = valid(&all);
        assert_eq!(
            profile.secrets_wanted(),
            [
                SecretSlot::Password,
                SecretSlot::KeyPassphrase,
                SecretSlot::ProxyPassword,
                SecretSlot::AuthenticationData,
                SecretSlot::Header("X-Key".to_owned()),
            ]
        );
        assert!(valid(&draft("mqtt://h")).secrets_wanted().is_empty());
    }

    #[test]
    fn a_proxy_is_socks5_or_http_and_its_password_is_not_in_its_address() {
        for (address, kind, port) in [
            ("socks5://p", Some(ProxyKind::Socks5), 1080),
            ("socks5h://p:9050", Some(ProxyKind::Socks5), 9050),
            ("http://[::1]:3128/", Some(ProxyKind::Http), 3128),
            ("ftp://p", None, 0),
            ("p:1080", None, 0),
            ("http://p/path", None, 0),
            ("http://me:pa55@p", None, 0),
        ] {
            let mut one = draft("mqtt://h");
            one.proxy = Some(ProxyDraft {
                address: address.to_owned(),
                ..ProxyDraft::default()
            });
            match (one.validate("x"), kind) {
                (Ok(profile), Some(kind)) => {
                    let proxy = profile.proxy.unwrap_or_else(|| panic!("{address}"));
                    assert_eq!((proxy.kind, proxy.port), (kind, port), "{address}");
                }
                (Err(errors), None) => {
                    assert_eq!(errors[0].field, ProfileField::ProxyAddress, "{address}");
                    assert!(!errors[0].message.contains("pa55"));
                }
                (result, _) => panic!("{address}: {result:?}"),
            }
        }
    }

    #[test]
    fn what_cannot_work_is_said_at_its_field() {
        let mut one = draft("mqtts://h");
        one.connect_timeout_secs = 0;
        one.receive_maximum = Some(0);
        one.maximum_packet_size = Some(4);
        one.reconnect.first_ms = 0;
        one.tls = Some(TlsDraft {
            certificate_file: "me.crt".to_owned(),
            server_name: "mqtts://h:1".to_owned(),
            least_version: Some(TlsVersion::V13),
            most_version: Some(TlsVersion::V12),
            ..TlsDraft::default()
        });
        assert_eq!(
            refused(&one),
            [
                ProfileField::ConnectTimeout,
                ProfileField::ReceiveMaximum,
                ProfileField::MaximumPacketSize,
                ProfileField::Reconnect,
                ProfileField::KeyFile,
                ProfileField::ServerName,
                ProfileField::TlsVersions,
            ]
        );
    }

    #[test]
    fn headers_are_what_http_can_carry() {
        for (name, value, is_fine) in [
            ("Authorization", "Bearer x", true),
            ("X-A", "", true),
            ("Host", "h", false),
            ("sec-websocket-key", "k", false),
            ("X A", "v", false),
            ("X-A", "a\r\nEvil: 1", false),
        ] {
            let mut one = draft("ws://h");
            one.web_socket = Some(WebSocketDraft {
                headers: vec![
                    HeaderDraft::default(),
                    HeaderDraft {
                        name: name.to_owned(),
                        value: value.to_owned(),
                        is_secret: false,
                    },
                ],
                ..WebSocketDraft::default()
            });
            let want: &[ProfileField] = if is_fine {
                &[]
            } else {
                &[ProfileField::Header(1)]
            };
            assert_eq!(refused(&one), want, "{name}: {value}");
        }
    }

    #[test]
    fn scram_needs_mqtt_5_a_user_name_and_a_password() {
        let mut one = draft("mqtt://h");
        one.authentication = Some(AuthenticationDraft {
            method: SCRAM_SHA_256.to_owned(),
            ..AuthenticationDraft::default()
        });
        assert_eq!(refused(&one), [ProfileField::AuthenticationMethod]);
        one.user_name = "ann".to_owned();
        one.password_wanted = true;
        assert!(valid(&one).authentication.is_some());
        one.mqtt_version = VersionChoice::V311;
        assert_eq!(refused(&one), [ProfileField::AuthenticationMethod]);
    }
}
