//! Which requests of one rule a message answers.

use super::table::Table;
use super::{MAX_READINGS, Matcher, Standing};
use crate::model::exchange::ExchangeId;
use crate::model::pairing::json::NodeId;
use crate::model::pairing::locator::{Bindings, Subject};
use crate::model::pairing::pattern::Parses;
use crate::model::pairing::rule::{ReplyTopic, Rule};
use std::collections::BTreeSet;

/// Requests that are compared with a message one by one where it cannot be looked up.
const MAX_COMPARED: usize = 256;

/// One way in which a message answers a request.
pub(super) struct Hit {
    pub id: ExchangeId,
    pub rule: usize,
    pub root: NodeId,
    pub near: Bindings,
}

/// One message, one rule, and the requests that stand so.
pub(super) struct Search<'a, 'm> {
    matcher: &'a Matcher,
    index: usize,
    rule: &'a Rule,
    subject: &'a Subject<'m>,
    standing: Standing,
    /// Those that other parts of the message answer.
    taken: BTreeSet<ExchangeId>,
}

/// A reply topic that the message's fits, with its requests.
struct Fitting<'a> {
    topic: &'a ReplyTopic,
    table: &'a Table,
    parses: Parses,
    /// Where values of requests stand for themselves.
    literal: Parses,
}

impl<'a, 'm> Search<'a, 'm> {
    pub fn new(
        matcher: &'a Matcher,
        index: usize,
        rule: &'a Rule,
        subject: &'a Subject<'m>,
        standing: Standing,
    ) -> Self {
        Self {
            matcher,
            index,
            rule,
            subject,
            standing,
            taken: BTreeSet::new(),
        }
    }

    /// One request for each part of the message, each once.
    pub fn hits(mut self) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let fitting = self.fitting();
        if fitting.is_empty() {
            return hits;
        }
        let ways = |one: &Fitting<'_>| one.parses.list.len() + one.literal.list.len();
        let ways: usize = fitting.iter().map(ways).sum();
        let parts = self.rule.roots(self.subject).into_iter();
        for root in parts.take(MAX_READINGS / ways.max(1)) {
            let found = fitting.iter().filter_map(|one| self.best(one, root));
            let best = found.reduce(|best, hit| self.better(best, hit));
            if let Some(hit) = best {
                self.taken.insert(hit.id);
                hits.push(hit);
            }
        }
        hits
    }

    fn fitting(&self) -> Vec<Fitting<'a>> {
        let topic = self.subject.topic();
        let tables = self.matcher.tables.get(self.index);
        let tables = tables.map_or(&[][..], Vec::as_slice);
        let all = self.rule.reply.topics.iter().zip(tables);
        all.filter(|(_, table)| !table.is_empty_of(self.standing))
            .map(|(reply, table)| Fitting {
                topic: reply,
                table,
                parses: reply.pattern.parses(topic),
                literal: if table.has_irregular(self.standing) {
                    reply.literal.parses(topic)
                } else {
                    Parses::none()
                },
            })
            .filter(|one| one.parses.may_fit() || one.literal.may_fit())
            .collect()
    }

    /// The oldest; of completed ones the newest is the one that is repeated. What was found first stays.
    fn better(&self, one: Hit, other: Hit) -> Hit {
        let is_better = if self.standing == Standing::Completed {
            other.id > one.id
        } else {
            other.id < one.id
        };
        if is_better { other } else { one }
    }

    fn in_order(
        &self,
        slot: &'a BTreeSet<ExchangeId>,
    ) -> Box<dyn Iterator<Item = ExchangeId> + 'a> {
        if self.standing == Standing::Completed {
            Box::new(slot.iter().rev().copied())
        } else {
            Box::new(slot.iter().copied())
        }
    }

    /// What one part of the message answers on one topic.
    fn best(&self, one: &Fitting<'a>, root: NodeId) -> Option<Hit> {
        let Fitting {
            topic,
            table,
            parses,
            literal,
        } = one;
        let mut best: Option<Hit> = None;
        let mut offer = |hit: Option<Hit>| {
            best = match (best.take(), hit) {
                (Some(best), Some(hit)) => Some(self.better(best, hit)),
                (best, hit) => best.or(hit),
            };
        };
        let compare = |id: ExchangeId| self.compared(topic, root, id);
        let mut is_known = parses.is_complete;
        for spans in &parses.list {
            let Some(near) = self.rule.reading(topic, self.subject, spans, root) else {
                continue;
            };
            let Some(slots) = table.find(self.standing, &topic.shared, &near, false) else {
                is_known = false;
                continue;
            };
            for slot in slots {
                let agrees = |id| self.agreed(topic, root, id, &near, false);
                offer(self.in_order(slot).find_map(agrees));
            }
        }
        if !is_known {
            let all = self.in_order(table.all(self.standing));
            offer(all.take(MAX_COMPARED).find_map(compare));
            return best;
        }
        is_known = literal.is_complete;
        for spans in &literal.list {
            let Some(near) = self.rule.reading(topic, self.subject, spans, root) else {
                continue;
            };
            let Some(slots) = table.find(self.standing, &topic.shared, &near, true) else {
                is_known = false;
                continue;
            };
            for slot in slots {
                offer(self.in_order(slot).find_map(compare));
            }
        }
        let aside = self.in_order(table.irregular(self.standing, !is_known));
        offer(aside.take(MAX_COMPARED).find_map(compare));
        best
    }

    fn agreed(
        &self,
        topic: &ReplyTopic,
        root: NodeId,
        id: ExchangeId,
        near: &Bindings,
        is_topic_known: bool,
    ) -> Option<Hit> {
        let kept = self.matcher.kept.get(&id);
        let far = &kept.filter(|_| !self.taken.contains(&id))?.request;
        let near = self
            .rule
            .agrees(topic, self.subject, root, near, far, is_topic_known)?;
        Some(Hit {
            id,
            rule: self.index,
            root,
            near,
        })
    }

    /// The message against this very request, in every way that its topic can be read.
    fn compared(&self, topic: &ReplyTopic, root: NodeId, id: ExchangeId) -> Option<Hit> {
        let far = &self.matcher.kept.get(&id)?.request;
        let given = |var| self.rule.is_bound_by_request(var).then(|| far.get(var));
        let parses = topic.pattern.parses_given(self.subject.topic(), &given);
        parses.iter().find_map(|spans| {
            let near = self.rule.reading(topic, self.subject, spans, root)?;
            self.agreed(topic, root, id, &near, true)
        })
    }
}
