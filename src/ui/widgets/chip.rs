//! A chip: coloured dot, label and count; chosen or not.

use crate::app::rows::Tone;
use crate::ui::widgets::{button, text};
use crate::ui::{Theme, fonts, theme};
use egui::{
    Color32, CornerRadius, Galley, Response, Role, Sense, Stroke, StrokeKind, Ui, Widget,
    WidgetInfo, pos2, vec2,
};
use std::sync::Arc;

/// The dot and what is beside it.
const DOT: f32 = 14.0;

/// A filter or view that can be chosen. Its accessible name is its label with the count.
#[must_use = "add it with ui.add(..)"]
pub struct Chip<'a> {
    label: &'a str,
    tone: Option<Tone>,
    count: &'a str,
    selected: bool,
    tooltip: &'a str,
    name: &'a str,
}

impl<'a> Chip<'a> {
    pub fn new(label: &'a str, selected: bool) -> Self {
        Self {
            label,
            tone: None,
            count: "",
            selected,
            tooltip: "",
            name: "",
        }
    }

    pub fn dot(mut self, tone: Tone) -> Self {
        self.tone = Some(tone);
        self
    }

    /// With thousands separators already in it.
    pub fn count(mut self, count: &'a str) -> Self {
        self.count = count;
        self
    }

    pub fn tooltip(mut self, tooltip: &'a str) -> Self {
        self.tooltip = tooltip;
        self
    }

    /// The accessible name and tooltip, where the label alone does not say enough.
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = name;
        self.tooltip = name;
        self
    }

    fn words(&self) -> String {
        if self.count.is_empty() {
            self.label.to_owned()
        } else {
            format!("{} {}", self.label, self.count)
        }
    }

    fn width_of(&self, words: &Galley) -> f32 {
        let dot = if self.tone.is_some() { DOT } else { 0.0 };
        words.size().x + dot + 20.0
    }

    /// How much room it takes.
    pub fn width(&self, ui: &Ui) -> f32 {
        self.width_of(&galley(ui, &self.words()))
    }
}

fn galley(ui: &Ui, words: &str) -> Arc<Galley> {
    text::line(
        ui,
        words,
        fonts::small(),
        Color32::PLACEHOLDER,
        f32::INFINITY,
    )
}

impl Widget for Chip<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        const HEIGHT: f32 = 22.0;
        let theme = Theme::of(ui);
        let words = self.words();
        let galley = galley(ui, &words);
        let dot = if self.tone.is_some() { DOT } else { 0.0 };
        let size = vec2(self.width_of(&galley), HEIGHT);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        response.widget_info(|| {
            let name = if self.name.is_empty() {
                &words
            } else {
                self.name
            };
            WidgetInfo::selected(Role::Button, ui.is_enabled(), self.selected, name)
        });
        if ui.is_rect_visible(rect) {
            let (fill, line, ink) = if self.selected {
                (theme.chosen, theme.chosen_line, theme.text)
            } else if response.hovered() {
                (
                    theme.raised,
                    theme::mix(theme.line, theme.text, 0.18),
                    theme.text,
                )
            } else {
                (Color32::TRANSPARENT, theme.line, theme.muted)
            };
            ui.painter().rect(
                rect,
                CornerRadius::same(11),
                fill,
                Stroke::new(1.0, line),
                StrokeKind::Inside,
            );
            if let Some(tone) = self.tone {
                let center = pos2(rect.left() + 14.0, rect.center().y);
                ui.painter().circle_filled(center, 4.0, theme.tone(tone));
            }
            let left = rect.left() + 10.0 + dot;
            let y = rect.center().y - galley.size().y * 0.5;
            ui.painter().galley(pos2(left, y), galley, ink);
            button::focus_ring(ui, rect, &response);
        }
        button::with_tooltip(response, self.tooltip, "")
    }
}
