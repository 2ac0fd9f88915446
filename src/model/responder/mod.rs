//! The rules of a simulated device: a request in, its answers out.
//!
//! Sans-IO: time is an argument, randomness is seeded, nothing is sent from here. What always
//! holds: the answer goes to the request's Response Topic and returns its Correlation Data byte
//! for byte (MQTT 5 §4.10), empty staying empty and absent staying absent; its quality of service
//! is the request's; it is not retained and asks for no reply. A request without a Response Topic
//! is answered on the device's own reply topic, if there is one. A device with a pairing rule runs it
//! backwards instead, and what is no request by it is none here. What is not answered says why.
//!
//! A retained message that the broker replays on subscribing is not live: it is neither answered
//! nor does it change the state.
//!
//! Start reading at [`DeviceDraft::validate`], then [`Responder::receive`].

mod answer;
pub mod condition;
mod device;
mod draft;
mod faults;
mod life;
mod pairing;
mod rule;
mod values;

use crate::model::message::Message;
use crate::model::pairing::{Bindings, Variables};
use crate::model::template::{Context, Request, Values};
use crate::model::time::Timestamp;
use answer::Notes;
pub use device::Device;
pub use draft::{DeviceDraft, DeviceField};
pub use faults::Faults;
pub use life::{
    Leaves, Life, OwnField, OwnMessage, OwnMessageDraft, Schedule, ScheduleDraft, ScheduleField,
};
use pairing::Heard;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
pub use rule::{FurtherDraft, FurtherField, RuleDraft, RuleField};
use rule::{Rule, Setting};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
pub use values::{ValueTable, shown_value, typed_value};

/// A device at work: its rules, and what it remembers.
#[derive(Debug)]
pub struct Responder {
    device: Arc<Device>,
    state: Values,
    /// Requests so far.
    counter: u64,
    /// Messages that nobody asked for, so far.
    own_messages: u64,
    random: StdRng,
    /// By a pairing rule: what keeps it from answering answers.
    heard: Option<Heard>,
}

/// A request, what its pairing rule bound in it, and when it came.
struct Asked<'a> {
    request: Request<'a>,
    bindings: Bindings,
    variables: Variables,
    now: Timestamp,
}

/// What a device does with one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaction {
    pub answers: Vec<Answer>,
    /// Whether a value of the state changed.
    pub values_changed: bool,
    /// Why there is no answer, when there is none.
    pub not_answered: Option<Arc<str>>,
    /// What was odd about it: placeholders that stood for nothing.
    pub note: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How long after the request it is sent.
    pub after: Duration,
    pub message: Message,
}

impl Responder {
    /// A device that has just been switched on, with the state of its draft.
    pub fn new(device: Arc<Device>, seed: u64) -> Self {
        Self {
            state: device.state.0.clone(),
            heard: device.pairing.as_ref().map(Heard::new),
            device,
            counter: 0,
            own_messages: 0,
            random: StdRng::seed_from_u64(seed),
        }
    }

    pub fn device(&self) -> &Arc<Device> {
        &self.device
    }

    pub fn values(&self) -> &Values {
        &self.state
    }

    /// Sets one value by hand. Says whether that changed anything.
    pub fn set_value(&mut self, name: &str, value: Value) -> bool {
        if self.state.get(name) == Some(&value) {
            return false;
        }
        self.state.insert(name.to_owned(), value);
        true
    }

    pub fn receive(&mut self, message: &Message, now: Timestamp) -> Reaction {
        if message.retain {
            return Reaction::silent(
                "it is a retained message that the broker replays, not a live request",
            );
        }
        let device = Arc::clone(&self.device);
        let mut asked = Asked {
            request: Request::new(message),
            bindings: Bindings::default(),
            variables: Variables::new(),
            now,
        };
        if let Some(by) = &device.pairing {
            if self
                .heard
                .as_mut()
                .is_some_and(|heard| heard.is_answer(message, now))
            {
                return Reaction::silent(
                    "it is an answer to a request that was answered here already, not a request",
                );
            }
            match by.request(message) {
                Ok(bindings) => asked.bindings = bindings,
                Err(why) => return Reaction::silent(&why),
            }
            asked.variables = by.named(&asked.bindings);
        }
        self.counter = self.counter.saturating_add(1);
        let rule = {
            let mut context = self.context(&asked);
            device.rules.iter().find(|rule| {
                rule.when
                    .as_ref()
                    .is_none_or(|condition| condition.holds(&mut context))
            })
        };
        let values_changed = rule.is_some_and(|rule| self.set(rule, &asked));
        let mut notes = Notes::default();
        let (answers, not_answered) = match self.answers(rule, &asked, &mut notes) {
            Ok(answers) => (answers, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        Reaction {
            answers,
            values_changed,
            not_answered,
            note: notes.in_words(),
        }
    }

    fn context<'a>(&'a mut self, asked: &'a Asked<'a>) -> Context<'a> {
        Context {
            request: &asked.request,
            variables: &asked.variables,
            state: &self.state,
            device: &self.device.name,
            counter: self.counter,
            now: asked.now,
            random: &mut self.random,
        }
    }

    /// Sets what the rule sets. Every value is worked out before the first one changes.
    fn set(&mut self, rule: &Rule, asked: &Asked<'_>) -> bool {
        let mut values = Vec::with_capacity(rule.set.len());
        for (name, setting) in &rule.set {
            let value = match setting {
                Setting::Constant(value) => Some(value.clone()),
                Setting::Template(template) => {
                    // What the request does not have leaves the state as it is: it need not be there.
                    template.value(&mut self.context(asked)).0
                }
            };
            values.extend(value.map(|value| (name, value)));
        }
        let mut changed = false;
        for (name, value) in values {
            changed |= self.set_value(name, value);
        }
        changed
    }

    fn delay(&mut self, rule: Option<&Rule>) -> Duration {
        let jitter = self.device.jitter;
        let own = rule.and_then(|rule| rule.delay);
        let delay = own.unwrap_or(self.device.delay);
        if jitter.is_zero() {
            return delay;
        }
        let earliest = delay.saturating_sub(jitter);
        let span = delay.saturating_add(jitter).saturating_sub(earliest);
        let span = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        earliest + Duration::from_nanos(self.random.random_range(0..=span))
    }
}

impl Reaction {
    fn silent(why: &str) -> Self {
        Self {
            not_answered: Some(why.into()),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod pairing_tests;

#[cfg(test)]
mod life_tests;
