use super::arbitrary::any_row;
use super::*;
use crate::model::correlation::{CorrelationData, CorrelationSpec};
use crate::model::exchange::{Change, Exchange, Outcome, Reason, Reply, Verdict};
use crate::model::message::{Message, Qos};
use crate::model::request::{Pairing, RepliesWanted, Request};
use crate::model::topic::TopicName;
use proptest::prelude::*;

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
