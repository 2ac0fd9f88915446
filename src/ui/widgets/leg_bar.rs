//! The leg bar over an answer: where the round trip was spent.

use crate::app::rows::Leg;
use crate::ui::widgets::text;
use crate::ui::{Theme, fonts};
use egui::{Align, CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

/// One segment a leg, as long as its share; a label that does not fit is left to the tooltip.
pub fn leg_bar(ui: &mut Ui, legs: &[Leg]) {
    const HEIGHT: f32 = 16.0;
    /// A leg too short to see is still there.
    const LEAST: f32 = 3.0;
    if legs.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    let (bar, whole) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let sentence = legs
        .iter()
        .map(|leg| leg.meaning.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    whole.widget_info(|| WidgetInfo::labeled(Role::Image, true, &sentence));

    let total: f32 = legs.iter().map(|leg| leg.share.max(0.0)).sum();
    let room = (bar.width() - LEAST * text::points(legs.len())).max(0.0);
    let mut left = bar.left();
    for (at, leg) in legs.iter().enumerate() {
        let share = if total > 0.0 {
            leg.share.max(0.0) / total
        } else {
            1.0 / text::points(legs.len())
        };
        let last = at + 1 == legs.len();
        let right = if last {
            bar.right()
        } else {
            left + LEAST + room * share
        };
        let segment =
            Rect::from_min_max(pos2(left, bar.top()), pos2(right.max(left), bar.bottom()));
        let round = |is_end: bool| if is_end { 2 } else { 0 };
        let (start, end) = (round(at == 0), round(last));
        let radius = CornerRadius {
            nw: start,
            sw: start,
            ne: end,
            se: end,
        };
        let color = theme.bar(leg.tone);
        ui.painter().rect_filled(segment, radius, color);
        if !last {
            // A gap of the ground's colour keeps neighbours of one colour apart.
            let edge = Rect::from_min_max(pos2(right - 1.0, bar.top()), pos2(right, bar.bottom()));
            ui.painter()
                .rect_filled(edge, CornerRadius::ZERO, theme.field);
        }
        let galley = text::line(ui, &leg.label, fonts::caps(), theme.on_bar, f32::INFINITY);
        if galley.size().x + 8.0 <= segment.width() {
            text::paint_in(ui, segment, Align::Center, galley);
        }
        ui.interact(segment, whole.id.with(at), Sense::hover())
            .on_hover_text(&leg.meaning);
        left = right;
    }
}
