//! The menus of the table's titles: order, groups, columns.

use super::table::set_columns;
use crate::app::columns::{self, ColumnKind, ShownColumn};
use crate::app::listing::group::{GroupBy, GroupLine, GroupOrder};
use crate::app::listing::sort::Order;
use crate::app::table::TableAction;
use crate::app::{Action, App};
use crate::ui::widgets::{Button, Field, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Id, ScrollArea, Ui};

/// The menus stay open while columns are chosen; anything else closes them.
fn entry(ui: &mut Ui, words: &str, tooltip: &str) -> bool {
    let pressed = ui.add(Button::ghost(words).tooltip(tooltip)).clicked();
    if pressed {
        ui.close();
    }
    pressed
}

fn caption(ui: &mut Ui, words: &str) {
    let theme = Theme::of(ui);
    ui.add_space(2.0);
    ui.separator();
    text::label(ui, words, fonts::caps(), theme.muted);
}

/// One of several, the chosen one marked.
fn choice(ui: &mut Ui, words: &str, is_chosen: bool, tooltip: &str) -> bool {
    let button = Button::ghost(words).selected(is_chosen).tooltip(tooltip);
    ui.add(button).clicked()
}

/// What a right click on a title opens.
pub fn title_menu_ui(
    ui: &mut Ui,
    app: &App,
    shown: &[ShownColumn],
    at: usize,
    actions: &mut Vec<Action>,
) {
    let Some(column) = shown.get(at) else { return };
    ui.spacing_mut().item_spacing.y = 0.0;
    if let Some(by) = column.kind.sort_by() {
        let now = app.listing.arrangement().wanted().order;
        for (words, is_descending) in by.ways().into_iter().zip([false, true]) {
            let order = Order { by, is_descending };
            if choice(ui, words, now == Some(order), "") {
                actions.push(Action::Table(TableAction::Sort(Some(order))));
                ui.close();
            }
        }
        if now.is_some() && entry(ui, "As it came", "The newest first, as the table begins") {
            actions.push(Action::Table(TableAction::Sort(None)));
        }
        ui.separator();
    }
    if let Some(by) = group_by(&column.kind) {
        let words = format!("Group by {}", by.label().to_lowercase());
        if entry(ui, &words, "") {
            actions.push(Action::Table(TableAction::Group(Some(by))));
        }
    }
    if at > 0 && entry(ui, "Move left", "Or drag the title") {
        set_columns(&columns::moved(shown, at, at - 1), actions);
    }
    if at + 1 < shown.len() && entry(ui, "Move right", "Or drag the title") {
        set_columns(&columns::moved(shown, at, at + 2), actions);
    }
    if shown.len() > 1 && entry(ui, "Hide this column", "") {
        set_columns(&columns::toggled(shown, &column.kind), actions);
    }
    caption(ui, "Columns");
    columns_ui(ui, shown, 300.0, actions);
}

fn group_by(kind: &ColumnKind) -> Option<GroupBy> {
    Some(match kind {
        ColumnKind::Request => GroupBy::Topic,
        ColumnKind::Responder => GroupBy::Device,
        ColumnKind::Rule => GroupBy::Rule,
        ColumnKind::Status => GroupBy::Verdict,
        ColumnKind::Connection => GroupBy::Connection,
        ColumnKind::Name => GroupBy::Name,
        _ => return None,
    })
}

/// What the button beside the titles opens.
pub fn table_menu_ui(ui: &mut Ui, app: &App, shown: &[ShownColumn], actions: &mut Vec<Action>) {
    let wanted = app.listing.arrangement().wanted();
    let theme = Theme::of(ui);
    text::label(ui, "Group by", fonts::caps(), theme.muted);
    let mut group = |ui: &mut Ui, words: &str, by: Option<GroupBy>| {
        if choice(ui, words, wanted.group == by, "") {
            actions.push(Action::Table(TableAction::Group(by)));
            ui.close();
        }
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        group(ui, "None", None);
        for by in [GroupBy::Topic, GroupBy::Device, GroupBy::Rule] {
            group(ui, by.label(), Some(by));
        }
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        for by in [GroupBy::Verdict, GroupBy::Connection, GroupBy::Name] {
            group(ui, by.label(), Some(by));
        }
    });
    if wanted.group.is_some() {
        let now = app.listing.arrangement().group_order();
        caption(ui, "Groups");
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            for order in GroupOrder::ALL {
                if choice(ui, order.label(), now == order, "") {
                    actions.push(Action::Table(TableAction::OrderGroups(order)));
                    ui.close();
                }
            }
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            for (words, icon, open) in [
                ("Open all", Icon::UnfoldVertical, true),
                ("Close all", Icon::FoldVertical, false),
            ] {
                if ui.add(Button::ghost(words).with_icon(icon)).clicked() {
                    actions.push(Action::Table(TableAction::OpenAllGroups(open)));
                    ui.close();
                }
            }
        });
    }
    if wanted.order.is_some() {
        caption(ui, "Order");
        if entry(ui, "As it came", "The newest first, as the table begins") {
            actions.push(Action::Table(TableAction::Sort(None)));
        }
    }
    caption(ui, "Columns");
    let groups = if wanted.group.is_some() { 110.0 } else { 0.0 };
    let order = if wanted.order.is_some() { 60.0 } else { 0.0 };
    columns_ui(ui, shown, 190.0 + groups + order, actions);
    if columns::kept(shown).is_empty() {
        return;
    }
    if entry(
        ui,
        "Usual columns",
        "Which they are, their order and widths",
    ) {
        actions.push(Action::Table(TableAction::SetColumns(Vec::new())));
    }
}

/// `others`: about how much of the menu's height the rest of it takes.
fn columns_ui(ui: &mut Ui, shown: &[ShownColumn], others: f32, actions: &mut Vec<Action>) {
    ui.set_min_width(230.0);
    let is_shown = |kind: &ColumnKind| shown.iter().any(|column| column.kind == *kind);
    let users = shown
        .iter()
        .map(|column| column.kind.clone())
        .filter(|kind| matches!(kind, ColumnKind::User(_)));
    /// Of a window, above or below the titles.
    const ROOM: f32 = 0.66;
    let room = ui.ctx().content_rect().height() * ROOM;
    let height = (room - others).clamp(90.0, 260.0);
    ScrollArea::vertical().max_height(height).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for kind in ColumnKind::ALL.into_iter().chain(users) {
            let mut is_on = is_shown(&kind);
            let title = match &kind {
                ColumnKind::Number => "Number (#)".into(),
                kind => kind.title(),
            };
            let words = egui::RichText::new(title).font(fonts::body());
            let response = ui.checkbox(&mut is_on, words).on_hover_text(kind.meaning());
            if response.changed() {
                set_columns(&columns::toggled(shown, &kind), actions);
            }
        }
    });
    ui.horizontal(|ui| {
        let id = Id::unique("user property column");
        let mut name: String = ui.data(|data| data.get_temp(id)).unwrap_or_default();
        let response = Field::new(&mut name, "User property as a column")
            .hint("user property")
            .width(150.0)
            .show(ui);
        let entered = response.lost_focus() && ui.input(|it| it.key_pressed(egui::Key::Enter));
        let kind = ColumnKind::User(name.trim().to_owned());
        let can_add = !name.trim().is_empty() && !is_shown(&kind);
        let add = ui.add(Button::new("Add").small().enabled(can_add));
        if can_add && (entered || add.clicked()) {
            set_columns(&columns::toggled(shown, &kind), actions);
            name.clear();
        }
        ui.data_mut(|data| data.insert_temp(id, name));
    });
}

/// A group's name as it is read: connections by their names, and words for none.
pub fn group_name(app: &App, group: &GroupLine) -> String {
    if group.name.is_empty() {
        return group.by.none().to_owned();
    }
    match group.by {
        GroupBy::Connection => {
            let profile = app.library.profile(&group.name);
            profile.map_or_else(|| group.name.to_string(), |it| it.name.clone())
        }
        _ => crate::model::payload::preview(group.name.as_bytes(), 160),
    }
}
