//! The program itself, run as a person or a script runs it, with folders of its own.
#![allow(dead_code, reason = "every test binary uses its own part of it")]
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::io::{Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Long enough for a busy machine; a test that passes never waits for it.
const DEADLINE: Duration = Duration::from_secs(30);

/// How it ended and what it wrote.
#[derive(Clone, Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ran {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Every line of stdout, read as JSON.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        self.text()
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|err| panic!("{err}: {line}\n{self:?}"))
            })
            .collect()
    }

    /// The only line of stdout, read as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        match self.json_lines().as_slice() {
            [line] => line.clone(),
            other => panic!("{} lines instead of one: {self:?}", other.len()),
        }
    }

    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            code,
            "stdout: {}\nstderr: {}",
            self.text(),
            self.stderr
        );
        self
    }
}

/// `roundtrip` with these words. It sees no folder of the user's.
pub fn roundtrip(words: &[&str]) -> Command {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("nobody");
    let mut command = Command::new(env!("CARGO_BIN_EXE_roundtrip"));
    command
        .args(words)
        .env("HOME", &home)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_DATA_HOME");
    command
}

/// Runs it to its end.
#[track_caller]
pub fn run(words: &[&str]) -> Ran {
    run_with(&mut roundtrip(words), b"")
}

/// Runs any program to its end, with these bytes on its stdin.
#[track_caller]
pub fn run_with(command: &mut Command, stdin: &[u8]) -> Ran {
    let mut running = Running::start(command);
    running.write(stdin);
    running.wait()
}

/// A program at work; killed when dropped.
pub struct Running {
    process: Child,
    stdout: Collected,
    stderr: Collected,
    what: String,
}

struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Collected {
    fn new(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes: Arc<Mutex<Vec<u8>>> = Arc::default();
        let kept = Arc::clone(&bytes);
        let reader = Builder::new()
            .name("pipe".to_owned())
            .spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                    let read = buffer.get(..count).unwrap_or_default();
                    kept.lock().expect("what was read").extend(read);
                }
            })
            .expect("a thread");
        Self {
            bytes,
            reader: Some(reader),
        }
    }

    fn so_far(&self) -> Vec<u8> {
        self.bytes.lock().expect("what was read").clone()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.so_far()).into_owned()
    }

    fn all(&mut self) -> Vec<u8> {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends with its pipe");
        }
        self.so_far()
    }
}

impl Running {
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let what = format!("{command:?}");
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|err| panic!("{what} does not start: {err}"));
        Self {
            stdout: Collected::new(process.stdout.take().expect("its stdout")),
            stderr: Collected::new(process.stderr.take().expect("its stderr")),
            process,
            what,
        }
    }

    /// `roundtrip respond` with these words; it listens when this returns.
    #[track_caller]
    pub fn responder(words: &[&str]) -> Self {
        let mut all = vec!["respond"];
        all.extend(words);
        let mut responder = Self::start(&mut roundtrip(&all));
        responder.wait_for_talk("listening to ");
        responder
    }

    /// `roundtrip broker`, and the port it listens on.
    #[track_caller]
    pub fn broker() -> (Self, u16) {
        let mut broker = Self::start(&mut roundtrip(&["broker"]));
        let line = broker.wait_for_data("\n");
        let port = line
            .trim()
            .strip_prefix("listening on 127.0.0.1:")
            .and_then(|port| port.parse().ok());
        (broker, port.unwrap_or_else(|| panic!("it said {line:?}")))
    }

    /// Writes all of its stdin and closes it.
    pub fn write(&mut self, stdin: &[u8]) {
        if let Some(mut pipe) = self.process.stdin.take() {
            // Who does not read may end first.
            pipe.write_all(stdin).unwrap_or_default();
        }
    }

    pub fn talk(&self) -> String {
        self.stderr.text()
    }

    /// What it wrote to stderr, as soon as `text` is in it.
    #[track_caller]
    pub fn wait_for_talk(&mut self, text: &str) -> String {
        self.wait_for(text, |running| running.stderr.text())
    }

    /// What it wrote to stdout, as soon as `text` is in it.
    #[track_caller]
    pub fn wait_for_data(&mut self, text: &str) -> String {
        self.wait_for(text, |running| running.stdout.text())
    }

    #[track_caller]
    fn wait_for(&mut self, text: &str, read: impl Fn(&Self) -> String) -> String {
        let until = Instant::now() + DEADLINE;
        loop {
            // Asked first: what an ended program wrote is read after that.
            let has_ended = self.process.try_wait().expect("ask for it").is_some();
            if has_ended {
                self.stdout.all();
                self.stderr.all();
            }
            let so_far = read(self);
            if so_far.contains(text) {
                return so_far;
            }
            assert!(
                !has_ended && Instant::now() < until,
                "{} did not say {text:?} but {:?} {:?}",
                self.what,
                self.stdout.text(),
                self.stderr.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The processes that it has started and that still run; none where the system does not tell.
    pub fn children(&self) -> Vec<u32> {
        let id = self.process.id();
        let listed = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let ids = listed.unwrap_or_default();
        ids.split_whitespace()
            .filter_map(|id| id.parse().ok())
            .collect()
    }

    /// As `kill -9`.
    pub fn kill(mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it ends");
    }

    /// Ctrl+C, and its end.
    #[track_caller]
    pub fn interrupt(self) -> Ran {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.expect("kill is there").success(), "{}", self.what);
        self.wait()
    }

    /// Its end, which it comes to by itself.
    #[track_caller]
    pub fn wait(mut self) -> Ran {
        let until = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.process.try_wait().expect("ask for it") {
                break status;
            }
            assert!(
                Instant::now() < until,
                "{} does not end; so far {:?} {:?}",
                self.what,
                self.stdout.text(),
                self.stderr.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        Ran {
            code: status
                .code()
                .unwrap_or_else(|| panic!("{} ended by {status}", self.what)),
            stdout: self.stdout.all(),
            stderr: String::from_utf8_lossy(&self.stderr.all()).into_owned(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
