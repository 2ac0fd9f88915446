//! The seam between this room and rumqttc, which has one crate for each version of MQTT.
//!
//! Everything above it knows one [`Link`] to send on, one [`Wire`] to poll, one kind of [`Event`] and one
//! kind of [`Failure`], whichever version is spoken. What a version cannot say is left out here and
//! nowhere else; [`MqttVersion::as_sent`] says beforehand what that will be.

mod failure;
mod packets;
mod scram;
mod v311;
mod v5;

pub use failure::{Cause, Failure};
pub use v5::{RefusalWords, goodbye_words, refusal_words};

use super::client::Shared;
use super::subscriptions::Control;
use super::tap::{Tap, TapStream};
use super::transport::{self, Told};
use super::words::Stage;
use crate::model::connection::ConnectionInfo;
use crate::model::exchange::Reason;
use crate::model::message::Message;
use crate::model::profile::MqttVersion;
use crate::model::time::Timestamp;
use std::io;
use std::sync::{Arc, Weak};

/// The largest packet that is read; announced to the broker where the version can say so.
pub const INCOMING_MAX: u32 = 64 * 1024 * 1024;
/// Requests that rumqttc may hold; the ledger gives it fewer.
const CHANNEL: usize = 1024;

/// The sending side, for as long as the event loop lives.
#[derive(Clone)]
pub enum Link {
    V5(rumqttc::AsyncClient),
    V311(rumqttc_v4::AsyncClient),
}

/// The event loop: one for one attempt, or for all attempts of one session.
pub enum Wire {
    V5(Box<v5::Wire>),
    V311(Box<v311::Wire>),
}

/// What a poll came to.
pub enum Event {
    Incoming(Incoming),
    /// Something left for the tap.
    Outgoing,
    /// A DISCONNECT was written.
    SaidGoodbye,
}

/// A packet that was read, in the words of both versions.
pub enum Incoming {
    Connack(Connack),
    Publish {
        message: Box<Message>,
        packet_id: u16,
    },
    Puback {
        packet_id: u16,
        reason: Reason,
    },
    Pubrec {
        packet_id: u16,
        reason: Reason,
    },
    Pubrel {
        packet_id: u16,
    },
    Pubcomp {
        packet_id: u16,
        reason: Reason,
    },
    Suback {
        packet_id: u16,
        /// Of its first and only filter; there may be none in a broken packet.
        reason: Option<Reason>,
    },
    Unsuback {
        packet_id: u16,
    },
    Pingresp,
    Other,
}

/// A CONNACK that accepts.
pub enum Connack {
    V5(Box<rumqttc::mqttbytes::v5::ConnAck>),
    V311 { session_present: bool },
}

impl Connack {
    pub fn session_present(&self) -> bool {
        match self {
            Self::V5(connack) => connack.session_present,
            Self::V311 { session_present } => *session_present,
        }
    }

    /// What it says, for people.
    pub fn into_info(
        self,
        address: Arc<str>,
        own_client_id: &Arc<str>,
        since: Timestamp,
    ) -> ConnectionInfo {
        match self {
            Self::V5(connack) => packets::info_from(*connack, address, own_client_id, since),
            Self::V311 { session_present } => {
                v311::info(session_present, address, own_client_id, since)
            }
        }
    }
}

/// An event loop for the profile, and the link to it.
pub fn open(shared: &Arc<Shared>, clean_start: bool) -> Result<(Link, Wire), String> {
    match shared.version() {
        MqttVersion::V5 => {
            let (client, wire) = v5::open(shared, clean_start)?;
            Ok((Link::V5(client), Wire::V5(Box::new(wire))))
        }
        MqttVersion::V311 => {
            let (client, wire) = v311::open(shared, clean_start)?;
            Ok((Link::V311(client), Wire::V311(Box::new(wire))))
        }
    }
}

/// How large the PUBLISH of this message is on the wire.
pub fn publish_size(version: MqttVersion, message: &Message) -> usize {
    match version {
        MqttVersion::V5 => packets::publish_to(message).size(),
        MqttVersion::V311 => v311::publish_to(message).size(),
    }
}

impl Link {
    pub fn publish(&self, message: &Message) -> Result<(), String> {
        match self {
            Self::V5(client) => v5::publish(client, message).map_err(|err| err.to_string()),
            Self::V311(client) => v311::publish(client, message).map_err(|err| err.to_string()),
        }
    }

    pub fn control(&self, control: &Control) -> Result<(), String> {
        match self {
            Self::V5(client) => v5::control(client, control).map_err(|err| err.to_string()),
            Self::V311(client) => v311::control(client, control).map_err(|err| err.to_string()),
        }
    }

    /// Has a DISCONNECT written; `false` when the event loop is gone.
    pub fn say_goodbye(&self) -> bool {
        match self {
            Self::V5(client) => client.try_disconnect_now().is_ok(),
            Self::V311(client) => client.try_disconnect_now().is_ok(),
        }
    }
}

impl Wire {
    /// Before every attempt: an earlier one may have changed both.
    pub fn renew(&mut self, clean_start: bool, keep_alive_secs: u16) {
        match self {
            Self::V5(wire) => wire.renew(clean_start, keep_alive_secs),
            Self::V311(wire) => wire.renew(clean_start, keep_alive_secs),
        }
    }

    /// Not cancel-safe.
    pub async fn poll(&mut self) -> Result<Event, Failure> {
        match self {
            Self::V5(wire) => wire.poll().await,
            Self::V311(wire) => wire.poll().await,
        }
    }

    /// After a CONNACK: how many publishes and how many SUBSCRIBEs and UNSUBSCRIBEs that were handed
    /// over before it will be sent in any case.
    pub fn still_coming(&self) -> (usize, usize) {
        match self {
            Self::V5(wire) => wire.still_coming(),
            Self::V311(wire) => wire.still_coming(),
        }
    }
}

/// Connects a tap to the broker, and notes how far it came.
async fn dial(shared: Weak<Shared>) -> io::Result<TapStream> {
    let closed = || io::Error::other("the client is gone");
    let weak = Weak::clone(&shared);
    let shared = shared.upgrade().ok_or_else(closed)?;
    let mut observer = |told: Told| {
        if let Some(watch) = &shared.options.watch {
            watch(&told);
        }
        match told {
            Told::Begun(step) => shared.with_core(|core| core.stage = Stage::from(step)),
            Told::Shown(info) => shared.with_core(|core| core.tls = Some(info)),
            Told::Done { step, took, found } => {
                log::debug!("{}: {} in {took:?}: {found}", shared.address(), step.word());
            }
            Told::From(_) => {}
        }
    };
    let connected = transport::connect(&shared.options, &mut observer)
        .await
        .map_err(io::Error::other)?;
    let (tap, stream) = Tap::wrap(connected.stream, shared.version(), move || {
        if let Some(shared) = weak.upgrade() {
            shared.settle();
        }
    })?;
    shared.with_core(|core| {
        core.stage = Stage::Handshake;
        core.tap = Some(tap);
        core.tls = connected.tls;
    });
    Ok(stream)
}
