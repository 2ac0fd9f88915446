//! One rule, compiled: what is a request, what is its reply, and what the reply says.

use super::condition::{self, Condition};
use super::generate::Generator;
use super::json::{Json, NodeId, Pointer};
use super::locator::{Bindings, Locators, Scope, Subject};
use super::pattern::{Names, Pattern, Spans, VarId};
use super::value::{Value, agree, common};
use crate::model::exchange::Outcome;
use crate::model::message::{Message, Qos};
use crate::model::topic::TopicFilter;
use std::sync::Arc;
use std::time::Duration;

/// With more ways to read the topic of a request the others are not tried.
const MAX_READINGS: usize = 32;

/// More parts of one message are not looked at.
const MAX_PARTS: usize = 1 << 14;

/// Binds a variable to what the first locator finds that finds anything.
#[derive(Clone, Debug)]
pub struct Binding {
    pub var: VarId,
    pub locators: Locators,
}

/// When an exchange is complete. Progress completes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replies {
    /// The first reply.
    #[default]
    One,
    /// The same; progress is expected before it.
    UntilTerminal,
    /// All that come until the timeout.
    Many,
}

#[derive(Clone, Debug, Default)]
pub(super) struct RequestSide {
    pub topic: Pattern,
    pub when: Vec<Condition>,
    /// What others read comes before them.
    pub bind: Vec<Binding>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ReplySide {
    pub topics: Vec<ReplyTopic>,
    pub when: Vec<Condition>,
    pub bind: Vec<Binding>,
    pub each: Vec<Pointer>,
    pub subscribe: Vec<Pattern>,
}

/// One topic on which replies come, and what can be known of a reply on it without knowing its request.
#[derive(Clone, Debug)]
pub(super) struct ReplyTopic {
    pub pattern: Pattern,
    /// The same where values of the request stand for themselves, whatever they are.
    pub literal: Pattern,
    /// The variables that request and reply share and that the reply tells by itself.
    pub shared: Vec<VarId>,
    /// By place in `bind` and `when`: those that read variables of the request.
    pub dependent_bind: Vec<usize>,
    pub dependent_when: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct StatusSide {
    pub progress: Vec<Condition>,
    pub error: Vec<Condition>,
    pub code: Locators,
    pub message: Locators,
}

#[derive(Clone, Debug)]
pub(super) struct PresenceSide {
    pub topic: Pattern,
    pub online: Vec<Condition>,
    pub offline: Vec<Condition>,
}

/// What a request is sent with unless its user says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    pub qos: Option<Qos>,
    pub retain: Option<bool>,
    pub expiry_secs: Option<u32>,
    pub timeout: Option<Duration>,
    /// Variables and what makes them up.
    pub generate: Vec<(Arc<str>, Generator)>,
}

/// How replies are recognised, by data. Read from a file by [`super::read_rules`]. The default one takes nothing for a
/// request.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    pub id: Arc<str>,
    pub title: Arc<str>,
    /// The heading it is listed under.
    pub group: Arc<str>,
    pub replies: Replies,
    pub accept_retained: bool,
    pub defaults: Defaults,
    /// As JSON, for [`Rule::source`].
    pub(super) source: Arc<str>,
    pub(super) names: Names,
    pub(super) request: RequestSide,
    pub(super) reply: ReplySide,
    pub(super) status: StatusSide,
    pub(super) presence: Option<PresenceSide>,
}

/// What a reply says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub outcome: OutcomeKind,
    pub code: Option<Arc<str>>,
    pub message: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutcomeKind {
    #[default]
    Ok,
    Error,
    Progress,
}

impl OutcomeKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Progress => "progress",
        }
    }
}

impl Status {
    pub fn outcome(&self) -> Outcome {
        match self.outcome {
            OutcomeKind::Ok => Outcome::Ok,
            OutcomeKind::Progress => Outcome::Progress,
            OutcomeKind::Error => Outcome::Error {
                code: self.code.clone(),
                message: self.message.clone(),
            },
        }
    }
}

/// A device came or went.
#[derive(Clone, Debug, PartialEq)]
pub struct Presence {
    pub rule: Arc<str>,
    pub is_online: bool,
    /// Who: the variables of the presence topic.
    pub who: Vec<(Arc<str>, Vec<Value>)>,
}

impl Rule {
    /// The variables of the rule by name, as far as they have values.
    pub fn named(&self, bindings: &Bindings) -> Vec<(Arc<str>, Vec<Value>)> {
        self.names
            .ids()
            .map(|var| (self.names.name(var), bindings.get(var).to_vec()))
            .filter(|(_, values)| !values.is_empty())
            .collect()
    }

    pub fn name(&self, var: VarId) -> Arc<str> {
        self.names.name(var)
    }

    pub fn var(&self, name: &str) -> Option<VarId> {
        self.names.find(name)
    }

    /// Whether the request binds it; such a variable stands for its value in reply topics.
    pub(super) fn is_bound_by_request(&self, var: VarId) -> bool {
        self.request.topic.vars().contains(&var)
            || self.request.bind.iter().any(|binding| binding.var == var)
    }

    /// The variables of `subject` as a request; `None` when it is none by this rule.
    pub fn request(&self, subject: &Subject<'_>) -> Option<Bindings> {
        let topic = &self.request.topic;
        let first = topic.first(subject.topic())?;
        // What needs no variables is cheaper to know than what they are.
        let nothing = Bindings::default();
        let scope = scope(subject, Json::ROOT, &nothing, None);
        let mut when = self.request.when.iter();
        if !when.all(|when| when.reads().is_some() || when.holds(&scope)) {
            return None;
        }
        if let Some(near) = self.request_read(subject, &first) {
            return Some(near);
        }
        // Another way to read the topic may be the one that agrees with the payload and the conditions.
        let in_topic = topic.vars();
        let mut bind = self.request.bind.iter();
        if !bind.any(|binding| in_topic.contains(&binding.var))
            && self.request.when.iter().all(|when| when.reads().is_none())
        {
            return None;
        }
        let others = topic.parses(subject.topic()).list.into_iter().skip(1);
        others
            .take(MAX_READINGS)
            .find_map(|spans| self.request_read(subject, &spans))
    }

    /// The same with the topic read in one way.
    fn request_read(&self, subject: &Subject<'_>, spans: &Spans) -> Option<Bindings> {
        let mut near = captured(&self.request.topic, subject.topic(), spans);
        for binding in &self.request.bind {
            let found = binding
                .locators
                .values(&scope(subject, Json::ROOT, &near, None));
            let known = near.get(binding.var);
            // A name in the topic and in the payload means the same thing twice.
            let values = match (known.is_empty(), found.is_empty()) {
                (true, _) => found,
                (false, true) => continue,
                (false, false) => common(known, &found),
            };
            if values.is_empty() && !known.is_empty() {
                return None;
            }
            near.set(binding.var, values);
        }
        let scope = scope(subject, Json::ROOT, &near, None);
        let mut when = self.request.when.iter();
        when.all(|when| when.reads().is_none() || when.holds(&scope))
            .then_some(near)
    }

    /// Where the parts lie that may each be a reply.
    pub(super) fn roots(&self, subject: &Subject<'_>) -> Vec<NodeId> {
        if self.reply.each.is_empty() {
            return vec![Json::ROOT];
        }
        let Some(json) = subject.json() else {
            return Vec::new();
        };
        let each = self.reply.each.iter();
        let mut roots: Vec<NodeId> = Vec::new();
        let mut known = std::collections::HashSet::new();
        roots.extend(
            each.flat_map(|pointer| pointer.find(json, Json::ROOT, MAX_PARTS))
                .filter(|node| known.insert(*node))
                .take(MAX_PARTS),
        );
        roots
    }

    /// What a reply on one of the topics says by itself; `None` when it is no reply.
    pub(super) fn reading(
        &self,
        topic: &ReplyTopic,
        subject: &Subject<'_>,
        spans: &Spans,
        root: NodeId,
    ) -> Option<Bindings> {
        let mut near = captured(&topic.pattern, subject.topic(), spans);
        let nothing = Bindings::default();
        let holds = |when: &Condition, near: &Bindings| {
            when.holds(&scope(subject, root, near, Some(&nothing)))
        };
        let whens = || {
            self.reply
                .when
                .iter()
                .enumerate()
                .filter(|(index, _)| !topic.dependent_when.contains(index))
                .map(|(_, when)| when)
        };
        if !whens().all(|when| when.reads().is_some() || holds(when, &near)) {
            return None;
        }
        for (index, binding) in self.reply.bind.iter().enumerate() {
            if !topic.dependent_bind.contains(&index) {
                let found = binding.locators.values(&scope(subject, root, &near, None));
                self.bind(topic, &mut near, binding.var, found)?;
            }
        }
        whens()
            .all(|when| when.reads().is_none() || holds(when, &near))
            .then_some(near)
    }

    /// Adds what a locator of the reply found to what its topic told.
    fn bind(
        &self,
        topic: &ReplyTopic,
        near: &mut Bindings,
        var: VarId,
        found: Vec<Value>,
    ) -> Option<()> {
        if !topic.pattern.vars().contains(&var) {
            let known = near.get(var);
            let values = if known.is_empty() {
                found
            } else {
                common(known, &found)
            };
            near.set(var, values);
            return Some(());
        }
        let known = near.get(var);
        if found.is_empty() {
            // A variable of the reply alone is known from its topic. One of the request is absent here: what stands in
            // the topic for a value that is absent is nothing.
            if self.is_bound_by_request(var) {
                let is_nothing = known.iter().all(|value| value.as_bytes().is_empty());
                near.set(var, Vec::new());
                return is_nothing.then_some(());
            }
            return Some(());
        }
        let values = common(known, &found);
        let is_possible = !values.is_empty();
        near.set(var, values);
        is_possible.then_some(())
    }

    /// What depends on the request: whether the reply with `near` answers the one with `far`. What
    /// both share is narrowed down to what they have in common.
    pub(super) fn agrees(
        &self,
        topic: &ReplyTopic,
        subject: &Subject<'_>,
        root: NodeId,
        near: &Bindings,
        far: &Bindings,
        is_topic_known: bool,
    ) -> Option<Bindings> {
        let mut near = near.clone();
        let in_topic = topic.pattern.vars();
        for &var in &topic.shared {
            // What else the reply says of it counts, too.
            let is_said_twice = || self.reply.bind.iter().any(|binding| binding.var == var);
            if is_topic_known && in_topic.contains(&var) && !is_said_twice() {
                continue;
            }
            if !agree(far.get(var), near.get(var)) {
                return None;
            }
            let both = common(near.get(var), far.get(var));
            near.set(var, both);
        }
        for &index in &topic.dependent_bind {
            let binding = self.reply.bind.get(index)?;
            let scope = scope(subject, root, &near, Some(far));
            let found = binding.locators.values(&scope);
            if self.is_bound_by_request(binding.var) {
                if !agree(far.get(binding.var), &found) {
                    return None;
                }
                near.set(binding.var, common(&found, far.get(binding.var)));
            } else {
                self.bind(topic, &mut near, binding.var, found)?;
            }
        }
        let scope = scope(subject, root, &near, Some(far));
        let mut late = topic.dependent_when.iter();
        late.all(|index| {
            let when = self.reply.when.get(*index);
            when.is_none_or(|when| when.holds(&scope))
        })
        .then_some(near)
    }

    /// How the message answers one request, if it does: by the first of its parts, topics and ways to read them.
    pub(super) fn answered(&self, subject: &Subject<'_>, far: &Bindings) -> Option<Status> {
        let given = |var| self.is_bound_by_request(var).then(|| far.get(var));
        self.roots(subject).into_iter().find_map(|root| {
            self.reply.topics.iter().find_map(|topic| {
                let parses = topic.pattern.parses_given(subject.topic(), &given);
                parses.iter().find_map(|spans| {
                    let near = self.reading(topic, subject, spans, root)?;
                    let near = self.agrees(topic, subject, root, &near, far, true)?;
                    Some(self.status(&scope(subject, root, &near, Some(far))))
                })
            })
        })
    }

    /// What the reply says; progress is looked at before error.
    pub(super) fn status(&self, scope: &Scope<'_, '_>) -> Status {
        let outcome = if condition::any(&self.status.progress, scope) {
            OutcomeKind::Progress
        } else if condition::any(&self.status.error, scope) {
            OutcomeKind::Error
        } else {
            OutcomeKind::Ok
        };
        let first = |locators: &Locators| {
            let values = locators.values(scope);
            values.first().map(|value| value.to_string().into())
        };
        Status {
            outcome,
            code: first(&self.status.code),
            message: first(&self.status.message),
        }
    }

    /// Whether the request lacks a variable until it has its Packet Identifier.
    pub fn awaits_packet_id(&self, request: &Bindings) -> bool {
        self.names
            .ids()
            .any(|var| self.is_numbered_later(var, request))
    }

    fn is_numbered_later(&self, var: VarId, request: &Bindings) -> bool {
        let mut bind = self.request.bind.iter();
        request.get(var).is_empty()
            && bind.any(|binding| {
                binding.var == var
                    && (binding.locators.read_packet_id()
                        // A variable reads only those before it.
                        || binding.locators.reads().any(|of| of != var && self.is_numbered_later(of, request)))
            })
    }

    /// The variables of a request once its Packet Identifier is known.
    pub fn numbered(&self, subject: &Subject<'_>, request: &Bindings) -> Bindings {
        let mut near = request.clone();
        for binding in &self.request.bind {
            if near.get(binding.var).is_empty() {
                let scope = scope(subject, Json::ROOT, &near, None);
                let values = binding.locators.values(&scope);
                near.set(binding.var, values);
            }
        }
        near
    }

    /// What to subscribe so that every reply to the request arrives: `reply.subscribe`, or derived. The Packet
    /// Identifier that it will get may be any.
    pub fn subscriptions(
        &self,
        message: &Message,
        request: &Bindings,
    ) -> Result<Vec<TopicFilter>, String> {
        let has_number = message.qos != Qos::AtMostOnce;
        let known = |var| {
            let is_known = self.is_bound_by_request(var)
                && !(has_number && self.is_numbered_later(var, request));
            is_known.then(|| request.get(var).to_vec())
        };
        let fixed = self.reply.subscribe.iter();
        let mut filters = Vec::new();
        if self.reply.subscribe.is_empty() {
            for topic in &self.reply.topics {
                filters.extend(topic.pattern.filters(known)?);
            }
        } else {
            for pattern in fixed {
                filters.extend(pattern.filters(known)?);
            }
        }
        Ok(super::pattern::least(filters))
    }

    /// What to subscribe to hear of the device's coming and going.
    pub fn presence_subscriptions(&self, request: &Bindings) -> Vec<TopicFilter> {
        let known = |var| {
            let values = request.get(var).to_vec();
            (!values.is_empty()).then_some(values)
        };
        let Some(presence) = &self.presence else {
            return Vec::new();
        };
        presence.topic.filters(known).unwrap_or_default()
    }

    /// What the message says of a device's presence, if it does.
    pub fn presence(&self, subject: &Subject<'_>) -> Option<Presence> {
        let presence = self.presence.as_ref()?;
        let spans = presence.topic.first(subject.topic())?;
        let near = captured(&presence.topic, subject.topic(), &spans);
        let scope = scope(subject, Json::ROOT, &near, None);
        let is_offline = condition::any(&presence.offline, &scope);
        if !is_offline && !condition::any(&presence.online, &scope) {
            return None;
        }
        Some(Presence {
            rule: Arc::clone(&self.id),
            is_online: !is_offline,
            who: self.named(&near),
        })
    }

    /// Whether a request went to the device that a presence message is about.
    pub fn concerns(&self, presence: &Presence, request: &Bindings) -> bool {
        presence.rule == self.id
            && presence.who.iter().all(|(name, values)| {
                self.var(name).is_none_or(|var| {
                    let bound = request.get(var);
                    bound.is_empty() || agree(bound, values)
                })
            })
    }

    /// Whether a correlation variable was bound, so that further replies can be told from others.
    pub(super) fn has_id(&self, request: &Bindings) -> bool {
        self.var("id")
            .is_some_and(|var| self.is_bound_by_request(var) && !request.get(var).is_empty())
    }

    /// Whether the message is a request by this rule.
    pub fn is_request(&self, message: &Message) -> bool {
        self.request(&Subject::new(message)).is_some()
    }
}

pub(super) fn scope<'a, 'm>(
    subject: &'a Subject<'m>,
    root: NodeId,
    near: &'a Bindings,
    far: Option<&'a Bindings>,
) -> Scope<'a, 'm> {
    Scope {
        subject,
        root,
        near,
        far,
    }
}

/// What the holes of a pattern hold.
pub(super) fn captured(pattern: &Pattern, topic: &str, spans: &Spans) -> Bindings {
    let mut bindings = Bindings::default();
    for (index, (hole, span)) in pattern.holes().iter().zip(spans).enumerate() {
        if let Some(var) = hole.var {
            bindings.set(var, pattern.capture(index, topic, span));
        }
    }
    bindings
}
