//! A request and its pairing rule: what the rule binds, where it sits, and what would be sent.
//!
//! Made once for each change of what is typed, together with the check of the request.

use crate::app::inspect::{Fact, properties};
use crate::model::correlation::CorrelationData;
use crate::model::message::Message;
use crate::model::pairing::{Circumstances, Outgoing, Replies, Rule, Rules, VariableInfo};
use crate::model::payload;
use crate::model::request::{MQTT5_RULE, Request, RequestDraft, Surroundings};
use crate::model::text;
use std::ops::Range;

/// A variable of the rule as a line of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableRow {
    pub name: String,
    /// Empty where the request has no place for it.
    pub in_request: String,
    pub in_reply: String,
    /// What its value is while none is typed.
    pub hint: String,
    /// The request cannot be made while none is typed.
    pub is_missing: bool,
}

/// What would be sent now. Ids are drawn anew for each request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub topic: String,
    pub payload: String,
    /// What the rule wrote into the payload.
    pub injected: Option<Range<usize>>,
    pub subscribed: Vec<String>,
    /// Where devices say that they come and go.
    pub presence: Vec<String>,
    pub reply_topics: Vec<String>,
    /// Response Topic, Correlation Data, User Properties, ….
    pub properties: Vec<Fact>,
}

/// The rule of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingView {
    pub id: String,
    pub title: String,
    /// Empty for MQTT 5's own rule.
    pub pattern: String,
    pub is_mqtt5: bool,
    /// False where there is no such rule.
    pub is_known: bool,
    /// Whether what is typed for them means something to the rule.
    pub reads_response_topic: bool,
    pub reads_correlation_data: bool,
    pub replies: &'static str,
    pub variables: Vec<VariableRow>,
    pub sent: Option<Sent>,
}

/// A payload is shown up to here.
const SHOWN_BYTES: usize = 2_000;

impl PairingView {
    pub fn of(
        draft: &RequestDraft,
        request: Option<&Request>,
        surroundings: &Surroundings<'_>,
    ) -> Self {
        let shipped = Rules::shipped();
        let rules = surroundings.rules.unwrap_or(&shipped);
        let id = draft.pairing.rule_id();
        let is_mqtt5 = draft.pairing.is_mqtt5();
        let Some((_, rule)) = rules.find(id) else {
            return Self {
                id: id.to_owned(),
                title: id.to_owned(),
                pattern: String::new(),
                is_mqtt5,
                is_known: false,
                reads_response_topic: is_mqtt5,
                reads_correlation_data: is_mqtt5,
                replies: "",
                variables: Vec::new(),
                sent: None,
            };
        };
        let outgoing = request.and_then(|request| sample(request, rules, surroundings.client_id));
        let variables = rule
            .variables()
            .into_iter()
            .filter(|_| !is_mqtt5)
            .map(|info| variable_row(draft, rule, &info, outgoing.as_ref()))
            .collect();
        Self {
            id: id.to_owned(),
            title: rule.title.to_string(),
            pattern: if is_mqtt5 {
                String::new()
            } else {
                rule.request_pattern().to_owned()
            },
            is_mqtt5,
            is_known: true,
            reads_response_topic: is_mqtt5 || rule.reads_response_topic(),
            reads_correlation_data: is_mqtt5 || rule.reads_correlation_data(),
            replies: match rule.replies {
                Replies::One => "The first reply completes the request.",
                Replies::UntilTerminal => {
                    "Replies that tell of progress may come first; the one that is none completes the request."
                }
                Replies::Many => "Any number of replies may come until the timeout.",
            },
            variables,
            sent: request
                .zip(outgoing)
                .map(|(request, outgoing)| sent(rule, request, &outgoing)),
        }
    }

    /// The topic that the rule writes: with its variables where they are known, else its pattern.
    /// Empty for MQTT 5's own rule.
    pub fn topic(&self) -> &str {
        match &self.sent {
            Some(sent) if !self.is_mqtt5 => &sent.topic,
            _ => &self.pattern,
        }
    }

    /// The label of the composer's tab.
    pub fn tab_label(&self) -> String {
        if self.is_mqtt5 {
            return "Pairing · MQTT 5".to_owned();
        }
        let short = self.title.split([':', ',']).next().unwrap_or_default();
        let mut words: String = short.chars().take(28).collect();
        if words.len() < short.len() {
            words.push('…');
        }
        format!("Pairing · {words}")
    }
}

/// Stands for Correlation Data that is yet to be drawn.
const TO_BE_DRAWN: &str = "drawn when it is sent";

fn sample(request: &Request, rules: &Rules, client_id: &str) -> Option<Outgoing> {
    let here = Circumstances {
        client_id,
        now_ms: 0,
        counter: 1,
    };
    // Always the same values: what is looked at must not flicker.
    let mut random: rand::rngs::StdRng = rand::SeedableRng::seed_from_u64(0);
    let correlation = match &request.correlation {
        crate::model::correlation::CorrelationSpec::None => None,
        crate::model::correlation::CorrelationSpec::Fixed(data) => Some(data.clone()),
        _ => Some(CorrelationData::new(TO_BE_DRAWN)),
    };
    request
        .outgoing(rules, correlation.as_ref(), &here, &mut random)
        .ok()
}

fn sent(rule: &Rule, request: &Request, outgoing: &Outgoing) -> Sent {
    let message = &outgoing.message;
    let (payload, injected) = shown_payload(&request.payload, message);
    let drawn = CorrelationData::new(TO_BE_DRAWN);
    let is_drawn = message.properties.correlation_data.as_ref() == Some(&drawn);
    let facts = properties(message).into_iter().skip(2).map(|fact| {
        if is_drawn && fact.name == "Correlation Data" {
            Fact {
                value: TO_BE_DRAWN.to_owned(),
                ..fact
            }
        } else {
            fact
        }
    });
    let words = |filters: &[crate::model::topic::TopicFilter]| -> Vec<String> {
        filters.iter().map(ToString::to_string).collect()
    };
    Sent {
        topic: message.topic.to_string(),
        payload,
        injected,
        subscribed: words(&outgoing.filters),
        presence: words(&rule.presence_subscriptions(&outgoing.bindings)),
        reply_topics: rule.expected_reply_topics(&outgoing.bindings),
        properties: facts.collect(),
    }
}

/// The payload as text, around what the rule wrote into it, and where that is.
fn shown_payload(typed: &[u8], message: &Message) -> (String, Option<Range<usize>>) {
    let Ok(text) = std::str::from_utf8(&message.payload) else {
        return (payload::preview(&message.payload, 400), None);
    };
    let injected = std::str::from_utf8(typed)
        .ok()
        .filter(|typed| *typed != text)
        .map(|typed| difference(typed, text));
    // The part of a long text that matters.
    let middle = injected.as_ref().map_or(0, |range| range.start);
    let from = if text.len() <= SHOWN_BYTES {
        0
    } else {
        text.floor_char_boundary(middle.saturating_sub(SHOWN_BYTES / 2))
    };
    let to = text.ceil_char_boundary((from + SHOWN_BYTES).min(text.len()));
    let before = if from > 0 { "… " } else { "" };
    let after = if to < text.len() { " …" } else { "" };
    let shown = format!("{before}{}{after}", text.get(from..to).unwrap_or_default());
    let moved = injected.map(|range| {
        let place = |at: usize| at.clamp(from, to) - from + before.len();
        place(range.start)..place(range.end)
    });
    (shown, moved)
}

/// What `new` has between the beginning and the end that it shares with `old`.
fn difference(old: &str, new: &str) -> Range<usize> {
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
        pairs
            .take_while(|(old, new)| old == new)
            .map(|(_, new)| new.len_utf8())
            .sum()
    };
    let start = same(&mut old.chars().zip(new.chars()));
    let rest = |text: &str| text.get(start..).unwrap_or_default().to_owned();
    let (old, new) = (rest(old), rest(new));
    let end = same(&mut old.chars().rev().zip(new.chars().rev()));
    start..start + new.len() - end
}

fn variable_row(
    draft: &RequestDraft,
    rule: &Rule,
    info: &VariableInfo,
    outgoing: Option<&Outgoing>,
) -> VariableRow {
    let typed = draft.pairing.values.get(&*info.name);
    let is_typed = typed.is_some_and(|value| !value.is_empty());
    let is_made_up = outgoing.is_none_or(|outgoing| {
        let mut made_up = outgoing.generated.iter();
        made_up.any(|(name, _)| *name == info.name)
    });
    let known = outgoing.and_then(|outgoing| {
        let (_, values) = rule
            .named(&outgoing.bindings)
            .into_iter()
            .find(|(name, _)| *name == info.name)?;
        values.first().map(ToString::to_string)
    });
    // Only a topic that is typed as a whole says what its levels are.
    let topic = draft.topic.trim();
    let is_rendered = topic.is_empty() || topic.contains('{');
    let is_missing = info.is_required && !is_typed && outgoing.is_none() && is_rendered;
    let hint = match (&info.generator, known) {
        (Some(generator), _) if is_made_up => {
            format!("generated: {}", generator_words(generator))
        }
        (_, Some(value)) => format!("{} (from the request)", cut(&value)),
        (_, None) if is_missing => "type a value".to_owned(),
        (_, None) if is_typed => String::new(),
        (_, None) => "none".to_owned(),
    };
    VariableRow {
        name: info.name.to_string(),
        in_request: info.where_in_request.join(", "),
        in_reply: info.where_in_reply.join(", "),
        hint,
        is_missing,
    }
}

fn cut(value: &str) -> String {
    payload::preview(value.as_bytes(), 40)
}

/// What makes a value up, in words.
fn generator_words(generator: &str) -> String {
    match generator {
        "uuid" => "a UUID".to_owned(),
        "uuid-bytes" => "a UUID as 16 bytes".to_owned(),
        "counter" => "1, 2, 3, …".to_owned(),
        "uint16" => "a random number up to 65,535".to_owned(),
        "millis" => "the time in milliseconds".to_owned(),
        other => match other.strip_prefix("hex:") {
            Some(bytes) => format!("{bytes} random bytes as hex"),
            None => other.to_owned(),
        },
    }
}

fn follow<T: PartialEq>(field: &mut T, before: &T, after: T) {
    if field == before {
        *field = after;
    }
}

/// Another rule for a request: its defaults take the place of what the user has not changed.
pub fn choose(draft: &mut RequestDraft, rules: &Rules, id: &str) {
    let before = defaults(rules, draft.pairing.rule_id());
    let after = defaults(rules, id);
    follow(&mut draft.qos, &before.qos, after.qos);
    follow(&mut draft.retain, &before.retain, after.retain);
    follow(&mut draft.timeout, &before.timeout, after.timeout);
    follow(&mut draft.replies, &before.replies, after.replies);
    follow(
        &mut draft.message_expiry_secs,
        &before.message_expiry_secs,
        after.message_expiry_secs,
    );
    draft.pairing.rule = if id == MQTT5_RULE {
        String::new()
    } else {
        id.to_owned()
    };
    let known = rules.find(id).map(|(_, rule)| rule.variables());
    draft.pairing.values.retain(|name, _| {
        let mut known = known.iter().flatten();
        id != MQTT5_RULE
            && known.any(|info| *info.name == **name && !info.where_in_request.is_empty())
    });
}

/// A request as it begins by a rule.
fn defaults(rules: &Rules, id: &str) -> RequestDraft {
    let mut draft = RequestDraft::default();
    let Some((_, rule)) = rules.find(id) else {
        return draft;
    };
    let defaults = &rule.defaults;
    draft.qos = defaults.qos.unwrap_or(draft.qos);
    draft.retain = defaults.retain.unwrap_or(draft.retain);
    if let Some(timeout) = defaults.timeout {
        draft.timeout = text::setting(timeout);
    }
    if let Some(secs) = defaults.expiry_secs {
        draft.message_expiry_secs = secs.to_string();
    }
    match rule.replies {
        Replies::One => {}
        Replies::UntilTerminal => "terminal".clone_into(&mut draft.replies),
        Replies::Many => "all".clone_into(&mut draft.replies),
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::Qos;
    use crate::model::request::PairingDraft;

    const HERE: Surroundings<'static> = Surroundings {
        client_id: "me",
        response_information: None,
        rules: None,
        environment: None,
    };

    fn draft(rule: &str, topic: &str, payload: &str, values: &[(&str, &str)]) -> RequestDraft {
        RequestDraft {
            topic: topic.to_owned(),
            payload: payload.to_owned(),
            pairing: PairingDraft {
                rule: rule.to_owned(),
                values: values
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
            },
            ..RequestDraft::default()
        }
    }

    fn view(draft: &RequestDraft) -> PairingView {
        let request = draft.validate(&HERE).ok();
        PairingView::of(draft, request.as_ref(), &HERE)
    }

    #[test]
    fn a_rule_shows_its_variables_and_what_lacks() {
        let view = view(&draft("mqtt-fetch", "", "", &[("svc", "time")]));
        let rows: Vec<(&str, &str, &str, bool)> = view
            .variables
            .iter()
            .map(|row| {
                (
                    row.name.as_str(),
                    row.in_request.as_str(),
                    row.hint.as_str(),
                    row.is_missing,
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("svc", "topic level 2", "", false),
                ("client", "topic level 3", "type a value", true),
                ("id", "topic level 5", "generated: a UUID", false),
            ]
        );
        assert_eq!(view.sent, None);
        assert_eq!(view.tab_label(), "Pairing · mqtt-fetch.js");
    }

    #[test]
    fn the_preview_shows_topic_filters_and_reply_topics() {
        let view = view(&draft(
            "mqtt-fetch",
            "",
            "\"now?\"",
            &[("svc", "time"), ("client", "c1"), ("id", "7")],
        ));
        let sent = view.sent.unwrap();
        assert_eq!(sent.topic, "mqttfetch/time/c1/fr/7");
        assert_eq!(sent.subscribed, ["mqttfetch/time/c1/to/7"]);
        assert_eq!(sent.reply_topics, ["mqttfetch/time/c1/to/7"]);
        assert_eq!((sent.payload.as_str(), sent.injected), ("\"now?\"", None));
    }

    #[test]
    fn what_the_rule_writes_into_the_payload_is_marked() {
        let values = [("device", "light"), ("src", "me"), ("id", "7")];
        let view = view(&draft("jsonrpc-src", "", r#"{"method":"a"}"#, &values));
        let sent = view.sent.unwrap();
        let marked = sent.payload.get(sent.injected.unwrap()).unwrap();
        assert!(marked.contains("\"id\":7"), "{marked} in {}", sent.payload);
        assert!(!marked.contains("method"), "{marked}");
    }

    #[test]
    fn a_long_payload_is_shown_where_it_was_written_to() {
        let long = format!("{{\"method\":\"a\",\"x\":\"{}\"}}", "ä".repeat(9_000));
        let values = [("device", "light"), ("src", "me"), ("id", "7")];
        let sent = view(&draft("jsonrpc-src", "", &long, &values))
            .sent
            .unwrap();
        assert!(sent.payload.len() < 3_000);
        let marked = sent.payload.get(sent.injected.unwrap()).unwrap();
        assert!(marked.contains('7'), "{marked}");
    }

    #[test]
    fn mqtt5_tells_what_is_subscribed_and_that_ids_are_drawn() {
        let view = view(&draft("", "a/b", "", &[]));
        let sent = view.sent.unwrap();
        assert_eq!(sent.subscribed, ["clients/me/resp"]);
        let drawn = sent
            .properties
            .iter()
            .find(|fact| fact.name == "Correlation Data");
        assert_eq!(drawn.unwrap().value, TO_BE_DRAWN);
        assert!(view.variables.is_empty());
    }

    #[test]
    fn a_rule_that_is_gone_is_said_to_be() {
        let view = view(&draft("gone", "", "", &[]));
        assert!(!view.is_known && view.sent.is_none());
        assert_eq!(view.tab_label(), "Pairing · gone");
    }

    #[test]
    fn the_defaults_of_a_rule_leave_alone_what_the_user_has_changed() {
        let text = r#"[{"id":"slow","request":{"topic":"q/{id}"},"reply":{"topic":"a/{id}"},"replies":"until-terminal",
            "defaults":{"qos":2,"timeout_ms":30000,"expiry":60}}]"#;
        let rules = Rules::with_own(
            crate::model::pairing::read_rules(text, crate::model::pairing::Format::Json).unwrap(),
        );
        let mut draft = RequestDraft {
            timeout: "9 s".to_owned(),
            ..RequestDraft::default()
        };
        choose(&mut draft, &rules, "slow");
        assert_eq!(
            (
                draft.qos,
                draft.timeout.as_str(),
                draft.message_expiry_secs.as_str(),
                draft.replies.as_str()
            ),
            (Qos::ExactlyOnce, "9 s", "60", "terminal")
        );
        assert_eq!(draft.pairing.rule, "slow");
        draft.pairing.values.insert("id".to_owned(), "7".to_owned());
        choose(&mut draft, &rules, "mqtt5");
        let typed = RequestDraft {
            timeout: "9 s".to_owned(),
            ..RequestDraft::default()
        };
        assert_eq!(draft, typed);
    }

    #[test]
    fn differences_are_found_between_characters() {
        assert_eq!(difference("", "x"), 0..1);
        assert_eq!(difference("aä", "aöä"), 1..3);
        assert_eq!(difference("{}", "{\"id\":7}"), 1..7);
        assert_eq!(difference("aa", "aaa"), 2..3);
    }
}
