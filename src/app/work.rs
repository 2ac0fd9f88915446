//! Work that takes longer than a frame: one named thread, and for each job a handle that is asked
//! in every frame. Who lets go of the handle no longer wants the result: the job is skipped, or
//! stops at its next look.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Called, on any thread, when there is something new to show.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Whether anybody still waits for the result.
#[derive(Clone, Debug)]
pub struct Wanted(Arc<AtomicBool>);

impl Wanted {
    pub fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A result on its way.
#[derive(Debug)]
pub struct Work<T> {
    slot: Arc<Mutex<Option<T>>>,
    wanted: Wanted,
}

impl<T> Work<T> {
    /// The result, once, when it is there.
    pub fn take(&self) -> Option<T> {
        lock(&self.slot).take()
    }
}

impl<T> Drop for Work<T> {
    fn drop(&mut self) {
        self.wanted.0.store(false, Ordering::Relaxed);
    }
}

struct Job {
    wanted: Wanted,
    make: Box<dyn FnOnce() + Send>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    is_running: bool,
    is_closed: bool,
}

/// The thread and what it has to do. The thread begins with the first job.
pub struct Worker {
    queue: Arc<(Mutex<Queue>, Condvar)>,
    wake: Wake,
}

impl Worker {
    pub fn new(wake: Wake) -> Self {
        Self {
            queue: Arc::default(),
            wake,
        }
    }

    /// Has `make` carried out on the thread. It gives nothing where it found that nobody waits.
    pub fn start<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Wanted) -> Option<T> + Send + 'static,
    ) -> Work<T> {
        let wanted = Wanted(Arc::new(AtomicBool::new(true)));
        let slot = Arc::new(Mutex::new(None));
        let work = Work {
            slot: Arc::clone(&slot),
            wanted: wanted.clone(),
        };
        let of_job = wanted.clone();
        let wake = Arc::clone(&self.wake);
        let make = Box::new(move || {
            if let Some(result) = make(&of_job) {
                *lock(&slot) = Some(result);
                wake();
            }
        });
        let (queue, changed) = &*self.queue;
        let mut queue = lock(queue);
        // As many wait as there are handles.
        queue.jobs.retain(|job| job.wanted.is_so());
        queue.jobs.push_back(Job { wanted, make });
        if !queue.is_running {
            queue.is_running = true;
            let shared = Arc::clone(&self.queue);
            let started = std::thread::Builder::new()
                .name("roundtrip-work".to_owned())
                .spawn(move || run(&shared));
            if started.is_err() {
                // No thread to be had: slow is better than never.
                queue.is_running = false;
                let jobs = std::mem::take(&mut queue.jobs);
                drop(queue);
                for job in jobs {
                    (job.make)();
                }
                return work;
            }
        }
        drop(queue);
        changed.notify_one();
        work
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        lock(&self.queue.0).is_closed = true;
        self.queue.1.notify_all();
    }
}

fn run((queue, changed): &(Mutex<Queue>, Condvar)) {
    loop {
        let mut waiting = lock(queue);
        let job = loop {
            if waiting.is_closed {
                return;
            }
            match waiting.jobs.pop_front() {
                Some(job) => break job,
                None => {
                    waiting = changed
                        .wait(waiting)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        };
        drop(waiting);
        if job.wanted.is_so() {
            (job.make)();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn worker() -> (Worker, mpsc::Receiver<()>) {
        let (told, woken) = mpsc::sync_channel(16);
        let wake: Wake = Arc::new(move || told.send(()).unwrap_or_default());
        (Worker::new(wake), woken)
    }

    #[test]
    fn a_result_comes_with_a_wake_and_is_given_once() {
        let (worker, woken) = worker();
        let work = worker.start(|_| Some(std::thread::current().name().map(str::to_owned)));
        woken.recv_timeout(PATIENCE).unwrap();
        assert_eq!(work.take(), Some(Some("roundtrip-work".to_owned())));
        assert_eq!(work.take(), None);
    }

    #[test]
    fn a_job_whose_handle_was_let_go_sees_it_and_one_that_waits_is_not_begun() {
        let (worker, woken) = worker();
        let (begun, has_begun) = mpsc::sync_channel(1);
        let (stopped, has_stopped) = mpsc::sync_channel(1);
        let running = worker.start(move |wanted| {
            begun.send(()).unwrap();
            while wanted.is_so() {
                std::thread::yield_now();
            }
            stopped.send(()).unwrap();
            None::<()>
        });
        has_begun.recv_timeout(PATIENCE).unwrap();
        let waiting = worker.start(|_| -> Option<()> { panic!("nobody wants this") });
        drop(waiting);
        drop(running);
        has_stopped.recv_timeout(PATIENCE).unwrap();
        let last = worker.start(|_| Some(1));
        woken.recv_timeout(PATIENCE).unwrap();
        assert_eq!(last.take(), Some(1));
    }
}
