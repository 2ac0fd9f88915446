//! The numbers that are said of a sample, in the order in which they are said.

use crate::model::sample::Sample;
use crate::model::text;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    P50,
    P90,
    P95,
    P99,
    Max,
    Mean,
}

impl Figure {
    pub const ALL: [Self; 6] = [
        Self::P50,
        Self::P90,
        Self::P95,
        Self::P99,
        Self::Max,
        Self::Mean,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Mean => "mean",
        }
    }

    pub fn of(self, sample: &Sample) -> Option<Duration> {
        let times = &sample.round_trips;
        match self {
            Self::P50 => times.percentile(0.5),
            Self::P90 => times.percentile(0.9),
            Self::P95 => times.percentile(0.95),
            Self::P99 => times.percentile(0.99),
            Self::Max => times.max(),
            Self::Mean => times.mean(),
        }
    }

    /// The fewest round trips of which it says more than the slowest of them does.
    pub fn least(self) -> u64 {
        match self {
            Self::P50 | Self::Max | Self::Mean => 1,
            Self::P90 => 11,
            Self::P95 => 21,
            Self::P99 => 101,
        }
    }
}

/// A duration, or a dash.
pub fn shown(duration: Option<Duration>) -> String {
    duration.map_or_else(|| "—".to_owned(), text::duration)
}

/// What percentiles keep silent about: `12 of 1,204 not answered · 3 waiting`.
pub fn silence(sample: &Sample) -> String {
    let all = text::count(sample.exchanges());
    let mut words = if sample.unanswered == 0 {
        if sample.waiting == 0 && sample.exchanges() > 0 {
            format!("all {all} answered")
        } else {
            format!("{} of {all} answered", text::count(sample.answered()))
        }
    } else {
        format!("{} of {all} not answered", text::count(sample.unanswered))
    };
    for (count, what) in [(sample.waiting, "waiting"), (sample.late, "late")] {
        if count > 0 {
            words.push_str(&format!(" · {} {what}", text::count(count)));
        }
    }
    words
}

/// What must be said when there are few round trips.
pub fn caution(sample: &Sample) -> Option<String> {
    let count = sample.answered();
    match count {
        0 => None,
        1 => Some("One round trip: every percentile is this one".to_owned()),
        _ if sample.is_small() => Some(format!(
            "Only {count} round trips: p95 and p99 are just the slowest of them"
        )),
        _ if count < Figure::P99.least() => Some(format!(
            "{count} round trips: p99 is just the slowest of them"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::Measure;
    use crate::model::timeline::Category;

    fn sample(answered: u64, unanswered: u64) -> Sample {
        let mut sample = Sample::default();
        for ms in 1..=answered {
            sample.add(Measure {
                round_trip: Some(Duration::from_millis(ms)),
                category: Category::Answered,
            });
        }
        sample.unanswered = unanswered;
        sample
    }

    #[test]
    fn who_got_no_answer_is_always_said() {
        assert_eq!(silence(&sample(1_192, 12)), "12 of 1,204 not answered");
        assert_eq!(silence(&sample(40, 0)), "all 40 answered");
        let mut mixed = sample(2, 1);
        mixed.waiting = 1;
        mixed.late = 1;
        assert_eq!(silence(&mixed), "1 of 4 not answered · 1 waiting · 1 late");
        let mut open = sample(2, 0);
        open.waiting = 1;
        assert_eq!(silence(&open), "2 of 3 answered · 1 waiting");
    }

    #[test]
    fn few_round_trips_are_said_to_be_few() {
        assert_eq!(caution(&sample(0, 3)), None);
        assert!(caution(&sample(1, 0)).unwrap().contains("One round trip"));
        assert!(caution(&sample(19, 0)).unwrap().contains("Only 19"));
        assert!(caution(&sample(20, 0)).unwrap().starts_with("20 round"));
        assert_eq!(caution(&sample(101, 0)), None);
    }

    #[test]
    fn below_its_least_a_percentile_is_the_slowest() {
        for figure in [Figure::P90, Figure::P95, Figure::P99] {
            let few = sample(figure.least() - 1, 0);
            let enough = sample(figure.least(), 0);
            assert_eq!(figure.of(&few), Figure::Max.of(&few), "{figure:?}");
            assert!(figure.of(&enough) < Figure::Max.of(&enough), "{figure:?}");
        }
    }
}
