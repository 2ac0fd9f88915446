//! One socket: values in, values out, each with the time its last byte was read or written.

use super::MAX_VALUE_BYTES;
use super::frames::{FrameError, Splitter};
use crate::clock;
use crate::model::time::Timestamp;
use bytes::Bytes;
use std::io;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

const CHUNK_BYTES: usize = 16 << 10;

/// Why nothing more comes from a socket.
#[derive(Debug, thiserror::Error)]
pub enum End {
    #[error("it closed the connection")]
    Closed,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
}

pub struct Reader {
    half: OwnedReadHalf,
    splitter: Splitter,
    chunk: Box<[u8]>,
    read_at: Timestamp,
    has_ended: bool,
}

/// Both ends of a socket, ready for small messages that must not wait for each other.
pub fn split(socket: TcpStream) -> (Reader, OwnedWriteHalf) {
    if let Err(err) = socket.set_nodelay(true) {
        log::warn!("messages may leave late, TCP_NODELAY cannot be set: {err}");
    }
    let (half, writer) = socket.into_split();
    let reader = Reader {
        half,
        splitter: Splitter::new(MAX_VALUE_BYTES),
        chunk: vec![0; CHUNK_BYTES].into(),
        read_at: clock::now(),
        has_ended: false,
    };
    (reader, writer)
}

impl Reader {
    /// The next value, and when it was read. Can be given up while it waits.
    pub async fn next(&mut self) -> Result<(Bytes, Timestamp), End> {
        loop {
            if let Some(value) = self.splitter.next_value()? {
                return Ok((value, self.read_at));
            }
            if self.has_ended {
                return Err(End::Closed);
            }
            let count = self.half.read(&mut self.chunk).await?;
            self.read_at = clock::now();
            match self.chunk.get(..count) {
                Some(read) if !read.is_empty() => self.splitter.push(read),
                _ => {
                    self.has_ended = true;
                    if let Some(value) = self.splitter.finish()? {
                        return Ok((value, self.read_at));
                    }
                }
            }
        }
    }
}

/// A value as it goes out: at once with its line end, because simple devices read one packet as one message.
pub fn line(value: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(value.len() + 1);
    line.extend_from_slice(value);
    line.push(b'\n');
    line
}

/// Writes all of it, and tells when the last of it was handed over.
pub async fn write(half: &OwnedWriteHalf, mut bytes: &[u8]) -> io::Result<Timestamp> {
    loop {
        half.writable().await?;
        // An answer may be here before this task goes on.
        let at = clock::now();
        match half.try_write(bytes) {
            Ok(count) => match bytes.get(count..) {
                Some(rest) if !rest.is_empty() => bytes = rest,
                _ => return Ok(at),
            },
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
            Err(err) => return Err(err),
        }
    }
}
