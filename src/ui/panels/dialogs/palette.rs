//! The command palette.

use crate::app::dialogs::Dialog;
use crate::app::palette::{PaletteEntry, search};
use crate::app::{Action, App};
use crate::ui::widgets::{Field, text};
use crate::ui::{Theme, fonts, theme};
use egui::{
    Align, Align2, Context, Key, Rect, Response, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2,
    vec2,
};

const WIDTH: f32 = 620.0;

pub fn palette_ui(ctx: &Context, app: &mut App, is_new: bool, actions: &mut Vec<Action>) {
    let entries = app.palette_entries();
    let Some(Dialog::Palette { query, selected }) = &mut app.dialog else {
        return;
    };
    super::frame_to_read(ctx, "Go to", WIDTH, actions, |ui, actions| {
        let theme = Theme::of(ui);
        let before = query.clone();
        let response = Field::new(query, "Search requests, topics, commands")
            .hint("Type a part of a request, a topic or a command")
            .show(ui);
        if is_new {
            response.request_focus();
        }
        if *query != before {
            *selected = 0;
        }
        let found = search(&entries, query);
        let (down, up) = ui.input(|input| {
            (
                input.key_pressed(Key::ArrowDown),
                input.key_pressed(Key::ArrowUp),
            )
        });
        let last = found.len().saturating_sub(1);
        if down {
            *selected = (*selected + 1).min(last);
        }
        if up {
            *selected = selected.saturating_sub(1);
        }
        let mut chosen = None;
        if super::entered(ui) {
            chosen = found.get(*selected).map(|entry| entry.action.clone());
            if chosen.is_none() {
                // Enter takes the keyboard from a field: what is typed next would go nowhere.
                response.request_focus();
            }
        }
        ui.add_space(8.0);
        if found.is_empty() {
            text::label(
                ui,
                "Nothing has that in its name",
                fonts::body(),
                theme.muted,
            );
        }
        let height = (ui.ctx().content_rect().height() - 200.0).clamp(100.0, 360.0);
        // egui remembers how low the dialog was when little was found: the list must not stay as low.
        let scroll = ScrollArea::vertical().max_height(height);
        scroll.min_scrolled_height(height).show(ui, |ui| {
            for (index, entry) in found.iter().enumerate() {
                let is_selected = index == *selected;
                let response = entry_ui(ui, entry, is_selected);
                if is_selected && (down || up) {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    chosen = Some(entry.action.clone());
                }
            }
        });
        if let Some(action) = chosen {
            actions.push(Action::CloseDialog);
            actions.push(action);
        }
    });
}

fn entry_ui(ui: &mut Ui, entry: &PaletteEntry, is_selected: bool) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::FORM_ROW), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::ListItem,
            true,
            is_selected,
            format!("{}, {}", entry.text, entry.kind),
        )
    });
    if is_selected {
        ui.painter().rect_filled(rect, 4, theme.selected);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 4, theme.hovered);
    }
    let inner = rect.shrink2(vec2(8.0, 0.0));
    let name = text::line(
        ui,
        &entry.text,
        fonts::body(),
        theme.text,
        inner.width() * 0.55,
    );
    let after = inner.left() + name.size().x + 12.0;
    text::paint_in(ui, inner, Align::Min, name);
    let shortcut_width = if entry.shortcut.is_empty() { 0.0 } else { 90.0 };
    let room = (inner.right() - after - shortcut_width).max(0.0);
    let kind = text::line(ui, &entry.kind, fonts::small(), theme.muted, room);
    text::paint_in(
        ui,
        Rect::from_min_max(pos2(after, inner.top()), inner.max),
        Align::Min,
        kind,
    );
    ui.painter().text(
        inner.right_center(),
        Align2::RIGHT_CENTER,
        entry.shortcut,
        fonts::small(),
        theme.muted,
    );
    response
}
