use super::*;
use crate::model::correlation::CorrelationData;
use crate::model::message::Message;
use crate::model::message::UserProperty;
use crate::model::time::Timestamp;
use crate::model::topic::TopicName;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::json;

/// 2026-11-21T09:14:07.311999999Z
const NOW: Timestamp = Timestamp::from_nanos(1_795_252_447_311_999_999);

fn message(payload: &[u8]) -> Message {
    let mut message = Message::new(
        TopicName::new("cmnd/light/power").unwrap(),
        payload.to_vec(),
    );
    message.properties.correlation_data = Some(CorrelationData::new(vec![0x00, 0xff]));
    message.properties.response_topic = Some(TopicName::new("state/light").unwrap());
    message.properties.user_properties = vec![UserProperty {
        name: "site".to_owned(),
        value: "Köln".to_owned(),
    }];
    message
}

fn with<T>(payload: &[u8], state: &Value, run: impl FnOnce(&mut Context<'_>) -> T) -> T {
    let message = message(payload);
    let state = state.as_object().cloned().unwrap_or_default();
    run(&mut Context {
        request: &Request::new(&message),
        variables: &Vec::new(),
        state: &state,
        device: "lamp",
        counter: 7,
        now: NOW,
        random: &mut StdRng::seed_from_u64(1),
    })
}

fn rendered(template: &str, payload: &str) -> Rendered {
    let template = Template::compile(template).unwrap();
    with(
        payload.as_bytes(),
        &json!({"power": "off", "level": 80, "name": "a\"b\n", "deep": {"list": [1, {"x": true}]}}),
        |context| template.render(context),
    )
}

fn text(template: &str, payload: &str) -> String {
    String::from_utf8(rendered(template, payload).bytes).unwrap()
}

#[test]
fn every_placeholder_stands_for_what_it_says() {
    for (template, expected) in [
        ("{{topic}}", "cmnd/light/power"),
        ("{{ topic.2 }}", "light"),
        ("{{correlation}}", "0x00ff"),
        ("{{correlation.hex}}", "00ff"),
        ("{{correlation.base64}}", "AP8="),
        ("{{response_topic}}", "state/light"),
        ("{{user.site}}", "Köln"),
        ("{{device}}", "lamp"),
        ("{{counter}}", "7"),
        ("{{now}}", "2026-11-21T09:14:07.311Z"),
        ("{{now_ms}}", "1795252447311"),
        ("{{payload}}", "{\"a\" : 1.50}"),
        ("{{payload.a}}", "1.50"),
        ("{{state.deep.list.1.x}}", "true"),
        ("{{state.deep}}", "{\"list\":[1,{\"x\":true}]}"),
        ("{{random.3.3}}", "3"),
        ("a{{state.power}}b{{state.level}}c", "aoffb80c"),
        ("no gaps }} here", "no gaps }} here"),
        ("", ""),
    ] {
        assert_eq!(text(template, "{\"a\" : 1.50}"), expected, "{template}");
    }
    let uuid = text("{{uuid}}", "");
    assert_eq!(uuid.parse::<uuid::Uuid>().unwrap().get_version_num(), 4);
    assert_ne!(text("{{uuid}} {{uuid}}", "").split_at(36).1.trim(), uuid);
}

#[test]
fn the_list_of_placeholders_is_true() {
    for (name, _) in PLACEHOLDERS {
        assert!(
            Template::compile(&format!("{{{{{name}}}}}")).is_ok(),
            "{name}"
        );
    }
}

#[test]
fn inside_quotes_of_json_text_is_escaped_and_outside_it_gets_quotes() {
    let payload = r#"{"name":"a\"b\\ü\n","n":1e400,"o":{"k":[1]},"z":null}"#;
    for (template, expected) in [
        (r#"{"x":"{{payload.name}}"}"#, r#"{"x":"a\"b\\ü\n"}"#),
        (r#"{"x":{{payload.name}}}"#, r#"{"x":"a\"b\\ü\n"}"#),
        (r#"{"x":{{payload.o}}}"#, r#"{"x":{"k":[1]}}"#),
        (r#"{"x":"{{payload.o}}"}"#, r#"{"x":"{\"k\":[1]}"}"#),
        (r#"["{{state.name}}"]"#, r#"["a\"b\n"]"#),
        ("[{{now}}]", r#"["2026-11-21T09:14:07.311Z"]"#),
        ("[{{payload.z}}]", "[null]"),
        (r#""\"{{state.power}}\"""#, r#""\"off\"""#),
        (r#"{"{{state.power}}":1}"#, r#"{"off":1}"#),
    ] {
        assert_eq!(text(template, payload), expected, "{template}");
        assert!(Template::compile(template).unwrap().is_json());
    }
    assert!(
        text("[{{payload.n}}]", payload)
            .to_lowercase()
            .contains('e')
    );
}

#[test]
fn a_raw_payload_in_json_stays_json() {
    assert_eq!(text("[{{payload}}]", "{\"a\" : 1}"), "[{\"a\" : 1}]");
    assert_eq!(text("[{{payload}}]", "on \"now\""), "[\"on \\\"now\\\"\"]");
    assert_eq!(text("[{{payload}}]", ""), "[null]");
    assert_eq!(text("[\"{{payload}}\"]", "\"on\""), "[\"\\\"on\\\"\"]");
}

#[test]
fn plain_text_takes_values_as_they_are() {
    assert_eq!(text("is \"{{state.name}}\"", ""), "is \"a\"b\n\"");
    assert_eq!(text("[{{now_ms}}] lamp", ""), "[1795252447311] lamp");
    assert_eq!(text("[{{state.power}}] lamp", ""), "[off] lamp");
    let template = Template::compile("<{{payload}}>").unwrap();
    let bytes = with(&[0xff, 0x00], &json!({}), |context| {
        template.render(context).bytes
    });
    assert_eq!(bytes, [b'<', 0xff, 0x00, b'>']);
}

#[test]
fn what_is_missing_is_null_outside_quotes_and_nothing_inside_and_is_noted() {
    let rendered = rendered(
        r#"{"a":{{payload.x}},"b":"{{payload.x}}","c":"{{state.none}}","d":{{topic.9}}}"#,
        "not json",
    );
    assert_eq!(rendered.bytes, br#"{"a":null,"b":"","c":"","d":null}"#);
    let missing: Vec<&str> = rendered.missing.iter().map(|name| &**name).collect();
    assert_eq!(missing, ["payload.x", "state.none", "topic.9"]);
    assert_eq!(text("<{{payload.x}}>", "{}"), "<>");
}

#[test]
fn wrong_placeholders_are_named_with_their_place() {
    for (template, words, line, column) in [
        ("a {{payloda}}", "no placeholder", 1, 3),
        ("ä\n ü{{", "never closed", 2, 3),
        ("{{}}", "names nothing", 1, 1),
        ("{{state}}", "needs the name", 1, 1),
        ("{{topic.0}}", "count from 1", 1, 1),
        ("{{topic.x}}", "count from 1", 1, 1),
        ("{{payload..a}}", "empty name", 1, 1),
        ("{{random.6.1}}", "no range", 1, 1),
        ("{{random.6}}", "no range", 1, 1),
        ("{{user.}}", "no placeholder", 1, 1),
        ("{{correlation.octal}}", "no placeholder", 1, 1),
    ] {
        let err = Template::compile(template).unwrap_err();
        assert!(err.message.contains(words), "{template}: {err}");
        assert_eq!((err.line, err.column), (line, column), "{template}");
    }
}

#[test]
fn a_single_placeholder_keeps_its_type() {
    let value = |template: &str, payload: &str| {
        let template = Template::compile(template).unwrap();
        with(payload.as_bytes(), &json!({"n": 80}), |context| {
            template.value(context)
        })
        .0
    };
    let payload = r#"{"n":1.50,"b":true,"s":"5","o":{"x":1}}"#;
    assert_eq!(value("{{payload.n}}", payload).unwrap().to_string(), "1.50");
    assert_eq!(value("{{payload.b}}", payload), Some(json!(true)));
    assert_eq!(value("{{payload.s}}", payload), Some(json!("5")));
    assert_eq!(value("{{payload.o}}", payload), Some(json!({"x": 1})));
    assert_eq!(value("{{payload.none}}", payload), None);
    assert_eq!(value("{{payload}}", "1"), Some(json!(1)));
    assert_eq!(value("{{payload}}", "on"), Some(json!("on")));
    assert_eq!(value("{{state.n}} %", payload), Some(json!("80 %")));
    assert_eq!(value("plain", payload), Some(json!("plain")));
}

#[test]
fn a_far_time_is_written_all_the_same() {
    for nanos in [i64::MIN, -1, 0, i64::MAX] {
        assert!(rfc3339(Timestamp::from_nanos(nanos)).ends_with('Z'));
    }
}

proptest! {
    #[test]
    fn no_template_and_no_payload_panics(
        source in "([{}\"\\\\\\[\\] a.é1:u0-]|\\{\\{|\\}\\}|payload|state\\.n|topic\\.2|\\{\\{payload\\.a\\}\\}|\\{\\{payload\\}\\}){0,12}",
        payload in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        if let Ok(template) = Template::compile(&source) {
            let rendered = with(&payload, &json!({"n": [1]}), |context| {
                template.value(context);
                template.render(context)
            });
            if template.is_json() {
                prop_assert!(serde_json::from_slice::<Value>(&rendered.bytes).is_ok());
            }
        }
    }

    #[test]
    fn whatever_a_json_template_is_filled_with_it_stays_json(name in ".{0,20}", n in any::<f64>(), raw in ".{0,20}") {
        let template = Template::compile(
            r#"{"a":"{{payload.name}}","b":{{payload.name}},"c":{{payload.n}},"d":"{{payload}}","e":[{{payload}}, {{state.x}}]}"#,
        ).unwrap();
        for payload in [json!({"name": name, "n": n}).to_string(), raw] {
            let bytes = with(payload.as_bytes(), &json!({}), |context| template.render(context).bytes);
            let value = serde_json::from_slice::<Value>(&bytes).unwrap();
            prop_assert_eq!(value["d"].as_str().unwrap(), payload);
        }
    }

    #[test]
    fn text_without_gaps_is_left_alone(source in "[^{]{0,40}") {
        prop_assert_eq!(text(&source, "x"), source);
    }
}
