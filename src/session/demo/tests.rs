use super::*;
use crate::model::profile::ProfileDraft;

/// Plays it on a built-in broker of its own, as its owner would.
fn play(text: &str) -> (DemoReport, Vec<String>, Session) {
    let demo: Demo = toml::from_str(text).unwrap();
    let mut session = Session::start(Box::new(|| {})).unwrap();
    let mut player = DemoPlayer::new(&demo, &mut session, Session::now());
    let mut said = Vec::new();
    loop {
        let progress = player.tick(&mut session, Session::now());
        said.extend(std::iter::from_fn(|| player.next_words()));
        let profile = |id: &str| {
            let own = demo.connections.iter().find(|one| one.id == id);
            let draft = own.map_or_else(ProfileDraft::built_in, |one| one.draft.clone());
            draft.validate(id).unwrap()
        };
        match progress {
            DemoProgress::Done(report) => return (report, said, session),
            DemoProgress::Running { next } => {
                session.wait(next.since(Session::now()).min(Duration::from_millis(50)));
                session.drain(1000);
            }
            DemoProgress::Please(Order::Connect(id)) => {
                session.connect(profile(&id), None).unwrap();
            }
            DemoProgress::Please(Order::SwitchOn(id)) => {
                let device = demo.devices.iter().find(|one| one.id == id).unwrap();
                let profile = profile(&device.draft.connection);
                let spec = device.draft.validate(session.rules()).unwrap();
                session.start_device(&id, spec, &profile, None).unwrap();
            }
        }
    }
}

/// Two requesters, and a device that counts and takes its time.
const SCENE: &str = r#"
name = "x"
title = "X"
summary = "…"
lesson = "that was it"

[[connections]]
id = "one"
name = "one"
address = "built-in"
client_id = "one"

[[connections]]
id = "two"
name = "two"
address = "built-in"
client_id = "two"

[[requests]]
id = "ask-one"
connection = "one"
topic = "ask"
response_topic = "answers"
correlation_data = "text:one"
timeout = "400 ms"
format = "text"
payload = "one"

[[requests]]
id = "ask-two"
connection = "two"
topic = "ask"
response_topic = "answers"
correlation_data = "text:two"
timeout = "400 ms"
format = "text"
payload = "two"

[[devices]]
id = "device"
name = "device"
connection = "built-in-broker"
listens = ["ask"]
reply = "{{payload}} {{counter}}"
delay = "40 ms"
"#;

#[test]
fn what_is_left_open_overlaps_and_is_waited_for_later() {
    let text = format!(
        r#"{SCENE}
        [[steps]]
        say = "first"
        send = ["ask-one"]
        leave_open = true
        answers = ["one 1"]
        [[steps]]
        say = "second"
        send = ["ask-two"]
        leave_open = true
        answers = ["two 2"]
        [[steps]]
        await = true
        "#
    );
    let (report, said, session) = play(&text);
    assert_eq!(report.failures, [""; 0]);
    assert_eq!(said, ["first", "second", "that was it"]);
    let [one, two] = report.exchanges[..] else {
        panic!("{report:?}")
    };
    assert_eq!(report.shown, Some(two));
    let exchange = |id| session.timeline.exchange(id).unwrap();
    assert!(exchange(two).legs.published < exchange(one).finished);
}

#[test]
fn a_device_leaves_and_comes_and_a_connection_too() {
    let text = SCENE.replace("lesson", "later = [\"two\"]\nlesson")
        + r#"
        [[steps]]
        switch_off = ["device"]
        wait_ms = 50
        [[steps]]
        send = ["ask-one"]
        expect = "no_subscribers"
        [[steps]]
        switch_on = ["device"]
        connect = ["two"]
        disconnect = ["one"]
        send = ["ask-two"]
        answers = ["two 1"]
        "#;
    let (report, _, session) = play(&text);
    assert_eq!(report.failures, [""; 0]);
    assert!(session.link("one").is_none() && session.state("two").is_connected());
}

#[test]
fn verdicts_are_expected_one_by_one() {
    let text = format!(
        r#"{SCENE}
        [[requests]]
        id = "ask-nobody"
        connection = "one"
        topic = "nobody"
        [[steps]]
        send = ["ask-one", "ask-nobody"]
        expect = ["answered", "no_subscribers"]
        "#
    );
    assert_eq!(play(&text).0.failures, [""; 0]);
    let wrong = text.replace("expect = [\"answered\", \"no_subscribers\"]", "");
    let (report, said, _) = play(&wrong);
    assert_eq!(
        report.failures,
        ["nobody: no_subscribers instead of answered"]
    );
    assert!(said.is_empty(), "no lesson from what went wrong: {said:?}");
}

#[test]
fn an_answer_that_says_something_else_is_told() {
    let text = format!(
        r#"{SCENE}
        [[steps]]
        send = ["ask-one"]
        answers = ["two"]
        "#
    );
    assert_eq!(
        play(&text).0.failures,
        ["ask: the answer has no `two`: one 1"]
    );
}

#[test]
fn messages_that_were_nobodys_answer_are_counted() {
    // Each hears the answer to the other as well.
    let text = |count: usize| {
        // Both listen until their timeouts.
        let scene = SCENE.replace("\"40 ms\"", "\"300 ms\"");
        let scene = scene.replace("\"400 ms\"", "\"1 s\"\nreplies = \"all\"");
        format!(
            r#"{scene}
            [[steps]]
            send = ["ask-one", "ask-two"]
            [expect_messages]
            reply = 2
            wrong_correlation = {count}
            "#
        )
    };
    assert_eq!(play(&text(2)).0.failures, [""; 0]);
    let (report, ..) = play(&text(0));
    assert_eq!(
        report.failures,
        ["2 messages instead of 0 are wrong_correlation"]
    );
}

#[test]
fn who_reads_along_gets_time_before_something_happens() {
    let demo: Demo = toml::from_str(&format!(
        "{SCENE}\n[[steps]]\nsay = \"Ten words take some time to be read by somebody\"\nwait_ms = 1"
    ))
    .unwrap();
    let mut session = Session::start(Box::new(|| {})).unwrap();
    let mut player = DemoPlayer::new(&demo, &mut session, Session::now());
    player.read_along();
    player.awaited.clear();
    player.orders.clear();
    let now = Session::now();
    let DemoProgress::Running { next } = player.tick(&mut session, now) else {
        panic!("it does not wait")
    };
    assert!(next.since(now) > Duration::from_secs(1));
    assert!(player.next_words().is_some());
    assert_eq!(player.place(), (1, 1));
}
