//! Rows from what the command line names: a recording, a file of JSON Lines, or stdin.

use crate::cli::exit::ExitCode;
use crate::cli::out;
use crate::cli::stop::Stop;
use crate::model::text;
use crate::store::StoreError;
use crate::store::export::Item;
use crate::store::import::{BadLine, JsonLines, Line};
use std::cell::Cell;
use std::io::BufRead;
use std::path::Path;

/// More bad lines are counted and not told.
const MAX_TOLD: u64 = 20;

/// Lines that were no rows: told as they come, counted.
#[derive(Default)]
pub struct BadLines(Cell<u64>);

impl BadLines {
    fn note(&self, name: &Path, bad: &BadLine) {
        self.0.set(self.0.get() + 1);
        if self.0.get() <= MAX_TOLD {
            out::say(&format!("{}: {bad}", name.display()));
        }
    }

    /// The last word, and the exit code.
    pub fn tell(&self) -> ExitCode {
        let count = self.0.get();
        if count == 0 {
            return ExitCode::Answered;
        }
        let lines = if count == 1 { "line is" } else { "lines are" };
        out::say(&format!(
            "error: {} {lines} missing because they could not be read",
            text::count(count)
        ));
        ExitCode::Failed
    }
}

type Rows<'a> = Box<dyn Iterator<Item = Result<Item, StoreError>> + 'a>;

/// `-` is stdin.
pub fn open<'a>(path: &'a Path, bad: &'a BadLines) -> Result<Rows<'a>, Stop> {
    if path.as_os_str() == "-" {
        let stdin = std::io::stdin().lock();
        return Ok(lines(
            JsonLines::new(stdin, Path::new("stdin")),
            Path::new("stdin"),
            bad,
        ));
    }
    Ok(lines(JsonLines::open(path)?, path, bad))
}

fn lines<'a>(lines: JsonLines<impl BufRead + 'a>, name: &'a Path, bad: &'a BadLines) -> Rows<'a> {
    Box::new(lines.filter_map(move |line| match line {
        Ok(Line::Row(item)) => Some(Ok(*item)),
        Ok(Line::Bad(line)) => {
            bad.note(name, &line);
            None
        }
        Err(err) => Some(Err(err)),
    }))
}

/// `1 row`, `1,204 rows`.
pub fn counted(rows: u64) -> String {
    let plural = if rows == 1 { "" } else { "s" };
    format!("{} row{plural}", text::count(rows))
}
