//! One device's connection on our side: two tasks, one that reads and one that writes.

use super::socket::{self, End, Reader};
use crate::clock;
use crate::model::time::Timestamp;
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// What may wait for a device that does not read.
const MAX_QUEUED: usize = 1024;
const MAX_QUEUED_BYTES: usize = 64 << 20;

pub type PeerId = u64;

/// What a peer's tasks tell, in the order in which it happened.
pub enum FromPeer {
    Value {
        peer: PeerId,
        value: Bytes,
        at: Timestamp,
    },
    Written {
        token: u64,
        at: Timestamp,
    },
    Ended {
        peer: PeerId,
        end: End,
        at: Timestamp,
    },
}

/// How far a message on its way out has come.
#[derive(Debug, Default)]
pub struct Fate(AtomicU8);

const WAITING: u8 = 0;
const WRITING: u8 = 1;
const WRITTEN: u8 = 2;
const TAKEN_BACK: u8 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnWire {
    No,
    Maybe,
    Yes,
}

impl Fate {
    /// Takes it back if it still waits.
    pub fn withdraw(&self) -> OnWire {
        match self.change(WAITING, TAKEN_BACK) {
            Ok(_) | Err(TAKEN_BACK) => OnWire::No,
            Err(WRITTEN) => OnWire::Yes,
            Err(_) => OnWire::Maybe,
        }
    }

    fn change(&self, from: u8, to: u8) -> Result<u8, u8> {
        self.0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
    }
}

struct Outgoing {
    token: u64,
    line: Vec<u8>,
    fate: Arc<Fate>,
}

/// A connection that somebody made to us. It closes when this is dropped.
pub struct Peer {
    pub address: SocketAddr,
    /// The name under which it signed in.
    pub device: Option<Arc<str>>,
    /// It has signed out.
    pub has_left: bool,
    queue: mpsc::Sender<Outgoing>,
    queued_bytes: Arc<AtomicUsize>,
    tasks: [AbortHandle; 2],
}

impl Peer {
    pub fn start(
        runtime: &Handle,
        id: PeerId,
        socket: TcpStream,
        address: SocketAddr,
        tell: &mpsc::Sender<FromPeer>,
    ) -> Self {
        let (reader, writer) = socket::split(socket);
        let (queue, outgoing) = mpsc::channel(MAX_QUEUED);
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let reading = runtime.spawn(read(id, reader, tell.clone()));
        let bytes = Arc::clone(&queued_bytes);
        let writing = runtime.spawn(write_all(id, writer, outgoing, bytes, tell.clone()));
        Self {
            address,
            device: None,
            has_left: false,
            queue,
            queued_bytes,
            tasks: [reading.abort_handle(), writing.abort_handle()],
        }
    }

    /// Puts a value in line. `None`: too much waits already.
    pub fn send(&self, token: u64, value: &[u8]) -> Option<Arc<Fate>> {
        let fate = Arc::new(Fate::default());
        let length = value.len() + 1;
        let before = self.queued_bytes.fetch_add(length, Ordering::AcqRel);
        let outgoing = Outgoing {
            token,
            line: socket::line(value),
            fate: Arc::clone(&fate),
        };
        let is_too_much = before > 0 && before.saturating_add(length) > MAX_QUEUED_BYTES;
        if is_too_much || self.queue.try_send(outgoing).is_err() {
            self.queued_bytes.fetch_sub(length, Ordering::AcqRel);
            return None;
        }
        Some(fate)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

async fn read(peer: PeerId, mut reader: Reader, tell: mpsc::Sender<FromPeer>) {
    loop {
        // A device that sends faster than it is listened to has to wait.
        let (event, is_end) = match reader.next().await {
            Ok((value, at)) => (FromPeer::Value { peer, value, at }, false),
            Err(end) => {
                let at = clock::now();
                (FromPeer::Ended { peer, end, at }, true)
            }
        };
        if tell.send(event).await.is_err() || is_end {
            return;
        }
    }
}

async fn write_all(
    peer: PeerId,
    half: OwnedWriteHalf,
    mut waiting: mpsc::Receiver<Outgoing>,
    queued_bytes: Arc<AtomicUsize>,
    tell: mpsc::Sender<FromPeer>,
) {
    while let Some(Outgoing { token, line, fate }) = waiting.recv().await {
        let event = if fate.change(WAITING, WRITING).is_ok() {
            match socket::write(&half, &line).await {
                Ok(at) => {
                    fate.0.store(WRITTEN, Ordering::Release);
                    Some(FromPeer::Written { token, at })
                }
                Err(err) => Some(FromPeer::Ended {
                    peer,
                    end: End::Broken(err),
                    at: clock::now(),
                }),
            }
        } else {
            None
        };
        queued_bytes.fetch_sub(line.len(), Ordering::AcqRel);
        let is_over = matches!(event, Some(FromPeer::Ended { .. }));
        if let Some(event) = event
            && (tell.send(event).await.is_err() || is_over)
        {
            return;
        }
    }
}
