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
