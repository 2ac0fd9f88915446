//! What can be asked of the timeline's table, and of one of its rows.

use crate::app::listing::group::{GroupBy, GroupId, GroupOrder};
use crate::app::listing::sort::Order;
use crate::app::selection::{CopyRows, Select};
use crate::model::timeline::{Mark, MarkColour, RowId};
use crate::store::TimelineColumn;

#[derive(Clone, Debug)]
pub enum TableAction {
    /// None: newest first.
    Sort(Option<Order>),
    /// None: no groups.
    Group(Option<GroupBy>),
    OrderGroups(GroupOrder),
    OpenGroup(GroupId, bool),
    OpenAllGroups(bool),
    /// None of them: the usual ones.
    SetColumns(Vec<TimelineColumn>),
    /// Saves what the comment dialog holds.
    SaveComment,
    Select(Select),
    Selected(RowsAction),
}

/// What can be asked of the rows that are selected, one or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsAction {
    Copy(CopyRows),
    Pin(bool),
    /// Opens the dialog.
    Comment,
    Colour(Option<MarkColour>),
    /// The two of them.
    Compare,
    FilterOnly,
    /// These and nothing else, as lanes.
    ShowInLanes,
}

/// What can be asked of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAction {
    CopyTopic,
    CopyPayload,
    CopyReply,
    CopyCorrelation,
    CopyJson,
    TogglePin,
    /// Opens the dialog.
    Comment,
    Colour(Option<MarkColour>),
    FilterTopic,
    FilterResponder,
    FilterCorrelation,
    /// This exchange and nothing else.
    FilterOnly,
    /// The same request again, with Correlation Data of its own.
    Resend,
    /// The saved request that it came from.
    OpenRequest,
    Compose,
    ShowInLanes,
}

/// A comment while it is typed.
#[derive(Debug)]
pub struct CommentDialog {
    pub rows: Vec<RowId>,
    /// What the comment is about: `#1203 cmnd/light/power`, `12 rows`.
    pub title: String,
    pub text: String,
}

/// Marks as they were, for undo.
#[derive(Debug)]
pub struct MarksBefore {
    pub marks: Vec<(RowId, Mark)>,
    /// The recording that the rows are in; none for the session.
    pub path: Option<std::path::PathBuf>,
}
