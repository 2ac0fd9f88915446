//! Locators: where a value sits in a message.
//!
//! `corr` `resp` `user:NAME` `ctype` `json:/ptr` `key:/ptr` `text` `topic` `var:x` `packet-id`, then any number of
//! `| codec` and `~ regex`. The same locator finds values ([`Locator::values`]) and, in
//! [`super::inject`], writes them.

use super::codec::Codec;
use super::json::{Json, NodeId, Pointer};
use super::pattern::{Names, VarId};
use super::regex::Regex;
use super::value::{Kind, Value};
use crate::model::message::Message;
use bytes::Bytes;
use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

/// More values of one locator do not count: a payload may have millions.
pub(super) const MAX_VALUES: usize = 1 << 16;

/// The values of a rule's variables, by their place in its names. No value is: absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bindings(Vec<Vec<Value>>);

impl Bindings {
    pub fn get(&self, var: VarId) -> &[Value] {
        self.0.get(var.0).map_or(&[], Vec::as_slice)
    }

    pub fn set(&mut self, var: VarId, values: Vec<Value>) {
        if self.0.len() <= var.0 {
            self.0.resize(var.0 + 1, Vec::new());
        }
        if let Some(slot) = self.0.get_mut(var.0) {
            *slot = values;
        }
    }
}

/// A message that is looked at. What is expensive to know is found out once.
#[derive(Debug)]
pub struct Subject<'a> {
    pub message: &'a Message,
    /// Known for what was published here, where the connection tells it.
    pub packet_id: Option<u16>,
    json: OnceCell<Option<Json<'a>>>,
    is_text: OnceCell<bool>,
}

impl<'a> Subject<'a> {
    pub fn new(message: &'a Message) -> Self {
        Self {
            message,
            packet_id: None,
            json: OnceCell::new(),
            is_text: OnceCell::new(),
        }
    }

    #[must_use]
    pub fn with_packet_id(mut self, packet_id: Option<u16>) -> Self {
        self.packet_id = packet_id;
        self
    }

    pub fn topic(&self) -> &'a str {
        self.message.topic.as_str()
    }

    pub fn json(&self) -> Option<&Json<'a>> {
        self.json
            .get_or_init(|| Json::of_bytes(&self.message.payload))
            .as_ref()
    }

    fn text(&self) -> Option<&Bytes> {
        let payload = &self.message.payload;
        let is_text = *self
            .is_text
            .get_or_init(|| std::str::from_utf8(payload).is_ok());
        is_text.then_some(payload)
    }
}

/// What a locator looks at.
#[derive(Clone, Copy)]
pub struct Scope<'a, 'm> {
    pub subject: &'a Subject<'m>,
    /// Where JSON pointers start: an element of `reply.each`, or the whole document.
    pub root: NodeId,
    pub near: &'a Bindings,
    /// Looked into where `near` has no value.
    pub far: Option<&'a Bindings>,
}

impl<'a> Scope<'a, '_> {
    pub fn var(&self, var: VarId) -> &'a [Value] {
        match (self.near.get(var), self.far) {
            ([], Some(far)) => far.get(var),
            (near, _) => near,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    CorrelationData,
    ResponseTopic,
    /// All values of the user property of that name.
    UserProperty(Arc<str>),
    ContentType,
    Json(Pointer),
    /// The member names of that object.
    Key(Pointer),
    /// The whole payload, where it is UTF-8.
    Text,
    Topic,
    PacketId,
    Var(VarId),
}

#[derive(Clone, Debug)]
pub enum Step {
    Codec(Codec),
    Regex(Regex),
}

#[derive(Clone)]
pub struct Locator {
    source: Arc<str>,
    pub place: Place,
    pub steps: Vec<Step>,
}

const PLACES: &str = "corr, resp, user:NAME, ctype, json:/pointer, key:/pointer, text, topic, var:NAME and packet-id";

impl Locator {
    pub fn parse(source: &str, names: &mut Names) -> Result<Self, String> {
        let trimmed = source.trim();
        let (place, rest) = split_place(trimmed);
        let place = read_place(place, names)?;
        Ok(Self {
            source: trimmed.into(),
            place,
            steps: read_steps(rest)?,
        })
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether anything is there.
    pub fn exists(&self, scope: &Scope<'_, '_>) -> bool {
        match &self.place {
            // A large value need not be copied to know that it is there.
            Place::Json(pointer) if self.steps.is_empty() => scope
                .subject
                .json()
                .is_some_and(|json| !pointer.find(json, scope.root, MAX_VALUES).is_empty()),
            _ => !self.values(scope).is_empty(),
        }
    }

    /// Everything it finds; nothing when the place is absent or JSON `null`.
    pub fn values(&self, scope: &Scope<'_, '_>) -> Vec<Value> {
        let mut values = self.place.values(scope);
        for step in &self.steps {
            values = match step {
                Step::Codec(codec) => values
                    .iter()
                    .flat_map(|value| codec.read(value))
                    .take(MAX_VALUES)
                    .collect(),
                Step::Regex(regex) => values
                    .iter()
                    .filter_map(|value| {
                        let group = regex.first_group(value.as_bytes())?;
                        Some(Value::new(Kind::Text, Bytes::copy_from_slice(group)))
                    })
                    .collect(),
            };
        }
        values
    }
}

impl Place {
    fn values(&self, scope: &Scope<'_, '_>) -> Vec<Value> {
        let subject = scope.subject;
        let properties = &subject.message.properties;
        match self {
            Self::CorrelationData => {
                let data = properties.correlation_data.iter();
                data.map(|data| Value::of_bytes(data.to_bytes())).collect()
            }
            Self::ResponseTopic => {
                let topic = properties.response_topic.iter();
                topic.map(|topic| Value::text(topic.as_str())).collect()
            }
            Self::UserProperty(name) => properties
                .user_properties
                .iter()
                .filter(|property| *property.name == **name)
                .map(|property| Value::text(&property.value))
                .collect(),
            Self::ContentType => {
                let text = properties.content_type.iter();
                text.map(|text| Value::text(text)).collect()
            }
            Self::Json(pointer) => {
                let Some(json) = subject.json() else {
                    return Vec::new();
                };
                let nodes = pointer.find(json, scope.root, MAX_VALUES);
                nodes
                    .into_iter()
                    .filter_map(|node| Value::of_json(json, node))
                    .collect()
            }
            Self::Key(pointer) => {
                let Some(json) = subject.json() else {
                    return Vec::new();
                };
                let objects = pointer.find(json, scope.root, MAX_VALUES);
                objects
                    .into_iter()
                    .flat_map(|object| json.members(object))
                    .map(|(name, _)| Value::text(&json.string(name)))
                    .take(MAX_VALUES)
                    .collect()
            }
            Self::Text => {
                let text = subject.text().into_iter();
                text.map(|text| Value::new(Kind::Text, text.clone()))
                    .collect()
            }
            Self::Topic => vec![Value::text(subject.topic())],
            Self::PacketId => {
                let id = subject.packet_id.into_iter();
                id.map(|id| Value::number(id.into())).collect()
            }
            Self::Var(var) => scope.var(*var).to_vec(),
        }
    }
}

/// The first locator of a list that yields anything counts.
#[derive(Clone, Debug, Default)]
pub struct Locators(pub Vec<Locator>);

impl Locators {
    pub fn values(&self, scope: &Scope<'_, '_>) -> Vec<Value> {
        self.0
            .iter()
            .map(|locator| locator.values(scope))
            .find(|values| !values.is_empty())
            .unwrap_or_default()
    }

    /// The variables that it reads.
    pub fn reads(&self) -> impl Iterator<Item = VarId> {
        self.0.iter().filter_map(Locator::reads)
    }
}

impl Locators {
    pub fn read_packet_id(&self) -> bool {
        self.0.iter().any(|one| one.place == Place::PacketId)
    }
}

impl Locator {
    pub fn reads(&self) -> Option<VarId> {
        match self.place {
            Place::Var(var) => Some(var),
            _ => None,
        }
    }
}

/// The place and the steps after it. Names and pointers may hold `~` and `|`, but not after a space, and no name ends like
/// a codec.
fn split_place(text: &str) -> (&str, &str) {
    let is_word = |c: char| c.is_ascii_alphabetic() || c == '-';
    let word = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let (head, tail) = text.split_at(word);
    if !tail.starts_with(':') {
        return (head, tail);
    }
    let mark = text.char_indices().find(|&(index, c)| {
        let is_after_space = text
            .get(..index)
            .is_some_and(|before| before.ends_with(char::is_whitespace));
        let is_codec = || {
            let after = text.get(index + 1..).unwrap_or_default();
            let mut words = after.split('|').map(str::trim);
            words.all(|word| Codec::of_word(word).is_some())
        };
        match c {
            '~' => is_after_space,
            '|' => is_after_space || is_codec(),
            _ => false,
        }
    });
    let (head, tail) = text.split_at(mark.map_or(text.len(), |(index, _)| index));
    (head.trim_end(), tail)
}

fn read_place(text: &str, names: &mut Names) -> Result<Place, String> {
    let place = match text.split_once(':') {
        None => match text {
            "corr" => Place::CorrelationData,
            "resp" => Place::ResponseTopic,
            "ctype" => Place::ContentType,
            "text" => Place::Text,
            "topic" => Place::Topic,
            "packet-id" => Place::PacketId,
            _ => return Err(format!("`{text}` is no locator; there are {PLACES}")),
        },
        Some(("user", "")) => return Err("`user:` needs the name of a user property".to_owned()),
        Some(("user", name)) => Place::UserProperty(name.into()),
        Some(("json", pointer)) => Place::Json(Pointer::parse(pointer)?),
        Some(("key", pointer)) => Place::Key(Pointer::parse(pointer)?),
        Some(("var", name)) => {
            super::pattern::check_name(name)?;
            Place::Var(names.intern(name))
        }
        Some(_) => return Err(format!("`{text}` is no locator; there are {PLACES}")),
    };
    Ok(place)
}

/// A regular expression goes on to the end, but codecs after it are codecs.
fn read_steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('|') {
            let after = after.trim_start();
            let end = after
                .find(|c: char| c.is_whitespace() || matches!(c, '|' | '~'))
                .unwrap_or(after.len());
            let (word, tail) = after.split_at(end);
            let codec = Codec::of_word(word)
                .ok_or_else(|| format!("`{word}` is no codec; there are {}", Codec::words()))?;
            steps.push(Step::Codec(codec));
            rest = tail.trim_start();
        } else if let Some(after) = rest.strip_prefix('~') {
            let mut regex = after.trim();
            let mut codecs = Vec::new();
            while let Some((before, word)) = regex.rsplit_once(" | ")
                && let Some(codec) = Codec::of_word(word.trim())
            {
                codecs.push(Step::Codec(codec));
                regex = before.trim_end();
            }
            if regex.is_empty() {
                return Err("the regular expression after `~` is missing".to_owned());
            }
            steps.push(Step::Regex(Regex::search(regex)?));
            steps.extend(codecs.into_iter().rev());
            rest = "";
        } else {
            return Err(format!(
                "`{rest}` cannot follow here; after the place come ` ~ regex` or ` | codec`"
            ));
        }
    }
    Ok(steps)
}

impl fmt::Debug for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, f)
    }
}
