//! The timeline: what was sent and what came, in three views.

pub mod latency;
mod row_menu;
mod table;
mod table_menu;
mod toolbar;

pub use latency::latency_ui;
pub use table::table_ui;
pub use toolbar::toolbar_ui;
