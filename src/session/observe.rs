//! Brings together what the two ends of an exchange saw: the requester here, the simulated device there.

use crate::model::correlation::CorrelationData;
use crate::model::exchange::{Exchange, ExchangeId};
use crate::model::message::Message;
use crate::model::profile::{BrokerAddress, MqttVersion};
use crate::model::topic::TopicName;
use crate::session::Generation;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Weak};

/// How many exchanges are remembered: a device may be seen answering after the exchange is over.
const REMEMBERED: usize = 10_000;

/// Messages are kept for later up to this many bytes; then they are looked at all the same.
const FRESH_BYTES: usize = 4 * 1024 * 1024;

/// So many that look the same are told apart.
const ALIKE: usize = 512;

/// So much of a payload tells requests apart; by other rules than MQTT 5's own the id is in there.
const COMPARED_BYTES: usize = 64 * 1024;

/// What a device sees of a request, in the version of MQTT that it speaks: topic, Response Topic, Correlation
/// Data and a hash of the payload.
type Key = (
    MqttVersion,
    TopicName,
    Option<TopicName>,
    Option<CorrelationData>,
    u64,
);

#[derive(Default)]
pub struct Observer {
    /// Not looked at yet: as long as no device has received anything, nobody asks. Oldest first.
    fresh: VecDeque<(ExchangeId, Arc<Message>, BrokerAddress)>,
    fresh_bytes: usize,
    /// Requests that look the same, oldest first.
    by_key: HashMap<Key, VecDeque<ExchangeId>>,
    seen: VecDeque<([Key; 2], ExchangeId)>,
    known: HashMap<ExchangeId, Known>,
    open: BTreeMap<ExchangeId, Waiting>,
    /// The requests that devices are at, by where they lie in memory.
    taken: HashMap<usize, (Weak<Message>, ExchangeId)>,
    taken_order: VecDeque<usize>,
}

struct Known {
    address: BrokerAddress,
    /// The devices that have received it.
    devices: Vec<Generation>,
}

/// What tells the replies to an open exchange from others.
struct Waiting {
    address: BrokerAddress,
    response_topic: Option<TopicName>,
    correlation_data: Option<CorrelationData>,
}

fn key(version: MqttVersion, message: &Message) -> Key {
    // White space around it may be lost on the way: over plain TCP it is no part of a message.
    let payload = message.payload.trim_ascii();
    let mut hasher = DefaultHasher::new();
    payload.len().hash(&mut hasher);
    payload
        .get(..COMPARED_BYTES)
        .unwrap_or(payload)
        .hash(&mut hasher);
    let properties = match version {
        MqttVersion::V5 => Some(&message.properties),
        MqttVersion::V311 => None,
    };
    (
        version,
        message.topic.clone(),
        properties.and_then(|all| all.response_topic.clone()),
        properties.and_then(|all| all.correlation_data.clone()),
        hasher.finish(),
    )
}

impl Observer {
    pub fn begun(&mut self, exchange: &Exchange, address: BrokerAddress) {
        let message = &exchange.message;
        let waiting = Waiting {
            address: address.clone(),
            response_topic: exchange.request.response_topic.clone(),
            correlation_data: message.properties.correlation_data.clone(),
        };
        self.open.insert(exchange.id, waiting);
        self.fresh_bytes += message.weight();
        self.fresh
            .push_back((exchange.id, Arc::clone(message), address));
        if self.fresh.len() > REMEMBERED
            && let Some((_, old, _)) = self.fresh.pop_front()
        {
            self.fresh_bytes = self.fresh_bytes.saturating_sub(old.weight());
        }
        if self.fresh_bytes > FRESH_BYTES {
            self.look_at_fresh();
        }
    }

    fn look_at_fresh(&mut self) {
        self.fresh_bytes = 0;
        for (id, message, address) in std::mem::take(&mut self.fresh) {
            self.look_at(id, &message, address);
        }
    }

    fn look_at(&mut self, id: ExchangeId, message: &Message, address: BrokerAddress) {
        let keys = MqttVersion::ALL.map(|version| key(version, message));
        let devices = Vec::new();
        self.known.insert(id, Known { address, devices });
        for key in &keys {
            let alike = self.by_key.entry(key.clone()).or_default();
            alike.push_back(id);
        }
        self.seen.push_back((keys, id));
        if self.seen.len() > REMEMBERED
            && let Some((old, id)) = self.seen.pop_front()
        {
            self.known.remove(&id);
            for key in old {
                if let Some(alike) = self.by_key.get_mut(&key) {
                    // The oldest of all is the oldest of those.
                    alike.pop_front();
                    if alike.is_empty() {
                        self.by_key.remove(&key);
                    }
                }
            }
        }
    }

    pub fn finished(&mut self, id: ExchangeId) {
        self.open.remove(&id);
    }

    /// The exchange whose request a device on the broker at `address` has received: of those that look the same the
    /// oldest open one that it does not have yet.
    pub fn received(
        &mut self,
        request: &Arc<Message>,
        device: Generation,
        address: &BrokerAddress,
        version: MqttVersion,
    ) -> Option<ExchangeId> {
        self.look_at_fresh();
        let alike = self.by_key.get(&key(version, request))?;
        let newest = alike.iter().skip(alike.len().saturating_sub(ALIKE));
        let mut here = newest.copied().filter(|id| {
            self.known
                .get(id)
                .is_some_and(|known| known.address == *address)
        });
        let is_new = |id: &ExchangeId| {
            self.known
                .get(id)
                .is_some_and(|known| !known.devices.contains(&device))
        };
        let new: Vec<ExchangeId> = here.clone().filter(is_new).collect();
        let open = new.iter().find(|id| self.open.contains_key(id));
        // It may come after the exchange is over, or once more.
        let id = open
            .or_else(|| new.first())
            .copied()
            .or_else(|| here.next_back())?;
        if let Some(known) = self.known.get_mut(&id)
            && !known.devices.contains(&device)
        {
            known.devices.push(device);
        }
        let place = Arc::as_ptr(request).addr();
        // As long as it is remembered, nothing else lies there.
        let remembered = (Arc::downgrade(request), id);
        if self.taken.insert(place, remembered).is_none() {
            self.taken_order.push_back(place);
        }
        if self.taken_order.len() > REMEMBERED
            && let Some(old) = self.taken_order.pop_front()
        {
            self.taken.remove(&old);
        }
        Some(id)
    }

    /// The exchange of a request that a device has received.
    pub fn exchange_of(&self, request: &Arc<Message>) -> Option<ExchangeId> {
        let (_, id) = self.taken.get(&Arc::as_ptr(request).addr())?;
        Some(*id)
    }

    /// Open exchanges on the broker at `address`.
    pub fn open_at(&self, address: &BrokerAddress) -> impl Iterator<Item = ExchangeId> {
        let here = self.open.iter();
        here.filter(move |(_, waiting)| waiting.address == *address)
            .map(|(id, _)| *id)
    }

    /// Open exchanges on the same broker with the same Response Topic and Correlation Data.
    pub fn open_twins(
        &self,
        address: &BrokerAddress,
        response_topic: Option<&TopicName>,
        data: Option<&CorrelationData>,
    ) -> Vec<ExchangeId> {
        if response_topic.is_none() {
            return Vec::new();
        }
        let is_twin = |waiting: &Waiting| {
            waiting.address == *address
                && waiting.response_topic.as_ref() == response_topic
                && waiting.correlation_data.as_ref() == data
        };
        self.open
            .iter()
            .filter(|(_, waiting)| is_twin(waiting))
            .map(|(id, _)| *id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::request::{Request, RequestDraft, Surroundings};
    use crate::model::time::Timestamp;

    const HERE: BrokerAddress = BrokerAddress::BuiltIn;
    const V5: MqttVersion = MqttVersion::V5;

    fn exchange(id: u64, payload: &str) -> Exchange {
        let draft = RequestDraft {
            topic: "cmnd/sw1/Power".to_owned(),
            ..RequestDraft::default()
        };
        let here = Surroundings {
            client_id: "c",
            ..Surroundings::default()
        };
        let request: Arc<Request> = Arc::new(draft.validate(&here).unwrap());
        Exchange::new(
            ExchangeId(id),
            "c".into(),
            request,
            heard(payload),
            "tasmota".into(),
            Timestamp::from_nanos(0),
        )
    }

    fn heard(payload: &str) -> Arc<Message> {
        let topic = TopicName::new("cmnd/sw1/Power").unwrap();
        Arc::new(Message::new(topic, payload.to_owned()))
    }

    #[test]
    fn requests_that_look_the_same_are_taken_in_their_order_by_each_device() {
        let mut observer = Observer::default();
        for (id, payload) in [(1, "TOGGLE"), (2, "TOGGLE"), (3, "ON")] {
            observer.begun(&exchange(id, payload), HERE);
        }
        let (first, second, other) = (heard("TOGGLE"), heard("TOGGLE"), heard("ON"));
        let at_other_device = heard("TOGGLE");
        for (message, device, id) in [
            (&other, 7, 3),
            (&first, 7, 1),
            (&second, 7, 2),
            (&at_other_device, 8, 1),
        ] {
            let found = observer.received(message, device, &HERE, V5);
            assert_eq!(found, Some(ExchangeId(id)));
        }
        for (message, id) in [
            (&second, 2),
            (&at_other_device, 1),
            (&first, 1),
            (&other, 3),
        ] {
            assert_eq!(observer.exchange_of(message), Some(ExchangeId(id)));
        }
        assert_eq!(observer.exchange_of(&heard("TOGGLE")), None);
        let elsewhere = BrokerAddress::mqtt("h", 1);
        assert_eq!(observer.received(&heard("ON"), 7, &elsewhere, V5), None);
    }

    #[test]
    fn an_open_request_comes_before_one_that_nobody_received_in_time() {
        let mut observer = Observer::default();
        observer.begun(&exchange(1, "ON"), HERE);
        observer.finished(ExchangeId(1));
        observer.begun(&exchange(2, "ON"), HERE);
        assert_eq!(
            observer.received(&heard("ON"), 7, &HERE, V5),
            Some(ExchangeId(2))
        );
        observer.finished(ExchangeId(2));
        // What was queued for a device that was away.
        assert_eq!(
            observer.received(&heard("ON"), 7, &HERE, V5),
            Some(ExchangeId(1))
        );
        // Once more, for whatever reason.
        assert_eq!(
            observer.received(&heard("ON"), 7, &HERE, V5),
            Some(ExchangeId(2))
        );
    }

    #[test]
    fn no_more_is_remembered_than_it_should_be() {
        let mut observer = Observer::default();
        for id in 0..REMEMBERED as u64 + 10 {
            observer.begun(&exchange(id, "ON"), HERE);
            observer.received(&heard("ON"), 7, &HERE, V5);
            observer.finished(ExchangeId(id));
        }
        assert_eq!(observer.known.len(), REMEMBERED);
        assert_eq!(observer.taken.len(), REMEMBERED);
        assert_eq!(
            observer.by_key.values().map(VecDeque::len).sum::<usize>(),
            2 * REMEMBERED
        );
    }
}
