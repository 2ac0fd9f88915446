//! What differs between two payloads, painted: only the rows in sight are laid out.

use crate::model::diff::{Cell, Diff, DiffRow, Kind, Layout, Mark};
use crate::model::document::visible;
use crate::ui::widgets::highlight;
use crate::ui::widgets::scroll::{self, Anchor, Extent};
use crate::ui::widgets::text;
use crate::ui::{Theme, fonts};
use egui::text::{CCursor, LayoutJob, TextFormat};
use egui::{
    Align, Color32, CornerRadius, Galley, Key, Rangef, Rect, Role, Sense, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};
use std::fmt::Write as _;
use std::sync::Arc;

const LINE: f32 = 17.0;
/// Number and sign before the text.
const GUTTER_CHARACTERS: f32 = 9.0;
/// As many rows as a screen reader gets.
const SPOKEN: usize = 100;

/// Where the view stands.
#[derive(Clone, Debug, Default)]
pub struct DiffState {
    anchor: Anchor,
    /// The change that was last gone to.
    at: Option<usize>,
}

impl DiffState {
    /// To the next change, or the one before.
    pub fn step(&mut self, diff: &Diff, forward: bool) {
        let last = diff.changes.len().saturating_sub(1);
        let at = match (self.at, forward) {
            (None, _) => 0,
            (Some(at), true) => (at + 1).min(last),
            (Some(at), false) => at.saturating_sub(1),
        };
        self.at = Some(at);
        if let Some(row) = diff.changes.get(at) {
            self.anchor = Anchor {
                row: row.saturating_sub(3),
                offset: 0.0,
            };
        }
    }
}

/// Characters of one side that fit a row.
pub fn columns(ui: &Ui, area: Rect, layout: Layout) -> usize {
    let advance = advance(ui);
    let [left, _] = sides(area, layout);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "characters across a screen"
    )]
    let columns = ((left.span() - gutter(advance)) / advance).max(0.0) as usize;
    columns
}

fn advance(ui: &Ui) -> f32 {
    ui.fonts_mut(|fonts| fonts.glyph_width(&fonts::code(), '0'))
        .max(1.0)
}

fn gutter(advance: f32) -> f32 {
    advance * GUTTER_CHARACTERS
}

/// Where the two sides are; one place where they stand one after the other.
fn sides(area: Rect, layout: Layout) -> [Rangef; 2] {
    let all = Rangef::new(area.left(), area.right() - scroll::BAR - 2.0);
    match layout {
        Layout::SideBySide => {
            let middle = all.center();
            [
                Rangef::new(all.min, middle - 4.0),
                Rangef::new(middle + 4.0, all.max),
            ]
        }
        Layout::Unified => [all, all],
    }
}

/// Paints the rows into `area`; gives the characters of one side that fit a row.
pub fn show(
    ui: &mut Ui,
    name: &str,
    area: Rect,
    diff: &Diff,
    layout: Layout,
    state: &mut DiffState,
) -> usize {
    let id = ui.make_persistent_id(name);
    let mut child = ui.new_child(UiBuilder::new().id_salt(name).max_rect(area));
    child.shrink_clip_rect(area);
    let ui = &mut child;
    let theme = Theme::of(ui);
    // Bytes are always beside each other.
    let layout = match diff.bytes_a_row {
        Some(_) => Layout::SideBySide,
        None => layout,
    };
    let extent = Extent {
        rows: diff.rows.len(),
        row_height: LINE,
        view: area.height(),
    };
    let response = ui.interact(area, id, Sense::click());
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(spoken(diff)),
        ..WidgetInfo::labeled(Role::Document, ui.is_enabled(), name)
    });
    let by = scroll::wheel(ui, area).y + keys(ui, extent);
    state.anchor = state.anchor.moved(by, extent).bounded(extent);
    ui.painter()
        .rect_filled(area, CornerRadius::ZERO, theme.field);
    let advance = advance(ui);
    let places = sides(area, layout);
    let mut top = area.top() - state.anchor.offset;
    for row in diff.rows.iter().skip(state.anchor.row) {
        if top >= area.bottom() {
            break;
        }
        let band = Rangef::new(top, top + LINE);
        row_ui(
            ui,
            diff,
            row,
            layout,
            places.map(|side| Rect::from_x_y_ranges(side, band)),
            advance,
        );
        top += LINE;
    }
    if layout == Layout::SideBySide {
        let middle = places[0].max + 4.0;
        ui.painter().vline(middle, area.y_range(), theme.hairline());
    }
    let track = Rect::from_min_max(pos2(area.right() - scroll::BAR, area.top()), area.max);
    if let Some(anchor) = scroll::scrollbar(ui, id.with("scrollbar"), track, state.anchor, extent) {
        state.anchor = anchor;
    }
    columns(ui, area, layout)
}

fn keys(ui: &Ui, extent: Extent) -> f32 {
    if ui.ctx().egui_wants_keyboard_input() {
        return 0.0;
    }
    let all = text::points(extent.rows) * LINE;
    let steps = [
        (Key::ArrowDown, LINE),
        (Key::ArrowUp, -LINE),
        (Key::PageDown, extent.view - LINE),
        (Key::PageUp, LINE - extent.view),
        (Key::End, all),
        (Key::Home, -all),
    ];
    ui.input(|input| {
        let pressed = steps.iter().filter(|(key, _)| input.key_pressed(*key));
        pressed.map(|(_, step)| step).sum()
    })
}

fn sign(kind: Kind) -> &'static str {
    match kind {
        Kind::Same => " ",
        Kind::Removed => "−",
        Kind::Added => "+",
        Kind::Changed => "~",
    }
}

fn color_of(kind: Kind, is_left: bool, theme: &Theme) -> Option<Color32> {
    match kind {
        Kind::Same => None,
        Kind::Removed => Some(theme.failed),
        Kind::Added => Some(theme.answered),
        Kind::Changed if is_left => Some(theme.failed),
        Kind::Changed => Some(theme.answered),
    }
}

fn row_ui(ui: &Ui, diff: &Diff, row: &DiffRow, layout: Layout, places: [Rect; 2], advance: f32) {
    let both = [
        (row.left, &diff.left, true),
        (row.right, &diff.right, false),
    ];
    for ((cell, bytes, is_left), place) in both.into_iter().zip(places) {
        let Some(cell) = cell else { continue };
        // In one column what is the same is there once.
        if layout == Layout::Unified && row.kind == Kind::Same && !is_left {
            continue;
        }
        cell_ui(ui, diff, (row.kind, is_left), &cell, bytes, place, advance);
    }
}

fn cell_ui(
    ui: &Ui,
    diff: &Diff,
    (kind, is_left): (Kind, bool),
    cell: &Cell,
    bytes: &[u8],
    place: Rect,
    advance: f32,
) {
    let theme = Theme::of(ui);
    let color = color_of(kind, is_left, theme);
    if let Some(color) = color {
        ui.painter()
            .rect_filled(place, CornerRadius::ZERO, color.gamma_multiply(0.13));
    }
    let strong = color.unwrap_or(theme.muted).gamma_multiply(0.38);
    let page = place.with_min_x(place.left() + gutter(advance));
    let head = place.with_max_x(page.left() - 4.0);
    if cell.number != 0 {
        let number = cell.number.to_string();
        let before = head.with_max_x(head.right() - 2.0 * advance);
        let galley = text::line(ui, &number, fonts::code(), theme.dim, f32::INFINITY);
        text::paint_in(ui, before, Align::Max, galley);
    }
    let galley = text::line(
        ui,
        sign(kind),
        fonts::code(),
        color.unwrap_or(theme.dim),
        f32::INFINITY,
    );
    text::paint_in(ui, head, Align::Max, galley);
    let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
    let galley = match diff.bytes_a_row {
        Some(columns) => bytes_row(ui, bytes, cell, columns, strong),
        None => text_row(ui, diff.is_indented, bytes, cell, strong, page),
    };
    let top = page.center().y - galley.size().y * 0.5;
    painter.galley(pos2(page.left(), top), galley, Color32::PLACEHOLDER);
}

fn text_row(
    ui: &Ui,
    is_json: bool,
    bytes: &[u8],
    cell: &Cell,
    strong: Color32,
    page: Rect,
) -> Arc<Galley> {
    let range = |from: u32, to: u32| {
        String::from_utf8_lossy(bytes.get(from as usize..to as usize).unwrap_or_default())
    };
    let whole = range(cell.start, cell.end);
    let words = visible(&whole);
    let pieces = if is_json && cell.number != 0 {
        highlight::json(&words, false).0
    } else {
        vec![(highlight::Kind::Plain, 0..words.len())]
    };
    let mut job = LayoutJob {
        break_on_newline: false,
        ..LayoutJob::default()
    };
    highlight::append(&mut job, &words, &pieces, Theme::of(ui));
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    if let Mark::Text(from, to) = cell.mark {
        let x = |end: u32| {
            let before = range(cell.start, end).chars().count();
            page.left() + galley.pos_from_cursor(CCursor::new(before)).left()
        };
        let mark = Rect::from_x_y_ranges(Rangef::new(x(from), x(to)), page.y_range());
        ui.painter()
            .rect_filled(mark.shrink2(vec2(0.0, 1.0)), CornerRadius::same(2), strong);
    }
    galley
}

fn bytes_row(ui: &Ui, bytes: &[u8], cell: &Cell, columns: usize, strong: Color32) -> Arc<Galley> {
    let theme = Theme::of(ui);
    let Mark::Bytes { differing, missing } = cell.mark else {
        return text::line(ui, "", fonts::code(), theme.text, 0.0);
    };
    let mut job = LayoutJob {
        break_on_newline: false,
        ..LayoutJob::default()
    };
    let mut add = |words: &str, color: Color32, background: Color32| {
        let format = TextFormat {
            font_id: fonts::code(),
            color,
            background,
            ..TextFormat::default()
        };
        job.append(words, 0.0, format);
    };
    let clear = Color32::TRANSPARENT;
    add(&format!("{:08x}  ", cell.start), theme.dim, clear);
    let chunk = bytes.get(cell.start as usize..cell.end as usize);
    let mut left = chunk.unwrap_or_default().iter();
    let mut letters: Vec<(char, Color32)> = Vec::with_capacity(columns);
    for column in 0..columns {
        let is_missing = missing & (1 << column) != 0;
        let byte = if is_missing { None } else { left.next() };
        let Some(byte) = byte else {
            add("   ", theme.text, clear);
            letters.push((' ', clear));
            continue;
        };
        let ground = if differing & (1 << column) != 0 {
            strong
        } else {
            clear
        };
        add(&format!("{byte:02x}"), theme.text, ground);
        add(" ", theme.text, clear);
        let is_printable = (0x20..0x7f).contains(byte);
        letters.push((if is_printable { char::from(*byte) } else { '.' }, ground));
    }
    add(" ", theme.text, clear);
    for (letter, ground) in letters {
        add(letter.encode_utf8(&mut [0; 4]), theme.syntax.string, ground);
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

/// The first rows as signs and words.
fn spoken(diff: &Diff) -> String {
    let mut spoken = String::new();
    for row in diff.rows.iter().take(SPOKEN) {
        let words = |cell: Option<Cell>, bytes: &[u8]| {
            let cell = cell?;
            let bytes = bytes.get(cell.start as usize..cell.end as usize)?;
            Some(if diff.bytes_a_row.is_some() {
                bytes.iter().fold(String::new(), |mut line, byte| {
                    write!(line, "{byte:02x} ").unwrap_or_default();
                    line
                })
            } else {
                String::from_utf8_lossy(bytes).into_owned()
            })
        };
        let left = words(row.left, &diff.left);
        let right = words(row.right, &diff.right);
        let lines = match row.kind {
            Kind::Same => [left.map(|left| (" ", left)), None],
            _ => [
                left.map(|left| ("-", left)),
                right.map(|right| ("+", right)),
            ],
        };
        for (sign, line) in lines.into_iter().flatten() {
            spoken.push_str(sign);
            spoken.push_str(&line);
            spoken.push('\n');
        }
    }
    spoken
}
