//! How fast exchanges are written and opened again.
//!
//! `cargo bench --bench recording`. A recording has to keep up with 20,000 exchanges a second, and one of a million has to
//! open within seconds.
#![expect(clippy::expect_used, reason = "a benchmark may fail")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use roundtrip::model::correlation::CorrelationData;
use roundtrip::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reason, Reply, Verdict,
};
use roundtrip::model::message::Message;
use roundtrip::model::request::{Request, RequestDraft, Surroundings};
use roundtrip::model::time::Timestamp;
use roundtrip::model::timeline::{Bounds, Timeline};
use roundtrip::model::topic::TopicName;
use roundtrip::store::recording::{Recorder, RecorderOptions, Recording};
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const LIMIT: Duration = Duration::from_mins(5);

fn request() -> Arc<Request> {
    let draft = RequestDraft {
        name: "Power".to_owned(),
        topic: "cmnd/light/1/power".to_owned(),
        payload: r#"{"power":"on","level":80}"#.to_owned(),
        ..RequestDraft::default()
    };
    let request = draft.validate(&Surroundings::default());
    Arc::new(request.expect("a request"))
}

/// Exchanges with one answer each, on a hundred topics.
fn timeline(count: u64) -> Timeline {
    let request = request();
    let reply_topic = request.response_topic.clone().expect("a Response Topic");
    let mut timeline = Timeline::new(Bounds {
        rows: usize::MAX,
        bytes: usize::MAX,
    });
    for number in 0..count {
        let id = ExchangeId(number);
        let at = |offset: i64| {
            let number = i64::try_from(number).expect("small");
            Timestamp::from_nanos(number * 50_000 + offset)
        };
        let correlation = CorrelationData::new(number.to_be_bytes().to_vec());
        let mut message = request.message(Some(correlation.clone()));
        let topic = format!("cmnd/light/{}/power", number % 100);
        message.topic = TopicName::new(&topic).expect("a topic");
        timeline.begin(Exchange::new(
            id,
            "local".into(),
            Arc::clone(&request),
            Arc::new(message),
            "mqtt5".into(),
            at(0),
        ));
        timeline.apply(id, Change::Published, at(10_000));
        let acknowledged = Change::Acknowledged(Reason::new(0, "Success"));
        timeline.apply(id, acknowledged, at(50_000));
        let mut answer = Message::new(reply_topic.clone(), r#"{"power":"on"}"#);
        answer.properties.correlation_data = Some(correlation);
        let reply = Reply {
            message: Arc::new(answer),
            received: at(900_000),
            verdict: MessageVerdict::Reply,
            outcome: Outcome::Ok,
            responder: Some("light".into()),
        };
        timeline.apply(id, Change::Reply(reply), at(900_000));
        timeline.apply(id, Change::Finished(Verdict::Answered), at(900_000));
    }
    timeline
}

fn record(path: &Path, timeline: &Timeline) {
    let recorder = Recorder::start(path, RecorderOptions::default()).expect("a thread");
    let done = recorder.finish(timeline, Timestamp::default(), LIMIT);
    assert_eq!(done.expect("it is written").missed, 0);
}

fn open(path: &Path) -> u64 {
    let mut recording = Recording::open(path).expect("a recording");
    let done = recording.load(
        |row| {
            black_box(row);
        },
        |_| ControlFlow::Continue(()),
    );
    done.expect("it is read").rows
}

fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut group = criterion.benchmark_group("recording");
    group.sample_size(10);
    let count = 100_000;
    let some = timeline(count);
    group.throughput(Throughput::Elements(count));
    group.bench_function("write 100,000 exchanges", |bencher| {
        let path = folder.path().join("write.rtrec");
        bencher.iter_batched(
            || std::fs::remove_file(&path).unwrap_or_default(),
            |()| record(&path, &some),
            criterion::BatchSize::PerIteration,
        );
    });
    drop(some);
    let count = 1_000_000;
    let path = folder.path().join("million.rtrec");
    record(&path, &timeline(count));
    group.throughput(Throughput::Elements(count));
    group.bench_function("open 1,000,000 exchanges", |bencher| {
        bencher.iter(|| assert_eq!(open(&path), count));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
