//! The answer beside the request: verdict, legs, payload, properties, raw bytes, times.

use crate::app::devices::{Remedy, remedy};
use crate::app::inspect::{Part, part, part_label, times};
use crate::app::{Action, App};
use crate::model::timeline::{Row, RowId};
use crate::ui::panels::connections::facts_ui;
use crate::ui::view::{AnswerPane, Inspected, PayloadForm, View};
use crate::ui::widgets::tabs::{Tab, tabs};
use crate::ui::widgets::{Button, leg_bar, marks, payload_view, select, text};
use crate::ui::{Theme, fonts};
use egui::{Align, Layout, ScrollArea, Ui};

pub fn answer_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let row = app
        .selected
        .or_else(|| app.tabs.front().and_then(|tab| tab.last));
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
    verdict_line_ui(ui, &row, &inspected, actions);
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
    panes_ui(ui, &row, &inspected, view, (id, inspected.at));
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
    let (sentence, offer) = if has_devices {
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

fn verdict_line_ui(ui: &mut Ui, row: &Row, inspected: &Inspected, actions: &mut Vec<Action>) {
    let inspection = &inspected.inspection;
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        marks::pill(ui, inspection.tone, &inspection.status);
        if let Some(time) = &inspection.round_trip {
            text::label(ui, time, fonts::code(), theme.text)
                .on_hover_text("Round trip: from the request on the wire to its first reply");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            copy_menu(ui, row, inspected, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                text::label(ui, &inspection.remark, fonts::small(), theme.muted);
                text::label(ui, &inspection.title, fonts::code_small(), theme.dim);
            });
        });
    });
}

fn copy_menu(ui: &mut Ui, row: &Row, inspected: &Inspected, actions: &mut Vec<Action>) {
    /// Of more than these, the request and the message on show.
    const FEW: usize = 8;
    select::menu_button(ui, "Copy", |ui| {
        let count = inspected.inspection.parts;
        let listed = (0..count).filter(|at| count <= FEW || *at == 0 || *at == inspected.at);
        for part in listed.filter_map(|at| part(row, at)) {
            if let Ok(payload) = std::str::from_utf8(&part.message.payload) {
                if ui
                    .add(Button::ghost(&format!("{}: payload", part.label)))
                    .clicked()
                {
                    actions.push(Action::Copy(payload.to_owned()));
                    ui.close();
                }
            } else if ui
                .add(Button::ghost(&format!("{}: payload as hex", part.label)))
                .clicked()
            {
                actions.push(Action::Copy(crate::app::inspect::hex(
                    &part.message.payload,
                )));
                ui.close();
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

fn panes_ui(ui: &mut Ui, row: &Row, inspected: &Inspected, view: &mut View, key: (RowId, usize)) {
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
    let line = text::wrapped(ui, &part.line, fonts::small(), theme.muted);
    let foot = line.size().y + ui.spacing().item_spacing.y + 4.0;
    let size = egui::vec2(
        ui.available_width(),
        (ui.available_height() - foot).max(20.0),
    );
    if view.answer_pane != pane {
        ui.ctx().request_repaint();
    }
    match pane {
        AnswerPane::Payload => payload_ui(ui, part, PayloadForm::Text, view, key, size),
        AnswerPane::Raw => payload_ui(ui, part, PayloadForm::Hex, view, key, size),
        AnswerPane::Properties | AnswerPane::Timing => {
            ScrollArea::vertical()
                .id_salt(("facts", pane == AnswerPane::Timing))
                .max_height(size.y)
                .show(ui, |ui| facts_ui(ui, facts));
        }
    }
    ui.add(egui::Label::new(line));
}

fn payload_ui(
    ui: &mut Ui,
    part: &Part,
    form: PayloadForm,
    view: &mut View,
    key: (RowId, usize),
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
    let (document, state) = view.document(key, form, &part.message.payload);
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        payload_view::show(ui, "Message payload", document, state);
    });
}
