//! The timeline as a table: a line for everything that was sent and everything that came.

use crate::app::listing::Listing;
use crate::app::rows::{TimelineRow, timeline_row};
use crate::app::tally::Tallies;
use crate::app::{Action, App};
use crate::model::time::Timestamp;
use crate::model::timeline::{RowId, Timeline};
use crate::ui::view::View;
use crate::ui::widgets::marks;
use crate::ui::widgets::table::{self, Cell, Column, Ink, Line, Rows};
use egui::Ui;
use std::cell::RefCell;

const COLUMNS: [Column; 7] = [
    Column::new("#", 52.0).right().least(46.0),
    Column::new("Sent", 112.0).least(112.0),
    Column::new("Request", 300.0).growing(),
    Column::new("Responder", 138.0).least(112.0),
    Column::new("Status", 150.0).least(124.0),
    Column::new("Round trip", 104.0).right().least(88.0),
    Column::new("Waterfall", 140.0).least(68.0),
];

/// The timeline as the table reads it, newest first.
struct TimelineRows<'a> {
    timeline: &'a Timeline,
    listing: &'a Listing,
    tallies: &'a RefCell<Tallies>,
    now: Timestamp,
}

impl Rows for TimelineRows<'_> {
    type Key = RowId;

    fn len(&self) -> usize {
        self.listing.len()
    }

    fn key(&self, place: usize) -> Option<RowId> {
        self.listing.id_at(self.timeline, place)
    }

    fn place_of(&self, key: RowId) -> Option<usize> {
        self.listing.place_of(self.timeline, key)
    }

    fn line(&self, place: usize) -> Option<Line> {
        let row = self.timeline.row(self.key(place)?)?;
        let tallies = &mut *self.tallies.borrow_mut();
        Some(line(timeline_row(&row, tallies, self.now)))
    }
}

fn line(row: TimelineRow) -> Line {
    let cells = vec![
        Cell::code(row.number, Ink::Muted),
        Cell::code(row.sent, Ink::Muted),
        Cell::Topic {
            topic: row.topic,
            payload: row.payload,
            tag: row.rule,
        },
        Cell::text(row.responder),
        Cell::Status {
            tone: row.tone,
            words: row.status,
        },
        Cell::code(row.round_trip, Ink::Text),
        Cell::Waterfall(row.waterfall),
    ];
    Line {
        sentence: row.sentence,
        cells,
    }
}

pub fn table_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let timeline = app.timeline();
    if app.listing.is_empty() {
        empty_ui(ui, app, actions);
        return;
    }
    let rows = TimelineRows {
        timeline,
        listing: &app.listing,
        tallies: &view.tallies,
        now: app.now,
    };
    let output = table::show(
        ui,
        "Timeline",
        &COLUMNS,
        &mut view.table,
        &rows,
        app.selected,
    );
    if let Some(row) = output.opened.or(output.chosen) {
        actions.push(Action::SelectRow(Some(row)));
    }
}

pub(super) fn empty_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    ui.add_space(24.0);
    if app.timeline().is_empty() {
        if marks::empty_state(
            ui,
            "Nothing was sent yet. Write a request above and press Send, or play a demo.",
            Some("Show the demos"),
        ) {
            actions.push(Action::ShowDemos);
        }
    } else if marks::empty_state(ui, "No row passes the filter.", Some("Show all rows")) {
        actions.push(Action::SetFilter(String::new()));
        actions.push(Action::SetCategory(None));
    }
}
