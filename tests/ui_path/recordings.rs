//! Recordings in the window: made, opened beside the session, marked, trimmed, and what goes wrong.

use crate::table::exchange;
use crate::window::Window;
use egui::{Key, Modifiers, Role};
use roundtrip::app::Action;
use roundtrip::app::latency::LatencyAction;
use roundtrip::app::perform::RecordingAction;
use roundtrip::app::table::RowAction;
use std::path::Path;

const MENU: &str = "Record, open, export, clear";
const FILE: &str = "File of the recording";

/// The numbers of the rows, from the top.
fn rows(window: &Window) -> String {
    let labels = window.labels(Role::Row);
    let numbers = labels
        .iter()
        .filter_map(|label| label.split([',', ' ']).next());
    numbers.collect::<Vec<_>>().join(" ")
}

fn row(window: &Window, start: &str) -> String {
    let mut rows = window.labels(Role::Row).into_iter();
    rows.find(|row| row.starts_with(start)).unwrap()
}

fn menu(window: &mut Window, entry: &str) {
    window.button(MENU);
    window.button(entry);
}

/// Three rows and a recording of them in that file; the session has a fourth that came later.
fn recorded(file: &Path) -> Window {
    let mut window = Window::open();
    exchange(window.timeline(), 1, "b/lamp", Some(40));
    exchange(window.timeline(), 2, "a/door", Some(3));
    menu(&mut window, "Record the session…");
    window.fill(FILE, file.to_str().unwrap());
    window.button("Record");
    window.wait_for_words("recording, ");
    exchange(window.timeline(), 3, "b/lamp", Some(12));
    menu(&mut window, "Stop recording");
    window.wait_for_words("Recorded ");
    assert!(!window.app().recordings.is_recording());
    window.perform(Action::DismissAll);
    exchange(window.timeline(), 4, "c/boiler", None);
    window.settle();
    window
}

fn open(window: &mut Window, file: &Path) {
    menu(window, "Open a recording…");
    window.fill(FILE, file.to_str().unwrap());
    window.button("Open");
    window.wait("the rows of the recording", |window| {
        window.app().recordings.shown().is_some() && window.app().timeline().len() == 3
    });
    window.wait_for_words("3 rows");
}

#[test]
fn a_session_is_recorded_opened_again_beside_it_and_both_keep_their_filter_order_and_row() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("monday.rtrec");
    let mut window = recorded(&file);
    window.perform(Action::SetFilter("topic:c".to_owned()));
    window.settle();
    assert_eq!(rows(&window), "4");
    let boiler = row(&window, "4 ");
    window.press(Role::Row, &boiler);
    let chosen = window.app().selected;

    open(&mut window, &file);
    assert_eq!(rows(&window), "3 2 1");
    assert_eq!(window.value("Filter the timeline"), "");
    assert_eq!(window.app().selected, None);
    window.press(Role::ColumnHeader, "Round trip");
    window.wait("the order", |window| {
        ["1 3 2", "2 3 1"].contains(&rows(window).as_str())
    });
    window.perform(Action::SetFilter("topic:lamp".to_owned()));
    window.settle();
    let sorted = rows(&window);
    assert!(["1 3", "3 1"].contains(&sorted.as_str()), "{sorted}");
    let lamp = row(&window, "3 ");
    window.press(Role::Row, &lamp);
    assert!(window.says("#3 b/lamp"));

    window.button("Session 4");
    assert_eq!(rows(&window), "4");
    assert_eq!(window.value("Filter the timeline"), "topic:c");
    assert_eq!(window.app().selected, chosen);
    window.button("monday 3");
    assert_eq!(rows(&window), sorted);
    assert_eq!(window.value("Filter the timeline"), "topic:lamp");
    assert!(window.says("#3 b/lamp"));

    // Opened once more it is shown as it is, and is there once.
    window.button("Session 4");
    open(&mut window, &file);
    assert_eq!(window.app().recordings.opened().len(), 1);
    assert_eq!(rows(&window), sorted);

    // Clearing is for the session: of a recording nothing is lost.
    window.key(Modifiers::COMMAND, Key::L);
    window.settle();
    assert!(window.app().recordings.opened().is_empty());
    assert!(!window.has(Role::Button, "monday 3"));
    assert_eq!(rows(&window), "4");
}

#[test]
fn what_is_marked_in_a_recording_is_there_when_it_is_opened_again_and_can_be_undone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("marks.rtrec");
    let mut window = recorded(&file);
    open(&mut window, &file);
    let lamp = row(&window, "3 ");
    window.press_secondary(Role::Row, &lamp);
    window.button("Pin");
    let pinned = format!("{lamp}, pinned");
    assert!(window.has(Role::Row, &pinned));
    window.press_secondary(Role::Row, &pinned);
    window.button("Comment…");
    window.fill("Comment on the row", "odd");
    window.button("Keep");
    let commented = format!("{pinned}, comment: odd");
    assert!(window.has(Role::Row, &commented));
    window.button("Close the recording");
    // The session's row of that number is another.
    assert!(window.has(Role::Row, &lamp));

    open(&mut window, &file);
    window.wait("the marks", |window| window.has(Role::Row, &commented));
    window.perform(Action::UndoNewest);
    window.wait("no comment", |window| window.has(Role::Row, &pinned));
    window.button("Close the recording");
    open(&mut window, &file);
    window.wait("the pin alone", |window| window.has(Role::Row, &pinned));
}

#[test]
fn a_mark_that_cannot_be_written_is_not_shown_as_if_it_were() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("live.rtrec");
    let mut window = recorded(&file);
    menu(&mut window, "Record the session…");
    window.fill(FILE, file.to_str().unwrap());
    window.press(Role::CheckBox, "With what the timeline has already");
    window.button("Record");
    window.wait_for_words("recording, ");
    open(&mut window, &file);
    let lamp = row(&window, "3 ");
    window.press_secondary(Role::Row, &lamp);
    window.button("Pin");
    window.wait_for_words("The row is not marked");
    window.wait("no mark", |window| window.has(Role::Row, &lamp));
    assert!(window.says("is being written by another recorder"));
}

#[test]
fn a_recording_is_trimmed_to_what_the_filter_shows_after_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trim.rtrec");
    let mut window = recorded(&file);
    open(&mut window, &file);
    window.button("Trim…");
    window.button("Take out for good");
    assert!(window.says("select a row in the table first"));
    window.button("Cancel");
    window.perform(Action::SetFilter("topic:lamp".to_owned()));
    window.settle();
    window.button("Trim…");
    window.button("Everything that does not pass the filter");
    window.button("Take out for good");
    window.wait_for_words("1 row taken out of");
    window.wait("what is left", |window| {
        window.app().recordings.shown().is_some() && rows(window) == "3 1"
    });
    let lamp = row(&window, "3 ");
    window.press(Role::Row, &lamp);
    window.button("Trim…");
    window.button("Everything before the selected row");
    window.button("Take out for good");
    window.wait("the newest alone", |window| {
        window.app().recordings.shown().is_some() && rows(window) == "3"
    });
    window.button("Close the recording");
    assert_eq!(rows(&window), "4 3 2 1");
}

#[test]
fn a_recording_that_cannot_begin_is_said_where_its_path_is_typed() {
    let mut window = Window::open();
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "not a folder").unwrap();
    let typed = in_the_way.join("x.rtrec");
    menu(&mut window, "Record the session…");
    window.fill(FILE, typed.to_str().unwrap());
    window.button("Record");
    window.wait("the reason", |window| window.problem(FILE).is_some());
    assert_eq!(window.value(FILE), typed.to_str().unwrap());
    assert!(!window.app().recordings.is_recording());
    let better = folder.path().join("x");
    window.fill(FILE, better.to_str().unwrap());
    assert_eq!(window.problem(FILE), None);
    window.button("Record");
    window.wait_for_words("recording, ");
    assert!(window.app().dialog.is_none());
    assert!(folder.path().join("x.rtrec").exists());
}

#[test]
fn what_is_no_recording_is_left_alone_and_the_session_stays_in_view() {
    let mut window = Window::open();
    exchange(window.timeline(), 1, "b/lamp", Some(40));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "buy milk").unwrap();
    menu(&mut window, "Open a recording…");
    window.fill(FILE, file.to_str().unwrap());
    window.button("Open");
    window.wait_for_words("is no recording of Roundtrip");
    window.settle();
    assert!(window.app().recordings.opened().is_empty());
    assert_eq!(rows(&window), "1");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "buy milk");
    menu(&mut window, "Open a recording…");
    window.wait_for_words("None yet.");
    window.button("Open");
    assert!(window.problem(FILE).unwrap().contains("write the path"));
}

#[test]
fn recordings_of_the_workspace_are_offered_by_name() {
    let mut window = Window::open();
    exchange(window.timeline(), 1, "b/lamp", Some(40));
    menu(&mut window, "Record the session…");
    window.fill(FILE, "tuesday");
    window.button("Record");
    window.wait_for_words("recording, ");
    menu(&mut window, "Stop recording");
    window.wait_for_words("Recorded ");
    menu(&mut window, "Open a recording…");
    window.wait_for_words("tuesday.rtrec · ");
    let buttons = window.labels(Role::Button);
    let mut buttons = buttons.into_iter();
    let found = buttons.find(|name| name.starts_with("tuesday")).unwrap();
    window.button(&found);
    window.wait("its row", |window| window.has(Role::Button, "tuesday 1"));
}

#[test]
fn what_is_sent_again_from_a_recording_is_answered_in_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("again.rtrec");
    let mut window = recorded(&file);
    open(&mut window, &file);
    window.perform(Action::Connect("built-in-broker".to_owned()));
    window.wait("the connection", |window| {
        window.app().session.state("built-in-broker").is_connected()
    });
    let lamp = row(&window, "3 ");
    window.press(Role::Row, &lamp);
    let of_recording = window.app().selected.unwrap();
    window.perform(Action::Row(of_recording, RowAction::Resend));
    window.settle();
    assert_eq!(window.app().recordings.shown(), None);
    let sent = window.app().selected.unwrap();
    assert!(window.app().session.timeline.row(sent).is_some());
    assert_ne!(sent, of_recording);
    window.perform(Action::Recording(RecordingAction::Show(Some(0))));
    window.settle();
    assert_eq!(window.app().selected, Some(of_recording));
}

#[test]
fn the_filter_box_says_what_the_latencies_chose_for_the_table() {
    let mut window = Window::open();
    exchange(window.timeline(), 1, "b/lamp", Some(40));
    exchange(window.timeline(), 2, "a/door", Some(3));
    window.button("Latency");
    window.wait("the groups", |window| window.says("a/door"));
    window.perform(Action::Latency(LatencyAction::Choose(Some(
        "a/door".into(),
    ))));
    window.perform(Action::Latency(LatencyAction::ShowInTable));
    window.settle();
    assert_eq!(rows(&window), "2");
    let typed = window.value("Filter the timeline");
    assert!(typed.contains("a/door"), "{typed:?}");
}
