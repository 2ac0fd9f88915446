//! Connection profiles: edit, keep, connect, and the passwords that belong to them.

use crate::app::App;
use crate::app::dialogs::{AfterPassword, Dialog, NEW, PasswordDialog, ProfileDialog};
use crate::app::library::{Removed, Trouble, new_client_id};
use crate::app::undo::Undo;
use crate::model::connection::Problem;
use crate::model::environment::Place;
use crate::model::folder;
use crate::model::profile::{BUILT_IN_ID, BrokerAddress, Profile, ProfileDraft, SecretSlot};
use crate::model::record::Colour;
use crate::model::secret::{Secret, Secrets};
use crate::store::{PasswordPlace, VaultState};
use std::collections::BTreeMap;

/// Bad User Name or Password, Not authorized, Bad authentication method (MQTT 5 §3.2.2.2).
const SIGN_IN_REFUSALS: [u8; 3] = [0x86, 0x87, 0x8C];

/// Whether a password is at hand.
pub(super) enum Password {
    /// All that are wanted.
    Known(Secrets),
    /// The dialog is open; what was to be done is done when it is given.
    Asked,
}

impl App {
    pub(super) fn new_profile(&mut self, folder: &str) {
        let draft = ProfileDraft {
            folder: folder.to_owned(),
            client_id: new_client_id(),
            ..ProfileDraft::default()
        };
        self.dialog = Some(Dialog::Profile(Box::new(ProfileDialog {
            id: None,
            draft,
            password: String::new(),
            remember_password: true,
            in_file: false,
            secrets: BTreeMap::new(),
            errors: Vec::new(),
        })));
    }

    pub(in crate::app) fn edit_profile(&mut self, id: &str) {
        if let Some(draft) = self.library.profile(id).cloned() {
            let dialog = ProfileDialog {
                id: Some(id.to_owned()),
                draft,
                password: String::new(),
                remember_password: true,
                in_file: false,
                secrets: BTreeMap::new(),
                errors: Vec::new(),
            };
            self.dialog = Some(Dialog::Profile(Box::new(dialog)));
        }
    }

    /// A form that is closed with something typed in it can be had back.
    pub(super) fn keep_closed_form(&mut self, dialog: Box<ProfileDialog>) {
        let id = dialog.id.as_deref();
        if dialog.is_changed(id.and_then(|id| self.library.profile(id))) {
            let words = "The form was closed; nothing was saved";
            self.notices.offer_back(words, Undo::ClosedForm(dialog));
        }
    }

    pub(super) fn save_profile(&mut self, connect: bool) {
        let Some(Dialog::Profile(dialog)) = &mut self.dialog else {
            return;
        };
        dialog.take_address_apart();
        dialog.draft.password_wanted |= !dialog.password.is_empty();
        let id = dialog.id.as_deref().unwrap_or(NEW);
        dialog.errors = dialog.find_errors(id, self.library.environment());
        if !dialog.errors.is_empty() {
            return;
        }
        let Some(Dialog::Profile(dialog)) = self.dialog.take() else {
            return;
        };
        let ProfileDialog {
            id,
            mut draft,
            password,
            remember_password,
            in_file,
            secrets,
            ..
        } = *dialog;
        draft.folder = folder::normal(&draft.folder);
        let before = id.as_deref().and_then(|id| self.library.profile(id));
        if before.is_some_and(|before| folder::normal(&before.folder) != draft.folder) {
            // Its place was one among others.
            draft.order = None;
        }
        let before = before.map_or_else(Vec::new, ProfileDraft::secrets_wanted);
        let is_secret_new = !password.is_empty() || secrets.values().any(|text| !text.is_empty());
        match self.library.save_profile(id.as_deref(), &draft) {
            Ok(saved_id) => {
                if !password.is_empty() {
                    self.keep_password(&saved_id, password, remember_password);
                }
                for (slot, text) in secrets {
                    if !text.is_empty() {
                        self.keep_password(&slot.account(&saved_id), text, remember_password);
                    }
                }
                let wanted = draft.secret_slots();
                let is_over = |slot: &SecretSlot| match slot {
                    SecretSlot::Password => !draft.password_wanted,
                    other => !wanted.contains(other),
                };
                for slot in before.iter().filter(|slot| is_over(slot)) {
                    let account = slot.account(&saved_id);
                    self.passwords.remove(&account);
                    self.library.forget_password(&account);
                }
                let was_on = self.session.link(&saved_id).is_some();
                let connects = connect || was_on;
                if connects {
                    self.session.disconnect(&saved_id);
                }
                let then = if connects {
                    AfterPassword::Connect
                } else {
                    AfterPassword::Nothing
                };
                if is_secret_new && self.needs_new_file(remember_password, in_file) {
                    self.ask_passphrase(&saved_id, true, then);
                } else {
                    self.go_on(&saved_id, then);
                }
            }
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }

    pub(super) fn duplicate_profile(&mut self, id: &str) {
        let Some(draft) = self.library.profile(id).cloned() else {
            return;
        };
        // Two clients with one id would take the session from each other.
        let copy = ProfileDraft {
            name: format!("{} copy", draft.name),
            order: None,
            client_id: new_client_id(),
            ..draft
        };
        if let Err(problem) = self.library.save_profile(None, &copy) {
            self.notices.fail(problem.text, problem.hint);
        }
    }

    pub(super) fn delete_profile(&mut self, id: &str) {
        let Some(name) = self.library.profile(id).map(|draft| draft.name.clone()) else {
            return;
        };
        if id == BUILT_IN_ID {
            self.notices.refuse(
                "The built-in broker's connection stays: everything works with it",
                self.now,
            );
            return;
        }
        match self.take_profile_out(id) {
            Ok(gone) => {
                let said = match gone.len() {
                    0 | 1 => format!("Deleted the connection {name}"),
                    2 => format!("Deleted the connection {name} and its subscription"),
                    several => format!(
                        "Deleted the connection {name} and its {} subscriptions",
                        several - 1
                    ),
                };
                self.notices
                    .offer_undo(said, Undo::AllRemoved(gone), self.now);
            }
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }

    /// Deletes a profile and its subscriptions; gives what brings them back, each with whether it was on.
    pub(super) fn take_profile_out(&mut self, id: &str) -> Result<Vec<(Removed, bool)>, Trouble> {
        let was_on = self.session.link(id).is_some();
        let mut gone = vec![(self.library.remove_profile(id)?, was_on)];
        self.session.disconnect(id);
        self.passwords.remove(id);
        let subscriptions = self.library.subscriptions().iter();
        let own: Vec<String> = subscriptions
            .filter(|(_, draft)| draft.connection == id)
            .map(|(id, _)| id.clone())
            .collect();
        for one in own {
            match self.library.remove_subscription(&one) {
                Ok(thing) => gone.push((thing, false)),
                Err(trouble) => self.tell(trouble),
            }
        }
        Ok(gone)
    }

    pub(super) fn look_at_connection(&mut self, id: String) {
        self.looked_at = self.tabs.front().map(|tab| (id, tab.id));
    }

    pub(super) fn set_colour(&mut self, id: &str, colour: Option<Colour>) {
        let Some(draft) = self.library.profile(id).cloned() else {
            return;
        };
        let draft = ProfileDraft { colour, ..draft };
        if let Err(problem) = self.library.save_profile(Some(id), &draft) {
            self.notices.fail(problem.text, problem.hint);
        }
    }

    pub(super) fn restore(&mut self, thing: Removed, was_on: bool) {
        match self.library.restore(thing) {
            Ok(restored) => match restored {
                crate::app::library::Restored::Profile(id) if was_on => self.connect(&id),
                crate::app::library::Restored::Device(id) if was_on => self.start_device(&id),
                crate::app::library::Restored::Request(id, draft) => {
                    // The tab that showed it shows it again.
                    let open = self
                        .tabs
                        .iter()
                        .find(|tab| tab.saved_id.is_none() && tab.original == *draft)
                        .map(|tab| tab.id);
                    if let Some(tab) = open.and_then(|tab| self.tabs.get_mut(tab)) {
                        tab.saved_id = Some(id);
                    }
                }
                _ => {}
            },
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }

    pub(in crate::app) fn connect(&mut self, id: &str) {
        self.connect_then(id, AfterPassword::Connect);
    }

    /// Connects, or asks for the password first and goes on after it. Says whether it is under way.
    pub(super) fn connect_then(&mut self, id: &str, then: AfterPassword) -> bool {
        let profile = match self.profile(id) {
            Ok(profile) => profile,
            Err(_) if self.wants_vault_for_variables() => {
                self.ask_passphrase(id, false, then);
                return false;
            }
            Err(why) => {
                self.notices.fail(
                    format!("Not connected: {why}"),
                    "Edit the connection and correct it.",
                );
                return false;
            }
        };
        let Password::Known(secrets) = self.password_of(id, &profile, then) else {
            return false;
        };
        match self.session.connect(profile, secrets) {
            Ok(()) => true,
            Err(err) => {
                self.notices.fail(err.to_string(), err.hint());
                false
            }
        }
    }

    /// The secrets to connect with; asks for the first that is wanted and not known.
    pub(super) fn password_of(
        &mut self,
        id: &str,
        profile: &Profile,
        then: AfterPassword,
    ) -> Password {
        let mut known = Secrets::default();
        let wanted = profile.secrets_wanted().into_iter();
        for slot in wanted.filter(|_| !matches!(profile.address, BrokerAddress::Listener { .. })) {
            let account = slot.account(id);
            let kept = || self.library.kept_password(&account);
            let Some(secret) = self.passwords.get(&account).cloned().or_else(kept) else {
                let place = self.library.password_place();
                if place == PasswordPlace::File(VaultState::Locked)
                    && !self.without_vault
                    && !self.unkept.contains(&account)
                    && !self.distrusted.contains(&account)
                {
                    self.ask_passphrase(id, false, then);
                    return Password::Asked;
                }
                self.dialog = Some(Dialog::Password(PasswordDialog {
                    profile_id: id.to_owned(),
                    profile_name: profile.name.to_string(),
                    user_name: profile.user_name.as_deref().unwrap_or_default().to_owned(),
                    slot,
                    text: String::new(),
                    remember: place.can_keep() && !self.unkept.contains(&account),
                    in_file: false,
                    then,
                }));
                return Password::Asked;
            };
            self.passwords.insert(account, secret.clone());
            known.set(slot, secret);
        }
        if let Err(why) = self.fill_secrets(id, &mut known) {
            let words = format!("Not connected: {why}");
            self.notices
                .fail(words, "Choose an environment that has it.");
            return Password::Asked;
        }
        Password::Known(known)
    }

    /// Variables may stand in a secret, too; and what fields were filled with is not to be told.
    pub(in crate::app) fn fill_secrets(&self, id: &str, known: &mut Secrets) -> Result<(), String> {
        let environment = self.library.environment();
        known.try_map(|slot, secret| {
            let filled = environment.fill(secret.expose(), Place::Text);
            let filled = filled.map_err(|why| format!("the {slot}: {why}"))?;
            Ok::<_, String>(Secret::new(filled.text))
        })?;
        let draft = self.library.profile(id);
        if let Some(Ok((_, hidden))) = draft.map(|draft| draft.filled(environment)) {
            known.hide(hidden);
        }
        Ok(())
    }

    /// A secret variable is not known because the file is locked.
    pub(super) fn wants_vault_for_variables(&self) -> bool {
        self.library.environment().lacks_secret()
            && !self.without_vault
            && self.library.password_place() == PasswordPlace::File(VaultState::Locked)
    }

    /// Secrets that are to be kept need a file where there is no keyring, or where the file is the place and not there yet.
    pub(in crate::app) fn offer_file_for_secrets(&mut self) {
        if self.needs_new_file(true, false) {
            self.ask_passphrase("", true, AfterPassword::Nothing);
        }
    }

    pub(super) fn give_password(&mut self) {
        let Some(Dialog::Password(dialog)) = self.dialog.take() else {
            return;
        };
        let PasswordDialog {
            profile_id,
            slot,
            text,
            remember,
            in_file,
            then,
            ..
        } = dialog;
        self.keep_password(&slot.account(&profile_id), text, remember || in_file);
        if self.needs_new_file(remember, in_file) {
            self.ask_passphrase(&profile_id, true, then);
        } else {
            self.go_on(&profile_id, then);
        }
    }

    /// A secret is to be kept in the encrypted file, and there is none.
    fn needs_new_file(&self, remember: bool, in_file: bool) -> bool {
        match self.library.password_place() {
            PasswordPlace::File(VaultState::Missing) => remember,
            PasswordPlace::Session { .. } => in_file,
            _ => false,
        }
    }

    /// What may be wrong is asked for before the next attempt.
    pub(in crate::app) fn distrust_password(&mut self, id: &str, problem: &Problem) {
        let is_about_who = problem
            .reason
            .as_ref()
            .is_some_and(|reason| SIGN_IN_REFUSALS.contains(&reason.code));
        let by_reason = is_about_who.then_some(SecretSlot::Password);
        for slot in problem.doubted.iter().chain(&by_reason) {
            let account = slot.account(id);
            self.passwords.remove(&account);
            self.library.distrust_password(&account);
            self.distrusted.insert(account);
        }
    }

    fn keep_password(&mut self, id: &str, text: String, remember: bool) {
        let secret = Secret::new(text);
        self.distrusted.remove(id);
        if remember {
            self.unkept.remove(id);
            self.library.keep_password(id, &secret);
        } else {
            self.unkept.insert(id.to_owned());
            self.library.forget_password(id);
        }
        self.passwords.insert(id.to_owned(), secret);
    }
}
