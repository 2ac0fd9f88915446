//! A session at work: connections, simulated devices, the built-in broker and the timeline they
//! fill. The window and the headless commands both stand on it.
//!
//! It may use `mqtt`, `tcp`, `broker`, `device` and `model`; it touches no file and paints nothing.
//! Workers push events into one ordered queue; [`Session::drain`] takes them, keeps the timeline
//! and the connection states true, and hands on what somebody may want to say. Only events change
//! what a session shows, and only the thread that owns the session drains.

pub mod bench;
mod broker;
mod demo;
mod devices;
mod diagnosis;
mod links;
mod observe;
mod outbound;
mod packer;
mod queue;
mod repeat;
mod wire;

pub use crate::broker::BrokerEvent;
pub use crate::device::DeviceEvent;
pub use crate::mqtt::ConnectionEvent;
pub use demo::{DemoPlayer, DemoProgress, DemoReport, Order};
pub use devices::RunningDevice;
pub use links::{Link, Listening};
pub use packer::Packer;
pub use queue::Wake;
pub use repeat::{Repeat, RepeatEnd, RepeatPlan, Repeated};

use crate::broker::{Broker, BrokerError, Listeners};
use crate::model::connection::ConnectionState;
use crate::model::exchange::ExchangeId;
use crate::model::pairing::Rules;
use crate::model::time::Timestamp;
use crate::model::timeline::{RowId, Timeline};
use crate::mqtt::{FileReader, clock};
use observe::Observer;
use queue::{Push, Queue};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
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
    /// Of the test of a connection, see [`Session::diagnose`].
    Diagnosis {
        generation: Generation,
        told: crate::model::diagnosis::Told,
    },
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

/// Publishes are numbered from here: no session sends that many requests.
const FIRST_PUBLISH: u64 = 1 << 63;

pub struct Session {
    /// Before the runtime: connections must go while it still runs.
    links: BTreeMap<Arc<str>, Link>,
    devices: BTreeMap<Arc<str>, RunningDevice>,
    diagnosing: Option<diagnosis::Diagnosing>,
    /// Where the listeners among the connections listen, by profile.
    places: BTreeMap<Arc<str>, crate::tcp::Place>,
    pub timeline: Timeline,
    packer: Packer,
    observer: Observer,
    queue: Arc<Queue<Event>>,
    is_interrupted: Arc<AtomicBool>,
    broker: Option<Broker>,
    /// Of the built-in broker that runs: connections outlive it.
    listeners: Arc<RwLock<Option<Listeners>>>,
    broker_port: Option<u16>,
    last_port: Option<u16>,
    /// Shared with the connections: some exchanges begin there.
    next_exchange: Arc<AtomicU64>,
    next_publish: u64,
    /// The pairing rules, in the order in which they are tried.
    rules: Rules,
    generations: Generation,
    /// Told apart from the devices of another session on the same broker.
    token: u16,
    /// For certificates and keys that profiles name.
    read_file: FileReader,
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
        let queue = Arc::new(Queue::new(wake));
        runtime.spawn(nudge(Arc::clone(&queue)));
        Ok(Self {
            links: BTreeMap::new(),
            devices: BTreeMap::new(),
            diagnosing: None,
            places: BTreeMap::new(),
            timeline: Timeline::default(),
            packer: Packer::default(),
            observer: Observer::default(),
            queue,
            is_interrupted: Arc::default(),
            broker: None,
            listeners: Arc::default(),
            broker_port: None,
            last_port: None,
            next_exchange: Arc::new(AtomicU64::new(1)),
            next_publish: FIRST_PUBLISH,
            rules: Rules::shipped(),
            generations: 0,
            token: rand::random(),
            read_file: Arc::new(|path| Err(format!("`{path}` cannot be read from here"))),
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// How certificates and keys are read that profiles name; without it such a profile cannot be connected with.
    pub fn read_files_by(
        &mut self,
        read: impl Fn(&str) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) {
        self.read_file = Arc::new(read);
    }

    /// From here on Ctrl+C and SIGTERM come as [`Event::Interrupted`] instead of ending the program.
    pub fn watch_signals(&self) {
        let (queue, is_interrupted) = (Arc::clone(&self.queue), Arc::clone(&self.is_interrupted));
        self.handle.spawn(async move {
            while interrupted().await {
                is_interrupted.store(true, Ordering::Relaxed);
                queue.push(Event::Interrupted, Push::Kept);
            }
        });
    }

    /// Whether somebody asked the program to end; also while nobody drains.
    pub fn is_interrupted(&self) -> bool {
        self.is_interrupted.load(Ordering::Relaxed)
    }

    /// Takes up to `most` events and keeps everything here true to them.
    pub fn drain(&mut self, most: usize) -> Vec<Event> {
        // Before the events: some of them tell what happened to these later.
        self.queue.looks_for_more();
        self.drain_repeats();
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
                Event::Broker(_) | Event::Diagnosis { .. } | Event::Interrupted => {}
            }
        }
        self.packer.serve(&mut self.timeline);
        events
    }

    /// Drops something large, such as many rows, on another thread.
    pub fn let_go(&mut self, thing: impl Send + 'static) {
        self.packer.let_go(thing);
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

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Other pairing rules from now on. What is open keeps the rule that it was sent by.
    pub fn set_rules(&mut self, rules: Rules) {
        for link in self.links.values() {
            link.connection.set_rules(rules.clone());
        }
        self.rules = rules;
    }

    fn new_generation(&mut self) -> Generation {
        self.generations += 1;
        self.generations
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

/// Steps on the way to an answer are seen this long after they happened, if the answer does not come before.
const QUIET: Duration = Duration::from_millis(4);

async fn nudge(queue: Arc<Queue<Event>>) {
    loop {
        queue.something_quiet().await;
        tokio::time::sleep(QUIET).await;
        queue.nudge();
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
