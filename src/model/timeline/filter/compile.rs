//! From a line as written to what is asked of rows, cheapest first.

use super::check::{Check, UserCheck, VerdictCheck};
use super::field::Field;
use super::json::{JsonCheck, Wanted};
use super::search::{Needle, Pattern};
use super::syntax::{self, Expr, Key, Problem, Term, is_near, items, unquote};
use super::values::{self, Bounds, Piece};
use super::{RowMarks, Surroundings};
use crate::model::exchange::MessageVerdict;
use crate::model::pairing::json::Pointer;
use crate::model::timeline::peek::{RowKind, RowRef};
use crate::model::timeline::row::Category;

#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub root: Option<Node>,
    pub problems: Vec<Problem>,
    pub hints: Vec<Problem>,
    /// Where something is wrong: what is left without it, as a line.
    pub kept: Option<String>,
    pub asks_for_marks: bool,
    pub asks_for_connections: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Check(Check),
}

impl Node {
    pub(super) fn holds(&self, row: RowRef<'_>, marks: &dyn RowMarks) -> bool {
        match self {
            Self::Check(check) => check.holds(row, marks),
            Self::All(all) => all.iter().all(|one| one.holds(row, marks)),
            Self::Any(all) => all.iter().any(|one| one.holds(row, marks)),
            Self::Not(inner) => !inner.holds(row, marks),
        }
    }

    fn cost(&self) -> u32 {
        match self {
            Self::Check(check) => check.cost(),
            Self::All(all) | Self::Any(all) => all.iter().map(Self::cost).sum(),
            Self::Not(inner) => inner.cost(),
        }
    }

    fn of(mut all: Vec<Self>, many: fn(Vec<Self>) -> Self) -> Option<Self> {
        if all.len() > 1 {
            all.sort_by_key(Self::cost);
            Some(many(all))
        } else {
            all.pop()
        }
    }
}

pub(super) fn compile(text: &str, here: &Surroundings) -> Program {
    let parsed = syntax::parse(text);
    let mut compiler = Compiler {
        here,
        program: Program {
            problems: parsed.problems,
            hints: parsed.hints,
            ..Program::default()
        },
    };
    let root = parsed.expr.as_ref().and_then(|expr| compiler.node(expr));
    let mut program = compiler.program;
    if !program.problems.is_empty() {
        let kept = parsed.expr.and_then(|expr| expr.without(&program.problems));
        program.kept = kept.map(|kept| kept.to_string());
    }
    program.problems.sort_by_key(|problem| problem.span.start);
    program.root = root;
    program
}

struct Compiler<'a> {
    here: &'a Surroundings,
    program: Program,
}

type Made<T> = Result<T, Problem>;

impl Compiler<'_> {
    fn node(&mut self, expr: &Expr) -> Option<Node> {
        match expr {
            Expr::All(all) => {
                let nodes = all.iter().filter_map(|one| self.node(one)).collect();
                Node::of(nodes, Node::All)
            }
            Expr::Any(all) => {
                let nodes = all.iter().filter_map(|one| self.node(one)).collect();
                Node::of(nodes, Node::Any)
            }
            Expr::Not(inner) => self.node(inner).map(|inner| Node::Not(Box::new(inner))),
            Expr::Term(term) => match self.term(term) {
                Ok(node) => Some(node),
                Err(problem) => {
                    self.program.problems.push(problem);
                    None
                }
            },
        }
    }

    fn term(&mut self, term: &Term) -> Made<Node> {
        let value = Piece {
            text: &term.value,
            at: term.value_span.start,
        };
        match &term.key {
            Key::Anything => Ok(Node::Check(Check::Word(pattern(value)?))),
            Key::Path(path) => {
                let escaped = path.replace('~', "~0").replace('/', "~1");
                let pointer = format!("/{}", escaped.replace('.', "/"));
                json_check(&pointer, term.span.start, value)
            }
            Key::Field(field) if field.takes_list() && regex_of(value.text).is_none() => {
                let mut all = Vec::new();
                for (start, text) in items(value.text) {
                    let item = Piece {
                        text,
                        at: value.at + start,
                    };
                    if text.is_empty() {
                        return Err(Problem::unfinished(
                            value.span(),
                            "a value is missing beside a comma",
                            "Write one, or take the comma away",
                        ));
                    }
                    all.push(Node::Check(self.check(*field, item)?));
                }
                Node::of(all, Node::Any).ok_or_else(|| {
                    Problem::unfinished(term.span.clone(), "a value is missing", "Write one")
                })
            }
            Key::Field(Field::Payload) => match pointer_of(value) {
                Some((pointer, wanted)) => json_check(pointer, value.at, wanted),
                None => Ok(Node::Check(Check::Payload(pattern(value)?))),
            },
            Key::Field(field) => Ok(Node::Check(self.check(*field, value)?)),
        }
    }

    fn check(&mut self, field: Field, value: Piece<'_>) -> Made<Check> {
        Ok(match field {
            Field::Topic => Check::Topic(pattern(value)?),
            Field::Payload => Check::Payload(pattern(value)?),
            Field::Device => Check::Device(pattern(value)?),
            Field::Rule => Check::Rule(pattern(value)?),
            Field::Name => Check::Name(pattern(value)?),
            Field::Connection => self.connection(pattern(value)?),
            Field::Correlation => correlation(value)?,
            Field::User => Check::User(user(value)?),
            Field::Verdict => Check::Verdict(verdict(value)?),
            Field::RoundTrip => {
                let hint = "Write `rtt:>5ms`, `rtt:<5ms` or `rtt:5ms..20ms`";
                Check::RoundTrip(values::numbers(value, values::duration_ns, Some(hint))?)
            }
            Field::Size => Check::Size(values::numbers(value, values::size, None)?),
            Field::Replies => Check::Replies(values::numbers(value, values::whole, None)?),
            Field::Id => Check::Id(values::numbers(value, values::whole, None)?),
            Field::Qos => Check::Qos(values::numbers(value, values::qos, None)?),
            Field::Retain => Check::Retain(values::yes_or_no(value)?),
            Field::Time => Check::Time(values::when(value, self.here.utc_offset_secs)?),
            Field::Is => self.kind(value)?,
            Field::Comment => {
                self.program.asks_for_marks = true;
                Check::Comment(pattern(value)?)
            }
            Field::Colour => {
                self.program.asks_for_marks = true;
                Check::Colour(pattern(value)?)
            }
        })
    }

    fn connection(&mut self, id: Pattern) -> Check {
        self.program.asks_for_connections = true;
        let connections = self.here.connections.iter();
        let named = connections
            .filter(|(_, name)| id.is_in(name.as_bytes()))
            .map(|(id, _)| id.as_str().into())
            .collect();
        Check::Connection { id, named }
    }

    fn kind(&mut self, value: Piece<'_>) -> Made<Check> {
        let word = unquote(value.text).to_ascii_lowercase();
        let check = match &*word {
            "exchange" => return Ok(Check::Kind(RowKind::Exchange)),
            "message" => return Ok(Check::Kind(RowKind::Message)),
            "publish" => return Ok(Check::Kind(RowKind::Publish)),
            "pinned" => Check::Pinned,
            "commented" => Check::Commented,
            "coloured" | "colored" => Check::Coloured,
            _ => {
                return Err(unknown(
                    value,
                    &word,
                    "is nothing that a row can be",
                    &IS_WORDS,
                ));
            }
        };
        self.program.asks_for_marks = true;
        Ok(check)
    }
}

/// What can stand behind `is:`.
pub(super) const IS_WORDS: [&str; 6] = [
    "pinned",
    "commented",
    "coloured",
    "exchange",
    "message",
    "publish",
];

/// A word that is not among those known.
fn unknown(value: Piece<'_>, word: &str, is_not: &str, known: &[&str]) -> Problem {
    let near = known.iter().find(|one| is_near(word, one));
    let hint = match near {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Write one of {}", known.join(", ")),
    };
    let is_unfinished = known.iter().any(|one| one.starts_with(word));
    Problem {
        is_unfinished,
        ..Problem::new(value.span(), format!("`{word}` {is_not}"), hint)
    }
}

/// What stands between `/` and `/` or `/i`, and whether letters match in either case.
pub(super) fn regex_of(raw: &str) -> Option<(&str, bool)> {
    let inner = raw.strip_prefix('/')?;
    let (source, ignores_case) = match inner.strip_suffix("/i") {
        Some(source) => (source, true),
        None => (inner.strip_suffix('/')?, false),
    };
    let escapes = source.len() - source.trim_end_matches('\\').len();
    (!source.is_empty() && escapes.is_multiple_of(2)).then_some((source, ignores_case))
}

fn pattern(value: Piece<'_>) -> Made<Pattern> {
    match regex_of(value.text) {
        Some((source, ignores_case)) => Pattern::regex(source, ignores_case).map_err(|message| {
            let hint = "Correct it, or write the text in quotes to look for it as it is";
            Problem::new(value.span(), message, hint)
        }),
        None => Ok(Pattern::text(&unquote(value.text))),
    }
}

fn correlation(value: Piece<'_>) -> Made<Check> {
    let lower = value.text.to_ascii_lowercase();
    for prefix in ["hex:", "0x"] {
        if lower.starts_with(prefix) {
            let digits = Piece {
                text: value.text.get(prefix.len()..).unwrap_or_default(),
                at: value.at + prefix.len(),
            };
            let bytes = values::hex_bytes(digits).map_err(|problem| Problem {
                span: value.span(),
                ..problem
            })?;
            return Ok(Check::Correlation {
                text: None,
                bytes: Some(Pattern::bytes(&bytes)),
            });
        }
    }
    // A UUID is sent as text or as its 16 bytes, and shown alike.
    let text = unquote(value.text);
    let bytes = uuid::Uuid::try_parse(&text).ok();
    Ok(Check::Correlation {
        text: Some(pattern(value)?),
        bytes: bytes.map(|uuid| Pattern::bytes(uuid.as_bytes())),
    })
}

fn user(value: Piece<'_>) -> Made<UserCheck> {
    let is_whole = value.text.starts_with('"') || regex_of(value.text).is_some();
    match value.text.split_once('=').filter(|_| !is_whole) {
        Some((name, wanted)) => Ok(UserCheck::Both {
            name: Needle::new(name),
            value: pattern(Piece {
                text: wanted,
                at: value.at + name.len() + 1,
            })?,
        }),
        None => Ok(UserCheck::Either(pattern(value)?)),
    }
}

/// A verdict that the categories do not tell from failures on this side.
const REJECTED: &str = "rejected";

/// What can stand behind `verdict:`.
pub(super) fn verdict_words() -> Vec<&'static str> {
    let categories = Category::ALL.map(Category::word);
    let messages = MessageVerdict::ALL.map(MessageVerdict::word);
    let mut words = categories.to_vec();
    words.push(REJECTED);
    for word in messages {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// A beginning is enough, `=` asks for the whole word.
fn verdict(value: Piece<'_>) -> Made<VerdictCheck> {
    let written = unquote(value.text);
    let exact = written.strip_prefix('=');
    let word = exact.unwrap_or(&written).to_ascii_lowercase();
    let word = word.replace(['-', ' '], "_");
    let is_meant = |one: &str| {
        if exact.is_some() {
            one == word
        } else {
            one.starts_with(&word)
        }
    };
    let categories: Vec<Category> = Category::ALL
        .into_iter()
        .filter(|category| is_meant(category.word()))
        .collect();
    if !categories.is_empty() {
        return Ok(VerdictCheck {
            categories,
            ..VerdictCheck::default()
        });
    }
    let messages: Vec<MessageVerdict> = MessageVerdict::ALL
        .into_iter()
        .filter(|verdict| is_meant(verdict.word()))
        .collect();
    let rejected = is_meant(REJECTED);
    if messages.is_empty() && !rejected {
        return Err(unknown(value, &word, "is no verdict", &verdict_words()));
    }
    Ok(VerdictCheck {
        categories,
        messages,
        rejected,
    })
}

/// `/a/b=on` or `/a/b>5`: the pointer and what its value has to be.
fn pointer_of(value: Piece<'_>) -> Option<(&str, Piece<'_>)> {
    if !value.text.starts_with('/') || regex_of(value.text).is_some() {
        return None;
    }
    let at = value.text.find(['=', '<', '>'])?;
    let (pointer, wanted) = value.text.split_at(at);
    let is_equal = !wanted.starts_with("=<") && !wanted.starts_with("=>");
    let wanted = match wanted.strip_prefix('=').filter(|_| is_equal) {
        Some(rest) => Piece {
            text: rest,
            at: value.at + at + 1,
        },
        None => Piece {
            text: wanted,
            at: value.at + at,
        },
    };
    Some((pointer, wanted))
}

fn json_check(pointer: &str, at: usize, value: Piece<'_>) -> Made<Node> {
    if value.text.is_empty() {
        return Err(Problem::unfinished(
            at..value.at,
            "there is nothing to compare with",
            "Write a value, or `*` for any",
        ));
    }
    let pointer = Pointer::parse(pointer).map_err(|message| {
        let span = at..value.at;
        Problem::new(span, message, "Write it as in `/status/0/name`")
    })?;
    let check = JsonCheck::new(pointer, wanted(value)?);
    Ok(Node::Check(Check::Value(Box::new(check))))
}

fn wanted(value: Piece<'_>) -> Made<Wanted> {
    if value.text == "*" {
        return Ok(Wanted::Something);
    }
    if regex_of(value.text).is_some() {
        return Ok(Wanted::Like(pattern(value)?));
    }
    let number = |piece: Piece<'_>| -> Made<f64> {
        let number: Option<f64> = unquote(piece.text).parse().ok();
        number.filter(|number| number.is_finite()).ok_or_else(|| {
            Problem::new(
                piece.span(),
                format!("`{}` is no number", unquote(piece.text)),
                "Only numbers are larger or smaller; write a number",
            )
        })
    };
    let between = |least: f64, most: f64, is_open| Wanted::Between {
        least,
        most,
        is_open,
    };
    let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
    let is_quoted = value.text.starts_with('"');
    let bounds = if is_quoted {
        Bounds::Bare(value)
    } else {
        values::bounds(value)?
    };
    Ok(match bounds {
        Bounds::Over(one) => between(number(one)?, high, true),
        Bounds::AtLeast(one) => between(number(one)?, high, false),
        Bounds::Under(one) => between(low, number(one)?, true),
        Bounds::AtMost(one) => between(low, number(one)?, false),
        Bounds::Between(from, to) => between(
            from.map(number).transpose()?.unwrap_or(low),
            to.map(number).transpose()?.unwrap_or(high),
            false,
        ),
        Bounds::Bare(one) | Bounds::Exactly(one) => {
            let all = items(one.text).into_iter().map(|(_, text)| {
                let plain = unquote(text);
                let number = plain.parse().ok().filter(|_| !text.starts_with('"'));
                (Needle::new(plain), number)
            });
            Wanted::Equal(all.collect())
        }
    })
}
