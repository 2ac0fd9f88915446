//! Saved requests in their folders.

use crate::app::imports::{BundleScope, ImportAction};
use crate::app::requests::RequestItem;
use crate::app::{Action, App};
use crate::model::foreign::copy_as::Style;
use crate::ui::widgets::{Button, section, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Align, Id, Popup, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

pub fn requests_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    if section::section_header(ui, "Requests", Some((Icon::Plus, "New request"))) {
        actions.push(Action::NewTab);
    }
    let folders = app.request_folders();
    if folders.is_empty() {
        text::paragraph(
            ui,
            "Saved requests appear here. Write one and press Ctrl+S, or play a demo.",
            fonts::small(),
            theme.muted,
        );
    }
    for folder in folders {
        let is_open = !app.window.folded_folders.contains(&folder.name);
        if !folder.name.is_empty() {
            let count = folder.items.len();
            let response = folder_ui(ui, &folder.name, "requests", count, is_open);
            if response.clicked() {
                actions.push(Action::ToggleFolder(folder.name.clone()));
            }
            Popup::context_menu(&response)
                .id(Id::unique(("folder menu", &folder.name)))
                .show(|ui| folder_menu_ui(ui, &folder.name, actions));
        }
        if is_open {
            for item in &folder.items {
                item_ui(ui, item, actions);
            }
        }
    }
}

fn folder_menu_ui(ui: &mut Ui, name: &str, actions: &mut Vec<Action>) {
    if ui.add(Button::ghost("Export…")).clicked() {
        let scope = BundleScope::Folder(name.to_owned());
        actions.push(Action::Import(ImportAction::AskExport(scope)));
        ui.close();
    }
}

/// The heading of a group that folds.
pub(super) fn folder_ui(
    ui: &mut Ui,
    name: &str,
    noun: &str,
    count: usize,
    is_open: bool,
) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::FORM_ROW), Sense::click());
    let state = if is_open { "open" } else { "closed" };
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Button,
            true,
            format!("Folder {name}, {count} {noun}, {state}"),
        )
    });
    if response.hovered() || response.has_focus() {
        ui.painter()
            .rect_filled(rect.expand2(vec2(14.0, 0.0)), 0, theme.hovered);
    }
    let icon = if is_open {
        Icon::ChevronDown
    } else {
        Icon::ChevronRight
    };
    ui.painter().text(
        pos2(rect.left() + 4.0, rect.center().y),
        egui::Align2::CENTER_CENTER,
        char::from(icon),
        fonts::icon(12.0),
        theme.muted,
    );
    let name = text::line(ui, name, fonts::medium(), theme.text, rect.width() - 48.0);
    text::paint_in(
        ui,
        Rect::from_min_max(pos2(rect.left() + 16.0, rect.top()), rect.max),
        Align::Min,
        name,
    );
    let count = text::line(ui, &count.to_string(), fonts::small(), theme.muted, 40.0);
    text::paint_in(ui, rect, Align::Max, count);
    response
}

fn item_ui(ui: &mut Ui, item: &RequestItem, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::FORM_ROW), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::Button,
            true,
            item.is_in_front,
            format!("Request {}", item.name),
        )
    });
    let wide = rect.expand2(vec2(14.0, 0.0));
    if item.is_in_front {
        ui.painter().rect_filled(wide, 0, theme.selected);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(wide, 0, theme.hovered);
    }
    let hint = text::line(
        ui,
        &item.hint,
        fonts::code_small(),
        theme.dim,
        rect.width() * 0.4,
    );
    let room = rect.width() - 24.0 - hint.size().x;
    let name = text::line(ui, &item.name, fonts::body(), theme.text, room);
    text::paint_in(
        ui,
        Rect::from_min_max(pos2(rect.left() + 16.0, rect.top()), rect.max),
        Align::Min,
        name,
    );
    text::paint_in(ui, rect, Align::Max, hint);
    if response.clicked() {
        actions.push(Action::OpenRequest(item.id.clone()));
    }
    let response = response.on_hover_text(&item.topic);
    Popup::context_menu(&response)
        .id(Id::unique(("request menu", &item.id)))
        .show(|ui| menu_ui(ui, item, actions));
}

fn menu_ui(ui: &mut Ui, item: &RequestItem, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    for (words, color, action) in [
        ("Open", None, Action::OpenRequest(item.id.clone())),
        (
            "Rename or move",
            None,
            Action::RenameRequest(item.id.clone()),
        ),
        ("Duplicate", None, Action::DuplicateRequest(item.id.clone())),
        (
            "Delete",
            Some(theme.failed),
            Action::DeleteRequest(item.id.clone()),
        ),
    ] {
        let button = Button::ghost(words);
        let button = match color {
            Some(color) => button.color(color),
            None => button,
        };
        if ui.add(button).clicked() {
            actions.push(action);
            ui.close();
        }
    }
    ui.separator();
    for style in Style::ALL {
        let words = format!("Copy as {}", style.label());
        if ui.add(Button::ghost(&words)).clicked() {
            let id = Some(item.id.clone());
            actions.push(Action::Import(ImportAction::CopyAs(id, style)));
            ui.close();
        }
    }
}
