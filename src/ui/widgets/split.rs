//! The handle between two parts of a panel: dragged, or moved with the arrow keys.

use crate::ui::Theme;
use egui::{CursorIcon, EventFilter, Id, Key, Rect, Role, Sense, Stroke, Ui, WidgetInfo};

/// Which way the handle moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// A vertical line between left and right.
    Horizontal,
    /// A horizontal line between above and below.
    Vertical,
}

/// Cuts `rect` in two at `share` of its length, paints the handle between, and moves `share`.
/// Neither part gets shorter than `least` points. Gives both parts.
pub fn split(
    ui: &Ui,
    id: Id,
    name: &str,
    rect: Rect,
    axis: Axis,
    share: &mut f32,
    least: f32,
) -> (Rect, Rect) {
    const GRAB: f32 = 4.0;
    const STEP: f32 = 16.0;
    let theme = Theme::of(ui);
    let length = match axis {
        Axis::Horizontal => rect.width(),
        Axis::Vertical => rect.height(),
    }
    .max(1.0);
    let bound = |share: f32| {
        let least = (least / length).min(0.5);
        share.clamp(least, 1.0 - least)
    };
    *share = bound(*share);
    let place = |share: f32| match axis {
        Axis::Horizontal => (rect.left() + length * share).round(),
        Axis::Vertical => (rect.top() + length * share).round(),
    };

    let at = place(*share);
    let grab = match axis {
        Axis::Horizontal => Rect::from_x_y_ranges(at - GRAB..=at + GRAB, rect.y_range()),
        Axis::Vertical => Rect::from_x_y_ranges(rect.x_range(), at - GRAB..=at + GRAB),
    };
    let response = ui.interact(grab, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, ui.is_enabled(), name));
    let (less, more, cursor) = match axis {
        Axis::Horizontal => (
            Key::ArrowLeft,
            Key::ArrowRight,
            CursorIcon::ResizeHorizontal,
        ),
        Axis::Vertical => (Key::ArrowUp, Key::ArrowDown, CursorIcon::ResizeVertical),
    };
    let mut moved = 0.0;
    if let Some(pointer) = response
        .interact_pointer_pos()
        .filter(|_| response.dragged())
    {
        moved = match axis {
            Axis::Horizontal => pointer.x - at,
            Axis::Vertical => pointer.y - at,
        };
    }
    if response.has_focus() {
        ui.memory_mut(|memory| {
            let filter = EventFilter {
                horizontal_arrows: axis == Axis::Horizontal,
                vertical_arrows: axis == Axis::Vertical,
                ..EventFilter::default()
            };
            memory.set_focus_lock_filter(response.id, filter);
        });
        ui.input(|input| {
            if input.key_pressed(less) {
                moved -= STEP;
            }
            if input.key_pressed(more) {
                moved += STEP;
            }
        });
    }
    *share = bound(*share + moved / length);

    let at = place(*share);
    let active = response.hovered() || response.dragged() || response.has_focus();
    let stroke = if active {
        Stroke::new(2.0, theme.accent)
    } else {
        theme.hairline()
    };
    match axis {
        Axis::Horizontal => ui.painter().vline(at, rect.y_range(), stroke),
        Axis::Vertical => ui.painter().hline(rect.x_range(), at, stroke),
    };
    response.on_hover_and_drag_cursor(cursor);
    match axis {
        Axis::Horizontal => (rect.with_max_x(at - 1.0), rect.with_min_x(at + 1.0)),
        Axis::Vertical => (rect.with_max_y(at - 1.0), rect.with_min_y(at + 1.0)),
    }
}
