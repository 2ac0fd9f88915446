//! Dialogs: what is being typed in the one that is open.

use crate::app::compare::CompareDialog;
use crate::app::diagnosis::DiagnosisDialog;
use crate::app::environments::EnvironmentsDialog;
use crate::app::export::ExportDialog;
use crate::app::imports::{BundleDialog, ImportDialog};
use crate::app::packets::PacketExportDialog;
use crate::app::recordings::RecordingDialog;
use crate::app::rule_editor::RuleDialog;
use crate::app::secrets::{PassphraseDialog, SecretsDialog};
use crate::app::subscriptions::SubscriptionDialog;
use crate::app::table::CommentDialog;
use crate::app::tabs::TabId;
use crate::app::tree::FolderDialog;
use crate::model::FieldError;
use crate::model::environment::Environment;
use crate::model::pairing::Rules;
use crate::model::profile::{BrokerAddress, ProfileDraft, ProfileField, SecretSlot};
use crate::model::responder::{DeviceDraft, DeviceField};
use crate::model::text;
use crate::store::Settings;
use std::collections::BTreeMap;

#[derive(Debug)]
pub enum Dialog {
    Profile(Box<ProfileDialog>),
    Password(PasswordDialog),
    Passphrase(Box<PassphraseDialog>),
    Secrets(Box<SecretsDialog>),
    Environments(Box<EnvironmentsDialog>),
    SaveRequest(SaveDialog),
    Device(Box<DeviceDialog>),
    Rule(Box<RuleDialog>),
    Subscription(Box<SubscriptionDialog>),
    Palette { query: String, selected: usize },
    Comment(CommentDialog),
    Demos,
    Help,
    Compare(Box<CompareDialog>),
    Settings(Box<SettingsDialog>),
    Recording(Box<RecordingDialog>),
    Export(ExportDialog),
    Packets(PacketExportDialog),
    Import(Box<ImportDialog>),
    Bundle(Box<BundleDialog>),
    Folder(FolderDialog),
    Diagnosis(Box<DiagnosisDialog>),
}

impl Dialog {
    /// What was once found wrong is marked until it is corrected, and no longer. Nothing is said
    /// before the first attempt to save.
    pub fn check_again(&mut self, rules: &Rules, environment: &Environment) {
        match self {
            Self::Profile(dialog) if !dialog.errors.is_empty() => {
                let id = dialog.id.as_deref().unwrap_or(NEW);
                dialog.errors = dialog.find_errors(id, environment);
            }
            Self::Device(dialog) if !dialog.errors.is_empty() => {
                dialog.errors = dialog.draft.validate(rules).err().unwrap_or_default();
            }
            Self::Rule(dialog) => dialog.check(),
            Self::SaveRequest(dialog) if !dialog.name.trim().is_empty() => dialog.error = None,
            Self::Settings(dialog) if dialog.has_error() => drop(dialog.validate()),
            _ => {}
        }
    }
}

/// Stands for the id of a profile that has none yet.
pub const NEW: &str = "new";

/// A profile being edited; `id` is none for a new one. Never `Debug`s the password.
pub struct ProfileDialog {
    pub id: Option<String>,
    pub draft: ProfileDraft,
    /// Empty: leave the kept one as it is.
    pub password: String,
    pub remember_password: bool,
    /// There is no keyring: an encrypted file is to be made.
    pub in_file: bool,
    /// The other secrets as typed, each empty where the kept one is to stay. Headers by their names.
    pub secrets: BTreeMap<SecretSlot, String>,
    pub errors: Vec<FieldError<ProfileField>>,
}

impl ProfileDialog {
    /// What is wrong with it in this environment.
    pub fn find_errors(
        &self,
        id: &str,
        environment: &Environment,
    ) -> Vec<FieldError<ProfileField>> {
        let filled = self.draft.filled(environment);
        let checked = filled.and_then(|(filled, _)| filled.validate(id));
        checked.err().unwrap_or_default()
    }

    /// Whether something was typed that is not in `saved`, or in a new form that stands for nothing yet.
    pub fn is_changed(&self, saved: Option<&ProfileDraft>) -> bool {
        let is_typed = |text: &String| !text.is_empty();
        if is_typed(&self.password) || self.secrets.values().any(is_typed) {
            return true;
        }
        saved.map_or_else(
            || {
                // These are filled in for whoever asks for a new one.
                let empty = ProfileDraft {
                    folder: self.draft.folder.clone(),
                    client_id: self.draft.client_id.clone(),
                    ..ProfileDraft::default()
                };
                self.draft != empty
            },
            |saved| self.draft != *saved,
        )
    }

    /// A user name and a password that were pasted with the address go to fields of their own: the address is saved.
    pub fn take_address_apart(&mut self) {
        let Ok(parsed) = BrokerAddress::parse(&self.draft.address) else {
            return;
        };
        if parsed.user_name.is_none() && parsed.password.is_none() {
            return;
        }
        self.draft.address = parsed.address.to_string();
        if let Some(user_name) = parsed.user_name {
            self.draft.user_name = user_name;
        }
        if let Some(password) = parsed.password {
            self.password = password;
        }
    }
}

impl std::fmt::Debug for ProfileDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProfileDialog({:?}, {:?})", self.id, self.draft)
    }
}

/// Asks for a password; never `Debug`s it.
pub struct PasswordDialog {
    pub profile_id: String,
    pub profile_name: String,
    pub user_name: String,
    /// Which of the profile's secrets.
    pub slot: SecretSlot,
    pub text: String,
    pub remember: bool,
    /// There is no keyring: an encrypted file is to be made.
    pub in_file: bool,
    /// What to do once it is given.
    pub then: AfterPassword,
}

impl std::fmt::Debug for PasswordDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PasswordDialog({})", self.profile_id)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterPassword {
    Connect,
    StartDevice(String),
    Send(TabId),
    Nothing,
}

#[derive(Debug)]
pub struct SaveDialog {
    pub tab: TabId,
    pub name: String,
    pub folder: String,
    pub error: Option<String>,
}

/// A device being edited; `id` is none for a new one.
#[derive(Debug)]
pub struct DeviceDialog {
    pub id: Option<String>,
    pub draft: DeviceDraft,
    pub errors: Vec<FieldError<DeviceField>>,
    pub switch_on: bool,
}

/// MiB of automatic recordings, see [`crate::store::RecordingSettings::LEAST_MEBIBYTES`].
const LEAST_RECORDED: usize = 16;

#[derive(Debug)]
pub struct SettingsDialog {
    pub draft: Settings,
    /// As typed.
    pub rows: String,
    pub mebibytes: String,
    pub port: String,
    pub rows_error: Option<String>,
    pub mebibytes_error: Option<String>,
    pub port_error: Option<String>,
    /// MiB for automatic recordings, as typed.
    pub recordings: String,
    pub recordings_error: Option<String>,
}

/// Between thousands, as people write them.
fn is_separator(character: char) -> bool {
    matches!(character, ',' | '_' | '\'' | '\u{2019}') || character.is_whitespace()
}

impl SettingsDialog {
    pub fn new(settings: &Settings) -> Self {
        Self {
            draft: settings.clone(),
            rows: text::count(settings.timeline.max_rows as u64),
            mebibytes: text::count((settings.timeline.max_bytes >> 20) as u64),
            port: settings
                .built_in_broker_port
                .map(|port| port.to_string())
                .unwrap_or_default(),
            rows_error: None,
            mebibytes_error: None,
            port_error: None,
            recordings: text::count(settings.recording.max_mebibytes),
            recordings_error: None,
        }
    }

    fn has_error(&self) -> bool {
        let errors = [
            &self.rows_error,
            &self.mebibytes_error,
            &self.port_error,
            &self.recordings_error,
        ];
        errors.into_iter().any(Option::is_some)
    }

    /// The settings as typed, or the errors at their fields.
    pub fn validate(&mut self) -> Option<Settings> {
        let number = |text: &str, from: usize, to: usize| {
            let digits: String = text.chars().filter(|it| !is_separator(*it)).collect();
            digits
                .parse::<usize>()
                .ok()
                .filter(|number| (from..=to).contains(number))
        };
        let rows = number(&self.rows, 100, 10_000_000);
        let mebibytes = number(&self.mebibytes, 1, 65_536);
        let port = match self.port.trim() {
            "" => Some(None),
            text => text.parse::<u16>().ok().filter(|port| *port > 0).map(Some),
        };
        self.rows_error = rows
            .is_none()
            .then(|| "a whole number from 100 to 10,000,000".to_owned());
        self.mebibytes_error = mebibytes
            .is_none()
            .then(|| "a whole number from 1 to 65,536".to_owned());
        self.port_error = port
            .is_none()
            .then(|| "a number from 1 to 65535, or nothing for a free port".to_owned());
        let recordings = number(&self.recordings, LEAST_RECORDED, 1 << 20);
        self.recordings_error = recordings
            .is_none()
            .then(|| "a whole number from 16 to 1,048,576".to_owned());
        let mut settings = self.draft.clone();
        settings.timeline.max_rows = rows?;
        settings.timeline.max_bytes = mebibytes? << 20;
        settings.built_in_broker_port = port?;
        settings.recording.max_mebibytes = recordings? as u64;
        Some(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_with_separators_and_taken_with_or_without() {
        let mut dialog = SettingsDialog::new(&Settings::default());
        assert_eq!(dialog.rows, "1,000,000");
        assert_eq!(dialog.mebibytes, "1,024");
        assert_eq!(dialog.validate(), Some(Settings::default()));
        for typed in ["250000", "250,000", " 250 000", "250_000", "250\u{202f}000"] {
            typed.clone_into(&mut dialog.rows);
            let settings = dialog.validate().unwrap();
            assert_eq!(settings.timeline.max_rows, 250_000, "{typed}");
        }
        for wrong in ["", "1.000", "many", "-5", "99"] {
            wrong.clone_into(&mut dialog.rows);
            assert_eq!(dialog.validate(), None, "{wrong}");
            assert!(dialog.rows_error.is_some());
        }
    }
}
