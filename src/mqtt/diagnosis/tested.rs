//! A connection of a test, and what it tells, in order.

use crate::model::connection::{ConnectionState, Problem};
use crate::model::message::Message;
use crate::model::profile::Profile;
use crate::model::time::Timestamp;
use crate::model::topic::TopicFilter;
use crate::mqtt::client::{Client, ClientEvent, ClientOptions};
use crate::mqtt::error::ClientError;
use crate::mqtt::transport;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// So much may wait to be looked at; on busy topics the rest is not needed.
const ROOM: usize = 1024;
/// That a connection was lost is told a moment after what waited for it.
const MOMENT: Duration = Duration::from_millis(300);

/// What every payload of a test begins with.
pub const MARK: &str = "roundtrip test ";

/// A message of a test, or one in which the broker tells of itself.
fn is_of_test(message: &Message) -> bool {
    message.payload.starts_with(MARK.as_bytes()) || message.topic.as_str().starts_with("$SYS/")
}

pub enum Heard {
    Way(transport::Told),
    State(ConnectionState),
    Message {
        message: Arc<Message>,
        at: Timestamp,
    },
}

/// Why a step came to nothing.
pub enum Ended {
    Late,
    /// The connection was lost.
    Lost(Problem),
}

pub struct Tested {
    pub client: Client,
    heard: mpsc::Receiver<Heard>,
    /// Messages that came while something else was waited for.
    pub came: VecDeque<(Arc<Message>, Timestamp)>,
    /// What is to be unsubscribed at the end.
    pub filters: Vec<TopicFilter>,
    /// Why it is gone.
    lost: Option<Problem>,
}

impl Tested {
    /// By the options, with another profile.
    pub fn start(runtime: &Handle, options: &ClientOptions, profile: Profile) -> Self {
        let (tell, heard) = mpsc::channel(ROOM);
        let on_way = tell.clone();
        let watch = move |told: &transport::Told| {
            // Nobody listens any more, or so much came that this is not missed.
            drop(on_way.try_send(Heard::Way(told.clone())));
        };
        let options = ClientOptions {
            profile: Arc::new(profile),
            watch: Some(Arc::new(watch)),
            ..options.clone()
        };
        let sink = move |event| {
            let heard = match event {
                ClientEvent::State(state) => Heard::State(state),
                // On a busy topic the others must not take the room.
                ClientEvent::Message { message, .. } if !is_of_test(&message) => return,
                ClientEvent::Message { message, at } => Heard::Message { message, at },
            };
            drop(tell.try_send(heard));
        };
        Self {
            client: Client::start(runtime, options, Arc::new(sink)),
            heard,
            came: VecDeque::new(),
            filters: Vec::new(),
            lost: None,
        }
    }

    pub async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }

    /// Waits until it is connected or failed; what it tells meanwhile goes to `hear`.
    pub async fn settled(&mut self, mut hear: impl FnMut(&transport::Told)) -> ConnectionState {
        while let Some(heard) = self.next().await {
            match heard {
                Heard::State(ConnectionState::Connecting) | Heard::Message { .. } => {}
                Heard::State(state) => return state,
                Heard::Way(told) => hear(&told),
            }
        }
        ConnectionState::Disconnected
    }

    /// Waits for something, but not for ever and not without a connection.
    pub async fn within<T>(
        &mut self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Ended> {
        if let Some(problem) = &self.lost {
            return Err(Ended::Lost(problem.clone()));
        }
        tokio::pin!(work);
        let deadline = tokio::time::sleep(limit);
        tokio::pin!(deadline);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                heard = self.heard.recv() => self.note(heard),
                () = &mut deadline => return Err(Ended::Late),
            }
            if let Some(problem) = &self.lost {
                return Err(Ended::Lost(problem.clone()));
            }
        }
    }

    /// Waits for a message.
    pub async fn message(
        &mut self,
        limit: Duration,
        is_wanted: impl Fn(&Message) -> bool,
    ) -> Result<Timestamp, Ended> {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            while let Some((message, at)) = self.came.pop_front() {
                if is_wanted(&message) {
                    return Ok(at);
                }
            }
            if let Some(problem) = &self.lost {
                return Err(Ended::Lost(problem.clone()));
            }
            match tokio::time::timeout_at(deadline, self.heard.recv()).await {
                Ok(heard) => self.note(heard),
                Err(_late) => return Err(Ended::Late),
            }
        }
    }

    /// Waits until it is lost.
    pub async fn loss(&mut self, limit: Duration) -> Option<Problem> {
        match self.within(limit, std::future::pending::<()>()).await {
            Err(Ended::Lost(problem)) => Some(problem),
            Ok(()) | Err(Ended::Late) => None,
        }
    }

    /// Why something was not done: the connection's own words where it was lost.
    pub async fn why(&mut self, err: &ClientError) -> Ended {
        let is_lost = matches!(
            err,
            ClientError::NotConnected { .. }
                | ClientError::Lost { .. }
                | ClientError::SessionGone { .. }
                | ClientError::Closed { .. }
        );
        if is_lost {
            match self.loss(MOMENT).await {
                Some(problem) => Ended::Lost(problem),
                None => Ended::Lost(problem_of(err)),
            }
        } else {
            Ended::Lost(problem_of(err))
        }
    }

    fn note(&mut self, heard: Option<Heard>) {
        match heard {
            Some(Heard::Message { message, at }) => {
                self.came.push_back((message, at));
                self.came.truncate(ROOM);
            }
            Some(Heard::State(
                ConnectionState::Refused { problem } | ConnectionState::Retrying { problem, .. },
            )) => self.lost = Some(problem),
            Some(Heard::State(ConnectionState::Disconnected)) | None => {
                self.lost.get_or_insert_with(|| Problem {
                    summary: "the connection of the test was closed".into(),
                    hint: "Run the test again".into(),
                    detail: "".into(),
                    reason: None,
                    doubted: Vec::new(),
                });
            }
            Some(Heard::State(_) | Heard::Way(_)) => {}
        }
    }

    pub fn is_lost(&self) -> bool {
        self.lost.is_some()
    }
}

/// An error of the client as a problem.
pub fn problem_of(err: &ClientError) -> Problem {
    Problem {
        summary: err.to_string().into(),
        hint: err.hint().into(),
        detail: "".into(),
        reason: None,
        doubted: Vec::new(),
    }
}
