//! Automatic recordings: one file a start in a folder of their own, all of them together within a bound.
//!
//! The oldest automatic recordings go first; when the one that is being written alone is over the bound, its oldest
//! rows go (see `RecorderOptions::max_bytes`). Recordings that were made by hand are never touched.

use super::ENDING;
use super::RecordingError;
use super::lock::WriterLock;
use std::fs;
use std::path::{Path, PathBuf};

const PREFIX: &str = "auto-";

/// Makes the folder of recordings, which is not there before the first of them.
pub fn prepare(folder: &Path) -> Result<(), RecordingError> {
    crate::store::workspace::create_private_folder(folder)
        .map_err(|err| RecordingError::io("create", folder, &err))
}

/// Where the next automatic recording goes; `stamp` is the time, as in `2026-11-21-145500`.
pub fn next_path(folder: &Path, stamp: &str) -> Result<PathBuf, RecordingError> {
    prepare(folder)?;
    let named = |ending: &str| folder.join(format!("{PREFIX}{stamp}{ending}.{ENDING}"));
    let mut path = named("");
    let mut number = 2;
    while path.exists() {
        path = named(&format!("-{number}"));
        number += 1;
    }
    Ok(path)
}

/// An automatic recording that had to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    pub path: PathBuf,
    pub bytes: u64,
}

/// Takes the oldest automatic recordings away until all that are there have at most `max_bytes`. Those that are
/// being written stay. What was removed is to be said.
pub fn make_room(folder: &Path, max_bytes: u64) -> Result<Vec<Removed>, RecordingError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(RecordingError::io("read", folder, &err)),
    };
    let mut files: Vec<(PathBuf, u64)> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_automatic(path))
        .map(|path| {
            let bytes = size(&path) + size(&beside(&path, "-wal"));
            (path, bytes)
        })
        .collect();
    // The name tells the time.
    files.sort();
    let mut total: u64 = files.iter().map(|(_, bytes)| bytes).sum();
    let mut removed = Vec::new();
    for (path, bytes) in files {
        if total <= max_bytes {
            break;
        }
        if WriterLock::is_taken(&path) {
            continue;
        }
        fs::remove_file(&path).map_err(|err| RecordingError::io("delete", &path, &err))?;
        for other in ["-wal", "-shm", "-lock"] {
            if let Err(err) = fs::remove_file(beside(&path, other))
                && err.kind() != std::io::ErrorKind::NotFound
            {
                log::debug!("{}{other}: {err}", path.display());
            }
        }
        total = total.saturating_sub(bytes);
        removed.push(Removed { path, bytes });
    }
    Ok(removed)
}

fn is_automatic(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(PREFIX) && path.extension().is_some_and(|ending| ending == ENDING)
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
