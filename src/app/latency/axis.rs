//! The axes of the charts: where a value stands, what is written beside it, no pixels.

use crate::model::time::Timestamp;
use chrono::{Local, Offset as _, TimeZone as _};
use std::time::Duration;

/// A place on an axis with words: 0 is its start, 1 its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

/// Round trips: every factor takes the same room, since milliseconds and seconds are told apart alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogAxis {
    low: f64,
    high: f64,
}

/// A whole number as a real one: nanoseconds and counts, where the last digit does not matter.
#[expect(clippy::cast_precision_loss, reason = "places and shares on a chart")]
pub(super) fn real(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "floored; what is negative or too large saturates"
)]
pub(super) fn whole(number: f64) -> u64 {
    number as u64
}

/// A share as a count of something, below `count`.
pub(super) fn slot(share: f64, count: usize) -> usize {
    let at = usize::try_from(whole(share * real(count as u64))).unwrap_or(usize::MAX);
    at.min(count.saturating_sub(1))
}

fn nanos(duration: Duration) -> f64 {
    real(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)).max(1.0)
}

/// 1, 2 or 5 times a power of ten, at most `value`.
fn nice_below(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let most = value * (1.0 + 1e-9);
    [5.0, 2.0, 1.0]
        .map(|step| step * power)
        .into_iter()
        .find(|nice| *nice <= most)
        .unwrap_or(power)
}

/// 1, 2 or 5 times a power of ten, at least `value`.
fn nice_above(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let least = value * (1.0 - 1e-9);
    [1.0, 2.0, 5.0, 10.0]
        .map(|step| step * power)
        .into_iter()
        .find(|nice| *nice >= least)
        .unwrap_or(power * 10.0)
}

impl LogAxis {
    /// From a round number to a round number, so that it stays as it is while values come in.
    pub fn around(min: Duration, max: Duration) -> Self {
        let low = nice_below(nanos(min.min(max)));
        let high = nice_above(nanos(max)).max(low * 2.0);
        // A value at the very edge would be cut in half.
        Self { low, high }
    }

    pub fn low(self) -> Duration {
        Duration::from_nanos(whole(self.low.round()))
    }

    pub fn high(self) -> Duration {
        Duration::from_nanos(whole(self.high.round()))
    }

    /// Where a duration stands, 0 to 1; beyond the ends at the ends.
    pub fn share(self, duration: Duration) -> f64 {
        let span = (self.high / self.low).ln();
        ((nanos(duration) / self.low).ln() / span).clamp(0.0, 1.0)
    }

    /// What stands at a place.
    pub fn at(self, share: f64) -> Duration {
        let nanos = self.low * (self.high / self.low).powf(share.clamp(0.0, 1.0));
        Duration::from_nanos(whole(nanos.round()))
    }

    /// At most about so many: 1, 2, 5; else powers of ten; else every second one and so on.
    pub fn ticks(self, most: usize) -> Vec<Tick> {
        let decades = |steps: &[f64], stride: i32| {
            let mut ticks = Vec::new();
            let mut power = whole_power(self.low);
            while 10_f64.powi(power) <= self.high * (1.0 + 1e-9) {
                for step in steps {
                    let value = step * 10_f64.powi(power);
                    if value >= self.low * (1.0 - 1e-9) && value <= self.high * (1.0 + 1e-9) {
                        let duration = Duration::from_nanos(whole(value.round()));
                        ticks.push(Tick {
                            at: self.share(duration),
                            label: duration_label(duration),
                        });
                    }
                }
                power += stride;
            }
            ticks
        };
        let fine = decades(&[1.0, 2.0, 5.0], 1);
        if fine.len() <= most.max(2) {
            return fine;
        }
        let coarser = decades(&[1.0, 3.0], 1);
        if coarser.len() <= most.max(2) {
            return coarser;
        }
        (1..12)
            .map(|stride| decades(&[1.0], stride))
            .find(|ticks| ticks.len() <= most.max(2) && ticks.len() > 1)
            .unwrap_or_else(|| fine.into_iter().step_by(2).collect())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "between -1 and 20")]
fn whole_power(value: f64) -> i32 {
    value.log10().floor() as i32
}

/// A round duration in as few characters as it takes: `20 µs`, `0.5 ms`, `10 s`, `2 min`.
pub fn duration_label(duration: Duration) -> String {
    let secs = duration.as_secs_f64();
    let number = |value: f64| {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if secs < 1e-6 {
        format!("{} ns", number(secs * 1e9))
    } else if secs < 1e-4 {
        format!("{} µs", number(secs * 1e6))
    } else if secs < 1.0 {
        format!("{} ms", number(secs * 1e3))
    } else if secs < 1_000.0 {
        format!("{} s", number(secs))
    } else {
        format!("{} min", number((secs / 60.0).round()))
    }
}

/// Wall clock time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeAxis {
    pub from: Timestamp,
    pub to: Timestamp,
}

const MS: u64 = 1_000_000;
const SEC: u64 = 1_000 * MS;
const MIN: u64 = 60 * SEC;
const HOUR: u64 = 60 * MIN;
const DAY: u64 = 24 * HOUR;
/// What stands between two ticks.
const STEPS: [u64; 26] = [
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    500 * MS,
    SEC,
    2 * SEC,
    5 * SEC,
    10 * SEC,
    15 * SEC,
    30 * SEC,
    MIN,
    2 * MIN,
    5 * MIN,
    10 * MIN,
    15 * MIN,
    30 * MIN,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];

impl TimeAxis {
    pub fn span(self) -> Duration {
        self.to.since(self.from).max(Duration::from_nanos(1))
    }

    pub fn share(self, at: Timestamp) -> f64 {
        (at.since(self.from).as_secs_f64() / self.span().as_secs_f64()).clamp(0.0, 1.0)
    }

    pub fn at(self, share: f64) -> Timestamp {
        let span = self.span().mul_f64(share.clamp(0.0, 1.0));
        self.from.saturating_add(span)
    }

    /// At round local times, at most so many.
    pub fn ticks(self, most: usize) -> Vec<Tick> {
        let span = u64::try_from(self.span().as_nanos()).unwrap_or(u64::MAX);
        let most = most.max(1) as u64;
        let step = STEPS
            .into_iter()
            .find(|step| span / step <= most)
            .unwrap_or_else(|| (span / most / DAY + 1).saturating_mul(DAY));
        let format = match step {
            DAY.. => "%d %b",
            MIN.. if span >= DAY => "%d %b %H:%M",
            MIN.. => "%H:%M",
            SEC.. => "%H:%M:%S",
            _ => "%H:%M:%S%.3f",
        };
        let offset = Local
            .timestamp_nanos(self.from.as_nanos())
            .offset()
            .fix()
            .local_minus_utc();
        let offset = i128::from(offset) * i128::from(SEC);
        let step = i128::from(step);
        let local = i128::from(self.from.as_nanos()) + offset;
        let mut next = local.div_euclid(step) * step;
        if next < local {
            next += step;
        }
        let mut ticks = Vec::new();
        while let Ok(at) = i64::try_from(next - offset)
            && at <= self.to.as_nanos()
        {
            let words = Local.timestamp_nanos(at).format(format).to_string();
            ticks.push(Tick {
                at: self.share(Timestamp::from_nanos(at)),
                label: words,
            });
            next += step;
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(ticks: Vec<Tick>) -> Vec<String> {
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    fn us(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn an_axis_of_round_trips_ends_at_round_numbers() {
        let axis = LogAxis::around(us(840), us(11_200));
        assert_eq!((axis.low(), axis.high()), (us(500), us(20_000)));
        assert_eq!(
            labels(axis.ticks(10)),
            ["0.5 ms", "1 ms", "2 ms", "5 ms", "10 ms", "20 ms"]
        );
        assert_eq!(labels(axis.ticks(3)), ["1 ms", "3 ms", "10 ms"]);
        assert_eq!(labels(axis.ticks(2)), ["1 ms", "10 ms"]);
    }

    #[test]
    fn one_value_alone_has_room_around_it() {
        let axis = LogAxis::around(us(1_000), us(1_000));
        assert_eq!((axis.low(), axis.high()), (us(1_000), us(2_000)));
        let axis = LogAxis::around(Duration::ZERO, Duration::ZERO);
        assert!(axis.high() > axis.low());
    }

    #[test]
    fn many_decades_are_labelled_by_powers_of_ten() {
        let axis = LogAxis::around(us(1), Duration::from_secs(100));
        let found = labels(axis.ticks(5));
        assert_eq!(found, ["1 µs", "0.1 ms", "10 ms", "1 s", "100 s"]);
    }

    #[test]
    fn labels_are_short() {
        for (nanos, label) in [
            (200, "200 ns"),
            (20_000, "20 µs"),
            (100_000, "0.1 ms"),
            (5_000_000, "5 ms"),
            (2_000_000_000, "2 s"),
            (5_000_000_000_000, "83 min"),
        ] {
            assert_eq!(duration_label(Duration::from_nanos(nanos)), label);
        }
    }

    #[test]
    fn times_are_marked_at_round_moments() {
        // Whole minutes are whole minutes in every zone on Earth that has a clock with minutes.
        let minute = i64::try_from(MIN).unwrap();
        let from = Timestamp::from_nanos(1_700_000_000_000_000_000 / minute * minute);
        let axis = TimeAxis {
            from,
            to: from.saturating_add(Duration::from_mins(5)),
        };
        let ticks = axis.ticks(6);
        assert_eq!(ticks.len(), 6);
        assert!((ticks[1].at - 0.2).abs() < 1e-9);
        assert_eq!(ticks[0].label.len(), "09:14".len());
        let short = TimeAxis {
            from,
            to: from.saturating_add(Duration::from_millis(12)),
        };
        assert!(short.ticks(4)[0].label.ends_with(":00.000"));
        let moment = TimeAxis { from, to: from };
        assert_eq!(moment.ticks(4).len(), 1);
    }

    proptest! {
        #[test]
        fn a_place_on_the_axis_is_found_again(low in 1..10_000_000_u64, factor in 1..100_000_u64, share in 0.0..1.0_f64) {
            let axis = LogAxis::around(us(low), us(low.saturating_mul(factor)));
            prop_assert!((axis.share(axis.at(share)) - share).abs() < 1e-3);
            prop_assert!(axis.low() <= us(low));
            prop_assert!(axis.high() >= us(low.saturating_mul(factor)));
            prop_assert!(axis.ticks(6).len() <= 8);
        }

        #[test]
        fn there_are_never_more_times_than_asked_for(span in 1..i64::MAX / 4, most in 1..20_usize) {
            let axis = TimeAxis { from: Timestamp::from_nanos(0), to: Timestamp::from_nanos(span) };
            prop_assert!(axis.ticks(most).len() <= most + 1);
        }
    }
}
