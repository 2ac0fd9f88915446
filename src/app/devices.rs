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
    pub tone: Tone,
    /// `listening`, `connecting`, `off`, or what went wrong.
    pub words: String,
    pub listens: Vec<String>,
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
            let (tone, words) =
                match running.map(|running| (&running.state, running.is_listening())) {
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
                tone,
                words,
                listens: draft.listens.clone(),
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
        match &rule.reply {
            Some(reply) => lines.push(format!("reply {}", payload::preview(reply.as_bytes(), 120))),
            None if rule.no_reply => lines.push("no reply".to_owned()),
            None => {}
        }
    }
    if let Some(reply) = &draft.reply {
        lines.push(format!("reply {}", payload::preview(reply.as_bytes(), 120)));
    }
    lines
}
