//! Requests of one rule by what a reply on one topic has to say.

use super::Standing;
use crate::model::exchange::ExchangeId;
use crate::model::pairing::codec::Codec;
use crate::model::pairing::locator::{Bindings, MAX_VALUES};
use crate::model::pairing::pattern::VarId;
use crate::model::pairing::rule::{ReplyTopic, Rule};
use crate::model::pairing::value::Value;
use bytes::Bytes;
use std::collections::{BTreeSet, HashMap};

/// A value of every shared variable; `None` is absent.
type Key = Box<[Option<Bytes>]>;

/// With more combinations of values a request is compared one by one.
const MAX_KEYS: usize = 4096;
/// With more of them in a message it is compared with all requests.
const MAX_LOOKUPS: usize = MAX_VALUES;
/// With more combinations near misses are not looked for.
const MAX_NEAR_KEYS: usize = 64;

/// Requests by standing.
#[derive(Debug, Default)]
struct Slot([BTreeSet<ExchangeId>; 3]);

impl Slot {
    fn of(&self, standing: Standing) -> &BTreeSet<ExchangeId> {
        let [open, timed_out, completed] = &self.0;
        match standing {
            Standing::Open => open,
            Standing::TimedOut => timed_out,
            Standing::Completed => completed,
        }
    }

    fn of_mut(&mut self, standing: Standing) -> &mut BTreeSet<ExchangeId> {
        let [open, timed_out, completed] = &mut self.0;
        match standing {
            Standing::Open => open,
            Standing::TimedOut => timed_out,
            Standing::Completed => completed,
        }
    }

    fn change(&mut self, id: ExchangeId, from: Option<Standing>, to: Option<Standing>) {
        if let Some(from) = from {
            self.of_mut(from).remove(&id);
        }
        if let Some(to) = to {
            self.of_mut(to).insert(id);
        }
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(BTreeSet::is_empty)
    }
}

#[derive(Debug, Default)]
pub struct Table {
    exact: HashMap<Key, Slot>,
    /// Open requests by all values but one; the number says which.
    but_one: HashMap<(usize, Key), BTreeSet<ExchangeId>>,
    all: Slot,
    /// Those with values that the pattern does not find, such as a `/` for `{x}`. They are found by the pattern where such
    /// values stand for themselves.
    literal: HashMap<Key, Slot>,
    irregular: Slot,
    /// Those that no keys find.
    unkeyed: Slot,
}

impl Table {
    pub fn is_empty_of(&self, standing: Standing) -> bool {
        self.all.of(standing).is_empty()
    }

    pub fn has_irregular(&self, standing: Standing) -> bool {
        !self.irregular.of(standing).is_empty()
    }

    pub fn all(&self, standing: Standing) -> &BTreeSet<ExchangeId> {
        self.all.of(standing)
    }

    /// What has to be compared one by one; all irregular ones, where the message cannot be looked up.
    pub fn irregular(&self, standing: Standing, is_everything: bool) -> &BTreeSet<ExchangeId> {
        if is_everything {
            self.irregular.of(standing)
        } else {
            self.unkeyed.of(standing)
        }
    }

    /// A request comes (`from` is none), goes (`to` is none), or stands otherwise from now on.
    pub fn change(
        &mut self,
        id: ExchangeId,
        [from, to]: [Option<Standing>; 2],
        rule: &Rule,
        topic: &ReplyTopic,
        request: &Bindings,
    ) {
        self.all.change(id, from, to);
        let shared = topic.shared.as_slice();
        let is_regular = fits_its_pattern(rule, topic, request);
        let keys = if is_regular {
            keys(shared, request, MAX_KEYS)
        } else {
            combinations(shared, |var| literal_forms(topic, var, request), MAX_KEYS)
        };
        // Where keys are missing, comparing one by one is all that is left.
        if !is_regular || keys.is_none() {
            self.irregular.change(id, from, to);
        }
        let Some(keys) = keys else {
            self.unkeyed.change(id, from, to);
            return;
        };
        let is_open = to == Some(Standing::Open);
        let was_open = from == Some(Standing::Open);
        if is_open != was_open && keys.len() <= MAX_NEAR_KEYS {
            self.change_but_one(id, shared.len(), &keys, is_open);
        }
        let slots = if is_regular {
            &mut self.exact
        } else {
            &mut self.literal
        };
        for key in keys {
            match slots.get_mut(&key) {
                Some(slot) => {
                    slot.change(id, from, to);
                    if slot.is_empty() {
                        slots.remove(&key);
                    }
                }
                None if to.is_some() => slots.entry(key).or_default().change(id, None, to),
                None => {}
            }
        }
    }

    fn change_but_one(&mut self, id: ExchangeId, places: usize, keys: &[Key], is_there: bool) {
        for place in 0..places {
            for key in keys {
                let key = (place, without(key, place));
                if is_there {
                    self.but_one.entry(key).or_default().insert(id);
                } else if let Some(slot) = self.but_one.get_mut(&key) {
                    slot.remove(&id);
                    if slot.is_empty() {
                        self.but_one.remove(&key);
                    }
                }
            }
        }
    }

    /// The oldest open request with exactly these values.
    pub fn oldest_open(&self, key: &[Option<Bytes>]) -> Option<ExchangeId> {
        self.exact.get(key)?.of(Standing::Open).first().copied()
    }

    /// The requests with the same values; `None` when the message has too many to look them up.
    pub fn find(
        &self,
        standing: Standing,
        shared: &[VarId],
        near: &Bindings,
        is_literal: bool,
    ) -> Option<Vec<&BTreeSet<ExchangeId>>> {
        let keys = keys(shared, near, MAX_LOOKUPS)?;
        let all = if is_literal {
            &self.literal
        } else {
            &self.exact
        };
        let slots = keys.iter().filter_map(|key| all.get(key));
        Some(
            slots
                .map(|slot| slot.of(standing))
                .filter(|slot| !slot.is_empty())
                .collect(),
        )
    }

    /// The oldest open request with the same values but for one variable.
    pub fn find_but(&self, place: usize, shared: &[VarId], near: &Bindings) -> Option<ExchangeId> {
        let keys = keys(shared, near, MAX_NEAR_KEYS)?;
        let slots = keys
            .iter()
            .filter_map(|key| self.but_one.get(&(place, without(key, place))));
        slots.filter_map(|slot| slot.first().copied()).min()
    }
}

fn without(key: &[Option<Bytes>], place: usize) -> Key {
    key.iter()
        .enumerate()
        .filter(|(index, _)| *index != place)
        .map(|(_, value)| value.clone())
        .collect()
}

/// Every combination of values.
fn keys(shared: &[VarId], bindings: &Bindings, limit: usize) -> Option<Vec<Key>> {
    let forms = |var: VarId| match bindings.get(var) {
        [] => vec![None],
        values => values
            .iter()
            .flat_map(Value::forms)
            .cloned()
            .map(Some)
            .collect(),
    };
    combinations(shared, forms, limit)
}

fn combinations(
    shared: &[VarId],
    forms: impl Fn(VarId) -> Vec<Option<Bytes>>,
    limit: usize,
) -> Option<Vec<Key>> {
    let mut keys: Vec<Vec<Option<Bytes>>> = vec![Vec::with_capacity(shared.len())];
    for var in shared {
        let forms = forms(*var);
        if keys.len().saturating_mul(forms.len()) > limit {
            return None;
        }
        if let [form] = forms.as_slice() {
            for key in &mut keys {
                key.push(form.clone());
            }
            continue;
        }
        keys = keys
            .iter()
            .flat_map(|key| {
                forms.iter().map(|form| {
                    let mut key = key.clone();
                    key.push(form.clone());
                    key
                })
            })
            .collect();
    }
    Some(keys.into_iter().map(Vec::into_boxed_slice).collect())
}

/// What a reply on the topic may say of a variable of the request that stands for itself there: its values, in upper case
/// where the topic has them so, and nothing where it is absent and may be.
fn literal_forms(topic: &ReplyTopic, var: VarId, request: &Bindings) -> Vec<Option<Bytes>> {
    let mut holes = topic
        .pattern
        .holes()
        .iter()
        .filter(|hole| hole.var == Some(var));
    let values = request.get(var);
    if values.is_empty() {
        let is_in_topic = topic.pattern.vars().contains(&var);
        return match (is_in_topic, holes.all(|hole| hole.may_be_empty)) {
            (false, _) => vec![None],
            (true, true) => vec![None, Some(Bytes::new())],
            // No topic fits.
            (true, false) => Vec::new(),
        };
    }
    let mut forms: Vec<Option<Bytes>> = values
        .iter()
        .flat_map(Value::forms)
        .cloned()
        .map(Some)
        .collect();
    if holes.any(|hole| hole.codec == Some(Codec::Upper)) {
        let upper = values.iter().flat_map(|value| Codec::Upper.read(value));
        let upper: Vec<Option<Bytes>> = upper.map(|value| Some(value.as_bytes().clone())).collect();
        forms.extend(upper);
    }
    forms
}

/// Whether the values of a request are such as the pattern finds them in a topic: a value with a `/` stands for
/// itself in a reply topic, but `{x}` alone would not find it.
fn fits_its_pattern(rule: &Rule, topic: &ReplyTopic, request: &Bindings) -> bool {
    topic.pattern.holes().iter().all(|hole| {
        let Some(var) = hole.var.filter(|var| rule.is_bound_by_request(*var)) else {
            return true;
        };
        let values = request.get(var);
        let fits = |value: &Value| {
            value.as_text().is_some_and(|text| {
                (hole.spans_levels || !text.contains('/'))
                    && (hole.may_be_empty || !text.is_empty())
                    && hole.regex.as_ref().is_none_or(|regex| {
                        (text.is_empty() && hole.may_be_empty) || regex.is_match(text.as_bytes())
                    })
            })
        };
        hole.codec.is_none() && !values.is_empty() && values.iter().all(fits)
    })
}
