//! The request being written: tabs, the lines for topic and reply, payload, properties, pairing.

mod properties;

use crate::app::rows::Tone;
use crate::app::tabs::{ComposerPane, Tab as RequestTab, TabId};
use crate::app::{Action, App};
use crate::model::connection::ConnectionState;
use crate::model::correlation::{CorrelationDraft, CorrelationKind};
use crate::model::message::Qos;
use crate::model::payload::{Encoding, PayloadFormat};
use crate::model::request::{RequestField, ResponseTopicDraft};
use crate::model::text as words;
use crate::model::topic::{TopicFilter, TopicName};
use crate::ui::view::{Focus, View};
use crate::ui::widgets::payload_edit::{Mistake, Place};
use crate::ui::widgets::tabs::{DocumentTab, DocumentTabEvent, Tab, document_tabs, tabs};
use crate::ui::widgets::{Button, Field, field, payload_edit, select, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Id, Layout, Ui};

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

/// Connection, topic, QoS, retain, Send; then Response Topic, Correlation Data, timeout.
pub fn address_lines_ui(ui: &mut Ui, app: &mut App, view: &mut View, actions: &mut Vec<Action>) {
    let subscribed = subscribed_words(app);
    let generated = app
        .tabs
        .front()
        .map(|tab| app.generated_response_topic(tab))
        .unwrap_or_default();
    let twins = app.twins_of_front();
    let names: Vec<(String, String)> = app
        .connection_rows()
        .into_iter()
        .map(|row| (row.id, row.name))
        .collect();
    let Some(tab) = app.tabs.front_mut() else {
        return;
    };
    request_line_ui(ui, tab, &names, view, actions);
    ui.add_space(8.0);
    reply_line_ui(ui, tab, &generated, subscribed);
    if !twins.is_empty() {
        let theme = Theme::of(ui);
        let ids: Vec<String> = twins.iter().map(|id| format!("#{}", id.0)).collect();
        let line = format!(
            "Open request {} has the same Response Topic and Correlation Data: the first reply will be taken for its answer.",
            ids.join(", ")
        );
        text::paragraph(ui, &line, fonts::small(), theme.waiting);
    }
}

fn request_line_ui(
    ui: &mut Ui,
    tab: &mut RequestTab,
    names: &[(String, String)],
    view: &mut View,
    actions: &mut Vec<Action>,
) {
    let error = tab
        .error(RequestField::Topic)
        .filter(|_| !tab.draft.topic.is_empty() || tab.was_tried)
        .map(str::to_owned);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let shown = names.iter().find(|(id, _)| *id == tab.draft.connection).map_or("choose a connection", |(_, name)| name);
        select::select(ui, "Connection", shown, 116.0, |ui| {
            for (id, name) in names {
                if select::option(ui, tab.draft.connection == *id, name).clicked() {
                    tab.draft.connection.clone_from(id);
                }
            }
        });
        // QoS, Retain and Send stand at the right edge.
        let room = (ui.available_width() - 268.0).max(120.0);
        let id = Id::unique("topic field");
        let response = Field::new(&mut tab.draft.topic, "Topic").hint("cmnd/light-in-bedroom/power").code().error(error.as_deref()).width(room).id(id).show(ui);
        if view.take_focus(Focus::Topic) {
            response.request_focus();
        }
        qos_select(ui, "QoS", &mut tab.draft.qos);
        let retain = Button::new("Retain").selected(tab.draft.retain).tooltip("RETAIN: the broker keeps the request and gives it to whoever subscribes later. Requests seldom want that.");
        if ui.add(retain).clicked() {
            tab.draft.retain = !tab.draft.retain;
        }
        if ui.add(Button::primary("Send").shortcut("Ctrl ↵").tooltip("Subscribe to the Response Topic, publish the request, wait for its answer")).clicked() {
            actions.push(Action::Send(tab.id));
        }
    });
}

fn reply_line_ui(
    ui: &mut Ui,
    tab: &mut RequestTab,
    generated: &str,
    subscribed: Option<(&'static str, Tone)>,
) {
    let topic_error = tab.error(RequestField::ResponseTopic).map(str::to_owned);
    let data_error = tab.error(RequestField::CorrelationData).map(str::to_owned);
    let timeout_error = tab.error(RequestField::Timeout).map(str::to_owned);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let has_reply = tab.draft.response_topic != ResponseTopicDraft::None;
        let timeout_width = 70.0;
        // Three labels, two menus, the gaps between.
        let fixed = if has_reply {
            95.0 + 105.0 + 52.0 + timeout_width + 2.0 * MENU + 5.0 * 8.0
        } else {
            95.0 + MENU + 8.0
        };
        let room = (ui.available_width() - fixed).max(200.0);
        field::field_label(ui, "Response Topic");
        let share = if has_reply { 0.58 } else { 1.0 };
        with_menu(ui, |ui| {
            response_topic_ui(
                ui,
                tab,
                generated,
                room * share,
                topic_error.as_deref(),
                subscribed,
            );
        });
        if has_reply {
            field::field_label(ui, "Correlation Data");
            with_menu(ui, |ui| {
                correlation_ui(
                    ui,
                    &mut tab.draft.correlation_data,
                    room * 0.42,
                    data_error.as_deref(),
                );
            });
            field::field_label(ui, "Timeout");
            Field::new(&mut tab.draft.timeout, "Timeout")
                .hint("5 s")
                .code()
                .error(timeout_error.as_deref())
                .width(timeout_width)
                .show(ui);
        }
    });
}

/// The width of the button that opens a field's menu.
const MENU: f32 = 24.0;

/// A field and the button that belongs to it stand close together.
fn with_menu(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.horizontal_top(contents);
    });
}

fn response_topic_ui(
    ui: &mut Ui,
    tab: &mut RequestTab,
    generated: &str,
    width: f32,
    error: Option<&str>,
    subscribed: Option<(&'static str, Tone)>,
) {
    let mut text = match &tab.draft.response_topic {
        ResponseTopicDraft::Typed(text) => text.clone(),
        _ => String::new(),
    };
    let hint = match &tab.draft.response_topic {
        ResponseTopicDraft::None => "none: nobody is asked to reply",
        _ => generated,
    };
    let is_none = tab.draft.response_topic == ResponseTopicDraft::None;
    let before = text.clone();
    ui.add_enabled_ui(!is_none, |ui| {
        let mut topic = Field::new(&mut text, "Response Topic")
            .hint(hint)
            .code()
            .error(error)
            .width(width);
        if let Some((words, tone)) = subscribed {
            topic = if tone == Tone::Accent {
                topic.badge(words)
            } else {
                topic.toned_badge(words, tone)
            };
        }
        topic.show(ui);
    });
    if text != before {
        // Emptied, it is generated again.
        tab.draft.response_topic = if text.is_empty() {
            ResponseTopicDraft::Generated
        } else {
            ResponseTopicDraft::Typed(text)
        };
    }
    let menu = ui.add(Button::icon(Icon::ChevronDown, "Kind of Response Topic").small());
    egui::Popup::menu(&menu).show(|ui| {
        ui.set_width(280.0);
        let draft = &mut tab.draft.response_topic;
        if select::option(
            ui,
            *draft == ResponseTopicDraft::Generated,
            "Generated from client id or Response Information",
        )
        .clicked()
        {
            *draft = ResponseTopicDraft::Generated;
            ui.close();
        }
        if select::option(ui, matches!(draft, ResponseTopicDraft::Typed(_)), "Typed").clicked() {
            if !matches!(draft, ResponseTopicDraft::Typed(_)) {
                *draft = ResponseTopicDraft::Typed(generated.to_owned());
            }
            ui.close();
        }
        if select::option(
            ui,
            *draft == ResponseTopicDraft::None,
            "None: a bare publish, no reply asked for",
        )
        .clicked()
        {
            *draft = ResponseTopicDraft::None;
            ui.close();
        }
    });
}

/// The field shows what is sent; the button beside it chooses where that comes from.
fn correlation_ui(ui: &mut Ui, draft: &mut CorrelationDraft, width: f32, error: Option<&str>) {
    let badge = match draft.kind {
        CorrelationKind::Uuid => "UUID · 16 B".to_owned(),
        CorrelationKind::UuidText => "UUID · text".to_owned(),
        CorrelationKind::Counter => "counter".to_owned(),
        CorrelationKind::Random => "random".to_owned(),
        CorrelationKind::None => "none".to_owned(),
        CorrelationKind::Fixed => match draft.encoding.decode(&draft.text) {
            Ok(bytes) => format!("{} · {}", draft.encoding.word(), words::bytes(bytes.len())),
            Err(_) => draft.encoding.word().to_owned(),
        },
    };
    match draft.kind {
        CorrelationKind::Fixed => {
            Field::new(&mut draft.text, "Correlation Data")
                .code()
                .badge(&badge)
                .error(error)
                .width(width)
                .show(ui);
        }
        CorrelationKind::Random => {
            Field::new(&mut draft.length, "Correlation Data")
                .hint("how many bytes")
                .code()
                .badge("random bytes")
                .error(error)
                .width(width)
                .show(ui);
        }
        _ => {
            let mut nothing = String::new();
            let hint = match draft.kind {
                CorrelationKind::Counter => "1, 2, 3, …",
                CorrelationKind::None => "not sent",
                _ => "a new one each time",
            };
            ui.add_enabled_ui(false, |ui| {
                Field::new(&mut nothing, "Correlation Data")
                    .hint(hint)
                    .code()
                    .badge(&badge)
                    .error(error)
                    .width(width)
                    .show(ui)
            });
        }
    }
    let menu = ui.add(Button::icon(Icon::ChevronDown, "Kind of Correlation Data").small());
    egui::Popup::menu(&menu).show(|ui| {
        ui.set_width(220.0);
        for kind in CorrelationKind::ALL
            .into_iter()
            .filter(|kind| *kind != CorrelationKind::Fixed)
        {
            if select::option(ui, draft.kind == kind, kind.label()).clicked() {
                *draft = CorrelationDraft {
                    text: std::mem::take(&mut draft.text),
                    ..CorrelationDraft::of_kind(kind)
                };
                ui.close();
            }
        }
        for encoding in Encoding::ALL {
            let is_chosen = draft.kind == CorrelationKind::Fixed && draft.encoding == encoding;
            if select::option(
                ui,
                is_chosen,
                &format!("Fixed, typed as {}", encoding.word()),
            )
            .clicked()
            {
                *draft = CorrelationDraft::fixed(encoding, &draft.text);
                ui.close();
            }
        }
    });
}

/// Whether a reply would reach us right now, for the badge in the Response Topic field.
fn subscribed_words(app: &App) -> Option<(&'static str, Tone)> {
    let tab = app.tabs.front()?;
    let request = tab.valid()?;
    let topic: &TopicName = request.response_topic.as_ref()?;
    match app.session.state(&tab.draft.connection) {
        ConnectionState::Connected(_) => {
            let subscriptions = app
                .session
                .link(&tab.draft.connection)
                .map(|link| link.subscriptions.as_slice())
                .unwrap_or_default();
            let is_live = subscriptions
                .iter()
                .any(|filter: &TopicFilter| filter.matches(topic));
            is_live.then_some(("subscribed", Tone::Accent))
        }
        _ => Some(("not connected", Tone::Neutral)),
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
        |fields: &dyn Fn(RequestField) -> bool| tab.errors().iter().any(|err| fields(err.field));
    let wrong_properties = has_problem(&RequestField::is_property);
    let shown = [
        Tab::new("Payload").problem(has_problem(&|field| field == RequestField::Payload)),
        Tab::new("Properties").note(&note).problem(wrong_properties),
        Tab::new("Pairing").note("MQTT 5"),
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
            let line = if size.is_empty() {
                tab.draft.topic.clone()
            } else {
                format!("{} · {size}", tab.draft.topic)
            };
            text::label(ui, &line, fonts::code_small(), theme.dim);
        });
    });
}

/// What the front pane holds.
pub fn pane_ui(ui: &mut Ui, app: &mut App, view: &mut View) {
    let rule = "A reply is the answer when it comes on the Response Topic and carries the Correlation Data of this request, byte for byte (MQTT 5 §4.10). Without Correlation Data, replies are taken in the order in which the requests were sent.";
    let Some(tab) = app.tabs.front_mut() else {
        return;
    };
    match tab.pane {
        ComposerPane::Payload => payload_ui(ui, tab, view),
        ComposerPane::Properties => properties::properties_ui(ui, tab),
        ComposerPane::Pairing => {
            let theme = Theme::of(ui);
            ui.add_space(8.0);
            text::label(ui, "MQTT 5 properties", fonts::strong(), theme.text);
            text::paragraph(ui, rule, fonts::body(), theme.muted);
        }
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
    let mistake = tab.error(RequestField::Payload).map(|error| {
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
    let is_json = tab.draft.format == PayloadFormat::Json;
    payload_edit::show(
        ui,
        "Payload",
        &mut tab.draft.payload,
        is_json,
        mistake.as_ref(),
        view.payload_editor(tab.id),
    );
}

pub fn qos_select(ui: &mut Ui, name: &str, qos: &mut Qos) {
    select::select(ui, name, &qos.to_string(), 66.0, |ui| {
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
