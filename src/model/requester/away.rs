//! That there is no connection, as it is told to whoever waited for one.

use crate::model::text;
use crate::model::time::Timestamp;
use std::sync::Arc;

#[derive(Debug)]
pub struct Away {
    since: Timestamp,
    /// Of the last attempt; none before the first has failed.
    why: Option<Arc<str>>,
    /// None while an attempt is under way.
    next: Option<Timestamp>,
}

impl Away {
    pub fn since(since: Timestamp) -> Self {
        Self {
            since,
            why: None,
            next: None,
        }
    }

    /// A new attempt does not make the failure of the last one unknown.
    pub fn note(&mut self, why: Option<&Arc<str>>, next: Option<Timestamp>) {
        if let Some(why) = why {
            self.why = Some(Arc::clone(why));
        }
        self.next = next;
    }

    /// Why, for how long, and what comes next, as of `now`.
    pub fn words(&self, now: Timestamp) -> String {
        let why = self.why.as_deref().unwrap_or("the broker has not answered");
        let length = text::duration(now.since(self.since));
        let next = match self.next.filter(|next| *next > now) {
            Some(next) => format!(
                "the next attempt comes in {}",
                text::duration(next.since(now))
            ),
            None => "an attempt is under way".to_owned(),
        };
        format!("{why}; not connected for {length}, {next}")
    }
}
