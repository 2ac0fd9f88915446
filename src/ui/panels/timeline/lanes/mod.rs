//! The timeline as lanes: who sent what to whom and when, time running down.
//!
//! What there is to paint is made by [`crate::app::lanes`]; here it is scrolled, zoomed, chosen
//! from and painted, as much of it as is in view.

mod header;
mod hover;
mod paint;

use crate::app::lanes::{Cast, Layout, Moment, Options, Scenery, Spacing, Stage, Zoom};
use crate::app::{Action, App};
use crate::model::timeline::RowId;
use crate::ui::view::View;
use crate::ui::widgets::scroll::{self, Anchor};
use crate::ui::widgets::{Button, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{
    CornerRadius, EventFilter, Key, Modifiers, Rect, Response, Role, Sense, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};
pub use hover::Hit;

const BAR: f32 = 30.0;
const HEADER: f32 = 42.0;
/// Where the times stand.
const AXIS: f32 = 112.0;
const FIRST: f32 = AXIS + 84.0;
const RIGHT: f32 = 130.0;
const NARROWEST: f32 = 156.0;
const WIDEST: f32 = 440.0;

/// What the lanes remember from frame to frame.
#[derive(Debug)]
pub struct LanesState {
    stage: Stage,
    pub zoom: Zoom,
    /// The newest stays in view.
    pub is_following: bool,
    scroll: f32,
    scroll_x: f32,
    /// A row, and how far below the top edge it stands.
    anchor: Option<(RowId, f32)>,
    pub options: Options,
    /// Nothing but this row is shown.
    pub only: Option<RowId>,
    /// The pass in which it was painted last.
    pass: u64,
    pinch: f32,
}

impl Default for LanesState {
    fn default() -> Self {
        Self {
            stage: Stage::default(),
            zoom: Zoom::default(),
            is_following: true,
            scroll: 0.0,
            scroll_x: 0.0,
            anchor: None,
            options: Options::default(),
            only: None,
            pass: 0,
            pinch: 1.0,
        }
    }
}

impl LanesState {
    /// As arranged in the last frame.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Scrolls so that the row is in view.
    fn reveal(&mut self, row: RowId, view: f32) {
        let head = self.extent(row).map(|extent| extent.head);
        let below = match head.map(|head| head - self.scroll) {
            Some(y) if y > 20.0 && y < view - 20.0 => return,
            Some(y) if y <= 20.0 => 40.0,
            Some(_) => view - 60.0,
            None => view * 0.4,
        };
        // What is not laid out yet is scrolled to when it is.
        if let Some(head) = head {
            self.scroll = (head - below).clamp(0.0, self.most(view));
        }
        self.anchor = Some((row, below));
        self.is_following = false;
    }

    fn extent(&self, row: RowId) -> Option<&crate::app::lanes::Extent> {
        let extents = &self.stage.layout().extents;
        extents.iter().find(|extent| extent.row == row)
    }

    /// Notes what stands in the middle, so that it stays there.
    fn keep_place(&mut self, view: f32) {
        let middle = self.scroll + view * 0.5;
        let distance = |head: f32| (head - middle).abs();
        let nearest = self
            .stage
            .layout()
            .extents
            .iter()
            .min_by(|one, other| distance(one.head).total_cmp(&distance(other.head)));
        self.anchor = nearest.map(|extent| (extent.row, extent.head - self.scroll));
    }

    fn most(&self, view: f32) -> f32 {
        (self.stage.layout().height - view).max(0.0)
    }

    fn pan(&mut self, by: f32, view: f32) {
        if by == 0.0 {
            return;
        }
        self.is_following = false;
        self.scroll += by;
        self.scroll = self.scroll.clamp(0.0, self.most(view));
        self.keep_place(view);
    }
}

pub fn lanes_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    if app.listing.is_empty() {
        super::table::empty_ui(ui, app, actions);
        return;
    }
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    let (bar, rest) = area.split_top_bottom_at_y(area.top() + BAR);
    let (head, body) = rest.split_top_bottom_at_y(rest.top() + HEADER);
    let inner = body.with_max_x(body.right() - scroll::BAR);
    let state = &mut view.lanes;
    let letter = ui.fonts_mut(|fonts| fonts.glyph_width(&fonts_of_labels(), '0'));
    refresh(state, app, inner, letter);
    let pass = ui.ctx().cumulative_pass_nr();
    if pass.saturating_sub(state.pass) > 1
        && let Some(row) = app.selected
        && app.listing.place_in_time(app.timeline(), row).is_some()
    {
        // It was opened: what is selected comes into view.
        state.reveal(row, body.height());
        refresh(state, app, inner, letter);
    }
    state.pass = pass;
    if state.stage.is_stale() {
        ui.ctx()
            .request_repaint_after(std::time::Duration::from_millis(40));
    }

    let theme = Theme::of(ui);
    ui.painter()
        .rect_filled(bar, CornerRadius::ZERO, theme.panel);
    let bar_room = bar.shrink2(vec2(14.0, 0.0));
    ui.scope_builder(
        UiBuilder::new().id_salt("lanes bar").max_rect(bar_room),
        |ui| {
            header::bar_ui(ui, app, &mut view.lanes, actions);
        },
    );
    header::lanes_header_ui(ui, head, &mut view.lanes, actions);
    body_ui(ui, app, view, (body, inner), actions);
}

/// The labels of the arrows.
fn fonts_of_labels() -> egui::FontId {
    fonts::code_small()
}

/// Arranges what is looked at, and keeps it where it is on the screen.
fn refresh(state: &mut LanesState, app: &App, view: Rect, letter: f32) {
    let timeline = app.timeline();
    state.only = state
        .only
        .filter(|row| app.listing.place_in_time(timeline, *row).is_some());
    let moment = match (state.only, state.is_following, state.anchor) {
        (Some(row), ..) => Moment::Only(row),
        (None, false, Some((row, _))) => Moment::Around(row),
        _ => Moment::Newest,
    };
    let scenery = Scenery {
        timeline,
        listing: &app.listing,
        cast: || Cast::of(app),
        presence: &app.presence,
        options: &state.options,
        now: app.now,
    };
    let mut is_new = false;
    // How wide they stand depends on how many there are.
    for _ in 0..2 {
        let spacing = Spacing {
            first: FIRST,
            gap: gap(view.width(), state.stage.lanes().lanes.len()),
            letter,
            zoom: state.zoom,
        };
        is_new |= state.stage.refresh(&scenery, moment, spacing);
    }
    if is_new
        && !state.is_following
        && let Some((row, below)) = state.anchor
        && let Some(head) = state.extent(row).map(|extent| extent.head)
    {
        state.scroll = head - below;
    }
    let most = state.most(view.height());
    state.scroll = if state.is_following {
        most
    } else {
        state.scroll.clamp(0.0, most)
    };
    let wide = width(state.stage.layout());
    state.scroll_x = state.scroll_x.clamp(0.0, (wide - view.width()).max(0.0));
}

fn gap(width: f32, lanes: usize) -> f32 {
    let gaps = text::points(lanes.saturating_sub(1).max(1));
    ((width - FIRST - RIGHT) / gaps).clamp(NARROWEST, WIDEST)
}

fn width(layout: &Layout) -> f32 {
    layout.lanes.last().map_or(0.0, |last| last + RIGHT)
}

fn body_ui(
    ui: &mut Ui,
    app: &App,
    view: &mut View,
    (body, inner): (Rect, Rect),
    actions: &mut Vec<Action>,
) {
    let mut body_ui = ui.new_child(
        UiBuilder::new()
            .id_salt("lanes body")
            .max_rect(body)
            .accessibility_role(Role::Grid)
            .accessibility_label("Lanes"),
    );
    body_ui.shrink_clip_rect(body);
    let ui = &mut body_ui;
    let id = ui.make_persistent_id("lanes keys");
    let focus = ui.interact(inner, id, Sense::click_and_drag());
    focus.widget_info(|| {
        let words = format!("Lanes, {} rows", app.listing.len());
        WidgetInfo::labeled(Role::ListBox, ui.is_enabled(), words)
    });
    let state = &mut view.lanes;
    move_ui(ui, &focus, app, state, actions);
    let hit = hover::hit(ui, state, inner);
    paint::body(ui, app, state, inner, hit, focus.has_focus());
    rows_ui(ui, &focus, app, state, actions);
    if focus.clicked() {
        focus.request_focus();
        let row = hit.and_then(|hit| state.stage.lanes().scenes.get(hit.scene()?));
        if let Some(row) = row {
            actions.push(Action::SelectRow(Some(row.row)));
        }
    }
    if let Some(hit) = hit {
        if hit.scene().is_some() {
            ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
        }
        let lanes = view.lanes.stage.lanes();
        focus
            .clone()
            .on_hover_ui_at_pointer(|ui| hover::tooltip_ui(ui, app, lanes, hit));
    }
    scrollbar_ui(
        ui,
        app,
        &mut view.lanes,
        Rect::from_min_max(pos2(inner.right(), body.top()), body.max),
    );
    if !view.lanes.is_following && view.lanes.only.is_none() {
        newest_ui(ui, inner, &mut view.lanes);
    }
}

/// Wheel, drag and keys.
fn move_ui(
    ui: &Ui,
    focus: &Response,
    app: &App,
    state: &mut LanesState,
    actions: &mut Vec<Action>,
) {
    let height = focus.rect.height();
    if ui.rect_contains_pointer(focus.rect) {
        let pinch = ui.input(egui::InputState::zoom_delta);
        if (pinch - 1.0).abs() > f32::EPSILON {
            state.pinch *= pinch;
            if state.pinch > 1.2 {
                zoom(state, state.zoom.closer(), height);
            } else if state.pinch < 1.0 / 1.2 {
                zoom(state, state.zoom.farther(), height);
            }
        }
    }
    let wheel = scroll::wheel(ui, focus.rect);
    let drag = if focus.dragged() {
        -focus.drag_delta()
    } else {
        egui::Vec2::ZERO
    };
    let by = wheel + drag;
    state.scroll_x += by.x;
    if by.y != 0.0 {
        state.pan(by.y, height);
        follow_at_end(state, app, height, by.y);
    }
    if focus.has_focus() {
        keys(ui, focus, app, state, actions);
    }
}

/// At its end the view stays with the newest.
fn follow_at_end(state: &mut LanesState, app: &App, height: f32, by: f32) {
    let newest = app.listing.id_at(app.timeline(), 0);
    let is_end = state.scroll >= state.most(height) - 0.5;
    if by > 0.0 && is_end && newest.is_some() && state.stage.last() == newest {
        state.is_following = true;
    }
}

pub(super) fn zoom(state: &mut LanesState, to: Zoom, height: f32) {
    state.pinch = 1.0;
    if !state.is_following {
        state.keep_place(height);
    }
    state.zoom = to;
}

fn keys(ui: &Ui, focus: &Response, app: &App, state: &mut LanesState, actions: &mut Vec<Action>) {
    ui.memory_mut(|memory| {
        let filter = EventFilter {
            vertical_arrows: true,
            horizontal_arrows: true,
            ..EventFilter::default()
        };
        memory.set_focus_lock_filter(focus.id, filter);
    });
    let height = focus.rect.height();
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let timeline = app.timeline();
    let len = app.listing.len();
    let current = app
        .selected
        .and_then(|row| app.listing.place_in_time(timeline, row));
    let in_view = || {
        let heads = state.stage.layout().extents.iter();
        let seen = heads.filter(|extent| extent.head >= state.scroll);
        let first = seen.min_by(|one, other| one.head.total_cmp(&other.head))?;
        app.listing.place_in_time(timeline, first.row)
    };
    let target = if pressed(Key::ArrowDown) {
        current.map(|place| place + 1).or_else(in_view)
    } else if pressed(Key::ArrowUp) {
        current
            .map(|place| place.saturating_sub(1))
            .or_else(in_view)
    } else if pressed(Key::Home) {
        Some(0)
    } else if pressed(Key::End) {
        Some(len.saturating_sub(1))
    } else {
        None
    };
    let row = target.and_then(|place| {
        app.listing
            .id_in_time(timeline, place.min(len.saturating_sub(1)))
    });
    if let Some(row) = row {
        actions.push(Action::SelectRow(Some(row)));
        state.reveal(row, height);
    }
    if pressed(Key::Enter)
        && let Some(row) = app.selected
    {
        actions.push(Action::SelectRow(Some(row)));
    }
    for (key, by) in [(Key::PageDown, 0.8), (Key::PageUp, -0.8)] {
        if pressed(key) {
            state.pan(by * height, height);
            follow_at_end(state, app, height, by);
        }
    }
    for (key, by) in [(Key::ArrowLeft, -60.0), (Key::ArrowRight, 60.0)] {
        if pressed(key) {
            state.scroll_x += by;
        }
    }
    if pressed(Key::Plus) || pressed(Key::Equals) {
        zoom(state, state.zoom.closer(), height);
    }
    if pressed(Key::Minus) {
        zoom(state, state.zoom.farther(), height);
    }
}

/// One node of the accessibility tree for every row in view; its time can be pressed.
fn rows_ui(
    ui: &Ui,
    focus: &Response,
    app: &App,
    state: &mut LanesState,
    actions: &mut Vec<Action>,
) {
    let body = focus.rect;
    let mut chosen = None;
    for (scene, extent) in state
        .stage
        .lanes()
        .scenes
        .iter()
        .zip(&state.stage.layout().extents)
    {
        let y = body.top() + extent.head - state.scroll;
        let is_in_view =
            extent.bottom >= state.scroll && extent.top <= state.scroll + body.height();
        if !is_in_view {
            continue;
        }
        let y = y.clamp(body.top() + 8.0, body.bottom() - 8.0);
        let rect = Rect::from_min_max(
            pos2(body.left() + 4.0, y - 8.0),
            pos2(body.left() + AXIS, y + 8.0),
        );
        let response = ui.interact(rect, focus.id.with(extent.row), Sense::CLICK);
        response.widget_info(|| WidgetInfo::labeled(Role::Row, ui.is_enabled(), &scene.sentence));
        let is_selected = app.selected == Some(scene.row);
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_selected(is_selected));
        if response.clicked() {
            chosen = Some(scene.row);
        }
    }
    if let Some(row) = chosen {
        focus.request_focus();
        actions.push(Action::SelectRow(Some(row)));
    }
}

/// It stands for all rows, not only for those that are laid out.
fn scrollbar_ui(ui: &Ui, app: &App, state: &mut LanesState, track: Rect) {
    if state.only.is_some() {
        return;
    }
    let timeline = app.timeline();
    let seen: Vec<usize> = state
        .stage
        .layout()
        .extents
        .iter()
        .filter(|extent| {
            extent.head >= state.scroll && extent.head <= state.scroll + track.height()
        })
        .filter_map(|extent| app.listing.place_in_time(timeline, extent.row))
        .collect();
    let (Some(first), Some(last)) = (seen.iter().min(), seen.iter().max()) else {
        return;
    };
    let extent = scroll::Extent {
        rows: app.listing.len(),
        row_height: 1.0,
        view: text::points((last - first + 1).min(app.listing.len())),
    };
    let anchor = Anchor {
        row: *first,
        offset: 0.0,
    };
    let id = ui.make_persistent_id("lanes scrollbar");
    if let Some(anchor) = scroll::scrollbar(ui, id, track, anchor, extent) {
        let row = app.listing.id_in_time(timeline, anchor.row);
        if anchor.row != *first
            && let Some(row) = row
        {
            state.is_following = anchor == extent.end();
            state.anchor = Some((row, 40.0));
            let placed = state.extent(row).map(|extent| extent.head);
            if let Some(head) = placed {
                state.scroll = head - 40.0;
            }
            ui.ctx().request_repaint();
        }
    }
}

/// Away from the end, the way back floats over the lanes.
fn newest_ui(ui: &mut Ui, body: Rect, state: &mut LanesState) {
    let size = vec2(110.0, theme::ROW);
    let place = pos2(body.center().x - 55.0, body.bottom() - theme::ROW - 8.0);
    let rect = Rect::from_min_size(place, size);
    let theme = Theme::of(ui);
    ui.painter().rect(
        rect,
        CornerRadius::same(theme::RADIUS),
        theme.raised,
        theme.hairline(),
        egui::StrokeKind::Outside,
    );
    let button = Button::ghost("Newest")
        .with_icon(Icon::ArrowDown)
        .small()
        .name("Back to the newest row")
        .tooltip("Back to the newest row");
    if ui.put(rect, button).clicked() {
        state.is_following = true;
        ui.ctx().request_repaint();
    }
}
