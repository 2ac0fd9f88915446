//! Foreign MQTT clients, as programs of their own: paho-mqtt (Python) and MQTT.js (Node).
//!
//! `scripts/test` installs them under target/peers. Where they are missing a test says SKIP, or
//! fails when CI is set: `let Some(peer) = Peer::paho_responder(…) else { return };`
#![allow(dead_code, reason = "every test binary uses its own part of it")]
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// Long enough for a busy machine; a test that passes never waits for it.
const DEADLINE: Duration = Duration::from_secs(20);

/// How a responder treats its requests.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// The same payload and Correlation Data, once.
    Echo,
    WrongCorrelation,
    MissingCorrelation,
    Doubled,
    /// Answers after this many milliseconds.
    LateMs(u32),
    Silent,
}

/// A running foreign client; killed when dropped.
pub struct Peer {
    name: String,
    process: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

impl Peer {
    /// Subscribed when this returns.
    #[track_caller]
    pub fn paho_responder(port: u16, filter: &str, manner: Manner) -> Option<Self> {
        let command = python("responder.py")?;
        Some(Self::responder(
            "paho responder",
            command,
            port,
            filter,
            manner,
        ))
    }

    /// Subscribed when this returns.
    #[track_caller]
    pub fn mqtt_js_responder(port: u16, filter: &str, manner: Manner) -> Option<Self> {
        let command = node("responder.mjs")?;
        Some(Self::responder(
            "MQTT.js responder",
            command,
            port,
            filter,
            manner,
        ))
    }

    /// Sends one request with all 256 byte values as Correlation Data. Its [`Self::next_line`] is
    /// the answer as JSON: `payload`, `correlation_hex`, `intact`, `user_properties`, ….
    #[track_caller]
    pub fn paho_requester(
        port: u16,
        topic: &str,
        response_topic: &str,
        payload: &str,
    ) -> Option<Self> {
        let mut command = python("requester.py")?;
        command
            .args(["--port", &port.to_string(), "--topic", topic])
            .args(["--response-topic", response_topic, "--payload", payload]);
        Some(Self::start("paho requester", command))
    }

    /// A `Zigbee2MQTT` bridge that answers when it has so many requests, last first.
    #[track_caller]
    pub fn zigbee2mqtt(port: u16, hold: u32) -> Option<Self> {
        let command = python("ruled.py")?;
        Some(Self::ruled(command, port, &["--kind", "zigbee2mqtt"], hold))
    }

    /// Tasmota devices `sw…` that answer when they have so many requests, the last device first.
    #[track_caller]
    pub fn tasmota(port: u16, hold: u32) -> Option<Self> {
        let command = python("ruled.py")?;
        Some(Self::ruled(command, port, &["--kind", "tasmota"], hold))
    }

    /// A JSON-RPC device that answers where `src` says when it has so many requests, last first.
    #[track_caller]
    pub fn json_rpc(port: u16, hold: u32) -> Option<Self> {
        let command = node("jsonrpc.mjs")?;
        Some(Self::ruled(command, port, &[], hold))
    }

    #[track_caller]
    fn ruled(mut command: Command, port: u16, words: &[&str], hold: u32) -> Self {
        command
            .args(["--port", &port.to_string(), "--hold", &hold.to_string()])
            .args(words);
        Self::start("device", command)
    }

    fn responder(
        name: &str,
        mut command: Command,
        port: u16,
        filter: &str,
        manner: Manner,
    ) -> Self {
        let (mode, delay_ms) = match manner {
            Manner::Echo => ("echo", 0),
            Manner::WrongCorrelation => ("wrong-correlation", 0),
            Manner::MissingCorrelation => ("missing-correlation", 0),
            Manner::Doubled => ("doubled", 0),
            Manner::LateMs(delay_ms) => ("late", delay_ms),
            Manner::Silent => ("silent", 0),
        };
        command
            .args(["--port", &port.to_string(), "--topic", filter])
            .args(["--mode", mode, "--delay-ms", &delay_ms.to_string()]);
        Self::start(name, command)
    }

    /// Starts any program that prints a line beginning with "ready" when it is.
    #[track_caller]
    pub fn start(name: &str, mut command: Command) -> Self {
        let mut process = command
            // It ends when this pipe closes, also when the test is killed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|err| panic!("{name} does not start: {err} ({command:?})"));
        let stdout = process.stdout.take().expect("its stdout");
        let mut stderr = process.stderr.take().expect("its stderr");
        let (line_sender, lines) = sync_channel(1000);
        let (error_sender, errors) = sync_channel(1);
        Builder::new()
            .name(format!("{name} stdout"))
            .spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if line_sender.send(line).is_err() {
                        break;
                    }
                }
            })
            .expect("a thread");
        Builder::new()
            .name(format!("{name} stderr"))
            .spawn(move || {
                let mut text = String::new();
                stderr.read_to_string(&mut text).ok();
                error_sender.send(text).ok();
            })
            .expect("a thread");
        let peer = Self {
            name: name.to_owned(),
            process,
            lines,
            errors,
        };
        let line = peer.next_line();
        assert!(
            line.starts_with("ready"),
            "{name} said {line:?} instead of ready"
        );
        peer
    }

    /// The next line of its output; panics with its stderr when there is none in time.
    #[track_caller]
    pub fn next_line(&self) -> String {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                panic!("{} said nothing within {DEADLINE:?}", self.name)
            }
            Err(RecvTimeoutError::Disconnected) => {
                let errors = self.errors.recv_timeout(DEADLINE).unwrap_or_default();
                panic!("{} ended: {errors}", self.name)
            }
        }
    }

    /// The next line of its output, read as JSON.
    #[track_caller]
    pub fn next_json(&self) -> serde_json::Value {
        let line = self.next_line();
        serde_json::from_str(&line)
            .unwrap_or_else(|err| panic!("{} said {line:?}: {err}", self.name))
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub fn wait(mut self) -> ExitStatus {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.process.try_wait().expect("ask for the process") {
                return status;
            }
            assert!(Instant::now() < until, "{} does not end", self.name);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// What is missing on a laptop is a visible skip; in CI it is a failure.
#[track_caller]
pub fn skip(what: &str) {
    let in_ci =
        std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    assert!(!in_ci, "{what} is missing, and CI must not skip");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Past the test runner, which shows printed lines of failed tests alone.
    writeln!(
        std::io::stderr(),
        "SKIP {test}: {what} is missing; scripts/test installs it"
    )
    .ok();
}

fn peers() -> PathBuf {
    std::env::var_os("ROUNDTRIP_PEERS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers"),
        PathBuf::from,
    )
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/peers")
        .join(name)
}

/// A Python that has paho-mqtt, for a test with a script of its own.
#[track_caller]
pub fn paho_python() -> Option<Command> {
    let python = peers().join("venv/bin/python");
    if !python.exists() {
        skip("paho-mqtt");
        return None;
    }
    Some(Command::new(python))
}

#[track_caller]
fn python(name: &str) -> Option<Command> {
    let mut command = paho_python()?;
    command.arg(script(name));
    Some(command)
}

#[track_caller]
fn node(name: &str) -> Option<Command> {
    if !peers().join("node_modules/mqtt").exists() {
        skip("MQTT.js");
        return None;
    }
    let mut command = Command::new("node");
    command.arg(script(name)).env("ROUNDTRIP_PEERS", peers());
    Some(command)
}
