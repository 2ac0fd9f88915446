//! Lists in files: which old element becomes which new one, and the change in either notation.

use super::{apply, pretty, same, update};
use toml_edit::{Array, Item, Table};

/// A list in a file, written either way: `[[…]]` or `[…]`.
pub(super) trait List {
    fn change(&mut self, index: usize, before: &Item, after: &Item) -> bool;
    fn insert(&mut self, index: usize, item: &Item) -> bool;
    fn remove(&mut self, index: usize);
}

pub(super) struct TablesOf<'a>(pub &'a mut toml_edit::ArrayOfTables);
pub(super) struct ValuesOf<'a>(pub &'a mut Array);

impl List for TablesOf<'_> {
    fn change(&mut self, index: usize, before: &Item, after: &Item) -> bool {
        match (
            self.0.get_mut(index),
            before.as_table_like(),
            after.as_table_like(),
        ) {
            (Some(slot), Some(before), Some(after)) => {
                apply(slot, before, after, false);
                true
            }
            _ => false,
        }
    }

    fn insert(&mut self, index: usize, item: &Item) -> bool {
        let Item::Table(mut table) = pretty(item, false) else {
            return false;
        };
        // Tables are printed in the order of their positions; the new one goes before the next.
        table.set_position(self.0.get(index).and_then(Table::position));
        self.0.insert(index, table);
        true
    }

    fn remove(&mut self, index: usize) {
        self.0.remove(index);
    }
}

impl List for ValuesOf<'_> {
    fn change(&mut self, index: usize, before: &Item, after: &Item) -> bool {
        let Some(value) = self.0.get_mut(index) else {
            return false;
        };
        let decor = value.decor().clone();
        let mut slot = Item::Value(value.clone());
        if !update(&mut slot, Some(before), after, true) {
            slot = pretty(after, true);
        }
        let Item::Value(mut new) = slot else {
            return false;
        };
        *new.decor_mut() = decor;
        *value = new;
        true
    }

    fn insert(&mut self, index: usize, item: &Item) -> bool {
        let Item::Value(mut value) = pretty(item, true) else {
            return false;
        };
        // One a line stays one a line.
        let neighbour = self
            .0
            .get(index)
            .or_else(|| self.0.get(index.wrapping_sub(1)));
        let prefix = neighbour.and_then(|neighbour| neighbour.decor().prefix()?.as_str());
        let indent: String = match prefix.and_then(|prefix| prefix.rsplit_once('\n')) {
            Some((_, indent)) => format!("\n{}", indent.split('#').next().unwrap_or_default()),
            None if index == 0 => String::new(),
            None => " ".to_owned(),
        };
        value.decor_mut().set_prefix(indent);
        self.0.insert_formatted(index, value);
        true
    }

    fn remove(&mut self, index: usize) {
        self.0.remove(index);
    }
}

/// Carries the difference between two lists over: what they share at both ends is not touched, and
/// between them each new element takes the place of the old one that it resembles most.
pub(super) fn splice(before: &[Item], after: &[Item], list: &mut dyn List) -> bool {
    let shared = |pairs: &mut dyn Iterator<Item = (&Item, &Item)>| {
        pairs.take_while(|(old, new)| same(old, new)).count()
    };
    let head = shared(&mut before.iter().zip(after));
    let shorter = before.len().min(after.len());
    let tail = shared(&mut before.iter().rev().zip(after.iter().rev())).min(shorter - head);
    let old = before.get(head..before.len() - tail).unwrap_or_default();
    let new = after.get(head..after.len() - tail).unwrap_or_default();
    let mut at = head;
    align(old, new).into_iter().all(|step| match step {
        Step::Change(old, new) => {
            at += 1;
            list.change(at - 1, old, new)
        }
        Step::Insert(new) => {
            at += 1;
            list.insert(at - 1, new)
        }
        Step::Remove => {
            list.remove(at);
            true
        }
    })
}

enum Step<'a> {
    Change(&'a Item, &'a Item),
    Insert(&'a Item),
    Remove,
}

/// Longer lists than this (as a product) are not compared each with each.
const MAX_COMPARISONS: usize = 40_000;

/// The steps from `old` to `new` in which the most alike become each other.
fn align<'a>(mut old: &'a [Item], mut new: &'a [Item]) -> Vec<Step<'a>> {
    // best[i][j]: how alike the rests from old[i] and new[j] can be made.
    let is_small = old.len().saturating_mul(new.len()) <= MAX_COMPARISONS;
    let width = new.len() + 1;
    let mut best = vec![0_u64; if is_small { (old.len() + 1) * width } else { 0 }];
    let value = |best: &[u64], i: usize, j: usize| best.get(i * width + j).copied().unwrap_or(0);
    if is_small {
        for (i, before) in old.iter().enumerate().rev() {
            for (j, after) in new.iter().enumerate().rev() {
                let most = (value(&best, i + 1, j + 1) + likeness(before, after))
                    .max(value(&best, i + 1, j))
                    .max(value(&best, i, j + 1));
                if let Some(slot) = best.get_mut(i * width + j) {
                    *slot = most;
                }
            }
        }
    }
    let mut steps = Vec::new();
    let (mut i, mut j) = (0, 0);
    loop {
        match (old.split_first(), new.split_first()) {
            (None, None) => return steps,
            (Some((before, rest_old)), Some((after, rest_new)))
                if !is_small
                    || value(&best, i, j)
                        == value(&best, i + 1, j + 1) + likeness(before, after) =>
            {
                steps.push(Step::Change(before, after));
                (old, new) = (rest_old, rest_new);
                (i, j) = (i + 1, j + 1);
            }
            (Some((_, rest)), next)
                if next.is_none() || value(&best, i, j) == value(&best, i + 1, j) =>
            {
                steps.push(Step::Remove);
                old = rest;
                i += 1;
            }
            (_, Some((after, rest))) => {
                steps.push(Step::Insert(after));
                new = rest;
                j += 1;
            }
            (_, None) => return steps,
        }
    }
}

/// How much two elements have in common: more than nothing, for one in the other's place is better than neither.
fn likeness(a: &Item, b: &Item) -> u64 {
    if same(a, b) {
        return 100;
    }
    match (a.as_table_like(), b.as_table_like()) {
        (Some(a), Some(b)) => {
            let shared = a
                .iter()
                .filter(|(key, item)| b.get(key).is_some_and(|other| same(item, other)))
                .count();
            let shared = u64::try_from(shared).unwrap_or(0);
            let all = u64::try_from(a.len().max(b.len())).unwrap_or(1).max(1);
            1 + 90 * shared / all
        }
        _ => 1,
    }
}
