//! Reads the sources and enforces the shape of the house (ARCHITECTURE.md, "Edges").
#![expect(clippy::expect_used, reason = "a test may fail")]

mod rules;
mod source;

use rules::{EDGES, violations};
use source::Source;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

struct File {
    path: PathBuf,
    text: String,
    /// `["mqtt", "client"]` for `src/mqtt/client.rs`.
    module: Vec<String>,
}

impl File {
    /// The first part of the module's path; "main" and "lib" for the two roots.
    fn room(&self) -> String {
        let root = || {
            self.path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        self.module.first().cloned().unwrap_or_else(root)
    }
}

/// All files under src, without those that are only compiled for tests.
fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be read") {
            let path = entry.expect("src can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(&root).expect("a path below src");
                let mut module: Vec<String> = below
                    .with_extension("")
                    .iter()
                    .map(|part| part.to_string_lossy().into_owned())
                    .collect();
                if matches!(
                    module.last().map(String::as_str),
                    Some("mod" | "main" | "lib")
                ) {
                    module.pop();
                }
                let text = fs::read_to_string(&path).expect("a source file can be read");
                files.push(File { path, text, module });
            }
        }
    }
    let tests: BTreeSet<Vec<String>> = files
        .iter()
        .flat_map(|file| {
            Source::read(&file.text, &file.module)
                .test_modules
                .into_iter()
                .map(|name| file.module.iter().cloned().chain([name]).collect())
        })
        .collect();
    files.retain(|file| !(1..=file.module.len()).any(|end| tests.contains(&file.module[..end])));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The violations in `text`, taken as src/<room>/part.rs.
fn violations_in(room: &str, text: &str) -> Vec<String> {
    violations(text, &[room.to_owned(), "part".to_owned()], room)
}

#[test]
fn every_file_keeps_to_the_edges_and_rules_of_its_room() {
    let mut wrong = Vec::new();
    let files = sources();
    assert!(files.len() > 10, "the sources were not found");
    for file in files.iter().filter(|file| file.room() != "lib") {
        for violation in violations(&file.text, &file.module, &file.room()) {
            wrong.push(format!("{}:{violation}", file.path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "the house is out of shape:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_folder_of_src_is_a_known_room() {
    let rooms: BTreeSet<_> = EDGES.iter().map(|(room, _)| (*room).to_owned()).collect();
    for file in sources() {
        let room = file.room();
        let known = rooms.contains(&room) || room == "main" || room == "lib";
        assert!(
            known,
            "{}: `{room}` is no room of the house",
            file.path.display()
        );
    }
}

#[test]
fn the_library_root_holds_its_doc_and_its_list_of_rooms_and_nothing_else() {
    let files = sources();
    let lib = files
        .iter()
        .find(|file| file.room() == "lib")
        .expect("src/lib.rs");
    for line in lib.text.lines().map(str::trim) {
        let is_room = line
            .strip_prefix("pub mod ")
            .and_then(|rest| rest.strip_suffix(';'));
        let is_plain = line.is_empty() || line.starts_with("//") || is_room.is_some();
        assert!(is_plain, "src/lib.rs: `{line}` belongs into a room");
    }
}

#[test]
fn the_edges_have_no_cycle() {
    // Every room is listed after the rooms that it uses.
    for (index, (room, uses)) in EDGES.iter().enumerate() {
        for used in *uses {
            let position = EDGES.iter().position(|(name, _)| name == used);
            assert!(
                position.is_some_and(|position| position < index),
                "{room} uses {used}, which comes later"
            );
        }
    }
}

#[test]
fn forbidden_edges_are_caught_in_every_spelling() {
    for (room, text) in [
        ("model", "use crate::mqtt::Client;"),
        ("model", "use crate::{model, mqtt};"),
        (
            "model",
            "use crate::{\n  model::{self, topic},\n  mqtt::{Client as C},\n};",
        ),
        ("model", "fn f() { crate::mqtt::start() }"),
        ("model", "fn f(client: &super::super::mqtt::Client) {}"),
        (
            "model",
            "mod inner { use super::super::super::mqtt::Client; }",
        ),
        ("model", "use self::super::super::mqtt;"),
        ("model", "pub use crate::*;"),
        ("mqtt", "use crate::broker::Broker;"),
        ("broker", "use crate::mqtt::Client;"),
        ("store", "use crate::session::Session;"),
        ("device", "use crate::broker::Broker;"),
        ("session", "use crate::store::Workspace;"),
        ("tcp", "use crate::mqtt::Client;"),
        ("app", "use crate::mqtt::Client;"),
        ("ui", "use crate::session::Session;"),
        ("ui", "fn f() -> Vec<crate::store::Workspace> {}"),
        ("cli", "use crate::app::App;"),
        ("main", "use roundtrip::session::Session;"),
    ] {
        assert_eq!(
            violations_in(room, text).len(),
            1,
            "{room}: {text}: {:?}",
            violations_in(room, text)
        );
    }
}

#[test]
fn what_belongs_to_another_room_is_caught() {
    for (room, text) in [
        ("app", "use rumqttc::v5::Packet;"),
        ("app", "use rumqttc as r;"),
        ("app", "fn f() { ::rumqttc::start() }"),
        ("session", "fn f(b: mqtt5::broker::MqttBroker) {}"),
        ("app", "use egui;"),
        ("app", "fn f(ui: &mut egui::Ui) {}"),
        ("cli", "use eframe::{self};"),
        ("app", "use std::{fs, thread};"),
        ("app", "fn f() { std::fs::write(a, b) }"),
        ("cli", "use std::fs::{self as files};"),
        ("session", "use keyring::Entry;"),
        ("app", "use directories::ProjectDirs;"),
        ("mqtt", "fn f() { println!(\"hello\") }"),
        ("ui", "fn f() { std::eprintln!(\"hello\") }"),
        ("model", "use std::time::{Duration, Instant};"),
        ("model", "use std::time::SystemTime as Clock;"),
        ("model", "fn f() { std::thread::sleep(d) }"),
        ("model", "use std::net::TcpStream;"),
        ("model", "async fn f() { tokio::time::sleep(d).await }"),
        (
            "model",
            "fn f<'a>(c: char) -> &'a str { if c == '\"' { std::fs::read(p) } else { \"\" } }",
        ),
        ("model", "#[cfg(not(test))] use std::fs;"),
        (
            "model",
            "#[cfg(test)] use std::fs;\nfn f() { std::fs::read(p) }",
        ),
        (
            "model",
            "#[cfg(test)] mod tests { use std::fs; }\nfn f() { std::fs::read(p) }",
        ),
    ] {
        assert_eq!(
            violations_in(room, text).len(),
            1,
            "{room}: {text}: {:?}",
            violations_in(room, text)
        );
    }
}

#[test]
fn what_a_room_may_do_is_left_alone() {
    for (room, text) in [
        (
            "model",
            "//! Never uses crate::mqtt.\n/* nor /* nested */ std::fs */ use std::time::Duration;",
        ),
        (
            "model",
            "const S: &str = \"use std::fs; println!()\"; const R: &str = r#\"\"crate::mqtt\"#;",
        ),
        (
            "model",
            "const C: char = '\"'; const D: char = '\\''; const B: &[u8] = b\"std::fs::\";",
        ),
        (
            "model",
            "use super::super::model::topic; use super::sibling; use crate::model::topic::*;",
        ),
        (
            "model",
            "pub(crate) fn f() {} pub(in crate::model) fn g() {}",
        ),
        (
            "model",
            "#[cfg(test)]\nmod tests {\n  use std::fs;\n  fn f() { println!(\"{}\", crate::mqtt::X) }\n}",
        ),
        ("model", "#[cfg(test)] #[path = \"t.rs\"] mod tests;"),
        (
            "model",
            "fn f(fs: u8) { let keyring = fs; let directories = keyring; self.egui.x(directories) }",
        ),
        (
            "mqtt",
            "use crate::model::{topic::TopicName, message::Message}; use rumqttc::v5;",
        ),
        ("broker", "use crate::model; use mqtt5::broker;"),
        ("tcp", "use crate::{clock, model};"),
        ("device", "use crate::{model, mqtt, tcp};"),
        (
            "session",
            "use crate::{broker::Broker, device, model, mqtt};",
        ),
        ("store", "use std::fs; use crate::model::profile;"),
        ("app", "use crate::{model, session, store};"),
        (
            "ui",
            "use crate::app::Action; use egui::Ui; use eframe::Frame;",
        ),
        (
            "cli",
            "use crate::{model, session, store}; fn f() { println!(\"x\"); eprintln!(\"y\") }",
        ),
        (
            "main",
            "use roundtrip::{cli, ui}; fn main() { eprintln!(\"x\") }",
        ),
    ] {
        assert_eq!(
            violations_in(room, text),
            Vec::<String>::new(),
            "{room}: {text}"
        );
    }
}

#[test]
fn a_long_main_and_a_long_module_doc_are_caught() {
    assert_eq!(violations_in("main", &"\n".repeat(60)).len(), 1);
    assert_eq!(violations_in("main", &"\n".repeat(59)).len(), 0);
    assert_eq!(violations_in("model", &"//! word\n".repeat(16)).len(), 1);
    assert_eq!(violations_in("model", &"//! word\n".repeat(15)).len(), 0);
}

#[test]
fn the_violation_names_its_line() {
    let text = "// one\n\"two\n three\";\nuse std::fs;\n";
    assert_eq!(
        violations_in("model", text),
        ["4: `std::fs` belongs to store, not to `model`"]
    );
}
