//! The waterfall cell of the timeline: bars for legs, ticks for replies, hatching for waiting.

use crate::app::rows::Waterfall;
use crate::ui::Theme;
use crate::ui::theme;
use egui::{CornerRadius, Painter, Rect, pos2, vec2};

/// Paints into the cell; the words for it are in the row's sentence.
pub fn paint(painter: &Painter, cell: Rect, waterfall: &Waterfall, theme: &Theme) {
    const HEIGHT: f32 = 8.0;
    const TICK: f32 = 2.0;
    let place = |share: f32| cell.left() + cell.width() * share.clamp(0.0, 1.0);
    let band = Rect::from_center_size(cell.center(), vec2(cell.width(), HEIGHT)).intersect(cell);
    for bar in &waterfall.bars {
        let from = place(bar.from);
        let to = place(bar.to).max(from + 3.0).min(cell.right());
        let rect = Rect::from_x_y_ranges(from..=to, band.y_range());
        let color = theme.bar(bar.tone);
        if bar.hatched {
            hatch(painter, rect, color, theme);
        } else {
            painter.rect_filled(rect, CornerRadius::same(2), color);
        }
    }
    for (at, tone) in &waterfall.ticks {
        let left = place(*at).min(cell.right() - TICK);
        let rect = Rect::from_min_size(pos2(left, band.top()), vec2(TICK, band.height()));
        painter.rect_filled(rect, CornerRadius::ZERO, theme.tone(*tone));
    }
}

fn hatch(painter: &Painter, rect: Rect, color: egui::Color32, theme: &Theme) {
    const STRIPE: f32 = 5.0;
    const GAP: f32 = 3.0;
    painter.rect_filled(
        rect,
        CornerRadius::same(2),
        theme::mix(theme.window, color, 0.35),
    );
    let mut left = rect.left();
    while left < rect.right() {
        let right = (left + STRIPE).min(rect.right());
        let stripe = Rect::from_x_y_ranges(left..=right, rect.y_range());
        painter.rect_filled(stripe, CornerRadius::same(1), color);
        left += STRIPE + GAP;
    }
}
