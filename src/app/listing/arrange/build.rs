//! Makes an arrangement anew: keys are gathered a slice at a time, and sorted elsewhere when many.

use super::{Built, NO_TIME, Passing, Record, Spec};
use crate::app::listing::group::Group;
use crate::app::listing::sort::{Entry, Names, Value, in_nanos};
use crate::model::timeline::{Category, RowId, Timeline};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

/// Rows looked at in one slice: a millisecond or two. One that must be unpacked counts for several.
const SLICE: usize = 16_384;
const DEAR: usize = 8;
/// Fewer rows are sorted at once, within the frame.
const AT_ONCE: usize = 8_192;

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
    values: Names,
    names: Names,
    rows: Vec<Gathered>,
}

#[derive(Debug)]
enum Stage {
    Gathering(Box<Gathering>),
    Sorting(Receiver<Built>),
}

#[derive(Debug)]
pub(super) struct Build {
    stage: Option<Stage>,
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

impl Build {
    /// `names` keep their numbers.
    pub fn new(spec: Spec, names: Names) -> Self {
        let gathering = Gathering {
            spec,
            values: Names::default(),
            names,
            rows: Vec::new(),
        };
        Self {
            stage: Some(Stage::Gathering(Box::new(gathering))),
            changed: Vec::new(),
        }
    }

    pub fn note(&mut self, changed: &[RowId]) {
        self.changed.extend(changed);
    }

    pub fn advance(&mut self, timeline: &Timeline, passing: &impl Passing) -> Progress {
        self.stage = match self.stage.take() {
            Some(Stage::Gathering(mut gathering)) => {
                if gathering.step(timeline, passing) {
                    if gathering.rows.len() <= AT_ONCE {
                        return self.done(gathering.sorted());
                    }
                    sort_elsewhere(*gathering)
                } else {
                    Some(Stage::Gathering(gathering))
                }
            }
            Some(Stage::Sorting(results)) => match results.try_recv() {
                Ok(built) => return self.done(built),
                Err(TryRecvError::Empty) => Some(Stage::Sorting(results)),
                Err(TryRecvError::Disconnected) => None,
            },
            None => None,
        };
        if self.stage.is_some() {
            Progress::Working
        } else {
            Progress::Lost
        }
    }

    fn done(&mut self, built: Built) -> Progress {
        let changed = std::mem::take(&mut self.changed);
        Progress::Done(Box::new((built, changed)))
    }
}

fn sort_elsewhere(gathering: Gathering) -> Option<Stage> {
    let (sender, results) = sync_channel(1);
    let work = move || {
        // Nobody waits for it any more when something else was asked for meanwhile.
        drop(sender.send(gathering.sorted()));
    };
    let thread = thread::Builder::new().name("table order".to_owned());
    thread.spawn(work).ok()?;
    Some(Stage::Sorting(results))
}

impl Gathering {
    /// Whether all rows have been looked at.
    fn step(&mut self, timeline: &Timeline, passing: &impl Passing) -> bool {
        let last = self.rows.last().map(|row| row.id);
        let mut place = match last {
            Some(last) => place_after(passing, last),
            None => 0,
        };
        let most = if self.spec.is_dear() {
            SLICE / DEAR
        } else {
            SLICE
        };
        let end = passing.count().min(place + most);
        self.rows.reserve(end.saturating_sub(place));
        while place < end {
            let id = passing.id_at(place);
            if let Some(row) = id.and_then(|id| timeline.peek(id)) {
                let value = match self.spec.order {
                    Some(order) => order.by.value(timeline, row),
                    None => Value::None,
                };
                let value = match value {
                    Value::None => Key::None,
                    Value::Number(number) => Key::Number(number),
                    Value::Text(text) => Key::Text(self.values.number(text)),
                };
                let group = self.spec.group.map_or(0, |by| {
                    let name = by.name(row);
                    self.names.number(name)
                });
                self.rows.push(Gathered {
                    id: row.id(),
                    value,
                    group,
                    round_trip: row.round_trip().map_or(NO_TIME, in_nanos),
                    category: row.category(),
                });
            }
            place += 1;
        }
        end == passing.count()
    }

    /// The costly part; needs nothing of the timeline.
    fn sorted(mut self) -> Built {
        self.values.label_all();
        self.names.label_all();
        let is_descending = self.spec.order_or_newest().is_descending;
        let mut built = Built {
            spec: self.spec,
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

/// The place of the first row after `id`.
fn place_after(passing: &impl Passing, id: RowId) -> usize {
    let (mut from, mut to) = (0, passing.count());
    while from < to {
        let middle = from + (to - from) / 2;
        if passing.id_at(middle).is_some_and(|one| one <= id) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}
