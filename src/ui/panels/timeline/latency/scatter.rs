//! Round trips by the time they were sent.
//!
//! A million exchanges cost a frame no more than a hundred: their density is a picture, made when
//! the report is.

use super::charts::{CLOCK, Lines, Marked, cell, nothing_ui, paint_marks, paint_region, times};
use crate::app::latency::charts::{Density, Dot, Scatter};
use crate::app::latency::{Region, Report};
use crate::app::rows::{Tone, clock};
use crate::model::text as words;
use crate::ui::Theme;
use crate::ui::theme::mix;
use crate::ui::widgets::plot::{self, Axes, Brush, Marking};
use crate::ui::widgets::text::points;
use egui::{Color32, ColorImage, Id, Pos2, Rect, TextureHandle, TextureOptions, Ui, pos2};
use std::fmt;

/// The picture of the density, kept while it is the same.
#[derive(Default)]
pub struct DensityImage {
    of: Option<(u64, bool)>,
    texture: Option<TextureHandle>,
}

impl fmt::Debug for DensityImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DensityImage")
            .field("of", &self.of)
            .finish_non_exhaustive()
    }
}

impl DensityImage {
    fn paint(&mut self, ui: &Ui, inner: Rect, number: u64, density: &Density) {
        let theme = Theme::of(ui);
        let of = Some((number, theme.dark));
        if self.of != of {
            self.of = of;
            let image = picture(density, theme);
            if let Some(texture) = &mut self.texture {
                texture.set(image, TextureOptions::NEAREST);
            } else {
                let name = "density of round trips";
                let options = TextureOptions::NEAREST;
                self.texture = Some(ui.ctx().load_texture(name, image, options));
            }
        }
        if let Some(texture) = &self.texture {
            let all = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter_at(inner)
                .image(texture.id(), inner, all, Color32::WHITE);
        }
    }
}

fn picture(density: &Density, theme: &Theme) -> ColorImage {
    let size = [density.columns.max(1), density.rows.max(1)];
    let mut pixels = Vec::with_capacity(size[0] * size[1]);
    for row in (0..size[1]).rev() {
        for column in 0..size[0] {
            let strength = density.strength(column, row);
            pixels.push(if strength <= 0.0 {
                Color32::TRANSPARENT
            } else if strength < 0.7 {
                mix(theme.field, theme.accent, strength / 0.7)
            } else {
                mix(theme.accent, theme.text, (strength - 0.7) * 1.6)
            });
        }
    }
    ColorImage::new(size, pixels)
}

pub fn scatter_ui(
    ui: &Ui,
    area: Rect,
    title: &str,
    report: &Report,
    density: &mut DensityImage,
) -> Marked {
    let Some(scatter) = &report.scatter else {
        nothing_ui(ui, area, title);
        return None;
    };
    let theme = Theme::of(ui);
    let (across, up) = plot::room_for_ticks(plot::inner(area, true), CLOCK);
    let axes = Axes {
        title,
        sentence: &scatter.sentence,
        x: scatter.time.ticks(across),
        y: scatter.axis.ticks(up),
    };
    let legend: Vec<(Color32, &str)> = if scatter.dots.is_some() {
        legend_of(scatter, theme)
    } else {
        vec![(theme.accent, "brighter is more")]
    };
    let plot = plot::frame(
        ui,
        Id::unique("latency scatter"),
        area,
        true,
        &axes,
        &legend,
    );
    match &scatter.dots {
        Some(dots) => {
            let painter = ui.painter_at(plot.inner.expand(3.0));
            for dot in dots {
                let at = pos2(plot::x_of(plot.inner, dot.x), plot::y_of(plot.inner, dot.y));
                painter.circle_filled(at, 2.8, theme.tone(dot.tone).gamma_multiply(0.85));
            }
        }
        None => density.paint(ui, plot.inner, report.number, &scatter.density),
    }
    paint_marks(ui, &plot, scatter.marks.iter().copied());
    let region = report.marked.as_ref().map(|(region, _)| *region);
    paint_region(ui, &plot, region, scatter.time, scatter.axis);
    let (looked_at, marking) = plot::mark(ui, &plot, Brush::Both, scatter.density.columns);
    if let Some(at) = looked_at.filter(|_| !plot.response.dragged()) {
        plot::paint_cursor(ui, &plot, at, true);
        let (heading, lines) = scatter_readout(scatter, plot.inner, at, theme);
        plot::readout(ui, &plot, at, &heading, &lines);
    }
    marking.map(|marking| match marking {
        Marking::Cleared => None,
        Marking::Done(rect) => {
            let (_, low) = plot::shares_of(plot.inner, rect.left_bottom());
            let (_, high) = plot::shares_of(plot.inner, rect.left_top());
            Some(Region {
                times: Some(times(scatter.time, plot.inner, rect)),
                // The whole height also holds what has no round trip.
                round_trips: (low > 0.0 || high < 1.0)
                    .then(|| (scatter.axis.at(low), scatter.axis.at(high))),
            })
        }
    })
}

/// The verdicts that occur among the dots.
fn legend_of(scatter: &Scatter, theme: &Theme) -> Vec<(Color32, &'static str)> {
    let names = [
        (Tone::Answered, "answered"),
        (Tone::Failed, "error or timed out"),
        (Tone::Late, "late"),
        (Tone::Waiting, "open"),
    ];
    let dots = scatter.dots.as_deref().unwrap_or_default();
    let occurs = |tone: Tone| dots.iter().any(|dot| dot.tone == tone);
    let names = names.into_iter().filter(|(tone, _)| occurs(*tone));
    names.map(|(tone, name)| (theme.tone(tone), name)).collect()
}

fn scatter_readout(scatter: &Scatter, inner: Rect, at: Pos2, theme: &Theme) -> (String, Lines) {
    let (x, y) = plot::shares_of(inner, at);
    if let Some(dots) = &scatter.dots {
        let distance =
            |dot: &Dot| pos2(plot::x_of(inner, dot.x), plot::y_of(inner, dot.y)).distance(at);
        let nearest = dots
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        if let Some(dot) = nearest.filter(|dot| distance(dot) < 12.0) {
            let took = dot.point.round_trip().unwrap_or_default();
            let line = format!("{} {}", words::duration(took), dot.point.category().label());
            return (
                clock(dot.point.time),
                vec![(Some(theme.tone(dot.tone)), line)],
            );
        }
        return (
            clock(scatter.time.at(x)),
            vec![(None, words::duration(scatter.axis.at(y)))],
        );
    }
    let density = &scatter.density;
    let (column, row) = (cell(x, density.columns), cell(y, density.rows));
    let edge = |row: usize| {
        scatter
            .axis
            .at(f64::from(points(row)) / f64::from(points(density.rows)))
    };
    let count = density.count(column, row);
    let noun = if count == 1 { "exchange" } else { "exchanges" };
    let lines = vec![
        (None, words::span(edge(row), edge(row + 1))),
        (None, format!("{} {noun}", words::count(count))),
    ];
    (clock(scatter.time.at(x)), lines)
}
