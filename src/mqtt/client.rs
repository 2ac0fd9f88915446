//! One connection that reconnects with back-off, in either version of MQTT. Knows nothing of requests.
//!
//! A [`Client`] is a cheap handle; the work is done by a task in [`driver`](super::driver). Calls
//! only note what is wanted in [`Core`] and give rumqttc what it has room for; they never wait.
//! What happened is put into the outbox while the core is locked and handed over after that, so the
//! listener hears everything in the order it happened and may call back.

use super::clock;
use super::driver;
use super::echo::Echoes;
use super::error::ClientError;
use super::ledger::{self, Ledger, OnWire, Progress, PublishTicket, Watcher};
use super::outbox::Outbox;
use super::packets::PacketLog;
use super::subscriptions::{Acknowledged, SubscribeDone, SubscribeOptions, Subscriptions};
use super::tap::{Outgoing, Tap};
use super::transport::{FileReader, Told};
use super::wire::Link;
use super::words::{self, Packet, Stage};
use crate::model::connection::{ConnectionState, TlsInfo};
use crate::model::message::Message;
use crate::model::packet::Note;
use crate::model::profile::{BrokerAddress, Feature, MqttVersion, Profile};
use crate::model::secret::Secrets;
use crate::model::time::Timestamp;
use crate::model::topic::TopicFilter;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};

#[derive(Clone)]
pub struct ClientOptions {
    /// Its address must be that of a broker: the built-in one's is known once it runs.
    pub profile: Arc<Profile>,
    pub secrets: Secrets,
    /// For certificates and keys.
    pub read_file: FileReader,
    /// Where every packet goes, if anybody may want to see them.
    pub packets: Option<Arc<PacketLog>>,
    /// Told of every step on the way to the broker, with each attempt. Must not wait.
    pub watch: Option<Watch>,
}

/// Hears how a connection comes about.
pub type Watch = Arc<dyn Fn(&Told) + Send + Sync>;

impl ClientOptions {
    /// Without a way to read files: a profile that names one cannot be connected with.
    pub fn new(profile: Profile, secrets: impl Into<Secrets>) -> Self {
        Self {
            profile: Arc::new(profile),
            secrets: secrets.into(),
            read_file: Arc::new(|path| Err(format!("`{path}` cannot be read from here"))),
            packets: None,
            watch: None,
        }
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("profile", &self.profile)
            .field("secrets", &self.secrets)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
pub enum ClientEvent {
    State(ConnectionState),
    Message {
        message: Arc<Message>,
        at: Timestamp,
    },
}

/// Hears what happens, in order. Must not wait.
pub type ClientSink = Arc<dyn Fn(ClientEvent) + Send + Sync>;

/// What happens, for this room.
#[derive(Clone, Debug)]
pub(super) enum Signal {
    State(ConnectionState),
    /// An established connection was lost, or the hope for its session was.
    Lost {
        why: Arc<str>,
        session_may_resume: bool,
        at: Timestamp,
    },
    Message {
        message: Arc<Message>,
        at: Timestamp,
    },
    Subscribed(Acknowledged),
    Progress(Progress),
}

/// A handle on one connection. The connection ends when the last handle is dropped.
#[derive(Clone)]
pub struct Client {
    handle: Arc<StopOnDrop>,
}

struct StopOnDrop(Arc<Shared>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop.send_replace(true);
    }
}

/// What the handles, the driver and the tap share.
pub(super) struct Shared {
    pub options: ClientOptions,
    /// That of `options`.
    pub profile: Arc<Profile>,
    pub host: Arc<str>,
    pub port: u16,
    /// MQTT 3.1.1 is spoken, because the broker does not speak MQTT 5.
    pub fell_back: AtomicBool,
    core: Mutex<Core>,
    outbox: Outbox<Signal>,
    runtime: Handle,
    pub stop: watch::Sender<bool>,
    pub retry: Notify,
    /// Something left for the wire.
    pub moved: Notify,
}

pub(super) struct Core {
    pub state: ConnectionState,
    pub stage: Stage,
    /// Of the newest attempt.
    pub tap: Option<Arc<Tap>>,
    /// What the broker showed in the newest attempt.
    pub tls: Option<Arc<TlsInfo>>,
    /// Present while connected.
    pub link: Option<Link>,
    /// What is under way may be resumed.
    pub session_may_resume: bool,
    pub ledger: Ledger,
    pub subscriptions: Subscriptions,
    /// Empty where the broker can be asked to keep them to itself.
    pub echoes: Echoes,
    pub hears_itself: bool,
    pub assigned_client_id: Option<Arc<str>>,
    signals: Vec<Signal>,
    /// Empty between two calls of [`Core::settle`]; kept for their room.
    outgoing: VecDeque<Outgoing>,
    told: Vec<Progress>,
}

/// Subscription Identifiers not supported (MQTT 5 §3.9.3).
const NO_IDENTIFIERS: u8 = 0xA1;

impl Core {
    pub fn signal(&mut self, signal: Signal) {
        self.signals.push(signal);
    }

    pub fn tell(&mut self, told: Vec<Progress>) {
        self.signals.extend(told.into_iter().map(Signal::Progress));
    }

    /// Notes what went out, and gives rumqttc what it has room for.
    pub fn settle(&mut self) {
        let Some(tap) = self.tap.clone() else { return };
        let mut told = std::mem::take(&mut self.told);
        let mut outgoing = std::mem::take(&mut self.outgoing);
        tap.take_outgoing(&mut outgoing);
        for event in outgoing.drain(..) {
            match event {
                Outgoing::Subscribe { packet_id } | Outgoing::Unsubscribe { packet_id } => {
                    self.subscriptions.on_wire(packet_id);
                }
                publish => {
                    let message = self.ledger.on_outgoing(publish, &mut told);
                    if let Some(message) = message.filter(|_| self.hears_itself) {
                        let times = self.subscriptions.spared_by(&message.topic);
                        self.echoes.expect(&message, times, clock::now());
                    }
                }
            }
        }
        self.outgoing = outgoing;
        if let Some(link) = &self.link {
            while let Some(control) = self.subscriptions.next() {
                if let Err(err) = link.control(&control) {
                    // The connection is just being closed.
                    log::debug!("{control:?}: {err}");
                }
            }
            if self.subscriptions.has_refused() {
                let why = "the broker's CONNACK says so, and the subscription was not sent";
                let reason = words::reason(Packet::Suback, NO_IDENTIFIERS, Some(why));
                let refused = self.subscriptions.take_refused(&reason, clock::now());
                self.signals
                    .extend(refused.into_iter().map(Signal::Subscribed));
            }
            while self.ledger.is_waiting()
                && let Some(message) = self.ledger.next(tap.backlog(), &mut told)
            {
                if let Err(why) = link.publish(&message) {
                    let err = ClientError::Invalid {
                        what: "message",
                        why,
                    };
                    self.ledger.not_taken(&err, &mut told);
                }
            }
        }
        self.signals.extend(told.drain(..).map(Signal::Progress));
        self.told = told;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the core and then hands over what there is to tell. Not for threads that must not
    /// be kept: they may end up handing over for others.
    pub fn with_core<T>(&self, change: impl FnOnce(&mut Core) -> T) -> T {
        let result = {
            let mut core = self.lock();
            let result = change(&mut core);
            if core.signals.is_empty() {
                return result;
            }
            self.outbox.push(core.signals.drain(..));
            result
        };
        self.outbox.drain();
        result
    }

    /// As [`Self::with_core`], for threads that must not be kept: a task hands over.
    fn with_core_soon<T>(self: &Arc<Self>, change: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.lock();
        let result = change(&mut core);
        if !core.signals.is_empty() {
            self.outbox.push(core.signals.drain(..));
            let shared = Arc::clone(self);
            self.runtime.spawn(async move { shared.outbox.drain() });
        }
        result
    }

    pub fn settle(&self) {
        self.with_core(Core::settle);
        self.moved.notify_one();
    }

    pub fn set_state(&self, state: ConnectionState) {
        self.with_core(|core| {
            core.state = state.clone();
            core.signal(Signal::State(state));
        });
    }

    /// Puts a line into the packet log.
    pub fn note(&self, note: Note, words: &str) {
        if let Some(log) = &self.options.packets {
            log.note(note, &self.options.secrets.cover(words));
        }
    }

    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// The version that is spoken, or tried.
    pub fn version(&self) -> MqttVersion {
        if self.fell_back.load(Ordering::Relaxed) {
            MqttVersion::V311
        } else {
            self.profile.mqtt_version
        }
    }

    /// For people: without what variables filled in and nobody may see.
    pub fn address(&self) -> Arc<str> {
        let address: Arc<str> = if self.port == 0 {
            // A Unix domain socket.
            Arc::clone(&self.host)
        } else if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port).into()
        } else {
            format!("{}:{}", self.host, self.port).into()
        };
        let secrets = &self.options.secrets;
        if secrets.hides_anything() {
            secrets.cover(&address).into()
        } else {
            address
        }
    }

    /// Why nothing can be sent now; `None` when it can.
    fn closed_door(&self, core: &Core) -> Option<ClientError> {
        let why = match &core.state {
            _ if self.is_stopping() => {
                return Some(ClientError::Closed {
                    address: self.address(),
                });
            }
            _ if core.link.is_some() || core.session_may_resume => return None,
            ConnectionState::Disconnected => "it was closed".into(),
            ConnectionState::Connected(_) => "it has just been lost".into(),
            ConnectionState::Connecting => "it is being made".into(),
            ConnectionState::Retrying { problem, .. } | ConnectionState::Refused { problem } => {
                Arc::clone(&problem.summary)
            }
        };
        Some(ClientError::NotConnected {
            address: self.address(),
            why,
        })
    }
}

/// A broker that assigns a client id says which one in MQTT 5 only: in MQTT 3.1.1 it is made here.
fn named(mut profile: Arc<Profile>) -> Arc<Profile> {
    let is_old = profile.mqtt_version == MqttVersion::V311 || profile.falls_back;
    if is_old && profile.client_id.is_empty() {
        let id = format!("roundtrip{:012x}", rand::random::<u64>() >> 16);
        Arc::make_mut(&mut profile).client_id = id.into();
    }
    profile
}

impl Client {
    pub fn start(runtime: &Handle, options: ClientOptions, sink: ClientSink) -> Self {
        Self::start_with(runtime, options, move |signal| match signal {
            Signal::State(state) => sink(ClientEvent::State(state)),
            Signal::Message { message, at } => sink(ClientEvent::Message { message, at }),
            Signal::Lost { .. } | Signal::Subscribed(_) | Signal::Progress(_) => {}
        })
    }

    pub(super) fn start_with(
        runtime: &Handle,
        options: ClientOptions,
        deliver: impl Fn(Signal) + Send + Sync + 'static,
    ) -> Self {
        let options = ClientOptions {
            profile: named(options.profile),
            ..options
        };
        let (host, port) = match &options.profile.address {
            BrokerAddress::Tcp { host, port, .. } => (Arc::clone(host), *port),
            // No broker is there; whoever chooses the transport does not come here with it.
            BrokerAddress::Listener { host, port } => (Arc::clone(host), *port),
            // The session room resolves it; should it not, the state says what is wrong.
            BrokerAddress::Unix { path } => (Arc::clone(path), 0),
            BrokerAddress::BuiltIn => ("built-in".into(), crate::model::profile::DEFAULT_PORT),
        };
        let no_local = options.profile.mqtt_version.lacks(Feature::NoLocal);
        let shared = Arc::new(Shared {
            profile: Arc::clone(&options.profile),
            options,
            host,
            port,
            fell_back: AtomicBool::new(false),
            core: Mutex::new(Core {
                state: ConnectionState::Connecting,
                stage: Stage::default(),
                tap: None,
                tls: None,
                link: None,
                session_may_resume: false,
                ledger: Ledger::default(),
                subscriptions: Subscriptions::default(),
                echoes: Echoes::default(),
                hears_itself: no_local.is_some(),
                assigned_client_id: None,
                signals: Vec::new(),
                outgoing: VecDeque::new(),
                told: Vec::new(),
            }),
            outbox: Outbox::new(deliver),
            runtime: runtime.clone(),
            stop: watch::Sender::new(false),
            retry: Notify::new(),
            moved: Notify::new(),
        });
        runtime.spawn(driver::run(Arc::clone(&shared)));
        Self {
            handle: Arc::new(StopOnDrop(shared)),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.handle.0
    }

    pub fn state(&self) -> ConnectionState {
        self.shared().lock().state.clone()
    }

    /// Resolves with the SUBACK; while there is no connection it waits for one. The filter is
    /// remembered, and asked for again after a reconnect without session, unless it is refused.
    pub async fn subscribe(
        &self,
        filter: TopicFilter,
        options: SubscribeOptions,
    ) -> Result<SubscribeDone, ClientError> {
        let (answer, told) = oneshot::channel();
        let shared = self.shared();
        shared.with_core_soon(|core| {
            if let Some(err) = shared.hopeless(core) {
                return Err(err);
            }
            core.subscriptions.subscribe(filter, options, Some(answer));
            core.settle();
            Ok(())
        })?;
        told.await.unwrap_or_else(|_| {
            Err(ClientError::Closed {
                address: shared.address(),
            })
        })
    }

    /// As [`Self::subscribe`], answered by [`Signal::Subscribed`].
    pub(super) fn subscribe_soon(&self, filter: TopicFilter, options: SubscribeOptions) {
        self.shared().with_core(|core| {
            core.subscriptions.subscribe(filter, options, None);
            core.settle();
        });
    }

    pub async fn unsubscribe(&self, filter: TopicFilter) -> Result<(), ClientError> {
        let (answer, told) = oneshot::channel();
        let shared = self.shared();
        shared.with_core_soon(|core| {
            let reachable = core.link.is_some() || core.session_may_resume;
            core.subscriptions
                .unsubscribe(filter, Some(answer), reachable);
            core.settle();
        });
        told.await.unwrap_or_else(|_| {
            Err(ClientError::Closed {
                address: shared.address(),
            })
        })
    }

    /// As [`Self::unsubscribe`], without an answer.
    pub(super) fn unsubscribe_soon(&self, filter: TopicFilter) {
        self.shared().with_core(|core| {
            let reachable = core.link.is_some() || core.session_may_resume;
            core.subscriptions.unsubscribe(filter, None, reachable);
            core.settle();
        });
    }

    /// The message as it will be published: without what the version of MQTT cannot carry.
    pub fn as_sent(&self, message: Arc<Message>) -> Arc<Message> {
        self.shared().version().as_sent(message)
    }

    /// Never waits. What the broker does not take, by its CONNACK, fails here and does no harm.
    pub fn publish(&self, message: Arc<Message>) -> PublishTicket {
        let (watcher, ticket) = Watcher::ticket();
        if let Err((
            Watcher::Ticket {
                published,
                acknowledged,
            },
            err,
        )) = self.try_publish(message, watcher)
        {
            if let Some(published) = published {
                drop(published.send(Err(err.clone())));
            }
            if let Some(acknowledged) = acknowledged {
                drop(acknowledged.send(Err(err)));
            }
        }
        ticket
    }

    /// As [`Self::publish`]; the token comes back in every [`Progress`].
    pub(super) fn publish_soon(
        &self,
        message: Arc<Message>,
        token: u64,
    ) -> Result<(), ClientError> {
        self.try_publish(message, Watcher::Token(token))
            .map_err(|(_, err)| err)
    }

    /// Takes a publish back that has not left yet; says how far it has come.
    pub(super) fn withdraw(&self, token: u64) -> OnWire {
        self.shared().with_core(|core| {
            match core.ledger.withdraw(token) {
                OnWire::No => OnWire::No,
                // It may have been written since anybody looked.
                OnWire::Maybe | OnWire::Yes => {
                    core.settle();
                    core.ledger.withdraw(token)
                }
            }
        })
    }

    fn try_publish(
        &self,
        message: Arc<Message>,
        watcher: Watcher,
    ) -> Result<(), (Watcher, ClientError)> {
        let shared = self.shared();
        let version = shared.version();
        let message = version.as_sent(message);
        shared.with_core_soon(|core| {
            let checked = match shared.closed_door(core) {
                Some(err) => Err(err),
                None => {
                    ledger::check_form(&message).and_then(|()| core.ledger.limits().check(&message))
                }
            };
            if let Err(err) = checked {
                return Err((watcher, err));
            }
            core.ledger.push(message, watcher)?;
            core.settle();
            Ok(())
        })
    }

    /// DISCONNECT, and no further attempts.
    pub fn disconnect(&self) {
        self.shared().stop.send_replace(true);
    }

    /// Drops the socket without a DISCONNECT, so that the broker publishes the will, and goes on as
    /// after any connection that was lost. Without a connection it does nothing.
    pub fn cut(&self) {
        if let Some(tap) = &self.shared().lock().tap {
            tap.cut();
        }
    }

    /// Cuts a back-off short, and tries again after a refusal.
    pub fn reconnect_now(&self) {
        self.shared().retry.notify_one();
    }
}

impl Shared {
    /// Why a subscription would wait for nothing.
    fn hopeless(&self, core: &Core) -> Option<ClientError> {
        if self.is_stopping() {
            return Some(ClientError::Closed {
                address: self.address(),
            });
        }
        match &core.state {
            ConnectionState::Refused { problem } => Some(ClientError::NotConnected {
                address: self.address(),
                why: Arc::clone(&problem.summary),
            }),
            _ => None,
        }
    }
}
