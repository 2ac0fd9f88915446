//! What comes back on the next start and belongs to one person: `window.toml`.
//!
//! It is kept in the platform's state folder, one for each workspace, and never in the workspace:
//! a workspace is shared, and nobody wants a commit because somebody moved a window.

use crate::model::request::RequestDraft;
use serde::{Deserialize, Serialize, Serializer};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    #[default]
    System,
    Dark,
    Light,
}

/// How the timeline is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimelineView {
    #[default]
    Table,
    Lanes,
    Latency,
    Topics,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowState {
    /// The workspace that this belongs to, for whoever looks into the file.
    pub workspace: String,
    pub theme: Theme,
    #[serde(serialize_with = "rounded")]
    pub ui_scale: f32,
    /// The tab in front, by position.
    pub selected_tab: usize,
    /// The folders of requests that are folded.
    pub folded_folders: Vec<String>,
    /// The groups of pairing rules that are not folded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open_rules: Vec<String>,
    /// The name of the environment that is chosen; empty: none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub environment: String,
    /// Filters of the timeline used last, the last one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent_filters: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geometry: Option<Geometry>,
    pub timeline_view: TimelineView,
    /// The columns of the timeline's table, from the left. None: the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timeline_columns: Vec<TimelineColumn>,
    /// None: newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline_order: Option<TimelineOrder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline_groups: Option<TimelineGroups>,
    pub panels: Panels,
    pub tabs: Vec<Tab>,
}

impl Default for WindowState {
    fn default() -> Self {
        Self {
            workspace: String::new(),
            theme: Theme::System,
            ui_scale: 1.0,
            selected_tab: 0,
            folded_folders: Vec::new(),
            open_rules: Vec::new(),
            environment: String::new(),
            recent_filters: Vec::new(),
            geometry: None,
            timeline_view: TimelineView::Table,
            timeline_columns: Vec::new(),
            timeline_order: None,
            timeline_groups: None,
            panels: Panels::default(),
            tabs: Vec::new(),
        }
    }
}

/// A column of the timeline's table: which one, and how wide in points.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineColumn {
    /// `round_trip`, `user:site`, …
    pub column: String,
    #[serde(serialize_with = "rounded")]
    pub width: f32,
}

/// What the timeline's table is sorted by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineOrder {
    /// As in [`TimelineColumn`].
    pub column: String,
    pub largest_first: bool,
}

/// What the timeline's table is grouped by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineGroups {
    /// `topic`, `responder`, …
    pub by: String,
    /// `name`, `count`, `p99`.
    pub order: String,
}

/// The window on the screen, in points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Geometry {
    #[serde(serialize_with = "rounded")]
    pub width: f32,
    #[serde(serialize_with = "rounded")]
    pub height: f32,
    /// None where the system does not tell (Wayland).
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "rounded_if_any"
    )]
    pub x: Option<f32>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "rounded_if_any"
    )]
    pub y: Option<f32>,
    pub maximized: bool,
}

impl Default for Geometry {
    fn default() -> Self {
        Self {
            width: 1560.0,
            height: 930.0,
            x: None,
            y: None,
            maximized: false,
        }
    }
}

/// Sizes of the panels in points, and whether they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panels {
    pub left_shown: bool,
    #[serde(serialize_with = "rounded")]
    pub left_width: f32,
    pub right_shown: bool,
    #[serde(serialize_with = "rounded")]
    pub right_width: f32,
    #[serde(serialize_with = "rounded")]
    pub timeline_height: f32,
    #[serde(serialize_with = "rounded")]
    pub answer_width: f32,
}

impl Default for Panels {
    fn default() -> Self {
        Self {
            left_shown: true,
            left_width: 255.0,
            right_shown: true,
            right_width: 315.0,
            timeline_height: 480.0,
            answer_width: 470.0,
        }
    }
}

/// An open tab: a saved request, changes to it that are not saved yet, or a request that never was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tab {
    /// The id of a saved request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// What is typed and not saved, so that nothing typed is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsaved: Option<RequestDraft>,
}

impl WindowState {
    /// As a window can use it: sizes that no screen has are replaced.
    #[must_use]
    pub fn usable(mut self) -> Self {
        let panels = Panels::default();
        let size = |value: &mut f32, least: f32, default: f32| {
            if !value.is_finite() || *value < least || *value > 20_000.0 {
                *value = default;
            }
        };
        if !(0.5..=4.0).contains(&self.ui_scale) {
            self.ui_scale = 1.0;
        }
        size(&mut self.panels.left_width, 40.0, panels.left_width);
        size(&mut self.panels.right_width, 40.0, panels.right_width);
        size(
            &mut self.panels.timeline_height,
            40.0,
            panels.timeline_height,
        );
        size(&mut self.panels.answer_width, 40.0, panels.answer_width);
        for column in &mut self.timeline_columns {
            // Where nothing usable is said the table knows a width.
            size(&mut column.width, 1.0, 0.0);
        }
        if let Some(geometry) = &mut self.geometry {
            size(&mut geometry.width, 200.0, Geometry::default().width);
            size(&mut geometry.height, 200.0, Geometry::default().height);
            let is_place = |value: &f32| value.is_finite() && value.abs() < 50_000.0;
            geometry.x = geometry.x.filter(is_place);
            geometry.y = geometry.y.filter(is_place);
        }
        // A tab with neither is nothing; what was in front stays in front.
        let before = self.tabs.iter().take(self.selected_tab);
        let lost = before
            .filter(|tab| tab.request.is_none() && tab.unsaved.is_none())
            .count();
        self.tabs
            .retain(|tab| tab.request.is_some() || tab.unsaved.is_some());
        self.selected_tab = (self.selected_tab - lost).min(self.tabs.len().saturating_sub(1));
        self
    }
}

/// Two digits are enough for a size, and `1.1` reads better than `1.100000023841858`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn rounded<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((f64::from(*value) * 100.0).round() / 100.0)
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it so"
)]
fn rounded_if_any<S: Serializer>(value: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => rounded(value, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_no_screen_has_are_replaced_and_empty_tabs_go() {
        let state = WindowState {
            ui_scale: f32::NAN,
            geometry: Some(Geometry {
                width: 0.0,
                x: Some(f32::INFINITY),
                y: Some(-20.0),
                ..Geometry::default()
            }),
            tabs: vec![
                Tab::default(),
                Tab {
                    request: Some("on".to_owned()),
                    unsaved: None,
                },
            ],
            selected_tab: 1,
            ..WindowState::default()
        }
        .usable();
        assert!((state.ui_scale - 1.0).abs() < f32::EPSILON);
        let geometry = state.geometry.unwrap();
        assert!((geometry.width - 1560.0).abs() < f32::EPSILON);
        assert_eq!((geometry.x, geometry.y), (None, Some(-20.0)));
        assert_eq!((state.tabs.len(), state.selected_tab), (1, 0));
    }

    #[test]
    fn a_selected_tab_far_beyond_the_end_is_the_last() {
        let state = WindowState {
            selected_tab: usize::MAX,
            ..WindowState::default()
        };
        assert_eq!(state.usable().selected_tab, 0);
    }
}
