//! The list of connections, each with its state in words, and what the broker said.

mod subscriptions;

use crate::app::connections::{ConnectionRow, facts};
use crate::app::diagnosis::DiagnosisAction;
use crate::app::imports::{BundleScope, ImportAction};
use crate::app::inspect::Fact;
use crate::app::subscriptions::SubscriptionAction;
use crate::app::{Action, App};
use crate::model::profile::BUILT_IN_ID;
use crate::ui::widgets::{Button, section, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Align, Id, Popup, Rect, Response, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

/// More connections than these scroll by themselves.
const MOST_ROWS: u8 = 12;

pub fn connections_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    if section::section_header(ui, "Connections", Some((Icon::Plus, "New connection"))) {
        actions.push(Action::NewProfile);
    }
    let rows = app.connection_rows();
    if rows.len() <= usize::from(MOST_ROWS) {
        rows_ui(ui, app, &rows, actions);
        return;
    }
    // Many of them would push the requests out of sight.
    let height = f32::from(MOST_ROWS) * (theme::FORM_ROW + ui.spacing().item_spacing.y);
    ScrollArea::vertical()
        .id_salt("connections")
        .max_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            // Beside the scroll bar.
            ui.set_width(ui.available_width() - 10.0);
            rows_ui(ui, app, &rows, actions);
        });
}

fn rows_ui(ui: &mut Ui, app: &App, rows: &[ConnectionRow], actions: &mut Vec<Action>) {
    let in_front = app.tabs.front().map(|tab| tab.draft.connection.as_str());
    for row in rows {
        let response = row_ui(ui, row, in_front == Some(row.id.as_str()));
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
            .show(|ui| menu_ui(ui, app, row, actions));
        Popup::menu(&response)
            .id(Id::unique(("connection", &row.id)))
            .show(|ui| menu_ui(ui, app, row, actions));
        for subscription in app.subscription_rows(&row.id) {
            subscriptions::subscription_ui(ui, &subscription, actions);
        }
    }
}

/// The connection that the request in front goes to is marked.
fn row_ui(ui: &mut Ui, row: &ConnectionRow, is_in_front: bool) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::FORM_ROW), Sense::click());
    response.widget_info(|| {
        let warning = if row.is_unverified {
            ", broker not verified"
        } else {
            ""
        };
        WidgetInfo::labeled(
            Role::Button,
            true,
            format!("{}, {}{warning}", row.name, row.words),
        )
    });
    let wide = rect.expand2(vec2(14.0, 0.0));
    if is_in_front {
        ui.painter().rect_filled(wide, 0, theme.selected);
        let mark = Rect::from_min_size(wide.min, vec2(2.0, wide.height()));
        ui.painter().rect_filled(mark, 0, theme.accent);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(wide, 0, theme.hovered);
    }
    let color = theme.tone(row.tone);
    ui.painter()
        .circle_filled(pos2(rect.left() + 4.0, rect.center().y), 4.0, color);
    let ink = match row.tone {
        crate::app::rows::Tone::Neutral | crate::app::rows::Tone::Answered => theme.muted,
        _ => color,
    };
    let words = text::line(ui, &row.words, fonts::small(), ink, rect.width() * 0.55);
    // Standing, whatever the state is.
    let mark = row.is_unverified.then(|| {
        text::line(
            ui,
            &char::from(Icon::ShieldOff).to_string(),
            fonts::icon(13.0),
            theme.failed,
            20.0,
        )
    });
    let mark_width = mark.as_ref().map_or(0.0, |mark| mark.size().x + 6.0);
    let room = rect.width() - 16.0 - words.size().x - 8.0 - mark_width;
    let name = text::line(ui, &row.name, fonts::body(), theme.text, room);
    let name_rect = Rect::from_min_max(pos2(rect.left() + 16.0, rect.top()), rect.max);
    if let Some(mark) = mark {
        let left = name_rect.left() + name.size().x + 6.0;
        let mark_rect = Rect::from_min_max(pos2(left, rect.top()), rect.max);
        text::paint_in(ui, mark_rect, Align::Min, mark);
    }
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
    if row.is_unverified {
        text::paragraph(
            ui,
            "The broker is not verified: anybody in between can pretend to be it. Edit the connection to change that.",
            fonts::small(),
            theme.failed,
        );
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
    if !row.is_listener {
        ui.horizontal(|ui| {
            if ui.add(Button::new("Test connection")).clicked() {
                let action = DiagnosisAction::Test(row.id.clone());
                actions.push(Action::Diagnosis(action));
                ui.close();
            }
            if ui.add(Button::new("Subscribe…")).clicked() {
                actions.push(Action::Subscription(SubscriptionAction::New {
                    connection: row.id.clone(),
                    filter: String::new(),
                }));
                ui.close();
            }
        });
    }
    ui.horizontal(|ui| {
        if row.id != BUILT_IN_ID && ui.add(Button::ghost("Export…")).clicked() {
            let scope = BundleScope::Connection(row.id.clone());
            actions.push(Action::Import(ImportAction::AskExport(scope)));
            ui.close();
        }
        if ui.add(Button::ghost("Import connections…")).clicked() {
            actions.push(Action::Import(ImportAction::Ask));
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
    if let Some(info) = app.session.state(&row.id).info()
        && !row.is_listener
    {
        ui.add_space(4.0);
        text::label(
            ui,
            "What the broker said (CONNACK)",
            fonts::small(),
            theme.muted,
        );
        facts_ui(ui, &facts(info));
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

/// Names and values, in two columns: the names as wide as they are, the values wrapped.
pub fn facts_ui(ui: &mut Ui, facts: &[Fact]) {
    let theme = Theme::of(ui);
    let most = ui.available_width() * 0.5;
    let names: Vec<_> = facts
        .iter()
        .map(|fact| text::line(ui, &fact.name, fonts::small(), theme.muted, most))
        .collect();
    let width = names.iter().map(|name| name.size().x).fold(0.0, f32::max);
    ui.spacing_mut().item_spacing.y = 3.0;
    for (fact, name) in facts.iter().zip(names) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            ui.spacing_mut().interact_size.y = 0.0;
            let (rect, response) = ui.allocate_exact_size(vec2(width, 16.0), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &fact.name));
            text::paint_in(ui, rect, Align::Min, name);
            text::paragraph(ui, &fact.value, fonts::code_small(), theme.text);
        });
    }
}
