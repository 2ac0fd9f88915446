//! What became of saves, and the two ways out when somebody else changed a file meanwhile.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::dialogs::Dialog;
use crate::app::library::{Trouble, Written};
use crate::app::notices::{Choice, NoticeId};
use crate::app::tabs::{Tab, Tabs};
use crate::app::undo::Undo;
use crate::model::profile::ProfileDraft;
use crate::model::request::RequestDraft;
use crate::model::responder::DeviceDraft;
use crate::model::subscribe::SubscriptionDraft;
use crate::store::{Kept as _, OnConflict, RuleText, Subject};

/// One notice for each file.
fn key(subject: &Subject) -> String {
    format!("file {subject:?}")
}

/// Whether something is typed that is about this file.
fn is_held(tabs: &Tabs, dialog: Option<&Dialog>, subject: &Subject) -> bool {
    let Subject::Item { folder, id } = subject else {
        return matches!(dialog, Some(Dialog::Settings(_) | Dialog::Environments(_)));
    };
    let in_dialog = match dialog {
        Some(Dialog::Profile(dialog)) if *folder == ProfileDraft::FOLDER => dialog.id.as_ref(),
        Some(Dialog::Device(dialog)) if *folder == DeviceDraft::FOLDER => dialog.id.as_ref(),
        Some(Dialog::Rule(dialog)) if *folder == RuleText::FOLDER => dialog.file.as_ref(),
        Some(Dialog::Subscription(dialog)) if *folder == SubscriptionDraft::FOLDER => {
            dialog.id.as_ref()
        }
        _ => None,
    };
    let in_tab = || {
        let tab = tabs.of_saved(id).and_then(|tab| tabs.get(tab));
        *folder == RequestDraft::FOLDER && tab.is_some_and(Tab::is_dirty)
    };
    in_dialog == Some(id) || in_tab()
}

impl App {
    /// Hears what became of what was saved.
    pub(in crate::app) fn hear_of_files(&mut self) {
        self.library.collect_problems();
        let (tabs, dialog) = (&self.tabs, self.dialog.as_ref());
        self.library
            .follow_elsewhere(|subject| is_held(tabs, dialog, subject));
        for trouble in self.library.take_problems() {
            self.tell(trouble);
        }
        for written in self.library.take_written() {
            self.note_written(written);
        }
    }

    pub(in crate::app) fn tell(&mut self, trouble: Trouble) {
        let Trouble {
            text,
            hint,
            conflict,
        } = trouble;
        match conflict {
            Some(subject) => self.notices.fail_about(
                key(&subject),
                text,
                if self.is_loaded_when_dismissed(&subject) {
                    format!("{hint}; to dismiss this loads it again")
                } else {
                    hint
                },
                vec![
                    Choice {
                        label: "Overwrite",
                        action: Action::OverwriteFile(subject.clone()),
                    },
                    Choice {
                        label: "Load again",
                        action: Action::LoadAgain(subject),
                    },
                ],
            ),
            None => self.notices.fail(text, hint),
        }
    }

    fn note_written(&mut self, written: Written) {
        match written {
            Written::Saved { id, draft } => {
                self.notices.dismiss_about(&key(&Subject::Item {
                    folder: RequestDraft::FOLDER,
                    id: id.clone(),
                }));
                if let Some(tab) = self.tab_of(&id) {
                    tab.original = draft;
                }
            }
            Written::NotSaved { id, before } => {
                if let Some(tab) = self.tab_of(&id) {
                    tab.original = before.unwrap_or_default();
                }
            }
            Written::Loaded { id, draft } => self.show_loaded(&id, draft),
            Written::Settings(settings) => {
                self.settings = settings.usable();
                self.apply_settings();
            }
            Written::Gone(Subject::Item { folder, id }) => {
                // What runs has nobody any more who could stop it.
                if folder == ProfileDraft::FOLDER && self.library.profile(&id).is_none() {
                    self.session.disconnect(&id);
                } else if folder == DeviceDraft::FOLDER {
                    self.session.stop_device(&id);
                }
            }
            Written::Gone(_) => {}
        }
    }

    fn show_loaded(&mut self, id: &str, draft: Option<RequestDraft>) {
        let now = self.now;
        let Some(tab) = self.tab_of(id) else { return };
        let Some(draft) = draft else {
            // Its file is gone; what is typed stays, as something that is not saved.
            tab.saved_id = None;
            tab.original = RequestDraft::default();
            return;
        };
        let was_typed = tab.is_dirty();
        let typed = std::mem::replace(&mut tab.draft, draft.clone());
        tab.original = draft;
        if was_typed && typed != tab.draft {
            let undo = Undo::Typed {
                tab: tab.id,
                draft: Box::new(typed),
            };
            let text = format!("Loaded {} again; what was typed is gone", tab.title());
            self.notices.offer_undo(text, undo, now);
        }
    }

    fn tab_of(&mut self, saved_id: &str) -> Option<&mut crate::app::tabs::Tab> {
        let tab = self.tabs.of_saved(saved_id)?;
        self.tabs.get_mut(tab)
    }

    pub(super) fn overwrite_file(&mut self, subject: &Subject) {
        let result = match subject {
            Subject::Settings => {
                self.library
                    .save_settings(&self.settings, OnConflict::Overwrite);
                Ok(())
            }
            // What is in its tab now, not what was there when the save was refused.
            Subject::Item { folder, id } if *folder == RequestDraft::FOLDER => {
                match self.tab_of(id).map(|tab| tab.draft.clone()) {
                    Some(draft) => self.library.overwrite_request(id, &draft).map(drop),
                    None => self.library.overwrite(subject),
                }
            }
            _ => self.library.overwrite(subject),
        };
        self.settle_choice(subject, result);
    }

    pub(super) fn load_again(&mut self, subject: &Subject) {
        let result = self.library.load_again(subject);
        self.library.look_elsewhere();
        self.settle_choice(subject, result);
    }

    /// Without a tab or a dialog that still holds what was refused, it would look saved and be gone after a restart.
    fn is_loaded_when_dismissed(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Item { folder, .. } if *folder == RequestDraft::FOLDER => false,
            Subject::Item { .. } => self.library.was_refused(subject),
            Subject::Settings => !is_held(&self.tabs, self.dialog.as_ref(), subject),
            Subject::Window => false,
        }
    }

    /// To dismiss a notice is to choose none of its ways out: what is in the file counts then.
    pub(super) fn dismiss(&mut self, id: NoticeId) {
        let notice = self.notices.dismiss(id);
        let choices = notice.iter().flat_map(|notice| &notice.choices);
        let subject = choices
            .filter_map(|choice| match &choice.action {
                Action::LoadAgain(subject) => Some(subject.clone()),
                _ => None,
            })
            .find(|subject| self.is_loaded_when_dismissed(subject));
        self.session.let_go(notice);
        if let Some(subject) = subject {
            self.load_again(&subject);
        }
    }

    pub(super) fn dismiss_all(&mut self) {
        let ids: Vec<NoticeId> = self.notices.shown().iter().map(|one| one.id).collect();
        for id in ids {
            self.dismiss(id);
        }
    }

    fn settle_choice(&mut self, subject: &Subject, result: Result<(), Trouble>) {
        self.notices.dismiss_about(&key(subject));
        if let Err(trouble) = result {
            self.tell(trouble);
        }
    }
}
