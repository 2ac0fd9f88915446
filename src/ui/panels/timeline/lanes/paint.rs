//! Paints what is in view of the lanes.

use super::{AXIS, Hit, LanesState, fonts_of_labels};
use crate::app::App;
use crate::app::lanes::{BarKind, Lane, LaneKey, Lanes, Layout, PlacedStep, Step, StepKind};
use crate::app::rows::{Tone, clock};
use crate::model::text as words;
use crate::ui::widgets::text;
use crate::ui::{Theme, theme};
use egui::{Align2, Color32, CornerRadius, Pos2, Rect, Shape, Stroke, Ui, Vec2, pos2, vec2};

/// How far bars that overlap stand from each other.
pub const BESIDE: f32 = 7.0;
const WIDE: f32 = 10.0;

/// What all of the painting needs.
struct Canvas<'a> {
    ui: &'a Ui,
    theme: &'static Theme,
    lanes: &'a Lanes,
    layout: &'a Layout,
    body: Rect,
    /// From places on the page to the screen.
    offset: Vec2,
    selected: Option<usize>,
    hit: Option<Hit>,
}

pub fn body(ui: &Ui, app: &App, state: &LanesState, body: Rect, hit: Option<Hit>, has_focus: bool) {
    let (lanes, layout) = (state.stage().lanes(), state.stage().layout());
    let selected = lanes
        .scenes
        .iter()
        .position(|scene| Some(scene.row) == app.selected);
    let canvas = Canvas {
        ui,
        theme: Theme::of(ui),
        lanes,
        layout,
        body,
        offset: body.min.to_vec2() - vec2(state.scroll_x, state.scroll),
        selected,
        hit,
    };
    canvas.ground(has_focus);
    canvas.absences();
    canvas.lane_lines();
    canvas.gaps();
    canvas.bars();
    for placed in &layout.steps {
        canvas.step(placed);
    }
    for placed in &layout.steps {
        canvas.step_label(placed);
    }
    canvas.marks();
    canvas.axis();
}

impl Canvas<'_> {
    fn at(&self, place: (f32, f32)) -> Pos2 {
        Pos2::from(place) + self.offset
    }

    fn y(&self, y: f32) -> f32 {
        y + self.offset.y
    }

    fn is_in_view(&self, top: f32, bottom: f32) -> bool {
        self.y(bottom) >= self.body.top() - 24.0 && self.y(top) <= self.body.bottom() + 24.0
    }

    /// The selected row lies on a ground of its own.
    fn ground(&self, has_focus: bool) {
        let Some(extent) = self.selected.and_then(|at| self.layout.extents.get(at)) else {
            return;
        };
        let rect = Rect::from_x_y_ranges(
            self.body.x_range(),
            self.y(extent.top) - 22.0..=self.y(extent.bottom) + 20.0,
        );
        let painter = self.ui.painter();
        painter.rect_filled(rect, CornerRadius::ZERO, self.theme.selected);
        let mark = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        let color = if has_focus {
            self.theme.accent
        } else {
            self.theme.chosen_line
        };
        painter.rect_filled(mark, CornerRadius::ZERO, color);
    }

    fn lane_lines(&self) {
        let range = self.body.y_range();
        for (lane, x) in self.lanes.lanes.iter().zip(&self.layout.lanes) {
            let x = x + self.offset.x;
            let stroke = Stroke::new(1.0, self.theme.line);
            if is_foreign(lane) {
                let ends = [pos2(x, range.min), pos2(x, range.max)];
                let dashes = Shape::dashed_line(&ends, stroke, 4.0, 4.0);
                self.ui.painter().extend(dashes);
            } else {
                self.ui.painter().vline(x, range, stroke);
            }
        }
    }

    fn absences(&self) {
        for placed in &self.layout.absences {
            let Some(absence) = self.lanes.absences.get(placed.absence) else {
                continue;
            };
            if !self.is_in_view(placed.top, placed.bottom) {
                continue;
            }
            let x = placed.x + self.offset.x;
            let top = self.y(placed.top).max(self.body.top() - 8.0);
            let bottom = self.y(placed.bottom).min(self.body.bottom() + 8.0);
            let is_asleep = absence.label == "asleep";
            let color = self.theme.tone(if is_asleep {
                Tone::Waiting
            } else {
                Tone::Failed
            });
            let rect = Rect::from_x_y_ranges(x - 6.0..=x + 6.0, top..=bottom.max(top + 2.0));
            let fill = theme::mix(self.theme.window, color, 0.24);
            self.ui
                .painter()
                .rect_filled(rect, CornerRadius::same(3), fill);
            if rect.height() > 14.0 {
                let place = pos2(x + 12.0, (top + 9.0).max(self.body.top() + 9.0));
                self.words_beside(
                    place - vec2(12.0, 0.0),
                    12.0,
                    &absence.label,
                    self.theme.muted,
                );
            }
        }
    }

    /// Where time was cut out: a zigzag over the axis, and how much it was.
    fn gaps(&self) {
        for gap in &self.layout.gaps {
            if !self.is_in_view(gap.y, gap.y) {
                continue;
            }
            let y = self.y(gap.y);
            let stroke = Stroke::new(1.0, self.theme.line);
            let ends = [
                pos2(self.body.left() + AXIS, y),
                pos2(self.body.right() - 8.0, y),
            ];
            let dashes = Shape::dashed_line(&ends, stroke, 2.0, 6.0);
            self.ui.painter().extend(dashes);
            for x in &self.layout.lanes {
                self.torn(x + self.offset.x, y);
            }
            let said = format!("⋮ {}", words::duration(gap.time));
            self.ui.painter().text(
                pos2(self.body.left() + 16.0, y),
                Align2::LEFT_CENTER,
                said,
                fonts_of_labels(),
                self.theme.dim,
            );
        }
    }

    /// A lane that is torn here.
    fn torn(&self, x: f32, y: f32) {
        let ground = Rect::from_center_size(pos2(x, y), vec2(14.0, 9.0));
        self.ui
            .painter()
            .rect_filled(ground, CornerRadius::ZERO, self.theme.window);
        let stroke = Stroke::new(1.0, self.theme.dim);
        for shift in [-3.0, 3.0] {
            let points = vec![
                pos2(x - 6.0, y + shift + 1.5),
                pos2(x - 2.0, y + shift - 1.5),
                pos2(x + 2.0, y + shift + 1.5),
                pos2(x + 6.0, y + shift - 1.5),
            ];
            self.ui.painter().add(Shape::line(points, stroke));
        }
    }

    fn bars(&self) {
        for (index, placed) in self.layout.bars.iter().enumerate() {
            if !self.is_in_view(placed.top, placed.bottom) {
                continue;
            }
            let bar = self.lanes.scenes.get(placed.scene);
            let Some(bar) = bar.and_then(|scene| scene.bars.get(placed.bar)) else {
                continue;
            };
            let x = placed.x + self.offset.x - text::points(placed.depth) * BESIDE;
            let top = self.y(placed.top).max(self.body.top() - 8.0);
            let bottom = self.y(placed.bottom).min(self.body.bottom() + 8.0);
            let color = self.theme.tone(bar.tone);
            let (half, fill) = match bar.kind {
                BarKind::Open => (WIDE * 0.5, theme::mix(self.theme.window, color, 0.38)),
                BarKind::Work => (WIDE * 0.5, color),
                BarKind::Queued => (2.0, theme::mix(self.theme.window, color, 0.6)),
            };
            let is_chosen = self.selected == Some(placed.scene)
                || self.hit == Some(Hit::Bar(placed.scene, placed.bar));
            let fill = if is_chosen {
                theme::mix(fill, color, 0.35)
            } else {
                fill
            };
            // Where many lie beside each other they are thin.
            let half = if placed.depth > 0 {
                half.min(2.5)
            } else {
                half
            };
            let rect = Rect::from_x_y_ranges(x - half..=x + half, top..=bottom);
            self.ui
                .painter()
                .rect_filled(rect, CornerRadius::same(2), fill);
            if !bar.label.is_empty() && self.has_room(index) {
                let middle = self.y((placed.top + placed.bottom) * 0.5);
                let ink = self.theme.text;
                self.words(pos2(x + 12.0, middle), &bar.label, ink);
            }
        }
    }

    /// Whether a bar is the only one that writes here.
    fn has_room(&self, index: usize) -> bool {
        let bars = &self.layout.bars;
        let Some(bar) = bars.get(index) else {
            return false;
        };
        let middle = (bar.top + bar.bottom) * 0.5;
        let before = bars.get(..index).unwrap_or_default().iter().rev().take(8);
        before
            .filter(|other| (other.x - bar.x).abs() < 1.0 && is_work(self.lanes, other))
            .all(|other| ((other.top + other.bottom) * 0.5 - middle).abs() > 11.0)
    }

    fn find(&self, placed: &PlacedStep) -> Option<&Step> {
        self.lanes.scenes.get(placed.scene)?.steps.get(placed.step)
    }

    fn is_hit(&self, placed: &PlacedStep) -> bool {
        self.hit == Some(Hit::Step(placed.scene, placed.step))
    }

    fn step(&self, placed: &PlacedStep) {
        let Some(step) = self.find(placed) else {
            return;
        };
        if !self.is_in_view(placed.from.1, placed.to.1) {
            return;
        }
        let (from, to) = (self.at(placed.from), self.at(placed.to));
        let is_chosen = self.selected == Some(placed.scene) || self.is_hit(placed);
        let color = match step.tone {
            Tone::Neutral if is_chosen => self.theme.muted,
            Tone::Neutral => self.theme.dim,
            tone => self.theme.tone(tone),
        };
        let width = if self.is_hit(placed) { 2.6 } else { 1.7 };
        let stroke = Stroke::new(width, color);
        let way = (to - from).normalized();
        let has_head = step.kind != StepKind::Queued;
        let neck = if has_head { to - way * 9.0 } else { to };
        let painter = self.ui.painter();
        if step.is_dashed {
            painter.extend(Shape::dashed_line(&[from, neck], stroke, 3.0, 3.0));
        } else {
            painter.line_segment([from, neck], stroke);
        }
        if has_head {
            let across = way.rot90() * 4.8;
            let corners = vec![to, to - way * 12.0 + across, to - way * 12.0 - across];
            painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
        }
    }

    fn step_label(&self, placed: &PlacedStep) {
        let Some(step) = self.find(placed).filter(|step| !step.label.is_empty()) else {
            return;
        };
        if !self.is_in_view(placed.label.1, placed.label.1) {
            return;
        }
        let ink = match (step.kind, step.tone) {
            (StepKind::Publish | StepKind::Will, Tone::Accent) => self.theme.text,
            (_, tone) => self.theme.ink(tone),
        };
        self.words(self.at(placed.label), &step.label, ink);
    }

    /// Words on the ground of the page, so that no line strikes them through.
    fn words(&self, place: Pos2, words: &str, ink: Color32) {
        let room = (self.body.right() - place.x - 6.0).max(20.0);
        let galley = text::line(self.ui, words, fonts_of_labels(), ink, room);
        let size = galley.size();
        let corner = pos2(place.x, place.y - size.y * 0.5);
        let ground = Rect::from_min_size(corner, size).expand2(vec2(3.0, -0.5));
        let color = match self.selected.and_then(|at| self.layout.extents.get(at)) {
            Some(extent)
                if self.y(extent.top) - 22.0 <= place.y
                    && place.y <= self.y(extent.bottom) + 20.0 =>
            {
                self.theme.selected
            }
            _ => self.theme.window,
        };
        let painter = self.ui.painter();
        painter.rect_filled(ground, CornerRadius::same(2), color);
        painter.galley(corner, galley, ink);
    }

    /// Right of a lane, or left of it where the page ends before the words do.
    fn words_beside(&self, lane: Pos2, gap: f32, words: &str, ink: Color32) {
        let whole = text::line(self.ui, words, fonts_of_labels(), ink, f32::INFINITY);
        let width = whole.size().x;
        let fits = lane.x + gap + width + 6.0 <= self.body.right();
        let left = if fits {
            lane.x + gap
        } else {
            lane.x - gap - width
        };
        self.words(pos2(left, lane.y), words, ink);
    }

    fn marks(&self) {
        for placed in &self.layout.marks {
            if !self.is_in_view(placed.y, placed.y) {
                continue;
            }
            let mark = self.lanes.scenes.get(placed.scene);
            let Some(mark) = mark.and_then(|scene| scene.marks.get(placed.mark)) else {
                continue;
            };
            let place = self.at((placed.x, placed.y));
            let color = self.theme.tone(mark.tone);
            self.ui.painter().hline(
                place.x - 14.0..=place.x + 14.0,
                place.y,
                Stroke::new(2.0, color),
            );
            let ink = self.theme.ink(mark.tone);
            if mark.is_on_axis {
                self.axis_words(place.y, &mark.label, ink);
            } else {
                self.words_beside(place, 20.0, &mark.label, ink);
            }
        }
    }

    fn axis_words(&self, y: f32, words: &str, ink: Color32) {
        let left = self.body.left() + 16.0;
        let galley = text::line(self.ui, words, fonts_of_labels(), ink, AXIS - 20.0);
        let corner = pos2(left, y - galley.size().y * 0.5);
        self.ui.painter().galley(corner, galley, ink);
    }

    /// When each began; timeouts stand there, too.
    fn axis(&self) {
        let timeouts: Vec<f32> = self
            .layout
            .marks
            .iter()
            .filter(|placed| {
                let scene = self.lanes.scenes.get(placed.scene);
                scene
                    .and_then(|scene| scene.marks.get(placed.mark))
                    .is_some_and(|mark| mark.is_on_axis)
            })
            .map(|placed| placed.y)
            .collect();
        let mut extents: Vec<(f32, usize)> = self
            .layout
            .extents
            .iter()
            .enumerate()
            .filter(|(_, extent)| self.is_in_view(extent.head, extent.head))
            .map(|(at, extent)| (extent.head, at))
            .collect();
        extents.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut last = f32::NEG_INFINITY;
        for (head, at) in extents {
            let is_free = head - last >= 13.0
                && timeouts
                    .iter()
                    .all(|timeout| (timeout - head).abs() >= 13.0);
            let Some(scene) = self.lanes.scenes.get(at).filter(|_| is_free) else {
                continue;
            };
            last = head;
            let ink = if self.selected == Some(at) {
                self.theme.text
            } else {
                self.theme.muted
            };
            self.axis_words(self.y(head), &clock(scene.started), ink);
            if scene.replies_left_out > 0 {
                let more = words::count(scene.replies_left_out as u64);
                let said = format!("+{more} replies");
                self.axis_words(self.y(head) + 13.0, &said, self.theme.dim);
            }
        }
        let edge = self.body.left() + AXIS;
        let faint = theme::mix(self.theme.window, self.theme.line, 0.5);
        self.ui
            .painter()
            .vline(edge, self.body.y_range(), Stroke::new(1.0, faint));
    }
}

fn is_work(lanes: &Lanes, placed: &crate::app::lanes::PlacedBar) -> bool {
    let bar = lanes.scenes.get(placed.scene);
    let bar = bar.and_then(|scene| scene.bars.get(placed.bar));
    bar.is_some_and(|bar| !bar.label.is_empty())
}

/// Whose times are not known.
fn is_foreign(lane: &Lane) -> bool {
    match lane.key {
        LaneKey::Responder(_) => !lane.is_simulated,
        LaneKey::Unknown(_) | LaneKey::Others => true,
        LaneKey::Requester(_) | LaneKey::Broker(_) => false,
    }
}
