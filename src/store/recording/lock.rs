//! One writer at a time: a lock on a file beside the recording.
//!
//! Not on the recording itself: SQLite has locks of its own there, and closing any other handle of the file
//! would release them. The system lets go of the lock when the process ends, however it ends.

use super::RecordingError;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct WriterLock {
    file: File,
    path: PathBuf,
}

impl WriterLock {
    pub fn take(recording: &Path) -> Result<Self, RecordingError> {
        let path = lock_path(recording);
        // Whoever had it may be removing it just now.
        for _ in 0..8 {
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .map_err(|err| RecordingError::io("write beside", recording, &err))?;
            match file.try_lock() {
                Ok(()) if is_same(&file, &path) => return Ok(Self { file, path }),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(RecordingError::BeingWritten {
                        path: recording.to_owned(),
                    });
                }
                Err(TryLockError::Error(err)) => {
                    return Err(RecordingError::io("lock", recording, &err));
                }
            }
        }
        Err(RecordingError::Busy {
            path: recording.to_owned(),
        })
    }

    /// Whether somebody writes to the recording now.
    pub fn is_taken(recording: &Path) -> bool {
        let Ok(file) = File::options().write(true).open(lock_path(recording)) else {
            return false;
        };
        matches!(file.try_lock(), Err(TryLockError::WouldBlock))
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        if let Err(err) = std::fs::remove_file(&self.path) {
            log::debug!("{} stays: {err}", self.path.display());
        }
        if let Err(err) = self.file.unlock() {
            log::debug!("{}: {err}", self.path.display());
        }
    }
}

fn lock_path(recording: &Path) -> PathBuf {
    let mut name = recording.as_os_str().to_owned();
    name.push("-lock");
    PathBuf::from(name)
}

/// The file that was locked may have been removed by the one that had it before.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same(_: &File, path: &Path) -> bool {
    path.exists()
}
