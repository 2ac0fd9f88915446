//! The packet log in the window.

use crate::window::Window;
use egui::{Key, Modifiers, Role, vec2};
use roundtrip::app::{Action, TimelineView};
use roundtrip::model::subscribe::SubscribeOptions;
use roundtrip::model::topic::TopicFilter;

const HERE: &str = "built-in-broker";

/// The built-in broker connected, and its packets on show.
fn window() -> Window {
    let mut window = Window::open();
    window.perform(Action::Connect(HERE.to_owned()));
    window.wait("the connection", |window| {
        window.app().session.state(HERE).is_connected()
    });
    let row = window
        .labels(Role::Button)
        .into_iter()
        .find(|label| label.starts_with("Built-in broker,"))
        .unwrap();
    window.button(&row);
    window.button("Packet log");
    window.wait("the CONNACK", |window| {
        !rows(window, "CONNACK in").is_empty()
    });
    window
}

fn rows(window: &Window, words: &str) -> Vec<String> {
    let rows = window.labels(Role::Row).into_iter();
    rows.filter(|row| row.contains(words)).collect()
}

fn fields(window: &Window) -> Vec<String> {
    window.labels(Role::TreeItem)
}

#[test]
fn the_log_of_a_connection_is_opened_from_its_menu_and_tells_how_it_came_about() {
    let mut window = window();
    assert_eq!(window.app().window.timeline_view, TimelineView::Packets);
    let all = window.labels(Role::Row);
    let place = |words: &str| {
        let found = all.iter().position(|row| row.contains(words));
        found.unwrap_or_else(|| panic!("{words}: {all:#?}"))
    };
    // The newest is on top.
    assert!(place("CONNACK in") < place("CONNECT out"));
    assert!(place("CONNECT out") < place(" step, TCP: 127.0.0.1:"));
    assert!(place(" step, TCP") < place(" attempt, 127.0.0.1:"));

    let connect = rows(&window, "CONNECT out").remove(0);
    window.press(Role::Row, &connect);
    let shown = fields(&window);
    for wanted in [
        "Packet Type: CONNECT (0x01)",
        "Protocol Version: MQTT 5 (0x05)",
        "Clean Start: yes",
    ] {
        assert!(
            shown.iter().any(|field| field == wanted),
            "{wanted}: {shown:#?}"
        );
    }
    assert!(window.says("00 04 4d 51 54 54"), "the bytes");
    window.press(Role::TreeItem, "Protocol Name: MQTT");
    assert!(window.has(Role::Document, "Bytes of the packet, 2 to 8 marked"));
    // What belongs to it is a press away.
    let answer = window
        .labels(Role::Link)
        .into_iter()
        .chain(window.labels(Role::Button))
        .find(|label| label.starts_with("CONNACK ") && label.ends_with(" later"))
        .unwrap();
    let role = if window.has(Role::Link, &answer) {
        Role::Link
    } else {
        Role::Button
    };
    window.press(role, &answer);
    assert!(
        fields(&window)
            .iter()
            .any(|field| field == "Session Present: no")
    );
    window.press(Role::Row, &rows(&window, "CONNACK in").remove(0));
    window.key(Modifiers::NONE, Key::ArrowDown);
    assert!(
        fields(&window)
            .iter()
            .any(|field| field == "Packet Type: CONNECT (0x01)")
    );
}

#[test]
fn packets_of_a_request_are_filtered_and_linked() {
    let mut window = window();
    // The built-in broker knows where nobody listens, and nothing would be sent there.
    let filter = TopicFilter::new("cmnd/#").unwrap();
    let session = &mut window.app_mut().session;
    assert!(session.subscribe(HERE, filter, SubscribeOptions::default()));
    window.wait("its SUBACK", |window| !rows(window, "SUBACK in").is_empty());
    window.fill("Topic", "cmnd/lamp");
    window.fill("Response Topic", "stat/lamp");
    window.fill("Payload", "{\"power\":\"on\"}");
    window.button("Send");
    window.wait("the PUBLISH", |window| {
        !rows(window, "PUBLISH out").is_empty()
    });
    window.fill("Filter the packets", "type:subscribe,suback");
    window.wait("four lines", |window| window.labels(Role::Row).len() == 4);
    let all = window.labels(Role::Row);
    assert!(
        all[0].contains("SUBACK in") && all[0].contains("granted QoS 2"),
        "{all:#?}"
    );
    assert!(
        all[1].contains("SUBSCRIBE out") && all[1].contains("stat/lamp"),
        "{all:#?}"
    );
    window.press(Role::Row, &all[1]);
    assert!(window.says("SUBACK ") && window.says(" later"));
    window.fill("Filter the packets", "typ:x type:lamp");
    window.wait("what is wrong", |window| {
        window.problem("Filter the packets").is_some()
    });
    window.fill("Filter the packets", "topic:nowhere");
    window.wait_for_words("No packet passes the filter.");
    window.button("Show all");
    window.wait("all of them", |window| {
        !rows(window, "PUBLISH out").is_empty()
    });
}

#[test]
fn the_log_is_paused_cleared_and_copied() {
    let mut window = window();
    let connect = rows(&window, "CONNECT out").remove(0);
    window.press(Role::Row, &connect);
    window.button("Copy the packet");
    window.press(Role::Button, "Copy the fields as text");
    window.wait_for_words("Copied");
    window.button("Pause the packet log");
    window.perform(Action::Disconnect(HERE.to_owned()));
    window.wait("the end", |window| {
        !window.app().session.state(HERE).is_connected()
    });
    window.settle();
    assert!(rows(&window, "DISCONNECT out").is_empty());
    window.button("Follow the packets");
    window.wait("the DISCONNECT", |window| {
        !rows(window, "DISCONNECT out").is_empty()
    });
    window.button("Export, pings, keep everything, clear");
    window.button("Clear the packet log");
    window.wait_for_words("No packets of Built-in broker yet");
}

#[test]
fn the_palette_opens_the_log_of_any_connection() {
    let mut window = Window::open();
    window.key(Modifiers::COMMAND, Key::K);
    window.event(egui::Event::Text("packet log built".to_owned()));
    window.key(Modifiers::NONE, Key::Enter);
    window.wait_for_words("No packets of Built-in broker yet");
}

#[test]
fn nothing_in_the_bar_overlaps_in_the_smallest_window() {
    let mut window = window();
    window.resize(vec2(960.0, 640.0));
    let bar = [
        (Role::ComboBox, "Packets of"),
        (Role::TextInput, "Filter the packets"),
        (Role::Button, "Pause the packet log"),
        (Role::Button, "Table"),
        (Role::Button, "Packets"),
        (Role::Button, "Export, pings, keep everything, clear"),
    ];
    let places = bar.map(|(role, label)| window.place(role, label));
    for (pair, names) in places.windows(2).zip(bar.windows(2)) {
        assert!(pair[0].right() <= pair[1].left(), "{names:?}: {pair:?}");
    }
}
