//! The Latency view: how long answers took, by group, over time, and beside another sample.
//!
//! Everything painted is in [`crate::app::latency::Report`]; here is only where it stands. Where
//! there is room all charts are shown, else one at a time.

mod charts;
mod compare;
mod groups;
mod histogram;
mod over_time;
mod scatter;

use crate::app::latency::{Grouping, LatencyAction, Report, Summary};
use crate::app::rows::Tone;
use crate::app::{Action, App};
use crate::model::text as words;
use crate::ui::view::View;
use crate::ui::widgets::select::{option, select};
use crate::ui::widgets::{Button, Chip, marks, plot, text};
use crate::ui::{Icon, Theme, fonts};
use egui::{Align, Layout, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use std::sync::Arc;

pub use scatter::DensityImage;

/// The line with the figures, and the one with what is marked.
const HEAD: f32 = 36.0;
const MARKED: f32 = 32.0;
/// Four charts need this much.
const FOUR_WIDE: f32 = 540.0;
const FOUR_HIGH: f32 = 330.0;

/// The chart that is shown where there is room for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chart {
    #[default]
    Scatter,
    Histogram,
    OverTime,
    /// Legs, or the comparison where something was kept.
    Detail,
}

/// What only the eye cares about.
#[derive(Debug, Default)]
pub struct LatencyView {
    chart: Chart,
    density: DensityImage,
}

fn push(actions: &mut Vec<Action>, action: LatencyAction) {
    actions.push(Action::Latency(action));
}

pub fn latency_ui(ui: &mut Ui, app: &App, view: &mut View, actions: &mut Vec<Action>) {
    let report = app.latency.report();
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    if report.number == 0 || (report.total == 0 && app.latency.is_busy()) {
        inside(ui, "latency progress", area, |ui| progress_ui(ui, app));
        return;
    }
    if report.total == 0 && report.kept.is_none() {
        inside(ui, "latency empty", area, |ui| empty_ui(ui, app, actions));
        return;
    }
    let theme = Theme::of(ui);
    let (head, mut rest) = area.split_top_bottom_at_y(area.top() + HEAD);
    inside(ui, "latency head", head.shrink2(vec2(14.0, 0.0)), |ui| {
        head_ui(ui, app, &report, actions);
    });
    ui.painter()
        .hline(area.x_range(), head.bottom(), theme.hairline());
    if report.marked.is_some() {
        let (line, below) = rest.split_top_bottom_at_y(rest.top() + MARKED);
        rest = below;
        ui.painter().rect_filled(line, 0, theme.selected);
        inside(ui, "latency marked", line.shrink2(vec2(14.0, 0.0)), |ui| {
            marked_ui(ui, &report, actions);
        });
    }
    if app.latency.grouping != Grouping::All {
        let width = (rest.width() * 0.4).clamp(300.0, 620.0);
        let (left, right) = rest.split_left_right_at_x(rest.left() + width);
        inside(ui, "latency groups", left, |ui| {
            groups::groups_ui(ui, app, &report, actions);
        });
        ui.painter()
            .vline(left.right(), rest.y_range(), theme.hairline());
        rest = right;
    }
    charts_ui(ui, rest, &report, &mut view.latency, actions);
}

fn head_ui(ui: &mut Ui, app: &App, report: &Report, actions: &mut Vec<Action>) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let grouping = app.latency.grouping;
        let shown = format!("By {}", grouping.label().to_lowercase());
        let shown = if grouping == Grouping::All {
            "Together"
        } else {
            &shown
        };
        select(ui, "Group by", shown, 118.0, |ui| {
            for one in Grouping::ALL {
                if option(ui, one == grouping, one.label()).clicked() {
                    push(actions, LatencyAction::GroupBy(one));
                }
            }
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            if let Some(kept) = &report.kept {
                let forget = Button::icon(Icon::X, "Stop comparing").small();
                if ui.add(forget).clicked() {
                    push(actions, LatencyAction::ForgetKept);
                }
                let label = format!("compared with {kept}");
                ui.scope(|ui| {
                    ui.set_max_width((ui.available_width() * 0.4).min(260.0));
                    text::label(ui, &label, fonts::small(), Theme::of(ui).ink(Tone::Late));
                });
            } else {
                let keep = Button::ghost("Keep to compare")
                    .tooltip("Keeps these round trips; what you choose next is compared with them")
                    .small();
                if ui.add(keep).clicked() {
                    push(actions, LatencyAction::Keep);
                }
            }
            if app.latency.chosen().is_some() {
                let show = Button::ghost("Show in table")
                    .tooltip("The chosen group as a filter of the table")
                    .small();
                if report.marked.is_none() && ui.add(show).clicked() {
                    push(actions, LatencyAction::ShowInTable);
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                summary_ui(ui, &report.shown);
            });
        });
    });
}

/// Name, percentiles, and what they keep silent about. What has no room is in the sentence.
fn summary_ui(ui: &mut Ui, summary: &Summary) {
    let theme = Theme::of(ui);
    ui.spacing_mut().item_spacing.x = 12.0;
    let area = ui.available_rect_before_wrap();
    let node = ui.interact(area, ui.scope_id().with("summary"), Sense::hover());
    let mut sentence = summary.sentence();
    if let Some(caution) = &summary.caution {
        sentence = format!("{sentence}. {caution}");
    }
    node.widget_info(|| WidgetInfo::labeled(Role::Status, true, &sentence));
    let painter = ui.painter_at(area);
    let ink = if summary.unanswered == 0 {
        theme.muted
    } else {
        theme.ink(Tone::Failed)
    };
    // Who got no answer is said before the last percentile is.
    let silence = text::line(ui, &summary.silence, fonts::small(), ink, area.width());
    let most = area.right() - silence.size().x - 14.0;
    let mut left = area.left();
    let mut paint = |galley: Arc<egui::Galley>, most: f32| {
        let right = left + galley.size().x;
        let fits = right <= most;
        if fits {
            let top = area.center().y - galley.size().y * 0.5;
            painter.galley(pos2(left, top), galley, theme.text);
            left = right + 14.0;
        }
        fits
    };
    for figure in &summary.figures {
        let ink = if figure.is_vague {
            theme.muted
        } else {
            theme.text
        };
        let runs = [
            (figure.label, fonts::small(), theme.muted),
            (" ", fonts::small(), theme.muted),
            (figure.value.as_str(), fonts::code(), ink),
        ];
        if !paint(text::runs(ui, &runs, f32::INFINITY), most) {
            break;
        }
    }
    paint(silence, area.right() + 1.0);
    if let Some(caution) = &summary.caution {
        let ink = theme.ink(Tone::Waiting);
        let galley = text::line(ui, caution, fonts::small(), ink, f32::INFINITY);
        paint(galley, area.right());
    }
    node.on_hover_text(sentence);
}

fn marked_ui(ui: &mut Ui, report: &Report, actions: &mut Vec<Action>) {
    let Some((region, summary)) = &report.marked else {
        return;
    };
    let theme = Theme::of(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.add(Button::icon(Icon::X, "Unmark").small()).clicked() {
                push(actions, LatencyAction::Mark(None));
            }
            let keep = Button::ghost("Keep to compare")
                .name("Keep the marked to compare")
                .tooltip("Keeps these round trips; what you mark next is compared with them")
                .small();
            if ui.add(keep).clicked() {
                push(actions, LatencyAction::Keep);
            }
            let narrow = Button::ghost("Look closer")
                .tooltip("Filters by what is marked and stays here")
                .small();
            if ui.add(narrow).clicked() {
                push(actions, LatencyAction::Narrow);
            }
            let show = Button::new("Show in table")
                .name("Show the marked in the table")
                .tooltip("Filters by what is marked")
                .small();
            if ui.add(show).clicked() {
                push(actions, LatencyAction::ShowInTable);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let p50 = summary.figures.first().map_or("—", |figure| &figure.value);
                let sentence = format!(
                    "Marked: {} · p50 {p50} · {} · {}",
                    summary.name,
                    summary.silence,
                    region.words(),
                );
                text::label(ui, &sentence, fonts::small(), theme.text);
            });
        });
    });
}

/// In a narrower view the chart's legend is below the chips.
const LEGEND_BESIDE_CHIPS: f32 = 620.0;

fn charts_ui(
    ui: &mut Ui,
    area: Rect,
    report: &Report,
    view: &mut LatencyView,
    actions: &mut Vec<Action>,
) {
    let has_room = area.width() >= FOUR_WIDE && area.height() >= FOUR_HIGH;
    let detail = match report.comparison {
        Some(_) => ("Compared", "Comparison"),
        None => ("Where the time goes", "Legs"),
    };
    if has_room {
        let theme = Theme::of(ui);
        let (left, right) = area.split_left_right_at_fraction(0.54);
        let (scatter, over_time) = left.split_top_bottom_at_fraction(0.5);
        let (histogram, legs) = right.split_top_bottom_at_fraction(0.5);
        for (chart, rect, title) in [
            (Chart::Scatter, scatter, "Round trips by time"),
            (Chart::Histogram, histogram, "How long they took"),
            (Chart::OverTime, over_time, "Percentiles over time"),
            (Chart::Detail, legs, detail.0),
        ] {
            chart_ui(ui, (chart, title), rect, report, view, actions);
        }
        ui.painter()
            .vline(left.right(), area.y_range(), theme.hairline());
        ui.painter()
            .hline(area.x_range(), scatter.bottom(), theme.hairline());
        return;
    }
    // The chips stand where the title would.
    let area = area.with_min_y(area.top() + 4.0);
    let has_legend_beside = area.width() >= LEGEND_BESIDE_CHIPS;
    let below = if has_legend_beside { 0.0 } else { plot::TITLE };
    let chart = area.with_min_y(area.top() + below);
    chart_ui(ui, (view.chart, ""), chart, report, view, actions);
    let (chips, _) = area.split_top_bottom_at_y(area.top() + plot::TITLE);
    inside(ui, "latency charts", chips.shrink2(vec2(10.0, 0.0)), |ui| {
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            for (chart, label) in [
                (Chart::Scatter, "Scatter"),
                (Chart::Histogram, "Histogram"),
                (Chart::OverTime, "Over time"),
                (Chart::Detail, detail.1),
            ] {
                if ui.add(Chip::new(label, view.chart == chart)).clicked() {
                    view.chart = chart;
                }
            }
        });
    });
}

fn chart_ui(
    ui: &mut Ui,
    (chart, title): (Chart, &str),
    area: Rect,
    report: &Report,
    view: &mut LatencyView,
    actions: &mut Vec<Action>,
) {
    let marking = match chart {
        Chart::Scatter => scatter::scatter_ui(ui, area, title, report, &mut view.density),
        Chart::Histogram => histogram::histogram_ui(ui, area, title, report),
        Chart::OverTime => over_time::over_time_ui(ui, area, title, report),
        Chart::Detail => {
            inside(ui, "latency detail", area, |ui| match &report.comparison {
                Some(comparison) => compare::comparison_ui(ui, title, comparison),
                None => compare::legs_ui(ui, title, &report.legs),
            });
            None
        }
    };
    if let Some(region) = marking
        && (region.is_some() || report.marked.is_some())
    {
        push(actions, LatencyAction::Mark(region));
    }
}

fn progress_ui(ui: &mut Ui, app: &App) {
    let theme = Theme::of(ui);
    let rows = words::count(app.timeline().len() as u64);
    ui.vertical_centered(|ui| {
        ui.add_space(28.0);
        text::label(
            ui,
            &format!("Looking through {rows} rows"),
            fonts::body(),
            theme.muted,
        );
        ui.add_space(8.0);
        let (rect, _) = ui.allocate_exact_size(vec2(220.0, 4.0), Sense::hover());
        ui.painter().rect_filled(rect, 2, theme.raised);
        let done =
            rect.with_max_x(rect.left() + rect.width() * app.latency.progress(app.timeline()));
        ui.painter().rect_filled(done, 2, theme.accent);
    });
}

fn empty_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    ui.add_space(24.0);
    if !app.listing.filter().is_empty() && !app.timeline().is_empty() {
        if marks::empty_state(ui, "No exchange passes the filter.", Some("Show all rows")) {
            actions.push(Action::SetFilter(String::new()));
            actions.push(Action::SetCategory(None));
        }
    } else if marks::empty_state(
        ui,
        "No request was sent yet. Send some, and see here how long their answers take: \
         percentiles, how they spread, and how they change over time.",
        Some("Show the demos"),
    ) {
        actions.push(Action::ShowDemos);
    }
}

/// A part of the view as a ui of its own, cut at its edge.
fn inside(ui: &mut Ui, salt: &str, rect: Rect, contents: impl FnOnce(&mut Ui)) {
    let mut child = ui.new_child(UiBuilder::new().id_salt(salt).max_rect(rect));
    child.shrink_clip_rect(rect);
    contents(&mut child);
}
