//! The timeline under a live session: cleared while things are on their way.

mod common;
#[path = "common/desk.rs"]
mod desk;

use desk::{Desk, HERE, draft, valid};
use roundtrip::model::demo::Demo;
use roundtrip::model::exchange::MessageVerdict;
use roundtrip::model::pairing::Rules;
use roundtrip::model::request::RequestDraft;
use roundtrip::session::{DemoPlayer, DemoProgress, Session};
use std::time::Duration;

const SLOW: &str = r#"
    name = "slow"
    listens = ["test/#"]
    delay = "400 ms"
    reply = "at last"
"#;

#[test]
fn a_reply_to_a_cleared_request_is_a_row_of_its_own() {
    let mut desk = Desk::built_in();
    desk.connect(HERE);
    desk.start_device("slow", SLOW);
    let request = RequestDraft {
        topic: "test/slow".to_owned(),
        timeout: "100 ms".to_owned(),
        ..draft()
    };
    let id = desk.send(&valid(&request));
    desk.wait_verdict(id, "timed_out");
    assert_eq!(desk.session.timeline.clear().len(), 1);
    desk.wait("the reply as a row", |session| !session.timeline.is_empty());
    let messages = desk.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].verdict, MessageVerdict::LateReply);
    assert_eq!(messages[0].near, Some(id));
}

#[test]
fn a_demo_goes_on_when_the_timeline_is_cleared_under_it() {
    let demo = Demo::find("smart-light").unwrap();
    let mut desk = Desk::built_in();
    desk.connect("built-in-broker");
    let device = demo.devices[0].draft.validate(&Rules::shipped()).unwrap();
    let profile = desk.profile("built-in-broker");
    desk.session
        .start_device(&demo.devices[0].id, device, &profile, None)
        .unwrap();
    let mut player = DemoPlayer::new(&demo, &mut desk.session, Session::now());
    loop {
        desk.session.wait(Duration::from_millis(20));
        desk.drain();
        drop(desk.session.timeline.clear());
        if let DemoProgress::Done(report) = player.tick(&mut desk.session, Session::now()) {
            assert_eq!(report.failures, Vec::<String>::new());
            assert_eq!(report.exchanges.len(), 5);
            return;
        }
    }
}

#[test]
fn a_closed_built_in_broker_starts_again_with_the_next_connection() {
    let mut desk = Desk::built_in();
    desk.connect(HERE);
    desk.start_device("slow", SLOW);
    desk.session.close_broker();
    assert!(desk.session.broker().is_none());
    assert!(desk.session.link(HERE).is_none() && desk.session.device("slow").is_none());
    desk.connect(HERE);
    assert!(desk.session.broker().is_some());
}
