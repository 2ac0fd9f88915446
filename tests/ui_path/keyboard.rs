//! The keyboard: nothing that is typed goes astray, and a click is never in vain.

use crate::window::Window;
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Role};

fn text(words: &str) -> Event {
    Event::Text(words.to_owned())
}

fn click(at: Pos2) -> [Event; 3] {
    let button = |pressed| Event::PointerButton {
        pos: at,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    [Event::PointerMoved(at), button(true), button(false)]
}

fn key(key: Key) -> Event {
    Event::Key {
        key,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::NONE,
    }
}

#[test]
fn letters_typed_right_before_and_after_a_click_go_where_they_were_meant() {
    let mut window = Window::open();
    window.fill("Topic", "cmnd");
    let payload = window.place(Role::MultilineTextInput, "Payload").center();
    let [moved, down, up] = click(payload);
    window.at_once([text("/a"), moved, down, up, text("on")]);
    window.settle();
    assert_eq!(window.value("Topic"), "cmnd/a");
    assert_eq!(window.value("Payload"), "on");
}

#[test]
fn a_letter_right_before_tab_stays_in_its_field() {
    let mut window = Window::open();
    window.fill("Topic", "cmnd");
    window.at_once([text("/b"), key(Key::Tab)]);
    window.settle();
    assert_eq!(window.value("Topic"), "cmnd/b");
}

#[test]
fn enter_leaves_the_keyboard_where_something_is_wrong() {
    let mut window = Window::open();
    window.perform(roundtrip::app::Action::Subscription(
        roundtrip::app::subscriptions::SubscriptionAction::New {
            connection: "built-in-broker".to_owned(),
            filter: String::new(),
        },
    ));
    window.settle();
    window.fill("Topic filter", "a/#/b");
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.problem("Topic filter").is_some());
    window.event(text("x"));
    assert_eq!(window.value("Topic filter"), "a/#/bx");
}

#[test]
fn a_click_right_after_escape_is_not_lost() {
    let mut window = Window::open();
    window.button("Demos");
    assert!(window.has(Role::Button, "Play Smart light"));
    let at = window.place(Role::Button, "Retain").center();
    let [moved, down, up] = click(at);
    window.at_once([key(Key::Escape)]);
    assert!(!window.has(Role::Button, "Play Smart light"));
    window.at_once([moved, down, up]);
    window.settle();
    assert!(window.is_selected(Role::Button, "Retain"));
}

#[test]
fn escape_and_a_click_in_one_frame_both_count() {
    let mut window = Window::open();
    window.button("Demos");
    let at = window.place(Role::Button, "Retain").center();
    let [moved, down, up] = click(at);
    window.at_once([key(Key::Escape), moved, down, up]);
    window.settle();
    assert!(!window.has(Role::Button, "Play Smart light"));
    assert!(window.is_selected(Role::Button, "Retain"));
}
