//! Who was there when: simulated devices and connections, as far as this run has heard.

use crate::model::exchange::ExchangeId;
use crate::model::time::Timestamp;
use crate::model::topic::{TopicFilter, TopicName};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Spells kept of each; older ones go.
const SPELLS: usize = 256;
/// Devices and connections that are remembered, and wills.
const TRACKS: usize = 512;
/// A device that goes to sleep is disconnected first: that is no spell of its own.
const FALLING_ASLEEP: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whereabouts {
    Online,
    /// It left by its schedule.
    Asleep,
    Offline,
}

/// Somebody was somewhere for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spell {
    pub state: Whereabouts,
    pub from: Timestamp,
    /// Still so where there is none.
    pub until: Option<Timestamp>,
    /// Why it is offline; may be empty.
    pub why: Arc<str>,
}

/// What a simulated device listens to, and where.
#[derive(Clone, Debug, Default)]
pub struct Ear {
    pub broker: Arc<str>,
    pub listens: Vec<TopicFilter>,
    /// The broker keeps what comes while it is away.
    pub keeps_session: bool,
}

#[derive(Clone, Debug)]
struct Track {
    name: Arc<str>,
    generation: u64,
    ear: Ear,
    spells: VecDeque<Spell>,
}

/// One of the two kinds of clients that are watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    Connection(Arc<str>),
    Device(Arc<str>),
}

#[derive(Clone, Debug, Default)]
pub struct Presence {
    tracks: BTreeMap<Who, Track>,
    wills: BTreeSet<ExchangeId>,
    version: u64,
}

impl Presence {
    /// Grows with every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Makes somebody known; an earlier run of the same id has nothing more to say. False for an event of one.
    pub fn meet(&mut self, who: &Who, generation: u64, name: &Arc<str>) -> bool {
        let is_full = self.tracks.len() >= TRACKS;
        match self.tracks.get_mut(who) {
            Some(track) if track.generation > generation => false,
            Some(track) => {
                track.generation = generation;
                if track.name != *name {
                    track.name = Arc::clone(name);
                    self.version += 1;
                }
                true
            }
            None if is_full => false,
            None => {
                let track = Track {
                    name: Arc::clone(name),
                    generation,
                    ear: Ear::default(),
                    spells: VecDeque::new(),
                };
                self.tracks.insert(who.clone(), track);
                self.version += 1;
                true
            }
        }
    }

    /// What it was called last.
    pub fn name(&self, who: &Who) -> Option<&Arc<str>> {
        self.tracks.get(who).map(|track| &track.name)
    }

    pub fn listens(&mut self, who: &Who, ear: Ear) {
        if let Some(track) = self.tracks.get_mut(who) {
            track.ear = ear;
        }
    }

    /// From `at` on it is there, asleep or gone.
    pub fn note(&mut self, who: &Who, state: Whereabouts, at: Timestamp, why: &str) {
        let Some(track) = self.tracks.get_mut(who) else {
            return;
        };
        let last = track.spells.back_mut();
        let from = last.as_ref().map_or(at, |last| at.max(last.from));
        if let Some(last) = last {
            match (last.state, state) {
                (before, now) if before == now => return,
                // What sleeps is gone; that says nothing new.
                (Whereabouts::Asleep, Whereabouts::Offline) => return,
                (Whereabouts::Offline, Whereabouts::Asleep)
                    if from.since(last.from) < FALLING_ASLEEP =>
                {
                    last.state = Whereabouts::Asleep;
                    last.why = "".into();
                    self.version += 1;
                    return;
                }
                _ => last.until = Some(from),
            }
        } else if state == Whereabouts::Offline && why.is_empty() {
            // It has not been there yet.
            return;
        }
        track.spells.push_back(Spell {
            state,
            from,
            until: None,
            why: why.into(),
        });
        if track.spells.len() > SPELLS {
            track.spells.pop_front();
        }
        self.version += 1;
    }

    /// The broker has published a client's last will, which asks for a reply.
    pub fn note_will(&mut self, exchange: ExchangeId) {
        self.wills.insert(exchange);
        if self.wills.len() > TRACKS {
            self.wills.pop_first();
        }
    }

    pub fn is_will(&self, exchange: ExchangeId) -> bool {
        self.wills.contains(&exchange)
    }

    pub fn is_device(&self, name: &str) -> bool {
        self.tracks
            .iter()
            .any(|(who, track)| matches!(who, Who::Device(_)) && *track.name == *name)
    }

    /// The device that is meant by what a message says of itself: its name, or a topic that ends with it.
    pub fn device_called(&self, words: &str) -> Option<Arc<str>> {
        let devices = self.tracks.iter();
        let mut names = devices
            .filter(|(who, _)| matches!(who, Who::Device(_)))
            .map(|(_, track)| &track.name);
        names
            .find(|name| {
                words
                    .strip_suffix(&***name)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            })
            .cloned()
    }

    /// When the device of a name was away, oldest first.
    pub fn absences_of_device<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Spell> {
        self.tracks
            .iter()
            .filter(move |(who, track)| matches!(who, Who::Device(_)) && *track.name == *name)
            .flat_map(|(_, track)| &track.spells)
            .filter(|spell| spell.state != Whereabouts::Online)
    }

    pub fn absences_of_connection(&self, id: &Arc<str>) -> impl Iterator<Item = &Spell> {
        self.tracks
            .get(&Who::Connection(Arc::clone(id)))
            .into_iter()
            .flat_map(|track| &track.spells)
            .filter(|spell| spell.state != Whereabouts::Online)
    }

    /// Whether the broker kept a message for this device: it was away, and its session was kept.
    pub fn is_kept_for(&self, name: &str, at: Timestamp) -> bool {
        self.tracks.iter().any(|(who, track)| {
            matches!(who, Who::Device(_))
                && *track.name == *name
                && track.ear.keeps_session
                && track.is_away(at)
        })
    }

    /// The devices for which the broker keeps a message of this topic, and when they came back.
    pub fn kept_for(
        &self,
        broker: &str,
        topic: &TopicName,
        at: Timestamp,
    ) -> Vec<(Arc<str>, Option<Timestamp>)> {
        let kept = self.tracks.iter().filter(|(who, track)| {
            matches!(who, Who::Device(_))
                && track.ear.keeps_session
                && *track.ear.broker == *broker
                && track.ear.listens.iter().any(|filter| filter.matches(topic))
                && track.is_away(at)
        });
        kept.map(|(_, track)| (Arc::clone(&track.name), track.back_at(at)))
            .collect()
    }
}

impl Track {
    /// When it was there again after a time at which it was away.
    fn back_at(&self, at: Timestamp) -> Option<Timestamp> {
        let mut spells = self.spells.iter();
        spells
            .find(|spell| spell.state == Whereabouts::Online && spell.from > at)
            .map(|spell| spell.from)
    }

    fn is_away(&self, at: Timestamp) -> bool {
        self.spells.iter().any(|spell| {
            spell.state != Whereabouts::Online
                && spell.from <= at
                && spell.until.is_none_or(|until| at < until)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_nanos(ms * 1_000_000)
    }

    fn met() -> (Presence, Who) {
        let mut presence = Presence::default();
        let who = Who::Device("d1".into());
        assert!(presence.meet(&who, 3, &"sensor".into()));
        presence.note(&who, Whereabouts::Online, at(0), "");
        (presence, who)
    }

    #[test]
    fn a_device_that_falls_asleep_is_not_offline_before() {
        let (mut presence, who) = met();
        presence.note(&who, Whereabouts::Offline, at(1_000), "");
        presence.note(&who, Whereabouts::Asleep, at(1_002), "");
        presence.note(&who, Whereabouts::Offline, at(1_003), "");
        presence.note(&who, Whereabouts::Online, at(9_000), "");
        let away: Vec<&Spell> = presence.absences_of_device("sensor").collect();
        let [spell] = away[..] else {
            panic!("{away:?}");
        };
        assert_eq!(spell.state, Whereabouts::Asleep);
        assert_eq!((spell.from, spell.until), (at(1_000), Some(at(9_000))));
    }

    #[test]
    fn an_earlier_run_of_a_device_has_nothing_more_to_say() {
        let (mut presence, who) = met();
        assert!(!presence.meet(&who, 2, &"old".into()));
        assert_eq!(presence.name(&who).map(|name| &**name), Some("sensor"));
    }

    #[test]
    fn what_was_never_there_is_not_said_to_have_gone() {
        let mut presence = Presence::default();
        let who = Who::Connection("c".into());
        presence.meet(&who, 1, &"c".into());
        presence.note(&who, Whereabouts::Offline, at(0), "");
        assert_eq!(presence.absences_of_connection(&"c".into()).count(), 0);
        presence.note(&who, Whereabouts::Offline, at(5), "connection refused");
        assert_eq!(presence.absences_of_connection(&"c".into()).count(), 1);
    }

    #[test]
    fn messages_are_kept_only_for_those_away_whose_session_is() {
        let (mut presence, who) = met();
        let ear = Ear {
            broker: "b".into(),
            listens: vec![TopicFilter::new("cmd/+").unwrap()],
            keeps_session: true,
        };
        presence.listens(&who, ear.clone());
        presence.note(&who, Whereabouts::Asleep, at(1_000), "");
        let topic = TopicName::new("cmd/x").unwrap();
        assert_eq!(presence.kept_for("b", &topic, at(2_000)).len(), 1);
        assert!(presence.kept_for("b", &topic, at(500)).is_empty());
        assert!(presence.kept_for("other", &topic, at(2_000)).is_empty());
        presence.listens(
            &who,
            Ear {
                keeps_session: false,
                ..ear
            },
        );
        assert!(presence.kept_for("b", &topic, at(2_000)).is_empty());
    }

    #[test]
    fn the_history_is_bounded() {
        let (mut presence, who) = met();
        for turn in 1..2_000 {
            let state = if turn % 2 == 0 {
                Whereabouts::Online
            } else {
                Whereabouts::Asleep
            };
            presence.note(&who, state, at(turn * 1_000), "");
        }
        assert!(presence.absences_of_device("sensor").count() <= SPELLS);
    }
}
