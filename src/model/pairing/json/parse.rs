//! Text to nodes, without recursion.

use super::{Json, Kind, Node};

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
        if text.len() > max_bytes {
            return Err(JsonError {
                message: "it is too long",
                at: 0,
            });
        }
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut parser = Parser {
            bytes: text.as_bytes(),
            at: start,
            nodes: Vec::new(),
            open: Vec::new(),
            max_nodes,
        };
        parser.document()?;
        Ok(Self {
            text,
            nodes: parser.nodes,
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

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Indices of the arrays and objects that are open.
    open: Vec<u32>,
    max_nodes: usize,
}

impl Parser<'_> {
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

    fn push(&mut self, kind: Kind, start: usize) -> Result<(), JsonError> {
        if self.nodes.len() >= self.max_nodes {
            return Err(self.wrong("it has too many values"));
        }
        // The length is below MAX_FILE_BYTES, so all of these fit.
        let narrow = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        self.nodes.push(Node {
            kind,
            start: narrow(start),
            end: narrow(self.at),
            next: narrow(self.nodes.len() + 1),
        });
        Ok(())
    }

    fn document(&mut self) -> Result<(), JsonError> {
        let mut next = Next::Value;
        loop {
            self.skip_space();
            next = match next {
                Next::CommaOrEnd => match self.open.last() {
                    None => break,
                    Some(&index) => self.after_value(index)?,
                },
                Next::NameOrEnd if self.peek() == Some(b'}') => self.close(),
                Next::ValueOrEnd if self.peek() == Some(b']') => self.close(),
                Next::NameOrEnd | Next::Name => {
                    if self.peek() != Some(b'"') {
                        return Err(self.wrong("the name of a member is expected here, in quotes"));
                    }
                    self.string()?;
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

    fn after_value(&mut self, open: u32) -> Result<Next, JsonError> {
        let is_object = self
            .nodes
            .get(open as usize)
            .is_some_and(|node| node.kind == Kind::Object);
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
        let after = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let end = u32::try_from(self.at).unwrap_or(u32::MAX);
        if let Some(index) = self.open.pop()
            && let Some(node) = self.nodes.get_mut(index as usize)
        {
            node.end = end;
            node.next = after;
        }
        Next::CommaOrEnd
    }

    fn value(&mut self) -> Result<Next, JsonError> {
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.open(Kind::Object, Next::NameOrEnd),
            Some(b'[') => self.open(Kind::Array, Next::ValueOrEnd),
            Some(b'"') => {
                self.string()?;
                Ok(Next::CommaOrEnd)
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                self.push(Kind::Number, start)?;
                Ok(Next::CommaOrEnd)
            }
            Some(b't') => self.word(b"true", Kind::Bool),
            Some(b'f') => self.word(b"false", Kind::Bool),
            Some(b'n') => self.word(b"null", Kind::Null),
            None => Err(self.wrong("the text ends too early")),
            Some(_) => Err(self.wrong("a value is expected here")),
        }
    }

    fn open(&mut self, kind: Kind, next: Next) -> Result<Next, JsonError> {
        let index = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let start = self.at;
        self.at += 1;
        self.push(kind, start)?;
        self.open.push(index);
        Ok(next)
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<Next, JsonError> {
        let start = self.at;
        if self.bytes.get(start..start + word.len()) != Some(word) {
            return Err(self.wrong("a value is expected here"));
        }
        self.at += word.len();
        self.push(kind, start)?;
        Ok(Next::CommaOrEnd)
    }

    fn string(&mut self) -> Result<(), JsonError> {
        let start = self.at;
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
        self.push(Kind::String, start)
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
