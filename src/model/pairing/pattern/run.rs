//! Matching a topic. Longest first, as regular expressions do it, but every way to fit can be had.
//!
//! States that lead nowhere are remembered, and steps are counted: no pattern and no topic makes it
//! run away. What takes more than [`MAX_STEPS`] does not fit.

use super::{Hole, Parses, Pattern, Segment, Spans, VarId};
use crate::model::pairing::codec::Codec;
use crate::model::pairing::value::Value;
use std::collections::HashSet;

const MAX_STEPS: usize = 50_000;
/// More ways to fit are not told one by one.
pub const MAX_PARSES: usize = 256;

/// The values of variables that are known already: these stand in the topic as they are.
pub type Given<'a> = &'a dyn Fn(VarId) -> Option<&'a [Value]>;

impl Pattern {
    /// All ways in which `topic` fits.
    pub fn parses(&self, topic: &str) -> Parses {
        if self.can_fit(topic) {
            self.all(topic, None)
        } else {
            Parses::none()
        }
    }

    /// The same with some variables known. A known one that is absent stands for nothing where `?` allows it.
    pub fn parses_given<'a>(&'a self, topic: &'a str, given: Given<'a>) -> Vec<Spans> {
        self.all(topic, Some(given)).list
    }

    fn all<'a>(&'a self, topic: &'a str, given: Option<Given<'a>>) -> Parses {
        let mut list = Vec::new();
        let mut run = Run::new(self, topic, given);
        run.go(0, 0, &mut |spans| {
            list.push(spans.clone());
            list.len() < MAX_PARSES
        });
        let is_complete = !run.is_exhausted && list.len() < MAX_PARSES;
        Parses { list, is_complete }
    }

    /// The first way in which `topic` fits.
    pub fn first(&self, topic: &str) -> Option<Spans> {
        if self.can_fit(topic) {
            self.one(topic, None)
        } else {
            None
        }
    }

    /// The first of [`Pattern::parses_given`].
    pub fn first_given<'a>(&'a self, topic: &'a str, given: Given<'a>) -> Option<Spans> {
        self.one(topic, Some(given))
    }

    fn one<'a>(&'a self, topic: &'a str, given: Option<Given<'a>>) -> Option<Spans> {
        let mut found = None;
        Run::new(self, topic, given).go(0, 0, &mut |spans| {
            found = Some(spans.clone());
            false
        });
        found
    }

    /// Tells most topics apart at no cost.
    fn can_fit(&self, topic: &str) -> bool {
        let starts = match self.segments.first() {
            Some(Segment::Literal(text)) => topic.starts_with(&**text),
            _ => true,
        };
        starts
            && match self.segments.last() {
                Some(Segment::Literal(text)) => topic.ends_with(&**text),
                _ => true,
            }
    }
}

struct Run<'a> {
    pattern: &'a Pattern,
    topic: &'a str,
    given: Option<Given<'a>>,
    spans: Spans,
    /// How far the holes are filled that lie to the left.
    filled: usize,
    dead: HashSet<(usize, usize)>,
    steps: usize,
    is_exhausted: bool,
}

/// What came of a branch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Some,
    /// Enough has been found, or enough has been tried.
    Stop,
}

impl<'a> Run<'a> {
    fn new(pattern: &'a Pattern, topic: &'a str, given: Option<Given<'a>>) -> Self {
        Self {
            pattern,
            topic,
            given,
            spans: vec![0..0; pattern.holes.len()],
            filled: 0,
            dead: HashSet::new(),
            steps: 0,
            is_exhausted: false,
        }
    }

    fn spend(&mut self, steps: usize) -> bool {
        self.steps = self.steps.saturating_add(steps);
        self.is_exhausted |= self.steps > MAX_STEPS;
        !self.is_exhausted
    }

    fn go(&mut self, segment: usize, at: usize, see: &mut dyn FnMut(&Spans) -> bool) -> Found {
        if !self.spend(1) {
            return Found::Stop;
        }
        let pattern = self.pattern;
        match pattern.segments.get(segment) {
            None if at == self.topic.len() => {
                if see(&self.spans) {
                    Found::Some
                } else {
                    Found::Stop
                }
            }
            None => Found::Nothing,
            Some(Segment::Literal(text)) => {
                if self
                    .topic
                    .get(at..)
                    .is_some_and(|rest| rest.starts_with(&**text))
                {
                    self.go(segment + 1, at + text.len(), see)
                } else {
                    Found::Nothing
                }
            }
            Some(Segment::Hole(index)) => {
                // With a name that repeats, what fits depends on what was found to the left.
                let remembers = !pattern.has_repeats;
                if remembers && self.dead.contains(&(segment, at)) {
                    return Found::Nothing;
                }
                let found = match pattern.holes.get(*index) {
                    Some(hole) => self.hole(segment, *index, hole, at, see),
                    None => Found::Nothing,
                };
                if remembers && found == Found::Nothing {
                    self.dead.insert((segment, at));
                }
                found
            }
        }
    }

    fn hole(
        &mut self,
        segment: usize,
        index: usize,
        hole: &'a Hole,
        at: usize,
        see: &mut dyn FnMut(&Spans) -> bool,
    ) -> Found {
        let known = match (self.given, hole.var) {
            (Some(given), Some(var)) => given(var),
            _ => None,
        };
        match known {
            Some([]) if hole.may_be_empty => self.fill(segment, index, hole, at, at, see),
            Some([]) => Found::Nothing,
            Some(values) if hole.codec.is_none() => {
                let mut any = Found::Nothing;
                for text in values.iter().filter_map(Value::as_text) {
                    let fits = self
                        .topic
                        .get(at..)
                        .is_some_and(|rest| rest.starts_with(text));
                    if fits {
                        match self.fill(segment, index, hole, at, at + text.len(), see) {
                            Found::Stop => return Found::Stop,
                            Found::Some => any = Found::Some,
                            Found::Nothing => {}
                        }
                    }
                }
                any
            }
            known => self.free(segment, index, hole, at, known, see),
        }
    }

    /// Tries every end, the farthest first.
    fn free(
        &mut self,
        segment: usize,
        index: usize,
        hole: &'a Hole,
        at: usize,
        known: Option<&[Value]>,
        see: &mut dyn FnMut(&Spans) -> bool,
    ) -> Found {
        let rest = self.topic.get(at..).unwrap_or_default();
        let is_known = known.is_some();
        let farthest = if hole.spans_levels || is_known {
            rest.len()
        } else {
            rest.find('/').unwrap_or(rest.len())
        };
        let nearest = usize::from(!hole.may_be_empty && !is_known);
        if farthest < nearest || !self.spend(farthest / 16) {
            return Found::Nothing;
        }
        let next = match self.pattern.segments.get(segment + 1) {
            Some(Segment::Literal(text)) => Some(&**text),
            Some(Segment::Hole(_)) => None,
            // The last hole takes what is left.
            None if farthest == rest.len() => {
                return self.tried(segment, index, hole, at, at + farthest, known, see);
            }
            None => return Found::Nothing,
        };
        let mut any = Found::Nothing;
        for end in (nearest..=farthest).rev() {
            let follows = match (next, rest.get(end..)) {
                (_, None) => false,
                (Some(next), Some(rest)) => rest.starts_with(next),
                (None, Some(_)) => true,
            };
            if follows {
                match self.tried(segment, index, hole, at, at + end, known, see) {
                    Found::Stop => return Found::Stop,
                    Found::Some => any = Found::Some,
                    Found::Nothing => {}
                }
            }
        }
        any
    }

    /// Goes on behind a piece if the hole may hold it.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step of a search, passed on whole"
    )]
    fn tried(
        &mut self,
        segment: usize,
        index: usize,
        hole: &'a Hole,
        at: usize,
        end: usize,
        known: Option<&[Value]>,
        see: &mut dyn FnMut(&Spans) -> bool,
    ) -> Found {
        let piece = self.topic.get(at..end).unwrap_or_default();
        // Comparing and decoding take longer than looking for a text.
        let is_read = known.is_some() || self.pattern.has_repeats;
        if !self.spend(1 + piece.len() / if is_read { 16 } else { 64 }) {
            return Found::Stop;
        }
        let is_allowed = match known {
            Some(known) => {
                let read = self.pattern.capture(index, self.topic, &(at..end));
                let upper = hole.codec == Some(Codec::Upper);
                read.iter().any(|value| {
                    known.contains(value)
                        || (upper
                            && known
                                .iter()
                                .flat_map(|known| Codec::Upper.read(known))
                                .any(|known| known == *value))
                })
            }
            None => hole.regex.as_ref().is_none_or(|regex| {
                let by_choice = piece.is_empty() && hole.may_be_empty;
                by_choice || regex.is_match(piece.as_bytes())
            }),
        };
        if is_allowed {
            self.fill(segment, index, hole, at, end, see)
        } else {
            Found::Nothing
        }
    }

    fn fill(
        &mut self,
        segment: usize,
        index: usize,
        hole: &Hole,
        at: usize,
        end: usize,
        see: &mut dyn FnMut(&Spans) -> bool,
    ) -> Found {
        if self.pattern.has_repeats && !self.repeats(index, hole, at, end) {
            return Found::Nothing;
        }
        if let Some(span) = self.spans.get_mut(index) {
            *span = at..end;
        }
        let before = std::mem::replace(&mut self.filled, index + 1);
        let found = self.go(segment + 1, end, see);
        self.filled = before;
        found
    }

    /// Whether a piece is the same as where the name stood before.
    fn repeats(&mut self, index: usize, hole: &Hole, at: usize, end: usize) -> bool {
        if hole.var.is_none() {
            return true;
        }
        let mut before = self.pattern.holes.iter().zip(&self.spans).enumerate();
        let before = before
            .by_ref()
            .take(index.min(self.filled))
            .find(|(_, (other, _))| other.var == hole.var);
        let Some((earlier, (other, span))) = before else {
            return true;
        };
        let span = span.clone();
        if hole.codec.is_none() && other.codec.is_none() {
            return self.topic.get(span) == self.topic.get(at..end);
        }
        self.spend((span.len() + (end - at)) / 16)
            && self.pattern.capture(earlier, self.topic, &span)
                == self.pattern.capture(index, self.topic, &(at..end))
    }
}
