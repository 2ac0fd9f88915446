//! Where a table stands, from frame to frame.
//!
//! At its top it follows: the newest stays in view. Where somebody reads, by having scrolled away
//! or by having chosen a row, what is in view keeps its place whatever comes, goes or is sorted.

use super::Rows;
use crate::ui::widgets::scroll::{Anchor, Extent};

/// What the table remembers from frame to frame.
#[derive(Clone, Debug)]
pub struct TableState<K> {
    pub(super) anchor: Anchor,
    /// Scrolled to the top, not away from it.
    is_following: bool,
    /// The row that was chosen in the table to be read.
    reading: Option<K>,
    /// The rows of the last frame with their places and the distance of their tops from the table's.
    pub(super) seen: Vec<(K, usize, f32)>,
    /// The newest when the table was left standing.
    newest: Option<u64>,
    /// The widths of the columns, to be kept with the window's settings.
    pub widths: Vec<f32>,
    pub(super) scrolled_right: f32,
    reveal: Option<K>,
    pub(super) menu: Option<Menu<K>>,
}

/// The menu that is open, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Menu<K> {
    pub of: MenuOf<K>,
    pub at: egui::Pos2,
    pub is_new: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MenuOf<K> {
    Row(K),
    /// A column, by its place.
    Title(usize),
}

impl<K> Default for TableState<K> {
    fn default() -> Self {
        Self {
            anchor: Anchor::default(),
            is_following: true,
            reading: None,
            seen: Vec::new(),
            newest: None,
            widths: Vec::new(),
            scrolled_right: 0.0,
            reveal: None,
            menu: None,
        }
    }
}

impl<K: Copy + PartialEq> TableState<K> {
    /// Shows its first row.
    pub fn is_at_top(&self) -> bool {
        self.anchor == Anchor::default()
    }

    /// Back to the top, to follow what comes.
    pub fn scroll_to_top(&mut self) {
        self.anchor = Anchor::default();
        self.is_following = true;
        self.reading = None;
        self.seen.clear();
    }

    /// Scrolls so that the row is in view in the next frame.
    pub fn reveal(&mut self, key: K) {
        self.reveal = Some(key);
    }

    /// As of the last frame.
    pub(super) fn is_in_view(&self, key: K) -> bool {
        self.seen.iter().any(|(seen, ..)| *seen == key)
    }

    /// The first row in view, from the top.
    pub fn first_place(&self) -> usize {
        self.anchor.row
    }

    /// The newest stays in view.
    pub fn follows(&self, selected: Option<K>) -> bool {
        self.is_following && !self.is_reading(selected)
    }

    fn is_reading(&self, selected: Option<K>) -> bool {
        self.reading.is_some() && self.reading == selected
    }

    /// A row was chosen here, by hand.
    pub(super) fn read(&mut self, key: K) {
        self.reading = Some(key);
    }

    /// The user has moved the table.
    pub(super) fn moved_to(&mut self, anchor: Anchor) {
        if anchor != self.anchor {
            self.anchor = anchor;
            self.is_following = self.is_at_top();
            if self.is_following {
                self.reading = None;
            }
            self.seen.clear();
        }
    }

    /// What has come since the table was left standing.
    pub(super) fn news<R: Rows<Key = K>>(&self, rows: &R) -> usize {
        self.newest.map_or(0, |newest| rows.newer_than(newest))
    }

    /// Keeps the rows in view where they are when others came or went, or stands at the top.
    pub(super) fn settle<R: Rows<Key = K>>(
        &mut self,
        rows: &R,
        extent: Extent,
        selected: Option<K>,
    ) {
        if self.follows(selected) {
            self.anchor = Anchor::default();
            self.newest = rows.newest();
        } else if let Some((place, before, top)) = self.held(rows, selected)
            && place != before
        {
            let first = Anchor {
                row: place,
                offset: 0.0,
            };
            self.anchor = first.moved(-top, extent);
        }
        if let Some(place) = self.reveal.take().and_then(|key| rows.place_of(key)) {
            let revealed = self.anchor.bounded(extent).revealing(place, extent);
            self.moved_to(revealed);
        }
        self.anchor = self.anchor.bounded(extent);
    }

    /// The row that must not move: the one that is read, else the first in view that is still
    /// there. Its place, the one it had, and where its top was.
    fn held<R: Rows<Key = K>>(&self, rows: &R, selected: Option<K>) -> Option<(usize, usize, f32)> {
        let read = self.seen.iter().filter(|(key, ..)| Some(*key) == selected);
        read.chain(&self.seen)
            .find_map(|(key, before, top)| Some((rows.place_of(*key)?, *before, *top)))
    }
}
