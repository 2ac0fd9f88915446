//! Packets into a file: which, as what, where to.

use crate::app::dialogs::Dialog;
use crate::app::packets::{PacketFormat, PacketsAction};
use crate::app::{Action, App};
use crate::model::text as words;
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Theme, fonts};
use egui::Context;

pub fn packets_ui(ctx: &Context, app: &mut App, is_new: bool, actions: &mut Vec<Action>) {
    let title = format!("Export packets of {}", app.name_of_packets());
    let scopes = [
        (true, "Those that pass the filter", app.packets.len() as u64),
        (false, "All of them", app.packets.reel().len()),
    ];
    let scopes = scopes.map(|(only_shown, label, count)| {
        (only_shown, format!("{label} ({})", words::count(count)))
    });
    let Some(Dialog::Packets(dialog)) = &mut app.dialog else {
        return;
    };
    super::frame(ctx, &title, 560.0, actions, |ui, actions| {
        let theme = Theme::of(ui);
        super::caption(ui, "Format");
        select::select(ui, "Format", dialog.format.label(), 240.0, |ui| {
            for format in PacketFormat::ALL {
                if select::option(ui, dialog.format == format, format.label()).clicked() {
                    dialog.set_format(format);
                }
            }
        });
        text::paragraph(ui, dialog.format.meaning(), fonts::small(), theme.muted);
        super::caption(ui, "Packets");
        let chosen = scopes.iter().find(|(one, _)| *one == dialog.only_shown);
        let chosen = chosen.map_or("", |(_, label)| label.as_str());
        select::select(ui, "Packets", chosen, 240.0, |ui| {
            for (only_shown, label) in &scopes {
                if select::option(ui, dialog.only_shown == *only_shown, label).clicked() {
                    dialog.only_shown = *only_shown;
                }
            }
        });
        super::caption(ui, "File");
        let response = Field::new(&mut dialog.path, "File to write")
            .hint("~/packets.jsonl")
            .code()
            .error(dialog.error.as_deref())
            .show(ui);
        if is_new {
            response.request_focus();
        }
        ui.add_space(8.0);
        text::paragraph(
            ui,
            "Passwords and authentication data are in no packet of the log. Topics, payloads and user properties are written as they are.",
            fonts::small(),
            theme.muted,
        );
        let entered = super::entered(ui);
        super::buttons(ui, |ui| {
            if ui.add(Button::primary("Export")).clicked() || entered {
                actions.push(Action::Packets(PacketsAction::Export));
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}
