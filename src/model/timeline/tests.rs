use super::*;
use crate::model::correlation::CorrelationSpec;
use crate::model::exchange::{MessageVerdict, Outcome, Reply, Verdict};
use crate::model::message::{Message, Qos};
use crate::model::request::{RepliesWanted, Request};
use crate::model::topic::TopicName;
use std::sync::Arc;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

fn message(topic: &str, payload: &'static str) -> Arc<Message> {
    Arc::new(Message::new(TopicName::new(topic).unwrap(), payload))
}

fn exchange(id: u64, topic: &str, payload: &'static str) -> Exchange {
    let request = Request {
        name: "Turn on".into(),
        topic: TopicName::new(topic).unwrap(),
        qos: Qos::AtLeastOnce,
        retain: false,
        payload: payload.into(),
        response_topic: None,
        correlation: CorrelationSpec::None,
        timeout: Duration::from_secs(1),
        replies: RepliesWanted::First,
        content_type: None,
        payload_is_utf8: false,
        message_expiry_secs: None,
        user_properties: Vec::new(),
        pairing: crate::model::request::Pairing::default(),
    };
    Exchange::new(
        ExchangeId(id),
        "lab".into(),
        Arc::new(request),
        message(topic, payload),
        "mqtt5".into(),
        at(0),
    )
}

fn answer(timeline: &mut Timeline, id: u64, ms: i64) {
    let reply = Reply {
        message: message("resp", "{\"ok\":true}"),
        received: at(ms),
        verdict: MessageVerdict::Reply,
        outcome: Outcome::Ok,
        responder: Some("Lamp-7".into()),
    };
    timeline.apply(ExchangeId(id), Change::Reply(reply), at(ms));
    timeline.apply(ExchangeId(id), Change::Finished(Verdict::Answered), at(ms));
}

fn unmatched() -> MessageRow {
    MessageRow {
        connection: "lab".into(),
        message: message("other", ""),
        verdict: MessageVerdict::Unmatched,
        received: at(5),
        responder: None,
        near: None,
        difference: None,
    }
}

fn filtered(timeline: &Timeline, text: &str) -> usize {
    let filter = Filter::new(text, None);
    timeline.iter().filter(|row| filter.passes(*row)).count()
}

#[test]
fn counts_follow_the_verdicts() {
    let mut timeline = Timeline::default();
    timeline.begin(exchange(1, "a", "on"));
    timeline.begin(exchange(2, "b", "off"));
    timeline.push_message(unmatched());
    answer(&mut timeline, 1, 4);
    assert_eq!(timeline.count_of(Category::Waiting), 1);
    assert_eq!(timeline.count_of(Category::Answered), 1);
    assert_eq!(timeline.count_of(Category::Unmatched), 1);
    assert_eq!(
        timeline.percentiles([0.5, 0.99]),
        Some([Duration::from_millis(4); 2])
    );
}

#[test]
fn the_filter_finds_words_and_fields() {
    let mut timeline = Timeline::default();
    timeline.begin(exchange(1, "cmnd/light/power", "{\"power\":\"ON\"}"));
    timeline.begin(exchange(2, "cmnd/door", "Öffne"));
    answer(&mut timeline, 1, 8);
    for (text, rows) in [
        ("", 2),
        ("light", 1),
        ("LIGHT", 1),
        ("topic:door", 1),
        ("topic:resp", 1),
        ("payload:on", 1),
        ("payload:OK", 1),
        ("responder:lamp", 1),
        ("lamp", 1),
        ("connection:la", 2),
        ("connection:x", 0),
        ("rtt:>5ms", 1),
        ("rtt:<5ms", 0),
        ("rtt:soon", 0),
        ("verdict:wait", 1),
        ("light door", 0),
        ("ÖFFNEN", 0),
        ("Öffne", 1),
        ("name:\"turn on\"", 2),
        ("\"turn on\"", 2),
    ] {
        assert_eq!(filtered(&timeline, text), rows, "{text}");
    }
}

#[test]
fn the_bounds_hold_and_what_went_is_counted() {
    let mut timeline = Timeline::new(Bounds {
        rows: 3,
        bytes: usize::MAX,
    });
    for id in 0..5 {
        timeline.begin(exchange(id, "a", ""));
    }
    assert_eq!((timeline.len(), timeline.dropped()), (3, 2));
    assert_eq!(timeline.count_of(Category::Waiting), 3);
    answer(&mut timeline, 0, 1);
    assert!(timeline.exchange(ExchangeId(0)).is_none());
    let per_row = timeline.bytes() / 3;
    timeline.set_bounds(Bounds {
        rows: 3,
        bytes: per_row + 1,
    });
    assert_eq!((timeline.len(), timeline.dropped()), (1, 4));
}

#[test]
fn clearing_keeps_what_waits_and_can_be_undone() {
    let mut timeline = Timeline::default();
    timeline.begin(exchange(1, "a", ""));
    timeline.begin(exchange(2, "b", ""));
    timeline.push_message(unmatched());
    answer(&mut timeline, 1, 1);
    let bytes = timeline.bytes();
    let cleared = timeline.clear();
    assert_eq!((cleared.len(), timeline.len()), (2, 1));
    answer(&mut timeline, 2, 3);
    assert_eq!(timeline.count_of(Category::Answered), 1);
    timeline.begin(exchange(3, "c", ""));
    timeline.restore(cleared);
    let topics: Vec<&str> = timeline.iter().map(RowRef::topic).collect();
    assert_eq!(topics, ["a", "b", "other", "c"]);
    assert_eq!(timeline.count_of(Category::Answered), 2);
    assert!(timeline.bytes() > bytes);
}

#[test]
fn percentiles_are_of_the_nearest_rank() {
    let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
    assert_eq!(nearest_rank(&times, 0.5), Duration::from_millis(50));
    assert_eq!(nearest_rank(&times, 0.99), Duration::from_millis(99));
    assert_eq!(nearest_rank(&times, 0.0), Duration::from_millis(1));
    assert_eq!(nearest_rank(&times, 1.0), Duration::from_millis(100));
}

fn pinned(comment: &str) -> Mark {
    Mark {
        is_pinned: true,
        comment: comment.to_owned(),
        colour: Some(MarkColour::Green),
    }
}

#[test]
fn a_mark_is_told_to_those_who_follow_and_an_empty_one_is_none() {
    let mut timeline = Timeline::default();
    let row = timeline.begin(exchange(1, "a", "on"));
    let cursor = timeline.touched_since(0).cursor;
    let version = timeline.version();
    assert_eq!(timeline.set_mark(row, pinned("odd")), Mark::default());
    assert_eq!(timeline.mark(row), Some(&pinned("odd")));
    let touched: Vec<RowId> = timeline.touched_since(cursor).ids().collect();
    assert_eq!(touched, [row]);
    assert_ne!(timeline.version(), version);
    assert_eq!(timeline.set_mark(row, Mark::default()), pinned("odd"));
    assert_eq!(timeline.mark(row), None);
    timeline.set_mark(RowId::new(99), pinned(""));
    assert_eq!(timeline.mark(RowId::new(99)), None);
}

#[test]
fn pinned_rows_stay_when_cleared_other_marks_come_back_with_their_rows_and_bounds_spare_nobody() {
    let mut timeline = Timeline::default();
    let rows: Vec<RowId> = (1..=3)
        .map(|id| {
            let row = timeline.begin(exchange(id, "a", "on"));
            answer(&mut timeline, id, 4);
            row
        })
        .collect();
    timeline.set_mark(rows[0], pinned("stays"));
    let noted = Mark {
        comment: "goes and comes back".to_owned(),
        ..Mark::default()
    };
    timeline.set_mark(rows[1], noted.clone());
    let cleared = timeline.clear();
    assert_eq!((cleared.len(), timeline.len()), (2, 1));
    assert_eq!(timeline.mark(rows[0]), Some(&pinned("stays")));
    assert_eq!(timeline.mark(rows[1]), None);
    timeline.restore(cleared);
    assert_eq!(timeline.mark(rows[1]), Some(&noted));
    timeline.set_bounds(Bounds {
        rows: 2,
        ..Bounds::default()
    });
    assert!(timeline.row(rows[0]).is_none());
    assert_eq!(timeline.mark(rows[0]), None);
}
