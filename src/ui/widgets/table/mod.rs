//! A table of any length: only the rows in view are asked for, laid out and painted.
//!
//! Rows are counted from the top, and recognised by a key that stays with them: when rows come in
//! above, the ones in view stay where they are, unless the table follows what comes ([`state`]).
//! The keyboard goes to the table as a whole; every row in view is one node of the accessibility
//! tree with the row's sentence. Start at [`show`].

mod body;
mod cell;
mod columns;
mod head;
mod state;

pub use cell::{Cell, GroupHead, Ink, Line, LineMark, Share};
pub use columns::Column;
pub use state::TableState;

use crate::model::text as words;
use crate::ui::widgets::Button;
use crate::ui::widgets::scroll::{self, Extent};
use crate::ui::{Icon, Theme, theme};
use egui::{
    CornerRadius, Event, EventFilter, Id, Key, Modifiers, Popup, PopupAnchor, PopupCloseBehavior,
    PopupKind, Pos2, Rect, Response, Role, SetOpenCommand, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use state::MenuOf;
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
    /// The whole of a cell, for a tooltip where it had to be cut.
    fn whole(&self, _place: usize, _column: usize) -> Option<String> {
        None
    }
    /// A number that grows with every row that comes, and how many came after it.
    fn newest(&self) -> Option<u64> {
        None
    }
    fn newer_than(&self, _newest: u64) -> usize {
        0
    }
    /// Whether a row is selected, where several are; the one that has the keyboard need not be.
    fn is_selected(&self, _key: Self::Key) -> Option<bool> {
        None
    }
    /// How many rows are selected, where that is not just the one that has the keyboard.
    fn selected_rows(&self) -> Option<u64> {
        None
    }
    /// Whether the top is where new rows come in.
    fn is_newest_first(&self) -> bool {
        true
    }
    /// What a right click opens; none by default.
    fn has_menus(&self) -> bool {
        false
    }
    fn row_menu(&self, _ui: &mut Ui, _key: Self::Key) {}
    fn title_menu(&self, _ui: &mut Ui, _column: usize) {}
}

/// Left and right arrow, or a click on the head of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    Open,
    Close,
    Toggle,
}

/// How a row was chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    #[default]
    Alone,
    /// With Shift: all from the one chosen before.
    Range,
    /// With Ctrl: this one as well, or no more.
    Toggle,
    /// The keyboard goes there, and what is selected stays.
    Look,
}

/// What was asked for of the table as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    All,
    /// No more than the one that has the keyboard.
    Single,
    Copy,
}

/// What the user did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableOutput<K> {
    /// A row was chosen, by click or key.
    pub chosen: Option<K>,
    pub choice: Choice,
    pub asked: Option<Asked>,
    /// A row was opened: double click or Enter.
    pub opened: Option<K>,
    /// A group is to be opened or closed, by its head or one of its rows.
    pub folded: Option<(K, Fold)>,
    /// The title of a column was pressed.
    pub title: Option<usize>,
    /// A column was dragged before another one, or behind the last.
    pub moved: Option<(usize, usize)>,
}

impl<K> TableOutput<K> {
    const NOTHING: Self = Self {
        chosen: None,
        choice: Choice::Alone,
        asked: None,
        opened: None,
        folded: None,
        title: None,
        moved: None,
    };
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
    ui.allocate_rect(area, egui::Sense::hover());
    for column in columns.iter().skip(state.widths.len()) {
        state.widths.push(column.width);
    }
    state.widths.truncate(columns.len());

    let (head, mut body) = area.split_top_bottom_at_y(area.top() + HEADER);
    let inner = body.with_max_x(body.right() - scroll::BAR);
    let mut places = columns::layout(columns, &state.widths, inner.x_range());
    let width = places.last().map_or(0.0, |last| last.max - inner.left());
    let is_wide = width > inner.width() + 0.5;
    let furthest = (width - inner.width()).max(0.0);
    state.scrolled_right = state.scrolled_right.clamp(0.0, furthest);
    if is_wide {
        body.max.y -= scroll::BAR;
        let track = Rect::from_min_max(pos2(inner.left(), body.bottom()), inner.max);
        state.scrolled_right = scroll::horizontal(
            ui,
            id.with("across"),
            track,
            (state.scrolled_right, inner.width(), width),
        );
        for place in &mut places {
            place.min -= state.scrolled_right;
            place.max -= state.scrolled_right;
        }
    }
    let extent = Extent {
        rows: rows.len(),
        row_height: theme::ROW,
        view: body.height(),
    };
    state.settle(rows, extent, selected);

    let mut body_ui = ui.new_child(
        UiBuilder::new()
            .id_salt((name, "body"))
            .max_rect(body)
            .accessibility_role(Role::Grid)
            .accessibility_label(name),
    );
    let several = rows.selected_rows();
    body_ui.shrink_clip_rect(body);
    let body_ui = &mut body_ui;
    let focus = body_ui.interact(body, id.with("keys"), egui::Sense::click());
    focus.widget_info(|| {
        let several = several.map(|several| format!(", {} selected", words::count(several)));
        let several = several.unwrap_or_default();
        let words = format!("{name}, {} rows{several}", rows.len());
        WidgetInfo::labeled(Role::ListBox, body_ui.is_enabled(), words)
    });

    body_ui.ctx().accesskit_node_builder(focus.id, |node| {
        node.set_multiselectable();
        if let Some(key) = selected.filter(|key| state.is_in_view(*key)) {
            node.set_active_descendant(focus.id.with(key).accesskit_id());
        }
    });

    let mut output = keys(body_ui, &focus, state, rows, selected, extent);
    let wheel = scroll::wheel(body_ui, body);
    if wheel.y != 0.0 {
        state.moved_to(state.anchor.moved(wheel.y, extent));
    }
    state.scrolled_right = (state.scrolled_right + wheel.x).clamp(0.0, furthest);
    body::paint(
        body_ui,
        &focus,
        (columns, &places),
        state,
        rows,
        output.chosen.or(selected),
        &mut output,
    );
    let head = if rows.has_menus() {
        // Beside the titles there is room for a button.
        head.with_max_x(head.right() - HEADER)
    } else {
        head
    };
    ui.painter().hline(
        area.x_range(),
        head.bottom() - 0.5,
        Theme::of(ui).hairline(),
    );
    let clicked = head::show(ui, id, head, columns, &places, state, rows.has_menus());
    (output.title, output.moved) = (clicked.title, clicked.moved);

    let track = Rect::from_min_max(pos2(inner.right(), body.top()), body.max);
    let bar = id.with("scrollbar");
    if let Some(anchor) = scroll::scrollbar(body_ui, bar, track, state.anchor, extent) {
        state.moved_to(anchor);
    }
    if !state.is_at_top() {
        let news = state.news(rows);
        let within = inner.with_max_y(body.bottom());
        back_to_top(body_ui, within, state, (news, rows.is_newest_first()));
    }
    menus(ui, id, state, rows);
    output
}

fn keys<R: Rows>(
    ui: &Ui,
    focus: &Response,
    state: &mut TableState<R::Key>,
    rows: &R,
    selected: Option<R::Key>,
    extent: Extent,
) -> TableOutput<R::Key> {
    let mut output = TableOutput::NOTHING;
    // An open menu has the keyboard: Escape closes it and leaves the selection alone.
    if !focus.has_focus() || rows.is_empty() || state.menu.is_some() {
        return output;
    }
    ui.memory_mut(|memory| {
        let filter = EventFilter {
            vertical_arrows: true,
            horizontal_arrows: true,
            // The first Escape ends the selection, the next one leaves the table.
            escape: rows.selected_rows().is_some(),
            ..EventFilter::default()
        };
        memory.set_focus_lock_filter(focus.id, filter);
    });
    let last = rows.len() - 1;
    let page = extent.page().saturating_sub(1).max(1);
    let current = selected.and_then(|key| rows.place_of(key));
    let pressed_with =
        |modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
    // Shift makes no difference to a key that is asked for without it: ask for it first.
    let wants_menu = pressed_with(Modifiers::SHIFT, Key::F10);
    output.asked = asked(ui, rows.selected_rows().is_some());
    let with = ui.input(|input| input.modifiers);
    // With Ctrl the keyboard moves and what is selected stays; Ctrl and Space chooses.
    let moving = if with.command {
        Modifiers::COMMAND
    } else {
        Modifiers::NONE
    };
    if let Some(key) = selected.filter(|_| pressed_with(Modifiers::COMMAND, Key::Space)) {
        output.chosen = Some(key);
        output.choice = Choice::Toggle;
        return output;
    }
    let pressed = |key: Key| pressed_with(moving, key);
    let first_in_view = state.anchor.row + usize::from(state.anchor.offset > 0.0);
    let from = current.unwrap_or(first_in_view);
    let is_home = pressed(Key::Home);
    let target = if pressed(Key::ArrowDown) {
        Some(current.map_or(first_in_view, |place| place + 1))
    } else if pressed(Key::ArrowUp) {
        Some(from.saturating_sub(1))
    } else if pressed(Key::PageDown) {
        Some(from + page)
    } else if pressed(Key::PageUp) {
        Some(from.saturating_sub(page))
    } else if is_home {
        Some(0)
    } else if pressed(Key::End) {
        Some(last)
    } else {
        None
    };
    if let Some(place) = target {
        let place = place.min(last);
        output.chosen = rows.key(place);
        output.choice = Choice::of_keys(with);
        state.moved_to(state.anchor.revealing(place, extent));
        if is_home {
            state.scroll_to_top();
        } else if let Some(key) = output.chosen {
            state.read(key);
        }
    }
    let chosen = output.chosen.or(selected);
    let pressed = |key: Key| pressed_with(Modifiers::NONE, key);
    if pressed(Key::Enter) {
        output.opened = chosen;
    }
    let fold = if pressed(Key::ArrowRight) {
        Some(Fold::Open)
    } else if pressed(Key::ArrowLeft) {
        Some(Fold::Close)
    } else {
        None
    };
    output.folded = chosen.zip(fold);
    if let Some(key) = chosen.filter(|_| wants_menu && rows.has_menus()) {
        let seen = state.seen.iter().find(|(one, ..)| *one == key);
        let top = seen.map_or(0.0, |(_, _, top)| *top);
        let at = focus.rect.left_top() + vec2(24.0, top + theme::ROW);
        state.open_menu(MenuOf::Row(key), at);
    }
    output
}

fn asked(ui: &Ui, has_several: bool) -> Option<Asked> {
    ui.input_mut(|input| {
        if input.consume_key(Modifiers::COMMAND, Key::A) {
            return Some(Asked::All);
        }
        if has_several && input.consume_key(Modifiers::NONE, Key::Escape) {
            return Some(Asked::Single);
        }
        let copies = input.events.iter().position(|event| *event == Event::Copy);
        copies.map(|at| {
            input.events.remove(at);
            Asked::Copy
        })
    })
}

impl Choice {
    fn of_keys(with: Modifiers) -> Self {
        if with.shift {
            Self::Range
        } else if with.command {
            Self::Look
        } else {
            Self::Alone
        }
    }

    fn of_click(with: Modifiers) -> Self {
        if with.shift {
            Self::Range
        } else if with.command {
            Self::Toggle
        } else {
            Self::Alone
        }
    }
}

impl<K: Copy + PartialEq> TableState<K> {
    fn open_menu(&mut self, of: MenuOf<K>, at: Pos2) {
        self.menu = Some(state::Menu {
            of,
            at,
            is_new: true,
        });
    }
}

fn menus<R: Rows>(ui: &Ui, id: Id, state: &mut TableState<R::Key>, rows: &R) {
    let Some(menu) = &mut state.menu else { return };
    let is_new = std::mem::replace(&mut menu.is_new, false);
    let popup = Popup::new(
        id.with("menu"),
        ui.ctx().clone(),
        PopupAnchor::Position(menu.at),
        ui.layer_id(),
    );
    let shown = popup
        .kind(PopupKind::Menu)
        .layout(egui::Layout::top_down_justified(egui::Align::Min))
        .style(egui::containers::menu::menu_style)
        .gap(0.0)
        // Columns are chosen several at a time, and a name is typed; entries close it themselves.
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .open_memory(is_new.then_some(SetOpenCommand::Bool(true)))
        .show(|ui| match menu.of {
            MenuOf::Row(key) => rows.row_menu(ui, key),
            MenuOf::Title(column) => rows.title_menu(ui, column),
        });
    if shown.is_none() {
        state.menu = None;
    }
}

/// Away from the top, the way back floats over the rows, with what has come meanwhile.
fn back_to_top<K: Copy + PartialEq>(
    ui: &mut Ui,
    body: Rect,
    state: &mut TableState<K>,
    (news, is_newest_first): (usize, bool),
) {
    let (place, name, tooltip) = if is_newest_first {
        (
            "Newest",
            "Back to the newest row",
            "Back to the newest row, and follow what comes",
        )
    } else {
        ("Top", "Back to the top", "Back to the top, and stay there")
    };
    let label = if news == 0 {
        place.to_owned()
    } else {
        format!("{} new", words::count(news as u64))
    };
    let width = if news < 1_000 { 110.0 } else { 140.0 };
    let size = vec2(width, theme::ROW);
    let left = body.center().x - width * 0.5;
    let rect = Rect::from_min_size(pos2(left, body.top() + 6.0), size);
    let theme = Theme::of(ui);
    ui.painter().rect(
        rect,
        CornerRadius::same(theme::RADIUS),
        theme.raised,
        theme.hairline(),
        egui::StrokeKind::Outside,
    );
    let button = Button::ghost(&label)
        .with_icon(Icon::ArrowUp)
        .small()
        .name(name)
        .tooltip(tooltip)
        .shortcut("Home");
    if ui.put(rect, button).clicked() {
        state.scroll_to_top();
    }
}

/// What takes the keyboard, for shortcuts that move it to the table.
pub fn focus_id(ui: &Ui, name: &str) -> Id {
    ui.make_persistent_id(name).with("keys")
}
