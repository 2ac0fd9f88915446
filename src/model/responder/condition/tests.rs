use super::*;
use crate::model::message::{Message, UserProperty};
use crate::model::template::Request;
use crate::model::time::Timestamp;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::json;

fn holds(condition: &str, topic: &str, payload: &str) -> bool {
    let mut message = Message::new(TopicName::new(topic).unwrap(), payload.to_owned());
    message.properties.user_properties = vec![UserProperty {
        name: "role".to_owned(),
        value: "7".to_owned(),
    }];
    let state = json!({"power": "off", "level": 80, "ok": true});
    Condition::parse(condition)
        .unwrap_or_else(|err| panic!("{condition}: {err}"))
        .holds(&mut Context {
            request: &Request::new(&message),
            variables: &Vec::new(),
            state: state.as_object().unwrap(),
            device: "d",
            counter: 1,
            now: Timestamp::from_nanos(0),
            random: &mut StdRng::seed_from_u64(0),
        })
}

#[test]
fn each_test_holds_and_fails_where_it_should() {
    let payload = r#"{"power":"on","level":80.0,"tags":["a"],"none":null,"flag":true}"#;
    for (condition, expected) in [
        (r#"payload.power == "on""#, true),
        ("payload.power == on", true),
        ("payload.power==on", true),
        (r#"payload.power == "off""#, false),
        (r#"payload.power != "off""#, true),
        ("payload.nothing != off", true),
        ("payload.nothing == off", false),
        (r#"payload.power in ["on","off"]"#, true),
        (r#"payload.power in [ "x" ]"#, false),
        ("payload.level == 80", true),
        ("payload.level == 8e1", true),
        (r#"payload.level == "80""#, false),
        ("payload.level > 79", true),
        ("payload.level<=79.9", false),
        ("payload.power > 1", false),
        ("payload.flag == true", true),
        ("payload.none == null", true),
        ("payload.none exists", true),
        ("payload.other missing", true),
        ("payload.other exists", false),
        ("payload exists", true),
        (r#"payload.tags == ["a"]"#, true),
        ("payload.tags contains a", true),
        ("payload contains power", true),
        ("state.power == off", true),
        ("state.level >= 80", true),
        ("state.ok == true", true),
        ("topic == cmnd/light/get", true),
        ("topic ends-with /get", true),
        (r#"topic starts-with "cmnd/""#, true),
        ("topic matches cmnd/+/get", true),
        ("topic matches cmnd/#", true),
        ("topic matches stat/#", false),
        ("topic.2 == light", true),
        ("user.role == 7", true),
        (r#"user.role == "7""#, true),
        ("user.role < 8", true),
        ("response_topic missing", true),
        ("correlation.hex missing", true),
        ("topic.2 == light and payload.power == on", true),
        ("topic.2 == light and payload.power == off", false),
    ] {
        assert_eq!(
            holds(condition, "cmnd/light/get", payload),
            expected,
            "{condition}"
        );
    }
}

#[test]
fn a_plain_payload_is_compared_as_text_and_as_the_number_it_reads_as() {
    for (condition, payload, expected) in [
        (r#"payload == "1""#, "1", true),
        ("payload == 1", "1", true),
        ("payload == 1", " 1.0", true),
        (r#"payload == "1""#, "1.0", false),
        ("payload == on", "on", true),
        ("payload == on", "\"on\"", true),
        ("payload in [0, 1]", "1", true),
        ("payload in [0, 1]", "2", false),
        (r#"payload == """#, "", true),
        (r#"payload != """#, "", false),
        (r#"payload in ["", "?"]"#, "", true),
        (r#"payload in ["", "?"]"#, "?", true),
        ("payload missing", "", true),
        ("payload exists", "", false),
        ("payload != on", "", true),
        ("payload < 5", "4", true),
        ("payload < 5", "x", false),
        ("payload contains a", "", false),
    ] {
        assert_eq!(
            holds(condition, "t", payload),
            expected,
            "{condition} {payload}"
        );
    }
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (condition, words, column) in [
        ("", "a check is missing", 1),
        ("payload.x", "a test is missing", 10),
        ("payload.x is 5", "`is` is no test", 11),
        ("payload.x == ", "a value is missing", 14),
        ("payload.x == \"a", "no JSON value", 14),
        ("payload.x in on", "needs a list", 14),
        ("payload.x < on", "compares with a number", 13),
        ("paylod.x == 1", "no placeholder", 1),
        ("payload.x == 1 or payload.x == 2", "no `or`", 16),
        (
            "payload.x == 1 payload.y == 2",
            "`payload.y` stands where",
            16,
        ),
        ("payload.x == 1 and", "a check is missing", 19),
        ("topic matches a/#/b", "no topic filter", 15),
    ] {
        let err = Condition::parse(condition).unwrap_err();
        assert!(err.message.contains(words), "{condition}: {err}");
        assert_eq!((err.line, err.column), (1, column), "{condition}: {err}");
    }
}

proptest! {
    #[test]
    fn no_condition_panics(source in "(payload|topic|\\.a| |==|!=|<=|in|\\[|\\]|\"|1|and|matches|#|é|exists){0,12}") {
        if let Ok(condition) = Condition::parse(&source) {
            prop_assert_eq!(condition.source(), source);
        }
    }
}
