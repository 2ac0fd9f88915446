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
    match TcpStream::connect((host.as_str(), port)) {
        Ok(broker) => {
            answer(0)?;
            Some(broker)
        }
        Err(_) => {
            answer(5);
            None
        }
    }
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
