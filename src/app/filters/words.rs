//! Words that occur in the timeline, gathered a few rows at a time and bounded.

use crate::model::timeline::{RowRef, Timeline};
use std::collections::BTreeSet;

/// Of each kind so many are kept.
const MOST: usize = 400;
/// Longer ones help nobody who types.
const LONGEST: usize = 200;
/// Rows looked at when a timeline is seen first, evenly spread, and at each tick after that.
const SAMPLE: usize = 1_024;
const PER_TICK: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Words {
    topics: BTreeSet<Box<str>>,
    devices: BTreeSet<Box<str>>,
    user_properties: BTreeSet<Box<str>>,
    cursor: u64,
    epoch: Option<u64>,
}

impl Words {
    pub(super) fn topics(&self) -> impl Iterator<Item = &str> {
        self.topics.iter().map(|one| &**one)
    }

    pub(super) fn devices(&self) -> impl Iterator<Item = &str> {
        self.devices.iter().map(|one| &**one)
    }

    pub(super) fn user_properties(&self) -> impl Iterator<Item = &str> {
        self.user_properties.iter().map(|one| &**one)
    }

    pub(super) fn refresh(&mut self, timeline: &Timeline) {
        let touched = timeline.touched_since(self.cursor);
        let is_other = self.epoch != Some(timeline.epoch()) || touched.cursor < self.cursor;
        if is_other {
            let step = timeline.len().div_ceil(SAMPLE).max(1);
            for place in (0..timeline.len()).step_by(step) {
                let row = timeline.id_at(place).and_then(|id| timeline.peek(id));
                if let Some(row) = row {
                    self.take(row);
                }
            }
        } else {
            // When more came at once, these stand for the others.
            for id in touched.ids().take(PER_TICK) {
                if let Some(row) = timeline.peek(id) {
                    self.take(row);
                }
            }
        }
        self.cursor = touched.cursor;
        self.epoch = Some(timeline.epoch());
    }

    fn take(&mut self, row: RowRef<'_>) {
        let mut messages = 0;
        row.any_message(|message| {
            keep(&mut self.topics, message.topic);
            message.any_user_property(|name, _| {
                keep(&mut self.user_properties, name);
                false
            });
            messages += 1;
            messages >= 4
        });
        if let Some(name) = row.responder() {
            keep(&mut self.devices, name);
        }
    }
}

fn keep(shelf: &mut BTreeSet<Box<str>>, word: &str) {
    let is_fit = !word.is_empty() && word.len() <= LONGEST;
    if is_fit && shelf.len() < MOST && !shelf.contains(word) {
        shelf.insert(word.into());
    }
}
