//! Just enough of Rust's grammar to see which paths a file names: comments, strings and test code
//! are left out, `use` groups and `super` are resolved.

use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Word(String),
    Mark(char),
    /// `::`, one token because everything here asks for it.
    Colons,
    /// A literal or a lifetime: never part of a path.
    Other,
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    line: usize,
}

impl Token {
    fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }

    fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// One path as the code means it: `super` resolved to `crate`, `use` groups spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub segments: Vec<String>,
    pub line: usize,
    /// Followed by `!`.
    pub is_macro: bool,
    /// Stands in a `use` (or `extern crate`).
    pub in_use: bool,
}

impl Path {
    pub fn starts_with(&self, prefix: &[&str]) -> bool {
        self.segments.len() >= prefix.len() && self.segments.iter().zip(prefix).all(|(a, b)| a == b)
    }
}

/// What a file says outside its tests.
pub struct Source {
    pub paths: Vec<Path>,
    /// Modules declared as `#[cfg(test)] mod name;`: their files are test code.
    pub test_modules: BTreeSet<String>,
}

impl Source {
    /// Reads `text`, the source of the module `module` (`["mqtt", "client"]` for `src/mqtt/client.rs`).
    pub fn read(text: &str, module: &[String]) -> Self {
        let mut test_modules = BTreeSet::new();
        let tokens = without_tests(&tokens(text), &mut test_modules);
        Self {
            paths: Paths::find(&tokens, module),
            test_modules,
        }
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let (mut found, mut i, mut line) = (Vec::new(), 0, 1);
    while i < chars.len() {
        let start = i;
        let kind = match at(i) {
            c if c.is_whitespace() => {
                i += 1;
                None
            }
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
                None
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 || i >= chars.len() {
                        break;
                    }
                }
                None
            }
            '"' => {
                i = end_of_string(&chars, i);
                Some(Kind::Other)
            }
            // r"…", r#"…"#, b"…", br#"…"#, c"…"; and r#word, a raw identifier.
            'r' | 'b' | 'c' if raw_string_at(&chars, i).is_some() => {
                i = raw_string_at(&chars, i).unwrap_or(i + 1);
                Some(Kind::Other)
            }
            'r' if at(i + 1) == '#' && is_word(at(i + 2)) => {
                i += 2;
                let word_start = i;
                while is_word(at(i)) {
                    i += 1;
                }
                Some(Kind::Word(chars[word_start..i].iter().collect()))
            }
            '\'' => {
                // 'a' and '\n' are characters; 'a without a second quote is a lifetime.
                if at(i + 1) == '\\' {
                    i += 3;
                    while i < chars.len() && at(i) != '\'' {
                        i += 1;
                    }
                    i += 1;
                } else if at(i + 2) == '\'' {
                    i += 3;
                } else {
                    i += 1;
                    while is_word(at(i)) {
                        i += 1;
                    }
                }
                Some(Kind::Other)
            }
            c if c.is_ascii_digit() => {
                while is_word(at(i)) {
                    i += 1;
                }
                Some(Kind::Other)
            }
            c if is_word(c) => {
                while is_word(at(i)) {
                    i += 1;
                }
                Some(Kind::Word(chars[start..i].iter().collect()))
            }
            ':' if at(i + 1) == ':' => {
                i += 2;
                Some(Kind::Colons)
            }
            c => {
                i += 1;
                Some(Kind::Mark(c))
            }
        };
        if let Some(kind) = kind {
            found.push(Token { kind, line });
        }
        line += chars[start..i.min(chars.len())]
            .iter()
            .filter(|&&c| c == '\n')
            .count();
    }
    found
}

fn end_of_string(chars: &[char], quote: usize) -> usize {
    let mut i = quote + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// The end of a prefixed string literal (`b"…"`, `r#"…"#`, …) that begins at `start`.
fn raw_string_at(chars: &[char], start: usize) -> Option<usize> {
    let mut i = start;
    let mut raw = false;
    while i < start + 2 && matches!(chars.get(i), Some('r' | 'b' | 'c')) {
        raw |= chars[i] == 'r';
        i += 1;
    }
    if !raw {
        return (chars.get(i) == Some(&'"')).then(|| end_of_string(chars, i));
    }
    let hashes = chars[i..].iter().take_while(|&&c| c == '#').count();
    i += hashes;
    if chars.get(i) != Some(&'"') {
        return None;
    }
    i += 1;
    while i < chars.len() {
        let closing = chars[i] == '"'
            && chars[i + 1..]
                .iter()
                .take_while(|&&c| c == '#')
                .take(hashes)
                .count()
                == hashes;
        if closing {
            return Some(i + 1 + hashes);
        }
        i += 1;
    }
    Some(i)
}

/// Drops everything under `#[cfg(test)]` (and `#[cfg(all(test, …))]`).
fn without_tests(tokens: &[Token], test_modules: &mut BTreeSet<String>) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let is_inner = tokens[i].is('#') && tokens.get(i + 1).is_some_and(|t| t.is('!'));
        let bracket = i + 1 + usize::from(is_inner);
        if !tokens[i].is('#') || !tokens.get(bracket).is_some_and(|t| t.is('[')) {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        let end = past_group(tokens, bracket);
        let attribute: Vec<_> = tokens[bracket..end]
            .iter()
            .filter_map(Token::word)
            .collect();
        let is_test = attribute.first() == Some(&"cfg")
            && attribute.contains(&"test")
            && !attribute.contains(&"not")
            && !attribute.contains(&"any");
        if !is_test {
            kept.extend_from_slice(&tokens[i..end]);
            i = end;
        } else if is_inner {
            return Vec::new();
        } else {
            let item = past_item(tokens, end);
            for pair in tokens[end..item].windows(3) {
                if let (Some("mod"), Some(name), true) =
                    (pair[0].word(), pair[1].word(), pair[2].is(';'))
                {
                    test_modules.insert(name.to_owned());
                }
            }
            i = item;
        }
    }
    kept
}

/// The index after the group that opens at `open`.
fn past_group(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    tokens.len()
}

/// The index after the item, statement or field that begins at `start`.
fn past_item(tokens: &[Token], start: usize) -> usize {
    let is_use = tokens[start..]
        .iter()
        .filter_map(Token::word)
        .find(|&word| word != "pub")
        == Some("use");
    let mut i = start;
    while let Some(token) = tokens.get(i) {
        match token.kind {
            Kind::Mark('{') if !is_use => return past_group(tokens, i),
            Kind::Mark(';' | ',') => return i + 1,
            Kind::Mark('}') => return i,
            Kind::Mark('(' | '[' | '{') => i = past_group(tokens, i),
            _ => i += 1,
        }
    }
    i
}

struct Paths<'a> {
    tokens: &'a [Token],
    /// The module that the current token is in, and the brace depth at which each inline part ends.
    module: Vec<String>,
    inline: Vec<usize>,
    found: Vec<Path>,
}

impl<'a> Paths<'a> {
    fn find(tokens: &'a [Token], module: &[String]) -> Vec<Path> {
        let mut paths = Self {
            tokens,
            module: module.to_vec(),
            inline: Vec::new(),
            found: Vec::new(),
        };
        let (mut i, mut depth) = (0, 0_usize);
        while let Some(token) = tokens.get(i) {
            match &token.kind {
                Kind::Mark('{') => {
                    depth += 1;
                    if let (Some("mod"), Some(name)) =
                        (paths.word_before(i, 2), paths.word_before(i, 1))
                    {
                        paths.module.push(name.to_owned());
                        paths.inline.push(depth);
                    }
                    i += 1;
                }
                Kind::Mark('}') => {
                    if paths.inline.last() == Some(&depth) {
                        paths.inline.pop();
                        paths.module.pop();
                    }
                    depth = depth.saturating_sub(1);
                    i += 1;
                }
                Kind::Word(_) if !paths.continues_a_path(i) => i = paths.path(i, &[]),
                _ => i += 1,
            }
        }
        paths.found
    }

    fn word_before(&self, i: usize, back: usize) -> Option<&'a str> {
        self.tokens.get(i.checked_sub(back)?)?.word()
    }

    /// Does the word at `i` belong to something before it: a path, a field, a method?
    fn continues_a_path(&self, i: usize) -> bool {
        let Some(before) = i.checked_sub(1).and_then(|i| self.tokens.get(i)) else {
            return false;
        };
        // `::name` at the start of a path is a crate's name; after a word or `>` it goes on.
        let after_colons = before.kind == Kind::Colons
            && i.checked_sub(2)
                .and_then(|i| self.tokens.get(i))
                .is_some_and(|token| token.word().is_some_and(|w| w != "use") || token.is('>'));
        let after_dot = before.is('.')
            && !i
                .checked_sub(2)
                .and_then(|i| self.tokens.get(i))
                .is_some_and(|token| token.is('.'));
        after_colons || after_dot
    }

    /// Reads the path that begins at `i`, with its groups; returns the index after it.
    fn path(&mut self, mut i: usize, prefix: &[String]) -> usize {
        let in_use = !prefix.is_empty() || matches!(self.word_before(i, 1), Some("use" | "crate"));
        let mut segments = prefix.to_vec();
        let line = self.tokens[i].line;
        loop {
            match self.tokens.get(i).map(|token| &token.kind) {
                Some(Kind::Word(word)) => segments.push(word.clone()),
                Some(Kind::Mark('*')) if !segments.is_empty() => segments.push("*".to_owned()),
                Some(Kind::Mark('{')) => return self.group(i + 1, &segments),
                // A turbofish or something else that ends the path.
                _ => break,
            }
            i += 1;
            if self
                .tokens
                .get(i)
                .is_none_or(|token| token.kind != Kind::Colons)
            {
                break;
            }
            i += 1;
        }
        let is_macro = self.tokens.get(i).is_some_and(|token| token.is('!'))
            && self.tokens.get(i + 1).is_none_or(|token| !token.is('='));
        if segments.last().is_some_and(|last| last == "self") && segments.len() > 1 {
            segments.pop();
        }
        self.found.push(Path {
            segments: self.resolved(segments),
            line,
            is_macro,
            in_use,
        });
        i
    }

    /// The members of a `use` group, up to its closing brace.
    fn group(&mut self, mut i: usize, prefix: &[String]) -> usize {
        while let Some(token) = self.tokens.get(i) {
            match &token.kind {
                Kind::Mark('}') => return i + 1,
                Kind::Word(word) if word == "as" => i += 2,
                Kind::Word(_) | Kind::Mark('*') => i = self.path(i, prefix),
                _ => i += 1,
            }
        }
        i
    }

    /// `self::` and `super::` become `crate::…`.
    fn resolved(&self, segments: Vec<String>) -> Vec<String> {
        let ups = segments
            .iter()
            .take_while(|segment| *segment == "super")
            .count();
        let first = segments.first().map(String::as_str);
        let (keep, skip) = match first {
            Some("self") if segments.len() > 1 && segments[1] == "super" => {
                let ups = segments[1..]
                    .iter()
                    .take_while(|segment| *segment == "super")
                    .count();
                (self.module.len().saturating_sub(ups), ups + 1)
            }
            Some("self") if segments.len() > 1 => (self.module.len(), 1),
            Some("super") => (self.module.len().saturating_sub(ups), ups),
            _ => return segments,
        };
        let mut whole = vec!["crate".to_owned()];
        whole.extend_from_slice(&self.module[..keep]);
        whole.extend(segments.into_iter().skip(skip));
        whole
    }
}
