//! Payloads of any size looked at, and two of them compared.

use crate::window::Window;
use egui::{Key, Modifiers, Role};
use roundtrip::app::Action;
use roundtrip::model::exchange::MessageVerdict;
use roundtrip::model::message::Message;
use roundtrip::model::time::Timestamp;
use roundtrip::model::timeline::{MessageRow, RowId};
use roundtrip::model::topic::TopicName;
use std::sync::Arc;

fn push(window: &mut Window, payload: impl Into<bytes::Bytes>) -> RowId {
    let topic = TopicName::new("state/huge").unwrap();
    window.app_mut().session.timeline.push_message(MessageRow {
        connection: "lab".into(),
        message: Arc::new(Message::new(topic, payload)),
        verdict: MessageVerdict::Unmatched,
        received: Timestamp::from_nanos(0),
        responder: None,
        near: None,
        difference: None,
        is_echo: false,
    })
}

fn open(window: &mut Window, row: RowId) {
    window.perform(Action::SelectRow(Some(row)));
    window.step();
}

#[test]
fn ten_megabytes_and_a_line_of_one_are_shown_at_once_and_formatted_off_the_frame() {
    let mut window = Window::open();
    let huge = push(&mut window, "a line of text\n".repeat(700_000));
    let json = push(&mut window, format!("[{}1]", "1,".repeat(100_000)));
    let line = push(&mut window, "x".repeat(1 << 20));
    for (row, before, after, size) in [
        (huge, "a line of text\n", "a line of text\n", "10.0 MiB"),
        (json, "[1,1,1", "[\n  1,\n", "195.3 KiB"),
        (line, "xxxx", "xxxx", "1.0 MiB"),
    ] {
        open(&mut window, row);
        assert!(window.is_formatting());
        assert!(window.shown_payload().starts_with(before));
        assert!(window.says(&format!("of {size}, as they came. Formatting")));
        window.wait("the whole payload", |window| !window.is_formatting());
        window.settle();
        assert!(window.shown_payload().starts_with(after));
        assert!(!window.says("Formatting"));
    }
}

#[test]
fn another_row_chosen_meanwhile_is_shown_and_stays() {
    let mut window = Window::open();
    let huge = push(&mut window, format!("[{}1]", "1,".repeat(5 << 20)));
    let small = push(&mut window, "{\"a\":1}");
    open(&mut window, huge);
    window.step();
    open(&mut window, small);
    assert!(!window.is_formatting());
    window.settle();
    assert_eq!(window.shown_payload(), "{\n  \"a\": 1\n}");
}

#[test]
fn a_raw_view_of_ten_megabytes_needs_no_formatting() {
    let mut window = Window::open();
    let huge = push(&mut window, vec![0xfe_u8; 10 << 20]);
    open(&mut window, huge);
    window.press(Role::Tab, "Raw");
    assert!(!window.is_formatting());
    assert!(window.shown_payload().starts_with("fefe"));
}

#[test]
fn a_payload_is_marked_and_compared_with_that_of_another_row() {
    let mut window = Window::open();
    let first = push(&mut window, "{\"power\":\"on\",\"level\":80}");
    let second = push(&mut window, "{\"level\":80,\"power\":\"off\"}");
    open(&mut window, first);
    window.settle();
    window.choose("Compare", "With another message…");
    assert!(window.says("is marked: choose the message to compare it with."));
    open(&mut window, second);
    window.settle();
    window.button("Compare with this");
    window.wait_for_words("1 change: lines 2 changed");
    let shown = window.document("Differences").unwrap();
    assert!(shown.contains("-  \"power\": \"on\","), "{shown}");

    window.press(Role::Switch, "Ignore the order of members");
    window.wait_for_words("1 change: lines 1 changed");
    window.button("One column");
    window.wait("it is compared anew", |window| {
        window
            .document("Differences")
            .is_some_and(|shown| shown.contains("-  \"power\": \"on\"\n+  \"power\": \"off\""))
    });
    window.press(Role::Switch, "Indent JSON");
    window.wait_for_words("1 change: lines 1 changed");
    window.button("Close");
    assert!(window.app().dialog.is_none() && window.app().marked.is_none());
}

#[test]
fn bytes_that_are_no_text_are_compared_byte_by_byte() {
    let mut window = Window::open();
    let first = push(&mut window, vec![0xfe_u8, 1, 2, 3]);
    let second = push(&mut window, vec![0xfe_u8, 1, 9, 3]);
    window.perform(Action::Compare((first, 0), (second, 0)));
    window.step();
    window.wait_for_words("1 change: bytes 1 changed");
    let shown = window.document("Differences").unwrap();
    assert!(shown.contains("-fe 01 02 03"), "{shown}");
    assert!(!window.has(Role::Switch, "Indent JSON"));
}

const CTRL: Modifiers = Modifiers::COMMAND;

/// Clicks into the payload and asks for the search.
fn find(window: &mut Window, text: &str) {
    window.press(Role::Document, "Message payload");
    window.key(CTRL, Key::F);
    window.fill("Find in the payload", text);
}

#[test]
fn a_payload_is_searched_by_keys_from_place_to_place() {
    let mut window = Window::open();
    let row = push(
        &mut window,
        "{\"power\":\"on\",\"Powered\":true,\"level\":80}",
    );
    open(&mut window, row);
    window.settle();
    find(&mut window, "POWER");
    assert!(window.says("1 of 2"));
    for (keys, key, told) in [
        (Modifiers::NONE, Key::Enter, "2 of 2"),
        (Modifiers::NONE, Key::F3, "1 of 2"),
        (Modifiers::SHIFT, Key::Enter, "2 of 2"),
        (Modifiers::SHIFT, Key::F3, "1 of 2"),
    ] {
        window.key(keys, key);
        assert!(window.says(told), "{key:?}: {told}");
    }
    window.button("Next place");
    assert!(window.says("2 of 2"));
    window.fill("Find in the payload", "nowhere");
    assert!(window.says("nothing found"));
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.says("nothing found"), "Escape closes it");
    window.key(CTRL, Key::F);
    assert!(window.says("nothing found"), "what was typed is kept");
    assert_eq!(window.app().listing.filter().text(), "");
    window.press(Role::Document, "Message payload");
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.says("nothing found"), "from the payload, too");
}

#[test]
fn megabytes_are_searched_off_the_frame_and_the_place_comes_into_view() {
    let mut window = Window::open();
    let hay = "a line of text\n".repeat(50_000);
    let huge = push(
        &mut window,
        format!("{hay}here is the Needle\n{hay}and another needle\n"),
    );
    open(&mut window, huge);
    window.wait("the whole payload", |window| !window.is_formatting());
    window.settle();
    find(&mut window, "needle");
    window.wait_for_words("1 of 2");
    window.settle();
    let first = window.first_payload_row();
    assert!((49_900..50_001).contains(&first), "{first}");
    find(&mut window, "line");
    window.wait_for_words(" of 100,000");
}

#[test]
fn raw_bytes_are_searched_for_bytes_and_for_text() {
    let mut window = Window::open();
    let row = push(
        &mut window,
        [vec![0_u8; 5_000], b"Power\xff\xfe".to_vec()].concat(),
    );
    open(&mut window, row);
    window.press(Role::Tab, "Raw");
    find(&mut window, "0x72 ff");
    assert!(window.says("1 of 1"));
    assert!(window.first_payload_row() > 200);
    window.fill("Find in the payload", "pow");
    assert!(window.says("1 of 1"));
    window.fill("Find in the payload", "0x7");
    let problem = window.problem("Find in the payload").unwrap();
    assert!(problem.contains("in pairs"), "{problem}");
}
