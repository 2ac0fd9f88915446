//! The parts of the window. Each paints from `app` and adds to the list of actions what the user
//! asked for; none changes anything but the draft that it edits.

pub mod answer;
pub mod composer;
pub mod connections;
pub mod demo_line;
pub mod devices;
pub mod dialogs;
pub mod packets;
pub mod requests;
pub mod rules;
pub mod status_bar;
pub mod timeline;
pub mod top_bar;
mod tree;
