//! Saves off the frame: a thread of its own, at most one waiting save a file (the latest), and a sink
//! that hears how each one went. Dropping the [`Writer`] writes what is waiting.

use super::error::StoreError;
use super::kept::Kept;
use super::settings::Settings;
use super::trash::Deleted;
use super::window::WindowState;
use super::workspace::{OnConflict, Saved, Workspace};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Waiting jobs; when the disk does not answer, more are refused and said to be.
const MAX_WAITING: usize = 1024;
/// How long the program's end waits for the disk.
const LAST_FLUSH: Duration = Duration::from_secs(10);

/// Whose file was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// By [`Kept::FOLDER`] and id.
    Item {
        folder: &'static str,
        id: String,
    },
    Settings,
    Window,
}

/// Names one save that was asked for; later ones are larger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

#[derive(Debug)]
pub enum WriteDone {
    Saved(Saved),
    /// Nothing was written: a file was read again.
    Loaded,
    /// None: there was no file (any more).
    Deleted(Option<Deleted>),
    Restored,
}

#[derive(Debug)]
pub struct WriteReport {
    pub subject: Subject,
    /// Of the latest save that went into this write; earlier ones that were still waiting gave way to it.
    pub ticket: Ticket,
    pub result: Result<WriteDone, StoreError>,
}

/// Called on the writer's thread; must not block.
pub type WriteSink = Arc<dyn Fn(WriteReport) + Send + Sync>;

type Job = Box<dyn FnOnce(&Workspace) -> Result<WriteDone, StoreError> + Send>;

struct Waiting {
    subject: Subject,
    ticket: Ticket,
    /// None for deletions and the like, which nothing may replace.
    save: Option<OnConflict>,
    job: Job,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    tickets: u64,
    is_writing: bool,
    is_closed: bool,
    has_ended: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that the thread has ended, even when it panicked.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.has_ended = true;
        queue.is_writing = false;
        self.0.changed.notify_all();
    }
}

pub struct Writer {
    shared: Arc<Shared>,
    workspace: Workspace,
}

impl Writer {
    pub fn start(workspace: Workspace, sink: WriteSink) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::default());
        let name = "store-writer";
        let (of_thread, to_write) = (Arc::clone(&shared), workspace.clone());
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let ending = Ending(of_thread);
                run(&ending.0, &to_write, &sink);
            })
            .map_err(|source| StoreError::Thread { name, source })?;
        Ok(Self { shared, workspace })
    }

    /// Saves soon. A save of the same thing that is still waiting is replaced. The report says how it went.
    pub fn save<T: Kept>(
        &self,
        id: &str,
        draft: T,
        on_conflict: OnConflict,
    ) -> Result<Ticket, StoreError> {
        let subject = item::<T>(id);
        let id = id.to_owned();
        self.push(subject, Some(on_conflict), move |on_conflict| {
            Box::new(move |workspace| {
                workspace
                    .save(&id, &draft, on_conflict)
                    .map(WriteDone::Saved)
            })
        })
    }

    pub fn save_settings(
        &self,
        settings: Settings,
        on_conflict: OnConflict,
    ) -> Result<Ticket, StoreError> {
        self.push(Subject::Settings, Some(on_conflict), move |on_conflict| {
            Box::new(move |workspace| {
                workspace
                    .save_settings(&settings, on_conflict)
                    .map(WriteDone::Saved)
            })
        })
    }

    /// Like [`Self::load_again`].
    pub fn load_settings_again(
        &self,
        answer: impl FnOnce(Settings) + Send + 'static,
    ) -> Result<Ticket, StoreError> {
        self.push(Subject::Settings, None, move |_| {
            Box::new(move |workspace| match workspace.load_settings() {
                (_, Some(problem)) => Err(StoreError::Unreadable(problem)),
                (settings, None) => {
                    answer(settings);
                    Ok(WriteDone::Loaded)
                }
            })
        })
    }

    /// Reads a thing again, after the saves that are waiting: `answer` is called on the writer's thread.
    pub fn load_again<T: Kept>(
        &self,
        id: &str,
        answer: impl FnOnce(Option<T>) + Send + 'static,
    ) -> Result<Ticket, StoreError> {
        let subject = item::<T>(id);
        let id = id.to_owned();
        self.push(subject, None, move |_| {
            Box::new(move |workspace| {
                answer(workspace.load_one::<T>(&id)?.map(|stored| stored.draft));
                Ok(WriteDone::Loaded)
            })
        })
    }

    pub fn save_window(&self, window: WindowState) -> Result<Ticket, StoreError> {
        self.push(Subject::Window, Some(OnConflict::Overwrite), move |_| {
            Box::new(move |workspace| workspace.save_window(&window).map(WriteDone::Saved))
        })
    }

    /// Deletes after the saves that are waiting; the report carries what undo needs.
    pub fn delete<T: Kept>(&self, id: &str) -> Result<Ticket, StoreError> {
        let subject = item::<T>(id);
        let id = id.to_owned();
        self.push(subject, None, move |_| {
            Box::new(move |workspace| workspace.delete::<T>(&id).map(WriteDone::Deleted))
        })
    }

    /// Brings back what [`Self::delete`] reported.
    pub fn restore<T: Kept>(&self, id: &str, deleted: Deleted) -> Result<Ticket, StoreError> {
        self.push(item::<T>(id), None, move |_| {
            Box::new(move |workspace| workspace.restore(&deleted).map(|()| WriteDone::Restored))
        })
    }

    /// Waits until all that was asked for is on the disk, or `limit` is over: then it is false.
    pub fn flush(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut queue = self.shared.queue();
        while queue.is_writing || !queue.waiting.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || queue.has_ended {
                return false;
            }
            queue = self
                .shared
                .changed
                .wait_timeout(queue, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    fn push(
        &self,
        subject: Subject,
        save: Option<OnConflict>,
        job: impl FnOnce(OnConflict) -> Job,
    ) -> Result<Ticket, StoreError> {
        let mut queue = self.shared.queue();
        if queue.has_ended {
            return Err(StoreError::WriterGone {
                path: self.path(&subject),
            });
        }
        queue.tickets += 1;
        let ticket = Ticket(queue.tickets);
        let last = queue
            .waiting
            .iter_mut()
            .rfind(|waiting| waiting.subject == subject);
        if let (Some(save), Some(last)) = (save, last)
            && let Some(earlier) = last.save
        {
            // Leave to overwrite was given for this file; the newer text does not take it back.
            let save = if earlier == OnConflict::Overwrite {
                earlier
            } else {
                save
            };
            last.save = Some(save);
            last.job = job(save);
            last.ticket = ticket;
            return Ok(ticket);
        }
        if queue.waiting.len() >= MAX_WAITING {
            return Err(StoreError::Busy {
                path: self.path(&subject),
                waiting: queue.waiting.len(),
            });
        }
        queue.waiting.push_back(Waiting {
            subject,
            ticket,
            save,
            job: job(save.unwrap_or(OnConflict::Refuse)),
        });
        self.shared.changed.notify_all();
        Ok(ticket)
    }

    fn path(&self, subject: &Subject) -> PathBuf {
        match subject {
            Subject::Item { folder, id } => {
                let folder = self.workspace.folder().join(folder);
                folder.join(format!("{id}.toml"))
            }
            Subject::Settings => self.workspace.settings_path(),
            Subject::Window => self.workspace.window_path().unwrap_or_default(),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.queue().is_closed = true;
        self.shared.changed.notify_all();
        if !self.flush(LAST_FLUSH) {
            log::error!("the disk did not take everything in time; the last changes may be lost");
        }
    }
}

fn item<T: Kept>(id: &str) -> Subject {
    Subject::Item {
        folder: T::FOLDER,
        id: id.to_owned(),
    }
}

fn run(shared: &Shared, workspace: &Workspace, sink: &WriteSink) {
    let mut queue = shared.queue();
    loop {
        if let Some(next) = queue.waiting.pop_front() {
            queue.is_writing = true;
            drop(queue);
            let result = (next.job)(workspace);
            sink(WriteReport {
                subject: next.subject,
                ticket: next.ticket,
                result,
            });
            queue = shared.queue();
            queue.is_writing = false;
            shared.changed.notify_all();
        } else if queue.is_closed {
            return;
        } else {
            queue = shared
                .changed
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests;
