//! Pairing: how a reply is recognised as the answer to a request.
//!
//! A [`Rule`] names variables and says where they sit in the request and in the reply; a reply
//! pairs with the oldest open request whose shared variables are all equal (absent equals
//! absent). A [`Matcher`] keeps what is waited for, indexed so that a message is looked up and
//! not searched for. The rule of MQTT 5's own properties is data like any other: start at
//! [`Rule::mqtt5`].

mod matcher;
mod rule;

pub use matcher::{Match, Matcher, Standing};
pub use rule::{Expectation, Locator, Rule, Value};
