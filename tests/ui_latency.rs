//! The Latency view in the whole window: charts are marked by pointer and keyboard, groups chosen
//! and compared, and what is marked ends up in the table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common_ui;

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, Role, UiBuilder, lerp, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use roundtrip::app::TimelineView;
use roundtrip::app::open::{Place, open};
use roundtrip::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reply, Verdict,
};
use roundtrip::model::message::Message;
use roundtrip::model::request::{RequestDraft, Surroundings};
use roundtrip::model::time::Timestamp;
use roundtrip::model::timeline::Timeline;
use roundtrip::model::topic::TopicName;
use roundtrip::ui::shell::Shell;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const MS: i64 = 1_000_000;

type Window = Harness<'static, Shell>;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_nanos(1_795_252_440_000 * MS + ms * MS)
}

/// An exchange a tenth of a second: the lamp takes 2 to 11 ms, the door 20 to 110 ms, and every
/// twentieth has no answer.
fn fill(timeline: &mut Timeline, count: i64) {
    for n in 0..count {
        let (topic, took) = if n % 3 == 0 {
            ("lock/front-door/cmd", 20 + n * 7 % 10 * 10)
        } else {
            ("cmnd/lamp/power", 2 + n * 7 % 10)
        };
        let draft = RequestDraft {
            topic: topic.to_owned(),
            ..RequestDraft::default()
        };
        let here = Surroundings {
            client_id: "roundtrip-7f",
            ..Surroundings::default()
        };
        let request = Arc::new(draft.validate(&here).unwrap());
        let message = Arc::new(request.message(None));
        let (id, sent) = (ExchangeId(n.unsigned_abs()), at(n * 100));
        let connection = "built-in-broker".into();
        timeline.begin(Exchange::new(
            id,
            connection,
            request,
            message,
            "mqtt5".into(),
            sent,
        ));
        timeline.apply(id, Change::Published, sent);
        if n % 20 == 19 {
            timeline.apply(id, Change::Finished(Verdict::TimedOut), at(n * 100 + 5_000));
            continue;
        }
        let received = at(n * 100 + took);
        let reply = Reply {
            message: Arc::new(Message::new(TopicName::new("resp").unwrap(), "ok")),
            received,
            verdict: MessageVerdict::Reply,
            outcome: Outcome::Ok,
            responder: Some("device".into()),
        };
        timeline.apply(id, Change::Reply(reply), received);
        timeline.apply(id, Change::Finished(Verdict::Answered), received);
    }
}

fn window(count: i64) -> Window {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    let mut app = open(Place::Scratch, &wake).unwrap();
    app.window.timeline_view = TimelineView::Latency;
    app.window.panels.timeline_height = 520.0;
    app.window.panels.timeline_height = 520.0;
    fill(&mut app.session.timeline, count);
    let mut window = common_ui::harness(
        vec2(1560.0, 930.0),
        true,
        Shell::new(app, None),
        |ui, shell: &mut Shell| {
            shell.logic(ui.ctx());
            let screen = ui.ctx().content_rect();
            ui.scope_builder(UiBuilder::new().max_rect(screen), |ui| {
                ui.set_clip_rect(screen);
                shell.paint(ui);
            });
        },
    );
    window.run_steps(3);
    wait(&mut window, "all was looked at", |shell| {
        shell.app.latency.next_look().is_none()
    });
    window
}

fn wait(window: &mut Window, what: &str, holds: impl Fn(&Shell) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        window.run_steps(2);
        if holds(window.state()) {
            return;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
    }
}

fn chart(window: &Window, begins: &str) -> Rect {
    window
        .get_by(|node| {
            let label = node.label().unwrap_or_default();
            node.role() == Role::GraphicsObject && label.starts_with(begins)
        })
        .rect()
}

fn press(window: &mut Window, role: Role, begins: &str) {
    window
        .get_by(|node| {
            node.role() == role && node.label().is_some_and(|label| label.starts_with(begins))
        })
        .click();
    window.run_steps(4);
}

fn labels(window: &Window, role: Role) -> Vec<String> {
    let nodes = window.query_all_by(|node| node.role() == role);
    nodes
        .filter_map(|node| node.accesskit_node().label())
        .collect()
}

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.event(Event::PointerMoved(from));
    window.run_steps(1);
    window.event(button(from, true));
    window.run_steps(1);
    for step in 1_u8..=4 {
        let at = from.lerp(to, f32::from(step) / 4.0);
        window.event(Event::PointerMoved(at));
        window.run_steps(1);
    }
    window.event(button(to, false));
    window.run_steps(4);
}

fn inside(rect: Rect, x: f32, y: f32) -> Pos2 {
    Pos2::new(
        lerp(rect.left()..=rect.right(), x),
        lerp(rect.top()..=rect.bottom(), y),
    )
}

#[test]
fn what_is_marked_in_the_scatter_is_shown_in_the_table() {
    let mut window = window(300);
    let scatter = chart(&window, "Round trips by time");
    // The left half, and of it the lower, faster half.
    drag(
        &mut window,
        inside(scatter, 0.0, 0.5),
        inside(scatter, 0.5, 1.0),
    );
    wait(&mut window, "the marked were counted", |shell| {
        shell.app.latency.report().marked.is_some() && !shell.app.latency.is_busy()
    });
    let report = window.state().app.latency.report();
    let (region, marked) = report.marked.as_ref().unwrap();
    assert!(region.times.is_some() && region.round_trips.is_some());
    // Of the first half all lamps that answered, and of the doors not one.
    assert!(
        (90..=105).contains(&marked.exchanges),
        "{}",
        marked.exchanges
    );
    assert_eq!(marked.unanswered, 0);
    press(&mut window, Role::Button, "Show the marked in the table");
    let app = &window.state().app;
    assert_eq!(app.window.timeline_view, TimelineView::Table);
    let text = app.listing.filter().text();
    assert!(text.contains("time:") && text.contains("rtt:"), "{text}");
    assert_eq!(app.listing.len() as u64, marked.exchanges, "{text}");
    let rows = labels(&window, Role::Row);
    assert!(!rows.is_empty());
    assert!(
        rows.iter()
            .all(|row| row.contains("cmnd/lamp/power, Answered")),
        "{rows:?}"
    );
}

#[test]
fn time_alone_marks_those_without_an_answer_too() {
    let mut window = window(300);
    let over_time = chart(&window, "Percentiles over time");
    drag(
        &mut window,
        inside(over_time, 0.0, 0.4),
        inside(over_time, 1.0, 0.6),
    );
    wait(&mut window, "the marked were counted", |shell| {
        shell.app.latency.report().marked.is_some() && !shell.app.latency.is_busy()
    });
    let report = window.state().app.latency.report();
    let (region, marked) = report.marked.as_ref().unwrap();
    assert!(region.round_trips.is_none());
    assert_eq!((marked.exchanges, marked.unanswered), (300, 15));
    assert_eq!(report.shown.silence, "15 of 300 not answered");
}

#[test]
fn a_chart_is_read_and_marked_by_keyboard_and_unmarked_with_escape() {
    let mut window = window(300);
    window
        .get_by(|node| {
            let label = node.label().unwrap_or_default();
            label.starts_with("Histogram of 285 round trips")
        })
        .focus();
    window.run_steps(2);
    window.key_press(Key::ArrowLeft);
    window.run_steps(2);
    for _ in 0..20 {
        window.key_press_modifiers(Modifiers::SHIFT, Key::ArrowLeft);
        window.run_steps(1);
    }
    window.key_press(Key::Enter);
    window.run_steps(4);
    let region = window.state().app.latency.region().unwrap();
    let (low, high) = region.round_trips.unwrap();
    assert!(region.times.is_none());
    assert!(low < high, "{low:?} {high:?}");
    window.key_press(Key::Escape);
    window.run_steps(4);
    assert_eq!(window.state().app.latency.region(), None);
}

#[test]
fn two_groups_are_compared() {
    let mut window = window(900);
    press(&mut window, Role::Row, "cmnd/lamp/power, ");
    wait(&mut window, "the lamp is shown", |shell| {
        shell.app.latency.report().shown.name == "cmnd/lamp/power"
    });
    press(&mut window, Role::Button, "Keep to compare");
    press(&mut window, Role::Row, "lock/front-door/cmd, ");
    wait(&mut window, "the door is compared", |shell| {
        let report = shell.app.latency.report();
        // It is counted over some frames.
        report.comparison.as_ref().is_some_and(|comparison| {
            let mut lines = comparison.lines.iter();
            &*comparison.a == "lock/front-door/cmd"
                && lines.any(|line| line.label == "p50" && line.a != "—")
        })
    });
    // The words of a label are its value.
    let labels = window.query_all_by(|node| node.role() == Role::Label);
    let lines: Vec<String> = labels.filter_map(|node| node.value()).collect();
    let p50 = lines.iter().find(|line| line.starts_with("p50: A"));
    // Ten times as slow.
    assert!(
        p50.is_some_and(|line| line.ends_with("+63.0 ms +900 %")),
        "{lines:?}"
    );
    press(&mut window, Role::Button, "Stop comparing");
    assert!(window.state().app.latency.kept().is_none());
}

#[test]
fn groups_are_sorted_by_a_press_on_a_title() {
    let mut window = window(300);
    let first = |window: &Window| labels(window, Role::Row)[1].clone();
    assert!(first(&window).starts_with("cmnd/lamp/power, 200"));
    press(&mut window, Role::Button, "Sort by p99");
    wait(&mut window, "it is sorted", |shell| {
        shell.app.latency.next_look().is_none()
    });
    assert!(first(&window).starts_with("lock/front-door/cmd, 100"));
}

#[test]
fn an_empty_view_says_what_to_do() {
    let mut window = window(0);
    let found = window.query_by(|node| {
        let words = |text: Option<String>| {
            text.is_some_and(|text| text.contains("No request was sent yet"))
        };
        words(node.label()) || words(node.value())
    });
    assert!(found.is_some());
    // The top bar has such a button, too; the view's comes after it.
    let offers = window.query_all_by(|node| {
        node.role() == Role::Button && node.label().as_deref() == Some("Show the demos")
    });
    offers.last().unwrap().click();
    window.run_steps(4);
    assert!(window.state().app.dialog.is_some());
}
