//! The rows that pass a filter, oldest first, kept up to date. Many rows are looked through on other
//! threads, the newest first: what is shown changes when there is a page of it, or when all is known.

use crate::model::timeline::{Filter, Noted, Part, RowId, RowRef, Timeline};
use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

/// Fewer rows are looked through at once, within the frame.
const AT_ONCE: usize = if cfg!(test) { 64 } else { 8_192 };
/// What fills any window.
const PAGE: usize = if cfg!(test) { 4 } else { 128 };
/// More threads would only wait for memory.
const MOST_THREADS: usize = 4;

#[derive(Debug, Default)]
pub struct Matches {
    /// Ascending.
    ids: VecDeque<RowId>,
    search: Option<Search>,
    cursor: u64,
    epoch: u64,
    is_stale: bool,
}

impl Matches {
    /// The filter is another one.
    pub fn start_over(&mut self) {
        self.is_stale = true;
    }

    /// Nothing is filtered: nothing is kept.
    pub fn forget(&mut self) {
        self.ids = VecDeque::new();
        self.search = None;
        self.is_stale = true;
    }

    pub fn refresh(&mut self, timeline: &Timeline, filter: &Filter) {
        let touched = timeline.touched_since(self.cursor);
        self.cursor = touched.cursor;
        if self.is_stale || self.epoch != timeline.epoch() || touched.is_incomplete {
            self.is_stale = false;
            self.epoch = timeline.epoch();
            self.look_through(timeline, filter);
        } else if let Some(search) = &mut self.search {
            let ids = if search.is_shown {
                &mut self.ids
            } else {
                &mut search.found
            };
            for id in touched.ids() {
                if search.end.is_some_and(|end| id >= end) {
                    look_again(ids, timeline, filter, id);
                } else {
                    search.changed.push(id);
                }
            }
        } else {
            for id in touched.ids() {
                look_again(&mut self.ids, timeline, filter, id);
            }
        }
        self.advance(timeline, filter);
        let first = timeline.id_at(0);
        let is_gone = |id: &RowId| first.is_none_or(|first| *id < first);
        while self.ids.front().is_some_and(is_gone) {
            self.ids.pop_front();
        }
    }

    fn look_through(&mut self, timeline: &Timeline, filter: &Filter) {
        self.search = None;
        let marks = &**timeline.marks();
        let passes = |row: &RowRef<'_>| filter.passes_with(*row, marks);
        if timeline.len() > AT_ONCE {
            self.search = Search::start(timeline, filter);
        }
        match &mut self.search {
            Some(search) => {
                let newest = timeline.newest().filter(passes);
                search.found = newest.map(RowRef::id).collect();
            }
            None => {
                self.ids = timeline.iter().filter(passes).map(RowRef::id).collect();
            }
        }
    }

    /// Takes what the threads found.
    fn advance(&mut self, timeline: &Timeline, filter: &Filter) {
        let Some(search) = &mut self.search else {
            return;
        };
        let is_over = search.take_results();
        if !search.is_shown && (is_over || search.found.len() >= PAGE) {
            search.is_shown = true;
            self.ids = std::mem::take(&mut search.found);
        }
        if search.is_shown {
            for id in search.older.drain(..) {
                self.ids.push_front(id);
            }
        }
        if is_over && let Some(mut search) = self.search.take() {
            for id in std::mem::take(&mut search.changed) {
                look_again(&mut self.ids, timeline, filter, id);
            }
        }
    }

    /// It is not yet known what else passes.
    pub fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Counted from the oldest.
    pub fn id_at(&self, place: usize) -> Option<RowId> {
        self.ids.get(place).copied()
    }

    /// At these places, counted from the oldest.
    pub fn ids(&self, places: RangeInclusive<usize>) -> impl Iterator<Item = RowId> {
        let (from, to) = places.into_inner();
        let end = self.ids.len().min(to.saturating_add(1));
        self.ids.range(from.min(end)..end).copied()
    }

    /// Counted from the oldest.
    pub fn place_of(&self, id: RowId) -> Option<usize> {
        self.ids.binary_search(&id).ok()
    }
}

/// A row has changed: it may pass now, or no more.
fn look_again(ids: &mut VecDeque<RowId>, timeline: &Timeline, filter: &Filter, id: RowId) {
    let marks = &**timeline.marks();
    let row = timeline.peek(id);
    let passes = row.is_some_and(|row| filter.passes_with(row, marks));
    if passes && ids.back().is_none_or(|last| *last < id) {
        ids.push_back(id);
        return;
    }
    match (ids.binary_search(&id), passes) {
        (Ok(place), false) => drop(ids.remove(place)),
        (Err(place), true) => ids.insert(place, id),
        _ => {}
    }
}

/// At work on other threads.
#[derive(Debug)]
struct Search {
    /// Nobody wants to know any more.
    is_cancelled: Arc<AtomicBool>,
    results: Receiver<(usize, Vec<RowId>)>,
    /// Results that came before those of newer rows.
    early: BTreeMap<usize, Vec<RowId>>,
    parts: usize,
    taken: usize,
    /// What passes of the newest rows, ascending, until it is shown.
    found: VecDeque<RowId>,
    /// What passes of the older ones, descending, for those who show it.
    older: Vec<RowId>,
    is_shown: bool,
    /// The first row that is not looked at there.
    end: Option<RowId>,
    /// Rows that changed since and are looked at there.
    changed: Vec<RowId>,
}

impl Search {
    fn start(timeline: &Timeline, filter: &Filter) -> Option<Self> {
        let snapshot = timeline.snapshot();
        let end = snapshot.end();
        let parts: Arc<[Part]> = snapshot.parts().into();
        let (sender, results) = sync_channel(parts.len());
        let is_cancelled: Arc<AtomicBool> = Arc::default();
        let next: Arc<AtomicUsize> = Arc::default();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut started = 0;
        for _ in 0..threads.min(MOST_THREADS) {
            let (parts, filter) = (Arc::clone(&parts), filter.unshared());
            let marks = Arc::clone(timeline.marks());
            let (is_cancelled, next) = (Arc::clone(&is_cancelled), Arc::clone(&next));
            let sender = sender.clone();
            let work = move || {
                while !is_cancelled.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(part) = parts.iter().rev().nth(number) else {
                        break;
                    };
                    let found = newest_first(part, &filter, &marks);
                    if sender.send((number, found)).is_err() {
                        break;
                    }
                }
            };
            let thread = thread::Builder::new().name("timeline filter".to_owned());
            started += usize::from(thread.spawn(work).is_ok());
        }
        (started > 0).then(|| Self {
            is_cancelled,
            results,
            early: BTreeMap::new(),
            parts: parts.len(),
            taken: 0,
            found: VecDeque::new(),
            older: Vec::new(),
            is_shown: false,
            end,
            changed: Vec::new(),
        })
    }

    /// Whether all there is has been taken.
    fn take_results(&mut self) -> bool {
        loop {
            match self.results.try_recv() {
                Ok((number, ids)) => drop(self.early.insert(number, ids)),
                Err(TryRecvError::Empty) => break,
                // The threads are gone: so are those of whom nothing came.
                Err(TryRecvError::Disconnected) => {
                    for number in self.taken..self.parts {
                        self.early.entry(number).or_default();
                    }
                    break;
                }
            }
        }
        while let Some(ids) = self.early.remove(&self.taken) {
            self.taken += 1;
            if self.is_shown {
                self.older.extend(ids);
            } else {
                for id in ids {
                    self.found.push_front(id);
                }
            }
        }
        self.taken >= self.parts
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }
}

fn newest_first(part: &Part, filter: &Filter, marks: &Noted) -> Vec<RowId> {
    let passing = part.passing(filter, marks).rev();
    passing.map(RowRef::id).collect()
}
