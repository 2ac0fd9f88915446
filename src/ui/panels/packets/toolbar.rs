//! Above the packet log: whose packets, the filter, pausing, and what can be done with the log.

use super::push;
use crate::app::packets::{KEYS, PacketFormat, PacketsAction};
use crate::app::{Action, App};
use crate::model::text as words;
use crate::ui::panels::timeline::{views_ui, views_width};
use crate::ui::view::{Focus, View};
use crate::ui::widgets::{Button, Chip, Field, select, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Id, Layout, Popup, Ui};

/// There is room for the counts, too.
const ROOMY: f32 = 1_000.0;
/// The bar of the smallest window is narrower than this.
const SMALL: f32 = 600.0;
/// Pausing and the menu, with what is between them and the rest.
const BUTTONS: f32 = 2.0 * 36.0 + 4.0 * 6.0;

pub fn toolbar_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let room = ui.available_width();
        let is_roomy = room >= ROOMY;
        let (source, filter) = if room < SMALL {
            (110.0, 100.0)
        } else {
            (150.0, (room * 0.22).clamp(130.0, 380.0))
        };
        let left = room - source - filter - BUTTONS;
        let with_words = left >= views_width(ui);
        source_ui(ui, app, source, actions);
        filter_ui(ui, app, filter, view, actions);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            more_ui(ui, app, actions);
            views_ui(ui, app, with_words, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                state_ui(ui, app, is_roomy, actions);
            });
        });
    });
}

fn source_ui(ui: &mut Ui, app: &App, width: f32, actions: &mut Vec<Action>) {
    let shown = app.name_of_packets();
    select::select(ui, "Packets of", &shown, width, |ui| {
        for (source, name) in app.packet_sources() {
            let is_shown = app.packets.source() == Some(&source);
            if select::option(ui, is_shown, &name).clicked() {
                push(actions, PacketsAction::Show(source));
            }
        }
    });
}

fn filter_ui(ui: &mut Ui, app: &App, width: f32, view: &mut View, actions: &mut Vec<Action>) {
    let mut line = app.packets.filter().text().to_owned();
    let problem = app.packets.problems().first();
    let problem = problem.map(|problem| format!("{}: {}", problem.term, problem.why));
    let response = Field::new(&mut line, "Filter the packets")
        .hint("type:publish topic:… id:7 -…")
        .error(problem.as_deref())
        .only_marked()
        .width(width)
        .id(Id::unique("packet filter"))
        .show(ui);
    if view.take_focus(Focus::Filter) {
        response.request_focus();
    }
    let help = problem.unwrap_or_else(|| {
        let keys: Vec<String> = KEYS
            .iter()
            .map(|(key, meaning)| format!("{key}  {meaning}"))
            .collect();
        format!(
            "Words are looked for in all fields; - before a term turns it round.\n{}",
            keys.join("\n")
        )
    });
    let changed = response.changed();
    response.on_hover_text(help);
    if changed {
        push(actions, PacketsAction::SetFilter(line));
    }
}

/// Pausing, pings, and how many there are.
fn state_ui(ui: &mut Ui, app: &App, is_roomy: bool, actions: &mut Vec<Action>) {
    let packets = &app.packets;
    let (icon, name) = if packets.is_paused() {
        (Icon::Play, "Follow the packets")
    } else {
        (Icon::Pause, "Pause the packet log")
    };
    let button = Button::icon(icon, name)
        .selected(packets.is_paused())
        .small();
    if ui.add(button).clicked() {
        push(actions, PacketsAction::Pause(!packets.is_paused()));
    }
    if !is_roomy {
        return;
    }
    let chip = Chip::new("Fold pings", packets.folds_pings())
        .tooltip("Pings and their answers, one after the other, are one line");
    if ui.add(chip).clicked() {
        push(actions, PacketsAction::FoldPings(!packets.folds_pings()));
    }
    let theme = Theme::of(ui);
    text::label(ui, &told(app), fonts::small(), theme.muted);
}

/// How many there are, and how many had to go.
fn told(app: &App) -> String {
    let packets = &app.packets;
    let reel = packets.reel();
    let shown = packets.len() as u64;
    let mut told = if packets.filter().is_empty() && shown == reel.len() {
        format!("{} lines", words::count(shown))
    } else {
        format!("{} of {}", words::count(shown), words::count(reel.len()))
    };
    if packets.is_searching() {
        told += " · looking…";
    }
    if packets.is_paused() {
        told += " · paused";
    }
    if reel.dropped() > 0 {
        told += " · ";
        told += &words::count(reel.dropped());
        told += " older ones dropped";
    }
    told
}

fn more_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let response = ui.add(Button::icon(
        Icon::Ellipsis,
        "Export, pings, keep everything, clear",
    ));
    Popup::menu(&response)
        .id(Id::unique("more of the packets"))
        .show(|ui| {
            ui.set_min_width(240.0);
            let theme = Theme::of(ui);
            text::label(ui, &told(app), fonts::small(), theme.muted);
            let has_packets = !app.packets.reel().is_empty();
            let export = Button::ghost("Export the packets…").enabled(has_packets);
            if ui.add(export).clicked() {
                push(actions, PacketsAction::AskExport(PacketFormat::Jsonl));
                ui.close();
            }
            let folds = app.packets.folds_pings();
            let label = if folds {
                "Show every ping"
            } else {
                "Fold pings into one line"
            };
            if ui.add(Button::ghost(label)).clicked() {
                push(actions, PacketsAction::FoldPings(!folds));
                ui.close();
            }
            let keeps_all = app.keeps_all_packets();
            let (label, tooltip) = if keeps_all {
                (
                    "Keep the newest only",
                    "4 MiB of packets, the oldest go first",
                )
            } else {
                (
                    "Keep everything",
                    "Up to 1 GiB of packets of this connection, in memory",
                )
            };
            if ui.add(Button::ghost(label).tooltip(tooltip)).clicked() {
                push(actions, PacketsAction::KeepEverything(!keeps_all));
                ui.close();
            }
            let clear = Button::ghost("Clear the packet log").enabled(has_packets);
            if ui.add(clear).clicked() {
                push(actions, PacketsAction::Clear);
                ui.close();
            }
        });
}
