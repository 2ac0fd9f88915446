//! `roundtrip profiles import` and `export`, run as a script runs them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail tests")]

#[path = "common/program.rs"]
mod program;

use program::{Ran, roundtrip, run_with};
use std::path::{Path, PathBuf};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/foreign");

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn profiles(&self, words: &[&str], stdin: &[u8]) -> Ran {
        let workspace = self.path("workspace");
        let all: Vec<&str> = ["--workspace", &workspace, "profiles"]
            .iter()
            .chain(words)
            .copied()
            .collect();
        // No keyring: D-Bus is nowhere to be found.
        let mut command = roundtrip(&all);
        command
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
            .env("PASS", "open sesame");
        run_with(&mut command, stdin)
    }

    fn files(&self) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![self.0.path().join("workspace")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.clone(), std::fs::read_to_string(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }
}

fn fixture(name: &str) -> String {
    Path::new(FIXTURES).join(name).display().to_string()
}

#[test]
fn a_dry_run_tells_the_plan_and_writes_nothing() {
    let place = Place::new();
    let file = fixture("mqttx-b.json");
    let ran = place
        .profiles(&["import", &file, "--dry-run"], b"")
        .expect_code(0);
    let text = ran.text();
    assert!(
        text.contains("connection  dev  mqtt://broker.example:1883  (new)"),
        "{text}"
    );
    assert!(text.contains("request     Plant/Hall 7/dev/dev/1/req  dev/1/req  (new)"));
    assert!(text.contains("left out    old: MQTT 3.1: "));
    assert!(ran.stderr.contains("nothing was written"));
    assert_eq!(place.files(), []);
}

#[test]
fn an_import_is_written_once_and_what_is_different_comes_beside_it() {
    let place = Place::new();
    let file = fixture("mqttx-b.json");
    place.profiles(&["import", &file], b"").expect_code(0);
    let files = place.files();
    assert_eq!(files.len(), 3, "{files:?}");
    let again = place.profiles(&["import", &file], b"").expect_code(0);
    assert!(again.stderr.contains("there is nothing to import"));
    assert_eq!(place.files(), files);
    let changed = std::fs::read_to_string(&file)
        .unwrap()
        .replace("\"keepalive\": 60", "\"keepalive\": 61");
    let words = ["import", "-", "--existing", "replace"];
    let ran = place.profiles(&words, changed.as_bytes()).expect_code(0);
    assert!(ran.text().contains("(replaces what is here)"));
    assert_eq!(place.files().len(), 3);
    let changed = changed.replace("\"keepalive\": 61", "\"keepalive\": 62");
    let ran = place
        .profiles(&["import", "-"], changed.as_bytes())
        .expect_code(0);
    assert!(
        ran.text()
            .contains("connection  dev 2  mqtt://broker.example:1883  (added beside what is here)"),
        "{}",
        ran.text()
    );
    // Its request belongs to it, and comes along.
    assert_eq!(place.files().len(), 5);
}

#[test]
fn a_password_without_a_keyring_is_told_and_is_in_no_file_and_no_word() {
    let place = Place::new();
    for name in ["mqttx-a.json", "mqtt-explorer.json", "commands.txt"] {
        let ran = place
            .profiles(&["import", &fixture(name)], b"")
            .expect_code(1);
        assert!(ran.stderr.contains("was not kept"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2") && !ran.text().contains("hunter2"));
    }
    let files = place.files();
    assert!(files.len() > 10);
    for (path, text) in files {
        assert!(!text.contains("hunter2"), "{}", path.display());
    }
}

#[test]
fn an_export_is_imported_elsewhere_file_by_file_the_same() {
    let place = Place::new();
    place
        .profiles(&["import", &fixture("mqttx-b.json")], b"")
        .expect_code(0);
    for format in ["toml", "json"] {
        let out = place.path(&format!("all.{format}"));
        let ran = place
            .profiles(&["export", "--out", &out], b"")
            .expect_code(0);
        assert!(
            ran.stderr
                .starts_with("2 connections and 1 request written to ")
        );
        let other = Place::new();
        other.profiles(&["import", &out], b"").expect_code(0);
        let relative = |place: &Place| -> Vec<(PathBuf, String)> {
            let files = place.files().into_iter();
            files
                .map(|(path, text)| {
                    let path = path.strip_prefix(place.0.path()).unwrap().to_owned();
                    (path, text)
                })
                .collect()
        };
        assert_eq!(relative(&other), relative(&place), "{format}");
    }
    let only = place
        .profiles(&["export", "--connection", "old", "--format", "json"], b"")
        .expect_code(0)
        .text();
    assert!(only.contains("old.example") && !only.contains("broker.example"));
    let folder = place
        .profiles(&["export", "--folder", "Plant"], b"")
        .expect_code(0)
        .text();
    assert!(!folder.contains("old.example") && folder.contains("broker.example"));
    let sealed = ["export", "--with-secrets", "--passphrase-env", "PASS"];
    let text = place.profiles(&sealed, b"").expect_code(0).text();
    assert!(text.contains("derivation = \"argon2id\"") && !text.contains("sesame"));
    let opened = ["import", "-", "--dry-run", "--passphrase-env", "PASS"];
    place.profiles(&opened, text.as_bytes()).expect_code(0);
    let wrong = ["import", "-", "--dry-run", "--passphrase-env", "PATH"];
    let ran = place.profiles(&wrong, text.as_bytes()).expect_code(2);
    assert!(ran.stderr.contains("the passphrase does not fit"));
}

#[test]
fn what_cannot_be_read_is_a_usage_error_that_says_what_can() {
    let place = Place::new();
    for (words, stdin, part) in [
        (&["import", "-"][..], &b"ls -l"[..], "no command line"),
        (&["import", "/nowhere/x"], b"", "/nowhere/x"),
        (&["export", "--folder", "none"], b"", "no folder `none`"),
        (
            &["export", "--connection", "none"],
            b"",
            "no connection profile",
        ),
        (&["export", "--with-secrets"], b"", "--passphrase-env"),
        (&["export", "--format", "xml"], b"", "toml and json"),
    ] {
        let ran = place.profiles(words, stdin).expect_code(2);
        assert!(ran.stderr.contains(part), "{words:?}: {}", ran.stderr);
    }
}

#[test]
fn without_a_keyring_a_passphrase_makes_the_file_and_a_second_import_brings_what_was_not_kept() {
    let place = Place::new();
    let lines = place.path("lines.txt");
    std::fs::write(
        &lines,
        "mosquitto_pub -h lab -u anna -P hunter2-x -t x -m y",
    )
    .unwrap();
    let secret = place.path("passphrase");
    std::fs::write(&secret, "correct horse\n").unwrap();
    let states = place.path("state");
    let profiles = |words: &[&str]| {
        let workspace = place.path("workspace");
        let start = ["--workspace", workspace.as_str(), "profiles"];
        let all: Vec<&str> = start.iter().chain(words).copied().collect();
        let mut command = roundtrip(&all);
        command
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
            .env("XDG_STATE_HOME", &states);
        run_with(&mut command, b"")
    };
    let first = profiles(&["import", &lines]);
    assert_eq!(first.code, 1, "{}", first.stderr);
    assert!(
        first.stderr.contains("--passphrase-file"),
        "{}",
        first.stderr
    );
    let second = profiles(&["import", &lines, "--passphrase-file", &secret]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert!(second.stderr.contains("secrets.toml"), "{}", second.stderr);
    let third = profiles(&["import", &lines, "--passphrase-file", &secret]);
    assert!(
        third.stderr.contains("nothing to import"),
        "{}",
        third.stderr
    );
    assert!(!third.stderr.contains("kept"), "{}", third.stderr);
}

#[test]
fn an_import_of_namesakes_is_known_the_second_time() {
    let place = Place::new();
    let lines = "mosquitto_rr -h broker.lab -p 8883 --cafile /ca.pem -t x -e y -m one\n\
                 mosquitto_pub -h broker.lab -p 8883 -t x -m two\n\
                 mosquitto_sub -h broker.lab -p 8883 -t x\n";
    let first = place.profiles(&["import", "-"], lines.as_bytes());
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(first.text().contains("broker.lab 2"), "{}", first.text());
    let files = place.files();
    let second = place.profiles(&["import", "-"], lines.as_bytes());
    assert!(
        second.stderr.contains("nothing to import"),
        "{}{}",
        second.text(),
        second.stderr
    );
    assert_eq!(place.files(), files);
}
