//! Replacing a file as a whole: a temporary file beside it, synced, renamed over it.
//!
//! Whoever reads meanwhile, and whoever loses power meanwhile, sees the old file or the new one.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

const TEMPORARY_PREFIX: &str = ".roundtrip-";
const TEMPORARY_SUFFIX: &str = ".tmp";
/// A temporary file of this age was left by a process that is gone.
const STALE_AFTER: Duration = Duration::from_hours(24);

/// Twice the largest payload (in hex) and some: more in one file is a mistake.
pub(super) const MAX_FILE_BYTES: u64 = 768 * 1024 * 1024;

/// Tells whether a file is still what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    len: usize,
    hash: u64,
}

impl Fingerprint {
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Self {
            len: bytes.len(),
            hash: hasher.finish(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Only where there is no file yet.
    Create,
    Replace,
}

/// Reads a regular file of at most `limit` bytes. A pipe or a device would never end.
pub(super) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {limit} bytes"),
        ));
    }
    Ok(bytes)
}

/// Like [`read`], and none when there is no such file. A link that leads nowhere is an error.
pub(super) fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match read(path, MAX_FILE_BYTES) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(err) if err.kind() == io::ErrorKind::NotFound => match fs::symlink_metadata(path) {
            Ok(_) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is a link to a file that does not exist",
            )),
            Err(_) => Ok(None),
        },
        Err(err) => Err(err),
    }
}

/// Writes `bytes` to `path` as a whole. A link stays a link: what it leads to is replaced. A new file
/// is for its owner alone; an old one keeps its permissions, and a read-only one is left alone.
pub(super) fn write(path: &Path, bytes: &[u8], mode: Mode) -> io::Result<()> {
    write_with(path, mode, |file| file.write_all(bytes))
}

/// Like [`write`], with what `fill` writes. When that fails, or the rest does, the old file is as it was.
pub(super) fn write_with<T, E: From<io::Error>>(
    path: &Path,
    mode: Mode,
    fill: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<T, E> {
    let target: PathBuf = match mode {
        Mode::Create => path.to_owned(),
        Mode::Replace if fs::symlink_metadata(path).is_ok() => fs::canonicalize(path)?,
        Mode::Replace => path.to_owned(),
    };
    let permissions = match fs::metadata(&target) {
        Ok(_) if mode == Mode::Create => {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
        }
        Ok(metadata) if metadata.permissions().readonly() => {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only").into());
        }
        Ok(metadata) => Some(metadata.permissions()),
        Err(_) => None,
    };
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    let mut temporary = tempfile::Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .suffix(TEMPORARY_SUFFIX)
        .tempfile_in(folder)
        .map_err(without_path)?;
    let filled = fill(temporary.as_file_mut())?;
    if let Some(permissions) = permissions {
        temporary.as_file().set_permissions(permissions)?;
    }
    temporary.as_file().sync_all()?;
    match mode {
        Mode::Replace => {
            temporary.persist(&target).map_err(|err| err.error)?;
        }
        Mode::Create => match temporary.persist_noclobber(&target) {
            Ok(_) => {}
            Err(err) if err.error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(err.error.into());
            }
            // Not every file system can do that in one step; look, then rename.
            Err(err) if fs::symlink_metadata(&target).is_err() => {
                err.file.persist(&target).map_err(|err| err.error)?;
            }
            Err(err) => return Err(err.error.into()),
        },
    }
    sync_folder(folder);
    Ok(filled)
}

/// What failed is told with the path that was asked for, not with that of a temporary file nobody knows of.
fn without_path(err: io::Error) -> io::Error {
    let words = err.to_string();
    match words.rsplit_once(" at path ") {
        Some((words, _)) => io::Error::new(err.kind(), words),
        None => err,
    }
}

/// Makes renames and removals in a folder last. Not every file system can; the file itself is synced anyway.
pub(super) fn sync_folder(folder: &Path) {
    if cfg!(unix)
        && let Err(err) = File::open(folder).and_then(|folder| folder.sync_all())
    {
        log::debug!("could not sync the folder {}: {err}", folder.display());
    }
}

/// Removes a temporary file that a process left behind when it was killed between write and rename.
pub(super) fn remove_if_stale(path: &Path) {
    let is_temporary = path
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX));
    let is_old = is_temporary
        && fs::symlink_metadata(path)
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > STALE_AFTER));
    if is_old && let Err(err) = fs::remove_file(path) {
        log::debug!("could not remove {}: {err}", path.display());
    }
}
