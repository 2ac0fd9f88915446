//! Simulated devices at work: [`Responder`](crate::model::responder::Responder)s on MQTT
//! connections of their own, or on sockets to a listener of ours.
//!
//! May use `mqtt`, `tcp` and `model`. What always holds: every request that arrives is either answered or
//! said not to be, and why; *received* is the time its packet was read, *answered* the time the
//! answer was written; a device that is switched off leaves with a DISCONNECT, so that its will is
//! not published (MQTT 5 §3.14.4); nothing here waits for a slow listener or a slow broker, and
//! nothing grows without a bound.
//!
//! Start reading at [`SimulatedDevice::start`], then `worker`.

mod pending;
mod transport;
mod worker;

use crate::model::connection::ConnectionState;
use crate::model::message::Message;
use crate::model::responder::{Device, Responder};
use crate::model::time::Timestamp;
use crate::model::topic::TopicFilter;
use crate::mqtt::{Client, ClientEvent, ClientOptions, SubscribeOptions, clock};
use crate::tcp;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::watch;
use transport::Transport;
use worker::{Command, Worker};

/// Requests that may wait for the device to look at them.
const INBOX_MESSAGES: usize = 4096;
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
    /// The state, at the start and after each change.
    Values(Vec<(Arc<str>, Value)>),
}

/// Told on the device's tasks: must not block.
pub type DeviceSink = Arc<dyn Fn(DeviceEvent) + Send + Sync>;

/// A device that is switched on. Dropping it switches it off.
pub struct SimulatedDevice {
    device: Arc<Device>,
    client: Transport,
    commands: mpsc::Sender<Command>,
}

impl SimulatedDevice {
    /// Connects with `options`, whose client id must be the device's, and listens.
    pub fn start(
        runtime: &Handle,
        device: Arc<Device>,
        options: ClientOptions,
        sink: DeviceSink,
    ) -> Self {
        let (inbox, messages) = mpsc::channel(INBOX_MESSAGES);
        let client = on_mqtt(runtime, &device, options, inbox, &sink);
        Self::start_on(runtime, device, Transport::Mqtt(client), messages, sink)
    }

    /// Goes to a listener, and signs in.
    pub fn start_on_tcp(
        runtime: &Handle,
        device: Arc<Device>,
        options: tcp::ClientOptions,
        sink: DeviceSink,
    ) -> Self {
        let (inbox, messages) = mpsc::channel(INBOX_MESSAGES);
        let client = on_tcp(runtime, &device, options, inbox, &sink);
        Self::start_on(runtime, device, Transport::Tcp(client), messages, sink)
    }

    fn start_on(
        runtime: &Handle,
        device: Arc<Device>,
        client: Transport,
        messages: mpsc::Receiver<(Arc<Message>, Timestamp)>,
        sink: DeviceSink,
    ) -> Self {
        let (commands, orders) = mpsc::channel(INBOX_COMMANDS);
        let responder = Responder::new(Arc::clone(&device), rand::random());
        let worker = Worker::new(responder, client.clone(), sink);
        runtime.spawn(worker.run(messages, orders));
        Self {
            device,
            client,
            commands,
        }
    }

    pub fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// Sets a value of its state. `false`: it is too busy to be told just now.
    pub fn set_value(&self, name: &str, value: Value) -> bool {
        let name = name.into();
        self.commands.try_send(Command::Set { name, value }).is_ok()
    }

    /// Does not wait for the next attempt to connect.
    pub fn reconnect_now(&self) {
        self.client.reconnect_now();
    }

    /// Switches it off: what it has not answered yet it will not answer.
    pub fn stop(&self) {
        self.client.disconnect();
        // A full queue ends with the handle, soon enough.
        self.commands.try_send(Command::Stop).unwrap_or_default();
    }
}

impl Drop for SimulatedDevice {
    fn drop(&mut self) {
        self.stop();
    }
}

type Inbox = mpsc::Sender<(Arc<Message>, Timestamp)>;

fn on_mqtt(
    runtime: &Handle,
    device: &Device,
    options: ClientOptions,
    inbox: Inbox,
    sink: &DeviceSink,
) -> Client {
    let (connects, connected) = watch::channel(0);
    let tell = Arc::clone(sink);
    let forward = move |event| match event {
        ClientEvent::State(state) => {
            if state.is_connected() {
                connects.send_modify(|times| *times += 1);
            }
            tell(DeviceEvent::State(state));
        }
        ClientEvent::Message { message, at } => forward(&inbox, &tell, message, at),
    };
    let client = Client::start(runtime, options, Arc::new(forward));
    for filter in device.listens.iter().cloned() {
        let (client, sink, connected) = (client.clone(), Arc::clone(sink), connected.clone());
        let options = SubscribeOptions {
            qos: device.qos,
            no_local: Device::no_local(&filter),
            ..SubscribeOptions::default()
        };
        runtime.spawn(listen(client, filter, options, connected, sink));
    }
    client
}

/// Over plain TCP there is nothing to subscribe: a device hears its own commands, whatever it listens to.
fn on_tcp(
    runtime: &Handle,
    device: &Device,
    options: tcp::ClientOptions,
    inbox: Inbox,
    sink: &DeviceSink,
) -> tcp::Client {
    let (tell, listens) = (Arc::clone(sink), device.listens.clone());
    let forward = move |event| match event {
        tcp::ClientEvent::State(state) => {
            let is_connected = state.is_connected();
            tell(DeviceEvent::State(state));
            for filter in listens.iter().filter(|_| is_connected).cloned() {
                let at = clock::now();
                tell(DeviceEvent::Listening { filter, at });
            }
        }
        tcp::ClientEvent::Message { message, at } => forward(&inbox, &tell, message, at),
    };
    tcp::Client::start(runtime, options, Arc::new(forward))
}

/// Passes a message on to the worker, and says so when there are more than it can take.
fn forward(inbox: &Inbox, sink: &DeviceSink, message: Arc<Message>, at: Timestamp) {
    sink(DeviceEvent::Received {
        message: Arc::clone(&message),
        at,
    });
    let why = match inbox.try_send((Arc::clone(&message), at)) {
        Ok(()) => return,
        Err(TrySendError::Full(_)) => {
            format!("the device has {INBOX_MESSAGES} requests to look at already")
        }
        Err(TrySendError::Closed(_)) => "the device was switched off".to_owned(),
    };
    sink(DeviceEvent::NotAnswered {
        request: message,
        why: why.into(),
        at: clock::now(),
    });
}

/// Subscribes, and waits for the answer to it once more with every new connection: a filter that
/// was granted is the client's to renew, one that failed is asked for again.
async fn listen(
    client: Client,
    filter: TopicFilter,
    options: SubscribeOptions,
    mut connected: watch::Receiver<u64>,
    sink: DeviceSink,
) {
    loop {
        let answer = client.subscribe(filter.clone(), options).await;
        // This connection has had its say.
        if answer.is_ok() {
            connected.mark_unchanged();
        }
        let refused = match answer {
            Ok(done) if !done.reason.is_refusal() => {
                sink(DeviceEvent::Listening {
                    filter: filter.clone(),
                    at: done.at,
                });
                None
            }
            Ok(done) => Some((
                format!("the broker refused the subscription: {}", done.reason),
                done.at,
            )),
            Err(err) => Some((err.to_string(), clock::now())),
        };
        if let Some((why, at)) = refused {
            sink(DeviceEvent::NotListening {
                filter: filter.clone(),
                why: why.into(),
                at,
            });
        }
        if connected.changed().await.is_err() {
            return;
        }
    }
}
