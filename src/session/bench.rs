//! Measures what a session adds to a bare rumqttc loop: the same requests to the same responder,
//! once through [`bare`] and once through a whole [`Session`] with its timeline.
//!
//! Requests are repeated as [`Session::repeat`] does it: round trips are taken from before a request is made to its
//! verdict. The thread that owns the session drains it, fills the timeline and paints meanwhile.

use super::{Repeat, RepeatEnd, RepeatPlan, Session};
use crate::model::connection::ConnectionState;
use crate::model::message::Qos;
use crate::model::profile::{Profile, ProfileDraft};
use crate::model::request::{Request, RequestDraft, ResponseTopicDraft, Surroundings};
use crate::model::subscribe::SubscribeOptions;
use crate::model::topic::TopicFilter;
pub use crate::mqtt::bare::{self, Answers, BareError, Helper, Load, Place};
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

/// Requests through a session, as many on their way as the load says. Whoever owns the session drains it meanwhile.
pub struct Asking {
    request: Arc<Request>,
    load: Load,
    /// None before the first, short one, which warms up.
    started: Option<Instant>,
    repeat: Repeat,
    last_answer: Instant,
    answers: Answers,
}

impl Asking {
    pub fn start(session: &mut Session, load: Load) -> Result<Self, BenchError> {
        let request = request(&load)?;
        let end = RepeatEnd::After(load.warm_up.max(1) as u64);
        Ok(Self {
            repeat: repeat(session, &request, 1, end)?,
            request,
            load,
            started: None,
            last_answer: Instant::now(),
            answers: Answers::default(),
        })
    }

    /// The answers, when the time of the load is over and everything is answered.
    pub fn look(&mut self, session: &mut Session) -> Result<Option<Answers>, BenchError> {
        let (so_far, is_over) = self.repeat.take();
        if let Some(verdict) = so_far.first_failure {
            return Err(BenchError::NotAnswered(verdict.word().to_owned()));
        }
        if let Some(at) = so_far.last_verdict {
            self.last_answer = at;
        }
        let Some(started) = self.started else {
            if is_over {
                let now = Instant::now();
                let end = RepeatEnd::At(now + self.load.time);
                let in_flight = self.load.in_flight;
                self.repeat = repeat(session, &self.request, in_flight, end)?;
                self.started = Some(now);
            }
            return self.patience().map(|()| None);
        };
        self.answers.round_trips.extend(so_far.round_trips);
        if is_over {
            self.answers.elapsed = self.last_answer.saturating_duration_since(started);
            return Ok(Some(std::mem::take(&mut self.answers)));
        }
        self.patience().map(|()| None)
    }

    fn patience(&self) -> Result<(), BenchError> {
        if self.last_answer.elapsed() > PATIENCE {
            return Err(BenchError::NoAnswer);
        }
        Ok(())
    }
}

fn repeat(
    session: &mut Session,
    request: &Arc<Request>,
    in_flight: usize,
    end: RepeatEnd,
) -> Result<Repeat, BenchError> {
    let plan = RepeatPlan {
        request: Arc::clone(request),
        in_flight,
        end,
    };
    session
        .repeat(PROFILE, plan)
        .ok_or_else(|| BenchError::NotConnected("there is no connection".to_owned()))
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
