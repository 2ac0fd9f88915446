//! Text to nodes, or to whatever else takes its values, without recursion.

use super::{Json, Kind, Node};
use std::ops::Range;

/// A longer payload is not looked into.
pub const MAX_BYTES: usize = 16 << 20;
/// One with more values is not looked into, so that a payload of nothing but brackets does not fill
/// the memory.
const MAX_NODES: usize = 4 << 20;
/// The same for files that somebody asked to have read.
const MAX_FILE_BYTES: usize = 512 << 20;
const MAX_FILE_NODES: usize = 16 << 20;

/// What is wrong with a text, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    pub message: &'static str,
    pub at: usize,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    /// Right after `[`.
    ValueOrEnd,
    /// Right after `{`.
    NameOrEnd,
    Name,
    CommaOrEnd,
}

impl<'a> Json<'a> {
    /// Reads one JSON text (RFC 8259); a byte order mark before it is passed over.
    pub fn parse(text: &'a str) -> Result<Self, JsonError> {
        Self::parse_up_to(text, MAX_BYTES, MAX_NODES)
    }

    /// The same for a file, which may be larger.
    pub fn parse_file(text: &'a str) -> Result<Self, JsonError> {
        Self::parse_up_to(text, MAX_FILE_BYTES, MAX_FILE_NODES)
    }

    fn parse_up_to(text: &'a str, max_bytes: usize, max_nodes: usize) -> Result<Self, JsonError> {
        let mut nodes = Nodes::default();
        read(text, max_bytes, max_nodes, &mut nodes)?;
        Ok(Self {
            text,
            nodes: nodes.all,
        })
    }

    /// The same for bytes; what is no UTF-8 is no JSON either.
    pub fn of_bytes(bytes: &'a [u8]) -> Option<Self> {
        // The first byte tells most other payloads apart at no cost.
        let first = bytes
            .iter()
            .find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))?;
        if !matches!(
            first,
            b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | 0xef
        ) {
            return None;
        }
        Self::parse(std::str::from_utf8(bytes).ok()?).ok()
    }
}

/// Takes the values of a document in their order, as soon as it is known where they end. What it took is worth
/// nothing where reading fails later.
pub(super) trait Sink {
    /// The name of a member, in its quotes.
    fn name(&mut self, span: Range<usize>);
    /// Anything but an array or object.
    fn scalar(&mut self, kind: Kind, span: Range<usize>);
    /// An array or object begins.
    fn open(&mut self, kind: Kind, start: usize);
    /// The innermost one that is open ends.
    fn close(&mut self, end: usize);
}

/// Reads a payload for `sink`: the same texts are JSON as with [`Json::parse`].
pub(super) fn read_payload(text: &str, sink: &mut impl Sink) -> Result<(), JsonError> {
    read(text, MAX_BYTES, MAX_NODES, sink)
}

fn read(
    text: &str,
    max_bytes: usize,
    max_values: usize,
    sink: &mut impl Sink,
) -> Result<(), JsonError> {
    if text.len() > max_bytes {
        return Err(JsonError {
            message: "it is too long",
            at: 0,
        });
    }
    let mut parser = Parser {
        bytes: text.as_bytes(),
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        open: Vec::new(),
        values_left: max_values,
        sink,
    };
    parser.document()
}

#[derive(Default)]
struct Nodes {
    all: Vec<Node>,
    /// Indices of the arrays and objects that are open.
    open: Vec<u32>,
}

/// A text is shorter than `MAX_FILE_BYTES`, so all places and indices fit.
fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Nodes {
    fn push(&mut self, kind: Kind, span: Range<usize>) {
        self.all.push(Node {
            kind,
            start: narrow(span.start),
            end: narrow(span.end),
            next: narrow(self.all.len() + 1),
        });
    }
}

impl Sink for Nodes {
    fn name(&mut self, span: Range<usize>) {
        self.push(Kind::String, span);
    }

    fn scalar(&mut self, kind: Kind, span: Range<usize>) {
        self.push(kind, span);
    }

    fn open(&mut self, kind: Kind, start: usize) {
        self.open.push(narrow(self.all.len()));
        self.push(kind, start..start);
    }

    fn close(&mut self, end: usize) {
        let after = narrow(self.all.len());
        if let Some(index) = self.open.pop()
            && let Some(node) = self.all.get_mut(index as usize)
        {
            node.end = narrow(end);
            node.next = after;
        }
    }
}

struct Parser<'a, S> {
    bytes: &'a [u8],
    at: usize,
    /// Of the arrays and objects that are open, whether it is an object.
    open: Vec<bool>,
    values_left: usize,
    sink: &'a mut S,
}

impl<S: Sink> Parser<'_, S> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn wrong(&self, message: &'static str) -> JsonError {
        JsonError {
            message,
            at: self.at,
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// One value more, names included.
    fn count(&mut self) -> Result<(), JsonError> {
        match self.values_left.checked_sub(1) {
            Some(left) => {
                self.values_left = left;
                Ok(())
            }
            None => Err(self.wrong("it has too many values")),
        }
    }

    fn scalar(&mut self, kind: Kind, start: usize) -> Result<Next, JsonError> {
        self.count()?;
        self.sink.scalar(kind, start..self.at);
        Ok(Next::CommaOrEnd)
    }

    fn document(&mut self) -> Result<(), JsonError> {
        let mut next = Next::Value;
        loop {
            self.skip_space();
            next = match next {
                Next::CommaOrEnd => match self.open.last() {
                    None => break,
                    Some(&is_object) => self.after_value(is_object)?,
                },
                Next::NameOrEnd if self.peek() == Some(b'}') => self.close(),
                Next::ValueOrEnd if self.peek() == Some(b']') => self.close(),
                Next::NameOrEnd | Next::Name => {
                    if self.peek() != Some(b'"') {
                        return Err(self.wrong("the name of a member is expected here, in quotes"));
                    }
                    let start = self.at;
                    self.string()?;
                    self.count()?;
                    self.sink.name(start..self.at);
                    self.skip_space();
                    if self.peek() != Some(b':') {
                        return Err(self.wrong("a `:` is expected here"));
                    }
                    self.at += 1;
                    Next::Value
                }
                Next::Value | Next::ValueOrEnd => self.value()?,
            };
        }
        if self.at < self.bytes.len() {
            return Err(self.wrong("something follows after the end of the JSON value"));
        }
        Ok(())
    }

    fn after_value(&mut self, is_object: bool) -> Result<Next, JsonError> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(if is_object { Next::Name } else { Next::Value })
            }
            Some(b'}') if is_object => Ok(self.close()),
            Some(b']') if !is_object => Ok(self.close()),
            None => Err(self.wrong("the text ends too early")),
            Some(_) if is_object => Err(self.wrong("a `,` or `}` is expected here")),
            Some(_) => Err(self.wrong("a `,` or `]` is expected here")),
        }
    }

    fn close(&mut self) -> Next {
        self.at += 1;
        self.open.pop();
        self.sink.close(self.at);
        Next::CommaOrEnd
    }

    fn value(&mut self) -> Result<Next, JsonError> {
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.open(Kind::Object, Next::NameOrEnd),
            Some(b'[') => self.open(Kind::Array, Next::ValueOrEnd),
            Some(b'"') => {
                self.string()?;
                self.scalar(Kind::String, start)
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                self.scalar(Kind::Number, start)
            }
            Some(b't') => self.word(b"true", Kind::Bool),
            Some(b'f') => self.word(b"false", Kind::Bool),
            Some(b'n') => self.word(b"null", Kind::Null),
            None => Err(self.wrong("the text ends too early")),
            Some(_) => Err(self.wrong("a value is expected here")),
        }
    }

    fn open(&mut self, kind: Kind, next: Next) -> Result<Next, JsonError> {
        self.count()?;
        self.sink.open(kind, self.at);
        self.at += 1;
        self.open.push(kind == Kind::Object);
        Ok(next)
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<Next, JsonError> {
        let start = self.at;
        if self.bytes.get(start..start + word.len()) != Some(word) {
            return Err(self.wrong("a value is expected here"));
        }
        self.at += word.len();
        self.scalar(kind, start)
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                            self.at += 1;
                        }
                        Some(b'u') => {
                            self.at += 1;
                            for _ in 0..4 {
                                if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                                    return Err(self.wrong("`\\u` wants four hex digits"));
                                }
                                self.at += 1;
                            }
                        }
                        _ => return Err(self.wrong("there is no such escape")),
                    }
                }
                Some(0..0x20) => {
                    return Err(self.wrong("a control character must be written as an escape"));
                }
                Some(_) => self.at += 1,
                None => return Err(self.wrong("the text ends inside a string")),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.wrong("a digit is expected here"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }
}
