//! The packet log of a connection: every MQTT packet in and out, as it was on the wire.
//!
//! What is kept are bytes with a time and a direction ([`Reel`], bounded by [`Bounds`]); they are decoded when
//! somebody looks ([`decode`]), with every field and property by its name in the specification. Secrets are
//! taken out before anything is kept ([`mask`]). Beside packets there are notes: how the connection came about,
//! step by step, and why it ended. [`filter`] and [`link`] say which packets are wanted and which belong together;
//! [`record`] writes them as JSON and as text.

pub mod decode;
pub mod filter;
pub mod link;
pub mod mask;
pub mod property;
pub mod reason;
pub mod record;
mod reel;
pub mod summary;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use decode::{Decoded, Field, Flaw, Value, decode};
pub use filter::Filter;
pub use reel::{Bounds, Logged, Packet, Reel, What};

/// The name of the field, here and in the specification.
pub const PASSWORD: &str = "Password";

/// Which way a packet went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the broker.
    In,
    /// To the broker.
    Out,
}

impl Way {
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    pub fn arrow(self) -> &'static str {
        match self {
            Self::In => "←",
            Self::Out => "→",
        }
    }
}

/// The type of a packet (MQTT 5 §2.1.2), by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Reserved,
    Connect,
    Connack,
    Publish,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Pingreq,
    Pingresp,
    Disconnect,
    Auth,
}

impl Kind {
    pub const ALL: [Self; 16] = [
        Self::Reserved,
        Self::Connect,
        Self::Connack,
        Self::Publish,
        Self::Puback,
        Self::Pubrec,
        Self::Pubrel,
        Self::Pubcomp,
        Self::Subscribe,
        Self::Suback,
        Self::Unsubscribe,
        Self::Unsuback,
        Self::Pingreq,
        Self::Pingresp,
        Self::Disconnect,
        Self::Auth,
    ];

    /// Of a packet that begins with this byte.
    pub fn of(first: u8) -> Self {
        let number = usize::from(first >> 4);
        Self::ALL.get(number).copied().unwrap_or(Self::Reserved)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Reserved => "RESERVED",
            Self::Connect => "CONNECT",
            Self::Connack => "CONNACK",
            Self::Publish => "PUBLISH",
            Self::Puback => "PUBACK",
            Self::Pubrec => "PUBREC",
            Self::Pubrel => "PUBREL",
            Self::Pubcomp => "PUBCOMP",
            Self::Subscribe => "SUBSCRIBE",
            Self::Suback => "SUBACK",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::Unsuback => "UNSUBACK",
            Self::Pingreq => "PINGREQ",
            Self::Pingresp => "PINGRESP",
            Self::Disconnect => "DISCONNECT",
            Self::Auth => "AUTH",
        }
    }

    pub fn is_ping(self) -> bool {
        matches!(self, Self::Pingreq | Self::Pingresp)
    }

    /// It may have a password or a proof of who somebody is in it.
    pub fn may_hold_secrets(self) -> bool {
        matches!(self, Self::Connect | Self::Connack | Self::Auth)
    }

    /// Its bit in [`property::Property`].
    fn place(self) -> u32 {
        1 << u32::from(self as u8)
    }
}

/// Something that happened to the connection beside its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// An attempt to connect begins.
    Attempt,
    /// A step of the way is done.
    Step,
    /// The attempt failed, or the connection is lost.
    Lost,
    /// It was ended from here.
    Ended,
}

impl Note {
    pub const ALL: [Self; 4] = [Self::Attempt, Self::Step, Self::Lost, Self::Ended];

    pub fn word(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Step => "step",
            Self::Lost => "lost",
            Self::Ended => "ended",
        }
    }
}
