//! The rules of a device: what it sets, what it replies, and what it says after that.

use super::{code_edit, error, values_ui, wrong_ui};
use crate::app::dialogs::DeviceDialog;
use crate::model::responder::{DeviceField, FurtherDraft, RuleDraft, RuleField};
use crate::ui::widgets::{Button, Field, card, select, text};
use crate::ui::{Icon, Theme, fonts};
use egui::Ui;

/// As in files, and in words.
const STATUSES: &[(&str, &str)] = &[
    ("", "as typed"),
    ("ok", "ok"),
    ("error", "error"),
    ("progress", "progress"),
];

pub(super) fn rules_ui(ui: &mut Ui, dialog: &mut DeviceDialog) {
    let theme = Theme::of(ui);
    super::super::caption(ui, "Rules: the first whose condition holds counts");
    let mut gone = None;
    for index in 0..dialog.draft.rules.len() {
        let wrong = error(
            dialog,
            |field| matches!(field, DeviceField::Rule(at, RuleField::When) if at == index),
        );
        let other = error(
            dialog,
            |field| matches!(field, DeviceField::Rule(at, part) if at == index && part != RuleField::When),
        );
        let Some(rule) = dialog.draft.rules.get_mut(index) else {
            continue;
        };
        card::card(ui, |ui| {
            ui.push_id(("rule", index), |ui| {
                if rule_ui(ui, index + 1, rule, wrong.as_deref()) {
                    gone = Some(index);
                }
                wrong_ui(ui, other);
            });
        });
        ui.add_space(4.0);
    }
    if let Some(index) = gone {
        dialog.draft.rules.remove(index);
    }
    if ui
        .add(Button::ghost("Add a rule").with_icon(Icon::Plus).small())
        .clicked()
    {
        dialog.draft.rules.push(RuleDraft::default());
    }
    text::paragraph(
        ui,
        "Conditions: payload.power in [\"on\", \"off\"] and topic matches cmnd/+/power; also == != < > contains exists missing",
        fonts::small(),
        theme.muted,
    );
}

/// Tells whether the rule should go.
fn rule_ui(ui: &mut Ui, number: usize, rule: &mut RuleDraft, wrong: Option<&str>) -> bool {
    let mut gone = false;
    ui.horizontal(|ui| {
        let room = ui.available_width();
        Field::new(&mut rule.when, &format!("Condition of rule {number}"))
            .hint("always")
            .code()
            .error(wrong)
            .width(room - 36.0)
            .show(ui);
        gone = ui
            .add(Button::icon(Icon::Trash2, &format!("Remove rule {number}")))
            .clicked();
    });
    super::super::caption(ui, "Sets");
    values_ui(ui, &format!("Rule {number} sets"), &mut rule.set);
    super::super::caption(ui, "Replies");
    ui.horizontal(|ui| {
        ui.checkbox(&mut rule.no_reply, "Nothing at all");
        if !rule.no_reply {
            let said = (&mut rule.status, &mut rule.code, &mut rule.message);
            said_ui(ui, &format!("rule {number}"), said);
        }
    });
    if !rule.no_reply {
        let mut reply = rule.reply.clone().unwrap_or_default();
        if code_edit(ui, &format!("Reply of rule {number}"), &mut reply, 2) {
            // Empty: the device's own reply.
            rule.reply = Some(reply).filter(|reply| !reply.is_empty());
        }
        further_ui(ui, number, rule);
    }
    gone
}

/// What an answer says of itself: one of four, and what goes with it.
fn said_ui(
    ui: &mut Ui,
    what: &str,
    (status, code, message): (&mut String, &mut String, &mut String),
) {
    let shown = STATUSES
        .iter()
        .find(|(word, _)| word == status)
        .map_or(status.as_str(), |(_, words)| words)
        .to_owned();
    select::select(ui, &format!("Status of {what}"), &shown, 108.0, |ui| {
        for (word, words) in STATUSES {
            if select::option(ui, status == word, words).clicked() {
                (*word).clone_into(status);
            }
        }
    });
    let room = ui.available_width();
    Field::new(code, &format!("Code of {what}"))
        .hint("code")
        .code()
        .width(84.0)
        .show(ui);
    Field::new(message, &format!("Message of {what}"))
        .hint("message")
        .width((room - 92.0).max(60.0))
        .show(ui);
}

/// The further answers to the same request.
fn further_ui(ui: &mut Ui, number: usize, rule: &mut RuleDraft) {
    let mut gone = None;
    for (index, further) in rule.then.iter_mut().enumerate() {
        let what = format!("answer {} of rule {number}", index + 2);
        super::super::caption(ui, "Then, after");
        ui.horizontal(|ui| {
            Field::new(&mut further.after, &format!("Delay of {what}"))
                .hint("at once")
                .width(84.0)
                .show(ui);
            let room = ui.available_width();
            ui.scope(|ui| {
                ui.set_max_width(room - 36.0);
                let said = (&mut further.status, &mut further.code, &mut further.message);
                said_ui(ui, &what, said);
            });
            let name = format!("Remove {what}");
            if ui.add(Button::icon(Icon::Trash2, &name)).clicked() {
                gone = Some(index);
            }
        });
        let mut reply = further.reply.clone().unwrap_or_default();
        if code_edit(ui, &format!("Reply of {what}"), &mut reply, 1) {
            // Empty: the first one again.
            further.reply = Some(reply).filter(|reply| !reply.is_empty());
        }
    }
    if let Some(index) = gone {
        rule.then.remove(index);
    }
    let add = Button::ghost("Add a further answer")
        .with_icon(Icon::Plus)
        .small();
    if ui.add(add).clicked() {
        rule.then.push(FurtherDraft::default());
    }
}
