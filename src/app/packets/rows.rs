//! A line of the table as it reads.

use super::{Line, Packets};
use crate::app::rows::Tone;
use crate::model::packet::{Kind, Logged, Way, What, summary};
use crate::model::text;
use chrono::{Local, TimeZone as _};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PacketRow {
    /// Of the day, to the millisecond.
    pub time: String,
    /// Since the line before it: `+1.20 ms`.
    pub gap: String,
    /// None for a note.
    pub way: Option<Way>,
    pub kind: String,
    pub tone: Tone,
    pub packet_id: String,
    pub main: String,
    pub rest: String,
    pub size: String,
    pub is_note: bool,
}

impl PacketRow {
    /// The whole row for a screen reader.
    pub fn sentence(&self) -> String {
        let way = self.way.map(|way| format!(" {}", way.word()));
        let mut words = format!("{} {}{}", self.time, self.kind, way.unwrap_or_default());
        for part in [&self.packet_id, &self.main, &self.rest, &self.size] {
            if !part.is_empty() {
                words.push_str(", ");
                words.push_str(part);
            }
        }
        words
    }
}

impl Packets {
    pub fn row(&self, place: usize) -> Option<PacketRow> {
        let line = self.line(place)?;
        let logged = self.reel.get(line.number)?;
        let before = self
            .line(place + 1)
            .and_then(|before| self.reel.get(before.number));
        let gap = before.map_or_else(String::new, |before| {
            format!("+{}", text::duration(logged.at.since(before.at)))
        });
        Some(PacketRow {
            gap,
            ..row_of(&logged, line)
        })
    }
}

pub(super) fn time(logged: &Logged<'_>) -> String {
    let at = Local.timestamp_nanos(logged.at.as_nanos());
    at.format("%H:%M:%S%.3f").to_string()
}

fn row_of(logged: &Logged<'_>, line: Line) -> PacketRow {
    let said = summary::summary(logged);
    let row = PacketRow {
        time: time(logged),
        gap: String::new(),
        way: None,
        kind: String::new(),
        tone: Tone::Neutral,
        packet_id: String::new(),
        main: said.main,
        rest: said.rest,
        size: String::new(),
        is_note: false,
    };
    match &logged.what {
        What::Note(note, _) => PacketRow {
            kind: note.word().to_owned(),
            tone: if said.is_bad {
                Tone::Failed
            } else {
                Tone::Neutral
            },
            is_note: true,
            ..row
        },
        What::Packet(packet) if line.folded > 0 => PacketRow {
            kind: "PING".to_owned(),
            tone: tone(packet.kind(), false),
            main: format!(
                "{} pings and answers",
                text::count(u64::from(line.folded) + 1)
            ),
            ..row
        },
        What::Packet(packet) => PacketRow {
            way: Some(packet.way),
            kind: packet.kind().word().to_owned(),
            tone: tone(packet.kind(), said.is_bad),
            packet_id: match packet.packet_id {
                0 => String::new(),
                id => id.to_string(),
            },
            size: text::bytes(packet.size),
            ..row
        },
    }
}

/// Colours as in the timeline: what carries something stands out, what is wrong most of all.
fn tone(kind: Kind, is_bad: bool) -> Tone {
    match kind {
        _ if is_bad => Tone::Failed,
        Kind::Publish => Tone::Answered,
        Kind::Connect | Kind::Connack | Kind::Disconnect | Kind::Auth => Tone::Waiting,
        Kind::Subscribe | Kind::Suback | Kind::Unsubscribe | Kind::Unsuback => Tone::Late,
        _ => Tone::Neutral,
    }
}
