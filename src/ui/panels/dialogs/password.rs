//! Asks for a password.

use crate::app::Action;
use crate::app::dialogs::PasswordDialog;
use crate::app::library::Library;
use crate::model::profile::SecretSlot;
use crate::ui::widgets::{Button, Field, text};
use crate::ui::{Theme, fonts};
use egui::Context;

pub fn password_ui(
    ctx: &Context,
    dialog: &mut PasswordDialog,
    library: &Library,
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
        super::secrets::keep_ui(ui, library, &mut dialog.remember, &mut dialog.in_file);
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

pub(super) fn capitalised(text: &str) -> String {
    let mut signs = text.chars();
    match signs.next() {
        Some(first) => first.to_uppercase().chain(signs).collect(),
        None => String::new(),
    }
}
