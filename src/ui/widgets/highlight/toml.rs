//! TOML, line by line: enough to tell headings, keys, values and comments apart.

use super::Kind;
use std::ops::Range;

/// Cuts one line into pieces that follow each other without a gap. A text of several lines is
/// coloured as if each of them were a line of its own.
pub fn toml(line: &str) -> Vec<(Kind, Range<usize>)> {
    let mut pieces: Vec<(Kind, Range<usize>)> = Vec::new();
    let mut push = |kind: Kind, range: Range<usize>| {
        if range.is_empty() {
            return;
        }
        match pieces.last_mut() {
            Some((last, before)) if *last == kind => before.end = range.end,
            _ => pieces.push((kind, range)),
        }
    };
    let start = line.len() - line.trim_start().len();
    push(Kind::Plain, 0..start);
    let is_heading = line.get(start..).is_some_and(|rest| {
        let rest = rest.trim_end();
        rest.starts_with('[')
            && (rest.ends_with(']') || rest.contains("] #"))
            && !rest.contains([',', '"'])
    });
    let mut at = start;
    let mut is_before_value = true;
    while let Some(c) = line.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = line.get(at..).unwrap_or_default();
        let (kind, length) = match c {
            '#' => (Kind::Comment, rest.len()),
            '"' | '\'' => {
                let length = string(rest, c);
                let is_key = is_before_value
                    && rest
                        .get(length..)
                        .is_some_and(|after| after.trim_start().starts_with('='));
                (if is_key { Kind::Key } else { Kind::String }, length)
            }
            '[' if is_heading && at == start => (
                Kind::Keyword,
                rest.rfind(']').map_or(rest.len(), |end| end + 1),
            ),
            c if c.is_alphanumeric() || matches!(c, '_' | '-' | '+') => {
                let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let word = rest.get(..length).unwrap_or_default();
                let after = rest.get(length..).unwrap_or_default();
                let kind = if after.trim_start().starts_with('=') {
                    Kind::Key
                } else if matches!(word, "true" | "false") {
                    Kind::Keyword
                } else if word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+')) {
                    Kind::Number
                } else {
                    Kind::Plain
                };
                (kind, length)
            }
            c => {
                is_before_value = matches!(c, '{' | ',') || (is_before_value && c != '=');
                (Kind::Plain, c.len_utf8())
            }
        };
        push(kind, at..at + length);
        at += length;
    }
    pieces
}

/// The length of a string that begins with `quote`, to its end or that of the line.
fn string(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' && quote == '"' {
            is_escaped = true;
        } else if c == quote {
            return at + c.len_utf8();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(line: &str) -> Vec<(Kind, &str)> {
        let pieces = toml(line).into_iter();
        pieces.map(|(kind, range)| (kind, &line[range])).collect()
    }

    #[test]
    fn headings_keys_values_and_comments_are_told_apart() {
        assert_eq!(
            told("[request.bind] # ids"),
            [
                (Kind::Keyword, "[request.bind]"),
                (Kind::Plain, " "),
                (Kind::Comment, "# ids"),
            ]
        );
        assert_eq!(
            told("  qos = 1"),
            [
                (Kind::Plain, "  "),
                (Kind::Key, "qos"),
                (Kind::Plain, " = "),
                (Kind::Number, "1"),
            ]
        );
        let line = r#"x = [["json:/a#\"", "=="], { "k" = true }]"#;
        let kinds: Vec<(Kind, &str)> = told(line)
            .into_iter()
            .filter(|(kind, _)| *kind != Kind::Plain)
            .collect();
        assert_eq!(
            kinds,
            [
                (Kind::Key, "x"),
                (Kind::String, r#""json:/a#\"""#),
                (Kind::String, "\"==\""),
                (Kind::Key, "\"k\""),
                (Kind::Keyword, "true"),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_line_has_a_gap(line in "[a-z0-9\\[\\]{}\"'\\\\#=., äöü日-]{0,60}") {
            let mut end = 0;
            for (_, range) in toml(&line) {
                prop_assert_eq!(range.start, end);
                prop_assert!(line.get(range.clone()).is_some());
                end = range.end;
            }
            prop_assert_eq!(end, line.len());
        }
    }
}
