//! A request on its way out: what is typed, what is made up, and the rule, come to one message.

use super::compose::{ComposeError, Variables};
use super::generate::Circumstances;
use super::locator::{Bindings, Place};
use super::rule::Rule;
use super::value::{Kind, Value};
use crate::model::message::Message;
use crate::model::topic::{TopicFilter, TopicName};
use std::sync::Arc;

/// A request as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub message: Message,
    pub bindings: Bindings,
    /// The variables that were made up for it.
    pub generated: Variables,
    /// What its replies come by.
    pub filters: Vec<TopicFilter>,
}

impl Rule {
    /// The request that `message` becomes by this rule. `topic` is as typed: empty for the one that the rule renders;
    /// `{name}` in it stands for the value of a variable.
    pub fn outgoing(
        &self,
        mut message: Message,
        topic: &str,
        given: &Variables,
        here: &Circumstances<'_>,
        random: &mut impl rand::Rng,
    ) -> Result<Outgoing, ComposeError> {
        let is_rendered = topic.is_empty() || topic == self.request_pattern();
        let has_placeholders = !is_rendered && self.names_in(topic).next().is_some();
        if !is_rendered && !has_placeholders {
            message.topic = topic_name(topic)?;
            if self.request.topic.first(topic).is_none() {
                return Err(ComposeError {
                    variable: None,
                    message: format!(
                        "the topic `{topic}` does not fit `{}`",
                        self.request_pattern()
                    ),
                });
            }
        }
        let counts = !is_rendered && !has_placeholders;
        let generated = self.generate_for(&message, counts, given, here, random);
        let all: Variables = given.iter().chain(&generated).cloned().collect();
        if has_placeholders {
            message.topic = topic_name(&self.filled_in(topic, &all)?)?;
        }
        let typed = (!is_rendered).then(|| message.topic.clone());
        let (message, bindings) = self.compose_on(&message, typed.as_ref(), &all)?;
        let filters = self
            .subscriptions(&message, &bindings)
            .map_err(|why| ComposeError {
                variable: None,
                message: format!("no reply can be paired with it: {why}"),
            })?;
        if filters.is_empty() {
            return Err(ComposeError {
                variable: None,
                message: format!(
                    "no reply can be paired with it: by the rule `{}` the topic of the reply needs a value that the request does not have",
                    self.id
                ),
            });
        }
        Ok(Outgoing {
            message,
            bindings,
            generated,
            filters,
        })
    }

    /// The topic of requests, as the rule has it.
    pub fn request_pattern(&self) -> &str {
        self.request.topic.source()
    }

    /// Whether a request says where its replies go in its Response Topic.
    pub fn reads_response_topic(&self) -> bool {
        self.request_reads(|place| matches!(place, Place::ResponseTopic))
    }

    /// Whether a request's Correlation Data means something.
    pub fn reads_correlation_data(&self) -> bool {
        self.request_reads(|place| matches!(place, Place::CorrelationData))
    }

    fn request_reads(&self, is_meant: impl Fn(&Place) -> bool) -> bool {
        let binds = self.request.bind.iter();
        let bound = binds.flat_map(|binding| binding.locators.0.iter());
        let conditions = self.request.when.iter().map(|when| &when.locator);
        bound
            .chain(conditions)
            .any(|locator| is_meant(&locator.place))
    }

    /// The variables that stand in braces in a typed topic.
    fn names_in<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = &'a str> {
        topic
            .split('{')
            .skip(1)
            .filter_map(|piece| piece.split_once('}'))
            .map(|(name, _)| name)
            .filter(|name| self.var(name).is_some())
    }

    fn filled_in(&self, topic: &str, values: &Variables) -> Result<String, ComposeError> {
        let mut text = topic.to_owned();
        for name in self.names_in(topic) {
            let known = values.iter().find(|(known, _)| **known == *name);
            let Some(value) = known.and_then(|(_, values)| values.first()) else {
                return Err(ComposeError {
                    variable: Some(name.into()),
                    message: format!("the topic `{topic}` needs a value for `{name}`"),
                });
            };
            text = text.replace(&format!("{{{name}}}"), &value.to_string());
        }
        Ok(text)
    }
}

fn topic_name(text: &str) -> Result<TopicName, ComposeError> {
    TopicName::new(text).map_err(|err| ComposeError {
        variable: None,
        message: format!("`{text}` is no topic: {err}"),
    })
}

impl Value {
    /// A value as typed: `hex:…` is bytes, a JSON number a number, what stands in double quotes text; all else is text, too.
    pub fn typed(text: &str) -> Self {
        let bytes = text.strip_prefix("hex:").map(hex::decode);
        if let Some(Ok(bytes)) = bytes {
            return Self::of_bytes(bytes);
        }
        if let Ok(serde_json::Value::String(quoted)) = serde_json::from_str(text) {
            return Self::text(&quoted);
        }
        if super::json::is_number(text) {
            return Self::new(Kind::Number, text.to_owned().into());
        }
        Self::text(text)
    }
}

/// Typed values as variables; those that are empty are left out.
pub fn typed_variables<'a>(typed: impl IntoIterator<Item = (&'a str, &'a str)>) -> Variables {
    typed
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (Arc::from(name), vec![Value::typed(text)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pairing::Rules;
    use rand::SeedableRng as _;

    fn sent(
        rule: &str,
        topic: &str,
        payload: &str,
        typed: &[(&str, &str)],
    ) -> Result<Outgoing, ComposeError> {
        let rules = Rules::shipped();
        let (_, rule) = rules.find(rule).unwrap();
        let message = Message::new(TopicName::new("-").unwrap(), payload.as_bytes().to_vec());
        let here = Circumstances {
            client_id: "me",
            now_ms: 5,
            counter: 3,
        };
        let mut random = rand::rngs::StdRng::seed_from_u64(1);
        let given = typed_variables(typed.iter().copied());
        rule.outgoing(message, topic, &given, &here, &mut random)
    }

    #[test]
    fn the_rule_renders_the_topic_and_subscribes_no_more_than_it_needs() {
        let typed = [("svc", "time"), ("client", "c1")];
        let out = sent("mqtt-fetch", "", "now?", &typed).unwrap();
        let id = out.generated[0].1[0].to_string();
        assert_eq!(
            out.message.topic.as_str(),
            format!("mqttfetch/time/c1/fr/{id}")
        );
        assert_eq!(
            out.filters[0].as_str(),
            format!("mqttfetch/time/c1/to/{id}")
        );
        assert_eq!(out.filters.len(), 1);
    }

    #[test]
    fn a_typed_topic_may_have_placeholders_or_be_whole() {
        let out = sent("mqtt-fetch", "mqttfetch/time/c1/fr/{id}", "", &[]).unwrap();
        assert!(out.message.topic.as_str().len() > "mqttfetch/time/c1/fr/".len());
        assert!(!out.message.topic.as_str().contains('{'));
        let out = sent("mqtt-fetch", "mqttfetch/time/c1/fr/7", "", &[]).unwrap();
        assert_eq!(out.message.topic.as_str(), "mqttfetch/time/c1/fr/7");
        assert!(out.generated.is_empty());
        assert_eq!(out.filters[0].as_str(), "mqttfetch/time/c1/to/7");
    }

    #[test]
    fn what_lacks_names_the_variable() {
        let err = sent("mqtt-fetch", "", "", &[("svc", "time")]).unwrap_err();
        assert_eq!(err.variable.as_deref(), Some("client"));
        let err = sent("mqtt-fetch", "elsewhere", "", &[]).unwrap_err();
        assert!(err.message.contains("elsewhere"), "{err}");
    }

    #[test]
    fn ids_are_written_where_the_rule_reads_them_and_numbers_stay_numbers() {
        let typed = [
            ("device", "light"),
            ("src", "me"),
            ("id", "18446744073709551616"),
        ];
        let out = sent("jsonrpc-src", "", r#"{"method":"Switch.Set"}"#, &typed).unwrap();
        assert_eq!(out.message.topic.as_str(), "light/rpc");
        let text = std::str::from_utf8(&out.message.payload).unwrap();
        assert!(text.contains(r#""id":18446744073709551616"#), "{text}");
        assert_eq!(out.filters[0].as_str(), "me/rpc");
    }

    #[test]
    fn typed_values_keep_their_kind() {
        assert_eq!(Value::typed("7").kind, Kind::Number);
        assert_eq!(Value::typed("\"7\"").kind, Kind::Text);
        assert_eq!(Value::typed("hex:00ff").as_bytes().as_ref(), [0, 255]);
        assert_eq!(Value::typed("hex:zz").kind, Kind::Text);
        assert_eq!(Value::typed("x y").to_string(), "x y");
    }
}
