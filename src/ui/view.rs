//! What only the eye cares about: fields being edited in place, where the keyboard goes next.

use crate::app::dialogs::Dialog;
use crate::app::tabs::TabId;
use crate::model::payload;
use crate::model::timeline::RowId;
use crate::ui::widgets::payload_edit::EditState;
use crate::ui::widgets::payload_view::{Document, ViewState};
use crate::ui::widgets::table::TableState;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::mem::Discriminant;

/// Larger JSON is shown as it came: indenting it would take longer than a frame.
const INDENTED_BYTES: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerPane {
    #[default]
    Payload,
    Properties,
    Raw,
    Timing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadForm {
    /// Text, indented where it is JSON; bytes that are no text as hex.
    Text,
    Hex,
}

/// The payload on show: laid out once.
#[derive(Debug)]
struct Shown {
    of: (RowId, usize, PayloadForm),
    document: Document,
    state: ViewState,
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

#[derive(Debug, Default)]
pub struct View {
    pub table: TableState<RowId>,
    pub answer_pane: AnswerPane,
    part: Option<(RowId, usize)>,
    shown: Option<Shown>,
    editors: BTreeMap<TabId, EditState>,
    pub value_edit: Option<ValueEdit>,
    /// The kind of dialog that was open in the last frame, to give its first field the keyboard once.
    pub dialog: Option<Discriminant<Dialog>>,
    /// Whether the keyboard should go to the filter, the topic, ….
    pub focus: Option<Focus>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Topic,
    Filter,
}

impl View {
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

    pub fn payload_editor(&mut self, tab: TabId) -> &mut EditState {
        self.editors.entry(tab).or_default()
    }

    /// The payload of a message, laid out when it is not the one from the last frame.
    pub fn document(
        &mut self,
        (row, part): (RowId, usize),
        form: PayloadForm,
        bytes: &Bytes,
    ) -> (&mut Document, &mut ViewState) {
        let of = (row, part, form);
        let shown = match self.shown.take() {
            Some(shown) if shown.of == of => shown,
            _ => Shown {
                of,
                document: document(form, bytes),
                state: ViewState::default(),
            },
        };
        let shown = self.shown.insert(shown);
        (&mut shown.document, &mut shown.state)
    }
}

fn document(form: PayloadForm, bytes: &Bytes) -> Document {
    let text = match form {
        PayloadForm::Text => std::str::from_utf8(bytes).ok(),
        PayloadForm::Hex => None,
    };
    let Some(text) = text else {
        return Document::hex(bytes.clone());
    };
    let pretty = if bytes.len() <= INDENTED_BYTES {
        payload::pretty_json(bytes)
    } else {
        None
    };
    match pretty {
        Some(pretty) => Document::json(pretty),
        None => Document::text(text.to_owned()),
    }
}
