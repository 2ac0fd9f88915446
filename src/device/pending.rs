//! Answers that wait for their time: soonest first, those of one time in the order they came.

use crate::model::message::Message;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;
use tokio::time::Instant;

/// A device that is asked faster than its delay lets it answer must not eat the memory.
const MAX_ANSWERS: usize = 100_000;
const MAX_BYTES: usize = 256 << 20;

#[derive(Default)]
pub(super) struct Pending {
    heap: BinaryHeap<Reverse<Waiting>>,
    bytes: usize,
    sequence: u64,
}

pub(super) struct Waiting {
    due: Instant,
    sequence: u64,
    pub(super) request: Arc<Message>,
    pub(super) answer: Arc<Message>,
}

impl Pending {
    /// `false`: there is no room for it.
    pub(super) fn push(&mut self, due: Instant, request: Arc<Message>, answer: Message) -> bool {
        let weight = answer.weight();
        if self.heap.len() >= MAX_ANSWERS || self.bytes + weight > MAX_BYTES {
            return false;
        }
        self.bytes += weight;
        self.sequence += 1;
        self.heap.push(Reverse(Waiting {
            due,
            sequence: self.sequence,
            request,
            answer: Arc::new(answer),
        }));
        true
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse(waiting)| waiting.due)
    }

    /// The next one, if its time has come.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Waiting> {
        self.next_due().filter(|due| *due <= now)?;
        self.pop()
    }

    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let Reverse(waiting) = self.heap.pop()?;
        self.bytes = self.bytes.saturating_sub(waiting.answer.weight());
        Some(waiting)
    }
}

impl Waiting {
    fn key(&self) -> (Instant, u64) {
        (self.due, self.sequence)
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Waiting {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topic::TopicName;
    use std::time::Duration;

    fn message(payload: &str) -> Message {
        Message::new(TopicName::new("t").unwrap(), payload.to_owned())
    }

    #[test]
    fn answers_leave_by_time_and_then_in_the_order_they_came() {
        let (now, mut pending) = (Instant::now(), Pending::default());
        let request = Arc::new(message(""));
        for (millis, payload) in [(5, "later"), (0, "first"), (0, "second"), (9, "last")] {
            let due = now + Duration::from_millis(millis);
            assert!(pending.push(due, Arc::clone(&request), message(payload)));
        }
        let mut due = |now| {
            pending
                .pop_due(now)
                .map(|waiting| waiting.answer.payload.clone())
        };
        assert_eq!(due(now).unwrap(), "first");
        assert_eq!(due(now).unwrap(), "second");
        assert_eq!(due(now), None);
        assert_eq!(due(now + Duration::from_millis(5)).unwrap(), "later");
        assert_eq!(pending.pop().unwrap().answer.payload, "last");
        assert!(pending.pop().is_none());
        assert_eq!(pending.bytes, 0);
    }

    #[test]
    fn there_is_room_for_so_many_bytes_and_no_more() {
        let (now, mut pending) = (Instant::now(), Pending::default());
        let request = Arc::new(message(""));
        let big = message(&"x".repeat(MAX_BYTES / 2));
        assert!(pending.push(now, Arc::clone(&request), big.clone()));
        assert!(!pending.push(now, Arc::clone(&request), big));
        pending.pop();
        assert!(pending.push(now, request, message("x")));
    }
}
