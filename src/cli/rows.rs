//! Rows from what the command line names: a recording, a file of JSON Lines, or stdin.

use crate::cli::exit::ExitCode;
use crate::cli::out;
use crate::cli::stop::Stop;
use crate::model::text;
use crate::store::export::{self, ExportError, Put};
use crate::store::import::{JsonLines, Line};
use crate::store::recording::{Recording, RecordingError};
use std::io::BufRead;
use std::path::Path;

/// More bad lines are counted and not told.
const MAX_TOLD: u64 = 20;

/// How a file of SQLite begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

pub enum Source {
    Recording(Box<Recording>),
    Lines(JsonLines<Box<dyn BufRead>>),
}

impl Source {
    /// `-` is stdin. What is no recording is read as JSON Lines.
    pub fn open(path: &Path) -> Result<Self, Stop> {
        if path.as_os_str() == "-" {
            let stdin: Box<dyn BufRead> = Box::new(std::io::stdin().lock());
            return Ok(Self::Lines(JsonLines::new(stdin, Path::new("stdin"))));
        }
        let mut lines = JsonLines::open(path)?;
        let is_recording = lines.begins_with(SQLITE)?;
        let ending = path.extension().and_then(|ending| ending.to_str());
        if is_recording || ending == Some(crate::store::recording::ENDING) {
            let recording = Recording::open(path).map_err(|err| unreadable(&err))?;
            return Ok(Self::Recording(Box::new(recording)));
        }
        Ok(Self::Lines(lines.boxed()))
    }

    /// The names of connections by their ids, where they are known.
    pub fn connection_names(&self) -> Vec<(String, String)> {
        match self {
            Self::Recording(recording) => recording.connection_names().unwrap_or_default(),
            Self::Lines(_) => Vec::new(),
        }
    }

    /// Gives every row that can be read, tells which cannot, and counts those.
    pub fn each(self, bad: &mut BadRows, put: &mut Put<'_>) -> Result<(), ExportError> {
        match self {
            Self::Recording(mut recording) => {
                let name = recording.path().display().to_string();
                for problem in export::each_recorded(&mut recording, put)? {
                    bad.note(&format!("{name}: {problem}"));
                }
            }
            Self::Lines(mut lines) => {
                let name = lines.name().display().to_string();
                while let Some(line) = lines.next().transpose().map_err(ExportError::Source)? {
                    match line {
                        Line::Row(item) => put(*item)?,
                        Line::Bad(line) => bad.note(&format!("{name}: {line}")),
                    }
                }
            }
        }
        Ok(())
    }
}

/// A file that the command line names cannot be read.
fn unreadable(err: &RecordingError) -> Stop {
    Stop::usage(err.to_string(), err.hint())
}

/// Rows that could not be read: told as they come, counted.
#[derive(Default)]
pub struct BadRows(u64);

impl BadRows {
    pub fn note(&mut self, words: &str) {
        self.0 += 1;
        if self.0 <= MAX_TOLD {
            out::say(words);
        }
    }

    /// The last word, and the exit code.
    pub fn tell(&self) -> ExitCode {
        if self.0 == 0 {
            return ExitCode::Answered;
        }
        let verb = if self.0 == 1 { "is" } else { "are" };
        out::say(&format!(
            "error: {} {verb} missing because of what could not be read",
            counted(self.0)
        ));
        ExitCode::Failed
    }
}

/// `1 row`, `1,204 rows`.
pub fn counted(rows: u64) -> String {
    let plural = if rows == 1 { "" } else { "s" };
    format!("{} row{plural}", text::count(rows))
}
