//! Numbers, bytes and names as they lie in a segment: small numbers take few bytes, a name is a number.

use std::collections::HashMap;
use std::sync::Arc;

/// The names of a segment: every text once.
#[derive(Debug, Default)]
pub struct Names {
    all: Box<[Arc<str>]>,
}

impl Names {
    pub fn text(&self, name: u32) -> Option<&Arc<str>> {
        self.all.get(usize::try_from(name).ok()?)
    }

    pub fn all(&self) -> &[Arc<str>] {
        &self.all
    }

    /// Bytes of the texts and what it takes to keep them.
    pub fn weight(&self) -> usize {
        let texts: usize = self.all.iter().map(|text| text.len()).sum();
        // An `Arc<str>` is a pointer and a length here, and two counters there.
        texts + self.all.len() * 32
    }
}

/// A copy that takes the room of its items and no more. An allocator may leave what shrinks where it is, with up to half of it empty.
pub fn exactly<T: Clone>(items: &[T]) -> Box<[T]> {
    items.into()
}

/// What is written for no name. It is never the number of one: a segment has at most so many rows.
pub const NO_NAME: u32 = u32::MAX;

#[derive(Debug, Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Writer {
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Seven bits a byte, the lowest first.
    pub fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            #[expect(clippy::cast_possible_truncation, reason = "seven bits and the mark")]
            self.bytes.push((number as u8 & 0x7f) | 0x80);
            number >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "less than 0x80")]
        self.bytes.push(number as u8);
    }

    pub fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    /// A number that may be below zero: small ones of either sign stay small.
    pub fn signed(&mut self, number: i64) {
        self.number((number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// The number of a text.
    pub fn intern(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.add(text.into())
    }

    /// As [`Self::intern`]; a new text is shared and not copied.
    pub fn intern_shared(&mut self, text: &Arc<str>) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.add(Arc::clone(text))
    }

    fn add(&mut self, text: Arc<str>) -> u32 {
        let number = u32::try_from(self.names.len()).unwrap_or(NO_NAME);
        self.names.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    pub fn name(&mut self, text: &Arc<str>) {
        let number = self.intern_shared(text);
        self.number(u64::from(number) + 1);
    }

    pub fn name_of(&mut self, text: &str) {
        let number = self.intern(text);
        self.number(u64::from(number) + 1);
    }

    pub fn name_if_any(&mut self, text: Option<&Arc<str>>) {
        match text {
            Some(text) => self.name(text),
            None => self.byte(0),
        }
    }

    pub fn done(self) -> (Box<[u8]>, Names) {
        let all = exactly(&self.names);
        (exactly(&self.bytes), Names { all })
    }
}

/// Reads what a [`Writer`] wrote. `None` where it did not.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    pub bytes: &'a [u8],
    names: &'a Names,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], names: &'a Names) -> Self {
        Self { bytes, names }
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    pub fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    pub fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let size = self.size()?;
        let (taken, rest) = self.bytes.split_at_checked(size)?;
        self.bytes = rest;
        Some(taken)
    }

    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub fn name(&mut self) -> Option<&'a Arc<str>> {
        self.name_if_any()?
    }

    /// The outer `None`: it cannot be read.
    #[expect(
        clippy::option_option,
        reason = "the inner one says that there is none"
    )]
    pub fn name_if_any(&mut self) -> Option<Option<&'a Arc<str>>> {
        match self.number()? {
            0 => Some(None),
            number => {
                let name = u32::try_from(number - 1).ok()?;
                Some(Some(self.names.text(name)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_come_back() {
        let mut writer = Writer::default();
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let signed = [0, -1, 1, -64, 64, i64::MIN, i64::MAX];
        for number in numbers {
            writer.number(number);
        }
        for number in signed {
            writer.signed(number);
        }
        let (bytes, names) = writer.done();
        let mut reader = Reader::new(&bytes, &names);
        assert_eq!(numbers.map(|_| reader.number().unwrap()), numbers);
        assert_eq!(signed.map(|_| reader.signed().unwrap()), signed);
        assert_eq!(reader.number(), None);
    }

    #[test]
    fn a_name_is_kept_once() {
        let mut writer = Writer::default();
        let topic: Arc<str> = "a/b".into();
        writer.name(&topic);
        writer.name_of("a/b");
        writer.name_if_any(None);
        let (bytes, names) = writer.done();
        assert_eq!(names.all().len(), 1);
        let mut reader = Reader::new(&bytes, &names);
        let read = [reader.name(), reader.name()];
        assert!(read.iter().all(|name| Arc::ptr_eq(name.unwrap(), &topic)));
        assert_eq!(reader.name_if_any(), Some(None));
    }
}
