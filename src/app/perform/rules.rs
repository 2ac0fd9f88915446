//! The workspace's pairing rules: written, ordered, deleted, and chosen for a request.

use crate::app::App;
use crate::app::dialogs::Dialog;
use crate::app::pairing;
use crate::app::rule_editor::{RuleDialog, free_id};
use crate::app::tabs::ComposerPane;
use crate::app::undo::Undo;
use crate::model::timeline::{Row, RowId};
use crate::store::{OnConflict, RuleText};

impl App {
    /// The ids of the workspace's rules but the one of that file.
    pub(super) fn ids_but(&self, file: Option<&str>) -> Vec<String> {
        let own = self.rules.own().iter();
        own.filter(|own| Some(own.file.as_str()) != file)
            .map(|own| own.id.clone())
            .collect()
    }

    pub(super) fn new_rule(&mut self) {
        let dialog = RuleDialog::template(self.ids_but(None));
        self.dialog = Some(Dialog::Rule(Box::new(dialog)));
    }

    pub(super) fn edit_rule(&mut self, file: &str) {
        let Some(text) = self.library.rules().get(file) else {
            return;
        };
        let others = self.ids_but(Some(file));
        let dialog = RuleDialog::new(Some(file.to_owned()), text.text().to_owned(), others);
        self.dialog = Some(Dialog::Rule(Box::new(dialog)));
    }

    pub(super) fn duplicate_rule(&mut self, id: &str) {
        let own = self
            .rules
            .own()
            .iter()
            .find(|own| own.id == id && own.problem.is_none());
        let text = if let Some(own) = own {
            self.library.rules().get(&own.file).cloned()
        } else {
            let rule = self.session.rules().find(id);
            rule.map(|(_, rule)| RuleText::new(rule.to_toml()))
        };
        let Some(text) = text else { return };
        let others = self.ids_but(None);
        let mut all: Vec<String> = others.clone();
        all.extend(self.session.rules().iter().map(|rule| rule.id.to_string()));
        let title = format!("{} (copy)", text.title().unwrap_or(id));
        let text = text.renamed(&free_id(&format!("{id}-copy"), &all), &title);
        let mut dialog = RuleDialog::new(None, text, others);
        let shown = self.recordings.timeline();
        let timeline = shown.unwrap_or(&self.session.timeline);
        if let Some(row) = self.selected.and_then(|id| timeline.row(id))
            && matches!(&*row, Row::Exchange(exchange) if &*exchange.rule == id)
        {
            // The bench begins empty, so there is nothing that cannot be read.
            dialog.add(&row).unwrap_or_default();
        }
        self.dialog = Some(Dialog::Rule(Box::new(dialog)));
    }

    pub(super) fn save_rule(&mut self) {
        let Some(Dialog::Rule(dialog)) = &mut self.dialog else {
            return;
        };
        dialog.check();
        if !dialog.errors().is_empty() {
            dialog.asks = false;
            return;
        }
        let (file, text) = (dialog.file.clone(), dialog.rule_text());
        match self.library.save_rule(file.as_deref(), &text) {
            Ok(_) => self.dialog = None,
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }

    /// What is typed into the editor of a rule is not lost by a slip.
    pub(super) fn close_dialog(&mut self) {
        if let Some(Dialog::Rule(dialog)) = &mut self.dialog
            && dialog.is_dirty()
        {
            dialog.asks = !dialog.asks;
            return;
        }
        if matches!(self.dialog, Some(Dialog::Diagnosis(_))) {
            return self.end_diagnosis(false);
        }
        match self.dialog.take() {
            Some(Dialog::Profile(dialog)) => self.keep_closed_form(dialog),
            other => drop(other),
        }
    }

    pub(super) fn add_to_bench(&mut self, row: RowId) {
        let shown = self.recordings.timeline();
        let timeline = shown.unwrap_or(&self.session.timeline);
        let (Some(Dialog::Rule(dialog)), Some(row)) = (&mut self.dialog, timeline.row(row)) else {
            return;
        };
        if let Err(why) = dialog.add(&row) {
            self.notices.fail(
                format!("No message was added: {why}"),
                "Correct or empty the list of messages first.",
            );
        }
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
