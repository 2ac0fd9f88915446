//! Topic patterns: `{x}` `{x?}` `{x*}` `{x?*}` `{x:regex}` `{x|uri}` `{_}` `{{`.
//!
//! A [`Pattern`] is read once, for the variables of one rule ([`Names`]). It finds its variables in a topic
//! ([`Pattern::parses`]), can be rendered from values and tells what has to be subscribed so that
//! every topic that fits arrives ([`Pattern::filters`]).

mod filters;
mod parse;
mod run;
mod shown;

pub use filters::covers;
pub(super) use filters::least;
pub(super) use parse::check_name;

use super::codec::Codec;
use super::regex::Regex;
use super::value::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A variable of one rule, by its place in the rule's [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VarId(pub(super) usize);

/// The variables of one rule.
#[derive(Clone, Debug, Default)]
pub struct Names {
    list: Vec<Arc<str>>,
    by_name: BTreeMap<Arc<str>, VarId>,
}

impl Names {
    pub fn intern(&mut self, name: &str) -> VarId {
        self.find(name).unwrap_or_else(|| {
            let var = VarId(self.list.len());
            let name: Arc<str> = name.into();
            self.list.push(Arc::clone(&name));
            self.by_name.insert(name, var);
            var
        })
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn find(&self, name: &str) -> Option<VarId> {
        self.by_name.get(name).copied()
    }

    pub fn name(&self, var: VarId) -> Arc<str> {
        self.list.get(var.0).map_or_else(|| "?".into(), Arc::clone)
    }

    pub fn ids(&self) -> impl Iterator<Item = VarId> + use<> {
        (0..self.list.len()).map(VarId)
    }
}

/// One `{…}`.
#[derive(Clone, Debug)]
pub struct Hole {
    /// `None` for `{_}`.
    pub var: Option<VarId>,
    /// `?`
    pub may_be_empty: bool,
    /// `*`
    pub spans_levels: bool,
    pub regex: Option<Regex>,
    pub codec: Option<Codec>,
}

#[derive(Clone, Debug)]
enum Segment {
    Literal(Arc<str>),
    /// By its place in the list of holes.
    Hole(usize),
}

#[derive(Clone, Default)]
pub struct Pattern {
    source: Arc<str>,
    segments: Vec<Segment>,
    holes: Vec<Hole>,
    vars: Vec<VarId>,
    /// A name stands in it twice.
    has_repeats: bool,
}

/// Where each hole of a pattern lies in a topic, by bytes.
pub type Spans = Vec<Range<usize>>;

/// The ways in which a topic fits a pattern.
#[derive(Debug, Default)]
pub struct Parses {
    pub list: Vec<Spans>,
    /// False when there are more than anybody wants to know.
    pub is_complete: bool,
}

impl Parses {
    pub fn none() -> Self {
        Self {
            list: Vec::new(),
            is_complete: true,
        }
    }

    pub fn may_fit(&self) -> bool {
        !self.list.is_empty() || !self.is_complete
    }
}

impl Pattern {
    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// The variables in it, each once.
    pub fn vars(&self) -> &[VarId] {
        &self.vars
    }

    /// Whether it says anything but "some topic".
    pub fn has_text(&self) -> bool {
        self.segments.iter().any(
            |segment| matches!(segment, Segment::Literal(text) if text.chars().any(|c| c != '/')),
        )
    }

    /// The pattern with the holes of these variables open for anything, levels and nothing included.
    #[must_use]
    pub fn literally(&self, is_known: impl Fn(VarId) -> bool) -> Self {
        let mut open = self.clone();
        for hole in &mut open.holes {
            if hole.var.is_some_and(&is_known) {
                hole.may_be_empty = true;
                hole.spans_levels = true;
                hole.regex = None;
            }
        }
        open
    }

    /// What a hole holds in `topic`, decoded. Several values where the codec splits.
    pub fn capture(&self, hole: usize, topic: &str, span: &Range<usize>) -> Vec<Value> {
        let piece = topic.get(span.clone()).unwrap_or_default();
        match self.holes.get(hole).and_then(|hole| hole.codec) {
            None => vec![Value::text(piece)],
            Some(codec) => codec.read(&Value::text(piece)),
        }
    }

    /// The topic for values of its variables; the variable that is missing otherwise.
    pub fn render(&self, value: impl Fn(VarId) -> Vec<Value>) -> Result<String, RenderError> {
        let mut topic = String::new();
        for segment in &self.segments {
            let hole = match segment {
                Segment::Literal(text) => {
                    topic.push_str(text);
                    continue;
                }
                Segment::Hole(index) => self.holes.get(*index),
            };
            let Some(hole) = hole else { continue };
            let values = hole.var.map(&value).unwrap_or_default();
            match written(hole, &values) {
                Some(text) => topic.push_str(&text),
                None if values.is_empty() && hole.may_be_empty => {}
                None => match hole.regex.as_ref().and_then(|regex| {
                    let choice = *regex.choices().first()?;
                    (hole.var.is_none() && !choice.is_empty()).then_some(choice)
                }) {
                    Some(choice) => topic.push_str(choice),
                    None => return Err(RenderError { var: hole.var }),
                },
            }
        }
        Ok(topic)
    }
}

/// What has to stand in a topic so that `hole` holds these values.
fn written(hole: &Hole, values: &[Value]) -> Option<String> {
    match hole.codec {
        None => values.iter().find_map(Value::as_text).map(str::to_owned),
        Some(codec) => codec.write(values)?.as_text().map(str::to_owned),
    }
}

/// A topic cannot be rendered: this variable, or a nameless hole, has no value that is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderError {
    pub var: Option<VarId>,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, f)
    }
}

#[cfg(test)]
mod tests;
