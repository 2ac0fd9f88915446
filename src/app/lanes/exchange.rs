//! An exchange as arrows: the request on its way out, and everything that came back.

use super::arrange::Arranger;
use super::words;
use super::{Bar, BarKind, Edge, Known, LaneKey, Mark, Scene, Step, StepKind};
use crate::app::rows::Tone;
use crate::model::exchange::{Exchange, MessageVerdict, Outcome, Reason, Reply, Verdict};
use crate::model::text;
use crate::model::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Replies of one exchange that are drawn.
const REPLIES: usize = 24;

/// Where everybody of one exchange stands, and its steps so far.
struct Course<'a> {
    exchange: &'a Exchange,
    broker_name: Option<Arc<str>>,
    requester: usize,
    /// None where devices come to the requester itself.
    broker: Option<usize>,
    published: Timestamp,
    publish: usize,
    /// The delivery to the device whose times are known.
    delivered: Option<usize>,
}

fn arrow(kind: StepKind, from: usize, to: usize, at: Timestamp, known: Known) -> Step {
    Step {
        kind,
        from,
        to,
        at,
        known,
        tone: Tone::Accent,
        is_dashed: known == Known::Neither,
        label: String::new(),
        part: None,
        remark: String::new(),
        is_hidden: false,
    }
}

impl Arranger<'_> {
    pub(super) fn exchange(&mut self, scene: &mut Scene, exchange: &Exchange) {
        let party = self.cast.party(&exchange.connection);
        let requester = self.lane(LaneKey::Requester(Arc::clone(&exchange.connection)));
        let broker_name = party.broker;
        let broker = broker_name
            .as_ref()
            .map(|name| self.lane(LaneKey::Broker(Arc::clone(name))));
        scene.is_open = exchange.verdict.is_open();
        subscription(scene, exchange, requester, broker);
        let Some(published) = exchange.legs.published else {
            self.unsent(scene, exchange, requester);
            return;
        };
        let mut course = Course {
            exchange,
            broker_name,
            requester,
            broker,
            published,
            publish: 0,
            delivered: None,
        };
        self.publication(scene, &mut course);
        acknowledgement(scene, &course);
        self.delivery(scene, &mut course);
        for (index, reply) in exchange.replies.iter().take(REPLIES).enumerate() {
            self.reply(scene, &course, index, reply);
        }
        scene.replies_left_out = exchange.replies.len().saturating_sub(REPLIES);
        self.work(scene, &course);
        self.presence_note(scene, &course);
        self.ending(scene, &course);
    }

    /// What never went out.
    fn unsent(&mut self, scene: &mut Scene, exchange: &Exchange, requester: usize) {
        let queued = exchange.legs.queued;
        let end = exchange.finished.unwrap_or(self.now);
        let (tone, _) = open_tone(&exchange.verdict);
        let what = match &exchange.verdict {
            Verdict::Waiting => "not sent yet".to_owned(),
            Verdict::Rejected { what, reason } => {
                format!("{} rejected: {}", what.word(), words::short(reason))
            }
            Verdict::Failed { reason } => format!("not sent: {reason}"),
            Verdict::NoSubscribers => "not sent: no subscribers".to_owned(),
            _ => "not sent".to_owned(),
        };
        scene.marks.push(mark(requester, end, tone, what));
        scene.bar(Bar {
            kind: BarKind::Open,
            lane: requester,
            from: Edge::At(queued),
            to: Edge::At(end),
            tone,
            label: String::new(),
            is_hidden: false,
        });
    }

    fn publication(&mut self, scene: &mut Scene, course: &mut Course<'_>) {
        let exchange = course.exchange;
        let is_will = self.presence.is_will(exchange.id);
        let to = course.broker.unwrap_or_else(|| {
            let replied = exchange
                .replies
                .iter()
                .find_map(|reply| reply.responder.as_ref());
            self.responder(exchange.device.as_ref().or(replied), None)
        });
        let kind = if is_will {
            StepKind::Will
        } else {
            StepKind::Publish
        };
        let mut step = arrow(kind, course.requester, to, course.published, Known::Start);
        step.part = Some(0);
        step.is_dashed = is_will;
        if is_will {
            step.label = words::publish("LAST WILL", &exchange.message);
            "The broker publishes the last will in the place of the client, whose connection is lost."
                .clone_into(&mut step.remark);
        } else {
            step.label = words::publish("PUBLISH", &exchange.message);
            "The request. When the broker received it is not known; only when it was written."
                .clone_into(&mut step.remark);
        }
        course.publish = scene.push(step);
    }

    /// From the broker to whoever gets the request, as far as that is known.
    fn delivery(&mut self, scene: &mut Scene, course: &mut Course<'_>) {
        let exchange = course.exchange;
        let Some(broker) = course.broker else {
            course.delivered = exchange.legs.device_received.map(|_| course.publish);
            return;
        };
        if let (Some(device), Some(received)) = (&exchange.device, exchange.legs.device_received) {
            let lane = self.responder(Some(device), None);
            let was_away = self.presence.is_kept_for(device, course.published);
            let queued = was_away.then(|| queue(scene, course, broker, lane));
            let mut step = arrow(StepKind::Deliver, broker, lane, received, Known::End);
            step.part = Some(0);
            let took = text::duration(received.since(course.published));
            if was_away {
                step.tone = Tone::Waiting;
                step.label = format!("delivered after {took}");
            }
            step.remark = format!(
                "{device} received the request {took} after it was written. When the broker passed it on is not known."
            );
            let delivered = scene.push(step);
            course.delivered = Some(delivered);
            if let Some(queued) = queued {
                queued_bar(scene, broker, queued, Edge::StartOf(delivered));
            }
        } else if exchange.replies.is_empty() && exchange.verdict != Verdict::NoSubscribers {
            let kept = self.kept(course);
            // Nobody has taken it: it is there no longer than until the device is, or it expires.
            let expiry = exchange.message.properties.message_expiry_secs;
            let expires = expiry.map(|secs| {
                course
                    .published
                    .saturating_add(Duration::from_secs(secs.into()))
            });
            for (device, back) in kept {
                let lane = self.responder(Some(&device), None);
                let queued = queue(scene, course, broker, lane);
                let ends = [Some(self.now), back, expires];
                let end = ends.into_iter().flatten().min().unwrap_or(self.now);
                queued_bar(scene, broker, queued, Edge::At(end));
                if Some(end) == expires && end < self.now {
                    let words = format!(
                        "message expiry {}",
                        text::count(expiry.unwrap_or(0).into()) + " s"
                    );
                    scene.marks.push(mark(broker, end, Tone::Waiting, words));
                }
            }
        }
        self.foreign_deliveries(scene, course, broker);
    }

    fn kept(&self, course: &Course<'_>) -> Vec<(Arc<str>, Option<Timestamp>)> {
        let exchange = course.exchange;
        // Of QoS 0 the broker need not keep anything (MQTT 5 §4.1).
        let is_kept = u8::from(exchange.message.qos) > 0;
        let broker = course.broker_name.as_ref().filter(|_| is_kept);
        broker.map_or_else(Vec::new, |broker| {
            let topic = &exchange.message.topic;
            self.presence.kept_for(broker, topic, course.published)
        })
    }

    /// Who answered has received the request, nobody knows when.
    fn foreign_deliveries(&mut self, scene: &mut Scene, course: &Course<'_>, broker: usize) {
        let exchange = course.exchange;
        let mut seen: Vec<usize> = Vec::new();
        for reply in exchange.replies.iter().take(REPLIES) {
            let named = reply.responder.as_ref();
            if exchange.device.is_some() && (named.is_none() || named == exchange.device.as_ref()) {
                continue;
            }
            let lane = self.responder(named, course.broker_name.as_ref());
            if seen.contains(&lane) {
                continue;
            }
            seen.push(lane);
            let mut step = arrow(
                StepKind::Deliver,
                broker,
                lane,
                course.published,
                Known::Neither,
            );
            step.part = Some(0);
            "It answered, so it has received the request; when is not known."
                .clone_into(&mut step.remark);
            scene.push(step);
        }
    }

    fn reply(&mut self, scene: &mut Scene, course: &Course<'_>, index: usize, reply: &Reply) {
        let exchange = course.exchange;
        let name = reply.responder.as_ref().or(exchange.device.as_ref());
        let lane = self.responder(name, course.broker_name.as_ref());
        let tone = reply_tone(reply);
        let kind = match (reply.verdict, &reply.outcome) {
            (_, Outcome::Progress) => StepKind::Progress,
            (MessageVerdict::LateReply, _) => StepKind::LateReply,
            (MessageVerdict::AdditionalReply, _) => StepKind::AdditionalReply,
            _ => StepKind::Reply,
        };
        // The device's own time is that of the reply that counts.
        let first = exchange
            .replies
            .iter()
            .position(|reply| reply.outcome != Outcome::Progress);
        let answered = exchange.legs.device_answered.filter(|at| {
            first == Some(index) && name == exchange.device.as_ref() && *at <= reply.received
        });
        let took = reply.received.since(course.published);
        let part = Some(index + 1);
        let from = match course.broker {
            Some(broker) => {
                let mut step = match answered {
                    Some(at) => arrow(StepKind::Answer, lane, broker, at, Known::Start),
                    None => arrow(
                        StepKind::Answer,
                        lane,
                        broker,
                        reply.received,
                        Known::Neither,
                    ),
                };
                step.tone = tone;
                step.part = part;
                match answered {
                    Some(_) => "The answer was written; when the broker received it is not known.",
                    None => "When it was published is not known; only when it came here.",
                }
                .clone_into(&mut step.remark);
                scene.push(step);
                broker
            }
            None => lane,
        };
        let mut step = arrow(kind, from, course.requester, reply.received, Known::End);
        step.tone = tone;
        step.part = part;
        step.label = words::reply(exchange, reply, took);
        step.remark = format!(
            "{}, {} after the request was written.",
            reply.verdict.label(),
            text::duration(took)
        );
        scene.push(step);
    }

    /// How long the simulated device was at it.
    fn work(&mut self, scene: &mut Scene, course: &Course<'_>) {
        let exchange = course.exchange;
        let (Some(device), Some(received), Some(delivered)) = (
            &exchange.device,
            exchange.legs.device_received,
            course.delivered,
        ) else {
            return;
        };
        let lane = self.responder(Some(device), None);
        let answered = exchange.legs.device_answered.filter(|at| *at >= received);
        let answer = scene.steps.iter().position(|step| {
            step.from == lane && step.known == Known::Start && Some(step.at) == answered
        });
        let (to, label) = match (answer, answered) {
            (Some(step), Some(at)) => (Edge::StartOf(step), text::duration(at.since(received))),
            (None, Some(at)) => (Edge::At(at), text::duration(at.since(received))),
            (_, None) => {
                let end = exchange.finished.unwrap_or(self.now);
                (Edge::At(end.max(received)), "no answer".to_owned())
            }
        };
        let is_waiting = answered.is_none() && exchange.verdict.is_open();
        scene.bar(Bar {
            kind: BarKind::Work,
            lane,
            from: Edge::EndOf(delivered),
            to,
            tone: match answered {
                Some(_) => Tone::Answered,
                None => Tone::Waiting,
            },
            label: if is_waiting {
                "at work".to_owned()
            } else {
                label
            },
            is_hidden: false,
        });
    }

    fn presence_note(&mut self, scene: &mut Scene, course: &Course<'_>) {
        let Some(note) = &course.exchange.presence else {
            return;
        };
        // What was said before explains, but has no place in this stretch of time.
        if note.at < course.published {
            return;
        }
        let exchange = course.exchange;
        let replied = exchange.replies.iter();
        let mut replied = replied.filter_map(|reply| reply.responder.clone());
        let device = exchange.device.clone().or_else(|| replied.next());
        // Where nobody knows who that is, the answer's explanation says it.
        let Some(device) = device.or_else(|| self.presence.device_called(&note.who)) else {
            return;
        };
        let lane = self.responder(Some(&device), None);
        let (tone, words) = if note.is_online {
            (Tone::Answered, "says that it is there")
        } else {
            (Tone::Waiting, "is said to be gone")
        };
        scene
            .marks
            .push(mark(lane, note.at, tone, words.to_owned()));
    }

    /// How long the request was open, and what ended it.
    fn ending(&mut self, scene: &mut Scene, course: &Course<'_>) {
        let exchange = course.exchange;
        let (tone, ending) = open_tone(&exchange.verdict);
        let finished = exchange.finished.unwrap_or(self.now);
        let timeout = exchange.request.timeout;
        let to = match &exchange.verdict {
            Verdict::TimedOut | Verdict::Late => {
                let deadline = course.published.saturating_add(timeout);
                let deadline = exchange.deadline.unwrap_or(deadline);
                let label = format!("timeout {}", words::timeout(timeout));
                let mut timeout = mark(course.requester, deadline, Tone::Failed, label);
                timeout.is_on_axis = true;
                scene.marks.push(timeout);
                Edge::At(deadline)
            }
            Verdict::Waiting => Edge::At(self.now.max(course.published)),
            _ => scene
                .steps
                .iter()
                .rposition(|step| step.at == finished && step.to == course.requester)
                .map_or(Edge::At(finished), Edge::EndOf),
        };
        let words = match &exchange.verdict {
            Verdict::NoSubscribers => Some((course.broker, "no subscribers".to_owned())),
            Verdict::Rejected { what, reason } => Some((
                course.broker,
                format!("{} rejected: {}", what.word(), words::short(reason)),
            )),
            Verdict::Failed { reason } => {
                Some((Some(course.requester), format!("failed: {reason}")))
            }
            _ => None,
        };
        if let Some((lane, words)) = words {
            let lane = lane.unwrap_or(course.requester);
            scene.marks.push(mark(lane, finished, ending, words));
        }
        scene.bar(Bar {
            kind: BarKind::Open,
            lane: course.requester,
            from: Edge::StartOf(course.publish),
            to,
            tone,
            label: String::new(),
            is_hidden: false,
        });
    }
}

fn mark(lane: usize, at: Timestamp, tone: Tone, label: String) -> Mark {
    Mark {
        lane,
        at,
        tone,
        label,
        is_on_axis: false,
        is_hidden: false,
    }
}

fn subscription(scene: &mut Scene, exchange: &Exchange, requester: usize, broker: Option<usize>) {
    let (Some(at), Some(broker)) = (exchange.legs.subscribed, broker) else {
        return;
    };
    let mut step = arrow(
        StepKind::SubscribeAcknowledged,
        broker,
        requester,
        at,
        Known::End,
    );
    step.tone = Tone::Neutral;
    step.is_dashed = true;
    let took = text::duration(at.since(exchange.legs.queued));
    step.label = format!("SUBACK {took}");
    "The subscription for the replies is there; since the request was queued."
        .clone_into(&mut step.remark);
    scene.push(step);
}

fn acknowledgement(scene: &mut Scene, course: &Course<'_>) {
    let exchange = course.exchange;
    let (Some(at), Some(broker)) = (exchange.legs.acknowledged, course.broker) else {
        return;
    };
    let reason = exchange.acknowledgement.as_ref();
    let took = at.since(course.published);
    let mut step = arrow(
        StepKind::Acknowledgement,
        broker,
        course.requester,
        at,
        Known::End,
    );
    step.tone = match reason {
        Some(reason) if reason.is_refusal() => Tone::Failed,
        Some(reason) if reason.code == Reason::NO_MATCHING_SUBSCRIBERS => Tone::NoSubscribers,
        _ => Tone::Neutral,
    };
    step.is_dashed = true;
    step.label = words::acknowledgement(exchange.message.qos, took, reason);
    step.remark = match reason {
        Some(reason) => format!("The broker has the request: {reason}."),
        None => "The broker has the request.".to_owned(),
    };
    scene.push(step);
}

/// The broker keeps the request for a device that is away.
fn queue(scene: &mut Scene, course: &Course<'_>, broker: usize, lane: usize) -> usize {
    let mut step = arrow(
        StepKind::Queued,
        broker,
        lane,
        course.published,
        Known::Neither,
    );
    step.part = Some(0);
    step.tone = Tone::Waiting;
    "queued by the broker (persistent session)".clone_into(&mut step.label);
    "The device was away, and the broker keeps its session: the message waits there."
        .clone_into(&mut step.remark);
    scene.push(step)
}

fn queued_bar(scene: &mut Scene, broker: usize, queued: usize, to: Edge) {
    scene.bar(Bar {
        kind: BarKind::Queued,
        lane: broker,
        from: Edge::StartOf(queued),
        to,
        tone: Tone::Waiting,
        label: String::new(),
        is_hidden: false,
    });
}

/// The tone of the bar while it was open, and that of its end.
fn open_tone(verdict: &Verdict) -> (Tone, Tone) {
    match verdict {
        Verdict::Answered => (Tone::Accent, Tone::Answered),
        Verdict::AnsweredWithError { .. } => (Tone::Accent, Tone::Failed),
        Verdict::Waiting | Verdict::TimedOut | Verdict::Late => (Tone::Waiting, Tone::Failed),
        Verdict::NoSubscribers => (Tone::NoSubscribers, Tone::NoSubscribers),
        Verdict::Rejected { .. } | Verdict::Failed { .. } => (Tone::Failed, Tone::Failed),
    }
}

fn reply_tone(reply: &Reply) -> Tone {
    match (reply.verdict, &reply.outcome) {
        (_, Outcome::Progress) => Tone::Waiting,
        (MessageVerdict::LateReply, _) => Tone::Late,
        (_, Outcome::Error { .. }) => Tone::Failed,
        _ => Tone::Answered,
    }
}
