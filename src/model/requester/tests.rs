//! The laws of product.md, "An exchange and its verdict".

use super::*;
use crate::model::correlation::{CorrelationData, CorrelationSpec};
use crate::model::message::{Qos, UserProperty};
use crate::model::topic::TopicName;
use std::time::Duration;

/// A requester and every exchange as its effects tell it.
struct Bench {
    requester: Requester,
    exchanges: BTreeMap<ExchangeId, Exchange>,
    arrived: Vec<(MessageVerdict, Option<ExchangeId>)>,
    subscribed: Vec<String>,
    unsubscribed: Vec<String>,
    published: Vec<ExchangeId>,
    withdrawn: Vec<(ExchangeId, Arc<str>, Timestamp)>,
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

fn topic(text: &str) -> TopicName {
    TopicName::new(text).unwrap()
}

fn reply(correlation: Option<&'static str>) -> Message {
    let mut message = Message::new(topic("resp"), "ok");
    message.properties.correlation_data = correlation.map(CorrelationData::new);
    message
}

impl Bench {
    fn new() -> Self {
        Self {
            requester: Requester::new("c".into(), Rule::mqtt5()),
            exchanges: BTreeMap::new(),
            arrived: Vec::new(),
            subscribed: Vec::new(),
            unsubscribed: Vec::new(),
            published: Vec::new(),
            withdrawn: Vec::new(),
        }
    }

    fn run(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Begun(exchange) | Effect::WillBegun(exchange) => {
                    self.exchanges.insert(exchange.id, *exchange);
                }
                Effect::Changed { id, change, at } => self
                    .exchanges
                    .get_mut(&id)
                    .expect("known")
                    .apply(change, at),
                Effect::Arrived { verdict, near, .. } => self.arrived.push((verdict, near)),
                Effect::Subscribe { filter, .. } => self.subscribed.push(filter.to_string()),
                Effect::Unsubscribe(filter) => self.unsubscribed.push(filter.to_string()),
                Effect::Publish { id, .. } => self.published.push(id),
                Effect::Withdraw { id, why, at } => self.withdrawn.push((id, why, at)),
            }
        }
    }

    /// Answers every withdrawal.
    fn withdraw(&mut self, result: Withdrawn) {
        for (id, why, at) in std::mem::take(&mut self.withdrawn) {
            let effects = self.requester.withdrawn(id, result, &why, at);
            self.run(effects);
        }
    }

    /// Begun at 0, subscribed at 1, to be published from then on.
    fn queue(&mut self, id: u64, correlation: &'static str) {
        self.begin(id, Some(correlation), RepliesWanted::First);
        let effects = self
            .requester
            .subscribed(&TopicFilter::new("resp").unwrap(), Ok(()), at(1));
        self.run(effects);
    }

    fn failure(&self, id: u64) -> &str {
        match &self.exchanges[&ExchangeId(id)].verdict {
            Verdict::Failed { reason } => reason,
            other => panic!("{other:?}"),
        }
    }

    fn begin(&mut self, id: u64, correlation: Option<&'static str>, replies: RepliesWanted) {
        let request = Request {
            name: "".into(),
            topic: topic("cmnd"),
            qos: Qos::AtLeastOnce,
            retain: false,
            payload: "".into(),
            response_topic: Some(topic("resp")),
            correlation: CorrelationSpec::None,
            timeout: Duration::from_millis(100),
            replies,
            content_type: None,
            payload_is_utf8: false,
            message_expiry_secs: None,
            user_properties: Vec::new(),
            pairing: crate::model::request::Pairing::default(),
        };
        let message = Arc::new(request.message(correlation.map(CorrelationData::new)));
        let effects =
            self.requester
                .begin_by(ExchangeId(id), "mqtt5", Arc::new(request), message, at(0));
        self.run(effects);
    }

    /// Begun at 0, subscribed at 1, published at 2, so the deadline is at 102.
    fn send(&mut self, id: u64, correlation: Option<&'static str>, replies: RepliesWanted) {
        self.begin(id, correlation, replies);
        let effects = self
            .requester
            .subscribed(&TopicFilter::new("resp").unwrap(), Ok(()), at(1));
        self.run(effects);
        let effects = self.requester.published(ExchangeId(id), at(2));
        self.run(effects);
    }

    fn receive(&mut self, message: Message, ms: i64) {
        let effects = self.requester.receive(Arc::new(message), None, at(ms));
        self.run(effects);
    }

    fn expire(&mut self, ms: i64) {
        let effects = self.requester.expire(at(ms));
        self.run(effects);
    }

    fn verdict(&self, id: u64) -> &'static str {
        self.exchanges[&ExchangeId(id)].verdict.word()
    }

    fn replies(&self, id: u64) -> Vec<MessageVerdict> {
        self.exchanges[&ExchangeId(id)]
            .replies
            .iter()
            .map(|reply| reply.verdict)
            .collect()
    }
}

#[test]
fn the_request_is_published_only_after_the_suback() {
    let mut bench = Bench::new();
    bench.begin(1, Some("a"), RepliesWanted::First);
    assert_eq!((bench.subscribed.len(), bench.published.len()), (1, 0));
    let effects = bench
        .requester
        .subscribed(&TopicFilter::new("resp").unwrap(), Ok(()), at(1));
    bench.run(effects);
    assert_eq!(bench.published, [ExchangeId(1)]);
    assert_eq!(bench.exchanges[&ExchangeId(1)].legs.subscribed, Some(at(1)));
}

#[test]
fn a_live_subscription_is_not_asked_for_again() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    bench.begin(2, Some("b"), RepliesWanted::First);
    assert_eq!(
        (bench.subscribed.len(), bench.published.as_slice()),
        (1, [ExchangeId(1), ExchangeId(2)].as_slice())
    );
    assert_eq!(bench.exchanges[&ExchangeId(2)].legs.subscribed, None);
}

#[test]
fn two_requests_wait_for_one_suback() {
    let mut bench = Bench::new();
    bench.begin(1, Some("a"), RepliesWanted::First);
    bench.begin(2, Some("b"), RepliesWanted::First);
    assert_eq!(bench.subscribed.len(), 1);
    let effects = bench
        .requester
        .subscribed(&TopicFilter::new("resp").unwrap(), Ok(()), at(1));
    bench.run(effects);
    assert_eq!(bench.published.len(), 2);
}

#[test]
fn a_refused_subscription_rejects_the_exchange_in_words() {
    let mut bench = Bench::new();
    bench.begin(1, Some("a"), RepliesWanted::First);
    let effects = bench.requester.subscribed(
        &TopicFilter::new("resp").unwrap(),
        Err(Reason::new(0x87, "not authorized")),
        at(1),
    );
    bench.run(effects);
    assert_eq!(bench.verdict(1), "rejected");
    assert!(bench.published.is_empty());
    bench.begin(2, Some("a"), RepliesWanted::First);
    assert_eq!(
        bench.subscribed.len(),
        2,
        "a refused filter is asked for again"
    );
}

#[test]
fn the_right_reply_answers_and_times_its_request() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    bench.send(2, Some("b"), RepliesWanted::First);
    bench.receive(reply(Some("b")), 12);
    assert_eq!(
        (bench.verdict(1), bench.verdict(2)),
        ("waiting", "answered")
    );
    assert_eq!(
        bench.exchanges[&ExchangeId(2)].round_trip(),
        Some(Duration::from_millis(10))
    );
    assert!(bench.arrived.is_empty());
}

#[test]
fn a_reply_may_overtake_the_acknowledgement() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    bench.receive(reply(Some("a")), 5);
    let effects = bench.requester.acknowledged(
        ExchangeId(1),
        Reason::new(0x10, "no matching subscribers"),
        at(6),
    );
    bench.run(effects);
    assert_eq!(bench.verdict(1), "answered");
    assert_eq!(
        bench.exchanges[&ExchangeId(1)].legs.acknowledged,
        Some(at(6))
    );
}

#[test]
fn no_subscribers_and_refusals_of_the_request_end_it_at_once() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    let effects = bench.requester.acknowledged(
        ExchangeId(1),
        Reason::new(0x10, "no matching subscribers"),
        at(3),
    );
    bench.run(effects);
    bench.send(2, Some("b"), RepliesWanted::First);
    let effects =
        bench
            .requester
            .acknowledged(ExchangeId(2), Reason::new(0x87, "not authorized"), at(3));
    bench.run(effects);
    assert_eq!(
        (bench.verdict(1), bench.verdict(2)),
        ("no_subscribers", "rejected")
    );
    assert_eq!(bench.requester.next_deadline(), None);
}

#[test]
fn a_reply_after_the_deadline_is_late_and_keeps_the_exchange_timed_out() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    assert_eq!(bench.requester.next_deadline(), Some(at(102)));
    bench.expire(101);
    assert_eq!(bench.verdict(1), "waiting");
    bench.expire(102);
    assert_eq!(bench.verdict(1), "timed_out");
    bench.receive(reply(Some("a")), 150);
    assert_eq!(bench.verdict(1), "late");
    assert_eq!(bench.replies(1), [MessageVerdict::LateReply]);
    bench.receive(reply(Some("a")), 160);
    assert_eq!(
        bench.replies(1),
        [MessageVerdict::LateReply, MessageVerdict::AdditionalReply]
    );
}

#[test]
fn the_deadline_counts_even_when_the_timer_was_slow() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    bench.receive(reply(Some("a")), 103);
    assert_eq!(bench.verdict(1), "late");
    assert_eq!(bench.replies(1), [MessageVerdict::LateReply]);
}

#[test]
fn wrong_missing_stale_and_unmatched_are_told_apart() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    bench.receive(reply(Some("A")), 3);
    bench.receive(reply(None), 4);
    bench.receive(
        Message {
            retain: true,
            ..reply(Some("a"))
        },
        5,
    );
    bench.receive(Message::new(topic("elsewhere"), ""), 6);
    let near = Some(ExchangeId(1));
    assert_eq!(
        bench.arrived,
        [
            (MessageVerdict::WrongCorrelation, near),
            (MessageVerdict::MissingCorrelation, near),
            (MessageVerdict::Stale, None),
            (MessageVerdict::Unmatched, None)
        ]
    );
    assert_eq!(bench.verdict(1), "waiting");
}

#[test]
fn a_second_answer_is_an_additional_reply() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    bench.receive(reply(Some("a")), 3);
    bench.receive(reply(Some("a")), 4);
    assert_eq!(
        bench.replies(1),
        [MessageVerdict::Reply, MessageVerdict::AdditionalReply]
    );
    assert_eq!(bench.verdict(1), "answered");
    assert_eq!(
        bench.exchanges[&ExchangeId(1)].last_round_trip(),
        Some(Duration::from_millis(2))
    );
}

#[test]
fn n_replies_and_all_replies_are_waited_for() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::Count(2));
    bench.receive(reply(Some("a")), 3);
    assert_eq!(bench.verdict(1), "waiting");
    bench.receive(reply(Some("a")), 4);
    assert_eq!(bench.verdict(1), "answered");
    bench.send(2, Some("b"), RepliesWanted::All);
    bench.receive(reply(Some("b")), 3);
    bench.receive(reply(Some("b")), 4);
    assert_eq!(bench.verdict(2), "waiting");
    bench.expire(200);
    assert_eq!((bench.verdict(2), bench.replies(2).len()), ("answered", 2));
    bench.send(3, Some("c"), RepliesWanted::Count(2));
    bench.receive(reply(Some("c")), 3);
    bench.expire(200);
    assert_eq!(bench.verdict(3), "timed_out", "one of two is not enough");
    bench.send(4, Some("d"), RepliesWanted::All);
    bench.expire(200);
    assert_eq!(bench.verdict(4), "timed_out", "none is no answer");
}

#[test]
fn requests_without_correlation_data_are_answered_in_the_order_they_were_sent() {
    let mut bench = Bench::new();
    bench.send(1, None, RepliesWanted::First);
    bench.send(2, None, RepliesWanted::First);
    bench.receive(reply(None), 3);
    assert_eq!(
        (bench.verdict(1), bench.verdict(2)),
        ("answered", "waiting")
    );
    bench.receive(reply(None), 4);
    assert_eq!(bench.verdict(2), "answered");
}

#[test]
fn a_failure_that_the_reply_tells_is_an_answer_with_an_error() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    let mut message = reply(Some("a"));
    message.properties.user_properties.push(UserProperty {
        name: "__stat".into(),
        value: "500".into(),
    });
    bench.receive(message, 3);
    assert_eq!(bench.verdict(1), "answered_with_error");
}

#[test]
fn a_lost_connection_fails_what_was_sent_and_keeps_what_was_not() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    let effects = bench
        .requester
        .connection_lost(&"reset".into(), false, at(10));
    bench.run(effects);
    assert!(
        matches!(&bench.exchanges[&ExchangeId(1)].verdict, Verdict::Failed { reason } if reason.contains("reset"))
    );
    bench.begin(2, Some("b"), RepliesWanted::First);
    assert_eq!(
        bench.subscribed.len(),
        2,
        "the old subscription is gone with the connection"
    );
    let effects = bench.requester.connected(false, at(20));
    bench.run(effects);
    assert_eq!((bench.verdict(2), bench.subscribed.len()), ("waiting", 3));
    let effects = bench
        .requester
        .subscribed(&TopicFilter::new("resp").unwrap(), Ok(()), at(21));
    bench.run(effects);
    assert_eq!(bench.published, [ExchangeId(1), ExchangeId(2)]);
}

#[test]
fn an_exchange_in_flight_survives_when_the_session_is_resumed() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    bench.send(2, Some("b"), RepliesWanted::First);
    let effects = bench
        .requester
        .connection_lost(&"reset".into(), true, at(10));
    bench.run(effects);
    let effects = bench.requester.connected(true, at(20));
    bench.run(effects);
    assert_eq!(
        bench.subscribed.len(),
        1,
        "the session kept the subscription"
    );
    bench.receive(reply(Some("a")), 30);
    assert_eq!(
        (bench.verdict(1), bench.verdict(2)),
        ("answered", "waiting")
    );
    let effects = bench
        .requester
        .connection_lost(&"reset".into(), true, at(40));
    bench.run(effects);
    let effects = bench.requester.connected(false, at(50));
    bench.run(effects);
    assert!(
        matches!(&bench.exchanges[&ExchangeId(2)].verdict, Verdict::Failed { reason } if reason.contains("no session"))
    );
}

#[test]
fn a_reply_to_what_failed_is_late_and_changes_nothing() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    let effects = bench
        .requester
        .connection_lost(&"reset".into(), false, at(10));
    bench.run(effects);
    bench.receive(reply(Some("a")), 30);
    assert_eq!(bench.verdict(1), "failed");
    assert_eq!(bench.replies(1), [MessageVerdict::LateReply]);
    assert_eq!(bench.exchanges[&ExchangeId(1)].round_trip(), None);
}

#[test]
fn what_never_got_onto_the_wire_says_so_at_its_deadline() {
    let mut bench = Bench::new();
    bench.begin(1, Some("a"), RepliesWanted::First);
    bench.expire(100);
    assert!(
        matches!(&bench.exchanges[&ExchangeId(1)].verdict, Verdict::Failed { reason } if reason.contains("not sent"))
    );
}

#[test]
fn closing_the_connection_ends_what_is_open() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    let effects = bench.requester.closed(at(10));
    bench.run(effects);
    assert_eq!(bench.verdict(1), "failed");
    assert_eq!(bench.requester.next_deadline(), None);
}

#[test]
fn finished_exchanges_are_forgotten_in_the_end() {
    let mut bench = Bench::new();
    for id in 0..=REMEMBERED as u64 {
        bench.send(id, None, RepliesWanted::First);
        bench.receive(reply(None), 3);
    }
    assert_eq!(bench.requester.ended.len(), REMEMBERED);
    assert!(bench.requester.matcher.standing(ExchangeId(0)).is_none());
}

#[test]
fn what_was_not_published_in_time_is_taken_back() {
    let mut bench = Bench::new();
    bench.queue(1, "a");
    bench.expire(100);
    assert_eq!(bench.withdrawn.len(), 1);
    assert_eq!(bench.requester.next_deadline(), None, "asked once");
    bench.withdraw(Withdrawn::Back);
    assert_eq!(
        bench.failure(1),
        "not sent: the request could not be published within 100ms"
    );
    assert_eq!(bench.exchanges[&ExchangeId(1)].finished, Some(at(100)));
}

#[test]
fn without_a_connection_a_timeout_says_why_for_how_long_and_what_comes_next() {
    let mut bench = Bench::new();
    let refused: Arc<str> = "127.0.0.1:1 refused the connection".into();
    bench.requester.not_connected(None, None, at(0));
    bench.begin(1, None, RepliesWanted::First);
    bench.expire(100);
    assert_eq!(
        bench.failure(1),
        "not sent: no connection within 100ms: the broker has not answered; not connected for 100 ms, an attempt is under way"
    );
    let next = Some(at(2_100));
    bench.requester.not_connected(Some(&refused), next, at(50));
    bench.begin(2, None, RepliesWanted::First);
    bench.expire(100);
    assert_eq!(
        bench.failure(2),
        "not sent: no connection within 100ms: 127.0.0.1:1 refused the connection; not connected for 100 ms, the next attempt comes in 2.00 s"
    );
    // The next attempt does not make the reason unknown.
    bench.requester.not_connected(None, None, at(60));
    bench.begin(3, None, RepliesWanted::First);
    bench.expire(100);
    assert!(bench.failure(3).contains("refused the connection"));
    let effects = bench.requester.connected(false, at(200));
    bench.run(effects);
    bench.begin(4, None, RepliesWanted::First);
    bench.expire(100);
    assert!(
        bench.failure(4).contains("has not acknowledged it"),
        "{}",
        bench.failure(4)
    );
}

#[test]
fn what_cannot_be_taken_back_may_still_be_sent_and_its_reply_is_late() {
    let mut bench = Bench::new();
    bench.queue(1, "a");
    bench.expire(100);
    bench.withdraw(Withdrawn::UnderWay);
    assert_eq!(
        bench.failure(1),
        "the request could not be published within 100ms; it may still be sent"
    );
    let effects = bench.requester.published(ExchangeId(1), at(200));
    bench.run(effects);
    assert_eq!(
        bench.exchanges[&ExchangeId(1)].legs.published,
        Some(at(200))
    );
    bench.receive(reply(Some("a")), 210);
    assert_eq!(bench.replies(1), [MessageVerdict::LateReply]);
}

#[test]
fn what_was_on_the_wire_at_its_deadline_gets_its_time() {
    let mut bench = Bench::new();
    bench.queue(1, "a");
    bench.expire(100);
    bench.withdraw(Withdrawn::TooLate);
    assert_eq!(bench.verdict(1), "waiting");
    let effects = bench.requester.published(ExchangeId(1), at(99));
    bench.run(effects);
    assert_eq!(bench.requester.next_deadline(), Some(at(199)));
}

#[test]
fn what_is_answered_was_sent_whoever_has_not_said_so() {
    let mut bench = Bench::new();
    bench.queue(1, "a");
    bench.receive(reply(Some("a")), 110);
    assert_eq!(bench.verdict(1), "answered");
}

#[test]
fn a_lost_connection_leaves_what_was_not_sent_to_whoever_knows_whether_it_left() {
    let mut bench = Bench::new();
    bench.queue(1, "a");
    let effects = bench
        .requester
        .connection_lost(&"reset".into(), false, at(10));
    bench.run(effects);
    assert_eq!(bench.verdict(1), "waiting");
    let effects = bench.requester.connected(false, at(20));
    bench.run(effects);
    bench.withdraw(Withdrawn::Back);
    assert_eq!(
        bench.failure(1),
        "not sent: the connection was lost, and the broker kept no session for it"
    );
}

#[test]
fn closing_takes_back_what_was_not_sent_and_says_so() {
    let mut bench = Bench::new();
    bench.send(1, Some("a"), RepliesWanted::First);
    bench.queue(2, "b");
    let effects = bench.requester.closing(at(10));
    bench.run(effects);
    bench.withdraw(Withdrawn::Back);
    assert_eq!(bench.failure(2), "not sent: the connection was closed");
    assert_eq!(bench.verdict(1), "waiting", "its reply may still come");
    let mut bench = Bench::new();
    bench.begin(3, Some("c"), RepliesWanted::First);
    let effects = bench.requester.closed(at(10));
    bench.run(effects);
    assert_eq!(bench.failure(3), "not sent: the connection was closed");
}

#[test]
fn where_request_and_reply_share_a_topic_the_requester_does_not_hear_itself() {
    let rules = crate::model::pairing::Rules::shipped();
    let mut requester = Requester::new("c".into(), rules);
    let subscribes = |effects: &[Effect]| -> Vec<(String, bool)> {
        effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Subscribe { filter, options } => {
                    Some((filter.to_string(), options.no_local))
                }
                _ => None,
            })
            .collect()
    };
    let mut begin = |number: u64, rule: &str, name: &str| {
        let draft = crate::model::request::RequestDraft {
            topic: name.to_owned(),
            pairing: crate::model::request::PairingDraft {
                rule: rule.to_owned(),
                ..Default::default()
            },
            ..Default::default()
        };
        let request = draft
            .validate(&crate::model::request::Surroundings::default())
            .unwrap();
        let message = Arc::new(Message::new(topic(name), ""));
        let id = ExchangeId(number);
        let effects = requester.begin_by(id, rule, Arc::new(request), message, at(0));
        let found = subscribes(&effects);
        for (filter, _) in &found {
            let filter = TopicFilter::new(filter).unwrap();
            drop(requester.subscribed(&filter, Ok(()), at(1)));
        }
        found
    };
    let fetch = "mqttfetch/s/c/fr/1";
    assert_eq!(
        begin(1, "mqtt-fetch", fetch),
        [("mqttfetch/s/c/to/1".to_owned(), false)]
    );
    let shared = "/ext/rrpc/7/pk/d/user/get";
    assert_eq!(
        begin(2, "aliyun-rrpc-ext", shared),
        [(shared.to_owned(), true)]
    );
}

/// As Hono tells errors: on a topic with the Packet Identifier of what was published.
#[test]
fn replies_by_packet_identifier_pair_once_it_is_known() {
    use crate::model::pairing::{Format, read_rules};
    let rule = r#"{"id":"hono","request":{"topic":"event/{d}","bind":{"nr":"packet-id","id":"var:nr"}},
        "reply":{"topic":["error/{d}/{id}/{code}"]}}"#;
    let rules = read_rules(rule, Format::Json).unwrap();
    let mut bench = Bench::new();
    bench.requester = Requester::new("c".into(), Rules::new(rules));
    let mut begin = |number: u64, qos: Qos| {
        let draft = crate::model::request::RequestDraft {
            topic: "event/a".to_owned(),
            ..Default::default()
        };
        let request = draft
            .validate(&crate::model::request::Surroundings::default())
            .unwrap();
        let mut message = Message::new(topic("event/a"), "");
        message.qos = qos;
        let id = ExchangeId(number);
        let effects =
            bench
                .requester
                .begin_by(id, "hono", Arc::new(request), Arc::new(message), at(0));
        bench.run(effects);
    };
    begin(1, Qos::AtLeastOnce);
    begin(2, Qos::AtLeastOnce);
    begin(3, Qos::AtMostOnce);
    assert_eq!(bench.subscribed, ["error/a/+/+"]);
    assert!(
        bench
            .failure(3)
            .contains("a value that the request does not have"),
        "QoS 0 has no Packet Identifier"
    );
    let filter = TopicFilter::new("error/a/+/+").unwrap();
    let effects = bench.requester.subscribed(&filter, Ok(()), at(1));
    bench.run(effects);
    for (id, packet_id) in [(1, 7), (2, 8)] {
        bench.requester.numbered(ExchangeId(id), packet_id);
        let effects = bench.requester.published(ExchangeId(id), at(2));
        bench.run(effects);
    }
    bench.receive(Message::new(topic("error/a/9/400"), ""), 5);
    bench.receive(Message::new(topic("error/a/8/400"), ""), 6);
    assert_eq!(
        (bench.verdict(1), bench.verdict(2)),
        ("waiting", "answered")
    );
}

#[test]
fn what_mqtt_3_1_1_cannot_carry_is_neither_sent_nor_missed() {
    let mut bench = Bench::new();
    bench.requester = bench.requester.speaking(MqttVersion::V311);
    for (id, correlation) in [(1, "a"), (2, "b")] {
        bench.send(id, Some(correlation), RepliesWanted::First);
        let shown = &bench.exchanges[&ExchangeId(id)].message;
        assert_eq!(shown.properties.count(), 0);
    }
    assert_eq!(bench.subscribed, ["resp"]);
    // Nothing tells them apart: the one that was asked first is answered first.
    bench.receive(reply(None), 5);
    assert_eq!(
        (bench.verdict(1), bench.verdict(2)),
        ("answered", "waiting")
    );
    bench.receive(reply(None), 6);
    assert_eq!(bench.verdict(2), "answered");
}

const LOST: Timestamp = Timestamp::from_nanos(1_000);

/// A connection that was up, with a will that asks for a reply.
fn with_will(session_expiry_secs: u32, delay_secs: u32) -> Bench {
    use crate::model::profile::{ProfileDraft, WillDraft};
    let profile = ProfileDraft {
        name: "meter".to_owned(),
        session_expiry_secs,
        will: Some(WillDraft {
            topic: "lost".to_owned(),
            response_topic: "read".to_owned(),
            delay_secs,
            ..WillDraft::default()
        }),
        ..ProfileDraft::default()
    };
    let profile = profile.validate("c").expect("valid");
    let mut bench = Bench::new();
    let requester = Requester::new("c".into(), Rule::mqtt5());
    bench.requester = requester.with_will(WillRequest::of(&profile));
    let effects = bench.requester.connected(false, Timestamp::default());
    bench.run(effects);
    bench
}

#[test]
fn a_will_that_asks_for_a_reply_is_a_request_of_the_broker() {
    let mut bench = with_will(60, 0);
    assert_eq!(bench.subscribed, ["read"], "with the connection");
    let filter = TopicFilter::new("read").expect("valid");
    let effects = bench
        .requester
        .subscribed(&filter, Ok(()), Timestamp::default());
    bench.run(effects);
    assert!(
        bench.exchanges.is_empty(),
        "as long as the connection is there"
    );
    let id = ExchangeId(7);
    let why: Arc<str> = "cut".into();
    let effects = bench.requester.connection_lost(&why, true, LOST);
    bench.run(effects);
    let effects = bench.requester.will_is_due(id, LOST);
    bench.run(effects);
    assert!(bench.exchanges[&id].verdict.is_open());
    assert_eq!(bench.exchanges[&id].message.topic.as_str(), "lost");
    let back = LOST.saturating_add(Duration::from_secs(5));
    let effects = bench.requester.connected(true, back);
    bench.run(effects);
    assert_eq!(bench.subscribed, ["read"], "the session still has it");
    let effects = bench.requester.receive(
        Arc::new(Message {
            topic: TopicName::new("read").expect("valid"),
            ..reply(None)
        }),
        None,
        back,
    );
    bench.run(effects);
    assert_eq!(bench.exchanges[&id].verdict, Verdict::Answered);
    assert_eq!(
        bench.exchanges[&id].round_trip(),
        Some(Duration::from_secs(5))
    );
}

#[test]
fn who_comes_back_before_the_delay_has_taken_the_will_back() {
    for (secs, is_taken_back) in [(9, true), (11, false)] {
        let mut bench = with_will(60, 10);
        let effects = bench.requester.will_is_due(ExchangeId(7), LOST);
        bench.run(effects);
        let back = LOST.saturating_add(Duration::from_secs(secs));
        let effects = bench.requester.connected(true, back);
        bench.run(effects);
        let verdict = &bench.exchanges[&ExchangeId(7)].verdict;
        assert_eq!(
            matches!(verdict, Verdict::Failed { .. }),
            is_taken_back,
            "{verdict:?}"
        );
    }
}

#[test]
fn a_will_whose_session_the_broker_forgot_has_no_answer() {
    let mut bench = with_will(60, 0);
    let effects = bench.requester.will_is_due(ExchangeId(7), LOST);
    bench.run(effects);
    let effects = bench.requester.connected(false, LOST);
    bench.run(effects);
    let verdict = &bench.exchanges[&ExchangeId(7)].verdict;
    assert!(matches!(verdict, Verdict::Failed { .. }), "{verdict:?}");
}

#[test]
fn a_will_without_a_session_that_is_kept_is_not_waited_for() {
    let bench = with_will(0, 0);
    assert!(!bench.requester.has_will() && bench.subscribed.is_empty());
}

#[test]
fn a_further_answer_without_correlation_data_is_unmatched_where_nobody_sent_any() {
    let mut bench = Bench::new();
    bench.send(1, None, RepliesWanted::First);
    bench.receive(reply(None), 3);
    bench.receive(reply(None), 4);
    assert_eq!(bench.arrived, [(MessageVerdict::Unmatched, None)]);
    bench.send(2, Some("a"), RepliesWanted::First);
    bench.receive(reply(None), 5);
    assert_eq!(
        bench.arrived.last(),
        Some(&(MessageVerdict::MissingCorrelation, Some(ExchangeId(2))))
    );
}

fn filter(text: &str) -> TopicFilter {
    TopicFilter::new(text).unwrap()
}

impl Bench {
    fn listen(&mut self, text: &str) {
        let options = crate::model::subscribe::SubscribeOptions::default();
        let effects = self.requester.listen(&filter(text), options);
        self.run(effects);
    }

    fn stop_listening(&mut self, text: &str) {
        let effects = self.requester.stop_listening(&filter(text));
        self.run(effects);
    }

    fn suback(&mut self, text: &str) {
        let effects = self.requester.subscribed(&filter(text), Ok(()), at(1));
        self.run(effects);
    }

    fn answer(&mut self, id: u64, correlation: &'static str) {
        let effects = self.requester.published(ExchangeId(id), at(2));
        self.run(effects);
        let effects = self
            .requester
            .receive(Arc::new(reply(Some(correlation))), None, at(3));
        self.run(effects);
    }
}

#[test]
fn replies_come_by_what_is_listened_to_and_end_with_the_last_of_them() {
    let mut bench = Bench::new();
    bench.listen("#");
    bench.suback("#");
    bench.begin(1, Some("a"), RepliesWanted::First);
    assert_eq!(bench.subscribed, ["#"], "a reply must not come twice");
    assert_eq!(bench.published, [ExchangeId(1)]);
    bench.stop_listening("#");
    assert!(bench.unsubscribed.is_empty(), "a reply is awaited by it");
    bench.answer(1, "a");
    assert_eq!(bench.exchanges[&ExchangeId(1)].verdict, Verdict::Answered);
    assert_eq!(bench.unsubscribed, ["#"]);
    bench.begin(2, Some("b"), RepliesWanted::First);
    assert_eq!(bench.subscribed, ["#", "resp"]);
}

#[test]
fn what_idles_beneath_a_filter_that_is_listened_to_is_given_back_and_what_is_used_is_not() {
    let mut bench = Bench::new();
    bench.queue(1, "a");
    bench.listen("#");
    bench.suback("#");
    assert!(bench.unsubscribed.is_empty(), "a reply is awaited by it");
    bench.answer(1, "a");
    assert_eq!(bench.unsubscribed, ["resp"]);
    let mut bench = Bench::new();
    bench.queue(1, "a");
    bench.answer(1, "a");
    bench.listen("#");
    assert!(bench.unsubscribed.is_empty(), "not before the SUBACK");
    bench.suback("#");
    assert_eq!(bench.unsubscribed, ["resp"]);
}

#[test]
fn listening_and_requests_on_the_same_filter_do_not_end_each_other() {
    let mut bench = Bench::new();
    bench.listen("resp");
    bench.suback("resp");
    bench.begin(1, Some("a"), RepliesWanted::First);
    bench.answer(1, "a");
    assert!(bench.unsubscribed.is_empty(), "it is still listened to");
    bench.stop_listening("resp");
    assert_eq!(bench.unsubscribed, ["resp"]);
}

#[test]
fn listening_goes_on_after_a_reconnect_unless_it_was_refused() {
    let mut bench = Bench::new();
    bench.listen("a/#");
    bench.suback("a/#");
    bench.listen("b/#");
    let refused = Reason::new(0x87, "Not authorized");
    let effects = bench
        .requester
        .subscribed(&filter("b/#"), Err(refused), at(1));
    bench.run(effects);
    assert!(bench.requester.listens(&filter("a/#")) && !bench.requester.listens(&filter("b/#")));
    let effects = bench
        .requester
        .connection_lost(&"gone".into(), false, at(2));
    bench.run(effects);
    bench.subscribed.clear();
    let effects = bench.requester.connected(false, at(3));
    bench.run(effects);
    assert_eq!(bench.subscribed, ["a/#"]);
}
