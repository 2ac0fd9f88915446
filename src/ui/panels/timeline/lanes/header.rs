//! Above the lanes: what is shown at which scale, and who takes part.

use super::LanesState;
use crate::app::lanes::{Lane, LaneKey};
use crate::app::{Action, App};
use crate::model::text as words;
use crate::ui::widgets::{Button, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{
    Align, CornerRadius, Id, Layout, Popup, Rect, Role, Sense, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};

pub fn bar_ui(ui: &mut Ui, app: &App, state: &mut LanesState, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let more = match state.stage().lanes().left_out {
            0 => String::new(),
            more => format!(" · {} more not drawn", words::count(more as u64)),
        };
        let which = match state.only {
            Some(_) => "only this exchange".to_owned(),
            None if state.is_following => "newest".to_owned(),
            None => place_words(app, state),
        };
        let said = format!(
            "Lanes · {which} · zoom {}/div{more}",
            words::setting(state.zoom.per_division())
        );
        text::label(ui, &said, fonts::small(), theme.muted);
        let closer = Button::icon(Icon::ZoomIn, "Zoom in")
            .small()
            .shortcut("+")
            .enabled(!state.zoom.is_closest());
        let height = ui.max_rect().height();
        if ui.add(closer).clicked() {
            super::zoom(state, state.zoom.closer(), height);
        }
        let farther = Button::icon(Icon::ZoomOut, "Zoom out")
            .small()
            .shortcut("-")
            .enabled(!state.zoom.is_farthest());
        if ui.add(farther).clicked() {
            super::zoom(state, state.zoom.farther(), height);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let menu = ui.add(Button::new("Participants").small().with_icon(Icon::Users));
            Popup::menu(&menu)
                .id(Id::unique("participants"))
                .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
                .show(|ui| participants_ui(ui, state));
            let row = state.only.or(app.selected);
            let only = Button::new("Only this exchange")
                .small()
                .selected(state.only.is_some())
                .tooltip("Nothing but the selected row is drawn")
                .enabled(row.is_some());
            if ui.add(only).clicked() {
                state.only = match state.only {
                    Some(_) => None,
                    None => row,
                };
                state.scroll = 0.0;
                if state.only.is_none()
                    && let Some(row) = row
                {
                    state.anchor = Some((row, 80.0));
                    state.is_following = false;
                }
                ui.ctx().request_repaint();
            }
            if !app.listing.filter().is_empty() {
                let all = Button::ghost("All rows")
                    .small()
                    .tooltip("Take the filter away");
                if ui.add(all).clicked() {
                    actions.push(Action::SetFilter(String::new()));
                    actions.push(Action::SetCategory(None));
                }
            }
            if ui.available_width() > 180.0 {
                let hint = "hover an arrow for its packet";
                text::label(ui, hint, fonts::small(), theme.dim);
            }
        });
    });
}

/// `1,203–1,240 of 1,000,000`.
fn place_words(app: &App, state: &LanesState) -> String {
    let timeline = app.timeline();
    let place = |row| app.listing.place_in_time(timeline, row);
    let (first, last) = (
        state.stage().first().and_then(place),
        state.stage().last().and_then(place),
    );
    match (first, last) {
        (Some(first), Some(last)) => format!(
            "rows {}–{} of {}",
            words::count(first as u64 + 1),
            words::count(last as u64 + 1),
            words::count(app.listing.len() as u64)
        ),
        _ => "no rows".to_owned(),
    }
}

/// Shows, hides and moves.
fn participants_ui(ui: &mut Ui, state: &mut LanesState) {
    ui.set_width(300.0);
    let theme = Theme::of(ui);
    let lanes = state.stage().lanes();
    let all: Vec<(Lane, bool)> = lanes
        .lanes
        .iter()
        .map(|lane| (lane.clone(), true))
        .chain(lanes.hidden.iter().map(|lane| (lane.clone(), false)))
        .collect();
    for (place, (lane, is_shown)) in all.iter().enumerate() {
        ui.horizontal(|ui| {
            let word = if *is_shown { "Hide" } else { "Show" };
            let icon = if *is_shown { Icon::Eye } else { Icon::EyeOff };
            let name = format!("{word} {}", lane.title);
            if ui.add(Button::icon(icon, &name).small()).clicked() {
                toggle(state, &lane.key, !is_shown);
            }
            let ink = if *is_shown { theme.text } else { theme.dim };
            ui.scope(|ui| {
                ui.set_max_width(200.0);
                text::label(ui, &lane.title, fonts::body(), ink);
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                for (icon, word, is_left) in [
                    (Icon::ArrowRight, "right", false),
                    (Icon::ArrowLeft, "left", true),
                ] {
                    let name = format!("Move {} to the {word}", lane.title);
                    let is_possible = *is_shown
                        && if is_left {
                            place > 0
                        } else {
                            place + 1 < lanes_shown(&all)
                        };
                    let button = Button::icon(icon, &name).small().enabled(is_possible);
                    if ui.add(button).clicked() {
                        shift(state, &all, place, is_left);
                    }
                }
            });
        });
    }
    let is_changed = !state.options.hidden.is_empty() || !state.options.order.is_empty();
    let reset = Button::ghost("All of them, as they were").enabled(is_changed);
    if ui.add(reset).clicked() {
        state.options.hidden.clear();
        state.options.order.clear();
        ui.close();
    }
}

fn lanes_shown(all: &[(Lane, bool)]) -> usize {
    all.iter().filter(|(_, is_shown)| *is_shown).count()
}

fn toggle(state: &mut LanesState, key: &LaneKey, is_shown: bool) {
    if is_shown {
        state.options.hidden.remove(key);
    } else {
        state.options.hidden.insert(key.clone());
    }
}

/// Puts a lane one place further.
fn shift(state: &mut LanesState, all: &[(Lane, bool)], place: usize, is_left: bool) {
    let mut order: Vec<LaneKey> = all.iter().map(|(lane, _)| lane.key.clone()).collect();
    let other = if is_left {
        place.saturating_sub(1)
    } else {
        place + 1
    };
    if other < order.len() {
        order.swap(place, other);
    }
    state.options.order = order;
}

/// Who takes part, over the lanes.
pub fn lanes_header_ui(ui: &mut Ui, area: Rect, state: &mut LanesState, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let clip = ui.clip_rect();
    ui.set_clip_rect(clip.intersect(area));
    ui.painter()
        .hline(area.x_range(), area.top(), theme.hairline());
    let lanes = state.stage().lanes().lanes.clone();
    let places = state.stage().layout().lanes.clone();
    let room = match places.as_slice() {
        [first, second, ..] => second - first - 16.0,
        _ => 300.0,
    };
    for (place, (lane, x)) in lanes.iter().zip(&places).enumerate() {
        let x = area.left() + x - state.scroll_x;
        let galley = text::line(
            ui,
            &lane.title,
            fonts::body(),
            theme.text,
            (room - 24.0).min(240.0),
        );
        let size = vec2((galley.size().x + 32.0).max(96.0), 28.0);
        let rect = Rect::from_center_size(pos2(x, area.center().y + 2.0), size);
        if rect.right() < area.left() + super::AXIS * 0.5 || rect.left() > area.right() {
            continue;
        }
        let id = Id::unique(("lane", &lane.key));
        let response = ui.interact(rect, id, Sense::click());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Button, true, format!("Lane {}", lane.title))
        });
        let fill = if response.hovered() {
            theme::mix(theme.raised, theme.text, 0.06)
        } else {
            theme.raised
        };
        let radius = CornerRadius::same(theme::RADIUS);
        ui.painter()
            .rect(rect, radius, fill, theme.hairline(), StrokeKind::Inside);
        text::paint_in(ui, rect, Align::Center, galley);
        crate::ui::widgets::button::focus_ring(ui, rect, &response);
        let response = response.on_hover_text(&lane.detail);
        Popup::menu(&response)
            .id(id.with("menu"))
            .show(|ui| lane_menu_ui(ui, state, (place, &lanes), actions));
    }
    ui.set_clip_rect(clip);
}

fn lane_menu_ui(
    ui: &mut Ui,
    state: &mut LanesState,
    (place, lanes): (usize, &[Lane]),
    actions: &mut Vec<Action>,
) {
    let Some(lane) = lanes.get(place) else {
        return;
    };
    let theme = Theme::of(ui);
    ui.set_width(280.0);
    text::paragraph(ui, &lane.detail, fonts::small(), theme.muted);
    ui.add_space(4.0);
    let filter = match &lane.key {
        LaneKey::Responder(name) => Some(format!("responder:\"{name}\"")),
        LaneKey::Requester(id) => Some(format!("connection:\"{id}\"")),
        LaneKey::Broker(_) | LaneKey::Unknown(_) | LaneKey::Others => None,
    };
    if let Some(filter) = filter {
        let only = Button::ghost("Only exchanges with it");
        if ui.add(only).clicked() {
            actions.push(Action::SetFilter(filter));
            ui.close();
        }
    }
    let all: Vec<(Lane, bool)> = lanes.iter().map(|lane| (lane.clone(), true)).collect();
    if place > 0 && ui.add(Button::ghost("Move to the left")).clicked() {
        shift(state, &all, place, true);
        ui.close();
    }
    if place + 1 < lanes.len() && ui.add(Button::ghost("Move to the right")).clicked() {
        shift(state, &all, place, false);
        ui.close();
    }
    if ui.add(Button::ghost("Hide this lane")).clicked() {
        toggle(state, &lane.key, false);
        ui.close();
    }
}
