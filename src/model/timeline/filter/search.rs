//! Finding text in bytes, letters in either case, fast where most rows do not have it.

use regex::bytes::{Regex, RegexBuilder};

/// Text to be found; ASCII letters match in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    lower: Box<[u8]>,
    /// The place of its rarest byte: that is what is searched for.
    rare_at: usize,
    rare: [u8; 2],
}

impl Needle {
    pub fn new(text: impl AsRef<[u8]>) -> Self {
        let lower = text.as_ref().to_ascii_lowercase();
        let rarest = lower
            .iter()
            .enumerate()
            .min_by_key(|(_, byte)| rank(**byte));
        let (rare_at, byte) = rarest.map_or((0, 0), |(at, byte)| (at, *byte));
        Self {
            lower: lower.into(),
            rare_at,
            rare: [byte, byte.to_ascii_uppercase()],
        }
    }

    /// In lower case.
    pub fn bytes(&self) -> &[u8] {
        &self.lower
    }

    pub fn is_in(&self, bytes: &[u8]) -> bool {
        let length = self.lower.len();
        let Some(last) = bytes.len().checked_sub(length) else {
            return false;
        };
        if length == 0 {
            return true;
        }
        // Where the rarest byte can be, so that all of the rest has room around it.
        let Some(window) = bytes.get(self.rare_at..=self.rare_at + last) else {
            return false;
        };
        let is_here = |start: usize| {
            bytes
                .get(start..start + length)
                .is_some_and(|part| part.eq_ignore_ascii_case(&self.lower))
        };
        let [lower, upper] = self.rare;
        if lower == upper {
            memchr::memchr_iter(lower, window).any(is_here)
        } else {
            memchr::memchr2_iter(lower, upper, window).any(is_here)
        }
    }

    /// All of `text`.
    pub fn is(&self, text: &str) -> bool {
        text.as_bytes().eq_ignore_ascii_case(&self.lower)
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
    Regex(Box<Regex>),
}

/// A regular expression may take so much memory when it is made, and as much while it runs.
const REGEX_BYTES: usize = 1 << 20;

impl Pattern {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Needle::new(text))
    }

    /// Or why it is none, in words.
    pub(super) fn regex(source: &str, ignores_case: bool) -> Result<Self, String> {
        let made = RegexBuilder::new(source)
            .case_insensitive(ignores_case)
            .size_limit(REGEX_BYTES)
            .dfa_size_limit(REGEX_BYTES)
            .build();
        match made {
            Ok(regex) => Ok(Self::Regex(Box::new(regex))),
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
            Self::Regex(regex) => regex.is_match(bytes),
        }
    }

    pub(super) fn cost(&self) -> u32 {
        match self {
            Self::Text(_) => 0,
            Self::Regex(_) => 30,
        }
    }

    pub(super) fn needle(&self) -> Option<&Needle> {
        match self {
            Self::Text(needle) => Some(needle),
            Self::Regex(_) => None,
        }
    }
}
