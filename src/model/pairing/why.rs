//! Why a message is no request, or no reply, in words.

use super::condition::{Condition, Test};
use super::json::{Json, NodeId};
use super::locator::{Bindings, Subject};
use super::pattern::Spans;
use super::rule::{ReplyTopic, Rule, captured, scope};
use super::value::{Value, agree, common};

impl Rule {
    pub(super) fn why_no_request(&self, subject: &Subject<'_>) -> String {
        let topic = &self.request.topic;
        if topic.first(subject.topic()).is_none() {
            return format!(
                "the topic `{}` does not fit `{}`",
                subject.topic(),
                topic.source()
            );
        }
        let near = self.partial(subject, true);
        let scope = scope(subject, Json::ROOT, &near, None);
        let broken = self.request.when.iter().find(|when| !when.holds(&scope));
        let why = match broken {
            Some(when) => when.in_words(),
            None => self.two_values(subject, &near),
        };
        format!("it is no request by the rule `{}`: {why}", self.id)
    }

    /// A variable that the topic and the payload of a request disagree about.
    fn two_values(&self, subject: &Subject<'_>, near: &Bindings) -> String {
        for binding in &self.request.bind {
            let found = binding
                .locators
                .values(&scope(subject, Json::ROOT, near, None));
            let known = near.get(binding.var);
            if !found.is_empty() && common(known, &found).is_empty() {
                return format!(
                    "`{}` is {} in the topic and {} by `request.bind`",
                    self.name(binding.var),
                    told(known),
                    told(&found)
                );
            }
        }
        "a variable has two different values".to_owned()
    }

    /// Why a message says nothing as a reply on a topic that it fits.
    pub(super) fn why_no_reading(
        &self,
        topic: &ReplyTopic,
        subject: &Subject<'_>,
        spans: &Spans,
        root: NodeId,
    ) -> Option<String> {
        let near = captured(&topic.pattern, subject.topic(), spans);
        let nothing = Bindings::default();
        let scope = scope(subject, root, &near, Some(&nothing));
        let own = |index: &usize| !topic.dependent_when.contains(index);
        let mut whens = self.reply.when.iter().enumerate();
        if let Some((_, when)) = whens.find(|(index, when)| own(index) && !when.holds(&scope)) {
            return Some(when.in_words());
        }
        self.reply.bind.iter().find_map(|binding| {
            let found = binding.locators.values(&scope);
            let known = near.get(binding.var);
            let differs =
                topic.pattern.vars().contains(&binding.var) && common(known, &found).is_empty();
            differs.then(|| {
                format!(
                    "`{}` is {} in its topic and {} by `reply.bind`",
                    self.name(binding.var),
                    told(known),
                    told(&found)
                )
            })
        })
    }

    /// Why a message does not answer a request although what it says by itself is the same.
    pub(super) fn why_no_agreement(
        &self,
        topic: &ReplyTopic,
        subject: &Subject<'_>,
        root: NodeId,
        near: &Bindings,
        far: &Bindings,
    ) -> Option<String> {
        let scope = scope(subject, root, near, Some(far));
        for &index in &topic.dependent_bind {
            let binding = self.reply.bind.get(index)?;
            let found = binding.locators.values(&scope);
            if self.is_bound_by_request(binding.var) && !agree(far.get(binding.var), &found) {
                return Some(format!(
                    "`{}` is {} here and {} in the request",
                    self.name(binding.var),
                    told(&found),
                    told(far.get(binding.var))
                ));
            }
        }
        let mut late = topic.dependent_when.iter();
        late.find_map(|index| {
            let when = self.reply.when.get(*index)?;
            (!when.holds(&scope)).then(|| when.in_words())
        })
    }
}

/// Values for people.
pub(super) fn told(values: &[Value]) -> String {
    const MANY: usize = 4;
    const LONG: usize = 60;
    let word = |value: &Value| {
        let text = value.to_string();
        let mut short: String = text.chars().take(LONG).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        format!("`{short}`")
    };
    let mut words: Vec<String> = values.iter().take(MANY).map(word).collect();
    if values.len() > MANY {
        words.push("…".to_owned());
    }
    if words.is_empty() {
        "absent".to_owned()
    } else {
        words.join(", ")
    }
}

impl Condition {
    /// What is not as it has to be.
    pub(super) fn in_words(&self) -> String {
        let locator = self.locator.source();
        match &self.test {
            Test::Exists => format!("`{locator}` is missing"),
            Test::Missing => format!("`{locator}` must not be there"),
            Test::Among(values) => {
                let words: Vec<String> = values.iter().map(ToString::to_string).collect();
                format!("`{locator}` is not {}", words.join(" or "))
            }
            Test::NotAmong(_) => format!("`{locator}` is missing or has a value that is excluded"),
            Test::Matches(regex) => format!("`{locator}` does not match `{}`", regex.source()),
            Test::MatchesNot(regex) => {
                format!("`{locator}` is missing or matches `{}`", regex.source())
            }
            Test::Compares { than, .. } => format!("`{locator}` compares otherwise with {than}"),
        }
    }
}
