//! The line of a filter as written: terms with their places, groups, and what is wrong where.

use super::field::Field;
use std::fmt;
use std::ops::Range;

/// Bytes of the text.
pub type Span = Range<usize>;

/// Something that is wrong, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub span: Span,
    /// What it is, in a sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// There is something missing at the end of the span, which may be about to be typed.
    pub is_unfinished: bool,
}

impl Problem {
    pub(super) fn new(span: Span, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            hint: hint.into(),
            is_unfinished: false,
        }
    }

    pub(super) fn unfinished(
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            is_unfinished: true,
            ..Self::new(span, message, hint)
        }
    }

    /// What it is and what to do.
    pub fn sentence(&self) -> String {
        let mut message = self.message.chars();
        let first = message.next().map(|c| c.to_ascii_uppercase());
        let mut sentence: String = first.into_iter().chain(message).collect();
        sentence.push('.');
        if !self.hint.is_empty() {
            sentence.push(' ');
            sentence.push_str(&self.hint);
            if !sentence.ends_with('?') {
                sentence.push('.');
            }
        }
        sentence
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expr {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Term(Term),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A word that is looked for everywhere.
    Anything,
    Field(Field),
    /// `payload.` and this path.
    Path(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub key: Key,
    /// As written, quotes and all.
    pub value: String,
    pub span: Span,
    pub value_span: Span,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Parsed {
    pub expr: Option<Expr>,
    pub terms: Vec<Term>,
    pub problems: Vec<Problem>,
    pub hints: Vec<Problem>,
}

/// Longer lines are not read: they are no filter, and would be slow.
pub(super) const MAX_BYTES: usize = 8 * 1024;
const MAX_DEPTH: usize = 32;

pub(super) fn parse(text: &str) -> Parsed {
    let mut parser = Parser {
        text,
        at: 0,
        parsed: Parsed::default(),
    };
    if text.len() > MAX_BYTES {
        let span = 0..text.len();
        let message = format!("a filter has at most {MAX_BYTES} bytes");
        let problem = Problem::new(span, message, "Take something away");
        parser.parsed.problems.push(problem);
        return parser.parsed;
    }
    parser.parsed.expr = parser.any(0);
    let mut parsed = parser.parsed;
    parsed.problems.sort_by_key(|problem| problem.span.start);
    parsed
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    parsed: Parsed,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// `OR` or `AND` on its own.
    fn is_keyword(&self, word: &str) -> bool {
        self.rest().strip_prefix(word).is_some_and(|after| {
            let next = after.chars().next();
            next.is_none_or(|c| c.is_whitespace() || c == '(' || c == ')')
        })
    }

    fn problem(&mut self, span: Span, message: &str, hint: &str) {
        self.parsed.problems.push(Problem::new(span, message, hint));
    }

    fn unfinished(&mut self, span: Span, message: &str, hint: &str) {
        let problem = Problem::unfinished(span, message, hint);
        self.parsed.problems.push(problem);
    }

    fn any(&mut self, depth: usize) -> Option<Expr> {
        let mut found = Vec::new();
        let mut or: Option<Span> = None;
        loop {
            let one = self.all(depth);
            let has_one = one.is_some();
            found.extend(one);
            let is_or = self.is_keyword("OR");
            match (&or, has_one, is_or) {
                (None, false, true) => {
                    let span = self.at..self.at + 2;
                    let hint = "Write a term before it, or `\"OR\"` for the word";
                    self.problem(span, "nothing stands before this `OR`", hint);
                }
                (Some(or), false, _) => {
                    let hint = "Write another term behind it, or `\"OR\"` for the word";
                    self.unfinished(or.clone(), "nothing stands behind this `OR`", hint);
                }
                _ => {}
            }
            if !is_or {
                return combined(found, Expr::Any);
            }
            or = Some(self.at..self.at + 2);
            self.at += 2;
        }
    }

    fn all(&mut self, depth: usize) -> Option<Expr> {
        let mut found = Vec::new();
        let mut and: Option<Span> = None;
        loop {
            self.skip_space();
            let rest = self.rest();
            let ends = rest.is_empty() || self.is_keyword("OR");
            if ends || (rest.starts_with(')') && depth > 0) {
                if let Some(and) = and {
                    let hint = "Write another term behind it, or `\"AND\"` for the word";
                    self.unfinished(and, "nothing stands behind this `AND`", hint);
                }
                return combined(found, Expr::All);
            }
            if rest.starts_with(')') {
                let hint = "Take it away, or write it in quotes to look for it";
                let span = self.at..self.at + 1;
                self.problem(span, "this `)` closes nothing", hint);
                self.at += 1;
            } else if self.is_keyword("AND") {
                let span = self.at..self.at + 3;
                if found.is_empty() || and.is_some() {
                    let hint = "Write a term before it, or `\"AND\"` for the word";
                    self.problem(span.clone(), "nothing stands before this `AND`", hint);
                }
                self.at += 3;
                and = Some(span);
            } else {
                and = None;
                found.extend(self.part(depth));
            }
        }
    }

    fn part(&mut self, depth: usize) -> Option<Expr> {
        let after = self.rest().strip_prefix('-');
        let is_negated = after
            .and_then(|after| after.chars().next())
            .is_some_and(|next| !next.is_whitespace() && next != ')');
        self.at += usize::from(is_negated);
        let inner = if self.rest().starts_with('(') {
            self.group(depth)
        } else {
            self.term(depth).map(Expr::Term)
        };
        if is_negated {
            inner.map(|inner| Expr::Not(Box::new(inner)))
        } else {
            inner
        }
    }

    fn group(&mut self, depth: usize) -> Option<Expr> {
        let open = self.at..self.at + 1;
        self.at += 1;
        if depth >= MAX_DEPTH {
            self.problem(
                open,
                "parentheses stand too deep in each other",
                "Write it flatter",
            );
            self.at = self.text.len();
            return None;
        }
        let inner = self.any(depth + 1);
        let is_closed = self.rest().starts_with(')');
        if is_closed {
            self.at += 1;
        }
        match (&inner, is_closed) {
            (_, false) => self.unfinished(
                open.start..self.text.len(),
                "this `(` is not closed",
                "Write `)` at its end, or quotes around it to look for it",
            ),
            (None, true) => self.problem(
                open.start..self.at,
                "nothing stands between these parentheses",
                "Write a term between them, or quotes around them to look for them",
            ),
            _ => {}
        }
        inner
    }

    fn term(&mut self, depth: usize) -> Option<Term> {
        let start = self.at;
        let rest = self.rest();
        let digits = rest.strip_prefix('#').map_or(0, |rest| {
            rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len()
        });
        let key = if let Some((key, length)) = key_of(rest) {
            self.at += length;
            key
        } else if digits > 0 && is_end(rest.get(1 + digits..), depth) {
            self.at += 1;
            Key::Field(Field::Id)
        } else {
            self.suspect(rest);
            Key::Anything
        };
        let value_start = self.at;
        self.at += value_length(self.rest(), depth, key != Key::Anything);
        let value = self.text.get(value_start..self.at).unwrap_or_default();
        let term = Term {
            key,
            value: value.to_owned(),
            span: start..self.at,
            value_span: value_start..self.at,
        };
        self.parsed.terms.push(term.clone());
        if term.value.is_empty() {
            let (message, hint) = match &term.key {
                // Nothing was read; there was a character that begins nothing.
                Key::Anything => {
                    self.at += self.rest().chars().next().map_or(0, char::len_utf8);
                    return None;
                }
                Key::Field(field) => (
                    format!("`{}:` has nothing behind it", field.word()),
                    format!("Write a value, as in `{}`", field.example()),
                ),
                Key::Path(path) => (
                    format!("`payload.{path}:` has nothing behind it"),
                    format!("Write a value, as in `payload.{path}:on`, or `*` for any"),
                ),
            };
            self.unfinished(term.span, &message, &hint);
            return None;
        }
        Some(term)
    }

    /// A word with a colon that is nearly a field is looked for as text, and said to be.
    fn suspect(&mut self, rest: &str) {
        let Some((word, after)) = rest.split_once(':') else {
            return;
        };
        let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        if !is_word || after.starts_with('/') {
            return;
        }
        let near = Field::ALL
            .into_iter()
            .filter(|field| is_near(&word.to_ascii_lowercase(), field.word()));
        if let Some(field) = near.min_by_key(|field| field.word().len().abs_diff(word.len())) {
            let span = self.at..self.at + word.len() + 1;
            self.parsed.hints.push(Problem::new(
                span,
                format!("`{word}:` is no field, so it is looked for as text"),
                format!("Did you mean `{}:`?", field.word()),
            ));
        }
    }
}

fn combined(mut all: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Option<Expr> {
    if all.len() > 1 {
        Some(many(all))
    } else {
        all.pop()
    }
}

impl Expr {
    /// What is left when the terms go in which one of the problems lies, or which lie in it.
    pub(super) fn without(self, problems: &[Problem]) -> Option<Self> {
        let rest = |all: Vec<Self>, many| {
            let rest = all.into_iter().filter_map(|one| one.without(problems));
            combined(rest.collect(), many)
        };
        match self {
            Self::All(all) => rest(all, Self::All),
            Self::Any(all) => rest(all, Self::Any),
            Self::Not(inner) => inner.without(problems).map(|inner| Self::Not(inner.into())),
            Self::Term(term) => {
                let is_wrong = problems.iter().any(|problem| {
                    problem.span.start < term.span.end && term.span.start < problem.span.end
                });
                (!is_wrong).then_some(Self::Term(term))
            }
        }
    }
}

/// The field or path that the text begins with, and how long that is with its colon.
fn key_of(text: &str) -> Option<(Key, usize)> {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let word = text.get(..text.find(|c| !is_letter(c))?)?;
    let after = text.get(word.len()..)?;
    if after.starts_with(':') {
        return Some((Key::Field(Field::of_word(word)?), word.len() + 1));
    }
    if !word.eq_ignore_ascii_case("payload") {
        return None;
    }
    let path = after.strip_prefix('.')?;
    let ends = |c: char| c.is_whitespace() || matches!(c, ':' | '"' | '(' | ')');
    let path = path.get(..path.find(ends)?)?;
    let is_key = !path.is_empty() && after.get(1 + path.len()..)?.starts_with(':');
    is_key.then(|| (Key::Path(path.to_owned()), word.len() + path.len() + 2))
}

fn is_end(text: Option<&str>, depth: usize) -> bool {
    let next = text.and_then(|text| text.chars().next());
    next.is_none_or(|c| c.is_whitespace() || (c == ')' && depth > 0))
}

/// How far a value goes: to white space, but not within quotes.
fn value_length(text: &str, depth: usize, has_key: bool) -> usize {
    let is_regex = text.starts_with('/');
    let mut nested = 0_usize;
    let mut before = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let opens = before
            .is_none_or(|before| has_key && matches!(before, '=' | '<' | '>' | ',' | '.' | ':'));
        match c {
            '"' if opens => {
                let length = quoted_length(text.get(at..).unwrap_or_default());
                while chars.as_str().len() + at + length > text.len() {
                    if chars.next().is_none() {
                        break;
                    }
                }
            }
            '\\' if is_regex => drop(chars.next()),
            c if c.is_whitespace() => return at,
            '(' => nested += 1,
            ')' if nested > 0 => nested -= 1,
            ')' if depth > 0 || !is_regex => return at,
            _ => {}
        }
        before = Some(c);
    }
    text.len()
}

/// How long the quoted part at the beginning is, with its quotes; it may have no end.
fn quoted_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}

/// What a value stands for: quotes are taken off, `\"` and `\\` in them are `"` and `\`.
pub(super) fn unquote(raw: &str) -> String {
    if !raw.starts_with('"') {
        return raw.to_owned();
    }
    let (quoted, rest) = raw.split_at(quoted_length(raw));
    let inner = quoted.strip_prefix('"').unwrap_or(quoted);
    let has_end = quoted.len() > 1 && quoted_length(&format!("{quoted}x")) == quoted.len();
    let inner = if has_end {
        inner.strip_suffix('"').unwrap_or(inner)
    } else {
        inner
    };
    let mut text = String::with_capacity(raw.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.peek().is_some_and(|next| matches!(next, '"' | '\\')) {
            text.extend(chars.next());
        } else {
            text.push(c);
        }
    }
    text.push_str(rest);
    text
}

/// A term that asks `field` for exactly this text, quoted where it has to be.
pub fn term(field: Field, value: &str) -> String {
    format!("{}:{}", field.word(), quoted(value))
}

/// A text as a value: in quotes where it would mean something else without.
pub(super) fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty()
        && !value.starts_with(['/', '-', '<', '>', '=', '"', '#', '*'])
        && !value.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '(' | ')' | ','))
        && !value.contains("..");
    if is_plain {
        return value.to_owned();
    }
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// Cut at commas that are not in quotes, each with its place.
pub(super) fn items(raw: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with('"') {
            at += quoted_length(rest);
        } else if rest.starts_with(',') {
            found.push((start, raw.get(start..at).unwrap_or_default()));
            at += 1;
            start = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found.push((start, raw.get(start..).unwrap_or_default()));
    found
}

/// Whether one word becomes the other by two slips of a finger at most.
pub(super) fn is_near(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 || a.len() < 2 || a.len() > 24 {
        return false;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (j, y) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX - 1);
            left = (corner + usize::from(x != y)).min(above + 1).min(left + 1);
            corner = above;
            next.push(left);
        }
        row = next;
    }
    let most = if b.len() < 4 { 1 } else { 2 };
    row.last().is_some_and(|distance| *distance <= most)
}

/// What a part of the line is, for colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StretchKind {
    /// A field with its colon.
    Field,
    Value,
    /// `OR`, `AND`, parentheses, `-`.
    Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub span: Span,
    pub kind: StretchKind,
}

/// The line cut into what is to be coloured, without holes but for white space.
pub fn stretches(text: &str) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut end = 0;
    let mut add = |span: Span, kind| {
        if !span.is_empty() {
            found.push(Stretch { span, kind });
        }
    };
    for term in parse(text).terms {
        add(end..term.span.start, StretchKind::Operator);
        add(term.span.start..term.value_span.start, StretchKind::Field);
        add(term.value_span.clone(), StretchKind::Value);
        end = term.span.end;
    }
    add(end..text.len(), StretchKind::Operator);
    found
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, all: &[Self], between: &str| {
            all.iter().enumerate().try_for_each(|(at, one)| {
                if at > 0 {
                    f.write_str(between)?;
                }
                let is_loose =
                    matches!(one, Self::Any(_)) || (between == " " && matches!(one, Self::All(_)));
                if is_loose {
                    write!(f, "({one})")
                } else {
                    write!(f, "{one}")
                }
            })
        };
        match self {
            Self::All(all) => joined(f, all, " "),
            Self::Any(all) => joined(f, all, " OR "),
            Self::Not(inner) => match &**inner {
                Self::Term(term) => write!(f, "-{term}"),
                group => write!(f, "-({group})"),
            },
            Self::Term(term) => write!(f, "{term}"),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Key::Anything => f.write_str(&self.value),
            Key::Field(field) => write!(f, "{}:{}", field.word(), self.value),
            Key::Path(path) => write!(f, "payload.{path}:{}", self.value),
        }
    }
}
