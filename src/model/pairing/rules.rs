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
pub struct Rules(Arc<[Rule]>);

impl Rules {
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(rules.into())
    }

    /// The presets.
    pub fn shipped() -> Self {
        COMPILED.clone()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Rule> {
        self.0.iter()
    }

    pub fn get(&self, index: usize) -> Option<&Rule> {
        self.0.get(index)
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

impl<'a> IntoIterator for &'a Rules {
    type Item = &'a Rule;
    type IntoIter = std::slice::Iter<'a, Rule>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
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
