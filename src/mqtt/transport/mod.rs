//! The way to the broker, from a profile to a connected stream of bytes, step by step.
//!
//! Every step has a name and a time, and fails in its own way: whoever wants to show them passes an observer,
//! and `words` makes a sentence of what failed. What a step needs is in the profile; secrets come
//! beside it, and files are read by whoever may.

mod certificate;
mod identity;
mod proxy;
mod socket;
mod tls;
mod web_socket;

pub use identity::IdentityFault;
pub use proxy::ProxyFault;
pub use socket::acknowledge_at_once;
pub use web_socket::WebSocketFault;

use super::client::ClientOptions;
use crate::model::connection::TlsInfo;
use crate::model::profile::BrokerAddress;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Reads a file that a profile names; on a thread that may wait. The error is in words.
pub type FileReader = Arc<dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync>;

/// A stretch of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// From a name to addresses.
    Resolve,
    /// A TCP connection, or one to a Unix domain socket.
    Connect,
    Proxy,
    Tls,
    WebSocket,
}

impl Step {
    pub const ALL: [Self; 5] = [
        Self::Resolve,
        Self::Connect,
        Self::Proxy,
        Self::Tls,
        Self::WebSocket,
    ];

    /// Its name, for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Resolve => "name resolution",
            Self::Connect => "TCP",
            Self::Proxy => "proxy",
            Self::Tls => "TLS",
            Self::WebSocket => "WebSocket",
        }
    }
}

/// What an observer is told, in order.
#[derive(Clone, Debug)]
pub enum Told {
    Begun(Step),
    Done {
        step: Step,
        took: Duration,
        /// What came out of it, for people: the addresses, the version of TLS …
        found: String,
    },
    /// The end of the TCP connection that is here.
    From(SocketAddr),
    /// The certificates that the broker showed, also where they were refused afterwards.
    Shown(Arc<TlsInfo>),
}

pub type Observer<'a> = dyn FnMut(Told) + Send + 'a;

/// Where the way ended, and why.
#[derive(Debug)]
pub struct StepFailure {
    pub step: Step,
    pub trouble: Trouble,
}

#[derive(Debug)]
pub enum Trouble {
    Io(io::Error),
    /// A file that the profile names.
    File {
        what: &'static str,
        why: String,
    },
    Identity(IdentityFault),
    /// Nobody is trusted who could vouch for the broker.
    NoRoots,
    /// What is in the file is no certificate of an authority.
    BadAuthority {
        path: Arc<str>,
        why: String,
    },
    ServerName(Arc<str>),
    /// With what the broker had shown until then.
    Tls {
        err: io::Error,
        shown: Option<Arc<TlsInfo>>,
    },
    Proxy(ProxyFault),
    WebSocket(WebSocketFault),
    /// A secret that was not handed over.
    NoSecret(String),
}

impl StepFailure {
    /// The certificates that were refused.
    pub fn shown(&self) -> Option<&Arc<TlsInfo>> {
        match &self.trouble {
            Trouble::Tls { shown, .. } => shown.as_ref(),
            _ => None,
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(err: io::Error) -> Self {
        Self::Io(err)
    }
}

impl fmt::Display for StepFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.step.word())?;
        match &self.trouble {
            Trouble::Io(err) => err.fmt(f),
            Trouble::File { what, why } => write!(f, "{what}: {why}"),
            Trouble::Identity(fault) => write!(f, "{fault:?}"),
            Trouble::NoRoots => f.write_str("no authorities"),
            Trouble::BadAuthority { path, why } => write!(f, "{path}: {why}"),
            Trouble::ServerName(name) => write!(f, "server name {name}"),
            Trouble::Tls { err, .. } => err.fmt(f),
            Trouble::Proxy(fault) => write!(f, "{fault:?}"),
            Trouble::WebSocket(fault) => write!(f, "{fault:?}"),
            Trouble::NoSecret(what) => write!(f, "no {what}"),
        }
    }
}

impl std::error::Error for StepFailure {}

/// Bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Duplex for S {}

/// Connected: MQTT can begin.
pub enum Stream {
    /// Plain TCP is told apart because it can be written to without a task in between.
    Tcp(TcpStream),
    Other(Box<dyn Duplex>),
}

pub struct Connected {
    pub stream: Stream,
    pub tls: Option<Arc<TlsInfo>>,
}

/// Tells the observer of one step after the other.
struct Walk<'a, 'b>(&'a mut Observer<'b>);

impl Walk<'_, '_> {
    async fn step<T>(
        &mut self,
        step: Step,
        work: impl Future<Output = Result<T, Trouble>>,
        found: impl FnOnce(&T) -> String,
    ) -> Result<T, StepFailure> {
        (self.0)(Told::Begun(step));
        let began = Instant::now();
        let result = work
            .await
            .map_err(|trouble| StepFailure { step, trouble })?;
        (self.0)(Told::Done {
            step,
            took: began.elapsed(),
            found: found(&result),
        });
        Ok(result)
    }

    async fn tcp(&mut self, host: &str, port: u16) -> Result<TcpStream, StepFailure> {
        let resolve = async { Ok(socket::resolve(host, port).await?) };
        let addresses = self
            .step(Step::Resolve, resolve, |found| {
                let all: Vec<String> = found.iter().map(|one| one.ip().to_string()).collect();
                all.join(", ")
            })
            .await?;
        let connect = async { Ok(socket::connect(addresses).await?) };
        let tcp = self
            .step(Step::Connect, connect, |tcp| {
                tcp.peer_addr()
                    .map(|peer| peer.to_string())
                    .unwrap_or_default()
            })
            .await?;
        if let Ok(own) = tcp.local_addr() {
            (self.0)(Told::From(own));
        }
        Ok(tcp)
    }
}

/// Goes the whole way. Gives up by itself only where a step fails: how long it may take is up to the caller.
pub async fn connect(
    options: &ClientOptions,
    observer: &mut Observer<'_>,
) -> Result<Connected, StepFailure> {
    let profile = &options.profile;
    let mut walk = Walk(observer);
    let (host, port, path) = match &profile.address {
        BrokerAddress::Tcp {
            host, port, path, ..
        } => (host, *port, path),
        BrokerAddress::Unix { path } => return unix(&mut walk, path).await,
        BrokerAddress::BuiltIn | BrokerAddress::Listener { .. } => {
            // The session room resolves the one, and does not come here with the other.
            return Err(StepFailure {
                step: Step::Resolve,
                trouble: io::Error::from(io::ErrorKind::AddrNotAvailable).into(),
            });
        }
    };
    let tcp = match &profile.proxy {
        None => walk.tcp(host, port).await?,
        Some(proxy) => {
            let tcp = walk.tcp(&proxy.host, proxy.port).await?;
            let pass = proxy::pass(tcp, proxy, &options.secrets, host, port);
            walk.step(Step::Proxy, pass, |_| format!("{host}:{port}"))
                .await?
        }
    };
    if profile.tls.is_none() && profile.web_socket.is_none() {
        let stream = Stream::Tcp(tcp);
        return Ok(Connected { stream, tls: None });
    }
    if let Err(err) = tcp.set_nodelay(true) {
        log::debug!("TCP_NODELAY: {err}");
    }
    let mut stream: Box<dyn Duplex> = Box::new(socket::Prompt::new(tcp));
    let mut shown = None;
    if let Some(settings) = &profile.tls {
        let shake = tls::shake(stream, settings, host, options);
        let done = walk
            .step(Step::Tls, shake, |(_, info)| info.to_string())
            .await;
        let info = match &done {
            Ok((_, info)) => Some(info),
            Err(failure) => failure.shown(),
        };
        if let Some(info) = info {
            (walk.0)(Told::Shown(Arc::clone(info)));
        }
        let (encrypted, info) = done?;
        stream = encrypted;
        shown = Some(info);
    }
    if let Some(settings) = &profile.web_socket {
        let place = web_socket::Place {
            host,
            port,
            path,
            is_encrypted: shown.is_some(),
        };
        let open = web_socket::open(stream, settings, &place, &options.secrets);
        let found = |_: &_| settings.subprotocol.to_string();
        stream = walk.step(Step::WebSocket, open, found).await?;
    }
    Ok(Connected {
        stream: Stream::Other(stream),
        tls: shown,
    })
}

#[cfg(unix)]
async fn unix(walk: &mut Walk<'_, '_>, path: &str) -> Result<Connected, StepFailure> {
    let connect = async { Ok(tokio::net::UnixStream::connect(path).await?) };
    let found = |_: &_| path.to_owned();
    let socket = walk.step(Step::Connect, connect, found).await?;
    Ok(Connected {
        stream: Stream::Other(Box::new(socket)),
        tls: None,
    })
}

#[cfg(not(unix))]
async fn unix(walk: &mut Walk<'_, '_>, path: &str) -> Result<Connected, StepFailure> {
    let missing = async { Err(io::Error::from(io::ErrorKind::Unsupported).into()) };
    let found = |_: &_| path.to_owned();
    walk.step(Step::Connect, missing, found).await
}
