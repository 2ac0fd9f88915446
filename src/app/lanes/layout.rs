//! Where everything stands: time runs down the page, as true to scale as can be read.
//!
//! Things are placed in the order in which they happened. Between two of them lies as much room as
//! their distance in time asks for, but never less than their words need, and not more than a gap,
//! which says how long it was. Lengths are points from the top left.

use super::{Bar, Edge, Known, Lanes, Scene, Step, StepKind};
use crate::model::time::Timestamp;
use crate::model::timeline::RowId;
use std::time::Duration;

/// How much of the page a division is.
const DIVISION: f32 = 100.0;
/// Longer stretches without anything are cut short.
const LONGEST: f32 = 2.6 * DIVISION;
const GAP: f32 = 46.0;
/// An arrow falls this much from end to end: time passes while it is on its way.
const DROP: f32 = 8.0;
const LABEL: f32 = 16.0;
/// Between an arrow that comes and the one that goes because of it.
const TURN: f32 = 4.0;
/// A device at work is seen, and its time can be written beside it.
const WORK: f32 = 18.0;
const TOP: f32 = 14.0;
const BOTTOM: f32 = 34.0;
/// Between the lane and the words beside it.
const INDENT: f32 = 20.0;
const DEEPEST: usize = 5;

/// How much time a division of the page stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Zoom(usize);

impl Zoom {
    const STEPS_MS: [u64; 17] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000,
        600_000,
    ];

    pub fn per_division(self) -> Duration {
        Duration::from_millis(Self::STEPS_MS.get(self.0).copied().unwrap_or(1_000))
    }

    #[must_use]
    pub fn closer(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    #[must_use]
    pub fn farther(self) -> Self {
        Self((self.0 + 1).min(Self::STEPS_MS.len() - 1))
    }

    pub fn is_closest(self) -> bool {
        self.0 == 0
    }

    pub fn is_farthest(self) -> bool {
        self.0 + 1 == Self::STEPS_MS.len()
    }

    /// The points of a stretch of time.
    fn points(self, time: Duration) -> f32 {
        time.as_secs_f32() / self.per_division().as_secs_f32() * DIVISION
    }
}

impl Default for Zoom {
    /// A second.
    fn default() -> Self {
        Self(9)
    }
}

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spacing {
    /// Of the first lane.
    pub first: f32,
    /// From lane to lane.
    pub gap: f32,
    /// Of a character of the labels.
    pub letter: f32,
    pub zoom: Zoom,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedStep {
    pub scene: usize,
    pub step: usize,
    pub from: (f32, f32),
    pub to: (f32, f32),
    /// The left edge of the words, and the middle of their height.
    pub label: (f32, f32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedBar {
    pub scene: usize,
    pub bar: usize,
    pub x: f32,
    pub top: f32,
    pub bottom: f32,
    /// How many others it lies beside.
    pub depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedMark {
    pub scene: usize,
    pub mark: usize,
    pub x: f32,
    pub y: f32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedAbsence {
    pub absence: usize,
    pub x: f32,
    pub top: f32,
    pub bottom: f32,
}

/// A stretch of time that was cut short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    pub y: f32,
    pub time: Duration,
}

/// From where to where a scene reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub row: RowId,
    pub top: f32,
    pub bottom: f32,
    /// Of its first arrow or mark.
    pub head: f32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    pub lanes: Vec<f32>,
    /// From top to bottom, as all lists here.
    pub steps: Vec<PlacedStep>,
    pub bars: Vec<PlacedBar>,
    pub marks: Vec<PlacedMark>,
    pub absences: Vec<PlacedAbsence>,
    pub gaps: Vec<Gap>,
    /// As many as there are scenes.
    pub extents: Vec<Extent>,
    pub height: f32,
    knots: Vec<(Timestamp, f32)>,
}

type Index = Vec<Vec<Option<usize>>>;

#[derive(Clone, Copy)]
enum What {
    Moment,
    Step(usize),
    Mark(usize),
}

struct Happening {
    at: Timestamp,
    scene: usize,
    what: What,
}

impl Layout {
    pub fn of(lanes: &Lanes, spacing: &Spacing) -> Self {
        let mut layout = Self {
            lanes: (0..lanes.lanes.len())
                .map(|place| spacing.first + number(place) * spacing.gap)
                .collect(),
            ..Self::default()
        };
        let mut page = Page::new(lanes, spacing);
        for happening in happenings(lanes) {
            page.place(&happening, &mut layout);
        }
        layout.height = page.bottom() + BOTTOM;
        layout.place_bars(lanes);
        layout.place_absences(lanes);
        layout.find_extents(lanes);
        layout
    }

    /// Where a moment lies, between the things that are placed.
    pub fn y_of(&self, at: Timestamp) -> f32 {
        let after = self.knots.partition_point(|(time, _)| *time <= at);
        let before = after.checked_sub(1).and_then(|place| self.knots.get(place));
        match (before, self.knots.get(after)) {
            (Some((earlier, top)), Some((later, bottom))) => {
                let whole = later.since(*earlier).as_secs_f32();
                let share = if whole > 0.0 {
                    at.since(*earlier).as_secs_f32() / whole
                } else {
                    0.0
                };
                top + (bottom - top) * share.clamp(0.0, 1.0)
            }
            (Some((time, y)), None) if *time == at => *y,
            (Some(_), None) => self.height,
            (None, _) => 0.0,
        }
    }

    fn edge(&self, lanes: &Lanes, index: &Index, scene: usize, edge: Edge) -> Option<f32> {
        let owner = lanes.scenes.get(scene)?;
        let placed = |step: usize| {
            let place = index.get(scene)?.get(step).copied().flatten()?;
            self.steps.get(place)
        };
        let exact = match edge {
            Edge::StartOf(step) => placed(step).map(|placed| placed.from.1),
            Edge::EndOf(step) => placed(step).map(|placed| placed.to.1),
            Edge::At(_) => None,
        };
        exact.or_else(|| Some(self.y_of(owner.time_of(edge)?)))
    }

    /// Where each step of each scene is in the list.
    fn index(&self, lanes: &Lanes) -> Index {
        let scenes = lanes.scenes.iter();
        let mut index: Index = scenes.map(|scene| vec![None; scene.steps.len()]).collect();
        for (place, placed) in self.steps.iter().enumerate() {
            let slot = index.get_mut(placed.scene);
            if let Some(slot) = slot.and_then(|steps| steps.get_mut(placed.step)) {
                *slot = Some(place);
            }
        }
        index
    }

    fn place_bars(&mut self, lanes: &Lanes) {
        let index = self.index(lanes);
        let mut bars = Vec::new();
        for (scene, owner) in lanes.scenes.iter().enumerate() {
            for (bar, it) in owner.bars.iter().enumerate() {
                let x = self.lanes.get(it.lane).copied();
                let (Some(x), false) = (x, it.is_hidden) else {
                    continue;
                };
                let top = self.edge(lanes, &index, scene, it.from).unwrap_or_default();
                let bottom = self.edge(lanes, &index, scene, it.to).unwrap_or_default();
                bars.push(PlacedBar {
                    scene,
                    bar,
                    x,
                    top,
                    bottom: bottom.max(top + 3.0),
                    depth: 0,
                });
            }
        }
        bars.sort_by(|one, other| one.top.total_cmp(&other.top));
        // Side by side where they overlap.
        let mut free: Vec<Vec<f32>> = vec![Vec::new(); self.lanes.len()];
        for placed in &mut bars {
            let Some(bar) = find_bar(lanes, placed) else {
                continue;
            };
            let Some(ends) = free.get_mut(bar.lane) else {
                continue;
            };
            let depth = ends.iter().position(|end| *end <= placed.top);
            let depth = depth.unwrap_or(ends.len());
            match ends.get_mut(depth) {
                Some(end) => *end = placed.bottom,
                None => ends.push(placed.bottom),
            }
            placed.depth = depth.min(DEEPEST);
        }
        self.bars = bars;
    }

    fn place_absences(&mut self, lanes: &Lanes) {
        for (absence, it) in lanes.absences.iter().enumerate() {
            let Some(x) = self.lanes.get(it.lane).copied() else {
                continue;
            };
            let bottom = it.until.map_or(self.height, |until| self.y_of(until));
            self.absences.push(PlacedAbsence {
                absence,
                x,
                top: self.y_of(it.from),
                bottom,
            });
        }
    }

    fn find_extents(&mut self, lanes: &Lanes) {
        let mut extents: Vec<Extent> = lanes
            .scenes
            .iter()
            .map(|scene| Extent {
                row: scene.row,
                top: f32::INFINITY,
                bottom: f32::NEG_INFINITY,
                head: f32::INFINITY,
            })
            .collect();
        let mut reach = |scene: usize, top: f32, bottom: f32, head: Option<f32>| {
            if let Some(extent) = extents.get_mut(scene) {
                extent.top = extent.top.min(top);
                extent.bottom = extent.bottom.max(bottom);
                extent.head = extent.head.min(head.unwrap_or(f32::INFINITY));
            }
        };
        for step in &self.steps {
            let (top, bottom) = (step.from.1.min(step.to.1), step.from.1.max(step.to.1));
            let kind = lanes.scenes.get(step.scene);
            let kind = kind.and_then(|scene| scene.steps.get(step.step));
            // It stands beside the time at which the request went out.
            let is_before = kind.is_some_and(|step| step.kind == StepKind::SubscribeAcknowledged);
            reach(
                step.scene,
                top,
                bottom,
                Some(step.from.1).filter(|_| !is_before),
            );
        }
        for bar in &self.bars {
            reach(bar.scene, bar.top, bar.bottom, None);
        }
        for mark in &self.marks {
            reach(mark.scene, mark.y, mark.y, Some(mark.y));
        }
        for extent in &mut extents {
            // Carried over from above.
            if !extent.head.is_finite() {
                extent.head = if extent.top.is_finite() {
                    extent.top
                } else {
                    0.0
                };
            }
            if !extent.top.is_finite() {
                (extent.top, extent.bottom) = (0.0, 0.0);
            }
        }
        self.extents = extents;
    }
}

fn find_bar<'a>(lanes: &'a Lanes, placed: &PlacedBar) -> Option<&'a Bar> {
    lanes.scenes.get(placed.scene)?.bars.get(placed.bar)
}

#[expect(clippy::cast_precision_loss, reason = "a count of lanes")]
fn number(count: usize) -> f32 {
    count as f32
}

#[expect(clippy::cast_precision_loss, reason = "letters of a label")]
fn letters(text: &str) -> f32 {
    text.chars().count() as f32
}

/// Everything that has a time, in that order.
fn happenings(lanes: &Lanes) -> Vec<Happening> {
    let is_inside = |at: Timestamp| {
        lanes.from.is_none_or(|from| at >= from) && lanes.until.is_none_or(|until| at < until)
    };
    let mut all = Vec::new();
    for (scene, it) in lanes.scenes.iter().enumerate() {
        for (step, it) in it.steps.iter().enumerate() {
            if !it.is_hidden {
                all.push(Happening {
                    at: it.at,
                    scene,
                    what: What::Step(step),
                });
            }
        }
        for (mark, it) in it.marks.iter().enumerate() {
            if !it.is_hidden {
                all.push(Happening {
                    at: it.at,
                    scene,
                    what: What::Mark(mark),
                });
            }
        }
        let edges = it.bars.iter().filter(|bar| !bar.is_hidden);
        for edge in edges.flat_map(|bar| [bar.from, bar.to]) {
            if let Edge::At(at) = edge
                && is_inside(at)
            {
                all.push(Happening {
                    at,
                    scene,
                    what: What::Moment,
                });
            }
        }
    }
    for absence in &lanes.absences {
        for at in [Some(absence.from), absence.until].into_iter().flatten() {
            if is_inside(at) {
                all.push(Happening {
                    at,
                    scene: usize::MAX,
                    what: What::Moment,
                });
            }
        }
    }
    // Stable: of one time in the order of the scenes and of their steps.
    all.sort_by_key(|happening| (happening.at, happening.scene));
    all
}

/// The page while it fills up.
struct Page<'a> {
    lanes: &'a Lanes,
    spacing: &'a Spacing,
    last: Option<(Timestamp, f32)>,
    /// How far each strip is filled: that of the axis, those between lanes, and that right of the last.
    filled: Vec<f32>,
    /// Where arrows of each scene came to: lane, height, and whether a device works from then on.
    arrived: Vec<Vec<(usize, f32, bool)>>,
}

impl<'a> Page<'a> {
    fn new(lanes: &'a Lanes, spacing: &'a Spacing) -> Self {
        Self {
            lanes,
            spacing,
            last: None,
            filled: vec![0.0; lanes.lanes.len() + 1],
            arrived: vec![Vec::new(); lanes.scenes.len()],
        }
    }

    fn bottom(&self) -> f32 {
        let last = self.last.map_or(TOP, |(_, y)| y);
        self.filled.iter().fold(last, |bottom, y| bottom.max(*y))
    }

    fn place(&mut self, happening: &Happening, layout: &mut Layout) {
        let (least, gap) = self.by_time(happening.at);
        let scene = self.lanes.scenes.get(happening.scene);
        let y = match (happening.what, scene) {
            (What::Step(index), Some(scene)) => {
                let Some(step) = scene.steps.get(index) else {
                    return;
                };
                self.step(happening.scene, index, step, least, layout)
            }
            (What::Mark(index), Some(scene)) => {
                let Some(y) = self.mark(happening.scene, index, scene, least, layout) else {
                    return;
                };
                y
            }
            _ => least,
        };
        if let (Some(time), Some((_, before))) = (gap, self.last) {
            layout.gaps.push(Gap {
                y: (before + y) * 0.5,
                time,
            });
        }
        self.last = Some((happening.at, y));
        layout.knots.push((happening.at, y));
    }

    /// The first place that time allows, and how much of it was cut out.
    fn by_time(&self, at: Timestamp) -> (f32, Option<Duration>) {
        let Some((before, y)) = self.last else {
            return (TOP, None);
        };
        let time = at.since(before);
        let points = self.spacing.zoom.points(time);
        if points > LONGEST {
            let filled = self.bottom().max(y);
            (filled + GAP, Some(time))
        } else {
            (y + points, None)
        }
    }

    /// The strips between two lanes, and those that words reach over that start at a lane.
    fn strips(&self, from: usize, to: usize) -> std::ops::Range<usize> {
        // Strip 0 is that of the axis.
        from.min(to) + 1..(from.max(to) + 1).min(self.filled.len())
    }

    fn word_strips(&self, lane: usize, label: &str) -> std::ops::Range<usize> {
        let width = INDENT + letters(label) * self.spacing.letter;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few strips"
        )]
        let over = (width / self.spacing.gap.max(1.0)).ceil().clamp(1.0, 64.0) as usize;
        lane + 1..(lane + 1 + over).min(self.filled.len())
    }

    fn filled_in(&self, strips: std::ops::Range<usize>) -> f32 {
        let strips = self.filled.get(strips).unwrap_or_default();
        strips.iter().fold(0.0, |most, y| most.max(*y))
    }

    fn fill(&mut self, strips: std::ops::Range<usize>, y: f32) {
        for filled in self.filled.get_mut(strips).unwrap_or_default() {
            *filled = filled.max(y);
        }
    }

    /// Where an arrow that leaves a lane can begin: below what brought it about.
    fn departure(&self, scene: usize, lane: usize) -> f32 {
        let arrived = self.arrived.get(scene).into_iter().flatten();
        arrived
            .filter(|(at, ..)| *at == lane)
            .map(|(_, y, works)| y + if *works { WORK } else { TURN })
            .fold(0.0, f32::max)
    }

    fn step(
        &mut self,
        scene: usize,
        index: usize,
        step: &Step,
        least: f32,
        layout: &mut Layout,
    ) -> f32 {
        let (from_x, to_x) = (x_of(layout, step.from), x_of(layout, step.to));
        let left = step.from.min(step.to);
        let strips = self.strips(step.from, step.to);
        let words = self.word_strips(left, &step.label);
        let has_words = !step.label.is_empty();
        let departure = self.departure(scene, step.from);
        // The one who starts a scene stands beside its time.
        let axis = if step.kind == StepKind::Publish {
            self.filled_in(0..1) + 8.0
        } else {
            0.0
        };
        let is_start = step.known != Known::End;
        let (from_y, to_y, label_y, filled, y);
        if is_start {
            let above = if has_words && step.kind != StepKind::Queued {
                LABEL + 4.0
            } else {
                2.0
            };
            let over = if has_words {
                words.clone()
            } else {
                strips.clone()
            };
            let room = self.filled_in(strips.clone()).max(self.filled_in(over)) + above;
            y = least.max(room).max(departure).max(axis);
            (from_y, to_y) = (y, y + DROP);
            label_y = if step.kind == StepKind::Queued {
                y + DROP * 0.5
            } else {
                y - LABEL * 0.5
            };
            filled = to_y + 2.0;
        } else {
            let room = self.filled_in(strips.clone()) + DROP + 2.0;
            let below = if has_words {
                self.filled_in(words.clone()) + 2.0
            } else {
                0.0
            };
            y = least.max(room).max(below).max(departure + DROP);
            (from_y, to_y) = (y - DROP, y);
            label_y = y + 2.0 + LABEL * 0.5;
            filled = y + 2.0;
        }
        let to_x = if step.kind == StepKind::Queued {
            // It has not come there yet.
            from_x + (to_x - from_x).clamp(-138.0, 138.0) * 0.55
        } else {
            to_x
        };
        let label_x = if step.kind == StepKind::Queued {
            from_x.max(to_x) + 10.0
        } else {
            x_of(layout, left) + INDENT
        };
        self.fill(strips, filled);
        if has_words {
            let bottom = if is_start && step.kind != StepKind::Queued {
                filled
            } else {
                label_y + LABEL * 0.5
            };
            self.fill(words, bottom);
        }
        if step.kind == StepKind::Publish {
            self.fill(0..1, y + 8.0);
        }
        if step.kind != StepKind::Queued {
            let is_taken = step.kind == StepKind::Deliver && step.known == Known::End;
            if let Some(arrived) = self.arrived.get_mut(scene) {
                arrived.push((step.to, to_y, is_taken));
            }
        }
        layout.steps.push(PlacedStep {
            scene,
            step: index,
            from: (from_x, from_y),
            to: (to_x, to_y),
            label: (label_x, label_y),
        });
        y
    }

    fn mark(
        &mut self,
        scene: usize,
        index: usize,
        owner: &Scene,
        least: f32,
        layout: &mut Layout,
    ) -> Option<f32> {
        let mark = owner.marks.get(index)?;
        let departure = self.departure(scene, mark.lane);
        let words = if mark.is_on_axis {
            0..1
        } else {
            self.word_strips(mark.lane, &mark.label)
        };
        let room = self.filled_in(words.clone()) + LABEL * 0.5;
        let y = least.max(departure).max(room);
        self.fill(words, y + LABEL * 0.5);
        layout.marks.push(PlacedMark {
            scene,
            mark: index,
            x: x_of(layout, mark.lane),
            y,
        });
        Some(y)
    }
}

fn x_of(layout: &Layout, lane: usize) -> f32 {
    layout.lanes.get(lane).copied().unwrap_or_default()
}
