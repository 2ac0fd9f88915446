//! A read-only view of a payload of any size: only the lines in sight are laid out.
//!
//! A laid out character costs some 220 bytes of memory, so text from the wire is never given to a
//! label whole. [`Document`] holds the payload and where its lines begin; [`show`] paints it.

use crate::ui::widgets::highlight;
use crate::ui::widgets::scroll::{self, Anchor, Extent};
use crate::ui::widgets::{Button, text};
use crate::ui::{Icon, Theme, fonts};
use bytes::Bytes;
use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align, CornerRadius, Id, Key, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use std::fmt::Write as _;

const LINE: f32 = 17.0;
/// As much of the payload as a screen reader gets.
const SPOKEN: usize = 2_000;

#[derive(Clone, Debug)]
enum Content {
    Text { text: String, is_json: bool },
    Hex(Bytes),
}

/// A piece of a line that fits the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    start: usize,
    end: usize,
    /// Counted from 1; 0 where the line goes on from the piece before.
    number: usize,
    /// It begins inside of a JSON string.
    in_string: bool,
}

/// A payload ready to be looked at.
#[derive(Clone, Debug)]
pub struct Document {
    content: Content,
    pieces: Vec<Piece>,
    /// Characters a line that the pieces were cut for, or bytes a row of a hex dump.
    columns: usize,
    lines: usize,
}

impl Document {
    pub fn text(text: String) -> Self {
        Self::new(Content::Text {
            text,
            is_json: false,
        })
    }

    /// JSON, already indented where that is wanted.
    pub fn json(text: String) -> Self {
        Self::new(Content::Text {
            text,
            is_json: true,
        })
    }

    pub fn hex(bytes: Bytes) -> Self {
        Self::new(Content::Hex(bytes))
    }

    fn new(content: Content) -> Self {
        Self {
            content,
            pieces: Vec::new(),
            columns: 0,
            lines: 0,
        }
    }

    /// In bytes.
    pub fn size(&self) -> usize {
        match &self.content {
            Content::Text { text, .. } => text.len(),
            Content::Hex(bytes) => bytes.len(),
        }
    }

    /// What the copy button copies: the text, or the bytes as hex digits.
    pub fn to_copy(&self) -> String {
        match &self.content {
            Content::Text { text, .. } => text.clone(),
            Content::Hex(bytes) => hex::encode(bytes),
        }
    }

    fn spoken(&self) -> String {
        match &self.content {
            Content::Text { text, .. } => text.chars().take(SPOKEN).collect(),
            Content::Hex(bytes) => hex::encode(bytes.get(..SPOKEN / 2).unwrap_or(bytes)),
        }
    }

    fn rows(&self) -> usize {
        match &self.content {
            Content::Text { .. } => self.pieces.len(),
            Content::Hex(bytes) => bytes.len().div_ceil(self.columns.max(1)),
        }
    }

    /// Cuts the lines for a view so many characters wide; nothing to do when it was cut so before.
    fn fit(&mut self, characters: usize) {
        let columns = match &self.content {
            Content::Text { .. } => characters.clamp(20, 400),
            Content::Hex(_) if characters >= hex_width(16) => 16,
            Content::Hex(_) if characters >= hex_width(8) => 8,
            Content::Hex(_) => 4,
        };
        if columns == self.columns {
            return;
        }
        self.columns = columns;
        if let Content::Text { text, is_json } = &self.content {
            self.pieces = cut(text, columns, *is_json);
            self.lines = self
                .pieces
                .iter()
                .map(|piece| piece.number)
                .max()
                .unwrap_or(0);
        }
    }

    /// The text of rows `from..=to`, for the clipboard.
    fn copied_rows(&self, from: usize, to: usize) -> String {
        let mut copied = String::new();
        match &self.content {
            Content::Text { text, .. } => {
                for piece in self.pieces.get(from..=to).unwrap_or_default() {
                    if piece.number != 0 && !copied.is_empty() {
                        copied.push('\n');
                    }
                    copied.push_str(text.get(piece.start..piece.end).unwrap_or_default());
                }
            }
            Content::Hex(bytes) => {
                let start = from * self.columns;
                let end = bytes.len().min((to + 1) * self.columns);
                copied = hex::encode(bytes.get(start..end).unwrap_or_default());
            }
        }
        copied
    }
}

fn hex_width(bytes: usize) -> usize {
    10 + 3 * bytes + 1 + bytes
}

fn cut(text: &str, columns: usize, is_json: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (number, line) in text.split('\n').enumerate() {
        let end = start + line.len();
        let shown = line.strip_suffix('\r').map_or(end, |cut| start + cut.len());
        cut_line(
            text,
            start..shown,
            number + 1,
            (columns, is_json),
            &mut pieces,
        );
        start = end + 1;
    }
    pieces
}

fn cut_line(
    text: &str,
    range: std::ops::Range<usize>,
    number: usize,
    (columns, is_json): (usize, bool),
    pieces: &mut Vec<Piece>,
) {
    // A JSON string ends with its line at the latest.
    let mut in_string = false;
    let line = text.get(range.clone()).unwrap_or_default();
    let mut piece = Piece {
        start: range.start,
        end: range.start,
        number,
        in_string,
    };
    let mut width = 0;
    let mut is_escaped = false;
    for (at, character) in line.char_indices() {
        let needs = columns_of(character);
        if width + needs > columns {
            piece.end = range.start + at;
            pieces.push(piece);
            piece = Piece {
                start: piece.end,
                end: piece.end,
                number: 0,
                in_string,
            };
            width = 0;
        }
        width += needs;
        if is_json {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' if in_string => is_escaped = true,
                '"' => in_string = !in_string,
                _ => {}
            }
        }
    }
    piece.end = range.end;
    pieces.push(piece);
}

/// How many columns of the code font a character takes, near enough to cut lines by.
fn columns_of(character: char) -> usize {
    match character {
        '\t' => 4,
        '\u{1100}'.. => 2,
        _ => 1,
    }
}

/// A character that does not stand on the page, as one that does.
fn visible(line: &str) -> std::borrow::Cow<'_, str> {
    let hidden = |character: char| character.is_control() && character != '\t';
    if line.contains(hidden) {
        line.chars()
            .map(|character| {
                if hidden(character) {
                    char::REPLACEMENT_CHARACTER
                } else {
                    character
                }
            })
            .collect::<String>()
            .into()
    } else {
        line.into()
    }
}

/// Where the view stands and which rows are marked.
#[derive(Clone, Debug, Default)]
pub struct ViewState {
    anchor: Anchor,
    marked: Option<(usize, usize)>,
}

/// Paints the document into all the room there is, with a copy button in its corner.
pub fn show(ui: &mut Ui, name: &str, document: &mut Document, state: &mut ViewState) {
    let theme = Theme::of(ui);
    let id = ui.make_persistent_id(name);
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    let advance = ui
        .fonts_mut(|fonts| fonts.glyph_width(&fonts::code(), '0'))
        .max(1.0);
    let is_hex = matches!(document.content, Content::Hex(_));
    let gutter = if is_hex {
        0.0
    } else {
        let digits = document.lines.max(1).ilog10() + 1;
        advance * f32::from(u8::try_from(digits).unwrap_or(9).max(2)) + 12.0
    };
    let page = Rect::from_min_max(
        pos2(area.left() + gutter, area.top()),
        pos2(area.right() - scroll::BAR - 2.0, area.bottom()),
    );
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "characters across a screen"
    )]
    let characters = (page.width() / advance).max(0.0) as usize;
    document.fit(characters);

    let mut child = ui.new_child(UiBuilder::new().id_salt(name).max_rect(area));
    child.shrink_clip_rect(area);
    let ui = &mut child;
    let extent = Extent {
        rows: document.rows(),
        row_height: LINE,
        view: area.height(),
    };
    let response = ui.interact(area, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(document.spoken()),
        ..WidgetInfo::labeled(Role::Document, ui.is_enabled(), name)
    });
    state.anchor = state
        .anchor
        .moved(scroll::wheel(ui, area).y, extent)
        .bounded(extent);
    keys(ui, &response, document, state, extent);
    mark(&response, state, extent);

    let mut top = area.top() - state.anchor.offset;
    let mut row = state.anchor.row;
    while top < area.bottom() && row < extent.rows {
        let line = Rect::from_min_size(pos2(area.left(), top), vec2(area.width(), LINE));
        if state
            .marked
            .is_some_and(|(from, to)| (from.min(to)..=from.max(to)).contains(&row))
        {
            ui.painter()
                .rect_filled(line, CornerRadius::ZERO, theme.selected);
        }
        paint_row(ui, document, row, line, page);
        top += LINE;
        row += 1;
    }
    let track = Rect::from_min_max(pos2(area.right() - scroll::BAR, area.top()), area.max);
    if let Some(anchor) = scroll::scrollbar(ui, id.with("scrollbar"), track, state.anchor, extent) {
        state.anchor = anchor;
    }
    copy_button(ui, document, area);
}

fn paint_row(ui: &Ui, document: &Document, row: usize, line: Rect, page: Rect) {
    let theme = Theme::of(ui);
    let mut job = LayoutJob {
        break_on_newline: false,
        ..LayoutJob::default()
    };
    match &document.content {
        Content::Text { text, is_json } => {
            let Some(piece) = document.pieces.get(row) else {
                return;
            };
            if piece.number != 0 {
                let number = piece.number.to_string();
                let galley = text::line(ui, &number, fonts::code(), theme.dim, f32::INFINITY);
                let gutter = line.with_max_x(page.left() - 12.0);
                text::paint_in(ui, gutter, Align::Max, galley);
            }
            let words = visible(text.get(piece.start..piece.end).unwrap_or_default());
            let pieces = if *is_json {
                highlight::json(&words, piece.in_string).0
            } else {
                vec![(highlight::Kind::Plain, 0..words.len())]
            };
            highlight::append(&mut job, &words, &pieces, theme);
        }
        Content::Hex(bytes) => hex_row(&mut job, bytes, row, document.columns, theme),
    }
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    text::paint_in(ui, line.with_min_x(page.left()), Align::Min, galley);
}

fn hex_row(job: &mut LayoutJob, bytes: &[u8], row: usize, columns: usize, theme: &Theme) {
    let start = row * columns;
    let end = bytes.len().min(start + columns);
    let chunk = bytes.get(start..end).unwrap_or_default();
    let mut digits = String::with_capacity(columns * 3 + 2);
    for column in 0..columns {
        match chunk.get(column) {
            Some(byte) => write!(digits, "{byte:02x} ").unwrap_or_default(),
            None => digits.push_str("   "),
        }
    }
    digits.push(' ');
    let letters: String = chunk
        .iter()
        .map(|byte| {
            if (0x20..0x7f).contains(byte) {
                char::from(*byte)
            } else {
                '.'
            }
        })
        .collect();
    for (words, color) in [
        (format!("{start:08x}  "), theme.dim),
        (digits, theme.text),
        (letters, theme.syntax.string),
    ] {
        job.append(
            &words,
            0.0,
            TextFormat {
                font_id: fonts::code(),
                color,
                ..TextFormat::default()
            },
        );
    }
}

fn keys(
    ui: &Ui,
    response: &egui::Response,
    document: &Document,
    state: &mut ViewState,
    extent: Extent,
) {
    if !response.has_focus() {
        return;
    }
    ui.memory_mut(|memory| {
        let filter = egui::EventFilter {
            vertical_arrows: true,
            ..egui::EventFilter::default()
        };
        memory.set_focus_lock_filter(response.id, filter);
    });
    let (mut by, mut copies, mut marks_all) = (0.0, false, false);
    ui.input(|input| {
        for (key, step) in [
            (Key::ArrowDown, LINE),
            (Key::ArrowUp, -LINE),
            (Key::PageDown, extent.view - LINE),
            (Key::PageUp, LINE - extent.view),
        ] {
            if input.key_pressed(key) {
                by += step;
            }
        }
        copies = input
            .events
            .iter()
            .any(|event| matches!(event, egui::Event::Copy));
        marks_all = input.modifiers.command && input.key_pressed(Key::A);
        if input.key_pressed(Key::Home) {
            state.anchor = Anchor::default();
        }
        if input.key_pressed(Key::End) {
            state.anchor = extent.end();
        }
    });
    state.anchor = state.anchor.moved(by, extent);
    if marks_all && extent.rows > 0 {
        state.marked = Some((0, extent.rows - 1));
    }
    if copies {
        let words = match state.marked {
            Some((from, to)) => document.copied_rows(from.min(to), from.max(to)),
            None => document.to_copy(),
        };
        ui.ctx().copy_text(words);
    }
}

/// Rows are marked by dragging over them.
fn mark(response: &egui::Response, state: &mut ViewState, extent: Extent) {
    if extent.rows == 0 {
        state.marked = None;
        return;
    }
    let row_at = |y: f32| {
        let below = y - response.rect.top();
        state
            .anchor
            .moved(
                below,
                Extent {
                    view: 0.0,
                    ..extent
                },
            )
            .row
            .min(extent.rows - 1)
    };
    if response.clicked() {
        state.marked = None;
        response.request_focus();
    }
    if let Some(pointer) = response.interact_pointer_pos() {
        if response.drag_started() {
            let row = row_at(pointer.y);
            state.marked = Some((row, row));
            response.request_focus();
        } else if response.dragged()
            && let Some((from, _)) = state.marked
        {
            state.marked = Some((from, row_at(pointer.y)));
        }
    }
    if let Some((from, to)) = &mut state.marked {
        *from = (*from).min(extent.rows - 1);
        *to = (*to).min(extent.rows - 1);
    }
}

fn copy_button(ui: &mut Ui, document: &Document, area: Rect) {
    let side = 24.0;
    let rect = Rect::from_min_size(
        pos2(area.right() - scroll::BAR - side - 2.0, area.top()),
        vec2(side, side),
    );
    let button = Button::icon(Icon::Copy, "Copy payload").small();
    if ui.put(rect, button).clicked() {
        ui.ctx().copy_text(document.to_copy());
    }
}

/// What takes the keyboard in the view named so.
pub fn focus_id(ui: &Ui, name: &str) -> Id {
    ui.make_persistent_id(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(document: &Document) -> Vec<String> {
        (0..document.rows())
            .map(|row| document.copied_rows(row, row))
            .collect()
    }

    #[test]
    fn long_lines_are_cut_between_characters_and_lose_nothing() {
        let long = "é".repeat(100);
        let mut document = Document::text(format!("{long}\nshort\n"));
        document.fit(30);
        assert_eq!(document.rows(), 4 + 1 + 1);
        let back: String = rows(&document)[..4].concat();
        assert_eq!(back, long);
        assert_eq!(document.copied_rows(0, 5), format!("{long}\nshort\n"));
    }

    #[test]
    fn a_piece_that_begins_within_a_string_knows_it() {
        let mut document = Document::json(format!("{{\"a\": \"{}\"}}", "x\\\"".repeat(40)));
        document.fit(30);
        assert!(!document.pieces[0].in_string);
        assert!(document.pieces[1].in_string);
        let last = document.pieces.last().unwrap();
        assert!(last.in_string);
    }

    #[test]
    fn a_hex_dump_takes_as_many_bytes_a_row_as_fit() {
        let mut document = Document::hex(Bytes::from(vec![0xab; 40]));
        document.fit(100);
        assert_eq!(document.rows(), 3);
        document.fit(50);
        assert_eq!(document.rows(), 5);
        document.fit(3);
        assert_eq!(document.rows(), 10);
        assert_eq!(document.copied_rows(9, 9), "abababab");
    }

    #[test]
    fn nothing_and_one_megabyte_in_one_line_are_no_trouble() {
        let mut empty = Document::text(String::new());
        empty.fit(80);
        assert_eq!(empty.rows(), 1);
        let mut large = Document::json("[1,".repeat(350_000));
        large.fit(80);
        assert!(large.rows() > 13_000);
    }

    #[test]
    fn control_characters_do_not_vanish() {
        assert_eq!(visible("a\u{0}b\tc"), "a\u{fffd}b\tc");
    }
}
