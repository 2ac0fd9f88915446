//! Where a broker is: as typed in one line, and taken apart.

use super::{BUILT_IN_ADDRESS, LISTENER_SCHEME};
use std::fmt;
use std::sync::Arc;

/// How the bytes of MQTT travel over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    #[default]
    Mqtt,
    Mqtts,
    Ws,
    Wss,
}

impl Scheme {
    pub const ALL: [Self; 4] = [Self::Mqtt, Self::Mqtts, Self::Ws, Self::Wss];

    pub fn word(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Mqtts => "mqtts",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// Also by the names that other tools give it.
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "mqtt" | "tcp" => Self::Mqtt,
            "mqtts" | "ssl" | "tls" => Self::Mqtts,
            "ws" => Self::Ws,
            "wss" => Self::Wss,
            _ => return None,
        })
    }

    /// By TLS.
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::Mqtts | Self::Wss)
    }

    pub fn is_web_socket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// As registered with IANA; for WebSocket that of HTTP.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Mqtt => 1883,
            Self::Mqtts => 8883,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

const UNIX_SCHEME: &str = "unix://";

/// Where a broker is, or where devices come to when there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BrokerAddress {
    /// The broker inside Roundtrip, started on demand.
    BuiltIn,
    Tcp {
        scheme: Scheme,
        host: Arc<str>,
        port: u16,
        /// Of a WebSocket, with its query: `/mqtt`. Otherwise empty.
        path: Arc<str>,
    },
    /// A Unix domain socket.
    Unix { path: Arc<str> },
    /// No broker at all: Roundtrip itself listens here for devices that speak JSON over plain TCP.
    Listener {
        host: Arc<str>,
        /// 0: any free one.
        port: u16,
    },
}

impl BrokerAddress {
    /// Over TCP, as it is.
    pub fn mqtt(host: &str, port: u16) -> Self {
        Self::Tcp {
            scheme: Scheme::Mqtt,
            host: host.into(),
            port,
            path: "".into(),
        }
    }

    /// Reads `mqtt://host:port`, also with `mqtts`, `ws` and `wss`, `host:port`, `host`, `unix:///path`, `tcp-listen://127.0.0.1:port`
    /// or `built-in`. A user name in a URL is given back beside the address, percent-decoded, so that nothing typed is lost.
    pub fn parse(text: &str) -> Result<ParsedAddress, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err(
                "the broker address is empty; write one like mqtt://192.168.1.10:1883".to_owned(),
            );
        }
        if text == BUILT_IN_ADDRESS {
            return Ok(ParsedAddress {
                address: Self::BuiltIn,
                user_name: None,
                password: None,
            });
        }
        if let Some(place) = text.strip_prefix(LISTENER_SCHEME) {
            return listener(place).map(|address| ParsedAddress {
                address,
                user_name: None,
                password: None,
            });
        }
        if let Some(path) = text.strip_prefix(UNIX_SCHEME) {
            return unix(path).map(|address| ParsedAddress {
                address,
                user_name: None,
                password: None,
            });
        }
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("mqtt://{text}")
        };
        // What is said of it may be seen by others: without its password.
        let shown = masked(text);
        let url = url::Url::parse(&with_scheme).map_err(|err| {
            format!(
                "`{shown}` is no broker address: {err}; write one like mqtt://192.168.1.10:1883"
            )
        })?;
        let Some(scheme) = Scheme::parse(url.scheme()) else {
            return Err(format!(
                "`{}://` is no way to reach a broker; use mqtt, mqtts, ws or wss, as in mqtt://host:port",
                url.scheme()
            ));
        };
        let has_path = !matches!(url.path(), "" | "/") || url.query().is_some();
        if (has_path && !scheme.is_web_socket()) || url.fragment().is_some() {
            return Err(format!(
                "`{shown}` has a path; a broker address is just {}://host:port, and only ws and wss have one",
                scheme.word()
            ));
        }
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| {
                format!("`{shown}` names no host; write one like mqtt://192.168.1.10:1883")
            })?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if url.port() == Some(0) {
            return Err(
                "port 0 cannot be connected to; MQTT brokers usually listen on 1883".to_owned(),
            );
        }
        let decode = |part: &str| {
            percent_encoding::percent_decode_str(part)
                .decode_utf8_lossy()
                .into_owned()
        };
        let path = match url.query() {
            _ if !scheme.is_web_socket() => String::new(),
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(ParsedAddress {
            address: Self::Tcp {
                scheme,
                host: decode(host).into(),
                port: url.port().unwrap_or_else(|| scheme.default_port()),
                path: path.into(),
            },
            user_name: Some(url.username())
                .filter(|name| !name.is_empty())
                .map(decode),
            password: url.password().map(decode),
        })
    }
}

fn unix(path: &str) -> Result<BrokerAddress, String> {
    let example = "write it like unix:///run/mosquitto/mosquitto.sock";
    if !path.starts_with('/') {
        return Err(format!("`{path}` is no absolute path; {example}"));
    }
    if !cfg!(unix) {
        return Err("this system has no Unix domain sockets; use mqtt://host:port".to_owned());
    }
    Ok(BrokerAddress::Unix { path: path.into() })
}

/// Reads what follows `tcp-listen://`. Such a connection has no password and no encryption, so only this machine may reach it.
fn listener(place: &str) -> Result<BrokerAddress, String> {
    let example = "write it like tcp-listen://127.0.0.1:7001, or with port 0 for any free one";
    let place = place.strip_suffix('/').unwrap_or(place);
    if place.contains(['@', '/', '?', '#']) {
        return Err(format!(
            "where to listen is just a host and a port; {example}"
        ));
    }
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => rest.split_once("]:"),
        None => place.rsplit_once(':'),
    }
    .ok_or_else(|| format!("`{place}` names no port to listen on; {example}"))?;
    let port = port
        .parse()
        .map_err(|err| format!("`{port}` is no port, {err}; {example}"))?;
    if !is_loopback(host) {
        return Err(format!(
            "`{host}` is not this machine alone: plain TCP has no password and no encryption, so Roundtrip listens on loopback only; {example}"
        ));
    }
    Ok(BrokerAddress::Listener {
        host: host.into(),
        port,
    })
}

fn is_loopback(host: &str) -> bool {
    let mut parts = host.split('.').map(str::parse::<u8>);
    let is_v4 = parts.clone().count() == 4
        && parts.next() == Some(Ok(127))
        && parts.all(|part| part.is_ok());
    is_v4 || host == "localhost" || host == "::1"
}

/// An address as typed, what stands between `:` and `@` in its place covered.
fn masked(text: &str) -> String {
    let start = text.find("://").map_or(0, |scheme| scheme + 3);
    let (scheme, rest) = text.split_at_checked(start).unwrap_or(("", text));
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split_once(':').map_or(user, |(user, _)| user);
            format!("{scheme}{user}:•••@{host}")
        }
        None => text.to_owned(),
    }
}

/// What [`BrokerAddress::parse`] found.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedAddress {
    pub address: BrokerAddress,
    pub user_name: Option<String>,
    pub password: Option<String>,
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str(BUILT_IN_ADDRESS),
            Self::Tcp {
                scheme,
                host,
                port,
                path,
            } => {
                let scheme = scheme.word();
                let path = if &**path == "/" { "" } else { path };
                if host.contains(':') {
                    write!(f, "{scheme}://[{host}]:{port}{path}")
                } else {
                    write!(f, "{scheme}://{host}:{port}{path}")
                }
            }
            Self::Unix { path } => write!(f, "{UNIX_SCHEME}{path}"),
            Self::Listener { host, port } if host.contains(':') => {
                write!(f, "{LISTENER_SCHEME}[{host}]:{port}")
            }
            Self::Listener { host, port } => write!(f, "{LISTENER_SCHEME}{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> BrokerAddress {
        BrokerAddress::mqtt(host, port)
    }

    fn over(scheme: Scheme, host: &str, port: u16, path: &str) -> BrokerAddress {
        BrokerAddress::Tcp {
            scheme,
            host: host.into(),
            port,
            path: path.into(),
        }
    }

    #[test]
    fn addresses_are_read_in_the_usual_spellings() {
        for (text, want) in [
            ("mqtt://broker.local:1884", tcp("broker.local", 1884)),
            ("broker.local", tcp("broker.local", 1883)),
            (" 10.0.0.1:99 ", tcp("10.0.0.1", 99)),
            ("mqtt://[::1]:1883/", tcp("::1", 1883)),
            ("built-in", BrokerAddress::BuiltIn),
            ("mqtts://h", over(Scheme::Mqtts, "h", 8883, "")),
            ("ssl://h:1", over(Scheme::Mqtts, "h", 1, "")),
            ("ws://h/mqtt", over(Scheme::Ws, "h", 80, "/mqtt")),
            (
                "wss://h:8084/a/b?c=d",
                over(Scheme::Wss, "h", 8084, "/a/b?c=d"),
            ),
            ("wss://[::1]", over(Scheme::Wss, "::1", 443, "/")),
            (
                "unix:///run/m.sock",
                BrokerAddress::Unix {
                    path: "/run/m.sock".into(),
                },
            ),
        ] {
            assert_eq!(
                BrokerAddress::parse(text)
                    .unwrap_or_else(|err| panic!("{text}: {err}"))
                    .address,
                want
            );
        }
        let parsed =
            BrokerAddress::parse("mqtt://us%40er:p%3Aw@h").unwrap_or_else(|err| panic!("{err}"));
        assert_eq!(
            (parsed.user_name.as_deref(), parsed.password.as_deref()),
            (Some("us@er"), Some("p:w"))
        );
        assert_eq!(
            BrokerAddress::parse("mqtt://[::1]:5")
                .unwrap_or_else(|err| panic!("{err}"))
                .address
                .to_string(),
            "mqtt://[::1]:5"
        );
    }

    #[test]
    fn what_is_shown_is_read_again() {
        for text in [
            "mqtt://h:1883",
            "mqtts://h:8883",
            "ws://h:80/mqtt",
            "wss://[::1]:8084/a?b=c",
            "unix:///run/m.sock",
        ] {
            let parsed = BrokerAddress::parse(text).unwrap_or_else(|err| panic!("{text}: {err}"));
            assert_eq!(parsed.address.to_string(), text);
        }
    }

    #[test]
    fn a_place_to_listen_is_a_loopback_address_and_a_port() {
        for (text, host, port, shown) in [
            (
                "tcp-listen://127.0.0.1:0",
                "127.0.0.1",
                0,
                "tcp-listen://127.0.0.1:0",
            ),
            (
                " tcp-listen://127.9.0.1:7001/ ",
                "127.9.0.1",
                7001,
                "tcp-listen://127.9.0.1:7001",
            ),
            (
                "tcp-listen://localhost:7001",
                "localhost",
                7001,
                "tcp-listen://localhost:7001",
            ),
            (
                "tcp-listen://[::1]:7001",
                "::1",
                7001,
                "tcp-listen://[::1]:7001",
            ),
        ] {
            let parsed = BrokerAddress::parse(text).unwrap_or_else(|err| panic!("{text}: {err}"));
            let want = BrokerAddress::Listener {
                host: host.into(),
                port,
            };
            assert_eq!(parsed.address, want, "{text}");
            assert_eq!(parsed.address.to_string(), shown);
        }
        for (text, word) in [
            ("tcp-listen://0.0.0.0:7001", "loopback only"),
            ("tcp-listen://127.0.0.1.example.org:7001", "loopback only"),
            ("tcp-listen://127.0.0.256:7001", "loopback only"),
            ("tcp-listen://192.168.1.2:7001", "loopback only"),
            ("tcp-listen://127.0.0.1", "no port"),
            ("tcp-listen://127.0.0.1:70000", "no port"),
            ("tcp-listen://", "no port"),
            ("tcp-listen://u:p@127.0.0.1:1", "just a host and a port"),
            ("tcp-listen://127.0.0.1:1/x", "just a host and a port"),
        ] {
            let Err(err) = BrokerAddress::parse(text) else {
                panic!("{text}")
            };
            assert!(err.contains(word), "{text}: {err}");
        }
    }

    #[test]
    fn wrong_addresses_say_what_to_write_instead() {
        for (text, word) in [
            ("", "empty"),
            ("unix://m.sock", "absolute"),
            ("http://h", "no way"),
            ("mqtt://h:99999", "port"),
            ("mqtt://h:0", "port 0"),
            ("mqtt://h/x", "path"),
            ("mqtt://", "host"),
        ] {
            let Err(err) = BrokerAddress::parse(text) else {
                panic!("{text}")
            };
            assert!(err.contains(word), "{text}: {err}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said_without_its_password() {
        for text in [
            "mqtt://me:pa55@h/x?y",
            "mqtt://me:pa55@:x",
            "me:pa55@h/x",
            "mqtts://me:pa55@h/x",
        ] {
            let Err(err) = BrokerAddress::parse(text) else {
                panic!("{text}")
            };
            assert!(!err.contains("pa55"), "{err}");
        }
    }
}
