//! A read-only view of a payload of any size: only the lines in sight are laid out.
//!
//! A laid out character costs some 220 bytes of memory, so text from the wire is never given to a
//! label whole. [`Document`] holds the payload and where its lines begin; [`show`] paints it. Small
//! documents are cut to the width here, large ones by whoever owns them.

pub use crate::model::document::Document;

use crate::app::find::Finder;
use crate::model::document::{Content, visible};
use crate::ui::theme::mix;
use crate::ui::widgets::highlight;
use crate::ui::widgets::scroll::{self, Anchor, Extent};
use crate::ui::widgets::{Button, text};
use crate::ui::{Icon, Theme, fonts};
use egui::text::{CCursor, LayoutJob, TextFormat};
use egui::{
    Align, CornerRadius, Id, Key, Rect, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo,
    pos2, vec2,
};
use std::fmt::Write as _;
use std::ops::Range;

const LINE: f32 = 17.0;
/// Where the view stands and which rows are marked.
#[derive(Clone, Debug, Default)]
pub struct ViewState {
    anchor: Anchor,
    marked: Option<(usize, usize)>,
    /// Where in the content is to be brought into view.
    reveal: Option<usize>,
    /// Escape is for who shows it, while something is looked for in it.
    pub keeps_escape: bool,
}

impl ViewState {
    pub fn top(&self) -> usize {
        self.anchor.row
    }

    /// The row at the upper edge.
    pub fn top_mut(&mut self) -> &mut usize {
        &mut self.anchor.row
    }

    /// Brings a place of the content into view.
    pub fn reveal(&mut self, place: usize) {
        self.reveal = Some(place);
    }

    /// Rows have other numbers now.
    pub fn unmark(&mut self) {
        self.marked = None;
    }
}

/// Paints the document into all the room there is, with a copy button in its corner. Gives how many
/// characters a row has room for.
pub fn show(ui: &mut Ui, name: &str, document: &mut Document, state: &mut ViewState) -> usize {
    show_found(ui, name, document, state, None)
}

/// The same, with what was found in it marked.
pub fn show_found(
    ui: &mut Ui,
    name: &str,
    document: &mut Document,
    state: &mut ViewState,
    finder: Option<&Finder>,
) -> usize {
    let theme = Theme::of(ui);
    let id = ui.make_persistent_id(name);
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    let advance = ui
        .fonts_mut(|fonts| fonts.glyph_width(&fonts::code(), '0'))
        .max(1.0);
    let is_hex = matches!(document.content(), Content::Hex(_));
    let gutter = if is_hex {
        0.0
    } else {
        let digits = document.lines().max(1).ilog10() + 1;
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
    if document.is_small() {
        document.fit(characters);
    }

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
    if let Some(place) = state.reveal.take() {
        let row = document.row_at(place);
        let page = extent.page();
        if !(state.anchor.row + 1..state.anchor.row + page).contains(&row) {
            let row = row.saturating_sub(page / 3);
            state.anchor = Anchor { row, offset: 0.0 }.bounded(extent);
        }
    }
    keys(ui, &response, document, state, extent);
    mark(ui, &response, state, extent);

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
        paint_row(ui, document, row, (line, page), finder);
        top += LINE;
        row += 1;
    }
    let track = Rect::from_min_max(pos2(area.right() - scroll::BAR, area.top()), area.max);
    if let Some(anchor) = scroll::scrollbar(ui, id.with("scrollbar"), track, state.anchor, extent) {
        state.anchor = anchor;
    }
    copy_button(ui, document, area);
    characters
}

fn paint_row(
    ui: &Ui,
    document: &Document,
    row: usize,
    (line, page): (Rect, Rect),
    finder: Option<&Finder>,
) {
    let theme = Theme::of(ui);
    // Characters of the row that were looked for.
    let mut found: Vec<(Range<usize>, bool)> = Vec::new();
    let mut job = LayoutJob {
        break_on_newline: false,
        ..LayoutJob::default()
    };
    match document.content() {
        Content::Text { is_json, .. } => {
            let Some(piece) = document.piece(row) else {
                return;
            };
            if piece.number != 0 {
                let number = piece.number.to_string();
                let galley = text::line(ui, &number, fonts::code(), theme.dim, f32::INFINITY);
                let gutter = line.with_max_x(page.left() - 12.0);
                text::paint_in(ui, gutter, Align::Max, galley);
            }
            let words = document.words(piece.start..piece.end);
            if let Some(finder) = finder {
                let at = |place: usize| {
                    let within = place.clamp(piece.start, piece.end) - piece.start;
                    words
                        .get(..within)
                        .map_or(0, |before| before.chars().count())
                };
                let places = finder.within(piece.start..piece.end);
                found.extend(places.map(|(place, is)| (at(place.start)..at(place.end), is)));
            }
            let words = visible(&words);
            let pieces = if *is_json {
                highlight::json(&words, piece.in_string).0
            } else {
                vec![(highlight::Kind::Plain, 0..words.len())]
            };
            highlight::append(&mut job, &words, &pieces, theme);
        }
        Content::Hex(bytes) => {
            let columns = document.columns();
            hex_row(&mut job, bytes, row, columns, theme);
            let start = row * columns;
            let end = bytes.len().min(start + columns);
            for (place, is) in finder.into_iter().flat_map(|it| it.within(start..end)) {
                let place =
                    place.start.clamp(start, end) - start..place.end.clamp(start, end) - start;
                let letters = 11 + 3 * columns;
                found.push((10 + 3 * place.start..9 + 3 * place.end, is));
                found.push((letters + place.start..letters + place.end, is));
            }
        }
    }
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    for (characters, is_current) in found {
        let x = |at: usize| galley.pos_from_cursor(CCursor::new(at)).left();
        let (from, to) = (x(characters.start), x(characters.end));
        let place = Rect::from_x_y_ranges(
            page.left() + from - 1.0..=page.left() + to + 1.0,
            line.shrink2(vec2(0.0, 1.0)).y_range(),
        );
        let share = if is_current { 0.55 } else { 0.25 };
        let ground = mix(theme.panel, theme.waiting, share);
        let radius = CornerRadius::same(2);
        ui.painter().rect_filled(place, radius, ground);
        if is_current {
            let stroke = Stroke::new(1.0, theme.waiting);
            ui.painter()
                .rect_stroke(place, radius, stroke, StrokeKind::Outside);
        }
    }
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
            escape: state.keeps_escape,
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
fn mark(ui: &Ui, response: &egui::Response, state: &mut ViewState, extent: Extent) {
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
            // A drag is known as one only some points after the press.
            let origin = ui.input(|input| input.pointer.press_origin());
            let row = row_at(origin.unwrap_or(pointer).y);
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
    let words = match document.content() {
        Content::Text { .. } => "The whole payload, as it came",
        Content::Hex(_) => "The whole payload, as hex digits",
    };
    let button = Button::icon(Icon::Copy, "Copy payload")
        .tooltip(words)
        .small();
    if ui.put(rect, button).clicked() {
        ui.ctx().copy_text(document.to_copy());
    }
}

/// What takes the keyboard in the view named so.
pub fn focus_id(ui: &Ui, name: &str) -> Id {
    ui.make_persistent_id(name)
}
