//! Settings that belong to the workspace and are shared with it: `settings.toml`.
//!
//! What belongs to one person and one screen (theme, sizes, tabs) is in [`super::window`] instead.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The built-in broker's port; none takes a free one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub built_in_broker_port: Option<u16>,
    pub timeline: TimelineBounds,
}

/// How much the timeline keeps before it lets go of the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineBounds {
    pub max_rows: usize,
    pub max_bytes: usize,
}

impl TimelineBounds {
    pub const LEAST_ROWS: usize = 100;
    pub const LEAST_BYTES: usize = 1024 * 1024;
}

impl Default for TimelineBounds {
    fn default() -> Self {
        Self {
            max_rows: 100_000,
            max_bytes: 256 * 1024 * 1024,
        }
    }
}

impl Settings {
    /// As the program can use them: what makes no sense in the file is moved to the nearest that does.
    #[must_use]
    pub fn usable(&self) -> Self {
        Self {
            built_in_broker_port: self.built_in_broker_port.filter(|port| *port != 0),
            timeline: TimelineBounds {
                max_rows: self.timeline.max_rows.max(TimelineBounds::LEAST_ROWS),
                max_bytes: self.timeline.max_bytes.max(TimelineBounds::LEAST_BYTES),
            },
        }
    }
}
