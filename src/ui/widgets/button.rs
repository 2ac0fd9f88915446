//! Buttons: the one that matters, the standard one, the quiet one, and icons.

use crate::ui::widgets::text;
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{
    Align, Color32, CornerRadius, FontId, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui,
    Widget, WidgetInfo, vec2,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Primary,
    Standard,
    Ghost,
}

/// A button. Its accessible name is its text, or the name given for an icon.
#[must_use = "add it with ui.add(..)"]
pub struct Button<'a> {
    kind: Kind,
    text: &'a str,
    icon: Option<Icon>,
    name: &'a str,
    shortcut: &'a str,
    tooltip: &'a str,
    color: Option<Color32>,
    selected: Option<bool>,
    enabled: bool,
    small: bool,
}

impl<'a> Button<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            kind: Kind::Standard,
            text,
            icon: None,
            name: text,
            shortcut: "",
            tooltip: "",
            color: None,
            selected: None,
            enabled: true,
            small: false,
        }
    }

    /// The one button of a place that matters, such as Send.
    pub fn primary(text: &'a str) -> Self {
        Self {
            kind: Kind::Primary,
            ..Self::new(text)
        }
    }

    /// Without ground or outline until the pointer is over it.
    pub fn ghost(text: &'a str) -> Self {
        Self {
            kind: Kind::Ghost,
            ..Self::new(text)
        }
    }

    /// An icon alone; the name is its tooltip and what a screen reader says.
    pub fn icon(icon: Icon, name: &'a str) -> Self {
        Self {
            icon: Some(icon),
            name,
            tooltip: name,
            ..Self::ghost("")
        }
    }

    /// An icon before the text.
    pub fn with_icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// A ghost gets ground and outline.
    pub fn framed(mut self) -> Self {
        self.kind = Kind::Standard;
        self
    }

    /// Said in the tooltip; on the primary button also written beside the text.
    pub fn shortcut(mut self, shortcut: &'a str) -> Self {
        self.shortcut = shortcut;
        self
    }

    pub fn tooltip(mut self, tooltip: &'a str) -> Self {
        self.tooltip = tooltip;
        self
    }

    /// The accessible name, where the text alone does not say enough.
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = name;
        self
    }

    /// Writing in another colour, such as that of failure for what deletes.
    pub fn color(mut self, color: Color32) -> Self {
        self.color = Some(color);
        self
    }

    /// A button that stays pressed.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = Some(selected);
        self
    }

    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// As high as a table row.
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    fn colors(&self, theme: &Theme, response: &Response) -> (Color32, Stroke, Color32) {
        let hovered = response.hovered() || response.is_pointer_button_down_on();
        let chosen = self.selected == Some(true);
        let (fill, line, text) = match self.kind {
            Kind::Primary => {
                let fill = if hovered {
                    theme.primary_hovered
                } else {
                    theme.primary
                };
                (fill, fill, theme.on_primary)
            }
            Kind::Standard | Kind::Ghost if chosen => (theme.chosen, theme.chosen_line, theme.text),
            Kind::Standard if hovered => (
                theme::mix(theme.raised, theme.text, 0.06),
                theme::mix(theme.line, theme.text, 0.18),
                theme.text,
            ),
            Kind::Standard => (theme.raised, theme.line, theme.text),
            Kind::Ghost if hovered => (theme.raised, theme.raised, theme.text),
            Kind::Ghost => (Color32::TRANSPARENT, Color32::TRANSPARENT, theme.muted),
        };
        let text = self.color.unwrap_or(text);
        if self.enabled {
            (fill, Stroke::new(1.0, line), text)
        } else {
            let (ground, line) = if self.kind == Kind::Ghost {
                (Color32::TRANSPARENT, Color32::TRANSPARENT)
            } else {
                (theme.raised, theme.line)
            };
            (ground, Stroke::new(1.0, line), theme.dim)
        }
    }

    fn font(&self) -> FontId {
        match (self.kind, self.small) {
            (_, true) => fonts::small(),
            (Kind::Primary, _) => fonts::strong(),
            _ => fonts::body(),
        }
    }
}

impl Widget for Button<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let theme = Theme::of(ui);
        let height = if self.small {
            theme::ROW
        } else {
            theme::FORM_ROW
        };
        let infinite = f32::INFINITY;
        let placeholder = Color32::PLACEHOLDER;
        let label = (!self.text.is_empty())
            .then(|| text::line(ui, self.text, self.font(), placeholder, infinite));
        let icon = self.icon.map(|icon| {
            let sign = char::from(icon).to_string();
            text::line(ui, &sign, fonts::icon(15.0), placeholder, infinite)
        });
        let hint = (self.kind == Kind::Primary && !self.shortcut.is_empty())
            .then(|| text::line(ui, self.shortcut, fonts::body(), placeholder, infinite));

        let between = 7.0;
        let pieces: Vec<_> = [icon, label, hint].into_iter().flatten().collect();
        let content = pieces.iter().map(|piece| piece.size().x).sum::<f32>()
            + between * text::points(pieces.len().saturating_sub(1));
        let width = if self.text.is_empty() {
            height
        } else {
            content + if self.small { 16.0 } else { 22.0 }
        };

        let sense = if self.enabled {
            Sense::click()
        } else {
            Sense::hover()
        };
        let (rect, response) = ui.allocate_exact_size(vec2(width, height), sense);
        let enabled = self.enabled && ui.is_enabled();
        response.widget_info(|| match self.selected {
            Some(selected) => WidgetInfo::selected(Role::Button, enabled, selected, self.name),
            None => WidgetInfo::labeled(Role::Button, enabled, self.name),
        });
        if ui.is_rect_visible(rect) {
            let (fill, stroke, ink) = self.colors(theme, &response);
            let radius = CornerRadius::same(theme::RADIUS);
            ui.painter()
                .rect(rect, radius, fill, stroke, StrokeKind::Inside);
            let mut left = rect.center().x - content * 0.5;
            let last = pieces.len();
            for (at, piece) in pieces.into_iter().enumerate() {
                let size = piece.size();
                let place =
                    Rect::from_min_size(egui::pos2(left, rect.top()), vec2(size.x, rect.height()));
                let quiet = self.kind == Kind::Primary && at + 1 == last && last > 1;
                let color = if quiet && !self.shortcut.is_empty() {
                    ink.gamma_multiply(0.75)
                } else {
                    ink
                };
                let y = place.center().y - size.y * 0.5;
                ui.painter().galley(egui::pos2(left, y), piece, color);
                left += size.x + between;
            }
            focus_ring(ui, rect, &response);
        }
        with_tooltip(response, self.tooltip, self.shortcut)
    }
}

/// The outline of what has the keyboard.
pub fn focus_ring(ui: &Ui, rect: Rect, response: &Response) {
    if response.has_focus() {
        ui.painter().rect_stroke(
            rect.expand(1.0),
            CornerRadius::same(theme::RADIUS + 1),
            Stroke::new(1.5, Theme::of(ui).accent),
            StrokeKind::Outside,
        );
    }
}

/// What a control does, and its shortcut.
pub fn with_tooltip(response: Response, tooltip: &str, shortcut: &str) -> Response {
    if tooltip.is_empty() && shortcut.is_empty() {
        return response;
    }
    let show = |ui: &mut Ui| {
        let theme = Theme::of(ui);
        ui.horizontal(|ui| {
            if !tooltip.is_empty() {
                text::paragraph(ui, tooltip, fonts::small(), theme.text);
            }
            if !shortcut.is_empty() {
                text::label(ui, shortcut, fonts::small(), theme.muted);
            }
        });
    };
    if response.enabled() {
        response.on_hover_ui(show)
    } else {
        response.on_disabled_hover_ui(show)
    }
}

/// A link in running text.
pub fn link(ui: &mut Ui, words: &str) -> Response {
    let theme = Theme::of(ui);
    let galley = text::line(ui, words, fonts::small(), theme.accent, f32::INFINITY);
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, ui.is_enabled(), words));
    text::paint_in(ui, rect, Align::Min, galley);
    if response.hovered() {
        ui.painter().hline(
            rect.x_range(),
            rect.bottom(),
            Stroke::new(1.0, theme.accent),
        );
    }
    focus_ring(ui, rect, &response);
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}
