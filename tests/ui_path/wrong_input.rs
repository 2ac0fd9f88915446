//! Every wrong input is said at its field, and nothing is sent.

use crate::window::Window;
use egui::Role;

/// A window whose request would be sent as it stands.
fn ready() -> Window {
    let mut window = Window::open();
    window.fill("Topic", "cmnd/lamp/power");
    window.fill("Payload", "{\"power\":\"on\"}");
    window
}

/// Presses Send: the field says what is wrong, and nobody was even connected to.
fn is_refused(window: &mut Window, field: &str, words: &str) {
    window.button("Send");
    let problem = window.problem(field).unwrap_or_default();
    assert!(problem.contains(words), "{field} says {problem:?}");
    assert!(window.says(words), "{words:?} is not on the screen");
    assert!(window.says("Not sent: "));
    assert!(window.app().session.timeline.is_empty());
    assert_eq!(window.app().session.links().count(), 0);
}

#[test]
fn a_topic_has_no_wildcards() {
    for (topic, words) in [
        ("cmnd/+/power", "the wildcard `+` at character 6"),
        ("cmnd/#", "the wildcard `#` at character 6"),
    ] {
        let mut window = ready();
        window.fill("Topic", topic);
        is_refused(&mut window, "Topic", words);
    }
}

#[test]
fn a_response_topic_has_no_wildcards() {
    let mut window = ready();
    window.fill("Response Topic", "state/#");
    is_refused(
        &mut window,
        "Response Topic",
        "the wildcard `#` at character 7",
    );
}

#[test]
fn a_missing_topic_is_said_when_send_is_pressed_and_not_before() {
    let mut window = ready();
    window.fill("Topic", "");
    assert_eq!(window.problem("Topic"), None);
    is_refused(&mut window, "Topic", "it is empty");
}

#[test]
fn a_topic_is_not_longer_than_mqtt_allows() {
    let mut window = ready();
    window.fill("Topic", &"t".repeat(65_535));
    assert_eq!(window.problem("Topic"), None);
    window.fill("Topic", &"t".repeat(65_536));
    is_refused(
        &mut window,
        "Topic",
        "65536 bytes long; MQTT allows at most 65,535",
    );
}

#[test]
fn a_hex_payload_is_hex() {
    let mut window = ready();
    window.choose("Payload format", "Hex");
    window.fill("Payload", "01 0g");
    is_refused(&mut window, "Payload", "Line 1, column 5: ");
}

#[test]
fn a_base64_payload_is_base64() {
    let mut window = ready();
    window.choose("Payload format", "Base64");
    window.fill("Payload", "AAA*");
    is_refused(&mut window, "Payload", "Line 1, column 4: ");
}

#[test]
fn a_json_payload_is_json_and_its_mistake_has_a_place() {
    let mut window = ready();
    window.fill("Payload", "{\n  \"power\": on\n}");
    is_refused(&mut window, "Payload", "Line 2, column 12: ");
}

#[test]
fn bytes_that_are_no_utf8_are_not_marked_as_utf8() {
    let mut window = ready();
    window.choose("Payload format", "Hex");
    window.fill("Payload", "41 ff");
    window.press(Role::Tab, "Properties");
    window.press(
        Role::CheckBox,
        "marked as UTF-8 (Payload Format Indicator 1)",
    );
    // The pane of the payload comes to the front by itself.
    is_refused(&mut window, "Payload", "marked as UTF-8 but byte 2 is not");
}

#[test]
fn a_timeout_is_a_duration() {
    for (timeout, words) in [
        ("soon", "`soon` is no duration"),
        ("0", "leaves no time to answer"),
        ("-1", "`-1` is no duration"),
        ("2 days", "longer than a day"),
        ("", "it is empty"),
    ] {
        let mut window = ready();
        window.fill("Timeout", timeout);
        is_refused(&mut window, "Timeout", words);
    }
}

#[test]
fn a_message_expiry_is_a_number_of_seconds() {
    let mut window = ready();
    window.press(Role::Tab, "Properties");
    window.fill("Message Expiry", "soon");
    window.press(Role::Tab, "Payload");
    // The pane that holds the wrong field comes to the front.
    is_refused(&mut window, "Message Expiry", "soon");
}

#[test]
fn a_number_of_replies_is_a_number() {
    let mut window = ready();
    window.press(Role::Tab, "Properties");
    window.choose("Replies wanted", "A number");
    window.fill("Number of replies", "0");
    is_refused(
        &mut window,
        "Number of replies",
        "says no number of replies",
    );
}

#[test]
fn a_user_property_is_not_longer_than_mqtt_allows() {
    let mut window = ready();
    window.press(Role::Tab, "Properties");
    window.button("Add a User Property");
    window.fill("User Property 1 name", &"n".repeat(65_536));
    is_refused(&mut window, "User Property 1 name", "65,535");
    window.fill("User Property 1 name", "name");
    window.fill("User Property 1 value", &"v".repeat(65_536));
    is_refused(&mut window, "User Property 1 value", "65,535");
}

#[test]
fn correlation_data_is_what_its_encoding_says() {
    let mut window = ready();
    window.button("Kind of Correlation Data");
    window.button("Fixed, typed as hex");
    window.fill("Correlation Data", "xyz");
    is_refused(
        &mut window,
        "Correlation Data",
        "the Correlation Data is not valid",
    );
    window.button("Kind of Correlation Data");
    window.button("Fixed, typed as base64");
    window.fill("Correlation Data", "*");
    is_refused(
        &mut window,
        "Correlation Data",
        "the Correlation Data is not valid",
    );
}

#[test]
fn random_correlation_data_has_a_length() {
    let mut window = ready();
    window.button("Kind of Correlation Data");
    window.button("Random bytes");
    window.fill("Correlation Data", "many");
    is_refused(
        &mut window,
        "Correlation Data",
        "the Correlation Data is not valid",
    );
}

#[test]
fn several_mistakes_are_counted_and_what_is_corrected_is_sent() {
    let mut window = ready();
    window.fill("Topic", "a/+");
    window.fill("Timeout", "soon");
    window.button("Send");
    assert!(window.says("Not sent: 2 fields are not valid; each says why"));
    window.fill("Topic", "cmnd/lamp/power");
    window.fill("Timeout", "1 s");
    assert_eq!(window.problem("Topic"), None);
    window.button("Send");
    window.wait("a row", |window| !window.app().session.timeline.is_empty());
}

#[test]
fn a_profile_says_at_each_field_what_is_wrong() {
    let mut window = Window::open();
    window.button("New connection");
    window.fill("Broker address", "");
    window.button("Save");
    assert!(
        window
            .problem("Connection name")
            .unwrap()
            .contains("the name is empty")
    );
    assert!(
        window
            .problem("Broker address")
            .unwrap()
            .contains("address is empty")
    );
    for (address, words) in [
        ("http://example.org", "is no way to reach a broker"),
        ("unix://m.sock", "is no absolute path"),
        ("mqtt://host:99999", "is no broker address"),
        ("mqtt://host/path", "has a path"),
    ] {
        window.fill("Broker address", address);
        window.button("Save");
        let problem = window.problem("Broker address").unwrap_or_default();
        assert!(problem.contains(words), "{address}: {problem:?}");
        assert!(window.says(words));
    }
    // What is corrected is no longer marked, and is saved.
    window.fill("Connection name", "Lab");
    window.fill("Broker address", "mqtt://localhost");
    assert_eq!(window.problem("Broker address"), None);
    assert_eq!(window.app().library.profiles().len(), 1);
    window.button("Save");
    assert_eq!(window.app().library.profiles().len(), 2);
}

#[test]
fn a_device_says_at_each_field_what_is_wrong() {
    let mut window = Window::open();
    window.button("New simulated device");
    window.fill("Topic filter 1", "cmnd/#/x");
    window.fill("Delay", "soon");
    window.fill("Reply template", "{{payload.");
    window.button("Save device");
    assert!(window.problem("Device name").unwrap().contains("empty"));
    assert!(
        window
            .problem("Topic filter 1")
            .unwrap()
            .contains("last level")
    );
    assert!(window.problem("Delay").unwrap().contains("soon"));
    assert!(window.says("{{payload."));
    assert_eq!(window.app().library.devices().len(), 0);
}
