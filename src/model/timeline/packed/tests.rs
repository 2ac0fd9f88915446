use super::*;
use crate::model::correlation::{CorrelationData, CorrelationSpec};
use crate::model::exchange::{
    Change, Difference, Exchange, Legs, MessageVerdict, NearMiss, Outcome, PresenceNote, Reason,
    Refused, Reply, Verdict,
};
use crate::model::message::{Message, Properties, Qos, UserProperty};
use crate::model::request::{Pairing, RepliesWanted, Request};
use crate::model::timeline::row::{MessageRow, PublishRow};
use crate::model::topic::TopicName;
use proptest::prelude::*;

fn topic() -> impl Strategy<Value = TopicName> {
    prop_oneof!["[a-c]/[a-c]", "\\PC{1,12}"].prop_map(|text| TopicName::received(&text))
}

fn name() -> impl Strategy<Value = Arc<str>> {
    prop_oneof![Just(String::new()), "[a-d]{1,3}", "\\PC{0,8}"].prop_map(Arc::from)
}

fn bytes(most: usize) -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any::<u8>(), 0..most).prop_map(Bytes::from)
}

fn payload() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        9 => bytes(40),
        1 => (message::SHARED_FROM..message::SHARED_FROM + 9).prop_map(|size| vec![7; size].into()),
    ]
}

fn data() -> impl Strategy<Value = Option<CorrelationData>> {
    proptest::option::of(bytes(20).prop_map(CorrelationData::new))
}

fn user() -> impl Strategy<Value = Vec<UserProperty>> {
    let one = ("[a-c]{0,3}", "\\PC{0,9}");
    let one = one.prop_map(|(name, value)| UserProperty { name, value });
    proptest::collection::vec(one, 0..3)
}

fn qos() -> impl Strategy<Value = Qos> {
    proptest::sample::select(Qos::ALL.to_vec())
}

prop_compose! {
    fn properties()(
        payload_is_utf8 in any::<Option<bool>>(),
        message_expiry_secs in any::<Option<u32>>(),
        topic_alias in any::<Option<u16>>(),
        response_topic in proptest::option::of(topic()),
        correlation_data in data().boxed(),
        user_properties in user().boxed(),
        subscription_identifiers in proptest::collection::vec(any::<u32>(), 0..3),
        content_type in proptest::option::of(name()),
    ) -> Properties {
        Properties {
            payload_is_utf8,
            message_expiry_secs,
            topic_alias,
            response_topic,
            correlation_data,
            user_properties,
            subscription_identifiers,
            content_type,
        }
    }
}

prop_compose! {
    fn message()(
        topic in topic(),
        payload in payload().boxed(),
        qos in qos(),
        retain in any::<bool>(),
        duplicate in any::<bool>(),
        properties in prop_oneof![Just(Properties::default()), properties().boxed()],
    ) -> Message {
        Message { topic, payload, qos, retain, duplicate, properties }
    }
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_nanos)
}

fn reason() -> impl Strategy<Value = Reason> {
    (any::<u8>(), name()).prop_map(|(code, text)| Reason { code, text })
}

fn message_verdict() -> impl Strategy<Value = MessageVerdict> {
    proptest::sample::select(MessageVerdict::ALL.to_vec())
}

fn some_name() -> impl Strategy<Value = Option<Arc<str>>> {
    proptest::option::of(name())
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Waiting),
        Just(Verdict::Answered),
        Just(Verdict::TimedOut),
        Just(Verdict::Late),
        Just(Verdict::NoSubscribers),
        (some_name(), some_name())
            .prop_map(|(code, message)| Verdict::AnsweredWithError { code, message }),
        (any::<bool>(), reason().boxed()).prop_map(|(is_request, reason)| Verdict::Rejected {
            what: if is_request {
                Refused::Request
            } else {
                Refused::Subscription
            },
            reason,
        }),
        name().prop_map(|reason| Verdict::Failed { reason }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Ok),
        Just(Outcome::Progress),
        (some_name(), some_name()).prop_map(|(code, message)| Outcome::Error { code, message }),
    ]
}

prop_compose! {
    fn reply()(
        message in message().boxed(),
        received in time(),
        verdict in message_verdict(),
        outcome in outcome().boxed(),
        responder in some_name(),
    ) -> Reply {
        Reply { message: Arc::new(message), received, verdict, outcome, responder }
    }
}

fn difference() -> impl Strategy<Value = Option<Arc<Difference>>> {
    let values = || proptest::collection::vec(name(), 0..3);
    let one = (name(), name(), values(), values()).prop_map(|(rule, variable, wanted, found)| {
        Arc::new(Difference {
            rule,
            variable,
            wanted,
            found,
        })
    });
    proptest::option::of(one)
}

fn correlation() -> impl Strategy<Value = CorrelationSpec> {
    prop_oneof![
        Just(CorrelationSpec::Uuid),
        Just(CorrelationSpec::UuidText),
        Just(CorrelationSpec::Counter),
        Just(CorrelationSpec::None),
        any::<u16>().prop_map(CorrelationSpec::Random),
        bytes(9).prop_map(|data| CorrelationSpec::Fixed(CorrelationData::new(data))),
    ]
}

prop_compose! {
    fn pairing()(
        rule in name(),
        topic in name(),
        values in proptest::collection::vec((name(), name()), 0..3),
    ) -> Pairing {
        Pairing { rule, topic, values }
    }
}

prop_compose! {
    /// A request, and what of it differs from its message.
    fn request(message: Message)(
        name in name(),
        own_topic in proptest::option::of(topic()),
        own_payload in proptest::option::of(payload().boxed()),
        own_flags in proptest::option::of((qos(), any::<bool>())),
        own_response in proptest::option::of(topic()),
        own_properties in proptest::option::of((some_name(), any::<Option<u32>>(), user().boxed())),
        correlation in correlation().boxed(),
        timeout in any::<u32>(),
        replies in prop_oneof![
            Just(RepliesWanted::First), Just(RepliesWanted::All), Just(RepliesWanted::UntilTerminal),
            (2..u32::MAX - 2).prop_map(RepliesWanted::Count),
        ],
        payload_is_utf8 in any::<bool>(),
        pairing in prop_oneof![Just(Pairing::default()), pairing().boxed()],
        message in Just(message),
    ) -> Request {
        let of_message = &message.properties;
        let (qos, retain) = own_flags.unwrap_or((message.qos, message.retain));
        let (content_type, message_expiry_secs, user_properties) = own_properties.unwrap_or_else(|| (
            of_message.content_type.clone(),
            of_message.message_expiry_secs,
            of_message.user_properties.clone(),
        ));
        Request {
            name,
            topic: own_topic.unwrap_or_else(|| message.topic.clone()),
            qos,
            retain,
            payload: own_payload.unwrap_or_else(|| message.payload.clone()),
            response_topic: own_response.or_else(|| of_message.response_topic.clone()),
            correlation,
            timeout: Duration::from_micros(u64::from(timeout)),
            replies,
            content_type,
            payload_is_utf8,
            message_expiry_secs,
            user_properties,
            pairing,
        }
    }
}

fn some_time() -> impl Strategy<Value = Option<Timestamp>> {
    proptest::option::of(time())
}

fn message_and_request() -> impl Strategy<Value = (Message, Request)> {
    message()
        .boxed()
        .prop_flat_map(|message| (Just(message.clone()), request(message).boxed()))
}

prop_compose! {
    fn exchange()(
        id in 0..u64::MAX - 1,
        connection in name(),
        (message, request) in message_and_request().boxed(),
        rule in name(),
        verdict in verdict().boxed(),
        queued in time(),
        legs in (some_time(), some_time(), some_time(), some_time(), some_time()),
        acknowledgement in proptest::option::of(reason().boxed()),
        ends in (some_time(), some_time()),
        replies in proptest::collection::vec(reply().boxed(), 0..4),
        replies_not_kept in prop_oneof![Just(0), any::<u64>()],
        near_misses in proptest::collection::vec((message_verdict(), data().boxed(), difference().boxed()), 0..3),
        device in some_name(),
        presence in proptest::option::of((any::<bool>(), time(), name())),
    ) -> Exchange {
        Exchange {
            id: ExchangeId(id),
            connection,
            request: Arc::new(request),
            message: Arc::new(message),
            rule,
            verdict,
            legs: Legs {
                queued,
                subscribed: legs.0,
                published: legs.1,
                acknowledged: legs.2,
                device_received: legs.3,
                device_answered: legs.4,
            },
            acknowledgement,
            deadline: ends.0,
            replies,
            replies_not_kept,
            near_misses: near_misses
                .into_iter()
                .map(|(verdict, correlation_data, difference)| NearMiss { verdict, correlation_data, difference })
                .collect(),
            device,
            presence: presence.map(|(is_online, at, who)| PresenceNote { is_online, at, who }),
            finished: ends.1,
        }
    }
}

fn any_row() -> impl Strategy<Value = Row> {
    let stray = (
        name(),
        message().boxed(),
        message_verdict(),
        time(),
        some_name(),
        proptest::option::of(0..u64::MAX - 1),
        difference().boxed(),
    );
    let stray = stray.prop_map(
        |(connection, message, verdict, received, responder, near, difference)| {
            Row::Message(MessageRow {
                connection,
                message: Arc::new(message),
                verdict,
                received,
                responder,
                near: near.map(ExchangeId),
                difference,
            })
        },
    );
    let publish = (
        name(),
        message().boxed(),
        time(),
        proptest::option::of(reason().boxed()),
        some_name(),
    );
    let publish = publish.prop_map(
        |(connection, message, published, acknowledgement, failure)| {
            Row::Publish(PublishRow {
                connection,
                message: Arc::new(message),
                published,
                acknowledgement,
                failure,
            })
        },
    );
    prop_oneof![3 => exchange().boxed().prop_map(|one| Row::Exchange(Box::new(one))), 1 => stray.boxed(), 1 => publish.boxed()]
}

proptest! {
    #[test]
    fn rows_come_back_as_they_went_in(rows in proptest::collection::vec(any_row().boxed(), 1..6)) {
        let mut builder = Builder::default();
        for (number, row) in (10..).zip(&rows) {
            builder.push(RowId::new(number), Category::of(row), row);
        }
        let segment = builder.done();
        prop_assert_eq!(segment.len(), rows.len());
        for (index, row) in rows.iter().enumerate() {
            let packed = segment.row(index).unwrap();
            prop_assert_eq!(&packed.unpack().unwrap(), row);
            prop_assert_eq!(packed.category(), Category::of(row));
            prop_assert_eq!(packed.time(), row.time());
            prop_assert_eq!(packed.topic(), row.message().topic.as_str());
            prop_assert_eq!(packed.responder(), row.responder());
            let first = packed.messages().next().unwrap();
            prop_assert_eq!(first.payload.bytes(), &row.message().payload[..]);
            prop_assert_eq!(segment.index_of(packed.id()), Some(index));
            if let Row::Exchange(exchange) = row {
                prop_assert_eq!(packed.round_trip(), exchange.round_trip());
                prop_assert_eq!(packed.messages().count(), 1 + exchange.replies.len());
                prop_assert!(segment.index_of_exchange(exchange.id).is_some());
            }
        }
    }

    #[test]
    fn bytes_that_nobody_wrote_are_no_row_and_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let names = Names::default();
        for shape in [Shape::Exchange(ExchangeId(1)), Shape::Message, Shape::Publish] {
            row::read(Reader::new(&bytes, &names), &[], shape);
        }
    }
}

#[test]
fn an_answered_request_takes_few_bytes() {
    let topic = TopicName::new("cmnd/light/power").unwrap();
    let mut message = Message::new(topic.clone(), "{\"power\":\"on\"}");
    message.properties.response_topic = TopicName::new("clients/me/resp").ok();
    message.properties.correlation_data = Some(CorrelationData::new(vec![7; 16]));
    let mut reply = message.clone();
    reply.topic = TopicName::new("clients/me/resp").unwrap();
    let request = Arc::new(Request {
        name: "Turn on".into(),
        topic,
        qos: Qos::AtLeastOnce,
        retain: false,
        payload: message.payload.clone(),
        response_topic: message.properties.response_topic.clone(),
        correlation: CorrelationSpec::Uuid,
        timeout: Duration::from_secs(5),
        replies: RepliesWanted::First,
        content_type: None,
        payload_is_utf8: false,
        message_expiry_secs: None,
        user_properties: Vec::new(),
        pairing: Pairing::default(),
    });
    let mut builder = Builder::default();
    for number in 0..1_024_u64 {
        let at = |micros: i64| Timestamp::from_nanos(1_700_000_000_000_000_000 + micros * 1_000);
        let mut exchange = Exchange::new(
            ExchangeId(number),
            "lab".into(),
            Arc::clone(&request),
            Arc::new(message.clone()),
            "mqtt5".into(),
            at(0),
        );
        exchange.apply(Change::Published, at(40));
        exchange.apply(Change::Acknowledged(Reason::new(0, "success")), at(600));
        exchange.apply(
            Change::Reply(Reply {
                message: Arc::new(reply.clone()),
                received: at(4_200),
                verdict: MessageVerdict::Reply,
                outcome: Outcome::Ok,
                responder: Some("light".into()),
            }),
            at(4_200),
        );
        exchange.apply(Change::Finished(Verdict::Answered), at(4_200));
        let row = Row::Exchange(Box::new(exchange));
        builder.push(RowId::new(number), Category::Answered, &row);
    }
    let segment = builder.done();
    let payloads = 2 * "{\"power\":\"on\"}".len();
    let weights = (0..segment.len()).map(|index| segment.row(index).unwrap().weight());
    let per_row = weights.sum::<usize>() / segment.len() - payloads;
    assert!(per_row <= 200, "{per_row} bytes a row beside its payloads");
}
