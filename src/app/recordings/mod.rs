//! Recordings beside the session: the one that is being made, and those that were opened to be looked at.
//!
//! An opened recording has a timeline of its own, filled by a thread; the table, the lanes and the latencies show
//! it as they show the session. Start at [`Recordings`]; what the user asks for is in `perform/recordings.rs`.

mod dialog;
mod opened;

pub use dialog::{Purpose, RecordingDialog, TrimBy};
pub use opened::{Looked, Opened};

use super::work::Work;
use crate::model::timeline::{Mark, RowId, Timeline};
use crate::store::recording::{
    Finished, Recorder, RecorderStatus, RecordingError, Trimmed, auto::Removed,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What became of something that took its time.
pub(super) enum Done {
    Finished(Result<Finished, RecordingError>),
    Trimmed(PathBuf, Result<Trimmed, RecordingError>),
    MadeRoom(Result<Vec<Removed>, RecordingError>),
    /// The rows, and how they were marked before.
    Marked(PathBuf, Vec<(RowId, Mark)>, Result<(), RecordingError>),
}

#[derive(Default)]
pub struct Recordings {
    pub(super) recorder: Option<Recorder>,
    /// Nobody asked for it but the settings.
    pub(super) is_automatic: bool,
    /// It takes what it has to the disk and ends.
    pub(super) is_stopping: bool,
    /// The connections whose names are in it.
    pub(super) named: BTreeSet<String>,
    /// Rows whose marks the recording does not have yet.
    pub(super) unmarked: BTreeSet<RowId>,
    pub(super) under_way: Vec<Work<Done>>,
    pub(super) is_trouble_told: bool,
    /// How large the automatic recording was when others last made room for it.
    pub(super) room_made_at: u64,
    opened: Vec<Opened>,
    shown: Option<usize>,
    looks: u64,
}

impl Recordings {
    /// How the recording that is being made stands.
    pub fn status(&self) -> Option<RecorderStatus> {
        self.recorder.as_ref().map(Recorder::status)
    }

    pub fn is_recording(&self) -> bool {
        self.recorder.is_some() && !self.is_stopping
    }

    pub fn is_automatic(&self) -> bool {
        self.is_automatic
    }

    pub fn opened(&self) -> &[Opened] {
        &self.opened
    }

    pub fn opened_mut(&mut self) -> &mut [Opened] {
        &mut self.opened
    }

    /// None shows the session.
    pub fn shown(&self) -> Option<usize> {
        self.shown
    }

    /// Grows whenever another timeline is shown.
    pub fn looks(&self) -> u64 {
        self.looks
    }

    pub fn shown_recording(&self) -> Option<&Opened> {
        self.opened.get(self.shown?)
    }

    /// The timeline that is shown, where it is not the session's.
    pub fn timeline(&self) -> Option<&Timeline> {
        self.shown_recording().map(|opened| &opened.timeline)
    }

    pub fn place_of(&self, path: &Path) -> Option<usize> {
        self.opened.iter().position(|one| one.path == path)
    }

    pub(super) fn add(&mut self, opened: Opened) -> usize {
        self.opened.push(opened);
        self.opened.len() - 1
    }

    pub(super) fn set_shown(&mut self, shown: Option<usize>) {
        self.shown = shown.filter(|at| *at < self.opened.len());
        self.looks += 1;
    }

    /// Takes it out of the list. The one that is shown has to be another before.
    pub(super) fn remove(&mut self, at: usize) -> Option<Opened> {
        if at >= self.opened.len() {
            return None;
        }
        if let Some(shown) = self.shown.filter(|shown| *shown > at) {
            self.shown = Some(shown - 1);
        }
        Some(self.opened.remove(at))
    }

    /// Something comes in without anybody asking: look again soon.
    pub fn is_busy(&self) -> bool {
        self.is_stopping || self.opened.iter().any(Opened::is_loading)
    }
}

#[cfg(test)]
mod tests;
