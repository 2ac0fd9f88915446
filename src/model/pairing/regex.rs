//! Regular expressions in linear time, with the one kind of look-ahead that can be had without
//! backtracking: right after a leading `^`.
//!
//! `^(?!A)B` holds exactly where `^B` holds and `^A` does not, because both stand at the same place,
//! so it is compiled to two expressions. Look-ahead anywhere else is refused.

use regex::bytes::{Regex as Linear, RegexBuilder};
use std::fmt;
use std::sync::Arc;

/// A longer value is not searched: it does not match.
pub const MAX_SEARCHED_BYTES: usize = 1 << 20;
/// Larger expressions, such as nested counts, are refused.
const MAX_COMPILED_BYTES: usize = 2 << 20;
const MAX_SOURCE_BYTES: usize = 4096;

#[derive(Clone)]
pub struct Regex {
    source: Arc<str>,
    main: Linear,
    /// Must match at the start.
    ahead: Vec<Linear>,
    /// Must not match at the start.
    not_ahead: Vec<Linear>,
}

impl Regex {
    /// An expression that may match anywhere in a value.
    pub fn search(source: &str) -> Result<Self, String> {
        Self::compile(source, false)
    }

    /// An expression that has to match a value as a whole.
    pub fn whole(source: &str) -> Result<Self, String> {
        Self::compile(source, true)
    }

    fn compile(source: &str, is_whole: bool) -> Result<Self, String> {
        if source.len() > MAX_SOURCE_BYTES {
            return Err(format!(
                "the regular expression has {} bytes; at most {MAX_SOURCE_BYTES} are allowed",
                source.len()
            ));
        }
        let parts = Parts::of(source, is_whole)?;
        let flags = parts.flags;
        let main = if is_whole {
            // On its own first: brackets that do not match must not pair with ours.
            linear(parts.rest, source)?;
            linear(&format!("{flags}\\A(?:{})\\z", parts.rest), source)?
        } else if parts.has_look_ahead() {
            linear(&format!("{flags}^{}", parts.rest), source)?
        } else {
            linear(source, source)?
        };
        let guard = |body: &&str| linear(&format!("{flags}\\A(?:{body})"), source);
        Ok(Self {
            source: source.into(),
            main,
            ahead: parts.ahead.iter().map(guard).collect::<Result<_, _>>()?,
            not_ahead: parts
                .not_ahead
                .iter()
                .map(guard)
                .collect::<Result<_, _>>()?,
        })
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    fn is_allowed(&self, value: &[u8]) -> bool {
        value.len() <= MAX_SEARCHED_BYTES
            && self.ahead.iter().all(|guard| guard.is_match(value))
            && !self.not_ahead.iter().any(|guard| guard.is_match(value))
    }

    pub fn is_match(&self, value: &[u8]) -> bool {
        self.is_allowed(value) && self.main.is_match(value)
    }

    /// The first group of the first match; the match itself where the expression has no group.
    pub fn first_group<'a>(&self, value: &'a [u8]) -> Option<&'a [u8]> {
        if !self.is_allowed(value) {
            return None;
        }
        if self.main.captures_len() <= 1 {
            return self.main.find(value).map(|found| found.as_bytes());
        }
        let captures = self.main.captures(value)?;
        captures.get(1).map(|group| group.as_bytes())
    }

    /// The texts of an expression that is nothing but a choice of texts, such as `accepted|rejected`.
    pub fn choices(&self) -> Vec<&str> {
        let is_plain = |text: &str| {
            text.chars()
                .all(|c| c.is_alphanumeric() || "_- /".contains(c))
        };
        let inner = self.source.trim_start_matches('^').trim_end_matches('$');
        let choices: Vec<&str> = inner.split('|').collect();
        if choices.iter().all(|choice| is_plain(choice)) {
            choices
        } else {
            Vec::new()
        }
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.source)
    }
}

fn linear(pattern: &str, source: &str) -> Result<Linear, String> {
    RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(MAX_COMPILED_BYTES)
        .nest_limit(100)
        .build()
        .map_err(|err| {
            let text = err.to_string();
            // The last line says what is wrong; those before it draw a picture.
            let last = text.lines().last().unwrap_or_default();
            let reason = last.trim().trim_start_matches("error: ");
            format!("the regular expression `{source}` cannot be used: {reason}")
        })
}

/// `(?flags)^(?!A)(?=B)rest`, taken apart.
struct Parts<'a> {
    flags: &'a str,
    ahead: Vec<&'a str>,
    not_ahead: Vec<&'a str>,
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(source: &'a str, is_whole: bool) -> Result<Self, String> {
        let flags_len = leading_flags(source);
        let (flags, body) = source.split_at(flags_len);
        let mut parts = Self {
            flags,
            ahead: Vec::new(),
            not_ahead: Vec::new(),
            rest: body,
        };
        let look = Scan::of(body);
        if !look.has_look_around {
            return Ok(parts);
        }
        let refuse = |why: &str| {
            format!(
                "the regular expression `{source}` cannot be used: {why}. Matching takes linear time here; \
                 look-ahead is understood only right after a leading `^`, as in `^(?!false$).+`"
            )
        };
        if flags.contains(['m', 'x']) {
            return Err(refuse("the flags m and x do not go with look-ahead"));
        }
        if look.has_choice {
            return Err(refuse(
                "a `|` outside of brackets does not go with look-ahead; put brackets `(?:…)` around the choice",
            ));
        }
        let anchored = body.strip_prefix('^').or_else(|| body.strip_prefix("\\A"));
        let mut rest = match anchored {
            Some(rest) => rest,
            None if is_whole => body,
            None => return Err(refuse("it looks around somewhere else than at the start")),
        };
        while let Some(after) = rest
            .strip_prefix("(?!")
            .or_else(|| rest.strip_prefix("(?="))
        {
            let is_negative = rest.starts_with("(?!");
            let Some(end) = closing(after) else {
                return Err(refuse("a `(` is not closed"));
            };
            let (inner, tail) = after.split_at(end);
            let scan = Scan::of(inner);
            if scan.has_look_around {
                return Err(refuse("a look-ahead holds another one"));
            }
            if scan.has_group {
                return Err(refuse(
                    "a group inside a look-ahead captures nothing; write `(?:…)`",
                ));
            }
            if is_negative {
                parts.not_ahead.push(inner);
            } else {
                parts.ahead.push(inner);
            }
            rest = tail.get(1..).unwrap_or_default();
        }
        if rest.starts_with(['*', '+', '?', '{']) {
            return Err(refuse("a look-ahead cannot be repeated"));
        }
        if Scan::of(rest).has_look_around {
            return Err(refuse("it looks around somewhere else than at the start"));
        }
        parts.rest = rest;
        Ok(parts)
    }

    fn has_look_ahead(&self) -> bool {
        !self.ahead.is_empty() || !self.not_ahead.is_empty()
    }
}

/// How long the groups of flags at the start are, such as `(?i)`.
fn leading_flags(source: &str) -> usize {
    let mut len = 0;
    while let Some(rest) = source.get(len..).and_then(|rest| rest.strip_prefix("(?"))
        && let Some(end) = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '-')
        && end > 0
        && rest.get(end..).is_some_and(|rest| rest.starts_with(')'))
    {
        len += 2 + end + 1;
    }
    len
}

/// What there is in an expression, outside of classes and escapes.
#[derive(Default)]
struct Scan {
    has_look_around: bool,
    /// A `|` that is in no brackets.
    has_choice: bool,
    has_group: bool,
}

impl Scan {
    fn of(body: &str) -> Self {
        let mut scan = Self::default();
        let mut depth = 0_usize;
        walk(body, |rest| {
            if let Some(inner) = rest.strip_prefix('(') {
                depth += 1;
                let is_named = inner.starts_with("?P<")
                    || (inner.starts_with("?<")
                        && !inner.starts_with("?<=")
                        && !inner.starts_with("?<!"));
                scan.has_look_around |= ["?=", "?!", "?<=", "?<!"]
                    .iter()
                    .any(|start| inner.starts_with(start));
                scan.has_group |= !inner.starts_with('?') || is_named;
            } else if rest.starts_with(')') {
                depth = depth.saturating_sub(1);
            } else if rest.starts_with('|') {
                scan.has_choice |= depth == 0;
            }
            true
        });
        scan
    }
}

/// Where the bracket closes that was open before `body`.
fn closing(body: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut found = None;
    walk(body, |rest| {
        if rest.starts_with('(') {
            depth += 1;
        } else if rest.starts_with(')') {
            if depth == 0 {
                found = Some(body.len() - rest.len());
                return false;
            }
            depth -= 1;
        }
        true
    });
    found
}

/// Calls `see` at every character that is neither escaped nor in a class, until it says stop.
pub(super) fn walk<'a>(body: &'a str, mut see: impl FnMut(&'a str) -> bool) {
    let mut class_depth = 0_usize;
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        let mut step = c.len_utf8();
        match c {
            '\\' => {
                step += rest
                    .get(step..)
                    .and_then(|rest| rest.chars().next())
                    .map_or(0, char::len_utf8)
            }
            '[' => {
                class_depth += 1;
                // A `]` right at the start is a member of the class.
                let after = rest.get(1..).unwrap_or_default();
                let negated = usize::from(after.starts_with('^'));
                if after
                    .get(negated..)
                    .is_some_and(|rest| rest.starts_with(']'))
                {
                    step += negated + 1;
                }
            }
            ']' => class_depth = class_depth.saturating_sub(1),
            _ if class_depth == 0 && !see(rest) => return,
            _ => {}
        }
        rest = rest.get(step..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_leading_negative_look_ahead_is_matches_and_not_that() {
        let regex = Regex::search("(?i)^(?!false$).+").unwrap();
        for (value, holds) in [
            ("true", true),
            ("False", false),
            ("false", false),
            ("", false),
            ("falsehood", true),
            ("fals", true),
        ] {
            assert_eq!(regex.is_match(value.as_bytes()), holds, "{value}");
        }
        let both = Regex::search("^(?=a)(?!ab)(.)(.)").unwrap();
        assert_eq!(both.first_group(b"acx"), Some(&b"a"[..]));
        assert_eq!(both.first_group(b"abx"), None);
        assert_eq!(both.first_group(b"bcx"), None);
        let whole = Regex::whole("(?!set$|get$)[a-z]+").unwrap();
        assert!(whole.is_match(b"reset") && !whole.is_match(b"set") && whole.is_match(b"sets"));
    }

    #[test]
    fn other_look_around_is_refused_in_words() {
        for source in [
            "a(?!b)",
            "(?!a)b",
            "^(?!a)b|c",
            "^(?:(?!a)b)",
            "(?m)^(?!a)b",
            "^(?!(a))b",
            "^(?!a)(?<=b)c",
            "(?<!a)b",
            "^(?!(?=a))b",
            "^(?!a)*b",
            "^(?!a",
        ] {
            let message = Regex::search(source).unwrap_err();
            assert!(
                message.contains("look-ahead") && message.contains(source),
                "{message}"
            );
        }
        assert!(
            Regex::search(r"(a)\1")
                .unwrap_err()
                .contains("backreference")
        );
        assert!(Regex::search("(").unwrap_err().contains("unclosed"));
        assert!(
            Regex::search("(a{1000}){1000}")
                .unwrap_err()
                .contains("size limit")
        );
    }

    #[test]
    fn what_only_looks_like_look_around_is_none() {
        for (source, value) in [
            (r"\(?=", "=".as_bytes()),
            ("[(?!]", b"!"),
            ("(?P<x>a)", b"a"),
            ("(?<x>a)", b"a"),
            ("[]()?=]", b"]"),
        ] {
            assert!(Regex::search(source).unwrap().is_match(value), "{source}");
        }
    }

    #[test]
    fn the_first_group_is_kept_or_else_the_match() {
        let found = |source: &str, value: &'static str| {
            Regex::search(source)
                .unwrap()
                .first_group(value.as_bytes())
                .map(|found| String::from_utf8_lossy(found).into_owned())
        };
        assert_eq!(found("^50[456],([^,]+)", "504,77,x").as_deref(), Some("77"));
        assert_eq!(found("[0-9]+", "a12b3").as_deref(), Some("12"));
        assert_eq!(found("a(b)?", "a"), None);
        assert_eq!(
            Regex::search("(.)")
                .unwrap()
                .first_group(&vec![b'a'; MAX_SEARCHED_BYTES + 1]),
            None
        );
    }

    proptest! {
        #[test]
        fn no_expression_panics(source in "\\PC{0,20}|[\\[\\]()?=!<^$|\\\\a*+{}1,:im-]{0,16}", value in "\\PC{0,10}") {
            for regex in [Regex::search(&source), Regex::whole(&source)].into_iter().flatten() {
                let _ = (regex.is_match(value.as_bytes()), regex.first_group(value.as_bytes()));
            }
        }

        #[test]
        fn guards_agree_with_the_definition(inner in "[ab]{1,2}[$]?", rest in "[ab.]{0,2}[+]?", value in "[ab]{0,4}") {
            let rest = if rest == "+" { String::new() } else { rest };
            let regex = Regex::search(&format!("^(?!{inner}){rest}")).unwrap();
            let not = Linear::new(&format!("^(?:{inner})")).unwrap();
            let main = Linear::new(&format!("^{rest}")).unwrap();
            prop_assert_eq!(regex.is_match(value.as_bytes()), main.is_match(value.as_bytes()) && !not.is_match(value.as_bytes()));
        }
    }
}
