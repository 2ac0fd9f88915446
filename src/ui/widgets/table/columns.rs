//! Where the columns of a table stand.

use egui::{Align, Rangef, Rect};
use std::borrow::Cow;

/// A column. At most one should grow: it takes what the others leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub title: Cow<'static, str>,
    /// What it says, in a tooltip.
    pub hint: Cow<'static, str>,
    pub width: f32,
    pub least: f32,
    pub grows: bool,
    pub align: Align,
    /// Whether its title can be pressed.
    pub can_sort: bool,
    /// The table is sorted by it; largest first?
    pub sorted: Option<bool>,
}

impl Column {
    pub const fn new(title: &'static str, width: f32) -> Self {
        Self {
            title: Cow::Borrowed(title),
            hint: Cow::Borrowed(""),
            width,
            least: 36.0,
            grows: false,
            align: Align::Min,
            can_sort: false,
            sorted: None,
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
/// little room for all, the others shrink to their least, then the growing one, and then the table
/// is wider than `area`.
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
    let growing = if columns.iter().any(|column| column.grows) {
        GROWING
    } else {
        0.0
    };
    let missing = growing - (area.span() - INDENT - fixed);
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
    let right = column.max - PADDING;
    let left = (column.min + PADDING).min(right);
    Rect::from_x_y_ranges(left..=right, row.y_range())
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

    #[test]
    fn without_a_growing_column_the_widths_are_the_chosen_ones() {
        let columns = [Column::new("a", 50.0), Column::new("c", 60.0)];
        let places = layout(&columns, &[70.0, 60.0], Rangef::new(0.0, 500.0));
        assert!((places[0].span() - 70.0).abs() < 0.01);
        assert!((places[1].max - 136.0).abs() < 0.01);
    }
}
