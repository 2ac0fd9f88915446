//! The task that writes what the socket did not take at once, and all of it where there is no plain socket.

use super::{LOW_WATER_BYTES, READ_PAUSE_BYTES, Reader, Tap, Writer};
use crate::mqtt::transport::Duplex;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::tcp::OwnedReadHalf;

/// How long a closed connection may still take to write what is queued.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait for the broker to close its side, so that no reset overtakes the DISCONNECT.
const LINGER: Duration = Duration::from_millis(500);

/// What a write that was given up leaves behind.
#[derive(Default)]
struct Standing {
    /// Much was queued before it.
    was_high: bool,
    /// The stream has bytes that it has not passed on.
    is_unflushed: bool,
}

/// Writes what could not be written at once, until the stream is dropped; then closes the socket
/// in the order that lets the broker read the DISCONNECT.
pub async fn drain(tap: Arc<Tap>, mut writer: Writer, on_progress: impl Fn() + Send) {
    let mut give_up = None;
    let mut standing = Standing::default();
    loop {
        let (empty, closing) = {
            let state = tap.lock();
            (state.queue.is_empty(), state.closing)
        };
        if closing && give_up.is_none() {
            give_up = Some(tokio::time::Instant::now() + FLUSH_LIMIT);
        }
        if empty && !standing.is_unflushed {
            if closing {
                break;
            }
            tap.wake.notified().await;
            continue;
        }
        let write = async {
            tokio::select! {
                result = write_some(&tap, &mut writer, &mut standing) => result,
                // The stream was dropped: come round and start the clock.
                () = tap.wake.notified(), if give_up.is_none() => Ok(()),
            }
        };
        let result = match give_up {
            None => write.await,
            Some(limit) => match tokio::time::timeout_at(limit, write).await {
                Ok(result) => result,
                Err(_) => break,
            },
        };
        let low = {
            let mut state = tap.lock();
            if let Err(err) = result {
                standing.is_unflushed = false;
                state.fail(&err);
            }
            if state.queued_bytes < READ_PAUSE_BYTES {
                state.wake_reader();
            }
            let was_high = std::mem::take(&mut standing.was_high);
            !state.outgoing.is_empty() || (was_high && state.queued_bytes < LOW_WATER_BYTES)
        };
        if low {
            on_progress();
        }
    }
    let (leftover, has_failed) = {
        let mut state = tap.lock();
        (state.leftover.take(), state.failure.is_some())
    };
    match writer {
        Writer::Tcp(socket) => {
            // Sends FIN: the stream dropped its share before it set `closing`.
            drop(socket);
            if let Some(Reader::Tcp(read)) = leftover {
                linger(read_tcp_to_its_end(read)).await;
            }
        }
        Writer::Other(stream) => {
            if let Some(Reader::Other(read)) = leftover {
                linger(say_goodbye(stream, read, has_failed)).await;
            }
        }
    }
}

/// Waits until the stream takes something.
async fn write_some(tap: &Tap, writer: &mut Writer, standing: &mut Standing) -> io::Result<()> {
    match writer {
        Writer::Tcp(socket) => {
            socket.writable().await?;
            let mut state = tap.lock();
            standing.was_high |= state.queued_bytes >= LOW_WATER_BYTES;
            match state.write_queue(|piece| socket.try_write(piece)) {
                Err(err) if err.kind() != io::ErrorKind::WouldBlock => Err(err),
                _ => Ok(()),
            }
        }
        Writer::Other(stream) => {
            poll_fn(|cx| poll_queue(tap, stream, standing, cx)).await?;
            if tap.lock().queue.is_empty() {
                stream.flush().await?;
                standing.is_unflushed = false;
            }
            Ok(())
        }
    }
}

/// Ready where there is nothing to write, or something was.
fn poll_queue(
    tap: &Tap,
    stream: &mut WriteHalf<Box<dyn Duplex>>,
    standing: &mut Standing,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let mut state = tap.lock();
    let before = state.written_total;
    standing.was_high |= state.queued_bytes >= LOW_WATER_BYTES;
    let written = state.write_queue(|piece| match Pin::new(&mut *stream).poll_write(cx, piece) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    });
    let has_moved = state.written_total > before;
    standing.is_unflushed |= has_moved;
    match written {
        Err(err) if err.kind() != io::ErrorKind::WouldBlock => Poll::Ready(Err(err)),
        Err(_) if !has_moved => Poll::Pending,
        _ => Poll::Ready(Ok(())),
    }
}

async fn linger(to_its_end: impl Future<Output = ()>) {
    if tokio::time::timeout(LINGER, to_its_end).await.is_err() {
        log::debug!("the broker did not close its side within {LINGER:?}");
    }
}

async fn read_tcp_to_its_end(read: OwnedReadHalf) {
    let mut sink = [0_u8; 4096];
    while read.readable().await.is_ok() {
        match read.try_read(&mut sink) {
            Ok(0) => break,
            Err(err) if err.kind() != io::ErrorKind::WouldBlock => break,
            _ => {}
        }
    }
}

/// TLS and WebSocket have a goodbye of their own; a connection that was cut goes without one.
async fn say_goodbye(
    mut stream: WriteHalf<Box<dyn Duplex>>,
    mut read: ReadHalf<Box<dyn Duplex>>,
    has_failed: bool,
) {
    if has_failed {
        return;
    }
    if let Err(err) = stream.shutdown().await {
        log::debug!("the goodbye was not sent: {err}");
        return;
    }
    let mut sink = vec![0_u8; 4096];
    while read.read(&mut sink).await.is_ok_and(|count| count > 0) {}
}
