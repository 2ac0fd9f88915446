//! A switch that is on or off.

use crate::ui::Theme;
use crate::ui::widgets::button;
use egui::{CornerRadius, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

/// A switch; `name` is what a screen reader says. The response is marked changed when it moved.
pub fn toggle(ui: &mut Ui, on: &mut bool, name: &str) -> Response {
    let theme = Theme::of(ui);
    let (rect, mut response) = ui.allocate_exact_size(vec2(30.0, 16.0), Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), *on, name));
    if ui.is_rect_visible(rect) {
        let (ground, knob_x) = if *on {
            (theme.answered, rect.right() - 8.0)
        } else {
            (theme.neutral_bar, rect.left() + 8.0)
        };
        ui.painter()
            .rect_filled(rect, CornerRadius::same(8), ground);
        ui.painter()
            .circle_filled(pos2(knob_x, rect.center().y), 6.0, theme.on_primary);
        button::focus_ring(ui, rect, &response);
    }
    response.on_hover_text(if *on { "On" } else { "Off" })
}
