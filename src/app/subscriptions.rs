//! Subscriptions of the user's: what is wanted, what the broker said, and what came by each.
//!
//! What is wanted is in the library; [`App::follow_subscriptions`] tells the session, so that a
//! connection that is made again is asked again.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::inspect::sentence;
use crate::app::palette::PaletteEntry;
use crate::app::rate::Rate;
use crate::app::rows::Tone;
use crate::model::FieldError;
use crate::model::exchange::Change;
use crate::model::message::Message;
use crate::model::profile::{Feature, MqttVersion};
use crate::model::record::Colour;
use crate::model::subscribe::{
    Subscription, SubscriptionDraft, SubscriptionField, parse_identifier,
};
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::topic::TopicFilter;
use crate::session::{ConnectionEvent, Session};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionAction {
    /// Opens the dialog, for a connection and a filter that may be empty.
    New {
        connection: String,
        filter: String,
    },
    Edit(String),
    /// Saves what the dialog holds.
    Save,
    Switch {
        id: String,
        on: bool,
    },
    Delete(String),
}

/// A subscription being edited; `id` is none for a new one.
#[derive(Debug)]
pub struct SubscriptionDialog {
    pub id: Option<String>,
    pub draft: SubscriptionDraft,
    /// The Subscription Identifier as typed.
    pub identifier: String,
    pub errors: Vec<FieldError<SubscriptionField>>,
}

impl SubscriptionDialog {
    /// What is wrong, also with regard to the others: a broker has one subscription for each filter.
    pub fn find_errors(&mut self, others: &BTreeMap<String, SubscriptionDraft>) {
        let identifier = parse_identifier(&self.identifier);
        self.draft.identifier = identifier.clone().unwrap_or_default();
        self.errors = self.draft.validate().err().unwrap_or_default();
        if let Err(message) = identifier {
            self.errors.push(FieldError {
                field: SubscriptionField::Identifier,
                message,
            });
        }
        let id = self.id.as_deref();
        let is_same = |other: &SubscriptionDraft| {
            other.connection == self.draft.connection
                && other.filter.trim() == self.draft.filter.trim()
        };
        let twin = others
            .iter()
            .find(|(other, draft)| Some(other.as_str()) != id && is_same(draft));
        if let Some((_, twin)) = twin.filter(|_| self.errors.is_empty()) {
            self.errors.push(FieldError {
                field: SubscriptionField::Filter,
                message: format!(
                    "{} subscribes to this already, on the same connection",
                    twin.title()
                ),
            });
        }
    }
}

/// What came by a subscription in this run.
#[derive(Clone, Copy, Debug, Default)]
struct Came {
    count: u64,
    rate: Rate,
}

#[derive(Debug, Default)]
pub struct Subscriptions {
    came: BTreeMap<String, Came>,
    /// Those that are on and valid, by connection: what messages are compared with.
    wanted: BTreeMap<String, Vec<(String, Subscription)>>,
    /// What `wanted` was made from.
    drafts: BTreeMap<String, SubscriptionDraft>,
    /// What the session was asked for; others may listen as well.
    asked: BTreeSet<(String, TopicFilter)>,
}

/// A subscription as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRow {
    pub id: String,
    pub title: String,
    pub filter: String,
    pub is_on: bool,
    pub colour: Option<Colour>,
    /// `1,203 · 12 /s`.
    pub count: String,
    pub tone: Tone,
    /// How it stands, in a sentence.
    pub sentence: String,
}

impl Subscriptions {
    /// Counts a message for every subscription that it comes by.
    pub fn hear(&mut self, connection: &str, event: &ConnectionEvent) {
        let Some(wanted) = self.wanted.get(connection) else {
            return;
        };
        let (message, at): (&Message, Timestamp) = match event {
            ConnectionEvent::Arrived { message, at, .. } => (message, *at),
            ConnectionEvent::Changed {
                change: Change::Reply(reply),
                ..
            } => (&reply.message, reply.received),
            _ => return,
        };
        for (id, subscription) in wanted {
            if subscription.filter.matches(&message.topic) {
                let came = self.came.entry(id.clone()).or_default();
                came.count += 1;
                came.rate.note(at);
            }
        }
    }

    /// Makes out anew what is wanted, where something has changed.
    fn refresh(&mut self, drafts: &BTreeMap<String, SubscriptionDraft>) {
        if self.drafts == *drafts {
            return;
        }
        self.drafts.clone_from(drafts);
        self.came.retain(|id, _| drafts.contains_key(id));
        self.wanted.clear();
        for (id, draft) in drafts.iter().filter(|(_, draft)| draft.is_on) {
            if let Ok(subscription) = draft.validate() {
                let of_connection = self.wanted.entry(draft.connection.clone()).or_default();
                of_connection.push((id.clone(), subscription));
            }
        }
    }

    /// Whether a number that is shown fades.
    fn is_lively(&self, now: Timestamp) -> bool {
        let mut came = self.came.values();
        came.any(|came| came.rate.per_second(now).is_some())
    }
}

/// Asks the session for what is wanted and is not there, and ends what was asked for and is no longer wanted.
fn ask(session: &mut Session, subscriptions: &mut Subscriptions) {
    let Subscriptions { wanted, asked, .. } = subscriptions;
    let mut begin = Vec::new();
    let mut end = Vec::new();
    for (id, link) in session.links() {
        let wanted = wanted.get(&**id).map_or(&[][..], Vec::as_slice);
        let filters: BTreeSet<&TopicFilter> = wanted.iter().map(|(_, one)| &one.filter).collect();
        let gone = link.listening.keys().filter(|one| !filters.contains(one));
        let gone = gone.map(|filter| (id.to_string(), filter.clone()));
        end.extend(gone.filter(|one| asked.contains(one)));
        for (_, one) in wanted {
            let there = link.listening.get(&one.filter);
            if there.is_none_or(|there| there.options != one.options) {
                begin.push((id.to_string(), one.clone()));
            }
        }
    }
    for (id, filter) in end {
        session.unsubscribe(&id, &filter);
        asked.remove(&(id, filter));
    }
    for (id, one) in begin {
        asked.insert((id.clone(), one.filter.clone()));
        session.subscribe(&id, one.filter, one.options);
    }
}

/// Which of the options this version of MQTT does not have, in words.
pub fn lacks(version: MqttVersion) -> Option<&'static str> {
    version.lacks(Feature::NoLocal).map(|_| {
        "MQTT 3.1.1 has no options beside QoS: No Local is done here, those about retained messages and the identifier are left out"
    })
}

impl App {
    pub(in crate::app) fn follow_subscriptions(&mut self) {
        self.subscriptions.refresh(self.library.subscriptions());
        ask(&mut self.session, &mut self.subscriptions);
    }

    pub(in crate::app) fn next_look_at_subscriptions(&self) -> Option<std::time::Duration> {
        let is_lively = self.window.panels.left_shown && self.subscriptions.is_lively(self.now);
        is_lively.then_some(std::time::Duration::from_millis(500))
    }

    /// Those of a connection, by what they are called.
    pub fn subscription_rows(&self, connection: &str) -> Vec<SubscriptionRow> {
        let mut rows: Vec<SubscriptionRow> = self
            .library
            .subscriptions()
            .iter()
            .filter(|(_, draft)| draft.connection == connection)
            .map(|(id, draft)| self.subscription_row(id, draft))
            .collect();
        rows.sort_by_key(|row| row.title.to_lowercase());
        rows
    }

    fn subscription_row(&self, id: &str, draft: &SubscriptionDraft) -> SubscriptionRow {
        let came = self.subscriptions.came.get(id).copied().unwrap_or_default();
        let mut count = text::count(came.count);
        if let Some(rate) = came.rate.words(self.now) {
            count = format!("{count} · {rate}");
        }
        let (tone, sentence) = self.standing(draft);
        SubscriptionRow {
            id: id.to_owned(),
            title: draft.title().to_owned(),
            filter: draft.filter.trim().to_owned(),
            is_on: draft.is_on,
            colour: draft.colour,
            count,
            tone,
            sentence,
        }
    }

    /// How a subscription stands, with what the broker said.
    fn standing(&self, draft: &SubscriptionDraft) -> (Tone, String) {
        let name = |id: &str| {
            let profile = self.library.profile(id);
            profile.map_or_else(|| id.to_owned(), |profile| profile.name.clone())
        };
        let valid = match draft.validate() {
            Ok(valid) => valid,
            Err(errors) => {
                let why: Vec<String> = errors.into_iter().map(|err| err.message).collect();
                return (Tone::Failed, format!("Not subscribed: {}.", why.join("; ")));
            }
        };
        if !draft.is_on {
            return (Tone::Neutral, "Switched off.".to_owned());
        }
        let Some(link) = self.session.link(&draft.connection) else {
            let name = name(&draft.connection);
            let text = format!("Subscribed as soon as {name} is connected.");
            return (Tone::Neutral, text);
        };
        let Some(listening) = link.listening.get(&valid.filter) else {
            let text = "There is nothing to subscribe to on this connection.";
            return (Tone::Failed, text.to_owned());
        };
        let code = |code: u8| format!("0x{code:02X}");
        match &listening.answer {
            Some(reason) if reason.is_refusal() => {
                let text = sentence(&reason.text);
                let text = format!("Refused by the broker: {text} ({}).", code(reason.code));
                (Tone::Failed, text)
            }
            Some(reason) if link.state.is_connected() => {
                let text = format!("Subscribed: {} ({}).", reason.text, code(reason.code));
                (Tone::Answered, text)
            }
            _ => (Tone::Waiting, "Waiting for the SUBACK.".to_owned()),
        }
    }

    /// For the palette.
    pub(in crate::app) fn subscription_entries(&self) -> impl Iterator<Item = PaletteEntry> {
        let entry = |text: String, kind: &str, action| PaletteEntry {
            text,
            kind: kind.to_owned(),
            shortcut: "",
            action: Action::Subscription(action),
        };
        let new = SubscriptionAction::New {
            connection: self.connection_in_front(),
            filter: String::new(),
        };
        let on = self.connection_in_front();
        let kind = match self.library.profile(&on) {
            Some(profile) => format!("command · {}", profile.name),
            None => "command".to_owned(),
        };
        let new = entry("Subscribe…".to_owned(), &kind, new);
        let drafts = self.library.subscriptions().iter();
        let switches = drafts.map(move |(id, draft)| {
            let on = !draft.is_on;
            let verb = if on {
                "Subscribe to"
            } else {
                "Unsubscribe from"
            };
            let text = format!("{verb} {}", draft.title());
            let id = id.clone();
            entry(text, "subscription", SubscriptionAction::Switch { id, on })
        });
        std::iter::once(new).chain(switches)
    }

    /// What the palette's commands are about: the connection that was looked at while this request was in front, else
    /// the request's own.
    pub fn connection_in_front(&self) -> String {
        let front = self.tabs.front();
        if let Some((id, tab)) = &self.looked_at
            && front.is_some_and(|front| front.id == *tab)
            && self
                .library
                .profile(id)
                .is_some_and(|one| !one.is_listener())
        {
            return id.clone();
        }
        front.map_or_else(
            || crate::model::profile::BUILT_IN_ID.to_owned(),
            |tab| tab.draft.connection.clone(),
        )
    }
}
