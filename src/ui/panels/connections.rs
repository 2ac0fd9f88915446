//! The list of connections, each with its state in words, and what the broker said.

mod subscriptions;

use crate::app::connections::{ConnectionRow, facts};
use crate::app::diagnosis::DiagnosisAction;
use crate::app::imports::{BundleScope, ImportAction};
use crate::app::inspect::Fact;
use crate::app::subscriptions::SubscriptionAction;
use crate::app::tree::{Dragged, Line, Shelf};
use crate::app::{Action, App};
use crate::model::profile::BUILT_IN_ID;
use crate::ui::panels::tree;
use crate::ui::view::View;
use crate::ui::widgets::swatch::colours_ui;
use crate::ui::widgets::{Button, section, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Align, Id, Popup, Rect, Response, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

/// More connections than these scroll by themselves.
const MOST_ROWS: u8 = 12;
/// Of the panel, above and below.
const MARGINS: f32 = 32.0;

pub fn connections_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    if section::section_header(ui, "Connections", Some((Icon::Plus, "New connection"))) {
        actions.push(Action::NewProfile);
    }
    let count = app.library.profiles().len();
    let (query, is_other) =
        tree::find_ui(ui, &mut view.connection_query, Shelf::Connections, count);
    let lines = app.connection_lines(&query);
    if lines.is_empty() {
        tree::nothing_ui(ui, Shelf::Connections);
    }
    let mut list = List {
        app,
        in_front: app.tabs.front().map(|tab| tab.draft.connection.as_str()),
        // What is found is not all there is: a place among it says little.
        can_drag: query.is_empty(),
        actions,
    };
    if lines.len() <= usize::from(MOST_ROWS) {
        list.lines_ui(ui, &lines);
        return;
    }
    // Many of them would push the requests out of sight; what the requests and rules leave is theirs.
    let least = f32::from(MOST_ROWS) * (theme::FORM_ROW + ui.spacing().item_spacing.y);
    let above = ui.cursor().top() - ui.min_rect().top();
    let free = ui.clip_rect().height() - MARGINS - above - view.below_connections;
    let mut area = ScrollArea::vertical()
        .id_salt("connections")
        .max_height(free.max(least).floor())
        .auto_shrink([false, true]);
    if is_other {
        area = area.vertical_scroll_offset(0.0);
    }
    area.show(ui, |ui| {
        // Beside the scroll bar.
        ui.set_width(ui.available_width() - 10.0);
        list.lines_ui(ui, &lines);
    });
}

struct List<'a> {
    app: &'a App,
    in_front: Option<&'a str>,
    can_drag: bool,
    actions: &'a mut Vec<Action>,
}

impl List<'_> {
    fn lines_ui(&mut self, ui: &mut Ui, lines: &[Line<ConnectionRow>]) {
        scroll_while_dragging(ui);
        for line in lines {
            match line {
                Line::Folder(folder) => {
                    let list = Shelf::Connections;
                    tree::folder_line_ui(ui, list, folder, self.can_drag, self.actions);
                }
                Line::Item { item, depth } => self.item_ui(ui, item, *depth),
            }
        }
    }

    fn item_ui(&mut self, ui: &mut Ui, row: &ConnectionRow, depth: usize) {
        let Self { app, actions, .. } = self;
        let is_in_front = self.in_front == Some(row.id.as_str());
        let response = row_ui(ui, row, depth, is_in_front);
        let tooltip = row.hint.as_ref().map_or_else(
            || row.sentence.clone(),
            |hint| format!("{}\n{hint}", row.sentence),
        );
        if response.double_clicked() {
            actions.push(Action::EditProfile(row.id.clone()));
        }
        if response.secondary_clicked() {
            actions.push(Action::LookAtConnection(row.id.clone()));
        }
        if self.can_drag && row.id != BUILT_IN_ID {
            let it = (row.id.as_str(), row.name.as_str());
            tree::drag_item(ui, &response, Shelf::Connections, it, actions);
        }
        let response = response.on_hover_text(tooltip);
        for (salt, popup) in [
            ("connection menu", Popup::context_menu(&response)),
            ("connection", Popup::menu(&response)),
        ] {
            popup
                .id(Id::unique((salt, &row.id)))
                .show(|ui| menu_ui(ui, app, row, actions));
        }
        for subscription in app.subscription_rows(&row.id) {
            subscriptions::subscription_ui(ui, &subscription, depth, actions);
        }
    }
}

/// At the edges of a list that scrolls, what is dragged moves it along.
fn scroll_while_dragging(ui: &Ui) {
    const EDGE: f32 = 24.0;
    let is_dragged = egui::DragAndDrop::has_payload_of_type::<Dragged>(ui.ctx());
    let Some(pointer) = ui.ctx().pointer_interact_pos().filter(|_| is_dragged) else {
        return;
    };
    let seen = ui.clip_rect();
    if !seen.x_range().contains(pointer.x) {
        return;
    }
    let step = if (pointer.y - seen.top()).abs() < EDGE {
        8.0
    } else if (pointer.y - seen.bottom()).abs() < EDGE {
        -8.0
    } else {
        return;
    };
    ui.scroll_with_delta_animation(vec2(0.0, step), egui::style::ScrollAnimation::none());
    ui.ctx().request_repaint();
}

/// The connection that the request in front goes to is marked.
fn row_ui(ui: &mut Ui, row: &ConnectionRow, depth: usize, is_in_front: bool) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), theme::FORM_ROW),
        Sense::click_and_drag(),
    );
    response.widget_info(|| {
        let warning = if row.is_unverified {
            ", broker not verified"
        } else {
            ""
        };
        WidgetInfo::labeled(
            Role::Button,
            true,
            format!("{}, {}{warning}", row.name, row.words),
        )
    });
    let wide = rect.expand2(vec2(14.0, 0.0));
    if is_in_front {
        ui.painter().rect_filled(wide, 0, theme.selected);
        let mark = Rect::from_min_size(wide.min, vec2(2.0, wide.height()));
        ui.painter().rect_filled(mark, 0, theme.accent);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(wide, 0, theme.hovered);
    }
    let color = theme.tone(row.tone);
    let left = rect.left() + tree::indent(depth);
    ui.painter()
        .circle_filled(pos2(left + 4.0, rect.center().y), 4.0, color);
    let name_left = left + 16.0;
    if let Some(colour) = row.colour {
        // Between dot and name: names stand one beneath the other, with a colour or without.
        let bar = Rect::from_min_size(pos2(left + 10.5, rect.center().y - 7.0), vec2(3.0, 14.0));
        ui.painter().rect_filled(bar, 1, theme.mark(colour));
    }
    let ink = match row.tone {
        crate::app::rows::Tone::Neutral | crate::app::rows::Tone::Answered => theme.muted,
        _ => color,
    };
    let most = (rect.right() - left) * 0.55;
    let words = text::line(ui, &row.words, fonts::small(), ink, most);
    // Standing, whatever the state is.
    let mark = row.is_unverified.then(|| {
        text::line(
            ui,
            &char::from(Icon::ShieldOff).to_string(),
            fonts::icon(13.0),
            theme.failed,
            20.0,
        )
    });
    let mark_width = mark.as_ref().map_or(0.0, |mark| mark.size().x + 6.0);
    let room = rect.right() - name_left - words.size().x - 8.0 - mark_width;
    let name = text::line(ui, &row.name, fonts::body(), theme.text, room);
    let name_rect = rect.with_min_x(name_left);
    if let Some(mark) = mark {
        let left = name_rect.left() + name.size().x + 6.0;
        let mark_rect = Rect::from_min_max(pos2(left, rect.top()), rect.max);
        text::paint_in(ui, mark_rect, Align::Min, mark);
    }
    text::paint_in(ui, name_rect, Align::Min, name);
    text::paint_in(ui, rect, Align::Max, words);
    response
}

fn menu_ui(ui: &mut Ui, app: &App, row: &ConnectionRow, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    ui.set_width(330.0);
    text::label(ui, &row.name, fonts::medium(), theme.text);
    text::paragraph(ui, &row.sentence, fonts::small(), theme.muted);
    if let Some(hint) = &row.hint {
        text::paragraph(ui, hint, fonts::small(), theme.text);
    }
    if row.is_unverified {
        text::paragraph(
            ui,
            "The broker is not verified: anybody in between can pretend to be it. Edit the connection to change that.",
            fonts::small(),
            theme.failed,
        );
    }
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        if row.is_on {
            if ui.add(Button::new("Disconnect")).clicked() {
                actions.push(Action::Disconnect(row.id.clone()));
                ui.close();
            }
            if !row.is_connected && ui.add(Button::new("Try now")).clicked() {
                actions.push(Action::ReconnectNow(row.id.clone()));
                ui.close();
            }
        } else if ui.add(Button::primary("Connect")).clicked() {
            actions.push(Action::Connect(row.id.clone()));
            ui.close();
        }
        if ui.add(Button::ghost("Edit")).clicked() {
            actions.push(Action::EditProfile(row.id.clone()));
            ui.close();
        }
        if ui.add(Button::ghost("Duplicate")).clicked() {
            actions.push(Action::DuplicateProfile(row.id.clone()));
            ui.close();
        }
        if row.id != BUILT_IN_ID
            && ui
                .add(Button::ghost("Delete").color(theme.failed))
                .clicked()
        {
            actions.push(Action::DeleteProfile(row.id.clone()));
            ui.close();
        }
    });
    if !row.is_listener {
        broker_ui(ui, row, actions);
    }
    on_the_list_ui(ui, row, actions);
    if row.id == BUILT_IN_ID
        && app.session.broker().is_some()
        && ui.add(Button::ghost("Stop the built-in broker")).clicked()
    {
        actions.push(Action::StopBroker);
        ui.close();
    }
    if let Some(info) = app.session.state(&row.id).info()
        && !row.is_listener
    {
        ui.add_space(4.0);
        text::label(
            ui,
            "What the broker said (CONNACK)",
            fonts::small(),
            theme.muted,
        );
        facts_ui(ui, &facts(info));
    }
    let subscriptions = app
        .session
        .link(&row.id)
        .map(|link| link.subscriptions.as_slice())
        .unwrap_or_default();
    if !subscriptions.is_empty() {
        ui.add_space(4.0);
        text::label(ui, "Subscribed", fonts::small(), theme.muted);
        for filter in subscriptions {
            text::label(ui, filter.as_str(), fonts::code_small(), theme.text);
        }
    }
}

/// What can be asked of a broker and of no listener.
fn broker_ui(ui: &mut Ui, row: &ConnectionRow, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        if ui.add(Button::new("Test connection")).clicked() {
            let action = DiagnosisAction::Test(row.id.clone());
            actions.push(Action::Diagnosis(action));
            ui.close();
        }
        if ui.add(Button::new("Subscribe…")).clicked() {
            actions.push(Action::Subscription(SubscriptionAction::New {
                connection: row.id.clone(),
                filter: String::new(),
            }));
            ui.close();
        }
        if ui.add(Button::new("Packet log")).clicked() {
            actions.push(App::show_packets_of(&row.id));
            ui.close();
        }
    });
}

/// Its colour and its place, and the way out of the list and in.
fn on_the_list_ui(ui: &mut Ui, row: &ConnectionRow, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        let mut colour = row.colour;
        text::label(ui, "Colour", fonts::small(), theme.muted);
        if colours_ui(ui, &mut colour) {
            actions.push(Action::SetColour(row.id.clone(), colour));
        }
    });
    if row.id != BUILT_IN_ID {
        ui.horizontal(|ui| tree::move_menu_ui(ui, Shelf::Connections, &row.id, actions));
    }
    ui.horizontal(|ui| {
        if row.id != BUILT_IN_ID && ui.add(Button::ghost("Export…")).clicked() {
            let scope = BundleScope::Connection(row.id.clone());
            actions.push(Action::Import(ImportAction::AskExport(scope)));
            ui.close();
        }
        if ui.add(Button::ghost("Import connections…")).clicked() {
            actions.push(Action::Import(ImportAction::Ask));
            ui.close();
        }
    });
}

/// Names and values, in two columns: the names as wide as they are, the values wrapped.
pub fn facts_ui(ui: &mut Ui, facts: &[Fact]) {
    let theme = Theme::of(ui);
    let most = ui.available_width() * 0.5;
    let names: Vec<_> = facts
        .iter()
        .map(|fact| text::line(ui, &fact.name, fonts::small(), theme.muted, most))
        .collect();
    let width = names.iter().map(|name| name.size().x).fold(0.0, f32::max);
    ui.spacing_mut().item_spacing.y = 3.0;
    for (fact, name) in facts.iter().zip(names) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            ui.spacing_mut().interact_size.y = 0.0;
            let (rect, response) = ui.allocate_exact_size(vec2(width, 16.0), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &fact.name));
            text::paint_in(ui, rect, Align::Min, name);
            text::paragraph(ui, &fact.value, fonts::code_small(), theme.text);
        });
    }
}
