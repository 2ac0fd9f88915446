//! A payload cut into rows that fit a view: of each row only where it begins is kept, in four
//! bytes, so that ten million of them are no trouble. Nothing is laid out here.
//!
//! Small payloads are read and cut at once. For large ones [`Document::beginning`] gives what can
//! be shown without looking at the rest, and [`Document::read`] the whole: that takes longer than
//! a frame and belongs on another thread, which asks `is_wanted` now and then.

use crate::model::pretty;
use bytes::Bytes;
use std::borrow::Cow;

/// Up to here a payload is read, indented and cut on the spot.
pub const SMALL: usize = 128 * 1024;
/// Of larger ones so much is shown until all of it has been read.
pub const BEGINNING: usize = 64 * 1024;
/// More is shown only when asked for.
pub const SHOWN_AT_FIRST: usize = 32 << 20;
/// As much of the payload as a screen reader gets.
const SPOKEN: usize = 2_000;
/// Indented JSON may be so much larger than it came; else it is shown as it came.
const GROWTH: usize = 8;
/// The number of a line is counted from the last of these before it, in rows.
const COUNTED_EVERY: usize = 256;
/// What a row remembers besides its beginning.
const GOES_ON: u32 = 1 << 31;
const IN_STRING: u32 = 1 << 30;
const PLACE: u32 = IN_STRING - 1;

/// How a payload is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text, indented where it is JSON; bytes that are no text as hex.
    Text,
    Hex,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Always UTF-8.
    Text {
        text: Bytes,
        is_json: bool,
    },
    Hex(Bytes),
}

/// A row of text: a line, or a piece of one that fits the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub start: usize,
    pub end: usize,
    /// Counted from 1; 0 where the line goes on from the row before.
    pub number: usize,
    /// It begins inside of a JSON string.
    pub in_string: bool,
}

/// A payload ready to be looked at.
#[derive(Clone, Debug)]
pub struct Document {
    content: Content,
    /// The payload as it came.
    source: Bytes,
    /// How much of it is in here.
    shown: usize,
    rows: Vec<u32>,
    /// Lines that begin before row 0, 256, 512, ….
    counted: Vec<u32>,
    columns: usize,
    lines: usize,
}

impl Document {
    pub fn text(text: String) -> Self {
        let text = Bytes::from(text);
        Self::new(
            Content::Text {
                text: text.clone(),
                is_json: false,
            },
            text,
        )
    }

    /// JSON, already indented where that is wanted.
    pub fn json(text: String) -> Self {
        let text = Bytes::from(text);
        Self::new(
            Content::Text {
                text: text.clone(),
                is_json: true,
            },
            text,
        )
    }

    pub fn hex(bytes: Bytes) -> Self {
        Self::new(Content::Hex(bytes.clone()), bytes)
    }

    /// What can be shown of a large payload without looking at more than its beginning, as it came.
    pub fn beginning(bytes: &Bytes, form: Form) -> Self {
        let head = bytes.slice(..bytes.len().min(BEGINNING));
        let text = match form {
            Form::Text => whole_characters(&head, bytes.len()),
            Form::Hex => None,
        };
        match text {
            Some(length) => {
                let text = head.slice(..length);
                let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
                let mut document = Self::new(
                    Content::Text {
                        is_json: matches!(first, Some(b'{' | b'[')),
                        text,
                    },
                    bytes.clone(),
                );
                document.shown = length;
                document
            }
            None => Self::hex(bytes.clone()),
        }
    }

    /// The first `most` bytes, read, indented and cut. None where it is no longer wanted.
    pub fn read(
        bytes: &Bytes,
        form: Form,
        most: usize,
        columns: usize,
        is_wanted: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let head = bytes.slice(..bytes.len().min(most).min(PLACE as usize));
        let length = match form {
            Form::Text => whole_characters(&head, bytes.len()),
            Form::Hex => None,
        };
        let Some(length) = length else {
            return Some(Self::hex(bytes.clone()));
        };
        let is_whole = length == bytes.len();
        let most = length.saturating_mul(GROWTH).min(PLACE as usize);
        let pretty = if is_whole {
            pretty::indented(bytes, most.max(SMALL), is_wanted)
        } else {
            None
        };
        let content = match pretty {
            Some(pretty) => Content::Text {
                text: pretty.into(),
                is_json: true,
            },
            None => Content::Text {
                text: head.slice(..length),
                is_json: false,
            },
        };
        let mut document = Self::new(content, bytes.clone());
        document.shown = length;
        document.fitted(columns, is_wanted)
    }

    fn new(content: Content, source: Bytes) -> Self {
        Self {
            content,
            shown: source.len(),
            source,
            rows: Vec::new(),
            counted: Vec::new(),
            columns: 0,
            lines: 0,
        }
    }

    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The same bytes looked at in the same way: what was in view is found again by its place.
    pub fn is_same_text(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Text { text, .. }, Content::Text { text: other, .. })
            | (Content::Hex(text), Content::Hex(other)) => text.as_ptr() == other.as_ptr(),
            _ => false,
        }
    }

    /// Of the payload, in bytes.
    pub fn size(&self) -> usize {
        self.source.len()
    }

    /// How much of the payload is in here, in bytes.
    pub fn shown(&self) -> usize {
        self.shown
    }

    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Characters a row that the text was cut for, or bytes a row of a hex dump.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether it can be cut anew within a frame.
    pub fn is_small(&self) -> bool {
        match &self.content {
            Content::Text { text, .. } => text.len() <= SMALL,
            Content::Hex(_) => true,
        }
    }

    /// The whole payload for the clipboard: as it came where it is text, else as hex digits.
    pub fn to_copy(&self) -> String {
        match (&self.content, std::str::from_utf8(&self.source)) {
            (Content::Text { .. }, Ok(text)) => text.to_owned(),
            _ => hex::encode(&self.source),
        }
    }

    pub fn spoken(&self) -> String {
        match &self.content {
            Content::Text { text, .. } => {
                let head = text.get(..text.len().min(SPOKEN * 4)).unwrap_or_default();
                String::from_utf8_lossy(head).chars().take(SPOKEN).collect()
            }
            Content::Hex(bytes) => hex::encode(bytes.get(..SPOKEN / 2).unwrap_or(bytes)),
        }
    }

    pub fn rows(&self) -> usize {
        match &self.content {
            Content::Text { .. } => self.rows.len(),
            Content::Hex(bytes) => bytes.len().div_ceil(self.columns.max(1)),
        }
    }

    /// The columns that a view so many characters wide needs.
    fn columns_for(&self, characters: usize) -> usize {
        match &self.content {
            Content::Text { .. } => characters.clamp(20, 400),
            Content::Hex(_) if characters >= hex_width(16) => 16,
            Content::Hex(_) if characters >= hex_width(8) => 8,
            Content::Hex(_) => 4,
        }
    }

    /// Whether it is cut for a view so many characters wide.
    pub fn fits(&self, characters: usize) -> bool {
        self.columns == self.columns_for(characters)
    }

    /// Cuts the lines for a view so many characters wide; nothing to do when it was cut so before.
    pub fn fit(&mut self, characters: usize) {
        if !self.fits(characters)
            && let Some(fitted) = self.fitted(characters, &|| true)
        {
            *self = fitted;
        }
    }

    /// The same text cut for another width. None where it is no longer wanted.
    pub fn fitted(&self, characters: usize, is_wanted: &dyn Fn() -> bool) -> Option<Self> {
        let columns = self.columns_for(characters);
        let mut fitted = Self {
            content: self.content.clone(),
            source: self.source.clone(),
            shown: self.shown,
            rows: Vec::new(),
            counted: Vec::new(),
            columns,
            lines: 0,
        };
        if let Content::Text { text, is_json } = &self.content {
            let text = std::str::from_utf8(text).unwrap_or_default();
            let mut cutter = Cutter {
                text,
                is_json: *is_json,
                columns,
                rows: &mut fitted.rows,
            };
            fitted.lines = cutter.cut(is_wanted)?;
            let mut lines = 0;
            for rows in fitted.rows.chunks(COUNTED_EVERY) {
                fitted.counted.push(lines);
                let begin = rows.iter().filter(|row| **row & GOES_ON == 0).count();
                lines += u32::try_from(begin).unwrap_or_default();
            }
        }
        Some(fitted)
    }

    /// A row of text.
    pub fn piece(&self, row: usize) -> Option<Piece> {
        let Content::Text { text, .. } = &self.content else {
            return None;
        };
        let begin = *self.rows.get(row)?;
        let start = (begin & PLACE) as usize;
        let next = self.rows.get(row + 1).copied();
        let mut end = next.map_or(text.len(), |next| (next & PLACE) as usize);
        if next.is_none_or(|next| next & GOES_ON == 0) {
            if next.is_some() {
                end -= 1;
            }
            if end > start && text.get(end - 1) == Some(&b'\r') {
                end -= 1;
            }
        }
        let number = if begin & GOES_ON == 0 {
            let first = row - row % COUNTED_EVERY;
            let before = self.counted.get(row / COUNTED_EVERY).copied();
            let here = self.rows.get(first..=row).unwrap_or_default();
            let here = here.iter().filter(|row| **row & GOES_ON == 0).count();
            before.unwrap_or_default() as usize + here
        } else {
            0
        };
        Some(Piece {
            start,
            end,
            number,
            in_string: begin & IN_STRING != 0,
        })
    }

    /// A part of the text.
    pub fn words(&self, range: std::ops::Range<usize>) -> Cow<'_, str> {
        match &self.content {
            Content::Text { text, .. } => {
                String::from_utf8_lossy(text.get(range).unwrap_or_default())
            }
            Content::Hex(_) => Cow::Borrowed(""),
        }
    }

    /// Where in the content a row begins, and the row that holds a place: to stay there when the
    /// same content is cut anew.
    pub fn place_of(&self, row: usize) -> usize {
        match &self.content {
            Content::Text { .. } => self.piece(row).map_or(0, |piece| piece.start),
            Content::Hex(_) => row.saturating_mul(self.columns),
        }
    }

    pub fn row_at(&self, place: usize) -> usize {
        match &self.content {
            Content::Text { .. } => self
                .rows
                .partition_point(|row| (row & PLACE) as usize <= place)
                .saturating_sub(1),
            Content::Hex(_) => place / self.columns.max(1),
        }
    }

    /// The text of rows `from..=to`, for the clipboard.
    pub fn copied_rows(&self, from: usize, to: usize) -> String {
        let mut copied = String::new();
        match &self.content {
            Content::Text { .. } => {
                for piece in (from..=to).map_while(|row| self.piece(row)) {
                    if piece.number != 0 && !copied.is_empty() {
                        copied.push('\n');
                    }
                    copied.push_str(&self.words(piece.start..piece.end));
                }
            }
            Content::Hex(bytes) => {
                let start = from.saturating_mul(self.columns);
                let end = bytes.len().min((to + 1).saturating_mul(self.columns));
                copied = hex::encode(bytes.get(start..end).unwrap_or_default());
            }
        }
        copied
    }
}

/// How much of `head` is text, where it is text but for a character that is cut at its end; `of` is
/// the length of all there is.
fn whole_characters(head: &[u8], of: usize) -> Option<usize> {
    match std::str::from_utf8(head) {
        Ok(_) => Some(head.len()),
        Err(err) if err.error_len().is_none() && head.len() < of => Some(err.valid_up_to()),
        Err(_) => None,
    }
}

fn hex_width(bytes: usize) -> usize {
    10 + 3 * bytes + 1 + bytes
}

struct Cutter<'a> {
    text: &'a str,
    is_json: bool,
    columns: usize,
    rows: &'a mut Vec<u32>,
}

impl Cutter<'_> {
    /// Gives the number of lines, or none where it is no longer wanted.
    fn cut(&mut self, is_wanted: &dyn Fn() -> bool) -> Option<usize> {
        /// How often it is asked, in bytes.
        const ASKED_EVERY: usize = 256 * 1024;
        let (mut start, mut lines, mut asked) = (0, 0, 0);
        let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
        for end in ends.chain([self.text.len()]) {
            if end >= asked {
                asked = end + ASKED_EVERY;
                if !is_wanted() {
                    return None;
                }
            }
            self.line(start, end);
            start = end + 1;
            lines += 1;
        }
        Some(lines)
    }

    fn push(&mut self, place: usize, flags: u32) {
        // No text is longer than PLACE.
        let place = u32::try_from(place).unwrap_or(PLACE) & PLACE;
        self.rows.push(place | flags);
    }

    fn line(&mut self, start: usize, end: usize) {
        self.push(start, 0);
        // A tab is one byte and four columns; no character is more columns a byte.
        if (end - start) * 4 <= self.columns {
            return;
        }
        // A JSON string ends with its line at the latest.
        let (mut in_string, mut is_escaped) = (false, false);
        let mut width = 0;
        let line = self.text.get(start..end).unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        for (at, character) in line.char_indices() {
            let needs = columns_of(character);
            if width + needs > self.columns {
                let string = if in_string { IN_STRING } else { 0 };
                self.push(start + at, GOES_ON | string);
                width = 0;
            }
            width += needs;
            if self.is_json {
                match character {
                    _ if is_escaped => is_escaped = false,
                    '\\' if in_string => is_escaped = true,
                    '"' => in_string = !in_string,
                    _ => {}
                }
            }
        }
    }
}

/// How many columns of the code font a character takes, near enough to cut lines by.
pub fn columns_of(character: char) -> usize {
    match character {
        '\t' => 4,
        '\u{1100}'.. => 2,
        _ => 1,
    }
}

/// A character that does not stand on the page, as one that does.
pub fn visible(line: &str) -> Cow<'_, str> {
    let hidden = |character: char| character.is_control() && character != '\t';
    if line.contains(hidden) {
        line.chars()
            .map(|character| {
                if hidden(character) {
                    char::REPLACEMENT_CHARACTER
                } else {
                    character
                }
            })
            .collect::<String>()
            .into()
    } else {
        line.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(document: &Document) -> Vec<String> {
        (0..document.rows())
            .map(|row| document.copied_rows(row, row))
            .collect()
    }

    fn read(bytes: &Bytes, most: usize) -> Document {
        Document::read(bytes, Form::Text, most, 80, &|| true).unwrap()
    }

    #[test]
    fn long_lines_are_cut_between_characters_and_lose_nothing() {
        let long = "é".repeat(100);
        let mut document = Document::text(format!("{long}\nshort\n"));
        document.fit(30);
        assert_eq!(document.rows(), 4 + 1 + 1);
        let back: String = rows(&document)[..4].concat();
        assert_eq!(back, long);
        assert_eq!(document.copied_rows(0, 5), format!("{long}\nshort\n"));
    }

    #[test]
    fn a_piece_that_begins_within_a_string_knows_it() {
        let mut document = Document::json(format!("{{\"a\": \"{}\"}}", "x\\\"".repeat(40)));
        document.fit(30);
        assert!(!document.piece(0).unwrap().in_string);
        assert!(document.piece(1).unwrap().in_string);
        let last = document.piece(document.rows() - 1).unwrap();
        assert!(last.in_string);
    }

    #[test]
    fn a_hex_dump_takes_as_many_bytes_a_row_as_fit() {
        let mut document = Document::hex(Bytes::from(vec![0xab; 40]));
        document.fit(100);
        assert_eq!(document.rows(), 3);
        document.fit(50);
        assert_eq!(document.rows(), 5);
        document.fit(3);
        assert_eq!(document.rows(), 10);
        assert_eq!(document.copied_rows(9, 9), "abababab");
    }

    #[test]
    fn nothing_and_one_megabyte_in_one_line_are_no_trouble() {
        let mut empty = Document::text(String::new());
        empty.fit(80);
        assert_eq!(empty.rows(), 1);
        let mut large = Document::json("[1,".repeat(350_000));
        large.fit(80);
        assert!(large.rows() > 13_000);
    }

    #[test]
    fn control_characters_do_not_vanish() {
        assert_eq!(visible("a\u{0}b\tc"), "a\u{fffd}b\tc");
    }

    #[test]
    fn lines_are_numbered_the_same_wherever_they_are_looked_at() {
        let lines = (1..=2_000).map(|line| format!("{line} {}\r\n", "x".repeat(line % 50)));
        let text = lines.collect::<Vec<_>>().concat();
        let mut document = Document::text(text);
        document.fit(20);
        assert_eq!(document.lines(), 2_001);
        let mut expected = 0;
        for row in 0..document.rows() {
            let piece = document.piece(row).unwrap();
            let words = document.words(piece.start..piece.end);
            assert!(!words.contains(['\r', '\n']), "{words:?}");
            if piece.number != 0 {
                expected += 1;
                assert_eq!(piece.number, expected);
                if expected <= 2_000 {
                    assert!(words.starts_with(&format!("{expected} ")), "{words}");
                }
            }
        }
        assert_eq!(expected, 2_001);
    }

    #[test]
    fn a_place_is_found_again_when_the_text_is_cut_anew() {
        let mut narrow = Document::text("0123456789".repeat(1_000));
        narrow.fit(20);
        let wide = narrow.fitted(100, &|| true).unwrap();
        let place = narrow.place_of(250);
        assert_eq!(place, 5_000);
        assert_eq!(wide.row_at(place), 50);
        assert_eq!(wide.row_at(usize::MAX), wide.rows() - 1);
    }

    #[test]
    fn the_beginning_is_shown_as_it_came_without_a_look_at_the_rest() {
        let mut json = format!("[\"é{}\"", "é,".repeat(100_000)).into_bytes();
        json.push(0xff);
        let bytes = Bytes::from(json);
        let document = Document::beginning(&bytes, Form::Text);
        assert!(document.shown() <= BEGINNING && document.shown() > BEGINNING - 4);
        assert!(matches!(
            document.content(),
            Content::Text { is_json: true, .. }
        ));
        assert!(document.is_small());
        assert_eq!(document.size(), bytes.len());
        // Read to its end, it turns out to be no text.
        assert_eq!(read(&bytes, usize::MAX).content(), &Content::Hex(bytes));
    }

    #[test]
    fn what_is_read_is_indented_and_copied_as_it_came() {
        let bytes = Bytes::from_static(b"{\"a\":[1,2]}");
        let document = read(&bytes, usize::MAX);
        assert_eq!(document.copied_rows(0, 1), "{\n  \"a\": [");
        assert_eq!(document.to_copy(), "{\"a\":[1,2]}");
        assert_eq!(document.lines(), 6);
    }

    #[test]
    fn more_than_the_bound_is_cut_at_a_character_and_the_full_size_known() {
        let bytes = Bytes::from("é".repeat(1_000));
        let document = read(&bytes, 101);
        assert_eq!((document.shown(), document.size()), (100, 2_000));
        assert_eq!(document.to_copy().len(), 2_000);
        assert_eq!(
            Document::read(&bytes, Form::Text, 101, 80, &|| false).map(|_| ()),
            None
        );
    }
}
