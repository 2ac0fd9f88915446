//! How often which round trip occurred, beside another sample where one was kept.

use super::charts::{DURATION, Lines, Marked, cell, nothing_ui};
use crate::app::latency::axis::Tick;
use crate::app::latency::charts::HistogramChart;
use crate::app::latency::{Region, Report};
use crate::app::rows::Tone;
use crate::model::text as words;
use crate::ui::Theme;
use crate::ui::widgets::plot::{self, Axes, Brush, Marking, Plot};
use crate::ui::widgets::text::points;
use egui::{Color32, CornerRadius, Id, Rect, Stroke, Ui, pos2};

/// Samples of different sizes are compared by shares: in ten-thousandths of each.
const SHARES: u64 = 10_000;
/// How much of the height the highest bar takes.
const HIGHEST: f64 = 0.96;

/// The bars at the height that they have here.
struct Bars {
    own: Vec<u64>,
    kept: Option<Vec<u64>>,
    most: u64,
}

impl Bars {
    fn of(chart: &HistogramChart) -> Self {
        let shares = |counts: &[u64]| -> Vec<u64> {
            let all = counts.iter().sum::<u64>().max(1);
            counts.iter().map(|count| count * SHARES / all).collect()
        };
        let kept = chart.kept.as_deref().map(shares);
        let own = if kept.is_some() {
            shares(&chart.counts)
        } else {
            chart.counts.clone()
        };
        let most = own.iter().chain(kept.iter().flatten()).copied().max();
        Self {
            most: most.unwrap_or(0).max(1),
            own,
            kept,
        }
    }

    fn height(&self, count: u64) -> f64 {
        part(count, self.most) * HIGHEST
    }

    fn paint(&self, ui: &Ui, plot: &Plot) {
        let theme = Theme::of(ui);
        let inner = plot.inner;
        let painter = ui.painter_at(inner);
        let width = inner.width() / points(self.own.len().max(1));
        let left = |at: usize| inner.left() + width * points(at);
        let top = |count: u64| plot::y_of(inner, self.height(count));
        let color = theme.accent.gamma_multiply(0.85);
        for (at, count) in self.own.iter().enumerate().filter(|(_, count)| **count > 0) {
            // A single one among thousands can still be seen.
            let top = top(*count).min(inner.bottom() - 1.5);
            let right = left(at) + (width - 1.0).max(1.0);
            let rect = Rect::from_min_max(pos2(left(at), top), pos2(right, inner.bottom()));
            painter.rect_filled(rect, CornerRadius::ZERO, color);
        }
        if let Some(kept) = &self.kept {
            let corners = kept.iter().enumerate().flat_map(|(at, count)| {
                let top = top(*count);
                [pos2(left(at), top), pos2(left(at) + width, top)]
            });
            let stroke = Stroke::new(1.5, theme.tone(Tone::Late));
            painter.line(corners.collect(), stroke);
        }
    }

    fn ticks(&self, room: usize) -> Vec<Tick> {
        let steps = [1, 2, 5].into_iter();
        let step = (0..18)
            .flat_map(|power| steps.clone().map(move |step| step * 10_u64.pow(power)))
            .find(|step| self.most / step <= room.max(2) as u64)
            .unwrap_or(u64::MAX);
        let ticks = (0..=self.most / step).map(|at| Tick {
            at: self.height(at * step),
            label: if self.kept.is_some() {
                format!("{} %", part(at * step, SHARES / 100))
            } else {
                words::count(at * step)
            },
        });
        ticks.collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of a chart's height")]
fn part(of: u64, whole: u64) -> f64 {
    of as f64 / whole.max(1) as f64
}

pub fn histogram_ui(ui: &Ui, area: Rect, title: &str, report: &Report) -> Marked {
    let Some(chart) = &report.histogram else {
        nothing_ui(ui, area, title);
        return None;
    };
    let theme = Theme::of(ui);
    let bars = Bars::of(chart);
    let (across, up) = plot::room_for_ticks(plot::inner(area, false), DURATION);
    let axes = Axes {
        title,
        sentence: &chart.sentence,
        x: chart.axis.ticks(across),
        y: bars.ticks(up),
    };
    let legend: &[(Color32, &str)] = if bars.kept.is_some() {
        &[(theme.accent, "A"), (theme.tone(Tone::Late), "B")]
    } else {
        &[]
    };
    let id = Id::unique("latency histogram");
    let plot = plot::frame(ui, id, area, false, &axes, legend);
    let inner = plot.inner;
    bars.paint(ui, &plot);
    let region = report.marked.as_ref().map(|(region, _)| *region);
    if let Some((low, high)) = region.and_then(|region| region.round_trips) {
        let x = |at| plot::x_of(inner, chart.axis.share(at));
        let marked = Rect::from_x_y_ranges(x(low)..=x(high), inner.y_range());
        plot::paint_mark(ui, &plot, marked);
    }
    let (looked_at, marking) = plot::mark(ui, &plot, Brush::Sideways, bars.own.len());
    if let Some(at) = looked_at.filter(|_| !plot.response.dragged()) {
        plot::paint_cursor(ui, &plot, at, false);
        let bar = cell(plot::shares_of(inner, at).0, bars.own.len());
        let (heading, lines) = readout(chart, bar, theme);
        plot::readout(ui, &plot, at, &heading, &lines);
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

fn readout(chart: &HistogramChart, bar: usize, theme: &Theme) -> (String, Lines) {
    let said = |counts: &[u64]| {
        let count = counts.get(bar).copied().unwrap_or(0);
        let percent = part(count, counts.iter().sum()) * 100.0;
        format!("{} ({percent:.1} %)", words::count(count))
    };
    let mut lines = vec![(Some(theme.accent), said(&chart.counts))];
    if let Some(kept) = &chart.kept {
        lines.push((Some(theme.tone(Tone::Late)), said(kept)));
    }
    let (from, to) = chart.bar(bar);
    (words::span(from, to), lines)
}
