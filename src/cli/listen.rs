//! `roundtrip listen`: what comes on topic filters, on stdout and into a recording.

use crate::cli::exit::ExitCode;
use crate::cli::headless;
use crate::cli::out;
use crate::cli::packets::Packets;
use crate::cli::stop::Stop;
use crate::model::connection::ConnectionState;
use crate::model::payload;
use crate::model::profile::Profile;
use crate::model::record::Record;
use crate::model::secret::Secrets;
use crate::model::subscribe::SubscribeOptions;
use crate::model::text;
use crate::model::timeline::{Row, RowId};
use crate::model::topic::TopicFilter;
use crate::session::{ConnectionEvent, Event, Session};
use crate::store::recording::{Phase, Recorder, RecorderOptions, RecordingError};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a recording may take to be opened, and to be written to the end.
const DISK_LIMIT: Duration = Duration::from_secs(30);
/// Rows reach the recorder at least this often.
const TICK: Duration = Duration::from_millis(50);
/// A line on the terminal shows so many characters of a payload.
const PREVIEW: usize = 200;

pub struct Listen {
    pub profile: Profile,
    pub secrets: Secrets,
    pub filters: Vec<TopicFilter>,
    pub options: SubscribeOptions,
    pub record: Option<PathBuf>,
    /// Where its packets are written.
    pub packets: Option<PathBuf>,
    pub limit: Option<Duration>,
    pub count: Option<u64>,
    pub as_json: bool,
    pub is_quiet: bool,
}

impl From<RecordingError> for Stop {
    fn from(err: RecordingError) -> Self {
        Self::new(ExitCode::Failed, err.to_string(), err.hint())
    }
}

pub fn run(listen: Listen) -> Result<ExitCode, Stop> {
    let mut session = headless::start()?;
    // A recording that cannot be is said before anybody is bothered.
    let recorder = match &listen.record {
        Some(path) => Some(open(path)?),
        None => None,
    };
    let (profile, path) = (&listen.profile, listen.packets.as_deref());
    let packets = Packets::open(&mut session, &profile.id, &profile.name, path)?;
    let mut listening = Listening {
        recorder,
        packets,
        next: 0,
        shown: 0,
        most: listen.count.unwrap_or(u64::MAX),
        as_json: listen.as_json,
        is_quiet: listen.is_quiet,
        trouble: None,
    };
    let begun = Instant::now();
    let ended = listening.listen(&mut session, listen);
    let finished = listening.finish(&session);
    let came = text::count(listening.shown);
    let noun = if listening.shown == 1 {
        "message"
    } else {
        "messages"
    };
    let mut summary = format!("{came} {noun} in {}", text::duration(begun.elapsed()));
    if session.lost() > 0 {
        let lost = text::count(session.lost());
        summary += "; ";
        summary += &lost;
        summary += " more came faster than they could be taken";
    }
    if let Ok(Some(told)) = &finished {
        summary.push_str(told);
    }
    // With the DISCONNECT.
    drop(session);
    let packets = listening.packets.take().map(Packets::finish).transpose();
    if let Ok(Some(told)) = &packets {
        summary += "; ";
        summary += told;
    }
    out::say(&summary);
    let code = ended?;
    finished?;
    packets?;
    Ok(code)
}

fn open(path: &std::path::Path) -> Result<Recorder, Stop> {
    let options = RecorderOptions {
        now: Session::now(),
        max_bytes: None,
    };
    let recorder = Recorder::start(path, options)?;
    recorder.wait_until_open(DISK_LIMIT)?;
    Ok(recorder)
}

struct Listening {
    recorder: Option<Recorder>,
    packets: Option<Packets>,
    /// The number of the first row that was not shown yet.
    next: u64,
    shown: u64,
    most: u64,
    as_json: bool,
    is_quiet: bool,
    /// What the recorder has trouble with, said once.
    trouble: Option<RecordingError>,
}

impl Listening {
    fn listen(&mut self, session: &mut Session, listen: Listen) -> Result<ExitCode, Stop> {
        let id = Arc::clone(&listen.profile.id);
        let (name, address) = (
            Arc::clone(&listen.profile.name),
            listen.profile.address.to_string(),
        );
        headless::connect(session, listen.profile, listen.secrets)?;
        if let Some(recorder) = &self.recorder {
            recorder.name_connection(&id, &name);
        }
        let options = listen.options;
        for filter in &listen.filters {
            if !session.subscribe(&id, filter.clone(), options) {
                return Err(Stop::usage(
                    format!("there is nothing to subscribe to at {address}"),
                    "a listener for plain TCP has no topics; name a broker",
                ));
            }
        }
        let deadline = listen.limit.map(|limit| Instant::now() + limit);
        let mut is_listening = false;
        loop {
            let left = deadline.map_or(TICK, |deadline| {
                deadline.saturating_duration_since(Instant::now()).min(TICK)
            });
            let mut over = None;
            let pumped = headless::pump(session, left, |event, _| hear(event, &mut over));
            self.show(session)?;
            if let Some(packets) = &mut self.packets {
                packets.write()?;
            }
            if let Some(stop) = over {
                return Err(stop);
            }
            if !is_listening && is_listening_to_all(session, &id) {
                is_listening = true;
                let filters: Vec<&str> = listen.filters.iter().map(TopicFilter::as_str).collect();
                out::say(&format!(
                    "listening to {} on {address}; Ctrl+C ends it",
                    filters.join(", ")
                ));
            }
            self.watch_recorder()?;
            let is_over = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if self.shown >= self.most || pumped.is_err() {
                return Ok(ExitCode::Answered);
            }
            if is_over {
                return Ok(if listen.count.is_some() {
                    ExitCode::NoReplyInTime
                } else {
                    ExitCode::Answered
                });
            }
        }
    }

    /// Shows what is new, and hands it to the recorder.
    fn show(&mut self, session: &Session) -> Result<(), Stop> {
        let timeline = &session.timeline;
        if let Some(recorder) = &mut self.recorder {
            recorder.feed(timeline);
        }
        let mut lines = Vec::new();
        let new = timeline.iter().rev().map(|row| row.id().number());
        let new = new.take_while(|number| *number >= self.next).count();
        let from = timeline.len().saturating_sub(new);
        for place in from..timeline.len() {
            if self.shown >= self.most {
                break;
            }
            let Some(id) = timeline.id_at(place) else {
                break;
            };
            self.next = id.number() + 1;
            let Some(row) = timeline.row(id) else {
                continue;
            };
            self.shown += 1;
            if self.as_json {
                lines.extend(json(id, &row)?.into_bytes());
                lines.push(b'\n');
            } else if !self.is_quiet {
                lines.extend(words(&row).into_bytes());
                lines.push(b'\n');
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        let mut stdout = std::io::stdout().lock();
        stdout
            .write_all(&lines)
            .and_then(|()| stdout.flush())
            .map_err(|err| out::broken(&err))
    }

    /// A disk that is full is said; what ends the recording ends the command.
    fn watch_recorder(&mut self) -> Result<(), Stop> {
        let Some(recorder) = &self.recorder else {
            return Ok(());
        };
        let status = recorder.status();
        match &status.phase {
            Phase::Failed(problem) => Err(problem.clone().into()),
            Phase::Trouble(problem) => {
                if self.trouble.as_ref() != Some(problem) {
                    out::say(&format!("{problem}; it is tried again"));
                    self.trouble = Some(problem.clone());
                }
                Ok(())
            }
            Phase::Opening | Phase::Recording | Phase::Finished => {
                self.trouble = None;
                Ok(())
            }
        }
    }

    fn finish(&mut self, session: &Session) -> Result<Option<String>, Stop> {
        let Some(recorder) = self.recorder.take() else {
            return Ok(None);
        };
        let done = recorder.finish(&session.timeline, Session::now(), DISK_LIMIT)?;
        let bytes = usize::try_from(done.bytes).unwrap_or(usize::MAX);
        let mut told = format!(
            "; recorded in {} ({})",
            done.path.display(),
            text::bytes(bytes)
        );
        if done.missed > 0 {
            told += "; the disk was too slow for ";
            told += &text::count(done.missed);
            told += " of them";
        }
        Ok(Some(told))
    }
}

fn json(id: RowId, row: &Row) -> Result<String, Stop> {
    let line = Record::of(id, row).to_json();
    line.map_err(|err| Stop::new(ExitCode::Failed, err.to_string(), ""))
}

fn words(row: &Row) -> String {
    let message = row.message();
    let retained = if message.retain { " (retained)" } else { "" };
    let identifiers = &message.properties.subscription_identifiers;
    let by: Vec<String> = identifiers.iter().map(u32::to_string).collect();
    let by = match by.as_slice() {
        [] => String::new(),
        [one] => format!(" (identifier {one})"),
        several => format!(" (identifiers {})", several.join(", ")),
    };
    format!(
        "{} {}{retained}{by} {}",
        text::iso(row.time()),
        message.topic,
        payload::preview(&message.payload, PREVIEW)
    )
}

fn is_listening_to_all(session: &Session, id: &str) -> bool {
    session.link(id).is_some_and(|link| {
        let mut all = link.listening.values();
        all.all(|listening| listening.answer.is_some())
    })
}

fn hear(event: &Event, over: &mut Option<Stop>) {
    let Event::Connection { event, .. } = event else {
        return;
    };
    match event {
        ConnectionEvent::Listening { filter, reason } if reason.is_refusal() => {
            *over = Some(Stop::new(
                ExitCode::Refused,
                format!("the broker refused the subscription to {filter}: {reason}"),
                "may this user subscribe there?",
            ));
        }
        ConnectionEvent::State(ConnectionState::Refused { problem }) => {
            *over = Some(headless::refused(problem));
        }
        // It is made again by itself, and what was subscribed is subscribed again.
        ConnectionEvent::State(ConnectionState::Retrying { problem, .. }) => {
            out::say(&format!("{}; trying again", problem.summary));
        }
        _ => {}
    }
}
