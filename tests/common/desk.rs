//! A session on a broker of the test's own: one body, on Mosquitto and on the built-in broker.
#![allow(dead_code, reason = "every test binary uses its own part of it")]
#![expect(clippy::panic, reason = "a test may fail")]

use crate::common::{DEADLINE, Mosquitto, wait_until};
use roundtrip::model::exchange::{Change, Exchange, ExchangeId, MessageVerdict, Verdict};
use roundtrip::model::profile::{BUILT_IN_ADDRESS, Profile, ProfileDraft};
use roundtrip::model::request::{Request, RequestDraft, Surroundings};
use roundtrip::model::timeline::{MessageRow, Row};
use roundtrip::session::{ConnectionEvent, Event, RunningDevice, Session};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The connection that most tests use.
pub const HERE: &str = "here";

pub struct Desk {
    pub session: Session,
    /// `None`: the session's own built-in broker.
    pub mosquitto: Option<Mosquitto>,
    /// Every verdict that an exchange was given, in order.
    pub verdicts: BTreeMap<ExchangeId, Vec<&'static str>>,
    /// Every state that a connection was in, in order, as one word.
    pub states: BTreeMap<Arc<str>, Vec<&'static str>>,
}

impl Desk {
    #[track_caller]
    pub fn mosquitto() -> Self {
        Self::on(Mosquitto::start(""))
    }

    #[track_caller]
    pub fn on(mosquitto: Mosquitto) -> Self {
        Self::start(Some(mosquitto))
    }

    #[track_caller]
    pub fn built_in() -> Self {
        Self::start(None)
    }

    /// No broker runs: the test brings its own.
    #[track_caller]
    pub fn without_broker() -> Self {
        let session = Session::start(Box::new(|| {})).unwrap_or_else(|err| panic!("{err}"));
        Self {
            session,
            mosquitto: None,
            verdicts: BTreeMap::new(),
            states: BTreeMap::new(),
        }
    }

    #[track_caller]
    fn start(mosquitto: Option<Mosquitto>) -> Self {
        let mut desk = Self::without_broker();
        if mosquitto.is_none()
            && let Err(err) = desk.session.start_broker()
        {
            panic!("{err}");
        }
        desk.mosquitto = mosquitto;
        desk
    }

    pub fn is_built_in(&self) -> bool {
        self.mosquitto.is_none()
    }

    /// Where foreign clients reach the broker.
    #[track_caller]
    pub fn port(&self) -> u16 {
        match (&self.mosquitto, self.session.broker()) {
            (Some(mosquitto), _) => mosquitto.port(),
            (None, Some(broker)) => broker.address().port(),
            (None, None) => panic!("no broker runs"),
        }
    }

    #[track_caller]
    pub fn profile(&self, id: &str) -> Profile {
        let address = match &self.mosquitto {
            Some(mosquitto) => mosquitto.url(),
            None => BUILT_IN_ADDRESS.to_owned(),
        };
        let draft = ProfileDraft {
            name: id.to_owned(),
            address,
            client_id: id.to_owned(),
            ..ProfileDraft::default()
        };
        draft.validate(id).unwrap_or_else(|err| panic!("{err:?}"))
    }

    /// Connected when it returns.
    #[track_caller]
    pub fn connect(&mut self, id: &str) {
        let profile = self.profile(id);
        self.connect_as(profile);
    }

    #[track_caller]
    pub fn connect_as(&mut self, profile: Profile) {
        let id = Arc::clone(&profile.id);
        if let Err(err) = self.session.connect(profile, None) {
            panic!("{err}");
        }
        self.wait_connected(&id);
    }

    #[track_caller]
    pub fn wait_connected(&mut self, id: &str) {
        self.wait(&format!("`{id}` connected"), |session| {
            session.state(id).is_connected()
        });
    }

    /// Starts a device on a connection of its own; it listens when this returns.
    #[track_caller]
    pub fn start_device(&mut self, id: &str, toml: &str) {
        let draft: roundtrip::model::responder::DeviceDraft =
            toml::from_str(toml).unwrap_or_else(|err| panic!("{err}"));
        let device = draft
            .validate(self.session.rules())
            .unwrap_or_else(|err| panic!("{err:?}"));
        let profile = self.profile("devices");
        if let Err(err) = self.session.start_device(id, device, &profile, None) {
            panic!("{err}");
        }
        self.wait_listening(id);
    }

    #[track_caller]
    pub fn wait_listening(&mut self, id: &str) {
        self.wait(&format!("device `{id}` listens"), |session| {
            session.device(id).is_some_and(RunningDevice::is_listening)
        });
    }

    /// Takes what happened, and notes it.
    pub fn drain(&mut self) {
        for event in self.session.drain(100_000) {
            match event {
                Event::Connection {
                    event:
                        ConnectionEvent::Changed {
                            id,
                            change: Change::Finished(verdict),
                            ..
                        },
                    ..
                } => self.verdicts.entry(id).or_default().push(verdict.word()),
                Event::Connection {
                    id,
                    event: ConnectionEvent::State(state),
                    ..
                } => {
                    use roundtrip::model::connection::ConnectionState as State;
                    let word = match state {
                        State::Disconnected => "disconnected",
                        State::Connecting => "connecting",
                        State::Connected(_) => "connected",
                        State::Retrying { .. } => "retrying",
                        State::Refused { .. } => "refused",
                    };
                    self.states.entry(id).or_default().push(word);
                }
                _ => {}
            }
        }
    }

    /// Waits until `condition` holds; panics with `what` and the timeline when it does not in time.
    #[track_caller]
    pub fn wait(&mut self, what: &str, mut condition: impl FnMut(&Session) -> bool) {
        let until = Instant::now() + DEADLINE;
        loop {
            self.drain();
            if condition(&self.session) {
                return;
            }
            assert!(
                Instant::now() < until,
                "not within {DEADLINE:?}: {what}\nstates: {:?}\n{}",
                self.states,
                self.told()
            );
            self.session.wait(Duration::from_millis(50));
        }
    }

    /// How everything stands, for somebody who looks for the reason of a failure.
    fn told(&self) -> String {
        let rows = self.session.timeline.rows().map(|row| match &*row {
            Row::Exchange(exchange) => format!(
                "  {} {} {:?} {:?}",
                exchange.id.0, exchange.message.topic, exchange.verdict, exchange.legs
            ),
            other => format!("  {other:?}"),
        });
        let links = self
            .session
            .links()
            .map(|(id, link)| format!("  {id}: {:?} {:?}", link.state, link.subscriptions));
        let devices = self
            .session
            .devices()
            .map(|(id, device)| format!("  {id}: {:?}", device.state));
        rows.chain(links)
            .chain(devices)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Sends it on [`HERE`].
    #[track_caller]
    pub fn send(&mut self, request: &Request) -> ExchangeId {
        self.send_on(HERE, request)
    }

    #[track_caller]
    pub fn send_on(&mut self, connection: &str, request: &Request) -> ExchangeId {
        self.session
            .send(connection, Arc::new(request.clone()))
            .unwrap_or_else(|| panic!("`{connection}` sends nothing"))
    }

    #[track_caller]
    pub fn wait_verdict(&mut self, id: ExchangeId, verdict: &str) -> Exchange {
        self.wait_exchange(id, verdict, |exchange| exchange.verdict.word() == verdict)
    }

    #[track_caller]
    pub fn wait_finished(&mut self, id: ExchangeId) -> Exchange {
        self.wait_exchange(id, "a verdict", |exchange| !exchange.verdict.is_open())
    }

    #[track_caller]
    pub fn wait_exchange(
        &mut self,
        id: ExchangeId,
        what: &str,
        condition: impl Fn(&Exchange) -> bool,
    ) -> Exchange {
        self.wait(what, |session| {
            let exchange = session.timeline.exchange(id);
            exchange.is_some_and(|exchange| condition(&exchange))
        });
        self.exchange(id)
    }

    #[track_caller]
    pub fn exchange(&self, id: ExchangeId) -> Exchange {
        self.session
            .timeline
            .exchange(id)
            .map_or_else(|| panic!("{id:?} is not in the timeline"), Cow::into_owned)
    }

    /// Messages that belong to no exchange.
    pub fn messages(&self) -> Vec<MessageRow> {
        let rows = self.session.timeline.rows();
        rows.filter_map(|row| match row.into_owned() {
            Row::Message(row) => Some(row),
            _ => None,
        })
        .collect()
    }

    /// The only message that belongs to no exchange.
    #[track_caller]
    pub fn wait_message(&mut self, verdict: MessageVerdict) -> MessageRow {
        self.wait("a message of no exchange", |session| {
            session
                .timeline
                .rows()
                .any(|row| matches!(&*row, Row::Message(_)))
        });
        match self.messages().as_slice() {
            [row] if row.verdict == verdict => row.clone(),
            other => panic!("not one {}: {other:#?}", verdict.word()),
        }
    }

    /// Nobody can be connected to the broker from here on.
    #[track_caller]
    pub fn kill_broker(&mut self) {
        match &mut self.mosquitto {
            Some(mosquitto) => mosquitto.kill(),
            None => self.session.stop_broker(),
        }
    }

    /// Again on the same port.
    #[track_caller]
    pub fn restart_broker(&mut self, port: u16) {
        match &mut self.mosquitto {
            Some(mosquitto) => mosquitto.restart(),
            // Somebody else's test may be given the port for a moment.
            None => wait_until("the broker's old port is free", || {
                self.session.stop_broker();
                self.session
                    .start_broker()
                    .is_ok_and(|broker| broker.address().port() == port)
            }),
        }
        assert_eq!(self.port(), port);
    }
}

/// A request to `cmnd` with its Response Topic `answers/here`: QoS 1, text, 10 s.
pub fn draft() -> RequestDraft {
    RequestDraft {
        topic: "cmnd".to_owned(),
        response_topic: roundtrip::model::request::ResponseTopicDraft::Typed(
            "answers/here".to_owned(),
        ),
        timeout: "10s".to_owned(),
        format: roundtrip::model::payload::PayloadFormat::Text,
        payload: "ping".to_owned(),
        ..RequestDraft::default()
    }
}

#[track_caller]
pub fn valid(draft: &RequestDraft) -> Request {
    draft
        .validate(&Surroundings {
            client_id: HERE,
            ..Surroundings::default()
        })
        .unwrap_or_else(|err| panic!("{err:?}"))
}

/// Why an exchange failed or was rejected.
#[track_caller]
pub fn why(exchange: &Exchange) -> String {
    match &exchange.verdict {
        Verdict::Failed { reason } => reason.to_string(),
        Verdict::Rejected { what, reason } => format!("{what}: {reason}"),
        other => panic!("{other:?} needs no reason"),
    }
}
