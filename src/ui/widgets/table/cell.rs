//! One line of a table as plain data, and how its cells are painted.

use crate::app::rows::{Tone, Waterfall};
use crate::model::timeline::MarkColour;
use crate::ui::widgets::{text, waterfall};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Color32, Galley, Rect, Ui, pos2};
use std::sync::Arc;

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
    /// A name with its colour, if it has one.
    Name {
        name: String,
        colour: Option<MarkColour>,
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
    pub mark: Option<LineMark>,
    /// It is no row but the head of a group, and has no cells.
    pub group: Option<GroupHead>,
}

impl Line {
    /// What a cell says, for a tooltip.
    pub fn text(&self, column: usize) -> Option<String> {
        match self.cells.get(column)? {
            Cell::Text { text, .. } | Cell::Code { text, .. } => Some(text.clone()),
            Cell::Topic { topic, payload, .. } => Some(format!("{topic}\n{payload}")),
            Cell::Status { words, .. } => Some(words.clone()),
            Cell::Name { name, .. } => Some(name.clone()),
            Cell::Waterfall(_) | Cell::Empty => None,
        }
    }
}

/// What was noted on a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineMark {
    pub is_pinned: bool,
    pub comment: String,
    pub colour: Option<MarkColour>,
}

impl LineMark {
    pub fn has_signs(&self) -> bool {
        self.is_pinned || !self.comment.is_empty()
    }

    pub fn words(&self) -> String {
        match (self.is_pinned, self.comment.as_str()) {
            (true, "") => "Pinned: stays when the timeline is cleared".to_owned(),
            (true, comment) => format!("{comment}\nPinned: stays when the timeline is cleared"),
            (false, comment) => comment.to_owned(),
        }
    }
}

/// The head of a group of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupHead {
    pub name: String,
    pub is_open: bool,
    /// How many rows, with thousands separated.
    pub count: String,
    /// How its verdicts share the bar.
    pub shares: Vec<Share>,
    /// Percentiles and the like, each a short phrase; they are aligned among groups.
    pub facts: Vec<String>,
}

/// A piece of the bar of a group, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub tone: Tone,
    pub share: f32,
}

/// A line through the whole width: what the rows beneath have in common, and what they amount to.
pub(super) fn paint_group(ui: &Ui, rect: Rect, head: &GroupHead) {
    const BAR: f32 = 110.0;
    const FACT: f32 = 104.0;
    let theme = Theme::of(ui);
    let icon = if head.is_open {
        Icon::ChevronDown
    } else {
        Icon::ChevronRight
    };
    let inner = rect.shrink2(egui::vec2(10.0, 0.0));
    let sign = char::from(icon).to_string();
    let chevron = text::line(ui, &sign, fonts::icon(14.0), theme.muted, f32::INFINITY);
    text::paint_in(ui, inner, Align::Min, chevron);
    let mut right = inner.right();
    // Where there is little room the facts go first, from the end.
    let room_for = |right: f32| right - inner.left() > 320.0;
    let mut shown = head.facts.len();
    while shown > 0 && !room_for(right - FACT * text::points(shown) - BAR) {
        shown -= 1;
    }
    for fact in head.facts.iter().take(shown).rev() {
        let place = Rect::from_x_y_ranges(right - FACT..=right, rect.y_range());
        let galley = text::line(ui, fact, fonts::code_small(), theme.muted, FACT - 8.0);
        text::paint_in(ui, place, Align::Max, galley);
        right -= FACT;
    }
    if room_for(right - BAR) {
        let center = pos2(right - BAR * 0.5 - 6.0, rect.center().y);
        let bar = Rect::from_center_size(center, egui::vec2(BAR - 12.0, 8.0));
        let mut left = bar.left();
        for share in &head.shares {
            let width = share.share * bar.width();
            let piece = Rect::from_x_y_ranges(left..=left + width.max(1.5), bar.y_range());
            let color = theme.bar(share.tone);
            ui.painter()
                .rect_filled(piece.intersect(bar), egui::CornerRadius::same(1), color);
            left += width;
        }
        right -= BAR;
    }
    let words = Rect::from_x_y_ranges(inner.left() + 22.0..=right - 8.0, rect.y_range());
    let runs = [
        (head.name.as_str(), fonts::code(), theme.text),
        ("   ", fonts::small(), theme.muted),
        (head.count.as_str(), fonts::small(), theme.muted),
    ];
    text::paint_in(ui, words, Align::Min, text::runs(ui, &runs, words.width()));
}

/// Pin and comment; gives what is left of the cell.
pub(super) fn paint_signs(ui: &Ui, rect: Rect, mark: &LineMark) -> Rect {
    let theme = Theme::of(ui);
    let mut left = rect.left();
    let has_comment = !mark.comment.is_empty();
    let signs = [
        mark.is_pinned.then_some((Icon::Pin, theme.accent)),
        has_comment.then_some((Icon::MessageSquareText, theme.waiting)),
    ];
    for (icon, color) in signs.into_iter().flatten() {
        let sign = char::from(icon).to_string();
        let galley = text::line(ui, &sign, fonts::icon(13.0), color, f32::INFINITY);
        text::paint_in(ui, rect.with_min_x(left), Align::Min, galley);
        left += 17.0;
    }
    rect.with_min_x(left.min(rect.right()))
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

/// Tells whether something had to be cut.
pub(super) fn paint(ui: &Ui, rect: Rect, cell: &Cell, align: Align) -> bool {
    let theme = Theme::of(ui);
    let width = rect.width();
    let galley = |words: &str, font, ink: Ink| text::line(ui, words, font, ink.color(theme), width);
    match cell {
        Cell::Empty => false,
        Cell::Text { text: words, ink } => {
            painted(ui, rect, align, galley(words, fonts::body(), *ink))
        }
        Cell::Code { text: words, ink } => {
            painted(ui, rect, align, galley(words, fonts::code(), *ink))
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
            let line = text::runs(ui, &runs, room.width());
            painted(ui, room, align, line) || payload.ends_with('…') || topic.ends_with('…')
        }
        Cell::Name { name, colour } => {
            let mut left = rect.left();
            if let Some(colour) = colour {
                let size = egui::vec2(3.0, 12.0);
                let bar = Rect::from_min_size(pos2(left, rect.center().y - 6.0), size);
                ui.painter().rect_filled(bar, 1, theme.mark(*colour));
                left += 8.0;
            }
            let after_bar = rect.with_min_x(left.min(rect.right()));
            let line = text::line(ui, name, fonts::body(), theme.text, after_bar.width());
            painted(ui, after_bar, align, line)
        }
        Cell::Status { tone, words } => {
            let center = pos2(rect.left() + 5.0, rect.center().y);
            ui.painter().circle_filled(center, 4.5, theme.tone(*tone));
            let after_dot = rect.with_min_x((rect.left() + 15.0).min(rect.right()));
            let line = text::line(
                ui,
                words,
                fonts::body(),
                theme.ink(*tone),
                after_dot.width(),
            );
            painted(ui, after_dot, Align::Min, line)
        }
        Cell::Waterfall(bars) => {
            waterfall::paint(ui.painter(), rect, bars, theme);
            false
        }
    }
}

fn painted(ui: &Ui, rect: Rect, align: Align, galley: Arc<Galley>) -> bool {
    let is_cut = galley.elided;
    text::paint_in(ui, rect, align, galley);
    is_cut
}
