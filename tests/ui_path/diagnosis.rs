//! "Test connection", by the window.

use crate::window::Window;
use egui::Role;
use roundtrip::app::Action;
use roundtrip::app::diagnosis::DiagnosisAction;
use roundtrip::app::dialogs::Dialog;

/// The form of a new connection with this address, tested.
fn test(window: &mut Window, address: &str) {
    window.perform(Action::NewProfile);
    window.settle();
    match &mut window.app_mut().dialog {
        Some(Dialog::Profile(dialog)) => {
            "Lab".clone_into(&mut dialog.draft.name);
            address.clone_into(&mut dialog.draft.address);
        }
        other => panic!("{other:?}"),
    }
    window.settle();
    window.button("Test connection");
    window.settle();
}

/// Its label begins so.
fn has_step(window: &Window, start: &str) -> bool {
    [Role::Button, Role::Label].into_iter().any(|role| {
        window
            .labels(role)
            .iter()
            .any(|label| label.starts_with(start))
    })
}

#[test]
fn every_step_of_the_built_in_broker_is_shown_and_its_details_unfold() {
    let mut window = Window::open();
    let test = DiagnosisAction::Test("built-in-broker".to_owned());
    window.perform(Action::Diagnosis(test));
    window.wait("the round trip", |window| {
        has_step(window, "Round trip: ok")
    });
    for step in [
        "TCP: ok",
        "CONNECT: ",
        "SUBSCRIBE: ok",
        "PUBLISH, QoS 1: ok",
        "DISCONNECT: ok",
    ] {
        assert!(has_step(&window, step), "{step}");
    }
    let connect = window.labels(Role::Button);
    let connect = connect
        .iter()
        .find(|it| it.starts_with("CONNECT: "))
        .unwrap()
        .clone();
    assert!(connect.ends_with("details closed"), "{connect}");
    window.press(Role::Button, &connect);
    assert!(window.says("Session present"));
    window.wait("the end", |window| window.has(Role::Button, "Run again"));
    window.button("Copy report");
    window.wait_for_words("Copied");
    window.button("Close");
    assert!(!window.has(Role::Button, "Run again"));
}

#[test]
fn a_failure_says_what_and_why_and_the_form_comes_back() {
    let mut window = Window::open();
    test(&mut window, "mqtt://127.0.0.1:1");
    window.wait("the end", |window| window.has(Role::Button, "Run again"));
    assert!(has_step(&window, "TCP: failed"));
    assert!(window.says("Nothing listens on 127.0.0.1:1"));
    assert!(window.says("Is the broker running"));
    assert!(has_step(
        &window,
        "9 steps: skipped, an earlier step failed (CONNECT, SUBSCRIBE"
    ));
    window.button("Edit connection");
    assert!(window.has(Role::Button, "Save and connect"));
}

#[test]
fn a_test_that_hangs_is_cancelled() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("mqtt://{}", listener.local_addr().unwrap());
    let mut window = Window::open();
    test(&mut window, &address);
    window.wait("the CONNECT", |window| has_step(window, "CONNECT: running"));
    window.button("Cancel the test");
    assert!(window.says("The test was cancelled"));
    assert!(window.has(Role::Button, "Run again"));
}
