//! Exchanges that never happened, as many as are wanted: for what a full timeline costs.

use crate::model::correlation::CorrelationData;
use crate::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reason, Reply, Verdict,
};
use crate::model::message::{Message, Qos};
use crate::model::request::{MQTT5_RULE, Request, RequestDraft, ResponseTopicDraft, Surroundings};
use crate::model::time::Timestamp;
use crate::model::timeline::Timeline;
use crate::model::topic::TopicName;
use std::sync::Arc;
use std::time::Duration;

/// So many devices are asked.
const DEVICES: u64 = 250;
/// Ids of generated exchanges: no session sends that many.
const FIRST_ID: u64 = 1 << 62;

pub struct Generator {
    requests: Vec<Arc<Request>>,
    connection: Arc<str>,
    rule: Arc<str>,
    reason: Reason,
    next: u64,
    start: Timestamp,
    /// Payloads so far, of requests and replies.
    pub payload_bytes: usize,
    /// Topics so far; each counts once.
    pub topic_bytes: usize,
}

impl Generator {
    pub fn new(start: Timestamp) -> Self {
        let request = |device: u64| {
            let draft = RequestDraft {
                name: format!("Status {device}"),
                topic: format!("plant/line-{}/device-{device:03}/get", device % 7),
                response_topic: ResponseTopicDraft::Typed(format!("clients/bench/{}", device % 7)),
                ..RequestDraft::default()
            };
            draft.validate(&Surroundings::default()).ok().map(Arc::new)
        };
        let requests: Vec<Arc<Request>> = (0..DEVICES).filter_map(request).collect();
        let length = |topic: &TopicName| topic.as_str().len();
        let asked = requests.iter().map(|request| length(&request.topic));
        let answered = requests.iter().take(7);
        let answered = answered.filter_map(|request| request.response_topic.as_ref().map(length));
        Self {
            topic_bytes: asked.sum::<usize>() + answered.sum::<usize>(),
            requests,
            connection: "generated".into(),
            rule: MQTT5_RULE.into(),
            reason: Reason::new(0, "Success"),
            next: 0,
            start,
            payload_bytes: 0,
        }
    }

    /// Adds exchanges as a session would: begun, published, acknowledged, answered; now and then one times out.
    pub fn add(&mut self, timeline: &mut Timeline, count: u64) {
        for _ in 0..count {
            self.add_one(timeline);
        }
    }

    fn add_one(&mut self, timeline: &mut Timeline) {
        let number = self.next;
        let Some(request) = self
            .requests
            .get(usize::try_from(number % DEVICES).unwrap_or_default())
        else {
            return;
        };
        self.next += 1;
        let id = ExchangeId(FIRST_ID + number);
        let data = CorrelationData::new(Vec::from((u128::from(number) << 64 | 7).to_be_bytes()));
        let mut message = request.message(Some(data.clone()));
        message.payload = format!("{{\"get\":\"status\",\"number\":{number}}}").into();
        let answer = format!(
            "{{\"number\":{number},\"temperature\":{}.{},\"on\":{}}}",
            number % 40,
            number % 10,
            number.is_multiple_of(3)
        );
        self.payload_bytes += message.payload.len() + answer.len();
        let after = |micros: u64| {
            self.start
                .saturating_add(Duration::from_micros(number * 50 + micros))
        };
        let exchange = Exchange::new(
            id,
            Arc::clone(&self.connection),
            Arc::clone(request),
            Arc::new(message),
            Arc::clone(&self.rule),
            after(0),
        );
        timeline.begin(exchange);
        timeline.apply(id, Change::Published, after(30));
        timeline.apply(id, Change::Acknowledged(self.reason.clone()), after(400));
        if number % 97 == 96 {
            let timeout = after(5_000_000);
            timeline.apply(id, Change::Finished(Verdict::TimedOut), timeout);
            return;
        }
        let took = 300 + number.wrapping_mul(2_654_435_761) % 4_000;
        let Some(topic) = request.response_topic.clone() else {
            return;
        };
        let mut reply = Message::new(topic, answer);
        reply.qos = Qos::AtLeastOnce;
        reply.properties.correlation_data = Some(data);
        let reply = Reply {
            message: Arc::new(reply),
            received: after(took),
            verdict: MessageVerdict::Reply,
            outcome: Outcome::Ok,
            responder: None,
        };
        timeline.apply(id, Change::Reply(reply), after(took));
        timeline.apply(id, Change::Finished(Verdict::Answered), after(took));
    }
}
