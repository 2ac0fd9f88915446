//! The packet that is chosen: what belongs to it, its fields as a tree, and its bytes.

use super::{PacketsView, bytes, inside, push};
use crate::app::packets::{Detail, DetailField, PacketsAction};
use crate::app::{Action, App};
use crate::ui::widgets::scroll::{self, Extent};
use crate::ui::widgets::split::{Axis, split};
use crate::ui::widgets::{Button, button, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Id, Layout, Popup, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

const HEAD: f32 = 58.0;
const FIELD: f32 = 19.0;
const INDENT: f32 = 14.0;
/// Of the width, for the names.
const NAMES: f32 = 0.42;

pub(super) fn detail_ui(ui: &mut Ui, app: &App, view: &mut PacketsView, actions: &mut Vec<Action>) {
    let area = ui.available_rect_before_wrap();
    let theme = Theme::of(ui);
    let Some(detail) = app.packets.detail() else {
        let words = "Choose a packet to see its fields and bytes.";
        let galley = text::line(ui, words, fonts::body(), theme.muted, area.width() - 28.0);
        let place = area.shrink(14.0);
        let place = place.with_max_y((place.top() + 24.0).min(area.bottom()));
        text::paint_in(ui, place, Align::Min, galley);
        return;
    };
    let (head, rest) = area.split_top_bottom_at_y(area.top() + HEAD);
    inside(ui, "packet head", head.shrink2(vec2(12.0, 4.0)), |ui| {
        head_ui(ui, detail, actions);
    });
    ui.painter()
        .hline(area.x_range(), head.bottom(), theme.hairline());
    if detail.bytes.is_empty() {
        fields_ui(ui, detail, view, rest);
        return;
    }
    let id = Id::unique("height of the fields");
    let name = "Height of the fields";
    let share = &mut view.detail_share;
    let (fields, dump) = split(ui, id, name, rest, Axis::Vertical, share, 40.0);
    fields_ui(ui, detail, view, fields);
    let marked = chosen(view, detail).map(|field| field.at.clone());
    bytes::bytes_ui(ui, detail, &mut view.bytes, marked.as_ref(), dump);
}

fn chosen<'a>(view: &PacketsView, detail: &'a Detail) -> Option<&'a DetailField> {
    let (_, at) = view.field.filter(|(of, _)| *of == detail.number)?;
    detail.fields.get(at)
}

fn head_ui(ui: &mut Ui, detail: &Detail, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    ui.spacing_mut().item_spacing = vec2(8.0, 2.0);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            copy_ui(ui, detail.number, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                text::label(ui, &detail.title, fonts::medium(), theme.text);
            });
        });
    });
    ui.horizontal(|ui| {
        text::label(ui, &detail.facts, fonts::small(), theme.muted);
        if let Some((_, flaw)) = detail.flaws.first() {
            let words = format!("malformed, {flaw}");
            text::label(ui, &words, fonts::small(), theme.failed);
        }
        for (number, words) in &detail.linked {
            if button::link(ui, words).clicked() {
                push(actions, PacketsAction::Select(Some(*number)));
            }
        }
    });
}

fn copy_ui(ui: &mut Ui, number: u64, actions: &mut Vec<Action>) {
    let copy = ui.add(Button::icon(Icon::Copy, "Copy the packet").small());
    Popup::menu(&copy)
        .id(Id::unique("copy the packet"))
        .show(|ui| {
            for (words, action) in [
                ("Copy the fields as text", PacketsAction::CopyText(number)),
                (
                    "Copy the bytes as hex digits",
                    PacketsAction::CopyHex(number),
                ),
                ("Copy the packet as JSON", PacketsAction::CopyJson(number)),
            ] {
                if ui.add(Button::ghost(words)).clicked() {
                    push(actions, action);
                    ui.close();
                }
            }
        });
}

/// The tree, of which only the lines in sight are laid out.
fn fields_ui(ui: &mut Ui, detail: &Detail, view: &mut PacketsView, area: Rect) {
    let extent = Extent {
        rows: detail.fields.len(),
        row_height: FIELD,
        view: area.height(),
    };
    let wheel = scroll::wheel(ui, area).y;
    view.fields = view.fields.moved(wheel, extent).bounded(extent);
    let body = area.with_max_x(area.right() - scroll::BAR);
    let mut top = area.top() - view.fields.offset;
    let mut pressed = None;
    inside(ui, "packet fields", body, |ui| {
        for (at, field) in detail.fields.iter().enumerate().skip(view.fields.row) {
            if top > body.bottom() {
                break;
            }
            let place = pos2(body.left(), top);
            let rect = Rect::from_min_size(place, vec2(body.width(), FIELD));
            let is_chosen = view.field == Some((detail.number, at));
            if field_ui(ui, detail, (at, field), rect, is_chosen) {
                pressed = Some(at);
            }
            top += FIELD;
        }
    });
    if let Some(at) = pressed {
        view.field = Some((detail.number, at));
        if let Some(field) = detail.fields.get(at) {
            let across = bytes::across(ui, area.width() - 12.0 - scroll::BAR);
            view.bytes.row = (field.at.start / across).saturating_sub(1);
        }
    }
    let track = area.with_min_x(body.right());
    let bar = Id::unique("packet fields bar");
    if let Some(anchor) = scroll::scrollbar(ui, bar, track, view.fields, extent) {
        view.fields = anchor;
    }
}

/// Tells whether it was pressed.
fn field_ui(
    ui: &Ui,
    detail: &Detail,
    (at, field): (usize, &DetailField),
    rect: Rect,
    is_chosen: bool,
) -> bool {
    let theme = Theme::of(ui);
    let id = Id::unique(("packet field", at));
    let response = ui.interact(rect, id, Sense::click());
    response.widget_info(|| {
        let words = if field.value.is_empty() {
            field.name.to_owned()
        } else {
            format!("{}: {}", field.name, field.value)
        };
        WidgetInfo::selected(Role::TreeItem, ui.is_enabled(), is_chosen, words)
    });
    if is_chosen {
        ui.painter().rect_filled(rect, 0, theme.selected);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 0, theme.hovered);
    }
    let is_wrong = detail
        .flaws
        .iter()
        .any(|(place, _)| field.depth > 0 && field.at.contains(place) && *place > 0);
    let left = rect.left() + 12.0 + INDENT * f32::from(field.depth);
    let values = rect.left() + rect.width() * NAMES;
    let name_rect = Rect::from_min_max(pos2(left, rect.top()), pos2(values - 8.0, rect.bottom()));
    let ink = if is_wrong { theme.failed } else { theme.muted };
    let name = text::line(ui, field.name, fonts::small(), ink, name_rect.width());
    text::paint_in(ui, name_rect, Align::Min, name);
    let value_rect = Rect::from_min_max(pos2(values, rect.top()), rect.max);
    let room = value_rect.width() - 4.0;
    let value = text::line(ui, &field.value, fonts::code_small(), theme.text, room);
    let is_cut = value.elided;
    text::paint_in(ui, value_rect, Align::Min, value);
    let is_pressed = response.clicked();
    if is_cut {
        response.on_hover_text_at_pointer(shortened(&field.value));
    }
    is_pressed
}

/// A tooltip is not for a whole payload.
fn shortened(value: &str) -> String {
    const MOST: usize = 2_000;
    match value.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", value.get(..at).unwrap_or_default()),
        None => value.to_owned(),
    }
}
