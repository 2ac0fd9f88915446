//! Files outside the workspace that the command line names: payloads, devices, passwords, pictures.

use super::atomic::{self, Mode};
use super::document;
use super::error::{FileProblem, StoreError};
use super::kept::Kept;
use std::io;
use std::path::{Path, PathBuf};

/// A regular file of at most `limit` bytes.
pub fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, StoreError> {
    atomic::read(path, limit).map_err(|err| match err.kind() {
        io::ErrorKind::FileTooLarge => StoreError::TooLarge {
            path: path.to_owned(),
            limit,
        },
        _ => StoreError::io("read", path, err),
    })
}

/// A certificate or a key that a profile names; `~` is the home directory. The error is in words.
pub fn read_named(name: &str) -> Result<Vec<u8>, String> {
    let path = match name.strip_prefix("~/") {
        None => PathBuf::from(name),
        Some(rest) => directories::UserDirs::new()
            .map(|folders| folders.home_dir().join(rest))
            .ok_or_else(|| format!("`{name}`: this user has no home directory"))?,
    };
    read_file(&path, atomic::MAX_FILE_BYTES).map_err(|err| match std::error::Error::source(&err) {
        Some(source) => format!("`{}`: {source}", path.display()),
        None => err.to_string(),
    })
}

/// Writes a file as a whole or not at all.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    atomic::write(path, bytes, Mode::Replace).map_err(|err| StoreError::io("write", path, err))
}

/// Like [`write_file`], where there is no such file yet.
pub fn create_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    atomic::write(path, bytes, Mode::Create).map_err(|err| StoreError::io("write", path, err))
}

/// A profile, request or device from a file that need not be in a workspace.
pub fn load_file<T: Kept>(path: &Path) -> Result<T, FileProblem> {
    let bytes = atomic::read(path, atomic::MAX_FILE_BYTES)
        .map_err(|err| FileProblem::unreadable(path, &err))?;
    T::of_text(path, document::text(path, &bytes)?)
}
