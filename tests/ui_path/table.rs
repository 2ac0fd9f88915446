//! The timeline's table in the window: order, groups, columns, marks, and where somebody reads.

use crate::window::Window;
use egui::{Key, Modifiers, Role};
use roundtrip::app::Action;
use roundtrip::app::listing::arrange::Shown;
use roundtrip::app::table::TableAction;
use roundtrip::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reply, Verdict,
};
use roundtrip::model::message::Message;
use roundtrip::model::request::{RequestDraft, Surroundings};
use roundtrip::model::time::Timestamp;
use roundtrip::model::timeline::{Mark, MarkColour, Timeline};
use roundtrip::model::topic::TopicName;
use std::sync::Arc;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_nanos(ms * 1_000_000)
}

/// An exchange on a topic, answered after so many milliseconds, or timed out.
pub fn exchange(timeline: &mut Timeline, id: u64, topic: &str, ms: Option<i64>) {
    let draft = RequestDraft {
        topic: topic.to_owned(),
        payload: format!("{{\"n\":{id}}}"),
        ..RequestDraft::default()
    };
    let here = Surroundings {
        client_id: "c",
        ..Surroundings::default()
    };
    let request = Arc::new(draft.validate(&here).unwrap());
    let message = Arc::new(request.message(None));
    let (id, connection, rule) = (ExchangeId(id), "built-in-broker".into(), "mqtt5".into());
    let start = at(i64::try_from(id.0).unwrap() * 1_000);
    timeline.begin(Exchange::new(id, connection, request, message, rule, start));
    timeline.apply(id, Change::Published, start);
    let Some(ms) = ms else {
        timeline.apply(id, Change::Finished(Verdict::TimedOut), start);
        return;
    };
    let received = Timestamp::from_nanos(start.as_nanos() + ms * 1_000_000);
    let reply = Reply {
        message: Arc::new(Message::new(TopicName::new("r").unwrap(), "{\"ok\":true}")),
        received,
        verdict: MessageVerdict::Reply,
        outcome: Outcome::Ok,
        responder: Some("lamp".into()),
    };
    timeline.apply(id, Change::Reply(reply), received);
    timeline.apply(id, Change::Finished(Verdict::Answered), received);
}

fn window(rows: &[(&str, Option<i64>)]) -> Window {
    let mut window = Window::open();
    for ((topic, ms), id) in rows.iter().zip(1..) {
        exchange(window.timeline(), id, topic, *ms);
    }
    window.settle();
    window
}

/// The beginnings of the rows' sentences, from the top.
fn rows(window: &Window) -> String {
    let first = |label: &String| {
        let words = label.split([',', ' ']);
        words.take(1).collect::<String>()
    };
    let rows: Vec<String> = window.labels(Role::Row).iter().map(first).collect();
    rows.join(" ")
}

const FOUR: [(&str, Option<i64>); 4] = [
    ("b/lamp", Some(40)),
    ("a/door", Some(3)),
    ("b/lamp", None),
    ("c/boiler", Some(12)),
];

#[test]
fn a_title_sorts_smallest_first_then_largest_first_then_newest_first_again() {
    let mut window = window(&FOUR);
    assert_eq!(rows(&window), "4 3 2 1");
    window.press(Role::ColumnHeader, "Round trip");
    assert_eq!(rows(&window), "2 4 1 3");
    exchange(window.timeline(), 5, "d", Some(7));
    window.settle();
    assert_eq!(rows(&window), "2 5 4 1 3");
    window.press(Role::ColumnHeader, "Round trip, sorted, smallest first");
    assert_eq!(rows(&window), "1 4 5 2 3");
    window.press(Role::ColumnHeader, "Round trip, sorted, largest first");
    assert_eq!(rows(&window), "5 4 3 2 1");
}

#[test]
fn groups_are_opened_and_closed_by_click_and_by_keys() {
    let mut window = window(&FOUR);
    window.button("Columns, order and groups");
    window.button("Topic");
    assert_eq!(rows(&window), "a/door b/lamp c/boiler");
    let lamp = "b/lamp, 2 rows: 1 answered, 1 timed out, p50 40.0 ms, p99 40.0 ms, worst 40.0 ms";
    window.press(Role::Row, lamp);
    assert_eq!(rows(&window), "a/door b/lamp 3 1 c/boiler");
    // From a row within, the left arrow goes to the group's head and closes it.
    window.key(Modifiers::NONE, Key::ArrowDown);
    window.settle();
    window.key(Modifiers::NONE, Key::ArrowLeft);
    window.settle();
    assert_eq!(rows(&window), "a/door b/lamp c/boiler");
    window.key(Modifiers::NONE, Key::ArrowUp);
    window.settle();
    window.key(Modifiers::NONE, Key::ArrowRight);
    window.settle();
    assert_eq!(rows(&window), "a/door 2 b/lamp c/boiler");
    window.button("Columns, order and groups");
    window.button("Open all");
    assert_eq!(rows(&window), "a/door 2 b/lamp 3 1 c/boiler 4");
    window.button("Columns, order and groups");
    window.button("None");
    assert_eq!(rows(&window), "4 3 2 1");
}

#[test]
fn columns_are_chosen_moved_and_back_on_the_next_start_and_can_be_made_usual_again() {
    let titles = |window: &Window| window.labels(Role::ColumnHeader).join(" ");
    let mut first = Window::open();
    exchange(first.timeline(), 1, "a", Some(3));
    first.settle();
    assert_eq!(
        titles(&first),
        "# Sent Request Responder Status Round trip Waterfall"
    );
    first.button("Columns, order and groups");
    first.press(Role::CheckBox, "QoS");
    first.press(Role::CheckBox, "Waterfall");
    first.press(Role::CheckBox, "Responder");
    first.key(Modifiers::NONE, Key::Escape);
    first.settle();
    first.press_secondary(Role::ColumnHeader, "QoS");
    first.button("Move left");
    let chosen = "# Sent Request Status QoS Round trip";
    assert_eq!(titles(&first), chosen);
    let kept = first.window_toml();
    drop(first);

    let mut second = Window::open_with(&kept);
    exchange(second.timeline(), 1, "a", Some(3));
    second.settle();
    assert_eq!(titles(&second), chosen);
    second.button("Columns, order and groups");
    second.button("Usual columns");
    assert_eq!(
        titles(&second),
        "# Sent Request Responder Status Round trip Waterfall"
    );
    assert!(second.app().window_state().timeline_columns.is_empty());
}

#[test]
fn a_row_is_pinned_coloured_and_commented_on_and_all_of_it_can_be_undone() {
    let mut window = window(&FOUR);
    let row = |window: &Window| {
        let rows = window.labels(Role::Row);
        rows.into_iter().find(|row| row.starts_with("2 ")).unwrap()
    };
    let plain = row(&window);
    let menu = |window: &mut Window| {
        let label = row(window);
        window.press_secondary(Role::Row, &label);
    };
    menu(&mut window);
    window.button("Pin");
    menu(&mut window);
    window.press(Role::RadioButton, "Violet");
    menu(&mut window);
    window.button("Comment…");
    window.fill("Comment on the row", "as slow as on Monday");
    window.button("Keep");
    let marked = format!("{plain}, pinned, violet, comment: as slow as on Monday");
    assert_eq!(row(&window), marked);
    window.perform(Action::ClearTimeline);
    window.settle();
    assert_eq!(window.labels(Role::Row), [marked]);
    for _ in 0..4 {
        window.perform(Action::UndoNewest);
    }
    window.settle();
    assert_eq!(rows(&window), "4 3 2 1");
    assert_eq!(row(&window), plain);
}

#[test]
fn the_menu_of_a_row_copies_filters_and_makes_requests() {
    let mut window = window(&FOUR);
    let row = |window: &Window, start: &str| {
        let rows = window.labels(Role::Row);
        rows.into_iter().find(|row| row.starts_with(start)).unwrap()
    };
    let choose = |window: &mut Window, start: &str, entry: &str| {
        let label = row(window, start);
        window.press_secondary(Role::Row, &label);
        window.button(entry);
    };
    choose(&mut window, "4 ", "Make a request from this");
    let draft = |window: &Window| window.app().tabs.front().unwrap().draft.clone();
    assert_eq!(draft(&window).topic, "c/boiler");
    assert_eq!(draft(&window).payload, "{\"n\":4}");
    choose(&mut window, "3 ", "Filter by this topic");
    assert_eq!(window.app().listing.filter().text(), "topic:b/lamp");
    assert_eq!(rows(&window), "3 1");
    choose(&mut window, "1 ", "Filter by this responder");
    assert_eq!(rows(&window), "1");
    choose(&mut window, "1 ", "Compare with…");
    assert!(window.app().marked.is_some());
    choose(&mut window, "1 ", "Show only this exchange");
    assert_eq!(window.app().listing.filter().text(), "id:1");
    choose(&mut window, "1 ", "Show in lanes");
    let view = window.app().window.timeline_view;
    assert_eq!(view, roundtrip::app::TimelineView::Lanes);
}

#[test]
fn a_row_that_is_read_stays_while_rows_come_and_groups_open_above() {
    let mut window = window(&[]);
    for id in 1..=200 {
        let topic = if id % 2 == 0 { "a/door" } else { "b/lamp" };
        exchange(window.timeline(), id, topic, Some(3));
    }
    window.settle();
    let label = |window: &Window, start: &str| {
        let rows = window.labels(Role::Row);
        rows.into_iter().find(|row| row.starts_with(start)).unwrap()
    };
    let top = |window: &Window, start: &str| {
        let label = label(window, start);
        window.place(Role::Row, &label).top()
    };
    let read = label(&window, "197 ");
    window.press(Role::Row, &read);
    let before = top(&window, "197 ");
    for id in 201..=240 {
        exchange(window.timeline(), id, "a/door", Some(3));
        window.settle();
    }
    assert!((top(&window, "197 ") - before).abs() < 0.01);
    window.button("Back to the newest row");
    assert!(rows(&window).starts_with("240 239"), "{}", rows(&window));

    window.button("Columns, order and groups");
    window.button("Topic");
    let lamp = label(&window, "b/lamp");
    window.press(Role::Row, &lamp);
    let read = label(&window, "197 ");
    window.press(Role::Row, &read);
    let before = top(&window, "197 ");
    let app = window.app();
    let Some(Shown::Group(door)) = app.listing.shown_at(app.timeline(), 0) else {
        panic!("a group at the top")
    };
    window.perform(Action::Table(TableAction::OpenGroup(door, true)));
    window.settle();
    assert!((top(&window, "197 ") - before).abs() < 0.01);
    assert!(window.has(Role::Button, "Back to the top"));
}

#[test]
fn the_filter_knows_what_was_noted() {
    let mut window = window(&FOUR);
    let timeline = window.timeline();
    let row = timeline.row_of(ExchangeId(2)).unwrap();
    timeline.set_mark(
        row,
        Mark {
            is_pinned: true,
            comment: "odd".to_owned(),
            colour: Some(MarkColour::Red),
        },
    );
    for text in ["is:pinned", "comment:od", "is:pinned colour:red"] {
        window.perform(Action::SetFilter(text.to_owned()));
        window.settle();
        assert_eq!(rows(&window), "2", "{text}");
    }
    window.timeline().set_mark(row, Mark::default());
    window.settle();
    assert!(window.labels(Role::Row).is_empty());
}

#[test]
fn order_and_groups_are_back_on_the_next_start() {
    let mut first = window(&FOUR);
    first.press(Role::ColumnHeader, "Round trip");
    first.press(Role::ColumnHeader, "Round trip, sorted, smallest first");
    first.button("Columns, order and groups");
    first.button("Topic");
    first.button("Columns, order and groups");
    first.button("Largest first");
    assert_eq!(rows(&first), "b/lamp a/door c/boiler");
    let kept = first.window_toml();
    drop(first);

    let mut second = Window::open_with(&kept);
    for ((topic, ms), id) in FOUR.iter().zip(1..) {
        exchange(second.timeline(), id, topic, *ms);
    }
    second.settle();
    assert_eq!(rows(&second), "b/lamp a/door c/boiler");
    second.button("Columns, order and groups");
    second.button("None");
    assert_eq!(rows(&second), "1 4 2 3", "slowest first");
    second.press(Role::ColumnHeader, "Round trip, sorted, largest first");
    let kept = second.window_toml();
    assert!(!kept.contains("timeline_order") && !kept.contains("timeline_groups"));

    let unknown =
        "[timeline_order]\ncolumn = \"of a later version\"\n\n[timeline_groups]\nby = \"moon\"\n";
    let mut third = Window::open_with(unknown);
    exchange(third.timeline(), 1, "a", Some(1));
    third.settle();
    assert_eq!(rows(&third), "1");
}
