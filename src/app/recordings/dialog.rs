//! Asks where to record to, which recording to open, and how much of one to take away.

use crate::app::work::Work;
use crate::store::recording::{Found, RecordingError};
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    Record,
    Open,
    /// The recording at this path.
    Trim(PathBuf),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrimBy {
    /// What is older than the selected row.
    #[default]
    BeforeSelected,
    /// What is newer.
    AfterSelected,
    /// What does not pass the filter.
    NotShown,
    /// The oldest, until it is no larger than so many MiB.
    Size,
}

impl TrimBy {
    pub const ALL: [Self; 4] = [
        Self::BeforeSelected,
        Self::AfterSelected,
        Self::NotShown,
        Self::Size,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::BeforeSelected => "Everything before the selected row",
            Self::AfterSelected => "Everything after the selected row",
            Self::NotShown => "Everything that does not pass the filter",
            Self::Size => "The oldest, until it is small enough",
        }
    }
}

pub struct RecordingDialog {
    pub purpose: Purpose,
    /// As typed.
    pub path: String,
    /// Which of the rows on record now are in it, too.
    pub with_past: bool,
    pub trim: TrimBy,
    /// MiB, as typed.
    pub size: String,
    pub error: Option<String>,
    /// The file is being opened to be written.
    pub(in crate::app) is_starting: bool,
    /// The recordings there are in the folder; none until it has been read.
    pub found: Option<Result<Vec<Found>, RecordingError>>,
    pub(in crate::app) work: Option<Work<Result<Vec<Found>, RecordingError>>>,
}

impl std::fmt::Debug for RecordingDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordingDialog({:?}, {:?})", self.purpose, self.path)
    }
}

impl RecordingDialog {
    pub fn new(purpose: Purpose, path: String) -> Self {
        Self {
            purpose,
            path,
            with_past: true,
            trim: TrimBy::default(),
            size: "64".to_owned(),
            error: None,
            is_starting: false,
            found: None,
            work: None,
        }
    }

    /// Takes the list of recordings when it has been read.
    pub(in crate::app) fn advance(&mut self) {
        if let Some(found) = self.work.as_ref().and_then(Work::take) {
            self.found = Some(found);
            self.work = None;
        }
    }
}
