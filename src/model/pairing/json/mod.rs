//! JSON as places in its own text: nothing is converted, so numbers keep every digit and what is
//! not touched keeps its layout.
//!
//! The parser has no recursion and a bound on what it remembers: however deep or large a payload
//! is, it is read in time linear in its length or refused. Start at [`Json::parse`].

mod edit;
mod parse;
mod pointer;
mod walk;

pub use edit::write;
use memchr::memchr;
pub use parse::MAX_BYTES;
pub use pointer::{Pointer, Step};
use std::borrow::Cow;
use std::fmt::Write as _;
pub use walk::Walk;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// One value and where it stands. The members of an object are pairs of nodes, name and value.
#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    start: u32,
    end: u32,
    /// The node after this one and all that is in it.
    next: u32,
}

/// Names a value of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

#[derive(Clone, Debug)]
pub struct Json<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

impl<'a> Json<'a> {
    pub const ROOT: NodeId = NodeId(0);

    pub fn text(&self) -> &'a str {
        self.text
    }

    fn node(&self, id: NodeId) -> Node {
        self.nodes.get(id.0 as usize).copied().unwrap_or(Node {
            kind: Kind::Null,
            start: 0,
            end: 0,
            next: 0,
        })
    }

    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// Where the value stands in the text, in bytes.
    pub fn span(&self, id: NodeId) -> std::ops::Range<usize> {
        let node = self.node(id);
        node.start as usize..node.end as usize
    }

    /// The value as it is written.
    pub fn source(&self, id: NodeId) -> &'a str {
        self.text.get(self.span(id)).unwrap_or_default()
    }

    /// The text that a string stands for; of anything else, how it is written.
    pub fn string(&self, id: NodeId) -> Cow<'a, str> {
        meant(self.kind(id), self.source(id))
    }

    /// The value on one line: white space between tokens is left out, everything else is as written.
    pub fn compact(&self, id: NodeId) -> String {
        let mut is_string = false;
        let mut is_escaped = false;
        self.source(id)
            .chars()
            .filter(|&c| {
                if is_string {
                    if is_escaped {
                        is_escaped = false;
                    } else if c == '\\' {
                        is_escaped = true;
                    } else if c == '"' {
                        is_string = false;
                    }
                    return true;
                }
                is_string = c == '"';
                !matches!(c, ' ' | '\t' | '\n' | '\r')
            })
            .collect()
    }

    /// The elements of an array; nothing of anything else.
    pub fn elements(&self, id: NodeId) -> Elements<'_> {
        let node = self.node(id);
        let is_array = node.kind == Kind::Array;
        Elements {
            nodes: &self.nodes,
            at: id.0.saturating_add(1),
            end: if is_array { node.next } else { 0 },
        }
    }

    /// The members of an object as pairs of name and value; nothing of anything else.
    pub fn members(&self, id: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> {
        let node = self.node(id);
        let is_object = node.kind == Kind::Object;
        let mut all = Elements {
            nodes: &self.nodes,
            at: id.0.saturating_add(1),
            end: if is_object { node.next } else { 0 },
        };
        std::iter::from_fn(move || Some((all.next()?, all.next()?)))
    }

    /// The member of that name; the last one where a name is given twice.
    pub fn member(&self, id: NodeId, name: &str) -> Option<NodeId> {
        self.members(id)
            .filter(|(key, _)| self.string(*key) == name)
            .last()
            .map(|(_, value)| value)
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub fn place(text: &str, byte: usize) -> (usize, usize) {
        let before = text.get(..byte).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |index| index + 1);
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }
}

/// Siblings, one after the other.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    nodes: &'a [Node],
    at: u32,
    end: u32,
}

impl Iterator for Elements<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.at >= self.end {
            return None;
        }
        let found = NodeId(self.at);
        self.at = self.nodes.get(self.at as usize)?.next;
        Some(found)
    }
}

/// The text that a string stands for; of anything else, how it is written.
fn meant(kind: Kind, source: &str) -> Cow<'_, str> {
    if kind != Kind::String {
        return Cow::Borrowed(source);
    }
    let inner = source
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or_default();
    if memchr(b'\\', inner.as_bytes()).is_none() {
        Cow::Borrowed(inner)
    } else {
        Cow::Owned(unescape(inner))
    }
}

/// What stands between the quotes. A surrogate without its other half becomes U+FFFD.
fn unescape(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    let unit = |rest: &mut std::str::Chars<'_>| -> u32 {
        rest.by_ref()
            .take(4)
            .fold(0, |sum, c| sum * 16 + c.to_digit(16).unwrap_or(0))
    };
    while let Some(c) = rest.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('u') => {
                let high = unit(&mut rest);
                let is_high = (0xd800..0xdc00).contains(&high);
                let mut ahead = rest.clone();
                let low = (is_high && ahead.next() == Some('\\') && ahead.next() == Some('u'))
                    .then(|| unit(&mut ahead))
                    .filter(|low| (0xdc00..0xe000).contains(low));
                let code = match low {
                    Some(low) => {
                        rest = ahead;
                        0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                    }
                    None => high,
                };
                text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => text.push(other),
            None => {}
        }
    }
    text
}

/// `text` as a JSON string, quotes included.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Writing to a String cannot fail.
            c if c < ' ' => write!(quoted, "\\u{:04x}", u32::from(c)).unwrap_or_default(),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether `text` is one JSON number and nothing else.
pub fn is_number(text: &str) -> bool {
    Json::parse(text).is_ok_and(|json| {
        json.kind(Json::ROOT) == Kind::Number && json.source(Json::ROOT).len() == text.len()
    })
}

#[cfg(test)]
mod tests;
