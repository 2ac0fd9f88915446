//! Conditions: `[locator, op, value]`.

use super::locator::{Locator, Scope};
use super::pattern::VarId;
use super::regex::Regex;
use super::value::{Value, agree};
use std::cmp::Ordering;

pub const OPS: &str = "exists, missing, ==, !=, in, !in, ~, !~, <, <=, > and >=";

#[derive(Clone, Debug)]
pub enum Test {
    Exists,
    Missing,
    /// `==` and `in`: one of these.
    Among(Vec<Value>),
    /// `!=` and `!in`: there, but none of these.
    NotAmong(Vec<Value>),
    Matches(Regex),
    MatchesNot(Regex),
    /// As numbers.
    Compares {
        than: f64,
        holds: &'static [Ordering],
    },
}

#[derive(Clone, Debug)]
pub struct Condition {
    pub locator: Locator,
    pub test: Test,
}

impl Condition {
    /// Of an absent value everything is false but `missing`. Of several candidates one has to do, for
    /// `!in` and `!~` all.
    pub fn holds(&self, scope: &Scope<'_, '_>) -> bool {
        match &self.test {
            Test::Exists => return self.locator.exists(scope),
            Test::Missing => return !self.locator.exists(scope),
            _ => {}
        }
        let values = self.locator.values(scope);
        let any = |test: &dyn Fn(&Value) -> bool| values.iter().any(test);
        match &self.test {
            Test::Exists => !values.is_empty(),
            Test::Missing => values.is_empty(),
            Test::Among(wanted) => !values.is_empty() && agree(&values, wanted),
            Test::NotAmong(wanted) => !values.is_empty() && !agree(&values, wanted),
            Test::Matches(regex) => any(&|value| regex.is_match(value.as_bytes())),
            Test::MatchesNot(regex) => {
                !values.is_empty() && !any(&|value| regex.is_match(value.as_bytes()))
            }
            Test::Compares { than, holds } => any(&|value| {
                let number = value
                    .as_text()
                    .and_then(|text| text.trim().parse::<f64>().ok());
                number
                    .and_then(|number| number.partial_cmp(than))
                    .is_some_and(|order| holds.contains(&order))
            }),
        }
    }

    pub fn reads(&self) -> Option<VarId> {
        self.locator.reads()
    }
}

pub fn any(conditions: &[Condition], scope: &Scope<'_, '_>) -> bool {
    conditions.iter().any(|condition| condition.holds(scope))
}
