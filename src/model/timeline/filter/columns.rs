//! A filter and a whole segment at once: every name is looked at once, the bytes of all rows in one
//! pass, and only rows that this leaves open are read. What passes is the same as with
//! [`Check::holds`], which decides in the end and wherever rows lie whole.

use super::RowMarks;
use super::check::{Check, UserCheck};
use super::compile::Node;
use super::search::Pattern;
use crate::model::timeline::packed::{PackedRow, Segment};
use crate::model::timeline::peek::RowRef;
use fixedbitset::FixedBitSet;
use std::ops::Range;
use std::sync::Arc;

/// Of fewer than one row in so many, each is read: a pass over all bytes would take longer.
const FEW: usize = 8;

/// The segment that is looked through.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a> {
    pub segment: &'a Segment,
    pub marks: &'a dyn RowMarks,
}

impl Node {
    /// Those of the rows `asked` that pass.
    pub(super) fn passing(&self, columns: Columns<'_>, mut asked: FixedBitSet) -> FixedBitSet {
        match self {
            Self::Check(check) => check.passing(columns, asked),
            Self::All(all) => all.iter().fold(asked, |asked, one| {
                if asked.is_clear() {
                    asked
                } else {
                    one.passing(columns, asked)
                }
            }),
            Self::Any(all) => {
                let mut left = asked.clone();
                for one in all {
                    if left.is_clear() {
                        break;
                    }
                    let found = one.passing(columns, left.clone());
                    left.difference_with(&found);
                }
                asked.difference_with(&left);
                asked
            }
            Self::Not(inner) => {
                let found = inner.passing(columns, asked.clone());
                asked.difference_with(&found);
                asked
            }
        }
    }
}

impl Check {
    fn passing(&self, columns: Columns<'_>, mut asked: FixedBitSet) -> FixedBitSet {
        let holds = |row: PackedRow<'_>| self.holds(RowRef::packed(row), columns.marks);
        match self {
            Self::Topic(part) => {
                let mut names = columns.names_with(part);
                columns.keep(&asked, |row| {
                    let facts = row.facts();
                    names.has(facts.topic)
                        || names.has(facts.reply_topic)
                        || (row.replies() > 1 && names.has_any() && holds(row))
                })
            }
            Self::Device(part) => {
                let mut names = columns.names_with(part);
                columns.keep(&asked, |row| {
                    names.has(row.facts().responder)
                        || (row.replies() > 1 && names.has_any() && holds(row))
                })
            }
            Self::Rule(part) => {
                let mut names = columns.names_with(part);
                columns.keep(&asked, |row| names.has(row.facts().rule))
            }
            Self::Name(part) => {
                let mut names = columns.names_with(part);
                columns.keep(&asked, |row| names.has(row.facts().name))
            }
            Self::Connection { id, named } => {
                let mut names = columns.names(|name| {
                    id.is_in(name.as_bytes()) || named.iter().any(|id| **id == *name)
                });
                columns.keep(&asked, |row| names.has(row.facts().connection))
            }
            Self::Word(word) => {
                let mut names = columns.names_with(word);
                let by_name = columns.keep(&asked, |row| {
                    let facts = row.facts();
                    let mut all =
                        [facts.topic, facts.reply_topic, facts.responder, facts.name].into_iter();
                    all.any(|name| names.has(name))
                });
                asked.difference_with(&by_name);
                let mut open = columns.may_have(&asked, word);
                columns.add_large(&mut open, &asked, |payload| word.is_in(payload));
                if names.has_any() {
                    // What only later replies have is not in the columns.
                    open.union_with(&columns.keep(&asked, |row| row.replies() > 1));
                }
                let mut found = columns.keep(&open, |row| {
                    row.payloads().any(|payload| word.is_in(payload))
                        || (row.replies() > 1 && holds(row))
                });
                found.union_with(&by_name);
                found
            }
            Self::Payload(part) => {
                let mut open = columns.may_have(&asked, part);
                columns.add_large(&mut open, &asked, |payload| part.is_in(payload));
                columns.keep(&open, holds)
            }
            Self::Value(check) => {
                let mut open = columns.hit(&asked, |data, at| check.find_at(data, at));
                // An escape can hide anything.
                open.union_with(&columns.hit(&asked, |data, at| {
                    let found = memchr::memchr(b'\\', data.get(at..)?)?;
                    Some(at + found..at + found + 1)
                }));
                columns.add_large(&mut open, &asked, |payload| check.may_hold(payload));
                columns.keep(&open, holds)
            }
            Self::Correlation { text, bytes } => {
                let mut open = FixedBitSet::with_capacity(columns.segment.len());
                for part in text.iter().chain(bytes) {
                    open.union_with(&columns.may_have(&asked, part));
                }
                columns.keep(&open, holds)
            }
            Self::User(UserCheck::Either(part)) => {
                if columns.names_with(part).has_any() {
                    return columns.keep(&asked, holds);
                }
                columns.keep(&columns.may_have(&asked, part), holds)
            }
            Self::User(UserCheck::Both { name, value }) => {
                let mut names = columns.names(|one| name.is(one.as_bytes()));
                if !name.bytes().is_empty() && !names.has_any() {
                    asked.clear();
                    return asked;
                }
                columns.keep(&columns.may_have(&asked, value), holds)
            }
            _ => columns.keep(&asked, holds),
        }
    }
}

impl<'a> Columns<'a> {
    /// Of the rows, those that pass.
    pub(super) fn keep(
        self,
        rows: &FixedBitSet,
        mut passes: impl FnMut(PackedRow<'a>) -> bool,
    ) -> FixedBitSet {
        let mut kept = FixedBitSet::with_capacity(self.segment.len());
        for index in rows.ones() {
            if self.segment.row(index).is_some_and(&mut passes) {
                kept.insert(index);
            }
        }
        kept
    }

    fn names_with<'p>(self, part: &'p Pattern) -> Names<'a, impl Fn(&str) -> bool + 'p> {
        self.names(|name| part.is_in(name.as_bytes()))
    }

    fn names<F: Fn(&str) -> bool>(self, passes: F) -> Names<'a, F> {
        let texts = self.segment.names();
        Names {
            texts,
            passes,
            known: vec![None; texts.len()],
        }
    }

    /// Rows that may have it in what lies in the segment's bytes; no other one has.
    fn may_have(self, asked: &FixedBitSet, part: &Pattern) -> FixedBitSet {
        if part.looks_around() {
            return asked.clone();
        }
        self.hit(asked, |data, at| part.find_at(data, at))
    }

    /// Rows into which something reaches that `find` finds at or after a place.
    fn hit(
        self,
        asked: &FixedBitSet,
        find: impl Fn(&[u8], usize) -> Option<Range<usize>>,
    ) -> FixedBitSet {
        let rows = self.segment.len();
        if asked.count_ones(..) * FEW < rows {
            return asked.clone();
        }
        let data = self.segment.data();
        let mut hit = FixedBitSet::with_capacity(rows);
        let (mut index, mut at) = (0, 0);
        while index < rows
            && let Some(found) = find(data, at)
        {
            while index < rows && self.segment.end_of(index) <= found.start {
                index += 1;
            }
            // One is enough: what else there is in these rows changes nothing.
            while index < rows {
                hit.set(index, asked.contains(index));
                at = self.segment.end_of(index);
                index += 1;
                if at >= found.end {
                    break;
                }
            }
            while index < rows && !asked.contains(index) {
                at = self.segment.end_of(index);
                index += 1;
            }
        }
        hit
    }

    /// Rows with a large payload that may pass.
    fn add_large(
        self,
        rows: &mut FixedBitSet,
        asked: &FixedBitSet,
        may_pass: impl Fn(&[u8]) -> bool,
    ) {
        for (index, payload) in self.segment.large_payloads() {
            if asked.contains(index) && !rows.contains(index) && may_pass(payload) {
                rows.insert(index);
            }
        }
    }
}

/// The names of a segment, each looked at once, and not before a row has it.
struct Names<'a, F> {
    texts: &'a [Arc<str>],
    passes: F,
    known: Vec<Option<bool>>,
}

impl<F: Fn(&str) -> bool> Names<'_, F> {
    /// No name has it not.
    fn has(&mut self, name: u32) -> bool {
        let index = name as usize;
        match (self.known.get_mut(index), self.texts.get(index)) {
            (Some(known), Some(text)) => *known.get_or_insert_with(|| (self.passes)(text)),
            _ => false,
        }
    }

    fn has_any(&mut self) -> bool {
        (0..).take(self.texts.len()).any(|name| self.has(name))
    }
}
