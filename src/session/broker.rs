//! The built-in broker of a session: started on demand, stopped under its clients or with them.

use super::queue::Push;
use super::{Event, Session, SessionError};
use crate::broker::{Broker, BrokerError, BrokerSink, Listeners};
use crate::model::profile::BrokerAddress;
use crate::model::topic::TopicName;
use std::sync::{Arc, PoisonError};

impl Session {
    /// The port that the built-in broker takes when it starts; `None` finds a free one.
    pub fn set_broker_port(&mut self, port: Option<u16>) {
        self.broker_port = port;
    }

    pub fn broker(&self) -> Option<&Broker> {
        self.broker.as_ref()
    }

    /// Starts the built-in broker unless it runs.
    pub fn start_broker(&mut self) -> Result<&Broker, SessionError> {
        let broker = if let Some(broker) = self.broker.take() {
            broker
        } else {
            let queue = Arc::clone(&self.queue);
            let sink: BrokerSink =
                Arc::new(move |event| queue.push(Event::Broker(event), Push::MayBeLost));
            // Where it was before, connections that try again find it.
            let before = self.last_port.filter(|_| self.broker_port.is_none());
            match Broker::start(before.or(self.broker_port), Some(Arc::clone(&sink))) {
                Err(BrokerError::PortTaken { .. }) if before.is_some() => {
                    Broker::start(None, Some(sink))?
                }
                started => started?,
            }
        };
        self.last_port = Some(broker.address().port());
        self.set_listeners(Some(broker.listeners()));
        Ok(self.broker.insert(broker))
    }

    /// Stops the built-in broker under whoever is connected to it.
    pub fn stop_broker(&mut self) {
        self.set_listeners(None);
        self.broker = None;
    }

    pub(super) fn set_listeners(&self, listeners: Option<Listeners>) {
        let mut known = self
            .listeners
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *known = listeners;
    }

    /// Whether anybody listens on the built-in broker that runs when this is asked.
    pub(super) fn listeners(&self) -> Listeners {
        let known = Arc::clone(&self.listeners);
        Arc::new(move |topic: &TopicName| {
            let known = known.read().unwrap_or_else(PoisonError::into_inner);
            // Without a broker nobody can say that nobody listens.
            known.as_ref().is_none_or(|listeners| listeners(topic))
        })
    }

    /// Disconnects whoever is on the built-in broker, devices too, and stops it. The next
    /// connection to it starts it again.
    pub fn close_broker(&mut self) {
        let Some(address) = self.broker_address() else {
            return;
        };
        self.links.retain(|_, link| link.profile.address != address);
        self.devices.retain(|_, running| running.address != address);
        self.stop_broker();
    }

    pub(super) fn broker_address(&self) -> Option<BrokerAddress> {
        let address = self.broker.as_ref()?.address();
        Some(BrokerAddress::mqtt(
            &address.ip().to_string(),
            address.port(),
        ))
    }
}
