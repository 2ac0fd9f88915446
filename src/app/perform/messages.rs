//! What is made of one message of the timeline.

use crate::app::App;
use crate::app::actions::Action;
use crate::app::dialogs::Dialog;
use crate::app::inspect::part;
use crate::app::messages::{MessageAction, reply_draft, rule_text};
use crate::app::rule_editor::RuleDialog;
use crate::app::subscriptions::SubscriptionAction;
use crate::app::topics::TopicsAction;
use crate::model::request::RequestDraft;
use crate::model::timeline::RowId;
use std::borrow::Cow;

impl App {
    pub(super) fn perform_message(&mut self, id: RowId, at: usize, action: MessageAction) {
        let row = self.timeline().row(id).map(Cow::into_owned);
        let Some((row, part)) = row.and_then(|row| part(&row, at).map(|part| (row, part))) else {
            self.notices.refuse("That row is gone", self.now);
            return;
        };
        let message = &part.message;
        if let Some(why) = self.why_not(&row, message, action) {
            self.notices.refuse(format!("Not done: {why}"), self.now);
            return;
        }
        let connection = row.connection().to_string();
        let topic = message.topic.to_string();
        match action {
            MessageAction::Reply => {
                if let Some(draft) = reply_draft(&connection, message) {
                    self.tabs.open(None, draft, RequestDraft::default());
                }
            }
            MessageAction::Compose => {
                self.compose_from(&part);
                // It goes where the message came from.
                let is_there = self.library.profile(&connection).is_some();
                if let Some(tab) = self.tabs.front_mut().filter(|_| is_there) {
                    tab.draft.connection = connection;
                }
            }
            MessageAction::Device => self.new_device_on(connection, topic),
            MessageAction::Rule => {
                let others = self.ids_but(None);
                if let Some(text) = rule_text(&row, at, &others) {
                    let mut dialog = RuleDialog::new(None, text, others);
                    // The bench begins empty, so there is nothing that cannot be read.
                    dialog.add(&row).unwrap_or_default();
                    self.dialog = Some(Dialog::Rule(Box::new(dialog)));
                }
            }
            MessageAction::Subscribe => {
                let new = SubscriptionAction::New {
                    connection,
                    filter: topic,
                };
                self.carry_out(Action::Subscription(new));
            }
            MessageAction::ClearRetained => {
                let ask = TopicsAction::AskToClear { connection, topic };
                self.carry_out(Action::Topics(ask));
            }
        }
    }
}
