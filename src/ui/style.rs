//! egui's fonts and style, made of the tokens of [`crate::ui::theme`].
//!
//! Nothing moves by itself in an idle window: no animations, no blinking cursor.

use crate::ui::fonts;
use crate::ui::order::InOrder;
use crate::ui::theme::{DARK, FORM_ROW, GAP, LIGHT, RADIUS, Theme, mix};
use egui::style::{ScrollStyle, TextCursorStyle, WidgetVisuals, Widgets};
use egui::{Color32, CornerRadius, Margin, Shadow, Stroke, Style, TextStyle, Visuals, vec2};

/// Fonts, both styles and the order of the input, once, before the first frame.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts::definitions());
    ctx.set_style_of(egui::Theme::Dark, style(&DARK));
    ctx.set_style_of(egui::Theme::Light, style(&LIGHT));
    ctx.add_plugin(InOrder::default());
}

/// egui's style, made of the tokens.
pub fn style(theme: &Theme) -> Style {
    let mut style = Style {
        text_styles: [
            (TextStyle::Heading, fonts::heading()),
            (TextStyle::Body, fonts::body()),
            (TextStyle::Button, fonts::body()),
            (TextStyle::Small, fonts::small()),
            (TextStyle::Monospace, fonts::code()),
        ]
        .into(),
        drag_value_text_style: TextStyle::Body,
        visuals: visuals(theme),
        // An idle window costs nothing, and a fold opens at once.
        animation_time: 0.0,
        scroll_animation: egui::style::ScrollAnimation::none(),
        ..Style::default()
    };
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(2.0 * GAP, GAP);
    spacing.button_padding = vec2(10.0, GAP);
    spacing.interact_size = vec2(FORM_ROW, FORM_ROW);
    spacing.menu_margin = Margin::same(4);
    spacing.window_margin = Margin::same(16);
    spacing.indent = 16.0;
    spacing.icon_width = 14.0;
    spacing.icon_width_inner = 8.0;
    spacing.icon_spacing = 6.0;
    spacing.combo_width = 0.0;
    spacing.combo_height = 320.0;
    spacing.tooltip_width = 420.0;
    spacing.menu_width = 420.0;
    spacing.scroll = ScrollStyle {
        bar_width: 8.0,
        floating_width: 4.0,
        handle_min_length: 24.0,
        // Of the colour of text, which is black on white.
        dormant_handle_opacity: 0.2,
        active_handle_opacity: 0.3,
        interact_handle_opacity: 0.5,
        ..ScrollStyle::floating()
    };
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;
    style
}

fn visuals(theme: &Theme) -> Visuals {
    let mut visuals = if theme.dark {
        Visuals::dark()
    } else {
        Visuals::light()
    };
    let radius = CornerRadius::same(RADIUS);
    let state = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, line),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    let lifted = mix(theme.raised, theme.text, 0.06);
    let outlined = mix(theme.line, theme.text, 0.18);
    visuals.widgets = Widgets {
        noninteractive: state(theme.panel, theme.line, theme.text),
        inactive: state(theme.raised, theme.line, theme.text),
        hovered: state(lifted, outlined, theme.text),
        active: state(lifted, theme.accent, theme.text),
        open: state(lifted, outlined, theme.text),
    };
    visuals.selection.bg_fill = theme.chosen;
    visuals.selection.stroke = Stroke::new(1.0, theme.accent);
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(theme.dim);
    visuals.hyperlink_color = theme.accent;
    visuals.faint_bg_color = theme.hovered;
    visuals.extreme_bg_color = theme.field;
    visuals.text_edit_bg_color = Some(theme.field);
    visuals.code_bg_color = theme.raised;
    visuals.warn_fg_color = theme.waiting;
    visuals.error_fg_color = theme.failed;
    visuals.window_fill = theme.panel;
    visuals.window_stroke = theme.hairline();
    visuals.window_corner_radius = CornerRadius::same(RADIUS + 2);
    visuals.menu_corner_radius = radius;
    visuals.panel_fill = theme.panel;
    let shadow = |blur: u8| Shadow {
        offset: [0, 8],
        blur,
        spread: 0,
        color: theme.shadow,
    };
    visuals.window_shadow = shadow(32);
    visuals.popup_shadow = shadow(16);
    visuals.indent_has_left_vline = false;
    visuals.slider_trailing_fill = true;
    visuals.text_cursor = TextCursorStyle {
        stroke: Stroke::new(1.5, theme.accent),
        preview: false,
        // A blinking cursor repaints the whole window twice a second.
        blink: false,
        ..TextCursorStyle::default()
    };
    visuals
}
