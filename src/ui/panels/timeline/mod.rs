//! The timeline: what was sent and what came, in three views.

mod table;
mod toolbar;

pub use table::table_ui;
pub use toolbar::toolbar_ui;
