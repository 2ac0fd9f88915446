use super::*;
use crate::model::correlation::CorrelationSpec;
use crate::model::exchange::{MessageVerdict, Outcome, Reply, Verdict};
use crate::model::message::{Message, Qos};
use crate::model::request::{RepliesWanted, Request};
use crate::model::topic::TopicName;
use proptest::prelude::*;
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
        is_echo: false,
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

/// As the timeline should be: every row whole, in a list.
#[derive(Clone, Default)]
struct Plain {
    rows: Vec<(RowId, Row)>,
    next: u64,
}

impl Plain {
    fn push(&mut self, row: Row) {
        self.rows.push((RowId(self.next), row));
        self.next += 1;
    }

    fn of(&mut self, id: u64) -> Option<&mut Exchange> {
        self.rows.iter_mut().find_map(|(_, row)| match row {
            Row::Exchange(exchange) if exchange.id.0 == id => Some(&mut **exchange),
            _ => None,
        })
    }
}

#[derive(Clone, Debug)]
enum Step {
    Begin(u8),
    Stray(u8),
    Answer(u16),
    TimeOut(u16),
    Clear,
    Restore,
    Bound(usize),
    /// Rows are handed out to be packed, as many as there are.
    HandOut,
    /// One of those that were handed out is packed, and the result comes in.
    GiveBack(u8),
    /// One of them is packed; the result comes in later.
    Pack(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..60_u8).prop_map(Step::Begin),
        3 => (1..9_u8).prop_map(Step::Stray),
        12 => any::<u16>().prop_map(Step::Answer),
        12 => any::<u16>().prop_map(Step::TimeOut),
        1 => Just(Step::Clear),
        2 => Just(Step::Restore),
        1 => (20..200_usize).prop_map(Step::Bound),
        8 => Just(Step::HandOut),
        5 => any::<u8>().prop_map(Step::GiveBack),
        5 => any::<u8>().prop_map(Step::Pack),
    ]
}

fn assert_same(timeline: &Timeline, plain: &Plain) {
    let ids: Vec<RowId> = timeline.iter().map(RowRef::id).collect();
    let wanted: Vec<RowId> = plain.rows.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, wanted);
    assert_eq!(timeline.len(), ids.len());
    for (place, (id, row)) in plain.rows.iter().enumerate() {
        assert_eq!(timeline.row(*id).as_deref(), Some(row));
        assert_eq!(timeline.id_at(place), Some(*id));
        assert_eq!(timeline.place_of(*id), Some(place));
        if let Row::Exchange(exchange) = row {
            assert_eq!(timeline.row_of(exchange.id), Some(*id));
        }
    }
    assert_eq!(timeline.id_at(ids.len()), None);
    for category in Category::ALL {
        let of = |(_, row): &&(RowId, Row)| Category::of(row) == category;
        let wanted = plain.rows.iter().filter(of).count();
        assert_eq!(timeline.count_of(category), wanted);
    }
    let snapshot = timeline.snapshot();
    let both = snapshot.rows().chain(timeline.newest()).map(RowRef::id);
    assert_eq!(both.collect::<Vec<_>>(), ids);
    let weight: usize = timeline.iter().map(RowRef::weight).sum();
    assert_eq!(timeline.bytes(), weight);
}

const ALL: Bounds = Bounds {
    rows: usize::MAX,
    bytes: usize::MAX,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn packed_or_not_it_is_the_same_list(steps in proptest::collection::vec(step(), 1..60)) {
        let mut timeline = Timeline::new(ALL);
        let mut plain = Plain::default();
        let mut cleared: Option<(Cleared, Vec<(RowId, Row)>)> = None;
        let mut exchanges = 0_u64;
        let mut time = 0;
        let mut out: Vec<Packing> = Vec::new();
        let mut done: Vec<Packed> = Vec::new();
        for step in steps {
            time += 1;
            match step {
                Step::Begin(count) => for _ in 0..count {
                    let topic = if exchanges.is_multiple_of(2) { "a" } else { "b/c" };
                    let one = exchange(exchanges, topic, "on");
                    exchanges += 1;
                    plain.push(Row::Exchange(Box::new(one.clone())));
                    timeline.begin(one);
                },
                Step::Stray(count) => for _ in 0..count {
                    plain.push(Row::Message(unmatched()));
                    timeline.push_message(unmatched());
                },
                Step::Answer(which) | Step::TimeOut(which) => {
                    let id = u64::from(which) % exchanges.max(1);
                    let changes = if matches!(step, Step::Answer(_)) {
                        let reply = Reply {
                            message: message("resp", "{}"),
                            received: at(time),
                            verdict: MessageVerdict::Reply,
                            outcome: Outcome::Ok,
                            responder: Some("Lamp-7".into()),
                        };
                        vec![Change::Reply(reply), Change::Finished(Verdict::Answered)]
                    } else {
                        vec![Change::Finished(Verdict::TimedOut)]
                    };
                    for change in changes {
                        if let Some(one) = plain.of(id) {
                            one.apply(change.clone(), at(time));
                        }
                        timeline.apply(ExchangeId(id), change, at(time));
                    }
                }
                Step::Clear => {
                    let waits = |(_, row): &(RowId, Row)| Category::of(row) == Category::Waiting;
                    let (kept, gone): (Vec<_>, Vec<_>) = plain.rows.drain(..).partition(waits);
                    plain.rows = kept;
                    let taken = timeline.clear();
                    prop_assert_eq!(taken.len(), gone.len());
                    cleared = Some((taken, gone));
                }
                Step::Restore => if let Some((taken, gone)) = cleared.take() {
                    timeline.restore(taken);
                    plain.rows.extend(gone);
                    plain.rows.sort_by_key(|(id, _)| *id);
                },
                Step::Bound(rows) => {
                    // What was cleared does not know that its neighbours are gone.
                    cleared = None;
                    timeline.set_bounds(Bounds { rows, ..ALL });
                    timeline.set_bounds(ALL);
                    let gone = plain.rows.len().saturating_sub(rows);
                    plain.rows.drain(..gone);
                }
                Step::HandOut => {
                    out.extend(std::iter::from_fn(|| timeline.take_packing()));
                    drop(timeline.take_spent());
                }
                Step::Pack(which) => if !out.is_empty() {
                    done.push(out.swap_remove(usize::from(which) % out.len()).pack());
                },
                Step::GiveBack(which) => if !out.is_empty() || !done.is_empty() {
                    if done.is_empty() {
                        done.extend(out.pop().map(Packing::pack));
                    }
                    timeline.packed(done.swap_remove(usize::from(which) % done.len()));
                },
            }
            assert_same(&timeline, &plain);
        }
    }
}

#[test]
fn what_is_kept_of_many_rows_is_small_and_its_bytes_are_counted() {
    let mut timeline = Timeline::default();
    for id in 0..500 {
        timeline.begin(exchange(id, "a", "on"));
    }
    let whole = timeline.bytes();
    for id in 0..500 {
        answer(&mut timeline, id, 4);
    }
    for _ in 0..1_000 {
        timeline.push_message(unmatched());
    }
    assert!(timeline.bytes() < whole, "{} {whole}", timeline.bytes());
    timeline.set_bounds(Bounds { rows: 1, ..ALL });
    let left: usize = timeline.iter().map(RowRef::weight).sum();
    assert_eq!(timeline.bytes(), left);
}

#[test]
fn rows_of_a_recording_keep_their_numbers() {
    let mut timeline = Timeline::default();
    assert!(timeline.put(RowId(7), Row::Message(unmatched())));
    assert!(timeline.put(RowId(9), Row::Message(unmatched())));
    assert!(!timeline.put(RowId(8), Row::Message(unmatched())));
    let row = Row::Exchange(Box::new(exchange(1, "a", "")));
    assert!(timeline.put(RowId(9), row));
    assert_eq!(timeline.count_of(Category::Waiting), 1);
    assert_eq!(timeline.place_of(RowId(9)), Some(1));
    assert_eq!(timeline.begin(exchange(2, "b", "")), RowId(10));
}

#[test]
fn who_follows_is_told_what_was_touched() {
    let mut timeline = Timeline::default();
    timeline.begin(exchange(1, "a", ""));
    let first = timeline.touched_since(0);
    assert_eq!(first.ids().collect::<Vec<_>>(), [RowId(0)]);
    let cursor = first.cursor;
    assert!(timeline.touched_since(cursor).is_empty());
    answer(&mut timeline, 1, 3);
    let touched = timeline.touched_since(cursor);
    assert!(touched.ids().all(|id| id == RowId(0)) && !touched.is_empty());
    for _ in 0..(1 << 17) {
        timeline.push_message(unmatched());
    }
    assert!(timeline.touched_since(cursor).is_incomplete);
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

#[test]
fn a_row_of_a_recording_that_grows_counts_with_what_it_has_now() {
    let mut timeline = Timeline::default();
    let id = RowId::new(7);
    let row = |bytes: usize| {
        let topic = TopicName::new("t").unwrap();
        Row::Message(MessageRow {
            message: Arc::new(Message::new(topic, vec![b'x'; bytes])),
            ..unmatched()
        })
    };
    assert!(timeline.put(id, row(10)));
    let before = timeline.bytes();
    assert!(timeline.put(id, row(50_010)));
    assert_eq!(timeline.bytes(), before + 50_000);
    assert!(timeline.put(id, row(10)));
    assert_eq!(timeline.bytes(), before);
}

#[test]
fn who_takes_rows_to_pack_and_never_comes_back_is_not_waited_for() {
    let mut alone = Timeline::new(ALL);
    let mut waiting = Timeline::new(ALL);
    let mut out = Vec::new();
    for _ in 0..4_000 {
        alone.push_message(unmatched());
        waiting.push_message(unmatched());
        out.extend(waiting.take_packing());
    }
    // A few stretches are whole that would be packed, and no more however long it goes on.
    let most = 8 * packed::ROWS * Row::Message(unmatched()).weight();
    assert!(!out.is_empty());
    assert!(waiting.bytes() < alone.bytes() + most);
    assert!(out.len() < 8, "{}", out.len());
    for packing in out {
        waiting.packed(packing.pack());
    }
    while let Some(packing) = waiting.take_packing() {
        waiting.packed(packing.pack());
    }
    assert_eq!(waiting.bytes(), alone.bytes());
    assert!(waiting.rows().eq(alone.rows()));
}
