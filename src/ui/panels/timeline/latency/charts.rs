//! What the three charts of round trips have in common.

use crate::app::latency::Region;
use crate::app::latency::axis::{LogAxis, TimeAxis};
use crate::app::latency::charts::Mark;
use crate::app::rows::Tone;
use crate::model::time::Timestamp;
use crate::ui::widgets::plot::{self, Plot};
use crate::ui::widgets::text::points;
use crate::ui::{Theme, fonts};
use egui::{Align2, Color32, CornerRadius, Rangef, Rect, Ui, pos2, vec2};

/// The widths that words under an axis need.
pub(super) const CLOCK: f32 = 86.0;
pub(super) const DURATION: f32 = 58.0;

/// Lines of a read-out, each with the colour it belongs to.
pub(super) type Lines = Vec<(Option<Color32>, String)>;

/// What was marked; `Some(None)` takes the mark away.
pub(super) type Marked = Option<Option<Region>>;

pub(super) fn times(time: TimeAxis, inner: Rect, rect: Rect) -> (Timestamp, Timestamp) {
    let (from, _) = plot::shares_of(inner, rect.left_bottom());
    let (to, _) = plot::shares_of(inner, rect.right_bottom());
    (time.at(from), time.at(to))
}

/// The marked region where it lies in a chart of time and round trips.
pub(super) fn paint_region(
    ui: &Ui,
    plot: &Plot,
    region: Option<Region>,
    time: TimeAxis,
    axis: LogAxis,
) {
    let Some(region) = region else { return };
    let inner = plot.inner;
    let x = region.times.map_or_else(
        || inner.x_range(),
        |(from, to)| {
            Rangef::new(
                plot::x_of(inner, time.share(from)),
                plot::x_of(inner, time.share(to)),
            )
        },
    );
    let y = region.round_trips.map_or_else(
        || inner.y_range(),
        |(low, high)| {
            Rangef::new(
                plot::y_of(inner, axis.share(high)),
                plot::y_of(inner, axis.share(low)),
            )
        },
    );
    plot::paint_mark(ui, plot, Rect::from_x_y_ranges(x, y));
}

/// Those without an answer, in the strip above the plot.
pub(super) fn paint_marks(ui: &Ui, plot: &Plot, marks: impl Iterator<Item = Mark>) {
    let theme = Theme::of(ui);
    let painter = ui.painter_at(plot.area);
    let bottom = plot.inner.top() - 3.0;
    let color = theme.tone(Tone::Failed);
    let mut is_any = false;
    for mark in marks {
        is_any = true;
        let (from, to) = (
            plot::x_of(plot.inner, mark.from),
            plot::x_of(plot.inner, mark.to),
        );
        let middle = f32::midpoint(from, to);
        let width = (to - from - 1.0).clamp(2.0, 8.0);
        let rect = Rect::from_min_max(
            pos2(middle - width * 0.5, bottom - 8.0),
            pos2(middle + width * 0.5, bottom),
        );
        painter.rect_filled(rect, CornerRadius::same(1), color);
    }
    if is_any {
        let at = pos2(plot.inner.left() - 6.0, bottom - 4.0);
        let ink = theme.ink(Tone::Failed);
        painter.text(at, Align2::RIGHT_CENTER, "no reply", fonts::tiny(), ink);
    }
}

pub(super) fn nothing_ui(ui: &Ui, area: Rect, title: &str) {
    plot::title(ui, area, title, &[]);
    let theme = Theme::of(ui);
    ui.painter_at(area).text(
        area.center(),
        Align2::CENTER_CENTER,
        "No round trip yet",
        fonts::small(),
        theme.muted,
    );
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a column on a screen"
)]
pub(super) fn cell(share: f64, count: usize) -> usize {
    let at = share * f64::from(points(count));
    (at as usize).min(count.saturating_sub(1))
}

/// Unused room below a chart's title, for what is no chart.
pub(super) fn below_title(area: Rect) -> Rect {
    area.with_min_y(area.top() + plot::TITLE)
        .shrink2(vec2(10.0, 2.0))
}
