use super::*;
use crate::model::exchange::{Change, Exchange, ExchangeId, Verdict};
use crate::model::message::Message;
use crate::model::request::{Request, RequestDraft, Surroundings};
use crate::model::time::Timestamp;
use crate::model::topic::TopicName;
use std::sync::Arc;

fn exchange(id: u64, topic: &str) -> Exchange {
    let draft = RequestDraft {
        topic: topic.to_owned(),
        ..RequestDraft::default()
    };
    let here = Surroundings {
        client_id: "c",
        ..Surroundings::default()
    };
    let request: Arc<Request> = Arc::new(draft.validate(&here).unwrap());
    let message = Arc::new(Message::new(TopicName::new(topic).unwrap(), "on"));
    Exchange::new(
        ExchangeId(id),
        "lab".into(),
        request,
        message,
        "mqtt5".into(),
        at(0),
    )
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

fn finish(timeline: &mut Timeline, id: u64, verdict: Verdict) {
    timeline.apply(ExchangeId(id), Change::Finished(verdict), at(9));
}

#[test]
fn a_filtered_list_follows_the_changes() {
    let mut timeline = Timeline::default();
    let mut listing = Listing::default();
    listing.set_filter("", Some(Category::Answered));
    for id in 1..=3 {
        timeline.begin(exchange(id, "a"));
    }
    listing.refresh(&timeline);
    assert_eq!(listing.len(), 0);
    finish(&mut timeline, 3, Verdict::Answered);
    finish(&mut timeline, 1, Verdict::Answered);
    listing.refresh(&timeline);
    let row = |id| timeline.row_of(ExchangeId(id)).unwrap();
    assert_eq!(listing.id_at(&timeline, 0), Some(row(3)));
    assert_eq!(listing.place_of(&timeline, row(1)), Some(1));
    finish(&mut timeline, 3, Verdict::Late);
    listing.refresh(&timeline);
    assert_eq!(listing.len(), 1);
}

/// Refreshes until all rows have been looked through.
fn settle(listing: &mut Listing, timeline: &Timeline) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    listing.refresh(timeline);
    while listing.is_searching() {
        assert!(
            std::time::Instant::now() < deadline,
            "the search does not end"
        );
        std::thread::yield_now();
        listing.refresh(timeline);
    }
}

fn shown(listing: &Listing, timeline: &Timeline) -> Vec<RowId> {
    let places = 0..listing.len();
    places
        .map(|place| listing.id_at(timeline, place).unwrap())
        .collect()
}

/// As found by looking at every row.
fn wanted(listing: &Listing, timeline: &Timeline) -> Vec<RowId> {
    let passing = timeline
        .iter()
        .rev()
        .filter(|row| listing.filter().passes(*row));
    passing.map(crate::model::timeline::RowRef::id).collect()
}

#[test]
fn many_rows_are_looked_through_elsewhere_and_nothing_is_missed() {
    let mut timeline = Timeline::default();
    let mut listing = Listing::default();
    for id in 0..1_000 {
        timeline.begin(exchange(id, if id % 3 == 0 { "light/on" } else { "door" }));
    }
    listing.set_filter("topic:light", None);
    settle(&mut listing, &timeline);
    assert_eq!(listing.len(), 334);
    assert_eq!(shown(&listing, &timeline), wanted(&listing, &timeline));
    let newest = listing.id_at(&timeline, 0).unwrap();
    assert_eq!(listing.place_of(&timeline, newest), Some(0));
    listing.set_filter("", None);
    listing.refresh(&timeline);
    assert_eq!((listing.len(), listing.is_searching()), (1_000, false));
}

#[test]
fn what_happens_during_a_search_is_in_its_result() {
    let mut timeline = Timeline::default();
    let mut listing = Listing::default();
    for id in 0..1_000 {
        timeline.begin(exchange(id, "light"));
    }
    for id in 0..500 {
        finish(&mut timeline, id, Verdict::Answered);
    }
    listing.set_filter("", Some(Category::Answered));
    listing.refresh(&timeline);
    // Old rows that pass now and no more, a new one, and the oldest are gone.
    for id in [3, 700, 999] {
        finish(&mut timeline, id, Verdict::Late);
    }
    for id in [800, 998] {
        finish(&mut timeline, id, Verdict::Answered);
    }
    timeline.begin(exchange(1_000, "light"));
    finish(&mut timeline, 1_000, Verdict::Answered);
    listing.refresh(&timeline);
    timeline.set_bounds(crate::model::timeline::Bounds {
        rows: 900,
        bytes: usize::MAX,
    });
    settle(&mut listing, &timeline);
    assert_eq!(shown(&listing, &timeline), wanted(&listing, &timeline));
    assert_eq!(listing.len(), 399 + 3);
}

#[test]
fn a_search_that_nobody_wants_any_more_is_given_up() {
    let mut timeline = Timeline::default();
    let mut listing = Listing::default();
    for id in 0..1_000 {
        timeline.begin(exchange(id, if id < 10 { "rare" } else { "door" }));
    }
    for text in ["rare", "d", "do", "topic:rare"] {
        listing.set_filter(text, None);
        listing.refresh(&timeline);
    }
    settle(&mut listing, &timeline);
    assert_eq!(listing.len(), 10);
    timeline.clear();
    settle(&mut listing, &timeline);
    assert_eq!(shown(&listing, &timeline), wanted(&listing, &timeline));
}
