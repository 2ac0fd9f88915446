//! The built-in broker: loopback only, in a thread of its own, nothing to install.
//!
//! The only room that names `mqtt5`; it may use `model` and nothing else. What always holds: it
//! never listens beyond 127.0.0.1, writes no file, and stops when the [`Broker`] is dropped.
//!
//! It knows who subscribes ([`Broker::anybody_listens`]) although its PUBACKs do not say so: the
//! crate writes reason 0x00 into every PUBACK and PUBREC of a routed message, and no event action
//! or authorisation hook of it leads to 0x10 "No matching subscribers" (MQTT 5 §3.4.2.1, where a
//! server *may* send it). Clients of other programs therefore never see 0x10 from it.
//!
//! Start reading at [`Broker::start`], then [`watch`] (what the crate reports), then [`subscribers`].

mod acl;
mod subscribers;
mod watch;

use crate::model::topic::TopicName;
pub use acl::RESTRICTED_USER;
use mqtt5::broker::config::{StorageBackend, StorageConfig};
use mqtt5::broker::{BrokerConfig, BrokerShutdownHandle, MqttBroker};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use subscribers::Subscribers;
pub use watch::{BrokerEvent, BrokerSink};
use watch::{Gate, Watch};

/// What the broker hands out as Response Information: a prefix for Response Topics.
pub const RESPONSE_INFORMATION: &str = "rr/";

/// The largest packet it takes. Its own default is one byte more than MQTT allows, and some
/// clients refuse a CONNACK that says so.
const MAX_PACKET_BYTES: usize = 64 << 20;
/// How many messages may wait for one slow reader; beyond it, at most once means never.
const CLIENT_QUEUE_MESSAGES: usize = 1_000_000;
const SWEEP_EVERY: Duration = Duration::from_secs(10);
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// "Does anybody subscribe to this topic?", to be asked from any thread.
pub type Listeners = Arc<dyn Fn(&TopicName) -> bool + Send + Sync>;

/// Why the broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error("the built-in broker cannot listen on {address}: port {} is taken", address.port())]
    PortTaken { address: SocketAddr },
    #[error("the built-in broker cannot listen on {address}: {source}")]
    Bind {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("the built-in broker cannot have a thread: {0}")]
    Thread(#[source] io::Error),
    #[error("the built-in broker did not start: {0}")]
    Start(String),
}

impl BrokerError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::PortTaken { .. } => {
                "another broker may be running there: connect to it instead, or choose another port (none: a free one is found)"
            }
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "ports below 1024 need administrator rights; choose a higher one (none: a free one is found)"
            }
            Self::Bind { .. } => "choose another port (none: a free one is found)",
            Self::Thread(_) | Self::Start(_) => {
                "the system may be out of memory or threads; close something and try again"
            }
        }
    }
}

/// The running broker. Dropping it stops it and lets go of its port.
pub struct Broker {
    address: SocketAddr,
    subscribers: Arc<Subscribers>,
    shutdown: BrokerShutdownHandle,
    /// Closes when the broker's thread is done.
    stopped: Receiver<()>,
}

impl Broker {
    /// Starts on `port` of 127.0.0.1, or on a free one, and returns when it takes connections.
    /// The sink is told what clients do; it must not block.
    pub fn start(port: Option<u16>, sink: Option<BrokerSink>) -> Result<Self, BrokerError> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
        let subscribers = Arc::new(Subscribers::default());
        let watch = Arc::new(Watch::new(Arc::clone(&subscribers), sink));
        let (started_tx, started) = sync_channel(1);
        let (running, stopped) = sync_channel::<()>(1);
        std::thread::Builder::new()
            .name("built-in-broker".to_owned())
            .spawn(move || {
                run(wanted, &watch, &started_tx);
                drop(running);
            })
            .map_err(BrokerError::Thread)?;
        let (address, shutdown) = match started.recv() {
            Ok(Ok(started)) => started,
            Ok(Err(detail)) => return Err(explain(wanted, detail)),
            Err(_) => return Err(BrokerError::Start("its thread ended".to_owned())),
        };
        Ok(Self {
            address,
            subscribers,
            shutdown,
            stopped,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether a message on `topic` would reach a subscriber: a connected client, or the session
    /// that a client left behind.
    pub fn anybody_listens(&self, topic: &TopicName) -> bool {
        self.subscribers.anybody_listens(topic)
    }

    /// [`Self::anybody_listens`] to carry away.
    pub fn listeners(&self) -> Listeners {
        let subscribers = Arc::clone(&self.subscribers);
        Arc::new(move |topic| subscribers.anybody_listens(topic))
    }

    /// Clients connected right now.
    pub fn client_count(&self) -> usize {
        self.subscribers.client_count()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.shutdown.shutdown();
        // Usually under a millisecond. A client that does not read cannot hold us up for longer.
        if self.stopped.recv_timeout(STOP_WITHIN) == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
        {
            log::warn!(
                "the built-in broker on {} did not stop within {STOP_WITHIN:?}",
                self.address
            );
        }
    }
}

type Started = Result<(SocketAddr, BrokerShutdownHandle), String>;

/// The broker's whole life, on its own thread.
fn run(wanted: SocketAddr, watch: &Arc<Watch>, started: &SyncSender<Started>) {
    // Whoever waits hears the first word only, and may be gone by then.
    let tell = |word: Started| started.try_send(word).unwrap_or_default();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(err) => return tell(Err(err.to_string())),
    };
    runtime.block_on(async {
        let mut broker = match MqttBroker::with_config(config(wanted, watch)).await {
            Ok(broker) => broker.with_auth_provider(Arc::new(Gate::new(Arc::clone(watch)))),
            Err(err) => return tell(Err(err.to_string())),
        };
        watch.attach(broker.router(), broker.storage());
        let Some(address) = broker.local_addr() else {
            return tell(Err("it has no address".to_owned()));
        };
        let shutdown = broker.shutdown_handle();
        let mut ready = broker.ready_receiver();
        // A shutdown asked for before the broker is ready would be lost, so it is handed out then.
        let announce = async {
            if ready.wait_for(|ready| *ready).await.is_ok() {
                tell(Ok((address, shutdown)));
            }
            watch.sweep(SWEEP_EVERY).await;
        };
        tokio::select! {
            end = broker.run() => if let Err(err) = end {
                log::error!("the built-in broker on {address} ended: {err}");
                tell(Err(err.to_string()));
            },
            () = announce => {}
        }
    });
}

fn config(address: SocketAddr, watch: &Arc<Watch>) -> BrokerConfig {
    let mut config = BrokerConfig::default()
        .with_bind_address(address)
        .with_max_packet_size(MAX_PACKET_BYTES)
        .with_client_channel_capacity(CLIENT_QUEUE_MESSAGES)
        .with_sys_topics_enabled(false)
        // In memory, not off: without storage, sessions, offline queues and will delays are lost.
        .with_storage(
            StorageConfig::default()
                .with_backend(StorageBackend::Memory)
                .with_cleanup_interval(SWEEP_EVERY),
        )
        .with_event_handler(Arc::clone(watch) as _);
    config.response_information = Some(RESPONSE_INFORMATION.to_owned());
    config
}

/// The crate tells a failed bind as text; trying again says which error it was.
fn explain(address: SocketAddr, detail: String) -> BrokerError {
    match TcpListener::bind(address) {
        Err(err) if err.kind() == io::ErrorKind::AddrInUse => BrokerError::PortTaken { address },
        Err(source) => BrokerError::Bind { address, source },
        Ok(_) => BrokerError::Start(detail),
    }
}

#[cfg(test)]
mod tests;
