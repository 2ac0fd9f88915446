//! One row into the tables.

use super::rows::{Detail, MessageDetail, to_json};
use super::schema::REPLY_BITS;
use crate::model::correlation::CorrelationData;
use crate::model::exchange::{Exchange, Outcome, Reason, Reply, Verdict};
use crate::model::message::Message;
use crate::model::record::{NearMissRecord, RequestRecord};
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, Row};
use crate::model::topic::TopicName;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::HashMap;
use std::sync::Arc;

/// Words looked up in a table are remembered up to so many.
const REMEMBERED: usize = 1 << 16;
/// A longer request is kept with its row.
const MAX_SHARED_REQUEST_BYTES: usize = 4096;

const UPSERT: &str = "
INSERT INTO rows (id, revision, kind, time_ns, connection, topic, verdict, category, round_trip_ns, responder, rule,
    name, qos, retain, payload, correlation_data, response_topic, content_type, exchange_id, request, queued_ns,
    subscribed_ns, published_ns, acknowledged_ns, device_received_ns, device_answered_ns, deadline_ns, finished_ns,
    acknowledgement_code, acknowledgement, device, replies, detail)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
    ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)
ON CONFLICT (id) DO UPDATE SET revision = ?2, time_ns = ?4, verdict = ?7, category = ?8, round_trip_ns = ?9,
    responder = ?10, queued_ns = ?21, subscribed_ns = ?22, published_ns = ?23, acknowledged_ns = ?24,
    device_received_ns = ?25, device_answered_ns = ?26, deadline_ns = ?27, finished_ns = ?28,
    acknowledgement_code = ?29, acknowledgement = ?30, device = ?31, replies = ?32, detail = ?33";

const INSERT_REPLY: &str = "
INSERT OR REPLACE INTO replies (id, time_ns, verdict, outcome, error_code, error_message, responder, topic, qos, retain,
    payload, correlation_data, response_topic, content_type, detail)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";

/// A table of words and their numbers.
#[derive(Default)]
struct Words(HashMap<Arc<str>, i64>);

impl Words {
    fn number(
        &mut self,
        connection: &Connection,
        (select, insert): (&str, &str),
        word: &str,
    ) -> rusqlite::Result<i64> {
        if let Some(number) = self.0.get(word) {
            return Ok(*number);
        }
        let known = connection
            .prepare_cached(select)?
            .query_row([word], |row| row.get(0))
            .optional()?;
        let number = if let Some(number) = known {
            number
        } else {
            connection.prepare_cached(insert)?.execute([word])?;
            connection.last_insert_rowid()
        };
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(word.into(), number);
        Ok(number)
    }
}

/// What was looked up before.
#[derive(Default)]
pub struct Known {
    topics: Words,
    connections: Words,
    requests: Words,
}

/// What goes wrong with one row.
pub enum Trouble {
    Sqlite(rusqlite::Error),
    Row(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(err: rusqlite::Error) -> Self {
        Self::Sqlite(err)
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self::Row(why)
    }
}

pub struct Writing<'a> {
    pub connection: &'a Connection,
    pub known: &'a mut Known,
    pub first_exchange: u64,
    pub revision: i64,
    /// Of the row, in the file.
    pub number: i64,
}

fn nanos(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_nanos)
}

impl Writing<'_> {
    fn topic(&mut self, topic: &str) -> rusqlite::Result<i64> {
        const SQL: (&str, &str) = (
            "SELECT id FROM topics WHERE topic = ?1",
            "INSERT INTO topics (topic) VALUES (?1)",
        );
        self.known.topics.number(self.connection, SQL, topic)
    }

    pub fn put(&mut self, row: &Row) -> Result<(), Trouble> {
        const CONNECTIONS: (&str, &str) = (
            "SELECT id FROM connections WHERE profile = ?1",
            "INSERT INTO connections (profile) VALUES (?1)",
        );
        let message = row.message();
        let properties = &message.properties;
        let profile = row.connection();
        let connection = self
            .known
            .connections
            .number(self.connection, CONNECTIONS, profile)?;
        let topic = self.topic(message.topic.as_str())?;
        let mut detail = Detail {
            message: MessageDetail::of(message),
            ..Detail::default()
        };
        let exchange = match row {
            Row::Exchange(exchange) => Some(&**exchange),
            _ => None,
        };
        let (kind, verdict, acknowledgement) = self.tell(row, &mut detail);
        let request = match exchange {
            Some(exchange) => self.request(exchange, &mut detail)?,
            None => None,
        };
        let legs = exchange.map(|exchange| &exchange.legs);
        let round_trip = exchange.and_then(Exchange::round_trip);
        let detail = to_json(&detail)?;
        let mut statement = self.connection.prepare_cached(UPSERT)?;
        statement.execute(params![
            self.number,
            self.revision,
            kind,
            row.time().as_nanos(),
            connection,
            topic,
            verdict,
            Category::of(row).word(),
            round_trip.and_then(|time| i64::try_from(time.as_nanos()).ok()),
            row.responder(),
            exchange.map(|exchange| &*exchange.rule),
            exchange
                .map(|exchange| &*exchange.request.name)
                .filter(|name| !name.is_empty()),
            u8::from(message.qos),
            message.retain,
            &*message.payload,
            properties
                .correlation_data
                .as_ref()
                .map(CorrelationData::as_bytes),
            properties.response_topic.as_ref().map(TopicName::as_str),
            properties.content_type.as_deref(),
            exchange.map(|exchange| exchange
                .id
                .0
                .wrapping_add(self.first_exchange)
                .cast_signed()),
            request,
            legs.map(|legs| legs.queued.as_nanos()),
            legs.and_then(|legs| nanos(legs.subscribed)),
            legs.and_then(|legs| nanos(legs.published)),
            legs.and_then(|legs| nanos(legs.acknowledged)),
            legs.and_then(|legs| nanos(legs.device_received)),
            legs.and_then(|legs| nanos(legs.device_answered)),
            exchange.and_then(|exchange| nanos(exchange.deadline)),
            exchange.and_then(|exchange| nanos(exchange.finished)),
            acknowledgement.map(|reason| reason.code),
            acknowledgement.map(|reason| &*reason.text),
            exchange.and_then(|exchange| exchange.device.as_deref()),
            exchange.map_or(0, |exchange| i64::try_from(exchange.replies.len())
                .unwrap_or(i64::MAX)),
            detail,
        ])?;
        drop(statement);
        match exchange {
            Some(exchange) if !exchange.replies.is_empty() => self.put_replies(&exchange.replies),
            _ => Ok(()),
        }
    }

    /// What differs by kind: its name, the verdict, and what the broker said to it.
    fn tell<'r>(
        &self,
        row: &'r Row,
        detail: &mut Detail,
    ) -> (&'static str, &'static str, Option<&'r Reason>) {
        match row {
            Row::Exchange(exchange) => {
                Self::tell_exchange(exchange, detail);
                (
                    "exchange",
                    exchange.verdict.word(),
                    exchange.acknowledgement.as_ref(),
                )
            }
            Row::Message(row) => {
                detail.near_exchange_id = row.near.map(|id| id.0.wrapping_add(self.first_exchange));
                detail.difference = row.difference.as_deref().map(Into::into);
                detail.echo = row.is_echo;
                ("message", row.verdict.word(), None)
            }
            Row::Publish(publish) => {
                detail.failure.clone_from(&publish.failure);
                (
                    "publish",
                    Category::of(row).word(),
                    publish.acknowledgement.as_ref(),
                )
            }
        }
    }

    fn tell_exchange(exchange: &Exchange, detail: &mut Detail) {
        match &exchange.verdict {
            Verdict::AnsweredWithError { code, message } => {
                detail.error_code.clone_from(code);
                detail.error_message.clone_from(message);
            }
            Verdict::Rejected { what, reason } => {
                detail.refused = Some(what.word().to_owned());
                detail.reason = Some(Arc::clone(&reason.text));
                detail.reason_code = Some(reason.code);
            }
            Verdict::Failed { reason } => detail.reason = Some(Arc::clone(reason)),
            _ => {}
        }
        detail.replies_not_kept = exchange.replies_not_kept;
        let misses = exchange.near_misses.iter();
        detail.near_misses = misses.map(NearMissRecord::from).collect();
        detail.presence = exchange.presence.as_ref().map(Into::into);
    }

    /// Requests are alike: each different one is in the file once.
    fn request(
        &mut self,
        exchange: &Exchange,
        detail: &mut Detail,
    ) -> Result<Option<i64>, Trouble> {
        const SQL: (&str, &str) = (
            "SELECT id FROM requests WHERE request = ?1",
            "INSERT INTO requests (request) VALUES (?1)",
        );
        let record = RequestRecord::of(&exchange.request, &exchange.message);
        let text = serde_json::to_string(&record).map_err(|err| err.to_string())?;
        if text.len() > MAX_SHARED_REQUEST_BYTES {
            detail.request = Some(record);
            return Ok(None);
        }
        Ok(Some(self.known.requests.number(
            self.connection,
            SQL,
            &text,
        )?))
    }

    /// Replies only ever come on top of those that are there.
    fn put_replies(&mut self, replies: &[Reply]) -> Result<(), Trouble> {
        let base = self.number << REPLY_BITS;
        let there: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(max(id) - ?1 + 1, 0) FROM replies WHERE id BETWEEN ?1 AND ?1 | 16383")?
            .query_row([base], |row| row.get(0))?;
        let there = usize::try_from(there).unwrap_or(0);
        for (number, reply) in replies.iter().enumerate().skip(there) {
            let number = i64::try_from(number).map_err(|err| err.to_string())?;
            if number >> REPLY_BITS != 0 {
                return Err("it has too many replies".to_owned().into());
            }
            self.put_reply(base | number, reply)?;
        }
        Ok(())
    }

    fn put_reply(&mut self, id: i64, reply: &Reply) -> Result<(), Trouble> {
        let message: &Message = &reply.message;
        let properties = &message.properties;
        let topic = self.topic(message.topic.as_str())?;
        let (outcome, code, words) = match &reply.outcome {
            Outcome::Ok => ("ok", None, None),
            Outcome::Progress => ("progress", None, None),
            Outcome::Error { code, message } => ("error", code.as_deref(), message.as_deref()),
        };
        let detail = match MessageDetail::of(message) {
            Some(detail) => to_json(&detail)?,
            None => None,
        };
        self.connection
            .prepare_cached(INSERT_REPLY)?
            .execute(params![
                id,
                reply.received.as_nanos(),
                reply.verdict.word(),
                outcome,
                code,
                words,
                reply.responder.as_deref(),
                topic,
                u8::from(message.qos),
                message.retain,
                &*message.payload,
                properties
                    .correlation_data
                    .as_ref()
                    .map(CorrelationData::as_bytes),
                properties.response_topic.as_ref().map(TopicName::as_str),
                properties.content_type.as_deref(),
                detail,
            ])?;
        Ok(())
    }
}
