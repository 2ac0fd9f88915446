//! Where a step failed: what is there instead, found out by knocking, and what can be done.
//!
//! Whoever knocks shows nothing secret: no password, no header, no certificate of the client's own.

use super::tested::Tested;
use super::{Failed, Run, transport};
use crate::model::connection::{ConnectionState, TlsInfo};
use crate::model::diagnosis::{Remedy, Step, StepReport};
use crate::model::profile::{
    BrokerAddress, MqttVersion, Profile, Reconnect, Scheme, SecretSlot, Tls, TlsVersion,
    VersionChoice, WebSocket,
};
use crate::model::secret::Secrets;
use crate::mqtt::client::ClientOptions;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For one knock.
const PATIENCE: Duration = Duration::from_secs(4);
const PATIENCE_SECS: u16 = 4;
/// Where brokers usually have their WebSocket.
const PATHS: [&str; 3] = ["/mqtt", "/ws", "/"];

/// An address, taken apart.
#[derive(Clone)]
struct Place {
    scheme: Scheme,
    host: Arc<str>,
    port: u16,
    path: Arc<str>,
}

impl Place {
    fn of(address: &BrokerAddress) -> Option<Self> {
        match address {
            BrokerAddress::Tcp {
                scheme,
                host,
                port,
                path,
            } => Some(Self {
                scheme: *scheme,
                host: Arc::clone(host),
                port: *port,
                path: Arc::clone(path),
            }),
            _ => None,
        }
    }

    fn with(&self, scheme: Scheme, port: u16) -> Self {
        let path = if scheme.is_web_socket() {
            Arc::clone(&self.path)
        } else {
            "".into()
        };
        Self {
            scheme,
            port,
            path,
            ..self.clone()
        }
    }

    fn address(&self) -> BrokerAddress {
        BrokerAddress::Tcp {
            scheme: self.scheme,
            host: Arc::clone(&self.host),
            port: self.port,
            path: Arc::clone(&self.path),
        }
    }
}

/// What was found, and what to do.
#[derive(Default)]
struct Findings {
    words: Vec<String>,
    remedies: Vec<Remedy>,
}

impl Findings {
    fn add(&mut self, words: String, remedy: Remedy) {
        self.words.push(words);
        self.remedies.push(remedy);
    }
}

impl Run {
    /// Tells of it as a step of its own where there was something to look for.
    pub(super) async fn look_for_cause(&mut self, failed: &Failed, profile: &Profile) {
        for remedy in known(failed, profile, &self.options.profile) {
            self.offer(remedy);
        }
        let Some(place) = Place::of(&profile.address) else {
            return;
        };
        let has_words = failed.problem.reason.is_some();
        let is_proxy = profile.proxy.is_some() && failed.step == Step::Connect;
        let is_known = match failed.step {
            Step::Connect => is_proxy,
            Step::Tls => failed.tls.is_some(),
            Step::WebSocket => false,
            // What the broker said in words needs no guess, but for its version.
            Step::Mqtt => failed
                .problem
                .reason
                .as_ref()
                .is_some_and(|it| it.code != 0x84),
            _ => true,
        };
        if is_known {
            return;
        }
        self.begin(Step::Cause);
        let began = Instant::now();
        let knock = Knock { run: self, profile };
        let findings = match failed.step {
            Step::Connect => knock.other_ports(&place).await,
            Step::Tls => knock.instead_of_tls(&place).await,
            Step::WebSocket => knock.other_paths(&place).await,
            _ => knock.instead_of_connack(&place, has_words).await,
        };
        for remedy in findings.remedies {
            self.offer(remedy);
        }
        let found = findings.words.join("; ");
        self.end(if found.is_empty() {
            StepReport::skipped(Step::Cause, "no other way in was found")
        } else {
            StepReport::done(Step::Cause, began.elapsed(), found)
        });
    }
}

/// What follows from the failure itself.
fn known(failed: &Failed, tested: &Profile, own: &Profile) -> Vec<Remedy> {
    let mut remedies = Vec::new();
    let code = failed.problem.reason.as_ref().map(|reason| reason.code);
    match code {
        Some(0x86) => remedies.push(Remedy::Secret(SecretSlot::Password)),
        Some(0x87) => {
            remedies.push(Remedy::Secret(SecretSlot::Password));
            if tested.client_id != own.client_id {
                remedies.push(Remedy::OwnClientId);
            }
        }
        Some(0x85) => {
            if tested.client_id != own.client_id {
                remedies.push(Remedy::OwnClientId);
            }
            remedies.push(Remedy::NewClientId);
        }
        _ => {}
    }
    if failed.step == Step::Tls
        && let Some(info) = &failed.tls
        && let Some(name) = other_name(info)
    {
        remedies.push(Remedy::ServerName(name));
    }
    if failed.step == Step::Tls
        && let Some(settings) = tested.tls.as_ref().and_then(|tls| tls.identity.as_ref())
        && settings.passphrase_wanted
        && failed.tls.is_none()
    {
        remedies.push(Remedy::Secret(SecretSlot::KeyPassphrase));
    }
    if failed.step == Step::Proxy && tested.proxy.as_ref().is_some_and(|it| it.password_wanted) {
        remedies.push(Remedy::Secret(SecretSlot::ProxyPassword));
    }
    remedies
}

/// A name that the certificate holds, where it does not hold the one that was looked for.
fn other_name(info: &TlsInfo) -> Option<Arc<str>> {
    let own = info.chain.first()?;
    let wanted = info.server_name.to_ascii_lowercase();
    let fits = |name: &str| {
        let name = name.to_ascii_lowercase();
        match name.strip_prefix("*.") {
            Some(rest) => wanted.split_once('.').is_some_and(|(_, tail)| tail == rest),
            None => name == wanted,
        }
    };
    if own.names.iter().any(|name| fits(name)) {
        return None;
    }
    own.names.iter().find(|name| !name.contains('*')).cloned()
}

struct Knock<'a> {
    run: &'a Run,
    profile: &'a Profile,
}

impl Knock<'_> {
    /// The profile at another place and without anything secret.
    fn options(&self, place: &Place, version: MqttVersion) -> ClientOptions {
        let proxy_password = SecretSlot::ProxyPassword;
        let secrets = self.run.options.secrets.get(&proxy_password).cloned();
        let profile = Profile {
            address: place.address(),
            mqtt_version: version,
            falls_back: false,
            client_id: format!("roundtrip{:08x}", rand::random::<u32>()).into(),
            user_name: None,
            password_wanted: false,
            authentication: None,
            user_properties: Vec::new(),
            clean_start: true,
            session_expiry_secs: 0,
            connect_timeout_secs: PATIENCE_SECS,
            tls: place.scheme.is_encrypted().then(|| Tls {
                system_roots: false,
                ca_file: None,
                identity: None,
                alpn: Vec::new(),
                server_name: None,
                least_version: TlsVersion::V12,
                most_version: TlsVersion::V13,
                verify: false,
            }),
            web_socket: place.scheme.is_web_socket().then(|| WebSocket {
                subprotocol: match &self.profile.web_socket {
                    Some(settings) => Arc::clone(&settings.subprotocol),
                    None => "mqtt".into(),
                },
                headers: Vec::new(),
            }),
            ..self.profile.clone()
        };
        ClientOptions {
            profile: Arc::new(profile),
            secrets: secrets
                .map(|secret| (proxy_password, secret))
                .into_iter()
                .collect::<Secrets>(),
            watch: None,
            ..self.run.options.clone()
        }
    }

    /// Whether the way can be gone there.
    async fn opens(&self, place: &Place) -> bool {
        let options = self.options(place, MqttVersion::V5);
        let mut is_tls = false;
        let mut observer = |told: transport::Told| {
            is_tls |= matches!(told, transport::Told::Shown(_));
        };
        let way = transport::connect(&options, &mut observer);
        let is_open = matches!(tokio::time::timeout(PATIENCE, way).await, Ok(Ok(_)));
        // It speaks TLS, even if it wants a certificate.
        is_open || (is_tls && !place.scheme.is_web_socket())
    }

    /// Whether a broker is there, even one that lets nobody in.
    async fn answers(&self, place: &Place, version: MqttVersion) -> bool {
        let options = self.options(place, version);
        let profile = (*options.profile).clone();
        let mut tested = Tested::start(
            &self.run.runtime,
            &options,
            Profile {
                reconnect: Reconnect {
                    is_on: false,
                    ..profile.reconnect
                },
                ..profile
            },
        );
        match tested.settled(|_| {}).await {
            ConnectionState::Connected(_) => true,
            state => state.problem().is_some_and(|problem| {
                problem.reason.is_some() || problem.detail.starts_with("CONNACK")
            }),
        }
    }

    /// Nothing listens where the profile says.
    async fn other_ports(&self, place: &Place) -> Findings {
        let mut findings = Findings::default();
        for scheme in [Scheme::Mqtts, Scheme::Mqtt] {
            let port = scheme.default_port();
            let other = place.with(scheme, port);
            if port == place.port {
                continue;
            }
            let is_there = if scheme.is_encrypted() {
                self.opens(&other).await
            } else {
                self.answers(&other, MqttVersion::V5).await
            };
            if is_there {
                findings.add(
                    format!("{} answers there", other.address()),
                    Remedy::Address(other.address()),
                );
            }
        }
        findings
    }

    /// There was no TLS.
    async fn instead_of_tls(&self, place: &Place) -> Findings {
        let mut findings = Findings::default();
        let plain = match place.scheme {
            Scheme::Wss => Scheme::Ws,
            _ => Scheme::Mqtt,
        };
        let usual = place.with(Scheme::Mqtts, Scheme::Mqtts.default_port());
        if place.scheme == Scheme::Mqtts && place.port != usual.port && self.opens(&usual).await {
            let words = format!("TLS is spoken on port {}", usual.port);
            findings.add(words, Remedy::Address(usual.address()));
        }
        let here = place.with(plain, place.port);
        let is_plain = if plain.is_web_socket() {
            self.opens(&here).await
        } else {
            self.answers(&here, MqttVersion::V5).await
        };
        if is_plain {
            let words = format!(
                "port {} is one for {} without TLS",
                place.port,
                words(plain)
            );
            findings.add(words, Remedy::Address(here.address()));
        }
        findings
    }

    /// The WebSocket was not opened.
    async fn other_paths(&self, place: &Place) -> Findings {
        let mut findings = Findings::default();
        for path in PATHS {
            let other = Place {
                path: path.into(),
                ..place.clone()
            };
            if *other.path != *place.path && self.opens(&other).await {
                let words = format!("the path {path} opens a WebSocket");
                findings.add(words, Remedy::Address(other.address()));
                return findings;
            }
        }
        let bare = if place.scheme.is_encrypted() {
            Scheme::Mqtts
        } else {
            Scheme::Mqtt
        };
        let here = place.with(bare, place.port);
        if self.answers(&here, MqttVersion::V5).await {
            let words = format!("port {} is one for MQTT without WebSocket", place.port);
            findings.add(words, Remedy::Address(here.address()));
        }
        findings
    }

    /// The way was gone, but no CONNACK came, or one that says that the version is not spoken.
    async fn instead_of_connack(&self, place: &Place, has_words: bool) -> Findings {
        let mut findings = Findings::default();
        if !has_words && place.scheme == Scheme::Mqtt {
            let encrypted = place.with(Scheme::Mqtts, place.port);
            if self.opens(&encrypted).await {
                let words = format!("port {} is one for TLS", place.port);
                findings.add(words, Remedy::Address(encrypted.address()));
                return findings;
            }
            for path in PATHS {
                let web = Place {
                    path: path.into(),
                    ..place.with(Scheme::Ws, place.port)
                };
                if self.opens(&web).await {
                    let words = format!("port {} is one for WebSocket", place.port);
                    findings.add(words, Remedy::Address(web.address()));
                    return findings;
                }
            }
        }
        let (other, choice) = match self.profile.mqtt_version {
            MqttVersion::V5 => (MqttVersion::V311, VersionChoice::V311),
            MqttVersion::V311 => (MqttVersion::V5, VersionChoice::V5),
        };
        if !self.profile.falls_back && self.answers(place, other).await {
            let words = format!("{other} is spoken there");
            findings.add(words, Remedy::Version(choice));
        }
        findings
    }
}

fn words(scheme: Scheme) -> &'static str {
    if scheme.is_web_socket() {
        "WebSocket"
    } else {
        "MQTT"
    }
}
