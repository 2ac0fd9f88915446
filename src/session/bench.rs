//! Measures what a session adds to a bare rumqttc loop: the same requests to the same responder,
//! once through [`bare`] and once through a whole [`Session`] with its timeline.
//!
//! The thread that owns the session sends, drains and, in between, paints: whoever calls
//! [`Asking::pump`] says until when it may work. Round trips are taken from the call of
//! [`Session::send`] to the drained verdict, so that every queue on the way counts.

use super::{ConnectionEvent, Event, Session};
use crate::model::connection::ConnectionState;
use crate::model::exchange::{Change, ExchangeId, Verdict};
use crate::model::message::Qos;
use crate::model::profile::{Profile, ProfileDraft};
use crate::model::request::{Request, RequestDraft, ResponseTopicDraft, Surroundings};
use crate::model::subscribe::SubscribeOptions;
use crate::model::topic::TopicFilter;
pub use crate::mqtt::bare::{self, Answers, BareError, Helper, Load, Place};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The id of the profile that is measured.
pub const PROFILE: &str = "bench";
const EVENTS_PER_DRAIN: usize = 1_000;
/// How long a connection or a single answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BenchError {
    #[error(transparent)]
    Bare(#[from] BareError),
    #[error("Roundtrip could not connect to the broker: {0}")]
    NotConnected(String),
    #[error("Roundtrip could not listen: {0}")]
    NotListening(String),
    #[error("a request was not answered but {0}")]
    NotAnswered(String),
    #[error("a request was not answered within {} s", PATIENCE.as_secs())]
    NoAnswer,
}

/// Makes a connection of its own, as a profile of the user's would.
pub fn connect(session: &mut Session, place: &Place) -> Result<(), BenchError> {
    let refused = |why: String| BenchError::NotConnected(why);
    session
        .connect(profile(place)?, None)
        .map_err(|err| refused(err.to_string()))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match session.state(PROFILE) {
            ConnectionState::Connected(_) => return Ok(()),
            ConnectionState::Refused { problem } | ConnectionState::Retrying { problem, .. } => {
                return Err(refused(problem.summary.to_string()));
            }
            ConnectionState::Disconnected | ConnectionState::Connecting => {}
        }
        if Instant::now() >= deadline {
            return Err(refused(format!("not within {} s", PATIENCE.as_secs())));
        }
        session.wait(Duration::from_millis(50));
        session.drain(EVENTS_PER_DRAIN);
    }
}

/// Listens, as the user would, to a topic that nobody asks on; says which.
pub fn listen(session: &mut Session, token: u32) -> Result<Arc<str>, BenchError> {
    let refused = |why: &str| BenchError::NotListening(why.to_owned());
    let topic: Arc<str> = format!("roundtrip-bench/{token:08x}/heard").into();
    let filter = TopicFilter::new(topic.as_ref()).map_err(|err| refused(&err.to_string()))?;
    if !session.subscribe(PROFILE, filter.clone(), SubscribeOptions::default()) {
        return Err(refused("there is no connection"));
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let listening = session
            .link(PROFILE)
            .and_then(|link| link.listening.get(&filter));
        match listening.and_then(|listening| listening.answer.as_ref()) {
            Some(reason) if reason.is_refusal() => return Err(refused(&reason.to_string())),
            Some(_) => return Ok(topic),
            None => {}
        }
        if Instant::now() >= deadline {
            return Err(refused("the broker did not answer"));
        }
        session.wait(Duration::from_millis(50));
        session.drain(EVENTS_PER_DRAIN);
    }
}

fn profile(place: &Place) -> Result<Profile, BenchError> {
    let draft = ProfileDraft {
        name: "Measurement".to_owned(),
        address: format!("mqtt://{}:{}", place.0, place.1),
        client_id: format!("roundtrip-bench-{:08x}", rand::random::<u32>()),
        ..ProfileDraft::default()
    };
    draft
        .validate(PROFILE)
        .map_err(|errors| BenchError::NotConnected(format!("{errors:?}")))
}

/// The request that is sent again and again.
fn request(load: &Load) -> Result<Arc<Request>, BenchError> {
    let draft = RequestDraft {
        name: "Measurement".to_owned(),
        connection: PROFILE.to_owned(),
        topic: load.topic.as_ref().to_owned(),
        response_topic: ResponseTopicDraft::Typed(load.response_topic.as_ref().to_owned()),
        qos: load.qos,
        timeout: "10 s".to_owned(),
        payload: String::from_utf8_lossy(&load.payload).into_owned(),
        ..RequestDraft::default()
    };
    draft
        .validate(&Surroundings::default())
        .map(Arc::new)
        .map_err(|errors| BenchError::NotConnected(format!("{errors:?}")))
}

/// Requests through a session, as many on their way as the load says.
pub struct Asking {
    request: Arc<Request>,
    load: Load,
    open: BTreeMap<ExchangeId, Instant>,
    warm_up_left: usize,
    started: Option<Instant>,
    last_answer: Instant,
    answers: Answers,
}

impl Asking {
    pub fn new(load: Load) -> Result<Self, BenchError> {
        Ok(Self {
            request: request(&load)?,
            open: BTreeMap::new(),
            warm_up_left: load.warm_up.max(1),
            load,
            started: None,
            last_answer: Instant::now(),
            answers: Answers::default(),
        })
    }

    /// Sends, waits and drains until then, or until the time of the load is over and everything is
    /// answered; then it gives the answers.
    pub fn pump(
        &mut self,
        session: &mut Session,
        until: Instant,
    ) -> Result<Option<Answers>, BenchError> {
        loop {
            let now = Instant::now();
            if let Some(started) = self.started
                && now >= started + self.load.time
            {
                if self.open.is_empty() {
                    self.answers.elapsed = started.elapsed();
                    return Ok(Some(std::mem::take(&mut self.answers)));
                }
            } else {
                self.fill(session);
            }
            if now >= until {
                return Ok(None);
            }
            if now.saturating_duration_since(self.last_answer) > PATIENCE {
                return Err(BenchError::NoAnswer);
            }
            session.wait(until.saturating_duration_since(now));
            for event in session.drain(EVENTS_PER_DRAIN) {
                if let Event::Connection {
                    event:
                        ConnectionEvent::Changed {
                            id,
                            change: Change::Finished(verdict),
                            ..
                        },
                    ..
                } = event
                {
                    self.finished(id, &verdict)?;
                }
            }
        }
    }

    /// What the frame drained instead; [`Self::pump`] would wait for it in vain.
    pub fn note_drained(&mut self, session: &Session) -> Result<(), BenchError> {
        let mut done = Vec::new();
        for id in self.open.keys() {
            if let Some(exchange) = session.timeline.exchange(*id)
                && !exchange.verdict.is_open()
            {
                done.push((*id, exchange.verdict.clone()));
            }
        }
        done.into_iter()
            .try_for_each(|(id, verdict)| self.finished(id, &verdict))
    }

    fn fill(&mut self, session: &mut Session) {
        let wanted = if self.warm_up_left > 0 {
            1
        } else {
            if self.started.is_none() {
                self.started = Some(Instant::now());
            }
            self.load.in_flight
        };
        while self.open.len() < wanted {
            let sent = Instant::now();
            let Some(id) = session.send(PROFILE, Arc::clone(&self.request)) else {
                return;
            };
            self.open.insert(id, sent);
        }
    }

    fn finished(&mut self, id: ExchangeId, verdict: &Verdict) -> Result<(), BenchError> {
        let Some(sent) = self.open.remove(&id) else {
            return Ok(());
        };
        if !verdict.is_answered() {
            return Err(BenchError::NotAnswered(verdict.word().to_owned()));
        }
        self.last_answer = Instant::now();
        if self.warm_up_left > 0 {
            self.warm_up_left -= 1;
        } else {
            self.answers
                .round_trips
                .push(self.last_answer.saturating_duration_since(sent));
        }
        Ok(())
    }
}

/// A load of the usual kind, on topics of its own.
pub fn load(token: u32, qos: Qos, in_flight: usize, time: Duration) -> Load {
    Load {
        qos,
        in_flight,
        time,
        topic: request_topic(token),
        response_topic: format!("roundtrip-bench/{token:08x}/answers").into(),
        // 64 bytes, as in the published comparisons of clients.
        payload: format!("{{\"measure\":\"{}\"}}", "x".repeat(64 - 14)).into(),
        warm_up: 300,
    }
}

pub fn request_topic(token: u32) -> Arc<str> {
    format!("roundtrip-bench/{token:08x}/requests").into()
}
