//! Where a test of the program plays: one body, on Mosquitto and on `roundtrip broker`.
#![allow(dead_code, reason = "every test binary uses its own part of it")]

use crate::common::Mosquitto;
use crate::program::Running;

/// A running broker of the test's own.
pub struct Place {
    pub port: u16,
    /// The built-in broker tells requesters of other programs nothing about its subscribers, but
    /// responders who published.
    pub is_built_in: bool,
    mosquitto: Option<Mosquitto>,
    built_in: Option<Running>,
}

impl Place {
    #[track_caller]
    pub fn mosquitto() -> Self {
        let mosquitto = Mosquitto::start("");
        Self {
            port: mosquitto.port(),
            is_built_in: false,
            mosquitto: Some(mosquitto),
            built_in: None,
        }
    }

    #[track_caller]
    pub fn built_in() -> Self {
        let (broker, port) = Running::broker();
        Self {
            port,
            is_built_in: true,
            mosquitto: None,
            built_in: Some(broker),
        }
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }
}

/// Makes two tests of every function: `on_mosquitto::…` and `on_the_built_in_broker::…`.
/// `$place` has constructors `mosquitto()` and `built_in()`.
#[macro_export]
macro_rules! on_both_brokers {
    ($place:ident: $($test:ident),+ $(,)?) => {
        mod on_mosquitto {
            $(#[test] fn $test() { super::$test(&mut super::$place::mosquitto()); })+
        }
        mod on_the_built_in_broker {
            $(#[test] fn $test() { super::$test(&mut super::$place::built_in()); })+
        }
    };
}
