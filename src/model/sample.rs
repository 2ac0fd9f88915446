//! What is said of many exchanges together: how long they took, and how many got no answer.
//!
//! A [`Sample`] is made of whatever gives rows, a timeline or a recording, and can be followed as
//! rows come, change and go. What was not answered has no round trip, and is counted beside them:
//! percentiles of the lucky ones alone would flatter. A late reply counts with the time it took.

use crate::model::histogram::Histogram;
use crate::model::timeline::{Category, RowKind, RowRef};
use std::time::Duration;

/// What one exchange adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    pub round_trip: Option<Duration>,
    pub category: Category,
}

/// Which of three an exchange is: nothing is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Answered(Duration),
    Waiting,
    Unanswered,
}

impl Measure {
    /// Nothing of what is no exchange.
    pub fn of(row: RowRef<'_>) -> Option<Self> {
        (row.kind() == RowKind::Exchange).then(|| Self {
            round_trip: row.round_trip(),
            category: row.category(),
        })
    }

    pub fn fate(self) -> Fate {
        match (self.round_trip, self.category) {
            (Some(round_trip), _) => Fate::Answered(round_trip),
            (None, Category::Waiting) => Fate::Waiting,
            (None, _) => Fate::Unanswered,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    pub round_trips: Histogram,
    /// Over, and no answer came.
    pub unanswered: u64,
    /// Open, and no answer came yet.
    pub waiting: u64,
    /// Of the answered ones, those that came after the deadline.
    pub late: u64,
}

/// With fewer round trips the high percentiles say nothing but the slowest.
pub const FEW: u64 = 20;

impl Sample {
    /// Of all exchanges among the rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = RowRef<'a>>) -> Self {
        let mut sample = Self::default();
        for measure in rows.into_iter().filter_map(Measure::of) {
            sample.add(measure);
        }
        sample
    }

    pub fn add(&mut self, measure: Measure) {
        match measure.fate() {
            Fate::Answered(round_trip) => {
                self.round_trips.add(round_trip);
                self.late += u64::from(measure.category == Category::Late);
            }
            Fate::Waiting => self.waiting += 1,
            Fate::Unanswered => self.unanswered += 1,
        }
    }

    /// Takes one out that was added before.
    pub fn remove(&mut self, measure: Measure) {
        match measure.fate() {
            Fate::Answered(round_trip) => {
                let was_there = self.round_trips.remove(round_trip);
                let was_late = was_there && measure.category == Category::Late;
                self.late = self.late.saturating_sub(u64::from(was_late));
            }
            Fate::Waiting => self.waiting = self.waiting.saturating_sub(1),
            Fate::Unanswered => self.unanswered = self.unanswered.saturating_sub(1),
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.round_trips.merge(&other.round_trips);
        self.unanswered += other.unanswered;
        self.waiting += other.waiting;
        self.late += other.late;
    }

    pub fn answered(&self) -> u64 {
        self.round_trips.count()
    }

    pub fn exchanges(&self) -> u64 {
        self.answered() + self.unanswered + self.waiting
    }

    pub fn is_empty(&self) -> bool {
        self.exchanges() == 0
    }

    pub fn is_small(&self) -> bool {
        self.answered() < FEW
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn measure(ms: Option<u64>, category: Category) -> Measure {
        Measure {
            round_trip: ms.map(Duration::from_millis),
            category,
        }
    }

    #[test]
    fn what_was_not_answered_is_counted_beside_the_round_trips() {
        let mut sample = Sample::default();
        for measure in [
            measure(Some(4), Category::Answered),
            measure(Some(6), Category::AnsweredWithError),
            measure(Some(9_000), Category::Late),
            measure(None, Category::TimedOut),
            measure(None, Category::NoSubscribers),
            measure(None, Category::Failed),
            measure(None, Category::Waiting),
        ] {
            sample.add(measure);
        }
        assert_eq!(sample.answered(), 3);
        assert_eq!(sample.unanswered, 3);
        assert_eq!(sample.waiting, 1);
        assert_eq!(sample.late, 1);
        assert_eq!(sample.exchanges(), 7);
        assert_eq!(sample.round_trips.max(), Some(Duration::from_secs(9)));
        assert!(sample.is_small());
    }

    fn measures() -> impl Strategy<Value = Vec<Measure>> {
        let category = proptest::sample::select(Category::ALL.to_vec());
        let measure = (proptest::option::of(1..10_000_u64), category)
            .prop_map(|(ms, category)| measure(ms, category));
        proptest::collection::vec(measure, 0..60)
    }

    proptest! {
        #[test]
        fn what_is_taken_out_leaves_no_trace(kept in measures(), gone in measures()) {
            let sum = |measures: &[Measure]| {
                let mut sample = Sample::default();
                for measure in measures {
                    sample.add(*measure);
                }
                sample
            };
            let mut sample = sum(&[kept.clone(), gone.clone()].concat());
            for measure in &gone {
                sample.remove(*measure);
            }
            let alone = sum(&kept);
            prop_assert_eq!(sample.exchanges(), alone.exchanges());
            prop_assert_eq!(sample.late, alone.late);
            prop_assert_eq!(sample.unanswered, alone.unanswered);
            prop_assert_eq!(sample.round_trips.mean(), alone.round_trips.mean());
            let mut merged = alone;
            merged.merge(&sum(&gone));
            prop_assert_eq!(merged, sum(&[kept, gone].concat()));
        }
    }
}
