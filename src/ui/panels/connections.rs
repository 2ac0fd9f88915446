//! The list of connections, each with its state in words, and what the broker said.

use crate::app::connections::{ConnectionRow, facts};
use crate::app::inspect::Fact;
use crate::app::{Action, App};
use crate::model::profile::BUILT_IN_ID;
use crate::ui::widgets::{Button, section, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Align, Id, Popup, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

pub fn connections_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    if section::section_header(ui, "Connections", Some((Icon::Plus, "New connection"))) {
        actions.push(Action::NewProfile);
    }
    for row in app.connection_rows() {
        let response = row_ui(ui, &row);
        let tooltip = row.hint.as_ref().map_or_else(
            || row.sentence.clone(),
            |hint| format!("{}\n{hint}", row.sentence),
        );
        if response.double_clicked() {
            actions.push(Action::EditProfile(row.id.clone()));
        }
        let response = response.on_hover_text(tooltip);
        Popup::context_menu(&response)
            .id(Id::unique(("connection menu", &row.id)))
            .show(|ui| menu_ui(ui, app, &row, actions));
        Popup::menu(&response)
            .id(Id::unique(("connection", &row.id)))
            .show(|ui| menu_ui(ui, app, &row, actions));
    }
}

fn row_ui(ui: &mut Ui, row: &ConnectionRow) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::FORM_ROW), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Button, true, format!("{}, {}", row.name, row.words))
    });
    if response.hovered() || response.has_focus() {
        ui.painter()
            .rect_filled(rect.expand2(vec2(8.0, 0.0)), 4, theme.hovered);
    }
    let color = theme.tone(row.tone);
    ui.painter()
        .circle_filled(pos2(rect.left() + 4.0, rect.center().y), 4.0, color);
    let ink = match row.tone {
        crate::app::rows::Tone::Neutral | crate::app::rows::Tone::Answered => theme.muted,
        _ => color,
    };
    let words = text::line(ui, &row.words, fonts::small(), ink, rect.width() * 0.55);
    let room = rect.width() - 16.0 - words.size().x - 8.0;
    let name = text::line(ui, &row.name, fonts::body(), theme.text, room);
    let name_rect = Rect::from_min_max(pos2(rect.left() + 16.0, rect.top()), rect.max);
    text::paint_in(ui, name_rect, Align::Min, name);
    text::paint_in(ui, rect, Align::Max, words);
    response
}

fn menu_ui(ui: &mut Ui, app: &App, row: &ConnectionRow, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    ui.set_width(330.0);
    text::label(ui, &row.name, fonts::medium(), theme.text);
    text::paragraph(ui, &row.sentence, fonts::small(), theme.muted);
    if let Some(hint) = &row.hint {
        text::paragraph(ui, hint, fonts::small(), theme.text);
    }
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        if row.is_on {
            if ui.add(Button::new("Disconnect")).clicked() {
                actions.push(Action::Disconnect(row.id.clone()));
                ui.close();
            }
            if !row.is_connected && ui.add(Button::new("Try now")).clicked() {
                actions.push(Action::ReconnectNow(row.id.clone()));
                ui.close();
            }
        } else if ui.add(Button::primary("Connect")).clicked() {
            actions.push(Action::Connect(row.id.clone()));
            ui.close();
        }
        if ui.add(Button::ghost("Edit")).clicked() {
            actions.push(Action::EditProfile(row.id.clone()));
            ui.close();
        }
        if ui.add(Button::ghost("Duplicate")).clicked() {
            actions.push(Action::DuplicateProfile(row.id.clone()));
            ui.close();
        }
        if row.id != BUILT_IN_ID
            && ui
                .add(Button::ghost("Delete").color(theme.failed))
                .clicked()
        {
            actions.push(Action::DeleteProfile(row.id.clone()));
            ui.close();
        }
    });
    if row.id == BUILT_IN_ID
        && app.session.broker().is_some()
        && ui.add(Button::ghost("Stop the built-in broker")).clicked()
    {
        actions.push(Action::StopBroker);
        ui.close();
    }
    if let Some(info) = app.session.state(&row.id).info() {
        ui.add_space(4.0);
        text::label(
            ui,
            "What the broker said (CONNACK)",
            fonts::small(),
            theme.muted,
        );
        facts_ui(ui, &facts(info), "connack");
    }
    let subscriptions = app
        .session
        .link(&row.id)
        .map(|link| link.subscriptions.as_slice())
        .unwrap_or_default();
    if !subscriptions.is_empty() {
        ui.add_space(4.0);
        text::label(ui, "Subscribed", fonts::small(), theme.muted);
        for filter in subscriptions {
            text::label(ui, filter.as_str(), fonts::code_small(), theme.text);
        }
    }
}

/// Names and values, in two columns.
pub fn facts_ui(ui: &mut Ui, facts: &[Fact], salt: &str) {
    let theme = Theme::of(ui);
    egui::Grid::new(salt)
        .num_columns(2)
        .spacing(vec2(12.0, 3.0))
        .show(ui, |ui| {
            for fact in facts {
                text::label(ui, &fact.name, fonts::small(), theme.muted);
                text::label(ui, &fact.value, fonts::code_small(), theme.text);
                ui.end_row();
            }
        });
}
