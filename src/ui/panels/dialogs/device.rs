//! A simulated device as a form: who it is and what it answers; its rules and its life are next door.

mod answers;
mod life;

use crate::app::Action;
use crate::app::dialogs::DeviceDialog;
use crate::app::library::Library;
use crate::model::pairing::{Rule, Rules};
use crate::model::presets::Preset;
use crate::model::responder::{DeviceDraft, DeviceField, ValueTable, shown_value, typed_value};
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Context, ScrollArea, TextEdit, Ui};

const PLACEHOLDERS: &str =
    "{{payload.…}} {{state.…}} {{var.…}} {{uuid}} {{now}} {{counter}} {{topic.2}} are filled in.";

pub fn device_ui(
    ctx: &Context,
    dialog: &mut DeviceDialog,
    library: &Library,
    rules: &Rules,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    let title = if dialog.id.is_some() {
        "Edit simulated device"
    } else {
        "New simulated device"
    };
    super::frame(ctx, title, 640.0, actions, |ui, actions| {
        let most = ui.ctx().content_rect().height() - 220.0;
        ScrollArea::vertical()
            .max_height(most)
            .min_scrolled_height(most)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.set_width(ui.available_width() - 14.0);
                identity(ui, dialog, library, is_new);
                pairing(ui, dialog, rules);
                listens(ui, dialog);
                timing(ui, dialog);
                reply(ui, dialog);
                state(ui, dialog);
                answers::rules_ui(ui, dialog);
                life::life_ui(ui, dialog);
            });
        if dialog.id.is_none() {
            ui.checkbox(&mut dialog.switch_on, "Switch it on");
        }
        super::buttons(ui, |ui| {
            if ui.add(Button::primary("Save device")).clicked() {
                actions.push(Action::SaveDevice);
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}

fn error(dialog: &DeviceDialog, wanted: impl Fn(DeviceField) -> bool) -> Option<String> {
    dialog
        .errors
        .iter()
        .find(|err| wanted(err.field))
        .map(|err| err.message.clone())
}

fn identity(ui: &mut Ui, dialog: &mut DeviceDialog, library: &Library, is_new: bool) {
    let name_error = error(dialog, |field| field == DeviceField::Name);
    ui.columns_const(|[left, right]| {
        super::caption(left, "Name");
        let response = Field::new(&mut dialog.draft.name, "Device name")
            .hint("light-in-bedroom")
            .error(name_error.as_deref())
            .show(left);
        if is_new {
            response.request_focus();
        }
        super::caption(right, "Connection");
        let shown = library
            .profile(&dialog.draft.connection)
            .map_or("choose one", |profile| profile.name.as_str());
        let width = right.available_width();
        select::select(right, "Device connection", shown, width, |ui| {
            for (id, profile) in library.profiles() {
                if select::option(ui, dialog.draft.connection == *id, &profile.name).clicked() {
                    dialog.draft.connection.clone_from(id);
                }
            }
        });
    });
}

/// By which rule it takes requests and answers them.
fn pairing(ui: &mut Ui, dialog: &mut DeviceDialog, rules: &Rules) {
    let theme = Theme::of(ui);
    super::caption(ui, "Answers by");
    let chosen = rules.find(&dialog.draft.pairing);
    let shown = match chosen {
        _ if dialog.draft.pairing.is_empty() => "Response Topic and Correlation Data of MQTT 5",
        Some((_, rule)) if !rule.title.is_empty() => &rule.title,
        _ => dialog.draft.pairing.as_str(),
    };
    let shown = shown.to_owned();
    let preset = Preset::of_rule(&dialog.draft.pairing);
    ui.horizontal(|ui| {
        let room = ui.available_width();
        let width = if preset.is_some() { room - 148.0 } else { room };
        select::select(ui, "Pairing rule of the device", &shown, width, |ui| {
            ui.set_min_width(width);
            let draft = &mut dialog.draft;
            let own = "Response Topic and Correlation Data of MQTT 5";
            if select::option(ui, draft.pairing.is_empty(), own).clicked() {
                draft.pairing.clear();
            }
            for (group, rules) in by_group(rules) {
                super::caption(ui, group);
                for rule in rules {
                    let title = if rule.title.is_empty() {
                        &rule.id
                    } else {
                        &rule.title
                    };
                    if select::option(ui, *draft.pairing == *rule.id, title).clicked() {
                        draft.pairing = rule.id.to_string();
                    }
                }
            }
        });
        let example = Button::ghost("Take its example")
            .tooltip("Topic filters, state and replies of the example device of this rule");
        if let Some(preset) = preset
            && ui.add(example).clicked()
        {
            take_example(&mut dialog.draft, &preset.device);
        }
    });
    wrong_ui(ui, error(dialog, |field| field == DeviceField::Pairing));
    if let Some((_, rule)) = chosen.filter(|_| !dialog.draft.pairing.is_empty()) {
        text::label(
            ui,
            &format!("Requests come on {}", rule.request_pattern()),
            fonts::small(),
            theme.muted,
        );
    }
}

/// The rules beside MQTT 5's own under their headings, each in the order in which they are tried.
fn by_group(rules: &Rules) -> Vec<(&str, Vec<&Rule>)> {
    let mut groups: Vec<(&str, Vec<&Rule>)> = Vec::new();
    for rule in rules.iter().filter(|rule| &*rule.id != "mqtt5") {
        match groups.iter_mut().find(|(group, _)| **group == *rule.group) {
            Some((_, rules)) => rules.push(rule),
            None => groups.push((&rule.group, vec![rule])),
        }
    }
    groups
}

/// What the device says and hears; who it is stays.
fn take_example(draft: &mut DeviceDraft, example: &DeviceDraft) {
    let name = if draft.name.trim().is_empty() {
        example.name.clone()
    } else {
        draft.name.clone()
    };
    *draft = DeviceDraft {
        name,
        connection: draft.connection.clone(),
        client_id: draft.client_id.clone(),
        pairing: draft.pairing.clone(),
        ..example.clone()
    };
}

fn listens(ui: &mut Ui, dialog: &mut DeviceDialog) {
    super::caption(ui, "Listens to (topic filters)");
    let hint = if dialog.draft.pairing.is_empty() {
        "cmnd/light/#"
    } else {
        "the requests of its rule"
    };
    let mut gone = None;
    for index in 0..dialog.draft.listens.len() {
        let wrong = error(dialog, |field| field == DeviceField::Filter(index));
        let Some(filter) = dialog.draft.listens.get_mut(index) else {
            continue;
        };
        ui.horizontal(|ui| {
            let room = ui.available_width();
            Field::new(filter, &format!("Topic filter {}", index + 1))
                .code()
                .hint(hint)
                .error(wrong.as_deref())
                .width(room - 36.0)
                .show(ui);
            if ui
                .add(Button::icon(
                    Icon::Trash2,
                    &format!("Remove topic filter {}", index + 1),
                ))
                .clicked()
            {
                gone = Some(index);
            }
        });
    }
    if let Some(index) = gone {
        dialog.draft.listens.remove(index);
    }
    if dialog.draft.listens.is_empty() {
        dialog.draft.listens.push(String::new());
    }
    wrong_ui(ui, error(dialog, |field| field == DeviceField::Listens));
    if ui
        .add(
            Button::ghost("Add a topic filter")
                .with_icon(Icon::Plus)
                .small(),
        )
        .clicked()
    {
        dialog.draft.listens.push(String::new());
    }
}

fn timing(ui: &mut Ui, dialog: &mut DeviceDialog) {
    let (delay_error, jitter_error) = (
        error(dialog, |field| field == DeviceField::Delay),
        error(dialog, |field| field == DeviceField::Jitter),
    );
    ui.columns_const(|[left, middle, right]| {
        super::caption(left, "Answers after");
        Field::new(&mut dialog.draft.delay, "Delay")
            .hint("at once")
            .error(delay_error.as_deref())
            .show(left);
        super::caption(middle, "Give or take");
        Field::new(&mut dialog.draft.jitter, "Jitter")
            .hint("0 ms")
            .error(jitter_error.as_deref())
            .show(middle);
        super::caption(right, "Own reply topic");
        let wrong = error(dialog, |field| field == DeviceField::ReplyTopic);
        Field::new(&mut dialog.draft.reply_topic, "Own reply topic")
            .hint("none")
            .code()
            .error(wrong.as_deref())
            .show(right);
    });
}

fn reply(ui: &mut Ui, dialog: &mut DeviceDialog) {
    let theme = Theme::of(ui);
    super::caption(ui, "Reply where no rule has its own");
    let wrong = error(dialog, |field| field == DeviceField::Reply);
    let mut reply = dialog.draft.reply.clone().unwrap_or_default();
    if code_edit(ui, "Reply template", &mut reply, 3) {
        dialog.draft.reply = Some(reply).filter(|reply| !reply.is_empty());
    }
    wrong_ui(ui, wrong);
    text::label(ui, PLACEHOLDERS, fonts::small(), theme.muted);
    super::caption(ui, "Content type of replies");
    let wrong = error(dialog, |field| field == DeviceField::ContentType);
    Field::new(&mut dialog.draft.content_type, "Content type of replies")
        .hint("none")
        .error(wrong.as_deref())
        .width(240.0)
        .show(ui);
}

fn state(ui: &mut Ui, dialog: &mut DeviceDialog) {
    super::caption(ui, "State when it is switched on");
    values_ui(ui, "State", &mut dialog.draft.state);
    wrong_ui(
        ui,
        error(dialog, |field| matches!(field, DeviceField::State(_))),
    );
}

/// Names and values, one line each: `power = off`.
fn values_ui(ui: &mut Ui, name: &str, table: &mut ValueTable) {
    let id = ui.scope_id().with(("values", name));
    let lines: Vec<String> = table
        .0
        .iter()
        .map(|(key, value)| format!("{key} = {}", shown_value(value)))
        .collect();
    // What is typed is kept as typed while it is read as the same values.
    let mut text = ui
        .data(|data| data.get_temp::<String>(id))
        .filter(|text| parse_values(text) == *table)
        .unwrap_or_else(|| lines.join("\n"));
    let response = ui.add(
        TextEdit::multiline(&mut text)
            .font(fonts::code())
            .desired_rows(2)
            .desired_width(f32::INFINITY)
            .hint_text("power = off"),
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::MultilineTextInput, true, name));
    if response.changed() {
        *table = parse_values(&text);
    }
    ui.data_mut(|data| data.insert_temp(id, text));
}

/// Lines that are no `name = value` are passed over until they are.
fn parse_values(text: &str) -> ValueTable {
    ValueTable(
        text.lines()
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.trim().to_owned(), typed_value(value.trim())))
            .filter(|(key, _)| !key.is_empty())
            .collect(),
    )
}

fn code_edit(ui: &mut Ui, name: &str, text: &mut String, rows: usize) -> bool {
    let response = ui.add(
        TextEdit::multiline(text)
            .font(fonts::code())
            .desired_rows(rows)
            .desired_width(f32::INFINITY),
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::MultilineTextInput, true, name));
    response.changed()
}

fn wrong_ui(ui: &mut Ui, wrong: Option<String>) {
    if let Some(wrong) = wrong {
        let theme = Theme::of(ui);
        text::paragraph(ui, &wrong, fonts::small(), theme.failed);
    }
}
