//! Pairing rules: chosen for a request, written, tried on messages, deleted and brought back.

use crate::window::Window;
use egui::{Key, Modifiers, Role};

fn open_menu_of(window: &mut Window, rule: &str) {
    window.button(rule);
}

#[test]
fn the_example_of_a_preset_is_sent_by_its_rule_and_answered() {
    let mut window = Window::open();
    window.button("Folder Topic schemes, 3 pairing rules, closed");
    let rule = window
        .labels(Role::Button)
        .into_iter()
        .find(|label| label.contains("from/<n>"))
        .unwrap();
    open_menu_of(&mut window, &rule);
    window.button("Open its example");
    window.wait("the example's device listens", |window| {
        let mut devices = window.app().session.devices();
        devices.any(|(_, device)| device.is_listening())
    });
    window.button("Send");
    window.wait("an answered row that names its rule", |window| {
        let rows = window.labels(Role::Row);
        rows.iter()
            .any(|row| row.contains("Answered") && row.ends_with("by mqtt-fetch-readme"))
    });
    assert!(window.says("paired by mqtt-fetch-readme"));
}

#[test]
fn a_rule_is_searched_and_its_variables_are_asked_for_and_previewed() {
    let mut window = Window::open();
    window.press(Role::Tab, "Pairing · MQTT 5");
    window.press(Role::ComboBox, "Pairing rule");
    window.fill("Search pairing rules", "mqtt-fetch");
    window.key(Modifiers::NONE, Key::Enter);
    assert!(
        window.says("request: topic level 5 · reply: topic level 5")
            || window.says("request and reply: topic level 5")
    );
    assert!(window.says("required"));
    window.fill("Value of svc", "time");
    window.fill("Value of client", "c1");
    window.fill("Value of id", "7");
    assert!(window.says("mqttfetch/time/c1/fr/7"));
    assert!(window.says("mqttfetch/time/c1/to/7"));
    window.fill("Value of client", "");
    window.button("Send");
    let problem = window.problem("Value of client");
    assert!(problem.is_some_and(|problem| problem.contains("client")));
}

#[test]
fn a_rule_is_written_tried_saved_deleted_and_brought_back() {
    let mut window = Window::open();
    window.button("New pairing rule");
    // The bench shows what pairs and what does not.
    assert!(window.says("Reply to #0: error: no power"));
    assert!(window.says("No reply to #0"));
    let good = window.value("Rule");
    window.fill("Rule", &good.replace("response/{id}", "response/{id"));
    let problem = window.problem("Rule").unwrap();
    assert!(
        problem.starts_with("Line 10, column") && problem.contains("reply.topic"),
        "{problem}"
    );
    window.button("Save rule");
    assert!(window.app().library.rules().is_empty());
    // What is typed is asked about before it goes.
    window.button("Cancel");
    assert!(window.says("What you changed is not saved."));
    window.button("Go on editing");
    window.fill("Rule", &good.replace("My rule", "Lab"));
    window.button("Save rule");
    window.wait("the rule in the list", |window| {
        window.has(Role::Button, "Pairing rule Lab, topic level")
    });
    let rules = window.app().session.rules();
    assert_eq!(
        rules.get(1).map(|rule| rule.id.to_string()),
        Some("my-rule".to_owned())
    );
    open_menu_of(&mut window, "Pairing rule Lab, topic level");
    window.button("Delete");
    window.wait("it is gone", |window| {
        !window.has(Role::Button, "Pairing rule Lab, topic level")
    });
    window.button("Undo");
    window.wait("it is back", |window| {
        window.has(Role::Button, "Pairing rule Lab, topic level")
    });
}

#[test]
fn a_preset_is_duplicated_to_be_edited() {
    let mut window = Window::open();
    window.button("Folder JSON-RPC, 3 pairing rules, closed");
    open_menu_of(
        &mut window,
        "Pairing rule JSON-RPC on rx and tx: Mongoose, payload",
    );
    window.button("Duplicate to edit");
    let text = window.value("Rule");
    assert!(text.contains("id = \"jsonrpc-rx-tx-copy\""), "{text}");
    assert_eq!(window.problem("Rule"), None);
    // Another rule's text is worth a question.
    window.button("Cancel");
    window.button("Discard changes");
    assert!(window.app().library.rules().is_empty());
}

#[test]
fn what_mqtt_3_1_1_cannot_say_is_greyed_out_with_the_reason() {
    let mut window = Window::open();
    window.button("New connection");
    window.fill("Connection name", "Old");
    window.choose("MQTT version", "MQTT 3.1.1");
    window.button("Save");
    window.choose("Connection", "Old");
    assert!(window.says("MQTT 3.1.1 messages carry no Response Topic"));
    window.press(Role::Tab, "Properties");
    assert!(window.says("MQTT 3.1.1 messages carry no user properties"));
    assert!(window.is_disabled(Role::TextInput, "Content Type"));
    window.choose("Connection", "Built-in broker");
    assert!(!window.is_disabled(Role::TextInput, "Content Type"));
}
