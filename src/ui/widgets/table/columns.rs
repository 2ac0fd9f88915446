//! The header of a table: where its columns stand, and the handles that resize them.

use crate::ui::widgets::text;
use crate::ui::{Theme, fonts};
use egui::{Align, CursorIcon, Id, Rangef, Rect, Role, Sense, Stroke, Ui, WidgetInfo};

/// A column. Exactly one should grow: it takes what the others leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    pub title: &'static str,
    pub width: f32,
    pub least: f32,
    pub grows: bool,
    pub align: Align,
}

impl Column {
    pub const fn new(title: &'static str, width: f32) -> Self {
        Self {
            title,
            width,
            least: 36.0,
            grows: false,
            align: Align::Min,
        }
    }

    /// How narrow it may get: by hand, and before the growing column has to.
    #[must_use]
    pub const fn least(mut self, least: f32) -> Self {
        self.least = least;
        self
    }

    #[must_use]
    pub const fn right(mut self) -> Self {
        self.align = Align::Max;
        self
    }

    #[must_use]
    pub const fn growing(mut self) -> Self {
        self.grows = true;
        self
    }
}

/// Room left and right of a cell's content.
const PADDING: f32 = 8.0;
/// Before the first column.
const INDENT: f32 = 6.0;

/// The growing column has this much before the others must give.
const GROWING: f32 = 240.0;

/// Where the columns stand in `area`. Widths are the ones the user chose; where there is too
/// little room for all, the others shrink to their least, then the growing one, then the last
/// ones fall off the edge.
pub(super) fn layout(columns: &[Column], widths: &[f32], area: Rangef) -> Vec<Rangef> {
    let chosen = |at: usize, column: &Column| {
        widths
            .get(at)
            .copied()
            .unwrap_or(column.width)
            .max(column.least)
    };
    let others = || columns.iter().enumerate().filter(|(_, one)| !one.grows);
    let fixed: f32 = others().map(|(at, column)| chosen(at, column)).sum();
    let can_give: f32 = others()
        .map(|(at, column)| chosen(at, column) - column.least)
        .sum();
    let missing = GROWING - (area.span() - INDENT - fixed);
    let given = missing.clamp(0.0, can_give.max(0.0));
    let squeeze = if can_give > 0.0 {
        given / can_give
    } else {
        0.0
    };
    let rest = area.span() - INDENT - fixed + given;
    let mut left = area.min + INDENT;
    columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let width = if column.grows {
                rest.max(column.least.max(120.0))
            } else {
                let width = chosen(at, column);
                width - (width - column.least) * squeeze
            };
            let range = Rangef::new(left, left + width);
            left += width;
            range
        })
        .collect()
}

/// Where a cell's content stands within its column.
pub(super) fn inside(column: Rangef, row: Rect) -> Rect {
    let right = (column.max - PADDING).min(row.right());
    let left = (column.min + PADDING).min(right);
    Rect::from_x_y_ranges(left..=right, row.y_range())
}

/// Paints the titles and moves the widths that are dragged.
pub(super) fn header(
    ui: &Ui,
    id: Id,
    rect: Rect,
    columns: &[Column],
    places: &[Rangef],
    widths: &mut [f32],
) {
    let theme = Theme::of(ui);
    let clip = ui.painter().with_clip_rect(rect);
    for (at, (column, place)) in columns.iter().zip(places).enumerate() {
        let cell = inside(*place, rect);
        let galley = text::line(ui, column.title, fonts::small(), theme.muted, cell.width());
        let title = ui.interact(cell, id.with(("title", at)), Sense::hover());
        title.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, column.title));
        let x = match column.align {
            Align::Max => cell.right() - galley.size().x,
            _ => cell.left(),
        };
        let y = cell.center().y - galley.size().y * 0.5;
        clip.galley(egui::pos2(x, y), galley, theme.muted);
    }
    for (at, pair) in columns.windows(2).enumerate() {
        let (Some(place), [before, after]) = (places.get(at), pair) else {
            continue;
        };
        // Right of the growing column the handle moves the next one: dragging feels the same.
        let (moved, sign) = if before.grows {
            (at + 1, -1.0)
        } else {
            (at, 1.0)
        };
        let least = if before.grows {
            after.least
        } else {
            before.least
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
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, theme.hairline());
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column::new("a", 50.0),
        Column::new("b", 100.0).growing(),
        Column::new("c", 60.0),
    ];

    #[test]
    fn the_growing_column_takes_what_the_others_leave() {
        let places = layout(&COLUMNS, &[50.0, 100.0, 60.0], Rangef::new(0.0, 516.0));
        assert!((places[1].span() - 400.0).abs() < 0.01);
        assert!((places[2].max - 516.0).abs() < 0.01);
    }

    #[test]
    fn too_little_room_leaves_the_growing_column_readable() {
        let places = layout(&COLUMNS, &[], Rangef::new(0.0, 80.0));
        assert!(places[1].span() >= 100.0);
    }
}
