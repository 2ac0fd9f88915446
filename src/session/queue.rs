//! The one ordered queue from the workers to whoever shows or prints.
//!
//! Workers never wait: what tells of an exchange or of a connection's state always fits (there is
//! only so much of it in flight), what merely arrives is counted as lost beyond [`CAPACITY`].
//! Waking a thread costs more than an event: it is done only for a reader that sleeps, at once for what
//! somebody waits for, and a moment later ([`Queue::nudge`]) for what comes on the way there.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How many events may wait for a reader that does not come.
const CAPACITY: usize = 65_536;

/// Wakes the reader, such as a window that sleeps. Must not block.
pub type Wake = Box<dyn Fn() + Send + Sync>;

pub struct Queue<Event> {
    waiting: Mutex<Waiting<Event>>,
    arrived: Condvar,
    wake: Wake,
    /// There is something quiet to wake the reader for.
    quiet: Notify,
}

/// How an event is put into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// It always fits, and wakes the reader.
    Kept,
    /// It is counted instead when the queue is full.
    MayBeLost,
    /// It always fits, and what it is a step towards will wake the reader, or [`Queue::nudge`].
    Quiet,
}

struct Waiting<Event> {
    events: VecDeque<Event>,
    lost: u64,
    /// The reader has been woken and has not read since.
    woken: bool,
    /// Readers in [`Queue::wait`].
    sleepers: usize,
    /// A nudge is due.
    nudged: bool,
    /// Something for the reader waits in another place.
    more: bool,
}

impl<Event> Queue<Event> {
    pub fn new(wake: Wake) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                events: VecDeque::new(),
                lost: 0,
                woken: false,
                sleepers: 0,
                nudged: false,
                more: false,
            }),
            arrived: Condvar::new(),
            wake,
            quiet: Notify::new(),
        }
    }

    pub fn push(&self, event: Event, how: Push) {
        let mut waiting = self.lock();
        if how == Push::MayBeLost && waiting.events.len() >= CAPACITY {
            waiting.lost += 1;
            return;
        }
        waiting.events.push_back(event);
        if how == Push::Quiet {
            if !waiting.woken && !std::mem::replace(&mut waiting.nudged, true) {
                drop(waiting);
                self.quiet.notify_one();
            }
            return;
        }
        self.rouse(waiting);
    }

    fn rouse(&self, mut waiting: MutexGuard<'_, Waiting<Event>>) {
        let first = !std::mem::replace(&mut waiting.woken, true);
        let is_slept = waiting.sleepers > 0;
        drop(waiting);
        // Whoever was woken before has not read yet, and will find this as well.
        if first {
            if is_slept {
                self.arrived.notify_one();
            }
            (self.wake)();
        }
    }

    /// Resolves when something quiet was put in; then a [`Self::nudge`] is due soon.
    pub async fn something_quiet(&self) {
        self.quiet.notified().await;
    }

    /// Wakes the reader for what is quiet and still there.
    pub fn nudge(&self) {
        let mut waiting = self.lock();
        waiting.nudged = false;
        if !waiting.events.is_empty() && !waiting.woken {
            self.rouse(waiting);
        }
    }

    /// Wakes the reader for what waits in another place, where it looks before it takes events.
    pub fn wake_for_more(&self) {
        let mut waiting = self.lock();
        waiting.more = true;
        if !waiting.woken {
            self.rouse(waiting);
        }
    }

    /// The reader is about to look there.
    pub fn looks_for_more(&self) {
        self.lock().more = false;
    }

    /// Takes up to `most` events, oldest first.
    pub fn take(&self, most: usize) -> Vec<Event> {
        let mut waiting = self.lock();
        let count = most.min(waiting.events.len());
        let taken: Vec<Event> = waiting.events.drain(..count).collect();
        waiting.woken = waiting.more || !waiting.events.is_empty();
        if waiting.events.is_empty() && waiting.events.capacity() > 4 * 1024 {
            waiting.events.shrink_to(1024);
        }
        let more = waiting.woken;
        drop(waiting);
        if more {
            (self.wake)();
        }
        taken
    }

    /// Waits until there is an event or `timeout` has passed.
    pub fn wait(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let mut waiting = self.lock();
        while waiting.events.is_empty() && !waiting.more {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            waiting.sleepers += 1;
            let (guard, _) = self
                .arrived
                .wait_timeout(waiting, left)
                .unwrap_or_else(PoisonError::into_inner);
            waiting = guard;
            waiting.sleepers -= 1;
        }
    }

    /// Events that did not fit since the start.
    pub fn lost(&self) -> u64 {
        self.lock().lost
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<Event>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn what_may_be_lost_is_counted_and_the_rest_always_fits() {
        let queue = Queue::new(Box::new(|| {}));
        for number in 0..CAPACITY + 5 {
            queue.push(number, Push::MayBeLost);
        }
        queue.push(usize::MAX, Push::Kept);
        assert_eq!(queue.lost(), 5);
        assert_eq!(queue.take(usize::MAX).last(), Some(&usize::MAX));
    }

    #[test]
    fn a_burst_wakes_the_reader_once() {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&wakes);
        let queue = Queue::new(Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        }));
        for number in 0..100 {
            queue.push(number, Push::MayBeLost);
        }
        assert_eq!(wakes.load(Ordering::Relaxed), 1);
        assert_eq!(queue.take(60).len(), 60);
        assert_eq!(wakes.load(Ordering::Relaxed), 2, "there is more");
        assert_eq!(queue.take(60).len(), 40);
        queue.push(1, Push::MayBeLost);
        assert_eq!(wakes.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn what_is_quiet_comes_along_and_wakes_the_reader_only_when_nudged() {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&wakes);
        let queue = Queue::new(Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        }));
        queue.push(1, Push::Quiet);
        queue.push(2, Push::Quiet);
        assert_eq!(wakes.load(Ordering::Relaxed), 0);
        queue.nudge();
        assert_eq!(wakes.load(Ordering::Relaxed), 1);
        assert_eq!(queue.take(9), [1, 2]);
        queue.nudge();
        assert_eq!(wakes.load(Ordering::Relaxed), 1, "there is nothing");
        queue.push(3, Push::Quiet);
        queue.push(4, Push::Kept);
        assert_eq!(wakes.load(Ordering::Relaxed), 2);
        assert_eq!(queue.take(9), [3, 4], "in their order");
    }

    #[test]
    fn a_sleeper_hears_of_what_is_quiet_when_nudged() {
        let queue = Arc::new(Queue::new(Box::new(|| {})));
        let writer = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                writer.push(1, Push::Quiet);
                writer.nudge();
            })
            .unwrap();
        let started = Instant::now();
        queue.wait(Duration::from_secs(10));
        assert!(started.elapsed() < Duration::from_secs(9));
        thread.join().unwrap();
        assert_eq!(queue.take(9), [1]);
    }

    #[test]
    fn what_waits_in_another_place_wakes_the_reader_until_it_looks_there() {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&wakes);
        let queue = Queue::<u32>::new(Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        }));
        queue.wake_for_more();
        queue.wait(Duration::from_secs(10));
        assert_eq!(wakes.load(Ordering::Relaxed), 1);
        queue.looks_for_more();
        // It comes after the look and before the events are taken.
        queue.wake_for_more();
        assert!(queue.take(9).is_empty());
        assert_eq!(wakes.load(Ordering::Relaxed), 2, "looked for again");
    }

    #[test]
    fn waiting_ends_with_the_first_event_or_the_time() {
        let queue = Arc::new(Queue::new(Box::new(|| {})));
        queue.wait(Duration::from_millis(5));
        let writer = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || writer.push(1, Push::Kept))
            .unwrap();
        queue.wait(Duration::from_secs(10));
        thread.join().unwrap();
        assert_eq!(queue.take(9), [1]);
    }
}
