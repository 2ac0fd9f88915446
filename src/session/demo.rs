//! Plays a demo's steps in a session: waits until everybody is there, does what the step says, sends, waits for the
//! verdicts.
//!
//! It never blocks: whoever owns the session calls [`DemoPlayer::tick`] after each drain, and carries out the
//! [`Order`]s: connecting may need a password, which only the owner has.

mod judge;

use crate::model::demo::{Demo, Step};
use crate::model::exchange::ExchangeId;
use crate::model::message::{Message, Qos};
use crate::model::request::{Request, RequestDraft, Surroundings};
use crate::model::requester::WillRequest;
use crate::model::time::Timestamp;
use crate::model::topic::TopicName;
use crate::session::{RunningDevice, Session};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How long everybody may take to connect.
const READY_WITHIN: Duration = Duration::from_secs(15);

/// How long a device that has to be asleep must go on sleeping: what is sent then must wait for it.
const ASLEEP_FOR: Duration = Duration::from_secs(2);

/// How long one step may take: exchanges end by themselves, a bare publish might be lost with its connection.
const STEP_WITHIN: Duration = Duration::from_mins(1);

/// How long messages that are expected may take after the last exchange.
const MESSAGES_WITHIN: Duration = Duration::from_secs(3);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DemoProgress {
    /// Look again at the next event, or at this time at the latest.
    Running {
        next: Timestamp,
    },
    /// To be carried out; then look again.
    Please(Order),
    Done(DemoReport),
}

/// What the owner of the session has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// The id of a connection profile.
    Connect(String),
    /// The id of a simulated device.
    SwitchOn(String),
}

/// How a demo ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoReport {
    /// In the order in which they were sent.
    pub exchanges: Vec<ExchangeId>,
    /// The one to look at.
    pub shown: Option<ExchangeId>,
    /// What did not end as it should; empty when all did.
    pub failures: Vec<String>,
}

enum Stage {
    /// The pause before a step.
    Pausing {
        until: Timestamp,
    },
    /// Its words are read.
    Reading {
        until: Timestamp,
    },
    /// What it orders is under way, such as everybody coming in at the beginning.
    Preparing {
        since: Timestamp,
    },
    Lingering {
        until: Timestamp,
        since: Timestamp,
    },
    Waiting {
        since: Timestamp,
    },
    /// All steps are done: what was left open ends, and the last messages come in.
    Closing {
        since: Timestamp,
    },
    Over,
}

/// An exchange under way.
struct Sent {
    exchange: ExchangeId,
    verdict: String,
    answer: String,
}

pub struct DemoPlayer {
    title: String,
    requests: BTreeMap<String, RequestDraft>,
    /// Of the demo, to tell its messages from others.
    connections: Vec<String>,
    shown_request: Option<String>,
    steps: VecDeque<Step>,
    step_count: usize,
    steps_begun: usize,
    began: Timestamp,
    stage: Stage,
    orders: VecDeque<Order>,
    /// Connections and devices that have to be there before anything is sent.
    awaited: Vec<Order>,
    /// Sent and not yet judged; those of this step, and those that were left open.
    open: Vec<Sent>,
    left_open: Vec<Sent>,
    /// Bare publishes of this step.
    published: Vec<Arc<Message>>,
    /// Connections that were cut and have a will that asks for a reply, and their wills' last exchanges.
    wills: Vec<(String, Option<ExchangeId>)>,
    expect_messages: BTreeMap<String, usize>,
    lesson: String,
    report: DemoReport,
    is_read_along: bool,
    /// What to say, oldest first.
    said: VecDeque<String>,
}

impl DemoPlayer {
    /// Sends the scene's latecomers out and orders everybody else that is not there in.
    pub fn new(demo: &Demo, session: &mut Session, now: Timestamp) -> Self {
        let mut awaited = Vec::new();
        let mut orders = VecDeque::new();
        for id in demo.client_ids() {
            let is_there = session.link(id).is_some();
            if demo.is_later(id) {
                session.disconnect(id);
            } else {
                awaited.push(Order::Connect(id.to_owned()));
                orders.extend((!is_there).then(|| Order::Connect(id.to_owned())));
            }
        }
        for device in &demo.devices {
            let is_there = session.device(&device.id).is_some();
            if demo.is_later(&device.id) {
                session.stop_device(&device.id);
            } else {
                awaited.push(Order::SwitchOn(device.id.clone()));
                orders.extend((!is_there).then(|| Order::SwitchOn(device.id.clone())));
            }
        }
        let requests = demo.requests.iter();
        let steps: VecDeque<Step> = demo
            .steps
            .iter()
            .flat_map(|step| (0..step.times.0.max(1)).map(|_| step.clone()))
            .collect();
        Self {
            title: demo.title.clone(),
            requests: requests
                .map(|request| (request.id.clone(), request.draft.clone()))
                .collect(),
            connections: demo.client_ids().into_iter().map(str::to_owned).collect(),
            shown_request: demo.show.clone(),
            step_count: steps.len(),
            steps_begun: 0,
            steps,
            began: now,
            stage: Stage::Preparing { since: now },
            orders,
            awaited,
            open: Vec::new(),
            left_open: Vec::new(),
            published: Vec::new(),
            wills: Vec::new(),
            expect_messages: demo.expect_messages.clone(),
            lesson: demo.lesson.clone(),
            report: DemoReport {
                exchanges: Vec::new(),
                shown: None,
                failures: Vec::new(),
            },
            is_read_along: false,
            said: VecDeque::new(),
        }
    }

    /// Somebody reads along: before something happens there is time to read what is said of it.
    pub fn read_along(&mut self) {
        self.is_read_along = true;
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    /// Which step it is at, from 1, and how many there are.
    pub fn place(&self) -> (usize, usize) {
        (self.steps_begun, self.step_count)
    }

    /// What the demo says it does, as it does it, and in the end what there was to be seen.
    pub fn next_words(&mut self) -> Option<String> {
        self.said.pop_front()
    }

    pub fn tick(&mut self, session: &mut Session, now: Timestamp) -> DemoProgress {
        loop {
            match self.stage {
                Stage::Pausing { until }
                | Stage::Reading { until }
                | Stage::Lingering { until, .. }
                    if now < until =>
                {
                    return DemoProgress::Running { next: until };
                }
                Stage::Pausing { .. } => self.speak(now),
                Stage::Reading { .. } => self.change_scene(session, now),
                Stage::Preparing { since } => {
                    if let Some(order) = self.orders.pop_front() {
                        return DemoProgress::Please(order);
                    }
                    let mut missing = self.missing(session);
                    missing.extend(self.awake(session, now));
                    if !missing.is_empty() {
                        match still_waits(since, READY_WITHIN, now) {
                            Some(next) => return DemoProgress::Running { next },
                            None => self.give_up(&format!(
                                "not ready within {} s: {}",
                                READY_WITHIN.as_secs(),
                                missing.join(", ")
                            )),
                        }
                    } else if self.steps_begun == 0 {
                        self.next_step(now);
                    } else {
                        self.send(session, now);
                    }
                }
                Stage::Lingering { since, .. } => self.stage = Stage::Waiting { since },
                Stage::Waiting { since } => {
                    if self.is_step_over(session) {
                        self.end_step(session);
                        self.next_step(now);
                    } else if let Some(next) = still_waits(since, STEP_WITHIN, now) {
                        return DemoProgress::Running { next };
                    } else {
                        self.give_up("a step did not end within a minute");
                    }
                }
                Stage::Closing { since } => {
                    if let Some(next) = self.close(session, since, now) {
                        return DemoProgress::Running { next };
                    }
                    self.stage = Stage::Over;
                }
                Stage::Over => return DemoProgress::Done(self.report.clone()),
            }
        }
    }

    fn give_up(&mut self, why: &str) {
        self.report.failures.push(why.to_owned());
        self.stage = Stage::Over;
    }

    /// The devices of this step that are awake, or will be in a moment.
    fn awake(&self, session: &Session, now: Timestamp) -> Vec<String> {
        let step = self.steps.front().filter(|_| self.steps_begun > 0);
        let sleepers = step.map_or(&[][..], |step| &step.asleep);
        let sleeps = |id: &&String| {
            let wakes = session.device(id).and_then(|device| device.asleep_until);
            wakes.is_some_and(|wakes| wakes >= now.saturating_add(ASLEEP_FOR))
        };
        let awake = sleepers.iter().filter(|id| !sleeps(id));
        awake.map(|id| format!("the sleep of {id}")).collect()
    }

    fn missing(&self, session: &Session) -> Vec<String> {
        let is_missing = |order: &&Order| match order {
            Order::Connect(id) => !session.state(id).is_connected(),
            Order::SwitchOn(id) => !session.device(id).is_some_and(RunningDevice::is_listening),
        };
        let missing = self.awaited.iter().filter(is_missing);
        let missing = missing.map(|order| match order {
            Order::Connect(id) | Order::SwitchOn(id) => id.clone(),
        });
        let wills = self.wills.iter();
        let wills = wills.filter(|(id, last)| will_of(session, id) == *last);
        missing
            .chain(wills.map(|(id, _)| format!("the will of {id}")))
            .collect()
    }

    fn next_step(&mut self, now: Timestamp) {
        self.stage = match self.steps.front() {
            Some(step) => Stage::Pausing {
                until: now.saturating_add(step.pause()),
            },
            None => Stage::Closing { since: now },
        };
    }

    fn speak(&mut self, now: Timestamp) {
        let words = self.steps.front().map_or("", |step| &step.say);
        self.steps_begun += 1;
        let mut until = now;
        if !words.is_empty() {
            // What is under way does not wait for a reader.
            if self.is_read_along && self.left_open.is_empty() {
                until = now.saturating_add(time_to_read(words));
            }
            self.said.push_back(words.to_owned());
        }
        self.stage = Stage::Reading { until };
    }

    /// Who has to go goes; who has to come is ordered in and waited for.
    fn change_scene(&mut self, session: &mut Session, now: Timestamp) {
        self.awaited.clear();
        if let Some(step) = self.steps.front() {
            for id in &step.switch_off {
                session.stop_device(id);
            }
            for id in &step.disconnect {
                session.disconnect(id);
            }
            let came = step.switch_on.iter().cloned().map(Order::SwitchOn);
            let came = came.chain(step.connect.iter().cloned().map(Order::Connect));
            self.awaited.extend(came);
            self.orders.extend(self.awaited.iter().cloned());
            for id in &step.cut {
                if let Some(link) = session.link(id)
                    && WillRequest::of(&link.profile).is_some()
                {
                    self.wills.push((id.clone(), link.will));
                }
                session.cut(id);
            }
        }
        self.stage = Stage::Preparing { since: now };
    }

    fn send(&mut self, session: &mut Session, now: Timestamp) {
        let Some(step) = self.steps.front() else {
            return;
        };
        let since = now;
        let until = now.saturating_add(step.wait());
        self.published.clear();
        for (place, id) in step.send.iter().enumerate() {
            let Some(draft) = self.requests.get(id) else {
                self.report
                    .failures
                    .push(format!("there is no request `{id}`"));
                continue;
            };
            let connection = draft.connection.as_str();
            let info = session.state(connection).info().cloned();
            let surroundings = Surroundings {
                client_id: info.as_ref().map_or("", |info| &info.client_id),
                response_information: info
                    .as_ref()
                    .and_then(|info| info.response_information.as_deref()),
                rules: Some(session.rules()),
                environment: None,
            };
            let request: Arc<Request> = match draft.validate(&surroundings) {
                Ok(request) => Arc::new(request),
                Err(errors) => {
                    let errors = errors.into_iter();
                    let failures = errors.map(|err| format!("{id}: {}", err.message));
                    self.report.failures.extend(failures);
                    continue;
                }
            };
            let not_connected = || format!("{id}: not connected");
            if !request.asks_for_reply() {
                match session.publish(connection, request) {
                    Some(message) => self.published.push(message),
                    None => self.report.failures.push(not_connected()),
                }
                continue;
            }
            let Some(exchange) = session.send(connection, request) else {
                self.report.failures.push(not_connected());
                continue;
            };
            self.report.exchanges.push(exchange);
            if self.shown_request.as_ref().is_none_or(|shown| shown == id) {
                self.report.shown = Some(exchange);
            }
            self.open.push(Sent {
                exchange,
                verdict: step.expect.of(place).to_owned(),
                answer: step.answers.get(place).cloned().unwrap_or_default(),
            });
        }
        for (place, (id, _)) in std::mem::take(&mut self.wills).into_iter().enumerate() {
            if let Some(exchange) = will_of(session, &id) {
                self.report.exchanges.push(exchange);
                if self.shown_request.is_none() {
                    self.report.shown = Some(exchange);
                }
                self.open.push(Sent {
                    exchange,
                    verdict: step.expect.of(step.send.len() + place).to_owned(),
                    answer: String::new(),
                });
            }
        }
        self.stage = Stage::Lingering { until, since };
    }

    fn is_step_over(&self, session: &Session) -> bool {
        let Some(step) = self.steps.front() else {
            return true;
        };
        // What is not in the timeline any more was over when it was cleared.
        let is_over = |sent: &Sent| {
            let exchange = session.timeline.exchange(sent.exchange);
            exchange.is_none_or(|exchange| !exchange.verdict.is_open())
        };
        let is_away = |sent: &Sent| {
            let exchange = session.timeline.exchange(sent.exchange);
            exchange.is_none_or(|exchange| {
                let is_out = match exchange.message.qos {
                    Qos::AtMostOnce => exchange.legs.published.is_some(),
                    Qos::AtLeastOnce | Qos::ExactlyOnce => exchange.acknowledgement.is_some(),
                };
                is_out || !session.state(&exchange.connection).is_connected()
            }) || is_over(sent)
        };
        let is_done = |message: &Arc<Message>| session.timeline.publish_row(message).is_some();
        let mut own = self.open.iter();
        (if step.leave_open {
            own.all(is_away)
        } else {
            own.all(is_over)
        }) && (!step.awaits || self.left_open.iter().all(is_over))
            && self.published.iter().all(is_done)
    }

    fn end_step(&mut self, session: &Session) {
        let Some(step) = self.steps.pop_front() else {
            return;
        };
        judge::publishes(&self.published, session, &mut self.report.failures);
        self.comment(&step, session);
        let mut ended = Vec::new();
        if step.awaits {
            ended.append(&mut self.left_open);
        }
        if step.leave_open {
            self.left_open.append(&mut self.open);
        } else {
            ended.append(&mut self.open);
        }
        judge::exchanges(&ended, session, &mut self.report.failures);
    }

    /// What there is to say about how it went.
    fn comment(&mut self, step: &Step, session: &Session) {
        let first = self.open.first();
        let Some(exchange) = first.and_then(|sent| session.timeline.exchange(sent.exchange)) else {
            return;
        };
        let Some(words) = step.after.get(exchange.verdict.word()) else {
            return;
        };
        let response_topic = exchange.message.properties.response_topic.as_ref();
        let info = session.state(&exchange.connection).info();
        let prefix = info.and_then(|info| info.response_information.as_deref());
        let words = words.replace(
            "{response_topic}",
            response_topic.map_or("no topic", TopicName::as_str),
        );
        self.said
            .push_back(words.replace("{response_information}", prefix.unwrap_or("none")));
    }

    /// Waits for what is left; `None` when all is judged.
    fn close(&mut self, session: &Session, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let is_open = |sent: &Sent| {
            let exchange = session.timeline.exchange(sent.exchange);
            exchange.is_some_and(|exchange| exchange.verdict.is_open())
        };
        if self.left_open.iter().any(is_open) {
            let next = still_waits(since, STEP_WITHIN, now);
            if next.is_some() {
                return next;
            }
        }
        let counts = judge::message_counts(
            session,
            &self.connections,
            &self.report.exchanges,
            self.began,
        );
        let have_come = |(word, wanted): (&String, &usize)| judge::count(&counts, word) >= *wanted;
        if !self.expect_messages.iter().all(have_come) {
            let next = still_waits(since, MESSAGES_WITHIN, now);
            if next.is_some() {
                return next;
            }
        }
        let ended = std::mem::take(&mut self.left_open);
        let failures = &mut self.report.failures;
        judge::exchanges(&ended, session, failures);
        judge::messages(&self.expect_messages, &counts, failures);
        if failures.is_empty() && !self.lesson.is_empty() {
            self.said.push_back(self.lesson.clone());
        }
        None
    }
}

/// When the time is up, while it is not.
fn still_waits(since: Timestamp, most: Duration, now: Timestamp) -> Option<Timestamp> {
    let deadline = since.saturating_add(most);
    (now < deadline).then_some(deadline)
}

fn will_of(session: &Session, id: &str) -> Option<ExchangeId> {
    session.link(id).and_then(|link| link.will)
}

/// Two hundred words a minute, more or less.
fn time_to_read(words: &str) -> Duration {
    let letters = u32::try_from(words.chars().count()).unwrap_or(u32::MAX);
    (Duration::from_millis(45).saturating_mul(letters))
        .clamp(Duration::from_millis(1200), Duration::from_secs(6))
}

#[cfg(test)]
mod tests;
