//! "Test connection": the dialog, the test that runs behind it, and what is changed because of it.
//!
//! It holds the connection as the form does. A remedy changes that and tests again; nothing is saved before the form is.

mod losses;

use crate::app::App;
use crate::app::actions::Action;
use crate::app::dialogs::{Dialog, NEW, ProfileDialog};
use crate::app::library::new_client_id;
use crate::app::notices::Choice;
use crate::app::palette::PaletteEntry;
use crate::model::connection::Problem;
use crate::model::diagnosis::{Diagnosis, Plan, Remedy, Told, Watch, report};
use crate::model::profile::{BrokerAddress, Profile, ProfileDraft, SecretSlot};
use crate::model::secret::{Secret, Secrets};
use crate::model::topic::TopicName;
use crate::session::{ConnectionEvent, Event, Generation};
pub use losses::Losses;

#[derive(Clone, Debug)]
pub enum DiagnosisAction {
    /// A connection of the list, by its id.
    Test(String),
    /// The one in the form that is open.
    TestEdited,
    /// Again, or for the first time where something was missing.
    Run,
    Cancel,
    /// By its place among the remedies.
    Apply(usize),
    /// Takes the newest of them back.
    UndoChange,
    /// Back to the form, or to it.
    Edit,
    CopyReport,
    /// The chain, as PEM.
    CopyCertificates,
}

/// When the client id is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WatchChoice {
    #[default]
    Auto,
    Always,
    Never,
}

impl WatchChoice {
    pub const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];

    pub fn label(self) -> &'static str {
        match self {
            Self::Auto => "where that disturbs nobody",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

/// A remedy that was applied, and the connection before it.
#[derive(Debug)]
struct Change {
    label: String,
    before: ProfileDraft,
    had_own_client_id: bool,
}

pub struct DiagnosisDialog {
    pub editor: Box<ProfileDialog>,
    /// Closing leads back to the form.
    is_of_form: bool,
    /// As typed; empty for one that is made.
    pub scratch: String,
    pub scratch_error: Option<String>,
    /// As typed; empty for the one that a request would have.
    pub response_topic: String,
    pub response_topic_error: Option<String>,
    pub own_client_id: bool,
    pub watch: WatchChoice,
    /// To be typed before the test can run, or typed again.
    pub missing: Vec<SecretSlot>,
    /// Why there is no test.
    pub refusal: Option<String>,
    pub diagnosis: Option<Diagnosis>,
    /// Of the address that was tested, for the labels of remedies.
    pub address: Option<BrokerAddress>,
    generation: Option<Generation>,
    changes: Vec<Change>,
}

impl std::fmt::Debug for DiagnosisDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DiagnosisDialog({:?})", self.editor)
    }
}

impl DiagnosisDialog {
    fn new(editor: Box<ProfileDialog>, is_of_form: bool) -> Self {
        Self {
            editor,
            is_of_form,
            scratch: String::new(),
            scratch_error: None,
            response_topic: String::new(),
            response_topic_error: None,
            own_client_id: false,
            watch: WatchChoice::default(),
            missing: Vec::new(),
            refusal: None,
            diagnosis: None,
            address: None,
            generation: None,
            changes: Vec::new(),
        }
    }

    pub fn is_running(&self) -> bool {
        self.diagnosis.as_ref().is_some_and(Diagnosis::is_running)
    }

    /// What the newest remedy did.
    pub fn newest_change(&self) -> Option<&str> {
        self.changes.last().map(|change| change.label.as_str())
    }

    /// The field of a secret, as typed.
    pub fn secret_mut(&mut self, slot: &SecretSlot) -> &mut String {
        match slot {
            SecretSlot::Password => &mut self.editor.password,
            slot => self.editor.secrets.entry(slot.clone()).or_default(),
        }
    }

    /// What is to be tested; or what is wrong is marked.
    fn plan(&mut self) -> Option<Plan> {
        let topic = |text: &str| match text.trim() {
            "" => Ok(None),
            text => TopicName::new(text)
                .map(Some)
                .map_err(|err| err.to_string()),
        };
        let (scratch, response_topic) = (topic(&self.scratch), topic(&self.response_topic));
        self.scratch_error = scratch.as_ref().err().cloned();
        self.response_topic_error = response_topic.as_ref().err().cloned();
        Some(Plan {
            own_client_id: self.own_client_id,
            scratch: scratch.ok()?,
            response_topic: response_topic.ok()?,
            watch: match self.watch {
                WatchChoice::Auto => Watch::Auto,
                WatchChoice::Always => Watch::Always,
                WatchChoice::Never => Watch::Never("not asked for".to_owned()),
            },
            ..Plan::default()
        })
    }
}

impl App {
    pub(super) fn perform_diagnosis(&mut self, action: DiagnosisAction) {
        match action {
            DiagnosisAction::Test(id) => {
                self.edit_profile(&id);
                self.test_edited(false);
            }
            DiagnosisAction::TestEdited => self.test_edited(true),
            DiagnosisAction::Run => self.run_diagnosis(),
            DiagnosisAction::Cancel => {
                self.session.cancel_diagnosis();
                if let Some(diagnosis) = self.diagnosing().and_then(|it| it.diagnosis.as_mut()) {
                    diagnosis.cancel();
                }
            }
            DiagnosisAction::Apply(at) => self.apply_remedy(at),
            DiagnosisAction::UndoChange => {
                let Some(dialog) = self.diagnosing() else {
                    return;
                };
                if let Some(change) = dialog.changes.pop() {
                    dialog.editor.draft = change.before;
                    dialog.own_client_id = change.had_own_client_id;
                    self.run_diagnosis();
                }
            }
            DiagnosisAction::Edit => self.end_diagnosis(true),
            DiagnosisAction::CopyReport => self.copy_diagnosis(),
            DiagnosisAction::CopyCertificates => {
                let diagnosis = self.diagnosing().and_then(|it| it.diagnosis.as_ref());
                let Some(tls) = diagnosis.and_then(|it| it.tls.as_ref()) else {
                    return;
                };
                let chain: String = tls.chain.iter().map(|one| one.pem()).collect();
                self.carry_out_copy(chain);
            }
        }
    }

    fn carry_out_copy(&mut self, text: String) {
        self.perform(Action::Copy(text));
    }

    fn diagnosing(&mut self) -> Option<&mut DiagnosisDialog> {
        match &mut self.dialog {
            Some(Dialog::Diagnosis(dialog)) => Some(dialog),
            _ => None,
        }
    }

    /// The form becomes the test of what is in it.
    fn test_edited(&mut self, is_of_form: bool) {
        let Some(Dialog::Profile(mut editor)) = self.dialog.take() else {
            return;
        };
        editor.take_address_apart();
        editor.draft.password_wanted |= !editor.password.is_empty();
        let id = editor.id.as_deref().unwrap_or(NEW);
        // Its name says nothing about how it connects.
        if editor.draft.name.trim().is_empty() {
            editor.draft.name = editor.draft.address.trim().to_owned();
        }
        editor.errors = editor.find_errors(id, self.library.environment());
        if !editor.errors.is_empty() {
            self.dialog = Some(Dialog::Profile(editor));
            return;
        }
        let dialog = DiagnosisDialog::new(editor, is_of_form);
        self.dialog = Some(Dialog::Diagnosis(Box::new(dialog)));
        self.run_diagnosis();
    }

    /// Where all that is needed is there; else it is asked for.
    fn run_diagnosis(&mut self) {
        self.session.cancel_diagnosis();
        let Some(Dialog::Diagnosis(mut dialog)) = self.dialog.take() else {
            return;
        };
        self.start_diagnosis(&mut dialog);
        self.dialog = Some(Dialog::Diagnosis(dialog));
    }

    fn start_diagnosis(&mut self, dialog: &mut DiagnosisDialog) {
        dialog.diagnosis = None;
        dialog.generation = None;
        dialog.refusal = None;
        dialog.editor.draft.password_wanted |= !dialog.editor.password.is_empty();
        let id = dialog.editor.id.clone().unwrap_or_else(|| NEW.to_owned());
        let filled = dialog.editor.draft.filled(self.library.environment());
        let checked = filled.and_then(|(draft, hidden)| Ok((draft.validate(&id)?, hidden)));
        let (profile, hidden) = match checked {
            Ok(checked) => checked,
            Err(errors) => {
                let reasons: Vec<String> = errors.into_iter().map(|err| err.message).collect();
                dialog.refusal = Some(reasons.join("; "));
                return;
            }
        };
        dialog.address = Some(profile.address.clone());
        if matches!(profile.address, BrokerAddress::Listener { .. }) {
            dialog.refusal =
                Some("there is no broker to test: devices come here over plain TCP".to_owned());
            return;
        }
        let Some(mut plan) = dialog.plan() else {
            return;
        };
        let (mut secrets, missing) = self.secrets_of(dialog, &profile);
        secrets.hide(hidden);
        if let Err(why) = self.fill_secrets(&id, &mut secrets) {
            dialog.refusal = Some(why);
            return;
        }
        dialog.missing = missing;
        if !dialog.missing.is_empty() {
            return;
        }
        plan.namesakes = self.namesakes(&profile);
        let diagnosis = Diagnosis::new(&profile);
        match self.session.diagnose(profile, secrets, plan) {
            Ok(generation) => {
                dialog.generation = Some(generation);
                dialog.diagnosis = Some(diagnosis);
            }
            Err(err) => dialog.refusal = Some(format!("{err}; {}", err.hint())),
        }
    }

    /// Those that are typed or kept, and those that are neither.
    fn secrets_of(
        &self,
        dialog: &mut DiagnosisDialog,
        profile: &Profile,
    ) -> (Secrets, Vec<SecretSlot>) {
        let (mut known, mut missing) = (Secrets::default(), Vec::new());
        for slot in profile.secrets_wanted() {
            let typed = dialog.secret_mut(&slot).clone();
            let kept = || {
                let account = slot.account(dialog.editor.id.as_deref()?);
                let given = self.passwords.get(&account).cloned();
                given.or_else(|| self.library.kept_password(&account))
            };
            let secret = if typed.is_empty() {
                kept()
            } else {
                Some(Secret::new(typed))
            };
            match secret {
                Some(secret) => known.set(slot, secret),
                None => missing.push(slot),
            }
        }
        (known, missing)
    }

    /// Saved connections to the same broker with the same client id: they may be connected in another window. Those that are
    /// connected here the session names by itself.
    fn namesakes(&self, profile: &Profile) -> Vec<String> {
        let others = self.library.profiles().iter().filter(|(id, draft)| {
            **id != *profile.id
                && !draft.client_id.is_empty()
                && draft.client_id == *profile.client_id
                && self.session.link(id).is_none()
                && BrokerAddress::parse(&draft.address)
                    .is_ok_and(|parsed| parsed.address == profile.address)
        });
        others
            .map(|(_, draft)| format!("the saved connection {}", draft.name))
            .collect()
    }

    fn apply_remedy(&mut self, at: usize) {
        let Some(dialog) = self.diagnosing() else {
            return;
        };
        let remedy = dialog.diagnosis.as_ref().and_then(|it| it.remedies.get(at));
        let Some(remedy) = remedy.cloned() else {
            return;
        };
        let change = Change {
            label: remedy.label(dialog.address.as_ref()),
            before: dialog.editor.draft.clone(),
            had_own_client_id: dialog.own_client_id,
        };
        remedy.apply(&mut dialog.editor.draft, new_client_id);
        match remedy {
            Remedy::Secret(slot) => {
                // What is known was wrong.
                dialog.secret_mut(&slot).clear();
                dialog.diagnosis = None;
                dialog.missing = vec![slot];
                return;
            }
            Remedy::OwnClientId => dialog.own_client_id = true,
            _ => {}
        }
        dialog.changes.push(change);
        self.run_diagnosis();
    }

    /// The dialog is closed. What it changed is in the form, where it can be saved.
    pub(super) fn end_diagnosis(&mut self, wants_form: bool) {
        self.session.cancel_diagnosis();
        let Some(Dialog::Diagnosis(dialog)) = self.dialog.take() else {
            return;
        };
        let has_changed = dialog
            .changes
            .iter()
            .any(|change| change.before != dialog.editor.draft);
        if wants_form || dialog.is_of_form || has_changed {
            self.dialog = Some(Dialog::Profile(dialog.editor));
        }
    }

    /// Another dialog took its place.
    pub(super) fn follow_diagnosis(&mut self) {
        if self.diagnosing().is_none() {
            self.session.cancel_diagnosis();
        }
    }

    pub(super) fn hear_of_diagnosis(&mut self, event: &Event) {
        if let Event::Diagnosis { generation, told } = event
            && let Some(dialog) = self.diagnosing()
            && dialog.generation == Some(*generation)
            && let Some(diagnosis) = &mut dialog.diagnosis
        {
            let told: Told = told.clone();
            if diagnosis.is_running() {
                diagnosis.apply(told);
            }
        }
    }

    /// A connection that cannot be made offers to look into it, until it stands.
    pub(super) fn tell_of_refusal(&mut self, id: &str, name: &str, problem: &Problem) {
        let words = format!("{name}: {}", problem.summary);
        self.offer_test(id, refusal_of(id), words, problem);
    }

    fn offer_test(&mut self, id: &str, about: String, words: String, problem: &Problem) {
        let action = Action::Diagnosis(DiagnosisAction::Test(id.to_owned()));
        let test = Choice {
            label: "Test connection",
            action,
        };
        let hint = problem.hint.to_string();
        self.notices.fail_about(about, words, hint, vec![test]);
    }

    /// One that is lost again and again offers it, too.
    pub(super) fn hear_of_loss(&mut self, event: &Event) {
        let Event::Connection {
            id,
            event: ConnectionEvent::State(state),
            ..
        } = event
        else {
            return;
        };
        if state.is_connected() {
            self.notices.dismiss_about(&refusal_of(id));
        }
        let is_many = self.losses.note(id, state, self.now);
        if let Some(problem) = state.problem().filter(|_| is_many) {
            let name = self.library.profile(id).map(|it| it.name.clone());
            let name = name.unwrap_or_else(|| id.to_string());
            let words = format!("{name} is lost again and again: {}", problem.summary);
            self.offer_test(id, format!("losses of {id}"), words, problem);
        }
    }

    pub(super) fn is_diagnosing(&self) -> bool {
        matches!(&self.dialog, Some(Dialog::Diagnosis(dialog)) if dialog.is_running())
    }

    fn copy_diagnosis(&mut self) {
        let now = self.now;
        let Some(dialog) = self.diagnosing() else {
            return;
        };
        if let (Some(diagnosis), Some(address)) = (&dialog.diagnosis, &dialog.address) {
            let text = report::text(diagnosis, &dialog.editor.draft.name, address, now);
            self.carry_out_copy(text);
        }
    }

    pub(super) fn diagnosis_entries(&self) -> impl Iterator<Item = PaletteEntry> {
        let profiles = self.library.profiles().iter();
        let testable = profiles.filter(|(_, draft)| !draft.is_listener());
        testable.map(|(id, draft)| PaletteEntry {
            text: format!("Test connection {}", draft.name),
            kind: "connection".to_owned(),
            shortcut: "",
            action: Action::Diagnosis(DiagnosisAction::Test(id.clone())),
        })
    }
}

/// What a notice is about.
fn refusal_of(id: &str) -> String {
    format!("refusal of {id}")
}

#[cfg(test)]
mod tests;
