//! Proxies and half servers, a few lines each.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;

/// What a proxy does with its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Open,
    /// Wants `ann` with `pa55`.
    Password,
    /// Its rules forbid everything.
    Forbids,
}

/// A proxy that counts whom it let through.
pub struct Proxy {
    pub port: u16,
    pub passed: Arc<AtomicUsize>,
}

/// A listener whose every connection is served on a thread of its own, until the test ends.
pub fn serve(name: &str, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    let thread = name.to_owned();
    Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serve = Arc::clone(&serve);
                Builder::new()
                    .name(thread.clone())
                    .spawn(move || serve(stream))
                    .unwrap();
            }
        })
        .unwrap();
    port
}

/// Takes connections and never says anything.
pub fn silent() -> u16 {
    serve("silent", |mut stream| {
        let mut sink = [0; 1024];
        while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
    })
}

/// Answers every HTTP request with the same lines; the key of a WebSocket is answered rightly in `{accept}`.
pub fn http(answer: &'static str) -> u16 {
    serve("http", move |mut stream| {
        let head = head_of(&mut stream);
        drop(head);
        stream.write_all(answer.as_bytes()).ok();
        let mut sink = [0; 1024];
        while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
    })
}

fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn join(one: TcpStream, other: TcpStream) {
    let (mut from, mut to) = (one.try_clone().unwrap(), other.try_clone().unwrap());
    let back = Builder::new()
        .name("back".to_owned())
        .spawn(move || {
            std::io::copy(&mut from, &mut to).ok();
            to.shutdown(std::net::Shutdown::Both).ok();
        })
        .unwrap();
    let (mut from, mut to) = (other, one);
    std::io::copy(&mut from, &mut to).ok();
    to.shutdown(std::net::Shutdown::Both).ok();
    back.join().unwrap();
}

pub fn http_proxy(manner: Manner) -> Proxy {
    let passed = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&passed);
    let port = serve("http proxy", move |mut stream| {
        let head = head_of(&mut stream);
        let mut words = head.split(' ');
        if words.next() != Some("CONNECT") {
            return;
        }
        let target = words.next().unwrap_or_default().to_owned();
        // ann:pa55
        let knows = head.contains("Proxy-Authorization: Basic YW5uOnBhNTU=\r\n");
        if manner == Manner::Forbids {
            stream
                .write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                .ok();
            return;
        }
        if manner == Manner::Password && !knows {
            stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n").ok();
            return;
        }
        match TcpStream::connect(&target) {
            Ok(broker) => {
                stream
                    .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    .ok();
                count.fetch_add(1, Ordering::Relaxed);
                join(stream, broker);
            }
            Err(_) => {
                stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").ok();
            }
        }
    });
    Proxy { port, passed }
}

/// RFC 1928, 1929.
pub fn socks_proxy(manner: Manner) -> Proxy {
    let passed = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&passed);
    let port = serve("socks proxy", move |mut stream| {
        if let Some(broker) = socks(&mut stream, manner) {
            count.fetch_add(1, Ordering::Relaxed);
            join(stream, broker);
        }
    });
    Proxy { port, passed }
}

fn take(stream: &mut TcpStream, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn socks(stream: &mut TcpStream, manner: Manner) -> Option<TcpStream> {
    let head = take(stream, 2)?;
    let methods = take(stream, head[1].into())?;
    if manner == Manner::Password {
        if !methods.contains(&2) {
            stream.write_all(&[5, 0xFF]).ok();
            return None;
        }
        stream.write_all(&[5, 2]).ok()?;
        let head = take(stream, 2)?;
        let user = take(stream, head[1].into())?;
        let length = take(stream, 1)?;
        let password = take(stream, length[0].into())?;
        let is_right = user == b"ann" && password == b"pa55";
        stream.write_all(&[1, u8::from(!is_right)]).ok()?;
        if !is_right {
            return None;
        }
    } else {
        stream.write_all(&[5, 0]).ok()?;
    }
    let head = take(stream, 4)?;
    let host = match head[3] {
        1 => {
            let ip = take(stream, 4)?;
            format!("{}.{}.{}.{}", ip[0], ip[1], ip[2], ip[3])
        }
        3 => {
            let length = take(stream, 1)?;
            String::from_utf8(take(stream, length[0].into())?).ok()?
        }
        _ => return None,
    };
    let port = take(stream, 2)?;
    let port = u16::from_be_bytes([port[0], port[1]]);
    let mut answer = |code: u8| stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).ok();
    if manner == Manner::Forbids {
        answer(2);
        return None;
    }
    let Ok(broker) = TcpStream::connect((host.as_str(), port)) else {
        answer(5);
        return None;
    };
    answer(0)?;
    Some(broker)
}

/// Speaks MQTT 3.1.1 alone: a CONNECT of MQTT 5 is answered with `answer`, and the connection closed.
pub fn old_broker(answer: &'static [u8]) -> u16 {
    serve("old broker", move |mut stream| {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).is_err() {
            return;
        }
        let rest = usize::from(head[1]) - 7;
        if take(&mut stream, rest).is_none() {
            return;
        }
        if head[8] != 4 {
            stream.write_all(answer).ok();
            return;
        }
        stream.write_all(&[0x20, 2, 0, 0]).ok();
        let mut sink = [0; 1024];
        while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
    })
}

/// MQTT over WebSocket before a broker that speaks it over TCP, also encrypted. It insists on the subprotocol `mqtt`, on binary
/// frames and, where one is given, on a header; it cuts frames without regard to packets.
pub fn web_bridge(
    broker: u16,
    pair: Option<&crate::certs::Pair>,
    header: Option<(&'static str, &'static str)>,
) -> u16 {
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio_rustls::rustls::{ServerConfig, crypto};
    let acceptor = pair.map(|pair| {
        let chain = CertificateDer::pem_file_iter(&pair.certificate)
            .unwrap()
            .collect::<Result<Vec<_>, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_file(&pair.key).unwrap();
        let config =
            ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .unwrap();
        tokio_rustls::TlsAcceptor::from(Arc::new(config))
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    Builder::new()
        .name("web bridge".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let acceptor = acceptor.clone();
                    tokio::spawn(async move {
                        match acceptor {
                            None => bridge(stream, broker, header).await,
                            Some(acceptor) => {
                                if let Ok(stream) = acceptor.accept(stream).await {
                                    bridge(stream, broker, header).await;
                                }
                            }
                        }
                    });
                }
            });
        })
        .unwrap();
    port
}

async fn bridge(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    broker: u16,
    header: Option<(&'static str, &'static str)>,
) {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
    use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
    #[expect(clippy::result_large_err, reason = "the library's own type")]
    let answer = |request: &Request, mut response: Response| {
        let said = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
        if request.uri().path() != "/mqtt" {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = StatusCode::NOT_FOUND;
            return Err(refusal);
        }
        if header.is_some_and(|(name, value)| said(name) != Some(value.as_bytes())) {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = StatusCode::FORBIDDEN;
            return Err(refusal);
        }
        if said("sec-websocket-protocol") == Some(b"mqtt") {
            let value = HeaderValue::from_static("mqtt");
            response
                .headers_mut()
                .insert("sec-websocket-protocol", value);
        }
        Ok(response)
    };
    let Ok(mut web) = tokio_tungstenite::accept_hdr_async(stream, answer).await else {
        return;
    };
    let Ok(mut tcp) = tokio::net::TcpStream::connect(("127.0.0.1", broker)).await else {
        return;
    };
    let mut buffer = [0; 1000];
    loop {
        tokio::select! {
            message = web.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    if tcp.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return,
            },
            read = tcp.read(&mut buffer) => match read {
                Ok(count) if count > 0 => {
                    let bytes = bytes::Bytes::copy_from_slice(&buffer[..count]);
                    if web.send(Message::Binary(bytes)).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}
