//! A session at work: connections, simulated devices, the built-in broker and the timeline they
//! fill. The window and the headless commands both stand on it.
//!
//! It may use `mqtt`, `broker`, `device` and `model`; it touches no file and paints nothing.
//! Workers push events into one ordered queue; [`Session::drain`] takes them, keeps the timeline
//! and the connection states true, and hands on what somebody may want to say. Only events change
//! what a session shows, and only the thread that owns the session drains.

mod demo;
mod observe;
mod queue;

pub use crate::broker::BrokerEvent;
pub use crate::device::DeviceEvent;
pub use crate::mqtt::ConnectionEvent;
pub use demo::{DemoPlayer, DemoProgress, DemoReport};
pub use queue::Wake;

use crate::broker::{Broker, BrokerError, BrokerSink, Listeners};
use crate::device::SimulatedDevice;
use crate::model::connection::ConnectionState;
use crate::model::correlation::CorrelationSource;
use crate::model::exchange::{Change, Exchange, ExchangeId, MessageVerdict, NearMiss};
use crate::model::message::Message;
use crate::model::pairing::Rule;
use crate::model::profile::{BrokerAddress, Profile};
use crate::model::request::Request;
use crate::model::responder::Device;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::model::timeline::{MessageRow, PublishRow, RowId, Timeline};
use crate::model::topic::{TopicFilter, TopicName};
use crate::mqtt::{ClientOptions, Connection, clock};
use observe::Observer;
use queue::Queue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// What the workers tell, in the order in which it happened.
pub enum Event {
    Connection {
        id: Arc<str>,
        generation: Generation,
        event: ConnectionEvent,
    },
    Device {
        id: Arc<str>,
        generation: Generation,
        event: DeviceEvent,
    },
    Broker(BrokerEvent),
    /// Ctrl+C or the system asks the program to end.
    Interrupted,
}

/// Tells a connection or device from an earlier one of the same id, whose last events are still on their way.
pub type Generation = u64;

/// Why a session could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("the connections' worker could not be started: {0}")]
    Runtime(#[from] std::io::Error),
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

impl SessionError {
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Runtime(_) => "the system may be out of threads; close something and try again",
            Self::Broker(err) => err.hint(),
        }
    }
}

/// A connection as the session keeps it.
pub struct Link {
    connection: Connection,
    generation: Generation,
    pub profile: Arc<Profile>,
    pub state: ConnectionState,
    /// Live subscriptions: their SUBACK has been seen.
    pub subscriptions: Vec<TopicFilter>,
    correlation: CorrelationSource,
}

impl Link {
    /// Events of another generation are of an earlier connection.
    pub fn generation(&self) -> Generation {
        self.generation
    }
}

/// A simulated device as the session keeps it.
pub struct RunningDevice {
    device: SimulatedDevice,
    generation: Generation,
    client_id: Arc<str>,
    pub spec: Arc<Device>,
    pub state: ConnectionState,
    address: BrokerAddress,
    listening: BTreeSet<TopicFilter>,
    pub values: Vec<(Arc<str>, serde_json::Value)>,
    pub received: u64,
    pub answered: u64,
}

impl RunningDevice {
    /// Events of another generation are of an earlier run.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// All of its subscriptions are acknowledged: it can be asked.
    pub fn is_listening(&self) -> bool {
        self.listening.len() == self.spec.listens.len()
    }
}

/// Publishes are numbered from here: no session sends that many requests.
const FIRST_PUBLISH: u64 = 1 << 63;

pub struct Session {
    /// Before the runtime: connections must go while it still runs.
    links: BTreeMap<Arc<str>, Link>,
    devices: BTreeMap<Arc<str>, RunningDevice>,
    pub timeline: Timeline,
    observer: Observer,
    queue: Arc<Queue<Event>>,
    broker: Option<Broker>,
    /// Of the built-in broker that runs: connections outlive it.
    listeners: Arc<RwLock<Option<Listeners>>>,
    broker_port: Option<u16>,
    last_port: Option<u16>,
    next_exchange: u64,
    next_publish: u64,
    /// The pairing rule that requests are sent by.
    rule: Arc<str>,
    generations: Generation,
    /// Told apart from the devices of another session on the same broker.
    token: u16,
    handle: tokio::runtime::Handle,
    /// There until the end.
    runtime: Option<tokio::runtime::Runtime>,
}

impl Session {
    /// `wake` is called when there is something to drain after there was nothing.
    pub fn start(wake: Wake) -> Result<Self, SessionError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("roundtrip-mqtt")
            .enable_all()
            .build()?;
        Ok(Self {
            links: BTreeMap::new(),
            devices: BTreeMap::new(),
            timeline: Timeline::default(),
            observer: Observer::default(),
            queue: Arc::new(Queue::new(wake)),
            broker: None,
            listeners: Arc::default(),
            broker_port: None,
            last_port: None,
            next_exchange: 1,
            next_publish: FIRST_PUBLISH,
            rule: Rule::mqtt5().id,
            generations: 0,
            token: rand::random(),
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// The port that the built-in broker takes when it starts; `None` finds a free one.
    pub fn set_broker_port(&mut self, port: Option<u16>) {
        self.broker_port = port;
    }

    pub fn broker(&self) -> Option<&Broker> {
        self.broker.as_ref()
    }

    /// Starts the built-in broker unless it runs.
    pub fn start_broker(&mut self) -> Result<&Broker, SessionError> {
        let broker = if let Some(broker) = self.broker.take() {
            broker
        } else {
            let queue = Arc::clone(&self.queue);
            let sink: BrokerSink = Arc::new(move |event| queue.push(Event::Broker(event), true));
            // Where it was before, connections that try again find it.
            let before = self.last_port.filter(|_| self.broker_port.is_none());
            match Broker::start(before.or(self.broker_port), Some(Arc::clone(&sink))) {
                Err(BrokerError::PortTaken { .. }) if before.is_some() => {
                    Broker::start(None, Some(sink))?
                }
                started => started?,
            }
        };
        self.last_port = Some(broker.address().port());
        self.set_listeners(Some(broker.listeners()));
        Ok(self.broker.insert(broker))
    }

    /// Stops the built-in broker under whoever is connected to it.
    pub fn stop_broker(&mut self) {
        self.set_listeners(None);
        self.broker = None;
    }

    fn set_listeners(&self, listeners: Option<Listeners>) {
        let mut known = self
            .listeners
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *known = listeners;
    }

    /// Whether anybody listens on the built-in broker that runs when this is asked.
    fn listeners(&self) -> Listeners {
        let known = Arc::clone(&self.listeners);
        Arc::new(move |topic: &TopicName| {
            let known = known.read().unwrap_or_else(PoisonError::into_inner);
            // Without a broker nobody can say that nobody listens.
            known.as_ref().is_none_or(|listeners| listeners(topic))
        })
    }

    /// Makes the connection; a connection of the same id is replaced.
    pub fn connect(
        &mut self,
        profile: Profile,
        password: Option<Secret>,
    ) -> Result<(), SessionError> {
        let id = Arc::clone(&profile.id);
        let is_built_in = profile.address == BrokerAddress::BuiltIn;
        let options = self.client_options(profile, password)?;
        self.disconnect(&id);
        let profile = Arc::clone(&options.profile);
        let listeners = is_built_in.then(|| self.listeners());
        let generation = self.new_generation();
        let (queue, sink_id) = (Arc::clone(&self.queue), Arc::clone(&id));
        let sink = Arc::new(move |event: ConnectionEvent| {
            let may_be_lost = match &event {
                ConnectionEvent::Arrived { .. } => true,
                // A responder that never stops must not fill the memory.
                ConnectionEvent::Changed {
                    change: Change::Reply(reply),
                    ..
                } => reply.verdict == MessageVerdict::AdditionalReply,
                _ => false,
            };
            queue.push(
                Event::Connection {
                    id: Arc::clone(&sink_id),
                    generation,
                    event,
                },
                may_be_lost,
            );
        });
        let connection = Connection::start(&self.handle, options, listeners, sink);
        let correlation = CorrelationSource::seeded(rand::random());
        self.links.insert(
            id,
            Link {
                connection,
                generation,
                profile,
                state: ConnectionState::Connecting,
                subscriptions: Vec::new(),
                correlation,
            },
        );
        Ok(())
    }

    pub fn disconnect(&mut self, id: &str) {
        if let Some(link) = self.links.remove(id) {
            link.connection.disconnect();
        }
    }

    /// Skips the wait before the next attempt.
    pub fn reconnect_now(&self, id: &str) {
        if let Some(link) = self.links.get(id) {
            link.connection.reconnect_now();
        }
    }

    /// Disconnects whoever is on the built-in broker, devices too, and stops it. The next
    /// connection to it starts it again.
    pub fn close_broker(&mut self) {
        let Some(address) = self.broker_address() else {
            return;
        };
        self.links.retain(|_, link| link.profile.address != address);
        self.devices.retain(|_, running| running.address != address);
        self.stop_broker();
    }

    fn broker_address(&self) -> Option<BrokerAddress> {
        let address = self.broker.as_ref()?.address();
        Some(BrokerAddress::Tcp {
            host: address.ip().to_string().into(),
            port: address.port(),
        })
    }

    pub fn link(&self, id: &str) -> Option<&Link> {
        self.links.get(id)
    }

    pub fn links(&self) -> impl Iterator<Item = (&Arc<str>, &Link)> {
        self.links.iter()
    }

    pub fn state(&self, id: &str) -> &ConnectionState {
        const DISCONNECTED: &ConnectionState = &ConnectionState::Disconnected;
        self.links.get(id).map_or(DISCONNECTED, |link| &link.state)
    }

    /// Open exchanges whose replies could not be told from those to such a request.
    pub fn twins(&self, id: &str, request: &Request) -> Vec<ExchangeId> {
        let Some(link) = self.links.get(id) else {
            return Vec::new();
        };
        let Some(data) = link.correlation.foresee(&request.correlation) else {
            return Vec::new();
        };
        let topic = request.response_topic.as_ref();
        self.observer
            .open_twins(&link.profile.address, topic, data.as_ref())
    }

    /// Sends a request; a bare publish when it has no Response Topic. `None` when there is no
    /// such connection, or nothing to wait for.
    pub fn send(&mut self, id: &str, request: Arc<Request>) -> Option<ExchangeId> {
        if request.response_topic.is_none() {
            self.publish(id, request)?;
            return None;
        }
        let link = self.links.get_mut(id)?;
        let data = link.correlation.draw(&request.correlation);
        let message = Arc::new(request.message(data));
        let id = ExchangeId(self.next_exchange);
        self.next_exchange += 1;
        // In the timeline from now on: rows stand in the order in which requests were sent, on
        // whichever connection.
        let exchange = Exchange::new(
            id,
            Arc::clone(&link.profile.id),
            Arc::clone(&request),
            Arc::clone(&message),
            Arc::clone(&self.rule),
            clock::now(),
        );
        self.observer.begun(&exchange, link.profile.address.clone());
        self.timeline.begin(exchange);
        link.connection.send(id, request, message);
        Some(id)
    }

    /// Publishes without asking for a reply. The message is that of the row which the timeline
    /// gets when it is out, see [`Timeline::publish_row`].
    pub fn publish(&mut self, id: &str, request: Arc<Request>) -> Option<Arc<Message>> {
        let link = self.links.get_mut(id)?;
        let message = Arc::new(request.message(None));
        // The connection tells its messages apart by number; those of publishes are not shown.
        let number = ExchangeId(self.next_publish);
        self.next_publish += 1;
        link.connection.send(number, request, Arc::clone(&message));
        Some(message)
    }

    /// Starts a simulated device on a connection profile of its own client id.
    pub fn start_device(
        &mut self,
        id: &str,
        device: Device,
        profile: &Profile,
        password: Option<Secret>,
    ) -> Result<(), SessionError> {
        let id: Arc<str> = id.into();
        let client_id: Arc<str> = if device.client_id_is_generated {
            format!("{}-{:04x}", device.client_id, self.token).into()
        } else {
            Arc::clone(&device.client_id)
        };
        let profile = Profile {
            client_id: Arc::clone(&client_id),
            clean_start: true,
            session_expiry_secs: 0,
            will: None,
            ..profile.clone()
        };
        let options = self.client_options(profile, password)?;
        self.stop_device(&id);
        let spec = Arc::new(device);
        let generation = self.new_generation();
        let (queue, sink_id) = (Arc::clone(&self.queue), Arc::clone(&id));
        let sink = Arc::new(move |event: DeviceEvent| {
            let may_be_lost = !matches!(
                event,
                DeviceEvent::State(_)
                    | DeviceEvent::Listening { .. }
                    | DeviceEvent::NotListening { .. }
                    | DeviceEvent::Values(_)
            );
            queue.push(
                Event::Device {
                    id: Arc::clone(&sink_id),
                    generation,
                    event,
                },
                may_be_lost,
            );
        });
        let values = spec
            .state
            .0
            .iter()
            .map(|(key, value)| (key.as_str().into(), value.clone()))
            .collect();
        let address = options.profile.address.clone();
        let running = SimulatedDevice::start(&self.handle, Arc::clone(&spec), options, sink);
        let entry = RunningDevice {
            device: running,
            generation,
            client_id,
            spec,
            state: ConnectionState::Connecting,
            address,
            listening: BTreeSet::new(),
            values,
            received: 0,
            answered: 0,
        };
        self.devices.insert(id, entry);
        Ok(())
    }

    pub fn stop_device(&mut self, id: &str) {
        if let Some(running) = self.devices.remove(id) {
            running.device.stop();
        }
    }

    pub fn device(&self, id: &str) -> Option<&RunningDevice> {
        self.devices.get(id)
    }

    pub fn devices(&self) -> impl Iterator<Item = (&Arc<str>, &RunningDevice)> {
        self.devices.iter()
    }

    /// Sets one value of a running device's state.
    pub fn set_device_value(&self, id: &str, key: &str, value: serde_json::Value) {
        if let Some(running) = self.devices.get(id) {
            running.device.set_value(key, value);
        }
    }

    /// From here on Ctrl+C and SIGTERM come as [`Event::Interrupted`] instead of ending the program.
    pub fn watch_signals(&self) {
        let queue = Arc::clone(&self.queue);
        self.handle.spawn(async move {
            while interrupted().await {
                queue.push(Event::Interrupted, false);
            }
        });
    }

    /// Takes up to `most` events and keeps everything here true to them.
    pub fn drain(&mut self, most: usize) -> Vec<Event> {
        let mut events = self.queue.take(most);
        for event in &mut events {
            match event {
                Event::Connection {
                    id,
                    generation,
                    event,
                } => self.on_connection(&Arc::clone(id), *generation, event),
                Event::Device {
                    id,
                    generation,
                    event,
                } => self.on_device(&Arc::clone(id), *generation, event),
                Event::Broker(_) | Event::Interrupted => {}
            }
        }
        events
    }

    /// Waits for events, without drain, for at most `timeout`.
    pub fn wait(&self, timeout: Duration) {
        self.queue.wait(timeout);
    }

    /// Messages and notes that did not fit between two drains.
    pub fn lost(&self) -> u64 {
        self.queue.lost()
    }

    pub fn now() -> Timestamp {
        clock::now()
    }

    fn client_options(
        &mut self,
        profile: Profile,
        password: Option<Secret>,
    ) -> Result<ClientOptions, SessionError> {
        let address = match profile.address {
            BrokerAddress::BuiltIn => {
                self.start_broker()?;
                self.broker_address().unwrap_or(BrokerAddress::BuiltIn)
            }
            address @ BrokerAddress::Tcp { .. } => address,
        };
        Ok(ClientOptions {
            profile: Arc::new(Profile { address, ..profile }),
            password,
        })
    }

    fn new_generation(&mut self) -> Generation {
        self.generations += 1;
        self.generations
    }

    fn on_connection(
        &mut self,
        id: &Arc<str>,
        generation: Generation,
        event: &mut ConnectionEvent,
    ) {
        match event {
            ConnectionEvent::State(state) => {
                if let Some(link) = self.current_link(id, generation) {
                    link.state = state.clone();
                    if !link.state.is_connected() {
                        link.subscriptions.clear();
                    }
                }
            }
            ConnectionEvent::Subscriptions(filters) => {
                if let Some(link) = self.current_link(id, generation) {
                    link.subscriptions.clone_from(filters);
                }
            }
            // It is in the timeline since it was sent.
            ConnectionEvent::Begun(_) => {}
            ConnectionEvent::Changed {
                id: exchange,
                change,
                at,
            } => {
                if let Change::Reply(reply) = change {
                    reply.responder = reply
                        .responder
                        .take()
                        .map(|client_id| self.name_of_client(client_id));
                }
                if let Change::Reply(reply) = change
                    && self.timeline.row_of(*exchange).is_none()
                {
                    // Its request was cleared or had to go: the message is shown all the same.
                    self.timeline.push_message(MessageRow {
                        connection: Arc::clone(id),
                        message: Arc::clone(&reply.message),
                        verdict: reply.verdict,
                        received: reply.received,
                        responder: reply.responder.clone(),
                        near: Some(*exchange),
                    });
                }
                if matches!(change, Change::Finished(_)) {
                    self.observer.finished(*exchange);
                }
                self.timeline.apply(*exchange, change.clone(), *at);
            }
            ConnectionEvent::Arrived {
                message,
                verdict,
                at,
                responder,
                near,
            } => {
                let responder = responder
                    .clone()
                    .map(|client_id| self.name_of_client(client_id));
                if let Some(near) = near {
                    let miss = NearMiss {
                        verdict: *verdict,
                        correlation_data: message.properties.correlation_data.clone(),
                    };
                    self.timeline.apply(*near, Change::NearMiss(miss), *at);
                }
                self.timeline.push_message(MessageRow {
                    connection: Arc::clone(id),
                    message: Arc::clone(message),
                    verdict: *verdict,
                    received: *at,
                    responder,
                    near: *near,
                });
            }
            ConnectionEvent::Published {
                message,
                at,
                acknowledgement,
            } => {
                self.timeline.push_publish(PublishRow {
                    connection: Arc::clone(id),
                    message: Arc::clone(message),
                    published: *at,
                    acknowledgement: acknowledgement.clone(),
                    failure: None,
                });
            }
            ConnectionEvent::PublishFailed { message, problem } => {
                self.timeline.push_publish(PublishRow {
                    connection: Arc::clone(id),
                    message: Arc::clone(message),
                    published: clock::now(),
                    acknowledgement: problem.reason.clone(),
                    failure: Some(Arc::clone(&problem.summary)),
                });
            }
        }
    }

    fn current_link(&mut self, id: &str, generation: Generation) -> Option<&mut Link> {
        self.links
            .get_mut(id)
            .filter(|link| link.generation == generation)
    }

    fn on_device(&mut self, id: &Arc<str>, generation: Generation, event: &DeviceEvent) {
        let Some(running) = self
            .devices
            .get_mut(id)
            .filter(|running| running.generation == generation)
        else {
            return;
        };
        let name = Arc::clone(&running.spec.name);
        match event {
            DeviceEvent::State(state) => {
                running.state = state.clone();
                if !running.state.is_connected() {
                    running.listening.clear();
                }
            }
            DeviceEvent::Listening { filter, .. } => {
                running.listening.insert(filter.clone());
            }
            DeviceEvent::NotListening { filter, .. } => {
                running.listening.remove(filter);
            }
            DeviceEvent::Values(values) => running.values.clone_from(values),
            DeviceEvent::Received { message, at } => {
                running.received += 1;
                if let Some(exchange) = self.observer.exchange_of(message, &running.address) {
                    self.timeline
                        .apply(exchange, Change::DeviceReceived { device: name }, *at);
                }
            }
            DeviceEvent::Answered { request, at, .. } => {
                running.answered += 1;
                if let Some(exchange) = self.observer.exchange_of(request, &running.address) {
                    self.timeline
                        .apply(exchange, Change::DeviceAnswered { device: name }, *at);
                }
            }
            DeviceEvent::NotAnswered { .. } | DeviceEvent::Noted { .. } => {}
        }
    }

    /// The built-in broker tells the publisher's client id; a simulated device is known by name.
    fn name_of_client(&self, client_id: Arc<str>) -> Arc<str> {
        let device = self
            .devices
            .values()
            .find(|running| running.client_id == client_id);
        device.map_or(client_id, |running| Arc::clone(&running.spec.name))
    }

    /// The id of the row that shows an exchange.
    pub fn row_of(&self, exchange: ExchangeId) -> Option<RowId> {
        self.timeline.row_of(exchange)
    }
}

/// How long the broker has to take the farewell of connections and devices.
const FAREWELL: Duration = Duration::from_millis(500);

impl Drop for Session {
    /// Every connection leaves with a DISCONNECT, so that no will is published (MQTT 5 §3.14.4).
    fn drop(&mut self) {
        let mut leaving = self
            .links
            .values()
            .filter(|link| link.state.is_connected())
            .count()
            + self
                .devices
                .values()
                .filter(|running| running.state.is_connected())
                .count();
        self.links
            .values()
            .for_each(|link| link.connection.disconnect());
        self.devices
            .values()
            .for_each(|running| running.device.stop());
        let deadline = Instant::now() + FAREWELL;
        while leaving > 0 && Instant::now() < deadline {
            self.queue.wait(Duration::from_millis(20));
            let gone = self.queue.take(usize::MAX).into_iter().filter(|event| {
                matches!(
                    event,
                    Event::Connection {
                        event: ConnectionEvent::State(ConnectionState::Disconnected),
                        ..
                    } | Event::Device {
                        event: DeviceEvent::State(ConnectionState::Disconnected),
                        ..
                    }
                )
            });
            leaving = leaving.saturating_sub(gone.count());
        }
        // A look-up of a name that hangs must not keep the program from ending.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits for the next signal to end; false when there is no way to hear one.
async fn interrupted() -> bool {
    #[cfg(unix)]
    {
        let terminated = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => signal.recv().await.is_some(),
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = terminated => ended,
            pressed = tokio::signal::ctrl_c() => pressed.is_ok(),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
