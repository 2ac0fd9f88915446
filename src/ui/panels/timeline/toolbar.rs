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
use egui::{Align, Id, Layout, Popup, Ui};

/// Chips that are there even when they count nothing; the others come with their first row.
const ALWAYS: [Category; 5] = [
    Category::Waiting,
    Category::TimedOut,
    Category::NoSubscribers,
    Category::Late,
    Category::Unmatched,
];

/// Of the bar's width, and at least so much: a filter of two terms is read whole.
const FILTER_SHARE: f32 = 0.24;
const FILTER_LEAST: f32 = 200.0;
const FILTER_MOST: f32 = 340.0;
/// A bar of this width has a button for everything.
const ROOMY: f32 = 1_100.0;

pub fn toolbar_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let is_roomy = ui.available_width() >= ROOMY;
        let (width, with_words) = if is_roomy {
            (ui.available_width() * FILTER_SHARE, true)
        } else {
            share(ui, app)
        };
        let width = width.clamp(FILTER_LEAST, FILTER_MOST);
        filter_box_ui(ui, app, view, width, actions);
        filter_menu_ui(ui, app, view, actions);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if is_roomy {
                tools_ui(ui, app, actions);
            } else {
                more_ui(ui, app, actions);
            }
            views_ui(ui, app, with_words, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                chips_ui(ui, app, is_roomy, actions);
            });
        });
    });
}

/// What the filter gets in a small bar, and whether the views have room for their names: first the verdicts that
/// count something are to be seen.
fn share(ui: &Ui, app: &App) -> (f32, bool) {
    /// The buttons beside the filter, and the menu at the right edge.
    const BUTTONS: f32 = 3.0 * 36.0;
    let gap = ui.spacing().item_spacing.x;
    let counted = Category::ALL
        .into_iter()
        .map(|category| (category, app.timeline().count_of(category)))
        .filter(|(_, count)| *count > 0);
    let chips: f32 = counted
        .map(|(category, count)| {
            let count = words::count(count as u64);
            let chip = Chip::new(category.label(), false).dot(Tone::of(category));
            chip.count(&count).width(ui) + gap
        })
        .sum();
    let all = words::count(app.timeline().len() as u64);
    let chips = chips + Chip::new("All", true).count(&all).width(ui) + gap;
    let left = ui.available_width() - BUTTONS - chips - views_width(ui);
    (left, left >= FILTER_LEAST)
}

/// Clearing, recording and exporting side by side, painted from right to left.
fn tools_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let (clear, words, tooltip) = clearing(app);
    let clear_button = Button::ghost(words)
        .shortcut("Ctrl+L")
        .tooltip(tooltip)
        .enabled(clear);
    if ui.add(clear_button).clicked() {
        actions.push(Action::ClearTimeline);
    }
    let words = if app.recordings.is_recording() {
        "Recording"
    } else {
        "Record"
    };
    select::menu_button(ui, words, |ui| {
        ui.set_min_width(220.0);
        recordings_ui(ui, app, actions);
    });
    let export = Button::icon(Icon::Download, "Export the timeline")
        .tooltip("Write the rows into a file")
        .enabled(!app.timeline().is_empty());
    if ui.add(export).clicked() {
        actions.push(Action::Export(ExportAction::Ask(ExportFormat::Html)));
    }
}

/// The same in one menu, where there is little room.
fn more_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let more = Button::icon(Icon::Ellipsis, "Record, open, export, clear");
    let response = ui.add(more);
    Popup::menu(&response)
        .id(Id::unique("more of the timeline"))
        .show(|ui| {
            ui.set_min_width(220.0);
            recordings_ui(ui, app, actions);
            ui.separator();
            let export = Button::ghost("Export the timeline…").enabled(!app.timeline().is_empty());
            if ui.add(export).clicked() {
                actions.push(Action::Export(ExportAction::Ask(ExportFormat::Html)));
                ui.close();
            }
            let (is_possible, words, tooltip) = clearing(app);
            let clear = Button::ghost(words)
                .shortcut("Ctrl+L")
                .tooltip(tooltip)
                .enabled(is_possible);
            if ui.add(clear).clicked() {
                actions.push(Action::ClearTimeline);
                ui.close();
            }
        });
}

/// Whether there is anything to clear, and what it means for what is shown.
fn clearing(app: &App) -> (bool, &'static str, &'static str) {
    if app.recordings.shown().is_some() {
        return (
            true,
            "Close",
            "Close the recording; its file stays as it is",
        );
    }
    (
        !app.timeline().is_empty(),
        "Clear",
        "Take away every row that is not waiting or pinned",
    )
}

/// Recording, and recordings.
fn recordings_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let mut entry = |ui: &mut Ui, words: &str, action| {
        if ui.add(Button::ghost(words)).clicked() {
            actions.push(Action::Recording(action));
            ui.close();
        }
    };
    if app.recordings.is_recording() {
        entry(ui, "Stop recording", RecordingAction::Stop);
    } else {
        entry(ui, "Record the session…", RecordingAction::AskWhereTo);
    }
    entry(ui, "Open a recording…", RecordingAction::AskWhich);
}

/// The ways to look at it, from the right.
const VIEWS: [(TimelineView, &str, &str, Icon); 5] = [
    (
        TimelineView::Packets,
        "Packets",
        "Every MQTT packet of a connection",
        Icon::Binary,
    ),
    (
        TimelineView::Topics,
        "Topics",
        "What came on each topic",
        Icon::ListTree,
    ),
    (
        TimelineView::Latency,
        "Latency",
        "How long answers took",
        Icon::ChartNoAxesColumn,
    ),
    (
        TimelineView::Lanes,
        "Lanes",
        "Who sent what to whom and when",
        Icon::ArrowLeftRight,
    ),
    (
        TimelineView::Table,
        "Table",
        "A row for each of them",
        Icon::Table,
    ),
];

/// Painted from right to left; without words where the verdicts need the room.
/// What the views take with their names.
pub fn views_width(ui: &Ui) -> f32 {
    let gap = ui.spacing().item_spacing.x;
    let widths = VIEWS
        .iter()
        .map(|(_, name, ..)| Chip::new(name, false).width(ui) + gap);
    widths.sum()
}

pub fn views_ui(ui: &mut Ui, app: &App, with_words: bool, actions: &mut Vec<Action>) {
    for (view, name, tooltip, icon) in VIEWS {
        let is_chosen = app.window.timeline_view == view;
        let pressed = if with_words {
            ui.add(Chip::new(name, is_chosen).tooltip(tooltip))
                .clicked()
        } else {
            let tooltip = format!("{name}: {tooltip}");
            let button = Button::icon(icon, name).selected(is_chosen);
            ui.add(button.tooltip(&tooltip)).clicked()
        };
        if pressed {
            actions.push(Action::SetTimelineView(view));
        }
    }
}

/// A chip for each verdict, for those that count something where there is little room; what does not fit is in a
/// menu behind them.
fn chips_ui(ui: &mut Ui, app: &App, is_roomy: bool, actions: &mut Vec<Action>) {
    /// The button of the menu.
    const MORE: f32 = 44.0;
    let timeline = app.timeline();
    let chosen = app.listing.filter().category;
    let all = words::count(timeline.len() as u64);
    let all = Chip::new("All", chosen.is_none()).count(&all);
    let gap = ui.spacing().item_spacing.x;
    let room = ui.available_width() - all.width(ui);
    if ui.add(all).clicked() {
        actions.push(Action::SetCategory(None));
    }
    let counts = |with_usual: bool| -> Vec<(Category, String)> {
        Category::ALL
            .into_iter()
            .filter_map(|category| {
                let count = timeline.count_of(category);
                let is_usual = with_usual && ALWAYS.contains(&category);
                let is_shown = count > 0 || chosen == Some(category) || is_usual;
                is_shown.then(|| (category, words::count(count as u64)))
            })
            .collect()
    };
    let width_of = |(category, count): &(Category, String)| {
        let chip = Chip::new(category.label(), false).dot(Tone::of(*category));
        chip.count(count).width(ui) + gap
    };
    // Those that count nothing go before one is in the menu.
    let with_usual = is_roomy && counts(true).iter().map(width_of).sum::<f32>() <= room;
    let counts = counts(with_usual);
    let widths: Vec<f32> = counts.iter().map(width_of).collect();
    let chips: Vec<(Category, Chip<'_>)> = counts
        .iter()
        .map(|(category, count)| {
            let chip = Chip::new(category.label(), chosen == Some(*category));
            (*category, chip.dot(Tone::of(*category)).count(count))
        })
        .collect();
    let fits = widths.iter().sum::<f32>() <= room;
    // The one that is chosen has a place whatever comes before it.
    let of_chosen = chips
        .iter()
        .zip(&widths)
        .find(|((category, _), _)| chosen == Some(*category));
    let mut left = room - if fits { 0.0 } else { MORE };
    left -= of_chosen.map_or(0.0, |(_, width)| *width);
    let mut rest = Vec::new();
    for ((category, chip), width) in chips.into_iter().zip(widths) {
        let is_chosen = chosen == Some(category);
        if !is_chosen && (width > left || !rest.is_empty()) {
            rest.push((category, chip));
            continue;
        }
        if !is_chosen {
            left -= width;
        }
        if ui.add(chip).clicked() {
            let wanted = (!is_chosen).then_some(category);
            actions.push(Action::SetCategory(wanted));
        }
    }
    if rest.is_empty() {
        return;
    }
    let count = format!("+{}", rest.len());
    let more = Chip::new(&count, false).name("More verdicts");
    let response = ui.add(more);
    Popup::menu(&response)
        .id(Id::unique("more verdicts"))
        .show(|ui| {
            for (category, chip) in rest {
                if ui.add(chip).clicked() {
                    actions.push(Action::SetCategory(Some(category)));
                    ui.close();
                }
            }
        });
}
