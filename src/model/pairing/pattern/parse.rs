//! Text to patterns.

use super::{Hole, Names, Pattern, Segment};
use crate::model::pairing::codec::Codec;
use crate::model::pairing::regex::{Regex, walk};

/// No topic has more levels worth naming.
const MAX_HOLES: usize = 64;

impl Pattern {
    /// Reads the pattern of a topic.
    pub fn parse(source: &str, names: &mut Names) -> Result<Self, String> {
        let pattern = Self::read(source, names)?;
        let wildcard = pattern.segments.iter().find_map(|segment| match segment {
            Segment::Literal(text) => text.chars().find(|c| matches!(c, '+' | '#')),
            Segment::Hole(_) => None,
        });
        match wildcard {
            Some('+') => {
                Err("no topic has a `+`; a level that may be anything is written `{_}`".to_owned())
            }
            Some(_) => {
                Err("no topic has a `#`; levels that may be anything are written `{_*}`".to_owned())
            }
            None => Ok(pattern),
        }
    }

    /// The same for a topic filter, where `+` and `#` mean what they always do.
    pub fn parse_filter(source: &str, names: &mut Names) -> Result<Self, String> {
        Self::read(source, names)
    }

    fn read(source: &str, names: &mut Names) -> Result<Self, String> {
        if source.is_empty() {
            return Err("it is empty; a topic has at least one character".to_owned());
        }
        if source.contains('\0') {
            return Err("it has the character U+0000, which MQTT forbids".to_owned());
        }
        let mut segments = Vec::new();
        let mut holes: Vec<Hole> = Vec::new();
        let mut literal = String::new();
        let mut rest = source;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
                literal.push(c);
                rest = after;
                continue;
            }
            let Some(inner) = rest.strip_prefix('{') else {
                literal.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                continue;
            };
            let Some((inner, after)) = split_hole(inner) else {
                return Err(format!(
                    "the `{{` in `{rest}` is not closed; a brace that belongs to the topic is written `{{{{`"
                ));
            };
            if !literal.is_empty() {
                segments.push(Segment::Literal(std::mem::take(&mut literal).into()));
            }
            if holes.len() == MAX_HOLES {
                return Err(format!("it has more than {MAX_HOLES} placeholders"));
            }
            segments.push(Segment::Hole(holes.len()));
            holes.push(hole(inner, names)?);
            rest = after;
        }
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal.into()));
        }
        let mut vars: Vec<_> = holes.iter().filter_map(|hole| hole.var).collect();
        vars.sort_unstable();
        let has_repeats = vars.windows(2).any(|pair| matches!(pair, [a, b] if a == b));
        vars.dedup();
        Ok(Self {
            source: source.into(),
            segments,
            holes,
            vars,
            has_repeats,
        })
    }
}

/// What is between the braces, and what follows. A regular expression may have braces of its own.
fn split_hole(inner: &str) -> Option<(&str, &str)> {
    let plain = inner.find([':', '}'])?;
    let end = if inner.get(plain..)?.starts_with('}') {
        plain
    } else {
        let regex = inner.get(plain + 1..)?;
        let mut depth = 0_usize;
        let mut end = None;
        walk(regex, |rest| {
            if rest.starts_with('{') {
                depth += 1;
            } else if rest.starts_with('}') {
                if depth == 0 {
                    end = Some(inner.len() - rest.len());
                    return false;
                }
                depth -= 1;
            }
            true
        });
        end?
    };
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

fn hole(inner: &str, names: &mut Names) -> Result<Hole, String> {
    let (head, regex) = match inner.split_once(':') {
        Some((head, regex)) => (head, Some(regex)),
        None => (inner, None),
    };
    let (head, codec) = match head.split_once('|') {
        Some((head, codec)) => (head, Some(codec.trim())),
        None => (head, None),
    };
    let head = head.trim();
    let name = head.trim_end_matches(['?', '*']);
    let marks = head.get(name.len()..).unwrap_or_default();
    if name.is_empty() {
        return Err(format!(
            "the placeholder `{{{inner}}}` has no name; one that does not matter is written `{{_}}`"
        ));
    }
    check_name(name)?;
    if !matches!(marks, "" | "?" | "*" | "?*" | "*?") {
        return Err(format!(
            "`{marks}` in `{{{inner}}}` means nothing; there are `?` (may be empty) and `*` (may span levels)"
        ));
    }
    let codec = match codec {
        None => None,
        Some(word) => Some(Codec::of_word(word).ok_or_else(|| {
            format!(
                "`{word}` in `{{{inner}}}` is no codec; there are {}",
                Codec::words()
            )
        })?),
    };
    let regex = match regex {
        None => None,
        Some("") => return Err(format!("the regular expression in `{{{inner}}}` is empty")),
        Some(source) => Some(Regex::whole(source)?),
    };
    // Whoever writes a `/` or allows the empty text in the expression means it.
    let spans_levels = marks.contains('*')
        || regex
            .as_ref()
            .is_some_and(|regex| names_a_slash(regex.source()));
    let may_be_empty =
        marks.contains('?') || regex.as_ref().is_some_and(|regex| regex.is_match(b""));
    Ok(Hole {
        var: (name != "_").then(|| names.intern(name)),
        may_be_empty,
        spans_levels,
        regex,
        codec,
    })
}

/// Whether `/` itself stands in an expression outside of a class: `a/b` and not `[^/]`.
fn names_a_slash(regex: &str) -> bool {
    let mut found = false;
    walk(regex, |rest| {
        found |= rest.starts_with('/');
        !found
    });
    found || regex.contains("\\/")
}

/// Names are letters, digits, `_` and `-`.
pub(in crate::model::pairing) fn check_name(name: &str) -> Result<(), String> {
    let is_name = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if is_name && !name.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "`{name}` is no name for a variable; names are letters, digits, `_` and `-`"
        ))
    }
}
