//! Asks where a connection, a request or a folder is to go.

use crate::app::Action;
use crate::app::tree::{FolderDialog, Moved, TreeAction};
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Theme, fonts};
use egui::{Context, Ui};

pub fn folder_ui(
    ctx: &Context,
    dialog: &mut FolderDialog,
    folders: &[String],
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    let is_folder = matches!(dialog.dragged.moved, Moved::Folder(_));
    let title = if is_folder {
        format!("Rename or move the folder {}", dialog.name)
    } else {
        format!("Move {}", dialog.name)
    };
    super::frame(ctx, &title, 420.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        super::caption(ui, if is_folder { "Folder" } else { "To the folder" });
        let error = dialog.error.clone();
        let response = path_ui(ui, &mut dialog.folder, folders, error.as_deref());
        if is_new {
            response.request_focus();
        }
        if response.changed() {
            dialog.error = None;
        }
        let words = if is_folder {
            "A/B is the folder B in the folder A. One that is there already takes in what is in this one."
        } else {
            "A/B is the folder B in the folder A; one that is not there yet comes into being. None: the top of the list."
        };
        text::paragraph(ui, words, fonts::small(), theme.muted);
        let entered = super::entered(ui);
        super::buttons(ui, |ui| {
            if ui.add(Button::primary("Move")).clicked() || entered {
                actions.push(Action::Tree(TreeAction::Put));
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}

/// The path of a folder, typed or chosen among those that are there.
pub(super) fn path_ui(
    ui: &mut Ui,
    path: &mut String,
    folders: &[String],
    error: Option<&str>,
) -> egui::Response {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        let room = ui.available_width();
        let response = Field::new(path, "Folder")
            .hint("none")
            .error(error)
            .width(room - 110.0)
            .show(ui);
        select::select(ui, "Choose a folder", "Choose", 96.0, |ui| {
            if folders.is_empty() {
                text::label(ui, "No folders yet: type one", fonts::small(), theme.muted);
            }
            for folder in folders {
                if select::option(ui, path == folder, folder).clicked() {
                    path.clone_from(folder);
                }
            }
        });
        response
    })
    .inner
}
