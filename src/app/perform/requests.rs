//! Request tabs: open, save, send.

use crate::app::App;
use crate::app::dialogs::{AfterPassword, Dialog, SaveDialog};
use crate::app::inspect::Part;
use crate::app::tabs::{ComposerPane, EDITABLE_BYTES, TabId};
use crate::app::undo::Undo;
use crate::model::connection::ConnectionState;
use crate::model::exchange::ExchangeId;
use crate::model::payload::PayloadFormat;
use crate::model::profile::BUILT_IN_ID;
use crate::model::request::{RequestDraft, RequestField, ResponseTopicDraft};
use crate::model::text;
use crate::model::timeline::RowId;
use std::sync::Arc;

impl App {
    pub(super) fn new_tab(&mut self) {
        let connection = match self.tabs.front() {
            Some(tab) => tab.draft.connection.clone(),
            None => self
                .session
                .links()
                .map(|(id, _)| id.to_string())
                .next()
                .unwrap_or_else(|| BUILT_IN_ID.to_owned()),
        };
        let draft = RequestDraft {
            connection,
            ..RequestDraft::default()
        };
        self.tabs.open(None, draft.clone(), draft);
    }

    pub(in crate::app) fn open_request(&mut self, id: &str) {
        if let Some(tab) = self.tabs.of_saved(id) {
            self.tabs.bring_to_front(tab);
        } else if let Some(draft) = self.library.request(id).cloned() {
            // A tab in which nothing was typed gives its place.
            if let Some(tab) = self
                .tabs
                .front()
                .filter(|tab| tab.saved_id.is_none() && !tab.is_dirty() && tab.last.is_none())
                .map(|tab| tab.id)
            {
                drop(self.tabs.close(tab));
            }
            let original = if self.library.is_in_file(id) {
                draft.clone()
            } else {
                RequestDraft::default()
            };
            self.tabs.open(Some(id.to_owned()), draft, original);
        }
    }

    pub(super) fn close_tab(&mut self, id: TabId) {
        let Some((index, tab)) = self.tabs.close(id) else {
            return;
        };
        if tab.is_dirty() {
            let text = format!("Closed {}, which is not saved", tab.title());
            self.notices.offer_undo(
                text,
                Undo::ClosedTab {
                    index,
                    tab: Box::new(tab),
                },
                self.now,
            );
        }
        if self.tabs.is_empty() {
            self.new_tab();
        }
    }

    pub(super) fn save_tab(&mut self, id: TabId) {
        let Some(tab) = self.tabs.get(id) else { return };
        if tab.saved_id.is_some() {
            let (name, folder) = (tab.draft.name.clone(), tab.draft.folder.clone());
            self.store_tab(id, name, folder);
            return;
        }
        let name = if tab.draft.name.is_empty() && tab.draft.topic.is_empty() {
            String::new()
        } else {
            tab.title()
        };
        self.dialog = Some(Dialog::SaveRequest(SaveDialog {
            tab: id,
            name,
            folder: tab.draft.folder.clone(),
            error: None,
        }));
    }

    pub(super) fn save_tab_as(&mut self) {
        let Some(Dialog::SaveRequest(dialog)) = &mut self.dialog else {
            return;
        };
        if dialog.name.trim().is_empty() {
            dialog.error =
                Some("the name is empty; it is how you will find this request again".to_owned());
            return;
        }
        let (tab, name, folder) = (
            dialog.tab,
            dialog.name.trim().to_owned(),
            dialog.folder.trim().to_owned(),
        );
        self.dialog = None;
        self.store_tab(tab, name, folder);
    }

    fn store_tab(&mut self, id: TabId, name: String, folder: String) {
        let Some(tab) = self.tabs.get_mut(id) else {
            return;
        };
        tab.draft.name = name;
        tab.draft.folder = folder;
        let (saved_id, draft) = (tab.saved_id.clone(), tab.draft.clone());
        match self.library.save_request(saved_id.as_deref(), &draft) {
            Ok(saved_id) => {
                // It counts as saved when it is in its file: the writer's report says so.
                if let Some(tab) = self.tabs.get_mut(id) {
                    tab.saved_id = Some(saved_id);
                }
            }
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }

    pub(super) fn duplicate_request(&mut self, id: &str) {
        let Some(draft) = self.library.request(id).cloned() else {
            return;
        };
        let copy = RequestDraft {
            name: format!("{} copy", draft.name),
            ..draft
        };
        match self.library.save_request(None, &copy) {
            Ok(saved_id) => self.open_request(&saved_id),
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }

    pub(super) fn rename_request(&mut self, id: &str) {
        self.open_request(id);
        let Some(tab) = self.tabs.of_saved(id).and_then(|tab| self.tabs.get(tab)) else {
            return;
        };
        self.dialog = Some(Dialog::SaveRequest(SaveDialog {
            tab: tab.id,
            name: tab.draft.name.clone(),
            folder: tab.draft.folder.clone(),
            error: None,
        }));
    }

    pub(super) fn delete_request(&mut self, id: &str) {
        let Some(name) = self.library.request(id).map(|draft| draft.name.clone()) else {
            return;
        };
        match self.library.remove_request(id) {
            Ok(thing) => {
                // What is open stays open, as something that is not saved.
                if let Some(tab) = self
                    .tabs
                    .of_saved(id)
                    .and_then(|tab| self.tabs.get_mut(tab))
                {
                    tab.saved_id = None;
                }
                self.notices.offer_undo(
                    format!("Deleted the request {name}"),
                    Undo::Removed {
                        thing: Box::new(thing),
                        was_on: false,
                    },
                    self.now,
                );
            }
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }

    /// Checks first: what is not valid connects to nobody.
    pub(in crate::app) fn send(&mut self, id: TabId) {
        let Some(connection) = self.tabs.get(id).map(|tab| tab.draft.connection.clone()) else {
            return;
        };
        let surroundings = Self::surroundings(&self.session, &self.library, &connection);
        let Some(tab) = self.tabs.get_mut(id) else {
            return;
        };
        let request = match tab.check(&surroundings) {
            Ok(request) => Arc::clone(request),
            Err(errors) => {
                let text = match errors.as_slice() {
                    [one] => format!("Not sent: {}", one.message),
                    several => format!(
                        "Not sent: {} fields are not valid; each says why",
                        several.len()
                    ),
                };
                // The fields say what is wrong; the pane that holds the first wrong one comes to the front.
                if let Some(pane) = errors.first().and_then(|err| pane_of(&err.field)) {
                    tab.pane = pane;
                }
                tab.was_tried = true;
                self.notices.refuse(text, self.now);
                return;
            }
        };
        let is_off = matches!(
            self.session.state(&connection),
            ConnectionState::Disconnected | ConnectionState::Refused { .. }
        );
        if is_off && !self.connect_then(&connection, AfterPassword::Send(id)) {
            return;
        }
        if self.must_wait_for_connack(id, &connection) {
            self.held.push(id);
        } else if let Some(exchange) = self.session.send(&connection, request) {
            let row = self.select_sent(exchange);
            if let Some(tab) = self.tabs.get_mut(id) {
                tab.last = row;
            }
        }
    }

    /// Selects the row of what was sent, in the session's timeline, which need not be the one that is shown.
    pub(in crate::app) fn select_sent(&mut self, exchange: ExchangeId) -> Option<RowId> {
        let row = self.session.row_of(exchange);
        if self.recordings.shown().is_none() {
            self.selected = row;
        } else {
            self.looked.selected = row;
        }
        row
    }

    /// The Response Topic is made from what the broker is yet to say: the client id that it
    /// assigns, or its Response Information.
    fn must_wait_for_connack(&self, id: TabId, connection: &str) -> bool {
        let is_generated = self
            .tabs
            .get(id)
            .is_some_and(|tab| tab.draft.response_topic == ResponseTopicDraft::Generated);
        let depends = self.library.profile(connection).is_some_and(|profile| {
            profile.client_id.is_empty() || profile.request_response_information
        });
        is_generated
            && depends
            && matches!(self.session.state(connection), ConnectionState::Connecting)
    }

    /// Sends what waited for its connection; a connection that was refused has said so itself.
    pub(in crate::app) fn send_held(&mut self) {
        for id in std::mem::take(&mut self.held) {
            let Some(tab) = self.tabs.get(id) else {
                continue;
            };
            match self.session.state(&tab.draft.connection) {
                ConnectionState::Connecting => self.held.push(id),
                ConnectionState::Connected(_) | ConnectionState::Retrying { .. } => self.send(id),
                ConnectionState::Disconnected | ConnectionState::Refused { .. } => {}
            }
        }
    }

    pub(super) fn compose_from(&mut self, part: &Part) {
        let message = &part.message;
        if message.payload.len() > EDITABLE_BYTES {
            self.refuse_to_compose(message.payload.len());
            return;
        }
        let connection = self.tabs.front().map_or_else(
            || BUILT_IN_ID.to_owned(),
            |tab| tab.draft.connection.clone(),
        );
        let (format, payload) = match std::str::from_utf8(&message.payload) {
            Ok(text) => (
                if crate::model::payload::check_json(text).is_ok() {
                    PayloadFormat::Json
                } else {
                    PayloadFormat::Text
                },
                text.to_owned(),
            ),
            Err(_) => (PayloadFormat::Hex, hex_of(&message.payload)),
        };
        if payload.len() > EDITABLE_BYTES {
            self.refuse_to_compose(message.payload.len());
            return;
        }
        let properties = &message.properties;
        let draft = RequestDraft {
            connection,
            topic: message.topic.to_string(),
            qos: message.qos,
            response_topic: properties
                .response_topic
                .as_ref()
                .map_or(ResponseTopicDraft::Generated, |topic| {
                    ResponseTopicDraft::Typed(topic.to_string())
                }),
            content_type: properties
                .content_type
                .as_deref()
                .unwrap_or_default()
                .to_owned(),
            payload_is_utf8: properties.payload_is_utf8 == Some(true),
            user_properties: properties.user_properties.clone(),
            format,
            payload,
            ..RequestDraft::default()
        };
        self.tabs.open(None, draft, RequestDraft::default());
    }

    fn refuse_to_compose(&mut self, bytes: usize) {
        self.notices.fail(
            format!(
                "No request was made from this message: its payload of {} is too long to be edited",
                text::bytes(bytes)
            ),
            format!(
                "The editor takes {} of text, and two digits a byte where it is no text. Send it from a file with `roundtrip request`.",
                text::bytes(EDITABLE_BYTES)
            ),
        );
    }
}

/// Where a field is that is not in the lines above the panes.
fn pane_of(field: &RequestField) -> Option<ComposerPane> {
    match field {
        RequestField::Payload => Some(ComposerPane::Payload),
        RequestField::Pairing | RequestField::PairingValue(_) => Some(ComposerPane::Pairing),
        field if field.is_property() => Some(ComposerPane::Properties),
        _ => None,
    }
}

fn hex_of(bytes: &[u8]) -> String {
    crate::model::correlation::CorrelationData::new(bytes.to_vec())
        .shown(crate::model::payload::Encoding::Hex)
}
