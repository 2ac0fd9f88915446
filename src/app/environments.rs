//! Environments: the one that is chosen, what its variables stand for now, and the dialog that edits them.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::dialogs::Dialog;
use crate::app::palette::PaletteEntry;
use crate::model::environment::{Environment, EnvironmentDraft, VariableDraft};
use crate::model::secret::Secret;
use crate::store::OnConflict;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentAction {
    /// By its name; none for no environment.
    Choose(Option<String>),
    Edit,
    /// What the dialog holds.
    Save,
}

/// A variable as it is edited.
#[derive(Default)]
pub struct VariableForm {
    pub draft: VariableDraft,
    /// The account of its secret before the dialog was opened.
    before: Option<String>,
    /// A secret as typed; empty where the kept one is to stay.
    pub secret: String,
}

#[derive(Default)]
pub struct EnvironmentForm {
    pub name: String,
    pub variables: Vec<VariableForm>,
}

/// What is typed. Never `Debug`s any of it.
pub struct EnvironmentsDialog {
    pub forms: Vec<EnvironmentForm>,
    /// By its place.
    pub shown: usize,
    pub error: Option<String>,
}

impl std::fmt::Debug for EnvironmentsDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EnvironmentsDialog({})", self.shown)
    }
}

impl EnvironmentForm {
    fn of(draft: &EnvironmentDraft) -> Self {
        let variables = draft.variables.iter().map(|one| VariableForm {
            draft: one.clone(),
            before: one.is_secret.then(|| draft.account(&one.name)),
            secret: String::new(),
        });
        Self {
            name: draft.name.clone(),
            variables: variables.collect(),
        }
    }

    /// A new one, to be filled.
    pub fn empty() -> Self {
        Self {
            name: String::new(),
            variables: vec![VariableForm::default()],
        }
    }

    fn is_empty(&self) -> bool {
        let mut names = self.variables.iter().map(|one| &one.draft.name);
        self.name.trim().is_empty() && names.all(|name| name.trim().is_empty())
    }

    /// What goes into the file: no secret.
    fn draft(&self) -> EnvironmentDraft {
        let is_begun =
            |one: &&VariableForm| !one.draft.name.trim().is_empty() || one.typed_secret().is_some();
        let begun = self.variables.iter().filter(is_begun);
        let variables = begun.map(|one| VariableDraft {
            name: one.draft.name.trim().to_owned(),
            value: if one.draft.is_secret {
                String::new()
            } else {
                one.draft.value.clone()
            },
            is_secret: one.draft.is_secret,
        });
        EnvironmentDraft {
            name: self.name.trim().to_owned(),
            variables: variables.collect(),
        }
    }
}

impl VariableForm {
    /// What was typed for it as a secret, also before it was marked as one.
    fn typed_secret(&self) -> Option<&str> {
        let typed = [&self.secret, &self.draft.value];
        let mut typed = typed.into_iter().map(String::as_str);
        typed.find(|text| !text.is_empty())
    }
}

impl App {
    pub(super) fn perform_environment(&mut self, action: EnvironmentAction) {
        match action {
            EnvironmentAction::Choose(name) => {
                self.window.environment = name.unwrap_or_default();
                self.refresh_environment();
                let is_on = self.session.links().next().is_some();
                if is_on {
                    self.notices.inform(
                        "Connections that stand keep the environment that they were made with",
                        self.now,
                    );
                }
            }
            EnvironmentAction::Edit => self.edit_environments(),
            EnvironmentAction::Save => self.save_environments(),
        }
    }

    /// The name of the environment that is chosen and there.
    pub fn environment_name(&self) -> Option<&str> {
        self.chosen_environment().map(|draft| draft.name.as_str())
    }

    fn chosen_environment(&self) -> Option<&EnvironmentDraft> {
        let mut all = self.settings.environments.iter();
        all.find(|draft| draft.name == self.window.environment)
    }

    /// What variables stand for, as of what is chosen and known now.
    pub(super) fn refresh_environment(&mut self) {
        let chosen = self.chosen_environment();
        let kept = |account: &str| {
            let here = self.passwords.get(account).cloned();
            here.or_else(|| self.library.kept_password(account))
        };
        let process = Arc::clone(&self.process);
        let fresh = Environment::new(chosen, kept, process);
        self.library.set_environment(fresh);
    }

    /// Where the secrets of all environments are kept.
    pub(super) fn environment_accounts(&self) -> Vec<String> {
        let all = self.settings.environments.iter();
        all.flat_map(|draft| {
            let secret = draft.variables.iter().filter(|one| one.is_secret);
            secret.map(|one| draft.account(&one.name))
        })
        .collect()
    }

    fn edit_environments(&mut self) {
        let all = &self.settings.environments;
        let shown = all
            .iter()
            .position(|one| one.name == self.window.environment);
        let mut forms: Vec<EnvironmentForm> = all.iter().map(EnvironmentForm::of).collect();
        if forms.is_empty() {
            forms.push(EnvironmentForm::empty());
        }
        self.dialog = Some(Dialog::Environments(Box::new(EnvironmentsDialog {
            forms,
            shown: shown.unwrap_or(0),
            error: None,
        })));
    }

    fn save_environments(&mut self) {
        let Some(Dialog::Environments(dialog)) = &mut self.dialog else {
            return;
        };
        // One that nobody has begun is none.
        dialog.forms.retain(|form| !form.is_empty());
        let drafts: Vec<EnvironmentDraft> =
            dialog.forms.iter().map(EnvironmentForm::draft).collect();
        dialog.error = drafts
            .iter()
            .find_map(EnvironmentDraft::problem)
            .or_else(|| {
                let twice = drafts.iter().enumerate().find(|(index, one)| {
                    drafts
                        .iter()
                        .skip(index + 1)
                        .any(|other| other.name == one.name)
                });
                twice.map(|(_, one)| format!("there are two environments `{}`", one.name))
            });
        if dialog.error.is_some() {
            return;
        }
        let shown = drafts.get(dialog.shown).map(|draft| draft.name.clone());
        let Some(Dialog::Environments(dialog)) = self.dialog.take() else {
            return;
        };
        let mut over = self.environment_accounts();
        let mut is_new_secret = false;
        for (form, draft) in dialog.forms.iter().zip(&drafts) {
            for one in form.variables.iter().filter(|one| one.draft.is_secret) {
                let account = draft.account(one.draft.name.trim());
                let kept = one.before.as_ref().filter(|before| **before != account);
                let kept = kept.and_then(|before| self.library.kept_password(before));
                let typed = one.typed_secret().map(|text| Secret::new(text.to_owned()));
                is_new_secret |= typed.is_some();
                if let Some(secret) = typed.or(kept) {
                    self.library.keep_password(&account, &secret);
                }
                over.retain(|known| *known != account);
            }
        }
        for account in over {
            self.library.forget_password(&account);
        }
        let was_chosen = self.window.environment.clone();
        if !drafts.iter().any(|draft| draft.name == was_chosen) {
            // It may have got another name.
            self.window.environment = shown.filter(|_| !was_chosen.is_empty()).unwrap_or_default();
        }
        self.settings.environments = drafts;
        self.library
            .save_settings(&self.settings, OnConflict::Refuse);
        self.refresh_environment();
        if is_new_secret {
            self.offer_file_for_secrets();
        }
    }

    /// Lines of the palette.
    pub(super) fn environment_entries(&self) -> Vec<PaletteEntry> {
        let entry = |text: String, action| PaletteEntry {
            text,
            kind: "command".to_owned(),
            shortcut: "",
            action: Action::Environment(action),
        };
        let mut entries = vec![entry(
            "Environments: edit variables…".to_owned(),
            EnvironmentAction::Edit,
        )];
        let names = self.settings.environments.iter().map(|one| &one.name);
        entries.extend(names.map(|name| {
            let action = EnvironmentAction::Choose(Some(name.clone()));
            entry(format!("Environment: {name}"), action)
        }));
        if self.environment_name().is_some() {
            let none = EnvironmentAction::Choose(None);
            entries.push(entry("Environment: none".to_owned(), none));
        }
        entries
    }
}

#[cfg(test)]
mod tests;
