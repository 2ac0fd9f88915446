//! The test of a connection: goes the way to the broker step by step on a connection of its own, tries what a
//! requester needs, and looks for the cause where a step fails.
//!
//! It is a client like any other: the steps, times and words are those of ordinary connections. Nothing is retained, no
//! will is left, and whatever was subscribed is unsubscribed. Dropping the future ends it.

mod cause;
mod steps;
mod takeover;
mod tested;

use super::client::ClientOptions;
use super::clock;
use super::transport;
use crate::model::connection::{ConnectionInfo, ConnectionState, Problem, TlsInfo};
use crate::model::diagnosis::{Detail, Plan, Remedy, Step, StepReport, Told, said, unusual};
use crate::model::profile::{BrokerAddress, Profile, SecretSlot};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tested::{Heard, Tested};
use tokio::runtime::Handle;

/// Hears how the test goes. Must not wait.
pub type DiagnosisSink = Arc<dyn Fn(Told) + Send + Sync>;

/// How long a step after the CONNACK may take.
const PATIENCE: Duration = Duration::from_secs(5);

struct Run {
    runtime: Handle,
    /// With the profile as it is.
    options: ClientOptions,
    plan: Plan,
    sink: DiagnosisSink,
    remedies: Vec<Remedy>,
}

/// What failed, and where.
struct Failed {
    step: Step,
    problem: Problem,
    tls: Option<Arc<TlsInfo>>,
}

/// Tests the profile of `options`; [`Told::Finished`] is the last that `sink` hears.
pub async fn run(runtime: Handle, options: ClientOptions, plan: Plan, sink: DiagnosisSink) {
    let mut run = Run {
        runtime,
        options,
        plan,
        sink,
        remedies: Vec::new(),
    };
    let salt = rand::random();
    let profile = run.tested_profile(salt);
    let mut tested = run.start(profile.clone());
    match run.connect(&mut tested, &profile).await {
        Ok(info) => {
            let is_lost = run.try_it(&mut tested, &info, &profile).await;
            if is_lost {
                run.skip(
                    &[Step::Unsubscribe, Step::Disconnect],
                    "the connection was lost",
                );
            } else {
                run.part(&mut tested).await;
            }
            drop(tested);
            run.watch_client_id(salt).await;
        }
        Err(failed) => {
            drop(tested);
            run.look_for_cause(&failed, &profile).await;
            run.skip(&Step::of(&profile), "an earlier step failed");
        }
    }
    let remedies = std::mem::take(&mut run.remedies);
    run.tell(Told::Remedies(remedies));
    run.tell(Told::Finished);
}

impl Run {
    fn tell(&self, told: Told) {
        (self.sink)(told.covered(&self.options.secrets));
    }

    fn begin(&self, step: Step) {
        self.tell(Told::Begun(step));
    }

    fn end(&self, report: StepReport) {
        self.tell(Told::Ended(Box::new(report)));
    }

    fn note(&self, step: Step, found: String) {
        self.tell(Told::Noted(step, found));
    }

    /// Those of these steps that were not begun: whoever adds up keeps what is over.
    fn skip(&self, steps: &[Step], why: &str) {
        for step in steps {
            self.tell(Told::Passed(*step, why.to_owned()));
        }
    }

    fn offer(&mut self, remedy: Remedy) {
        if !self.remedies.contains(&remedy) {
            self.remedies.push(remedy);
        }
    }

    /// No will, no second attempt, and by default another client id: the profile's may be connected.
    fn tested_profile(&self, salt: u16) -> Profile {
        let mut profile = (*self.options.profile).clone();
        profile.will = None;
        profile.reconnect.is_on = false;
        if !self.plan.own_client_id {
            profile.client_id = self.plan.client_id(&profile, salt);
            profile.clean_start = true;
            profile.session_expiry_secs = 0;
        }
        profile
    }

    fn start(&self, profile: Profile) -> Tested {
        Tested::start(&self.runtime, &self.options, profile)
    }

    /// Goes the way to the CONNACK and tells of it.
    async fn connect(
        &self,
        tested: &mut Tested,
        profile: &Profile,
    ) -> Result<Arc<ConnectionInfo>, Failed> {
        let mut way = Way::new(self, profile);
        loop {
            let Some(heard) = tested.next().await else {
                // Its client ended without a word, which it never does.
                let problem = Problem {
                    summary: "the test ended before the broker answered".into(),
                    hint: "Run it again".into(),
                    detail: "".into(),
                    reason: None,
                    doubted: Vec::new(),
                };
                return Err(way.failed(problem));
            };
            match heard {
                Heard::Way(told) => way.hear(told),
                Heard::State(ConnectionState::Connected(info)) => {
                    way.connected(&info);
                    return Ok(info);
                }
                Heard::State(
                    ConnectionState::Refused { problem }
                    | ConnectionState::Retrying { problem, .. },
                ) => return Err(way.failed(problem)),
                Heard::State(_) | Heard::Message { .. } => {}
            }
        }
    }
}

/// The steps to the CONNACK, as they are told by the transport.
struct Way<'a> {
    run: &'a Run,
    profile: &'a Profile,
    last: Step,
    /// What is under way, and since when.
    open: Option<(Step, Instant)>,
    /// Done, but there is more to hear of it.
    pending: Option<StepReport>,
    tls: Option<Arc<TlsInfo>>,
}

fn step_of(step: transport::Step) -> Step {
    match step {
        transport::Step::Resolve => Step::Resolve,
        transport::Step::Connect => Step::Connect,
        transport::Step::Proxy => Step::Proxy,
        transport::Step::Tls => Step::Tls,
        transport::Step::WebSocket => Step::WebSocket,
    }
}

impl<'a> Way<'a> {
    fn new(run: &'a Run, profile: &'a Profile) -> Self {
        let steps = Step::of(profile);
        let last = steps.into_iter().rfind(|step| step.is_way());
        Self {
            run,
            profile,
            last: last.unwrap_or(Step::Connect),
            open: None,
            pending: None,
            tls: None,
        }
    }

    fn hear(&mut self, told: transport::Told) {
        match told {
            transport::Told::Begun(step) => {
                self.flush();
                let step = step_of(step);
                self.open = Some((step, Instant::now()));
                self.run.begin(step);
            }
            transport::Told::Done { step, took, found } => {
                let step = step_of(step);
                self.pending = Some(StepReport::done(step, took, found));
                let is_unix = matches!(self.profile.address, BrokerAddress::Unix { .. });
                let has_more = match step {
                    Step::Connect => !is_unix,
                    step => step == Step::Tls,
                };
                if !has_more {
                    self.flush();
                }
            }
            transport::Told::From(own) => {
                if let Some(report) = &mut self.pending {
                    report.details.push(Detail::new("From", own.to_string()));
                }
                self.flush();
            }
            transport::Told::Shown(info) => {
                self.run.tell(Told::Shown(Arc::clone(&info)));
                let now = clock::now();
                if let Some(report) = self.pending.take() {
                    let report = report.with(said::tls(&info));
                    self.pending = Some(report.but(unusual::tls(&info, now)));
                }
                self.tls = Some(info);
                self.flush();
            }
        }
    }

    /// Tells of what is done; after the last step the CONNECT is under way.
    fn flush(&mut self) {
        let Some(report) = self.pending.take() else {
            return;
        };
        let step = report.step;
        self.open = None;
        self.run.end(report);
        if step == self.last {
            self.open = Some((Step::Mqtt, Instant::now()));
            self.run.begin(Step::Mqtt);
        }
    }

    fn connected(&mut self, info: &ConnectionInfo) {
        self.flush();
        let took = self.open.map(|(_, since)| since.elapsed());
        let took = took.unwrap_or_default();
        let found = format!("accepted, {} as {}", info.version, info.client_id);
        let mut details = said::connack(info);
        for line in &mut details {
            // A value may be a token.
            if line.name.starts_with("User Property ") {
                "•••".clone_into(&mut line.value);
            }
        }
        let own = &self.run.options.profile.client_id;
        if *own != info.client_id && !own.is_empty() {
            details.push(Detail::new("Client id of the profile", &**own));
        }
        let mut odd = unusual::connack(info, self.profile, took);
        odd.extend(unusual::way(self.profile, &self.run.options.secrets));
        let report = StepReport::done(Step::Mqtt, took, found);
        self.run.end(report.with(details).but(odd));
    }

    fn failed(mut self, problem: Problem) -> Failed {
        self.flush();
        let first = Step::of(self.profile).first().copied();
        let (step, took) = match self.open {
            Some((step, since)) => (step, Some(since.elapsed())),
            None => (first.unwrap_or(Step::Connect), None),
        };
        let mut report = StepReport::failed(step, took, problem.clone());
        if step == Step::Tls
            && let Some(info) = &self.tls
        {
            report = report.with(said::tls(info));
        }
        if step == Step::Mqtt {
            report.details.push(Detail::new(
                "Client id of the test",
                &*self.profile.client_id,
            ));
            let code = problem.reason.as_ref().map(|reason| reason.code);
            if matches!(code, Some(0x86 | 0x87)) {
                let secrets = &self.run.options.secrets;
                let sent = match secrets.get(&SecretSlot::Password) {
                    Some(_) => "a password was sent",
                    None => "no password was sent",
                };
                sent.clone_into(&mut report.found);
            }
        }
        self.run.end(report);
        Failed {
            step,
            problem,
            tls: self.tls,
        }
    }
}
