//! A recording that was opened.

use crate::app::filters::FilterBox;
use crate::app::latency::Latency;
use crate::app::listing::Listing;
use crate::app::selection::Selection;
use crate::model::text;
use crate::model::timeline::{Bounds, Mark, RowId, Timeline};
use crate::session::Packer;
use crate::store::StoreError;
use crate::store::recording::{Loader, LoaderState, RecordingError, Summary};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Rows go into the timeline for so long in one frame.
const SLICE: Duration = Duration::from_millis(4);

/// What belongs to the timeline that is shown; it is put aside while another one is.
#[derive(Default)]
pub struct Looked {
    pub listing: Listing,
    pub latency: Latency,
    pub filter: FilterBox,
    pub selected: Option<RowId>,
    pub selection: Selection,
}

pub struct Opened {
    pub path: PathBuf,
    pub timeline: Timeline,
    packer: Packer,
    loader: Loader,
    /// While it is not shown.
    pub(in crate::app) looked: Looked,
    /// The failure has been told.
    pub(in crate::app) is_told: bool,
}

impl Opened {
    pub fn start(
        path: &Path,
        bounds: Bounds,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            path: path.to_owned(),
            timeline: Timeline::new(bounds),
            packer: Packer::default(),
            loader: Loader::start(path, wake)?,
            looked: Looked::default(),
            is_told: false,
        })
    }

    /// Puts rows that were read into the timeline, as many as a frame has time for. Says whether there were any.
    pub fn advance(&mut self) -> bool {
        let began = Instant::now();
        let mut has_come = false;
        while began.elapsed() < SLICE
            && let Some(rows) = self.loader.take()
        {
            has_come = true;
            for stored in rows {
                self.timeline.put(stored.id, stored.row);
                self.timeline.set_mark(stored.id, Mark::from(&stored.marks));
            }
            self.packer.serve(&mut self.timeline);
        }
        self.packer.serve(&mut self.timeline);
        has_come
    }

    pub fn state(&self) -> LoaderState {
        self.loader.state()
    }

    pub fn summary(&self) -> Option<Summary> {
        self.loader.summary()
    }

    pub fn is_loading(&self) -> bool {
        matches!(self.state(), LoaderState::Opening | LoaderState::Loading(_))
    }

    /// All of it is there, and nobody writes to it.
    pub fn is_whole(&self) -> bool {
        matches!(self.state(), LoaderState::Done(_))
    }

    pub fn failure(&self) -> Option<RecordingError> {
        match self.state() {
            LoaderState::Failed(problem) => Some(problem),
            _ => None,
        }
    }

    /// The file's name without its ending.
    pub fn name(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// How far it has come, and whether somebody writes to it, in a few words.
    pub fn words(&self) -> String {
        let unreadable = |count: u64| match count {
            0 => String::new(),
            count => format!(", {} rows cannot be read", text::count(count)),
        };
        match self.state() {
            LoaderState::Opening => "opening".to_owned(),
            LoaderState::Loading(progress) => format!(
                "{} of {} rows",
                text::count(progress.rows),
                text::count(progress.of)
            ),
            LoaderState::Following(progress) => {
                format!("being written{}", unreadable(progress.unreadable))
            }
            LoaderState::Done(progress) => {
                let rows = match self.timeline.len() as u64 {
                    1 => "1 row".to_owned(),
                    rows => format!("{} rows", text::count(rows)),
                };
                format!("{rows}{}", unreadable(progress.unreadable))
            }
            LoaderState::Failed(_) => "cannot be read".to_owned(),
        }
    }

    /// Everything worth knowing of it, in sentences.
    pub fn tooltip(&self) -> String {
        let mut lines = vec![self.path.display().to_string()];
        if let Some(summary) = self.summary() {
            let bytes = text::bytes(usize::try_from(summary.bytes).unwrap_or(usize::MAX));
            lines.push(format!("{} rows, {bytes}", text::count(summary.rows)));
            if let (Some(first), Some(last)) = (summary.first, summary.last) {
                lines.push(format!("{} to {}", text::iso(first), text::iso(last)));
            }
            if summary.was_cut_off() {
                lines.push(
                    "It was cut off by a crash: up to its last second may be missing.".to_owned(),
                );
            }
        }
        if let LoaderState::Done(progress) | LoaderState::Following(progress) = self.state() {
            lines.extend(progress.problems);
        }
        lines.join("\n")
    }
}
