//! Saved requests in their folders.

use crate::app::imports::ImportAction;
use crate::app::requests::RequestItem;
use crate::app::tree::{Line, Shelf};
use crate::app::{Action, App};
use crate::model::foreign::copy_as::Style;
use crate::ui::panels::tree;
use crate::ui::view::View;
use crate::ui::widgets::{Button, section, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Align, Id, Popup, Response, Role, Sense, Ui, WidgetInfo, vec2};

pub fn requests_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    if section::section_header(ui, "Requests", Some((Icon::Plus, "New request"))) {
        actions.push(Action::NewTab);
    }
    let count = app.library.requests().len();
    if count == 0 {
        text::paragraph(
            ui,
            "Saved requests appear here. Write one and press Ctrl+S, or play a demo.",
            fonts::small(),
            theme.muted,
        );
        return;
    }
    let (query, _) = tree::find_ui(ui, &mut view.request_query, Shelf::Requests, count);
    let lines = app.request_lines(&query);
    if lines.is_empty() {
        tree::nothing_ui(ui, Shelf::Requests);
    }
    // What is found is not all there is: a place among it says little.
    let can_drag = query.is_empty();
    for line in &lines {
        match line {
            Line::Folder(folder) => {
                tree::folder_line_ui(ui, Shelf::Requests, folder, can_drag, actions);
            }
            Line::Item { item, depth } => {
                let response = item_ui(ui, item, *depth, actions);
                if can_drag {
                    let it = (item.id.as_str(), item.name.as_str());
                    tree::drag_item(ui, &response, Shelf::Requests, it, actions);
                }
            }
        }
    }
}

fn item_ui(ui: &mut Ui, item: &RequestItem, depth: usize, actions: &mut Vec<Action>) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), theme::FORM_ROW),
        Sense::click_and_drag(),
    );
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
    // One level in from the chevron of its folder.
    let left = rect.left() + 16.0 + tree::indent(depth.saturating_sub(1));
    let room = rect.right() - left - 8.0 - hint.size().x;
    let name = text::line(ui, &item.name, fonts::body(), theme.text, room);
    text::paint_in(ui, rect.with_min_x(left), Align::Min, name);
    text::paint_in(ui, rect, Align::Max, hint);
    if response.clicked() {
        actions.push(Action::OpenRequest(item.id.clone()));
    }
    let response = response.on_hover_text(&item.topic);
    Popup::context_menu(&response)
        .id(Id::unique(("request menu", &item.id)))
        .show(|ui| menu_ui(ui, item, actions));
    response
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
    tree::move_menu_ui(ui, Shelf::Requests, &item.id, actions);
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
