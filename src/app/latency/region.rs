//! A part of a chart that was marked: a span of time, a span of round trips, or both.

use crate::app::rows::clock;
use crate::model::text;
use crate::model::time::Timestamp;
use chrono::{Local, TimeZone as _};
use std::time::Duration;

/// Both ends belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Region {
    pub times: Option<(Timestamp, Timestamp)>,
    pub round_trips: Option<(Duration, Duration)>,
}

impl Region {
    pub fn holds(&self, time: Timestamp, round_trip: Option<Duration>) -> bool {
        self.times
            .is_none_or(|(from, to)| from <= time && time <= to)
            && self.round_trips.is_none_or(|(low, high)| {
                round_trip.is_some_and(|round_trip| low <= round_trip && round_trip <= high)
            })
    }

    /// Widened to whole milliseconds and microseconds, as the filter's words can say it.
    #[must_use]
    pub fn rounded(self) -> Self {
        const MS: i64 = 1_000_000;
        const US: u128 = 1_000;
        let micros = |nanos: u128| Duration::from_micros(u64::try_from(nanos / US).unwrap_or(0));
        Self {
            times: self.times.map(|(from, to)| {
                let from = from.as_nanos().div_euclid(MS).saturating_mul(MS);
                let up = to.as_nanos().saturating_add(MS - 1).div_euclid(MS);
                (
                    Timestamp::from_nanos(from),
                    Timestamp::from_nanos(up.saturating_mul(MS)),
                )
            }),
            round_trips: self.round_trips.map(|(low, high)| {
                (
                    micros(low.as_nanos()),
                    micros(high.as_nanos().saturating_add(US - 1)),
                )
            }),
        }
    }

    /// As terms of the filter: `time:2026-11-21T09:14:00.000..2026-11-21T09:15:00.000 rtt:5ms..20ms`.
    pub fn terms(&self) -> Vec<String> {
        let region = self.rounded();
        let time = |at: Timestamp| {
            let local = Local.timestamp_nanos(at.as_nanos());
            local.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
        };
        let times = region.times;
        let times = times.map(|(from, to)| format!("time:{}..{}", time(from), time(to)));
        let round_trips = region.round_trips;
        let round_trips =
            round_trips.map(|(low, high)| format!("rtt:{}..{}", typed(low), typed(high)));
        times.into_iter().chain(round_trips).collect()
    }

    /// The filter's text narrowed to this: earlier spans of the same kind are replaced.
    pub fn narrow(&self, text: &str) -> String {
        let is_replaced = |word: &str| {
            let word = word.to_ascii_lowercase();
            let is = |field: &str| word.starts_with(field) && word.contains("..");
            (self.times.is_some() && is("time:")) || (self.round_trips.is_some() && is("rtt:"))
        };
        let mut words: Vec<String> = quoted_words(text)
            .filter(|word| !is_replaced(word))
            .map(str::to_owned)
            .collect();
        words.extend(self.terms());
        words.join(" ")
    }

    /// In words: `09:14:00.000–09:15:00.000, 5.00–20.0 ms`.
    pub fn words(&self) -> String {
        let region = self.rounded();
        let times = region
            .times
            .map(|(from, to)| format!("{}–{}", clock(from), clock(to)));
        let round_trips = region.round_trips.map(|(low, high)| text::span(low, high));
        let words: Vec<String> = times.into_iter().chain(round_trips).collect();
        words.join(", ")
    }
}

/// Splits at white space outside of double quotes, quotes and all.
fn quoted_words(text: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |c: char| {
        is_quoted ^= c == '"';
        c.is_whitespace() && !is_quoted
    })
    .filter(|word| !word.is_empty())
}

/// A duration as one types it, without fractions: `5ms`, `4210us`, `2s`.
fn typed(duration: Duration) -> String {
    let micros = duration.as_micros();
    if micros > 0 && micros.is_multiple_of(1_000_000) {
        format!("{}s", micros / 1_000_000)
    } else if micros.is_multiple_of(1_000) {
        format!("{}ms", micros / 1_000)
    } else {
        format!("{micros}us")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_region_is_written_in_the_filters_words() {
        let from = Local
            .with_ymd_and_hms(2026, 11, 21, 9, 14, 0)
            .single()
            .and_then(|at| at.timestamp_nanos_opt())
            .unwrap();
        let region = Region {
            times: Some((
                Timestamp::from_nanos(from + 999),
                Timestamp::from_nanos(from + 59_999_000_001),
            )),
            round_trips: Some((Duration::from_nanos(4_210_999), ms(2_000))),
        };
        assert_eq!(
            region.terms(),
            [
                "time:2026-11-21T09:14:00.000..2026-11-21T09:15:00.000",
                "rtt:4210us..2s"
            ]
        );
        assert_eq!(region.words(), "09:14:00.000–09:15:00.000, 4.21 ms–2.00 s");
    }

    #[test]
    fn narrowing_replaces_earlier_spans_and_keeps_the_rest() {
        let region = Region {
            times: None,
            round_trips: Some((ms(5), ms(20))),
        };
        assert_eq!(
            region.narrow("topic:light  name:\"Turn on rtt:1ms..2ms\" rtt:1ms..50ms rtt:>1ms"),
            "topic:light name:\"Turn on rtt:1ms..2ms\" rtt:>1ms rtt:5ms..20ms"
        );
        assert_eq!(region.narrow(""), "rtt:5ms..20ms");
    }

    #[test]
    fn what_has_no_round_trip_lies_in_a_span_of_time_only() {
        let at = Timestamp::from_nanos(5);
        let times = Some((at, at));
        let mut region = Region {
            times,
            round_trips: None,
        };
        assert!(region.holds(at, None));
        region.round_trips = Some((ms(1), ms(2)));
        assert!(!region.holds(at, None));
        assert!(region.holds(at, Some(ms(2))));
        assert!(!region.holds(at, Some(ms(3))));
    }
}
