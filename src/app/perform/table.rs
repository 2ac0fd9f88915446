//! The timeline's table: order, groups, columns; and what can be done with one of its rows.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::columns::{self, ColumnKind, correlation};
use crate::app::dialogs::{AfterPassword, Dialog};
use crate::app::inspect::part;
use crate::app::listing::arrange::Spec;
use crate::app::listing::group::{GroupBy, GroupOrder};
use crate::app::listing::sort::Order;
use crate::app::payloads::CopyAs;
use crate::app::perform::RecordingAction;
use crate::app::table::{CommentDialog, MarksBefore, RowAction, TableAction};
use crate::app::undo::Undo;
use crate::model::connection::ConnectionState;
use crate::model::record::{Marks, Record};
use crate::model::timeline::filter::{Field, term};
use crate::model::timeline::{Mark, Row, RowId};
use crate::store::{TimelineGroups, TimelineOrder, TimelineView};
use std::borrow::Cow;
use std::sync::Arc;

impl App {
    pub(super) fn perform_table(&mut self, action: TableAction) {
        let arrangement = self.listing.arrangement_mut();
        let wanted = arrangement.wanted();
        match action {
            TableAction::Sort(order) => arrangement.want(Spec { order, ..wanted }),
            TableAction::Group(group) => arrangement.want(Spec { group, ..wanted }),
            TableAction::OrderGroups(order) => arrangement.set_group_order(order),
            TableAction::OpenGroup(group, open) => arrangement.open_group(group, open),
            TableAction::OpenAllGroups(open) => arrangement.open_all_groups(open),
            TableAction::SetColumns(columns) => self.window.timeline_columns = columns,
            TableAction::SaveComment => self.save_comment(),
            TableAction::Select(what) => self.select(what),
            TableAction::Selected(action) => self.perform_selected(action),
        }
        self.keep_arrangement();
    }

    /// Notes order and groups of the session's table for the next start.
    fn keep_arrangement(&mut self) {
        if self.recordings.shown().is_some() {
            return;
        }
        let arrangement = self.listing.arrangement();
        let wanted = arrangement.wanted();
        self.window.timeline_order = wanted.order.and_then(|order| {
            Some(TimelineOrder {
                column: columns::sorted_by(order.by)?.word().into_owned(),
                largest_first: order.is_descending,
            })
        });
        self.window.timeline_groups = wanted.group.map(|by| TimelineGroups {
            by: by.word().to_owned(),
            order: arrangement.group_order().word().to_owned(),
        });
    }

    /// Order and groups as they were at the end of the run before; what nobody knows is left out.
    pub fn arrange_as_kept(&mut self) {
        let order = self.window.timeline_order.as_ref().and_then(|kept| {
            Some(Order {
                by: ColumnKind::of_word(&kept.column)?.sort_by()?,
                is_descending: kept.largest_first,
            })
        });
        let kept = self.window.timeline_groups.as_ref();
        let mut groups = GroupBy::ALL.into_iter();
        let group = kept.and_then(|kept| groups.find(|by| by.word() == kept.by));
        let mut orders = GroupOrder::ALL.into_iter();
        let group_order = kept.and_then(|kept| orders.find(|order| order.word() == kept.order));
        let arrangement = self.listing.arrangement_mut();
        arrangement.want(Spec { order, group });
        arrangement.set_group_order(group_order.unwrap_or_default());
    }

    pub(super) fn perform_row(&mut self, id: RowId, action: RowAction) {
        let Some(row) = self.timeline().row(id).map(Cow::into_owned) else {
            self.notices.refuse("That row is gone", self.now);
            return;
        };
        let message = row.message();
        match action {
            RowAction::CopyTopic => self.carry_out(Action::Copy(message.topic.to_string())),
            RowAction::CopyPayload => self.copy_payload(message, CopyAs::Text),
            RowAction::CopyReply => {
                if let Some(reply) = part(&row, 1) {
                    self.copy_payload(&reply.message, CopyAs::Text);
                }
            }
            RowAction::CopyCorrelation => {
                if let Some(data) = correlation(message) {
                    self.carry_out(Action::Copy(data));
                }
            }
            RowAction::CopyJson => {
                let mut record = Record::of(id, &row);
                record.marks = Marks::from(&self.mark_of(id));
                match record.to_json() {
                    Ok(json) => self.carry_out(Action::Copy(json)),
                    Err(err) => self.notices.fail(format!("Not copied: {err}"), ""),
                }
            }
            RowAction::TogglePin => {
                let mut mark = self.mark_of(id);
                mark.is_pinned = !mark.is_pinned;
                let words = if mark.is_pinned {
                    "Pinned: it stays when the timeline is cleared"
                } else {
                    "No longer pinned"
                };
                self.set_marks(vec![(id, mark)], words);
            }
            RowAction::Colour(colour) => {
                let mut mark = self.mark_of(id);
                mark.colour = colour;
                self.set_marks(vec![(id, mark)], "Colour changed");
            }
            RowAction::Comment => {
                let title = match &row {
                    Row::Exchange(exchange) => format!("#{} {}", exchange.id.0, message.topic),
                    _ => message.topic.to_string(),
                };
                self.dialog = Some(Dialog::Comment(CommentDialog {
                    rows: vec![id],
                    title,
                    text: self.mark_of(id).comment,
                }));
            }
            RowAction::FilterTopic => {
                self.add_to_filter(&term(Field::Topic, message.topic.as_str()))
            }
            RowAction::FilterResponder => {
                if let Some(name) = row.responder() {
                    self.add_to_filter(&term(Field::Device, name));
                }
            }
            RowAction::FilterCorrelation => {
                if let Some(data) = &message.properties.correlation_data {
                    let text = correlation(message).unwrap_or_default();
                    let is_plain = text.as_bytes() == data.as_bytes();
                    let term = if is_plain {
                        term(Field::Correlation, &text)
                    } else {
                        format!("correlation:0x{}", hex::encode(data.as_bytes()))
                    };
                    self.add_to_filter(&term);
                }
            }
            RowAction::FilterOnly => {
                if let Row::Exchange(exchange) = &row {
                    self.carry_out(Action::SetCategory(None));
                    self.carry_out(Action::SetFilter(term(
                        Field::Id,
                        &exchange.id.0.to_string(),
                    )));
                }
            }
            RowAction::Resend => self.resend(&row),
            RowAction::OpenRequest => match self.saved_request_of(&row) {
                Some(saved) => self.open_request(&saved),
                None => self
                    .notices
                    .refuse("The saved request is gone or was renamed", self.now),
            },
            RowAction::ShowInLanes => {
                self.selected = Some(id);
                self.window.timeline_view = TimelineView::Lanes;
            }
        }
    }

    /// The saved request that an exchange was sent from, found by its name and topic.
    pub fn saved_request_of(&self, row: &Row) -> Option<String> {
        let Row::Exchange(exchange) = row else {
            return None;
        };
        let name = &*exchange.request.name;
        if name.is_empty() {
            return None;
        }
        let requests = self.library.requests();
        let named = || requests.iter().filter(|(_, draft)| draft.name == name);
        named()
            .find(|(_, draft)| draft.connection == *exchange.connection)
            .or_else(|| named().next())
            .map(|(id, _)| id.clone())
    }

    pub(super) fn mark_of(&self, id: RowId) -> Mark {
        self.timeline().mark(id).cloned().unwrap_or_default()
    }

    pub(super) fn set_marks(&mut self, marks: Vec<(RowId, Mark)>, words: &str) {
        let path = self
            .recordings
            .shown_recording()
            .map(|opened| opened.path.clone());
        let marks = self.put_marks(marks, path.as_deref());
        let undo = Undo::Marked(MarksBefore { marks, path });
        self.notices.offer_undo(words, undo, self.now);
    }

    fn save_comment(&mut self) {
        let Some(Dialog::Comment(dialog)) = &mut self.dialog else {
            return;
        };
        let rows = std::mem::take(&mut dialog.rows);
        let text = dialog.text.trim().to_owned();
        self.dialog = None;
        let marks = rows.into_iter().map(|row| (row, self.mark_of(row)));
        let changed = marks.filter(|(_, mark)| mark.comment != text);
        let changed = changed.map(|(row, mark)| {
            let comment = text.clone();
            (row, Mark { comment, ..mark })
        });
        let changed: Vec<(RowId, Mark)> = changed.collect();
        if changed.is_empty() {
            return;
        }
        let words = if text.is_empty() {
            "Comment taken away"
        } else {
            "Comment kept"
        };
        self.set_marks(changed, words);
    }

    /// Adds a term to what is typed in the filter, unless it is there already.
    fn add_to_filter(&mut self, term: &str) {
        let text = self.listing.filter().text().trim().to_owned();
        let is_there = text.contains(term);
        let text = match text.as_str() {
            text if is_there => text.to_owned(),
            "" => term.to_owned(),
            text => format!("{text} {term}"),
        };
        self.carry_out(Action::SetFilter(text));
    }

    fn resend(&mut self, row: &Row) {
        let Row::Exchange(exchange) = row else {
            return;
        };
        let connection = exchange.connection.to_string();
        let is_off = matches!(
            self.session.state(&connection),
            ConnectionState::Disconnected | ConnectionState::Refused { .. }
        );
        if is_off && !self.connect_then(&connection, AfterPassword::Connect) {
            return;
        }
        // Its answer comes in the session.
        self.perform_recording(RecordingAction::Show(None));
        let request = Arc::clone(&exchange.request);
        if let Some(sent) = self.session.send(&connection, request) {
            self.select_sent(sent);
        }
    }
}
