//! The three charts of round trips: by time, by how often, and their percentiles over time.
//!
//! A million exchanges cost a frame no more than a hundred: the density of the scatter is a
//! picture, made when the report is.

use crate::app::latency::axis::{LogAxis, Tick, TimeAxis};
use crate::app::latency::charts::{Density, Mark, Scatter, Slot};
use crate::app::latency::{Region, Report};
use crate::app::rows::{Tone, clock};
use crate::model::text as words;
use crate::ui::theme::mix;
use crate::ui::widgets::plot::{self, Axes, Brush, Marking, Plot};
use crate::ui::widgets::text::points;
use crate::ui::{Theme, fonts};
use egui::{
    Align2, Color32, ColorImage, CornerRadius, Id, Pos2, Rangef, Rect, Stroke, TextureHandle,
    TextureOptions, Ui, pos2, vec2,
};
use std::fmt;

/// The widths that words under an axis need.
const CLOCK: f32 = 86.0;
const DURATION: f32 = 58.0;

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
            match &mut self.texture {
                Some(texture) => texture.set(image, TextureOptions::NEAREST),
                None => {
                    let name = "density of round trips";
                    let texture = ui.ctx().load_texture(name, image, TextureOptions::NEAREST);
                    self.texture = Some(texture);
                }
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

/// What was marked; `Some(None)` takes the mark away.
type Marked = Option<Option<Region>>;

fn ticks(inner: Rect, x_width: f32) -> (usize, usize) {
    plot::room_for_ticks(inner, x_width)
}

fn times(
    time: TimeAxis,
    inner: Rect,
    rect: Rect,
) -> (crate::model::time::Timestamp, crate::model::time::Timestamp) {
    let (from, _) = plot::shares_of(inner, rect.left_bottom());
    let (to, _) = plot::shares_of(inner, rect.right_bottom());
    (time.at(from), time.at(to))
}

/// The marked region where it lies in a chart of time and round trips.
fn paint_region(ui: &Ui, plot: &Plot, region: Option<Region>, time: TimeAxis, axis: LogAxis) {
    let Some(region) = region else { return };
    let inner = plot.inner;
    let x = region.times.map_or(inner.x_range(), |(from, to)| {
        Rangef::new(
            plot::x_of(inner, time.share(from)),
            plot::x_of(inner, time.share(to)),
        )
    });
    let y = region.round_trips.map_or(inner.y_range(), |(low, high)| {
        Rangef::new(
            plot::y_of(inner, axis.share(high)),
            plot::y_of(inner, axis.share(low)),
        )
    });
    plot::paint_mark(ui, plot, Rect::from_x_y_ranges(x, y));
}

/// Those without an answer, in the strip above the plot.
fn paint_marks(ui: &Ui, plot: &Plot, marks: impl Iterator<Item = Mark>) {
    let theme = Theme::of(ui);
    let painter = ui.painter_at(plot.area);
    let bottom = plot.inner.top() - 3.0;
    let color = theme.tone(Tone::Failed);
    let mut is_any = false;
    for mark in marks {
        is_any = true;
        let (from, to) = (
            plot::x_of(plot.inner, mark.from),
            plot::x_of(plot.inner, mark.to),
        );
        let middle = f32::midpoint(from, to);
        let width = (to - from - 1.0).clamp(2.0, 8.0);
        let rect = Rect::from_min_max(
            pos2(middle - width * 0.5, bottom - 8.0),
            pos2(middle + width * 0.5, bottom),
        );
        painter.rect_filled(rect, CornerRadius::same(1), color);
    }
    if is_any {
        let at = pos2(plot.inner.left() - 6.0, bottom - 4.0);
        let ink = theme.ink(Tone::Failed);
        painter.text(at, Align2::RIGHT_CENTER, "no reply", fonts::tiny(), ink);
    }
}

fn nothing_ui(ui: &Ui, area: Rect, title: &str) {
    plot::title(ui, area, title, &[]);
    let theme = Theme::of(ui);
    ui.painter_at(area).text(
        area.center(),
        Align2::CENTER_CENTER,
        "No round trip yet",
        fonts::small(),
        theme.muted,
    );
}

pub fn scatter_ui(ui: &Ui, area: Rect, report: &Report, density: &mut DensityImage) -> Marked {
    const TITLE: &str = "Round trips by time";
    let Some(scatter) = &report.scatter else {
        nothing_ui(ui, area, TITLE);
        return None;
    };
    let theme = Theme::of(ui);
    let (across, up) = ticks(plot::inner(area, true), CLOCK);
    let axes = Axes {
        title: TITLE,
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
                painter.circle_filled(at, 2.5, theme.tone(dot.tone).gamma_multiply(0.85));
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

type Lines = Vec<(Option<Color32>, String)>;

fn scatter_readout(scatter: &Scatter, inner: Rect, at: Pos2, theme: &Theme) -> (String, Lines) {
    let (x, y) = plot::shares_of(inner, at);
    if let Some(dots) = &scatter.dots {
        let distance = |dot: &crate::app::latency::charts::Dot| {
            pos2(plot::x_of(inner, dot.x), plot::y_of(inner, dot.y)).distance(at)
        };
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

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a column on a screen"
)]
fn cell(share: f64, count: usize) -> usize {
    let at = share * f64::from(points(count));
    (at as usize).min(count.saturating_sub(1))
}

/// Round numbers from nothing to the highest bar.
fn count_ticks(most: u64, room: usize, label: impl Fn(u64) -> String) -> Vec<Tick> {
    let steps = [1, 2, 5].into_iter();
    let step = (0..18)
        .flat_map(|power| steps.clone().map(move |step| step * 10_u64.pow(power)))
        .find(|step| most / step <= room.max(2) as u64)
        .unwrap_or(u64::MAX);
    let count = most / step;
    (0..=count)
        .map(|at| Tick {
            at: share(at * step, most),
            label: label(at * step),
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a share of a chart's height")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64 * 0.96
}

pub fn histogram_ui(ui: &Ui, area: Rect, report: &Report) -> Marked {
    const TITLE: &str = "How long they took";
    let Some(chart) = &report.histogram else {
        nothing_ui(ui, area, TITLE);
        return None;
    };
    let theme = Theme::of(ui);
    let own: u64 = chart.counts.iter().sum();
    let kept: u64 = chart.kept.iter().flatten().sum();
    // Samples of different sizes are compared by shares: in thousandths of each.
    let scaled = |counts: &[u64], all: u64| -> Vec<u64> {
        if chart.kept.is_none() {
            return counts.to_vec();
        }
        let share = |count: &u64| count * 10_000 / all.max(1);
        counts.iter().map(share).collect()
    };
    let bars = scaled(&chart.counts, own);
    let others = chart.kept.as_ref().map(|counts| scaled(counts, kept));
    let most = bars.iter().chain(others.iter().flatten()).copied();
    let most = most.max().unwrap_or(0).max(1);
    let (across, up) = ticks(plot::inner(area, false), DURATION);
    let label = |count: u64| {
        if chart.kept.is_some() {
            let percent = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / 100.0;
            format!("{percent} %")
        } else {
            words::count(count)
        }
    };
    let axes = Axes {
        title: TITLE,
        sentence: &chart.sentence,
        x: chart.axis.ticks(across),
        y: count_ticks(most, up, label),
    };
    let late = theme.tone(Tone::Late);
    let legend: Vec<(Color32, &str)> = match (&others, &report.comparison) {
        (Some(_), Some(_)) => vec![(theme.accent, "A, this"), (late, "B, kept")],
        _ => Vec::new(),
    };
    let plot = plot::frame(
        ui,
        Id::unique("latency histogram"),
        area,
        false,
        &axes,
        &legend,
    );
    let inner = plot.inner;
    let painter = ui.painter_at(inner);
    let width = inner.width() / points(bars.len().max(1));
    let height = |count: u64| plot::y_of(inner, share(count, most));
    for (at, count) in bars.iter().enumerate().filter(|(_, count)| **count > 0) {
        let left = inner.left() + width * points(at);
        // A single one among thousands can still be seen.
        let top = height(*count).min(inner.bottom() - 1.5);
        let rect = Rect::from_min_max(
            pos2(left, top),
            pos2(left + (width - 1.0).max(1.0), inner.bottom()),
        );
        painter.rect_filled(rect, CornerRadius::ZERO, theme.accent.gamma_multiply(0.85));
    }
    if let Some(others) = &others {
        let mut outline = Vec::with_capacity(others.len() * 2);
        for (at, count) in others.iter().enumerate() {
            let left = inner.left() + width * points(at);
            let top = height(*count);
            outline.push(pos2(left, top));
            outline.push(pos2(left + width, top));
        }
        painter.line(outline, Stroke::new(1.5, late));
    }
    let region = report
        .marked
        .as_ref()
        .and_then(|(region, _)| region.round_trips);
    if let Some((low, high)) = region {
        let x = |at| plot::x_of(inner, chart.axis.share(at));
        let marked = Rect::from_x_y_ranges(x(low)..=x(high), inner.y_range());
        plot::paint_mark(ui, &plot, marked);
    }
    let (looked_at, marking) = plot::mark(ui, &plot, Brush::Sideways, bars.len());
    if let Some(at) = looked_at.filter(|_| !plot.response.dragged()) {
        plot::paint_cursor(ui, &plot, at, false);
        let bar = cell(plot::shares_of(inner, at).0, bars.len());
        let (from, to) = chart.bar(bar);
        let said = |counts: &[u64], all: u64| {
            let count = counts.get(bar).copied().unwrap_or(0);
            let percent = share(count, all) / 0.96 * 100.0;
            format!("{} ({percent:.1} %)", words::count(count))
        };
        let mut lines = vec![(Some(theme.accent), said(&chart.counts, own))];
        if let Some(counts) = &chart.kept {
            lines.push((Some(late), said(counts, kept)));
        }
        plot::readout(ui, &plot, at, &words::span(from, to), &lines);
    }
    marking.map(|marking| match marking {
        Marking::Cleared => None,
        Marking::Done(rect) => {
            let (low, _) = plot::shares_of(inner, rect.left_bottom());
            let (high, _) = plot::shares_of(inner, rect.right_bottom());
            Some(Region {
                times: None,
                round_trips: Some((chart.axis.at(low), chart.axis.at(high))),
            })
        }
    })
}

pub fn over_time_ui(ui: &Ui, area: Rect, report: &Report) -> Marked {
    const TITLE: &str = "Percentiles over time";
    let Some(chart) = &report.over_time else {
        nothing_ui(ui, area, TITLE);
        return None;
    };
    let theme = Theme::of(ui);
    let (across, up) = ticks(plot::inner(area, true), CLOCK);
    let axes = Axes {
        title: TITLE,
        sentence: &chart.sentence,
        x: chart.time.ticks(across),
        y: chart.axis.ticks(up),
    };
    let colors = [
        theme.tone(Tone::Failed),
        theme.tone(Tone::Late),
        theme.tone(Tone::Waiting),
        theme.accent,
    ];
    let [max, p99, p90, p50] = colors;
    let legend = [(p50, "p50"), (p90, "p90"), (p99, "p99"), (max, "max")];
    let plot = plot::frame(
        ui,
        Id::unique("latency over time"),
        area,
        true,
        &axes,
        &legend,
    );
    let inner = plot.inner;
    let painter = ui.painter_at(inner.expand(2.0));
    let place = |slot: &Slot, at| {
        let middle = f64::midpoint(chart.time.share(slot.from), chart.time.share(slot.to));
        pos2(
            plot::x_of(inner, middle),
            plot::y_of(inner, chart.axis.share(at)),
        )
    };
    for slot in &chart.slots {
        if let Some(at) = slot.max {
            painter.circle_filled(place(slot, at), 2.0, max);
        }
    }
    let figures: [(Color32, fn(&Slot) -> Option<std::time::Duration>); 3] = [
        (p99, |slot| slot.p99),
        (p90, |slot| slot.p90),
        (p50, |slot| slot.p50),
    ];
    for (color, figure) in figures {
        // Where nothing was answered the line has a gap.
        for run in chart.slots.split(|slot| figure(slot).is_none()) {
            let line: Vec<Pos2> = run
                .iter()
                .filter_map(|slot| Some(place(slot, figure(slot)?)))
                .collect();
            if let [one] = line[..] {
                painter.hline(one.x - 2.5..=one.x + 2.5, one.y, Stroke::new(1.8, color));
            } else {
                painter.line(line, Stroke::new(1.8, color));
            }
        }
    }
    let unanswered = chart.slots.iter().filter(|slot| slot.unanswered > 0);
    let marks = unanswered.map(|slot| Mark {
        from: chart.time.share(slot.from),
        to: chart.time.share(slot.to),
        count: slot.unanswered,
    });
    paint_marks(ui, &plot, marks);
    let region = report.marked.as_ref().map(|(region, _)| *region);
    paint_region(ui, &plot, region, chart.time, chart.axis);
    let (looked_at, marking) = plot::mark(ui, &plot, Brush::Sideways, chart.slots.len());
    if let Some(at) = looked_at.filter(|_| !plot.response.dragged()) {
        plot::paint_cursor(ui, &plot, at, false);
        let time = chart.time.at(plot::shares_of(inner, at).0);
        let slot = chart.slots.iter().rev().find(|slot| slot.from <= time);
        if let Some(slot) = slot {
            let (heading, lines) = slot_readout(slot, colors);
            plot::readout(ui, &plot, at, &heading, &lines);
        }
    }
    marking.map(|marking| match marking {
        Marking::Cleared => None,
        Marking::Done(rect) => Some(Region {
            times: Some(times(chart.time, inner, rect)),
            round_trips: None,
        }),
    })
}

fn slot_readout(slot: &Slot, [max, p99, p90, p50]: [Color32; 4]) -> (String, Lines) {
    let figures = [
        (max, "max", slot.max),
        (p99, "p99", slot.p99),
        (p90, "p90", slot.p90),
        (p50, "p50", slot.p50),
    ];
    let mut lines: Lines = figures
        .into_iter()
        .filter_map(|(color, label, at)| {
            Some((Some(color), format!("{label} {}", words::duration(at?))))
        })
        .collect();
    let all = words::count(slot.answered + slot.unanswered);
    lines.push((
        None,
        format!("{} of {all} answered", words::count(slot.answered)),
    ));
    (format!("{}–{}", clock(slot.from), clock(slot.to)), lines)
}

/// Unused room below a chart's title, for what is no chart.
pub(super) fn below_title(area: Rect) -> Rect {
    area.with_min_y(area.top() + plot::TITLE)
        .shrink2(vec2(10.0, 2.0))
}
