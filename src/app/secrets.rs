//! Where secrets are kept: the choice, and the passphrase of the encrypted file.
//!
//! Keys are made on the desk's thread; what comes of it is taken up by [`App::follow_secrets`].

use crate::app::App;
use crate::app::actions::Action;
use crate::app::dialogs::{AfterPassword, Dialog};
use crate::app::palette::PaletteEntry;
use crate::model::secret::Secret;
pub use crate::store::{PasswordPlace, SecretHome, VaultState};
use crate::store::{SecretError, VaultAnswer, VaultAsk};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretsAction {
    /// Opens the dialog about where secrets are kept.
    Show,
    /// Keeps them where the dialog says.
    Move,
    Unlock,
    Lock,
    ChangePassphrase,
    Forget,
    /// What the dialog that asks for the passphrase holds.
    GivePassphrase,
    /// Without the file in this run: what is needed is asked for.
    GoWithout,
}

/// Where secrets are kept, and what is typed about it. Never `Debug`s a passphrase.
#[derive(Default)]
pub struct SecretsDialog {
    /// Where they are to be kept; the place as it is until something is chosen.
    pub chosen: Option<SecretHome>,
    pub passphrase: String,
    /// A new one, and once more against slips.
    pub new: String,
    pub again: String,
    pub asks_to_forget: bool,
    pub error: Option<(String, String)>,
    pub is_working: bool,
}

impl std::fmt::Debug for SecretsDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretsDialog({:?})", self.chosen)
    }
}

/// Asks for the passphrase because a secret is needed. Never `Debug`s it.
pub struct PassphraseDialog {
    /// There is no file yet: this passphrase makes it, and everything moves there.
    pub is_new_file: bool,
    pub profile_id: String,
    pub profile_name: String,
    pub passphrase: String,
    pub again: String,
    pub error: Option<(String, String)>,
    pub is_working: bool,
    /// What to do once the file is open.
    pub then: AfterPassword,
}

impl std::fmt::Debug for PassphraseDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PassphraseDialog({})", self.profile_id)
    }
}

/// What was asked of the desk, told with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Unlock,
    Lock,
    ChangePassphrase,
    Forget,
    Move(SecretHome),
}

impl Asked {
    pub fn of(ask: &VaultAsk) -> Self {
        match ask {
            VaultAsk::Unlock(_) => Self::Unlock,
            VaultAsk::Lock => Self::Lock,
            VaultAsk::ChangePassphrase { .. } => Self::ChangePassphrase,
            VaultAsk::Forget => Self::Forget,
            VaultAsk::Move { to, .. } => Self::Move(*to),
        }
    }
}

/// The place in a sentence, for whoever is about to type a secret.
pub fn sentence(place: &PasswordPlace) -> String {
    match place {
        PasswordPlace::Checking => "Looking for the system's keyring…".to_owned(),
        PasswordPlace::Keyring => "Secrets are kept in the system's keyring.".to_owned(),
        PasswordPlace::File(VaultState::Open) => {
            "Secrets are kept in the encrypted file, which is open until Roundtrip ends.".to_owned()
        }
        PasswordPlace::File(VaultState::Locked) => {
            "Secrets are kept in the encrypted file, which is locked: its passphrase is asked for when one is needed.".to_owned()
        }
        PasswordPlace::File(VaultState::Missing) => {
            "Secrets are to be kept in an encrypted file, which is not there yet: the next secret asks for its passphrase.".to_owned()
        }
        PasswordPlace::Nowhere => {
            "Secrets are kept until Roundtrip ends and asked for again after that, as you chose. They are never written.".to_owned()
        }
        PasswordPlace::Session { why: SecretError::NoKeyring { .. } } => {
            "This system has no keyring that answers: a secret is kept until Roundtrip ends and asked for again next time. It is never written to a plain file.".to_owned()
        }
        PasswordPlace::Session { why } => {
            format!("A secret is kept until Roundtrip ends and asked for again next time: {why}.")
        }
    }
}

/// Of a checkbox at a secret: whether it is kept beyond this run, and where.
pub fn keep_words(place: &PasswordPlace) -> &'static str {
    match place {
        PasswordPlace::File(_) => "Keep it in the encrypted file",
        PasswordPlace::Session { .. } => "Keep secrets in an encrypted file, with a passphrase",
        _ => "Keep it in the system's keyring",
    }
}

fn what_is_wrong(passphrase: &str, again: &str) -> Option<(String, String)> {
    let wrong = if passphrase.is_empty() {
        ("the passphrase is empty", "type one, twice")
    } else if passphrase != again {
        ("the two passphrases differ", "type both again")
    } else {
        return None;
    };
    Some((wrong.0.to_owned(), wrong.1.to_owned()))
}

impl App {
    pub(super) fn perform_secrets(&mut self, action: SecretsAction) {
        match action {
            SecretsAction::Show => {
                self.dialog = Some(Dialog::Secrets(Box::default()));
            }
            SecretsAction::GivePassphrase => self.give_passphrase(),
            SecretsAction::GoWithout => {
                self.without_vault = true;
                if let Some(Dialog::Passphrase(dialog)) = self.dialog.take() {
                    self.go_on(&dialog.profile_id, dialog.then);
                }
            }
            SecretsAction::Move
            | SecretsAction::Unlock
            | SecretsAction::Lock
            | SecretsAction::ChangePassphrase
            | SecretsAction::Forget => self.ask_as_shown(action),
        }
    }

    fn ask_as_shown(&mut self, action: SecretsAction) {
        let accounts = self.secret_accounts();
        let place = self.library.password_place();
        let Some(Dialog::Secrets(dialog)) = &mut self.dialog else {
            return;
        };
        dialog.error = None;
        let ask = match action {
            SecretsAction::Move => {
                let Some(to) = dialog.chosen else { return };
                let makes_file = to == SecretHome::File
                    && !matches!(place, PasswordPlace::File(VaultState::Open));
                if makes_file {
                    dialog.error = what_is_wrong(&dialog.new, &dialog.again);
                }
                VaultAsk::Move {
                    to,
                    accounts,
                    passphrase: makes_file.then(|| Secret::new(dialog.new.clone())),
                }
            }
            SecretsAction::Unlock => VaultAsk::Unlock(Secret::new(dialog.passphrase.clone())),
            SecretsAction::Lock => VaultAsk::Lock,
            SecretsAction::ChangePassphrase => {
                dialog.error = what_is_wrong(&dialog.new, &dialog.again);
                VaultAsk::ChangePassphrase {
                    old: Secret::new(dialog.passphrase.clone()),
                    new: Secret::new(dialog.new.clone()),
                }
            }
            SecretsAction::Forget if !dialog.asks_to_forget => {
                dialog.asks_to_forget = true;
                return;
            }
            _ => VaultAsk::Forget,
        };
        if dialog.error.is_none() {
            dialog.is_working = true;
            self.library.ask_vault(ask);
        }
    }

    /// A secret is needed that only the file may have.
    pub(super) fn ask_passphrase(
        &mut self,
        profile_id: &str,
        is_new_file: bool,
        then: AfterPassword,
    ) {
        let name = self.library.profile(profile_id).map(|it| it.name.clone());
        self.dialog = Some(Dialog::Passphrase(Box::new(PassphraseDialog {
            is_new_file,
            profile_id: profile_id.to_owned(),
            profile_name: name.unwrap_or_else(|| profile_id.to_owned()),
            passphrase: String::new(),
            again: String::new(),
            error: None,
            is_working: false,
            then,
        })));
    }

    fn give_passphrase(&mut self) {
        let accounts = self.secret_accounts();
        let Some(Dialog::Passphrase(dialog)) = &mut self.dialog else {
            return;
        };
        if dialog.is_working {
            return;
        }
        let passphrase = Secret::new(dialog.passphrase.clone());
        let ask = if dialog.is_new_file {
            dialog.error = what_is_wrong(&dialog.passphrase, &dialog.again);
            VaultAsk::Move {
                to: SecretHome::File,
                accounts,
                passphrase: Some(passphrase),
            }
        } else {
            dialog.error = None;
            VaultAsk::Unlock(passphrase)
        };
        if dialog.error.is_none() {
            dialog.is_working = true;
            self.library.ask_vault(ask);
        }
    }

    /// Takes up what the desk has answered.
    pub(super) fn follow_secrets(&mut self) {
        for (asked, answer) in self.library.take_vault_answers() {
            match answer {
                Ok(answer) => self.vault_answered(asked, &answer),
                Err(err) => self.vault_refused(asked, &err),
            }
        }
    }

    fn vault_answered(&mut self, asked: Asked, answer: &VaultAnswer) {
        let count = answer.secrets.len();
        let words = match asked {
            Asked::Unlock => {
                self.without_vault = false;
                for account in &self.distrusted {
                    self.library.distrust_password(account);
                }
                "The encrypted file of secrets is open until Roundtrip ends".to_owned()
            }
            Asked::Lock => "The encrypted file of secrets is locked".to_owned(),
            Asked::ChangePassphrase => "The passphrase was changed".to_owned(),
            Asked::Forget => "The secrets in the encrypted file are gone".to_owned(),
            Asked::Move(home) => {
                self.without_vault = false;
                let secrets = if count == 1 {
                    "1 secret is".to_owned()
                } else {
                    format!("{count} secrets are")
                };
                format!("{secrets} kept in {home} from now on")
            }
        };
        if matches!(asked, Asked::Lock | Asked::Forget) {
            self.passwords.clear();
            self.unkept.clear();
            self.library.drop_passwords();
        }
        if let Some(err) = answer.left_behind.first() {
            self.notices.fail(
                format!("A secret may still be where it was before: {err}"),
                "Take it out with the system's own tool for passwords.",
            );
        }
        self.refresh_environment();
        match self.dialog.take() {
            Some(Dialog::Passphrase(dialog)) => {
                self.go_on(&dialog.profile_id, dialog.then);
                return;
            }
            Some(Dialog::Secrets(_)) => {}
            other => self.dialog = other,
        }
        self.notices.inform(words, self.now);
    }

    fn vault_refused(&mut self, asked: Asked, err: &SecretError) {
        let told = (err.to_string(), err.hint().to_owned());
        match &mut self.dialog {
            Some(Dialog::Passphrase(dialog)) => {
                dialog.is_working = false;
                dialog.passphrase.clear();
                dialog.again.clear();
                dialog.error = Some(told);
            }
            Some(Dialog::Secrets(dialog)) => {
                dialog.is_working = false;
                dialog.passphrase.clear();
                dialog.error = Some(told);
            }
            _ => {
                let what = match asked {
                    Asked::Move(home) => format!("Secrets were not moved to {home}: {}", told.0),
                    _ => told.0,
                };
                self.notices.fail(what, told.1);
            }
        }
    }

    /// Goes on with what a secret was needed for.
    pub(super) fn go_on(&mut self, profile_id: &str, then: AfterPassword) {
        match then {
            AfterPassword::Connect => self.connect(profile_id),
            AfterPassword::StartDevice(device) => self.start_device(&device),
            AfterPassword::Send(tab) => self.send(tab),
            AfterPassword::Nothing => {}
        }
    }

    /// Everything that may be kept somewhere.
    fn secret_accounts(&self) -> Vec<String> {
        let mut accounts = self.library.secret_accounts();
        accounts.extend(self.environment_accounts());
        accounts
    }

    /// Lines of the palette.
    pub(super) fn secrets_entries() -> Vec<PaletteEntry> {
        let entry = |text: &str, action| PaletteEntry {
            text: text.to_owned(),
            kind: "command".to_owned(),
            shortcut: "",
            action: Action::Secrets(action),
        };
        vec![entry("Secrets: where they are kept…", SecretsAction::Show)]
    }
}

#[cfg(test)]
mod tests;
