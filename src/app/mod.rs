//! What the window knows, without a window: state, actions, notices, rows ready to paint.
pub mod rows;
