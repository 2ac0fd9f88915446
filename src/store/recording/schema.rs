//! The tables of a recording, and what a file must be to be one. `docs/recordings.md` tells them to people.

use super::RecordingError;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// `RTRC`, in SQLite's header.
pub const APPLICATION_ID: i32 = 0x5254_5243;
/// In SQLite's `user_version`.
pub const SCHEMA_VERSION: i64 = 1;

/// How long to wait for a lock that somebody holds for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

const TABLES: &str = "
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY,
    started_ns INTEGER NOT NULL,
    wall_clock_ns INTEGER NOT NULL,
    ended_ns INTEGER,
    app_version TEXT NOT NULL,
    first_row INTEGER NOT NULL,
    first_exchange INTEGER NOT NULL,
    rows_missed INTEGER NOT NULL DEFAULT 0,
    rows_trimmed INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE connections (
    id INTEGER PRIMARY KEY,
    profile TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL DEFAULT ''
);
CREATE TABLE topics (id INTEGER PRIMARY KEY, topic TEXT NOT NULL UNIQUE);
CREATE TABLE requests (id INTEGER PRIMARY KEY, request TEXT NOT NULL UNIQUE);
CREATE TABLE rows (
    id INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    connection INTEGER NOT NULL REFERENCES connections (id),
    topic INTEGER NOT NULL REFERENCES topics (id),
    verdict TEXT NOT NULL,
    category TEXT NOT NULL,
    round_trip_ns INTEGER,
    responder TEXT,
    rule TEXT,
    name TEXT,
    qos INTEGER NOT NULL,
    retain INTEGER NOT NULL,
    payload BLOB NOT NULL,
    correlation_data BLOB,
    response_topic TEXT,
    content_type TEXT,
    exchange_id INTEGER,
    request INTEGER REFERENCES requests (id),
    queued_ns INTEGER,
    subscribed_ns INTEGER,
    published_ns INTEGER,
    acknowledged_ns INTEGER,
    device_received_ns INTEGER,
    device_answered_ns INTEGER,
    deadline_ns INTEGER,
    finished_ns INTEGER,
    acknowledgement_code INTEGER,
    acknowledgement TEXT,
    device TEXT,
    replies INTEGER NOT NULL DEFAULT 0,
    detail TEXT
);
CREATE INDEX rows_by_revision ON rows (revision);
CREATE TABLE replies (
    id INTEGER PRIMARY KEY,
    row INTEGER GENERATED ALWAYS AS (id >> 14) VIRTUAL,
    number INTEGER GENERATED ALWAYS AS (id & 16383) VIRTUAL,
    time_ns INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    outcome TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    responder TEXT,
    topic INTEGER NOT NULL REFERENCES topics (id),
    qos INTEGER NOT NULL,
    retain INTEGER NOT NULL,
    payload BLOB NOT NULL,
    correlation_data BLOB,
    response_topic TEXT,
    content_type TEXT,
    detail TEXT
);
CREATE TABLE marks (
    row INTEGER PRIMARY KEY,
    pinned INTEGER NOT NULL,
    comment TEXT NOT NULL,
    colour TEXT
);
CREATE VIEW timeline AS
SELECT rows.id, kind, strftime('%Y-%m-%dT%H:%M:%fZ', time_ns / 1e9, 'unixepoch') AS time, time_ns,
    coalesce(nullif(connections.name, ''), connections.profile) AS connection, topics.topic AS topic, verdict, category,
    round_trip_ns / 1e6 AS round_trip_ms, responder, rule, rows.name AS name, qos, retain,
    CAST(payload AS TEXT) AS payload, hex(correlation_data) AS correlation_data_hex, replies
FROM rows JOIN connections ON connections.id = rows.connection JOIN topics ON topics.id = rows.topic
ORDER BY rows.id;
";

/// The bits of a reply's id that number it among the replies of its row.
pub(super) const REPLY_BITS: u32 = 14;
/// A row with a larger number has no room for its replies.
pub(super) const MAX_ROW_NUMBER: u64 = (1 << (63 - REPLY_BITS)) - 1;

/// A connection for the one writer. A new or empty file becomes a recording.
pub(super) fn open_to_write(path: &Path, may_create: bool) -> Result<Connection, RecordingError> {
    let fail = |err: rusqlite::Error| RecordingError::sqlite("open", path, &err);
    let is_new = check_place(path)?;
    if is_new && !may_create {
        return Err(RecordingError::NotThere {
            path: path.to_owned(),
        });
    }
    if is_new {
        make_private(path)?;
    } else {
        // Looked at before anything can change in it.
        let look = open_read_only(path)?;
        check(&look, path, may_create)?;
    }
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if may_create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fail)?;
    // Foreign keys are told to people. Checked, a word that goes would be looked for in every row.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;
             PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;
             PRAGMA foreign_keys = OFF;",
        )
        .map_err(fail)?;
    let version = user_version(&connection).map_err(fail)?;
    migrate(&mut connection, version).map_err(fail)?;
    Ok(connection)
}

/// From any earlier schema to this one, in one step that happens or does not.
fn migrate(connection: &mut Connection, version: i64) -> rusqlite::Result<()> {
    if version >= SCHEMA_VERSION {
        return Ok(());
    }
    let change = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Version 1 is the first. A later one adds its step here: `if version < 2 { … }`.
    if version < 1 {
        change.execute_batch(TABLES)?;
        change.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    change.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    change.commit()
}

/// A connection that changes nothing.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, RecordingError> {
    if check_place(path)? {
        return Err(RecordingError::NotThere {
            path: path.to_owned(),
        });
    }
    let connection = open_read_only(path)?;
    check(&connection, path, false)?;
    Ok(connection)
}

fn open_read_only(path: &Path) -> Result<Connection, RecordingError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|err| RecordingError::sqlite("open", path, &err))?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .map_err(|err| RecordingError::sqlite("open", path, &err))?;
    Ok(connection)
}

/// Says whether the file is new; something that can be no recording is an error.
fn check_place(path: &Path) -> Result<bool, RecordingError> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(false),
        Ok(_) => Err(RecordingError::NotARecording {
            path: path.to_owned(),
            why: "it is no regular file",
        }),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(err) => Err(RecordingError::io("open", path, &err)),
    }
}

/// What is recorded is for its owner alone. SQLite gives its other files the same permissions.
fn make_private(path: &Path) -> Result<(), RecordingError> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let made = options.open(path);
    made.map(drop)
        .map_err(|err| RecordingError::io("create", path, &err))
}

fn user_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Whether this is a recording that can be read here; `may_be_empty` for one that is about to be made.
fn check(connection: &Connection, path: &Path, may_be_empty: bool) -> Result<(), RecordingError> {
    let fail = |err: rusqlite::Error| RecordingError::sqlite("read", path, &err);
    let foreign = |why| RecordingError::NotARecording {
        path: path.to_owned(),
        why,
    };
    let application: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(fail)?;
    let version = user_version(connection).map_err(fail)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(fail)?;
    if application != APPLICATION_ID {
        return match tables {
            0 if may_be_empty && version == 0 => Ok(()),
            0 => Err(foreign("it is empty")),
            _ => Err(foreign("it is the SQLite file of another program")),
        };
    }
    if version > SCHEMA_VERSION {
        return Err(RecordingError::Newer {
            path: path.to_owned(),
            version,
        });
    }
    Ok(())
}
