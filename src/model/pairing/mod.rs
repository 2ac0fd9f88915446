//! Pairing: how a reply is recognised as the answer to a request, by rules that are data.
//!
//! A [`Rule`] names variables. Patterns and locators bind them in the request and in the reply; a reply pairs
//! with the oldest open request whose shared variables are all equal (absent equals absent). The same rule
//! writes them, too: [`Rule::compose`] makes a request, [`Rule::answer`] a reply. [`Rules`] is the ordered list
//! of rules that are active, a [`Matcher`] keeps what is waited for, and a [`Trial`] judges a list of messages.
//! The rule of MQTT 5's own properties is the first of the shipped ones, [`Rule::mqtt5`].

mod codec;
mod compose;
mod condition;
mod describe;
mod document;
mod generate;
mod inject;
pub mod json;
mod locator;
mod matcher;
mod node;
mod outgoing;
mod pattern;
mod read;
mod regex;
mod rule;
mod rules;
mod trace;
mod value;
mod why;

pub use compose::{ComposeError, Variables};
pub use describe::VariableInfo;
pub use document::{rule_to_json, rule_to_toml};
pub use generate::{Circumstances, Generator};
pub use locator::{Bindings, Subject};
pub use matcher::{Match, Matcher, NearMiss, Pair, Reason, Role, Standing};
pub use node::{FileError, Format, format_of};
pub use outgoing::{Outgoing, typed_variables};
pub use pattern::covers;
pub use read::{read_rules, read_rules_of};
pub use rule::{Defaults, OutcomeKind, Presence, Replies, Rule, Status};
pub use rules::Rules;
pub use trace::{Explanation, Sample, Trial, Verdict, read_trace, read_traces, sample_to_json};
pub use value::{Kind as ValueKind, Value};

#[cfg(test)]
mod tests;
