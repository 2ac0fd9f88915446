//! The requester: open exchanges and what becomes of them, without I/O.
//!
//! Whoever owns the connection tells it what happened, with the packet's own time, and carries
//! out the [`Effect`]s it returns, in order. Here it is decided what a message means; nothing
//! else in the program does. The states are those of `Draft → Subscribing → Sent → Acknowledged →
//! Answered`; a Response Topic is always subscribed, its SUBACK seen, before a request is published.

use crate::model::exchange::{
    Change, Exchange, ExchangeId, MessageVerdict, Outcome, Reason, Reply, Verdict,
};
use crate::model::message::Message;
use crate::model::pairing::{Match, Matcher, Rule, Standing};
use crate::model::request::{RepliesWanted, Request};
use crate::model::time::Timestamp;
use crate::model::topic::{TopicFilter, TopicName};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// How many finished exchanges are remembered, so that a reply that comes late or twice finds its request.
const REMEMBERED: usize = 10_000;

/// What the owner of the connection has to do or to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Begun(Box<Exchange>),
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
    },
    /// Subscribe, and report with [`Requester::subscribed`].
    Subscribe(TopicFilter),
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
    filter: TopicFilter,
    stage: Stage,
    /// Until it is published: when it was queued plus the timeout. After that: the real one.
    deadline: Timestamp,
    replies: u32,
    failure: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subscription {
    Asked,
    Live,
}

#[derive(Debug)]
pub struct Requester {
    connection: Arc<str>,
    matcher: Matcher,
    open: BTreeMap<ExchangeId, Open>,
    deadlines: BTreeSet<(Timestamp, ExchangeId)>,
    /// Of the finished ones, those that failed: a reply to one comes too late, and changes nothing.
    failed: BTreeSet<ExchangeId>,
    /// Finished, oldest first.
    ended: VecDeque<ExchangeId>,
    response_topics: BTreeSet<TopicName>,
    subscriptions: BTreeMap<TopicFilter, Subscription>,
}

impl Requester {
    pub fn new(connection: Arc<str>, rule: Rule) -> Self {
        Self {
            connection,
            matcher: Matcher::new(rule),
            open: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            failed: BTreeSet::new(),
            ended: VecDeque::new(),
            response_topics: BTreeSet::new(),
            subscriptions: BTreeMap::new(),
        }
    }

    /// Opens an exchange. A message that is no request by the rule opens one that fails at once.
    pub fn begin(
        &mut self,
        id: ExchangeId,
        request: Arc<Request>,
        message: Arc<Message>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let rule = Arc::clone(&self.matcher.rule().id);
        let exchange = Exchange::new(
            id,
            Arc::clone(&self.connection),
            Arc::clone(&request),
            Arc::clone(&message),
            rule,
            now,
        );
        let mut effects = vec![Effect::Begun(Box::new(exchange))];
        let Some(expectation) = self.matcher.rule().expect(&message) else {
            let reason = "no reply can be paired with it: it has no Response Topic".into();
            effects.push(changed(
                id,
                Change::Finished(Verdict::Failed { reason }),
                now,
            ));
            return effects;
        };
        let filter = TopicFilter::from(&expectation.reply_topic);
        self.response_topics.insert(expectation.reply_topic.clone());
        let covered = self.subscriptions.iter().any(|(live, state)| {
            *state == Subscription::Live && live.matches(&expectation.reply_topic)
        });
        // Open before it is published: a reply may overtake the acknowledgement.
        self.matcher.insert(id, expectation);
        let deadline = now.saturating_add(request.timeout);
        let stage = if covered {
            Stage::Publishing
        } else {
            Stage::Subscribing
        };
        self.deadlines.insert((deadline, id));
        self.open.insert(
            id,
            Open {
                request,
                message: Arc::clone(&message),
                filter: filter.clone(),
                stage,
                deadline,
                replies: 0,
                failure: None,
            },
        );
        if covered {
            effects.push(Effect::Publish { id, message });
        } else if !self.subscriptions.contains_key(&filter) {
            self.subscriptions
                .insert(filter.clone(), Subscription::Asked);
            effects.push(Effect::Subscribe(filter));
        }
        effects
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
            .filter(|(_, open)| open.stage == Stage::Subscribing && open.filter == *filter)
            .map(|(id, _)| *id)
            .collect();
        let mut effects = Vec::new();
        match result {
            Ok(()) => {
                self.subscriptions
                    .insert(filter.clone(), Subscription::Live);
                for id in waiting {
                    if let Some(open) = self.open.get_mut(&id) {
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
                self.subscriptions.remove(filter);
                for id in waiting {
                    let verdict = Verdict::Rejected {
                        what: "the subscription to the Response Topic",
                        reason: reason.clone(),
                    };
                    effects.extend(self.finish(id, verdict, at));
                }
            }
        }
        effects
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
                        what: "the request",
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

    /// A message arrived: every one gets exactly one verdict.
    pub fn receive(
        &mut self,
        message: Arc<Message>,
        responder: Option<Arc<str>>,
        at: Timestamp,
    ) -> Vec<Effect> {
        let arrived = |verdict, near| {
            vec![Effect::Arrived {
                message: Arc::clone(&message),
                verdict,
                at,
                responder: responder.clone(),
                near,
            }]
        };
        let on_response_topic = self.response_topics.contains(&message.topic);
        if message.retain && on_response_topic {
            return arrived(MessageVerdict::Stale, None);
        }
        let (id, standing) = match self.matcher.find(&message) {
            Match::Pairs(id, standing) => (id, standing),
            Match::NearMiss | Match::Elsewhere if on_response_topic => {
                let near = self
                    .open
                    .iter()
                    .find(|(_, open)| open.filter.as_str() == message.topic.as_str())
                    .map(|(id, _)| *id);
                let verdict = if message.properties.correlation_data.is_some() {
                    MessageVerdict::WrongCorrelation
                } else {
                    MessageVerdict::MissingCorrelation
                };
                return arrived(verdict, near);
            }
            Match::NearMiss | Match::Elsewhere => return arrived(MessageVerdict::Unmatched, None),
        };
        // The deadline is a point in time, not the moment a timer happened to fire.
        // What is answered has been sent, though nobody has said so yet: its time has not begun.
        let is_overdue = |open: &Open| open.stage != Stage::Publishing && open.deadline < at;
        if standing == Standing::Open && self.open.get(&id).is_some_and(is_overdue) {
            let mut effects = self.expire_one(id);
            effects.extend(self.receive(message, responder, at));
            return effects;
        }
        let outcome = self.matcher.rule().outcome(&message);
        let verdict = match standing {
            Standing::Open => MessageVerdict::Reply,
            Standing::TimedOut => MessageVerdict::LateReply,
            Standing::Completed if self.failed.contains(&id) => MessageVerdict::LateReply,
            Standing::Completed => MessageVerdict::AdditionalReply,
        };
        let reply = Reply {
            message,
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
        self.subscriptions.clear();
        let reason: Arc<str> = format!("the connection was lost before a reply came: {why}").into();
        self.fail_stage(Stage::Sent, &reason, at)
    }

    /// Connected, or connected again.
    pub fn connected(&mut self, session_present: bool, at: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        if session_present {
            // A SUBSCRIBE without its SUBACK may or may not have reached the broker: ask again.
            self.subscriptions
                .retain(|_, state| *state == Subscription::Live);
        } else {
            let reason: Arc<str> = "the connection was lost before a reply came, and the broker kept no session for it".into();
            effects.extend(self.fail_stage(Stage::Sent, &reason, at));
            // Nobody would hear its reply: the Response Topic is not subscribed any more.
            let why = "the connection was lost, and the broker kept no session for it".into();
            effects.extend(self.withdraw(&why, at));
            self.subscriptions.clear();
        }
        let topics: Vec<TopicFilter> = self.response_topics.iter().map(TopicFilter::from).collect();
        for filter in topics {
            if !self.subscriptions.contains_key(&filter) {
                self.subscriptions
                    .insert(filter.clone(), Subscription::Asked);
                effects.push(Effect::Subscribe(filter));
            }
        }
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
        self.subscriptions.clear();
        self.response_topics.clear();
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
        self.subscriptions
            .iter()
            .filter(|(_, state)| **state == Subscription::Live)
            .map(|(filter, _)| filter.clone())
            .collect()
    }

    fn expire_one(&mut self, id: ExchangeId) -> Vec<Effect> {
        let Some(open) = self.open.get(&id) else {
            return Vec::new();
        };
        let at = open.deadline;
        let timeout = humantime::format_duration(open.request.timeout);
        let verdict = match open.stage {
            Stage::Sent if open.request.replies == RepliesWanted::All && open.replies > 0 => {
                answered(open.failure.clone())
            }
            Stage::Sent => Verdict::TimedOut,
            Stage::Subscribing => Verdict::Failed {
                reason: format!(
                    "not sent: the Response Topic could not be subscribed within {timeout}"
                )
                .into(),
            },
            Stage::Publishing => {
                // Asked once; the answer ends it, or its time begins.
                self.deadlines.remove(&(at, id));
                let why = format!("the request could not be published within {timeout}").into();
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
        let complete = match open.request.replies {
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
        vec![changed(id, Change::Finished(verdict), at)]
    }
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
