//! The stream that rumqttc reads from and writes to.

use super::{FIRST_BYTES, PINGRESP, READ_PAUSE_BYTES, Reader, Stamp, Tap};
use crate::model::profile::MqttVersion;
use crate::mqtt::clock;
use crate::mqtt::frames::{self, Length};
use crate::mqtt::transport::acknowledge_at_once;
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What rumqttc reads from and writes to.
pub struct TapStream {
    pub(super) tap: Arc<Tap>,
    pub(super) version: MqttVersion,
    /// Taken when the stream is dropped.
    pub(super) read: Option<Reader>,
    /// The beginning of a DISCONNECT that is still coming in.
    pub(super) held: Option<Vec<u8>>,
    /// A DISCONNECT to be handed to rumqttc, in the form it can read.
    pub(super) ready: Option<Bytes>,
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
                if state.was_cut {
                    // However much is still coming in.
                    return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                }
                // All that was read has been handled, so no better company is to be expected.
                if state.end_wait() {
                    this.tap.wake.notify_one();
                }
                if std::mem::take(&mut state.owes_ack)
                    && let Some(Reader::Tcp(read)) = &this.read
                {
                    acknowledge_at_once(read.as_ref());
                }
                if state.failure.is_none() && state.queued_bytes > READ_PAUSE_BYTES {
                    state.paused_reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
            let Some(read) = this.read.as_mut() else {
                return Poll::Ready(Ok(()));
            };
            let before = buf.filled().len();
            let polled = match read {
                Reader::Tcp(read) => Pin::new(read).poll_read(cx, buf),
                Reader::Other(read) => Pin::new(read).poll_read(cx, buf),
            };
            match polled {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(err)) => {
                    this.tap.lock().end_packets();
                    return Poll::Ready(Err(err));
                }
                Poll::Pending => {
                    // What came before the failure has been read; now it may be told.
                    let mut state = this.tap.lock();
                    state.paused_reader = Some(cx.waker().clone());
                    if state.ping_to_answer && this.held.is_none() && state.read.is_between() {
                        state.ping_to_answer = false;
                        buf.put_slice(PINGRESP);
                        return Poll::Ready(Ok(()));
                    }
                    return match state.failure {
                        Some(kind) => Poll::Ready(Err(kind.into())),
                        None => Poll::Pending,
                    };
                }
            }
            let at = clock::now();
            if buf.filled().len() == before {
                this.tap.lock().end_packets();
                this.release(true);
                if this.serve(buf) {
                    return Poll::Ready(Ok(()));
                }
                return Poll::Ready(Ok(()));
            }
            let fresh = buf.filled().get(before..).unwrap_or_default();
            if let Some(held) = &mut this.held {
                held.extend_from_slice(fresh);
                this.tap.lock().log_read(fresh, at);
                buf.set_filled(before);
                this.release(false);
                continue;
            }
            let mut state = this.tap.lock();
            state.log_read(fresh, at);
            if state.first.len() < FIRST_BYTES {
                let room = FIRST_BYTES - state.first.len();
                state.first.extend(fresh.iter().take(room));
            }
            state.owes_ack = true;
            let mut walker = std::mem::take(&mut state.read);
            let disconnect = walker.feed(fresh, |frame| state.on_read(frame, at));
            state.read = walker;
            let is_short = |connack: &Bytes| connack.len() == 4;
            if this.version == MqttVersion::V5 && state.connack.as_ref().is_some_and(is_short) {
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
        if state.spares_ping(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let may_wait = state.on_write(bytes);
        if state.take_along(bytes, may_wait) {
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
        // The writer task sees to what is left of it.
        let _is_left = state.end_wait();
        state.end_packets();
        state.leftover = self.read.take();
        state.socket = None;
        state.closing = true;
        drop(state);
        self.tap.wake.notify_one();
    }
}
