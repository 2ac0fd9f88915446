//! What can be made of one message of the timeline, and why not where it cannot.

use crate::app::App;
use crate::app::inspect::part;
use crate::app::rule_editor::free_id;
use crate::model::correlation::{CorrelationData, CorrelationDraft, CorrelationKind};
use crate::model::message::Message;
use crate::model::payload::Encoding;
use crate::model::profile::{Feature, ProfileDraft};
use crate::model::request::{RequestDraft, ResponseTopicDraft};
use crate::model::timeline::Row;
use crate::model::topic::TopicFilter;
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAction {
    /// A publish to its Response Topic, with its Correlation Data.
    Reply,
    Compose,
    /// A simulated device that listens to its topic.
    Device,
    Rule,
    Subscribe,
    /// Asks before.
    ClearRetained,
}

impl MessageAction {
    pub const ALL: [Self; 6] = [
        Self::Reply,
        Self::Compose,
        Self::Device,
        Self::Rule,
        Self::Subscribe,
        Self::ClearRetained,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Reply => "Reply",
            Self::Compose => "Make a request from this",
            Self::Device => "Make a simulated device from this",
            Self::Rule => "Make a pairing rule from this",
            Self::Subscribe => "Subscribe to this topic…",
            Self::ClearRetained => "Clear retained…",
        }
    }
}

/// A reply as far as it can be written for somebody: where it goes and what it answers.
pub fn reply_draft(connection: &str, message: &Message) -> Option<RequestDraft> {
    let properties = &message.properties;
    let topic = properties.response_topic.as_ref()?;
    Some(RequestDraft {
        connection: connection.to_owned(),
        topic: topic.to_string(),
        qos: message.qos,
        response_topic: ResponseTopicDraft::None,
        correlation_data: match &properties.correlation_data {
            Some(data) => as_typed(data),
            None => CorrelationDraft::of_kind(CorrelationKind::None),
        },
        content_type: properties
            .content_type
            .as_deref()
            .unwrap_or_default()
            .to_owned(),
        ..RequestDraft::default()
    })
}

/// The very bytes, as somebody could type them.
fn as_typed(data: &CorrelationData) -> CorrelationDraft {
    match std::str::from_utf8(data.as_bytes()) {
        Ok(text) if !text.contains(char::is_control) => {
            CorrelationDraft::fixed(Encoding::Text, text)
        }
        _ => CorrelationDraft::fixed(Encoding::Hex, &data.shown(Encoding::Hex)),
    }
}

/// Members of this name hold what tells requests apart, in most protocols.
const IDS: [&str; 12] = [
    "id",
    "requestid",
    "request_id",
    "reqid",
    "correlationid",
    "correlation_id",
    "messageid",
    "message_id",
    "msgid",
    "seq",
    "token",
    "transaction",
];

/// A pairing rule that takes this message for a request and, of an exchange, its reply for the answer. What is a
/// guess says so.
pub fn rule_text(row: &Row, at: usize, taken: &[String]) -> Option<String> {
    let first = part(row, at)?.message;
    let reply = match row {
        Row::Exchange(exchange) if at == 0 => {
            let replies = exchange.replies.first();
            replies.map(|reply| Arc::clone(&reply.message))
        }
        _ => None,
    };
    let topic = literal(first.topic.as_str());
    let answer = match (&reply, &first.properties.response_topic) {
        (Some(reply), _) => literal(reply.topic.as_str()),
        (None, Some(topic)) => literal(topic.as_str()),
        (None, None) => format!("{topic}/response"),
    };
    let values = scalars(&first.payload);
    let answers = reply.as_ref().map(|reply| scalars(&reply.payload));
    // What comes back with the same value tells them apart; else what is called as ids are.
    let same = answers.as_ref().and_then(|answers| {
        let mut found = values.iter().filter_map(|(place, value)| {
            let back = answers.iter().find(|(_, back)| back == value);
            back.map(|(back, _)| (place.clone(), back.clone()))
        });
        let is_id = |(place, _): &(String, String)| is_id(place);
        found.clone().find(is_id).or_else(|| found.next())
    });
    let named = || {
        let place = &values.iter().find(|(place, _)| is_id(place))?.0;
        Some((place.clone(), place.clone()))
    };
    let bound = same.or_else(named);
    let mut text = format!(
        "# Made from a message. A {{name}} in a topic binds a variable: put one in place of each level that differs.\nid = {}\ntitle = {}\n\n[request]\ntopic = {}\n",
        quoted(&free_id("my-rule", taken)),
        quoted(&format!("As on {}", first.topic)),
        quoted(&topic)
    );
    let bind = |place: &str| format!("bind = {{ id = {} }}\n", quoted(&format!("json:{place}")));
    if let Some((place, _)) = &bound {
        text.push_str(&bind(place));
    }
    for (place, _) in values.iter().filter(|(place, _)| {
        let is_bound = bound.as_ref().is_some_and(|(bound, _)| bound == place);
        !is_bound && !place.contains(['\n', '\r'])
    }) {
        text += "#   ";
        text += &quoted(&format!("json:{place}"));
        text += " in the payload\n";
    }
    text.push_str("\n[reply]\n");
    if reply.is_none() && first.properties.response_topic.is_none() {
        text.push_str("# A guess: nothing says where the answer comes.\n");
    }
    text += "topic = ";
    text += &quoted(&answer);
    text += "\n";
    if let Some((_, place)) = &bound {
        text.push_str(&bind(place));
    }
    Some(text)
}

fn is_id(place: &str) -> bool {
    let last = place.rsplit('/').next().unwrap_or_default();
    IDS.contains(&last.to_lowercase().as_str())
}

/// Braces mean something in a pattern.
fn literal(topic: &str) -> String {
    topic.replace('{', "{{").replace('}', "}}")
}

/// As TOML has it.
fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

/// JSON pointers to the texts and numbers of an object, the first of them.
fn scalars(payload: &[u8]) -> Vec<(String, Value)> {
    const MOST: usize = 12;
    const MOST_BYTES: usize = 64 * 1024;
    fn look(value: &Value, path: &str, found: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    if found.len() < MOST {
                        let step = name.replace('~', "~0").replace('/', "~1");
                        look(value, &format!("{path}/{step}"), found);
                    }
                }
            }
            Value::String(_) | Value::Number(_) => found.push((path.to_owned(), value.clone())),
            _ => {}
        }
    }
    let mut found = Vec::new();
    if payload.len() <= MOST_BYTES
        && let Ok(value @ Value::Object(_)) = serde_json::from_slice(payload)
    {
        look(&value, "", &mut found);
    }
    found
}

impl App {
    /// Why this cannot be made of a message, in words; none where it can.
    pub fn why_not(&self, row: &Row, message: &Message, action: MessageAction) -> Option<String> {
        let connection = row.connection();
        let topic = message.topic.as_str();
        let profile = self.library.profile(connection);
        let gone = || {
            let why = "its connection is not in this workspace";
            profile.is_none().then(|| why.to_owned())
        };
        let is_listener = profile.is_some_and(ProfileDraft::is_listener);
        match action {
            MessageAction::Reply => gone().or_else(|| {
                if message.properties.response_topic.is_some() {
                    return None;
                }
                let version = profile
                    .map(|profile| profile.mqtt_version)
                    .unwrap_or_default();
                let lacking = version.first().lacks(Feature::ResponseTopic);
                let why = lacking.unwrap_or("it has no Response Topic: nobody asks for a reply");
                Some(why.to_owned())
            }),
            MessageAction::Compose | MessageAction::Rule => None,
            MessageAction::Device => gone().or_else(|| {
                let wrong = TopicFilter::new(topic).err();
                wrong.map(|err| format!("a device cannot listen to its topic: {err}"))
            }),
            MessageAction::Subscribe => gone().or_else(|| {
                let why = "plain TCP has nothing to subscribe to";
                is_listener.then(|| why.to_owned())
            }),
            MessageAction::ClearRetained => self.why_not_cleared(connection, topic),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::rules::compile;
    use crate::model::exchange::MessageVerdict;
    use crate::model::request::Surroundings;
    use crate::model::time::Timestamp;
    use crate::model::timeline::MessageRow;
    use crate::model::topic::TopicName;
    use crate::store::RuleText;
    use proptest::prelude::*;

    fn row(topic: &str, payload: &str) -> Row {
        let topic = TopicName::received(topic);
        Row::Message(MessageRow {
            connection: "lab".into(),
            message: Arc::new(Message::new(topic, payload.as_bytes().to_vec())),
            verdict: MessageVerdict::Unmatched,
            received: Timestamp::default(),
            responder: None,
            near: None,
            difference: None,
            is_echo: false,
        })
    }

    #[test]
    fn a_reply_goes_where_it_was_asked_for_with_the_very_bytes() {
        for bytes in [&b"order-7"[..], &[0, 255, 16], b""] {
            let mut message = Message::new(TopicName::new("cmnd/x").unwrap(), "on");
            assert_eq!(reply_draft("lab", &message), None);
            message.properties.response_topic = Some(TopicName::new("clients/a/resp").unwrap());
            message.properties.correlation_data = Some(CorrelationData::new(bytes.to_vec()));
            let draft = reply_draft("lab", &message).unwrap();
            let request = draft.validate(&Surroundings::default()).unwrap();
            assert_eq!(request.topic.as_str(), "clients/a/resp");
            assert!(!request.asks_for_reply());
            let data = Some(CorrelationData::new(bytes.to_vec()));
            assert_eq!(
                request.message(data.clone()).properties.correlation_data,
                data
            );
        }
    }

    #[test]
    fn a_rule_binds_what_is_called_as_ids_are_and_names_the_rest() {
        let row = row("dev/lamp/ask", r#"{"power":"on","meta":{"msgId":7}}"#);
        let text = rule_text(&row, 0, &["my-rule".to_owned()]).unwrap();
        assert!(text.contains(r#"id = "my-rule-2""#), "{text}");
        assert!(
            text.contains(r#"bind = { id = "json:/meta/msgId" }"#),
            "{text}"
        );
        assert!(
            text.contains(r#"#   "json:/power" in the payload"#),
            "{text}"
        );
        compile("r", &RuleText::new(text), &[]).unwrap();
    }

    proptest! {
        /// Whatever came, the rule that is made of it is one, and takes it for a request.
        #[test]
        fn a_rule_made_of_a_message_takes_it(
            topic in "[a-zA-Z0-9{}|:?*\"\\\\ ü/]{1,20}",
            name in "[a-z~/\"\\\\{}]{1,6}",
        ) {
            let payload = serde_json::json!({ "id": 7, name: "x" }).to_string();
            let text = rule_text(&row(&topic, &payload), 0, &[]).unwrap();
            let compiled = compile("r", &RuleText::new(text.clone()), &[]);
            prop_assert!(compiled.is_ok(), "{text}\n{:?}", compiled.err());
        }
    }
}
