//! Which timeline is shown: the session's, or a recording that was opened. There only when there is a choice.

use crate::app::perform::RecordingAction;
use crate::app::recordings::Opened;
use crate::app::{Action, App};
use crate::model::text as words;
use crate::ui::widgets::{Button, Chip, text};
use crate::ui::{Icon, Theme, fonts};
use egui::scroll_area::ScrollBarVisibility;
use egui::{Align, Layout, ScrollArea, Ui};

pub const HEIGHT: f32 = 34.0;

/// Whether there is anything to choose.
pub fn is_shown(app: &App) -> bool {
    !app.recordings.opened().is_empty()
}

pub fn sources_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let shown = app.recordings.shown();
    let mut ask = |action| actions.push(Action::Recording(action));
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let (Some(at), Some(opened)) = (shown, app.recordings.shown_recording()) {
                let close = Button::icon(Icon::X, "Close the recording");
                if ui.add(close).clicked() {
                    ask(RecordingAction::Close(at));
                }
                let is_whole = opened.is_whole();
                let trim = Button::ghost("Trim…")
                    .small()
                    .tooltip("Take rows out of the file for good")
                    .enabled(is_whole);
                if ui.add(trim).clicked() {
                    ask(RecordingAction::AskTrim(at));
                }
                let theme = Theme::of(ui);
                text::label(ui, &opened.words(), fonts::small(), theme.muted)
                    .on_hover_text(opened.tooltip());
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ScrollArea::horizontal()
                    .id_salt("sources")
                    .scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden)
                    .show(ui, |ui| {
                        let rows = words::count(app.session.timeline.len() as u64);
                        let live = Chip::new("Session", shown.is_none()).count(&rows);
                        if ui.add(live).clicked() {
                            ask(RecordingAction::Show(None));
                        }
                        for (at, opened) in app.recordings.opened().iter().enumerate() {
                            if source_ui(ui, opened, shown == Some(at)) {
                                ask(RecordingAction::Show(Some(at)));
                            }
                        }
                    });
            });
        });
    });
}

fn source_ui(ui: &mut Ui, opened: &Opened, is_shown: bool) -> bool {
    let rows = words::count(opened.timeline.len() as u64);
    let name = opened.name();
    let chip = Chip::new(&name, is_shown).count(&rows);
    ui.add(chip).on_hover_text(opened.tooltip()).clicked()
}
