//! CSV (RFC 4180): one line a row of the timeline, with the reply that stands for the others.
//!
//! Bytes are text where they are UTF-8 without control characters other than tab, line feed and
//! carriage return, else base64; the column beside them says which, and is empty where there are none.
//! Cells are exact unless asked otherwise: what a spreadsheet takes for a formula is somebody's payload,
//! and a script that reads the file must find it unaltered. With `spreadsheet_safe` such cells, and those that
//! begin with an apostrophe, begin with one more: taking one away gives the cell again.

use super::{Item, words};
use crate::model::correlation::CorrelationData;
use crate::model::exchange::{Exchange, Reply};
use crate::model::message::{Message, UserProperty};
use crate::model::payload;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::{Row, RowId};
use std::borrow::Cow;
use std::io::{self, Write};

pub(super) const COLUMNS: [&str; 56] = [
    "kind",
    "id",
    "exchange",
    "time",
    "verdict",
    "reason",
    "connection",
    "rule",
    "name",
    "topic",
    "qos",
    "retain",
    "duplicate",
    "response_topic",
    "correlation_data",
    "correlation_data_encoding",
    "content_type",
    "payload_is_utf8",
    "message_expiry_secs",
    "user_properties",
    "payload",
    "payload_encoding",
    "payload_bytes",
    "round_trip_ms",
    "queued",
    "subscribed",
    "published",
    "acknowledged",
    "acknowledgement_code",
    "acknowledgement_text",
    "device",
    "device_received",
    "device_answered",
    "deadline",
    "finished",
    "replies",
    "reply_time",
    "reply_verdict",
    "reply_outcome",
    "responder",
    "reply_topic",
    "reply_qos",
    "reply_retain",
    "reply_duplicate",
    "reply_correlation_data",
    "reply_correlation_data_encoding",
    "reply_content_type",
    "reply_user_properties",
    "reply_payload",
    "reply_payload_encoding",
    "reply_payload_bytes",
    "near_exchange",
    "near_misses",
    "pinned",
    "colour",
    "comment",
];

pub(super) struct Csv<W: Write> {
    out: ::csv::Writer<W>,
    is_guarded: bool,
}

impl<W: Write> Csv<W> {
    pub fn new(out: W, is_guarded: bool) -> io::Result<Self> {
        let mut out = ::csv::WriterBuilder::new()
            .terminator(::csv::Terminator::CRLF)
            .from_writer(out);
        out.write_record(COLUMNS)?;
        Ok(Self { out, is_guarded })
    }

    pub fn row(&mut self, item: &Item) -> io::Result<()> {
        let mut line = Line {
            cells: Vec::with_capacity(COLUMNS.len()),
        };
        line.tell(item);
        for cell in line.cells {
            if self.is_guarded {
                self.out.write_field(guarded(cell).as_bytes())?;
            } else {
                self.out.write_field(cell.as_bytes())?;
            }
        }
        self.out.write_record(None::<&[u8]>)?;
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<Vec<String>> {
        self.out.flush()?;
        Ok(Vec::new())
    }
}

/// Makes text of what a spreadsheet would take for a formula.
pub(super) fn guarded(cell: Cow<'_, str>) -> Cow<'_, str> {
    // The wide forms count in some languages' spreadsheets.
    const STARTS: [char; 13] = [
        '=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠', '\0',
    ];
    if cell.starts_with(STARTS) {
        Cow::Owned(format!("'{cell}"))
    } else {
        cell
    }
}

/// Bytes as a cell and the name of how they are written.
pub(super) fn encoded(bytes: &[u8]) -> (Cow<'_, str>, &'static str) {
    let is_plain = |text: &&str| {
        !text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
    };
    match std::str::from_utf8(bytes).ok().filter(is_plain) {
        Some(text) => (Cow::Borrowed(text), "utf8"),
        None => (Cow::Owned(payload::to_base64(bytes)), "base64"),
    }
}

struct Line<'a> {
    cells: Vec<Cow<'a, str>>,
}

impl<'a> Line<'a> {
    fn tell(&mut self, item: &'a Item) {
        let row = &item.row;
        let exchange = match row {
            Row::Exchange(exchange) => Some(&**exchange),
            _ => None,
        };
        self.word(match row {
            Row::Exchange(_) => "exchange",
            Row::Message(_) => "message",
            Row::Publish(_) => "publish",
        });
        self.number(item.id.map(RowId::number));
        self.number(exchange.map(|exchange| exchange.id.0));
        self.time(Some(row.time()));
        self.word(words::verdict(row));
        self.cells.push(words::reason(row).into());
        self.word(row.connection());
        self.word(exchange.map_or("", |exchange| &exchange.rule));
        self.word(exchange.map_or("", |exchange| &exchange.request.name));
        let message = row.message();
        self.start(Some(message));
        let properties = &message.properties;
        self.word(
            properties
                .response_topic
                .as_ref()
                .map_or("", |it| it.as_str()),
        );
        self.correlation(properties.correlation_data.as_ref());
        self.word(properties.content_type.as_deref().unwrap_or_default());
        self.word(properties.payload_is_utf8.map_or("", yes_or_no));
        self.number(properties.message_expiry_secs);
        self.user_properties(&properties.user_properties);
        self.payload(Some(message));
        self.times(row, exchange);
        self.reply(row, exchange);
        let near = match row {
            Row::Message(message) => message.near.map(|id| id.0),
            _ => None,
        };
        self.number(near);
        self.number(exchange.map(|exchange| exchange.near_misses.len()));
        self.word(yes_or_no(item.marks.pinned));
        self.word(item.marks.colour.map_or("", |colour| colour.word()));
        self.word(&item.marks.comment);
    }

    fn times(&mut self, row: &'a Row, exchange: Option<&'a Exchange>) {
        let round_trip = exchange.and_then(Exchange::round_trip);
        let millis = round_trip.map(|time| millis(time.as_nanos()));
        self.cells.push(millis.unwrap_or_default().into());
        let legs = exchange.map(|exchange| &exchange.legs);
        self.time(legs.map(|legs| legs.queued));
        self.time(legs.and_then(|legs| legs.subscribed));
        self.time(match row {
            Row::Publish(publish) => Some(publish.published),
            _ => legs.and_then(|legs| legs.published),
        });
        self.time(legs.and_then(|legs| legs.acknowledged));
        let acknowledgement = match row {
            Row::Exchange(exchange) => exchange.acknowledgement.as_ref(),
            Row::Publish(publish) => publish.acknowledgement.as_ref(),
            Row::Message(_) => None,
        };
        self.number(acknowledgement.map(|reason| reason.code));
        self.word(acknowledgement.map_or("", |reason| &reason.text));
        self.word(
            exchange
                .and_then(|it| it.device.as_deref())
                .unwrap_or_default(),
        );
        self.time(legs.and_then(|legs| legs.device_received));
        self.time(legs.and_then(|legs| legs.device_answered));
        self.time(exchange.and_then(|exchange| exchange.deadline));
        self.time(exchange.and_then(|exchange| exchange.finished));
    }

    fn reply(&mut self, row: &'a Row, exchange: Option<&'a Exchange>) {
        let count = exchange.map(|it| it.replies.len() as u64 + it.replies_not_kept);
        self.number(count);
        let reply: Option<&Reply> = exchange.and_then(words::first_reply);
        self.time(reply.map(|reply| reply.received));
        self.word(reply.map_or("", |reply| reply.verdict.word()));
        self.word(reply.map_or("", |reply| words::outcome(&reply.outcome)));
        self.word(row.responder().unwrap_or_default());
        let message = reply.map(|reply| &*reply.message);
        self.start(message);
        let properties = message.map(|message| &message.properties);
        self.correlation(properties.and_then(|it| it.correlation_data.as_ref()));
        self.word(
            properties
                .and_then(|it| it.content_type.as_deref())
                .unwrap_or_default(),
        );
        self.user_properties(properties.map_or(&[], |it| &it.user_properties));
        self.payload(message);
    }

    /// Topic and flags.
    fn start(&mut self, message: Option<&'a Message>) {
        self.word(message.map_or("", |message| message.topic.as_str()));
        self.number(message.map(|message| u8::from(message.qos)));
        self.word(message.map_or("", |message| yes_or_no(message.retain)));
        self.word(message.map_or("", |message| yes_or_no(message.duplicate)));
    }

    fn payload(&mut self, message: Option<&'a Message>) {
        self.bytes(message.map(|message| &*message.payload));
        self.number(message.map(|message| message.payload.len()));
    }

    fn correlation(&mut self, data: Option<&'a CorrelationData>) {
        self.bytes(data.map(CorrelationData::as_bytes));
    }

    fn bytes(&mut self, bytes: Option<&'a [u8]>) {
        let (cell, encoding) = bytes.map_or((Cow::Borrowed(""), ""), encoded);
        self.cells.push(cell);
        self.word(encoding);
    }

    /// A JSON list of pairs: names repeat and the order counts.
    fn user_properties(&mut self, properties: &[UserProperty]) {
        if properties.is_empty() {
            self.word("");
            return;
        }
        let pairs: Vec<[&str; 2]> = properties
            .iter()
            .map(|one| [one.name.as_str(), one.value.as_str()])
            .collect();
        // A list of strings is always JSON.
        let json = serde_json::to_string(&pairs).unwrap_or_default();
        self.cells.push(json.into());
    }

    fn word(&mut self, word: &'a str) {
        self.cells.push(Cow::Borrowed(word));
    }

    fn number(&mut self, number: Option<impl ToString>) {
        let cell = number.map_or_else(String::new, |number| number.to_string());
        self.cells.push(cell.into());
    }

    fn time(&mut self, at: Option<Timestamp>) {
        let cell = at.map_or_else(String::new, text::iso_nanos);
        self.cells.push(cell.into());
    }
}

fn yes_or_no(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

/// Every digit there is: `4.210345`.
fn millis(nanos: u128) -> String {
    format!("{}.{:06}", nanos / 1_000_000, nanos % 1_000_000)
}
