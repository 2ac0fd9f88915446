use super::arrange::Spec;
use super::group::{GroupBy, GroupOrder};
use super::sort::{Order, SortBy};
use super::*;
use crate::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reply, Verdict,
};
use crate::model::message::Message;
use crate::model::request::{Request, RequestDraft, Surroundings};
use crate::model::time::Timestamp;
use crate::model::timeline::{Bounds, RowRef};
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

/// A timeline of exchanges on these topics, each answered after so many milliseconds.
fn answered(rows: &[(&str, i64)]) -> Timeline {
    let mut timeline = Timeline::default();
    for ((topic, ms), id) in rows.iter().zip(1..) {
        begin_answered(&mut timeline, id, topic, *ms);
    }
    timeline
}

fn begin_answered(timeline: &mut Timeline, id: u64, topic: &str, ms: i64) {
    timeline.begin(exchange(id, topic));
    timeline.apply(ExchangeId(id), Change::Published, at(0));
    answer(timeline, id, ms);
}

fn answer(timeline: &mut Timeline, id: u64, ms: i64) {
    let message = Arc::new(Message::new(TopicName::new("r").unwrap(), "ok"));
    let reply = Reply {
        message,
        received: at(ms),
        verdict: MessageVerdict::Reply,
        outcome: Outcome::Ok,
        responder: Some("lamp".into()),
    };
    timeline.apply(ExchangeId(id), Change::Reply(reply), at(ms));
    timeline.apply(ExchangeId(id), Change::Finished(Verdict::Answered), at(ms));
}

fn sorted_by(by: SortBy, is_descending: bool) -> Listing {
    let mut listing = Listing::default();
    let order = Some(Order { by, is_descending });
    listing.arrangement_mut().want(Spec { order, group: None });
    listing
}

/// What the table shows, from the top: exchange numbers, and heads of groups with their counts.
fn lines(listing: &Listing, timeline: &Timeline) -> String {
    let line = |place| match listing.shown_at(timeline, place).unwrap() {
        Shown::Row(id) => timeline
            .peek(id)
            .and_then(RowRef::exchange_id)
            .map_or_else(|| "gone".to_owned(), |id| id.0.to_string()),
        Shown::Group(id) => {
            let group = listing.arrangement().group(id).unwrap();
            format!("{}({})", group.name, group.rows)
        }
    };
    for place in 0..listing.shown_len() {
        let shown = listing.shown_at(timeline, place).unwrap();
        assert_eq!(listing.place_of_shown(timeline, shown), Some(place));
    }
    assert_eq!(listing.shown_at(timeline, listing.shown_len()), None);
    let all: Vec<String> = (0..listing.shown_len()).map(line).collect();
    all.join(" ")
}

#[test]
fn rows_are_sorted_both_ways_equal_ones_newest_first_and_those_without_a_value_last() {
    let mut timeline = answered(&[("a", 5), ("b", 2), ("c", 5), ("d", 9)]);
    timeline.begin(exchange(5, "e"));
    for (is_descending, expected) in [(false, "2 3 1 4 5"), (true, "4 3 1 2 5")] {
        let mut listing = sorted_by(SortBy::RoundTrip, is_descending);
        listing.refresh(&timeline);
        assert_eq!(lines(&listing, &timeline), expected);
    }
}

#[test]
fn what_arrives_in_a_sorted_table_is_put_in_its_place_and_moves_when_it_changes() {
    let mut timeline = answered(&[("delta", 5), ("alpha", 2)]);
    let mut by_topic = sorted_by(SortBy::Topic, false);
    let mut by_time = sorted_by(SortBy::RoundTrip, false);
    for listing in [&mut by_topic, &mut by_time] {
        listing.refresh(&timeline);
    }
    timeline.begin(exchange(3, "Bravo"));
    timeline.apply(ExchangeId(3), Change::Published, at(0));
    for listing in [&mut by_topic, &mut by_time] {
        listing.refresh(&timeline);
    }
    assert_eq!(lines(&by_topic, &timeline), "2 3 1");
    assert_eq!(lines(&by_time, &timeline), "2 1 3");
    answer(&mut timeline, 3, 3);
    by_time.refresh(&timeline);
    assert_eq!(lines(&by_time, &timeline), "2 3 1");
}

#[test]
fn a_sorted_table_follows_the_filter_the_dropping_of_the_oldest_clearing_and_undo() {
    let mut timeline = answered(&[("a", 4), ("b", 3), ("c", 2), ("d", 1)]);
    finish(&mut timeline, 2, Verdict::TimedOut);
    let mut listing = sorted_by(SortBy::RoundTrip, true);
    listing.refresh(&timeline);
    listing.set_filter("", Some(Category::Answered));
    listing.refresh(&timeline);
    assert_eq!(lines(&listing, &timeline), "1 3 4");
    listing.set_filter("", None);
    timeline.set_bounds(Bounds {
        rows: 3,
        ..Bounds::default()
    });
    listing.refresh(&timeline);
    assert_eq!(lines(&listing, &timeline), "2 3 4");
    let cleared = timeline.clear();
    listing.refresh(&timeline);
    assert_eq!(listing.shown_len(), 0);
    timeline.restore(cleared);
    listing.refresh(&timeline);
    assert_eq!(lines(&listing, &timeline), "2 3 4");
    listing.arrangement_mut().want(Spec::default());
    listing.refresh(&timeline);
    assert_eq!(lines(&listing, &timeline), "4 3 2");
}

#[test]
fn groups_are_headed_by_what_they_amount_to_and_opened_one_by_one_or_all() {
    let mut timeline = answered(&[("b", 4), ("a", 1), ("b", 2), ("c", 9), ("b", 3)]);
    finish(&mut timeline, 5, Verdict::TimedOut);
    let mut listing = Listing::default();
    let group = Some(GroupBy::Topic);
    listing.arrangement_mut().want(Spec { order: None, group });
    listing.refresh(&timeline);
    assert_eq!(lines(&listing, &timeline), "a(1) b(3) c(1)");
    let Some(Shown::Group(b)) = listing.shown_at(&timeline, 1) else {
        panic!("a group")
    };
    listing.arrangement_mut().open_group(b, true);
    assert_eq!(lines(&listing, &timeline), "a(1) b(3) 5 3 1 c(1)");
    let line = listing.arrangement().group(b).unwrap();
    assert_eq!(line.counts[Category::Answered as usize], 2);
    assert_eq!(line.counts[Category::TimedOut as usize], 1);
    assert_eq!(line.worst, Some(std::time::Duration::from_millis(4)));
    for (order, expected) in [
        (GroupOrder::Count, "b(3) 5 3 1 a(1) c(1)"),
        (GroupOrder::P99, "c(1) b(3) 5 3 1 a(1)"),
        (GroupOrder::Name, "a(1) b(3) 5 3 1 c(1)"),
    ] {
        listing.arrangement_mut().set_group_order(order);
        assert_eq!(lines(&listing, &timeline), expected);
    }
    begin_answered(&mut timeline, 6, "b", 7);
    begin_answered(&mut timeline, 7, "aa", 7);
    listing.refresh(&timeline);
    assert_eq!(lines(&listing, &timeline), "a(1) aa(1) b(4) 6 5 3 1 c(1)");
    let order = Some(Order {
        by: SortBy::RoundTrip,
        is_descending: true,
    });
    listing.arrangement_mut().want(Spec { order, group });
    listing.refresh(&timeline);
    assert_eq!(lines(&listing, &timeline), "a(1) aa(1) b(4) 6 1 5 3 c(1)");
    listing.set_filter("topic:b", None);
    listing.refresh(&timeline);
    assert_eq!(lines(&listing, &timeline), "b(4) 6 1 5 3");
    listing.arrangement_mut().open_all_groups(false);
    assert_eq!(lines(&listing, &timeline), "b(4)");
    listing.arrangement_mut().open_all_groups(true);
    assert_eq!(lines(&listing, &timeline), "b(4) 6 1 5 3");
}

/// Refreshes as frames do until it is there, at most so many times; gives how many it took.
fn refresh_until_made(listing: &mut Listing, timeline: &Timeline) -> usize {
    let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
    let mut frames = 0;
    loop {
        listing.refresh(timeline);
        frames += 1;
        if !listing.arrangement().is_busy() {
            return frames;
        }
        assert!(std::time::Instant::now() < until, "not made in a minute");
        std::thread::yield_now();
    }
}

#[test]
fn many_rows_are_sorted_over_several_frames_while_what_was_shown_stays_and_rows_arrive() {
    const ROWS: u64 = 40_000;
    let mut timeline = Timeline::default();
    let topics: Vec<String> = (0..700).map(|n| format!("site/{n:03}/cmnd")).collect();
    let topic = |id: u64| topics[(id * 7_919 % 700) as usize].as_str();
    for id in 1..=ROWS {
        timeline.begin(exchange(id, topic(id)));
    }
    let mut listing = sorted_by(SortBy::Topic, false);
    listing.refresh(&timeline);
    assert!(listing.arrangement().is_busy());
    assert!(!listing.arrangement().is_shown());
    let newest = timeline.id_at(timeline.len() - 1).unwrap();
    assert_eq!(listing.shown_at(&timeline, 0), Some(Shown::Row(newest)));
    // These arrive while it is made.
    for id in ROWS + 1..=ROWS + 50 {
        timeline.begin(exchange(id, topic(id)));
    }
    let frames = refresh_until_made(&mut listing, &timeline);
    assert!(frames >= 2, "{frames}");
    assert_eq!(listing.shown_len() as u64, ROWS + 50);
    let topic_at = |place| match listing.shown_at(&timeline, place) {
        Some(Shown::Row(id)) => timeline.peek(id).unwrap().topic(),
        other => panic!("{other:?}"),
    };
    let is_sorted = (1..listing.shown_len()).all(|place| topic_at(place - 1) <= topic_at(place));
    assert!(is_sorted);
    let group = Some(GroupBy::Topic);
    listing.arrangement_mut().want(Spec { order: None, group });
    refresh_until_made(&mut listing, &timeline);
    assert_eq!(listing.shown_len(), 700);
    // A change is in its place in the very next frame.
    timeline.begin(exchange(ROWS + 51, "a new one"));
    listing.refresh(&timeline);
    assert!(!listing.arrangement().is_busy());
    assert_eq!(listing.shown_len(), 701);
}

#[test]
fn rows_newer_than_one_are_counted_also_when_it_is_gone() {
    let mut timeline = answered(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]);
    let mut listing = Listing::default();
    listing.refresh(&timeline);
    let second = timeline.row_of(ExchangeId(2)).unwrap();
    assert_eq!(listing.newer_than(&timeline, second), 2);
    listing.set_filter("topic:d", None);
    listing.refresh(&timeline);
    assert_eq!(listing.newer_than(&timeline, second), 1);
    listing.set_filter("", None);
    timeline.set_bounds(Bounds {
        rows: 1,
        ..Bounds::default()
    });
    listing.refresh(&timeline);
    assert_eq!(listing.newer_than(&timeline, second), 1);
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

#[test]
fn connections_are_sorted_by_their_names_and_anew_when_they_are_renamed() {
    let mut timeline = Timeline::default();
    for (id, connection) in [(1, "a-1"), (2, "b-2"), (3, "c-3")] {
        let mut exchange = exchange(id, "t");
        exchange.connection = connection.into();
        timeline.begin(exchange);
    }
    let names = |names: [(&str, &str); 2]| -> Vec<(String, String)> {
        let owned = names.map(|(id, name)| (id.to_owned(), name.to_owned()));
        owned.into()
    };
    let mut listing = sorted_by(SortBy::Connection, false);
    let mut shown = |pairs: &[(String, String)]| {
        let pairs = pairs.iter().map(|(id, name)| (id, name));
        listing.arrangement_mut().call_connections(pairs);
        listing.refresh(&timeline);
        lines(&listing, &timeline)
    };
    assert_eq!(shown(&[]), "1 2 3");
    let first = names([("a-1", "Workshop"), ("b-2", "Attic")]);
    assert_eq!(shown(&first), "2 3 1", "c-3 has no name");
    assert_eq!(shown(&names([("a-1", "attic"), ("b-2", "Zoo")])), "1 3 2");
}
