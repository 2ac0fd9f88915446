//! Counts and round trips of all rows, over all and by topic and responder.

use crate::model::time::Timestamp;
use crate::model::timeline::{Category, Row};
use std::collections::BTreeMap;
use std::time::Duration;

/// Different topics and responders that are told apart; those that come later count together.
const MAX_GROUPS: usize = 10_000;

/// Exchanges of one group.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub exchanges: u64,
    pub answered: u64,
    /// Of those that were answered, in nanoseconds; ascending once they are settled.
    times: Vec<u64>,
}

impl Tally {
    fn add(&mut self, answered: bool, time: Option<Duration>) {
        self.exchanges += 1;
        self.answered += u64::from(answered);
        if let Some(time) = time.filter(|_| answered) {
            let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            self.times.push(nanos);
        }
    }

    pub fn times(&self) -> &[u64] {
        &self.times
    }

    /// The time that `per_mille` of all are not above (nearest rank).
    pub fn percentile(&self, per_mille: usize) -> Option<Duration> {
        let rank = (self.times.len() * per_mille).div_ceil(1_000);
        let nanos = self.times.get(rank.saturating_sub(1))?;
        Some(Duration::from_nanos(*nanos))
    }
}

/// Tallies by a name.
#[derive(Debug, Default)]
pub(super) struct Groups {
    named: BTreeMap<String, Tally>,
    pub others: Tally,
}

impl Groups {
    fn tally(&mut self, name: &str) -> &mut Tally {
        if !self.named.contains_key(name) {
            if self.named.len() >= MAX_GROUPS {
                return &mut self.others;
            }
            self.named.insert(name.to_owned(), Tally::default());
        }
        self.named.entry(name.to_owned()).or_default()
    }

    pub fn len(&self) -> usize {
        self.named.len()
    }

    /// Those with the most exchanges first.
    pub fn by_size(&self) -> Vec<(&str, &Tally)> {
        let mut all: Vec<(&str, &Tally)> = self
            .named
            .iter()
            .map(|(name, tally)| (name.as_str(), tally))
            .collect();
        all.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.exchanges));
        all
    }
}

#[derive(Debug, Default)]
pub(super) struct Statistics {
    pub rows: u64,
    pub exchanges: u64,
    pub messages: u64,
    pub publishes: u64,
    counts: [u64; Category::ALL.len()],
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    pub all: Tally,
    pub topics: Groups,
    pub responders: Groups,
}

impl Statistics {
    pub fn add(&mut self, row: &Row) {
        self.rows += 1;
        let at = row.time();
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        if let Some(count) = self.counts.get_mut(Category::of(row) as usize) {
            *count += 1;
        }
        match row {
            Row::Exchange(exchange) => {
                self.exchanges += 1;
                let (answered, time) = (exchange.verdict.is_answered(), exchange.round_trip());
                self.all.add(answered, time);
                self.topics
                    .tally(exchange.message.topic.as_str())
                    .add(answered, time);
                if let Some(responder) = row.responder() {
                    self.responders.tally(responder).add(answered, time);
                }
            }
            Row::Message(_) => self.messages += 1,
            Row::Publish(_) => self.publishes += 1,
        }
    }

    /// All rows are in: percentiles can be told from now on.
    pub fn settle(&mut self) {
        self.all.times.sort_unstable();
        for groups in [&mut self.topics, &mut self.responders] {
            for tally in groups.named.values_mut() {
                tally.times.sort_unstable();
            }
            groups.others.times.sort_unstable();
        }
    }

    pub fn count(&self, category: Category) -> u64 {
        self.counts.get(category as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let mut tally = Tally::default();
        for ms in (1..=100).rev() {
            tally.add(true, Some(Duration::from_millis(ms)));
        }
        tally.add(false, Some(Duration::from_secs(9)));
        tally.times.sort_unstable();
        let of = |per_mille| tally.percentile(per_mille).map(|time| time.as_millis());
        assert_eq!(
            [of(500), of(900), of(990), of(1_000)],
            [Some(50), Some(90), Some(99), Some(100)]
        );
        assert_eq!(of(0), Some(1));
        assert_eq!(Tally::default().percentile(500), None);
    }

    #[test]
    fn names_beyond_the_bound_count_together() {
        let mut groups = Groups::default();
        for number in 0..MAX_GROUPS + 5 {
            groups.tally(&format!("t/{number}")).add(true, None);
        }
        groups.tally("t/0").add(true, None);
        assert_eq!((groups.len(), groups.others.exchanges), (MAX_GROUPS, 5));
        assert_eq!(groups.by_size()[0].0, "t/0");
    }
}
