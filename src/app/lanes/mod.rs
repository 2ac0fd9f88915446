//! The timeline as a sequence diagram, as data: who takes part, which arrow goes from whom to whom
//! and when, how long somebody was busy, asleep or waited in vain. No colours, no pixels.
//!
//! [`Stage`] keeps the part of the timeline that is looked at arranged ([`arrange()`]) and laid out
//! ([`Layout`]). What nobody here can know is never drawn as known: such steps are dashed and their
//! remark says so. A report can draw the same from [`Lanes`] and [`Layout`].

mod arrange;
mod cast;
mod exchange;
mod layout;
mod presence;
mod stage;
mod words;

pub use arrange::{Options, Window, arrange};
pub use cast::{Cast, Party};
pub use layout::{
    Extent, Gap, Layout, PlacedAbsence, PlacedBar, PlacedMark, PlacedStep, Spacing, Zoom,
};
pub use presence::{Ear, Presence, Spell, Whereabouts, Who};
pub use stage::{Moment, Scenery, Stage};

use crate::app::rows::Tone;
use crate::model::time::Timestamp;
use crate::model::timeline::RowId;
use std::sync::Arc;

/// Names a lane; the order is that from left to right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneKey {
    /// By the connection profile's id.
    Requester(Arc<str>),
    Broker(Arc<str>),
    /// Whoever answers, by name.
    Responder(Arc<str>),
    /// Whoever answers through this broker and is not named by it.
    Unknown(Arc<str>),
    /// All those that have no lane of their own.
    Others,
}

/// A participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    pub key: LaneKey,
    pub title: String,
    /// Who that is, in a sentence.
    pub detail: String,
    /// It is played here, so its times are known.
    pub is_simulated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    SubscribeAcknowledged,
    Publish,
    Will,
    Acknowledgement,
    Deliver,
    /// Kept by the broker for somebody who is away.
    Queued,
    /// From the responder to the broker.
    Answer,
    Reply,
    LateReply,
    AdditionalReply,
    Progress,
    /// A message that nearly was the answer to an open request.
    NearMiss,
    Unmatched,
}

/// Which end of an arrow its time belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Start,
    End,
    /// The time is only where it fits between others.
    Neither,
}

/// An arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub kind: StepKind,
    /// Indices of lanes.
    pub from: usize,
    pub to: usize,
    pub at: Timestamp,
    pub known: Known,
    pub tone: Tone,
    pub is_dashed: bool,
    pub label: String,
    /// The message that it carries: 0 is the request, 1 the first reply.
    pub part: Option<usize>,
    /// What it is and what is not known of it, in a sentence.
    pub remark: String,
    /// One of its lanes is hidden, or it is outside of the window.
    pub is_hidden: bool,
}

/// Where a bar starts or ends: with an arrow's end, or at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    StartOf(usize),
    EndOf(usize),
    At(Timestamp),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BarKind {
    /// The request is open.
    Open,
    /// A device works on it.
    Work,
    /// The broker keeps it.
    Queued,
}

/// A stretch of time on a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub kind: BarKind,
    pub lane: usize,
    pub from: Edge,
    pub to: Edge,
    pub tone: Tone,
    pub label: String,
    pub is_hidden: bool,
}

/// A moment on a lane: a timeout, a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub lane: usize,
    pub at: Timestamp,
    pub tone: Tone,
    pub label: String,
    /// Said beside the time axis, too, and not only on the lane.
    pub is_on_axis: bool,
    pub is_hidden: bool,
}

/// A row of the timeline as arrows: an exchange, a message on its own, a publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    pub row: RowId,
    pub started: Timestamp,
    pub tone: Tone,
    /// The whole of it, for screen readers.
    pub sentence: String,
    pub steps: Vec<Step>,
    pub bars: Vec<Bar>,
    pub marks: Vec<Mark>,
    /// Replies that are not drawn.
    pub replies_left_out: usize,
    pub is_open: bool,
}

/// Somebody is away for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    pub lane: usize,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
    pub label: String,
    pub detail: String,
}

/// A part of the timeline, ready to be laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lanes {
    pub lanes: Vec<Lane>,
    /// Those that there are and that are hidden.
    pub hidden: Vec<Lane>,
    /// By the time at which they began.
    pub scenes: Vec<Scene>,
    pub absences: Vec<Absence>,
    /// Exchanges in this stretch of time that are not drawn: there are too many.
    pub left_out: usize,
    /// What was before and what is from then on is not drawn.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl Lanes {
    pub fn has_open(&self) -> bool {
        self.scenes.iter().any(|scene| scene.is_open)
    }
}

#[cfg(test)]
mod tests;
