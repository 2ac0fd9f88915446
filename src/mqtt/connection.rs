//! A client with a [`Requester`] on top: sends requests, pairs what arrives, times out.
//!
//! Everything that happens goes through one [`Outbox`], so the requester sees it in the order it
//! happened, one thing at a time, with the packet's own times. What it decides is carried out here.
//! A timer task only wakes it at the next deadline; no frame, no poll.

use super::client::{Client, ClientOptions, Signal};
use super::clock;
use super::echo::Echoes;
use super::error::ClientError;
use super::ledger::{OnWire, Progress};
use super::outbox::Outbox;
use super::subscriptions::SubscribeOptions;
use crate::model::connection::{ConnectionEvent, ConnectionSink, ConnectionState, Problem};
use crate::model::exchange::{Change, ExchangeId, Reason};
use crate::model::message::{Message, PUBLISHER_PROPERTY, Qos};
use crate::model::pairing::Rules;
use crate::model::profile::MqttVersion;
use crate::model::request::Request;
use crate::model::requester::{Effect, Requester, WillRequest, Withdrawn};
use crate::model::time::Timestamp;
use crate::model::topic::{TopicFilter, TopicName};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

/// A reply that was read before the deadline may still be on its way through the queue.
const GRACE: Duration = Duration::from_millis(20);

/// Does anybody subscribe to this topic? Known for the built-in broker.
pub type Listeners = Arc<dyn Fn(&TopicName) -> bool + Send + Sync>;

/// Numbers the exchanges that begin by themselves, among all others.
pub type Numbers = Arc<dyn Fn() -> ExchangeId + Send + Sync>;

/// A connection that sends requests. It ends when it is dropped.
pub struct Connection {
    inner: Arc<Inner>,
}

enum Input {
    Send {
        id: ExchangeId,
        request: Arc<Request>,
        message: Arc<Message>,
        at: Timestamp,
    },
    Happened(Signal),
    Rules(Rules),
    Listen(TopicFilter, SubscribeOptions),
    StopListening(TopicFilter),
    Deadline,
    Disconnect,
}

struct Inner {
    inbox: Outbox<Input>,
    /// Something was put into the inbox by a thread that must not be kept; a task hands it over.
    put: Arc<Notify>,
    work: Mutex<Work>,
    /// Gone after the end, which lets go of everything.
    client: Mutex<Option<Client>>,
    listeners: Option<Listeners>,
    numbers: Numbers,
    sink: ConnectionSink,
}

struct Work {
    requester: Requester,
    version: MqttVersion,
    /// The request topics of what is open.
    open: BTreeMap<ExchangeId, TopicName>,
    /// Publishes without Response Topic, by token, with the time they were written.
    bare: BTreeMap<u64, (Arc<Message>, Option<Timestamp>)>,
    subscriptions: Vec<TopicFilter>,
    /// What was published here and comes back.
    echoes: Echoes,
    deadline: watch::Sender<Timestamp>,
    /// What the timer is set to, if it is.
    armed: Option<Timestamp>,
}

impl Connection {
    /// With `listeners`, which are known for the built-in broker alone, a request that nobody can
    /// get ends at once, and messages tell who published them.
    pub fn start(
        runtime: &Handle,
        options: ClientOptions,
        rules: Rules,
        listeners: Option<Listeners>,
        numbers: Numbers,
        sink: ConnectionSink,
    ) -> Self {
        let (deadline, deadlines) = watch::channel(Timestamp::default());
        let connection = Arc::clone(&options.profile.id);
        let version = options.profile.mqtt_version;
        let will = WillRequest::of(&options.profile);
        let inner = Arc::new_cyclic(|weak: &Weak<Inner>| {
            let weak = Weak::clone(weak);
            Inner {
                inbox: Outbox::new(move |input| {
                    if let Some(inner) = weak.upgrade() {
                        inner.handle(input);
                    }
                }),
                put: Arc::default(),
                work: Mutex::new(Work {
                    requester: Requester::new(connection, rules)
                        .speaking(version)
                        .with_will(will),
                    version,
                    open: BTreeMap::new(),
                    bare: BTreeMap::new(),
                    subscriptions: Vec::new(),
                    echoes: Echoes::default(),
                    deadline,
                    armed: None,
                }),
                client: Mutex::new(None),
                listeners,
                numbers,
                sink,
            }
        });
        {
            // Kept until the client ends, so that the end is told even to somebody who let go.
            let told = Arc::clone(&inner);
            // Whoever hears of the client first waits here until it is in its place.
            let mut client = inner.lock_client();
            *client = Some(Client::start_with(runtime, options, move |signal| {
                told.inbox.push([Input::Happened(signal)]);
                told.inbox.drain();
            }));
        }
        runtime.spawn(watch_deadlines(Arc::downgrade(&inner), deadlines));
        runtime.spawn(hand_over(Arc::downgrade(&inner), Arc::clone(&inner.put)));
        Self { inner }
    }

    /// Sends a request, or, without Response Topic, just publishes. Never waits: the exchange
    /// begins with [`ConnectionEvent::Begun`].
    pub fn send(&self, id: ExchangeId, request: Arc<Request>, message: Arc<Message>) {
        let at = clock::now();
        self.put(Input::Send {
            id,
            request,
            message,
            at,
        });
    }

    /// Other pairing rules from now on.
    pub fn set_rules(&self, rules: Rules) {
        self.put(Input::Rules(rules));
    }

    /// Subscribes for the user, over reconnects; [`ConnectionEvent::Listening`] tells the SUBACK.
    pub fn listen(&self, filter: TopicFilter, options: SubscribeOptions) {
        self.put(Input::Listen(filter, options));
    }

    pub fn stop_listening(&self, filter: TopicFilter) {
        self.put(Input::StopListening(filter));
    }

    fn put(&self, input: Input) {
        if !self.inner.inbox.push([input]) {
            self.inner.put.notify_one();
        }
    }

    pub fn state(&self) -> ConnectionState {
        self.inner
            .client()
            .map_or(ConnectionState::Disconnected, |client| client.state())
    }

    /// DISCONNECT, and no further attempts. What is open ends; requests that were not sent yet are
    /// not sent any more.
    pub fn disconnect(&self) {
        self.put(Input::Disconnect);
    }

    /// Drops the socket without a DISCONNECT, see [`Client::cut`].
    pub fn cut(&self) {
        if let Some(client) = self.inner.client() {
            client.cut();
        }
    }

    /// Cuts a back-off short, and tries again after a refusal.
    pub fn reconnect_now(&self) {
        if let Some(client) = self.inner.client() {
            client.reconnect_now();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.disconnect();
    }
}

impl Inner {
    fn lock_client(&self) -> MutexGuard<'_, Option<Client>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> Option<Client> {
        self.lock_client().clone()
    }

    fn tell(&self, event: ConnectionEvent) {
        (self.sink)(event);
    }

    /// One thing that happened; the inbox sees to it that there is only one at a time.
    fn handle(&self, input: Input) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        match input {
            Input::Send {
                id,
                request,
                message,
                at,
            } => self.send(&mut work, id, request, message, at),
            Input::Rules(rules) => work.requester.set_rules(&rules),
            Input::Listen(filter, options) => {
                let effects = work.requester.listen(&filter, options);
                self.perform(&mut work, effects);
            }
            Input::StopListening(filter) => {
                let effects = work.requester.stop_listening(&filter);
                self.perform(&mut work, effects);
                self.tell_subscriptions(&mut work);
            }
            Input::Deadline => {
                work.armed = None;
                let effects = work.requester.expire(clock::now());
                self.perform(&mut work, effects);
            }
            Input::Disconnect => {
                let effects = work.requester.closing(clock::now());
                self.perform(&mut work, effects);
                if let Some(client) = self.client() {
                    client.disconnect();
                }
            }
            Input::Happened(signal) => self.happened(&mut work, signal),
        }
        // A timer that goes off early does no harm and is set again: most requests are answered long before.
        if let Some(next) = work.requester.next_deadline()
            && work.armed.is_none_or(|armed| next < armed)
        {
            work.armed = Some(next);
            work.deadline.send_replace(next);
        }
    }

    fn send(
        &self,
        work: &mut Work,
        id: ExchangeId,
        request: Arc<Request>,
        message: Arc<Message>,
        at: Timestamp,
    ) {
        // Whoever sends does not want to wait for the next attempt.
        if let Some(client) = self.client()
            && matches!(client.state(), ConnectionState::Retrying { .. })
        {
            client.reconnect_now();
        }
        if !request.asks_for_reply() {
            // What is told is what goes out.
            let message = work.version.as_sent(message);
            work.bare.insert(id.0, (Arc::clone(&message), None));
            if let Err(err) = self.publish(work, message, id) {
                self.bare_failed(work, id.0, &err);
            }
            return;
        }
        let rule = Arc::clone(&request.pairing.rule);
        let effects = work.requester.begin_by(id, &rule, request, message, at);
        self.perform(work, effects);
        // No connection will come of itself, so there is nothing to wait for.
        let hopeless: Option<Arc<str>> = match self.client().map(|client| client.state()) {
            Some(ConnectionState::Refused { problem }) => {
                Some(format!("not sent: {}", problem.summary).into())
            }
            None | Some(ConnectionState::Disconnected) => {
                Some("not sent: the connection is closed".into())
            }
            Some(_) => None,
        };
        if let Some(why) = hopeless {
            let effects = work.requester.not_sent(id, why, clock::now());
            self.perform(work, effects);
        }
    }

    fn publish(
        &self,
        work: &mut Work,
        message: Arc<Message>,
        id: ExchangeId,
    ) -> Result<(), ClientError> {
        let times = work.requester.echoes_of(&message.topic);
        work.echoes.expect(&message, times, clock::now());
        match self.client() {
            Some(client) => client.publish_soon(message, id.0),
            None => Err(ClientError::Closed {
                address: "the broker".into(),
            }),
        }
    }

    fn happened(&self, work: &mut Work, signal: Signal) {
        match signal {
            Signal::Message { message, at } => {
                let (message, publisher) = self.publisher_of(message);
                let is_echo = work.echoes.is_own(&message, at);
                let effects = work.requester.receive(message, publisher, at);
                self.perform_upon(work, effects, is_echo);
            }
            Signal::Progress(progress) => self.progress(work, progress),
            Signal::Subscribed(acknowledged) => {
                let reason = acknowledged.done.reason;
                if work.requester.listens(&acknowledged.filter) {
                    self.tell(ConnectionEvent::Listening {
                        filter: acknowledged.filter.clone(),
                        reason: reason.clone(),
                    });
                }
                let result = if reason.is_refusal() {
                    Err(reason)
                } else {
                    Ok(())
                };
                let effects =
                    work.requester
                        .subscribed(&acknowledged.filter, result, acknowledged.done.at);
                self.perform(work, effects);
                self.tell_subscriptions(work);
            }
            Signal::Lost {
                why,
                session_may_resume,
                at,
            } => {
                let mut effects = work.requester.connection_lost(&why, session_may_resume, at);
                if session_may_resume && work.requester.has_will() {
                    let id = (self.numbers)();
                    effects.extend(work.requester.will_is_due(id, at));
                }
                self.perform(work, effects);
                self.tell_subscriptions(work);
            }
            Signal::State(state) => self.state_changed(work, &state),
        }
    }

    fn state_changed(&self, work: &mut Work, state: &ConnectionState) {
        // The driver may have fallen back.
        if let Some(info) = state.info()
            && info.version != work.version
        {
            work.version = info.version;
            work.requester.set_version(info.version);
        }
        self.tell(ConnectionEvent::State(state.clone()));
        match state {
            ConnectionState::Retrying { problem, at, .. } => {
                let why = Some(&problem.summary);
                work.requester.not_connected(why, Some(*at), clock::now());
            }
            ConnectionState::Connecting => {
                work.requester.not_connected(None, None, clock::now());
            }
            _ => {}
        }
        let effects = match state {
            ConnectionState::Connected(info) => {
                work.requester.connected(info.session_present, info.since)
            }
            ConnectionState::Refused { problem } => {
                let why: Arc<str> = format!("not sent: {}", problem.summary).into();
                let open: Vec<ExchangeId> = work.open.keys().copied().collect();
                open.into_iter()
                    .flat_map(|id| work.requester.not_sent(id, Arc::clone(&why), clock::now()))
                    .collect()
            }
            ConnectionState::Disconnected => {
                // The last signal of a client: let go of it.
                self.lock_client().take();
                work.requester.closed(clock::now())
            }
            ConnectionState::Connecting | ConnectionState::Retrying { .. } => return,
        };
        self.perform(work, effects);
        if state.is_connected() {
            // Also when they are what they were: without a connection nobody shows them.
            work.subscriptions = work.requester.live_subscriptions();
            self.tell(ConnectionEvent::Subscriptions(work.subscriptions.clone()));
        } else {
            self.tell_subscriptions(work);
        }
    }

    fn tell_subscriptions(&self, work: &mut Work) {
        let live = work.requester.live_subscriptions();
        if live != work.subscriptions {
            work.subscriptions.clone_from(&live);
            self.tell(ConnectionEvent::Subscriptions(live));
        }
    }

    fn progress(&self, work: &mut Work, progress: Progress) {
        match progress {
            Progress::Numbered { token, packet_id } => {
                work.requester.numbered(ExchangeId(token), packet_id);
            }
            Progress::Published { token, at } => {
                if let Some((message, written)) = work.bare.get_mut(&token) {
                    *written = Some(at);
                    if message.qos == Qos::AtMostOnce {
                        self.bare_done(work, token, None);
                    }
                    return;
                }
                let id = ExchangeId(token);
                let mut effects = work.requester.published(id, at);
                if let Some(listeners) = &self.listeners
                    && work.open.get(&id).is_some_and(|topic| !listeners(topic))
                {
                    effects.extend(work.requester.nobody_listens(id, at));
                }
                self.perform(work, effects);
            }
            Progress::Acknowledged { token, reason, at } => {
                if work.bare.contains_key(&token) {
                    self.bare_done(work, token, Some(reason));
                } else {
                    let effects = work.requester.acknowledged(ExchangeId(token), reason, at);
                    self.perform(work, effects);
                }
            }
            Progress::Failed {
                token,
                error,
                on_wire,
            } => {
                if work.bare.contains_key(&token) {
                    self.bare_failed(work, token, &error);
                    return;
                }
                let (id, at) = (ExchangeId(token), clock::now());
                let why = why_of(&error);
                let effects = match withdrawn(on_wire) {
                    Withdrawn::TooLate => work.requester.not_sent(id, why, at),
                    unsent => work.requester.withdrawn(id, unsent, &why, at),
                };
                self.perform(work, effects);
            }
        }
    }

    fn bare_done(&self, work: &mut Work, token: u64, acknowledgement: Option<Reason>) {
        if let Some((message, written)) = work.bare.remove(&token) {
            self.tell(ConnectionEvent::Published {
                message,
                at: written.unwrap_or_else(clock::now),
                acknowledgement,
            });
        }
    }

    fn bare_failed(&self, work: &mut Work, token: u64, err: &ClientError) {
        if let Some((message, written)) = work.bare.remove(&token) {
            let summary = match written {
                None => format!("`{}` was not published: {err}", message.topic),
                Some(_) => format!(
                    "`{}` was published, but its acknowledgement never came: {err}",
                    message.topic
                ),
            };
            let problem = Problem {
                summary: summary.into(),
                hint: err.hint().into(),
                detail: "".into(),
                reason: None,
                doubted: Vec::new(),
            };
            self.tell(ConnectionEvent::PublishFailed { message, problem });
        }
    }

    fn perform(&self, work: &mut Work, effects: Vec<Effect>) {
        self.perform_upon(work, effects, false);
    }

    /// `is_echo`: they are those of a message that was published here.
    fn perform_upon(&self, work: &mut Work, effects: Vec<Effect>, is_echo: bool) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Begun(exchange) => {
                    work.open
                        .insert(exchange.id, exchange.message.topic.clone());
                    self.tell(ConnectionEvent::Begun(exchange));
                }
                Effect::WillBegun(exchange) => {
                    work.open
                        .insert(exchange.id, exchange.message.topic.clone());
                    self.tell(ConnectionEvent::WillBegun(exchange));
                }
                Effect::Changed { id, change, at } => {
                    if matches!(change, Change::Finished(_)) {
                        work.open.remove(&id);
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
                    is_echo,
                }),
                Effect::Subscribe { filter, options } => {
                    if let Some(client) = self.client() {
                        client.subscribe_soon(filter, options);
                    }
                }
                Effect::Unsubscribe(filter) => {
                    if let Some(client) = self.client() {
                        client.unsubscribe_soon(filter);
                    }
                }
                Effect::Publish { id, message } => {
                    if let Err(err) = self.publish(work, message, id) {
                        let (why, at) = (why_of(&err), clock::now());
                        effects.extend(work.requester.withdrawn(id, Withdrawn::Back, &why, at));
                    }
                }
                Effect::Withdraw { id, why, at } => {
                    let on_wire = self
                        .client()
                        .map_or(OnWire::No, |client| client.withdraw(id.0));
                    let result = withdrawn(on_wire);
                    // It comes before what happened after it.
                    let told = work.requester.withdrawn(id, result, &why, at);
                    told.into_iter()
                        .rev()
                        .for_each(|effect| effects.push_front(effect));
                }
            }
        }
    }

    /// Who published the message, and the message as its publisher sent it.
    fn publisher_of(&self, message: Arc<Message>) -> (Arc<Message>, Option<Arc<str>>) {
        if self.listeners.is_none() {
            return (message, None);
        }
        let publisher = message
            .properties
            .user_properties
            .iter()
            .rfind(|property| property.name == PUBLISHER_PROPERTY)
            .map(|property| Arc::<str>::from(property.value.as_str()));
        if publisher.is_none() {
            return (message, None);
        }
        let mut message = Arc::unwrap_or_clone(message);
        message
            .properties
            .user_properties
            .retain(|property| property.name != PUBLISHER_PROPERTY);
        (Arc::new(message), publisher)
    }
}

/// The words of the failure, for somebody who says himself whether it was sent.
fn why_of(err: &ClientError) -> Arc<str> {
    let words = err.to_string();
    let why = words.strip_prefix("not sent");
    let why = why.map_or(words.as_str(), |why| {
        why.trim_start_matches([':', ',', ' '])
    });
    why.into()
}

fn withdrawn(on_wire: OnWire) -> Withdrawn {
    match on_wire {
        OnWire::No => Withdrawn::Back,
        OnWire::Maybe => Withdrawn::UnderWay,
        OnWire::Yes => Withdrawn::TooLate,
    }
}

/// Wakes the requester at its next deadline, until the connection is gone.
async fn watch_deadlines(inner: Weak<Inner>, mut deadlines: watch::Receiver<Timestamp>) {
    let mut armed: Option<Timestamp> = None;
    loop {
        let due = async {
            match armed {
                Some(at) => tokio::time::sleep_until((clock::instant_of(at) + GRACE).into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = deadlines.changed() => {
                if changed.is_err() {
                    return;
                }
                armed = Some(*deadlines.borrow_and_update());
            }
            () = due => {
                armed = None;
                let Some(inner) = inner.upgrade() else { return };
                inner.inbox.push([Input::Deadline]);
                inner.inbox.drain();
            }
        }
    }
}

/// Hands over what was put in, until the connection is gone.
async fn hand_over(inner: Weak<Inner>, put: Arc<Notify>) {
    loop {
        put.notified().await;
        let Some(inner) = inner.upgrade() else { return };
        inner.inbox.drain();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Lets the task go.
        self.put.notify_one();
    }
}
