//! Plays a demo's steps in a session: waits until everybody is connected, sends, waits for the verdicts.
//!
//! It never blocks: whoever owns the session calls [`DemoPlayer::tick`] after each drain.

use crate::model::demo::{Demo, Step};
use crate::model::exchange::{ExchangeId, Verdict};
use crate::model::message::Message;
use crate::model::request::{Request, Surroundings};
use crate::model::time::Timestamp;
use crate::session::{RunningDevice, Session};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long everybody may take to connect.
const READY_WITHIN: Duration = Duration::from_secs(15);

/// How long one step may take: exchanges end by themselves, a bare publish might be lost with its connection.
const STEP_WITHIN: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DemoProgress {
    /// Look again at the next event, or at this time at the latest.
    Running {
        next: Timestamp,
    },
    Done(DemoReport),
}

/// How a demo ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoReport {
    /// In the order in which they were sent.
    pub exchanges: Vec<ExchangeId>,
    /// What did not end as it should; empty when all did.
    pub failures: Vec<String>,
}

enum Stage {
    Connecting { since: Timestamp },
    Pausing { until: Timestamp },
    Waiting { since: Timestamp },
    Over,
}

pub struct DemoPlayer {
    title: String,
    /// Connection and request of every saved request, by its id.
    requests: Vec<(String, Arc<str>, crate::model::request::RequestDraft)>,
    devices: Vec<String>,
    connections: Vec<String>,
    steps: VecDeque<Step>,
    stage: Stage,
    /// Sent in this step and not yet over.
    open: Vec<ExchangeId>,
    /// Bare publishes of this step.
    published: Vec<Arc<Message>>,
    report: DemoReport,
    /// What to say, oldest first.
    said: VecDeque<String>,
}

impl DemoPlayer {
    /// The session's connections and devices must have been started already.
    pub fn new(demo: &Demo, now: Timestamp) -> Self {
        let steps = demo
            .steps
            .iter()
            .flat_map(|step| (0..step.times.max(1)).map(|_| step.clone()))
            .collect();
        Self {
            title: demo.title.clone(),
            requests: demo
                .requests
                .iter()
                .map(|request| {
                    (
                        request.id.clone(),
                        request.draft.connection.as_str().into(),
                        request.draft.clone(),
                    )
                })
                .collect(),
            devices: demo
                .devices
                .iter()
                .map(|device| device.id.clone())
                .collect(),
            connections: demo
                .connection_ids()
                .into_iter()
                .map(str::to_owned)
                .filter(|id| {
                    demo.requests
                        .iter()
                        .any(|request| request.draft.connection == *id)
                })
                .collect(),
            steps,
            stage: Stage::Connecting { since: now },
            open: Vec::new(),
            published: Vec::new(),
            report: DemoReport {
                exchanges: Vec::new(),
                failures: Vec::new(),
            },
            said: VecDeque::new(),
        }
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    /// What the demo says it does, as it does it.
    pub fn next_words(&mut self) -> Option<String> {
        self.said.pop_front()
    }

    pub fn tick(&mut self, session: &mut Session, now: Timestamp) -> DemoProgress {
        loop {
            match self.stage {
                Stage::Connecting { since } => {
                    let missing = self.missing(session);
                    let deadline = since.saturating_add(READY_WITHIN);
                    if missing.is_empty() {
                        self.next_step(now);
                    } else if now >= deadline {
                        self.report.failures.push(format!(
                            "not connected within {} s: {}",
                            READY_WITHIN.as_secs(),
                            missing.join(", ")
                        ));
                        self.stage = Stage::Over;
                    } else {
                        return DemoProgress::Running { next: deadline };
                    }
                }
                Stage::Pausing { until } if now < until => {
                    return DemoProgress::Running { next: until };
                }
                Stage::Pausing { .. } => self.send(session, now),
                Stage::Waiting { since } => {
                    if self.is_step_over(session) {
                        self.judge(session);
                        self.steps.pop_front();
                        self.next_step(now);
                    } else {
                        let deadline = since.saturating_add(STEP_WITHIN);
                        if now < deadline {
                            return DemoProgress::Running { next: deadline };
                        }
                        self.report
                            .failures
                            .push("a step did not end within a minute".to_owned());
                        self.stage = Stage::Over;
                    }
                }
                Stage::Over => return DemoProgress::Done(self.report.clone()),
            }
        }
    }

    fn missing(&self, session: &Session) -> Vec<String> {
        let connections = self
            .connections
            .iter()
            .filter(|id| !session.state(id).is_connected());
        let devices = self
            .devices
            .iter()
            .filter(|id| !session.device(id).is_some_and(RunningDevice::is_listening));
        connections.chain(devices).cloned().collect()
    }

    fn next_step(&mut self, now: Timestamp) {
        self.stage = match self.steps.front() {
            Some(step) => Stage::Pausing {
                until: now.saturating_add(step.pause()),
            },
            None => Stage::Over,
        };
    }

    fn send(&mut self, session: &mut Session, now: Timestamp) {
        let Some(step) = self.steps.front() else {
            return;
        };
        self.said.push_back(step.say.clone());
        self.open.clear();
        self.published.clear();
        for id in &step.send {
            let Some((_, connection, draft)) =
                self.requests.iter().find(|(request, _, _)| request == id)
            else {
                continue;
            };
            let info = session.state(connection).info().cloned();
            let surroundings = Surroundings {
                client_id: info.as_ref().map_or("", |info| &info.client_id),
                response_information: info
                    .as_ref()
                    .and_then(|info| info.response_information.as_deref()),
                rules: Some(session.rules()),
            };
            match draft.validate(&surroundings) {
                Ok(request) => {
                    let request: Arc<Request> = Arc::new(request);
                    let not_connected = || format!("{id}: not connected");
                    if !request.asks_for_reply() {
                        match session.publish(connection, request) {
                            Some(message) => self.published.push(message),
                            None => self.report.failures.push(not_connected()),
                        }
                    } else {
                        match session.send(connection, request) {
                            Some(exchange) => {
                                self.open.push(exchange);
                                self.report.exchanges.push(exchange);
                            }
                            None => self.report.failures.push(not_connected()),
                        }
                    }
                }
                Err(errors) => self.report.failures.extend(
                    errors
                        .into_iter()
                        .map(|err| format!("{id}: {}", err.message)),
                ),
            }
        }
        self.stage = Stage::Waiting { since: now };
    }

    fn is_step_over(&self, session: &Session) -> bool {
        // What is not in the timeline any more was over when it was cleared.
        let is_over = |id: &ExchangeId| {
            let exchange = session.timeline.exchange(*id);
            exchange.is_none_or(|exchange| !exchange.verdict.is_open())
        };
        self.open.iter().all(is_over)
            && self
                .published
                .iter()
                .all(|message| session.timeline.publish_row(message).is_some())
    }

    fn judge(&mut self, session: &Session) {
        let Some(step) = self.steps.front() else {
            return;
        };
        for row in self
            .published
            .iter()
            .filter_map(|message| session.timeline.publish_row(message))
        {
            let refusal = row
                .acknowledgement
                .as_ref()
                .filter(|reason| reason.is_refusal());
            let failure = row.failure.as_ref().map(ToString::to_string);
            if let Some(why) = failure.or_else(|| refusal.map(ToString::to_string)) {
                let topic = &row.message.topic;
                self.report
                    .failures
                    .push(format!("{topic}: not {}: {why}", step.expect));
            }
        }
        for id in &self.open {
            let Some(exchange) = session.timeline.exchange(*id) else {
                continue;
            };
            if exchange.verdict.word() != step.expect {
                let why = match &exchange.verdict {
                    Verdict::Failed { reason } => format!(": {reason}"),
                    Verdict::Rejected { reason, .. } => format!(": {reason}"),
                    _ => String::new(),
                };
                self.report.failures.push(format!(
                    "{}: {} instead of {}{why}",
                    exchange.request.topic,
                    exchange.verdict.word(),
                    step.expect
                ));
            }
        }
    }
}
