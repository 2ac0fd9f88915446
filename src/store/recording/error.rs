//! What can go wrong with a recording: what failed, on what, why, and what to do.

use super::schema::SCHEMA_VERSION;
use crate::store::error::io_hint;
use rusqlite::ffi::ErrorCode;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    #[error("there is no recording `{}`", path.display())]
    NotThere { path: PathBuf },
    #[error("`{}` is no recording of Roundtrip: {why}", path.display())]
    NotARecording { path: PathBuf, why: &'static str },
    #[error("`{}` was recorded by a later Roundtrip (its schema is {version}, and this one knows {SCHEMA_VERSION})", path.display())]
    Newer { path: PathBuf, version: i64 },
    #[error("`{}` is damaged: {why}", path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("`{}` is being written by another recorder", path.display())]
    BeingWritten { path: PathBuf },
    #[error("`{}` is locked by another program", path.display())]
    Busy { path: PathBuf },
    #[error("the disk of `{}` is full", path.display())]
    DiskFull { path: PathBuf },
    #[error("`{}` was deleted or replaced while it was being written", path.display())]
    Gone { path: PathBuf },
    #[error("could not {action} `{}`: {why}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        kind: io::ErrorKind,
        why: String,
    },
    #[error("row {id} cannot be kept in `{}`: {why}", path.display())]
    BadRow { path: PathBuf, id: u64, why: String },
    #[error("it was stopped before it was done")]
    Cancelled,
    #[error("`{}` was not written to the end within the time for it", path.display())]
    TooSlow { path: PathBuf },
}

impl RecordingError {
    pub(super) fn io(action: &'static str, path: &Path, err: &io::Error) -> Self {
        match err.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull {
                path: path.to_owned(),
            },
            kind => Self::Io {
                action,
                path: path.to_owned(),
                kind,
                why: err.to_string(),
            },
        }
    }

    /// What SQLite says, in the words for it here.
    pub(super) fn sqlite(action: &'static str, path: &Path, err: &rusqlite::Error) -> Self {
        let owned = || path.to_owned();
        let io_error = |kind| Self::Io {
            action,
            path: owned(),
            kind,
            why: err.to_string(),
        };
        match err.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path: owned() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy { path: owned() }
            }
            Some(ErrorCode::NotADatabase) => Self::NotARecording {
                path: owned(),
                why: "it is no SQLite file",
            },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path: owned(),
                why: err.to_string(),
            },
            Some(ErrorCode::ReadOnly) => io_error(io::ErrorKind::ReadOnlyFilesystem),
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                io_error(io::ErrorKind::PermissionDenied)
            }
            _ => io_error(io::ErrorKind::Other),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NotThere { .. } => "check that the path is right".to_owned(),
            Self::NotARecording { .. } => {
                "choose another file; this one is left as it is".to_owned()
            }
            Self::Newer { .. } => "open it with that version; here it is left as it is".to_owned(),
            Self::Damaged { .. } => {
                "copy the file, then try `sqlite3 FILE .recover | sqlite3 NEW`".to_owned()
            }
            Self::BeingWritten { .. } => {
                "open it to read along, or record into another file".to_owned()
            }
            Self::Busy { .. } => "close the program that has it open".to_owned(),
            Self::DiskFull { .. } => {
                "make room on the disk; what came meanwhile is written as soon as there is some"
                    .to_owned()
            }
            Self::Gone { .. } => "record into a new file".to_owned(),
            Self::Io { kind, .. } => io_hint(*kind).to_owned(),
            Self::BadRow { .. } => "this is a mistake in Roundtrip; please report it".to_owned(),
            Self::Cancelled => String::new(),
            Self::TooSlow { .. } => "check the disk; what was written is kept".to_owned(),
        }
    }

    /// It may go away by itself: what waits is kept and tried again.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::DiskFull { .. } | Self::Busy { .. } => true,
            Self::Io { kind, .. } => *kind == io::ErrorKind::Other,
            _ => false,
        }
    }
}
