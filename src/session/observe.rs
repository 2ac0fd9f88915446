//! Brings together what the two ends of an exchange saw: the requester here, the simulated device there.

use crate::model::correlation::CorrelationData;
use crate::model::exchange::{Exchange, ExchangeId};
use crate::model::message::Message;
use crate::model::profile::{BrokerAddress, MqttVersion};
use crate::model::topic::TopicName;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// How many exchanges are remembered: a device may be seen answering after the exchange is over.
const REMEMBERED: usize = 10_000;

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
    by_key: HashMap<Key, ExchangeId>,
    seen: VecDeque<([Key; 2], ExchangeId)>,
    addresses: HashMap<ExchangeId, BrokerAddress>,
    open: BTreeMap<ExchangeId, Waiting>,
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
        let keys = MqttVersion::ALL.map(|version| key(version, message));
        let waiting = Waiting {
            address: address.clone(),
            response_topic: exchange.request.response_topic.clone(),
            correlation_data: message.properties.correlation_data.clone(),
        };
        self.open.insert(exchange.id, waiting);
        self.addresses.insert(exchange.id, address);
        for key in &keys {
            self.by_key.insert(key.clone(), exchange.id);
        }
        self.seen.push_back((keys, exchange.id));
        if self.seen.len() > REMEMBERED
            && let Some((old, id)) = self.seen.pop_front()
        {
            self.addresses.remove(&id);
            for key in old {
                // A later request may have taken the key over.
                if self.by_key.get(&key) == Some(&id) {
                    self.by_key.remove(&key);
                }
            }
        }
    }

    pub fn finished(&mut self, id: ExchangeId) {
        self.open.remove(&id);
    }

    /// The exchange whose request a device on the broker at `address` saw.
    pub fn exchange_of(
        &self,
        request: &Message,
        address: &BrokerAddress,
        version: MqttVersion,
    ) -> Option<ExchangeId> {
        let id = *self.by_key.get(&key(version, request))?;
        (self.addresses.get(&id) == Some(address)).then_some(id)
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
