//! The charts as data: what stands where, with shares of an axis from 0 to 1, no pixels.

use super::axis::{LogAxis, TimeAxis, real, slot};
use super::figures::silence;
use super::statistics::{Lens, Point};
use crate::app::rows::{Tone, clock};
use crate::model::histogram::Histogram;
use crate::model::sample::Sample;
use crate::model::text;
use crate::model::time::Timestamp;
use std::time::Duration;

/// Bars of the histogram.
const BARS: usize = 72;
/// Rows of the scatter's density.
const ROWS: usize = 96;
/// Points of the lines over time.
const SLOTS: usize = 60;
/// So many are painted one by one; more as density.
pub const MOST_DOTS: u64 = 2_000;

/// How often which round trip occurred.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramChart {
    pub axis: LogAxis,
    pub counts: Vec<u64>,
    /// Of what it is compared with, on the same axis.
    pub kept: Option<Vec<u64>>,
    pub sentence: String,
}

/// An exchange in the scatter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    pub x: f64,
    pub y: f64,
    pub tone: Tone,
    pub point: Point,
}

/// Those that never got a round trip, at the top of the scatter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub from: f64,
    pub to: f64,
    pub count: u64,
}

/// How many lie where, column by column, each from the shortest round trip on.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    pub columns: usize,
    pub rows: usize,
    pub counts: Vec<u64>,
    pub most: u64,
}

impl Density {
    pub fn count(&self, column: usize, row: usize) -> u64 {
        let at = column.checked_mul(self.rows).map(|start| start + row);
        at.and_then(|at| self.counts.get(at)).copied().unwrap_or(0)
    }

    /// How strongly a cell is painted, 0 to 1: one among thousands can still be seen.
    #[expect(clippy::cast_possible_truncation, reason = "a share of a colour")]
    pub fn strength(&self, column: usize, row: usize) -> f32 {
        let count = self.count(column, row);
        if count == 0 {
            return 0.0;
        }
        let share = (1.0 + real(count)).ln() / (1.0 + real(self.most)).ln();
        (0.22 + 0.78 * share) as f32
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scatter {
    pub time: TimeAxis,
    pub axis: LogAxis,
    pub density: Density,
    /// Instead of the density, where there are few.
    pub dots: Option<Vec<Dot>>,
    pub marks: Vec<Mark>,
    pub sentence: String,
}

/// A stretch of time and its percentiles.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    pub from: Timestamp,
    pub to: Timestamp,
    pub answered: u64,
    pub unanswered: u64,
    pub p50: Option<Duration>,
    pub p90: Option<Duration>,
    pub p99: Option<Duration>,
    pub max: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OverTime {
    pub time: TimeAxis,
    pub axis: LogAxis,
    pub slots: Vec<Slot>,
    pub sentence: String,
}

fn range(sample: &Sample) -> Option<(Duration, Duration)> {
    Some((sample.round_trips.min()?, sample.round_trips.max()?))
}

fn axis_of(sample: &Sample) -> LogAxis {
    let (min, max) = range(sample).unwrap_or((Duration::from_millis(1), Duration::from_secs(1)));
    LogAxis::around(min, max)
}

pub fn histogram(sample: &Sample, kept: Option<&Sample>) -> Option<HistogramChart> {
    let (min, max) = match (range(sample), kept.and_then(range)) {
        (Some((a, b)), Some((c, d))) => (a.min(c), b.max(d)),
        (one, two) => one.or(two)?,
    };
    let axis = LogAxis::around(min, max);
    let bars = |times: &Histogram| {
        let mut counts = vec![0; BARS];
        for bucket in times.buckets() {
            counts[slot(axis.share(bucket.middle()), BARS)] += bucket.count;
        }
        counts
    };
    let counts = bars(&sample.round_trips);
    let fullest = counts.iter().enumerate().max_by_key(|(_, count)| **count);
    let most = fullest.map_or(0, |(at, _)| at);
    let edge = |bar: usize| axis.at(real(bar as u64) / real(BARS as u64));
    let sentence = format!(
        "Histogram of {} round trips from {} to {}, most of them around {}",
        text::count(sample.answered()),
        text::duration(min),
        text::duration(max),
        text::duration(edge(most)),
    );
    Some(HistogramChart {
        axis,
        counts,
        kept: kept.map(|kept| bars(&kept.round_trips)),
        sentence,
    })
}

impl HistogramChart {
    /// The span of round trips that a bar stands for.
    pub fn bar(&self, at: usize) -> (Duration, Duration) {
        let bars = real(self.counts.len() as u64);
        let edge = |at: usize| self.axis.at(real(at as u64) / bars);
        (edge(at), edge(at + 1))
    }
}

/// `points` are looked through only where there are few.
pub fn scatter(
    lens: &Lens,
    points: impl Iterator<Item = Point>,
    has_dots: bool,
) -> Option<Scatter> {
    if lens.series.is_empty() {
        return None;
    }
    let (time, axis) = (lens.series.axis(), axis_of(&lens.sample));
    let columns = lens.series.columns().len();
    let edge = |column: usize| real(column as u64) / real(columns as u64);
    let mut counts = vec![0; columns * ROWS];
    let mut marks = Vec::new();
    for (at, column) in lens.series.columns().enumerate() {
        for bucket in column.round_trips.buckets() {
            counts[at * ROWS + slot(axis.share(bucket.middle()), ROWS)] += bucket.count;
        }
        if column.unanswered > 0 {
            marks.push(Mark {
                from: edge(at),
                to: edge(at + 1),
                count: column.unanswered,
            });
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let dots = has_dots.then(|| {
        let part = lens.part();
        let points = points.filter(|point| part.holds(*point));
        let dots = points.filter_map(|point| {
            Some(Dot {
                x: time.share(point.time),
                y: axis.share(point.round_trip()?),
                tone: Tone::of(point.category()),
                point,
            })
        });
        dots.collect()
    });
    let sentence = format!("Round trips by time: {}", spoken(time, &lens.sample));
    Some(Scatter {
        time,
        axis,
        density: Density {
            columns,
            rows: ROWS,
            counts,
            most,
        },
        dots,
        marks,
        sentence,
    })
}

fn spoken(time: TimeAxis, sample: &Sample) -> String {
    let times = match range(sample) {
        Some((min, max)) => {
            let p50 = sample.round_trips.percentile(0.5).unwrap_or_default();
            format!(
                ", from {} to {}, half of them below {}",
                text::duration(min),
                text::duration(max),
                text::duration(p50)
            )
        }
        None => String::new(),
    };
    format!(
        "{} to {}, {}{times}",
        clock(time.from),
        clock(time.to),
        silence(sample)
    )
}

pub fn over_time(lens: &Lens) -> Option<OverTime> {
    if lens.series.is_empty() {
        return None;
    }
    let columns: Vec<&Sample> = lens.series.columns().collect();
    let many = columns.len().div_ceil(SLOTS).max(1);
    let slots = columns.chunks(many).enumerate().map(|(at, chunk)| {
        let mut sum = Sample::default();
        for sample in chunk {
            sum.merge(sample);
        }
        let start = at * many;
        Slot {
            from: lens.series.start_of(start),
            to: lens.series.start_of(start + chunk.len()),
            answered: sum.answered(),
            unanswered: sum.unanswered,
            p50: sum.round_trips.percentile(0.5),
            p90: sum.round_trips.percentile(0.9),
            p99: sum.round_trips.percentile(0.99),
            max: sum.round_trips.max(),
        }
    });
    let slots = slots.collect();
    let time = lens.series.axis();
    Some(OverTime {
        time,
        axis: axis_of(&lens.sample),
        slots,
        sentence: format!("Percentiles over time: {}", spoken(time, &lens.sample)),
    })
}
