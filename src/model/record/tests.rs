use super::*;
use crate::model::correlation::{CorrelationData, CorrelationSpec};
use crate::model::exchange::{
    Difference, Exchange, ExchangeId, Legs, MessageVerdict, NearMiss, Outcome, PresenceNote,
    Reason, Refused, Reply, Verdict,
};
use crate::model::message::{Message, Properties, Qos, UserProperty};
use crate::model::request::{Pairing, RepliesWanted, Request, RequestDraft, Surroundings};
use crate::model::time::Timestamp;
use crate::model::timeline::{MessageRow, PublishRow};
use crate::model::topic::TopicName;
use ::bytes::Bytes;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

fn words() -> impl Strategy<Value = Arc<str>> {
    prop_oneof![
        Just(String::new()),
        "[a-z/+#$ \"\\\\]{1,8}",
        any::<String>(),
    ]
    .prop_map(Arc::from)
}

fn bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        Just(Vec::new()),
        any::<String>().prop_map(String::into_bytes),
        vec(any::<u8>(), 0..40),
        Just(b"\x00\x1f\"\\/\xe2\x80\xa8".to_vec()),
    ]
    .prop_map(Bytes::from)
}

fn topics() -> impl Strategy<Value = TopicName> {
    words().boxed().prop_map(|text| TopicName::received(&text))
}

fn times() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_nanos)
}

fn qos() -> impl Strategy<Value = Qos> {
    select(&Qos::ALL[..])
}

fn user_properties() -> impl Strategy<Value = Vec<UserProperty>> {
    vec((any::<String>(), any::<String>()), 0..4).prop_map(|list| {
        let list = list.into_iter();
        list.map(|(name, value)| UserProperty { name, value })
            .collect()
    })
}

fn correlation() -> impl Strategy<Value = CorrelationData> {
    bytes().boxed().prop_map(CorrelationData::new)
}

prop_compose! {
    fn properties()(
        payload_is_utf8 in any::<Option<bool>>(),
        message_expiry_secs in any::<Option<u32>>(),
        topic_alias in any::<Option<u16>>(),
        response_topic in of(topics().boxed()),
        correlation_data in of(correlation().boxed()),
        user_properties in user_properties().boxed(),
        subscription_identifiers in vec(any::<u32>(), 0..3),
        content_type in of(words().boxed()),
    ) -> Properties {
        Properties {
            payload_is_utf8, message_expiry_secs, topic_alias, response_topic, correlation_data,
            user_properties, subscription_identifiers, content_type,
        }
    }
}

prop_compose! {
    fn messages()(
        topic in topics().boxed(), payload in bytes().boxed(), qos in qos(), retain: bool, duplicate: bool,
        properties in properties().boxed(),
    ) -> Arc<Message> {
        Arc::new(Message { topic, payload, qos, retain, duplicate, properties })
    }
}

fn reasons() -> impl Strategy<Value = Reason> {
    (any::<u8>(), words().boxed()).prop_map(|(code, text)| Reason::new(code, text))
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        select(vec![
            Verdict::Waiting,
            Verdict::Answered,
            Verdict::TimedOut,
            Verdict::Late,
            Verdict::NoSubscribers
        ]),
        (of(words().boxed()), of(words().boxed()))
            .prop_map(|(code, message)| Verdict::AnsweredWithError { code, message }),
        (
            select(vec![Refused::Subscription, Refused::Request]),
            reasons().boxed()
        )
            .prop_map(|(what, reason)| Verdict::Rejected { what, reason }),
        words()
            .boxed()
            .prop_map(|reason| Verdict::Failed { reason }),
    ]
}

fn message_verdicts() -> impl Strategy<Value = MessageVerdict> {
    select(&MessageVerdict::ALL[..])
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Ok),
        Just(Outcome::Progress),
        (of(words().boxed()), of(words().boxed()))
            .prop_map(|(code, message)| Outcome::Error { code, message }),
    ]
}

prop_compose! {
    fn replies()(
        message in messages().boxed(), received in times().boxed(), verdict in message_verdicts().boxed(),
        outcome in outcomes().boxed(), responder in of(words().boxed()),
    ) -> Reply {
        Reply { message, received, verdict, outcome, responder }
    }
}

prop_compose! {
    fn differences()(
        rule in words().boxed(), variable in words().boxed(), wanted in vec(words().boxed(), 0..3), found in vec(words().boxed(), 0..3),
    ) -> Arc<Difference> {
        Arc::new(Difference { rule, variable, wanted, found })
    }
}

prop_compose! {
    fn near_misses()(
        verdict in message_verdicts().boxed(), correlation_data in of(correlation().boxed()), difference in of(differences().boxed()),
    ) -> NearMiss {
        NearMiss { verdict, correlation_data, difference }
    }
}

prop_compose! {
    fn legs()(
        queued in times().boxed(), subscribed in of(times().boxed()), published in of(times().boxed()), acknowledged in of(times().boxed()),
        device_received in of(times().boxed()), device_answered in of(times().boxed()),
    ) -> Legs {
        Legs { queued, subscribed, published, acknowledged, device_received, device_answered }
    }
}

prop_compose! {
    fn presence()(is_online: bool, at in times().boxed(), who in words().boxed()) -> PresenceNote {
        PresenceNote { is_online, at, who }
    }
}

fn specs() -> impl Strategy<Value = CorrelationSpec> {
    prop_oneof![
        select(vec![
            CorrelationSpec::Uuid,
            CorrelationSpec::UuidText,
            CorrelationSpec::Counter,
            CorrelationSpec::None
        ]),
        any::<u16>().prop_map(CorrelationSpec::Random),
        correlation().boxed().prop_map(CorrelationSpec::Fixed),
    ]
}

fn replies_wanted() -> impl Strategy<Value = RepliesWanted> {
    prop_oneof![
        select(vec![
            RepliesWanted::First,
            RepliesWanted::All,
            RepliesWanted::UntilTerminal
        ]),
        any::<u32>().prop_map(RepliesWanted::Count),
    ]
}

fn pairings() -> impl Strategy<Value = Pairing> {
    prop_oneof![
        Just(Pairing::default()),
        (
            words().boxed(),
            words().boxed(),
            vec((words().boxed(), words().boxed()), 0..3)
        )
            .prop_map(|(rule, topic, values)| {
                Pairing {
                    rule,
                    topic,
                    values,
                }
            }),
    ]
}

/// A request that has, field by field, what the message has, or something else.
fn requests(message: &Message) -> impl Strategy<Value = Arc<Request>> + use<> {
    let sent = message.clone();
    let what = (
        (
            words().boxed(),
            specs().boxed(),
            any::<u64>(),
            replies_wanted().boxed(),
            pairings().boxed(),
        ),
        (
            of(topics().boxed()),
            of(qos()),
            any::<Option<bool>>(),
            of(bytes().boxed()),
        ),
        (
            of(of(topics().boxed())),
            of(of(words().boxed())),
            any::<Option<bool>>(),
            of(any::<Option<u32>>()),
            of(user_properties().boxed()),
        ),
    );
    what.prop_map(move |(own, body, properties)| {
        let (name, correlation, timeout_ns, replies, pairing) = own;
        let (topic, qos, retain, payload) = body;
        let (response_topic, content_type, utf8, expiry, user_properties) = properties;
        let message = sent.properties.clone();
        Arc::new(Request {
            name,
            topic: topic.unwrap_or_else(|| sent.topic.clone()),
            qos: qos.unwrap_or(sent.qos),
            retain: retain.unwrap_or(sent.retain),
            payload: payload.unwrap_or_else(|| sent.payload.clone()),
            response_topic: response_topic.unwrap_or(message.response_topic),
            correlation,
            timeout: Duration::from_nanos(timeout_ns),
            replies,
            content_type: content_type.unwrap_or(message.content_type),
            payload_is_utf8: utf8.unwrap_or_else(|| message.payload_is_utf8 == Some(true)),
            message_expiry_secs: expiry.unwrap_or(message.message_expiry_secs),
            user_properties: user_properties.unwrap_or(message.user_properties),
            pairing,
        })
    })
}

prop_compose! {
    fn sent()(message in messages().boxed())(request in requests(&message).boxed(), message in Just(message))
        -> (Arc<Request>, Arc<Message>) {
        (request, message)
    }
}

prop_compose! {
    fn exchanges()(
        names in (any::<u64>(), words().boxed(), words().boxed()),
        (request, message) in sent().boxed(),
        verdict in verdicts().boxed(),
        legs in legs().boxed(),
        acknowledgement in of(reasons().boxed()),
        ends in (of(times().boxed()), of(times().boxed())),
        replies in vec(replies().boxed(), 0..3),
        replies_not_kept: u64,
        near_misses in vec(near_misses().boxed(), 0..3),
        device in of(words().boxed()),
        presence in of(presence().boxed()),
    ) -> Row {
        let (id, connection, rule) = names;
        let (deadline, finished) = ends;
        Row::Exchange(Box::new(Exchange {
            id: ExchangeId(id), connection, request, message, rule, verdict, legs, acknowledgement,
            deadline, replies, replies_not_kept, near_misses, device, presence, finished,
        }))
    }
}

prop_compose! {
    fn message_rows()(
        connection in words().boxed(), message in messages().boxed(), verdict in message_verdicts().boxed(), received in times().boxed(),
        responder in of(words().boxed()), near in any::<Option<u64>>(), difference in of(differences().boxed()),
        is_echo in any::<bool>(),
    ) -> Row {
        let near = near.map(ExchangeId);
        Row::Message(MessageRow { connection, message, verdict, received, responder, near, difference, is_echo })
    }
}

prop_compose! {
    fn publish_rows()(
        connection in words().boxed(), message in messages().boxed(), published in times().boxed(),
        acknowledgement in of(reasons().boxed()), failure in of(words().boxed()),
    ) -> Row {
        Row::Publish(PublishRow { connection, message, published, acknowledgement, failure })
    }
}

/// Any row there can be.
pub fn rows() -> impl Strategy<Value = Row> {
    prop_oneof![
        exchanges().boxed(),
        message_rows().boxed(),
        publish_rows().boxed()
    ]
}

prop_compose! {
    fn marks()(pinned: bool, comment: String, colour in of(select(&Colour::ALL[..]))) -> Marks {
        Marks { pinned, comment, colour }
    }
}

proptest! {
    #[test]
    fn a_row_comes_back_from_json_as_it_was(row in rows(), id: u64, marks in marks()) {
        let record = Record::of(RowId::new(id), &row).with_marks(marks);
        let line = record.to_json().unwrap();
        prop_assert!(!line.contains('\n'));
        let read = Record::from_json(&line).unwrap();
        prop_assert_eq!(&read, &record);
        prop_assert_eq!(read.row_id(), Some(RowId::new(id)));
        prop_assert_eq!(read.into_row().unwrap(), row);
    }

    #[test]
    fn any_text_is_read_or_refused_in_words(text: String) {
        if let Err(err) = Record::from_json(&text) {
            prop_assert!(!err.to_string().is_empty());
        }
    }
}

fn message_line(rest: &str) -> String {
    format!(r#"{{"roundtrip_record":1,"kind":"message","message":{{"topic":"t"{rest}}}}}"#)
}

fn fails(text: &str) -> String {
    Record::from_json(text)
        .and_then(Record::into_row)
        .unwrap_err()
        .to_string()
}

#[test]
fn what_is_missing_has_its_default_and_what_is_unknown_is_passed_over() {
    let record = Record::from_json(&message_line(r#","colour_of_the_sky":[{"blue":1}]"#)).unwrap();
    let Row::Message(row) = record.into_row().unwrap() else {
        panic!("not a message");
    };
    assert_eq!(row.message.payload, Bytes::new());
    assert_eq!(row.message.properties, Properties::default());
    assert_eq!(row.verdict, MessageVerdict::Unmatched);
    let text = r#"{"roundtrip_record":1,"kind":"exchange","verdict":"timed_out","time_ns":7,
        "message":{"topic":"t","content_type":"x"},"request":{"content_type":null}}"#;
    let Row::Exchange(exchange) = Record::from_json(text).unwrap().into_row().unwrap() else {
        panic!("not an exchange");
    };
    assert_eq!(exchange.legs.queued, Timestamp::from_nanos(7));
    assert_eq!(exchange.request.content_type, None);
    assert_eq!(exchange.request.topic.as_str(), "t");
    assert_eq!(&*exchange.rule, "mqtt5");
}

#[test]
fn empty_correlation_data_is_not_absent_correlation_data() {
    for (text, expected) in [
        ("", None),
        (r#","correlation_data":"""#, Some(&b""[..])),
        (r#","correlation_data_base64":"/w==""#, Some(&[0xff][..])),
        (r#","correlation_data_base64":"YWI=""#, Some(&b"ab"[..])),
    ] {
        let row = Record::from_json(&message_line(text))
            .unwrap()
            .into_row()
            .unwrap();
        let data = row.message().properties.correlation_data.clone();
        assert_eq!(data.as_ref().map(CorrelationData::as_bytes), expected);
    }
}

#[test]
fn a_wrong_value_is_told_with_its_place() {
    for (text, expected) in [
        (message_line(r#","qos":3"#), "`message.qos`: QoS 3 does not exist; it is 0, 1 or 2"),
        (message_line(r#","payload":5"#), "`message.payload`: invalid type: integer `5`, expected a string"),
        (
            message_line(r#","payload_base64":"*""#),
            "`message.payload_base64`: ",
        ),
        (
            message_line(r#","payload":"a","payload_base64":"YQ==""#),
            "`message.payload`: it is there twice, also as `message.payload_base64`",
        ),
        (
            message_line(r#","user_properties":[["a","b"],["c"]]"#),
            "`message.user_properties[1]`: invalid length 1",
        ),
        (
            r#"{"roundtrip_record":1,"kind":"exchange","verdict":"lost","message":{"topic":"t"}}"#.to_owned(),
            "`verdict`: `lost` is no verdict of an exchange; it is one of waiting, ",
        ),
        (
            r#"{"roundtrip_record":1,"kind":"exchange","verdict":"answered","message":{"topic":"t"},
                "replies":[{"message":{"topic":"r"}},{"verdict":"x","message":{"topic":"r"}}]}"#.to_owned(),
            "`replies[1].verdict`: `x` is no verdict of a message; it is one of reply, ",
        ),
        (
            r#"{"roundtrip_record":1,"kind":"exchange","verdict":"answered","message":{"topic":"t"},
                "replies":[{"message":{"topic":"r"}},{"message":{}}]}"#.to_owned(),
            "`replies[1]`: missing field `topic`",
        ),
        (r#"{"roundtrip_record":1,"message":{"topic":"t"}}"#.to_owned(), "missing field `kind`"),
        (
            r#"{"roundtrip_record":1,"kind":"telegram","message":{"topic":"t"}}"#.to_owned(),
            "unknown variant `telegram`",
        ),
        (r#"{"kind":"message","message":{"topic":"t"}}"#.to_owned(), "it is no record of Roundtrip"),
        ("[]".to_owned(), "it is no record of Roundtrip"),
        ("{".to_owned(), "it is not JSON: EOF"),
    ] {
        let told = fails(&text);
        assert!(told.starts_with(expected), "{text}\n{told}");
    }
}

#[test]
fn a_later_version_is_refused_even_where_it_could_be_read() {
    let readable = message_line("").replace(":1,", ":2,");
    let changed = r#"{"roundtrip_record":9,"kind":"flow","messages":[]}"#;
    for (text, version) in [(readable.as_str(), 2), (changed, 9)] {
        let err = Record::from_json(text).unwrap_err();
        assert_eq!(err, RecordError::Newer(version));
        assert!(err.to_string().contains("a newer Roundtrip reads it"));
    }
    let zero = message_line("").replace(":1,", ":0,");
    assert!(fails(&zero).contains("there is no version 0"));
}

#[test]
fn the_payload_of_a_request_is_written_once() {
    let message = Message::new(TopicName::new("t").unwrap(), "unmistakable");
    let request = RequestDraft {
        topic: "t".to_owned(),
        format: crate::model::payload::PayloadFormat::Text,
        payload: "unmistakable".to_owned(),
        ..RequestDraft::default()
    };
    let request = Arc::new(request.validate(&Surroundings::default()).unwrap());
    let exchange = Exchange::new(
        ExchangeId(1),
        "local".into(),
        request,
        Arc::new(message),
        "mqtt5".into(),
        Timestamp::from_nanos(1),
    );
    let line = Record::from(&Row::Exchange(Box::new(exchange)))
        .to_json()
        .unwrap();
    assert_eq!(line.matches("unmistakable").count(), 1, "{line}");
}
