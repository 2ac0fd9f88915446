//! Roundtrip: a tester for request/response over MQTT.
//!
//! The rooms, from what things mean to what the eye sees (ARCHITECTURE.md has the edges):
//! [`model`] what the words mean · [`mqtt`] connections ·
//! [`tcp`] JSON over plain TCP · [`clock`] the one clock · [`broker`] the built-in broker ·
//! [`device`] simulated devices at work · [`store`] files, settings and passwords ·
//! [`session`] all of these together · [`app`] what the window knows · [`ui`] the window ·
//! [`cli`] the same without a window.

pub mod app;
pub mod broker;
pub mod cli;
pub mod clock;
pub mod device;
pub mod model;
pub mod mqtt;
pub mod session;
pub mod store;
pub mod tcp;
pub mod ui;
