//! Why the client did not do what it was asked to.

use crate::model::message::Qos;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    #[error("not sent, there is no connection to {address}: {why}")]
    NotConnected { address: Arc<str>, why: Arc<str> },
    #[error("the connection to {address} was lost: {why}")]
    Lost { address: Arc<str>, why: Arc<str> },
    #[error("the connection to {address} was lost, and the broker kept no session for it")]
    SessionGone { address: Arc<str> },
    #[error("the connection to {address} was closed")]
    Closed { address: Arc<str> },
    #[error("not sent: the packet has {size} bytes, the broker takes at most {maximum}")]
    TooLarge { size: usize, maximum: u32 },
    #[error("not sent: {wanted} was asked for, the broker takes at most {maximum}")]
    QosNotSupported { wanted: Qos, maximum: Qos },
    #[error("not sent: the broker takes no retained messages")]
    RetainNotSupported,
    #[error("not sent: topic alias {alias} was asked for, the broker takes at most {maximum}")]
    TopicAlias { alias: u16, maximum: u16 },
    #[error("not sent: the {what} is not valid: {why}")]
    Invalid { what: &'static str, why: String },
    #[error(
        "not sent: {messages} messages with {bytes} bytes wait for the broker already; it takes them slower than they come"
    )]
    TooMuchQueued { messages: usize, bytes: usize },
    #[error("unsubscribed from `{filter}` before the broker answered")]
    Unsubscribed { filter: Arc<str> },
}

impl ClientError {
    /// What to do about it; may be empty.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotConnected { .. } | Self::Closed { .. } => "Connect first",
            Self::Lost { .. } | Self::SessionGone { .. } => {
                "Send it again once the connection is back; it survives where the connection profile has a session kept: by a session expiry, in MQTT 3.1.1 without clean start"
            }
            Self::TooLarge { .. } => "Send less at once, or raise the broker's maximum packet size",
            Self::QosNotSupported { .. } => "Choose a lower QoS",
            Self::RetainNotSupported => "Switch retain off",
            Self::TopicAlias { .. } => "Leave the topic alias out",
            Self::Invalid { .. } => "Correct it and send again",
            Self::TooMuchQueued { .. } => "Wait until the broker has caught up",
            Self::Unsubscribed { .. } => "",
        }
    }
}
