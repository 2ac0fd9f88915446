//! What the many replies of an exchange amount to, kept from frame to frame: a row is painted far
//! more often than a reply comes.

use crate::model::exchange::{Exchange, ExchangeId, MessageVerdict, Outcome};
use crate::model::time::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Counts over the replies that came so far; counting goes on where it stopped.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    seen: usize,
    published: Option<Timestamp>,
    /// Replies and additional ones, in time; without those that tell of progress.
    pub in_time: usize,
    /// Replies that tell of progress.
    pub progress: usize,
    /// Replies that are not progress.
    pub answering: usize,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    responders: HashSet<Arc<str>>,
    responder: Option<Arc<str>>,
    /// Where replies stand in the waterfall, each place once.
    pub places: BTreeSet<u16>,
    /// Where those that tell of progress stand.
    pub progress_places: BTreeSet<u16>,
}

impl Tally {
    pub fn of(exchange: &Exchange) -> Self {
        let mut tally = Self::default();
        tally.follow(exchange);
        tally
    }

    fn follow(&mut self, exchange: &Exchange) {
        if self.published != exchange.legs.published || self.seen > exchange.replies.len() {
            *self = Self {
                published: exchange.legs.published,
                ..Self::default()
            };
        }
        for reply in exchange.replies.get(self.seen..).unwrap_or_default() {
            let place = self
                .published
                .map(|published| super::rows::place_in_steps(reply.received.since(published)));
            if reply.outcome == Outcome::Progress {
                self.progress += 1;
                self.progress_places.extend(place);
            } else {
                self.in_time += usize::from(matches!(
                    reply.verdict,
                    MessageVerdict::Reply | MessageVerdict::AdditionalReply
                ));
                self.answering += 1;
                self.first.get_or_insert(reply.received);
                self.last = Some(reply.received);
                self.places.extend(place);
            }
            if let Some(name) = &reply.responder
                && !self.responders.contains(name)
            {
                self.responder.get_or_insert_with(|| Arc::clone(name));
                self.responders.insert(Arc::clone(name));
            }
        }
        self.seen = exchange.replies.len();
    }

    /// All replies, progress too.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// To the first and to the last reply.
    pub fn round_trips(&self, exchange: &Exchange) -> Option<(Duration, Duration)> {
        let published = exchange.legs.published.unwrap_or(exchange.legs.queued);
        Some((self.first?.since(published), self.last?.since(published)))
    }

    /// Who answered, when it is one, and how many they are.
    pub fn responders<'a>(&'a self, exchange: &'a Exchange) -> (Option<&'a Arc<str>>, usize) {
        let device = exchange
            .device
            .as_ref()
            .filter(|device| self.seen > 0 && !self.responders.contains(*device));
        let count = self.responders.len() + usize::from(device.is_some());
        (self.responder.as_ref().or(device), count)
    }
}

/// The tallies of the rows on show.
#[derive(Debug, Default)]
pub struct Tallies(HashMap<ExchangeId, Tally>);

/// Far more than fit a screen.
const MOST: usize = 1_024;

impl Tallies {
    pub fn of(&mut self, exchange: &Exchange) -> &Tally {
        if self.0.len() > MOST {
            self.0.clear();
        }
        let tally = self.0.entry(exchange.id).or_default();
        tally.follow(exchange);
        tally
    }
}
