//! Why the way to the broker ended where it did: each step in its own words.

use super::failure::{Attempt, Fault};
use crate::model::connection::{CertificateInfo, TlsInfo};
use crate::model::profile::{Proxy, ProxyKind, SecretSlot};
use crate::mqtt::transport::{
    IdentityFault, ProxyFault, Step, StepFailure, Trouble, WebSocketFault,
};
use chrono::{DateTime, Local};
use std::io;
use std::sync::Arc;
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

/// A step failed.
pub fn step_failed(attempt: &Attempt<'_>, failure: &StepFailure, detail: String) -> Option<Fault> {
    let address = attempt.address();
    Some(match &failure.trouble {
        // Sockets have words of their own.
        Trouble::Io(_) if matches!(failure.step, Step::Resolve | Step::Connect) => return None,
        Trouble::Io(err) => Fault::again(
            format!(
                "the connection to {address} broke in the step {}: {err}",
                failure.step.word()
            ),
            "Is the network there, and is that the right port?",
            detail,
        ),
        Trouble::File { what, why } => Fault::again(
            format!("no connection to {address}, the file of the {what} was not read: {why}"),
            "Correct the file's name in the connection profile, or let this user read it",
            detail,
        )
        .for_good(),
        Trouble::BadAuthority { path, why } => Fault::again(
            format!("no connection to {address}, `{path}` does not say whom to trust: {why}"),
            "The file of authorities is PEM and has at least one -----BEGIN CERTIFICATE-----",
            detail,
        )
        .for_good(),
        Trouble::NoRoots => Fault::again(
            format!("no connection to {address}: nobody is trusted to vouch for it"),
            "Name a file of authorities in the connection profile, or trust those of the system; this system may have none (package ca-certificates)",
            detail,
        )
        .for_good(),
        Trouble::ServerName(name) => Fault::again(
            format!("no connection to {address}: `{name}` is no name that a certificate can hold"),
            "Type the broker's host name as the server name in the connection profile",
            detail,
        )
        .for_good(),
        Trouble::NoSecret(what) => Fault::again(
            format!("no connection to {address}: the {what} is not known"),
            "Connect again and type it",
            detail,
        )
        .for_good(),
        Trouble::Identity(fault) => identity(&address, fault, detail),
        Trouble::Tls { err, shown } => tls(attempt, err, shown.as_deref(), detail),
        Trouble::Proxy(fault) => proxy(attempt, fault, detail),
        Trouble::WebSocket(fault) => web_socket(attempt, fault, detail),
    })
}

/// What came instead of a CONNACK is TLS or HTTP.
pub fn other_protocol(attempt: &Attempt<'_>, detail: &str) -> Option<Fault> {
    let address = attempt.address();
    let (what, scheme) = match attempt.first.as_slice() {
        // An alert or a handshake record of any version (RFC 8446 §5.1).
        [0x15 | 0x16, 3, ..] => ("TLS", "mqtts:// or wss://"),
        [b'H', b'T', b'T', b'P', ..] => ("HTTP", "ws:// or wss://"),
        _ => return None,
    };
    let fault = Fault::again(
        format!("{address} answers with {what}, not with MQTT"),
        &format!("Use {scheme} in the address, or the port for plain MQTT, usually 1883"),
        detail.to_owned(),
    );
    Some(fault.for_good())
}

/// Until a step was done the attempt had no more time.
pub fn step_too_slow(attempt: &Attempt<'_>, step: Step, detail: String) -> Fault {
    let address = attempt.address();
    let secs = attempt.connect_timeout.as_secs();
    match step {
        Step::Proxy => Fault::again(
            format!(
                "the proxy {} did not reach {address} within {secs} s",
                attempt.tcp_address()
            ),
            "Does the proxy reach the broker, and is it a proxy of that kind?",
            detail,
        ),
        Step::Tls => Fault::again(
            format!("{address} took the connection but no TLS came about within {secs} s"),
            "Is that a port for TLS? A port for plain MQTT waits for more bytes; use mqtt:// or ws:// there",
            detail,
        ),
        Step::WebSocket => Fault::again(
            format!("{address} did not open a WebSocket within {secs} s"),
            "Is that a port for WebSocket? A port for plain MQTT or TLS does not answer; use mqtt://, mqtts:// or wss:// there",
            detail,
        ),
        Step::Resolve | Step::Connect => Fault::again(
            format!("no answer from {address} within {secs} s"),
            "",
            detail,
        ),
    }
}

fn identity(address: &str, fault: &IdentityFault, detail: String) -> Fault {
    let (what, hint) = match fault {
        IdentityFault::NoCertificate { path } => (
            format!("there is no certificate in `{path}`"),
            "The file is PEM with -----BEGIN CERTIFICATE-----, or PKCS#12",
        ),
        IdentityFault::NoKey { path } => (
            format!("there is no private key in `{path}`"),
            "Name the file of the key: PEM with PKCS#8, PKCS#1 or SEC1; a PKCS#12 file holds both",
        ),
        IdentityFault::PassphraseMissing { path } => (
            format!("the key in `{path}` is encrypted, and there is no passphrase"),
            "Say in the connection profile that the key has a passphrase, and type it",
        ),
        IdentityFault::PassphraseWrong { path } => (
            format!("the passphrase does not open the key in `{path}`"),
            "Type the passphrase again; nothing was sent to the broker",
        ),
        IdentityFault::OldEncryption { path } => (
            format!(
                "the key in `{path}` is encrypted in OpenSSL's old way, which protects it too badly to be read"
            ),
            "Convert it: openssl pkcs8 -topk8 -in OLD -out NEW",
        ),
        IdentityFault::Unreadable { path, why } => (
            format!("`{path}` is damaged, or of a kind that is not known: {why}"),
            "Certificates and keys are PEM, or both in one PKCS#12 file",
        ),
        IdentityFault::BadCertificate { path, why } => (
            format!("the certificate in `{path}` cannot be used: {why}"),
            "TLS wants X.509 version 3; openssl x509 -req writes it with -extfile",
        ),
        IdentityFault::Unfit { path, why } => (
            format!("the key in `{path}` does not fit the client certificate: {why}"),
            "Name the key that the certificate was made for",
        ),
    };
    let is_wrong = matches!(fault, IdentityFault::PassphraseWrong { .. });
    Fault::again(format!("no connection to {address}: {what}"), hint, detail)
        .for_good()
        .doubting(is_wrong.then_some(SecretSlot::KeyPassphrase))
}

fn proxy(attempt: &Attempt<'_>, fault: &ProxyFault, detail: String) -> Fault {
    let address = attempt.address();
    let proxy = attempt.tcp_address();
    match fault {
        ProxyFault::WantsPassword => Fault::again(
            format!("the proxy {proxy} wants a user name and a password"),
            "Type both at the proxy in the connection profile",
            detail,
        )
        .for_good(),
        ProxyFault::BadPassword => Fault::again(
            format!("the proxy {proxy} does not take the user name and its password"),
            "Check both at the proxy in the connection profile; the broker was not asked yet",
            detail,
        )
        .for_good()
        .doubting([SecretSlot::ProxyPassword]),
        ProxyFault::Refused(said) => Fault::again(
            format!("the proxy {proxy} does not allow a connection to {address}: {said}"),
            "Proxies often allow port 443 alone: try wss://, or ask who runs it",
            detail,
        )
        .for_good(),
        ProxyFault::NoWay(said) => Fault::again(
            format!("the proxy {proxy} cannot reach {address}: {said}"),
            "The proxy looks the broker's name up: does it know it, and is the broker running?",
            detail,
        ),
        ProxyFault::Closed => Fault::again(
            format!("the proxy {proxy} closed the connection without an answer"),
            &format!(
                "Is that a proxy for {}?",
                kind(attempt.profile.proxy.as_ref())
            ),
            detail,
        ),
        ProxyFault::NotAProxy(said) => Fault::again(
            format!("{proxy} is no proxy of that kind: {said}"),
            &format!(
                "The connection profile says {}",
                kind(attempt.profile.proxy.as_ref())
            ),
            detail,
        )
        .for_good(),
    }
}

fn kind(proxy: Option<&Proxy>) -> &'static str {
    match proxy.map(|proxy| proxy.kind) {
        Some(ProxyKind::Socks5) => "SOCKS5",
        Some(ProxyKind::Http) | None => "HTTP CONNECT",
    }
}

fn web_socket(attempt: &Attempt<'_>, fault: &WebSocketFault, detail: String) -> Fault {
    let address = attempt.address();
    let path = attempt.path();
    match fault {
        WebSocketFault::BadRequest(why) => Fault::again(
            format!("no WebSocket to {address}: the request cannot be written: {why}"),
            "Look at the path and the headers in the connection profile",
            detail,
        )
        .for_good(),
        WebSocketFault::Status { code, location } => {
            let fault = status(&address, path, *code, location.as_deref(), detail);
            let headers = attempt.profile.web_socket.iter().flat_map(|it| &it.headers);
            let secret = headers.filter(|header| header.value.is_none());
            let slots = secret.map(|header| SecretSlot::Header(header.name.to_string()));
            fault.doubting(slots.filter(|_| matches!(code, 401 | 403)))
        }
        WebSocketFault::Subprotocol(why) => Fault::again(
            format!("{address} speaks WebSocket at `{path}`, but not MQTT over it: {why}"),
            "Brokers have a path of their own, often /mqtt; the subprotocol is `mqtt`, of very old brokers `mqttv3.1`",
            detail,
        )
        .for_good(),
        WebSocketFault::Closed => Fault::again(
            format!("{address} closed the connection instead of opening a WebSocket"),
            "Is that a port for WebSocket? For one without it use mqtt:// or mqtts://, for an encrypted one wss://",
            detail,
        ),
        WebSocketFault::NotHttp(why) => Fault::again(
            format!("{address} did not answer as a WebSocket does: {why}"),
            "Is that a port for WebSocket? For one without it use mqtt:// or mqtts://, for an encrypted one wss://",
            detail,
        ),
    }
}

fn status(address: &str, path: &str, code: u16, location: Option<&str>, detail: String) -> Fault {
    let place = format!("{address} at `{path}`");
    let summary = match code {
        401 | 403 => format!("{place} does not let this client open a WebSocket: HTTP {code}"),
        404 | 410 => format!("{place} has no WebSocket: HTTP {code}"),
        301..=308 => format!("{place} sends this client elsewhere: HTTP {code}"),
        500..=599 => format!("{place} cannot open a WebSocket now: HTTP {code}"),
        _ => format!("{place} opens no WebSocket: HTTP {code}"),
    };
    let hint = match (code, location) {
        (401 | 403, _) => {
            "It may want a header such as Authorization; add it at WebSocket in the connection profile".to_owned()
        }
        (301..=308, Some(location)) => format!("It names {location}; use that as the address with ws:// or wss://"),
        (500..=599, _) => "The broker behind it may be down; its log may say more".to_owned(),
        _ => "Is the path right? Most brokers use /mqtt, some / or /ws".to_owned(),
    };
    let fault = Fault::again(summary, &hint, detail);
    if (500..=599).contains(&code) {
        fault
    } else {
        fault.for_good()
    }
}

/// What rustls said, wherever it is wrapped.
pub fn rustls_error(err: &io::Error) -> Option<&Error> {
    err.get_ref()?.downcast_ref()
}

fn tls(attempt: &Attempt<'_>, err: &io::Error, shown: Option<&TlsInfo>, detail: String) -> Fault {
    let address = attempt.address();
    let plain = if attempt.profile.web_socket.is_some() {
        "ws://"
    } else {
        "mqtt://"
    };
    let Some(cause) = rustls_error(err) else {
        // Mosquitto closes at the first byte that is no CONNECT.
        return Fault::again(
            format!("{address} closed the connection in the TLS handshake: {err}"),
            &format!(
                "A port for plain MQTT does so: try {plain} there, or the port for TLS, usually 8883"
            ),
            detail,
        );
    };
    match cause {
        Error::InvalidCertificate(why) => certificate(attempt, why, shown, detail),
        Error::InvalidMessage(_) => Fault::again(
            format!("{address} does not answer with TLS"),
            &format!("That port is not for TLS: try {plain} there, or the port for TLS, usually 8883"),
            detail,
        )
        .for_good(),
        Error::AlertReceived(alert) => alert_received(attempt, *alert, detail)
            .unwrap_or_else(|| other_tls(&address, cause)),
        Error::PeerIncompatible(why) => Fault::again(
            format!("{address} and this client have no TLS in common: {why:?}"),
            "The connection profile allows certain versions of TLS; the broker may speak older ones alone, such as 1.1",
            detail,
        )
        .for_good(),
        Error::NoApplicationProtocol => no_alpn(&address, detail),
        _ => other_tls(&address, cause),
    }
}

fn other_tls(address: &str, cause: &Error) -> Fault {
    Fault::again(
        format!("the TLS handshake with {address} failed: {cause}"),
        "The broker's log may say more",
        cause.to_string(),
    )
}

fn no_alpn(address: &str, detail: String) -> Fault {
    Fault::again(
        format!("{address} takes none of the ALPN protocols that were offered"),
        "Correct ALPN in the connection profile, or leave it empty; AWS IoT wants x-amzn-mqtt-ca on port 443",
        detail,
    )
    .for_good()
}

/// The broker ended TLS: in the handshake, or, with TLS 1.3 and a client certificate, right after it.
pub fn alert_received(
    attempt: &Attempt<'_>,
    alert: AlertDescription,
    detail: String,
) -> Option<Fault> {
    let address = attempt.address();
    let tls = attempt.profile.tls.as_ref()?;
    let has_certificate = tls.identity.is_some();
    let wants = |detail| {
        Fault::again(
            format!("{address} wants a client certificate"),
            "Name a certificate and its key at TLS in the connection profile",
            detail,
        )
        .for_good()
    };
    let refused = |why: &str, detail| {
        Fault::again(
            format!("{address} refused the client certificate: {why}"),
            "Is it made by the authority that the broker trusts, and is it still valid? The broker's log may say more",
            detail,
        )
        .for_good()
    };
    Some(match alert {
        AlertDescription::CertificateRequired => wants(detail),
        AlertDescription::HandshakeFailure if !has_certificate => Fault::again(
            format!("{address} ended the TLS handshake"),
            "It may want a client certificate, or a version of TLS or a cipher suite that is not offered; its log may say more",
            detail,
        )
        .for_good(),
        AlertDescription::UnknownCA if has_certificate => {
            refused("it does not know the authority that made it", detail)
        }
        AlertDescription::CertificateExpired if has_certificate => refused("it has expired", detail),
        AlertDescription::CertificateRevoked if has_certificate => {
            refused("it has been revoked", detail)
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError
        | AlertDescription::HandshakeFailure
            if has_certificate =>
        {
            refused(&format!("{alert:?}"), detail)
        }
        AlertDescription::ProtocolVersion => Fault::again(
            format!("{address} speaks no version of TLS that the connection profile allows"),
            &format!(
                "Allowed are {} to {}; the broker may speak another one",
                tls.least_version.word(),
                tls.most_version.word()
            ),
            detail,
        )
        .for_good(),
        AlertDescription::UnrecognisedName => Fault::again(
            format!("{address} knows no broker of the name that was sent (SNI)"),
            "Set the server name at TLS in the connection profile",
            detail,
        )
        .for_good(),
        AlertDescription::NoApplicationProtocol => no_alpn(&address, detail),
        _ => return None,
    })
}

fn certificate(
    attempt: &Attempt<'_>,
    why: &CertificateError,
    shown: Option<&TlsInfo>,
    detail: String,
) -> Fault {
    let address = attempt.address();
    let own = shown.and_then(|shown| shown.chain.first());
    let (what, hint) = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            match own {
                Some(own) => format!("has expired on {}", day(own.not_after)),
                None => "has expired".to_owned(),
            },
            "Ask who runs the broker for a new one; is this machine's clock right?".to_owned(),
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            match own {
                Some(own) => format!("is valid from {} on", day(own.not_before)),
                None => "is not valid yet".to_owned(),
            },
            "Is this machine's clock right?".to_owned(),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let wanted = shown.map_or("", |shown| &shown.server_name);
            (
                format!("is not for `{wanted}`{}", for_whom(own)),
                "Use the name of the certificate in the address, or set it as the server name at TLS in the connection profile".to_owned(),
            )
        }
        CertificateError::UnknownIssuer => (
            match own {
                Some(own) if own.subject == own.issuer => {
                    "is signed by itself, and is not trusted".to_owned()
                }
                Some(own) => format!("was made by an authority that is not trusted: {}", own.issuer),
                None => "was made by an authority that is not trusted".to_owned(),
            },
            "Name the file of that authority (CA) at TLS in the connection profile".to_owned(),
        ),
        CertificateError::BadSignature => (
            format!(
                "is not signed by the authority that is trusted under that name: {}",
                own.map_or("", |own| &own.issuer)
            ),
            "The authority may have a new key: name the file of its present certificate at TLS in the connection profile".to_owned(),
        ),
        CertificateError::Revoked => (
            "has been revoked".to_owned(),
            "Ask who runs the broker for a new one".to_owned(),
        ),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => (
            "is not meant for servers".to_owned(),
            "The broker needs a certificate for server authentication".to_owned(),
        ),
        other => (
            format!("cannot be trusted: {other}"),
            "A broker's certificate is X.509 version 3, is not that of the authority itself, and names the host in its Subject Alternative Name".to_owned(),
        ),
    };
    Fault::again(
        format!("the certificate of {address} {what}"),
        &hint,
        detail,
    )
    .for_good()
}

fn day(secs: i64) -> String {
    let at = DateTime::from_timestamp(secs, 0).unwrap_or_default();
    at.with_timezone(&Local)
        .format("%Y-%m-%d %H:%M")
        .to_string()
}

fn for_whom(own: Option<&CertificateInfo>) -> String {
    let names: Vec<&str> = own
        .iter()
        .flat_map(|own| &own.names)
        .map(Arc::as_ref)
        .take(5)
        .collect();
    if names.is_empty() {
        ", it holds no name".to_owned()
    } else {
        format!(", but for {}", names.join(", "))
    }
}
