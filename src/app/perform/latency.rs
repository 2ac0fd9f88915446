//! What the Latency view asks for, and its share of a tick.

use crate::app::App;
use crate::app::latency::LatencyAction;
use crate::store::TimelineView;
use std::time::{Duration, Instant};

/// A tick is part of a frame: no more of it is spent on looking through a long timeline.
const SLICE: Duration = Duration::from_millis(4);

impl App {
    pub(in crate::app) fn follow_latency(&mut self) {
        if self.window.timeline_view != TimelineView::Latency {
            self.latency.rest();
            return;
        }
        let until = Instant::now() + SLICE;
        let library = &self.library;
        let name = |id: &str| Some(library.profile(id)?.name.clone());
        self.latency.follow(
            (
                self.recordings.timeline().unwrap_or(&self.session.timeline),
                self.listing.filter(),
            ),
            self.now,
            name,
            || Instant::now() < until,
        );
    }

    pub(super) fn perform_latency(&mut self, action: LatencyAction) {
        match action {
            LatencyAction::GroupBy(grouping) => self.latency.group_by(grouping),
            LatencyAction::SortBy(column) => self.latency.sort_by(column),
            LatencyAction::Choose(group) => self.latency.choose(group),
            LatencyAction::Mark(region) => self.latency.mark(region),
            LatencyAction::Keep => self.latency.keep(),
            LatencyAction::ForgetKept => self.latency.compare_with(None),
            LatencyAction::Narrow => self.filter_by_latency(),
            LatencyAction::ShowInTable => {
                self.filter_by_latency();
                self.window.timeline_view = TimelineView::Table;
            }
        }
    }

    fn filter_by_latency(&mut self) {
        let filter = self.listing.filter();
        let text = self.latency.filter_text(filter.text());
        let category = filter.category;
        self.set_filter(&text, category);
        self.latency.forget_choice();
    }
}
