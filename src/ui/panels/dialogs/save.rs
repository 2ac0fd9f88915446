//! Names a request that was never saved.

use crate::app::Action;
use crate::app::dialogs::SaveDialog;
use crate::ui::widgets::{Button, Field};
use egui::Context;

pub fn save_ui(
    ctx: &Context,
    dialog: &mut SaveDialog,
    folders: &[String],
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    super::frame(ctx, "Save request", 420.0, actions, |ui, actions| {
        super::caption(ui, "Name");
        let response = Field::new(&mut dialog.name, "Request name")
            .hint("Turn on")
            .error(dialog.error.as_deref())
            .show(ui);
        if is_new {
            response.request_focus();
        }
        super::caption(ui, "Folder");
        super::folder::path_ui(ui, &mut dialog.folder, folders, None);
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
