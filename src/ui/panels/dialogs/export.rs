//! The timeline into a file: which rows, as what, where to.

use crate::app::dialogs::Dialog;
use crate::app::export::{ExportAction, Scope};
use crate::app::{Action, App, ExportFormat};
use crate::model::text as words;
use crate::ui::widgets::{Button, Field, select, text, toggle};
use crate::ui::{Theme, fonts};
use egui::Context;

pub fn export_ui(ctx: &Context, app: &mut App, is_new: bool, actions: &mut Vec<Action>) {
    let scopes = Scope::ALL.map(|scope| (scope, label(scope, app.rows_of(scope))));
    let Some(Dialog::Export(dialog)) = &mut app.dialog else {
        return;
    };
    super::frame(ctx, "Export the timeline", 560.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        super::caption(ui, "Format");
        select::select(ui, "Format", dialog.format.label(), 240.0, |ui| {
            for format in ExportFormat::ALL {
                if select::option(ui, dialog.format == format, format.label()).clicked() {
                    dialog.set_format(format);
                }
            }
        });
        text::paragraph(ui, dialog.format.meaning(), fonts::small(), theme.muted);
        super::caption(ui, "Rows");
        let chosen = scopes.iter().find(|(scope, _)| *scope == dialog.scope);
        let chosen = chosen.map_or("", |(_, label)| label.as_str());
        select::select(ui, "Rows", chosen, 240.0, |ui| {
            for (scope, label) in &scopes {
                if select::option(ui, dialog.scope == *scope, label).clicked() {
                    dialog.scope = *scope;
                }
            }
        });
        super::caption(ui, "File");
        let response = Field::new(&mut dialog.path, "File to write")
            .hint("~/timeline.html")
            .code()
            .error(dialog.error.as_deref())
            .show(ui);
        if is_new {
            response.request_focus();
        }
        if dialog.format == ExportFormat::Csv {
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                let name = "Keep spreadsheets from taking cells for formulas";
                toggle::toggle(ui, &mut dialog.spreadsheet_safe, name);
                text::label(ui, name, fonts::body(), theme.text);
            });
            text::paragraph(
                ui,
                "Cells that begin with = + - @ or an apostrophe get one apostrophe in front. Without it every cell is exact.",
                fonts::small(),
                theme.muted,
            );
        }
        ui.add_space(8.0);
        text::paragraph(
            ui,
            "Payloads and user properties are written as they are. Passwords of connections are in no row.",
            fonts::small(),
            theme.muted,
        );
        let entered = super::entered(ui);
        super::buttons(ui, |ui| {
            if ui.add(Button::primary("Export")).clicked() || entered {
                actions.push(Action::Export(ExportAction::Begin));
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}

fn label(scope: Scope, rows: usize) -> String {
    let count = words::count(rows as u64);
    match scope {
        Scope::Shown => format!("Those that pass the filter ({count})"),
        Scope::Selected if rows == 0 => "The selected row (none is selected)".to_owned(),
        Scope::Selected if rows == 1 => "The selected row".to_owned(),
        Scope::Selected => format!("The selected rows ({count})"),
        Scope::All => format!("All of them ({count})"),
    }
}
