//! From a row to its record and back.

use super::parts::message_verdict;
use super::{
    Kind, MessageRecord, NearMissRecord, Record, RecordError, ReplyRecord, RequestRecord, VERSION,
    error::check_version,
};
use crate::model::exchange::{Exchange, ExchangeId, Reason, Refused, Verdict};
use crate::model::message::Message;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, MessageRow, PublishRow, Row};
use std::borrow::Cow;
use std::sync::Arc;

impl From<&Row> for Record {
    fn from(row: &Row) -> Self {
        let kind = match row {
            Row::Exchange(_) => Kind::Exchange,
            Row::Message(_) => Kind::Message,
            Row::Publish(_) => Kind::Publish,
        };
        let mut record = Self::bare(kind, row);
        match row {
            Row::Exchange(exchange) => record.tell_exchange(exchange),
            Row::Message(row) => {
                record.verdict = row.verdict.word().into();
                record.responder.clone_from(&row.responder);
                record.near_exchange_id = row.near.map(|id| id.0);
                record.difference = row.difference.as_deref().map(Into::into);
                record.echo = row.is_echo;
            }
            Row::Publish(publish) => {
                record.verdict = Category::of(row).word().into();
                record.acknowledgement = publish.acknowledgement.as_ref().map(Into::into);
                record.failure.clone_from(&publish.failure);
            }
        }
        record
    }
}

impl Record {
    fn bare(kind: Kind, row: &Row) -> Self {
        Self {
            roundtrip_record: VERSION,
            id: None,
            kind,
            time_ns: row.time().as_nanos(),
            connection: Arc::clone(row.connection()),
            verdict: "".into(),
            refused: None,
            reason: None,
            reason_code: None,
            error_code: None,
            error_message: None,
            round_trip_ns: None,
            message: MessageRecord::from(&**row.message()),
            exchange_id: None,
            rule: None,
            request: None,
            legs_ns: None,
            deadline_ns: None,
            finished_ns: None,
            replies: Vec::new(),
            replies_not_kept: 0,
            near_misses: Vec::new(),
            device: None,
            presence: None,
            acknowledgement: None,
            failure: None,
            responder: None,
            near_exchange_id: None,
            difference: None,
            echo: false,
            marks: super::Marks::default(),
        }
    }

    fn tell_exchange(&mut self, exchange: &Exchange) {
        self.tell_verdict(&exchange.verdict);
        self.round_trip_ns = exchange
            .round_trip()
            .and_then(|time| u64::try_from(time.as_nanos()).ok());
        self.exchange_id = Some(exchange.id.0);
        self.rule = Some(Arc::clone(&exchange.rule));
        self.request = Some(RequestRecord::of(&exchange.request, &exchange.message));
        self.legs_ns = Some((&exchange.legs).into());
        self.deadline_ns = exchange.deadline.map(Timestamp::as_nanos);
        self.finished_ns = exchange.finished.map(Timestamp::as_nanos);
        self.replies = exchange.replies.iter().map(ReplyRecord::from).collect();
        self.replies_not_kept = exchange.replies_not_kept;
        self.near_misses = exchange
            .near_misses
            .iter()
            .map(NearMissRecord::from)
            .collect();
        self.device.clone_from(&exchange.device);
        self.presence = exchange.presence.as_ref().map(Into::into);
        self.acknowledgement = exchange.acknowledgement.as_ref().map(Into::into);
    }

    fn tell_verdict(&mut self, verdict: &Verdict) {
        self.verdict = verdict.word().into();
        match verdict {
            Verdict::AnsweredWithError { code, message } => {
                self.error_code.clone_from(code);
                self.error_message.clone_from(message);
            }
            Verdict::Rejected { what, reason } => {
                self.refused = Some(what.word().into());
                self.reason = Some(Arc::clone(&reason.text));
                self.reason_code = Some(reason.code);
            }
            Verdict::Failed { reason } => self.reason = Some(Arc::clone(reason)),
            Verdict::Waiting
            | Verdict::Answered
            | Verdict::TimedOut
            | Verdict::Late
            | Verdict::NoSubscribers => {}
        }
    }

    /// The row that this is the record of.
    pub fn into_row(mut self) -> Result<Row, RecordError> {
        check_version(Some(self.roundtrip_record))?;
        let message = std::mem::replace(&mut self.message, nothing());
        let message = Arc::new(message.into_message("message")?);
        let time = Timestamp::from_nanos(self.time_ns);
        match self.kind {
            Kind::Exchange => Ok(Row::Exchange(Box::new(self.into_exchange(message)?))),
            Kind::Message => Ok(Row::Message(MessageRow {
                connection: self.connection,
                message,
                verdict: match &*self.verdict {
                    "" => crate::model::exchange::MessageVerdict::Unmatched,
                    word => message_verdict(word, "verdict")?,
                },
                received: time,
                responder: self.responder,
                near: self.near_exchange_id.map(ExchangeId),
                difference: self.difference.map(|one| Arc::new(one.into())),
                is_echo: self.echo,
            })),
            Kind::Publish => Ok(Row::Publish(PublishRow {
                connection: self.connection,
                message,
                published: time,
                acknowledgement: self.acknowledgement.map(Into::into),
                failure: self.failure,
            })),
        }
    }

    fn into_exchange(mut self, message: Arc<Message>) -> Result<Exchange, RecordError> {
        let verdict = self.read_verdict()?;
        let request = self.request.take().unwrap_or_default();
        let request = Arc::new(request.into_request(&message, "request")?);
        let replies = std::mem::take(&mut self.replies).into_iter().enumerate();
        let replies: Result<Vec<_>, RecordError> = replies
            .map(|(index, reply)| reply.into_reply(&format!("replies[{index}]")))
            .collect();
        let misses = std::mem::take(&mut self.near_misses)
            .into_iter()
            .enumerate();
        let near_misses: Result<Vec<_>, RecordError> = misses
            .map(|(index, miss)| miss.into_near_miss(&format!("near_misses[{index}]")))
            .collect();
        Ok(Exchange {
            id: ExchangeId(self.exchange_id.or(self.id).unwrap_or(0)),
            connection: self.connection,
            rule: self
                .rule
                .unwrap_or_else(|| Arc::clone(&request.pairing.rule)),
            request,
            message,
            verdict,
            legs: self.legs_ns.unwrap_or_default().into_legs(self.time_ns),
            acknowledgement: self.acknowledgement.map(Into::into),
            deadline: self.deadline_ns.map(Timestamp::from_nanos),
            replies: replies?,
            replies_not_kept: self.replies_not_kept,
            near_misses: near_misses?,
            device: self.device,
            presence: self.presence.map(Into::into),
            finished: self.finished_ns.map(Timestamp::from_nanos),
        })
    }

    fn read_verdict(&mut self) -> Result<Verdict, RecordError> {
        let text = |text: &mut Option<Arc<str>>| text.take().unwrap_or_default();
        Ok(match &*self.verdict {
            "waiting" => Verdict::Waiting,
            "answered" => Verdict::Answered,
            "answered_with_error" => Verdict::AnsweredWithError {
                code: self.error_code.take(),
                message: self.error_message.take(),
            },
            "timed_out" => Verdict::TimedOut,
            "late" => Verdict::Late,
            "no_subscribers" => Verdict::NoSubscribers,
            "rejected" => Verdict::Rejected {
                what: self.read_refused()?,
                reason: Reason::new(self.reason_code.unwrap_or(0x80), text(&mut self.reason)),
            },
            "failed" => Verdict::Failed {
                reason: text(&mut self.reason),
            },
            "" => return Err(RecordError::wrong("verdict", "it is missing")),
            other => {
                return Err(RecordError::wrong(
                    "verdict",
                    format!(
                        "`{other}` is no verdict of an exchange; it is one of waiting, answered, answered_with_error, timed_out, late, no_subscribers, rejected, failed"
                    ),
                ));
            }
        })
    }

    fn read_refused(&self) -> Result<Refused, RecordError> {
        match self.refused.as_ref().map(Cow::as_ref) {
            None => Ok(Refused::Request),
            Some(word) => Refused::of_word(word).ok_or_else(|| {
                RecordError::wrong(
                    "refused",
                    format!(
                        "`{word}` is nothing that a broker refuses; it is subscription or request"
                    ),
                )
            }),
        }
    }
}

/// What is left where a message was taken out.
fn nothing() -> MessageRecord {
    MessageRecord::from(&Message::new(
        crate::model::topic::TopicName::received(""),
        bytes::Bytes::new(),
    ))
}
