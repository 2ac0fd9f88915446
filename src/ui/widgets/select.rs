//! A drop-down: one of several, or a menu behind a button.

use crate::ui::{Icon, Theme, fonts};
use egui::style::WidgetVisuals;
use egui::{Align2, ComboBox, InnerResponse, Rect, Response, RichText, Ui, WidgetText};

/// A drop-down that shows `shown`; `contents` paints its entries with [`option`].
pub fn select<R>(
    ui: &mut Ui,
    name: &str,
    shown: impl Into<WidgetText>,
    width: f32,
    contents: impl FnOnce(&mut Ui) -> R,
) -> InnerResponse<Option<R>> {
    let text = match shown.into() {
        WidgetText::Text(text) => RichText::new(text)
            .font(fonts::body())
            .color(Theme::of(ui).text)
            .into(),
        laid_out => laid_out,
    };
    let mut combo = ComboBox::from_id_salt(name)
        .selected_text(text)
        .icon(chevron)
        .truncate();
    if width > 0.0 {
        combo = combo.width(width);
    }
    let mut shown = combo.show_ui(ui, contents);
    shown.response = shown.response.accessible_name(name);
    shown
}

/// An entry of a drop-down. Tells whether it was chosen.
pub fn option(ui: &mut Ui, selected: bool, words: &str) -> Response {
    let theme = Theme::of(ui);
    ui.selectable_label(
        selected,
        RichText::new(words).font(fonts::body()).color(theme.text),
    )
}

fn chevron(ui: &Ui, rect: Rect, _visuals: &WidgetVisuals, _open: bool) {
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        char::from(Icon::ChevronDown),
        fonts::icon(13.0),
        Theme::of(ui).muted,
    );
}

/// A button that opens a menu: `Copy as ▾`.
pub fn menu_button<R>(
    ui: &mut Ui,
    words: &str,
    contents: impl FnOnce(&mut Ui) -> R,
) -> InnerResponse<Option<R>> {
    select(ui, words, words, 0.0, contents)
}
