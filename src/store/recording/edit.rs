//! Changes to a recording that nobody writes to: marks, and trimming.

use super::RecordingError;
use super::write::{FORGET_UNUSED_WORDS, Store, delete_rows, used_bytes};
use crate::model::record::Marks;
use crate::model::time::Timestamp;
use crate::model::timeline::RowId;
use std::path::Path;

/// Which rows go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trim {
    /// Those before this time.
    Before(Timestamp),
    /// Those from this time on.
    From(Timestamp),
    OlderThan(RowId),
    NewerThan(RowId),
    /// All but these.
    KeepOnly(Vec<RowId>),
    Rows(Vec<RowId>),
    /// The oldest, until the file is no larger.
    ToBytes(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trimmed {
    pub rows: u64,
    pub bytes_before: u64,
    pub bytes: u64,
}

/// The one writer of a recording, for as long as it lives. Calls take their time: not for the thread that paints.
pub struct Editor {
    store: Store,
}

impl Editor {
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        Ok(Self {
            store: Store::open(path, false)?,
        })
    }

    /// Replaces the marks of a row; empty ones take them away.
    pub fn mark(&mut self, id: RowId, marks: &Marks) -> Result<(), RecordingError> {
        let done = self.store.mark_number(id.number(), marks);
        self.commit(done)
    }

    /// Takes rows out for good, and gives the room back to the disk.
    pub fn trim(&mut self, what: &Trim) -> Result<Trimmed, RecordingError> {
        let bytes_before = self.store.used_bytes()?;
        let rows = if let Trim::ToBytes(bytes) = what {
            self.store.trim_to(*bytes)?
        } else {
            let done = self.delete(what);
            self.commit(done)?
        };
        let path = self.store.path.clone();
        let fail = |err: rusqlite::Error| RecordingError::sqlite("trim", &path, &err);
        // Words that no row has any more must not stay readable in a file that is handed on.
        self.store
            .connection()
            .execute_batch(&format!(
                "BEGIN IMMEDIATE;
                 {FORGET_UNUSED_WORDS}
                 DELETE FROM connections WHERE id NOT IN (SELECT connection FROM rows);
                 COMMIT;
                 VACUUM;
                 PRAGMA wal_checkpoint(TRUNCATE);"
            ))
            .map_err(fail)?;
        let bytes = used_bytes(self.store.connection()).map_err(fail)?;
        Ok(Trimmed {
            rows,
            bytes_before,
            bytes,
        })
    }

    fn delete(&mut self, what: &Trim) -> Result<u64, RecordingError> {
        let path = self.store.path.clone();
        let connection = self.store.connection();
        let run = || -> rusqlite::Result<u64> {
            connection.execute_batch(
                "CREATE TEMP TABLE IF NOT EXISTS named (id INTEGER PRIMARY KEY); DELETE FROM named;",
            )?;
            let mut name = connection.prepare("INSERT OR IGNORE INTO named VALUES (?1)")?;
            let mut named = |ids: &[RowId]| -> rusqlite::Result<()> {
                for id in ids {
                    name.execute([id.number().cast_signed()])?;
                }
                Ok(())
            };
            let (condition, bound) = match what {
                Trim::Before(time) => ("time_ns < ?1", time.as_nanos()),
                Trim::From(time) => ("time_ns >= ?1", time.as_nanos()),
                Trim::OlderThan(id) => ("id < ?1", id.number().cast_signed()),
                Trim::NewerThan(id) => ("id > ?1", id.number().cast_signed()),
                Trim::Rows(ids) => {
                    named(ids)?;
                    ("?1 = ?1 AND id IN named", 0)
                }
                Trim::KeepOnly(ids) => {
                    named(ids)?;
                    ("?1 = ?1 AND id NOT IN named", 0)
                }
                Trim::ToBytes(_) => return Ok(0),
            };
            let sql = format!("SELECT id FROM rows WHERE {condition} ORDER BY id");
            let mut statement = connection.prepare(&sql)?;
            let found = statement.query_map([bound], |row| row.get(0))?;
            let found: Vec<i64> = found.collect::<rusqlite::Result<_>>()?;
            // Neighbours go together.
            let mut gone = 0;
            for run in found.chunk_by(|a, b| a + 1 == *b) {
                if let (Some(first), Some(last)) = (run.first(), run.last()) {
                    gone += delete_rows(connection, *first, *last)?;
                }
            }
            Ok(gone)
        };
        connection
            .execute_batch("BEGIN IMMEDIATE")
            .and_then(|()| run())
            .map_err(|err| RecordingError::sqlite("trim", &path, &err))
    }

    fn commit<T>(&mut self, done: Result<T, RecordingError>) -> Result<T, RecordingError> {
        self.store.is_changing_now();
        match done {
            Ok(value) => self.store.commit().map(|()| value),
            Err(err) => {
                self.store.roll_back();
                Err(err)
            }
        }
    }

    /// Leaves one tidy file. Dropping it does the same without saying what went wrong.
    pub fn close(self) -> Result<(), RecordingError> {
        self.store.close()
    }
}
