//! Requests: as typed and saved ([`RequestDraft`]), and valid ([`Request`]).

mod pairing;

use crate::model::FieldError;
use crate::model::correlation::{CorrelationData, CorrelationDraft, CorrelationSpec};
use crate::model::environment::Environment;
use crate::model::message::{Message, Properties, Qos, UserProperty};
use crate::model::pairing::Rules;
use crate::model::payload::PayloadFormat;
use crate::model::topic::{MAX_STRING_BYTES, TopicName};
use bytes::Bytes;
pub use pairing::{MQTT5_RULE, Pairing, PairingDraft};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The longest payload that one PUBLISH can carry, less room for topic and properties
/// (MQTT 5 §1.5.5: a packet has at most 268,435,455 bytes after its fixed header).
pub const MAX_PAYLOAD_BYTES: usize = 268_435_455 - 3 * MAX_STRING_BYTES;

/// Where the reply is asked to go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ResponseTopicDraft {
    /// From Response Information where the broker gave some, else from the client id.
    #[default]
    Generated,
    Typed(String),
    /// No reply is asked for: the message is a bare publish.
    None,
}

impl From<String> for ResponseTopicDraft {
    fn from(text: String) -> Self {
        match text.as_str() {
            "<generated>" => Self::Generated,
            "<none>" => Self::None,
            _ => Self::Typed(text),
        }
    }
}

impl From<ResponseTopicDraft> for String {
    fn from(draft: ResponseTopicDraft) -> Self {
        match draft {
            ResponseTopicDraft::Generated => "<generated>".to_owned(),
            ResponseTopicDraft::None => "<none>".to_owned(),
            ResponseTopicDraft::Typed(text) => text,
        }
    }
}

/// A request as typed and as kept in its file. Nothing in it need be valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestDraft {
    pub name: String,
    /// The folder it is listed under; empty for none.
    pub folder: String,
    /// The id of a connection profile.
    pub connection: String,
    pub topic: String,
    pub qos: Qos,
    pub retain: bool,
    pub response_topic: ResponseTopicDraft,
    pub correlation_data: CorrelationDraft,
    /// Such as `5 s` or `500ms`.
    pub timeout: String,
    /// `first`, `all` (until the timeout), `terminal` (until a terminal status) or a number.
    pub replies: String,
    pub content_type: String,
    pub payload_is_utf8: bool,
    /// Whole seconds, or empty for none.
    pub message_expiry_secs: String,
    pub format: PayloadFormat,
    pub payload: String,
    pub user_properties: Vec<UserProperty>,
    #[serde(skip_serializing_if = "PairingDraft::is_default")]
    pub pairing: PairingDraft,
}

impl Default for RequestDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            folder: String::new(),
            connection: String::new(),
            topic: String::new(),
            qos: Qos::AtLeastOnce,
            retain: false,
            response_topic: ResponseTopicDraft::Generated,
            correlation_data: CorrelationDraft::default(),
            timeout: "5 s".to_owned(),
            replies: "first".to_owned(),
            content_type: String::new(),
            payload_is_utf8: false,
            message_expiry_secs: String::new(),
            format: PayloadFormat::Json,
            payload: String::new(),
            user_properties: Vec::new(),
            pairing: PairingDraft::default(),
        }
    }
}

/// The fields of a request that can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RequestField {
    Topic,
    ResponseTopic,
    CorrelationData,
    Timeout,
    Replies,
    ContentType,
    MessageExpiry,
    Payload,
    /// By position in the list.
    UserPropertyName(usize),
    UserPropertyValue(usize),
    /// The choice of a pairing rule, and what it makes of the request as a whole.
    Pairing,
    /// The value of the rule's variable of that name.
    PairingValue(Arc<str>),
}

impl RequestField {
    /// It is in the pane of the properties, not in the lines for topic and reply.
    pub fn is_property(&self) -> bool {
        matches!(
            self,
            Self::Replies
                | Self::ContentType
                | Self::MessageExpiry
                | Self::UserPropertyName(_)
                | Self::UserPropertyValue(_)
        )
    }
}

/// How many replies complete an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepliesWanted {
    #[default]
    First,
    Count(u32),
    /// All that come until the timeout.
    All,
    /// The first whose status is not progress.
    UntilTerminal,
}

impl RepliesWanted {
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" | "first" => Ok(Self::First),
            "all" => Ok(Self::All),
            "terminal" => Ok(Self::UntilTerminal),
            number => match number.parse::<u32>() {
                Ok(1) => Ok(Self::First),
                Ok(count) if count > 1 => Ok(Self::Count(count)),
                _ => Err(format!(
                    "`{number}` says no number of replies; use first, all or a number from 1"
                )),
            },
        }
    }
}

/// Reads a duration such as `5 s`, `500ms` or `2m`; a bare number is seconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let hint = "write a duration like 5 s, 500 ms or 2 m";
    if text.is_empty() {
        return Err(format!("it is empty; {hint}"));
    }
    let duration = match text.parse::<f64>() {
        Ok(secs) => Duration::try_from_secs_f64(secs)
            .map_err(|err| format!("`{text}` is no duration: {err}; {hint}"))?,
        Err(_) => humantime::parse_duration(text)
            .map_err(|err| format!("`{text}` is no duration: {err}; {hint}"))?,
    };
    if duration.is_zero() {
        return Err(format!(
            "a timeout of zero leaves no time to answer; {hint}"
        ));
    }
    if duration > Duration::from_hours(24) {
        return Err(format!("`{text}` is longer than a day; {hint}"));
    }
    Ok(duration)
}

/// What a draft needs to know of its connection and its workspace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    pub client_id: &'a str,
    /// Response Information of the CONNACK (MQTT 5 §3.2.2.3.15).
    pub response_information: Option<&'a str>,
    /// The pairing rules there are; `None` for the shipped ones.
    pub rules: Option<&'a Rules>,
    /// What variables stand for; `None` leaves them as they are.
    pub environment: Option<&'a Arc<Environment>>,
}

impl Surroundings<'_> {
    /// The Response Topic when none is typed. What Response Information means is not specified;
    /// its common use is a prefix, so it is taken as one.
    pub fn generated_response_topic(&self) -> String {
        // The client id may hold characters that a topic may not.
        let client_id: String = self
            .client_id
            .chars()
            .map(|c| {
                if matches!(c, '+' | '#' | '\0') {
                    '_'
                } else {
                    c
                }
            })
            .collect();
        match self
            .response_information
            .filter(|prefix| !prefix.is_empty())
        {
            Some(prefix) => {
                let slash = if prefix.ends_with('/') { "" } else { "/" };
                format!("{prefix}{slash}{client_id}/resp")
            }
            None => format!("clients/{client_id}/resp"),
        }
    }
}

/// A request that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The saved request's name; empty for one that was never saved.
    pub name: Arc<str>,
    pub topic: TopicName,
    pub qos: Qos,
    pub retain: bool,
    pub payload: Bytes,
    /// `None` is a bare publish: nobody is asked to reply.
    pub response_topic: Option<TopicName>,
    pub correlation: CorrelationSpec,
    pub timeout: Duration,
    pub replies: RepliesWanted,
    pub content_type: Option<Arc<str>>,
    pub payload_is_utf8: bool,
    pub message_expiry_secs: Option<u32>,
    pub user_properties: Vec<UserProperty>,
    pub pairing: Pairing,
}

impl RequestDraft {
    /// The valid request, or everything that is wrong, field by field.
    pub fn validate(
        &self,
        surroundings: &Surroundings<'_>,
    ) -> Result<Request, Vec<FieldError<RequestField>>> {
        use RequestField as Field;
        if let Some(environment) = surroundings.environment
            && let Some(filled) = self.filled(environment)?
        {
            return filled.validate(&Surroundings {
                environment: None,
                ..*surroundings
            });
        }
        let mut errors = Vec::new();
        let topic = check(&mut errors, Field::Topic, self.checked_topic());
        let response_topic = check(
            &mut errors,
            Field::ResponseTopic,
            self.checked_response_topic(surroundings),
        );
        let correlation = check(
            &mut errors,
            Field::CorrelationData,
            self.correlation_data
                .validate()
                .map_err(|why| format!("the Correlation Data is not valid: {why}")),
        );
        let timeout = check(
            &mut errors,
            Field::Timeout,
            parse_duration(&self.timeout).map_err(|why| format!("the timeout is not valid: {why}")),
        );
        let replies = check(
            &mut errors,
            Field::Replies,
            RepliesWanted::parse(&self.replies),
        );
        let payload = check(&mut errors, Field::Payload, self.checked_payload());
        let expiry = check(
            &mut errors,
            Field::MessageExpiry,
            self.checked_message_expiry(),
        );
        check(
            &mut errors,
            Field::ContentType,
            check_string("content type", &self.content_type),
        );
        for (index, property) in self.user_properties.iter().enumerate() {
            check(
                &mut errors,
                Field::UserPropertyName(index),
                check_string("user property's name", &property.name),
            );
            check(
                &mut errors,
                Field::UserPropertyValue(index),
                check_string("user property's value", &property.value),
            );
        }
        match (
            topic,
            response_topic,
            correlation,
            timeout,
            replies,
            payload,
            expiry,
        ) {
            (
                Some(topic),
                Some(response_topic),
                Some(correlation),
                Some(timeout),
                Some(replies),
                Some(payload),
                Some(message_expiry_secs),
            ) if errors.is_empty() => self.by_rule(
                surroundings,
                Request {
                    name: self.name.as_str().into(),
                    topic,
                    qos: self.qos,
                    retain: self.retain,
                    payload,
                    response_topic,
                    correlation,
                    timeout,
                    replies,
                    content_type: Some(self.content_type.as_str())
                        .filter(|text| !text.is_empty())
                        .map(Into::into),
                    payload_is_utf8: self.payload_is_utf8,
                    message_expiry_secs,
                    user_properties: self.user_properties.clone(),
                    pairing: self.checked_pairing(),
                },
            ),
            _ => Err(errors),
        }
    }

    /// The request with the topic that its rule makes of it, or what the rule lacks.
    fn by_rule(
        &self,
        surroundings: &Surroundings<'_>,
        mut request: Request,
    ) -> Result<Request, Vec<FieldError<RequestField>>> {
        if self.pairing.is_mqtt5() {
            return Ok(request);
        }
        let shipped = Rules::shipped();
        let rules = surroundings.rules.unwrap_or(&shipped);
        match Self::sample(&request, rules, surroundings.client_id) {
            Ok(message) => {
                request.topic = message.topic;
                Ok(request)
            }
            Err(err) => Err(vec![FieldError {
                field: err
                    .variable
                    .map_or(RequestField::Pairing, RequestField::PairingValue),
                message: err.message,
            }]),
        }
    }

    fn checked_topic(&self) -> Result<TopicName, String> {
        if !self.pairing.is_mqtt5() && (self.topic.trim().is_empty() || self.topic.contains('{')) {
            // The rule renders it, which is checked when everything else is right.
            return TopicName::new("-").map_err(|err| err.to_string());
        }
        TopicName::new(&self.topic).map_err(|err| format!("the topic is not valid: {err}"))
    }

    fn checked_response_topic(
        &self,
        surroundings: &Surroundings<'_>,
    ) -> Result<Option<TopicName>, String> {
        let text = match &self.response_topic {
            ResponseTopicDraft::None => return Ok(None),
            ResponseTopicDraft::Generated if !self.rule_reads_response_topic(surroundings) => {
                return Ok(None);
            }
            ResponseTopicDraft::Generated => surroundings.generated_response_topic(),
            ResponseTopicDraft::Typed(text) => text.clone(),
        };
        if text.starts_with("$share/") {
            return Err("the Response Topic is not valid: `$share/` is for subscriptions; a reply cannot be published there".to_owned());
        }
        TopicName::new(&text)
            .map(Some)
            .map_err(|err| format!("the Response Topic is not valid: {err}"))
    }

    /// Nobody would look at the Response Topic of a request by another rule.
    fn rule_reads_response_topic(&self, surroundings: &Surroundings<'_>) -> bool {
        let shipped = Rules::shipped();
        let rules = surroundings.rules.unwrap_or(&shipped);
        self.pairing.is_mqtt5()
            || rules
                .find(self.pairing.rule_id())
                .is_some_and(|(_, rule)| rule.reads_response_topic())
    }

    fn checked_payload(&self) -> Result<Bytes, String> {
        // An empty payload is a message without one, in every format.
        if self.payload.is_empty() {
            return Ok(Bytes::new());
        }
        let payload = self
            .format
            .encode(&self.payload)
            .map_err(|err| err.to_string())?;
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(format!(
                "the payload has {} bytes; one MQTT packet cannot carry more than {MAX_PAYLOAD_BYTES}",
                payload.len()
            ));
        }
        match std::str::from_utf8(&payload) {
            Err(err) if self.payload_is_utf8 => Err(format!(
                "the payload is marked as UTF-8 but byte {} is not; correct it or take the Payload Format Indicator off",
                err.valid_up_to() + 1
            )),
            _ => Ok(payload),
        }
    }

    fn checked_message_expiry(&self) -> Result<Option<u32>, String> {
        match self.message_expiry_secs.trim() {
            "" => Ok(None),
            text => match text.parse() {
                Ok(secs) => Ok(Some(secs)),
                Err(err) => Err(format!(
                    "`{text}` is no message expiry ({err}); it is a whole number of seconds, 0 to 4,294,967,295"
                )),
            },
        }
    }
}

/// Notes what is wrong with `field`, if anything is.
fn check<T>(
    errors: &mut Vec<FieldError<RequestField>>,
    field: RequestField,
    result: Result<T, String>,
) -> Option<T> {
    result
        .map_err(|message| errors.push(FieldError { field, message }))
        .ok()
}

fn check_string(what: &str, text: &str) -> Result<(), String> {
    if text.len() > MAX_STRING_BYTES {
        return Err(format!(
            "the {what} is {} bytes long; MQTT allows at most 65,535",
            text.len()
        ));
    }
    if text.contains('\0') {
        return Err(format!(
            "the {what} holds the character U+0000, which MQTT forbids"
        ));
    }
    Ok(())
}

impl Request {
    /// The message to publish, with the Correlation Data drawn for it.
    pub fn message(&self, correlation_data: Option<CorrelationData>) -> Message {
        Message {
            topic: self.topic.clone(),
            payload: self.payload.clone(),
            qos: self.qos,
            retain: self.retain,
            duplicate: false,
            properties: Properties {
                payload_is_utf8: self.payload_is_utf8.then_some(true),
                message_expiry_secs: self.message_expiry_secs,
                topic_alias: None,
                response_topic: self.response_topic.clone(),
                // Correlation Data that is made belongs to a request; what was typed is also sent with a
                // bare publish, which may be a reply.
                correlation_data: correlation_data.filter(|_| {
                    self.asks_for_reply() || matches!(self.correlation, CorrelationSpec::Fixed(_))
                }),
                user_properties: self.user_properties.clone(),
                subscription_identifiers: Vec::new(),
                content_type: self.content_type.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Encoding;

    const HERE: Surroundings<'static> = Surroundings {
        client_id: "rt-1",
        response_information: None,
        rules: None,
        environment: None,
    };

    fn draft() -> RequestDraft {
        RequestDraft {
            topic: "cmnd/x".to_owned(),
            ..RequestDraft::default()
        }
    }

    fn fields(draft: &RequestDraft) -> Vec<RequestField> {
        draft.validate(&HERE).map_or_else(
            |errors| errors.into_iter().map(|err| err.field).collect(),
            |_| Vec::new(),
        )
    }

    #[test]
    fn the_response_topic_comes_from_the_client_id_or_from_the_broker() {
        let request = draft().validate(&HERE).unwrap();
        assert_eq!(
            request.response_topic.unwrap().as_str(),
            "clients/rt-1/resp"
        );
        let told = Surroundings {
            client_id: "a+b",
            response_information: Some("rr"),
            rules: None,
            environment: None,
        };
        assert_eq!(
            draft()
                .validate(&told)
                .unwrap()
                .response_topic
                .unwrap()
                .as_str(),
            "rr/a_b/resp"
        );
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let wrong = RequestDraft {
            topic: "a/+".to_owned(),
            response_topic: ResponseTopicDraft::Typed("b/#".to_owned()),
            correlation_data: CorrelationDraft::fixed(Encoding::Hex, "0"),
            timeout: "soon".to_owned(),
            replies: "0".to_owned(),
            message_expiry_secs: "-1".to_owned(),
            payload: "{".to_owned(),
            content_type: "x\0".to_owned(),
            user_properties: vec![
                UserProperty::default(),
                UserProperty {
                    name: "n".repeat(70_000),
                    value: String::new(),
                },
            ],
            ..RequestDraft::default()
        };
        let found = fields(&wrong);
        for field in [
            RequestField::Topic,
            RequestField::ResponseTopic,
            RequestField::CorrelationData,
            RequestField::Timeout,
            RequestField::Replies,
            RequestField::MessageExpiry,
            RequestField::Payload,
            RequestField::ContentType,
            RequestField::UserPropertyName(1),
        ] {
            assert_eq!(
                found.iter().filter(|one| **one == field).count(),
                1,
                "{field:?}"
            );
        }
        assert_eq!(found.len(), 9);
    }

    #[test]
    fn the_utf8_flag_is_checked_against_the_bytes() {
        let wrong = RequestDraft {
            format: PayloadFormat::Hex,
            payload: "61 ff".to_owned(),
            payload_is_utf8: true,
            ..draft()
        };
        assert!(
            wrong.validate(&HERE).unwrap_err()[0]
                .message
                .contains("byte 2")
        );
        assert!(
            fields(&RequestDraft {
                payload_is_utf8: false,
                ..wrong
            })
            .is_empty()
        );
    }

    #[test]
    fn a_bare_publish_has_neither_response_topic_nor_correlation_data() {
        let request = RequestDraft {
            response_topic: ResponseTopicDraft::None,
            ..draft()
        }
        .validate(&HERE)
        .unwrap();
        let message = request.message(Some(CorrelationData::new("x")));
        assert_eq!(message.properties.count(), 0);
    }

    #[test]
    fn a_shared_subscription_is_no_response_topic_and_empty_topics_are_refused() {
        assert_eq!(
            fields(&RequestDraft {
                response_topic: ResponseTopicDraft::Typed("$share/g/x".to_owned()),
                ..draft()
            }),
            [RequestField::ResponseTopic]
        );
        assert_eq!(
            fields(&RequestDraft {
                topic: String::new(),
                ..draft()
            }),
            [RequestField::Topic]
        );
        assert_eq!(
            fields(&RequestDraft {
                response_topic: ResponseTopicDraft::Typed(String::new()),
                ..draft()
            }),
            [RequestField::ResponseTopic]
        );
        assert_eq!(
            fields(&RequestDraft {
                topic: "x".repeat(65_536),
                ..draft()
            }),
            [RequestField::Topic]
        );
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(parse_duration("5 s"), Ok(Duration::from_secs(5)));
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("2"), Ok(Duration::from_secs(2)));
        assert_eq!(parse_duration("1m 30s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "0", "soon", "-1", "1e99", "2 days", "NaN"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_draft_survives_its_file_even_when_it_is_not_valid() {
        let draft = RequestDraft {
            response_topic: ResponseTopicDraft::Typed("#".to_owned()),
            correlation_data: CorrelationDraft::fixed(Encoding::Hex, "zz"),
            timeout: "?".to_owned(),
            ..draft()
        };
        let text = toml::to_string(&draft).unwrap();
        assert_eq!(toml::from_str::<RequestDraft>(&text).unwrap(), draft);
    }
}
