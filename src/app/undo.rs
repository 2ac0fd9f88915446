//! What can be taken back.

use crate::app::dialogs::ProfileDialog;
use crate::app::imports::ImportBefore;
use crate::app::library::Removed;
use crate::app::table::MarksBefore;
use crate::app::tabs::{Tab, TabId};
use crate::app::tree::Shelf;
use crate::model::request::RequestDraft;
use crate::model::timeline::Cleared;
use crate::store::SavedFilter;

/// Where a thing stands on its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub id: String,
    pub folder: String,
    pub order: Option<i64>,
}

impl Place {
    pub fn new(id: &str, folder: &str, order: Option<i64>) -> Self {
        Self {
            id: id.to_owned(),
            folder: folder.to_owned(),
            order,
        }
    }
}

#[derive(Debug)]
pub enum Undo {
    /// A profile, request or device that was deleted; `was_on` starts it again.
    Removed {
        thing: Box<Removed>,
        was_on: bool,
    },
    /// Several of these at once: a folder with what was in it, a connection with its subscriptions.
    AllRemoved(Vec<(Removed, bool)>),
    /// Things that were moved: where they were.
    Placed {
        list: Shelf,
        before: Vec<Place>,
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
    /// A connection's form that was closed with something typed in it. Never shown by `Debug`: it may hold secrets.
    ClosedForm(Box<ProfileDialog>),
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

impl Undo {
    /// What the button says.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::ClosedForm(_) => "Open it again",
            _ => "Undo",
        }
    }
}
