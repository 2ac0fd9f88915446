//! Frames for `roundtrip bench`: the whole window, painted without one or in a real one, with the time each took.
//!
//! Without a window a frame is UI code and tessellation, what the program itself does. In a real window what
//! follows (tessellation, OpenGL, on many machines rasterising on the CPU) cannot be told apart from outside,
//! so it is measured from the end of UI code to the next frame, and named apart.

use crate::app::App;
use crate::app::bench::{Bench, FrameTime, Options, Part, Peer, Scene, Step};
use crate::app::listing::arrange::Shown;
use crate::app::open::{Place, open};
use crate::ui::open::UiError;
use crate::ui::shell::Shell;
use crate::ui::window::{self, WindowOptions};
use crate::ui::{style, theme};
use egui::{
    Context, Event, Modifiers, Pos2, RawInput, Rect, Ui, Vec2, ViewportCommand, pos2, vec2,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a window that is busy is painted.
const INTERVAL: Duration = Duration::from_millis(33);
const WHEEL_NOTCH: f32 = 40.0;

/// What is asked for on the command line; what is not there has a default.
#[derive(Clone, Debug, Default)]
pub struct BenchWish {
    pub url: Option<String>,
    /// The words of [`Part`]s.
    pub parts: Vec<&'static str>,
    pub is_quick: bool,
    pub rounds: Option<u16>,
    pub turn: Option<Duration>,
    pub exchanges: Option<u64>,
    /// Names and commands.
    pub peers: Vec<(String, String)>,
    pub has_window: bool,
}

impl BenchWish {
    fn options(&self) -> Options {
        let usual = if self.is_quick {
            Options::quick()
        } else {
            Options::default()
        };
        let is_wanted = |part: &Part| self.parts.contains(&part.word());
        Options {
            parts: Part::ALL.into_iter().filter(is_wanted).collect(),
            rounds: self.rounds.map_or(usual.rounds, usize::from),
            turn: self.turn.unwrap_or(usual.turn),
            exchanges: self.exchanges.unwrap_or(usual.exchanges),
            url: self.url.clone(),
            peers: self.peers.iter().cloned().map(Peer::from).collect(),
            ..usual
        }
    }
}

/// Measures everything that is wished for. `say` tells people how far it is.
pub fn bench(wish: &BenchWish, say: &dyn Fn(&str)) -> Result<serde_json::Value, UiError> {
    if cfg!(debug_assertions) {
        say("this is not an optimised build: build it with --release, or the figures mean nothing");
    }
    let quiet: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    let mut app = open(Place::Scratch, &quiet)?;
    let bench = Bench::start(&mut app, wish.options())?;
    say(&format!("measuring against {}", bench.broker()));
    if wish.has_window {
        in_window(app, bench)
    } else {
        without_window(app, bench)
    }
}

fn without_window(app: App, mut bench: Bench) -> Result<serde_json::Value, UiError> {
    let mut painter = Painter::new(app);
    // The first frames lay out every text and are no frames like the others.
    for _ in 0..10 {
        painter.frame(Scene::Static);
    }
    let mut due = Instant::now();
    loop {
        match bench.advance(&mut painter.shell.app, due)? {
            Step::Done => break,
            Step::Idle => due = Instant::now() + INTERVAL,
            Step::Busy(scene) => {
                if Instant::now() >= due {
                    due = Instant::now() + INTERVAL;
                    bench.note_frame(scene, painter.frame(scene));
                }
            }
            Step::Paint(scene) => bench.note_frame(scene, painter.frame(scene)),
        }
    }
    let report = bench.report(false);
    painter.shell.app.close();
    Ok(report)
}

/// The window's code with nothing behind it.
struct Painter {
    ctx: Context,
    shell: Shell,
    started: Instant,
    jumps: u64,
}

impl Painter {
    fn new(app: App) -> Self {
        let ctx = Context::default();
        style::install(&ctx);
        Self {
            ctx,
            shell: Shell::new(app, None),
            started: Instant::now(),
            jumps: 0,
        }
    }

    fn frame(&mut self, scene: Scene) -> FrameTime {
        let size = Vec2::from(window::SIZE);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
            time: Some(self.started.elapsed().as_secs_f64()),
            events: events(scene, size),
            focused: true,
            ..RawInput::default()
        };
        if scene == Scene::Jump {
            self.jumps += 1;
            jump(&mut self.shell, self.jumps);
        }
        let started = Instant::now();
        self.shell.logic(&self.ctx);
        let shell = &mut self.shell;
        let mut output = self.ctx.run_ui(input, |ui| shell.paint(ui));
        let painted = Instant::now();
        let primitives = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        let tessellation = painted.elapsed();
        drop(primitives);
        // Nobody uploads them.
        output.textures_delta.clear();
        FrameTime {
            ui: painted.saturating_duration_since(started),
            tessellation,
            raster: None,
        }
    }
}

/// The pointer stands over the table; while scrolling the wheel turns.
fn events(scene: Scene, size: Vec2) -> Vec<Event> {
    let over_table = pos2(size.x * 0.45, size.y - theme::ROW * 4.0);
    let mut events = vec![Event::PointerMoved(over_table)];
    if scene == Scene::Scroll {
        events.push(Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            source: egui::MouseWheelSource::Wheel,
            delta: vec2(0.0, -WHEEL_NOTCH),
            modifiers: Modifiers::NONE,
            phase: egui::TouchPhase::Move,
        });
    }
    events
}

/// To a place far from the last one, the same ones in every run.
fn jump(shell: &mut Shell, number: u64) {
    let timeline = &shell.app.session.timeline;
    let count = timeline.len().max(1) as u64;
    let place = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % count;
    let row = usize::try_from(place)
        .ok()
        .and_then(|place| timeline.id_at(place));
    if let Some(row) = row {
        shell.view.table.reveal(Shown::Row(row));
    }
}

type Outcome = Rc<RefCell<Option<Result<serde_json::Value, UiError>>>>;

fn in_window(app: App, bench: Bench) -> Result<serde_json::Value, UiError> {
    let outcome = Outcome::default();
    let told = Rc::clone(&outcome);
    let options = WindowOptions {
        size: window::SIZE,
        position: None,
        is_maximized: false,
    };
    window::run(options, |_| InWindow {
        shell: Shell::new(app, None),
        bench,
        scene: None,
        begun: Instant::now(),
        painted: None,
        jumps: 0,
        outcome: told,
    })?;
    outcome
        .take()
        .unwrap_or_else(|| Err(UiError::Bench(crate::app::bench::BenchFailure::Interrupted)))
}

struct InWindow {
    shell: Shell,
    bench: Bench,
    /// What this frame is painted for.
    scene: Option<Scene>,
    begun: Instant,
    /// The frame before this one, and when its UI code ended.
    painted: Option<(Scene, Duration, Instant)>,
    jumps: u64,
    outcome: Outcome,
}

impl InWindow {
    fn end(&self, ctx: &Context, outcome: Result<serde_json::Value, UiError>) {
        *self.outcome.borrow_mut() = Some(outcome);
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }
}

impl eframe::App for InWindow {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        let now = Instant::now();
        if let Some((scene, ui, ended)) = self.painted.take() {
            self.bench.note_frame(
                scene,
                FrameTime {
                    ui,
                    tessellation: Duration::ZERO,
                    raster: Some(now.saturating_duration_since(ended)),
                },
            );
        }
        if self.outcome.borrow().is_some() {
            return;
        }
        // The rest of the interval belongs to the work; half of one, where rasterising takes longer than that.
        let due = (self.begun + INTERVAL).max(now + INTERVAL / 2);
        self.scene = None;
        loop {
            match self.bench.advance(&mut self.shell.app, due) {
                Err(err) => return self.end(ctx, Err(err.into())),
                Ok(Step::Done) => {
                    let report = self.bench.report(true);
                    return self.end(ctx, Ok(report));
                }
                Ok(Step::Busy(scene)) if Instant::now() < due => self.scene = Some(scene),
                Ok(Step::Busy(scene) | Step::Paint(scene)) => {
                    self.scene = Some(scene);
                    break;
                }
                Ok(Step::Idle) => {
                    self.scene = None;
                    break;
                }
            }
        }
        self.begun = Instant::now();
        if self.scene == Some(Scene::Jump) {
            self.jumps += 1;
            jump(&mut self.shell, self.jumps);
        }
        self.shell.logic(ctx);
        ctx.request_repaint();
    }

    fn raw_input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        if let Some(scene) = self.scene {
            input
                .events
                .extend(events(scene, ctx.content_rect().size()));
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.shell.paint(ui);
        let ended = Instant::now();
        self.painted = self
            .scene
            .map(|scene| (scene, ended.saturating_duration_since(self.begun), ended));
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.shell.app.close();
    }
}
