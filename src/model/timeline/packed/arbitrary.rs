//! Rows of every kind, with everything that a row can have.

use super::message;
use crate::model::correlation::{CorrelationData, CorrelationSpec};
use crate::model::exchange::{
    Difference, Exchange, ExchangeId, Legs, MessageVerdict, NearMiss, Outcome, PresenceNote,
    Reason, Refused, Reply, Verdict,
};
use crate::model::message::{Message, Properties, Qos, UserProperty};
use crate::model::request::{Pairing, RepliesWanted, Request};
use crate::model::time::Timestamp;
use crate::model::timeline::row::{MessageRow, PublishRow, Row};
use crate::model::topic::TopicName;
use bytes::Bytes;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

fn topic() -> impl Strategy<Value = TopicName> {
    prop_oneof!["[a-c]/[a-c]", "\\PC{1,12}"].prop_map(|text| TopicName::received(&text))
}

fn name() -> impl Strategy<Value = Arc<str>> {
    prop_oneof![Just(String::new()), "[a-d]{1,3}", "\\PC{0,8}"].prop_map(Arc::from)
}

/// Any, small ones, and text.
fn bytes(most: usize) -> impl Strategy<Value = Bytes> {
    let of = move |byte: BoxedStrategy<u8>| proptest::collection::vec(byte, 0..most);
    prop_oneof![
        of(any::<u8>().boxed()),
        of((0_u8..3).boxed()),
        of((b'a'..=b'd').boxed())
    ]
    .prop_map(Bytes::from)
}

/// JSON, and what is nearly JSON.
fn json() -> impl Strategy<Value = String> {
    let name = prop_oneof!["a", "b", "pad", r"\\u0061"];
    let value = prop_oneof![
        "42",
        "42.0",
        "4.2e1",
        "-7",
        "true",
        "null",
        "\"on\"",
        "\"a\"",
        r#""\\n""#,
        "\\[1,\"x\"\\]"
    ];
    let value =
        prop_oneof![3 => value.clone(), 1 => value.prop_map(|inner| format!("{{\"c\":{inner}}}"))];
    let member = (name, "[ \n]{0,2}", value)
        .prop_map(|(name, space, value)| format!("\"{name}\"{space}:{space}{value}"));
    let object =
        proptest::collection::vec(member, 0..4).prop_map(|all| format!("{{{}}}", all.join(",")));
    (object, "[ a}\"]{0,1}").prop_map(|(object, rest)| object + &rest)
}

fn payload() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        4 => bytes(40),
        4 => json().prop_map(Bytes::from),
        1 => (message::SHARED_FROM..message::SHARED_FROM + 9).prop_map(|size| vec![7; size].into()),
        1 => json().prop_map(|json| format!("{:>1$}", json, message::SHARED_FROM).into()),
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

pub fn any_row() -> impl Strategy<Value = Row> {
    let stray = (
        name(),
        message().boxed(),
        message_verdict(),
        time(),
        some_name(),
        proptest::option::of(0..u64::MAX - 1),
        difference().boxed(),
        any::<bool>(),
    );
    let stray = stray.prop_map(
        |(connection, message, verdict, received, responder, near, difference, is_echo)| {
            Row::Message(MessageRow {
                connection,
                message: Arc::new(message),
                verdict,
                received,
                responder,
                near: near.map(ExchangeId),
                difference,
                is_echo,
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
