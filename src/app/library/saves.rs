//! What becomes of a save: on its way, in its file, or refused because somebody else changed the file.
//!
//! A save is asked for in one frame and reported in a later one. Until the report says so nothing
//! counts as saved; what was refused is kept here, so that it can still be put over the file.

use super::{Inbox, Library, Trouble, lock};
use crate::model::profile::ProfileDraft;
use crate::model::request::RequestDraft;
use crate::model::responder::DeviceDraft;
use crate::model::subscribe::SubscriptionDraft;
use crate::store::{
    Kept, OnConflict, RuleText, Settings, StoreError, Subject, Ticket, WriteDone, WriteReport,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What open tabs need to hear.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// The file of a request holds this now.
    Saved {
        id: String,
        draft: RequestDraft,
    },
    /// The file of a request is as it was before, if there is one.
    NotSaved {
        id: String,
        before: Option<RequestDraft>,
    },
    /// What a request's file holds, read again; none when it is gone.
    Loaded {
        id: String,
        draft: Option<RequestDraft>,
    },
    Settings(Settings),
    /// Somebody else deleted it.
    Gone(Subject),
}

#[derive(Clone, Debug)]
pub(super) enum Thing {
    Profile(ProfileDraft),
    Request(RequestDraft),
    Device(DeviceDraft),
    Rule(RuleText),
    Subscription(SubscriptionDraft),
}

/// A file that was read again, by id.
pub(super) enum Again {
    Profile(String, Option<ProfileDraft>),
    Request(String, Option<RequestDraft>),
    Device(String, Option<DeviceDraft>),
    Rule(String, Option<RuleText>),
    Subscription(String, Option<SubscriptionDraft>),
    Settings(Settings),
}

pub(super) struct Pending {
    ticket: Ticket,
    ours: Thing,
    /// As in its file, as far as is known.
    before: Option<Thing>,
}

pub(super) struct Failed {
    ours: Thing,
    /// Something of that id is in its file all the same.
    has_file: bool,
}

/// A kind of thing and its shelf in the library.
pub(super) trait Item: Kept {
    fn shelf(library: &mut Library) -> &mut BTreeMap<String, Self>;
    fn thing(self) -> Thing;
    fn again(id: String, draft: Option<Self>) -> Again;
}

impl Item for ProfileDraft {
    fn shelf(library: &mut Library) -> &mut BTreeMap<String, Self> {
        &mut library.profiles
    }

    fn thing(self) -> Thing {
        Thing::Profile(self)
    }

    fn again(id: String, draft: Option<Self>) -> Again {
        Again::Profile(id, draft)
    }
}

impl Item for RequestDraft {
    fn shelf(library: &mut Library) -> &mut BTreeMap<String, Self> {
        &mut library.requests
    }

    fn thing(self) -> Thing {
        Thing::Request(self)
    }

    fn again(id: String, draft: Option<Self>) -> Again {
        Again::Request(id, draft)
    }
}

impl Item for DeviceDraft {
    fn shelf(library: &mut Library) -> &mut BTreeMap<String, Self> {
        &mut library.devices
    }

    fn thing(self) -> Thing {
        Thing::Device(self)
    }

    fn again(id: String, draft: Option<Self>) -> Again {
        Again::Device(id, draft)
    }
}

impl Item for RuleText {
    fn shelf(library: &mut Library) -> &mut BTreeMap<String, Self> {
        library.rules_version += 1;
        &mut library.rules
    }

    fn thing(self) -> Thing {
        Thing::Rule(self)
    }

    fn again(id: String, draft: Option<Self>) -> Again {
        Again::Rule(id, draft)
    }
}

impl Item for SubscriptionDraft {
    fn shelf(library: &mut Library) -> &mut BTreeMap<String, Self> {
        &mut library.subscriptions
    }

    fn thing(self) -> Thing {
        Thing::Subscription(self)
    }

    fn again(id: String, draft: Option<Self>) -> Again {
        Again::Subscription(id, draft)
    }
}

pub(super) fn subject<T: Kept>(id: &str) -> Subject {
    Subject::Item {
        folder: T::FOLDER,
        id: id.to_owned(),
    }
}

impl Library {
    /// Asks for a save under `id`, or as a new thing; gives the id.
    pub(super) fn keep<T: Item>(
        &mut self,
        id: Option<&str>,
        draft: &T,
        on_conflict: OnConflict,
    ) -> Result<String, Trouble> {
        let id = id.map_or_else(|| self.workspace.new_id::<T>(draft.name()), str::to_owned);
        let ticket = self.writer.save(&id, draft.clone(), on_conflict)?;
        let before = T::shelf(self)
            .insert(id.clone(), draft.clone())
            .map(T::thing);
        let subject = subject::<T>(&id);
        let has_file = self.failed.remove(&subject).is_none_or(|one| one.has_file);
        let before = match self.pending.remove(&subject) {
            Some(earlier) => earlier.before,
            None => before.filter(|_| has_file),
        };
        let pending = Pending {
            ticket,
            ours: draft.clone().thing(),
            before,
        };
        self.pending.insert(subject, pending);
        Ok(id)
    }

    /// A request over what somebody else wrote into its file.
    pub fn overwrite_request(&mut self, id: &str, draft: &RequestDraft) -> Result<String, Trouble> {
        self.keep(Some(id), draft, OnConflict::Overwrite)
    }

    /// What was refused because somebody else changed the file: put over it.
    pub fn overwrite(&mut self, subject: &Subject) -> Result<(), Trouble> {
        let (Subject::Item { id, .. }, Some(failed)) = (subject, self.failed.remove(subject))
        else {
            return Ok(());
        };
        match failed.ours {
            Thing::Profile(draft) => self.keep(Some(id), &draft, OnConflict::Overwrite),
            Thing::Request(draft) => self.keep(Some(id), &draft, OnConflict::Overwrite),
            Thing::Device(draft) => self.keep(Some(id), &draft, OnConflict::Overwrite),
            Thing::Rule(text) => self.keep(Some(id), &text, OnConflict::Overwrite),
            Thing::Subscription(draft) => self.keep(Some(id), &draft, OnConflict::Overwrite),
        }?;
        Ok(())
    }

    /// Reads a file again, in a moment: what is there now counts.
    pub fn load_again(&mut self, subject: &Subject) -> Result<(), Trouble> {
        match subject {
            Subject::Item { folder, id } if *folder == ProfileDraft::FOLDER => {
                self.ask_again::<ProfileDraft>(id)
            }
            Subject::Item { folder, id } if *folder == RequestDraft::FOLDER => {
                self.ask_again::<RequestDraft>(id)
            }
            Subject::Item { folder, id } if *folder == RuleText::FOLDER => {
                self.ask_again::<RuleText>(id)
            }
            Subject::Item { folder, id } if *folder == SubscriptionDraft::FOLDER => {
                self.ask_again::<SubscriptionDraft>(id)
            }
            Subject::Item { id, .. } => self.ask_again::<DeviceDraft>(id),
            Subject::Settings => {
                let tell = self.teller();
                self.writer
                    .load_settings_again(move |settings| tell(Again::Settings(settings)))?;
                Ok(())
            }
            Subject::Window => Ok(()),
        }
    }

    fn ask_again<T: Item>(&mut self, id: &str) -> Result<(), Trouble> {
        let (tell, of) = (self.teller(), id.to_owned());
        self.writer
            .load_again::<T>(id, move |draft| tell(T::again(of, draft)))?;
        Ok(())
    }

    fn teller(&self) -> impl FnOnce(Again) + Send + 'static {
        let (inbox, wake) = (Arc::clone(&self.inbox), Arc::clone(&self.wake));
        move |again| {
            lock(&inbox).again.push(again);
            wake();
        }
    }

    /// False for a request whose only save so far has failed.
    pub fn is_in_file(&self, request: &str) -> bool {
        self.failed
            .get(&subject::<RequestDraft>(request))
            .is_none_or(|failed| failed.has_file)
    }

    /// What is here of it is not in its file, and no save is on its way.
    pub fn was_refused(&self, subject: &Subject) -> bool {
        self.failed.contains_key(subject)
    }

    /// Hears what the writer and the keyring have to say.
    pub fn collect_problems(&mut self) {
        let (reports, again, troubles) = {
            let inbox: &mut Inbox = &mut lock(&self.inbox);
            (
                std::mem::take(&mut inbox.reports),
                std::mem::take(&mut inbox.again),
                std::mem::take(&mut inbox.troubles),
            )
        };
        self.troubles.extend(troubles);
        for report in reports {
            self.hear(report);
        }
        for again in again {
            self.take_again(again);
        }
    }

    /// What became of requests since this was last asked.
    pub fn take_written(&mut self) -> Vec<Written> {
        std::mem::take(&mut self.written)
    }

    fn hear(&mut self, report: WriteReport) {
        let WriteReport {
            subject,
            ticket,
            result,
        } = report;
        match self.pending.get(&subject) {
            // Of an earlier save; the later one will tell.
            Some(pending) if pending.ticket > ticket => return,
            Some(pending) if pending.ticket == ticket => {
                if let Some(pending) = self.pending.remove(&subject) {
                    self.settle(subject, pending, result);
                }
                return;
            }
            _ => {}
        }
        match (subject, result) {
            (Subject::Item { folder, id }, Ok(WriteDone::Deleted(Some(deleted)))) => {
                self.trashed.insert((folder, id), deleted);
            }
            (_, Ok(_)) => {}
            (subject, Err(err)) => self.complain(subject, err),
        }
    }

    fn complain(&mut self, subject: Subject, err: StoreError) {
        let is_conflict = matches!(err, StoreError::Conflict { .. });
        self.troubles.push(Trouble {
            conflict: is_conflict.then_some(subject),
            ..Trouble::from(err)
        });
    }

    fn settle(
        &mut self,
        subject: Subject,
        pending: Pending,
        result: Result<WriteDone, StoreError>,
    ) {
        let Subject::Item { id, .. } = &subject else {
            return;
        };
        let id = id.clone();
        let Pending { ours, before, .. } = pending;
        let Err(err) = result else {
            if let Thing::Request(draft) = ours {
                self.written.push(Written::Saved { id, draft });
            }
            return;
        };
        let has_file = before.is_some();
        let before = match before {
            Some(Thing::Request(before)) => {
                // The list shows what is in the file; what was typed is in the tab.
                self.requests.insert(id.clone(), before.clone());
                Some(before)
            }
            _ => None,
        };
        if matches!(ours, Thing::Request(_)) {
            self.written.push(Written::NotSaved { id, before });
        }
        self.failed
            .insert(subject.clone(), Failed { ours, has_file });
        self.complain(subject, err);
    }

    pub(super) fn take_again(&mut self, again: Again) {
        match again {
            Again::Profile(id, draft) => {
                if let Some(draft) = &draft {
                    self.welcome(&id, draft);
                }
                self.put(&id, draft);
                self.add_built_in();
            }
            Again::Request(id, draft) => {
                self.put(&id, draft.clone());
                self.written.push(Written::Loaded { id, draft });
            }
            Again::Device(id, draft) => self.put(&id, draft),
            Again::Rule(id, text) => self.put(&id, text),
            Again::Subscription(id, draft) => self.put(&id, draft),
            Again::Settings(settings) => self.written.push(Written::Settings(settings)),
        }
    }

    fn put<T: Item>(&mut self, id: &str, draft: Option<T>) {
        self.failed.remove(&subject::<T>(id));
        match draft {
            Some(draft) => drop(T::shelf(self).insert(id.to_owned(), draft)),
            None => drop(T::shelf(self).remove(id)),
        }
    }
}
