//! JSON Lines: one [`Record`] a line. It keeps everything, byte for byte.

use super::Item;
use crate::model::record::Record;
use std::io::{self, Write};

pub(super) struct Jsonl<W> {
    out: W,
}

impl<W: Write> Jsonl<W> {
    pub fn new(out: W) -> Self {
        Self { out }
    }

    pub fn row(&mut self, item: &Item) -> io::Result<()> {
        let line = line(item)?;
        self.out.write_all(line.as_bytes())?;
        self.out.write_all(b"\n")
    }

    pub fn finish(mut self) -> io::Result<Vec<String>> {
        self.out.flush()?;
        Ok(Vec::new())
    }
}

fn line(item: &Item) -> io::Result<String> {
    let record = match item.id {
        Some(id) => Record::of(id, &item.row),
        None => Record::from(&item.row),
    };
    let record = record.with_marks(item.marks.clone());
    record.to_json().map_err(io::Error::other)
}
