//! The packet log of one connection, as it is looked at: which packets pass the filter, which one is chosen.
//!
//! Nothing is copied while nobody looks. Who looks has a [`Reel`] that catches up once a tick; what is new is
//! filtered at once where it is little, and by a worker where it is much. Rows are numbers of packets; a row is
//! decoded when it is painted.

mod detail;
mod export;
mod perform;
mod rows;

#[cfg(test)]
mod tests;

pub use crate::model::packet::filter::KEYS;
pub use crate::session::PacketSource;
pub use crate::store::export::PacketFormat;
pub use detail::{Detail, DetailField};
pub use export::PacketExportDialog;
pub(super) use export::PacketExports;
pub use rows::PacketRow;

use crate::app::work::{Work, Worker};
use crate::model::packet::filter::Problem;
use crate::model::packet::{Filter, Logged, Reel};
use crate::session::Session;
use std::collections::VecDeque;
use std::sync::Arc;

/// More packets than these are not filtered on the thread that paints: a packet takes some microseconds where its
/// inside is looked at.
const AT_ONCE: u64 = 1_000;

#[derive(Clone, Debug)]
pub enum PacketsAction {
    /// Opens the log of a connection or device.
    Show(PacketSource),
    SetFilter(String),
    FoldPings(bool),
    Pause(bool),
    Select(Option<u64>),
    Clear,
    KeepEverything(bool),
    CopyText(u64),
    CopyHex(u64),
    CopyJson(u64),
    AskExport(PacketFormat),
    /// Writes what the dialog holds.
    Export,
    /// What was refused because its file is there already.
    ReplaceFile,
}

/// A line of the table: a packet, or a run of pings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Of the last of them.
    pub number: u64,
    /// Pings before it that are folded into this line.
    pub folded: u32,
}

/// What a worker found.
struct Scanned {
    lines: Vec<Line>,
    until: u64,
}

pub struct Packets {
    source: Option<PacketSource>,
    reel: Reel,
    lines: VecDeque<Line>,
    /// Everything before this number has been filtered.
    scanned: u64,
    work: Option<Work<Scanned>>,
    filter: Arc<Filter>,
    problems: Vec<Problem>,
    folds_pings: bool,
    is_paused: bool,
    selected: Option<u64>,
    detail: Option<Detail>,
    /// Grows whenever something else is shown.
    version: u64,
}

impl Default for Packets {
    fn default() -> Self {
        Self {
            source: None,
            reel: Reel::default(),
            lines: VecDeque::new(),
            scanned: 0,
            work: None,
            filter: Arc::default(),
            problems: Vec::new(),
            folds_pings: true,
            is_paused: false,
            selected: None,
            detail: None,
            version: 0,
        }
    }
}

/// Whether it goes with the line before, and is to be folded into it.
fn folds_into(reel: &Reel, last: Option<&Line>, logged: &Logged<'_>) -> bool {
    let before = last.and_then(|line| reel.get(line.number));
    logged.is_ping() && before.is_some_and(|before| before.is_ping())
}

/// The lines of all packets from a number on that pass, behind those that there are.
fn scan(
    reel: &Reel,
    from: u64,
    (filter, folds): (&Filter, bool),
    lines: &mut impl Lines,
    goes_on: impl Fn() -> bool,
) -> Option<u64> {
    for (count, logged) in reel.since(from).enumerate() {
        if count % 1_024 == 1_023 && !goes_on() {
            return None;
        }
        if !filter.passes(&logged) {
            continue;
        }
        let number = logged.number;
        match lines.last() {
            Some(last) if folds && folds_into(reel, Some(last), &logged) => {
                last.number = number;
                last.folded = last.folded.saturating_add(1);
            }
            _ => lines.push(Line { number, folded: 0 }),
        }
    }
    Some(reel.next())
}

/// Where lines are put: those on show, or those of a worker.
trait Lines {
    fn last(&mut self) -> Option<&mut Line>;
    fn push(&mut self, line: Line);
}

impl Lines for VecDeque<Line> {
    fn last(&mut self) -> Option<&mut Line> {
        self.back_mut()
    }

    fn push(&mut self, line: Line) {
        self.push_back(line);
    }
}

impl Lines for Vec<Line> {
    fn last(&mut self) -> Option<&mut Line> {
        self.last_mut()
    }

    fn push(&mut self, line: Line) {
        self.push(line);
    }
}

impl Packets {
    pub fn source(&self) -> Option<&PacketSource> {
        self.source.as_ref()
    }

    pub fn reel(&self) -> &Reel {
        &self.reel
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub fn folds_pings(&self) -> bool {
        self.folds_pings
    }

    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    pub fn is_searching(&self) -> bool {
        self.work.is_some()
    }

    pub fn selected(&self) -> Option<u64> {
        self.selected
    }

    /// Grows when rows mean something else: another log, another filter.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// From the top, where the newest is.
    pub fn line(&self, place: usize) -> Option<Line> {
        let at = self.lines.len().checked_sub(place.checked_add(1)?)?;
        self.lines.get(at).copied()
    }

    /// Where a packet stands, or the run of pings that it is folded into.
    pub fn place_of(&self, number: u64) -> Option<usize> {
        let at = self.lines.partition_point(|line| line.number < number);
        let line = self.lines.get(at)?;
        let is_ping = || self.reel.get(number).is_some_and(|logged| logged.is_ping());
        let is_it = line.number == number || (line.folded > 0 && is_ping());
        is_it.then(|| self.lines.len() - 1 - at)
    }

    /// How many lines came after this packet.
    pub fn newer_than(&self, number: u64) -> usize {
        self.lines.len() - self.lines.partition_point(|line| line.number <= number)
    }

    fn show(&mut self, source: PacketSource) {
        if self.source.as_ref() == Some(&source) {
            return;
        }
        self.source = Some(source);
        self.reel = Reel::default();
        self.is_paused = false;
        self.select(None);
        self.start_over();
    }

    fn set_filter(&mut self, text: &str) {
        if self.filter.text() == text {
            return;
        }
        let (filter, problems) = Filter::parse(text);
        self.filter = Arc::new(filter);
        self.problems = problems;
        self.start_over();
    }

    fn fold_pings(&mut self, folds: bool) {
        if self.folds_pings != folds {
            self.folds_pings = folds;
            self.start_over();
        }
    }

    fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
    }

    fn select(&mut self, number: Option<u64>) {
        self.selected = number;
        self.detail = None;
    }

    /// All lines are made anew.
    fn start_over(&mut self) {
        self.lines.clear();
        self.scanned = 0;
        self.work = None;
        self.version += 1;
    }

    /// What was on show was cleared.
    fn forget(&mut self) {
        self.reel = Reel::default();
        self.select(None);
        self.start_over();
    }

    /// Nobody looks: nothing is held.
    fn rest(&mut self) {
        if !self.reel.is_empty() || !self.lines.is_empty() {
            self.reel = Reel::default();
            self.start_over();
        }
    }

    /// Its share of a tick.
    fn follow(&mut self, session: &Session, worker: &Worker) {
        let log = self.source.as_ref().and_then(|of| session.packets(of));
        // A log that was cleared has nothing to be paused at.
        if let Some(log) = log.filter(|_| !self.is_paused || self.reel.is_empty()) {
            log.catch_up(&mut self.reel);
        }
        self.take_lines(worker);
    }

    fn take_lines(&mut self, worker: &Worker) {
        if let Some(scanned) = self.work.as_ref().and_then(Work::take) {
            self.work = None;
            self.scanned = scanned.until;
            self.lines.extend(scanned.lines);
        }
        let first = self.reel.first();
        while self.lines.front().is_some_and(|line| line.number < first) {
            self.lines.pop_front();
        }
        let from = self.scanned.max(first);
        let new = self.reel.next().saturating_sub(from);
        if self.work.is_some() || new == 0 {
            return;
        }
        if new <= AT_ONCE {
            let how = (&*self.filter, self.folds_pings);
            let until = scan(&self.reel, from, how, &mut self.lines, || true);
            self.scanned = until.unwrap_or(from);
            return;
        }
        let (reel, filter, folds) = (
            self.reel.clone(),
            Arc::clone(&self.filter),
            self.folds_pings,
        );
        self.work = Some(worker.start(move |wanted| {
            let mut lines = Vec::new();
            let until = scan(&reel, from, (&filter, folds), &mut lines, || wanted.is_so())?;
            Some(Scanned { lines, until })
        }));
    }
}
