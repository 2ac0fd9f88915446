//! The filter box: completed by keyboard, corrected at its place, saved and found again.

use crate::window::Window;
use egui::{Event, Key, Modifiers, Role};

const BOX: &str = "Filter the timeline";

/// Five exchanges of the light in the bedroom.
fn played() -> Window {
    let mut window = Window::open();
    window.button("Demos");
    window.button("Play Smart light");
    window.wait_for_words("played, every exchange");
    window.button("Dismiss notice");
    window
}

fn rows(window: &Window) -> usize {
    window.labels(Role::Row).len()
}

#[test]
fn a_filter_is_completed_by_keyboard() {
    let mut window = played();
    window.fill(BOX, "verd");
    let offers = window.labels(Role::ListBoxOption);
    assert!(offers[0].starts_with("verdict:, "), "{offers:?}");
    window.key(Modifiers::NONE, Key::Tab);
    assert_eq!(window.value(BOX), "verdict:");
    // What has only been begun is not held against who types.
    assert_eq!(window.problem(BOX), None);
    window.event(Event::Text("time".to_owned()));
    window.key(Modifiers::NONE, Key::ArrowDown);
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(window.value(BOX), "verdict:timed_out");
    assert!(window.labels(Role::ListBoxOption).is_empty());
    assert_eq!(rows(&window), 0);
    // The cursor stands behind what was taken.
    window.event(Event::Text(",answered".to_owned()));
    assert_eq!(window.value(BOX), "verdict:timed_out,answered");
    assert_eq!(rows(&window), 5);
}

#[test]
fn the_list_closes_with_escape_and_is_taken_from_with_the_pointer() {
    let mut window = played();
    window.fill(BOX, "topic:");
    assert!(!window.labels(Role::ListBoxOption).is_empty());
    window.key(Modifiers::NONE, Key::Escape);
    assert!(window.labels(Role::ListBoxOption).is_empty());
    assert_eq!(window.value(BOX), "topic:");
    window.key(Modifiers::NONE, Key::ArrowDown);
    let offer = window.labels(Role::ListBoxOption).remove(0);
    window.press(Role::ListBoxOption, &offer);
    assert_eq!(window.value(BOX), format!("topic:{offer}"));
    assert!(rows(&window) > 0);
}

#[test]
fn a_mistake_is_said_at_its_place_and_left_out_until_it_is_right() {
    let mut window = played();
    window.fill(BOX, "-verdict:answered");
    assert_eq!(rows(&window), 0);
    window.fill(BOX, "verdict:answered");
    assert_eq!(rows(&window), 5);
    window.fill(BOX, "rtt:>soon -verdict:answered");
    let problem = window.problem(BOX).unwrap();
    assert!(
        problem.starts_with("`soon` is no duration. Write"),
        "{problem}"
    );
    assert!(window.says(&problem));
    assert!(window.says("Until then it is left out, and this applies: -verdict:answered"));
    assert_eq!(rows(&window), 0);
    window.fill(BOX, "rtt:>soon");
    assert!(window.says("Until then it is left out, and no text filters the rows."));
    assert_eq!(rows(&window), 5);
    window.button("Clear the filter");
    assert_eq!(window.problem(BOX), None);
    assert_eq!(rows(&window), 5);
}

#[test]
fn a_filter_is_saved_applied_from_menu_and_palette_and_deleted_with_a_way_back() {
    let mut window = played();
    window.fill(BOX, "verdict:late");
    window.button("Saved filters");
    window.fill("Name of the filter", "Too late");
    window.button("Save the filter");
    window.button("Clear the filter");
    assert_eq!(rows(&window), 5);
    window.button("Saved filters");
    window.button("Apply filter Too late");
    assert_eq!(window.value(BOX), "verdict:late");
    assert_eq!(rows(&window), 0);
    window.button("Clear the filter");
    window.key(Modifiers::NONE, Key::Escape);
    window.key(Modifiers::COMMAND, Key::K);
    window.fill("Search requests, topics, commands", "filter: too");
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(window.value(BOX), "verdict:late");
    window.button("Saved filters");
    window.button("Rename filter Too late");
    window.fill("New name of the filter", "Never in time");
    window.button("Rename");
    window.button("Delete filter Never in time");
    assert!(!window.has(Role::Button, "Apply filter Never in time"));
    assert!(window.says("Deleted the filter Never in time"));
    window.button("Undo");
    window.button("Saved filters");
    assert!(window.has(Role::Button, "Apply filter Never in time"));
}

#[test]
fn ctrl_f_goes_to_the_box_and_offers_what_was_used_before() {
    let mut window = played();
    window.fill(BOX, "verdict:answered");
    window.key(Modifiers::NONE, Key::Enter);
    window.button("Clear the filter");
    window.key(Modifiers::COMMAND, Key::F);
    let offers = window.labels(Role::ListBoxOption);
    assert_eq!(offers[0], "verdict:answered, used before");
    window.key(Modifiers::NONE, Key::Tab);
    assert_eq!(window.value(BOX), "verdict:answered");
}

#[test]
fn the_language_is_on_one_page_beside_the_box() {
    let mut window = Window::open();
    window.button("Filter language");
    for words in ["rtt:>5ms", "how long the answer took", "a OR b"] {
        assert!(window.says(words), "{words}");
    }
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.says("how long the answer took"));
}

#[test]
fn a_group_that_is_not_closed_is_said_while_it_is_left_out() {
    let mut window = played();
    window.fill(BOX, "(verdict:late");
    assert_eq!(window.problem(BOX), None, "it has only been begun");
    window.event(Event::Text(" OR rtt:>9s".to_owned()));
    let problem = window.problem(BOX).unwrap_or_default();
    assert!(problem.contains("this `(` is not closed"), "{problem}");
    window.event(Event::Text(")".to_owned()));
    assert_eq!(window.problem(BOX), None);
    assert_eq!(rows(&window), 0);
}
