//! Roundtrip.

pub mod app;
pub mod broker;
pub mod model;
pub mod store;
pub mod ui;
