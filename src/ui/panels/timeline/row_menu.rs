//! What a right click on a row of the timeline offers, or Shift+F10.

use crate::app::export::ExportAction;
use crate::app::inspect;
use crate::app::messages::MessageAction;
use crate::app::selection::{CopyRows, RowSet, Select};
use crate::app::table::{RowAction, RowsAction, TableAction};
use crate::app::{Action, App, ExportFormat};
use crate::model::text as words;
use crate::model::timeline::{MarkColour, Row, RowId};
use crate::ui::widgets::swatch::swatch;
use crate::ui::widgets::{Button, text};
use crate::ui::{Theme, fonts};
use egui::Ui;

pub fn row_menu_ui(ui: &mut Ui, app: &App, id: RowId, actions: &mut Vec<Action>) {
    let Some(row) = app.timeline().row(id) else {
        ui.close();
        return;
    };
    let mark = app.timeline().mark(id).cloned().unwrap_or_default();
    let message = row.message();
    let has_correlation = message.properties.correlation_data.is_some();
    let is_exchange = matches!(&*row, Row::Exchange(_));
    let has_reply = matches!(&*row, Row::Exchange(exchange) if !exchange.replies.is_empty());
    ui.set_min_width(210.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut menu = Menu { id, actions };
    let pin = if mark.is_pinned { "Unpin" } else { "Pin" };
    menu.entry(ui, true, pin, RowAction::TogglePin);
    let comment = if mark.comment.is_empty() {
        "Comment…"
    } else {
        "Change the comment…"
    };
    menu.entry(ui, true, comment, RowAction::Comment);
    menu.colours(ui, mark.colour);
    ui.separator();
    menu.entry(ui, true, "Copy topic", RowAction::CopyTopic);
    menu.entry(ui, true, "Copy payload", RowAction::CopyPayload);
    menu.entry(
        ui,
        has_reply,
        "Copy payload of the reply",
        RowAction::CopyReply,
    );
    menu.entry(
        ui,
        has_correlation,
        "Copy Correlation Data",
        RowAction::CopyCorrelation,
    );
    menu.entry(ui, true, "Copy row as JSON", RowAction::CopyJson);
    ui.separator();
    menu.compare(ui, app, crate::app::inspect::telling_part(&row));
    menu.entry(ui, true, "Filter by this topic", RowAction::FilterTopic);
    let has_responder = row.responder().is_some();
    menu.entry(
        ui,
        has_responder,
        "Filter by this responder",
        RowAction::FilterResponder,
    );
    menu.entry(
        ui,
        has_correlation,
        "Filter by this Correlation Data",
        RowAction::FilterCorrelation,
    );
    menu.entry(
        ui,
        is_exchange,
        "Show only this exchange",
        RowAction::FilterOnly,
    );
    menu.entry(ui, true, "Show in lanes", RowAction::ShowInLanes);
    let is_saved = app.saved_request_of(&row).is_some();
    if is_exchange || is_saved {
        ui.separator();
    }
    menu.entry(ui, is_exchange, "Send again", RowAction::Resend);
    menu.entry(
        ui,
        is_saved,
        "Open the saved request",
        RowAction::OpenRequest,
    );
    ui.separator();
    message_menu_ui(ui, app, (id, 0), &row, actions);
}

/// What can be made of one of its messages; what cannot says why.
pub fn message_menu_ui(
    ui: &mut Ui,
    app: &App,
    (id, at): (RowId, usize),
    row: &Row,
    actions: &mut Vec<Action>,
) {
    let Some(part) = inspect::part(row, at) else {
        return;
    };
    for action in MessageAction::ALL {
        let why_not = app.why_not(row, &part.message, action);
        let tooltip = why_not.as_deref().map(inspect::sentence);
        let tooltip = tooltip.unwrap_or_default();
        let button = Button::ghost(action.label())
            .enabled(why_not.is_none())
            .tooltip(&tooltip);
        if ui.add(button).clicked() {
            actions.push(Action::Message(id, at, action));
            ui.close();
        }
    }
}

/// What is offered for several rows.
pub fn rows_menu_ui(ui: &mut Ui, app: &App, rows: &RowSet, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    ui.set_min_width(210.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    let count = words::count(rows.len());
    ui.horizontal(|ui| {
        ui.add_space(10.0);
        let title = format!("{count} rows");
        text::label(ui, &title, fonts::caps(), theme.muted);
    });
    let entry = |ui: &mut Ui, words: &str, actions: &mut Vec<Action>, action: RowsAction| {
        if ui.add(Button::ghost(words)).clicked() {
            actions.push(Action::Table(TableAction::Selected(action)));
            ui.close();
        }
    };
    entry(ui, "Pin", actions, RowsAction::Pin(true));
    entry(ui, "Unpin", actions, RowsAction::Pin(false));
    entry(ui, "Comment…", actions, RowsAction::Comment);
    let has_marks = app.timeline().marks().ids().next().is_some();
    colours_ui(ui, None, has_marks, |colour| {
        let action = RowsAction::Colour(colour);
        actions.push(Action::Table(TableAction::Selected(action)));
    });
    ui.separator();
    let copy = Button::ghost("Copy rows as text").shortcut("Ctrl+C");
    if ui.add(copy).clicked() {
        let action = RowsAction::Copy(CopyRows::Text);
        actions.push(Action::Table(TableAction::Selected(action)));
        ui.close();
    }
    let json = RowsAction::Copy(CopyRows::Json);
    entry(ui, "Copy rows as JSON", actions, json);
    if ui.add(Button::ghost("Export the selected…")).clicked() {
        let ask = ExportAction::AskSelected(ExportFormat::Jsonl);
        actions.push(Action::Export(ask));
        ui.close();
    }
    ui.separator();
    if rows.len() == 2 {
        entry(ui, "Compare the two", actions, RowsAction::Compare);
    }
    entry(ui, "Show only these", actions, RowsAction::FilterOnly);
    entry(
        ui,
        "Show only these, in lanes",
        actions,
        RowsAction::ShowInLanes,
    );
    ui.separator();
    let all = Button::ghost("Select all").shortcut("Ctrl+A");
    if ui.add(all).clicked() {
        actions.push(Action::Table(TableAction::Select(Select::All)));
        ui.close();
    }
    let single = Button::ghost("Select only this one").shortcut("Esc");
    if ui.add(single).clicked() {
        actions.push(Action::Table(TableAction::Select(Select::Single)));
        ui.close();
    }
}

struct Menu<'a> {
    id: RowId,
    actions: &'a mut Vec<Action>,
}

impl Menu<'_> {
    /// An entry that makes no sense for this row is left out.
    fn entry(&mut self, ui: &mut Ui, makes_sense: bool, words: &str, action: RowAction) {
        if makes_sense && ui.add(Button::ghost(words)).clicked() {
            self.actions.push(Action::Row(self.id, action));
            ui.close();
        }
    }

    /// The payload that tells most, with one of another row.
    fn compare(&mut self, ui: &mut Ui, app: &App, part: usize) {
        let other = app.marked.as_ref();
        let other = other.filter(|marked| !marked.is(self.id, part));
        let (words, action) = match other {
            Some(marked) => (
                format!("Compare with {}", marked.name),
                Action::CompareWithMarked(self.id, part),
            ),
            None => (
                "Compare with…".to_owned(),
                Action::MarkForCompare(self.id, part),
            ),
        };
        if ui.add(Button::ghost(&words)).clicked() {
            self.actions.push(action);
            ui.close();
        }
    }

    fn colours(&mut self, ui: &mut Ui, now: Option<MarkColour>) {
        colours_ui(ui, now, now.is_some(), |colour| {
            self.actions
                .push(Action::Row(self.id, RowAction::Colour(colour)));
        });
    }
}

/// A line of colours; none takes the colour away.
fn colours_ui(
    ui: &mut Ui,
    now: Option<MarkColour>,
    with_none: bool,
    mut pressed: impl FnMut(Option<MarkColour>),
) {
    ui.horizontal(|ui| {
        ui.add_space(10.0);
        ui.spacing_mut().item_spacing.x = 4.0;
        let theme = Theme::of(ui);
        text::label(ui, "Colour", fonts::body(), theme.muted);
        let choices = [None].into_iter().chain(MarkColour::ALL.map(Some));
        for colour in choices.filter(|colour| colour.is_some() || with_none) {
            let is_chosen = colour.is_some() && now == colour;
            if swatch(ui, colour, is_chosen) {
                pressed(colour);
                ui.close();
            }
        }
    });
}
