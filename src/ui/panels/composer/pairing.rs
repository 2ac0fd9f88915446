//! The pairing of a request: which rule, the values of its variables, and what would be sent.

use crate::app::pairing::{PairingView, Sent, VariableRow};
use crate::app::rows::Tone;
use crate::app::rules::{RuleGroup, YOURS};
use crate::app::tabs::Tab;
use crate::app::{Action, App};
use crate::model::request::RequestField;
use crate::ui::view::View;
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Popup, PopupCloseBehavior, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

const MQTT5: &str = "A reply is the answer when it comes on the Response Topic and carries the Correlation Data of this request, byte for byte (MQTT 5 §4.10). Without Correlation Data, replies are taken in the order in which the requests were sent.";
const NAME: f32 = 92.0;
/// From here on there is room for the places beside the field.
const WIDE: f32 = 560.0;

pub fn pairing_ui(ui: &mut Ui, app: &mut App, view: &mut View, actions: &mut Vec<Action>) {
    let App { tabs, rules, .. } = app;
    let Some(tab) = tabs.front_mut() else { return };
    let Some(pairing) = tab.pairing().cloned() else {
        return;
    };
    ScrollArea::vertical()
        .id_salt("pairing")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_width(ui.available_width() - 6.0);
            ui.add_space(6.0);
            let has_example = rules.item(&pairing.id).is_some_and(|item| item.has_example);
            choice_ui(ui, rules.groups(), &pairing, has_example, view, actions);
            about_ui(ui, tab, &pairing);
            variables_ui(ui, tab, &pairing.variables);
            if let Some(sent) = &pairing.sent {
                sent_ui(ui, sent);
            }
        });
}

fn choice_ui(
    ui: &mut Ui,
    groups: &[RuleGroup],
    pairing: &PairingView,
    has_example: bool,
    view: &mut View,
    actions: &mut Vec<Action>,
) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
        let width = (ui.available_width() - 8.0).min(340.0);
        let button = rule_button(ui, &pairing.title, width);
        Popup::menu(&button)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .show(|ui| {
                if let Some(id) = menu_ui(ui, groups, &pairing.id, &mut view.rule_query) {
                    actions.push(Action::UseRule(id));
                    ui.close();
                }
            });
        if has_example
            && ui
                .add(Button::ghost("Open its example").tooltip(
                    "A request by this rule and a simulated device that answers it, on the built-in broker",
                ))
                .clicked()
        {
            actions.push(Action::OpenPresetExample(pairing.id.clone()));
        }
    });
}

/// Looks like a drop-down; what it opens can be searched.
fn rule_button(ui: &mut Ui, title: &str, width: f32) -> egui::Response {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, theme::FORM_ROW), Sense::click());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, "Pairing rule");
        info.current_text_value = Some(title.to_owned());
        info
    });
    let line = if response.hovered() {
        theme::mix(theme.line, theme.text, 0.18)
    } else {
        theme.line
    };
    ui.painter().rect(
        rect,
        egui::CornerRadius::same(theme::RADIUS),
        theme.raised,
        egui::Stroke::new(1.0, line),
        egui::StrokeKind::Inside,
    );
    let words = text::line(ui, title, fonts::body(), theme.text, width - 38.0);
    text::paint_in(ui, rect.shrink2(vec2(10.0, 0.0)), Align::Min, words);
    let sign = char::from(Icon::ChevronDown).to_string();
    let sign = text::line(ui, &sign, fonts::icon(13.0), theme.muted, 20.0);
    text::paint_in(ui, rect.shrink2(vec2(8.0, 0.0)), Align::Max, sign);
    crate::ui::widgets::button::focus_ring(ui, rect, &response);
    response
}

/// All rules, or those that have what is typed. Gives the one that was chosen.
fn menu_ui(ui: &mut Ui, groups: &[RuleGroup], chosen: &str, query: &mut String) -> Option<String> {
    let theme = Theme::of(ui);
    ui.set_width(380.0);
    let search = Field::new(query, "Search pairing rules")
        .hint("Search")
        .show(ui);
    if search.gained_focus()
        || (!search.has_focus() && ui.memory(|memory| memory.focused().is_none()))
    {
        search.request_focus();
    }
    let wanted = query.to_lowercase();
    // Enter takes the first of those that were searched for.
    let mut takes_first = (search.has_focus() || search.lost_focus())
        && !wanted.is_empty()
        && ui.input(|input| input.key_pressed(egui::Key::Enter));
    let mut found = None;
    let mut is_empty = true;
    ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for group in groups {
            let fits = |text: &str| text.to_lowercase().contains(&wanted);
            let items = group.items.iter().filter(|item| {
                item.problem.is_none() && (fits(&item.title) || fits(&item.id) || fits(&group.name))
            });
            let items: Vec<_> = items.collect();
            if items.is_empty() {
                continue;
            }
            is_empty = false;
            ui.add_space(4.0);
            text::label(ui, &group.name.to_uppercase(), fonts::caps(), theme.muted);
            for item in items {
                let option = select::option(ui, item.id == chosen, &item.title);
                if option.on_hover_text(&item.sentence).clicked() || takes_first {
                    takes_first = false;
                    found = Some(item.id.clone());
                }
            }
        }
        if is_empty {
            text::label(ui, "No rule is called so.", fonts::small(), theme.muted);
        } else if !groups.iter().any(|group| group.name == YOURS) && wanted.is_empty() {
            ui.add_space(6.0);
            text::paragraph(
                ui,
                "Rules of your own: press + beside Pairing rules on the left.",
                fonts::small(),
                theme.muted,
            );
        }
    });
    if found.is_some() {
        query.clear();
    }
    found
}

fn about_ui(ui: &mut Ui, tab: &Tab, pairing: &PairingView) {
    let theme = Theme::of(ui);
    ui.add_space(6.0);
    if pairing.is_mqtt5 {
        text::paragraph(ui, MQTT5, fonts::small(), theme.muted);
    } else if pairing.is_known {
        line_ui(ui, "Requests on", &pairing.pattern);
        text::paragraph(ui, pairing.replies, fonts::small(), theme.muted);
    }
    if let Some(error) = tab.error(&RequestField::Pairing) {
        ui.add_space(4.0);
        text::paragraph(ui, error, fonts::small(), theme.ink(Tone::Failed));
    }
}

fn variables_ui(ui: &mut Ui, tab: &mut Tab, rows: &[VariableRow]) {
    ui.spacing_mut().item_spacing.y = 1.0;
    let theme = Theme::of(ui);
    let (typed, told): (Vec<_>, Vec<_>) = rows.iter().partition(|row| !row.in_request.is_empty());
    if !typed.is_empty() {
        ui.add_space(6.0);
        text::label(ui, "VARIABLES", fonts::caps(), theme.muted);
        ui.add_space(2.0);
    }
    for row in typed {
        variable_ui(ui, tab, row);
        ui.add_space(4.0);
    }
    if !told.is_empty() {
        let names: Vec<String> = told
            .iter()
            .map(|row| format!("{} ({})", row.name, row.in_reply))
            .collect();
        let line = format!("Told by the reply: {}", names.join(", "));
        text::paragraph(ui, &line, fonts::small(), theme.muted);
    }
}

fn variable_ui(ui: &mut Ui, tab: &mut Tab, row: &VariableRow) {
    let theme = Theme::of(ui);
    let error = tab
        .error(&RequestField::PairingValue(row.name.as_str().into()))
        .map(str::to_owned);
    // What is merely not typed yet is marked, and said in red when it was tried to send.
    let is_bare = row.is_missing && !tab.was_tried;
    let error = error.filter(|_| !is_bare);
    let places = if row.in_reply.is_empty() {
        format!("request: {}", row.in_request)
    } else if row.in_reply == row.in_request {
        format!("request and reply: {}", row.in_request)
    } else {
        format!("request: {} · reply: {}", row.in_request, row.in_reply)
    };
    let is_wide = ui.available_width() >= WIDE;
    let values = &mut tab.draft.pairing.values;
    let mut value = values.get(&row.name).cloned().unwrap_or_default();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let (rect, response) = ui.allocate_exact_size(vec2(NAME, theme::FORM_ROW), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &row.name));
        let name = text::line(ui, &row.name, fonts::code(), theme.text, NAME);
        text::paint_in(ui, rect, Align::Min, name);
        let room = ui.available_width();
        let label = format!("Value of {}", row.name);
        let mut field = Field::new(&mut value, &label)
            .hint(&row.hint)
            .code()
            .error(error.as_deref())
            .width(if is_wide { 240.0 } else { room });
        if row.is_missing {
            field = field.toned_badge("required", Tone::Waiting);
        }
        field.show(ui);
        if is_wide {
            places_ui(ui, &places);
        }
    });
    if !is_wide {
        ui.horizontal(|ui| {
            ui.spacing_mut().interact_size.y = 0.0;
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.add_space(NAME + 8.0);
            text::label(ui, &places, fonts::small(), theme.muted);
        });
    }
    if value.is_empty() {
        values.remove(&row.name);
    } else {
        values.insert(row.name.clone(), value);
    }
}

fn places_ui(ui: &mut Ui, places: &str) {
    let theme = Theme::of(ui);
    let galley = text::line(
        ui,
        places,
        fonts::small(),
        theme.muted,
        ui.available_width(),
    );
    let size = vec2(galley.size().x, theme::FORM_ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, places));
    text::paint_in(ui, rect, Align::Min, galley);
    response.on_hover_text(places);
}

fn sent_ui(ui: &mut Ui, sent: &Sent) {
    let theme = Theme::of(ui);
    ui.add_space(8.0);
    text::label(ui, "AS IT WOULD BE SENT", fonts::caps(), theme.muted)
        .on_hover_text("Generated values are an example here: each request draws its own.");
    ui.add_space(2.0);
    line_ui(ui, "Topic", &sent.topic);
    payload_ui(ui, sent);
    for fact in &sent.properties {
        line_ui(ui, &fact.name, &fact.value);
    }
    for filter in &sent.subscribed {
        line_ui(ui, "Subscribes", filter);
    }
    for filter in &sent.presence {
        line_ui(ui, "Presence", filter);
    }
    let differ = sent.reply_topics != sent.subscribed;
    for topic in sent.reply_topics.iter().filter(|_| differ) {
        line_ui(ui, "Replies on", topic);
    }
}

/// A name and a value that may take several lines.
fn line_ui(ui: &mut Ui, name: &str, value: &str) {
    let theme = Theme::of(ui);
    named_ui(ui, name, |ui| {
        text::paragraph(ui, value, fonts::code_small(), theme.text);
    });
}

fn named_ui(ui: &mut Ui, name: &str, contents: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.spacing_mut().interact_size.y = 0.0;
        let (rect, response) = ui.allocate_exact_size(vec2(NAME, 17.0), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
        let galley = text::line(ui, name, fonts::small(), theme.muted, NAME);
        let is_cut = galley.elided;
        text::paint_in(ui, rect, Align::Min, galley);
        if is_cut {
            response.on_hover_text(name);
        }
        contents(ui);
    });
}

/// The payload, with what the rule wrote into it marked.
fn payload_ui(ui: &mut Ui, sent: &Sent) {
    let theme = Theme::of(ui);
    if sent.payload.is_empty() {
        line_ui(ui, "Payload", "empty");
        return;
    }
    named_ui(ui, "Payload", |ui| {
        let mut job = LayoutJob::default();
        job.wrap.max_width = ui.available_width();
        let plain = TextFormat::simple(fonts::code_small(), theme.text);
        let marked = TextFormat {
            background: theme.badge,
            color: theme.badge_text,
            ..plain.clone()
        };
        let range = sent.injected.clone().unwrap_or(0..0);
        let (before, rest) = sent.payload.split_at(range.start);
        let (inside, after) = rest.split_at(range.end - range.start);
        for (piece, format) in [(before, &plain), (inside, &marked), (after, &plain)] {
            job.append(piece, 0.0, format.clone());
        }
        let label = ui.add(egui::Label::new(
            ui.fonts_mut(|fonts| fonts.layout_job(job)),
        ));
        if sent.injected.is_some() {
            label.on_hover_text("What is marked is written by the rule.");
        }
    });
}
