//! One export on its thread.

use super::Scope;
use crate::app::App;
use crate::app::selection::RowSet;
use crate::model::record::Marks;
use crate::model::timeline::{Category, Filter, Noted, Row, RowId, RowRef, Snapshot};
use crate::store::StoreError;
use crate::store::export::{self, Done, ExportError, Item, Options};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// More selected rows than this are looked for where all are.
const FEW: u64 = 2_048;

/// Rows as they were when it began. What is packed is shared with the timeline.
#[derive(Clone)]
pub struct Rows {
    packed: Snapshot,
    newest: Vec<(RowId, Row)>,
    marks: Arc<Noted>,
    /// Where not all of them are wanted.
    filter: Option<Filter>,
    chosen: Option<RowSet>,
    total: usize,
}

impl Rows {
    pub fn of(app: &App, scope: Scope) -> Self {
        let timeline = app.timeline();
        let chosen = (scope == Scope::Selected).then(|| app.selected_rows());
        if let Some(chosen) = chosen.as_ref().filter(|chosen| chosen.len() <= FEW) {
            let there = chosen.ids().filter_map(|id| Some((id, timeline.row(id)?)));
            let newest: Vec<(RowId, Row)> = there.map(|(id, row)| (id, row.into_owned())).collect();
            return Self {
                packed: Snapshot::default(),
                total: newest.len(),
                newest,
                marks: Arc::clone(timeline.marks()),
                filter: None,
                chosen: None,
            };
        }
        let newest = timeline.newest();
        Self {
            packed: timeline.snapshot(),
            newest: newest
                .map(|row| (row.id(), row.to_row().into_owned()))
                .collect(),
            marks: Arc::clone(timeline.marks()),
            filter: (scope == Scope::Shown).then(|| app.listing.filter().clone()),
            chosen,
            total: timeline.len(),
        }
    }

    /// Before it is said which of them.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Oldest first; `looked_at` counts those that do not pass, too.
    pub fn items<'a>(
        &'a self,
        looked_at: &'a AtomicU64,
    ) -> impl Iterator<Item = Result<Item, StoreError>> + 'a {
        let newest = self
            .newest
            .iter()
            .map(|(id, row)| RowRef::whole(*id, Category::of(row), row));
        self.packed
            .rows()
            .chain(newest)
            .inspect(|_| {
                looked_at.fetch_add(1, Ordering::Relaxed);
            })
            .filter(|row| {
                let chosen = self.chosen.as_ref();
                chosen.is_none_or(|chosen| chosen.contains(row.id()))
            })
            .filter(|row| {
                self.filter
                    .as_ref()
                    .is_none_or(|filter| filter.passes_with(*row, &*self.marks))
            })
            .map(|row| {
                let mark = self.marks.of(row.id());
                Ok(Item {
                    id: Some(row.id()),
                    row: row.to_row().into_owned(),
                    marks: mark.map(Marks::from).unwrap_or_default(),
                })
            })
    }
}

#[derive(Clone)]
pub(super) struct Job {
    pub number: u64,
    pub path: PathBuf,
    pub options: Options,
    pub rows: Rows,
    /// A file that is there already.
    pub replaces: bool,
}

#[derive(Default)]
struct Shared {
    looked_at: AtomicU64,
    is_cancelled: AtomicBool,
    result: Mutex<Option<Result<Done, ExportError>>>,
}

/// Says that the thread has ended, even when it panicked.
struct Ending(Arc<Shared>);

impl Ending {
    fn say(&self, result: Result<Done, ExportError>) {
        let mut said = self.0.result.lock().unwrap_or_else(PoisonError::into_inner);
        said.get_or_insert(result);
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.say(Err(ExportError::Write(std::io::Error::other(
            "the thread that wrote it has ended",
        ))));
    }
}

pub(super) struct Running {
    pub job: Job,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
    began: Instant,
}

impl Running {
    pub fn start(job: Job) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::default());
        let name = "export";
        let (ending, of_thread) = (Ending(Arc::clone(&shared)), job.clone());
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let shared = &ending.0;
                let mut goes_on = |_| !shared.is_cancelled.load(Ordering::Relaxed);
                let result = export::to_file(
                    &of_thread.path,
                    of_thread.replaces,
                    &of_thread.options,
                    export::each(of_thread.rows.items(&shared.looked_at)),
                    &mut goes_on,
                );
                ending.say(result);
            })
            .map_err(|source| StoreError::Thread { name, source })?;
        Ok(Self {
            job,
            shared,
            thread,
            began: Instant::now(),
        })
    }

    pub fn cancel(&self) {
        self.shared.is_cancelled.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled.load(Ordering::Relaxed)
    }

    /// Rows that were looked at.
    pub fn done(&self) -> u64 {
        self.shared.looked_at.load(Ordering::Relaxed)
    }

    /// Cancels it and waits until it has cleaned up, but not for ever: a disk may not answer.
    pub fn end(&self) {
        const MOST: Duration = Duration::from_secs(2);
        self.cancel();
        let until = Instant::now() + MOST;
        while !self.thread.is_finished() && Instant::now() < until {
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn seconds(&self) -> f32 {
        self.began.elapsed().as_secs_f32()
    }

    /// Once it is over; told once.
    pub fn result(&self) -> Option<Result<Done, ExportError>> {
        let mut said = self
            .shared
            .result
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        said.take()
    }
}
