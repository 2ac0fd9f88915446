//! Where secrets are kept, and the passphrase of the encrypted file.

use crate::app::Action;
use crate::app::library::Library;
use crate::app::rows::Tone;
use crate::app::secrets::{
    self, PassphraseDialog, PasswordPlace, SecretHome, SecretsAction, SecretsDialog, VaultState,
};
use crate::ui::widgets::{Button, Field, text};
use crate::ui::{Theme, fonts};
use egui::{Context, Ui};

const WIDTH: f32 = 520.0;

fn note(ui: &mut Ui, words: &str) {
    let theme = Theme::of(ui);
    text::paragraph(ui, words, fonts::small(), theme.muted);
}

fn error_ui(ui: &mut Ui, error: Option<&(String, String)>) {
    if let Some((what, hint)) = error {
        let theme = Theme::of(ui);
        ui.add_space(4.0);
        let words = format!("{}; {hint}", super::password::capitalised(what));
        text::paragraph(ui, &words, fonts::small(), theme.ink(Tone::Failed));
    }
}

/// The place where secrets are now, as a choice.
fn home(place: &PasswordPlace) -> SecretHome {
    match place {
        PasswordPlace::File(_) => SecretHome::File,
        PasswordPlace::Nowhere => SecretHome::Nowhere,
        _ => SecretHome::Keyring,
    }
}

pub fn secrets_ui(
    ctx: &Context,
    dialog: &mut SecretsDialog,
    library: &Library,
    actions: &mut Vec<Action>,
) {
    let place = library.password_place();
    let now = home(&place);
    let mut chosen = dialog.chosen.unwrap_or(now);
    super::frame(
        ctx,
        "Where secrets are kept",
        WIDTH,
        actions,
        |ui, actions| {
            note(
                ui,
                "Passwords, passphrases of keys, tokens in headers and secret variables of environments.",
            );
            ui.add_space(4.0);
            let theme = Theme::of(ui);
            text::paragraph(ui, &secrets::sentence(&place), fonts::body(), theme.text);
            ui.add_space(8.0);
            let mut is_chosen_now = false;
            for one in SecretHome::ALL {
                if ui.radio(chosen == one, words(one)).clicked() {
                    is_chosen_now = true;
                    chosen = one;
                    dialog.error = None;
                }
                explain(ui, one, library);
            }
            dialog.chosen = Some(chosen);
            let is_open = place == PasswordPlace::File(VaultState::Open);
            let mut entered = false;
            if chosen != now {
                if chosen == SecretHome::File {
                    entered |= new_passphrase(ui, dialog, is_chosen_now);
                }
                if now == SecretHome::File
                    && !is_open
                    && place != PasswordPlace::File(VaultState::Missing)
                {
                    note(
                        ui,
                        "The encrypted file has to be open for what is in it to be moved.",
                    );
                    entered |= old_passphrase(ui, dialog, "Passphrase");
                }
            } else if now == SecretHome::File {
                entered |= file_ui(ui, dialog, &place, actions);
            }
            entered &= !dialog.is_working;
            error_ui(ui, dialog.error.as_ref());
            if dialog.is_working {
                note(ui, "One moment…");
            }
            let is_locked = place == PasswordPlace::File(VaultState::Locked);
            super::buttons(ui, |ui| {
                if is_locked {
                    let unlock = Button::primary("Unlock").enabled(!dialog.is_working);
                    if ui.add(unlock).clicked() || entered {
                        actions.push(Action::Secrets(SecretsAction::Unlock));
                    }
                } else if chosen != now {
                    let words = match chosen {
                        SecretHome::Keyring => "Move them to the keyring",
                        SecretHome::File => "Move them to the encrypted file",
                        SecretHome::Nowhere => "Take them out, and ask from now on",
                    };
                    let button = Button::primary(words).enabled(!dialog.is_working);
                    if ui.add(button).clicked() || entered {
                        actions.push(Action::Secrets(SecretsAction::Move));
                    }
                }
                if ui.add(Button::ghost("Close")).clicked() {
                    actions.push(Action::CloseDialog);
                }
            });
        },
    );
}

fn words(home: SecretHome) -> &'static str {
    match home {
        SecretHome::Keyring => "In the system's keyring",
        SecretHome::File => "In an encrypted file, with a passphrase",
        SecretHome::Nowhere => "Nowhere: ask at connect",
    }
}

fn explain(ui: &mut Ui, home: SecretHome, library: &Library) {
    let words = match home {
        SecretHome::Keyring => match library.keyring_trouble() {
            Some(why) => format!("Not now: {why}."),
            None => "It is open while you are signed in to this system.".to_owned(),
        },
        SecretHome::File => match library.secrets_path() {
            Some(path) => format!(
                "{path}, on this machine and not in the workspace. Argon2id and ChaCha20-Poly1305; the passphrase is asked for once, when a secret is first needed."
            ),
            None => "Not here: this workspace has no folder for it.".to_owned(),
        },
        SecretHome::Nowhere => {
            "What you type is known until Roundtrip ends, and is never written.".to_owned()
        }
    };
    ui.indent(("secrets", words.len()), |ui| note(ui, &words));
    ui.add_space(4.0);
}

/// Whether it was entered with Return.
fn old_passphrase(ui: &mut Ui, dialog: &mut SecretsDialog, name: &str) -> bool {
    super::caption(ui, name);
    let field = Field::new(&mut dialog.passphrase, name).secret().show(ui);
    field.lost_focus() && super::entered(ui)
}

/// Whether the second one was entered with Return.
fn new_passphrase(ui: &mut Ui, dialog: &mut SecretsDialog, takes_keyboard: bool) -> bool {
    super::caption(ui, "New passphrase, twice");
    let first = Field::new(&mut dialog.new, "New passphrase")
        .secret()
        .show(ui);
    if takes_keyboard {
        first.request_focus();
    }
    let second = Field::new(&mut dialog.again, "New passphrase again")
        .secret()
        .show(ui);
    note(
        ui,
        "Nobody can open the file without it, and it is kept nowhere.",
    );
    second.lost_focus() && super::entered(ui)
}

/// Whether the passphrase that opens it was entered with Return.
fn file_ui(
    ui: &mut Ui,
    dialog: &mut SecretsDialog,
    place: &PasswordPlace,
    actions: &mut Vec<Action>,
) -> bool {
    if *place == PasswordPlace::File(VaultState::Missing) {
        return false;
    }
    let is_open = *place == PasswordPlace::File(VaultState::Open);
    let name = if is_open {
        "Passphrase until now"
    } else {
        "Passphrase"
    };
    let opens = old_passphrase(ui, dialog, name) && !is_open;
    let changes = is_open && new_passphrase(ui, dialog, false);
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let is_idle = !dialog.is_working;
        if is_open {
            let change = Button::new("Change the passphrase").enabled(is_idle);
            if ui.add(change).clicked() || (changes && is_idle) {
                actions.push(Action::Secrets(SecretsAction::ChangePassphrase));
            }
            if ui.add(Button::new("Lock now").enabled(is_idle)).clicked() {
                actions.push(Action::Secrets(SecretsAction::Lock));
            }
        }
        let forget = if dialog.asks_to_forget {
            Button::new("Forget all secrets in it, for good").color(Theme::of(ui).failed)
        } else {
            Button::ghost("Forget the file…")
        };
        if ui.add(forget.enabled(is_idle)).clicked() {
            actions.push(Action::Secrets(SecretsAction::Forget));
        }
    });
    opens
}

/// Asks for the passphrase because a secret is needed, or is to be kept.
pub fn passphrase_ui(
    ctx: &Context,
    dialog: &mut PassphraseDialog,
    library: &Library,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    let title = if dialog.is_new_file {
        "A passphrase for the encrypted file"
    } else {
        "Passphrase of the encrypted file"
    };
    super::frame(ctx, title, 460.0, actions, |ui, actions| {
        let path = library.secrets_path().unwrap_or_default();
        let words = if dialog.is_new_file {
            format!(
                "Secrets of this workspace are kept in {path} from now on. Nobody can open it without the passphrase, and it is kept nowhere."
            )
        } else {
            format!(
                "The secrets of {} are in {path}. It stays open until Roundtrip ends, or until you lock it.",
                dialog.profile_name
            )
        };
        note(ui, &words);
        super::caption(ui, "Passphrase");
        let response = Field::new(&mut dialog.passphrase, "Passphrase")
            .secret()
            .show(ui);
        if is_new {
            response.request_focus();
        }
        if dialog.is_new_file {
            super::caption(ui, "Once more");
            Field::new(&mut dialog.again, "Passphrase again")
                .secret()
                .show(ui);
        }
        error_ui(ui, dialog.error.as_ref());
        if dialog.is_working {
            note(ui, "One moment…");
        }
        let entered = super::entered(ui);
        super::buttons(ui, |ui| {
            let words = if dialog.is_new_file {
                "Make the file"
            } else {
                "Unlock"
            };
            let button = Button::primary(words).enabled(!dialog.is_working);
            if ui.add(button).clicked() || (entered && !dialog.is_working) {
                actions.push(Action::Secrets(SecretsAction::GivePassphrase));
            }
            let without = Button::ghost("Go on without")
                .tooltip("What is needed is asked for; it is known until Roundtrip ends");
            if !dialog.is_working && ui.add(without).clicked() {
                actions.push(Action::Secrets(SecretsAction::GoWithout));
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}

/// Beneath the field of a secret that was typed: whether it is kept, and where.
pub fn keep_ui(ui: &mut Ui, library: &Library, remember: &mut bool, in_file: &mut bool) {
    let place = library.password_place();
    if place.can_keep() || place == PasswordPlace::Checking {
        ui.checkbox(remember, secrets::keep_words(&place));
    }
    note(ui, &secrets::sentence(&place));
    if matches!(place, PasswordPlace::Session { .. }) && library.secrets_path().is_some() {
        ui.checkbox(in_file, secrets::keep_words(&place));
    }
}
