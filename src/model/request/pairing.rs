//! Which pairing rule a request is sent by, and the values of its variables.

use super::{Request, RequestDraft};
use crate::model::correlation::CorrelationData;
use crate::model::message::Message;
use crate::model::pairing::{Circumstances, ComposeError, Outgoing, Rule, Rules, typed_variables};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rule of Response Topic and Correlation Data, which requests are sent by unless another one is chosen.
pub const MQTT5_RULE: &str = "mqtt5";

/// As typed and as kept in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairingDraft {
    /// The id of a pairing rule; empty for [`MQTT5_RULE`].
    pub rule: String,
    /// Values of the rule's variables, by name. An empty one is as good as none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

impl PairingDraft {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The id of the rule.
    pub fn rule_id(&self) -> &str {
        if self.rule.is_empty() {
            MQTT5_RULE
        } else {
            &self.rule
        }
    }

    pub fn is_mqtt5(&self) -> bool {
        self.rule_id() == MQTT5_RULE
    }
}

/// How a request is paired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// The id of its rule.
    pub rule: Arc<str>,
    /// The topic as typed: empty for the one that the rule renders.
    pub topic: Arc<str>,
    /// Typed values of the rule's variables.
    pub values: Vec<(Arc<str>, Arc<str>)>,
}

impl Default for Pairing {
    fn default() -> Self {
        Self {
            rule: MQTT5_RULE.into(),
            topic: "".into(),
            values: Vec::new(),
        }
    }
}

impl Pairing {
    pub fn is_mqtt5(&self) -> bool {
        &*self.rule == MQTT5_RULE
    }
}

impl Request {
    /// Whether an answer is waited for. By MQTT 5's rule it is where a Response Topic asks for one.
    pub fn asks_for_reply(&self) -> bool {
        !self.pairing.is_mqtt5() || self.response_topic.is_some()
    }

    /// The message to publish by its rule, with what is made up for it.
    pub fn outgoing(
        &self,
        rules: &Rules,
        correlation_data: Option<&CorrelationData>,
        here: &Circumstances<'_>,
        random: &mut impl rand::Rng,
    ) -> Result<Outgoing, ComposeError> {
        let pairing = &self.pairing;
        let Some((_, rule)) = rules.find(&pairing.rule) else {
            return Err(ComposeError {
                variable: None,
                message: no_rule(&pairing.rule),
            });
        };
        // The rule of MQTT 5 has nothing to add to what is typed in its own fields.
        let topic = if pairing.is_mqtt5() {
            self.topic.as_str()
        } else {
            &pairing.topic
        };
        let carried = correlation_data.filter(|_| self.carries_correlation(rule));
        let message = self.message(carried.cloned());
        let values = pairing.values.iter();
        let mut given = typed_variables(values.map(|(name, value)| (&**name, &**value)));
        if pairing.is_mqtt5() && correlation_data.is_none() {
            // No Correlation Data was asked for, so none is made up.
            given.push(("id".into(), Vec::new()));
        }
        rule.outgoing(message, topic, &given, here, random)
    }

    /// The same for the plain case, which needs no rule to make it: Response Topic and Correlation Data are there and
    /// nobody has put another rule in the place of MQTT 5's own.
    pub fn plain_message(
        &self,
        rules: &Rules,
        correlation_data: Option<&CorrelationData>,
    ) -> Option<Message> {
        let is_plain = self.pairing.is_mqtt5() && self.response_topic.is_some();
        if !is_plain || !rules.starts_with_shipped_mqtt5() {
            return None;
        }
        Some(self.message(Some(correlation_data?.clone())))
    }

    /// Correlation Data belongs to a Response Topic, or to a rule that reads it.
    fn carries_correlation(&self, rule: &Rule) -> bool {
        self.response_topic.is_some() || rule.reads_correlation_data()
    }
}

impl RequestDraft {
    pub(super) fn checked_pairing(&self) -> Pairing {
        if self.pairing.is_mqtt5() {
            return Pairing::default();
        }
        let values = self.pairing.values.iter();
        Pairing {
            rule: self.pairing.rule.as_str().into(),
            topic: self.topic.trim().into(),
            values: values
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect(),
        }
    }

    /// What the rule would make of a message now, without drawing anything that counts. For a look before sending.
    pub(super) fn sample(
        request: &Request,
        rules: &Rules,
        client_id: &str,
    ) -> Result<Message, ComposeError> {
        let here = Circumstances {
            client_id,
            now_ms: 0,
            counter: 1,
        };
        // Always the same values: what is looked at must not flicker.
        let mut random: rand::rngs::StdRng = rand::SeedableRng::seed_from_u64(0);
        let sample = CorrelationData::new("sample");
        let outgoing = request.outgoing(rules, Some(&sample), &here, &mut random)?;
        Ok(outgoing.message)
    }
}

pub(super) fn no_rule(id: &str) -> String {
    format!("there is no pairing rule `{id}`; it may have been deleted or renamed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::UserProperty;
    use crate::model::request::{ResponseTopicDraft, Surroundings};

    /// What [`Request::outgoing`] makes of it with the rule.
    fn by_rule(request: &Request, data: &CorrelationData) -> Message {
        let here = Circumstances {
            client_id: "c",
            now_ms: 0,
            counter: 1,
        };
        let mut random: rand::rngs::StdRng = rand::SeedableRng::seed_from_u64(0);
        request
            .outgoing(&Rules::shipped(), Some(data), &here, &mut random)
            .map_or_else(|_| request.message(Some(data.clone())), |made| made.message)
    }

    #[test]
    fn the_plain_case_makes_the_message_that_the_rule_makes() {
        for (topic, response_topic) in [
            ("a/b", "r"),
            ("cmnd/ä/power", "clients/x/resp"),
            ("same", "same"),
            ("{x}/b", "{reply_to}"),
            ("/", "//"),
            ("$SYS/x", "$SYS/y"),
        ] {
            let draft = RequestDraft {
                topic: topic.to_owned(),
                response_topic: ResponseTopicDraft::Typed(response_topic.to_owned()),
                payload: "{\"a\":1}".to_owned(),
                content_type: "application/json".to_owned(),
                user_properties: vec![UserProperty {
                    name: "n".to_owned(),
                    value: "v".to_owned(),
                }],
                ..RequestDraft::default()
            };
            let request = draft.validate(&Surroundings::default()).unwrap();
            for data in [&b""[..], b"\x00\xff", b"text"] {
                let data = CorrelationData::new(data.to_vec());
                let plain = request.plain_message(&Rules::shipped(), Some(&data));
                assert_eq!(plain, Some(by_rule(&request, &data)), "{topic}");
            }
            assert_eq!(request.plain_message(&Rules::shipped(), None), None);
        }
    }

    #[test]
    fn whoever_replaced_the_rule_gets_what_it_makes() {
        let draft = RequestDraft {
            topic: "a".to_owned(),
            response_topic: ResponseTopicDraft::Typed("r".to_owned()),
            ..RequestDraft::default()
        };
        let request = draft.validate(&Surroundings::default()).unwrap();
        let data = CorrelationData::new("x");
        let own = Rules::new(vec![Rule::mqtt5()]);
        assert_eq!(request.plain_message(&own, Some(&data)), None);
    }
}
