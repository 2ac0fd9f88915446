//! The titles: pressed to sort, dragged to another place, resized at their edges.

use super::TableState;
use super::columns::{Column, inside};
use super::state::MenuOf;
use crate::ui::widgets::{button, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{
    Align, CornerRadius, CursorIcon, Id, Rangef, Rect, Role, Sense, Stroke, Ui, WidgetInfo,
};

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clicked {
    pub title: Option<usize>,
    pub moved: Option<(usize, usize)>,
}

pub(super) fn show<K: Copy + PartialEq>(
    ui: &Ui,
    id: Id,
    rect: Rect,
    columns: &[Column],
    places: &[Rangef],
    state: &mut TableState<K>,
    has_menus: bool,
) -> Clicked {
    let theme = Theme::of(ui);
    let mut clicked = Clicked::default();
    let clip = ui.painter().with_clip_rect(rect);
    for (at, (column, place)) in columns.iter().zip(places).enumerate() {
        let whole = Rect::from_x_y_ranges(*place, rect.y_range()).intersect(rect);
        if whole.width() <= 1.0 {
            continue;
        }
        let sense = if column.can_sort || has_menus {
            Sense::click_and_drag()
        } else {
            Sense::hover()
        };
        let title = ui.interact(whole, id.with(("title", at)), sense);
        title.widget_info(|| {
            let words = match column.sorted {
                Some(true) => format!("{}, sorted, largest first", column.title),
                Some(false) => format!("{}, sorted, smallest first", column.title),
                None => column.title.to_string(),
            };
            WidgetInfo::labeled(Role::ColumnHeader, true, words)
        });
        if title.hovered() && column.can_sort {
            clip.rect_filled(whole, CornerRadius::ZERO, theme.hovered);
        }
        let cell = inside(*place, rect);
        let right = cell.right().min(rect.right() - 2.0);
        paint_title(
            ui,
            &clip,
            column,
            cell.with_max_x(right.max(cell.left())),
            theme,
        );
        if title.clicked() && column.can_sort {
            clicked.title = Some(at);
        }
        if title.secondary_clicked() && has_menus {
            let below = egui::pos2(whole.left(), rect.bottom());
            let at_pointer = title.interact_pointer_pos().unwrap_or(below);
            state.open_menu(MenuOf::Title(at), at_pointer);
        }
        if has_menus && title.dragged() {
            let target = title.interact_pointer_pos().map(|at| before(places, at.x));
            if let Some(target) = target {
                let edge = places
                    .get(target)
                    .map(|place| place.min)
                    .or_else(|| places.last().map(|place| place.max));
                if let Some(edge) = edge {
                    clip.vline(edge, rect.y_range(), Stroke::new(2.0, theme.accent));
                }
            }
            clip.rect_filled(whole, CornerRadius::ZERO, theme.accent.gamma_multiply(0.12));
        }
        if has_menus && title.drag_stopped() {
            let target = title.interact_pointer_pos().map(|at| before(places, at.x));
            clicked.moved = target
                .filter(|target| *target != at && *target != at + 1)
                .map(|target| (at, target));
        }
        button::focus_ring(ui, whole.shrink(2.0), &title);
        if !column.hint.is_empty() && !title.dragged() {
            title.on_hover_text(column.hint.as_ref());
        }
    }
    edges(ui, id, rect, columns, places, &mut state.widths);
    clicked
}

fn paint_title(ui: &Ui, clip: &egui::Painter, column: &Column, cell: Rect, theme: &Theme) {
    let arrow = column.sorted.map(|is_descending| {
        let icon = if is_descending {
            Icon::ArrowDown
        } else {
            Icon::ArrowUp
        };
        let sign = char::from(icon).to_string();
        text::line(ui, &sign, fonts::icon(12.0), theme.accent, f32::INFINITY)
    });
    let ink = if arrow.is_some() {
        theme.text
    } else {
        theme.muted
    };
    let taken = arrow.as_ref().map_or(0.0, |arrow| arrow.size().x + 3.0);
    let room = cell.width() - taken;
    let galley = text::line(ui, &column.title, fonts::small(), ink, room);
    let x = match column.align {
        Align::Max => cell.right() - galley.size().x - taken,
        _ => cell.left(),
    };
    let after = x + galley.size().x + 3.0;
    let y = cell.center().y - galley.size().y * 0.5;
    clip.galley(egui::pos2(x, y), galley, ink);
    if let Some(arrow) = arrow {
        let y = cell.center().y - arrow.size().y * 0.5;
        clip.galley(egui::pos2(after, y), arrow, theme.accent);
    }
}

/// The column before which something stands that is dropped at `x`.
fn before(places: &[Rangef], x: f32) -> usize {
    places
        .iter()
        .position(|place| x < place.center())
        .unwrap_or(places.len())
}

/// The handles between the titles.
fn edges(ui: &Ui, id: Id, rect: Rect, columns: &[Column], places: &[Rangef], widths: &mut [f32]) {
    let theme = Theme::of(ui);
    let clip = ui.painter().with_clip_rect(rect);
    let has_growing = columns.iter().any(|column| column.grows);
    for (at, before) in columns.iter().enumerate() {
        let Some(place) = places.get(at) else {
            continue;
        };
        let next = columns.get(at + 1);
        if next.is_none() && has_growing {
            continue;
        }
        // Right of the growing column the handle moves the next one: dragging feels the same.
        let (moved, sign, least) = match next {
            Some(after) if before.grows => (at + 1, -1.0, after.least),
            _ => (at, 1.0, before.least),
        };
        let edge = place.max;
        let grab = Rect::from_x_y_ranges(edge - 4.0..=edge + 4.0, rect.y_range());
        if !rect.intersects(grab) {
            continue;
        }
        let handle = ui.interact(grab, id.with(("edge", at)), Sense::DRAG);
        if handle.dragged()
            && let Some(width) = widths.get_mut(moved)
        {
            *width = (*width + sign * handle.drag_delta().x).max(least);
        }
        if handle.hovered() || handle.dragged() {
            clip.vline(edge, rect.y_range(), Stroke::new(1.0, theme.accent));
        }
        handle.on_hover_and_drag_cursor(CursorIcon::ResizeColumn);
    }
}
