//! Words of a POSIX shell: a pasted text taken apart, and words quoted so that a shell gives them back.
//!
//! Words are bytes: `$'\xec'` is one that is no text. What a shell would fill in (`$HOST`, `$(…)`) is filled in where the
//! same text sets it, and else marked.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// A word of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    pub bytes: Vec<u8>,
    /// What a shell would have filled in and nobody here can: `$HOST`.
    pub unknown: Vec<String>,
}

/// A command and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    pub words: Vec<Word>,
    /// What its input and output were sent to or taken from, as typed: `> out.txt`.
    pub redirections: Vec<String>,
    /// Counted from 1.
    pub line: usize,
    /// It reads what another one writes.
    pub is_piped: bool,
}

/// The text ends within a quotation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {quote} is opened and not closed")]
pub struct Unclosed {
    /// Counted from 1.
    pub line: usize,
    pub quote: &'static str,
}

/// The commands of a text, in their order. Assignments that stand alone are taken into account and not given.
pub fn commands(text: &str) -> Result<Vec<Command>, Unclosed> {
    let text = text.replace("\r\n", "\n");
    let mut reader = Reader {
        rest: text.chars().peekable(),
        line: 1,
        variables: HashMap::new(),
        found: Vec::new(),
        command: Command::default(),
        word: None,
        redirection: None,
    };
    reader.read()?;
    Ok(reader.found)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
    variables: HashMap<String, Word>,
    found: Vec<Command>,
    command: Command,
    word: Option<Word>,
    /// The next word is where to.
    redirection: Option<String>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), Unclosed> {
        while let Some(c) = self.next() {
            match c {
                '\n' | ';' | '(' | ')' => self.end_command(false),
                '&' => {
                    // `&>` and `>&` are redirections.
                    if self.rest.peek() == Some(&'>') {
                        self.end_word();
                        self.redirection = Some("&".to_owned());
                    } else {
                        self.rest.next_if_eq(&'&');
                        self.end_command(false);
                    }
                }
                '|' => {
                    let is_or = self.rest.next_if_eq(&'|').is_some();
                    self.end_command(!is_or);
                }
                '<' | '>' => self.redirect(c),
                '#' if self.word.is_none() => while self.rest.next_if(|c| *c != '\n').is_some() {},
                '\\' => match self.next() {
                    Some('\n') | None => {}
                    Some(c) => self.push(c),
                },
                '\'' => self.single()?,
                '"' => self.double()?,
                '$' => self.dollar()?,
                '`' => self.backquoted(),
                c if c.is_whitespace() => self.end_word(),
                c => self.push(c),
            }
        }
        self.end_command(false);
        Ok(())
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.next();
        if c == Some('\n') {
            self.line += 1;
        }
        c
    }

    fn word(&mut self) -> &mut Word {
        if self.word.is_none() && self.command.words.is_empty() {
            self.command.line = self.line;
        }
        self.word.get_or_insert_default()
    }

    fn push(&mut self, c: char) {
        let mut buffer = [0; 4];
        let bytes = c.encode_utf8(&mut buffer).as_bytes();
        self.word().bytes.extend_from_slice(bytes);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match self.redirection.take() {
            Some(sign) => {
                let place = String::from_utf8_lossy(&word.bytes);
                self.command.redirections.push(format!("{sign} {place}"));
            }
            None => self.command.words.push(word),
        }
    }

    fn redirect(&mut self, sign: char) {
        // The number of a stream right before it belongs to it.
        let number = self
            .word
            .take_if(|word| !word.bytes.is_empty() && word.bytes.iter().all(u8::is_ascii_digit));
        self.end_word();
        let mut whole = self.redirection.take().unwrap_or_default();
        if let Some(number) = number {
            whole.push_str(&String::from_utf8_lossy(&number.bytes));
        }
        whole.push(sign);
        while let Some(more) = self.rest.next_if(|c| matches!(c, '<' | '>' | '&' | '|')) {
            whole.push(more);
        }
        self.redirection = Some(whole);
    }

    fn end_command(&mut self, pipes: bool) {
        self.end_word();
        if let Some(sign) = self.redirection.take() {
            self.command.redirections.push(sign);
        }
        let next = Command {
            is_piped: pipes,
            ..Command::default()
        };
        let mut done = std::mem::replace(&mut self.command, next);
        // A prompt that was copied along.
        if done.words.first().is_some_and(|word| word.bytes == b"$") {
            done.words.remove(0);
        }
        if done.words.is_empty() || self.assigns(&done) {
            return;
        }
        self.found.push(done);
    }

    /// Takes in a command that does nothing but set variables.
    fn assigns(&mut self, command: &Command) -> bool {
        let mut words = command.words.as_slice();
        if let [first, rest @ ..] = words
            && matches!(first.bytes.as_slice(), b"export" | b"set")
            && !rest.is_empty()
        {
            words = rest;
        }
        let pairs: Option<Vec<(String, Word)>> = words.iter().map(assignment).collect();
        let Some(pairs) = pairs else { return false };
        self.variables.extend(pairs);
        true
    }

    fn unclosed(line: usize, quote: &'static str) -> Unclosed {
        Unclosed { line, quote }
    }

    fn single(&mut self) -> Result<(), Unclosed> {
        let line = self.line;
        self.word();
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some(c) => self.push(c),
                None => return Err(Self::unclosed(line, "a quotation mark '")),
            }
        }
    }

    fn double(&mut self) -> Result<(), Unclosed> {
        let line = self.line;
        self.word();
        loop {
            match self.next() {
                Some('"') => return Ok(()),
                Some('\\') => match self.next() {
                    Some('\n') => {}
                    Some(c @ ('"' | '\\' | '$' | '`')) => self.push(c),
                    Some(c) => {
                        self.push('\\');
                        self.push(c);
                    }
                    None => return Err(Self::unclosed(line, "a quotation mark \"")),
                },
                Some('$') => self.expand(),
                Some('`') => self.backquoted(),
                Some(c) => self.push(c),
                None => return Err(Self::unclosed(line, "a quotation mark \"")),
            }
        }
    }

    fn dollar(&mut self) -> Result<(), Unclosed> {
        match self.rest.peek() {
            Some('\'') => {
                self.next();
                self.ansi_c()
            }
            Some('"') => {
                self.next();
                self.double()
            }
            _ => {
                self.expand();
                Ok(())
            }
        }
    }

    /// What follows a `$` that begins no quotation.
    fn expand(&mut self) {
        let (name, shown) = match self.rest.peek() {
            Some('{') => {
                self.next();
                let inner = self.until('}');
                (inner.clone(), format!("${{{inner}}}"))
            }
            Some('(') => {
                self.next();
                let inner = self.until(')');
                (String::new(), format!("$({inner})"))
            }
            Some(c) if c.is_ascii_alphabetic() || *c == '_' => {
                let mut name = String::new();
                while let Some(c) = self
                    .rest
                    .next_if(|c| c.is_ascii_alphanumeric() || *c == '_')
                {
                    name.push(c);
                }
                let shown = format!("${name}");
                (name, shown)
            }
            _ => return self.push('$'),
        };
        match self.variables.get(&name).cloned() {
            Some(value) => {
                let word = self.word();
                word.bytes.extend_from_slice(&value.bytes);
                word.unknown.extend(value.unknown);
            }
            None => self.mark(shown),
        }
    }

    /// What a shell would have replaced: kept as it is, and told.
    fn mark(&mut self, shown: String) {
        let word = self.word();
        word.bytes.extend_from_slice(shown.as_bytes());
        word.unknown.push(shown);
    }

    fn backquoted(&mut self) {
        let inner = self.until('`');
        self.mark(format!("`{inner}`"));
    }

    /// Up to a sign, or to the end.
    fn until(&mut self, end: char) -> String {
        let mut text = String::new();
        let mut depth = 0_usize;
        while let Some(c) = self.next() {
            if c == end && depth == 0 {
                break;
            }
            match c {
                '(' if end == ')' => depth += 1,
                ')' if end == ')' => depth -= 1,
                _ => {}
            }
            text.push(c);
        }
        text
    }

    /// `$'…'`: bytes by their numbers, and the escapes of C.
    fn ansi_c(&mut self) -> Result<(), Unclosed> {
        let line = self.line;
        self.word();
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some('\\') => self.escape(),
                Some(c) => self.push(c),
                None => return Err(Self::unclosed(line, "a quotation $'")),
            }
        }
    }

    fn escape(&mut self) {
        let Some(c) = self.next() else {
            return self.push('\\');
        };
        let byte = match c {
            'n' => b'\n',
            't' => b'\t',
            'r' => b'\r',
            'a' => 7,
            'b' => 8,
            'e' | 'E' => 0x1b,
            'f' => 0x0c,
            'v' => 0x0b,
            '\\' | '\'' | '"' | '?' => return self.push(c),
            'x' => match self.digits(16, 2, 0) {
                Some(number) => return self.push_byte(number),
                None => return self.push_both(c),
            },
            'u' | 'U' => {
                let most = if c == 'u' { 4 } else { 8 };
                match self.digits(16, most, 0).and_then(char::from_u32) {
                    Some(c) => return self.push(c),
                    None => return self.push_both(c),
                }
            }
            '0'..='7' => {
                let first = c.to_digit(8).unwrap_or_default();
                let number = self.digits(8, 2, first).unwrap_or(first);
                return self.push_byte(number);
            }
            _ => return self.push_both(c),
        };
        self.word().bytes.push(byte);
    }

    fn push_both(&mut self, c: char) {
        self.push('\\');
        self.push(c);
    }

    fn push_byte(&mut self, number: u32) {
        let low = u8::try_from(number & 0xff).unwrap_or_default();
        self.word().bytes.push(low);
    }

    /// Up to `most` further digits of a number that begins with `first`. None where there are none.
    fn digits(&mut self, radix: u32, most: usize, first: u32) -> Option<u32> {
        let mut number = None;
        for _ in 0..most {
            let Some(c) = self.rest.next_if(|c| c.is_digit(radix)) else {
                break;
            };
            let digit = c.to_digit(radix)?;
            let so_far = number.unwrap_or(first);
            number = Some(so_far.wrapping_mul(radix).wrapping_add(digit));
        }
        number
    }
}

/// `NAME=value`.
pub(super) fn assignment(word: &Word) -> Option<(String, Word)> {
    let at = word.bytes.iter().position(|byte| *byte == b'=')?;
    let (name, value) = word.bytes.split_at_checked(at)?;
    let is_name = name.iter().enumerate().all(|(at, byte)| {
        byte.is_ascii_alphabetic() || *byte == b'_' || (at > 0 && byte.is_ascii_digit())
    });
    if name.is_empty() || !is_name {
        return None;
    }
    let value = Word {
        bytes: value.get(1..)?.to_vec(),
        unknown: word.unknown.clone(),
    };
    Some((String::from_utf8_lossy(name).into_owned(), value))
}

/// A word that bash gives back as these bytes. None where one is zero: no command line can carry that.
pub fn quote(bytes: &[u8]) -> Option<String> {
    if bytes.contains(&0) {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok();
    let text = text.filter(|text| !text.contains(|c: char| c.is_control() && c != '\n'));
    let Some(text) = text else {
        return Some(ansi_quoted(bytes));
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Some(text.to_owned());
    }
    Some(format!("'{}'", text.replace('\'', "'\\''")))
}

fn ansi_quoted(bytes: &[u8]) -> String {
    let mut out = "$'".to_owned();
    for byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            b'\\' => out.push_str("\\\\"),
            b'\'' => out.push_str("\\'"),
            b' '..=b'~' => out.push(char::from(*byte)),
            // Always two digits: what follows is not taken for a third.
            other => write!(out, "\\x{other:02x}").unwrap_or_default(),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        commands(text)
            .unwrap()
            .into_iter()
            .map(|command| {
                command
                    .words
                    .iter()
                    .map(|word| String::from_utf8_lossy(&word.bytes).into_owned())
                    .collect()
            })
            .collect()
    }

    #[test]
    fn quotations_and_continuations_are_those_of_a_shell() {
        for (text, want) in [
            (
                r#"a 'b c' "d 'e' \"f\" \n""#,
                vec!["a", "b c", "d 'e' \"f\" \\n"],
            ),
            ("a \\\n  b\\ c", vec!["a", "b c"]),
            (r"x$'\t\x41\101\u00e4\'' '' y''z", vec!["x\tAAä'", "", "yz"]),
            ("$ a b # not c", vec!["a", "b"]),
            ("a#b", vec!["a#b"]),
            ("a 2>/dev/null b < in", vec!["a", "b"]),
        ] {
            assert_eq!(words(text), [want], "{text}");
        }
        assert_eq!(
            words("a; b && c || d | e & f\ng"),
            [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]
        );
    }

    #[test]
    fn bytes_that_are_no_text_stay_bytes() {
        let found = commands(r"a $'\xec\x28\x35\xc9'").unwrap();
        assert_eq!(found[0].words[1].bytes, [0xec, 0x28, 0x35, 0xc9]);
    }

    #[test]
    fn a_variable_is_filled_in_where_the_text_sets_it_and_else_marked() {
        let found = commands(
            "HOST=h\nexport PORT=1 NAME='a b'\nx \"$HOST:${PORT}\" $NAME '$HOST' $USER $(date)",
        )
        .unwrap();
        assert_eq!(found.len(), 1);
        let shown: Vec<_> = found[0]
            .words
            .iter()
            .map(|word| String::from_utf8_lossy(&word.bytes).into_owned())
            .collect();
        assert_eq!(shown, ["x", "h:1", "a b", "$HOST", "$USER", "$(date)"]);
        assert_eq!(found[0].words[3].unknown.len(), 0);
        assert_eq!(found[0].words[4].unknown, ["$USER"]);
        assert_eq!(found[0].line, 3);
    }

    #[test]
    fn an_open_quotation_is_told_with_its_line() {
        for (text, line) in [("a 'b", 1), ("a\nb \"c\nd", 2), ("$'x", 1)] {
            assert_eq!(commands(text).unwrap_err().line, line, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(words in prop::collection::vec(prop::collection::vec(1_u8.., 0..12), 1..5)) {
            let line: Vec<String> = words.iter().map(|word| quote(word).unwrap()).collect();
            // Something before it, so that a word with `=` is no assignment and `$` no prompt.
            let found = commands(&format!("x {}", line.join(" "))).unwrap();
            let read: Vec<&[u8]> = found[0].words.iter().skip(1).map(|word| &*word.bytes).collect();
            prop_assert_eq!(read, words.iter().map(|word| &**word).collect::<Vec<_>>());
        }

        #[test]
        fn nothing_that_is_pasted_panics(text in "\\PC{0,80}") {
            drop(commands(&text));
        }

        #[test]
        fn nothing_that_a_shell_cares_for_panics(text in "[a-z$'\"`\\\\(){}<>|&;#=\n x0-9-]{0,60}") {
            drop(commands(&text));
        }
    }
}
