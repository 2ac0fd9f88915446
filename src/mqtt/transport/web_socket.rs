//! MQTT over WebSocket (MQTT 5 §6): binary frames, read and written as a stream of bytes.

use super::{Duplex, Trouble};
use crate::model::profile::{SecretSlot, WebSocket};
use crate::model::secret::{Secret, Secrets};
use crate::mqtt::wire::INCOMING_MAX;
use bytes::Bytes;
use futures_util::{Sink as _, Stream as _};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};

/// Where the WebSocket is.
pub struct Place<'a> {
    pub host: &'a str,
    pub port: u16,
    pub path: &'a str,
    pub is_encrypted: bool,
}

/// Why no WebSocket was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebSocketFault {
    /// The request cannot be written.
    BadRequest(String),
    /// Any other status than 101.
    Status {
        code: u16,
        /// Where a redirection leads.
        location: Option<String>,
    },
    /// The broker chose no subprotocol, or another one.
    Subprotocol(String),
    Closed,
    NotHttp(String),
}

impl From<WebSocketFault> for Trouble {
    fn from(fault: WebSocketFault) -> Self {
        Self::WebSocket(fault)
    }
}

pub async fn open(
    stream: Box<dyn Duplex>,
    settings: &WebSocket,
    place: &Place<'_>,
    secrets: &Secrets,
) -> Result<Box<dyn Duplex>, Trouble> {
    let bad = |err: &dyn std::fmt::Display| WebSocketFault::BadRequest(err.to_string());
    let scheme = if place.is_encrypted { "wss" } else { "ws" };
    let host = if place.host.contains(':') {
        format!("[{}]", place.host)
    } else {
        place.host.to_owned()
    };
    let url = format!("{scheme}://{host}:{}{}", place.port, place.path);
    let mut request = url.into_client_request().map_err(|err| bad(&err))?;
    let headers = request.headers_mut();
    if !settings.subprotocol.is_empty() {
        let value = HeaderValue::from_str(&settings.subprotocol).map_err(|err| bad(&err))?;
        headers.insert("Sec-WebSocket-Protocol", value);
    }
    for header in &settings.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|err| bad(&err))?;
        let value = if let Some(value) = &header.value {
            HeaderValue::from_str(value).map_err(|err| bad(&err))?
        } else {
            let slot = SecretSlot::Header(header.name.to_string());
            let secret = secrets
                .get(&slot)
                .ok_or_else(|| Trouble::NoSecret(slot.to_string()))?;
            let mut value =
                HeaderValue::from_str(Secret::expose(secret)).map_err(|err| bad(&err))?;
            value.set_sensitive(true);
            value
        };
        headers.append(name, value);
    }
    let most = usize::try_from(INCOMING_MAX).unwrap_or(usize::MAX);
    let config = WebSocketConfig::default()
        .max_message_size(Some(most))
        .max_frame_size(Some(most));
    let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config))
        .await
        .map_err(trouble)?;
    Ok(Box::new(BinaryFrames {
        socket,
        rest: Bytes::new(),
    }))
}

fn trouble(err: Error) -> Trouble {
    match err {
        Error::Http(answer) => {
            let location = answer.headers().get("location");
            WebSocketFault::Status {
                code: answer.status().as_u16(),
                location: location
                    .and_then(|value| value.to_str().ok())
                    .map(ToOwned::to_owned),
            }
            .into()
        }
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(err)) => {
            WebSocketFault::Subprotocol(err.to_string()).into()
        }
        Error::Protocol(ProtocolError::HandshakeIncomplete)
        | Error::ConnectionClosed
        | Error::AlreadyClosed => WebSocketFault::Closed.into(),
        Error::Io(err)
            if matches!(
                err.kind(),
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::BrokenPipe
            ) =>
        {
            WebSocketFault::Closed.into()
        }
        Error::Io(err) => Trouble::Io(err),
        other => WebSocketFault::NotHttp(other.to_string()).into(),
    }
}

/// The bytes in the frames: MQTT packets need not be aligned to them (MQTT 5 §6.0.0-2).
struct BinaryFrames {
    socket: WebSocketStream<Box<dyn Duplex>>,
    rest: Bytes,
}

fn broken(err: Error) -> io::Error {
    match err {
        Error::Io(err) => err,
        Error::ConnectionClosed | Error::AlreadyClosed => io::ErrorKind::BrokenPipe.into(),
        other => io::Error::other(other),
    }
}

impl AsyncRead for BinaryFrames {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if !self.rest.is_empty() {
                let count = self.rest.len().min(buf.remaining());
                let piece = self.rest.split_to(count);
                buf.put_slice(&piece);
                return Poll::Ready(Ok(()));
            }
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => self.rest = bytes,
                Some(Ok(Message::Text(_))) => {
                    let err = "a WebSocket text frame, where MQTT has binary ones";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, err)));
                }
                Some(
                    Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed),
                )
                | None => return Poll::Ready(Ok(())),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
                    return Poll::Ready(Ok(()));
                }
                Some(Err(err)) => return Poll::Ready(Err(broken(err))),
            }
        }
    }
}

impl AsyncWrite for BinaryFrames {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(broken)?;
        let message = Message::Binary(Bytes::copy_from_slice(bytes));
        Pin::new(&mut self.socket)
            .start_send(message)
            .map_err(broken)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(broken)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.socket).poll_close(cx)) {
            Err(err) if !matches!(err, Error::ConnectionClosed | Error::AlreadyClosed) => {
                Poll::Ready(Err(broken(err)))
            }
            _ => Poll::Ready(Ok(())),
        }
    }
}
