//! Samples one after the other in time: columns of one round width, never too many.
//!
//! When what comes would need more columns than there may be, neighbours are put together, so
//! that a day takes no more room than a minute. Each column knows its whole histogram: lines of
//! percentiles and the density of a scatter are read from the same numbers.

use super::axis::TimeAxis;
use crate::model::sample::{Measure, Sample};
use crate::model::time::Timestamp;
use std::collections::VecDeque;

/// More are never kept.
pub const MOST_COLUMNS: usize = 300;

const MS: i64 = 1_000_000;
const SEC: i64 = 1_000 * MS;
const MIN: i64 = 60 * SEC;
const HOUR: i64 = 60 * MIN;
/// Each a multiple of the one before, so that columns can be put together.
const WIDTHS: [i64; 18] = [
    MS,
    5 * MS,
    10 * MS,
    50 * MS,
    100 * MS,
    500 * MS,
    SEC,
    5 * SEC,
    10 * SEC,
    30 * SEC,
    MIN,
    5 * MIN,
    10 * MIN,
    30 * MIN,
    HOUR,
    6 * HOUR,
    24 * HOUR,
    240 * HOUR,
];

#[derive(Clone, Debug)]
pub struct Series {
    /// Nanoseconds of a column.
    width: i64,
    /// The number of the first column: its start divided by the width.
    first: i64,
    columns: VecDeque<Sample>,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            width: MS,
            first: 0,
            columns: VecDeque::new(),
        }
    }
}

impl Series {
    pub fn add(&mut self, time: Timestamp, measure: Measure) {
        let mut number = time.as_nanos().div_euclid(self.width);
        if self.columns.is_empty() {
            self.first = number;
        } else {
            while self.columns_with(number) > MOST_COLUMNS as u128 {
                self.coarsen();
                number = time.as_nanos().div_euclid(self.width);
            }
        }
        while number < self.first {
            self.columns.push_front(Sample::default());
            self.first -= 1;
        }
        let Ok(at) = usize::try_from(number - self.first) else {
            return;
        };
        if self.columns.len() <= at {
            self.columns.resize_with(at + 1, Sample::default);
        }
        if let Some(column) = self.columns.get_mut(at) {
            column.add(measure);
        }
    }

    /// Takes one out that was added before; columns at the ends that are empty then go.
    pub fn remove(&mut self, time: Timestamp, measure: Measure) {
        let number = time.as_nanos().div_euclid(self.width);
        let at = usize::try_from(number.saturating_sub(self.first));
        if let Some(column) = at.ok().and_then(|at| self.columns.get_mut(at)) {
            column.remove(measure);
        }
        while self.columns.front().is_some_and(Sample::is_empty) {
            self.columns.pop_front();
            self.first += 1;
        }
        while self.columns.back().is_some_and(Sample::is_empty) {
            self.columns.pop_back();
        }
    }

    pub fn columns(&self) -> impl ExactSizeIterator<Item = &Sample> {
        self.columns.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// From the start of the first column to the end of the last.
    pub fn axis(&self) -> TimeAxis {
        TimeAxis {
            from: self.start_of(0),
            to: self.start_of(self.columns.len()),
        }
    }

    /// When a column begins; that after the last is the end.
    pub fn start_of(&self, column: usize) -> Timestamp {
        let number = self.first.saturating_add_unsigned(column as u64);
        Timestamp::from_nanos(number.saturating_mul(self.width))
    }

    /// How many there would be if this one were among them.
    fn columns_with(&self, number: i64) -> u128 {
        let last = i128::from(self.first) + self.columns.len() as i128 - 1;
        let (first, number) = (i128::from(self.first), i128::from(number));
        (last.max(number) - first.min(number) + 1).unsigned_abs()
    }

    /// The next width, neighbours put together.
    fn coarsen(&mut self) {
        let wider = WIDTHS.into_iter().find(|width| *width > self.width);
        let wider = wider.unwrap_or_else(|| self.width.saturating_mul(10));
        let many = (wider / self.width).max(1);
        let first = self.first.div_euclid(many);
        let mut columns: VecDeque<Sample> = VecDeque::new();
        for (at, sample) in std::mem::take(&mut self.columns).into_iter().enumerate() {
            let number = self.first.saturating_add_unsigned(at as u64);
            let place = usize::try_from(number.div_euclid(many) - first).unwrap_or(0);
            if columns.len() <= place {
                columns.resize_with(place + 1, Sample::default);
            }
            if let Some(column) = columns.get_mut(place) {
                column.merge(&sample);
            }
        }
        self.width = wider;
        self.first = first;
        self.columns = columns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::timeline::Category;
    use proptest::prelude::*;
    use std::time::Duration;

    fn answered(ms: u64) -> Measure {
        Measure {
            round_trip: Some(Duration::from_millis(ms)),
            category: Category::Answered,
        }
    }

    fn at_ms(ms: i64) -> Timestamp {
        Timestamp::from_nanos(ms * MS)
    }

    #[test]
    fn a_minute_and_a_day_take_as_many_columns() {
        let mut series = Series::default();
        for second in 0..86_400 {
            series.add(at_ms(second * 1_000), answered(3));
        }
        assert!(series.columns().len() <= MOST_COLUMNS);
        assert!(series.columns().len() >= MOST_COLUMNS / 6);
        let count: u64 = series.columns().map(Sample::exchanges).sum();
        assert_eq!(count, 86_400);
        let axis = series.axis();
        assert_eq!(axis.from, at_ms(0));
        assert_eq!(axis.span(), Duration::from_hours(24));
    }

    #[test]
    fn a_time_before_all_others_is_no_trouble() {
        let mut series = Series::default();
        series.add(at_ms(1_000_000), answered(1));
        series.add(at_ms(999_990), answered(2));
        series.add(Timestamp::from_nanos(i64::MIN + 1), answered(3));
        series.add(Timestamp::from_nanos(i64::MAX), answered(4));
        let count: u64 = series.columns().map(Sample::exchanges).sum();
        assert_eq!(count, 4);
        assert!(series.columns().len() <= MOST_COLUMNS);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_everything_can_be_taken_out_again(
            times in proptest::collection::vec(0..5_000_000_i64, 1..120),
        ) {
            let mut series = Series::default();
            for time in &times {
                series.add(at_ms(*time), answered(2));
            }
            let count: u64 = series.columns().map(Sample::exchanges).sum();
            prop_assert_eq!(count, times.len() as u64);
            let axis = series.axis();
            for time in &times {
                prop_assert!(axis.from <= at_ms(*time) && at_ms(*time) < axis.to);
            }
            for time in &times {
                series.remove(at_ms(*time), answered(2));
            }
            prop_assert!(series.is_empty());
        }
    }
}
