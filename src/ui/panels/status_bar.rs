//! The status bar at the bottom.

use crate::app::App;
use crate::app::status::{StatusItem, status_items};
use crate::ui::widgets::{marks, text};
use crate::ui::{Theme, fonts};
use egui::{Align, Layout, Ui};

pub fn status_bar_ui(ui: &mut Ui, app: &App) {
    let theme = Theme::of(ui);
    let items = status_items(app);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 20.0;
        for item in &items {
            item_ui(ui, item, theme);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            text::label(
                ui,
                concat!("Roundtrip ", env!("CARGO_PKG_VERSION")),
                fonts::small(),
                theme.muted,
            );
        });
    });
}

fn item_ui(ui: &mut Ui, item: &StatusItem, theme: &Theme) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.horizontal(|ui| {
            if let Some(tone) = item.tone {
                marks::dot(ui, theme.tone(tone));
            }
            text::label(ui, &item.text, fonts::small(), theme.muted).on_hover_text(&item.tooltip);
        });
    });
}
