//! Simulated devices as cards, and what they are doing.

use crate::app::devices::{ActivityLine, DeviceCard, Direction, ValueRow, device_cards};
use crate::app::rows::Tone;
use crate::app::{Action, App};
use crate::ui::view::{ValueEdit, View};
use crate::ui::widgets::{Button, Field, card, marks, section, text, toggle};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Id, Key, Layout, Popup, Role, Sense, Ui, WidgetInfo};

/// Lines of a device's rules shown on its card; the rest is in the editor.
const RULE_LINES: usize = 6;
/// Lines of activity painted; there may be more.
const ACTIVITY_LINES: usize = 60;

pub fn devices_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    if section::section_header(
        ui,
        "Simulated devices",
        Some((Icon::Plus, "New simulated device")),
    ) {
        actions.push(Action::NewDevice);
    }
    let cards = device_cards(app);
    if cards.is_empty()
        && marks::empty_state(
            ui,
            "No device answers here yet. A simulated device listens to topics and answers, so that requests can be tried without hardware.",
            Some("Add a simulated device"),
        )
    {
        actions.push(Action::NewDevice);
    }
    for device in &cards {
        ui.push_id(("device", &device.id), |ui| {
            card_ui(ui, device, view, actions);
        });
        ui.add_space(8.0);
    }
    if !app.activity.is_empty() || !cards.is_empty() {
        activity_ui(ui, app, actions);
    }
}

fn card_ui(ui: &mut Ui, device: &DeviceCard, view: &mut View, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    card::card(ui, |ui| {
        ui.horizontal(|ui| {
            marks::dot(ui, theme.tone(device.tone));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let mut on = device.is_on;
                if toggle::toggle(ui, &mut on, &format!("Device {}", device.name)).changed() {
                    actions.push(Action::SwitchDevice {
                        id: device.id.clone(),
                        on,
                    });
                }
                let menu =
                    ui.add(Button::icon(Icon::Ellipsis, &format!("Edit {}", device.name)).small());
                Popup::menu(&menu)
                    .id(Id::unique(("device menu", &device.id)))
                    .show(|ui| menu_ui(ui, device, actions));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    text::label(ui, &device.name, fonts::strong(), theme.text);
                });
            });
        });
        marks::key_text(ui, "Listens", &device.listens.join(", "), true);
        if let Some(rule) = &device.pairing {
            marks::key_text(ui, "Pairing", rule, false);
        }
        if let Some(schedule) = &device.schedule {
            marks::key_text(ui, "Schedule", schedule, false);
        }
        match device.tone {
            Tone::Answered | Tone::Neutral => {}
            tone => {
                marks::key_value(ui, "Now", |ui| {
                    text::label(ui, &device.words, fonts::small(), theme.tone(tone))
                });
            }
        }
        if let Some(session) = &device.session {
            marks::key_text(ui, "Session", session, false);
        }
        if !device.values.is_empty() {
            marks::key_value(ui, "State", |ui| {
                ui.spacing_mut().interact_size.y = 18.0;
                ui.spacing_mut().item_spacing.y = 2.0;
                ui.horizontal_wrapped(|ui| {
                    for value in &device.values {
                        value_ui(ui, device, value, view, actions);
                    }
                });
            });
        }
        marks::key_text(ui, "Answers", &device.answers, false);
        if let Some(faults) = &device.faults {
            marks::key_value(ui, "Faults", |ui| {
                text::label(ui, faults, fonts::small(), theme.ink(Tone::Failed))
            });
        }
        if !device.rules.is_empty() {
            card::dashed_rule(ui);
            for line in device.rules.iter().take(RULE_LINES) {
                rule_ui(ui, line);
            }
            if device.rules.len() > RULE_LINES {
                text::label(
                    ui,
                    &format!("and {} more lines", device.rules.len() - RULE_LINES),
                    fonts::small(),
                    theme.dim,
                );
            }
        }
    });
}

/// The keyword of a clause in grey, the rest in code.
fn rule_ui(ui: &mut Ui, line: &str) {
    let theme = Theme::of(ui);
    let (word, clause) = line.split_once(' ').unwrap_or((line, ""));
    let galley = text::runs(
        ui,
        &[
            (word, fonts::code_small(), theme.muted),
            (" ", fonts::code_small(), theme.muted),
            (clause, fonts::code_small(), theme.text),
        ],
        ui.available_width(),
    );
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, line));
    text::paint_in(ui, rect, Align::Min, galley);
    response.on_hover_text(line);
}

/// `power=on`; a click makes it a field.
fn value_ui(
    ui: &mut Ui,
    device: &DeviceCard,
    value: &ValueRow,
    view: &mut View,
    actions: &mut Vec<Action>,
) {
    let theme = Theme::of(ui);
    let name = format!("State {} of {}", value.key, device.name);
    if let Some(edit) = view
        .value_edit
        .as_mut()
        .filter(|edit| edit.device == device.id && edit.key == value.key)
    {
        let response = Field::new(&mut edit.text, &name)
            .code()
            .width(110.0)
            .show(ui);
        if !edit.is_focused {
            response.request_focus();
            edit.is_focused = true;
        } else if response.lost_focus() {
            if !ui.input(|input| input.key_pressed(Key::Escape)) {
                actions.push(Action::SetDeviceValue {
                    id: device.id.clone(),
                    key: edit.key.clone(),
                    value: edit.text.clone(),
                });
            }
            view.value_edit = None;
        }
        return;
    }
    let galley = text::runs(
        ui,
        &[
            (&value.key, fonts::code_small(), theme.text),
            ("=", fonts::code_small(), theme.muted),
            (&value.shown, fonts::code_small(), theme.syntax.string),
        ],
        200.0,
    );
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Button, true, format!("{name}: {}", value.shown))
    });
    text::paint_in(ui, rect, Align::Min, galley);
    if response.hovered() || response.has_focus() {
        ui.painter()
            .hline(rect.x_range(), rect.bottom(), (1.0, theme.accent));
    }
    if response.clicked() && device.is_on {
        view.value_edit = Some(ValueEdit {
            device: device.id.clone(),
            key: value.key.clone(),
            text: value.shown.clone(),
            is_focused: false,
        });
    }
    let tip = if device.is_on {
        "Click to set it now"
    } else {
        "Switch the device on to set it; its first state is in the editor"
    };
    response.on_hover_text(tip);
}

fn menu_ui(ui: &mut Ui, device: &DeviceCard, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    text::label(
        ui,
        &format!("On {}", device.connection),
        fonts::small(),
        theme.muted,
    );
    text::label(ui, &device.words, fonts::small(), theme.tone(device.tone));
    if device.is_on {
        let (words, action) = if device.is_asleep {
            ("Wake it now", Action::WakeDevice(device.id.clone()))
        } else {
            ("Cut its connection", Action::CutDevice(device.id.clone()))
        };
        if ui.add(Button::ghost(words).color(theme.text)).clicked() {
            actions.push(action);
            ui.close();
        }
    }
    for (words, color, action) in [
        ("Edit", theme.text, Action::EditDevice(device.id.clone())),
        (
            "Duplicate",
            theme.text,
            Action::DuplicateDevice(device.id.clone()),
        ),
        (
            "Delete",
            theme.failed,
            Action::DeleteDevice(device.id.clone()),
        ),
    ] {
        if ui.add(Button::ghost(words).color(color)).clicked() {
            actions.push(action);
            ui.close();
        }
    }
}

fn activity_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let paused = app.activity.is_paused;
    section::section_header_with(ui, "Activity", |ui| {
        let words = if paused { "RESUME" } else { "PAUSE" };
        let name = if paused {
            "Resume the activity list"
        } else {
            "Pause the activity list"
        };
        if ui
            .add(Button::ghost(words).name(name).small().color(theme.muted))
            .clicked()
        {
            actions.push(Action::PauseActivity(!paused));
        }
    });
    if app.activity.is_empty() {
        text::paragraph(
            ui,
            "What devices receive and answer appears here.",
            fonts::small(),
            theme.muted,
        );
    }
    for line in app.activity.lines().take(ACTIVITY_LINES) {
        activity_line_ui(ui, line);
    }
}

fn activity_line_ui(ui: &mut Ui, line: &ActivityLine) {
    let theme = Theme::of(ui);
    let (arrow, color) = match line.direction {
        Direction::In => ("←", theme.muted),
        Direction::Out => ("→", theme.muted),
        Direction::Note => ("·", theme.muted),
        Direction::Problem => ("!", theme.ink(Tone::Waiting)),
    };
    let start = format!("{} {arrow} ", line.time);
    let galley = text::runs(
        ui,
        &[
            (&start, fonts::code_small(), theme.muted),
            (&line.text, fonts::code_small(), color),
        ],
        ui.available_width(),
    );
    let (rect, response) = ui.allocate_exact_size(
        egui::vec2(ui.available_width(), galley.size().y + 2.0),
        Sense::hover(),
    );
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Label, true, format!("{} {}", line.time, line.tooltip))
    });
    text::paint_in(ui, rect, Align::Min, galley);
    response.on_hover_text(&line.tooltip);
}
