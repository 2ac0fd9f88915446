//! Devices that answer by a pairing rule.

use super::*;
use crate::model::correlation::CorrelationData;
use crate::model::message::Qos;
use crate::model::pairing::{
    Circumstances, Match, Matcher, OutcomeKind, Outgoing, Rules, Status, Subject,
};
use crate::model::presets::Preset;
use crate::model::request::Surroundings;
use crate::model::topic::TopicName;

const NOW: Timestamp = Timestamp::from_nanos(1_795_252_447_311_000_000);

fn draft(toml: &str) -> DeviceDraft {
    toml::from_str(toml).unwrap_or_else(|err| panic!("{err}"))
}

#[track_caller]
fn device(toml: &str) -> Responder {
    let device = draft(toml).validate(&Rules::shipped());
    Responder::new(Arc::new(device.unwrap_or_else(|err| panic!("{err:?}"))), 1)
}

fn bare(topic: &str, payload: &str) -> Message {
    Message::new(TopicName::new(topic).unwrap(), payload.to_owned())
}

/// The request of a preset, as it is sent.
fn sent(preset: &Preset) -> Outgoing {
    let here = Surroundings {
        client_id: "c",
        ..Surroundings::default()
    };
    let request = preset.request.validate(&here).unwrap();
    let here = Circumstances {
        client_id: "c",
        now_ms: 5,
        counter: 3,
    };
    let data = Some(CorrelationData::new("c1"));
    let mut random = StdRng::seed_from_u64(1);
    let outgoing = request.outgoing(&Rules::shipped(), data.as_ref(), &here, &mut random);
    outgoing.unwrap_or_else(|err| panic!("{}: {err}", preset.rule))
}

/// What the answer says to whoever sent the request.
#[track_caller]
fn says(rule: &str, request: &Message, answer: &Message) -> Status {
    let rules = Rules::shipped();
    let (index, compiled) = rules.find(rule).unwrap();
    let bindings = compiled.request(&Subject::new(request)).unwrap();
    let mut matcher = Matcher::new(rules.clone());
    matcher.insert(crate::model::exchange::ExchangeId(1), index, bindings);
    match matcher.find(&Subject::new(answer)) {
        Match::Pairs(pairs) => pairs[0].status.clone(),
        other => panic!("{rule}: {answer:?}: {other:?}"),
    }
}

fn payload_of(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.message.payload).unwrap()
}

#[test]
fn the_device_of_every_shipped_rule_answers_its_request() {
    for preset in Preset::shipped() {
        let mut draft = preset.device.clone();
        draft.pairing.clone_from(&preset.rule);
        let valid = draft.validate(&Rules::shipped());
        let valid = valid.unwrap_or_else(|err| panic!("{}: {err:?}", preset.rule));
        let request = sent(preset).message;
        let filters = &valid.listens;
        assert!(
            filters.iter().any(|filter| filter.matches(&request.topic)),
            "{}: {} is not heard on {filters:?}",
            preset.rule,
            request.topic
        );
        let reaction = Responder::new(Arc::new(valid), 1).receive(&request, NOW);
        assert_eq!(reaction.not_answered, None, "{}", preset.rule);
        assert_eq!(reaction.note, None, "{}", preset.rule);
        let mut last = OutcomeKind::Progress;
        for answer in &reaction.answers {
            last = says(&preset.rule, &request, &answer.message).outcome;
        }
        assert_eq!(
            last,
            OutcomeKind::Ok,
            "{}: {:?}",
            preset.rule,
            reaction.answers
        );
    }
}

#[test]
fn a_reply_and_topic_filters_are_all_that_a_device_needs() {
    for preset in Preset::shipped() {
        let draft = DeviceDraft {
            name: "d".to_owned(),
            pairing: preset.rule.clone(),
            listens: vec!["#".to_owned(), "$iothub/#".to_owned()],
            reply: Some("{\"x\": 1}".to_owned()),
            ..DeviceDraft::default()
        };
        let request = sent(preset).message;
        let device = Arc::new(draft.validate(&Rules::shipped()).unwrap());
        let reaction = Responder::new(device, 1).receive(&request, NOW);
        // A reply that is a text by its convention cannot be written into JSON, and no payload stands for another value.
        let needs_more = [
            "set-state-echo",
            "cumulocity-by-id",
            "cumulocity-fifo",
            "fiware-json",
            "vda5050",
        ];
        if needs_more.contains(&&*preset.rule) && reaction.answers.is_empty() {
            assert!(reaction.not_answered.is_some(), "{}", preset.rule);
            continue;
        }
        assert_eq!(reaction.not_answered, None, "{}", preset.rule);
        says(&preset.rule, &request, &reaction.answers[0].message);
    }
}

#[test]
fn an_error_says_its_code_and_message_where_the_rule_reads_them() {
    for (rule, request, code, message) in [
        (
            "jsonrpc-src",
            bare("d/rpc", r#"{"method":"m","src":"me","id":7}"#),
            Some("404"),
            Some("no such method"),
        ),
        (
            "azure-method",
            bare("$iothub/methods/POST/x/?$rid=5", "{}"),
            Some("404"),
            None,
        ),
        (
            "zigbee2mqtt",
            bare("z/bridge/request/x", r#"{"transaction":"a"}"#),
            None,
            Some("no such method"),
        ),
    ] {
        let text = format!(
            "name = \"d\"\npairing = \"{rule}\"\nlistens = [\"#\", \"$iothub/#\"]\n\
             [[rules]]\nstatus = \"error\"\ncode = \"404\"\nmessage = \"no such {{{{state.what}}}}\"\nreply = \"{{}}\"\n\
             [state]\nwhat = \"method\"\n"
        );
        let reaction = device(&text).receive(&request, NOW);
        assert_eq!(reaction.not_answered, None, "{rule}");
        let status = says(rule, &request, &reaction.answers[0].message);
        assert_eq!(status.outcome, OutcomeKind::Error, "{rule}");
        assert_eq!(status.code.as_deref(), code, "{rule}");
        assert_eq!(status.message.as_deref(), message, "{rule}");
    }
}

#[test]
fn on_mqtt_5_an_error_is_told_by_user_properties_and_everything_else_stays() {
    let text = r#"name = "d"
listens = ["t"]
reply = "ok"
reply_topic = "own"
[[rules]]
when = "payload == bad"
status = "error"
code = "404"
message = "bad thing"
"#;
    let mut lamp = device(text);
    let mut request = bare("t", "bad");
    request.qos = Qos::ExactlyOnce;
    for response_topic in [Some("answers"), None] {
        request.properties.response_topic =
            response_topic.map(|text| TopicName::new(text).unwrap());
        request.properties.correlation_data = Some(CorrelationData::new(""));
        let reaction = lamp.receive(&request, NOW);
        assert_eq!(reaction.not_answered, None);
        let answer = &reaction.answers[0].message;
        assert_eq!(answer.topic.as_str(), response_topic.unwrap_or("own"));
        assert_eq!(answer.payload, "ok");
        assert_eq!(answer.qos, Qos::ExactlyOnce);
        assert_eq!(
            answer.properties.correlation_data,
            Some(CorrelationData::new(""))
        );
        let mut asked = request.clone();
        asked.properties.response_topic = Some(answer.topic.clone());
        let status = says("mqtt5", &asked, answer);
        assert_eq!(status.outcome, OutcomeKind::Error);
        assert_eq!(status.code.as_deref(), Some("404"));
        assert_eq!(status.message.as_deref(), Some("bad thing"));
    }
    // Without a status nothing is added.
    let reaction = lamp.receive(&bare("t", "good"), NOW);
    assert_eq!(reaction.answers[0].message.properties.user_properties, []);
}

#[test]
fn a_payload_that_says_that_it_failed_is_sent_as_it_is_typed() {
    for (rule, topic, payload, reply, outcome) in [
        (
            "zigbee2mqtt",
            "z/bridge/request/x",
            r#"{"transaction":"a"}"#,
            r#"{"status":"error","error":"no"}"#,
            OutcomeKind::Error,
        ),
        (
            "mqtt-two-way",
            "b/cmd/req/d",
            r#"{"uuid":"u"}"#,
            r#"{"commandResult":"ERROR_X"}"#,
            OutcomeKind::Error,
        ),
        (
            "thin-edge",
            "te/d/m///cmd/restart/1",
            r#"{"status":"init"}"#,
            r#"{"status":"executing"}"#,
            OutcomeKind::Progress,
        ),
        (
            "alink",
            "/sys/p/d/thing/x",
            r#"{"id":"1"}"#,
            r#"{"code":200}"#,
            OutcomeKind::Ok,
        ),
    ] {
        let text = format!("name = 'd'\npairing = '{rule}'\nlistens = ['#']\nreply = '{reply}'\n");
        let request = bare(topic, payload);
        let reaction = device(&text).receive(&request, NOW);
        assert_eq!(reaction.not_answered, None, "{rule}");
        let status = says(rule, &request, &reaction.answers[0].message);
        assert_eq!(status.outcome, outcome, "{rule}");
        let typed: Value = serde_json::from_str(reply).unwrap();
        let sent: Value = serde_json::from_slice(&reaction.answers[0].message.payload).unwrap();
        for (name, value) in typed.as_object().unwrap() {
            assert_eq!(sent.get(name), Some(value), "{rule}");
        }
    }
}

#[test]
fn what_is_no_request_by_the_rule_is_not_answered_and_changes_nothing() {
    let text = r#"name = "d"
pairing = "thin-edge"
listens = ["te/#"]
reply = '{"status":"successful"}'
[state]
seen = 0
[[rules]]
[rules.set]
seen = "{{counter}}"
"#;
    let mut agent = device(text);
    let reaction = agent.receive(
        &bare("te/d/m///cmd/restart/1", r#"{"status":"executing"}"#),
        NOW,
    );
    assert_eq!(reaction.answers, []);
    let why = reaction.not_answered.unwrap();
    assert!(
        why.contains("thin-edge") && why.contains("json:/status"),
        "{why}"
    );
    assert!(!reaction.values_changed);
    let reaction = agent.receive(&bare("te/d/m///cmd/restart/1", r#"{"status":"init"}"#), NOW);
    assert_eq!(reaction.answers.len(), 1);
    assert_eq!(agent.values()["seen"], serde_json::json!(1));
}

#[test]
fn templates_and_conditions_see_what_the_rule_bound() {
    let text = r#"name = "d"
pairing = "jsonrpc-src"
listens = ["+/rpc"]
[[rules]]
when = "var.device == lamp and var.id > 5"
reply = '{"for":"{{var.src}}","no":{{var.id}},"none":"{{var.other}}"}'
"#;
    let mut lamp = device(text);
    let request = bare(
        "lamp/rpc",
        r#"{"method":"m","src":"me","id":18446744073709551616}"#,
    );
    let reaction = lamp.receive(&request, NOW);
    let payload = payload_of(&reaction.answers[0]);
    assert!(payload.contains(r#""for":"me""#), "{payload}");
    assert!(
        payload.contains(r#""no":18446744073709551616"#),
        "{payload}"
    );
    assert!(reaction.note.unwrap().contains("var.other"));
    let reaction = lamp.receive(
        &bare("lamp/rpc", r#"{"method":"m","src":"me","id":5}"#),
        NOW,
    );
    assert!(reaction.not_answered.is_some());
}

#[test]
fn further_answers_follow_one_after_the_other() {
    let text = r#"name = "d"
pairing = "thin-edge"
listens = ["te/#"]
delay = "5 ms"
[[rules]]
status = "progress"
reply = '{"status":"executing","n":{{counter}}}'
then = [
  { after = "60 ms", status = "progress", reply = '{"status":"scheduled"}' },
  { after = "40 ms", status = "ok", reply = '{"status":"successful"}' },
  { status = "ok", reply = '{"status":"successful"}' },
]
"#;
    let request = bare("te/d/m///cmd/restart/1", r#"{"status":"init"}"#);
    let reaction = device(text).receive(&request, NOW);
    let after: Vec<u128> = reaction
        .answers
        .iter()
        .map(|answer| answer.after.as_millis())
        .collect();
    assert_eq!(after, [5, 65, 105, 105]);
    let outcomes: Vec<OutcomeKind> = reaction
        .answers
        .iter()
        .map(|answer| says("thin-edge", &request, &answer.message).outcome)
        .collect();
    let (progress, ok) = (OutcomeKind::Progress, OutcomeKind::Ok);
    assert_eq!(outcomes, [progress, progress, ok, ok]);
    assert_eq!(reaction.answers[2].message, reaction.answers[3].message);
}

#[test]
fn a_further_answer_without_a_reply_is_the_first_once_more() {
    let text = r#"name = "d"
listens = ["t"]
reply = "{{uuid}}"
content_type = "text/plain"
[[rules]]
then = [{ after = "1 s" }, { after = "1 s", reply = "x", content_type = "text/x", user_properties = [{ name = "a", value = "{{payload}}" }] }]
"#;
    let mut request = bare("t", "q");
    request.properties.response_topic = Some(TopicName::new("answers").unwrap());
    let reaction = device(text).receive(&request, NOW);
    let [first, again, other] = reaction.answers.as_slice() else {
        panic!("{reaction:?}");
    };
    assert_eq!(first.message, again.message);
    assert_eq!(again.after, Duration::from_secs(1));
    assert_eq!(other.after, Duration::from_secs(2));
    assert_eq!(other.message.payload, "x");
    assert_eq!(
        other.message.properties.content_type.as_deref(),
        Some("text/x")
    );
    assert_eq!(other.message.properties.user_properties[0].value, "q");
}

#[test]
fn a_further_answer_that_the_rule_cannot_write_is_noted_and_the_others_are_sent() {
    let text = r#"name = "d"
pairing = "jsonrpc-src"
listens = ["+/rpc"]
[[rules]]
reply = '{"result":1}'
then = [{ reply = "no JSON" }, { reply = '{"result":2}' }]
"#;
    let request = bare("d/rpc", r#"{"method":"m","src":"me","id":1}"#);
    let reaction = device(text).receive(&request, NOW);
    assert_eq!(reaction.answers.len(), 2);
    assert!(
        reaction
            .note
            .unwrap()
            .starts_with("answer 2 of 3 is not sent: ")
    );
}

#[test]
fn answers_on_the_topic_of_the_request_are_never_answered() {
    let text = "name = 'd'\npairing = 'aliyun-rrpc-ext'\nlistens = ['/ext/rrpc/+/t']\nreply = '{{payload}}!'\n";
    let (mut one, mut other) = (device(text), device(text));
    let request = bare("/ext/rrpc/7/t", "hi");
    let answer = one.receive(&request, NOW).answers.remove(0).message;
    assert_eq!(answer.topic, request.topic);
    assert_eq!(other.receive(&request, NOW).answers.len(), 1);
    // Where No Local does not keep it away, and where another device answers the same.
    for device in [&mut one, &mut other] {
        let reaction = device.receive(&answer, NOW);
        assert_eq!(reaction.answers, []);
        assert!(reaction.not_answered.unwrap().contains("is an answer"));
    }
    // Whoever sends the same request once more gets an answer, and whoever asks with that id later.
    assert_eq!(one.receive(&request, NOW).answers.len(), 1);
    let later = NOW.saturating_add(Duration::from_mins(1));
    assert_eq!(
        one.receive(&bare("/ext/rrpc/7/t", "else"), later)
            .answers
            .len(),
        1
    );
    assert_eq!(
        one.receive(&bare("/ext/rrpc/8/t", "hi!"), NOW)
            .answers
            .len(),
        1
    );
}

#[test]
fn an_echo_does_not_answer_itself() {
    let text = "name = 'd'\npairing = 'aliyun-rrpc-ext'\nlistens = ['#']\nreply = '{{payload}}'\n";
    let mut echo = device(text);
    let request = bare("/ext/rrpc/7/t", "hi");
    let answer = echo.receive(&request, NOW).answers.remove(0).message;
    assert_eq!(echo.receive(&answer, NOW).answers, []);
}

#[test]
fn on_a_shared_subscription_an_answer_that_would_be_taken_for_a_request_is_not_sent() {
    let text = "name = 'd'\npairing = 'aliyun-rrpc-ext'\nlistens = ['$share/g//ext/rrpc/#']\nreply = 'x'\n";
    let reaction = device(text).receive(&bare("/ext/rrpc/7/t", "hi"), NOW);
    assert!(reaction.not_answered.unwrap().contains("for ever"));
    let text = text
        .replace("aliyun-rrpc-ext", "thin-edge")
        .replace("/ext/rrpc/#", "te/#")
        .replace("'x'", r#"'{"status":"successful"}'"#);
    let reaction = device(&text).receive(&bare("te/d/m///cmd/r/1", r#"{"status":"init"}"#), NOW);
    assert_eq!(reaction.not_answered, None);
}

#[test]
fn its_own_reply_topic_counts_where_the_rule_waits_for_it() {
    let text = "name = 'sw'\npairing = 'tasmota'\nlistens = ['cmnd/sw/#']\nreply = '{}'\nreply_topic = 'stat/sw/STATUS5'\n";
    let reaction = device(text).receive(&bare("cmnd/sw/Status", "5"), NOW);
    assert_eq!(
        reaction.answers[0].message.topic.as_str(),
        "stat/sw/STATUS5"
    );
    let text = text.replace("STATUS5", "POWER");
    let reaction = device(&text).receive(&bare("cmnd/sw/Status", "5"), NOW);
    assert!(reaction.not_answered.unwrap().contains("stat/sw/POWER"));
}

#[test]
fn what_the_request_does_not_say_the_device_does() {
    let text = "name = 'kitchen'\npairing = 'esphome-discover'\nlistens = ['esphome/discover']\nreply = '{}'\n";
    let reaction = device(text).receive(&bare("esphome/discover", ""), NOW);
    assert_eq!(
        reaction.answers[0].message.topic.as_str(),
        "esphome/discover/kitchen"
    );
    let text = format!("{text}[state]\ndevice = 'other'\n");
    let reaction = device(&text).receive(&bare("esphome/discover", ""), NOW);
    assert_eq!(
        reaction.answers[0].message.topic.as_str(),
        "esphome/discover/other"
    );
}

#[test]
fn a_device_listens_to_the_requests_of_its_rule_where_they_are_few_enough() {
    let validate = |pairing: &str| {
        let draft = DeviceDraft {
            name: "d".to_owned(),
            pairing: pairing.to_owned(),
            reply: Some("{}".to_owned()),
            ..DeviceDraft::default()
        };
        draft.validate(&Rules::shipped())
    };
    let shown = |pairing: &str| -> Vec<String> {
        let device = validate(pairing).unwrap_or_else(|err| panic!("{pairing}: {err:?}"));
        device.listens.iter().map(ToString::to_string).collect()
    };
    assert_eq!(shown("mqtt-fetch"), ["mqttfetch/+/+/fr/+"]);
    assert_eq!(shown("thingsboard-gateway"), ["v1/gateway/rpc"]);
    assert_eq!(shown("azure-method"), ["$iothub/methods/POST/+/+"]);
    for (pairing, field, word) in [
        ("jsonrpc-src", DeviceField::Listens, "any topic"),
        ("", DeviceField::Listens, "listens to nothing"),
        ("mqtt5", DeviceField::Listens, "listens to nothing"),
        ("no-such", DeviceField::Pairing, "no pairing rule `no-such`"),
    ] {
        let errors = validate(pairing).unwrap_err();
        assert_eq!(errors[0].field, field, "{pairing}");
        assert!(errors[0].message.contains(word), "{}", errors[0].message);
    }
}

#[test]
fn what_is_wrong_with_a_further_answer_is_said_at_its_field() {
    let text = r#"name = "d"
listens = ["t"]
reply = "ok"
[[rules]]
status = "bad"
code = "{{"
then = [{ after = "soon", status = "x", message = "{{nope}}", content_type = "\u0000" }]
"#;
    let errors = draft(text).validate(&Rules::shipped()).unwrap_err();
    let fields: Vec<DeviceField> = errors.iter().map(|err| err.field).collect();
    let then = |field| DeviceField::Rule(0, RuleField::Then(0, field));
    assert_eq!(
        fields,
        [
            DeviceField::Rule(0, RuleField::Status),
            DeviceField::Rule(0, RuleField::Code),
            then(FurtherField::After),
            then(FurtherField::ContentType),
            then(FurtherField::Status),
            then(FurtherField::Message),
        ]
    );
}

#[test]
fn faults_are_made_on_purpose_and_said() {
    let fault = |fault: &str, rule: &str, reply: &str| {
        let text = format!(
            "name = 'd'\npairing = '{rule}'\nlistens = ['#']\nreply = '{reply}'\nfaults = {{ {fault} }}\n"
        );
        device(&text)
    };
    let mut asked = bare("t", "x");
    asked.properties.response_topic = Some(TopicName::new("answers").unwrap());
    asked.properties.correlation_data = Some(CorrelationData::new("right"));
    let lost = fault("drop_percent = 100", "", "ok").receive(&asked, NOW);
    assert_eq!(lost.answers, []);
    assert!(lost.not_answered.unwrap().contains("on purpose"));
    let twice = fault("duplicate_percent = 100", "", "ok").receive(&asked, NOW);
    assert_eq!(twice.answers.len(), 2);
    assert_eq!(twice.answers[0], twice.answers[1]);
    let wrong = fault("wrong_correlation_percent = 100", "", "ok").receive(&asked, NOW);
    let data = wrong.answers[0].message.properties.correlation_data.clone();
    assert_ne!(data, Some(CorrelationData::new("right")));
    assert!(wrong.note.unwrap().contains("wrong correlation"));
    let some = fault("drop_percent = 30", "", "ok");
    let mut some = some;
    let answered = (0..1000).filter(|_| !some.receive(&asked, NOW).answers.is_empty());
    assert!((600..800).contains(&answered.count()));
    let errors = draft("name = 'd'\nlistens = ['t']\nfaults = { drop_percent = 101 }\n")
        .validate(&Rules::shipped())
        .unwrap_err();
    assert_eq!(errors[0].field, DeviceField::Faults);
}

#[test]
fn a_wrong_id_of_a_rule_pairs_with_another_request() {
    for preset in Preset::shipped() {
        let mut draft = preset.device.clone();
        draft.pairing.clone_from(&preset.rule);
        draft.faults.wrong_correlation_percent = 100;
        let request = sent(preset).message;
        let (rules, device) = (Rules::shipped(), draft.validate(&Rules::shipped()).unwrap());
        let reaction = Responder::new(Arc::new(device), 1).receive(&request, NOW);
        let (index, rule) = rules.find(&preset.rule).unwrap();
        let bindings = rule.request(&Subject::new(&request)).unwrap();
        let has_id = rule
            .named(&bindings)
            .iter()
            .any(|(name, values)| **name == *"id" && !values.is_empty());
        let note = reaction.note.clone().unwrap();
        if !has_id {
            assert!(note.contains("no id"), "{}", preset.rule);
            continue;
        }
        // Where the id is typed into a text, it stays what was typed, and that is said.
        if preset.rule == "cumulocity-by-id" {
            assert!(note.contains("cannot write"), "{note}");
            continue;
        }
        let mut matcher = Matcher::new(rules.clone());
        matcher.insert(crate::model::exchange::ExchangeId(1), index, bindings);
        for answer in &reaction.answers {
            let found = matcher.find(&Subject::new(&answer.message));
            assert!(!matches!(found, Match::Pairs(_)), "{}: {note}", preset.rule);
        }
    }
}
