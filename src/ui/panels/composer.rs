//! The request being written: tabs, the lines for topic and reply, payload, properties, pairing.

mod address;
mod pairing;
mod properties;

pub use address::address_lines_ui;

use crate::app::tabs::{ComposerPane, Tab as RequestTab, TabId};
use crate::app::{Action, App};
use crate::model::message::Qos;
use crate::model::payload::PayloadFormat;
use crate::model::profile::MqttVersion;
use crate::model::request::RequestField;
use crate::model::text as words;
use crate::ui::view::View;
use crate::ui::widgets::highlight::Language;
use crate::ui::widgets::payload_edit::{Mistake, Place};
use crate::ui::widgets::tabs::{DocumentTab, DocumentTabEvent, Tab, document_tabs, tabs};
use crate::ui::widgets::{Button, payload_edit, select, text};
use crate::ui::{Theme, fonts};
use egui::{Align, Layout, Ui};

/// The request tabs over everything.
pub fn tab_bar_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let titles: Vec<(TabId, String, bool)> = app
        .tabs
        .iter()
        .map(|tab| (tab.id, tab.title(), tab.is_dirty()))
        .collect();
    let shown: Vec<DocumentTab<'_>> = titles
        .iter()
        .map(|(_, title, is_dirty)| DocumentTab {
            label: title,
            is_dirty: *is_dirty,
        })
        .collect();
    let front = app
        .tabs
        .front()
        .and_then(|front| titles.iter().position(|(id, _, _)| *id == front.id))
        .unwrap_or(0);
    match document_tabs(ui, &shown, front) {
        Some(DocumentTabEvent::Select(at)) => {
            actions.extend(titles.get(at).map(|(id, _, _)| Action::SelectTab(*id)));
        }
        Some(DocumentTabEvent::Close(at)) => {
            actions.extend(titles.get(at).map(|(id, _, _)| Action::CloseTab(*id)));
        }
        Some(DocumentTabEvent::New) => actions.push(Action::NewTab),
        None => {}
    }
}

/// The tabs of the composer, and at their right what will be sent.
pub fn pane_tabs_ui(ui: &mut Ui, app: &mut App, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let Some(tab) = app.tabs.front_mut() else {
        return;
    };
    let count = properties::count(&tab.draft);
    let note = if count > 0 {
        count.to_string()
    } else {
        String::new()
    };
    let has_problem =
        |fields: &dyn Fn(&RequestField) -> bool| tab.errors().iter().any(|err| fields(&err.field));
    let wrong_properties = has_problem(&RequestField::is_property);
    let is_pairing = |field: &RequestField| {
        matches!(field, RequestField::Pairing | RequestField::PairingValue(_))
    };
    let rule = tab.pairing().map_or_else(
        || "Pairing".to_owned(),
        crate::app::pairing::PairingView::tab_label,
    );
    let shown = [
        Tab::new("Payload").problem(has_problem(&|field| *field == RequestField::Payload)),
        Tab::new("Properties").note(&note).problem(wrong_properties),
        Tab::new(&rule).problem(has_problem(&is_pairing)),
    ];
    let panes = [
        ComposerPane::Payload,
        ComposerPane::Properties,
        ComposerPane::Pairing,
    ];
    let front = panes.iter().position(|pane| *pane == tab.pane).unwrap_or(0);
    ui.horizontal(|ui| {
        if let Some(pane) = tabs(ui, &shown, front).and_then(|at| panes.get(at)) {
            tab.pane = *pane;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .add(
                    Button::ghost("Save")
                        .name("Save request")
                        .small()
                        .shortcut("Ctrl+S")
                        .enabled(tab.is_dirty() || tab.saved_id.is_none()),
                )
                .clicked()
            {
                actions.push(Action::SaveTab(tab.id));
            }
            let size = tab
                .valid()
                .map(|request| words::bytes(request.payload.len()))
                .unwrap_or_default();
            let topic = match tab.pairing() {
                Some(rule) if tab.draft.topic.trim().is_empty() => rule.topic(),
                _ => tab.draft.topic.as_str(),
            };
            let line = if size.is_empty() {
                topic.to_owned()
            } else {
                format!("{topic} · {size}")
            };
            text::label(ui, &line, fonts::code_small(), theme.dim);
        });
    });
}

/// What the front pane holds.
pub fn pane_ui(ui: &mut Ui, app: &mut App, view: &mut View, actions: &mut Vec<Action>) {
    let version = app.tabs.front().map_or_else(MqttVersion::default, |tab| {
        app.version_of(&tab.draft.connection)
    });
    let Some(tab) = app.tabs.front_mut() else {
        return;
    };
    match tab.pane {
        ComposerPane::Payload => payload_ui(ui, tab, view),
        ComposerPane::Properties => properties::properties_ui(ui, tab, version),
        ComposerPane::Pairing => pairing::pairing_ui(ui, app, view, actions),
    }
}

fn payload_ui(ui: &mut Ui, tab: &mut RequestTab, view: &mut View) {
    ui.horizontal(|ui| {
        format_select(ui, "Payload format", &mut tab.draft.format);
        if tab.draft.format == PayloadFormat::Json
            && ui
                .add(Button::ghost("Tidy").small().tooltip("Indent the JSON"))
                .clicked()
            && let Some(pretty) = crate::model::payload::pretty_json(tab.draft.payload.as_bytes())
        {
            tab.draft.payload = pretty;
        }
    });
    ui.add_space(4.0);
    let mistake = tab.error(&RequestField::Payload).map(|error| {
        match tab.draft.format.encode(&tab.draft.payload) {
            Err(err) => Mistake {
                message: err.message,
                place: Some(Place {
                    line: err.line,
                    column: err.column,
                }),
            },
            Ok(_) => Mistake {
                message: error.to_owned(),
                place: None,
            },
        }
    });
    let language = if tab.draft.format == PayloadFormat::Json {
        Language::Json
    } else {
        Language::Plain
    };
    payload_edit::show(
        ui,
        "Payload",
        &mut tab.draft.payload,
        language,
        mistake.as_ref(),
        view.payload_editor(tab.id),
    );
}

pub fn qos_select(ui: &mut Ui, name: &str, qos: &mut Qos) {
    select::select(ui, name, qos.to_string(), 66.0, |ui| {
        for level in Qos::ALL {
            if select::option(ui, *qos == level, &format!("{level}: {}", level.meaning())).clicked()
            {
                *qos = level;
            }
        }
    });
}

pub fn format_select(ui: &mut Ui, name: &str, format: &mut PayloadFormat) {
    select::select(ui, name, format.label(), 76.0, |ui| {
        for one in PayloadFormat::ALL {
            if select::option(ui, *format == one, one.label()).clicked() {
                *format = one;
            }
        }
    });
}
