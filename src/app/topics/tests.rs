use super::*;
use crate::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reply, Verdict,
};
use crate::model::message::Message;
use crate::model::request::{self, RequestDraft};
use crate::model::timeline::{Bounds, MessageRow, Row};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Instant;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

fn message(topic: &str, payload: &str, retain: bool) -> Arc<Message> {
    Arc::new(Message {
        retain,
        ..Message::new(TopicName::received(topic), payload.as_bytes().to_vec())
    })
}

fn arrive(timeline: &mut Timeline, connection: &str, message: Arc<Message>, ms: i64) {
    timeline.push_message(MessageRow {
        connection: connection.into(),
        message,
        verdict: MessageVerdict::Unmatched,
        received: at(ms),
        responder: None,
        near: None,
        difference: None,
        is_echo: false,
    });
}

fn begin(timeline: &mut Timeline, id: u64, topic: &str, ms: i64) {
    let draft = RequestDraft {
        topic: topic.to_owned(),
        ..RequestDraft::default()
    };
    let here = request::Surroundings {
        client_id: "c",
        ..request::Surroundings::default()
    };
    let request = Arc::new(draft.validate(&here).unwrap());
    let message = Arc::new(request.message(None));
    let id = ExchangeId(id);
    let exchange = Exchange::new(id, "lab".into(), request, message, "mqtt5".into(), at(ms));
    timeline.begin(exchange);
    timeline.apply(id, Change::Published, at(ms));
}

fn answer(timeline: &mut Timeline, id: u64, topic: &str, ms: i64) {
    let reply = Reply {
        message: message(topic, "ok", false),
        received: at(ms),
        verdict: MessageVerdict::Reply,
        outcome: Outcome::Ok,
        responder: None,
    };
    timeline.apply(ExchangeId(id), Change::Reply(reply), at(ms));
}

fn follow(topics: &mut Topics, timeline: &Timeline, filter: &Filter) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut now = at(0);
    while Instant::now() < deadline {
        now = now.saturating_add(FRESH);
        topics.follow((timeline, filter), now, || true);
        if topics.next_look().is_none() {
            return;
        }
        std::thread::yield_now();
    }
    panic!("the view never came to an end");
}

fn seen(timeline: &Timeline) -> Topics {
    let mut topics = Topics::default();
    follow(&mut topics, timeline, &Filter::default());
    topics
}

/// The lines as they stand: indentation, level, count.
fn shown(topics: &Topics) -> Vec<String> {
    let lines = topics.lines();
    let line = |line: &Line| {
        let node = topics.tree().node(line.node).unwrap();
        let indent = "  ".repeat(usize::from(line.depth));
        let sign = match (line.has_children, line.is_open) {
            (false, _) => " ",
            (true, true) => "-",
            (true, false) => "+",
        };
        format!("{indent}{sign}{} {}", node.level, node.count)
    };
    lines.iter().map(line).collect()
}

/// What a plain count over all rows says of every topic: how many, and the newest.
fn recount(timeline: &Timeline, filter: &Filter) -> BTreeMap<Path, (u64, Timestamp)> {
    let mut counts: BTreeMap<Path, (u64, Timestamp)> = BTreeMap::new();
    for row in timeline.iter() {
        if !filter.passes_with(row, &**timeline.marks()) {
            continue;
        }
        let whole = row.to_row();
        let mut messages = vec![(whole.time(), Arc::clone(whole.message()))];
        if let Row::Exchange(exchange) = &*whole {
            let replies = exchange.replies.iter();
            messages.extend(replies.map(|one| (one.received, Arc::clone(&one.message))));
        }
        for (time, message) in messages {
            let path = (
                row.connection().to_owned(),
                Some(message.topic.as_str().to_owned()),
            );
            let (count, newest) = counts.entry(path).or_default();
            *count += 1;
            *newest = time.max(*newest);
        }
    }
    counts
}

/// The same as the tree has it.
fn counted(tree: &Tree) -> BTreeMap<Path, (u64, Timestamp)> {
    let ids = (1..).take_while(|id| tree.node(*id).is_some());
    let mut counts = BTreeMap::new();
    for id in ids {
        let node = tree.node(id).unwrap();
        if let Some(newest) = node.entries.back() {
            let (connection, topic) = tree.path(id).unwrap();
            let path = (connection.to_string(), topic);
            counts.insert(path, (node.entries.len() as u64, newest.at));
        }
    }
    counts
}

/// Branches hold what is beneath them, and nothing that holds nothing is there.
fn check_sums(tree: &Tree) {
    let mut topics = 0;
    for id in (1..).take_while(|id| tree.node(*id).is_some()) {
        let node = tree.node(id).unwrap();
        let Some((connection, topic)) = tree.path(id) else {
            continue;
        };
        if tree.find(&connection, topic.as_deref()) != Some(id) {
            // Its place is free.
            assert!(node.count == 0 && node.children.is_empty());
            continue;
        }
        let below = node
            .children
            .values()
            .map(|child| tree.node(*child).unwrap());
        let below: Vec<&Node> = below.collect();
        let count = below.iter().map(|node| node.count).sum::<u64>();
        assert_eq!(node.count, count + node.entries.len() as u64);
        assert!(node.count > 0);
        topics += usize::from(!node.entries.is_empty());
        let newest = below.iter().map(|node| node.newest).max();
        let newest = newest.max(node.entries.back().map(|entry| entry.at));
        assert_eq!(Some(node.newest), newest);
    }
    assert_eq!(tree.topics, topics);
}

#[test]
fn a_topic_stands_beneath_its_levels_and_one_connection_has_no_line() {
    let mut timeline = Timeline::default();
    for (topic, ms) in [
        ("home/kitchen/temp", 1),
        ("home/kitchen/temp", 2),
        ("home/hall", 3),
    ] {
        arrive(&mut timeline, "lab", message(topic, "20", false), ms);
    }
    let mut topics = seen(&timeline);
    assert_eq!(
        shown(&topics),
        ["-home 3", "   hall 1", "  -kitchen 2", "     temp 2"]
    );
    topics.fold(("lab".to_owned(), Some("home".to_owned())), false);
    follow(&mut topics, &timeline, &Filter::default());
    assert_eq!(shown(&topics), ["+home 3"]);
    arrive(&mut timeline, "other", message("home", "on", false), 4);
    follow(&mut topics, &timeline, &Filter::default());
    assert_eq!(
        shown(&topics),
        ["-lab 3", "  +home 3", "-other 1", "   home 1"]
    );
}

#[test]
fn empty_levels_are_levels() {
    let mut timeline = Timeline::default();
    for topic in ["/a", "a//b", "/", ""] {
        arrive(&mut timeline, "lab", message(topic, "", false), 1);
    }
    let topics = seen(&timeline);
    assert_eq!(
        counted(topics.tree()),
        recount(&timeline, &Filter::default())
    );
    assert_eq!(
        shown(&topics),
        ["- 3", "    1", "   a 1", "-a 1", "  - 1", "     b 1"]
    );
}

#[test]
fn a_search_shows_what_has_it_and_the_levels_above() {
    let mut timeline = Timeline::default();
    for topic in ["home/kitchen/temp", "home/hall/lamp", "garden/lamp/power"] {
        arrive(&mut timeline, "lab", message(topic, "1", false), 1);
    }
    let mut topics = seen(&timeline);
    topics.search("LAMP".to_owned());
    follow(&mut topics, &timeline, &Filter::default());
    assert_eq!(
        shown(&topics),
        [
            "-garden 1",
            "  +lamp 1",
            "-home 2",
            "  -hall 1",
            "     lamp 1"
        ]
    );
    // What was folded before is found all the same, and still folded afterwards.
    topics.search(String::new());
    follow(&mut topics, &timeline, &Filter::default());
    topics.fold(("lab".to_owned(), Some("home".to_owned())), false);
    topics.search("hall".to_owned());
    follow(&mut topics, &timeline, &Filter::default());
    assert_eq!(shown(&topics), ["-home 2", "  +hall 1"]);
    topics.search(String::new());
    follow(&mut topics, &timeline, &Filter::default());
    assert!(shown(&topics).contains(&"+home 2".to_owned()));
    topics.search("nowhere".to_owned());
    follow(&mut topics, &timeline, &Filter::default());
    assert_eq!(shown(&topics).len(), 0);
}

#[test]
fn what_is_retained_is_marked_until_an_empty_message_takes_it_away() {
    let mut timeline = Timeline::default();
    let is_kept = |topics: &Topics| {
        let id = topics.tree().find("lab", Some("a")).unwrap();
        topics.tree().node(id).unwrap().is_retained()
    };
    arrive(&mut timeline, "lab", message("a", "on", true), 1);
    let mut topics = seen(&timeline);
    assert!(is_kept(&topics));
    // It says nothing of what is kept.
    arrive(&mut timeline, "lab", message("a", "off", false), 2);
    follow(&mut topics, &timeline, &Filter::default());
    assert!(is_kept(&topics));
    arrive(&mut timeline, "lab", message("a", "", true), 3);
    follow(&mut topics, &timeline, &Filter::default());
    assert!(!is_kept(&topics));
}

#[test]
fn a_chosen_message_stays_while_others_come_and_go() {
    let mut timeline = Timeline::new(Bounds {
        rows: 5,
        bytes: 1 << 20,
    });
    for ms in 0..4 {
        arrive(&mut timeline, "lab", message("a", "1", false), ms);
    }
    let mut topics = seen(&timeline);
    topics.choose(Some(("lab".to_owned(), Some("a".to_owned()))));
    assert_eq!(topics.chosen_message().unwrap().0, 0);
    let id = topics.chosen_node().unwrap();
    let second = topics.tree().node(id).unwrap().entries[1];
    topics.choose_message(Some(second));
    assert_eq!(topics.chosen_message(), Some((2, second)));
    for ms in 4..6 {
        arrive(&mut timeline, "lab", message("a", "1", false), ms);
        follow(&mut topics, &timeline, &Filter::default());
    }
    assert_eq!(topics.chosen_message(), Some((4, second)));
    arrive(&mut timeline, "lab", message("a", "1", false), 6);
    follow(&mut topics, &timeline, &Filter::default());
    // It is gone: the newest is looked at.
    assert_eq!(topics.chosen_message().unwrap().0, 0);
}

#[test]
fn more_topics_than_there_is_room_for_are_counted() {
    let mut timeline = Timeline::default();
    let deep = vec!["x"; 1_000].join("/");
    arrive(&mut timeline, "lab", message(&deep, "", false), 1);
    let topics = seen(&timeline);
    assert!(topics.tree().len() < 100, "{}", topics.tree().len());
    let id = topics.tree().find("lab", Some(&deep)).unwrap();
    assert_eq!(topics.tree().path(id).unwrap().1, Some(deep));
    let mut tree = Tree::default();
    let mut many = Timeline::default();
    for n in 0..MOST_NODES + 50 {
        arrive(&mut many, "lab", message(&n.to_string(), "", false), 1);
    }
    for row in many.iter() {
        tree.look_at(row);
    }
    assert!(tree.left_out > 0 && tree.len() <= MOST_NODES);
    assert_eq!(tree.messages() + tree.left_out, many.len() as u64);
    tree.drop_before(None);
    assert!(tree.left_out == 0 && tree.is_empty());
}

#[test]
fn a_long_timeline_is_looked_through_elsewhere_and_comes_to_the_same() {
    let mut timeline = Timeline::default();
    for n in 0..30_000_i64 {
        let topic = format!("room/{}/temp", n % 700);
        arrive(&mut timeline, "lab", message(&topic, "20", n % 7 == 0), n);
    }
    let topics = seen(&timeline);
    assert_eq!(
        counted(topics.tree()),
        recount(&timeline, &Filter::default())
    );
    check_sums(topics.tree());
}

#[test]
fn numbers_are_read_from_payloads_and_from_json() {
    let mut timeline = Timeline::default();
    for (n, payload) in (0_i64..).zip(["1.5", "\"2\"", "no", "3"]) {
        arrive(&mut timeline, "lab", message("plain", payload, false), n);
        let json = format!("{{\"name\":\"x\",\"a/b\":{{\"c\":[{n}]}},\"power\":{payload}}}");
        arrive(&mut timeline, "lab", message("json", &json, false), n);
    }
    let mut topics = seen(&timeline);
    let mut drawn = |topic: &str, place: Option<&str>| {
        topics.choose(Some(("lab".to_owned(), Some(topic.to_owned()))));
        if let Some(place) = place {
            topics.numbers.want(place.to_owned());
        }
        follow(&mut topics, &timeline, &Filter::default());
        let points = topics.numbers.points().map(|point| point.value);
        (
            points.collect::<Vec<f64>>(),
            topics.numbers.places().to_vec(),
        )
    };
    assert_eq!(
        drawn("plain", None),
        (vec![1.5, 2.0, 3.0], vec![String::new()])
    );
    let places = vec!["/a~1b/c/0".to_owned(), "/power".to_owned()];
    assert_eq!(drawn("json", None), (vec![0.0, 1.0, 3.0], places.clone()));
    assert_eq!(drawn("json", Some("/power")), (vec![1.5, 2.0, 3.0], places));
}

#[test]
fn a_topic_filter_becomes_a_filter_of_the_timeline() {
    let mut timeline = Timeline::default();
    let all = ["a", "a/b", "a/b/c", "ab", "a/x.y z", "b/a", "a/x.y z/1"];
    for topic in all {
        arrive(&mut timeline, "lab", message(topic, "", false), 1);
    }
    let passing = |text: &str| -> Vec<&str> {
        let filter = Filter::new(&filter_term(text), None);
        let rows = timeline.iter().filter(|row| filter.passes(*row));
        rows.map(RowRef::topic).collect()
    };
    assert_eq!(
        passing("a/#"),
        ["a", "a/b", "a/b/c", "a/x.y z", "a/x.y z/1"]
    );
    assert_eq!(passing("a/+"), ["a/b", "a/x.y z"]);
    assert_eq!(passing("+/b/#"), ["a/b", "a/b/c"]);
    assert_eq!(passing("a"), ["a"]);
    assert_eq!(passing("a/x.y z"), ["a/x.y z"]);
    assert_eq!(passing("$share/pool/a/b"), ["a/b"]);
    assert_eq!(passing("#"), all);
}

#[derive(Clone, Debug)]
enum Step {
    Arrive(usize, bool),
    Begin(usize),
    Answer(u64, usize),
    Finish(u64),
    Clear,
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..TOPICS.len(), any::<bool>()).prop_map(|(topic, flag)| Step::Arrive(topic, flag)),
        3 => (0..TOPICS.len()).prop_map(Step::Begin),
        4 => (0..30_u64, 0..TOPICS.len()).prop_map(|(id, topic)| Step::Answer(id, topic)),
        2 => (0..30_u64).prop_map(Step::Finish),
        1 => Just(Step::Clear),
        4 => Just(Step::Look),
    ]
}

const TOPICS: [&str; 7] = ["a", "a/b", "a/b/c", "/a", "b", "b//c", "$SYS/up"];

proptest! {
    /// Whatever happens, the tree that was kept up to date is the one that a plain count makes.
    #[test]
    fn the_tree_is_what_a_plain_recount_says(
        steps in prop::collection::vec(step(), 1..120),
        rows in 3_usize..40,
        filter in prop::sample::select(vec!["", "topic:b", "is:exchange", "verdict:answered"]),
    ) {
        let filter = Filter::new(filter, None);
        let mut timeline = Timeline::new(Bounds { rows, bytes: 1 << 20 });
        let mut topics = Topics::default();
        let mut begun = 0;
        for (step, ms) in steps.into_iter().zip(1..) {
            match step {
                Step::Arrive(topic, flag) => {
                    let connection = if flag { "lab" } else { "other" };
                    arrive(&mut timeline, connection, message(TOPICS[topic], "1", flag), ms);
                }
                Step::Begin(topic) if !TOPICS[topic].starts_with('$') => {
                    begin(&mut timeline, begun, TOPICS[topic], ms);
                    begun += 1;
                }
                Step::Begin(_) => {}
                Step::Answer(id, topic) => answer(&mut timeline, id, TOPICS[topic], ms),
                Step::Finish(id) => {
                    timeline.apply(ExchangeId(id), Change::Finished(Verdict::Answered), at(ms));
                }
                Step::Clear => drop(timeline.clear()),
                Step::Look => topics.follow((&timeline, &filter), at(ms), || true),
            }
        }
        follow(&mut topics, &timeline, &filter);
        prop_assert_eq!(counted(topics.tree()), recount(&timeline, &filter));
        check_sums(topics.tree());
    }
}
