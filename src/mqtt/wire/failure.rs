//! Why an event loop gave up, in the words of both versions.

use std::io;

/// What rumqttc said, sorted by what it means.
#[derive(Debug)]
pub struct Failure {
    pub cause: Cause,
    /// In rumqttc's own words.
    pub detail: String,
}

#[derive(Debug)]
pub enum Cause {
    /// The attempt took too long.
    Timeout,
    /// No socket came about.
    Connect(io::Error),
    /// The broker closed the connection.
    Closed,
    /// Reading or writing failed.
    Broken(io::Error),
    /// A PINGRESP did not come in time.
    NoPong,
    TooLarge {
        size: usize,
        maximum: usize,
    },
    /// What came is nothing that this version of MQTT knows.
    NotMqtt(String),
    /// The enhanced authentication did not come to its end, or the broker failed in it.
    Unproven(String),
    /// A session was resumed that was not asked for.
    UnwantedSession,
    Other,
}
