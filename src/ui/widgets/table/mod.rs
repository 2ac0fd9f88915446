//! A table of any length: only the rows in view are asked for, laid out and painted.
//!
//! Rows are counted from the top, and recognised by a key that stays with them: when rows come in
//! above, the ones in view stay where they are, unless the table stands at its top; then it stays
//! there and shows the newest. The keyboard goes to the table as a whole; every row in view is one
//! node of the accessibility tree with the row's sentence. Start at [`show`].

mod cell;
mod columns;

pub use cell::{Cell, Ink, Line};
pub use columns::Column;

use crate::ui::widgets::Button;
use crate::ui::widgets::scroll::{self, Anchor, Extent};
use crate::ui::{Icon, Theme, theme};
use egui::{
    CornerRadius, EventFilter, Id, Key, Modifiers, Rect, Response, Role, Sense, Stroke, Ui,
    UiBuilder, WidgetInfo, pos2, vec2,
};
use std::fmt::Debug;
use std::hash::Hash;

/// The height of the titles.
pub const HEADER: f32 = 26.0;

/// Where the rows come from.
pub trait Rows {
    type Key: Copy + PartialEq + Hash + Debug;

    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    fn key(&self, place: usize) -> Option<Self::Key>;
    /// Where a row stands now, if it is still there.
    fn place_of(&self, key: Self::Key) -> Option<usize>;
    /// Asked only for rows in view.
    fn line(&self, place: usize) -> Option<Line>;
}

/// What the table remembers from frame to frame.
#[derive(Clone, Debug)]
pub struct TableState<K> {
    anchor: Anchor,
    anchor_key: Option<K>,
    /// The widths of the columns, to be kept with the window's settings.
    pub widths: Vec<f32>,
    reveal: Option<K>,
}

impl<K> Default for TableState<K> {
    fn default() -> Self {
        Self {
            anchor: Anchor::default(),
            anchor_key: None,
            widths: Vec::new(),
            reveal: None,
        }
    }
}

impl<K: Copy> TableState<K> {
    /// Stands at its top and stays there.
    pub fn is_at_top(&self) -> bool {
        self.anchor == Anchor::default()
    }

    pub fn scroll_to_top(&mut self) {
        self.anchor = Anchor::default();
        self.anchor_key = None;
    }

    /// Scrolls so that the row is in view in the next frame.
    pub fn reveal(&mut self, key: K) {
        self.reveal = Some(key);
    }

    /// The first row in view, from the top.
    pub fn first_place(&self) -> usize {
        self.anchor.row
    }
}

/// What the user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableOutput<K> {
    /// A row was chosen, by click or key.
    pub chosen: Option<K>,
    /// A row was opened: double click or Enter.
    pub opened: Option<K>,
}

/// Paints the table into all the room there is.
pub fn show<R: Rows>(
    ui: &mut Ui,
    name: &str,
    columns: &[Column],
    state: &mut TableState<R::Key>,
    rows: &R,
    selected: Option<R::Key>,
) -> TableOutput<R::Key> {
    let id = ui.make_persistent_id(name);
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    for column in columns.iter().skip(state.widths.len()) {
        state.widths.push(column.width);
    }
    state.widths.truncate(columns.len());

    let (head, body) = area.split_top_bottom_at_y(area.top() + HEADER);
    let inner = body.with_max_x(body.right() - scroll::BAR);
    let places = columns::layout(columns, &state.widths, inner.x_range());
    columns::header(ui, id, head, columns, &places, &mut state.widths);

    let extent = Extent {
        rows: rows.len(),
        row_height: theme::ROW,
        view: body.height(),
    };
    follow(state, rows, extent);

    let mut body_ui = ui.new_child(
        UiBuilder::new()
            .id_salt((name, "body"))
            .max_rect(body)
            .accessibility_role(Role::Grid)
            .accessibility_label(name),
    );
    body_ui.shrink_clip_rect(body);
    let body_ui = &mut body_ui;
    let focus = body_ui.interact(body, id.with("keys"), Sense::click());
    focus.widget_info(|| {
        let words = format!("{name}, {} rows", rows.len());
        WidgetInfo::labeled(Role::ListBox, body_ui.is_enabled(), words)
    });

    let mut output = keys(body_ui, &focus, state, rows, selected, extent);
    let wheel = scroll::wheel(body_ui, body);
    if wheel.y != 0.0 {
        state.anchor = state.anchor.moved(wheel.y, extent);
    }
    let painted = paint_rows(
        body_ui,
        &focus,
        (columns, &places),
        state.anchor,
        rows,
        output.chosen.or(selected),
    );
    output.chosen = painted.chosen.or(output.chosen);
    output.opened = painted.opened.or(output.opened);

    let track = Rect::from_min_max(pos2(inner.right(), body.top()), body.max);
    if let Some(anchor) =
        scroll::scrollbar(body_ui, id.with("scrollbar"), track, state.anchor, extent)
    {
        state.anchor = anchor;
    }
    if !state.is_at_top() {
        back_to_top(body_ui, inner, state);
    }
    state.anchor_key = rows.key(state.anchor.row);
    output
}

/// Keeps the rows in view where they are when others came or went above them.
fn follow<R: Rows>(state: &mut TableState<R::Key>, rows: &R, extent: Extent) {
    if !state.is_at_top()
        && let Some(place) = state.anchor_key.and_then(|key| rows.place_of(key))
    {
        state.anchor.row = place;
    }
    if let Some(place) = state.reveal.take().and_then(|key| rows.place_of(key)) {
        state.anchor = state.anchor.revealing(place, extent);
    }
    state.anchor = state.anchor.bounded(extent);
}

fn keys<R: Rows>(
    ui: &Ui,
    focus: &Response,
    state: &mut TableState<R::Key>,
    rows: &R,
    selected: Option<R::Key>,
    extent: Extent,
) -> TableOutput<R::Key> {
    let mut output = TableOutput {
        chosen: None,
        opened: None,
    };
    if !focus.has_focus() || rows.is_empty() {
        return output;
    }
    ui.memory_mut(|memory| {
        let filter = EventFilter {
            vertical_arrows: true,
            ..EventFilter::default()
        };
        memory.set_focus_lock_filter(focus.id, filter);
    });
    let last = rows.len() - 1;
    let page = extent.page().saturating_sub(1).max(1);
    let current = selected.and_then(|key| rows.place_of(key));
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let first_in_view = state.anchor.row + usize::from(state.anchor.offset > 0.0);
    let from = current.unwrap_or(first_in_view);
    let target = if pressed(Key::ArrowDown) {
        Some(current.map_or(first_in_view, |place| place + 1))
    } else if pressed(Key::ArrowUp) {
        Some(from.saturating_sub(1))
    } else if pressed(Key::PageDown) {
        Some(from + page)
    } else if pressed(Key::PageUp) {
        Some(from.saturating_sub(page))
    } else if pressed(Key::Home) {
        Some(0)
    } else if pressed(Key::End) {
        Some(last)
    } else {
        None
    };
    if let Some(place) = target {
        let place = place.min(last);
        output.chosen = rows.key(place);
        state.anchor = state.anchor.revealing(place, extent);
    }
    if pressed(Key::Enter) {
        output.opened = output.chosen.or(selected);
    }
    output
}

fn paint_rows<R: Rows>(
    ui: &mut Ui,
    focus: &Response,
    (columns, places): (&[Column], &[egui::Rangef]),
    anchor: Anchor,
    rows: &R,
    selected: Option<R::Key>,
) -> TableOutput<R::Key> {
    let theme = Theme::of(ui);
    let body = focus.rect;
    let mut output = TableOutput {
        chosen: None,
        opened: None,
    };
    let mut top = body.top() - anchor.offset;
    let mut place = anchor.row;
    while top < body.bottom() {
        let (Some(key), Some(line)) = (rows.key(place), rows.line(place)) else {
            break;
        };
        let rect = Rect::from_min_size(pos2(body.left(), top), vec2(body.width(), theme::ROW));
        let is_selected = selected == Some(key);
        let response = ui.interact(
            rect.intersect(body).with_max_x(body.right() - scroll::BAR),
            focus.id.with(key),
            Sense::CLICK,
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Row, ui.is_enabled(), &line.sentence));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_selected(is_selected);
            node.set_row_index(place);
        });
        if response.clicked() {
            output.chosen = Some(key);
            focus.request_focus();
        }
        if response.double_clicked() {
            output.opened = Some(key);
        }
        let ground = if is_selected {
            Some(theme.selected)
        } else {
            response.hovered().then_some(theme.hovered)
        };
        if let Some(ground) = ground {
            ui.painter().rect_filled(rect, CornerRadius::ZERO, ground);
        }
        if is_selected {
            let mark = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
            let color = if focus.has_focus() {
                theme.accent
            } else {
                theme.chosen_line
            };
            ui.painter().rect_filled(mark, CornerRadius::ZERO, color);
        }
        for (at, cell) in line.cells.iter().enumerate() {
            if let (Some(column), Some(range)) = (columns.get(at), places.get(at)) {
                let inside = columns::inside(*range, rect);
                if inside.width() > 1.0 {
                    cell::paint(ui, inside, cell, column.align);
                }
            }
        }
        let faint = Stroke::new(1.0, theme::mix(theme.window, theme.line, 0.5));
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, faint);
        top += theme::ROW;
        place += 1;
    }
    output
}

/// Away from the top, the way back floats over the rows.
fn back_to_top<K: Copy>(ui: &mut Ui, body: Rect, state: &mut TableState<K>) {
    let size = vec2(110.0, theme::ROW);
    let rect = Rect::from_min_size(pos2(body.center().x - 55.0, body.top() + 6.0), size);
    let theme = Theme::of(ui);
    ui.painter().rect(
        rect,
        CornerRadius::same(theme::RADIUS),
        theme.raised,
        theme.hairline(),
        egui::StrokeKind::Outside,
    );
    let button = Button::ghost("Newest")
        .with_icon(Icon::ArrowUp)
        .small()
        .name("Back to the newest row")
        .tooltip("Back to the newest row");
    if ui.put(rect, button).clicked() {
        state.scroll_to_top();
    }
}

/// What takes the keyboard, for shortcuts that move it to the table.
pub fn focus_id(ui: &Ui, name: &str) -> Id {
    ui.make_persistent_id(name).with("keys")
}
