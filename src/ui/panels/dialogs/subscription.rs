//! A subscription as a form: its filter, and the options of MQTT 5 §3.8.3.1.

use crate::app::Action;
use crate::app::library::Library;
use crate::app::subscriptions::{SubscriptionAction, SubscriptionDialog, lacks};
use crate::model::message::Qos;
use crate::model::subscribe::{RetainHandling, SubscriptionField};
use crate::ui::widgets::swatch::colours_ui;
use crate::ui::widgets::{Button, Field, select, text, toggle};
use crate::ui::{Theme, fonts};
use egui::{Context, Ui};

pub fn subscription_ui(
    ctx: &Context,
    dialog: &mut SubscriptionDialog,
    library: &Library,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    let title = if dialog.id.is_some() {
        "Edit the subscription"
    } else {
        "Subscribe"
    };
    super::frame(ctx, title, 560.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        super::caption(ui, "Topic filter");
        let wrong = error(dialog, SubscriptionField::Filter);
        let response = Field::new(&mut dialog.draft.filter, "Topic filter")
            .hint("sensors/+/temperature")
            .code()
            .error(wrong.as_deref())
            .show(ui);
        if is_new {
            response.request_focus();
        }
        if wrong.is_none() {
            text::paragraph(
                ui,
                "+ stands for one level, # at the end for all that follow. $share/pool/… shares the messages with others of that pool.",
                fonts::small(),
                theme.muted,
            );
        }
        let version = ui
            .columns_const(|[left, right]| {
                super::caption(left, "Name");
                Field::new(&mut dialog.draft.name, "Subscription name")
                    .hint("as its filter")
                    .show(left);
                super::caption(right, "Connection");
                let chosen = library.profile(&dialog.draft.connection);
                let shown = chosen.map_or("choose one", |profile| profile.name.as_str());
                let width = right.available_width();
                select::select(right, "Connection to subscribe on", shown, width, |ui| {
                    let brokers = library.profiles().iter();
                    for (id, profile) in brokers.filter(|(_, one)| !one.is_listener()) {
                        let is_chosen = dialog.draft.connection == *id;
                        if select::option(ui, is_chosen, &profile.name).clicked() {
                            dialog.draft.connection.clone_from(id);
                        }
                    }
                });
                chosen.map(|profile| profile.mqtt_version)
            })
            .unwrap_or_default();
        let lacking = lacks(version.first());
        ui.columns_const(|[left, right]| {
            super::caption(left, "Most QoS");
            qos_ui(left, dialog);
            super::caption(right, "Retained messages when it begins");
            right.add_enabled_ui(lacking.is_none(), |ui| retain_handling_ui(ui, dialog));
        });
        identifier_ui(ui, dialog, lacking.is_none());
        ui.add_space(8.0);
        let name = "No Local: not what this connection publishes itself";
        switch_ui(ui, &mut dialog.draft.no_local, name);
        if let Some(wrong) = error(dialog, SubscriptionField::NoLocal) {
            text::paragraph(ui, &wrong, fonts::small(), theme.failed);
        }
        ui.add_enabled_ui(lacking.is_none(), |ui| {
            let name = "Retain As Published: RETAIN as its publisher set it";
            switch_ui(ui, &mut dialog.draft.retain_as_published, name);
        });
        if let Some(lacking) = lacking {
            text::paragraph(ui, &format!("{lacking}."), fonts::small(), theme.muted);
        }
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            text::label(ui, "Colour", fonts::body(), theme.muted);
            colours_ui(ui, &mut dialog.draft.colour);
        });
        ui.add_space(4.0);
        switch_ui(ui, &mut dialog.draft.is_on, "Subscribe whenever connected");
        let entered = super::entered(ui);
        super::buttons(ui, |ui| {
            let save = if dialog.id.is_none() && dialog.draft.is_on {
                "Subscribe"
            } else {
                "Save"
            };
            if ui.add(Button::primary(save)).clicked() || entered {
                actions.push(Action::Subscription(SubscriptionAction::Save));
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}

fn error(dialog: &SubscriptionDialog, field: SubscriptionField) -> Option<String> {
    let mut errors = dialog.errors.iter();
    let found = errors.find(|err| err.field == field);
    found.map(|err| err.message.clone())
}

fn identifier_ui(ui: &mut Ui, dialog: &mut SubscriptionDialog, is_there: bool) {
    super::caption(ui, "Subscription Identifier");
    let wrong = error(dialog, SubscriptionField::Identifier);
    ui.add_enabled_ui(is_there, |ui| {
        Field::new(&mut dialog.identifier, "Subscription Identifier")
            .hint("none; a number that comes with every message by this subscription")
            .code()
            .error(wrong.as_deref())
            .show(ui);
    });
}

fn qos_ui(ui: &mut Ui, dialog: &mut SubscriptionDialog) {
    let words = |qos: Qos| format!("{qos} · {}", qos.meaning());
    let width = ui.available_width();
    let qos = &mut dialog.draft.qos;
    select::select(ui, "Most QoS", words(*qos), width, |ui| {
        for one in Qos::ALL {
            if select::option(ui, *qos == one, &words(one)).clicked() {
                *qos = one;
            }
        }
    });
}

fn retain_handling_ui(ui: &mut Ui, dialog: &mut SubscriptionDialog) {
    let width = ui.available_width();
    let now = &mut dialog.draft.retain_handling;
    select::select(ui, "Retain Handling", now.label(), width, |ui| {
        for one in RetainHandling::ALL {
            if select::option(ui, *now == one, one.label()).clicked() {
                *now = one;
            }
        }
    });
}

fn switch_ui(ui: &mut Ui, on: &mut bool, name: &str) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        toggle::toggle(ui, on, name);
        text::label(ui, name, fonts::body(), theme.text);
    });
}
