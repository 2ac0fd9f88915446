//! Subscriptions: made, changed, switched, deleted.

use crate::app::App;
use crate::app::dialogs::Dialog;
use crate::app::subscriptions::{SubscriptionAction, SubscriptionDialog};
use crate::app::undo::Undo;
use crate::model::subscribe::SubscriptionDraft;
use crate::model::text;

impl App {
    pub(super) fn perform_subscription(&mut self, action: SubscriptionAction) {
        match action {
            SubscriptionAction::New { connection, filter } => {
                let draft = SubscriptionDraft {
                    connection,
                    filter,
                    ..SubscriptionDraft::default()
                };
                self.show_subscription(None, draft);
            }
            SubscriptionAction::Edit(id) => {
                if let Some(draft) = self.library.subscriptions().get(&id).cloned() {
                    self.show_subscription(Some(id), draft);
                }
            }
            SubscriptionAction::Save => self.save_subscription(),
            SubscriptionAction::Switch { id, on } => self.switch_subscription(&id, on),
            SubscriptionAction::Delete(id) => self.delete_subscription(&id),
        }
        self.follow_subscriptions();
    }

    fn show_subscription(&mut self, id: Option<String>, draft: SubscriptionDraft) {
        self.dialog = Some(Dialog::Subscription(Box::new(SubscriptionDialog {
            id,
            identifier: draft
                .identifier
                .map(|number| text::count(number.into()))
                .unwrap_or_default(),
            draft,
            errors: Vec::new(),
        })));
    }

    fn save_subscription(&mut self) {
        let Some(Dialog::Subscription(dialog)) = &mut self.dialog else {
            return;
        };
        dialog.find_errors(self.library.subscriptions());
        if !dialog.errors.is_empty() {
            return;
        }
        let draft = SubscriptionDraft {
            name: dialog.draft.name.trim().to_owned(),
            filter: dialog.draft.filter.trim().to_owned(),
            ..dialog.draft.clone()
        };
        match self.library.save_subscription(dialog.id.as_deref(), &draft) {
            Ok(_) => self.dialog = None,
            Err(problem) => {
                self.notices.fail(problem.text, problem.hint);
                return;
            }
        }
        // Without a connection nothing would come.
        if draft.is_on && self.session.link(&draft.connection).is_none() {
            self.connect(&draft.connection);
        }
    }

    fn switch_subscription(&mut self, id: &str, on: bool) {
        let Some(draft) = self.library.subscriptions().get(id) else {
            return;
        };
        let draft = SubscriptionDraft {
            is_on: on,
            ..draft.clone()
        };
        if let Err(problem) = self.library.save_subscription(Some(id), &draft) {
            self.notices.fail(problem.text, problem.hint);
        }
    }

    fn delete_subscription(&mut self, id: &str) {
        let Some(draft) = self.library.subscriptions().get(id) else {
            return;
        };
        let text = format!("Deleted the subscription {}", draft.title());
        match self.library.remove_subscription(id) {
            Ok(thing) => {
                let undo = Undo::Removed {
                    thing: Box::new(thing),
                    was_on: false,
                };
                self.notices.offer_undo(text, undo, self.now);
            }
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }
}
