//! A comment on a row of the timeline.

use crate::app::Action;
use crate::app::table::{CommentDialog, TableAction};
use crate::ui::widgets::{Button, Field, text};
use crate::ui::{Theme, fonts};
use egui::Context;

pub fn comment_ui(
    ctx: &Context,
    dialog: &mut CommentDialog,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    super::frame(ctx, "Comment", 460.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        text::label(ui, &dialog.title, fonts::code_small(), theme.muted);
        ui.add_space(6.0);
        let response = Field::new(&mut dialog.text, "Comment on the row")
            .hint("What is worth knowing about it")
            .show(ui);
        if is_new {
            response.request_focus();
        }
        let entered = super::entered(ui);
        super::buttons(ui, |ui| {
            let save = |actions: &mut Vec<Action>| {
                actions.push(Action::Table(TableAction::SaveComment));
            };
            if ui.add(Button::primary("Keep")).clicked() || entered {
                save(actions);
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
            let take_away = Button::ghost("Take away").color(theme.failed);
            if !dialog.text.is_empty() && ui.add(take_away).clicked() {
                dialog.text.clear();
                save(actions);
            }
        });
    });
}
