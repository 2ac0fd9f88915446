use super::*;
use crate::model::correlation::CorrelationData;
use crate::model::message::{Qos, UserProperty};
use crate::model::pairing::Rules;
use crate::model::topic::TopicName;
use proptest::prelude::*;
use serde_json::json;

const LIGHT: &str = r#"name = "light-in-bedroom"
connection = "built-in-broker"
listens = ["cmnd/light-in-bedroom/#"]
qos = 2
delay = "2 ms"
jitter = "1 ms"
reply = '{"power":"{{state.power}}","brightness":{{state.brightness}},"since":"{{now}}"}'
content_type = "application/json"

[state]
power = "off"
brightness = 80

[[rules]]
when = 'payload.power in ["on", "off"]'

[rules.set]
power = "{{payload.power}}"
brightness = "{{payload.brightness}}"

[[rules]]
when = "payload missing"

[[rules]]
reply = '{"error":"no such command"}'
"#;

const RELAY: &str = r#"name = "relay"
connection = "built-in-broker"
listens = ["device_1/relay_1"]
qos = 2
reply = "{{state.relay}}"

[state]
relay = 0

[[rules]]
when = "payload in [0, 1]"

[rules.set]
relay = "{{payload}}"
"#;

const NOW: Timestamp = Timestamp::from_nanos(1_795_252_447_311_000_000);

fn draft(toml: &str) -> DeviceDraft {
    toml::from_str(toml).unwrap()
}

fn responder(toml: &str) -> Responder {
    let device = draft(toml).validate(&Rules::shipped()).unwrap();
    Responder::new(Arc::new(device), 1)
}

fn minimal() -> DeviceDraft {
    DeviceDraft {
        name: "d".to_owned(),
        listens: vec!["t".to_owned()],
        reply: Some("ok".to_owned()),
        ..DeviceDraft::default()
    }
}

fn bare(topic: &str, payload: &str) -> Message {
    Message::new(TopicName::new(topic).unwrap(), payload.to_owned())
}

fn request(topic: &str, payload: &str) -> Message {
    let mut message = bare(topic, payload);
    message.properties.response_topic = Some(TopicName::new("answers").unwrap());
    message.properties.correlation_data = Some(CorrelationData::new("c1"));
    message
}

fn payload_of(reaction: &Reaction) -> &str {
    std::str::from_utf8(&reaction.answers[0].message.payload).unwrap()
}

fn why(reaction: &Reaction) -> &str {
    assert_eq!(reaction.answers, []);
    reaction.not_answered.as_deref().unwrap()
}

#[test]
fn the_light_is_switched_and_read() {
    let mut light = responder(LIGHT);
    let topic = "cmnd/light-in-bedroom/power";
    let on = light.receive(&request(topic, r#"{"power":"on"}"#), NOW);
    assert_eq!(
        payload_of(&on),
        r#"{"power":"on","brightness":80,"since":"2026-11-21T09:14:07.311Z"}"#
    );
    assert!(on.values_changed && on.not_answered.is_none());
    let answer = &on.answers[0];
    assert_eq!(answer.message.topic.as_str(), "answers");
    assert_eq!(
        answer.message.properties.content_type.as_deref(),
        Some("application/json")
    );
    assert!(answer.after >= Duration::from_millis(1) && answer.after <= Duration::from_millis(3));

    let dimmed = light.receive(&request(topic, r#"{"power":"on","brightness":12}"#), NOW);
    assert!(payload_of(&dimmed).contains(r#""brightness":12,"#));
    assert_eq!(light.values()["brightness"], json!(12));

    let read = light.receive(&request("cmnd/light-in-bedroom/get", ""), NOW);
    assert!(payload_of(&read).starts_with(r#"{"power":"on","brightness":12,"#));
    assert!(!read.values_changed);

    let wrong = light.receive(&request(topic, r#"{"power":"blue"}"#), NOW);
    assert_eq!(payload_of(&wrong), r#"{"error":"no such command"}"#);
    assert_eq!(light.values()["power"], json!("on"));
}

#[test]
fn the_relay_switches_on_a_bare_publish_and_answers_a_request() {
    let mut relay = responder(RELAY);
    let bare = relay.receive(&bare("device_1/relay_1", "1"), NOW);
    assert!(bare.values_changed);
    assert!(why(&bare).contains("no Response Topic"));
    assert_eq!(relay.values()["relay"], json!(1));
    let asked = relay.receive(&request("device_1/relay_1", "0"), NOW);
    assert_eq!(payload_of(&asked), "0");
    assert_eq!(asked.answers[0].after, Duration::ZERO);
    let again = relay.receive(&request("device_1/relay_1", "0"), NOW);
    assert!(!again.values_changed);
}

#[test]
fn a_file_survives_being_read_and_written() {
    for text in [LIGHT, RELAY] {
        assert_eq!(
            toml::to_string(&draft(text)).unwrap().replace('\'', ""),
            text.replace('\'', "")
        );
    }
    let empty: DeviceDraft = toml::from_str("").unwrap();
    assert_eq!(empty, DeviceDraft::default());
}

#[test]
fn correlation_data_comes_back_byte_for_byte_empty_as_empty_absent_as_absent() {
    let mut device = Responder::new(Arc::new(minimal().validate(&Rules::shipped()).unwrap()), 1);
    let every_byte: Vec<u8> = (0..=255).collect();
    for data in [Some(every_byte), Some(Vec::new()), None] {
        let mut request = request("t", "");
        request.properties.correlation_data = data.map(CorrelationData::new);
        let reaction = device.receive(&request, NOW);
        let properties = &reaction.answers[0].message.properties;
        assert_eq!(
            properties.correlation_data,
            request.properties.correlation_data
        );
        assert_eq!(properties.response_topic, None);
    }
}

#[test]
fn the_answer_has_the_quality_of_service_of_the_request_and_is_not_retained() {
    let mut device = Responder::new(Arc::new(minimal().validate(&Rules::shipped()).unwrap()), 1);
    for qos in Qos::ALL {
        let message = Message {
            qos,
            ..request("t", "")
        };
        let answer = device.receive(&message, NOW).answers.remove(0).message;
        assert_eq!(
            (answer.qos, answer.retain, answer.duplicate),
            (qos, false, false)
        );
    }
}

#[test]
fn without_a_response_topic_the_answer_goes_to_the_devices_own_reply_topic() {
    let draft = DeviceDraft {
        listens: vec!["cmnd/+".to_owned()],
        reply_topic: "stat/{{topic.2}}".to_owned(),
        rules: vec![RuleDraft {
            when: "topic.2 == b".to_owned(),
            reply_topic: "other".to_owned(),
            ..RuleDraft::default()
        }],
        ..minimal()
    };
    let mut device = Responder::new(Arc::new(draft.validate(&Rules::shipped()).unwrap()), 1);
    let topic = |reaction: &Reaction| reaction.answers[0].message.topic.to_string();
    assert_eq!(topic(&device.receive(&bare("cmnd/a", ""), NOW)), "stat/a");
    assert_eq!(topic(&device.receive(&bare("cmnd/b", ""), NOW)), "other");
    assert_eq!(
        topic(&device.receive(&request("cmnd/b", ""), NOW)),
        "answers"
    );
}

#[test]
fn a_response_topic_that_is_no_topic_is_noted_and_not_answered() {
    let mut device = Responder::new(Arc::new(minimal().validate(&Rules::shipped()).unwrap()), 1);
    for topic in ["a/#", "+", ""] {
        let mut request = request("t", "");
        request.properties.response_topic = Some(TopicName::received(topic));
        let reaction = device.receive(&request, NOW);
        assert!(why(&reaction).contains("is not valid"), "{topic}");
    }
}

#[test]
fn a_retained_replay_changes_nothing_and_is_not_answered() {
    let mut relay = responder(RELAY);
    let retained = Message {
        retain: true,
        ..request("device_1/relay_1", "1")
    };
    assert!(why(&relay.receive(&retained, NOW)).contains("retained"));
    assert_eq!(relay.values()["relay"], json!(0));
}

#[test]
fn the_first_matching_rule_counts_and_what_it_leaves_out_is_the_devices() {
    let rule = |when: &str, reply: Option<&str>| RuleDraft {
        when: when.to_owned(),
        reply: reply.map(str::to_owned),
        ..RuleDraft::default()
    };
    let mut draft = DeviceDraft {
        rules: vec![
            rule("payload starts-with a", Some("first")),
            rule("payload starts-with ab", Some("never")),
            rule("payload == b", None),
            RuleDraft {
                no_reply: true,
                ..rule("payload == c", None)
            },
        ],
        ..minimal()
    };
    let mut device = Responder::new(Arc::new(draft.validate(&Rules::shipped()).unwrap()), 1);
    assert_eq!(
        payload_of(&device.receive(&request("t", "ab"), NOW)),
        "first"
    );
    assert_eq!(payload_of(&device.receive(&request("t", "b"), NOW)), "ok");
    assert_eq!(payload_of(&device.receive(&request("t", "x"), NOW)), "ok");
    assert!(why(&device.receive(&request("t", "c"), NOW)).contains("says so"));
    draft.reply = None;
    let mut device = Responder::new(Arc::new(draft.validate(&Rules::shipped()).unwrap()), 1);
    assert!(why(&device.receive(&request("t", "x"), NOW)).contains("no rule matches"));
    assert!(why(&device.receive(&request("t", "b"), NOW)).contains("no reply"));
}

#[test]
fn values_are_set_together_from_the_state_before() {
    let draft = DeviceDraft {
        state: [("a", json!(1)), ("b", json!(2))].into(),
        reply: Some("{{state.a}} {{state.b}} {{state.c}}".to_owned()),
        rules: vec![RuleDraft {
            set: [
                ("a", json!("{{state.b}}")),
                ("b", json!("{{state.a}}")),
                ("c", json!(true)),
                ("d", json!("{{payload.d}}")),
            ]
            .into(),
            ..RuleDraft::default()
        }],
        ..minimal()
    };
    let mut device = Responder::new(Arc::new(draft.validate(&Rules::shipped()).unwrap()), 1);
    let reaction = device.receive(&request("t", "x"), NOW);
    assert_eq!(payload_of(&reaction), "2 1 true");
    assert_eq!(device.values().get("d"), None);
    assert_eq!(reaction.note, None, "what is not set need not be there");
}

#[test]
fn the_state_can_be_edited_by_hand() {
    let mut relay = responder(RELAY);
    assert!(relay.set_value("relay", json!(1)));
    assert!(!relay.set_value("relay", json!(1)));
    let read = relay.receive(&request("device_1/relay_1", "?"), NOW);
    assert_eq!(payload_of(&read), "1");
}

#[test]
fn user_properties_of_device_and_rule_are_filled_in() {
    let property = |name: &str, value: &str| UserProperty {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let draft = DeviceDraft {
        user_properties: vec![property("by", "{{device}} {{counter}}")],
        rules: vec![RuleDraft {
            user_properties: vec![property("status", "{{payload}}"), property("status", "2")],
            ..RuleDraft::default()
        }],
        ..minimal()
    };
    let mut device = Responder::new(Arc::new(draft.validate(&Rules::shipped()).unwrap()), 1);
    let reaction = device.receive(&request("t", "a\0b"), NOW);
    assert_eq!(
        reaction.answers[0].message.properties.user_properties,
        [
            property("by", "d 1"),
            property("status", "a\u{fffd}b"),
            property("status", "2")
        ]
    );
}

#[test]
fn a_shared_subscription_does_not_answer_itself_for_ever() {
    let draft = DeviceDraft {
        listens: vec!["$share/pool/t/#".to_owned()],
        reply_topic: "t/reply".to_owned(),
        ..minimal()
    };
    let device = draft.validate(&Rules::shipped()).unwrap();
    assert!(!Device::no_local(&device.listens[0]));
    assert!(device.warnings()[0].message.contains("listens to"));
    let mut device = Responder::new(Arc::new(device), 1);
    assert!(why(&device.receive(&bare("t/x", ""), NOW)).contains("for ever"));
    assert_eq!(device.receive(&request("t/x", ""), NOW).answers.len(), 1);
}

#[test]
fn every_mistake_is_named_at_its_field() {
    let draft: DeviceDraft = toml::from_str(
        r#"
client_id = "a\u0000"
listens = ["a/#/b", "ok", "ok"]
delay = "soon"
jitter = "-1"
reply = "{{payloda}}"
reply_topic = "a/+"
content_type = "\u0000"
user_properties = [{ name = "n", value = "{{" }]
state = { "a.b" = 1 }

[[rules]]
when = "payload is 1"
set = { "x y" = 1, ok = "{{" }
reply = "{{"
reply_topic = "{{"
"#,
    )
    .unwrap();
    let errors = draft.validate(&Rules::shipped()).unwrap_err();
    let fields: Vec<DeviceField> = errors.iter().map(|err| err.field).collect();
    let rule = |field| DeviceField::Rule(0, field);
    assert_eq!(
        fields,
        [
            DeviceField::Name,
            DeviceField::ClientId,
            DeviceField::Filter(0),
            DeviceField::Filter(2),
            DeviceField::Delay,
            DeviceField::Jitter,
            DeviceField::State(0),
            DeviceField::Reply,
            DeviceField::ReplyTopic,
            DeviceField::ContentType,
            DeviceField::UserProperty(0),
            rule(RuleField::When),
            rule(RuleField::Set(0)),
            rule(RuleField::Set(1)),
            rule(RuleField::Reply),
            rule(RuleField::ReplyTopic),
        ],
        "{errors:#?}"
    );
    let nothing = DeviceDraft {
        listens: Vec::new(),
        ..minimal()
    };
    assert_eq!(
        nothing.validate(&Rules::shipped()).unwrap_err()[0].field,
        DeviceField::Listens
    );
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    let warned = |draft: DeviceDraft| -> Vec<DeviceField> {
        let warnings = draft.validate(&Rules::shipped()).unwrap().warnings();
        warnings.into_iter().map(|warning| warning.field).collect()
    };
    assert_eq!(warned(minimal()), []);
    assert_eq!(warned(draft(LIGHT)), []);
    assert_eq!(warned(draft(RELAY)), []);
    assert_eq!(
        warned(DeviceDraft {
            reply: Some("{\"a\": oops}".to_owned()),
            reply_topic: "t".to_owned(),
            ..minimal()
        }),
        [DeviceField::Reply, DeviceField::ReplyTopic]
    );
    assert_eq!(
        warned(DeviceDraft {
            reply: None,
            ..minimal()
        }),
        [DeviceField::Reply]
    );
    assert_eq!(
        warned(DeviceDraft {
            rules: vec![RuleDraft::default(), RuleDraft::default()],
            ..minimal()
        }),
        [DeviceField::Rule(0, RuleField::When)]
    );
}

#[test]
fn a_client_id_is_made_from_the_name_and_delays_are_read_kindly() {
    for (name, id) in [
        ("Light in Bedroom!", "light-in-bedroom"),
        ("···", "device"),
        ("Küche 2", "küche-2"),
    ] {
        let draft = DeviceDraft {
            name: name.to_owned(),
            ..minimal()
        };
        assert_eq!(&*draft.validate(&Rules::shipped()).unwrap().client_id, id);
    }
    for (text, millis) in [("", 0), ("0", 0), ("0 ms", 0), ("± 5 ms", 5), ("0.5", 500)] {
        let draft = DeviceDraft {
            jitter: text.to_owned(),
            ..minimal()
        };
        assert_eq!(
            draft.validate(&Rules::shipped()).unwrap().jitter,
            Duration::from_millis(millis)
        );
    }
}

#[test]
fn jitter_strays_to_both_sides_and_the_same_seed_strays_the_same_way() {
    let draft = DeviceDraft {
        delay: "1 ms".to_owned(),
        jitter: "5 ms".to_owned(),
        ..minimal()
    };
    let device = Arc::new(draft.validate(&Rules::shipped()).unwrap());
    let delays = |seed| -> Vec<Duration> {
        let mut device = Responder::new(Arc::clone(&device), seed);
        (0..200)
            .map(|_| device.receive(&request("t", ""), NOW).answers[0].after)
            .collect()
    };
    let some = delays(1);
    assert!(some.iter().all(|delay| *delay <= Duration::from_millis(6)));
    assert!(some.iter().any(|delay| *delay < Duration::from_millis(1)));
    assert!(some.iter().any(|delay| *delay > Duration::from_millis(4)));
    assert_eq!(some, delays(1));
    assert_ne!(some, delays(2));
}

proptest! {
    #[test]
    fn no_message_panics_and_each_is_answered_or_says_why(
        topic in ".{0,10}",
        payload in proptest::collection::vec(any::<u8>(), 0..60),
        response in proptest::option::of(".{0,10}"),
    ) {
        for device in [LIGHT, RELAY] {
            let mut message = Message::new(TopicName::received(&topic), payload.clone());
            message.properties.response_topic = response.as_deref().map(TopicName::received);
            let reaction = responder(device).receive(&message, NOW);
            prop_assert_eq!(reaction.answers.is_empty(), reaction.not_answered.is_some());
        }
    }

    #[test]
    fn no_draft_panics(when in ".{0,20}", reply in ".{0,20}", delay in ".{0,6}", filter in ".{0,6}") {
        let draft = DeviceDraft {
            listens: vec![filter],
            delay,
            reply: Some(reply),
            rules: vec![RuleDraft { when, ..RuleDraft::default() }],
            ..minimal()
        };
        if let Ok(device) = draft.validate(&Rules::shipped()) {
            device.warnings();
        }
    }
}
