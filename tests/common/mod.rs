//! What whole-crate tests share: a real Mosquitto on a port of its own, and waiting with a deadline.
#![allow(dead_code, reason = "every test binary uses its own part of it")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail, and says so on stderr"
)]

pub mod display;
pub mod peers;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Long enough for a busy machine; a test that passes never waits for it.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Waits until `condition` holds; panics with `what` when it does not in time.
#[track_caller]
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    wait_within(DEADLINE, what, condition);
}

#[track_caller]
pub fn wait_within(deadline: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + deadline;
    while !condition() {
        assert!(Instant::now() < until, "not within {deadline:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A Mosquitto of the test's own, in a temporary directory, gone when it is dropped.
pub struct Mosquitto {
    directory: tempfile::TempDir,
    port: u16,
    process: Option<Child>,
}

impl Mosquitto {
    /// Anonymous clients are let in unless `extra_config` says otherwise. Files that the
    /// configuration names can be put in place with [`Self::start_with`].
    #[track_caller]
    pub fn start(extra_config: &str) -> Self {
        Self::start_with(|_| extra_config.to_owned())
    }

    /// `extra_config` gets the directory to put its files in.
    #[track_caller]
    pub fn start_with(extra_config: impl Fn(&Path) -> String) -> Self {
        let mut directory = tempfile::tempdir().expect("a temporary directory");
        let extra = extra_config(directory.path());
        for _ in 0..5 {
            let port = free_port();
            let mut config =
                format!("listener {port} 127.0.0.1\nuser root\npersistence false\n{extra}\n");
            if !extra.contains("allow_anonymous") {
                config.push_str("allow_anonymous true\n");
            }
            fs::write(directory.path().join("mosquitto.conf"), config).expect("write the config");
            let mut broker = Self {
                directory,
                port,
                process: None,
            };
            if broker.try_restart() {
                return broker;
            }
            // Somebody else may have taken the port meanwhile.
            directory = broker.into_directory();
        }
        panic!(
            "Mosquitto does not start:\n{}",
            fs::read_to_string(directory.path().join("log")).unwrap_or_default()
        );
    }

    fn into_directory(mut self) -> tempfile::TempDir {
        self.kill();
        let empty = tempfile::tempdir().expect("a temporary directory");
        std::mem::replace(&mut self.directory, empty)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// What it logged so far, over all its lives.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// As `kill -9`: no goodbye to anybody.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().ok();
        }
    }

    /// Again on the same port, with the same configuration.
    #[track_caller]
    pub fn restart(&mut self) {
        assert!(
            self.try_restart(),
            "Mosquitto does not start:\n{}",
            self.log()
        );
    }

    fn try_restart(&mut self) -> bool {
        self.kill();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("open the log");
        let mut process = Command::new(mosquitto_path())
            .arg("-v")
            .arg("-c")
            .arg(self.directory.path().join("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("share the log"))
            .stderr(log)
            .spawn()
            .expect("Mosquitto is not installed; on Debian: apt-get install mosquitto");
        let until = Instant::now() + DEADLINE;
        let is_up = loop {
            if process.try_wait().expect("ask for the process").is_some() {
                break false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                break true;
            }
            if Instant::now() > until {
                break false;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        self.process = Some(process);
        if !is_up {
            self.kill();
        }
        is_up
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut text = String::new();
            for line in self
                .log()
                .lines()
                .rev()
                .take(40)
                .collect::<Vec<_>>()
                .iter()
                .rev()
            {
                writeln!(text, "    {line}").ok();
            }
            eprintln!("the last lines of Mosquitto's log:\n{text}");
        }
        self.kill();
    }
}

/// Not in the `PATH` of everybody who may run it.
fn mosquitto_path() -> &'static str {
    [
        "/usr/sbin/mosquitto",
        "/usr/local/sbin/mosquitto",
        "/opt/homebrew/sbin/mosquitto",
    ]
    .into_iter()
    .find(|path| Path::new(path).exists())
    .unwrap_or("mosquitto")
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}
