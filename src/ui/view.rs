//! What only the eye cares about: fields being edited in place, where the keyboard goes next.

use crate::app::dialogs::Dialog;
use crate::app::find::Finder;
use crate::app::inspect::{Fact, Inspection, Part, inspect, part, properties, telling_part, times};
use crate::app::listing::arrange;
use crate::app::listing::group::GroupId;
use crate::app::reading::Reading;
use crate::app::tabs::TabId;
use crate::app::tally::Tallies;
use crate::model::document::Form;
use crate::model::time::Timestamp;
use crate::model::timeline::{Category, RowId, Timeline};
use crate::ui::panels::packets::PacketsView;
use crate::ui::panels::timeline::FilterView;
use crate::ui::panels::timeline::LanesState;
use crate::ui::panels::timeline::TopicsView;
use crate::ui::panels::timeline::latency::LatencyView;
use crate::ui::widgets::diff_view::DiffState;
use crate::ui::widgets::payload_edit::EditState;
use crate::ui::widgets::payload_view::ViewState;
use crate::ui::widgets::table::TableState;
use bytes::Bytes;
use egui::{Context, Id};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem::Discriminant;
use std::rc::Rc;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerPane {
    #[default]
    Payload,
    Properties,
    Raw,
    Timing,
}

/// The payload on show: read once.
#[derive(Debug)]
struct Shown {
    of: (RowId, usize, Form, usize),
    reading: Reading,
    state: ViewState,
}

/// A row opened, and one of its messages: made when something has changed, not for each frame.
#[derive(Debug)]
pub struct Inspected {
    key: InspectedKey,
    pub inspection: Inspection,
    /// Which of the messages.
    pub at: usize,
    pub part: Part,
    /// The properties of the message, or the times, whichever is on show.
    pub facts: Vec<Fact>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct InspectedKey {
    row: RowId,
    version: u64,
    part: Option<usize>,
    pane: AnswerPane,
    /// Tenths of a second, while it waits.
    tenths: i64,
}

/// A value of a device's state while it is typed.
#[derive(Debug, Default)]
pub struct ValueEdit {
    pub device: String,
    pub key: String,
    pub text: String,
    /// It has been given the keyboard.
    pub is_focused: bool,
}

/// Looking for something in the payload on show.
#[derive(Debug, Default)]
pub struct FindView {
    pub is_open: bool,
    pub finder: Finder,
    /// What takes the keyboard: the payload, and the field.
    pub takes: [Option<Id>; 2],
}

impl FindView {
    /// Whether the keyboard is in the payload or in the field.
    pub fn has_keyboard(&self, ctx: &Context) -> bool {
        let focused = ctx.memory(egui::Memory::focused);
        focused.is_some() && self.takes.contains(&focused)
    }
}

#[derive(Debug, Default)]
pub struct View {
    pub table: TableState<arrange::Shown>,
    /// The head of a group that the keyboard stands on.
    pub group_cursor: Option<GroupId>,
    pub latency: LatencyView,
    pub lanes: LanesState,
    pub topics: TopicsView,
    pub packets: PacketsView,
    pub answer_pane: AnswerPane,
    part: Option<(RowId, usize)>,
    inspected: Option<Rc<Inspected>>,
    pub tallies: RefCell<Tallies>,
    shown: Option<Shown>,
    pub find: FindView,
    /// See [`crate::app::recordings::Recordings::looks`].
    looks: u64,
    editors: BTreeMap<TabId, EditState>,
    pub value_edit: Option<ValueEdit>,
    /// The kind of dialog that was open in the last frame, to give its first field the keyboard once.
    pub dialog: Option<Discriminant<Dialog>>,
    /// How the editor of a rule shares its width, how wide it is, and what its editors remember.
    pub rule_share: f32,
    pub rule_width: f32,
    pub rule_editor: EditState,
    pub bench_editor: EditState,
    /// Where the comparison of two payloads stands.
    pub compared: DiffState,
    /// What is typed to find a connection, and a request.
    pub connection_query: String,
    /// What the other lists of the left panel took in the last frame.
    pub below_connections: f32,
    pub request_query: String,
    /// What is typed to find a pairing rule.
    pub rule_query: String,
    /// Whether the keyboard should go to the filter, the topic, ….
    pub focus: Option<Focus>,
    pub filter: FilterView,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Topic,
    Filter,
    /// In the payload.
    Find,
}

impl View {
    /// Another timeline is shown: what is remembered is of other rows.
    pub fn look_at(&mut self, looks: u64) {
        if std::mem::replace(&mut self.looks, looks) != looks {
            self.table.scroll_to_top();
            self.part = None;
            self.inspected = None;
            self.shown = None;
            *self.tallies.get_mut() = Tallies::default();
        }
    }

    /// Whether the keyboard was asked to go there, once.
    pub fn take_focus(&mut self, focus: Focus) -> bool {
        let is_asked = self.focus == Some(focus);
        if is_asked {
            self.focus = None;
        }
        is_asked
    }

    /// The message of a row that was chosen to be looked at.
    pub fn part_of(&self, row: RowId) -> Option<usize> {
        self.part
            .filter(|(chosen, _)| *chosen == row)
            .map(|(_, part)| part)
    }

    pub fn choose_part(&mut self, row: RowId, part: usize) {
        self.part = Some((row, part));
    }

    /// What there is to see in a row.
    pub fn inspect(
        &mut self,
        id: RowId,
        timeline: &Timeline,
        now: Timestamp,
    ) -> Option<Rc<Inspected>> {
        let row = timeline.row(id)?;
        let row = &*row;
        let waits = Category::of(row) == Category::Waiting;
        let key = InspectedKey {
            row: id,
            version: timeline.version(),
            part: self.part_of(id),
            pane: self.answer_pane,
            tenths: if waits {
                now.as_nanos() / 100_000_000
            } else {
                0
            },
        };
        if let Some(inspected) = self.inspected.as_ref().filter(|one| one.key == key) {
            return Some(Rc::clone(inspected));
        }
        let inspection = inspect(row, self.tallies.get_mut(), now);
        let last = inspection.parts.saturating_sub(1);
        let at = key.part.unwrap_or_else(|| telling_part(row)).min(last);
        let part = part(row, at)?;
        let facts = match self.answer_pane {
            AnswerPane::Properties => properties(&part.message),
            AnswerPane::Timing => times(row),
            AnswerPane::Payload | AnswerPane::Raw => Vec::new(),
        };
        let inspected = Rc::new(Inspected {
            key,
            inspection,
            at,
            part,
            facts,
        });
        self.inspected = Some(Rc::clone(&inspected));
        Some(inspected)
    }

    pub fn payload_editor(&mut self, tab: TabId) -> &mut EditState {
        self.editors.entry(tab).or_default()
    }

    /// The payload on show is its beginning: the rest is being read.
    pub fn is_formatting(&self) -> bool {
        let shown = self.shown.as_ref();
        shown.is_some_and(|shown| shown.reading.is_formatting())
    }

    /// The row at the upper edge of the payload on show.
    pub fn first_payload_row(&self) -> usize {
        self.shown.as_ref().map_or(0, |shown| shown.state.top())
    }

    /// The payload of a message, read anew when it is not the one from the last frame.
    pub fn reading(
        &mut self,
        (row, part): (RowId, usize),
        form: Form,
        bytes: &Bytes,
    ) -> (&mut Reading, &mut ViewState, &mut FindView) {
        let of = (row, part, form, bytes.len());
        let shown = match self.shown.take() {
            Some(shown) if shown.of == of => shown,
            _ => {
                self.find.finder.start_over();
                Shown {
                    of,
                    reading: Reading::open(bytes, form),
                    state: ViewState::default(),
                }
            }
        };
        let shown = self.shown.insert(shown);
        (&mut shown.reading, &mut shown.state, &mut self.find)
    }
}
