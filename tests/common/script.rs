//! A broker whose every packet the test writes itself.
#![allow(dead_code, reason = "every test binary uses its own part of it")]
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use crate::common::DEADLINE;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

pub struct Broker(TcpStream);

pub fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Takes a connection, reads its CONNECT and accepts it.
pub fn accept(listener: &TcpListener, session_present: bool) -> Broker {
    let mut broker = take(listener);
    broker.write(&[0x20, 3, u8::from(session_present), 0, 0]);
    broker
}

pub fn refuse(listener: &TcpListener, code: u8) {
    take(listener).write(&[0x20, 3, 0, code, 0]);
}

fn take(listener: &TcpListener) -> Broker {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut broker = Broker(stream);
    assert_eq!(broker.packet().0, 0x10);
    broker
}

impl Broker {
    /// One packet of less than 128 bytes: its first byte and what follows its length.
    pub fn packet(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        let mut body = vec![0; usize::from(head[1])];
        self.0.read_exact(&mut body).unwrap();
        (head[0], body)
    }

    /// Reads a SUBSCRIBE and grants it.
    #[track_caller]
    pub fn grant(&mut self) {
        let (first, body) = self.packet();
        assert_eq!(first, 0x82, "a SUBSCRIBE");
        self.write(&[0x90, 4, body[0], body[1], 0, 2]);
    }

    /// Reads a PUBLISH at QoS 1: its topic and its Packet Identifier.
    #[track_caller]
    pub fn published(&mut self) -> (String, [u8; 2]) {
        let (first, body) = self.packet();
        assert_eq!(first & 0xF6, 0x32, "a PUBLISH at QoS 1");
        let end = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
        let topic = String::from_utf8(body[2..end].to_vec()).unwrap();
        (topic, [body[end], body[end + 1]])
    }

    pub fn acknowledge(&mut self, [high, low]: [u8; 2]) {
        self.write(&[0x40, 2, high, low]);
    }

    /// Publishes at QoS 0, with Correlation Data.
    pub fn publish(&mut self, topic: &str, correlation: &[u8], payload: &str) {
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
        let mut body = length(topic.as_bytes()).to_vec();
        body.extend(topic.as_bytes());
        body.push(u8::try_from(correlation.len() + 3).unwrap());
        body.push(0x09);
        body.extend(length(correlation));
        body.extend(correlation);
        body.extend(payload.as_bytes());
        self.write(&[0x30, u8::try_from(body.len()).unwrap()]);
        self.write(&body);
    }

    /// One packet of any size, thrown away: how much followed its length.
    pub fn skip_large(&mut self) -> u64 {
        let (mut byte, mut length, mut shift) = ([0], 0_u64, 0);
        self.0.read_exact(&mut byte).unwrap();
        loop {
            self.0.read_exact(&mut byte).unwrap();
            length |= u64::from(byte[0] & 0x7F) << shift;
            shift += 7;
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        let mut body = (&self.0).take(length);
        std::io::copy(&mut body, &mut std::io::sink()).unwrap()
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }
}
