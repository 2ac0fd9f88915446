//! README.md does not lie: its commands run, its device is valid, its picture is one of the window.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod common;

use common::display::Display;
use common::free_port;
use roundtrip::model::pairing::{Format, Rules, read_rules};
use roundtrip::model::responder::DeviceDraft;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const README: &str = include_str!("../README.md");

/// What stands in fenced blocks of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let blocks = README.split(fence.as_str()).skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).collect()
}

/// Every line of the README that calls the program, from the first word after it.
fn commands() -> Vec<&'static str> {
    let lines = blocks("sh").into_iter().flat_map(str::lines);
    lines
        .filter_map(|line| line.strip_prefix("roundtrip "))
        .collect()
}

/// As the shell would run it, `from` replaced by `to`.
fn shell(line: &str, from: &str, to: &str) -> Command {
    let program = env!("CARGO_BIN_EXE_roundtrip");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec {program} {}", line.replace(from, to))]);
    command.stdin(Stdio::null());
    command
}

fn run(line: &str) -> Output {
    shell(line, "", "").output().expect("sh runs")
}

fn command(start: &str) -> &'static str {
    let found = commands().into_iter().find(|line| line.starts_with(start));
    found.unwrap_or_else(|| panic!("README has no `roundtrip {start}`"))
}

/// A command that goes on; gone when dropped.
struct Running(Child);

impl Running {
    /// Waits for a line with that start, on whichever stream it comes.
    fn until(mut command: Command, start: &str) -> Self {
        // Both streams are read: a full pipe would stop the program.
        let (tell, told) = mpsc::sync_channel(64);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sh runs");
        let streams: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("piped")),
            Box::new(child.stderr.take().expect("piped")),
        ];
        for stream in streams {
            let tell = tell.clone();
            let read = move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    tell.try_send(line).unwrap_or_default();
                }
            };
            std::thread::Builder::new()
                .name("stream".to_owned())
                .spawn(read)
                .expect("a thread");
        }
        let running = Self(child);
        let mut said = Vec::new();
        while !said
            .last()
            .is_some_and(|line: &String| line.starts_with(start))
        {
            let line = told.recv_timeout(Duration::from_secs(20));
            said.push(line.unwrap_or_else(|_| panic!("no line `{start}…`, only {said:?}")));
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        self.0.wait().map(drop).unwrap_or_default();
    }
}

#[test]
fn every_command_of_the_readme_is_tried_here() {
    let kinds: Vec<&str> = commands()
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(
        kinds,
        [
            "demo",
            "demo",
            "broker",
            "respond",
            "request",
            "listen",
            "export",
            "screenshot"
        ]
    );
}

#[test]
fn the_demos_are_listed_and_played() {
    let listed = run(command("demo --list"));
    let text = String::from_utf8(listed.stdout).expect("text");
    assert!(
        listed.status.success() && text.contains("common-topic"),
        "{text}"
    );
    let played = run(command("demo smart-light"));
    let text = String::from_utf8(played.stdout).expect("text");
    assert!(played.status.success());
    assert!(
        text.lines().count() >= 3
            && text
                .lines()
                .all(|line| line.contains("\"verdict\":\"answered\"")),
        "{text}"
    );
}

#[test]
fn the_broker_the_device_and_the_request_work_together() {
    let port = free_port().to_string();
    let _broker = Running::until(
        shell(command("broker"), "18830", &port),
        &format!("listening on 127.0.0.1:{port}"),
    );
    let _responder = Running::until(
        shell(command("respond"), "18830", &port),
        "listening to cmnd/light/#",
    );
    let asked = shell(command("request"), "18830", &port)
        .output()
        .expect("sh runs");
    assert_eq!(
        asked.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&asked.stderr)
    );
    assert_eq!(asked.stdout, br#"{"power":"on"}"#);
}

#[test]
fn what_comes_is_recorded_and_written_as_a_report() {
    let port = free_port().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let recording = folder.path().join("lamp.rtrec").display().to_string();
    let _broker = Running::until(
        shell(command("broker"), "18830", &port),
        &format!("listening on 127.0.0.1:{port}"),
    );
    let listen = command("listen").replace("--for 1m", "--count 1");
    let listen = listen.replace("lamp.rtrec", &recording);
    let mut listening = Running::until(shell(&listen, "18830", &port), "listening");
    let asked = shell(command("request"), "18830", &port)
        .arg("--timeout=1s")
        .output();
    drop(asked.expect("sh runs"));
    let ended = listening.0.wait().expect("it ends after one message");
    assert_eq!(ended.code(), Some(0));
    let report = folder.path().join("lamp.html").display().to_string();
    let export = command("export").replace("lamp.html", &report);
    let exported = shell(&export, "lamp.rtrec", &recording).output();
    let exported = exported.expect("sh runs");
    assert!(
        exported.status.success(),
        "{}",
        String::from_utf8_lossy(&exported.stderr)
    );
    let report = std::fs::read_to_string(&report).expect("the report");
    assert!(report.contains("cmnd/light/power"));
}

#[test]
fn the_device_files_are_ones() {
    let blocks = blocks("toml");
    assert_eq!(blocks.len(), 3);
    let (devices, rules): (Vec<&str>, Vec<&str>) = blocks
        .into_iter()
        .partition(|text| text.contains("listens ="));
    for text in rules {
        let rule = read_rules(text, Format::Toml);
        assert!(rule.is_ok(), "{rule:?}");
    }
    for text in devices {
        let draft: DeviceDraft = toml::from_str(text).expect("TOML");
        let valid = draft.validate(&Rules::shipped());
        let device = valid.unwrap_or_else(|errors| panic!("{errors:?}"));
        assert_eq!(device.warnings(), []);
    }
}

#[test]
fn the_picture_is_of_the_window() {
    let Some(display) = Display::start("1700x1000") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("picture.png");
    let mut command = shell(
        command("screenshot"),
        "--out smart-light.png",
        &format!("--out {}", file.display()),
    );
    let output = display.show(&mut command).output().expect("sh runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let size = |path: &std::path::Path| {
        let reader = png::Decoder::new(std::io::BufReader::new(
            std::fs::File::open(path).expect("the file"),
        ));
        let reader = reader.read_info().expect("a PNG");
        (reader.info().width, reader.info().height)
    };
    assert_eq!(size(&file), (1560, 930));
    let shown =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images/smart-light.png");
    assert_eq!(size(&shown), (1560, 930));
    assert!(README.contains("(docs/images/smart-light.png)"));
}
