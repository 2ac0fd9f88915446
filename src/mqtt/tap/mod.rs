//! The socket under rumqttc, with everything a tester has to know about it.
//!
//! * A stamp for every packet that was read, taken when its last byte came in.
//! * A stamp for every PUBLISH that was written, taken when its last byte was handed to the
//!   socket, so it is never later than the answer.
//! * Writes never wait: what the socket does not take at once goes to a queue that a task drains.
//!   So a broker that does not read while it writes cannot lock both sides up. The queue is kept
//!   small by the ledger, which hands over little at a time.
//! * A ping does not wait behind a large message: while that moves, it is answered here.
//! * Nagle's algorithm is off, and on Linux acknowledgements are not delayed: otherwise QoS 1
//!   takes 44 ms with a broker that leaves Nagle on.
//! * Over TLS, WebSocket and Unix sockets all of this holds but for one thing: what is written goes through the
//!   task, and a stamp is taken before it is encrypted.
//! * The CONNACK and the DISCONNECT as they came, since rumqttc drops a refusal's Reason String and
//!   cannot read a DISCONNECT without property length (`E0 01 rc`), which is legal (MQTT 5 §3.14.2.2.1).

mod drain;
mod stream;

use super::clock;
use super::frames::{self, Frame, FrameWalker};
use super::packets::Cutters;
use super::transport::{Duplex, Stream};
use crate::model::profile::MqttVersion;
use crate::model::time::Timestamp;
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
pub use stream::TapStream;
use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

/// Where bytes come from.
enum Reader {
    Tcp(OwnedReadHalf),
    Other(ReadHalf<Box<dyn Duplex>>),
}

/// Where the writer task puts what it writes.
enum Writer {
    Tcp(Arc<OwnedWriteHalf>),
    Other(WriteHalf<Box<dyn Duplex>>),
}

/// With this much waiting to be written nothing is read any more: a broker that does not read its
/// acknowledgements gets no more to acknowledge.
const READ_PAUSE_BYTES: usize = 320 * 1024 * 1024;
/// The listener is told when the queue falls below this.
const LOW_WATER_BYTES: usize = 256 * 1024;
const PINGREQ: &[u8] = &[0xC0, 0];
const PINGRESP: &[u8] = &[0xD0, 0];
const PIECE_BYTES: usize = 64 * 1024;
/// So many bytes tell TLS and HTTP from MQTT.
const FIRST_BYTES: usize = 5;
/// Acknowledgements wait for company up to this many bytes.
const COMPANY_BYTES: usize = 1024;

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
    /// The very first bytes that came.
    first: Vec<u8>,
    connack: Option<Bytes>,
    disconnect: Option<Bytes>,

    /// Where every packet is kept for people, if it is.
    packets: Option<Cutters>,

    write: FrameWalker,
    outgoing: VecDeque<Outgoing>,
    queue: VecDeque<Bytes>,
    queued_bytes: usize,
    /// Acknowledgements that the socket would take; they are written with whatever comes next, or before the next
    /// read. The queue is empty meanwhile.
    company: Vec<u8>,
    /// Something was read, and nothing was written since that would tell the broker's kernel so.
    owes_ack: bool,
    taken_total: u64,
    written_total: u64,
    /// Where the messages that are not written yet end, and their ordinals.
    ends: VecDeque<(u64, u64)>,
    publishes: u64,
    /// `written_total` when a ping was last answered here.
    written_at_ping: u64,
    ping_to_answer: bool,
    /// Written to at once, without the task; there for plain TCP.
    socket: Option<Arc<OwnedWriteHalf>>,
    failure: Option<io::ErrorKind>,
    paused_reader: Option<Waker>,
    /// Left here when the stream is dropped, for the writer to read to its end.
    leftover: Option<Reader>,
    closing: bool,
    was_cut: bool,
}

/// One connection's tap; the stream that rumqttc uses is a [`TapStream`].
pub struct Tap {
    state: Mutex<State>,
    wake: Notify,
}

impl Tap {
    /// Wraps a connected stream. `on_progress` runs on the writer task whenever queued bytes were written.
    pub fn wrap(
        stream: Stream,
        version: MqttVersion,
        packets: Option<Cutters>,
        on_progress: impl Fn() + Send + 'static,
    ) -> io::Result<(Arc<Self>, TapStream)> {
        let (read, write, socket) = match stream {
            Stream::Tcp(socket) => {
                socket.set_nodelay(true)?;
                let (read, write) = socket.into_split();
                let write = Arc::new(write);
                let socket = Some(Arc::clone(&write));
                (Reader::Tcp(read), Writer::Tcp(write), socket)
            }
            Stream::Other(stream) => {
                let (read, write) = tokio::io::split(stream);
                (Reader::Other(read), Writer::Other(write), None)
            }
        };
        let tap = Arc::new(Self {
            state: Mutex::new(State {
                packets,
                socket,
                ..State::default()
            }),
            wake: Notify::new(),
        });
        tokio::spawn(drain::drain(Arc::clone(&tap), write, on_progress));
        let stream = TapStream {
            tap: Arc::clone(&tap),
            version,
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

    /// What happened on the way out since the last call; `into` is empty, and its room is used again.
    pub fn take_outgoing(&self, into: &mut VecDeque<Outgoing>) {
        let mut state = self.lock();
        if !state.outgoing.is_empty() {
            std::mem::swap(&mut state.outgoing, into);
        }
    }

    /// Bytes that the socket has not taken yet.
    pub fn backlog(&self) -> usize {
        self.lock().queued_bytes
    }

    /// Ends the connection without a DISCONNECT and without what waits to be written; rumqttc is told that it broke.
    pub fn cut(&self) {
        let mut state = self.lock();
        state.was_cut = true;
        state.fail(&io::ErrorKind::ConnectionAborted.into());
    }

    pub fn was_cut(&self) -> bool {
        self.lock().was_cut
    }

    /// What a port that is not for MQTT says first gives it away. At most [`FIRST_BYTES`].
    pub fn first_bytes(&self) -> Vec<u8> {
        self.lock().first.clone()
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

    fn log_read(&mut self, bytes: &[u8], at: Timestamp) {
        if let Some(packets) = &mut self.packets {
            packets.read(bytes, at);
        }
    }

    /// Nothing more comes.
    fn end_packets(&mut self) {
        if let Some(packets) = &mut self.packets {
            packets.end(clock::now());
        }
    }

    /// Notes the packets in `bytes`, which are about to be written or queued. Says whether they are acknowledgements
    /// and nothing else.
    fn on_write(&mut self, bytes: &[u8]) -> bool {
        if let Some(packets) = &mut self.packets {
            packets.written(bytes, clock::now());
        }
        let mut are_acknowledgements = self.write.is_between();
        let mut walker = std::mem::take(&mut self.write);
        let before = self.taken_total;
        walker.feed(bytes, |frame| {
            let packet_id = frame.packet_id;
            are_acknowledgements &= frames::ACKNOWLEDGEMENTS.contains(&frame.kind());
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
        are_acknowledgements &= walker.is_between();
        self.write = walker;
        self.taken_total += bytes.len() as u64;
        are_acknowledgements
    }

    /// Writes these bytes, which have been noted, as far as the socket takes them now and nothing waits before them. Says
    /// whether something is left for the writer task.
    fn write_soon(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        if self.queue.is_empty()
            && let Some(socket) = self.socket.clone()
        {
            let at = clock::now();
            match socket.try_write(bytes) {
                Ok(count) => {
                    self.on_written(count, at);
                    rest = bytes.get(count..).unwrap_or_default();
                }
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                Err(err) => {
                    self.fail(&err);
                    return false;
                }
            }
        }
        if !rest.is_empty() {
            self.enqueue(rest);
        }
        !rest.is_empty()
    }

    /// Acknowledgements, or whatever they waited for. Says whether something is left for the writer task.
    fn take_along(&mut self, bytes: &[u8], may_wait: bool) -> bool {
        if !self.queue.is_empty() {
            self.enqueue(bytes);
            return true;
        }
        if may_wait && self.company.len() + bytes.len() <= COMPANY_BYTES {
            self.company.extend_from_slice(bytes);
            return false;
        }
        if self.company.is_empty() {
            return self.write_soon(bytes);
        }
        let mut all = std::mem::take(&mut self.company);
        let is_left = if bytes.len() <= PIECE_BYTES {
            all.extend_from_slice(bytes);
            self.write_soon(&all)
        } else {
            let is_left = self.write_soon(&all);
            self.write_soon(bytes) || is_left
        };
        // Its room is used again.
        all.clear();
        self.company = all;
        is_left
    }

    /// Writes what waited for company in vain. Says whether something is left for the writer task.
    fn end_wait(&mut self) -> bool {
        if self.company.is_empty() {
            return false;
        }
        self.take_along(&[], false)
    }

    fn on_written(&mut self, count: usize, at: Timestamp) {
        self.written_total += count as u64;
        // Every segment carries an acknowledgement of what was read.
        self.owes_ack = false;
        while let Some((end, ordinal)) = self.ends.front().copied() {
            if end > self.written_total {
                break;
            }
            self.ends.pop_front();
            self.outgoing.push_back(Outgoing::Written { ordinal, at });
        }
    }

    /// Whether a PINGREQ is not to be sent but answered here: it would wait behind a large message
    /// that takes longer than the keep alive, and rumqttc would give up a connection that works.
    fn spares_ping(&mut self, bytes: &[u8]) -> bool {
        let moves = self.written_total > self.written_at_ping;
        let spares = bytes == PINGREQ && !self.queue.is_empty() && moves;
        if spares {
            self.written_at_ping = self.written_total;
            self.ping_to_answer = true;
            self.wake_reader();
        }
        spares
    }

    fn enqueue(&mut self, bytes: &[u8]) {
        self.queued_bytes += bytes.len();
        for piece in bytes.chunks(PIECE_BYTES) {
            self.queue.push_back(Bytes::copy_from_slice(piece));
        }
    }

    /// Writes what `write` takes without waiting. The stamp is taken before the write, under the
    /// lock that readers of the outgoing events need: the broker's answer can be neither read before
    /// the write is on record nor carry an earlier time.
    fn write_queue(&mut self, mut write: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
        while let Some(piece) = self.queue.front_mut() {
            let at = clock::now();
            let count = write(piece)?;
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
        self.company.clear();
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    const PUBLISH: &[u8] = &[0x30, 4, 0, 1, b'a', 0];

    fn puback(packet_id: u8) -> [u8; 4] {
        [0x40, 2, 0, packet_id]
    }

    async fn pair() -> (Arc<Tap>, TapStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (theirs, _) = listener.accept().await.unwrap();
        let (tap, stream) = Tap::wrap(Stream::Tcp(ours), MqttVersion::V5, None, || {}).unwrap();
        (tap, stream, theirs)
    }

    #[tokio::test]
    async fn acknowledgements_go_out_before_the_next_read() {
        let (tap, mut stream, mut theirs) = pair().await;
        stream.write_all(&puback(1)).await.unwrap();
        stream.write_all(&puback(2)).await.unwrap();
        assert_eq!(tap.lock().company.len(), 8);
        let mut nothing = [0; 8];
        let mut got = [0; 8];
        tokio::select! {
            _ = stream.read(&mut nothing) => panic!("nobody wrote"),
            read = theirs.read_exact(&mut got) => drop(read.unwrap()),
        }
        assert_eq!(got, [0x40, 2, 0, 1, 0x40, 2, 0, 2]);
        assert!(tap.lock().company.is_empty());
    }

    #[tokio::test]
    async fn a_message_takes_them_along_in_their_order() {
        let (tap, mut stream, mut theirs) = pair().await;
        stream.write_all(&puback(1)).await.unwrap();
        stream.write_all(PUBLISH).await.unwrap();
        let mut got = [0; 10];
        theirs.read_exact(&mut got).await.unwrap();
        assert_eq!(got, [0x40, 2, 0, 1, 0x30, 4, 0, 1, b'a', 0]);
        let mut outgoing = VecDeque::new();
        tap.take_outgoing(&mut outgoing);
        assert!(
            matches!(
                outgoing.make_contiguous(),
                [
                    Outgoing::Publish { ordinal: 0, .. },
                    Outgoing::Written { ordinal: 0, .. }
                ]
            ),
            "{outgoing:?}"
        );
    }

    #[tokio::test]
    async fn the_end_of_the_stream_leaves_none_behind() {
        let (_tap, mut stream, mut theirs) = pair().await;
        stream.write_all(&puback(7)).await.unwrap();
        drop(stream);
        let mut got = Vec::new();
        theirs.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, puback(7));
    }

    #[tokio::test]
    async fn a_flood_of_them_does_not_wait_for_a_read() {
        let (tap, mut stream, mut theirs) = pair().await;
        for _ in 0..1000 {
            stream.write_all(&puback(1)).await.unwrap();
        }
        assert!(tap.lock().company.len() <= COMPANY_BYTES);
        let mut got = vec![0; 3000];
        theirs.read_exact(&mut got).await.unwrap();
    }

    #[tokio::test]
    async fn a_stream_that_is_no_socket_is_written_to_and_stamped_in_order() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let wrapped = Tap::wrap(Stream::Other(Box::new(ours)), MqttVersion::V5, None, || {});
        let (tap, mut stream) = wrapped.unwrap();
        for _ in 0..100 {
            stream.write_all(PUBLISH).await.unwrap();
        }
        stream.write_all(&puback(1)).await.unwrap();
        let reading = tokio::spawn(async move {
            let mut got = Vec::new();
            theirs.read_to_end(&mut got).await.unwrap();
            got
        });
        drop(stream);
        let got = reading.await.unwrap();
        assert_eq!(got.len(), 100 * PUBLISH.len() + 4);
        assert!(got.ends_with(&puback(1)));
        let mut outgoing = VecDeque::new();
        tap.take_outgoing(&mut outgoing);
        let written: Vec<u64> = outgoing
            .iter()
            .filter_map(|event| match event {
                Outgoing::Written { ordinal, .. } => Some(*ordinal),
                _ => None,
            })
            .collect();
        assert_eq!(written, (0..100).collect::<Vec<u64>>());
    }
}
