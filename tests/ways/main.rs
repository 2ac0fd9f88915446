//! Every way to a broker, and what is said where one ends.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "../common/mod.rs"]
mod common;

mod certs;
mod failures;
mod scram;
mod servers;
mod works;

use common::wait_until;
use roundtrip::model::connection::{ConnectionInfo, ConnectionState, Problem};
use roundtrip::model::message::{Message, Qos};
use roundtrip::model::profile::{ProfileDraft, SecretSlot};
use roundtrip::model::secret::{Secret, Secrets};
use roundtrip::model::topic::{TopicFilter, TopicName};
use roundtrip::mqtt::{Client, ClientEvent, ClientOptions, SubscribeOptions};
use roundtrip::store;
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

fn draft(address: &str) -> ProfileDraft {
    ProfileDraft {
        name: "way".to_owned(),
        address: address.to_owned(),
        client_id: format!("way-{:08x}", rand::random::<u32>()),
        connect_timeout_secs: 10,
        ..ProfileDraft::default()
    }
}

fn trusting(address: &str, authority: &certs::Authority) -> ProfileDraft {
    authority.trusted_by(draft(address))
}

fn secrets<const N: usize>(all: [(SecretSlot, &str); N]) -> Secrets {
    all.into_iter()
        .map(|(slot, text)| (slot, Secret::new(text.to_owned())))
        .collect()
}

/// A client and what it was told.
struct Try {
    runtime: Runtime,
    client: Client,
    messages: Arc<Mutex<Vec<Arc<Message>>>>,
}

impl Try {
    #[track_caller]
    fn start(draft: &ProfileDraft, secrets: Secrets) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let profile = draft
            .validate("way")
            .unwrap_or_else(|errors| panic!("{errors:?}"));
        let options = ClientOptions {
            read_file: Arc::new(store::read_named),
            ..ClientOptions::new(profile, secrets)
        };
        let messages: Arc<Mutex<Vec<Arc<Message>>>> = Arc::default();
        let heard = Arc::clone(&messages);
        let client = Client::start(
            runtime.handle(),
            options,
            Arc::new(move |event| {
                if let ClientEvent::Message { message, .. } = event {
                    heard.lock().unwrap().push(message);
                }
            }),
        );
        Self {
            runtime,
            client,
            messages,
        }
    }

    #[track_caller]
    fn connected(&self) -> Arc<ConnectionInfo> {
        wait_until("a connection or a problem", || {
            !matches!(self.client.state(), ConnectionState::Connecting)
        });
        match self.client.state() {
            ConnectionState::Connected(info) => info,
            other => panic!("not connected: {other:?}"),
        }
    }

    #[track_caller]
    fn problem(&self) -> (Problem, bool) {
        wait_until("a problem", || self.client.state().problem().is_some());
        let state = self.client.state();
        let is_final = matches!(state, ConnectionState::Refused { .. });
        (state.problem().unwrap().clone(), is_final)
    }

    /// Publishes to itself and awaits every byte of it.
    #[track_caller]
    fn round_trip(&self, topic: &str, payload: &[u8]) {
        let filter = TopicFilter::new(topic).unwrap();
        let subscribed = self.client.subscribe(filter, SubscribeOptions::default());
        let done = self.runtime.block_on(subscribed).unwrap();
        assert!(!done.reason.is_refusal(), "{:?}", done.reason);
        let mut message = Message::new(TopicName::new(topic).unwrap(), payload.to_vec());
        message.qos = Qos::AtLeastOnce;
        let before = self.messages.lock().unwrap().len();
        let ticket = self.client.publish(Arc::new(message));
        wait_until("the message to come back", || {
            self.messages.lock().unwrap().len() > before
        });
        let came = Arc::clone(self.messages.lock().unwrap().last().unwrap());
        assert_eq!(came.payload, payload);
        drop(ticket);
    }
}

/// Connects, and sends small and large messages to and fro.
#[track_caller]
fn works(draft: &ProfileDraft, secrets: Secrets) -> Arc<ConnectionInfo> {
    works_up_to(draft, secrets, 3_000_000)
}

/// The same with a large message of so many bytes.
#[track_caller]
fn works_up_to(draft: &ProfileDraft, secrets: Secrets, bytes: u32) -> Arc<ConnectionInfo> {
    let it = Try::start(draft, secrets);
    let info = it.connected();
    let topic = format!("ways/{}", draft.client_id);
    it.round_trip(&topic, &(0..=255).collect::<Vec<u8>>());
    let large: Vec<u8> = (0..bytes).map(|n| n.to_le_bytes()[0]).collect();
    it.round_trip(&topic, &large);
    for _ in 0..20 {
        it.round_trip(&topic, &[1]);
    }
    info
}
