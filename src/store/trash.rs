//! Deleting with a way back: the exact bytes are kept in memory for undo, and in a trash folder
//! beside the window's state for the day after.

use super::atomic::{self, Mode};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files that the trash keeps; the oldest go first.
const MAX_TRASHED: usize = 200;

/// A deleted file, enough to bring it back byte for byte.
#[derive(Clone, Debug)]
pub struct Deleted {
    pub path: PathBuf,
    /// Where a copy lies, if there is a folder for that.
    pub trashed: Option<PathBuf>,
    pub(super) bytes: Vec<u8>,
    /// What it led to, if it was a link.
    pub(super) link: Option<PathBuf>,
}

/// Removes a file; its bytes are safe before it goes.
pub(super) fn delete(path: &Path, bytes: Vec<u8>, trash: Option<&Path>) -> io::Result<Deleted> {
    let link = fs::read_link(path).ok();
    let trashed = match trash {
        Some(trash) => Some(keep(trash, path, &bytes)?),
        None => None,
    };
    fs::remove_file(path)?;
    if let Some(folder) = path.parent() {
        atomic::sync_folder(folder);
    }
    Ok(Deleted {
        path: path.to_owned(),
        trashed,
        bytes,
        link,
    })
}

/// Brings a deleted file back, where there is none by now.
pub(super) fn restore(deleted: &Deleted) -> io::Result<()> {
    match &deleted.link {
        #[cfg(unix)]
        Some(target) => std::os::unix::fs::symlink(target, &deleted.path),
        _ => atomic::write(&deleted.path, &deleted.bytes, Mode::Create),
    }
}

/// Puts a copy of `bytes` into the trash under a name of its own.
pub(super) fn keep(trash: &Path, path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    super::workspace::create_private_folder(trash)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut number = 1_u32;
    loop {
        let copy = trash.join(format!("{stem}.{number}.toml"));
        match atomic::write(&copy, bytes, Mode::Create) {
            Ok(()) => {
                prune(trash);
                return Ok(copy);
            }
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists && number < 10_000 => {
                number += 1;
            }
            Err(err) => return Err(err),
        }
    }
}

fn prune(trash: &Path) {
    let Ok(entries) = fs::read_dir(trash) else {
        return;
    };
    let mut files: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort();
    let surplus = files.len().saturating_sub(MAX_TRASHED);
    for (_, path) in files.into_iter().take(surplus) {
        if let Err(err) = fs::remove_file(&path) {
            log::debug!("could not remove {}: {err}", path.display());
        }
    }
}
