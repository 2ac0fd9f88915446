//! Subscriptions: what they ask of the broker besides their filter (MQTT 5 §3.8.3.1), and as saved
//! ([`SubscriptionDraft`]).

use crate::model::FieldError;
use crate::model::message::Qos;
use crate::model::record::Colour;
use crate::model::topic::TopicFilter;
use serde::{Deserialize, Serialize};

/// The subscription options of MQTT 5 §3.8.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscribeOptions {
    /// The most that messages come with.
    pub qos: Qos,
    pub no_local: bool,
    pub retain_as_published: bool,
    pub retain_handling: RetainHandling,
    /// Comes with every message by the subscription; see [`check_identifier`].
    pub identifier: Option<u32>,
}

/// The largest Subscription Identifier (MQTT 5 §3.8.2.1.2).
pub const MOST_IDENTIFIER: u32 = 268_435_455;

/// What is wrong with a Subscription Identifier, if anything is.
pub fn check_identifier(identifier: u32) -> Result<u32, String> {
    if (1..=MOST_IDENTIFIER).contains(&identifier) {
        Ok(identifier)
    } else {
        Err(format!(
            "{identifier} is no Subscription Identifier: it is a whole number from 1 to 268,435,455 (MQTT 5 §3.8.2.1.2)"
        ))
    }
}

/// A Subscription Identifier as typed; nothing is none.
pub fn parse_identifier(typed: &str) -> Result<Option<u32>, String> {
    let digits: String = typed
        .chars()
        .filter(|it| !it.is_whitespace() && !matches!(it, ',' | '_' | '\''))
        .collect();
    if digits.is_empty() {
        return Ok(None);
    }
    match digits.parse() {
        Ok(number) => check_identifier(number).map(Some),
        Err(_) => Err(format!(
            "`{}` is no Subscription Identifier: it is a whole number from 1 to 268,435,455 (MQTT 5 §3.8.2.1.2)",
            typed.trim()
        )),
    }
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self {
            qos: Qos::ExactlyOnce,
            no_local: false,
            retain_as_published: false,
            retain_handling: RetainHandling::default(),
            identifier: None,
        }
    }
}

/// Whether retained messages are sent when a subscription is made. In files: `send`, `send_if_new`, `do_not_send`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetainHandling {
    #[default]
    Send,
    SendIfNew,
    DoNotSend,
}

impl RetainHandling {
    pub const ALL: [Self; 3] = [Self::Send, Self::SendIfNew, Self::DoNotSend];

    pub fn label(self) -> &'static str {
        match self {
            Self::Send => "0 · send them",
            Self::SendIfNew => "1 · only if it is new",
            Self::DoNotSend => "2 · do not send them",
        }
    }
}

/// A subscription as typed and as kept in its file. Nothing in it need be valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscriptionDraft {
    /// Empty: it is called as its filter is.
    pub name: String,
    /// The id of a connection profile.
    pub connection: String,
    pub filter: String,
    /// Subscribed whenever its connection is connected.
    pub is_on: bool,
    pub qos: Qos,
    pub no_local: bool,
    pub retain_as_published: bool,
    pub retain_handling: RetainHandling,
    /// Left out where MQTT 3.1.1 is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
}

impl Default for SubscriptionDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            connection: String::new(),
            filter: String::new(),
            is_on: true,
            qos: Qos::ExactlyOnce,
            no_local: false,
            // Whether a message was retained is worth seeing.
            retain_as_published: true,
            retain_handling: RetainHandling::default(),
            identifier: None,
            colour: None,
        }
    }
}

/// The fields of a subscription that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubscriptionField {
    Filter,
    NoLocal,
    Identifier,
}

/// A subscription that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub filter: TopicFilter,
    pub options: SubscribeOptions,
}

impl SubscriptionDraft {
    /// Its name, or else its filter.
    pub fn title(&self) -> &str {
        match self.name.trim() {
            "" => self.filter.trim(),
            name => name,
        }
    }

    /// The valid subscription, or everything that is wrong, field by field.
    pub fn validate(&self) -> Result<Subscription, Vec<FieldError<SubscriptionField>>> {
        let wrong = |field, message: String| FieldError { field, message };
        let mut errors = Vec::new();
        let filter = TopicFilter::new(self.filter.trim())
            .map_err(|err| errors.push(wrong(SubscriptionField::Filter, err.to_string())))
            .ok();
        let is_shared = filter.as_ref().is_some_and(TopicFilter::is_shared);
        if is_shared && self.no_local {
            let message = "a shared subscription cannot have No Local (MQTT 5 §3.8.3.1)";
            errors.push(wrong(SubscriptionField::NoLocal, message.to_owned()));
        }
        if let Err(message) = self.identifier.map_or(Ok(0), check_identifier) {
            errors.push(wrong(SubscriptionField::Identifier, message));
        }
        match filter {
            Some(filter) if errors.is_empty() => Ok(Subscription {
                filter,
                options: SubscribeOptions {
                    qos: self.qos,
                    no_local: self.no_local,
                    retain_as_published: self.retain_as_published,
                    retain_handling: self.retain_handling,
                    identifier: self.identifier,
                },
            }),
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(filter: &str) -> SubscriptionDraft {
        SubscriptionDraft {
            filter: filter.to_owned(),
            ..SubscriptionDraft::default()
        }
    }

    #[test]
    fn a_draft_says_what_is_wrong_with_its_filter() {
        assert_eq!(draft(" a/+ ").validate().unwrap().filter.as_str(), "a/+");
        for wrong in ["", "a/#/b", "a+", "$share/g"] {
            let errors = draft(wrong).validate().unwrap_err();
            assert_eq!(errors.len(), 1, "{wrong}");
            assert_eq!(errors[0].field, SubscriptionField::Filter);
        }
    }

    #[test]
    fn no_local_and_a_shared_subscription_exclude_each_other() {
        let shared = SubscriptionDraft {
            no_local: true,
            ..draft("$share/pool/a")
        };
        let errors = shared.validate().unwrap_err();
        assert_eq!(errors[0].field, SubscriptionField::NoLocal);
        let alone = SubscriptionDraft {
            no_local: true,
            ..draft("a")
        };
        assert!(alone.validate().unwrap().options.no_local);
    }

    #[test]
    fn an_identifier_is_from_1_to_the_largest_variable_byte_integer() {
        for (typed, wanted) in [
            ("", None),
            (" 1 ", Some(1)),
            ("268,435,455", Some(MOST_IDENTIFIER)),
        ] {
            assert_eq!(parse_identifier(typed), Ok(wanted), "{typed}");
        }
        for wrong in ["0", "268435456", "99999999999", "-1", "x", "1.5"] {
            assert!(parse_identifier(wrong).is_err(), "{wrong}");
        }
        let zero = SubscriptionDraft {
            identifier: Some(0),
            ..draft("a")
        };
        let errors = zero.validate().unwrap_err();
        assert_eq!(errors[0].field, SubscriptionField::Identifier);
    }

    #[test]
    fn an_older_file_that_says_little_is_a_subscription_that_is_on() {
        let read: SubscriptionDraft = toml::from_str("filter = \"a\"").unwrap();
        assert_eq!(read, draft("a"));
        let all = SubscriptionDraft {
            retain_handling: RetainHandling::SendIfNew,
            identifier: Some(7),
            colour: Some(Colour::Green),
            is_on: false,
            ..draft("b/#")
        };
        let text = toml::to_string(&all).unwrap();
        assert!(text.contains("retain_handling = \"send_if_new\""), "{text}");
        assert_eq!(toml::from_str::<SubscriptionDraft>(&text).unwrap(), all);
    }
}
