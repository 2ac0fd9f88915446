//! What other programs write into the workspace, taken up while the window is open.
//!
//! A thing that is not being changed here is simply what its file says. One that is, in a tab or a dialog or on its way to
//! the disk, is left as it is: its save is refused as ever, and nothing that is typed is lost. It is looked at again as
//! soon as nobody holds it any more.

use super::saves::{Item, Written, subject};
use super::{Library, Trouble, lock};
use crate::model::profile::ProfileDraft;
use crate::model::request::RequestDraft;
use crate::store::{Differences, Found, Kept as _, Settings, StoreError, Subject, Watch};
use std::sync::Arc;

/// What there is to be taken up.
#[derive(Default)]
pub struct Elsewhere {
    watch: Option<Watch>,
    found: Differences,
    /// Those that are held here and of which that was told.
    told: Vec<Told>,
}

#[derive(PartialEq, Eq)]
struct Told {
    subject: Subject,
    /// Of what is in the file now.
    version: u64,
}

impl Library {
    /// Begins to take up what other programs write.
    pub fn watch(&mut self) -> Result<(), StoreError> {
        let (inbox, wake) = (Arc::clone(&self.inbox), Arc::clone(&self.wake));
        let watch = self.workspace.watch(move |found| {
            lock(&inbox).found = Some(found);
            wake();
        })?;
        self.elsewhere.watch = Some(watch);
        Ok(())
    }

    /// Looks at the files, for where the system does not tell of changes.
    pub fn look_elsewhere(&self) {
        if let Some(watch) = &self.elsewhere.watch {
            watch.look();
        }
    }

    /// Takes up what was found, but for what `is_held`: that is told once, with the two ways out. Cheap when there is
    /// nothing.
    pub fn follow_elsewhere(&mut self, is_held: impl Fn(&Subject) -> bool) {
        if let Some(found) = lock(&self.inbox).found.take() {
            let problems = found.problems.iter().cloned();
            self.troubles.extend(problems.map(Trouble::from));
            self.elsewhere.found = Differences {
                problems: Vec::new(),
                ..found
            };
        }
        if self.elsewhere.found.is_empty() {
            self.elsewhere.told.clear();
            return;
        }
        let Differences {
            profiles,
            requests,
            devices,
            rules,
            subscriptions,
            settings,
            ..
        } = std::mem::take(&mut self.elsewhere.found);
        let left = Differences {
            profiles: self.take_up(profiles, &is_held),
            requests: self.take_up(requests, &is_held),
            devices: self.take_up(devices, &is_held),
            rules: self.take_up(rules, &is_held),
            subscriptions: self.take_up(subscriptions, &is_held),
            settings: settings.and_then(|it| self.take_up_settings(it, &is_held)),
            problems: Vec::new(),
        };
        self.elsewhere.found = left;
    }

    /// Gives what is held.
    fn take_up<T: Item>(
        &mut self,
        found: Vec<Found<T>>,
        is_held: &impl Fn(&Subject) -> bool,
    ) -> Vec<Found<T>> {
        let mut left = Vec::new();
        for one in found {
            let subject = subject::<T>(&one.id);
            // Its save will be refused, and that is told.
            if self.pending.contains_key(&subject) || self.failed.contains_key(&subject) {
                left.push(one);
            } else if is_held(&subject) {
                self.tell_held(subject, one.version(), &one.what());
                left.push(one);
            } else if self.workspace.accept(&one) {
                self.take_one_up(one);
            }
        }
        left
    }

    fn take_one_up<T: Item>(&mut self, found: Found<T>) {
        let Found { id, draft, .. } = found;
        if draft.is_none() {
            self.written.push(Written::Gone(subject::<T>(&id)));
        }
        self.take_again(T::again(id, draft));
    }

    fn take_up_settings(
        &mut self,
        found: Found<Settings>,
        is_held: &impl Fn(&Subject) -> bool,
    ) -> Option<Found<Settings>> {
        if is_held(&Subject::Settings) {
            return Some(found);
        }
        if self.workspace.accept(&found) {
            let settings = found.draft.unwrap_or_default();
            self.written.push(Written::Settings(settings));
        }
        None
    }

    fn tell_held(&mut self, subject: Subject, version: u64, what: &str) {
        let told = Told { subject, version };
        if self.elsewhere.told.contains(&told) {
            return;
        }
        let subject = told.subject.clone();
        self.elsewhere.told.retain(|one| one.subject != subject);
        // In a dialog there is a way out already: to close it, or to save and be asked.
        let is_in_tab =
            matches!(&subject, Subject::Item { folder, .. } if *folder == RequestDraft::FOLDER);
        let hint = if is_in_tab {
            "Load it again to see what is there now, or overwrite it."
        } else {
            "Close the dialog to see what is there now; when you save, you are asked first."
        };
        self.troubles.push(Trouble {
            text: format!("{what}; what is typed here is kept"),
            hint: hint.to_owned(),
            conflict: is_in_tab.then_some(subject),
        });
        self.elsewhere.told.push(told);
    }

    /// The secrets of a profile that was not here before.
    pub(super) fn welcome(&self, id: &str, draft: &ProfileDraft) {
        if !self.profiles.contains_key(id) {
            let slots = draft.secret_slots().into_iter();
            self.fetch_passwords(slots.map(|slot| slot.account(id)).collect());
        }
    }
}
