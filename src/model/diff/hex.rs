//! Bytes that are no text, one by one, aligned so that what is equal stands beside each other.

use super::{Cell, Diff, DiffOptions, Kind, Mark, place};
use crate::model::text;
use bytes::Bytes;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Where more than this differs, bytes are compared place by place.
const ALIGNED: usize = 8 * 1024;
/// Characters that a row of sixteen bytes takes: offset, digits, letters.
const WIDE: usize = 10 + 16 * 3 + 1 + 16;

pub fn compare(
    left: Bytes,
    right: Bytes,
    options: &DiffOptions,
    notes: &mut Vec<String>,
    is_wanted: &dyn Fn() -> bool,
) -> Option<Diff> {
    let columns = if options.columns >= WIDE { 16 } else { 8 };
    let mut diff = Diff {
        bytes_a_row: Some(columns),
        ..Diff::default()
    };
    let front = left
        .iter()
        .zip(right.iter())
        .take_while(|(left, right)| left == right)
        .count();
    let (old, new) = (left.slice(front..), right.slice(front..));
    let back = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(left, right)| left == right)
        .count();
    let (old, new) = (old.slice(..old.len() - back), new.slice(..new.len() - back));
    let mut rows = Rows::new(columns);
    for _ in 0..front {
        rows.both(&mut diff, false);
    }
    if !is_wanted() {
        return None;
    }
    if old.len().max(new.len()) <= ALIGNED {
        for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
            let (before, after) = (op.old_range().len(), op.new_range().len());
            rows.run(&mut diff, before, after, matches!(op, DiffOp::Equal { .. }));
        }
    } else {
        notes.push(format!(
            "More than {} differ: bytes are compared place by place from the first difference on.",
            text::bytes(ALIGNED)
        ));
        let mut pairs = old.iter().zip(new.iter()).peekable();
        while let Some((left, right)) = pairs.next() {
            let is_same = left == right;
            let mut length = 1;
            while pairs
                .next_if(|(left, right)| (left == right) == is_same)
                .is_some()
            {
                length += 1;
            }
            rows.run(&mut diff, length, length, is_same);
        }
        let both = old.len().min(new.len());
        if both < old.len().max(new.len()) {
            rows.run(&mut diff, old.len() - both, new.len() - both, false);
        }
    }
    if !is_wanted() {
        return None;
    }
    rows.was_same = true;
    for _ in 0..back {
        rows.both(&mut diff, false);
    }
    rows.finish(&mut diff);
    diff.left = left;
    diff.right = right;
    Some(diff)
}

/// The row that is being filled.
struct Rows {
    columns: usize,
    filled: usize,
    left: (usize, usize),
    right: (usize, usize),
    differing: u16,
    left_missing: u16,
    right_missing: u16,
    was_same: bool,
}

impl Rows {
    fn new(columns: usize) -> Self {
        Self {
            columns,
            filled: 0,
            left: (0, 0),
            right: (0, 0),
            differing: 0,
            left_missing: 0,
            right_missing: 0,
            was_same: true,
        }
    }

    /// So many bytes on the left stand for so many on the right.
    fn run(&mut self, diff: &mut Diff, before: usize, after: usize, is_same: bool) {
        let both = before.min(after);
        if !is_same {
            if self.was_same {
                // A full row is only pushed when the next byte comes.
                diff.changes
                    .push(diff.rows.len() + usize::from(self.filled == self.columns));
            }
            diff.counts.changed += both;
            diff.counts.removed += before - both;
            diff.counts.added += after - both;
        }
        self.was_same = is_same;
        for _ in 0..both {
            self.both(diff, !is_same);
        }
        for _ in both..before {
            self.room(diff);
            self.differing |= 1 << self.filled;
            self.right_missing |= 1 << self.filled;
            self.left.1 += 1;
            self.filled += 1;
        }
        for _ in both..after {
            self.room(diff);
            self.differing |= 1 << self.filled;
            self.left_missing |= 1 << self.filled;
            self.right.1 += 1;
            self.filled += 1;
        }
    }

    fn both(&mut self, diff: &mut Diff, differs: bool) {
        self.room(diff);
        if differs {
            self.differing |= 1 << self.filled;
        }
        self.left.1 += 1;
        self.right.1 += 1;
        self.filled += 1;
    }

    fn room(&mut self, diff: &mut Diff) {
        if self.filled == self.columns {
            self.finish(diff);
        }
    }

    fn finish(&mut self, diff: &mut Diff) {
        if self.filled == 0 {
            return;
        }
        let differing = self.differing;
        let cell = |(start, end): (usize, usize), missing: u16| {
            (end > start).then(|| Cell {
                number: 0,
                start: place(start),
                end: place(end),
                mark: Mark::Bytes { differing, missing },
            })
        };
        let left = cell(self.left, self.left_missing);
        let right = cell(self.right, self.right_missing);
        let kind = match (left, right) {
            (Some(_), None) => Kind::Removed,
            (None, Some(_)) => Kind::Added,
            _ if differing == 0 => Kind::Same,
            _ => Kind::Changed,
        };
        diff.push(kind, left, right);
        self.left.0 = self.left.1;
        self.right.0 = self.right.1;
        self.filled = 0;
        self.differing = 0;
        self.left_missing = 0;
        self.right_missing = 0;
    }
}
