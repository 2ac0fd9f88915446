//! The saved things: profiles, requests, devices, pairing rules, and the passwords that belong to profiles.
//!
//! What is here is what the files say or will say in a moment: changes are written by a thread of
//! its own, and what goes wrong there comes back as a [`Trouble`].

mod saves;
mod secrets;

pub use saves::Written;

use crate::app::secrets::Asked;
use crate::model::demo::Demo;
use crate::model::environment::Environment;
use crate::model::presets::Preset;
use crate::model::profile::{BUILT_IN_ID, ProfileDraft, SecretSlot};
use crate::model::request::RequestDraft;
use crate::model::responder::DeviceDraft;
use crate::model::secret::Secret;
use crate::model::subscribe::SubscriptionDraft;
use crate::store::{
    Deleted, FileProblem, Imported, Kept, OnConflict, PasswordDesk, RuleText, SecretError,
    Settings, StoreError, Subject, VaultAnswer, WindowState, Workspace, WriteReport, Writer,
};
use saves::{Again, Failed, Item, Pending};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Something that could not be read or written, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub text: String,
    pub hint: String,
    /// The file that somebody else changed meanwhile: it can be overwritten or loaded again.
    pub conflict: Option<Subject>,
}

impl From<StoreError> for Trouble {
    fn from(err: StoreError) -> Self {
        Self {
            text: err.to_string(),
            hint: err.hint(),
            conflict: None,
        }
    }
}

impl From<FileProblem> for Trouble {
    fn from(problem: FileProblem) -> Self {
        Self {
            text: problem.to_string(),
            hint: problem.hint,
            conflict: None,
        }
    }
}

/// What was deleted, enough to put it back.
#[derive(Clone, Debug)]
pub enum Removed {
    /// With the secrets that were kept for it: deleting a profile deletes those, too.
    Profile {
        id: String,
        draft: ProfileDraft,
        secrets: Vec<(SecretSlot, Secret)>,
    },
    Request {
        id: String,
        draft: RequestDraft,
    },
    Device {
        id: String,
        draft: DeviceDraft,
    },
    Rule {
        id: String,
        text: RuleText,
    },
    Subscription {
        id: String,
        draft: SubscriptionDraft,
    },
}

/// What was put back.
#[derive(Clone, Debug)]
pub enum Restored {
    Profile(String),
    Request(String, Box<RequestDraft>),
    Device(String),
    Rule,
    Subscription,
}

/// What other threads leave here.
#[derive(Default)]
struct Inbox {
    reports: Vec<WriteReport>,
    again: Vec<Again>,
    passwords: HashMap<String, Secret>,
    /// What the keyring could not do.
    troubles: Vec<Trouble>,
    vault: Vec<(Asked, Result<VaultAnswer, SecretError>)>,
}

pub struct Library {
    profiles: BTreeMap<String, ProfileDraft>,
    requests: BTreeMap<String, RequestDraft>,
    devices: BTreeMap<String, DeviceDraft>,
    rules: BTreeMap<String, RuleText>,
    subscriptions: BTreeMap<String, SubscriptionDraft>,
    /// Counts what changed in `rules`.
    rules_version: u64,
    workspace: Workspace,
    writer: Writer,
    desk: PasswordDesk,
    inbox: Arc<Mutex<Inbox>>,
    wake: Arc<dyn Fn() + Send + Sync>,
    /// What is on its way to its file.
    pending: HashMap<Subject, Pending>,
    /// What did not get there.
    failed: HashMap<Subject, Failed>,
    written: Vec<Written>,
    /// By folder and id: the file as it was.
    trashed: HashMap<(&'static str, String), Deleted>,
    troubles: Vec<Trouble>,
    environment: Arc<Environment>,
}

/// A client id that no other client is likely to have, for a new profile.
pub fn new_client_id() -> String {
    format!("roundtrip-{:08x}", rand::random::<u32>())
}

impl Library {
    /// Reads the workspace. Files that cannot be read are told by [`Library::take_problems`].
    pub fn open(
        workspace: Workspace,
        wake: &Arc<dyn Fn() + Send + Sync>,
    ) -> Result<Self, StoreError> {
        let desk = PasswordDesk::open(&workspace)?;
        Self::with_desk(workspace, desk, wake)
    }

    /// With a desk of choice: tests have no keyring.
    pub fn with_desk(
        workspace: Workspace,
        desk: PasswordDesk,
        wake: &Arc<dyn Fn() + Send + Sync>,
    ) -> Result<Self, StoreError> {
        let inbox: Arc<Mutex<Inbox>> = Arc::default();
        let of_writer = Arc::clone(&inbox);
        let waker = Arc::clone(wake);
        let sink = Arc::new(move |report| {
            lock(&of_writer).reports.push(report);
            waker();
        });
        let writer = Writer::start(workspace.clone(), sink)?;
        let mut troubles = Vec::new();
        let mut library = Self {
            profiles: shelf(&workspace, &mut troubles),
            requests: shelf(&workspace, &mut troubles),
            devices: shelf(&workspace, &mut troubles),
            rules: shelf(&workspace, &mut troubles),
            subscriptions: shelf(&workspace, &mut troubles),
            rules_version: 1,
            workspace,
            writer,
            desk,
            inbox,
            wake: Arc::clone(wake),
            pending: HashMap::new(),
            failed: HashMap::new(),
            written: Vec::new(),
            trashed: HashMap::new(),
            troubles,
            environment: Arc::default(),
        };
        library.add_built_in();
        let accounts = library.secret_accounts();
        library.fetch_passwords(accounts);
        Ok(library)
    }

    pub fn profiles(&self) -> &BTreeMap<String, ProfileDraft> {
        &self.profiles
    }

    pub fn requests(&self) -> &BTreeMap<String, RequestDraft> {
        &self.requests
    }

    pub fn devices(&self) -> &BTreeMap<String, DeviceDraft> {
        &self.devices
    }

    /// By the name of the file, valid or not.
    pub fn rules(&self) -> &BTreeMap<String, RuleText> {
        &self.rules
    }

    pub fn subscriptions(&self) -> &BTreeMap<String, SubscriptionDraft> {
        &self.subscriptions
    }

    /// Another number whenever a rule may have changed.
    pub fn rules_version(&self) -> u64 {
        self.rules_version
    }

    /// What variables stand for now.
    pub fn environment(&self) -> &Arc<Environment> {
        &self.environment
    }

    /// Whoever compares by the handle sees whether anything has changed.
    pub fn set_environment(&mut self, environment: Environment) {
        if *self.environment != environment {
            self.environment = Arc::new(environment);
        }
    }

    pub fn profile(&self, id: &str) -> Option<&ProfileDraft> {
        self.profiles.get(id)
    }

    pub fn request(&self, id: &str) -> Option<&RequestDraft> {
        self.requests.get(id)
    }

    pub fn device(&self, id: &str) -> Option<&DeviceDraft> {
        self.devices.get(id)
    }

    pub fn workspace_name(&self) -> String {
        self.workspace.folder().file_name().map_or_else(
            || "workspace".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// Where recordings go when nobody says otherwise.
    pub fn recordings_folder(&self) -> &std::path::Path {
        self.workspace.recordings_folder()
    }

    pub fn workspace_path(&self) -> String {
        self.workspace.folder().display().to_string()
    }

    /// Saves under `id`, or as a new thing; gives the id.
    pub fn save_profile(
        &mut self,
        id: Option<&str>,
        draft: &ProfileDraft,
    ) -> Result<String, Trouble> {
        self.keep(id, draft, OnConflict::Refuse)
    }

    pub fn save_request(
        &mut self,
        id: Option<&str>,
        draft: &RequestDraft,
    ) -> Result<String, Trouble> {
        self.keep(id, draft, OnConflict::Refuse)
    }

    pub fn save_device(
        &mut self,
        id: Option<&str>,
        draft: &DeviceDraft,
    ) -> Result<String, Trouble> {
        self.keep(id, draft, OnConflict::Refuse)
    }

    pub fn save_rule(&mut self, id: Option<&str>, text: &RuleText) -> Result<String, Trouble> {
        self.keep(id, text, OnConflict::Refuse)
    }

    pub fn save_subscription(
        &mut self,
        id: Option<&str>,
        draft: &SubscriptionDraft,
    ) -> Result<String, Trouble> {
        self.keep(id, draft, OnConflict::Refuse)
    }

    pub fn remove_profile(&mut self, id: &str) -> Result<Removed, Trouble> {
        self.bin::<ProfileDraft>(id)?;
        let draft = self.profiles.remove(id).unwrap_or_default();
        let mut secrets = Vec::new();
        // Some may be kept from a time when they were wanted.
        for slot in draft.secret_slots() {
            let account = slot.account(id);
            if let Some(secret) = self.kept_password(&account) {
                secrets.push((slot, secret));
            }
            self.forget_password(&account);
        }
        Ok(Removed::Profile {
            id: id.to_owned(),
            draft,
            secrets,
        })
    }

    pub fn remove_request(&mut self, id: &str) -> Result<Removed, Trouble> {
        self.bin::<RequestDraft>(id)?;
        let draft = self.requests.remove(id).unwrap_or_default();
        Ok(Removed::Request {
            id: id.to_owned(),
            draft,
        })
    }

    pub fn remove_device(&mut self, id: &str) -> Result<Removed, Trouble> {
        self.bin::<DeviceDraft>(id)?;
        let draft = self.devices.remove(id).unwrap_or_default();
        Ok(Removed::Device {
            id: id.to_owned(),
            draft,
        })
    }

    pub fn remove_rule(&mut self, id: &str) -> Result<Removed, Trouble> {
        self.bin::<RuleText>(id)?;
        let text = self.rules.remove(id).unwrap_or_default();
        self.rules_version += 1;
        Ok(Removed::Rule {
            id: id.to_owned(),
            text,
        })
    }

    pub fn remove_subscription(&mut self, id: &str) -> Result<Removed, Trouble> {
        self.bin::<SubscriptionDraft>(id)?;
        let draft = self.subscriptions.remove(id).unwrap_or_default();
        Ok(Removed::Subscription {
            id: id.to_owned(),
            draft,
        })
    }

    /// Where the file of a rule is, or would be, for people to read.
    pub fn rule_path(&self, id: &str) -> String {
        format!("{}/{id}.toml", RuleText::FOLDER)
    }

    /// Puts a deleted thing back, its file byte for byte.
    pub fn restore(&mut self, removed: Removed) -> Result<Restored, Trouble> {
        self.collect_problems();
        if let Some((noun, name)) = self.in_the_way(&removed) {
            return Err(Trouble {
                text: format!(
                    "It was not brought back: there is a {noun} {name} in its place already"
                ),
                hint:
                    "Delete or duplicate that one first; what was deleted is in the trash folder."
                        .to_owned(),
                conflict: None,
            });
        }
        match removed {
            Removed::Profile { id, draft, secrets } => {
                self.put_back(&id, &draft)?;
                for (slot, secret) in secrets {
                    self.keep_password(&slot.account(&id), &secret);
                }
                self.profiles.insert(id.clone(), draft);
                Ok(Restored::Profile(id))
            }
            Removed::Request { id, draft } => {
                self.put_back(&id, &draft)?;
                self.requests.insert(id.clone(), draft.clone());
                Ok(Restored::Request(id, Box::new(draft)))
            }
            Removed::Device { id, draft } => {
                self.put_back(&id, &draft)?;
                self.devices.insert(id.clone(), draft);
                Ok(Restored::Device(id))
            }
            Removed::Rule { id, text } => {
                self.put_back(&id, &text)?;
                self.rules.insert(id, text);
                self.rules_version += 1;
                Ok(Restored::Rule)
            }
            Removed::Subscription { id, draft } => {
                self.put_back(&id, &draft)?;
                self.subscriptions.insert(id, draft);
                Ok(Restored::Subscription)
            }
        }
    }

    /// What has taken the id of a thing that was deleted, such as by a demo.
    fn in_the_way(&self, removed: &Removed) -> Option<(&'static str, &str)> {
        match removed {
            Removed::Profile { id, .. } => {
                let there = self.profiles.get(id)?;
                Some((ProfileDraft::NOUN, &there.name))
            }
            Removed::Request { id, .. } => {
                let there = self.requests.get(id)?;
                Some((RequestDraft::NOUN, &there.name))
            }
            Removed::Device { id, .. } => {
                let there = self.devices.get(id)?;
                Some((DeviceDraft::NOUN, &there.name))
            }
            Removed::Rule { id, .. } => {
                let there = self.rules.get(id)?;
                Some((RuleText::NOUN, there.name()))
            }
            Removed::Subscription { id, .. } => {
                let there = self.subscriptions.get(id)?;
                Some((SubscriptionDraft::NOUN, there.title()))
            }
        }
    }

    /// Takes what a demo needs into the lists. What is there already stays as the user has it.
    pub fn adopt(&mut self, demo: &Demo) -> Result<(), Trouble> {
        for one in demo
            .connections
            .iter()
            .filter(|one| !self.profiles.contains_key(&one.id))
            .collect::<Vec<_>>()
        {
            self.save_profile(Some(&one.id), &one.draft)?;
        }
        for one in demo
            .requests
            .iter()
            .filter(|one| !self.requests.contains_key(&one.id))
            .collect::<Vec<_>>()
        {
            self.save_request(Some(&one.id), &one.draft)?;
        }
        for one in demo
            .devices
            .iter()
            .filter(|one| !self.devices.contains_key(&one.id))
            .collect::<Vec<_>>()
        {
            self.save_device(Some(&one.id), &one.draft)?;
        }
        Ok(())
    }

    /// Takes the example of a shipped rule in, under the id that both its parts get; what is there already stays.
    pub fn adopt_preset(&mut self, preset: &Preset) -> Result<String, Trouble> {
        let id = format!("example-{}", preset.rule);
        if !self.requests.contains_key(&id) {
            let mut request = preset.request.clone();
            "Examples".clone_into(&mut request.folder);
            self.save_request(Some(&id), &request)?;
        }
        if !self.devices.contains_key(&id) {
            self.save_device(Some(&id), &preset.device)?;
        }
        Ok(id)
    }

    /// For work on another thread.
    pub fn workspace(&self) -> Workspace {
        self.workspace.clone()
    }

    /// What an import wrote is here from now on.
    pub fn take_in(&mut self, imported: &Imported) {
        for one in &imported.profiles {
            self.profiles.insert(one.id.clone(), one.draft.clone());
        }
        for one in &imported.requests {
            self.requests.insert(one.id.clone(), one.draft.clone());
        }
    }

    /// … and is no longer, or is again what it was.
    pub fn take_out(&mut self, imported: &Imported) {
        for one in &imported.profiles {
            match &one.before {
                Some(before) => drop(self.profiles.insert(one.id.clone(), before.clone())),
                None => drop(self.profiles.remove(&one.id)),
            }
        }
        for one in &imported.requests {
            match &one.before {
                Some(before) => drop(self.requests.insert(one.id.clone(), before.clone())),
                None => drop(self.requests.remove(&one.id)),
            }
        }
    }

    pub fn save_settings(&mut self, settings: &Settings, on_conflict: OnConflict) {
        if let Err(err) = self.writer.save_settings(settings.clone(), on_conflict) {
            self.troubles.push(err.into());
        }
    }

    pub fn save_window(&mut self, window: &WindowState) {
        if let Err(err) = self.writer.save_window(window.clone()) {
            self.troubles.push(err.into());
        }
    }

    /// Waits until everything is on the disk. Only for the end of the program.
    pub fn flush(&self) {
        self.writer.flush(Duration::from_secs(5));
    }

    pub fn take_problems(&mut self) -> Vec<Trouble> {
        std::mem::take(&mut self.troubles)
    }

    /// Deletes a file; what it was comes with the writer's report.
    fn bin<T: Item>(&mut self, id: &str) -> Result<(), Trouble> {
        // What was there when an earlier thing of this id was deleted.
        self.trashed.remove(&(T::FOLDER, id.to_owned()));
        self.writer.delete::<T>(id)?;
        let subject = saves::subject::<T>(id);
        self.pending.remove(&subject);
        self.failed.remove(&subject);
        Ok(())
    }

    fn put_back<T: Kept>(&mut self, id: &str, draft: &T) -> Result<(), Trouble> {
        match self.trashed.remove(&(T::FOLDER, id.to_owned())) {
            Some(deleted) => self.writer.restore::<T>(id, deleted)?,
            None => self.writer.save(id, draft.clone(), OnConflict::Overwrite)?,
        };
        Ok(())
    }

    fn add_built_in(&mut self) {
        if self.profiles.contains_key(BUILT_IN_ID) {
            return;
        }
        let draft = ProfileDraft {
            client_id: new_client_id(),
            ..ProfileDraft::built_in()
        };
        if let Err(trouble) = self.save_profile(Some(BUILT_IN_ID), &draft) {
            self.troubles.push(trouble);
            // It works all the same, only not under the same client id next time.
            self.profiles.insert(BUILT_IN_ID.to_owned(), draft);
        }
    }
}

fn shelf<T: Kept>(workspace: &Workspace, troubles: &mut Vec<Trouble>) -> BTreeMap<String, T> {
    let loaded = workspace.load::<T>();
    troubles.extend(loaded.problems.into_iter().map(Trouble::from));
    loaded
        .items
        .into_iter()
        .map(|stored| (stored.id, stored.draft))
        .collect()
}

fn lock(inbox: &Mutex<Inbox>) -> MutexGuard<'_, Inbox> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
