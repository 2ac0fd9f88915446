//! Roundtrip.

pub mod app;
pub mod broker;
pub mod device;
pub mod model;
pub mod mqtt;
