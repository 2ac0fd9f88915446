//! The timeline as lanes: switched to, chosen from, zoomed, followed.

use crate::window::Window;
use egui::{Key, Modifiers, Role};
use roundtrip::app::{Action, TimelineView};

/// A lamp that answers, and so many exchanges with it, seen as lanes.
fn with_exchanges(count: usize) -> Window {
    let mut window = Window::open();
    window.perform(Action::Connect("built-in-broker".to_owned()));
    window.button("New simulated device");
    window.fill("Device name", "lamp");
    window.fill("Topic filter 1", "cmnd/lamp/#");
    window.fill("Reply template", "{\"power\":\"on\"}");
    window.button("Save device");
    window.wait("the lamp listens", |window| {
        window
            .app()
            .session
            .devices()
            .any(|(_, device)| device.is_listening())
    });
    window.fill("Topic", "cmnd/lamp/power");
    window.fill("Response Topic", "state/lamp/power");
    for number in 1..=count {
        window.key(Modifiers::COMMAND, Key::Enter);
        let label = format!("Answered {number}");
        window.wait(&label, |window| window.has(Role::Button, &label));
    }
    window.button("Lanes");
    window.wait("the lanes", |window| window.has(Role::Button, "Lane lamp"));
    window
}

fn row(window: &Window, number: usize) -> String {
    let start = format!("{number} cmnd/lamp/power, Answered");
    let rows = window.labels(Role::Row);
    rows.into_iter()
        .find(|row| row.starts_with(&start))
        .unwrap()
}

#[test]
fn the_lanes_show_who_took_part_and_a_row_is_chosen_from_them() {
    let mut window = with_exchanges(2);
    assert_eq!(window.app().window.timeline_view, TimelineView::Lanes);
    assert!(window.has(Role::Button, "Lane Built-in broker"));
    let second = window.app().selected.unwrap();
    let first = row(&window, 1);
    window.press(Role::Row, &first);
    window.settle();
    assert_ne!(window.app().selected, Some(second));
    assert!(window.says("#1 cmnd/lamp/power"));
    // With the keyboard to the next one.
    window.key(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(window.app().selected, Some(second));
    // And back to the table.
    window.button("Table");
    window.settle();
    assert!(!window.has(Role::Button, "Lane lamp"));
    assert!(window.has(Role::Row, &first));
}

#[test]
fn zoom_is_said_and_ends_where_there_is_no_more() {
    let mut window = with_exchanges(1);
    assert!(window.says("zoom 1 s/div"));
    window.button("Zoom in");
    assert!(window.says("zoom 500 ms/div"));
    for _ in 0..2 {
        window.button("Zoom out");
    }
    assert!(window.says("zoom 2 s/div"));
}

#[test]
fn the_newest_stays_in_view_until_somebody_looks_elsewhere() {
    let mut window = with_exchanges(12);
    let newest = "Back to the newest row";
    assert!(!window.has(Role::Button, newest));
    assert!(window.says("12 cmnd/lamp/power, Answered"));
    let last = row(&window, 12);
    window.press(Role::Row, &last);
    window.key(Modifiers::NONE, Key::Home);
    window.settle();
    assert!(window.has(Role::Button, newest));
    row(&window, 1);
    // Another one comes in: what is read stays where it is.
    window.key(Modifiers::COMMAND, Key::Enter);
    window.wait("13 answers", |window| {
        window.has(Role::Button, "Answered 13")
    });
    row(&window, 1);
    window.button(newest);
    window.settle();
    row(&window, 13);
    assert!(!window.has(Role::Button, newest));
}

#[test]
fn nothing_but_one_exchange_is_drawn_when_that_is_wanted() {
    let mut window = with_exchanges(3);
    let second = row(&window, 2);
    window.press(Role::Row, &second);
    window.button("Only this exchange");
    window.wait("one row", |window| window.labels(Role::Row).len() == 1);
    assert_eq!(window.labels(Role::Row), [second]);
    window.button("Only this exchange");
    window.wait("all rows", |window| window.labels(Role::Row).len() == 3);
}

#[test]
fn a_lane_is_hidden_and_comes_back() {
    let mut window = with_exchanges(1);
    window.button("Participants");
    window.button("Hide lamp");
    window.wait("no lane of the lamp", |window| {
        !window.has(Role::Button, "Lane lamp")
    });
    window.button("Show lamp");
    window.wait("the lane again", |window| {
        window.has(Role::Button, "Lane lamp")
    });
}

#[test]
fn lanes_of_nothing_offer_the_demos() {
    let mut window = Window::open();
    window.button("Lanes");
    window.settle();
    assert!(window.says("Nothing was sent yet. Write a request above"));
    assert!(!window.has(Role::Button, "Participants"));
}
