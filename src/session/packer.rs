//! A thread that packs the older rows of a timeline, and frees what is no longer needed of it, so that whoever
//! owns the timeline, such as a window, has no frame to spend on it.

use crate::model::timeline::{Packed, Packing, Spent, Timeline};
use std::sync::mpsc::{Receiver, Sender, channel};

/// The thread begins with the first job and ends when nobody has any for it. Without a thread to be had, the
/// timeline packs by itself.
#[derive(Debug, Default)]
pub struct Packer {
    thread: Option<Thread>,
}

#[derive(Debug)]
struct Thread {
    /// As many wait as the timeline hands out.
    jobs: Sender<Job>,
    done: Receiver<Packed>,
}

enum Job {
    Pack(Packing),
    Drop(Spent),
}

impl Packer {
    /// Brings what was packed, and takes what is to be packed next. To be called whenever rows may have come;
    /// never blocks.
    pub fn serve(&mut self, timeline: &mut Timeline) {
        if let Some(thread) = &self.thread {
            thread.done.try_iter().for_each(|one| timeline.packed(one));
        }
        while let Some(packing) = timeline.take_packing() {
            self.put(Job::Pack(packing));
        }
        if let Some(spent) = timeline.take_spent() {
            self.put(Job::Drop(spent));
        }
    }

    fn put(&mut self, job: Job) {
        if self.thread.is_none() {
            self.thread = start();
        }
        if let Some(thread) = &self.thread {
            // Where the thread is gone the timeline does not wait for long.
            thread.jobs.send(job).unwrap_or_default();
        }
    }
}

fn start() -> Option<Thread> {
    let (jobs, to_do) = channel();
    let (give_back, done) = channel();
    std::thread::Builder::new()
        .name("roundtrip-pack".to_owned())
        .spawn(move || run(&to_do, &give_back))
        .ok()?;
    Some(Thread { jobs, done })
}

fn run(to_do: &Receiver<Job>, give_back: &Sender<Packed>) {
    for job in to_do {
        match job {
            Job::Pack(packing) => {
                if give_back.send(packing.pack()).is_err() {
                    return;
                }
            }
            Job::Drop(spent) => drop(spent),
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
                .map(|row| row.into_owned())
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
}
