//! Where to record to, which recording to open, what to take out of one.

use crate::app::Action;
use crate::app::perform::RecordingAction;
use crate::app::recordings::{Purpose, RecordingDialog, TrimBy};
use crate::app::rows::Tone;
use crate::model::text as words;
use crate::ui::widgets::{Button, Field, select, text};
use crate::ui::{Theme, fonts};
use egui::{Context, ScrollArea, Ui};

pub fn recording_ui(
    ctx: &Context,
    dialog: &mut RecordingDialog,
    is_new: bool,
    actions: &mut Vec<Action>,
) {
    let (title, verb, action) = match dialog.purpose {
        Purpose::Record => ("Record", "Record", RecordingAction::Start),
        Purpose::Open => ("Open a recording", "Open", RecordingAction::Open),
        Purpose::Trim(_) => (
            "Trim the recording",
            "Take out for good",
            RecordingAction::Trim,
        ),
    };
    super::frame(ctx, title, 560.0, actions, |ui, actions| {
        match dialog.purpose {
            Purpose::Record => record_ui(ui, dialog, is_new),
            Purpose::Open => open_ui(ui, dialog, is_new, actions),
            Purpose::Trim(_) => trim_ui(ui, dialog),
        }
        let is_trim = matches!(dialog.purpose, Purpose::Trim(_));
        let entered = super::entered(ui) && !is_trim;
        super::buttons(ui, |ui| {
            if ui.add(Button::primary(verb)).clicked() || entered {
                actions.push(Action::Recording(action.clone()));
            }
            if ui.add(Button::ghost("Cancel")).clicked() {
                actions.push(Action::CloseDialog);
            }
        });
    });
}

fn path_ui(ui: &mut Ui, dialog: &mut RecordingDialog, is_new: bool) {
    let response = Field::new(&mut dialog.path, "File of the recording")
        .hint("/path/to/file.rtrec")
        .code()
        .error(dialog.error.as_deref())
        .only_marked()
        .show(ui);
    if response.changed() {
        dialog.error = None;
    }
    // A path is in it: that needs more than a line.
    error_ui(ui, dialog);
    if is_new {
        response.request_focus();
    }
}

fn error_ui(ui: &mut Ui, dialog: &RecordingDialog) {
    if let Some(error) = &dialog.error {
        let ink = Theme::of(ui).ink(Tone::Failed);
        ui.add_space(4.0);
        text::paragraph(ui, error, fonts::small(), ink);
    }
}

fn record_ui(ui: &mut Ui, dialog: &mut RecordingDialog, is_new: bool) {
    let theme = Theme::of(ui);
    super::caption(ui, "File");
    path_ui(ui, dialog, is_new);
    ui.add_space(6.0);
    ui.checkbox(&mut dialog.with_past, "With what the timeline has already");
    text::paragraph(
        ui,
        "Everything that happens is written as it happens. A file that is there already is gone on with.",
        fonts::small(),
        theme.muted,
    );
}

fn open_ui(ui: &mut Ui, dialog: &mut RecordingDialog, is_new: bool, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    super::caption(ui, "File");
    path_ui(ui, dialog, is_new);
    super::caption(ui, "Recordings of this workspace");
    match &dialog.found {
        None => {
            text::label(ui, "Looking…", fonts::small(), theme.muted);
        }
        Some(Err(problem)) => {
            text::paragraph(ui, &problem.to_string(), fonts::small(), theme.text);
        }
        Some(Ok(found)) if found.is_empty() => {
            text::paragraph(
                ui,
                "None yet. Record the session, or switch automatic recordings on in the settings.",
                fonts::small(),
                theme.muted,
            );
        }
        Some(Ok(found)) => {
            ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
                for one in found {
                    let name = one.path.file_name().unwrap_or_default().to_string_lossy();
                    let bytes = usize::try_from(one.bytes).unwrap_or(usize::MAX);
                    let line = format!("{name} · {}", words::bytes(bytes));
                    if ui.add(Button::ghost(&line).small()).clicked() {
                        let open = RecordingAction::OpenPath(one.path.clone());
                        actions.push(Action::CloseDialog);
                        actions.push(Action::Recording(open));
                    }
                }
            });
        }
    }
}

fn trim_ui(ui: &mut Ui, dialog: &mut RecordingDialog) {
    let theme = Theme::of(ui);
    text::paragraph(ui, &dialog.path, fonts::code_small(), theme.muted);
    super::caption(ui, "What goes");
    for way in TrimBy::ALL {
        if select::option(ui, dialog.trim == way, way.label()).clicked() {
            dialog.trim = way;
            dialog.error = None;
        }
    }
    if dialog.trim == TrimBy::Size {
        super::caption(ui, "At most, in MiB");
        Field::new(&mut dialog.size, "Size in MiB")
            .width(120.0)
            .show(ui);
    }
    error_ui(ui, dialog);
    text::paragraph(
        ui,
        "Rows are taken out of the file itself. That cannot be undone.",
        fonts::small(),
        theme.muted,
    );
}
