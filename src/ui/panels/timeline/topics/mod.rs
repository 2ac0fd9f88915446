//! The Topics view: the tree of topics, and beside it what came and went on the one that is chosen.
//!
//! Everything painted is in [`crate::app::topics::Topics`]; here is only where it stands.

mod drawing;
mod history;
mod menu;
mod tree;

use crate::app::reading::Reading;
use crate::app::topics::{Entry, TopicsAction};
use crate::app::{Action, App};
use crate::model::message::Message;
use crate::model::text as words;
use crate::ui::view::View;
use crate::ui::widgets::payload_view::ViewState;
use crate::ui::widgets::scroll::Anchor;
use crate::ui::widgets::split::{Axis, split};
use crate::ui::widgets::{Button, Field, marks, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Id, Layout, Rect, Sense, Ui, UiBuilder, vec2};
use std::sync::Arc;

/// The line above the tree, and the one above the history.
const HEAD: f32 = 36.0;

/// What only the eye cares about.
#[derive(Debug)]
pub struct TopicsView {
    share: f32,
    payload_share: f32,
    tree: Anchor,
    history: Anchor,
    query: String,
    /// What was chosen in the last frame, to bring another into view.
    chosen: Option<(u32, usize)>,
    shown: Option<Shown>,
}

/// The payload on show: read once.
#[derive(Debug)]
struct Shown {
    of: Entry,
    message: Arc<Message>,
    reading: Reading,
    state: ViewState,
}

impl Default for TopicsView {
    fn default() -> Self {
        Self {
            share: 0.5,
            payload_share: 0.5,
            tree: Anchor::default(),
            history: Anchor::default(),
            query: String::new(),
            chosen: None,
            shown: None,
        }
    }
}

fn push(actions: &mut Vec<Action>, action: TopicsAction) {
    actions.push(Action::Topics(action));
}

pub fn topics_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    let is_empty = app.topics.tree().is_empty();
    if let Some(progress) = app.topics.progress().filter(|_| is_empty) {
        inside(ui, "topics progress", area, |ui| progress_ui(ui, progress));
        return;
    }
    if is_empty {
        inside(ui, "topics empty", area, |ui| empty_ui(ui, app, actions));
        return;
    }
    let id = Id::unique("width of the topics");
    let (name, axis) = ("Width of the topics", Axis::Horizontal);
    let (left, right) = split(ui, id, name, area, axis, &mut view.topics.share, 220.0);
    let theme = Theme::of(ui);
    let (head, list) = left.split_top_bottom_at_y(left.top() + HEAD);
    inside(ui, "topics head", head.shrink2(vec2(14.0, 0.0)), |ui| {
        head_ui(ui, app, &mut view.topics, actions);
    });
    ui.painter()
        .hline(left.x_range(), head.bottom(), theme.hairline());
    inside(ui, "topics tree", list, |ui| {
        tree::tree_ui(ui, app, &mut view.topics, actions);
    });
    inside(ui, "topics history", right, |ui| {
        history::history_ui(ui, app, view, actions);
    });
}

fn head_ui(ui: &mut Ui, app: &App, view: &mut TopicsView, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let width = (ui.available_width() * 0.5).clamp(120.0, 300.0);
        let field = Field::new(&mut view.query, "Find a topic").hint("Find a topic");
        if field.width(width).show(ui).changed() {
            push(actions, TopicsAction::Search(view.query.clone()));
        }
        if !view.query.is_empty() {
            let clear = Button::icon(Icon::X, "Show all topics").small();
            if ui.add(clear).clicked() {
                view.query.clear();
                push(actions, TopicsAction::Search(String::new()));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let tree = app.topics.tree();
            let mut told = format!(
                "{} on {} topics",
                words::count(tree.messages()),
                words::count(tree.topics as u64)
            );
            if tree.left_out > 0 {
                let left_out = words::count(tree.left_out);
                told = format!("{told} · {left_out} messages on more topics than are shown");
            }
            text::label(ui, &told, fonts::small(), theme.muted);
        });
    });
}

fn progress_ui(ui: &mut Ui, progress: f32) {
    let theme = Theme::of(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(24.0);
        let told = format!("Looking through the timeline: {:.0} %", progress * 100.0);
        text::label(ui, &told, fonts::body(), theme.muted);
    });
}

fn empty_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let (sentence, offer) = if app.topics.is_busy() {
        ("Looking through the timeline…", None)
    } else if app.timeline().is_empty() {
        (
            "No messages yet. Subscribe to a topic filter, or send a request: every topic appears here.",
            Some("Subscribe…"),
        )
    } else {
        ("No message passes the filter.", Some("Show all"))
    };
    if marks::empty_state(ui, sentence, offer) {
        if app.timeline().is_empty() {
            actions.push(menu::subscribe(app.connection_in_front(), String::new()));
        } else {
            actions.push(Action::SetCategory(None));
            actions.push(Action::SetFilter(String::new()));
        }
    }
}

fn inside<R>(ui: &mut Ui, salt: &str, rect: Rect, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let mut child = ui.new_child(
        UiBuilder::new()
            .id_salt(salt)
            .max_rect(rect)
            .layout(Layout::top_down(Align::Min)),
    );
    child.shrink_clip_rect(rect);
    contents(&mut child)
}
