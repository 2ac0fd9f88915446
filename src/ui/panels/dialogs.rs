//! The dialog that is open, if one is: one file for each kind.

mod bundle;
mod comment;
mod compare;
mod demos;
mod device;
mod diagnosis;
mod environments;
mod export;
mod folder;
mod help;
mod import;
mod packets;
mod palette;
mod password;
mod profile;
mod recording;
mod rule;
mod save;
mod secrets;
mod settings;
mod subscription;

use crate::app::dialogs::Dialog;
use crate::app::tree::Shelf;
use crate::app::{Action, App};
use crate::ui::view::View;
use crate::ui::widgets::{Button, text};
use crate::ui::{Icon, Theme, fonts, theme};
use egui::{
    Align, Context, CornerRadius, Frame, Id, Key, Layout, Margin, Modal, ModalResponse, Ui,
};

pub fn dialogs_ui(ctx: &Context, app: &mut App, view: &mut View, actions: &mut Vec<Action>) {
    let folders = match &app.dialog {
        Some(Dialog::Folder(dialog)) => app.folders(dialog.dragged.list),
        Some(Dialog::Profile(_)) => app.folders(Shelf::Connections),
        Some(Dialog::SaveRequest(_)) => app.folders(Shelf::Requests),
        _ => Vec::new(),
    };
    let App {
        dialog,
        library,
        session,
        selected,
        worker,
        recordings,
        now,
        ..
    } = app;
    let kind = dialog.as_ref().map(std::mem::discriminant);
    let is_new = std::mem::replace(&mut view.dialog, kind) != kind;
    let Some(dialog) = dialog else { return };
    match dialog {
        Dialog::Profile(dialog) => {
            let is_on = dialog
                .id
                .as_deref()
                .is_some_and(|id| session.link(id).is_some());
            profile::profile_ui(ctx, dialog, library, &folders, (is_on, is_new), actions)
        }
        Dialog::Password(dialog) => {
            password::password_ui(ctx, dialog, library, is_new, actions);
        }
        Dialog::Passphrase(dialog) => {
            secrets::passphrase_ui(ctx, dialog, library, is_new, actions);
        }
        Dialog::Environments(dialog) => {
            environments::environments_ui(ctx, dialog, library, actions);
        }
        Dialog::Secrets(dialog) => secrets::secrets_ui(ctx, dialog, library, actions),
        Dialog::SaveRequest(dialog) => save::save_ui(ctx, dialog, &folders, is_new, actions),
        Dialog::Device(dialog) => {
            device::device_ui(ctx, dialog, library, session.rules(), is_new, actions)
        }
        Dialog::Rule(dialog) => {
            let timeline = recordings.timeline().unwrap_or(&session.timeline);
            rule::rule_ui(ctx, dialog, timeline, *selected, view, actions);
        }
        Dialog::Subscription(dialog) => {
            subscription::subscription_ui(ctx, dialog, library, is_new, actions);
        }
        Dialog::Recording(dialog) => recording::recording_ui(ctx, dialog, is_new, actions),
        Dialog::Comment(dialog) => comment::comment_ui(ctx, dialog, is_new, actions),
        Dialog::Demos => demos::demos_ui(ctx, actions),
        Dialog::Compare(dialog) => {
            compare::compare_ui(ctx, dialog, worker, view, is_new, actions);
        }
        Dialog::Help => help::help_ui(ctx, actions),
        Dialog::Settings(dialog) => settings::settings_ui(ctx, dialog, library, actions),
        Dialog::Import(dialog) => import::import_ui(ctx, dialog, is_new, actions),
        Dialog::Bundle(dialog) => bundle::bundle_ui(ctx, dialog, is_new, actions),
        Dialog::Folder(dialog) => folder::folder_ui(ctx, dialog, &folders, is_new, actions),
        Dialog::Diagnosis(dialog) => {
            diagnosis::diagnosis_ui(ctx, dialog, *now, is_new, actions);
        }
        Dialog::Export(_) => export::export_ui(ctx, app, is_new, actions),
        Dialog::Packets(_) => packets::packets_ui(ctx, app, is_new, actions),
        Dialog::Palette { .. } => palette::palette_ui(ctx, app, is_new, actions),
    }
}

/// A dialog in which something can be typed: Escape closes it, a click beside it does nothing.
fn frame(
    ctx: &Context,
    title: &str,
    width: f32,
    actions: &mut Vec<Action>,
    contents: impl FnOnce(&mut Ui, &mut Vec<Action>),
) {
    let keyboard = ctx.memory(egui::Memory::focused);
    let response = modal(ctx, title, width, actions, contents);
    if response.backdrop_response.clicked() {
        // The click took it away from the field.
        if let Some(field) = keyboard {
            ctx.memory_mut(|memory| memory.request_focus(field));
        }
    } else if response.should_close() {
        actions.push(Action::CloseDialog);
    }
}

/// A dialog with nothing to lose in it: a click beside it closes it, too.
fn frame_to_read(
    ctx: &Context,
    title: &str,
    width: f32,
    actions: &mut Vec<Action>,
    contents: impl FnOnce(&mut Ui, &mut Vec<Action>),
) {
    if modal(ctx, title, width, actions, contents).should_close() {
        actions.push(Action::CloseDialog);
    }
}

/// With a title, in the middle.
fn modal(
    ctx: &Context,
    title: &str,
    width: f32,
    actions: &mut Vec<Action>,
    contents: impl FnOnce(&mut Ui, &mut Vec<Action>),
) -> ModalResponse<()> {
    let colors = Theme::get(ctx.global_style().visuals.dark_mode);
    let modal = Modal::new(Id::unique(("dialog", title))).frame(
        Frame::new()
            .fill(colors.panel)
            .stroke(colors.hairline())
            .corner_radius(CornerRadius::same(theme::RADIUS + 2))
            .inner_margin(Margin::same(16)),
    );
    let keyboard = ctx.memory(egui::Memory::focused);
    let response = modal.show(ctx, |ui| {
        ui.set_width(width.min(ui.ctx().content_rect().width() - 64.0));
        ui.horizontal(|ui| {
            text::label(ui, title, fonts::heading(), colors.text);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.add(Button::icon(Icon::X, "Close").small()).clicked() {
                    actions.push(Action::CloseDialog);
                }
            });
        });
        ui.add_space(8.0);
        contents(ui, actions);
    });
    // A field of one line gives the keyboard up on Enter; what turns out to be wrong is corrected there.
    if let Some(field) = keyboard
        && ctx.input(|input| input.key_pressed(Key::Enter))
        && ctx.memory(egui::Memory::focused).is_none()
    {
        ctx.memory_mut(|memory| memory.request_focus(field));
    }
    response
}

/// The buttons at the end of a dialog, right-aligned; the first is what Enter does.
fn buttons(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ui.add_space(12.0);
    ui.with_layout(Layout::right_to_left(Align::Center), contents);
}

/// Whether Enter was pressed to finish a one-line dialog.
fn entered(ui: &Ui) -> bool {
    ui.input(|input| input.key_pressed(Key::Enter))
}

/// A label above a field.
fn caption(ui: &mut Ui, words: &str) {
    let theme = Theme::of(ui);
    ui.add_space(4.0);
    text::label(ui, words, fonts::small(), theme.muted);
}
