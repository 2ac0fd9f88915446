//! What could stand where the cursor is: fields, operators, and values from what there is.

use super::compile::{IS_WORDS, verdict_words};
use super::field::Field;
use super::syntax::{self, Key, Span, Term, quoted};
use crate::model::exchange::MessageVerdict;
use crate::model::timeline::row::Category;

/// What there is to be found, the likeliest first.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary<'a> {
    pub topics: Vec<&'a str>,
    pub devices: Vec<&'a str>,
    /// Names of saved requests.
    pub names: Vec<&'a str>,
    /// Names of user properties.
    pub user_properties: Vec<&'a str>,
    /// Ids and titles.
    pub rules: Vec<(&'a str, &'a str)>,
    /// Ids and names.
    pub connections: Vec<(&'a str, &'a str)>,
    pub colours: Vec<&'a str>,
}

/// Something that could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What it takes the place of.
    pub replace: Span,
    pub text: String,
    /// As it is listed.
    pub label: String,
    pub help: String,
}

impl Completion {
    /// Whether more is to be typed behind it.
    pub fn goes_on(&self) -> bool {
        self.text.ends_with([':', '>', '<', '=', '.'])
    }

    /// The line with it, and where the cursor is then.
    pub fn apply(&self, text: &str) -> (String, usize) {
        let before = text.get(..self.replace.start).unwrap_or_default();
        let after = text.get(self.replace.end..).unwrap_or_default();
        let cursor = before.len() + self.text.len();
        (format!("{before}{}{after}", self.text), cursor)
    }
}

/// More are not listed: whoever looks for one types another letter.
const MOST: usize = 40;
/// Values that a word without a field could mean.
const MOST_GUESSES: usize = 6;

/// What could stand at `cursor`, a byte of `text`.
pub fn complete(text: &str, cursor: usize, vocabulary: &Vocabulary<'_>) -> Vec<Completion> {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let terms = syntax::parse(text).terms;
    let at_cursor = |term: &&Term| (term.span.start..=term.span.end).contains(&cursor);
    let mut found = match terms.iter().rfind(at_cursor) {
        None => words(cursor..cursor, "", vocabulary),
        Some(term) if cursor < term.value_span.start || term.key == Key::Anything => {
            let typed = text.get(term.span.start..cursor).unwrap_or_default();
            let end = if term.key == Key::Anything {
                term.span.end
            } else {
                term.value_span.start
            };
            words(term.span.start..end, typed, vocabulary)
        }
        Some(term) => match term.key {
            Key::Field(field) => values(text, cursor, term, field, vocabulary),
            _ => Vec::new(),
        },
    };
    // What stands there already is no help.
    found.retain(|one| text.get(one.replace.clone()) != Some(&one.text));
    found.truncate(MOST);
    found
}

/// Fields that begin with what is typed, and values that have it.
fn words(replace: Span, typed: &str, vocabulary: &Vocabulary<'_>) -> Vec<Completion> {
    let lower = typed.to_ascii_lowercase();
    let fields = Field::ALL
        .into_iter()
        .filter(|field| field.word().starts_with(&lower));
    let mut found: Vec<Completion> = fields
        .map(|field| Completion {
            replace: replace.clone(),
            text: format!("{}:", field.word()),
            label: format!("{}:", field.word()),
            help: format!("{}, {}", field.help(), field.example()),
        })
        .collect();
    if lower.chars().count() < 2 {
        return found;
    }
    let mut guess = |field: Field, value: &str, help: &str| {
        let text = syntax::term(field, value);
        found.push(Completion {
            replace: replace.clone(),
            label: text.clone(),
            text,
            help: help.to_owned(),
        });
    };
    let has = |value: &&&str| value.to_ascii_lowercase().contains(&lower);
    for device in vocabulary.devices.iter().filter(has).take(MOST_GUESSES) {
        guess(Field::Device, device, "who answered or published");
    }
    for topic in vocabulary.topics.iter().filter(has).take(MOST_GUESSES) {
        guess(Field::Topic, topic, "topic");
    }
    for name in vocabulary.names.iter().filter(has).take(MOST_GUESSES) {
        guess(Field::Name, name, "saved request");
    }
    for (word, help) in verdicts()
        .into_iter()
        .filter(|(word, _)| word.starts_with(&lower))
    {
        guess(Field::Verdict, word, help);
    }
    found
}

/// Every verdict and what it is called elsewhere.
fn verdicts() -> Vec<(&'static str, &'static str)> {
    let help = |word: &str| {
        let category = Category::ALL.into_iter().find(|one| one.word() == word);
        let message = MessageVerdict::ALL
            .into_iter()
            .find(|one| one.word() == word);
        match (category, message) {
            (Some(category), _) => category.label(),
            (None, Some(message)) => message.label(),
            (None, None) => "The broker said no",
        }
    };
    let words = verdict_words().into_iter();
    words.map(|word| (word, help(word))).collect()
}

fn values(
    text: &str,
    cursor: usize,
    term: &Term,
    field: Field,
    vocabulary: &Vocabulary<'_>,
) -> Vec<Completion> {
    // Of a list the item at the cursor.
    let (start, item) = if field.takes_list() {
        let items = syntax::items(&term.value);
        let begins = |item: &(usize, &str)| term.value_span.start + item.0 <= cursor;
        items.into_iter().rfind(begins).unwrap_or_default()
    } else {
        (0, term.value.as_str())
    };
    let start = term.value_span.start + start;
    let span = start..start + item.len();
    let typed = text.get(start..cursor).unwrap_or_default();
    if field.is_ordered() {
        return operators(field, typed, &span);
    }
    let of_text = |all: &[&str], help: &str| -> Vec<(String, String)> {
        all.iter()
            .map(|one| (quoted(one), help.to_owned()))
            .collect()
    };
    let of_pairs = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        all.iter()
            .map(|(id, title)| (quoted(id), (*title).to_owned()))
            .collect()
    };
    let candidates = match field {
        Field::Topic => of_text(&vocabulary.topics, ""),
        Field::Device => of_text(&vocabulary.devices, ""),
        Field::Name => of_text(&vocabulary.names, ""),
        Field::Rule => of_pairs(&vocabulary.rules),
        Field::Connection => {
            let connections = vocabulary.connections.iter();
            connections
                .map(|(id, name)| (quoted(name), (*id).to_owned()))
                .collect()
        }
        Field::User => {
            let names = vocabulary.user_properties.iter();
            names
                .filter(|name| !name.contains('='))
                .map(|name| (format!("{name}="), "a user property".to_owned()))
                .collect()
        }
        Field::Verdict => verdicts()
            .into_iter()
            .map(|(word, help)| (word.to_owned(), help.to_owned()))
            .collect(),
        Field::Retain => of_text(&["yes", "no"], ""),
        Field::Is => of_text(&IS_WORDS, ""),
        Field::Colour => of_text(&vocabulary.colours, ""),
        _ => Vec::new(),
    };
    let lower = typed.trim_start_matches('"').to_ascii_lowercase();
    let plain = |text: &str| text.trim_start_matches('"').to_ascii_lowercase();
    let mut found: Vec<(bool, Completion)> = candidates
        .into_iter()
        .filter(|(text, help)| {
            plain(text).contains(&lower) || help.to_ascii_lowercase().contains(&lower)
        })
        .map(|(text, help)| {
            let is_beginning = plain(&text).starts_with(&lower);
            let completion = Completion {
                replace: span.clone(),
                label: text.clone(),
                text,
                help,
            };
            (!is_beginning, completion)
        })
        .collect();
    found.sort_by_key(|(is_late, _)| *is_late);
    found
        .into_iter()
        .map(|(_, completion)| completion)
        .collect()
}

fn operators(field: Field, typed: &str, span: &Span) -> Vec<Completion> {
    let complete = |text: String, help: &str| Completion {
        replace: span.clone(),
        label: text.clone(),
        text,
        help: help.to_owned(),
    };
    let (more, less, example) = match field {
        Field::RoundTrip => ("longer than", "shorter than", "5ms..20ms"),
        Field::Time => ("later than", "earlier than", "09:14..09:15"),
        Field::Size => ("larger than", "smaller than", "1kB..1MB"),
        _ => ("more than", "less than", "2..7"),
    };
    if field == Field::Qos && typed.is_empty() {
        let meanings = [
            "at most once, not acknowledged",
            "at least once, acknowledged",
            "exactly once, acknowledged twice",
        ];
        let levels = meanings.into_iter().enumerate();
        return levels
            .map(|(level, meaning)| complete(level.to_string(), meaning))
            .collect();
    }
    if typed.is_empty() {
        return vec![
            complete(">".to_owned(), more),
            complete("<".to_owned(), less),
            complete(">=".to_owned(), "at least"),
            complete("<=".to_owned(), "at most"),
            complete(example.to_owned(), "from one to the other, both included"),
        ];
    }
    let units: &[&str] = match field {
        Field::RoundTrip => &["ms", "s", "us"],
        Field::Size => &["B", "kB", "KiB", "MB"],
        _ => &[],
    };
    if !typed.ends_with(|c: char| c.is_ascii_digit()) || typed.len() != span.len() {
        return Vec::new();
    }
    let units = units.iter();
    units
        .map(|unit| complete(format!("{typed}{unit}"), ""))
        .collect()
}
