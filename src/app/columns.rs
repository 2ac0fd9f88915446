//! The columns of the timeline's table: which there are, what a row says in each, which are shown.

use crate::app::listing::sort::{SortBy, acknowledged, device_time, route};
use crate::app::rows::TimelineRow;
use crate::model::exchange::Outcome;
use crate::model::message::Message;
use crate::model::payload::{self, Encoding};
use crate::model::text;
use crate::model::timeline::Row;
use crate::store::TimelineColumn;
use std::borrow::Cow;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    Number,
    Sent,
    Request,
    Responder,
    Status,
    RoundTrip,
    Waterfall,
    Name,
    Connection,
    Rule,
    Qos,
    Retain,
    Size,
    Correlation,
    ResponseTopic,
    Reply,
    Replies,
    Acknowledged,
    Route,
    Device,
    Comment,
    /// The user property of this name, of the request or else of a reply.
    User(String),
}

/// As the table begins.
const USUAL: [ColumnKind; 7] = [
    ColumnKind::Number,
    ColumnKind::Sent,
    ColumnKind::Request,
    ColumnKind::Responder,
    ColumnKind::Status,
    ColumnKind::RoundTrip,
    ColumnKind::Waterfall,
];

/// How a column looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    pub width: f32,
    pub least: f32,
    pub is_right: bool,
    pub is_growing: bool,
}

impl ColumnKind {
    /// All but user properties, in the order of the menu.
    pub const ALL: [Self; 21] = [
        Self::Number,
        Self::Sent,
        Self::Request,
        Self::Responder,
        Self::Status,
        Self::RoundTrip,
        Self::Waterfall,
        Self::Name,
        Self::Connection,
        Self::Rule,
        Self::Qos,
        Self::Retain,
        Self::Size,
        Self::Correlation,
        Self::ResponseTopic,
        Self::Reply,
        Self::Replies,
        Self::Acknowledged,
        Self::Route,
        Self::Device,
        Self::Comment,
    ];

    pub fn title(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Number => "#",
            Self::Sent => "Sent",
            Self::Request => "Request",
            Self::Responder => "Responder",
            Self::Status => "Status",
            Self::RoundTrip => "Round trip",
            Self::Waterfall => "Waterfall",
            Self::Name => "Saved as",
            Self::Connection => "Connection",
            Self::Rule => "Rule",
            Self::Qos => "QoS",
            Self::Retain => "Retain",
            Self::Size => "Size",
            Self::Correlation => "Correlation Data",
            Self::ResponseTopic => "Response Topic",
            Self::Reply => "Reply",
            Self::Replies => "Replies",
            Self::Acknowledged => "Ack",
            Self::Route => "Route",
            Self::Device => "Device",
            Self::Comment => "Comment",
            Self::User(name) => return Cow::Owned(format!("user: {name}")),
        })
    }

    /// What the column says, for the menu.
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::Number => "The exchange's number",
            Self::Sent => "When it was sent, or for a message when it came",
            Self::Request => "Topic and payload, with the pairing rule where it is not MQTT 5's",
            Self::Responder => "Who answered, where that is known",
            Self::Status => "The verdict",
            Self::RoundTrip => "From the request on the wire to its first reply",
            Self::Waterfall => "How the time was spent, on a logarithmic scale",
            Self::Name => "The name of the saved request",
            Self::Connection => "The connection it went over",
            Self::Rule => "The pairing rule",
            Self::Qos => "Quality of service",
            Self::Retain => "Whether the broker keeps the message",
            Self::Size => "Bytes of the payload",
            Self::Correlation => {
                "Correlation Data: text where it is text, else hex. Not to be sorted by: filter with correlation:"
            }
            Self::ResponseTopic => "Where the replies are expected",
            Self::Reply => {
                "The payload of the first reply. Not to be sorted by: filter with payload:"
            }
            Self::Replies => "How many replies came",
            Self::Acknowledged => "Until the broker acknowledged the request",
            Self::Route => "From the broker to the simulated device",
            Self::Device => "In the simulated device",
            Self::Comment => "What you noted",
            Self::User(_) => {
                "A user property of the request, or else of a reply. Not to be sorted by: filter with user:"
            }
        }
    }

    /// As in `window.toml`.
    pub fn word(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Number => "number",
            Self::Sent => "sent",
            Self::Request => "request",
            Self::Responder => "responder",
            Self::Status => "status",
            Self::RoundTrip => "round_trip",
            Self::Waterfall => "waterfall",
            Self::Name => "name",
            Self::Connection => "connection",
            Self::Rule => "rule",
            Self::Qos => "qos",
            Self::Retain => "retain",
            Self::Size => "size",
            Self::Correlation => "correlation_data",
            Self::ResponseTopic => "response_topic",
            Self::Reply => "reply",
            Self::Replies => "replies",
            Self::Acknowledged => "acknowledged",
            Self::Route => "route",
            Self::Device => "device_time",
            Self::Comment => "comment",
            Self::User(name) => return Cow::Owned(format!("user:{name}")),
        })
    }

    pub fn of_word(word: &str) -> Option<Self> {
        if let Some(name) = word.strip_prefix("user:") {
            return (!name.is_empty()).then(|| Self::User(name.to_owned()));
        }
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    pub fn shape(&self) -> Shape {
        let (width, least) = match self {
            Self::Number => (52.0, 46.0),
            Self::Sent => (112.0, 112.0),
            Self::Request => (300.0, 160.0),
            Self::Responder => (138.0, 112.0),
            Self::Status => (150.0, 124.0),
            Self::RoundTrip => (104.0, 98.0),
            Self::Waterfall => (140.0, 92.0),
            Self::Qos => (48.0, 44.0),
            Self::Retain => (58.0, 54.0),
            Self::Size | Self::Replies => (76.0, 60.0),
            Self::Acknowledged | Self::Route | Self::Device => (86.0, 74.0),
            Self::Correlation | Self::ResponseTopic => (170.0, 80.0),
            Self::Reply | Self::Comment => (220.0, 80.0),
            Self::Name | Self::Connection | Self::Rule | Self::User(_) => (120.0, 64.0),
        };
        Shape {
            width,
            least,
            is_right: matches!(
                self,
                Self::Number
                    | Self::RoundTrip
                    | Self::Size
                    | Self::Replies
                    | Self::Acknowledged
                    | Self::Route
                    | Self::Device
            ),
            is_growing: *self == Self::Request,
        }
    }

    pub fn sort_by(&self) -> Option<SortBy> {
        Some(match self {
            Self::Number => SortBy::Number,
            Self::Sent => SortBy::Sent,
            Self::Request => SortBy::Topic,
            Self::Responder => SortBy::Responder,
            Self::Status => SortBy::Status,
            Self::RoundTrip => SortBy::RoundTrip,
            Self::Name => SortBy::Name,
            Self::Connection => SortBy::Connection,
            Self::Rule => SortBy::Rule,
            Self::Qos => SortBy::Qos,
            Self::Retain => SortBy::Retain,
            Self::Size => SortBy::Size,
            Self::ResponseTopic => SortBy::ResponseTopic,
            Self::Replies => SortBy::Replies,
            Self::Acknowledged => SortBy::Acknowledged,
            Self::Route => SortBy::Route,
            Self::Device => SortBy::Device,
            Self::Comment => SortBy::Comment,
            Self::Waterfall => SortBy::RoundTrip,
            Self::Correlation | Self::Reply | Self::User(_) => return None,
        })
    }

    /// What a row says here, cut to what a cell may show; empty for the columns of
    /// [`TimelineRow`](crate::app::rows::TimelineRow), and where there is nothing.
    pub fn text(&self, row: &Row, chars: usize) -> String {
        let message = row.message();
        let cut = |text: &str| payload::preview(text.as_bytes(), chars);
        let duration = |time: Option<std::time::Duration>| time.map(text::duration);
        let found = match self {
            Self::Name => match row {
                Row::Exchange(exchange) => Some(cut(&exchange.request.name)),
                _ => None,
            },
            Self::Rule => match row {
                Row::Exchange(exchange) => Some(cut(&exchange.rule)),
                _ => None,
            },
            Self::Connection => Some(cut(row.connection())),
            Self::Qos => Some((message.qos as u8).to_string()),
            Self::Retain => message.retain.then(|| "yes".to_owned()),
            Self::Size => Some(text::bytes(message.payload.len())),
            Self::Correlation => correlation(message).map(|text| cut(&text)),
            Self::ResponseTopic => {
                let topic = message.properties.response_topic.as_ref();
                topic.map(|topic| cut(topic.as_str()))
            }
            Self::Reply => reply(row).map(|reply| payload::preview(&reply.payload, chars)),
            Self::Replies => match row {
                Row::Exchange(exchange) => Some(text::count(
                    exchange.replies.len() as u64 + exchange.replies_not_kept,
                )),
                _ => None,
            },
            Self::Acknowledged => duration(acknowledged(row)),
            Self::Route => duration(route(row)),
            Self::Device => duration(device_time(row)),
            Self::User(name) => user_property(row, name).map(|value| cut(&value)),
            _ => None,
        };
        found.unwrap_or_default()
    }
}

/// The column that is sorted by it.
pub fn sorted_by(by: SortBy) -> Option<ColumnKind> {
    let mut kinds = ColumnKind::ALL.into_iter();
    kinds.find(|kind| kind.sort_by() == Some(by))
}

/// What a row says in a column, for the clipboard: one line, without tabs. The row, its words, the
/// name of its connection and the comment on it.
pub fn copied(
    kind: &ColumnKind,
    (row, words, connection, comment): (&Row, &TimelineRow, &str, &str),
    chars: usize,
) -> String {
    let cut = |text: &str| payload::preview(text.as_bytes(), chars);
    match kind {
        ColumnKind::Number => words.number.clone(),
        ColumnKind::Sent => text::iso(row.time()),
        ColumnKind::Request => {
            let message = row.message();
            let payload = payload::preview(&message.payload, chars);
            format!("{} {payload}", cut(message.topic.as_str()))
        }
        ColumnKind::Responder => cut(&words.responder),
        ColumnKind::Status => cut(&words.status),
        ColumnKind::RoundTrip => words.round_trip.clone(),
        ColumnKind::Connection => cut(connection),
        ColumnKind::Comment => cut(comment),
        kind => kind.text(row, chars),
    }
}

/// The first reply, one that answers before one that tells of progress.
fn reply(row: &Row) -> Option<&Arc<Message>> {
    let Row::Exchange(exchange) = row else {
        return None;
    };
    let mut replies = exchange.replies.iter();
    let answering = replies.find(|reply| reply.outcome != Outcome::Progress);
    answering
        .or_else(|| exchange.replies.first())
        .map(|reply| &reply.message)
}

/// Text where it is text that can be read, else hex.
pub fn correlation(message: &Message) -> Option<String> {
    let data = message.properties.correlation_data.as_ref()?;
    let is_text = std::str::from_utf8(data.as_bytes())
        .is_ok_and(|text| !text.is_empty() && !text.chars().any(char::is_control));
    Some(data.shown(if is_text {
        Encoding::Text
    } else {
        Encoding::Hex
    }))
}

fn user_property(row: &Row, name: &str) -> Option<String> {
    let of = |message: &Message| {
        let all = message.properties.user_properties.iter();
        let values: Vec<&str> = all
            .filter(|one| one.name == name)
            .map(|one| one.value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    of(row.message()).or_else(|| match row {
        Row::Exchange(exchange) => exchange
            .replies
            .iter()
            .take(16)
            .find_map(|reply| of(&reply.message)),
        _ => None,
    })
}

/// A column that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownColumn {
    pub kind: ColumnKind,
    pub width: f32,
}

/// The columns as they are kept, without those that nobody knows or that are there twice.
pub fn shown(kept: &[TimelineColumn]) -> Vec<ShownColumn> {
    let mut shown: Vec<ShownColumn> = Vec::new();
    for column in kept {
        let Some(kind) = ColumnKind::of_word(&column.column) else {
            continue;
        };
        if shown.iter().any(|one| one.kind == kind) {
            continue;
        }
        let shape = kind.shape();
        let width = if column.width > 0.0 {
            column.width.max(shape.least)
        } else {
            shape.width
        };
        shown.push(ShownColumn { kind, width });
    }
    if shown.is_empty() {
        shown = USUAL.into_iter().map(usual).collect();
    }
    shown
}

fn usual(kind: ColumnKind) -> ShownColumn {
    ShownColumn {
        width: kind.shape().width,
        kind,
    }
}

/// To be kept; nothing where all is as usual.
pub fn kept(shown: &[ShownColumn]) -> Vec<TimelineColumn> {
    if shown.iter().cloned().eq(USUAL.into_iter().map(usual)) {
        return Vec::new();
    }
    shown
        .iter()
        .map(|column| TimelineColumn {
            column: column.kind.word().into_owned(),
            width: column.width,
        })
        .collect()
}

/// Shows a column at the end, or hides it; the last one stays.
pub fn toggled(shown: &[ShownColumn], kind: &ColumnKind) -> Vec<ShownColumn> {
    let mut columns = shown.to_vec();
    match columns.iter().position(|column| column.kind == *kind) {
        Some(at) if columns.len() > 1 => drop(columns.remove(at)),
        Some(_) => {}
        None => columns.push(usual(kind.clone())),
    }
    columns
}

/// Puts the column at `from` before the one that is at `to` now.
pub fn moved(shown: &[ShownColumn], from: usize, to: usize) -> Vec<ShownColumn> {
    let mut columns = shown.to_vec();
    if from < columns.len() {
        let column = columns.remove(from);
        let to = if to > from { to - 1 } else { to };
        columns.insert(to.min(columns.len()), column);
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::correlation::{CorrelationData, CorrelationDraft};
    use crate::model::exchange::{Change, Exchange, ExchangeId, MessageVerdict, Reason, Reply};
    use crate::model::message::UserProperty;
    use crate::model::request::{RequestDraft, ResponseTopicDraft, Surroundings};
    use crate::model::time::Timestamp;
    use crate::model::topic::TopicName;

    fn answered() -> Row {
        let property = |name: &str, value: &str| UserProperty {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let draft = RequestDraft {
            name: "Turn on".to_owned(),
            topic: "cmnd/light/power".to_owned(),
            payload: "{\"power\":\"on\"}".to_owned(),
            response_topic: ResponseTopicDraft::Typed("state/light/power".to_owned()),
            correlation_data: CorrelationDraft::fixed(Encoding::Hex, "9f3c00"),
            user_properties: vec![property("site", "north"), property("site", "roof")],
            ..RequestDraft::default()
        };
        let here = Surroundings {
            client_id: "c",
            ..Surroundings::default()
        };
        let request = Arc::new(draft.validate(&here).unwrap());
        let data = CorrelationData::new(vec![0x9f, 0x3c, 0x00]);
        let message = Arc::new(request.message(Some(data)));
        let at = |micros: i64| Timestamp::from_nanos(micros * 1_000);
        let (id, rule) = (ExchangeId(1203), "mqtt5".into());
        let mut exchange = Exchange::new(id, "lab".into(), request, message, rule, at(0));
        let device = || "light".into();
        exchange.apply(Change::Published, at(0));
        exchange.apply(Change::Acknowledged(Reason::new(0, "success")), at(600));
        exchange.apply(Change::DeviceReceived { device: device() }, at(1_300));
        exchange.apply(Change::DeviceAnswered { device: device() }, at(3_600));
        let topic = TopicName::new("state/light/power").unwrap();
        let mut message = Message::new(topic, "{\"power\":\"on\",\n \"by\":1}");
        message.properties.user_properties = vec![property("firmware", "14.2")];
        let reply = Reply {
            message: Arc::new(message),
            received: at(4_210),
            verdict: MessageVerdict::Reply,
            outcome: Outcome::Ok,
            responder: Some(device()),
        };
        exchange.apply(Change::Reply(reply), at(4_210));
        Row::Exchange(Box::new(exchange))
    }

    #[test]
    fn what_an_exchange_says_in_each_column() {
        let users = ["site", "firmware", "nothing"];
        let users = users.map(|name| ColumnKind::User(name.to_owned()));
        let row = answered();
        let lines: Vec<String> = ColumnKind::ALL
            .into_iter()
            .chain(users)
            .map(|kind| format!("{}: {}", kind.word(), kind.text(&row, 40)))
            .filter(|line| !line.ends_with(": "))
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    fn words(columns: &[ShownColumn]) -> Vec<String> {
        columns
            .iter()
            .map(|column| column.kind.word().into_owned())
            .collect()
    }

    #[test]
    fn every_column_is_found_by_its_word() {
        let user = ColumnKind::User("site".to_owned());
        for kind in ColumnKind::ALL.into_iter().chain([user]) {
            assert_eq!(ColumnKind::of_word(&kind.word()), Some(kind));
        }
        assert_eq!(ColumnKind::of_word("user:"), None);
    }

    #[test]
    fn what_is_kept_comes_back_and_what_nobody_knows_is_left_out() {
        let column = |column: &str, width| TimelineColumn {
            column: column.to_owned(),
            width,
        };
        let kept_ones = [
            column("qos", 60.0),
            column("of a later version", 10.0),
            column("request", 0.0),
            column("qos", 99.0),
        ];
        let columns = shown(&kept_ones);
        assert_eq!(words(&columns), ["qos", "request"]);
        assert!((columns[0].width - 60.0).abs() < 0.1 && columns[1].width > 100.0);
        assert_eq!(shown(&kept(&columns)), columns);
        assert!(kept(&shown(&[])).is_empty());
    }

    #[test]
    fn columns_are_moved_hidden_and_added_but_one_stays() {
        let columns = shown(&[]);
        let first = |columns: &[ShownColumn]| words(columns)[..3].join(" ");
        assert_eq!(first(&moved(&columns, 0, 2)), "sent number request");
        assert_eq!(first(&moved(&columns, 2, 0)), "request number sent");
        assert_eq!(moved(&columns, 99, 0), columns);
        let mut left = toggled(&columns, &ColumnKind::Qos);
        assert_eq!(left.len(), 8);
        for kind in ColumnKind::ALL {
            if left.iter().any(|column| column.kind == kind) {
                left = toggled(&left, &kind);
            }
        }
        assert_eq!(left.len(), 1);
    }
}
