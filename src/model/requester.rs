//! The requester: open exchanges and what becomes of them, without I/O.
//!
//! Whoever owns the connection tells it what happened, with the packet's own time, and carries
//! out the [`Effect`]s it returns, in order. Here it is decided what a message means; nothing
//! else in the program does. The states are those of `Draft → Subscribing → Sent → Acknowledged →
//! Answered`; a Response Topic is always subscribed, its SUBACK seen, before a request is published.

use crate::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reason, Refused, Reply, Verdict,
};
use crate::model::message::Message;
use crate::model::pairing::{
    Bindings, Match, Matcher, NearMiss, Replies, Rule, Rules, Standing, Subject,
};
use crate::model::request::{RepliesWanted, Request};
use crate::model::subscribe::SubscribeOptions;
use crate::model::time::Timestamp;
use crate::model::topic::{TopicFilter, TopicName};
use crate::model::version::MqttVersion;
use away::Away;
use presence::Presences;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use subscriptions::{Purpose, Subscriptions};

mod away;
mod presence;
mod subscriptions;
mod will;

pub use will::WillRequest;

/// How many finished exchanges are remembered, so that a reply that comes late or twice finds its request.
const REMEMBERED: usize = 10_000;

/// What the owner of the connection has to do or to tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Begun(Box<Exchange>),
    /// The broker publishes the connection's will, which asks for a reply.
    WillBegun(Box<Exchange>),
    Changed {
        id: ExchangeId,
        change: Change,
        at: Timestamp,
    },
    /// A message that belongs to no exchange.
    Arrived {
        message: Arc<Message>,
        verdict: MessageVerdict,
        at: Timestamp,
        responder: Option<Arc<str>>,
        /// The open exchange that it may have been meant for.
        near: Option<ExchangeId>,
        /// Which variable differs, where it is only one.
        miss: Option<NearMiss>,
    },
    /// Subscribe, and report with [`Requester::subscribed`].
    Subscribe {
        filter: TopicFilter,
        /// Not what is published on this connection (MQTT 5 §3.8.3.1): request and reply share a topic.
        options: SubscribeOptions,
    },
    /// Nobody waits for anything by this filter any more.
    Unsubscribe(TopicFilter),
    /// Publish, and report with [`Requester::published`] and [`Requester::acknowledged`], or [`Requester::not_sent`].
    Publish {
        id: ExchangeId,
        message: Arc<Message>,
    },
    /// Do not publish it any more if that can still be helped, and report with [`Requester::withdrawn`].
    Withdraw {
        id: ExchangeId,
        why: Arc<str>,
        at: Timestamp,
    },
}

/// What became of an [`Effect::Withdraw`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// It is not sent, now or later.
    Back,
    /// It cannot be taken back; whether it arrives nobody knows.
    UnderWay,
    /// It is on the wire already, which [`Requester::published`] is about to hear.
    TooLate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Subscribing,
    /// Handed over, not yet on the wire.
    Publishing,
    Sent,
}

#[derive(Debug)]
struct Open {
    request: Arc<Request>,
    message: Arc<Message>,
    /// The subscriptions that its replies come by, and those of them whose SUBACK is awaited.
    filters: Vec<TopicFilter>,
    awaited: BTreeSet<TopicFilter>,
    wanted: RepliesWanted,
    stage: Stage,
    /// Until it is published: when it was queued plus the timeout. After that: the real one.
    deadline: Timestamp,
    replies: u32,
    failure: Option<Outcome>,
}

#[derive(Debug)]
pub struct Requester {
    connection: Arc<str>,
    version: MqttVersion,
    matcher: Matcher,
    open: BTreeMap<ExchangeId, Open>,
    deadlines: BTreeSet<(Timestamp, ExchangeId)>,
    /// Of the finished ones, those that failed: a reply to one comes too late, and changes nothing.
    failed: BTreeSet<ExchangeId>,
    /// Finished, oldest first.
    ended: VecDeque<ExchangeId>,
    subscriptions: Subscriptions,
    presences: Presences,
    /// While there is no connection.
    away: Option<Away>,
    will: Option<will::OwnWill>,
}

impl Requester {
    /// With one rule, or with a list of them in the order in which they are tried.
    pub fn new(connection: Arc<str>, rules: impl Into<Rules>) -> Self {
        Self {
            connection,
            version: MqttVersion::default(),
            matcher: Matcher::new(rules.into()),
            open: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            failed: BTreeSet::new(),
            ended: VecDeque::new(),
            subscriptions: Subscriptions::default(),
            presences: Presences::default(),
            away: None,
            will: None,
        }
    }

    /// On a connection of that version: what it cannot carry is neither sent nor compared.
    #[must_use]
    pub fn speaking(mut self, version: MqttVersion) -> Self {
        self.version = version;
        self
    }

    /// The broker turned out to speak another one.
    pub fn set_version(&mut self, version: MqttVersion) {
        self.version = version;
    }

    /// Other rules from now on. What is open keeps the rule that it was sent by.
    pub fn set_rules(&mut self, rules: &Rules) {
        self.matcher.set_rules(rules);
    }

    /// Opens an exchange by the rule of that id. A message that it does not take for a request opens one that fails at once.
    pub fn begin_by(
        &mut self,
        id: ExchangeId,
        rule: &str,
        request: Arc<Request>,
        message: Arc<Message>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let asked = match self.version {
            // All of it counts.
            MqttVersion::V5 => None,
            MqttVersion::V311 => Some(self.version.as_asked(&message)),
        };
        let asked = asked.as_ref().unwrap_or(&message);
        let found = self.matcher.rules().find(rule).and_then(|(index, rule)| {
            let bindings = rule.request(&Subject::new(asked))?;
            Some((index, bindings))
        });
        self.begin_as(id, found, request, message, now)
    }

    fn begin_as(
        &mut self,
        id: ExchangeId,
        found: Option<(usize, Bindings)>,
        request: Arc<Request>,
        message: Arc<Message>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let message = self.version.as_sent(message);
        let rules = self.matcher.rules().clone();
        let rule = found.as_ref().and_then(|(index, _)| rules.get(*index));
        let shown = rule.or_else(|| rules.get(0));
        let exchange = Exchange::new(
            id,
            Arc::clone(&self.connection),
            Arc::clone(&request),
            Arc::clone(&message),
            shown.map_or_else(|| "".into(), |rule| Arc::clone(&rule.id)),
            now,
        );
        let mut effects = vec![Effect::Begun(Box::new(exchange))];
        let (Some((index, bindings)), Some(rule)) = (found, rule) else {
            effects.push(failed(id, why_no_request(&rules), now));
            return effects;
        };
        let filters = match replies_of(rule, &message, &bindings) {
            Ok(filters) => filters,
            Err(why) => {
                effects.push(failed(id, &why, now));
                return effects;
            }
        };
        let mut awaited = BTreeSet::new();
        let mut used = Vec::new();
        let is_heard_here = filters.iter().any(|filter| filter.matches(&message.topic));
        if is_heard_here {
            for filter in self.subscriptions.spare(&message.topic) {
                awaited.insert(filter.clone());
                effects.push(self.subscribe(filter));
            }
        }
        let replies = filters.into_iter().map(|filter| (filter, Purpose::Replies));
        let presence = rule.presence_subscriptions(&bindings).into_iter();
        for (filter, purpose) in replies.chain(presence.map(|filter| (filter, Purpose::Presence))) {
            let no_local = is_heard_here && filter.matches(&message.topic);
            let taken = self.subscriptions.take(&filter, purpose, no_local);
            if taken.is_new {
                effects.push(self.subscribe(taken.filter.clone()));
            }
            if !taken.is_live && purpose == Purpose::Replies {
                awaited.insert(taken.filter.clone());
            }
            used.push(taken.filter);
        }
        let has_data = message.properties.correlation_data.is_some();
        self.subscriptions.note_data(&used, has_data);
        if let Some(presence) = self.presences.of(rule, &bindings) {
            effects.push(changed(id, Change::Presence(presence), now));
        }
        let deadline = now.saturating_add(request.timeout);
        self.deadlines.insert((deadline, id));
        let is_covered = awaited.is_empty();
        let stage = if is_covered {
            Stage::Publishing
        } else {
            Stage::Subscribing
        };
        let open = Open {
            wanted: wanted(request.replies, rule.replies),
            request,
            message: Arc::clone(&message),
            filters: used,
            awaited,
            stage,
            deadline,
            replies: 0,
            failure: None,
        };
        self.open.insert(id, open);
        // Open before it is published: a reply may overtake the acknowledgement.
        self.matcher.insert(id, index, bindings);
        if is_covered {
            effects.push(Effect::Publish { id, message });
        }
        effects
    }

    fn subscribe(&self, filter: TopicFilter) -> Effect {
        let options = self.subscriptions.options(&filter);
        Effect::Subscribe { filter, options }
    }

    /// The user wants to see what comes by `filter`, until [`Requester::stop_listening`]. It is asked for again on every new
    /// connection, unless it is refused.
    pub fn listen(&mut self, filter: &TopicFilter, options: SubscribeOptions) -> Vec<Effect> {
        let is_new = self.subscriptions.listen(filter, options);
        is_new
            .then(|| self.subscribe(filter.clone()))
            .into_iter()
            .collect()
    }

    /// Replies that are awaited by the filter still come.
    pub fn stop_listening(&mut self, filter: &TopicFilter) -> Vec<Effect> {
        let over = self.subscriptions.stop_listening(filter);
        over.map(Effect::Unsubscribe).into_iter().collect()
    }

    pub fn listens(&self, filter: &TopicFilter) -> bool {
        self.subscriptions.listens(filter)
    }

    /// By how many subscriptions a message that is published here comes back.
    pub fn echoes_of(&self, topic: &TopicName) -> usize {
        self.subscriptions.echoes_of(topic)
    }

    /// The SUBACK for `filter` came. A refusal rejects every exchange that waited for it.
    pub fn subscribed(
        &mut self,
        filter: &TopicFilter,
        result: Result<(), Reason>,
        at: Timestamp,
    ) -> Vec<Effect> {
        let waiting: Vec<ExchangeId> = self
            .open
            .iter()
            .filter(|(_, open)| open.awaited.contains(filter))
            .map(|(id, _)| *id)
            .collect();
        let mut effects = Vec::new();
        match result {
            Ok(()) => {
                let over = self.subscriptions.set_live(filter);
                effects.extend(over.into_iter().map(Effect::Unsubscribe));
                for id in waiting {
                    let Some(open) = self.open.get_mut(&id) else {
                        continue;
                    };
                    open.awaited.remove(filter);
                    if open.stage == Stage::Subscribing && open.awaited.is_empty() {
                        open.stage = Stage::Publishing;
                        effects.push(changed(id, Change::Subscribed, at));
                        effects.push(Effect::Publish {
                            id,
                            message: Arc::clone(&open.message),
                        });
                    }
                }
            }
            Err(reason) => {
                self.subscriptions.set_refused(filter);
                for id in waiting {
                    let verdict = Verdict::Rejected {
                        what: Refused::Subscription,
                        reason: reason.clone(),
                    };
                    effects.extend(self.finish(id, verdict, at));
                }
            }
        }
        effects
    }

    /// The request got its Packet Identifier, just before it goes out. A rule may pair by it.
    pub fn numbered(&mut self, id: ExchangeId, packet_id: u16) {
        let Some(open) = self.open.get(&id) else {
            return;
        };
        let numbered = self.matcher.request(id).and_then(|(rule, request)| {
            let subject = Subject::new(&open.message).with_packet_id(Some(packet_id));
            rule.awaits_packet_id(request)
                .then(|| rule.numbered(&subject, request))
        });
        if let Some(request) = numbered {
            self.matcher.rebind(id, request);
        }
    }

    /// The request is on the wire: the clock of its timeout starts.
    pub fn published(&mut self, id: ExchangeId, at: Timestamp) -> Vec<Effect> {
        if let Some(open) = self.open.get_mut(&id) {
            open.stage = Stage::Sent;
            self.deadlines.remove(&(open.deadline, id));
            open.deadline = at.saturating_add(open.request.timeout);
            self.deadlines.insert((open.deadline, id));
            return vec![changed(id, Change::Published, at)];
        }
        // Answered already: the reply was read before the write was reported.
        if self.matcher.standing(id).is_some() {
            vec![changed(id, Change::Published, at)]
        } else {
            Vec::new()
        }
    }

    /// PUBACK or PUBREC came. What has been answered already stays answered.
    pub fn acknowledged(&mut self, id: ExchangeId, reason: Reason, at: Timestamp) -> Vec<Effect> {
        let is_open = self.open.contains_key(&id);
        if !is_open && self.matcher.standing(id).is_none() {
            return Vec::new();
        }
        let mut effects = vec![changed(id, Change::Acknowledged(reason.clone()), at)];
        if is_open {
            if reason.is_refusal() {
                effects.extend(self.finish(
                    id,
                    Verdict::Rejected {
                        what: Refused::Request,
                        reason,
                    },
                    at,
                ));
            } else if reason.code == Reason::NO_MATCHING_SUBSCRIBERS {
                effects.extend(self.nobody_listens(id, at));
            }
        }
        effects
    }

    /// The broker is known to have no subscriber for the request's topic.
    pub fn nobody_listens(&mut self, id: ExchangeId, at: Timestamp) -> Vec<Effect> {
        // An answer proves that somebody does.
        if self.open.get(&id).is_some_and(|open| open.replies == 0) {
            self.finish(id, Verdict::NoSubscribers, at)
        } else {
            Vec::new()
        }
    }

    /// What a [`Effect::Withdraw`] came to.
    pub fn withdrawn(
        &mut self,
        id: ExchangeId,
        result: Withdrawn,
        why: &Arc<str>,
        at: Timestamp,
    ) -> Vec<Effect> {
        match result {
            Withdrawn::Back => self.not_sent(id, format!("not sent: {why}").into(), at),
            Withdrawn::UnderWay => {
                let reason = format!("{why}; it may still be sent").into();
                let effects = self.not_sent(id, reason, at);
                // Should it be answered after all, that is late.
                if !effects.is_empty() {
                    self.matcher.set_standing(id, Standing::TimedOut);
                }
                effects
            }
            Withdrawn::TooLate => {
                if let Some(open) = self.open.get_mut(&id) {
                    open.stage = Stage::Sent;
                    self.deadlines.remove(&(open.deadline, id));
                    open.deadline = at.saturating_add(open.request.timeout);
                    self.deadlines.insert((open.deadline, id));
                }
                Vec::new()
            }
        }
    }

    /// The request could not be put on the wire.
    pub fn not_sent(&mut self, id: ExchangeId, why: Arc<str>, at: Timestamp) -> Vec<Effect> {
        self.finish(id, Verdict::Failed { reason: why }, at)
    }

    /// Whoever it was sent to is gone, and nobody else can answer it. Should it be answered all the same, that is late.
    pub fn responder_gone(&mut self, id: ExchangeId, why: Arc<str>, at: Timestamp) -> Vec<Effect> {
        self.finish(id, Verdict::Failed { reason: why }, at)
    }

    /// A message arrived: every one gets exactly one verdict.
    pub fn receive(
        &mut self,
        message: Arc<Message>,
        responder: Option<Arc<str>>,
        at: Timestamp,
    ) -> Vec<Effect> {
        let subject = Subject::new(&message);
        let mut effects = self.hear(&subject, at);
        if let Some(id) = self.matcher.plain_answer(&message)
            && !self.is_overdue(id, at)
        {
            let reply = self.reply(id, Standing::Open, Outcome::Ok, &message, responder, at);
            effects.extend(reply);
            return effects;
        }
        let pairs = match self.matcher.find(&subject) {
            Match::Pairs(pairs) => pairs,
            found => {
                effects.push(self.arrived(&message, found, responder, at));
                return effects;
            }
        };
        // The deadline is a point in time, not the moment a timer happened to fire.
        // What is answered has been sent, though nobody has said so yet: its time has not begun.
        let ids = pairs.iter().map(|pair| pair.id);
        let overdue: Vec<ExchangeId> = ids.filter(|id| self.is_overdue(*id, at)).collect();
        if !overdue.is_empty() {
            effects.extend(overdue.into_iter().flat_map(|id| self.expire_one(id)));
            effects.extend(self.receive(message, responder, at));
            return effects;
        }
        for pair in pairs {
            let (outcome, who) = (pair.status.outcome(), responder.clone());
            let reply = self.reply(pair.id, pair.standing, outcome, &message, who, at);
            effects.extend(reply);
        }
        effects
    }

    fn is_overdue(&self, id: ExchangeId, at: Timestamp) -> bool {
        let open = self.open.get(&id);
        open.is_some_and(|open| open.stage != Stage::Publishing && open.deadline < at)
    }

    fn reply(
        &mut self,
        id: ExchangeId,
        standing: Standing,
        outcome: Outcome,
        message: &Arc<Message>,
        responder: Option<Arc<str>>,
        at: Timestamp,
    ) -> Vec<Effect> {
        let verdict = match standing {
            Standing::Open => MessageVerdict::Reply,
            Standing::TimedOut => MessageVerdict::LateReply,
            Standing::Completed if self.failed.contains(&id) => MessageVerdict::LateReply,
            Standing::Completed => MessageVerdict::AdditionalReply,
        };
        let reply = Reply {
            message: Arc::clone(message),
            received: at,
            verdict,
            outcome: outcome.clone(),
            responder,
        };
        let mut effects = vec![changed(id, Change::Reply(reply), at)];
        match standing {
            Standing::Open => effects.extend(self.count_reply(id, outcome, at)),
            Standing::TimedOut if outcome != Outcome::Progress => {
                self.matcher.set_standing(id, Standing::Completed);
                effects.push(changed(id, Change::Finished(Verdict::Late), at));
            }
            Standing::TimedOut | Standing::Completed => {}
        }
        effects
    }

    /// What a message is that answers nothing.
    fn arrived(
        &self,
        message: &Arc<Message>,
        found: Match,
        responder: Option<Arc<str>>,
        at: Timestamp,
    ) -> Effect {
        let topic = &message.topic;
        let is_for_replies = self.subscriptions.are_replies(topic);
        let (verdict, miss) = match found {
            Match::Stale(_) => (MessageVerdict::Stale, None),
            _ if message.retain && is_for_replies => (MessageVerdict::Stale, None),
            Match::NearMiss(miss) if !is_for_replies => (MessageVerdict::Unmatched, Some(miss)),
            Match::NearMiss(miss) if miss.found.is_empty() => {
                (MessageVerdict::MissingCorrelation, Some(miss))
            }
            Match::NearMiss(miss) => (MessageVerdict::WrongCorrelation, Some(miss)),
            // What comes on a wildcard subscription may be anything.
            _ if !self.subscriptions.is_response_topic(topic) => (MessageVerdict::Unmatched, None),
            _ if message.properties.correlation_data.is_some() => {
                (MessageVerdict::WrongCorrelation, None)
            }
            // A further answer where nobody sent any: it cannot be told whose it is.
            _ if !self.subscriptions.expects_data(topic) => (MessageVerdict::Unmatched, None),
            _ => (MessageVerdict::MissingCorrelation, None),
        };
        let waits_here = |open: &Open| open.filters.iter().any(|filter| filter.matches(topic));
        let near = match (&miss, verdict) {
            (Some(miss), _) => Some(miss.id),
            (None, MessageVerdict::WrongCorrelation | MessageVerdict::MissingCorrelation) => {
                let mut open = self.open.iter();
                open.find(|(_, open)| waits_here(open)).map(|(id, _)| *id)
            }
            (None, _) => None,
        };
        Effect::Arrived {
            message: Arc::clone(message),
            verdict,
            at,
            responder,
            near,
            miss,
        }
    }

    /// Devices that come and go explain what does not come.
    fn hear(&mut self, subject: &Subject<'_>, at: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        for presence in self.matcher.rules().presence(subject) {
            let is_concerned = |id: &ExchangeId| {
                let request = self.matcher.request(*id);
                request.is_some_and(|(rule, request)| rule.concerns(&presence, request))
            };
            let concerned: Vec<ExchangeId> =
                self.open.keys().copied().filter(is_concerned).collect();
            let note = self.presences.heard(presence, at);
            for id in concerned {
                effects.push(changed(id, Change::Presence(note.clone()), at));
            }
        }
        effects
    }

    /// The connection is gone. What was sent on a session that ends with the connection has no
    /// way to be answered; what waits for a resumed session stays open until its deadline; what
    /// waits for its subscription waits for the reconnect, until its deadline too. What was to be
    /// published ends with [`Requester::not_sent`]: the owner knows whether it left.
    pub fn connection_lost(
        &mut self,
        why: &Arc<str>,
        session_may_resume: bool,
        at: Timestamp,
    ) -> Vec<Effect> {
        if session_may_resume {
            return Vec::new();
        }
        self.subscriptions.set_lost();
        let reason: Arc<str> = format!("the connection was lost before a reply came: {why}").into();
        self.fail_stage(Stage::Sent, &reason, at)
    }

    /// There is no connection: why, where it is known, and when the next attempt is due, where it has not begun.
    pub fn not_connected(
        &mut self,
        why: Option<&Arc<str>>,
        next: Option<Timestamp>,
        at: Timestamp,
    ) {
        self.away
            .get_or_insert_with(|| Away::since(at))
            .note(why, next);
    }

    /// Connected, or connected again.
    pub fn connected(&mut self, session_present: bool, at: Timestamp) -> Vec<Effect> {
        self.away = None;
        let mut effects = Vec::new();
        if !session_present {
            let reason: Arc<str> = "the connection was lost before a reply came, and the broker kept no session for it".into();
            effects.extend(self.fail_stage(Stage::Sent, &reason, at));
            // Nobody would hear its reply: the Response Topic is not subscribed any more.
            let why = "the connection was lost, and the broker kept no session for it".into();
            effects.extend(self.withdraw(&why, at));
        }
        effects.extend(self.will_connected(at));
        let again = self.subscriptions.again(session_present);
        effects.extend(again.into_iter().map(|filter| self.subscribe(filter)));
        effects
    }

    /// The user takes the connection down: what was not sent yet is not sent any more.
    pub fn closing(&mut self, at: Timestamp) -> Vec<Effect> {
        let why: Arc<str> = "the connection was closed".into();
        let mut effects = self.withdraw(&why, at);
        let reason = format!("not sent: {why}").into();
        effects.extend(self.fail_stage(Stage::Subscribing, &reason, at));
        effects
    }

    /// The connection is closed for good: everything open ends here.
    pub fn closed(&mut self, at: Timestamp) -> Vec<Effect> {
        let mut effects = self.closing(at);
        self.subscriptions = Subscriptions::default();
        let reason: Arc<str> = "the connection was closed before a reply came".into();
        effects.extend(self.fail_stage(Stage::Sent, &reason, at));
        effects
    }

    /// Ends every exchange whose deadline is not after `now`.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Effect> {
        let due: Vec<ExchangeId> = self
            .deadlines
            .iter()
            .take_while(|(deadline, _)| *deadline <= now)
            .map(|(_, id)| *id)
            .collect();
        due.into_iter().flat_map(|id| self.expire_one(id)).collect()
    }

    /// When [`Requester::expire`] has something to do next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Filters whose SUBACK has been seen.
    pub fn live_subscriptions(&self) -> Vec<TopicFilter> {
        self.subscriptions.live()
    }

    fn expire_one(&mut self, id: ExchangeId) -> Vec<Effect> {
        let Some(open) = self.open.get(&id) else {
            return Vec::new();
        };
        let at = open.deadline;
        let timeout = humantime::format_duration(open.request.timeout);
        let verdict = match open.stage {
            Stage::Sent if open.wanted == RepliesWanted::All && open.replies > 0 => {
                answered(open.failure.clone())
            }
            Stage::Sent => Verdict::TimedOut,
            Stage::Subscribing => Verdict::Failed {
                reason: match &self.away {
                    Some(away) => format!("not sent: no connection within {timeout}: {}", away.words(at)),
                    None => format!(
                        "not sent: the Response Topic could not be subscribed within {timeout}, the broker has not acknowledged it"
                    ),
                }
                .into(),
            },
            Stage::Publishing => {
                // Asked once; the answer ends it, or its time begins.
                self.deadlines.remove(&(at, id));
                let mut why = format!("the request could not be published within {timeout}");
                if let Some(away) = &self.away {
                    why = format!("{why}: {}", away.words(at));
                }
                let why = why.into();
                return vec![Effect::Withdraw { id, why, at }];
            }
        };
        self.finish(id, verdict, at)
    }

    fn count_reply(&mut self, id: ExchangeId, outcome: Outcome, at: Timestamp) -> Vec<Effect> {
        let Some(open) = self.open.get_mut(&id) else {
            return Vec::new();
        };
        if outcome == Outcome::Progress {
            return Vec::new();
        }
        open.replies = open.replies.saturating_add(1);
        if matches!(outcome, Outcome::Error { .. }) {
            open.failure.get_or_insert(outcome);
        }
        let complete = match open.wanted {
            RepliesWanted::First | RepliesWanted::UntilTerminal => true,
            RepliesWanted::Count(count) => open.replies >= count,
            RepliesWanted::All => false,
        };
        if complete {
            let verdict = answered(open.failure.clone());
            self.finish(id, verdict, at)
        } else {
            Vec::new()
        }
    }

    fn in_stage(&self, stage: Stage) -> Vec<ExchangeId> {
        let staged = self.open.iter().filter(|(_, open)| open.stage == stage);
        staged.map(|(id, _)| *id).collect()
    }

    fn withdraw(&self, why: &Arc<str>, at: Timestamp) -> Vec<Effect> {
        let unsent = self.in_stage(Stage::Publishing).into_iter();
        let why = || Arc::clone(why);
        unsent
            .map(|id| Effect::Withdraw { id, why: why(), at })
            .collect()
    }

    fn fail_stage(&mut self, stage: Stage, reason: &Arc<str>, at: Timestamp) -> Vec<Effect> {
        let failed = |reason| Verdict::Failed { reason };
        let staged = self.in_stage(stage).into_iter();
        staged
            .flat_map(|id| self.finish(id, failed(Arc::clone(reason)), at))
            .collect()
    }

    fn finish(&mut self, id: ExchangeId, verdict: Verdict, at: Timestamp) -> Vec<Effect> {
        let Some(open) = self.open.remove(&id) else {
            return Vec::new();
        };
        self.deadlines.remove(&(open.deadline, id));
        let standing = if verdict == Verdict::TimedOut {
            Standing::TimedOut
        } else {
            Standing::Completed
        };
        self.matcher.set_standing(id, standing);
        if matches!(verdict, Verdict::Failed { .. }) {
            self.failed.insert(id);
        }
        self.ended.push_back(id);
        if self.ended.len() > REMEMBERED
            && let Some(forgotten) = self.ended.pop_front()
        {
            self.matcher.forget(forgotten);
            self.failed.remove(&forgotten);
        }
        let idle = self.subscriptions.release(&open.filters);
        let mut effects = vec![changed(id, Change::Finished(verdict), at)];
        effects.extend(idle.into_iter().map(Effect::Unsubscribe));
        effects
    }
}

/// What the request's replies come by.
fn replies_of(
    rule: &Rule,
    message: &Message,
    bindings: &Bindings,
) -> Result<Vec<TopicFilter>, String> {
    let filters = rule.subscriptions(message, bindings);
    let filters = filters.map_err(|why| format!("no reply can be paired with it: {why}"))?;
    if filters.is_empty() {
        return Err(format!(
            "no reply can be paired with it: by the rule `{}` the topic of the reply needs a value that the request does not have",
            rule.id
        ));
    }
    Ok(filters)
}

fn why_no_request(rules: &Rules) -> &'static str {
    if rules.len() == 1 && rules.find("mqtt5").is_some() {
        "no reply can be paired with it: it has no Response Topic"
    } else {
        "no reply can be paired with it: it is no request by the pairing rules"
    }
}

/// What the user asks for counts; where that is nothing special, what the rule knows.
fn wanted(asked: RepliesWanted, rule: Replies) -> RepliesWanted {
    match (asked, rule) {
        (RepliesWanted::First, Replies::Many) => RepliesWanted::All,
        (RepliesWanted::First, Replies::UntilTerminal) => RepliesWanted::UntilTerminal,
        (asked, _) => asked,
    }
}

fn failed(id: ExchangeId, why: &str, at: Timestamp) -> Effect {
    let reason = why.into();
    changed(id, Change::Finished(Verdict::Failed { reason }), at)
}

fn changed(id: ExchangeId, change: Change, at: Timestamp) -> Effect {
    Effect::Changed { id, change, at }
}

fn answered(failure: Option<Outcome>) -> Verdict {
    match failure {
        Some(Outcome::Error { code, message }) => Verdict::AnsweredWithError { code, message },
        _ => Verdict::Answered,
    }
}

#[cfg(test)]
mod tests;
