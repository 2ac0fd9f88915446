//! The index of what is waited for, over all rules.
//!
//! A request is kept under the values of the variables that it shares with its replies, for each
//! topic on which they may come. A message is taken apart once a rule and looked up, so its cost does not
//! depend on how many requests are open. Requests whose values do not fit their own patterns are kept
//! aside and compared one by one.

mod explain;
mod search;
mod table;

use super::Rules;
use super::locator::{Bindings, Subject};
use super::pattern::VarId;
use super::rule::{Rule, Status, scope};
use super::value::Value;
use crate::model::exchange::ExchangeId;
use crate::model::message::Message;
use bytes::Bytes;
pub use explain::{Reason, Role};
use search::{Hit, Search};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use table::Table;

/// How a request that is remembered stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Open,
    TimedOut,
    Completed,
}

/// Parts of one message and ways to read its topic that are looked at for one rule; enough for any that is sent on purpose.
const MAX_READINGS: usize = 1 << 14;

#[derive(Debug)]
struct Kept {
    rule: usize,
    request: Bindings,
    standing: Standing,
    has_id: bool,
}

/// A message answers a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    pub id: ExchangeId,
    pub standing: Standing,
    pub rule: Arc<str>,
    pub status: Status,
    /// The variables of the pair, what both share narrowed down to what they have in common.
    pub variables: Vec<(Arc<str>, Vec<Value>)>,
}

/// A message would answer a request if one variable were not different.
#[derive(Clone, Debug, PartialEq)]
pub struct NearMiss {
    pub id: ExchangeId,
    pub rule: Arc<str>,
    pub variable: Arc<str>,
    /// What the request has; nothing where it is absent.
    pub wanted: Vec<Value>,
    /// What the message has.
    pub found: Vec<Value>,
}

/// What a message answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Match {
    /// By one rule: one request, or with `reply.each` several, each once. Open requests come first; those that
    /// timed out are still owed an answer; completed ones take further replies where an `id` was bound.
    Pairs(Vec<Pair>),
    /// A retained message that would have paired, but not by a rule that takes retained messages.
    Stale(Pair),
    NearMiss(NearMiss),
    /// Nobody waits for it.
    Elsewhere,
}

#[derive(Debug)]
pub struct Matcher {
    rules: Rules,
    kept: HashMap<ExchangeId, Kept>,
    /// By rule, then by reply topic.
    tables: Vec<Vec<Table>>,
    /// The values of a reply by MQTT 5's own rule, in the order of its keys; none where another rule comes first.
    plain: Option<Vec<Plain>>,
}

/// What a plain reply says.
#[derive(Clone, Copy, Debug)]
enum Plain {
    Topic,
    Data,
}

/// How MQTT 5's own rule looks a reply up, where it is the first one.
fn plain(rules: &Rules) -> Option<Vec<Plain>> {
    let rule = rules.get(0).filter(|_| rules.starts_with_shipped_mqtt5())?;
    let [topic] = rule.reply.topics.as_slice() else {
        return None;
    };
    let part = |var: &VarId| match &*rule.name(*var) {
        "reply_to" => Some(Plain::Topic),
        "id" => Some(Plain::Data),
        _ => None,
    };
    topic.shared.iter().map(part).collect()
}

impl Matcher {
    pub fn new(rules: Rules) -> Self {
        let tables = rules
            .iter()
            .map(|rule| rule.reply.topics.iter().map(|_| Table::default()).collect())
            .collect();
        Self {
            plain: plain(&rules),
            rules,
            kept: HashMap::new(),
            tables,
        }
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Other rules from now on. What is remembered keeps the rule that it was sent by.
    pub fn set_rules(&mut self, rules: &Rules) {
        let mut used: Vec<usize> = self.kept.values().map(|kept| kept.rule).collect();
        used.sort_unstable();
        used.dedup();
        let old = &self.rules;
        let rules_of: Vec<Arc<Rule>> = used
            .iter()
            .filter_map(|&index| old.shared(index).cloned())
            .collect();
        let (rules, places) = rules.and(&rules_of);
        let place_of: HashMap<usize, usize> = used.into_iter().zip(places).collect();
        let mut fresh = Self::new(rules);
        let kept: BTreeMap<ExchangeId, Kept> = std::mem::take(&mut self.kept).into_iter().collect();
        for (id, mut kept) in kept {
            if let Some(&place) = place_of.get(&kept.rule) {
                kept.rule = place;
                fresh.index(id, &kept, None, Some(kept.standing));
                fresh.kept.insert(id, kept);
            }
        }
        *self = fresh;
    }

    /// Remembers an open request of the rule at that place in the list.
    pub fn insert(&mut self, id: ExchangeId, rule: usize, request: Bindings) {
        let Some(compiled) = self.rules.get(rule) else {
            return;
        };
        let kept = Kept {
            rule,
            has_id: compiled.has_id(&request),
            request,
            standing: Standing::Open,
        };
        self.forget(id);
        self.index(id, &kept, None, Some(kept.standing));
        self.kept.insert(id, kept);
    }

    pub fn standing(&self, id: ExchangeId) -> Option<Standing> {
        self.kept.get(&id).map(|kept| kept.standing)
    }

    /// The variables of a request that is remembered, and its rule.
    pub fn request(&self, id: ExchangeId) -> Option<(&Rule, &Bindings)> {
        let kept = self.kept.get(&id)?;
        Some((self.rules.get(kept.rule)?, &kept.request))
    }

    /// More is known of a request that is remembered.
    pub fn rebind(&mut self, id: ExchangeId, request: Bindings) {
        let Some(mut kept) = self.kept.remove(&id) else {
            return;
        };
        self.index(id, &kept, Some(kept.standing), None);
        kept.has_id = self
            .rules
            .get(kept.rule)
            .is_some_and(|rule| rule.has_id(&request));
        kept.request = request;
        self.index(id, &kept, None, Some(kept.standing));
        self.kept.insert(id, kept);
    }

    pub fn set_standing(&mut self, id: ExchangeId, new: Standing) {
        let Some(mut kept) = self.kept.remove(&id) else {
            return;
        };
        let old = std::mem::replace(&mut kept.standing, new);
        if old != new {
            self.index(id, &kept, Some(old), Some(new));
        }
        self.kept.insert(id, kept);
    }

    pub fn forget(&mut self, id: ExchangeId) {
        if let Some(kept) = self.kept.remove(&id) {
            self.index(id, &kept, Some(kept.standing), None);
        }
    }

    /// Puts a request into the tables of its rule, takes it out, or moves it within them.
    fn index(&mut self, id: ExchangeId, kept: &Kept, from: Option<Standing>, to: Option<Standing>) {
        // Without an id, a further reply cannot be told from somebody else's.
        let is_found = |standing: &Standing| *standing != Standing::Completed || kept.has_id;
        let change = [from.filter(is_found), to.filter(is_found)];
        if change == [None, None] {
            return;
        }
        let (Some(rule), Some(tables)) =
            (self.rules.get(kept.rule), self.tables.get_mut(kept.rule))
        else {
            return;
        };
        for (topic, table) in rule.reply.topics.iter().zip(tables) {
            table.change(id, change, rule, topic, &kept.request);
        }
    }

    /// The open request that a message answers in the plain case, where [`Self::find`] would come to the same and no
    /// other rule has a say: not retained, Correlation Data of an open request, nothing by which it could tell of a failure.
    pub fn plain_answer(&self, message: &Message) -> Option<ExchangeId> {
        let parts = self.plain.as_ref()?;
        let properties = &message.properties;
        let data = properties.correlation_data.as_ref()?;
        if message.retain || !properties.user_properties.is_empty() {
            return None;
        }
        let (own, others) = self.tables.split_first()?;
        let [table] = own.as_slice() else {
            return None;
        };
        let is_alone = others
            .iter()
            .flatten()
            .all(|table| table.is_empty_of(Standing::Open));
        if !is_alone || table.has_irregular(Standing::Open) {
            return None;
        }
        let value = |part: &Plain| {
            Some(match part {
                Plain::Topic => Bytes::copy_from_slice(message.topic.as_str().as_bytes()),
                Plain::Data => data.to_bytes(),
            })
        };
        let key: Vec<Option<Bytes>> = parts.iter().map(value).collect();
        table.oldest_open(&key)
    }

    /// The first rule by which the message is a request, and its variables.
    pub fn opens(&self, subject: &Subject<'_>) -> Option<(usize, Bindings)> {
        self.rules.opens(subject)
    }

    /// What the message answers.
    pub fn find(&self, subject: &Subject<'_>) -> Match {
        let is_retained = subject.message.retain;
        let takes = |rule: &Rule| !is_retained || rule.accept_retained;
        let pairs = self.pairs(subject, &takes);
        if !pairs.is_empty() {
            return Match::Pairs(pairs);
        }
        if is_retained && let Some(pair) = self.pairs(subject, &|_| true).into_iter().next() {
            return Match::Stale(pair);
        }
        self.near_miss(subject)
            .map_or(Match::Elsewhere, Match::NearMiss)
    }

    fn pairs(&self, subject: &Subject<'_>, takes: &dyn Fn(&Rule) -> bool) -> Vec<Pair> {
        for standing in [Standing::Open, Standing::TimedOut, Standing::Completed] {
            let mut best: Vec<Hit> = Vec::new();
            for (index, rule) in self.rules.iter().enumerate() {
                // Most rules have sent nothing: they cost a message no more than this look.
                let tables = self.tables.get(index).map_or(&[][..], Vec::as_slice);
                if tables.iter().all(|table| table.is_empty_of(standing)) || !takes(rule) {
                    continue;
                }
                let mut hits = Search::new(self, index, rule, subject, standing).hits();
                hits.sort_by_key(|hit| hit.id);
                let is_better = match (hits.first(), hits.last(), best.first(), best.last()) {
                    (None, ..) => false,
                    (Some(_), _, None, _) => true,
                    // The newest of the completed ones is the one that is repeated.
                    (_, Some(new), _, Some(old)) if standing == Standing::Completed => {
                        new.id > old.id
                    }
                    (Some(new), _, Some(old), _) => new.id < old.id,
                };
                if is_better {
                    best = hits;
                }
            }
            if !best.is_empty() {
                let pairs = best.into_iter();
                return pairs.filter_map(|hit| self.pair(subject, &hit)).collect();
            }
        }
        Vec::new()
    }

    fn pair(&self, subject: &Subject<'_>, hit: &Hit) -> Option<Pair> {
        let (rule, kept) = (self.rules.get(hit.rule)?, self.kept.get(&hit.id)?);
        let scope = scope(subject, hit.root, &hit.near, Some(&kept.request));
        let status = rule.status(&scope);
        let mut all = hit.near.clone();
        for var in rule.names.ids() {
            if all.get(var).is_empty() {
                all.set(var, kept.request.get(var).to_vec());
            }
        }
        Some(Pair {
            id: hit.id,
            standing: kept.standing,
            rule: Arc::clone(&rule.id),
            status,
            variables: rule.named(&all),
        })
    }

    /// The oldest open request that differs from the message in one variable.
    fn near_miss(&self, subject: &Subject<'_>) -> Option<NearMiss> {
        let mut best: Option<(bool, ExchangeId, usize, VarId, Bindings)> = None;
        for (index, rule) in self.rules.iter().enumerate() {
            let tables = self.tables.get(index).map_or(&[][..], Vec::as_slice);
            for (topic, table) in rule.reply.topics.iter().zip(tables) {
                if table.is_empty_of(Standing::Open) {
                    continue;
                }
                let in_topic = topic.pattern.vars();
                let mut parses = topic.pattern.parses(subject.topic()).list;
                if table.has_irregular(Standing::Open) {
                    parses.extend(topic.literal.parses(subject.topic()).list);
                }
                if parses.is_empty() {
                    continue;
                }
                for root in rule
                    .roots(subject)
                    .into_iter()
                    .take(MAX_READINGS / parses.len())
                {
                    for spans in &parses {
                        let Some(near) = rule.reading(topic, subject, spans, root) else {
                            continue;
                        };
                        for (place, &var) in topic.shared.iter().enumerate() {
                            let is_other_topic = in_topic.contains(&var);
                            // A topic that says nothing fits everything.
                            if is_other_topic && !topic.pattern.has_text() {
                                continue;
                            }
                            let Some(id) = table.find_but(place, &topic.shared, &near) else {
                                continue;
                            };
                            let is_better = best.as_ref().is_none_or(|(other, known, ..)| {
                                (is_other_topic, id) < (*other, *known)
                            });
                            if is_better {
                                best = Some((is_other_topic, id, index, var, near.clone()));
                            }
                        }
                    }
                }
            }
        }
        let (_, id, index, var, near) = best?;
        let (rule, kept) = (self.rules.get(index)?, self.kept.get(&id)?);
        Some(NearMiss {
            id,
            rule: Arc::clone(&rule.id),
            variable: rule.name(var),
            wanted: kept.request.get(var).to_vec(),
            found: near.get(var).to_vec(),
        })
    }
}
