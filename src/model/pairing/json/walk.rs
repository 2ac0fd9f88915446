//! One value of a document, found while it is read and without remembering the rest.

use super::parse::{Sink, read_payload};
use super::{Kind, Pointer, Step, meant};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// The way to one value: a pointer without `*`.
#[derive(Clone, Debug)]
pub struct Walk {
    steps: Vec<(Arc<str>, Option<usize>)>,
}

impl Walk {
    /// Nothing where the pointer can lead to many values.
    pub fn new(pointer: &Pointer) -> Option<Self> {
        let steps = pointer.steps().iter().map(|step| match step {
            Step::Name { name, index } => Some((Arc::clone(name), *index)),
            Step::Every => None,
        });
        Some(Self {
            steps: steps.collect::<Option<_>>()?,
        })
    }

    /// What [`Pointer::find`] finds: the value's kind and the text that a string stands for; of anything else, how it
    /// is written. Nothing where the text is no JSON.
    pub fn find<'a>(&self, text: &'a str) -> Option<(Kind, Cow<'a, str>)> {
        let mut on_way = OnWay {
            text,
            steps: &self.steps,
            levels: 0,
            depth: 0,
            is_next: true,
            element: None,
            found: None,
        };
        read_payload(text, &mut on_way).ok()?;
        let (kind, span) = on_way.found.filter(|(kind, _)| *kind != Kind::Null)?;
        Some((kind, meant(kind, text.get(span)?)))
    }
}

struct OnWay<'a> {
    text: &'a str,
    steps: &'a [(Arc<str>, Option<usize>)],
    /// So many of the arrays and objects that are open are on the way, the outermost first.
    levels: usize,
    /// So many are open.
    depth: usize,
    /// The value that comes is on the way: of an object's, since its name was read.
    is_next: bool,
    /// In an array on the way: how many elements began. Only the innermost one on the way counts, and once its
    /// element is left behind, none that comes later is on the way.
    element: Option<usize>,
    found: Option<(Kind, Range<usize>)>,
}

impl OnWay<'_> {
    /// The innermost array or object that is open is on the way.
    fn is_on_way(&self) -> bool {
        self.levels == self.depth
    }

    /// Whether the value that begins is on the way.
    fn steps_on(&mut self) -> bool {
        if !self.is_on_way() {
            return false;
        }
        let Some(element) = &mut self.element else {
            return std::mem::take(&mut self.is_next);
        };
        let number = *element;
        *element += 1;
        let step = self.levels.checked_sub(1).and_then(|at| self.steps.get(at));
        step.is_some_and(|(_, index)| *index == Some(number))
    }
}

impl Sink for OnWay<'_> {
    fn name(&mut self, span: Range<usize>) {
        if !self.is_on_way() {
            return;
        }
        let Some((wanted, _)) = self.levels.checked_sub(1).and_then(|at| self.steps.get(at)) else {
            return;
        };
        let source = self.text.get(span).unwrap_or_default();
        self.is_next = *meant(Kind::String, source) == **wanted;
        if self.is_next {
            // Of a name that is given twice the last one counts, wherever that leads.
            self.found = None;
        }
    }

    fn scalar(&mut self, kind: Kind, span: Range<usize>) {
        if self.steps_on() && self.levels == self.steps.len() {
            self.found = Some((kind, span));
        }
    }

    fn open(&mut self, kind: Kind, start: usize) {
        if self.steps_on() {
            if self.levels == self.steps.len() {
                self.found = Some((kind, start..start));
            }
            self.levels += 1;
            self.element = (kind == Kind::Array).then_some(0);
            self.is_next = false;
        }
        self.depth += 1;
    }

    fn close(&mut self, end: usize) {
        if self.is_on_way() {
            self.levels -= 1;
            // Elements behind this one are not on the way, and names say for themselves.
            self.element = None;
            self.is_next = false;
            if self.levels == self.steps.len()
                && let Some((_, span)) = &mut self.found
            {
                span.end = end;
            }
        }
        self.depth -= 1;
    }
}
