//! The pieces that panels are made of. Each takes plain data and knows no application state.
//!
//! Every control has an AccessKit name and can be reached by keyboard; every colour comes from
//! [`crate::ui::Theme`], every font from [`crate::ui::fonts`]. A piece that is read, not pressed,
//! still has its words in the accessibility tree.

pub mod button;
pub mod card;
pub mod chip;
pub mod diff_view;
pub mod field;
pub mod highlight;
pub mod leg_bar;
pub mod marks;
pub mod payload_edit;
pub mod payload_view;
pub mod plot;
pub mod scroll;
pub mod section;
pub mod select;
pub mod split;
pub mod swatch;
pub mod table;
pub mod tabs;
pub mod text;
pub mod toast;
pub mod toggle;
pub mod waterfall;

pub use button::Button;
pub use chip::Chip;
pub use field::Field;
