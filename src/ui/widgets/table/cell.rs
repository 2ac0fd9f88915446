//! One line of a table as plain data, and how its cells are painted.

use crate::app::rows::{Tone, Waterfall};
use crate::ui::widgets::{text, waterfall};
use crate::ui::{Theme, fonts};
use egui::{Align, Color32, Rect, Ui, pos2};

/// How strongly something is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ink {
    Text,
    Muted,
    Dim,
    Tone(Tone),
}

impl Ink {
    pub fn color(self, theme: &Theme) -> Color32 {
        match self {
            Self::Text => theme.text,
            Self::Muted => theme.muted,
            Self::Dim => theme.dim,
            Self::Tone(tone) => theme.ink(tone),
        }
    }
}

/// A cell as plain data. Text longer than its column is cut.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Empty,
    Text {
        text: String,
        ink: Ink,
    },
    Code {
        text: String,
        ink: Ink,
    },
    /// A topic, and quieter the payload after it.
    Topic {
        topic: String,
        payload: String,
        /// A short fact at the end of the cell, such as the pairing rule.
        tag: Option<String>,
    },
    /// Dot and words.
    Status {
        tone: Tone,
        words: String,
    },
    Waterfall(Waterfall),
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text {
            text: text.into(),
            ink: Ink::Text,
        }
    }

    pub fn code(text: impl Into<String>, ink: Ink) -> Self {
        Self::Code {
            text: text.into(),
            ink,
        }
    }
}

/// A row ready to paint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The whole row as one sentence, for screen readers.
    pub sentence: String,
    pub cells: Vec<Cell>,
}

/// At the right end; gives what is left of the cell.
fn paint_tag(ui: &Ui, rect: Rect, tag: &str) -> Rect {
    let theme = Theme::of(ui);
    let most = (rect.width() * 0.3).min(120.0);
    let galley = text::line(ui, tag, fonts::code_small(), theme.badge_text, most);
    let left = rect.right() - galley.size().x - 12.0;
    let badge = Rect::from_center_size(
        pos2((left + rect.right()) * 0.5, rect.center().y),
        egui::vec2(rect.right() - left, 17.0),
    );
    ui.painter()
        .rect_filled(badge, egui::CornerRadius::same(4), theme.badge);
    text::paint_in(ui, badge, Align::Center, galley);
    rect.with_max_x((left - 6.0).max(rect.left()))
}

pub(super) fn paint(ui: &Ui, rect: Rect, cell: &Cell, align: Align) {
    let theme = Theme::of(ui);
    let width = rect.width();
    match cell {
        Cell::Empty => {}
        Cell::Text { text: words, ink } => {
            let galley = text::line(ui, words, fonts::body(), ink.color(theme), width);
            text::paint_in(ui, rect, align, galley);
        }
        Cell::Code { text: words, ink } => {
            let galley = text::line(ui, words, fonts::code(), ink.color(theme), width);
            text::paint_in(ui, rect, align, galley);
        }
        Cell::Topic {
            topic,
            payload,
            tag,
        } => {
            let room = match tag {
                Some(tag) => paint_tag(ui, rect, tag),
                None => rect,
            };
            let runs = [
                (topic.as_str(), fonts::code(), theme.text),
                (" ", fonts::code(), theme.dim),
                (payload.as_str(), fonts::code(), theme.dim),
            ];
            text::paint_in(ui, room, align, text::runs(ui, &runs, room.width()));
        }
        Cell::Status { tone, words } => {
            let center = pos2(rect.left() + 5.0, rect.center().y);
            ui.painter().circle_filled(center, 4.5, theme.tone(*tone));
            let after_dot = rect.with_min_x((rect.left() + 15.0).min(rect.right()));
            let galley = text::line(
                ui,
                words,
                fonts::body(),
                theme.ink(*tone),
                after_dot.width(),
            );
            text::paint_in(ui, after_dot, Align::Min, galley);
        }
        Cell::Waterfall(bars) => waterfall::paint(ui.painter(), rect, bars, theme),
    }
}
