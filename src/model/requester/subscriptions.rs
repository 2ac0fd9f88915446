//! What a requester has subscribed, for whom, and what nobody needs any more.

use crate::model::pairing::covers;
use crate::model::topic::{TopicFilter, TopicName};
use std::collections::{BTreeMap, VecDeque};

/// That many subscriptions are kept although nobody waits for anything by them: the next request
/// of the same kind needs no SUBACK, and late replies are still seen.
pub const MAX_IDLE: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Replies,
    /// To hear of devices that come and go. Nobody waits for its SUBACK.
    Presence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// To be asked for when there is a connection.
    Lost,
    Asked,
    Live,
}

#[derive(Debug)]
struct Entry {
    state: State,
    has_replies: bool,
    /// What is published here does not come back by it (MQTT 5 §3.8.3.1).
    no_local: bool,
    /// The last request whose replies come by it carried no Correlation Data: nobody misses any.
    lacks_data: bool,
    users: usize,
}

#[derive(Debug, Default)]
pub struct Subscriptions {
    entries: BTreeMap<TopicFilter, Entry>,
    /// Those without users, the longest idle first.
    idle: VecDeque<TopicFilter>,
}

/// The subscription by which messages come that somebody wants.
#[derive(Debug)]
pub struct Taken {
    /// The one asked for, or one that covers it and is live already.
    pub filter: TopicFilter,
    pub is_live: bool,
    /// It has to be asked for.
    pub is_new: bool,
}

impl Subscriptions {
    /// A request on `topic` must not be heard by whoever sent it: the subscriptions that would bring it back are to
    /// be asked for again, without what is published here.
    pub fn spare(&mut self, topic: &TopicName) -> Vec<TopicFilter> {
        let mut again = Vec::new();
        for (filter, entry) in &mut self.entries {
            if !entry.no_local && filter.matches(topic) {
                entry.no_local = true;
                if entry.state != State::Lost {
                    entry.state = State::Asked;
                    again.push(filter.clone());
                }
            }
        }
        again
    }

    /// What the request carried whose replies come by these.
    pub fn note_data(&mut self, filters: &[TopicFilter], has_data: bool) {
        for filter in filters {
            if let Some(entry) = self.entries.get_mut(filter) {
                entry.lacks_data = !has_data;
            }
        }
    }

    /// Whether Correlation Data is to be expected on exactly that Response Topic.
    pub fn expects_data(&self, topic: &TopicName) -> bool {
        let entry = self.entries.get(&TopicFilter::from(topic));
        entry.is_none_or(|entry| !entry.lacks_data)
    }

    pub fn is_no_local(&self, filter: &TopicFilter) -> bool {
        self.entries.get(filter).is_some_and(|entry| entry.no_local)
    }

    /// Somebody wants what comes by `filter`, until [`Subscriptions::release`]. `no_local`: but not what is
    /// published here.
    pub fn take(&mut self, filter: &TopicFilter, purpose: Purpose, no_local: bool) -> Taken {
        let covering = if self.entries.contains_key(filter) {
            None
        } else {
            let mut others = self.entries.iter();
            others
                .find(|(other, entry)| entry.state == State::Live && covers(other, filter))
                .map(|(other, _)| other.clone())
        };
        let filter = covering.unwrap_or_else(|| filter.clone());
        let entry = self.entries.entry(filter.clone()).or_insert(Entry {
            state: State::Lost,
            has_replies: false,
            no_local,
            lacks_data: false,
            users: 0,
        });
        if entry.users == 0 {
            self.idle.retain(|idle| *idle != filter);
        }
        entry.users += 1;
        entry.has_replies |= purpose == Purpose::Replies;
        let is_new = entry.state == State::Lost;
        if is_new {
            entry.state = State::Asked;
        }
        Taken {
            is_live: entry.state == State::Live,
            is_new,
            filter,
        }
    }

    /// One user less of each. What nobody has used for longest is given back: it is to be unsubscribed.
    pub fn release(&mut self, filters: &[TopicFilter]) -> Vec<TopicFilter> {
        for filter in filters {
            let Some(entry) = self.entries.get_mut(filter) else {
                continue;
            };
            entry.users = entry.users.saturating_sub(1);
            if entry.users == 0 {
                self.idle.push_back(filter.clone());
            }
        }
        let mut over = Vec::new();
        while self.idle.len() > MAX_IDLE
            && let Some(filter) = self.idle.pop_front()
        {
            self.entries.remove(&filter);
            over.push(filter);
        }
        over
    }

    pub fn set_live(&mut self, filter: &TopicFilter) {
        if let Some(entry) = self.entries.get_mut(filter) {
            entry.state = State::Live;
        }
    }

    pub fn set_refused(&mut self, filter: &TopicFilter) {
        if let Some(entry) = self.entries.get_mut(filter) {
            entry.state = State::Lost;
        }
    }

    /// The connection went, and its session with it.
    pub fn set_lost(&mut self) {
        for entry in self.entries.values_mut() {
            entry.state = State::Lost;
        }
    }

    /// What has to be asked for on a new connection. A SUBSCRIBE without its SUBACK may or may not have
    /// reached the broker, so it is repeated.
    pub fn again(&mut self, is_resumed: bool) -> Vec<TopicFilter> {
        let mut again = Vec::new();
        for (filter, entry) in &mut self.entries {
            if !is_resumed || entry.state != State::Live {
                entry.state = State::Asked;
                again.push(filter.clone());
            }
        }
        again
    }

    pub fn live(&self) -> Vec<TopicFilter> {
        let live = self.entries.iter();
        live.filter(|(_, entry)| entry.state == State::Live)
            .map(|(filter, _)| filter.clone())
            .collect()
    }

    /// Whether replies come on that topic.
    pub fn are_replies(&self, topic: &TopicName) -> bool {
        self.is_response_topic(topic)
            || self
                .entries
                .iter()
                .any(|(filter, entry)| entry.has_replies && filter.matches(topic))
    }

    /// Whether replies come on exactly that topic.
    pub fn is_response_topic(&self, topic: &TopicName) -> bool {
        let entry = self.entries.get(&TopicFilter::from(topic));
        entry.is_some_and(|entry| entry.has_replies)
    }
}
