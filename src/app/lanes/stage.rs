//! The part of the timeline that is looked at, arranged and laid out, and kept as long as it is true.
//!
//! A window of rows around the one that is looked at, however many there are: found by its place
//! in the order of time, made again when one of its rows has changed, and not more often than eyes
//! can follow.

use super::Lanes;
use super::arrange::{Options, Window, arrange};
use super::cast::Cast;
use super::layout::{Layout, Spacing};
use super::presence::Presence;
use crate::app::listing::Listing;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, Row, RowId, RowKind, RowRef, Timeline};
use std::time::Duration;

/// Rows in a window, and how near to its end one may come before it moves.
const ROWS: usize = 96;
const MARGIN: usize = 24;
/// Earlier rows that are asked whether something of them is still to come, and those that may be drawn.
const LOOK_BACK: usize = 400;
const CARRIED: usize = 24;
/// What changes faster is made again only so often; an open bar grows in such steps.
const PACE: Duration = Duration::from_millis(40);
const GROWTH: Duration = Duration::from_millis(100);

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Newest,
    Around(RowId),
    /// Nothing but this row.
    Only(RowId),
}

/// Everything that the lanes are made of.
pub struct Scenery<'a, C: Fn() -> Cast> {
    pub timeline: &'a Timeline,
    pub listing: &'a Listing,
    /// Asked only when something is made again.
    pub cast: C,
    pub presence: &'a Presence,
    pub options: &'a Options,
    pub now: Timestamp,
}

#[derive(Debug, Default)]
pub struct Stage {
    lanes: Lanes,
    layout: Layout,
    window: Window,
    spacing: Option<Spacing>,
    options: Options,
    epoch: u64,
    cursor: u64,
    presence: u64,
    moment: Option<Moment>,
    arranged: Timestamp,
    is_stale: bool,
    /// How often it was made.
    arrangements: u64,
}

impl Stage {
    pub fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Something has changed since it was made: look again soon.
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Grows whenever it is made again.
    pub fn arrangements(&self) -> u64 {
        self.arrangements
    }

    pub fn first(&self) -> Option<RowId> {
        self.window.rows.first().copied()
    }

    pub fn last(&self) -> Option<RowId> {
        self.window.rows.last().copied()
    }

    /// Brings it up to date. True when something has moved.
    pub fn refresh<C: Fn() -> Cast>(
        &mut self,
        scenery: &Scenery<'_, C>,
        moment: Moment,
        spacing: Spacing,
    ) -> bool {
        let timeline = scenery.timeline;
        let touched = timeline.touched_since(self.cursor);
        let range = (self.first(), self.last());
        let is_in = |id: RowId| {
            range.0.is_some_and(|first| id >= first) && range.1.is_some_and(|last| id <= last)
        };
        let is_touched = touched.is_incomplete
            || touched
                .ids()
                .any(|id| is_in(id) || self.window.carried.contains(&id));
        self.cursor = touched.cursor;
        self.is_stale |= is_touched;

        let age = scenery.now.since(self.arranged);
        let is_rebuilt = self.epoch != timeline.epoch();
        let is_other = is_rebuilt
            || self.moment.is_none()
            || self.options != *scenery.options
            || self.presence != scenery.presence.version();
        let mut window = None;
        if is_other || self.moment != Some(moment) || self.is_moved(scenery, moment) {
            let found = find(scenery, moment, &self.window, is_rebuilt);
            if found.rows != self.window.rows || found.until != self.window.until {
                window = Some(found);
            }
        }
        // Rows that come in are shown at the pace of the eye; whatever the user asked for at once.
        let is_paced = self.moment == Some(moment) && moment == Moment::Newest;
        if window.is_some() && is_paced && !is_other && age < PACE {
            self.is_stale = true;
            window = None;
        }
        let is_grown = self.lanes.has_open() && age >= GROWTH;
        let is_due = self.is_stale && age >= PACE;
        let mut is_new = false;
        if window.is_some() || is_other || is_grown || is_due {
            if let Some(window) = window {
                self.window = window;
            }
            self.lanes = arrange(
                timeline,
                &self.window,
                &(scenery.cast)(),
                scenery.presence,
                scenery.options,
                scenery.now,
            );
            self.options = scenery.options.clone();
            self.epoch = timeline.epoch();
            self.presence = scenery.presence.version();
            self.moment = Some(moment);
            self.arranged = scenery.now;
            self.is_stale = false;
            self.arrangements += 1;
            is_new = true;
        }
        self.moment = Some(moment);
        if is_new || self.spacing != Some(spacing) {
            self.layout = Layout::of(&self.lanes, &spacing);
            self.spacing = Some(spacing);
            is_new = true;
        }
        is_new
    }

    /// Whether the window has to be looked for again.
    fn is_moved<C: Fn() -> Cast>(&self, scenery: &Scenery<'_, C>, moment: Moment) -> bool {
        let (timeline, listing) = (scenery.timeline, scenery.listing);
        let place = |id: Option<RowId>| id.and_then(|id| listing.place_in_time(timeline, id));
        let (Some(first), Some(last)) = (place(self.first()), place(self.last())) else {
            return true;
        };
        // A row of the window passes the filter no more, or one more does.
        if moment_is_list(moment) && last - first + 1 != self.window.rows.len() {
            return true;
        }
        match moment {
            Moment::Newest => last + 1 != listing.len(),
            Moment::Around(id) => {
                let place = listing.place_in_time(timeline, id);
                place.is_none_or(|place| {
                    (place < first + MARGIN && first > 0)
                        || (place + MARGIN > last && last + 1 < listing.len())
                })
            }
            Moment::Only(_) => false,
        }
    }
}

fn moment_is_list(moment: Moment) -> bool {
    !matches!(moment, Moment::Only(_))
}

/// The window around a moment.
fn find<C: Fn() -> Cast>(
    scenery: &Scenery<'_, C>,
    moment: Moment,
    old: &Window,
    is_rebuilt: bool,
) -> Window {
    let (timeline, listing) = (scenery.timeline, scenery.listing);
    let len = listing.len();
    let center = match moment {
        Moment::Only(id) => {
            return Window {
                rows: vec![id],
                ..Window::default()
            };
        }
        Moment::Newest => len,
        Moment::Around(id) => listing.place_in_time(timeline, id).unwrap_or_else(|| {
            // It is gone: where it was.
            let near = old.rows.iter().filter(|_| !is_rebuilt);
            near.filter_map(|id| listing.place_in_time(timeline, *id))
                .next_back()
                .unwrap_or(len)
        }),
    };
    let last = (center + ROWS / 2).min(len);
    let first = last.saturating_sub(ROWS);
    let last = (first + ROWS).min(len);
    let at = |place: usize| listing.id_in_time(timeline, place);
    let time = |id: RowId| timeline.peek(id).map(RowRef::time);
    let rows: Vec<RowId> = (first..last).filter_map(at).collect();
    let from = rows.first().and_then(|id| time(*id)).filter(|_| first > 0);
    let mut window = Window {
        from,
        until: at(last).and_then(time),
        carried: Vec::new(),
        left_out: 0,
        rows,
    };
    if let Some(from) = from {
        let earlier = (first.saturating_sub(LOOK_BACK)..first).rev();
        for id in earlier.filter_map(at) {
            if reaches(timeline, id, from) {
                if window.carried.len() < CARRIED {
                    window.carried.push(id);
                } else {
                    window.left_out += 1;
                }
            }
        }
        window.carried.reverse();
    }
    window
}

/// Whether something of a row is still to come at a time.
fn reaches(timeline: &Timeline, id: RowId, at: Timestamp) -> bool {
    let Some(row) = timeline.peek(id) else {
        return false;
    };
    if row.kind() != RowKind::Exchange {
        return false;
    }
    let start = row.time();
    match row.category() {
        Category::Waiting => true,
        Category::Late | Category::TimedOut => match &*row.to_row() {
            Row::Exchange(exchange) => {
                let last = exchange.replies.last().map(|reply| reply.received);
                exchange.deadline.max(last).is_some_and(|end| end >= at)
            }
            _ => false,
        },
        _ => row
            .round_trip()
            .is_some_and(|took| start.saturating_add(took) >= at),
    }
}
