//! Pairing rules of the command line: those of files, those of the workspace, and the shipped ones.

use crate::cli::args::PayloadFile;
use crate::cli::exit::ExitCode;
use crate::cli::stop::Stop;
use crate::cli::{out, resolve};
use crate::model::pairing::{self, FileError, Format, Rule, Rules, read_rules_of};
use crate::store::{RuleText, Workspace};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// More mistakes of one file are counted and not told.
const MAX_TOLD: usize = 20;

const HINT: &str = "`roundtrip pair --help` shows a rule";

/// The rules of the files in their order; then those of the workspace; then the shipped ones.
pub fn active(files: &[PathBuf], workspace: Option<&Path>) -> Result<Rules, Stop> {
    let mut own = of_files(files)?;
    for rule in of_workspace(workspace) {
        if own.iter().all(|other| other.id != rule.id) {
            own.push(rule);
        }
    }
    Ok(Rules::with_own(own))
}

/// All rules of all files, in their order.
pub fn of_files(files: &[PathBuf]) -> Result<Vec<Rule>, Stop> {
    let mut all: Vec<Rule> = Vec::new();
    for path in files {
        let text = text(path)?;
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let stem = stem.filter(|stem| *stem != "-").unwrap_or_default();
        let read = read_rules_of(&text, format_of(path, &text), stem);
        for rule in read.map_err(|errors| wrong(path, &errors, HINT))? {
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
    Ok(all)
}

/// Those that are valid; what is wrong with the others is said and stops nobody.
fn of_workspace(folder: Option<&Path>) -> Vec<Rule> {
    let Ok(workspace) = Workspace::open(folder.map(Path::to_owned)) else {
        return Vec::new();
    };
    let mut rules = Vec::new();
    for stored in workspace.load::<RuleText>().items {
        match read_rules_of(stored.draft.text(), Format::Toml, &stored.id) {
            Ok(read) => rules.extend(read),
            Err(errors) => {
                for err in errors.iter().take(1) {
                    out::say(&format!("rules/{}.toml is left out: {err}", stored.id));
                }
            }
        }
    }
    rules
}

/// A line of `roundtrip rules --json`.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    title: &'a str,
    group: &'a str,
    request_topic: &'a str,
}

/// `roundtrip rules`: which there are, in the order in which they are tried.
pub fn list(files: &[PathBuf], workspace: Option<&Path>, as_json: bool) -> Result<ExitCode, Stop> {
    let rules = active(files, workspace)?;
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules.iter() {
        let source: Value = serde_json::from_str(rule.source()).unwrap_or_default();
        let topic = source.pointer("/request/topic").and_then(Value::as_str);
        let line = Line {
            id: &rule.id,
            title: &rule.title,
            group: &rule.group,
            request_topic: topic.unwrap_or_default(),
        };
        out::line(&if as_json {
            serde_json::to_string(&line).unwrap_or_default()
        } else {
            let Line { id, title, .. } = line;
            format!(
                "{id:<width$}  {:<14}  {title}: {}",
                line.group, line.request_topic
            )
        })?;
    }
    Ok(ExitCode::Answered)
}

/// A file of rules or of a trace, as text.
pub fn text(path: &Path) -> Result<String, Stop> {
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
pub fn wrong(path: &Path, errors: &[FileError], hint: &str) -> Stop {
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
