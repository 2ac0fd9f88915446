//! Who is there, as far as devices have said so.

use crate::model::exchange::PresenceNote;
use crate::model::pairing::{Bindings, Presence, Rule};
use crate::model::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;

/// More devices than this are not remembered.
const MAX_DEVICES: usize = 1_000;

#[derive(Debug, Default)]
pub struct Presences {
    /// The last word of each, the oldest first.
    last: VecDeque<(Presence, PresenceNote)>,
}

impl Presences {
    /// A device said something. The note is for the exchanges that it concerns.
    pub fn heard(&mut self, presence: Presence, at: Timestamp) -> PresenceNote {
        let note = PresenceNote {
            is_online: presence.is_online,
            at,
            who: who(&presence),
        };
        self.last
            .retain(|(other, _)| other.rule != presence.rule || other.who != presence.who);
        if self.last.len() >= MAX_DEVICES {
            self.last.pop_front();
        }
        self.last.push_back((presence, note.clone()));
        note
    }

    /// The last word of the device that a request goes to.
    pub fn of(&self, rule: &Rule, request: &Bindings) -> Option<PresenceNote> {
        let mut newest = self.last.iter().rev();
        newest
            .find(|(presence, _)| rule.concerns(presence, request))
            .map(|(_, note)| note.clone())
    }
}

/// The device in words: the values of the presence topic's variables.
fn who(presence: &Presence) -> Arc<str> {
    let values = presence.who.iter().filter_map(|(_, values)| values.first());
    let words: Vec<String> = values.map(ToString::to_string).collect();
    words.join("/").into()
}
