//! A workspace: a folder of profiles, requests, devices and settings, and what is known of its files.
//!
//! ```text
//! workspace        the platform's config folder, or --workspace DIR (made to be shared, in git say)
//!   connections/<id>.toml   requests/<id>.toml   devices/<id>.toml   rules/<id>.toml
//!   subscriptions/<id>.toml   settings.toml
//! state            the platform's state folder, never shared: workspaces/<name>-<hash of the path>/
//!   window.toml    geometry, panels, tabs with what is typed in them, theme
//!   secrets.toml   secrets, encrypted, where the user wants them in a file; and the choice
//!   trash/         what was deleted
//! ```
//!
//! Loading remembers what each file was; a save compares before it writes. Nothing is created before
//! the first save, so a command that only reads leaves no trace.

use super::atomic::{self, Fingerprint, Mode};
use super::document;
use super::error::{Change, FileProblem, StoreError};
use super::id;
use super::kept::{AsText, Kept, Loaded, Stored};
use super::settings::Settings;
use super::trash::{self, Deleted};
use super::vault;
use super::window::WindowState;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SETTINGS: &str = "settings.toml";
const WINDOW: &str = "window.toml";
const RECORDINGS: &str = "recordings";
const ENDING: &str = "toml";

/// A folder for one run: gone when this is dropped.
#[derive(Debug)]
#[expect(dead_code, reason = "it is there to be dropped")]
pub struct Scratch(tempfile::TempDir);

/// What to do when somebody else changed the file meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    Refuse,
    /// Put this over what is there now; keys that are not Roundtrip's stay.
    Overwrite,
}

/// A save that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    pub path: PathBuf,
    /// False when the file held this already.
    pub was_written: bool,
}

/// What a file was when it was last read or written here.
#[derive(Clone, Copy, Debug)]
enum Known {
    Whole(Fingerprint),
    Damaged,
    /// The id was given out, nothing is written yet.
    Promised,
}

/// A cheap handle; clones share what is known.
#[derive(Clone)]
pub struct Workspace {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    recordings: PathBuf,
    state: Option<PathBuf>,
    key: String,
    known: Mutex<HashMap<PathBuf, Known>>,
    /// Held while a file is compared and replaced, so that two saves do not cross.
    writing: Mutex<()>,
}

impl Workspace {
    /// The platform's own workspace, or the one in `folder`, which need not exist yet.
    pub fn open(folder: Option<PathBuf>) -> Result<Self, StoreError> {
        let platform = directories::ProjectDirs::from("", "", "roundtrip");
        let state = platform.as_ref().map(|platform| {
            platform
                .state_dir()
                .unwrap_or_else(|| platform.data_local_dir())
                .to_owned()
        });
        let folder = match (folder, &platform) {
            (Some(folder), _) => folder,
            (None, Some(platform)) => platform.config_dir().to_owned(),
            (None, None) => return Err(StoreError::NoHome),
        };
        let is_platforms = platform
            .as_ref()
            .is_some_and(|platform| platform.config_dir() == folder);
        let recordings = platform
            .filter(|_| is_platforms)
            .map(|platform| platform.data_local_dir().join(RECORDINGS));
        Self::with_recordings(&folder, state.as_deref(), recordings)
    }

    /// A workspace and where the state of all workspaces is, if anywhere.
    pub fn open_at(folder: &Path, state: Option<&Path>) -> Result<Self, StoreError> {
        Self::with_recordings(folder, state, None)
    }

    fn with_recordings(
        folder: &Path,
        state: Option<&Path>,
        recordings: Option<PathBuf>,
    ) -> Result<Self, StoreError> {
        let folder = resolved(folder).map_err(|err| StoreError::io("open", folder, err))?;
        match fs::metadata(&folder) {
            Ok(metadata) if !metadata.is_dir() => {
                return Err(StoreError::NotAFolder { path: folder });
            }
            Err(err) if err.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::io("open", &folder, err));
            }
            _ => {}
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let key = format!(
            "{}-{:016x}",
            id::slug(&name, "workspace"),
            stable_hash(folder.as_os_str().as_encoded_bytes())
        );
        Ok(Self {
            inner: Arc::new(Inner {
                state: state.map(|state| state.join("workspaces").join(&key)),
                recordings: recordings.unwrap_or_else(|| folder.join(RECORDINGS)),
                folder,
                key,
                known: Mutex::default(),
                writing: Mutex::default(),
            }),
        })
    }

    /// An empty workspace in a folder of its own, which goes with the second half.
    pub fn scratch() -> Result<(Self, Scratch), StoreError> {
        let folder = tempfile::Builder::new()
            .prefix("roundtrip-")
            .tempdir()
            .map_err(|err| StoreError::io("create", &std::env::temp_dir(), err))?;
        let workspace = folder.path().join("demo");
        let state = folder.path().join("state");
        Ok((Self::open_at(&workspace, Some(&state))?, Scratch(folder)))
    }

    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// Where automatic recordings go: `recordings` in a workspace of its own, or in the platform's data folder.
    pub fn recordings_folder(&self) -> &Path {
        &self.inner.recordings
    }

    /// What tells this workspace from others: its folder's name and a hash of the whole path.
    pub fn key(&self) -> &str {
        &self.inner.key
    }

    /// For this machine and this user alone; not there without a home directory.
    pub fn state_folder(&self) -> Option<&Path> {
        self.inner.state.as_deref()
    }

    /// The encrypted file of secrets, there or not.
    pub fn secrets_path(&self) -> Option<PathBuf> {
        Some(self.state_folder()?.join(vault::FILE))
    }

    fn known(&self) -> MutexGuard<'_, HashMap<PathBuf, Known>> {
        // A panic elsewhere does not make what is known wrong.
        self.inner
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, path: &Path, known: Known) {
        self.known().insert(path.to_owned(), known);
    }

    /// Where the file of a thing is, or would be.
    pub fn path<T: Kept>(&self, id: &str) -> Result<PathBuf, StoreError> {
        id::check(id)?;
        Ok(self
            .inner
            .folder
            .join(T::FOLDER)
            .join(format!("{id}.{ENDING}")))
    }

    /// An id for a new thing of that name. It is not given out twice.
    pub fn new_id<T: Kept>(&self, name: &str) -> String {
        let folder = self.inner.folder.join(T::FOLDER);
        let mut known = self.known();
        // Compared in lower case: not every file system tells `On` from `on`.
        let taken: HashSet<String> = known
            .keys()
            .filter(|path| path.parent() == Some(folder.as_path()))
            .filter_map(|path| Some(path.file_stem()?.to_string_lossy().to_lowercase()))
            .collect();
        let id = id::unique(name, T::NOUN, &taken);
        known.insert(folder.join(format!("{id}.{ENDING}")), Known::Promised);
        id
    }

    /// Reads a whole folder. What cannot be read is named, and later saves leave it alone.
    pub fn load<T: Kept>(&self) -> Loaded<T> {
        let folder = self.inner.folder.join(T::FOLDER);
        let mut loaded = Loaded::default();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return loaded,
            Err(err) => {
                loaded.problems.push(FileProblem::unreadable(&folder, &err));
                return loaded;
            }
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort_by(|a, b| a.file_stem().cmp(&b.file_stem()).then_with(|| a.cmp(b)));
        self.known().retain(|path, known| {
            path.parent() != Some(folder.as_path()) || matches!(known, Known::Promised)
        });
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') {
                atomic::remove_if_stale(&path);
            } else if path.is_dir() {
                loaded.problems.push(FileProblem::whole(
                    &path,
                    "folders inside this folder are not read",
                    format!(
                        "move its files one up; a {} can name a folder of its own",
                        T::NOUN
                    ),
                ));
            } else if path.extension().is_some_and(|ending| ending == ENDING) {
                match self.load_path(&path) {
                    Ok(stored) => loaded.items.push(stored),
                    Err(problem) => loaded.problems.push(problem),
                }
            }
        }
        loaded
    }

    /// Reads one thing again, after a conflict say. None when there is no such file.
    pub fn load_one<T: Kept>(&self, id: &str) -> Result<Option<Stored<T>>, StoreError> {
        let path = self.path::<T>(id)?;
        if fs::symlink_metadata(&path).is_err() {
            self.known().remove(&path);
            return Ok(None);
        }
        self.load_path(&path)
            .map(Some)
            .map_err(StoreError::Unreadable)
    }

    fn load_path<T: Kept>(&self, path: &Path) -> Result<Stored<T>, FileProblem> {
        let id = path.file_stem().and_then(|stem| stem.to_str());
        let Some(id) = id.filter(|id| id::check(id).is_ok()) else {
            return Err(FileProblem::whole(
                path,
                "its name cannot be an id",
                "rename the file; use letters, digits and dashes",
            ));
        };
        let draft = self.read(path)?;
        Ok(Stored {
            id: id.to_owned(),
            draft,
            path: path.to_owned(),
        })
    }

    /// Reads a file and remembers how it was.
    fn read<T: AsText>(&self, path: &Path) -> Result<T, FileProblem> {
        let read = atomic::read(path, atomic::MAX_FILE_BYTES)
            .map_err(|err| FileProblem::unreadable(path, &err))
            .and_then(|bytes| {
                let value = T::of_text(path, document::text(path, &bytes)?)?;
                Ok((value, Fingerprint::of(&bytes)))
            });
        match read {
            Ok((value, fingerprint)) => {
                self.remember(path, Known::Whole(fingerprint));
                Ok(value)
            }
            Err(problem) => {
                self.remember(path, Known::Damaged);
                Err(problem)
            }
        }
    }

    pub fn save<T: Kept>(
        &self,
        id: &str,
        draft: &T,
        on_conflict: OnConflict,
    ) -> Result<Saved, StoreError> {
        let path = self.path::<T>(id)?;
        if let Some(place) = draft.password_place() {
            return Err(StoreError::HoldsPassword { path, place });
        }
        self.put(&path, draft, on_conflict)
    }

    /// Compares the file with what is known of it, and replaces it.
    fn put<T: AsText>(
        &self,
        path: &Path,
        value: &T,
        on_conflict: OnConflict,
    ) -> Result<Saved, StoreError> {
        let _turn = self
            .inner
            .writing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let there = atomic::read_if_there(path).map_err(|err| StoreError::io("read", path, err))?;
        let known = self.known().get(path).copied();
        let change = match (&known, &there) {
            (Some(Known::Whole(known)), Some(bytes)) => {
                (*known != Fingerprint::of(bytes)).then_some(Change::Edited)
            }
            (Some(Known::Whole(_)), None) => Some(Change::Deleted),
            (Some(Known::Damaged), Some(_)) => Some(Change::Edited),
            (_, Some(_)) => Some(Change::Created),
            (_, None) => None,
        };
        let old = match &there {
            Some(bytes) => {
                // Whatever was agreed on: what cannot be read is not overwritten.
                let text = document::text(path, bytes)
                    .and_then(|text| T::of_text(path, text).map(|_| text));
                Some(text.map_err(StoreError::Damaged)?)
            }
            None => None,
        };
        let text = value.to_text(old).map_err(|why| StoreError::NotToml {
            path: path.to_owned(),
            why,
        })?;
        let was_written = old != Some(text.as_str());
        // When the other one wrote just this, there is nothing to quarrel about.
        if let Some(change) = change
            && on_conflict == OnConflict::Refuse
            && was_written
        {
            return Err(StoreError::Conflict {
                path: path.to_owned(),
                change,
            });
        }
        if was_written {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(|err| StoreError::io("create", folder, err))?;
            }
            let mode = if there.is_some() {
                Mode::Replace
            } else {
                Mode::Create
            };
            atomic::write(path, text.as_bytes(), mode).map_err(|err| match err.kind() {
                io::ErrorKind::AlreadyExists => StoreError::Conflict {
                    path: path.to_owned(),
                    change: Change::Created,
                },
                _ => StoreError::io("write", path, err),
            })?;
            self.remember(path, Known::Whole(Fingerprint::of(text.as_bytes())));
        } else if let Some(bytes) = &there {
            self.remember(path, Known::Whole(Fingerprint::of(bytes)));
        }
        Ok(Saved {
            path: path.to_owned(),
            was_written,
        })
    }

    /// Deletes the file of a thing; [`Self::restore`] brings it back byte for byte.
    /// None when there is none: it was never saved, or somebody else deleted it.
    pub fn delete<T: Kept>(&self, id: &str) -> Result<Option<Deleted>, StoreError> {
        let path = self.path::<T>(id)?;
        let _turn = self
            .inner
            .writing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(bytes) =
            atomic::read_if_there(&path).map_err(|err| StoreError::io("read", &path, err))?
        else {
            self.known().remove(&path);
            return Ok(None);
        };
        let trash = self.inner.state.as_ref().map(|state| state.join("trash"));
        let deleted = trash::delete(&path, bytes, trash.as_deref())
            .map_err(|err| StoreError::io("delete", &path, err))?;
        // The id stays taken: undo must find its place free.
        self.remember(&path, Known::Promised);
        Ok(Some(deleted))
    }

    pub fn restore(&self, deleted: &Deleted) -> Result<(), StoreError> {
        trash::restore(deleted).map_err(|err| match err.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Conflict {
                path: deleted.path.clone(),
                change: Change::Created,
            },
            _ => StoreError::io("restore", &deleted.path, err),
        })?;
        let fingerprint = Fingerprint::of(&deleted.bytes);
        self.remember(&deleted.path, Known::Whole(fingerprint));
        Ok(())
    }

    /// Puts back what a file held; what is in it now goes to the trash.
    pub(super) fn put_bytes_back(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let _turn = self
            .inner
            .writing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let there = atomic::read_if_there(path).map_err(|err| StoreError::io("read", path, err))?;
        let trash = self.inner.state.as_ref().map(|state| state.join("trash"));
        if let (Some(there), Some(trash)) = (there.filter(|there| there != bytes), trash) {
            trash::keep(&trash, path, &there)
                .map_err(|err| StoreError::io("write", &trash, err))?;
        }
        atomic::write(path, bytes, Mode::Replace)
            .map_err(|err| StoreError::io("restore", path, err))?;
        self.remember(path, Known::Whole(Fingerprint::of(bytes)));
        Ok(())
    }

    /// The settings, and what is wrong with their file: then they are the defaults and are not saved.
    pub fn load_settings(&self) -> (Settings, Option<FileProblem>) {
        self.load_single(&self.settings_path())
    }

    pub fn save_settings(
        &self,
        settings: &Settings,
        on_conflict: OnConflict,
    ) -> Result<Saved, StoreError> {
        self.put(&self.settings_path(), settings, on_conflict)
    }

    pub(super) fn settings_path(&self) -> PathBuf {
        self.inner.folder.join(SETTINGS)
    }

    /// How the window was.
    pub fn load_window(&self) -> (WindowState, Option<FileProblem>) {
        let Some(path) = self.window_path() else {
            return (WindowState::default(), None);
        };
        let (state, problem) = self.load_single::<WindowState>(&path);
        (state.usable(), problem)
    }

    /// Keeps how the window is. The last of two windows wins. This file is Roundtrip's own: one that
    /// cannot be read goes to the trash instead of standing in the way for ever.
    pub fn save_window(&self, window: &WindowState) -> Result<Saved, StoreError> {
        let (Some(path), Some(state)) = (self.window_path(), &self.inner.state) else {
            return Err(StoreError::NoStateFolder);
        };
        create_private_folder(state).map_err(|err| StoreError::io("create", state, err))?;
        let window = WindowState {
            workspace: self.inner.folder.display().to_string(),
            ..window.clone()
        };
        match self.put(&path, &window, OnConflict::Overwrite) {
            Err(StoreError::Damaged(_)) => {
                let bytes = atomic::read(&path, atomic::MAX_FILE_BYTES)
                    .map_err(|err| StoreError::io("read", &path, err))?;
                trash::delete(&path, bytes, Some(&state.join("trash")))
                    .map_err(|err| StoreError::io("delete", &path, err))?;
                self.put(&path, &window, OnConflict::Overwrite)
            }
            other => other,
        }
    }

    pub(super) fn window_path(&self) -> Option<PathBuf> {
        self.inner.state.as_ref().map(|state| state.join(WINDOW))
    }

    fn load_single<T: AsText + Default>(&self, path: &Path) -> (T, Option<FileProblem>) {
        if fs::symlink_metadata(path).is_err_and(|err| err.kind() == io::ErrorKind::NotFound) {
            self.known().remove(path);
            return (T::default(), None);
        }
        match self.read(path) {
            Ok(value) => (value, None),
            Err(problem) => (T::default(), Some(problem)),
        }
    }
}

/// A folder for this user alone.
pub(super) fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The absolute path without links, also when its end does not exist yet.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for ancestor in path.ancestors() {
        if let Ok(mut real) = fs::canonicalize(ancestor) {
            let rest = path
                .strip_prefix(ancestor)
                .unwrap_or_else(|_| Path::new(""));
            // What does not exist holds no links: here `..` is just the way back.
            for part in rest.components() {
                match part {
                    Component::ParentDir => {
                        real.pop();
                    }
                    other => real.push(other),
                }
            }
            return Ok(real);
        }
    }
    Ok(path)
}

/// FNV-1a: the same in every version of the program, which the standard hasher does not promise.
fn stable_hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
