//! One line of text, cut with an ellipsis where it does not fit.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align, Color32, FontId, Galley, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo};
use std::sync::Arc;

/// A length in points. Counts in a window are far below where `f32` loses whole numbers.
#[expect(
    clippy::cast_precision_loss,
    reason = "a number of rows or columns on a screen"
)]
pub fn points(count: usize) -> f32 {
    count as f32
}

/// Line breaks and tabs have no place in one line.
fn one_line(text: &str) -> String {
    if text.contains(['\n', '\r', '\t']) {
        text.replace(['\n', '\r', '\t'], " ")
    } else {
        text.to_owned()
    }
}

/// Lays out one line, at most `max_width` wide.
pub fn line(ui: &Ui, text: &str, font: FontId, color: Color32, max_width: f32) -> Arc<Galley> {
    runs(ui, &[(text, font, color)], max_width)
}

/// One line of several fonts and colours.
pub fn runs(ui: &Ui, runs: &[(&str, FontId, Color32)], max_width: f32) -> Arc<Galley> {
    let mut job = LayoutJob {
        wrap: TextWrapping::truncate_at_width(max_width.max(0.0)),
        ..LayoutJob::default()
    };
    for (text, font, color) in runs {
        let format = TextFormat {
            font_id: font.clone(),
            color: *color,
            valign: Align::Center,
            ..TextFormat::default()
        };
        job.append(&one_line(text), 0.0, format);
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

/// Paints a galley in the middle of the height of `rect`, at its left or right edge or centred.
pub fn paint_in(ui: &Ui, rect: Rect, align: Align, galley: Arc<Galley>) {
    let size = galley.size();
    let x = match align {
        Align::Min => rect.left(),
        Align::Center => rect.center().x - size.x * 0.5,
        Align::Max => rect.right() - size.x,
    };
    let y = rect.center().y - size.y * 0.5;
    ui.painter()
        .galley(Pos2::new(x, y), galley, Color32::PLACEHOLDER);
}

/// Text to read, one line, cut where it does not fit; then the whole of it in a tooltip.
pub fn label(ui: &mut Ui, text: &str, font: FontId, color: Color32) -> Response {
    let galley = line(ui, text, font, color, ui.available_width());
    let cut = galley.elided;
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    if ui.is_rect_visible(rect) {
        paint_in(ui, rect, Align::Min, galley);
    }
    if cut {
        response.on_hover_text(text)
    } else {
        response
    }
}

/// Text to read, wrapped at the width there is.
pub fn paragraph(ui: &mut Ui, text: &str, font: FontId, color: Color32) -> Response {
    // Laid out here: a menu would stretch the words to its width.
    let galley = wrapped(ui, text, font, color);
    ui.add(egui::Label::new(galley))
}

/// A paragraph before it is shown, where its height must be known.
pub fn wrapped(ui: &Ui, text: &str, font: FontId, color: Color32) -> Arc<Galley> {
    let mut job = LayoutJob::simple(text.to_owned(), font, color, ui.available_width());
    job.halign = ui.layout().horizontal_placement();
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}
