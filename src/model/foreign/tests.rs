use super::*;
use crate::model::correlation::{CorrelationDraft, CorrelationKind};
use crate::model::message::Qos;
use crate::model::payload::{Encoding, PayloadFormat};
use crate::model::profile::{TlsVersion, VersionChoice};
use crate::model::record::Colour;
use crate::model::request::{ResponseTopicDraft, Surroundings};
use crate::model::subscribe::RetainHandling;
use plan::{Choice, Fate, Plan};
use proptest::prelude::*;
use std::collections::BTreeMap;

const MQTTX_A: &str = include_str!("../../../tests/fixtures/foreign/mqttx-a.json");
const MQTTX_B: &str = include_str!("../../../tests/fixtures/foreign/mqttx-b.json");
const EXPLORER: &str = include_str!("../../../tests/fixtures/foreign/mqtt-explorer.json");
const COMMANDS: &str = include_str!("../../../tests/fixtures/foreign/commands.txt");

fn foreign(text: &str) -> Foreign {
    read(text.as_bytes()).unwrap_or_else(|err| panic!("{err}"))
}

fn password(profile: &ForeignProfile) -> Option<&str> {
    let found = profile.secrets.iter();
    let mut found = found.filter(|(slot, _)| *slot == SecretSlot::Password);
    found.next().map(|(_, secret)| secret.expose())
}

/// What is said to be left out of an entry, as one text.
fn left_out(foreign: &Foreign) -> String {
    let lines: Vec<String> = foreign.left_out.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn pairs(properties: &[crate::model::message::UserProperty]) -> Vec<(&str, &str)> {
    properties
        .iter()
        .map(|one| (one.name.as_str(), one.value.as_str()))
        .collect()
}

#[test]
fn a_connection_of_an_older_mqttx_comes_with_every_field() {
    let found = foreign(MQTTX_A);
    assert_eq!(found.source, Source::Mqttx);
    let [profile] = found.profiles.as_slice() else {
        panic!("{found:?}")
    };
    let draft = &profile.draft;
    assert_eq!(draft.name, "Lab A");
    assert_eq!(draft.address, "wss://broker.lab.example:8084/mqtt");
    assert_eq!(
        (draft.client_id.as_str(), draft.user_name.as_str()),
        ("mqttx_1a2b3c4d", "lab-user")
    );
    assert_eq!(password(profile), Some("mqttx-hunter2"));
    assert!(draft.password_wanted && !draft.clean_start);
    assert_eq!(
        (draft.keep_alive_secs, draft.connect_timeout_secs),
        (45, 12)
    );
    assert_eq!(
        (draft.reconnect.first_ms, draft.reconnect.most_secs),
        (4000, 4)
    );
    assert_eq!(draft.session_expiry_secs, 3600);
    assert_eq!(draft.receive_maximum, Some(20));
    assert_eq!(draft.maximum_packet_size, Some(65536));
    assert_eq!(draft.topic_alias_maximum, Some(10));
    assert!(draft.request_response_information && !draft.request_problem_information);
    assert_eq!(
        pairs(&draft.user_properties),
        [("fleet", "north"), ("tag", "a"), ("tag", "b")]
    );
    let tls = draft.tls.as_ref().unwrap();
    assert!(!tls.verify && !tls.system_roots);
    assert_eq!(
        [&tls.ca_file, &tls.certificate_file, &tls.key_file],
        [
            "/etc/lab/ca.pem",
            "/etc/lab/client.pem",
            "/etc/lab/client.key"
        ]
    );
    assert_eq!(tls.alpn, ["mqtt", "x-amzn-mqtt-ca"]);
    let authentication = draft.authentication.as_ref().unwrap();
    assert_eq!(authentication.method, "SCRAM-SHA-1");
    assert!(authentication.data_wanted);
    let data = profile.secrets.iter();
    let data: Vec<_> = data.map(|(slot, secret)| (slot, secret.expose())).collect();
    assert!(data.contains(&(&SecretSlot::AuthenticationData, "0102ff")));
    let will = draft.will.as_ref().unwrap();
    assert_eq!(
        (
            will.topic.as_str(),
            will.payload.as_str(),
            u8::from(will.qos),
            will.retain
        ),
        ("lab/gone", "bye", 1, true)
    );
    assert_eq!((will.delay_secs, will.message_expiry_secs), (5, Some(30)));
    assert_eq!(will.response_topic, "lab/who");
    assert_eq!(
        will.correlation_data,
        CorrelationDraft::fixed(Encoding::Text, "w")
    );
    assert_eq!(pairs(&will.user_properties), [("k", "v")]);
    draft.validate("x").unwrap();
}

#[test]
fn sent_messages_with_a_response_topic_and_the_send_form_become_requests() {
    let found = foreign(MQTTX_A);
    let names: Vec<&str> = found.requests.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["Template", "lab/1/req", "lab/2/req"]);
    assert!(
        found
            .requests
            .iter()
            .all(|it| it.connection == found.profiles[0].key)
    );
    let template = &found.requests[0];
    assert_eq!(
        template.response_topic,
        ResponseTopicDraft::Typed("lab/resp".to_owned())
    );
    assert_eq!(template.correlation_data.text, "corr-1");
    assert_eq!(template.message_expiry_secs, "60");
    assert!(template.payload_is_utf8);
    assert_eq!(pairs(&template.user_properties), [("trace", "x")]);
    let request = &found.requests[1];
    // Bytes that are no text stay what they are.
    let data = CorrelationDraft::fixed(Encoding::Hex, "6162ff");
    assert_eq!(request.correlation_data, data);
    assert_eq!(
        (request.format, request.payload.as_str()),
        (PayloadFormat::Json, "{\"cmd\":\"get\"}")
    );
    assert_eq!(request.message_expiry_secs, "7");
    assert_eq!(request.content_type, "application/json");
    assert_eq!(pairs(&request.user_properties), [("n", "1")]);
    let hex = &found.requests[2];
    assert_eq!(
        (hex.format, hex.payload.as_str()),
        (PayloadFormat::Hex, "AA 0b")
    );
    assert_eq!((u8::from(hex.qos), hex.retain), (2, true));
    assert_eq!(hex.correlation_data.kind, CorrelationKind::None);
    for request in &found.requests[1..] {
        request.validate(&Surroundings::default()).unwrap();
    }
}

#[test]
fn what_mqttx_has_and_roundtrip_has_not_is_listed() {
    let said = left_out(&foreign(MQTTX_A));
    for part in [
        "time at its end",
        "the folder that it is in",
        "1 received messages",
        "1 sent messages",
        "topic and payload of the send form",
        "topic alias of a message",
        "Payload Format Indicator of the will",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(!said.contains("hunter2"));
}

#[test]
fn a_newer_mqttx_keeps_its_folders_and_leaves_nulls_out() {
    let found = foreign(MQTTX_B);
    let [dev, old] = found.profiles.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(dev.draft.address, "mqtt://broker.example:1883");
    assert_eq!(dev.draft.mqtt_version, VersionChoice::V311);
    assert!(!dev.draft.reconnect.is_on && !dev.draft.password_wanted);
    assert_eq!((&dev.draft.tls, &dev.draft.will), (&None, &None));
    assert_eq!(
        pairs(&dev.draft.user_properties),
        [("k", "v1"), ("k", "v2")]
    );
    assert_eq!(found.requests[0].folder, "Plant/Hall 7/dev");
    assert_eq!(found.requests[0].correlation_data.text, "text-id");
    assert_eq!(old.draft.address, "mqtts://old.example:8883");
    assert!(old.draft.tls.as_ref().unwrap().system_roots);
    let said = left_out(&found);
    assert!(
        said.contains("MQTT 3.1") && said.contains("`somethingNew`"),
        "{said}"
    );
}

#[test]
fn one_connection_of_mqttx_need_not_be_in_a_list() {
    let list: Vec<Value> = serde_json::from_str(MQTTX_A).unwrap();
    assert_eq!(foreign(&list[0].to_string()), foreign(MQTTX_A));
}

#[test]
fn mqtt_explorer_brings_certificates_as_files_and_old_entries_too() {
    let found = foreign(EXPLORER);
    let [tls, ws] = found.profiles.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(tls.draft.address, "mqtts://plant.example:8883");
    assert_eq!(password(tls), Some("explorer-hunter2"));
    assert_eq!(tls.draft.mqtt_version, VersionChoice::V311);
    let draft = tls.draft.tls.as_ref().unwrap();
    assert!(!draft.verify && !draft.system_roots);
    let roles: Vec<FileRole> = tls.files.iter().map(|file| file.role).collect();
    assert_eq!(
        roles,
        [FileRole::Authority, FileRole::Certificate, FileRole::Key]
    );
    assert!(
        tls.files
            .iter()
            .all(|file| file.bytes.starts_with(b"-----BEGIN"))
    );
    assert!(!format!("{found:?}").contains("bm90"), "a key is printed");
    assert_eq!(ws.draft.address, "ws://ws.example:9001/ws");
    let filters: Vec<&str> = found
        .subscriptions
        .iter()
        .map(|it| it.filter.as_str())
        .collect();
    assert_eq!(filters, ["#", "$SYS/#", "#", "$SYS/#"]);
    assert!(left_out(&found).contains("`Settings`"));
}

#[test]
fn what_is_wrong_with_a_port_or_a_topic_is_told_and_not_only_left_out() {
    let found = foreign("mosquitto_rr -h h -p 99999 -t 'a/#' -e 'x/+' -m y");
    let said = left_out(&found);
    for words in [
        "`-p 99999`: it is no port (1 to 65535); the usual one stands in the address now",
        "the topic `a/#`",
        "the Response Topic `x/+`",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(found.requests[0].topic, "a/#", "as it was typed");
    let found = foreign("mosquitto_rr -h h -p 1884 -t a -e b -m y");
    assert_eq!(found.left_out, []);
}

#[test]
fn a_paste_from_a_terminal_becomes_connections_and_requests() {
    let found = foreign(COMMANDS);
    let addresses: Vec<&str> = found
        .profiles
        .iter()
        .map(|it| it.draft.address.as_str())
        .collect();
    assert_eq!(
        addresses,
        [
            "mqtt://10.0.0.7:1884",
            // Both lines of mqttx are one connection.
            "mqtt://broker.example:1883",
            "mqtts://tls.example:8883",
            "mqtts://10.0.0.7:8883",
            "mqtts://url.example:8884",
        ]
    );
    let first = &found.profiles[0];
    assert_eq!(
        (first.draft.user_name.as_str(), password(first)),
        ("ops", Some("line hunter2"))
    );
    assert_eq!(first.draft.receive_maximum, Some(12));
    let url = &found.profiles[4];
    assert_eq!(
        (url.draft.user_name.as_str(), password(url)),
        ("u@x", Some("p:w"))
    );
    let requests: Vec<_> = found.requests.iter().map(|it| it.topic.as_str()).collect();
    assert_eq!(requests, ["dev/1/req", "dev/2/req", "a/b", "some/topic"]);
    let rr = &found.requests[0];
    assert_eq!(
        rr.correlation_data,
        CorrelationDraft::fixed(Encoding::Hex, "ec2835c9")
    );
    assert_eq!(
        rr.response_topic,
        ResponseTopicDraft::Typed("dev/1/resp".to_owned())
    );
    assert_eq!(
        (rr.timeout.as_str(), rr.content_type.as_str()),
        ("7 s", "application/json")
    );
    assert_eq!(pairs(&rr.user_properties), [("trace", "a b")]);
    let pub_ = &found.requests[1];
    assert_eq!(pairs(&pub_.user_properties), [("trace", "abc"), ("n", "2")]);
    assert_eq!(pub_.correlation_data.text, "req-0001");
    let hive = &found.requests[2];
    assert_eq!(pairs(&hive.user_properties), [("k", "v=w")]);
    assert!(hive.payload_is_utf8 && hive.payload.is_empty());
    // The one to the Response Topic of a request is none of its own.
    let filters: Vec<&str> = found
        .subscriptions
        .iter()
        .map(|it| it.filter.as_str())
        .collect();
    assert_eq!(filters, ["state/#"]);
    let said = left_out(&found);
    for part in [
        "`-F %t %D %p`",
        "$SECRET in `-pw`",
        "`jq`",
        "what stands before the program",
        "`--psk` and its value",
        "`-C 3`",
        "from the terminal",
        "`< payload.bin`",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    for secret in ["hunter2", "p:w", "00ff"] {
        assert!(
            !said.contains(secret) && !format!("{found:?}").contains(secret),
            "{secret}"
        );
    }
}

#[test]
fn options_are_read_in_the_spellings_of_their_program() {
    let one = |line: &str| foreign(line);
    let found = one(
        "mqttx conn -hbroker -p=2000 -l wss --path /x --alpn a b -rp 0 -wh 'Authorization: Bearer t0k' 'X: y' -k5",
    );
    let profile = &found.profiles[0];
    assert_eq!(profile.draft.address, "wss://broker:2000/x");
    assert_eq!(profile.draft.keep_alive_secs, 5);
    assert!(!profile.draft.reconnect.is_on);
    let headers = &profile.draft.web_socket.as_ref().unwrap().headers;
    assert_eq!(
        (headers[0].is_secret, headers[0].value.as_str()),
        (true, "")
    );
    assert_eq!(
        (headers[1].is_secret, headers[1].value.as_str()),
        (false, "y")
    );
    assert_eq!(profile.secrets[0].1.expose(), "Bearer t0k");
    let found = one(
        "mosquitto_rr --proxy socks5h://pu:pp@proxy:1080 --tls-version tlsv1.2 --tls-use-os-certs -t a -e b -n",
    );
    let draft = &found.profiles[0].draft;
    let proxy = draft.proxy.as_ref().unwrap();
    assert_eq!(
        (proxy.address.as_str(), proxy.user_name.as_str()),
        ("socks5://proxy:1080", "pu")
    );
    assert_eq!(
        found.profiles[0].secrets[0],
        (SecretSlot::ProxyPassword, Secret::new("pp".to_owned()))
    );
    assert_eq!(
        draft.tls.as_ref().unwrap().least_version,
        Some(TlsVersion::V12)
    );
    assert_eq!(draft.address, "mqtts://localhost:8883");
    let found = one("mosquitto_pub -t a -m b -P \"$PASS\" --so=hunter2 hunter2; S=hunter2 ls");
    let profile = &found.profiles[0];
    assert!(profile.draft.password_wanted && profile.secrets.is_empty());
    assert!(
        !left_out(&found).contains("hunter2"),
        "{}",
        left_out(&found)
    );
    let found = one("mosquitto_pub -t a -m b");
    assert_eq!(found.profiles[0].draft.mqtt_version, VersionChoice::V311);
    assert_eq!(found.requests[0].response_topic, ResponseTopicDraft::None);
}

#[test]
fn what_cannot_be_read_says_what_can() {
    for (text, word) in [
        ("", "empty"),
        ("{", "no JSON"),
        ("{\"a\": 1}", "neither of MQTTX"),
        ("[]", "neither of MQTTX"),
        ("ls -l", "no command line"),
        ("mosquitto_rr 'a", "opened and not closed"),
        ("roundtrip_export = 2", "later Roundtrip"),
        ("roundtrip_export = 1\nconnections = 1", "line 2"),
        ("{\"roundtrip_export\": 1, \"requests\": {}}", "no export"),
    ] {
        let err = read(text.as_bytes()).unwrap_err();
        assert!(err.message.contains(word), "{text}: {err}");
        assert!(err.hint.contains("MQTTX"));
    }
    assert!(read(&[0xff, b'x']).unwrap_err().message.contains("byte 1"));
}

fn here() -> (
    BTreeMap<String, ProfileDraft>,
    BTreeMap<String, RequestDraft>,
) {
    let found = foreign(MQTTX_B);
    let profiles = found.profiles.into_iter().enumerate();
    let profiles = profiles.map(|(at, it)| (format!("p{at}"), it.draft));
    let requests = found.requests.into_iter().enumerate().map(|(at, mut it)| {
        "p0".clone_into(&mut it.connection);
        (format!("r{at}"), it)
    });
    (profiles.collect(), requests.collect())
}

#[test]
fn what_is_here_already_just_so_is_left_alone() {
    let (profiles, requests) = here();
    let plan = Plan::new(foreign(MQTTX_B), &profiles, &requests, &BTreeMap::new());
    assert!(plan.changes().is_empty(), "{plan:?}");
    assert_eq!(plan.profiles[0].fate, Fate::Same("p0".to_owned()));
    assert_eq!(plan.requests[0].fate, Fate::Same("r0".to_owned()));
}

#[test]
fn what_has_the_name_of_something_else_comes_beside_it_or_takes_its_place() {
    let (mut profiles, mut requests) = here();
    profiles.get_mut("p0").unwrap().keep_alive_secs = 7;
    requests.get_mut("r0").unwrap().payload = "other".to_owned();
    let mut plan = Plan::new(foreign(MQTTX_B), &profiles, &requests, &BTreeMap::new());
    let changes = plan.changes();
    assert_eq!(changes.profiles[0].item.draft.name, "dev 2");
    assert_eq!(changes.requests[0].item.name, "dev/1/req 2");
    assert_eq!(changes.profiles.len(), 1);
    plan.settle(Choice::Replace);
    let changes = plan.changes();
    assert_eq!(changes.profiles[0].replaces.as_deref(), Some("p0"));
    assert_eq!(changes.profiles[0].item.draft.name, "dev");
    assert_eq!(changes.requests[0].replaces.as_deref(), Some("r0"));
    plan.settle(Choice::Leave);
    let changes = plan.changes();
    assert!(changes.is_empty());
    assert_eq!(changes.links.get("b-1").map(String::as_str), Some("p0"));
}

#[test]
fn a_subscription_goes_the_way_of_its_connection() {
    let nothing = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let plan = Plan::new(foreign(EXPLORER), &nothing.0, &nothing.1, &nothing.2);
    assert_eq!(plan.changes().subscriptions.len(), 4);
    let words = plan.summary();
    let wanted = "2 connections, 0 requests and 4 subscriptions; ";
    assert!(words.starts_with(wanted), "{words}");

    // Once all of it is here there is nothing to do, whatever folder it is in by then.
    let found = foreign(EXPLORER);
    let mut profiles: BTreeMap<String, ProfileDraft> = found
        .profiles
        .iter()
        .map(|it| (it.key.clone(), it.draft.clone()))
        .collect();
    for draft in profiles.values_mut() {
        "Plant".clone_into(&mut draft.folder);
    }
    let mut here: BTreeMap<String, SubscriptionDraft> = found
        .subscriptions
        .iter()
        .enumerate()
        .map(|(at, it)| (format!("s{at}"), it.clone()))
        .collect();
    let plan = Plan::new(foreign(EXPLORER), &profiles, &BTreeMap::new(), &here);
    assert!(plan.changes().is_empty(), "{:?}", plan.changes());
    // One that is not the same stays, unless its connection is replaced.
    here.get_mut("s0").unwrap().qos = Qos::ExactlyOnce;
    here.remove("s1");
    let key = found.subscriptions[0].connection.clone();
    profiles.get_mut(&key).unwrap().keep_alive_secs = 7;
    let mut plan = Plan::new(foreign(EXPLORER), &profiles, &BTreeMap::new(), &here);
    let replaces = |plan: &Plan| -> Vec<Option<String>> {
        let changes = plan.changes().subscriptions.into_iter();
        changes.map(|change| change.replaces).collect()
    };
    plan.settle(Choice::Leave);
    assert_eq!(replaces(&plan), [None]);
    plan.settle(Choice::Replace);
    assert_eq!(replaces(&plan), [Some("s0".to_owned()), None]);
    plan.settle(Choice::Add);
    assert_eq!(replaces(&plan), [None, None]);
    // Without its connection it is nothing.
    let mut plan = Plan::new(foreign(EXPLORER), &nothing.0, &nothing.1, &nothing.2);
    for one in &mut plan.profiles {
        one.choice = Choice::Leave;
    }
    assert!(plan.changes().is_empty());
}

#[test]
fn subscriptions_of_mqttx_become_ours() {
    let found = foreign(MQTTX_A);
    let [all, off] = found.subscriptions.as_slice() else {
        panic!("{:?}", found.subscriptions);
    };
    let wanted = SubscriptionDraft {
        name: "all".to_owned(),
        connection: found.profiles[0].key.clone(),
        filter: "lab/#".to_owned(),
        qos: Qos::AtLeastOnce,
        retain_as_published: false,
        colour: Some(Colour::Red),
        ..SubscriptionDraft::default()
    };
    assert_eq!(*all, wanted);
    assert_eq!((off.filter.as_str(), off.is_on), ("off/#", false));
    let text = r##"{"clientId": "c", "host": "h", "name": "n", "subscriptions": [
        {"topic": "a", "qos": 2, "nl": true, "rap": true, "rh": 2, "subscriptionIdentifier": 7, "color": "#4EA1FF"},
        {"topic": "b", "rh": 3, "subscriptionIdentifier": 0, "color": "#808080", "odd": 1}]}"##;
    let found = foreign(text);
    let [a, b] = found.subscriptions.as_slice() else {
        panic!("{:?}", found.subscriptions);
    };
    assert!(a.no_local && a.retain_as_published && a.is_on);
    assert_eq!(a.retain_handling, RetainHandling::DoNotSend);
    assert_eq!((a.identifier, a.colour), (Some(7), Some(Colour::Blue)));
    assert_eq!((b.identifier, b.colour), (None, None));
    let said = left_out(&found);
    for part in ["retain handling", "subscription identifier", "`odd`"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn folders_of_mqttx_are_folders_of_connections() {
    let text = r#"[{"id": "f1", "name": "Lab", "isCollection": true},
        {"id": "f2", "name": "Lamps", "isCollection": true, "parentId": "f1"},
        {"id": "c", "clientId": "c", "host": "h", "name": "Kitchen", "parentId": "f2"}]"#;
    assert_eq!(foreign(text).profiles[0].draft.folder, "Lab/Lamps");
}

#[test]
fn what_a_command_line_subscribes_with_is_taken_over_or_told() {
    let found = foreign(
        "mqttx sub -h h -t a b c -q 1 2 -nl true false -rap -rh 2 -si 5 6 7 -up 'k: v' > out.txt
mosquitto_sub -h m -V 5 -t x --retain-handling 1 --retain-as-published -D subscribe subscription-identifier 9 -m no 2>&1",
    );
    let told: Vec<_> = found
        .subscriptions
        .iter()
        .map(|it| {
            let flags = (it.no_local, it.retain_as_published);
            (it.filter.as_str(), u8::from(it.qos), flags, it.identifier)
        })
        .collect();
    let wanted = [
        ("a", 1, (true, true), Some(5)),
        ("b", 2, (false, true), Some(6)),
        ("c", 1, (true, true), Some(7)),
        ("x", 0, (false, true), Some(9)),
    ];
    assert_eq!(told, wanted);
    let handling: Vec<_> = found
        .subscriptions
        .iter()
        .map(|it| it.retain_handling)
        .collect();
    let (none, new) = (RetainHandling::DoNotSend, RetainHandling::SendIfNew);
    assert_eq!(handling, [none, none, none, new]);
    let said = left_out(&found);
    for part in ["`-up`", "`> out.txt`", "`-m`", "`2>& 1`"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let found = foreign("mqttx sub -h h -t a -si 0 -rh 3\nmqttx pub -h h -t a -m b -nl");
    let said = left_out(&found);
    for part in ["`-si 0`", "`-rh 3`", "`-nl`"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

mod bundles {
    use super::*;
    use bundle::{Bundle, BundleFormat};

    fn bundle() -> Bundle {
        let mut connections = Vec::new();
        let mut requests = Vec::new();
        let mut subscriptions = Vec::new();
        for text in [MQTTX_A, MQTTX_B, EXPLORER, COMMANDS] {
            let found = foreign(text);
            connections.extend(found.profiles.into_iter().map(|it| (it.key, it.draft)));
            requests.extend(found.requests);
            subscriptions.extend(found.subscriptions);
        }
        Bundle {
            connections,
            requests,
            subscriptions,
        }
    }

    #[test]
    fn an_export_is_read_in_again_without_loss() {
        let bundle = bundle();
        for format in BundleFormat::ALL {
            let text = bundle.to_text(format, None).unwrap();
            assert!(!text.contains("hunter2"));
            let found = foreign(&text);
            assert_eq!(found.source, Source::Roundtrip);
            let connections: Vec<_> = found
                .profiles
                .into_iter()
                .map(|it| (it.key, it.draft))
                .collect();
            assert_eq!(connections, bundle.connections);
            assert_eq!(found.requests, bundle.requests);
            assert_eq!(found.subscriptions, bundle.subscriptions);
            assert_eq!(found.left_out, []);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_comes_back(
            name in ".{0,20}", address in ".{0,30}", payload in "\\PC{0,40}", topic in ".{0,20}",
            correlation in ".{0,20}", response in ".{0,20}", value in ".{0,20}", secs: u32,
        ) {
            let draft = ProfileDraft { name: name.clone(), address, session_expiry_secs: secs, ..ProfileDraft::default() };
            let request = RequestDraft {
                name,
                topic,
                payload,
                correlation_data: CorrelationDraft::from(format!("text:{correlation}")),
                response_topic: ResponseTopicDraft::from(response),
                user_properties: vec![crate::model::message::UserProperty { name: value.clone(), value }],
                connection: "a".to_owned(),
                ..RequestDraft::default()
            };
            let bundle = Bundle { connections: vec![("a".to_owned(), draft)], requests: vec![request], subscriptions: Vec::new() };
            for format in BundleFormat::ALL {
                let found = foreign(&bundle.to_text(format, None).unwrap());
                prop_assert_eq!(&found.profiles[0].draft, &bundle.connections[0].1);
                prop_assert_eq!(&found.requests, &bundle.requests);
            }
        }

        #[test]
        fn no_file_panics(text in "[\\[\\]{}:,\"a-z0-9=\n -]{0,80}") {
            drop(read(text.as_bytes()));
        }
    }
}

mod copies {
    use super::*;
    use copy_as::{PASSWORD_VARIABLE, Style, copy_as};

    fn request(payload: &str, correlation: CorrelationDraft) -> RequestDraft {
        RequestDraft {
            topic: "dev/it's/req".to_owned(),
            response_topic: ResponseTopicDraft::Typed("dev/1/resp".to_owned()),
            correlation_data: correlation,
            format: PayloadFormat::Text,
            payload: payload.to_owned(),
            content_type: "text/plain".to_owned(),
            message_expiry_secs: "9".to_owned(),
            user_properties: vec![crate::model::message::UserProperty {
                name: "tr ace".to_owned(),
                value: "a'b".to_owned(),
            }],
            ..RequestDraft::default()
        }
    }

    fn profile() -> ProfileDraft {
        ProfileDraft {
            name: "n".to_owned(),
            address: "mqtts://broker.example:8884".to_owned(),
            user_name: "me".to_owned(),
            password_wanted: true,
            tls: Some(crate::model::profile::TlsDraft {
                ca_file: "/etc/ca 1.pem".to_owned(),
                system_roots: false,
                ..Default::default()
            }),
            ..ProfileDraft::default()
        }
    }

    #[test]
    fn a_copied_line_says_the_same_when_it_is_pasted() {
        let draft = request(
            "{\"a\": \"b c\"}\n'",
            CorrelationDraft::fixed(Encoding::Text, "id 1"),
        );
        let valid = draft.validate(&Surroundings::default()).unwrap();
        for style in Style::ALL {
            let copied = copy_as(style, &profile(), &valid, "-").unwrap();
            assert!(copied.text.contains(PASSWORD_VARIABLE), "{}", copied.text);
            let found = foreign(&copied.text);
            assert_eq!(found.profiles.len(), 1, "{}", copied.text);
            assert_eq!(found.profiles[0].draft.address, profile().address);
            assert_eq!(
                found.profiles[0].draft.tls.as_ref().unwrap().ca_file,
                "/etc/ca 1.pem"
            );
            assert_eq!(found.subscriptions, []);
            let [back] = found.requests.as_slice() else {
                panic!("{}", copied.text)
            };
            let back = back.validate(&Surroundings::default()).unwrap();
            assert_eq!(back.payload, valid.payload, "{}", copied.text);
            assert_eq!(
                (
                    &back.topic,
                    &back.response_topic,
                    &back.correlation,
                    &back.user_properties
                ),
                (
                    &valid.topic,
                    &valid.response_topic,
                    &valid.correlation,
                    &valid.user_properties
                ),
                "{}",
                copied.text
            );
            assert_eq!(back.content_type, valid.content_type);
            assert_eq!(back.message_expiry_secs, valid.message_expiry_secs);
            assert_eq!(back.qos, valid.qos);
        }
    }

    #[test]
    fn bytes_are_copied_as_bytes_or_it_is_said_that_they_cannot_be() {
        let mut draft = request("ec28", CorrelationDraft::fixed(Encoding::Hex, "ff01"));
        draft.format = PayloadFormat::Hex;
        let valid = draft.validate(&Surroundings::default()).unwrap();
        let copied = copy_as(Style::MosquittoRr, &profile(), &valid, "-").unwrap();
        assert!(copied.text.contains("-m $'\\xec('"), "{}", copied.text);
        assert!(copied.text.contains("$'\\xff\\x01'"), "{}", copied.text);
        let copied = copy_as(Style::Mqttx, &profile(), &valid, "-").unwrap();
        assert!(copied.text.contains("-f hex -m ec28"), "{}", copied.text);
        assert!(copied.warnings.iter().any(|it| it.contains("ff01")));
        draft.payload = "00".to_owned();
        let valid = draft.validate(&Surroundings::default()).unwrap();
        let err = copy_as(Style::MosquittoRr, &profile(), &valid, "-").unwrap_err();
        assert!(err.contains("mosquitto_sub and _pub"), "{err}");
        let copied = copy_as(Style::MosquittoPair, &profile(), &valid, "-").unwrap();
        let (_, publish) = copied.text.split_once('\n').unwrap();
        assert!(
            publish.starts_with("printf '\\000' | mosquitto_pub"),
            "{publish}"
        );
        draft.correlation_data = CorrelationDraft::fixed(Encoding::Hex, "00");
        let valid = draft.validate(&Surroundings::default()).unwrap();
        let err = copy_as(Style::MosquittoPair, &profile(), &valid, "-").unwrap_err();
        assert!(err.contains("zero byte"), "{err}");
    }

    #[test]
    fn what_a_program_does_otherwise_is_said() {
        let draft = request("x", CorrelationDraft::default());
        let valid = draft.validate(&Surroundings::default()).unwrap();
        let copied = copy_as(Style::MosquittoRr, &profile(), &valid, "made-up").unwrap();
        assert!(copied.text.contains("correlation-data made-up"));
        let said = copied.warnings.join("\n");
        assert!(
            said.contains("any message on the Response Topic") && said.contains("made up"),
            "{said}"
        );
        let built_in = ProfileDraft::built_in();
        assert!(copy_as(Style::Mqttx, &built_in, &valid, "-").is_err());
    }
}
