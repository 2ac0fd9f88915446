//! The settings of MQTT Explorer, where its connections are. Written from a description of its sources.

use super::found::{Entry, set_password, text, truth};
use super::{FileRole, Foreign, ForeignFile, ForeignProfile, Source};
use crate::model::message::Qos;
use crate::model::payload::from_base64;
use crate::model::profile::{ProfileDraft, Scheme, TlsDraft, VersionChoice};
use crate::model::subscribe::SubscriptionDraft;
use serde_json::{Map, Value};

const ROOT: &str = "ConnectionManager_connections";
const KNOWN: &[&str] = &[
    "configVersion",
    "type",
    "id",
    "name",
    "host",
    "port",
    "protocol",
    "basePath",
    "encryption",
    "certValidation",
    "clientId",
    "username",
    "password",
    "selfSignedCertificate",
    "clientCertificate",
    "clientKey",
    "subscriptions",
    "order",
];

pub(super) fn is_it(value: &Value) -> bool {
    value.get(ROOT).is_some_and(Value::is_object)
}

pub(super) fn read(value: &Value) -> Foreign {
    let mut foreign = Foreign::new(Source::MqttExplorer);
    let Some(connections) = value.get(ROOT).and_then(Value::as_object) else {
        return foreign;
    };
    for (id, connection) in connections {
        match connection.as_object() {
            Some(map) => one(&mut foreign, id, map),
            None => Entry {
                of: id.clone(),
                left_out: &mut foreign.left_out,
            }
            .leave("the connection", "it is no object"),
        }
    }
    let others = value.as_object().into_iter().flatten();
    for (key, _) in others.filter(|(key, _)| *key != ROOT) {
        Entry {
            of: "the file".to_owned(),
            left_out: &mut foreign.left_out,
        }
        .leave(format!("`{key}`"), "it is about MQTT Explorer's own window");
    }
    foreign
}

fn one(foreign: &mut Foreign, id: &str, map: &Map<String, Value>) {
    let name = text(map.get("name"));
    let name = if name.trim().is_empty() {
        text(map.get("host"))
    } else {
        name
    };
    let entry = &mut Entry {
        of: name.clone(),
        left_out: &mut foreign.left_out,
    };
    let mut profile = ForeignProfile {
        key: id.to_owned(),
        draft: ProfileDraft {
            name,
            client_id: text(map.get("clientId")),
            user_name: text(map.get("username")),
            // Its client asks for no other.
            mqtt_version: VersionChoice::V311,
            ..ProfileDraft::default()
        },
        secrets: Vec::new(),
        files: Vec::new(),
    };
    let is_encrypted = truth(map.get("encryption")).unwrap_or(false);
    let scheme = match (text(map.get("protocol")).as_str(), is_encrypted) {
        ("ws", false) => Scheme::Ws,
        ("ws", true) | ("wss", _) => Scheme::Wss,
        ("mqtts", _) | (_, true) => Scheme::Mqtts,
        _ => Scheme::Mqtt,
    };
    let port = entry
        .number("port", map.get("port"))
        .unwrap_or_else(|| scheme.default_port());
    let (host, path) = (text(map.get("host")), text(map.get("basePath")));
    entry.address(&mut profile, scheme, &host, port, &path);
    set_password(&mut profile, &text(map.get("password")));
    certificates(entry, &mut profile, map);
    if scheme.is_encrypted() {
        profile.draft.tls = Some(TlsDraft {
            verify: truth(map.get("certValidation")).unwrap_or(true),
            // Node trusts no others once it was given one.
            system_roots: profile
                .files
                .iter()
                .all(|file| file.role != FileRole::Authority),
            ..TlsDraft::default()
        });
    } else if !profile.files.is_empty() {
        profile.files.clear();
        entry.leave("certificates", "the connection is not encrypted");
    }
    entry.unknown(map, KNOWN);
    let subscriptions = map.get("subscriptions").and_then(Value::as_array);
    for subscription in subscriptions.into_iter().flatten() {
        // Older files have the topics alone.
        let (filter, qos) = match subscription {
            Value::String(filter) => (filter.clone(), Qos::AtMostOnce),
            other => (
                text(other.get("topic")),
                entry.qos("QoS of a subscription", other.get("qos")),
            ),
        };
        foreign.subscriptions.push(SubscriptionDraft {
            connection: id.to_owned(),
            filter,
            qos,
            retain_as_published: false,
            ..SubscriptionDraft::default()
        });
    }
    foreign.profiles.push(profile);
}

fn certificates(entry: &mut Entry<'_>, profile: &mut ForeignProfile, map: &Map<String, Value>) {
    for (key, role, what) in [
        (
            "selfSignedCertificate",
            FileRole::Authority,
            "certificate of the authority",
        ),
        (
            "clientCertificate",
            FileRole::Certificate,
            "client certificate",
        ),
        ("clientKey", FileRole::Key, "client key"),
    ] {
        let Some(file) = map.get(key).filter(|file| !file.is_null()) else {
            continue;
        };
        match from_base64(&text(file.get("data"))) {
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => profile.files.push(ForeignFile {
                role,
                name: text(file.get("name")),
                bytes: bytes.to_vec(),
            }),
            Err(err) => entry.leave(what, format!("it is no base64: {err}")),
        }
    }
}
