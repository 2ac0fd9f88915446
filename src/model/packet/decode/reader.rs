//! Reads the types of MQTT 5 §1.5 one after the other, and notes each as a field.

use super::{Decoded, Field, Flaw, Value};
use crate::model::packet::Kind;
use std::ops::Range;

/// Nothing more can be read; why is among the flaws.
pub struct Stop;

pub type Read<T> = Result<T, Stop>;

pub struct Reader<'a> {
    bytes: &'a [u8],
    /// Of the whole packet, as it came.
    size: usize,
    pub at: usize,
    /// Where the packet ends by its Remaining Length, or the properties by theirs.
    pub end: usize,
    pub depth: u8,
    fields: Vec<Field>,
    flaws: Vec<Flaw>,
    is_cut: bool,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], size: usize) -> Self {
        Self {
            bytes,
            size,
            at: 0,
            end: size,
            depth: 0,
            fields: Vec::new(),
            flaws: Vec::new(),
            is_cut: bytes.len() < size,
        }
    }

    pub fn finish(self) -> Decoded {
        let first = self.bytes.first().copied().unwrap_or(0);
        Decoded {
            kind: Kind::of(first),
            fields: self.fields,
            flaws: self.flaws,
            is_cut: self.is_cut,
        }
    }

    pub fn size(&self) -> usize {
        self.size
    }

    pub fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    pub fn flaw(&mut self, at: usize, why: impl Into<String>) {
        let why = why.into();
        self.flaws.push(Flaw { at, why });
    }

    fn stop<T>(&mut self, at: usize, why: impl Into<String>) -> Read<T> {
        self.flaw(at, why);
        Err(Stop)
    }

    pub fn push(&mut self, name: &'static str, value: Value, at: Range<usize>) {
        self.fields.push(Field {
            depth: self.depth,
            name,
            value,
            at,
        });
    }

    /// A field whose value becomes known later.
    pub fn open(&mut self, name: &'static str) -> usize {
        let at = self.at;
        self.push(name, Value::Parts, at..at);
        self.depth += 1;
        self.fields.len() - 1
    }

    pub fn close(&mut self, opened: usize) {
        self.depth = self.depth.saturating_sub(1);
        let at = self.at.min(self.bytes.len());
        if let Some(field) = self.fields.get_mut(opened) {
            field.at.end = at.max(field.at.start);
        }
    }

    /// The next bytes, of something that is called so.
    fn take(&mut self, count: usize, name: &str) -> Read<&'a [u8]> {
        let from = self.at;
        let to = from.saturating_add(count);
        if to > self.end {
            let left = self.left();
            return self.stop(
                from,
                format!("{name} wants {count} bytes, but only {left} are left"),
            );
        }
        match self.bytes.get(from..to) {
            Some(bytes) => {
                self.at = to;
                Ok(bytes)
            }
            None if self.is_cut => Err(Stop),
            None => {
                let came = self.bytes.len();
                self.stop(
                    from,
                    format!("the packet ends within {name}, at byte {came}"),
                )
            }
        }
    }

    pub fn raw_byte(&mut self, name: &str) -> Read<u8> {
        let bytes = self.take(1, name)?;
        Ok(bytes.first().copied().unwrap_or(0))
    }

    fn raw_two(&mut self, name: &str) -> Read<u16> {
        let bytes = self.take(2, name)?;
        Ok(u16::from_be_bytes(bytes.try_into().unwrap_or_default()))
    }

    pub fn byte(&mut self, name: &'static str) -> Read<u8> {
        let from = self.at;
        let byte = self.raw_byte(name)?;
        self.push(name, Value::Number(byte.into(), ""), from..self.at);
        Ok(byte)
    }

    pub fn two(&mut self, name: &'static str, unit: &'static str) -> Read<u16> {
        let from = self.at;
        let number = self.raw_two(name)?;
        self.push(name, Value::Number(number.into(), unit), from..self.at);
        Ok(number)
    }

    pub fn four(&mut self, name: &'static str, unit: &'static str) -> Read<u32> {
        let from = self.at;
        let bytes = self.take(4, name)?;
        let number = u32::from_be_bytes(bytes.try_into().unwrap_or_default());
        self.push(name, Value::Number(number.into(), unit), from..self.at);
        Ok(number)
    }

    /// A Variable Byte Integer (§1.5.5).
    pub fn variable(&mut self, name: &'static str, unit: &'static str) -> Read<usize> {
        let from = self.at;
        let mut value = 0_usize;
        for digit in 0..4 {
            let byte = self.raw_byte(name)?;
            value |= usize::from(byte & 0x7F) << (7 * digit);
            if byte & 0x80 == 0 {
                if digit > 0 && byte == 0 {
                    self.flaw(from, format!("{name} takes more bytes than it needs"));
                }
                let number = u64::try_from(value).unwrap_or(u64::MAX);
                self.push(name, Value::Number(number, unit), from..self.at);
                return Ok(value);
            }
        }
        self.stop(from, format!("{name} is longer than four bytes"))
    }

    /// The bytes after a length of two, and where both stand.
    fn prefixed(&mut self, name: &str) -> Read<(&'a [u8], Range<usize>)> {
        let from = self.at;
        let length = self.raw_two(name)?;
        let bytes = self.take(length.into(), name)?;
        Ok((bytes, from..self.at))
    }

    fn text_of(&mut self, name: &str, bytes: &[u8], from: usize) -> Result<String, Vec<u8>> {
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                if let Some(at) = text.find('\0') {
                    self.flaw(from + 2 + at, format!("{name} has a null character"));
                }
                Ok(text.to_owned())
            }
            Err(err) => {
                let at = from + 2 + err.valid_up_to();
                self.flaw(at, format!("{name} is not UTF-8"));
                Err(bytes.to_vec())
            }
        }
    }

    /// A UTF-8 Encoded String (§1.5.4).
    pub fn string(&mut self, name: &'static str) -> Read<()> {
        let (bytes, at) = self.prefixed(name)?;
        let value = match self.text_of(name, bytes, at.start) {
            Ok(text) => Value::Text(text),
            Err(bytes) => Value::Bytes(bytes),
        };
        self.push(name, value, at);
        Ok(())
    }

    /// A UTF-8 String Pair (§1.5.7).
    pub fn pair(&mut self, name: &'static str) -> Read<()> {
        let (first, at) = self.prefixed(name)?;
        let (second, until) = self.prefixed(name)?;
        let mut text = |bytes: &[u8], from: usize| match self.text_of(name, bytes, from) {
            Ok(text) => text,
            Err(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        };
        let (first, second) = (text(first, at.start), text(second, until.start));
        self.push(name, Value::Pair(first, second), at.start..until.end);
        Ok(())
    }

    /// Binary Data (§1.5.6).
    pub fn binary(&mut self, name: &'static str) -> Read<()> {
        let (bytes, at) = self.prefixed(name)?;
        self.push(name, Value::Bytes(bytes.to_vec()), at);
        Ok(())
    }

    /// Binary data that is a payload.
    pub fn message(&mut self, name: &'static str) -> Read<()> {
        let (bytes, at) = self.prefixed(name)?;
        let (kept, size) = (bytes.to_vec(), bytes.len());
        self.push(name, Value::Payload { kept, size }, at);
        Ok(())
    }

    /// Binary data that nobody is to see.
    pub fn secret(&mut self, name: &'static str) -> Read<()> {
        let (_, at) = self.prefixed(name)?;
        self.push(name, Value::Masked, at);
        Ok(())
    }

    /// All that is left, as far as it was kept.
    pub fn payload(&mut self, name: &'static str) {
        let from = self.at.min(self.bytes.len());
        let to = self.end.min(self.bytes.len()).max(from);
        let kept = self.bytes.get(from..to).unwrap_or_default().to_vec();
        let size = self.left();
        self.at = self.end;
        if !self.is_cut && kept.len() < size {
            let came = self.bytes.len();
            self.flaw(
                from,
                format!("the packet ends within {name}, at byte {came}"),
            );
        }
        self.push(name, Value::Payload { kept, size }, from..to);
    }
}
