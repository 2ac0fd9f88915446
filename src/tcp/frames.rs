//! A stream of bytes as JSON values: split anywhere, glued together, with or without line ends.
//!
//! An object, an array or a string ends with itself; a number or a word ends before whatever cannot
//! belong to it. Every value comes out exactly as it was sent, white space around it left out.

use bytes::{Buf as _, Bytes, BytesMut};
use serde::de::IgnoredAny;

/// A buffer that was needed for one large value is given back.
const KEPT_CAPACITY: usize = 64 << 10;
/// How much of what is no JSON is shown.
const SHOWN: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("byte {at} of what it sent is no JSON ({why}): {shown}")]
    NotJson { at: u64, why: String, shown: String },
    #[error("it sent a JSON value of more than {limit} bytes")]
    TooLong { limit: usize },
    #[error("the connection ended in the middle of a JSON value, after {bytes} bytes of it")]
    CutOff { bytes: usize },
}

/// Inside of what the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Nothing,
    /// Objects and arrays, so many of them.
    Container(usize),
    /// A string in so many objects and arrays.
    String(usize),
    /// After a backslash in it.
    Escape(usize),
    /// A number, `true`, `false` or `null`.
    Word,
}

#[derive(Debug)]
pub struct Splitter {
    buffer: BytesMut,
    /// How much of the buffer has been looked at.
    scanned: usize,
    inside: Inside,
    /// Bytes of the stream before the buffer.
    before: u64,
    limit: usize,
}

impl Splitter {
    /// With the longest value that is taken.
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            scanned: 0,
            inside: Inside::Nothing,
            before: 0,
            limit,
        }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next value that is complete. After an error there is no way to go on.
    pub fn next_value(&mut self) -> Result<Option<Bytes>, FrameError> {
        while let Some(&byte) = self.buffer.get(self.scanned) {
            if self.inside == Inside::Nothing {
                if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                    self.skip(1);
                    continue;
                }
                self.inside = start_of(byte).ok_or_else(|| self.not_json("no value starts so"))?;
                self.scanned = 1;
                continue;
            }
            // What ends a word is not part of it.
            if self.inside == Inside::Word && !is_word(byte) {
                return self.take(self.scanned).map(Some);
            }
            self.scanned += 1;
            self.inside = after(self.inside, byte);
            if self.inside == Inside::Nothing {
                return self.take(self.scanned).map(Some);
            }
            if self.scanned > self.limit {
                return Err(FrameError::TooLong { limit: self.limit });
            }
        }
        Ok(None)
    }

    /// The stream has ended: the last word, if that is what it ended with.
    pub fn finish(&mut self) -> Result<Option<Bytes>, FrameError> {
        match self.inside {
            Inside::Nothing => Ok(None),
            Inside::Word => self.take(self.scanned).map(Some),
            _ => Err(FrameError::CutOff {
                bytes: self.buffer.len(),
            }),
        }
    }

    fn skip(&mut self, count: usize) {
        self.buffer.advance(count);
        self.before = self.before.saturating_add(count as u64);
    }

    /// The first bytes of the buffer, if they are JSON.
    fn take(&mut self, length: usize) -> Result<Bytes, FrameError> {
        if length > self.limit {
            return Err(FrameError::TooLong { limit: self.limit });
        }
        let value = self.buffer.get(..length).unwrap_or_default();
        let problem = match std::str::from_utf8(value) {
            Ok(text) => serde_json::from_str::<IgnoredAny>(text)
                .err()
                .map(|err| err.to_string()),
            Err(err) => Some(err.to_string()),
        };
        if let Some(why) = problem {
            return Err(self.not_json(&why));
        }
        // A small value must not keep a large buffer alive.
        let value = Bytes::copy_from_slice(value);
        self.skip(length);
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_CAPACITY {
            self.buffer = BytesMut::new();
        }
        self.scanned = 0;
        self.inside = Inside::Nothing;
        Ok(value)
    }

    fn not_json(&self, why: &str) -> FrameError {
        let head = self.buffer.get(..SHOWN).unwrap_or(&self.buffer);
        FrameError::NotJson {
            at: self.before.saturating_add(1),
            why: why.to_owned(),
            shown: head.escape_ascii().to_string(),
        }
    }
}

/// Whether `bytes` are one JSON value, with nothing but white space around it.
pub fn is_one_value(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}

fn start_of(byte: u8) -> Option<Inside> {
    match byte {
        b'{' | b'[' => Some(Inside::Container(1)),
        b'"' => Some(Inside::String(0)),
        b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => Some(Inside::Word),
        _ => None,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// Where one is after one more byte. Whether brackets fit each other is seen when all is there.
fn after(inside: Inside, byte: u8) -> Inside {
    let in_containers = |depth| match depth {
        0 => Inside::Nothing,
        depth => Inside::Container(depth),
    };
    match (inside, byte) {
        (Inside::Container(depth), b'"') => Inside::String(depth),
        (Inside::Container(depth), b'{' | b'[') => Inside::Container(depth.saturating_add(1)),
        (Inside::Container(depth), b'}' | b']') => in_containers(depth.saturating_sub(1)),
        (Inside::String(depth), b'"') => in_containers(depth),
        (Inside::String(depth), b'\\') => Inside::Escape(depth),
        (Inside::Escape(depth), _) => Inside::String(depth),
        (inside, _) => inside,
    }
}

#[cfg(test)]
mod tests;
