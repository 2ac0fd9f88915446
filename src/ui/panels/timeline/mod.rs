//! The timeline: what was sent and what came, in three views.

mod lanes;
mod table;
mod toolbar;

pub use lanes::{LanesState, lanes_ui};
pub use table::table_ui;
pub use toolbar::toolbar_ui;
