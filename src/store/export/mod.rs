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
mod pcapng;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use super::atomic::{self, Mode};
use super::error::StoreError;
use crate::model::exchange::ExchangeId;
use crate::model::record::Marks;
use crate::model::time::Timestamp;
use crate::model::timeline::{Row, RowId};
use std::io::{self, BufWriter, Write};
use std::path::Path;

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

/// Rows between two looks at whether to go on.
const STEP: u64 = 256;

/// Writes all rows. `goes_on` hears how many are done, now and then; when it says no, nothing more is written.
pub fn to_writer(
    options: &Options,
    rows: impl IntoIterator<Item = Result<Item, StoreError>>,
    out: impl Write,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Done, ExportError> {
    let mut export = Export::new(options, out)?;
    for item in rows {
        if export.rows.is_multiple_of(STEP) && !goes_on(export.rows) {
            return Err(ExportError::Cancelled);
        }
        export.row(item.map_err(ExportError::Source)?)?;
    }
    if !goes_on(export.rows) {
        return Err(ExportError::Cancelled);
    }
    Ok(export.finish()?)
}

/// Like [`to_writer`], into a file that is replaced as a whole or not at all.
pub fn to_file(
    path: &Path,
    options: &Options,
    rows: impl IntoIterator<Item = Result<Item, StoreError>>,
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Done, ExportError> {
    let written = atomic::write_with(path, Mode::Replace, |file| {
        let mut out = BufWriter::with_capacity(1 << 18, file);
        let done = to_writer(options, rows, &mut out, goes_on)?;
        out.flush()?;
        Ok(done)
    });
    written.map_err(|err: ExportError| match err {
        ExportError::Write(source) => ExportError::File(StoreError::io("write", path, source)),
        err => err,
    })
}
