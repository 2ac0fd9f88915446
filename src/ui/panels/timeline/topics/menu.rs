//! What can be done with a topic, or a branch of topics.

use crate::app::subscriptions::SubscriptionAction;
use crate::app::topics::{Path, TopicsAction, branch_filter};
use crate::app::{Action, App};
use crate::ui::widgets::Button;
use egui::Ui;

pub fn subscribe(connection: String, filter: String) -> Action {
    Action::Subscription(SubscriptionAction::New { connection, filter })
}

pub fn topic_menu_ui(ui: &mut Ui, app: &App, path: &Path, actions: &mut Vec<Action>) {
    ui.set_min_width(230.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    let (connection, topic) = path;
    let mut entry = |ui: &mut Ui, button: Button<'_>, action: Action| {
        if ui.add(button).clicked() {
            actions.push(action);
            ui.close();
        }
    };
    let branch = branch_filter(topic.as_deref());
    let node = app.topics.tree().find(connection, topic.as_deref());
    let node = node.and_then(|id| app.topics.tree().node(id));
    let has_own = node.is_some_and(|node| !node.entries.is_empty());
    let has_below = node.is_some_and(|node| !node.children.is_empty());
    let is_known = app.library.profile(connection).is_some();
    let why = "Its connection is not in this workspace";
    if let Some(topic) = topic {
        let words = "Subscribe to this topic…";
        let button = Button::ghost(words).enabled(is_known);
        let button = if is_known {
            button
        } else {
            button.tooltip(why)
        };
        entry(ui, button, subscribe(connection.clone(), topic.clone()));
    }
    let words = format!("Subscribe to {}…", shortened(&branch));
    let button = Button::ghost(&words).enabled(is_known);
    let button = if is_known {
        button
    } else {
        button.tooltip(why)
    };
    entry(ui, button, subscribe(connection.clone(), branch.clone()));
    ui.separator();
    if let Some(topic) = topic {
        if has_own {
            let show = TopicsAction::ShowFilter(topic.clone());
            entry(
                ui,
                Button::ghost("Filter by this topic"),
                Action::Topics(show),
            );
        }
        if has_below {
            let words = format!("Filter by {}", shortened(&branch));
            let show = TopicsAction::ShowFilter(branch);
            entry(ui, Button::ghost(&words), Action::Topics(show));
        }
        entry(ui, Button::ghost("Copy topic"), Action::Copy(topic.clone()));
        ui.separator();
        let why_not = app.why_not_cleared(connection, topic);
        let tooltip = why_not.as_deref().unwrap_or(
            "Publishes an empty retained message, so that the broker keeps none; asks before",
        );
        let clear = Button::ghost("Clear retained…")
            .enabled(why_not.is_none())
            .tooltip(tooltip);
        let ask = TopicsAction::AskToClear {
            connection: connection.clone(),
            topic: topic.clone(),
        };
        entry(ui, clear, Action::Topics(ask));
    }
}

/// The end of a long one: that is where they differ.
fn shortened(filter: &str) -> String {
    const MOST: usize = 36;
    let length = filter.chars().count();
    if length <= MOST {
        return filter.to_owned();
    }
    let end: String = filter.chars().skip(length - MOST).collect();
    format!("…{end}")
}
