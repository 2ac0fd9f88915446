//! Settings that belong to the workspace and are shared with it: `settings.toml`.
//!
//! What belongs to one person and one screen (theme, sizes, tabs) is in [`super::window`] instead.

use crate::model::environment::EnvironmentDraft;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The built-in broker's port; none takes a free one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub built_in_broker_port: Option<u16>,
    pub timeline: TimelineBounds,
    #[serde(skip_serializing_if = "PairingOrder::is_default")]
    pub pairing: PairingOrder,
    #[serde(skip_serializing_if = "RecordingSettings::is_default")]
    pub recording: RecordingSettings,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<SavedFilter>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<EnvironmentDraft>,
}

/// A filter of the timeline under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedFilter {
    pub name: String,
    /// As typed.
    pub text: String,
    /// The word of the chip that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
}

/// Whether everything is recorded, and how much of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordingSettings {
    pub auto: bool,
    /// For all automatic recordings together.
    pub max_mebibytes: u64,
}

impl RecordingSettings {
    pub const LEAST_MEBIBYTES: u64 = 16;

    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub fn max_bytes(&self) -> u64 {
        self.max_mebibytes.saturating_mul(1024 * 1024)
    }
}

impl Default for RecordingSettings {
    fn default() -> Self {
        Self {
            auto: false,
            max_mebibytes: 512,
        }
    }
}

/// In which order the workspace's own pairing rules are tried, and listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairingOrder {
    /// Names of files without their ending. Rules that are not named here come after those that are.
    pub order: Vec<String>,
}

impl PairingOrder {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Where a rule stands among others.
    pub fn place(&self, id: &str) -> usize {
        let place = self.order.iter().position(|one| one == id);
        place.unwrap_or(self.order.len())
    }
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
            max_rows: 1_000_000,
            max_bytes: 1024 * 1024 * 1024,
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
            pairing: self.pairing.clone(),
            recording: RecordingSettings {
                auto: self.recording.auto,
                max_mebibytes: self
                    .recording
                    .max_mebibytes
                    .max(RecordingSettings::LEAST_MEBIBYTES),
            },
            filters: self.filters.clone(),
            environments: self.environments.clone(),
        }
    }
}
