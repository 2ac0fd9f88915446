//! Texts, line by line.

use super::{Cell, Diff, DiffOptions, Kind, Layout, Mark, place};
use crate::model::document::columns_of;
use bytes::Bytes;
use similar::{Algorithm, DiffOp, TextDiff};
use std::ops::Range;

/// The lines of a side and where they are.
struct Side<'a> {
    lines: Vec<&'a str>,
    starts: Vec<usize>,
}

impl<'a> Side<'a> {
    fn new(bytes: &'a Bytes) -> Self {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let mut start = 0;
        let (mut lines, mut starts) = (Vec::new(), Vec::new());
        // Nothing at all is no line.
        for line in text.split('\n').filter(|_| !text.is_empty()) {
            lines.push(line);
            starts.push(start);
            start += line.len() + 1;
        }
        Self { lines, starts }
    }

    fn line(&self, line: usize) -> &'a str {
        self.lines.get(line).copied().unwrap_or_default()
    }

    fn range(&self, line: usize) -> Range<usize> {
        let start = self.starts.get(line).copied().unwrap_or_default();
        start..start + self.line(line).len()
    }

    /// A line as cells that fit the width. `mark` is what of it differs.
    fn cells(&self, line: usize, mark: Option<&Range<usize>>, columns: usize) -> Vec<Cell> {
        let whole = self.range(line);
        let text = self.line(line);
        let mut ends = Vec::new();
        if text.len() * 4 > columns {
            let mut width = 0;
            for (at, character) in text.char_indices() {
                let needs = columns_of(character);
                if width + needs > columns {
                    ends.push(whole.start + at);
                    width = 0;
                }
                width += needs;
            }
        }
        ends.push(whole.end);
        let mut start = whole.start;
        let cells = ends.into_iter().map(|end| {
            let range = std::mem::replace(&mut start, end)..end;
            let mark = mark.map_or(Mark::Nothing, |mark| {
                let from = mark.start.max(range.start);
                let to = mark.end.min(range.end);
                if from < to {
                    Mark::Text(place(from), place(to))
                } else {
                    Mark::Nothing
                }
            });
            Cell {
                number: if range.start == whole.start {
                    place(line + 1)
                } else {
                    0
                },
                start: place(range.start),
                end: place(range.end),
                mark,
            }
        });
        cells.collect()
    }
}

pub fn compare(
    left: Bytes,
    right: Bytes,
    options: &DiffOptions,
    is_wanted: &dyn Fn() -> bool,
) -> Option<Diff> {
    let mut diff = Diff::default();
    {
        let (old, new) = (Side::new(&left), Side::new(&right));
        if !is_wanted() {
            return None;
        }
        let found = TextDiff::configure()
            .algorithm(Algorithm::Myers)
            .timeout(options.patience)
            .diff_slices(&old.lines, &new.lines);
        for (count, op) in found.ops().iter().enumerate() {
            if count % 1_024 == 0 && !is_wanted() {
                return None;
            }
            add(&mut diff, (&old, &new), op, options);
        }
    }
    diff.left = left;
    diff.right = right;
    Some(diff)
}

fn add(diff: &mut Diff, (old, new): (&Side<'_>, &Side<'_>), op: &DiffOp, options: &DiffOptions) {
    let columns = options.columns.clamp(20, 400);
    let (before, after) = (op.old_range(), op.new_range());
    if let DiffOp::Equal { .. } = op {
        for (left, right) in before.zip(after) {
            push(
                diff,
                Kind::Same,
                &old.cells(left, None, columns),
                &new.cells(right, None, columns),
            );
        }
        return;
    }
    diff.changes.push(diff.rows.len());
    let both = before.len().min(after.len());
    diff.counts.changed += both;
    diff.counts.removed += before.len() - both;
    diff.counts.added += after.len() - both;
    let marks =
        |at: usize| (at < both).then(|| inner(old, new, before.start + at, after.start + at));
    let left = |at: usize| {
        let mark = marks(at).map(|(left, _)| left);
        old.cells(before.start + at, mark.as_ref(), columns)
    };
    let right = |at: usize| {
        let mark = marks(at).map(|(_, right)| right);
        new.cells(after.start + at, mark.as_ref(), columns)
    };
    match options.layout {
        Layout::SideBySide => {
            for at in 0..both {
                push(diff, Kind::Changed, &left(at), &right(at));
            }
            for at in both..before.len() {
                push(diff, Kind::Removed, &left(at), &[]);
            }
            for at in both..after.len() {
                push(diff, Kind::Added, &[], &right(at));
            }
        }
        Layout::Unified => {
            for at in 0..before.len() {
                push(diff, Kind::Removed, &left(at), &[]);
            }
            for at in 0..after.len() {
                push(diff, Kind::Added, &[], &right(at));
            }
        }
    }
}

/// As many rows as the longer side needs.
fn push(diff: &mut Diff, kind: Kind, left: &[Cell], right: &[Cell]) {
    for at in 0..left.len().max(right.len()) {
        diff.push(kind, left.get(at).copied(), right.get(at).copied());
    }
}

/// What is left of two lines without their common beginning and end.
fn inner(
    old: &Side<'_>,
    new: &Side<'_>,
    left: usize,
    right: usize,
) -> (Range<usize>, Range<usize>) {
    let (old_range, new_range) = (old.range(left), new.range(right));
    let (left, right) = (old.line(left), new.line(right));
    let front: usize = left
        .chars()
        .zip(right.chars())
        .take_while(|(left, right)| left == right)
        .map(|(character, _)| character.len_utf8())
        .sum();
    let left = left.get(front..).unwrap_or_default();
    let right = right.get(front..).unwrap_or_default();
    let back: usize = left
        .chars()
        .rev()
        .zip(right.chars().rev())
        .take_while(|(left, right)| left == right)
        .map(|(character, _)| character.len_utf8())
        .sum();
    (
        old_range.start + front..old_range.end - back,
        new_range.start + front..new_range.end - back,
    )
}
