//! `roundtrip pair`: rules and a trace in, one verdict a message out. Nobody is connected to.

use crate::cli::args::PairArgs;
use crate::cli::exit::ExitCode;
use crate::cli::stop::Stop;
use crate::cli::{out, rules};
use crate::model::pairing::{
    Explanation, NearMiss, Pair, Presence, Reason, Role, Rules, Sample, Trial, Value, Verdict,
    read_traces,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

pub fn run(args: &PairArgs) -> Result<ExitCode, Stop> {
    let from_stdin = args.rules.iter().chain([&args.trace]);
    if from_stdin.filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Stop::usage(
            "stdin can be read once, and `-` is given twice",
            "put the rules or the trace into a file",
        ));
    }
    let rules = active(args)?;
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
fn active(args: &PairArgs) -> Result<Rules, Stop> {
    if args.rules.is_empty() {
        return Ok(Rules::shipped());
    }
    Ok(Rules::new(rules::of_files(&args.rules)?))
}

fn traces(args: &PairArgs) -> Result<Vec<Vec<Sample>>, Stop> {
    let text = rules::text(&args.trace)?;
    let hint = "a message is an object with topic and perhaps resp, corr, user, ctype, retain, expiry, and json or text";
    read_traces(&text).map_err(|errors| rules::wrong(&args.trace, &errors, hint))
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
