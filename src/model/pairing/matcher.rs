//! The index of what is waited for.

use crate::model::exchange::ExchangeId;
use crate::model::message::Message;
use crate::model::pairing::rule::{Expectation, Rule, Value};
use crate::model::topic::TopicName;
use std::collections::{BTreeSet, HashMap};

/// How a request that is remembered stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Open,
    TimedOut,
    Completed,
}

/// Expectations by reply topic and by the value of the first shared variable, so that one message
/// costs the same with one request remembered as with thousands.
#[derive(Debug)]
pub struct Matcher {
    rule: Rule,
    expectations: HashMap<ExchangeId, (Expectation, Standing)>,
    topics: HashMap<TopicName, HashMap<Option<Value>, Slot>>,
}

/// What waits under one key, by standing and age.
#[derive(Debug, Default)]
struct Slot {
    open: BTreeSet<ExchangeId>,
    timed_out: BTreeSet<ExchangeId>,
    completed: BTreeSet<ExchangeId>,
}

impl Slot {
    fn of(&mut self, standing: Standing) -> &mut BTreeSet<ExchangeId> {
        match standing {
            Standing::Open => &mut self.open,
            Standing::TimedOut => &mut self.timed_out,
            Standing::Completed => &mut self.completed,
        }
    }

    fn is_empty(&self) -> bool {
        self.open.is_empty() && self.timed_out.is_empty() && self.completed.is_empty()
    }
}

/// What a message answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Match {
    /// The oldest open request; else the oldest that timed out, which is still owed an answer;
    /// else the newest that was completed.
    Pairs(ExchangeId, Standing),
    /// Somebody waits or waited on this topic, but a shared variable differs.
    NearMiss,
    /// Nobody waits on this topic.
    Elsewhere,
}

impl Matcher {
    pub fn new(rule: Rule) -> Self {
        Self {
            rule,
            expectations: HashMap::new(),
            topics: HashMap::new(),
        }
    }

    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Remembers an open request.
    pub fn insert(&mut self, id: ExchangeId, expectation: Expectation) {
        let topic = self
            .topics
            .entry(expectation.reply_topic.clone())
            .or_default();
        for key in keys(&expectation.shared) {
            topic.entry(key).or_default().open.insert(id);
        }
        self.expectations.insert(id, (expectation, Standing::Open));
    }

    pub fn standing(&self, id: ExchangeId) -> Option<Standing> {
        self.expectations.get(&id).map(|(_, standing)| *standing)
    }

    pub fn set_standing(&mut self, id: ExchangeId, new: Standing) {
        let Some((expectation, standing)) = self.expectations.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(standing, new);
        let Some(topic) = self.topics.get_mut(&expectation.reply_topic) else {
            return;
        };
        for key in keys(&expectation.shared) {
            if let Some(slot) = topic.get_mut(&key) {
                slot.of(old).remove(&id);
                slot.of(new).insert(id);
            }
        }
    }

    pub fn forget(&mut self, id: ExchangeId) {
        let Some((expectation, standing)) = self.expectations.remove(&id) else {
            return;
        };
        let Some(topic) = self.topics.get_mut(&expectation.reply_topic) else {
            return;
        };
        for key in keys(&expectation.shared) {
            if let Some(slot) = topic.get_mut(&key) {
                slot.of(standing).remove(&id);
                if slot.is_empty() {
                    topic.remove(&key);
                }
            }
        }
        if topic.is_empty() {
            self.topics.remove(&expectation.reply_topic);
        }
    }

    /// The request that `message` answers.
    pub fn find(&self, message: &Message) -> Match {
        let Some(topic) = self.topics.get(&message.topic) else {
            return Match::Elsewhere;
        };
        let found = self.rule.shared_of_reply(message);
        let keys = keys(&found);
        let slots: Vec<&Slot> = keys.iter().filter_map(|key| topic.get(key)).collect();
        let agrees = |id: &&ExchangeId| {
            self.expectations
                .get(id)
                .is_some_and(|(expectation, _)| expectation.agrees_with(&found))
        };
        let open = slots
            .iter()
            .filter_map(|slot| slot.open.iter().find(agrees))
            .min();
        let timed_out = || {
            slots
                .iter()
                .filter_map(|slot| slot.timed_out.iter().find(agrees))
                .min()
        };
        let completed = || {
            slots
                .iter()
                .filter_map(|slot| slot.completed.iter().rev().find(agrees))
                .max()
        };
        open.map(|id| (id, Standing::Open))
            .or_else(|| timed_out().map(|id| (id, Standing::TimedOut)))
            .or_else(|| completed().map(|id| (id, Standing::Completed)))
            .map_or(Match::NearMiss, |(id, standing)| {
                Match::Pairs(*id, standing)
            })
    }
}

fn keys(shared: &[(&'static str, Vec<Value>)]) -> Vec<Option<Value>> {
    match shared.first() {
        Some((_, values)) if !values.is_empty() => values.iter().cloned().map(Some).collect(),
        _ => vec![None],
    }
}
