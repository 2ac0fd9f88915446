//! MQTT connections. The only room that names rumqttc.
//!
//! May use `model` and `clock`. Everything that leaves this room is a type of `model` or of this room, and
//! every error has been translated into what failed, on what, why, and what to do.
//!
//! * [`client`]: one connection that reconnects, MQTT 5 or 3.1.1; knows nothing of requests. Start there.
//! * [`connection`]: a client with a [`Requester`](crate::model::requester::Requester) on top.
//! * [`diagnosis`]: the test of a connection, step by step.
//! * [`transport`]: the way to the broker, step by step.
//! * `wire`: what differs between the two versions of MQTT; nothing else does.
//!
//! What always holds: no task waits for a slow listener, every queue is bounded or accounted for,
//! and a time is taken where the packet is read from or written to the socket.

#![warn(clippy::indexing_slicing, clippy::string_slice)]

pub mod bare;
pub mod client;
pub mod connection;
pub mod diagnosis;
mod driver;
mod echo;
mod error;
mod frames;
mod ledger;
mod outbox;
mod subscriptions;
mod tap;
pub mod transport;
mod wire;
mod words;

pub use crate::clock;
pub use crate::model::connection::{ConnectionEvent, ConnectionSink};
pub use client::{Client, ClientEvent, ClientOptions, ClientSink};
pub use connection::{Connection, Listeners};
pub use error::ClientError;
pub use ledger::PublishTicket;
pub use subscriptions::{RetainHandling, SubscribeDone, SubscribeOptions};
pub use transport::FileReader;
