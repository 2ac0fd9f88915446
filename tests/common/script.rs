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
