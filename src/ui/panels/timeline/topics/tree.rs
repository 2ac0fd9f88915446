//! The tree: a line for each level, with what came last, how much and when.

use super::{TopicsView, menu, push};
use crate::app::Action;
use crate::app::App;
use crate::app::rows::clock;
use crate::app::topics::{Line, Node, Path, TopicsAction, is_of_broker, with_message};
use crate::model::{payload, text as words};
use crate::ui::widgets::scroll::{self, BAR, Extent};
use crate::ui::widgets::text;
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{
    Align, Color32, CornerRadius, EventFilter, Id, Key, Popup, Rect, Response, Role, Sense, Ui,
    WidgetInfo, pos2, vec2,
};

const ROW: f32 = 22.0;
const INDENT: f32 = 14.0;
/// Characters of a payload: more than a line has room for.
const PREVIEW: usize = 120;

pub fn tree_ui(ui: &mut Ui, app: &App, view: &mut TopicsView, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let area = ui.available_rect_before_wrap();
    let lines = app.topics.lines();
    let extent = Extent {
        rows: lines.len(),
        row_height: ROW,
        view: area.height(),
    };
    let id = Id::unique("topics");
    let list = ui.interact(area, id, Sense::click());
    list.widget_info(|| WidgetInfo::labeled(Role::Tree, true, "Topics"));
    let chosen = app.topics.chosen_node();
    let at = chosen.and_then(|node| app.topics.line_of(node));
    keys(ui, &list, app, at, extent, actions);
    let by = scroll::wheel(ui, area).y;
    view.tree = view.tree.moved(by, extent).bounded(extent);
    let now_chosen = chosen.zip(at);
    if let Some((node, at)) = now_chosen
        && view.chosen.map(|(node, _)| node) != Some(node)
    {
        view.tree = view.tree.revealing(at, extent);
    }
    view.chosen = now_chosen;
    let track = Rect::from_min_max(pos2(area.right() - BAR, area.top()), area.max);
    let bar = id.with("bar");
    if let Some(moved) = scroll::scrollbar(ui, bar, track, view.tree, extent) {
        view.tree = moved;
    }
    let mut top = area.top() - view.tree.offset;
    for line in lines.iter().skip(view.tree.row) {
        if top >= area.bottom() {
            break;
        }
        let rect = Rect::from_min_size(pos2(area.left(), top), vec2(area.width() - BAR, ROW));
        top += ROW;
        let Some(node) = app.topics.tree().node(line.node) else {
            continue;
        };
        let is_chosen = chosen == Some(line.node);
        line_ui(ui, app, rect, *line, node, is_chosen, (&list, actions));
    }
    if lines.is_empty() {
        let galley = text::line(
            ui,
            "No such topic.",
            fonts::body(),
            theme.muted,
            area.width(),
        );
        let place = Rect::from_min_size(area.min, vec2(area.width(), 60.0));
        text::paint_in(ui, place, Align::Center, galley);
    }
}

fn path_of(app: &App, node: u32) -> Option<Path> {
    let (connection, topic) = app.topics.tree().path(node)?;
    Some((connection.to_string(), topic))
}

fn line_ui(
    ui: &mut Ui,
    app: &App,
    rect: Rect,
    line: Line,
    node: &Node,
    is_chosen: bool,
    (list, actions): (&Response, &mut Vec<Action>),
) {
    let Some(path) = path_of(app, line.node) else {
        return;
    };
    let response = ui.interact(rect, list.id.with(line.node), Sense::CLICK);
    let name = name_of(app, node, &path);
    response.widget_info(|| {
        let count = words::count(node.count);
        let topic = path.1.as_deref().unwrap_or(&name);
        let kept = if node.is_retained() { ", retained" } else { "" };
        let words = format!("{topic}, {count} messages{kept}");
        WidgetInfo::selected(Role::TreeItem, true, is_chosen, words)
    });
    let theme = Theme::of(ui);
    let ground = if is_chosen {
        theme.selected
    } else if response.hovered() {
        theme.hovered
    } else {
        Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, 0, ground);
    if is_chosen && list.has_focus() {
        let mark = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        ui.painter().rect_filled(mark, 0, theme.accent);
    }
    let left = rect.left() + 10.0 + f32::from(line.depth.min(24)) * INDENT;
    if line.has_children {
        let icon = if line.is_open {
            Icon::ChevronDown
        } else {
            Icon::ChevronRight
        };
        let sign = char::from(icon).to_string();
        let galley = text::line(ui, &sign, fonts::icon(13.0), theme.muted, 20.0);
        let place = Rect::from_min_size(pos2(left, rect.top()), vec2(16.0, ROW));
        text::paint_in(ui, place, Align::Center, galley);
    }
    paint_words(ui, app, rect, left + 18.0, node, (&name, &path));
    if response.clicked() {
        list.request_focus();
        let on_arrow = response
            .interact_pointer_pos()
            .is_some_and(|at| at.x < left + 18.0);
        if on_arrow && line.has_children {
            let open = !line.is_open;
            let path = path.clone();
            push(actions, TopicsAction::Fold { path, open });
        } else {
            push(actions, TopicsAction::Choose(Some(path.clone())));
        }
    }
    if response.double_clicked() && line.has_children {
        let open = !line.is_open;
        let path = path.clone();
        push(actions, TopicsAction::Fold { path, open });
    }
    Popup::context_menu(&response)
        .id(Id::unique(("topic", line.node)))
        .show(|ui| menu::topic_menu_ui(ui, app, &path, actions));
}

/// The level; of a connection its name.
fn name_of(app: &App, node: &Node, path: &Path) -> String {
    if path.1.is_none() {
        let profile = app.library.profile(&path.0);
        return profile.map_or_else(|| path.0.clone(), |profile| profile.name.clone());
    }
    if node.level.is_empty() {
        "(empty level)".to_owned()
    } else {
        node.level.to_string()
    }
}

/// From the right: when, how often, how much; from the left the name, and what came last between them.
fn paint_words(
    ui: &Ui,
    app: &App,
    rect: Rect,
    left: f32,
    node: &Node,
    (name, path): (&str, &Path),
) {
    let theme = Theme::of(ui);
    let mut right = rect.right() - 8.0;
    let mut column = |words: &str, width: f32, ink: Color32| {
        let galley = text::line(ui, words, fonts::code_small(), ink, width);
        let place = Rect::from_x_y_ranges(right - width..=right, rect.y_range());
        text::paint_in(ui, place, Align::Max, galley);
        right -= width + 8.0;
    };
    let is_wide = rect.width() >= 420.0;
    if is_wide {
        let when = clock(node.newest);
        let when = when.get(..8).unwrap_or(&when);
        column(when, 56.0, theme.muted);
    }
    if rect.width() >= 340.0 {
        let rate = node.rate.words(app.now).unwrap_or_default();
        column(&rate, 52.0, theme.accent);
    }
    column(&words::count(node.count), 58.0, theme.muted);
    let is_special = path.1.as_deref().is_some_and(is_of_broker);
    let ink = match &path.1 {
        None => theme.muted,
        Some(_) if is_special => theme.late,
        Some(_) => theme.text,
    };
    let font = if path.1.is_none() {
        fonts::medium()
    } else {
        fonts::code_small()
    };
    let galley = text::line(ui, name, font, ink, (right - left).max(0.0));
    let mut x = left + galley.size().x + 8.0;
    let place = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
    text::paint_in(ui, place, Align::Min, galley);
    if node.is_retained() && x + 16.0 < right {
        let sign = Rect::from_min_size(pos2(x, rect.center().y - 7.0), vec2(14.0, 14.0));
        badge(ui, sign, "R", theme.waiting);
        x += 20.0;
    }
    let value = node.entries.back().and_then(|entry| {
        let row = app.timeline().peek(entry.row)?;
        with_message(row, entry.part, |one| {
            payload::preview(one.payload, PREVIEW)
        })
    });
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        let room = (right - x).max(0.0);
        if room > 24.0 {
            let galley = text::line(ui, &value, fonts::code_small(), theme.muted, room);
            let place = Rect::from_min_max(pos2(x, rect.top()), pos2(right, rect.bottom()));
            text::paint_in(ui, place, Align::Min, galley);
        }
    }
}

/// A letter on a tinted ground.
pub fn badge(ui: &Ui, rect: Rect, letter: &str, color: Color32) {
    let theme = Theme::of(ui);
    ui.painter()
        .rect_filled(rect, CornerRadius::same(3), theme.tint(color));
    let ink = theme::mix(color, theme.text, 0.35);
    let galley = text::line(ui, letter, fonts::tiny(), ink, rect.width() + 4.0);
    text::paint_in(ui, rect, Align::Center, galley);
}

/// Up and down choose, right unfolds, left folds or goes to the level above.
fn keys(
    ui: &Ui,
    list: &Response,
    app: &App,
    at: Option<usize>,
    extent: Extent,
    actions: &mut Vec<Action>,
) {
    if !list.has_focus() {
        return;
    }
    ui.memory_mut(|memory| {
        let filter = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        memory.set_focus_lock_filter(list.id, filter);
    });
    let lines = app.topics.lines();
    let Some(bottom) = lines.len().checked_sub(1) else {
        return;
    };
    let pressed = |key: Key| ui.input(|input| input.key_pressed(key));
    let place = at.unwrap_or(0);
    let mut to = None;
    if pressed(Key::ArrowDown) {
        to = Some(at.map_or(0, |at| at + 1));
    }
    if pressed(Key::ArrowUp) {
        to = Some(place.saturating_sub(1));
    }
    if pressed(Key::PageDown) {
        to = Some(place + extent.page());
    }
    if pressed(Key::PageUp) {
        to = Some(place.saturating_sub(extent.page()));
    }
    if pressed(Key::Home) {
        to = Some(0);
    }
    if pressed(Key::End) {
        to = Some(bottom);
    }
    let here = at.and_then(|at| lines.get(at)).copied();
    if let Some(line) = here {
        let mut fold = |open| {
            if let Some(path) = path_of(app, line.node) {
                push(actions, TopicsAction::Fold { path, open });
            }
        };
        if pressed(Key::Enter) && line.has_children {
            fold(!line.is_open);
        } else if pressed(Key::ArrowRight) && line.has_children {
            if line.is_open {
                to = Some(place + 1);
            } else {
                fold(true);
            }
        } else if pressed(Key::ArrowLeft) {
            if line.has_children && line.is_open {
                fold(false);
            } else {
                let above = lines.iter().take(place);
                to = above.clone().rposition(|one| one.depth < line.depth);
            }
        }
    }
    if let Some(line) = to.and_then(|to| lines.get(to.min(bottom))) {
        push(actions, TopicsAction::Choose(path_of(app, line.node)));
    }
}
