//! The header of a section of a side panel: small grey capitals, and what can be added.

use crate::ui::widgets::{Button, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Align, Layout, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};

/// `CONNECTIONS                +`. Tells whether the button at the right was pressed.
pub fn section_header(ui: &mut Ui, title: &str, add: Option<(Icon, &str)>) -> bool {
    let mut pressed = false;
    section_header_with(ui, title, |ui| {
        if let Some((icon, name)) = add {
            pressed = ui.add(Button::icon(icon, name).small()).clicked();
        }
    });
    pressed
}

/// A header with whatever `right` paints, from right to left.
pub fn section_header_with<R>(ui: &mut Ui, title: &str, right: impl FnOnce(&mut Ui) -> R) -> R {
    let theme = Theme::of(ui);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, theme::FORM_ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, title));
    let mut job = egui::text::LayoutJob::single_section(
        title.to_uppercase(),
        egui::TextFormat {
            font_id: fonts::caps(),
            color: theme.muted,
            extra_letter_spacing: 0.7,
            ..Default::default()
        },
    );
    job.wrap = egui::text::TextWrapping::truncate_at_width(width - 40.0);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    text::paint_in(ui, rect, Align::Min, galley);
    let mut side = ui.new_child(
        UiBuilder::new()
            .max_rect(rect)
            .layout(Layout::right_to_left(Align::Center)),
    );
    right(&mut side)
}
