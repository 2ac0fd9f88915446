//! The device's end: connects, signs in, and comes back when it was cut off.

use super::place::Place;
use super::socket::{self, End, Reader};
use super::{frames, words};
use crate::clock;
use crate::model::connection::{ConnectionInfo, ConnectionState, Problem};
use crate::model::message::Message;
use crate::model::profile::BrokerAddress;
use crate::model::time::Timestamp;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot, watch};

const BACKOFF_FIRST: Duration = Duration::from_millis(250);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Answers that may wait for the socket.
const MAX_QUEUED: usize = 1024;
/// How long a listener in this program may take to hear a sign-in.
const HEARD_WITHIN: Duration = Duration::from_secs(2);
/// How long what is queued may take to go out at the end.
const GOODBYE: Duration = Duration::from_millis(250);

#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The name that it signs in with.
    pub device: Arc<str>,
    pub address: BrokerAddress,
    /// Of the listener in this program, if it is one: it knows the port where the address has port 0.
    pub place: Place,
}

#[derive(Clone, Debug)]
pub enum ClientEvent {
    State(ConnectionState),
    /// `at`: its last byte was read.
    Message {
        message: Arc<Message>,
        at: Timestamp,
    },
}

/// Told on the client's task: must not wait.
pub type ClientSink = Arc<dyn Fn(ClientEvent) + Send + Sync>;
/// When a message was written, or why it was not.
pub type Ticket = oneshot::Receiver<Result<Timestamp, String>>;

/// A device's connection. It signs out when the last handle is dropped.
#[derive(Clone)]
pub struct Client {
    handle: Arc<StopOnDrop>,
}

struct StopOnDrop {
    queue: mpsc::Sender<Outgoing>,
    stop: watch::Sender<bool>,
    retry: Arc<Notify>,
    cut: Arc<Notify>,
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

struct Outgoing {
    message: Arc<Message>,
    done: oneshot::Sender<Result<Timestamp, String>>,
}

impl Client {
    pub fn start(runtime: &Handle, options: ClientOptions, sink: ClientSink) -> Self {
        let (queue, waiting) = mpsc::channel(MAX_QUEUED);
        let (stop, stopped) = watch::channel(false);
        let (retry, cut) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let actor = Actor {
            options,
            sink,
            waiting,
            stopped,
            retry: Arc::clone(&retry),
            cut: Arc::clone(&cut),
        };
        runtime.spawn(actor.run());
        Self {
            handle: Arc::new(StopOnDrop {
                queue,
                stop,
                retry,
                cut,
            }),
        }
    }

    /// Sends the payload; the topic stays here.
    pub fn publish(&self, message: Arc<Message>) -> Ticket {
        let (done, ticket) = oneshot::channel();
        if let Err(err) = self.handle.queue.try_send(Outgoing { message, done }) {
            let (outgoing, why) = match err {
                mpsc::error::TrySendError::Full(outgoing) => {
                    (outgoing, format!("{MAX_QUEUED} messages wait already"))
                }
                mpsc::error::TrySendError::Closed(outgoing) => {
                    (outgoing, "the connection was closed".to_owned())
                }
            };
            // Whoever let go of the ticket does not want to know.
            outgoing.done.send(Err(why)).unwrap_or_default();
        }
        ticket
    }

    /// Signs out and leaves.
    pub fn disconnect(&self) {
        self.handle.stop.send_replace(true);
    }

    /// Drops the socket without signing out; it comes back.
    pub fn cut(&self) {
        self.handle.cut.notify_one();
    }

    /// Does not wait for the next attempt.
    pub fn reconnect_now(&self) {
        self.handle.retry.notify_one();
    }
}

struct Actor {
    options: ClientOptions,
    sink: ClientSink,
    waiting: mpsc::Receiver<Outgoing>,
    stopped: watch::Receiver<bool>,
    retry: Arc<Notify>,
    cut: Arc<Notify>,
}

impl Actor {
    async fn run(mut self) {
        let mut stopped = self.stopped.clone();
        let mut attempt = 0;
        while !*stopped.borrow() {
            self.state(ConnectionState::Connecting);
            let connected = tokio::select! {
                connected = self.connect() => connected,
                () = stop(&mut stopped) => break,
            };
            let problem = match connected {
                Ok((reader, writer)) => {
                    attempt = 0;
                    match self.serve(reader, writer).await {
                        Some(end) => lost(&self.options.address, &end),
                        None => break,
                    }
                }
                Err(problem) => problem,
            };
            attempt += 1;
            let pause = BACKOFF_FIRST
                .saturating_mul(1 << (attempt - 1_u32).min(8))
                .min(BACKOFF_MAX);
            self.state(ConnectionState::Retrying {
                problem,
                at: clock::now().saturating_add(pause),
                attempt,
            });
            self.fail_waiting("there is no connection");
            tokio::select! {
                () = stop(&mut stopped) => {}
                () = self.retry.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.waiting.close();
        self.fail_waiting("the connection was closed");
        self.state(ConnectionState::Disconnected);
    }

    fn state(&self, state: ConnectionState) {
        (self.sink)(ClientEvent::State(state));
    }

    fn fail_waiting(&mut self, why: &str) {
        while let Ok(outgoing) = self.waiting.try_recv() {
            outgoing.done.send(Err(why.to_owned())).unwrap_or_default();
        }
    }

    /// Connected, and signed in.
    async fn connect(&self) -> Result<(Reader, OwnedWriteHalf), Problem> {
        let address = &self.options.address;
        if let Err(why) = words::check_name(&self.options.device) {
            return Err(Problem {
                summary: format!("the device's client id cannot be its name on {address}: {why}")
                    .into(),
                hint: "Give the device another client id.".into(),
                detail: "".into(),
                reason: None,
                doubted: Vec::new(),
            });
        }
        let (host, port) = match address {
            BrokerAddress::Listener { host, port: 0 } => (host, self.options.place.port()),
            BrokerAddress::Listener { host, port } => (host, *port),
            _ => {
                return Err(not_reached(
                    address,
                    &io::Error::other("nobody listens there"),
                ));
            }
        };
        if port == 0 {
            let err = io::Error::new(io::ErrorKind::ConnectionRefused, "nobody listens");
            return Err(not_reached(address, &err));
        }
        let attempt = TcpStream::connect((&**host, port));
        let socket = tokio::time::timeout(CONNECT_TIMEOUT, attempt)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|err| not_reached(address, &err))?;
        let local = socket.local_addr().ok();
        let (reader, writer) = socket::split(socket);
        let line = socket::line(&words::sign_in(&self.options.device));
        socket::write(&writer, &line)
            .await
            .map_err(|err| not_reached(address, &err))?;
        if let Some(local) = local {
            let heard = self.options.place.heard(port, &self.options.device, local);
            if tokio::time::timeout(HEARD_WITHIN, heard).await.is_err() {
                log::warn!("{address} has not heard of {} yet", self.options.device);
            }
        }
        let info = ConnectionInfo {
            address: format!("{host}:{port}").into(),
            client_id: Arc::clone(&self.options.device),
            since: clock::now(),
            ..ConnectionInfo::default()
        };
        self.state(ConnectionState::Connected(Arc::new(info)));
        Ok((reader, writer))
    }

    /// Until the connection breaks; `None` when it was told to leave.
    async fn serve(&mut self, mut reader: Reader, mut writer: OwnedWriteHalf) -> Option<End> {
        let mut stopped = self.stopped.clone();
        loop {
            tokio::select! {
                biased;
                () = stop(&mut stopped) => {
                    let goodbye = self.goodbye(&mut writer);
                    if tokio::time::timeout(GOODBYE, goodbye).await.is_err() {
                        log::info!("{}: it left without a sign-out", self.options.device);
                    }
                    return None;
                }
                () = self.cut.notified() => return Some(End::Closed),
                Some(outgoing) = self.waiting.recv() => {
                    if let Err(err) = send(&writer, outgoing).await {
                        return Some(End::Broken(err));
                    }
                }
                read = reader.next() => match read {
                    Ok((value, at)) => {
                        if let Some(message) = words::request(&self.options.device, value) {
                            let message = Arc::new(message);
                            (self.sink)(ClientEvent::Message { message, at });
                        }
                    }
                    Err(end) => return Some(end),
                },
            }
        }
    }

    /// What was handed over before it was to leave still goes out.
    async fn goodbye(&mut self, writer: &mut OwnedWriteHalf) {
        while let Ok(outgoing) = self.waiting.try_recv() {
            if send(writer, outgoing).await.is_err() {
                return;
            }
        }
        let line = socket::line(&words::sign_out(&self.options.device));
        let left = socket::write(writer, &line).await;
        if left.is_ok()
            && let Err(err) = writer.shutdown().await
        {
            log::debug!("{}: {err}", self.options.device);
        }
    }
}

/// Returns when it is to stop, and when nobody is left to say so.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|stop| *stop).await.is_err() {
        log::debug!("a client was dropped");
    }
}

/// An error is of the socket; what the message has wrong only concerns whoever wants it sent.
async fn send(writer: &OwnedWriteHalf, outgoing: Outgoing) -> io::Result<()> {
    let Outgoing { message, done } = outgoing;
    let told = if frames::is_one_value(&message.payload) {
        let written = socket::write(writer, &socket::line(&message.payload)).await;
        match written {
            Ok(at) => Ok(at),
            Err(err) => {
                done.send(Err(format!("the connection broke: {err}")))
                    .unwrap_or_default();
                return Err(err);
            }
        }
    } else {
        Err(
            "it is not one JSON value, and over plain TCP nothing else tells where a message ends"
                .to_owned(),
        )
    };
    done.send(told).unwrap_or_default();
    Ok(())
}

fn not_reached(address: &BrokerAddress, err: &io::Error) -> Problem {
    let (why, hint) = match err.kind() {
        io::ErrorKind::ConnectionRefused => (
            "nobody listens there",
            "Connect the connection first: it is what listens.",
        ),
        io::ErrorKind::TimedOut => ("no answer came", "Is the machine too busy?"),
        _ => ("the system refuses", ""),
    };
    Problem {
        summary: format!("{address} cannot be reached: {why}").into(),
        hint: hint.into(),
        detail: err.to_string().into(),
        reason: None,
        doubted: Vec::new(),
    }
}

fn lost(address: &BrokerAddress, end: &End) -> Problem {
    let why = match end {
        End::Closed => "it was closed by the other side".to_owned(),
        end => end.to_string(),
    };
    Problem {
        summary: format!("the connection to {address} was lost: {why}").into(),
        hint: "It comes back by itself as soon as somebody listens there.".into(),
        detail: "".into(),
        reason: None,
        doubted: Vec::new(),
    }
}
