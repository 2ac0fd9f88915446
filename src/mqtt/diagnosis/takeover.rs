//! Whether somebody else takes the client id over, how often, and what can be known of who it is.

use super::tested::{Ended, Tested};
use super::{PATIENCE, Run, transport};
use crate::model::connection::Problem;
use crate::model::diagnosis::witness::{self, Sighting};
use crate::model::diagnosis::{Detail, Plan, Remedy, Step, StepReport, Unusual, Watch};
use crate::model::exchange::Reason;
use crate::model::message::Qos;
use crate::model::profile::Profile;
use crate::model::subscribe::SubscribeOptions;
use crate::model::text;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// MQTT 5 §3.14.2.1.
const SESSION_TAKEN_OVER: u8 = 0x8E;
/// Connecting again throws the other one out: not at once, and not for ever.
const PAUSE: Duration = Duration::from_millis(300);
const MOST: u32 = 10;
/// The broker may tell of a connection a little later.
const AFTERMATH: Duration = Duration::from_millis(500);

/// Why the client id is not watched.
fn why_not(plan: &Plan, profile: &Profile) -> Option<String> {
    if profile.client_id.is_empty() {
        return Some(
            "the broker assigns another client id every time; nobody can take it over".to_owned(),
        );
    }
    let keeps_session = !profile.clean_start || profile.session_kept_secs() > 0;
    match &plan.watch {
        Watch::Never(why) => Some(why.clone()),
        Watch::Auto if keeps_session => {
            Some("its session is left alone; it is watched where that is asked for".to_owned())
        }
        Watch::Auto | Watch::Always => None,
    }
}

/// Without a will and a second attempt.
fn quiet(profile: &Profile) -> Profile {
    let mut quiet = profile.clone();
    quiet.will = None;
    quiet.reconnect.is_on = false;
    quiet
}

/// What happened while the client id was held.
#[derive(Default)]
struct Held {
    connections: u32,
    /// By a DISCONNECT that says so.
    taken: u32,
    /// Closed without a word, as MQTT 3.1.1 does it.
    lost: u32,
    own: Vec<SocketAddr>,
    last: Option<Problem>,
}

impl Held {
    fn count(&self) -> u32 {
        self.taken + self.lost
    }

    /// `once`, `3 times`.
    fn times(&self) -> String {
        match self.count() {
            1 => "once".to_owned(),
            count => format!("{count} times"),
        }
    }

    /// For whoever does not wait for the end.
    fn so_far(&self, id: &str) -> String {
        match self.count() {
            0 => format!("nobody took `{id}` over"),
            _ => format!(
                "the connection as `{id}` was taken over or closed {}",
                self.times()
            ),
        }
    }
}

impl Run {
    pub(super) async fn watch_client_id(&mut self, salt: u16) {
        let step = Step::ClientId;
        let profile = Arc::clone(&self.options.profile);
        if let Some(why) = why_not(&self.plan, &profile) {
            self.skip(&[step], &why);
            return;
        }
        self.begin(step);
        let began = Instant::now();
        let mut observer = self.observe(&profile, salt).await;
        let held = self.hold(&profile).await;
        let took = began.elapsed();
        let mut seen = Vec::new();
        if let Some(observer) = &mut observer {
            observer.loss(AFTERMATH).await;
            let came = observer.came.drain(..);
            seen = came
                .filter_map(|(it, _)| witness::read(&it.topic, &it.payload, &profile.client_id))
                .collect();
        }
        drop(observer);
        let report = match held {
            Err(problem) => StepReport::failed(step, Some(took), problem),
            Ok(held) => self.report(&held, &profile, took, &seen),
        };
        self.end(report);
    }

    /// A connection that hears what the broker tells of connections, if it tells any.
    async fn observe(&self, profile: &Profile, salt: u16) -> Option<Tested> {
        let other = Plan {
            own_client_id: false,
            ..self.plan.clone()
        };
        let mut observer = self.start(Profile {
            client_id: other.client_id(profile, salt.wrapping_add(1)),
            clean_start: true,
            session_expiry_secs: 0,
            ..quiet(profile)
        });
        if !observer.settled(|_| {}).await.is_connected() {
            return None;
        }
        for filter in witness::filters(&profile.client_id) {
            let client = observer.client.clone();
            let options = SubscribeOptions {
                qos: Qos::AtMostOnce,
                ..SubscribeOptions::default()
            };
            let asked = client.subscribe(filter, options);
            if let Err(Ended::Lost(_)) = observer.within(PATIENCE, asked).await {
                return None;
            }
        }
        Some(observer)
    }

    /// Holds the client id, and takes it again where somebody else took it.
    async fn hold(&self, profile: &Profile) -> Result<Held, Problem> {
        let until = Instant::now() + self.plan.watch_time;
        let mut held = Held::default();
        while Instant::now() < until && held.connections < MOST {
            let mut tested = self.start(quiet(profile));
            let mut own = None;
            let hear = |told: &transport::Told| {
                if let transport::Told::From(address) = told {
                    own = Some(*address);
                }
            };
            let state = tested.settled(hear).await;
            held.own.extend(own);
            if !state.is_connected() {
                let problem = state.problem().cloned();
                match problem {
                    Some(problem) if held.connections == 0 => return Err(problem),
                    _ => break,
                }
            }
            held.connections += 1;
            self.note(Step::ClientId, held.so_far(&profile.client_id));
            let left = until.saturating_duration_since(Instant::now());
            let Some(problem) = tested.loss(left).await else {
                tested.client.disconnect();
                break;
            };
            let code = problem.reason.as_ref().map(|reason| reason.code);
            match code {
                Some(SESSION_TAKEN_OVER) => held.taken += 1,
                None => held.lost += 1,
                // Ended for another reason: that is what went wrong.
                Some(_) => return Err(problem),
            }
            held.last = Some(problem);
            self.note(Step::ClientId, held.so_far(&profile.client_id));
            tokio::time::sleep(PAUSE).await;
        }
        Ok(held)
    }

    fn report(
        &mut self,
        held: &Held,
        profile: &Profile,
        took: Duration,
        seen: &[Sighting],
    ) -> StepReport {
        let step = Step::ClientId;
        let id = &profile.client_id;
        let others: Vec<&Sighting> = seen
            .iter()
            .filter(|seen| !held.own.iter().any(|own| seen.from == own.to_string()))
            .collect();
        let mut details = witness::told(&others);
        for name in &self.plan.namesakes {
            details.push(Detail::new("Has the same client id", name.clone()));
        }
        let count = held.count();
        let span = text::duration(self.plan.watch_time.min(took));
        if count == 0 {
            let report = StepReport::done(step, took, format!("nobody took `{id}` over in {span}"));
            let odd = (!self.plan.namesakes.is_empty()).then(|| Unusual {
                text: format!("also used by {}", self.plan.namesakes.join(", ")),
                hint:
                    "Whichever connects last throws the other one out; give each its own client id"
                        .to_owned(),
            });
            return report.with(details).but(odd);
        }
        self.offer(Remedy::NewClientId);
        let times = held.times();
        let a_minute = f64::from(count) * 60.0 / took.as_secs_f64().max(1.0);
        let rate = if count == 1 {
            String::new()
        } else {
            format!(", about {a_minute:.0} times a minute")
        };
        // Not every broker says that it was that.
        let is_known = held.taken > 0 || !others.is_empty();
        let summary = if is_known {
            format!("another client took `{id}` over {times} in {span}{rate}")
        } else {
            format!(
                "the broker closed the connection as `{id}` {times} in {span} without a word{rate}; so it is where another client takes the id over and the broker does not say so"
            )
        };
        let who = if !others.is_empty() {
            "the broker told from where it connects"
        } else if !self.plan.namesakes.is_empty() {
            "it may be the one here that has the same client id"
        } else {
            "this broker does not tell clients who it is: look for the client id in its log"
        };
        let problem = Problem {
            summary: summary.into(),
            hint: format!("Give each client an id of its own; {who}").into(),
            detail: held
                .last
                .as_ref()
                .map(|problem| Arc::clone(&problem.detail))
                .unwrap_or_default(),
            reason: (held.taken > 0).then(|| Reason::new(SESSION_TAKEN_OVER, "session taken over")),
            doubted: Vec::new(),
        };
        StepReport::failed(step, Some(took), problem).with(details)
    }
}
