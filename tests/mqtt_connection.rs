//! Requests over a connection against real brokers: every verdict, and what a lost connection does.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;
#[path = "common/script.rs"]
mod script;

use bytes::Bytes;
use common::{DEADLINE, Mosquitto, free_port, wait_until};
use roundtrip::broker::Broker;
use roundtrip::model::connection::ConnectionState;
use roundtrip::model::correlation::CorrelationData;
use roundtrip::model::correlation::CorrelationSpec;
use roundtrip::model::exchange::{Exchange, ExchangeId, MessageVerdict, Refused, Verdict};
use roundtrip::model::message::{Message, Properties, Qos, UserProperty};
use roundtrip::model::profile::{Profile, ProfileDraft};
use roundtrip::model::request::{RepliesWanted, Request};
use roundtrip::model::topic::{TopicFilter, TopicName};
use roundtrip::mqtt::{
    Client, ClientEvent, ClientOptions, Connection, ConnectionEvent, Listeners, SubscribeOptions,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::runtime::Runtime;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn profile(port: u16, client_id: &str) -> Profile {
    let draft = ProfileDraft {
        name: "Here".to_owned(),
        address: format!("mqtt://127.0.0.1:{port}"),
        client_id: client_id.to_owned(),
        ..ProfileDraft::default()
    };
    draft.validate("here").unwrap()
}

/// As [`profile`], with a session that the broker keeps.
fn keeping(port: u16) -> Profile {
    Profile {
        session_expiry_secs: 100,
        ..profile(port, "desk")
    }
}

/// A connection whose events are kept, and the exchanges that they amount to.
struct Desk {
    connection: Connection,
    events: Arc<Mutex<Vec<ConnectionEvent>>>,
}

impl Desk {
    fn start(runtime: &Runtime, profile: Profile, listeners: Option<Listeners>) -> Self {
        let events: Arc<Mutex<Vec<ConnectionEvent>>> = Arc::default();
        let seen = Arc::clone(&events);
        let connection = Connection::start(
            runtime.handle(),
            ClientOptions::new(profile, None),
            roundtrip::model::pairing::Rules::shipped(),
            listeners,
            Arc::new(|| ExchangeId(1_000_000)),
            Arc::new(move |event| seen.lock().unwrap().push(event)),
        );
        Self { connection, events }
    }

    #[track_caller]
    fn connected(runtime: &Runtime, port: u16) -> Self {
        let desk = Self::start(runtime, profile(port, "desk"), None);
        desk.wait_connected();
        desk
    }

    #[track_caller]
    fn wait_connected(&self) {
        wait_until("connected", || self.connection.state().is_connected());
    }

    /// Sends `request` with `correlation`, as exchange `id`.
    fn send_with(&self, id: u64, request: Request, correlation: &[u8]) {
        let correlation = CorrelationData::new(correlation.to_vec());
        let message = request.message(Some(correlation));
        self.connection
            .send(ExchangeId(id), Arc::new(request), Arc::new(message));
    }

    fn send(&self, id: u64, request: Request) {
        self.send_with(id, request, &id.to_be_bytes());
    }

    fn exchanges(&self) -> BTreeMap<u64, Exchange> {
        let mut exchanges: BTreeMap<u64, Exchange> = BTreeMap::new();
        for event in self.events.lock().unwrap().iter() {
            match event {
                ConnectionEvent::Begun(exchange) => {
                    exchanges.insert(exchange.id.0, Exchange::clone(exchange));
                }
                ConnectionEvent::Changed { id, change, at } => exchanges
                    .get_mut(&id.0)
                    .expect("a change comes after its exchange has begun")
                    .apply(change.clone(), *at),
                _ => {}
            }
        }
        exchanges
    }

    #[track_caller]
    fn wait_finished(&self, id: u64) -> Exchange {
        self.wait_exchange(id, |exchange| !exchange.verdict.is_open())
    }

    #[track_caller]
    fn wait_exchange(&self, id: u64, want: impl Fn(&Exchange) -> bool) -> Exchange {
        let mut found = None;
        wait_until("the exchange", || {
            found = self
                .exchanges()
                .remove(&id)
                .filter(|exchange| want(exchange));
            found.is_some()
        });
        found.unwrap()
    }

    #[track_caller]
    fn wait_event<T>(&self, what: &str, pick: impl Fn(&ConnectionEvent) -> Option<T>) -> T {
        let mut found = None;
        wait_until(what, || {
            found = self.events.lock().unwrap().iter().find_map(&pick);
            found.is_some()
        });
        found.unwrap()
    }

    #[track_caller]
    fn wait_arrived(&self, want: MessageVerdict) -> Arc<Message> {
        self.wait_event("a message", |event| match event {
            ConnectionEvent::Arrived {
                message, verdict, ..
            } if *verdict == want => Some(Arc::clone(message)),
            _ => None,
        })
    }
}

fn request(topic: &str) -> Request {
    Request {
        name: "".into(),
        topic: TopicName::new(topic).unwrap(),
        qos: Qos::AtLeastOnce,
        retain: false,
        payload: Bytes::from_static(b"ask"),
        response_topic: Some(TopicName::new("desk/answers").unwrap()),
        correlation: CorrelationSpec::Counter,
        timeout: Duration::from_secs(20),
        replies: RepliesWanted::First,
        content_type: None,
        payload_is_utf8: false,
        message_expiry_secs: None,
        user_properties: Vec::new(),
        pairing: roundtrip::model::request::Pairing::default(),
    }
}

/// What a device does with a request: the messages it publishes, each after a pause.
type Behaviour = fn(&Message) -> Vec<(Duration, Message)>;

/// A device on a connection of its own, listening to `cmnd`.
fn device(runtime: &Runtime, port: u16, behaviour: Behaviour) -> Client {
    let slot: Arc<OnceLock<Client>> = Arc::default();
    let own = Arc::clone(&slot);
    let handle = runtime.handle().clone();
    let client = Client::start(
        runtime.handle(),
        ClientOptions::new(profile(port, "device"), None),
        Arc::new(move |event| {
            if let (ClientEvent::Message { message, .. }, Some(client)) = (event, own.get()) {
                for (pause, answer) in behaviour(&message) {
                    let client = client.clone();
                    handle.spawn(async move {
                        tokio::time::sleep(pause).await;
                        drop(client.publish(Arc::new(answer)));
                    });
                }
            }
        }),
    );
    assert!(slot.set(client.clone()).is_ok());
    let subscribed = runtime.block_on(async {
        let filter = TopicFilter::new("cmnd").unwrap();
        let subscribe = client.subscribe(filter, SubscribeOptions::default());
        tokio::time::timeout(DEADLINE, subscribe).await
    });
    assert!(!subscribed.unwrap().unwrap().reason.is_refusal());
    client
}

fn answer(request: &Message, payload: &'static str) -> Message {
    let mut answer = Message::new(request.properties.response_topic.clone().unwrap(), payload);
    answer
        .properties
        .correlation_data
        .clone_from(&request.properties.correlation_data);
    answer
}

fn answers(request: &Message) -> Vec<(Duration, Message)> {
    vec![(Duration::ZERO, answer(request, "done"))]
}

fn reason_of(exchange: &Exchange) -> &str {
    match &exchange.verdict {
        Verdict::Failed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_answered_with_all_its_legs_in_order() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let _device = device(&runtime, broker.port(), answers);
    let desk = Desk::connected(&runtime, broker.port());
    let every_byte: Vec<u8> = (0..=255).collect();
    for (id, qos) in (0..).zip(Qos::ALL) {
        let request = Request {
            qos,
            ..request("cmnd")
        };
        desk.send_with(id, request, &every_byte);
        let exchange = desk.wait_exchange(id, |exchange| {
            exchange.verdict == Verdict::Answered
                && (qos == Qos::AtMostOnce || exchange.acknowledgement.is_some())
        });
        let legs = &exchange.legs;
        let reply = exchange.replies.first().unwrap();
        assert_eq!(&*reply.message.payload, b"done");
        assert_eq!(
            reply.message.properties.correlation_data,
            Some(CorrelationData::new(every_byte.clone()))
        );
        assert_eq!(legs.subscribed.is_some(), id == 0, "subscribed once");
        let published = legs.published.unwrap();
        assert!(legs.queued <= legs.subscribed.unwrap_or(legs.queued));
        assert!(legs.subscribed.unwrap_or(legs.queued) <= published);
        assert!(published < reply.received);
        assert!(legs.acknowledged.is_none_or(|at| published < at));
        assert!(exchange.round_trip().unwrap() < Duration::from_secs(1));
    }
    let subscribed = desk.wait_event("subscriptions", |event| match event {
        ConnectionEvent::Subscriptions(filters) if !filters.is_empty() => Some(filters.clone()),
        _ => None,
    });
    assert_eq!(subscribed, [TopicFilter::new("desk/answers").unwrap()]);
}

#[test]
fn a_thousand_requests_at_once_are_all_answered() {
    let (runtime, broker) = (runtime(), Mosquitto::start("max_queued_messages 0"));
    let _device = device(&runtime, broker.port(), answers);
    let desk = Desk::connected(&runtime, broker.port());
    for id in 0..1000 {
        desk.send(id, request("cmnd"));
    }
    wait_until("a thousand answers", || {
        desk.events
            .lock()
            .unwrap()
            .iter()
            .filter(|event| {
                matches!(
                    event,
                    ConnectionEvent::Changed {
                        change: roundtrip::model::exchange::Change::Finished(Verdict::Answered),
                        ..
                    }
                )
            })
            .count()
            == 1000
    });
    assert!(
        desk.exchanges().values().all(|exchange| {
            exchange.verdict == Verdict::Answered && exchange.replies.len() == 1
        })
    );
}

#[test]
fn the_built_in_broker_names_the_responder_and_hides_how() {
    let runtime = runtime();
    let broker = Broker::start(None, None).unwrap();
    let port = broker.address().port();
    let listeners: Listeners = broker.listeners();
    let desk = Desk::start(&runtime, profile(port, "desk"), Some(listeners));
    desk.wait_connected();
    desk.send(1, request("cmnd"));
    assert_eq!(desk.wait_finished(1).verdict, Verdict::NoSubscribers);
    let _device = device(&runtime, port, answers);
    desk.send(2, request("cmnd"));
    let exchange = desk.wait_finished(2);
    assert_eq!(exchange.verdict, Verdict::Answered);
    let reply = exchange.replies.first().unwrap();
    assert_eq!(reply.responder.as_deref(), Some("device"));
    assert!(reply.message.properties.user_properties.is_empty());
}

#[test]
fn nobody_who_listens_ends_the_exchange_at_once() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let desk = Desk::connected(&runtime, broker.port());
    desk.send(1, request("nobody"));
    assert_eq!(desk.wait_finished(1).verdict, Verdict::NoSubscribers);
}

#[test]
fn a_reply_after_the_deadline_is_late() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let _device = device(&runtime, broker.port(), |request| {
        vec![(Duration::from_millis(500), answer(request, "at last"))]
    });
    let desk = Desk::connected(&runtime, broker.port());
    let timeout = Duration::from_millis(200);
    desk.send(
        1,
        Request {
            timeout,
            ..request("cmnd")
        },
    );
    let exchange = desk.wait_exchange(1, |exchange| exchange.verdict == Verdict::TimedOut);
    let waited = exchange
        .finished
        .unwrap()
        .since(exchange.legs.published.unwrap());
    assert_eq!(
        waited, timeout,
        "the deadline itself, not when it was noticed"
    );
    let exchange = desk.wait_exchange(1, |exchange| exchange.verdict == Verdict::Late);
    assert_eq!(
        exchange.replies.first().unwrap().verdict,
        MessageVerdict::LateReply
    );
}

#[test]
fn wrong_missing_and_doubled_correlation_get_their_own_verdicts() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let _device = device(&runtime, broker.port(), |request| {
        let mut wrong = answer(request, "wrong");
        wrong.properties.correlation_data = Some(CorrelationData::new("other"));
        let mut missing = answer(request, "missing");
        missing.properties = Properties::default();
        let pauses = [0, 40, 80, 120].map(Duration::from_millis);
        let right = answer(request, "right");
        let messages = [wrong, missing, right.clone(), right];
        pauses.into_iter().zip(messages).collect()
    });
    let desk = Desk::connected(&runtime, broker.port());
    desk.send(1, request("cmnd"));
    assert_eq!(
        &*desk.wait_arrived(MessageVerdict::WrongCorrelation).payload,
        b"wrong"
    );
    assert_eq!(
        &*desk
            .wait_arrived(MessageVerdict::MissingCorrelation)
            .payload,
        b"missing"
    );
    let exchange = desk.wait_exchange(1, |exchange| exchange.replies.len() == 2);
    assert_eq!(exchange.verdict, Verdict::Answered);
    let verdicts: Vec<MessageVerdict> =
        exchange.replies.iter().map(|reply| reply.verdict).collect();
    assert_eq!(
        verdicts,
        [MessageVerdict::Reply, MessageVerdict::AdditionalReply]
    );
}

#[test]
fn a_retained_message_on_the_response_topic_is_stale() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let device = device(&runtime, broker.port(), answers);
    let mut old = Message::new(TopicName::new("desk/answers").unwrap(), "old");
    old.retain = true;
    old.properties.correlation_data = Some(CorrelationData::new(1_u64.to_be_bytes().to_vec()));
    let ticket = device.publish(Arc::new(old));
    runtime.block_on(ticket.acknowledged).unwrap().unwrap();
    let desk = Desk::connected(&runtime, broker.port());
    desk.send(1, request("cmnd"));
    let exchange = desk.wait_finished(1);
    assert_eq!(&*exchange.replies.first().unwrap().message.payload, b"done");
    assert_eq!(&*desk.wait_arrived(MessageVerdict::Stale).payload, b"old");
}

#[test]
fn what_the_broker_forbids_rejects_the_exchange() {
    let (runtime, broker) = (
        runtime(),
        Mosquitto::start_with(|directory| {
            let file = directory.join("acl");
            std::fs::write(&file, "topic readwrite desk/#\ntopic deny hidden\n").unwrap();
            format!("acl_file {}", file.display())
        }),
    );
    let desk = Desk::connected(&runtime, broker.port());
    desk.send(1, request("cmnd"));
    match desk.wait_finished(1).verdict {
        Verdict::Rejected { what, reason } => {
            assert_eq!((what, reason.code), (Refused::Request, 0x87));
        }
        other => panic!("{other:?}"),
    }
    assert!(desk.connection.state().is_connected());
}

#[test]
fn a_refused_response_topic_rejects_the_exchange_before_it_is_published() {
    let runtime = runtime();
    let (listener, port) = script::listen();
    let desk = Desk::start(&runtime, profile(port, "desk"), None);
    let mut broker = script::accept(&listener, false);
    desk.wait_connected();
    desk.send(1, request("cmnd"));
    let (first, packet_id) = broker.packet();
    assert_eq!(first, 0x82);
    broker.write(&[0x90, 4, packet_id[0], packet_id[1], 0, 0x87]);
    match desk.wait_finished(1).verdict {
        Verdict::Rejected { what, reason } => {
            assert_eq!((what, reason.code), (Refused::Subscription, 0x87))
        }
        other => panic!("{other:?}"),
    }
    assert!(desk.exchanges()[&1].legs.published.is_none());
}

#[test]
fn an_exchange_in_flight_fails_with_the_connection_and_the_next_one_is_answered() {
    let (runtime, mut broker) = (runtime(), Mosquitto::start(""));
    let _device = device(&runtime, broker.port(), |request| match &*request.payload {
        b"ask" => Vec::new(),
        _ => answers(request),
    });
    let desk = Desk::connected(&runtime, broker.port());
    desk.send(1, request("cmnd"));
    desk.wait_exchange(1, |exchange| exchange.acknowledgement.is_some());
    broker.kill();
    let exchange = desk.wait_finished(1);
    assert!(
        reason_of(&exchange).starts_with("the connection was lost before a reply came: "),
        "{}",
        reason_of(&exchange)
    );
    let retrying = desk.wait_event("retrying", |event| match event {
        ConnectionEvent::State(ConnectionState::Retrying { problem, .. }) => Some(problem.clone()),
        _ => None,
    });
    assert!(!retrying.summary.is_empty() && !retrying.hint.is_empty());
    broker.restart();
    desk.wait_connected();
    // The device may come back later than the desk: then nobody listens yet.
    let mut id = 2;
    wait_until("an answer", || {
        desk.send(
            id,
            Request {
                payload: Bytes::from_static(b"again"),
                ..request("cmnd")
            },
        );
        let verdict = desk.wait_finished(id).verdict;
        id += 1;
        verdict == Verdict::Answered
    });
}

#[test]
fn an_exchange_in_flight_survives_when_the_session_is_resumed() {
    let runtime = runtime();
    let (listener, port) = script::listen();
    let keeping = Profile {
        session_expiry_secs: 100,
        ..profile(port, "desk")
    };
    let desk = Desk::start(&runtime, keeping, None);
    let mut broker = script::accept(&listener, false);
    desk.wait_connected();
    desk.send_with(1, request("cmnd"), b"c");
    let (_, packet_id) = broker.packet();
    broker.write(&[0x90, 4, packet_id[0], packet_id[1], 0, 2]);
    let (first, body) = broker.packet();
    assert_eq!(first, 0x32);
    let [high, low] = [body[6], body[7]];
    drop(broker);
    let mut broker = script::accept(&listener, true);
    let (first, _) = broker.packet();
    assert_eq!(first, 0x3A, "sent again, with the DUP flag");
    broker.write(&[0x40, 2, high, low]);
    let mut reply = vec![0x30, 0, 0, 12];
    reply.extend(b"desk/answers");
    reply.extend([4, 0x09, 0, 1, b'c']);
    reply.extend(b"late but fine");
    reply[1] = u8::try_from(reply.len() - 2).unwrap();
    broker.write(&reply);
    let exchange = desk.wait_finished(1);
    assert_eq!(exchange.verdict, Verdict::Answered);
    assert_eq!(
        &*exchange.replies.first().unwrap().message.payload,
        b"late but fine"
    );
}

#[test]
fn an_exchange_in_flight_fails_when_the_broker_kept_no_session() {
    let runtime = runtime();
    let (listener, port) = script::listen();
    let keeping = Profile {
        session_expiry_secs: 100,
        ..profile(port, "desk")
    };
    let desk = Desk::start(&runtime, keeping, None);
    let mut broker = script::accept(&listener, false);
    desk.wait_connected();
    desk.send(1, request("cmnd"));
    let (_, packet_id) = broker.packet();
    broker.write(&[0x90, 4, packet_id[0], packet_id[1], 0, 2]);
    broker.packet();
    drop(broker);
    wait_until("lost", || !desk.connection.state().is_connected());
    assert!(desk.exchanges()[&1].verdict.is_open());
    let mut broker = script::accept(&listener, false);
    assert!(reason_of(&desk.wait_finished(1)).contains("kept no session"));
    let (first, _) = broker.packet();
    assert_eq!(first, 0x82, "the Response Topic is subscribed again");
}

#[test]
fn a_bare_publish_is_told_when_it_was_acknowledged_and_when_it_failed() {
    let (runtime, broker) = (runtime(), Mosquitto::start("max_packet_size 1000"));
    let desk = Desk::connected(&runtime, broker.port());
    let bare = |qos, payload: Vec<u8>| Request {
        response_topic: None,
        qos,
        payload: payload.into(),
        ..request("nobody")
    };
    desk.send(1, bare(Qos::AtMostOnce, b"zero".to_vec()));
    desk.send(2, bare(Qos::AtLeastOnce, b"one".to_vec()));
    desk.send(3, bare(Qos::AtLeastOnce, vec![0; 2000]));
    let published = |wanted: &'static [u8]| {
        desk.wait_event("published", move |event| match event {
            ConnectionEvent::Published {
                message,
                acknowledgement,
                ..
            } if *message.payload == *wanted => Some(acknowledgement.clone()),
            _ => None,
        })
    };
    assert_eq!(published(b"zero"), None);
    assert_eq!(published(b"one").unwrap().code, 0x10);
    let problem = desk.wait_event("a failure", |event| match event {
        ConnectionEvent::PublishFailed { problem, .. } => Some(problem.clone()),
        _ => None,
    });
    assert!(
        problem.summary.contains("at most 1000"),
        "{}",
        problem.summary
    );
    assert!(!problem.hint.is_empty());
    assert!(desk.exchanges().is_empty());
}

#[test]
fn a_request_without_a_broker_fails_with_its_timeout_and_not_before() {
    let runtime = runtime();
    let desk = Desk::start(&runtime, profile(free_port(), "desk"), None);
    desk.send(
        1,
        Request {
            timeout: Duration::from_millis(300),
            ..request("cmnd")
        },
    );
    let exchange = desk.wait_finished(1);
    assert!(
        reason_of(&exchange).starts_with("not sent: "),
        "{}",
        reason_of(&exchange)
    );
    assert!(exchange.finished.unwrap().since(exchange.legs.queued) >= Duration::from_millis(300));
}

#[test]
fn a_request_on_a_refused_connection_fails_at_once() {
    let runtime = runtime();
    let (listener, port) = script::listen();
    let desk = Desk::start(&runtime, profile(port, "desk"), None);
    desk.send(1, request("cmnd"));
    script::refuse(&listener, 0x86);
    let exchange = desk.wait_finished(1);
    assert!(
        reason_of(&exchange).contains("bad user name or password"),
        "{}",
        reason_of(&exchange)
    );
    desk.send(2, request("cmnd"));
    assert!(reason_of(&desk.wait_finished(2)).contains("bad user name or password"));
}

#[test]
fn what_is_open_ends_when_the_connection_is_let_go() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let _device = device(&runtime, broker.port(), |_| Vec::new());
    let Desk { connection, events } = {
        let desk = Desk::connected(&runtime, broker.port());
        desk.send(1, request("cmnd"));
        desk.wait_exchange(1, |exchange| exchange.acknowledgement.is_some());
        desk
    };
    drop(connection);
    wait_until("the end", || {
        matches!(
            events
                .lock()
                .unwrap()
                .iter()
                .rev()
                .find(|event| matches!(event, ConnectionEvent::State(_))),
            Some(ConnectionEvent::State(ConnectionState::Disconnected))
        )
    });
    wait_until("a verdict", || {
        events.lock().unwrap().iter().any(|event| {
            matches!(
                event,
                ConnectionEvent::Changed {
                    change: roundtrip::model::exchange::Change::Finished(Verdict::Failed { .. }),
                    ..
                }
            )
        })
    });
    wait_until("everything let go", || Arc::strong_count(&events) == 1);
}

#[test]
fn user_properties_reach_the_device_in_their_order() {
    let (runtime, broker) = (runtime(), Mosquitto::start(""));
    let _device = device(&runtime, broker.port(), |request| {
        let mut back = answer(request, "done");
        back.properties
            .user_properties
            .clone_from(&request.properties.user_properties);
        vec![(Duration::ZERO, back)]
    });
    let desk = Desk::connected(&runtime, broker.port());
    let user_properties: Vec<UserProperty> = [("z", "1"), ("a", "2"), ("z", "1")]
        .map(|(name, value)| UserProperty {
            name: name.to_owned(),
            value: value.to_owned(),
        })
        .to_vec();
    desk.send(
        1,
        Request {
            user_properties: user_properties.clone(),
            ..request("cmnd")
        },
    );
    let exchange = desk.wait_finished(1);
    assert_eq!(
        exchange
            .replies
            .first()
            .unwrap()
            .message
            .properties
            .user_properties,
        user_properties
    );
}

/// Subscribed to its Response Topic, with exchange 1 sent and `broker` holding its PUBLISH.
fn subscribed(desk: &Desk, broker: &mut script::Broker) {
    desk.send_with(1, request("cmnd"), b"c");
    let (_, packet_id) = broker.packet();
    broker.write(&[0x90, 4, packet_id[0], packet_id[1], 0, 2]);
    let (first, body) = broker.packet();
    assert_eq!(first, 0x32);
    broker.write(&[0x40, 2, body[6], body[7]]);
    desk.wait_exchange(1, |exchange| exchange.acknowledgement.is_some());
}

fn quick(topic: &str) -> Request {
    Request {
        timeout: Duration::from_millis(200),
        ..request(topic)
    }
}

fn bare(topic: &str) -> Request {
    Request {
        response_topic: None,
        ..request(topic)
    }
}

#[test]
fn what_failed_as_not_sent_is_not_sent_when_the_connection_is_back() {
    let runtime = runtime();
    let (listener, port) = script::listen();
    let desk = Desk::start(&runtime, keeping(port), None);
    let mut broker = script::accept(&listener, false);
    desk.wait_connected();
    subscribed(&desk, &mut broker);
    drop(broker);
    wait_until("lost", || !desk.connection.state().is_connected());
    desk.send(2, quick("lock/open"));
    let exchange = desk.wait_finished(2);
    let reason = reason_of(&exchange);
    assert!(
        reason.starts_with("not sent: the request could not be published within 200ms: 127.0.0.1:")
            && reason.contains("closed the connection without a reason; not connected for"),
        "{reason}"
    );
    desk.send(3, bare("after"));
    let mut broker = script::accept(&listener, true);
    let (_, body) = broker.packet();
    assert!(body.windows(5).any(|text| text == b"after"), "{body:?}");
}

#[test]
fn what_cannot_be_taken_back_is_told_so_and_what_waits_behind_it_is_not_sent() {
    let runtime = runtime();
    let (listener, port) = script::listen();
    let desk = Desk::start(&runtime, keeping(port), None);
    let mut broker = script::accept(&listener, false);
    desk.wait_connected();
    subscribed(&desk, &mut broker);
    // More than any socket takes from a broker that does not read.
    let large = Request {
        payload: vec![0; 40_000_000].into(),
        ..quick("cmnd")
    };
    desk.send(2, large);
    desk.send(3, quick("lock/open"));
    let (second, third) = (desk.wait_finished(2), desk.wait_finished(3));
    assert!(
        reason_of(&second).ends_with("; it may still be sent"),
        "{}",
        reason_of(&second)
    );
    assert!(reason_of(&third).starts_with("not sent: "));
    desk.send(4, bare("after"));
    let size = broker.skip_large();
    assert!(size > 40_000_000);
    let (_, body) = broker.packet();
    assert!(body.windows(5).any(|text| text == b"after"), "{body:?}");
}

#[test]
fn a_request_that_waits_is_not_sent_after_the_user_disconnected() {
    let runtime = runtime();
    let (listener, port) = script::listen();
    let desk = Desk::start(&runtime, keeping(port), None);
    let mut broker = script::accept(&listener, false);
    desk.wait_connected();
    subscribed(&desk, &mut broker);
    let large = Request {
        payload: vec![0; 40_000_000].into(),
        ..request("cmnd")
    };
    desk.send(2, large);
    desk.send(3, request("lock/open"));
    desk.connection.disconnect();
    let (second, third) = (desk.wait_finished(2), desk.wait_finished(3));
    assert!(reason_of(&second).ends_with("; it may still be sent"));
    assert_eq!(reason_of(&third), "not sent: the connection was closed");
}

#[test]
fn a_lost_connection_says_what_was_sent_and_what_was_not() {
    let runtime = runtime();
    let (listener, port) = script::listen();
    let desk = Desk::start(&runtime, profile(port, "desk"), None);
    let mut broker = script::accept(&listener, false);
    desk.wait_connected();
    subscribed(&desk, &mut broker);
    let large = Request {
        payload: vec![0; 40_000_000].into(),
        ..request("cmnd")
    };
    desk.send(2, large);
    desk.send(3, request("cmnd"));
    wait_until("begun", || desk.exchanges().contains_key(&3));
    drop(broker);
    let first = desk.wait_finished(1);
    assert!(reason_of(&first).starts_with("the connection was lost before a reply came: "));
    let third = desk.wait_finished(3);
    assert!(
        reason_of(&third).starts_with("not sent: the connection to "),
        "{}",
        reason_of(&third)
    );
    let second = desk.wait_finished(2);
    assert!(
        reason_of(&second).starts_with("the connection to ")
            && reason_of(&second).ends_with("; it may still be sent"),
        "{}",
        reason_of(&second)
    );
}

#[test]
fn the_subscriptions_are_told_again_with_every_connection() {
    let runtime = runtime();
    let (listener, port) = script::listen();
    let desk = Desk::start(&runtime, keeping(port), None);
    let mut broker = script::accept(&listener, false);
    desk.wait_connected();
    subscribed(&desk, &mut broker);
    // What is told of subscriptions after the latest CONNACK.
    let told = || {
        let events = desk.events.lock().unwrap();
        let connected = events.iter().rposition(|event| {
            matches!(event, ConnectionEvent::State(ConnectionState::Connected(_)))
        });
        events[connected.unwrap()..]
            .iter()
            .find_map(|event| match event {
                ConnectionEvent::Subscriptions(filters) => Some(filters.clone()),
                _ => None,
            })
    };
    let answers = vec![TopicFilter::new("desk/answers").unwrap()];
    for (session_present, live) in [(true, answers), (false, Vec::new())] {
        drop(broker);
        wait_until("lost", || !desk.connection.state().is_connected());
        broker = script::accept(&listener, session_present);
        desk.wait_connected();
        wait_until("told", || told().is_some());
        assert_eq!(told(), Some(live));
    }
}
