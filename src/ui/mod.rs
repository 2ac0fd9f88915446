//! What the eye sees: the only room that names egui and eframe.
//!
//! May read `app` and `model`; nothing else. Panels paint what `app` prepared and hand back what
//! the user asked for; no panel changes state except the draft that it edits, and nothing in here
//! waits for network, disk or a large payload. What only the eye cares about (scroll position,
//! hover, open folds) lives here. Start at [`theme`] for colours, [`widgets`] for the pieces.

pub mod bench;
pub mod fonts;
pub mod open;
mod order;
mod pace;
pub mod panels;
pub mod picture;
pub mod shell;
pub mod style;
pub mod theme;
pub mod view;
pub mod widgets;
pub mod window;

pub use lucide_icons::Icon;
pub use theme::Theme;
