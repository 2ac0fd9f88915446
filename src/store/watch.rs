//! What other programs write into the workspace while it is open: an editor, `git pull`, another Roundtrip.
//!
//! The system tells that something has happened in the folders ([`notify`]); a thread of its own then waits until it is
//! quiet, reads what is there and compares it with what is known. Where the system tells nothing, as on a network drive,
//! [`Watch::look`] is for the moment in which the window comes to the front. Nothing is taken up here: until
//! [`Workspace::accept`] a file counts as changed by somebody else, and a save is refused as ever.

use super::atomic::{self, Fingerprint};
use super::document;
use super::error::{Change, FileProblem, StoreError};
use super::id;
use super::kept::{AsText, Kept};
use super::rule::RuleText;
use super::settings::Settings;
use super::workspace::{Known, Workspace};
use crate::model::profile::ProfileDraft;
use crate::model::request::RequestDraft;
use crate::model::responder::DeviceDraft;
use crate::model::subscribe::SubscriptionDraft;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Nothing happened for so long: whoever writes several files, or one in several steps, is done.
const QUIET: Duration = Duration::from_millis(250);
/// … or goes on writing, and is not waited for any longer.
const MOST: Duration = Duration::from_secs(2);

/// A file that is not what it was when it was last read or written here.
#[derive(Clone, Debug)]
pub struct Found<T> {
    /// The name of the file without its ending.
    pub id: String,
    /// What is in it now; none when it is gone.
    pub draft: Option<T>,
    path: PathBuf,
    was: Option<Known>,
    is: Option<Fingerprint>,
}

impl<T> Found<T> {
    /// What somebody else did, in words.
    pub fn what(&self) -> String {
        let change = match (&self.was, &self.is) {
            (_, None) => Change::Deleted,
            (Some(Known::Whole(_)), _) => Change::Edited,
            _ => Change::Created,
        };
        format!("`{}` {change}", self.path.display())
    }

    /// Tells one change of the file from the next.
    pub fn version(&self) -> u64 {
        self.is.map_or(0, Fingerprint::number)
    }
}

/// All that is not as it was.
#[derive(Clone, Debug, Default)]
pub struct Differences {
    pub profiles: Vec<Found<ProfileDraft>>,
    pub requests: Vec<Found<RequestDraft>>,
    pub devices: Vec<Found<DeviceDraft>>,
    pub rules: Vec<Found<RuleText>>,
    pub subscriptions: Vec<Found<SubscriptionDraft>>,
    pub settings: Option<Found<Settings>>,
    /// Files that cannot be read, each told once.
    pub problems: Vec<FileProblem>,
}

impl Differences {
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
            && self.requests.is_empty()
            && self.devices.is_empty()
            && self.rules.is_empty()
            && self.subscriptions.is_empty()
            && self.settings.is_none()
            && self.problems.is_empty()
    }
}

/// Files that could not be read, as they were then.
type Told = HashMap<PathBuf, Option<Fingerprint>>;

impl Workspace {
    /// Has `tell` called, on a thread of its own, with all that is not as it was, whenever that changes. An empty answer
    /// says that everything is again as it is known.
    pub fn watch(&self, tell: impl Fn(Differences) + Send + 'static) -> Result<Watch, StoreError> {
        let (looks, asked) = sync_channel(1);
        let is_over = Arc::new(AtomicBool::new(false));
        let name = "workspace-watch";
        let (workspace, of_events) = (self.clone(), looks.clone());
        let ends = Arc::clone(&is_over);
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let watcher = notify::recommended_watcher(move |event| {
                    if is_change(&event) {
                        ask(&of_events);
                    }
                });
                if let Err(err) = &watcher {
                    log::warn!(
                        "files are only looked at when the window comes to the front: {err}"
                    );
                }
                run(&workspace, watcher.ok(), &asked, &ends, &tell);
            })
            .map_err(|source| StoreError::Thread { name, source })?;
        Ok(Watch { looks, is_over })
    }

    /// Takes up what was found: from now on the file counts as known. False when something else has become of it
    /// meanwhile.
    pub fn accept<T>(&self, found: &Found<T>) -> bool {
        let mut known = self.known();
        if known.get(&found.path).copied() != found.was {
            return false;
        }
        match found.is {
            Some(fingerprint) => known.insert(found.path.clone(), Known::Whole(fingerprint)),
            None => known.remove(&found.path),
        };
        true
    }

    fn differences(&self, told: &mut Told) -> Differences {
        // A folder that is gone as a whole is a drive that was taken away, rather than many things deleted.
        if !self.folder().is_dir() {
            return Differences::default();
        }
        // A save is either known or has not begun.
        let _turn = self.writing();
        let mut problems = Vec::new();
        let mut look = Look {
            workspace: self,
            told,
            problems: &mut problems,
        };
        let mut found = Differences {
            profiles: look.folder(),
            requests: look.folder(),
            devices: look.folder(),
            rules: look.folder(),
            subscriptions: look.folder(),
            settings: look.file(&self.settings_path()),
            problems: Vec::new(),
        };
        found.problems = problems;
        found
    }

    fn watched_folders(&self) -> [PathBuf; 6] {
        let folder = |name: &str| self.folder().join(name);
        [
            self.folder().to_owned(),
            folder(ProfileDraft::FOLDER),
            folder(RequestDraft::FOLDER),
            folder(DeviceDraft::FOLDER),
            folder(RuleText::FOLDER),
            folder(SubscriptionDraft::FOLDER),
        ]
    }
}

struct Look<'a> {
    workspace: &'a Workspace,
    told: &'a mut Told,
    problems: &'a mut Vec<FileProblem>,
}

impl Look<'_> {
    fn folder<T: Kept>(&mut self) -> Vec<Found<T>> {
        let folder = self.workspace.folder().join(T::FOLDER);
        let mut paths: BTreeSet<PathBuf> = BTreeSet::new();
        let known = self.workspace.known();
        let here = known.keys().filter(|path| path.parent() == Some(&*folder));
        paths.extend(here.cloned());
        drop(known);
        match fs::read_dir(&folder) {
            Ok(entries) => {
                let entries = entries.flatten().map(|entry| entry.path());
                paths.extend(entries.filter(|path| is_thing(path)));
            }
            Err(err) if err.kind() == io::ErrorKind::NotFound => {}
            // What cannot be listed is not gone.
            Err(err) => {
                log::warn!("{}: {err}", folder.display());
                return Vec::new();
            }
        }
        paths.iter().filter_map(|path| self.file(path)).collect()
    }

    /// Nothing, where the file is as it is known.
    fn file<T: AsText>(&mut self, path: &Path) -> Option<Found<T>> {
        let was = self.workspace.known().get(path).copied();
        let found = |draft, is| Found {
            id: path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default(),
            draft,
            path: path.to_owned(),
            was,
            is,
        };
        let bytes = match atomic::read_if_there(path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                self.told.remove(path);
                // A name that was only given out, or a file that could never be read, is nothing to lose.
                return matches!(was, Some(Known::Whole(_))).then(|| found(None, None));
            }
            Err(err) => {
                self.complain(path, None, was, FileProblem::unreadable(path, &err));
                return None;
            }
        };
        let is = Fingerprint::of(&bytes);
        if matches!(was, Some(Known::Whole(known)) if known == is) {
            self.told.remove(path);
            return None;
        }
        let draft = document::text(path, &bytes).and_then(|text| T::of_text(path, text));
        match draft {
            Ok(draft) => {
                self.told.remove(path);
                Some(found(Some(draft), Some(is)))
            }
            Err(problem) => {
                self.complain(path, Some(is), was, problem);
                None
            }
        }
    }

    /// Once for each state of a file. One that was damaged from the start has been told when it was loaded.
    fn complain(
        &mut self,
        path: &Path,
        is: Option<Fingerprint>,
        was: Option<Known>,
        problem: FileProblem,
    ) {
        let before = self.told.insert(path.to_owned(), is);
        let is_news = match before {
            Some(before) => before != is,
            None => !matches!(was, Some(Known::Damaged)),
        };
        if is_news {
            self.problems.push(problem);
        }
    }
}

/// A file of a thing, not a temporary one.
fn is_thing(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    path.extension().is_some_and(|ending| ending == "toml")
        && stem.is_some_and(|stem| !stem.starts_with('.') && id::check(stem).is_ok())
}

/// Reading is an event as well, and would be answered with more reading.
fn is_change(event: &notify::Result<notify::Event>) -> bool {
    !matches!(event, Ok(event) if matches!(event.kind, EventKind::Access(_)))
}

fn ask(looks: &SyncSender<()>) {
    // One that is waiting is for all.
    looks.try_send(()).ok();
}

fn run(
    workspace: &Workspace,
    mut watcher: Option<RecommendedWatcher>,
    asked: &Receiver<()>,
    is_over: &AtomicBool,
    tell: &dyn Fn(Differences),
) {
    let mut told = Told::new();
    let mut told_something = false;
    let mut around = None;
    loop {
        // Before the look: what happens afterwards is heard.
        if let Some(watcher) = &mut watcher {
            watch_folders(workspace, watcher, &mut around);
        }
        let differences = workspace.differences(&mut told);
        if told_something || !differences.is_empty() {
            told_something = !differences.is_empty();
            tell(differences);
        }
        if asked.recv().is_err() {
            return;
        }
        let begun = Instant::now();
        while !is_over.load(Ordering::Relaxed) && begun.elapsed() < MOST {
            match asked.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        if is_over.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// All folders that are there; where the workspace itself is not yet, what it will be made in. A folder that was deleted
/// and made again is another one, so that each is named anew.
fn watch_folders(
    workspace: &Workspace,
    watcher: &mut RecommendedWatcher,
    around: &mut Option<PathBuf>,
) {
    let mut folders: Vec<PathBuf> = workspace.watched_folders().into();
    let is_there = workspace.folder().is_dir();
    let before = around.take();
    if !is_there {
        let mut above = workspace.folder().ancestors().skip(1);
        *around = above.find(|it| it.is_dir()).map(Path::to_owned);
        folders.extend(around.clone());
    }
    if let Some(before) = before.filter(|before| around.as_ref() != Some(before))
        && let Err(err) = watcher.unwatch(&before)
    {
        log::debug!("{}: {err}", before.display());
    }
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        if let Err(err) = watcher.watch(folder, RecursiveMode::NonRecursive) {
            log::warn!("{}: {err}", folder.display());
        }
    }
}

/// Ends with its drop.
#[derive(Debug)]
pub struct Watch {
    looks: SyncSender<()>,
    is_over: Arc<AtomicBool>,
}

impl Watch {
    /// Looks at the files although nothing was heard of them.
    pub fn look(&self) {
        ask(&self.looks);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.look();
    }
}

#[cfg(test)]
mod tests;
