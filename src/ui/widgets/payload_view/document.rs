//! A payload cut into lines that fit a view: only where each begins is kept, not its layout.

use bytes::Bytes;

/// As much of the payload as a screen reader gets.
const SPOKEN: usize = 2_000;

#[derive(Clone, Debug)]
pub(super) enum Content {
    Text { text: String, is_json: bool },
    Hex(Bytes),
}

/// A piece of a line that fits the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub start: usize,
    pub end: usize,
    /// Counted from 1; 0 where the line goes on from the piece before.
    pub number: usize,
    /// It begins inside of a JSON string.
    pub in_string: bool,
}

/// A payload ready to be looked at.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) content: Content,
    pub(super) pieces: Vec<Piece>,
    /// Characters a line that the pieces were cut for, or bytes a row of a hex dump.
    pub(super) columns: usize,
    pub(super) lines: usize,
}

impl Document {
    pub fn text(text: String) -> Self {
        Self::new(Content::Text {
            text,
            is_json: false,
        })
    }

    /// JSON, already indented where that is wanted.
    pub fn json(text: String) -> Self {
        Self::new(Content::Text {
            text,
            is_json: true,
        })
    }

    pub fn hex(bytes: Bytes) -> Self {
        Self::new(Content::Hex(bytes))
    }

    fn new(content: Content) -> Self {
        Self {
            content,
            pieces: Vec::new(),
            columns: 0,
            lines: 0,
        }
    }

    /// In bytes.
    pub fn size(&self) -> usize {
        match &self.content {
            Content::Text { text, .. } => text.len(),
            Content::Hex(bytes) => bytes.len(),
        }
    }

    /// What the copy button copies: the text, or the bytes as hex digits.
    pub fn to_copy(&self) -> String {
        match &self.content {
            Content::Text { text, .. } => text.clone(),
            Content::Hex(bytes) => hex::encode(bytes),
        }
    }

    pub(super) fn spoken(&self) -> String {
        match &self.content {
            Content::Text { text, .. } => text.chars().take(SPOKEN).collect(),
            Content::Hex(bytes) => hex::encode(bytes.get(..SPOKEN / 2).unwrap_or(bytes)),
        }
    }

    pub(super) fn rows(&self) -> usize {
        match &self.content {
            Content::Text { .. } => self.pieces.len(),
            Content::Hex(bytes) => bytes.len().div_ceil(self.columns.max(1)),
        }
    }

    /// Cuts the lines for a view so many characters wide; nothing to do when it was cut so before.
    pub(super) fn fit(&mut self, characters: usize) {
        let columns = match &self.content {
            Content::Text { .. } => characters.clamp(20, 400),
            Content::Hex(_) if characters >= hex_width(16) => 16,
            Content::Hex(_) if characters >= hex_width(8) => 8,
            Content::Hex(_) => 4,
        };
        if columns == self.columns {
            return;
        }
        self.columns = columns;
        if let Content::Text { text, is_json } = &self.content {
            self.pieces = cut(text, columns, *is_json);
            self.lines = self
                .pieces
                .iter()
                .map(|piece| piece.number)
                .max()
                .unwrap_or(0);
        }
    }

    /// The text of rows `from..=to`, for the clipboard.
    pub(super) fn copied_rows(&self, from: usize, to: usize) -> String {
        let mut copied = String::new();
        match &self.content {
            Content::Text { text, .. } => {
                for piece in self.pieces.get(from..=to).unwrap_or_default() {
                    if piece.number != 0 && !copied.is_empty() {
                        copied.push('\n');
                    }
                    copied.push_str(text.get(piece.start..piece.end).unwrap_or_default());
                }
            }
            Content::Hex(bytes) => {
                let start = from * self.columns;
                let end = bytes.len().min((to + 1) * self.columns);
                copied = hex::encode(bytes.get(start..end).unwrap_or_default());
            }
        }
        copied
    }
}

fn hex_width(bytes: usize) -> usize {
    10 + 3 * bytes + 1 + bytes
}

fn cut(text: &str, columns: usize, is_json: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (number, line) in text.split('\n').enumerate() {
        let end = start + line.len();
        let shown = line.strip_suffix('\r').map_or(end, |cut| start + cut.len());
        cut_line(
            text,
            start..shown,
            number + 1,
            (columns, is_json),
            &mut pieces,
        );
        start = end + 1;
    }
    pieces
}

fn cut_line(
    text: &str,
    range: std::ops::Range<usize>,
    number: usize,
    (columns, is_json): (usize, bool),
    pieces: &mut Vec<Piece>,
) {
    // A JSON string ends with its line at the latest.
    let mut in_string = false;
    let line = text.get(range.clone()).unwrap_or_default();
    let mut piece = Piece {
        start: range.start,
        end: range.start,
        number,
        in_string,
    };
    let mut width = 0;
    let mut is_escaped = false;
    for (at, character) in line.char_indices() {
        let needs = columns_of(character);
        if width + needs > columns {
            piece.end = range.start + at;
            pieces.push(piece);
            piece = Piece {
                start: piece.end,
                end: piece.end,
                number: 0,
                in_string,
            };
            width = 0;
        }
        width += needs;
        if is_json {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' if in_string => is_escaped = true,
                '"' => in_string = !in_string,
                _ => {}
            }
        }
    }
    piece.end = range.end;
    pieces.push(piece);
}

/// How many columns of the code font a character takes, near enough to cut lines by.
fn columns_of(character: char) -> usize {
    match character {
        '\t' => 4,
        '\u{1100}'.. => 2,
        _ => 1,
    }
}

/// A character that does not stand on the page, as one that does.
pub(super) fn visible(line: &str) -> std::borrow::Cow<'_, str> {
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
        assert!(!document.pieces[0].in_string);
        assert!(document.pieces[1].in_string);
        let last = document.pieces.last().unwrap();
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
}
