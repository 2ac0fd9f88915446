//! Connections of a session: what they are asked, and what they tell.

use super::outbound::Outbound;
use super::queue::Push;
use super::repeat::{Fate, Slot};
use super::wire::Wire;
use super::{Event, Generation, Session, SessionError};
use crate::model::connection::ConnectionState;
use crate::model::correlation::CorrelationSpec;
use crate::model::exchange::{
    Change, Difference, Exchange, ExchangeId, MessageVerdict, NearMiss, Reason,
};
use crate::model::message::Message;
use crate::model::profile::{BrokerAddress, Feature, MqttVersion, Profile};
use crate::model::request::Request;
use crate::model::secret::Secrets;
use crate::model::subscribe::SubscribeOptions;
use crate::model::timeline::{MessageRow, PublishRow};
use crate::model::topic::TopicFilter;
use crate::mqtt::{ClientOptions, Connection, ConnectionEvent, clock};
use crate::tcp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A connection as the session keeps it.
pub struct Link {
    pub(super) connection: Arc<Wire>,
    pub(super) generation: Generation,
    pub profile: Arc<Profile>,
    /// What the profile was filled with and nobody may see.
    pub(super) hidden: Arc<Secrets>,
    pub state: ConnectionState,
    /// Live subscriptions: their SUBACK has been seen.
    pub subscriptions: Vec<TopicFilter>,
    /// What the user listens to, or was refused to.
    pub listening: BTreeMap<TopicFilter, Listening>,
    pub(super) outbound: Arc<Outbound>,
    pub(super) repeat: Arc<Slot>,
    /// The exchange of its will, once the broker has published one that asks for a reply.
    pub will: Option<ExchangeId>,
}

/// A subscription of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    pub options: SubscribeOptions,
    /// What the last SUBACK said; none before the first one.
    pub answer: Option<Reason>,
}

impl Listening {
    /// Why nothing comes by it, where the broker refused it.
    pub fn refusal(&self) -> Option<&Reason> {
        self.answer.as_ref().filter(|reason| reason.is_refusal())
    }
}

impl Link {
    /// A text about it as people may see it.
    pub fn cover(&self, text: &str) -> Arc<str> {
        self.hidden.cover(text).into()
    }

    /// Events of another generation are of an earlier connection.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The one in use: the broker may have assigned it.
    pub fn client_id(&self) -> &Arc<str> {
        match self.state.info() {
            Some(info) => &info.client_id,
            None => &self.profile.client_id,
        }
    }

    /// The version that is spoken; before the first CONNACK the one that is tried first.
    pub fn version(&self) -> MqttVersion {
        match self.state.info() {
            Some(info) => info.version,
            None => self.profile.mqtt_version,
        }
    }
}

fn how_to_push(event: &ConnectionEvent) -> Push {
    match event {
        ConnectionEvent::Arrived { .. } => Push::MayBeLost,
        ConnectionEvent::Changed { change, .. } => match change {
            // A responder that never stops must not fill the memory.
            Change::Reply(reply) if reply.verdict == MessageVerdict::AdditionalReply => {
                Push::MayBeLost
            }
            Change::Subscribed | Change::Published | Change::Acknowledged(_) => Push::Quiet,
            _ => Push::Kept,
        },
        _ => Push::Kept,
    }
}

/// Without what fields of the profile were filled with and nobody may see.
fn covered(event: ConnectionEvent, hidden: &Secrets) -> ConnectionEvent {
    match event {
        event if !hidden.hides_anything() => event,
        ConnectionEvent::State(state) => ConnectionEvent::State(state.covered(hidden)),
        ConnectionEvent::PublishFailed { message, problem } => ConnectionEvent::PublishFailed {
            message,
            problem: problem.covered(hidden),
        },
        event => event,
    }
}

impl Session {
    /// Makes the connection; a connection of the same id is replaced.
    pub fn connect(
        &mut self,
        profile: Profile,
        secrets: impl Into<Secrets>,
    ) -> Result<(), SessionError> {
        let id = Arc::clone(&profile.id);
        let is_built_in = profile.address == BrokerAddress::BuiltIn;
        let secrets: Secrets = secrets.into();
        let hidden = Arc::new(secrets.clone());
        let shown = Arc::clone(&hidden);
        let options = self.client_options(profile, secrets)?;
        self.disconnect(&id);
        let profile = Arc::clone(&options.profile);
        let listeners = is_built_in.then(|| self.listeners());
        let generation = self.new_generation();
        let (queue, sink_id) = (Arc::clone(&self.queue), Arc::clone(&id));
        let repeat = Arc::<Slot>::default();
        let its_repeat = Arc::clone(&repeat);
        let sink = Arc::new(move |event: ConnectionEvent| {
            let event = covered(event, &hidden);
            let verdict = its_repeat.verdict_in(&event);
            match its_repeat.sort(event) {
                Fate::Told(event) => {
                    let how = how_to_push(&event);
                    queue.push(
                        Event::Connection {
                            id: Arc::clone(&sink_id),
                            generation,
                            event,
                        },
                        how,
                    );
                }
                Fate::Held { is_first: true } => queue.wake_for_more(),
                Fate::Held { is_first: false } | Fate::Known => {}
            }
            if let Some((id, verdict)) = verdict {
                its_repeat.finished(id, &verdict);
            }
        });
        let rules = self.rules.clone();
        let connection = if matches!(profile.address, BrokerAddress::Listener { .. }) {
            let (profile, place) = (Arc::clone(&profile), self.place_of(&id));
            Wire::Tcp(tcp::Connection::start(
                &self.handle,
                profile,
                place,
                rules,
                sink,
            ))
        } else {
            let next = Arc::clone(&self.next_exchange);
            let numbers = Arc::new(move || ExchangeId(next.fetch_add(1, Ordering::Relaxed)));
            let connection =
                Connection::start(&self.handle, options, rules, listeners, numbers, sink);
            Wire::Mqtt(connection)
        };
        self.links.insert(
            id,
            Link {
                connection: Arc::new(connection),
                generation,
                profile,
                hidden: shown,
                state: ConnectionState::Connecting,
                subscriptions: Vec::new(),
                listening: BTreeMap::new(),
                outbound: Arc::new(Outbound::new(Arc::clone(&self.next_exchange))),
                repeat,
                will: None,
            },
        );
        Ok(())
    }

    /// Listens to a filter on a connection, also over reconnects, until [`Self::unsubscribe`]. What comes and belongs to no
    /// exchange is in the timeline as a message. The SUBACK is told by [`ConnectionEvent::Listening`] and kept in
    /// [`Link::listening`]. False where there is no such connection, or nothing to subscribe to on it.
    ///
    /// Replies that come by a subscription of the user's need none of their own, and are paired as ever.
    pub fn subscribe(&mut self, id: &str, filter: TopicFilter, options: SubscribeOptions) -> bool {
        let Some(link) = self.links.get_mut(id) else {
            return false;
        };
        if !link.connection.listen(filter.clone(), options) {
            return false;
        }
        let answer = None;
        link.listening.insert(filter, Listening { options, answer });
        true
    }

    /// Ends [`Self::subscribe`]. Replies that are still awaited by the filter come nevertheless.
    pub fn unsubscribe(&mut self, id: &str, filter: &TopicFilter) {
        if let Some(link) = self.links.get_mut(id) {
            link.listening.remove(filter);
            link.connection.stop_listening(filter.clone());
        }
    }

    /// Where the listener of a profile listens, now and later.
    pub(super) fn place_of(&mut self, profile: &Arc<str>) -> tcp::Place {
        self.places.entry(Arc::clone(profile)).or_default().clone()
    }

    pub fn disconnect(&mut self, id: &str) {
        if let Some(link) = self.links.remove(id) {
            link.connection.disconnect();
        }
    }

    /// Drops its socket without a DISCONNECT, so that the broker publishes the will; then it is made again as
    /// after any loss.
    pub fn cut(&self, id: &str) {
        if let Some(link) = self.links.get(id) {
            link.connection.cut();
        }
    }

    /// Skips the wait before the next attempt.
    pub fn reconnect_now(&self, id: &str) {
        if let Some(link) = self.links.get(id) {
            link.connection.reconnect_now();
        }
    }

    pub fn link(&self, id: &str) -> Option<&Link> {
        self.links.get(id)
    }

    pub fn links(&self) -> impl Iterator<Item = (&Arc<str>, &Link)> {
        self.links.iter()
    }

    pub fn state(&self, id: &str) -> &ConnectionState {
        const DISCONNECTED: &ConnectionState = &ConnectionState::Disconnected;
        self.links.get(id).map_or(DISCONNECTED, |link| &link.state)
    }

    /// Open exchanges whose replies could not be told from those to such a request.
    pub fn twins(&self, id: &str, request: &Request) -> Vec<ExchangeId> {
        let Some(link) = self.links.get(id) else {
            return Vec::new();
        };
        let lacks_data = link.version().lacks(Feature::CorrelationData);
        let data = match lacks_data {
            Some(_) => Some(None),
            None => link.outbound.foresee(&request.correlation),
        };
        let Some(data) = data else {
            return Vec::new();
        };
        // By other rules every request has an id of its own, or none that could be told apart.
        if !request.pairing.is_mqtt5() {
            return Vec::new();
        }
        let topic = request.response_topic.as_ref();
        self.observer
            .open_twins(&link.profile.address, topic, data.as_ref())
    }

    /// Sends a request; a bare publish when it has no Response Topic. `None` when there is no
    /// such connection, or nothing to wait for.
    pub fn send(&mut self, id: &str, request: Arc<Request>) -> Option<ExchangeId> {
        if !request.asks_for_reply() {
            self.publish(id, request)?;
            return None;
        }
        let link = self.links.get(id)?;
        let (id, message) = link.outbound.make(&request, &self.rules, link.client_id());
        // In the timeline from now on: rows stand in the order in which requests were sent, on
        // whichever connection.
        let exchange = Exchange::new(
            id,
            Arc::clone(&link.profile.id),
            Arc::clone(&request),
            // What goes out, and nothing else.
            link.version().as_sent(Arc::clone(&message)),
            Arc::clone(&request.pairing.rule),
            clock::now(),
        );
        // First on its way: whoever drains, which is this thread, finds it in its place all the same.
        link.connection.send(id, request, message);
        self.observer.begun(&exchange, link.profile.address.clone());
        self.timeline.begin(exchange);
        Some(id)
    }

    /// Publishes without asking for a reply. The message is that of the row which the timeline
    /// gets when it is out, see [`Timeline::publish_row`].
    pub fn publish(&mut self, id: &str, request: Arc<Request>) -> Option<Arc<Message>> {
        let link = self.links.get_mut(id)?;
        let version = link.version();
        let data = match &request.correlation {
            CorrelationSpec::Fixed(data) => Some(data.clone()),
            _ => None,
        };
        let message = version.as_sent(Arc::new(request.message(data)));
        // The connection tells its messages apart by number; those of publishes are not shown.
        let number = ExchangeId(self.next_publish);
        self.next_publish += 1;
        link.connection.send(number, request, Arc::clone(&message));
        Some(message)
    }

    pub(super) fn client_options(
        &mut self,
        profile: Profile,
        secrets: Secrets,
    ) -> Result<ClientOptions, SessionError> {
        let address = match profile.address {
            BrokerAddress::BuiltIn => {
                self.start_broker()?;
                self.broker_address().unwrap_or(BrokerAddress::BuiltIn)
            }
            address @ (BrokerAddress::Tcp { .. }
            | BrokerAddress::Unix { .. }
            | BrokerAddress::Listener { .. }) => address,
        };
        Ok(ClientOptions {
            profile: Arc::new(Profile { address, ..profile }),
            secrets,
            read_file: Arc::clone(&self.read_file),
            watch: None,
        })
    }

    /// A message that answers nothing; also told to the request that it nearly answers.
    fn show_arrived(&mut self, row: MessageRow) {
        if let Some(near) = row.near {
            let miss = NearMiss {
                verdict: row.verdict,
                correlation_data: row.message.properties.correlation_data.clone(),
                difference: row.difference.clone(),
            };
            self.timeline
                .apply(near, Change::NearMiss(miss), row.received);
        }
        self.timeline.push_message(row);
    }

    pub(super) fn on_connection(
        &mut self,
        id: &Arc<str>,
        generation: Generation,
        event: &mut ConnectionEvent,
    ) {
        match event {
            ConnectionEvent::State(state) => {
                if let Some(link) = self.current_link(id, generation) {
                    link.state = state.clone();
                    if !link.state.is_connected() {
                        link.subscriptions.clear();
                    }
                }
            }
            ConnectionEvent::Listening { filter, reason } => {
                if let Some(link) = self.current_link(id, generation)
                    && let Some(listening) = link.listening.get_mut(filter)
                {
                    listening.answer = Some(reason.clone());
                }
            }
            ConnectionEvent::Subscriptions(filters) => {
                if let Some(link) = self.current_link(id, generation) {
                    link.subscriptions.clone_from(filters);
                }
            }
            // It is in the timeline since it was sent.
            ConnectionEvent::Begun(_) => {}
            ConnectionEvent::WillBegun(exchange) => self.will_begun(id, generation, exchange),
            ConnectionEvent::Changed {
                id: exchange,
                change,
                at,
            } => {
                if let Change::Reply(reply) = change {
                    reply.responder = reply
                        .responder
                        .take()
                        .map(|client_id| self.name_of_client(client_id));
                }
                if let Change::Reply(reply) = change
                    && self.timeline.row_of(*exchange).is_none()
                {
                    // Its request was cleared or had to go: the message is shown all the same.
                    self.timeline.push_message(MessageRow {
                        connection: Arc::clone(id),
                        message: Arc::clone(&reply.message),
                        verdict: reply.verdict,
                        received: reply.received,
                        responder: reply.responder.clone(),
                        near: Some(*exchange),
                        difference: None,
                        is_echo: false,
                    });
                }
                if matches!(change, Change::Finished(_)) {
                    self.observer.finished(*exchange);
                }
                self.timeline.apply(*exchange, change.clone(), *at);
            }
            ConnectionEvent::Arrived {
                message,
                verdict,
                at,
                responder,
                near,
                miss,
                is_echo,
            } => {
                let responder = responder.clone();
                self.show_arrived(MessageRow {
                    connection: Arc::clone(id),
                    message: Arc::clone(message),
                    verdict: *verdict,
                    received: *at,
                    responder: responder.map(|client_id| self.name_of_client(client_id)),
                    near: *near,
                    difference: miss.as_ref().map(|miss| Arc::new(Difference::from(miss))),
                    is_echo: *is_echo,
                });
            }
            ConnectionEvent::Published {
                message,
                at,
                acknowledgement,
            } => {
                self.timeline.push_publish(PublishRow {
                    connection: Arc::clone(id),
                    message: Arc::clone(message),
                    published: *at,
                    acknowledgement: acknowledgement.clone(),
                    failure: None,
                });
            }
            ConnectionEvent::PublishFailed { message, problem } => {
                self.timeline.push_publish(PublishRow {
                    connection: Arc::clone(id),
                    message: Arc::clone(message),
                    published: clock::now(),
                    acknowledgement: problem.reason.clone(),
                    failure: Some(Arc::clone(&problem.summary)),
                });
            }
        }
    }

    fn will_begun(&mut self, id: &str, generation: Generation, exchange: &Exchange) {
        let address = self.current_link(id, generation).map(|link| {
            link.will = Some(exchange.id);
            link.profile.address.clone()
        });
        if let Some(address) = address {
            self.observer.begun(exchange, address);
            self.timeline.begin(exchange.clone());
        }
    }

    pub(super) fn current_link(&mut self, id: &str, generation: Generation) -> Option<&mut Link> {
        self.links
            .get_mut(id)
            .filter(|link| link.generation == generation)
    }
}
