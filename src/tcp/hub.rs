//! Who is connected, what their messages mean, and what becomes of requests to them.
//!
//! The [`Requester`] decides what pairs, as on any connection; what it asks for is carried out here.
//! There is nothing to subscribe to: whatever a device sends comes here. A request to a device that
//! is not there ends at once with reason code 0x10, *No matching subscribers*, because that is what
//! it is: nobody is there to take it, and nothing was sent.

use super::frames;
use super::peer::{Fate, FromPeer, OnWire, Peer, PeerId};
use super::place::Place;
use super::words::{self, Said};
use crate::clock;
use crate::model::connection::{ConnectionEvent, ConnectionSink, Problem};
use crate::model::exchange::{Change, ExchangeId, Reason};
use crate::model::message::Message;
use crate::model::pairing::Rules;
use crate::model::request::Request;
use crate::model::requester::{Effect, Requester, Withdrawn};
use crate::model::time::Timestamp;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// More connections at a time are not taken.
pub const MAX_PEERS: usize = 256;

pub struct Hub {
    requester: Requester,
    place: Place,
    sink: ConnectionSink,
    peers: BTreeMap<PeerId, Peer>,
    devices: BTreeMap<Arc<str>, PeerId>,
    next_peer: PeerId,
    /// Open exchanges whose request was handed to a peer.
    open: BTreeMap<ExchangeId, Sent>,
    /// Publishes that ask for no reply, by token.
    bare: BTreeMap<u64, (Arc<Message>, PeerId)>,
    problem: Option<Problem>,
}

struct Sent {
    peer: PeerId,
    fate: Arc<Fate>,
}

/// Why a message was not handed to a device.
enum Unsent {
    /// Nobody of that name is connected.
    Away(Arc<str>),
    Cannot(String),
}

impl Hub {
    pub fn new(connection: Arc<str>, rules: Rules, place: Place, sink: ConnectionSink) -> Self {
        Self {
            requester: Requester::new(connection, rules),
            place,
            sink,
            peers: BTreeMap::new(),
            devices: BTreeMap::new(),
            next_peer: 1,
            open: BTreeMap::new(),
            bare: BTreeMap::new(),
            problem: None,
        }
    }

    pub fn tell(&self, event: ConnectionEvent) {
        (self.sink)(event);
    }

    pub fn set_rules(&mut self, rules: &Rules) {
        self.requester.set_rules(rules);
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.requester.next_deadline()
    }

    pub fn expire(&mut self) {
        let effects = self.requester.expire(clock::now());
        self.perform(effects);
    }

    /// Somebody connected.
    pub fn take(
        &mut self,
        runtime: &Handle,
        socket: TcpStream,
        address: SocketAddr,
        tell: &mpsc::Sender<FromPeer>,
    ) {
        if self.peers.len() >= MAX_PEERS {
            let why = format!("there are {MAX_PEERS} connections already");
            self.refused(address, &why, clock::now());
            return;
        }
        let id = self.next_peer;
        self.next_peer += 1;
        let peer = Peer::start(runtime, id, socket, address, tell);
        self.peers.insert(id, peer);
    }

    pub fn hear(&mut self, event: FromPeer) {
        match event {
            FromPeer::Value { peer, value, at } => self.value(peer, value, at),
            FromPeer::Written { token, at } => self.written(token, at),
            FromPeer::Ended { peer, end, at } => self.end(peer, &end.to_string(), at),
        }
    }

    /// Nobody can be reached, because nobody listens; `None`: they can again.
    pub fn set_problem(&mut self, problem: Option<Problem>) {
        self.problem = problem;
    }

    pub fn send(
        &mut self,
        id: ExchangeId,
        request: Arc<Request>,
        message: Arc<Message>,
        at: Timestamp,
    ) {
        if request.asks_for_reply() {
            let rule = Arc::clone(&request.pairing.rule);
            let effects = self.requester.begin_by(id, &rule, request, message, at);
            self.perform(effects);
            return;
        }
        let why = match self.hand_over(id, &message) {
            Ok(sent) => {
                self.bare.insert(id.0, (message, sent.peer));
                return;
            }
            Err(Unsent::Away(device)) => away(&device),
            Err(Unsent::Cannot(why)) => why,
        };
        self.publish_failed(message, &why);
    }

    fn publish_failed(&self, message: Arc<Message>, why: &str) {
        let problem = Problem {
            summary: format!("`{}` was not sent: {why}", message.topic).into(),
            hint: "Commands go to tcp/cmd/req/<device> while the device is connected".into(),
            detail: "".into(),
            reason: None,
            doubted: Vec::new(),
        };
        self.tell(ConnectionEvent::PublishFailed { message, problem });
    }

    fn hand_over(&self, id: ExchangeId, message: &Message) -> Result<Sent, Unsent> {
        if let Some(problem) = &self.problem {
            return Err(Unsent::Cannot(problem.summary.to_string()));
        }
        let properties = &message.properties;
        if properties.response_topic.is_some() || properties.correlation_data.is_some() {
            return Err(Unsent::Cannot("plain TCP carries the payload alone, no Response Topic and no Correlation Data: choose the pairing rule `mqtt-two-way`".to_owned()));
        }
        let Some(device) = words::device_of(&message.topic) else {
            return Err(Unsent::Cannot(format!(
                "`{}` names no device: over plain TCP a command goes to tcp/cmd/req/<device>",
                message.topic
            )));
        };
        if !frames::is_one_value(&message.payload) {
            return Err(Unsent::Cannot("the payload is not one JSON value, and over plain TCP nothing else tells where a message ends".to_owned()));
        }
        let found = self.devices.get_key_value(device);
        let Some((name, peer_id)) = found else {
            return Err(Unsent::Away(device.into()));
        };
        let Some(peer) = self.peers.get(peer_id) else {
            return Err(Unsent::Away(Arc::clone(name)));
        };
        match peer.send(id.0, &message.payload) {
            Some(fate) => Ok(Sent {
                peer: *peer_id,
                fate,
            }),
            None => Err(Unsent::Cannot(format!(
                "the device {name} does not read what waits for it already"
            ))),
        }
    }

    fn value(&mut self, id: PeerId, value: Bytes, at: Timestamp) {
        let Some(peer) = self.peers.get(&id) else {
            return;
        };
        let said = match words::read(&value) {
            Ok(said) => said,
            Err(why) => return self.end(id, &why, at),
        };
        match (&said, &peer.device) {
            (Said::SignIn(name), Some(device)) if name != device => {
                let why = format!("it signed in as {device}, and now as {name}");
                return self.end(id, &why, at);
            }
            (Said::SignIn(_), _) | (_, Some(_)) => {}
            (_, None) => {
                let why = r#"it sends before it has signed in with {"deviceId":"…","messageType":"SIGN_IN"}"#;
                return self.end(id, why, at);
            }
        }
        let device = match &said {
            Said::SignIn(name) => {
                self.sign_in(id, name, at);
                Some(Arc::clone(name))
            }
            Said::SignOut => self.sign_out(id),
            Said::Answer | Said::Data => peer.device.clone(),
        };
        if let Some(device) = device
            && let Some(message) = words::message(&said, &device, value)
        {
            self.arrived(message, Some(device), at);
        }
    }

    /// A name belongs to whoever signed in with it last, as a client id does (MQTT 5 §3.1.4).
    fn sign_in(&mut self, id: PeerId, name: &Arc<str>, at: Timestamp) {
        if let Some(before) = self
            .devices
            .get(name)
            .copied()
            .filter(|before| *before != id)
        {
            self.end(
                before,
                "the device signed in again on another connection",
                at,
            );
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.device = Some(Arc::clone(name));
            peer.has_left = false;
            self.devices.insert(Arc::clone(name), id);
            self.place.signed_in(name, peer.address);
        }
    }

    fn sign_out(&mut self, id: PeerId) -> Option<Arc<str>> {
        let peer = self.peers.get_mut(&id)?;
        let device = peer.device.take()?;
        peer.has_left = true;
        self.devices.remove(&device);
        self.place.signed_out(&device);
        Some(device)
    }

    /// A connection ends, by itself or because of what came on it.
    fn end(&mut self, id: PeerId, why: &str, at: Timestamp) {
        let has_left = self.peers.get(&id).is_some_and(|peer| peer.has_left);
        let device = self.sign_out(id);
        let Some(peer) = self.peers.remove(&id) else {
            return;
        };
        let Some(device) = device else {
            // One that signed out has told its end already.
            if !has_left {
                self.refused(peer.address, why, at);
            }
            self.forget(id, "the device signed out", at);
            return;
        };
        log::info!("the connection of {device} ended: {why}");
        if let Some(message) = words::will(&device, why) {
            self.arrived(message, Some(Arc::clone(&device)), at);
        }
        self.forget(id, &format!("the device {device} went away: {why}"), at);
    }

    fn refused(&mut self, address: SocketAddr, why: &str, at: Timestamp) {
        log::warn!("a connection from {address} was closed: {why}");
        if let Some(message) = words::refusal(&address.to_string(), why) {
            self.arrived(message, None, at);
        }
    }

    /// What was on its way to a peer that is gone.
    fn forget(&mut self, id: PeerId, why: &str, at: Timestamp) {
        let open = self.open.iter().filter(|(_, sent)| sent.peer == id);
        let concerned: Vec<(ExchangeId, OnWire)> = open
            .map(|(exchange, sent)| (*exchange, sent.fate.withdraw()))
            .collect();
        for (exchange, on_wire) in concerned {
            let effects = if on_wire == OnWire::No {
                let why = format!("not sent: {why}").into();
                self.requester.not_sent(exchange, why, at)
            } else {
                let why = format!("no reply came, and none can: {why}").into();
                self.requester.responder_gone(exchange, why, at)
            };
            self.perform(effects);
        }
        let bare = self.bare.extract_if(.., |_, (_, peer)| *peer == id);
        let lost: Vec<_> = bare.map(|(_, (message, _))| message).collect();
        for message in lost {
            self.publish_failed(message, why);
        }
    }

    fn arrived(&mut self, message: Message, device: Option<Arc<str>>, at: Timestamp) {
        let effects = self.requester.receive(Arc::new(message), device, at);
        self.perform(effects);
    }

    fn written(&mut self, token: u64, at: Timestamp) {
        if let Some((message, _)) = self.bare.remove(&token) {
            self.tell(ConnectionEvent::Published {
                message,
                at,
                acknowledgement: None,
            });
            return;
        }
        let effects = self.requester.published(ExchangeId(token), at);
        self.perform(effects);
    }

    /// Breaks every connection, without a word to the device.
    pub fn cut(&mut self) {
        let all: Vec<PeerId> = self.peers.keys().copied().collect();
        for id in all {
            self.end(id, "it was cut from here", clock::now());
        }
    }

    /// Everything ends: nobody listens any more.
    pub fn close(&mut self) {
        let effects = self.requester.closing(clock::now());
        self.perform(effects);
        let effects = self.requester.closed(clock::now());
        self.perform(effects);
        self.peers.clear();
        self.devices.clear();
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Begun(exchange) => self.tell(ConnectionEvent::Begun(exchange)),
                // There are no wills here.
                Effect::WillBegun(exchange) => self.tell(ConnectionEvent::WillBegun(exchange)),
                Effect::Changed { id, change, at } => {
                    if matches!(change, Change::Finished(_)) {
                        self.open.remove(&id);
                    }
                    self.tell(ConnectionEvent::Changed { id, change, at });
                }
                Effect::Arrived {
                    message,
                    verdict,
                    at,
                    responder,
                    near,
                    miss,
                } => self.tell(ConnectionEvent::Arrived {
                    message,
                    verdict,
                    at,
                    responder,
                    near,
                    miss,
                    is_echo: false,
                }),
                // Whatever a device sends comes here.
                Effect::Subscribe { filter, .. } => {
                    effects.extend(self.requester.subscribed(&filter, Ok(()), clock::now()));
                }
                Effect::Unsubscribe(_) => {}
                Effect::Publish { id, message } => {
                    effects.extend(self.publish_request(id, &message));
                }
                Effect::Withdraw { id, why, at } => {
                    let fate = self.open.get(&id).map(|sent| sent.fate.withdraw());
                    let result = match fate {
                        None | Some(OnWire::No) => Withdrawn::Back,
                        Some(OnWire::Maybe) => Withdrawn::UnderWay,
                        Some(OnWire::Yes) => Withdrawn::TooLate,
                    };
                    // It comes before what happened after it.
                    let told = self.requester.withdrawn(id, result, &why, at);
                    told.into_iter()
                        .rev()
                        .for_each(|effect| effects.push_front(effect));
                }
            }
        }
    }

    fn publish_request(&mut self, id: ExchangeId, message: &Message) -> Vec<Effect> {
        match self.hand_over(id, message) {
            Ok(sent) => {
                self.open.insert(id, sent);
                Vec::new()
            }
            Err(Unsent::Away(device)) => {
                let reason = Reason::new(Reason::NO_MATCHING_SUBSCRIBERS, away(&device));
                self.requester.acknowledged(id, reason, clock::now())
            }
            Err(Unsent::Cannot(why)) => {
                let why = format!("not sent: {why}").into();
                self.requester.not_sent(id, why, clock::now())
            }
        }
    }
}

fn away(device: &str) -> String {
    format!("the device {device} is not connected")
}
