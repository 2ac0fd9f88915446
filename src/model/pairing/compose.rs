//! Rules the other way round: a request that its rule takes for one, and a reply that pairs with it.
//!
//! What was made is read back by the same rule before anybody gets it, so nothing is sent that would not pair.

use super::condition::{Condition, Test};
use super::generate::{Circumstances, Generator};
use super::json::{Json, Pointer};
use super::locator::{Bindings, Locator, Place, Subject};
use super::pattern::{Pattern, VarId};
use super::rule::{OutcomeKind, ReplyTopic, Rule, Status, captured, scope};
use super::value::{Value, agree};
use crate::model::message::Message;
use crate::model::topic::TopicName;
use std::sync::Arc;

/// Values by the names of variables. A name without values stays absent although a value could be made up.
pub type Variables = Vec<(Arc<str>, Vec<Value>)>;

/// Why a message cannot be made by a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ComposeError {
    /// The variable that it is about.
    pub variable: Option<Arc<str>>,
    pub message: String,
}

/// How many ways to say a status are tried.
const MAX_TRIES: usize = 2_000;

impl Rule {
    fn given(&self, variables: &Variables) -> Result<Bindings, ComposeError> {
        let mut given = Bindings::default();
        for (name, values) in variables {
            let var = self.var(name).ok_or_else(|| ComposeError {
                variable: Some(Arc::clone(name)),
                message: format!("the rule `{}` has no variable `{name}`", self.id),
            })?;
            given.set(var, values.clone());
        }
        Ok(given)
    }

    fn about(&self, var: Option<VarId>, message: impl Into<String>) -> ComposeError {
        ComposeError {
            variable: var.map(|var| self.name(var)),
            message: message.into(),
        }
    }

    /// What has to be made up for a request: what `defaults` say, and an `id` where the request has a place for one
    /// and has none yet. Variables that are given, also those given without a value, are left alone.
    pub fn generate(
        &self,
        message: &Message,
        given: &Variables,
        here: &Circumstances<'_>,
        random: &mut impl rand::Rng,
    ) -> Variables {
        self.generate_for(message, true, given, here, random)
    }

    /// The same; `topic_counts` is false where the topic has yet to be rendered.
    pub(super) fn generate_for(
        &self,
        message: &Message,
        topic_counts: bool,
        given: &Variables,
        here: &Circumstances<'_>,
        random: &mut impl rand::Rng,
    ) -> Variables {
        let has_value = |name: &str| self.has_value(message, topic_counts, name);
        let is_given = |name: &str| given.iter().any(|(known, _)| **known == *name);
        let mut drawn: Variables = Vec::new();
        for (name, generator) in &self.defaults.generate {
            if !is_given(name) && !has_value(name) {
                drawn.push((Arc::clone(name), vec![generator.draw(here, random)]));
            }
        }
        let has_id =
            is_given("id") || drawn.iter().any(|(name, _)| **name == *"id") || has_value("id");
        if !has_id && let Some(generator) = self.own_generator() {
            drawn.push(("id".into(), vec![generator.draw(here, random)]));
        }
        drawn
    }

    /// Whether the request says a variable's value already.
    fn has_value(&self, message: &Message, topic_counts: bool, name: &str) -> bool {
        let subject = Subject::new(message);
        self.var(name)
            .is_some_and(|var| !self.partial(&subject, topic_counts).get(var).is_empty())
    }

    /// What can be read from a request that is not complete.
    pub(super) fn partial(&self, subject: &Subject<'_>, topic_counts: bool) -> Bindings {
        let spans = self
            .request
            .topic
            .first(subject.topic())
            .filter(|_| topic_counts);
        let mut near = spans.map_or_else(Bindings::default, |spans| {
            captured(&self.request.topic, subject.topic(), &spans)
        });
        for binding in &self.request.bind {
            if near.get(binding.var).is_empty() {
                let values = binding
                    .locators
                    .values(&scope(subject, Json::ROOT, &near, None));
                near.set(binding.var, values);
            }
        }
        near
    }

    /// Bytes where there is a place for bytes, a counter where only digits are taken, a UUID elsewhere.
    pub(super) fn own_generator(&self) -> Option<Generator> {
        let id = self.var("id")?;
        let mut binding = self.request.bind.iter().filter(|binding| binding.var == id);
        let mut holes = self.request.topic.holes().iter();
        if let Some(hole) = holes.find(|hole| hole.var == Some(id)) {
            let takes_text = hole
                .regex
                .as_ref()
                .is_none_or(|regex| regex.is_match(b"0f8fad5b-d9cb-469f-a165-70867728950e"));
            return Some(if takes_text {
                Generator::Uuid
            } else {
                Generator::Counter
            });
        }
        let place = binding
            .next()?
            .locators
            .0
            .iter()
            .find(|one| one.is_writable())?;
        Some(match place.place {
            Place::CorrelationData if place.steps.is_empty() => Generator::UuidBytes,
            _ => Generator::Uuid,
        })
    }

    /// The request as it has to be sent: its topic rendered (or kept, where it fits already), and the values written to
    /// where the rule looks for them.
    pub fn compose(
        &self,
        message: &Message,
        variables: &Variables,
    ) -> Result<(Message, Bindings), ComposeError> {
        self.compose_on(message, Some(&message.topic), variables)
    }

    /// The same on a typed topic, or on the one that the rule renders.
    pub(super) fn compose_on(
        &self,
        message: &Message,
        typed: Option<&TopicName>,
        variables: &Variables,
    ) -> Result<(Message, Bindings), ComposeError> {
        let given = self.given(variables)?;
        let mut message = message.clone();
        message.topic = if let Some(topic) = typed {
            self.request_topic(topic.as_str(), &given)?
        } else {
            let text = self.rendered(&self.request.topic, |var| given.get(var).to_vec())?;
            TopicName::new(&text)
                .map_err(|err| self.about(None, format!("`{text}` is no topic: {err}")))?
        };
        for binding in &self.request.bind {
            let values = given.get(binding.var);
            if values.is_empty() {
                continue;
            }
            // Where nothing can be written, another variable may carry the value.
            if let Some(locator) = binding.locators.0.iter().find(|one| one.is_writable()) {
                locator
                    .write(&mut message, &Pointer::default(), values)
                    .map_err(|why| self.about(Some(binding.var), why))?;
            }
        }
        let subject = Subject::new(&message);
        let Some(found) = self.request(&subject) else {
            return Err(self.about(None, self.why_no_request(&subject)));
        };
        for var in self.names.ids() {
            let wanted = given.get(var);
            if !wanted.is_empty() && self.is_bound_by_request(var) && !agree(wanted, found.get(var))
            {
                let name = self.name(var);
                return Err(self.about(
                    Some(var),
                    format!("`{name}` cannot be written; the request says otherwise or has no place for it"),
                ));
            }
        }
        drop(subject);
        Ok((message, found))
    }

    fn request_topic(&self, typed: &str, given: &Bindings) -> Result<TopicName, ComposeError> {
        let pattern = &self.request.topic;
        let known = |var: VarId| Some(given.get(var)).filter(|values| !values.is_empty());
        let topic = if pattern.first_given(typed, &known).is_some() {
            typed.to_owned()
        } else {
            // What a typed topic says already need not be said again.
            let spans = pattern.first(typed);
            let said = spans
                .map(|spans| captured(pattern, typed, &spans))
                .unwrap_or_default();
            let value = |var: VarId| match given.get(var) {
                [] => said.get(var).to_vec(),
                values => values.to_vec(),
            };
            self.rendered(pattern, value)?
        };
        TopicName::new(&topic)
            .map_err(|err| self.about(None, format!("`{topic}` is no topic: {err}")))
    }

    fn rendered(
        &self,
        pattern: &Pattern,
        value: impl Fn(VarId) -> Vec<Value>,
    ) -> Result<String, ComposeError> {
        pattern.render(value).map_err(|err| {
            let message = match err.var {
                Some(var) => format!(
                    "the topic `{}` needs a value for `{}`",
                    pattern.source(),
                    self.name(var)
                ),
                None => format!(
                    "the topic `{}` has a placeholder without a name, so it has to be typed",
                    pattern.source()
                ),
            };
            self.about(err.var, message)
        })
    }

    /// A reply to `request`, made from `reply` (its payload and what else is wanted; its topic does not count): on the
    /// topic where the reply is awaited, the shared values written to where the rule looks for them, and saying `status`.
    pub fn answer(
        &self,
        request: &Message,
        reply: &Message,
        variables: &Variables,
        status: &Status,
    ) -> Result<Message, ComposeError> {
        let given = self.given(variables)?;
        let subject = Subject::new(request);
        let Some(far) = self.request(&subject) else {
            return Err(self.about(None, self.why_no_request(&subject)));
        };
        let mut problem = None;
        let mut tries = 0;
        for topic in &self.reply.topics {
            for free in self.free_values(topic, &given, &far, status) {
                match self.answer_on(topic, reply, &free, &far, status, &mut tries) {
                    Ok(answer) => return Ok(answer),
                    Err(err) => {
                        problem.get_or_insert(err);
                    }
                }
            }
        }
        Err(problem.unwrap_or_else(|| self.about(None, "the rule names no reply topic")))
    }

    /// Values for the variables of a reply topic: those of the request, those given, and for what is left what could be meant.
    fn free_values(
        &self,
        topic: &ReplyTopic,
        given: &Bindings,
        far: &Bindings,
        status: &Status,
    ) -> Vec<Bindings> {
        let mut all = vec![Bindings::default()];
        for hole in topic.pattern.holes() {
            let Some(var) = hole.var else { continue };
            let candidates: Vec<Vec<Value>> = if self.is_bound_by_request(var) {
                vec![far.get(var).to_vec()]
            } else if given.get(var).is_empty() {
                let mut texts: Vec<String> = Vec::new();
                texts.extend(status.code.iter().map(ToString::to_string));
                if let Some(regex) = &hole.regex {
                    texts.extend(regex.choices().iter().map(|&choice| choice.to_owned()));
                }
                if self
                    .status
                    .code
                    .0
                    .iter()
                    .any(|one| one.reads() == Some(var))
                {
                    let codes = ["200", "204", "0", "500", "400", "1"];
                    texts.extend(codes.map(str::to_owned));
                }
                texts.extend(self.words_about(var));
                if hole.may_be_empty {
                    texts.push(String::new());
                }
                let requests = self.names.ids().flat_map(|var| far.get(var).iter());
                texts.extend(
                    requests
                        .filter_map(|value| value.as_text())
                        .map(str::to_owned),
                );
                texts.iter().map(|text| vec![Value::text(text)]).collect()
            } else {
                vec![given.get(var).to_vec()]
            };
            if candidates.is_empty() {
                continue;
            }
            let mut next = Vec::new();
            for known in &all {
                for values in &candidates {
                    let mut known = known.clone();
                    known.set(var, values.clone());
                    next.push(known);
                }
            }
            next.truncate(64);
            all = next;
        }
        all
    }

    /// The values that conditions compare a variable with.
    fn words_about(&self, var: VarId) -> Vec<String> {
        let conditions = self
            .reply
            .when
            .iter()
            .chain(&self.status.progress)
            .chain(&self.status.error);
        conditions
            .filter(|condition| condition.reads() == Some(var))
            .flat_map(Condition::words)
            .collect()
    }

    fn answer_on(
        &self,
        topic: &ReplyTopic,
        reply: &Message,
        near: &Bindings,
        far: &Bindings,
        status: &Status,
        tries: &mut usize,
    ) -> Result<Message, ComposeError> {
        let mut answer = reply.clone();
        answer.properties.response_topic = None;
        let text = self.rendered(&topic.pattern, |var| near.get(var).to_vec())?;
        answer.topic = TopicName::new(&text)
            .map_err(|err| self.about(None, format!("`{text}` is no topic: {err}")))?;
        let root = self.reply.each.first().cloned().unwrap_or_default();
        for binding in &self.reply.bind {
            let values = match far.get(binding.var) {
                values if self.is_bound_by_request(binding.var) => values,
                _ => near.get(binding.var),
            };
            let locator = binding.locators.0.iter().find(|one| one.is_writable());
            if let (Some(locator), Some(value)) = (locator, values.first()) {
                locator
                    .write(&mut answer, &root, std::slice::from_ref(value))
                    .map_err(|why| self.about(Some(binding.var), why))?;
            }
        }
        let told = [
            (&self.status.code, &status.code),
            (&self.status.message, &status.message),
        ];
        for (locators, text) in told {
            let locator = locators.0.iter().find(|one| one.is_writable());
            if let (Some(locator), Some(text)) = (locator, text) {
                // A payload that cannot hold it may say it in another way.
                let written = locator.write(&mut answer, &root, &[number_or_text(text)]);
                written.map_err(|why| self.about(None, why))?;
            }
        }
        self.made_true(answer, &root, far, status, tries)
    }

    /// Writes values that conditions name until the reply pairs and says what it should.
    fn made_true(
        &self,
        answer: Message,
        root: &Pointer,
        far: &Bindings,
        status: &Status,
        tries: &mut usize,
    ) -> Result<Message, ComposeError> {
        if self.says(&answer, far, status) {
            return Ok(answer);
        }
        let options = self.options(status);
        let mut round = vec![answer.clone()];
        for _ in 0..2 {
            let mut next = Vec::new();
            for base in &round {
                for (locator, value) in &options {
                    *tries += 1;
                    if *tries > MAX_TRIES {
                        break;
                    }
                    let mut candidate = base.clone();
                    if locator
                        .write(&mut candidate, root, std::slice::from_ref(value))
                        .is_err()
                    {
                        continue;
                    }
                    if self.says(&candidate, far, status) {
                        return Ok(candidate);
                    }
                    next.push(candidate);
                }
            }
            round = next;
        }
        Err(self.about(
            None,
            format!(
                "the rule `{}` cannot write a reply that says `{}`; write the payload so that it does",
                self.id,
                status.outcome.word()
            ),
        ))
    }

    /// Places that conditions look at, with the values that they name.
    fn options<'a>(&'a self, status: &Status) -> Vec<(&'a Locator, Value)> {
        let mut options: Vec<(&Locator, Value)> = Vec::new();
        let conditions = self
            .status
            .error
            .iter()
            .chain(&self.status.progress)
            .chain(&self.reply.when);
        for condition in conditions.filter(|condition| condition.locator.is_writable()) {
            let mut words = condition.words();
            if condition.test_is_open() {
                words.extend(status.code.iter().map(ToString::to_string));
                words.extend(status.message.iter().map(ToString::to_string));
                words.extend(
                    ["error", "working", "ok", "true", "200", "500", "0", "1"].map(str::to_owned),
                );
            }
            for word in words {
                let value = number_or_text(&word);
                let is_known = options.iter().any(|(locator, known)| {
                    locator.source() == condition.locator.source() && *known == value
                });
                if !is_known {
                    options.push((&condition.locator, value));
                }
            }
        }
        options
    }

    /// Whether the message pairs with the request and says `status`.
    fn says(&self, message: &Message, far: &Bindings, status: &Status) -> bool {
        self.answered(&Subject::new(message), far)
            .is_some_and(|found| {
                let any_code = self.status.code.0.is_empty() || status.code.is_none();
                found.outcome == status.outcome && (any_code || found.code == status.code)
            })
    }
}

fn number_or_text(text: &str) -> Value {
    if super::json::is_number(text) {
        Value::new(super::value::Kind::Number, text.to_owned().into())
    } else {
        Value::text(text)
    }
}

impl Condition {
    /// The values that it names.
    fn words(&self) -> Vec<String> {
        match &self.test {
            Test::Among(values) | Test::NotAmong(values) => {
                values.iter().map(ToString::to_string).collect()
            }
            Test::Matches(regex) | Test::MatchesNot(regex) => regex
                .choices()
                .iter()
                .map(|&choice| choice.to_owned())
                .collect(),
            Test::Compares { than, .. } => vec![than.to_string()],
            Test::Exists | Test::Missing => Vec::new(),
        }
    }

    /// Whether values that it does not name may make it true.
    fn test_is_open(&self) -> bool {
        !matches!(self.test, Test::Among(_) | Test::Missing)
    }
}

impl Status {
    pub fn ok() -> Self {
        Self::default()
    }

    pub fn progress() -> Self {
        Self {
            outcome: OutcomeKind::Progress,
            ..Self::default()
        }
    }

    pub fn error(code: Option<&str>, message: Option<&str>) -> Self {
        Self {
            outcome: OutcomeKind::Error,
            code: code.map(Arc::from),
            message: message.map(Arc::from),
        }
    }
}

#[cfg(test)]
mod tests;
