//! What is subscribed, what is to be, and who waits for a SUBACK. Pure bookkeeping: no I/O.
//!
//! A filter stays until it is unsubscribed or the broker refuses it; after a reconnect without
//! session all are asked for again. SUBSCRIBE and UNSUBSCRIBE reach the wire in the order they were
//! handed over, which is how their Packet Identifiers find back to them.

use super::error::ClientError;
use crate::model::exchange::Reason;
pub use crate::model::subscribe::{RetainHandling, SubscribeOptions};
use crate::model::time::Timestamp;
use crate::model::topic::{TopicFilter, TopicName};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::sync::oneshot;

/// So many SUBSCRIBEs and UNSUBSCRIBEs may wait for their acknowledgement at once.
const WINDOW: usize = 256;

/// A SUBACK. Its reason may be a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribeDone {
    pub at: Timestamp,
    pub reason: Reason,
}

pub type SubscribeAnswer = oneshot::Sender<Result<SubscribeDone, ClientError>>;
pub type UnsubscribeAnswer = oneshot::Sender<Result<(), ClientError>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Wanted,
    Sent,
    Live,
}

struct Entry {
    options: SubscribeOptions,
    standing: Standing,
    done: Option<SubscribeDone>,
    waiting: Vec<SubscribeAnswer>,
}

/// A SUBSCRIBE or UNSUBSCRIBE to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    Subscribe(TopicFilter, SubscribeOptions),
    Unsubscribe(TopicFilter),
}

enum Handed {
    Subscribe(TopicFilter, SubscribeOptions),
    Unsubscribe(Option<UnsubscribeAnswer>),
}

/// What became of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    pub filter: TopicFilter,
    pub done: SubscribeDone,
}

#[derive(Default)]
pub struct Subscriptions {
    entries: BTreeMap<TopicFilter, Entry>,
    /// Those of `entries` that are to be sent.
    wanted: BTreeSet<TopicFilter>,
    /// Not handed over yet.
    unsubscribe: VecDeque<(TopicFilter, Option<UnsubscribeAnswer>)>,
    /// Handed to rumqttc, not seen on the wire.
    handed: VecDeque<Handed>,
    /// Sent, by Packet Identifier.
    sent: BTreeMap<u16, Handed>,
    /// The broker takes no Subscription Identifiers: none may be sent (MQTT 5 §3.2.2.3.12).
    lacks_identifiers: bool,
    /// Not sent therefore.
    refused: Vec<TopicFilter>,
}

impl Subscriptions {
    /// Remembers the filter. Asking again for one that is live or on its way sends nothing, unless
    /// the options differ.
    pub fn subscribe(
        &mut self,
        filter: TopicFilter,
        options: SubscribeOptions,
        answer: Option<SubscribeAnswer>,
    ) {
        let is_new = !self.entries.contains_key(&filter);
        let entry = self.entries.entry(filter.clone()).or_insert_with(|| Entry {
            options,
            standing: Standing::Wanted,
            done: None,
            waiting: Vec::new(),
        });
        if is_new || entry.options != options {
            entry.options = options;
            entry.standing = Standing::Wanted;
            self.wanted.insert(filter);
        }
        match (&entry.done, entry.standing, answer) {
            (Some(done), Standing::Live, Some(answer)) => tell(answer, Ok(done.clone())),
            (_, _, answer) => entry.waiting.extend(answer),
        }
    }

    /// Forgets the filter; `reachable` says whether the broker may hold it.
    pub fn unsubscribe(
        &mut self,
        filter: TopicFilter,
        answer: Option<UnsubscribeAnswer>,
        reachable: bool,
    ) {
        self.wanted.remove(&filter);
        if let Some(entry) = self.entries.remove(&filter) {
            let err = ClientError::Unsubscribed {
                filter: filter.as_str().into(),
            };
            for waiting in entry.waiting {
                tell(waiting, Err(err.clone()));
            }
        }
        if reachable {
            self.unsubscribe.push_back((filter, answer));
        } else if let Some(answer) = answer {
            tell(answer, Ok(()));
        }
    }

    /// What the CONNACK says. Before it nothing is sent.
    pub fn set_lacks_identifiers(&mut self, lacks: bool) {
        self.lacks_identifiers = lacks;
    }

    pub fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// Those that [`Self::next`] left out because of their Subscription Identifier, answered as the broker would have.
    pub fn take_refused(&mut self, reason: &Reason, at: Timestamp) -> Vec<Acknowledged> {
        let mut told = Vec::new();
        for filter in std::mem::take(&mut self.refused) {
            let done = SubscribeDone {
                at,
                reason: reason.clone(),
            };
            let waiting = self.entries.remove(&filter).map(|entry| entry.waiting);
            for answer in waiting.into_iter().flatten() {
                tell(answer, Ok(done.clone()));
            }
            told.push(Acknowledged { filter, done });
        }
        told
    }

    /// What to send next.
    pub fn next(&mut self) -> Option<Control> {
        if self.lacks_identifiers {
            let entries = &self.entries;
            let has_one = |filter: &TopicFilter| {
                let entry = entries.get(filter);
                entry.is_some_and(|entry| entry.options.identifier.is_some())
            };
            self.refused
                .extend(self.wanted.iter().filter(|one| has_one(one)).cloned());
            let refused = &self.refused;
            self.wanted.retain(|filter| !refused.contains(filter));
        }
        if self.handed.len() + self.sent.len() >= WINDOW {
            return None;
        }
        if let Some((filter, answer)) = self.unsubscribe.pop_front() {
            self.handed.push_back(Handed::Unsubscribe(answer));
            return Some(Control::Unsubscribe(filter));
        }
        let filter = self.wanted.pop_first()?;
        let entry = self.entries.get_mut(&filter)?;
        entry.standing = Standing::Sent;
        self.handed
            .push_back(Handed::Subscribe(filter.clone(), entry.options));
        Some(Control::Subscribe(filter, entry.options))
    }

    /// A SUBSCRIBE or UNSUBSCRIBE was written. A known identifier is a repetition.
    pub fn on_wire(&mut self, packet_id: u16) {
        if self.sent.contains_key(&packet_id) {
            return;
        }
        match self.handed.pop_front() {
            Some(handed) => {
                self.sent.insert(packet_id, handed);
            }
            None => log::error!("packet {packet_id} is on the wire, but nobody asked for it"),
        }
    }

    /// Without a reason the packet was broken.
    pub fn on_suback(
        &mut self,
        packet_id: u16,
        reason: Option<Reason>,
        at: Timestamp,
    ) -> Option<Acknowledged> {
        let Some(Handed::Subscribe(filter, options)) = self.sent.remove(&packet_id) else {
            return None;
        };
        let done = SubscribeDone {
            at,
            reason: reason?,
        };
        // Unsubscribed, or asked for with other options, meanwhile: this answer is of no interest.
        let entry = self.entries.get_mut(&filter)?;
        if entry.options != options || entry.standing != Standing::Sent {
            return None;
        }
        for answer in std::mem::take(&mut entry.waiting) {
            tell(answer, Ok(done.clone()));
        }
        if done.reason.is_refusal() {
            self.entries.remove(&filter);
        } else {
            entry.standing = Standing::Live;
            entry.done = Some(done.clone());
        }
        Some(Acknowledged { filter, done })
    }

    pub fn on_unsuback(&mut self, packet_id: u16) {
        if let Some(Handed::Unsubscribe(Some(answer))) = self.sent.remove(&packet_id) {
            tell(answer, Ok(()));
        }
    }

    /// The connection is gone and with it the session: everything has to be asked for again.
    /// `still_coming` of what was handed over last will be sent nevertheless.
    pub fn forget_session(&mut self, still_coming: usize) {
        let gone = self.handed.len().saturating_sub(still_coming);
        let dropped: Vec<Handed> = self
            .handed
            .drain(..gone)
            .chain(std::mem::take(&mut self.sent).into_values())
            .collect();
        for handed in dropped {
            if let Handed::Unsubscribe(Some(answer)) = handed {
                tell(answer, Ok(()));
            }
        }
        for entry in self.entries.values_mut() {
            entry.standing = Standing::Wanted;
            entry.done = None;
        }
        self.wanted = self.entries.keys().cloned().collect();
        for handed in &self.handed {
            if let Handed::Subscribe(filter, _) = handed
                && let Some(entry) = self.entries.get_mut(filter)
            {
                entry.standing = Standing::Sent;
                self.wanted.remove(filter);
            }
        }
        for (_, answer) in std::mem::take(&mut self.unsubscribe) {
            if let Some(answer) = answer {
                tell(answer, Ok(()));
            }
        }
    }

    /// Nobody will answer any more. The filters stay, in case of another start.
    pub fn fail_waiting(&mut self, err: &ClientError) {
        self.forget_session(0);
        for entry in self.entries.values_mut() {
            for answer in std::mem::take(&mut entry.waiting) {
                tell(answer, Err(err.clone()));
            }
        }
    }

    /// How many subscriptions that asked for No Local a message on this topic may come by; 0 where
    /// another one wants it.
    pub fn spared_by(&self, topic: &TopicName) -> usize {
        let mut count = 0;
        for (filter, entry) in &self.entries {
            if filter.matches(topic) {
                if !entry.options.no_local {
                    return 0;
                }
                count += 1;
            }
        }
        count
    }

    pub fn has_unsent(&self) -> bool {
        !self.handed.is_empty() || !self.unsubscribe.is_empty()
    }
}

/// Whoever asked may have stopped waiting.
fn tell<T>(answer: oneshot::Sender<T>, value: T) {
    drop(answer.send(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> TopicFilter {
        TopicFilter::new(text).unwrap()
    }

    fn granted() -> Reason {
        Reason::new(2, "granted QoS 2")
    }

    fn live(subscriptions: &mut Subscriptions, text: &str, packet_id: u16) {
        subscriptions.subscribe(filter(text), SubscribeOptions::default(), None);
        assert!(subscriptions.next().is_some());
        subscriptions.on_wire(packet_id);
        assert!(
            subscriptions
                .on_suback(packet_id, Some(granted()), Timestamp::default())
                .is_some()
        );
    }

    #[test]
    fn two_who_ask_for_the_same_filter_share_one_suback() {
        let mut subscriptions = Subscriptions::default();
        let (first, mut first_answer) = oneshot::channel();
        let (second, mut second_answer) = oneshot::channel();
        let options = SubscribeOptions::default();
        subscriptions.subscribe(filter("a"), options, Some(first));
        assert_eq!(
            subscriptions.next(),
            Some(Control::Subscribe(filter("a"), options))
        );
        subscriptions.subscribe(filter("a"), options, Some(second));
        assert_eq!(subscriptions.next(), None);
        subscriptions.on_wire(5);
        subscriptions.on_suback(5, Some(granted()), Timestamp::default());
        assert!(first_answer.try_recv().unwrap().is_ok());
        assert!(second_answer.try_recv().unwrap().is_ok());
        let (third, mut third_answer) = oneshot::channel();
        subscriptions.subscribe(filter("a"), options, Some(third));
        assert!(third_answer.try_recv().unwrap().is_ok());
        assert_eq!(subscriptions.next(), None);
    }

    #[test]
    fn a_refused_filter_is_not_asked_for_again() {
        let mut subscriptions = Subscriptions::default();
        let (answer, mut told) = oneshot::channel();
        subscriptions.subscribe(filter("a"), SubscribeOptions::default(), Some(answer));
        subscriptions.next();
        subscriptions.on_wire(1);
        let refused = Some(Reason::new(0x87, "not authorized"));
        subscriptions.on_suback(1, refused, Timestamp::default());
        assert!(told.try_recv().unwrap().unwrap().reason.is_refusal());
        subscriptions.forget_session(0);
        assert_eq!(subscriptions.next(), None);
    }

    #[test]
    fn without_a_session_every_filter_is_asked_for_again() {
        let mut subscriptions = Subscriptions::default();
        live(&mut subscriptions, "a", 1);
        live(&mut subscriptions, "b", 2);
        subscriptions.forget_session(0);
        assert!(matches!(subscriptions.next(), Some(Control::Subscribe(..))));
        assert!(matches!(subscriptions.next(), Some(Control::Subscribe(..))));
        assert_eq!(subscriptions.next(), None);
    }

    #[test]
    fn a_message_is_spared_where_every_subscription_that_it_comes_by_asked_for_it() {
        let mut subscriptions = Subscriptions::default();
        let spared = SubscribeOptions {
            no_local: true,
            ..SubscribeOptions::default()
        };
        subscriptions.subscribe(filter("a/+"), spared, None);
        subscriptions.subscribe(filter("a/b"), spared, None);
        let topic = |text: &str| TopicName::new(text).unwrap();
        assert_eq!(subscriptions.spared_by(&topic("a/b")), 2);
        assert_eq!(subscriptions.spared_by(&topic("a/c")), 1);
        assert_eq!(subscriptions.spared_by(&topic("b")), 0);
        subscriptions.subscribe(filter("#"), SubscribeOptions::default(), None);
        assert_eq!(subscriptions.spared_by(&topic("a/b")), 0);
    }

    #[test]
    fn an_identifier_is_not_sent_to_a_broker_that_takes_none() {
        let mut subscriptions = Subscriptions::default();
        let with_one = SubscribeOptions {
            identifier: Some(7),
            ..SubscribeOptions::default()
        };
        let (answer, mut told) = oneshot::channel();
        subscriptions.subscribe(filter("a"), with_one, Some(answer));
        subscriptions.subscribe(filter("b"), SubscribeOptions::default(), None);
        subscriptions.set_lacks_identifiers(true);
        assert_eq!(
            subscriptions.next(),
            Some(Control::Subscribe(filter("b"), SubscribeOptions::default()))
        );
        let reason = Reason::new(0xA1, "not supported");
        let refused = subscriptions.take_refused(&reason, Timestamp::default());
        let filters: Vec<_> = refused.iter().map(|one| one.filter.clone()).collect();
        assert_eq!(filters, [filter("a")]);
        assert!(told.try_recv().unwrap().unwrap().reason.is_refusal());
        assert_eq!(subscriptions.next(), None);
        // The next broker may take them.
        subscriptions.set_lacks_identifiers(false);
        subscriptions.subscribe(filter("a"), with_one, None);
        assert_eq!(
            subscriptions.next(),
            Some(Control::Subscribe(filter("a"), with_one))
        );
    }

    #[test]
    fn a_suback_after_unsubscribing_changes_nothing() {
        let mut subscriptions = Subscriptions::default();
        let (answer, mut told) = oneshot::channel();
        subscriptions.subscribe(filter("a"), SubscribeOptions::default(), Some(answer));
        subscriptions.next();
        subscriptions.on_wire(1);
        subscriptions.unsubscribe(filter("a"), None, true);
        assert!(told.try_recv().unwrap().is_err());
        assert_eq!(
            subscriptions.on_suback(1, Some(granted()), Timestamp::default()),
            None
        );
        assert_eq!(
            subscriptions.next(),
            Some(Control::Unsubscribe(filter("a")))
        );
    }

    #[test]
    fn not_more_than_a_window_waits_for_acknowledgement() {
        let mut subscriptions = Subscriptions::default();
        for number in 0..WINDOW + 10 {
            subscriptions.subscribe(
                filter(&number.to_string()),
                SubscribeOptions::default(),
                None,
            );
        }
        let handed = std::iter::from_fn(|| subscriptions.next()).count();
        assert_eq!(handed, WINDOW);
    }
}
