//! The timeline as a table: a line for everything that was sent and everything that came.

use super::{row_menu, table_menu};
use crate::app::columns::{self, ColumnKind, ShownColumn};
use crate::app::listing::arrange::Shown;
use crate::app::listing::group::GroupLine;
use crate::app::listing::sort::Order;
use crate::app::rows::{TimelineRow, Tone, timeline_row};
use crate::app::selection::{CopyRows, RowSet, Select};
use crate::app::table::{RowsAction, TableAction};
use crate::app::{Action, App};
use crate::model::payload;
use crate::model::text;
use crate::model::timeline::{Category, Mark, Row, RowId};
use crate::ui::Icon;
use crate::ui::view::View;
use crate::ui::widgets::table::{
    self, Asked, Cell, Choice, Column, Fold, GroupHead, Ink, Line, LineMark, Rows, Share,
    TableOutput,
};
use crate::ui::widgets::{Button, marks};
use egui::{Id, Popup, PopupCloseBehavior, Rect, Ui, pos2, vec2};
use std::cell::RefCell;

/// The timeline as the table reads it.
struct TimelineRows<'a> {
    app: &'a App,
    view: &'a View,
    columns: &'a [ShownColumn],
    actions: RefCell<Vec<Action>>,
}

/// So much of a text is in a cell, and in its tooltip.
const CELL_CHARS: usize = 160;
const WHOLE_CHARS: usize = 4_000;

impl TimelineRows<'_> {
    fn row_at(&self, place: usize) -> Option<RowId> {
        match self.key(place)? {
            Shown::Row(id) => Some(id),
            Shown::Group(_) => None,
        }
    }

    fn text(&self, kind: &ColumnKind, id: RowId, row: &Row, chars: usize) -> String {
        match kind {
            ColumnKind::Connection => {
                let id = row.connection();
                let profile = self.app.library.profile(id);
                profile.map_or_else(|| id.to_string(), |profile| profile.name.clone())
            }
            ColumnKind::Comment => {
                let mark = self.app.timeline().mark(id);
                let comment = mark.map_or("", |mark| mark.comment.as_str());
                payload::preview(comment.as_bytes(), chars)
            }
            kind => kind.text(row, chars),
        }
    }

    fn cell(&self, kind: &ColumnKind, id: RowId, row: &Row, words: &mut TimelineRow) -> Cell {
        let take = std::mem::take::<String>;
        match kind {
            ColumnKind::Number => Cell::code(take(&mut words.number), Ink::Muted),
            ColumnKind::Sent => Cell::code(take(&mut words.sent), Ink::Muted),
            ColumnKind::Request => Cell::Topic {
                topic: take(&mut words.topic),
                payload: take(&mut words.payload),
                tag: words.rule.take(),
            },
            ColumnKind::Responder => Cell::text(take(&mut words.responder)),
            ColumnKind::Status => Cell::Status {
                tone: words.tone,
                words: take(&mut words.status),
            },
            ColumnKind::RoundTrip => Cell::code(take(&mut words.round_trip), Ink::Text),
            ColumnKind::Waterfall => Cell::Waterfall(std::mem::take(&mut words.waterfall)),
            ColumnKind::Connection => Cell::Name {
                name: self.text(kind, id, row, CELL_CHARS),
                colour: self
                    .app
                    .library
                    .profile(row.connection())
                    .and_then(|profile| profile.colour),
            },
            ColumnKind::Name | ColumnKind::Comment => {
                Cell::text(self.text(kind, id, row, CELL_CHARS))
            }
            kind => Cell::code(self.text(kind, id, row, CELL_CHARS), Ink::Muted),
        }
    }
}

impl Rows for TimelineRows<'_> {
    type Key = Shown;

    fn len(&self) -> usize {
        self.app.listing.shown_len()
    }

    fn key(&self, place: usize) -> Option<Shown> {
        self.app.listing.shown_at(self.app.timeline(), place)
    }

    fn place_of(&self, key: Shown) -> Option<usize> {
        self.app.listing.place_of_shown(self.app.timeline(), key)
    }

    fn line(&self, place: usize) -> Option<Line> {
        let id = match self.key(place)? {
            Shown::Row(id) => id,
            Shown::Group(id) => {
                let group = self.app.listing.arrangement().group(id)?;
                return Some(group_line(self.app, &group));
            }
        };
        let row = self.app.timeline().row(id)?;
        let tallies = &mut *self.view.tallies.borrow_mut();
        let mut words = timeline_row(&row, tallies, self.app.now);
        let mark = self.app.timeline().mark(id).map(line_mark);
        let mut sentence = std::mem::take(&mut words.sentence);
        if let Some(mark) = &mark {
            sentence.push_str(&spoken(mark));
        }
        let cells = self
            .columns
            .iter()
            .map(|column| self.cell(&column.kind, id, &row, &mut words))
            .collect();
        Some(Line {
            sentence,
            cells,
            mark,
            group: None,
        })
    }

    fn whole(&self, place: usize, column: usize) -> Option<String> {
        let id = self.row_at(place)?;
        let row = self.app.timeline().row(id)?;
        let message = row.message();
        let kind = &self.columns.get(column)?.kind;
        if *kind == ColumnKind::Request {
            let payload = payload::preview(&message.payload, WHOLE_CHARS);
            return Some(format!("{}\n{payload}", message.topic));
        }
        let text = self.text(kind, id, &row, WHOLE_CHARS);
        (!text.is_empty()).then_some(text)
    }

    fn newest(&self) -> Option<u64> {
        let newest = self.app.listing.id_at(self.app.timeline(), 0);
        newest.map(RowId::number)
    }

    fn newer_than(&self, newest: u64) -> usize {
        let id = RowId::new(newest);
        self.app.listing.newer_than(self.app.timeline(), id)
    }

    fn is_selected(&self, key: Shown) -> Option<bool> {
        let several = self.app.several()?;
        match key {
            Shown::Row(id) => Some(several.contains(id)),
            Shown::Group(_) => None,
        }
    }

    fn selected_rows(&self) -> Option<u64> {
        self.app.several().map(RowSet::len)
    }

    fn is_newest_first(&self) -> bool {
        !self.app.listing.arrangement().is_shown()
    }

    fn has_menus(&self) -> bool {
        true
    }

    fn row_menu(&self, ui: &mut Ui, key: Shown) {
        if let Shown::Row(id) = key {
            let actions = &mut self.actions.borrow_mut();
            match self.app.several().filter(|rows| rows.contains(id)) {
                Some(rows) => row_menu::rows_menu_ui(ui, self.app, rows, actions),
                None => row_menu::row_menu_ui(ui, self.app, id, actions),
            }
        }
    }

    fn title_menu(&self, ui: &mut Ui, column: usize) {
        let actions = &mut self.actions.borrow_mut();
        table_menu::title_menu_ui(ui, self.app, self.columns, column, actions);
    }
}

fn line_mark(mark: &Mark) -> LineMark {
    LineMark {
        is_pinned: mark.is_pinned,
        comment: mark.comment.clone(),
        colour: mark.colour,
    }
}

fn spoken(mark: &LineMark) -> String {
    let mut words = String::new();
    if mark.is_pinned {
        words.push_str(", pinned");
    }
    if let Some(colour) = mark.colour {
        words.push_str(", ");
        words.push_str(colour.word());
    }
    if !mark.comment.is_empty() {
        words.push_str(", comment: ");
        words.push_str(&mark.comment);
    }
    words
}

/// The head of a group, in the words of its sentence and the bar of its verdicts.
fn group_line(app: &App, group: &GroupLine) -> Line {
    let name = table_menu::group_name(app, group);
    let noun = if group.rows == 1 { "row" } else { "rows" };
    let count = format!("{} {noun}", text::count(group.rows as u64));
    let mut shares = Vec::new();
    let mut verdicts = Vec::new();
    for (category, number) in Category::ALL.into_iter().zip(group.counts) {
        if number > 0 {
            shares.push(Share {
                tone: Tone::of(category),
                share: share(number, group.rows),
            });
            let number = text::count(number as u64);
            verdicts.push(format!("{number} {}", category.label().to_lowercase()));
        }
    }
    let facts: Vec<String> = [
        ("p50", group.p50),
        ("p99", group.p99),
        ("worst", group.worst),
    ]
    .into_iter()
    .filter_map(|(what, time)| Some(format!("{what} {}", text::duration(time?))))
    .collect();
    let times = if facts.is_empty() {
        String::new()
    } else {
        format!(", {}", facts.join(", "))
    };
    Line {
        sentence: format!("{name}, {count}: {}{times}", verdicts.join(", ")),
        cells: Vec::new(),
        mark: None,
        group: Some(GroupHead {
            name,
            is_open: group.is_open,
            count,
            shares,
            facts,
        }),
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a share of a bar's width"
)]
fn share(number: usize, all: usize) -> f32 {
    (number as f64 / all.max(1) as f64) as f32
}

pub fn table_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    if app.listing.is_empty() {
        empty_ui(ui, app, actions);
        return;
    }
    let shown = columns::shown(&app.window.timeline_columns);
    let order = app.listing.arrangement().wanted().order;
    let newest = app.listing.id_at(app.timeline(), 0);
    let digits = newest.map_or(1, |id| id.number().max(1).ilog10() + 1);
    let titles: Vec<Column> = shown
        .iter()
        .map(|column| title(column, order, digits))
        .collect();
    let widths: Vec<f32> = shown.iter().map(|column| column.width).collect();
    let area = ui.available_rect_before_wrap();
    let mut state = std::mem::take(&mut view.table);
    state.widths.clone_from(&widths);
    let cursor = view.group_cursor.map(Shown::Group);
    let rows = TimelineRows {
        app,
        view,
        columns: &shown,
        actions: RefCell::new(Vec::new()),
    };
    let selected = cursor
        .filter(|group| rows.place_of(*group).is_some())
        .or_else(|| app.selected.map(Shown::Row));
    let output = table::show(ui, "Timeline", &titles, &mut state, &rows, selected);
    actions.extend(rows.actions.take());
    if state.widths != widths {
        let mut moved = shown.clone();
        for (column, width) in moved.iter_mut().zip(&state.widths) {
            column.width = *width;
        }
        set_columns(&moved, actions);
    }
    view.table = state;
    hear(app, view, &shown, output, actions);
    corner_ui(ui, app, &shown, area, actions);
}

pub(super) fn set_columns(columns: &[ShownColumn], actions: &mut Vec<Action>) {
    let kept = columns::kept(columns);
    actions.push(Action::Table(TableAction::SetColumns(kept)));
}

/// `digits` of the largest number.
fn title(column: &ShownColumn, order: Option<Order>, digits: u32) -> Column {
    const DIGIT: f32 = 7.3;
    let mut shape = column.kind.shape();
    if column.kind == ColumnKind::Number {
        let digits = u16::try_from(digits).unwrap_or(u16::MAX);
        shape.least = shape.least.max(f32::from(digits) * DIGIT + 17.0);
    }
    let by = column.kind.sort_by();
    let sorted = order.filter(|order| {
        // The waterfall is sorted like the round trip, but the arrow stands there.
        Some(order.by) == by && column.kind != ColumnKind::Waterfall
    });
    Column {
        title: column.kind.title(),
        hint: column.kind.meaning().into(),
        width: shape.width,
        least: shape.least,
        grows: shape.is_growing,
        align: if shape.is_right {
            egui::Align::Max
        } else {
            egui::Align::Min
        },
        can_sort: by.is_some(),
        sorted: sorted.map(|order| order.is_descending),
    }
}

/// What was done to the table, as actions.
fn hear(
    app: &App,
    view: &mut View,
    shown: &[ShownColumn],
    output: TableOutput<Shown>,
    actions: &mut Vec<Action>,
) {
    let arrangement = app.listing.arrangement();
    let mut open = |group, open| {
        actions.push(Action::Table(TableAction::OpenGroup(group, open)));
    };
    let is_open = |group| arrangement.group(group).is_some_and(|it| it.is_open);
    match output.folded {
        Some((Shown::Group(group), Fold::Toggle)) => open(group, !is_open(group)),
        Some((Shown::Group(group), Fold::Open)) => open(group, true),
        Some((Shown::Group(group), Fold::Close)) => open(group, false),
        Some((Shown::Row(row), Fold::Close)) => {
            if let Some(group) = arrangement.group_of(row) {
                open(group, false);
                view.group_cursor = Some(group);
                view.table.reveal(Shown::Group(group));
            }
        }
        Some((Shown::Row(_), _)) | None => {}
    }
    if let Some(Shown::Group(group)) = output.opened {
        open(group, !is_open(group));
    }
    match output.opened.or(output.chosen) {
        Some(Shown::Row(row)) => {
            view.group_cursor = None;
            let what = match output.choice {
                _ if output.opened.is_some() => Select::Look(row),
                Choice::Alone => Select::Alone(row),
                Choice::Range => Select::To(row),
                Choice::Toggle => Select::Toggle(row),
                Choice::Look => Select::Look(row),
            };
            actions.push(Action::Table(TableAction::Select(what)));
        }
        Some(Shown::Group(group)) => view.group_cursor = Some(group),
        None => {}
    }
    actions.extend(output.asked.map(|asked| {
        Action::Table(match asked {
            Asked::All => TableAction::Select(Select::All),
            Asked::Single => TableAction::Select(Select::Single),
            Asked::Copy => TableAction::Selected(RowsAction::Copy(CopyRows::Text)),
        })
    }));
    if let Some(by) = output.title.and_then(|at| shown.get(at)?.kind.sort_by()) {
        let order = next_order(arrangement.wanted().order, by);
        actions.push(Action::Table(TableAction::Sort(order)));
    }
    if let Some((from, to)) = output.moved {
        set_columns(&columns::moved(shown, from, to), actions);
    }
}

/// A title pressed again and again: smallest first, largest first, newest first.
fn next_order(now: Option<Order>, by: crate::app::listing::sort::SortBy) -> Option<Order> {
    match now.filter(|order| order.by == by) {
        None => Some(Order {
            by,
            is_descending: false,
        }),
        Some(order) if !order.is_descending => Some(Order {
            by,
            is_descending: true,
        }),
        Some(_) => None,
    }
}

/// At the right end of the titles: columns and groups.
fn corner_ui(ui: &mut Ui, app: &App, shown: &[ShownColumn], area: Rect, actions: &mut Vec<Action>) {
    let size = vec2(table::HEADER - 2.0, table::HEADER - 2.0);
    let at = pos2(area.right() - size.x - 1.0, area.top() + 0.5);
    let rect = Rect::from_min_size(at, size);
    let theme = crate::ui::Theme::of(ui);
    ui.painter().rect_filled(rect, 0, theme.window);
    let is_arranged = !app.listing.arrangement().wanted().is_plain();
    let mut button = Button::icon(Icon::Columns3Cog, "Columns, order and groups").small();
    if is_arranged {
        button = button.color(theme.accent);
    }
    let response = ui.put(rect, button);
    Popup::menu(&response)
        .id(Id::unique("timeline columns"))
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| table_menu::table_menu_ui(ui, app, shown, actions));
}

pub(super) fn empty_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    ui.add_space(24.0);
    if app.timeline().is_empty() {
        if marks::empty_state(
            ui,
            "Nothing was sent yet. Write a request above and press Send, or play a demo.",
            Some("Show the demos"),
        ) {
            actions.push(Action::ShowDemos);
        }
    } else if marks::empty_state(ui, "No row passes the filter.", Some("Show all rows")) {
        actions.push(Action::SetFilter(String::new()));
        actions.push(Action::SetCategory(None));
    }
}
