//! How long it takes to count the rows that pass a filter, among a million exchanges as they lie packed.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use roundtrip::model::correlation::CorrelationData;
use roundtrip::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reply, Verdict,
};
use roundtrip::model::message::{Message, UserProperty};
use roundtrip::model::request::{Request, RequestDraft, Surroundings};
use roundtrip::model::time::Timestamp;
use roundtrip::model::timeline::{Bounds, Filter, Timeline};
use roundtrip::model::topic::TopicName;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const ROWS: u64 = 1_000_000;

fn message(topic: &str, payload: String, id: u64) -> Arc<Message> {
    let mut message = Message::new(TopicName::new(topic).unwrap(), payload);
    let data = id.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    message.properties.correlation_data = Some(CorrelationData::new(data.repeat(2)));
    message.properties.response_topic = TopicName::new("state/reply").ok();
    if id.is_multiple_of(4) {
        message.properties.user_properties.push(UserProperty {
            name: "trace".to_owned(),
            value: format!("t-{id}"),
        });
    }
    Arc::new(message)
}

fn timeline() -> Timeline {
    let mut timeline = Timeline::new(Bounds {
        rows: usize::MAX,
        bytes: usize::MAX,
    });
    let requests: Vec<Arc<Request>> = (0..50)
        .map(|device| {
            let draft = RequestDraft {
                name: format!("Switch {device}"),
                topic: format!("cmnd/device-{device}/power"),
                ..RequestDraft::default()
            };
            let here = Surroundings {
                client_id: "bench",
                ..Surroundings::default()
            };
            Arc::new(draft.validate(&here).unwrap())
        })
        .collect();
    let rule: Arc<str> = "mqtt5".into();
    let connection: Arc<str> = "lab".into();
    for id in 0..ROWS {
        let device = id % 50;
        let at = Timestamp::from_nanos(i64::try_from(id).unwrap() * 1_000_000);
        let request = Arc::clone(&requests[usize::try_from(device).unwrap()]);
        let payload = format!(
            "{{\"power\":\"on\",\"brightness\":{},\"seq\":{id}}}",
            id % 100
        );
        let sent = message(request.topic.as_str(), payload, id);
        let exchange = Exchange::new(
            ExchangeId(id),
            Arc::clone(&connection),
            request,
            sent,
            Arc::clone(&rule),
            at,
        );
        timeline.begin(exchange);
        timeline.apply(ExchangeId(id), Change::Published, at);
        let later = at.saturating_add(Duration::from_micros(900 + id % 9_000));
        let payload = format!(
            "{{\"power\":\"on\",\"status\":\"ok\",\"uptime\":{}}}",
            id * 3
        );
        let reply = Reply {
            message: message(&format!("stat/device-{device}/result"), payload, id),
            received: later,
            verdict: MessageVerdict::Reply,
            outcome: Outcome::Ok,
            responder: Some(format!("device-{device}").into()),
        };
        timeline.apply(ExchangeId(id), Change::Reply(reply), later);
        let verdict = if id.is_multiple_of(100) {
            Verdict::Late
        } else {
            Verdict::Answered
        };
        timeline.apply(ExchangeId(id), Change::Finished(verdict), later);
    }
    timeline
}

fn filters(criterion: &mut Criterion) {
    let timeline = timeline();
    let mut group = criterion.benchmark_group("count_1M");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ROWS));
    for text in [
        "verdict:late",
        "rtt:>5ms",
        "time:00:05..00:10",
        "topic:device-17",
        "topic:nowhere",
        "device:device-17",
        "payload:brightness",
        "payload:999999",
        "power",
        "zebra",
        "device-17 verdict:late",
        "/device-1[78]/",
        "correlation:0x1f2e3d",
        "user:trace=t-4",
        "payload.brightness:42",
        "payload.brightness:42 verdict:late",
        "verdict:late_reply",
    ] {
        let filter = Filter::new(text, None);
        assert!(filter.is_valid(), "{text}");
        group.bench_function(text, |bencher| {
            bencher.iter(|| {
                let passing = timeline.iter().filter(|row| filter.passes(*row));
                black_box(passing.count())
            });
        });
    }
    let snapshot = timeline.snapshot();
    for text in ["zebra", "payload:999999", "power"] {
        let filter = Filter::new(text, None);
        let needles = filter.needles();
        group.bench_function(format!("{text}, whole segments left out"), |bencher| {
            bencher.iter(|| {
                let mut count = 0;
                for part in snapshot.parts() {
                    let may_pass = part.haystacks().is_none_or(|hay| {
                        needles.iter().all(|any| {
                            any.iter().any(|needle| {
                                needle.is_in(hay.data)
                                    || hay.names.iter().any(|name| needle.is_in(name.as_bytes()))
                                    || hay.large.iter().any(|bytes| needle.is_in(bytes))
                            })
                        })
                    });
                    if may_pass {
                        count += part.rows().filter(|row| filter.passes(*row)).count();
                    }
                }
                black_box(count)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, filters);
criterion_main!(benches);
