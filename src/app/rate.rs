//! How often something happens now: what happened lately counts, what is long ago less and less.

use crate::model::time::Timestamp;
use std::time::Duration;

/// After so long an event counts by a third of what it did.
const FADES_IN: f64 = 5.0;
/// Less often than that is not worth a number.
const LEAST: f64 = 0.05;

#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    weight: f64,
    at: Timestamp,
}

impl Rate {
    pub fn note(&mut self, at: Timestamp) {
        if at < self.at {
            // What comes late counts as much as it would by now.
            self.weight += faded(self.at.since(at));
            return;
        }
        self.weight = self.weight * faded(at.since(self.at)) + 1.0;
        self.at = at;
    }

    /// Events a second; none where it is hardly one a while.
    pub fn per_second(&self, now: Timestamp) -> Option<f64> {
        let rate = self.weight * faded(now.since(self.at)) / FADES_IN;
        Some(rate).filter(|rate| *rate >= LEAST)
    }

    /// `12 /s`, `0.4 /s`.
    pub fn words(&self, now: Timestamp) -> Option<String> {
        let rate = self.per_second(now)?;
        Some(if rate < 9.95 {
            format!("{rate:.1} /s")
        } else {
            format!("{rate:.0} /s")
        })
    }
}

fn faded(since: Duration) -> f64 {
    (-since.as_secs_f64() / FADES_IN).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn a_steady_rate_is_told_and_fades_when_it_ends() {
        let mut rate = Rate::default();
        for step in 0..1_000 {
            rate.note(at(1_000_000 + step * 100));
        }
        let end = at(1_000_000 + 99_900);
        let shown = rate.per_second(end).unwrap();
        assert!((shown - 10.0).abs() < 0.5, "{shown}");
        assert_eq!(rate.words(end).unwrap(), "10 /s");
        assert!(rate.per_second(at(1_000_000 + 102_000)).unwrap() < shown);
        assert_eq!(rate.per_second(at(1_000_000 + 200_000)), None);
    }

    #[test]
    fn a_single_event_is_no_rate_for_long() {
        let mut rate = Rate::default();
        rate.note(at(5_000));
        assert_eq!(rate.words(at(5_000)).unwrap(), "0.2 /s");
        assert_eq!(rate.words(at(20_000)), None);
        assert_eq!(Rate::default().words(at(5_000)), None);
    }
}
