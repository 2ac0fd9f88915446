//! Rows of the timeline as scenes on lanes.

use super::cast::Cast;
use super::presence::{Presence, Spell, Whereabouts};
use super::{Absence, Bar, Lane, LaneKey, Lanes, Mark, Scene, Step};
use crate::app::rows::{Tone, timeline_row};
use crate::app::tally::Tallies;
use crate::model::exchange::MessageVerdict;
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, MessageRow, PublishRow, Row, RowId, Timeline};
use std::collections::BTreeSet;
use std::sync::Arc;

use super::words;
use super::{Edge, Known, StepKind};

/// Responders with a lane of their own; the others share one.
const RESPONDERS: usize = 10;

/// Which lanes are shown, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub hidden: BTreeSet<LaneKey>,
    /// Those that the user put somewhere, from the left; the others come after them as they are sorted.
    pub order: Vec<LaneKey>,
}

/// The part of the timeline that is arranged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// By time.
    pub rows: Vec<RowId>,
    /// Began earlier, and something of them is in here.
    pub carried: Vec<RowId>,
    /// Nothing before or from these times on is drawn.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub left_out: usize,
}

impl Window {
    fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

/// Makes the scenes of a window. The cost grows with the window, not with the timeline.
pub fn arrange(
    timeline: &Timeline,
    window: &Window,
    cast: &Cast,
    presence: &Presence,
    options: &Options,
    now: Timestamp,
) -> Lanes {
    let mut stage = Arranger {
        cast,
        presence,
        now,
        keys: Vec::new(),
        tallies: Tallies::default(),
    };
    let rows = window.carried.iter().chain(&window.rows);
    let mut scenes: Vec<Scene> = rows
        .filter_map(|id| Some(stage.scene(*id, &*timeline.row(*id)?)))
        .collect();
    scenes.sort_by_key(|scene| (scene.started, scene.row));
    let absences = stage.absences(&scenes, window);
    let mut lanes = Lanes {
        lanes: Vec::new(),
        hidden: Vec::new(),
        scenes,
        absences,
        left_out: window.left_out,
        from: window.from,
        until: window.until,
    };
    let (shown, hidden, places) = stage.places(options);
    lanes.lanes = shown;
    lanes.hidden = hidden;
    place(&mut lanes, &places, window);
    lanes
}

/// Puts the lanes' final places in, and hides what has none or is outside of the window.
fn place(lanes: &mut Lanes, places: &[Option<usize>], window: &Window) {
    let of = |lane: &mut usize| match places.get(*lane).copied().flatten() {
        Some(place) => {
            *lane = place;
            false
        }
        None => true,
    };
    for scene in &mut lanes.scenes {
        for step in &mut scene.steps {
            let is_hidden = of(&mut step.from) | of(&mut step.to);
            step.is_hidden = is_hidden || !window.holds(step.at);
        }
        for bar in &mut scene.bars {
            bar.is_hidden = of(&mut bar.lane);
        }
        for mark in &mut scene.marks {
            mark.is_hidden = of(&mut mark.lane) || !window.holds(mark.at);
        }
    }
    lanes.absences.retain_mut(|absence| !of(&mut absence.lane));
}

/// Collects who takes part while scenes are made. Lanes are in the order in which they come up until the end.
pub(super) struct Arranger<'a> {
    pub cast: &'a Cast,
    pub presence: &'a Presence,
    pub now: Timestamp,
    keys: Vec<LaneKey>,
    tallies: Tallies,
}

impl Arranger<'_> {
    pub fn lane(&mut self, key: LaneKey) -> usize {
        if let Some(place) = self.keys.iter().position(|one| *one == key) {
            return place;
        }
        let is_responder = |key: &LaneKey| matches!(key, LaneKey::Responder(_));
        if is_responder(&key)
            && self.keys.iter().filter(|key| is_responder(key)).count() >= RESPONDERS
        {
            return self.lane(LaneKey::Others);
        }
        self.keys.push(key);
        self.keys.len() - 1
    }

    pub fn responder(&mut self, name: Option<&Arc<str>>, broker: Option<&Arc<str>>) -> usize {
        self.lane(match name {
            Some(name) => {
                let name = self.presence.device_of_client(name).unwrap_or(name);
                LaneKey::Responder(Arc::clone(name))
            }
            None => LaneKey::Unknown(broker.cloned().unwrap_or_default()),
        })
    }

    fn scene(&mut self, id: RowId, row: &Row) -> Scene {
        let line = timeline_row(row, &mut self.tallies, self.now);
        let mut scene = Scene {
            row: id,
            started: row.time(),
            tone: Tone::of(Category::of(row)),
            sentence: line.sentence,
            steps: Vec::new(),
            bars: Vec::new(),
            marks: Vec::new(),
            replies_left_out: 0,
            is_open: false,
        };
        match row {
            Row::Exchange(exchange) => self.exchange(&mut scene, exchange),
            Row::Message(message) => self.message(&mut scene, message),
            Row::Publish(publish) => self.publish(&mut scene, publish),
        }
        scene
    }

    fn message(&mut self, scene: &mut Scene, row: &MessageRow) {
        let party = self.cast.party(&row.connection);
        let here = self.lane(LaneKey::Requester(Arc::clone(&row.connection)));
        let broker = party.broker.as_ref();
        let there = self.responder(row.responder.as_ref(), broker);
        let kind = if row.near.is_some() {
            StepKind::NearMiss
        } else {
            StepKind::Unmatched
        };
        let what = match row.verdict {
            _ if row.is_echo => "own echo".to_owned(),
            MessageVerdict::Unmatched => "unmatched".to_owned(),
            verdict => verdict.label().to_lowercase(),
        };
        let near = row.near.map(|near| format!(" · near miss of #{}", near.0));
        let near = near.unwrap_or_default();
        let label = format!("{} · {what}{near}", words::topic(&row.message));
        let remark = match row.near {
            _ if row.is_echo => {
                "A message of this connection's own, brought back by its subscription.".to_owned()
            }
            Some(near) => format!("A message that is not the answer to request {}.", near.0),
            None => "A message that belongs to no request.".to_owned(),
        };
        let arrow = |from, to, label: String, remark: String, known| Step {
            kind,
            from,
            to,
            at: row.received,
            known,
            tone: Tone::Unmatched,
            is_dashed: known == Known::Neither,
            label,
            part: Some(0),
            remark,
            is_hidden: false,
        };
        let from = match broker {
            Some(broker) => {
                let broker = self.lane(LaneKey::Broker(Arc::clone(broker)));
                let unknown = format!("{remark} When it was published is not known.");
                let step = arrow(there, broker, String::new(), unknown, Known::Neither);
                scene.steps.push(step);
                broker
            }
            None => there,
        };
        scene
            .steps
            .push(arrow(from, here, label, remark, Known::End));
    }

    fn publish(&mut self, scene: &mut Scene, row: &PublishRow) {
        let party = self.cast.party(&row.connection);
        let here = self.lane(LaneKey::Requester(Arc::clone(&row.connection)));
        if let Some(failure) = &row.failure {
            scene.marks.push(Mark {
                lane: here,
                at: row.published,
                tone: Tone::Failed,
                label: format!("{} not sent: {failure}", words::topic(&row.message)),
                is_on_axis: false,
                is_hidden: false,
            });
            return;
        }
        let there = match &party.broker {
            Some(broker) => self.lane(LaneKey::Broker(Arc::clone(broker))),
            None => self.lane(LaneKey::Unknown("".into())),
        };
        let reason = row.acknowledgement.as_ref();
        let is_refused = reason.is_some_and(crate::model::exchange::Reason::is_refusal);
        let said = reason.map(|reason| {
            let word = words::acknowledgement_word(row.message.qos);
            format!(" · {word}: {}", words::short(reason))
        });
        let label = words::publish("PUBLISH", &row.message) + &said.unwrap_or_default();
        scene.steps.push(Step {
            kind: StepKind::Publish,
            from: here,
            to: there,
            at: row.published,
            known: Known::Start,
            tone: if is_refused {
                Tone::Failed
            } else {
                Tone::Accent
            },
            is_dashed: false,
            label,
            part: Some(0),
            remark: "A message that asks for no reply. Whom the broker gave it to is not known."
                .to_owned(),
            is_hidden: false,
        });
    }

    fn absences(&mut self, scenes: &[Scene], window: &Window) -> Vec<Absence> {
        let Some(first) = scenes.first().map(|scene| scene.started) else {
            return Vec::new();
        };
        let from = window.from.map_or(first, |from| from.min(first));
        let until = window.until.unwrap_or(self.now);
        let mut absences = Vec::new();
        for (lane, key) in self.keys.iter().enumerate() {
            let spells: Vec<&Spell> = match key {
                LaneKey::Responder(name) => self.presence.absences_of_device(name).collect(),
                LaneKey::Requester(id) => self.presence.absences_of_connection(id).collect(),
                _ => continue,
            };
            let here = spells
                .into_iter()
                .filter(|spell| spell.from < until && spell.until.is_none_or(|until| until > from));
            absences.extend(here.map(|spell| Absence {
                lane,
                from: spell.from.max(from),
                until: spell.until.filter(|end| *end < until),
                label: match spell.state {
                    Whereabouts::Asleep => "asleep".to_owned(),
                    _ => "offline".to_owned(),
                },
                detail: absence_words(spell),
            }));
        }
        absences
    }

    /// The lanes from left to right, the hidden ones, and where each of the collected keys went.
    fn places(&self, options: &Options) -> (Vec<Lane>, Vec<Lane>, Vec<Option<usize>>) {
        let mut sorted: Vec<&LaneKey> = self.keys.iter().collect();
        sorted.sort_by_key(|key| {
            let place = options.order.iter().position(|one| one == *key);
            (place.unwrap_or(usize::MAX), *key)
        });
        let (hidden, shown): (Vec<&LaneKey>, Vec<&LaneKey>) = sorted
            .into_iter()
            .partition(|key| options.hidden.contains(key));
        let places = self
            .keys
            .iter()
            .map(|key| shown.iter().position(|one| *one == key))
            .collect();
        let lanes = |keys: Vec<&LaneKey>| keys.into_iter().map(|key| self.describe(key)).collect();
        (lanes(shown), lanes(hidden), places)
    }

    fn describe(&self, key: &LaneKey) -> Lane {
        let (title, detail) = match key {
            LaneKey::Requester(id) => {
                let party = self.cast.party(id);
                let name = party.client_id.as_ref().unwrap_or(&party.name);
                let broker = match &party.broker {
                    Some(broker) => format!("connected to {broker}"),
                    None => "where devices come to over plain TCP".to_owned(),
                };
                (
                    format!("requester · {name}"),
                    format!("The connection {}, {broker}", party.name),
                )
            }
            LaneKey::Broker(name) => (name.to_string(), format!("The broker {name}")),
            LaneKey::Responder(name) if self.presence.is_device(name) => {
                (name.to_string(), format!("The simulated device {name}"))
            }
            LaneKey::Responder(name) => (
                name.to_string(),
                format!(
                    "{name}, a client that is not simulated here: when it received and answered is not known"
                ),
            ),
            LaneKey::Unknown(broker) => (
                "unknown responder".to_owned(),
                match &**broker {
                    "" => "Somebody who is not named".to_owned(),
                    broker => format!("{broker} does not tell who publishes a message"),
                },
            ),
            LaneKey::Others => ("others".to_owned(), "All further responders".to_owned()),
        };
        Lane {
            is_simulated: matches!(key, LaneKey::Responder(name) if self.presence.is_device(name)),
            key: key.clone(),
            title,
            detail,
        }
    }
}

fn absence_words(spell: &Spell) -> String {
    let state = match spell.state {
        Whereabouts::Asleep => "Asleep by its schedule",
        _ => "Offline",
    };
    let took = match spell.until {
        Some(until) => format!(" for {}", text::duration(until.since(spell.from))),
        None => String::new(),
    };
    let why = match &*spell.why {
        "" => String::new(),
        why => format!(": {why}"),
    };
    format!("{state}{took}{why}")
}

impl Scene {
    /// Where a step will stand.
    pub(super) fn push(&mut self, step: Step) -> usize {
        self.steps.push(step);
        self.steps.len() - 1
    }

    pub(super) fn bar(&mut self, bar: Bar) {
        self.bars.push(bar);
    }

    /// The time of a bar's edge.
    pub fn time_of(&self, edge: Edge) -> Option<Timestamp> {
        match edge {
            Edge::At(at) => Some(at),
            Edge::StartOf(step) | Edge::EndOf(step) => self.steps.get(step).map(|step| step.at),
        }
    }
}
