//! One line of text, cut with an ellipsis where it does not fit.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align, Color32, FontFamily, FontId, Galley, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo,
};
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
    let mut room = Some(max_width.max(0.0));
    for (text, font, color) in runs {
        let Some(text) = in_view(text, font, &mut room) else {
            break;
        };
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

/// The same for a widget that cuts it by itself.
pub fn job(runs: &[(&str, FontId, Color32)]) -> LayoutJob {
    let mut job = LayoutJob::default();
    for (text, font, color) in runs {
        let format = TextFormat {
            font_id: font.clone(),
            color: *color,
            valign: Align::Center,
            ..TextFormat::default()
        };
        job.append(&one_line(text), 0.0, format);
    }
    job
}

/// As much of a text as can be seen in so much room, and a little more, so that it is still cut where it does not
/// fit: to shape what nobody sees takes time. No room, and no text, where an earlier one has taken all of it.
fn in_view<'a>(text: &'a str, font: &FontId, room: &mut Option<f32>) -> Option<&'a str> {
    let narrowest = font.size * narrowest(&font.family);
    let left = (*room)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of characters; infinite room is as many as there are"
    )]
    let most = ((left / narrowest) as usize).saturating_add(2);
    let seen = text.as_bytes().get(..most).unwrap_or(text.as_bytes());
    // Others may be narrower, or of no width at all.
    let is_plain = seen.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if !is_plain {
        return Some(text);
    }
    *room = (seen.len() == text.len()).then(|| (left - points(text.len()) * narrowest).max(0.0));
    text.get(..seen.len())
}

/// The width of the narrowest character between space and tilde, or less, as a part of the font's size.
fn narrowest(family: &FontFamily) -> f32 {
    match family {
        FontFamily::Monospace => 0.59,
        _ => 0.15,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fonts;
    use egui::Context;

    fn with_fonts(look: impl Fn(&Ui)) {
        let ctx = Context::default();
        ctx.set_fonts(fonts::definitions());
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| look(ui));
        output.textures_delta.clear();
    }

    #[test]
    fn no_plain_character_is_narrower_than_the_narrowest() {
        with_fonts(|ui| {
            for font in [
                fonts::body(),
                fonts::medium(),
                fonts::strong(),
                fonts::code(),
            ] {
                let least = narrowest(&font.family) * font.size;
                for character in ' '..='~' {
                    let width = ui.fonts_mut(|fonts| fonts.glyph_width(&font, character));
                    assert!(width >= least, "{character:?} in {font:?}: {width}");
                }
            }
        });
    }

    #[test]
    fn a_text_that_is_cut_looks_the_same_whatever_is_behind_it() {
        let topic = "plant/hall-1/light-17/power";
        let payload = "{\"set\":17,\"seq\":123456,\"note\":\"as long as it takes\"}".repeat(3);
        with_fonts(|ui| {
            for font in [fonts::code(), fonts::body()] {
                for width in [0.0, 1.0, 40.0, 177.7, 300.0, 650.0, f32::INFINITY] {
                    let color = Color32::WHITE;
                    let all = [
                        (topic, font.clone(), color),
                        (&payload, font.clone(), color),
                    ];
                    let short = runs(ui, &all, width);
                    let mut job = LayoutJob {
                        wrap: TextWrapping::truncate_at_width(width),
                        ..LayoutJob::default()
                    };
                    for (text, font, color) in all {
                        let format = TextFormat {
                            font_id: font,
                            color,
                            valign: Align::Center,
                            ..TextFormat::default()
                        };
                        job.append(text, 0.0, format);
                    }
                    let long = ui.fonts_mut(|fonts| fonts.layout_job(job));
                    let glyphs = |galley: &Galley| {
                        let rows = galley.rows.iter();
                        let glyphs = rows.flat_map(|row| row.glyphs.iter());
                        let glyphs = glyphs.map(|glyph| (glyph.chr, glyph.pos.x.to_bits()));
                        glyphs.collect::<Vec<_>>()
                    };
                    assert_eq!(glyphs(&short), glyphs(&long), "{width}");
                    assert_eq!((short.elided, short.size()), (long.elided, long.size()));
                }
            }
        });
    }
}
