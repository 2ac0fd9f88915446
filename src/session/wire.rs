//! A connection of either kind: to a broker, or the listener that devices come to.

use crate::model::exchange::ExchangeId;
use crate::model::message::Message;
use crate::model::pairing::Rules;
use crate::model::request::Request;
use crate::model::subscribe::SubscribeOptions;
use crate::model::topic::TopicFilter;
use crate::{mqtt, tcp};
use std::sync::Arc;

pub enum Wire {
    Mqtt(mqtt::Connection),
    Tcp(tcp::Connection),
}

impl Wire {
    pub fn send(&self, id: ExchangeId, request: Arc<Request>, message: Arc<Message>) {
        match self {
            Self::Mqtt(connection) => connection.send(id, request, message),
            Self::Tcp(connection) => connection.send(id, request, message),
        }
    }

    /// False where there is nothing to subscribe to: devices come to a listener with all they have to say.
    pub fn listen(&self, filter: TopicFilter, options: SubscribeOptions) -> bool {
        match self {
            Self::Mqtt(connection) => connection.listen(filter, options),
            Self::Tcp(_) => return false,
        }
        true
    }

    pub fn stop_listening(&self, filter: TopicFilter) {
        match self {
            Self::Mqtt(connection) => connection.stop_listening(filter),
            Self::Tcp(_) => {}
        }
    }

    pub fn set_rules(&self, rules: Rules) {
        match self {
            Self::Mqtt(connection) => connection.set_rules(rules),
            Self::Tcp(connection) => connection.set_rules(rules),
        }
    }

    pub fn disconnect(&self) {
        match self {
            Self::Mqtt(connection) => connection.disconnect(),
            Self::Tcp(connection) => connection.disconnect(),
        }
    }

    /// Loses the connection as a dead network would; of a listener, those of all its devices.
    pub fn cut(&self) {
        match self {
            Self::Mqtt(connection) => connection.cut(),
            Self::Tcp(connection) => connection.cut(),
        }
    }

    pub fn reconnect_now(&self) {
        match self {
            Self::Mqtt(connection) => connection.reconnect_now(),
            Self::Tcp(connection) => connection.reconnect_now(),
        }
    }
}
