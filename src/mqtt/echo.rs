//! Own messages that come back, where the broker cannot be asked not to send them.
//!
//! MQTT 3.1.1 has no No Local (MQTT 5 §3.8.3.1). What was published here and would have been spared by it
//! is kept for a while; a message with the same topic and payload is taken for it, once for every
//! subscription that it may come by. So a device that hears its own answers does not answer them.

use crate::model::message::Message;
use crate::model::time::Timestamp;
use crate::model::topic::TopicName;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Duration;

/// A broker that has not sent it back by now does not.
const AWAITED: Duration = Duration::from_secs(30);
/// After the first one, those by other subscriptions follow at once.
const REPEATED: Duration = Duration::from_millis(500);
const MOST: usize = 10_000;
const MOST_BYTES: usize = 64 << 20;

struct Own {
    topic: TopicName,
    payload: Bytes,
    left: usize,
    until: Timestamp,
}

#[derive(Default)]
pub struct Echoes {
    own: VecDeque<Own>,
    bytes: usize,
}

impl Echoes {
    /// A message was published that may come back `times` times without being wanted.
    pub fn expect(&mut self, message: &Message, times: usize, now: Timestamp) {
        if times == 0 {
            return;
        }
        self.bytes += message.payload.len();
        self.own.push_back(Own {
            topic: message.topic.clone(),
            payload: message.payload.clone(),
            left: times,
            until: now.saturating_add(AWAITED),
        });
        while self.own.len() > MOST || self.bytes > MOST_BYTES {
            if let Some(oldest) = self.own.pop_front() {
                self.bytes = self.bytes.saturating_sub(oldest.payload.len());
            }
        }
    }

    /// Whether the message is one of those, which then has come.
    pub fn is_own(&mut self, message: &Message, at: Timestamp) -> bool {
        // What is retained was there before it was subscribed.
        if self.own.is_empty() || message.retain {
            return false;
        }
        let bytes = &mut self.bytes;
        self.own.retain(|own| {
            let is_awaited = own.until >= at;
            if !is_awaited {
                *bytes = bytes.saturating_sub(own.payload.len());
            }
            is_awaited
        });
        let is_it = |own: &Own| own.topic == message.topic && own.payload == message.payload;
        let Some(place) = self.own.iter().position(is_it) else {
            return false;
        };
        let Some(own) = self.own.get_mut(place) else {
            return false;
        };
        own.left -= 1;
        own.until = at.saturating_add(REPEATED);
        if own.left == 0 {
            self.bytes = self.bytes.saturating_sub(message.payload.len());
            self.own.remove(place);
        }
        true
    }

    /// The client is back, and its session with what was on its way.
    pub fn await_again(&mut self, at: Timestamp) {
        for own in &mut self.own {
            own.until = at.saturating_add(AWAITED);
        }
    }

    /// The session is gone, and with it what was on its way.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, payload: &str) -> Message {
        Message::new(TopicName::new(topic).unwrap(), payload.to_owned())
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::default().saturating_add(Duration::from_millis(millis))
    }

    #[test]
    fn an_own_message_is_known_as_often_as_it_may_come_and_no_more() {
        let mut echoes = Echoes::default();
        echoes.expect(&message("t", "x"), 2, at(0));
        assert!(!echoes.is_own(&message("t", "y"), at(1)));
        assert!(!echoes.is_own(&message("u", "x"), at(1)));
        let mut retained = message("t", "x");
        retained.retain = true;
        assert!(!echoes.is_own(&retained, at(1)));
        assert!(echoes.is_own(&message("t", "x"), at(1)));
        assert!(echoes.is_own(&message("t", "x"), at(2)));
        assert!(
            !echoes.is_own(&message("t", "x"), at(3)),
            "of somebody else"
        );
        assert_eq!(echoes.bytes, 0);
    }

    #[test]
    fn a_repetition_is_awaited_for_a_moment_only() {
        let mut echoes = Echoes::default();
        echoes.expect(&message("t", "x"), 2, at(0));
        assert!(echoes.is_own(&message("t", "x"), at(20_000)));
        assert!(!echoes.is_own(&message("t", "x"), at(21_000)));
        echoes.expect(&message("t", "x"), 1, at(21_000));
        assert!(!echoes.is_own(&message("t", "x"), at(60_000)));
        assert_eq!((echoes.own.len(), echoes.bytes), (0, 0));
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut echoes = Echoes::default();
        for _ in 0..MOST + 10 {
            echoes.expect(&message("t", "x"), 1, at(0));
        }
        assert_eq!((echoes.own.len(), echoes.bytes), (MOST, MOST));
        let large = message("t", &"x".repeat(MOST_BYTES));
        echoes.expect(&large, 1, at(0));
        assert_eq!(echoes.own.len(), 1);
    }
}
