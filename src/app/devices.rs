//! Simulated devices as cards, and what they do as lines.

use crate::app::App;
use crate::app::rows::{Tone, clock};
use crate::model::connection::ConnectionState;
use crate::model::exchange::Verdict;
use crate::model::payload;
use crate::model::responder::{DeviceDraft, shown_value};
use crate::model::text;
use crate::model::time::Timestamp;
use crate::model::timeline::Row;
use crate::model::topic::TopicFilter;
use crate::session::DeviceEvent;
use std::collections::VecDeque;

/// Lines kept; older ones go.
const LINES: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
    Note,
    /// A request that gets no answer, or a device that cannot be asked.
    Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityLine {
    pub time: String,
    pub direction: Direction,
    pub text: String,
    /// Who and what, in full.
    pub tooltip: String,
}

/// The newest lines of what devices received, answered and noted.
#[derive(Debug, Default)]
pub struct Activity {
    lines: VecDeque<ActivityLine>,
    pub is_paused: bool,
}

impl Activity {
    /// Newest first.
    pub fn lines(&self) -> impl Iterator<Item = &ActivityLine> {
        self.lines.iter().rev()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub fn note(&mut self, device: &str, event: &DeviceEvent, now: Timestamp) {
        if self.is_paused {
            return;
        }
        let (at, direction, text, tooltip) = match event {
            DeviceEvent::Received { message, at } => {
                let payload = payload::preview(&message.payload, 200);
                (
                    *at,
                    Direction::In,
                    message.topic.to_string(),
                    format!("{device} received on {}: {payload}", message.topic),
                )
            }
            DeviceEvent::Answered { answer, at, .. } => {
                let payload = payload::preview(&answer.payload, 200);
                (
                    *at,
                    Direction::Out,
                    answer.topic.to_string(),
                    format!("{device} answered on {}: {payload}", answer.topic),
                )
            }
            DeviceEvent::NotAnswered { request, why, at } => (
                *at,
                Direction::Problem,
                format!("{}: {why}", request.topic),
                format!("{device} did not answer on {}: {why}", request.topic),
            ),
            DeviceEvent::Noted { request, note, at } => (
                *at,
                Direction::Note,
                format!("{}: {note}", request.topic),
                format!("{device}, {}: {note}", request.topic),
            ),
            DeviceEvent::Published { message, at } => {
                let payload = payload::preview(&message.payload, 200);
                (
                    *at,
                    Direction::Out,
                    message.topic.to_string(),
                    format!("{device} published on {}: {payload}", message.topic),
                )
            }
            DeviceEvent::NotPublished { topic, why, at } => (
                *at,
                Direction::Problem,
                format!("{topic}: {why}"),
                format!("{device} did not publish on {topic}: {why}"),
            ),
            DeviceEvent::Asleep { wakes, at } => {
                let words = format!("asleep for {}", text::duration(wakes.since(*at)));
                let tooltip = format!("{device} is {words}");
                (*at, Direction::Note, format!("{device}: {words}"), tooltip)
            }
            DeviceEvent::NotListening { filter, why, at } => (
                *at,
                Direction::Problem,
                format!("{filter}: {why}"),
                format!("{device} does not listen to {filter}: {why}"),
            ),
            DeviceEvent::State(
                ConnectionState::Retrying { problem, .. } | ConnectionState::Refused { problem },
            ) => (
                now,
                Direction::Problem,
                format!("{device}: {}", problem.summary),
                format!("{}. {}", problem.summary, problem.hint),
            ),
            _ => return,
        };
        self.lines.push_back(ActivityLine {
            time: clock(at),
            direction,
            text,
            tooltip,
        });
        if self.lines.len() > LINES {
            self.lines.pop_front();
        }
    }
}

/// One value of a device's state.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueRow {
    pub key: String,
    /// As it is edited: a text without its quotes.
    pub shown: String,
}

/// A device as its card shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceCard {
    pub id: String,
    pub name: String,
    pub is_on: bool,
    pub is_asleep: bool,
    pub tone: Tone,
    /// `listening`, `connecting`, `off`, or what went wrong.
    pub words: String,
    /// The pairing rule that it answers by, unless that is MQTT 5's own.
    pub pairing: Option<String>,
    pub listens: Vec<String>,
    /// `awake 5 s of every 15 s`.
    pub schedule: Option<String>,
    /// `kept for 300 s · will on …`, what it leaves at the broker.
    pub session: Option<String>,
    /// `5 % wrong correlation`.
    pub faults: Option<String>,
    pub values: Vec<ValueRow>,
    /// `2 ± 1 ms`, and how many it has answered.
    pub answers: String,
    /// Its rules, one line each, as in its file.
    pub rules: Vec<String>,
    pub connection: String,
}

/// Every saved device, in the order of their names.
pub fn device_cards(app: &App) -> Vec<DeviceCard> {
    app.library
        .devices()
        .iter()
        .map(|(id, draft)| {
            let running = app.session.device(id);
            let (tone, words) = match running.and_then(|running| running.asleep_until) {
                Some(wakes) => (
                    Tone::Waiting,
                    asleep_words(wakes, app.now, app.session.queued_for(id)),
                ),
                None => match running.map(|running| (&running.state, running.is_listening())) {
                    None => (Tone::Neutral, "off".to_owned()),
                    Some((ConnectionState::Connected(_), true)) => {
                        (Tone::Answered, "listening".to_owned())
                    }
                    Some((ConnectionState::Connected(_), false)) => {
                        (Tone::Waiting, "subscribing".to_owned())
                    }
                    Some((ConnectionState::Connecting | ConnectionState::Disconnected, _)) => {
                        (Tone::Waiting, "connecting".to_owned())
                    }
                    Some((ConnectionState::Retrying { problem, .. }, _)) => {
                        (Tone::Waiting, format!("trying again: {}", problem.summary))
                    }
                    Some((ConnectionState::Refused { problem }, _)) => {
                        (Tone::Failed, problem.summary.to_string())
                    }
                },
            };
            let row = |key: &str, value| ValueRow {
                key: key.to_owned(),
                shown: shown_value(value),
            };
            let values = match running {
                Some(running) => running
                    .values
                    .iter()
                    .map(|(key, value)| row(key, value))
                    .collect(),
                None => draft
                    .state
                    .0
                    .iter()
                    .map(|(key, value)| row(key, value))
                    .collect(),
            };
            let answered = running.map_or(0, |running| running.answered);
            let timing = timing_words(draft);
            DeviceCard {
                id: id.clone(),
                // A file written by hand may lack one.
                name: Some(draft.name.trim())
                    .filter(|name| !name.is_empty())
                    .unwrap_or(id)
                    .to_owned(),
                is_on: running.is_some(),
                is_asleep: running.is_some_and(|running| running.asleep_until.is_some()),
                tone,
                words,
                pairing: Some(draft.pairing.clone()).filter(|rule| !rule.is_empty()),
                listens: match running {
                    // What was derived from the rule, too.
                    Some(running) => running
                        .spec
                        .listens
                        .iter()
                        .map(ToString::to_string)
                        .collect(),
                    None => draft.listens.clone(),
                },
                schedule: schedule_words(draft),
                session: session_words(draft),
                faults: faults_words(draft),
                values,
                answers: if answered > 0 {
                    format!("{timing} · {} answered", text::count(answered))
                } else {
                    timing
                },
                rules: rule_lines(draft),
                connection: app
                    .library
                    .profile(&draft.connection)
                    .map_or_else(|| draft.connection.clone(), |profile| profile.name.clone()),
            }
        })
        .collect()
}

/// `asleep, wakes in 8 s · 2 queued`.
fn asleep_words(wakes: Timestamp, now: Timestamp, queued: usize) -> String {
    let left = wakes.since(now).as_secs_f64().ceil();
    match queued {
        0 => format!("asleep, wakes in {left} s"),
        queued => format!("asleep, wakes in {left} s · {queued} queued"),
    }
}

fn schedule_words(draft: &DeviceDraft) -> Option<String> {
    let schedule = draft.schedule.as_ref()?;
    let leaves = match schedule.leaves.as_str() {
        "cut" => ", cut off",
        _ => "",
    };
    Some(format!(
        "awake {} of every {}{leaves}",
        schedule.awake, schedule.every
    ))
}

fn faults_words(draft: &DeviceDraft) -> Option<String> {
    let faults = draft.faults;
    let words: Vec<String> = [
        (faults.drop_percent, "lost"),
        (faults.duplicate_percent, "twice"),
        (faults.wrong_correlation_percent, "wrong correlation"),
    ]
    .into_iter()
    .filter(|(percent, _)| *percent > 0)
    .map(|(percent, what)| format!("{percent} % {what}"))
    .collect();
    (!words.is_empty()).then(|| words.join(" · "))
}

/// What the broker keeps for it while it is away, and what it tells the others.
fn session_words(draft: &DeviceDraft) -> Option<String> {
    let mut words = Vec::new();
    if draft.session_expiry_secs > 0 || !draft.clean_start {
        words.push("persistent".to_owned());
    }
    let own = [
        ("will", draft.will.as_ref().map(|it| &it.topic)),
        ("birth", draft.birth.as_ref().map(|it| &it.topic)),
        ("farewell", draft.farewell.as_ref().map(|it| &it.topic)),
    ];
    let told = own
        .into_iter()
        .filter_map(|(what, topic)| topic.map(|_| what.to_owned()));
    words.extend(told);
    words.extend(
        draft
            .publishes
            .iter()
            .map(|own| format!("{} every {}", own.topic, own.every)),
    );
    (!words.is_empty()).then(|| words.join(" · "))
}

/// What could be done about a request that nobody answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// A saved device listens to the topic, and is switched off.
    SwitchOn { id: String, name: String },
    /// No device listens to it.
    AddDevice,
}

/// Offered for what timed out and for what nobody subscribes to.
pub fn remedy(app: &App, row: &Row) -> Option<Remedy> {
    let Row::Exchange(exchange) = row else {
        return None;
    };
    if !matches!(exchange.verdict, Verdict::TimedOut | Verdict::NoSubscribers) {
        return None;
    }
    let topic = &exchange.message.topic;
    let listens = |draft: &DeviceDraft| {
        let filters = draft.listens.iter();
        filters
            .filter_map(|text| TopicFilter::new(text).ok())
            .any(|filter| filter.matches(topic))
    };
    let mut listeners = app
        .library
        .devices()
        .iter()
        .filter(|(_, draft)| listens(draft))
        .peekable();
    if listeners.peek().is_none() {
        return Some(Remedy::AddDevice);
    }
    let (id, draft) = listeners.find(|(id, _)| app.session.device(id).is_none())?;
    Some(Remedy::SwitchOn {
        id: id.clone(),
        name: draft.name.clone(),
    })
}

/// `2 ms ± 1 ms`.
fn timing_words(draft: &DeviceDraft) -> String {
    let jitter = draft.jitter.trim().trim_start_matches('±').trim();
    match (draft.delay.trim(), jitter) {
        ("", "") => "at once".to_owned(),
        ("", jitter) => format!("within {jitter}"),
        (delay, "") => delay.to_owned(),
        (delay, jitter) => format!("{delay} ± {jitter}"),
    }
}

/// `error 404 no such thing: `.
fn said_words(status: &str, code: &str, message: &str) -> String {
    let words: Vec<&str> = [status, code, message]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        String::new()
    } else {
        format!("{}: ", words.join(" "))
    }
}

/// What the device does, a line a clause.
fn rule_lines(draft: &DeviceDraft) -> Vec<String> {
    let mut lines = Vec::new();
    for rule in &draft.rules {
        lines.push(if rule.when.is_empty() {
            "otherwise".to_owned()
        } else {
            format!("when {}", rule.when)
        });
        lines.extend(
            rule.set
                .0
                .iter()
                .map(|(key, value)| format!("set {key} = {}", shown_value(value))),
        );
        let said = said_words(&rule.status, &rule.code, &rule.message);
        match &rule.reply {
            _ if rule.no_reply => lines.push("no reply".to_owned()),
            Some(reply) => {
                let reply = payload::preview(reply.as_bytes(), 120);
                lines.push(match &*rule.delay {
                    "" => format!("reply {said}{reply}"),
                    delay => format!("reply after {delay} {said}{reply}"),
                });
            }
            None if said.is_empty() => {}
            None => lines.push(format!("reply {}", said.trim_end())),
        }
        lines.extend(rule.then.iter().map(|more| {
            let said = said_words(&more.status, &more.code, &more.message);
            let reply = more.reply.as_deref().unwrap_or("the same");
            let reply = payload::preview(reply.as_bytes(), 120);
            match more.after.as_str() {
                "" => format!("then {said}{reply}"),
                after => format!("then after {after} {said}{reply}"),
            }
        }));
    }
    if let Some(reply) = &draft.reply {
        lines.push(format!("reply {}", payload::preview(reply.as_bytes(), 120)));
    }
    lines
}
