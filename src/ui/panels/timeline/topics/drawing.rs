//! A small line over time where payloads, or a value in them, are numbers.

use super::history;
use crate::app::topics::Point;
use crate::app::{Action, App};
use crate::ui::widgets::text;
use crate::ui::{Theme, fonts};
use egui::{Align, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2};

pub fn drawing_ui(ui: &mut Ui, app: &App, actions: &mut Vec<Action>) {
    let theme = Theme::of(ui);
    let area = ui.available_rect_before_wrap().shrink2(vec2(14.0, 4.0));
    let points: Vec<Point> = app.topics.numbers.points().collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return;
    };
    let values = || points.iter().map(|point| point.value);
    let (low, high) = (
        values().fold(f64::INFINITY, f64::min),
        values().fold(f64::NEG_INFINITY, f64::max),
    );
    let (left, right) =
        area.split_left_right_at_x(area.right() - 210.0_f32.min(area.width() * 0.5));
    let plot = left.shrink2(vec2(4.0, 5.0));
    let response = ui.interact(plot, ui.scope_id().with("drawing"), Sense::hover());
    let told = format!(
        "{} numbers from {low} to {high}, the newest is {}",
        points.len(),
        last.value
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &told));
    let span = last.at.since(first.at).as_secs_f64().max(1e-9);
    let place = |point: &Point| -> Pos2 {
        let x = point.at.since(first.at).as_secs_f64() / span;
        let height = high - low;
        let y = if height > 0.0 {
            (point.value - low) / height
        } else {
            0.5
        };
        pos2(
            egui::lerp(plot.left()..=plot.right(), short(x)),
            egui::lerp(plot.bottom()..=plot.top(), short(y)),
        )
    };
    let line: Vec<Pos2> = points.iter().map(place).collect();
    let end = line.last().copied();
    ui.painter()
        .add(Shape::line(line, Stroke::new(1.5, theme.accent)));
    if let Some(end) = end {
        ui.painter().circle_filled(end, 3.0, theme.accent);
    }
    let hovered = response.hover_pos().and_then(|pointer| {
        let distance = |point: &&Point| (place(point).x - pointer.x).abs();
        points
            .iter()
            .min_by(|one, other| distance(one).total_cmp(&distance(other)))
    });
    if let Some(point) = hovered {
        ui.painter().circle_filled(place(point), 3.5, theme.waiting);
    }
    let shown = hovered.unwrap_or(last);
    let mut side = ui.new_child(UiBuilder::new().max_rect(right));
    side.spacing_mut().item_spacing.y = 1.0;
    side.horizontal(|ui| history::place_ui(ui, app, actions));
    let figures = format!(
        "{}, from {} to {}",
        figure(shown.value),
        figure(low),
        figure(high)
    );
    let galley = text::line(
        &side,
        &figures,
        fonts::code_small(),
        theme.text,
        right.width(),
    );
    let below = Rect::from_min_max(pos2(right.left(), right.bottom() - 16.0), right.max);
    text::paint_in(&side, below, Align::Min, galley);
}

#[expect(clippy::cast_possible_truncation, reason = "a share of a drawing")]
fn short(share: f64) -> f32 {
    share as f32
}

/// Six digits are enough for the eye.
fn figure(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e9).contains(&size) {
        return format!("{value:.3e}");
    }
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}
