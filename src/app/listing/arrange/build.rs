//! Makes an arrangement anew, on another thread when rows are many.

use super::{Built, NO_TIME, Record, Spec};
use crate::app::listing::group::Group;
use crate::app::listing::sort::{Connections, Entry, Names, Value, in_nanos};
use crate::model::timeline::{Category, Filter, Noted, RowId, RowRef, Snapshot, Timeline};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

/// Fewer rows are put in order at once, within the frame.
const AT_ONCE: usize = 4_096;

/// What a row is sorted and grouped by, texts as numbers of [`Names`].
#[derive(Clone, Copy, Debug)]
struct Gathered {
    id: RowId,
    value: Key,
    group: u32,
    round_trip: u64,
    category: Category,
}

#[derive(Clone, Copy, Debug)]
enum Key {
    None,
    Number(u64),
    Text(u32),
}

#[derive(Debug)]
struct Gathering {
    spec: Spec,
    filter: Filter,
    marks: Arc<Noted>,
    connections: Arc<Connections>,
    values: Names,
    names: Names,
    rows: Vec<Gathered>,
}

#[derive(Debug)]
enum Stage {
    Sorted(Box<Built>),
    Working(Receiver<Built>),
}

#[derive(Debug)]
pub(super) struct Build {
    stage: Option<Stage>,
    is_cancelled: Arc<AtomicBool>,
    /// Rows that changed meanwhile.
    changed: Vec<RowId>,
}

pub(super) enum Progress {
    Working,
    /// With the rows that changed meanwhile.
    Done(Box<(Built, Vec<RowId>)>),
    /// The thread is gone: start over.
    Lost,
}

impl Drop for Build {
    fn drop(&mut self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }
}

impl Build {
    /// `names` keep their numbers.
    pub fn new(
        spec: Spec,
        (names, connections): (Names, Arc<Connections>),
        timeline: &Timeline,
        filter: &Filter,
    ) -> Self {
        let mut gathering = Gathering {
            spec,
            filter: filter.clone(),
            marks: Arc::clone(timeline.marks()),
            connections,
            values: Names::default(),
            names,
            rows: Vec::new(),
        };
        let is_cancelled: Arc<AtomicBool> = Arc::default();
        let stage = if timeline.len() <= AT_ONCE {
            timeline.iter().for_each(|row| gathering.look_at(row));
            Some(Stage::Sorted(Box::new(gathering.sorted())))
        } else {
            timeline.newest().for_each(|row| gathering.look_at(row));
            elsewhere(gathering, timeline.snapshot(), Arc::clone(&is_cancelled))
        };
        Self {
            stage,
            is_cancelled,
            changed: Vec::new(),
        }
    }

    pub fn note(&mut self, changed: &[RowId]) {
        self.changed.extend(changed);
    }

    pub fn advance(&mut self) -> Progress {
        let built = match self.stage.take() {
            Some(Stage::Sorted(built)) => *built,
            Some(Stage::Working(results)) => match results.try_recv() {
                Ok(built) => built,
                Err(TryRecvError::Empty) => {
                    self.stage = Some(Stage::Working(results));
                    return Progress::Working;
                }
                Err(TryRecvError::Disconnected) => return Progress::Lost,
            },
            None => return Progress::Lost,
        };
        let changed = std::mem::take(&mut self.changed);
        Progress::Done(Box::new((built, changed)))
    }
}

fn elsewhere(
    mut gathering: Gathering,
    snapshot: Snapshot,
    is_cancelled: Arc<AtomicBool>,
) -> Option<Stage> {
    let (sender, results) = sync_channel(1);
    let (filter, marks) = (gathering.filter.clone(), Arc::clone(&gathering.marks));
    let work = move || {
        for part in snapshot.parts() {
            if is_cancelled.load(Ordering::Relaxed) {
                return;
            }
            let passing = part.passing(&filter, &*marks);
            passing.for_each(|row| gathering.take(row));
        }
        drop(snapshot);
        // Nobody waits for it any more when something else was asked for meanwhile.
        drop(sender.send(gathering.sorted()));
    };
    let thread = thread::Builder::new().name("table order".to_owned());
    thread.spawn(work).ok()?;
    Some(Stage::Working(results))
}

impl Gathering {
    fn look_at(&mut self, row: RowRef<'_>) {
        if self.filter.passes_with(row, &*self.marks) {
            self.take(row);
        }
    }

    /// A row that passes.
    fn take(&mut self, row: RowRef<'_>) {
        let value = match self.spec.order {
            Some(order) => order.by.value(row, &self.marks, &self.connections),
            None => Value::None,
        };
        let value = match value {
            Value::None => Key::None,
            Value::Number(number) => Key::Number(number),
            Value::Text(text) => Key::Text(self.values.number(text)),
        };
        let by = self.spec.group;
        let group = by.map_or(0, |by| self.names.number(by.name(row)));
        self.rows.push(Gathered {
            id: row.id(),
            value,
            group,
            round_trip: row.round_trip().map_or(NO_TIME, in_nanos),
            category: row.category(),
        });
    }

    /// The costly part; needs nothing of the timeline.
    fn sorted(mut self) -> Built {
        self.values.label_all();
        self.names.label_all();
        let is_descending = self.spec.order_or_newest().is_descending;
        let mut built = Built {
            spec: self.spec,
            connections: Arc::clone(&self.connections),
            ..Built::default()
        };
        let mut entries: Vec<(u32, Entry)> = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let value = match row.value {
                Key::None => None,
                Key::Number(number) => Some(number),
                Key::Text(number) => Some(self.values.label(number)),
            };
            let entry = Entry::new(value, is_descending, row.id);
            entries.push((row.group, entry));
            let record = Record {
                entry,
                round_trip: row.round_trip,
                group: row.group,
                category: row.category,
            };
            built.records.set(row.id, Some(record));
        }
        entries.sort_unstable();
        let count = entries.last().map_or(1, |(group, _)| *group as usize + 1);
        built.groups.resize_with(count, Group::default);
        for run in entries.chunk_by(|a, b| a.0 == b.0) {
            let Some((number, _)) = run.first() else {
                continue;
            };
            let rows: Vec<Entry> = run.iter().map(|(_, entry)| *entry).collect();
            if let Some(group) = built.groups.get_mut(*number as usize) {
                *group = Group::of_sorted(&rows);
            }
        }
        if self.spec.group.is_some() {
            for row in &self.rows {
                let time = (row.round_trip != NO_TIME).then_some(row.round_trip);
                if let Some(group) = built.groups.get_mut(row.group as usize) {
                    group.count(row.category, time);
                }
            }
        }
        for group in &mut built.groups {
            group.settle();
        }
        built.values = self.values;
        built.names = self.names;
        built
    }
}
