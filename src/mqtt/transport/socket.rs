//! From a host name to a connected socket: all addresses of the name, the next one tried when the
//! one before has not answered after a quarter of a second, the first that connects wins.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;

const STAGGER: Duration = Duration::from_millis(250);

/// The addresses of `host`; never none.
pub async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let addresses: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
    if addresses.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "the name has no address",
        ));
    }
    Ok(addresses)
}

pub async fn connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut attempts = JoinSet::new();
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        attempts.spawn(TcpStream::connect(address));
        match tokio::time::timeout(STAGGER, attempts.join_next()).await {
            Ok(Some(Ok(Ok(socket)))) => return Ok(socket),
            Ok(Some(Ok(Err(err)))) => last = err,
            Ok(Some(Err(err))) => last = io::Error::other(err),
            Ok(None) | Err(_) => {}
        }
    }
    while let Some(result) = attempts.join_next().await {
        match result {
            Ok(Ok(socket)) => return Ok(socket),
            Ok(Err(err)) => last = err,
            Err(err) => last = io::Error::other(err),
        }
    }
    Err(last)
}

/// A socket whose every read is acknowledged at once: under TLS and WebSocket nobody else can ask for it.
pub struct Prompt(TcpStream);

impl Prompt {
    pub fn new(socket: TcpStream) -> Self {
        Self(socket)
    }
}

impl AsyncRead for Prompt {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.0).poll_read(cx, buf);
        if buf.filled().len() > before {
            acknowledge_at_once(&self.0);
        }
        read
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Linux delays acknowledgements again after a while, so this is asked for after every read.
#[cfg(target_os = "linux")]
pub fn acknowledge_at_once(socket: &TcpStream) {
    if let Err(err) = socket.set_quickack(true) {
        log::trace!("TCP_QUICKACK: {err}");
    }
}

#[cfg(not(target_os = "linux"))]
pub fn acknowledge_at_once(_socket: &TcpStream) {}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn the_address_that_answers_wins() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let closed = {
            let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
            gone.local_addr().unwrap()
        };
        let socket = connect(vec![closed, open]).await.unwrap();
        assert_eq!(socket.peer_addr().unwrap(), open);
        let err = connect(vec![closed]).await.unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::ConnectionRefused);
    }
}
