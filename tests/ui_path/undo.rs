//! What is lost by a slip comes back.

use crate::window::Window;
use egui::{Key, Modifiers, Role};
use roundtrip::app::tabs::Tab;

#[test]
fn a_deleted_request_comes_back() {
    let mut window = Window::open();
    window.button("Demos");
    window.button("Play Smart light");
    window.wait_for_words("played, every exchange");
    window.button("Dismiss notice");
    window.press_secondary(Role::Button, "Request Read state");
    window.button("Delete");
    assert!(!window.has(Role::Button, "Request Read state"));
    assert!(window.says("Deleted the request Read state"));
    window.button("Undo");
    assert!(window.has(Role::Button, "Request Read state"));
}

#[test]
fn a_deleted_device_comes_back_and_listens_again() {
    let mut window = Window::open();
    window.button("Demos");
    window.button("Play Smart light");
    window.wait_for_words("played, every exchange");
    window.button("Dismiss notice");
    window.button("Edit light-in-bedroom");
    window.button("Delete");
    assert!(!window.has(Role::Switch, "Device light-in-bedroom"));
    assert_eq!(window.app().session.devices().count(), 0);
    window.button("Undo");
    window.wait("the device listens again", |window| {
        window
            .app()
            .session
            .devices()
            .any(|(_, device)| device.is_listening())
    });
    window.button("Send");
    window.wait("a sixth answer", |window| {
        window.has(Role::Button, "Answered 6")
    });
}

#[test]
fn a_deleted_connection_comes_back_and_connects_again() {
    let mut window = Window::open();
    window.button("New connection");
    window.fill("Connection name", "Lab");
    window.fill("Broker address", "built-in");
    window.button("Save and connect");
    let port = |window: &Window| {
        let broker = window.app().session.broker();
        broker.map_or(0, |broker| broker.address().port())
    };
    window.wait("the connection", |window| {
        window.has(Role::Button, &format!("Lab, :{} · v5", port(window)))
    });
    let row = format!("Lab, :{} · v5", port(&window));
    window.button(&row);
    window.button("Delete");
    assert!(!window.has(Role::Button, &row));
    assert!(window.says("Deleted the connection Lab"));
    // Not while a field has the keyboard: there Ctrl+Z is the field's own.
    window.key(Modifiers::COMMAND, Key::Z);
    window.wait("the connection again", |window| {
        window.has(Role::Button, &row)
    });
}

#[test]
fn a_file_that_was_changed_elsewhere_is_overwritten_from_the_notice_and_escape_takes_notices_away()
{
    let mut window = Window::open();
    window.fill("Topic", "first");
    window.key(Modifiers::COMMAND, Key::S);
    window.button("Save");
    window.wait("the file", |window| {
        !window.app().tabs.iter().any(Tab::is_dirty)
    });
    let id = window
        .app()
        .library
        .requests()
        .keys()
        .next()
        .unwrap()
        .clone();
    let folder = std::path::PathBuf::from(window.app().library.workspace_path());
    let path = folder.join("requests").join(format!("{id}.toml"));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("first", "theirs")).unwrap();
    window.fill("Topic", "ours");
    window.key(Modifiers::COMMAND, Key::S);
    window.button("Overwrite");
    window.wait("the file", |window| {
        !window.app().tabs.iter().any(Tab::is_dirty)
    });
    assert!(std::fs::read_to_string(&path).unwrap().contains("ours"));
    window.button("Send");
    window.key(Modifiers::NONE, Key::Escape);
    for _ in 0..5 {
        window.key(Modifiers::NONE, Key::Escape);
        window.settle();
    }
    assert!(window.app().notices.shown().is_empty());
}
