//! Brings together what the two ends of an exchange saw: the requester here, the simulated device there.

use crate::model::correlation::CorrelationData;
use crate::model::exchange::{Exchange, ExchangeId};
use crate::model::message::Message;
use crate::model::profile::BrokerAddress;
use crate::model::topic::TopicName;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// How many exchanges are remembered: a device may be seen answering after the exchange is over.
const REMEMBERED: usize = 10_000;

/// Request topic, Response Topic, Correlation Data and payload: what a device sees of a request.
type Key = (TopicName, Option<TopicName>, Option<CorrelationData>, Bytes);

#[derive(Default)]
pub struct Observer {
    by_key: HashMap<Key, ExchangeId>,
    seen: VecDeque<(Key, ExchangeId)>,
    addresses: HashMap<ExchangeId, BrokerAddress>,
    open: BTreeMap<ExchangeId, Waiting>,
}

/// What tells the replies to an open exchange from others.
struct Waiting {
    address: BrokerAddress,
    response_topic: Option<TopicName>,
    correlation_data: Option<CorrelationData>,
}

fn key(message: &Message) -> Key {
    let properties = &message.properties;
    (
        message.topic.clone(),
        properties.response_topic.clone(),
        properties.correlation_data.clone(),
        // White space around it may be lost on the way: over plain TCP it is no part of a message.
        message.payload.slice_ref(message.payload.trim_ascii()),
    )
}

impl Observer {
    pub fn begun(&mut self, exchange: &Exchange, address: BrokerAddress) {
        let key = key(&exchange.message);
        let waiting = Waiting {
            address: address.clone(),
            response_topic: key.1.clone(),
            correlation_data: key.2.clone(),
        };
        self.open.insert(exchange.id, waiting);
        self.addresses.insert(exchange.id, address);
        self.by_key.insert(key.clone(), exchange.id);
        self.seen.push_back((key, exchange.id));
        if self.seen.len() > REMEMBERED
            && let Some((old, id)) = self.seen.pop_front()
        {
            self.addresses.remove(&id);
            // A later request may have taken the key over.
            if self.by_key.get(&old) == Some(&id) {
                self.by_key.remove(&old);
            }
        }
    }

    pub fn finished(&mut self, id: ExchangeId) {
        self.open.remove(&id);
    }

    /// The exchange whose request a device on the broker at `address` saw.
    pub fn exchange_of(&self, request: &Message, address: &BrokerAddress) -> Option<ExchangeId> {
        let id = *self.by_key.get(&key(request))?;
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
