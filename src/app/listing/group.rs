//! Groups of rows: what they are grouped by, and what a group amounts to.

use super::sort::{Entry, SortedRows};
use crate::model::histogram::Histogram;
use crate::model::timeline::{Category, RowRef};
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupBy {
    Topic,
    Device,
    Rule,
    Verdict,
    Connection,
    Name,
}

impl GroupBy {
    pub const ALL: [Self; 6] = [
        Self::Topic,
        Self::Device,
        Self::Rule,
        Self::Verdict,
        Self::Connection,
        Self::Name,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Topic => "Topic",
            Self::Device => "Responder",
            Self::Rule => "Pairing rule",
            Self::Verdict => "Verdict",
            Self::Connection => "Connection",
            Self::Name => "Saved request",
        }
    }

    /// As in `window.toml`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Device => "responder",
            Self::Rule => "rule",
            Self::Verdict => "verdict",
            Self::Connection => "connection",
            Self::Name => "name",
        }
    }

    /// The group of rows that have nothing of the kind.
    pub fn none(self) -> &'static str {
        match self {
            Self::Topic => "No topic",
            Self::Device => "No responder",
            Self::Rule => "No pairing rule",
            Self::Verdict => "No verdict",
            Self::Connection => "No connection",
            Self::Name => "Not saved",
        }
    }

    /// Empty for none.
    pub fn name(self, row: RowRef<'_>) -> &str {
        match self {
            Self::Topic => row.topic(),
            Self::Device => row.responder().unwrap_or_default(),
            Self::Rule => row.rule().unwrap_or_default(),
            Self::Verdict => row.category().label(),
            Self::Connection => row.connection(),
            Self::Name => row.name().unwrap_or_default(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GroupOrder {
    #[default]
    Name,
    /// Largest first.
    Count,
    /// Slowest first.
    P99,
}

impl GroupOrder {
    pub const ALL: [Self; 3] = [Self::Name, Self::Count, Self::P99];

    /// As in `window.toml`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Count => "count",
            Self::P99 => "p99",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "By name",
            Self::Count => "Largest first",
            Self::P99 => "Slowest first (p99)",
        }
    }
}

/// Names a group for as long as the table is grouped the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// What is said of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLine {
    pub id: GroupId,
    /// Empty for rows that have nothing of the kind.
    pub name: Arc<str>,
    pub by: GroupBy,
    pub rows: usize,
    pub counts: [usize; Category::ALL.len()],
    pub p50: Option<Duration>,
    pub p99: Option<Duration>,
    pub worst: Option<Duration>,
    pub is_open: bool,
}

/// Round trips of a group: few as they are, many as a histogram. Most groups of a fine grouping
/// are small, and a histogram is not.
#[derive(Clone, Debug)]
enum Times {
    /// Sorted.
    Few(Vec<u64>),
    Many(Box<Histogram>),
}

const FEW: usize = 64;

impl Times {
    fn add(&mut self, time: u64) {
        match self {
            Self::Few(times) if times.len() < FEW => {
                let place = times.partition_point(|one| *one < time);
                times.insert(place, time);
            }
            Self::Few(times) => {
                let mut histogram = Histogram::new();
                for time in times.iter().copied().chain([time]) {
                    histogram.add(Duration::from_nanos(time));
                }
                *self = Self::Many(Box::new(histogram));
            }
            Self::Many(histogram) => histogram.add(Duration::from_nanos(time)),
        }
    }

    fn remove(&mut self, time: u64) {
        match self {
            Self::Few(times) => {
                if let Ok(place) = times.binary_search(&time) {
                    times.remove(place);
                }
            }
            Self::Many(histogram) => {
                histogram.remove(Duration::from_nanos(time));
                if histogram.is_empty() {
                    *self = Self::Few(Vec::new());
                }
            }
        }
    }

    fn percentiles(&self) -> [Option<Duration>; 3] {
        match self {
            Self::Few(times) => {
                let rank = |percent: usize| {
                    let rank = (times.len() * percent).div_ceil(100).max(1) - 1;
                    times.get(rank).copied().map(Duration::from_nanos)
                };
                [rank(50), rank(99), rank(100)]
            }
            Self::Many(histogram) => [
                histogram.percentile(0.5),
                histogram.percentile(0.99),
                histogram.max(),
            ],
        }
    }
}

/// The rows of one name, in their order.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub rows: SortedRows,
    pub counts: [usize; Category::ALL.len()],
    times: Times,
    /// p50, p99, worst, as of the last [`settle`](Self::settle).
    pub percentiles: [Option<Duration>; 3],
    is_settled: bool,
}

impl Default for Group {
    fn default() -> Self {
        Self::of_sorted(&[])
    }
}

impl Group {
    /// What its rows amount to is told with [`count`](Self::count).
    pub fn of_sorted(entries: &[Entry]) -> Self {
        Self {
            rows: SortedRows::from_sorted(entries),
            counts: [0; Category::ALL.len()],
            times: Times::Few(Vec::new()),
            percentiles: [None; 3],
            is_settled: false,
        }
    }

    pub fn count(&mut self, category: Category, round_trip: Option<u64>) {
        if let Some(count) = self.counts.get_mut(category as usize) {
            *count += 1;
        }
        if let Some(time) = round_trip {
            self.times.add(time);
        }
        self.is_settled = false;
    }

    pub fn uncount(&mut self, category: Category, round_trip: Option<u64>) {
        if let Some(count) = self.counts.get_mut(category as usize) {
            *count = count.saturating_sub(1);
        }
        if let Some(time) = round_trip {
            self.times.remove(time);
        }
        self.is_settled = false;
    }

    pub fn settle(&mut self) {
        self.rows.settle();
        if !self.is_settled {
            self.percentiles = self.times.percentiles();
            self.is_settled = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_few_are_exact_and_go_on_as_they_get_many() {
        let mut group = Group::default();
        for micros in 1..=50_u64 {
            group.count(Category::Answered, Some(micros * 1_000));
        }
        group.settle();
        let micros = |at: usize| group.percentiles[at].unwrap().as_micros();
        assert_eq!([micros(0), micros(1), micros(2)], [25, 50, 50]);
        for micros in 51..=1_000_u64 {
            group.count(Category::Answered, Some(micros * 1_000));
        }
        group.settle();
        let micros = |at: usize| group.percentiles[at].unwrap().as_micros();
        assert!(micros(0).abs_diff(500) <= 5, "{}", micros(0));
        assert!(micros(1).abs_diff(990) <= 10, "{}", micros(1));
        assert_eq!(micros(2), 1_000);
        for micros in 1..=1_000_u64 {
            group.uncount(Category::Answered, Some(micros * 1_000));
        }
        group.settle();
        assert_eq!(group.percentiles, [None; 3]);
        assert_eq!(group.counts[Category::Answered as usize], 0);
    }
}
