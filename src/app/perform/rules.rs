//! The workspace's pairing rules: written, ordered, deleted, and chosen for a request.

use crate::app::App;
use crate::app::pairing;
use crate::app::tabs::ComposerPane;
use crate::app::undo::Undo;
use crate::store::OnConflict;

impl App {
    pub(super) fn new_rule(&mut self) {}

    pub(super) fn edit_rule(&mut self, file: &str) {
        let _ = file;
    }

    pub(super) fn duplicate_rule(&mut self, id: &str) {
        let _ = id;
    }

    pub(super) fn delete_rule(&mut self, file: &str) {
        let own = self.rules.own().iter().find(|own| own.file == file);
        let Some(title) = own.map(|own| own.title.clone()) else {
            return;
        };
        match self.library.remove_rule(file) {
            Ok(thing) => self.notices.offer_undo(
                format!("Deleted the pairing rule {title}"),
                Undo::Removed {
                    thing: Box::new(thing),
                    was_on: false,
                },
                self.now,
            ),
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }

    /// The whole order is written down then: what came by the names of files would not stay where it is.
    pub(super) fn move_rule(&mut self, file: &str, up: bool) {
        let own = self.rules.own().iter();
        let mut order: Vec<String> = own.map(|own| own.file.clone()).collect();
        let Some(at) = order.iter().position(|one| one == file) else {
            return;
        };
        let to = if up { at.checked_sub(1) } else { Some(at + 1) };
        let Some(to) = to.filter(|to| *to < order.len()) else {
            return;
        };
        order.swap(at, to);
        self.settings.pairing.order = order;
        self.library
            .save_settings(&self.settings, OnConflict::Refuse);
    }

    pub(super) fn use_rule(&mut self, id: &str) {
        let Some(tab) = self.tabs.front_mut() else {
            return;
        };
        pairing::choose(&mut tab.draft, self.session.rules(), id);
        tab.pane = ComposerPane::Pairing;
    }
}
