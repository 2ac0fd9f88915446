use super::*;
use crate::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reply, Verdict,
};
use crate::model::message::Message;
use crate::model::request::{Request, RequestDraft, Surroundings};
use crate::model::timeline::Bounds;
use crate::model::topic::TopicName;

const MS: i64 = 1_000_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_nanos(1_700_000_000_000 * MS + ms * MS)
}

fn message(topic: &str) -> Arc<Message> {
    Arc::new(Message::new(TopicName::new(topic).unwrap(), "on"))
}

fn begin(timeline: &mut Timeline, id: u64, topic: &str, ms: i64) {
    let draft = RequestDraft {
        topic: topic.to_owned(),
        ..RequestDraft::default()
    };
    let here = Surroundings {
        client_id: "c",
        ..Surroundings::default()
    };
    let request: Arc<Request> = Arc::new(draft.validate(&here).unwrap());
    let id = ExchangeId(id);
    timeline.begin(Exchange::new(
        id,
        "lab".into(),
        request,
        message(topic),
        "mqtt5".into(),
        at(ms),
    ));
    timeline.apply(id, Change::Published, at(ms));
}

fn answer(timeline: &mut Timeline, id: u64, responder: &str, received: Timestamp) {
    let id = ExchangeId(id);
    let reply = Reply {
        message: message("resp"),
        received,
        verdict: MessageVerdict::Reply,
        outcome: Outcome::Ok,
        responder: Some(responder.into()),
    };
    timeline.apply(id, Change::Reply(reply), received);
    timeline.apply(id, Change::Finished(Verdict::Answered), received);
}

fn lose(timeline: &mut Timeline, id: u64, ms: i64) {
    timeline.apply(ExchangeId(id), Change::Finished(Verdict::TimedOut), at(ms));
}

/// Two lamps, 100 requests each, every 10 ms: one takes 1 to 100 ms, the other twice as long; and
/// a door that does not answer 5 times.
fn traffic() -> Timeline {
    let mut timeline = Timeline::default();
    for n in 0..100_i64 {
        let (one, two) = (
            u64::try_from(n).unwrap() * 2,
            u64::try_from(n).unwrap() * 2 + 1,
        );
        begin(&mut timeline, one, "lamp/1", n * 10);
        begin(&mut timeline, two, "lamp/2", n * 10);
        answer(&mut timeline, one, "lamp-1", at(n * 10 + n + 1));
        answer(&mut timeline, two, "lamp-2", at(n * 10 + 2 * (n + 1)));
    }
    for n in 0..5 {
        begin(&mut timeline, 1_000 + n, "door", 300);
        lose(&mut timeline, 1_000 + n, 5_300);
    }
    timeline
}

fn follow(latency: &mut Latency, timeline: &Timeline, filter: &Filter) {
    for _ in 0..100_000 {
        latency.follow((timeline, filter), at(0), |_| None, || true);
        if !latency.is_busy() && latency.next_report().is_none() {
            return;
        }
        // Another thread may be at work.
        std::thread::yield_now();
    }
    panic!("the view never came to an end");
}

fn seen(timeline: &Timeline, text: &str) -> (Latency, Arc<Report>) {
    let mut latency = Latency::default();
    follow(&mut latency, timeline, &Filter::new(text, None));
    let report = latency.report();
    (latency, report)
}

fn told(report: &Report) -> String {
    let mut lines = vec![report.shown.sentence()];
    lines.extend(report.shown.caution.clone());
    lines.extend(report.groups.iter().map(|line| line.sentence.clone()));
    lines.join("\n")
}

#[test]
fn percentiles_are_told_for_all_and_by_topic() {
    let (_, report) = seen(&traffic(), "");
    insta::assert_snapshot!(told(&report), @"");
}

#[test]
fn only_what_passes_the_filter_counts() {
    let (_, report) = seen(&traffic(), "topic:lamp/2");
    assert_eq!(report.total, 100);
    assert_eq!(report.groups.len(), 2);
    assert_eq!(report.shown.name, "All that pass the filter");
}

#[test]
fn the_view_keeps_up_with_what_comes_changes_and_goes() {
    let mut timeline = traffic();
    let (mut latency, _) = seen(&timeline, "");
    let filter = Filter::default();
    begin(&mut timeline, 2_000, "late", 2_000);
    follow(&mut latency, &timeline, &filter);
    assert!(latency.report().shown.silence.contains("1 waiting"));
    answer(&mut timeline, 2_000, "l", at(4_000));
    follow(&mut latency, &timeline, &filter);
    let report = latency.report();
    assert_eq!(report.shown.silence, "5 of 206 not answered");
    let max = |report: &Report| report.shown.figures[4].value.clone();
    assert_eq!(max(&report), "2.00 s");
    // The bounds take the oldest, and leave the last one and the door.
    timeline.set_bounds(Bounds {
        rows: 6,
        ..Bounds::default()
    });
    follow(&mut latency, &timeline, &filter);
    let report = latency.report();
    assert_eq!(report.shown.silence, "5 of 6 not answered");
    let (_, anew) = seen(&timeline, "");
    assert_eq!(told(&report), told(&anew));
    timeline.clear();
    follow(&mut latency, &timeline, &filter);
    assert_eq!(latency.report().total, 0);
}

#[test]
fn what_was_followed_step_by_step_is_what_is_found_at_once() {
    let mut timeline = Timeline::default();
    let mut latency = Latency::default();
    latency.group_by(Grouping::Device);
    let filter = Filter::new("verdict:answered", None);
    for n in 0..300_u64 {
        let ms = i64::try_from(n).unwrap();
        begin(&mut timeline, n, "t", ms);
        if n % 3 > 0 {
            follow(&mut latency, &timeline, &filter);
        }
        // Answered out of order: the one before comes later.
        if n % 2 == 1 {
            answer(&mut timeline, n, "a", at(ms + 3));
            answer(&mut timeline, n - 1, "b", at(ms + 7));
        }
    }
    follow(&mut latency, &timeline, &filter);
    let mut anew = Latency::default();
    anew.group_by(Grouping::Device);
    follow(&mut anew, &timeline, &filter);
    let (one, two) = (latency.report(), anew.report());
    assert_eq!(told(&one), told(&two));
    assert_eq!(one.over_time, two.over_time);
    assert_eq!(one.histogram, two.histogram);
    let dots = |report: &Report| {
        report
            .scatter
            .as_ref()
            .and_then(|it| it.dots.clone())
            .map(|dots| dots.len())
    };
    assert_eq!(dots(&one), Some(300));
    assert_eq!(dots(&one), dots(&two));
}

#[test]
fn without_time_nothing_is_told_until_all_was_looked_at() {
    let timeline = traffic();
    let mut latency = Latency::default();
    let filter = Filter::default();
    let mut rounds = 0;
    while rounds == 0 || latency.is_busy() {
        // Enough for one slice each.
        let mut budget = 1;
        latency.follow(
            (&timeline, &filter),
            at(0),
            |_| None,
            || {
                budget -= 1;
                budget >= 0
            },
        );
        rounds += 1;
        assert!(rounds < 1_000, "it never comes to an end");
        let report = latency.report();
        assert!(
            report.number == 0 || report.total == 205,
            "{}",
            report.total
        );
    }
    assert!(rounds > 3, "{rounds} rounds for several slices");
}

#[test]
fn a_chosen_group_is_shown_alone_and_an_unknown_one_is_empty() {
    let timeline = traffic();
    let (mut latency, _) = seen(&timeline, "");
    latency.choose(Some("lamp/2".into()));
    follow(&mut latency, &timeline, &Filter::default());
    let report = latency.report();
    assert_eq!(report.shown.silence, "all 100 answered");
    assert_eq!(report.shown.figures[4].value, "200 ms");
    assert_eq!(
        report
            .scatter
            .as_ref()
            .unwrap()
            .dots
            .as_ref()
            .unwrap()
            .len(),
        100
    );
    assert!(
        report
            .groups
            .iter()
            .any(|line| line.is_chosen && line.name == "lamp/2")
    );
    assert_eq!(latency.filter_text("name:x"), "name:x topic:lamp/2");
    latency.choose(Some("gone".into()));
    follow(&mut latency, &timeline, &Filter::default());
    assert_eq!(latency.report().shown.exchanges, 0);
}

#[test]
fn groups_are_sorted_by_the_column_that_was_pressed_and_turned_round_by_pressing_again() {
    let timeline = traffic();
    let (mut latency, _) = seen(&timeline, "");
    let names = |latency: &mut Latency, by| {
        latency.sort_by(by);
        follow(latency, &timeline, &Filter::default());
        let report = latency.report();
        let names = report.groups.iter().map(|line| line.name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        names(&mut latency, SortBy::P99),
        ["All", "lamp/2", "lamp/1", "door"]
    );
    assert_eq!(
        names(&mut latency, SortBy::P99),
        ["All", "door", "lamp/1", "lamp/2"]
    );
    assert_eq!(
        names(&mut latency, SortBy::Name),
        ["All", "door", "lamp/1", "lamp/2"]
    );
    assert_eq!(
        names(&mut latency, SortBy::Name),
        ["All", "lamp/2", "lamp/1", "door"]
    );
    assert_eq!(names(&mut latency, SortBy::Unanswered)[1], "door");
}

#[test]
fn a_marked_region_tells_of_what_lies_in_it_and_can_be_kept_to_compare() {
    let timeline = traffic();
    let (mut latency, _) = seen(&timeline, "");
    let filter = Filter::default();
    latency.mark(Some(Region {
        times: Some((at(0), at(99))),
        round_trips: None,
    }));
    follow(&mut latency, &timeline, &filter);
    let report = latency.report();
    let (_, marked) = report.marked.as_ref().unwrap();
    assert_eq!(marked.name, "20 exchanges");
    assert_eq!(marked.figures[4].value, "20.0 ms");
    latency.keep();
    latency.mark(Some(Region {
        times: None,
        round_trips: Some((Duration::from_millis(50), Duration::from_millis(60))),
    }));
    follow(&mut latency, &timeline, &filter);
    // What was marked when all had been looked at is what is kept.
    let kept = latency.kept().unwrap().clone();
    assert!(kept.name.starts_with("All exchanges, "));
    assert!(latency.report().comparison.is_some());
}

#[test]
fn a_sample_from_elsewhere_is_compared_with_what_is_shown() {
    let timeline = traffic();
    let (mut latency, _) = seen(&timeline, "topic:lamp/2");
    let filter = Filter::new("topic:lamp/1", None);
    let rows = timeline.iter().filter(|row| filter.passes(*row));
    latency.compare_with(Some(Named {
        name: "an old recording".into(),
        sample: Arc::new(Sample::of(rows)),
    }));
    follow(&mut latency, &timeline, &Filter::new("topic:lamp/2", None));
    let report = latency.report();
    let comparison = report.comparison.as_ref().unwrap();
    assert_eq!(&*comparison.b, "an old recording");
    let p50 = &comparison.lines[2];
    assert_eq!(p50.label, "p50");
    assert_eq!((&*p50.difference, &*p50.percent), ("+50.0 ms", "+100 %"));
    let bars = report.histogram.as_ref().unwrap();
    let sum = |counts: &[u64]| counts.iter().sum::<u64>();
    assert_eq!(sum(&bars.counts), 100);
    assert_eq!(bars.kept.as_deref().map(sum), Some(100));
}

#[test]
fn what_got_no_answer_is_marked_where_it_was_sent() {
    let (_, report) = seen(&traffic(), "");
    let scatter = report.scatter.as_ref().unwrap();
    let lost: u64 = scatter.marks.iter().map(|mark| mark.count).sum();
    assert_eq!(lost, 5);
    let mark = scatter.marks[0];
    let sent = scatter.time.share(at(300));
    assert!(mark.from <= sent && sent < mark.to, "{mark:?} {sent}");
    let over_time = report.over_time.as_ref().unwrap();
    assert_eq!(
        over_time
            .slots
            .iter()
            .map(|slot| slot.unanswered)
            .sum::<u64>(),
        5
    );
    assert_eq!(
        over_time
            .slots
            .iter()
            .map(|slot| slot.answered)
            .sum::<u64>(),
        200
    );
    assert_eq!(scatter.density.counts.iter().sum::<u64>(), 200);
    assert!(scatter.sentence.contains("5 of 205 not answered"));
}

#[test]
fn thousands_are_shown_as_density() {
    let mut timeline = Timeline::default();
    for n in 0..5_000_u64 {
        let ms = i64::try_from(n).unwrap();
        begin(&mut timeline, n, "t", ms);
        answer(&mut timeline, n, "a", at(ms + 1 + ms % 7));
    }
    let (_, report) = seen(&timeline, "");
    let scatter = report.scatter.as_ref().unwrap();
    assert!(scatter.dots.is_none());
    assert_eq!(scatter.density.counts.iter().sum::<u64>(), 5_000);
    assert!(scatter.density.columns <= series::MOST_COLUMNS);
    let legs = &report.legs;
    assert_eq!(legs.len(), 1);
    assert_eq!(
        (legs[0].median, legs[0].count),
        (Duration::from_millis(4), NEWEST_LEGS)
    );
}

#[test]
fn too_many_groups_are_put_together() {
    let mut timeline = Timeline::default();
    for n in 0..(statistics::MOST_GROUPS as u64 + 50) {
        begin(&mut timeline, n, &format!("t/{n}"), 0);
    }
    let (_, report) = seen(&timeline, "");
    assert_eq!(report.groups.len(), statistics::MOST_GROUPS + 2);
    let others = report
        .groups
        .iter()
        .find(|line| line.name == statistics::OTHERS);
    assert_eq!(others.unwrap().cells[0], "50");
}

#[test]
fn a_closed_view_forgets_what_it_counted_and_keeps_what_was_chosen() {
    let timeline = traffic();
    let (mut latency, _) = seen(&timeline, "");
    latency.choose(Some("lamp/1".into()));
    latency.rest();
    assert_eq!(latency.report().number, 0);
    follow(&mut latency, &timeline, &Filter::default());
    assert_eq!(latency.report().shown.silence, "all 100 answered");
}
