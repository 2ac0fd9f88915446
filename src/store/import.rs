//! JSON Lines read again: the rows of an export, or what another program wrote in its form.
//!
//! Line by line, so that a file larger than the memory can be read. A line that cannot be read is told with its
//! number and the reason, and the others are kept. Empty lines are passed over.

use super::error::StoreError;
use super::export::Item;
use crate::model::record::Record;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// Six times the longest payload, as control characters are written, and some: more in one line is a mistake.
const MAX_LINE_BYTES: u64 = 2 << 30;

/// A line that is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1.
    pub line: u64,
    pub reason: String,
}

impl std::fmt::Display for BadLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// What is in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Row(Box<Item>),
    Bad(BadLine),
}

/// The lines of a file or a pipe. An error of the disk ends them.
pub struct JsonLines<R> {
    reader: R,
    /// For errors.
    path: PathBuf,
    line: u64,
    bytes: Vec<u8>,
    has_ended: bool,
}

impl JsonLines<BufReader<File>> {
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|err| StoreError::io("read", path, err))?;
        let is_folder = file.metadata().is_ok_and(|it| it.is_dir());
        if is_folder {
            let err = io::Error::from(io::ErrorKind::IsADirectory);
            return Err(StoreError::io("read", path, err));
        }
        Ok(Self::new(BufReader::with_capacity(1 << 18, file), path))
    }
}

impl<R: BufRead> JsonLines<R> {
    /// `name` is what errors call it.
    pub fn new(reader: R, name: &Path) -> Self {
        Self {
            reader,
            path: name.to_owned(),
            line: 0,
            bytes: Vec::new(),
            has_ended: false,
        }
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        loop {
            self.bytes.clear();
            let mut limited = (&mut self.reader).take(MAX_LINE_BYTES);
            if limited.read_until(b'\n', &mut self.bytes)? == 0 {
                return Ok(None);
            }
            self.line += 1;
            if self.bytes.len() as u64 == MAX_LINE_BYTES && self.bytes.last() != Some(&b'\n') {
                self.skip_line()?;
                let reason = format!("it has more than {MAX_LINE_BYTES} bytes");
                return Ok(Some(self.bad(reason)));
            }
            let mut bytes = self.bytes.as_slice();
            if self.line == 1 {
                bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            }
            let bytes = bytes.trim_ascii();
            if bytes.is_empty() {
                continue;
            }
            let item = item(bytes);
            // One huge line must not keep its memory for all the others.
            if self.bytes.capacity() > 1 << 20 {
                self.bytes = Vec::new();
            }
            return Ok(Some(match item {
                Ok(item) => Line::Row(Box::new(item)),
                Err(reason) => self.bad(reason),
            }));
        }
    }

    fn bad(&self, reason: String) -> Line {
        Line::Bad(BadLine {
            line: self.line,
            reason,
        })
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let (used, is_end) = match memchr::memchr(b'\n', buffer) {
                Some(place) => (place + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.reader.consume(used);
            if is_end {
                return Ok(());
            }
        }
    }
}

impl<R: BufRead> Iterator for JsonLines<R> {
    type Item = Result<Line, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let read = self.read();
        self.has_ended = !matches!(read, Ok(Some(_)));
        read.map_err(|err| StoreError::io("read", &self.path, err))
            .transpose()
    }
}

fn item(bytes: &[u8]) -> Result<Item, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|err| format!("it is not UTF-8 from byte {} on", err.valid_up_to() + 1))?;
    let mut record = Record::from_json(text).map_err(|err| err.to_string())?;
    let id = record.row_id();
    let marks = std::mem::take(&mut record.marks);
    let row = record.into_row().map_err(|err| err.to_string())?;
    Ok(Item { id, row, marks })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<Line> {
        JsonLines::new(bytes, Path::new("memory"))
            .map(Result::unwrap)
            .collect()
    }

    const GOOD: &str = r#"{"roundtrip_record":1,"kind":"publish","time_ns":7,"message":{"topic":"a/b","payload":"x"}}"#;

    #[test]
    fn a_bad_line_is_named_with_its_number_and_the_others_are_kept() {
        let text = format!("\u{feff}{GOOD}\r\n\n{{\"no\": 1}}\nnonsense\n{GOOD}");
        let mut bytes = text.into_bytes();
        bytes.extend(b"\n\xff\xfe\n");
        let read = lines(&bytes);
        let bad: Vec<String> = read
            .iter()
            .filter_map(|line| match line {
                Line::Bad(bad) => Some(bad.to_string()),
                Line::Row(_) => None,
            })
            .collect();
        assert_eq!(read.len() - bad.len(), 2);
        assert_eq!(bad.len(), 3, "{bad:?}");
        assert!(
            bad[0].starts_with("line 3: it is no record of Roundtrip"),
            "{bad:?}"
        );
        assert!(bad[1].starts_with("line 4: it is not JSON"), "{bad:?}");
        assert_eq!(bad[2], "line 6: it is not UTF-8 from byte 1 on");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_by_its_place() {
        let text = GOOD.replace("\"x\"", "12");
        let read = lines(text.as_bytes());
        let [Line::Bad(bad)] = read.as_slice() else {
            panic!("it was read: {read:?}");
        };
        assert!(bad.reason.contains("message.payload"), "{}", bad.reason);
    }

    #[test]
    fn nothing_at_all_has_no_rows() {
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\n \r\n"), []);
    }

    #[test]
    fn a_folder_is_no_file_of_rows() {
        let err = JsonLines::open(Path::new("/")).err().unwrap();
        assert!(err.to_string().contains("could not read `/`"), "{err}");
    }
}
