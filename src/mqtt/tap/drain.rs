//! The task that writes what the socket did not take at once.

use super::{LOW_WATER_BYTES, READ_PAUSE_BYTES, Tap};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::tcp::OwnedWriteHalf;

/// How long a closed connection may still take to write what is queued.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait for the broker to close its side, so that no reset overtakes the DISCONNECT.
const LINGER: Duration = Duration::from_millis(500);

/// Writes what could not be written at once, until the stream is dropped; then closes the socket
/// in the order that lets the broker read the DISCONNECT.
pub async fn drain(tap: Arc<Tap>, socket: Arc<OwnedWriteHalf>, on_progress: impl Fn() + Send) {
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
