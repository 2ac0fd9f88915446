//! The timeline as a file for other programs and other people: JSON Lines, CSV, an HTML report, pcapng.
//!
//! `docs/exports.md` describes each of them. Rows go in one by one and out as they come, so that a million
//! of them need no more memory than one; the report alone gathers, within bounds that it states. JSON Lines
//! keeps everything and can be read again ([`super::import`]); what the others leave out is said in
//! [`Done::notes`]. Nothing is taken out of payloads and user properties: they are the user's own data.
//! Start at [`Export`]; [`to_file`] replaces a file as a whole or not at all.

mod csv;
mod html;
mod jsonl;
mod packets;
mod pcapng;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use packets::{PacketExport, PacketFile, PacketFormat, packets_to_file};

use super::atomic::{self, Mode};
use super::error::StoreError;
use super::recording::{Recording, RecordingError};
use crate::model::exchange::ExchangeId;
use crate::model::record::Marks;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::{Row, RowId};
use std::cell::RefCell;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Jsonl,
    Csv,
    Html,
    Pcapng,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Jsonl, Self::Csv, Self::Html, Self::Pcapng];

    /// As typed, and what such a file's name ends in.
    pub fn word(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Pcapng => "pcapng",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Jsonl => "JSON Lines",
            Self::Csv => "CSV",
            Self::Html => "HTML report",
            Self::Pcapng => "pcapng (reconstructed)",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Self::Jsonl => "everything, one line a row; can be read in again without loss",
            Self::Csv => "one line a row with its first reply, for spreadsheets and data frames",
            Self::Html => {
                "one file for people: counts, percentiles, the rows, sequence diagrams of some"
            }
            Self::Pcapng => {
                "messages written anew as MQTT 5 packets, for Wireshark; nothing in it was captured"
            }
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// Not for a terminal.
    pub fn is_binary(self) -> bool {
        self == Self::Pcapng
    }
}

#[derive(Clone, Debug)]
pub struct Options {
    pub format: Format,
    /// What the rows are of, such as the name of a recording: the title of a report.
    pub title: String,
    /// The filter that the rows passed; a report says it.
    pub filter: String,
    pub made: Timestamp,
    /// How many rows will come, where that is known.
    pub total: Option<u64>,
    /// Whose sequence diagrams are drawn in a report; where none is named, some that are worth it.
    pub lanes: Vec<ExchangeId>,
    /// CSV: cells that a spreadsheet would take for a formula begin with an apostrophe.
    pub spreadsheet_safe: bool,
}

impl Options {
    pub fn new(format: Format, title: impl Into<String>, made: Timestamp) -> Self {
        Self {
            format,
            title: title.into(),
            filter: String::new(),
            made,
            total: None,
            lanes: Vec::new(),
            spreadsheet_safe: false,
        }
    }
}

/// One row on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its place in its timeline, where it has one.
    pub id: Option<RowId>,
    pub row: Row,
    pub marks: Marks,
}

impl From<Row> for Item {
    fn from(row: Row) -> Self {
        Self {
            id: None,
            row,
            marks: Marks::default(),
        }
    }
}

/// What came of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub rows: u64,
    /// What the format could not take, in sentences.
    pub notes: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The rows could not be read.
    #[error("{0}")]
    Source(StoreError),
    #[error("{0}")]
    Recording(RecordingError),
    #[error("{0}")]
    File(StoreError),
    /// What is written to is no file of ours, such as stdout.
    #[error("it cannot be written: {0}")]
    Write(#[from] io::Error),
    #[error("the export was cancelled; nothing was written")]
    Cancelled,
}

impl ExportError {
    pub fn hint(&self) -> String {
        match self {
            Self::Source(err) | Self::File(err) => err.hint(),
            Self::Recording(err) => err.hint(),
            Self::Write(_) | Self::Cancelled => String::new(),
        }
    }
}

enum Sink<W: Write> {
    Jsonl(jsonl::Jsonl<W>),
    Csv(Box<csv::Csv<W>>),
    Html(Box<html::Html<W>>),
    Pcapng(Box<pcapng::Pcapng<W>>),
}

/// A file being written, row by row, oldest first.
pub struct Export<W: Write> {
    sink: Sink<W>,
    rows: u64,
}

impl<W: Write> Export<W> {
    pub fn new(options: &Options, out: W) -> io::Result<Self> {
        let sink = match options.format {
            Format::Jsonl => Sink::Jsonl(jsonl::Jsonl::new(out)),
            Format::Csv => Sink::Csv(Box::new(csv::Csv::new(out, options.spreadsheet_safe)?)),
            Format::Html => Sink::Html(Box::new(html::Html::new(options, out))),
            Format::Pcapng => Sink::Pcapng(Box::new(pcapng::Pcapng::new(options, out)?)),
        };
        Ok(Self { sink, rows: 0 })
    }

    pub fn row(&mut self, item: Item) -> io::Result<()> {
        self.rows += 1;
        match &mut self.sink {
            Sink::Jsonl(sink) => sink.row(&item),
            Sink::Csv(sink) => sink.row(&item),
            Sink::Html(sink) => {
                sink.row(item);
                Ok(())
            }
            Sink::Pcapng(sink) => sink.row(&item.row),
        }
    }

    /// Writes what is left.
    pub fn finish(self) -> io::Result<Done> {
        let notes = match self.sink {
            Sink::Jsonl(sink) => sink.finish()?,
            Sink::Csv(sink) => sink.finish()?,
            Sink::Html(sink) => sink.finish()?,
            Sink::Pcapng(sink) => sink.finish()?,
        };
        Ok(Done {
            rows: self.rows,
            notes,
        })
    }
}

/// Where rows go one by one; an error means that no more are wanted.
pub type Put<'a> = dyn FnMut(Item) -> Result<(), ExportError> + 'a;

/// Gives all rows of an iterator.
pub fn each<'a>(
    rows: impl IntoIterator<Item = Result<Item, StoreError>> + 'a,
) -> impl FnOnce(&mut Put<'_>) -> Result<(), ExportError> + 'a {
    move |put| {
        rows.into_iter()
            .try_for_each(|item| put(item.map_err(ExportError::Source)?))
    }
}

/// Gives all rows of a recording, and tells which could not be read.
pub fn each_recorded(
    recording: &mut Recording,
    put: &mut Put<'_>,
) -> Result<Vec<String>, ExportError> {
    let mut wrong = None;
    let loaded = {
        let wrong = RefCell::new(&mut wrong);
        recording.load(
            |stored| {
                let mut wrong = wrong.borrow_mut();
                if wrong.is_none() {
                    let item = Item {
                        id: Some(stored.id),
                        row: stored.row,
                        marks: stored.marks,
                    };
                    **wrong = put(item).err();
                }
            },
            |_| {
                if wrong.borrow().is_some() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        )
    };
    if let Some(err) = wrong {
        return Err(err);
    }
    let progress = loaded.map_err(ExportError::Recording)?;
    let mut problems = progress.problems;
    let untold = progress.unreadable.saturating_sub(problems.len() as u64);
    if untold > 0 {
        problems.push(format!("{} more rows cannot be read", text::count(untold)));
    }
    Ok(problems)
}

/// Rows between two looks at whether to go on.
const STEP: u64 = 256;

/// Writes all rows that `feed` gives. `goes_on` hears how many are done, now and then; when it says no, nothing
/// more is written.
pub fn to_writer(
    options: &Options,
    feed: impl FnOnce(&mut Put<'_>) -> Result<(), ExportError>,
    out: impl Write,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Done, ExportError> {
    let mut export = Export::new(options, out)?;
    feed(&mut |item| {
        if export.rows.is_multiple_of(STEP) && !goes_on(export.rows) {
            return Err(ExportError::Cancelled);
        }
        Ok(export.row(item)?)
    })?;
    if !goes_on(export.rows) {
        return Err(ExportError::Cancelled);
    }
    Ok(export.finish()?)
}

/// The user's folder for documents, else the home folder.
pub fn default_folder() -> Option<PathBuf> {
    let folders = directories::UserDirs::new()?;
    let documents = folders.document_dir();
    Some(documents.unwrap_or_else(|| folders.home_dir()).to_owned())
}

pub fn home_folder() -> Option<PathBuf> {
    Some(directories::UserDirs::new()?.home_dir().to_owned())
}

/// Like [`to_writer`], into a file that is written as a whole or not at all. One that is there already is an
/// error of the kind `AlreadyExists`, unless it may be replaced.
pub fn to_file(
    path: &Path,
    replaces: bool,
    options: &Options,
    feed: impl FnOnce(&mut Put<'_>) -> Result<(), ExportError>,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Done, ExportError> {
    let mode = if replaces {
        Mode::Replace
    } else {
        Mode::Create
    };
    let written = atomic::write_with(path, mode, |file| {
        let mut out = BufWriter::with_capacity(1 << 18, file);
        let done = to_writer(options, feed, &mut out, goes_on)?;
        out.flush()?;
        Ok(done)
    });
    written.map_err(|err: ExportError| match err {
        ExportError::Write(source) => ExportError::File(StoreError::io("write", path, source)),
        err => err,
    })
}
