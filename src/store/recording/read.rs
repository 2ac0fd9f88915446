//! A recording as it is read: by one who reads alone, or while somebody writes.

use super::RecordingError;
use super::lock::WriterLock;
use super::rows::{Detail, MessageColumns, MessageDetail, of_json};
use super::schema::{REPLY_BITS, open_to_read};
use super::write::used_bytes;
use crate::model::exchange::{
    Exchange, ExchangeId, Legs, MessageVerdict, Outcome, Reason, Refused, Reply, Verdict,
};
use crate::model::message::Message;
use crate::model::record::{Colour, Marks, NearMissRecord, RequestRecord};
use crate::model::time::Timestamp;
use crate::model::timeline::{MessageRow, PublishRow, Row, RowId};
use crate::model::topic::TopicName;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _};
use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// So many rows are read at once; the writer is kept from nothing in between.
const CHUNK: usize = 4096;
const REMEMBERED: usize = 1 << 16;
/// Of more rows that cannot be read only the number is told.
pub(super) const MAX_TOLD: usize = 16;

const COLUMNS: &str = "id, revision, kind, time_ns, connection, topic, verdict, rule, qos, retain, payload,
    correlation_data, response_topic, content_type, exchange_id, request, queued_ns, subscribed_ns, published_ns,
    acknowledged_ns, device_received_ns, device_answered_ns, deadline_ns, finished_ns, acknowledgement_code,
    acknowledgement, device, replies, detail, responder";

/// A row as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRow {
    pub id: RowId,
    pub row: Row,
    pub marks: Marks,
}

/// A stretch of time in which it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub started: Timestamp,
    /// The system's clock at the same moment, in nanoseconds since 1970.
    pub wall_clock_ns: i64,
    /// Absent while it goes on, and when it was cut off.
    pub ended: Option<Timestamp>,
    pub app_version: String,
    pub first_row: RowId,
    /// Rows that were gone before they could be written.
    pub rows_missed: u64,
    /// The oldest rows, which had to go because of a size bound.
    pub rows_trimmed: u64,
}

/// What is to be known of a recording before its rows are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub rows: u64,
    /// Of the file, without pages that are free.
    pub bytes: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    pub sessions: Vec<Session>,
    /// Somebody writes to it now.
    pub is_being_written: bool,
}

impl Summary {
    /// The last session was cut off by a crash or a kill: its last second may be missing.
    pub fn was_cut_off(&self) -> bool {
        let last = self.sessions.last();
        !self.is_being_written && last.is_some_and(|session| session.ended.is_none())
    }
}

/// How far a load has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub rows: u64,
    pub of: u64,
    pub unreadable: u64,
    /// The first few of them, in words.
    pub problems: Vec<String>,
    /// For [`Recording::changed_since`]: everything up to here has been read.
    pub revision: i64,
}

/// What came or changed since, and how far that goes.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    pub rows: Vec<StoredRow>,
    pub revision: i64,
    /// There is more: ask again at once.
    pub is_partial: bool,
    pub problems: Vec<String>,
}

/// An open recording. Nothing in it is changed by reading.
pub struct Recording {
    path: PathBuf,
    connection: Connection,
    topics: HashMap<i64, TopicName>,
    connections: HashMap<i64, Arc<str>>,
    requests: HashMap<i64, RequestRecord>,
    /// SQLite's own number, which changes with every commit of somebody else.
    data_version: i64,
}

/// What is wrong with one row, or with all.
enum Trouble {
    Sqlite(rusqlite::Error),
    Row(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(err: rusqlite::Error) -> Self {
        match err {
            // A column that holds something else is the row's own fault.
            rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..) => Self::Row(err.to_string()),
            err => Self::Sqlite(err),
        }
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self::Row(why)
    }
}

impl Recording {
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let connection = open_to_read(path)?;
        connection.set_prepared_statement_cache_capacity(32);
        let fail = |err: rusqlite::Error| RecordingError::sqlite("read", path, &err);
        connection
            .execute_batch("PRAGMA cache_size = -16000; PRAGMA mmap_size = 268435456;")
            .map_err(fail)?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            topics: HashMap::new(),
            connections: HashMap::new(),
            requests: HashMap::new(),
            data_version: 0,
        })
    }

    /// Words that were looked up may have been taken out by now, and their numbers used again.
    fn forget_if_changed(&mut self) -> Result<(), RecordingError> {
        let read = self
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0));
        let version: i64 = read.map_err(|err| self.fail(&err))?;
        if std::mem::replace(&mut self.data_version, version) != version {
            self.topics.clear();
            self.connections.clear();
            self.requests.clear();
        }
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn fail(&self, err: &rusqlite::Error) -> RecordingError {
        RecordingError::sqlite("read", &self.path, err)
    }

    pub fn summary(&self) -> Result<Summary, RecordingError> {
        let read = || -> rusqlite::Result<Summary> {
            let count = "SELECT count(*) FROM rows";
            let rows: i64 = self.connection.query_row(count, [], |row| row.get(0))?;
            let end = |order: &str| -> rusqlite::Result<Option<Timestamp>> {
                let sql = format!("SELECT time_ns FROM rows ORDER BY id {order} LIMIT 1");
                let found = self.connection.query_row(&sql, [], |row| row.get(0));
                Ok(found.optional()?.map(Timestamp::from_nanos))
            };
            let mut statement = self.connection.prepare(
                "SELECT started_ns, wall_clock_ns, ended_ns, app_version, first_row, rows_missed, rows_trimmed
                 FROM sessions ORDER BY number",
            )?;
            let sessions = statement.query_map([], |row| {
                Ok(Session {
                    started: Timestamp::from_nanos(row.get(0)?),
                    wall_clock_ns: row.get(1)?,
                    ended: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_nanos),
                    app_version: row.get(3)?,
                    first_row: RowId::new(row.get::<_, i64>(4)?.cast_unsigned()),
                    rows_missed: row.get::<_, i64>(5)?.cast_unsigned(),
                    rows_trimmed: row.get::<_, i64>(6)?.cast_unsigned(),
                })
            })?;
            Ok(Summary {
                rows: rows.cast_unsigned(),
                bytes: used_bytes(&self.connection)?,
                first: end("ASC")?,
                last: end("DESC")?,
                sessions: sessions.collect::<rusqlite::Result<_>>()?,
                is_being_written: self.is_being_written(),
            })
        };
        read().map_err(|err| self.fail(&err))
    }

    pub fn is_being_written(&self) -> bool {
        WriterLock::is_taken(&self.path)
    }

    /// The names of connection profiles by their ids, as they were when it was recorded.
    pub fn connection_names(&self) -> Result<Vec<(String, String)>, RecordingError> {
        let read = || -> rusqlite::Result<Vec<(String, String)>> {
            let sql = "SELECT profile, name FROM connections ORDER BY id";
            let mut statement = self.connection.prepare(sql)?;
            let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            names.collect()
        };
        read().map_err(|err| self.fail(&err))
    }

    /// Looks through the whole file; takes its time. Nothing where all is well.
    pub fn check_integrity(&self) -> Result<Vec<String>, RecordingError> {
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare("PRAGMA integrity_check(16)")?;
            let found = statement.query_map([], |row| row.get::<_, String>(0))?;
            let found: Vec<String> = found.collect::<rusqlite::Result<_>>()?;
            Ok(found.into_iter().filter(|line| line != "ok").collect())
        };
        read().map_err(|err| self.fail(&err))
    }

    /// All rows in the order of their ids. After every chunk `progress` says whether to go on.
    pub fn load(
        &mut self,
        mut each: impl FnMut(StoredRow),
        mut progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Progress, RecordingError> {
        let count = "SELECT count(*), coalesce(max(revision), 0) FROM rows";
        let counted = self
            .connection
            .query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?)));
        // What is damaged is read as far as it goes.
        let (of, revision): (i64, i64) = counted.unwrap_or((0, 0));
        let mut state = Progress {
            of: of.cast_unsigned(),
            revision,
            ..Progress::default()
        };
        let sql = format!("SELECT {COLUMNS} FROM rows WHERE id > ?1 ORDER BY id LIMIT {CHUNK}");
        let mut after = -1;
        loop {
            let chunk = self.chunk(&sql, after, &mut each)?;
            after = chunk.last_id;
            state.rows += chunk.rows;
            state.of = state.of.max(state.rows);
            state.unreadable += chunk.unreadable;
            let room = MAX_TOLD.saturating_sub(state.problems.len());
            state.problems.extend(chunk.problems.into_iter().take(room));
            if progress(&state).is_break() {
                return Err(RecordingError::Cancelled);
            }
            if chunk.is_last {
                return Ok(state);
            }
        }
    }

    /// All rows in the order of their ids, one after the other. A row that cannot be read is an error, and the next one comes
    /// nevertheless; any other error is the last.
    pub fn into_rows(self) -> StoredRows {
        StoredRows {
            recording: self,
            read: VecDeque::new(),
            after: -1,
            is_over: false,
        }
    }

    /// What was written after a load, or an earlier call; in the order in which it was written.
    pub fn changed_since(&mut self, revision: i64) -> Result<Changed, RecordingError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM rows WHERE revision > ?1 ORDER BY revision LIMIT {CHUNK}"
        );
        let mut rows = Vec::new();
        let chunk = self.chunk(&sql, revision, |row| rows.push(row))?;
        Ok(Changed {
            rows,
            revision: chunk.last_revision.max(revision),
            is_partial: !chunk.is_last,
            problems: chunk.problems,
        })
    }

    /// One row, where it is there.
    pub fn row(&mut self, id: RowId) -> Result<Option<StoredRow>, RecordingError> {
        let Ok(number) = i64::try_from(id.number()) else {
            return Ok(None);
        };
        let sql = format!("SELECT {COLUMNS} FROM rows WHERE id = ?1");
        let mut found = None;
        let chunk = self.chunk(&sql, number, |row| found = Some(row))?;
        match (found, chunk.problems.into_iter().next()) {
            (Some(row), _) => Ok(Some(row)),
            (None, None) => Ok(None),
            (None, Some(why)) => Err(RecordingError::Damaged {
                path: self.path.clone(),
                why,
            }),
        }
    }

    fn chunk(
        &mut self,
        sql: &str,
        from: i64,
        each: impl FnMut(StoredRow),
    ) -> Result<Chunk, RecordingError> {
        self.forget_if_changed()?;
        // The replies and words of a row are those of the same moment.
        let look = self.connection.unchecked_transaction();
        let look = look.map_err(|err| self.fail(&err))?;
        let mut reading = Reading {
            connection: &self.connection,
            topics: &mut self.topics,
            connections: &mut self.connections,
            requests: &mut self.requests,
        };
        let chunk = reading.chunk(sql, from, each);
        let ended = look.finish();
        let chunk = chunk.map_err(|err| RecordingError::sqlite("read", &self.path, &err))?;
        ended.map_err(|err| self.fail(&err))?;
        Ok(chunk)
    }
}

/// See [`Recording::into_rows`].
pub struct StoredRows {
    recording: Recording,
    read: VecDeque<Result<StoredRow, RecordingError>>,
    after: i64,
    is_over: bool,
}

impl Iterator for StoredRows {
    type Item = Result<StoredRow, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read.is_empty() && !self.is_over {
            let sql = format!("SELECT {COLUMNS} FROM rows WHERE id > ?1 ORDER BY id LIMIT {CHUNK}");
            let read = &mut self.read;
            match self
                .recording
                .chunk(&sql, self.after, |row| read.push_back(Ok(row)))
            {
                Ok(chunk) => {
                    self.after = chunk.last_id;
                    self.is_over = chunk.is_last;
                    let path = &self.recording.path;
                    let problems = chunk.problems.into_iter();
                    self.read.extend(problems.map(|why| {
                        let path = path.clone();
                        Err(RecordingError::Damaged { path, why })
                    }));
                }
                Err(err) => {
                    self.is_over = true;
                    self.read.push_back(Err(err));
                }
            }
        }
        self.read.pop_front()
    }
}

#[derive(Default)]
struct Chunk {
    rows: u64,
    unreadable: u64,
    problems: Vec<String>,
    last_id: i64,
    last_revision: i64,
    is_last: bool,
}

struct Reading<'a> {
    connection: &'a Connection,
    topics: &'a mut HashMap<i64, TopicName>,
    connections: &'a mut HashMap<i64, Arc<str>>,
    requests: &'a mut HashMap<i64, RequestRecord>,
}

fn stamp(nanos: Option<i64>) -> Option<Timestamp> {
    nanos.map(Timestamp::from_nanos)
}

impl Reading<'_> {
    fn chunk(
        &mut self,
        sql: &str,
        from: i64,
        mut each: impl FnMut(StoredRow),
    ) -> rusqlite::Result<Chunk> {
        let connection = self.connection;
        let has_marks = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM marks)")?
            .query_row([], |row| row.get(0))?;
        let mut replies = connection.prepare_cached(
            "SELECT time_ns, verdict, outcome, error_code, error_message, responder, topic, qos, retain, payload,
                 correlation_data, response_topic, content_type, detail
             FROM replies WHERE id BETWEEN ?1 AND ?1 | 16383 ORDER BY id",
        )?;
        let mut statement = connection.prepare_cached(sql)?;
        let mut found = statement.query([from])?;
        let mut chunk = Chunk {
            last_id: from,
            last_revision: from,
            ..Chunk::default()
        };
        let mut seen = 0;
        while let Some(columns) = found.next()? {
            seen += 1;
            let id: i64 = columns.get(0)?;
            chunk.last_id = id;
            chunk.last_revision = columns.get(1)?;
            let row = self.row(id, columns, &mut replies).and_then(|row| {
                let marks = if has_marks {
                    self.marks(id)?
                } else {
                    Marks::default()
                };
                Ok((row, marks))
            });
            match row {
                Ok((row, marks)) => {
                    chunk.rows += 1;
                    let id = RowId::new(id.cast_unsigned());
                    each(StoredRow { id, row, marks });
                }
                Err(Trouble::Sqlite(err)) => return Err(err),
                Err(Trouble::Row(why)) => {
                    chunk.unreadable += 1;
                    if chunk.problems.len() < MAX_TOLD {
                        chunk
                            .problems
                            .push(format!("row {id} cannot be read: {why}"));
                    }
                }
            }
        }
        chunk.is_last = seen < CHUNK;
        Ok(chunk)
    }

    fn row(
        &mut self,
        id: i64,
        columns: &rusqlite::Row<'_>,
        replies: &mut CachedStatement<'_>,
    ) -> Result<Row, Trouble> {
        let detail: Option<&str> = columns.get_ref(28)?.as_str_or_null().map_err(text_error)?;
        let mut detail: Detail = of_json(detail)?;
        let message = MessageColumns {
            topic: self.topic(columns.get(5)?)?,
            qos: columns.get(8)?,
            retain: columns.get(9)?,
            payload: columns.get(10)?,
            correlation_data: columns.get(11)?,
            response_topic: columns.get(12)?,
            content_type: columns.get(13)?,
        };
        let message = message.into_message(detail.message.take().unwrap_or_default())?;
        let message = Arc::new(message);
        let connection = self.profile(columns.get(4)?)?;
        let time = Timestamp::from_nanos(columns.get(3)?);
        let verdict = columns.get_ref(6)?.as_str().map_err(text_error)?;
        match columns.get_ref(2)?.as_str().map_err(text_error)? {
            "exchange" => {
                let exchange =
                    self.exchange(id, columns, replies, detail, connection, message, verdict)?;
                Ok(Row::Exchange(Box::new(exchange)))
            }
            "message" => Ok(Row::Message(MessageRow {
                connection,
                message,
                verdict: message_verdict(verdict)?,
                received: time,
                responder: columns.get(29)?,
                near: detail.near_exchange_id.map(ExchangeId),
                difference: detail.difference.map(|one| Arc::new(one.into())),
                is_echo: detail.echo,
            })),
            "publish" => Ok(Row::Publish(PublishRow {
                connection,
                message,
                published: time,
                acknowledgement: acknowledgement(columns)?,
                failure: detail.failure,
            })),
            other => Err(format!("`{other}` is no kind of row").into()),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one row, read once")]
    fn exchange(
        &mut self,
        id: i64,
        columns: &rusqlite::Row<'_>,
        replies: &mut CachedStatement<'_>,
        detail: Detail,
        connection: Arc<str>,
        message: Arc<Message>,
        verdict: &str,
    ) -> Result<Exchange, Trouble> {
        let record = match (detail.request, columns.get::<_, Option<i64>>(15)?) {
            (Some(record), _) => record,
            (None, Some(number)) => self.request(number)?,
            (None, None) => RequestRecord::default(),
        };
        let request = record
            .into_request(&message, "request")
            .map_err(|err| err.to_string())?;
        let misses = detail.near_misses.into_iter();
        let near_misses: Result<Vec<_>, _> = misses
            .map(|miss: NearMissRecord| miss.into_near_miss("near_misses"))
            .collect();
        let reason = |text: Option<Arc<str>>| text.unwrap_or_default();
        let verdict = match verdict {
            "waiting" => Verdict::Waiting,
            "answered" => Verdict::Answered,
            "answered_with_error" => Verdict::AnsweredWithError {
                code: detail.error_code,
                message: detail.error_message,
            },
            "timed_out" => Verdict::TimedOut,
            "late" => Verdict::Late,
            "no_subscribers" => Verdict::NoSubscribers,
            "rejected" => Verdict::Rejected {
                what: match detail.refused.as_deref() {
                    None => Refused::Request,
                    Some(word) => Refused::of_word(word)
                        .ok_or_else(|| format!("`{word}` is nothing that is refused"))?,
                },
                reason: Reason::new(detail.reason_code.unwrap_or(0x80), reason(detail.reason)),
            },
            "failed" => Verdict::Failed {
                reason: reason(detail.reason),
            },
            other => return Err(format!("`{other}` is no verdict of an exchange").into()),
        };
        let count: i64 = columns.get(27)?;
        let replies = if count > 0 {
            self.replies(id, replies)?
        } else {
            Vec::new()
        };
        Ok(Exchange {
            id: ExchangeId(columns.get::<_, i64>(14)?.cast_unsigned()),
            connection,
            request: Arc::new(request),
            message,
            rule: columns.get(7)?,
            verdict,
            legs: Legs {
                queued: Timestamp::from_nanos(columns.get(16)?),
                subscribed: stamp(columns.get(17)?),
                published: stamp(columns.get(18)?),
                acknowledged: stamp(columns.get(19)?),
                device_received: stamp(columns.get(20)?),
                device_answered: stamp(columns.get(21)?),
            },
            acknowledgement: acknowledgement(columns)?,
            deadline: stamp(columns.get(22)?),
            replies,
            replies_not_kept: detail.replies_not_kept,
            near_misses: near_misses.map_err(|err| err.to_string())?,
            device: columns.get(26)?,
            presence: detail.presence.map(Into::into),
            finished: stamp(columns.get(23)?),
        })
    }

    fn replies(
        &mut self,
        id: i64,
        statement: &mut CachedStatement<'_>,
    ) -> Result<Vec<Reply>, Trouble> {
        let mut found = statement.query([id << REPLY_BITS])?;
        let mut replies = Vec::new();
        while let Some(columns) = found.next()? {
            let outcome = match columns.get_ref(2)?.as_str().map_err(text_error)? {
                "ok" => Outcome::Ok,
                "progress" => Outcome::Progress,
                "error" => Outcome::Error {
                    code: columns.get(3)?,
                    message: columns.get(4)?,
                },
                other => return Err(format!("`{other}` is no outcome of a reply").into()),
            };
            let message = MessageColumns {
                topic: self.topic(columns.get(6)?)?,
                qos: columns.get(7)?,
                retain: columns.get(8)?,
                payload: columns.get(9)?,
                correlation_data: columns.get(10)?,
                response_topic: columns.get(11)?,
                content_type: columns.get(12)?,
            };
            let detail: Option<&str> = columns.get_ref(13)?.as_str_or_null().map_err(text_error)?;
            let detail: MessageDetail = of_json(detail)?;
            replies.push(Reply {
                message: Arc::new(message.into_message(detail)?),
                received: Timestamp::from_nanos(columns.get(0)?),
                verdict: message_verdict(columns.get_ref(1)?.as_str().map_err(text_error)?)?,
                outcome,
                responder: columns.get(5)?,
            });
        }
        Ok(replies)
    }

    fn marks(&self, id: i64) -> Result<Marks, Trouble> {
        let found = self
            .connection
            .prepare_cached("SELECT pinned, comment, colour FROM marks WHERE row = ?1")?
            .query_row([id], |row| {
                let colour: Option<String> = row.get(2)?;
                Ok(Marks {
                    pinned: row.get(0)?,
                    comment: row.get(1)?,
                    colour: colour.as_deref().and_then(Colour::of_word),
                })
            });
        Ok(found.optional()?.unwrap_or_default())
    }

    fn topic(&mut self, number: i64) -> Result<TopicName, Trouble> {
        if let Some(topic) = self.topics.get(&number) {
            return Ok(topic.clone());
        }
        let text: String = self.word("SELECT topic FROM topics WHERE id = ?1", number)?;
        if self.topics.len() >= REMEMBERED {
            self.topics.clear();
        }
        let topic = TopicName::received(&text);
        self.topics.insert(number, topic.clone());
        Ok(topic)
    }

    fn profile(&mut self, number: i64) -> Result<Arc<str>, Trouble> {
        if let Some(profile) = self.connections.get(&number) {
            return Ok(Arc::clone(profile));
        }
        let text = self.word("SELECT profile FROM connections WHERE id = ?1", number)?;
        let profile: Arc<str> = text.into();
        self.connections.insert(number, Arc::clone(&profile));
        Ok(profile)
    }

    fn request(&mut self, number: i64) -> Result<RequestRecord, Trouble> {
        if let Some(record) = self.requests.get(&number) {
            return Ok(record.clone());
        }
        let text = self.word("SELECT request FROM requests WHERE id = ?1", number)?;
        let record: RequestRecord =
            serde_json::from_str(&text).map_err(|err| format!("its request: {err}"))?;
        if self.requests.len() >= REMEMBERED {
            self.requests.clear();
        }
        self.requests.insert(number, record.clone());
        Ok(record)
    }

    fn word(&self, sql: &str, number: i64) -> Result<String, Trouble> {
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row([number], |row| row.get(0))
            .optional()?;
        found.ok_or_else(|| Trouble::Row(format!("number {number} of its words is missing")))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn text_error(err: rusqlite::types::FromSqlError) -> Trouble {
    Trouble::Row(err.to_string())
}

fn acknowledgement(columns: &rusqlite::Row<'_>) -> Result<Option<Reason>, Trouble> {
    let code: Option<u8> = columns.get(24)?;
    let text: Option<Arc<str>> = columns.get(25)?;
    Ok(code.map(|code| Reason::new(code, text.unwrap_or_default())))
}

fn message_verdict(word: &str) -> Result<MessageVerdict, Trouble> {
    let mut all = MessageVerdict::ALL.into_iter();
    all.find(|verdict| verdict.word() == word)
        .ok_or_else(|| Trouble::Row(format!("`{word}` is no verdict of a message")))
}
