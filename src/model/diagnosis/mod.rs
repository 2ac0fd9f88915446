//! The test of a connection, step by step, as data: what was done, how long it took, what came out of it, what
//! is unusual, what failed and what to do.
//!
//! `mqtt::diagnosis` goes the steps and tells of them ([`Told`]); [`Diagnosis`] is what they add up to. Nothing in
//! it is secret: it is copied into reports.

pub mod remedy;
pub mod report;
pub mod said;
pub mod unusual;
pub mod witness;

use crate::model::connection::{Problem, TlsInfo};
use crate::model::profile::{BrokerAddress, Profile};
use crate::model::secret::Secrets;
use crate::model::topic::TopicName;
pub use remedy::Remedy;
use std::sync::Arc;
use std::time::Duration;

/// How long somebody else has to take the client id over, unless it is said.
pub const WATCH_TIME: Duration = Duration::from_secs(6);
/// Messages that are sent to and fro.
pub const ROUND_TRIPS: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Resolve,
    Connect,
    Proxy,
    Tls,
    WebSocket,
    /// CONNECT and CONNACK.
    Mqtt,
    /// To the scratch topic.
    Subscribe,
    /// To where replies would go.
    ResponseTopic,
    PublishQos0,
    PublishQos1,
    RoundTrip,
    Unsubscribe,
    Disconnect,
    /// Whether somebody else takes the client id over.
    ClientId,
    /// Where an earlier step failed: what else is there.
    Cause,
}

impl Step {
    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Resolve => "Name resolution",
            Self::Connect => "TCP",
            Self::Proxy => "Proxy",
            Self::Tls => "TLS",
            Self::WebSocket => "WebSocket",
            Self::Mqtt => "CONNECT",
            Self::Subscribe => "SUBSCRIBE",
            Self::ResponseTopic => "Response Topic",
            Self::PublishQos0 => "PUBLISH, QoS 0",
            Self::PublishQos1 => "PUBLISH, QoS 1",
            Self::RoundTrip => "Round trip",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::Disconnect => "DISCONNECT",
            Self::ClientId => "Client id",
            Self::Cause => "Likely cause",
        }
    }

    /// For scripts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "tcp",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::WebSocket => "websocket",
            Self::Mqtt => "connect",
            Self::Subscribe => "subscribe",
            Self::ResponseTopic => "response_topic",
            Self::PublishQos0 => "publish_qos0",
            Self::PublishQos1 => "publish_qos1",
            Self::RoundTrip => "round_trip",
            Self::Unsubscribe => "unsubscribe",
            Self::Disconnect => "disconnect",
            Self::ClientId => "client_id",
            Self::Cause => "cause",
        }
    }

    /// Those that a profile has, in their order.
    pub fn of(profile: &Profile) -> Vec<Self> {
        let mut steps = Vec::new();
        if !matches!(profile.address, BrokerAddress::Unix { .. }) {
            steps.push(Self::Resolve);
        }
        steps.push(Self::Connect);
        for (step, is_there) in [
            (Self::Proxy, profile.proxy.is_some()),
            (Self::Tls, profile.tls.is_some()),
            (Self::WebSocket, profile.web_socket.is_some()),
        ] {
            if is_there {
                steps.push(step);
            }
        }
        steps.extend([
            Self::Mqtt,
            Self::Subscribe,
            Self::ResponseTopic,
            Self::PublishQos0,
            Self::PublishQos1,
            Self::RoundTrip,
            Self::Unsubscribe,
            Self::Disconnect,
            Self::ClientId,
        ]);
        steps
    }

    /// Before there is MQTT.
    pub fn is_way(self) -> bool {
        self < Self::Mqtt
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Waiting,
    Running,
    Done,
    /// It works, and something about it is unusual.
    Warning,
    Failed,
    /// What came out says why.
    Skipped,
}

impl State {
    /// For people and scripts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    pub fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// A line beneath a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    pub name: String,
    pub value: String,
}

impl Detail {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// Something that works and will yet be wondered about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusual {
    pub text: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

/// How a step failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failure {
    /// The way to the broker, or the connection, ended.
    #[default]
    Broken,
    /// The broker does not allow it, whether it says so or not.
    Refused,
    /// Nothing came back.
    Silent,
}

/// A step and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    pub step: Step,
    pub state: State,
    pub took: Option<Duration>,
    /// What came out, or why it was skipped.
    pub found: String,
    pub details: Vec<Detail>,
    pub unusual: Vec<Unusual>,
    pub problem: Option<Problem>,
    /// Means something where it failed.
    pub failure: Failure,
}

impl StepReport {
    pub fn waiting(step: Step) -> Self {
        Self {
            step,
            state: State::Waiting,
            took: None,
            found: String::new(),
            details: Vec::new(),
            unusual: Vec::new(),
            problem: None,
            failure: Failure::default(),
        }
    }

    pub fn done(step: Step, took: Duration, found: impl Into<String>) -> Self {
        Self {
            state: State::Done,
            took: Some(took),
            found: found.into(),
            ..Self::waiting(step)
        }
    }

    /// Refused where the broker gave a reason code, else broken.
    pub fn failed(step: Step, took: Option<Duration>, problem: Problem) -> Self {
        Self {
            state: State::Failed,
            failure: match problem.reason {
                Some(_) => Failure::Refused,
                None => Failure::Broken,
            },
            took,
            problem: Some(problem),
            ..Self::waiting(step)
        }
    }

    #[must_use]
    pub fn as_failure(mut self, failure: Failure) -> Self {
        self.failure = failure;
        self
    }

    pub fn skipped(step: Step, why: impl Into<String>) -> Self {
        Self {
            state: State::Skipped,
            found: why.into(),
            ..Self::waiting(step)
        }
    }

    #[must_use]
    pub fn with(mut self, details: impl IntoIterator<Item = Detail>) -> Self {
        self.details.extend(details);
        self
    }

    fn covered(mut self, secrets: &Secrets) -> Self {
        self.found = secrets.cover(&self.found);
        for detail in &mut self.details {
            detail.value = secrets.cover(&detail.value);
        }
        for unusual in &mut self.unusual {
            unusual.text = secrets.cover(&unusual.text);
        }
        self.problem = self.problem.map(|problem| problem.covered(secrets));
        self
    }

    /// It works, but.
    #[must_use]
    pub fn but(mut self, unusual: impl IntoIterator<Item = Unusual>) -> Self {
        self.unusual.extend(unusual);
        if self.state == State::Done && !self.unusual.is_empty() {
            self.state = State::Warning;
        }
        self
    }
}

/// Whether the client id is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    /// Where that disturbs nobody here and leaves every session alone.
    #[default]
    Auto,
    Always,
    /// With the reason.
    Never(String),
}

/// What is to be tested besides the way to the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The profile's own: whoever is connected with it is thrown out.
    pub own_client_id: bool,
    /// One is made where there is none: `roundtrip/test/1f2e3d4c`.
    pub scratch: Option<TopicName>,
    /// Where none is said, the one that a request would have.
    pub response_topic: Option<TopicName>,
    pub watch: Watch,
    pub watch_time: Duration,
    /// Who else is known to use the client id at this broker, by name.
    pub namesakes: Vec<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            own_client_id: false,
            scratch: None,
            response_topic: None,
            watch: Watch::default(),
            watch_time: WATCH_TIME,
            namesakes: Vec::new(),
        }
    }
}

impl Plan {
    /// A client id for the test, told apart from the profile's own by `salt`. Brokers of MQTT 3.1.1 need not take
    /// more than 23 bytes (MQTT 3.1.1 §3.1.3.1): one that kept to that still does.
    pub fn client_id(&self, profile: &Profile, salt: u16) -> Arc<str> {
        let own = &profile.client_id;
        if self.own_client_id || own.is_empty() {
            return Arc::clone(own);
        }
        let tail = format!("-test-{salt:04x}");
        let room = 23 - tail.len();
        if own.len() <= 23 && own.len() > room {
            let end = (0..=room)
                .rev()
                .find(|end| own.is_char_boundary(*end))
                .unwrap_or(0);
            let head = own.get(..end).unwrap_or_default();
            return format!("{head}{tail}").into();
        }
        format!("{own}{tail}").into()
    }
}

/// What is told while a test runs, in order.
#[derive(Clone, Debug)]
pub enum Told {
    Begun(Step),
    Ended(Box<StepReport>),
    /// What came out so far, of a step that runs.
    Noted(Step, String),
    /// Not done, with the reason; means nothing where it was begun.
    Passed(Step, String),
    /// The certificates that the broker showed, refused ones too.
    Shown(Arc<TlsInfo>),
    /// What can be done about what failed, the likeliest first.
    Remedies(Vec<Remedy>),
    Finished,
}

impl Told {
    /// Without what fields of the profile were filled with.
    #[must_use]
    pub fn covered(self, secrets: &Secrets) -> Self {
        if !secrets.hides_anything() {
            return self;
        }
        match self {
            Self::Ended(report) => Self::Ended(Box::new(report.covered(secrets))),
            Self::Passed(step, why) => Self::Passed(step, secrets.cover(&why)),
            Self::Noted(step, found) => Self::Noted(step, secrets.cover(&found)),
            // One that holds a secret would end up in a file.
            Self::Remedies(mut remedies) => {
                remedies.retain(|remedy| match remedy {
                    Remedy::Address(address) => {
                        let text = address.to_string();
                        secrets.cover(&text) == text
                    }
                    Remedy::ServerName(name) => secrets.cover(name) == **name,
                    _ => true,
                });
                Self::Remedies(remedies)
            }
            other => other,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Running,
    Finished,
    Cancelled,
}

/// What the steps add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    pub steps: Vec<StepReport>,
    pub tls: Option<Arc<TlsInfo>>,
    pub remedies: Vec<Remedy>,
    pub phase: Phase,
}

impl Diagnosis {
    /// Everything is still to be done.
    pub fn new(profile: &Profile) -> Self {
        Self {
            steps: Step::of(profile)
                .into_iter()
                .map(StepReport::waiting)
                .collect(),
            tls: None,
            remedies: Vec::new(),
            phase: Phase::Running,
        }
    }

    pub fn apply(&mut self, told: Told) {
        match told {
            Told::Begun(step) => self.put(StepReport {
                state: State::Running,
                ..StepReport::waiting(step)
            }),
            Told::Ended(report) => self.put(*report),
            Told::Noted(step, found) => {
                let is_it = |it: &&mut StepReport| it.step == step && it.state == State::Running;
                if let Some(report) = self.steps.iter_mut().find(is_it) {
                    report.found = found;
                }
            }
            Told::Passed(step, why) => {
                let is_waiting = |it: &StepReport| it.state == State::Waiting;
                if self.step(step).is_some_and(is_waiting) {
                    self.put(StepReport::skipped(step, why));
                }
            }
            Told::Shown(tls) => self.tls = Some(tls),
            Told::Remedies(remedies) => self.remedies = remedies,
            Told::Finished => self.phase = Phase::Finished,
        }
    }

    /// What was not done yet will not be.
    pub fn cancel(&mut self) {
        if self.phase != Phase::Running {
            return;
        }
        self.phase = Phase::Cancelled;
        for report in &mut self.steps {
            if !report.state.is_over() {
                let why = match report.found.as_str() {
                    "" => "cancelled".to_owned(),
                    found => format!("cancelled; until then {found}"),
                };
                *report = StepReport::skipped(report.step, why);
            }
        }
    }

    fn put(&mut self, report: StepReport) {
        if let Some(place) = self.steps.iter_mut().find(|it| it.step == report.step) {
            *place = report;
            return;
        }
        // The likely cause, beneath what failed.
        let is_failed = |it: &StepReport| it.state == State::Failed;
        let failed = self.steps.iter().position(is_failed);
        let place = failed.map_or(self.steps.len(), |failed| failed + 1);
        self.steps.insert(place, report);
    }

    pub fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    pub fn step(&self, step: Step) -> Option<&StepReport> {
        self.steps.iter().find(|it| it.step == step)
    }

    /// The first step that failed.
    pub fn failure(&self) -> Option<&StepReport> {
        self.steps.iter().find(|it| it.state == State::Failed)
    }

    /// All of it in a few words.
    pub fn verdict(&self) -> String {
        let failed = |report: &StepReport| {
            let summary = report.problem.as_ref().map(|it| it.summary.to_string());
            summary.unwrap_or_else(|| format!("{} failed", report.step.title()))
        };
        let count = |state| self.steps.iter().filter(|it| it.state == state).count();
        match self.phase {
            Phase::Running => "The test is running".to_owned(),
            Phase::Cancelled => "The test was cancelled".to_owned(),
            Phase::Finished => match (self.failure(), count(State::Warning)) {
                (Some(report), _) => failed(report),
                (None, 0) => "Everything works".to_owned(),
                // A remark may be that something could not be tested.
                (None, 1) => "It works; with one step something is unusual".to_owned(),
                (None, many) => format!("It works; with {many} steps something is unusual"),
            },
        }
    }
}

#[cfg(test)]
mod tests;
