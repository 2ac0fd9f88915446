use super::*;
use crate::model::correlation::CorrelationData;
use crate::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reason, Refused, Reply, Verdict,
};
use crate::model::message::{Message, Qos, UserProperty};
use crate::model::request::{Request, RequestDraft, Surroundings as Here};
use crate::model::time::Timestamp;
use crate::model::timeline::{MessageRow, Row, Timeline};
use crate::model::topic::TopicName;
use std::sync::Arc;

/// 2026-11-21T09:14:07.250Z.
const START_NS: i64 = 1_795_252_447_250_000_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_nanos(START_NS + ms * 1_000_000)
}

fn message(topic: &str, payload: &str) -> Message {
    Message::new(TopicName::new(topic).unwrap(), payload.as_bytes().to_vec())
}

fn request(name: &str, topic: &str) -> Arc<Request> {
    let draft = RequestDraft {
        name: name.to_owned(),
        topic: topic.to_owned(),
        ..RequestDraft::default()
    };
    let here = Here {
        client_id: "c",
        ..Here::default()
    };
    Arc::new(draft.validate(&here).unwrap())
}

fn begin(timeline: &mut Timeline, id: u64, sent: Message, rule: &str, queued: i64) {
    let exchange = Exchange::new(
        ExchangeId(id),
        "lab-1".into(),
        request("Turn on", sent.topic.as_str()),
        Arc::new(sent),
        rule.into(),
        at(queued),
    );
    timeline.begin(exchange);
}

fn reply(timeline: &mut Timeline, id: u64, payload: &str, ms: i64, verdict: MessageVerdict) {
    let reply = Reply {
        message: Arc::new(message("state/lamp", payload)),
        received: at(ms),
        verdict,
        outcome: Outcome::Ok,
        responder: Some("Lamp-7".into()),
    };
    timeline.apply(ExchangeId(id), Change::Reply(reply), at(ms));
}

/// 1: answered after 8 ms. 2: refused by the broker. 3: a minute later, late. Then a message.
fn timeline() -> Timeline {
    let mut timeline = Timeline::default();
    let mut first = message(
        "cmnd/lamp/power",
        "{\"status\":\"on\",\"level\":5,\"list\":[{\"a\":1}]}",
    );
    first.qos = Qos::ExactlyOnce;
    first.properties.correlation_data = Some(CorrelationData::new(vec![0x1f, 0x2e, 0x3d]));
    first.properties.user_properties = vec![UserProperty {
        name: "trace".to_owned(),
        value: "abc-77".to_owned(),
    }];
    begin(&mut timeline, 1, first, "mqtt5", 0);
    reply(&mut timeline, 1, "{\"ok\":true}", 8, MessageVerdict::Reply);
    timeline.apply(ExchangeId(1), Change::Finished(Verdict::Answered), at(8));
    let mut second = message("cmnd/door", "open (all)");
    second.properties.correlation_data = Some(CorrelationData::new(b"order-12".to_vec()));
    begin(&mut timeline, 2, second, "tasmota", 1);
    let rejected = Verdict::Rejected {
        what: Refused::Request,
        reason: Reason::new(0x87, "Not authorized"),
    };
    timeline.apply(ExchangeId(2), Change::Finished(rejected), at(2));
    begin(
        &mut timeline,
        3,
        message("cmnd/lamp/power", "x".repeat(2_000).as_str()),
        "mqtt5",
        60_000,
    );
    reply(&mut timeline, 3, "late", 63_000, MessageVerdict::LateReply);
    timeline.apply(ExchangeId(3), Change::Finished(Verdict::Late), at(63_000));
    let mut stale = message("state/lamp", "23.5");
    stale.retain = true;
    timeline.push_message(MessageRow {
        connection: "lab-2".into(),
        message: Arc::new(stale),
        verdict: MessageVerdict::Stale,
        received: at(70_000),
        responder: None,
        near: None,
        difference: None,
        is_echo: false,
    });
    timeline
}

struct Noted;

impl RowMarks for Noted {
    fn is_pinned(&self, row: RowId) -> bool {
        row.number() == 1
    }

    fn comment(&self, row: RowId) -> Option<&str> {
        (row.number() == 2).then_some("look at this")
    }

    fn colour(&self, row: RowId) -> Option<&str> {
        (row.number() == 3).then_some("red")
    }
}

fn here() -> Surroundings {
    Surroundings {
        utc_offset_secs: 3600,
        connections: vec![
            ("lab-1".to_owned(), "Workbench".to_owned()),
            ("lab-2".to_owned(), "Roof".to_owned()),
        ],
    }
}

/// The rows that pass, counted from 1.
fn passing(text: &str) -> Vec<u64> {
    let filter = Filter::with(text, None, &here());
    assert_eq!(filter.problems(), [], "{text}");
    let timeline = timeline();
    let rows = timeline
        .iter()
        .filter(|row| filter.passes_with(*row, &Noted));
    rows.map(|row| row.id().number() + 1).collect()
}

fn finds(cases: &[(&str, &[u64])]) {
    for (text, rows) in cases {
        assert_eq!(passing(text), *rows, "{text}");
    }
}

#[test]
fn fields_find_parts_of_what_they_name() {
    finds(&[
        ("", &[1, 2, 3, 4]),
        ("topic:LAMP", &[1, 3, 4]),
        ("topic:cmnd", &[1, 2, 3]),
        ("lamp", &[1, 3, 4]),
        ("payload:{\"OK\":true}", &[1]),
        ("device:lamp-7", &[1, 3]),
        ("responder:lamp,other", &[1, 3]),
        ("rule:tas,nothing", &[2]),
        ("name:\"turn ON\"", &[1, 2, 3]),
        ("connection:lab-2", &[4]),
        ("connection:workb", &[1, 2, 3]),
        ("connection:roof,workbench", &[1, 2, 3, 4]),
        ("user:TRACE", &[1]),
        ("user:trace=abc", &[1]),
        ("user:trace=\"abc\"", &[1]),
        ("user:trac=abc", &[]),
        ("user:=77", &[1]),
        ("user:trace=/^abc-\\d+$/", &[1]),
        ("correlation:0x1f2e", &[1]),
        ("correlation:hex:\"1F 2E\"", &[1]),
        ("correlation:0x2f", &[]),
        ("correlation:order", &[2]),
    ]);
}

#[test]
fn verdicts_are_found_by_their_beginning_or_exactly() {
    finds(&[
        ("verdict:answered", &[1]),
        ("verdict:late", &[3]),
        ("verdict:late_reply", &[3]),
        ("verdict:late,answered", &[1, 3]),
        ("verdict:stale", &[4]),
        ("verdict:unmatched", &[4]),
        ("verdict:failed", &[2]),
        ("verdict:rejected", &[2]),
        ("verdict:=reply", &[1]),
        ("verdict:timed-out", &[]),
        ("verdict:\"timed out\",stale", &[4]),
    ]);
}

#[test]
fn an_exact_verdict_leaves_out_those_that_begin_alike() {
    let filter = Filter::new("verdict:=answered", None);
    assert!(filter.is_valid());
    let mut timeline = timeline();
    let verdict = Verdict::AnsweredWithError {
        code: None,
        message: None,
    };
    timeline.apply(ExchangeId(1), Change::Finished(verdict), at(9));
    let count = |filter: &Filter| timeline.iter().filter(|row| filter.passes(*row)).count();
    assert_eq!(count(&filter), 0);
    assert_eq!(count(&Filter::new("verdict:answered", None)), 1);
}

#[test]
fn numbers_are_compared_and_stand_in_ranges() {
    finds(&[
        ("rtt:>5ms", &[1, 3]),
        ("rtt:>8ms", &[3]),
        ("rtt:>=8ms", &[1, 3]),
        ("rtt:<8ms", &[]),
        ("rtt:<=8ms", &[1]),
        ("rtt:5ms..20ms", &[1]),
        ("rtt:..20ms", &[1]),
        ("rtt:0.5s..", &[3]),
        ("rtt:>\"2s 999ms\"", &[3]),
        ("rtt:>7999us", &[1, 3]),
        ("size:>1kB", &[3]),
        ("size:2000", &[3]),
        ("size:4..5", &[3, 4]),
        ("replies:1", &[1, 3]),
        ("replies:0", &[2]),
        ("-replies:>0", &[2, 4]),
        ("#2", &[2]),
        ("id:2,3", &[2, 3]),
        ("id:#1..2", &[1, 2]),
        ("qos:2", &[1]),
        ("qos:>0", &[1, 2, 3, 4]),
        ("retain:yes", &[4]),
        ("retain:no", &[1, 2, 3]),
    ]);
}

#[test]
fn times_are_local_of_the_day_or_of_a_date() {
    finds(&[
        ("time:10:14", &[1, 2]),
        ("time:10:14:07", &[1, 2]),
        ("time:10:14:07.250", &[1]),
        ("time:>10:14:08", &[3, 4]),
        ("time:<10:15", &[1, 2]),
        ("time:10:14:00..10:15:08", &[1, 2, 3]),
        ("time:23:00..10:14:30", &[1, 2]),
        ("time:2026-11-21", &[1, 2, 3, 4]),
        ("time:>2026-11-21", &[]),
        ("time:<=2026-11-21", &[1, 2, 3, 4]),
        ("time:>=2026-11-21T10:15", &[3, 4]),
        ("time:>=2026-11-21T09:15Z", &[3, 4]),
        (
            "time:2026-11-21T10:14:00.000..2026-11-21T10:15:00.000",
            &[1, 2],
        ),
        ("time:2026-11-21T10:14..10:15", &[1, 2]),
        ("time:\"2026-11-21 10:14\"", &[1, 2]),
        ("time:2026-11-20..2026-11-21", &[1, 2, 3, 4]),
    ]);
}

#[test]
fn json_values_are_compared_by_their_path() {
    finds(&[
        ("payload.status:on", &[1]),
        ("payload.status:ON", &[1]),
        ("payload.status:o", &[]),
        ("payload.status:off,on", &[1]),
        ("payload.status:*", &[1]),
        ("payload.status:/^o/", &[1]),
        ("payload.level:5.0", &[1]),
        ("payload.level:\"5\"", &[1]),
        ("payload.level:>4", &[1]),
        ("payload.level:>5", &[]),
        ("payload.level:5..9", &[1]),
        ("payload.list.0.a:1", &[1]),
        ("payload.ok:true", &[1]),
        ("payload:/status=on", &[1]),
        ("payload:/list/*/a>=1", &[1]),
        ("payload:/level=6", &[]),
    ]);
}

#[test]
fn escaped_names_and_values_are_found_too() {
    let mut timeline = Timeline::default();
    let payload = "{\"st\\u0061tus\":\"\\u006fn\"}";
    begin(&mut timeline, 1, message("a", payload), "mqtt5", 0);
    let filter = Filter::new("payload.status:on", None);
    assert_eq!(timeline.iter().filter(|row| filter.passes(*row)).count(), 1);
}

#[test]
fn marks_and_kinds_are_asked_for() {
    finds(&[
        ("is:pinned", &[2]),
        ("is:commented", &[3]),
        ("is:coloured", &[4]),
        ("is:pinned,commented", &[2, 3]),
        ("comment:LOOK", &[3]),
        ("colour:red", &[4]),
        ("color:red", &[4]),
        ("is:exchange", &[1, 2, 3]),
        ("is:message", &[4]),
    ]);
    assert!(Filter::new("-is:pinned", None).asks_for_marks());
    assert!(!Filter::new("is:message", None).asks_for_marks());
}

#[test]
fn terms_are_negated_joined_grouped_and_quoted() {
    finds(&[
        ("-topic:lamp", &[2]),
        ("topic:lamp -verdict:late", &[1, 4]),
        ("verdict:late OR #2", &[2, 3]),
        ("verdict:late OR topic:door verdict:rejected", &[2, 3]),
        ("(verdict:late OR topic:door) -#3", &[2]),
        ("-(verdict:late OR topic:door)", &[1, 4]),
        ("topic:lamp AND verdict:late", &[3]),
        ("\"open (all)\"", &[2]),
        ("payload:open(all)", &[]),
        ("\"(all)\"", &[2]),
        ("\"topic:lamp\"", &[]),
        ("\"-7\"", &[1, 3]),
        ("\"\\\"ok\\\":true\"", &[1]),
        ("{\"ok\":true}", &[1]),
        ("name:\"turn", &[1, 2, 3]),
    ]);
}

#[test]
fn regular_expressions_stand_between_slashes() {
    finds(&[
        ("/lamp\\/power$/", &[1, 3]),
        ("topic:/^CMND/", &[]),
        ("topic:/^CMND/i", &[1, 2, 3]),
        ("payload:/n\\ \\(a|ok/", &[1, 2]),
        ("device:/^lamp-\\d$/i", &[1, 3]),
        ("(payload:/(ok|open)/ OR #3)", &[1, 2, 3]),
        // Without the second slash it is text, as topics have them.
        ("/lamp", &[1, 3, 4]),
        ("/lamp/power", &[1, 3]),
    ]);
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    for (text, place, words) in [
        ("lamp rtt:>5", "5", "no unit"),
        ("rtt:soon", "soon", "no duration"),
        ("rtt:5ms", "5ms", "exactly"),
        ("rtt:>", ">", "nothing behind"),
        ("rtt:20ms..5ms", "20ms..5ms", "holds nothing"),
        ("size:>1x", "1x", "no size"),
        ("qos:3", "3", "no QoS 3"),
        ("retain:maybe", "maybe", "neither yes nor no"),
        ("time:25:00", "25:00", "no time"),
        ("topic:", "topic:", "nothing behind"),
        ("verdict:lat,stael", "stael", "no verdict"),
        ("verdict:late,", "late,", "missing"),
        ("is:pined", "pined", "nothing that a row"),
        ("correlation:0x1", "0x1", "two hex digits"),
        ("correlation:hex:zz", "hex:zz", "no hex digit"),
        ("topic:/[/", "/[/", "no regular expression"),
        ("payload.level:>x", "x", "no number"),
        ("payload:/a~b=1", "/a~b=", "JSON pointer"),
        ("(a OR b", "(a OR b", "not closed"),
        ("a )", ")", "closes nothing"),
        ("a () b", "()", "nothing stands between"),
        ("OR a", "OR", "nothing stands before"),
        ("a OR", "OR", "nothing stands behind"),
        ("a AND", "AND", "nothing stands behind"),
    ] {
        let filter = Filter::new(text, None);
        let [problem] = filter.problems() else {
            panic!("{text}: {:?}", filter.problems());
        };
        assert_eq!(&text[problem.span.clone()], place, "{text}");
        assert!(
            problem.message.contains(words),
            "{text}: {}",
            problem.message
        );
        assert!(!problem.hint.is_empty(), "{text}");
        let timeline = timeline();
        assert!(!timeline.iter().any(|row| filter.passes(row)), "{text}");
    }
    let nested = "(".repeat(10_000);
    assert!(!Filter::new(&nested, None).is_valid());
    assert!(!Filter::new(&"a ".repeat(10_000), None).is_valid());
}

#[test]
fn a_misspelt_field_is_text_and_the_right_one_is_suggested() {
    let filter = Filter::new("topc:lamp tcp://host:1883 12:30", None);
    assert!(filter.is_valid());
    let [hint] = filter.hints() else {
        panic!("{:?}", filter.hints());
    };
    assert_eq!(
        (hint.span.clone(), &*hint.hint),
        (0..5, "Did you mean `topic:`?")
    );
}

#[test]
fn text_is_found_wherever_it_stands_and_in_either_case() {
    use super::search::Needle;
    let needle = Needle::new("oNe");
    for (text, is_in) in [
        ("one", true),
        ("xONE", true),
        ("on one", true),
        ("ono", false),
        ("on", false),
        ("", false),
    ] {
        assert_eq!(needle.is_in(text.as_bytes()), is_in, "{text}");
    }
    assert!(Needle::new("").is_in(b""));
}

fn vocabulary() -> Vocabulary<'static> {
    Vocabulary {
        topics: vec!["cmnd/lamp/power", "state/lamp"],
        devices: vec!["lamp-7", "front door"],
        rules: vec![("mqtt5", "MQTT 5"), ("tasmota", "Tasmota")],
        connections: vec![("lab-1", "Work bench")],
        user_properties: vec!["trace"],
        ..Vocabulary::default()
    }
}

/// With `|` for the cursor: what is offered.
fn offered(text: &str) -> Vec<String> {
    let cursor = text.find('|').unwrap();
    let all = complete(&text.replace('|', ""), cursor, &vocabulary());
    all.into_iter().map(|one| one.label).collect()
}

/// The line with the first thing that is offered, and `|` for the cursor.
fn completed(text: &str) -> String {
    let cursor = text.find('|').unwrap();
    let text = text.replace('|', "");
    let all = complete(&text, cursor, &vocabulary());
    let (mut line, cursor) = all[0].apply(&text);
    line.insert(cursor, '|');
    line
}

#[test]
fn fields_values_and_operators_are_offered_where_they_can_stand() {
    assert_eq!(offered("|").len(), Field::ALL.len());
    assert_eq!(offered("re|")[..2], ["replies:", "retain:"]);
    assert_eq!(offered("-(ver|")[0], "verdict:");
    assert_eq!(offered("topic:|"), ["cmnd/lamp/power", "state/lamp"]);
    assert_eq!(offered("topic:st|"), ["state/lamp"]);
    assert_eq!(offered("rtt:|")[..2], [">", "<"]);
    assert_eq!(offered("rtt:>5|"), [">5ms", ">5s", ">5us"]);
    assert_eq!(offered("verdict:late,sta|"), ["stale"]);
    assert_eq!(offered("qos:|"), ["0", "1", "2"]);
    assert_eq!(offered("is:p|")[..1], ["pinned"]);
    assert_eq!(
        offered("lamp|"),
        ["device:lamp-7", "topic:cmnd/lamp/power", "topic:state/lamp"]
    );
    assert!(offered("topic:state/lamp|").is_empty());
    assert!(offered("\"quoted |").is_empty());
}

#[test]
fn what_is_chosen_takes_the_place_of_what_was_typed() {
    assert_eq!(completed("rtt:>1s to| x"), "rtt:>1s topic:| x");
    assert_eq!(completed("verdict:late,sta| x"), "verdict:late,stale| x");
    assert_eq!(completed("device:fro|"), "device:\"front door\"|");
    assert_eq!(completed("device:\"fro|"), "device:\"front door\"|");
    assert_eq!(completed("connection:lab|"), "connection:\"Work bench\"|");
    assert_eq!(completed("user:|"), "user:trace=|");
    assert_eq!(completed("t|opic:x"), "time:|x");
    assert_eq!(completed("rule:tasm|"), "rule:tasmota|");
}

#[test]
fn a_term_made_of_any_text_finds_that_text() {
    for value in [
        "lamp",
        "a b",
        "/x/",
        "-1",
        "say \"hi\"",
        "C:\\x\\",
        "a,b",
        "1..2",
        "(x",
    ] {
        let text = term(Field::Topic, value);
        let filter = Filter::new(&text, None);
        assert!(filter.is_valid(), "{text}");
        let is_found = |topic: &str| {
            let row = Row::Message(MessageRow {
                connection: "lab".into(),
                message: Arc::new(Message::new(TopicName::received(topic), "")),
                verdict: MessageVerdict::Unmatched,
                received: at(0),
                responder: None,
                near: None,
                difference: None,
                is_echo: false,
            });
            filter.passes(RowRef::whole(RowId::new(0), Category::of(&row), &row))
        };
        assert!(is_found(&format!("before{value}after")), "{text}");
        assert!(!is_found("before after"), "{text}");
    }
}
