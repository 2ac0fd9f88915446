//! The timeline: what was sent and what came, in three views.

mod filter_box;
mod filter_menu;
pub mod latency;
mod row_menu;
pub mod sources;
mod lanes;
mod table;
mod table_menu;
mod toolbar;

pub use filter_box::FilterView;
pub use latency::latency_ui;
pub use lanes::{LanesState, lanes_ui};
pub use table::table_ui;
pub use toolbar::toolbar_ui;
