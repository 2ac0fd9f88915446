//! What came and went on the chosen topic, newest first, and the payload of the one that is looked at.

use super::{Shown, drawing, menu, push, tree};
use crate::app::inspect;
use crate::app::reading::Reading;
use crate::app::rows::clock;
use crate::app::topics::{Entry, Node, Retain, TopicsAction, is_of_broker, with_message};
use crate::app::{Action, App};
use crate::model::document::Form;
use crate::model::timeline::RowKind;
use crate::model::{payload, text as words};
use crate::ui::panels::timeline::row_menu::message_menu_ui;
use crate::ui::view::View;
use crate::ui::widgets::payload_view::{self, ViewState};
use crate::ui::widgets::scroll::{self, BAR, Extent};
use crate::ui::widgets::split::{Axis, split};
use crate::ui::widgets::{Button, marks, select, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{
    Align, Color32, EventFilter, Id, Key, Layout, Popup, Rect, Response, Role, Sense, Ui,
    WidgetInfo, pos2, vec2,
};

const ROW: f32 = 22.0;
const PREVIEW: usize = 160;
/// Side by side from here on.
const WIDE: f32 = 560.0;
const DRAWING: f32 = 56.0;
/// Payloads are compared while they are painted up to this size.
const COMPARED: usize = 64 * 1024;

pub fn history_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let area = ui.available_rect_before_wrap();
    let Some(path) = app.topics.chosen().cloned() else {
        nothing(ui, "Choose a topic to see what came on it.");
        return;
    };
    let node = app.topics.chosen_node();
    let Some(node) = node.and_then(|id| app.topics.tree().node(id)) else {
        nothing(
            ui,
            "Nothing that is left in the timeline came on this topic.",
        );
        return;
    };
    let (head, mut rest) = area.split_top_bottom_at_y(area.top() + super::HEAD);
    super::inside(ui, "history head", head.shrink2(vec2(14.0, 0.0)), |ui| {
        head_ui(ui, app, &path, node.entries.len(), actions);
    });
    ui.painter()
        .hline(area.x_range(), head.bottom(), theme.hairline());
    let Some((at, chosen)) = app.topics.chosen_message() else {
        super::inside(ui, "history none", rest, |ui| {
            let below = words::count(node.count);
            let told =
                format!("Nothing came on this level itself; {below} messages are beneath it.");
            nothing(ui, &told);
        });
        return;
    };
    if app.topics.numbers.points().nth(1).is_some() && rest.height() > 3.0 * DRAWING {
        let (strip, below) = rest.split_top_bottom_at_y(rest.top() + DRAWING);
        rest = below;
        super::inside(ui, "history drawing", strip, |ui| {
            drawing::drawing_ui(ui, app, actions);
        });
        ui.painter()
            .hline(area.x_range(), strip.bottom(), theme.hairline());
    }
    let id = Id::unique("share of the history");
    let share = &mut view.topics.payload_share;
    let name = "Share of the history";
    let is_wide = rest.width() >= WIDE;
    if !is_wide && rest.height() < 130.0 {
        super::inside(ui, "history list", rest, |ui| {
            list_ui(ui, app, view, (at, chosen), actions);
        });
        return;
    }
    let axis = if is_wide {
        Axis::Horizontal
    } else {
        Axis::Vertical
    };
    let least = if is_wide { 200.0 } else { 60.0 };
    let (list, payload) = split(ui, id, name, rest, axis, share, least);
    super::inside(ui, "history list", list, |ui| {
        list_ui(ui, app, view, (at, chosen), actions);
    });
    let before = newest(node, at + 1);
    super::inside(
        ui,
        "history payload",
        payload.shrink2(vec2(12.0, 4.0)),
        |ui| {
            payload_ui(ui, app, view, chosen, before, actions);
        },
    );
}

/// The newest message is 0, the one before 1.
fn newest(node: &Node, at: usize) -> Option<Entry> {
    let place = node.entries.len().checked_sub(at + 1)?;
    node.entries.get(place).copied()
}

fn nothing(ui: &mut Ui, sentence: &str) {
    marks::empty_state(ui, sentence, None);
}

fn head_ui(
    ui: &mut Ui,
    app: &App,
    path: &crate::app::topics::Path,
    messages: usize,
    actions: &mut Vec<Action>,
) {
    let theme = Theme::of(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let more = Button::icon(Icon::Ellipsis, "More for this topic").small();
            let response = ui.add(more);
            Popup::menu(&response)
                .id(Id::unique("more for this topic"))
                .show(|ui| menu::topic_menu_ui(ui, app, path, actions));
            if !app.topics.follows_newest() {
                let newest = Button::ghost("Newest")
                    .tooltip("Shows the newest message, whichever that is")
                    .small();
                if ui.add(newest).clicked() {
                    push(actions, TopicsAction::ChooseMessage(None));
                }
            }
            let count = words::count(messages as u64);
            text::label(ui, &count, fonts::small(), theme.muted);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if let Some(topic) = &path.1 {
                    text::label(ui, topic, fonts::code(), theme.text);
                    if is_of_broker(topic) {
                        marks::badge(ui, "of the broker");
                    }
                } else {
                    let profile = app.library.profile(&path.0);
                    let name = profile.map_or(path.0.as_str(), |profile| &profile.name);
                    text::label(ui, name, fonts::medium(), theme.text);
                }
            });
        });
    });
}

fn list_ui(
    ui: &mut Ui,
    app: &App,
    view: &mut View,
    (at, chosen): (usize, Entry),
    actions: &mut Vec<Action>,
) {
    let area = ui.available_rect_before_wrap();
    let node = app.topics.chosen_node();
    let Some(node) = node.and_then(|id| app.topics.tree().node(id)) else {
        return;
    };
    let extent = Extent {
        rows: node.entries.len(),
        row_height: ROW,
        view: area.height(),
    };
    let id = Id::unique("history");
    let list = ui.interact(area, id, Sense::click());
    list.widget_info(|| WidgetInfo::labeled(Role::List, true, "History of the topic"));
    let anchor = &mut view.topics.history;
    let by = scroll::wheel(ui, area).y;
    *anchor = anchor.moved(by, extent).bounded(extent);
    let entry_at = |at: usize| newest(node, at);
    if let Some(to) = key(ui, &list, at, extent) {
        *anchor = anchor.revealing(to, extent);
        choose(entry_at(to), actions);
    }
    let track = Rect::from_min_max(pos2(area.right() - BAR, area.top()), area.max);
    if let Some(moved) = scroll::scrollbar(ui, id.with("bar"), track, *anchor, extent) {
        *anchor = moved;
    }
    let (mut top, first) = (area.top() - anchor.offset, anchor.row);
    for place in first..extent.rows {
        if top >= area.bottom() {
            break;
        }
        let rect = Rect::from_min_size(pos2(area.left(), top), vec2(area.width() - BAR, ROW));
        top += ROW;
        let Some(entry) = entry_at(place) else { break };
        let before = entry_at(place + 1);
        let response = entry_ui(ui, app, rect, &list, entry, before, entry == chosen);
        Popup::context_menu(&response)
            .id(Id::unique(("message", entry.row.number(), entry.part)))
            .show(|ui| {
                ui.set_min_width(230.0);
                ui.spacing_mut().item_spacing.y = 0.0;
                let place = (entry.row, usize::from(entry.part));
                if let Some(row) = app.timeline().row(entry.row) {
                    message_menu_ui(ui, app, place, &row, actions);
                }
            });
        if response.clicked() {
            list.request_focus();
            choose(Some(entry), actions);
            view.choose_part(entry.row, usize::from(entry.part));
        }
    }
}

fn choose(entry: Option<Entry>, actions: &mut Vec<Action>) {
    if entry.is_some() {
        push(actions, TopicsAction::ChooseMessage(entry));
    }
}

fn key(ui: &Ui, list: &Response, at: usize, extent: Extent) -> Option<usize> {
    if !list.has_focus() {
        return None;
    }
    ui.memory_mut(|memory| {
        let filter = EventFilter {
            vertical_arrows: true,
            ..EventFilter::default()
        };
        memory.set_focus_lock_filter(list.id, filter);
    });
    let bottom = extent.rows.checked_sub(1)?;
    let to = ui.input(|input| {
        let keys = [
            (Key::ArrowDown, at + 1),
            (Key::ArrowUp, at.saturating_sub(1)),
            (Key::PageDown, at + extent.page()),
            (Key::PageUp, at.saturating_sub(extent.page())),
            (Key::Home, 0),
            (Key::End, bottom),
        ];
        let mut pressed = keys.into_iter().filter(|(key, _)| input.key_pressed(*key));
        pressed.next().map(|(_, to)| to)
    })?;
    Some(to.min(bottom))
}

/// A message: when, which way it went, what is special about it, and its payload.
fn entry_ui(
    ui: &mut Ui,
    app: &App,
    rect: Rect,
    list: &Response,
    entry: Entry,
    before: Option<Entry>,
    is_chosen: bool,
) -> Response {
    let theme = Theme::of(ui);
    let response = ui.interact(
        rect,
        list.id.with((entry.row.number(), entry.part)),
        Sense::CLICK,
    );
    let row = app.timeline().peek(entry.row);
    let when = clock(entry.at);
    let told = row.and_then(|row| {
        with_message(row, entry.part, |one| {
            (payload::preview(one.payload, PREVIEW), one.duplicate)
        })
    });
    let (preview, is_duplicate) = told.unwrap_or_default();
    let came = row.is_some_and(|row| row.kind() == RowKind::Message || entry.part > 0);
    let way = if came { "received" } else { "sent" };
    response.widget_info(|| {
        let words = format!("{when}, {way}, {preview}");
        WidgetInfo::selected(Role::ListItem, true, is_chosen, words)
    });
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
    let mut x = rect.left() + 12.0;
    let mut paint = |words: &str, font, ink, room: f32| {
        let galley = text::line(ui, words, font, ink, room);
        let place = Rect::from_min_max(pos2(x, rect.top()), pos2(x + room, rect.bottom()));
        text::paint_in(ui, place, Align::Min, galley);
        x += room + 6.0;
    };
    paint(&when, fonts::code_small(), theme.muted, 88.0);
    let (icon, ink) = if came {
        (Icon::ArrowDown, theme.accent)
    } else {
        (Icon::ArrowUp, theme.muted)
    };
    let sign = char::from(icon).to_string();
    paint(&sign, fonts::icon(12.0), ink, 13.0);
    for (is_so, letter, color) in [
        (entry.retain != Retain::No, "R", theme.waiting),
        (is_duplicate, "D", theme.late),
    ] {
        if is_so {
            let place = Rect::from_min_size(pos2(x, rect.center().y - 7.0), vec2(14.0, 14.0));
            tree::badge(ui, place, letter, color);
            x += 20.0;
        }
    }
    let is_same = before.is_some_and(|before| is_same(app, entry, before));
    let (shown, ink) = match preview.as_str() {
        "" if entry.retain == Retain::Cleared => ("empty: clears what is retained", theme.dim),
        "" => ("empty", theme.dim),
        shown if is_same => (shown, theme.dim),
        shown => (shown, theme.text),
    };
    let room = (rect.right() - 8.0 - x).max(0.0);
    let galley = text::line(ui, shown, fonts::code_small(), ink, room);
    let place = Rect::from_min_max(pos2(x, rect.top()), rect.max);
    text::paint_in(ui, place, Align::Min, galley);
    let mut told = Vec::new();
    match entry.retain {
        Retain::No => {}
        Retain::Kept => told.push("R: with RETAIN, the broker keeps it or had kept it"),
        Retain::Cleared => told.push("R: an empty message with RETAIN takes away what is kept"),
    }
    if is_duplicate {
        told.push("D: with DUP, its sender may have sent it before");
    }
    if is_same {
        told.push("the same payload as the one before");
    }
    if told.is_empty() {
        response
    } else {
        response.on_hover_text(told.join("\n"))
    }
}

fn is_same(app: &App, entry: Entry, before: Entry) -> bool {
    let timeline = app.timeline();
    let (Some(row), Some(earlier)) = (timeline.peek(entry.row), timeline.peek(before.row)) else {
        return false;
    };
    let same = with_message(row, entry.part, |one| {
        with_message(earlier, before.part, |other| {
            one.payload.len() <= COMPARED && one.payload == other.payload
        })
    });
    same.flatten() == Some(true)
}

fn payload_ui(
    ui: &mut Ui,
    app: &App,
    view: &mut View,
    entry: Entry,
    before: Option<Entry>,
    actions: &mut Vec<Action>,
) {
    let theme = Theme::of(ui);
    let shown = &mut view.topics.shown;
    if shown.as_ref().is_none_or(|shown| shown.of != entry) {
        let row = app.timeline().row(entry.row);
        let part = row.and_then(|row| inspect::part(&row, usize::from(entry.part)));
        *shown = part.map(|part| Shown {
            of: entry,
            reading: Reading::open(&part.message.payload, Form::Text),
            message: part.message,
            state: ViewState::default(),
        });
    }
    let Some(shown) = shown else { return };
    let message = &shown.message;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let size = words::bytes(message.payload.len());
        let told = format!("{} · {size}", message.qos);
        text::label(ui, &told, fonts::small(), theme.muted);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let compare = Button::ghost("Compare with the one before").small();
            let compare = match before {
                Some(_) => compare.tooltip("What changed, side by side"),
                None => compare.enabled(false).tooltip("It is the first one here"),
            };
            if ui.add(compare).clicked()
                && let Some(before) = before
            {
                let place = |entry: Entry| (entry.row, usize::from(entry.part));
                actions.push(Action::Compare(place(before), place(entry)));
            }
        });
    });
    let document = &mut shown.reading.document;
    let name = "Payload of the topic";
    let characters = payload_view::show(ui, name, document, &mut shown.state);
    let top = shown.state.top_mut();
    if shown.reading.advance(characters, top, &app.worker) {
        shown.state.unmark();
        ui.ctx().request_repaint();
    }
}

/// Which number of the payloads is drawn.
pub fn place_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let numbers = &app.topics.numbers;
    let shown = match numbers.place() {
        None | Some("") => "payload",
        Some(place) => place,
    };
    if numbers.places().len() < 2 {
        text::label(ui, shown, fonts::code_small(), Theme::of(ui).muted);
        return;
    }
    select::select(ui, "Number that is drawn", shown, 130.0, |ui| {
        for place in numbers.places() {
            let is_drawn = numbers.place() == Some(place);
            if select::option(ui, is_drawn, place).clicked() {
                push(actions, TopicsAction::Draw(place.clone()));
            }
        }
    });
}
