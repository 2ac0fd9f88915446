//! Subscriptions as the window makes them, on a Mosquitto and on the built-in broker.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{DEADLINE, Mosquitto};
use roundtrip::app::dialogs::Dialog;
use roundtrip::app::open::{Place, open};
use roundtrip::app::subscriptions::SubscriptionAction;
use roundtrip::app::{Action, App, TimelineView};
use roundtrip::model::correlation::CorrelationDraft;
use roundtrip::model::profile::ProfileDraft;
use roundtrip::model::request::{RequestDraft, ResponseTopicDraft, Surroundings};
use roundtrip::model::subscribe::{RetainHandling, SubscriptionDraft};
use roundtrip::model::timeline::Row;
use std::sync::Arc;
use std::time::Instant;

struct Desk {
    app: App,
    broker: Option<Mosquitto>,
}

impl Desk {
    /// Two connections to one Mosquitto.
    fn on_mosquitto() -> Self {
        let broker = Mosquitto::start("");
        let mut desk = Self::alone();
        for name in ["one", "two"] {
            desk.connect(&ProfileDraft {
                name: name.to_owned(),
                address: format!("mqtt://127.0.0.1:{}", broker.port()),
                client_id: name.to_owned(),
                ..ProfileDraft::default()
            });
        }
        desk.broker = Some(broker);
        desk
    }

    fn alone() -> Self {
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
        Self {
            app: open(Place::Scratch, &wake).unwrap(),
            broker: None,
        }
    }

    fn connect(&mut self, profile: &ProfileDraft) {
        let id = self.app.library.save_profile(None, profile).unwrap();
        self.app.perform(Action::Connect(id.clone()));
        self.wait("it is connected", |app| {
            app.session.state(&id).is_connected()
        });
    }

    #[track_caller]
    fn wait(&mut self, what: &str, holds: impl Fn(&App) -> bool) {
        let until = Instant::now() + DEADLINE;
        while !holds(&self.app) {
            assert!(Instant::now() < until, "not in time: {what}");
            self.app.tick();
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }

    /// As the dialog does it; gives what the list says once the SUBACK is there.
    #[track_caller]
    fn subscribe(&mut self, connection: &str, filter: &str, draft: SubscriptionDraft) -> String {
        self.app
            .perform(Action::Subscription(SubscriptionAction::New {
                connection: connection.to_owned(),
                filter: filter.to_owned(),
            }));
        let Some(Dialog::Subscription(dialog)) = &mut self.app.dialog else {
            panic!("no dialog");
        };
        // As typed.
        let identifier = draft.identifier.map(|number| number.to_string());
        dialog.identifier = identifier.unwrap_or_default();
        dialog.draft = SubscriptionDraft {
            connection: connection.to_owned(),
            filter: filter.to_owned(),
            ..draft
        };
        self.app
            .perform(Action::Subscription(SubscriptionAction::Save));
        assert!(self.app.dialog.is_none());
        let standing = |app: &App| {
            let rows = app.subscription_rows(connection);
            let row = rows.into_iter().find(|row| row.filter == filter).unwrap();
            row.sentence
        };
        self.wait("the SUBACK", |app| {
            standing(app) != "Waiting for the SUBACK."
        });
        standing(&self.app)
    }

    fn publish(&mut self, connection: &str, topic: &str, payload: &str, retain: bool) {
        let draft = RequestDraft {
            topic: topic.to_owned(),
            payload: payload.to_owned(),
            format: roundtrip::model::payload::PayloadFormat::Text,
            retain,
            response_topic: ResponseTopicDraft::None,
            correlation_data: CorrelationDraft::parse("none").unwrap(),
            ..RequestDraft::default()
        };
        let request = draft.validate(&Surroundings::default()).unwrap();
        let sent = self
            .app
            .session
            .publish(connection, Arc::new(request))
            .unwrap();
        self.wait("it is acknowledged", |app| {
            let row = app.session.timeline.publish_row(&sent);
            row.is_some_and(|row| row.acknowledgement.is_some())
        });
    }

    /// Payloads that came on a topic, with whether they were marked as retained.
    fn came(&self, topic: &str) -> Vec<(String, bool)> {
        came(&self.app, topic)
    }

    #[track_caller]
    fn wait_for(&mut self, topic: &str, payload: &str) {
        let is_it = |app: &App| came(app, topic).iter().any(|(one, _)| one == payload);
        self.wait(&format!("{payload} on {topic}"), is_it);
    }
}

fn came(app: &App, topic: &str) -> Vec<(String, bool)> {
    use roundtrip::model::timeline::Row;
    let rows = app.session.timeline.rows();
    rows.filter_map(|row| match &*row {
        Row::Message(row) if row.message.topic.as_str() == topic => {
            let text = String::from_utf8_lossy(&row.message.payload).into_owned();
            Some((text, row.message.retain))
        }
        _ => None,
    })
    .collect()
}

fn usual() -> SubscriptionDraft {
    SubscriptionDraft::default()
}

#[test]
fn retained_messages_come_as_retain_handling_says_and_are_marked() {
    let mut desk = Desk::on_mosquitto();
    for topic in ["sent", "kept-back"] {
        desk.publish("two", topic, "old", true);
    }
    let said = desk.subscribe("one", "sent", usual());
    assert_eq!(said, "Subscribed: granted QoS 2 (0x02).");
    desk.wait_for("sent", "old");
    let quiet = SubscriptionDraft {
        retain_handling: RetainHandling::DoNotSend,
        retain_as_published: false,
        ..usual()
    };
    desk.subscribe("one", "kept-back", quiet);
    for topic in ["sent", "kept-back"] {
        desk.publish("two", topic, "new", true);
        desk.wait_for(topic, "new");
    }
    let told = |text: &str, retain| (text.to_owned(), retain);
    assert_eq!(desk.came("sent"), [told("old", true), told("new", true)]);
    // Without Retain As Published the broker takes the flag off what comes live.
    assert_eq!(desk.came("kept-back"), [told("new", false)]);

    // The tree knows what is kept, until it is cleared.
    desk.app
        .perform(Action::SetTimelineView(TimelineView::Topics));
    let is_kept = |app: &App| {
        let tree = app.topics.tree();
        let node = tree.find("one", Some("sent")).and_then(|id| tree.node(id));
        node.is_some_and(roundtrip::app::topics::Node::is_retained)
    };
    desk.wait("the mark", is_kept);
    let clear = roundtrip::app::topics::TopicsAction::AskToClear {
        connection: "one".to_owned(),
        topic: "sent".to_owned(),
    };
    desk.app.perform(Action::Topics(clear));
    assert!(is_kept(&desk.app), "it was only asked");
    let notice = desk.app.notices.shown().last().unwrap();
    let (id, label) = (notice.id, notice.choices[0].label);
    assert_eq!(label, "Clear retained");
    desk.app.perform(Action::Choose(id, 0));
    desk.wait("the mark is gone", |app| !is_kept(app));
}

#[test]
fn no_local_keeps_back_what_the_connection_publishes_itself() {
    let mut desk = Desk::on_mosquitto();
    let spared = SubscriptionDraft {
        no_local: true,
        ..usual()
    };
    desk.subscribe("one", "t", spared);
    desk.publish("one", "t", "own", false);
    desk.publish("two", "t", "foreign", false);
    desk.wait_for("t", "foreign");
    assert_eq!(desk.came("t"), [("foreign".to_owned(), false)]);
}

#[test]
fn a_shared_subscription_gives_each_message_to_one_of_its_pool() {
    let mut desk = Desk::on_mosquitto();
    for connection in ["one", "two"] {
        desk.subscribe(connection, "$share/pool/s/+", usual());
    }
    for n in 0..20 {
        desk.publish("two", "s/x", &n.to_string(), false);
    }
    let all: Vec<(String, bool)> = (0..20).map(|n| (n.to_string(), false)).collect();
    desk.wait("all of them", |app| self::came(app, "s/x").len() >= 20);
    let mut came = desk.came("s/x");
    came.sort_by_key(|(text, _)| text.parse::<u32>().unwrap());
    assert_eq!(came, all);
    let counts = ["one", "two"].map(|connection| {
        let rows = desk.app.subscription_rows(connection);
        let count = rows[0].count.split(' ').next().unwrap().to_owned();
        count.parse::<u32>().unwrap()
    });
    assert_eq!(counts.iter().sum::<u32>(), 20);
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
}

#[test]
fn a_subscription_is_made_again_with_its_connection_and_ends_when_switched_off() {
    let mut desk = Desk::on_mosquitto();
    desk.subscribe("one", "t", usual());
    desk.app.perform(Action::Disconnect("one".to_owned()));
    desk.app.perform(Action::Connect("one".to_owned()));
    let standing = |app: &App| app.subscription_rows("one")[0].sentence.clone();
    desk.wait("subscribed again", |app| {
        standing(app).starts_with("Subscribed:")
    });
    desk.publish("two", "t", "first", false);
    desk.wait_for("t", "first");
    let id = desk.app.subscription_rows("one")[0].id.clone();
    let off = SubscriptionAction::Switch { id, on: false };
    desk.app.perform(Action::Subscription(off));
    assert_eq!(standing(&desk.app), "Switched off.");
    desk.subscribe("one", "end", usual());
    desk.publish("two", "t", "second", false);
    desk.publish("two", "end", "end", false);
    desk.wait_for("end", "end");
    assert_eq!(desk.came("t"), [("first".to_owned(), false)]);
}

/// The Subscription Identifiers of what came on a topic, sorted.
fn identifiers(app: &App, topic: &str) -> Vec<u32> {
    use roundtrip::model::timeline::Row;
    let mut found = Vec::new();
    for row in app.session.timeline.rows() {
        if let Row::Message(row) = &*row
            && row.message.topic.as_str() == topic
        {
            found.extend(&row.message.properties.subscription_identifiers);
        }
    }
    found.sort_unstable();
    found
}

fn numbered(identifier: u32) -> SubscriptionDraft {
    SubscriptionDraft {
        identifier: Some(identifier),
        ..usual()
    }
}

#[test]
fn identifiers_come_with_the_messages_and_are_kept_over_a_lost_connection() {
    let mut desk = Desk::on_mosquitto();
    desk.subscribe("one", "t/+", numbered(7));
    desk.subscribe("one", "t/#", numbered(268_435_455));
    desk.subscribe("one", "plain", usual());
    let both = [7, 268_435_455];
    desk.publish("two", "t/a", "x", false);
    desk.wait("both identifiers", |app| identifiers(app, "t/a") == both);
    desk.publish("two", "plain", "x", false);
    desk.wait_for("plain", "x");
    assert!(identifiers(&desk.app, "plain").is_empty());
    // The broker forgets everything.
    if let Some(broker) = &mut desk.broker {
        broker.restart();
    }
    let is_back = |app: &App| {
        let rows = app.subscription_rows("one");
        rows.iter()
            .all(|row| row.sentence.starts_with("Subscribed"))
            && app.session.state("two").is_connected()
    };
    desk.wait("the connection is lost", |app| !is_back(app));
    desk.app.perform(Action::ReconnectNow("one".to_owned()));
    desk.app.perform(Action::ReconnectNow("two".to_owned()));
    desk.wait("subscribed again", is_back);
    desk.publish("two", "t/b", "x", false);
    desk.wait("both identifiers again", |app| {
        identifiers(app, "t/b") == both
    });
}

#[test]
fn a_broker_that_takes_no_identifiers_is_not_sent_one() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let broker = std::thread::Builder::new()
        .spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(DEADLINE)).unwrap();
            let frame = |stream: &mut std::net::TcpStream| {
                let mut head = [0; 2];
                stream.read_exact(&mut head).unwrap();
                let mut body = vec![0; usize::from(head[1])];
                stream.read_exact(&mut body).unwrap();
                (head[0], body)
            };
            assert_eq!(frame(&mut stream).0, 0x10);
            // Subscription Identifier Available: 0.
            stream.write_all(&[0x20, 5, 0, 0, 2, 0x29, 0]).unwrap();
            let (kind, body) = frame(&mut stream);
            stream
                .write_all(&[0x90, 4, body[0], body[1], 0, 2])
                .unwrap();
            // Open until the other side has seen it.
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).ok();
            (kind, body)
        })
        .unwrap();
    let mut desk = Desk::alone();
    desk.connect(&ProfileDraft {
        name: "fake".to_owned(),
        address: format!("mqtt://127.0.0.1:{port}"),
        client_id: "c".to_owned(),
        ..ProfileDraft::default()
    });
    let said = desk.subscribe("fake", "numbered", numbered(7));
    assert!(
        said.contains("Subscription identifiers not supported") && said.ends_with("(0xA1)."),
        "{said}"
    );
    let said = desk.subscribe("fake", "plain", usual());
    assert!(said.starts_with("Subscribed"), "{said}");
    desk.app.perform(Action::Disconnect("fake".to_owned()));
    let (kind, body) = broker.join().unwrap();
    assert_eq!(kind, 0x82);
    assert!(body.windows(5).any(|part| part == b"plain"), "{body:?}");
}

#[test]
fn what_the_broker_refuses_is_said_in_words() {
    let mut desk = Desk::alone();
    desk.connect(&ProfileDraft {
        name: "restricted".to_owned(),
        address: "built-in".to_owned(),
        client_id: "small".to_owned(),
        user_name: "restricted".to_owned(),
        ..ProfileDraft::default()
    });
    let said = desk.subscribe("restricted", "secret/#", usual());
    assert!(
        said.starts_with("Refused by the broker: Not authorized"),
        "{said}"
    );
    assert!(said.ends_with("(0x87)."), "{said}");
    let said = desk.subscribe("restricted", "rr/small/#", usual());
    assert!(said.starts_with("Subscribed:"), "{said}");
}

#[test]
fn what_a_subscription_of_ones_own_brings_back_is_told_as_an_echo() {
    let mut desk = Desk::on_mosquitto();
    desk.subscribe("one", "#", SubscriptionDraft::default());
    desk.publish("one", "lamp/power", "on", false);
    desk.publish("two", "lamp/power", "off", false);
    let arrived = |app: &App| -> Vec<(String, bool)> {
        let rows = app.session.timeline.rows();
        rows.filter_map(|row| match row.into_owned() {
            Row::Message(row) => Some((
                String::from_utf8_lossy(&row.message.payload).into_owned(),
                row.is_echo,
            )),
            _ => None,
        })
        .collect()
    };
    desk.wait("both came", |app| arrived(app).len() == 2);
    let mut came = arrived(&desk.app);
    came.sort();
    assert_eq!(came, [("off".to_owned(), false), ("on".to_owned(), true)]);
}
