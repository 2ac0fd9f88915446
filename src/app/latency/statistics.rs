//! The exchanges that pass the filter, a few bytes for each, and what they add up to.
//!
//! Kept up to date one exchange at a time: whatever is added can be changed and taken out. What
//! shall be known of a part of them, a [`Lens`], is found by looking through all of them in
//! slices, and is then kept up to date in the same way.

use super::region::Region;
use super::series::Series;
use crate::model::sample::{Measure, Sample};
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, RowId};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// More groups are put together into one: nobody reads ten thousand lines.
pub const MOST_GROUPS: usize = 1_000;

/// One exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub id: RowId,
    pub time: Timestamp,
    /// `u64::MAX` for none: half the room of an `Option`.
    nanos: u64,
    group: u32,
    category: Category,
}

impl Point {
    pub fn measure(self) -> Measure {
        Measure {
            round_trip: self.round_trip(),
            category: self.category,
        }
    }

    pub fn round_trip(self) -> Option<Duration> {
        (self.nanos != u64::MAX).then(|| Duration::from_nanos(self.nanos))
    }

    pub fn category(self) -> Category {
        self.category
    }

    pub fn group(self) -> u32 {
        self.group
    }
}

/// A part of the exchanges: of one group, in a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub group: Option<u32>,
    pub region: Option<Region>,
}

impl Part {
    pub fn holds(&self, point: Point) -> bool {
        self.group.is_none_or(|group| group == point.group)
            && self
                .region
                .is_none_or(|region| region.holds(point.time, point.round_trip()))
    }
}

/// What is known of a part.
#[derive(Clone, Debug, Default)]
pub struct Lens {
    part: Part,
    /// So many from the oldest have been looked at; those behind it count when they are.
    scanned: usize,
    pub sample: Sample,
    pub series: Series,
}

impl Lens {
    pub fn part(&self) -> Part {
        self.part
    }

    fn add(&mut self, point: Point) {
        if self.part.holds(point) {
            self.sample.add(point.measure());
            self.series.add(point.time, point.measure());
        }
    }

    fn remove(&mut self, point: Point) {
        if self.part.holds(point) {
            self.sample.remove(point.measure());
            self.series.remove(point.time, point.measure());
        }
    }
}

#[derive(Clone, Debug)]
pub struct Group {
    pub name: Arc<str>,
    pub sample: Sample,
}

#[derive(Debug, Default)]
pub struct Statistics {
    /// Ascending by id.
    points: VecDeque<Point>,
    numbers: HashMap<Arc<str>, u32>,
    groups: Vec<Group>,
    pub total: Sample,
    /// What the charts show.
    pub shown: Lens,
    /// What was marked in them.
    pub marked: Option<Lens>,
}

/// The name of the group of all that came after [`MOST_GROUPS`].
pub const OTHERS: &str = "all others";

impl Statistics {
    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn points(&self) -> impl Iterator<Item = Point> {
        self.points.iter().copied()
    }

    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    pub fn group_named(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// Adds an exchange, or puts what is known of it now in the place of what was. Gives its group.
    pub fn put(&mut self, id: RowId, time: Timestamp, measure: Measure, group: &str) -> u32 {
        let nanos = measure.round_trip.map_or(u64::MAX, |round_trip| {
            u64::try_from(round_trip.as_nanos()).unwrap_or(u64::MAX - 1)
        });
        let point = Point {
            id,
            time,
            nanos,
            group: self.number_of(group),
            category: measure.category,
        };
        let is_newest = self.points.back().is_none_or(|last| last.id < id);
        let at = if is_newest {
            Err(self.points.len())
        } else {
            self.points.binary_search_by_key(&id, |point| point.id)
        };
        match at {
            Ok(at) => {
                let Some(place) = self.points.get_mut(at) else {
                    return point.group;
                };
                let before = std::mem::replace(place, point);
                if before == point {
                    return point.group;
                }
                self.count_out(before);
                for lens in self.lenses().filter(|lens| at < lens.scanned) {
                    lens.remove(before);
                    lens.add(point);
                }
            }
            Err(at) => {
                let before = self.points.len();
                self.points.insert(at, point);
                for lens in self.lenses() {
                    if at < lens.scanned || lens.scanned == before {
                        lens.scanned += 1;
                        lens.add(point);
                    }
                }
            }
        }
        self.total.add(point.measure());
        if let Some(group) = self.groups.get_mut(point.group as usize) {
            group.sample.add(point.measure());
        }
        point.group
    }

    /// Takes an exchange out that no longer passes.
    pub fn take(&mut self, id: RowId) {
        if let Ok(at) = self.points.binary_search_by_key(&id, |point| point.id) {
            self.take_at(at);
        }
    }

    /// Takes out what was before the oldest row there still is.
    pub fn drop_before(&mut self, first: Option<RowId>) {
        while self
            .points
            .front()
            .is_some_and(|point| first.is_none_or(|first| point.id < first))
        {
            self.take_at(0);
        }
    }

    /// Shows another part. What was shown is forgotten.
    pub fn show(&mut self, part: Part) {
        self.shown = Lens {
            part,
            ..Lens::default()
        };
    }

    pub fn mark(&mut self, part: Option<Part>) {
        self.marked = part.map(|part| Lens {
            part,
            ..Lens::default()
        });
    }

    /// Looks through what the lenses have not seen, while there is time.
    pub fn look(&mut self, mut has_time: impl FnMut() -> bool) {
        const SLICE: usize = 1_024;
        let points = &self.points;
        for lens in std::iter::once(&mut self.shown).chain(&mut self.marked) {
            while lens.scanned < points.len() && has_time() {
                let end = (lens.scanned + SLICE).min(points.len());
                for point in points.range(lens.scanned..end) {
                    lens.add(*point);
                }
                lens.scanned = end;
            }
        }
    }

    /// Whether the lenses have seen everything.
    pub fn is_complete(&self) -> bool {
        let len = self.points.len();
        std::iter::once(&self.shown)
            .chain(&self.marked)
            .all(|lens| lens.scanned == len)
    }

    fn lenses(&mut self) -> impl Iterator<Item = &mut Lens> {
        std::iter::once(&mut self.shown).chain(&mut self.marked)
    }

    fn take_at(&mut self, at: usize) {
        let Some(point) = self.points.remove(at) else {
            return;
        };
        self.count_out(point);
        for lens in self.lenses().filter(|lens| at < lens.scanned) {
            lens.scanned -= 1;
            lens.remove(point);
        }
    }

    fn count_out(&mut self, point: Point) {
        self.total.remove(point.measure());
        if let Some(group) = self.groups.get_mut(point.group as usize) {
            group.sample.remove(point.measure());
        }
    }

    fn number_of(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        if self.groups.len() >= MOST_GROUPS && name != OTHERS {
            return self.number_of(OTHERS);
        }
        let number = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        let name: Arc<str> = name.into();
        self.numbers.insert(Arc::clone(&name), number);
        self.groups.push(Group {
            name,
            sample: Sample::default(),
        });
        number
    }
}
