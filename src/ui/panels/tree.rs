//! What the lists of connections and requests have in common: folders that fold, rows that are dragged, and a field to
//! find something.

use crate::app::Action;
use crate::app::imports::{BundleScope, ImportAction};
use crate::app::tree::{Dragged, FolderLine, Moved, Query, Shelf, Spot, TreeAction};
use crate::ui::widgets::{Button, Field, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Align, Id, Key, Popup, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

/// The room that a folder around something takes at its left.
const INDENT: f32 = 12.0;
/// With fewer things a field to find one is in the way.
const WORTH_FINDING: usize = 8;

/// How far in something begins that is in so many folders.
pub(super) fn indent(depth: usize) -> f32 {
    // Deeper ones would leave no room for their names.
    text::points(depth.min(8)) * INDENT
}

/// The field in which something is looked for, where there is enough to look through; and whether its text changed.
pub(super) fn find_ui(ui: &mut Ui, typed: &mut String, list: Shelf, count: usize) -> (Query, bool) {
    let mut changed = false;
    if count >= WORTH_FINDING || !typed.is_empty() {
        let name = format!("Find {}", list.noun());
        let response = Field::new(typed, &name)
            .hint("Find")
            .id(Id::unique(("find", list)))
            .show(ui);
        changed = response.changed();
        // Escape has taken the keyboard away by now.
        let had_focus = response.has_focus() || response.lost_focus();
        if had_focus && ui.input(|input| input.key_pressed(Key::Escape)) {
            changed |= !typed.is_empty();
            typed.clear();
        }
        ui.add_space(4.0);
    }
    (Query::new(typed), changed)
}

/// Said where nothing was found.
pub(super) fn nothing_ui(ui: &mut Ui, list: Shelf) {
    let theme = Theme::of(ui);
    let words = format!("None of the {} has that.", list.noun());
    text::paragraph(ui, &words, fonts::small(), theme.muted);
}

/// A folder with its menu, a place to drop things, and something to drag.
pub(super) fn folder_line_ui(
    ui: &mut Ui,
    list: Shelf,
    folder: &FolderLine,
    can_drag: bool,
    actions: &mut Vec<Action>,
) {
    let FolderLine { path, count, .. } = folder;
    let response = folder_ui(
        ui,
        (path, &folder.name, folder.depth),
        list.noun(),
        *count,
        folder.is_open,
    );
    if response.clicked() {
        actions.push(Action::Tree(TreeAction::Fold(list, path.clone())));
    }
    if can_drag {
        let moved = Moved::Folder(path.clone());
        drag(ui, &response, Dragged { list, moved }, &folder.name);
        drop_into(ui, &response, list, path, actions);
    }
    Popup::context_menu(&response)
        .id(Id::unique(("folder menu", list, path)))
        .show(|ui| folder_menu_ui(ui, list, path, actions));
}

fn folder_menu_ui(ui: &mut Ui, list: Shelf, path: &str, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let mut offer = |ui: &mut Ui, button: Button<'_>, action: Action| {
        if ui.add(button).clicked() {
            actions.push(action);
            ui.close();
        }
    };
    if list == Shelf::Connections {
        let new = Action::NewProfileIn(path.to_owned());
        offer(ui, Button::ghost("New connection in it"), new);
    }
    let moved = Moved::Folder(path.to_owned());
    let ask = TreeAction::AskWhere(Dragged { list, moved });
    offer(ui, Button::ghost("Rename or move…"), Action::Tree(ask));
    let sort = TreeAction::SortByName(list, path.to_owned());
    offer(ui, Button::ghost("Sort by name"), Action::Tree(sort));
    let scope = match list {
        Shelf::Connections => BundleScope::ConnectionFolder(path.to_owned()),
        Shelf::Requests => BundleScope::Folder(path.to_owned()),
    };
    let export = Action::Import(ImportAction::AskExport(scope));
    offer(ui, Button::ghost("Export…"), export);
    ui.separator();
    let words = format!("Delete with its {}", list.noun());
    let delete = TreeAction::Delete(list, path.to_owned());
    let button = Button::ghost(&words).color(theme.failed);
    offer(ui, button, Action::Tree(delete));
}

/// The lines of a thing's menu that move it.
pub(super) fn move_menu_ui(ui: &mut Ui, list: Shelf, id: &str, actions: &mut Vec<Action>) {
    let step = |up| TreeAction::Step {
        list,
        id: id.to_owned(),
        up,
    };
    let moved = Moved::Item(id.to_owned());
    let ask = TreeAction::AskWhere(Dragged { list, moved });
    for (words, action) in [
        ("Move up", step(true)),
        ("Move down", step(false)),
        ("Move to…", ask),
    ] {
        if ui.add(Button::ghost(words)).clicked() {
            actions.push(Action::Tree(action));
            ui.close();
        }
    }
}

/// The row of a thing: something to drag, and a place beside which others are dropped.
pub(super) fn drag_item(
    ui: &Ui,
    response: &Response,
    list: Shelf,
    (id, name): (&str, &str),
    actions: &mut Vec<Action>,
) {
    let moved = Moved::Item(id.to_owned());
    drag(ui, response, Dragged { list, moved }, name);
    drop_beside(ui, response, list, id, actions);
}

/// What is dragged is named beside the pointer.
fn drag(ui: &Ui, response: &Response, dragged: Dragged, name: &str) {
    response.dnd_set_drag_payload(dragged);
    if response.dragged()
        && let Some(pointer) = ui.ctx().pointer_interact_pos()
    {
        let theme = Theme::of(ui);
        let layer = egui::LayerId::new(egui::Order::Tooltip, Id::unique("dragged"));
        let painter = ui.ctx().layer_painter(layer);
        let name = text::line(ui, name, fonts::body(), theme.text, 200.0);
        let place = Rect::from_min_size(pointer + vec2(14.0, 8.0), name.size());
        painter.rect_filled(place.expand2(vec2(8.0, 4.0)), theme::RADIUS, theme.raised);
        painter.galley(place.min, name, theme.text);
    }
}

fn of_shelf(dragged: Option<std::sync::Arc<Dragged>>, list: Shelf) -> Option<Dragged> {
    dragged
        .filter(|dragged| dragged.list == list)
        .map(|dragged| (*dragged).clone())
}

fn drop_into(ui: &Ui, response: &Response, list: Shelf, path: &str, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let own = Moved::Folder(path.to_owned());
    if of_shelf(response.dnd_hover_payload(), list).is_some_and(|it| it.moved != own) {
        let wide = response.rect.expand2(vec2(14.0, 0.0));
        ui.painter().rect_filled(wide, 0, theme.selected);
    }
    if let Some(dragged) = of_shelf(response.dnd_release_payload(), list) {
        let spot = Spot::Into(path.to_owned());
        actions.push(Action::Tree(TreeAction::Move(dragged, spot)));
    }
}

/// In the upper half before it, in the lower half after it; a line says which.
fn drop_beside(ui: &Ui, response: &Response, list: Shelf, id: &str, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let rect = response.rect;
    let pointer = ui.ctx().pointer_interact_pos();
    let is_after = pointer.is_some_and(|pointer| pointer.y > rect.center().y);
    let own = Moved::Item(id.to_owned());
    if of_shelf(response.dnd_hover_payload(), list).is_some_and(|it| it.moved != own) {
        let y = if is_after { rect.bottom() } else { rect.top() };
        let stroke = egui::Stroke::new(2.0, theme.accent);
        ui.painter().hline(rect.x_range(), y, stroke);
    }
    if let Some(dragged) = of_shelf(response.dnd_release_payload(), list) {
        let id = id.to_owned();
        let spot = match &dragged.moved {
            Moved::Item(moved) if *moved == id => return,
            _ if is_after => Spot::After(id),
            _ => Spot::Before(id),
        };
        actions.push(Action::Tree(TreeAction::Move(dragged, spot)));
    }
}

/// The heading of a group that folds: its path, its name, and how many folders are around it.
pub(super) fn folder_ui(
    ui: &mut Ui,
    (path, name, depth): (&str, &str, usize),
    noun: &str,
    count: usize,
    is_open: bool,
) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), theme::FORM_ROW),
        Sense::click_and_drag(),
    );
    let state = if is_open { "open" } else { "closed" };
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Button,
            true,
            format!("Folder {path}, {count} {noun}, {state}"),
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
    let left = rect.left() + indent(depth);
    ui.painter().text(
        pos2(left + 4.0, rect.center().y),
        egui::Align2::CENTER_CENTER,
        char::from(icon),
        fonts::icon(12.0),
        theme.muted,
    );
    let room = rect.right() - left - 48.0;
    let name = text::line(ui, name, fonts::medium(), theme.text, room);
    text::paint_in(ui, rect.with_min_x(left + 16.0), Align::Min, name);
    let count = text::line(ui, &count.to_string(), fonts::small(), theme.muted, 40.0);
    text::paint_in(ui, rect, Align::Max, count);
    response
}
