//! Environments and their variables.

use crate::app::Action;
use crate::app::environments::{
    EnvironmentAction, EnvironmentForm, EnvironmentsDialog, VariableForm,
};
use crate::app::library::Library;
use crate::app::rows::Tone;
use crate::app::secrets;
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Context, ScrollArea, Ui};

const WIDTH: f32 = 600.0;
const LIST_HEIGHT: f32 = 260.0;

pub fn environments_ui(
    ctx: &Context,
    dialog: &mut EnvironmentsDialog,
    library: &Library,
    actions: &mut Vec<Action>,
) {
    super::frame(ctx, "Environments", WIDTH, actions, |ui, actions| {
        let theme = Theme::of(ui);
        text::paragraph(
            ui,
            "{{env.NAME}} in any field of a connection or a request stands for a variable of the environment that is chosen, {{os.NAME}} for one of the process that started Roundtrip.",
            fonts::small(),
            theme.muted,
        );
        ui.add_space(8.0);
        choice_ui(ui, dialog);
        if let Some(form) = dialog.forms.get_mut(dialog.shown) {
            form_ui(ui, form);
            let has_secret = form.variables.iter().any(|one| one.draft.is_secret);
            if has_secret {
                let place = secrets::sentence(&library.password_place());
                ui.add_space(4.0);
                text::paragraph(ui, &place, fonts::small(), theme.muted);
            }
        } else {
            text::label(ui, "There is none yet.", fonts::body(), theme.muted);
        }
        if let Some(error) = &dialog.error {
            ui.add_space(4.0);
            text::paragraph(ui, error, fonts::small(), theme.ink(Tone::Failed));
        }
        super::buttons(ui, |ui| {
            if ui.add(Button::primary("Save")).clicked() {
                actions.push(Action::Environment(EnvironmentAction::Save));
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}

fn choice_ui(ui: &mut Ui, dialog: &mut EnvironmentsDialog) {
    ui.horizontal(|ui| {
        if let Some(form) = dialog.forms.get(dialog.shown) {
            let shown = named(form).to_owned();
            let mut picked = dialog.shown;
            select::select(ui, "Environment to edit", &shown, 220.0, |ui| {
                for (index, form) in dialog.forms.iter().enumerate() {
                    if select::option(ui, index == dialog.shown, named(form)).clicked() {
                        picked = index;
                    }
                }
            });
            dialog.shown = picked;
        }
        if ui.add(Button::new("Add an environment")).clicked() {
            dialog.forms.push(EnvironmentForm::empty());
            dialog.shown = dialog.forms.len().saturating_sub(1);
        }
        let has_one = dialog.shown < dialog.forms.len();
        if has_one && ui.add(Button::ghost("Delete this one")).clicked() {
            dialog.forms.remove(dialog.shown);
            dialog.shown = dialog.shown.min(dialog.forms.len().saturating_sub(1));
        }
    });
}

fn named(form: &EnvironmentForm) -> &str {
    match form.name.trim() {
        "" => "new environment",
        name => name,
    }
}

fn form_ui(ui: &mut Ui, form: &mut EnvironmentForm) {
    super::caption(ui, "Name");
    Field::new(&mut form.name, "Name of the environment")
        .hint("lab")
        .width(220.0)
        .show(ui);
    super::caption(ui, "Variables");
    let mut gone = None;
    ScrollArea::vertical()
        .id_salt("variables")
        .max_height(LIST_HEIGHT)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for (index, variable) in form.variables.iter_mut().enumerate() {
                if variable_ui(ui, index + 1, variable) {
                    gone = Some(index);
                }
            }
        });
    if let Some(index) = gone {
        form.variables.remove(index);
    }
    if ui.add(Button::ghost("Add a variable")).clicked() {
        form.variables.push(VariableForm::default());
    }
}

/// Says whether it is to go.
fn variable_ui(ui: &mut Ui, number: usize, variable: &mut VariableForm) -> bool {
    ui.horizontal(|ui| {
        let room = ui.available_width();
        Field::new(
            &mut variable.draft.name,
            &format!("Name of variable {number}"),
        )
        .hint("HOST")
        .code()
        .width(room * 0.28)
        .show(ui);
        let name = format!("Value of variable {number}");
        if variable.draft.is_secret {
            Field::new(&mut variable.secret, &name)
                .hint("unchanged, or not known here")
                .secret()
                .width(room * 0.45)
                .show(ui);
        } else {
            Field::new(&mut variable.draft.value, &name)
                .code()
                .width(room * 0.45)
                .show(ui);
        }
        let was_secret = variable.draft.is_secret;
        ui.checkbox(&mut variable.draft.is_secret, "Secret");
        if variable.draft.is_secret && !was_secret {
            // It is not to be read over a shoulder any more.
            variable.secret = std::mem::take(&mut variable.draft.value);
        }
        let remove = format!("Remove variable {number}");
        ui.add(Button::icon(Icon::X, &remove).small()).clicked()
    })
    .inner
}
