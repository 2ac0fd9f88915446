//! What is asked of a value in a JSON payload. Most payloads are told apart without reading them as JSON.

use super::search::{Needle, Pattern};
use crate::model::pairing::json::{Json, Kind, Pointer, Step, Walk, quote};
use memchr::memmem::Finder;
use std::ops::Range;

/// What a JSON value has to be.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Something,
    /// One of these; a number where it is one.
    Equal(Vec<(Needle, Option<f64>)>),
    Between {
        least: f64,
        most: f64,
        /// Without the ends.
        is_open: bool,
    },
    Like(Pattern),
}

#[derive(Clone, Debug)]
pub(super) struct JsonCheck {
    pointer: Pointer,
    /// Where it leads to one value at most.
    walk: Option<Walk>,
    /// The name of the value in its object, in quotes: where these bytes are not, it is not, either.
    name: Option<Finder<'static>>,
    wanted: Wanted,
}

/// So many values are looked at where a path leads to many.
const MAX_VALUES: usize = 1_000;

impl Wanted {
    /// `text` is what a string stands for, or how anything else is written.
    fn holds(&self, text: &[u8], is_number: bool) -> bool {
        let number = || -> Option<f64> {
            let text = std::str::from_utf8(text).ok().filter(|_| is_number);
            text?.parse().ok()
        };
        match self {
            Self::Something => true,
            Self::Equal(all) => all.iter().any(|(wanted, as_number)| {
                wanted.is(text)
                    || as_number.is_some_and(|wanted| {
                        number().is_some_and(|number| number.total_cmp(&wanted).is_eq())
                    })
            }),
            Self::Between {
                least,
                most,
                is_open,
            } => number().is_some_and(|number| {
                if *is_open {
                    *least < number && number < *most
                } else {
                    *least <= number && number <= *most
                }
            }),
            Self::Like(part) => part.is_in(text),
        }
    }
}

impl JsonCheck {
    pub(super) fn new(pointer: Pointer, wanted: Wanted) -> Self {
        let name = match pointer.steps().last() {
            Some(Step::Name { name, index: None }) => Some(quote(name)),
            _ => None,
        };
        Self {
            walk: Walk::new(&pointer),
            pointer,
            name: name.map(|name| Finder::new(&name).into_owned()),
            wanted,
        }
    }

    pub(super) fn holds(&self, payload: &[u8]) -> bool {
        if !self.may_hold(payload) {
            return false;
        }
        let Ok(text) = std::str::from_utf8(payload) else {
            return false;
        };
        if let Some(walk) = &self.walk {
            return walk.find(text).is_some_and(|(kind, value)| {
                self.wanted.holds(value.as_bytes(), kind == Kind::Number)
            });
        }
        let Ok(json) = Json::parse(text) else {
            return false;
        };
        let found = self.pointer.find(&json, Json::ROOT, MAX_VALUES);
        found.into_iter().any(|value| {
            let is_number = json.kind(value) == Kind::Number;
            self.wanted.holds(json.string(value).as_bytes(), is_number)
        })
    }

    /// False where it does not hold, found out cheaply.
    pub(super) fn may_hold(&self, payload: &[u8]) -> bool {
        // An escape can hide anything.
        if memchr::memchr(b'\\', payload).is_some() {
            return true;
        }
        if self.find_at(payload, 0).is_none() {
            return false;
        }
        match &self.wanted {
            Wanted::Equal(all) => all
                .iter()
                .any(|(text, number)| number.is_some() || text.is_in(payload)),
            _ => true,
        }
    }

    /// Where the value may stand, at or after a place: behind its name, as far as that is known.
    /// It stands nowhere else in JSON that has no escapes, whatever is before and after that.
    pub(super) fn find_at(&self, bytes: &[u8], mut at: usize) -> Option<Range<usize>> {
        let Some(name) = &self.name else {
            return Some(at..at);
        };
        loop {
            let start = at + name.find(bytes.get(at..)?)?;
            let end = start + name.needle().len();
            if self.may_stand(bytes.get(end..)?) {
                return Some(start..end);
            }
            at = start + 1;
        }
    }

    /// Whether a colon follows and then the value that is wanted, or one that is not looked into.
    fn may_stand(&self, after_name: &[u8]) -> bool {
        let Some(value) = after_name.trim_ascii_start().strip_prefix(b":") else {
            return false;
        };
        let value = value.trim_ascii_start();
        let up_to = |end: Option<usize>| value.get(..end.unwrap_or(value.len())).unwrap_or(value);
        match value.first() {
            Some(b'{' | b'[') => true,
            Some(b'"') => {
                let inner = value.get(1..).unwrap_or_default();
                let text = memchr::memchr(b'"', inner).and_then(|end| inner.get(..end));
                text.is_some_and(|text| self.wanted.holds(text, false))
            }
            Some(b'-' | b'0'..=b'9') => {
                let is_of_number =
                    |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let end = value.iter().position(|byte| !is_of_number(byte));
                self.wanted.holds(up_to(end), true)
            }
            Some(_) => {
                let end = value.iter().position(|byte| !byte.is_ascii_alphabetic());
                self.wanted.holds(up_to(end), false)
            }
            None => false,
        }
    }
}
