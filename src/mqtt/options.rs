//! How rumqttc is set up: one event loop for one attempt, or for all attempts of one session.

use super::client::Shared;
use super::ledger::WINDOW;
use super::packets;
use super::socket;
use super::tap::Tap;
use super::words::Stage;
use rumqttc::{
    AsyncClient, BrokerSessionResumePolicy, ConnectAuth, EventLoop, MqttOptions, PersistedAckMode,
    PersistedSession, SessionStore, SessionStoreError, SessionStoreKey,
};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest packet that is read; announced to the broker.
const INCOMING_MAX: u32 = 64 * 1024 * 1024;
/// Requests that rumqttc may hold; the ledger gives it fewer.
const CHANNEL: usize = 1024;

pub type Loop = (AsyncClient, EventLoop);

pub fn build(shared: &Arc<Shared>, clean_start: bool) -> Result<Loop, rumqttc::ClientBuildError> {
    let profile = &shared.profile;
    let mut options = MqttOptions::new(
        profile.client_id.as_ref(),
        (shared.host.as_ref(), shared.port),
    );
    options
        .set_clean_start(clean_start)
        .set_keep_alive(profile.keep_alive_secs)
        .set_connect_timeout(CONNECT_TIMEOUT)
        .set_max_packet_size(Some(INCOMING_MAX))
        .set_outgoing_inflight_upper_limit(WINDOW)
        .set_read_batch_size(1)
        .set_max_request_batch(16)
        .set_session_expiry_interval(Some(profile.session_expiry_secs).filter(|expiry| *expiry > 0))
        .set_request_response_info(Some(u8::from(profile.request_response_information)))
        .set_request_problem_info(Some(u8::from(profile.request_problem_information)))
        .set_broker_session_resume_policy(BrokerSessionResumePolicy::AllowBrokerOnly)
        .set_auth(match (&profile.user_name, &shared.password) {
            (None, None) => ConnectAuth::None,
            (Some(user), None) => ConnectAuth::Username {
                username: user.as_ref().to_owned(),
            },
            (None, Some(password)) => ConnectAuth::Password {
                password: password.expose().as_bytes().to_vec().into(),
            },
            (Some(user), Some(password)) => ConnectAuth::UsernamePassword {
                username: user.as_ref().to_owned(),
                password: password.expose().as_bytes().to_vec().into(),
            },
        });
    if let Some(will) = &profile.will {
        options.set_last_will(packets::will_to(will));
    }
    if !clean_start {
        options.set_session_store(EmptySession {
            client_id: profile.client_id.as_ref().to_owned(),
        });
    }
    let weak = Arc::downgrade(shared);
    options.set_socket_connector(move |_, _| {
        let weak = Weak::clone(&weak);
        async move {
            let closed = || std::io::Error::other("the client is gone");
            let shared = weak.upgrade().ok_or_else(closed)?;
            let addresses = socket::resolve(&shared.host, shared.port).await?;
            shared.with_core(|core| core.stage = Stage::Connecting);
            let stream = socket::connect(addresses).await?;
            let progress = Weak::clone(&weak);
            let (tap, stream) = Tap::wrap(stream, move || {
                if let Some(shared) = progress.upgrade() {
                    shared.settle();
                }
            })?;
            shared.with_core(|core| {
                core.stage = Stage::Handshake;
                core.tap = Some(tap);
            });
            Ok(stream)
        }
    });
    AsyncClient::builder(options).capacity(CHANNEL).try_build()
}

/// Lets a fresh loop resume a session that the broker kept: without local state, even an empty one,
/// rumqttc refuses every SUBSCRIBE and every QoS 1 and 2 PUBLISH on a resumed session.
#[derive(Debug)]
struct EmptySession {
    client_id: String,
}

type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

impl SessionStore for EmptySession {
    fn load<'a>(&'a self, _: &'a SessionStoreKey) -> StoreFuture<'a, Option<PersistedSession>> {
        Box::pin(async {
            Ok(Some(PersistedSession {
                format_version: 1,
                client_id: self.client_id.clone(),
                clean_start: false,
                session_expiry_interval: None,
                outgoing_inflight_upper_limit: Some(WINDOW),
                ack_mode: PersistedAckMode::Automatic,
                last_pkid: 0,
                last_puback: 0,
                replay: Vec::new(),
                incoming_qos2: Vec::new(),
            }))
        })
    }

    fn save<'a>(&'a self, _: &'a SessionStoreKey, _: &'a PersistedSession) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn clear<'a>(&'a self, _: &'a SessionStoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
