//! Simulated devices at work: [`Responder`](crate::model::responder::Responder)s on MQTT
//! connections of their own.
//!
//! May use `mqtt` and `model`. What always holds: every request that arrives is either answered or
//! said not to be, and why; *received* is the time its packet was read, *answered* the time the
//! answer was written; a device that is switched off leaves with a DISCONNECT, so that its will is
//! not published (MQTT 5 §3.14.4); nothing here waits for a slow listener or a slow broker, and
//! nothing grows without a bound. A device that sleeps has no connection; what it is still to
//! answer waits until it is back.
//!
//! Start reading at [`SimulatedDevice::start`], then `worker`; a `line` is one time awake.

mod line;
mod pending;
mod transport;
mod worker;

use crate::model::connection::ConnectionState;
use crate::model::message::Message;
use crate::model::responder::{Device, Responder};
use crate::model::time::Timestamp;
use crate::model::topic::TopicFilter;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
pub use transport::Way;
use worker::{Command, Worker};

const INBOX_COMMANDS: usize = 64;

/// What a device tells of itself.
#[derive(Clone, Debug)]
pub enum DeviceEvent {
    State(ConnectionState),
    /// The SUBACK for one of its filters is there, or the broker kept the subscription. Told again
    /// with every connection.
    Listening {
        filter: TopicFilter,
        at: Timestamp,
    },
    NotListening {
        filter: TopicFilter,
        why: Arc<str>,
        at: Timestamp,
    },
    /// `at`: the packet was read.
    Received {
        message: Arc<Message>,
        at: Timestamp,
    },
    /// `at`: the answer was written to the socket.
    Answered {
        request: Arc<Message>,
        answer: Arc<Message>,
        at: Timestamp,
    },
    NotAnswered {
        request: Arc<Message>,
        why: Arc<str>,
        at: Timestamp,
    },
    /// Something odd about a request or its answer, beside what became of it.
    Noted {
        request: Arc<Message>,
        note: Arc<str>,
        at: Timestamp,
    },
    /// A message of its own, which nobody asked for; `at`: it was written to the socket.
    Published {
        message: Arc<Message>,
        at: Timestamp,
    },
    NotPublished {
        topic: Arc<str>,
        why: Arc<str>,
        at: Timestamp,
    },
    /// It left by its schedule. Its next [`ConnectionState`] says that it is awake again.
    Asleep {
        wakes: Timestamp,
        at: Timestamp,
    },
    /// The state, at the start and after each change.
    Values(Vec<(Arc<str>, Value)>),
}

/// Told on the device's tasks: must not block.
pub type DeviceSink = Arc<dyn Fn(DeviceEvent) + Send + Sync>;

/// A device that is switched on. Dropping it switches it off.
pub struct SimulatedDevice {
    device: Arc<Device>,
    commands: mpsc::Sender<Command>,
    gone: Option<oneshot::Receiver<()>>,
}

/// Comes true when a device that is switched off has left the broker.
pub struct Gone(oneshot::Receiver<()>);

impl SimulatedDevice {
    /// Goes the way given, whose client id must be the device's, and listens. A device of the same client id
    /// that is on its way out is waited for.
    pub fn start(
        runtime: &Handle,
        device: Arc<Device>,
        way: Way,
        sink: DeviceSink,
        before: Option<Gone>,
    ) -> Self {
        let (commands, orders) = mpsc::channel(INBOX_COMMANDS);
        let responder = Responder::new(Arc::clone(&device), rand::random());
        let worker = Worker::new(runtime.clone(), responder, way, sink);
        let (told, gone) = oneshot::channel();
        runtime.spawn(worker.run(orders, before, told));
        Self {
            device,
            commands,
            gone: Some(gone),
        }
    }

    pub fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// Sets a value of its state. `false`: it is too busy to be told just now.
    pub fn set_value(&self, name: &str, value: Value) -> bool {
        let name = name.into();
        self.tell(Command::Set { name, value })
    }

    /// Does not wait for the next attempt to connect; wakes it up.
    pub fn reconnect_now(&self) {
        self.tell(Command::Reconnect);
    }

    /// Drops its socket without a DISCONNECT; it comes back as after any connection that was lost.
    pub fn cut(&self) {
        self.tell(Command::Cut);
    }

    /// Switches it off: what it has not answered yet it will not answer.
    pub fn stop(&self) {
        // A full queue ends with the handle, soon enough.
        self.tell(Command::Stop);
    }

    /// Switches it off for another one to take its place.
    pub fn make_way(mut self) -> Option<Gone> {
        self.stop();
        self.gone.take().map(Gone)
    }

    fn tell(&self, command: Command) -> bool {
        self.commands.try_send(command).is_ok()
    }
}

impl Drop for SimulatedDevice {
    fn drop(&mut self) {
        self.stop();
    }
}
