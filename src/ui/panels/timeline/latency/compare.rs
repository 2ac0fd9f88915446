//! Beside the charts: where the time goes, or two samples and what differs.

use super::charts::below_title;
use crate::app::latency::{Comparison, LegMedian, NEWEST_LEGS};
use crate::app::rows::{Leg, Tone};
use crate::model::text as words;
use crate::ui::widgets::leg_bar::leg_bar;
use crate::ui::widgets::{plot, text};
use crate::ui::{Theme, fonts};
use egui::{Align, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

const LINE: f32 = 20.0;

pub fn legs_ui(ui: &mut Ui, legs: &[LegMedian]) {
    let theme = Theme::of(ui);
    let area = ui.available_rect_before_wrap();
    plot::title(ui, area, "Where the time goes", &[]);
    let mut rest = ui.new_child(egui::UiBuilder::new().max_rect(below_title(area)));
    let ui = &mut rest;
    if legs.is_empty() {
        text::paragraph(
            ui,
            "Nothing was answered yet. The legs of a simulated device on this machine are known one by one.",
            fonts::small(),
            theme.muted,
        );
        return;
    }
    let total: f64 = legs.iter().map(|leg| leg.median.as_secs_f64()).sum();
    #[expect(clippy::cast_possible_truncation, reason = "a share of a bar")]
    let bar: Vec<Leg> = legs
        .iter()
        .map(|leg| Leg {
            label: format!("{} {}", leg.kind.label(), words::short_ms(leg.median)),
            meaning: format!("{} {}", words::duration(leg.median), leg.kind.meaning()),
            share: (leg.median.as_secs_f64() / total.max(1e-9)) as f32,
            tone: leg.kind.tone(),
        })
        .collect();
    ui.spacing_mut().item_spacing.y = 4.0;
    leg_bar(ui, &bar);
    ui.add_space(4.0);
    ScrollArea::vertical().id_salt("legs").show(ui, |ui| {
        for leg in legs {
            let size = vec2(ui.available_width(), LINE);
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            let took = words::duration(leg.median);
            let count = words::count(leg.count as u64);
            let meaning = leg.kind.meaning();
            response.widget_info(|| {
                WidgetInfo::labeled(
                    Role::Label,
                    true,
                    format!("{took} {meaning}, median of {count}"),
                )
            });
            let center = pos2(rect.left() + 5.0, rect.center().y);
            ui.painter()
                .circle_filled(center, 4.0, theme.bar(leg.kind.tone()));
            let time = Rect::from_min_size(pos2(rect.left() + 16.0, rect.top()), vec2(72.0, LINE));
            let galley = text::line(ui, &took, fonts::code(), theme.text, 72.0);
            text::paint_in(ui, time, Align::Max, galley);
            let right = text::line(ui, &format!("of {count}"), fonts::tiny(), theme.muted, 90.0);
            let left = time.right() + 10.0;
            let room = rect.right() - right.size().x - 10.0 - left;
            let galley = text::line(ui, meaning, fonts::small(), theme.muted, room);
            text::paint_in(ui, rect.with_min_x(left), Align::Min, galley);
            text::paint_in(ui, rect, Align::Max, right);
        }
        let newest = words::count(NEWEST_LEGS as u64);
        let note = format!("Medians of the newest {newest} answers; medians need not add up.");
        text::paragraph(ui, &note, fonts::tiny(), theme.muted);
    });
}

pub fn comparison_ui(ui: &mut Ui, comparison: &Comparison) {
    let theme = Theme::of(ui);
    let area = ui.available_rect_before_wrap();
    let legend = [(theme.accent, "A"), (theme.tone(Tone::Late), "B")];
    plot::title(ui, area, "Compared", &legend);
    let mut rest = ui.new_child(egui::UiBuilder::new().max_rect(below_title(area)));
    let ui = &mut rest;
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("comparison").show(ui, |ui| {
        for (letter, name, tone) in [
            ("A", &comparison.a, Tone::Accent),
            ("B", &comparison.b, Tone::Late),
        ] {
            let line = format!("{letter}  {name}");
            text::label(ui, &line, fonts::small(), theme.ink(tone));
        }
        ui.add_space(4.0);
        for line in &comparison.lines {
            let size = vec2(ui.available_width(), LINE);
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, line.sentence()));
            let ink = if line.is_vague {
                theme.muted
            } else {
                theme.text
            };
            let tone = if line.is_vague || line.tone == Tone::Neutral {
                theme.muted
            } else {
                theme.ink(line.tone)
            };
            let share = |from: f32, to: f32| {
                Rect::from_x_y_ranges(
                    rect.left() + rect.width() * from..=rect.left() + rect.width() * to,
                    rect.y_range(),
                )
            };
            for (cell, words, font, color, align) in [
                (
                    share(0.0, 0.2),
                    line.label,
                    fonts::small(),
                    theme.muted,
                    Align::Min,
                ),
                (share(0.2, 0.4), &*line.a, fonts::code(), ink, Align::Max),
                (share(0.4, 0.6), &*line.b, fonts::code(), ink, Align::Max),
                (
                    share(0.6, 0.83),
                    &*line.difference,
                    fonts::code(),
                    tone,
                    Align::Max,
                ),
                (
                    share(0.83, 1.0),
                    &*line.percent,
                    fonts::code(),
                    tone,
                    Align::Max,
                ),
            ] {
                let galley = text::line(ui, words, font, color, cell.width());
                text::paint_in(ui, cell, align, galley);
            }
        }
        for caution in &comparison.cautions {
            ui.add_space(4.0);
            text::paragraph(ui, caution, fonts::small(), theme.ink(Tone::Waiting));
        }
    });
}
