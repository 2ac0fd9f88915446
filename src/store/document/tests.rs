use super::*;
use crate::model::correlation::CorrelationDraft;
use crate::model::message::{Qos, UserProperty};
use crate::model::payload::{Encoding, PayloadFormat};
use crate::model::profile::{ProfileDraft, VersionChoice, WillDraft};
use crate::model::request::{RequestDraft, ResponseTopicDraft};
use crate::model::responder::{DeviceDraft, RuleDraft, ValueTable};
use proptest::prelude::*;

fn here() -> &'static Path {
    Path::new("x.toml")
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    parse(here(), text).unwrap_or_else(|err| panic!("{err}\n{text}"))
}

fn property(name: &str, value: &str) -> UserProperty {
    UserProperty {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

#[test]
fn a_new_file_is_readable() {
    let draft = RequestDraft {
        name: "Turn on".to_owned(),
        payload: "{\n  \"power\": \"on\"\n}\n".to_owned(),
        user_properties: vec![property("a", "1"), property("a", "2")],
        ..RequestDraft::default()
    };
    insta::assert_snapshot!(render(None, &draft).unwrap(), @r##"
    name = "Turn on"
    folder = ""
    connection = ""
    topic = ""
    qos = 1
    retain = false
    response_topic = "<generated>"
    correlation_data = "uuid"
    timeout = "5 s"
    replies = "first"
    content_type = ""
    payload_is_utf8 = false
    message_expiry_secs = ""
    format = "json"
    payload = """
    {
      "power": "on"
    }
    """

    [[user_properties]]
    name = "a"
    value = "1"

    [[user_properties]]
    name = "a"
    value = "2"
    "##);
}

#[test]
fn only_what_changed_is_touched() {
    let old = "\
# The lamp in the bedroom.
topic = 'cmnd/light/power'   # as its manual says
colour = \"blue\"   # from another tool
qos =   1

payload = \"\"\"
on\"\"\"

# Who asked.
[[user_properties]]
name = \"a\"
value = \"1\"
note = \"kept\"

[[user_properties]]
name = \"b\" # second
value = \"2\"

[other.tool]
x = 0x1F
";
    let mut draft: RequestDraft = read(old);
    assert_eq!(render(Some(old), &draft).unwrap(), old, "nothing changed");
    draft.qos = Qos::ExactlyOnce;
    draft.user_properties[1].value = "22".to_owned();
    draft.user_properties.insert(1, property("new", "n"));
    draft.timeout = "9 s".to_owned();
    let text = render(Some(old), &draft).unwrap();
    insta::assert_snapshot!(text, @r##"
    # The lamp in the bedroom.
    topic = 'cmnd/light/power'   # as its manual says
    colour = "blue"   # from another tool
    qos =   2

    payload = """
    on"""
    timeout = "9 s"

    # Who asked.
    [[user_properties]]
    name = "a"
    value = "1"
    note = "kept"

    [[user_properties]]
    name = "new"
    value = "n"

    [[user_properties]]
    name = "b" # second
    value = "22"

    [other.tool]
    x = 0x1F
    "##);
    assert_eq!(read::<RequestDraft>(&text), draft);
}

#[test]
fn keys_that_a_value_no_longer_has_are_removed_and_new_ones_added() {
    let old = "name = \"n\"\n\n# the will\n[will]\ntopic = \"t\"\nmine = 1\n";
    let mut draft: ProfileDraft = read(old);
    draft.will = None;
    assert_eq!(render(Some(old), &draft).unwrap(), "name = \"n\"\n");
    let text = render(
        Some("name = \"n\" # x\nunknown = 1\n"),
        &ProfileDraft {
            will: Some(WillDraft {
                topic: "bye".to_owned(),
                ..WillDraft::default()
            }),
            ..draft
        },
    )
    .unwrap();
    insta::assert_snapshot!(text, @r##"
    name = "n" # x
    unknown = 1

    [will]
    topic = "bye"
    qos = 1
    retain = false
    format = "text"
    payload = ""
    delay_secs = 0
    "##);
}

#[test]
fn lists_change_their_form_when_they_have_to() {
    let old = "# none yet\nuser_properties = [] # here\ntopic = \"t\"\n";
    let mut draft: RequestDraft = read(old);
    draft.user_properties = vec![property("a", "1")];
    let text = render(Some(old), &draft).unwrap();
    assert_eq!(read::<RequestDraft>(&text), draft);
    let inline = "topic = \"t\" # kept\nuser_properties = [\n  { name = \"a\", value = \"1\", more = true }, # first\n  { name = \"b\", value = \"2\" },\n]\n";
    let mut draft: RequestDraft = read(inline);
    draft.user_properties[1].value = "3".to_owned();
    draft.user_properties.push(property("c", "4"));
    let text = render(Some(inline), &draft).unwrap();
    assert!(text.contains("more = true }, # first"), "{text}");
    assert_eq!(read::<RequestDraft>(&text), draft);
    draft.user_properties.clear();
    let text = render(Some(&text), &draft).unwrap();
    assert!(text.contains("topic = \"t\" # kept"), "{text}");
    assert_eq!(read::<RequestDraft>(&text), draft);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_read_and_line_ends_stay() {
    let old = "name = \"n\" # c\r\nother = 1\r\n";
    let mut draft: ProfileDraft = read(old);
    draft.client_id = "c".to_owned();
    draft.name = "m".to_owned();
    let text = render(Some(old), &draft).unwrap();
    assert_eq!(
        text,
        "name = \"m\" # c\r\nother = 1\r\nclient_id = \"c\"\r\n"
    );
    assert_eq!(text_of("\u{feff}name = \"n\"".as_bytes()), "name = \"n\"");
}

fn text_of(bytes: &[u8]) -> &str {
    text(here(), bytes).unwrap()
}

#[test]
fn what_is_wrong_is_said_with_line_and_column() {
    for (wrong, line, column, word) in [
        ("name = \"n\"\nqos = \n", 2, 7, "not TOML"),
        ("name = \"n\"\nqos = 3\n", 2, 7, "QoS 3"),
        ("\n\nqos = \"high\"\n", 3, 7, "string"),
        ("name = \"n\"\nname = \"m\"\n", 2, 1, "duplicate"),
        ("format = \"jsn\"\n", 1, 10, "jsn"),
        ("[[user_properties]]\nname = 1\n", 2, 8, "integer"),
    ] {
        let problem = parse::<RequestDraft>(here(), wrong).unwrap_err();
        assert_eq!(
            (problem.line, problem.column),
            (Some(line), Some(column)),
            "{wrong}: {problem}"
        );
        assert!(problem.message.contains(word), "{problem}");
        assert!(
            problem
                .to_string()
                .starts_with(&format!("x.toml:{line}:{column}: "))
        );
    }
    let problem = text(here(), b"name = \"n\"\n# \xff").unwrap_err();
    assert_eq!((problem.line, problem.column), (Some(2), Some(3)));
}

#[test]
fn a_file_of_a_later_format_is_left_alone() {
    let problem =
        parse::<RequestDraft>(here(), "roundtrip_format = 2\nqos = \"new meaning\"").unwrap_err();
    assert!(problem.message.contains("later Roundtrip"), "{problem}");
    assert!(parse::<RequestDraft>(here(), "roundtrip_format = 1").is_ok());
}

/// Any text, with a liking for what TOML finds hard.
fn hard_text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,20}",
        proptest::collection::vec(
            prop_oneof![
                Just("\n"),
                Just("\r\n"),
                Just("\r"),
                Just("'''"),
                Just("\"\"\""),
                Just("'"),
                Just("\""),
                Just("\\"),
                Just("\0"),
                Just("\u{feff}"),
                Just("\u{7f}"),
                Just("#"),
                Just("<generated>"),
                Just("random:"),
                Just("{{x}}"),
                Just("é"),
                Just(" "),
            ],
            0..8
        )
        .prop_map(|parts| parts.concat()),
    ]
}

fn request() -> impl Strategy<Value = RequestDraft> {
    let text = hard_text;
    (
        (text(), text(), text(), text()),
        (0_u8..3, any::<bool>(), any::<bool>(), 0_usize..4),
        (text(), text(), text(), text(), text()),
        proptest::collection::vec((text(), text()), 0..5),
    )
        .prop_map(
            |(
                (name, topic, response, correlation),
                (qos, retain, utf8, format),
                (timeout, replies, content_type, expiry, payload),
                properties,
            )| RequestDraft {
                name,
                topic,
                qos: Qos::try_from(qos).unwrap(),
                retain,
                response_topic: ResponseTopicDraft::from(response),
                correlation_data: CorrelationDraft::fixed(Encoding::Hex, &correlation),
                timeout,
                replies,
                content_type,
                payload_is_utf8: utf8,
                message_expiry_secs: expiry,
                format: PayloadFormat::ALL[format],
                payload,
                user_properties: properties
                    .iter()
                    .map(|(name, value)| property(name, value))
                    .collect(),
                ..RequestDraft::default()
            },
        )
}

fn profile() -> impl Strategy<Value = ProfileDraft> {
    (
        hard_text(),
        hard_text(),
        any::<u16>(),
        any::<u32>(),
        any::<bool>(),
        proptest::option::of(will()),
    )
        .prop_map(
            |(name, address, keep_alive_secs, session_expiry_secs, clean_start, will)| {
                ProfileDraft {
                    name,
                    address,
                    mqtt_version: VersionChoice::ALL[usize::from(keep_alive_secs % 3)],
                    keep_alive_secs,
                    session_expiry_secs,
                    clean_start,
                    will,
                    ..ProfileDraft::default()
                }
            },
        )
}

fn will() -> impl Strategy<Value = WillDraft> {
    let properties = proptest::collection::vec((hard_text(), hard_text()), 0..3);
    (
        hard_text(),
        any::<u32>(),
        hard_text(),
        hard_text(),
        proptest::option::of(any::<u32>()),
        properties,
    )
        .prop_map(
            |(payload, delay_secs, response_topic, correlation_data, expiry, properties)| {
                WillDraft {
                    payload,
                    delay_secs,
                    response_topic,
                    correlation_data: correlation_data.into(),
                    message_expiry_secs: expiry,
                    user_properties: properties
                        .iter()
                        .map(|(name, value)| property(name, value))
                        .collect(),
                    ..WillDraft::default()
                }
            },
        )
}

fn values() -> impl Strategy<Value = ValueTable> {
    use serde_json::json;
    let value = prop_oneof![
        hard_text().prop_map(|text| json!(text)),
        any::<i64>().prop_map(|number| json!(number)),
        (-1.0e9_f64..1.0e9).prop_map(|number| json!(number)),
        any::<bool>().prop_map(|flag| json!(flag)),
        hard_text().prop_map(|text| json!({ "in": [text, 1], "more": {"x": [{"y": 1}]} })),
    ];
    proptest::collection::vec((hard_text(), value), 0..4)
        .prop_map(|members| ValueTable(members.into_iter().collect()))
}

fn device() -> impl Strategy<Value = DeviceDraft> {
    let rule = (
        hard_text(),
        values(),
        proptest::option::of(hard_text()),
        any::<bool>(),
    )
        .prop_map(|(when, set, reply, no_reply)| RuleDraft {
            when,
            set,
            reply,
            no_reply,
            ..RuleDraft::default()
        });
    (
        hard_text(),
        proptest::collection::vec(hard_text(), 0..4),
        proptest::option::of(hard_text()),
        values(),
        proptest::collection::vec(rule, 0..4),
    )
        .prop_map(|(name, listens, reply, state, rules)| DeviceDraft {
            name,
            listens,
            reply,
            state,
            rules,
            ..DeviceDraft::default()
        })
}

/// Comments and unknown keys, sprinkled over a file.
fn sprinkled(text: &str) -> String {
    let mut lines = vec![
        "# top".to_owned(),
        "zz_unknown = { deep = [1, 2] } # why".to_owned(),
    ];
    lines.push(text.to_owned());
    lines.push("[zz_table]\nx = 0x10 # hex\n".to_owned());
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_request_survives_its_file(draft in request()) {
        let text = render(None, &draft).unwrap();
        prop_assert_eq!(read::<RequestDraft>(&text), draft);
    }

    #[test]
    fn every_profile_survives_its_file(draft in profile()) {
        let text = render(None, &draft).unwrap();
        prop_assert_eq!(read::<ProfileDraft>(&text), draft);
    }

    #[test]
    fn strangers_survive_every_change_of_a_request(before in request(), after in request()) {
        let old = sprinkled(&render(None, &before).unwrap());
        prop_assert_eq!(&read::<RequestDraft>(&old), &before);
        let text = render(Some(&old), &after).unwrap();
        prop_assert_eq!(read::<RequestDraft>(&text), after, "{}", text);
        for stranger in ["# top", "zz_unknown = { deep = [1, 2] } # why", "[zz_table]\nx = 0x10 # hex"] {
            prop_assert!(text.contains(stranger), "{} in\n{}", stranger, text);
        }
    }

    #[test]
    fn strangers_survive_every_change_of_a_profile(before in profile(), after in profile()) {
        let old = sprinkled(&render(None, &before).unwrap());
        let text = render(Some(&old), &after).unwrap();
        prop_assert_eq!(read::<ProfileDraft>(&text), after, "{}", text);
        for stranger in ["# top", "zz_unknown = { deep = [1, 2] } # why", "[zz_table]\nx = 0x10 # hex"] {
            prop_assert!(text.contains(stranger), "{} in\n{}", stranger, text);
        }
    }

    #[test]
    fn no_text_makes_reading_panic(text in hard_text()) {
        parse::<RequestDraft>(here(), &text).ok();
        parse::<ProfileDraft>(here(), &format!("name = {text}")).ok();
    }

    #[test]
    fn every_device_survives_its_file(draft in device()) {
        let text = render(None, &draft).unwrap();
        prop_assert_eq!(read::<DeviceDraft>(&text), draft, "{}", text);
    }

    #[test]
    fn strangers_survive_every_change_of_a_device(before in device(), after in device()) {
        let old = sprinkled(&render(None, &before).unwrap());
        let text = render(Some(&old), &after).unwrap();
        prop_assert_eq!(read::<DeviceDraft>(&text), after, "{}", text);
        for stranger in ["# top", "zz_unknown = { deep = [1, 2] } # why", "[zz_table]\nx = 0x10 # hex"] {
            prop_assert!(text.contains(stranger), "{} in\n{}", stranger, text);
        }
    }
}
