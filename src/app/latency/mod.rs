//! The Latency view without a window: what the exchanges that pass the filter say of their times.
//!
//! [`Latency::follow`] looks at what was touched, and through a long timeline in slices, never
//! longer than a part of a frame; while the view is not open it knows nothing. What is painted is
//! a [`Report`], made anew a few times a second. Two samples are compared by keeping one,
//! which may come from anywhere ([`Latency::compare_with`]). Charts are data: [`charts`].

pub mod axis;
pub mod charts;
pub mod compare;
pub mod figures;
pub mod groups;
mod legs;
mod region;
mod series;
mod statistics;

pub use compare::{Comparison, Named};
pub use groups::{GroupLine, Grouping, SortBy};
pub use legs::{LegMedian, NEWEST as NEWEST_LEGS};
pub use region::Region;

use crate::model::sample::{Measure, Sample};
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::{Filter, Row, RowId, RowRef, Timeline};
use charts::{HistogramChart, MOST_DOTS, OverTime, Scatter};
use figures::{Figure, caution, shown, silence};
use legs::Legs;
use statistics::{Part, Statistics};
use std::sync::Arc;
use std::time::Duration;

/// A report is not made more often.
const FRESH: Duration = Duration::from_millis(150);
/// With more touches than that at once it is cheaper to start over, in slices.
const MOST_TOUCHES: usize = 20_000;
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

/// What is said of one sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub name: String,
    pub exchanges: u64,
    pub answered: u64,
    pub unanswered: u64,
    /// `12 of 1,204 not answered`.
    pub silence: String,
    pub figures: Vec<FigureShown>,
    pub caution: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureShown {
    pub label: &'static str,
    pub value: String,
    pub is_vague: bool,
}

impl Summary {
    fn of(name: String, sample: &Sample) -> Self {
        let figures = Figure::ALL.map(|figure| FigureShown {
            label: figure.label(),
            value: shown(figure.of(sample)),
            is_vague: sample.answered() < figure.least(),
        });
        Self {
            name,
            exchanges: sample.exchanges(),
            answered: sample.answered(),
            unanswered: sample.unanswered,
            silence: silence(sample),
            figures: figures.to_vec(),
            caution: caution(sample),
        }
    }

    pub fn sentence(&self) -> String {
        let figures = self.figures.iter();
        let figures: Vec<String> = figures
            .map(|figure| format!("{} {}", figure.label, figure.value))
            .collect();
        format!("{}: {}, {}", self.name, self.silence, figures.join(", "))
    }
}

/// All that the view paints.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Grows with each, for what is made of it.
    pub number: u64,
    /// All that passes the filter.
    pub total: u64,
    pub shown: Summary,
    pub groups: Vec<GroupLine>,
    pub histogram: Option<HistogramChart>,
    pub scatter: Option<Scatter>,
    pub over_time: Option<OverTime>,
    pub legs: Vec<LegMedian>,
    pub marked: Option<(Region, Summary)>,
    pub kept: Option<Arc<str>>,
    pub comparison: Option<Comparison>,
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
    filter: Filter,
    cursor: u64,
    epoch: u64,
    /// The newest row that was looked at; all before it were, too.
    seen: Option<RowId>,
    is_all_seen: bool,
    statistics: Statistics,
    legs: Legs,

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
        if !self.is_following || self.epoch != timeline.epoch() || self.filter != *filter {
            self.filter.clone_from(filter);
            self.start_over(timeline);
        }
        self.hear_of_touches(timeline);
        let first = timeline.id_at(0);
        let before = self.statistics.len();
        self.statistics.drop_before(first);
        self.legs.drop_before(first);
        self.is_stale |= self.statistics.len() != before;
        self.scan(timeline, &mut has_time);
        let wanted = self.part_shown();
        if self.statistics.shown.part() != wanted {
            self.statistics.show(wanted);
            self.is_stale = true;
        }
        let marked = self.region.map(|region| Part {
            region: Some(region),
            ..wanted
        });
        if self.statistics.marked.as_ref().map(statistics::Lens::part) != marked {
            self.statistics.mark(marked);
            self.is_stale = true;
        }
        if !self.statistics.is_complete() {
            self.statistics.look(&mut has_time);
            self.is_stale = true;
        }
        // The first report of a long timeline waits for the whole: half a truth would jump.
        let is_ready = self.is_all_seen && self.statistics.is_complete();
        if is_ready && std::mem::take(&mut self.is_keeping) {
            self.kept = Some(self.subject());
            self.region = None;
            self.statistics.mark(None);
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
            self.statistics = Statistics::default();
            self.legs = Legs::default();
            self.report = Arc::default();
        }
    }

    pub fn report(&self) -> Arc<Report> {
        Arc::clone(&self.report)
    }

    /// Whether there is more to look at than was done in the last slice.
    pub fn is_busy(&self) -> bool {
        self.is_following && !(self.is_all_seen && self.statistics.is_complete())
    }

    /// When the next report is due, where something has changed.
    pub fn next_report(&self) -> Option<Duration> {
        (self.is_following && self.is_stale).then_some(FRESH)
    }

    /// How much of the timeline was looked at, 0 to 1.
    #[expect(clippy::cast_possible_truncation, reason = "a share of a bar")]
    pub fn progress(&self, timeline: &Timeline) -> f32 {
        let seen = self.seen.and_then(|id| timeline.place_of(id));
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
        if let Some(term) = term.filter(|term| !text.contains(&**term)) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&term);
        }
        match self.region {
            Some(region) => region.narrow(&text),
            None => text,
        }
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

    fn start_over(&mut self, timeline: &Timeline) {
        self.is_following = true;
        self.epoch = timeline.epoch();
        self.cursor = timeline.touched_since(self.cursor).cursor;
        self.seen = None;
        self.is_all_seen = false;
        self.statistics = Statistics::default();
        self.legs = Legs::default();
        self.touch();
    }

    /// Looks again at rows that were looked at before; new ones come by themselves.
    fn hear_of_touches(&mut self, timeline: &Timeline) {
        let touched = timeline.touched_since(self.cursor);
        let Some(seen) = self.seen else {
            self.cursor = touched.cursor;
            return;
        };
        let is_too_much = touched.ids().nth(MOST_TOUCHES).is_some();
        if touched.is_incomplete || is_too_much {
            self.start_over(timeline);
            return;
        }
        for id in touched.ids().filter(|id| *id <= seen) {
            match timeline.peek(id) {
                Some(row) => self.look_at(row, true),
                None => self.take(id),
            }
        }
        self.cursor = touched.cursor;
    }

    fn scan(&mut self, timeline: &Timeline, mut has_time: impl FnMut() -> bool) {
        const SLICE: usize = 64;
        // What was looked at can only have gone together with all that is older.
        let mut place = self
            .seen
            .and_then(|id| timeline.place_of(id))
            .map_or(0, |place| place + 1);
        let with_legs_from = timeline.len().saturating_sub(2 * NEWEST_LEGS);
        while place < timeline.len() {
            if place.is_multiple_of(SLICE) && !has_time() {
                break;
            }
            if let Some(row) = timeline.id_at(place).and_then(|id| timeline.peek(id)) {
                self.seen = Some(row.id());
                self.look_at(row, place >= with_legs_from);
            }
            place += 1;
        }
        self.is_all_seen = place >= timeline.len();
    }

    fn look_at(&mut self, row: RowRef<'_>, with_legs: bool) {
        let Some(measure) = Measure::of(row) else {
            return;
        };
        self.is_stale = true;
        if !self.filter.passes(row) {
            self.take(row.id());
            return;
        }
        let (id, name) = (row.id(), self.grouping.name_of(row));
        let group = self.statistics.put(id, row.time(), measure, name);
        if with_legs
            && measure.round_trip.is_some()
            && let Row::Exchange(exchange) = &*row.to_row()
        {
            self.legs.put(id, group, exchange);
        }
    }

    fn take(&mut self, id: RowId) {
        self.statistics.take(id);
        self.legs.take(id);
    }

    fn group_chosen(&self) -> Option<u32> {
        let name = self.chosen.as_ref()?;
        // One that does not exist yet holds nothing.
        Some(self.statistics.group_named(name).unwrap_or(u32::MAX))
    }

    fn part_shown(&self) -> Part {
        Part {
            group: self.group_chosen(),
            region: None,
        }
    }

    /// What is marked, or else what is shown, with its name.
    fn subject(&self) -> Named {
        let name = self.subject_name();
        let lens = self.statistics.marked.as_ref();
        let sample = &lens.unwrap_or(&self.statistics.shown).sample;
        Named {
            name: name.into(),
            sample: Arc::new(sample.clone()),
        }
    }

    fn shown_name(&self) -> String {
        match &self.chosen {
            Some(name) => name.to_string(),
            None if self.filter.is_empty() => "All exchanges".to_owned(),
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
        let statistics = &self.statistics;
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
            legs: self.legs.medians(self.group_chosen()),
            marked: self.region.zip(marked).map(|(region, lens)| {
                let name = format!("{} exchanges", text::count(lens.sample.exchanges()));
                (region, Summary::of(name, &lens.sample))
            }),
            kept: kept.map(|kept| Arc::clone(&kept.name)),
            comparison: kept.map(|kept| compare::compare(&self.subject(), kept)),
        });
    }
}

/// The chip's words for a verdict's word.
fn verdict_label(word: &str) -> String {
    use crate::model::timeline::Category;
    let found = Category::ALL.into_iter().find(|one| one.word() == word);
    found.map_or_else(|| word.to_owned(), |one| one.label().to_owned())
}

#[cfg(test)]
mod tests;
