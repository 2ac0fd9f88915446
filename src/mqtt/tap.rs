//! The socket under rumqttc, with everything a tester has to know about it.
//!
//! * A stamp for every packet that was read, taken when its last byte came in.
//! * A stamp for every PUBLISH that was written, taken when its last byte was handed to the
//!   socket, so it is never later than the answer.
//! * Writes never wait: what the socket does not take at once goes to a queue that a task drains.
//!   So a broker that does not read while it writes cannot lock both sides up. The queue is kept
//!   small by the [`Ledger`](super::ledger::Ledger), which hands over little at a time.
//! * Nagle's algorithm is off, and on Linux acknowledgements are not delayed: otherwise QoS 1
//!   takes 44 ms with a broker that leaves Nagle on.
//! * The CONNACK and the DISCONNECT as they came, since rumqttc drops a refusal's Reason String and
//!   cannot read a DISCONNECT without property length (`E0 01 rc`), which is legal (MQTT 5 §3.14.2.2.1).

use super::clock;
use super::frames::{self, Frame, FrameWalker, Length};
use crate::model::time::Timestamp;
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

/// With this much waiting to be written nothing is read any more: a broker that does not read its
/// acknowledgements gets no more to acknowledge.
const READ_PAUSE_BYTES: usize = 320 * 1024 * 1024;
/// The listener is told when the queue falls below this.
const LOW_WATER_BYTES: usize = 256 * 1024;
/// How long a closed connection may still take to write what is queued.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait for the broker to close its side, so that no reset overtakes the DISCONNECT.
const LINGER: Duration = Duration::from_millis(500);
const PIECE_BYTES: usize = 64 * 1024;

/// A packet that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    kind: u8,
    packet_id: u16,
    at: Timestamp,
}

/// What happened on the way out, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// rumqttc handed over a PUBLISH, the `ordinal`th of this connection.
    Publish {
        ordinal: u64,
        qos: u8,
        packet_id: u16,
    },
    /// Its last byte went to the socket.
    Written {
        ordinal: u64,
        at: Timestamp,
    },
    Subscribe {
        packet_id: u16,
    },
    Unsubscribe {
        packet_id: u16,
    },
}

#[derive(Default)]
struct State {
    read: FrameWalker,
    stamps: VecDeque<Stamp>,
    connack: Option<Bytes>,
    disconnect: Option<Bytes>,

    write: FrameWalker,
    outgoing: VecDeque<Outgoing>,
    queue: VecDeque<Bytes>,
    queued_bytes: usize,
    taken_total: u64,
    written_total: u64,
    /// Where the messages that are not written yet end, and their ordinals.
    ends: VecDeque<(u64, u64)>,
    publishes: u64,
    socket: Option<Arc<OwnedWriteHalf>>,
    failure: Option<io::ErrorKind>,
    paused_reader: Option<Waker>,
    /// Left here when the stream is dropped, for the writer to read to its end.
    leftover: Option<OwnedReadHalf>,
    closing: bool,
}

/// One connection's tap; the stream that rumqttc uses is [`TapStream`].
pub struct Tap {
    state: Mutex<State>,
    wake: Notify,
}

impl Tap {
    /// Wraps a connected socket. `on_progress` runs on the writer task whenever queued bytes were written.
    pub fn wrap(
        socket: TcpStream,
        on_progress: impl Fn() + Send + 'static,
    ) -> io::Result<(Arc<Self>, TapStream)> {
        socket.set_nodelay(true)?;
        let (read, write) = socket.into_split();
        let write = Arc::new(write);
        let tap = Arc::new(Self {
            state: Mutex::new(State {
                socket: Some(Arc::clone(&write)),
                ..State::default()
            }),
            wake: Notify::new(),
        });
        tokio::spawn(drain(Arc::clone(&tap), write, on_progress));
        let stream = TapStream {
            tap: Arc::clone(&tap),
            read: Some(read),
            held: None,
            ready: None,
        };
        Ok((tap, stream))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the packet of this type and Packet Identifier was read. Stamps before it belong to
    /// packets that rumqttc did not report, such as a repeated QoS 2 PUBLISH.
    pub fn read_at(&self, kind: u8, packet_id: u16) -> Timestamp {
        let mut state = self.lock();
        let Some(index) = state
            .stamps
            .iter()
            .position(|stamp| stamp.kind == kind && stamp.packet_id == packet_id)
        else {
            return clock::now();
        };
        state.stamps.drain(..index);
        state
            .stamps
            .pop_front()
            .map_or_else(clock::now, |stamp| stamp.at)
    }

    /// What happened on the way out since the last call.
    pub fn take_outgoing(&self) -> VecDeque<Outgoing> {
        std::mem::take(&mut self.lock().outgoing)
    }

    /// Bytes that the socket has not taken yet.
    pub fn backlog(&self) -> usize {
        self.lock().queued_bytes
    }

    /// The CONNACK as it came.
    pub fn connack(&self) -> Option<Bytes> {
        self.lock().connack.clone()
    }

    /// The broker's DISCONNECT as it came.
    pub fn disconnect(&self) -> Option<Bytes> {
        self.lock().disconnect.clone()
    }
}

impl State {
    fn on_read(&mut self, frame: Frame, at: Timestamp) {
        if let Some(bytes) = frame.bytes {
            self.connack = Some(Bytes::from(bytes));
            self.stamps.push_back(Stamp {
                kind: frames::CONNACK,
                packet_id: 0,
                at,
            });
            return;
        }
        self.stamps.push_back(Stamp {
            kind: frame.kind(),
            packet_id: frame.packet_id,
            at,
        });
    }

    /// Notes the packets in `bytes`, which are about to be written or queued.
    fn on_write(&mut self, bytes: &[u8]) {
        let mut walker = std::mem::take(&mut self.write);
        let before = self.taken_total;
        walker.feed(bytes, |frame| {
            let packet_id = frame.packet_id;
            match frame.kind() {
                frames::PUBLISH => {
                    let ordinal = self.publishes;
                    self.publishes += 1;
                    self.ends.push_back((before + frame.end as u64, ordinal));
                    self.outgoing.push_back(Outgoing::Publish {
                        ordinal,
                        qos: frame.qos(),
                        packet_id,
                    });
                }
                frames::SUBSCRIBE => self.outgoing.push_back(Outgoing::Subscribe { packet_id }),
                frames::UNSUBSCRIBE => {
                    self.outgoing.push_back(Outgoing::Unsubscribe { packet_id });
                }
                _ => {}
            }
        });
        self.write = walker;
        self.taken_total += bytes.len() as u64;
    }

    fn on_written(&mut self, count: usize, at: Timestamp) {
        self.written_total += count as u64;
        while let Some((end, ordinal)) = self.ends.front().copied() {
            if end > self.written_total {
                break;
            }
            self.ends.pop_front();
            self.outgoing.push_back(Outgoing::Written { ordinal, at });
        }
    }

    fn enqueue(&mut self, bytes: &[u8]) {
        self.queued_bytes += bytes.len();
        for piece in bytes.chunks(PIECE_BYTES) {
            self.queue.push_back(Bytes::copy_from_slice(piece));
        }
    }

    /// Writes what the socket takes without waiting. The stamp is taken before the write, under the
    /// lock that readers of the outgoing events need: the broker's answer can be neither read before
    /// the write is on record nor carry an earlier time.
    fn write_queue(&mut self, socket: &OwnedWriteHalf) -> io::Result<()> {
        while let Some(piece) = self.queue.front_mut() {
            let at = clock::now();
            let count = socket.try_write(piece)?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            if count >= piece.len() {
                self.queue.pop_front();
            } else {
                bytes::Buf::advance(piece, count);
            }
            self.queued_bytes = self.queued_bytes.saturating_sub(count);
            self.on_written(count, at);
        }
        Ok(())
    }

    fn fail(&mut self, err: &io::Error) {
        self.failure = Some(err.kind());
        self.queue.clear();
        self.queued_bytes = 0;
        self.wake_reader();
    }

    fn wake_reader(&mut self) {
        if let Some(waker) = self.paused_reader.take() {
            waker.wake();
        }
    }
}

/// Writes what could not be written at once, until the stream is dropped; then closes the socket
/// in the order that lets the broker read the DISCONNECT.
async fn drain(tap: Arc<Tap>, socket: Arc<OwnedWriteHalf>, on_progress: impl Fn() + Send) {
    let mut give_up = None;
    loop {
        let (empty, closing) = {
            let state = tap.lock();
            (state.queue.is_empty(), state.closing)
        };
        if closing && give_up.is_none() {
            give_up = Some(tokio::time::Instant::now() + FLUSH_LIMIT);
        }
        if empty {
            if closing {
                break;
            }
            tap.wake.notified().await;
            continue;
        }
        let writable = async {
            tokio::select! {
                result = socket.writable() => result,
                // The stream was dropped: come round and start the clock.
                () = tap.wake.notified(), if give_up.is_none() => Ok(()),
            }
        };
        let ready = match give_up {
            None => writable.await,
            Some(limit) => match tokio::time::timeout_at(limit, writable).await {
                Ok(ready) => ready,
                Err(_) => break,
            },
        };
        let low = {
            let mut state = tap.lock();
            let was_high = state.queued_bytes >= LOW_WATER_BYTES;
            match ready.and_then(|()| state.write_queue(&socket)) {
                Ok(()) => {}
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                Err(err) => state.fail(&err),
            }
            if state.queued_bytes < READ_PAUSE_BYTES {
                state.wake_reader();
            }
            !state.outgoing.is_empty() || (was_high && state.queued_bytes < LOW_WATER_BYTES)
        };
        if low {
            on_progress();
        }
    }
    let leftover = tap.lock().leftover.take();
    // Sends FIN: the stream dropped its share before it set `closing`.
    drop(socket);
    if let Some(read) = leftover {
        let to_its_end = async {
            let mut sink = [0_u8; 4096];
            while read.readable().await.is_ok() {
                match read.try_read(&mut sink) {
                    Ok(0) => break,
                    Err(err) if err.kind() != io::ErrorKind::WouldBlock => break,
                    _ => {}
                }
            }
        };
        if tokio::time::timeout(LINGER, to_its_end).await.is_err() {
            log::debug!("the broker did not close its side within {LINGER:?}");
        }
    }
}

/// What rumqttc reads from and writes to.
pub struct TapStream {
    tap: Arc<Tap>,
    read: Option<OwnedReadHalf>,
    /// The beginning of a DISCONNECT that is still coming in.
    held: Option<Vec<u8>>,
    /// A DISCONNECT to be handed to rumqttc, in the form it can read.
    ready: Option<Bytes>,
}

impl TapStream {
    /// Hands over what `held` amounts to, if it is complete or nothing more will come.
    fn release(&mut self, at_end: bool) {
        let Some(held) = &self.held else { return };
        let complete = match frames::remaining_length(held) {
            Length::Known(length) => held.len() >= length + 2,
            Length::Incomplete => false,
            Length::Invalid => true,
        };
        if !complete && !at_end {
            return;
        }
        let held = self.held.take().unwrap_or_default();
        let mut state = self.tap.lock();
        state.disconnect = Some(Bytes::copy_from_slice(&held));
        state.stamps.push_back(Stamp {
            kind: frames::DISCONNECT,
            packet_id: 0,
            at: clock::now(),
        });
        self.ready = Some(match held.as_slice() {
            [first, 1, reason, ..] => Bytes::copy_from_slice(&[*first, 2, *reason, 0]),
            _ => Bytes::from(held),
        });
    }

    fn serve(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let Some(ready) = &mut self.ready else {
            return false;
        };
        let piece = ready.split_to(ready.len().min(buf.remaining()));
        buf.put_slice(&piece);
        if ready.is_empty() {
            self.ready = None;
        }
        !piece.is_empty()
    }
}

impl AsyncRead for TapStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.serve(buf) {
                return Poll::Ready(Ok(()));
            }
            {
                let mut state = this.tap.lock();
                if state.failure.is_none() && state.queued_bytes > READ_PAUSE_BYTES {
                    state.paused_reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
            let Some(read) = this.read.as_mut() else {
                return Poll::Ready(Ok(()));
            };
            let before = buf.filled().len();
            match Pin::new(&mut *read).poll_read(cx, buf) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(err)) => return Poll::Ready(Err(err)),
                Poll::Pending => {
                    // What came before the failure has been read; now it may be told.
                    let mut state = this.tap.lock();
                    state.paused_reader = Some(cx.waker().clone());
                    return match state.failure {
                        Some(kind) => Poll::Ready(Err(kind.into())),
                        None => Poll::Pending,
                    };
                }
            }
            let at = clock::now();
            acknowledge_at_once(read);
            if buf.filled().len() == before {
                this.release(true);
                if this.serve(buf) {
                    return Poll::Ready(Ok(()));
                }
                return Poll::Ready(Ok(()));
            }
            let fresh = buf.filled().get(before..).unwrap_or_default();
            if let Some(held) = &mut this.held {
                held.extend_from_slice(fresh);
                buf.set_filled(before);
                this.release(false);
                continue;
            }
            let mut state = this.tap.lock();
            let mut walker = std::mem::take(&mut state.read);
            let disconnect = walker.feed(fresh, |frame| state.on_read(frame, at));
            state.read = walker;
            if state.connack.as_ref().is_some_and(|bytes| bytes.len() == 4) {
                // rumqttc would wait for a property length that never comes.
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the CONNACK has the form of MQTT 3.1.1",
                )));
            }
            drop(state);
            if let Some(start) = disconnect {
                this.held = Some(fresh.get(start..).unwrap_or_default().to_vec());
                buf.set_filled(before + start);
                this.release(false);
                if start == 0 {
                    continue;
                }
            }
            return Poll::Ready(Ok(()));
        }
    }
}

impl AsyncWrite for TapStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.tap.lock();
        if state.failure.is_some() {
            // The read side tells, after everything that came before has been read.
            return Poll::Ready(Ok(bytes.len()));
        }
        state.on_write(bytes);
        let direct = if state.queue.is_empty() {
            state.socket.clone()
        } else {
            None
        };
        let mut rest = bytes;
        if let Some(socket) = direct {
            let at = clock::now();
            match socket.try_write(bytes) {
                Ok(count) => {
                    state.on_written(count, at);
                    rest = bytes.get(count..).unwrap_or_default();
                }
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                Err(err) => {
                    state.fail(&err);
                    return Poll::Ready(Ok(bytes.len()));
                }
            }
        }
        if !rest.is_empty() {
            state.enqueue(rest);
            self.tap.wake.notify_one();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for TapStream {
    fn drop(&mut self) {
        let mut state = self.tap.lock();
        state.leftover = self.read.take();
        state.socket = None;
        state.closing = true;
        drop(state);
        self.tap.wake.notify_one();
    }
}

/// Linux delays acknowledgements again after a while, so this is asked for after every read.
#[cfg(target_os = "linux")]
fn acknowledge_at_once(read: &OwnedReadHalf) {
    if let Err(err) = AsRef::<TcpStream>::as_ref(read).set_quickack(true) {
        log::trace!("TCP_QUICKACK: {err}");
    }
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_read: &OwnedReadHalf) {}
