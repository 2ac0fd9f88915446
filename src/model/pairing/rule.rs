//! What a rule says, and what it finds in a message.

use crate::model::exchange::Outcome;
use crate::model::message::Message;
use crate::model::topic::TopicName;
use bytes::Bytes;
use std::sync::Arc;

/// Where a value sits in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locator {
    CorrelationData,
    ResponseTopic,
    /// All values of the user property of that name.
    UserProperty(Arc<str>),
}

/// A value that a locator found: bytes, compared as bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub Bytes);

impl Value {
    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl Locator {
    /// Everything it finds in `message`; nothing when the place is empty or absent.
    pub fn values(&self, message: &Message) -> Vec<Value> {
        let properties = &message.properties;
        match self {
            Self::CorrelationData => properties
                .correlation_data
                .iter()
                .map(|data| Value(data.to_bytes()))
                .collect(),
            Self::ResponseTopic => properties
                .response_topic
                .iter()
                .map(|topic| Value(Bytes::copy_from_slice(topic.as_str().as_bytes())))
                .collect(),
            Self::UserProperty(name) => properties
                .user_properties
                .iter()
                .filter(|property| *property.name == **name)
                .map(|property| Value(Bytes::copy_from_slice(property.value.as_bytes())))
                .collect(),
        }
    }
}

/// Binds the variable `name` to what `locator` finds.
#[derive(Clone, Debug)]
struct Binding {
    name: &'static str,
    locator: Locator,
}

/// A condition on a message; false when the place is absent.
#[derive(Clone, Debug)]
enum Condition {
    Exists(Locator),
    NoneOf(Locator, &'static [&'static str]),
}

impl Condition {
    fn holds(&self, message: &Message) -> bool {
        match self {
            Self::Exists(locator) => !locator.values(message).is_empty(),
            Self::NoneOf(locator, words) => {
                let values = locator.values(message);
                !values.is_empty()
                    && values
                        .iter()
                        .all(|value| value.text().is_none_or(|text| !words.contains(&text)))
            }
        }
    }
}

/// How replies are recognised, by data.
#[derive(Clone, Debug)]
pub struct Rule {
    pub id: Arc<str>,
    pub title: Arc<str>,
    request_when: Vec<Condition>,
    request_bind: Vec<Binding>,
    /// The request variable that holds the topic a reply comes on.
    reply_topic: &'static str,
    /// Of a variable that the request binds too, this is the test for equality.
    reply_bind: Vec<Binding>,
    error_when: Vec<Condition>,
    error_code: Vec<Locator>,
    error_message: Vec<Locator>,
}

/// What a reply to one request must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    pub reply_topic: TopicName,
    /// The shared variables in the order of the rule, with every value that would do.
    pub shared: Vec<(&'static str, Vec<Value>)>,
}

impl Rule {
    /// Response Topic and Correlation Data (MQTT 5 §4.10), as exact bytes. A reply says that it
    /// failed by the user properties of the conventions that ride on MQTT 5 (`__stat` of Azure `IoT`
    /// Operations, `status` of the Event Grid samples).
    pub fn mqtt5() -> Self {
        let user = |name: &str| Locator::UserProperty(name.into());
        Self {
            id: "mqtt5".into(),
            title: "MQTT 5 properties".into(),
            request_when: vec![Condition::Exists(Locator::ResponseTopic)],
            request_bind: vec![
                Binding {
                    name: "reply_to",
                    locator: Locator::ResponseTopic,
                },
                Binding {
                    name: "id",
                    locator: Locator::CorrelationData,
                },
            ],
            reply_topic: "reply_to",
            reply_bind: vec![Binding {
                name: "id",
                locator: Locator::CorrelationData,
            }],
            error_when: vec![
                Condition::NoneOf(user("__stat"), &["200", "204"]),
                Condition::NoneOf(user("status"), &["200", "204"]),
                Condition::NoneOf(user("__apErr"), &["", "false", "False", "FALSE"]),
                Condition::Exists(user("AppErrCode")),
            ],
            error_code: vec![user("__stat"), user("status"), user("AppErrCode")],
            error_message: vec![user("__stMsg")],
        }
    }

    /// What a reply to `request` must look like; `None` when it is no request by this rule.
    pub fn expect(&self, request: &Message) -> Option<Expectation> {
        if !self
            .request_when
            .iter()
            .all(|condition| condition.holds(request))
        {
            return None;
        }
        let bound = |name: &str| -> Vec<Value> {
            self.request_bind
                .iter()
                .filter(|binding| binding.name == name)
                .flat_map(|binding| binding.locator.values(request))
                .collect()
        };
        let reply_topic = TopicName::new(bound(self.reply_topic).first()?.text()?).ok()?;
        let shared = self
            .reply_bind
            .iter()
            .filter(|reply| {
                self.request_bind
                    .iter()
                    .any(|request| request.name == reply.name)
            })
            .map(|reply| (reply.name, bound(reply.name)))
            .collect();
        Some(Expectation {
            reply_topic,
            shared,
        })
    }

    /// The shared variables as `reply` has them, in the order of [`Expectation::shared`].
    pub fn shared_of_reply(&self, reply: &Message) -> Vec<(&'static str, Vec<Value>)> {
        self.reply_bind
            .iter()
            .filter(|binding| {
                self.request_bind
                    .iter()
                    .any(|request| request.name == binding.name)
            })
            .map(|binding| (binding.name, binding.locator.values(reply)))
            .collect()
    }

    /// What the reply says of itself.
    pub fn outcome(&self, reply: &Message) -> Outcome {
        if !self
            .error_when
            .iter()
            .any(|condition| condition.holds(reply))
        {
            return Outcome::Ok;
        }
        let first = |locators: &[Locator]| {
            locators
                .iter()
                .find_map(|locator| locator.values(reply).into_iter().next())
                .and_then(|value| value.text().map(Arc::from))
        };
        Outcome::Error {
            code: first(&self.error_code),
            message: first(&self.error_message),
        }
    }
}

impl Expectation {
    /// Whether a reply with these variables pairs: each has a value in common, or is absent on both sides.
    pub fn agrees_with(&self, reply: &[(&'static str, Vec<Value>)]) -> bool {
        self.shared.len() == reply.len()
            && self
                .shared
                .iter()
                .zip(reply)
                .all(|((_, wanted), (_, found))| {
                    if wanted.is_empty() {
                        found.is_empty()
                    } else {
                        wanted.iter().any(|value| found.contains(value))
                    }
                })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::correlation::CorrelationData;
    use crate::model::message::UserProperty;

    fn request(correlation: Option<&'static [u8]>) -> Message {
        let mut message = Message::new(TopicName::new("cmnd").unwrap(), "");
        message.properties.response_topic = Some(TopicName::new("resp").unwrap());
        message.properties.correlation_data = correlation.map(CorrelationData::new);
        message
    }

    fn reply(correlation: Option<&'static [u8]>, properties: &[(&str, &str)]) -> Message {
        let mut message = Message::new(TopicName::new("resp").unwrap(), "");
        message.properties.correlation_data = correlation.map(CorrelationData::new);
        message.properties.user_properties = properties
            .iter()
            .map(|(name, value)| UserProperty {
                name: (*name).into(),
                value: (*value).into(),
            })
            .collect();
        message
    }

    #[test]
    fn equality_is_of_exact_bytes_and_absent_is_not_empty() {
        let rule = Rule::mqtt5();
        let agrees = |wanted: Option<&'static [u8]>, found: Option<&'static [u8]>| {
            rule.expect(&request(wanted))
                .unwrap()
                .agrees_with(&rule.shared_of_reply(&reply(found, &[])))
        };
        assert!(agrees(Some(b"\x00\xff"), Some(b"\x00\xff")));
        assert!(!agrees(Some(b"a"), Some(b"A")));
        assert!(!agrees(Some(b""), None));
        assert!(!agrees(None, Some(b"")));
        assert!(agrees(None, None));
        assert!(agrees(Some(b""), Some(b"")));
    }

    #[test]
    fn a_message_without_response_topic_is_no_request() {
        assert!(
            Rule::mqtt5()
                .expect(&Message::new(TopicName::new("x").unwrap(), ""))
                .is_none()
        );
    }

    #[test]
    fn a_reply_tells_its_failure_by_user_property() {
        let outcome = |properties: &[(&str, &str)]| Rule::mqtt5().outcome(&reply(None, properties));
        assert_eq!(outcome(&[]), Outcome::Ok);
        assert_eq!(outcome(&[("__stat", "204")]), Outcome::Ok);
        assert_eq!(outcome(&[("__apErr", "False")]), Outcome::Ok);
        assert_eq!(
            outcome(&[("__stat", "404"), ("__stMsg", "no such lamp")]),
            Outcome::Error {
                code: Some("404".into()),
                message: Some("no such lamp".into())
            }
        );
        assert_eq!(
            outcome(&[("AppErrCode", "7")]),
            Outcome::Error {
                code: Some("7".into()),
                message: None
            }
        );
    }
}
