//! Tabs: underlined ones inside a panel, and the request tabs above the composer.

use crate::ui::widgets::{Button, button, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{
    Align, Color32, CornerRadius, Rect, Response, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo,
    pos2, vec2,
};

/// One tab as plain data.
#[derive(Clone, Copy, Default)]
pub struct Tab<'a> {
    pub label: &'a str,
    /// Written after the label, such as a number of properties.
    pub note: &'a str,
    /// Something in it is wrong, and cannot be sent.
    pub has_problem: bool,
}

impl<'a> Tab<'a> {
    pub fn new(label: &'a str) -> Self {
        Self {
            label,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn note(mut self, note: &'a str) -> Self {
        self.note = note;
        self
    }

    #[must_use]
    pub fn problem(mut self, has_problem: bool) -> Self {
        self.has_problem = has_problem;
        self
    }
}

/// The height of a row of underlined tabs, the line included.
pub const TABS_HEIGHT: f32 = 30.0;

/// A row of underlined tabs. Gives the one that was pressed.
pub fn tabs(ui: &mut Ui, tabs: &[Tab<'_>], selected: usize) -> Option<usize> {
    let mut pressed = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        for (at, tab) in tabs.iter().enumerate() {
            if underlined(ui, tab, at == selected).clicked() {
                pressed = Some(at);
            }
        }
    });
    pressed
}

fn underlined(ui: &mut Ui, tab: &Tab<'_>, selected: bool) -> Response {
    let theme = Theme::of(ui);
    let words = if tab.note.is_empty() {
        tab.label.to_owned()
    } else {
        format!("{} {}", tab.label, tab.note)
    };
    let galley = text::line(
        ui,
        &words,
        fonts::medium(),
        Color32::PLACEHOLDER,
        f32::INFINITY,
    );
    let mark = if tab.has_problem { 12.0 } else { 0.0 };
    let size = vec2(galley.size().x + mark, TABS_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = if tab.has_problem {
        format!("{words}, has a problem")
    } else {
        words
    };
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), selected, &name));
    if ui.is_rect_visible(rect) {
        let ink = if selected || response.hovered() {
            theme.text
        } else {
            theme.muted
        };
        let y = rect.center().y - galley.size().y * 0.5;
        ui.painter().galley(pos2(rect.left(), y), galley, ink);
        if tab.has_problem {
            ui.painter().circle_filled(
                pos2(rect.right() - 4.0, rect.center().y),
                3.0,
                theme.failed,
            );
        }
        if selected {
            let line = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 2.0), rect.max);
            ui.painter()
                .rect_filled(line, CornerRadius::ZERO, theme.accent);
        }
        button::focus_ring(ui, rect, &response);
    }
    response
}

/// A request tab as plain data.
#[derive(Clone, Copy)]
pub struct DocumentTab<'a> {
    pub label: &'a str,
    /// Changed since it was saved.
    pub is_dirty: bool,
}

/// What was asked of the request tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentTabEvent {
    Select(usize),
    Close(usize),
    New,
}

/// The height of the request tabs.
pub const DOCUMENT_TABS_HEIGHT: f32 = 34.0;

/// The request tabs; they scroll sideways where there are too many.
pub fn document_tabs(
    ui: &mut Ui,
    tabs: &[DocumentTab<'_>],
    selected: usize,
) -> Option<DocumentTabEvent> {
    let theme = Theme::of(ui);
    let mut event = None;
    let bar = Rect::from_min_size(
        ui.cursor().min,
        vec2(ui.available_width(), DOCUMENT_TABS_HEIGHT),
    );
    ui.painter()
        .hline(bar.x_range(), bar.bottom() - 0.5, theme.hairline());
    ScrollArea::horizontal()
        .id_salt("document tabs")
        .auto_shrink([false, true])
        .scroll_bar_visibility(egui::scroll_area::ScrollBarVisibility::AlwaysHidden)
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                // A tab that has come to the front is scrolled to; after that the user scrolls.
                let now = (selected, tabs.len(), bar.width().round());
                let id = ui.scope_id().with("front");
                let is_new = ui.data_mut(|data| data.get_temp(id) != Some(now));
                ui.data_mut(|data| data.insert_temp(id, now));
                for (at, tab) in tabs.iter().enumerate() {
                    if let Some(found) = document_tab(ui, tab, at == selected, is_new, at) {
                        event = Some(found);
                    }
                }
                ui.add_space(4.0);
                let plus = Button::icon(Icon::Plus, "New request").shortcut("Ctrl+T");
                if ui.add(plus).clicked() {
                    event = Some(DocumentTabEvent::New);
                }
            });
        });
    event
}

fn document_tab(
    ui: &mut Ui,
    tab: &DocumentTab<'_>,
    selected: bool,
    is_new: bool,
    at: usize,
) -> Option<DocumentTabEvent> {
    const CLOSE: f32 = 18.0;
    let theme = Theme::of(ui);
    let galley = text::line(ui, tab.label, fonts::body(), Color32::PLACEHOLDER, 180.0);
    let size = vec2(galley.size().x + 24.0 + CLOSE, DOCUMENT_TABS_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    if selected && is_new {
        response.scroll_to_me(None);
    }
    let name = if tab.is_dirty {
        format!("{}, not saved", tab.label)
    } else {
        tab.label.to_owned()
    };
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), selected, &name));

    let close_rect = Rect::from_center_size(
        pos2(rect.right() - 8.0 - CLOSE * 0.5, rect.center().y),
        vec2(CLOSE, CLOSE),
    );
    let close = ui.interact(close_rect, response.id.with("close"), Sense::click());
    close.widget_info(|| {
        WidgetInfo::labeled(
            Role::Button,
            ui.is_enabled(),
            format!("Close {}", tab.label),
        )
    });

    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let hovered = response.hovered() || close.hovered();
        if selected {
            painter.rect_filled(rect, CornerRadius::ZERO, theme.window);
            let top = Rect::from_min_size(rect.min, vec2(rect.width(), 2.0));
            painter.rect_filled(top, CornerRadius::ZERO, theme.accent);
        } else if hovered {
            painter.rect_filled(rect, CornerRadius::ZERO, theme.hovered);
        }
        painter.vline(rect.right() - 0.5, rect.y_range(), theme.hairline());
        let ink = if selected || hovered {
            theme.text
        } else {
            theme.muted
        };
        let y = rect.center().y - galley.size().y * 0.5;
        painter.galley(pos2(rect.left() + 16.0, y), galley, ink);
        if hovered || close.has_focus() {
            let over = close.hovered() || close.has_focus();
            if over {
                painter.rect_filled(close_rect, CornerRadius::same(4), theme.raised);
            }
            let sign = char::from(Icon::X).to_string();
            let ink = if over { theme.text } else { theme.muted };
            let galley = text::line(ui, &sign, fonts::icon(12.0), ink, CLOSE);
            text::paint_in(ui, close_rect, Align::Center, galley);
        } else if tab.is_dirty {
            painter.circle_filled(close_rect.center(), 4.0, theme.muted);
        }
        button::focus_ring(ui, rect.shrink(3.0), &response);
    }
    let middle = response.middle_clicked();
    let pressed = response.clicked();
    button::with_tooltip(close.clone(), "Close", "Ctrl+W");
    if close.clicked() || middle {
        Some(DocumentTabEvent::Close(at))
    } else {
        pressed.then_some(DocumentTabEvent::Select(at))
    }
}

/// The line under a row of tabs, over the width of the panel.
pub fn underline(ui: &Ui, rect: Rect) {
    let theme = Theme::of(ui);
    ui.painter().hline(
        rect.x_range(),
        rect.bottom() - 0.5,
        Stroke::new(1.0, theme.line),
    );
}

/// Between a row of tabs and its content.
pub const AFTER_TABS: f32 = 2.0 * theme::GAP;
