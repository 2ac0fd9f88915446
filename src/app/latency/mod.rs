//! The Latency view without a window: what the exchanges that pass the filter say of their times.
//!
//! [`Latency::follow`] looks at what was touched, never longer than a part of a frame, and has a
//! long timeline looked through on a thread of its own; while the view is not open it knows
//! nothing. What is painted is a [`Report`], made anew a few times a second. Two samples are
//! compared by keeping one, which may come from anywhere ([`Latency::compare_with`]).
//! Charts are data: [`charts`].

pub mod axis;
pub mod charts;
pub mod compare;
mod count;
pub mod figures;
pub mod groups;
mod legs;
mod region;
mod report;
mod series;
mod statistics;
mod work;

pub use compare::{Comparison, Named};
pub use groups::{GroupLine, Grouping, SortBy};
pub use legs::{LegMedian, NEWEST as NEWEST_LEGS};
pub use region::Region;
pub use report::{FigureShown, Report, Summary};

use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, Filter, Timeline};
use charts::MOST_DOTS;
use count::Count;
use statistics::{Lens, Part};
use std::sync::Arc;
use std::time::Duration;
use work::{Stand, Work};

/// A report is not made more often.
const FRESH: Duration = Duration::from_millis(150);
/// With more touches than that at once it is cheaper to start over, in slices.
const MOST_TOUCHES: usize = 20_000;
/// More rows are looked through on a thread of their own.
const MANY_ROWS: usize = 20_000;
/// The other thread is asked whether it is done.
const ASK: Duration = Duration::from_millis(20);
/// Looking for the dots of a small group among more exchanges than that would take too long.
const FEW_POINTS: usize = 200_000;

/// What the user can ask of the view.
#[derive(Clone, Debug, PartialEq)]
pub enum LatencyAction {
    GroupBy(Grouping),
    /// By a column; once more turns it round.
    SortBy(SortBy),
    /// Shows a group in the charts; none shows all.
    Choose(Option<Arc<str>>),
    Mark(Option<Region>),
    /// What is marked, or the chosen group, as a filter in the table.
    ShowInTable,
    /// The same, and stays here: the charts then show that alone.
    Narrow,
    /// Keeps what is shown, to compare others with it.
    Keep,
    ForgetKept,
}

#[derive(Debug, Default)]
pub struct Latency {
    pub grouping: Grouping,
    pub sort: (SortBy, bool),
    chosen: Option<Arc<str>>,
    region: Option<Region>,
    kept: Option<Named>,
    /// It was asked for, and is done when everything was looked at.
    is_keeping: bool,

    is_following: bool,
    cursor: u64,
    epoch: u64,
    count: Count,
    is_all_seen: bool,
    work: Option<Work>,

    report: Arc<Report>,
    made: Timestamp,
    is_stale: bool,
}

impl Latency {
    /// Brings it up to date while there is time; gives names of connections by their ids.
    pub fn follow(
        &mut self,
        (timeline, filter): (&Timeline, &Filter),
        now: Timestamp,
        connection_name: impl Fn(&str) -> Option<String>,
        mut has_time: impl FnMut() -> bool,
    ) {
        if !self.is_following || self.epoch != timeline.epoch() || self.count.filter != *filter {
            self.start_over(timeline, filter);
        }
        if !self.is_work_done(timeline) {
            return;
        }
        self.count.marks = Arc::clone(timeline.marks());
        self.hear_of_touches(timeline);
        self.is_stale |= self.count.drop_before(timeline.id_at(0));
        self.scan(timeline, &mut has_time);
        let (shown, marked) = parts(&self.count, self.chosen.as_deref(), self.region);
        let statistics = &mut self.count.statistics;
        if statistics.shown.part() != shown {
            statistics.show(shown);
            self.is_stale = true;
        }
        if statistics.marked.as_ref().map(Lens::part) != marked {
            statistics.mark(marked);
            self.is_stale = true;
        }
        if !statistics.is_complete() {
            statistics.look(&mut has_time);
            self.is_stale = true;
        }
        // The first report of a long timeline waits for the whole: half a truth would jump.
        let is_ready = self.is_all_seen && self.count.statistics.is_complete();
        if is_ready && std::mem::take(&mut self.is_keeping) {
            self.kept = Some(self.subject());
            self.region = None;
            self.count.statistics.mark(None);
            self.touch();
        }
        let is_due = now.since(self.made) >= FRESH || self.made > now;
        if self.is_stale && is_due && (is_ready || self.report.number > 0) {
            self.make_report(connection_name);
            self.made = now;
            self.is_stale = !is_ready;
        }
    }

    /// The view is closed: what was counted is forgotten, what was chosen and kept is not.
    pub fn rest(&mut self) {
        if self.is_following {
            self.is_following = false;
            self.count = Count::default();
            self.work = None;
            self.report = Arc::default();
        }
    }

    pub fn report(&self) -> Arc<Report> {
        Arc::clone(&self.report)
    }

    /// Whether there is more to look at than was done in the last slice.
    pub fn is_busy(&self) -> bool {
        let is_done = self.is_all_seen && self.count.statistics.is_complete();
        self.is_following && (self.work.is_some() || !is_done)
    }

    /// When to follow again although nothing happens.
    pub fn next_look(&self) -> Option<Duration> {
        if !self.is_following {
            None
        } else if self.work.is_some() {
            Some(ASK)
        } else if self.is_busy() {
            Some(Duration::ZERO)
        } else {
            self.is_stale.then_some(FRESH)
        }
    }

    /// How much of the timeline was looked at, 0 to 1.
    #[expect(clippy::cast_possible_truncation, reason = "a share of a bar")]
    pub fn progress(&self, timeline: &Timeline) -> f32 {
        if let Some(work) = &self.work {
            return work.progress() as f32;
        }
        let seen = self.count.seen.and_then(|id| timeline.place_of(id));
        let seen = seen.map_or(0, |place| place as u64 + 1);
        let all = (timeline.len() as u64).max(1);
        (axis::real(seen) / axis::real(all)) as f32
    }

    pub fn chosen(&self) -> Option<&Arc<str>> {
        self.chosen.as_ref()
    }

    pub fn region(&self) -> Option<Region> {
        self.region
    }

    pub fn kept(&self) -> Option<&Named> {
        self.kept.as_ref()
    }

    /// Puts a sample beside what is shown: one from another recording, for example.
    pub fn compare_with(&mut self, kept: Option<Named>) {
        self.kept = kept;
        self.touch();
    }

    /// Keeps what is marked, or else what is shown, as soon as all of it was looked at.
    pub fn keep(&mut self) {
        self.is_keeping = true;
        self.touch();
    }

    pub fn group_by(&mut self, grouping: Grouping) {
        if self.grouping != grouping {
            self.grouping = grouping;
            self.chosen = None;
            self.is_following = false;
            self.touch();
        }
    }

    pub fn sort_by(&mut self, by: SortBy) {
        let (now, is_turned) = self.sort;
        self.sort = (by, now == by && !is_turned);
        self.touch();
    }

    pub fn choose(&mut self, group: Option<Arc<str>>) {
        self.chosen = group;
        self.touch();
    }

    pub fn mark(&mut self, region: Option<Region>) {
        self.region = region.map(Region::rounded);
        self.touch();
    }

    /// The filter's text for what is marked and chosen, in addition to what it says already.
    pub fn filter_text(&self, text: &str) -> String {
        let mut text = text.trim().to_owned();
        let term = self
            .chosen
            .as_ref()
            .and_then(|name| self.grouping.term(name));
        if let Some(region) = self.region {
            text = region.narrow(&text);
        }
        if let Some(term) = term {
            text = region::with_terms(&text, &[term]);
        }
        text
    }

    /// What is chosen is in the filter now.
    pub fn forget_choice(&mut self) {
        self.chosen = None;
        self.mark(None);
    }

    /// What changed is seen at once.
    fn touch(&mut self) {
        self.is_stale = true;
        self.made = Timestamp::default();
    }

    /// Forgets what was counted. A long timeline is looked through on a thread of its own.
    fn start_over(&mut self, timeline: &Timeline, filter: &Filter) {
        self.is_following = true;
        self.epoch = timeline.epoch();
        self.cursor = timeline.touched_since(self.cursor).cursor;
        self.is_all_seen = false;
        self.work = None;
        self.touch();
        let count = || Count {
            marks: Arc::clone(timeline.marks()),
            ..Count::new(filter.clone(), self.grouping)
        };
        self.count = count();
        let snapshot = timeline.snapshot();
        if work::rows_in(&snapshot) < MANY_ROWS {
            return;
        }
        let (chosen, region) = (self.chosen.clone(), self.region);
        let wanted = move |count: &Count| parts(count, chosen.as_deref(), region);
        match Work::start(snapshot, count(), wanted) {
            Ok(work) => self.work = Some(work),
            Err(err) => log::warn!("no thread for the Latency view, it goes on without: {err}"),
        }
    }

    /// Takes what the other thread found. Says whether to go on from there.
    fn is_work_done(&mut self, timeline: &Timeline) -> bool {
        let Some(work) = &self.work else {
            return true;
        };
        match work.stand() {
            Stand::Out => return false,
            Stand::Done(count) => self.count = *count,
            Stand::Lost => {
                // Then in slices: all that was touched meanwhile is among the rows.
                log::warn!("the Latency view's thread ended without a result");
                self.cursor = timeline.touched_since(self.cursor).cursor;
            }
        }
        self.work = None;
        self.is_stale = true;
        true
    }

    /// Looks again at rows that were looked at before; new ones come by themselves.
    fn hear_of_touches(&mut self, timeline: &Timeline) {
        let touched = timeline.touched_since(self.cursor);
        let seen = self.count.seen;
        let again = || touched.ids().filter(|id| Some(*id) <= seen);
        let is_too_much = again().nth(MOST_TOUCHES).is_some();
        if seen.is_some() && (touched.is_incomplete || is_too_much) {
            let filter = self.count.filter.clone();
            self.start_over(timeline, &filter);
            return;
        }
        for id in again() {
            match timeline.peek(id) {
                Some(row) => self.is_stale |= self.count.look_at(row, true),
                None => self.count.take(id),
            }
        }
        self.cursor = touched.cursor;
    }

    fn scan(&mut self, timeline: &Timeline, mut has_time: impl FnMut() -> bool) {
        const SLICE: usize = 64;
        if self.work.is_some() {
            return;
        }
        // What was looked at can only have gone together with all that is older.
        let seen = self.count.seen.and_then(|id| timeline.place_of(id));
        let mut place = seen.map_or(0, |place| place + 1);
        let with_legs_from = timeline.len().saturating_sub(2 * NEWEST_LEGS);
        while place < timeline.len() {
            if place.is_multiple_of(SLICE) && !has_time() {
                break;
            }
            if let Some(row) = timeline.id_at(place).and_then(|id| timeline.peek(id)) {
                self.is_stale |= self.count.look_at(row, place >= with_legs_from);
            }
            place += 1;
        }
        self.is_all_seen = place >= timeline.len();
    }

    /// What is marked, or else what is shown, with its name.
    fn subject(&self) -> Named {
        let name = self.subject_name();
        let statistics = &self.count.statistics;
        let lens = statistics.marked.as_ref();
        let sample = &lens.unwrap_or(&statistics.shown).sample;
        Named {
            name: name.into(),
            sample: Arc::new(sample.clone()),
        }
    }

    fn shown_name(&self) -> String {
        match &self.chosen {
            Some(name) => name.to_string(),
            None if self.count.filter.is_empty() => "All exchanges".to_owned(),
            None => "All that pass the filter".to_owned(),
        }
    }

    fn subject_name(&self) -> String {
        let name = self.shown_name();
        match self.region {
            Some(region) => format!("{name}, {}", region.words()),
            None => name,
        }
    }

    fn make_report(&mut self, connection_name: impl Fn(&str) -> Option<String>) {
        let statistics = &self.count.statistics;
        let kept = self.kept.as_ref();
        let shown = &statistics.shown;
        let has_dots = shown.sample.exchanges() <= MOST_DOTS && statistics.len() <= FEW_POINTS;
        let group_name = |key: &str| match self.grouping {
            Grouping::Connection => connection_name(key).unwrap_or_else(|| key.to_owned()),
            Grouping::Verdict => verdict_label(key),
            _ => key.to_owned(),
        };
        let lines = match self.grouping {
            Grouping::All => Vec::new(),
            _ => groups::lines(statistics, self.sort, self.chosen.as_deref(), group_name),
        };
        let marked = statistics.marked.as_ref();
        let histogram = marked.map_or(&shown.sample, |marked| {
            if kept.is_some() {
                &marked.sample
            } else {
                &shown.sample
            }
        });
        self.report = Arc::new(Report {
            number: self.report.number + 1,
            total: statistics.total.exchanges(),
            shown: Summary::of(self.shown_name(), &shown.sample),
            groups: lines,
            histogram: charts::histogram(histogram, kept.map(|kept| &*kept.sample)),
            scatter: charts::scatter(shown, statistics.points(), has_dots),
            over_time: charts::over_time(shown),
            legs: self.count.legs.medians(shown.part().group),
            marked: self.region.zip(marked).map(|(region, lens)| {
                let name = format!("{} exchanges", text::count(lens.sample.exchanges()));
                (region, Summary::of(name, &lens.sample))
            }),
            kept: kept.map(|kept| Arc::clone(&kept.name)),
            comparison: kept.map(|kept| compare::compare(&self.subject(), kept)),
        });
    }
}

/// What the charts show of all that was counted, and what is marked in them.
fn parts(count: &Count, chosen: Option<&str>, region: Option<Region>) -> (Part, Option<Part>) {
    // A group that does not exist yet holds nothing.
    let group = chosen.map(|name| count.statistics.group_named(name).unwrap_or(u32::MAX));
    let shown = Part {
        group,
        region: None,
    };
    let marked = region.map(|_| Part { group, region });
    (shown, marked)
}

/// The chip's words for a verdict's word.
fn verdict_label(word: &str) -> String {
    let found = Category::ALL.into_iter().find(|one| one.word() == word);
    found.map_or_else(|| word.to_owned(), |one| one.label().to_owned())
}

#[cfg(test)]
mod tests;
