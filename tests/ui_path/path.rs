//! From an empty window to the opened exchange, as a person goes.

use crate::window::Window;
use egui::{Key, Modifiers, Role};
use roundtrip::broker::Broker;

/// A connection to a broker that is not the built-in one.
fn connect(window: &mut Window, name: &str, broker: &Broker) {
    window.button("New connection");
    window.fill("Connection name", name);
    window.fill("Broker address", &format!("mqtt://{}", broker.address()));
    window.button("Save and connect");
    let connected = format!("{name}, :{} · v5", broker.address().port());
    window.wait(&format!("{connected:?} in the list"), |window| {
        window.has(Role::Button, &connected)
    });
}

fn add_lamp(window: &mut Window, connection: &str) {
    window.button("New simulated device");
    window.fill("Device name", "lamp");
    window.choose("Device connection", connection);
    window.fill("Topic filter 1", "cmnd/lamp/#");
    window.fill("Reply template", "{\"power\":\"{{payload.power}}\"}");
    window.button("Save device");
    window.wait("the lamp listens", |window| {
        window
            .app()
            .session
            .devices()
            .any(|(_, device)| device.is_listening())
    });
    assert!(window.is_selected(Role::Switch, "Device lamp"));
}

fn compose(window: &mut Window) {
    window.fill("Topic", "cmnd/lamp/power");
    window.fill("Response Topic", "state/lamp/power");
    window.fill("Payload", "{\"power\":\"on\"}");
}

#[test]
fn a_new_profile_connects_sends_and_shows_the_answer_and_its_exchange() {
    let broker = Broker::start(None, None).unwrap();
    let mut window = Window::open();
    connect(&mut window, "Lab", &broker);
    add_lamp(&mut window, "Lab");
    window.choose("Connection", "Lab");
    compose(&mut window);
    window.button("Send");
    window.wait("one answered row", |window| {
        window
            .labels(Role::Row)
            .iter()
            .any(|row| row.starts_with("1 cmnd/lamp/power, Answered"))
    });
    // The answer beside the request.
    window.wait_for_words("correlation matches");
    assert!(window.shown_payload().contains("\"power\": \"on\""));
    assert!(window.says("subscribed"));

    // A second request; then back to the first, opened from its row.
    window.fill("Payload", "{\"power\":\"off\"}");
    window.key(Modifiers::COMMAND, Key::Enter);
    window.wait("two answered rows", |window| {
        window.has(Role::Button, "Answered 2")
    });
    assert!(window.shown_payload().contains("off"));
    let first = window
        .labels(Role::Row)
        .into_iter()
        .find(|row| row.starts_with("1 "))
        .unwrap();
    window.press(Role::Row, &first);
    assert!(window.says("#1 cmnd/lamp/power"));
    assert!(window.shown_payload().contains("on"));

    // What was sent, its properties and the times of its legs.
    window.button("Request");
    assert!(window.says("to cmnd/lamp/power · QoS 1"));
    window.press(Role::Tab, "Properties 2");
    for words in [
        "Response Topic",
        "state/lamp/power",
        "Correlation Data",
        "16 B",
    ] {
        assert!(window.says(words), "{words}");
    }
    window.button("Reply");
    assert!(window.says("state/lamp/power"));
    window.press(Role::Tab, "Raw");
    assert!(window.shown_payload().contains("7b"));
    window.press(Role::Tab, "Timing");
    for words in [
        "Queued",
        "Subscribe acknowledged",
        "Published",
        "Acknowledged",
        "Received by device",
        "Answered by device",
        "Reply 1",
    ] {
        assert!(window.says(words), "{words}");
    }
}

#[test]
fn the_timeline_is_filtered_chosen_from_cleared_and_brought_back() {
    let mut window = Window::open();
    add_lamp(&mut window, "Built-in broker");
    compose(&mut window);
    window.button("Send");
    window.wait_for_words("correlation matches");
    window.fill("Topic", "cmnd/nobody");
    window.button("Send");
    window.wait("a row without subscribers", |window| {
        window.has(Role::Button, "No subscribers 1")
    });
    assert_eq!(window.labels(Role::Row).len(), 2);

    window.fill("Filter the timeline", "topic:lamp");
    assert_eq!(window.labels(Role::Row).len(), 1);
    window.fill("Filter the timeline", "topic:elsewhere");
    assert!(window.says("No row passes the filter."));
    window.button("Show all rows");
    assert_eq!(window.labels(Role::Row).len(), 2);

    window.button("No subscribers 1");
    let rows = window.labels(Role::Row);
    assert_eq!(rows.len(), 1);
    assert!(rows[0].contains("cmnd/nobody"), "{rows:?}");
    window.button("All 2");
    assert_eq!(window.labels(Role::Row).len(), 2);

    window.button("Record, open, export, clear");
    window.button("Clear");
    assert!(window.says("Nothing was sent yet."));
    assert!(window.says("Timeline cleared: 2 rows"));
    window.button("Undo");
    assert_eq!(window.labels(Role::Row).len(), 2);
}

#[test]
fn a_request_is_saved_closed_and_opened_again() {
    let mut window = Window::open();
    compose(&mut window);
    window.key(Modifiers::COMMAND, Key::S);
    window.fill("Request name", "");
    window.button("Save");
    assert!(window.problem("Request name").unwrap().contains("empty"));
    window.fill("Request name", "Turn on");
    window.fill("Folder", "Lamp");
    window.key(Modifiers::NONE, Key::Enter);
    window.wait("the saved request in its folder", |window| {
        window.has(Role::Button, "Request Turn on")
    });
    window.button("Close Turn on");
    assert_eq!(window.value("Topic"), "");
    window.button("Request Turn on");
    assert_eq!(window.value("Topic"), "cmnd/lamp/power");
    assert_eq!(window.value("Response Topic"), "state/lamp/power");
}

#[test]
fn the_palette_finds_a_command_and_carries_it_out() {
    let mut window = Window::open();
    window.key(Modifiers::COMMAND, Key::K);
    window.fill("Search requests, topics, commands", "new connn");
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.says("Nothing has that in its name"));
    // The field keeps the keyboard.
    window.key(Modifiers::NONE, Key::Backspace);
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.says("New connection"));
    window.focus("Broker address");
    window.key(Modifiers::NONE, Key::Escape);
    window.key(Modifiers::NONE, Key::Escape);
    assert!(window.app().dialog.is_none());
}

#[test]
fn the_first_request_waits_for_the_client_id_and_the_prefix_that_the_broker_gives() {
    let mut window = Window::open();
    window.button("New connection");
    window.fill("Connection name", "Nameless");
    window.fill("Broker address", "built-in");
    window.fill("Client id", "");
    window.button("Save");
    window.choose("Connection", "Nameless");
    window.fill("Topic", "cmnd/nobody");
    window.button("Send");
    window.wait("a row", |window| !window.app().session.timeline.is_empty());
    let timeline = &window.app().session.timeline;
    let row = timeline.iter().next_back().unwrap().to_row();
    let sent = row.message().properties.response_topic.clone().unwrap();
    let state = &window.app().session.link("nameless").unwrap().state;
    let info = state.info().unwrap();
    assert!(info.client_id_was_assigned);
    let prefix = info.response_information.as_deref().unwrap();
    assert_eq!(sent.as_str(), format!("{prefix}{}/resp", info.client_id));
}
