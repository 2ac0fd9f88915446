//! A listener on loopback as a connection: devices come to it, requests go to them.
//!
//! One task owns everything; what it is asked comes in order, through [`Commands`], and what peers
//! read and wrote through one bounded channel. Nobody waits for it but the peers.

use super::hub::Hub;
use super::peer::FromPeer;
use super::place::Place;
use crate::clock;
use crate::model::connection::{
    ConnectionEvent, ConnectionInfo, ConnectionSink, ConnectionState, Problem,
};
use crate::model::exchange::ExchangeId;
use crate::model::message::Message;
use crate::model::pairing::Rules;
use crate::model::profile::{BrokerAddress, Profile};
use crate::model::request::Request;
use crate::model::time::Timestamp;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};

/// A reply that was read before the deadline may still be on its way through the queue.
const GRACE: Duration = Duration::from_millis(20);
/// An earlier connection of ours may just be letting go of the port.
const PATIENCE: Duration = Duration::from_secs(1);
const PATIENCE_STEP: Duration = Duration::from_millis(20);
/// What peers have read and nobody has looked at.
const INBOX: usize = 256;

/// A listener that sends requests to the devices that come to it. It ends when it is dropped.
pub struct Connection {
    commands: Arc<Commands>,
}

enum Command {
    Send {
        id: ExchangeId,
        request: Arc<Request>,
        message: Arc<Message>,
        at: Timestamp,
    },
    Rules(Rules),
    ReconnectNow,
    Cut,
    Disconnect,
}

#[derive(Default)]
struct Commands {
    waiting: Mutex<VecDeque<Command>>,
    changed: Notify,
}

impl Commands {
    fn push(&self, command: Command) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(command);
        self.changed.notify_one();
    }

    fn pop(&self) -> Option<Command> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    }
}

impl Connection {
    /// Listens where the profile says; `place` knows the port as long as it does.
    pub fn start(
        runtime: &Handle,
        profile: Arc<Profile>,
        place: Place,
        rules: Rules,
        sink: ConnectionSink,
    ) -> Self {
        let commands = Arc::new(Commands::default());
        let (tell, told) = mpsc::channel(INBOX);
        let actor = Actor {
            hub: Hub::new(Arc::clone(&profile.id), rules, place.clone(), sink),
            profile,
            place,
            commands: Arc::clone(&commands),
            tell,
            listener: None,
            bind_at: Some(Instant::now()),
            patience_until: Instant::now() + PATIENCE,
            runtime: runtime.clone(),
        };
        runtime.spawn(actor.run(told));
        Self { commands }
    }

    /// Sends a request; without a reply to wait for, just the message. Never waits.
    pub fn send(&self, id: ExchangeId, request: Arc<Request>, message: Arc<Message>) {
        let at = clock::now();
        self.commands.push(Command::Send {
            id,
            request,
            message,
            at,
        });
    }

    /// Other pairing rules from now on.
    pub fn set_rules(&self, rules: Rules) {
        self.commands.push(Command::Rules(rules));
    }

    /// Stops listening. What is open ends.
    pub fn disconnect(&self) {
        self.commands.push(Command::Disconnect);
    }

    /// Breaks every device's connection, and goes on listening.
    pub fn cut(&self) {
        self.commands.push(Command::Cut);
    }

    /// Tries to listen again after it could not.
    pub fn reconnect_now(&self) {
        self.commands.push(Command::ReconnectNow);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.disconnect();
    }
}

struct Actor {
    hub: Hub,
    profile: Arc<Profile>,
    place: Place,
    commands: Arc<Commands>,
    tell: mpsc::Sender<FromPeer>,
    listener: Option<TcpListener>,
    /// When to try to listen.
    bind_at: Option<Instant>,
    /// Until then a port that is taken may become free.
    patience_until: Instant,
    runtime: Handle,
}

impl Actor {
    async fn run(mut self, mut told: mpsc::Receiver<FromPeer>) {
        self.state(ConnectionState::Connecting);
        let commands = Arc::clone(&self.commands);
        loop {
            while let Some(command) = commands.pop() {
                if self.obey(command) {
                    self.end();
                    return;
                }
            }
            let deadline = self.hub.next_deadline();
            let deadline = deadline.map(|at| clock::instant_of(at) + GRACE);
            let bind_at = self.bind_at;
            tokio::select! {
                biased;
                () = commands.changed.notified() => {}
                Some(event) = told.recv() => self.hub.hear(event),
                () = until(deadline) => self.hub.expire(),
                accepted = accept(self.listener.as_ref()) => self.accepted(accepted).await,
                () = until(bind_at) => self.bind().await,
            }
        }
    }

    fn state(&self, state: ConnectionState) {
        self.hub.tell(ConnectionEvent::State(state));
    }

    /// Says whether that was the end.
    fn obey(&mut self, command: Command) -> bool {
        match command {
            Command::Send {
                id,
                request,
                message,
                at,
            } => self.hub.send(id, request, message, at),
            Command::Rules(rules) => self.hub.set_rules(&rules),
            Command::ReconnectNow if self.listener.is_none() => {
                self.hub.set_problem(None);
                self.patience_until = Instant::now() + PATIENCE;
                self.bind_at = Some(Instant::now());
                self.state(ConnectionState::Connecting);
            }
            Command::ReconnectNow => {}
            Command::Cut => self.hub.cut(),
            Command::Disconnect => return true,
        }
        false
    }

    async fn bind(&mut self) {
        self.bind_at = None;
        match bind(&self.profile.address).await {
            Ok((listener, address)) => {
                self.place.set_port(address.port());
                self.listener = Some(listener);
                let info = ConnectionInfo {
                    address: address.to_string().into(),
                    client_id: Arc::clone(&self.profile.client_id),
                    since: clock::now(),
                    ..ConnectionInfo::default()
                };
                self.state(ConnectionState::Connected(Arc::new(info)));
            }
            Err(err)
                if err.kind() == io::ErrorKind::AddrInUse
                    && Instant::now() < self.patience_until =>
            {
                self.bind_at = Some(Instant::now() + PATIENCE_STEP);
            }
            Err(err) => {
                let problem = cannot_listen(&self.profile.address, &err);
                log::error!("{}: {}", problem.summary, problem.detail);
                self.hub.set_problem(Some(problem.clone()));
                self.state(ConnectionState::Refused { problem });
            }
        }
    }

    async fn accepted(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        match accepted {
            Ok((socket, address)) => self.hub.take(&self.runtime, socket, address, &self.tell),
            Err(err) => {
                log::warn!("a connection could not be taken: {err}");
                // Where there are too many open files, the next attempt would fail at once.
                tokio::time::sleep(PATIENCE_STEP).await;
            }
        }
    }

    fn end(&mut self) {
        // The port is free when the end is told.
        self.listener = None;
        self.place.set_port(0);
        self.hub.close();
        self.state(ConnectionState::Disconnected);
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

async fn bind(address: &BrokerAddress) -> io::Result<(TcpListener, SocketAddr)> {
    let BrokerAddress::Listener { host, port } = address else {
        return Err(io::Error::other("it is no address to listen on"));
    };
    let listener = TcpListener::bind((&**host, *port)).await?;
    let address = listener.local_addr()?;
    // A name may mean anything; the profile only promised that it looks like loopback.
    if !address.ip().is_loopback() {
        return Err(io::Error::other(format!("{address} is not loopback")));
    }
    Ok((listener, address))
}

fn cannot_listen(address: &BrokerAddress, err: &io::Error) -> Problem {
    let (why, hint) = match err.kind() {
        io::ErrorKind::AddrInUse => (
            "another program has the port",
            "Choose another port in the connection, or 0 for any free one.",
        ),
        io::ErrorKind::PermissionDenied => (
            "the system does not allow it",
            "Ports below 1024 are for the administrator: choose a higher one, or 0 for any free one.",
        ),
        io::ErrorKind::AddrNotAvailable => (
            "this machine has no such address",
            "127.0.0.1 is there on every machine.",
        ),
        _ => (
            "the system refuses",
            "Choose another port in the connection, or 0 for any free one.",
        ),
    };
    Problem {
        summary: format!("{address} cannot be listened on: {why}").into(),
        hint: hint.into(),
        detail: err.to_string().into(),
        reason: None,
        doubted: Vec::new(),
    }
}
