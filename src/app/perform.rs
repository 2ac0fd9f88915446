//! Carries out actions: one match, each arm one call.

mod connections;
mod devices;
mod files;
mod latency;
mod messages;
mod presets;
mod recordings;
mod requests;
mod rules;
mod selected;
mod subscriptions;
mod table;
mod topics;
mod tree;

use crate::app::App;
use crate::app::actions::{Action, ZoomStep};
use crate::app::dialogs::{Dialog, SettingsDialog};
use crate::app::notices::NoticeId;
use crate::app::undo::Undo;
use crate::model::text;
use crate::store::{OnConflict, Theme, TimelineView};
pub use recordings::RecordingAction;

/// Takes a name out of a list, or puts it in.
fn toggle(names: &mut Vec<String>, name: String) {
    match names.iter().position(|one| *one == name) {
        Some(at) => drop(names.remove(at)),
        None => names.push(name),
    }
}

impl App {
    /// Carries out what the user asked for.
    pub fn perform(&mut self, action: Action) {
        let before = self.tabs.front().map(|tab| tab.id);
        let asks_for_tab = matches!(action, Action::SelectTab(_) | Action::OpenRequest(_));
        self.carry_out(action);
        self.refresh_rules();
        self.refresh_listing();
        let front = self.tabs.front();
        // Beside a request stands what came of it, not of another.
        let is_live = self.recordings.shown().is_none();
        if is_live && (asks_for_tab || before != front.map(|tab| tab.id)) {
            self.selected = front.and_then(|tab| tab.last);
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each action")]
    fn carry_out(&mut self, action: Action) {
        match action {
            Action::NewProfile => self.new_profile(""),
            Action::NewProfileIn(folder) => self.new_profile(&folder),
            Action::EditProfile(id) => self.edit_profile(&id),
            Action::SaveProfile { connect } => self.save_profile(connect),
            Action::DuplicateProfile(id) => self.duplicate_profile(&id),
            Action::DeleteProfile(id) => self.delete_profile(&id),
            Action::Connect(id) => self.connect(&id),
            Action::Disconnect(id) => self.session.disconnect(&id),
            Action::ReconnectNow(id) => self.session.reconnect_now(&id),
            Action::GivePassword => self.give_password(),
            Action::Secrets(action) => self.perform_secrets(action),
            Action::Environment(action) => self.perform_environment(action),
            Action::Diagnosis(action) => self.perform_diagnosis(action),
            Action::StopBroker => self.session.close_broker(),
            Action::NewTab => self.new_tab(),
            Action::OpenRequest(id) => self.open_request(&id),
            Action::SelectTab(id) => self.tabs.bring_to_front(id),
            Action::NextTab => self.tabs.step(true),
            Action::PreviousTab => self.tabs.step(false),
            Action::CloseTab(id) => self.close_tab(id),
            Action::SaveTab(id) => self.save_tab(id),
            Action::OverwriteFile(subject) => self.overwrite_file(&subject),
            Action::LoadAgain(subject) => self.load_again(&subject),
            Action::SaveTabAs => self.save_tab_as(),
            Action::DuplicateRequest(id) => self.duplicate_request(&id),
            Action::RenameRequest(id) => self.rename_request(&id),
            Action::DeleteRequest(id) => self.delete_request(&id),
            Action::Send(id) => {
                // Its answer comes in the session.
                self.perform_recording(RecordingAction::Show(None));
                self.send(id);
            }
            Action::ComposeFrom(part) => self.compose_from(&part),
            Action::NewRule => self.new_rule(),
            Action::EditRule(file) => self.edit_rule(&file),
            Action::DuplicateRule(id) => self.duplicate_rule(&id),
            Action::DeleteRule(file) => self.delete_rule(&file),
            Action::MoveRule { file, up } => self.move_rule(&file, up),
            Action::SaveRule => self.save_rule(),
            Action::DiscardRule => self.dialog = None,
            Action::AddToBench(row) => self.add_to_bench(row),
            Action::UseRule(id) => self.use_rule(&id),
            Action::ToggleRules(group) => toggle(&mut self.window.open_rules, group),
            Action::NewDevice => self.new_device(),
            Action::NewDeviceFor(tab) => self.new_device_for(tab),
            Action::EditDevice(id) => self.edit_device(&id),
            Action::SaveDevice => self.save_device(),
            Action::DuplicateDevice(id) => self.duplicate_device(&id),
            Action::DeleteDevice(id) => self.delete_device(&id),
            Action::SwitchDevice { id, on: true } => self.start_device(&id),
            Action::SwitchDevice { id, on: false } => self.session.stop_device(&id),
            Action::WakeDevice(id) => self.session.wake_device(&id),
            Action::CutDevice(id) => self.session.cut_device(&id),
            Action::SetDeviceValue { id, key, value } => self.set_device_value(&id, &key, &value),
            Action::PauseActivity(paused) => self.activity.is_paused = paused,
            Action::SetFilter(text) => {
                let category = self.listing.filter().category;
                self.set_filter(&text, category);
            }
            Action::SetCategory(category) => {
                let text = self.filter.text().to_owned();
                self.set_filter(&text, category);
            }
            Action::KeepRecentFilter => self.keep_recent_filter(),
            Action::SaveFilter(name) => self.save_filter(&name),
            Action::ApplyFilter(name) => self.apply_saved_filter(&name),
            Action::RenameFilter { from, to } => self.rename_filter(&from, &to),
            Action::DeleteFilter(name) => self.delete_filter(&name),
            Action::SelectRow(row) => self.selected = row,
            Action::ClearTimeline => self.clear_timeline(),
            Action::Export(action) => self.perform_export(action),
            Action::Import(action) => self.perform_import(action),
            Action::Latency(action) => self.perform_latency(action),
            Action::Topics(action) => self.perform_topics(action),
            Action::Packets(action) => self.perform_packets(action),
            Action::Tree(action) => self.perform_tree(action),
            Action::LookAtConnection(id) => self.look_at_connection(id),
            Action::SetColour(id, colour) => self.set_colour(&id, colour),
            Action::Subscription(action) => self.perform_subscription(action),
            Action::Recording(action) => self.perform_recording(action),
            Action::CopyPayload(message, way) => self.copy_payload(&message, way),
            Action::MarkForCompare(row, part) => self.mark_for_compare(row, part),
            Action::ForgetMarked => self.marked = None,
            Action::CompareWithMarked(row, part) => self.compare_with_marked(row, part),
            Action::Compare(left, right) => self.compare(left, right),
            Action::SwapCompared => self.swap_compared(),
            Action::Table(action) => self.perform_table(action),
            Action::Row(row, action) => self.perform_row(row, action),
            Action::Message(row, part, action) => self.perform_message(row, part, action),
            Action::SetTimelineView(view) => self.window.timeline_view = view,
            Action::ShowInLanes(row) => {
                self.selected = Some(row);
                self.window.timeline_view = TimelineView::Lanes;
            }
            Action::OpenPresetExample(rule) => self.open_preset_example(&rule),
            Action::PlayDemo(name) => self.play_demo(&name),
            Action::StopDemo => self.stop_demo(),
            Action::Undo(id) => self.undo(id),
            Action::UndoNewest => {
                if let Some(id) = self.notices.newest_undo() {
                    self.undo(id);
                }
            }
            Action::Choose(id, at) => self.choose(id, at),
            Action::Dismiss(id) => self.dismiss(id),
            Action::DismissAll => self.dismiss_all(),
            Action::ShowPalette => {
                self.dialog = Some(Dialog::Palette {
                    query: String::new(),
                    selected: 0,
                });
            }
            Action::ShowDemos => self.dialog = Some(Dialog::Demos),
            Action::ShowHelp => self.dialog = Some(Dialog::Help),
            Action::ShowSettings => {
                let dialog = SettingsDialog::new(&self.settings);
                self.dialog = Some(Dialog::Settings(Box::new(dialog)));
            }
            Action::SaveSettings => self.save_settings(),
            Action::CloseDialog => self.close_dialog(),
            Action::ToggleTheme => self.toggle_theme(),
            Action::ToggleLeft => self.window.panels.left_shown = !self.window.panels.left_shown,
            Action::ToggleRight => self.window.panels.right_shown = !self.window.panels.right_shown,
            Action::Zoom(step) => self.zoom(step),
            Action::Copy(text) => {
                self.clipboard = Some(text);
                self.notices.inform("Copied", self.now);
            }
            Action::Quit => self.wants_to_quit = true,
        }
    }

    fn zoom(&mut self, step: ZoomStep) {
        self.window.ui_scale = match step {
            ZoomStep::In => (self.window.ui_scale + 0.1).min(3.0),
            ZoomStep::Out => (self.window.ui_scale - 0.1).max(0.5),
            ZoomStep::Reset => 1.0,
        };
    }

    fn choose(&mut self, id: NoticeId, at: usize) {
        let notice = self.notices.dismiss(id);
        if let Some(choice) = notice.and_then(|notice| notice.choices.into_iter().nth(at)) {
            self.carry_out(choice.action);
        }
    }

    fn toggle_theme(&mut self) {
        self.window.theme = if self.window.theme == Theme::Light {
            Theme::Dark
        } else {
            Theme::Light
        };
    }

    fn clear_timeline(&mut self) {
        if let Some(shown) = self.recordings.shown() {
            // A recording is not cleared by a slip: it is closed, and is still there.
            self.perform_recording(RecordingAction::Close(shown));
            return;
        }
        self.record_before_clearing();
        let cleared = self.session.timeline.clear();
        if cleared.is_empty() {
            return;
        }
        self.selected = self
            .selected
            .filter(|row| self.session.timeline.row(*row).is_some());
        let rows = if cleared.len() == 1 {
            "1 row".to_owned()
        } else {
            format!("{} rows", text::count(cleared.len() as u64))
        };
        self.notices.offer_undo(
            format!("Timeline cleared: {rows}"),
            Undo::Cleared(cleared),
            self.now,
        );
    }

    fn undo(&mut self, id: NoticeId) {
        let Some(undo) = self.notices.dismiss(id).and_then(|notice| notice.undo) else {
            return;
        };
        match undo {
            Undo::Cleared(cleared) => self.session.timeline.restore(cleared),
            Undo::Marked(before) => {
                self.put_marks(before.marks, before.path.as_deref());
            }
            Undo::Typed { tab, draft } => {
                if let Some(tab) = self.tabs.get_mut(tab) {
                    tab.draft = *draft;
                }
            }
            Undo::ClosedForm(dialog) => {
                // What is open now may have something typed in it, too.
                self.close_dialog();
                if self.dialog.is_none() {
                    self.dialog = Some(Dialog::Profile(dialog));
                } else {
                    self.keep_closed_form(dialog);
                }
            }
            Undo::ClosedTab { index, tab } => self.tabs.reopen(index, *tab),
            Undo::Removed { thing, was_on } => self.restore(*thing, was_on),
            Undo::AllRemoved(things) => {
                for (thing, was_on) in things {
                    self.restore(thing, was_on);
                }
            }
            Undo::Placed { list, before } => self.undo_places(list, &before),
            Undo::Imported(before) => self.undo_import(*before),
            Undo::Filter { index, filter } => self.restore_filter(index, filter),
        }
    }

    fn save_settings(&mut self) {
        let Some(Dialog::Settings(dialog)) = &mut self.dialog else {
            return;
        };
        let Some(settings) = dialog.validate() else {
            return;
        };
        self.dialog = None;
        self.settings = settings;
        self.library
            .save_settings(&self.settings, OnConflict::Refuse);
        self.apply_settings();
    }
}
