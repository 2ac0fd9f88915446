//! `roundtrip pair`: rules and a trace in, one verdict a message out. Nobody is connected to.

use crate::cli::args::{PairArgs, PayloadFile};
use crate::cli::exit::ExitCode;
use crate::cli::stop::Stop;
use crate::cli::{out, resolve};
use crate::model::pairing::{
    self, Explanation, FileError, Format, NearMiss, Pair, Presence, Reason, Role, Rule, Rules,
    Sample, Trial, Value, Verdict, read_rules_of, read_traces,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// More mistakes of one file are counted and not told.
const MAX_TOLD: usize = 20;

pub fn run(args: &PairArgs) -> Result<ExitCode, Stop> {
    let from_stdin = args.rules.iter().chain([&args.trace]);
    if from_stdin.filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Stop::usage(
            "stdin can be read once, and `-` is given twice",
            "put the rules or the trace into a file",
        ));
    }
    let rules = rules(args)?;
    for trace in traces(args)? {
        let mut trial = Trial::new(rules.clone());
        for (number, sample) in trace.iter().enumerate() {
            let line = if args.json {
                json(number, sample, &trial.explain(sample))
            } else {
                trial.judge(sample).0.to_string()
            };
            out::line(&line)?;
        }
    }
    Ok(ExitCode::Answered)
}

/// All rules of all files, in their order; the shipped ones where no file is named.
fn rules(args: &PairArgs) -> Result<Rules, Stop> {
    if args.rules.is_empty() {
        return Ok(Rules::shipped());
    }
    let mut all: Vec<Rule> = Vec::new();
    for path in &args.rules {
        let text = text(path)?;
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let stem = stem.filter(|stem| *stem != "-").unwrap_or_default();
        let read = read_rules_of(&text, format_of(path, &text), stem);
        for rule in read.map_err(|errors| wrong(path, &errors, RULES_HINT))? {
            if all.iter().any(|other| other.id == rule.id) {
                return Err(Stop::usage(
                    format!(
                        "{}: another file before it has a rule `{}`",
                        path.display(),
                        rule.id
                    ),
                    "give it another id, or leave one of the files out",
                ));
            }
            all.push(rule);
        }
    }
    Ok(Rules::new(all))
}

fn traces(args: &PairArgs) -> Result<Vec<Vec<Sample>>, Stop> {
    let text = text(&args.trace)?;
    let hint = "a message is an object with topic and perhaps resp, corr, user, ctype, retain, expiry, and json or text";
    read_traces(&text).map_err(|errors| wrong(&args.trace, &errors, hint))
}

const RULES_HINT: &str = "`roundtrip pair --help` shows a rule";

fn text(path: &Path) -> Result<String, Stop> {
    let file = if path.as_os_str() == "-" {
        PayloadFile::Stdin
    } else {
        PayloadFile::File(path)
    };
    String::from_utf8(resolve::payload(file)?).map_err(|err| {
        let at = err.utf8_error().valid_up_to() + 1;
        let text = format!(
            "{}: byte {at} is no UTF-8, so it is neither JSON nor TOML",
            path.display()
        );
        Stop::usage(text, "")
    })
}

/// By the name of the file; where that says nothing, by what is in it.
fn format_of(path: &Path, text: &str) -> Format {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("toml") => Format::Toml,
        Some("json") => Format::Json,
        _ => pairing::format_of(text),
    }
}

/// Every mistake as `file:line:column: rule, field: what`.
fn wrong(path: &Path, errors: &[FileError], hint: &str) -> Stop {
    let mut lines: Vec<String> = errors
        .iter()
        .take(MAX_TOLD)
        .map(|err| format!("{}:{err}", path.display()))
        .collect();
    if let Some(more) = errors.len().checked_sub(MAX_TOLD).filter(|more| *more > 0) {
        lines.push(format!("{}: and {more} more", path.display()));
    }
    Stop::usage(lines.join("\n       "), hint)
}

#[derive(Serialize)]
struct Line<'a> {
    message: usize,
    topic: &'a str,
    verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<&'a str, Vec<String>>,
    /// What it answers, or would answer if it were not retained.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replies_to: Vec<ReplyTo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    near_miss: Option<Near<'a>>,
    /// Why it is none of these, by each rule whose topic it fits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Why<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    presence: Vec<Who<'a>>,
}

#[derive(Serialize)]
struct Why<'a> {
    rule: &'a str,
    role: &'static str,
    request: Option<u64>,
    text: &'a str,
}

#[derive(Serialize)]
struct ReplyTo<'a> {
    request: u64,
    outcome: &'static str,
    code: Option<&'a str>,
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Near<'a> {
    request: u64,
    rule: &'a str,
    variable: &'a str,
    /// Empty where it is absent.
    request_values: Vec<String>,
    message_values: Vec<String>,
}

#[derive(Serialize)]
struct Who<'a> {
    rule: &'a str,
    online: bool,
    device: BTreeMap<&'a str, Vec<String>>,
}

fn json(number: usize, sample: &Sample, explanation: &Explanation) -> String {
    let Explanation {
        verdict,
        presence,
        reasons,
    } = explanation;
    let pairs: &[Pair] = match verdict {
        Verdict::Reply(pairs) => pairs,
        Verdict::Further(pair) | Verdict::Stale(pair) => std::slice::from_ref(pair),
        Verdict::Request { .. } | Verdict::Nothing(_) => &[],
    };
    let first = pairs.first();
    let (rule, variables) = match verdict {
        Verdict::Request { rule, variables } => (Some(&**rule), named(variables)),
        _ => (
            first.map(|pair| &*pair.rule),
            first.map(|pair| named(&pair.variables)).unwrap_or_default(),
        ),
    };
    let line = Line {
        message: number,
        topic: sample.message.topic.as_str(),
        verdict: verdict.to_string(),
        rule,
        variables,
        replies_to: pairs.iter().map(reply_to).collect(),
        near_miss: match verdict {
            Verdict::Nothing(miss) => miss.as_ref().map(near),
            _ => None,
        },
        reasons: reasons.iter().map(why).collect(),
        presence: presence.iter().map(who).collect(),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

fn reply_to(pair: &Pair) -> ReplyTo<'_> {
    ReplyTo {
        request: pair.id.0,
        outcome: pair.status.outcome.word(),
        code: pair.status.code.as_deref(),
        text: pair.status.message.as_deref(),
    }
}

fn near(miss: &NearMiss) -> Near<'_> {
    Near {
        request: miss.id.0,
        rule: &miss.rule,
        variable: &miss.variable,
        request_values: texts(&miss.wanted),
        message_values: texts(&miss.found),
    }
}

fn why(reason: &Reason) -> Why<'_> {
    Why {
        rule: &reason.rule,
        role: match reason.role {
            Role::Request => "request",
            Role::Reply => "reply",
        },
        request: reason.request.map(|id| id.0),
        text: &reason.text,
    }
}

fn who(presence: &Presence) -> Who<'_> {
    Who {
        rule: &presence.rule,
        online: presence.is_online,
        device: named(&presence.who),
    }
}

fn named(variables: &[(Arc<str>, Vec<Value>)]) -> BTreeMap<&str, Vec<String>> {
    let pairs = variables.iter();
    pairs
        .map(|(name, values)| (&**name, texts(values)))
        .collect()
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
