//! `roundtrip bench`, all but the painting: what is measured one after the other, and what came of it.
//!
//! Whoever paints calls [`Bench::advance`] until it says [`Step::Done`], paints a frame whenever one is
//! due, and says how long it took. Bare loop and Roundtrip take turns, so that what else the machine does
//! hits both; only ratios of neighbours are compared.

mod broker;
mod figures;
mod generated;
mod peer;

use crate::app::App;
use crate::model::message::Qos;
use crate::model::timeline::Bounds;
use crate::session::Session;
use crate::session::bench::{
    self, Answers, Asking, BareError, BenchError, Helper, Load, Place, bare,
};
use crate::store;
use broker::Broker;
use figures::{Figures, Frames};
pub use figures::{FrameTime, Pairs};
use generated::Generator;
pub use peer::Peer;
use peer::{PeerRun, PeerState};
use std::collections::VecDeque;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Events are taken in the frame, as in every window; between frames nothing is.
const INGEST_PER_SEC: u32 = 50_000;
const ARRIVING_PER_SEC: u64 = 20_000;
const FRAMES_PER_SEC: u64 = 60;
const IN_FLIGHT: usize = 100;

/// What there is to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// First: what others have used and given back would be used again, and hide what is needed.
    Memory,
    RoundTrips,
    Throughput,
    Ingest,
    Frames,
}

impl Part {
    pub const ALL: [Self; 5] = [
        Self::Memory,
        Self::RoundTrips,
        Self::Throughput,
        Self::Ingest,
        Self::Frames,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::RoundTrips => "rtt",
            Self::Throughput => "throughput",
            Self::Ingest => "ingest",
            Self::Memory => "memory",
            Self::Frames => "frames",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Options {
    pub parts: Vec<Part>,
    /// How often bare loop and Roundtrip take turns.
    pub rounds: usize,
    /// How long each of them works in one turn.
    pub turn: Duration,
    /// How long messages are ingested.
    pub ingest: Duration,
    /// How many exchanges are generated.
    pub exchanges: u64,
    /// Frames of each kind.
    pub frames: usize,
    /// The broker; a Mosquitto of our own when there is none.
    pub url: Option<String>,
    pub peers: Vec<Peer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            parts: Part::ALL.to_vec(),
            rounds: 7,
            turn: Duration::from_secs(2),
            ingest: Duration::from_secs(10),
            exchanges: 1_000_000,
            frames: 600,
            url: None,
            peers: Vec::new(),
        }
    }
}

impl Options {
    pub fn quick() -> Self {
        Self {
            rounds: 2,
            turn: Duration::from_millis(500),
            ingest: Duration::from_secs(2),
            exchanges: 100_000,
            frames: 60,
            ..Self::default()
        }
    }
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum BenchFailure {
    #[error("no broker to measure against: {0}")]
    Broker(String),
    #[error(transparent)]
    Bench(#[from] BenchError),
    #[error(transparent)]
    Bare(#[from] BareError),
    #[error("the peer {name}: {why}")]
    Peer { name: String, why: String },
    #[error("the bare loop's thread ended before its time")]
    Thread,
    #[error("ended before its time")]
    Interrupted,
}

impl BenchFailure {
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Broker(_) => "name one with --url mqtt://host:port, or install mosquitto",
            Self::Bench(_) | Self::Bare(_) => {
                "does the broker let anonymous clients subscribe and publish roundtrip-bench/#?"
            }
            Self::Peer { .. } => "it is run by `sh -c`; run it by hand to see what it says",
            Self::Thread | Self::Interrupted => "",
        }
    }
}

/// What is painted, and how, to see what a frame costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scene {
    /// While requests are sent and answered.
    Asking,
    Ingest,
    Static,
    Scroll,
    /// To any place of the whole list.
    Jump,
    Arriving,
}

impl Scene {
    pub const ALL: [Self; 6] = [
        Self::Asking,
        Self::Ingest,
        Self::Static,
        Self::Scroll,
        Self::Jump,
        Self::Arriving,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Asking => "asking",
            Self::Ingest => "ingest",
            Self::Static => "static",
            Self::Scroll => "scroll",
            Self::Jump => "jump",
            Self::Arriving => "arriving",
        }
    }
}

/// What the painter has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing changes in the window: paint nothing.
    Idle,
    /// Paint when a frame is due.
    Busy(Scene),
    /// Paint at once: only the frame is of interest.
    Paint(Scene),
    Done,
}

enum Phase {
    Bare(Load),
    Ours(Load),
    Peer(Peer, Load),
    Ingest,
    Fill,
    Empty,
    Frames(Scene),
}

enum Work {
    Bare(JoinHandle<Result<Answers, BareError>>, Load),
    Ours(Box<Asking>, Load),
    Peer(PeerRun, Peer, Load),
    Ingest(Ingest),
    Fill { left: u64, before: Option<u64> },
    Frames { scene: Scene, left: usize },
}

struct Ingest {
    publisher: Helper,
    started: Instant,
    rows_before: u64,
    lost_before: u64,
    /// When the last row came, and how many there were.
    newest: (Instant, u64),
}

pub struct Bench {
    options: Options,
    phases: VecDeque<Phase>,
    work: Option<Work>,
    generator: Generator,
    figures: Figures,
    frames: Frames,
    token: u32,
    /// Before the broker: it leaves first.
    _responder: Helper,
    place: Place,
    broker: Broker,
}

impl Bench {
    pub fn start(app: &mut App, options: Options) -> Result<Self, BenchFailure> {
        let broker = Broker::find(app, options.url.as_deref())?;
        let place = broker.place.clone();
        let token = rand::random();
        let responder = bare::responder(&place, bench::request_topic(token))?;
        bench::connect(&mut app.session, &place)?;
        Ok(Self {
            phases: phases(&options, token),
            options,
            work: None,
            generator: Generator::new(Session::now()),
            figures: Figures::default(),
            frames: Frames::default(),
            token,
            _responder: responder,
            place,
            broker,
        })
    }

    pub fn broker(&self) -> &str {
        &self.broker.name
    }

    /// Works until then, or says at once what there is to do.
    pub fn advance(&mut self, app: &mut App, until: Instant) -> Result<Step, BenchFailure> {
        if app.wants_to_quit || app.session.is_interrupted() {
            return Err(BenchFailure::Interrupted);
        }
        let work = match self.work.take() {
            Some(work) => work,
            None => match self.phases.pop_front() {
                Some(phase) => self.begin(app, phase)?,
                None => return Ok(Step::Done),
            },
        };
        match work {
            Work::Bare(thread, load) => self.bare(thread, load, until),
            Work::Ours(mut asking, load) => {
                if let Some(answers) = asking.look(&mut app.session)? {
                    self.figures.note_ours(&load, answers);
                } else {
                    std::thread::sleep(until.saturating_duration_since(Instant::now()));
                    self.work = Some(Work::Ours(asking, load));
                }
                Ok(Step::Busy(Scene::Asking))
            }
            Work::Peer(mut run, peer, load) => {
                match run.look()? {
                    PeerState::Done(turn) => self.figures.note_peer(&peer.name, &load, turn),
                    PeerState::CannotDoIt => {}
                    PeerState::Works => {
                        std::thread::sleep(until.saturating_duration_since(Instant::now()));
                        self.work = Some(Work::Peer(run, peer, load));
                    }
                }
                Ok(Step::Idle)
            }
            Work::Ingest(ingest) => {
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
                self.ingest(app, ingest);
                Ok(Step::Busy(Scene::Ingest))
            }
            Work::Fill { left, before } => {
                let count = left.min(20_000);
                self.generator.add(&mut app.session.timeline, count);
                if left > count {
                    let left = left - count;
                    self.work = Some(Work::Fill { left, before });
                } else {
                    self.note_memory(before);
                }
                Ok(Step::Idle)
            }
            Work::Frames { scene, left } => {
                if scene == Scene::Arriving {
                    let count = ARRIVING_PER_SEC / FRAMES_PER_SEC;
                    self.generator.add(&mut app.session.timeline, count);
                }
                if left > 1 {
                    let left = left - 1;
                    self.work = Some(Work::Frames { scene, left });
                }
                Ok(Step::Paint(scene))
            }
        }
    }

    pub fn note_frame(&mut self, scene: Scene, frame: FrameTime) {
        self.frames.note(scene, frame);
    }

    fn begin(&mut self, app: &mut App, phase: Phase) -> Result<Work, BenchFailure> {
        Ok(match phase {
            Phase::Bare(load) => {
                let (place, its) = (self.place.clone(), load.clone());
                let thread = std::thread::Builder::new()
                    .name("bare-loop".to_owned())
                    .spawn(move || bare::ask(&place, its))
                    .map_err(|err| BareError::Thread(err.to_string()))?;
                Work::Bare(thread, load)
            }
            Phase::Ours(load) => {
                let asking = Asking::start(&mut app.session, load.clone())?;
                Work::Ours(Box::new(asking), load)
            }
            Phase::Peer(peer, load) => {
                let run = PeerRun::start(&peer, &self.place, &load)?;
                Work::Peer(run, peer, load)
            }
            Phase::Ingest => Work::Ingest(self.begin_ingest(app)?),
            Phase::Fill => {
                app.session.timeline.set_bounds(Bounds {
                    rows: usize::MAX,
                    bytes: usize::MAX,
                });
                drop(app.session.timeline.clear());
                let left = self.options.exchanges;
                let before = store::resident_bytes();
                Work::Fill { left, before }
            }
            Phase::Empty => {
                drop(app.session.timeline.clear());
                Work::Fill {
                    left: 0,
                    before: None,
                }
            }
            Phase::Frames(scene) => Work::Frames {
                scene,
                left: self.options.frames,
            },
        })
    }

    fn bare(
        &mut self,
        thread: JoinHandle<Result<Answers, BareError>>,
        load: Load,
        until: Instant,
    ) -> Result<Step, BenchFailure> {
        if thread.is_finished() {
            let answers = thread.join().map_err(|_panic| BenchFailure::Thread)??;
            self.figures.note_bare(&load, answers);
        } else {
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            self.work = Some(Work::Bare(thread, load));
        }
        Ok(Step::Idle)
    }

    /// Messages that the user listens to: they answer nothing.
    fn begin_ingest(&mut self, app: &mut App) -> Result<Ingest, BenchFailure> {
        let topic = bench::listen(&mut app.session, self.token)?;
        let payload = bench::load(self.token, Qos::AtMostOnce, 1, Duration::ZERO).payload;
        let time = self.options.ingest;
        let publisher = bare::publisher(&self.place, topic, payload, INGEST_PER_SEC, time)?;
        let rows = rows_so_far(app);
        Ok(Ingest {
            publisher,
            started: Instant::now(),
            rows_before: rows,
            lost_before: app.session.lost(),
            newest: (Instant::now(), rows),
        })
    }

    fn ingest(&mut self, app: &App, mut ingest: Ingest) {
        let rows = rows_so_far(app);
        let now = Instant::now();
        if rows > ingest.newest.1 {
            ingest.newest = (now, rows);
        }
        let is_quiet = now.saturating_duration_since(ingest.newest.0) > Duration::from_millis(700);
        if !(ingest.publisher.is_finished() && is_quiet) {
            self.work = Some(Work::Ingest(ingest));
            return;
        }
        self.figures.note_ingest(figures::Ingested {
            sent: ingest.publisher.count(),
            received: rows - ingest.rows_before,
            dropped_by_queue: app.session.lost() - ingest.lost_before,
            took: ingest.newest.0.saturating_duration_since(ingest.started),
        });
    }

    fn note_memory(&mut self, before: Option<u64>) {
        let known = self.generator.payload_bytes + self.generator.topic_bytes;
        if let (Some(before), Some(after)) = (before, store::resident_bytes()) {
            self.figures
                .note_memory(self.options.exchanges, after.saturating_sub(before), known);
        }
    }

    /// Everything as JSON.
    pub fn report(&self, is_window_open: bool) -> serde_json::Value {
        let machine = store::machine();
        figures::report(&figures::Report {
            figures: &self.figures,
            frames: &self.frames,
            machine: &machine,
            broker: &self.broker.name,
            options: &self.options,
            is_window_open,
        })
    }
}

/// All rows that there ever were.
fn rows_so_far(app: &App) -> u64 {
    app.session.timeline.dropped() + app.session.timeline.len() as u64
}

fn phases(options: &Options, token: u32) -> VecDeque<Phase> {
    let mut phases = VecDeque::new();
    let mut parts = options.parts.clone();
    parts.sort_unstable();
    parts.dedup();
    for part in &parts {
        match part {
            Part::RoundTrips | Part::Throughput => {
                let in_flight = if *part == Part::RoundTrips {
                    1
                } else {
                    IN_FLIGHT
                };
                for round in 0..options.rounds {
                    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
                        let load = bench::load(token, qos, in_flight, options.turn);
                        let mut turns = [Phase::Bare(load.clone()), Phase::Ours(load.clone())];
                        // Whoever comes second finds the machine warmer.
                        if round % 2 == 1 {
                            turns.reverse();
                        }
                        phases.extend(turns);
                        let peers = options.peers.iter().cloned();
                        phases.extend(peers.map(|peer| Phase::Peer(peer, load.clone())));
                    }
                }
            }
            Part::Ingest => phases.push_back(Phase::Ingest),
            Part::Memory => phases.extend([Phase::Fill, Phase::Empty]),
            Part::Frames => {
                phases.push_back(Phase::Fill);
                phases.extend(
                    [Scene::Static, Scene::Scroll, Scene::Jump, Scene::Arriving].map(Phase::Frames),
                );
            }
        }
    }
    phases
}
