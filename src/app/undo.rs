//! What can be taken back.

use crate::app::imports::ImportBefore;
use crate::app::library::Removed;
use crate::app::table::MarksBefore;
use crate::app::tabs::{Tab, TabId};
use crate::model::request::RequestDraft;
use crate::model::timeline::Cleared;
use crate::store::SavedFilter;

#[derive(Debug)]
pub enum Undo {
    /// A profile, request or device that was deleted; `was_on` starts it again.
    Removed {
        thing: Box<Removed>,
        was_on: bool,
    },
    ClosedTab {
        index: usize,
        tab: Box<Tab>,
    },
    /// What was typed before a file was loaded again.
    Typed {
        tab: TabId,
        draft: Box<RequestDraft>,
    },
    Cleared(Cleared),
    /// A saved filter that was deleted or overwritten, and its place.
    Filter {
        index: usize,
        filter: SavedFilter,
    },
    /// Connections and requests that were imported, all at once.
    Imported(Box<ImportBefore>),
    /// Pins, comments or colours that were changed.
    Marked(MarksBefore),
}
