//! The form of a connection: saved with the keyboard, closed by no slip.

use crate::window::Window;
use egui::{Event, Key, Modifiers, PointerButton, Role, pos2};
use roundtrip::app::Action;
use roundtrip::app::secrets::SecretsAction;

fn new_connection() -> Window {
    let mut window = Window::open();
    window.perform(Action::NewProfile);
    window.settle();
    window.fill("Broker address", "mqtt://127.0.0.1:1");
    window.fill("Connection name", "Plant");
    window
}

#[test]
fn a_click_beside_a_form_does_nothing_and_escape_gives_it_back() {
    let mut window = new_connection();
    let beside = pos2(5.0, 500.0);
    window.event(Event::PointerMoved(beside));
    for pressed in [true, false] {
        window.event(Event::PointerButton {
            pos: beside,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
    }
    // The keyboard is still in the field.
    window.event(Event::Text(" 2".to_owned()));
    assert_eq!(window.value("Connection name"), "Plant 2");
    for _ in 0..2 {
        if window.has(Role::Button, "Save and connect") {
            window.key(Modifiers::NONE, Key::Escape);
        }
    }
    assert!(!window.has(Role::Button, "Save and connect"));
    assert!(window.says("The form was closed; nothing was saved"));
    window.button("Open it again");
    assert_eq!(window.value("Connection name"), "Plant 2");
}

#[test]
fn return_saves_a_connection_and_ctrl_return_connects_it() {
    for (modifiers, connects) in [(Modifiers::NONE, false), (Modifiers::COMMAND, true)] {
        let mut window = new_connection();
        window.key(modifiers, Key::Enter);
        assert!(!window.has(Role::Button, "Save and connect"));
        let profiles = window.app().library.profiles();
        let (id, _) = profiles.iter().find(|it| it.1.name == "Plant").unwrap();
        assert_eq!(window.app().session.link(id).is_some(), connects);
    }
}

#[test]
fn the_passphrase_of_a_new_file_is_typed_without_the_pointer() {
    let mut window = Window::open();
    window.perform(Action::Secrets(SecretsAction::Show));
    window.settle();
    window.press(Role::RadioButton, "In an encrypted file, with a passphrase");
    window.event(Event::Text("one".to_owned()));
    window.key(Modifiers::NONE, Key::Tab);
    window.event(Event::Text("other".to_owned()));
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.says("The two passphrases differ; type both again"));
}
