//! All packets, newest first, a line each.

use super::{PacketsView, push};
use crate::app::packets::{PacketRow, PacketsAction};
use crate::app::rows::Tone;
use crate::app::{Action, App};
use crate::ui::widgets::marks;
use crate::ui::widgets::table::{self, Asked, Cell, Column, Ink, Line, Rows};
use egui::Ui;

const COLUMNS: [Column; 7] = [
    Column::new("Time", 104.0),
    Column::new("Since", 84.0).right(),
    Column::new("Way", 56.0),
    Column::new("Packet", 112.0),
    Column::new("Id", 54.0).right(),
    Column::new("Summary", 220.0).least(120.0).growing(),
    Column::new("Size", 76.0).right(),
];

struct PacketRows<'a>(&'a App);

impl Rows for PacketRows<'_> {
    type Key = u64;

    fn len(&self) -> usize {
        self.0.packets.len()
    }

    fn key(&self, place: usize) -> Option<u64> {
        self.0.packets.line(place).map(|line| line.number)
    }

    fn place_of(&self, key: u64) -> Option<usize> {
        self.0.packets.place_of(key)
    }

    fn line(&self, place: usize) -> Option<Line> {
        self.0.packets.row(place).map(line)
    }

    fn newest(&self) -> Option<u64> {
        self.key(0)
    }

    fn newer_than(&self, newest: u64) -> usize {
        self.0.packets.newer_than(newest)
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
            ink: if row.tone == Tone::Failed { ink } else { Ink::Muted },
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

pub(super) fn table_ui(
    ui: &mut Ui,
    app: &App,
    view: &mut PacketsView,
    actions: &mut Vec<Action>,
) {
    let selected = app.packets.selected();
    let rows = PacketRows(app);
    let output = table::show(ui, "Packets", &COLUMNS, &mut view.table, &rows, selected);
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
