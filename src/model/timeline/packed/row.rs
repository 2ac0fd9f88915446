//! Rows as they lie in a segment: the messages first, for those who look through many; then the rest.

use super::codec::{Reader, Writer};
use super::message::{self, PackedMessage};
use crate::model::correlation::{CorrelationData, CorrelationSpec};
use crate::model::exchange::{
    Difference, Exchange, ExchangeId, Legs, MessageVerdict, NearMiss, Outcome, PresenceNote,
    Reason, Refused, Reply, Verdict,
};
use crate::model::message::{Message, Qos, UserProperty};
use crate::model::request::{Pairing, RepliesWanted, Request};
use crate::model::time::Timestamp;
use crate::model::timeline::row::{MessageRow, PublishRow, Row};
use crate::model::topic::TopicName;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Writes what [`Facts`](super::Facts) do not hold.
pub fn write(writer: &mut Writer, large: &mut Vec<Bytes>, row: &Row) {
    match row {
        Row::Exchange(exchange) => {
            writer.size(1 + exchange.replies.len());
            message::write(writer, large, &exchange.message);
            for reply in &exchange.replies {
                message::write(writer, large, &reply.message);
            }
            write_exchange(writer, large, exchange);
        }
        Row::Message(row) => {
            writer.byte(1);
            message::write(writer, large, &row.message);
            writer.name(&row.connection);
            writer.byte(row.verdict as u8);
            writer.signed(row.received.as_nanos());
            writer.name_if_any(row.responder.as_ref());
            writer.number(row.near.map_or(0, |id| id.0.saturating_add(1)));
            write_difference(writer, row.difference.as_deref());
            writer.byte(row.is_echo.into());
        }
        Row::Publish(row) => {
            writer.byte(1);
            message::write(writer, large, &row.message);
            writer.name(&row.connection);
            writer.signed(row.published.as_nanos());
            write_reason(writer, row.acknowledgement.as_ref());
            writer.name_if_any(row.failure.as_ref());
        }
    }
}

/// Which of the three it was is known from the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Exchange(ExchangeId),
    Message,
    Publish,
}

pub fn read<'a>(mut reader: Reader<'a>, large: &'a [Bytes], shape: Shape) -> Option<Row> {
    let reader = &mut reader;
    let count = reader.size()?;
    let message = Arc::new(PackedMessage::read(reader, large)?.unpack()?);
    let more = (1..count)
        .map(|_| PackedMessage::read(reader, large)?.unpack())
        .collect::<Option<Vec<Message>>>()?;
    Some(match shape {
        Shape::Exchange(id) => {
            let exchange = read_exchange(reader, large, id, message, more)?;
            Row::Exchange(Box::new(exchange))
        }
        Shape::Message => Row::Message(MessageRow {
            message,
            connection: Arc::clone(reader.name()?),
            verdict: read_message_verdict(reader)?,
            received: Timestamp::from_nanos(reader.signed()?),
            responder: reader.name_if_any()?.map(Arc::clone),
            near: reader.number()?.checked_sub(1).map(ExchangeId),
            difference: read_difference(reader)?.map(Arc::new),
            is_echo: reader.byte()? != 0,
        }),
        Shape::Publish => Row::Publish(PublishRow {
            message,
            connection: Arc::clone(reader.name()?),
            published: Timestamp::from_nanos(reader.signed()?),
            acknowledgement: read_reason(reader)?,
            failure: reader.name_if_any()?.map(Arc::clone),
        }),
    })
}

/// Of a row that is a message, without reading the rest of it.
pub fn message_verdict<'a>(mut reader: Reader<'a>, large: &'a [Bytes]) -> Option<MessageVerdict> {
    for _ in 0..reader.size()? {
        PackedMessage::read(&mut reader, large)?;
    }
    // The connection stands between.
    reader.name()?;
    read_message_verdict(&mut reader)
}

/// Of the replies of a row that is an exchange, without reading the rest of it.
pub fn reply_notes<'a>(
    mut reader: Reader<'a>,
    large: &'a [Bytes],
) -> Option<impl Iterator<Item = ReplyNote<'a>>> {
    let messages = reader.size()?;
    for _ in 0..messages {
        PackedMessage::read(&mut reader, large)?;
    }
    // Connection, rule and times stand between.
    reader.name()?;
    reader.name()?;
    let queued = Timestamp::from_nanos(reader.signed()?);
    read_times::<TIMES>(&mut reader, queued)?;
    Some((1..messages).map_while(move |_| ReplyNote::read(&mut reader)))
}

/// What was made of a reply.
#[derive(Clone, Copy, Debug)]
pub struct ReplyNote<'a> {
    /// Nanoseconds since the request was queued.
    received: i64,
    pub verdict: MessageVerdict,
    pub responder: Option<&'a Arc<str>>,
    outcome: u8,
    code: Option<&'a Arc<str>>,
    message: Option<&'a Arc<str>>,
}

impl<'a> ReplyNote<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let mut note = Self {
            received: reader.signed()?,
            verdict: read_message_verdict(reader)?,
            responder: reader.name_if_any()?,
            outcome: reader.byte()?,
            code: None,
            message: None,
        };
        if note.outcome > 1 {
            note.code = reader.name_if_any()?;
            note.message = reader.name_if_any()?;
        }
        Some(note)
    }
}

/// Of an exchange, beside when it was queued.
const TIMES: usize = 7;

fn write_exchange(writer: &mut Writer, large: &mut Vec<Bytes>, exchange: &Exchange) {
    writer.name(&exchange.connection);
    writer.name(&exchange.rule);
    let queued = exchange.legs.queued;
    writer.signed(queued.as_nanos());
    let legs = &exchange.legs;
    let times: [_; TIMES] = [
        legs.subscribed,
        legs.published,
        legs.acknowledged,
        legs.device_received,
        legs.device_answered,
        exchange.deadline,
        exchange.finished,
    ];
    write_times(writer, queued, times);
    for reply in &exchange.replies {
        writer.signed(reply.received.as_nanos().wrapping_sub(queued.as_nanos()));
        writer.byte(reply.verdict as u8);
        writer.name_if_any(reply.responder.as_ref());
        match &reply.outcome {
            Outcome::Ok => writer.byte(0),
            Outcome::Progress => writer.byte(1),
            Outcome::Error { code, message } => {
                writer.byte(2);
                writer.name_if_any(code.as_ref());
                writer.name_if_any(message.as_ref());
            }
        }
    }
    write_verdict(writer, &exchange.verdict);
    write_reason(writer, exchange.acknowledgement.as_ref());
    write_request(writer, large, &exchange.request, &exchange.message);
    let has_more = exchange.replies_not_kept > 0
        || !exchange.near_misses.is_empty()
        || exchange.device.is_some()
        || exchange.presence.is_some();
    writer.byte(u8::from(has_more));
    if !has_more {
        return;
    }
    writer.number(exchange.replies_not_kept);
    writer.name_if_any(exchange.device.as_ref());
    writer.size(exchange.near_misses.len());
    for miss in &exchange.near_misses {
        writer.byte(miss.verdict as u8);
        write_data(writer, miss.correlation_data.as_ref());
        write_difference(writer, miss.difference.as_deref());
    }
    match &exchange.presence {
        None => writer.byte(0),
        Some(note) => {
            writer.byte(1 + u8::from(note.is_online));
            writer.signed(note.at.as_nanos());
            writer.name(&note.who);
        }
    }
}

fn read_exchange<'a>(
    reader: &mut Reader<'a>,
    large: &'a [Bytes],
    id: ExchangeId,
    message: Arc<Message>,
    more: Vec<Message>,
) -> Option<Exchange> {
    let connection = Arc::clone(reader.name()?);
    let rule = Arc::clone(reader.name()?);
    let queued = Timestamp::from_nanos(reader.signed()?);
    let [
        subscribed,
        published,
        acknowledged,
        device_received,
        device_answered,
        deadline,
        finished,
    ] = read_times(reader, queued)?;
    let mut replies = Vec::with_capacity(more.len());
    for message in more {
        let note = ReplyNote::read(reader)?;
        replies.push(Reply {
            message: Arc::new(message),
            received: after(queued, note.received),
            verdict: note.verdict,
            responder: note.responder.map(Arc::clone),
            outcome: match note.outcome {
                0 => Outcome::Ok,
                1 => Outcome::Progress,
                _ => Outcome::Error {
                    code: note.code.map(Arc::clone),
                    message: note.message.map(Arc::clone),
                },
            },
        });
    }
    let verdict = read_verdict(reader)?;
    let acknowledgement = read_reason(reader)?;
    let request = Arc::new(read_request(reader, large, &message)?);
    let mut exchange = Exchange {
        id,
        connection,
        request,
        message,
        rule,
        verdict,
        legs: Legs {
            queued,
            subscribed,
            published,
            acknowledged,
            device_received,
            device_answered,
        },
        acknowledgement,
        deadline,
        replies,
        replies_not_kept: 0,
        near_misses: Vec::new(),
        device: None,
        presence: None,
        finished,
    };
    if reader.byte()? == 0 {
        return Some(exchange);
    }
    exchange.replies_not_kept = reader.number()?;
    exchange.device = reader.name_if_any()?.map(Arc::clone);
    for _ in 0..reader.size()? {
        exchange.near_misses.push(NearMiss {
            verdict: read_message_verdict(reader)?,
            correlation_data: read_data(reader)?,
            difference: read_difference(reader)?.map(Arc::new),
        });
    }
    exchange.presence = match reader.byte()? {
        0 => None,
        state => Some(PresenceNote {
            is_online: state == 2,
            at: Timestamp::from_nanos(reader.signed()?),
            who: Arc::clone(reader.name()?),
        }),
    };
    Some(exchange)
}

/// Which of them there are, and how long after `from`.
fn write_times<const N: usize>(
    writer: &mut Writer,
    from: Timestamp,
    times: [Option<Timestamp>; N],
) {
    let marks = times.iter().enumerate();
    writer.byte(marks.fold(0, |mask, (at, time)| {
        mask | (u8::from(time.is_some()) << at)
    }));
    for time in times.into_iter().flatten() {
        writer.signed(time.as_nanos().wrapping_sub(from.as_nanos()));
    }
}

fn read_times<const N: usize>(
    reader: &mut Reader<'_>,
    from: Timestamp,
) -> Option<[Option<Timestamp>; N]> {
    let mask = reader.byte()?;
    let mut times = [None; N];
    for (at, time) in times.iter_mut().enumerate() {
        if mask & (1 << at) != 0 {
            *time = Some(after(from, reader.signed()?));
        }
    }
    Some(times)
}

fn after(from: Timestamp, nanos: i64) -> Timestamp {
    Timestamp::from_nanos(from.as_nanos().wrapping_add(nanos))
}

fn write_verdict(writer: &mut Writer, verdict: &Verdict) {
    match verdict {
        Verdict::Waiting => writer.byte(0),
        Verdict::Answered => writer.byte(1),
        Verdict::TimedOut => writer.byte(2),
        Verdict::Late => writer.byte(3),
        Verdict::NoSubscribers => writer.byte(4),
        Verdict::AnsweredWithError { code, message } => {
            writer.byte(5);
            writer.name_if_any(code.as_ref());
            writer.name_if_any(message.as_ref());
        }
        Verdict::Rejected { what, reason } => {
            writer.byte(match what {
                Refused::Subscription => 6,
                Refused::Request => 7,
            });
            write_reason(writer, Some(reason));
        }
        Verdict::Failed { reason } => {
            writer.byte(8);
            writer.name(reason);
        }
    }
}

fn read_verdict(reader: &mut Reader<'_>) -> Option<Verdict> {
    Some(match reader.byte()? {
        0 => Verdict::Waiting,
        1 => Verdict::Answered,
        2 => Verdict::TimedOut,
        3 => Verdict::Late,
        4 => Verdict::NoSubscribers,
        5 => Verdict::AnsweredWithError {
            code: reader.name_if_any()?.map(Arc::clone),
            message: reader.name_if_any()?.map(Arc::clone),
        },
        6 => Verdict::Rejected {
            what: Refused::Subscription,
            reason: read_reason(reader)??,
        },
        7 => Verdict::Rejected {
            what: Refused::Request,
            reason: read_reason(reader)??,
        },
        8 => Verdict::Failed {
            reason: Arc::clone(reader.name()?),
        },
        _ => return None,
    })
}

fn read_message_verdict(reader: &mut Reader<'_>) -> Option<MessageVerdict> {
    let number = reader.byte()?;
    let mut all = MessageVerdict::ALL.into_iter();
    all.find(|verdict| *verdict as u8 == number)
}

fn write_reason(writer: &mut Writer, reason: Option<&Reason>) {
    writer.name_if_any(reason.map(|reason| &reason.text));
    if let Some(reason) = reason {
        writer.byte(reason.code);
    }
}

fn read_reason(reader: &mut Reader<'_>) -> Option<Option<Reason>> {
    Some(match reader.name_if_any()? {
        None => None,
        Some(text) => Some(Reason {
            text: Arc::clone(text),
            code: reader.byte()?,
        }),
    })
}

fn write_data(writer: &mut Writer, data: Option<&CorrelationData>) {
    writer.byte(u8::from(data.is_some()));
    if let Some(data) = data {
        writer.bytes(data.as_bytes());
    }
}

fn read_data(reader: &mut Reader<'_>) -> Option<Option<CorrelationData>> {
    Some(match reader.byte()? {
        0 => None,
        _ => Some(CorrelationData::new(Bytes::copy_from_slice(
            reader.bytes()?,
        ))),
    })
}

fn write_difference(writer: &mut Writer, difference: Option<&Difference>) {
    writer.name_if_any(difference.map(|difference| &difference.rule));
    let Some(difference) = difference else {
        return;
    };
    writer.name(&difference.variable);
    for values in [&difference.wanted, &difference.found] {
        writer.size(values.len());
        for value in values {
            writer.bytes(value.as_bytes());
        }
    }
}

fn read_difference(reader: &mut Reader<'_>) -> Option<Option<Difference>> {
    let Some(rule) = reader.name_if_any()? else {
        return Some(None);
    };
    let (rule, variable) = (Arc::clone(rule), Arc::clone(reader.name()?));
    let mut values = || -> Option<Vec<Arc<str>>> {
        let count = reader.size()?;
        (0..count).map(|_| reader.text().map(Arc::from)).collect()
    };
    Some(Some(Difference {
        rule,
        variable,
        wanted: values()?,
        found: values()?,
    }))
}

const SAME_TOPIC: u8 = 0b1;
const SAME_PAYLOAD: u8 = 0b10;
const SAME_FLAGS: u8 = 0b100;
const SAME_RESPONSE_TOPIC: u8 = 0b1000;
const SAME_PROPERTIES: u8 = 0b1_0000;
const IS_UTF8: u8 = 0b10_0000;
const WANTS_FIRST: u8 = 0b100_0000;
const IS_MQTT5: u8 = 0b1000_0000;

/// The request is nearly its message; what is the same is not written again.
fn write_request(
    writer: &mut Writer,
    large: &mut Vec<Bytes>,
    request: &Request,
    message: &Message,
) {
    let properties = &message.properties;
    let has_same_flags = request.qos == message.qos && request.retain == message.retain;
    let has_same_properties = request.content_type == properties.content_type
        && request.message_expiry_secs == properties.message_expiry_secs
        && request.user_properties == properties.user_properties;
    let is_same_topic = request.topic == message.topic;
    let is_same_payload = request.payload == message.payload;
    let is_same_response = request.response_topic == properties.response_topic;
    let is_mqtt5 = request.pairing == Pairing::default();
    let flag = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
    writer.byte(
        flag(is_same_topic, SAME_TOPIC)
            | flag(is_same_payload, SAME_PAYLOAD)
            | flag(has_same_flags, SAME_FLAGS)
            | flag(is_same_response, SAME_RESPONSE_TOPIC)
            | flag(has_same_properties, SAME_PROPERTIES)
            | flag(request.payload_is_utf8, IS_UTF8)
            | flag(request.replies == RepliesWanted::First, WANTS_FIRST)
            | flag(is_mqtt5, IS_MQTT5),
    );
    writer.name(&request.name);
    writer.number(u64::try_from(request.timeout.as_nanos()).unwrap_or(u64::MAX));
    if !is_same_topic {
        writer.name(request.topic.shared());
    }
    if !is_same_payload {
        // In a message of its own, which knows what to do with large ones.
        let topic = request.topic.clone();
        let carrier = Message::new(topic, request.payload.clone());
        message::write(writer, large, &carrier);
    }
    if !has_same_flags {
        writer.byte(u8::from(request.qos) | (u8::from(request.retain) << 2));
    }
    if !is_same_response {
        writer.name_if_any(request.response_topic.as_ref().map(TopicName::shared));
    }
    if !has_same_properties {
        writer.name_if_any(request.content_type.as_ref());
        let expiry = request.message_expiry_secs;
        writer.number(expiry.map_or(0, |secs| u64::from(secs) + 1));
        writer.size(request.user_properties.len());
        for property in &request.user_properties {
            writer.bytes(property.name.as_bytes());
            writer.bytes(property.value.as_bytes());
        }
    }
    match request.replies {
        RepliesWanted::First => {}
        RepliesWanted::All => writer.number(0),
        RepliesWanted::UntilTerminal => writer.number(1),
        RepliesWanted::Count(count) => writer.number(u64::from(count) + 2),
    }
    match &request.correlation {
        CorrelationSpec::Uuid => writer.byte(0),
        CorrelationSpec::UuidText => writer.byte(1),
        CorrelationSpec::Counter => writer.byte(2),
        CorrelationSpec::None => writer.byte(3),
        CorrelationSpec::Random(count) => {
            writer.byte(4);
            writer.number(u64::from(*count));
        }
        // Fixed, it is nearly always what was sent.
        CorrelationSpec::Fixed(data) if properties.correlation_data.as_ref() == Some(data) => {
            writer.byte(5);
        }
        CorrelationSpec::Fixed(data) => {
            writer.byte(6);
            writer.bytes(data.as_bytes());
        }
    }
    if !is_mqtt5 {
        let pairing = &request.pairing;
        writer.name(&pairing.rule);
        writer.name(&pairing.topic);
        writer.size(pairing.values.len());
        for (name, value) in &pairing.values {
            writer.name(name);
            writer.name(value);
        }
    }
}

fn read_request<'a>(
    reader: &mut Reader<'a>,
    large: &'a [Bytes],
    message: &Message,
) -> Option<Request> {
    let flags = reader.byte()?;
    let has = |bit| flags & bit != 0;
    let properties = &message.properties;
    let name = Arc::clone(reader.name()?);
    let timeout = Duration::from_nanos(reader.number()?);
    let topic = if has(SAME_TOPIC) {
        message.topic.clone()
    } else {
        TopicName::from_shared(Arc::clone(reader.name()?))
    };
    let payload = if has(SAME_PAYLOAD) {
        message.payload.clone()
    } else {
        PackedMessage::read(reader, large)?.unpack()?.payload
    };
    let (qos, retain) = if has(SAME_FLAGS) {
        (message.qos, message.retain)
    } else {
        let flags = reader.byte()?;
        (Qos::try_from(flags & 0b11).ok()?, flags & 0b100 != 0)
    };
    let response_topic = if has(SAME_RESPONSE_TOPIC) {
        properties.response_topic.clone()
    } else {
        let topic = reader.name_if_any()?;
        topic.map(|topic| TopicName::from_shared(Arc::clone(topic)))
    };
    let (content_type, message_expiry_secs, user_properties) = if has(SAME_PROPERTIES) {
        let user = properties.user_properties.clone();
        (
            properties.content_type.clone(),
            properties.message_expiry_secs,
            user,
        )
    } else {
        let content_type = reader.name_if_any()?.map(Arc::clone);
        let expiry = reader.number()?.checked_sub(1);
        let mut user = Vec::new();
        for _ in 0..reader.size()? {
            user.push(UserProperty {
                name: reader.text()?.to_owned(),
                value: reader.text()?.to_owned(),
            });
        }
        (
            content_type,
            expiry.and_then(|secs| u32::try_from(secs).ok()),
            user,
        )
    };
    let replies = if has(WANTS_FIRST) {
        RepliesWanted::First
    } else {
        match reader.number()? {
            0 => RepliesWanted::All,
            1 => RepliesWanted::UntilTerminal,
            count => RepliesWanted::Count(u32::try_from(count - 2).ok()?),
        }
    };
    let correlation = match reader.byte()? {
        0 => CorrelationSpec::Uuid,
        1 => CorrelationSpec::UuidText,
        2 => CorrelationSpec::Counter,
        3 => CorrelationSpec::None,
        4 => CorrelationSpec::Random(u16::try_from(reader.number()?).ok()?),
        5 => CorrelationSpec::Fixed(properties.correlation_data.clone()?),
        _ => CorrelationSpec::Fixed(CorrelationData::new(Bytes::copy_from_slice(
            reader.bytes()?,
        ))),
    };
    let pairing = if has(IS_MQTT5) {
        Pairing::default()
    } else {
        let (rule, topic) = (Arc::clone(reader.name()?), Arc::clone(reader.name()?));
        let mut values = Vec::new();
        for _ in 0..reader.size()? {
            values.push((Arc::clone(reader.name()?), Arc::clone(reader.name()?)));
        }
        Pairing {
            rule,
            topic,
            values,
        }
    };
    Some(Request {
        name,
        topic,
        qos,
        retain,
        payload,
        response_topic,
        correlation,
        timeout,
        replies,
        content_type,
        payload_is_utf8: has(IS_UTF8),
        message_expiry_secs,
        user_properties,
        pairing,
    })
}
