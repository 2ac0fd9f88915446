//! The editor of a pairing rule: its text, what is wrong with it, and a bench where it is tried on messages.
//!
//! Both are judged when one of them has changed, not for each frame.

use crate::app::rows::Tone;
use crate::app::rules::compile;
use crate::model::pairing::{
    Explanation, FileError, Pair, Rule, Rules, Sample, Trial, Variables, Verdict, read_trace,
    sample_to_json,
};
use crate::model::payload;
use crate::model::timeline::Row;
use crate::store::RuleText;

/// What a new rule begins as.
const TEMPLATE: &str = r#"# A {name} in a topic binds a variable. A reply answers the oldest open
# request with the same values of the variables that both bind.
id = "my-rule"
title = "My rule"

[request]
topic = "devices/{device}/request/{id}"

[reply]
topic = "devices/{device}/response/{id}"

# An id in the payload is bound by where it is:
#   [request.bind]
#   id = "json:/id"
#   [reply.bind]
#   id = "json:/id"

[status]
error = [["json:/error", "exists"]]
message = "json:/error"
"#;

/// Messages that it is tried on.
const SAMPLES: &str = r#"[
{"topic": "devices/lamp/request/7", "json": {"power": "on"}},
{"topic": "devices/lamp/response/8", "json": {"power": "on"}},
{"topic": "devices/lamp/response/7", "json": {"error": "no power"}}
]"#;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BenchPane {
    #[default]
    Verdicts,
    Messages,
}

/// What was made of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenchRow {
    pub number: usize,
    pub topic: String,
    pub payload: String,
    /// `device = lamp, id = 7`.
    pub bound: String,
    pub verdict: String,
    pub tone: Tone,
    /// What stands in the way of an answer.
    pub reasons: Vec<String>,
}

#[derive(Debug)]
struct Checked {
    text: String,
    trace: String,
    errors: Vec<FileError>,
    trace_errors: Vec<FileError>,
    variables: Vec<String>,
    rows: Vec<BenchRow>,
}

#[derive(Debug)]
pub struct RuleDialog {
    /// None for a new one.
    pub file: Option<String>,
    pub text: String,
    original: String,
    /// The messages of the bench, in the notation of `roundtrip pair`.
    pub trace: String,
    pub pane: BenchPane,
    /// It was to be closed while something is not saved.
    pub asks: bool,
    /// The ids of the workspace's other rules.
    others: Vec<String>,
    checked: Option<Checked>,
}

impl RuleDialog {
    /// For an existing rule, or with the text of one that is in no file yet.
    pub fn new(file: Option<String>, text: String, others: Vec<String>) -> Self {
        let original = if file.is_some() {
            text.clone()
        } else {
            String::new()
        };
        Self {
            file,
            text,
            original,
            trace: String::new(),
            pane: BenchPane::default(),
            asks: false,
            others,
            checked: None,
        }
    }

    pub fn template(others: Vec<String>) -> Self {
        let id = free_id("my-rule", &others);
        let text = RuleText::new(TEMPLATE).renamed(&id, "My rule");
        let mut dialog = Self::new(None, text, others);
        // What nobody typed need not be asked about.
        dialog.original.clone_from(&dialog.text);
        SAMPLES.clone_into(&mut dialog.trace);
        dialog
    }

    pub fn is_dirty(&self) -> bool {
        self.text != self.original
    }

    pub fn rule_text(&self) -> RuleText {
        RuleText::new(self.text.as_str())
    }

    /// Judges what has changed.
    pub fn check(&mut self) {
        let is_current = self
            .checked
            .as_ref()
            .is_some_and(|checked| checked.text == self.text && checked.trace == self.trace);
        if !is_current {
            self.checked = Some(self.judged());
        }
    }

    fn judged(&self) -> Checked {
        let mut checked = Checked {
            text: self.text.clone(),
            trace: self.trace.clone(),
            errors: Vec::new(),
            trace_errors: Vec::new(),
            variables: Vec::new(),
            rows: Vec::new(),
        };
        let samples = match samples(&self.trace) {
            Ok(samples) => samples,
            Err(errors) => {
                checked.trace_errors = errors;
                Vec::new()
            }
        };
        let stem = self.file.as_deref().unwrap_or("rule");
        match compile(stem, &self.rule_text(), &self.others) {
            Ok(rule) => {
                checked.variables = variables(&rule);
                checked.rows = rows(rule, &samples);
            }
            Err(errors) => checked.errors = errors,
        }
        checked
    }

    pub fn errors(&self) -> &[FileError] {
        self.checked.as_ref().map_or(&[], |checked| &checked.errors)
    }

    pub fn trace_errors(&self) -> &[FileError] {
        let checked = self.checked.as_ref();
        checked.map_or(&[], |checked| &checked.trace_errors)
    }

    /// Each variable with where it sits.
    pub fn variables(&self) -> &[String] {
        let checked = self.checked.as_ref();
        checked.map_or(&[], |checked| &checked.variables)
    }

    pub fn rows(&self) -> &[BenchRow] {
        self.checked.as_ref().map_or(&[], |checked| &checked.rows)
    }

    /// Puts the messages of a row of the timeline on the bench, in the order in which they came.
    pub fn add(&mut self, row: &Row) -> Result<(), String> {
        let mut all = samples(&self.trace).map_err(|errors| {
            let first = errors.first().map(ToString::to_string).unwrap_or_default();
            format!("the messages that are there cannot be read: {first}")
        })?;
        let sample = |message: &crate::model::message::Message| Sample {
            message: message.clone(),
            packet_id: None,
        };
        all.push(sample(row.message()));
        if let Row::Exchange(exchange) = row {
            let replies = exchange.replies.iter();
            all.extend(replies.map(|reply| sample(&reply.message)));
        }
        let lines: Vec<String> = all.iter().map(sample_to_json).collect();
        self.trace = format!("[\n{}\n]", lines.join(",\n"));
        self.pane = BenchPane::Verdicts;
        Ok(())
    }
}

/// An id like `id` that no other rule has.
pub fn free_id(id: &str, others: &[String]) -> String {
    let mut free = id.to_owned();
    let mut number = 2;
    while others.contains(&free) {
        free = format!("{id}-{number}");
        number += 1;
    }
    free
}

fn samples(trace: &str) -> Result<Vec<Sample>, Vec<FileError>> {
    if trace.trim().is_empty() {
        return Ok(Vec::new());
    }
    read_trace(trace)
}

fn variables(rule: &Rule) -> Vec<String> {
    let places = |places: &[String]| {
        if places.is_empty() {
            "–".to_owned()
        } else {
            places.join(", ")
        }
    };
    rule.variables()
        .iter()
        .map(|info| {
            format!(
                "{}: {} → {}",
                info.name,
                places(&info.where_in_request),
                places(&info.where_in_reply)
            )
        })
        .collect()
}

fn rows(rule: Rule, samples: &[Sample]) -> Vec<BenchRow> {
    let mut trial = Trial::new(Rules::from(rule));
    samples
        .iter()
        .enumerate()
        .map(|(number, sample)| {
            let explained = trial.explain(sample);
            let (verdict, tone) = verdict_words(&explained);
            BenchRow {
                number,
                topic: sample.message.topic.to_string(),
                payload: payload::preview(&sample.message.payload, 120),
                bound: bound(&explained.verdict),
                verdict,
                tone,
                reasons: reasons(&explained),
            }
        })
        .collect()
}

fn verdict_words(explained: &Explanation) -> (String, Tone) {
    let each = |pairs: &[Pair]| -> String {
        let words: Vec<String> = pairs.iter().map(outcome).collect();
        words.join(", ")
    };
    let is_error = |pair: &Pair| pair.status.outcome.word() == "error";
    let is_progress = |pair: &Pair| pair.status.outcome.word() == "progress";
    match &explained.verdict {
        Verdict::Request { .. } => ("Request".to_owned(), Tone::Accent),
        Verdict::Reply(pairs) => {
            let tone = if pairs.iter().any(is_error) {
                Tone::Failed
            } else if pairs.iter().all(is_progress) {
                Tone::Waiting
            } else {
                Tone::Answered
            };
            (format!("Reply to {}", each(pairs)), tone)
        }
        Verdict::Further(pair) => (format!("Further reply to {}", outcome(pair)), Tone::Late),
        Verdict::Stale(pair) => (
            format!("Stale: retained, or it would answer #{}", pair.id.0),
            Tone::Unmatched,
        ),
        Verdict::Nothing(_) => match explained.presence.first() {
            Some(presence) => {
                let who: Vec<String> = presence
                    .who
                    .iter()
                    .filter_map(|(_, values)| values.first().map(ToString::to_string))
                    .collect();
                let state = if presence.is_online {
                    "online"
                } else {
                    "offline"
                };
                (
                    format!("Presence: {} {state}", who.join("/")),
                    Tone::Neutral,
                )
            }
            None => ("Nothing".to_owned(), Tone::Unmatched),
        },
    }
}

/// `#0: error 404: not found`.
fn outcome(pair: &Pair) -> String {
    let status = &pair.status;
    let mut words = format!("#{}: {}", pair.id.0, status.outcome.word());
    if let Some(code) = &status.code {
        words.extend([" ", code]);
    }
    if let Some(message) = &status.message {
        words.extend([": ", message]);
    }
    payload::preview(words.as_bytes(), 120)
}

fn bound(verdict: &Verdict) -> String {
    let variables: &Variables = match verdict {
        Verdict::Request { variables, .. } => variables,
        Verdict::Reply(pairs) => match pairs.first() {
            Some(pair) => &pair.variables,
            None => return String::new(),
        },
        Verdict::Further(pair) | Verdict::Stale(pair) => &pair.variables,
        Verdict::Nothing(_) => return String::new(),
    };
    let words: Vec<String> = variables
        .iter()
        .map(|(name, values)| {
            let values: Vec<String> = values
                .iter()
                .take(4)
                .map(|value| payload::preview(value.to_string().as_bytes(), 60))
                .collect();
            format!("{name} = {}", values.join(" or "))
        })
        .collect();
    words.join(", ")
}

fn reasons(explained: &Explanation) -> Vec<String> {
    const MOST: usize = 4;
    if !explained.presence.is_empty() {
        return Vec::new();
    }
    let mut words: Vec<String> = explained
        .reasons
        .iter()
        .take(MOST)
        .map(|reason| match reason.request {
            Some(request) => format!("No reply to #{}: {}", request.0, reason.text),
            None => match reason.role {
                crate::model::pairing::Role::Request => format!("No request: {}", reason.text),
                crate::model::pairing::Role::Reply => format!("No reply: {}", reason.text),
            },
        })
        .collect();
    if words.is_empty() && matches!(explained.verdict, Verdict::Nothing(_)) {
        words.push("Its topic is neither that of requests nor that of replies.".to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_rule_shows_on_its_samples_what_pairs_and_why_not() {
        let mut dialog = RuleDialog::template(vec!["my-rule".to_owned()]);
        dialog.check();
        assert!(!dialog.is_dirty());
        assert_eq!(dialog.errors(), []);
        assert!(
            dialog.text.contains("id = \"my-rule-2\""),
            "{}",
            dialog.text
        );
        assert!(dialog.text.starts_with("# A {name}"), "{}", dialog.text);
        let rows: Vec<(&str, &str)> = dialog
            .rows()
            .iter()
            .map(|row| (row.verdict.as_str(), row.bound.as_str()))
            .collect();
        assert_eq!(
            rows,
            [
                ("Request", "device = lamp, id = 7"),
                ("Nothing", ""),
                ("Reply to #0: error: no power", "device = lamp, id = 7"),
            ]
        );
        let why = dialog.rows()[1].reasons.join(" ");
        assert!(
            why.contains("#0") && why.contains('7') && why.contains('8'),
            "{why}"
        );
        assert!(
            dialog
                .variables()
                .contains(&"id: topic level 4 → topic level 4".to_owned()),
            "{:?}",
            dialog.variables()
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_field_and_the_bench_waits() {
        let mut dialog = RuleDialog::template(Vec::new());
        dialog.text = dialog.text.replace("response/{id}", "response/{id");
        dialog.check();
        assert!(dialog.is_dirty());
        let error = &dialog.errors()[0];
        assert_eq!(error.field, "reply.topic");
        let line = dialog.text.lines().nth(error.line - 1).unwrap();
        assert!(line.contains("response/{id"), "{error:?} {line}");
        assert_eq!(dialog.rows(), []);
    }

    #[test]
    fn messages_that_cannot_be_read_are_told_apart_from_the_rule() {
        let mut dialog = RuleDialog::template(Vec::new());
        dialog.trace = "[{\"topc\": 1}]".to_owned();
        dialog.check();
        assert_eq!(dialog.errors(), []);
        assert!(!dialog.trace_errors().is_empty());
    }

    #[test]
    fn an_id_that_another_rule_has_is_refused() {
        let mut dialog = RuleDialog::template(vec!["taken".to_owned()]);
        dialog.text = dialog.text.replace("my-rule", "taken");
        dialog.check();
        assert_eq!(
            (dialog.errors()[0].field.as_str(), dialog.errors()[0].line),
            ("id", 3)
        );
    }
}
