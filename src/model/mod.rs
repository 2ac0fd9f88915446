//! What the words mean: topics, messages, requests, exchanges, pairing rules, simulated devices.
//!
//! No I/O, clock, thread, async, egui or rumqttc in here: time is an argument, randomness is
//! seeded, and everything can be tested by calling it. Whoever wants to know what a verdict
//! means starts at [`requester`] and [`exchange`].

pub mod connection;
pub mod correlation;
pub mod demo;
pub mod diagnosis;
pub mod diff;
pub mod document;
pub mod environment;
pub mod exchange;
pub mod foreign;
pub mod histogram;
pub mod message;
pub mod pairing;
pub mod payload;
pub mod presets;
pub mod pretty;
pub mod profile;
pub mod record;
pub mod request;
pub mod requester;
pub mod responder;
pub mod sample;
pub mod secret;
pub mod subscribe;
pub mod template;
pub mod text;
pub mod time;
pub mod timeline;
pub mod topic;
pub mod traffic;
pub mod version;
pub mod will;

/// What is wrong with one field of a draft, in words for the place beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError<Field> {
    pub field: Field,
    pub message: String,
}
