//! Where a long list stands: a row and an offset within it, never a coordinate from the top.
//!
//! Pixels counted from the first of a million rows outgrow `f32`: a trackpad's single pixel is
//! lost. Here the offset is always smaller than a row, so that every pixel counts everywhere.

use crate::ui::Theme;
use crate::ui::widgets::text::points;
use egui::{CornerRadius, Id, Rect, Sense, Ui, pos2, vec2};

/// The row at the top edge, and how much of it is scrolled away.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Anchor {
    pub row: usize,
    /// From 0 to the height of a row.
    pub offset: f32,
}

/// What is scrolled: so many rows of one height in a view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub rows: usize,
    pub row_height: f32,
    pub view: f32,
}

impl Extent {
    /// The last place to which it makes sense to scroll.
    pub fn end(self) -> Anchor {
        let fitting = (self.view / self.row_height).max(0.0);
        let whole = whole(fitting);
        if self.rows <= whole {
            return Anchor::default();
        }
        let part = fitting - points(whole);
        if part <= f32::EPSILON {
            return Anchor {
                row: self.rows - whole,
                offset: 0.0,
            };
        }
        Anchor {
            row: self.rows - whole - 1,
            offset: (1.0 - part) * self.row_height,
        }
    }

    /// Rows that lie wholly in the view; at least one.
    pub fn page(self) -> usize {
        whole(self.view / self.row_height).max(1)
    }

    pub fn is_scrollable(self) -> bool {
        self.end() != Anchor::default()
    }
}

/// Whole rows in a length; nothing for what is no length.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "floored, not negative, and a float too large saturates"
)]
fn whole(rows: f32) -> usize {
    rows.max(0.0).floor() as usize
}

impl Anchor {
    fn is_beyond(self, other: Self) -> bool {
        (self.row, self.offset) > (other.row, other.offset)
    }

    #[must_use]
    pub fn bounded(self, extent: Extent) -> Self {
        let end = extent.end();
        if self.is_beyond(end) { end } else { self }
    }

    /// Moved by points; down is positive.
    #[must_use]
    pub fn moved(self, by: f32, extent: Extent) -> Self {
        let to = self.offset + by;
        let rows = (to / extent.row_height).floor();
        let offset = to - rows * extent.row_height;
        let moved = if rows < 0.0 {
            let up = whole(-rows);
            if up > self.row {
                Self::default()
            } else {
                Self {
                    row: self.row - up,
                    offset,
                }
            }
        } else {
            Self {
                row: self.row.saturating_add(whole(rows)),
                offset,
            }
        };
        moved.bounded(extent)
    }

    /// Moved as little as needed for `row` to be seen whole.
    #[must_use]
    pub fn revealing(self, row: usize, extent: Extent) -> Self {
        let at_top = Self { row, offset: 0.0 };
        if self.is_beyond(at_top) {
            return at_top.bounded(extent);
        }
        let last = Extent {
            rows: row.saturating_add(1),
            ..extent
        };
        let at_bottom = last.end();
        if at_bottom.is_beyond(self) {
            return at_bottom.bounded(extent);
        }
        self.bounded(extent)
    }

    /// From 0 at the top to 1 at the end.
    fn share(self, extent: Extent) -> f64 {
        let rows = |anchor: Self| {
            real(anchor.row) + f64::from(anchor.offset) / f64::from(extent.row_height)
        };
        let end = rows(extent.end());
        if end > 0.0 { rows(self) / end } else { 0.0 }
    }

    fn at_share(share: f64, extent: Extent) -> Self {
        let end = extent.end();
        let height = f64::from(extent.row_height);
        let rows = (real(end.row) + f64::from(end.offset) / height) * share.clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between nothing and the number of rows"
        )]
        let (row, offset) = (rows.floor() as usize, (rows.fract() * height) as f32);
        Self { row, offset }.bounded(extent)
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 rows")]
fn real(count: usize) -> f64 {
    count as f64
}

/// The width of the bar and the room beside it.
pub const BAR: f32 = 10.0;

/// A scrollbar in `track`; dragged or pressed, it gives where the list should stand now.
pub fn scrollbar(ui: &Ui, id: Id, track: Rect, anchor: Anchor, extent: Extent) -> Option<Anchor> {
    const LEAST: f32 = 28.0;
    if !extent.is_scrollable() || track.height() < LEAST {
        return None;
    }
    let theme = Theme::of(ui);
    let whole_height = points(extent.rows) * extent.row_height;
    let length = (track.height() * extent.view / whole_height).clamp(LEAST, track.height());
    let room = track.height() - length;
    #[expect(clippy::cast_possible_truncation, reason = "a place on the screen")]
    let top = track.top() + room * anchor.share(extent).clamp(0.0, 1.0) as f32;
    let handle = Rect::from_min_size(pos2(track.left(), top), vec2(track.width(), length));

    let bar = ui.interact(track, id, Sense::CLICK | Sense::DRAG);
    // Where in the handle it was grabbed, for as long as it is dragged.
    let grabbed = id.with("grabbed");
    let mut moved = None;
    if let Some(pointer) = bar.interact_pointer_pos() {
        let kept: Option<f32> = ui.data(|data| data.get_temp(grabbed));
        let grab = kept.unwrap_or_else(|| {
            if handle.contains(pointer) {
                pointer.y - handle.top()
            } else {
                length * 0.5
            }
        });
        ui.data_mut(|data| data.insert_temp(grabbed, grab));
        if room > 0.0 {
            let share = f64::from((pointer.y - grab - track.top()) / room);
            moved = Some(Anchor::at_share(share, extent));
        }
    } else {
        ui.data_mut(|data| data.remove::<f32>(grabbed));
    }

    let active = bar.hovered() || bar.dragged();
    let color = if active { theme.muted } else { theme.line };
    let width = if active { 8.0 } else { 6.0 };
    let shown = Rect::from_center_size(handle.center(), vec2(width, handle.height() - 4.0));
    ui.painter()
        .rect_filled(shown, CornerRadius::same(4), color);
    moved
}

/// A bar along the bottom for what is wider than its view: where it stands, how much is seen and
/// how much there is, in points. Gives where it should stand now.
pub fn horizontal(ui: &Ui, id: Id, track: Rect, (offset, view, all): (f32, f32, f32)) -> f32 {
    const LEAST: f32 = 28.0;
    let theme = Theme::of(ui);
    let room_of = (all - view).max(1.0);
    let length =
        (track.width() * view / all.max(1.0)).clamp(LEAST.min(track.width()), track.width());
    let room = (track.width() - length).max(1.0);
    let bar = ui.interact(track, id, Sense::CLICK | Sense::DRAG);
    let mut offset = offset;
    if bar.dragged() {
        offset += bar.drag_delta().x * room_of / room;
    } else if bar.clicked()
        && let Some(pointer) = bar.interact_pointer_pos()
    {
        offset = (pointer.x - track.left() - length * 0.5) * room_of / room;
    }
    let offset = offset.clamp(0.0, room_of);
    let active = bar.hovered() || bar.dragged();
    let color = if active { theme.muted } else { theme.line };
    let height = if active { 8.0 } else { 6.0 };
    let left = track.left() + room * offset / room_of;
    let center = pos2(left + length * 0.5, track.center().y);
    let shown = Rect::from_center_size(center, vec2(length - 4.0, height));
    ui.painter()
        .rect_filled(shown, CornerRadius::same(4), color);
    offset
}

/// What the wheel asks for while the pointer is over `rect`: points, down is positive. It is used up.
pub fn wheel(ui: &Ui, rect: Rect) -> egui::Vec2 {
    if !ui.rect_contains_pointer(rect) || !ui.is_enabled() {
        return egui::Vec2::ZERO;
    }
    ui.input_mut(|input| {
        let delta = input.smooth_scroll_delta;
        input.smooth_scroll_delta = egui::Vec2::ZERO;
        -delta
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLION: Extent = Extent {
        rows: 1_000_000,
        row_height: 24.0,
        view: 240.0,
    };

    #[test]
    fn a_single_pixel_moves_the_list_by_a_single_pixel_near_row_one_million() {
        let mut anchor = Anchor {
            row: 999_000,
            offset: 0.0,
        };
        for _ in 0..25 {
            anchor = anchor.moved(1.0, MILLION);
        }
        assert_eq!(anchor.row, 999_001);
        assert!((anchor.offset - 1.0).abs() < 0.001);
        for _ in 0..25 {
            anchor = anchor.moved(-1.0, MILLION);
        }
        assert_eq!(anchor.row, 999_000);
        assert!(anchor.offset.abs() < 0.001);
    }

    #[test]
    fn scrolling_stops_at_both_ends() {
        let top = Anchor::default().moved(-500.0, MILLION);
        assert_eq!(top, Anchor::default());
        let end = top.moved(1e9, MILLION);
        assert_eq!(
            end,
            Anchor {
                row: 999_990,
                offset: 0.0
            }
        );
    }

    #[test]
    fn the_last_row_stands_at_the_bottom_edge_where_the_view_cuts_a_row() {
        let extent = Extent {
            view: 250.0,
            ..MILLION
        };
        let end = extent.end();
        let bottom = points(extent.rows - end.row) * 24.0 - end.offset;
        assert!((bottom - 250.0).abs() < 0.01, "{bottom}");
    }

    #[test]
    fn a_list_shorter_than_the_view_does_not_scroll() {
        let extent = Extent { rows: 3, ..MILLION };
        assert!(!extent.is_scrollable());
        assert_eq!(Anchor::default().moved(100.0, extent), Anchor::default());
    }

    #[test]
    fn a_row_is_revealed_with_as_little_movement_as_needed() {
        let anchor = Anchor {
            row: 100,
            offset: 10.0,
        };
        let up = anchor.revealing(100, MILLION);
        assert_eq!(
            up,
            Anchor {
                row: 100,
                offset: 0.0
            }
        );
        assert_eq!(anchor.revealing(105, MILLION), anchor);
        let down = anchor.revealing(110, MILLION);
        assert_eq!(
            down,
            Anchor {
                row: 101,
                offset: 0.0
            }
        );
    }

    #[test]
    fn share_and_place_are_each_others_inverse() {
        for row in [0, 1, 12_345, 500_000, 999_990] {
            let anchor = Anchor { row, offset: 0.0 };
            let back = Anchor::at_share(anchor.share(MILLION), MILLION);
            let distance = back.row.abs_diff(row);
            assert!(distance <= 1, "{row} {back:?}");
        }
    }

    #[test]
    fn an_empty_list_and_an_empty_view_are_no_trouble() {
        for extent in [
            Extent {
                rows: 0,
                row_height: 24.0,
                view: 100.0,
            },
            Extent {
                rows: 10,
                row_height: 24.0,
                view: 0.0,
            },
        ] {
            let anchor = Anchor::default().moved(1000.0, extent);
            assert!(anchor.row <= extent.rows);
            assert!(extent.page() >= 1);
        }
    }
}
