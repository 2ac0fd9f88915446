//! All packets, newest first, a line each.

use super::{PacketsView, push};
use crate::app::packets::{PacketRow, PacketsAction};
use crate::app::rows::Tone;
use crate::app::{Action, App};
use crate::ui::widgets::marks;
use crate::ui::widgets::table::{self, Asked, Cell, Column, Ink, Line, Rows, TableState};
use egui::Ui;

const TIME: Column = Column::new("Time", 112.0).least(112.0);
const PACKET: Column = Column::new("Packet", 112.0).least(96.0);
const ID: Column = Column::new("Id", 54.0).least(44.0).right();
const SUMMARY: Column = Column::new("Summary", 220.0).least(90.0).growing();

const COLUMNS: [Column; 7] = [
    TIME,
    Column::new("Since", 104.0).least(96.0).right(),
    Column::new("Way", 56.0).least(50.0),
    PACKET,
    ID,
    SUMMARY,
    Column::new("Size", 76.0).least(66.0).right(),
];
/// Where there is little room: without what is beside the packet, too.
const FEW_COLUMNS: [Column; 5] = [TIME, Column::new("", 34.0).least(34.0), PACKET, ID, SUMMARY];
const ROOMY: f32 = 640.0;

struct PacketRows<'a> {
    app: &'a App,
    is_roomy: bool,
}

impl Rows for PacketRows<'_> {
    type Key = u64;

    fn len(&self) -> usize {
        self.app.packets.len()
    }

    fn key(&self, place: usize) -> Option<u64> {
        self.app.packets.line(place).map(|line| line.number)
    }

    fn place_of(&self, key: u64) -> Option<usize> {
        self.app.packets.place_of(key)
    }

    fn line(&self, place: usize) -> Option<Line> {
        let mut line = self.app.packets.row(place).map(line)?;
        if !self.is_roomy {
            let mut at = 0;
            line.cells.retain(|_| {
                at += 1;
                !matches!(at, 2 | 7)
            });
            // The arrow alone.
            if let Some(Cell::Text { text, .. }) = line.cells.get_mut(1) {
                let end = text.find(' ').unwrap_or(0);
                text.truncate(end);
            }
        }
        Some(line)
    }

    fn newest(&self) -> Option<u64> {
        self.key(0)
    }

    fn newer_than(&self, newest: u64) -> usize {
        self.app.packets.newer_than(newest)
    }
}

fn line(row: PacketRow) -> Line {
    let sentence = row.sentence();
    let way = row
        .way
        .map_or_else(String::new, |way| format!("{} {}", way.arrow(), way.word()));
    let ink = match row.tone {
        Tone::Neutral => Ink::Muted,
        tone => Ink::Tone(tone),
    };
    let said = if row.is_note {
        Cell::Text {
            text: row.main,
            ink: if row.tone == Tone::Failed {
                ink
            } else {
                Ink::Muted
            },
        }
    } else {
        Cell::Topic {
            topic: row.main,
            payload: row.rest,
            tag: None,
        }
    };
    Line {
        sentence,
        cells: vec![
            Cell::code(row.time, Ink::Muted),
            Cell::code(row.gap, Ink::Dim),
            Cell::Text {
                text: way,
                ink: Ink::Muted,
            },
            Cell::code(row.kind, ink),
            Cell::code(row.packet_id, Ink::Muted),
            said,
            Cell::code(row.size, Ink::Muted),
        ],
        mark: None,
        group: None,
    }
}

pub(super) fn table_ui(ui: &mut Ui, app: &App, view: &mut PacketsView, actions: &mut Vec<Action>) {
    let selected = app.packets.selected();
    let is_roomy = ui.available_width() >= ROOMY;
    let rows = PacketRows { app, is_roomy };
    let columns: &[Column] = if is_roomy { &COLUMNS } else { &FEW_COLUMNS };
    if view.table_is_roomy != is_roomy {
        // Widths are kept by place.
        view.table_is_roomy = is_roomy;
        view.table = TableState::default();
    }
    let output = table::show(ui, "Packets", columns, &mut view.table, &rows, selected);
    if let Some(number) = output.chosen {
        push(actions, PacketsAction::Select(Some(number)));
    }
    if let Some(number) = selected.filter(|_| output.asked == Some(Asked::Copy)) {
        push(actions, PacketsAction::CopyText(number));
    }
}

/// Nothing is there, or nothing passes.
pub(super) fn empty_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let packets = &app.packets;
    if packets.is_searching() {
        marks::empty_state(ui, "Looking through the packets…", None);
    } else if packets.reel().is_empty() {
        let name = app.name_of_packets();
        let sentence = format!(
            "No packets of {name} yet. Every packet in and out appears here from the first CONNECT on; secrets are taken out before they are kept."
        );
        marks::empty_state(ui, &sentence, None);
    } else if marks::empty_state(ui, "No packet passes the filter.", Some("Show all")) {
        push(actions, PacketsAction::SetFilter(String::new()));
    }
}
