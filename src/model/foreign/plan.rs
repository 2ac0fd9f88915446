//! What an import would do, before it does anything: what is new, what is here already, and what becomes of it.

use super::{FileRole, Foreign, ForeignProfile, LeftOut, Source};
use crate::model::profile::{BUILT_IN_ID, ProfileDraft, SecretSlot};
use crate::model::request::RequestDraft;
use crate::model::secret::Secret;
use crate::model::subscribe::SubscriptionDraft;
use std::collections::{BTreeMap, BTreeSet};

/// How an entry stands to what is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    New,
    /// Just the same is here, under this id.
    Same(String),
    /// Something else of that name is here, under this id.
    SameName(String),
}

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// As something new; where the name is taken, under another.
    Add,
    Replace,
    Leave,
}

/// An entry and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned<T> {
    pub item: T,
    pub fate: Fate,
    pub choice: Choice,
    /// What it is called when it is added.
    pub name: String,
}

impl<T> Planned<T> {
    fn new(item: T, fate: Fate, name: String) -> Self {
        let choice = match fate {
            // Twice the same would only be in the way.
            Fate::Same(_) => Choice::Leave,
            Fate::New | Fate::SameName(_) => Choice::Add,
        };
        Self {
            item,
            fate,
            choice,
            name,
        }
    }

    /// The id of what is here.
    fn there(&self) -> Option<&str> {
        match &self.fate {
            Fate::New => None,
            Fate::Same(id) | Fate::SameName(id) => Some(id),
        }
    }

    /// What it is called afterwards; `own` is what its source calls it.
    pub fn called<'a>(&'a self, own: &'a str) -> &'a str {
        if self.choice == Choice::Add {
            &self.name
        } else {
            own
        }
    }

    pub fn can_replace(&self) -> bool {
        matches!(self.fate, Fate::SameName(_))
    }

    /// What becomes of it, in words.
    pub fn words(&self) -> String {
        match (self.choice, &self.fate) {
            (Choice::Leave, Fate::Same(_)) => "is here already, just so".to_owned(),
            (Choice::Leave, _) => "left out".to_owned(),
            (Choice::Replace, _) => "replaces what is here".to_owned(),
            (Choice::Add, Fate::New) => "new".to_owned(),
            (Choice::Add, _) => "added beside what is here".to_owned(),
        }
    }

    /// The id of what it takes the place of, if it takes one.
    fn replaces(&self) -> Option<String> {
        self.there()
            .filter(|_| self.choice == Choice::Replace)
            .map(str::to_owned)
    }
}

/// What an import would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub source: Source,
    pub profiles: Vec<Planned<ForeignProfile>>,
    pub requests: Vec<Planned<RequestDraft>>,
    /// Each goes the way of its connection, which it names by the key.
    pub subscriptions: Vec<SubscriptionDraft>,
    /// Those that are here, by connection and filter: a broker has one for each.
    here: BTreeMap<(String, String), (String, SubscriptionDraft)>,
    pub left_out: Vec<LeftOut>,
}

/// What becomes of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionFate {
    New,
    Same,
    /// The one to the same filter that is here, by its id.
    Replaces(String),
    /// Another one to the same filter is here, and stays.
    Stays,
    /// Its connection is not taken over.
    NoConnection,
}

impl SubscriptionFate {
    /// In words.
    pub fn words(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Same => "is here already, just so",
            Self::Replaces(_) => "replaces the one to the same filter",
            Self::Stays => "left out: there is one to the same filter",
            Self::NoConnection => "left out with its connection",
        }
    }
}

/// One thing to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<T> {
    /// The id of what it takes the place of.
    pub replaces: Option<String>,
    pub item: T,
}

/// What to write. Requests name their connections by keys, or by what [`Self::links`] says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    pub profiles: Vec<Change<ForeignProfile>>,
    pub requests: Vec<Change<RequestDraft>>,
    pub subscriptions: Vec<Change<SubscriptionDraft>>,
    /// From the keys of profiles that are not written to the ids of those that are here.
    pub links: BTreeMap<String, String>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty() && self.requests.is_empty() && self.subscriptions.is_empty()
    }
}

impl Plan {
    /// Compares with what is here, by id.
    pub fn new(
        foreign: Foreign,
        profiles: &BTreeMap<String, ProfileDraft>,
        requests: &BTreeMap<String, RequestDraft>,
        subscriptions: &BTreeMap<String, SubscriptionDraft>,
    ) -> Self {
        let mut left_out = foreign.left_out;
        let foreign_subscriptions = each_once(foreign.subscriptions, &mut left_out);
        let here_already = subscriptions.iter().map(|(id, draft)| {
            let key = (draft.connection.clone(), draft.filter.trim().to_owned());
            (key, (id.clone(), draft.clone()))
        });
        let mut taken: BTreeSet<String> = profiles.values().map(|it| folded(&it.name)).collect();
        let planned: Vec<Planned<ForeignProfile>> = foreign
            .profiles
            .into_iter()
            .map(|item| {
                let fate = fate_of_profile(&item, profiles);
                let name = match fate {
                    Fate::Same(_) => item.draft.name.clone(),
                    _ => free_name(&mut taken, &item.draft.name, ""),
                };
                Planned::new(item, fate, name)
            })
            .collect();
        let here: BTreeMap<&str, &str> = planned
            .iter()
            // A request of another connection is another request.
            .filter(|one| matches!(one.fate, Fate::Same(_)))
            .filter_map(|one| Some((one.item.key.as_str(), one.there()?)))
            .collect();
        let mut taken: BTreeSet<String> = requests
            .values()
            .map(|it| format!("{}\n{}", folded(&it.folder), folded(&it.name)))
            .collect();
        let requests = foreign
            .requests
            .into_iter()
            .map(|item| {
                let fate = fate_of_request(&item, &here, requests);
                let name = match fate {
                    Fate::Same(_) => item.name.clone(),
                    _ => free_name(
                        &mut taken,
                        &item.name,
                        &format!("{}\n", folded(&item.folder)),
                    ),
                };
                Planned::new(item, fate, name)
            })
            .collect();
        Self {
            source: foreign.source,
            profiles: planned,
            requests,
            subscriptions: foreign_subscriptions,
            here: here_already.collect(),
            left_out,
        }
    }

    /// One choice for all whose name is here already.
    pub fn settle(&mut self, choice: Choice) {
        for one in self.profiles.iter_mut().filter(|it| it.can_replace()) {
            one.choice = choice;
        }
        for one in self.requests.iter_mut().filter(|it| it.can_replace()) {
            one.choice = choice;
        }
    }

    /// Secrets of connections that are here already, just so, by their ids: they may not be kept yet.
    pub fn secrets_of_what_is_here(&self) -> Vec<(String, SecretSlot, Secret)> {
        let mut found = Vec::new();
        for one in &self.profiles {
            if let Fate::Same(id) = &one.fate
                && one.choice == Choice::Leave
            {
                let secrets = one.item.secrets.iter().cloned();
                found.extend(secrets.map(|(slot, secret)| (id.clone(), slot, secret)));
            }
        }
        found
    }

    /// What to write when it is carried out as it stands.
    pub fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        changes
            .links
            .insert(BUILT_IN_ID.to_owned(), BUILT_IN_ID.to_owned());
        for one in &self.profiles {
            if one.choice == Choice::Leave {
                if let Some(id) = one.there() {
                    changes.links.insert(one.item.key.clone(), id.to_owned());
                }
                continue;
            }
            let mut item = one.item.clone();
            one.called(&one.item.draft.name)
                .clone_into(&mut item.draft.name);
            let replaces = one.replaces();
            changes.profiles.push(Change { replaces, item });
        }
        for one in &self.requests {
            if one.choice == Choice::Leave {
                continue;
            }
            let mut item = one.item.clone();
            one.called(&one.item.name).clone_into(&mut item.name);
            let replaces = one.replaces();
            changes.requests.push(Change { replaces, item });
        }
        for one in &self.subscriptions {
            let replaces = match self.fate_of_subscription(one) {
                SubscriptionFate::New => None,
                SubscriptionFate::Replaces(id) => Some(id),
                _ => continue,
            };
            let item = one.clone();
            changes.subscriptions.push(Change { replaces, item });
        }
        changes
    }

    /// What becomes of a subscription as things are chosen.
    pub fn fate_of_subscription(&self, one: &SubscriptionDraft) -> SubscriptionFate {
        let mut profiles = self.profiles.iter();
        let profile = profiles.find(|it| it.item.key == one.connection);
        let (choice, there) = match profile {
            Some(profile) => (profile.choice, profile.there()),
            None if one.connection == BUILT_IN_ID => (Choice::Leave, Some(BUILT_IN_ID)),
            None => return SubscriptionFate::NoConnection,
        };
        let there = match (choice, there) {
            (Choice::Add, _) => return SubscriptionFate::New,
            (_, None) => return SubscriptionFate::NoConnection,
            (_, Some(there)) => there,
        };
        let key = (there.to_owned(), one.filter.trim().to_owned());
        let Some((id, here)) = self.here.get(&key) else {
            return SubscriptionFate::New;
        };
        let ours = SubscriptionDraft {
            connection: there.to_owned(),
            ..one.clone()
        };
        if ours == *here {
            SubscriptionFate::Same
        } else if choice == Choice::Replace {
            SubscriptionFate::Replaces(id.clone())
        } else {
            SubscriptionFate::Stays
        }
    }

    /// What the connection of a subscription is called.
    pub fn connection_of(&self, one: &SubscriptionDraft) -> &str {
        let mut profiles = self.profiles.iter();
        let profile = profiles.find(|it| it.item.key == one.connection);
        profile.map_or("", |it| it.called(&it.item.draft.name))
    }

    /// `2 connections and 1 request; 3 things are left out`.
    pub fn summary(&self) -> String {
        let changes = self.changes();
        let what = counted(
            changes.profiles.len(),
            changes.requests.len(),
            changes.subscriptions.len(),
        );
        match self.left_out.len() {
            0 => what,
            1 => format!("{what}; 1 thing is left out"),
            several => format!("{what}; {several} things are left out"),
        }
    }
}

/// `2 connections and 1 request`, or `2 connections, 1 request and 3 subscriptions`.
pub fn counted(profiles: usize, requests: usize, subscriptions: usize) -> String {
    let count = |number: usize, noun: &str| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {noun}{plural}")
    };
    let (profiles, requests) = (count(profiles, "connection"), count(requests, "request"));
    if subscriptions == 0 {
        return format!("{profiles} and {requests}");
    }
    let subscriptions = count(subscriptions, "subscription");
    format!("{profiles}, {requests} and {subscriptions}")
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The name, or the name with a number that nobody has.
fn free_name(taken: &mut BTreeSet<String>, name: &str, before: &str) -> String {
    let key = |name: &str| format!("{before}{}", folded(name));
    let free = if taken.contains(&key(name)) {
        (2..=taken.len() + 2)
            .map(|number| format!("{} {number}", name.trim()))
            .find(|name| !taken.contains(&key(name)))
            .unwrap_or_default()
    } else {
        name.to_owned()
    };
    taken.insert(key(&free));
    free
}

/// Whether an earlier import may have called `wanted` so: by its name, or with the number of [`free_name`].
fn is_name_given(name: &str, wanted: &str) -> bool {
    let (name, wanted) = (folded(name), folded(wanted));
    let rest = name.strip_prefix(&wanted);
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest
                .strip_prefix(' ')
                .is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number >= 2))
    })
}

fn fate_of_profile(item: &ForeignProfile, there: &BTreeMap<String, ProfileDraft>) -> Fate {
    let namesakes: Vec<(&String, &ProfileDraft)> = there
        .iter()
        .filter(|(_, draft)| folded(&draft.name) == folded(&item.draft.name))
        .collect();
    let mut numbered = there
        .iter()
        .filter(|(_, draft)| is_name_given(&draft.name, &item.draft.name));
    let same = numbered.find(|(_, draft)| {
        let mut draft = (*draft).clone();
        draft.name.clone_from(&item.draft.name);
        if let Some(tls) = &mut draft.tls {
            // What an earlier import wrote is named in there.
            for file in &item.files {
                match file.role {
                    FileRole::Authority => tls.ca_file.clear(),
                    FileRole::Certificate => tls.certificate_file.clear(),
                    FileRole::Key => tls.key_file.clear(),
                }
            }
        }
        // Where it is listed is a matter of taste.
        draft.folder.clone_from(&item.draft.folder);
        draft.order = item.draft.order;
        draft.colour = item.draft.colour;
        draft == item.draft
    });
    match (same, namesakes.first()) {
        (Some((id, _)), _) => Fate::Same(id.clone()),
        (None, Some((id, _))) => Fate::SameName((*id).clone()),
        (None, None) => Fate::New,
    }
}

fn fate_of_request(
    item: &RequestDraft,
    here: &BTreeMap<&str, &str>,
    there: &BTreeMap<String, RequestDraft>,
) -> Fate {
    let is_there = |draft: &RequestDraft| folded(&draft.folder) == folded(&item.folder);
    let mut ours = item.clone();
    if let Some(id) = here.get(item.connection.as_str()) {
        (*id).clone_into(&mut ours.connection);
    }
    let namesake = there
        .iter()
        .find(|(_, it)| is_there(it) && folded(&it.name) == folded(&item.name));
    let mut numbered = there
        .iter()
        .filter(|(_, it)| is_there(it) && is_name_given(&it.name, &item.name));
    let same = numbered.find(|(_, draft)| {
        let mut ours = ours.clone();
        ours.name.clone_from(&draft.name);
        ours.folder.clone_from(&draft.folder);
        ours.order = draft.order;
        **draft == ours
    });
    match (same, namesake) {
        (Some((id, _)), _) => Fate::Same(id.clone()),
        (None, Some((id, _))) => Fate::SameName((*id).clone()),
        (None, None) => Fate::New,
    }
}

/// A broker has one subscription for each filter of a connection: the first counts.
fn each_once(all: Vec<SubscriptionDraft>, left_out: &mut Vec<LeftOut>) -> Vec<SubscriptionDraft> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for one in all {
        if seen.insert((one.connection.clone(), one.filter.trim().to_owned())) {
            kept.push(one);
        } else if !kept.contains(&one) {
            left_out.push(LeftOut {
                of: "subscriptions".to_owned(),
                what: format!("a second one to {}", one.filter),
                why: "a broker has one for each filter".to_owned(),
            });
        }
    }
    kept
}
