//! The editor of a payload: line numbers, colours, placeholders, and the place of an error.
//!
//! Larger than [`LIMIT`] a text is shown, not edited: laying it out would stop the window.

use crate::app::rows::Tone;
use crate::ui::widgets::highlight::{self, Language};
use crate::ui::widgets::payload_view::{self, Document, ViewState};
use crate::ui::widgets::{Button, text};
use crate::ui::{Theme, fonts};
use egui::accesskit::Invalid;
use egui::cache::{ComputerMut, FrameCache};
use egui::text::{CCursor, LayoutJob};
use egui::text_edit::TextEditState;
use egui::{
    Align, CornerRadius, Event, Frame, Galley, Id, Margin, Rect, Response, Role, ScrollArea, Sense,
    Stroke, TextBuffer, TextEdit, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use std::sync::Arc;

/// More than this is not edited here.
pub const LIMIT: usize = crate::app::tabs::EDITABLE_BYTES;
/// More than this not even when asked for: a frame would take seconds.
const SLOW_LIMIT: usize = 512 * 1024;
/// As much of a larger text is shown.
const SHOWN: usize = 64 * 1024;
const LINE: f32 = 17.0;

/// What is wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub message: String,
    /// None where it is wrong as a whole.
    pub place: Option<Place>,
}

/// A place in a text, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    /// In characters.
    pub column: usize,
}

impl Mistake {
    fn words(&self) -> String {
        match self.place {
            Some(Place { line, column }) => {
                format!("Line {line}, column {column}: {}", self.message)
            }
            None => self.message.clone(),
        }
    }
}

/// What the editor remembers from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct EditState {
    /// The beginning of a text that is too large, and how large that is.
    large: Option<(usize, Document)>,
    view: ViewState,
    /// Edited although it is slow.
    is_edited_anyway: bool,
}

/// Paints the editor into all the room there is. `name` is its accessible name.
pub fn show(
    ui: &mut Ui,
    name: &str,
    content: &mut String,
    language: Language,
    mistake: Option<&Mistake>,
    state: &mut EditState,
) -> Response {
    let area = ui.available_rect_before_wrap();
    let frame = ui.allocate_rect(area, Sense::hover());
    let (page, strip) = match mistake {
        Some(_) => area.split_top_bottom_at_y(area.bottom() - 26.0),
        None => (area, Rect::NOTHING),
    };
    if let Some(mistake) = mistake {
        explain(ui, frame.id.with("mistake"), strip, mistake);
    }
    let mut child = ui.new_child(UiBuilder::new().id_salt(name).max_rect(page));
    child.shrink_clip_rect(page);
    // Before anything is laid out: what is pasted may be larger than can be edited.
    let is_pasted = take_large_paste(&child, child.make_persistent_id(name), content);
    if content.len() <= LIMIT {
        state.is_edited_anyway = false;
    }
    let is_large = content.len()
        > if state.is_edited_anyway {
            SLOW_LIMIT
        } else {
            LIMIT
        };
    let mut response = if is_large {
        large(&mut child, name, content, language, state, frame)
    } else {
        state.large = None;
        edit(&mut child, name, content, language, mistake)
    };
    if is_pasted {
        response.mark_changed();
    }
    response
}

fn edit(
    ui: &mut Ui,
    name: &str,
    content: &mut String,
    language: Language,
    mistake: Option<&Mistake>,
) -> Response {
    let page = ui.max_rect();
    let id = ui.make_persistent_id(name);
    let advance = ui.fonts_mut(|fonts| fonts.glyph_width(&fonts::code(), '0'));
    let lines = content.matches('\n').count() + 1;
    let digits = u8::try_from(lines.ilog10() + 1).unwrap_or(6).max(2);
    let gutter = advance * f32::from(digits) + 24.0;
    let wrong = mistake.and_then(|mistake| mistake.place);
    let wrong_line = wrong.map(|place| place.line);
    let wrong_place = wrong.map(|place| char_index(content, place));
    let mut layouter = |ui: &Ui, buffer: &dyn TextBuffer, width: f32| {
        let theme = Theme::of(ui);
        let mut job = ui.memory_mut(|memory| {
            memory
                .caches
                .cache::<FrameCache<LayoutJob, Highlighter>>()
                .get((buffer.as_str(), language, theme.dark, wrong_line))
                .clone()
        });
        job.wrap.max_width = width;
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let response = ScrollArea::vertical()
        .id_salt((name, "scroll"))
        .auto_shrink([false, false])
        .show(ui, |ui| {
            let output = TextEdit::multiline(content)
                .id(id)
                .font(fonts::code())
                .frame(Frame::NONE.inner_margin(Margin {
                    left: margin(gutter),
                    right: 12,
                    top: 8,
                    bottom: 8,
                }))
                .desired_width(f32::INFINITY)
                .min_size(page.size())
                .lock_focus(true)
                .layouter(&mut layouter)
                .show(ui);
            let galley = &output.galley;
            numbers(ui, galley, output.galley_pos, page, gutter, wrong_line);
            if let Some(place) = wrong_place {
                underline(ui, galley, output.galley_pos, place, advance);
            }
            output.response.response
        })
        .inner
        .accessible_name(name);
    ui.ctx().accesskit_node_builder(id, |node| {
        if let Some(mistake) = mistake {
            node.set_invalid(Invalid::True);
            node.set_description(mistake.words());
        }
    });
    response
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "at most nine digits and a gap; saturates"
)]
fn margin(width: f32) -> i8 {
    width.min(120.0) as i8
}

/// The numbers of the lines, beside the first row of each.
fn numbers(
    ui: &Ui,
    galley: &Arc<Galley>,
    origin: egui::Pos2,
    page: Rect,
    gutter: f32,
    wrong_line: Option<usize>,
) {
    let theme = Theme::of(ui);
    let mut number = 1;
    let mut is_first = true;
    for row in &galley.rows {
        let top = origin.y + row.pos.y;
        if top > page.bottom() {
            break;
        }
        if is_first && top + LINE >= page.top() {
            let is_wrong = wrong_line == Some(number);
            let color = if is_wrong {
                theme.ink(Tone::Failed)
            } else {
                theme.dim
            };
            let words = number.to_string();
            let galley = text::line(ui, &words, fonts::code(), color, f32::INFINITY);
            let height = row.row.size.y.max(galley.size().y);
            let rect = Rect::from_min_size(pos2(page.left(), top), vec2(gutter - 12.0, height));
            text::paint_in(ui, rect, Align::Max, galley);
        }
        is_first = row.ends_with_newline;
        number += usize::from(row.ends_with_newline);
    }
}

/// Where in the text a line and column are, in characters; its end where there is no such place.
fn char_index(content: &str, place: Place) -> usize {
    let before: usize = content
        .split_inclusive('\n')
        .take(place.line.saturating_sub(1))
        .map(|line| line.chars().count())
        .sum();
    let line = content
        .split_inclusive('\n')
        .nth(place.line.saturating_sub(1))
        .map_or(0, |line| line.trim_end_matches('\n').chars().count());
    before + place.column.saturating_sub(1).min(line)
}

/// A thick line under the character that is wrong.
fn underline(ui: &Ui, galley: &Galley, origin: egui::Pos2, place: usize, advance: f32) {
    let theme = Theme::of(ui);
    let caret = galley.pos_from_cursor(CCursor::new(place));
    let left = origin.x + caret.left();
    let bottom = origin.y + caret.bottom();
    let stroke = Stroke::new(2.0, theme.failed);
    ui.painter().hline(left..=left + advance, bottom, stroke);
}

fn explain(ui: &Ui, id: Id, strip: Rect, mistake: &Mistake) {
    let theme = Theme::of(ui);
    ui.painter()
        .rect_filled(strip, CornerRadius::ZERO, theme.syntax.error_fill);
    let words = mistake.words();
    let inside = strip.shrink2(vec2(12.0, 0.0));
    let ink = theme.ink(Tone::Failed);
    let galley = text::line(ui, &words, fonts::small(), ink, inside.width());
    let note = ui.interact(strip, id, Sense::hover());
    note.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    text::paint_in(ui, inside, Align::Min, galley);
    note.on_hover_text(words);
}

/// Too large to edit: said so, and shown.
fn large(
    ui: &mut Ui,
    name: &str,
    content: &mut String,
    language: Language,
    state: &mut EditState,
    mut frame: Response,
) -> Response {
    let theme = Theme::of(ui);
    let is_stale = state
        .large
        .as_ref()
        .is_none_or(|(of, _)| *of != content.len());
    if is_stale {
        let cut = content.floor_char_boundary(SHOWN);
        let head = content.get(..cut).unwrap_or_default().to_owned();
        let document = if language == Language::Json {
            Document::json(head)
        } else {
            Document::text(head)
        };
        state.large = Some((content.len(), document));
    }
    let mut clears = false;
    ui.horizontal(|ui| {
        ui.add_space(12.0);
        let words = format!(
            "{}: all of it is sent. More than 64 KiB is not edited here; this is its beginning.",
            crate::model::text::bytes(content.len())
        );
        if content.len() <= SLOW_LIMIT {
            let anyway = Button::new("Edit anyway").small();
            let anyway = anyway.tooltip("Each key may take a noticeable time");
            if ui.add(anyway).clicked() {
                state.is_edited_anyway = true;
            }
        }
        clears = ui.add(Button::new("Clear").small()).clicked();
        text::label(ui, &words, fonts::small(), theme.muted);
    });
    if let Some((_, document)) = &mut state.large {
        payload_view::show(ui, name, document, &mut state.view);
    }
    if clears {
        content.clear();
        state.large = None;
        frame.mark_changed();
    }
    frame
}

/// A paste that makes the text too large never reaches the text edit, which would lay it out.
fn take_large_paste(ui: &Ui, id: Id, content: &mut String) -> bool {
    if !ui.memory(|memory| memory.has_focus(id)) {
        return false;
    }
    let mut pasted = None;
    ui.input_mut(|input| {
        input.events.retain(|event| match event {
            Event::Paste(words) if words.len() + content.len() > LIMIT => {
                pasted = Some(words.clone());
                false
            }
            _ => true,
        });
    });
    let Some(pasted) = pasted else {
        return false;
    };
    let range = TextEditState::load(ui.ctx(), id).and_then(|state| state.cursor.char_range());
    let byte_of = |cursor: CCursor| {
        content
            .char_indices()
            .nth(cursor.index.0)
            .map_or(content.len(), |(at, _)| at)
    };
    let (from, to) = range.map_or((content.len(), content.len()), |range| {
        let [from, to] = range.sorted_cursors();
        (byte_of(from), byte_of(to))
    });
    content.replace_range(from..to, &pasted);
    true
}

/// Colours a text; the result is kept for as long as the same text is asked for in each frame.
#[derive(Default)]
struct Highlighter;

/// Text, how it is coloured, dark or light, the line with the mistake.
type Request<'a> = (&'a str, Language, bool, Option<usize>);

impl ComputerMut<Request<'_>, LayoutJob> for Highlighter {
    fn compute(&mut self, (content, language, dark, wrong_line): Request<'_>) -> LayoutJob {
        let theme = Theme::get(dark);
        let mut job = LayoutJob::default();
        for (at, line) in content.split_inclusive('\n').enumerate() {
            let pieces = language.pieces(line);
            let first = job.sections.len();
            highlight::append(&mut job, line, &pieces, theme);
            if wrong_line == Some(at + 1) {
                for section in job.sections.iter_mut().skip(first) {
                    section.format.background = theme.syntax.error_fill;
                }
            }
        }
        if job.sections.is_empty() {
            highlight::append(
                &mut job,
                content,
                &[(highlight::Kind::Plain, 0..content.len())],
                theme,
            );
        }
        job
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_mistake_is_counted_in_characters_and_stays_within_its_line() {
        let at = |line, column| char_index("{\n \"ä\": x}\n", Place { line, column });
        assert_eq!(at(1, 1), 0);
        assert_eq!(at(2, 7), 8);
        assert_eq!(at(1, 99), 1);
        assert_eq!(at(99, 5), 11);
    }
}
