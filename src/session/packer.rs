//! A thread that packs the older rows of a timeline, and frees what is no longer needed, so that whoever owns
//! the timeline, such as a window, has no frame to spend on it.

use crate::model::timeline::{Packed, Packing, Timeline};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// The thread begins with the first job and ends when nobody has any for it. Without a thread to be had, the
/// timeline packs by itself.
///
/// What does not fit is done at once.
#[derive(Debug, Default)]
pub struct Packer {
    thread: Option<Thread>,
}

#[derive(Debug)]
struct Thread {
    jobs: SyncSender<Job>,
    done: Receiver<Packed>,
}

/// More than a timeline hands out at once.
const JOBS: usize = 64;

enum Job {
    Pack(Packing),
    Drop(Box<dyn Send>),
}

impl Packer {
    /// Brings what was packed, and takes what is to be packed next. To be called whenever rows may have come;
    /// never blocks.
    pub fn serve(&mut self, timeline: &mut Timeline) {
        if let Some(thread) = &self.thread {
            thread.done.try_iter().for_each(|one| timeline.packed(one));
        }
        while let Some(packing) = timeline.take_packing() {
            if let Some(Job::Pack(packing)) = self.put(Job::Pack(packing)) {
                timeline.packed(packing.pack());
            }
        }
        if let Some(spent) = timeline.take_spent() {
            self.let_go(spent);
        }
    }

    /// Drops something large.
    pub fn let_go(&mut self, thing: impl Send + 'static) {
        drop(self.put(Job::Drop(Box::new(thing))));
    }

    /// Gives back what cannot be done elsewhere.
    fn put(&mut self, job: Job) -> Option<Job> {
        if self.thread.is_none() {
            self.thread = start();
        }
        let Some(thread) = &self.thread else {
            return Some(job);
        };
        match thread.jobs.try_send(job) {
            Ok(()) => None,
            Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) => Some(job),
        }
    }
}

fn start() -> Option<Thread> {
    let (jobs, to_do) = sync_channel(JOBS);
    let (give_back, done) = sync_channel(JOBS);
    std::thread::Builder::new()
        .name("roundtrip-pack".to_owned())
        .spawn(move || run(&to_do, &give_back))
        .ok()?;
    Some(Thread { jobs, done })
}

fn run(to_do: &Receiver<Job>, give_back: &SyncSender<Packed>) {
    for job in to_do {
        match job {
            Job::Pack(packing) => {
                if give_back.send(packing.pack()).is_err() {
                    return;
                }
            }
            Job::Drop(thing) => drop(thing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;
    use crate::model::timeline::{Bounds, RowId, RowRef};
    use crate::model::traffic::Traffic;
    use std::time::{Duration, Instant};

    const PATIENCE: Duration = Duration::from_secs(10);

    fn traffic() -> Traffic {
        Traffic::new(7, Timestamp::from_nanos(0), Duration::from_millis(1))
    }

    #[test]
    fn rows_are_packed_elsewhere_and_are_the_same() {
        let mut alone = Timeline::default();
        traffic().fill(&mut alone, 500);
        let mut served = Timeline::default();
        let mut packer = Packer::default();
        // It is known from the beginning that there is help.
        packer.serve(&mut served);
        for (number, row) in (0..).zip(traffic().take(500)) {
            served.put(RowId::new(number), row);
            packer.serve(&mut served);
        }
        let deadline = Instant::now() + PATIENCE;
        while served.bytes() > alone.bytes() && Instant::now() < deadline {
            packer.serve(&mut served);
            std::thread::yield_now();
        }
        assert!(packer.thread.is_some());
        assert_eq!(served.bytes(), alone.bytes());
        let all = |timeline: &Timeline| {
            timeline
                .rows()
                .map(std::borrow::Cow::into_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(all(&served), all(&alone));
        served.set_bounds(Bounds {
            rows: 30,
            ..Bounds::default()
        });
        packer.serve(&mut served);
        assert_eq!(served.iter().map(RowRef::id).count(), 30);
    }

    /// Says on which thread it was dropped.
    struct Heavy(SyncSender<Option<String>>);

    impl Drop for Heavy {
        fn drop(&mut self) {
            let name = std::thread::current().name().map(str::to_owned);
            self.0.send(name).unwrap_or_default();
        }
    }

    #[test]
    fn what_is_let_go_is_dropped_elsewhere() {
        let (tell, told) = sync_channel(1);
        Packer::default().let_go(Heavy(tell));
        let name = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(name.as_deref(), Some("roundtrip-pack"));
    }
}
