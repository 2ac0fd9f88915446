//! Packing takes milliseconds: it is handed out to whoever has a thread for it, and done here where nobody has.

use super::packed::{Builder, PackedRow, Segment};
use super::peek::RowRef;
use super::row::Category;
use super::rows::{Entry, Rows};
use super::sealed::{Body, Sealed};
use super::snapshot::Part;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many stretches may be with somebody else, and so many may wait to be packed.
const PATIENCE: usize = if cfg!(test) { 3 } else { 8 };

/// What is kept of stretches that are no longer needed, until somebody else frees them.
const SPENT: usize = 4 * PATIENCE;

/// Rows to be packed, for another thread. See [`super::Timeline::take_packing`].
#[derive(Debug)]
pub struct Packing(Part);

/// What came of a [`Packing`].
#[derive(Debug)]
pub struct Packed {
    part: Part,
    segment: Arc<Segment>,
    /// Rows that still wait, by index: they stay whole.
    open: BTreeMap<usize, Arc<Entry>>,
    /// What the rows weighed, and weigh now, all together.
    before: usize,
    after: usize,
}

/// Rows that are no longer needed, to be dropped on another thread.
#[derive(Debug)]
pub struct Spent {
    #[expect(dead_code, reason = "to be dropped")]
    parts: Vec<Part>,
}

impl Packing {
    pub fn pack(self) -> Packed {
        let Self(part) = self;
        let mut builder = Builder::default();
        let mut open = BTreeMap::new();
        for index in 0..part.body.len() {
            let Some(row) = part.peek(index) else {
                continue;
            };
            builder.push(row.id(), row.category(), &row.to_row());
            if row.category() != Category::Waiting || index < part.skip {
                continue;
            }
            let shared = part.patches.get(&index).map(Arc::clone);
            let entry = shared.or_else(|| part.body.entry(index).map(Arc::new));
            open.extend(entry.map(|entry| (index, entry)));
        }
        let segment = Arc::new(builder.done());
        let there = part.skip..part.body.len();
        Packed {
            before: there.clone().map(|index| part.weight_of(index)).sum(),
            after: there.map(|index| weight_of(&segment, index)).sum(),
            part,
            segment,
            open,
        }
    }
}

fn weight_of(segment: &Segment, index: usize) -> usize {
    let row = segment.row(index).map(RowRef::packed);
    row.map_or(0, RowRef::weight)
}

/// Who packs.
#[derive(Debug, Default)]
pub struct Help {
    /// Somebody has asked for something to pack.
    is_there: bool,
    /// There may be something to hand out.
    is_due: bool,
    /// What is handed out and has not come back.
    out: usize,
    /// So many packed stretches may be written anew: as many as there were new ones, so that it keeps up.
    anew: usize,
    spent: Vec<Part>,
}

impl Help {
    /// There is a new stretch.
    pub fn sealed(&mut self) {
        self.is_due = true;
        self.anew = (self.anew + 1).min(PATIENCE);
    }

    pub fn let_go(&mut self, part: Part) {
        if self.is_there && self.spent.len() < SPENT {
            self.spent.push(part);
        }
    }
}

impl Rows {
    pub fn take_packing(&mut self) -> Option<Packing> {
        self.help.is_there = true;
        if !self.help.is_due || self.help.out >= PATIENCE {
            return None;
        }
        let is_next = |sealed: &Sealed| sealed.is_whole() && !sealed.is_out;
        let next = self.segments.iter().position(is_next);
        let Some(at) = next.or_else(|| self.next_settled()) else {
            self.help.is_due = false;
            return None;
        };
        let sealed = self.segments.get_mut(at)?;
        sealed.is_out = true;
        self.help.out += 1;
        Some(Packing(Part::of(sealed)))
    }

    /// One whose changes have settled, where it is time for one.
    fn next_settled(&mut self) -> Option<usize> {
        self.help.anew = self.help.anew.checked_sub(1)?;
        let is_next = |sealed: &Sealed| sealed.is_settled() && !sealed.is_out;
        let next = self.segments.iter().position(is_next);
        if next.is_none() {
            self.help.anew = 0;
        }
        next
    }

    /// Packs what nobody else packs, or not fast enough.
    pub fn keep_up(&mut self) {
        let patience = if self.help.is_there { PATIENCE } else { 0 };
        let whole = self.segments.iter().filter(|sealed| sealed.is_whole());
        for _ in patience..whole.count() {
            let is_next = |sealed: &Sealed| sealed.is_whole() && !sealed.is_out;
            let oldest = self.segments.iter().position(is_next);
            self.pack_here(oldest);
            let settled = self.next_settled();
            self.pack_here(settled);
        }
    }

    fn pack_here(&mut self, at: Option<usize>) {
        if let Some(sealed) = at.and_then(|at| self.segments.get(at)) {
            let packing = Packing(Part::of(sealed));
            self.put_packed(packing.pack());
        }
    }

    pub fn packed(&mut self, packed: Packed) {
        self.help.out = self.help.out.saturating_sub(1);
        self.put_packed(packed);
    }

    fn put_packed(&mut self, packed: Packed) {
        let Packed {
            part,
            segment,
            open,
            mut before,
            mut after,
        } = packed;
        let first = segment.first_id();
        let at = self
            .segments
            .partition_point(|sealed| sealed.body.last_id() < first);
        let there = self.segments.get_mut(at);
        let Some(sealed) = there.filter(|sealed| sealed.body.is(&part.body)) else {
            // Gone, or packed in the meantime.
            self.help.let_go(part);
            return;
        };
        sealed.patches.retain(|index, entry| {
            let packed = part.patches.get(index);
            let is_same = packed.is_some_and(|packed| Arc::ptr_eq(packed, entry));
            !is_same || open.contains_key(index)
        });
        for (index, entry) in open.range(sealed.skip..) {
            let beside = sealed.patches.entry(*index);
            beside.or_insert_with(|| Arc::clone(entry));
        }
        // What is gone, or lies beside, weighs what it did.
        let gone = part.skip..sealed.skip;
        for index in gone.chain(sealed.patches.keys().copied()) {
            before = before.saturating_sub(part.weight_of(index));
            after = after.saturating_sub(weight_of(&segment, index));
        }
        self.bytes = (self.bytes + after).saturating_sub(before);
        for index in sealed.skip..segment.len() {
            if let Some(exchange) = segment.row(index).and_then(PackedRow::exchange_id)
                && !sealed.patches.contains_key(&index)
            {
                self.whole.remove(&exchange);
            }
        }
        sealed.body = Body::Packed(segment);
        sealed.is_out = false;
        self.help.let_go(part);
    }

    pub fn take_spent(&mut self) -> Option<Spent> {
        if self.help.spent.is_empty() {
            return None;
        }
        let parts = std::mem::take(&mut self.help.spent);
        Some(Spent { parts })
    }
}
