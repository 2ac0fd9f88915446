//! Roundtrip's own export: connections and requests in one file, as TOML or JSON, made to be read in again without loss.
//!
//! Passwords are not in it unless they were asked for: then they are [`Sealed`], which only `store` can open. Files of
//! certificates and keys are named and never in it.

use super::{Foreign, ForeignProfile, Source, Unreadable};
use crate::model::profile::{ProfileDraft, SecretSlot};
use crate::model::request::RequestDraft;
use crate::model::secret::Secret;
use crate::model::subscribe::SubscriptionDraft;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version that is written. Files of a later one are not read.
pub const VERSION: u32 = 1;
const MARK: &str = "roundtrip_export";

/// How it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BundleFormat {
    #[default]
    Toml,
    Json,
}

impl BundleFormat {
    pub const ALL: [Self; 2] = [Self::Toml, Self::Json];

    /// Also the ending of a file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Toml => "toml",
            Self::Json => "json",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }
}

/// Secrets under a passphrase: a key derived with Argon2id (RFC 9106), the JSON of the secrets encrypted and authenticated
/// with ChaCha20-Poly1305 (RFC 8439). Binary values are base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub derivation: String,
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
    pub salt: String,
    pub cipher: String,
    pub nonce: String,
    pub data: String,
}

/// One secret and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedSecret {
    /// The id of a connection.
    pub connection: String,
    pub slot: SecretSlot,
    pub secret: Secret,
}

#[derive(Serialize, Deserialize)]
struct Document {
    roundtrip_export: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secrets: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    connections: Vec<Connection>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requests: Vec<Saved>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subscriptions: Vec<Listened>,
}

#[derive(Serialize, Deserialize)]
struct Connection {
    id: String,
    profile: ProfileDraft,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    request: RequestDraft,
}

#[derive(Serialize, Deserialize)]
struct Listened {
    subscription: SubscriptionDraft,
}

/// What is inside of [`Sealed`].
#[derive(Serialize, Deserialize)]
struct Plain {
    connection: String,
    slot: String,
    value: String,
}

/// What goes into one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// By id.
    pub connections: Vec<(String, ProfileDraft)>,
    pub requests: Vec<RequestDraft>,
    pub subscriptions: Vec<SubscriptionDraft>,
}

impl Bundle {
    pub fn to_text(&self, format: BundleFormat, secrets: Option<Sealed>) -> Result<String, String> {
        let document = Document {
            roundtrip_export: VERSION,
            secrets,
            connections: self
                .connections
                .iter()
                .map(|(id, draft)| Connection {
                    id: id.clone(),
                    profile: without_secrets(draft.clone()),
                })
                .collect(),
            requests: self
                .requests
                .iter()
                .map(|request| Saved {
                    request: request.clone(),
                })
                .collect(),
            subscriptions: self
                .subscriptions
                .iter()
                .map(|subscription| Listened {
                    subscription: subscription.clone(),
                })
                .collect(),
        };
        match format {
            BundleFormat::Toml => toml::to_string_pretty(&document).map_err(|err| err.to_string()),
            BundleFormat::Json => serde_json::to_string_pretty(&document)
                .map(|text| text + "\n")
                .map_err(|err| err.to_string()),
        }
    }
}

/// A header that was a value before it became a secret.
fn without_secrets(mut draft: ProfileDraft) -> ProfileDraft {
    let headers = draft.web_socket.iter_mut().flat_map(|it| &mut it.headers);
    for header in headers.filter(|header| header.is_secret) {
        header.value.clear();
    }
    draft
}

pub(super) fn is_toml(text: &str) -> bool {
    text.lines().any(|line| {
        let rest = line.trim_start().strip_prefix(MARK);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    })
}

pub(super) fn is_json(value: &Value) -> bool {
    value.get(MARK).is_some()
}

pub(super) fn from_toml(text: &str) -> Result<Foreign, Unreadable> {
    let wrong = |err: toml::de::Error| {
        let line = err.span().and_then(|span| text.get(..span.start));
        let line = line.map_or(1, |before| before.matches('\n').count() + 1);
        Unreadable::new(format!("line {line}: {}", err.message()))
    };
    let table: toml::Table = toml::from_str(text).map_err(wrong)?;
    let version = table.get(MARK).and_then(toml::Value::as_integer);
    check(version)?;
    toml::from_str(text).map_err(wrong).map(foreign)
}

pub(super) fn from_json(value: &Value) -> Result<Foreign, Unreadable> {
    check(value.get(MARK).and_then(Value::as_i64))?;
    serde_json::from_value(value.clone())
        .map_err(|err| Unreadable::new(format!("it is no export of Roundtrip: {err}")))
        .map(foreign)
}

fn check(version: Option<i64>) -> Result<(), Unreadable> {
    match version {
        Some(1) => Ok(()),
        Some(later) if later > 1 => Err(Unreadable::new(format!(
            "it was written by a later Roundtrip (version {later} of the form, and this one reads 1)"
        ))),
        _ => Err(Unreadable::new(format!("`{MARK}` is no version"))),
    }
}

fn foreign(document: Document) -> Foreign {
    let mut foreign = Foreign::new(Source::Roundtrip);
    foreign.sealed = document.secrets;
    foreign.profiles = document
        .connections
        .into_iter()
        .map(|one| ForeignProfile {
            key: one.id,
            draft: one.profile,
            secrets: Vec::new(),
            files: Vec::new(),
        })
        .collect();
    foreign.requests = document
        .requests
        .into_iter()
        .map(|one| one.request)
        .collect();
    foreign.subscriptions = document
        .subscriptions
        .into_iter()
        .map(|one| one.subscription)
        .collect();
    foreign
}

/// The secrets as they are sealed.
pub fn secrets_to_json(secrets: &[OwnedSecret]) -> Result<Secret, String> {
    let plain: Vec<Plain> = secrets
        .iter()
        .map(|one| Plain {
            connection: one.connection.clone(),
            slot: slot_word(&one.slot),
            value: one.secret.expose().to_owned(),
        })
        .collect();
    serde_json::to_string(&plain)
        .map(Secret::new)
        .map_err(|err| err.to_string())
}

/// What was sealed. What it says is never a part of an error.
pub fn secrets_from_json(text: &Secret) -> Option<Vec<OwnedSecret>> {
    let plain: Vec<Plain> = serde_json::from_str(text.expose()).ok()?;
    plain
        .into_iter()
        .map(|one| {
            Some(OwnedSecret {
                connection: one.connection,
                slot: slot_of(&one.slot)?,
                secret: Secret::new(one.value),
            })
        })
        .collect()
}

fn slot_word(slot: &SecretSlot) -> String {
    match slot {
        SecretSlot::Password => "password".to_owned(),
        SecretSlot::KeyPassphrase => "key-passphrase".to_owned(),
        SecretSlot::ProxyPassword => "proxy-password".to_owned(),
        SecretSlot::AuthenticationData => "authentication-data".to_owned(),
        SecretSlot::Header(name) => format!("header:{name}"),
    }
}

fn slot_of(word: &str) -> Option<SecretSlot> {
    Some(match word {
        "password" => SecretSlot::Password,
        "key-passphrase" => SecretSlot::KeyPassphrase,
        "proxy-password" => SecretSlot::ProxyPassword,
        "authentication-data" => SecretSlot::AuthenticationData,
        other => SecretSlot::Header(other.strip_prefix("header:")?.to_owned()),
    })
}

impl Foreign {
    /// Puts secrets that were sealed beside the profiles that they belong to.
    pub fn unseal(&mut self, secrets: Vec<OwnedSecret>) {
        self.sealed = None;
        for one in secrets {
            let profile = self.profiles.iter_mut().find(|it| it.key == one.connection);
            if let Some(profile) = profile {
                profile.secrets.push((one.slot, one.secret));
            }
        }
    }
}
