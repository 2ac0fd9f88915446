//! One connection of a device: as long as it is switched on, or awake.

use super::transport::{Transport, Way};
use super::{DeviceEvent, DeviceSink};
use crate::model::connection::ConnectionState;
use crate::model::message::Message;
use crate::model::responder::Device;
use crate::model::time::Timestamp;
use crate::model::topic::TopicFilter;
use crate::mqtt::{Client, ClientEvent, ClientOptions, SubscribeOptions, clock};
use crate::tcp;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Requests that may wait for the device to look at them.
pub(super) const INBOX_MESSAGES: usize = 4096;

pub(super) type Inbox = mpsc::Sender<(Arc<Message>, Timestamp)>;

/// Dropping it ends the connection with a DISCONNECT.
pub(super) struct Line {
    pub(super) client: Transport,
    pub(super) status: watch::Receiver<Status>,
    /// They end with the line: each holds on to the client.
    _listening: JoinSet<()>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// How often it has connected.
    pub(super) connects: u64,
    pub(super) is_connected: bool,
    /// It will not connect any more.
    pub(super) is_over: bool,
}

impl Line {
    pub(super) fn open(
        runtime: &Handle,
        device: &Device,
        way: Way,
        inbox: Inbox,
        sink: &DeviceSink,
    ) -> Self {
        let (told, status) = watch::channel(Status::default());
        let ear = Ear {
            inbox,
            told,
            sink: Arc::clone(sink),
        };
        let mut listening = JoinSet::new();
        let client = match way {
            Way::Mqtt(options) => {
                let client = on_mqtt(runtime, options, ear);
                for filter in device.listens.iter().cloned() {
                    let options = SubscribeOptions {
                        qos: device.qos,
                        no_local: Device::no_local(&filter),
                        ..SubscribeOptions::default()
                    };
                    let task = listen(
                        client.clone(),
                        filter,
                        options,
                        status.clone(),
                        Arc::clone(sink),
                    );
                    listening.spawn_on(task, runtime);
                }
                Transport::Mqtt(client)
            }
            Way::Tcp(options) => Transport::Tcp(on_tcp(runtime, device, options, ear)),
        };
        Self {
            client,
            status,
            _listening: listening,
        }
    }

    /// Waits until it is over; returns at once when nobody can tell any more.
    pub(super) async fn is_over(&mut self) {
        let over = self.status.wait_for(|status| status.is_over).await;
        drop(over);
    }
}

/// What a client tells, whichever it is.
struct Ear {
    inbox: Inbox,
    told: watch::Sender<Status>,
    sink: DeviceSink,
}

impl Ear {
    fn state(&self, state: ConnectionState) {
        let is_connected = state.is_connected();
        let is_over = matches!(state, ConnectionState::Disconnected);
        // Told first: who hears that it is over may be about to begin anew.
        (self.sink)(DeviceEvent::State(state));
        self.told.send_modify(|status| {
            status.is_connected = is_connected;
            status.connects += u64::from(is_connected);
            status.is_over = is_over;
        });
    }

    /// Passes a message on to the worker, and says so when there are more than it can take.
    fn message(&self, message: Arc<Message>, at: Timestamp) {
        (self.sink)(DeviceEvent::Received {
            message: Arc::clone(&message),
            at,
        });
        let why = match self.inbox.try_send((Arc::clone(&message), at)) {
            Ok(()) => return,
            Err(TrySendError::Full(_)) => {
                format!("the device has {INBOX_MESSAGES} requests to look at already")
            }
            Err(TrySendError::Closed(_)) => "the device was switched off".to_owned(),
        };
        (self.sink)(DeviceEvent::NotAnswered {
            request: message,
            why: why.into(),
            at: clock::now(),
        });
    }
}

fn on_mqtt(runtime: &Handle, options: ClientOptions, ear: Ear) -> Client {
    let sink = move |event| match event {
        ClientEvent::State(state) => ear.state(state),
        ClientEvent::Message { message, at } => ear.message(message, at),
    };
    Client::start(runtime, options, Arc::new(sink))
}

/// Over plain TCP there is nothing to subscribe: a device hears its own commands, whatever it listens to.
fn on_tcp(runtime: &Handle, device: &Device, options: tcp::ClientOptions, ear: Ear) -> tcp::Client {
    let listens = device.listens.clone();
    let sink = move |event| match event {
        tcp::ClientEvent::State(state) => {
            let is_connected = state.is_connected();
            ear.state(state);
            for filter in listens.iter().filter(|_| is_connected).cloned() {
                let at = clock::now();
                (ear.sink)(DeviceEvent::Listening { filter, at });
            }
        }
        tcp::ClientEvent::Message { message, at } => ear.message(message, at),
    };
    tcp::Client::start(runtime, options, Arc::new(sink))
}

/// Subscribes, and waits for the answer to it once more with every new connection: a filter that
/// was granted is the client's to renew, one that failed is asked for again.
async fn listen(
    client: Client,
    filter: TopicFilter,
    options: SubscribeOptions,
    mut status: watch::Receiver<Status>,
    sink: DeviceSink,
) {
    let mut seen = 0;
    loop {
        let answer = client.subscribe(filter.clone(), options).await;
        // This connection has had its say.
        if answer.is_ok() {
            seen = status.borrow().connects;
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
        match status.wait_for(|status| status.connects > seen).await {
            Ok(status) => seen = status.connects,
            Err(_) => return,
        }
    }
}
