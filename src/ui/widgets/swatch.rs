//! A colour to choose.

use crate::model::record::Colour;
use crate::ui::{Theme, theme};
use egui::{CornerRadius, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

/// A round sample of a colour; for none an empty ring.
pub fn swatch(ui: &mut Ui, colour: Option<Colour>, is_chosen: bool) -> bool {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(18.0, theme::FORM_ROW), Sense::click());
    let words = colour.map_or("No colour", Colour::label);
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, words));
    let center = rect.center();
    if let Some(colour) = colour {
        ui.painter().circle_filled(center, 6.0, theme.mark(colour));
    } else {
        let ring = Stroke::new(1.5, theme.muted);
        ui.painter().circle_stroke(center, 5.0, ring);
    }
    if is_chosen || response.hovered() || response.has_focus() {
        let around = egui::Rect::from_center_size(center, vec2(17.0, 17.0));
        ui.painter().rect_stroke(
            around,
            CornerRadius::same(9),
            Stroke::new(1.5, theme.accent),
            StrokeKind::Inside,
        );
    }
    response.on_hover_text(words).clicked()
}

/// A row of colours and none, of which one is chosen. Tells whether another was chosen.
pub fn colours_ui(ui: &mut Ui, colour: &mut Option<Colour>) -> bool {
    let before = *colour;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for one in [None].into_iter().chain(Colour::ALL.map(Some)) {
            if swatch(ui, one, *colour == one) {
                *colour = one;
            }
        }
    });
    *colour != before
}
