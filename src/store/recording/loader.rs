//! Opens a recording on a thread of its own: rows come in batches, and what is written meanwhile follows.

use super::read::{Progress, Recording, StoredRow, Summary};
use super::{RecordingError, RecordingError as Problem};
use crate::store::error::StoreError;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Rows of one batch.
const BATCH: usize = 2_000;
/// Batches that wait to be taken; until then the thread waits, too.
const MAX_BATCHES: usize = 16;
/// How often somebody else's writes are looked for.
const FOLLOW_EVERY: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoaderState {
    Opening,
    Loading(Progress),
    /// Everything is there; what somebody writes meanwhile still comes.
    Following(Progress),
    /// Everything is there, and nobody writes.
    Done(Progress),
    Failed(Problem),
}

struct Shared {
    state: Mutex<(LoaderState, Option<Summary>)>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Shared {
    /// Wakes nobody where nothing is new.
    fn set(&self, state: LoaderState) {
        let mut shared = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.0 != state {
            shared.0 = state;
            drop(shared);
            (self.wake)();
        }
    }
}

/// Dropping it ends the thread.
pub struct Loader {
    shared: Arc<Shared>,
    batches: Receiver<Vec<StoredRow>>,
    /// The thread sees when this is gone.
    _stop: SyncSender<()>,
}

impl Loader {
    /// `wake` is called whenever there is something to look at.
    pub fn start(path: &Path, wake: impl Fn() + Send + Sync + 'static) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared {
            state: Mutex::new((LoaderState::Opening, None)),
            wake: Box::new(wake),
        });
        let (send, batches) = sync_channel(MAX_BATCHES);
        let (stop, stopped) = sync_channel(1);
        let (of_thread, path) = (Arc::clone(&shared), path.to_owned());
        let name = "recording-loader";
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let mut work = Work {
                    shared: &of_thread,
                    batches: send,
                    batch: Vec::new(),
                    is_over: false,
                };
                if let Err(err) = work.run(&path, &stopped)
                    && err != RecordingError::Cancelled
                {
                    of_thread.set(LoaderState::Failed(err));
                }
            })
            .map_err(|source| StoreError::Thread { name, source })?;
        Ok(Self {
            shared,
            batches,
            _stop: stop,
        })
    }

    /// The next rows, oldest first; of a row that was there before, its newest state. Never waits.
    pub fn take(&self) -> Option<Vec<StoredRow>> {
        self.batches.try_recv().ok()
    }

    pub fn state(&self) -> LoaderState {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Of the recording as it was when it was opened.
    pub fn summary(&self) -> Option<Summary> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

struct Work<'a> {
    shared: &'a Shared,
    batches: SyncSender<Vec<StoredRow>>,
    batch: Vec<StoredRow>,
    /// Nobody takes any more.
    is_over: bool,
}

impl Work<'_> {
    fn run(&mut self, path: &Path, stopped: &Receiver<()>) -> Result<(), RecordingError> {
        let mut recording = Recording::open(path)?;
        let summary = recording.summary()?;
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1 = Some(summary);
        let shared = self.shared;
        let this = std::cell::RefCell::new(&mut *self);
        let mut progress = recording.load(
            |row| this.borrow_mut().give(row),
            |progress| {
                let mut this = this.borrow_mut();
                this.flush();
                shared.set(LoaderState::Loading(progress.clone()));
                if this.is_over {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        )?;
        loop {
            let is_being_written = recording.summary()?.is_being_written;
            loop {
                let changed = recording.changed_since(progress.revision)?;
                progress.revision = changed.revision;
                let is_partial = changed.is_partial;
                changed.rows.into_iter().for_each(|row| self.give(row));
                self.flush();
                if !is_partial || self.is_over {
                    break;
                }
            }
            shared.set(if is_being_written {
                LoaderState::Following(progress.clone())
            } else {
                LoaderState::Done(progress.clone())
            });
            match stopped.recv_timeout(FOLLOW_EVERY) {
                Err(RecvTimeoutError::Timeout) if !self.is_over => {}
                _ => return Ok(()),
            }
        }
    }

    fn give(&mut self, row: StoredRow) {
        if self.is_over {
            return;
        }
        self.batch.push(row);
        if self.batch.len() >= BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.batch.is_empty() && !self.is_over {
            self.is_over = self.batches.send(std::mem::take(&mut self.batch)).is_err();
            (self.shared.wake)();
        }
    }
}
