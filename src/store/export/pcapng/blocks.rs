//! The blocks of a pcapng file (draft-ietf-opsawg-pcapng), and IPv4 and TCP around what is in them.

use crate::model::time::Timestamp;
use std::io::{self, Write};

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1A2B_3C4D;
/// A packet begins with its IPv4 or IPv6 header.
const LINKTYPE_RAW: u16 = 101;
/// Times in nanoseconds: ten to the minus nine.
const NANOSECONDS: u8 = 9;

mod option {
    pub const END: u16 = 0;
    pub const COMMENT: u16 = 1;
    pub const SHB_USERAPPL: u16 = 4;
    pub const IF_NAME: u16 = 2;
    pub const IF_DESCRIPTION: u16 = 3;
    pub const IF_TSRESOL: u16 = 9;
}

const MQTT_PORT: u16 = 1883;
/// TEST-NET-2 and TEST-NET-1 of RFC 5737: addresses for documentation, which no machine has.
const BROKER: [u8; 4] = [198, 51, 100, 1];
const CLIENTS: [u8; 3] = [192, 0, 2];
const FIRST_CLIENT_PORT: u16 = 50_000;

/// A piece of one made-up TCP stream.
pub(super) struct Segment<'a> {
    /// The number of the connection, from 0.
    pub client: u32,
    pub is_from_client: bool,
    pub sequence: u32,
    pub acknowledged: u32,
    pub bytes: &'a [u8],
}

pub(super) struct Blocks<W> {
    out: W,
}

impl<W: Write> Blocks<W> {
    pub fn begin(out: W, comment: &str, interface: &str) -> io::Result<Self> {
        let mut blocks = Self { out };
        let mut section = Vec::new();
        section.extend(BYTE_ORDER_MAGIC.to_le_bytes());
        section.extend(1_u16.to_le_bytes());
        section.extend(0_u16.to_le_bytes());
        // The length of the section is not told.
        section.extend((-1_i64).to_le_bytes());
        put_option(&mut section, option::COMMENT, comment.as_bytes());
        let program = concat!("Roundtrip ", env!("CARGO_PKG_VERSION"));
        put_option(&mut section, option::SHB_USERAPPL, program.as_bytes());
        put_option(&mut section, option::END, &[]);
        blocks.block(SECTION_HEADER, &section)?;
        let mut description = Vec::new();
        description.extend(LINKTYPE_RAW.to_le_bytes());
        description.extend(0_u16.to_le_bytes());
        // No packet was cut.
        description.extend(0_u32.to_le_bytes());
        put_option(&mut description, option::COMMENT, interface.as_bytes());
        put_option(&mut description, option::IF_NAME, b"roundtrip");
        put_option(
            &mut description,
            option::IF_DESCRIPTION,
            interface.as_bytes(),
        );
        put_option(&mut description, option::IF_TSRESOL, &[NANOSECONDS]);
        put_option(&mut description, option::END, &[]);
        blocks.block(INTERFACE_DESCRIPTION, &description)?;
        Ok(blocks)
    }

    pub fn packet(
        &mut self,
        at: Timestamp,
        segment: &Segment<'_>,
        comment: &str,
    ) -> io::Result<()> {
        let packet = in_ip(segment);
        let length = u32::try_from(packet.len()).map_err(io::Error::other)?;
        // Times before 1970 cannot be told.
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(0);
        let high = u32::try_from(nanos >> 32).map_err(io::Error::other)?;
        let low = u32::try_from(nanos & 0xFFFF_FFFF).map_err(io::Error::other)?;
        let mut body = Vec::with_capacity(packet.len() + comment.len() + 48);
        body.extend(0_u32.to_le_bytes());
        body.extend(high.to_le_bytes());
        body.extend(low.to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(&packet);
        pad(&mut body);
        put_option(&mut body, option::COMMENT, comment.as_bytes());
        put_option(&mut body, option::END, &[]);
        self.block(ENHANCED_PACKET, &body)
    }

    fn block(&mut self, kind: u32, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len() + 12).map_err(io::Error::other)?;
        self.out.write_all(&kind.to_le_bytes())?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(body)?;
        self.out.write_all(&length.to_le_bytes())
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Everything in a block begins at a multiple of four.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

/// An option is cut where it would not fit, between two characters.
fn put_option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    const MOST: usize = 4_000;
    let mut end = value.len().min(MOST);
    while end < value.len() && end > 0 && value.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
        end -= 1;
    }
    let value = value.get(..end).unwrap_or_default();
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
    body.extend(value);
    pad(body);
}

fn in_ip(segment: &Segment<'_>) -> Vec<u8> {
    const IP: usize = 20;
    const TCP: usize = 20;
    let place = segment.client % 250;
    let port = u16::try_from(segment.client / 250 % 15_000).unwrap_or(0);
    let [a, b, c] = CLIENTS;
    let client = [a, b, c, u8::try_from(place + 1).unwrap_or(1)];
    let client_port = FIRST_CLIENT_PORT + port;
    let (source, destination, source_port, destination_port) = if segment.is_from_client {
        (client, BROKER, client_port, MQTT_PORT)
    } else {
        (BROKER, client, MQTT_PORT, client_port)
    };
    let length = u16::try_from(IP + TCP + segment.bytes.len()).unwrap_or(u16::MAX);

    let mut ip = Vec::with_capacity(usize::from(length));
    ip.extend([0x45, 0]);
    ip.extend(length.to_be_bytes());
    // Identification; do not fragment; time to live; TCP; the checksum comes later.
    ip.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    ip.extend(source);
    ip.extend(destination);
    let sum = checksum(&[&ip]);
    ip.splice(10..12, sum.to_be_bytes());

    let mut tcp = Vec::with_capacity(TCP);
    tcp.extend(source_port.to_be_bytes());
    tcp.extend(destination_port.to_be_bytes());
    tcp.extend(segment.sequence.to_be_bytes());
    tcp.extend(segment.acknowledged.to_be_bytes());
    // Five words long; PSH and ACK; window; the checksum comes later; no urgent pointer.
    tcp.extend([0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]);
    let mut pseudo = Vec::with_capacity(12);
    pseudo.extend(source);
    pseudo.extend(destination);
    pseudo.extend([0, 6]);
    pseudo.extend((length - 20).to_be_bytes());
    let sum = checksum(&[&pseudo, &tcp, segment.bytes]);
    tcp.splice(16..18, sum.to_be_bytes());

    ip.extend(tcp);
    ip.extend(segment.bytes);
    ip
}

/// The Internet checksum (RFC 1071) of parts of which only the last may be odd.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum: u64 = 0;
    for part in parts {
        for pair in part.chunks(2) {
            let high = u64::from(pair.first().copied().unwrap_or(0));
            let low = u64::from(pair.get(1).copied().unwrap_or(0));
            sum += (high << 8) | low;
        }
    }
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}
