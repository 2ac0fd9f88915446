//! Traffic as a day in the field brings it, made up: the same seed gives the same rows, anywhere.
//! For benchmarks, for tests of many rows, and for measuring a machine.

use crate::model::correlation::CorrelationData;
use crate::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reason, Reply, Verdict,
};
use crate::model::message::{Message, UserProperty};
use crate::model::request::{MQTT5_RULE, Request, RequestDraft, Surroundings};
use crate::model::time::Timestamp;
use crate::model::timeline::{MessageRow, PublishRow, Row, Timeline};
use crate::model::topic::TopicName;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

const DEVICES: usize = 240;
const SITES: [&str; 4] = ["hall-1", "hall-2", "yard", "office"];
const KINDS: [(&str, &str); 5] = [
    ("light", "power"),
    ("meter", "read"),
    ("lock", "state"),
    ("pump", "speed"),
    ("gateway", "command"),
];

/// One of the devices that are asked.
struct Device {
    name: Arc<str>,
    request: Arc<Request>,
    replies_to: TopicName,
    /// How long it takes as a rule, in microseconds.
    pace: u64,
}

/// Rows without end, oldest first.
pub struct Traffic {
    random: u64,
    devices: Vec<Device>,
    connection: Arc<str>,
    rule: Arc<str>,
    next: u64,
    at: Timestamp,
    /// Between two rows on average.
    gap: Duration,
}

impl Traffic {
    /// `gap` is the time between two rows on average, `start` that of the first.
    pub fn new(seed: u64, start: Timestamp, gap: Duration) -> Self {
        let mut traffic = Self {
            random: seed,
            devices: Vec::with_capacity(DEVICES),
            connection: "plant".into(),
            rule: MQTT5_RULE.into(),
            next: 1,
            at: start,
            gap,
        };
        for number in 0..DEVICES {
            let pace = 400 + traffic.below(8_000);
            traffic.devices.extend(device(number, pace));
        }
        traffic
    }

    /// Puts `count` rows into a timeline.
    pub fn fill(&mut self, timeline: &mut Timeline, count: usize) {
        for row in self.take(count) {
            match row {
                Row::Exchange(exchange) => timeline.begin(*exchange),
                Row::Message(row) => timeline.push_message(row),
                Row::Publish(row) => timeline.push_publish(row),
            };
        }
    }

    /// `SplitMix64`: small, and the same everywhere.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random() % limit.max(1)
    }

    /// Mostly a line, sometimes a page, rarely bytes.
    fn payload(&mut self, is_reply: bool) -> Vec<u8> {
        let seq = self.next;
        let value = self.below(10_000);
        match self.below(1_000) {
            0..4 => (0..40 + value % 200)
                .map(|_| self.random().to_le_bytes()[0] | 0x80)
                .collect(),
            4..8 => {
                let mut json = format!("{{\"seq\":{seq},\"samples\":[0");
                for _ in 0..400 + value % 400 {
                    write!(json, ",{}", self.below(4_096)).unwrap_or_default();
                }
                json.push_str("]}");
                json.into_bytes()
            }
            8..60 => format!(
                "{{\n  \"seq\": {seq},\n  \"state\": {{\n    \"level\": {},\n    \"since\": \"2026-11-21T09:14:07Z\",\n    \"tags\": [\"a\", \"b\", \"raum-ü\"]\n  }},\n  \"firmware\": \"4.{}.1\",\n  \"uptime\": {value}\n}}",
                value % 100,
                value % 17,
            )
            .into_bytes(),
            _ if is_reply => {
                format!("{{\"status\":\"ok\",\"level\":{},\"uptime\":{value}}}", value % 100)
                    .into_bytes()
            }
            _ => format!("{{\"set\":{},\"seq\":{seq}}}", value % 100).into_bytes(),
        }
    }

    fn message(&mut self, topic: TopicName, is_reply: bool) -> Message {
        let payload = self.payload(is_reply);
        Message::new(topic, payload)
    }

    fn exchange(&mut self, device: usize) -> Option<Exchange> {
        let id = ExchangeId(self.next);
        let Device {
            name,
            request,
            replies_to,
            pace,
        } = self.devices.get(device)?;
        let (name, request) = (Arc::clone(name), Arc::clone(request));
        let (replies_to, pace) = (replies_to.clone(), *pace);
        let mut data = id.0.to_be_bytes().to_vec();
        data.extend(self.random().to_be_bytes());
        let data = CorrelationData::new(data);
        let mut sent = self.message(request.topic.clone(), false);
        sent.qos = request.qos;
        sent.properties.response_topic = Some(replies_to.clone());
        sent.properties.correlation_data = Some(data.clone());
        if self.below(10) == 0 {
            sent.properties.user_properties.push(UserProperty {
                name: "trace".to_owned(),
                value: format!("t-{:x}", self.below(1 << 40)),
            });
        }
        let mut exchange = Exchange::new(
            id,
            Arc::clone(&self.connection),
            request,
            Arc::new(sent),
            Arc::clone(&self.rule),
            self.at,
        );
        let published = self.after(self.at, 30 + self.random % 90);
        exchange.apply(Change::Published, published);
        let acknowledged = self.after(published, 300 + self.random % 600);
        let fate = self.below(1_000);
        if fate >= 990 {
            let reason = Reason::new(Reason::NO_MATCHING_SUBSCRIBERS, "No matching subscribers");
            exchange.apply(Change::Acknowledged(reason), acknowledged);
            exchange.apply(Change::Finished(Verdict::NoSubscribers), acknowledged);
            return Some(exchange);
        }
        let reason = Reason::new(0, "success");
        exchange.apply(Change::Acknowledged(reason), acknowledged);
        let limit = exchange.request.timeout;
        let timed_out = published.saturating_add(limit);
        if fate >= 970 {
            exchange.apply(Change::Finished(Verdict::TimedOut), timed_out);
            return Some(exchange);
        }
        let is_late = fate >= 964;
        let mut took = pace + self.below(pace);
        if self.below(50) == 0 {
            took = took.saturating_mul(20 + self.below(60));
        }
        let mut when = self.after(acknowledged, took);
        if is_late {
            exchange.apply(Change::Finished(Verdict::TimedOut), timed_out);
            when = self.after(timed_out, took);
        }
        let is_error = fate < 20;
        let mut answer = self.message(replies_to, true);
        answer.properties.correlation_data = Some(data);
        let outcome = if is_error {
            Outcome::Error {
                code: Some("E17".into()),
                message: Some("valve blocked".into()),
            }
        } else {
            Outcome::Ok
        };
        let verdict = if is_late {
            MessageVerdict::LateReply
        } else {
            MessageVerdict::Reply
        };
        let reply = Reply {
            message: Arc::new(answer),
            received: when,
            verdict,
            outcome,
            responder: Some(name),
        };
        exchange.apply(Change::Reply(reply), when);
        let verdict = match (is_late, is_error) {
            (true, _) => Verdict::Late,
            (false, true) => Verdict::AnsweredWithError {
                code: Some("E17".into()),
                message: Some("valve blocked".into()),
            },
            (false, false) => Verdict::Answered,
        };
        exchange.apply(Change::Finished(verdict), when);
        Some(exchange)
    }

    fn after(&mut self, at: Timestamp, micros: u64) -> Timestamp {
        at.saturating_add(Duration::from_nanos(micros * 1_000 + self.below(1_000)))
    }
}

impl Iterator for Traffic {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let gap = u64::try_from(self.gap.as_nanos()).unwrap_or(u64::MAX);
        let wait = self.below(gap.saturating_mul(2));
        self.at = self.at.saturating_add(Duration::from_nanos(wait));
        let device = usize::try_from(self.below(DEVICES as u64)).unwrap_or_default();
        let row = match self.below(1_000) {
            0..8 => {
                let replies_to = self.devices.get(device)?.replies_to.clone();
                let message = self.message(replies_to, true);
                Row::Message(MessageRow {
                    connection: Arc::clone(&self.connection),
                    message: Arc::new(message),
                    verdict: MessageVerdict::Unmatched,
                    received: self.at,
                    responder: self.devices.get(device).map(|it| Arc::clone(&it.name)),
                    near: None,
                    difference: None,
                    is_echo: false,
                })
            }
            8..10 => {
                let topic = self.devices.get(device)?.request.topic.clone();
                Row::Publish(PublishRow {
                    connection: Arc::clone(&self.connection),
                    message: Arc::new(self.message(topic, false)),
                    published: self.at,
                    acknowledgement: Some(Reason::new(0, "success")),
                    failure: None,
                })
            }
            _ => Row::Exchange(Box::new(self.exchange(device)?)),
        };
        self.next += 1;
        Some(row)
    }
}

fn device(number: usize, pace: u64) -> Option<Device> {
    let (kind, verb) = KINDS.get(number % KINDS.len())?;
    let site = SITES.get(number % SITES.len())?;
    let name = format!("{kind}-{number:03}");
    let draft = RequestDraft {
        name: if number.is_multiple_of(3) {
            format!("{verb} of {name}")
        } else {
            String::new()
        },
        topic: format!("plant/{site}/{name}/{verb}"),
        ..RequestDraft::default()
    };
    let here = Surroundings {
        client_id: "roundtrip-plant",
        ..Surroundings::default()
    };
    Some(Device {
        request: Arc::new(draft.validate(&here).ok()?),
        replies_to: TopicName::new(&format!("plant/{site}/{name}/reply")).ok()?,
        name: name.into(),
        pace,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::timeline::Category;
    use std::collections::BTreeMap;

    fn rows(seed: u64, count: usize) -> Vec<Row> {
        let start = Timestamp::from_nanos(1_763_716_447_000_000_000);
        let traffic = Traffic::new(seed, start, Duration::from_millis(86));
        traffic.take(count).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_rows_and_another_gives_others() {
        assert_eq!(rows(1, 500), rows(1, 500));
        assert_ne!(rows(1, 500), rows(2, 500));
    }

    #[test]
    fn every_kind_of_row_is_there_and_most_are_answered() {
        let mut counts: BTreeMap<Category, usize> = BTreeMap::new();
        for row in rows(7, 20_000) {
            *counts.entry(Category::of(&row)).or_default() += 1;
        }
        for category in [
            Category::Answered,
            Category::AnsweredWithError,
            Category::TimedOut,
            Category::NoSubscribers,
            Category::Late,
            Category::Unmatched,
            Category::Published,
        ] {
            assert!(counts.contains_key(&category), "{category:?}: {counts:?}");
        }
        assert!(counts[&Category::Answered] > 18_000, "{counts:?}");
        assert!(!counts.contains_key(&Category::Waiting), "{counts:?}");
    }

    #[test]
    fn rows_come_in_the_order_of_time_at_the_pace_that_was_asked_for() {
        let rows = rows(3, 2_000);
        let begun = |row: &Row| match row {
            Row::Exchange(exchange) => exchange.legs.queued,
            row => row.time(),
        };
        assert!(rows.is_sorted_by_key(begun));
        let all = begun(&rows[1_999]).since(begun(&rows[0]));
        let expected = Duration::from_secs(172);
        assert!(all > expected / 2 && all < expected * 2, "{all:?}");
    }

    #[test]
    fn a_filled_timeline_has_them_all() {
        let mut timeline = Timeline::default();
        let start = Timestamp::from_nanos(0);
        Traffic::new(1, start, Duration::from_micros(50)).fill(&mut timeline, 3_000);
        assert_eq!(timeline.len(), 3_000);
        assert!(timeline.count_of(Category::Answered) > 2_700);
    }
}
