//! The timeline: filter, chips, and the table of everything that was sent and everything that came.

use crate::app::rows::{TimelineRow, Tone, timeline_row};
use crate::app::tally::Tallies;
use crate::app::{Action, App};
use crate::model::text as words;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, RowId, Timeline};
use crate::ui::view::{Focus, View};
use crate::ui::widgets::table::{self, Cell, Column, Ink, Line, Rows};
use crate::ui::widgets::{Button, Chip, Field, marks};
use egui::scroll_area::ScrollBarVisibility;
use egui::{Align, Id, Layout, ScrollArea, Ui};
use std::cell::RefCell;

/// Chips that are there even when they count nothing; the others come with their first row.
const ALWAYS: [Category; 5] = [
    Category::Waiting,
    Category::TimedOut,
    Category::NoSubscribers,
    Category::Late,
    Category::Unmatched,
];

pub fn toolbar_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let timeline = &app.session.timeline;
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let mut text = timeline.filter().text().to_owned();
        let response = Field::new(&mut text, "Filter the timeline")
            .hint("topic:light rtt:>5ms")
            .code()
            .width(170.0)
            .id(Id::unique("timeline filter"))
            .show(ui);
        if view.take_focus(Focus::Filter) {
            response.request_focus();
        }
        if text != timeline.filter().text() {
            actions.push(Action::SetFilter(text));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let clear = Button::ghost("Clear")
                .shortcut("Ctrl+L")
                .tooltip("Take away every row that is not waiting")
                .enabled(!timeline.is_empty());
            if ui.add(clear).clicked() {
                actions.push(Action::ClearTimeline);
            }
            ScrollArea::horizontal()
                .id_salt("chips")
                .auto_shrink([false, true])
                .scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden)
                .show(ui, |ui| {
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        chips_ui(ui, timeline, actions);
                    });
                });
        });
    });
}

/// A chip for each verdict; where there is little room only for those that count something.
fn chips_ui(ui: &mut Ui, timeline: &Timeline, actions: &mut Vec<Action>) {
    const FOR_ALL: f32 = 640.0;
    let has_room = ui.available_width() >= FOR_ALL;
    let chosen = timeline.filter().category;
    let all = words::count(timeline.len() as u64);
    let chip = Chip::new("All", chosen.is_none()).count(&all);
    if ui.add(chip).clicked() {
        actions.push(Action::SetCategory(None));
    }
    for category in Category::ALL {
        let count = timeline.count_of(category);
        let is_chosen = chosen == Some(category);
        if count == 0 && !is_chosen && !(has_room && ALWAYS.contains(&category)) {
            continue;
        }
        let chip = Chip::new(category.label(), is_chosen).dot(Tone::of(category));
        if ui.add(chip.count(&words::count(count as u64))).clicked() {
            let wanted = (!is_chosen).then_some(category);
            actions.push(Action::SetCategory(wanted));
        }
    }
}

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
    tallies: &'a RefCell<Tallies>,
    now: Timestamp,
}

impl Rows for TimelineRows<'_> {
    type Key = RowId;

    fn len(&self) -> usize {
        self.timeline.visible_len()
    }

    fn key(&self, place: usize) -> Option<RowId> {
        self.timeline.visible_from_newest(place).map(|(id, _)| id)
    }

    fn place_of(&self, key: RowId) -> Option<usize> {
        self.timeline.place_of(key)
    }

    fn line(&self, place: usize) -> Option<Line> {
        let (_, row) = self.timeline.visible_from_newest(place)?;
        let tallies = &mut *self.tallies.borrow_mut();
        Some(line(timeline_row(row, tallies, self.now)))
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
    let timeline = &app.session.timeline;
    if timeline.visible_len() == 0 {
        empty_ui(ui, app, actions);
        return;
    }
    let rows = TimelineRows {
        timeline,
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

fn empty_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    ui.add_space(24.0);
    if app.session.timeline.is_empty() {
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
