//! JSON over plain TCP: devices that know no MQTT come to a socket of ours.
//!
//! May use `model` and `clock`. What always holds: one message is one JSON value, however the stream
//! was cut or glued; what is sent is the payload as it is, and a line end; every end of a device's
//! connection is told as its sign-out; nothing here waits for a slow listener or a slow peer, and
//! nothing grows without a bound.
//!
//! * [`frames`]: a stream as values. * [`words`]: what a value means, and its topic here.
//! * [`connection`]: the listener, with a [`Requester`](crate::model::requester::Requester) on top. Start there.
//! * [`client`]: the device's end, for simulated devices.

#![warn(clippy::indexing_slicing, clippy::string_slice)]

pub mod client;
pub mod connection;
pub mod frames;
mod hub;
mod peer;
mod place;
mod socket;
pub mod words;

pub use client::{Client, ClientEvent, ClientOptions, ClientSink, Ticket};
pub use connection::Connection;
pub use place::Place;

/// The longest value that is taken.
pub const MAX_VALUE_BYTES: usize = 16 << 20;
