//! Packets into a file: what the dialog holds, and the export that is under way.

use super::{Line, PacketFormat, PacketsAction};
use crate::app::App;
use crate::app::actions::Action;
use crate::app::dialogs::Dialog;
use crate::app::export::full_path;
use crate::app::notices::Choice;
use crate::app::work::Work;
use crate::model::packet::{Logged, Reel};
use crate::model::text;
use crate::store::StoreError;
use crate::store::export::{self, ExportError, packets_to_file};
use chrono::{Local, TimeZone as _};
use std::path::PathBuf;
use std::sync::Arc;

/// What is chosen and typed.
#[derive(Debug)]
pub struct PacketExportDialog {
    pub format: PacketFormat,
    /// Only those that pass the filter.
    pub only_shown: bool,
    pub path: String,
    pub error: Option<String>,
}

impl PacketExportDialog {
    /// The file's name follows the format.
    pub fn set_format(&mut self, format: PacketFormat) {
        let old = format!(".{}", self.format.ending());
        if let Some(stem) = self.path.strip_suffix(&old) {
            self.path = format!("{stem}.{}", format.ending());
        }
        self.format = format;
    }
}

/// What is written: the log as it was when it began.
struct Job {
    path: PathBuf,
    format: PacketFormat,
    title: String,
    reel: Reel,
    /// None: all of them.
    lines: Option<Vec<Line>>,
}

impl Job {
    fn write(&self, replaces: bool, goes_on: impl Fn() -> bool) -> Result<u64, ExportError> {
        let what = (self.format, self.title.as_str());
        match &self.lines {
            None => packets_to_file(&self.path, replaces, what, self.reel.iter(), goes_on),
            Some(lines) => {
                let shown = lines.iter().filter_map(|line| self.packet(line));
                packets_to_file(&self.path, replaces, what, shown, goes_on)
            }
        }
    }

    fn packet(&self, line: &Line) -> Option<Logged<'_>> {
        self.reel.get(line.number)
    }
}

type Written = (Arc<Job>, Result<u64, ExportError>);

/// One that is under way, and one that may yet be allowed to replace a file.
#[derive(Default)]
pub(in crate::app) struct PacketExports {
    running: Vec<Work<Written>>,
    refused: Option<Arc<Job>>,
}

impl PacketExports {
    pub fn are_running(&self) -> bool {
        !self.running.is_empty()
    }
}

impl App {
    pub(super) fn ask_for_packet_export(&mut self, format: PacketFormat) {
        let at = Local.timestamp_nanos(self.now.as_nanos());
        let name = format!(
            "packets-{}.{}",
            at.format("%Y-%m-%d-%H%M%S"),
            format.ending()
        );
        let path = export::default_folder()
            .map_or_else(|| PathBuf::from(&name), |folder| folder.join(&name));
        self.dialog = Some(Dialog::Packets(PacketExportDialog {
            format,
            only_shown: !self.packets.filter().is_empty(),
            path: path.display().to_string(),
            error: None,
        }));
    }

    pub(super) fn begin_packet_export(&mut self) {
        let Some(Dialog::Packets(dialog)) = &mut self.dialog else {
            return;
        };
        let count = if dialog.only_shown {
            self.packets.len() as u64
        } else {
            self.packets.reel().len()
        };
        let path = match full_path(&dialog.path) {
            Ok(path) if count > 0 => path,
            Ok(_) => {
                dialog.error = Some("there are no such packets".to_owned());
                return;
            }
            Err(words) => {
                dialog.error = Some(words);
                return;
            }
        };
        let (format, only_shown) = (dialog.format, dialog.only_shown);
        let job = Job {
            path,
            format,
            title: self.name_of_packets(),
            reel: self.packets.reel().clone(),
            lines: only_shown.then(|| self.packets.lines.iter().copied().collect()),
        };
        self.dialog = None;
        self.write_packets(Arc::new(job), false);
    }

    pub(super) fn replace_packet_file(&mut self) {
        if let Some(job) = self.packet_exports.refused.take() {
            self.write_packets(job, true);
        }
    }

    fn write_packets(&mut self, job: Arc<Job>, replaces: bool) {
        let work = self.worker.start(move |wanted| {
            let result = job.write(replaces, || wanted.is_so());
            Some((job, result))
        });
        self.packet_exports.running.push(work);
    }

    pub(in crate::app) fn hear_of_packet_exports(&mut self) {
        let mut done = Vec::new();
        self.packet_exports.running.retain(|work| {
            let written = work.take();
            let is_over = written.is_some();
            done.extend(written);
            !is_over
        });
        for (job, result) in done {
            self.end_packet_export(job, result);
        }
    }

    fn end_packet_export(&mut self, job: Arc<Job>, result: Result<u64, ExportError>) {
        let path = job.path.display().to_string();
        match result {
            Ok(count) => {
                let plural = if count == 1 { "" } else { "s" };
                let copy = Choice {
                    label: "Copy the path",
                    action: Action::Copy(path.clone()),
                };
                self.notices.tell_about(
                    "packets written",
                    format!("{} packet{plural} written to {path}", text::count(count)),
                    "",
                    vec![copy],
                );
            }
            Err(ExportError::File(StoreError::Io { source, .. }))
                if source.kind() == std::io::ErrorKind::AlreadyExists =>
            {
                let replace = Choice {
                    label: "Replace it",
                    action: Action::Packets(PacketsAction::ReplaceFile),
                };
                self.notices.fail_about(
                    "packets refused",
                    format!("{path} is there already, so nothing was written"),
                    "",
                    vec![replace],
                );
                self.packet_exports.refused = Some(job);
            }
            Err(err) => {
                let hint = err.hint();
                self.notices
                    .fail(format!("No packets were written: {err}"), hint);
            }
        }
    }
}
