//! A connection profile as a form.

mod way;

use crate::app::Action;
use crate::app::diagnosis::DiagnosisAction;
use crate::app::dialogs::ProfileDialog;
use crate::app::library::{Library, new_client_id};
use crate::model::profile::{
    Feature, MqttVersion, ProfileDraft, ProfileField, VersionChoice, WillDraft,
};
use crate::ui::panels::composer::{format_select, qos_select};
use crate::ui::widgets::scroll::BAR;
use crate::ui::widgets::swatch::colours_ui;
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Theme, fonts};
use egui::{Context, DragValue, Key, Modifiers, ScrollArea, Ui};

pub fn profile_ui(
    ctx: &Context,
    dialog: &mut ProfileDialog,
    library: &Library,
    folders: &[String],
    (is_on, is_new): (bool, bool),
    actions: &mut Vec<Action>,
) {
    let title = if dialog.id.is_some() {
        "Edit connection"
    } else {
        "New connection"
    };
    super::frame(ctx, title, 560.0, actions, |ui, actions| {
        let keyboard = ui.memory(egui::Memory::focused);
        let connects = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        let most = ui.ctx().content_rect().height() - 220.0;
        ScrollArea::vertical()
            .max_height(most)
            .min_scrolled_height(most)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                // Not beneath the scroll bar.
                ui.set_max_width(ui.available_width() - BAR);
                who_and_where(ui, dialog, is_new);
                on_the_list_ui(ui, &mut dialog.draft, folders);
                way::way_ui(ui, dialog);
                // A listener has no broker to sign in to.
                if !dialog.draft.is_listener() {
                    client_id_ui(ui, dialog);
                    sign_in(ui, dialog);
                    session_ui(ui, dialog);
                    will_ui(ui, dialog);
                    way::more_ui(ui, dialog);
                }
            });
        let is_typed = |text: &String| !text.is_empty();
        if is_typed(&dialog.password) || dialog.secrets.values().any(is_typed) {
            super::secrets::keep_ui(
                ui,
                library,
                &mut dialog.remember_password,
                &mut dialog.in_file,
            );
        }
        // Of a field of one line; a button that has the keyboard keeps it, and is pressed.
        let is_left = keyboard.is_some() && ui.memory(egui::Memory::focused).is_none();
        if connects || (is_left && super::entered(ui)) {
            actions.push(Action::SaveProfile { connect: connects });
        }
        super::buttons(ui, |ui| {
            let words = if is_on {
                "Save and reconnect"
            } else {
                "Save and connect"
            };
            if ui.add(Button::primary(words)).clicked() {
                actions.push(Action::SaveProfile { connect: true });
            }
            if !is_on && ui.add(Button::new("Save")).clicked() {
                actions.push(Action::SaveProfile { connect: false });
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
            // No broker is there to say anything.
            if !dialog.draft.is_listener()
                && ui
                    .add(
                        Button::ghost("Test connection")
                            .tooltip("Step by step, with what is typed here; nothing is saved"),
                    )
                    .clicked()
            {
                actions.push(Action::Diagnosis(DiagnosisAction::TestEdited));
            }
        });
    });
}

fn error(dialog: &ProfileDialog, field: ProfileField) -> Option<String> {
    dialog
        .errors
        .iter()
        .find(|err| err.field == field)
        .map(|err| err.message.clone())
}

fn who_and_where(ui: &mut Ui, dialog: &mut ProfileDialog, is_new: bool) {
    let theme = Theme::of(ui);
    super::caption(ui, "Name");
    let name_error = error(dialog, ProfileField::Name);
    let response = Field::new(&mut dialog.draft.name, "Connection name")
        .hint("Mosquitto lab")
        .error(name_error.as_deref())
        .show(ui);
    if is_new {
        response.request_focus();
    }
    super::caption(ui, "Broker address");
    let address_error = error(dialog, ProfileField::Address);
    let typed = Field::new(&mut dialog.draft.address, "Broker address")
        .hint("mqtt://192.168.1.10:1883; also mqtts, ws, wss, unix, tcp-listen")
        .code()
        .error(address_error.as_deref())
        .show(ui);
    // Not while it is typed: half a password would be moved.
    if typed.lost_focus() {
        dialog.take_address_apart();
    }
    if dialog.draft.is_built_in() {
        text::paragraph(
            ui,
            "The broker inside Roundtrip: it starts when something connects and listens on this machine only.",
            fonts::small(),
            theme.muted,
        );
    }
    if dialog.draft.is_listener() {
        text::paragraph(
            ui,
            "Devices without MQTT come here over plain TCP, on this machine only. A device signs in with {\"deviceId\":\"dev1\",\"messageType\":\"SIGN_IN\"}; a command to it goes to tcp/cmd/req/dev1, by the pairing rule mqtt-two-way. Port 0 takes any free one.",
            fonts::small(),
            theme.muted,
        );
    }
}

/// Where it is listed, and in which colour.
fn on_the_list_ui(ui: &mut Ui, draft: &mut ProfileDraft, folders: &[String]) {
    ui.columns_const(|[left, right]| {
        // The built-in broker is always the first.
        if !draft.is_built_in() {
            super::caption(left, "Folder");
            super::folder::path_ui(left, &mut draft.folder, folders, None);
        }
        super::caption(right, "Colour");
        colours_ui(right, &mut draft.colour);
    });
}

fn client_id_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    version_ui(ui, dialog);
    super::caption(ui, "Client id");
    let id_error = error(dialog, ProfileField::ClientId);
    ui.horizontal(|ui| {
        let room = ui.available_width();
        Field::new(&mut dialog.draft.client_id, "Client id")
            .hint("the broker assigns one")
            .code()
            .error(id_error.as_deref())
            .width(room - 96.0)
            .show(ui);
        if ui
            .add(Button::ghost("Generate").tooltip(
                "A new client id. Two clients with one id take the connection from each other.",
            ))
            .clicked()
        {
            dialog.draft.client_id = new_client_id();
        }
    });
}

fn version_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    super::caption(ui, "MQTT version");
    let version = &mut dialog.draft.mqtt_version;
    select::select(ui, "MQTT version", version.to_string(), 160.0, |ui| {
        for one in VersionChoice::ALL {
            if select::option(ui, *version == one, &one.to_string()).clicked() {
                *version = one;
            }
        }
    });
}

/// Greyed out, with the reason, where the version has no such thing.
fn unless_lacking<R>(
    ui: &mut Ui,
    version: MqttVersion,
    feature: Feature,
    contents: impl FnOnce(&mut Ui) -> R,
) {
    let lacks = version.lacks(feature);
    let part = ui.add_enabled_ui(lacks.is_none(), contents);
    if let Some(why) = lacks {
        part.response.on_hover_text(why);
    }
}

fn sign_in(ui: &mut Ui, dialog: &mut ProfileDialog) {
    ui.add_space(4.0);
    ui.columns_const(|[left, right]| {
        super::caption(left, "User name");
        let user_error = error(dialog, ProfileField::UserName);
        Field::new(&mut dialog.draft.user_name, "User name")
            .hint("none")
            .error(user_error.as_deref())
            .show(left);
        super::caption(right, "Password");
        let hint = if dialog.draft.password_wanted {
            "unchanged"
        } else {
            "none"
        };
        Field::new(&mut dialog.password, "Password")
            .hint(hint)
            .secret()
            .show(right);
    });
    if dialog.draft.password_wanted && dialog.password.is_empty() {
        ui.checkbox(
            &mut dialog.draft.password_wanted,
            "Connect with a password; it is asked for where it is not known",
        );
    }
}

fn session_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    let draft = &mut dialog.draft;
    let version = draft.mqtt_version.first();
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        number(ui, "Keep alive", " s", &mut draft.keep_alive_secs).on_hover_text("Seconds between signs of life; 0 switches them off (MQTT 5 §3.1.2.10)");
        ui.add_space(16.0);
        unless_lacking(ui, version, Feature::SessionExpiry, |ui| number(ui, "Session expiry", " s", &mut draft.session_expiry_secs)
            .on_hover_text("How long the broker keeps the session after the connection is gone; 0 ends it with the connection (MQTT 5 §3.1.2.11.2). With a session, open requests survive a reconnect."));
    });
    ui.checkbox(
        &mut draft.clean_start,
        "Clean start: forget an earlier session",
    );
    unless_lacking(ui, version, Feature::RequestInformation, |ui| {
        ui.checkbox(
            &mut draft.request_response_information,
            "Request Response Information: a prefix for Response Topics",
        );
        ui.checkbox(
            &mut draft.request_problem_information,
            "Request Problem Information: reasons in words",
        );
    });
}

fn number<N: egui::emath::Numeric>(
    ui: &mut Ui,
    name: &str,
    unit: &str,
    value: &mut N,
) -> egui::Response {
    let theme = Theme::of(ui);
    let label = text::label(ui, name, fonts::small(), theme.muted);
    ui.add(DragValue::new(value).suffix(unit))
        .labelled_by(label.id)
}

fn will_ui(ui: &mut Ui, dialog: &mut ProfileDialog) {
    let version = dialog.draft.mqtt_version.first();
    let mut has_will = dialog.draft.will.is_some();
    if ui
        .checkbox(
            &mut has_will,
            "Last will: what the broker publishes when this connection breaks",
        )
        .changed()
    {
        dialog.draft.will = has_will.then(WillDraft::default);
    }
    let topic_error = error(dialog, ProfileField::WillTopic);
    let payload_error = error(dialog, ProfileField::WillPayload);
    let Some(will) = &mut dialog.draft.will else {
        return;
    };
    super::caption(ui, "Will topic");
    Field::new(&mut will.topic, "Will topic")
        .hint("clients/me/state")
        .code()
        .error(topic_error.as_deref())
        .show(ui);
    super::caption(ui, "Will payload");
    Field::new(&mut will.payload, "Will payload")
        .code()
        .error(payload_error.as_deref())
        .show(ui);
    ui.horizontal(|ui| {
        format_select(ui, "Will payload format", &mut will.format);
        qos_select(ui, "Will QoS", &mut will.qos);
        ui.checkbox(&mut will.retain, "Retain");
        unless_lacking(ui, version, Feature::WillDelay, |ui| {
            number(ui, "Delay", " s", &mut will.delay_secs)
                .on_hover_text("Will Delay Interval (MQTT 5 §3.1.3.2.2)")
        });
    });
}
