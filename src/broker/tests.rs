use super::*;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

fn topic(text: &str) -> TopicName {
    TopicName::new(text).unwrap()
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "waited too long for: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A `mosquitto_sub` that ends with its owner.
struct Subscriber(Child);

impl Subscriber {
    fn start(broker: &Broker, args: &[&str]) -> Self {
        let child = Command::new("mosquitto_sub")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &broker.address().port().to_string(),
            ])
            .args(args)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Ends it without a DISCONNECT. A polite SIGTERM can leave `mosquitto_sub` hanging for good:
    /// its signal handler takes locks.
    fn leave(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        self.0.wait().map(|_| ()).unwrap_or_default();
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn has_mosquitto() -> bool {
    let found = Command::new("mosquitto_sub")
        .arg("--help")
        .stdout(Stdio::null())
        .status()
        .is_ok();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "mosquitto_sub is missing"
    );
    if !found {
        eprintln!("skipped: mosquitto_sub is not installed");
    }
    found
}

#[test]
fn it_listens_on_loopback_on_a_free_port_and_lets_go_of_it_when_dropped() {
    let broker = Broker::start(None, None).unwrap();
    let address = broker.address();
    assert!(address.ip().is_loopback() && address.port() != 0);
    let taken = Broker::start(Some(address.port()), None);
    let Err(err) = taken else {
        panic!("two brokers on one port")
    };
    assert!(matches!(err, BrokerError::PortTaken { .. }));
    assert!(
        err.to_string()
            .contains(&format!("port {} is taken", address.port()))
    );
    assert!(err.hint().contains("another port"));
    drop(broker);
    // A free port is one that clients are given too: somebody may have it for a moment.
    until("the port to be free", || {
        Broker::start(Some(address.port()), None).is_ok_and(|again| again.address() == address)
    });
}

#[test]
fn a_hundred_starts_and_stops_take_no_time_worth_mentioning() {
    let start = Instant::now();
    for _ in 0..100 {
        drop(Broker::start(None, None).unwrap());
    }
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn it_knows_who_listens_while_clients_come_and_go() {
    if !has_mosquitto() {
        return;
    }
    let broker = Broker::start(None, None).unwrap();
    let listeners = broker.listeners();
    assert!(!listeners(&topic("cmnd/light")));
    let mut plain = Subscriber::start(&broker, &["-t", "cmnd/#", "-i", "plain"]);
    until("the subscriber", || listeners(&topic("cmnd/light")));
    assert!(!broker.anybody_listens(&topic("state/light")));
    until("the client", || broker.client_count() == 1);
    let mut shared = Subscriber::start(&broker, &["-t", "$share/pool/cmnd/light", "-i", "shared"]);
    until("both clients", || broker.client_count() == 2);
    plain.leave();
    until("one client", || broker.client_count() == 1);
    until("the shared subscription", || {
        broker.anybody_listens(&topic("cmnd/light"))
    });
    assert!(!broker.anybody_listens(&topic("cmnd/other")));
    shared.leave();
    until("nobody", || !broker.anybody_listens(&topic("cmnd/light")));
    assert_eq!(broker.client_count(), 0);
}

#[test]
fn a_client_that_dies_takes_its_subscriptions_along() {
    if !has_mosquitto() {
        return;
    }
    let broker = Broker::start(None, None).unwrap();
    let subscriber = Subscriber::start(&broker, &["-t", "a", "-V", "mqttv5"]);
    until("the subscriber", || broker.anybody_listens(&topic("a")));
    drop(subscriber);
    until("nobody", || !broker.anybody_listens(&topic("a")));
}

#[test]
fn a_session_left_behind_still_listens_until_it_expires_or_is_cleaned() {
    if !has_mosquitto() {
        return;
    }
    let broker = Broker::start(None, None).unwrap();
    let session = |expiry: &str| {
        let args = ["-t", "a", "-i", "keeper", "-q", "1", "-c", "-V", "mqttv5"];
        let args: Vec<&str> = args.into_iter().chain(["-x", expiry]).collect();
        let mut subscriber = Subscriber::start(&broker, &args);
        until("the client", || broker.client_count() == 1);
        until("the subscription", || broker.anybody_listens(&topic("a")));
        subscriber.leave();
        until("the client to leave", || broker.client_count() == 0);
    };
    session("3600");
    assert!(broker.anybody_listens(&topic("a")));
    session("1");
    assert!(broker.anybody_listens(&topic("a")));
    until("the session to expire", || {
        !broker.anybody_listens(&topic("a"))
    });
    session("3600");
    // A clean start discards the session (MQTT 5 §3.1.2.4).
    let _clean = Subscriber::start(&broker, &["-t", "b", "-i", "keeper", "-V", "mqttv5"]);
    until("the clean start", || broker.anybody_listens(&topic("b")));
    assert!(!broker.anybody_listens(&topic("a")));
}

#[test]
fn a_session_of_mqtt_3_1_1_listens_until_it_is_cleaned() {
    if !has_mosquitto() {
        return;
    }
    let broker = Broker::start(None, None).unwrap();
    let client = ["-i", "keeper", "-V", "mqttv311", "-q", "1"];
    let keeping = [&["-t", "a", "-c"][..], &client].concat();
    let mut subscriber = Subscriber::start(&broker, &keeping);
    until("the subscription", || broker.anybody_listens(&topic("a")));
    subscriber.leave();
    until("the client to leave", || broker.client_count() == 0);
    assert!(broker.anybody_listens(&topic("a")));
    let clean = [&["-t", "b"][..], &client].concat();
    let mut subscriber = Subscriber::start(&broker, &clean);
    until("the clean start", || broker.anybody_listens(&topic("b")));
    assert!(!broker.anybody_listens(&topic("a")));
    subscriber.leave();
    until("the end of its session", || {
        !broker.anybody_listens(&topic("b"))
    });
}

#[test]
fn a_client_that_is_taken_over_leaves_its_successor_alone() {
    if !has_mosquitto() {
        return;
    }
    let ended = Arc::new(Mutex::new(0));
    let count = Arc::clone(&ended);
    let sink: BrokerSink = Arc::new(move |event| {
        if matches!(event, BrokerEvent::Disconnected { .. }) {
            *count.lock().unwrap() += 1;
        }
    });
    let broker = Broker::start(None, Some(sink)).unwrap();
    for session in [["-x", "0"], ["-x", "3600"]] {
        let keep = ["-i", "same", "-V", "mqttv5", "-c", "-q", "1"];
        let with = |filter| [&["-t", filter][..], &keep, &session].concat();
        let _first = Subscriber::start(&broker, &with("a"));
        until("the first", || broker.anybody_listens(&topic("a")));
        let ended_before = *ended.lock().unwrap();
        let mut second = Subscriber::start(&broker, &with("b"));
        until("the first to end", || *ended.lock().unwrap() > ended_before);
        until("the second", || broker.anybody_listens(&topic("b")));
        assert_eq!(broker.client_count(), 1, "{session:?}");
        second.leave();
        until("the second to end", || broker.client_count() == 0);
        let is_kept = session == ["-x", "3600"];
        assert_eq!(broker.anybody_listens(&topic("b")), is_kept);
    }
}

#[test]
fn the_console_is_told_what_clients_do() {
    if !has_mosquitto() {
        return;
    }
    let events = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&events);
    let broker = Broker::start(
        None,
        Some(Arc::new(move |event| log.lock().unwrap().push(event))),
    )
    .unwrap();
    // It leaves by itself after one message.
    let args = ["-t", "a/+", "-i", "sub", "-V", "mqttv5", "-C", "1"];
    let _subscriber = Subscriber::start(&broker, &args);
    until("the subscriber", || broker.anybody_listens(&topic("a/b")));
    for to in ["a/b", "nowhere"] {
        let port = broker.address().port().to_string();
        let done = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-p", &port, "-i", "pub", "-V", "mqttv5"])
            .args(["-t", to, "-m", "hello", "-q", "1"])
            .args(["-D", "publish", "response-topic", "answers"])
            .args(["-D", "publish", "correlation-data", "7"])
            .status()
            .unwrap();
        assert!(done.success());
    }
    until("the end of it", || broker.client_count() == 0);
    let events = events.lock().unwrap();
    let published = |to: &str, heard| BrokerEvent::Published {
        client_id: "pub".into(),
        topic: topic(to),
        payload: "hello".into(),
        qos: crate::model::message::Qos::AtLeastOnce,
        retain: false,
        response_topic: Some(topic("answers")),
        correlation_data: Some(crate::model::correlation::CorrelationData::new("7")),
        heard,
    };
    for expected in [
        BrokerEvent::Subscribed {
            client_id: "sub".into(),
            filter: "a/+".into(),
            qos: crate::model::message::Qos::AtMostOnce,
            refused: false,
        },
        published("a/b", true),
        published("nowhere", false),
        BrokerEvent::Disconnected {
            client_id: "pub".into(),
            unexpected: false,
            reason_code: 0,
        },
        BrokerEvent::Disconnected {
            client_id: "sub".into(),
            unexpected: false,
            reason_code: 0,
        },
    ] {
        assert!(events.contains(&expected), "{expected:?} in {events:#?}");
    }
}
