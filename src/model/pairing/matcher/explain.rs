//! Why a message is neither a reply nor a request, in words, by each rule whose topic it fits.

use super::{Matcher, Standing};
use crate::model::exchange::ExchangeId;
use crate::model::pairing::json::NodeId;
use crate::model::pairing::locator::{Bindings, Subject};
use crate::model::pairing::rule::{ReplyTopic, Rule};
use crate::model::pairing::value::agree;
use crate::model::pairing::why::told;
use std::sync::Arc;

/// More are of no help.
const MAX_REASONS: usize = 12;
/// Parts of a message, and ways to read its topic, that are looked at for one rule.
const MAX_READINGS: usize = 64;

/// What the message would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Request,
    Reply,
}

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub rule: Arc<str>,
    pub role: Role,
    /// The request that it does not answer.
    pub request: Option<ExchangeId>,
    pub text: String,
}

impl Matcher {
    /// Why the message pairs with nothing and opens nothing, what is most to the point first.
    pub fn reasons(&self, subject: &Subject<'_>) -> Vec<Reason> {
        let mut found: Vec<(usize, Reason)> = Vec::new();
        for (index, rule) in self.rules().iter().enumerate() {
            if let Some((rank, request, text)) = self.no_reply(index, rule, subject) {
                let reason = Reason {
                    rule: Arc::clone(&rule.id),
                    role: Role::Reply,
                    request,
                    text,
                };
                found.push((rank, reason));
            }
            let fits = rule.request.topic.first(subject.topic()).is_some();
            if fits && rule.request(subject).is_none() {
                // Every topic fits some rules; that says little.
                let rank = if rule.request.topic.has_text() {
                    200
                } else {
                    300
                };
                let reason = Reason {
                    rule: Arc::clone(&rule.id),
                    role: Role::Request,
                    request: None,
                    text: rule.why_no_request(subject),
                };
                found.push((rank, reason));
            }
        }
        found.sort_by_key(|(rank, _)| *rank);
        found.truncate(MAX_REASONS);
        found.into_iter().map(|(_, reason)| reason).collect()
    }

    /// Why it is no reply by this rule, and how far from one it is; nothing where its topic is no reply's.
    fn no_reply(
        &self,
        index: usize,
        rule: &Rule,
        subject: &Subject<'_>,
    ) -> Option<(usize, Option<ExchangeId>, String)> {
        let mut best: Option<(usize, Option<ExchangeId>, String)> = None;
        let mut offer = |rank: usize, request, text: String| {
            if best.as_ref().is_none_or(|(other, ..)| rank < *other) {
                best = Some((rank, request, text));
            }
        };
        let tables = self.tables.get(index)?;
        let mut readings = 0;
        for (topic, table) in rule.reply.topics.iter().zip(tables) {
            let parses = topic.pattern.parses(subject.topic()).list;
            if parses.is_empty() || !topic.pattern.has_text() && table.is_empty_of(Standing::Open) {
                continue;
            }
            let roots = rule.roots(subject);
            if roots.is_empty() {
                offer(
                    110,
                    None,
                    "its topic is one for replies, but nothing is where `reply.each` looks"
                        .to_owned(),
                );
            }
            for (root, spans) in roots
                .iter()
                .flat_map(|root| parses.iter().map(move |spans| (*root, spans)))
            {
                readings += 1;
                if readings > MAX_READINGS {
                    break;
                }
                let Some(near) = rule.reading(topic, subject, spans, root) else {
                    if let Some(text) = rule.why_no_reading(topic, subject, spans, root) {
                        offer(
                            100,
                            None,
                            format!("its topic is one for replies, but {text}"),
                        );
                    }
                    continue;
                };
                let Some(&id) = table.all(Standing::Open).first() else {
                    let mut known = self.kept.values().filter(|kept| kept.rule == index);
                    let text = if known.any(|kept| kept.standing == Standing::Completed) {
                        "it could be a reply, but every request by this rule is complete"
                    } else {
                        "it could be a reply, but no request by this rule is open"
                    };
                    offer(120, None, text.to_owned());
                    continue;
                };
                // The one that differs least, or else the oldest.
                let places = 0..topic.shared.len();
                let near_miss = places
                    .filter_map(|place| table.find_but(place, &topic.shared, &near))
                    .min();
                let id = near_miss.unwrap_or(id);
                if let Some((count, text)) = self.differences(rule, topic, subject, root, &near, id)
                {
                    offer(count, Some(id), text);
                }
            }
        }
        best
    }

    /// What is not the same in a message and a request, with both values.
    fn differences(
        &self,
        rule: &Rule,
        topic: &ReplyTopic,
        subject: &Subject<'_>,
        root: NodeId,
        near: &Bindings,
        id: ExchangeId,
    ) -> Option<(usize, String)> {
        let far = &self.kept.get(&id)?.request;
        let mut all: Vec<String> = Vec::new();
        for &var in &topic.shared {
            if !agree(far.get(var), near.get(var)) {
                all.push(format!(
                    "`{}` is {} here and {} in the request",
                    rule.name(var),
                    told(near.get(var)),
                    told(far.get(var))
                ));
            }
        }
        if all.is_empty() {
            all.push(rule.why_no_agreement(topic, subject, root, near, far)?);
        }
        Some((all.len(), all.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Format, Rules, Trial, Verdict, read_rules, read_trace};

    /// `rule role request: text` for every reason that the last message of the trace is nothing.
    fn reasons(rules: &str, trace: &str) -> Vec<String> {
        let rules = read_rules(rules, Format::Json).unwrap_or_else(|errors| panic!("{errors:?}"));
        let mut trial = Trial::new(Rules::new(rules));
        let mut last = None;
        for sample in read_trace(trace).unwrap() {
            last = Some(trial.explain(&sample));
        }
        let last = last.unwrap();
        assert!(matches!(last.verdict, Verdict::Nothing(_)), "{last:?}");
        let told = last.reasons.iter().map(|reason| {
            let request = reason
                .request
                .map(|id| format!(" {}", id.0))
                .unwrap_or_default();
            format!(
                "{} {:?}{request}: {}",
                reason.rule, reason.role, reason.text
            )
        });
        told.collect()
    }

    const RULES: &str = r#"[
        {"id":"a","request":{"topic":"q/{d}","when":[["json:/method","exists"]],"bind":{"id":"json:/id"}},
         "reply":{"topic":["r/{d}"],"when":[["json:/method","missing"]],"bind":{"id":"json:/id"}}},
        {"id":"b","request":{"topic":"{_*}","when":[["resp","exists"]]},"reply":{"topic":["z"]}}]"#;

    fn after_a_request(message: &str) -> Vec<String> {
        let trace = format!(
            r#"[{{"topic":"q/x","json":{{"method":"m","id":7}}}},{{"topic":"q/x","json":{{"method":"m","id":9}}}},{message}]"#
        );
        let mut told = reasons(RULES, &trace);
        let everything = told.pop();
        assert_eq!(
            everything.as_deref(),
            Some("b Request: it is no request by the rule `b`: `resp` is missing")
        );
        told
    }

    #[test]
    fn what_differs_is_told_with_both_values() {
        assert_eq!(
            after_a_request(r#"{"topic":"r/x","json":{"id":8}}"#),
            ["a Reply 0: `id` is `8` here and `7` in the request"]
        );
        assert_eq!(
            after_a_request(r#"{"topic":"r/y","json":{"id":9}}"#),
            ["a Reply 1: `d` is `y` here and `x` in the request"]
        );
        assert_eq!(
            after_a_request(r#"{"topic":"r/y"}"#),
            [
                "a Reply 0: `d` is `y` here and `x` in the request; `id` is absent here and `7` in the request"
            ]
        );
    }

    #[test]
    fn the_condition_that_does_not_hold_is_told() {
        assert_eq!(
            after_a_request(r#"{"topic":"r/x","json":{"id":7,"method":"m"}}"#),
            ["a Reply: its topic is one for replies, but `json:/method` must not be there"]
        );
        assert_eq!(
            after_a_request(r#"{"topic":"q/x","json":{"id":7}}"#),
            ["a Request: it is no request by the rule `a`: `json:/method` is missing"]
        );
        assert!(after_a_request(r#"{"topic":"elsewhere"}"#).is_empty());
    }

    #[test]
    fn a_reply_to_nobody_is_told_as_such() {
        let rules = r#"[{"id":"a","request":{"topic":"q/{d}"},"reply":{"topic":["r/{d}"]}}]"#;
        let never = reasons(rules, r#"[{"topic":"r/x"}]"#);
        assert_eq!(
            never,
            ["a Reply: it could be a reply, but no request by this rule is open"]
        );
        let late = reasons(
            rules,
            r#"[{"topic":"q/x"},{"topic":"r/x"},{"topic":"r/x"}]"#,
        );
        assert_eq!(
            late,
            ["a Reply: it could be a reply, but every request by this rule is complete"]
        );
    }

    #[test]
    fn topic_and_payload_that_disagree_are_told() {
        let rules = r#"[{"id":"a","request":{"topic":"q/{id}","bind":{"id":"json:/id"}},"reply":{"topic":["r/{id}"],"bind":{"id":"json:/id"}}}]"#;
        assert_eq!(
            reasons(rules, r#"[{"topic":"q/1","json":{"id":2}}]"#),
            [
                "a Request: it is no request by the rule `a`: `id` is `1` in the topic and `2` by `request.bind`"
            ]
        );
        assert_eq!(
            reasons(
                rules,
                r#"[{"topic":"q/1","json":{"id":1}},{"topic":"r/1","json":{"id":2}}]"#
            ),
            [
                "a Reply: its topic is one for replies, but `id` is `1` in its topic and `2` by `reply.bind`"
            ]
        );
    }
}
