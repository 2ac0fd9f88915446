//! Through a proxy: SOCKS5 (RFC 1928, 1929) and HTTP CONNECT (RFC 9110 §9.3.6).

use super::Trouble;
use crate::model::profile::{Proxy, ProxyKind, SecretSlot};
use crate::model::secret::{Secret, Secrets};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_socks::Error;
use tokio_socks::tcp::Socks5Stream;

/// An answer to CONNECT that is longer than this is none.
const ANSWER_MAX: usize = 16 * 1024;

/// Why a proxy did not let the connection through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyFault {
    /// It wants a user name and a password, and none were given.
    WantsPassword,
    /// It did not take those that were given.
    BadPassword,
    /// Its rules forbid it.
    Refused(String),
    /// It cannot reach the broker.
    NoWay(String),
    /// It ended the connection before it had answered.
    Closed,
    /// It does not speak the protocol.
    NotAProxy(String),
}

impl From<ProxyFault> for Trouble {
    fn from(fault: ProxyFault) -> Self {
        Self::Proxy(fault)
    }
}

/// The socket comes back when it leads to `host:port`; the proxy looks the name up.
pub async fn pass(
    socket: TcpStream,
    proxy: &Proxy,
    secrets: &Secrets,
    host: &str,
    port: u16,
) -> Result<TcpStream, Trouble> {
    let password = secrets.get(&SecretSlot::ProxyPassword);
    if proxy.password_wanted && password.is_none() {
        return Err(Trouble::NoSecret(SecretSlot::ProxyPassword.to_string()));
    }
    let password = password.map(Secret::expose).unwrap_or_default();
    let account = proxy.user_name.as_deref().map(|user| (user, password));
    match proxy.kind {
        ProxyKind::Socks5 => socks5(socket, account, host, port).await,
        ProxyKind::Http => connect(socket, account, host, port).await,
    }
}

async fn socks5(
    socket: TcpStream,
    account: Option<(&str, &str)>,
    host: &str,
    port: u16,
) -> Result<TcpStream, Trouble> {
    let target = (host, port);
    let passed = match account {
        None => Socks5Stream::connect_with_socket(socket, target).await,
        Some((user, password)) => {
            Socks5Stream::connect_with_password_and_socket(socket, target, user, password).await
        }
    };
    passed.map(Socks5Stream::into_inner).map_err(|err| {
        let words = err.to_string();
        match err {
            Error::Io(err) if is_end(&err) => ProxyFault::Closed.into(),
            Error::Io(err) => Trouble::Io(err),
            Error::NoAcceptableAuthMethods | Error::AuthorizationRequired if account.is_none() => {
                ProxyFault::WantsPassword.into()
            }
            Error::PasswordAuthFailure(_)
            | Error::NoAcceptableAuthMethods
            | Error::AuthorizationRequired => ProxyFault::BadPassword.into(),
            Error::ConnectionNotAllowedByRuleset => ProxyFault::Refused(words).into(),
            Error::GeneralSocksServerFailure
            | Error::NetworkUnreachable
            | Error::HostUnreachable
            | Error::ConnectionRefused
            | Error::TtlExpired => ProxyFault::NoWay(words).into(),
            Error::InvalidAuthValues(_) => ProxyFault::BadPassword.into(),
            _ => ProxyFault::NotAProxy(words).into(),
        }
    })
}

fn is_end(err: &io::Error) -> bool {
    matches!(
        err.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}

async fn connect(
    mut socket: TcpStream,
    account: Option<(&str, &str)>,
    host: &str,
    port: u16,
) -> Result<TcpStream, Trouble> {
    let place = if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
    if let Some((user, password)) = account {
        let both = STANDARD.encode(format!("{user}:{password}"));
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(&both);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    socket.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // Byte by byte: what follows the empty line is the broker's.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= ANSWER_MAX {
            return Err(ProxyFault::NotAProxy("it answered without an end".to_owned()).into());
        }
        match socket.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(err) if is_end(&err) && answer.is_empty() => return Err(ProxyFault::Closed.into()),
            Err(err) if is_end(&err) => return Err(not_http(&answer).into()),
            Err(err) => return Err(err.into()),
        }
        // Something else than HTTP may wait for an answer of ours.
        if answer.len() == 5 && answer != b"HTTP/" {
            return Err(not_http(&answer).into());
        }
    }
    let line = first_line(&answer);
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    match status {
        Some(200..=299_u16) => Ok(socket),
        Some(407) if account.is_none() => Err(ProxyFault::WantsPassword.into()),
        Some(407) => Err(ProxyFault::BadPassword.into()),
        Some(502..=504) => Err(ProxyFault::NoWay(line).into()),
        Some(_) => Err(ProxyFault::Refused(line).into()),
        None => Err(not_http(&answer).into()),
    }
}

fn first_line(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let line = text.lines().next().unwrap_or_default();
    line.chars()
        .filter(|sign| !sign.is_control())
        .take(120)
        .collect()
}

fn not_http(answer: &[u8]) -> ProxyFault {
    ProxyFault::NotAProxy(format!("it answered `{}`", first_line(answer)))
}
