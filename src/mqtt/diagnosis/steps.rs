//! What a requester needs of a connection: to subscribe, to publish, and to get its own message back.

use super::tested::{Ended, MARK, Tested, problem_of};
use super::{PATIENCE, Run};
use crate::model::connection::{ConnectionInfo, Problem};
use crate::model::diagnosis::{
    Detail, Failure, Plan, ROUND_TRIPS, Remedy, Step, StepReport, Unusual,
};
use crate::model::exchange::Reason;
use crate::model::message::{Message, Qos};
use crate::model::profile::{Feature, Profile};
use crate::model::request::Surroundings;
use crate::model::subscribe::SubscribeOptions;
use crate::model::text;
use crate::model::topic::{TopicFilter, TopicName};
use crate::mqtt::error::ClientError;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The DISCONNECT has a second to be written, and what is queued another one.
const FAREWELL: Duration = Duration::from_secs(3);

/// A word of its own tells the messages of this test from those of others.
struct Scratch {
    topic: TopicName,
    word: String,
    next: u32,
}

impl Scratch {
    fn new(plan: &Plan) -> Self {
        let word = format!("{:08x}", rand::random::<u32>());
        let topic = match &plan.scratch {
            Some(topic) => topic.clone(),
            None => TopicName::received(&format!("roundtrip/test/{word}")),
        };
        Self {
            topic,
            word,
            next: 0,
        }
    }

    fn message(&mut self, qos: Qos) -> Message {
        self.next += 1;
        let payload = format!("{MARK}{} {}", self.word, self.next);
        let mut message = Message::new(self.topic.clone(), payload.into_bytes());
        message.qos = qos;
        message
    }
}

/// What became of a message on the Response Topic.
enum Arrival {
    Arrived,
    Missing,
    /// This client may not publish there.
    Refused(Arc<str>),
    NotKnown,
}

impl Ended {
    /// `what` was not acknowledged, or the connection was lost.
    fn into_report(self, step: Step, took: Duration, what: &str) -> StepReport {
        match self {
            Self::Lost(problem) => StepReport::failed(step, Some(took), problem),
            Self::Late => {
                let problem = Problem {
                    summary: format!(
                        "{what} was not acknowledged within {} s",
                        PATIENCE.as_secs()
                    )
                    .into(),
                    hint: "The broker or the network hangs; the broker's log may say more".into(),
                    detail: "".into(),
                    reason: None,
                    doubted: Vec::new(),
                };
                StepReport::failed(step, Some(took), problem).as_failure(Failure::Silent)
            }
        }
    }
}

fn refused(summary: String, hint: &str, packet: &str, reason: &Reason) -> Problem {
    Problem {
        summary: summary.into(),
        hint: hint.into(),
        detail: format!("{packet} with reason code 0x{:02X}", reason.code).into(),
        reason: Some(reason.clone()),
        doubted: Vec::new(),
    }
}

/// How long a message may be on its way to where it came from.
const ARRIVAL: Duration = Duration::from_secs(2);
const OTHER_ID: &str = "; the ACL may go by the client id, which is another one in this test";
const SCRATCH_HINT: &str =
    "The broker's ACL may not allow it there: choose a scratch topic that it allows";

impl Run {
    /// Everything after the CONNACK but the farewell. Says whether the connection was lost.
    pub(super) async fn try_it(
        &mut self,
        tested: &mut Tested,
        info: &ConnectionInfo,
        profile: &Profile,
    ) -> bool {
        let mut scratch = Scratch::new(&self.plan);
        let is_subscribed = self.subscribe(tested, &scratch.topic).await;
        self.response_topic(tested, info, profile).await;
        let at_most_once = scratch.message(Qos::AtMostOnce);
        self.publish(tested, at_most_once, Step::PublishQos0).await;
        let is_taken = if info.maximum_qos == Some(Qos::AtMostOnce) {
            self.skip(&[Step::PublishQos1], "the broker takes at most QoS 0");
            true
        } else {
            let at_least_once = scratch.message(Qos::AtLeastOnce);
            self.publish(tested, at_least_once, Step::PublishQos1).await
        };
        if is_subscribed && is_taken {
            self.round_trips(tested, &mut scratch).await;
        } else {
            let why = if is_subscribed {
                "the broker takes no messages there"
            } else {
                "the scratch topic is not subscribed"
            };
            self.skip(&[Step::RoundTrip], why);
        }
        tested.is_lost()
    }

    /// The SUBACK of a topic; the time is from the call.
    async fn suback(
        tested: &mut Tested,
        topic: &TopicName,
    ) -> Result<(Reason, Duration), (Ended, Duration)> {
        let began = Instant::now();
        let filter = TopicFilter::from(topic);
        let client = tested.client.clone();
        let options = SubscribeOptions {
            qos: Qos::AtLeastOnce,
            ..SubscribeOptions::default()
        };
        let asked = client.subscribe(filter.clone(), options);
        let ended = match tested.within(PATIENCE, asked).await {
            Ok(Ok(done)) => {
                if !done.reason.is_refusal() {
                    tested.filters.push(filter);
                }
                return Ok((done.reason, began.elapsed()));
            }
            Ok(Err(err)) => tested.why(&err).await,
            Err(ended) => ended,
        };
        Err((ended, began.elapsed()))
    }

    async fn subscribe(&self, tested: &mut Tested, topic: &TopicName) -> bool {
        self.begin(Step::Subscribe);
        match Self::suback(tested, topic).await {
            Ok((reason, took)) if reason.is_refusal() => {
                let summary = format!(
                    "the broker refuses the subscription to `{topic}`: {}",
                    reason.text
                );
                let problem = refused(summary, SCRATCH_HINT, "SUBACK", &reason);
                self.end(StepReport::failed(Step::Subscribe, Some(took), problem));
                false
            }
            Ok((reason, took)) => {
                let found = format!("{topic}: {}", reason.text);
                self.end(StepReport::done(Step::Subscribe, took, found));
                true
            }
            Err((ended, took)) => {
                self.end(ended.into_report(Step::Subscribe, took, "the SUBSCRIBE"));
                false
            }
        }
    }

    /// Where a request without a typed one would have its reply go.
    async fn response_topic(
        &mut self,
        tested: &mut Tested,
        info: &ConnectionInfo,
        profile: &Profile,
    ) {
        let step = Step::ResponseTopic;
        if let Some(why) = info.version.lacks(Feature::ResponseTopic)
            && self.plan.response_topic.is_none()
        {
            self.skip(&[step], why);
            return;
        }
        if info.session_present {
            self.skip(
                &[step],
                "the subscriptions of the resumed session are left alone",
            );
            return;
        }
        let generated = |client_id: &str| {
            let surroundings = Surroundings {
                client_id,
                response_information: info.response_information.as_deref(),
                rules: None,
                environment: None,
            };
            TopicName::new(&surroundings.generated_response_topic()).ok()
        };
        let typed = self.plan.response_topic.clone();
        let own = &self.options.profile.client_id;
        let is_other_id = *own != info.client_id && !own.is_empty();
        let Some(topic) = typed.clone().or_else(|| generated(&info.client_id)) else {
            self.skip(&[step], "the client id makes no topic");
            return;
        };
        self.begin(step);
        let (mut answer, mut found) = (Self::suback(tested, &topic).await, topic.clone());
        let is_refused = |answer: &Result<(Reason, Duration), _>| {
            answer.as_ref().is_ok_and(|(reason, _)| reason.is_refusal())
        };
        if is_refused(&answer)
            && is_other_id
            && typed.is_none()
            && let Some(of_profile) = generated(own)
        {
            let second = Self::suback(tested, &of_profile).await;
            if !is_refused(&second) {
                (answer, found) = (second, of_profile);
            }
        }
        let report = match answer {
            Ok((reason, took)) if reason.is_refusal() => {
                let summary = format!(
                    "not authorized for the Response Topic `{topic}`: {}",
                    reason.text
                );
                let mut hint = "Requests that want their reply there are rejected: ask for the right to subscribe to it, or type a Response Topic in the request that the ACL allows".to_owned();
                if is_other_id {
                    hint.push_str(OTHER_ID);
                    if profile.client_id != *own {
                        self.offer(Remedy::OwnClientId);
                    }
                }
                let problem = refused(summary, &hint, "SUBACK", &reason);
                StepReport::failed(step, Some(took), problem)
            }
            Ok((reason, took)) => {
                let report = StepReport::done(step, took, format!("{found}: {}", reason.text));
                if found != topic {
                    report.with([Detail::new(
                        "Refused, of the test's client id",
                        topic.as_str(),
                    )])
                } else if typed.is_some() {
                    // Somebody else may listen there.
                    report
                } else {
                    let told = "A message published there";
                    match Self::arrival(tested, &topic).await {
                        Arrival::Arrived => report.with([Detail::new(told, "arrives")]),
                        Arrival::NotKnown => report.with([Detail::new(told, "not tried")]),
                        Arrival::Refused(why) => report
                            .with([Detail::new(told, format!("refused: {why}"))])
                            .but([unchecked(&topic)]),
                        Arrival::Missing => {
                            if is_other_id {
                                self.offer(Remedy::OwnClientId);
                            }
                            let problem = deaf(&topic, is_other_id);
                            StepReport::failed(step, Some(took), problem)
                                .as_failure(Failure::Refused)
                        }
                    }
                }
            }
            Err((ended, took)) => {
                ended.into_report(step, took, "the SUBSCRIBE to the Response Topic")
            }
        };
        self.end(report);
    }

    /// Whether what is published on a topic that nobody else has comes back: some brokers grant every subscription, and
    /// keep to themselves what an ACL forbids to read.
    async fn arrival(tested: &mut Tested, topic: &TopicName) -> Arrival {
        let payload = format!("{MARK}{:08x}", rand::random::<u32>());
        let message = Message::new(topic.clone(), payload.clone().into_bytes());
        let ticket = tested.client.publish(Arc::new(message));
        match tested.within(PATIENCE, ticket.acknowledged).await {
            Ok(Ok(Ok(Some((reason, _))))) if !reason.is_refusal() => {}
            Ok(Ok(Ok(Some((reason, _))))) => return Arrival::Refused(reason.text),
            // At a broker of QoS 0, or without a connection: the next steps say so.
            _ => return Arrival::NotKnown,
        }
        let is_it = |came: &Message| came.payload == payload.as_bytes();
        match tested.message(ARRIVAL, is_it).await {
            Ok(_at) => Arrival::Arrived,
            Err(Ended::Late) => Arrival::Missing,
            Err(Ended::Lost(_)) => Arrival::NotKnown,
        }
    }

    /// Says whether the broker may have taken it.
    async fn publish(&self, tested: &mut Tested, message: Message, step: Step) -> bool {
        self.begin(step);
        let began = Instant::now();
        let topic = message.topic.clone();
        let ticket = tested.client.publish(Arc::new(message));
        let closed = || ClientError::Invalid {
            what: "message",
            why: "nobody told what became of it".to_owned(),
        };
        let done = if step == Step::PublishQos0 {
            let told = tested.within(PATIENCE, ticket.published).await;
            told.map(|told| told.unwrap_or_else(|_| Err(closed())).map(|_at| None))
        } else {
            let told = tested.within(PATIENCE, ticket.acknowledged).await;
            told.map(|told| told.unwrap_or_else(|_| Err(closed())))
        };
        let took = began.elapsed();
        let fail = |problem| {
            self.end(StepReport::failed(step, Some(took), problem));
            false
        };
        match done {
            Ok(Ok(Some((reason, _)))) if reason.is_refusal() => {
                let summary = format!("the broker refuses messages on `{topic}`: {}", reason.text);
                fail(refused(summary, SCRATCH_HINT, "PUBACK", &reason))
            }
            Ok(Ok(Some((reason, _)))) => {
                let is_unheard = reason.code == Reason::NO_MATCHING_SUBSCRIBERS;
                let odd = is_unheard.then(|| Unusual {
                    text: "the broker says that nobody subscribes there, but this test does"
                        .to_owned(),
                    hint: "An ACL may forbid reading there".to_owned(),
                });
                self.end(StepReport::done(step, took, reason.text.to_string()).but(odd));
                true
            }
            Ok(Ok(None)) => {
                self.end(StepReport::done(
                    step,
                    took,
                    "sent; nobody acknowledges QoS 0",
                ));
                true
            }
            Ok(Err(err)) => match tested.why(&err).await {
                Ended::Lost(problem) => fail(problem),
                Ended::Late => fail(problem_of(&err)),
            },
            Err(ended) => {
                self.end(ended.into_report(step, took, "the PUBLISH"));
                false
            }
        }
    }

    async fn round_trips(&self, tested: &mut Tested, scratch: &mut Scratch) {
        let step = Step::RoundTrip;
        self.begin(step);
        let began = Instant::now();
        let mut times = Vec::new();
        for _ in 0..ROUND_TRIPS {
            let message = scratch.message(Qos::AtMostOnce);
            let payload = message.payload.clone();
            let ticket = tested.client.publish(Arc::new(message));
            let wanted = |came: &Message| came.payload == payload;
            match tested.message(PATIENCE, wanted).await {
                Ok(came) => {
                    // It was written before it came back.
                    let written = ticket.published.await.ok().and_then(Result::ok);
                    times.extend(written.map(|written| came.since(written)));
                }
                Err(Ended::Late) => {
                    let problem = silent(&scratch.topic);
                    let report = StepReport::failed(step, Some(began.elapsed()), problem);
                    self.end(report.as_failure(Failure::Silent));
                    return;
                }
                Err(Ended::Lost(problem)) => {
                    self.end(StepReport::failed(step, Some(began.elapsed()), problem));
                    return;
                }
            }
        }
        times.sort();
        let at = |place: usize| times.get(place).copied().unwrap_or_default();
        let (least, most) = (at(0), at(times.len().saturating_sub(1)));
        let median = at(times.len() / 2);
        let found = format!("median of {}, {}", times.len(), text::span(least, most));
        let report = StepReport::done(step, median, found);
        self.end(report.with([
            Detail::new("Least", text::duration(least)),
            Detail::new("Median", text::duration(median)),
            Detail::new("Most", text::duration(most)),
        ]));
    }

    /// Unsubscribes and says goodbye.
    pub(super) async fn part(&self, tested: &mut Tested) {
        if tested.filters.is_empty() {
            self.skip(&[Step::Unsubscribe], "nothing is subscribed");
        } else {
            self.unsubscribe(tested).await;
        }
        self.begin(Step::Disconnect);
        let began = Instant::now();
        tested.client.disconnect();
        // Told as a loss, because it is the end of it.
        tested.loss(FAREWELL).await;
        let report = StepReport::done(Step::Disconnect, began.elapsed(), "nothing is left behind");
        self.end(report);
    }

    async fn unsubscribe(&self, tested: &mut Tested) {
        self.begin(Step::Unsubscribe);
        let began = Instant::now();
        let client = tested.client.clone();
        let filters = std::mem::take(&mut tested.filters);
        let count = filters.len();
        let all = async {
            for filter in filters {
                client.unsubscribe(filter).await?;
            }
            Ok::<(), ClientError>(())
        };
        let done = tested.within(PATIENCE, all).await;
        let took = began.elapsed();
        let step = Step::Unsubscribe;
        self.end(match done {
            Ok(Ok(())) => {
                let plural = if count == 1 { "" } else { "s" };
                StepReport::done(step, took, format!("{count} subscription{plural} ended"))
            }
            Ok(Err(err)) => StepReport::failed(step, Some(took), problem_of(&err)),
            Err(ended) => ended.into_report(step, took, "the UNSUBSCRIBE"),
        });
    }
}

/// Right where only responders may publish; but then nobody here knows whether it would have come.
fn unchecked(topic: &TopicName) -> Unusual {
    Unusual {
        text: format!(
            "whether replies on `{topic}` arrive could not be checked: this client may not publish there, and brokers such as Mosquitto grant every subscription"
        ),
        hint: "Send a request to a responder that answers, or ask who runs the broker whether the ACL lets this client read there".to_owned(),
    }
}

fn deaf(topic: &TopicName, is_other_id: bool) -> Problem {
    let mut hint = "An ACL forbids to read there, and brokers such as Mosquitto do not say so in the SUBACK: ask for the right, or type a Response Topic in the request that the ACL allows".to_owned();
    if is_other_id {
        hint.push_str(OTHER_ID);
    }
    Problem {
        summary: format!("not authorized for the Response Topic `{topic}`: the subscription is granted, but nothing that is published there arrives").into(),
        hint: hint.into(),
        detail: "".into(),
        reason: None,
        doubted: Vec::new(),
    }
}

fn silent(topic: &TopicName) -> Problem {
    Problem {
        summary: format!(
            "nothing that was published on `{topic}` came back within {} s",
            PATIENCE.as_secs()
        )
        .into(),
        hint: "An ACL may forbid to publish or to read there without saying so, which MQTT 3.1.1 and QoS 0 cannot: choose a scratch topic that it allows".into(),
        detail: "".into(),
        reason: None,
        doubted: Vec::new(),
    }
}
