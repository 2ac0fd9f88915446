//! Recordings that last: killed a hundred times, read while they are written, a million rows, nothing of a password.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may fail, and says what it measured"
)]

mod common;
#[path = "common/program.rs"]
mod program;

use common::{Mosquitto, wait_until};
use program::{Running, roundtrip, run_with};
use roundtrip::model::correlation::CorrelationData;
use roundtrip::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reason, Reply, Verdict,
};
use roundtrip::model::message::{Message, Qos};
use roundtrip::model::record::Record;
use roundtrip::model::request::{Request, RequestDraft, Surroundings};
use roundtrip::model::time::Timestamp;
use roundtrip::model::timeline::{Bounds, Row, Timeline};
use roundtrip::model::topic::TopicName;
use roundtrip::store::recording::{
    Recorder, RecorderOptions, Recording, RecordingError, StoredRow,
};
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const LIMIT: Duration = Duration::from_mins(2);

fn wall_ns() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_nanos()).unwrap()
}

/// Publishes `<number> <time>` on `n` until it is dropped.
struct Publisher {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Publisher {
    fn start(port: u16, pause: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let mut command = Command::new("mosquitto_pub");
        command
            .args(["-h", "127.0.0.1", "-p", &port.to_string()])
            .args(["-t", "n", "-q", "0", "-l"])
            .stdin(Stdio::piped());
        let mut process: Child = command.spawn().expect("mosquitto_pub is there");
        let thread = std::thread::Builder::new()
            .name("publisher".to_owned())
            .spawn(move || {
                let mut lines = process.stdin.take().unwrap();
                for number in 0_u64.. {
                    if stopped.load(Ordering::Relaxed) {
                        break;
                    }
                    writeln!(lines, "{number} {}", wall_ns()).unwrap();
                    std::thread::sleep(pause);
                }
                drop(lines);
                process.kill().ok();
                process.wait().ok();
            })
            .unwrap();
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn load(path: &Path) -> Result<Vec<StoredRow>, RecordingError> {
    let mut rows = Vec::new();
    let done = Recording::open(path)?.load(|row| rows.push(row), |_| ControlFlow::Continue(()))?;
    assert_eq!(done.problems, Vec::<String>::new());
    Ok(rows)
}

/// The number and the time in a payload.
fn numbered(row: &Row) -> (u64, i64) {
    let text = std::str::from_utf8(&row.message().payload).expect("text");
    let (number, time) = text.split_once(' ').expect("a number and a time");
    (number.parse().unwrap(), time.parse().unwrap())
}

fn listener(port: u16, path: &Path) -> Command {
    let url = format!("mqtt://127.0.0.1:{port}");
    let path = path.display().to_string();
    roundtrip(&[
        "listen", "--url", &url, "-t", "n", "--quiet", "--record", &path,
    ])
}

struct Killed {
    port: u16,
    path: PathBuf,
    /// Rows and sessions that have to be there.
    rows: usize,
    sessions: usize,
}

impl Killed {
    /// Records, kills, opens again. Says how much was lost.
    fn once(&mut self, wait: Duration, is_early: bool) -> Duration {
        let mut running = Running::start(&mut listener(self.port, &self.path));
        let mut listens_since = None;
        if !is_early {
            running.wait_for_talk("listening to ");
            listens_since = Some(wall_ns());
        }
        std::thread::sleep(wait);
        let killed = wall_ns();
        running.kill();
        if !self.path.exists() {
            assert!(is_early && self.rows == 0);
            return Duration::ZERO;
        }
        let recording = match Recording::open(&self.path) {
            Ok(recording) => recording,
            // Killed between making the file and its first table.
            Err(RecordingError::NotARecording {
                why: "it is empty", ..
            }) if is_early && self.rows == 0 => {
                return Duration::ZERO;
            }
            Err(err) => panic!("{err}"),
        };
        assert_eq!(recording.check_integrity().unwrap(), Vec::<String>::new());
        let summary = recording.summary().unwrap();
        drop(recording);
        let rows = load(&self.path).unwrap();
        assert!(rows.len() >= self.rows, "what was safe is gone");
        let is_begun = summary.sessions.len() > self.sessions;
        assert!(is_begun || is_early);
        self.rows = rows.len();
        self.sessions = summary.sessions.len();
        if !is_begun {
            return Duration::ZERO;
        }
        assert!(summary.was_cut_off());
        let first = summary.sessions.last().unwrap().first_row;
        let new: Vec<(u64, i64)> = rows
            .iter()
            .filter(|row| row.id >= first)
            .map(|row| numbered(&row.row))
            .collect();
        for pair in new.windows(2) {
            assert_eq!(pair[0].0 + 1, pair[1].0, "a hole, or one that came twice");
        }
        let Some(listens_since) = listens_since else {
            return Duration::ZERO;
        };
        if let Some((number, time)) = new.first() {
            assert!(
                *time <= listens_since + 1_000_000_000,
                "the first is {number}, which is not of the beginning"
            );
        }
        let last = new.last().map_or(listens_since, |(_, time)| *time);
        Duration::from_nanos(u64::try_from(killed - last).unwrap_or(0))
    }
}

/// 100 kills at random moments, 25 after each other into each of four files.
#[test]
fn a_kill_loses_the_last_second_at_most_and_damages_nothing() {
    let broker = Mosquitto::start("");
    let publisher = Publisher::start(broker.port(), Duration::from_millis(2));
    let folder = tempfile::tempdir().unwrap();
    let worst = Arc::new(AtomicU64::new(0));
    let threads: Vec<JoinHandle<usize>> = (0..4_u64)
        .map(|worker| {
            let mut killed = Killed {
                port: broker.port(),
                path: folder.path().join(format!("{worker}.rtrec")),
                rows: 0,
                sessions: 0,
            };
            let worst = Arc::clone(&worst);
            std::thread::Builder::new()
                .name(format!("killer {worker}"))
                .spawn(move || {
                    for run in 0..25 {
                        let is_early = run % 5 == 4;
                        let most = if is_early { 400 } else { 1_500 };
                        let wait = Duration::from_millis(rand::random_range(0..most));
                        let lost = killed.once(wait, is_early);
                        assert!(lost < Duration::from_secs(1), "{lost:?} are missing");
                        let lost = u64::try_from(lost.as_micros()).unwrap();
                        worst.fetch_max(lost, Ordering::Relaxed);
                    }
                    killed.rows
                })
                .unwrap()
        })
        .collect();
    let rows: usize = threads.into_iter().map(|one| one.join().unwrap()).sum();
    drop(publisher);
    assert!(rows > 1_000, "only {rows} rows");
    eprintln!(
        "100 kills, {rows} rows kept, at most {:?} lost",
        Duration::from_micros(worst.load(Ordering::Relaxed))
    );
}

#[test]
fn a_recording_is_read_while_another_process_writes_it() {
    let broker = Mosquitto::start("");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.rtrec");
    let mut running = Running::start(&mut listener(broker.port(), &path));
    running.wait_for_talk("listening to ");
    let publisher = Publisher::start(broker.port(), Duration::from_millis(1));
    let mut recording = Recording::open(&path).unwrap();
    assert!(recording.summary().unwrap().is_being_written);
    let mut seen = Vec::new();
    let mut revision = 0;
    wait_until("500 rows are read along", || {
        let changed = recording.changed_since(revision).unwrap();
        revision = changed.revision;
        seen.extend(changed.rows.iter().map(|row| numbered(&row.row).0));
        seen.len() >= 500
    });
    assert!(seen.iter().copied().eq(0..seen.len() as u64), "{seen:?}");
    drop(publisher);
    drop(recording);
    let ran = running.interrupt().expect_code(0);
    assert!(ran.stderr.contains("recorded in "), "{}", ran.stderr);
    let rows = load(&path).unwrap();
    assert!(rows.len() >= seen.len());
    let summary = Recording::open(&path).unwrap().summary().unwrap();
    assert!(!summary.is_being_written && !summary.was_cut_off());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn listening_prints_records_that_are_read_again_and_ends_with_the_count() {
    let broker = Mosquitto::start("");
    let publisher = Publisher::start(broker.port(), Duration::from_millis(5));
    let url = broker.url();
    let words = [
        "listen", "--url", &url, "--count", "20", "--for", "30s", "--json",
    ];
    let ran = run_with(&mut roundtrip(&words), b"").expect_code(0);
    let text = ran.text();
    let rows: Vec<Row> = text
        .lines()
        .map(|line| Record::from_json(line).unwrap().into_row().unwrap())
        .collect();
    assert_eq!(rows.len(), 20);
    let numbers: Vec<u64> = rows.iter().map(|row| numbered(row).0).collect();
    assert!(
        numbers.windows(2).all(|two| two[0] + 1 == two[1]),
        "{numbers:?}"
    );
    assert!(ran.stderr.contains("20 messages in "), "{}", ran.stderr);
    drop(publisher);
    let words = [
        "listen", "--url", &url, "-t", "quiet", "--count", "1", "--for", "200ms",
    ];
    run_with(&mut roundtrip(&words), b"").expect_code(3);
    let words = ["listen", "--url", &url, "-t", "quiet", "--for", "200ms"];
    let ran = run_with(&mut roundtrip(&words), b"").expect_code(0);
    assert!(ran.stderr.contains("0 messages in "), "{}", ran.stderr);
}

#[test]
fn a_refused_filter_and_a_file_that_is_no_recording_end_it_with_a_reason() {
    let (_broker, port) = Running::broker();
    let url = format!("mqtt://restricted@127.0.0.1:{port}");
    let ran = run_with(&mut roundtrip(&["listen", "--url", &url, "-t", "a/#"]), b"");
    let ran = ran.expect_code(5);
    assert!(
        ran.stderr.contains("refused the subscription to a/#: "),
        "{}",
        ran.stderr
    );
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "mine").unwrap();
    let file = notes.display().to_string();
    let words = ["listen", "--url", &url, "--record", &file];
    let ran = run_with(&mut roundtrip(&words), b"").expect_code(1);
    assert!(
        ran.stderr.contains("is no recording of Roundtrip"),
        "{}",
        ran.stderr
    );
    assert_eq!(std::fs::read(&notes).unwrap(), b"mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn no_password_is_in_a_recording() {
    let broker = Mosquitto::start("");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rtrec");
    let file = path.display().to_string();
    let url = format!("mqtt://me:sesame-9151@127.0.0.1:{}", broker.port());
    let mut listen = Running::start(&mut roundtrip(&[
        "listen", "--url", &url, "--record", &file,
    ]));
    listen.wait_for_talk("listening to ");
    let send = [
        "request",
        "--url",
        &url,
        "-t",
        "a",
        "-m",
        "hello",
        "--no-reply",
    ];
    run_with(&mut roundtrip(&send), b"").expect_code(0);
    listen.wait_for_data("hello");
    let text = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        assert!(!text(&entry.unwrap().path()).contains("sesame"));
    }
    let ran = listen.interrupt().expect_code(0);
    assert!(!ran.stderr.contains("sesame") && !ran.text().contains("sesame"));
    assert!(text(&path).contains("hello") && !text(&path).contains("sesame"));
}

fn request() -> Arc<Request> {
    let draft = RequestDraft {
        name: "Power".to_owned(),
        topic: "cmnd/light/1/power".to_owned(),
        payload: r#"{"power":"on","level":80}"#.to_owned(),
        ..RequestDraft::default()
    };
    let here = Surroundings {
        client_id: "rt",
        ..Surroundings::default()
    };
    Arc::new(draft.validate(&here).unwrap())
}

fn at(number: u64, offset: i64) -> Timestamp {
    Timestamp::from_nanos(i64::try_from(number).unwrap() * 1_000_000 + offset)
}

/// An exchange with an answer, one of a hundred topics.
fn begin(timeline: &mut Timeline, request: &Arc<Request>, number: u64) {
    let topic = TopicName::new(&format!("cmnd/light/{}/power", number % 100)).unwrap();
    let correlation = CorrelationData::new(number.to_be_bytes().to_vec());
    let mut message = request.message(Some(correlation.clone()));
    message.topic = topic;
    let id = ExchangeId(number);
    timeline.begin(Exchange::new(
        id,
        "local".into(),
        Arc::clone(request),
        Arc::new(message),
        "mqtt5".into(),
        at(number, 0),
    ));
    timeline.apply(id, Change::Published, at(number, 10_000));
    timeline.apply(
        id,
        Change::Acknowledged(Reason::new(0, "Success")),
        at(number, 50_000),
    );
    let mut answer = Message::new(request.response_topic.clone().unwrap(), r#"{"power":"on"}"#);
    answer.properties.correlation_data = Some(correlation);
    let reply = Reply {
        message: Arc::new(answer),
        received: at(number, 900_000),
        verdict: MessageVerdict::Reply,
        outcome: Outcome::Ok,
        responder: Some("light".into()),
    };
    timeline.apply(id, Change::Reply(reply), at(number, 900_000));
    timeline.apply(id, Change::Finished(Verdict::Answered), at(number, 900_000));
}

/// Writes them as they come, opens them again, and compares all of them.
fn write_and_open(count: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.rtrec");
    let request = request();
    let mut timeline = Timeline::new(Bounds {
        rows: usize::MAX,
        bytes: usize::MAX,
    });
    let mut recorder = Recorder::start(&path, RecorderOptions::default()).unwrap();
    let begun = Instant::now();
    for number in 0..count {
        begin(&mut timeline, &request, number);
        if number % 500 == 499 {
            recorder.feed(&timeline);
        }
    }
    let done = recorder
        .finish(&timeline, Timestamp::default(), LIMIT)
        .unwrap();
    let written = begun.elapsed();
    assert_eq!(done.missed, 0);
    let begun = Instant::now();
    let (mut seen, mut different) = (0, 0);
    let mut steps = 0;
    Recording::open(&path)
        .unwrap()
        .load(
            |stored| {
                assert_eq!(stored.id.number(), seen);
                seen += 1;
                if *timeline.row(stored.id).expect("it is there") != stored.row {
                    different += 1;
                }
            },
            |progress| {
                assert_eq!(progress.of, count);
                steps += 1;
                ControlFlow::Continue(())
            },
        )
        .unwrap();
    assert_eq!((seen, different), (count, 0));
    assert!(steps > 2);
    eprintln!(
        "{count} exchanges made and written in {written:.1?}, opened and compared in {:.1?}, {} bytes each",
        begun.elapsed(),
        done.bytes / count
    );
}

#[test]
fn a_hundred_thousand_exchanges_come_back_as_they_were() {
    write_and_open(100_000);
}

#[test]
#[ignore = "takes minutes where nothing is optimised"]
fn a_million_exchanges_come_back_as_they_were() {
    write_and_open(1_000_000);
}

#[test]
fn odd_messages_come_back_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.rtrec");
    let large: Vec<u8> = (0..10 << 20)
        .map(|number: u32| (number % 251) as u8)
        .collect();
    let payloads: [Vec<u8>; 5] = [
        Vec::new(),
        vec![0],
        b"\xff\xfe\x00\xc3\x28".to_vec(),
        "grüße \u{1f4a1}\0".into(),
        large,
    ];
    let mut timeline = Timeline::default();
    let mut expected = Vec::new();
    for payload in payloads {
        for data in [None, Some(&b""[..]), Some(&b"\x00\xff"[..])] {
            let topic = TopicName::new("fenêtre/\u{1f321}/ ").unwrap();
            let mut message = Message::new(topic, payload.clone());
            message.qos = Qos::ExactlyOnce;
            message.properties.correlation_data = data.map(CorrelationData::new);
            expected.push(message.clone());
            timeline.push_message(roundtrip::model::timeline::MessageRow {
                connection: "local".into(),
                message: Arc::new(message),
                verdict: MessageVerdict::Unmatched,
                received: Timestamp::default(),
                responder: None,
                near: None,
                difference: None,
                is_echo: false,
            });
        }
    }
    let recorder = Recorder::start(&path, RecorderOptions::default()).unwrap();
    recorder
        .finish(&timeline, Timestamp::default(), LIMIT)
        .unwrap();
    let rows = load(&path).unwrap();
    let read: Vec<Message> = rows
        .iter()
        .map(|row| (**row.row.message()).clone())
        .collect();
    assert!(read == expected);
}
