//! Frames: a card in a side panel, and the line between two parts of a panel.

use crate::ui::{Theme, theme};
use egui::{CornerRadius, Frame, InnerResponse, Margin, Sense, Stroke, Ui, vec2};

/// A framed box that takes the width there is.
pub fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let theme = Theme::of(ui);
    let fill = if theme.dark {
        theme::mix(theme.panel, theme.raised, 0.75)
    } else {
        theme::mix(theme.panel, theme.raised, 0.35)
    };
    Frame::new()
        .fill(fill)
        .stroke(theme.hairline())
        .corner_radius(CornerRadius::same(theme::RADIUS + 2))
        .inner_margin(Margin::symmetric(12, 9))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 2.0;
            contents(ui)
        })
}

/// A hairline over the whole width.
pub fn rule(ui: &mut Ui) {
    let theme = Theme::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    ui.painter()
        .hline(rect.x_range(), rect.center().y, theme.hairline());
}

/// A dashed line inside a card.
pub fn dashed_rule(ui: &mut Ui) {
    let theme = Theme::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 13.0), Sense::hover());
    let line = [rect.left_center(), rect.right_center()];
    ui.painter().extend(egui::Shape::dashed_line(
        &line,
        Stroke::new(1.0, theme.line),
        3.0,
        3.0,
    ));
}
