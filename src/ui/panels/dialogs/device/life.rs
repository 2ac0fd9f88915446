//! The life of a device: its session, what it says of its own, when it sleeps.

use super::{error, wrong_ui};
use crate::app::dialogs::DeviceDialog;
use crate::model::responder::{DeviceField, OwnField, OwnMessageDraft, ScheduleDraft};
use crate::ui::panels::composer::{format_select, qos_select};
use crate::ui::widgets::{Button, Field, card, select, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{DragValue, Ui};

/// As in files, and in words.
const LEAVES: &[(&str, &str)] = &[("clean", "says goodbye"), ("cut", "drops the socket")];

pub(super) fn life_ui(ui: &mut Ui, dialog: &mut DeviceDialog) {
    super::super::caption(ui, "Life");
    card::card(ui, |ui| {
        schedule_ui(ui, dialog);
        session_ui(ui, dialog);
        let draft = &mut dialog.draft;
        optional_ui(
            ui,
            "Birth: published whenever it has connected",
            "Birth",
            &mut draft.birth,
        );
        wrong_ui(
            ui,
            error(dialog, |field| matches!(field, DeviceField::Birth(_))),
        );
        let draft = &mut dialog.draft;
        optional_ui(
            ui,
            "Farewell: published before it disconnects",
            "Farewell",
            &mut draft.farewell,
        );
        wrong_ui(
            ui,
            error(dialog, |field| matches!(field, DeviceField::Farewell(_))),
        );
        will_ui(ui, dialog);
        publishes_ui(ui, dialog);
        faults_ui(ui, dialog);
    });
}

fn schedule_ui(ui: &mut Ui, dialog: &mut DeviceDialog) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        let mut sleeps = dialog.draft.schedule.is_some();
        if ui.checkbox(&mut sleeps, "Sleeps").changed() {
            // So that what is asked meanwhile waits for it.
            if sleeps && dialog.draft.session_expiry_secs == 0 {
                dialog.draft.session_expiry_secs = 300;
            }
            dialog.draft.schedule = sleeps.then(|| ScheduleDraft {
                awake: "5 s".to_owned(),
                every: "15 s".to_owned(),
                leaves: String::new(),
            });
        }
        let Some(schedule) = &mut dialog.draft.schedule else {
            return;
        };
        text::label(ui, "awake for", fonts::small(), theme.muted);
        Field::new(&mut schedule.awake, "Awake for")
            .width(72.0)
            .show(ui);
        text::label(ui, "of every", fonts::small(), theme.muted);
        Field::new(&mut schedule.every, "Wakes every")
            .width(72.0)
            .show(ui);
        text::label(ui, "then", fonts::small(), theme.muted);
        let chosen = LEAVES.iter().find(|(word, _)| *word == schedule.leaves);
        let (_, shown) = chosen.or(LEAVES.first()).copied().unwrap_or_default();
        select::select(ui, "How it leaves", shown, 140.0, |ui| {
            for (word, words) in LEAVES {
                if select::option(ui, *words == shown, words).clicked() {
                    (*word).clone_into(&mut schedule.leaves);
                }
            }
        });
    });
    wrong_ui(
        ui,
        error(dialog, |field| matches!(field, DeviceField::Schedule(_))),
    );
}

fn session_ui(ui: &mut Ui, dialog: &mut DeviceDialog) {
    let theme = Theme::of(ui);
    let draft = &mut dialog.draft;
    ui.horizontal(|ui| {
        ui.checkbox(&mut draft.clean_start, "Clean start")
            .on_hover_text("Forgets an earlier session when it is switched on; on MQTT 3.1.1 whenever it connects");
        ui.add_space(16.0);
        let label = text::label(ui, "Session expiry", fonts::small(), theme.muted);
        ui.add(DragValue::new(&mut draft.session_expiry_secs).suffix(" s"))
            .labelled_by(label.id)
            .on_hover_text("How long the broker keeps its session, and queues requests for it, while it is away (MQTT 5 §3.1.2.11.2)");
    });
}

/// What it says once: a checkbox, and behind it the message.
fn optional_ui(ui: &mut Ui, words: &str, name: &str, own: &mut Option<Box<OwnMessageDraft>>) {
    let mut has_it = own.is_some();
    if ui.checkbox(&mut has_it, words).changed() {
        *own = has_it.then(Box::default);
    }
    if let Some(own) = own {
        message_ui(ui, name, own);
    }
}

fn message_ui(ui: &mut Ui, name: &str, own: &mut OwnMessageDraft) {
    let theme = Theme::of(ui);
    ui.columns_const(|[left, right]| {
        Field::new(&mut own.topic, &format!("{name} topic"))
            .hint("topic")
            .code()
            .show(left);
        Field::new(&mut own.payload, &format!("{name} payload"))
            .hint("payload")
            .code()
            .show(right);
    });
    ui.horizontal(|ui| {
        qos_select(ui, &format!("{name} QoS"), &mut own.qos);
        ui.checkbox(&mut own.retain, "Retain");
        ui.add_space(8.0);
        let label = text::label(ui, "Expiry", fonts::small(), theme.muted);
        let mut expiry = own.message_expiry_secs.unwrap_or_default();
        let expires = DragValue::new(&mut expiry).custom_formatter(|secs, _| match secs {
            0.0 => "never".to_owned(),
            secs => format!("{secs} s"),
        });
        if ui.add(expires).labelled_by(label.id).changed() {
            own.message_expiry_secs = Some(expiry).filter(|secs| *secs > 0);
        }
    });
}

fn will_ui(ui: &mut Ui, dialog: &mut DeviceDialog) {
    let draft = &mut dialog.draft;
    let mut has_will = draft.will.is_some();
    let words = "Last will: what the broker publishes when its connection breaks";
    if ui.checkbox(&mut has_will, words).changed() {
        draft.will = has_will.then(Box::default);
    }
    if let Some(will) = &mut draft.will {
        ui.columns_const(|[left, right]| {
            Field::new(&mut will.topic, "Will topic")
                .hint("topic")
                .code()
                .show(left);
            Field::new(&mut will.payload, "Will payload")
                .hint("payload")
                .code()
                .show(right);
        });
        ui.horizontal(|ui| {
            format_select(ui, "Will payload format", &mut will.format);
            qos_select(ui, "Will QoS", &mut will.qos);
            ui.checkbox(&mut will.retain, "Retain");
        });
    }
    wrong_ui(
        ui,
        error(dialog, |field| matches!(field, DeviceField::Will(_))),
    );
}

/// What goes wrong on purpose.
fn faults_ui(ui: &mut Ui, dialog: &mut DeviceDialog) {
    let theme = Theme::of(ui);
    let faults = &mut dialog.draft.faults;
    ui.horizontal(|ui| {
        text::label(ui, "Faults: answers", fonts::small(), theme.muted);
        for (what, percent) in [
            ("lost", &mut faults.drop_percent),
            ("sent twice", &mut faults.duplicate_percent),
            (
                "with the wrong correlation",
                &mut faults.wrong_correlation_percent,
            ),
        ] {
            let value = ui.add(DragValue::new(percent).range(0..=100).suffix(" %"));
            let label = text::label(ui, what, fonts::small(), theme.muted);
            value.labelled_by(label.id);
            ui.add_space(8.0);
        }
    });
    wrong_ui(ui, error(dialog, |field| field == DeviceField::Faults));
}

fn publishes_ui(ui: &mut Ui, dialog: &mut DeviceDialog) {
    let theme = Theme::of(ui);
    let mut gone = None;
    for index in 0..dialog.draft.publishes.len() {
        let wrong = error(
            dialog,
            |field| matches!(field, DeviceField::Publish(at, _) if at == index),
        );
        let every_is_wrong = error(dialog, |field| {
            field == DeviceField::Publish(index, OwnField::Every)
        });
        let Some(own) = dialog.draft.publishes.get_mut(index) else {
            continue;
        };
        let name = format!("Publish {}", index + 1);
        ui.horizontal(|ui| {
            text::label(ui, "Publishes every", fonts::small(), theme.muted);
            Field::new(&mut own.every, &format!("{name} every"))
                .hint("2 s")
                .error(every_is_wrong.as_deref())
                .only_marked()
                .width(72.0)
                .show(ui);
            if ui
                .add(Button::icon(Icon::Trash2, &format!("Remove {name}")))
                .clicked()
            {
                gone = Some(index);
            }
        });
        message_ui(ui, &name, own);
        wrong_ui(ui, wrong);
    }
    if let Some(index) = gone {
        dialog.draft.publishes.remove(index);
    }
    let add = Button::ghost("Publish something of its own")
        .with_icon(Icon::Plus)
        .small();
    if ui.add(add).clicked() {
        dialog.draft.publishes.push(OwnMessageDraft {
            every: "2 s".to_owned(),
            ..OwnMessageDraft::default()
        });
    }
}
