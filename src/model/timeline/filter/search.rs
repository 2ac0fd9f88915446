//! Finding text in bytes, letters in either case, fast where most rows do not have it.

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;

/// Text to be found; ASCII letters match in either case.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    lower: Box<[u8]>,
    /// The place of its rarest byte: that is what is searched for.
    rare_at: usize,
    rare: [u8; 2],
    /// Where it has no letters.
    as_it_is: Option<Box<Finder<'static>>>,
}

impl Needle {
    pub(super) fn new(text: impl AsRef<[u8]>) -> Self {
        let lower = text.as_ref().to_ascii_lowercase();
        let rarest = lower
            .iter()
            .enumerate()
            .min_by_key(|(_, byte)| rank(**byte));
        let (rare_at, byte) = rarest.map_or((0, 0), |(at, byte)| (at, *byte));
        let has_letters = lower.iter().any(u8::is_ascii_alphabetic);
        Self {
            as_it_is: (!has_letters).then(|| Box::new(Finder::new(&lower).into_owned())),
            lower: lower.into(),
            rare_at,
            rare: [byte, byte.to_ascii_uppercase()],
        }
    }

    /// In lower case.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.lower
    }

    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        self.find(bytes).is_some()
    }

    /// Where it begins first.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<usize> {
        if let Some(finder) = &self.as_it_is {
            return finder.find(bytes);
        }
        let length = self.lower.len();
        let last = bytes.len().checked_sub(length)?;
        // Where the rarest byte can be, so that all of the rest has room around it.
        let window = bytes.get(self.rare_at..=self.rare_at + last)?;
        let is_here = |start: &usize| {
            let start = *start;
            bytes
                .get(start..start + length)
                .is_some_and(|part| part.eq_ignore_ascii_case(&self.lower))
        };
        let [lower, upper] = self.rare;
        if lower == upper {
            memchr::memchr_iter(lower, window).find(is_here)
        } else {
            memchr::memchr2_iter(lower, upper, window).find(is_here)
        }
    }

    /// All of `text`.
    pub(super) fn is(&self, text: &[u8]) -> bool {
        text.eq_ignore_ascii_case(&self.lower)
    }
}

/// How common a byte is in topics and in JSON, roughly; small is rare.
fn rank(byte: u8) -> u8 {
    match byte {
        b'"' => 250,
        b'e' | b't' | b'a' => 240,
        b'/' | b':' | b',' | b' ' => 235,
        b'o' | b'i' | b'n' | b's' | b'r' => 230,
        b'0' | b'1' => 225,
        b'd' | b'l' | b'c' | b'u' | b'm' | b'p' => 200,
        b'2'..=b'9' => 190,
        b'h' | b'g' | b'y' | b'v' | b'w' | b'b' | b'f' | b'{' | b'}' | b'.' | b'-' | b'_' => 150,
        b'k' | b'x' | b'j' | b'q' | b'z' => 80,
        _ => 40,
    }
}

/// A text or a regular expression.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Text(Needle),
    Bytes(Box<Finder<'static>>),
    Regex {
        regex: Regex,
        /// What matches depends on what is around it.
        looks_around: bool,
    },
}

/// A regular expression may take so much memory when it is made, and as much while it runs.
const REGEX_BYTES: usize = 1 << 20;

impl Pattern {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Needle::new(text))
    }

    /// Exactly these.
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(Box::new(Finder::new(bytes).into_owned()))
    }

    /// Or why it is none, in words.
    pub(super) fn regex(source: &str, ignores_case: bool) -> Result<Self, String> {
        let made = RegexBuilder::new(source)
            .case_insensitive(ignores_case)
            .size_limit(REGEX_BYTES)
            .dfa_size_limit(REGEX_BYTES)
            .build();
        match made {
            Ok(regex) => Ok(Self::Regex {
                regex,
                looks_around: looks_around(source),
            }),
            Err(regex::Error::CompiledTooBig(_)) => {
                Err("the regular expression becomes too large".to_owned())
            }
            Err(err) => {
                // The last line is the reason; the lines before it draw the place.
                let words = err.to_string();
                let last = words.lines().last().unwrap_or_default();
                let reason = last.trim().trim_start_matches("error: ");
                Err(format!("this is no regular expression: {reason}"))
            }
        }
    }

    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Text(needle) => needle.is_in(bytes),
            Self::Bytes(finder) => finder.find(bytes).is_some(),
            Self::Regex { regex, .. } => regex.is_match(bytes),
        }
    }

    /// Where it is first, at or after a place.
    pub(super) fn find_at(&self, bytes: &[u8], at: usize) -> Option<Range<usize>> {
        let rest = bytes.get(at..)?;
        let (start, length) = match self {
            Self::Text(needle) => (needle.find(rest)?, needle.bytes().len()),
            Self::Bytes(finder) => (finder.find(rest)?, finder.needle().len()),
            Self::Regex { regex, .. } => return regex.find_at(bytes, at).map(|it| it.range()),
        };
        Some(at + start..at + start + length)
    }

    /// Then it cannot be looked for in a piece of memory in which more lies than what it is about.
    pub(super) fn looks_around(&self) -> bool {
        matches!(
            self,
            Self::Regex {
                looks_around: true,
                ..
            }
        )
    }

    pub(super) fn cost(&self) -> u32 {
        match self {
            Self::Text(_) | Self::Bytes(_) => 0,
            Self::Regex { .. } => 30,
        }
    }
}

/// Whether the regular expression asks for edges: of a line, of a word, of the whole.
fn looks_around(source: &str) -> bool {
    let mut parser = regex_syntax::ParserBuilder::new().utf8(false).build();
    let parsed = parser.parse(source);
    parsed.map_or(true, |parsed| !parsed.properties().look_set().is_empty())
}
