//! Settings.

use crate::app::Action;
use crate::app::dialogs::SettingsDialog;
use crate::app::environments::EnvironmentAction;
use crate::app::library::Library;
use crate::app::secrets::{self, SecretsAction};
use crate::ui::widgets::{Button, Field, text};
use crate::ui::{Theme, fonts};
use egui::Context;

pub fn settings_ui(
    ctx: &Context,
    dialog: &mut SettingsDialog,
    library: &Library,
    actions: &mut Vec<Action>,
) {
    super::frame(ctx, "Settings", 460.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        super::caption(ui, "Timeline: rows kept");
        Field::new(&mut dialog.rows, "Timeline rows")
            .error(dialog.rows_error.as_deref())
            .width(160.0)
            .show(ui);
        super::caption(ui, "Timeline: memory for them, in MiB");
        Field::new(&mut dialog.mebibytes, "Timeline memory in MiB")
            .error(dialog.mebibytes_error.as_deref())
            .width(160.0)
            .show(ui);
        text::paragraph(
            ui,
            "When either is reached the oldest rows go, and the status bar says how many.",
            fonts::small(),
            theme.muted,
        );
        super::caption(ui, "Recordings");
        ui.checkbox(
            &mut dialog.draft.recording.auto,
            "Record every session by itself",
        );
        super::caption(ui, "Automatic recordings: MiB on the disk, all together");
        Field::new(&mut dialog.recordings, "Automatic recordings in MiB")
            .error(dialog.recordings_error.as_deref())
            .width(160.0)
            .show(ui);
        text::paragraph(
            ui,
            "When they have more, the oldest go, and it is said. Recordings made by hand are never touched.",
            fonts::small(),
            theme.muted,
        );
        super::caption(ui, "Port of the built-in broker");
        Field::new(&mut dialog.port, "Port of the built-in broker")
            .hint("a free one")
            .error(dialog.port_error.as_deref())
            .width(160.0)
            .show(ui);
        text::paragraph(
            ui,
            "It takes effect when the broker starts the next time. It listens on this machine only.",
            fonts::small(),
            theme.muted,
        );
        super::caption(ui, "Secrets");
        let place = secrets::sentence(&library.password_place());
        text::paragraph(ui, &place, fonts::small(), theme.muted);
        ui.horizontal(|ui| {
            if ui.add(Button::new("Where secrets are kept…")).clicked() {
                actions.push(Action::Secrets(SecretsAction::Show));
            }
            if ui.add(Button::new("Environments…")).clicked() {
                actions.push(Action::Environment(EnvironmentAction::Edit));
            }
        });
        super::buttons(ui, |ui| {
            if ui.add(Button::primary("Save")).clicked() {
                actions.push(Action::SaveSettings);
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}
