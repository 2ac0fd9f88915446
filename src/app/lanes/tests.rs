use super::*;
use crate::model::correlation::CorrelationData;
use crate::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reason, Reply, Verdict,
};
use crate::model::message::Message;
use crate::model::request::{RequestDraft, Surroundings};
use crate::model::timeline::{MessageRow, PublishRow, RowRef, Timeline};
use crate::model::topic::{TopicFilter, TopicName};
use std::fmt::Write as _;

mod placed;
mod scenes;
mod staged;

/// Microseconds after the start.
fn at(micros: i64) -> Timestamp {
    Timestamp::from_nanos(1_000_000_000_000 + micros * 1_000)
}

const HERE: &str = "lab";

/// A timeline and everybody around it.
struct World {
    timeline: Timeline,
    presence: Presence,
    cast: Cast,
    next: u64,
}

impl World {
    fn new() -> Self {
        let party = Party {
            name: "Lab".into(),
            client_id: Some("roundtrip-7f".into()),
            broker: Some("Built-in broker".into()),
        };
        Self {
            timeline: Timeline::default(),
            presence: Presence::default(),
            cast: Cast::with([(Arc::from(HERE), party)]),
            next: 1,
        }
    }

    fn device(&mut self, name: &str, since: i64) -> Who {
        let who = Who::Device(name.into());
        self.presence.meet(&who, 1, &name.into());
        self.presence.note(&who, Whereabouts::Online, at(since), "");
        let ear = Ear {
            client_id: format!("{name}-e26d").into(),
            broker: "Built-in broker".into(),
            listens: vec![TopicFilter::new("cmd/#").unwrap()],
            keeps_session: true,
        };
        self.presence.listens(&who, ear);
        who
    }

    fn queued(&mut self, topic: &str, micros: i64) -> ExchangeId {
        let draft = RequestDraft {
            topic: topic.to_owned(),
            ..RequestDraft::default()
        };
        let here = Surroundings {
            client_id: "roundtrip-7f",
            ..Surroundings::default()
        };
        let request = Arc::new(draft.validate(&here).unwrap());
        let id = ExchangeId(self.next);
        self.next += 1;
        let data = CorrelationData::new(vec![0x9f, 0x3c, 0, u8::try_from(id.0 % 256).unwrap()]);
        let message = Arc::new(request.message(Some(data)));
        let exchange = Exchange::new(
            id,
            HERE.into(),
            request,
            message,
            "mqtt5".into(),
            at(micros),
        );
        self.timeline.begin(exchange);
        id
    }

    /// Written, and acknowledged 600 µs later.
    fn sent(&mut self, topic: &str, micros: i64) -> ExchangeId {
        let id = self.queued(topic, micros);
        self.timeline.apply(id, Change::Published, at(micros));
        let reason = Reason::new(0, "success");
        self.timeline
            .apply(id, Change::Acknowledged(reason), at(micros + 600));
        id
    }

    fn taken(&mut self, id: ExchangeId, device: &str, received: i64, answered: i64) {
        let device: Arc<str> = device.into();
        let taken = Change::DeviceReceived {
            device: Arc::clone(&device),
        };
        self.timeline.apply(id, taken, at(received));
        self.timeline
            .apply(id, Change::DeviceAnswered { device }, at(answered));
    }

    fn replied(&mut self, id: ExchangeId, who: Option<&str>, micros: i64, verdict: MessageVerdict) {
        let topic = TopicName::new("state/light/power").unwrap();
        let mut message = Message::new(topic, "on");
        message.properties.correlation_data = Some(CorrelationData::new(vec![0x9f, 0x3c, 0, 1]));
        let reply = Reply {
            message: Arc::new(message),
            received: at(micros),
            verdict,
            outcome: Outcome::Ok,
            responder: who.map(Arc::from),
        };
        self.timeline.apply(id, Change::Reply(reply), at(micros));
    }

    fn ended(&mut self, id: ExchangeId, verdict: Verdict, micros: i64) {
        self.timeline
            .apply(id, Change::Finished(verdict), at(micros));
    }

    fn answered(&mut self, micros: i64) -> ExchangeId {
        let id = self.sent("cmnd/light/power", micros);
        self.taken(id, "light", micros + 1_300, micros + 3_600);
        self.replied(id, Some("light"), micros + 4_210, MessageVerdict::Reply);
        self.ended(id, Verdict::Answered, micros + 4_210);
        id
    }

    fn message(&mut self, verdict: MessageVerdict, near: Option<ExchangeId>, micros: i64) {
        self.timeline.push_message(MessageRow {
            connection: HERE.into(),
            message: Arc::new(Message::new(TopicName::new("state/x").unwrap(), "?")),
            verdict,
            received: at(micros),
            responder: None,
            near,
            difference: None,
            is_echo: false,
        });
    }

    fn all(&self) -> Window {
        Window {
            rows: self.timeline.iter().map(RowRef::id).collect(),
            ..Window::default()
        }
    }

    fn lanes(&self, now: i64) -> Lanes {
        self.arranged(&Options::default(), now)
    }

    fn arranged(&self, options: &Options, now: i64) -> Lanes {
        let window = self.all();
        arrange(
            &self.timeline,
            &window,
            &self.cast,
            &self.presence,
            options,
            at(now),
        )
    }
}

fn since(time: Timestamp) -> String {
    let nanos = time.as_nanos() - at(0).as_nanos();
    format!("{} µs", nanos / 1_000)
}

/// The lanes in words, a line for everything.
fn told(lanes: &Lanes) -> String {
    let mut told = String::new();
    let name = |lane: usize| {
        lanes
            .lanes
            .get(lane)
            .map_or("?", |lane| lane.title.as_str())
    };
    for lane in &lanes.lanes {
        let detail = &lane.detail;
        writeln!(told, "lane {} ({detail})", lane.title).unwrap();
    }
    for scene in &lanes.scenes {
        writeln!(told, "scene at {} {:?}", since(scene.started), scene.tone).unwrap();
        for step in &scene.steps {
            let hidden = if step.is_hidden { " hidden" } else { "" };
            let dashed = if step.is_dashed { " dashed" } else { "" };
            writeln!(
                told,
                "  {:?} {} → {} at {} ({:?}) {:?}{dashed}{hidden} [{}]",
                step.kind,
                name(step.from),
                name(step.to),
                since(step.at),
                step.known,
                step.tone,
                step.label
            )
            .unwrap();
        }
        for bar in &scene.bars {
            let edge = |edge| match edge {
                Edge::At(time) => since(time),
                other => format!("{other:?}"),
            };
            writeln!(
                told,
                "  bar {:?} on {} from {} to {} {:?} [{}]",
                bar.kind,
                name(bar.lane),
                edge(bar.from),
                edge(bar.to),
                bar.tone,
                bar.label
            )
            .unwrap();
        }
        for mark in &scene.marks {
            let (lane, time) = (name(mark.lane), since(mark.at));
            writeln!(
                told,
                "  mark on {lane} at {time} {:?} [{}]",
                mark.tone, mark.label
            )
            .unwrap();
        }
    }
    for absence in &lanes.absences {
        let until = absence.until.map_or_else(|| "now".to_owned(), since);
        let (lane, from) = (name(absence.lane), since(absence.from));
        writeln!(told, "{} {lane} from {from} to {until}", absence.label).unwrap();
    }
    told
}
