//! What a frame of the window costs without its pixels: UI code and tessellation, at 1600 × 900,
//! with a million rows in the timeline. Beside criterion's figures stands what it has none of:
//! the percentiles and the slowest frame.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "figures for people")]

use criterion::{Criterion, criterion_group, criterion_main};
use egui::{
    Context, Event, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase,
    Ui, UiBuilder, vec2,
};
use roundtrip::app::Action;
use roundtrip::app::listing::arrange::Shown;
use roundtrip::app::open::{Place, open};
use roundtrip::model::exchange::MessageVerdict;
use roundtrip::model::message::Message;
use roundtrip::model::time::Timestamp;
use roundtrip::model::timeline::{Bounds, MessageRow, Row, RowId, Timeline};
use roundtrip::model::topic::TopicName;
use roundtrip::model::traffic::Traffic;
use roundtrip::ui::panels::timeline;
use roundtrip::ui::shell::Shell;
use roundtrip::ui::style;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROWS: usize = 1_000_000;
/// 20,000 a second at 60 frames a second.
const ARRIVING: usize = 333;
const START: i64 = 1_763_716_447_000_000_000;
const SIZE: egui::Vec2 = vec2(1600.0, 900.0);

/// What is painted.
#[derive(Clone, Copy)]
enum Scope {
    Window,
    /// The timeline's panel on all of the screen.
    Panel,
}

struct Stage {
    ctx: Context,
    shell: Shell,
    frames: u32,
    random: u64,
    traffic: Traffic,
}

impl Stage {
    fn new(rows: usize) -> Self {
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
        let mut app = open(Place::Scratch, &wake).unwrap();
        app.perform(Action::CloseDialog);
        let start = Timestamp::from_nanos(START);
        let mut traffic = Traffic::new(4, start, Duration::from_millis(86));
        let mut filled = Timeline::new(Bounds {
            rows: 2 * ROWS,
            bytes: usize::MAX,
        });
        traffic.fill(&mut filled, rows);
        app.session.timeline = filled;
        let ctx = Context::default();
        style::install(&ctx);
        let mut stage = Self {
            ctx,
            shell: Shell::new(app, None),
            frames: 0,
            random: 1,
            traffic,
        };
        let newest = stage.id_at(rows.saturating_sub(1));
        stage.shell.app.perform(Action::SelectRow(newest));
        for _ in 0..8 {
            stage.frame(Scope::Window, Vec::new());
            stage.frame(Scope::Panel, Vec::new());
        }
        stage
    }

    fn id_at(&self, place: usize) -> Option<RowId> {
        self.shell.app.session.timeline.id_at(place)
    }

    /// UI code and tessellation of one frame.
    fn frame(&mut self, scope: Scope, events: Vec<Event>) -> Duration {
        self.frames += 1;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
            time: Some(f64::from(self.frames) / 60.0),
            events,
            ..RawInput::default()
        };
        let shell = &mut self.shell;
        let start = Instant::now();
        let mut output = self.ctx.run_ui(input, |ui| match scope {
            Scope::Window => {
                shell.logic(ui.ctx());
                let screen = ui.ctx().content_rect();
                ui.scope_builder(UiBuilder::new().max_rect(screen), |ui| {
                    ui.set_clip_rect(screen);
                    shell.paint(ui);
                });
            }
            Scope::Panel => panel_ui(ui, shell),
        });
        let meshes = self.ctx.tessellate(std::mem::take(&mut output.shapes), 1.0);
        let took = start.elapsed();
        output.textures_delta.clear();
        black_box(meshes);
        took
    }

    fn random(&mut self) -> usize {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.random >> 33).unwrap()
    }

    fn push(&mut self, rows: Vec<Row>) {
        let timeline = &mut self.shell.app.session.timeline;
        for row in rows {
            match row {
                Row::Exchange(exchange) => timeline.begin(*exchange),
                Row::Message(row) => timeline.push_message(row),
                Row::Publish(row) => timeline.push_publish(row),
            };
        }
    }
}

fn panel_ui(ui: &mut Ui, shell: &mut Shell) {
    shell.app.tick();
    let mut actions = Vec::new();
    let screen = ui.ctx().content_rect();
    let (bar, table) = screen.split_top_bottom_at_y(42.0);
    for (at, rect) in [bar, table].into_iter().enumerate() {
        ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
            if at == 0 {
                timeline::toolbar_ui(ui, &shell.app, &mut shell.view, &mut actions);
            } else {
                timeline::table_ui(ui, &shell.app, &mut shell.view, &mut actions);
            }
        });
    }
    black_box(actions);
}

/// What happens before a frame: events for it, and how long that took where it counts.
type Before = fn(&mut Stage) -> (Vec<Event>, Duration);

fn still(_: &mut Stage) -> (Vec<Event>, Duration) {
    (Vec::new(), Duration::ZERO)
}

/// Now down, now up, as a hand does.
fn wheel(stage: &mut Stage) -> (Vec<Event>, Duration) {
    let is_down = stage.frames % 240 < 160;
    let events = vec![
        Event::PointerMoved(Pos2::new(700.0, 800.0)),
        Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            source: MouseWheelSource::Trackpad,
            delta: vec2(0.0, if is_down { -97.0 } else { 97.0 }),
            phase: TouchPhase::Move,
            modifiers: Modifiers::NONE,
        },
    ];
    (events, Duration::ZERO)
}

fn jump(stage: &mut Stage) -> (Vec<Event>, Duration) {
    let place = stage.random() % ROWS;
    if let Some(id) = stage.id_at(place) {
        stage.shell.view.table.reveal(Shown::Row(id));
    }
    (Vec::new(), Duration::ZERO)
}

/// Putting the rows into the timeline is part of the frame.
fn arrive(stage: &mut Stage) -> (Vec<Event>, Duration) {
    let rows: Vec<Row> = stage.traffic.by_ref().take(ARRIVING).collect();
    let start = Instant::now();
    stage.push(rows);
    (Vec::new(), start.elapsed())
}

fn select(stage: &mut Stage) -> (Vec<Event>, Duration) {
    let place = stage.random() % ROWS;
    let id = stage.id_at(place);
    stage.shell.app.perform(Action::SelectRow(id));
    (Vec::new(), Duration::ZERO)
}

fn tell(name: &str, frames: &mut [Duration]) {
    frames.sort_unstable();
    let at = |share: usize| frames[(frames.len() - 1) * share / 100];
    println!(
        "{name}: {} frames, p50 {:?}, p99 {:?}, slowest {:?}",
        frames.len(),
        at(50),
        at(99),
        at(100)
    );
}

fn million(criterion: &mut Criterion) {
    let start = Instant::now();
    let mut stage = Stage::new(ROWS);
    println!("a million rows made in {:?}", start.elapsed());
    let cases: [(&str, Before); 5] = [
        ("static", still),
        ("wheel", wheel),
        ("jump", jump),
        ("select", select),
        ("arriving_20000_s", arrive),
    ];
    for (scope, name) in [(Scope::Panel, "table_1M"), (Scope::Window, "window_1M")] {
        let mut group = criterion.benchmark_group(name);
        group
            .sample_size(20)
            .measurement_time(Duration::from_secs(3));
        for (case, before) in cases {
            let mut all = Vec::new();
            stage.shell.view.table.scroll_to_top();
            group.bench_function(case, |bencher| {
                bencher.iter_custom(|count| {
                    let mut sum = Duration::ZERO;
                    for _ in 0..count {
                        let (events, took) = before(&mut stage);
                        let took = took + stage.frame(scope, events);
                        all.push(took);
                        sum += took;
                    }
                    sum
                });
            });
            tell(&format!("{name}/{case}"), &mut all);
        }
        group.finish();
    }
}

fn message(payload: Vec<u8>) -> Row {
    Row::Message(MessageRow {
        connection: "plant".into(),
        message: Arc::new(Message::new(TopicName::new("plant/huge").unwrap(), payload)),
        verdict: MessageVerdict::Unmatched,
        received: Timestamp::from_nanos(START),
        responder: None,
        near: None,
        difference: None,
        is_echo: false,
    })
}

/// From the click to the payload shown formatted: the slowest frame of them.
fn huge(criterion: &mut Criterion) {
    let item = "{\"id\":123456,\"name\":\"sensor\",\"values\":[1,2,3,4.5],\"ok\":true},";
    let json = format!("[{}1]", item.repeat((10 << 20) / item.len()));
    let line = "x".repeat(1 << 20);
    let mut group = criterion.benchmark_group("slowest_frame_of_opening");
    group.sample_size(10);
    for (name, payload) in [
        ("json_10MB", json.clone().into_bytes()),
        ("line_1MB", line.into_bytes()),
        ("bytes_10MB", vec![0xfe; 10 << 20]),
        (
            "lines_10MB",
            "a line of text\n".repeat((10 << 20) / 15).into_bytes(),
        ),
    ] {
        let mut stage = Stage::new(1_000);
        stage.push(vec![message(payload)]);
        let huge = stage.id_at(1_000);
        let small = stage.id_at(999);
        let mut all = Vec::new();
        let mut waited = Vec::new();
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                let mut sum = Duration::ZERO;
                for _ in 0..count {
                    stage.shell.app.perform(Action::SelectRow(small));
                    stage.frame(Scope::Window, Vec::new());
                    stage.shell.app.perform(Action::SelectRow(huge));
                    let begun = Instant::now();
                    let mut slowest = Duration::ZERO;
                    loop {
                        slowest = slowest.max(stage.frame(Scope::Window, Vec::new()));
                        if !stage.shell.view.is_formatting() {
                            break;
                        }
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    for _ in 0..3 {
                        slowest = slowest.max(stage.frame(Scope::Window, Vec::new()));
                    }
                    waited.push(begun.elapsed());
                    all.push(slowest);
                    sum += slowest;
                }
                sum
            });
        });
        tell(&format!("slowest_frame_of_opening/{name}"), &mut all);
        tell(&format!("until_it_is_formatted/{name}"), &mut waited);
    }
    group.finish();
}

criterion_group!(benches, huge, million);
criterion_main!(benches);
