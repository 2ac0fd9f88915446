//! Which rows were added or changed, for those who follow a timeline: a list, a recording.

use super::RowId;
use std::collections::VecDeque;

/// So many touches are remembered; who looks more seldom starts over.
const REMEMBERED: usize = 1 << 17;

#[derive(Debug, Default)]
pub(super) struct TouchLog {
    log: VecDeque<RowId>,
    /// The number of the first one in the log.
    start: u64,
}

/// What was touched since the last look. Every follower keeps the cursor of its last look, and begins with 0.
#[derive(Debug)]
pub struct Touched<'a> {
    log: &'a VecDeque<RowId>,
    from: usize,
    /// For the next look.
    pub cursor: u64,
    /// Too much has happened since: look at all rows.
    pub is_incomplete: bool,
}

impl Touched<'_> {
    /// In the order of the touches; a row may come several times.
    pub fn ids(&self) -> impl Iterator<Item = RowId> {
        self.log.iter().skip(self.from).copied()
    }

    pub fn is_empty(&self) -> bool {
        self.from >= self.log.len() && !self.is_incomplete
    }
}

impl TouchLog {
    pub fn note(&mut self, id: RowId) {
        self.log.push_back(id);
        if self.log.len() > REMEMBERED {
            self.log.pop_front();
            self.start += 1;
        }
    }

    pub fn since(&self, cursor: u64) -> Touched<'_> {
        let cursor_now = self.start + self.log.len() as u64;
        Touched {
            log: &self.log,
            from: usize::try_from(cursor.saturating_sub(self.start)).unwrap_or(usize::MAX),
            cursor: cursor_now,
            is_incomplete: cursor < self.start,
        }
    }
}
