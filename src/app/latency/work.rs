//! Looking through a long timeline on a thread of its own, so that no frame waits for it.

use super::axis::real;
use super::count::Count;
use super::legs::NEWEST;
use super::statistics::Part;
use crate::model::timeline::Snapshot;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

/// At work until it is taken; dropping it ends the work.
#[derive(Debug)]
pub struct Work {
    done: Receiver<Box<Count>>,
    pub(super) is_cancelled: Arc<AtomicBool>,
    looked_at: Arc<AtomicUsize>,
    rows: usize,
}

/// How the work stands.
#[derive(Debug)]
pub enum Stand {
    Out,
    Done(Box<Count>),
    /// The thread is gone without a result.
    Lost,
}

impl Work {
    /// Counts the rows; then looks at the part that is shown, and the one that is marked.
    pub fn start(
        snapshot: Snapshot,
        count: Count,
        parts: impl FnOnce(&Count) -> (Part, Option<Part>) + Send + 'static,
    ) -> io::Result<Self> {
        let (report, done) = sync_channel(1);
        let is_cancelled = Arc::new(AtomicBool::new(false));
        let looked_at = Arc::new(AtomicUsize::new(0));
        let work = Self {
            done,
            rows: rows_in(&snapshot),
            is_cancelled: Arc::clone(&is_cancelled),
            looked_at: Arc::clone(&looked_at),
        };
        thread::Builder::new()
            .name("latency".to_owned())
            .spawn(move || run(&snapshot, count, parts, &is_cancelled, &looked_at, &report))?;
        Ok(work)
    }

    pub fn stand(&self) -> Stand {
        match self.done.try_recv() {
            Ok(count) => Stand::Done(count),
            Err(TryRecvError::Empty) => Stand::Out,
            Err(TryRecvError::Disconnected) => Stand::Lost,
        }
    }

    /// 0 to 1.
    pub fn progress(&self) -> f64 {
        let looked_at = self.looked_at.load(Ordering::Relaxed);
        real(looked_at as u64) / real(self.rows.max(1) as u64)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }
}

pub fn rows_in(snapshot: &Snapshot) -> usize {
    snapshot.parts().iter().map(|part| part.len()).sum()
}

fn run(
    snapshot: &Snapshot,
    mut count: Count,
    parts: impl FnOnce(&Count) -> (Part, Option<Part>),
    is_cancelled: &AtomicBool,
    looked_at: &AtomicUsize,
    report: &SyncSender<Box<Count>>,
) {
    let goes_on = || !is_cancelled.load(Ordering::Relaxed);
    let mut left = rows_in(snapshot);
    for part in snapshot.parts() {
        if !goes_on() {
            return;
        }
        for row in part.rows() {
            count.look_at(row, left <= 2 * NEWEST);
            left = left.saturating_sub(1);
        }
        looked_at.fetch_add(part.len(), Ordering::Relaxed);
    }
    let (shown, marked) = parts(&count);
    count.statistics.show(shown);
    count.statistics.mark(marked);
    count.statistics.look(goes_on);
    if goes_on() && report.try_send(Box::new(count)).is_err() {
        log::debug!("the Latency view no longer waits for its figures");
    }
}
