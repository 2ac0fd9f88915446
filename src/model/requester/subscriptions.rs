//! What a requester has subscribed, for whom, and what nobody needs any more.

use crate::model::pairing::covers;
use crate::model::subscribe::SubscribeOptions;
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
    /// The user listens here, whatever requests there are.
    listens: Option<SubscribeOptions>,
    /// The user does not listen any more, but requests still use it.
    is_over: bool,
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
            listens: None,
            is_over: false,
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
        let mut over = Vec::new();
        for filter in filters {
            let Some(entry) = self.entries.get_mut(filter) else {
                continue;
            };
            entry.users = entry.users.saturating_sub(1);
            if entry.users > 0 || entry.listens.is_some() {
                continue;
            }
            // What comes by it is not wanted any more, or comes by another one already.
            if entry.is_over || self.is_covered_by_listening(filter) {
                self.entries.remove(filter);
                over.push(filter.clone());
            } else {
                self.idle.push_back(filter.clone());
            }
        }
        while self.idle.len() > MAX_IDLE
            && let Some(filter) = self.idle.pop_front()
        {
            self.entries.remove(&filter);
            over.push(filter);
        }
        over
    }

    /// What idles and comes by it from now on is given back: a message must not come twice.
    pub fn set_live(&mut self, filter: &TopicFilter) -> Vec<TopicFilter> {
        let Some(entry) = self.entries.get_mut(filter) else {
            return Vec::new();
        };
        entry.state = State::Live;
        if entry.listens.is_none() {
            return Vec::new();
        }
        let (over, kept): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.idle)
            .into_iter()
            .partition(|idle| covers(filter, idle));
        self.idle = kept;
        for idle in &over {
            self.entries.remove(idle);
        }
        over.into()
    }

    pub fn set_refused(&mut self, filter: &TopicFilter) {
        if let Some(entry) = self.entries.get_mut(filter) {
            entry.state = State::Lost;
            if entry.listens.take().is_some() && entry.users == 0 {
                self.entries.remove(filter);
            }
        }
    }

    /// The user listens to `filter` from now on; whether it has to be asked for.
    pub fn listen(&mut self, filter: &TopicFilter, options: SubscribeOptions) -> bool {
        let entry = self.entries.entry(filter.clone()).or_insert(Entry {
            state: State::Lost,
            has_replies: false,
            no_local: options.no_local,
            lacks_data: false,
            users: 0,
            listens: None,
            is_over: false,
        });
        self.idle.retain(|idle| idle != filter);
        entry.is_over = false;
        let is_new = entry.state == State::Lost || entry.listens != Some(options);
        entry.listens = Some(options);
        if is_new {
            entry.state = State::Asked;
        }
        is_new
    }

    /// The user does not listen to it any more. It is to be unsubscribed, unless replies are awaited by it: then that
    /// happens with the last of them.
    pub fn stop_listening(&mut self, filter: &TopicFilter) -> Option<TopicFilter> {
        let entry = self.entries.get_mut(filter)?;
        entry.listens.take()?;
        if entry.users > 0 {
            entry.is_over = true;
            return None;
        }
        self.entries.remove(filter);
        Some(filter.clone())
    }

    pub fn listens(&self, filter: &TopicFilter) -> bool {
        let entry = self.entries.get(filter);
        entry.is_some_and(|entry| entry.listens.is_some())
    }

    /// By how many a message that is published here comes back, to the user or to whoever waits for replies.
    pub fn echoes_of(&self, topic: &TopicName) -> usize {
        let entries = self.entries.iter().filter(|(filter, entry)| {
            let options = entry.listens.unwrap_or_default();
            entry.state == State::Live
                && !entry.no_local
                && !options.no_local
                && filter.matches(topic)
        });
        entries.count()
    }

    fn is_covered_by_listening(&self, filter: &TopicFilter) -> bool {
        self.entries.iter().any(|(other, entry)| {
            entry.listens.is_some()
                && entry.state == State::Live
                && other != filter
                && covers(other, filter)
        })
    }

    /// How it is to be asked for.
    pub fn options(&self, filter: &TopicFilter) -> SubscribeOptions {
        let entry = self.entries.get(filter);
        let asked = entry.and_then(|entry| entry.listens).unwrap_or_default();
        SubscribeOptions {
            no_local: asked.no_local || self.is_no_local(filter),
            ..asked
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
        if !is_resumed {
            let listened: Vec<TopicFilter> = self.listened().cloned().collect();
            let is_covered = |idle: &TopicFilter| listened.iter().any(|wide| covers(wide, idle));
            for idle in self.idle.iter().filter(|idle| is_covered(idle)) {
                self.entries.remove(idle);
            }
            self.idle.retain(|idle| !is_covered(idle));
        }
        for (filter, entry) in &mut self.entries {
            if !is_resumed || entry.state != State::Live {
                entry.state = State::Asked;
                again.push(filter.clone());
            }
        }
        again
    }

    fn listened(&self) -> impl Iterator<Item = &TopicFilter> {
        let entries = self.entries.iter();
        entries
            .filter(|(_, entry)| entry.listens.is_some())
            .map(|(filter, _)| filter)
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
