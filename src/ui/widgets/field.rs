//! A one-line field: hint, badge inside at the right, and what is wrong with it beneath.

use crate::app::rows::Tone;
use crate::ui::widgets::{highlight, text};
use crate::ui::{Theme, fonts, theme};
use egui::accesskit::Invalid;
use egui::text::LayoutJob;
use egui::{
    Align, CornerRadius, FontId, Frame, Galley, Id, Margin, Rect, Response, Role, Sense, Stroke,
    StrokeKind, TextBuffer, TextEdit, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use std::sync::Arc;

/// The height of a field with an error under it.
pub const WITH_ERROR: f32 = theme::FORM_ROW + 18.0;

/// A field for one line of text. `name` is its accessible name.
#[must_use = "call show(ui)"]
pub struct Field<'a> {
    text: &'a mut String,
    name: &'a str,
    hint: &'a str,
    error: Option<&'a str>,
    is_only_marked: bool,
    badge: Option<(&'a str, Option<Tone>)>,
    is_code: bool,
    is_secret: bool,
    is_read_only: bool,
    width: Option<f32>,
    id: Option<Id>,
}

impl<'a> Field<'a> {
    pub fn new(text: &'a mut String, name: &'a str) -> Self {
        Self {
            text,
            name,
            hint: "",
            error: None,
            is_only_marked: false,
            badge: None,
            is_code: false,
            is_secret: false,
            is_read_only: false,
            width: None,
            id: None,
        }
    }

    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// What is wrong, in words; painted beneath, with a red outline.
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }

    /// What is wrong is painted by the caller, where there is more room for it.
    pub fn only_marked(mut self) -> Self {
        self.is_only_marked = true;
        self
    }

    /// A fact about the content, inside of the field: `UUID · 16 B`.
    pub fn badge(mut self, words: &'a str) -> Self {
        self.badge = Some((words, None));
        self
    }

    pub fn toned_badge(mut self, words: &'a str, tone: Tone) -> Self {
        self.badge = Some((words, Some(tone)));
        self
    }

    /// Code font, `{{placeholders}}` marked.
    pub fn code(mut self) -> Self {
        self.is_code = true;
        self
    }

    /// Shown as dots.
    pub fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    /// Shows what will be, and takes nothing.
    pub fn read_only(mut self, is_read_only: bool) -> Self {
        self.is_read_only = is_read_only;
        self
    }

    /// The outer width; otherwise all there is.
    pub fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// An id of its own, so that a shortcut can move the keyboard here.
    pub fn id(mut self, id: Id) -> Self {
        self.id = Some(id);
        self
    }

    pub fn show(self, ui: &mut Ui) -> Response {
        let theme = Theme::of(ui);
        let width = self.width.unwrap_or_else(|| ui.available_width()).max(24.0);
        let height = if self.error.is_some() && !self.is_only_marked {
            WITH_ERROR
        } else {
            theme::FORM_ROW
        };
        let (whole, place) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        let field_id = self.id.unwrap_or(place.id);
        let rect = Rect::from_min_size(whole.min, vec2(width, theme::FORM_ROW));
        let font = if self.is_code {
            fonts::code()
        } else {
            fonts::body()
        };

        // Its outline depends on what the edit, painted after it, turns out to be.
        let ground = ui.painter().add(egui::Shape::Noop);
        let badge_width = self.badge.map_or(0.0, |(words, tone)| {
            badge(ui, field_id.with("badge"), rect, words, tone)
        });
        let edit_rect =
            Rect::from_min_max(rect.min, pos2(rect.right() - badge_width, rect.bottom()));
        let margin = Margin::symmetric(10, 0);
        let mut layouter = |ui: &Ui, buffer: &dyn TextBuffer, _width: f32| {
            marked_line(ui, buffer.as_str(), self.is_code, &font)
        };
        let mut edit = TextEdit::singleline(self.text)
            .font(font.clone())
            .hint_text(egui::RichText::new(self.hint).font(font.clone()).color(
                if self.is_read_only {
                    theme.muted
                } else {
                    theme.dim
                },
            ))
            .interactive(!self.is_read_only)
            .frame(Frame::NONE.inner_margin(margin))
            .password(self.is_secret)
            .align(egui::Align2::LEFT_CENTER)
            .clip_text(true)
            .desired_width(f32::INFINITY)
            .min_size(edit_rect.size());
        if let Some(id) = self.id {
            edit = edit.id(id);
        }
        if !self.is_secret {
            edit = edit.layouter(&mut layouter);
        }
        // In a ui of its own: where the next widget goes is settled above.
        let response = ui
            .new_child(UiBuilder::new().max_rect(edit_rect))
            .put(edit_rect, edit)
            .accessible_name(self.name);

        let line = match (self.error, response.has_focus()) {
            (Some(_), _) => Stroke::new(1.0, theme.failed),
            (None, true) => Stroke::new(1.0, theme.accent),
            (None, false) if response.hovered() => {
                Stroke::new(1.0, theme::mix(theme.line, theme.text, 0.18))
            }
            (None, false) => theme.hairline(),
        };
        ui.painter().set(
            ground,
            egui::epaint::RectShape::new(
                rect,
                CornerRadius::same(theme::RADIUS),
                if self.is_read_only {
                    theme.window
                } else {
                    theme.field
                },
                line,
                StrokeKind::Inside,
            ),
        );
        if let Some(error) = self.error {
            if !self.is_only_marked {
                show_error(ui, whole, error, &response);
            }
            ui.ctx().accesskit_node_builder(response.id, |node| {
                node.set_invalid(Invalid::True);
                node.set_description(error);
            });
        }
        response
    }
}

fn badge(ui: &Ui, id: Id, field: Rect, words: &str, tone: Option<Tone>) -> f32 {
    let theme = Theme::of(ui);
    let (ink, ground) = match tone {
        Some(tone) => (theme.ink(tone), theme.tint(theme.tone(tone))),
        None => (theme.badge_text, theme.badge),
    };
    let galley = text::line(ui, words, fonts::code_small(), ink, field.width() * 0.5);
    let size = vec2(galley.size().x + 12.0, 18.0);
    let rect = Rect::from_center_size(
        pos2(field.right() - 8.0 - size.x * 0.5, field.center().y),
        size,
    );
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    ui.painter()
        .rect_filled(rect, CornerRadius::same(4), ground);
    text::paint_in(ui, rect, Align::Center, galley);
    size.x + 8.0
}

fn show_error(ui: &Ui, whole: Rect, error: &str, field: &Response) {
    let theme = Theme::of(ui);
    let rect = Rect::from_min_max(
        pos2(whole.left() + 2.0, whole.top() + theme::FORM_ROW),
        whole.max,
    );
    let galley = text::line(
        ui,
        error,
        fonts::small(),
        theme.ink(Tone::Failed),
        rect.width(),
    );
    let note = ui.interact(rect, field.id.with("error"), Sense::hover());
    note.widget_info(|| WidgetInfo::labeled(Role::Label, true, error));
    text::paint_in(ui, rect, Align::Min, galley);
    note.on_hover_text(error);
}

fn marked_line(ui: &Ui, content: &str, is_code: bool, font: &FontId) -> Arc<Galley> {
    let theme = Theme::of(ui);
    let mut job = LayoutJob {
        break_on_newline: false,
        ..LayoutJob::default()
    };
    if is_code {
        let pieces = highlight::plain(content);
        highlight::append(&mut job, content, &pieces, theme);
    }
    if job.sections.is_empty() {
        let format = highlight::format(highlight::Kind::Plain, theme, font.clone());
        job.append(content, 0.0, format);
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

/// A grey label before a field.
pub fn field_label(ui: &mut Ui, words: &str) -> Response {
    let theme = Theme::of(ui);
    let galley = text::line(ui, words, fonts::small(), theme.muted, f32::INFINITY);
    let (rect, response) =
        ui.allocate_exact_size(vec2(galley.size().x, theme::FORM_ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    text::paint_in(ui, rect, Align::Min, galley);
    response
}
