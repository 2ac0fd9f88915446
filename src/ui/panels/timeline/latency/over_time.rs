//! Percentiles over time: three lines, the slowest as dots, and who got no answer above them.

use super::charts::{CLOCK, Lines, Marked, nothing_ui, paint_marks, paint_region, times};
use crate::app::latency::charts::{Mark, Slot};
use crate::app::latency::{Region, Report};
use crate::app::rows::{Tone, clock};
use crate::model::text as words;
use crate::ui::Theme;
use crate::ui::widgets::plot::{self, Axes, Brush, Marking};
use egui::{Color32, Id, Pos2, Rect, Stroke, Ui, pos2};
use std::time::Duration;

pub fn over_time_ui(ui: &Ui, area: Rect, title: &str, report: &Report) -> Marked {
    let Some(chart) = &report.over_time else {
        nothing_ui(ui, area, title);
        return None;
    };
    let theme = Theme::of(ui);
    let (across, up) = plot::room_for_ticks(plot::inner(area, true), CLOCK);
    let axes = Axes {
        title,
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
    // Where two are the same the wider one shines out below.
    let figures: [(Color32, f32, Figure); 3] = [
        (p99, 3.2, |slot| slot.p99),
        (p90, 1.8, |slot| slot.p90),
        (p50, 1.8, |slot| slot.p50),
    ];
    for (color, width, figure) in figures {
        // Where nothing was answered the line has a gap.
        for run in chart.slots.split(|slot| figure(slot).is_none()) {
            let line: Vec<Pos2> = run
                .iter()
                .filter_map(|slot| Some(place(slot, figure(slot)?)))
                .collect();
            if let [one] = line[..] {
                painter.hline(one.x - 2.5..=one.x + 2.5, one.y, Stroke::new(width, color));
            } else {
                painter.line(line, Stroke::new(width, color));
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

type Figure = fn(&Slot) -> Option<Duration>;

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
