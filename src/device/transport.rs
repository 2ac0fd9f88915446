//! What a device is connected by: a client on a broker, or a socket to a listener.

use crate::model::exchange::Reason;
use crate::model::message::{Message, Properties};
use crate::model::time::Timestamp;
use crate::{mqtt, tcp};
use std::sync::Arc;

#[derive(Clone)]
pub(super) enum Transport {
    Mqtt(mqtt::Client),
    Tcp(tcp::Client),
}

/// Where a device goes, and as whom.
#[derive(Clone)]
pub enum Way {
    Mqtt(mqtt::ClientOptions),
    Tcp(tcp::ClientOptions),
}

/// What becomes of an answer.
pub(super) enum Ticket {
    Mqtt(mqtt::PublishTicket),
    Tcp(tcp::Ticket),
}

impl Transport {
    /// The message as it will be sent: without what cannot be carried.
    pub fn as_sent(&self, message: Arc<Message>) -> Arc<Message> {
        match self {
            Self::Mqtt(client) => client.as_sent(message),
            Self::Tcp(_) => Arc::new(Message {
                properties: Properties::default(),
                ..Arc::unwrap_or_clone(message)
            }),
        }
    }

    pub fn publish(&self, message: Arc<Message>) -> Ticket {
        match self {
            Self::Mqtt(client) => Ticket::Mqtt(client.publish(message)),
            Self::Tcp(client) => Ticket::Tcp(client.publish(message)),
        }
    }

    /// Drops the socket without a farewell.
    pub fn cut(&self) {
        match self {
            Self::Mqtt(client) => client.cut(),
            Self::Tcp(client) => client.cut(),
        }
    }

    pub fn disconnect(&self) {
        match self {
            Self::Mqtt(client) => client.disconnect(),
            Self::Tcp(client) => client.disconnect(),
        }
    }

    pub fn reconnect_now(&self) {
        match self {
            Self::Mqtt(client) => client.reconnect_now(),
            Self::Tcp(client) => client.reconnect_now(),
        }
    }
}

impl Ticket {
    /// When it was written, or why it was not.
    pub async fn published(&mut self) -> Result<Timestamp, String> {
        let gone = "the connection was closed";
        match self {
            Self::Mqtt(ticket) => match (&mut ticket.published).await {
                Ok(written) => written.map_err(|err| err.to_string()),
                Err(_) => Err(gone.to_owned()),
            },
            Self::Tcp(ticket) => ticket.await.unwrap_or_else(|_| Err(gone.to_owned())),
        }
    }

    /// Why it was refused after it was written, if it was.
    pub async fn refusal(self) -> Option<Reason> {
        let Self::Mqtt(ticket) = self else {
            return None;
        };
        match ticket.acknowledged.await {
            Ok(Ok(Some((reason, _)))) if reason.is_refusal() => Some(reason),
            _ => None,
        }
    }

    /// What is odd about its acknowledgement, if anything is.
    pub async fn remark(self) -> Option<String> {
        let Self::Mqtt(ticket) = self else {
            return None;
        };
        match ticket.acknowledged.await {
            Ok(Ok(Some((reason, _)))) if is_bad_news(&reason) => {
                Some(format!("the broker says of the answer: {reason}"))
            }
            Ok(Err(err)) => Some(format!("the answer was sent, but not acknowledged: {err}")),
            Ok(Ok(_)) | Err(_) => None,
        }
    }
}

fn is_bad_news(reason: &Reason) -> bool {
    reason.is_refusal() || reason.code == Reason::NO_MATCHING_SUBSCRIBERS
}
