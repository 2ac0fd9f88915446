//! Records a timeline as it happens, on a thread of its own.
//!
//! What changed waits as ids, which take no room; rows themselves are handed over only as fast as the disk takes
//! them. A commit every tenth of a second bounds what a kill can lose. Trouble that may pass (a full disk, a lock)
//! is told and tried again; what cannot be helped ends the recording, and is told too.

use super::RecordingError;
use super::write::Store;
use crate::model::record::Marks;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::{Row, RowId, RowRef, Timeline};
use crate::store::error::StoreError;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What was written is safe after this time.
const COMMIT_EVERY: Duration = Duration::from_millis(100);
/// While the disk is full or the file locked.
const RETRY_EVERY: Duration = Duration::from_millis(500);
/// Whether the file is still there, and still small enough, is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Handed over with one call, so that no frame takes long.
const MAX_BATCH: usize = 2_000;
/// Batches that wait for the thread.
const MAX_BATCHES: usize = 8;
/// A call that hands over ends after this time, or one batch.
const SLICE: Duration = Duration::from_millis(4);
/// Bytes of rows that wait for the thread.
const MAX_WAITING_BYTES: usize = 32 << 20;
/// How long the end of a recorder that was not finished waits for the disk.
const LAST_WAIT: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, Default)]
pub struct RecorderOptions {
    /// When the session begins, by the clock of the rows.
    pub now: Timestamp,
    /// The oldest rows go when the file has more; none for no bound.
    pub max_bytes: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    Opening,
    Recording,
    /// What waits is tried again; it may pass.
    Trouble(RecordingError),
    /// Nothing more is written.
    Failed(RecordingError),
    Finished,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecorderStatus {
    pub path: PathBuf,
    pub phase: Phase,
    /// Writes of rows that are safe in the file; a row that changes is written again.
    pub written: u64,
    /// Rows that are not safe yet.
    pub waiting: u64,
    /// Rows that were gone from the timeline before they could be written.
    pub missed: u64,
    /// The oldest rows of the file, which had to go because of its bound.
    pub trimmed: u64,
    pub bytes: u64,
}

impl RecorderStatus {
    /// In one sentence, for a status bar.
    pub fn words(&self) -> String {
        let state = match &self.phase {
            Phase::Opening => "opening the recording".to_owned(),
            Phase::Recording => format!("recording, {}", self.size()),
            Phase::Trouble(problem) => {
                format!("{problem}; {} rows wait", text::count(self.waiting))
            }
            Phase::Failed(problem) => format!("the recording has ended: {problem}"),
            Phase::Finished => format!("recorded, {}", self.size()),
        };
        let missed = (self.missed > 0).then(|| {
            let missed = text::count(self.missed);
            format!("{missed} rows were gone before they could be written")
        });
        let trimmed = (self.trimmed > 0)
            .then(|| format!("the oldest {} rows had to go", text::count(self.trimmed)));
        let all: Vec<String> = [Some(state), missed, trimmed]
            .into_iter()
            .flatten()
            .collect();
        all.join("; ")
    }

    fn size(&self) -> String {
        text::bytes(usize::try_from(self.bytes).unwrap_or(usize::MAX))
    }

    pub fn problem(&self) -> Option<&RecordingError> {
        match &self.phase {
            Phase::Trouble(problem) | Phase::Failed(problem) => Some(problem),
            Phase::Opening | Phase::Recording | Phase::Finished => None,
        }
    }
}

/// What a finished recording has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub path: PathBuf,
    pub missed: u64,
    pub trimmed: u64,
    pub bytes: u64,
}

enum Job {
    /// With their weight.
    Rows(Vec<(RowId, Row)>, usize),
    Name(Arc<str>, Arc<str>),
    Mark(RowId, Marks),
    Finish(Timestamp, u64),
}

struct State {
    status: RecorderStatus,
    /// Handed over and not yet safe.
    under_way: u64,
    under_way_bytes: usize,
    /// Nobody waits any more: trouble is not tried again.
    is_given_up: bool,
    has_ended: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False when it has not ended by then; it will not try for ever.
    fn wait_for_the_end(&self, deadline: Instant) -> bool {
        let mut state = self.state();
        while !state.has_ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.is_given_up = true;
                return false;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    fn set_phase(&self, phase: Phase) {
        self.state().status.phase = phase;
        self.changed.notify_all();
    }
}

/// A recording under way. Dropping it writes what was handed over.
pub struct Recorder {
    shared: Arc<Shared>,
    /// Gone at the end.
    jobs: Option<SyncSender<Job>>,
    cursor: u64,
    /// Rows to be handed over; what is in here twice is written once.
    dirty: BTreeSet<RowId>,
    missed: u64,
    /// What happens from now on is no part of it.
    notes_no_more: bool,
}

impl Recorder {
    /// Begins a new recording, or another session in one that is there. The file is opened by the thread: whether
    /// that went well is in the status, see [`Self::wait_until_open`].
    pub fn start(path: &Path, options: RecorderOptions) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                status: RecorderStatus {
                    path: path.to_owned(),
                    phase: Phase::Opening,
                    written: 0,
                    waiting: 0,
                    missed: 0,
                    trimmed: 0,
                    bytes: 0,
                },
                under_way: 0,
                under_way_bytes: 0,
                is_given_up: false,
                has_ended: false,
            }),
            changed: Condvar::new(),
        });
        let (jobs, to_do) = sync_channel(MAX_BATCHES);
        let (of_thread, path) = (Arc::clone(&shared), path.to_owned());
        let name = "recorder";
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let ending = Ending(of_thread);
                run(&ending.0, &path, &options, &to_do);
            })
            .map_err(|source| StoreError::Thread { name, source })?;
        Ok(Self {
            shared,
            jobs: Some(jobs),
            cursor: 0,
            dirty: BTreeSet::new(),
            missed: 0,
            notes_no_more: false,
        })
    }

    /// Waits until the file is open, for the command line.
    pub fn wait_until_open(&self, limit: Duration) -> Result<(), RecordingError> {
        let deadline = Instant::now() + limit;
        let mut state = self.shared.state();
        loop {
            match &state.status.phase {
                Phase::Opening => {}
                Phase::Failed(problem) => return Err(problem.clone()),
                _ => return Ok(()),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(RecordingError::TooSlow {
                    path: state.status.path.clone(),
                });
            }
            state = self
                .shared
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Only what happens from here on is recorded, and not what the timeline has already.
    pub fn skip(&mut self, timeline: &Timeline) {
        self.cursor = timeline.touched_since(u64::MAX).cursor;
        self.dirty.clear();
    }

    /// Notes what was touched since the last call, and hands over as much as the disk takes. Never waits. To be called
    /// on every tick, and before rows are cleared.
    pub fn feed(&mut self, timeline: &Timeline) {
        if !self.notes_no_more {
            self.note(timeline);
        }
        let began = Instant::now();
        while self.hand_over(timeline) && began.elapsed() < SLICE {}
        let mut state = self.shared.state();
        state.status.missed = self.missed;
        state.status.waiting = state.under_way + self.dirty.len() as u64;
    }

    fn note(&mut self, timeline: &Timeline) {
        let touched = timeline.touched_since(self.cursor);
        if touched.is_incomplete {
            self.dirty.extend(timeline.iter().map(RowRef::id));
        } else {
            self.dirty.extend(touched.ids());
        }
        self.cursor = touched.cursor;
    }

    /// What happens from here on is not recorded any more; what happened still goes to the disk with every
    /// [`Self::feed`]. For an end without a wait: finish it when [`RecorderStatus::waiting`] is none.
    pub fn note_no_more(&mut self) {
        self.notes_no_more = true;
    }

    /// Rows that have not been handed over yet: they must not go from the timeline.
    pub fn behind(&self) -> usize {
        self.dirty.len()
    }

    /// One batch; whether there is more that could go now.
    fn hand_over(&mut self, timeline: &Timeline) -> bool {
        let Some(jobs) = &self.jobs else { return false };
        let room = {
            let state = self.shared.state();
            if matches!(state.status.phase, Phase::Failed(_)) {
                self.dirty.clear();
                return false;
            }
            MAX_WAITING_BYTES.saturating_sub(state.under_way_bytes)
        };
        let (mut rows, mut taken, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut missed = 0;
        for id in &self.dirty {
            // One row that is larger than all the room goes alone.
            if rows.len() >= MAX_BATCH || bytes >= room.max(1) || room == 0 {
                break;
            }
            taken.push(*id);
            match timeline.row(*id) {
                Some(row) => {
                    bytes += row.weight();
                    rows.push((*id, row.into_owned()));
                }
                None => missed += 1,
            }
        }
        let is_full_batch = rows.len() >= MAX_BATCH;
        if !rows.is_empty() {
            let count = rows.len() as u64;
            {
                let mut state = self.shared.state();
                state.under_way += count;
                state.under_way_bytes += bytes;
            }
            if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
                jobs.try_send(Job::Rows(rows, bytes))
            {
                let mut state = self.shared.state();
                state.under_way -= count;
                state.under_way_bytes -= bytes;
                return false;
            }
        }
        for id in taken {
            self.dirty.remove(&id);
        }
        self.missed += missed;
        // A burst goes over several ticks.
        is_full_batch && self.dirty.len() > 4 * MAX_BATCH
    }

    /// The name of a connection profile, for people who read the file. False where it has to be told again.
    pub fn name_connection(&self, profile: &str, name: &str) -> bool {
        self.ask(Job::Name(profile.into(), name.into()))
    }

    /// Marks a row that has been fed. False where it has to be asked again.
    pub fn mark(&self, id: RowId, marks: Marks) -> bool {
        self.ask(Job::Mark(id, marks))
    }

    fn ask(&self, job: Job) -> bool {
        let jobs = self.jobs.as_ref();
        jobs.is_some_and(|jobs| jobs.try_send(job).is_ok())
    }

    pub fn status(&self) -> RecorderStatus {
        self.shared.state().status.clone()
    }

    /// Hands over what there is, waits for the disk and leaves one tidy file.
    pub fn finish(
        mut self,
        timeline: &Timeline,
        now: Timestamp,
        limit: Duration,
    ) -> Result<Finished, RecordingError> {
        let deadline = Instant::now() + limit;
        self.feed(timeline);
        while !self.dirty.is_empty() && Instant::now() < deadline {
            self.wait_a_moment();
            self.feed(timeline);
        }
        self.missed += self.dirty.len() as u64;
        if let Some(jobs) = self.jobs.take() {
            let mut last = Job::Finish(now, self.missed);
            while let Err(TrySendError::Full(job)) = jobs.try_send(last) {
                last = job;
                if Instant::now() >= deadline {
                    break;
                }
                self.wait_a_moment();
            }
        }
        let has_ended = self.shared.wait_for_the_end(deadline);
        let state = self.shared.state();
        match &state.status.phase {
            Phase::Failed(problem) | Phase::Trouble(problem) => Err(problem.clone()),
            _ if !has_ended => Err(RecordingError::TooSlow {
                path: state.status.path.clone(),
            }),
            _ => Ok(Finished {
                path: state.status.path.clone(),
                missed: self.missed,
                trimmed: state.status.trimmed,
                bytes: state.status.bytes,
            }),
        }
    }

    fn wait_a_moment(&self) {
        let state = self.shared.state();
        drop(
            self.shared
                .changed
                .wait_timeout(state, Duration::from_millis(5)),
        );
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.jobs.take().is_none() {
            return;
        }
        if !self.shared.wait_for_the_end(Instant::now() + LAST_WAIT) {
            log::error!("the disk did not take the whole recording in time");
        }
    }
}

/// Says that the thread has ended, even when it panicked.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.has_ended = true;
        if !matches!(state.status.phase, Phase::Failed(_) | Phase::Finished) {
            let path = state.status.path.clone();
            state.status.phase = Phase::Failed(RecordingError::TooSlow { path });
        }
        self.0.changed.notify_all();
    }
}

fn run(shared: &Shared, path: &Path, options: &RecorderOptions, jobs: &Receiver<Job>) {
    let opened = Store::open(path, true).and_then(|mut store| {
        store.begin_session(options.now)?;
        Ok(store)
    });
    let store = match opened {
        Ok(store) => store,
        Err(err) => return shared.set_phase(Phase::Failed(err)),
    };
    shared.set_phase(Phase::Recording);
    let mut work = Work {
        shared,
        store,
        max_bytes: options.max_bytes,
        uncommitted: Vec::new(),
        begun: Instant::now(),
        looked: Instant::now(),
        last_seen: options.now,
        trimmed: 0,
    };
    let (ended, missed) = match work.until_the_end(jobs) {
        Ok(last) => last,
        Err(err) => return shared.set_phase(Phase::Failed(err)),
    };
    let (trimmed, mut store) = (work.trimmed, work.store);
    let closed = store
        .end_session(ended, missed, trimmed)
        .and_then(|()| store.used_bytes())
        .and_then(|bytes| {
            shared.state().status.bytes = bytes;
            store.close()
        });
    shared.set_phase(match closed {
        Ok(()) => Phase::Finished,
        Err(err) => Phase::Failed(err),
    });
}

struct Work<'a> {
    shared: &'a Shared,
    store: Store,
    max_bytes: Option<u64>,
    /// What the transaction under way holds, in case it has to be done again.
    uncommitted: Vec<Job>,
    /// When the first of them came.
    begun: Instant,
    looked: Instant,
    last_seen: Timestamp,
    trimmed: u64,
}

impl Work<'_> {
    /// When the session ended, and how many rows were missed; an error is final.
    fn until_the_end(&mut self, jobs: &Receiver<Job>) -> Result<(Timestamp, u64), RecordingError> {
        loop {
            let next = if self.uncommitted.is_empty() {
                LOOK_EVERY
            } else {
                (self.begun + COMMIT_EVERY).saturating_duration_since(Instant::now())
            };
            match jobs.recv_timeout(next) {
                Ok(Job::Finish(at, missed)) => {
                    self.commit()?;
                    return Ok((at, missed));
                }
                Ok(job) => self.take(job)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.commit()?;
                    let missed = self.shared.state().status.missed;
                    return Ok((self.last_seen, missed));
                }
            }
            if !self.uncommitted.is_empty() && self.begun.elapsed() >= COMMIT_EVERY {
                self.commit()?;
            }
            if self.looked.elapsed() >= LOOK_EVERY {
                self.commit()?;
                self.look()?;
                self.looked = Instant::now();
            }
        }
    }

    fn take(&mut self, job: Job) -> Result<(), RecordingError> {
        if self.uncommitted.is_empty() {
            self.begun = Instant::now();
        }
        if let Job::Rows(rows, _) = &job
            && let Some((_, row)) = rows.last()
        {
            self.last_seen = self.last_seen.max(row.time());
        }
        let done = write(&mut self.store, &job);
        self.uncommitted.push(job);
        done.or_else(|err| self.again(err))
    }

    fn commit(&mut self) -> Result<(), RecordingError> {
        if self.uncommitted.is_empty() {
            return Ok(());
        }
        match self.store.commit() {
            Ok(()) => {
                self.is_safe();
                Ok(())
            }
            Err(err) => self.again(err),
        }
    }

    /// Does what was undone once more, until it is done or there is no hope.
    fn again(&mut self, mut err: RecordingError) -> Result<(), RecordingError> {
        loop {
            self.store.roll_back();
            if !err.is_passing() || self.shared.state().is_given_up {
                return Err(err);
            }
            self.store.check_place()?;
            self.shared.set_phase(Phase::Trouble(err));
            thread::sleep(RETRY_EVERY);
            let mut jobs = self.uncommitted.iter();
            let done = jobs.try_for_each(|job| write(&mut self.store, job));
            match done.and_then(|()| self.store.commit()) {
                Ok(()) => {
                    self.shared.set_phase(Phase::Recording);
                    self.is_safe();
                    return Ok(());
                }
                Err(other) => err = other,
            }
        }
    }

    fn is_safe(&mut self) {
        let (mut count, mut bytes) = (0, 0);
        for job in self.uncommitted.drain(..) {
            if let Job::Rows(rows, weight) = job {
                count += rows.len() as u64;
                bytes += weight;
            }
        }
        let mut state = self.shared.state();
        state.under_way = state.under_way.saturating_sub(count);
        state.under_way_bytes = state.under_way_bytes.saturating_sub(bytes);
        state.status.written += count;
        state.status.waiting = state.status.waiting.saturating_sub(count);
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Whether the file is still there, and how large it is.
    fn look(&mut self) -> Result<(), RecordingError> {
        self.store.check_place()?;
        let mut bytes = self.store.used_bytes()?;
        if let Some(most) = self.max_bytes.filter(|most| bytes > *most) {
            // Some room at once, so that it is not done with every row.
            match self.store.trim_to(most / 10 * 9) {
                Ok(gone) => self.trimmed += gone,
                Err(err) if err.is_passing() => self.store.roll_back(),
                Err(err) => return Err(err),
            }
            bytes = self.store.used_bytes()?;
        }
        let mut state = self.shared.state();
        state.status.bytes = bytes;
        state.status.trimmed = self.trimmed;
        Ok(())
    }
}

/// A row that cannot be kept must not keep the others from it.
fn write(store: &mut Store, job: &Job) -> Result<(), RecordingError> {
    match job {
        Job::Rows(rows, _) => {
            for (id, row) in rows {
                match store.put(*id, row) {
                    Err(err @ RecordingError::BadRow { .. }) => log::error!("{err}"),
                    done => done?,
                }
            }
            Ok(())
        }
        Job::Name(profile, name) => store.name_connection(profile, name),
        Job::Mark(id, marks) => store.mark(*id, marks),
        Job::Finish(..) => Ok(()),
    }
}
