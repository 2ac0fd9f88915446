//! The packet that is chosen: its fields, its bytes, and the packets that belong to it.

use super::Packets;
use crate::model::packet::link::{Linked, linked};
use crate::model::packet::{Decoded, What, decode, record};
use crate::model::text;
use std::ops::Range;

/// A line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailField {
    pub depth: u8,
    pub name: &'static str,
    pub value: String,
    /// Its bytes.
    pub at: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    pub number: u64,
    /// `PUBLISH out, 14:02:11.123`.
    pub title: String,
    /// `96 B, MQTT 5`, and what is missing.
    pub facts: String,
    pub fields: Vec<DetailField>,
    /// What the specification does not allow, with its place.
    pub flaws: Vec<(usize, String)>,
    pub bytes: Vec<u8>,
    /// Those that belong to it, without itself, and how they stand to it.
    pub linked: Vec<(u64, String)>,
    /// The log had come so far when the others were looked for.
    looked_at: u64,
    /// None will come any more.
    is_whole: bool,
}

impl Detail {
    /// Of a dump with so many bytes across.
    pub fn hex_rows(&self, across: usize) -> usize {
        self.bytes.len().div_ceil(across.max(1))
    }

    pub fn hex_line(&self, row: usize, across: usize) -> Option<String> {
        record::hex_line(&self.bytes, row, across)
    }
}

impl Packets {
    /// The packet that is chosen, as of the last tick.
    pub fn detail(&self) -> Option<&Detail> {
        self.detail.as_ref()
    }

    /// Makes it, or adds what has come since.
    pub(super) fn follow_detail(&mut self) {
        let Some(number) = self.selected else { return };
        let next = self.reel.next();
        if let Some(detail) = &mut self.detail {
            if !detail.is_whole && detail.looked_at != next && self.reel.get(number).is_some() {
                detail.looked_at = next;
                detail.link(&linked(&self.reel, number));
            }
            return;
        }
        let Some(logged) = self.reel.get(number) else {
            return;
        };
        let time = super::rows::time(&logged);
        let mut detail = match &logged.what {
            What::Note(note, words) => Detail {
                title: format!("{} {time}", note.word()),
                fields: vec![DetailField {
                    depth: 0,
                    name: "Text",
                    value: (*words).to_owned(),
                    at: 0..0,
                }],
                is_whole: true,
                ..Detail::empty(number, next)
            },
            What::Packet(packet) => {
                let decoded = decode(packet.bytes, packet.size, packet.version);
                let mut facts = format!("{}, {}", text::bytes(packet.size), packet.version);
                if packet.is_masked {
                    facts += ", secrets taken out";
                }
                if packet.bytes.len() < packet.size && !packet.is_masked {
                    facts += ", the first ";
                    facts += &text::bytes(packet.bytes.len());
                    facts += " kept";
                }
                if packet.is_incomplete {
                    facts += ", ended before it was complete";
                }
                Detail {
                    title: format!("{} {}, {time}", packet.kind().word(), packet.way.word()),
                    facts,
                    flaws: flaws(&decoded),
                    fields: fields(decoded),
                    bytes: packet.bytes.to_vec(),
                    ..Detail::empty(number, next)
                }
            }
        };
        detail.link(&linked(&self.reel, number));
        self.detail = Some(detail);
    }
}

impl Detail {
    fn empty(number: u64, looked_at: u64) -> Self {
        Self {
            number,
            title: String::new(),
            facts: String::new(),
            fields: Vec::new(),
            flaws: Vec::new(),
            bytes: Vec::new(),
            linked: Vec::new(),
            looked_at,
            is_whole: false,
        }
    }

    fn link(&mut self, all: &[Linked]) {
        let Some(this) = all.iter().find(|one| one.number == self.number) else {
            return;
        };
        let from = this.at;
        let others = all.iter().filter(|one| one.number != self.number);
        self.linked = others.map(|one| (one.number, one.words(from))).collect();
    }
}

fn flaws(decoded: &Decoded) -> Vec<(usize, String)> {
    let flaws = decoded.flaws.iter();
    flaws.map(|flaw| (flaw.at, flaw.to_string())).collect()
}

fn fields(decoded: Decoded) -> Vec<DetailField> {
    let fields = decoded.fields.into_iter();
    fields
        .map(|field| DetailField {
            depth: field.depth,
            name: field.name,
            value: field.value.to_string(),
            at: field.at,
        })
        .collect()
}
