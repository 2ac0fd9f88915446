//! Where rows lie: the newest whole, the older ones in stretches that are packed, here or by somebody
//! else ([`super::packing`]), and those that changed since beside their stretch.

use super::RowId;
use super::packed;
use super::packing::Help;
use super::peek::RowRef;
use super::row::{Category, Row};
use super::sealed::{Body, Sealed};
use super::snapshot::{Part, Snapshot};
use crate::model::exchange::ExchangeId;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// So many of the newest rows at least are whole: most of what still happens, happens to them.
const WHOLE: usize = 2 * packed::ROWS;

#[derive(Clone, Debug)]
pub struct Entry {
    pub id: RowId,
    pub row: Row,
    pub category: Category,
    pub weight: usize,
}

impl Entry {
    pub fn new(id: RowId, row: Row) -> Self {
        Self {
            id,
            category: Category::of(&row),
            weight: row.weight(),
            row,
        }
    }

    pub fn peek(&self) -> RowRef<'_> {
        RowRef::whole(self.id, self.category, &self.row)
    }

    pub fn exchange(&self) -> Option<ExchangeId> {
        match &self.row {
            Row::Exchange(exchange) => Some(exchange.id),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Sealed { at: usize, index: usize },
    Tail(usize),
}

#[derive(Debug, Default)]
pub struct Rows {
    pub(super) segments: VecDeque<Sealed>,
    /// Ascending by id.
    tail: VecDeque<Entry>,
    /// How many rows were ever before the tail.
    tail_ordinal: u64,
    /// The exchanges among the whole rows.
    pub(super) whole: HashMap<ExchangeId, RowId>,
    pub(super) bytes: usize,
    pub(super) help: Help,
}

impl Rows {
    fn front_ordinal(&self) -> u64 {
        match self.segments.front() {
            Some(sealed) => sealed.ordinal + sealed.skip as u64,
            None => self.tail_ordinal,
        }
    }

    pub fn len(&self) -> usize {
        let end = self.tail_ordinal + self.tail.len() as u64;
        usize::try_from(end - self.front_ordinal()).unwrap_or(usize::MAX)
    }

    /// Bytes of all rows, roughly.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The newest rows, as far as they are whole.
    pub fn tail(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.tail.iter()
    }

    pub fn push(&mut self, entry: Entry) {
        self.bytes += entry.weight;
        if let Some(exchange) = entry.exchange() {
            self.whole.insert(exchange, entry.id);
        }
        self.tail.push_back(entry);
        if self.tail.len() >= WHOLE + packed::ROWS {
            self.seal_oldest();
            self.keep_up();
        }
    }

    fn locate(&self, id: RowId) -> Option<Place> {
        if self.tail.front().is_some_and(|first| id >= first.id) {
            let at = self.tail.binary_search_by_key(&id, |entry| entry.id);
            return at.ok().map(Place::Tail);
        }
        let later = |sealed: &Sealed| sealed.body.last_id().is_some_and(|last| last < id);
        let at = self.segments.partition_point(later);
        let sealed = self.segments.get(at)?;
        let index = sealed.body.index_of(id)?;
        (index >= sealed.skip).then_some(Place::Sealed { at, index })
    }

    fn at(&self, place: Place) -> Option<RowRef<'_>> {
        match place {
            Place::Tail(at) => self.tail.get(at).map(Entry::peek),
            Place::Sealed { at, index } => self.segments.get(at)?.peek(index),
        }
    }

    pub fn peek(&self, id: RowId) -> Option<RowRef<'_>> {
        self.at(self.locate(id)?)
    }

    pub fn of_exchange(&self, id: ExchangeId) -> Option<RowId> {
        if let Some(row) = self.whole.get(&id) {
            return Some(*row);
        }
        self.segments.iter().rev().find_map(|sealed| {
            let index = sealed.body.index_of_exchange(id)?;
            let row = sealed.body.id(index)?;
            (index >= sealed.skip).then_some(row)
        })
    }

    pub fn id_at(&self, place: usize) -> Option<RowId> {
        let ordinal = self.front_ordinal() + place as u64;
        if ordinal >= self.tail_ordinal {
            let at = usize::try_from(ordinal - self.tail_ordinal).ok()?;
            return self.tail.get(at).map(|entry| entry.id);
        }
        let at = self
            .segments
            .partition_point(|sealed| sealed.ordinal <= ordinal);
        let sealed = self.segments.get(at.checked_sub(1)?)?;
        let index = usize::try_from(ordinal - sealed.ordinal).ok()?;
        sealed.body.id(index)
    }

    pub fn place_of(&self, id: RowId) -> Option<usize> {
        let ordinal = match self.locate(id)? {
            Place::Tail(at) => self.tail_ordinal + at as u64,
            Place::Sealed { at, index } => self.segments.get(at)?.ordinal + index as u64,
        };
        usize::try_from(ordinal - self.front_ordinal()).ok()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = RowRef<'_>> {
        let packed = self.segments.iter().flat_map(|sealed| {
            let indexes = sealed.skip..sealed.body.len();
            indexes.filter_map(|index| sealed.peek(index))
        });
        packed.chain(self.tail.iter().map(Entry::peek))
    }

    /// Changes a row, unpacked if need be. What `change` gives is given back.
    pub fn edit<T>(
        &mut self,
        id: RowId,
        change: impl FnOnce(&mut Row) -> T,
    ) -> Option<(Edited, T)> {
        let place = self.locate(id)?;
        let entry = match place {
            Place::Tail(at) => self.tail.get_mut(at)?,
            Place::Sealed { at, index } => {
                let sealed = self.segments.get_mut(at)?;
                let entry = match sealed.patches.entry(index) {
                    std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
                    std::collections::btree_map::Entry::Vacant(free) => {
                        let entry = sealed.body.entry(index)?;
                        let packed = sealed.body.weight_of(index);
                        self.bytes = self.bytes.saturating_sub(packed) + entry.weight;
                        if let Some(exchange) = entry.exchange() {
                            self.whole.insert(exchange, id);
                        }
                        free.insert(Arc::new(entry))
                    }
                };
                Arc::make_mut(entry)
            }
        };
        let (was, was_round_trip) = (entry.category, entry.peek().round_trip());
        let weight = entry.weight;
        let given = change(&mut entry.row);
        entry.category = Category::of(&entry.row);
        let edited = Edited {
            was,
            was_round_trip,
            is: entry.category,
            round_trip: entry.peek().round_trip(),
        };
        self.bytes = self.bytes.saturating_sub(weight) + entry.weight;
        Some((edited, given))
    }

    /// A row has become heavier by so many bytes.
    pub fn weigh(&mut self, id: RowId, grown: usize) {
        if let Some(entry) = self.unpacked_mut(id) {
            entry.weight += grown;
            self.bytes += grown;
        }
    }

    /// A row is another one now: what it weighs is counted anew.
    pub fn weigh_anew(&mut self, id: RowId) {
        if let Some(entry) = self.unpacked_mut(id) {
            let (before, after) = (entry.weight, entry.row.weight());
            entry.weight = after;
            self.bytes = self.bytes.saturating_sub(before) + after;
        }
    }

    fn unpacked_mut(&mut self, id: RowId) -> Option<&mut Entry> {
        match self.locate(id)? {
            Place::Tail(at) => self.tail.get_mut(at),
            Place::Sealed { at, index } => {
                let sealed = self.segments.get_mut(at)?;
                sealed.patches.get_mut(&index).map(Arc::make_mut)
            }
        }
    }

    /// Takes the oldest row out.
    pub fn pop_front(&mut self) -> Option<Gone> {
        let Some(sealed) = self.segments.front_mut() else {
            let entry = self.tail.pop_front()?;
            self.tail_ordinal += 1;
            self.bytes = self.bytes.saturating_sub(entry.weight);
            if let Some(exchange) = entry.exchange() {
                self.whole.remove(&exchange);
            }
            return Some(Gone::of(entry.peek()));
        };
        let row = sealed.peek(sealed.skip)?;
        let (gone, exchange) = (Gone::of(row), row.exchange_id());
        self.bytes = self.bytes.saturating_sub(sealed.weight_of(sealed.skip));
        sealed.patches.remove(&sealed.skip);
        sealed.skip += 1;
        if let Some(exchange) = exchange {
            self.whole.remove(&exchange);
        }
        if sealed.skip >= sealed.body.len()
            && let Some(sealed) = self.segments.pop_front()
        {
            self.help.let_go(Part::from(sealed));
        }
        Some(gone)
    }

    /// Takes the oldest rows of the tail into a stretch of their own.
    fn seal_oldest(&mut self) {
        let count = self.tail.len().saturating_sub(WHOLE);
        self.seal(count.min(packed::ROWS));
    }

    /// Takes at most so many rows from the front of the tail into a stretch of their own; fewer where they are large.
    fn seal(&mut self, most: usize) {
        let mut weight = 0_usize;
        let fits = |entry: &&Entry| {
            weight = weight.saturating_add(entry.weight);
            weight <= packed::FULL_BYTES
        };
        let rows = self.tail.iter().take(most);
        let count = rows.take_while(fits).count().max(1);
        let entries: Vec<Entry> = self.tail.drain(..count.min(self.tail.len())).collect();
        let ordinal = self.tail_ordinal;
        self.tail_ordinal += entries.len() as u64;
        let sealed = Sealed::new(Body::Whole(Arc::new(entries)), ordinal);
        self.segments.push_back(sealed);
        self.help.sealed();
    }

    /// Everything but the tail, to be read elsewhere.
    pub fn snapshot(&self) -> Snapshot {
        let parts = self.segments.iter().map(Part::of);
        Snapshot::new(parts.collect(), self.tail.front().map(|entry| entry.id))
    }

    /// Takes out all rows but those that are kept.
    pub fn take(&mut self, keep: impl Fn(RowRef<'_>) -> bool) -> Taken {
        let kept: VecDeque<Entry> = self
            .iter()
            .filter(|row| keep(*row))
            .map(|row| Entry::new(row.id(), row.to_row().into_owned()))
            .collect();
        let mut old = std::mem::take(self);
        self.help = std::mem::take(&mut old.help);
        // What is given back meanwhile comes too late.
        old.segments.iter_mut().for_each(|one| one.is_out = false);
        old.tail.retain(|entry| !keep(entry.peek()));
        let kept_packed = kept
            .iter()
            .filter(|one| old.locate(one.id).is_some())
            .count();
        let taken = Taken {
            count: old.len() - kept_packed,
            segments: old.segments,
            tail: old.tail,
        };
        for entry in kept {
            self.push(entry);
        }
        taken
    }

    /// Puts back what was taken. What was kept has gone on meanwhile and stays as it is.
    pub fn put_back(&mut self, taken: Taken) {
        let boundary = taken.last_id();
        let mut now = std::mem::take(self);
        let help = std::mem::take(&mut now.help);
        let (old, later): (VecDeque<Sealed>, VecDeque<Sealed>) = now
            .segments
            .into_iter()
            .partition(|sealed| sealed.body.first_id() <= boundary);
        let unpacked = old.iter().flat_map(|sealed| {
            (sealed.skip..sealed.body.len())
                .filter_map(|index| sealed.peek(index))
                .map(|row| Entry::new(row.id(), row.to_row().into_owned()))
        });
        let mut middle: BTreeMap<RowId, Entry> =
            taken.tail.into_iter().map(|it| (it.id, it)).collect();
        middle.extend(unpacked.map(|entry| (entry.id, entry)));
        let mut tail = now.tail;
        while tail
            .front()
            .is_some_and(|entry| Some(entry.id) <= boundary || later.is_empty())
            && let Some(entry) = tail.pop_front()
        {
            middle.insert(entry.id, entry);
        }
        self.segments = taken.segments;
        self.help = help;
        self.reckon();
        let ids: Vec<RowId> = middle.keys().copied().collect();
        for id in ids {
            if let Some(Place::Sealed { at, index }) = self.locate(id)
                && let Some(sealed) = self.segments.get_mut(at)
                && let Some(entry) = middle.remove(&id)
            {
                sealed.patches.insert(index, Arc::new(entry));
            }
        }
        self.tail = middle.into_values().collect();
        if !later.is_empty() {
            while !self.tail.is_empty() {
                self.seal(packed::ROWS);
            }
            self.segments.extend(later);
            self.tail = tail;
        }
        self.reckon();
        while self.tail.len() >= WHOLE + packed::ROWS {
            self.seal_oldest();
        }
        self.help.sealed();
        self.keep_up();
    }

    /// Counts everything anew.
    fn reckon(&mut self) {
        self.whole.clear();
        self.bytes = 0;
        let mut ordinal = 0;
        for sealed in &mut self.segments {
            sealed.ordinal = ordinal;
            ordinal += sealed.body.len() as u64;
            self.bytes += sealed.weight();
            for entry in sealed.whole() {
                if let Some(exchange) = entry.exchange() {
                    self.whole.insert(exchange, entry.id);
                }
            }
        }
        self.tail_ordinal = ordinal;
        for entry in &self.tail {
            self.bytes += entry.weight;
            if let Some(exchange) = entry.exchange() {
                self.whole.insert(exchange, entry.id);
            }
        }
    }
}

/// What an edit made of a row.
#[derive(Clone, Copy, Debug)]
pub struct Edited {
    pub was: Category,
    pub was_round_trip: Option<std::time::Duration>,
    pub is: Category,
    pub round_trip: Option<std::time::Duration>,
}

/// A row that had to go.
#[derive(Clone, Copy, Debug)]
pub struct Gone {
    pub category: Category,
    pub round_trip: Option<std::time::Duration>,
}

impl Gone {
    fn of(row: RowRef<'_>) -> Self {
        Self {
            category: row.category(),
            round_trip: row.round_trip(),
        }
    }
}

/// What [`Rows::take`] took.
#[derive(Debug)]
pub struct Taken {
    segments: VecDeque<Sealed>,
    tail: VecDeque<Entry>,
    count: usize,
}

impl Taken {
    pub fn len(&self) -> usize {
        self.count
    }

    fn last_id(&self) -> Option<RowId> {
        let sealed = || {
            self.segments
                .back()
                .and_then(|sealed| sealed.body.last_id())
        };
        self.tail.back().map(|entry| entry.id).or_else(sealed)
    }
}
