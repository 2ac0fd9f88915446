//! Rows that come from elsewhere, such as JSON Lines, into a recording: a session of its own.

use super::RecordingError;
use super::schema::MAX_ROW_NUMBER;
use super::write::Store;
use crate::model::time::Timestamp;
use crate::model::timeline::RowId;
use crate::store::export::Item;
use std::path::Path;

/// Rows in one transaction.
const BATCH: u64 = 5_000;

/// A recording that rows are put into, in their order.
pub struct Import {
    store: Store,
    next: u64,
    rows: u64,
}

impl Import {
    /// A new recording, or a further session of one that is there.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, RecordingError> {
        let mut store = Store::open(path, true)?;
        store.begin_session(now)?;
        Ok(Self {
            store,
            next: 0,
            rows: 0,
        })
    }

    /// Rows of a new recording keep their numbers, as far as they ascend; others are numbered one after the other.
    pub fn row(&mut self, item: &Item) -> Result<(), RecordingError> {
        let own = item.id.map(RowId::number);
        let own = own.filter(|number| {
            !self.store.has_earlier_rows() && (self.next..=MAX_ROW_NUMBER).contains(number)
        });
        let number = own.unwrap_or(self.next);
        let id = RowId::new(number);
        self.store.put(id, &item.row)?;
        if !item.marks.is_empty() {
            self.store.mark(id, &item.marks)?;
        }
        self.next = number + 1;
        self.rows += 1;
        if self.rows.is_multiple_of(BATCH) {
            self.store.commit()?;
        }
        Ok(())
    }

    /// Leaves one tidy file; how many rows were put into it.
    pub fn finish(mut self, now: Timestamp) -> Result<u64, RecordingError> {
        self.store.commit()?;
        self.store.end_session(now, 0, 0)?;
        self.store.close()?;
        Ok(self.rows)
    }
}
