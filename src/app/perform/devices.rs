//! Simulated devices.

use crate::app::App;
use crate::app::dialogs::{AfterPassword, DeviceDialog, Dialog};
use crate::app::perform::connections::Password;
use crate::app::tabs::TabId;
use crate::app::undo::Undo;
use crate::model::profile::BUILT_IN_ID;
use crate::model::responder::{DeviceDraft, typed_value};

impl App {
    fn show_device(&mut self, id: Option<String>, draft: DeviceDraft) {
        let switch_on = id.is_none();
        self.dialog = Some(Dialog::Device(Box::new(DeviceDialog {
            id,
            draft,
            errors: Vec::new(),
            switch_on,
        })));
    }

    pub(super) fn new_device(&mut self) {
        let connection = self.tabs.front().map_or_else(
            || BUILT_IN_ID.to_owned(),
            |tab| tab.draft.connection.clone(),
        );
        self.show_device(
            None,
            DeviceDraft {
                connection,
                ..DeviceDraft::default()
            },
        );
    }

    pub(super) fn new_device_for(&mut self, tab: TabId) {
        let Some(tab) = self.tabs.get(tab) else {
            return;
        };
        let (connection, topic) = (tab.draft.connection.clone(), tab.draft.topic.clone());
        self.new_device_on(connection, topic);
    }

    /// A device that answers what comes on a topic.
    pub(super) fn new_device_on(&mut self, connection: String, topic: String) {
        let name = topic
            .split('/')
            .filter(|level| !level.is_empty())
            .nth(1)
            .unwrap_or("device")
            .to_owned();
        let draft = DeviceDraft {
            name,
            connection,
            listens: vec![topic],
            reply: Some("{\"ok\":true,\"at\":\"{{now}}\"}".to_owned()),
            ..DeviceDraft::default()
        };
        self.show_device(None, draft);
    }

    pub(super) fn edit_device(&mut self, id: &str) {
        if let Some(draft) = self.library.device(id).cloned() {
            self.show_device(Some(id.to_owned()), draft);
        }
    }

    pub(super) fn save_device(&mut self) {
        let Some(Dialog::Device(dialog)) = &mut self.dialog else {
            return;
        };
        if let Err(errors) = dialog.draft.validate(self.session.rules()) {
            dialog.errors = errors;
            return;
        }
        let Some(Dialog::Device(dialog)) = self.dialog.take() else {
            return;
        };
        let was_on = dialog
            .id
            .as_deref()
            .is_some_and(|id| self.session.device(id).is_some());
        match self
            .library
            .save_device(dialog.id.as_deref(), &dialog.draft)
        {
            Ok(id) if was_on || dialog.switch_on => self.start_device(&id),
            Ok(_) => {}
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }

    pub(super) fn duplicate_device(&mut self, id: &str) {
        let Some(draft) = self.library.device(id).cloned() else {
            return;
        };
        let copy = DeviceDraft {
            name: format!("{} copy", draft.name),
            client_id: String::new(),
            ..draft
        };
        if let Err(problem) = self.library.save_device(None, &copy) {
            self.notices.fail(problem.text, problem.hint);
        }
    }

    pub(super) fn delete_device(&mut self, id: &str) {
        let Some(name) = self.library.device(id).map(|draft| draft.name.clone()) else {
            return;
        };
        let was_on = self.session.device(id).is_some();
        match self.library.remove_device(id) {
            Ok(thing) => {
                self.session.stop_device(id);
                self.notices.offer_undo(
                    format!("Deleted the simulated device {name}"),
                    Undo::Removed {
                        thing: Box::new(thing),
                        was_on,
                    },
                    self.now,
                );
            }
            Err(problem) => self.notices.fail(problem.text, problem.hint),
        }
    }

    pub(in crate::app) fn start_device(&mut self, id: &str) {
        let Some(draft) = self.library.device(id).cloned() else {
            return;
        };
        let device = match draft.validate(self.session.rules()) {
            Ok(device) => device,
            Err(errors) => {
                let reasons: Vec<String> = errors.into_iter().map(|err| err.message).collect();
                self.notices.fail(
                    format!("{} was not switched on: {}", draft.name, reasons.join("; ")),
                    "Edit the device and correct it.",
                );
                return;
            }
        };
        let profile = match self.profile(&draft.connection) {
            Ok(profile) => profile,
            Err(_) if self.wants_vault_for_variables() => {
                let connection = draft.connection.clone();
                let then = AfterPassword::StartDevice(id.to_owned());
                return self.ask_passphrase(&connection, false, then);
            }
            Err(why) => {
                self.notices.fail(
                    format!("{} was not switched on: {why}", draft.name),
                    "Choose another connection for the device.",
                );
                return;
            }
        };
        let then = AfterPassword::StartDevice(id.to_owned());
        let Password::Known(secrets) = self.password_of(&draft.connection, &profile, then) else {
            return;
        };
        if let Err(err) = self.session.start_device(id, device, &profile, secrets) {
            self.notices.fail(err.to_string(), err.hint());
        }
    }

    pub(super) fn set_device_value(&mut self, id: &str, key: &str, text: &str) {
        self.session.set_device_value(id, key, typed_value(text));
    }
}
