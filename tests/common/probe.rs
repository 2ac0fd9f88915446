//! A client whose events are kept, and a broker whose every packet the test writes itself.
#![allow(dead_code, reason = "every test binary uses its own part of it")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use crate::common::{DEADLINE, wait_until};
use roundtrip::model::connection::{ConnectionInfo, ConnectionState, Problem};
use roundtrip::model::correlation::CorrelationData;
use roundtrip::model::exchange::Reason;
use roundtrip::model::message::{Message, Properties, Qos, UserProperty};
use roundtrip::model::profile::{Profile, ProfileDraft};
use roundtrip::model::secret::Secret;
use roundtrip::model::time::Timestamp;
use roundtrip::model::topic::{TopicFilter, TopicName};
use roundtrip::mqtt::{
    Client, ClientError, ClientEvent, ClientOptions, PublishTicket, SubscribeDone, SubscribeOptions,
};
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

pub fn profile(port: u16, client_id: &str) -> Profile {
    let draft = ProfileDraft {
        name: "P".to_owned(),
        address: format!("mqtt://127.0.0.1:{port}"),
        client_id: client_id.to_owned(),
        ..ProfileDraft::default()
    };
    draft.validate("p").unwrap()
}

/// A client whose events are kept.
pub struct Probe {
    pub client: Client,
    pub events: Arc<Mutex<Vec<ClientEvent>>>,
}

impl Probe {
    pub fn start(runtime: &Runtime, profile: Profile) -> Self {
        Self::start_with(runtime, profile, None)
    }

    pub fn start_with(runtime: &Runtime, profile: Profile, password: Option<&str>) -> Self {
        let events: Arc<Mutex<Vec<ClientEvent>>> = Arc::default();
        let seen = Arc::clone(&events);
        let password = password.map(|text| Secret::new(text.to_owned()));
        let options = ClientOptions::new(profile, password);
        let client = Client::start(
            runtime.handle(),
            options,
            Arc::new(move |event| seen.lock().unwrap().push(event)),
        );
        Self { client, events }
    }

    #[track_caller]
    pub fn connected(runtime: &Runtime, profile: Profile) -> Self {
        let probe = Self::start(runtime, profile);
        probe.wait_connected();
        probe
    }

    #[track_caller]
    pub fn wait_connected(&self) -> Arc<ConnectionInfo> {
        let mut found = None;
        wait_until("connected", || {
            found = self.client.state().info().map(Arc::clone);
            found.is_some()
        });
        found.unwrap()
    }

    /// Waits for Retrying or Refused.
    #[track_caller]
    pub fn wait_problem(&self) -> (ConnectionState, Problem) {
        let mut found = None;
        wait_until("a problem", || {
            let state = self.client.state();
            found = state
                .problem()
                .cloned()
                .map(|problem| (state.clone(), problem));
            found.is_some()
        });
        found.unwrap()
    }

    pub fn messages(&self) -> Vec<(Arc<Message>, Timestamp)> {
        self.events
            .lock()
            .unwrap()
            .iter()
            .filter_map(|event| match event {
                ClientEvent::Message { message, at } => Some((Arc::clone(message), *at)),
                ClientEvent::State(_) => None,
            })
            .collect()
    }

    #[track_caller]
    pub fn wait_messages(&self, count: usize) -> Vec<(Arc<Message>, Timestamp)> {
        wait_until(&format!("{count} messages"), || {
            self.messages().len() >= count
        });
        self.messages()
    }

    #[track_caller]
    pub fn subscribe(&self, runtime: &Runtime, filter: &str) -> SubscribeDone {
        self.try_subscribe(runtime, filter).unwrap()
    }

    pub fn try_subscribe(
        &self,
        runtime: &Runtime,
        filter: &str,
    ) -> Result<SubscribeDone, ClientError> {
        within(
            runtime,
            self.client.subscribe(
                TopicFilter::new(filter).unwrap(),
                SubscribeOptions::default(),
            ),
        )
    }
}

#[track_caller]
pub fn within<T>(runtime: &Runtime, future: impl Future<Output = T>) -> T {
    runtime
        .block_on(async { tokio::time::timeout(DEADLINE, future).await })
        .expect("an answer in time")
}

#[derive(Debug)]
pub struct Done {
    pub published: Result<Timestamp, ClientError>,
    pub acknowledged: Result<Option<(Reason, Timestamp)>, ClientError>,
}

#[track_caller]
pub fn done(runtime: &Runtime, ticket: PublishTicket) -> Done {
    within(runtime, async {
        Done {
            published: ticket.published.await.unwrap(),
            acknowledged: ticket.acknowledged.await.unwrap(),
        }
    })
}

pub fn message(topic: &str, qos: Qos) -> Message {
    let mut message = Message::new(TopicName::new(topic).unwrap(), "hello");
    message.qos = qos;
    message
}

pub fn all_bytes() -> Vec<u8> {
    (0..=255).collect()
}

pub fn all_properties() -> Properties {
    Properties {
        payload_is_utf8: Some(true),
        message_expiry_secs: Some(1000),
        topic_alias: None,
        response_topic: Some(TopicName::new("reply/é").unwrap()),
        correlation_data: Some(CorrelationData::new(all_bytes())),
        user_properties: [("b", "1"), ("a", "2"), ("b", "1"), ("", "")]
            .map(|(name, value)| UserProperty {
                name: name.to_owned(),
                value: value.to_owned(),
            })
            .to_vec(),
        subscription_identifiers: Vec::new(),
        content_type: Some("text/plain".into()),
    }
}

pub fn states(probe: &Probe) -> Vec<&'static str> {
    probe
        .events
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match event {
            ClientEvent::State(state) => Some(match state {
                ConnectionState::Disconnected => "disconnected",
                ConnectionState::Connecting => "connecting",
                ConnectionState::Connected(_) => "connected",
                ConnectionState::Retrying { .. } => "retrying",
                ConnectionState::Refused { .. } => "refused",
            }),
            ClientEvent::Message { .. } => None,
        })
        .collect()
}

pub fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Takes a connection and reads its CONNECT.
pub fn accept(listener: &TcpListener) -> std::net::TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    assert_eq!(read_frame(&mut stream)[0], 0x10);
    stream
}

/// One packet of less than 128 bytes.
pub fn read_frame(stream: &mut std::net::TcpStream) -> Vec<u8> {
    let mut frame = vec![0; 2];
    stream.read_exact(&mut frame).unwrap();
    let mut body = vec![0; usize::from(frame[1])];
    stream.read_exact(&mut body).unwrap();
    frame.extend(body);
    frame
}
