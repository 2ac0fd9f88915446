//! A row of the timeline in a form that keeps everything: what recordings and JSON Lines are made of.
//!
//! [`Record`] is a [`Row`](crate::model::timeline::Row) as JSON, without loss: bytes exactly (UTF-8 as text under
//! `payload`, anything else as base64 under `payload_base64`), times as whole nanoseconds since 1970, every detail of
//! a verdict. `docs/recordings.md` names each key. Start at [`Record::of`], [`Record::to_json`], [`Record::from_json`]
//! and [`Record::into_row`].
//!
//! The form is versioned: unknown keys are passed over, missing ones have their default, and a record of a
//! later version is an error that says so.

mod bytes;
mod error;
mod marks;
mod message;
mod parts;
mod request;
mod row;

pub use bytes::{Base64, Text};
pub use error::RecordError;
pub use marks::{Colour, Marks};
pub use message::MessageRecord;
pub use parts::{
    DifferenceRecord, LegsRecord, NearMissRecord, PresenceRecord, ReasonRecord, ReplyRecord,
};
pub use request::{PairingRecord, RequestRecord};

use crate::model::timeline::{Row, RowId};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// The version that is written, and the latest that is read.
pub const VERSION: u32 = 1;

/// What a [`Record`] is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Exchange,
    Message,
    Publish,
}

/// One row. The fields are the keys of the JSON object; which of them belong to which kind is said in groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`].
    pub roundtrip_record: u32,
    /// The number of the row in its timeline; absent for one that has no place yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    pub kind: Kind,
    /// When it was sent, or for a message when it came.
    #[serde(default)]
    pub time_ns: i64,
    /// The connection profile's id.
    #[serde(default)]
    pub connection: Arc<str>,
    /// `waiting`, `answered`, …; of a message what it turned out to be; of a publish `published` or `failed`.
    #[serde(default)]
    pub verdict: Cow<'static, str>,
    /// What the broker refused: `subscription` or `request`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Cow<'static, str>>,
    /// Why it was refused, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// The reason code of the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<u8>,
    /// What a reply that says it failed says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<Arc<str>>,
    /// Told for readers; follows from the other times, so it is not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_ns: Option<u64>,
    /// The request as it was published, the message that came, or the bare publish.
    pub message: MessageRecord,

    // Of an exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_id: Option<u64>,
    /// The id of the pairing rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Arc<str>>,
    /// What was asked for, where that is not what `message` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legs_ns: Option<LegsRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replies: Vec<ReplyRecord>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub replies_not_kept: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_misses: Vec<NearMissRecord>,
    /// The simulated device that took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<PresenceRecord>,

    // Of an exchange and of a publish: what the broker said to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<ReasonRecord>,

    // Of a publish: why it could not be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Arc<str>>,

    // Of a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responder: Option<Arc<str>>,
    /// The open exchange that it may have been meant for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_exchange_id: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<DifferenceRecord>,
    /// Published on this connection itself, and brought back by a subscription of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub echo: bool,

    /// What somebody noted on the row.
    #[serde(default, skip_serializing_if = "Marks::is_empty")]
    pub marks: Marks,
}

impl Record {
    /// A row of a timeline, with its number.
    pub fn of(id: RowId, row: &Row) -> Self {
        let mut record = Self::from(row);
        record.id = Some(id.number());
        record
    }

    #[must_use]
    pub fn with_marks(mut self, marks: Marks) -> Self {
        self.marks = marks;
        self
    }

    /// The row's place in its timeline, where it has one.
    pub fn row_id(&self) -> Option<RowId> {
        self.id.map(RowId::new)
    }

    /// One line of JSON, without the line break.
    pub fn to_json(&self) -> Result<String, RecordError> {
        serde_json::to_string(self).map_err(|err| RecordError::NotWritable(err.to_string()))
    }

    /// Reads what [`Self::to_json`] wrote, also by another program or an earlier version.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        match serde_json::from_str::<Self>(text) {
            Ok(record) => {
                error::check_version(Some(record.roundtrip_record))?;
                Ok(record)
            }
            Err(err) => Err(error::explain(text, &err)),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
pub(crate) mod tests;
