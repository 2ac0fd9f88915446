//! What is under the pointer, and what there is to say about it.

use super::LanesState;
use crate::app::App;
use crate::app::inspect::{self, Fact};
use crate::app::lanes::{Lanes, Step};
use crate::app::rows::clock;
use crate::model::payload;
use crate::model::text as words;
use crate::ui::panels::connections::facts_ui;
use crate::ui::widgets::text;
use crate::ui::{Theme, fonts};
use egui::{Pos2, Rect, Ui, Vec2};

/// So near to an arrow is on it.
const NEAR: f32 = 7.0;
const PROPERTIES: usize = 10;
const PREVIEW: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A scene, and one of its steps.
    Step(usize, usize),
    Bar(usize, usize),
    Mark(usize, usize),
    Absence(usize),
}

impl Hit {
    pub fn scene(self) -> Option<usize> {
        match self {
            Self::Step(scene, _) | Self::Bar(scene, _) | Self::Mark(scene, _) => Some(scene),
            Self::Absence(_) => None,
        }
    }
}

/// The nearest thing under the pointer.
pub fn hit(ui: &Ui, state: &LanesState, body: Rect) -> Option<Hit> {
    if !ui.rect_contains_pointer(body) {
        return None;
    }
    let pointer = ui.input(|input| input.pointer.hover_pos())?;
    let at = pointer - body.min + Vec2::new(state.scroll_x, state.scroll);
    let at = Pos2::new(at.x, at.y);
    let layout = state.stage().layout();
    let lanes = state.stage().lanes();
    let mut best: Option<(f32, Hit)> = None;
    let mut offer = |distance: f32, hit: Hit| {
        if distance <= NEAR && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, hit));
        }
    };
    for placed in &layout.steps {
        let (from, to) = (Pos2::from(placed.from), Pos2::from(placed.to));
        if (from.y - at.y).abs() > 40.0 {
            continue;
        }
        let hit = Hit::Step(placed.scene, placed.step);
        offer(distance(at, from, to), hit);
        let label = lanes
            .scenes
            .get(placed.scene)
            .and_then(|scene| scene.steps.get(placed.step));
        let letters = label.map_or(0, |step| step.label.chars().count());
        let right = placed.label.0 + text::points(letters) * 6.6;
        if letters > 0
            && at.x >= placed.label.0
            && at.x <= right
            && (at.y - placed.label.1).abs() <= 7.0
        {
            offer(1.0, hit);
        }
    }
    for placed in &layout.marks {
        let is_near = (placed.y - at.y).abs() <= NEAR && (placed.x - at.x).abs() <= 18.0;
        if is_near {
            offer(3.0, Hit::Mark(placed.scene, placed.mark));
        }
    }
    for placed in &layout.bars {
        let x = placed.x - text::points(placed.depth) * super::paint::BESIDE;
        if at.y >= placed.top && at.y <= placed.bottom && (at.x - x).abs() <= 6.0 {
            offer(5.0, Hit::Bar(placed.scene, placed.bar));
        }
    }
    for placed in &layout.absences {
        if at.y >= placed.top && at.y <= placed.bottom && (at.x - placed.x).abs() <= 8.0 {
            offer(6.5, Hit::Absence(placed.absence));
        }
    }
    best.map(|(_, hit)| hit)
}

fn distance(at: Pos2, from: Pos2, to: Pos2) -> f32 {
    let way = to - from;
    let length = way.length_sq();
    let share = if length > 0.0 {
        ((at - from).dot(way) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (from + way * share).distance(at)
}

pub fn tooltip_ui(ui: &mut Ui, app: &App, lanes: &Lanes, hit: Hit) {
    let theme = Theme::of(ui);
    ui.set_max_width(430.0);
    let scene = hit.scene().and_then(|scene| lanes.scenes.get(scene));
    match (hit, scene) {
        (Hit::Step(_, step), Some(scene)) => {
            if let Some(step) = scene.steps.get(step) {
                packet_ui(ui, app, lanes, scene.row, step);
            }
        }
        (Hit::Bar(_, bar), Some(scene)) => {
            let bar = scene.bars.get(bar);
            let times =
                bar.and_then(|bar| Some((bar, scene.time_of(bar.from)?, scene.time_of(bar.to)?)));
            if let Some((bar, from, to)) = times {
                use crate::app::lanes::BarKind;
                let what = match bar.kind {
                    BarKind::Open => "The request was open",
                    BarKind::Work => "The device was at work",
                    BarKind::Queued => "The broker kept the message",
                };
                let took = words::duration(to.since(from));
                let said = format!("{what} for {took}, from {} to {}", clock(from), clock(to));
                text::paragraph(ui, &said, fonts::small(), theme.text);
            }
            text::paragraph(ui, &scene.sentence, fonts::small(), theme.muted);
        }
        (Hit::Mark(_, mark), Some(scene)) => {
            if let Some(mark) = scene.marks.get(mark) {
                let said = format!("{} · {}", mark.label, clock(mark.at));
                text::paragraph(ui, &said, fonts::small(), theme.ink(mark.tone));
            }
            text::paragraph(ui, &scene.sentence, fonts::small(), theme.muted);
        }
        (Hit::Absence(absence), _) => {
            if let Some(absence) = lanes.absences.get(absence) {
                text::paragraph(ui, &absence.detail, fonts::small(), theme.text);
            }
        }
        _ => {}
    }
}

fn packet_ui(
    ui: &mut Ui,
    app: &App,
    lanes: &Lanes,
    row: crate::model::timeline::RowId,
    step: &Step,
) {
    let theme = Theme::of(ui);
    let title = |place: usize| {
        lanes
            .lanes
            .get(place)
            .map_or("", |lane| lane.title.as_str())
    };
    let way = format!("{} → {}", title(step.from), title(step.to));
    text::paragraph(ui, &way, fonts::medium(), theme.text);
    text::paragraph(ui, &step.remark, fonts::small(), theme.muted);
    ui.add_space(4.0);
    let when = match step.known {
        crate::app::lanes::Known::Start => format!("left {}", clock(step.at)),
        crate::app::lanes::Known::End => format!("came {}", clock(step.at)),
        crate::app::lanes::Known::Neither => "not known".to_owned(),
    };
    let mut facts = vec![fact("Time", when)];
    let it = app.timeline().row(row);
    let part = it.and_then(|it| inspect::part(&it, step.part?));
    let Some(part) = part else {
        facts_ui(ui, &facts);
        return;
    };
    let properties = inspect::properties(&part.message).into_iter();
    facts.extend(properties.take(PROPERTIES));
    let size = part.message.payload.len();
    facts.push(fact("Payload", words::bytes(size)));
    facts_ui(ui, &facts);
    if size > 0 {
        let preview = payload::preview(&part.message.payload, PREVIEW);
        text::paragraph(ui, &preview, fonts::code_small(), theme.text);
    }
}

fn fact(name: &str, value: String) -> Fact {
    Fact {
        name: name.to_owned(),
        value,
    }
}
