//! How a connection stands and what happens on it: what `mqtt` and `tcp` report and everybody else shows.

use crate::model::exchange::{Change, Exchange, ExchangeId, MessageVerdict, Reason};
use crate::model::message::{Message, Qos, UserProperty};
use crate::model::pairing::NearMiss;
use crate::model::profile::SecretSlot;
use crate::model::secret::Secrets;
use crate::model::time::Timestamp;
use crate::model::topic::TopicFilter;
use crate::model::version::MqttVersion;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// What happens on a connection. The listener knows which one it is.
#[derive(Clone, Debug)]
pub enum ConnectionEvent {
    State(ConnectionState),
    Begun(Box<Exchange>),
    /// The broker publishes the will, which asks for a reply: nobody here has sent it.
    WillBegun(Box<Exchange>),
    Changed {
        id: ExchangeId,
        change: Change,
        at: Timestamp,
    },
    /// A message that belongs to no exchange.
    Arrived {
        message: Arc<Message>,
        verdict: MessageVerdict,
        at: Timestamp,
        responder: Option<Arc<str>>,
        /// The open exchange that it may have been meant for.
        near: Option<ExchangeId>,
        /// Which variable of the rule differs, where it is only one.
        miss: Option<NearMiss>,
        /// Published on this connection itself, and brought back by a subscription of its own.
        is_echo: bool,
    },
    /// A publish without Response Topic was written, and acknowledged at QoS 1 and 2.
    Published {
        message: Arc<Message>,
        at: Timestamp,
        acknowledgement: Option<Reason>,
    },
    PublishFailed {
        message: Arc<Message>,
        problem: Problem,
    },
    /// The Response Topics that are subscribed right now, SUBACK seen. Told when they change, and
    /// after every [`ConnectionState::Connected`].
    Subscriptions(Vec<TopicFilter>),
    /// The SUBACK of a filter that the user listens to. A refusal ends it.
    Listening {
        filter: TopicFilter,
        reason: Reason,
    },
}

/// Hears what happens, in order. Must not wait.
pub type ConnectionSink = Arc<dyn Fn(ConnectionEvent) + Send + Sync>;

/// Something that went wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One sentence: what failed, on what, why.
    pub summary: Arc<str>,
    /// What to do about it.
    pub hint: Arc<str>,
    /// What the broker or the operating system said, as it said it. May be empty.
    pub detail: Arc<str>,
    /// The broker's reason code, when it gave one.
    pub reason: Option<Reason>,
    /// The secrets that may be wrong: they are asked for again.
    pub doubted: Vec<SecretSlot>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConnectionState {
    #[default]
    Disconnected,
    Connecting,
    Connected(Arc<ConnectionInfo>),
    /// It was lost or could not be made; the next attempt is due at `at`.
    Retrying {
        problem: Problem,
        at: Timestamp,
        attempt: u32,
    },
    /// The broker said no, and trying again would not change its mind: the user has to act.
    Refused {
        problem: Problem,
    },
}

impl Problem {
    /// With what nobody may see covered.
    #[must_use]
    pub fn covered(&self, secrets: &Secrets) -> Self {
        let cover = |text: &Arc<str>| secrets.cover(text).into();
        Self {
            summary: cover(&self.summary),
            hint: cover(&self.hint),
            detail: cover(&self.detail),
            reason: self.reason.clone(),
            doubted: self.doubted.clone(),
        }
    }
}

impl ConnectionState {
    /// With what nobody may see covered.
    #[must_use]
    pub fn covered(&self, secrets: &Secrets) -> Self {
        match self {
            Self::Connected(info) => {
                let cover = |text: &Option<Arc<str>>| Some(secrets.cover(text.as_ref()?).into());
                Self::Connected(Arc::new(ConnectionInfo {
                    address: secrets.cover(&info.address).into(),
                    server_reference: cover(&info.server_reference),
                    reason_string: cover(&info.reason_string),
                    ..ConnectionInfo::clone(info)
                }))
            }
            Self::Retrying {
                problem,
                at,
                attempt,
            } => Self::Retrying {
                problem: problem.covered(secrets),
                at: *at,
                attempt: *attempt,
            },
            Self::Refused { problem } => Self::Refused {
                problem: problem.covered(secrets),
            },
            Self::Disconnected | Self::Connecting => self.clone(),
        }
    }

    pub fn is_connected(&self) -> bool {
        matches!(self, Self::Connected(_))
    }

    pub fn info(&self) -> Option<&Arc<ConnectionInfo>> {
        match self {
            Self::Connected(info) => Some(info),
            _ => None,
        }
    }

    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Retrying { problem, .. } | Self::Refused { problem } => Some(problem),
            _ => None,
        }
    }
}

/// What the broker said in its CONNACK (MQTT 5 §3.2.2.3). Absent means what the specification says it means;
/// in MQTT 3.1.1 everything but the session is absent, and where there is no broker all of it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionInfo {
    pub version: MqttVersion,
    /// `host:port` as connected to.
    pub address: Arc<str>,
    /// The client id in use: the assigned one where the broker assigned it.
    pub client_id: Arc<str>,
    pub client_id_was_assigned: bool,
    pub session_present: bool,
    pub since: Timestamp,
    pub response_information: Option<Arc<str>>,
    pub server_reference: Option<Arc<str>>,
    pub reason_string: Option<Arc<str>>,
    /// Server Keep Alive, when the broker set its own.
    pub server_keep_alive_secs: Option<u16>,
    pub session_expiry_secs: Option<u32>,
    pub receive_maximum: Option<u16>,
    pub maximum_packet_size: Option<u32>,
    pub maximum_qos: Option<Qos>,
    pub topic_alias_maximum: Option<u16>,
    pub retain_available: Option<bool>,
    pub wildcard_subscriptions_available: Option<bool>,
    pub subscription_identifiers_available: Option<bool>,
    pub shared_subscriptions_available: Option<bool>,
    pub user_properties: Vec<UserProperty>,
    /// Where the connection is encrypted.
    pub tls: Option<Arc<TlsInfo>>,
}

/// What a broker showed of itself in the TLS handshake, and what was agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsInfo {
    /// `TLS 1.3`; empty where the handshake did not come that far.
    pub version: Arc<str>,
    pub cipher_suite: Arc<str>,
    pub alpn: Option<Arc<str>>,
    /// What was sent as SNI and looked for in the certificate.
    pub server_name: Arc<str>,
    /// False where nobody looked, and in a handshake that failed.
    pub is_verified: bool,
    /// The broker's own first, as it sent them.
    pub chain: Vec<CertificateInfo>,
    /// Who vouches for it, and where that is said; none where nobody looked.
    pub root: Option<Arc<str>>,
}

impl fmt::Display for TlsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.version, self.cipher_suite)?;
        if !self.is_verified {
            f.write_str(", not verified")?;
        }
        Ok(())
    }
}

/// A certificate, for people to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateInfo {
    pub subject: Arc<str>,
    pub issuer: Arc<str>,
    /// Host names and addresses that it is for.
    pub names: Vec<Arc<str>>,
    /// Seconds since 1970, UTC.
    pub not_before: i64,
    pub not_after: i64,
    pub is_authority: bool,
    /// SHA-256 over the certificate, as hex digits.
    pub fingerprint: Arc<str>,
    /// `RSA, 2048 bits`, `EC P-256`; empty where it is of a kind that is not known.
    pub key: Arc<str>,
    /// The certificate itself, DER.
    pub der: Bytes,
}

impl CertificateInfo {
    /// As files hold it.
    pub fn pem(&self) -> String {
        let text = BASE64_STANDARD.encode(&self.der);
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for line in text.as_bytes().chunks(64) {
            // Base64 is ASCII.
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
        pem
    }
}

impl fmt::Display for CertificateInfo {
    /// Its owner, and for whom it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.subject)?;
        if !self.names.is_empty() {
            write!(f, " ({})", self.names.join(", "))?;
        }
        write!(f, ", by {}", self.issuer)
    }
}
