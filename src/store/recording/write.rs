//! A recording that is written. Whoever has this has the lock: there is one writer.

use super::RecordingError;
use super::lock::WriterLock;
use super::put::{Known, Trouble, Writing};
use super::schema::{MAX_ROW_NUMBER, open_to_write};
use crate::model::record::{Colour, Marks};
use crate::model::time::Timestamp;
use crate::model::timeline::{Row, RowId};
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Takes out the words that no row has any more.
pub const FORGET_UNUSED_WORDS: &str = "
DELETE FROM topics WHERE id NOT IN (SELECT topic FROM rows) AND id NOT IN (SELECT topic FROM replies);
DELETE FROM requests WHERE id NOT IN (SELECT request FROM rows WHERE request IS NOT NULL);
";

pub struct Store {
    pub path: PathBuf,
    connection: Connection,
    known: Known,
    /// What tells apart the rows of this session from earlier ones in the same file.
    first_row: u64,
    first_exchange: u64,
    session: i64,
    revision: i64,
    is_changing: bool,
    /// Which file it is, to see when another one is in its place.
    identity: Option<(u64, u64)>,
    /// Given back last.
    _lock: WriterLock,
}

impl Store {
    /// Opens a recording, or makes one where there is none.
    pub fn open(path: &Path, may_create: bool) -> Result<Self, RecordingError> {
        let lock = WriterLock::take(path)?;
        let connection = open_to_write(path, may_create)?;
        connection.set_prepared_statement_cache_capacity(32);
        let revision = connection
            .query_row("SELECT coalesce(max(revision), 0) FROM rows", [], |row| {
                row.get(0)
            })
            .map_err(|err| RecordingError::sqlite("read", path, &err))?;
        Ok(Self {
            identity: identity(path),
            path: path.to_owned(),
            connection,
            known: Known::default(),
            first_row: 0,
            first_exchange: 0,
            session: 0,
            revision,
            is_changing: false,
            _lock: lock,
        })
    }

    /// The file had rows when this session began.
    pub fn has_earlier_rows(&self) -> bool {
        self.first_row > 0
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    fn fail(&self, action: &'static str, err: &rusqlite::Error) -> RecordingError {
        RecordingError::sqlite(action, &self.path, err)
    }

    /// From here on rows are those of a new session: they come after all that are in the file already.
    pub fn begin_session(&mut self, now: Timestamp) -> Result<(), RecordingError> {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH);
        let wall = wall.map_or(0, |time| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
        let begun = (|| -> rusqlite::Result<(i64, i64, i64)> {
            let (row, exchange): (i64, i64) = self.connection.query_row(
                "SELECT coalesce(max(id) + 1, 0), coalesce(max(exchange_id) + 1, 0) FROM rows",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            self.connection.execute(
                "INSERT INTO sessions (started_ns, wall_clock_ns, app_version, first_row, first_exchange)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![now.as_nanos(), wall, env!("CARGO_PKG_VERSION"), row, exchange],
            )?;
            Ok((row, exchange, self.connection.last_insert_rowid()))
        })();
        let (row, exchange, session) = begun.map_err(|err| self.fail("write", &err))?;
        self.first_row = row.cast_unsigned();
        self.first_exchange = exchange.cast_unsigned();
        self.session = session;
        Ok(())
    }

    pub fn end_session(
        &mut self,
        ended: Timestamp,
        missed: u64,
        trimmed: u64,
    ) -> Result<(), RecordingError> {
        let done = self.connection.execute(
            "UPDATE sessions SET ended_ns = ?2, rows_missed = ?3, rows_trimmed = ?4 WHERE number = ?1",
            params![
                self.session,
                ended.as_nanos(),
                missed.cast_signed(),
                trimmed.cast_signed()
            ],
        );
        done.map(|_| ()).map_err(|err| self.fail("write", &err))
    }

    /// What it was when it was opened is still there.
    pub fn check_place(&self) -> Result<(), RecordingError> {
        if identity(&self.path) == self.identity {
            return Ok(());
        }
        Err(RecordingError::Gone {
            path: self.path.clone(),
        })
    }

    fn begin(&mut self) -> Result<(), RecordingError> {
        if !self.is_changing {
            self.connection
                .execute_batch("BEGIN IMMEDIATE")
                .map_err(|err| self.fail("write", &err))?;
            self.is_changing = true;
        }
        Ok(())
    }

    /// Somebody began a transaction on [`Self::connection`].
    pub fn is_changing_now(&mut self) {
        self.is_changing = !self.connection.is_autocommit();
    }

    pub fn commit(&mut self) -> Result<(), RecordingError> {
        if !self.is_changing {
            return Ok(());
        }
        match self.connection.execute_batch("COMMIT") {
            Ok(()) => {
                self.is_changing = false;
                Ok(())
            }
            Err(err) => {
                let err = self.fail("write", &err);
                self.roll_back();
                Err(err)
            }
        }
    }

    /// What was written since the last commit is not there any more.
    pub fn roll_back(&mut self) {
        if self.is_changing {
            // SQLite may have rolled back by itself; then this is the error.
            if let Err(err) = self.connection.execute_batch("ROLLBACK") {
                log::debug!("{}: {err}", self.path.display());
            }
            self.is_changing = false;
        }
        self.known = Known::default();
    }

    /// Writes a row, or what changed in it.
    pub fn put(&mut self, id: RowId, row: &Row) -> Result<(), RecordingError> {
        self.begin()?;
        let number = id.number().saturating_add(self.first_row);
        let bad = |why: String| RecordingError::BadRow {
            path: self.path.clone(),
            id: id.number(),
            why,
        };
        if number > MAX_ROW_NUMBER {
            return Err(bad("its number is too large".to_owned()));
        }
        self.revision += 1;
        let mut writing = Writing {
            connection: &self.connection,
            known: &mut self.known,
            first_exchange: self.first_exchange,
            revision: self.revision,
            number: number.cast_signed(),
        };
        match writing.put(row) {
            Ok(()) => Ok(()),
            Err(Trouble::Row(why)) => Err(bad(why)),
            Err(Trouble::Sqlite(err)) => Err(self.fail("write", &err)),
        }
    }

    /// The names of connection profiles, for people who read the file.
    pub fn name_connection(&mut self, profile: &str, name: &str) -> Result<(), RecordingError> {
        self.begin()?;
        let done = self.connection.execute(
            "INSERT INTO connections (profile, name) VALUES (?1, ?2) ON CONFLICT (profile) DO UPDATE SET name = ?2",
            [profile, name],
        );
        done.map(|_| ()).map_err(|err| self.fail("write", &err))
    }

    /// Marks a row of this session.
    pub fn mark(&mut self, id: RowId, marks: &Marks) -> Result<(), RecordingError> {
        self.mark_number(id.number().saturating_add(self.first_row), marks)
    }

    /// Marks a row by its number in the file.
    pub fn mark_number(&mut self, number: u64, marks: &Marks) -> Result<(), RecordingError> {
        self.begin()?;
        self.revision += 1;
        let number = number.cast_signed();
        let done = (|| -> rusqlite::Result<usize> {
            if marks.is_empty() {
                self.connection
                    .execute("DELETE FROM marks WHERE row = ?1", [number])?;
            } else {
                self.connection.execute(
                    "INSERT OR REPLACE INTO marks (row, pinned, comment, colour) VALUES (?1, ?2, ?3, ?4)",
                    params![number, marks.pinned, marks.comment, marks.colour.map(Colour::word)],
                )?;
            }
            self.connection.execute(
                "UPDATE rows SET revision = ?2 WHERE id = ?1",
                [number, self.revision],
            )
        })();
        done.map(|_| ()).map_err(|err| self.fail("write", &err))
    }

    /// Bytes that its rows take, without pages that are free for new ones.
    pub fn used_bytes(&self) -> Result<u64, RecordingError> {
        used_bytes(&self.connection).map_err(|err| self.fail("read", &err))
    }

    /// Takes the oldest rows away until no more than `bytes` are used; how many went.
    pub fn trim_to(&mut self, bytes: u64) -> Result<u64, RecordingError> {
        let mut gone = 0;
        loop {
            let used = self.used_bytes()?;
            if used <= bytes {
                return Ok(gone);
            }
            self.begin()?;
            let deleted = (|| -> rusqlite::Result<u64> {
                let (rows, first): (i64, Option<i64>) =
                    self.connection
                        .query_row("SELECT count(*), min(id) FROM rows", [], |row| {
                            Ok((row.get(0)?, row.get(1)?))
                        })?;
                let Some(first) = first else { return Ok(0) };
                // Somewhat less than the share that is too much: rows differ in size.
                let share = u128::from(used - bytes) * u128::from(rows.cast_unsigned());
                let count = share / u128::from(used.max(1)) * 3 / 4 + 1;
                let last: i64 = self.connection.query_row(
                    "SELECT id FROM rows WHERE id >= ?1 ORDER BY id LIMIT 1 OFFSET ?2",
                    [first, i64::try_from(count).unwrap_or(i64::MAX) - 1],
                    |row| row.get(0),
                )?;
                delete_rows(&self.connection, first, last)
            })();
            match deleted {
                Ok(0) => {
                    self.commit()?;
                    return Ok(gone);
                }
                Ok(count) => {
                    self.forget_unused_words()?;
                    gone += count;
                }
                Err(err) => return Err(self.fail("trim", &err)),
            }
            self.commit()?;
        }
    }

    /// Where every request has a topic of its own, words soon are most of the file. Where they are few they stay:
    /// to find them all rows are looked through.
    fn forget_unused_words(&mut self) -> Result<(), RecordingError> {
        const ARE_MANY: &str = "SELECT 4 * (coalesce((SELECT max(id) FROM topics), 0)
            + coalesce((SELECT max(id) FROM requests), 0)) > (SELECT count(*) FROM rows)";
        let are_many = self.connection.query_row(ARE_MANY, [], |row| row.get(0));
        if are_many.map_err(|err| self.fail("trim", &err))? {
            self.known = Known::default();
            let done = self.connection.execute_batch(FORGET_UNUSED_WORDS);
            done.map_err(|err| self.fail("trim", &err))?;
        }
        Ok(())
    }

    /// One file, without the ones beside it, where nobody else has it open.
    pub fn close(mut self) -> Result<(), RecordingError> {
        self.commit()?;
        let path = self.path.clone();
        let fail = |err: &rusqlite::Error| RecordingError::sqlite("close", &path, err);
        self.connection
            .execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);")
            .map_err(|err| fail(&err))?;
        // Somebody who reads along keeps it from this; then the last one to close tidies up.
        if let Err(err) = self
            .connection
            .execute_batch("PRAGMA journal_mode = DELETE;")
        {
            log::debug!("{} stays in WAL mode: {err}", path.display());
        }
        let Self {
            connection, _lock, ..
        } = self;
        connection.close().map_err(|(_, err)| fail(&err))
    }
}

/// The oldest row's replies and marks go with it.
pub fn delete_rows(connection: &Connection, first: i64, last: i64) -> rusqlite::Result<u64> {
    connection.execute(
        "DELETE FROM replies WHERE id BETWEEN ?1 << 14 AND (?2 << 14) | 16383",
        [first, last],
    )?;
    connection.execute(
        "DELETE FROM marks WHERE row BETWEEN ?1 AND ?2",
        [first, last],
    )?;
    let gone = connection.execute("DELETE FROM rows WHERE id BETWEEN ?1 AND ?2", [first, last])?;
    Ok(gone as u64)
}

pub fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma: &str| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, pragma, |row| row.get(0))
    };
    let pages = number("page_count")? - number("freelist_count")?;
    Ok((pages * number("page_size")?).cast_unsigned())
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<(u64, u64)> {
    path.exists().then_some((0, 0))
}
