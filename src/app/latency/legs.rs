//! Where the time goes: the medians of the legs of the newest exchanges.

use crate::app::rows::{LegKind, leg_times};
use crate::model::exchange::Exchange;
use crate::model::timeline::RowId;
use std::collections::VecDeque;
use std::time::Duration;

/// Legs are kept of so many of the newest answered exchanges.
pub const NEWEST: usize = 5_000;

const KINDS: usize = LegKind::ALL.len();

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    id: RowId,
    group: u32,
    times: [Option<Duration>; KINDS],
}

/// One leg of the typical exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegMedian {
    pub kind: LegKind,
    pub median: Duration,
    /// Of so many exchanges it is known.
    pub count: usize,
}

#[derive(Debug, Default)]
pub struct Legs {
    /// Ascending by id.
    newest: VecDeque<Times>,
}

impl Legs {
    pub fn put(&mut self, id: RowId, group: u32, exchange: &Exchange) {
        let mut times = [None; KINDS];
        for (kind, time) in leg_times(exchange) {
            times[kind as usize] = Some(time);
        }
        let at = self.newest.binary_search_by_key(&id, |one| one.id);
        let is_known = times.iter().any(Option::is_some);
        let one = Times { id, group, times };
        match at {
            Ok(at) if !is_known => drop(self.newest.remove(at)),
            Ok(at) => self.newest[at] = one,
            Err(at) if is_known => self.newest.insert(at, one),
            Err(_) => {}
        }
        while self.newest.len() > NEWEST {
            self.newest.pop_front();
        }
    }

    pub fn take(&mut self, id: RowId) {
        if let Ok(at) = self.newest.binary_search_by_key(&id, |one| one.id) {
            self.newest.remove(at);
        }
    }

    pub fn drop_before(&mut self, first: Option<RowId>) {
        while self
            .newest
            .front()
            .is_some_and(|one| first.is_none_or(|first| one.id < first))
        {
            self.newest.pop_front();
        }
    }

    /// In the order in which they happen.
    pub fn medians(&self, group: Option<u32>) -> Vec<LegMedian> {
        let of_group = |one: &&Times| group.is_none_or(|group| group == one.group);
        let median_of = |kind: LegKind| {
            let known = self.newest.iter().filter(of_group);
            let known = known.filter_map(|one| one.times[kind as usize]);
            let mut times: Vec<Duration> = known.collect();
            let middle = times.len().checked_sub(1)? / 2;
            let (_, median, _) = times.select_nth_unstable(middle);
            Some(LegMedian {
                kind,
                median: *median,
                count: times.len(),
            })
        };
        LegKind::ALL.into_iter().filter_map(median_of).collect()
    }
}
