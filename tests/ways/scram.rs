//! Enhanced authentication with a broker that plays the other side of SCRAM-SHA-256 by the book (RFC 5802).

use crate::servers::serve;
use crate::{Try, draft, secrets};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use roundtrip::model::profile::{AuthenticationDraft, SCRAM_SHA_256, SecretSlot};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroU32;

const SALT: &[u8] = b"salt of the test";
const ROUNDS: u32 = 4096;

fn packet(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).ok()?;
    let mut length = usize::from(head[1] & 0x7F);
    if head[1] & 0x80 != 0 {
        let mut more = [0];
        stream.read_exact(&mut more).ok()?;
        length += usize::from(more[0]) << 7;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

/// A property that is a string or binary data: its two length bytes and what follows them.
fn property(out: &mut Vec<u8>, id: u8, data: &[u8]) {
    out.push(id);
    out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    out.extend(data);
}

fn said(first: u8, head: &[u8], data: &str) -> Vec<u8> {
    let mut properties = Vec::new();
    property(&mut properties, 0x15, SCRAM_SHA_256.as_bytes());
    property(&mut properties, 0x16, data.as_bytes());
    let mut body = head.to_vec();
    let length = properties.len();
    assert!(length < 128 * 128);
    if length >= 128 {
        body.push(u8::try_from(length % 128).unwrap() | 0x80);
        body.push(u8::try_from(length / 128).unwrap());
    } else {
        body.push(u8::try_from(length).unwrap());
    }
    body.extend(properties);
    let mut packet = vec![first];
    let length = body.len();
    if length >= 128 {
        packet.push(u8::try_from(length % 128).unwrap() | 0x80);
        packet.push(u8::try_from(length / 128).unwrap());
    } else {
        packet.push(u8::try_from(length).unwrap());
    }
    packet.extend(body);
    packet
}

/// From `start` on, for as long as its two length bytes say.
fn data_from(body: &[u8], start: &str) -> Option<String> {
    let at = body
        .windows(start.len())
        .position(|window| window == start.as_bytes())?;
    let length = u16::from_be_bytes([body[at - 2], body[at - 1]]);
    let data = body.get(at..at + usize::from(length))?;
    String::from_utf8(data.to_vec()).ok()
}

/// `knows` is the password that this broker has on record.
fn scram_broker(knows: &'static str, is_honest: bool) -> u16 {
    serve("scram broker", move |mut stream| {
        let Some(connect) = packet(&mut stream) else {
            return;
        };
        let leaks = connect
            .windows(knows.len())
            .any(|window| window == knows.as_bytes());
        let (Some(first), false) = (data_from(&connect, "n,,"), leaks) else {
            return;
        };
        let bare = first.trim_start_matches("n,,").to_owned();
        let nonce = bare.split(",r=").nth(1).unwrap_or_default().to_owned();
        let challenge = format!("r={nonce}broker,s={},i={ROUNDS}", STANDARD.encode(SALT));
        stream.write_all(&said(0xF0, &[0x18], &challenge)).unwrap();
        let Some(last) = packet(&mut stream).and_then(|body| data_from(&body, "c=biws")) else {
            return;
        };
        let (without, proof) = last.split_once(",p=").unwrap();
        let mut salted = [0; 32];
        let rounds = NonZeroU32::new(ROUNDS).unwrap();
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            rounds,
            SALT,
            knows.as_bytes(),
            &mut salted,
        );
        let sign = |key: &[u8], what: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key);
            hmac::sign(&key, what).as_ref().to_vec()
        };
        let all = format!("{bare},{challenge},{without}");
        let stored = digest::digest(&digest::SHA256, &sign(&salted, b"Client Key"));
        let signature = sign(stored.as_ref(), all.as_bytes());
        let key: Vec<u8> = STANDARD
            .decode(proof)
            .unwrap()
            .iter()
            .zip(&signature)
            .map(|(one, other)| one ^ other)
            .collect();
        if digest::digest(&digest::SHA256, &key).as_ref() != stored.as_ref() {
            stream.write_all(&[0x20, 3, 0, 0x87, 0]).unwrap();
            return;
        }
        let own = sign(&sign(&salted, b"Server Key"), all.as_bytes());
        let own = if is_honest { own } else { vec![7; 32] };
        let proof = format!("v={}", STANDARD.encode(own));
        stream.write_all(&said(0x20, &[0, 0], &proof)).unwrap();
        let mut sink = [0; 1024];
        while stream.read(&mut sink).is_ok_and(|count| count > 0) {}
    })
}

fn attempt(port: u16, password: &str) -> Try {
    let mut draft = draft(&format!("mqtt://127.0.0.1:{port}"));
    "ann".clone_into(&mut draft.user_name);
    draft.password_wanted = true;
    draft.authentication = Some(AuthenticationDraft {
        method: SCRAM_SHA_256.to_owned(),
        ..AuthenticationDraft::default()
    });
    Try::start(&draft, secrets([(SecretSlot::Password, password)]))
}

#[test]
fn both_sides_prove_the_password_and_neither_sends_it() {
    let it = attempt(scram_broker("pencil", true), "pencil");
    it.connected();
}

#[test]
fn a_wrong_password_is_refused_and_a_broker_that_bluffs_is_left() {
    let (problem, is_final) = attempt(scram_broker("pencil", true), "pen").problem();
    assert!(problem.summary.contains("not authorized"), "{problem:?}");
    assert!(is_final);
    let (problem, is_final) = attempt(scram_broker("pencil", false), "pencil").problem();
    assert!(
        problem.summary.contains("does not know the password"),
        "{problem:?}"
    );
    assert!(is_final);
}
