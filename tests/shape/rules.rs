//! The house rules as data, and the check of one file against them.

use crate::source::{Path, Source};

/// Which rooms a room may use, besides itself.
pub const EDGES: [(&str, &[&str]); 11] = [
    ("model", &[]),
    ("clock", &["model"]),
    ("mqtt", &["model", "clock"]),
    ("tcp", &["model", "clock"]),
    ("broker", &["model"]),
    ("device", &["model", "mqtt", "tcp"]),
    ("store", &["model"]),
    ("session", &["model", "mqtt", "tcp", "broker", "device"]),
    ("app", &["model", "session", "store"]),
    ("ui", &["model", "app"]),
    ("cli", &["model", "session", "store"]),
];
/// What `main.rs` may use.
const MAIN_USES: [&str; 3] = ["app", "ui", "cli"];

/// What only some rooms may name. A single word is a crate, also where it stands alone in a `use`.
const RESERVED: [(&[&str], &[&str]); 15] = [
    (&["rumqttc"], &["mqtt"]),
    (&["rumqttc_v4"], &["mqtt"]),
    (&["mqtt5"], &["broker"]),
    (&["egui"], &["ui"]),
    (&["eframe"], &["ui"]),
    (&["lucide_icons"], &["ui"]),
    (&["std", "fs"], &["store"]),
    (&["tokio", "fs"], &["store"]),
    (&["tempfile"], &["store"]),
    (&["rusqlite"], &["store"]),
    (&["keyring"], &["store"]),
    (&["directories"], &["store"]),
    (&["clap"], &["cli"]),
    (&["std", "io", "stdout"], &["cli", "main"]),
    (&["std", "io", "stderr"], &["cli", "main"]),
];
const PRINTING: [&str; 5] = ["println", "print", "eprintln", "eprint", "dbg"];
const MAY_PRINT: [&str; 2] = ["cli", "main"];

/// What the model never names: it has no world around it.
const NOT_IN_MODEL: [&[&str]; 9] = [
    &["std", "net"],
    &["std", "thread"],
    &["std", "process"],
    &["std", "env"],
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
    &["tokio"],
    &["chrono", "Utc", "now"],
    &["chrono", "Local", "now"],
];
/// The same when imported under another path.
const NOT_IN_MODEL_AS_WORDS: [&str; 2] = ["Instant", "SystemTime"];

pub const MAX_MAIN_LINES: usize = 60;
pub const MAX_MODULE_DOC_LINES: usize = 15;

/// Everything that is wrong with one file of `room` ("main" for main.rs), as "line: what".
pub fn violations(text: &str, module: &[String], room: &str) -> Vec<String> {
    let source = Source::read(text, module);
    let mut wrong: Vec<_> = source
        .paths
        .iter()
        .filter_map(|path| Some((path, judge(path, room)?)))
        .map(|(path, what)| format!("{}: {what}", path.line))
        .collect();
    let doc_lines = text
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .count();
    if doc_lines > MAX_MODULE_DOC_LINES {
        wrong.push(format!(
            "1: the module doc has {doc_lines} lines, more than {MAX_MODULE_DOC_LINES}"
        ));
    }
    if room == "main" && text.lines().count() >= MAX_MAIN_LINES {
        wrong.push(format!(
            "{MAX_MAIN_LINES}: main.rs has to stay under {MAX_MAIN_LINES} lines"
        ));
    }
    wrong
}

fn judge(path: &Path, room: &str) -> Option<String> {
    let name = path.segments.join("::");
    if path.starts_with(&["crate"]) || path.starts_with(&["roundtrip"]) {
        return judge_edge(path, room);
    }
    if path.is_macro
        && path
            .segments
            .last()
            .is_some_and(|last| PRINTING.contains(&last.as_str()))
    {
        return (!MAY_PRINT.contains(&room)).then(|| format!("`{room}` must not print ({name}!)"));
    }
    for (prefix, rooms) in RESERVED {
        // A lone word may be a local name; only a `use` or a longer path names a crate.
        if path.starts_with(prefix)
            && (path.segments.len() > 1 || path.in_use)
            && !rooms.contains(&room)
        {
            return Some(format!(
                "`{name}` belongs to {}, not to `{room}`",
                rooms.join(" and ")
            ));
        }
    }
    let is_worldly = NOT_IN_MODEL.iter().any(|prefix| path.starts_with(prefix))
        || path
            .segments
            .iter()
            .any(|segment| NOT_IN_MODEL_AS_WORDS.contains(&segment.as_str()));
    (room == "model" && is_worldly)
        .then(|| format!("the model has no world around it, so no `{name}`"))
}

fn judge_edge(path: &Path, room: &str) -> Option<String> {
    let used = path.segments.get(1)?.as_str();
    if used == room || used == "in" {
        return None;
    }
    let allowed = match room {
        "main" => &MAIN_USES[..],
        _ => EDGES
            .iter()
            .find(|(name, _)| *name == room)
            .map_or(&[][..], |(_, uses)| uses),
    };
    if allowed.contains(&used) {
        return None;
    }
    Some(format!(
        "`{room}` must not use `{used}` ({})",
        path.segments.join("::")
    ))
}
