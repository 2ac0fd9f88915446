//! Above the timeline: the filter, a chip for each verdict, and how to look at it.

use crate::app::export::ExportAction;
use crate::app::perform::RecordingAction;
use crate::app::rows::Tone;
use crate::app::{Action, App, ExportFormat, TimelineView};
use crate::model::text as words;
use crate::model::timeline::Category;
use crate::ui::Icon;
use crate::ui::panels::timeline::filter_box::filter_box_ui;
use crate::ui::panels::timeline::filter_menu::filter_menu_ui;
use crate::ui::view::View;
use crate::ui::widgets::{Button, Chip, select};
use egui::scroll_area::ScrollBarVisibility;
use egui::{Align, Layout, ScrollArea, Ui};

/// Chips that are there even when they count nothing; the others come with their first row.
const ALWAYS: [Category; 5] = [
    Category::Waiting,
    Category::TimedOut,
    Category::NoSubscribers,
    Category::Late,
    Category::Unmatched,
];

/// Of the bar's width.
const FILTER_SHARE: f32 = 0.3;

pub fn toolbar_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let timeline = app.timeline();
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let width = (ui.available_width() * FILTER_SHARE).clamp(170.0, 420.0);
        filter_box_ui(ui, app, view, width, actions);
        filter_menu_ui(ui, app, view, actions);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let clear = Button::ghost("Clear")
                .shortcut("Ctrl+L")
                .tooltip("Take away every row that is not waiting or pinned")
                .enabled(!timeline.is_empty());
            if ui.add(clear).clicked() {
                actions.push(Action::ClearTimeline);
            }
use crate::app::{Action, App, ExportFormat, TimelineView};
            ScrollArea::horizontal()
                .id_salt("chips")
                .auto_shrink([false, true])
                .scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden)
                .show(ui, |ui| {
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        chips_ui(ui, app, actions);
                    });
                });
        });
    });
}

/// Recording, and recordings.
fn recordings_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let is_recording = app.recordings.is_recording();
    let words = if is_recording {
        "● Recording"
    } else {
        "Record"
    };
    select::menu_button(ui, words, |ui| {
        ui.set_min_width(220.0);
        let mut entry = |ui: &mut Ui, words: &str, action| {
            if ui.add(Button::ghost(words)).clicked() {
                actions.push(Action::Recording(action));
                ui.close();
            }
        };
        if is_recording {
            entry(ui, "Stop recording", RecordingAction::Stop);
        } else {
            entry(ui, "Record the session…", RecordingAction::AskWhereTo);
        }
        entry(ui, "Open a recording…", RecordingAction::AskWhich);
    });
/// The ways to look at it, painted from right to left.
fn views_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    for (view, name, tooltip) in [
        (TimelineView::Latency, "Latency", "How long answers took"),
        (
            TimelineView::Lanes,
            "Lanes",
            "Who sent what to whom and when",
        ),
        (TimelineView::Table, "Table", "A row for each of them"),
    ] {
        let chip = Chip::new(name, app.window.timeline_view == view).tooltip(tooltip);
        if ui.add(chip).clicked() {
            actions.push(Action::SetTimelineView(view));
        }
    }
}

/// A chip for each verdict; where there is little room only for those that count something.
fn chips_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    const FOR_ALL: f32 = 640.0;
    let has_room = ui.available_width() >= FOR_ALL;
    let timeline = app.timeline();
    let chosen = app.listing.filter().category;
    let all = words::count(timeline.len() as u64);
    let chip = Chip::new("All", chosen.is_none()).count(&all);
    if ui.add(chip).clicked() {
        actions.push(Action::SetCategory(None));
    }
    for category in Category::ALL {
        let count = timeline.count_of(category);
        let is_chosen = chosen == Some(category);
        if count == 0 && !is_chosen && !(has_room && ALWAYS.contains(&category)) {
            continue;
        }
        let chip = Chip::new(category.label(), is_chosen).dot(Tone::of(category));
        if ui.add(chip.count(&words::count(count as u64))).clicked() {
            let wanted = (!is_chosen).then_some(category);
            actions.push(Action::SetCategory(wanted));
        }
    }
}
