//! How long it takes to find the rows that pass a filter among a million exchanges as they lie packed,
//! and to put them in order.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use roundtrip::app::listing::Listing;
use roundtrip::app::listing::arrange::Spec;
use roundtrip::app::listing::group::GroupBy;
use roundtrip::app::listing::sort::{Order, SortBy};
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
use std::thread;
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

const FILTERS: [&str; 20] = [
    "verdict:late",
    "verdict:late_reply",
    "rtt:>5ms",
    "time:00:05..00:10",
    "size:>45",
    "topic:device-17",
    "topic:nowhere",
    "device:device-17",
    "payload:brightness",
    "payload:999999",
    "power",
    "zebra",
    "device-17 verdict:late",
    "/device-1[78]/",
    "payload:/\"seq\":\\d*77\\d/",
    "correlation:0x1f2e3d",
    "user:trace=t-4",
    "payload.brightness:42",
    "payload.status:ok",
    "payload.brightness:42 verdict:late",
];

/// What the window does: a line is typed, and frames follow until all is known.
fn window(criterion: &mut Criterion, timeline: &Timeline) {
    let mut group = criterion.benchmark_group("window_1M");
    settle(&mut group);
    let wait = || thread::sleep(Duration::from_micros(500));
    for text in FILTERS {
        group.bench_function(text, |bencher| {
            bencher.iter(|| {
                let mut listing = Listing::default();
                listing.set_filter(text, None);
                listing.refresh(timeline);
                while listing.is_searching() {
                    wait();
                    listing.refresh(timeline);
                }
                black_box(listing.len())
            });
        });
    }
    for text in ["power", "verdict:late", "topic:device-17"] {
        group.bench_function(format!("{text}, first page"), |bencher| {
            bencher.iter(|| {
                let mut listing = Listing::default();
                listing.set_filter(text, None);
                listing.refresh(timeline);
                while listing.is_searching() && listing.is_empty() {
                    wait();
                    listing.refresh(timeline);
                }
                black_box(listing.len())
            });
        });
    }
    group.finish();
}

/// The same looked through by one thread alone.
fn one_thread(criterion: &mut Criterion, timeline: &Timeline) {
    let mut group = criterion.benchmark_group("one_thread_1M");
    settle(&mut group);
    for text in FILTERS {
        let filter = Filter::new(text, None);
        assert!(filter.is_valid(), "{text}");
        group.bench_function(text, |bencher| {
            bencher.iter(|| {
                let passing = timeline.iter().filter(|row| filter.passes(*row));
                black_box(passing.count())
            });
        });
    }
    group.finish();
}

/// Order and groups as the window makes them, until they are shown.
fn arranged(criterion: &mut Criterion, timeline: &Timeline) {
    let mut group = criterion.benchmark_group("arranged_1M");
    settle(&mut group);
    let by = |by| Spec {
        order: Some(Order {
            by,
            is_descending: true,
        }),
        group: None,
    };
    let of = |group| Spec {
        order: None,
        group: Some(group),
    };
    for (name, spec) in [
        ("by round trip", by(SortBy::RoundTrip)),
        ("by topic", by(SortBy::Topic)),
        ("by size", by(SortBy::Size)),
        ("in groups by topic", of(GroupBy::Topic)),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut listing = Listing::default();
                listing.arrangement_mut().want(spec);
                listing.refresh(timeline);
                while listing.arrangement().is_busy() {
                    thread::sleep(Duration::from_micros(500));
                    listing.refresh(timeline);
                }
                black_box(listing.shown_len())
            });
        });
    }
    group.finish();
}

fn settle(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.sample_size(10);
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(1));
    group.throughput(Throughput::Elements(ROWS));
}

fn filters(criterion: &mut Criterion) {
    let timeline = timeline();
    window(criterion, &timeline);
    one_thread(criterion, &timeline);
    arranged(criterion, &timeline);
}

criterion_group!(benches, filters);
criterion_main!(benches);
