//! The answer beside the request: verdict, legs, payload, properties, raw bytes, times.

mod find;

use crate::app::devices::{Remedy, remedy};
use crate::app::inspect::{Part, part, part_label, times};
use crate::app::payloads::CopyAs;
use crate::app::reading::Reading;
use crate::app::selection::{Select, Summary};
use crate::app::table::TableAction;
use crate::app::work::Worker;
use crate::app::{Action, App};
use crate::model::document::Form;
use crate::model::payload;
use crate::model::request::ResponseTopicDraft;
use crate::model::text as words;
use crate::model::timeline::{Row, RowId};
use crate::ui::panels::connections::facts_ui;
use crate::ui::view::{AnswerPane, Focus, Inspected, View};
use crate::ui::widgets::tabs::{Tab, tabs};
use crate::ui::widgets::{Button, leg_bar, marks, payload_view, select, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Id, Layout, Popup, ScrollArea, Ui};
use std::sync::Arc;

/// In a panel lower than this the payload gets the lines that others take elsewhere.
const LOW: f32 = 250.0;

/// What stands beside the verdict in its line. Where the verdict leaves less, an icon stands for words.
const BESIDE_VERDICT: f32 = 320.0;

pub fn answer_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let row = app
        .selected
        .or_else(|| app.tabs.front().and_then(|tab| tab.last))
        .filter(|_| app.selected.is_some() || app.recordings.shown().is_none());
    let timeline = app.timeline();
    let shown = row.and_then(|id| {
        let row = timeline.row(id)?;
        Some((row, view.inspect(id, timeline, app.now)?, id))
    });
    let Some((row, inspected, id)) = shown else {
        nothing_yet(ui, app, actions);
        return;
    };
    let inspection = &inspected.inspection;
    let is_low = ui.available_height() < LOW;
    several_ui(ui, app, actions);
    verdict_line_ui(ui, app, &row, (&inspected, id), is_low, actions);
    marked_ui(ui, app, (id, inspected.at), actions);
    if !inspection.legs.is_empty() {
        ui.add_space(6.0);
        leg_bar::leg_bar(ui, &inspection.legs);
    }
    if let Some(explanation) = &inspection.explanation {
        let theme = Theme::of(ui);
        ui.add_space(4.0);
        text::paragraph(ui, explanation, fonts::small(), theme.text);
    }
    remedy_ui(ui, app, &row, actions);
    ui.add_space(4.0);
    let key = (id, inspected.at);
    panes_ui(ui, &row, &inspected, view, key, is_low, &app.worker);
}

/// Several rows are selected, of which one is looked at here.
fn several_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let Some(rows) = app.several() else { return };
    let theme = Theme::of(ui);
    let mut told = format!("{} selected", words::count(rows.len()));
    match app.summary() {
        None => told.push_str(" · adding up…"),
        Some(Summary {
            answered,
            p50: Some(p50),
            p99: Some(p99),
        }) => {
            let noun = if answered == 1 {
                "round trip"
            } else {
                "round trips"
            };
            let answered = words::count(answered as u64);
            let (p50, p99) = (words::duration(p50), words::duration(p99));
            told = format!("{told} · {answered} {noun}: p50 {p50}, p99 {p99}");
        }
        Some(_) => told.push_str(" · no round trips"),
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        text::label(ui, &told, fonts::small(), theme.text)
            .on_hover_text("Shown below is the one that has the keyboard");
        let single = Button::icon(Icon::X, "Select only the row that is shown")
            .small()
            .shortcut("Esc");
        if ui.add(single).clicked() {
            actions.push(Action::Table(TableAction::Select(Select::Single)));
        }
    });
    ui.add_space(2.0);
}

/// A button for what would help, where something would.
fn remedy_ui(ui: &mut Ui, app: &App, row: &Row, actions: &mut Vec<Action>) {
    let (words, action) = match remedy(app, row) {
        Some(Remedy::SwitchOn { id, name }) => (
            format!("Switch on {name}"),
            Action::SwitchDevice { id, on: true },
        ),
        Some(Remedy::AddDevice) => match app.tabs.front() {
            Some(tab) => (
                "Add a simulated device for it".to_owned(),
                Action::NewDeviceFor(tab.id),
            ),
            None => return,
        },
        None => return,
    };
    ui.add_space(4.0);
    if ui.add(Button::new(&words).small()).clicked() {
        actions.push(action);
    }
}

fn nothing_yet(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let has_devices = !app.library.devices().is_empty();
    let asks = app.tabs.front().is_none_or(|tab| {
        tab.draft.response_topic != ResponseTopicDraft::None || !tab.draft.pairing.is_mqtt5()
    });
    let (sentence, offer) = if !asks {
        (
            "This request asks for no answer: it is published, and its row stands in the timeline.",
            None,
        )
    } else if has_devices {
        ("The answer appears here: press Send.", None)
    } else {
        (
            "The answer appears here. No device answers yet: add a simulated one, or play a demo.",
            Some("Show the demos"),
        )
    };
    ui.add_space(24.0);
    if marks::empty_state(ui, sentence, offer) {
        actions.push(Action::ShowDemos);
    }
}

fn verdict_line_ui(
    ui: &mut Ui,
    app: &App,
    row: &Row,
    (inspected, id): (&Inspected, RowId),
    is_low: bool,
    actions: &mut Vec<Action>,
) {
    let inspection = &inspected.inspection;
    let theme = Theme::of(ui);
    let title = |ui: &mut Ui| {
        text::label(ui, &inspection.title, fonts::code_small(), theme.muted);
    };
    let mut fits = true;
    let verdict = text::line(
        ui,
        &inspection.status,
        fonts::medium(),
        theme.text,
        f32::INFINITY,
    );
    let is_narrow = ui.available_width() - verdict.size().x < BESIDE_VERDICT;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        marks::pill(ui, inspection.tone, &inspection.status).on_hover_text(&inspection.title);
        if let Some(time) = &inspection.round_trip {
            text::label(ui, time, fonts::code(), theme.text)
                .on_hover_text("Round trip: from the request on the wire to its first reply");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            copy_menu(ui, row, inspected, actions);
            compare_menu(ui, app, row, (id, inspected.at), is_narrow, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                text::label(ui, &inspection.remark, fonts::small(), theme.muted);
                let words = &inspection.title;
                let whole = text::line(ui, words, fonts::code_small(), theme.muted, f32::INFINITY);
                fits = whole.size().x <= ui.available_width();
                if fits {
                    title(ui);
                }
            });
        });
    });
    // The row that is selected in the timeline says the same.
    if !fits && !is_low {
        title(ui);
    }
}

fn copy_menu(ui: &mut Ui, row: &Row, inspected: &Inspected, actions: &mut Vec<Action>) {
    /// Of more than these, the request and the message on show.
    const FEW: usize = 8;
    select::menu_button(ui, "Copy", |ui| {
        let count = inspected.inspection.parts;
        let listed = (0..count).filter(|at| count <= FEW || *at == 0 || *at == inspected.at);
        for part in listed.filter_map(|at| part(row, at)) {
            let ways: &[CopyAs] = if payload::looks_like_text(&part.message.payload) {
                &[CopyAs::Text]
            } else {
                &[CopyAs::Hex, CopyAs::Base64]
            };
            for way in ways {
                let told = format!("{}: {}", part.label, way.words());
                if ui.add(Button::ghost(&told)).clicked() {
                    actions.push(Action::CopyPayload(Arc::clone(&part.message), *way));
                    ui.close();
                }
            }
        }
        if ui.add(Button::ghost("Times")).clicked() {
            let lines: Vec<String> = times(row)
                .iter()
                .map(|fact| format!("{}\t{}", fact.name, fact.value))
                .collect();
            actions.push(Action::Copy(lines.join("\n")));
            ui.close();
        }
        if ui.add(Button::ghost("New request from this")).clicked() {
            let first = part(row, 0).map(|part| Action::ComposeFrom(Box::new(part)));
            actions.extend(first);
            ui.close();
        }
    });
}

/// What the message on show can be compared with.
fn compare_menu(
    ui: &mut Ui,
    app: &App,
    row: &Row,
    (id, at): (RowId, usize),
    is_narrow: bool,
    actions: &mut Vec<Action>,
) {
    let contents = |ui: &mut Ui| {
        let mut offer = |ui: &mut Ui, words: &str, action: Action| {
            if ui.add(Button::ghost(words)).clicked() {
                actions.push(action);
                ui.close();
            }
        };
        if let Some(marked) = app.marked.as_ref().filter(|marked| !marked.is(id, at)) {
            let words = format!("With {}", marked.name);
            offer(ui, &words, Action::CompareWithMarked(id, at));
        }
        for other in comparable(row, at) {
            let words = format!("With its {}", part_label(row, other).to_lowercase());
            let (first, second) = (at.min(other), at.max(other));
            offer(ui, &words, Action::Compare((id, first), (id, second)));
        }
        offer(ui, "With another message…", Action::MarkForCompare(id, at));
    };
    if is_narrow {
        let response = ui.add(Button::icon(Icon::GitCompareArrows, "Compare").framed());
        Popup::menu(&response)
            .id(Id::unique("compare the message"))
            .show(contents);
    } else {
        select::menu_button(ui, "Compare", contents);
    }
}

/// The other messages of an exchange that are compared most: what was sent, the first and the last
/// that came, and the one before.
fn comparable(row: &Row, at: usize) -> Vec<usize> {
    let Row::Exchange(exchange) = row else {
        return Vec::new();
    };
    let last = exchange.replies.len();
    let mut others = vec![0, 1, at.saturating_sub(1), last];
    others.sort_unstable();
    others.dedup();
    others.retain(|other| *other != at && *other <= last);
    others
}

/// A message waits for another to be compared with.
fn marked_ui(ui: &mut Ui, app: &App, (id, at): (RowId, usize), actions: &mut Vec<Action>) {
    let Some(marked) = &app.marked else { return };
    let theme = Theme::of(ui);
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let (told, has_other) = if marked.is(id, at) {
            let told = format!(
                "{} is marked: choose the message to compare it with.",
                marked.name
            );
            (told, false)
        } else {
            (format!("{} is marked.", marked.name), true)
        };
        if has_other && ui.add(Button::new("Compare with this").small()).clicked() {
            actions.push(Action::CompareWithMarked(id, at));
        }
        if ui
            .add(Button::icon(Icon::X, "Forget the marked message").small())
            .clicked()
        {
            actions.push(Action::ForgetMarked);
        }
        text::label(ui, &told, fonts::small(), theme.muted);
    });
}

/// Which of the messages is looked at; one of many is chosen from a list.
fn parts_ui(ui: &mut Ui, row: &Row, count: usize, at: usize) -> Option<usize> {
    const BUTTONS: usize = 3;
    let mut chosen = None;
    if count <= BUTTONS {
        // From right to left.
        for index in (0..count).rev() {
            let label = part_label(row, index);
            if ui
                .add(Button::ghost(&label).small().selected(index == at))
                .clicked()
            {
                chosen = Some(index);
            }
        }
    } else {
        let shown = part_label(row, at);
        select::select(ui, "Message of the exchange", &shown, 110.0, |ui| {
            let scroll = ScrollArea::vertical().max_height(300.0);
            scroll.show_rows(ui, 20.0, count, |ui, range| {
                for index in range {
                    if select::option(ui, index == at, &part_label(row, index)).clicked() {
                        chosen = Some(index);
                        ui.close();
                    }
                }
            });
        });
    }
    chosen
}

fn panes_ui(
    ui: &mut Ui,
    row: &Row,
    inspected: &Inspected,
    view: &mut View,
    key: (RowId, usize),
    is_low: bool,
    worker: &Worker,
) {
    let theme = Theme::of(ui);
    let Inspected {
        inspection,
        part,
        facts,
        ..
    } = inspected;
    // What was made is for the pane of this frame's beginning.
    let pane = view.answer_pane;
    let count = part.message.properties.count();
    let note = if count > 0 {
        count.to_string()
    } else {
        String::new()
    };
    let shown = [
        Tab::new("Payload"),
        Tab::new("Properties").note(&note),
        Tab::new("Raw"),
        Tab::new("Timing"),
    ];
    let panes = [
        AnswerPane::Payload,
        AnswerPane::Properties,
        AnswerPane::Raw,
        AnswerPane::Timing,
    ];
    let front = panes
        .iter()
        .position(|pane| *pane == view.answer_pane)
        .unwrap_or(0);
    ui.horizontal(|ui| {
        if let Some(pane) = tabs(ui, &shown, front).and_then(|at| panes.get(at)) {
            view.answer_pane = *pane;
        }
        if inspection.parts > 1 {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                if let Some(chosen) = parts_ui(ui, row, inspection.parts, key.1) {
                    view.choose_part(key.0, chosen);
                }
            });
        }
    });
    ui.add_space(4.0);
    // As many lines as it takes; a broken last line must not be cut off.
    let line = if is_low {
        let room = ui.available_width();
        text::line(ui, &part.line, fonts::small(), theme.muted, room)
    } else {
        text::wrapped(ui, &part.line, fonts::small(), theme.muted)
    };
    let foot = line.size().y + ui.spacing().item_spacing.y + 4.0;
    let size = egui::vec2(
        ui.available_width(),
        (ui.available_height() - foot).max(20.0),
    );
    if view.answer_pane != pane {
        ui.ctx().request_repaint();
    }
    match pane {
        AnswerPane::Payload => payload_ui(ui, part, Form::Text, view, (key, worker), size),
        AnswerPane::Raw => payload_ui(ui, part, Form::Hex, view, (key, worker), size),
        AnswerPane::Properties | AnswerPane::Timing => {
            ScrollArea::vertical()
                .id_salt(("facts", pane == AnswerPane::Timing))
                .max_height(size.y)
                .show(ui, |ui| facts_ui(ui, facts));
        }
    }
    let line = ui.add(egui::Label::new(line));
    if is_low {
        line.on_hover_text(&part.line);
    }
}

fn payload_ui(
    ui: &mut Ui,
    part: &Part,
    form: Form,
    view: &mut View,
    (key, worker): ((RowId, usize), &Worker),
    size: egui::Vec2,
) {
    let theme = Theme::of(ui);
    if part.message.payload.is_empty() {
        text::label(
            ui,
            "The payload is empty (0 bytes).",
            fonts::small(),
            theme.muted,
        );
        ui.add_space((size.y - 24.0).max(0.0));
        return;
    }
    let asks_for_find = view.take_focus(Focus::Find);
    let (reading, state, find) = view.reading(key, form, &part.message.payload);
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.y = 0.0;
        if reading.is_formatting() || reading.is_cut() {
            progress_ui(ui, reading);
        }
        find::find_ui(ui, find, reading.is_formatting(), asks_for_find, state);
        state.keeps_escape = find.is_open;
        let top = ui.available_rect_before_wrap().right_top();
        let finder = find.is_open.then_some(&find.finder);
        let document = &mut reading.document;
        let characters = payload_view::show_found(ui, find::PAYLOAD, document, state, finder);
        find::open_button_ui(ui, find, top);
        if reading.advance(characters, state.top_mut(), worker) {
            state.unmark();
            ui.ctx().request_repaint();
        }
        find::advance(ui, find, reading, state, worker);
    });
}

/// What of a large payload is shown, and a button for the rest.
fn progress_ui(ui: &mut Ui, reading: &mut Reading) {
    let theme = Theme::of(ui);
    let all = words::bytes(reading.document.size());
    let shown = words::bytes(reading.document.shown());
    ui.allocate_ui(egui::vec2(ui.available_width(), 26.0), |ui| {
        ui.set_min_height(26.0);
        ui.horizontal(|ui| {
            if reading.is_formatting() {
                let told = format!("The first {shown} of {all}, as they came. Formatting…");
                text::label(ui, &told, fonts::small(), theme.muted);
                return;
            }
            let offer = format!("Show all {all}");
            let offer = Button::new(&offer)
                .small()
                .tooltip("May need several times as much memory");
            if ui.add(offer).clicked() {
                reading.show_all();
                ui.ctx().request_repaint();
            }
            let told = format!("The first {shown} of {all} are shown. Copying takes all.");
            text::label(ui, &told, fonts::small(), theme.muted);
        });
    });
}
