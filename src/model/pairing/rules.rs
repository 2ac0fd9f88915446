//! The ordered list of active rules, and the shipped ones.

use super::locator::{Bindings, Subject};
use super::node::Format;
use super::read::read_rules;
use super::rule::{Presence, Rule};
use std::sync::{Arc, LazyLock};

/// The presets, in the order in which they are tried: MQTT 5 first, what catches nearly everything last.
pub const SHIPPED: &str = include_str!("../../../assets/pairing/rules.json");

static COMPILED: LazyLock<Rules> = LazyLock::new(|| {
    let rules = read_rules(SHIPPED, Format::Json);
    if let Err(errors) = &rules {
        log::error!("the shipped pairing rules cannot be read: {errors:?}");
    }
    Rules::new(rules.unwrap_or_default())
});

/// Rules in the order in which they are tried. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Rules(Arc<[Arc<Rule>]>);

impl Rules {
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(rules.into_iter().map(Arc::new).collect())
    }

    /// The shipped rules with those of the user: `mqtt5` first, then the user's in their order, then the presets
    /// that none of them replaces.
    pub fn with_own(own: Vec<Rule>) -> Self {
        let own: Vec<Arc<Rule>> = own.into_iter().map(Arc::new).collect();
        let is_replaced = |rule: &&Arc<Rule>| own.iter().any(|mine| mine.id == rule.id);
        let shipped = Self::shipped();
        let mut presets = shipped.0.iter().filter(|rule| !is_replaced(rule)).cloned();
        let first = presets.next();
        Self(
            first
                .into_iter()
                .chain(own.iter().cloned())
                .chain(presets)
                .collect(),
        )
    }

    /// The same list with `more` at its end; gives the place of each of them, which is where it was if it was there.
    pub(super) fn and(&self, more: &[Arc<Rule>]) -> (Self, Vec<usize>) {
        let mut all = self.0.to_vec();
        let places = more
            .iter()
            .map(|rule| {
                let known = all.iter().position(|known| Arc::ptr_eq(known, rule));
                known.unwrap_or_else(|| {
                    all.push(Arc::clone(rule));
                    all.len() - 1
                })
            })
            .collect();
        (Self(all.into()), places)
    }

    pub(super) fn shared(&self, index: usize) -> Option<&Arc<Rule>> {
        self.0.get(index)
    }

    /// The presets.
    pub fn shipped() -> Self {
        COMPILED.clone()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().map(|rule| &**rule)
    }

    /// Whether the first rule is MQTT 5's own, as shipped.
    pub fn starts_with_shipped_mqtt5(&self) -> bool {
        match (self.0.first(), COMPILED.0.first()) {
            (Some(first), Some(shipped)) => Arc::ptr_eq(first, shipped),
            _ => false,
        }
    }

    /// Whether it is the very same list.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub fn get(&self, index: usize) -> Option<&Rule> {
        self.0.get(index).map(|rule| &**rule)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn find(&self, id: &str) -> Option<(usize, &Rule)> {
        self.iter().enumerate().find(|(_, rule)| &*rule.id == id)
    }

    /// The first rule by which the message is a request.
    pub fn opens(&self, subject: &Subject<'_>) -> Option<(usize, Bindings)> {
        let mut rules = self.iter().enumerate();
        rules.find_map(|(index, rule)| Some((index, rule.request(subject)?)))
    }

    /// What the message says of a device's presence, by each rule that has something to say.
    pub fn presence(&self, subject: &Subject<'_>) -> Vec<Presence> {
        self.iter()
            .filter_map(|rule| rule.presence(subject))
            .collect()
    }
}

impl From<Rule> for Rules {
    fn from(rule: Rule) -> Self {
        Self::new(vec![rule])
    }
}

impl Rule {
    /// Response Topic and Correlation Data (MQTT 5 §4.10), as exact bytes. A reply says that it failed
    /// by the user properties of the conventions that ride on MQTT 5.
    pub fn mqtt5() -> Self {
        let shipped = Rules::shipped();
        shipped.get(0).cloned().unwrap_or_default()
    }
}
