//! A test as text for people and as JSON for scripts. Nothing secret is in it: nothing secret is in a diagnosis.

use super::{Diagnosis, State, StepReport, said};
use crate::model::profile::BrokerAddress;
use crate::model::text;
use crate::model::time::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Columns of what comes before the words.
const INDENT: usize = 36;

/// What brokers, proxies and certificates say is their own: a line feed in it would make lines that look like those of the
/// test, and an escape sequence would take the terminal over.
pub fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{b7}' } else { c };
    text.chars().map(shown).collect()
}

/// One step in one line and, where there is more to say, more of them.
pub fn line(report: &StepReport) -> String {
    let took = report.took.map(text::duration).unwrap_or_default();
    let head = format!(
        "{:<8} {:<16}{took:>9}",
        report.state.word(),
        report.step.title()
    );
    let words = match &report.problem {
        Some(problem) => &*problem.summary,
        None => &report.found,
    };
    let words = plain(words);
    let mut text = format!("{head}  {words}").trim_end().to_owned();
    let indent = " ".repeat(INDENT);
    let mut add = |label: &str, words: &str| {
        if !words.is_empty() {
            // Writing to a string does not fail.
            write!(text, "\n{indent}{label}{}", plain(words)).unwrap_or_default();
        }
    };
    if let Some(problem) = &report.problem {
        add("what to do: ", &problem.hint);
        add("said: ", &problem.detail);
        add("", &report.found);
    }
    for unusual in &report.unusual {
        add("unusual: ", &unusual.text);
        add("         ", &unusual.hint);
    }
    text
}

/// Everything, to be pasted where help is asked for.
pub fn text(diagnosis: &Diagnosis, name: &str, address: &BrokerAddress, now: Timestamp) -> String {
    let mut whole = format!(
        "Test of the connection {} ({address}), {}\n{}\n\n",
        plain(name),
        text::iso(now),
        plain(&diagnosis.verdict())
    );
    for report in &diagnosis.steps {
        whole.push_str(&line(report));
        whole.push('\n');
        for detail in &report.details {
            let indent = " ".repeat(INDENT);
            let (name, value) = (plain(&detail.name), plain(&detail.value));
            writeln!(whole, "{indent}{name}: {value}").unwrap_or_default();
        }
    }
    if let Some(tls) = &diagnosis.tls {
        for (index, one) in tls.chain.iter().enumerate() {
            writeln!(whole, "\nCertificate {}", index + 1).unwrap_or_default();
            for detail in said::certificate(one, now) {
                let value = plain(&detail.value);
                writeln!(whole, "  {:<9} {value}", detail.name).unwrap_or_default();
            }
        }
    }
    without_query(whole, address)
}

/// What follows the path of a WebSocket may be a token.
pub fn without_query(text: String, address: &BrokerAddress) -> String {
    match address {
        BrokerAddress::Tcp { path, .. } => match path.split_once('?') {
            Some((_, query)) if !query.is_empty() => text.replace(query, "•••"),
            _ => text,
        },
        _ => text,
    }
}

/// One step, for scripts.
pub fn json(report: &StepReport) -> Value {
    let details: Vec<Value> = report
        .details
        .iter()
        .map(|one| json!({"name": one.name, "value": one.value}))
        .collect();
    let unusual: Vec<Value> = report
        .unusual
        .iter()
        .map(|one| json!({"text": one.text, "hint": one.hint}))
        .collect();
    let mut value = json!({
        "step": report.step.word(),
        "state": report.state.word(),
        "took_ms": report.took.map(|took| took.as_secs_f64() * 1e3),
        "found": report.found,
        "details": details,
        "unusual": unusual,
    });
    if let (Some(problem), Some(map)) = (&report.problem, value.as_object_mut()) {
        let reason = problem.reason.as_ref();
        let problem = json!({
            "summary": &*problem.summary,
            "hint": &*problem.hint,
            "detail": &*problem.detail,
            "reason_code": reason.map(|it| it.code),
            "reason": reason.map(|it| &*it.text),
        });
        map.insert("problem".to_owned(), problem);
    }
    value
}

/// How it ended, for scripts.
pub fn json_end(diagnosis: &Diagnosis, remedies: &[String]) -> Value {
    let all = |state: State| -> Vec<&str> {
        let steps = diagnosis.steps.iter().filter(|it| it.state == state);
        steps.map(|it| it.step.word()).collect()
    };
    json!({
        "verdict": diagnosis.verdict(),
        "failed": all(State::Failed),
        "warnings": all(State::Warning),
        "skipped": all(State::Skipped),
        "remedies": remedies,
    })
}
