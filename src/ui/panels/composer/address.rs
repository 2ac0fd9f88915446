//! The two lines over the panes: connection, topic, Send; Response Topic, Correlation Data, timeout.

use super::qos_select;
use crate::app::connections::ConnectionRow;
use crate::app::pairing::PairingView;
use crate::app::rows::Tone;
use crate::app::tabs::Tab as RequestTab;
use crate::app::{Action, App};
use crate::model::connection::ConnectionState;
use crate::model::correlation::{CorrelationDraft, CorrelationKind};
use crate::model::payload::Encoding;
use crate::model::profile::{Feature, MqttVersion};
use crate::model::request::{RequestField, ResponseTopicDraft};
use crate::model::text as words;
use crate::model::topic::{TopicFilter, TopicName};
use crate::ui::view::{Focus, View};
use crate::ui::widgets::{Button, Field, field, select, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{Id, Ui};

/// Below this Correlation Data and timeout stand on a line of their own.
const NARROW: f32 = 800.0;
const GAP: f32 = 8.0;

/// A line of which some parts share what the others leave; how much the others take is known from
/// the frame before. `contents` gets what there is to share.
fn filled_line(ui: &mut Ui, name: &str, contents: impl FnOnce(&mut Ui, f32)) {
    const LEAST: f32 = 120.0;
    const GUESS: f32 = 400.0;
    let id = ui.scope_id().with(name);
    let taken: f32 = ui.data(|data| data.get_temp(id)).unwrap_or(GUESS);
    let shared = (ui.available_width() - taken).max(LEAST);
    let line = ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        contents(ui, shared);
    });
    let found = line.response.rect.width() - shared;
    if (found - taken).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, found));
        ui.ctx().request_discard("a line was measured");
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
    let version = app.tabs.front().map_or_else(MqttVersion::default, |tab| {
        app.version_of(&tab.draft.connection)
    });
    let twins = app.twins_of_front();
    let connections = app.connection_rows();
    let Some(tab) = app.tabs.front_mut() else {
        return;
    };
    request_line_ui(ui, tab, &connections, view, actions);
    ui.add_space(8.0);
    reply_line_ui(ui, tab, &generated, subscribed, version);
    let is_mqtt5 = tab.draft.pairing.is_mqtt5();
    if let Some(why) = version.lacks(Feature::ResponseTopic)
        && is_mqtt5
        && tab.draft.response_topic != ResponseTopicDraft::None
    {
        let theme = Theme::of(ui);
        let line = format!("{why}. Another rule can be chosen under Pairing.");
        text::paragraph(ui, &line, fonts::small(), theme.waiting);
    }
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

/// The connections in the order of the list, each with its colour and its folder.
fn connection_ui(ui: &mut Ui, chosen: &mut String, connections: &[ConnectionRow]) {
    let theme = Theme::of(ui);
    let shown = connections.iter().find(|row| row.id == *chosen);
    let words = |row: &ConnectionRow, folder: &str| {
        let dot = row
            .colour
            .map(|colour| ("\u{25cf} ", fonts::small(), theme.mark(colour)));
        let name = Some((row.name.as_str(), fonts::body(), theme.text));
        let folder = (!folder.is_empty()).then_some((folder, fonts::small(), theme.muted));
        let runs: Vec<_> = [dot, name, folder].into_iter().flatten().collect();
        text::job(&runs)
    };
    let now = shown.map_or_else(
        || text::job(&[("choose a connection", fonts::body(), theme.text)]),
        |row| words(row, ""),
    );
    select::select(ui, "Connection", now, 116.0, |ui| {
        for row in connections {
            let folder = match row.folder.as_str() {
                "" => String::new(),
                folder => format!("   {folder}"),
            };
            if ui
                .selectable_label(row.id == *chosen, words(row, &folder))
                .accessible_name(&row.name)
                .clicked()
            {
                chosen.clone_from(&row.id);
            }
        }
    });
}

fn request_line_ui(
    ui: &mut Ui,
    tab: &mut RequestTab,
    connections: &[ConnectionRow],
    view: &mut View,
    actions: &mut Vec<Action>,
) {
    let error = tab
        .error(&RequestField::Topic)
        .filter(|_| !tab.draft.topic.is_empty() || tab.was_tried)
        .map(str::to_owned);
    let hint = topic_hint(tab.pairing());
    filled_line(ui, "request line", |ui, room| {
        connection_ui(ui, &mut tab.draft.connection, connections);
        let id = Id::unique("topic field");
        let response = Field::new(&mut tab.draft.topic, "Topic")
            .hint(&hint)
            .code()
            .error(error.as_deref())
            .only_marked()
            .width(room)
            .id(id)
            .show(ui);
        if view.take_focus(Focus::Topic) {
            response.request_focus();
        }
        qos_select(ui, "QoS", &mut tab.draft.qos);
        let retain = Button::new("Retain").selected(tab.draft.retain).tooltip("RETAIN: the broker keeps the request and gives it to whoever subscribes later. Requests seldom want that.");
        if ui.add(retain).clicked() {
            tab.draft.retain = !tab.draft.retain;
        }
        if ui
            .add(Button::primary("Send").shortcut("Ctrl ↵").tooltip(
                "Subscribe to the Response Topic, publish the request, wait for its answer",
            ))
            .clicked()
        {
            actions.push(Action::Send(tab.id));
        }
    });
    wrong_ui(ui, [error]);
}

/// By another rule than MQTT 5's the topic may stay empty: the rule writes it.
fn topic_hint(rule: Option<&PairingView>) -> String {
    match rule.map(PairingView::topic) {
        None | Some("") => "cmnd/light-in-bedroom/power".to_owned(),
        Some(topic) => format!("by rule: {topic}"),
    }
}

/// What is wrong in the line above, each in a line of its own: the fields are too narrow for it.
fn wrong_ui<const N: usize>(ui: &mut Ui, errors: [Option<String>; N]) {
    let theme = Theme::of(ui);
    for error in errors.into_iter().flatten() {
        ui.add_space(2.0);
        text::paragraph(ui, &error, fonts::small(), theme.ink(Tone::Failed));
    }
}

fn reply_line_ui(
    ui: &mut Ui,
    tab: &mut RequestTab,
    generated: &str,
    subscribed: Option<(&'static str, Tone)>,
    version: MqttVersion,
) {
    let topic_error = tab.error(&RequestField::ResponseTopic).map(str::to_owned);
    let data_error = tab.error(&RequestField::CorrelationData).map(str::to_owned);
    let timeout_error = tab.error(&RequestField::Timeout).map(str::to_owned);
    let by_rule = ByRule::of(tab, version);
    let has_reply = tab.draft.response_topic != ResponseTopicDraft::None
        || tab.pairing().is_some_and(|rule| !rule.is_mqtt5);
    let is_narrow = has_reply && ui.available_width() < NARROW;
    let topic = |ui: &mut Ui, tab: &mut RequestTab, width: f32| {
        field::field_label(ui, "Response Topic");
        with_menu(ui, |ui| {
            let error = topic_error.as_deref();
            let by_rule = by_rule.response_topic.as_ref();
            response_topic_ui(ui, tab, generated, width, error, subscribed, by_rule);
        });
    };
    let rest = |ui: &mut Ui, tab: &mut RequestTab, width: f32| {
        field::field_label(ui, "Correlation Data");
        with_menu(ui, |ui| {
            let error = data_error.as_deref();
            let by_rule = by_rule.correlation_data.as_ref();
            correlation_ui(ui, &mut tab.draft.correlation_data, width, error, by_rule);
        });
        field::field_label(ui, "Timeout");
        Field::new(&mut tab.draft.timeout, "Timeout")
            .hint("5 s")
            .code()
            .error(timeout_error.as_deref())
            .only_marked()
            .width(76.0)
            .show(ui);
    };
    if is_narrow {
        filled_line(ui, "topic line", |ui, room| topic(ui, tab, room));
        ui.add_space(GAP);
        filled_line(ui, "correlation line", |ui, room| rest(ui, tab, room));
    } else if has_reply {
        filled_line(ui, "reply line", |ui, room| {
            topic(ui, tab, room * 0.62);
            rest(ui, tab, room * 0.38);
        });
    } else {
        filled_line(ui, "publish line", |ui, room| topic(ui, tab, room));
    }
    wrong_ui(ui, [topic_error, data_error, timeout_error]);
}

/// Why a field of MQTT 5's own pairing is not asked by the rule of a request, or cannot be sent.
struct NotRead {
    hint: String,
    why: String,
}

/// The fields that the rule has no use for, or the connection no place.
struct ByRule {
    response_topic: Option<NotRead>,
    correlation_data: Option<NotRead>,
}

impl ByRule {
    fn of(tab: &RequestTab, version: MqttVersion) -> Self {
        let lacking = version.lacks(Feature::CorrelationData).map(|why| NotRead {
            hint: format!("not sent over {version}"),
            why: format!("{why}."),
        });
        let is_typed = matches!(tab.draft.response_topic, ResponseTopicDraft::Typed(_));
        // One that is typed is sent whatever the rule reads, and Correlation Data with it.
        let Some(rule) = tab.pairing().filter(|rule| !rule.is_mqtt5 && !is_typed) else {
            return Self {
                response_topic: None,
                correlation_data: lacking,
            };
        };
        let sent = rule.sent.as_ref();
        let replies = sent.and_then(|sent| sent.reply_topics.first());
        let title = &rule.title;
        let response_topic = (!rule.reads_response_topic).then(|| NotRead {
            hint: match replies {
                Some(topic) => format!("by rule: {topic}"),
                None => "by rule".to_owned(),
            },
            why: format!(
                "Not sent: by the rule {title} the request's topic and payload say where replies go. To send a Response Topic all the same, choose Typed."
            ),
        });
        let correlation_data = (!rule.reads_correlation_data).then(|| NotRead {
            hint: "by rule: not sent".to_owned(),
            why: format!("Not sent: the rule {title} tells replies apart by other means."),
        });
        Self {
            response_topic,
            correlation_data: correlation_data.or(lacking),
        }
    }
}

/// A field that shows what the rule does instead.
fn not_read_ui(ui: &mut Ui, name: &str, not_read: &NotRead, width: f32) {
    Field::new(&mut String::new(), name)
        .hint(&not_read.hint)
        .code()
        .read_only(true)
        .width(width)
        .show(ui)
        .on_hover_text(&not_read.why);
}

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
    by_rule: Option<&NotRead>,
) {
    if let Some(not_read) = by_rule {
        not_read_ui(ui, "Response Topic", not_read, width);
        response_menu_ui(ui, tab, generated);
        return;
    }
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
    let mut topic = Field::new(&mut text, "Response Topic")
        .hint(hint)
        .code()
        .read_only(is_none)
        .error(error)
        .only_marked()
        .width(width);
    topic = match subscribed {
        Some((words, Tone::Accent)) => topic.badge(words),
        Some((words, tone)) => topic.toned_badge(words, tone),
        None => topic,
    };
    topic.show(ui);
    if text != before {
        // Emptied, it is generated again.
        tab.draft.response_topic = if text.is_empty() {
            ResponseTopicDraft::Generated
        } else {
            ResponseTopicDraft::Typed(text)
        };
    }
    response_menu_ui(ui, tab, generated);
}

fn response_menu_ui(ui: &mut Ui, tab: &mut RequestTab, generated: &str) {
    let menu = ui.add(Button::icon(Icon::ChevronDown, "Kind of Response Topic"));
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
fn correlation_ui(
    ui: &mut Ui,
    draft: &mut CorrelationDraft,
    width: f32,
    error: Option<&str>,
    by_rule: Option<&NotRead>,
) {
    if let Some(not_read) = by_rule {
        not_read_ui(ui, "Correlation Data", not_read, width + theme::FORM_ROW);
        return;
    }
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
                .only_marked()
                .width(width)
                .show(ui);
        }
        CorrelationKind::Random => {
            Field::new(&mut draft.length, "Correlation Data")
                .hint("how many bytes")
                .code()
                .badge("random bytes")
                .error(error)
                .only_marked()
                .width(width)
                .show(ui);
        }
        _ => {
            let mut nothing = String::new();
            let hint = match draft.kind {
                CorrelationKind::Counter => "1, 2, 3, …",
                CorrelationKind::None => "not sent",
                _ => "new each time",
            };
            Field::new(&mut nothing, "Correlation Data")
                .hint(hint)
                .code()
                .read_only(true)
                .badge(&badge)
                .error(error)
                .only_marked()
                .width(width)
                .show(ui);
        }
    }
    let menu = ui.add(Button::icon(Icon::ChevronDown, "Kind of Correlation Data"));
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
