//! The rows that pass the filter in another order than their own, or in groups.
//!
//! It is made on a thread of its own where rows are many; until it is done what was shown before
//! stays. Afterwards every change is put in its
//! place at once. Start at [`Arrangement::refresh`].

mod build;

use super::group::{Group, GroupBy, GroupId, GroupLine, GroupOrder};
use super::sort::{Connections, Entry, Names, Order, SortBy, Value, in_nanos, name_of};
use crate::model::timeline::{Category, Filter, RowId, RowRef, Timeline};
use build::{Build, Progress};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    Row(RowId),
    Group(GroupId),
}

/// What the table was asked to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// None: newest first.
    pub order: Option<Order>,
    pub group: Option<GroupBy>,
}

impl Spec {
    pub fn is_plain(self) -> bool {
        self == Self::default()
    }

    /// Newest first, where nothing else is asked for.
    fn order_or_newest(self) -> Order {
        self.order.unwrap_or(Order {
            by: SortBy::Number,
            is_descending: true,
        })
    }
}

/// Where a row stands, to take it out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    entry: Entry,
    /// [`NO_TIME`] for none.
    round_trip: u64,
    group: u32,
    category: Category,
}

const NO_TIME: u64 = u64::MAX;

impl Record {
    fn time(&self) -> Option<u64> {
        (self.round_trip != NO_TIME).then_some(self.round_trip)
    }
}

/// Records by row, in pages: row numbers lie close together.
#[derive(Debug, Default)]
struct Records {
    pages: BTreeMap<u64, Box<[Option<Record>]>>,
    /// Nothing is older.
    oldest: u64,
}

const PAGE: u64 = 256;

impl Records {
    fn slot(id: RowId) -> usize {
        usize::try_from(id.number() % PAGE).unwrap_or(0)
    }

    fn get(&self, id: RowId) -> Option<Record> {
        let page = self.pages.get(&(id.number() / PAGE))?;
        page.get(Self::slot(id)).copied().flatten()
    }

    fn set(&mut self, id: RowId, record: Option<Record>) -> Option<Record> {
        let number = id.number() / PAGE;
        if record.is_none() && !self.pages.contains_key(&number) {
            return None;
        }
        let page = self.pages.entry(number);
        let page = page.or_insert_with(|| vec![None; Self::slot(RowId::new(PAGE - 1)) + 1].into());
        let slot = page.get_mut(Self::slot(id))?;
        std::mem::replace(slot, record)
    }

    /// Takes out what is older than `first`.
    fn forget_before(&mut self, first: u64) -> Vec<Record> {
        let mut gone = Vec::new();
        if first <= self.oldest {
            return gone;
        }
        self.oldest = first;
        while let Some(mut page) = self.pages.first_entry() {
            let start = *page.key() * PAGE;
            if start >= first {
                break;
            }
            let ids = start..;
            let old = page.get_mut().iter_mut().zip(ids);
            gone.extend(
                old.take_while(|(_, id)| *id < first)
                    .filter_map(|(slot, _)| slot.take()),
            );
            if start + PAGE > first {
                break;
            }
            page.remove();
        }
        gone
    }
}

/// What is shown.
#[derive(Debug, Default)]
struct Built {
    spec: Spec,
    /// Texts are labelled by how connections were called.
    connections: Arc<Connections>,
    values: Names,
    names: Names,
    records: Records,
    /// By number; one of them when nothing is grouped.
    groups: Vec<Group>,
    /// The groups that have rows, as they stand in the table.
    display: Vec<u32>,
    /// Where each of these begins.
    starts: Vec<usize>,
    len: usize,
    /// A text found no place among the others: all must be labelled anew.
    is_crowded: bool,
    /// Groups came, went or changed since they were put in order.
    is_unordered: bool,
    settles: u64,
}

#[derive(Debug, Default)]
pub struct Arrangement {
    wanted: Spec,
    built: Option<Built>,
    build: Option<Build>,
    group_order: GroupOrder,
    open_by_default: bool,
    /// The groups that are not as most are.
    exceptions: BTreeSet<Arc<str>>,
    /// Groups were opened or closed.
    is_refolded: bool,
    cursor: u64,
    epoch: u64,
    /// What it was made with.
    filter: Filter,
    connections: Arc<Connections>,
}

/// Groups are put in order again at every change while they are fewer than this, and else less often.
const FEW_GROUPS: usize = 2_048;
const SELDOM: u64 = 12;

impl Arrangement {
    pub fn wanted(&self) -> Spec {
        self.wanted
    }

    pub fn want(&mut self, spec: Spec) {
        if spec.group != self.wanted.group {
            self.exceptions.clear();
            self.open_by_default = false;
        }
        if spec != self.wanted {
            self.wanted = spec;
            self.build = None;
        }
    }

    /// How connections are called, to sort by it.
    pub fn call_connections<'a>(
        &mut self,
        names: impl Iterator<Item = (&'a String, &'a String)> + Clone,
    ) {
        let mut pairs = names.clone();
        let is_same = names.clone().count() == self.connections.len()
            && pairs.all(|(id, name)| self.connections.get(id) == Some(name));
        if !is_same {
            let names = names.map(|(id, name)| (id.clone(), name.clone()));
            self.connections = Arc::new(names.collect());
            // What is being made has the old names.
            self.build = None;
        }
    }

    pub fn group_order(&self) -> GroupOrder {
        self.group_order
    }

    pub fn set_group_order(&mut self, order: GroupOrder) {
        self.group_order = order;
        self.put_groups_in_order(true);
    }

    /// Whether there is something to show that is not newest first.
    pub fn is_shown(&self) -> bool {
        self.built.is_some()
    }

    /// It is being made; what is shown is not yet what was asked for.
    pub fn is_busy(&self) -> bool {
        self.build.is_some() || self.built.as_ref().is_some_and(|built| built.is_unordered)
    }

    /// Brings it up to date with the timeline.
    pub fn refresh(&mut self, timeline: &Timeline, filter: &Filter) {
        if self.wanted.is_plain() {
            self.built = None;
            self.build = None;
            return;
        }
        let touched = timeline.touched_since(self.cursor);
        self.cursor = touched.cursor;
        let is_other =
            self.epoch != timeline.epoch() || self.filter != *filter || touched.is_incomplete;
        self.epoch = timeline.epoch();
        if self.filter != *filter {
            self.filter = filter.clone();
        }
        let is_outdated = self.built.as_ref().is_none_or(|built| {
            built.spec != self.wanted
                || built.is_crowded
                || !Arc::ptr_eq(&built.connections, &self.connections)
        });
        let mut changed: Vec<RowId> = Vec::new();
        if self.built.is_some() || self.build.is_some() {
            changed.extend(touched.ids());
            changed.sort_unstable();
            changed.dedup();
        }
        if is_other || (is_outdated && self.build.is_none()) {
            let before = self.built.as_ref();
            let same = before.filter(|built| built.spec.group == self.wanted.group);
            let names = same.map(|built| built.names.clone()).unwrap_or_default();
            let connections = Arc::clone(&self.connections);
            let build = Build::new(self.wanted, (names, connections), timeline, filter);
            self.build = Some(build);
        } else if let Some(build) = &mut self.build {
            build.note(&changed);
        }
        if let Some(built) = &mut self.built {
            built.follow(timeline, filter, &changed);
        }
        match self.build.as_mut().map(Build::advance) {
            Some(Progress::Done(done)) => {
                let (mut built, changed) = *done;
                built.follow(timeline, filter, &changed);
                self.built = Some(built);
                self.build = None;
                self.put_groups_in_order(true);
            }
            Some(Progress::Lost) => self.build = None,
            Some(Progress::Working) | None => self.put_groups_in_order(false),
        }
    }

    /// Lines: rows, and heads of groups.
    pub fn lines(&self) -> usize {
        self.built.as_ref().map_or(0, |built| built.len)
    }

    pub fn at(&self, place: usize) -> Option<Shown> {
        let built = self.built.as_ref()?;
        if built.spec.group.is_none() {
            let entry = built.groups.first()?.rows.at(place)?;
            return Some(Shown::Row(entry.id()));
        }
        if place >= built.len {
            return None;
        }
        let at = built
            .starts
            .partition_point(|start| *start <= place)
            .checked_sub(1)?;
        let number = *built.display.get(at)?;
        let within = place - built.starts.get(at)?;
        match within.checked_sub(1) {
            None => Some(Shown::Group(GroupId(number))),
            Some(within) => {
                let group = built.groups.get(number as usize)?;
                Some(Shown::Row(group.rows.at(within)?.id()))
            }
        }
    }

    /// The rows at these places.
    pub fn rows_at(&self, places: RangeInclusive<usize>) -> impl Iterator<Item = RowId> {
        let (from, to) = places.into_inner();
        let to = to.saturating_add(1);
        let built = self.built.iter();
        built
            .flat_map(move |built| {
                let is_grouped = built.spec.group.is_some();
                let plain = (!is_grouped).then_some((0, 0));
                let grouped = built.display.iter().zip(&built.starts);
                let grouped = grouped
                    .filter(move |(number, _)| is_grouped && self.is_open(built, **number))
                    // The head stands before its rows.
                    .map(|(number, start)| (*number, start + 1));
                plain
                    .into_iter()
                    .chain(grouped)
                    .flat_map(move |(number, start)| {
                        let group = built.groups.get(number as usize);
                        let within = from.saturating_sub(start)..to.saturating_sub(start);
                        group
                            .into_iter()
                            .flat_map(move |group| group.rows.range(within.clone()))
                    })
            })
            .map(Entry::id)
    }

    /// A row in a closed group stands where the group's head is.
    pub fn place_of(&self, shown: Shown) -> Option<usize> {
        let built = self.built.as_ref()?;
        match shown {
            Shown::Group(group) => {
                built.spec.group?;
                built.start_of(group.0)
            }
            Shown::Row(id) => {
                let record = built.records.get(id)?;
                let group = built.groups.get(record.group as usize)?;
                let within = group.rows.place_of(record.entry)?;
                if built.spec.group.is_none() {
                    return Some(within);
                }
                let head = built.start_of(record.group)?;
                if !self.is_open(built, record.group) {
                    return Some(head);
                }
                Some(head + 1 + within)
            }
        }
    }

    /// The group that a row is in.
    pub fn group_of(&self, id: RowId) -> Option<GroupId> {
        let built = self.built.as_ref()?;
        built.spec.group?;
        Some(GroupId(built.records.get(id)?.group))
    }

    pub fn group(&self, id: GroupId) -> Option<GroupLine> {
        let built = self.built.as_ref()?;
        let group = built.groups.get(id.0 as usize)?;
        let [p50, p99, worst] = group.percentiles;
        Some(GroupLine {
            id,
            name: Arc::clone(built.names.text(id.0)?),
            by: built.spec.group?,
            rows: group.rows.len(),
            counts: group.counts,
            p50,
            p99,
            worst,
            is_open: self.is_open(built, id.0),
        })
    }

    pub fn open_group(&mut self, id: GroupId, open: bool) {
        let name = self.built.as_ref().and_then(|it| it.names.text(id.0));
        let Some(name) = name.map(Arc::clone) else {
            return;
        };
        if open == self.open_by_default {
            self.exceptions.remove(&name);
        } else {
            self.exceptions.insert(name);
        }
        self.is_refolded = true;
        self.put_groups_in_order(false);
    }

    pub fn open_all_groups(&mut self, open: bool) {
        self.exceptions.clear();
        self.open_by_default = open;
        self.is_refolded = true;
        self.put_groups_in_order(false);
    }

    fn is_open(&self, built: &Built, number: u32) -> bool {
        let name = built.names.text(number);
        let is_exception = name.is_some_and(|name| self.exceptions.contains(name));
        self.open_by_default != is_exception
    }

    /// Brings places up to date; the order of many groups only now and then, or when `must`.
    fn put_groups_in_order(&mut self, must: bool) {
        let Some(mut built) = self.built.take() else {
            return;
        };
        if !must && !built.is_unordered && !self.is_refolded {
            self.built = Some(built);
            return;
        }
        self.is_refolded = false;
        built.settles += 1;
        for group in &mut built.groups {
            group.settle();
        }
        if built.spec.group.is_none() {
            built.len = built.groups.first().map_or(0, |group| group.rows.len());
            built.is_unordered = false;
            self.built = Some(built);
            return;
        }
        let is_due = built.groups.len() < FEW_GROUPS || built.settles.is_multiple_of(SELDOM);
        if must || (is_due && built.is_unordered) {
            built.is_unordered = false;
            built.sort_groups(self.group_order);
        }
        let mut starts = std::mem::take(&mut built.starts);
        starts.clear();
        let mut place = 0;
        for number in &built.display {
            starts.push(place);
            place += 1;
            if self.is_open(&built, *number) {
                let group = built.groups.get(*number as usize);
                place += group.map_or(0, |group| group.rows.len());
            }
        }
        built.starts = starts;
        built.len = place;
        self.built = Some(built);
    }
}

impl Built {
    fn start_of(&self, number: u32) -> Option<usize> {
        let at = self.display.iter().position(|one| *one == number)?;
        self.starts.get(at).copied()
    }

    fn sort_groups(&mut self, order: GroupOrder) {
        let groups = &self.groups;
        let rows = |number: u32| groups.get(number as usize).map_or(0, |it| it.rows.len());
        let p99 = |number: u32| groups.get(number as usize).and_then(|it| it.percentiles[1]);
        self.display = self.names.in_order();
        self.display.retain(|number| rows(*number) > 0);
        match order {
            GroupOrder::Name if self.spec.group == Some(GroupBy::Connection) => {
                let (names, connections) = (&self.names, &self.connections);
                self.display.sort_by_cached_key(|number| {
                    let id = names.text(*number).map_or("", |id| id);
                    name_of(connections, id).to_lowercase()
                });
            }
            GroupOrder::Name => {}
            GroupOrder::Count => self
                .display
                .sort_by_key(|number| std::cmp::Reverse(rows(*number))),
            GroupOrder::P99 => self
                .display
                .sort_by_key(|number| std::cmp::Reverse(p99(*number))),
        }
    }

    /// Puts changed rows where they belong now, and forgets the ones that are gone.
    fn follow(&mut self, timeline: &Timeline, filter: &Filter, changed: &[RowId]) {
        let first = timeline.id_at(0).map_or(u64::MAX, RowId::number);
        for record in self.records.forget_before(first) {
            self.is_unordered = true;
            self.take_out(&record);
        }
        for id in changed {
            let marks = &**timeline.marks();
            let row = timeline.peek(*id);
            let row = row.filter(|row| filter.passes_with(*row, marks));
            let record = row.map(|row| self.record_of(timeline, row));
            let before = self.records.get(*id);
            if before == record {
                continue;
            }
            self.is_unordered = true;
            self.records.set(*id, record);
            if let Some(before) = before {
                self.take_out(&before);
            }
            if let Some(record) = record {
                self.put_in(&record);
            }
        }
    }

    fn record_of(&mut self, timeline: &Timeline, row: RowRef<'_>) -> Record {
        let order = self.spec.order_or_newest();
        let value = if self.spec.order.is_none() {
            Value::None
        } else {
            order.by.value(row, timeline.marks(), &self.connections)
        };
        let value = match value {
            Value::None => None,
            Value::Number(number) => Some(number),
            Value::Text(text) => {
                let label = self.values.label_of(text);
                self.is_crowded |= label.is_none();
                label
            }
        };
        let group = match self.spec.group {
            Some(by) => {
                let name = by.name(row);
                let number = self.names.number(name);
                self.is_crowded |= self.names.label_of(name).is_none();
                number
            }
            None => 0,
        };
        Record {
            entry: Entry::new(value, order.is_descending, row.id()),
            round_trip: row.round_trip().map_or(NO_TIME, in_nanos),
            group,
            category: row.category(),
        }
    }

    fn take_out(&mut self, record: &Record) {
        if let Some(group) = self.groups.get_mut(record.group as usize) {
            group.rows.remove(record.entry);
            if self.spec.group.is_some() {
                group.uncount(record.category, record.time());
            }
        }
    }

    fn put_in(&mut self, record: &Record) {
        let number = record.group as usize;
        if self.groups.len() <= number {
            self.groups.resize_with(number + 1, Group::default);
        }
        if let Some(group) = self.groups.get_mut(number) {
            group.rows.insert(record.entry);
            if self.spec.group.is_some() {
                group.count(record.category, record.time());
            }
        }
    }
}
