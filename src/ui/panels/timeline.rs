//! The timeline: filter, chips, and the table of everything that was sent and everything that came.

use crate::app::rows::{TimelineRow, Tone, timeline_row};
use crate::app::{Action, App};
use crate::model::text as words;
use crate::model::timeline::{Category, RowId};
use crate::ui::view::{Focus, View};
use crate::ui::widgets::table::{Cell, Column, Table, TableEvent};
use crate::ui::widgets::{Button, Chip, Field, marks, waterfall};
use crate::ui::{Theme, fonts};
use egui::{Align, Id, Layout, Ui};

/// Chips that are there even when they count nothing; the others come with their first row.
const ALWAYS: [Category; 5] = [Category::Waiting, Category::TimedOut, Category::NoSubscribers, Category::Late, Category::Unmatched];

pub fn toolbar_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let timeline = &app.session.timeline;
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let mut text = timeline.filter().text().to_owned();
        let response = Field::new(&mut text, "Filter the timeline").hint("topic:light rtt:>5ms").code().width(170.0).id(Id::unique("timeline filter")).show(ui);
        if view.take_focus(Focus::Filter) {
            response.request_focus();
        }
        if text != timeline.filter().text() {
            actions.push(Action::SetFilter(text));
        }
        let chosen = timeline.filter().category;
        if ui.add(Chip::new("All", chosen.is_none()).count(&words::count(timeline.len() as u64))).clicked() {
            actions.push(Action::SetCategory(None));
        }
        for category in Category::ALL {
            let count = timeline.count_of(category);
            if count == 0 && !ALWAYS.contains(&category) && chosen != Some(category) {
                continue;
            }
            let is_chosen = chosen == Some(category);
            let chip = Chip::new(category.label(), is_chosen).dot(Tone::of(category));
            if ui.add(chip.count(&words::count(count as u64))).clicked() {
                actions.push(Action::SetCategory(if is_chosen { None } else { Some(category) }));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.add(Button::ghost("Clear").shortcut("Ctrl+L").tooltip("Take away every row that is not waiting").enabled(!timeline.is_empty())).clicked() {
                actions.push(Action::ClearTimeline);
            }
        });
    });
}

const COLUMNS: [Column; 7] = [
    Column::new("#", 52.0).right(),
    Column::new("Sent", 112.0),
    Column::new("Request", 300.0).grows(),
    Column::new("Responder", 138.0),
    Column::new("Status", 150.0),
    Column::new("Round trip", 92.0).right(),
    Column::new("Waterfall", 140.0),
];

pub fn table_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let timeline = &app.session.timeline;
    if timeline.visible_len() == 0 {
        empty_ui(ui, app, actions);
        return;
    }
    let now = app.now;
    let selected = app.selected.and_then(|row| timeline.place_of(row));
    let table = Table::new("Timeline", &COLUMNS, timeline.visible_len()).selected(selected);
    let event = table.show(ui, &mut view.table, |place, painter| {
        let Some((_, row)) = timeline.visible_from_newest(place) else { return };
        let row = timeline_row(row, now);
        painter.name(&row.sentence);
        cells(painter, &row);
    });
    match event {
        Some(TableEvent::Select(place)) => actions.push(Action::SelectRow(row_at(app, place))),
        Some(TableEvent::Open(place)) => actions.push(Action::SelectRow(row_at(app, place))),
        None => {}
    }
}

fn row_at(app: &App, place: usize) -> Option<RowId> {
    app.session.timeline.visible_from_newest(place).map(|(id, _)| id)
}

fn cells(painter: &mut Cell<'_>, row: &TimelineRow) {
    let theme = painter.theme();
    painter.text(0, &row.number, fonts::code(), theme.muted);
    painter.text(1, &row.sent, fonts::code(), theme.muted);
    painter.runs(2, &[(&row.topic, fonts::code(), theme.text), (" ", fonts::code(), theme.dim), (&row.payload, fonts::code(), theme.dim)]);
    painter.text(3, &row.responder, fonts::body(), theme.text);
    painter.status(4, row.tone, &row.status);
    painter.text(5, &row.round_trip, fonts::code(), theme.text);
    let (rect, paint) = painter.rect(6);
    waterfall::paint(&paint, rect, &row.waterfall, theme);
}

fn empty_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    ui.add_space(24.0);
    if app.session.timeline.is_empty() {
        if marks::empty_state(ui, "Nothing was sent yet. Write a request above and press Send, or play a demo.", Some("Show the demos")) {
            actions.push(Action::ShowDemos);
        }
    } else if marks::empty_state(ui, "No row passes the filter.", Some("Show all rows")) {
        actions.push(Action::SetFilter(String::new()));
        actions.push(Action::SetCategory(None));
    }
}
