//! The frame of a chart: title, grid, what stands beside the axes, and the part that is marked.
//!
//! Painted by hand: a chart is a few hundred shapes, and what is beside it shall look like the
//! rest of the window. A chart is one node of the accessibility tree and is told in a sentence.
//! By pointer a part is marked by dragging; by keyboard the arrow keys move a cursor, with Shift
//! they mark, Enter keeps the mark and Escape takes it away.

use crate::app::latency::axis::Tick;
use crate::ui::widgets::button;
use crate::ui::{Theme, fonts, theme};
use egui::{
    Align2, Color32, CornerRadius, CursorIcon, EventFilter, Id, Key, Modifiers, Pos2, Rangef, Rect,
    Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

const LEFT: f32 = 54.0;
const RIGHT: f32 = 12.0;
const BOTTOM: f32 = 20.0;
/// The title's line.
pub const TITLE: f32 = 24.0;
/// The strip above the plot, for what has no place on its scale.
pub const STRIP: f32 = 14.0;

/// What is around a plot.
#[derive(Debug)]
pub struct Axes<'a> {
    pub title: &'a str,
    /// The whole chart in words.
    pub sentence: &'a str,
    /// From the left.
    pub x: Vec<Tick>,
    /// From below.
    pub y: Vec<Tick>,
}

/// Something in the legend: the colour and its name.
pub type Entry<'a> = (Color32, &'a str);

#[derive(Debug)]
pub struct Plot {
    /// Where the values are.
    pub inner: Rect,
    pub area: Rect,
    pub response: Response,
}

/// Where the values will be; `strip` tells whether there is room above them.
pub fn inner(area: Rect, strip: bool) -> Rect {
    let top = TITLE + if strip { STRIP } else { 4.0 };
    Rect::from_min_max(
        area.min + vec2(LEFT, top),
        pos2(area.right() - RIGHT, area.bottom() - BOTTOM)
            .max(area.min + vec2(LEFT + 1.0, top + 1.0)),
    )
}

/// How many words fit beside the axes: at the bottom and at the left.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few per chart"
)]
pub fn room_for_ticks(inner: Rect, width: f32) -> (usize, usize) {
    let fit = |length: f32, each: f32| (length / each).floor().clamp(2.0, 40.0) as usize;
    (fit(inner.width(), width), fit(inner.height(), 22.0))
}

pub fn x_of(inner: Rect, share: f64) -> f32 {
    inner.left() + inner.width() * narrow(share)
}

pub fn y_of(inner: Rect, share: f64) -> f32 {
    inner.bottom() - inner.height() * narrow(share)
}

/// Where a place on the screen stands between left and right, below and above.
pub fn shares_of(inner: Rect, at: Pos2) -> (f64, f64) {
    let x = (at.x - inner.left()) / inner.width().max(1.0);
    let y = (inner.bottom() - at.y) / inner.height().max(1.0);
    (f64::from(x.clamp(0.0, 1.0)), f64::from(y.clamp(0.0, 1.0)))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a share of a chart's length"
)]
fn narrow(share: f64) -> f32 {
    share as f32
}

/// Paints what is around the values and the grid behind them.
pub fn frame(
    ui: &Ui,
    id: Id,
    area: Rect,
    strip: bool,
    axes: &Axes<'_>,
    legend: &[Entry<'_>],
) -> Plot {
    let theme = Theme::of(ui);
    let inner = inner(area, strip);
    let response = ui.interact(inner, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, axes.sentence));
    let painter = ui.painter_at(area);
    title(ui, area, axes.title, legend);
    painter.rect_filled(inner, CornerRadius::ZERO, theme.field);
    let faint = Stroke::new(1.0, theme::mix(theme.field, theme.line, 0.6));
    for tick in &axes.y {
        let y = y_of(inner, tick.at).round() + 0.5;
        painter.hline(inner.x_range(), y, faint);
        let at = pos2(inner.left() - 6.0, y);
        painter.text(
            at,
            Align2::RIGHT_CENTER,
            &tick.label,
            fonts::tiny(),
            theme.muted,
        );
    }
    let mut free_from = area.left();
    for tick in &axes.x {
        let x = x_of(inner, tick.at).round() + 0.5;
        painter.vline(x, inner.y_range(), faint);
        let galley = painter.layout_no_wrap(tick.label.clone(), fonts::tiny(), theme.muted);
        let half = galley.size().x * 0.5;
        let left = (x - half).clamp(area.left(), (area.right() - 2.0 * half).max(area.left()));
        // Words at the edge are moved in; they must not stand on their neighbours.
        if left >= free_from {
            free_from = left + 2.0 * half + 8.0;
            painter.galley(pos2(left, inner.bottom() + 4.0), galley, theme.muted);
        }
    }
    painter.hline(inner.x_range(), inner.bottom() + 0.5, theme.hairline());
    button::focus_ring(ui, inner, &response);
    Plot {
        inner,
        area,
        response,
    }
}

/// A chart's heading with its legend at the right.
pub fn title(ui: &Ui, area: Rect, words: &str, legend: &[Entry<'_>]) {
    let theme = Theme::of(ui);
    let painter = ui.painter_at(area);
    let y = area.top() + TITLE * 0.5;
    let heading = painter.text(
        pos2(area.left() + 10.0, y),
        Align2::LEFT_CENTER,
        words.to_uppercase(),
        fonts::caps(),
        theme.muted,
    );
    let mut right = area.right() - RIGHT;
    for (color, name) in legend.iter().rev() {
        let galley = painter.layout_no_wrap((*name).to_owned(), fonts::tiny(), theme.muted);
        let left = right - galley.size().x;
        if left - 14.0 < heading.right() + 8.0 {
            break;
        }
        painter.galley(pos2(left, y - galley.size().y * 0.5), galley, theme.muted);
        let square = Rect::from_center_size(pos2(left - 9.0, y), vec2(8.0, 8.0));
        painter.rect_filled(square, CornerRadius::same(2), *color);
        right = left - 24.0;
    }
}

/// What the user does with a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Marking {
    /// From and to, on the screen.
    Done(Rect),
    Cleared,
}

/// Which way a part is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brush {
    Sideways,
    Both,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    at: f32,
    anchor: Option<f32>,
}

/// Lets a part be marked, by pointer or keyboard in `steps`; gives where the reader looks, too.
pub fn mark(ui: &Ui, plot: &Plot, brush: Brush, steps: usize) -> (Option<Pos2>, Option<Marking>) {
    let (inner, response) = (plot.inner, &plot.response);
    let drag_id = response.id.with("drag");
    let mut marking = None;
    if let Some(at) = response.interact_pointer_pos()
        && response.dragged()
    {
        let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(at);
        let marked = marked_rect(inner, origin, at, brush);
        ui.data_mut(|data| data.insert_temp(drag_id, Some(marked)));
        paint_mark(ui, plot, marked);
    }
    if response.drag_stopped() {
        let marked = ui.data_mut(|data| data.remove_temp::<Option<Rect>>(drag_id));
        marking = marked
            .flatten()
            .filter(|marked| marked.width() >= 3.0)
            .map(Marking::Done);
    } else if response.clicked() {
        response.request_focus();
        marking = Some(Marking::Cleared);
    }
    let by_keys = keys(ui, plot, steps, &mut marking);
    let looked_at = response.hover_pos().or(by_keys);
    if response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
    }
    (
        looked_at.filter(|at| inner.expand(1.0).contains(*at)),
        marking,
    )
}

fn marked_rect(inner: Rect, from: Pos2, to: Pos2, brush: Brush) -> Rect {
    let rect = Rect::from_two_pos(inner.clamp(from), inner.clamp(to));
    match brush {
        Brush::Both => rect,
        Brush::Sideways => Rect::from_x_y_ranges(rect.x_range(), inner.y_range()),
    }
}

/// The keyboard's cursor, as a place in the middle of the plot's height.
fn keys(ui: &Ui, plot: &Plot, steps: usize, marking: &mut Option<Marking>) -> Option<Pos2> {
    let (inner, response) = (plot.inner, &plot.response);
    if !response.has_focus() {
        return None;
    }
    ui.memory_mut(|memory| {
        let filter = EventFilter {
            horizontal_arrows: true,
            escape: true,
            ..EventFilter::default()
        };
        memory.set_focus_lock_filter(response.id, filter);
    });
    let id = response.id.with("cursor");
    let mut cursor = ui
        .data(|data| data.get_temp::<Cursor>(id))
        .unwrap_or(Cursor {
            at: 0.5,
            anchor: None,
        });
    let step = 1.0 / crate::ui::widgets::text::points(steps.max(1));
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
    for (key, by) in [(Key::ArrowLeft, -step), (Key::ArrowRight, step)] {
        if pressed(Modifiers::SHIFT, key) {
            cursor.anchor.get_or_insert(cursor.at);
            cursor.at = (cursor.at + by).clamp(0.0, 1.0);
        } else if pressed(Modifiers::NONE, key) {
            cursor = Cursor {
                at: (cursor.at + by).clamp(0.0, 1.0),
                anchor: None,
            };
        }
    }
    let x = |share: f32| inner.left() + inner.width() * share;
    if let Some(anchor) = cursor.anchor {
        let range = Rangef::new(x(anchor.min(cursor.at)), x(anchor.max(cursor.at)));
        let marked = Rect::from_x_y_ranges(range, inner.y_range());
        if pressed(Modifiers::NONE, Key::Enter) {
            *marking = Some(Marking::Done(marked));
            cursor.anchor = None;
        } else {
            paint_mark(ui, plot, marked);
        }
    }
    if pressed(Modifiers::NONE, Key::Escape) {
        cursor.anchor = None;
        *marking = Some(Marking::Cleared);
    }
    ui.data_mut(|data| data.insert_temp(id, cursor));
    Some(pos2(x(cursor.at), inner.center().y))
}

/// A part that is marked.
pub fn paint_mark(ui: &Ui, plot: &Plot, marked: Rect) {
    let theme = Theme::of(ui);
    let painter = ui.painter_at(plot.inner.expand(1.0));
    painter.rect(
        marked,
        CornerRadius::ZERO,
        theme.accent.gamma_multiply(0.16),
        Stroke::new(1.0, theme.accent),
        StrokeKind::Inside,
    );
}

/// A hairline where the reader looks.
pub fn paint_cursor(ui: &Ui, plot: &Plot, at: Pos2, both: bool) {
    let theme = Theme::of(ui);
    let painter = ui.painter_at(plot.inner);
    let stroke = Stroke::new(1.0, theme::mix(theme.field, theme.muted, 0.7));
    painter.vline(at.x.round() + 0.5, plot.inner.y_range(), stroke);
    if both {
        painter.hline(plot.inner.x_range(), at.y.round() + 0.5, stroke);
    }
}

/// A small box of words beside where the reader looks: `name value` lines below a heading.
pub fn readout(ui: &Ui, plot: &Plot, at: Pos2, heading: &str, lines: &[(Option<Color32>, String)]) {
    const PADDING: f32 = 7.0;
    const LINE: f32 = 16.0;
    let theme = Theme::of(ui);
    let painter = ui.painter_at(plot.area);
    let galleys: Vec<_> = std::iter::once((None, heading, theme.muted))
        .chain(
            lines
                .iter()
                .map(|(color, words)| (*color, words.as_str(), theme.text)),
        )
        .map(|(mark, words, ink)| {
            (
                mark,
                painter.layout_no_wrap(words.to_owned(), fonts::tiny(), ink),
            )
        })
        .collect();
    let indent = if lines.iter().any(|(color, _)| color.is_some()) {
        12.0
    } else {
        0.0
    };
    let width = galleys
        .iter()
        .map(|(_, galley)| galley.size().x)
        .fold(0.0, f32::max);
    let size = vec2(
        width + indent + 2.0 * PADDING,
        LINE * crate::ui::widgets::text::points(galleys.len()) + 2.0 * PADDING - 2.0,
    );
    let left = if at.x + 14.0 + size.x <= plot.area.right() {
        at.x + 14.0
    } else {
        (at.x - 14.0 - size.x).max(plot.area.left())
    };
    let lowest = (plot.area.bottom() - size.y - 2.0).max(plot.area.top());
    let top = (at.y - size.y * 0.5).clamp(plot.area.top(), lowest);
    let rect = Rect::from_min_size(pos2(left.round(), top.round()), size);
    painter.rect(
        rect,
        CornerRadius::same(theme::RADIUS),
        theme.raised,
        theme.hairline(),
        StrokeKind::Inside,
    );
    let mut y = rect.top() + PADDING - 1.0;
    for (at, (mark, galley)) in galleys.into_iter().enumerate() {
        let indent = if at == 0 { 0.0 } else { indent };
        if let Some(color) = mark {
            let center = pos2(rect.left() + PADDING + 3.0, y + LINE * 0.5);
            painter.circle_filled(center, 3.0, color);
        }
        let top = y + (LINE - galley.size().y) * 0.5;
        painter.galley(
            pos2(rect.left() + PADDING + indent, top),
            galley,
            theme.text,
        );
        y += LINE;
    }
}
