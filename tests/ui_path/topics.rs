//! Subscriptions and the Topics view in the window.

use crate::window::Window;
use egui::{Key, Modifiers, Role};
use roundtrip::app::{Action, TimelineView};
use roundtrip::model::exchange::MessageVerdict;
use roundtrip::model::message::Message;
use roundtrip::model::time::Timestamp;
use roundtrip::model::timeline::MessageRow;
use roundtrip::model::topic::TopicName;
use std::sync::Arc;

const HERE: &str = "built-in-broker";

fn arrive(window: &mut Window, topic: &str, payload: &str, retain: bool, ms: i64) {
    let message = Message {
        retain,
        ..Message::new(TopicName::new(topic).unwrap(), payload.as_bytes().to_vec())
    };
    window.timeline().push_message(MessageRow {
        connection: HERE.into(),
        message: Arc::new(message),
        verdict: MessageVerdict::Unmatched,
        received: Timestamp::from_nanos(ms * 1_000_000),
        responder: None,
        near: None,
        difference: None,
        is_echo: false,
    });
}

fn window() -> Window {
    let mut window = Window::open();
    for (topic, payload, retain, ms) in [
        ("home/hall/lamp", "on", true, 1_000),
        ("home/hall/temp", "{\"t\":20.5}", false, 2_000),
        ("home/hall/temp", "{\"t\":21.5}", false, 3_000),
        ("garden/door", "open", false, 4_000),
    ] {
        arrive(&mut window, topic, payload, retain, ms);
    }
    window.button("Topics");
    window.wait("the tree", |window| {
        window.has(Role::TreeItem, "garden, 1 messages")
    });
    window
}

#[test]
fn the_tree_is_walked_by_keyboard_and_shows_the_history() {
    let mut window = window();
    assert_eq!(
        window.labels(Role::TreeItem),
        [
            "garden, 1 messages",
            "garden/door, 1 messages",
            "home, 3 messages",
            "home/hall, 3 messages",
            "home/hall/lamp, 1 messages, retained",
            "home/hall/temp, 2 messages",
        ]
    );
    window.press(Role::TreeItem, "garden, 1 messages");
    window.key(Modifiers::NONE, Key::ArrowLeft);
    assert!(!window.has(Role::TreeItem, "garden/door, 1 messages"));
    window.key(Modifiers::NONE, Key::End);
    let history = window.labels(Role::ListItem);
    assert!(history[0].contains("received, {\"t\":21.5}"), "{history:?}");
    assert!(history[1].contains("received, {\"t\":20.5}"), "{history:?}");
    let payload = window.document("Payload of the topic").unwrap();
    assert!(payload.contains("21.5"), "{payload}");
    window.press(Role::ListItem, &history[1]);
    let payload = window.document("Payload of the topic").unwrap();
    assert!(payload.contains("20.5"), "{payload}");
    window.button("Newest");
    assert!(
        window
            .document("Payload of the topic")
            .unwrap()
            .contains("21.5")
    );
    assert!(window.says("2 numbers from 20.5 to 21.5, the newest is 21.5"));
    window.button("Compare with the one before");
    assert!(window.app().dialog.is_some());
}

#[test]
fn a_topic_is_found_by_a_part_of_it() {
    let mut window = window();
    window.fill("Find a topic", "DOOR");
    assert_eq!(
        window.labels(Role::TreeItem),
        ["garden, 1 messages", "garden/door, 1 messages"]
    );
    window.button("Show all topics");
    assert_eq!(window.labels(Role::TreeItem).len(), 6);
}

#[test]
fn a_branch_is_subscribed_from_its_menu_and_stands_in_the_list() {
    let mut window = window();
    window.press_secondary(Role::TreeItem, "home, 3 messages");
    window.button("Subscribe to home/#…");
    assert_eq!(window.value("Topic filter"), "home/#");
    window.fill("Subscription name", "House");
    window.button("Subscribe");
    window.wait("it is subscribed", |window| {
        window.says("House, 0, Subscribed:")
    });
    // The same once more is refused, with the reason beside the field.
    window.press_secondary(Role::TreeItem, "home, 3 messages");
    window.button("Subscribe to home/#…");
    window.button("Subscribe");
    let problem = window.problem("Topic filter").unwrap();
    assert!(
        problem.contains("House subscribes to this already"),
        "{problem}"
    );
    window.fill("Topic filter", "home/#/x");
    window.button("Subscribe");
    assert!(window.problem("Topic filter").unwrap().contains('#'));
}

#[test]
fn what_can_be_made_of_a_message_is_offered_and_what_cannot_says_so() {
    let mut window = window();
    window.press(Role::TreeItem, "home/hall/lamp, 1 messages, retained");
    let entry = window.labels(Role::ListItem)[0].clone();
    window.press_secondary(Role::ListItem, &entry);
    assert!(window.is_disabled(Role::Button, "Reply"));
    assert!(window.is_disabled(Role::Button, "Clear retained…"));
    window.button("Make a simulated device from this");
    assert!(window.value("Topic filter 1").contains("home/hall/lamp"));
    window.perform(Action::CloseDialog);
    window.settle();
    window.press_secondary(Role::ListItem, &entry);
    window.button("Make a pairing rule from this");
    assert!(window.says("home/hall/lamp"));
}

#[test]
fn a_filter_of_the_timeline_narrows_the_tree() {
    let mut window = window();
    window.press_secondary(Role::TreeItem, "home, 3 messages");
    window.button("Filter by home/#");
    window.wait("the tree", |window| {
        !window.has(Role::TreeItem, "garden, 1 messages")
    });
    assert_eq!(window.app().window.timeline_view, TimelineView::Topics);
    window.perform(Action::SetFilter("nothing-has-this".to_owned()));
    window.wait_for_words("No message passes the filter.");
}
