//! What readers of JSON have in common: values of several types, and a list of what is not taken over.

use super::{ForeignProfile, LeftOut};
use crate::model::correlation::{CorrelationDraft, CorrelationKind};
use crate::model::message::{Qos, UserProperty};
use crate::model::payload::{Encoding, PayloadFormat, check_json};
use crate::model::profile::{BrokerAddress, Scheme, SecretSlot};
use crate::model::record::Colour;
use crate::model::secret::Secret;
use serde_json::{Map, Value};

/// What is known of one entry while it is read.
pub(super) struct Entry<'a> {
    /// Its name, for people.
    pub of: String,
    pub left_out: &'a mut Vec<LeftOut>,
}

impl Entry<'_> {
    pub fn leave(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push(LeftOut {
            of: self.of.clone(),
            what: what.into(),
            why: why.into(),
        });
    }

    /// A whole number, also where it was written as text.
    pub fn number<T: TryFrom<u64>>(&mut self, what: &str, value: Option<&Value>) -> Option<T> {
        let value = value?;
        let number = match value {
            Value::Null => return None,
            Value::String(text) if text.trim().is_empty() => return None,
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64(),
        };
        let number = number.and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            self.leave(
                what,
                format!("{} is no number that it can be", brief(value)),
            );
        }
        number
    }

    pub fn qos(&mut self, what: &str, value: Option<&Value>) -> Qos {
        let level: Option<u8> = self.number(what, value);
        match Qos::try_from(level.unwrap_or(0)) {
            Ok(qos) => qos,
            Err(why) => {
                self.leave(what, why);
                Qos::AtMostOnce
            }
        }
    }

    /// An object of names and values, or the same as the text of JSON. A value may be a list: the name repeats.
    pub fn user_properties(&mut self, value: Option<&Value>) -> Vec<UserProperty> {
        match value {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) if matches!(text.trim(), "" | "null") => Vec::new(),
            Some(Value::String(text)) => {
                let inner = serde_json::from_str::<Value>(text).unwrap_or_default();
                if inner.is_object() || inner.is_array() {
                    return self.user_properties(Some(&inner));
                }
                self.leave("user properties", "they are no JSON object");
                Vec::new()
            }
            Some(Value::Object(map)) => pairs(map),
            Some(Value::Array(list)) => list
                .iter()
                .filter_map(Value::as_object)
                .map(|one| UserProperty {
                    name: text(one.get("key").or_else(|| one.get("name"))),
                    value: text(one.get("value")),
                })
                .collect(),
            Some(_) => {
                self.leave("user properties", "they are no JSON object");
                Vec::new()
            }
        }
    }

    /// Bytes: text, or how Node writes a Buffer. None where there are none.
    pub fn bytes(&mut self, what: &str, value: Option<&Value>) -> Option<Vec<u8>> {
        match value? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone().into_bytes()),
            Value::Object(map) => {
                let data = map.get("data").and_then(Value::as_array);
                let bytes: Option<Vec<u8>> = data.and_then(|data| {
                    data.iter()
                        .map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()))
                        .collect()
                });
                if bytes.is_none() {
                    self.leave(what, "it is no list of bytes");
                }
                bytes
            }
            _ => {
                self.leave(what, "it is neither text nor bytes");
                None
            }
        }
    }

    /// Keys that nobody reads, where they say something.
    pub fn unknown(&mut self, map: &Map<String, Value>, known: &[&str]) {
        for (key, value) in map {
            if !known.contains(&key.as_str()) && !is_nothing(value) {
                self.leave(format!("`{key}`"), "its meaning is not known here");
            }
        }
    }

    /// The address of a broker. What was typed before an `@` is no part of it.
    pub fn address(
        &mut self,
        profile: &mut ForeignProfile,
        scheme: Scheme,
        host: &str,
        port: u16,
        path: &str,
    ) {
        let host = host.trim();
        let bare = host.split_once("://").map_or(host, |(_, rest)| rest);
        let (user, bare) = bare
            .rsplit_once('@')
            .map_or((None, bare), |(user, bare)| (Some(user), bare));
        if let Some(user) = user {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            if profile.draft.user_name.is_empty() {
                name.clone_into(&mut profile.draft.user_name);
            }
            set_password(profile, password);
        }
        let bare = bare.trim_end_matches('/');
        // `[::1]` is how a URL writes it.
        let bare = bare.trim_start_matches('[').trim_end_matches(']');
        let path = if scheme.is_web_socket() && !path.is_empty() && !path.starts_with('/') {
            format!("/{path}")
        } else {
            path.to_owned()
        };
        if bare.is_empty() {
            self.leave("the host", "there is none; type it into the connection");
        }
        profile.draft.address = BrokerAddress::Tcp {
            scheme,
            host: bare.into(),
            port,
            path: if scheme.is_web_socket() {
                path
            } else {
                String::new()
            }
            .into(),
        }
        .to_string();
    }
}

/// Keeps a password beside the draft. An empty one is none.
pub(super) fn set_password(profile: &mut ForeignProfile, password: &str) {
    if password.is_empty()
        || profile
            .secrets
            .iter()
            .any(|(slot, _)| *slot == SecretSlot::Password)
    {
        return;
    }
    profile.draft.password_wanted = true;
    let secret = Secret::new(password.to_owned());
    profile.secrets.push((SecretSlot::Password, secret));
}

pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// A text; numbers and truth values as they are written. Nothing is empty.
pub(super) fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Also where it was written as 0 or 1, or as text.
pub(super) fn truth(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(is_so) => Some(*is_so),
        Value::Number(number) => number.as_u64().map(|number| number != 0),
        Value::String(text) if text == "true" || text == "1" => Some(true),
        Value::String(text) if text == "false" || text == "0" => Some(false),
        _ => None,
    }
}

fn pairs(map: &Map<String, Value>) -> Vec<UserProperty> {
    let mut found = Vec::new();
    for (name, value) in map {
        let values = match value {
            Value::Array(list) => list.iter().map(|value| text(Some(value))).collect(),
            one => vec![text(Some(one))],
        };
        found.extend(values.into_iter().map(|value| UserProperty {
            name: name.clone(),
            value,
        }));
    }
    found
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    let mut brief: String = text.chars().take(40).collect();
    if brief.len() < text.len() {
        brief.push('…');
    }
    brief
}

/// Fixed Correlation Data: as text where it is some, else as hex digits. None for no bytes.
pub(super) fn correlation(bytes: Option<&[u8]>) -> CorrelationDraft {
    match bytes {
        None => CorrelationDraft::of_kind(CorrelationKind::None),
        Some(bytes) => match readable(bytes) {
            Some(text) => CorrelationDraft::fixed(Encoding::Text, text),
            None => CorrelationDraft::fixed(Encoding::Hex, &hex::encode(bytes)),
        },
    }
}

/// A payload as it would be typed.
pub(super) fn payload(bytes: &[u8]) -> (PayloadFormat, String) {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.trim_start().starts_with(['{', '[']) && check_json(text).is_ok() => {
            (PayloadFormat::Json, text.to_owned())
        }
        Ok(text) if !text.contains(|c: char| c.is_control() && !c.is_whitespace()) => {
            (PayloadFormat::Text, text.to_owned())
        }
        _ => (PayloadFormat::Hex, hex::encode(bytes)),
    }
}

/// The one of our colours that `#RRGGBB` comes nearest to. None where it is grey or no colour.
pub(super) fn colour(text: &str) -> Option<Colour> {
    let digits = text.trim().strip_prefix('#')?;
    let bytes = hex::decode(digits.get(..6)?).ok()?;
    let [red, green, blue] = <[u8; 3]>::try_from(bytes).ok()?.map(f32::from);
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let spread = most - least;
    if spread < 24.0 {
        return None;
    }
    // Degrees on the circle of hues.
    let hue = if red >= most {
        60.0 * ((green - blue) / spread).rem_euclid(6.0)
    } else if green >= most {
        60.0 * ((blue - red) / spread + 2.0)
    } else {
        60.0 * ((red - green) / spread + 4.0)
    };
    Some(match hue {
        ..16.0 | 340.0.. => Colour::Red,
        16.0..42.0 => Colour::Orange,
        42.0..70.0 => Colour::Yellow,
        70.0..170.0 => Colour::Green,
        170.0..250.0 => Colour::Blue,
        _ => Colour::Violet,
    })
}

fn readable(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}
