//! Every failure has a sentence of its own, and `docs/connections.md` lists them all.

use crate::certs::{Authority, openssl};
use crate::common::{Mosquitto, free_port};
use crate::servers::{
    Manner, Proxy, http, http_proxy, old_broker, serve, silent, socks_proxy, web_bridge,
};
use crate::{Try, draft, secrets, trusting};
use roundtrip::broker::Broker;
use roundtrip::model::profile::{
    AuthenticationDraft, MqttVersion, ProfileDraft, ProxyDraft, SCRAM_SHA_256, SecretSlot, TlsDraft,
};
use roundtrip::model::secret::Secrets;
use std::io::{Read as _, Write as _};

const DOC: &str = include_str!("../../docs/connections.md");

/// What fails, and what is said: the rows of the table.
fn documented() -> Vec<(&'static str, &'static str)> {
    let rows = DOC
        .lines()
        .skip_while(|line| !line.starts_with("| What is wrong |"));
    rows.skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
            (cells.next().unwrap(), cells.next().unwrap())
        })
        .collect()
}

/// `…` in the documentation stands for what differs.
fn fits(pattern: &str, said: &str) -> bool {
    let pieces: Vec<&str> = pattern.split('…').collect();
    let mut rest = said;
    for (index, piece) in pieces.iter().enumerate() {
        let found = rest.find(piece);
        match found {
            Some(0) => rest = &rest[piece.len()..],
            Some(start) if index > 0 => rest = &rest[start + piece.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || pattern.ends_with('…')
}

#[track_caller]
fn check(what: &str, is_final: bool, draft: &ProfileDraft, secrets: Secrets) {
    let (problem, was_final) = Try::start(draft, secrets).problem();
    let rows = documented();
    let (_, pattern) = rows
        .iter()
        .find(|(row, _)| *row == what)
        .unwrap_or_else(|| panic!("`{what}` is not in docs/connections.md: {problem:?}"));
    assert!(fits(pattern, &problem.summary), "{what}: {problem:?}");
    assert!(!problem.hint.is_empty(), "{what}: {problem:?}");
    assert_eq!(was_final, is_final, "{what}: {problem:?}");
}

#[test]
fn every_row_of_the_table_is_tested() {
    let rows = documented();
    assert!(rows.len() > 30, "{}", rows.len());
    let tests = include_str!("failures.rs");
    for (what, _) in rows {
        assert!(
            tests.contains(&format!("\"{what}\"")),
            "`{what}` is in docs/connections.md and has no test"
        );
    }
    assert!(fits("a … b …", "a 1 b c") && !fits("a … b", "a b c") && !fits("b", "a b"));
}

fn none() -> Secrets {
    Secrets::default()
}

#[test]
fn names_and_ports() {
    check(
        "unknown name",
        false,
        &draft("mqtt://no-such-host.invalid"),
        none(),
    );
    let address = format!("mqtt://127.0.0.1:{}", free_port());
    check("nobody listens", false, &draft(&address), none());
    let path = tempfile::tempdir().unwrap().path().join("gone.sock");
    let address = format!("unix://{}", path.display());
    check("no Unix socket", false, &draft(&address), none());
}

#[test]
fn the_wrong_kind_of_port() {
    let authority = Authority::new();
    let plain = Mosquitto::start("");
    let encrypted = Mosquitto::start(&authority.broker().config(&authority));
    let address = format!("mqtts://localhost:{}", plain.port());
    check(
        "TLS to a plain port",
        false,
        &trusting(&address, &authority),
        none(),
    );
    let port = serve("greets", |mut stream| {
        stream.write_all(b"220 mail.example ESMTP\r\n").ok();
        let mut sink = [0; 1024];
        while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
    });
    let address = format!("mqtts://localhost:{port}");
    check(
        "TLS to something else",
        true,
        &trusting(&address, &authority),
        none(),
    );
    let address = format!("mqtt://localhost:{}", encrypted.port());
    // Mosquitto resets the connection before its alert is read.
    check("plain to a TLS port", false, &draft(&address), none());
    let port_of_tls = serve("TLS", |mut stream| {
        // A fatal alert: unexpected message.
        stream.write_all(&[0x15, 3, 3, 0, 2, 2, 10]).ok();
        let mut sink = [0; 1024];
        while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
    });
    let address = format!("mqtt://127.0.0.1:{port_of_tls}");
    check(
        "plain to a port that answers with TLS",
        true,
        &draft(&address),
        none(),
    );
    let port = http("HTTP/1.1 400 Bad Request\r\n\r\n");
    let port_of_web = serve("http at once", |mut stream| {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").ok();
        let mut sink = [0; 1024];
        while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
    });
    let address = format!("mqtt://127.0.0.1:{port_of_web}");
    check("plain to a WebSocket port", true, &draft(&address), none());
    let address = format!("ws://127.0.0.1:{port}/mqtt");
    check("WebSocket: another status", true, &draft(&address), none());
    let address = format!("ws://127.0.0.1:{}/mqtt", plain.port());
    check("WebSocket to a plain port", false, &draft(&address), none());
}

#[test]
fn certificates_that_are_not_trusted() {
    let authority = Authority::new();
    let other = Authority::named("Another authority");
    let broker = Mosquitto::start(&authority.broker().config(&authority));
    let address = format!("mqtts://localhost:{}", broker.port());
    check(
        "authority with another key",
        true,
        &trusting(&address, &Authority::new()),
        none(),
    );
    check(
        "unknown authority",
        true,
        &trusting(&address, &other),
        none(),
    );
    let mut nobody = draft(&address);
    nobody.tls = Some(TlsDraft {
        system_roots: false,
        ..TlsDraft::default()
    });
    check("nobody is trusted", true, &nobody, none());
    let far = Mosquitto::start(
        &authority
            .sign("far", &["broker.example"], |_| {})
            .config(&authority),
    );
    let address = format!("mqtts://localhost:{}", far.port());
    check(
        "another name in the certificate",
        true,
        &trusting(&address, &authority),
        none(),
    );
    let old = Mosquitto::start(&authority.expired().config(&authority));
    let address = format!("mqtts://localhost:{}", old.port());
    check(
        "expired certificate",
        true,
        &trusting(&address, &authority),
        none(),
    );
    let mut missing = trusting(&address, &authority);
    missing.tls.as_mut().unwrap().ca_file = "/nowhere/ca.pem".to_owned();
    check("file missing", true, &missing, none());
    let mut empty = trusting(&address, &authority);
    let file = authority.folder().join("empty.pem");
    std::fs::write(&file, "nothing").unwrap();
    empty.tls.as_mut().unwrap().ca_file = file.display().to_string();
    check("no authority in the file", true, &empty, none());
}

#[expect(clippy::too_many_lines, reason = "one failure after the other")]
#[test]
fn certificates_of_the_client() {
    let authority = Authority::new();
    let other = Authority::new();
    let pair = authority.broker();
    let broker = Mosquitto::start(&format!(
        "{}require_certificate true\n",
        pair.config(&authority)
    ));
    let address = format!("mqtts://localhost:{}", broker.port());
    check(
        "client certificate wanted",
        true,
        &trusting(&address, &authority),
        none(),
    );
    let with = |certificate: &str, key: &str, has_passphrase: bool| {
        let mut draft = trusting(&address, &authority);
        let tls = draft.tls.as_mut().unwrap();
        tls.certificate_file = certificate.to_owned();
        tls.key_file = key.to_owned();
        tls.key_passphrase_wanted = has_passphrase;
        draft
    };
    let shown = |path: &std::path::Path| path.display().to_string();
    let stranger = other.client("stranger");
    check(
        "client certificate refused",
        true,
        &with(&shown(&stranger.certificate), &shown(&stranger.key), false),
        none(),
    );
    let ann = authority.client("ann");
    let (certificate, key) = (shown(&ann.certificate), shown(&ann.key));
    check(
        "key of another certificate",
        true,
        &with(&certificate, &shown(&stranger.key), false),
        none(),
    );
    check(
        "no key in the file",
        true,
        &with(&certificate, &certificate, false),
        none(),
    );
    check(
        "no certificate in the file",
        true,
        &with(&key, &key, false),
        none(),
    );
    let encrypted = shown(&authority.folder().join("encrypted.pem"));
    if !openssl(&[
        "pkcs8",
        "-topk8",
        "-in",
        &key,
        "-passout",
        "pass:sesame",
        "-out",
        &encrypted,
    ]) {
        return;
    }
    check(
        "wrong passphrase",
        true,
        &with(&certificate, &encrypted, true),
        secrets([(SecretSlot::KeyPassphrase, "wrong")]),
    );
    check(
        "passphrase missing",
        true,
        &with(&certificate, &encrypted, false),
        none(),
    );
    let old = shown(&authority.folder().join("old.pem"));
    openssl(&[
        "ec",
        "-in",
        &key,
        "-aes256",
        "-passout",
        "pass:sesame",
        "-out",
        &old,
    ]);
    check(
        "key in OpenSSL's old encryption",
        true,
        &with(&certificate, &old, true),
        secrets([(SecretSlot::KeyPassphrase, "sesame")]),
    );
    let (request, first_version) = (
        shown(&authority.folder().join("v1.csr")),
        shown(&authority.folder().join("v1.crt")),
    );
    openssl(&[
        "req", "-new", "-key", &key, "-subj", "/CN=ann", "-out", &request,
    ]);
    openssl(&[
        "x509",
        "-req",
        "-in",
        &request,
        "-signkey",
        &key,
        "-days",
        "2",
        "-out",
        &first_version,
    ]);
    check(
        "client certificate of an old kind",
        true,
        &with(&first_version, &key, false),
        none(),
    );
    let archive = shown(&authority.folder().join("ann.p12"));
    openssl(&[
        "pkcs12",
        "-export",
        "-in",
        &certificate,
        "-inkey",
        &key,
        "-passout",
        "pass:sesame",
        "-out",
        &archive,
    ]);
    check(
        "wrong passphrase",
        true,
        &with(&archive, "", true),
        secrets([(SecretSlot::KeyPassphrase, "wrong")]),
    );
}

fn scripted_web(answer: &'static str) -> ProfileDraft {
    draft(&format!("ws://127.0.0.1:{}/wrong", http(answer)))
}

#[test]
fn web_sockets_that_are_not_opened() {
    for (what, is_final, answer) in [
        (
            "WebSocket: no such path",
            true,
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "WebSocket: not let in",
            true,
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "WebSocket: elsewhere",
            true,
            "HTTP/1.1 301 Moved\r\nLocation: https://h/mqtt\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "WebSocket: not now",
            false,
            "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n",
        ),
    ] {
        check(what, is_final, &scripted_web(answer), none());
    }
    let mut other = draft(&format!(
        "ws://127.0.0.1:{}/mqtt",
        web_bridge(1, None, None)
    ));
    other.web_socket = Some(roundtrip::model::profile::WebSocketDraft {
        subprotocol: "soap".to_owned(),
        headers: Vec::new(),
    });
    check("WebSocket: subprotocol refused", true, &other, none());
}

fn through(kind: &str, port: u16, address: &str, user: &str) -> ProfileDraft {
    ProfileDraft {
        proxy: Some(ProxyDraft {
            address: format!("{kind}://127.0.0.1:{port}"),
            user_name: user.to_owned(),
            password_wanted: !user.is_empty(),
        }),
        ..draft(address)
    }
}

type Make = fn(Manner) -> Proxy;

#[test]
fn proxies_that_do_not_help() {
    let broker = Mosquitto::start("");
    let (url, nobody) = (broker.url(), format!("mqtt://127.0.0.1:{}", free_port()));
    let every: [(&str, Make); 2] = [("socks5", socks_proxy), ("http", http_proxy)];
    for (kind, make) in every {
        let strict = make(Manner::Password).port;
        check(
            "proxy wants a password",
            true,
            &through(kind, strict, &url, ""),
            none(),
        );
        check(
            "wrong password for the proxy",
            true,
            &through(kind, strict, &url, "ann"),
            secrets([(SecretSlot::ProxyPassword, "wrong")]),
        );
        let forbids = make(Manner::Forbids).port;
        check(
            "proxy forbids it",
            true,
            &through(kind, forbids, &url, ""),
            none(),
        );
        let open = make(Manner::Open).port;
        check(
            "proxy cannot reach the broker",
            false,
            &through(kind, open, &nobody, ""),
            none(),
        );
        check(
            "nobody listens",
            false,
            &through(kind, free_port(), &url, ""),
            none(),
        );
        let greeter = serve("greets", |mut stream| {
            stream.write_all(b"220 mail.example ESMTP\r\n\r\n").ok();
            let mut sink = [0; 1024];
            while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
        });
        check("no proxy", true, &through(kind, greeter, &url, ""), none());
        let closes = serve("closes", |mut stream| {
            let mut sink = [0; 3];
            stream.read_exact(&mut sink).ok();
        });
        check(
            "proxy closes",
            false,
            &through(kind, closes, &url, ""),
            none(),
        );
    }
}

#[test]
fn each_step_that_takes_too_long_is_named() {
    let authority = Authority::new();
    let port = silent();
    let soon = |draft: ProfileDraft| ProfileDraft {
        connect_timeout_secs: 1,
        ..draft
    };
    let tls = trusting(&format!("mqtts://localhost:{port}"), &authority);
    check("no TLS in time", false, &soon(tls), none());
    let web = draft(&format!("ws://localhost:{port}/mqtt"));
    check("no WebSocket in time", false, &soon(web), none());
    let plain = draft(&format!("mqtt://localhost:{port}"));
    check("no CONNACK in time", false, &soon(plain), none());
    for kind in ["socks5", "http"] {
        let proxy = through(kind, port, "mqtt://localhost:1", "");
        check(
            "no answer of the proxy in time",
            false,
            &soon(proxy),
            none(),
        );
    }
}

#[test]
fn a_broker_that_says_no() {
    let broker = Mosquitto::start_with(|folder| {
        let file = folder.join("passwords");
        // Salted and hashed as mosquitto_passwd does it: ann with pa55.
        std::fs::write(&file, "").unwrap();
        format!("allow_anonymous false\npassword_file {}\n", file.display())
    });
    let mut ann = draft(&broker.url());
    ann.user_name = "ann".to_owned();
    ann.password_wanted = true;
    check(
        "wrong user name or password",
        true,
        &ann,
        secrets([(SecretSlot::Password, "wrong")]),
    );
    ann.mqtt_version = MqttVersion::V311.into();
    check(
        "wrong user name or password",
        true,
        &ann,
        secrets([(SecretSlot::Password, "wrong")]),
    );
    let old = draft(&format!(
        "mqtt://127.0.0.1:{}",
        old_broker(&[0x20, 2, 0, 1])
    ));
    check("MQTT 3.1.1 alone", true, &old, none());
    let closes = draft(&format!("mqtt://127.0.0.1:{}", old_broker(&[])));
    check("closed before the CONNACK", false, &closes, none());
}

#[test]
fn enhanced_authentication_that_fails() {
    // CONNACK 0x8C, and one that accepts without having proved anything.
    for (what, answer) in [
        ("authentication method unknown", &[0x20, 3, 0, 0x8C, 0][..]),
        (
            "broker does not prove itself",
            &[
                0x20, 19, 0, 0, 16, 0x15, 0, 13, b'S', b'C', b'R', b'A', b'M', b'-', b'S', b'H',
                b'A', b'-', b'2', b'5', b'6',
            ],
        ),
    ] {
        let port = serve("scripted", move |mut stream| {
            let mut head = [0; 2];
            if stream.read_exact(&mut head).is_err() {
                return;
            }
            let mut body = vec![0; usize::from(head[1])];
            if stream.read_exact(&mut body).is_err() {
                return;
            }
            stream.write_all(answer).ok();
            let mut sink = [0; 1024];
            while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
        });
        let mut scram = draft(&format!("mqtt://127.0.0.1:{port}"));
        scram.user_name = "ann".to_owned();
        scram.password_wanted = true;
        scram.client_id = "a".to_owned();
        scram.authentication = Some(AuthenticationDraft {
            method: SCRAM_SHA_256.to_owned(),
            ..AuthenticationDraft::default()
        });
        check(
            what,
            true,
            &scram,
            secrets([(SecretSlot::Password, "pencil")]),
        );
    }
}

#[test]
fn another_client_with_the_same_id_takes_the_connection_over() {
    // Mosquitto 2.0 takes over without a word.
    let broker = Broker::start(None, None).unwrap();
    let draft = draft(&format!("mqtt://127.0.0.1:{}", broker.address().port()));
    let first = Try::start(&draft, none());
    first.connected();
    let second = Try::start(&draft, none());
    second.connected();
    let (problem, is_final) = first.problem();
    let rows = documented();
    let row = rows
        .iter()
        .find(|(what, _)| *what == "client id taken over");
    assert!(fits(row.unwrap().1, &problem.summary), "{problem:?}");
    assert!(is_final && problem.hint.contains(&draft.client_id));
}
