//! What the selected rows amount to.

use super::set::RowSet;
use crate::app::listing::sort::in_nanos;
use crate::app::work::{Work, Worker};
use crate::model::timeline::{RowRef, Timeline};
use std::time::{Duration, Instant};

/// So many are looked at within a frame.
const AT_ONCE: u64 = if cfg!(test) { 64 } else { 2_048 };
/// More are looked at again this long after the last time, while rows change.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Those that have a round trip.
    pub answered: usize,
    pub p50: Option<Duration>,
    pub p99: Option<Duration>,
}

impl Summary {
    fn of(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let rank = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1) - 1;
            times.get(rank).copied().map(Duration::from_nanos)
        };
        Self {
            answered: times.len(),
            p50: rank(50),
            p99: rank(99),
        }
    }
}

fn time(row: RowRef<'_>) -> Option<u64> {
    row.round_trip().map(in_nanos)
}

/// The summary, brought up to date on another thread where rows are many.
#[derive(Debug, Default)]
pub(super) struct Summing {
    done: Option<Summary>,
    work: Option<Work<Summary>>,
    /// The selection and the timeline that it is of, as numbers that grow.
    of: Option<(u64, u64)>,
    began: Option<Instant>,
}

impl Summing {
    pub fn get(&self) -> Option<Summary> {
        self.done
    }

    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// When it has to be looked at again although nothing happens.
    pub fn next_look(&self, rows: &RowSet, timeline: &Timeline) -> Option<Duration> {
        let (_, version) = self.of?;
        let is_stale = version != timeline.version() && rows.len() > AT_ONCE;
        (is_stale && self.work.is_none()).then(|| self.left())
    }

    fn left(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| {
            AGAIN.saturating_sub(began.elapsed())
        })
    }

    /// `generation` grows whenever other rows are selected.
    pub fn follow(&mut self, rows: &RowSet, generation: u64, timeline: &Timeline, worker: &Worker) {
        if let Some(work) = &self.work
            && let Some(summary) = work.take()
        {
            self.done = Some(summary);
            self.work = None;
        }
        let now = (generation, timeline.version());
        if self.of == Some(now) {
            return;
        }
        let is_other = self.of.is_none_or(|(of, _)| of != generation);
        if rows.len() <= AT_ONCE {
            let found = rows.ids().filter_map(|id| timeline.peek(id));
            self.done = Some(Summary::of(found.filter_map(time).collect()));
            self.work = None;
        } else if is_other || (self.work.is_none() && self.left().is_zero()) {
            if is_other {
                self.done = None;
            }
            self.began = Some(Instant::now());
            self.work = Some(start(rows.clone(), timeline, worker));
        } else {
            return;
        }
        self.of = Some(now);
    }
}

fn start(rows: RowSet, timeline: &Timeline, worker: &Worker) -> Work<Summary> {
    let newest = timeline.newest().filter(|row| rows.contains(row.id()));
    let mut times: Vec<u64> = newest.filter_map(time).collect();
    let snapshot = timeline.snapshot();
    worker.start(move |wanted| {
        for part in snapshot.parts() {
            if !wanted.is_so() {
                return None;
            }
            let chosen = part.rows().filter(|row| rows.contains(row.id()));
            times.extend(chosen.filter_map(time));
        }
        Some(Summary::of(times))
    })
}
