//! The answer beside the request: verdict, legs, payload, properties, raw bytes, times.

use crate::app::inspect::{Inspection, Part, inspect, properties};
use crate::app::{Action, App};
use crate::model::timeline::RowId;
use crate::ui::panels::connections::facts_ui;
use crate::ui::view::{AnswerPane, PayloadForm, View};
use crate::ui::widgets::tabs::{Tab, tabs};
use crate::ui::widgets::{Button, leg_bar, marks, payload_view, select, text};
use crate::ui::{Theme, fonts};
use egui::{Align, Layout, ScrollArea, Ui};

pub fn answer_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let row = app
        .selected
        .or_else(|| app.tabs.front().and_then(|tab| tab.last));
    let Some((id, row)) = row.and_then(|id| Some((id, app.session.timeline.row(id)?))) else {
        nothing_yet(ui, app, actions);
        return;
    };
    let inspection = inspect(row, app.now);
    verdict_line_ui(ui, &inspection, actions);
    if !inspection.legs.is_empty() {
        ui.add_space(6.0);
        leg_bar::leg_bar(ui, &inspection.legs);
    }
    if let Some(explanation) = &inspection.explanation {
        let theme = Theme::of(ui);
        ui.add_space(4.0);
        text::paragraph(ui, explanation, fonts::small(), theme.text);
    }
    // The newest reply, unless a part of this row was chosen.
    let last = inspection.parts.len().saturating_sub(1);
    let newest = last.min(1);
    let at = view.part_of(id).map_or(newest, |part| part.min(last));
    let Some(part) = inspection.parts.get(at) else {
        return;
    };
    ui.add_space(4.0);
    panes_ui(ui, &inspection, part, view, (id, at));
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

fn verdict_line_ui(ui: &mut Ui, inspection: &Inspection, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        marks::pill(ui, inspection.tone, &inspection.status);
        if let Some(time) = &inspection.round_trip {
            text::label(ui, time, fonts::code(), theme.text)
                .on_hover_text("Round trip: from the request on the wire to its first reply");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            copy_menu(ui, inspection, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                text::label(ui, &inspection.remark, fonts::small(), theme.muted);
                text::label(ui, &inspection.title, fonts::code_small(), theme.dim);
            });
        });
    });
}

fn copy_menu(ui: &mut Ui, inspection: &Inspection, actions: &mut Vec<Action>) {
    select::menu_button(ui, "Copy", |ui| {
        for part in &inspection.parts {
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
            let lines: Vec<String> = inspection
                .times
                .iter()
                .map(|fact| format!("{}\t{}", fact.name, fact.value))
                .collect();
            actions.push(Action::Copy(lines.join("\n")));
            ui.close();
        }
        if let Some(part) = inspection.parts.first()
            && ui.add(Button::ghost("New request from this")).clicked()
        {
            actions.push(Action::ComposeFrom(Box::new(part.clone())));
            ui.close();
        }
    });
}

/// Which of the messages is looked at; one of many is chosen from a list.
fn parts_ui(ui: &mut Ui, inspection: &Inspection, at: usize) -> Option<usize> {
    const BUTTONS: usize = 3;
    let mut chosen = None;
    if inspection.parts.len() <= BUTTONS {
        // From right to left.
        for (index, part) in inspection.parts.iter().enumerate().rev() {
            if ui
                .add(Button::ghost(&part.label).small().selected(index == at))
                .clicked()
            {
                chosen = Some(index);
            }
        }
    } else {
        let shown = inspection
            .parts
            .get(at)
            .map_or("", |part| part.label.as_str());
        select::select(ui, "Message of the exchange", shown, 110.0, |ui| {
            ScrollArea::vertical().max_height(300.0).show_rows(
                ui,
                20.0,
                inspection.parts.len(),
                |ui, range| {
                    for index in range {
                        let label = inspection
                            .parts
                            .get(index)
                            .map_or("", |part| part.label.as_str());
                        if select::option(ui, index == at, label).clicked() {
                            chosen = Some(index);
                            ui.close();
                        }
                    }
                },
            );
        });
    }
    chosen
}

fn panes_ui(
    ui: &mut Ui,
    inspection: &Inspection,
    part: &Part,
    view: &mut View,
    key: (RowId, usize),
) {
    let theme = Theme::of(ui);
    let facts = properties(&part.message);
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
        if inspection.parts.len() > 1 {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                if let Some(chosen) = parts_ui(ui, inspection, key.1) {
                    view.choose_part(key.0, chosen);
                }
            });
        }
    });
    ui.add_space(4.0);
    // One line, or two where it does not fit.
    let line = text::line(ui, &part.line, fonts::small(), theme.dim, f32::INFINITY);
    let foot = if line.size().x > ui.available_width() {
        36.0
    } else {
        22.0
    };
    let size = egui::vec2(
        ui.available_width(),
        (ui.available_height() - foot).max(40.0),
    );
    match view.answer_pane {
        AnswerPane::Payload => payload_ui(ui, part, PayloadForm::Text, view, key, size),
        AnswerPane::Raw => payload_ui(ui, part, PayloadForm::Hex, view, key, size),
        AnswerPane::Properties => {
            ScrollArea::vertical()
                .id_salt("reply properties")
                .max_height(size.y)
                .show(ui, |ui| facts_ui(ui, &facts));
        }
        AnswerPane::Timing => {
            ScrollArea::vertical()
                .id_salt("times")
                .max_height(size.y)
                .show(ui, |ui| facts_ui(ui, &inspection.times));
        }
    }
    text::paragraph(ui, &part.line, fonts::small(), theme.muted);
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
