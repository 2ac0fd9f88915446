//! Connections and requests into a file.

use crate::app::Action;
use crate::app::imports::{BundleDialog, ImportAction};
use crate::app::rows::Tone;
use crate::ui::widgets::{Button, Field, text, toggle};
use crate::ui::{Theme, fonts};
use egui::Context;

pub fn bundle_ui(
    ctx: &Context,
    dialog: &mut BundleDialog,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    let title = "Export connections and requests";
    super::frame(ctx, title, 560.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        text::label(ui, &dialog.what, fonts::body(), theme.text);
        super::caption(ui, "File, .toml or .json");
        let response = Field::new(&mut dialog.path, "File of connections")
            .code()
            .show(ui);
        if is_new {
            response.request_focus();
        }
        if response.changed() {
            (dialog.asks_to_replace, dialog.replaces) = (false, false);
            dialog.error = None;
        }
        if dialog.secrets > 0 {
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                let name = if dialog.secrets == 1 {
                    "With 1 secret, under a passphrase".to_owned()
                } else {
                    format!("With {} secrets, under a passphrase", dialog.secrets)
                };
                toggle::toggle(ui, &mut dialog.with_secrets, &name);
                text::label(ui, &name, fonts::body(), theme.text);
            });
        }
        if dialog.with_secrets {
            super::caption(ui, "Passphrase, twice");
            Field::new(&mut dialog.passphrase, "Passphrase")
                .secret()
                .show(ui);
            Field::new(&mut dialog.again, "Passphrase again")
                .secret()
                .show(ui);
        }
        if let Some(error) = &dialog.error {
            ui.add_space(4.0);
            text::paragraph(ui, error, fonts::small(), theme.ink(Tone::Failed));
        }
        ui.add_space(8.0);
        text::paragraph(
            ui,
            "Without a passphrase no secret is in the file. Certificates and keys are named in it and never in it.",
            fonts::small(),
            theme.muted,
        );
        let entered = super::entered(ui) && !dialog.asks_to_replace;
        super::buttons(ui, |ui| {
            let words = if dialog.asks_to_replace {
                "Replace the file"
            } else {
                "Export"
            };
            let button = Button::primary(words).enabled(!dialog.is_writing);
            if ui.add(button).clicked() || entered {
                dialog.replaces = dialog.asks_to_replace;
                actions.push(Action::Import(ImportAction::Export));
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}
