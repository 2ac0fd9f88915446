//! The bytes of a packet, sixteen a line, with those of a field marked.

use crate::app::packets::Detail;
use crate::ui::widgets::scroll::{self, Anchor, Extent};
use crate::ui::widgets::text;
use crate::ui::{Theme, fonts};
use egui::{Align, Id, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use std::ops::Range;

const LINE: f32 = 17.0;
/// Characters before the bytes.
const BYTES_AT: usize = 8;
/// Characters of a line with sixteen bytes.
const WIDE: usize = 75;

/// How many bytes there is room for in a line.
pub(super) fn across(ui: &Ui, width: f32) -> usize {
    if width >= advance(ui) * text::points(WIDE) {
        16
    } else {
        8
    }
}

fn advance(ui: &Ui) -> f32 {
    ui.fonts_mut(|fonts| fonts.glyph_width(&fonts::code_small(), '0'))
}

pub(super) fn bytes_ui(
    ui: &mut Ui,
    detail: &Detail,
    anchor: &mut Anchor,
    marked: Option<&Range<usize>>,
    area: Rect,
) {
    let across = across(ui, area.width() - 12.0 - scroll::BAR);
    let extent = Extent {
        rows: detail.hex_rows(across),
        row_height: LINE,
        view: area.height(),
    };
    *anchor = anchor
        .moved(scroll::wheel(ui, area).y, extent)
        .bounded(extent);
    let theme = Theme::of(ui);
    let response = ui.interact(area, Id::unique("packet bytes"), Sense::hover());
    response.widget_info(|| {
        let marked = marked.map(|at| format!(", {} to {} marked", at.start, at.end));
        let words = format!("Bytes of the packet{}", marked.unwrap_or_default());
        WidgetInfo {
            current_text_value: detail.hex_line(anchor.row, across),
            ..WidgetInfo::labeled(Role::Document, ui.is_enabled(), words)
        }
    });
    let body = area.with_max_x(area.right() - scroll::BAR);
    let left = body.left() + 12.0;
    super::inside(ui, "packet bytes", body, |ui| {
        let mut top = body.top() - anchor.offset;
        for row in anchor.row..detail.hex_rows(across) {
            if top > body.bottom() {
                break;
            }
            let rect = Rect::from_min_size(pos2(left, top), vec2(body.width() - 12.0, LINE));
            if let Some(at) = marked {
                mark(ui, rect, (row, across), at);
            }
            if let Some(line) = detail.hex_line(row, across) {
                let galley = text::line(ui, &line, fonts::code_small(), theme.text, rect.width());
                text::paint_in(ui, rect, Align::Min, galley);
            }
            top += LINE;
        }
    });
    let track = area.with_min_x(body.right());
    let bar = Id::unique("packet bytes bar");
    if let Some(moved) = scroll::scrollbar(ui, bar, track, *anchor, extent) {
        *anchor = moved;
    }
}

/// Behind the bytes of this row that belong to the field, and behind their letters.
fn mark(ui: &Ui, rect: Rect, (row, across): (usize, usize), at: &Range<usize>) {
    let advance = advance(ui);
    let start = row * across;
    let (from, to) = (at.start.max(start), at.end.min(start + across));
    if from >= to {
        return;
    }
    let (from, last) = (from - start, to - 1 - start);
    let column = |at: usize| BYTES_AT + at * 3 + usize::from(at >= 8);
    let letters = BYTES_AT + across * 3 + usize::from(across > 8) + 1;
    let theme = Theme::of(ui);
    for (begin, end) in [
        (column(from), column(last) + 2),
        (letters + from, letters + last + 1),
    ] {
        let place = Rect::from_x_y_ranges(
            rect.left() + advance * text::points(begin)..=rect.left() + advance * text::points(end),
            rect.y_range(),
        );
        ui.painter().rect_filled(place, 2, theme.chosen);
    }
}
