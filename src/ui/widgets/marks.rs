//! Small marks: status dot with words, verdict pill, badge, key-value row, empty state.

use crate::app::rows::Tone;
use crate::ui::widgets::{Button, text};
use crate::ui::{Theme, fonts, theme};
use egui::{
    Align, Color32, CornerRadius, Layout, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

/// The dot alone, for rows that say the state in words elsewhere.
pub fn dot(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(8.0, theme::ROW.min(18.0)), Sense::hover());
    ui.painter().circle_filled(rect.center(), 4.0, color);
}

/// A state: coloured dot and coloured words.
pub fn status(ui: &mut Ui, tone: Tone, words: &str) -> Response {
    let theme = Theme::of(ui);
    let color = theme.tone(tone);
    let room = ui.available_width() - 16.0;
    let galley = text::line(ui, words, fonts::body(), theme.ink(tone), room);
    let size = vec2(galley.size().x + 16.0, galley.size().y.max(18.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    ui.painter()
        .circle_filled(pos2(rect.left() + 5.0, rect.center().y), 4.5, color);
    let words_rect = Rect::from_min_max(pos2(rect.left() + 16.0, rect.top()), rect.max);
    text::paint_in(ui, words_rect, Align::Min, galley);
    response
}

/// The verdict over an answer: dot and words on a tinted ground.
pub fn pill(ui: &mut Ui, tone: Tone, words: &str) -> Response {
    let theme = Theme::of(ui);
    let color = theme.tone(tone);
    let ink = theme::mix(theme.ink(tone), theme.text, 0.3);
    let galley = text::line(ui, words, fonts::medium(), ink, ui.available_width());
    let size = vec2(galley.size().x + 30.0, 22.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    ui.painter()
        .rect_filled(rect, CornerRadius::same(theme::RADIUS), theme.tint(color));
    ui.painter()
        .circle_filled(pos2(rect.left() + 13.0, rect.center().y), 4.5, color);
    let words_rect = Rect::from_min_max(pos2(rect.left() + 22.0, rect.top()), rect.max);
    text::paint_in(ui, words_rect, Align::Min, galley);
    response
}

/// A fact about what stands beside it: `UUID · 16 B`, `subscribed`.
pub fn badge(ui: &mut Ui, words: &str) -> Response {
    let theme = Theme::of(ui);
    badge_in(ui, words, theme.badge_text, theme.badge)
}

/// A badge in a verdict's colour: `not subscribed`, `refused`.
pub fn toned_badge(ui: &mut Ui, words: &str, tone: Tone) -> Response {
    let theme = Theme::of(ui);
    let color = theme.tone(tone);
    badge_in(ui, words, theme.ink(tone), theme.tint(color))
}

fn badge_in(ui: &mut Ui, words: &str, ink: Color32, ground: Color32) -> Response {
    let galley = text::line(ui, words, fonts::code_small(), ink, ui.available_width());
    let size = vec2(galley.size().x + 12.0, 18.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    ui.painter()
        .rect_filled(rect, CornerRadius::same(4), ground);
    text::paint_in(ui, rect, Align::Center, galley);
    response
}

/// The width of the key column in cards and detail lists.
pub const KEY_WIDTH: f32 = 82.0;

/// One fact in a list of facts; `value` paints what stands right of the key.
pub fn key_value<R>(ui: &mut Ui, key: &str, value: impl FnOnce(&mut Ui) -> R) -> R {
    let theme = Theme::of(ui);
    let size = vec2(ui.available_width(), 18.0);
    let key_width = KEY_WIDTH.min(size.x * 0.3);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_height(18.0);
        ui.spacing_mut().item_spacing.x = 0.0;
        let galley = text::line(ui, key, fonts::small(), theme.muted, key_width - 6.0);
        let (rect, response) = ui.allocate_exact_size(vec2(key_width, 18.0), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, key));
        text::paint_in(ui, rect, Align::Min, galley);
        ui.spacing_mut().item_spacing.x = 2.0 * theme::GAP;
        value(ui)
    })
    .inner
}

/// A fact in words, or in code.
pub fn key_text(ui: &mut Ui, key: &str, value: &str, code: bool) -> Response {
    let theme = Theme::of(ui);
    let font = if code { fonts::code() } else { fonts::small() };
    key_value(ui, key, |ui| text::label(ui, value, font, theme.text))
}

/// What to do where there is nothing yet. Tells whether the offered button was pressed.
pub fn empty_state(ui: &mut Ui, sentence: &str, offer: Option<&str>) -> bool {
    let theme = Theme::of(ui);
    let mut pressed = false;
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.add_space(16.0);
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width().min(420.0));
            ui.vertical_centered(|ui| {
                text::paragraph(ui, sentence, fonts::body(), theme.muted);
            });
        });
        if let Some(offer) = offer {
            ui.add_space(8.0);
            pressed = ui.add(Button::new(offer)).clicked();
        }
        ui.add_space(16.0);
    });
    pressed
}
