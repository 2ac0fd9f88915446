//! What was measured, and how it is told: medians, percentiles, ratios of neighbours.

use super::peer::PeerTurn;
use super::{Options, Scene};
use crate::model::message::Qos;
use crate::session::bench::{Answers, Load};
use crate::store::Machine;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long one frame took.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameTime {
    /// UI code.
    pub ui: Duration,
    /// Tessellation; nothing where the window system does it out of sight.
    pub tessellation: Duration,
    /// From the end of UI code to the next frame, where a window is open: all that rasterising takes.
    pub raster: Option<Duration>,
}

#[derive(Default)]
pub struct Frames(BTreeMap<Scene, Vec<FrameTime>>);

impl Frames {
    pub fn note(&mut self, scene: Scene, frame: FrameTime) {
        self.0.entry(scene).or_default().push(frame);
    }
}

/// Turns of the bare loop and of Roundtrip at the same work.
#[derive(Default)]
pub struct Pairs {
    bare: Vec<Turn>,
    ours: Vec<Turn>,
    peers: BTreeMap<String, Vec<Turn>>,
}

struct Turn {
    median: Duration,
    p99: Duration,
    per_sec: f64,
    answers: usize,
}

impl Turn {
    fn of(mut answers: Answers) -> Self {
        let per_sec = answers.per_sec();
        let times = &mut answers.round_trips;
        times.sort_unstable();
        Self {
            median: share(times, 0.5),
            p99: share(times, 0.99),
            per_sec,
            answers: times.len(),
        }
    }
}

impl Pairs {
    /// Ours to bare, turn by turn, and of those the middle one.
    fn ratio(&self, of: impl Fn(&Turn) -> f64) -> Option<f64> {
        let pairs = self.bare.iter().zip(&self.ours);
        middle(pairs.map(|(bare, ours)| of(ours) / of(bare)).collect())
    }

    fn told(&self, is_sequential: bool) -> Value {
        let side = |turns: &[Turn]| {
            let middle_of = |of: fn(&Turn) -> f64| middle(turns.iter().map(of).collect());
            let mut side = json!({
                "per_sec": middle_of(|turn| turn.per_sec).map(f64::round),
                "answers": turns.iter().map(|turn| turn.answers).sum::<usize>(),
            });
            if is_sequential && let Value::Object(side) = &mut side {
                side.insert(
                    "median_us".to_owned(),
                    json!(middle_of(|turn| micros(turn.median)).map(tenths)),
                );
                side.insert(
                    "p99_us".to_owned(),
                    json!(middle_of(|turn| micros(turn.p99)).map(tenths)),
                );
            }
            side
        };
        let ratios = self.bare.iter().zip(&self.ours).map(|(bare, ours)| {
            thousandths(if is_sequential {
                micros(ours.median) / micros(bare.median)
            } else {
                ours.per_sec / bare.per_sec
            })
        });
        let mut told = Map::new();
        told.insert("bare".to_owned(), side(&self.bare));
        told.insert("roundtrip".to_owned(), side(&self.ours));
        told.insert("ratios".to_owned(), ratios.collect::<Vec<_>>().into());
        for (name, turns) in &self.peers {
            told.insert(name.clone(), side(turns));
        }
        Value::Object(told)
    }
}

#[derive(Clone, Copy)]
pub struct Ingested {
    pub sent: u64,
    pub received: u64,
    pub dropped_by_queue: u64,
    pub took: Duration,
}

#[derive(Default)]
pub struct Figures {
    /// By quality of service, and whether one after the other.
    pairs: BTreeMap<(bool, Qos), Pairs>,
    ingested: Option<Ingested>,
    /// Exchanges, bytes that the process grew by, bytes of payloads and topics among them.
    memory: Option<(u64, u64, usize)>,
}

impl Figures {
    fn pair(&mut self, load: &Load) -> &mut Pairs {
        self.pairs
            .entry((load.in_flight == 1, load.qos))
            .or_default()
    }

    pub fn note_bare(&mut self, load: &Load, answers: Answers) {
        self.pair(load).bare.push(Turn::of(answers));
    }

    pub fn note_ours(&mut self, load: &Load, answers: Answers) {
        self.pair(load).ours.push(Turn::of(answers));
    }

    pub fn note_peer(&mut self, name: &str, load: &Load, turn: PeerTurn) {
        let peers = &mut self.pair(load).peers;
        peers.entry(name.to_owned()).or_default().push(Turn {
            median: Duration::from_secs_f64(turn.median_us.max(0.0) / 1e6),
            p99: Duration::from_secs_f64(turn.p99_us.max(0.0) / 1e6),
            per_sec: turn.per_sec,
            answers: usize::try_from(turn.answers).unwrap_or(usize::MAX),
        });
    }

    pub fn note_ingest(&mut self, ingested: Ingested) {
        self.ingested = Some(ingested);
    }

    /// Only the first time: later the process uses again what it has given back.
    pub fn note_memory(&mut self, exchanges: u64, grown: u64, known: usize) {
        self.memory.get_or_insert((exchanges, grown, known));
    }
}

pub struct Report<'a> {
    pub figures: &'a Figures,
    pub frames: &'a Frames,
    pub machine: &'a Machine,
    pub broker: &'a str,
    pub options: &'a Options,
    pub is_window_open: bool,
}

/// The figures that are asked for most come first and have names of their own.
pub fn report(all: &Report<'_>) -> Value {
    let mut told = Map::new();
    let mut tell = |name: &str, value: Value| told.insert(name.to_owned(), value);
    let figures = all.figures;
    for (is_sequential, qos, name) in [
        (true, Qos::AtMostOnce, "rtt_ratio"),
        (true, Qos::AtLeastOnce, "rtt_ratio_qos1"),
        (false, Qos::AtMostOnce, "throughput_ratio"),
        (false, Qos::AtLeastOnce, "throughput_ratio_qos1"),
    ] {
        if let Some(pairs) = figures.pairs.get(&(is_sequential, qos)) {
            let ratio = if is_sequential {
                pairs.ratio(|turn| turn.median.as_secs_f64())
            } else {
                pairs.ratio(|turn| turn.per_sec)
            };
            tell(name, json!(ratio.map(thousandths)));
        }
    }
    let every: Vec<&FrameTime> = all.frames.0.values().flatten().collect();
    if !every.is_empty() {
        let frames = FrameFigures::of(&every);
        tell("frame_ms_p50", json!(frames.p50));
        tell("frame_ms_p99", json!(frames.p99));
        tell("raster_ms_p50", json!(frames.raster_p50));
    }
    if let Some((exchanges, grown, known)) = figures.memory {
        tell(
            "bytes_per_exchange",
            json!(tenths(
                real(grown.saturating_sub(known as u64)) / real(exchanges)
            )),
        );
    }
    if let Some(ingested) = figures.ingested {
        let per_sec = real(ingested.received) / ingested.took.as_secs_f64().max(f64::EPSILON);
        tell("ingest_per_sec", json!(per_sec.round()));
        tell(
            "ingest_lost",
            json!(ingested.sent.saturating_sub(ingested.received)),
        );
    }
    details(all, &mut tell);
    Value::Object(told)
}

fn details(all: &Report<'_>, tell: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let figures = all.figures;
    for (is_sequential, name) in [(true, "round_trips"), (false, "throughput")] {
        let by_qos: Map<String, Value> = figures
            .pairs
            .iter()
            .filter(|((kind, _), _)| *kind == is_sequential)
            .map(|((_, qos), pairs)| (format!("qos{}", u8::from(*qos)), pairs.told(is_sequential)))
            .collect();
        if !by_qos.is_empty() {
            tell(name, Value::Object(by_qos));
        }
    }
    let scenes: Map<String, Value> = Scene::ALL
        .into_iter()
        .filter_map(|scene| Some((scene, all.frames.0.get(&scene)?)))
        .map(|(scene, frames)| {
            let frames: Vec<&FrameTime> = frames.iter().collect();
            (scene.word().to_owned(), FrameFigures::of(&frames).told())
        })
        .collect();
    if !scenes.is_empty() {
        tell("frames", Value::Object(scenes));
        tell("is_window_open", json!(all.is_window_open));
    }
    if let Some(ingested) = figures.ingested {
        tell(
            "ingest",
            json!({
                "sent": ingested.sent,
                "received": ingested.received,
                "dropped_by_queue": ingested.dropped_by_queue,
                "seconds": hundredths(ingested.took.as_secs_f64()),
            }),
        );
    }
    if let Some((exchanges, grown, known)) = figures.memory {
        tell(
            "memory",
            json!({ "exchanges": exchanges, "resident_bytes": grown, "payload_and_topic_bytes": known }),
        );
    }
    tell("broker", json!(all.broker));
    tell(
        "machine",
        json!({
            "cpu": all.machine.cpu,
            "cores": all.machine.cores,
            "memory_mb": all.machine.memory_mb,
            "system": all.machine.system,
        }),
    );
    tell(
        "versions",
        json!({ "roundtrip": env!("CARGO_PKG_VERSION"), "rumqttc": "rumqttc-v5-next 0.34.0", "egui": "0.37.0" }),
    );
    tell(
        "method",
        json!({
            "rounds": all.options.rounds,
            "seconds_per_turn": hundredths(all.options.turn.as_secs_f64()),
            "in_flight": super::IN_FLIGHT,
            "payload_bytes": 64,
            "is_optimised_build": !cfg!(debug_assertions),
        }),
    );
}

struct FrameFigures {
    p50: f64,
    p99: f64,
    most: f64,
    raster_p50: Option<f64>,
    count: usize,
}

impl FrameFigures {
    fn of(frames: &[&FrameTime]) -> Self {
        let mut times: Vec<Duration> = frames
            .iter()
            .map(|frame| frame.ui + frame.tessellation)
            .collect();
        times.sort_unstable();
        let mut raster: Vec<Duration> = frames.iter().filter_map(|frame| frame.raster).collect();
        raster.sort_unstable();
        let ms = |time: Duration| hundredths(time.as_secs_f64() * 1e3);
        Self {
            p50: ms(share(&times, 0.5)),
            p99: ms(share(&times, 0.99)),
            most: ms(times.last().copied().unwrap_or_default()),
            raster_p50: (!raster.is_empty()).then(|| ms(share(&raster, 0.5))),
            count: times.len(),
        }
    }

    fn told(&self) -> Value {
        json!({ "p50_ms": self.p50, "p99_ms": self.p99, "max_ms": self.most, "raster_p50_ms": self.raster_p50, "count": self.count })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place within the list, clamped below"
)]
fn share(sorted: &[Duration], fraction: f64) -> Duration {
    let rank = (sorted.len() as f64 * fraction).ceil() as usize;
    let index = rank.clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).copied().unwrap_or_default()
}

fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let (low, high) = (values.get(last / 2)?, values.get(last.div_ceil(2))?);
    Some(low.midpoint(*high))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn real(count: u64) -> f64 {
    count as f64
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(micros: &[u64], secs: u64) -> Answers {
        Answers {
            round_trips: micros.iter().copied().map(Duration::from_micros).collect(),
            elapsed: Duration::from_secs(secs),
        }
    }

    #[test]
    fn a_ratio_is_the_middle_of_the_ratios_of_neighbours() {
        let mut pairs = Pairs::default();
        // The machine got slower from turn to turn, for both.
        for factor in [1, 4, 20] {
            pairs.bare.push(Turn::of(answers(&[100 * factor; 10], 1)));
            pairs.ours.push(Turn::of(answers(&[110 * factor; 9], 1)));
        }
        let ratio = pairs.ratio(|turn| turn.median.as_secs_f64()).unwrap();
        assert!((ratio - 1.1).abs() < 1e-9, "{ratio}");
        let ratio = pairs.ratio(|turn| turn.per_sec).unwrap();
        assert!((ratio - 0.9).abs() < 1e-9, "{ratio}");
    }

    #[test]
    fn the_middle_of_an_even_number_lies_between_the_two() {
        assert_eq!(middle(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(middle(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(middle(Vec::new()), None);
    }

    #[test]
    fn what_was_not_measured_is_not_told() {
        let options = Options::default();
        let mut figures = Figures::default();
        figures.note_memory(1_000, 400_000, 100_000);
        let report = report(&Report {
            figures: &figures,
            frames: &Frames::default(),
            machine: &Machine::default(),
            broker: "none",
            options: &options,
            is_window_open: false,
        });
        assert_eq!(report["bytes_per_exchange"], json!(300.0));
        assert!(report.get("rtt_ratio").is_none() && report.get("frames").is_none());
    }
}
