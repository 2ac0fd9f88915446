//! The whole window, driven by the names a screen reader would say: a real application on a
//! workspace of its own, the built-in broker, and no display.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../common_ui/mod.rs"]
mod common_ui;

mod demos;
mod diagnosis;
mod filter;
mod folders;
mod forms;
mod imports;
mod keyboard;
mod lanes;
mod packets;
mod pairing;
mod path;
mod payloads;
mod recordings;
mod selection;
mod table;
mod topics;
mod undo;
mod window;
mod wrong_input;
