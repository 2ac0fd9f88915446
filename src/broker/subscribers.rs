//! Who subscribes to what, as far as clients were told: the answer to "does anybody listen?".
//!
//! Sessions of clients that left count until they expire (MQTT 5 §4.1). Pure bookkeeping: what
//! is true is decided by whoever calls, see [`super::watch`].

use crate::model::topic::{TopicFilter, TopicName};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

#[derive(Default)]
pub(super) struct Subscribers(Mutex<Table>);

#[derive(Default)]
struct Table {
    sessions: BTreeMap<Arc<str>, Session>,
    /// Filters without wildcards are found by their topic, however many there are.
    exact: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    wildcard: BTreeMap<TopicFilter, BTreeSet<Arc<str>>>,
}

#[derive(Default)]
struct Session {
    filters: BTreeSet<TopicFilter>,
    presence: Presence,
}

/// How a session stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Presence {
    #[default]
    Connected,
    /// The client left; the session stays until then, or for good.
    Away { until: Option<Instant> },
}

impl Presence {
    fn is_alive(self) -> bool {
        match self {
            Self::Connected | Self::Away { until: None } => true,
            Self::Away { until: Some(until) } => Instant::now() < until,
        }
    }
}

impl Subscribers {
    fn table(&self) -> MutexGuard<'_, Table> {
        // Every change leaves the table whole, so a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn anybody_listens(&self, topic: &TopicName) -> bool {
        let table = self.table();
        let alive = |client: &Arc<str>| {
            table
                .sessions
                .get(client)
                .is_some_and(|session| session.presence.is_alive())
        };
        table
            .exact
            .get(topic.as_str())
            .is_some_and(|clients| clients.iter().any(alive))
            || table
                .wildcard
                .iter()
                .any(|(filter, clients)| filter.matches(topic) && clients.iter().any(alive))
    }

    pub(super) fn client_count(&self) -> usize {
        self.table()
            .sessions
            .values()
            .filter(|session| session.presence == Presence::Connected)
            .count()
    }

    pub(super) fn clients(&self) -> Vec<Arc<str>> {
        self.table().sessions.keys().cloned().collect()
    }

    pub(super) fn filters(&self, client: &str) -> Vec<TopicFilter> {
        self.table()
            .sessions
            .get(client)
            .map(|session| session.filters.iter().cloned().collect())
            .unwrap_or_default()
    }

    pub(super) fn add(&self, client: &str, filter: &TopicFilter) {
        let mut table = self.table();
        let client: Arc<str> = client.into();
        table
            .sessions
            .entry(Arc::clone(&client))
            .or_default()
            .filters
            .insert(filter.clone());
        let plain = filter.unshared();
        if plain.contains(['+', '#']) {
            table
                .wildcard
                .entry(filter.clone())
                .or_default()
                .insert(client);
        } else {
            table.exact.entry(plain.into()).or_default().insert(client);
        }
    }

    pub(super) fn remove(&self, client: &str, filter: &TopicFilter) {
        let mut table = self.table();
        let Some(session) = table.sessions.get_mut(client) else {
            return;
        };
        session.filters.remove(filter);
        let plain = filter.unshared();
        // `a` and `$share/x/a` are two subscriptions to the same topic.
        let still_wanted = session
            .filters
            .iter()
            .any(|other| other.unshared() == plain);
        if plain.contains(['+', '#']) {
            if let Some(clients) = table.wildcard.get_mut(filter) {
                clients.remove(client);
                if clients.is_empty() {
                    table.wildcard.remove(filter);
                }
            }
        } else if !still_wanted && let Some(clients) = table.exact.get_mut(plain) {
            clients.remove(client);
            if clients.is_empty() {
                table.exact.remove(plain);
            }
        }
    }

    pub(super) fn set_presence(&self, client: &str, presence: Presence) {
        self.table()
            .sessions
            .entry(client.into())
            .or_default()
            .presence = presence;
    }

    /// Forgets the client and its subscriptions.
    pub(super) fn forget(&self, client: &str) {
        for filter in self.filters(client) {
            self.remove(client, &filter);
        }
        self.table().sessions.remove(client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn filter(text: &str) -> TopicFilter {
        TopicFilter::new(text).unwrap()
    }

    fn listens(subscribers: &Subscribers, topic: &str) -> bool {
        subscribers.anybody_listens(&TopicName::new(topic).unwrap())
    }

    #[test]
    fn exact_wildcard_and_shared_subscriptions_listen_until_they_are_removed() {
        for (subscribed, topic) in [
            ("a/b", "a/b"),
            ("a/+", "a/b"),
            ("#", "a/b"),
            ("$share/g/a/b", "a/b"),
            ("$share/g/a/#", "a"),
        ] {
            let table = Subscribers::default();
            assert!(!listens(&table, topic));
            table.add("c1", &filter(subscribed));
            table.add("c2", &filter(subscribed));
            table.remove("c1", &filter(subscribed));
            assert!(listens(&table, topic), "{subscribed}");
            assert!(!listens(&table, "other/b/c") || subscribed == "#");
            table.remove("c2", &filter(subscribed));
            assert!(!listens(&table, topic), "{subscribed}");
        }
    }

    #[test]
    fn a_plain_and_a_shared_subscription_to_one_topic_are_two() {
        let table = Subscribers::default();
        table.add("c", &filter("a"));
        table.add("c", &filter("$share/g/a"));
        table.remove("c", &filter("a"));
        assert!(listens(&table, "a"));
        table.remove("c", &filter("$share/g/a"));
        assert!(!listens(&table, "a"));
    }

    #[test]
    fn a_session_left_behind_listens_until_it_expires() {
        let table = Subscribers::default();
        table.add("c", &filter("a"));
        assert_eq!(table.client_count(), 1);
        table.set_presence("c", Presence::Away { until: None });
        assert_eq!(table.client_count(), 0);
        assert!(listens(&table, "a"));
        let later = Instant::now() + Duration::from_hours(1);
        table.set_presence("c", Presence::Away { until: Some(later) });
        assert!(listens(&table, "a"));
        let now = Instant::now();
        table.set_presence("c", Presence::Away { until: Some(now) });
        assert!(!listens(&table, "a"));
        table.forget("c");
        assert_eq!(table.clients().len(), 0);
    }
}
