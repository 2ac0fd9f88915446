//! The demos, from the button on.

use crate::window::Window;
use egui::Role;

#[test]
fn a_first_click_on_a_demo_leads_to_a_request_that_is_answered_again() {
    let mut window = Window::open();
    window.button("Demos");
    window.button("Play Smart light");
    window.wait_for_words("Smart light: played, every exchange ended as it should");
    assert!(window.has(Role::Button, "Answered 5"));
    assert!(window.has(Role::Button, "Request Turn on"));
    window.button("Send");
    window.wait("the sixth answer", |window| {
        window.has(Role::Button, "Answered 6")
    });
    assert!(window.shown_payload().contains("\"power\": \"on\""));
    assert!(window.says("from light-in-bedroom on state/light-in-bedroom/power"));
}

#[test]
fn the_other_demos_end_as_they_should() {
    let mut window = Window::open();
    for title in ["Relay", "Common topic"] {
        window.button("Demos");
        window.button(&format!("Play {title}"));
        window.wait_for_words(&format!(
            "{title}: played, every exchange ended as it should"
        ));
    }
    assert!(window.has(Role::Button, "Answered 17"));
}

#[test]
fn a_demo_played_twice_adds_nothing_twice() {
    let mut window = Window::open();
    for _ in 0..2 {
        window.button("Demos");
        window.button("Play Smart light");
        window.wait_for_words("Smart light: played, every exchange ended as it should");
        window.button("Dismiss notice");
    }
    assert_eq!(window.app().library.requests().len(), 3);
    assert_eq!(window.app().library.devices().len(), 1);
}

#[test]
fn a_device_that_is_switched_off_is_offered_where_nobody_answered() {
    let mut window = Window::open();
    window.button("Demos");
    window.button("Play Smart light");
    window.wait_for_words("Smart light: played, every exchange ended as it should");
    window.press(Role::Switch, "Device light-in-bedroom");
    window.button("Send");
    window.wait("no subscribers", |window| {
        window.has(Role::Button, "No subscribers 1")
    });
    window.button("Switch on light-in-bedroom");
    window.wait("the device listens", |window| {
        let device = window.app().session.device("light-in-bedroom");
        device.is_some_and(roundtrip::session::RunningDevice::is_listening)
    });
    window.button("Send");
    window.wait("the sixth answer", |window| {
        window.has(Role::Button, "Answered 6")
    });
}

#[test]
fn a_demo_says_what_it_does_and_in_the_end_what_there_was_to_be_seen() {
    let mut window = Window::open();
    window.perform(roundtrip::app::Action::PlayDemo("door-lock".to_owned()));
    window.wait_for_words("Door lock: played, every exchange ended as it should");
    let words = window.app().demo_words().cloned().unwrap();
    assert_eq!(words.standing, roundtrip::app::demo::Standing::Played);
    assert_eq!(words.place, (3, 3));
    assert!(window.says(&words.text) && words.text.starts_with("The wrong identity was refused"));
    assert!(window.has(Role::Button, "Error answers 1"));
    // The refusal is what is on show.
    assert!(
        window
            .shown_payload()
            .contains("lock-11C2 is not my identity")
    );
    window.button("Put the demo's words away");
    assert!(window.app().demo_words().is_none());
}
