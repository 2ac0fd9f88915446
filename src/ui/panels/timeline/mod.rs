//! The timeline: what was sent and what came, in four views.

mod filter_box;
mod filter_menu;
mod lanes;
pub mod latency;
mod row_menu;
pub mod sources;
mod table;
mod table_menu;
mod toolbar;
mod topics;

pub use filter_box::FilterView;
pub use lanes::{LanesState, lanes_ui};
pub use latency::latency_ui;
pub use table::table_ui;
pub use toolbar::{toolbar_ui, views_ui, views_width};
pub use topics::{TopicsView, topics_ui};
