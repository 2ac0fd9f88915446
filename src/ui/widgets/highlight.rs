//! Colours for JSON and `{{placeholders}}`. Our own tokenizer: it must survive anything that is
//! typed or received, cost next to nothing a line, and know placeholders.

mod toml;

use crate::ui::{Theme, fonts};
use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId};
use std::ops::Range;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Key,
    String,
    Number,
    Keyword,
    Comment,
    Placeholder,
}

/// How a text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Only placeholders are marked.
    Plain,
    Json,
    Toml,
}

impl Language {
    /// The pieces of a line that begins outside of any string.
    pub fn pieces(self, line: &str) -> Vec<(Kind, Range<usize>)> {
        match self {
            Self::Plain => plain(line),
            Self::Json => json(line, false).0,
            Self::Toml => toml(line),
        }
    }
}

pub use toml::toml;

/// Cuts one line of JSON into pieces that follow each other without a gap. `in_string` says that
/// the line begins inside of a string; the second result says whether it ends inside of one.
pub fn json(line: &str, in_string: bool) -> (Vec<(Kind, Range<usize>)>, bool) {
    let bytes = line.as_bytes();
    let mut pieces: Vec<(Kind, Range<usize>)> = Vec::new();
    let mut at = 0;
    let mut inside = in_string;
    let mut push = |kind: Kind, range: Range<usize>| {
        if range.is_empty() {
            return;
        }
        match pieces.last_mut() {
            Some((last, before)) if *last == kind && before.end == range.start => {
                before.end = range.end;
            }
            _ => pieces.push((kind, range)),
        }
    };
    if inside {
        let end = string_end(bytes, 0);
        inside = end.is_none();
        at = end.unwrap_or(bytes.len());
        with_placeholders(line, Kind::String, 0..at, &mut push);
    }
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        match byte {
            b'"' => {
                let end = string_end(bytes, at + 1);
                inside = end.is_none();
                at = end.unwrap_or(bytes.len());
                let rest = bytes.get(at..).unwrap_or_default();
                let is_key = rest.trim_ascii_start().first() == Some(&b':');
                let kind = if is_key { Kind::Key } else { Kind::String };
                with_placeholders(line, kind, start..at, &mut push);
            }
            b'{' if placeholder_end(bytes, at).is_some() => {
                at = placeholder_end(bytes, at).unwrap_or(bytes.len());
                push(Kind::Placeholder, start..at);
            }
            b'-' | b'0'..=b'9' => {
                at += 1 + run(bytes, at + 1, |byte| {
                    byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')
                });
                push(Kind::Number, start..at);
            }
            b'a'..=b'z' => {
                at += 1 + run(bytes, at + 1, |byte| byte.is_ascii_alphanumeric());
                let word = bytes.get(start..at).unwrap_or_default();
                let kind = if matches!(word, b"true" | b"false" | b"null") {
                    Kind::Keyword
                } else {
                    Kind::Plain
                };
                push(kind, start..at);
            }
            _ => {
                at += 1;
                // Never stop within a character.
                at += run(bytes, at, |byte| byte & 0b1100_0000 == 0b1000_0000);
                push(Kind::Plain, start..at);
            }
        }
    }
    (pieces, inside)
}

/// Cuts text without a format: placeholders and the rest.
pub fn plain(text: &str) -> Vec<(Kind, Range<usize>)> {
    let mut pieces = Vec::new();
    with_placeholders(text, Kind::Plain, 0..text.len(), &mut |kind, range| {
        if !range.is_empty() {
            pieces.push((kind, range));
        }
    });
    pieces
}

fn run(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes
        .get(from..)
        .unwrap_or_default()
        .iter()
        .take_while(|byte| wanted(**byte))
        .count()
}

/// Behind the closing quote of the string whose inside begins at `from`.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Behind the `}}` of the placeholder that begins at `from`, if one does and ends on this line.
fn placeholder_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    if !rest.starts_with(b"{{") {
        return None;
    }
    let inside = rest.get(2..)?;
    let end = inside.windows(2).position(|pair| pair == b"}}")?;
    let inside = inside.get(..end)?;
    let is_name = !inside.is_empty()
        && !inside
            .iter()
            .any(|byte| matches!(byte, b'{' | b'\n' | b'\r'));
    is_name.then_some(from + 2 + end + 2)
}

fn with_placeholders(
    text: &str,
    kind: Kind,
    range: Range<usize>,
    push: &mut impl FnMut(Kind, Range<usize>),
) {
    let bytes = text.as_bytes();
    let mut start = range.start;
    let mut at = range.start;
    while at < range.end {
        if bytes.get(at) == Some(&b'{')
            && let Some(end) = placeholder_end(bytes, at).filter(|end| *end <= range.end)
        {
            push(kind, start..at);
            push(Kind::Placeholder, at..end);
            at = end;
            start = end;
        } else {
            at += 1;
        }
    }
    push(kind, start..range.end);
}

/// The look of a piece.
pub fn format(kind: Kind, theme: &Theme, font: FontId) -> TextFormat {
    let syntax = &theme.syntax;
    let color = match kind {
        Kind::Plain => theme.text,
        Kind::Key => syntax.key,
        Kind::String => syntax.string,
        Kind::Number => syntax.number,
        Kind::Keyword => syntax.keyword,
        Kind::Comment => theme.muted,
        Kind::Placeholder => syntax.placeholder,
    };
    TextFormat {
        font_id: font,
        color,
        background: if kind == Kind::Placeholder {
            syntax.placeholder_fill
        } else {
            Color32::TRANSPARENT
        },
        expand_bg: 2.0,
        ..TextFormat::default()
    }
}

/// Appends `text`, cut into `pieces`, to a job.
pub fn append(job: &mut LayoutJob, text: &str, pieces: &[(Kind, Range<usize>)], theme: &Theme) {
    for (kind, range) in pieces {
        if let Some(piece) = text.get(range.clone()) {
            job.append(piece, 0.0, format(*kind, theme, fonts::code()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Vec<(Kind, &str)> {
        let (pieces, _) = json(line, false);
        pieces
            .into_iter()
            .map(|(kind, range)| (kind, &line[range]))
            .collect()
    }

    #[test]
    fn keys_strings_numbers_words_and_placeholders_are_told_apart() {
        assert_eq!(
            told(r#"{"power": "on", "n":-2.5e3, "x":{{level}},"ok":true}"#),
            [
                (Kind::Plain, "{"),
                (Kind::Key, "\"power\""),
                (Kind::Plain, ": "),
                (Kind::String, "\"on\""),
                (Kind::Plain, ", "),
                (Kind::Key, "\"n\""),
                (Kind::Plain, ":"),
                (Kind::Number, "-2.5e3"),
                (Kind::Plain, ", "),
                (Kind::Key, "\"x\""),
                (Kind::Plain, ":"),
                (Kind::Placeholder, "{{level}}"),
                (Kind::Plain, ","),
                (Kind::Key, "\"ok\""),
                (Kind::Plain, ":"),
                (Kind::Keyword, "true"),
                (Kind::Plain, "}"),
            ]
        );
    }

    #[test]
    fn a_placeholder_inside_of_a_string_is_seen() {
        assert_eq!(
            told(r#""a {{room}} b""#),
            [
                (Kind::String, "\"a "),
                (Kind::Placeholder, "{{room}}"),
                (Kind::String, " b\""),
            ]
        );
    }

    #[test]
    fn nested_objects_are_not_placeholders() {
        let pieces = told(r#"[{"a":{"b":{}}}, {}]"#);
        assert!(pieces.iter().all(|(kind, _)| *kind != Kind::Placeholder));
    }

    #[test]
    fn pieces_cover_the_line_without_gap_or_overlap_whatever_it_holds() {
        for line in [
            "",
            "\"",
            "\"\\",
            "\"\\\"",
            "{{",
            "{{}}",
            "{{é}}",
            "日本語 \"é\": 1",
            "\u{0}\u{7f}",
            "}}{{a}}",
            "-",
            "\"a\\u00\" x",
        ] {
            for inside in [false, true] {
                let (pieces, _) = json(line, inside);
                let mut end = 0;
                for (_, range) in pieces {
                    assert_eq!(range.start, end, "{line:?}");
                    assert!(line.get(range.clone()).is_some(), "{line:?} {range:?}");
                    end = range.end;
                }
                assert_eq!(end, line.len(), "{line:?}");
            }
        }
    }

    #[test]
    fn a_string_that_goes_on_in_the_next_chunk_is_carried_over() {
        let (_, inside) = json("{\"a\": \"begin", false);
        assert!(inside);
        let (pieces, inside) = json("end\", 1", true);
        assert!(!inside);
        assert_eq!(pieces[0], (Kind::String, 0..4));
    }
}
