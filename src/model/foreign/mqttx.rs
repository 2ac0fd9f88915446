//! Exports of MQTTX as JSON, in both shapes that there are: up to 1.13.0 with fields twice and the send form's
//! properties beside them (`pushProps…`), and later without. Written from a description of MQTTX's sources.

use super::found::{self, Entry, is_nothing, set_password, text, truth};
use super::{Foreign, ForeignProfile, Source};
use crate::model::payload::PayloadFormat;
use crate::model::profile::{
    AuthenticationDraft, ProfileDraft, ReconnectDraft, Scheme, SecretSlot, TlsDraft, VersionChoice,
    WillDraft,
};
use crate::model::request::{RequestDraft, ResponseTopicDraft};
use crate::model::secret::Secret;
use crate::model::subscribe::{RetainHandling, SubscriptionDraft, check_identifier};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

type Object = Map<String, Value>;

/// Keys that are read, or that only MQTTX itself has a use for.
const KNOWN: &[&str] = &[
    "id",
    "clientId",
    "name",
    "clean",
    "protocol",
    "host",
    "port",
    "keepalive",
    "connectTimeout",
    "reconnect",
    "reconnectPeriod",
    "username",
    "password",
    "path",
    "ssl",
    "certType",
    "rejectUnauthorized",
    "ALPNProtocols",
    "ca",
    "cert",
    "key",
    "mqttVersion",
    "unreadMessageCount",
    "clientIdWithTime",
    "parentId",
    "orderId",
    "isCollection",
    "createAt",
    "updateAt",
    "will",
    "properties",
    "subscriptions",
    "messages",
    "children",
    // Shape A.
    "sessionExpiryInterval",
    "receiveMaximum",
    "maximumPacketSize",
    "topicAliasMaximum",
    "requestResponseInformation",
    "requestProblemInformation",
    "userProperties",
    "authenticationMethod",
    "authenticationData",
    "pushPropsPayloadFormatIndicator",
    "pushPropsMessageExpiryInterval",
    "pushPropsTopicAlias",
    "pushPropsResponseTopic",
    "pushPropsCorrelationData",
    "pushPropsUserProperties",
    "pushPropsSubscriptionIdentifier",
    "pushPropsContentType",
    // What a window of MQTTX remembers.
    "messageCount",
    "isOpen",
    "showClientInfo",
    "client",
    "version",
    "latestId",
    "connectionId",
];

pub(super) fn is_it(value: &Value) -> bool {
    let is_one = |value: &Value| {
        value.as_object().is_some_and(|map| {
            (map.contains_key("host") && map.contains_key("clientId"))
                || truth(map.get("isCollection")) == Some(true)
        })
    };
    match value {
        Value::Array(list) => !list.is_empty() && list.iter().any(is_one),
        one => is_one(one),
    }
}

pub(super) fn read(value: &Value) -> Foreign {
    let mut foreign = Foreign::new(Source::Mqttx);
    let list = match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let objects: Vec<&Object> = list.iter().filter_map(Value::as_object).collect();
    if objects.len() < list.len() {
        Entry {
            of: "the file".to_owned(),
            left_out: &mut foreign.left_out,
        }
        .leave(
            format!("{} entries", list.len() - objects.len()),
            "they are no objects",
        );
    }
    let folders: BTreeMap<String, (String, String)> = objects
        .iter()
        .filter(|map| truth(map.get("isCollection")) == Some(true))
        .map(|map| {
            let parent = text(map.get("parentId"));
            (text(map.get("id")), (text(map.get("name")), parent))
        })
        .collect();
    for (at, map) in objects.into_iter().enumerate() {
        if truth(map.get("isCollection")) != Some(true) {
            connection(&mut foreign, &folders, at, map);
        }
    }
    foreign
}

/// A property: in `properties`, or as older versions have it beside them.
fn property<'a>(map: &'a Object, name: &str) -> Option<&'a Value> {
    let inner = map.get("properties").and_then(Value::as_object);
    inner
        .and_then(|inner| inner.get(name))
        .filter(|value| !value.is_null())
        .or_else(|| map.get(name))
        .filter(|value| !value.is_null())
}

/// The names of the folders around an entry, outermost first: `Lab/Lamps`. A parent that is not in the file has no name.
fn folder_of(
    folders: &BTreeMap<String, (String, String)>,
    parent: &str,
    entry: &mut Entry<'_>,
) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut next = parent;
    while !next.is_empty() && names.len() <= folders.len() {
        let Some((name, above)) = folders.get(next) else {
            entry.leave(
                "the folder that it is in",
                "the file has no names of folders",
            );
            break;
        };
        names.push(name);
        next = above;
    }
    names.reverse();
    names.join("/")
}

fn connection(
    foreign: &mut Foreign,
    folders: &BTreeMap<String, (String, String)>,
    at: usize,
    map: &Object,
) {
    let name = text(map.get("name"));
    let name = if name.trim().is_empty() {
        text(map.get("host"))
    } else {
        name
    };
    let id = text(map.get("id"));
    let key = if id.is_empty() { format!("#{at}") } else { id };
    let entry = &mut Entry {
        of: name.clone(),
        left_out: &mut foreign.left_out,
    };
    let mut profile = ForeignProfile {
        key: key.clone(),
        draft: ProfileDraft {
            name: name.clone(),
            ..ProfileDraft::default()
        },
        secrets: Vec::new(),
        files: Vec::new(),
    };
    basics(entry, &mut profile, map);
    way(entry, &mut profile, map);
    let draft = &mut profile.draft;
    draft.will = map
        .get("will")
        .and_then(Value::as_object)
        .and_then(|will| will_of(entry, will));
    entry.unknown(map, KNOWN);
    let folder = folder_of(folders, &text(map.get("parentId")), entry);
    profile.draft.folder.clone_from(&folder);
    let folder = if folder.is_empty() {
        name
    } else {
        format!("{folder}/{name}")
    };
    for one in objects(map.get("subscriptions")) {
        let subscription = subscription(entry, one);
        foreign.subscriptions.push(SubscriptionDraft {
            connection: key.clone(),
            ..subscription
        });
    }
    let mut requests: Vec<RequestDraft> = template(entry, map).into_iter().collect();
    messages(entry, map, &mut requests);
    for request in &mut requests {
        request.connection.clone_from(&key);
        request.folder.clone_from(&folder);
    }
    foreign.requests.extend(requests);
    foreign.profiles.push(profile);
}

/// Its keys are read where they say something that a subscription has.
const KNOWN_OF_SUBSCRIPTION: &[&str] = &[
    "id",
    "topic",
    "qos",
    "disabled",
    "alias",
    "nl",
    "rap",
    "rh",
    "subscriptionIdentifier",
    "color",
    "createAt",
    "connectionId",
    // Of the message that was received last.
    "retain",
];

fn subscription(entry: &mut Entry<'_>, map: &Object) -> SubscriptionDraft {
    let rh: Option<usize> = entry.number("retain handling of a subscription", map.get("rh"));
    let retain_handling = RetainHandling::ALL.get(rh.unwrap_or_default()).copied();
    if retain_handling.is_none() {
        entry.leave("retain handling of a subscription", "it is 0, 1 or 2");
    }
    let identifier: Option<u32> =
        entry.number("subscription identifier", map.get("subscriptionIdentifier"));
    let identifier = identifier.and_then(|number| {
        check_identifier(number)
            .map_err(|why| entry.leave("subscription identifier", why))
            .ok()
    });
    entry.unknown(map, KNOWN_OF_SUBSCRIPTION);
    SubscriptionDraft {
        name: text(map.get("alias")),
        filter: text(map.get("topic")),
        is_on: truth(map.get("disabled")) != Some(true),
        qos: entry.qos("QoS of a subscription", map.get("qos")),
        no_local: truth(map.get("nl")).unwrap_or(false),
        retain_as_published: truth(map.get("rap")).unwrap_or(false),
        retain_handling: retain_handling.unwrap_or_default(),
        identifier,
        colour: found::colour(&text(map.get("color"))),
        ..SubscriptionDraft::default()
    }
}

fn objects(value: Option<&Value>) -> impl Iterator<Item = &Object> {
    let list = value.and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

fn basics(entry: &mut Entry<'_>, profile: &mut ForeignProfile, map: &Object) {
    let draft = &mut profile.draft;
    draft.client_id = text(map.get("clientId"));
    draft.user_name = text(map.get("username"));
    draft.clean_start = truth(map.get("clean")).unwrap_or(true);
    if let Some(secs) = entry.number("keep alive", map.get("keepalive")) {
        draft.keep_alive_secs = secs;
    }
    if let Some(secs) = entry.number("connect timeout", map.get("connectTimeout")) {
        draft.connect_timeout_secs = secs;
    }
    match text(map.get("mqttVersion")).as_str() {
        "" | "5.0" | "5" => {}
        "3.1.1" | "4" => draft.mqtt_version = VersionChoice::V311,
        "3.1" | "3" => {
            draft.mqtt_version = VersionChoice::V311;
            entry.leave("MQTT 3.1", "Roundtrip speaks 5 and 3.1.1; it is 3.1.1 now");
        }
        other => entry.leave(format!("MQTT {other}"), "Roundtrip speaks 5 and 3.1.1"),
    }
    if truth(map.get("clientIdWithTime")) == Some(true) {
        entry.leave(
            "a client id with the time at its end",
            "the client id stays as it is",
        );
    }
    let period: Option<u32> = entry.number("reconnect period", map.get("reconnectPeriod"));
    if let Some(ms) = period.filter(|ms| *ms > 0) {
        draft.reconnect = ReconnectDraft {
            is_on: true,
            first_ms: ms,
            // MQTTX always waits as long.
            most_secs: ms.div_ceil(1000),
        };
    }
    draft.reconnect.is_on = truth(map.get("reconnect")).unwrap_or(true) && period != Some(0);
    if let Some(secs) = entry.number("session expiry", property(map, "sessionExpiryInterval")) {
        draft.session_expiry_secs = secs;
    }
    draft.receive_maximum = entry.number("receive maximum", property(map, "receiveMaximum"));
    draft.maximum_packet_size =
        entry.number("maximum packet size", property(map, "maximumPacketSize"));
    draft.topic_alias_maximum =
        entry.number("topic alias maximum", property(map, "topicAliasMaximum"));
    if let Some(is_so) = truth(property(map, "requestResponseInformation")) {
        draft.request_response_information = is_so;
    }
    if let Some(is_so) = truth(property(map, "requestProblemInformation")) {
        draft.request_problem_information = is_so;
    }
    draft.user_properties = entry.user_properties(property(map, "userProperties"));
    authentication(entry, profile, map);
    set_password(profile, &text(map.get("password")));
}

fn authentication(entry: &mut Entry<'_>, profile: &mut ForeignProfile, map: &Object) {
    let method = text(property(map, "authenticationMethod"));
    let data = entry.bytes("Authentication Data", property(map, "authenticationData"));
    if method.is_empty() {
        if data.is_some() {
            entry.leave("Authentication Data", "there is no method for it");
        }
        return;
    }
    let mut draft = AuthenticationDraft {
        method,
        ..AuthenticationDraft::default()
    };
    if let Some(data) = data {
        draft.data_wanted = true;
        draft.data_format = PayloadFormat::Hex;
        let secret = Secret::new(hex::encode(data));
        profile
            .secrets
            .push((SecretSlot::AuthenticationData, secret));
    }
    profile.draft.authentication = Some(draft);
}

fn way(entry: &mut Entry<'_>, profile: &mut ForeignProfile, map: &Object) {
    let is_encrypted = truth(map.get("ssl")).unwrap_or(false);
    let scheme = match text(map.get("protocol")).as_str() {
        "wss" => Scheme::Wss,
        "ws" if is_encrypted => Scheme::Wss,
        "ws" => Scheme::Ws,
        "mqtts" => Scheme::Mqtts,
        _ if is_encrypted => Scheme::Mqtts,
        _ => Scheme::Mqtt,
    };
    let port = entry
        .number("port", map.get("port"))
        .unwrap_or_else(|| scheme.default_port());
    let (host, path) = (text(map.get("host")), text(map.get("path")));
    entry.address(profile, scheme, &host, port, &path);
    let mut tls = TlsDraft {
        verify: truth(map.get("rejectUnauthorized")).unwrap_or(true),
        alpn: alpn(&text(map.get("ALPNProtocols"))),
        ..TlsDraft::default()
    };
    if text(map.get("certType")) == "self" {
        tls.ca_file = text(map.get("ca"));
        tls.certificate_file = text(map.get("cert"));
        tls.key_file = text(map.get("key"));
        // Node trusts no others once it was given one.
        tls.system_roots = tls.ca_file.is_empty();
    }
    if scheme.is_encrypted() {
        profile.draft.tls = Some(tls);
    } else if ["ca", "cert", "key"]
        .iter()
        .any(|key| !text(map.get(*key)).is_empty())
    {
        entry.leave("files of certificates", "the connection is not encrypted");
    }
}

/// `a,b` or `[a, b]`.
fn alpn(text: &str) -> Vec<String> {
    text.trim()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .split(',')
        .map(|one| one.trim().trim_matches(['"', '\'']).to_owned())
        .filter(|one| !one.is_empty())
        .collect()
}

fn will_of(entry: &mut Entry<'_>, will: &Object) -> Option<WillDraft> {
    let topic = text(will.get("lastWillTopic"));
    if topic.is_empty() {
        return None;
    }
    if truth(property(will, "payloadFormatIndicator")) == Some(true) {
        entry.leave(
            "Payload Format Indicator of the will",
            "a will has none here",
        );
    }
    let data = entry.bytes(
        "Correlation Data of the will",
        property(will, "correlationData"),
    );
    Some(WillDraft {
        topic,
        qos: entry.qos("QoS of the will", will.get("lastWillQos")),
        retain: truth(will.get("lastWillRetain")).unwrap_or(false),
        format: PayloadFormat::Text,
        payload: text(will.get("lastWillPayload")),
        delay_secs: entry
            .number("will delay", property(will, "willDelayInterval"))
            .unwrap_or(0),
        response_topic: text(property(will, "responseTopic")),
        correlation_data: found::correlation(data.as_deref()),
        content_type: text(property(will, "contentType")),
        message_expiry_secs: entry.number(
            "message expiry of the will",
            property(will, "messageExpiryInterval"),
        ),
        user_properties: entry.user_properties(property(will, "userProperties")),
    })
}

/// What stood in the send form's properties, in older versions.
fn template(entry: &mut Entry<'_>, map: &Object) -> Option<RequestDraft> {
    let mut meta = Object::new();
    for (key, value) in map {
        let Some(rest) = key.strip_prefix("pushProps") else {
            continue;
        };
        let mut letters = rest.chars();
        let first = letters.next().map(|c| c.to_ascii_lowercase());
        let name: String = first.into_iter().chain(letters).collect();
        if !is_nothing(value) && *value != Value::String("{}".to_owned()) {
            meta.insert(name, value.clone());
        }
    }
    if meta.is_empty() {
        return None;
    }
    let mut draft = RequestDraft {
        name: "Template".to_owned(),
        format: PayloadFormat::Text,
        ..RequestDraft::default()
    };
    publish_properties(entry, &meta, &mut draft);
    entry.leave(
        "topic and payload of the send form",
        "the file has only its properties; the request `Template` has those",
    );
    Some(draft)
}

/// The properties of a PUBLISH, wherever they are.
fn publish_properties(entry: &mut Entry<'_>, map: &Object, draft: &mut RequestDraft) {
    let topic = text(property(map, "responseTopic"));
    draft.response_topic = if topic.is_empty() {
        ResponseTopicDraft::None
    } else {
        ResponseTopicDraft::Typed(topic)
    };
    let data = entry.bytes("Correlation Data", property(map, "correlationData"));
    draft.correlation_data = found::correlation(data.as_deref());
    draft.content_type = text(property(map, "contentType"));
    let expiry: Option<u32> =
        entry.number("message expiry", property(map, "messageExpiryInterval"));
    draft.message_expiry_secs = expiry.map(|secs| secs.to_string()).unwrap_or_default();
    draft.payload_is_utf8 = truth(property(map, "payloadFormatIndicator")).unwrap_or(false);
    draft.user_properties = entry.user_properties(property(map, "userProperties"));
    for (name, what) in [
        ("topicAlias", "topic alias of a message"),
        (
            "subscriptionIdentifier",
            "subscription identifier of a message",
        ),
    ] {
        if property(map, name).is_some_and(|value| !is_nothing(value)) {
            entry.leave(what, "a request has none here");
        }
    }
}

/// Messages that were sent with a Response Topic, each once.
fn messages(entry: &mut Entry<'_>, map: &Object, requests: &mut Vec<RequestDraft>) {
    let (mut received, mut bare) = (0_usize, 0_usize);
    for message in objects(map.get("messages")) {
        if truth(message.get("out")) != Some(true) {
            received += 1;
            continue;
        }
        let is_request = property(message, "responseTopic").is_some_and(|topic| !is_nothing(topic));
        if !is_request {
            bare += 1;
            continue;
        }
        let topic = text(message.get("topic"));
        let mut draft = RequestDraft {
            name: topic.clone(),
            topic,
            qos: entry.qos("QoS of a message", message.get("qos")),
            retain: truth(message.get("retain")).unwrap_or(false),
            ..RequestDraft::default()
        };
        (draft.format, draft.payload) = payload(entry, message);
        publish_properties(entry, message, &mut draft);
        if !requests.contains(&draft) {
            requests.push(draft);
        }
    }
    if received > 0 {
        entry.leave(
            format!("{received} received messages"),
            "what was received is no setting of a connection",
        );
    }
    if bare > 0 {
        entry.leave(
            format!("{bare} sent messages"),
            "they have no Response Topic, so they are no requests",
        );
    }
}

/// As it was typed, in the format that it was typed in.
fn payload(entry: &mut Entry<'_>, message: &Object) -> (PayloadFormat, String) {
    let typed = text(message.get("payload"));
    let meta = match message.get("meta") {
        Some(Value::String(meta)) => serde_json::from_str(meta).unwrap_or_default(),
        Some(meta) => meta.clone(),
        None => Value::Null,
    };
    let format = match meta.get("msgType").and_then(Value::as_str) {
        Some("Hex") => PayloadFormat::Hex,
        Some("Base64") => PayloadFormat::Base64,
        Some(word @ ("CBOR" | "MsgPack")) => {
            entry.leave(
                format!("{word} of the payload to {}", text(message.get("topic"))),
                "it is sent as the text that was typed",
            );
            PayloadFormat::Text
        }
        _ => return found::payload(typed.as_bytes()),
    };
    match format.encode(&typed) {
        Ok(_) => (format, typed),
        Err(_) => found::payload(typed.as_bytes()),
    }
}
