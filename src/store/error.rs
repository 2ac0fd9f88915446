//! What can go wrong with files: what failed, on what, why, and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A file that is there but cannot be used. It is left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    pub path: PathBuf,
    /// Counted from 1; none when the trouble is with the file as a whole.
    pub line: Option<usize>,
    /// In characters, counted from 1.
    pub column: Option<usize>,
    pub message: String,
    pub hint: String,
}

impl FileProblem {
    pub(super) fn whole(path: &Path, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            column: None,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// A problem at a byte of the file's text.
    pub(super) fn at(path: &Path, text: &str, byte: usize, message: impl Into<String>) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        let line = before.matches('\n').count() + 1;
        Self {
            path: path.to_owned(),
            line: Some(line),
            column: Some(before.get(line_start..).unwrap_or_default().chars().count() + 1),
            message: message.into(),
            hint: format!(
                "correct line {line} in a text editor; until then the file is left as it is"
            ),
        }
    }

    pub(super) fn unreadable(path: &Path, err: &io::Error) -> Self {
        Self::whole(
            path,
            format!("it cannot be read: {err}"),
            io_hint(err.kind()),
        )
    }
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        write!(f, ": {}", self.message)
    }
}

/// What somebody else did to a file since it was last read or written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Created,
    Edited,
    Deleted,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "was created by somebody else meanwhile",
            Self::Edited => "was changed by somebody else meanwhile",
            Self::Deleted => "was deleted by somebody else meanwhile",
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no home directory to keep files in")]
    NoHome,
    #[error("there is nowhere to keep the window's state: no home directory")]
    NoStateFolder,
    #[error("`{}` is not a folder, so it cannot be a workspace", path.display())]
    NotAFolder { path: PathBuf },
    #[error("could not {action} `{}`: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("`{}` {change}, so it was not overwritten", path.display())]
    Conflict { path: PathBuf, change: Change },
    #[error("`{}` was not overwritten, because what is in it cannot be read: {}", .0.path.display(), .0.message)]
    Damaged(FileProblem),
    #[error("{0}")]
    Unreadable(FileProblem),
    #[error("`{id}` cannot be the name of a file: {why}")]
    BadId { id: String, why: &'static str },
    #[error("{place} holds a password, so `{}` was not written", path.display())]
    HoldsPassword { path: PathBuf, place: &'static str },
    #[error("`{}` could not be written as TOML: {why}", path.display())]
    NotToml { path: PathBuf, why: String },
    #[error("`{}` has more than {limit} bytes", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error("`{}` was not saved: {waiting} files are waiting to be written already", path.display())]
    Busy { path: PathBuf, waiting: usize },
    #[error("`{}` was not saved: the thread that writes files has ended", path.display())]
    WriterGone { path: PathBuf },
    #[error(transparent)]
    Recording(#[from] super::recording::RecordingError),
    #[error("could not start the thread `{name}`: {source}")]
    Thread {
        name: &'static str,
        source: io::Error,
    },
}

impl StoreError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoHome | Self::NoStateFolder => {
                "set HOME, or name a folder with --workspace DIR".to_owned()
            }
            Self::NotAFolder { .. } => "name a folder with --workspace DIR".to_owned(),
            Self::Io { source, .. } => io_hint(source.kind()).to_owned(),
            Self::Conflict {
                change: Change::Deleted,
                ..
            } => "overwrite it to have it back, or load it again to let it go here too".to_owned(),
            Self::Conflict { .. } => {
                "load it again to see what is there now, or overwrite it".to_owned()
            }
            Self::Damaged(problem) | Self::Unreadable(problem) => problem.hint.clone(),
            Self::BadId { .. } => {
                "use letters, digits and dashes, and no part of a path".to_owned()
            }
            Self::HoldsPassword { .. } => {
                "files are no place for passwords; take it out and type it into the password field"
                    .to_owned()
            }
            Self::NotToml { .. } => "this is a mistake in Roundtrip; please report it".to_owned(),
            Self::TooLarge { .. } => "choose a smaller file".to_owned(),
            Self::Busy { .. } => {
                "the disk is slow or does not answer; try again in a moment".to_owned()
            }
            Self::Recording(err) => err.hint(),
            Self::WriterGone { .. } => "start Roundtrip again".to_owned(),
            Self::Thread { .. } => {
                "the system is out of threads or memory; close other programs".to_owned()
            }
        }
    }
}

pub(super) fn io_hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::PermissionDenied => "check who owns it and its permissions",
        io::ErrorKind::NotFound => "check that the path is right",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is mounted read-only; choose another folder",
        _ => "check the disk and the path",
    }
}
