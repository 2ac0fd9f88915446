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
        Cell::Topic { topic, payload } => {
            let runs = [
                (topic.as_str(), fonts::code(), theme.text),
                (" ", fonts::code(), theme.dim),
                (payload.as_str(), fonts::code(), theme.dim),
            ];
            text::paint_in(ui, rect, align, text::runs(ui, &runs, width));
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
