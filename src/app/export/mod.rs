//! The timeline into a file: what the dialog holds, and the exports that are under way.
//!
//! An export works on what the timeline was when it began, on a thread of its own. A notice says how far
//! it is and offers to cancel it; a file that is there already is replaced only when the user says so.

mod job;

#[cfg(test)]
mod tests;

use crate::app::App;
use crate::app::actions::Action;
use crate::app::dialogs::Dialog;
use crate::app::notices::Choice;
use crate::app::palette::PaletteEntry;
use crate::model::record::Record;
use crate::model::text;
use crate::model::timeline::RowId;
use crate::store::StoreError;
use crate::store::export::{self, ExportError, Format, Options};
use chrono::{Local, TimeZone as _};
pub use job::Rows;
use job::{Job, Running};
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug)]
pub enum ExportAction {
    /// Asks where to and of which rows.
    Ask(Format),
    /// The same, of the selected ones.
    AskSelected(Format),
    /// Writes what the dialog holds.
    Begin,
    Cancel(u64),
    /// What was refused because its file is there already.
    Replace,
    CopyAsJson(RowId),
}

/// Which rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that pass the filter.
    Shown,
    Selected,
    All,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Shown, Self::Selected, Self::All];
}

/// What is chosen and typed.
#[derive(Debug)]
pub struct ExportDialog {
    pub format: Format,
    pub scope: Scope,
    pub path: String,
    pub spreadsheet_safe: bool,
    pub error: Option<String>,
}

impl ExportDialog {
    /// The file's name follows the format.
    pub fn set_format(&mut self, format: Format) {
        let old = format!(".{}", self.format.word());
        if let Some(stem) = self.path.strip_suffix(&old) {
            self.path = format!("{stem}.{}", format.word());
        }
        self.format = format;
    }
}

/// Exports under way, and one that may yet be allowed to replace a file.
#[derive(Default)]
pub(super) struct Exports {
    running: Vec<Running>,
    refused: Option<Job>,
    next: u64,
}

impl Exports {
    /// For the end of the program: nothing half is left behind.
    pub fn end(&mut self) {
        for running in self.running.drain(..) {
            running.end();
        }
    }

    pub fn are_running(&self) -> bool {
        !self.running.is_empty()
    }
}

/// One notice for each export.
fn key(number: u64) -> String {
    format!("export {number}")
}

impl App {
    pub(super) fn perform_export(&mut self, action: ExportAction) {
        match action {
            ExportAction::Ask(format) => {
                let scope = if self.several().is_some() {
                    Scope::Selected
                } else if self.listing.filter().is_empty() {
                    Scope::All
                } else {
                    Scope::Shown
                };
                self.ask_for_export(format, scope);
            }
            ExportAction::AskSelected(format) => self.ask_for_export(format, Scope::Selected),
            ExportAction::Begin => self.begin_export(),
            ExportAction::Cancel(number) => self.cancel_export(number),
            ExportAction::Replace => self.replace_export(),
            ExportAction::CopyAsJson(row) => self.copy_as_json(row),
        }
    }

    fn ask_for_export(&mut self, format: Format, scope: Scope) {
        let at = Local.timestamp_nanos(self.now.as_nanos());
        let name = format!(
            "timeline-{}.{}",
            at.format("%Y-%m-%d-%H%M%S"),
            format.word()
        );
        let path = export::default_folder()
            .map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name));
        self.dialog = Some(Dialog::Export(ExportDialog {
            format,
            scope,
            path: path.display().to_string(),
            spreadsheet_safe: false,
            error: None,
        }));
    }

    /// How many rows a choice has.
    pub fn rows_of(&self, scope: Scope) -> usize {
        match scope {
            Scope::Shown => self.listing.len(),
            Scope::Selected => match self.several() {
                Some(rows) => usize::try_from(rows.len()).unwrap_or(usize::MAX),
                None => usize::from(self.selected.is_some()),
            },
            Scope::All => self.timeline().len(),
        }
    }

    /// Begins what the dialog holds.
    fn begin_export(&mut self) {
        let Some(Dialog::Export(dialog)) = &self.dialog else {
            return;
        };
        let (path, scope) = (full_path(&dialog.path), dialog.scope);
        let wrong = match &path {
            Err(words) => Some(words.clone()),
            Ok(_) if self.rows_of(scope) == 0 => Some("there are no such rows".to_owned()),
            Ok(_) => None,
        };
        let Some(Dialog::Export(dialog)) = &mut self.dialog else {
            return;
        };
        dialog.error.clone_from(&wrong);
        let Ok(path) = path else { return };
        if wrong.is_some() {
            return;
        }
        let mut options = Options::new(dialog.format, "Timeline", self.now);
        options.spreadsheet_safe = dialog.spreadsheet_safe;
        if scope == Scope::Shown {
            options.filter = self.filter_in_words();
        }
        let number = self.exports.next;
        self.exports.next += 1;
        let job = Job {
            number,
            path,
            options,
            rows: job::Rows::of(self, scope),
            replaces: false,
        };
        self.dialog = None;
        self.start(job);
    }

    /// The filter with its chip, as it could be typed.
    fn filter_in_words(&self) -> String {
        let filter = self.listing.filter();
        let chip = filter
            .category
            .map(|category| format!("verdict:{}", category.word()));
        let parts = [Some(filter.text().to_owned()), chip];
        let parts: Vec<String> = parts
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(" ")
    }

    fn start(&mut self, job: Job) {
        match Running::start(job) {
            Ok(running) => self.exports.running.push(running),
            Err(err) => self
                .notices
                .fail(format!("Nothing was exported: {err}"), err.hint()),
        }
    }

    fn cancel_export(&mut self, number: u64) {
        for running in &self.exports.running {
            if running.job.number == number {
                running.cancel();
            }
        }
    }

    fn replace_export(&mut self) {
        if let Some(mut job) = self.exports.refused.take() {
            job.replaces = true;
            self.start(job);
        }
    }

    /// Says how far exports are, and what became of them.
    pub(super) fn hear_of_exports(&mut self) {
        for running in std::mem::take(&mut self.exports.running) {
            if let Some(result) = running.result() {
                self.end_export(running.job, result);
            } else {
                self.tell_progress(&running);
                self.exports.running.push(running);
            }
        }
    }

    fn tell_progress(&mut self, running: &Running) {
        // One that is over in a moment needs no notice.
        if running.is_cancelled() || running.seconds() < 0.4 {
            return;
        }
        let done = running.done();
        let words = format!(
            "Exporting to {}: {} of {} rows looked at",
            name_of(&running.job.path),
            text::count(done),
            text::count(running.job.rows.total() as u64)
        );
        let cancel = Choice {
            label: "Cancel",
            action: Action::Export(ExportAction::Cancel(running.job.number)),
        };
        self.notices
            .tell_about(key(running.job.number), words, "", vec![cancel]);
    }

    fn end_export(&mut self, job: Job, result: Result<export::Done, ExportError>) {
        let key = key(job.number);
        self.notices.dismiss_about(&key);
        match result {
            Ok(done) => {
                let plural = if done.rows == 1 { "" } else { "s" };
                let words = format!(
                    "{} row{plural} written to {}",
                    text::count(done.rows),
                    job.path.display()
                );
                let copy = Choice {
                    label: "Copy the path",
                    action: Action::Copy(job.path.display().to_string()),
                };
                self.notices
                    .tell_about(key, words, done.notes.join("; "), vec![copy]);
            }
            Err(ExportError::Cancelled) => self
                .notices
                .inform("The export was cancelled; nothing was written", self.now),
            Err(ExportError::File(StoreError::Io { source, .. }))
                if source.kind() == std::io::ErrorKind::AlreadyExists =>
            {
                let replace = Choice {
                    label: "Replace it",
                    action: Action::Export(ExportAction::Replace),
                };
                self.notices.fail_about(
                    "export refused",
                    format!(
                        "{} is there already, so nothing was written",
                        job.path.display()
                    ),
                    "",
                    vec![replace],
                );
                self.exports.refused = Some(job);
            }
            Err(err) => {
                let hint = err.hint();
                self.notices
                    .fail(format!("Nothing was exported: {err}"), hint);
            }
        }
    }

    /// A row as a line of JSON on the clipboard: as in an export as JSON Lines.
    fn copy_as_json(&mut self, id: RowId) {
        let Some(row) = self.timeline().row(id) else {
            return;
        };
        match Record::of(id, &row).to_json() {
            Ok(json) => {
                self.clipboard = Some(json);
                self.notices.inform("Copied as JSON", self.now);
            }
            Err(err) => self
                .notices
                .fail(format!("The row was not copied: {err}"), ""),
        }
    }

    /// Lines of the palette.
    pub(super) fn export_entries(&self) -> Vec<PaletteEntry> {
        let entry = |text: String, action| PaletteEntry {
            text,
            kind: "command".to_owned(),
            shortcut: "",
            action,
        };
        let mut entries: Vec<PaletteEntry> = Format::ALL
            .into_iter()
            .map(|format| {
                entry(
                    format!("Export the timeline as {}", format.label()),
                    Action::Export(ExportAction::Ask(format)),
                )
            })
            .collect();
        if let Some(row) = self.selected {
            entries.push(entry(
                "Copy the row as JSON".to_owned(),
                Action::Export(ExportAction::CopyAsJson(row)),
            ));
        }
        entries
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// `~` is the home folder; what is no full path is beneath the folder that is offered.
pub(super) fn full_path(typed: &str) -> Result<PathBuf, String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err("write where to".to_owned());
    }
    let path = match typed.strip_prefix("~/") {
        Some(rest) => export::home_folder().map(|home| home.join(rest)),
        None => Some(PathBuf::from(typed)),
    };
    let path = path.unwrap_or_else(|| PathBuf::from(typed));
    if path.is_absolute() {
        return Ok(path);
    }
    export::default_folder()
        .map(|folder| folder.join(&path))
        .ok_or_else(|| "write the full path".to_owned())
}
