//! Names a request that was never saved.

use crate::app::Action;
use crate::app::dialogs::SaveDialog;
use crate::app::library::Library;
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Theme, fonts};
use egui::Context;
use std::collections::BTreeSet;

pub fn save_ui(
    ctx: &Context,
    dialog: &mut SaveDialog,
    library: &Library,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    super::frame(ctx, "Save request", 420.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        super::caption(ui, "Name");
        let response = Field::new(&mut dialog.name, "Request name")
            .hint("Turn on")
            .error(dialog.error.as_deref())
            .show(ui);
        if is_new {
            response.request_focus();
        }
        super::caption(ui, "Folder");
        ui.horizontal(|ui| {
            let room = ui.available_width();
            Field::new(&mut dialog.folder, "Folder")
                .hint("none")
                .width(room - 110.0)
                .show(ui);
            let folders: BTreeSet<&str> = library
                .requests()
                .values()
                .map(|draft| draft.folder.trim())
                .filter(|folder| !folder.is_empty())
                .collect();
            select::select(ui, "Choose a folder", "Choose", 96.0, |ui| {
                if folders.is_empty() {
                    text::label(ui, "No folders yet: type one", fonts::small(), theme.muted);
                }
                for folder in folders {
                    if select::option(ui, dialog.folder == folder, folder).clicked() {
                        folder.clone_into(&mut dialog.folder);
                    }
                }
            });
        });
        let entered = super::entered(ui);
        super::buttons(ui, |ui| {
            if ui.add(Button::primary("Save")).clicked() || entered {
                actions.push(Action::SaveTabAs);
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}
