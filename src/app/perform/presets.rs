//! The examples of the shipped pairing rules.

use crate::app::App;
use crate::model::presets::Preset;

impl App {
    /// Opens the example request of a rule, ready to be sent: connected, and with the device that answers it switched on.
    pub(super) fn open_preset_example(&mut self, rule: &str) {
        let Some(preset) = Preset::of_rule(rule) else {
            self.notices.fail(
                format!("There is no example for the pairing rule `{rule}`"),
                "Examples come with the shipped rules; a rule of your own is tried in its editor.",
            );
            return;
        };
        let id = match self.library.adopt_preset(preset) {
            Ok(id) => id,
            Err(problem) => {
                self.notices.fail(problem.text, problem.hint);
                return;
            }
        };
        self.dialog = None;
        let connection = self.library.request(&id).map(|it| it.connection.clone());
        if let Some(connection) = connection
            && self.session.link(&connection).is_none()
        {
            self.connect(&connection);
        }
        if self.session.device(&id).is_none() {
            self.start_device(&id);
        }
        self.open_request(&id);
    }
}
