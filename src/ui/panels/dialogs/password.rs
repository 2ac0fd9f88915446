//! Asks for a password.

use crate::app::Action;
use crate::app::dialogs::PasswordDialog;
use crate::model::profile::SecretSlot;
use crate::ui::widgets::{Button, Field, text};
use crate::ui::{Theme, fonts};
use egui::Context;

pub fn password_ui(
    ctx: &Context,
    dialog: &mut PasswordDialog,
    can_keep: bool,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    let is_password = dialog.slot == SecretSlot::Password;
    let what = if is_password {
        "Password".to_owned()
    } else {
        capitalised(&dialog.slot.to_string())
    };
    let title = format!("{what} for {}", dialog.profile_name);
    super::frame(ctx, &title, 420.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        let user = if dialog.user_name.is_empty() {
            "no user name".to_owned()
        } else {
            format!("user name {}", dialog.user_name)
        };
        if is_password {
            text::label(ui, &user, fonts::small(), theme.muted);
        }
        let response = Field::new(&mut dialog.text, &what).secret().show(ui);
        if is_new {
            response.request_focus();
        }
        if can_keep {
            ui.checkbox(&mut dialog.remember, "Keep it in the system's keyring");
        } else {
            text::paragraph(
                ui,
                "This system has no keyring that answers, so the password is kept until Roundtrip ends and asked for again next time. It is never written to a file.",
                fonts::small(),
                theme.muted,
            );
        }
        let entered = super::entered(ui);
        super::buttons(ui, |ui| {
            if ui.add(Button::primary("Connect")).clicked() || entered {
                actions.push(Action::GivePassword);
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}

fn capitalised(text: &str) -> String {
    let mut signs = text.chars();
    match signs.next() {
        Some(first) => first.to_uppercase().chain(signs).collect(),
        None => String::new(),
    }
}
