//! Connections and requests of other programs, by the window.

use crate::window::Window;
use egui::Role;
use roundtrip::app::Action;
use roundtrip::app::dialogs::Dialog;
use roundtrip::app::imports::ImportAction;

const LINE: &str = "mosquitto_rr -h broker.example -u me -P hunter2 -t dev/1/req -e dev/1/resp -m '{\"cmd\":\"get\"}' -v";

fn paste(window: &mut Window, text: &str) {
    window.perform(Action::Import(ImportAction::Ask));
    window.settle();
    window.button("Pasted");
    match &mut window.app_mut().dialog {
        Some(Dialog::Import(dialog)) => text.clone_into(&mut dialog.text),
        other => panic!("{other:?}"),
    }
    window.settle();
    window.button("Show what it would do");
    window.wait("the plan", |window| window.has(Role::Button, "Import"));
}

#[test]
fn a_pasted_command_line_is_looked_at_chosen_from_imported_and_taken_back() {
    let mut window = Window::open();
    paste(&mut window, LINE);
    assert!(window.says("From command lines: 1 connection and 1 request; 1 thing is left out"));
    assert!(window.has(Role::CheckBox, "Connection broker.example"));
    assert!(window.says("it is about what that program prints"));
    window.press(Role::CheckBox, "Request dev/1/req");
    assert!(window.says("1 connection and 0 requests"));
    window.press(Role::CheckBox, "Request dev/1/req");
    window.button("Import");
    window.wait_for_words("Imported 1 connection and 1 request");
    assert!(window.has(Role::Button, "Request dev/1/req"));
    window.button("Undo");
    window.wait_for_words("The import was taken back");
    assert!(!window.has(Role::Button, "Request dev/1/req"));
}

#[test]
fn what_has_a_name_that_is_here_is_chosen_for() {
    let mut window = Window::open();
    paste(&mut window, LINE);
    window.button("Import");
    window.wait_for_words("Imported 1 connection and 1 request");
    paste(&mut window, &LINE.replace("-u me", "-u you"));
    assert!(window.says("1 connection and 1 request"));
    assert!(window.says("broker.example 2"));
    window.button("Replace, all of them");
    let becomes = "What becomes of Connection broker.example";
    assert!(window.has(Role::ComboBox, becomes));
    window.button("Leave out, all of them");
    assert!(window.says("0 connections and 0 requests"));
}

#[test]
fn a_saved_request_is_copied_from_its_menu() {
    let mut window = Window::open();
    paste(&mut window, LINE);
    window.button("Import");
    window.wait_for_words("Imported");
    window.press_secondary(Role::Button, "Request dev/1/req");
    window.button("Copy as mosquitto_rr");
    window.wait_for_words("Copied as mosquitto_rr");
    assert!(window.says("does not look at Correlation Data"));
}
